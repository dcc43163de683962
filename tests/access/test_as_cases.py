"""A question over a snapshot, taken out of it as a self-contained case, is answered alike.

The case tells every policy and every condition key that the question over the snapshot found by itself, so the two
differ in everything that the snapshot has to work out: who carries what, which layers are in play, what the keys are.
With what is not known open, an answer over the snapshot holds for every case that it stands for.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, assume, event, given, reject, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request, RequestError
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.context import KeyValue, Knowledge
from iamdesk.evaluate.credential_limits import ISSUE_TIME_KEY, MFA_KEY
from iamdesk.evaluate.engine import EvaluationRequest, applicable_policies, decision_inputs_of, policies_of
from iamdesk.evaluate.policy_set import AttachedPolicy
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.simulate.test_cases import evaluate_case
from iamdesk.snapshot.model import Snapshot

from ..some_of import some_of
from .worlds import CONTEXTS, NOON, QUESTIONS, A, B, snapshots

BOUNDED = settings(max_examples=some_of(60), deadline=None, suppress_health_check=list(HealthCheck))

type Json = dict[str, Any]
type Value = str | list[str] | None

SESSIONS = [
    f"arn:aws:sts::{A}:assumed-role/r1/s1",
    f"arn:aws:sts::{A}:assumed-role/r2/s1",
    f"arn:aws:sts::{B}:assumed-role/r1/s1",
    f"arn:aws:sts::{A}:assumed-role/AWSServiceRoleForX/x",
    f"arn:aws:sts::{A}:federated-user/u1",
    f"arn:aws:iam::{B}:user/u2",
    f"arn:aws:iam::{A}:user/u1",
    "ec2.amazonaws.com",
    "anonymous",
]
ALWAYS_TOLD = ("aws:principalarn", ISSUE_TIME_KEY, MFA_KEY, "aws:userid")
"""Keys on which more hangs than conditions: credentials, and who the caller is."""
VALUES = {
    "String": ["red", "u1", A, "vpc-1", "eu-west-1", "o-1/r-1/", "vpce-1"],
    "ARN": [f"arn:aws:iam::{A}:role/r1", f"arn:aws:s3:eu-west-1:{A}:accesspoint/ap", "arn:aws:sns:eu-west-1:1:t"],
    "Bool": ["true", "false"],
    "Date": ["2026-09-30T11:00:00Z"],
    "Numeric": ["7"],
    "IPAddress": ["203.0.113.9", "10.1.2.3"],
    "Binary": ["QQ=="],
}
"""Values by the type of the key: a request holds no others."""
BESIDE_POLICIES = ("AIDA", "CanonicalUser")
"""Principals that a case cannot tell: ids of entities, and canonical ids of accounts."""


def keys_of(policies: Iterable[AttachedPolicy]) -> list[str]:
    found: dict[str, None] = {}
    for policy in policies:
        for statement in policy.document.statements:
            found.update(dict.fromkeys((*statement.context_keys(), *statement.resource_keys())))
    return list(found)


def value_of(key: str, fact: KeyValue, draw: Any) -> Value:
    """Return a value that a key has, or may have as far as is known."""
    if fact.knowledge is Knowledge.ABSENT:
        return None
    if fact.knowledge is Knowledge.PRESENT:
        return fact.values[0] if len(fact.values) == 1 else list(fact.values)
    if fact.knowledge is Knowledge.UNKNOWN and draw(st.booleans()):
        return None
    shaped = fact.shape.replace("*", draw(st.sampled_from(["s1", "app/"])))
    values = VALUES[(reference().key_type(key) or "String").removeprefix("ArrayOf")]
    pool = [shaped] if fact.shape != "*" else [value for value in values if fact.can_be(value)]
    if reference().is_multivalued(key):
        return draw(st.lists(st.sampled_from(pool), min_size=1, max_size=2))
    return draw(st.sampled_from(pool))


def case_of(question: EvaluationRequest, context: Mapping[str, Value]) -> Json:
    """Return a question over a snapshot as a case."""

    def named(policies: Sequence[AttachedPolicy] | None) -> list[Json] | None:
        return None if policies is None else [{"name": one.name, "document": one.document.raw} for one in policies]

    def levels(policies: Sequence[Sequence[AttachedPolicy]] | None) -> list[Any] | None:
        return None if policies is None else [named(level) for level in policies]

    def of_resource(one: EvaluationRequest) -> Json:
        policies = policies_of(one)
        return {
            "resource_account": one.resource_account,
            "resource_policy": None if policies.resource is None else policies.resource.document.raw,
            "rcps": levels(policies.rcps),
        }

    policies = policies_of(question)
    behind: Json = {}
    for one in question.joint:
        name = one.target.resource_text.rpartition(":")[2].partition("/")[0]
        behind = {"access_point_bucket": {"name": name, **of_resource(one)}}
    return {
        **behind,
        **of_resource(question),
        "principal": question.caller.text,
        "action": question.target.action_text,
        "resource": question.target.resource_text,
        "context": dict(context),
        "identity_policies": named(policies.identity),
        "permissions_boundary": named(policies.boundary),
        "session_policies": named(policies.session),
        "scps": levels(policies.scps),
        "block_public_access": policies.restrict_public_buckets,
    }


def met_by(question: EvaluationRequest) -> Iterable[AttachedPolicy]:
    policies = policies_of(question)
    return applicable_policies(policies, decision_inputs_of(question, policies))


def is_told_whole(question: EvaluationRequest) -> bool:
    """Whether the case format can tell everything that the question rests on."""
    sub_requests = (question, *question.joint)
    if len(sub_requests) > 2 or len({one.policies.restrict_public_buckets for one in sub_requests}) > 1:
        return False
    for one in sub_requests:
        policies = one.policies
        if one.refusal or policies.grants or policies.endpoint is not None:
            return False
        said = "" if policies.resource is None else json.dumps(policies.resource.document.raw)
        if any(word in said for word in BESIDE_POLICIES):
            return False
    return True


def are_kin(context: Mapping[str, Value]) -> bool:
    """Whether values that were chosen for unknown keys can stand in one request."""
    address, through = context.get("aws:sourceip"), context.get("aws:sourcevpce") or context.get("aws:sourcevpc")
    return address is None or through is None


@BOUNDED
@given(st.data(), snapshots(), QUESTIONS, CONTEXTS)
def test_a_question_and_its_case_have_one_answer(
    data: st.DataObject, snapshot: Snapshot, asked: tuple[str, str], typed: Mapping[str, Any]
) -> None:
    evaluator = Evaluator(snapshot, now=lambda: NOON)
    principal = data.draw(st.sampled_from([*evaluator.principals(), *SESSIONS]))
    request = Request(principal, *asked, context=typed)
    try:
        question = evaluator.evaluation_request(request)
    except RequestError:
        reject()
    assume(is_told_whole(question))
    draw = data.draw
    keys = keys_of(policy for one in (question, *question.joint) for policy in met_by(one))
    told = [one.context.fact(key) for one in question.joint for key in keys]
    assume(told == [question.context.fact(key) for _ in question.joint for key in keys])  # a case has one context
    context = {key: value_of(key, question.context.fact(key), draw) for key in (*ALWAYS_TOLD, *keys)}
    event(f"{1 + len(question.joint)} decisions")
    if ISSUE_TIME_KEY not in keys and question.context.fact(ISSUE_TIME_KEY).knowledge is Knowledge.UNKNOWN:
        context[ISSUE_TIME_KEY] = None  # nobody asks: long-term credentials
    assume(are_kin(context))
    case = evaluate_case({"expected": "allowed"} | case_of(question, context))

    # A case says which policies the caller has, also those of an account that is not captured.
    over_snapshot = evaluator.explained(Request(principal, *asked, context={**typed, **context}, is_of_resource=True))
    assert over_snapshot.decision is case.decision, case_of(question, context)
    strict = Request(
        principal, *asked, context={**typed, **context}, unknown_context=MissingContextMode.ABSENT, is_of_resource=True
    )
    assert evaluator.explained(strict).decision is case.decision

    open_answer = evaluator.explained(request)
    event(open_answer.decision.value)
    if open_answer.decision != "conditional":
        assert (open_answer.decision == "allowed") == (case.decision == "allowed"), case_of(question, context)
    for sets, wanted in ((open_answer.conditions, True), (open_answer.denials, False)):
        for one in sets:
            if holds(one, context):
                assert (case.decision == "allowed") is wanted, (one, case_of(question, context))
            filled = evaluator.explained(Request(principal, *asked, context={**typed, **one}))
            assert filled.decision != "conditional"
            assert (filled.decision == "allowed") is wanted, one


def holds(one: Mapping[str, Any], context: Mapping[str, Value]) -> bool:
    """Whether a context has all values of a set."""
    for key, value in one.items():
        told = context.get(key.lower())
        if value is None or isinstance(value, str):
            if told != value:
                return False
        elif told != list(value):
            return False
    return True
