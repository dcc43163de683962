"""ADM-18: who may change what they carry themselves."""

import pytest

from iamdesk.checks.finding import Severity


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:PutUserPolicy", "*"),
        ("iam:PutUserPolicy", "arn:aws:iam::111122223333:user/${aws:username}"),
        ("iam:AttachUserPolicy", "arn:aws:iam::111122223333:user/alice"),
        ("iam:*", "arn:aws:iam::111122223333:group/staff"),
        ("iam:CreatePolicyVersion", "arn:aws:iam::111122223333:policy/own"),
    ],
)
def test_adm_18_whoever_may_change_their_own_policies(found, make, action, resource):
    user = make.user("alice", make.allow(action, resource), groups=["staff"], **make.attached(make.arn("policy/own")))
    parts = {"groups": [make.group("staff")], "policies": [make.policy("own", make.allow("s3:*"))]}
    (one,) = found("ADM-18", users=[user], **parts)
    assert one.severity is Severity.HIGH
    assert one.sentence.startswith("alice may make itself an administrator, by iam:")
    assert all(piece.decision for piece in one.evidence)


@pytest.mark.parametrize(
    "statements",
    [
        [("iam:PutUserPolicy", "arn:aws:iam::111122223333:user/bob")],
        [("iam:AttachUserPolicy", "*", {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}})],
        [("iam:CreatePolicyVersion", "arn:aws:iam::111122223333:policy/other")],
        [("iam:PutRolePolicy", "*")],
    ],
)
def test_adm_18_changing_others_or_into_something_harmless_is_no_finding(found, make, statements):
    allows = [make.allow(*one[:2], **({"Condition": one[2]} if len(one) > 2 else {})) for one in statements]
    user = make.user("alice", *allows, **make.attached(make.arn("policy/own")))
    assert not found("ADM-18", users=[user], policies=[make.policy("own", make.allow("s3:*"))])


def test_adm_18_denials_count(found, make):
    assert not found("ADM-18", users=[make.user("alice", make.allow("iam:*"), make.deny("iam:*Policy*"))])


def test_adm_18_a_boundary_that_stays_holds_and_one_that_may_be_removed_does_not(found, make):
    edge = make.policy("edge", make.allow(["s3:*", "iam:Put*", "iam:DeleteUserPermissionsBoundary"]))
    bounded = make.boundary(make.arn("policy/edge"))
    users = [
        make.user("held", make.allow("iam:PutUserPolicy"), **bounded),
        make.user("free", make.allow(["iam:PutUserPolicy", "iam:DeleteUserPermissionsBoundary"]), **bounded),
    ]
    (one,) = found("ADM-18", users=users, policies=[edge])
    assert one.subject_name == "free"
    assert one.evidence[-1].text == "Asked whether it may remove its own permissions boundary."


def test_adm_18_roles_and_conditions(found, make):
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    (one,) = found("ADM-18", roles=[make.role("ops", make.allow("iam:PutRolePolicy", Condition=mfa))])
    assert one.severity is Severity.MEDIUM
    assert one.sentence.endswith("under a condition on aws:MultiFactorAuthPresent.")


def test_adm_18_administrators_are_adm_01(found, make):
    assert not found("ADM-18", users=[make.user("alice", make.allow("*"))])
