"""Names that may be one person's."""

import pytest

from iamdesk.review.care import is_name_alike, same_names
from iamdesk.review.decisions import may_be_same_person
from iamdesk.review.people import Joined, People, Person


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


@pytest.mark.parametrize(
    ("holder", "reviewer"),
    [
        ("Chloé Dubois", "Chloe Dubois"),
        ("Inês Costa", "Ines Costa"),
        ("Jürgen Groß", "Jurgen GROSS"),
        ("Ana Moreno", "\u0410na Moreno "),  # a Cyrillic А
        ("Ana Moreno", "ana  MORENO"),
    ],
)
def test_the_list_of_people_is_compared_by_the_same_rule(holder: str, reviewer: str) -> None:
    arn = "arn:aws:iam::111122223333:user/x"
    person = Person("1", 2, holder)
    people = People("p.csv", "0", ("name",), 1, {"1": person}, {arn: Joined("1", "name", "x")}, {})
    assert is_name_alike(holder, reviewer)
    (found,) = same_names([(reviewer, [arn])], people)
    assert (found.principals, found.items) == ((arn,), 1)
    assert same_names([("Ben Okafor", [arn])], people) == ()
