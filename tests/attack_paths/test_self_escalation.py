"""Permissions that principals give themselves, where a Deny alone prevents administrator access."""

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.types import State

from ..builders.captures import allow, document
from .cases import WEAK, World, arn

OWN = arn("policy/own")
MFA = {"Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}


def deny(action, **more):
    return {"Effect": "Deny", "Action": action, "Resource": "*", **more}


def deny_others(action, resource):
    return {"Effect": "Deny", "Action": action, "NotResource": resource}


def found(folder, *statements, attached=(), groups=None):
    """Return the technique by which bob becomes an administrator, and its state."""
    world = World()
    policies = [world.policy(name, held) for name, held in {"own": WEAK, **dict(attached)}.items()]
    for name, held in (groups or {}).items():
        world.group(name, {"limits": held})
    world.user("bob", {"some": document(*statements)}, list(groups or ()), attached=policies)
    reach = AttackPathGraph(Evaluator(world.snapshot(folder)))
    return {step.path_id: step.state for step in reach.escalations(arn("user/bob"), most=100)}


VERSION = allow("iam:CreatePolicyVersion", OWN)
ITSELF = arn("user/bob")


@pytest.mark.parametrize(
    ("statements", "technique"),
    [
        ([VERSION, deny_others("iam:CreatePolicyVersion", OWN)], "iam-001+X12a"),
        ([VERSION, deny(["iam:AttachUserPolicy", "iam:AttachRolePolicy"])], "iam-001+X12a"),
        ([allow("iam:PutUserPolicy", ITSELF), deny("iam:CreatePolicyVersion")], "iam-007+X12a"),
        ([allow("iam:AttachUserPolicy", ITSELF), deny_others("iam:CreatePolicyVersion", OWN)], "iam-008+X12a"),
    ],
)
def test_with_any_permission_it_removes_its_own_deny(tmp_path, statements, technique):
    assert found(tmp_path, *statements) == {technique: State.PROVEN}


@pytest.mark.parametrize(
    "denied", [deny("iam:DeleteUserPolicy"), deny("iam:Delete*"), deny("iam:*"), deny_others("iam:*", OWN)]
)
def test_a_deny_that_it_cannot_remove_holds(tmp_path, denied):
    assert found(tmp_path, VERSION, deny_others("iam:CreatePolicyVersion", OWN), denied) == {}


def test_a_removal_that_is_allowed_under_a_condition_is_possible(tmp_path):
    denied = [deny_others("iam:CreatePolicyVersion", OWN), deny("iam:DeleteUserPolicy", **MFA)]
    assert found(tmp_path, VERSION, *denied) == {"iam-001+X12a": State.POSSIBLE}


def test_attached_policies_and_groups_with_a_deny_are_left(tmp_path):
    limits = document(deny_others("iam:CreatePolicyVersion", OWN))
    assert found(tmp_path, VERSION, attached={"limits": limits}) == {"iam-001+X12c": State.PROVEN}
    assert found(tmp_path, VERSION, groups={"limited": limits}) == {"iam-001+X12e": State.PROVEN}


def test_who_leaves_the_group_that_it_changed_has_gained_nothing(tmp_path):
    limits = document(
        {"Effect": "Deny", "NotAction": ["iam:PutGroupPolicy", "iam:RemoveUserFromGroup"], "Resource": "*"}
    )
    change = allow("iam:PutGroupPolicy", arn("group/limited"))
    assert found(tmp_path, change, groups={"limited": limits}) == {}
