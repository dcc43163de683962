"""LNT-05, LNT-07, LNT-08, LNT-10, LNT-13: conditions that decide nothing, or never hold."""

import pytest

from iamdesk.checks.finding import Severity


def with_condition(make, action, condition, effect="allow"):
    statement = (make.allow if effect == "allow" else make.deny)(action, Condition=condition)
    return [make.user("alice", statement)]


def test_lnt_08_a_key_that_aws_does_not_have(found, make):
    users = with_condition(make, "s3:GetObject", {"StringEquals": {"aws:SourceIPAddress": "203.0.113.7"}})
    (one,) = found("LNT-08", users=users)
    assert one.sentence == (
        "Statement 1 of inline policy inline of user alice tests aws:SourceIPAddress, which does not exist: its "
        "test is always false, so it allows nothing. The nearest key is aws:SourceIp."
    )
    assert one.severity is Severity.LOW


def test_lnt_08_a_key_that_the_action_does_not_take(found, make):
    users = with_condition(make, ["s3:ListBucket", "s3:GetObject"], {"StringLike": {"s3:prefix": "home/*"}})
    (one,) = found("LNT-08", users=users)
    assert one.sentence.endswith(
        "tests s3:prefix, which requests for some of its actions do not contain: its test is always false, so it "
        "allows nothing for s3:GetObject."
    )


@pytest.mark.parametrize(
    ("effect", "condition", "result", "severity"),
    [
        ("allow", {"StringNotEquals": {"s3:prefix": "x"}}, "so it allows any value", Severity.MEDIUM),
        ("allow", {"StringEqualsIfExists": {"s3:prefix": "x"}}, "so it allows any value", Severity.MEDIUM),
        ("deny", {"StringEquals": {"s3:prefix": "x"}}, "so it denies nothing", Severity.MEDIUM),
        ("deny", {"StringNotEquals": {"s3:prefix": "x"}}, "so it denies any value", Severity.LOW),
        ("deny", {"Null": {"s3:prefix": "false"}}, "so it denies nothing", Severity.MEDIUM),
        ("deny", {"Null": {"s3:prefix": "true"}}, "so it denies any value", Severity.LOW),
        ("allow", {"ForAllValues:StringEquals": {"aws:TagKeys": "x"}}, "so it allows any", Severity.LOW),
    ],
)
def test_lnt_08_what_comes_of_it(found, make, effect, condition, result, severity):
    (one,) = found("LNT-08", users=with_condition(make, "s3:GetObject", condition, effect))
    assert result in one.sentence
    assert one.severity is severity


@pytest.mark.parametrize(
    ("action", "condition"),
    [
        ("s3:GetObject", {"StringEquals": {"AWS:PrincipalTag/team": "data"}}),
        ("s3:ListBucket", {"StringLike": {"s3:prefix": "home/*"}}),
        ("s3:*", {"StringLike": {"s3:prefix": "home/*"}}),
        ("*", {"StringLike": {"s3:prefix": "home/*"}}),
        ("ec2:RunInstances", {"StringEquals": {"aws:RequestTag/team": "data"}}),
        ("iam:PassRole", {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
        ("kms:Decrypt", {"StringEquals": {"kms:EncryptionContext:app": "payroll"}}),
    ],
)
def test_lnt_08_keys_that_some_request_carries(found, make, action, condition):
    assert not found("LNT-08", users=with_condition(make, action, condition))


def test_lnt_08_actions_that_a_call_for_a_role_asks_together(found, make):
    trust = make.trust(
        {"AWS": make.arn("root", "444455556666")},
        action=["sts:AssumeRole", "sts:TagSession"],
        Condition={"StringEquals": {"sts:ExternalId": "acme-7f3a91c2"}},
    )
    assert not found("LNT-08", roles=[make.role("vendor", trust=trust)])


def test_lnt_08_not_action_has_some_action_for_every_key(found, make):
    statement = {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}
    known = {**statement, "Condition": {"StringEquals": {"s3:prefix": "x"}}}
    unknown = {**statement, "Condition": {"StringEquals": {"aws:Region": "eu-west-1"}}}
    assert not found("LNT-08", users=[make.user("alice", known)])
    assert len(found("LNT-08", users=[make.user("alice", unknown)])) == 1


def test_lnt_05_set_operator_on_a_key_with_one_value(found, make):
    condition = {"ForAnyValue:StringEquals": {"aws:PrincipalOrgID": ["o-abc"]}}
    (one,) = found("LNT-05", users=with_condition(make, "s3:GetObject", condition))
    assert one.sentence.endswith(
        "tests aws:PrincipalOrgID, a single-valued key, with the set operator ForAnyValue:StringEquals."
    )


@pytest.mark.parametrize(
    "condition",
    [
        {"ForAnyValue:StringEquals": {"aws:CalledVia": ["athena.amazonaws.com"]}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}},
        {"ForAnyValue:StringEquals": {"aws:NoSuchKey": "x"}},
    ],
)
def test_lnt_05_keys_with_several_values_and_plain_operators(found, make, condition):
    assert not found("LNT-05", users=with_condition(make, "s3:GetObject", condition))


def test_lnt_05_leaves_an_allow_with_for_all_values_to_lnt_04(found, make):
    condition = {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": ["o-abc"]}}
    users = with_condition(make, "s3:GetObject", condition)
    assert not found("LNT-05", users=users)
    assert len(found("LNT-04", users=users)) == 1
    assert len(found("LNT-05", users=with_condition(make, "s3:GetObject", condition, "deny"))) == 1


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ({"IpAddress": {"aws:SourceVpc": "10.0.0.0/8"}}, "the key is of type String"),
        ({"ArnLike": {"aws:PrincipalOrgID": "arn:aws:iam::*:*"}}, "the key is of type String"),
        ({"StringEquals": {"aws:SourceIp": "203.0.113.0/24"}}, "it compares the address range as text"),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": "one hour"}}, "it cannot parse one hour"),
        ({"NumericLessThan": {"aws:SourceArn": "3"}}, "the key is of type ARN"),
        ({"StringSame": {"aws:SourceVpc": "vpc-1"}}, "the operator does not exist"),
    ],
)
def test_lnt_10_operators_that_cannot_read_the_key(found, make, condition, why):
    (one,) = found("LNT-10", users=with_condition(make, "s3:GetObject", condition))
    assert why in one.sentence


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}},
        {"StringEquals": {"aws:SourceIp": "203.0.113.7"}},
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"NumericLessThan": {"aws:PrincipalTag/level": "3"}},
        {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
        {"NumericGreaterThan": {"aws:EpochTime": "1700000000"}},
        {"Null": {"aws:SourceIp": "true"}},
        {"IpAddress": {"aws:NoSuchKey": "10.0.0.0/8"}},
    ],
)
def test_lnt_10_operators_that_fit(found, make, condition):
    assert not found("LNT-10", users=with_condition(make, "s3:GetObject", condition))


@pytest.mark.parametrize("check", ["LNT-05", "LNT-08", "LNT-10"])
def test_statements_that_cannot_be_read_are_left_to_cmp_08(found, make, check):
    condition = {
        "IpAddress": {"aws:NoSuchKey": "10.0.0.0/8"},
        "ForAnyValue:IpAddress": {"aws:SourceVpc": "10.0.0.0/8"},
        "StringEquals": "x",
    }
    users = with_condition(make, "s3:GetObject", condition)
    assert not found(check, users=users)
    assert len(found("CMP-08", users=users)) == 1


def test_lnt_07_a_deny_hits_actions_without_the_key(found, make):
    users = with_condition(make, "ec2:*", {"StringNotEquals": {"ec2:InstanceType": "t3.micro"}}, "deny")
    (one,) = found("LNT-07", users=users)
    assert "actions whose requests do not contain ec2:InstanceType: ec2:" in one.sentence
    assert one.severity is Severity.LOW


@pytest.mark.parametrize(
    ("action", "condition"),
    [
        ("ec2:RunInstances", {"StringNotEquals": {"ec2:InstanceType": "t3.micro"}}),
        ("ec2:*", {"StringEquals": {"ec2:InstanceType": "p5.48xlarge"}}),
        ("ec2:*", {"StringNotEqualsIfExists": {"ec2:InstanceType": "t3.micro"}}),
        ("ec2:*", {"StringNotEquals": {"ec2:InstanceType": "t3.micro"}, "Null": {"ec2:InstanceType": "false"}}),
        ("ec2:*", {"StringNotEquals": {"aws:RequestedRegion": "eu-central-1"}}),
        ("*", {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
        ("s3:GetObject", {"StringNotEquals": {"s3:prefix": "home"}}),
        ("s3:*", {"Null": {"s3:x-amz-server-side-encryption": "true"}}),
    ],
)
def test_lnt_07_a_deny_that_is_meant_is_none(found, make, action, condition):
    assert not found("LNT-07", users=with_condition(make, action, condition, "deny"))
    assert not found("LNT-07", users=with_condition(make, action, condition))


@pytest.mark.parametrize(
    ("effect", "condition", "severity", "words"),
    [
        ("allow", {"StringEquals": {"s3:prefix": "home/*"}}, Severity.LOW, "is true only for that literal text."),
        ("deny", {"StringEquals": {"s3:prefix": "home/*"}}, Severity.MEDIUM, "is true only for that literal text."),
        (
            "allow",
            {"StringNotEquals": {"s3:prefix": "home/*"}},
            Severity.MEDIUM,
            "is true for everything except that literal text.",
        ),
        (
            "deny",
            {"StringNotEquals": {"s3:prefix": "home/*"}},
            Severity.LOW,
            "is true for everything except that literal text.",
        ),
        ("allow", {"StringEquals": {"s3:prefix": ["a", "b*"]}}, Severity.LOW, "treats it as literal text."),
        (
            "allow",
            {"ForAnyValue:StringEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/t?am"}},
            Severity.LOW,
            "is true only for that literal text.",
        ),
    ],
)
def test_lnt_13_a_wildcard_is_no_wildcard(found, make, effect, condition, severity, words):
    (one,) = found("LNT-13", users=with_condition(make, "s3:ListBucket", condition, effect))
    assert "which does not support wildcards" in one.sentence
    assert one.sentence.endswith(words)
    assert one.severity is severity


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"s3:prefix": "home/*"}},
        {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}},
        {"StringEquals": {"s3:prefix": "${*}"}},
        {"StringEquals": {"s3:prefix": "what?"}},
        {"Null": {"s3:prefix": "*"}},
    ],
)
def test_lnt_13_wildcards_that_are_read_or_meant_are_none(found, make, condition):
    assert not found("LNT-13", users=with_condition(make, "s3:ListBucket", condition))


def test_lnt_08_names_the_nearest_key(found, make):
    condition = {"StringEquals": {"aws:PrincpalOrgID": "o-a1b2c3d4e5"}}
    (one,) = found("LNT-08", users=with_condition(make, "s3:GetObject", condition))
    assert one.sentence.endswith("The nearest key is aws:PrincipalOrgID.")


@pytest.mark.parametrize(
    ("test", "key", "is_found"),
    [
        ("StringNotEquals", "aws:RequestTag/team", True),
        ("StringNotEquals", "aws:ResourceTag/team", True),
        ("StringNotLike", "ec2:InstanceType", True),
        ("StringNotEqualsIfExists", "aws:ResourceTag/team", False),
        ("StringEquals", "aws:RequestTag/team", False),  # LNT-20: it denies too little
        ("StringNotEquals", "aws:PrincipalTag/team", False),
        ("StringNotEquals", "aws:RequestedRegion", False),
    ],
)
def test_lnt_07_a_deny_with_not_action_hits_the_actions_without_the_key(found, make, test, key, is_found):
    denied = {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*", "Condition": {test: {key: "blue"}}}
    results = found("LNT-07", users=[make.user("alice", denied)])
    assert len(results) == is_found
    assert all(
        f"denies all actions outside NotAction whose requests do not contain {key}, such as " in one.sentence
        for one in results
    )
    assert "iam:" not in "".join(one.sentence for one in results)
