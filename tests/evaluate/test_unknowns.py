"""An answer with unknown context against all the answers that it stands for, worked out one by one.

Small policies are drawn at random over few condition keys. Every assignment of values to these keys (absent, each value
in reach, several values) is decided by itself, in strict mode, and compared with the one answer in unknown mode.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.evaluate.engine import Trace
from iamdesk.evaluate.request import UnknownContext
from iamdesk.query.cases import evaluate_case, trace_case

from ..rules import rule

BOUNDED = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
USER = "arn:aws:iam::111122223333:user/ana"
TAG = "aws:PrincipalTag/t"
OTHER_TAG = "aws:ResourceTag/t"
LIST = "aws:TagKeys"
BOOL = "aws:MultiFactorAuthPresent"
NUMBER = "s3:max-keys"
ADDRESS = "aws:SourceIp"

type Assignment = Mapping[str, str | Sequence[str] | None]

# Every string over the letters of the policies and one more, up to a length that all patterns can show.
TEXTS = [
    *("".join(letters) for length in range(1, 4) for letters in product("abz", repeat=length)),
    *("a*", "*b", "*a*", "?", "*", "AB", "Ab", "aB", "?b", "A", "B", "A*", "*B", "*A*"),
]
REACH: dict[str, list[str | tuple[str, ...]]] = {
    TAG: list(TEXTS),
    OTHER_TAG: list(TEXTS),
    LIST: [("",)] + [several for size in range(1, 6) for several in combinations(("a", "b", "ab", "a*", "z"), size)],
    BOOL: ["true", "false"],
    NUMBER: ["0", "1", "1.5", "2", "2.5", "3", "4"],
    ADDRESS: ["10.0.0.0", "10.0.0.1", "10.0.0.127", "10.0.0.128", "10.0.1.0", "9.9.9.9", "2001:db8::1"],
}


def drawn(operators: Sequence[str], key: str, values: Sequence[str], most: int = 2) -> st.SearchStrategy[Any]:
    listed = st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)
    return st.tuples(st.sampled_from(operators), st.just(key), listed)


PLAIN = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"]
WITH_EXISTS = [*PLAIN, "StringEqualsIfExists", "StringNotLikeIfExists"]
SETS = [f"{prefix}:{name}" for prefix in ("ForAllValues", "ForAnyValue") for name in PLAIN[:4]] + PLAIN[:3]
COMPARISONS = [
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericGreaterThanEquals",
    "NumericLessThanIfExists",
]
TESTS = {
    TAG: drawn(WITH_EXISTS, TAG, ["a", "b", "a*", "*b", "*a*", "?", "*", "AB"])
    | drawn(["Null"], TAG, ["true", "false"], 1),
    OTHER_TAG: drawn(WITH_EXISTS, OTHER_TAG, ["a", "b", "a*", "?b"]),
    LIST: drawn(SETS, LIST, ["a", "b", "a*"]) | drawn(["Null"], LIST, ["true", "false"], 1),
    BOOL: drawn(["Bool", "BoolIfExists"], BOOL, ["true", "false"], 1) | drawn(["Null"], BOOL, ["true", "false"], 1),
    NUMBER: drawn(COMPARISONS, NUMBER, ["1", "2", "3"]),
    ADDRESS: drawn(["IpAddress", "NotIpAddress"], ADDRESS, ["10.0.0.0/24", "10.0.0.0/25", "10.0.0.1", "0.0.0.0/0"]),
}
EQUALITY = ["StringEquals", "StringNotEquals", "StringEqualsIfExists", "StringNotEqualsIfExists"]
LIKENESS = ["StringLike", "StringNotLike", "ForAnyValue:StringLike", "StringEqualsIgnoreCase"]


CASE: dict[str, Any] = {"principal": USER, "action": "s3:ListBucket", "resource": "arn:aws:s3:::b"}


def policy_of(statements: Sequence[tuple[str, Sequence[tuple[str, str, list[str]]]]]) -> Any:
    """Each statement is its effect and the tests of its condition."""
    written = []
    for effect, tests in statements:
        condition: dict[str, dict[str, list[str]]] = {}
        for operator, key, values in tests:
            condition.setdefault(operator, {})[key] = values
        written.append({"Effect": effect, "Action": "s3:*", "Resource": "*", "Condition": condition})
    return {"Version": "2012-10-17", "Statement": written}


def case_of(document: Any, context: Assignment) -> dict[str, Any]:
    return {
        **CASE,
        "context": {key: list(value) if isinstance(value, tuple) else value for key, value in context.items()},
        "identity_policies": [{"name": "p", "document": document}],
    }


def ask(document: Any, context: Assignment) -> Trace:
    return trace_case(case_of(document, context), UnknownContext.UNKNOWN)


def strict(document: Any, assignment: Assignment) -> str:
    given_alone = {key: value for key, value in assignment.items() if value is not None}
    return trace_case(case_of(document, given_alone), UnknownContext.ABSENT).verdict.value


def assignments(keys: Sequence[str]) -> Iterator[dict[str, str | tuple[str, ...] | None]]:
    domains: list[list[str | tuple[str, ...] | None]] = [[None, *REACH[key]] for key in keys]
    for values in product(*domains):
        yield dict(zip(keys, values, strict=True))


def check(document: Any, keys: Sequence[str]) -> None:
    """All that an answer in unknown mode says, against every assignment."""
    trace = ask(document, {})
    words = {tuple(one.values()): strict(document, one) for one in assignments(keys)}
    allowed = {values: word == "allowed" for values, word in words.items()}
    if trace.verdict == "allowed":
        assert all(allowed.values())
    elif trace.verdict == "explicitDeny":
        assert set(words.values()) == {"explicitDeny"}
    elif trace.verdict == "implicitDeny":
        assert not any(allowed.values())
    else:
        check_conditional(document, keys, allowed, is_exact=trace.is_exact)


def check_conditional(
    document: Any, keys: Sequence[str], allowed: Mapping[tuple[Any, ...], bool], is_exact: bool
) -> None:
    answer = evaluate_case(case_of(document, {}), UnknownContext.UNKNOWN)
    check_sets(document, answer.conditions, "allowed", is_exact)
    check_sets(document, answer.denials, "denied", is_exact)
    if is_exact:
        assert any(allowed.values())
        assert not all(allowed.values())
        assert set(answer.missing_context_values) == {key for key in keys if can_change(keys.index(key), allowed)}
        assert answer.conditions
        assert answer.denials


def can_change(position: int, allowed: Mapping[tuple[Any, ...], bool]) -> bool:
    seen: dict[tuple[Any, ...], set[bool]] = {}
    for values, word in allowed.items():
        seen.setdefault(values[:position] + values[position + 1 :], set()).add(word)
    return any(len(words) > 1 for words in seen.values())


def check_sets(document: Any, sets: Sequence[Assignment], word: str, is_exact: bool) -> None:
    """Each set is enough, whatever the other keys are; with one value less it is not; none holds another."""
    for one in sets:
        assert is_enough(ask(document, one), word), one
        for left_out in one if is_exact else ():
            fewer = {key: value for key, value in one.items() if key != left_out}
            assert not is_enough(ask(document, fewer), word), one
    for one, two in combinations(sets, 2):
        assert not one.items() <= two.items()


def is_enough(trace: Trace, word: str) -> bool:
    return (trace.verdict == "allowed") if word == "allowed" else trace.verdict in ("explicitDeny", "implicitDeny")


def statements_of(tests: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(tests, min_size=1, max_size=2, unique_by=lambda test: (test[0], test[1]))
    return st.lists(st.tuples(st.sampled_from(["Allow", "Allow", "Deny"]), several), min_size=1, max_size=3)


def statements_over(*keys: str) -> st.SearchStrategy[Any]:
    return statements_of(st.one_of(*(TESTS[key] for key in keys)))


@rule("K1", "K2", "K3", "K5", "K6", "K7")
@pytest.mark.parametrize("key", [TAG, LIST, BOOL, NUMBER, ADDRESS])
def test_one_unknown_key(key: str) -> None:
    @BOUNDED
    @given(statements_over(key))
    def holds(statements: Any) -> None:
        check(policy_of(statements), [key])

    holds()


@rule("K6", "K7")
@pytest.mark.parametrize("keys", [(TAG, BOOL), (LIST, BOOL), (NUMBER, BOOL), (ADDRESS, NUMBER)])
def test_two_unknown_keys(keys: tuple[str, str]) -> None:
    @settings(BOUNDED, max_examples=60)
    @given(statements_over(*keys))
    def holds(statements: Any) -> None:
        check(policy_of(statements), list(keys))

    holds()


@rule("K4", "K7", "H3")
def test_two_unknown_keys_that_a_variable_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where values are only compared for equality, a few values show all that can happen."""
    for key in (TAG, OTHER_TAG):
        monkeypatch.setitem(REACH, key, ["a", "b", "y", "z"])
    tests = st.one_of(
        *(drawn(EQUALITY, key, ["a", "b"]) | drawn(["Null"], key, ["true", "false"], 1) for key in (TAG, OTHER_TAG)),
        drawn(EQUALITY, OTHER_TAG, [f"${{{TAG}}}", f"${{{TAG}, 'b'}}", "a"]),
    )

    @settings(BOUNDED, max_examples=100)
    @given(statements_of(tests))
    def holds(statements: Any) -> None:
        document = policy_of(statements)
        assert ask(document, {}).is_exact
        check(document, [TAG, OTHER_TAG])

    holds()


@rule("K4", "K7", "H3", "H4")
def test_patterns_that_hold_unknown_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not all can be shown, the answer says so; what it does say is right."""
    monkeypatch.setitem(REACH, TAG, ["a", "b", "z", "ab"])
    monkeypatch.setitem(REACH, OTHER_TAG, ["a", "b", "z", "aa", "ab", "ba", "az", "zb", "zz", "aab", "abb"])
    variable = f"${{{TAG}}}"
    tests = st.one_of(
        drawn(EQUALITY[:2] + LIKENESS, OTHER_TAG, [f"a{variable}", f"{variable}*", f"{variable}b", variable, "a"]),
        drawn(EQUALITY, TAG, ["a", "b"]),
    )

    @settings(BOUNDED, max_examples=50)
    @given(statements_of(tests))
    def holds(statements: Any) -> None:
        check(policy_of(statements), [TAG, OTHER_TAG])

    holds()


RESOURCES = ["arn:aws:s3:::${v}", "arn:aws:s3:::a${v}", "arn:aws:s3:::${v}*b", "arn:aws:s3:::a?${v}", "arn:aws:s3:::b"]


@rule("K4", "K7", "H1", "H3", "F5")
def test_resources_that_hold_an_unknown_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REACH, TAG, [*TEXTS, "abab"])
    entries = [text.replace("v", TAG) for text in RESOURCES]
    statement = st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
            "Action": st.just("s3:*"),
            "Condition": st.sampled_from([{}, {}, {"StringNotEquals": {TAG: ["a"]}}]),
        }
    )
    element = st.sampled_from(["Resource", "Resource", "NotResource"])
    listed = st.lists(st.sampled_from(entries), min_size=1, max_size=2, unique=True)
    asked = st.sampled_from(["arn:aws:s3:::abab", "arn:aws:s3:::b", "arn:aws:s3:::ab"])

    @settings(BOUNDED, max_examples=150)
    @given(st.lists(st.tuples(statement, element, listed), min_size=1, max_size=2), asked)
    def holds(parts: Any, resource: str) -> None:
        statements = [{**one, name: texts} for one, name, texts in parts]
        document = {"Version": "2012-10-17", "Statement": statements}
        monkeypatch.setitem(CASE, "resource", resource)
        check(document, [TAG])

    holds()


@rule("K6", "G14", "G15")
def test_a_value_that_no_policy_names_counts_beside_many_that_they_name() -> None:
    """Of a long list of values the other one is never left out: a wrong `allowed` would follow."""
    regions = [f"region-{number}" for number in range(40)]
    document = policy_of([("Allow", []), ("Deny", [("StringNotEqualsIfExists", TAG, regions)])])
    answer = evaluate_case(case_of(document, {TAG: "elsewhere"}), UnknownContext.UNKNOWN)
    assert answer.decision == "explicitDeny"
    answer = evaluate_case(case_of(document, {}), UnknownContext.UNKNOWN)
    assert answer.decision == "conditional"
    named = policy_of([("Allow", []), ("Deny", [("StringNotEquals", TAG, regions), ("Null", TAG, ["false"])])])
    answer = evaluate_case(case_of(named, {}), UnknownContext.UNKNOWN)
    assert answer.decision == "conditional"
    assert {TAG: "region-0"} in answer.conditions
    assert {TAG: None} in answer.conditions


@rule("K7", "G15")
def test_a_set_of_values_that_only_together_allow_is_found() -> None:
    document = policy_of(
        [
            (
                "Allow",
                [("ForAnyValue:StringEquals", LIST, ["a"]), ("ForAllValues:StringEquals", LIST, ["a", "b", "c"])],
            ),
            ("Deny", [("ForAllValues:StringNotEquals", LIST, ["b"])]),
            ("Deny", [("ForAnyValue:StringEquals", LIST, ["c"])]),
        ]
    )
    answer = evaluate_case(case_of(document, {}), UnknownContext.UNKNOWN)
    assert answer.decision == "conditional"
    assert answer.conditions == ({LIST: ("a", "b")},)


@rule("K7", "G15")
def test_of_a_few_values_every_set_is_tried() -> None:
    every = [(f"ForAnyValue:{spelling}", LIST, [value]) for spelling, value in zip(THREE_SPELLINGS, "abc", strict=True)]
    document = policy_of(
        [
            ("Allow", [*every, ("ForAllValues:StringEquals", LIST, list("abcd"))]),
            ("Deny", [("ForAnyValue:StringEquals", LIST, ["d"])]),
        ]
    )
    trace = ask(document, {})
    assert trace.verdict == "conditional"
    assert trace.is_exact
    answer = evaluate_case(case_of(document, {}), UnknownContext.UNKNOWN)
    assert answer.conditions == ({LIST: ("a", "b", "c")},)


# One operator thrice in one condition: names are compared without case.
THREE_SPELLINGS = ("StringEquals", "stringEquals", "stringequals")


@rule("K6")
def test_what_even_the_best_case_refuses_does_not_depend() -> None:
    """More unknown keys than can be tried, and nothing that allows."""
    tests = [("StringEquals", f"aws:PrincipalTag/{letter}", ["x", "y"]) for letter in "abcdefghijklmnop"]
    document = policy_of([("Deny", [test]) for test in tests])
    answer = evaluate_case(case_of(document, {}), UnknownContext.UNKNOWN)
    assert answer.decision == "implicitDeny"


@rule("K6", "K7")
def test_too_many_keys_to_try_are_told_by_bounds() -> None:
    tests = [("StringEquals", f"aws:PrincipalTag/{letter}", ["x", "y"]) for letter in "abcdefghijklmnop"]
    document = policy_of([("Allow", tests)])
    answer = evaluate_case(case_of(document, {}), UnknownContext.UNKNOWN)
    assert answer.decision == "conditional"
    assert len(answer.missing_context_values) == len(tests)
    assert [note.code for note in answer.assumptions] == ["not-enumerated"]
