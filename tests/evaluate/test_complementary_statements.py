"""Statements that cancel each other for every value of an unknown key give a firm answer (`evaluate.cancelling`).

A condition and its opposite are held together in two Allows, then many small policies against every assignment.
"""

from typing import Any

import pytest
from hypothesis import given

from ..each_case import each_case
from ..rules import rule
from .every_context import Statement, ask, check, policy_of
from .test_solver import BOUNDED, LIST, OTHER_TAG, PLAIN, TAG, THIRD_TAG, drawn, null, statements_of

STRINGS = [*PLAIN, "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"]
OPPOSITES = [
    *zip(STRINGS[::2], STRINGS[1::2], strict=True),
    *((f"ForAllValues:{one}", f"ForAnyValue:{other}") for one, other in zip(STRINGS[::2], STRINGS[1::2], strict=True)),
    *((f"ForAnyValue:{one}", f"ForAllValues:{other}") for one, other in zip(STRINGS[::2], STRINGS[1::2], strict=True)),
]
VALUES = [
    "a",
    "a*",
    f"${{{OTHER_TAG}}}",
    f"${{{OTHER_TAG}}}*",
    f"x-${{{OTHER_TAG}}}-${{{THIRD_TAG}}}",
    "${s3:prefix, 'd'}",
]
MANY: list[Statement] = [("Allow", [("StringEquals", f"aws:RequestTag/{n}", [f"v{n}"])]) for n in range(14)]


@rule("K7")
@each_case("value", VALUES)
@each_case(("one", "other"), OPPOSITES)
def test_a_condition_and_its_opposite(one: str, other: str, value: str) -> None:
    pair: list[Statement] = [("Allow", [(one, TAG, [value])]), ("Allow", [(other, TAG, [value])])]
    trace = ask(policy_of(pair), {})
    assert trace.decision == "allowed"
    assert trace.is_exact
    assert not trace.keys
    # Beside so many others that no values are tried, and in one Deny each.
    assert ask(policy_of([*pair, *MANY]), {}).decision == "allowed"
    denied = [("Deny", tests) for _, tests in pair]
    assert ask(policy_of([*denied, ("Allow", [("Null", THIRD_TAG, ["true"])]), *MANY]), {}).decision == "explicitDeny"


@rule("K7", "G5")
def test_what_null_leaves_over() -> None:
    value = f"${{{OTHER_TAG}}}*"
    there, absent = ("Null", TAG, ["false"]), ("Null", TAG, ["true"])
    matches, differs = ("StringLike", TAG, [value]), ("StringNotLike", TAG, [value])
    settled: list[Statement] = [("Allow", [matches]), ("Allow", [differs, there]), ("Allow", [absent])]
    assert ask(policy_of(settled), {}).decision == "allowed"
    assert ask(policy_of(settled[:2]), {}).decision == "conditional"
    assert ask(policy_of(settled[1:]), {}).decision == "conditional"
    assert ask(policy_of([("Allow", [matches, absent])]), {}).decision == "implicitDeny"
    assert ask(policy_of([("Allow", [matches, differs])]), {}).decision == "implicitDeny"


@rule("K7", "G19")
@pytest.mark.parametrize(
    "pair", [("NumericEquals", "NumericNotEquals", "1"), ("IpAddress", "NotIpAddress", "10.0.0.0/8")]
)
def test_what_no_operator_can_read_is_met_by_neither(pair: tuple[str, str, str]) -> None:
    one, other, value = pair
    both: list[Statement] = [("Allow", [(one, TAG, [value])]), ("Allow", [(other, TAG, [value])])]
    assert ask(policy_of([*both, *MANY]), {}).decision == "conditional"


@rule("K7", "G16")
def test_several_values_meet_neither_without_a_set_operator() -> None:
    both: list[Statement] = [("Allow", [("StringEquals", LIST, ["a"])]), ("Allow", [("StringNotEquals", LIST, ["a"])])]
    assert ask(policy_of([*both, *MANY]), {}).decision == "conditional"


def in_sets(operators: list[str]) -> list[str]:
    return [f"{prefix}{name}" for prefix in ("", "ForAllValues:", "ForAnyValue:") for name in operators]


TEXTS: list[str | tuple[str, ...]] = ["a", "b", "ab", "aa", "ba", "A", "z", "", "a*", "b*"]
LISTS: list[str | tuple[str, ...]] = [
    "a",
    "b",
    "ab",
    "",
    "a*",
    "b*",
    ("a", "b"),
    ("a", "ab"),
    ("b", "z"),
    ("a", "b", "z"),
]


@rule("K6", "K7", "G14", "G15")
@pytest.mark.parametrize("key", [TAG, LIST])
def test_no_answer_is_firmer_than_what_all_assignments_say(key: str) -> None:
    listed = ["a", "a*", f"${{{OTHER_TAG}}}", f"${{{OTHER_TAG}}}*", f"a${{{OTHER_TAG}}}"]
    tests = drawn([*in_sets(PLAIN), "StringNotEqualsIgnoreCase", "StringLikeIfExists"], key, listed, 2) | null(key)

    @BOUNDED
    @given(statements_of(tests))
    def holds(statements: Any) -> None:
        check(policy_of(statements), {key: LISTS if key == LIST else TEXTS, OTHER_TAG: ["a", "b", "z", ""]}, True)

    holds()
