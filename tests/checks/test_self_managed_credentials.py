"""CRD-12: users who change their own credentials without MFA."""

import pytest

from iamdesk.checks.finding import State

OWN = "arn:aws:iam::*:user/${aws:username}"
WITH_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
WITHOUT_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}


def told(found, make, *statements):
    group = make.group("everybody", *statements)
    users = [make.user(name, groups=["everybody"]) for name in ("alice", "bob")]
    return found("CRD-12", users=users, groups=[group])


def test_crd_12_keys_and_devices_without_mfa(found, make):
    (one,) = told(found, make, make.allow(["iam:CreateAccessKey", "iam:DeactivateMFADevice"], OWN))
    assert one.sentence == (
        "2 users can create access keys and deactivate MFA devices for themselves without MFA, through inline: alice "
        "and bob."
    )
    assert [piece.decision.request.action for piece in one.evidence] == ["iam:CreateAccessKey"] * 2


def test_crd_12_as_aws_shows_it(found, make):
    own = make.allow(["iam:CreateAccessKey", "iam:DeactivateMFADevice", "iam:EnableMFADevice"], OWN)
    allowed = ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListMFADevices", "sts:GetSessionToken"]
    guard = {"Effect": "Deny", "NotAction": allowed, "Resource": "*", "Condition": WITHOUT_MFA}
    assert not told(found, make, own, guard)


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "iam:CreateAccessKey", "Resource": OWN, "Condition": WITH_MFA},
        {"Action": "iam:CreateAccessKey", "Resource": "arn:aws:iam::*:user/robots/*"},
        {"Action": ["iam:ChangePassword", "iam:EnableMFADevice"], "Resource": OWN},
    ],
    ids=["with MFA", "users of another path", "nothing to build on"],
)
def test_crd_12_differs_in_one_thing(found, make, statement):
    assert not told(found, make, {"Effect": "Allow", **statement})


def test_crd_12_administrators_are_told_elsewhere(found, make):
    assert not found("CRD-12", users=[make.user("alice", make.allow("*"))])


def test_crd_12_what_hangs_on_something_else_cannot_be_told(found, make):
    office = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    (one,) = told(found, make, make.allow("iam:CreateAccessKey", OWN, Condition=office))
    assert one.state is State.INCONCLUSIVE
    assert one.sentence == (
        "2 users can create access keys for themselves without MFA, depending on aws:SourceIp: alice and bob."
    )


def test_crd_12_each_policy_by_itself(found, make):
    keys, passwords = make.allow("iam:CreateAccessKey", OWN), make.allow("iam:UpdateLoginProfile", OWN)
    users = [make.user("alice", keys), make.user("bob", keys), make.user("carol", passwords)]
    told = found("CRD-12", users=users)
    assert [one.subject_name for one in told] == ["111122223333", "carol"]
    assert [one.sentence for one in told] == [
        "2 users can create access keys for themselves without MFA, through an inline policy: alice and bob.",
        "carol can set the password for itself without MFA, through an inline policy.",
    ]
