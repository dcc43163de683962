"""Names that may be one person's."""

import pytest

from iamdesk.review.care import may_be_same_person


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Moreno", "A. Moreno"),
        ("Ana Moreno", "Ana Mоreno"),  # a Cyrillic о
        ("Chloé Dubois", "Chloe Dubois"),
        ("Moreno, Ana", "Ana Moreno"),
        ("B. Okafor", "Ben  Okafor"),
        ("Ana-Maria Moreno", "A. M. Moreno"),
        ("Anna Moreno", "ΑΝΝΑ MORENO"),  # Greek capitals
        ("AnaMoreno", "Ana Moreno"),
        ("Ana Maria Moreno", "Ana Moreno"),
    ],
)
def test_they_may_be(one: str, other: str) -> None:
    assert may_be_same_person(one, other)
    assert may_be_same_person(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Moreno", "ana  MORENO"),  # surely the same: refused elsewhere
        ("Ana Moreno", "Ben Moreno"),
        ("Ana Moreno", "Ana Okafor"),
        ("Ana", "Ben"),
        ("", "Ana"),
        ("Moreno", "Ana Moreno"),
    ],
)
def test_they_are_not_taken_for_it(one: str, other: str) -> None:
    assert not may_be_same_person(one, other)
    assert not may_be_same_person(other, one)
