"""What distinguishes users and roles as targets: the boundary that they have, and whether AWS alone changes them."""

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.types import State

from ..builders.captures import allow, document
from .cases import FULL, WEAK, World, arn

EDGE = arn("policy/edge")
IS_EDGE = {"StringEquals": {"iam:PermissionsBoundary": EDGE}}
IS_OTHER = {"StringEquals": {"iam:PermissionsBoundary": arn("policy/other")}}
IS_NOT_EDGE = {"StringNotEquals": {"iam:PermissionsBoundary": EDGE}}
IS_SET = {"Null": {"iam:PermissionsBoundary": "false"}}
IS_NOT_SET = {"Null": {"iam:PermissionsBoundary": "true"}}
BOB = arn("user/bob")


def graph(folder, *statements, boundary=None, role_boundary=None):
    world = World()
    for name, held in {"edge": FULL, "other": FULL, "weak": WEAK}.items():
        world.policy(name, held)
    world.user("bob", {"some": document(*statements)}, boundary=boundary)
    trusts = document({"Effect": "Allow", "Principal": {"AWS": BOB}, "Action": "sts:AssumeRole"})
    world.role("app", {}, trusts, boundary=role_boundary)
    return AttackPathGraph(Evaluator(world.snapshot(folder)))


@pytest.mark.parametrize(
    ("condition", "boundary", "found"),
    [
        (IS_EDGE, EDGE, State.PROVEN),
        (IS_EDGE, None, None),
        (IS_OTHER, EDGE, None),
        (IS_NOT_EDGE, None, State.PROVEN),
        (IS_NOT_EDGE, EDGE, None),
        (IS_SET, EDGE, State.PROVEN),
        (IS_SET, None, None),
        (IS_NOT_SET, None, State.PROVEN),
        (IS_NOT_SET, EDGE, None),
    ],
)
@pytest.mark.parametrize(
    ("action", "technique"), [("iam:AttachUserPolicy", "iam-008"), ("iam:PutUserPolicy", "iam-007")]
)
def test_a_policy_that_it_gives_itself(tmp_path, condition, boundary, found, action, technique):
    reach = graph(tmp_path, allow(action, BOB, Condition=condition), boundary=boundary)
    paths = list(reach.attack_paths(BOB))
    assert {step.path_id: step.state for path in paths for step in path.steps} == ({technique: found} if found else {})
    for path in paths:
        assert path.steps[0].proof[0].decision.decision == "allowed"


@pytest.mark.parametrize("boundary", [EDGE, None])
@pytest.mark.parametrize("action", ["iam:AttachRolePolicy", "iam:PutRolePolicy"])
def test_a_policy_that_it_gives_a_role(tmp_path, boundary, action):
    statements = [allow(action, arn("role/app"), Condition=IS_EDGE), allow("sts:AssumeRole", arn("role/app"))]
    states = {path.state for path in graph(tmp_path, *statements, role_boundary=boundary).attack_paths(BOB)}
    assert states == ({State.PROVEN} if boundary else set())


@pytest.mark.parametrize(("condition", "found"), [(IS_EDGE, True), (IS_OTHER, False)])
def test_the_boundary_that_it_removes_is_the_one_that_it_has(tmp_path, condition, found):
    everything = allow("*", "*")
    delete = {"Effect": "Deny", "Action": "iam:PutUserPermissionsBoundary", "Resource": "*"}
    other = {"Effect": "Deny", "Action": "iam:DeleteUserPermissionsBoundary", "Resource": "*"}
    other["Condition"] = {"StringNotEquals": condition["StringEquals"]}
    world = World()
    world.policy("edge", document(allow("iam:DeleteUserPermissionsBoundary", BOB)))
    world.user("bob", {"some": document(everything, delete, other)}, boundary=EDGE)
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    ids = {step.path_id for path in reach.attack_paths(BOB) for step in path.steps}
    assert ("iam-022" in ids) is found


@pytest.mark.parametrize(
    "path", ["/aws-reserved/sso.amazonaws.com/AWSReservedSSO_", "/aws-service-role/x.amazonaws.com/"]
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_role_that_only_aws_changes_stands_for_no_other(tmp_path, path, is_first):
    """Both have the same policies; what IAM refuses on the one is allowed on the other (rule I5)."""
    world = World()
    change = allow(["iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy"])
    world.user("bob", {"some": document(change)})
    trusts = document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    names = ["app", f"{path.removeprefix('/')}of-aws"]
    for name in names if is_first else reversed(names):
        world.role(name, {}, trusts)
    for role in world.roles:
        if "of-aws" in role["RoleName"]:
            role["Path"], role["RoleName"] = f"/{role['RoleName'].rpartition('/')[0]}/", "of-aws"
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    (found,) = reach.attack_paths(arn("user/bob"))
    assert {step.target for step in found.steps if step.target.count(":role/")} <= {arn("role/app")}
    assert found.state is State.PROVEN
