"""LNT-01, LNT-02, LNT-04, LNT-06, LNT-15: traps of the policy language."""

import pytest

from iamdesk.checks.finding import Severity

MFA = "aws:MultiFactorAuthPresent"


def test_lnt_01_allow_with_not_action(found, make):
    but_s3 = {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*", "Sid": "Rest"}
    but_iam = {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}
    findings = found("LNT-01", users=[make.user("alice", but_s3), make.user("bob", but_iam)])
    assert [one.severity for one in findings] == [Severity.HIGH, Severity.MEDIUM]
    assert findings[0].sentence == (
        "Statement 1 (Rest) of inline policy inline of user alice allows every action of AWS except s3:*."
    )
    assert findings[0].evidence[0].statement is not None
    assert "of them in IAM" in findings[0].evidence[0].text


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"},
        {"Effect": "Allow", "NotAction": "s3:Delete*", "Resource": "arn:aws:s3:::b/*"},
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    ],
)
def test_lnt_01_denials_and_single_resources_are_no_trap(found, make, statement):
    assert not found("LNT-01", users=[make.user("alice", statement)])


def test_lnt_01_leaves_policies_of_aws_alone(found, make):
    power_user = make.policy("PowerUserAccess", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, owner="aws")
    assert not found("LNT-01", policies=[power_user])


def test_lnt_02_allow_with_not_resource(found, make):
    statement = {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::payroll/*"}
    (one,) = found("LNT-02", policies=[make.policy("wide", statement)])
    assert one.sentence.endswith("allows its actions on every resource except arn:aws:s3:::payroll/*.")


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::payroll/*"},
        {"Effect": "Allow", "Action": "s3:*", "NotResource": "*"},
        {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b"},
    ],
)
def test_lnt_02_denials_and_all_but_everything_are_no_trap(found, make, statement):
    assert not found("LNT-02", policies=[make.policy("p", statement)])


def test_lnt_04_for_all_values_lets_requests_without_the_key_pass(found, make):
    condition = {"ForAllValues:StringEquals": {"aws:CalledVia": ["athena.amazonaws.com"]}}
    (one,) = found("LNT-04", users=[make.user("alice", make.allow("s3:GetObject", Condition=condition))])
    assert "also allows requests without aws:CalledVia" in one.sentence


@pytest.mark.parametrize(
    "condition",
    [
        {
            "ForAllValues:StringEquals": {"aws:CalledVia": ["athena.amazonaws.com"]},
            "Null": {"aws:CalledVia": "false"},
        },
        {"ForAnyValue:StringEquals": {"aws:CalledVia": ["athena.amazonaws.com"]}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
    ],
)
def test_lnt_04_a_test_that_needs_the_key_is_no_trap(found, make, condition):
    assert not found("LNT-04", users=[make.user("alice", make.allow("s3:GetObject", Condition=condition))])


def test_lnt_04_a_deny_and_requests_that_always_carry_the_key(found, make):
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}
    users = [
        make.user("scans", make.allow("dynamodb:*", Condition=condition)),
        make.user("reads", make.allow("dynamodb:GetItem", Condition=condition)),
        make.user("denied", make.deny("dynamodb:*", Condition=condition)),
    ]
    assert [one.sentence.partition(" of user ")[2].split()[0] for one in found("LNT-04", users=users)] == ["scans"]


def test_lnt_06_if_exists_turns_a_guard_off(found, make):
    condition = {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-0a1b2c3d"}}
    (one,) = found("LNT-06", users=[make.user("alice", make.allow("s3:GetObject", Condition=condition))])
    assert "requests over the Internet do not contain it" in one.sentence


@pytest.mark.parametrize(
    ("effect", "condition"),
    [
        ("Allow", {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}}),
        ("Allow", {"StringEqualsIfExists": {"iam:PassedToService": "ec2.amazonaws.com"}}),
        ("Deny", {"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-0a1b2c3d"}}),
        ("Allow", {"StringEqualsIfExists": {"aws:SourceVpce": "v"}, "Null": {"aws:SourceVpce": "false"}}),
    ],
)
def test_lnt_06_denials_and_keys_that_are_needed_elsewhere(found, make, effect, condition):
    statement = {"Effect": effect, "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    assert not found("LNT-06", users=[make.user("alice", statement)])


HOME = "arn:aws:s3:::homes/${aws:username}/*"


@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}])
def test_lnt_11_variables_in_an_old_version_are_plain_text(found, make, version):
    document = {**version, "Statement": [make.allow("s3:GetObject", HOME)]}
    user = make.user("alice", UserPolicyList=[{"PolicyName": "inline", "PolicyDocument": document}])
    (one,) = found("LNT-11", users=[user])
    assert HOME in one.sentence
    assert "2008-10-17" in one.sentence


def test_lnt_11_needs_variables_and_an_old_version(found, make):
    old = {"Version": "2008-10-17", "Statement": [make.allow("s3:GetObject", "arn:aws:s3:::homes/*")]}
    users = [
        make.user("new", make.allow("s3:GetObject", HOME)),
        make.user("old", UserPolicyList=[{"PolicyName": "inline", "PolicyDocument": old}]),
    ]
    assert not found("LNT-11", users=users)


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Condition": {"BoolIfExists": {MFA: "true"}}},
        {"Effect": "Allow", "Condition": {"ForAllValues:Bool": {MFA: True}}},
        {"Effect": "Deny", "Condition": {"Bool": {MFA: "false"}}},
    ],
)
def test_lnt_15_access_keys_pass_the_test_for_mfa(found, make, statement):
    user = make.user("alice", {"Action": "ec2:*", "Resource": "*", **statement})
    (one,) = found("LNT-15", users=[user])
    assert one.severity is Severity.HIGH


@pytest.mark.parametrize(
    "statements",
    [
        [{"Effect": "Allow", "Condition": {"Bool": {MFA: "true"}}}],
        [{"Effect": "Deny", "Condition": {"BoolIfExists": {MFA: "false"}}}],
        [{"Effect": "Allow", "Condition": {"BoolIfExists": {MFA: "true"}, "Null": {MFA: "false"}}}],
        [
            {"Effect": "Deny", "Condition": {"Bool": {MFA: "false"}}},
            {"Effect": "Deny", "Condition": {"Null": {MFA: "true"}}},
        ],
    ],
)
def test_lnt_15_the_ways_that_aws_recommends_are_no_trap(found, make, statements):
    user = make.user("alice", *({"Action": "ec2:*", "Resource": "*", **one} for one in statements))
    assert not found("LNT-15", users=[user])


@pytest.mark.parametrize("operator", ["Bool", "BoolIfExists"])
def test_lnt_15_an_allow_for_requests_without_mfa(found, make, operator):
    condition = {operator: {MFA: "false"}}
    (one,) = found("LNT-15", users=[make.user("alice", make.allow("ec2:*", Condition=condition))])
    assert one.sentence == (
        "Statement 1 of inline policy inline of user alice allows requests only if they are made without MFA."
    )
    registering = ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "sts:GetSessionToken"]
    assert not found("LNT-15", users=[make.user("alice", make.allow(registering, Condition=condition))])
    assert not found("LNT-15", users=[make.user("alice", make.allow("ec2:*", Condition={"Bool": {MFA: "true"}}))])
