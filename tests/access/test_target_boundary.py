"""The permissions boundary of a user or role that an IAM request is about (``iam:PermissionsBoundary``).

IAM User Guide, "IAM and AWS STS condition context keys": the key "checks that the specified policy is attached as
permissions boundary on the IAM principal resource". Where the request itself sets the boundary it is what is set
("Permissions boundaries for IAM entities", delegation example: ``iam:CreateUser`` and
``iam:PutUserPermissionsBoundary``).
"""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request
from iamdesk.evaluate.context import Knowledge
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.snapshot.model import Snapshot

from ..builders.arns import ID, policy_arn, role_arn, user_arn
from ..builders.captures import evaluator, role, user
from ..builders.statements import allow, deny, document
from ..each_case import each_case
from ..oracle.evaluator import boundary_of_target, decide
from ..rules import rule
from ..some_of import some_of
from .worlds import NOON, A, B, snapshots

KEY = "iam:PermissionsBoundary"
EDGE = policy_arn("edge")
HELD, FREE = {"user": user_arn("held"), "role": role_arn("held")}, {"user": user_arn("free"), "role": role_arn("free")}
ON_EXISTING = [
    *(("user", f"iam:{name}UserPolicy") for name in ("Attach", "Detach", "Put", "Delete")),
    *(("role", f"iam:{name}RolePolicy") for name in ("Attach", "Detach", "Put", "Delete")),
    ("user", "iam:DeleteUserPermissionsBoundary"),
    ("role", "iam:DeleteRolePermissionsBoundary"),
    *(("role", f"iam:{name}") for name in ("UpdateAssumeRolePolicy", "UpdateRole", "DeleteRole", "GetRole")),
]
SETTING = [
    *(("user", f"iam:{name}") for name in ("CreateUser", "PutUserPermissionsBoundary")),
    *(("role", f"iam:{name}") for name in ("CreateRole", "PutRolePermissionsBoundary")),
]
IS_EDGE = {"StringEquals": {KEY: EDGE}}
# (condition, on an entity with the boundary, on one without)
TESTS: list[tuple[dict[str, Any], bool, bool]] = [
    (IS_EDGE, True, False),
    ({"StringEquals": {KEY: policy_arn("other")}}, False, False),
    ({"StringNotEquals": {KEY: EDGE}}, False, True),
    ({"StringNotEquals": {KEY: policy_arn("other")}}, True, True),
    ({"StringEqualsIfExists": {KEY: policy_arn("other")}}, False, True),
    ({"ArnLike": {KEY: "arn:aws:iam::*:policy/e*"}}, True, False),
    ({"StringLike": {KEY: "*"}}, True, False),
    ({"Null": {KEY: "true"}}, False, True),
    ({"Null": {KEY: "false"}}, True, False),
]


def account_of(condition: dict[str, Any]) -> Evaluator:
    return evaluator(
        user("ana", document(allow("iam:*", "*", condition))),
        user("held", boundary=EDGE),
        user("free"),
        role("held", boundary=EDGE),
        role("free"),
    )


def everywhere(capture: Evaluator, request: Request) -> str:
    """What one and all are answered: the engine, without explanation, and for everyone at once."""
    decision = capture.can(request).decision
    assert capture.decide(request) is decision
    rows = {row.principal: row.decision for row in capture.who_can(action=request.action, resource=request.resource)}
    assert rows.get(request.principal, "implicitDeny") == decision
    return decision.value


@rule("J2")
@each_case(("condition", "with_it", "without"), TESTS)
@each_case(("kind", "action"), ON_EXISTING)
def test_it_is_the_boundary_of_the_user_or_role(
    kind: str, action: str, condition: dict[str, Any], *, with_it: bool, without: bool
) -> None:
    capture = account_of(condition)
    entries = [{"Arn": HELD[kind], "PermissionsBoundary": {"PermissionsBoundaryArn": EDGE}}, {"Arn": FREE[kind]}]
    for resource, is_met in ((HELD[kind], with_it), (FREE[kind], without)):
        decision = everywhere(capture, Request(user_arn("ana"), action, resource))
        assert decision == ("allowed" if is_met else "implicitDeny")
        case = {
            "principal": user_arn("ana"),
            "action": action,
            "resource": resource,
            "identity_policies": [{"name": "own", "document": document(allow("iam:*", "*", condition))}],
            "context": boundary_of_target(entries, action, resource),
        }
        assert decide(case) == decision


@rule("J2")
@pytest.mark.parametrize(("kind", "action"), SETTING)
def test_where_the_request_sets_it_it_is_the_callers_choice(kind: str, action: str) -> None:
    capture = account_of(IS_EDGE)
    for resource in (HELD[kind], FREE[kind]):
        request = Request(user_arn("ana"), action, resource)
        assert everywhere(capture, request) == "conditional"
        assert capture.can(request).conditions == ({KEY: EDGE},)


@rule("J2")
@pytest.mark.parametrize("resource", [user_arn("none"), f"arn:aws:iam::{ID}:user/*", "*"])
def test_of_users_that_the_snapshot_does_not_hold_it_is_unknown(resource: str) -> None:
    capture = account_of(IS_EDGE)
    request = Request(user_arn("ana"), "iam:AttachUserPolicy", resource, resource_account=ID)
    assert capture.can(request).decision == "conditional"
    assert capture.can(request).conditions == ({KEY: EDGE},)


@rule("J1")
@pytest.mark.parametrize("action", ["iam:DeleteUser", "iam:CreateAccessKey", "iam:TagUser"])
def test_actions_without_the_key_do_not_have_it(action: str) -> None:
    assert everywhere(account_of(IS_EDGE), Request(user_arn("ana"), action, HELD["user"])) == "implicitDeny"


@rule("J4")
def test_what_is_given_goes_before_it() -> None:
    capture = account_of(IS_EDGE)
    given_none = Request(user_arn("ana"), "iam:AttachUserPolicy", HELD["user"], context={KEY: None})
    given_edge = Request(user_arn("ana"), "iam:AttachUserPolicy", FREE["user"], context={KEY: EDGE})
    assert [capture.can(one).decision for one in (given_none, given_edge)] == ["implicitDeny", "allowed"]


@rule("J2")
def test_the_delegation_of_aws_s_guide() -> None:
    """ "Permissions boundaries for IAM entities", "Delegating responsibility": Zhang cannot give himself a policy."""
    limited = allow(
        ["iam:CreateUser", "iam:AttachUserPolicy", "iam:DetachUserPolicy", "iam:DeleteUserPolicy"],
        "*",
        {"StringEquals": {KEY: policy_arn("XCompanyBoundaries")}},
    )
    capture = evaluator(
        user("zhang", document(limited), boundary=policy_arn("DelegatedUserBoundary")),
        user("nikhil", boundary=policy_arn("XCompanyBoundaries")),
    )
    asked = {name: Request(user_arn("zhang"), "iam:DetachUserPolicy", user_arn(name)) for name in ("zhang", "nikhil")}
    # His own boundary is not captured: more than the request's key is open, but not that it denies on himself.
    assert capture.can(asked["zhang"]).decision == "implicitDeny"
    assert KEY not in capture.can(asked["nikhil"]).missing_context_values


RULES = [
    *TESTS,
    ({"StringEquals": {KEY: f"arn:aws:iam::{A}:policy/p1"}}, None, None),
    ({"StringNotEquals": {KEY: f"arn:aws:iam::{A}:policy/lost"}}, None, None),
    ({"ArnLike": {KEY: "arn:aws:iam::*:policy/p?"}}, None, None),
    ({"ForAllValues:StringEquals": {KEY: f"arn:aws:iam::{A}:policy/p0"}}, None, None),
    ({"StringNotEqualsIfExists": {KEY: f"arn:aws:iam::{A}:policy/p2"}}, None, None),
]
TARGETS = [
    *(f"arn:aws:iam::{account}:user/u{number}" for account in (A, B) for number in range(3)),
    *(f"arn:aws:iam::{account}:role/{name}" for account in (A, B) for name in ("r1", "app/r2")),
    f"arn:aws:iam::{A}:role/*",
    f"arn:aws:iam::{A}:user/none",
    "*",
]


def read_by_hand(snapshot: Snapshot, action: str, resource: str) -> dict[str, str | None] | None:
    """What the entries themselves tell of the key, apart from the engine; None: nothing."""
    entities = [entity for account in snapshot.accounts for entity in (*account.users, *account.roles)]
    read = boundary_of_target([one.model_dump(by_alias=True) for one in entities], action, resource)
    return None if read is None else {KEY: None, **read}


@rule("J2")
@settings(max_examples=some_of(200), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    data=st.data(),
    snapshot=snapshots(),
    action=st.sampled_from([one for _, one in (*ON_EXISTING, *SETTING)]),
    resource=st.sampled_from(TARGETS),
    mode=st.sampled_from(list(MissingContextMode)),
)
def test_it_is_as_if_it_had_been_given(
    data: st.DataObject, snapshot: Snapshot, action: str, resource: str, mode: MissingContextMode
) -> None:
    """What the engine finds by itself is what somebody who reads the capture would give it."""
    make = data.draw(st.sampled_from([allow, deny]))
    test = data.draw(st.sampled_from(RULES))[0]
    asking = document(allow("iam:*"), make("iam:*", "*", test)) if make is deny else document(make("iam:*", "*", test))
    account = snapshot.accounts[0]
    own = account.users[1].model_copy(update={"user_policy_list": user("u1", asking).user_policy_list})
    users = (account.users[0], own, *account.users[2:])
    snapshot = snapshot.model_copy(
        update={"accounts": (account.model_copy(update={"users": users}), *snapshot.accounts[1:])}
    )
    capture = Evaluator(snapshot, lambda: NOON)
    request = Request(own.arn, action, resource, unknown_context=mode)
    read = read_by_hand(snapshot, action, resource)
    if mode is MissingContextMode.UNKNOWN:
        known = capture.evaluation_request(request).context.fact(KEY.lower())
        assert (known.knowledge is Knowledge.UNKNOWN) is (read is None)
    found = capture.explained(request).decision
    event(found.value)
    if read is not None:
        typed = Request(own.arn, action, resource, context=read, unknown_context=mode)
        assert capture.explained(typed).decision is found
    rows = capture.rows(replace(request, principal=""))
    assert {row.principal: row.decision for row in rows}.get(own.arn, "denied") == (
        found if found in ("allowed", "conditional") else "denied"
    )
