"""Users and roles that someone creates: all actions on one new ARN, with the boundary that policies require."""

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.types import State

from ..builders.captures import allow, document, trusting
from .cases import FULL, WEAK, World, arn


def states(folder, *statements, edge=FULL):
    """Return the state of each technique by which someone with some statements becomes an administrator."""
    world = World()
    world.policy("edge", edge)
    world.user("bob", {"some": document(*statements)})
    reach = AttackPathGraph(Evaluator(world.snapshot(folder)))
    paths = list(reach.attack_paths(arn("user/bob")))
    for path in paths:
        made = {proof.decision.request.resource for step in path.steps for proof in step.proof}
        assert len({one for one in made if ":policy/" not in one}) == 1
    return {path.steps[0].path_id: path.state for path in paths}


@pytest.mark.parametrize(
    ("create", "attach", "found"),
    [
        ("role/a-*", "role/a-*", State.PROVEN),
        ("role/*", "role/app-*", State.PROVEN),
        ("role/a-*", "role/*-dev", State.PROVEN),
        ("role/a-*", "role/b-*", None),
    ],
)
def test_the_role_that_it_creates_is_the_one_that_it_changes(tmp_path, create, attach, found):
    statements = [allow("iam:CreateRole", arn(create)), allow("iam:AttachRolePolicy", arn(attach, "*"))]
    assert states(tmp_path, *statements).get("X82") is found


NOTHING = {"Effect": "Allow", "Action": "*", "NotResource": "*"}


@pytest.mark.parametrize(("edge", "found"), [(FULL, State.PROVEN), (WEAK, None), (document(NOTHING), None)])
def test_a_required_boundary_that_restricts_nothing(tmp_path, edge, found):
    required = {"Condition": {"StringEquals": {"iam:PermissionsBoundary": arn("policy/edge")}}}
    statement = allow(["iam:CreateRole", "iam:AttachRolePolicy"], arn("role/app-*"), **required)
    assert states(tmp_path, statement, edge=edge).get("X82") is found


def test_a_policy_is_attached_to_the_role_with_the_boundary_that_it_was_created_with(tmp_path):
    required = {"Condition": {"StringEquals": {"iam:PermissionsBoundary": arn("policy/edge")}}}
    create, attach = allow("iam:CreateRole"), allow("iam:AttachRolePolicy", **required)
    assert states(tmp_path, create, attach, edge=WEAK) == {}
    assert states(tmp_path, create, attach, edge=FULL) == {"X82": State.PROVEN}


@pytest.mark.parametrize(
    ("pattern", "create", "found"),
    [
        ("policy/*", "*", State.PROVEN),
        ("policy/edge-*", arn("policy/edge-*"), State.PROVEN),
        ("policy/edge-*", arn("policy/*-dev"), State.PROVEN),
        ("policy/edge-new", arn("policy/edge-*"), State.PROVEN),
        ("policy/edge-*", arn("policy/other"), None),
        ("policy/edge", "*", None),  # exists, and restricts
    ],
)
def test_a_required_boundary_that_it_creates(tmp_path, pattern, create, found):
    required = {"Condition": {"StringLike": {"iam:PermissionsBoundary": arn(pattern)}}}
    statement = allow(["iam:CreateRole", "iam:AttachRolePolicy"], arn("role/app-*"), **required)
    assert states(tmp_path, statement, allow("iam:CreatePolicy", create), edge=WEAK).get("X82") is found
    assert states(tmp_path, statement, edge=WEAK).get("X82") is None


def test_the_policy_that_it_creates_as_boundary_is_in_the_evidence(tmp_path):
    required = {"Condition": {"StringLike": {"iam:PermissionsBoundary": arn("policy/app-*")}}}
    world = World()
    create = allow(["iam:CreateUser", "iam:PutUserPolicy", "iam:CreateAccessKey"], arn("user/app-*"), **required)
    keys = allow("iam:CreateAccessKey", arn("user/app-*"))
    world.user("bob", {"some": document(create, keys, allow("iam:CreatePolicy"))})
    (path, *_) = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_paths(arn("user/bob"))
    asked = [proof.decision.request for proof in path.steps[0].proof]
    assert asked[0].action == "iam:CreatePolicy"
    made = {one.context["iam:PermissionsBoundary"] for one in asked if "iam:PermissionsBoundary" in one.context}
    assert made == {asked[0].resource} == {arn("policy/app-*")}


CREATE = allow(["iam:CreateRole", "iam:PutRolePolicy"])
ASSUME = "sts:AssumeRole"


@pytest.mark.parametrize(
    ("statements", "by_scp", "boundary", "found"),
    [
        ([CREATE], [], None, State.PROVEN),
        ([CREATE, allow(ASSUME), {"Effect": "Deny", "Action": ASSUME, "Resource": "*"}], [], None, None),
        ([CREATE], [{"Effect": "Deny", "Action": "sts:*", "Resource": "*"}], None, None),
        ([CREATE], [], [CREATE], None),
        ([CREATE], [], [CREATE, allow(ASSUME)], State.PROVEN),
        ([CREATE, {"Effect": "Deny", "Action": ASSUME, "Resource": arn("role/app-*")}], [], None, State.PROVEN),
        ([CREATE], [], [CREATE, allow(ASSUME, arn("role/dev-*"))], State.PROVEN),
        ([CREATE, {"Effect": "Deny", "Action": ASSUME, "NotResource": arn("role/dev-*")}], [], None, State.PROVEN),
        ([allow(CREATE["Action"], arn("role/a-*"))], [], [CREATE, allow(ASSUME, arn("role/b-*"))], None),
    ],
)
def test_the_caller_can_assume_the_role_that_it_creates(tmp_path, statements, by_scp, boundary, found):
    world = World()
    world.denied_by_scp += by_scp
    limit = None if boundary is None else world.policy("limit", document(*boundary))
    world.user("bob", {"some": document(*statements)}, boundary=limit)
    path = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_path(arn("user/bob"))
    assert (path and [(step.path_id, step.state) for step in path.steps]) == (found and [("X83", found)])


@pytest.mark.parametrize(
    ("condition", "state", "needs"),
    [
        # The Region of a call is the caller's choice: STS has an endpoint in each (IAM User Guide, "Manage AWS STS").
        ({"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}, State.PROVEN, ()),
        (
            {"StringNotEquals": {"aws:ResourceTag/ok": "1"}},
            State.POSSIBLE,
            ("an allowed value of aws:ResourceTag/ok",),
        ),
        (
            {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            State.POSSIBLE,
            ("multi-factor authentication (aws:MultiFactorAuthPresent)",),
        ),
    ],
)
def test_on_what_it_depends_whether_it_can_assume_the_new_role(tmp_path, condition, state, needs):
    denied = {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*", "Condition": condition}
    world = World()
    world.user("bob", {"some": document(allow(["iam:CreateRole", "iam:PutRolePolicy"]), denied)})
    path = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_path(arn("user/bob"))
    assert [(step.path_id, step.state, step.needs) for step in path.steps] == [("X83", state, needs)]


OPS = arn("user/ops-*")


@pytest.mark.parametrize(
    ("principal", "condition", "on", "found"),
    [
        ("*", {"ArnLike": {"aws:PrincipalArn": OPS}}, OPS, State.PROVEN),
        ("*", {"StringLike": {"aws:PrincipalArn": OPS}}, "*", State.PROVEN),
        ("*", {"StringLike": {"aws:username": "ops-*"}}, arn("user/*-dev"), State.PROVEN),
        ("*", {"ArnEquals": {"aws:PrincipalArn": arn("user/gone")}}, arn("user/gone"), State.PROVEN),
        ("*", {"ArnEquals": {"aws:PrincipalArn": arn("user/anchor")}}, "*", None),  # exists
        ("*", {"ArnLike": {"aws:PrincipalArn": OPS}}, arn("user/dev-*"), None),
        ("*", {"ArnLike": {"aws:PrincipalArn": arn("role/ops-*")}}, "*", None),
        ("*", {"ArnLike": {"aws:PrincipalArn": OPS}, "Null": {"aws:PrincipalTag/team": "false"}}, OPS, None),
        ({"AWS": arn("root")}, {"ArnLike": {"aws:PrincipalArn": OPS}}, OPS, None),  # needs an Allow of its own
    ],
)
def test_a_user_whose_name_a_role_trusts(tmp_path, principal, condition, on, found):
    world = World()
    world.user("bob", {"some": document(allow(["iam:CreateUser", "iam:CreateAccessKey"], on))})
    world.role("boss", {"all": FULL}, trusting(principal, Condition=condition))
    paths = list(AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_paths(arn("user/bob")))
    assert {path.steps[0].path_id: path.state for path in paths}.get("X109") is found
    for path in paths:
        made = {proof.decision.request.resource for step in path.steps for proof in step.proof}
        assert path.steps[0].path_id != "X109" or (len(made) == 1 and ":user/" in made.pop())


@pytest.mark.parametrize(
    ("trusted", "statements", "found"),
    [
        ("role/ops-*", [allow("iam:CreateRole", arn("role/ops-*"))], State.PROVEN),
        ("role/ops-*", [allow("iam:CreateRole", arn("role/dev-*"))], None),
        ("user/ops-*", [allow("iam:CreateRole", arn("role/*"))], None),
        ("role/aws-reserved/sso.amazonaws.com/*", [allow("iam:CreateRole")], None),  # AWS alone creates such
        ("role/ops-*", [allow("iam:CreateRole"), {"Effect": "Deny", "Action": ASSUME, "Resource": "*"}], None),
        (
            "role/ops-*",
            [allow("iam:CreateRole", Condition={"StringEquals": {"iam:PermissionsBoundary": arn("policy/edge")}})],
            None,
        ),
    ],
)
def test_a_role_whose_name_a_role_trusts(tmp_path, trusted, statements, found):
    world = World()
    world.user("bob", {"some": document(*statements)})
    world.role("boss", {"all": FULL}, trusting("*", Condition={"ArnLike": {"aws:PrincipalArn": arn(trusted)}}))
    path = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_path(arn("user/bob"))
    assert (path and [(step.path_id, step.state) for step in path.steps]) == (found and [("X110", found)])


def test_both_actions_have_to_be_allowed_on_the_same_name(tmp_path):
    world = World()
    create, keys = allow("iam:CreateUser", arn("user/ops-a*")), allow("iam:CreateAccessKey", arn("user/ops-b*"))
    world.user("bob", {"some": document(create, keys)})
    world.role("boss", {"all": FULL}, trusting("*", Condition={"ArnLike": {"aws:PrincipalArn": OPS}}))
    assert AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_path(arn("user/bob")) is None
