"""LNT-03: a Deny that leaves out what takes it off."""

import pytest

from iamdesk.checks.finding import State

WITHOUT_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}


def guard(*left_out, **more):
    return {"Effect": "Deny", "NotAction": list(left_out), "Resource": "*", "Condition": WITHOUT_MFA, **more}


def test_lnt_03_who_may_delete_the_policy_that_denies(found, make):
    (one,) = found("LNT-03", users=[make.user("alice", make.allow("iam:*"), guard("iam:*", "sts:GetSessionToken"))])
    assert one.sentence == (
        "Statement 2 of inline policy inline of user alice can be bypassed: NotAction exempts iam:DeleteUserPolicy, "
        "by which alice can end its effect."
    )
    assert one.evidence[1].decision.request.context["aws:MultiFactorAuthPresent"] is None


@pytest.mark.parametrize(
    "statements",
    [
        lambda make: (make.allow("iam:*"), guard("iam:ListMFADevices", "sts:GetSessionToken")),
        lambda make: (make.allow("iam:ListUsers"), guard("iam:*")),
        lambda make: (make.allow("iam:*"), guard("iam:*"), make.deny(["iam:*Policy", "iam:*PolicyVersion"])),
        lambda make: (
            make.allow("iam:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
            guard("iam:*"),
        ),
    ],
    ids=["left out is harmless", "not allowed anyway", "denied by another statement", "allowed with MFA alone"],
)
def test_lnt_03_differs_in_one_thing(found, make, statements):
    assert not found("LNT-03", users=[make.user("alice", *statements(make))])


def test_lnt_03_members_of_a_group_and_carriers_of_a_managed_policy(found, make):
    policy = make.policy("mfa", guard("iam:*"))
    group = make.group("staff", **make.attached(policy["Arn"]))
    leaves = make.allow("iam:RemoveUserFromGroup")
    users = [make.user("alice", leaves, groups=["staff"]), make.user("bob", groups=["staff"])]
    role = make.role("ops", make.allow("iam:DetachRolePolicy"), **make.attached(policy["Arn"]))
    (one,) = found("LNT-03", users=users, groups=[group], roles=[role], policies=[policy])
    assert "NotAction exempts iam:RemoveUserFromGroup and iam:DetachRolePolicy, by which alice and ops" in one.sentence


def test_lnt_03_notresource_leaves_the_own_user_out(found, make):
    own = make.arn("user/alice")
    denied = {"Effect": "Deny", "Action": "*", "NotResource": [own]}
    (one,) = found("LNT-03", users=[make.user("alice", make.allow("iam:*"), denied)])
    assert "NotResource exempts iam:DeleteUserPolicy," in one.sentence
    other = {**denied, "NotResource": [make.arn("user/bob")]}
    assert not found("LNT-03", users=[make.user("alice", make.allow("iam:*"), other)])


def test_lnt_03_under_conditions_it_cannot_be_told(found, make):
    office = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    (one,) = found("LNT-03", users=[make.user("alice", make.allow("iam:*", Condition=office), guard("iam:*"))])
    assert one.state is State.INCONCLUSIVE


def test_lnt_03_a_plain_deny_and_an_allow(found, make):
    statements = [make.allow("iam:*"), make.deny("s3:*", Condition=WITHOUT_MFA)]
    assert not found("LNT-03", users=[make.user("alice", *statements)])


def test_a_tag_of_its_own_that_an_exempt_action_changes(found, make):
    untagged = {"StringNotEquals": {"aws:PrincipalTag/team": "blue"}}
    denied = {**guard("iam:*"), "Condition": untagged}
    (one,) = found("LNT-03", users=[make.user("alice", make.allow(["ec2:*", "iam:TagUser"]), denied)])
    assert one.sentence.endswith("NotAction exempts iam:TagUser, by which alice can end its effect.")
    assert not found("LNT-03", users=[make.user("alice", make.allow(["ec2:*", "iam:TagRole"]), denied)])
    assert not found("LNT-03", users=[make.user("alice", make.allow("iam:TagUser"), {**denied, "NotAction": "ec2:*"})])
