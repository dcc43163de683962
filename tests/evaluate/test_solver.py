"""An answer with unknown context against all the answers that it stands for, worked out one by one (`every_context`).

Small policies are drawn at random over few condition keys.
"""

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from iamdesk.evaluate.request import MissingContextMode
from iamdesk.simulate.test_cases import evaluate_case, trace_case

from ..rules import rule
from ..some_of import some_of
from .every_context import CASE, Statement, Test, ask, case_of, check, policy_of

BOUNDED = settings(max_examples=some_of(120), deadline=None, suppress_health_check=list(HealthCheck))
TAG = "aws:PrincipalTag/t"
OTHER_TAG = "aws:ResourceTag/t"
THIRD_TAG = "aws:RequestTag/t"
LIST = "aws:TagKeys"
ARNS = "autoscaling:TargetGroupARNs"
UNLISTED = "example:list"
BOOL = "aws:MultiFactorAuthPresent"
NUMBER = "s3:max-keys"
ADDRESS = "aws:SourceIp"
DATE = "aws:TokenIssueTime"
ARN = "aws:SourceArn"

# Every string over the letters of the policies and one more, up to a length that all patterns can show.
TEXTS = [
    *("".join(letters) for length in range(1, 4) for letters in product("abz", repeat=length)),
    *("a*", "*b", "*a*", "?", "*", "AB", "Ab", "aB", "?b", "A", "B", "A*", "*B", "*A*"),
]
# Letters of the policies, texts like them, and three that no policy names.
MEMBERS = ["a", "b", "A", "AB", "aB", "ab", "ax", "ay", "y", "z", "w", "", "a*", "*"]
ARN_TEXTS = [
    *("arn:aws:sns:us:1:t", "arn:aws:sns:us:1:*", "arn:aws:sns:*:1:t", "arn:aws:*:us:*:t*", "arn:*:*:*:*:*"),
    *("arn:aws:sns:us:1:u", "arn:aws:sns:us:1:v", "arn:aws:sns:eu:1:t", "arn:aws:sns:us:2:t", "arn:aws:sqs:us:1:t"),
    *("arn:aws:sns:us:1:t:s", "arn:aws:sqs:eu:2:w", "arn:aws:sqs:eu:2:x", "arn:x:y:z:w:q", "arn:aws:sqs:us:1:ts"),
]
NUMBERS = ["0", "1", "1.5", "2", "2.5", "3", "4"]
ADDRESSES = ["10.0.0.0", "10.0.0.1", "10.0.0.127", "10.0.0.128", "10.0.1.0", "9.9.9.9", "200.1.1.1", "2001:db8::1"]
JUNK = ["", "x"]
SECONDS = ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00.5Z", "2020-01-01T00:00:01Z", "2021-01-01T00:00:00Z"]


def several(texts: Sequence[str], most: int) -> list[tuple[str, ...]]:
    """Every list of up to so many of the texts."""
    return [values for size in range(1, most + 1) for values in combinations(texts, size)]


REACH: dict[str, list[str | tuple[str, ...]]] = {
    TAG: [*TEXTS, ""],
    OTHER_TAG: [*TEXTS, ""],
    LIST: [*several(MEMBERS, 2), *several(MEMBERS[:5], 3), *several(["a", "b", "ax", "y", "z"], 5)],
    UNLISTED: [*several(MEMBERS, 2), *several(["a", "b", "ax", "y", "z"], 5)],
    ARNS: [*several(ARN_TEXTS, 2), *combinations(ARN_TEXTS[:6], 3)],
    BOOL: ["true", "false"],
    NUMBER: [*NUMBERS],
    ADDRESS: [*ADDRESSES, "2001:db9::1"],
    DATE: [*SECONDS, "2019-06-01T00:00:00Z", "2020-06-01T00:00:00Z", "2022-01-01T00:00:00Z"],
    ARN: [*ARN_TEXTS, "arn:aws:s3:::b"],
}
# For two keys together: what tells texts apart, without all the combinations.
SMALL: dict[str, list[str | tuple[str, ...]]] = {
    **REACH,
    TAG: ["a", "b", "A", "AB", "Ab", "ab", "ax", "xb", "z", "a*", "*b", "*a*", "*", "?", "AA", "bab", ""],
    LIST: [
        *several(["a", "b", "A", "ab", "aB", "AB", "a*", "*", "ax", "y", "z", ""], 2),
        ("a", "b", "y"),
        ("a", "ax", "z"),
    ],
}


def drawn(operators: Sequence[str], key: str, values: Sequence[str], most: int = 2) -> st.SearchStrategy[Test]:
    listed = st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)
    return st.tuples(st.sampled_from(operators), st.just(key), listed)


def null(key: str) -> st.SearchStrategy[Test]:
    return drawn(["Null"], key, ["true", "false"], 1)


def in_every_way(operators: Sequence[str], if_exists: bool = True) -> list[str]:
    """Each operator by itself, IfExists, and behind both set operators."""
    ways = [f"{prefix}{name}" for prefix in ("", "ForAllValues:", "ForAnyValue:") for name in operators]
    return ways + [f"{name}IfExists" for name in ways] if if_exists else ways


PLAIN = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"]
STRINGS = [*PLAIN, "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"]
COMPARISONS = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]
NUMERIC = [f"Numeric{name}" for name in COMPARISONS]
DATES = [f"Date{name}" for name in COMPARISONS]
ARN_OPERATORS = ["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"]
NETWORKS = ["10.0.0.0/24", "10.0.0.0/25", "10.0.0.1", "0.0.0.0/0", "::/0", "128.0.0.0/1"]
MOMENTS = ["2020-01-01", "2020-01-01T00:00:01Z", "1577836800", "2021-01-01T01:00:00+01:00"]
TESTS = {
    TAG: drawn(in_every_way(STRINGS), TAG, ["a", "b", "a*", "*b", "*a*", "?", "*", "AB", ""]) | null(TAG),
    OTHER_TAG: drawn(in_every_way(PLAIN), OTHER_TAG, ["a", "b", "a*", "?b"]),
    LIST: drawn(in_every_way(PLAIN), LIST, ["a", "b", "a*", "*"])
    | drawn(in_every_way(STRINGS[4:], False), LIST, ["ab"], 1)
    | null(LIST),
    UNLISTED: drawn(in_every_way(PLAIN, False), UNLISTED, ["a", "b", "a*"]) | null(UNLISTED),
    ARNS: drawn(in_every_way(ARN_OPERATORS, False), ARNS, ARN_TEXTS[:5]) | null(ARNS),
    BOOL: drawn([*in_every_way(["Bool"]), *PLAIN], BOOL, ["true", "false", "True", "t*"], 1) | null(BOOL),
    NUMBER: drawn(in_every_way(NUMERIC), NUMBER, ["1", "2", "3", "many"]) | null(NUMBER),
    ADDRESS: drawn(in_every_way(["IpAddress", "NotIpAddress"]), ADDRESS, [*NETWORKS, "2001:db8::/32"]) | null(ADDRESS),
    DATE: drawn(in_every_way(DATES), DATE, MOMENTS) | null(DATE),
    ARN: drawn(in_every_way(ARN_OPERATORS), ARN, [*ARN_TEXTS[:5], "arn:aws:s3:::b"]) | null(ARN),
}
EQUALITY = ["StringEquals", "StringNotEquals", "StringEqualsIfExists", "StringNotEqualsIfExists"]
LIKENESS = ["StringLike", "StringNotLike", "ForAnyValue:StringLike", "ForAllValues:StringNotLike", STRINGS[4]]


def statements_of(tests: st.SearchStrategy[Test]) -> st.SearchStrategy[list[Statement]]:
    several_tests = st.lists(tests, min_size=1, max_size=2, unique_by=lambda test: (test[0], test[1]))
    return st.lists(st.tuples(st.sampled_from(["Allow", "Allow", "Deny"]), several_tests), min_size=1, max_size=3)


def statements_over(*keys: str) -> st.SearchStrategy[list[Statement]]:
    return statements_of(st.one_of(*(TESTS[key] for key in keys)))


@rule("K1", "K2", "K3", "K5", "K6", "K7", "G16")
@pytest.mark.parametrize("key", list(TESTS))
def test_one_unknown_key(key: str) -> None:
    @BOUNDED
    @given(statements_over(key))
    def holds(statements: Any) -> None:
        assert check(policy_of(statements), {key: REACH[key]})

    holds()


@rule("K7", "G14", "G19")
@pytest.mark.parametrize(
    ("operators", "listed", "values"),
    [
        (NUMERIC, ["1", "2", "many"], [*NUMBERS, *JUNK]),
        (["IpAddress", "NotIpAddress"], NETWORKS, [*ADDRESSES, *JUNK]),
        (ARN_OPERATORS, ARN_TEXTS[:5], [*ARN_TEXTS, "arn:aws:s3:::b", *JUNK]),
        (["Bool"], ["true", "false"], ["true", "false", *JUNK]),
        (DATES, MOMENTS, [*REACH[DATE], *JUNK]),
    ],
)
def test_a_tag_that_is_read_as_something_else(operators: list[str], listed: list[str], values: list[str]) -> None:
    """A tag can hold anything: what an operator cannot read is a value of its own."""

    @BOUNDED
    @given(statements_of(drawn(in_every_way(operators), TAG, listed) | null(TAG)))
    def holds(statements: Any) -> None:
        assert check(policy_of(statements), {TAG: values})

    holds()


@rule("K6", "K7")
@pytest.mark.parametrize("keys", [(TAG, BOOL), (LIST, BOOL), (NUMBER, BOOL), (ADDRESS, NUMBER), (LIST, TAG)])
def test_two_unknown_keys(keys: tuple[str, str]) -> None:
    @settings(BOUNDED, max_examples=some_of(60))
    @given(statements_over(*keys))
    def holds(statements: Any) -> None:
        assert check(policy_of(statements), {key: SMALL[key] for key in keys})

    holds()


@rule("K7", "G16")
def test_two_values_that_no_policy_names_are_tried() -> None:
    """Neither has `a`, and several values are false without a set operator."""
    tests: list[list[Test]] = [[("ForAnyValue:StringEquals", LIST, ["a"])], [("StringNotEquals", LIST, ["a"])]]
    document = policy_of([("Allow", one) for one in tests])
    assert check(document, {LIST: several(["a", "b", "z"], 3)})
    answer = evaluate_case(case_of(document, {}), MissingContextMode.UNKNOWN)
    assert answer.decision == "conditional"
    assert answer.denials == ({LIST: ("any-other-value", "another-value")},)


@rule("K4", "K7", "H3")
def test_two_unknown_keys_that_a_variable_links() -> None:
    """Where values are only compared for equality, a few values show all that can happen."""
    tests = st.one_of(
        *(drawn(EQUALITY, key, ["a", "b"]) | null(key) for key in (TAG, OTHER_TAG)),
        drawn(EQUALITY, OTHER_TAG, [f"${{{TAG}}}", f"${{{TAG}, 'b'}}", "a"]),
    )
    reach = {key: ["a", "b", "y", "z", ""] for key in (TAG, OTHER_TAG)}

    @settings(BOUNDED, max_examples=some_of(100))
    @given(statements_of(tests))
    # An empty value is no value for a variable, and is one for its own key.
    @example([("Allow", [("StringNotEquals", OTHER_TAG, [f"${{{TAG}}}"]), ("Null", TAG, ["false"])])])
    def holds(statements: Any) -> None:
        assert check(policy_of(statements), reach, are_linked=True)

    holds()


@rule("K4", "K7", "H3", "H4")
def test_three_unknown_keys_that_variables_link() -> None:
    tests = st.one_of(
        drawn(EQUALITY[:2], TAG, ["a", f"${{{OTHER_TAG}}}"]),
        drawn(EQUALITY, OTHER_TAG, ["a", f"${{{THIRD_TAG}}}", f"${{{TAG}, 'a'}}"]),
        drawn(EQUALITY[:2], THIRD_TAG, [f"${{{TAG}}}", f"${{{OTHER_TAG}, 'q'}}"]),
        null(TAG),
    )
    reach = {key: ["a", "q", "x", "y", "z", ""] for key in (TAG, OTHER_TAG, THIRD_TAG)}

    @settings(BOUNDED, max_examples=some_of(30))
    @given(statements_of(tests))
    def holds(statements: Any) -> None:
        assert check(policy_of(statements), reach, are_linked=True)

    holds()


@rule("K4", "K7", "H3", "H4")
def test_patterns_that_hold_unknown_variables() -> None:
    """Where not all can be shown, the answer says so; what it does say is right."""
    reach = {
        TAG: ["a", "b", "z", "ab", "a*", ""],
        OTHER_TAG: ["a", "b", "z", "aa", "ab", "ba", "az", "zb", "zz", "aab", "abb", ""],
    }
    variable = f"${{{TAG}}}"
    tests = st.one_of(
        drawn(EQUALITY[:2] + LIKENESS, OTHER_TAG, [f"a{variable}", f"{variable}*", f"{variable}b", variable, "a"]),
        drawn(EQUALITY, TAG, ["a", "b", f"${{{OTHER_TAG}}}*"]),
    )

    @settings(BOUNDED, max_examples=some_of(60))
    @given(statements_of(tests))
    # Each is in the other's pattern, and an empty value is among those that ForAllValues asks for.
    @example(
        [
            (
                "Allow",
                [
                    ("ForAllValues:StringNotLike", OTHER_TAG, [f"a{variable}"]),
                    ("StringEquals", TAG, [f"${{{OTHER_TAG}}}*"]),
                ],
            )
        ]
    )
    def holds(statements: Any) -> None:
        check(policy_of(statements), reach, are_linked=True)

    holds()


@rule("K4", "K7", "H3", "H5", "G16")
def test_lists_beside_unknown_variables() -> None:
    variable = f"${{{TAG}}}"
    tests = st.one_of(
        drawn(in_every_way(PLAIN[:3], False), LIST, ["a", variable, f"{variable}*"]),
        drawn(EQUALITY, TAG, ["a", "b", f"${{{LIST}}}", f"${{{LIST}, 'a'}}"]),
        null(TAG),
        null(LIST),
    )
    reach: dict[str, list[str | tuple[str, ...]]] = {
        TAG: ["a", "b", "z", ""],
        LIST: [*several(["a", "b", "z", "y", ""], 2), ("a", "b", "z")],
    }

    @settings(BOUNDED, max_examples=some_of(60))
    @given(statements_of(tests))
    def holds(statements: Any) -> None:
        check(policy_of(statements), reach, are_linked=True)

    holds()


RESOURCES = ["arn:aws:s3:::${v}", "arn:aws:s3:::a${v}", "arn:aws:s3:::${v}*b", "arn:aws:s3:::a?${v}", "arn:aws:s3:::b"]


@rule("K4", "K7", "H1", "H3", "F5")
def test_resources_that_hold_an_unknown_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    reach = {TAG: [*TEXTS, "abab", ""]}
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

    @settings(BOUNDED, max_examples=some_of(150))
    @given(st.lists(st.tuples(statement, element, listed), min_size=1, max_size=2), asked)
    def holds(parts: Any, resource: str) -> None:
        statements = [{**one, name: texts} for one, name, texts in parts]
        document = {"Version": "2012-10-17", "Statement": statements}
        monkeypatch.setitem(CASE, "resource", resource)
        check(document, reach, are_linked=True)

    holds()


@rule("K6", "G14", "G15")
def test_a_value_that_no_policy_names_counts_beside_many_that_they_name() -> None:
    """Of a long list of values the other one is never left out: a wrong `allowed` would follow."""
    regions = [f"region-{number}" for number in range(40)]
    document = policy_of([("Allow", []), ("Deny", [("StringNotEqualsIfExists", TAG, regions)])])
    answer = evaluate_case(case_of(document, {TAG: "elsewhere"}), MissingContextMode.UNKNOWN)
    assert answer.decision == "explicitDeny"
    answer = evaluate_case(case_of(document, {}), MissingContextMode.UNKNOWN)
    assert answer.decision == "conditional"
    named = policy_of([("Allow", []), ("Deny", [("StringNotEquals", TAG, regions), ("Null", TAG, ["false"])])])
    answer = evaluate_case(case_of(named, {}), MissingContextMode.UNKNOWN)
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
    answer = evaluate_case(case_of(document, {}), MissingContextMode.UNKNOWN)
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
    assert trace.decision == "conditional"
    assert trace.is_exact
    answer = evaluate_case(case_of(document, {}), MissingContextMode.UNKNOWN)
    assert answer.conditions == ({LIST: ("a", "b", "c")},)


# One operator thrice in one condition: names are compared without case.
THREE_SPELLINGS = ("StringEquals", "stringEquals", "stringequals")


@rule("K6")
def test_what_even_the_best_case_refuses_does_not_depend() -> None:
    """More unknown keys than can be tried, and nothing that allows."""
    tests = [("StringEquals", f"aws:PrincipalTag/{letter}", ["x", "y"]) for letter in "abcdefghijklmnop"]
    document = policy_of([("Deny", [test]) for test in tests])
    answer = evaluate_case(case_of(document, {}), MissingContextMode.UNKNOWN)
    assert answer.decision == "implicitDeny"


@rule("K6", "K7")
def test_too_many_keys_to_try_are_told_by_bounds() -> None:
    tests = [("StringEquals", f"aws:PrincipalTag/{letter}", ["x", "y"]) for letter in "abcdefghijklmnop"]
    document = policy_of([("Allow", tests)])
    answer = evaluate_case(case_of(document, {}), MissingContextMode.UNKNOWN)
    assert answer.decision == "conditional"
    assert len(answer.missing_context_values) == len(tests)
    assert [note.code for note in answer.assumptions] == ["not-enumerated"]


@rule("G18", "K7")
@pytest.mark.parametrize(
    "test",
    [
        ("NotIpAddress", ADDRESS, ["nowhere"]),
        ("IpAddressIfExists", ADDRESS, ["nowhere"]),
        ("NumericNotEquals", NUMBER, ["many"]),
        ("DateNotEquals", DATE, ["once"]),
        ("ForAllValues:StringEquals", LIST, []),
        ("StringNotEquals", TAG, []),
        ("ArnNotLike", ARN, ["x"]),
    ],
)
def test_values_that_match_nothing_are_answered(test: Test) -> None:
    for effect in ("Allow", "Deny"):
        document = policy_of([("Allow", [("Null", test[1], ["true"])]), (effect, [test])])
        assert check(document, {test[1]: REACH[test[1]]})


def listing(quantifier: str, *keys: str) -> Test:
    return f"{quantifier}:StringEquals", LIST, keys


RED = ("StringEquals", "aws:RequestTag/team", ("red",))
HAS, LACKS = (("Null", "aws:RequestTag/team", (word,)) for word in ("false", "true"))


@pytest.mark.parametrize(
    ("tests", "decision"),
    [
        ((listing("ForAllValues", "dept"), RED), "implicitDeny"),
        ((listing("ForAllValues", "dept"), HAS), "implicitDeny"),
        ((listing("ForAllValues", "dept", "team"), RED), "conditional"),
        ((listing("ForAllValues", "dept", "Team"), RED), "conditional"),
        ((listing("ForAnyValue", "team"), LACKS), "implicitDeny"),
        ((listing("ForAnyValue", "team", "dept"), LACKS), "conditional"),
        ((listing("ForAnyValue", "dept"), RED), "conditional"),
        ((("Null", LIST, ("true",)), RED), "implicitDeny"),
        ((("ForAllValues:StringLike", LIST, ("t*",)), RED), "conditional"),
    ],
)
def test_the_keys_of_the_tags_that_are_passed(tests: Sequence[Test], decision: str) -> None:
    """IAM User Guide, "AWS global condition context keys": aws:TagKeys has the keys of the tags in the request,
    aws:RequestTag/key the value of one of them.
    """
    action = {"action": "sqs:CreateQueue", "resource": "arn:aws:sqs:eu-west-1:111122223333:q"}
    document = policy_of([("Allow", tests)])
    document["Statement"][0]["Action"] = "sqs:*"
    found = trace_case({**case_of(document, {}), **action}, MissingContextMode.UNKNOWN)
    assert found.decision == decision
    if RED in tests and not any("*" in value for _, _, values in tests for value in values):
        assert all(one["aws:tagkeys"].values for one in found.sets)


TRANSITIVE = "sts:TransitiveTagKeys"


@pytest.mark.parametrize(
    ("tests", "context", "decision"),
    [
        ((listing("ForAllValues", "team"), ("Null", LIST, ("false",))), {TRANSITIVE: ["cost"]}, "implicitDeny"),
        ((listing("ForAllValues", "team"), ("Null", LIST, ("false",))), {TRANSITIVE: ["team"]}, "conditional"),
        ((listing("ForAnyValue", "team"),), {TRANSITIVE: ["team"]}, "allowed"),
        ((listing("ForAnyValue", "team"),), {TRANSITIVE: ["cost"]}, "conditional"),
        ((listing("ForAllValues", "team"), ("ForAnyValue:StringEquals", TRANSITIVE, ("cost",))), {}, "implicitDeny"),
        ((("ForAnyValue:StringEquals", TRANSITIVE, ("team",)),), {LIST: ["cost"]}, "implicitDeny"),
        ((("ForAnyValue:StringEquals", TRANSITIVE, ("team",)),), {LIST: ["cost", "team"]}, "conditional"),
        ((("Null", TRANSITIVE, ("false",)),), {LIST: None}, "implicitDeny"),
        ((("ForAnyValue:StringLike", TRANSITIVE, ("t*",)),), {LIST: ["cost"]}, "conditional"),
    ],
)
def test_transitive_tags_are_among_those_that_are_passed(
    tests: Sequence[Test], context: dict[str, list[str] | None], decision: str
) -> None:
    """IAM User Guide, "Pass session tags in AWS STS": the transitive keys are keys of the session tags of the call."""
    role = "arn:aws:iam::111122223333:role/r"
    document = policy_of([("Allow", tests)])
    document["Statement"][0]["Action"] = "sts:*"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        ],
    }
    case = {**case_of(document, {}), "action": "sts:AssumeRole", "resource": role, "resource_policy": trust}
    case["context"] = context
    assert trace_case(case, MissingContextMode.UNKNOWN).decision == decision
