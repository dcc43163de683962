"""Effective permissions are what single questions on fresh and named resources say."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request, RequestError
from iamdesk.access.effective_permissions import AccessExtent, ActionAccess, ResourceOrigin
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.decision_logic import StatementEffects, decide, statement_effects
from iamdesk.evaluate.engine import EvaluationTrace, evaluate
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import EvalDecision
from iamdesk.evaluate.ternary import TRUE
from iamdesk.progress import WorkCancelled
from iamdesk.snapshot.model import Account, GroupDetail, Snapshot, UserDetail
from iamdesk.snapshot.resources import Resource

from ..builders.arns import policy_arn, role_arn
from ..builders.captures import evaluator as captured
from ..builders.captures import managed, role
from ..builders.statements import allow, deny, document
from ..each_case import each_case
from ..some_of import some_of
from .worlds import NOON, A, snapshots

BOUNDED = settings(max_examples=some_of(40), deadline=None, suppress_health_check=list(HealthCheck))
SERVICES = ("s3", "sts", "kms", "iam", "ec2", "execute-api")
INTERPRET = "bedrock-agentcore:InvokeCodeInterpreter"
OPEN = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)


def trace_of(evaluator: Evaluator, subject: str, action: str, resource: str) -> EvaluationTrace:
    holder = evaluator.member_of(subject) if ":group/" in subject else None
    return evaluate(evaluator.evaluation_request(Request(subject, action, resource), holder))


def awaits(trace: EvaluationTrace) -> bool:
    """Whether it would be another answer if the resource's policy, which is not held, let the account in."""
    if trace.decision is not EvalDecision.IMPLICIT_DENY or not trace.decision_inputs.needs_delegation:
        return False
    counted = statement_effects((result, result.truth) for result in trace.results)
    let_in = StatementEffects(counted.allow, counted.deny, {**counted.grants, Grant.ACCOUNT: TRUE})
    held = trace.request.policies.resource is not None
    return not held and decide(trace.decision_inputs, let_in, optimistic=True).decision is EvalDecision.ALLOWED


def expected(fresh: Sequence[EvaluationTrace], named: Sequence[EvaluationTrace]) -> AccessExtent:
    """Work out a reach from single answers alone."""
    words = [trace.decision for trace in fresh]
    every = [*fresh, *named]
    if all(word is EvalDecision.ALLOWED for word in words):
        return AccessExtent.ALLOWED
    if all(word in OPEN for word in words):
        return AccessExtent.CONDITIONAL
    if all(trace.decision in OPEN or awaits(trace) for trace in fresh):
        return AccessExtent.AWAITING
    if any(trace.decision is EvalDecision.ALLOWED for trace in every):
        return AccessExtent.SOME
    if any(trace.decision is EvalDecision.CONDITIONAL for trace in every):
        return AccessExtent.SOME_CONDITIONAL
    if any(awaits(trace) for trace in every):
        return AccessExtent.AWAITING
    return AccessExtent.DENIED if all(word is EvalDecision.EXPLICIT_DENY for word in words) else AccessExtent.NONE


@BOUNDED
@given(snapshots(), st.sampled_from(SERVICES), st.integers(0, 20), st.randoms(use_true_random=False))
def test_reaches_are_the_single_answers(snapshot: Snapshot, service: str, number: int, random: Any) -> None:
    evaluator = Evaluator(snapshot, now=lambda: NOON)
    subjects = [*evaluator.principals(), *(group.arn for account in snapshot.accounts for group in account.groups)]
    known = []
    for subject in random.sample(subjects, min(6, len(subjects))):
        try:
            known.append((subject, evaluator.what_can(subject, service=service)))
        except RequestError:
            assert "333333333333" in subject
    for subject, access in known:
        (reach,) = access.services
        masks = list(reach.actions.values())
        assert sum(mask.bit_count() for mask in masks) == len(service_actions(service).actions)
        for word in AccessExtent:
            actions = list(access.actions(service, reaches=[word]))
            for action in random.sample(actions, min(len(actions), 2)):
                event(action.reach)
                check(evaluator, subject, action)


def check(evaluator: Evaluator, subject: str, action: ActionAccess) -> None:
    fresh, named = [], []
    for answer in action.decisions:
        trace = trace_of(evaluator, subject, action.name, answer.resource)
        assert answer.decision is trace.decision, (subject, action.name, answer)
        of_type = reference().resource_types_of_arn(action.name.partition(":")[0], answer.resource)
        assert trace.request.target.resource_types or not of_type or answer.resource == "*"
        if answer.source is ResourceOrigin.FRESH:
            fresh.append(trace)
        elif answer.source is ResourceOrigin.NAMED:
            named.append(trace)
    assert fresh
    assert action.reach is expected(fresh, named), (subject, action.name, [t.decision for t in fresh + named])


ANA = f"arn:aws:iam::{A}:user/ana"


def inline(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"PolicyName": "own", "PolicyDocument": document(*statements)}]


def evaluator_of(*statements: dict[str, Any], **more: Any) -> Evaluator:
    ana = {"Arn": ANA, "UserName": "ana", "UserPolicyList": inline(*statements), **more}
    group = {"Arn": f"arn:aws:iam::{A}:group/g", "GroupName": "g", "GroupPolicyList": inline(*statements)}
    account = Account(
        account_id=A, users=(UserDetail.model_validate(ana),), groups=(GroupDetail.model_validate(group),)
    )
    return Evaluator(Snapshot(path=Path("/x.json"), files=(), sha256="0" * 64, accounts=(account,)), now=lambda: NOON)


def reach_of(evaluator: Evaluator, action: str, subject: str = ANA) -> AccessExtent:
    service = action.partition(":")[0]
    (found,) = [one for one in evaluator.what_can(subject, service=service).actions(service) if one.name == action]
    check(evaluator, subject, found)
    return found.reach


def but(action: str, resource: str) -> dict[str, Any]:
    """Return a Deny on all resources but one."""
    return {"Effect": "Deny", "Action": action, "NotResource": resource}


MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@each_case(
    ("statements", "action", "reach"),
    [
        ([allow("s3:GetObject")], "s3:GetObject", AccessExtent.ALLOWED),
        ([allow("s3:GetObject")], "s3:PutObject", AccessExtent.NONE),
        ([allow("s3:GetObject", Condition=MFA)], "s3:GetObject", AccessExtent.CONDITIONAL),
        ([allow("s3:GetObject", "arn:aws:s3:::b/*")], "s3:GetObject", AccessExtent.SOME),
        ([allow("s3:GetObject", "arn:aws:s3:::b")], "s3:GetObject", AccessExtent.NONE),
        ([allow("s3:GetObject", "arn:aws:s3:::b/*", Condition=MFA)], "s3:GetObject", AccessExtent.SOME_CONDITIONAL),
        ([allow("s3:GetObject"), deny("s3:Get*")], "s3:GetObject", AccessExtent.DENIED),
        ([allow("s3:GetObject"), deny("s3:Get*", "arn:aws:s3:::b/*")], "s3:GetObject", AccessExtent.ALLOWED),
        (
            [allow("s3:GetObject", "arn:aws:s3:::b/*"), deny("s3:*", "arn:aws:s3:::b/*")],
            "s3:GetObject",
            AccessExtent.NONE,
        ),
        (
            [allow("s3:GetObject", "arn:aws:s3:::b/*"), deny("s3:*", "arn:aws:s3:::b/secret/*")],
            "s3:GetObject",
            AccessExtent.SOME,
        ),
        ([allow("s3:GetObject"), but("s3:*", "arn:aws:s3:::b/*")], "s3:GetObject", AccessExtent.SOME),
        ([allow("s3:*"), but("*", "arn:aws:s3:::b/*")], "s3:GetObject", AccessExtent.SOME),
        ([allow("*"), but("*", "arn:aws:s3:::b/*")], "s3:GetObject", AccessExtent.SOME),
        ([allow("*"), but("*", "arn:aws:s3:::b/*")], "sqs:SendMessage", AccessExtent.DENIED),
        (
            [allow("s3:GetObject", "arn:aws:s3:::b/*"), but("s3:*", "arn:aws:s3:::*/x")],
            "s3:GetObject",
            AccessExtent.SOME,
        ),
        (
            [allow("s3:GetObject", "arn:aws:s3:::b/*"), but("s3:*", "arn:aws:s3:::c*")],
            "s3:GetObject",
            AccessExtent.DENIED,
        ),
        (
            [allow("s3:GetObject"), but("s3:*", "arn:aws:s3:::b/*"), but("s3:*", "arn:aws:s3:::*/x")],
            "s3:GetObject",
            AccessExtent.SOME,
        ),
        ([allow("s3:GetObject"), deny("s3:*", Condition=MFA)], "s3:GetObject", AccessExtent.CONDITIONAL),
        ([allow("kms:Decrypt")], "kms:Decrypt", AccessExtent.AWAITING),
        ([allow("sts:AssumeRole", f"arn:aws:iam::{A}:role/x")], "sts:AssumeRole", AccessExtent.AWAITING),
        ([allow("ec2:RunInstances", "arn:aws:ec2:*:*:instance/*")], "ec2:RunInstances", AccessExtent.SOME),
        ([allow("ec2:StopInstances", "arn:aws:ec2:eu-west-1:*:instance/*")], "ec2:StopInstances", AccessExtent.SOME),
        (
            [allow("ec2:StopInstances", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})],
            "ec2:StopInstances",
            AccessExtent.CONDITIONAL,
        ),
        ([allow("s3:ListAllMyBuckets", "arn:aws:s3:::*")], "s3:ListAllMyBuckets", AccessExtent.ALLOWED),
        ([allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*")], "s3:GetObject", AccessExtent.SOME),
        ([allow("s3:GetObject", "arn:*:s3:::b/*")], "s3:GetObject", AccessExtent.SOME),
        (
            [allow("s3:PutObject", "arn:aws:s3:::b/*"), allow("s3:GetObject", "arn:aws:s3:::b/*")],
            "s3:GetObject",
            AccessExtent.SOME,
        ),
        (
            [allow("s3:GetObject", "arn:aws:s3:us-east-1:999999999999:accesspoint/a/object/*")],
            "s3:GetObject",
            AccessExtent.NONE,
        ),
        ([allow("lambda:InvokeFunction", "arn:aws:lambda")], "lambda:InvokeFunction", AccessExtent.ALLOWED),
        (
            [allow("backup:StartRestoreJob", "arn:aws:ec2:eu-west-1::snapshot/snap-1")],
            "backup:StartRestoreJob",
            AccessExtent.SOME,
        ),
        (
            [allow("backup:*", f"arn:aws:not-yet-listed:eu-west-1:{A}:thing/one")],
            "backup:StartRestoreJob",
            AccessExtent.SOME,
        ),
        (
            [allow(INTERPRET, f"arn:aws:bedrock-agentcore:eu-west-1:{A}:code-interpreter/*")],
            INTERPRET,
            AccessExtent.SOME,
        ),
        (
            [
                allow(INTERPRET, f"arn:aws:bedrock-agentcore:eu-west-1:{A}:code-interpreter/*"),
                deny(INTERPRET, f"arn:aws:bedrock-agentcore:*:{A}:code-interpreter/*"),
            ],
            INTERPRET,
            AccessExtent.NONE,
        ),
        ([allow("s3:GetObject", "arn:aws:s3:::papers")], "s3:GetObject", AccessExtent.NONE),
        ([allow("*", f"arn:aws:dynamodb:eu-west-1:{A}:table/t")], "backup:StartRestoreJob", AccessExtent.NONE),
    ],
)
def test_a_reach_by_example(statements: list[dict[str, Any]], action: str, reach: AccessExtent) -> None:
    assert reach_of(evaluator_of(*statements), action) is reach


def test_what_is_remembered_of_one_statement_is_not_taken_for_all() -> None:
    but_one = {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::b/*"}
    evaluator = evaluator_of(allow("s3:GetObject", Condition=MFA), but_one)
    assert reach_of(evaluator, "s3:GetObject") is AccessExtent.ALLOWED
    assert evaluator.decide(Request(ANA, "s3:GetObject", "arn:aws:s3:::b/x")) is EvalDecision.CONDITIONAL


def test_a_boundary_limits() -> None:
    arn = f"arn:aws:iam::{A}:policy/limit"
    evaluator = evaluator_of(allow("s3:*"), PermissionsBoundary={"PermissionsBoundaryArn": arn})
    assert reach_of(evaluator, "s3:GetObject") is AccessExtent.NONE


@pytest.mark.parametrize("order", [("let", "held"), ("held", "let")])
def test_extents_do_not_depend_on_whose_were_worked_out_before(order: tuple[str, str]) -> None:
    """Two roles with the same statement on all services and different boundaries, and a trust policy left open.

    If that statement alone was evaluated for a service of which the boundary speaks, too, the engine would decide by
    the boundary as well, and the other role would be given its decision.
    """
    same_organization = {"aws:PrincipalOrgID": "o-1"}
    trust = document(
        allow("sts:AssumeRole", Principal={"AWS": "*"}, Condition={"StringEquals": same_organization}),
        deny("sts:AssumeRole", Principal="*", Condition={"StringNotEquals": same_organization}),
    )
    for statement in trust["Statement"]:
        del statement["Resource"]
    opened = role_arn("open")
    own = document(allow("*")), document(allow("sts:AssumeRole", opened))
    evaluator = captured(
        role("let", *own, boundary=policy_arn("sts")),
        role("held", *own, boundary=policy_arn("s3")),
        role("open", trust=trust),
        managed(policy_arn("sts"), document(allow("sts:*"))),
        managed(policy_arn("s3"), document(allow("s3:*"))),
    )
    extents = {}
    for name in order:
        position = evaluator.population().position(role_arn(name))
        assert position is not None
        assume = service_actions("sts").positions["assumerole"]
        extents[name] = evaluator.reaches_of(position)["sts"].reach_of(assume)
    decisions = {name: evaluator.can(Request(role_arn(name), "sts:AssumeRole", opened)).decision for name in order}
    assert decisions == {"let": EvalDecision.CONDITIONAL, "held": EvalDecision.IMPLICIT_DENY}
    assert extents == {"let": AccessExtent.AWAITING, "held": AccessExtent.NONE}


def test_an_answer_opens_to_its_statements() -> None:
    evaluator = evaluator_of(allow("s3:GetObject", "arn:aws:s3:::b/*"), deny("s3:GetObject", "arn:aws:s3:::b/secret/*"))
    (found,) = evaluator.what_can(ANA).actions("s3", "Read", [AccessExtent.SOME])
    decisions = {answer.resource: answer for answer in found.decisions}
    assert {answer.source for answer in decisions.values()} == set(ResourceOrigin)
    named = decisions["arn:aws:s3:::b/*"]
    assert named.decision is EvalDecision.ALLOWED
    assert named.explanation.statements[0].policy_name == "own"
    assert decisions["arn:aws:s3:::b/secret/*"].decision is EvalDecision.EXPLICIT_DENY


def test_a_group_is_a_member_of_whom_nothing_else_is_known() -> None:
    group = f"arn:aws:iam::{A}:group/g"
    evaluator = evaluator_of(
        allow("s3:GetObject", "arn:aws:s3:::b/*"),
        allow("s3:PutObject", Condition={"StringEquals": {"aws:username": "ana"}}),
    )
    assert reach_of(evaluator, "s3:GetObject", group) is AccessExtent.SOME
    assert reach_of(evaluator, "s3:PutObject", group) is AccessExtent.CONDITIONAL
    (found,) = evaluator.what_can(group).actions("s3", "Read", [AccessExtent.SOME])
    sentence = next(answer for answer in found.decisions if answer.source is ResourceOrigin.NAMED).explanation.sentence
    assert sentence.startswith("A member of g is allowed to perform s3:GetObject on arn:aws:s3:::b/*")


def test_on_one_resource_reaches_are_the_answers_there() -> None:
    evaluator = evaluator_of(allow("s3:Get*"), deny("s3:GetObject", "arn:aws:s3:::b/*"))
    access = evaluator.what_can(ANA, resource="arn:aws:s3:::b/key")
    for action in access.actions("s3"):
        if action.reach is AccessExtent.NONE:
            continue
        verdict = evaluator.trace(Request(ANA, action.name, "arn:aws:s3:::b/key")).decision
        assert action.reach is {"allowed": AccessExtent.ALLOWED, "explicitDeny": AccessExtent.DENIED}[verdict.value]
    assert {action.reach for action in access.actions("s3")} == {
        AccessExtent.ALLOWED,
        AccessExtent.DENIED,
        AccessExtent.NONE,
    }


def test_on_a_resource_of_no_listed_type_are_the_actions_of_statements_that_name_it() -> None:
    interpreter = f"arn:aws:bedrock-agentcore:eu-west-1:{A}:code-interpreter"
    evaluator = evaluator_of(allow([INTERPRET, "bedrock-agentcore:GetBrowser"], f"{interpreter}/*"), allow("sqs:*"))

    access = evaluator.what_can(ANA, resource=f"{interpreter}/c")
    allowed = {one.name for one in access.actions("bedrock-agentcore") if one.reach is AccessExtent.ALLOWED}
    assert allowed == {INTERPRET, "bedrock-agentcore:GetBrowser"}
    assert not evaluator.what_can(ANA, resource=interpreter.replace("code-", "not-") + "/c").services


NOT_ALLOWED = (AccessExtent.DENIED, AccessExtent.NONE)


@settings(BOUNDED, max_examples=10)
@given(snapshots())
def test_the_overview_and_single_services_are_the_effective_permissions(snapshot: Snapshot) -> None:
    evaluator = Evaluator(snapshot, now=lambda: NOON)
    overview = evaluator.access_matrix()
    for subject in list(overview)[:4]:
        access = evaluator.what_can(subject)
        assert [one.service for one in access.services] == sorted(overview[subject])
        for service in SERVICES:
            (alone,) = Evaluator(snapshot, now=lambda: NOON).what_can(subject, service=service).services
            told = overview[subject].get(service)
            assert told is None or dict(told.actions) == dict(alone.actions)
            # A service of which the subject's policies name no resource may be left out: nothing of it is allowed.
            assert told is not None or not any(
                alone.actions[reach] for reach in AccessExtent if reach not in NOT_ALLOWED
            )


def test_shares_and_counts_tell_the_same() -> None:
    found = evaluator_of(allow("s3:*")).what_can(ANA).service("s3")
    assert found is not None
    for level, counts in found.counts().items():
        done = sum(count for reach, count in counts.items() if reach not in (AccessExtent.NONE, AccessExtent.DENIED))
        assert found.share(level) == pytest.approx(done / sum(counts.values()))
    assert found.share("Read") == 1.0


def test_a_time_that_passes_changes_the_reach() -> None:
    until = {"DateLessThan": {"aws:CurrentTime": "2026-09-30T13:00:00Z"}}
    clock = [NOON]
    evaluator = Evaluator(evaluator_of(allow("s3:GetObject", Condition=until)).snapshot, now=lambda: clock[-1])
    assert evaluator.what_can(ANA).service("s3") is not None
    clock.append(NOON + timedelta(hours=2))
    assert evaluator.what_can(ANA).service("s3") is None


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"principal": f"arn:aws:iam::{A}:user/nobody"}, "has no user"),
        ({"principal": f"arn:aws:iam::{A}:group/nobody"}, "has no group"),
        ({"principal": "anonymous"}, "is not a user, role, root user or group in the snapshot"),
        ({"principal": "arn:aws:iam::999999999999:user/x"}, "is not a user, role, root user or group in the snapshot"),
        ({"principal": ANA, "service": "nosuch"}, "AWS has no service"),
        ({"principal": ANA, "resource": "b"}, "is not an ARN"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: dict[str, str], says: str) -> None:
    with pytest.raises(RequestError, match=says):
        evaluator_of(allow("s3:*")).what_can(**asked)


def test_the_overview_can_be_cancelled() -> None:
    with pytest.raises(WorkCancelled):
        evaluator_of(allow("s3:*")).access_matrix(cancelled=lambda: True)


def test_effective_permissions_can_be_cancelled_and_found_again() -> None:
    evaluator = evaluator_of(allow("*"))
    looks = 0

    def cancelled() -> bool:
        nonlocal looks
        looks += 1
        return looks > 3

    with pytest.raises(WorkCancelled):
        evaluator.what_can(ANA, cancelled=cancelled)
    assert looks == 4
    assert len(evaluator.what_can(ANA).services) > 300


@pytest.mark.parametrize(
    ("excepted", "action", "reach"),
    [
        ("arn:aws:ec2:*:*:instance/*", "s3:GetObject", AccessExtent.ALLOWED),
        ("arn:aws:ec2:*:*:instance/*", "ec2:StopInstances", AccessExtent.NONE),
        ("arn:aws:s3:::b/*", "s3:GetObject", AccessExtent.ALLOWED),
        ("arn:aws:S3:*:*:*", "s3:GetObject", AccessExtent.NONE),
        ("arn:aws:s?:::*", "s3:GetObject", AccessExtent.ALLOWED),
        ("arn:*:s3:*:*:*", "s3:GetObject", AccessExtent.NONE),
        ("arn:*", "s3:GetObject", AccessExtent.NONE),
        ("arn:aws:s3:::*${aws:username}*", "s3:GetObject", AccessExtent.ALLOWED),
        ("arn:aws:s3:::*", "s3:ListAllMyBuckets", AccessExtent.NONE),
        ("arn:aws:iam::*:role/*", "sts:AssumeRole", AccessExtent.NONE),
    ],
)
def test_a_statement_for_all_but_some_is_for_all_of_other_services(
    excepted: str, action: str, reach: AccessExtent
) -> None:
    but_these = {"Effect": "Allow", "NotAction": "sqs:*", "NotResource": excepted}
    assert reach_of(evaluator_of(but_these), action) is reach


def place_of(service: str, name: str) -> int:
    return [one.full_name for one in service_actions(service).actions].index(name)


GRANTED = {AccessExtent.ALLOWED, AccessExtent.CONDITIONAL, AccessExtent.SOME, AccessExtent.SOME_CONDITIONAL}


@settings(BOUNDED, max_examples=10)
@given(snapshots())
def test_what_a_resource_policy_alone_grants_is_part_of_effective_permissions(snapshot: Snapshot) -> None:
    evaluator = Evaluator(snapshot, now=lambda: NOON)
    roles = [role.arn for account in snapshot.accounts for role in account.roles]
    for principal in evaluator.population().principals():
        whole = evaluator.what_can(principal)
        for arn in (*(record.arn for record in snapshot.resources), *roles):
            granted = evaluator.what_can(principal, resource=arn)
            for one in granted.services:
                for action in granted.actions(one.service):
                    if action.reach in GRANTED:
                        found = whole.service(one.service)
                        bit = place_of(one.service, action.name)
                        assert found is not None
                        assert found.reach_of(bit) in GRANTED | {AccessExtent.AWAITING}
                        event(f"{one.service} granted")


def test_a_queue_whose_policy_allows_somebody_is_found() -> None:
    arn = f"arn:aws:iam::{A}:user/n1"
    queue = f"arn:aws:sqs:eu-west-1:{A}:q"
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sqs:SendMessage", "Resource": queue}],
    }
    people = [
        UserDetail(arn=f"arn:aws:iam::{A}:user/{name}", user_name=name, user_id=f"AIDA{name}") for name in ("n1", "n2")
    ]
    account = Account(account_id=A, users=tuple(people))
    snapshot = Snapshot(
        path=Path("drawn.json"),
        files=(),
        sha256="",
        accounts=(account,),
        resources=(Resource(arn=queue, account_id=A, policy=policy),),
    )
    evaluator = Evaluator(snapshot, now=lambda: NOON)
    sent = next(one for one in evaluator.what_can(arn, "sqs").actions("sqs") if one.name == "sqs:SendMessage")
    assert sent.reach is AccessExtent.SOME
    assert [
        (answer.resource, answer.decision) for answer in sent.decisions if answer.decision is EvalDecision.ALLOWED
    ] == [(queue, EvalDecision.ALLOWED)]
    assert evaluator.access_matrix()[arn]["sqs"].reach_of(place_of("sqs", "sqs:SendMessage")) is AccessExtent.SOME
    assert evaluator.what_can(people[1].arn, "sqs").service("sqs").only is AccessExtent.NONE
