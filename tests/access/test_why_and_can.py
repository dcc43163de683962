"""A denial in AWS's words, made from an answer, is explained by that answer: `why` asks what `can` asks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, event, given, reject, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request, RequestError
from iamdesk.denials.denial import Agreement
from iamdesk.denials.explain import explain_denial, read_denials
from iamdesk.evaluate.request import EvalDecision, MissingContextMode, PolicyType
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.snapshot.model import Account, ManagedPolicyDetail, Snapshot, UserDetail
from iamdesk.snapshot.organization import Organization, OrganizationNode, OrganizationPolicy, OrganizationPolicyType

from ..some_of import some_of
from .worlds import NOON, QUESTIONS, A, B, snapshots

BOUNDED = settings(max_examples=some_of(40), deadline=None, suppress_health_check=list(HealthCheck))
SESSIONS = [f"arn:aws:sts::{A}:assumed-role/r1/s1", f"arn:aws:sts::{B}:assumed-role/r1/s1"]

# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
WORDS: Mapping[PolicyType, tuple[str, str]] = {
    PolicyType.IDENTITY: ("an identity-based policy", "no identity-based policy allows"),
    PolicyType.RESOURCE: ("a resource-based policy", "no resource-based policy allows"),
    PolicyType.TRUST: ("a resource-based policy", "no resource-based policy allows"),
    PolicyType.PERMISSIONS_BOUNDARY: ("a permissions boundary", "no permissions boundary allows"),
    PolicyType.SESSION: ("a session policy", "no session policy allows"),
    PolicyType.SCP: ("a service control policy", "no service control policy allows"),
    PolicyType.RCP: ("a resource control policy", "no resource control policy allows"),
    PolicyType.ENDPOINT: ("a VPC endpoint policy", "no VPC endpoint policy allows"),
}
"""How a layer is named where it denies, and where it lacks an Allow."""


def message(answer: EvaluationResult, layer: PolicyType) -> str:
    asked = answer.request
    denying, lacking = WORDS[layer]
    start = f"User: {asked.principal} is not authorized to perform: {asked.action} on resource: {asked.resource}"
    if answer.decision is EvalDecision.EXPLICIT_DENY:
        return f"{start} with an explicit deny in {denying}"
    return f"{start} because {lacking} the {asked.action} action"


def denying_layers(answer: EvaluationResult) -> list[PolicyType]:
    """The layers that AWS could name: those that say what the answer says."""
    return [line.layer for line in answer.layers if line.decision is answer.decision and line.layer in WORDS]


@BOUNDED
@given(st.data(), snapshots(), QUESTIONS)
def test_why_gives_the_answer_of_can(data: st.DataObject, snapshot: Snapshot, asked: tuple[str, str]) -> None:
    evaluator = Evaluator(snapshot, now=lambda: NOON)
    principal = data.draw(st.sampled_from([*evaluator.principals(), *SESSIONS]))
    try:
        answer = evaluator.can(Request(principal, *asked))
    except RequestError:
        reject()
    layers = denying_layers(answer)
    is_denied = answer.decision in (EvalDecision.EXPLICIT_DENY, EvalDecision.IMPLICIT_DENY)
    layer = data.draw(st.sampled_from(layers if is_denied and layers else list(WORDS)))
    [denial] = read_denials(message(answer, layer))
    why: Any = explain_denial(evaluator, denial, resource=asked[1])

    assert to_evaluation_result(why.decision) == to_evaluation_result(answer)
    event(why.agreement.value)
    match answer.decision:
        case EvalDecision.ALLOWED:
            assert why.agreement is Agreement.ALLOWED
        case EvalDecision.CONDITIONAL:
            assert why.agreement is Agreement.DEPENDS
        case _:
            assert why.agreement is (Agreement.SAME if layers else Agreement.OTHER)


ALICE, ACTION, OBJECT = f"arn:aws:iam::{A}:user/alice", "s3:GetObject", "arn:aws:s3:::elsewhere/x"
STATEMENTS = st.builds(
    lambda effect, condition: {"Effect": effect, "Action": "s3:*", "Resource": "*", "Condition": condition},
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(
        [
            {},
            {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        ]
    ),
)
DOCUMENTS = st.lists(STATEMENTS, max_size=2).map(lambda drawn: {"Version": "2012-10-17", "Statement": drawn})
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "aws:SourceIp": st.sampled_from(["203.0.113.9", "10.0.0.1"]),
        "aws:MultiFactorAuthPresent": st.sampled_from(["true", "false"]),
    },
)


def alices(identity: Any, boundary: Any, scp: Any) -> Snapshot:
    """An account with one user whose access three layers decide."""
    arn = f"arn:aws:iam::{A}:policy/bound"
    user = {
        "Arn": ALICE,
        "Path": "/",
        "UserName": "alice",
        "UserId": "AIDAALICE",
        "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": identity}],
    }
    versions = [{"VersionId": "v1", "IsDefaultVersion": True, "Document": boundary}]
    bound = {
        "Arn": arn,
        "PolicyName": "bound",
        "Path": "/",
        "DefaultVersionId": "v1",
        "PolicyVersionList": versions if boundary is not None else [],
    }
    if boundary is not None:
        user["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn}
    policy = OrganizationPolicy(id="p", name="scp", type=OrganizationPolicyType.SERVICE_CONTROL_POLICY, content=scp)
    nodes = (
        OrganizationNode(id="r-1", name="root", policy_ids=("p",)),
        OrganizationNode(id=A, name="a", parent_id="r-1", policy_ids=("p",)),
    )
    return Snapshot(
        path=Path("/captures/alice.json"),
        files=(),
        sha256="0" * 64,
        accounts=(
            Account(
                account_id=A,
                users=(UserDetail.model_validate(user),),
                groups=(),
                roles=(),
                policies=(ManagedPolicyDetail.model_validate(bound),) if boundary is not None else (),
            ),
        ),
        organization=Organization(id="o-1", management_account_id=B, nodes=nodes, policies=(policy,)),
        latest=NOON,
    )


@settings(BOUNDED, max_examples=some_of(300))
@given(st.data(), DOCUMENTS, st.none() | DOCUMENTS, DOCUMENTS, CONTEXTS)
def test_the_reason_that_holds_in_some_context_is_never_called_another(
    data: st.DataObject, identity: Any, boundary: Any, scp: Any, context: Mapping[str, str]
) -> None:
    """A message tells no context. What denies under one is a reason that the snapshot has, or may have, too."""
    evaluator = Evaluator(alices(identity, boundary, scp), now=lambda: NOON)
    answer = evaluator.can(Request(ALICE, ACTION, OBJECT, context=context, unknown_context=MissingContextMode.ABSENT))
    layers = denying_layers(answer)
    if answer.decision not in (EvalDecision.EXPLICIT_DENY, EvalDecision.IMPLICIT_DENY) or not layers:
        reject()
    [denial] = read_denials(message(answer, data.draw(st.sampled_from(layers))))
    why = explain_denial(evaluator, denial)
    assert why.decision is not None
    event(f"{why.agreement.value}, {why.decision.decision.value}")
    assert why.agreement in (Agreement.SAME, Agreement.DEPENDS)
    assert "not for the reason" not in why.sentence
