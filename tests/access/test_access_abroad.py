"""Effective permissions never deny what a single question allows, also on resources of other accounts.

An account at a time, they are those of the whole snapshot.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request
from iamdesk.access.effective_permissions import AccessExtent, EffectiveAccess, ResourceOrigin
from iamdesk.access.organization_evaluator import OrganizationEvaluator
from iamdesk.aws.action_sets import service_actions
from iamdesk.evaluate.engine import evaluate
from iamdesk.evaluate.request import EvalDecision
from iamdesk.snapshot.catalog import catalogue_of
from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.snapshot.organization import Organization, OrganizationNode, OrganizationPolicy, OrganizationPolicyType
from iamdesk.snapshot.resources import AclGrant, ObjectOwnership, Resource

from ..builders.arns import ID as OWN_ID
from ..builders.arns import OTHER_ID, role_arn, user_arn
from ..builders.captures import account, group, role, user
from ..builders.statements import allow, deny, document
from ..some_of import some_of
from .worlds import NOON, QUESTIONS, snapshots

OPEN = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
REFUSED = (AccessExtent.DENIED, AccessExtent.NONE)
U, R, G = user_arn("u"), role_arn("r"), f"arn:aws:iam::{OWN_ID}:group/g"
ROOT = f"arn:aws:iam::{OWN_ID}:root"
QUEUE = f"arn:aws:sqs:eu-west-1:{OTHER_ID}:q"
KEY = f"arn:aws:kms:eu-west-1:{OTHER_ID}:key/1b2a6a1e-0000-4000-8000-00000000c0de"
THEIR_ROLE = role_arn("t", OTHER_ID)
ON_OTHERS = [
    ("sqs:SendMessage", QUEUE),
    ("kms:Decrypt", KEY),
    ("s3:GetObject", "arn:aws:s3:::theirs/x"),
    ("s3:ListBucket", "arn:aws:s3:::theirs"),
    ("sts:AssumeRole", THEIR_ROLE),
    ("sts:TagSession", THEIR_ROLE),
]
ACTIONS = ["*", "sqs:*", "kms:*", "s3:*", "sts:*", "sts:AssumeRole", "s3:GetObject"]
OF_OWN = [{"StringEquals": {"aws:ResourceAccount": own}} for own in (OWN_ID, "${aws:PrincipalAccount}")]
CONDITIONS: list[dict[str, Any]] = [
    *OF_OWN,
    {"StringNotEquals": {"aws:ResourceAccount": OWN_ID}},
    {"StringEquals": {"aws:ResourceAccount": OTHER_ID}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN_ID}:role/*"}},
    {"StringEquals": {"aws:PrincipalTag/team": "red"}},
]
ON_OWN = [f"arn:aws:kms:*:{OWN_ID}:*", f"arn:aws:iam::{OWN_ID}:role/*", f"arn:aws:sqs:*:{OWN_ID}:*"]
PRINCIPALS: list[Any] = [
    {"AWS": OWN_ID},
    {"AWS": ROOT},
    "*",
    {"AWS": ["*"]},
    {"AWS": U},
    {"AWS": [R, f"arn:aws:iam::{OTHER_ID}:root"]},
    {"AWS": f"arn:aws:sts::{OWN_ID}:assumed-role/r/s"},
    {"AWS": "AIDAU"},
    {"AWS": OTHER_ID},
    {"CanonicalUser": "c1"},
    {"Service": "ec2.amazonaws.com"},
]


def snapshot_of(
    own: list[dict[str, Any]],
    theirs: dict[str, Any],
    scps: list[dict[str, Any]],
    rcps: list[dict[str, Any]],
    trust: dict[str, Any],
    bound: dict[str, Any] | None = None,
) -> Snapshot:
    """Two accounts of an organization: what the first's principals may, and what the second's resources let in."""
    inline = [{"PolicyName": "own", "PolicyDocument": document(*own)}]
    boundary = f"arn:aws:iam::{OWN_ID}:policy/bound"
    more = {} if bound is None else {"PermissionsBoundary": {"PermissionsBoundaryArn": boundary}}
    team = [{"Key": "team", "Value": "red"}]
    first: Account = account(
        user("u", UserPolicyList=inline, UserId="AIDAU", **more),
        role("r", RolePolicyList=inline, RoleId="AROAR", Tags=team),
        group("g", GroupPolicyList=inline),
    )
    if bound is not None:
        version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document(bound)}
        entry = {"Arn": boundary, "PolicyName": "bound", "DefaultVersionId": "v1", "PolicyVersionList": [version]}
        first = Account.model_validate({**first.model_dump(), "policies": [entry]})
    second = account(role("t", Arn=THEIR_ROLE, AssumeRolePolicyDocument=trust, Tags=team), number=OTHER_ID)
    grants: dict[str, Any] = {
        QUEUE: {},
        KEY: {},
        "arn:aws:s3:::theirs": {
            "acl": (AclGrant(permission="READ", account_id=OWN_ID),),
            "object_ownership": ObjectOwnership.OBJECT_WRITER,
        },
    }
    resources = tuple(
        Resource(arn=arn, account_id=OTHER_ID, policy=theirs.get(arn), **more) for arn, more in grants.items()
    )
    kinds = {
        "full": (OrganizationPolicyType.SERVICE_CONTROL_POLICY, [allow("*")]),
        "scp": (OrganizationPolicyType.SERVICE_CONTROL_POLICY, [allow("*"), *scps]),
        "rcp": (OrganizationPolicyType.RESOURCE_CONTROL_POLICY, [allow("*", Principal="*"), *rcps]),
    }
    policies = tuple(
        OrganizationPolicy(id=f"p-{name}", name=name, type=kind, content=document(*statements))
        for name, (kind, statements) in kinds.items()
    )
    nodes = (
        OrganizationNode(id="r-1", name="root", policy_ids=("p-full",)),
        OrganizationNode(id=OWN_ID, name="own", parent_id="r-1", policy_ids=("p-scp", "p-rcp")),
        OrganizationNode(id=OTHER_ID, name="other", parent_id="r-1", policy_ids=("p-full",)),
    )
    organization = Organization(id="o-1", management_account_id="999999999999", nodes=nodes, policies=policies)
    return Snapshot(
        path=Path("/x.json"),
        files=(),
        sha256="0" * 64,
        accounts=(first, second),
        resources=resources,
        organization=organization,
    )


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    effect, action = draw(st.sampled_from([allow, allow, deny])), draw(st.sampled_from(ACTIONS))
    found: dict[str, Any] = effect(action, draw(st.sampled_from(["*", "*", *ON_OWN, QUEUE, THEIR_ROLE])))
    if draw(st.integers(0, 4)) == 0:
        found["NotResource"] = found.pop("Resource")
    if draw(st.integers(0, 2)) == 0:
        found["Condition"] = draw(st.sampled_from(CONDITIONS))
    return found


@st.composite
def letting_in(draw: st.DrawFn, service: str, resource: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Effect": "Allow",
        "Action": f"{service}:*",
        "Principal": draw(st.sampled_from(PRINCIPALS)),
    }
    if resource is not None:
        found["Resource"] = [resource, f"{resource}/*"] if service == "s3" else resource
    if draw(st.integers(0, 9)) == 0:
        found["NotPrincipal"] = found.pop("Principal")
    if draw(st.integers(0, 3)) == 0:
        found["Condition"] = draw(st.sampled_from(CONDITIONS))
    return document(found)


@st.composite
def organizations(draw: st.DrawFn) -> Snapshot:
    denies = st.sampled_from(
        [
            *(deny(one, "*") for one in ACTIONS),
            *(deny("*", on) for on in ON_OWN),
            *(deny("*", "*", Condition=one) for one in OF_OWN),
        ]
    )
    scps = draw(st.lists(st.one_of(denies, statements()), max_size=1))
    rcps = [{**one, "Effect": "Deny", "Principal": "*"} for one in draw(st.lists(denies, max_size=1))]
    theirs = {arn: draw(letting_in(arn.split(":")[2], arn)) for arn in (QUEUE, KEY, "arn:aws:s3:::theirs")}
    own = draw(st.lists(statements(), min_size=1, max_size=3))
    bound = draw(st.one_of(st.none(), st.none(), statements()))
    return snapshot_of(own, theirs, scps, rcps, draw(letting_in("sts", None)), bound)


def extent(access: EffectiveAccess, action: str) -> AccessExtent:
    service, name = action.lower().split(":")
    found = access.service(service)
    places = {one.name.lower(): bit for bit, one in enumerate(service_actions(service).actions)}
    return AccessExtent.NONE if found is None or name not in places else found.reach_of(places[name])


def decision(whole: Evaluator, subject: str, action: str, resource: str) -> EvalDecision:
    holder = whole.member_of(subject) if ":group/" in subject else None
    return evaluate(whole.evaluation_request(Request(subject, action, resource), holder)).decision


def told(access: EffectiveAccess) -> list[Any]:
    return [(one.service, dict(one.actions)) for one in access.services]


@settings(max_examples=some_of(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(organizations())
def test_what_another_account_lets_a_principal_do_is_never_denied(snapshot: Snapshot) -> None:
    whole = Evaluator(snapshot, now=lambda: NOON)
    parts = OrganizationEvaluator(catalogue_of(snapshot), now=lambda: NOON)
    for subject in (U, R, G, ROOT):
        check(whole, parts, subject, ON_OTHERS)


@settings(max_examples=some_of(50), deadline=None, suppress_health_check=list(HealthCheck))
@given(snapshots(), st.lists(QUESTIONS, min_size=3, max_size=8))
def test_what_a_question_allows_is_never_denied(snapshot: Snapshot, questions: list[tuple[str, str]]) -> None:
    whole = Evaluator(snapshot, now=lambda: NOON)
    parts = OrganizationEvaluator(catalogue_of(snapshot), now=lambda: NOON)
    for subject in whole.population().principals():
        check(whole, parts, subject, list(asked(questions)))


def check(whole: Evaluator, parts: OrganizationEvaluator, subject: str, questions: list[tuple[str, str]]) -> None:
    for service in {action.partition(":")[0] for action, _ in questions}:
        access = whole.what_can(subject, service=service)
        assert told(parts.of(subject).what_can(subject, service=service)) == told(access), subject
        for action, resource in questions:
            if action.startswith(f"{service}:") and decision(whole, subject, action, resource) in OPEN:
                assert extent(access, action) not in REFUSED, (subject, action, resource)


def asked(questions: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for action, resource in questions:
        service, _, name = action.partition(":")
        listed = {one.name.lower() for one in service_actions(service).actions}
        if name.lower() in listed and resource != "*":
            yield action, resource


WIDE = [
    ([allow("*"), deny("*", "*", Condition=OF_OWN[0])], []),
    ([allow("*", Condition=CONDITIONS[3])], []),
    ([allow("*")], [deny("*", "*", Condition=OF_OWN[1])]),
]


@pytest.mark.parametrize(("own", "scps"), WIDE)
@pytest.mark.parametrize("principal", PRINCIPALS[:4])
def test_a_row_has_what_another_account_lets_in(own: list[Any], scps: list[Any], principal: Any) -> None:
    """Services that the principal's statements do not distinguish differ by what other accounts let in."""
    queue = document({"Effect": "Allow", "Action": "sqs:*", "Principal": principal, "Resource": QUEUE})
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})
    snapshot = snapshot_of(own, {QUEUE: queue}, scps, [], trust)
    whole = Evaluator(snapshot, now=lambda: NOON)
    access = whole.what_can(U)
    assert {action: extent(access, action) for action in ("sqs:SendMessage", "sts:AssumeRole", "sns:Publish")} == {
        "sqs:SendMessage": AccessExtent.SOME,
        "sts:AssumeRole": AccessExtent.SOME,
        "sns:Publish": extent(access, "sns:TagResource"),
    }
    assert extent(access, "sns:Publish") in REFUSED
    assert told(OrganizationEvaluator(catalogue_of(snapshot), now=lambda: NOON).of(U).what_can(U)) == told(access)
    assert [(name, dict(one.actions)) for name, one in whole.access_matrix()[U].items()] == told(access)
    (send,) = [one for one in access.actions("sqs", reaches=[AccessExtent.SOME]) if one.name == "sqs:SendMessage"]
    named = {one.resource: one.decision for one in send.decisions if one.source is ResourceOrigin.NAMED}
    assert named[QUEUE] is EvalDecision.ALLOWED


@pytest.mark.parametrize("principal", [{"AWS": U}, {"AWS": "AIDAU"}, {"AWS": ROOT}, "*"])
def test_roles_of_other_accounts_are_known_without_reading_these(principal: Any) -> None:
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})
    snapshot = snapshot_of([allow("sts:*"), deny("sts:*", ON_OWN[1])], {}, [], [], trust)
    part = OrganizationEvaluator(catalogue_of(snapshot), now=lambda: NOON).of(U)
    assert extent(part.what_can(U, service="sts"), "sts:AssumeRole") is AccessExtent.SOME
    assert [one.account_id for one in part.index.accounts_read] == [OWN_ID]


@pytest.mark.parametrize(
    ("bucket", "decision", "otherwise"),
    [
        ("nowhere", EvalDecision.EXPLICIT_DENY, EvalDecision.IMPLICIT_DENY),
        ("theirs", EvalDecision.ALLOWED, None),
    ],
)
def test_rcps_bind_a_bucket_that_is_assumed_to_be_of_the_caller_s_account(
    bucket: str, decision: EvalDecision, otherwise: EvalDecision | None
) -> None:
    """AWS Organizations User Guide, "Resource control policies (RCPs)": all resources of member accounts."""
    theirs = {"arn:aws:s3:::theirs": document(allow("s3:*", "arn:aws:s3:::theirs/*", Principal={"AWS": ROOT}))}
    rcps = [deny("s3:*", "*", Principal="*")]
    evaluator = Evaluator(snapshot_of([allow("s3:*")], theirs, [], rcps, document(), None), now=lambda: NOON)
    resource = f"arn:aws:s3:::{bucket}/x"
    answer = evaluator.can(Request(U, "s3:GetObject", resource))
    assert answer.decision == decision
    assert {one.code: one.other_decision for one in answer.assumptions}.get("owner-unknown") == otherwise
    rows = {row.principal for row in evaluator.who_can(action="s3:GetObject", resource=resource)}
    assert (U in rows) is (decision is EvalDecision.ALLOWED)
