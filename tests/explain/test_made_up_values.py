"""What is said of conditions is true, and no value that was made up to be tried is ever named.

Small policies are drawn at random. What the words of an answer say of a key with several values is read again, and held
against every list; every text of an answer is looked through for values that nobody has written.
"""

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.text.diff import context_words
from iamdesk.simulate.test_cases import evaluate_case

from ..builders.arns import user_arn
from ..builders.captures import NOW, account, snapshot, user
from ..builders.statements import allow, document
from ..evaluate.every_context import case_of, check_smallest, policy_of, strict, strict_request
from ..evaluate.test_solver import (
    ADDRESS,
    ARN,
    ARNS,
    BOOL,
    DATE,
    LIST,
    NUMBER,
    OTHER_TAG,
    PLAIN,
    TAG,
    TESTS,
    THIRD_TAG,
    drawn,
    null,
    several,
    statements_of,
)
from ..rules import rule
from ..some_of import some_of

BOUNDED = settings(max_examples=some_of(150), deadline=None, suppress_health_check=list(HealthCheck))
IN_SETS = [f"{prefix}{name}" for prefix in ("", "ForAllValues:", "ForAnyValue:") for name in PLAIN]
LISTS = [*several(["a", "b", "ab", "ba", "z"], 3), ("a", "b", "ab", "z")]


def answer(statements: Any, **more: Any) -> EvaluationResult:
    return evaluate_case({**case_of(policy_of(statements), {}), **more}, MissingContextMode.UNKNOWN)


# ── what is said of lists ────────────────────────────────────────────────────────────────────────────────────────────


def holds(clause: str, values: tuple[str, ...] | None) -> bool:
    """Return whether what is said of a key is true of it; None: the key is absent."""
    clause = clause.removeprefix(f"{LIST} ")
    if clause == "is absent":
        return values is None
    if values is None:
        return False
    return all(_holds(part, values) for part in clause.split(" and "))


def _holds(part: str, values: tuple[str, ...]) -> bool:
    for start, ask in (
        ("has only values, each of which ", all),
        ("has a value that ", any),
        ("has no value that ", lambda found: not any(found)),
        ("has one value, which ", lambda found: len(values) == 1 and all(found)),
        ("has several values, or one that ", lambda found: len(values) > 1 or all(found)),
    ):
        if part.startswith(start):
            return bool(ask([_matches(part.removeprefix(start), value) for value in values]))
    return {"has any value": True, 'is ""': values == ("",)}[part]


def _matches(said: str, value: str) -> bool:
    for start, is_not in (("is not ", True), ("does not match ", True), ("is ", False), ("matches ", False)):
        if said.startswith(start):
            pattern = said.removeprefix(start)
            found = fnmatchcase(value, pattern) if "match" in start else value == pattern.strip("“”")
            return found is not is_not
    raise AssertionError(said)


@rule("K7", "G14", "G15", "G16")
def test_words_about_lists_cover_exactly_what_is_allowed() -> None:
    tests = drawn(IN_SETS, LIST, ["a", "b", "a*"], 1) | null(LIST)

    @BOUNDED
    @given(statements_of(tests))
    def told(statements: Any) -> None:
        found = answer(statements)
        question = strict_request(policy_of(statements))
        for values in (None, *LISTS):
            allowed = strict(question, {LIST: values}) == "allowed"
            if found.decision != "conditional":
                assert (found.decision == "allowed") is allowed
                continue
            assert any(holds(clause, values) for clause in found.condition_words) is allowed, (values, statements)
            assert any(holds(clause, values) for clause in found.denial_words) is not allowed, (values, statements)

    told()


@rule("K7", "G14", "G15")
def test_told_values_are_enough_and_none_is_one_too_many() -> None:
    tests = drawn(IN_SETS, LIST, ["a", "b", "a*"]) | drawn(IN_SETS[4:], ARNS, ["arn:aws:sns:us:1:t"]) | TESTS[BOOL]

    @BOUNDED
    @given(statements_of(tests))
    def told(statements: Any) -> None:
        found = answer(statements)
        document = policy_of(statements)
        check_smallest(document, found.conditions, True, True)
        check_smallest(document, found.denials, False, True)

    told()


# ── values that nobody has written ───────────────────────────────────────────────────────────────────────────────────


def texts_of(found: EvaluationResult) -> str:
    """Return every sentence of an answer."""
    lines = [found.sentence, *found.condition_words, *found.denial_words]
    lines += [one.sentence for one in (*found.layers, *found.statements)]
    lines += [one.message for one in found.assumptions]
    return "\n".join(map(str, lines))


def assert_none_made_up(found: EvaluationResult, written: str) -> None:
    """Fail where a sentence names a value that was tried and that stands nowhere."""
    told = texts_of(found)
    for one in (*found.conditions, *found.denials):
        for value in one.values():
            for text in () if value is None else (value,) if isinstance(value, str) else value:
                if text not in ("", "true", "false") and text.lower() not in written.lower():
                    named = rf"(is|not|matches|than|or|within|[+]) {re.escape(text)}([\s.,;]|$)"
                    assert not re.search(named, told, re.MULTILINE), told


@rule("K7")
@pytest.mark.parametrize("key", [TAG, LIST, ARNS, NUMBER, ADDRESS, DATE, ARN, "several", "linked", "read otherwise"])
def test_no_text_names_a_value_that_nobody_wrote(key: str) -> None:
    linked = ["a", f"${{{OTHER_TAG}}}", f"${{{OTHER_TAG}}}*", f"a-${{{THIRD_TAG}}}", "a*"]
    tests = {
        "several": st.one_of(TESTS[TAG], TESTS[LIST], TESTS[BOOL], TESTS[ADDRESS]),
        "linked": drawn(IN_SETS, TAG, linked) | drawn(PLAIN, THIRD_TAG, linked[:2]) | null(OTHER_TAG),
        "read otherwise": drawn(["NumericEquals", "NumericLessThan"], TAG, ["7", "many"])
        | drawn(["IpAddress", "NotIpAddress", "ForAllValues:NotIpAddress"], TAG, ["10.0.0.0/8"])
        | drawn(["ArnLike", "ArnNotLike", "DateLessThan", "DateNotEquals"], TAG, ["2020-01-01", "arn:aws:s3:::*"]),
    }.get(key, TESTS.get(key))
    assert tests is not None

    @BOUNDED
    @given(statements_of(tests))
    def told(statements: Any) -> None:
        found = answer(statements)
        assert_none_made_up(found, json.dumps(policy_of(statements), ensure_ascii=False) + json.dumps(case_of({}, {})))

    told()


def filled(resource: str) -> EvaluationResult:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": resource}
    case = {
        "principal": "arn:aws:iam::111122223333:role/r",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/report",
        "resource_account": "111122223333",
        "identity_policies": [{"name": "p", "document": {"Version": "2012-10-17", "Statement": [statement]}}],
    }
    return evaluate_case(case, MissingContextMode.UNKNOWN)


@rule("H1", "K7")
def test_what_a_variable_in_a_resource_has_to_be() -> None:
    begins = filled("arn:aws:s3:::b/${aws:PrincipalTag/t}*")
    assert begins.decision == "conditional"
    assert set(begins.condition_words) == {
        "aws:PrincipalTag/t is such that arn:aws:s3:::b/${aws:PrincipalTag/t}* matches the resource"
    }
    whole = filled("arn:aws:s3:::b/${aws:PrincipalTag/t}")
    assert set(whole.condition_words) == {"aws:PrincipalTag/t is report"}


@rule("K7")
def test_an_arn_key_is_tried_with_arns() -> None:
    found = answer([("Allow", [("StringNotLike", ARN, ["*orders*"])])], context={})
    values = [one.get(ARN) for one in found.conditions]
    assert all(value is None or str(value).startswith("arn:") for value in values), values


@rule("K7")
def test_what_changed_between_snapshots_names_none_either() -> None:
    test = {"StringNotEquals": {"s3:prefix": "red"}, "Null": {"s3:prefix": "false"}}
    old = snapshot(account(user("ana", document(allow("s3:ListBucket", "*", test)))))
    found = compare_snapshots(old, snapshot(account(user("ana"))), NOW)
    [effect] = found.principals[user_arn("ana")].effects
    assert context_words(effect) == "s3:prefix is any other value"
