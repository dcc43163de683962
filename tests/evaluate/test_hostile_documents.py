"""Policies made to hurt: whatever they hold, an answer comes, and it takes no more steps than an honest one."""

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.evaluate.request import CaseError, MissingContextMode
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.simulate.test_cases import evaluate_case

from ..builders.statements import document as doc
from ..rules import rule
from ..some_of import some_of

BOUNDED = settings(max_examples=some_of(150), deadline=None, suppress_health_check=list(HealthCheck))
MAX_CALLS = 1_600_000
"""Calls of functions in one answer; the ordinary one makes a few thousand. Counted, because clocks depend on others."""
ACCOUNT = "111122223333"
BASE = {
    "principal": f"arn:aws:iam::{ACCOUNT}:user/ana",
    "action": "s3:GetObject",
    "resource": "arn:aws:s3:::b/" + "a" * 500,
    "resource_account": ACCOUNT,
}
TAG = "aws:PrincipalTag/t"


def tag(number: int) -> str:
    return f"aws:PrincipalTag/{number}"


def st_(effect: str = "Allow", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "*", "Resource": resource, **elements}


def when(operator: str, key: str, values: Any, effect: str = "Allow") -> dict[str, Any]:
    return st_(effect, Condition={operator: {key: values}})


def alternating(number: int) -> str:
    return "Allow" if number % 2 else "Deny"


STARS = "*a" * 3000
MARKS = "*?a" * 2000
HOSTILE: dict[str, Any] = {
    "a resource of stars": doc(st_(resource=f"arn:aws:s3:::{STARS}")),
    "a resource of stars and question marks": doc(st_(resource=f"arn:aws:s3:::{MARKS}")),
    "an action of stars": doc({"Effect": "Allow", "Action": f"s3:{STARS}", "Resource": "*"}),
    "a value of stars": doc(when("StringLike", TAG, STARS)),
    "a value of stars and question marks": doc(when("StringLike", TAG, MARKS)),
    "two values of stars": doc(when("StringLike", TAG, ["*a" * 1500, "*b" * 1500])),
    "two hundred patterns": doc(when("StringLike", TAG, [f"*{i}*x{i}?" for i in range(200)])),
    "patterns over statements": doc(
        *[when("StringLike", TAG, [f"*{i}*x{j}?" for i in range(10)], alternating(j)) for j in range(20)]
    ),
    "a pattern of a million characters": doc(when("StringLike", TAG, "x" * 10**6 + "*")),
    "two thousand values": doc(when("StringEquals", TAG, [f"v{i}" for i in range(2000)])),
    "two thousand numbers": doc(when("NumericEquals", "s3:max-keys", [str(i) for i in range(2000)])),
    "two thousand ranges of addresses": doc(
        when("IpAddress", "aws:SourceIp", [f"10.{i // 200}.{i % 200}.0/24" for i in range(2000)])
    ),
    "two thousand ARNs": doc(when("ArnLike", "aws:SourceArn", [f"arn:aws:s3:::b{i}*" for i in range(2000)])),
    "two thousand tags": doc(when("ForAllValues:StringEquals", "aws:TagKeys", [f"v{i}" for i in range(2000)])),
    "tags over statements": doc(
        *[
            when("ForAnyValue:StringEquals", "aws:TagKeys", [f"v{i * j}" for i in range(200)], alternating(j))
            for j in range(1, 11)
        ]
    ),
    "three hundred keys in one statement": doc(st_(Condition={"StringEquals": {tag(i): "x" for i in range(300)}})),
    "four hundred statements with a key each": doc(
        *[when("StringEquals", tag(i), "x", alternating(i)) for i in range(400)]
    ),
    "a thousand statements on one key": doc(*[when("StringEquals", TAG, f"x{i}", alternating(i)) for i in range(1000)]),
    "eleven keys in rings": doc(
        *[st_(alternating(i), Condition={"StringEquals": {tag(i): "x", tag((i + 1) % 11): "y"}}) for i in range(11)]
    ),
    "six keys of four values": doc(st_(Condition={"StringEquals": {tag(i): ["a", "b", "c"] for i in range(6)}})),
    "a resource of variables": doc(st_(resource="arn:aws:s3:::b/" + "".join(f"${{{tag(i)}}}" for i in range(250)))),
    "a resource of one variable many times": doc(st_(resource=f"arn:aws:s3:::b/{f'${{{TAG}}}' * 250}")),
    "a resource of stars and variables": doc(st_(resource=f"arn:aws:s3:::b/{f'*${{{TAG}}}' * 250}")),
    "resources with a variable each": doc(st_(resource=[f"arn:aws:s3:::b/a*${{{tag(i)}}}" for i in range(250)])),
    "a value of variables": doc(when("StringEquals", TAG, "".join(f"${{{tag(i)}}}" for i in range(250)))),
    "values with a variable each": doc(when("StringLike", TAG, [f"a*${{{tag(i)}}}" for i in range(250)])),
    "a chain of variables": doc(st_(Condition={"StringEquals": {tag(i): f"${{{tag(i + 1)}}}" for i in range(100)}})),
    "tags out of variables": doc(when("ForAnyValue:StringLike", "aws:TagKeys", [f"${{{tag(i)}}}*" for i in range(6)])),
}


def calls(work: Callable[[], EvaluationResult]) -> tuple[EvaluationResult, int]:
    """Return what the work gives, and how many functions were called, those written in C included."""
    count = 0

    def counting(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1

    sys.setprofile(counting)
    try:
        answer = work()
    finally:
        sys.setprofile(None)
    return answer, count


def asked(document: Any, unknown: MissingContextMode, **more: Any) -> EvaluationResult:
    return evaluate_case({**BASE, "identity_policies": [{"name": "p", "document": document}], **more}, unknown)


@rule("K6", "K7")
@pytest.mark.parametrize("name", HOSTILE)
def test_no_policy_takes_more_steps_than_are_worth_it(name: str) -> None:
    """Where trying all values is too much, the answer says that they were not tried."""
    asked(doc(st_()), MissingContextMode.UNKNOWN)  # tables are loaded once
    for unknown in MissingContextMode:
        answer, count = calls(lambda unknown=unknown: asked(HOSTILE[name], unknown))
        assert count < MAX_CALLS, f"{count:,} calls"
        if answer.decision == "conditional" and not answer.conditions:
            assert "not-enumerated" in {assumption.code for assumption in answer.assumptions}


@rule("F3")
@pytest.mark.parametrize("pattern", ["*a", "*?", "*?a", "a*", "*a*b?"])
def test_a_pattern_takes_steps_as_its_length_not_as_its_square(pattern: str) -> None:
    steps = []
    for times in (500, 1000, 2000):
        document = doc(when("StringLike", "aws:UserAgent", pattern * times))
        context = {"aws:UserAgent": "a" * 5000}
        asked(document, MissingContextMode.ABSENT, context=context)  # read once, asked again
        steps.append(
            calls(
                lambda document=document, context=context: asked(document, MissingContextMode.ABSENT, context=context)
            )[1]
        )
    assert steps[2] <= 2 * steps[1] + 100
    assert steps[1] <= 2 * steps[0] + 100


@rule("K7")
def test_what_real_policies_list_is_tried() -> None:
    """Five hundred accounts, or thirty statements on a key: the conditions are told."""
    accounts = [f"{i:012}" for i in range(500)]
    answer = asked(doc(when("StringEquals", TAG, accounts)), MissingContextMode.UNKNOWN)
    assert answer.conditions
    assert all(values[TAG] in accounts for values in answer.conditions)
    statements = [when("StringEquals", TAG, [f"x{i}", f"y{i}"], alternating(i)) for i in range(30)]
    answer = asked(doc(*statements), MissingContextMode.UNKNOWN)
    told = {values[TAG] for values in answer.conditions}
    assert told <= {f"{letter}{i}" for i in range(1, 30, 2) for letter in "xy"}
    assert len(told) > 20


# ── anything at all ──────────────────────────────────────────────────────────────────────────────────────────────────

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        [
            "*",
            "Allow",
            "Deny",
            "s3:*",
            "s3:GetObject",
            "arn:aws:s3:::b/*",
            "${aws:username}",
            "${",
            "${*}",
            "arn:aws:iam::",
            *["2012-10-17", "2008-10-17", "true", "1e999", "::1/0", "2026-02-30", "AA==", ACCOUNT, "\ud800", "\x00"],
        ]
    )
)
ELEMENTS = ["Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"]
MORE = ["Resource", "NotResource", "Condition", "AWS", "Service", "Federated", "CanonicalUser"]
OPERATORS = ["StringEquals", "StringLike", "ForAllValues:StringLike", "ForAnyValue:ArnLikeIfExists", "NumericLessThan"]
TYPED = ["DateEquals", "IpAddress", "Null", "Bool", "BinaryEquals"]
KEYS = ["aws:username", "aws:TagKeys", TAG, "aws:SourceIp", "s3:prefix"]
NAMES = st.text(max_size=6) | st.sampled_from([*ELEMENTS, *MORE, *OPERATORS, *TYPED, *KEYS])
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25
)
TESTS = st.dictionaries(NAMES, st.dictionaries(NAMES, SCALARS | st.lists(SCALARS, max_size=3), max_size=2), max_size=2)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Sid": SCALARS,
        "Action": JSON | st.just("*"),
        "NotAction": JSON,
        "Resource": JSON | st.just("*"),
        "NotResource": JSON,
        "Principal": JSON | st.just("*"),
        "NotPrincipal": JSON,
        "Condition": JSON | TESTS,
    },
)
DOCUMENTS = JSON | st.fixed_dictionaries({"Statement": STATEMENTS | st.lists(STATEMENTS, max_size=3)}).map(
    lambda document: {"Version": "2012-10-17", **document}
)
PLACES = st.sampled_from(["identity_policies", "permissions_boundary", "session_policies", "scps", "rcps", "resource"])
PRINCIPALS = st.sampled_from(
    [BASE["principal"], f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s", f"arn:aws:iam::{ACCOUNT}:root", "anonymous"]
)


def placed(document: Any, place: str) -> dict[str, Any]:
    policies = [{"name": "p", "document": document}]
    if place == "resource":
        return {"resource_policy": document}
    return {place: [policies] if place in ("scps", "rcps") else policies}


def holds_together(case: dict[str, Any]) -> None:
    """Whatever the policies: an answer comes, it can be printed, and the two ways of taking unknown keys agree."""
    strict = evaluate_case(case, MissingContextMode.ABSENT)
    open_ = evaluate_case(case, MissingContextMode.UNKNOWN)
    for answer in (strict, open_):
        json.dumps(to_evaluation_result(answer))
        for line in answer.statements:
            assert line.span is not None
    assert strict.decision != "conditional"
    if open_.decision != "conditional":
        assert (open_.decision == "allowed") is (strict.decision == "allowed")


@rule("L5", "K6")
@BOUNDED
@given(DOCUMENTS, PLACES, PRINCIPALS)
def test_any_document_in_any_layer_has_an_answer(document: Any, place: str, principal: str) -> None:
    full = {"name": "full", "document": doc(st_())}
    case = {**BASE, "principal": principal, "identity_policies": [full], **placed(document, place)}
    holds_together(case)


@rule("L5")
@BOUNDED
@given(st.binary(max_size=200), PLACES)
def test_any_bytes_in_the_place_of_a_document_have_an_answer(content: bytes, place: str) -> None:
    holds_together({**BASE, **placed(content.decode("latin-1"), place)})


@rule("L5")
@BOUNDED
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 127)), max_size=4), PLACES)
def test_a_document_with_damaged_bytes_has_an_answer_or_is_no_json(damage: list[tuple[int, int]], place: str) -> None:
    content = bytearray(
        json.dumps(doc(when("StringLike", TAG, ["a*", "b"]), st_("Deny", Principal={"AWS": "*"}))).encode()
    )
    for where, value in damage:
        content[where % len(content)] = value
    try:
        document = json.loads(content)
    except ValueError:
        document = content.decode()
    holds_together({**BASE, **placed(document, place)})


@BOUNDED
@given(
    st.dictionaries(st.sampled_from([*BASE, "context", "scps", "rcps", "resource_policy", "identity_policies"]), JSON)
)
def test_a_case_of_any_shape_has_an_answer_or_says_what_is_wrong(case: dict[str, Any]) -> None:
    for unknown in MissingContextMode:
        try:
            evaluate_case({**BASE, **case}, unknown)
        except CaseError as error:
            said = str(error)
        else:
            continue
        assert said
