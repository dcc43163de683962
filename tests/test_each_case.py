"""A test of many cases that stops at the first failure, hides which case failed, or passes without any case."""

import pytest

from .each_case import collected_failures, each_case, each_row


def test_every_case_that_fails_is_listed_with_its_place_and_what_it_got() -> None:
    def walk() -> None:
        with collected_failures() as case:
            for number in range(4):
                with case(f"number {number}"):
                    assert number % 2 == 0
            with case("of another kind"):
                int("four")
            with case("not raised"), pytest.raises(KeyError):
                pass
            with case("skipped"):
                pytest.skip("a walk has no case that is skipped")  # must count as a failure

    with pytest.raises(AssertionError) as failed:
        walk()
    first, *others = str(failed.value).splitlines()
    assert first == "5 of 7 cases failed:"
    assert [line.partition("]")[0] for line in others if line.startswith("[")] == [
        "[number 1",
        "[number 3",
        "[of another kind",
        "[not raised",
        "[skipped",
    ]
    assert others[0].endswith("assert number % 2 == 0")
    assert others[1].startswith("    AssertionError: assert (1 % 2) == 0")
    assert any("invalid literal for int()" in line for line in others)


def test_a_walk_without_a_case_fails() -> None:
    with pytest.raises(AssertionError, match="no case was walked"), collected_failures():
        pass


@pytest.fixture
def least() -> int:
    return 2


@each_case("number, name", [(2, "two"), (3, "three")])
def test_a_folded_test_has_its_fixtures(least: int, number: int, name: str) -> None:
    assert number >= least
    assert name


def test_a_folded_test_names_its_cases_as_pytest_would() -> None:
    @each_case("kind", ["a", "b"], ids=str.upper)
    @each_case("number, name", [(1, "one"), (2, "two")])
    def walk(kind: str, number: int, name: str) -> None:
        assert (kind, number) != ("b", 2)

    with pytest.raises(AssertionError) as failed:
        walk()
    assert "[B]" in str(failed.value)
    assert "[2-two]" in str(failed.value)
    assert "[A]" not in str(failed.value)


def test_a_row_of_a_table_is_a_case_by_what_it_says_of_itself() -> None:
    walked = []

    @each_row("""
        number | name  | why
        1      | one   | the least
        2      |       |
    """)
    def walk(number: str, name: str) -> None:
        walked.append((number, name))
        raise AssertionError

    with pytest.raises(AssertionError, match=r"(?s)\[the least\].*\[2 \|  \| \]"):
        walk()
    assert walked == [("1", "one"), ("2", "")]
    with pytest.raises(ValueError, match="argument 2"):
        each_row("number | name\n1")(walk)
