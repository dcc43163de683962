"""Permissions that principals give themselves, where a Deny alone prevents administrator access."""

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.types import State

from ..builders.captures import allow, document, trusting
from .cases import WEAK, World, arn

OWN = arn("policy/own")
MFA = {"Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}


def deny(action, **more):
    return {"Effect": "Deny", "Action": action, "Resource": "*", **more}


def deny_others(action, resource):
    return {"Effect": "Deny", "Action": action, "NotResource": resource}


def found(folder, *statements, attached=(), groups=None, of_group=(), allowing=None):
    """Return the technique by which bob becomes an administrator by what he changes of himself, and its state.

    ``of_group`` are attached to the groups, ``allowing`` is a second inline policy.
    """
    world = World()
    policies = [world.policy(name, held) for name, held in {"own": WEAK, **dict(attached)}.items()]
    of_groups = [world.policy(name, *held) for name, held in dict(of_group).items()]
    for name, held in (groups or {}).items():
        world.group(name, {"limits": held}, attached=of_groups)
    more = {} if allowing is None else {"more": allowing}
    world.user("bob", {"some": document(*statements), **more}, list(groups or ()), attached=policies)
    reach = AttackPathGraph(Evaluator(world.snapshot(folder)))
    steps = reach.escalations(arn("user/bob"), most=100)
    return {step.path_id: step.state for step in steps if step.target != arn("user/anchor")}


VERSION = allow("iam:CreatePolicyVersion", OWN)
ITSELF = arn("user/bob")


@pytest.mark.parametrize(
    ("statements", "technique"),
    [
        ([VERSION, deny_others("iam:CreatePolicyVersion", OWN)], "iam-001+X12a"),
        ([VERSION, deny(["iam:AttachUserPolicy", "iam:AttachRolePolicy"])], "iam-001+X12a"),
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
    assert found(tmp_path, VERSION, groups={"limited": limits}) == {"iam-001+X12f": State.PROVEN}
    assert found(tmp_path, VERSION, of_group={"limits": [limits]}, groups={"limited": WEAK}) == {
        "iam-001+X12g": State.PROVEN
    }
    limits["Statement"].append(deny("iam:DeleteGroupPolicy"))
    assert found(tmp_path, VERSION, groups={"limited": limits}) == {"iam-001+X12e": State.PROVEN}


def spared(*actions):
    return {"Effect": "Deny", "NotAction": list(actions), "Resource": "*"}


def test_with_any_permission_it_writes_another_policy_without_its_deny(tmp_path):
    """No removal is allowed, but a new version of the policy with the Deny is."""
    limits = document(spared("iam:CreatePolicyVersion"))
    assert found(tmp_path, VERSION, attached={"limits": limits}) == {"iam-001+iam-001": State.PROVEN}
    limits["Statement"].append(deny("iam:CreatePolicyVersion", Resource=arn("policy/limits")))
    assert found(tmp_path, VERSION, attached={"limits": limits}) == {}


def test_the_evidence_is_the_new_version_of_the_policy_with_the_deny(tmp_path):
    world = World()
    own, limits = world.policy("own", WEAK), world.policy("limits", document(spared("iam:CreatePolicyVersion")))
    world.user("bob", {"some": document(VERSION)}, attached=[own, limits])
    (path,) = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_paths(arn("user/bob"))
    (step,) = path.steps
    told = [(one.decision.request.resource, one.decision.decision, one.is_after_change) for one in step.proof]
    assert told == [(own, "allowed", False), (limits, "allowed", True)]


def test_who_leaves_the_group_that_it_changed_has_gained_nothing(tmp_path):
    limits = document(
        {"Effect": "Deny", "NotAction": ["iam:PutGroupPolicy", "iam:RemoveUserFromGroup"], "Resource": "*"}
    )
    limits["Statement"][0]["NotAction"][0] = "iam:AttachGroupPolicy"
    change = allow("iam:AttachGroupPolicy", arn("group/limited"))
    assert found(tmp_path, change, groups={"limited": limits}) == {}


def removing(folder, *statements, **more):
    """As `found`, the techniques alone that change what bob has."""
    techniques = found(folder, *statements, **more)
    return {path_id: state for path_id, state in techniques.items() if path_id.startswith(("X12", "X01"))}


GROUP = arn("group/limited")
WIDE = allow("*")
LIMITS = document(deny_others("iam:CreatePolicyVersion", arn("policy/limits")))
NOTHING_ELSE = deny(["iam:Put*", "iam:Attach*", "iam:Detach*Policy", "iam:Delete*Policy", "iam:RemoveUserFromGroup"])


@pytest.mark.parametrize(
    ("granted", "technique"),
    [
        # IAM API Reference, PutUserPolicy and PutGroupPolicy: "Adds or updates an inline policy".
        ([allow("iam:PutUserPolicy", ITSELF), deny("iam:CreatePolicyVersion")], {"iam-007": State.PROVEN}),
        ([allow("iam:PutUserPolicy", ITSELF), deny("iam:*", **MFA)], {"iam-007": State.POSSIBLE}),
        ([allow("iam:PutUserPolicy", ITSELF), deny("iam:Put*")], {}),
    ],
)
def test_an_inline_policy_of_the_same_name_takes_its_place(tmp_path, granted, technique):
    assert found(tmp_path, *granted) == technique


def test_the_inline_policy_of_a_group_is_written_anew(tmp_path):
    limits = document(deny("iam:CreatePolicyVersion"))
    change = allow("iam:PutGroupPolicy", GROUP)
    assert found(tmp_path, change, groups={"limited": limits}) == {"iam-011": State.PROVEN}
    own = deny("iam:CreatePolicyVersion")  # in another policy, which stays
    assert found(tmp_path, change, own, groups={"limited": limits}) == {"iam-011+X12a+X12f": State.PROVEN}


@pytest.mark.parametrize("of_group", [False, True])
def test_a_new_version_takes_the_place_of_one_with_a_deny(tmp_path, of_group):
    change = allow("iam:CreatePolicyVersion", arn("policy/limits"))
    kept = document(NOTHING_ELSE)
    limits = document(deny("iam:PassRole"), NOTHING_ELSE)
    where = {"of_group": {"limits": [limits]}, "groups": {"limited": WEAK}} if of_group else {}
    where = where or {"attached": {"limits": limits}}
    assert found(tmp_path, change, **where) == {"iam-001": State.PROVEN}
    assert found(tmp_path, change, **where, allowing=kept) == {}
    # With any permission in another policy of its own it writes this one, too.
    other = allow("iam:CreatePolicyVersion", OWN)
    assert found(tmp_path, other, **where) == {"iam-001+iam-001": State.PROVEN}
    held = deny("iam:CreatePolicyVersion", Resource=arn("policy/limits"))
    assert found(tmp_path, other, held, **where) == {}


def test_an_older_version_without_the_deny_is_restored(tmp_path):
    change = [allow("iam:SetDefaultPolicyVersion", arn("policy/limits")), WIDE]
    limits = document(deny(["iam:PassRole", "iam:CreatePolicyVersion"]), NOTHING_ELSE)
    where = {"groups": {"limited": WEAK}}
    assert removing(tmp_path, *change, of_group={"limits": [limits, WEAK]}, **where) == {"X01": State.PROVEN}
    assert removing(tmp_path, *change, of_group={"limits": [limits, limits]}, **where) == {}


@pytest.mark.parametrize(
    ("action", "technique"),
    [("iam:DeleteGroupPolicy", "X12f"), ("iam:RemoveUserFromGroup", "X12e"), ("iam:DetachGroupPolicy", None)],
)
def test_a_deny_of_its_group_is_removed(tmp_path, action, technique):
    held = [one for one in NOTHING_ELSE["Action"] if not action.startswith(one.partition("*")[0])]
    rest = {"iam:DeleteGroupPolicy", "iam:DetachGroupPolicy", "iam:RemoveUserFromGroup"} - {action}
    limits = document(deny([*held, *rest, "iam:DeleteUserPolicy", "iam:CreatePolicyVersion", "iam:Set*"]))
    expected = {technique: State.PROVEN} if technique else {}
    assert removing(tmp_path, WIDE, groups={"limited": limits}) == expected
    assert removing(tmp_path, WIDE, deny(action), groups={"limited": limits}) == {}


def test_who_leaves_the_group_that_makes_it_an_administrator_is_none(tmp_path):
    limits = document(WIDE, deny("iam:CreatePolicyVersion"))
    leave = allow("iam:RemoveUserFromGroup", GROUP)
    held = deny(["iam:Put*", "iam:Delete*", "iam:Detach*"])
    assert removing(tmp_path, leave, held, groups={"limited": limits}) == {}
    assert removing(tmp_path, leave, held, allowing=document(WIDE), groups={"limited": limits}) == {}
    limits = document(deny("iam:CreatePolicyVersion"))
    assert removing(tmp_path, WIDE, leave, groups={"limited": limits}) == {"X12f": State.PROVEN}


def bounded(folder, *, boundary, of_bob):
    """Return the account of bob, who may write any permission into a role with a boundary and assume the role."""
    world = World()
    limit = world.policy("limit", document(allow(boundary)))
    world.role("deploy", {"some": WEAK}, trusting({"AWS": arn("user/bob")}), boundary=limit)
    world.user("bob", {"some": document(allow(of_bob, arn("role/deploy")))})
    return AttackPathGraph(Evaluator(world.snapshot(folder)))


OFF = "iam:DeleteRolePermissionsBoundary"


@pytest.mark.parametrize(
    ("boundary", "of_bob", "who"),
    [
        (["s3:*", OFF], ["iam:PutRolePolicy"], "role/deploy"),  # once it has any permission
        (["s3:*"], ["iam:PutRolePolicy", OFF], "user/bob"),
        (["s3:*"], ["iam:PutRolePolicy"], None),
    ],
)
def test_the_evidence_of_a_second_change_is_who_makes_it(tmp_path, boundary, of_bob, who):
    reach = bounded(tmp_path, boundary=boundary, of_bob=of_bob)
    steps = [path.steps[0] for path in reach.attack_paths(arn("user/bob"))]
    assert bool(steps) is (who is not None)
    for step in steps:
        assert [proof.decision.decision.value for proof in step.proof] == ["allowed"] * len(step.proof)
        proof = next(one for one in step.proof if one.decision.request.action == OFF)
        assert proof.decision.request.principal == arn(who)
        assert (
            proof.is_after_change
            is proof.request_text.endswith(", after the change before it")
            is (who == "role/deploy")
        )
    for remediation in reach.remediations(arn("user/bob")):
        assert (OFF in remediation.what) <= (who == "user/bob")


def test_the_evidence_of_its_own_deny_is_of_the_policy_that_it_can_remove(tmp_path):
    """It cannot detach the first policy with a Deny, which denies nothing else."""
    alone = {"Condition": {"ArnEquals": {"iam:PolicyARN": arn("policy/held")}}}
    world = World()
    policies = {
        "own": WEAK,
        "held": document(deny("iam:DetachUserPolicy", **alone)),
        "limits": document(deny(["iam:AttachUserPolicy", "iam:AttachRolePolicy"])),
    }
    world.user("bob", {"some": document(VERSION)}, attached=[world.policy(*one) for one in policies.items()])
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    (step,) = reach.escalations(arn("user/bob"), most=100)
    assert step.path_id == "iam-001+X12c"
    grants, removes = step.proof
    assert (grants.decision.decision.value, grants.is_after_change) == ("allowed", False)
    assert (removes.decision.decision.value, removes.is_after_change) == ("allowed", True)
    assert removes.decision.request.context == {"iam:PolicyARN": arn("policy/limits")}


def test_a_deny_for_others_does_not_hide_what_a_boundary_alone_prevents(tmp_path):
    world = World()
    limit = world.policy("limit", document(allow(["iam:PutUserPolicy", "iam:DeleteUserPermissionsBoundary"])))
    for_others = deny("*", Condition={"StringEquals": {"aws:username": "alice"}})
    own = allow(["iam:PutUserPolicy", "iam:DeleteUserPermissionsBoundary"], ITSELF)
    world.user("bob", {"some": document(own, for_others)}, boundary=limit)
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    assert {step.path_id for step in reach.escalations(ITSELF)} == {"iam-007+iam-022"}


def test_a_policy_that_is_its_boundary_too_is_written_once(tmp_path):
    """IAM API Reference, CreatePolicyVersion: the new default version is in effect wherever the policy is used."""
    world = World()
    own = world.policy("own", document(VERSION))
    world.user("bob", {}, attached=[own], boundary=own)
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    (path,) = reach.attack_paths(ITSELF)
    assert [(step.path_id, step.state) for step in path.steps] == [("iam-001", State.PROVEN)]


@pytest.mark.parametrize(
    ("allowed", "technique"),
    [
        (allow("iam:CreatePolicyVersion", arn("policy/limit")), "iam-007+X76"),
        (allow("iam:PutUserPermissionsBoundary"), "iam-007+X11a"),
        (allow("iam:CreatePolicyVersion", arn("policy/other")), None),
        (allow("iam:PutUserPermissionsBoundary", arn("user/alice")), None),
    ],
)
def test_with_any_permission_it_writes_its_boundary_anew_or_replaces_it(tmp_path, allowed, technique):
    world = World()
    limit = world.policy("limit", document(allow("iam:PutUserPolicy"), allowed))
    world.user("bob", {"some": document(allow("iam:PutUserPolicy", ITSELF))}, boundary=limit)
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    steps = {step.path_id: step for step in reach.escalations(ITSELF)}
    assert list(steps) == ([technique] if technique else [])
    for step in steps.values():
        assert [(one.decision.decision, one.is_after_change) for one in step.proof] == [
            ("allowed", False),
            ("allowed", True),
        ]


def test_a_boundary_that_only_mfa_takes_off_is_possible(tmp_path):
    world = World()
    mfa = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    limit = world.policy(
        "limit", document(allow("iam:PutUserPolicy"), allow("iam:DeleteUserPermissionsBoundary", **mfa))
    )
    world.user("bob", {"some": document(allow("iam:PutUserPolicy", ITSELF))}, boundary=limit)
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    assert {step.path_id: step.state for step in reach.escalations(ITSELF)} == {"iam-007+iam-022": State.POSSIBLE}


def test_an_equal_deny_in_another_policy_stays(tmp_path):
    """Deleting the inline policy leaves the attached one, which has the same document."""
    limits = document(deny(["iam:PassRole", "iam:CreatePolicyVersion", "iam:Put*", "iam:Attach*", "iam:Detach*"]))
    assert removing(tmp_path, WIDE, allowing=limits) == {"X12a": State.PROVEN}
    assert removing(tmp_path, WIDE, allowing=limits, attached={"limits": limits}) == {}


@pytest.mark.parametrize(
    ("granted", "technique"),
    [
        ([allow(["iam:PutRolePolicy", "sts:AssumeRole"], arn("role/deploy"))], "iam-017"),
        ([allow(["iam:AttachRolePolicy", "sts:AssumeRole"], arn("role/deploy"))], None),
    ],
)
def test_an_inline_policy_of_a_role_is_written_over_with_its_deny(tmp_path, granted, technique):
    """IAM API Reference, PutRolePolicy: "Adds or updates an inline policy document that is embedded in the role"."""
    world = World()
    world.role("deploy", {"limits": document(deny("iam:*"))}, trusting({"AWS": arn("root")}))
    world.user("bob", {"some": document(*granted)})
    path = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_path(ITSELF)
    assert (path and [(step.path_id, step.state) for step in path.steps]) == (technique and [(technique, State.PROVEN)])
