"""LNT-09: words that AWS does not know, and words that do not go together."""

import pytest

from iamdesk.checks.finding import Severity

BUCKET = "arn:aws:s3:::payroll"


def test_lnt_09_an_action_that_aws_does_not_have(found, make):
    (one,) = found("LNT-09", users=[make.user("alice", make.allow(["s3:GetObjekt", "s3:GetObject"]))])
    assert one.sentence == (
        "The inline policy inline of user alice names actions that do not exist: s3:GetObjekt (did you mean "
        "s3:GetObject?)."
    )
    assert one.severity is Severity.LOW
    assert one.evidence[0].statement is not None
    assert one.evidence[0].text == "This entry of an Allow statement has no effect: s3:GetObjekt."


def test_lnt_09_a_service_that_aws_does_not_have_and_a_deny_that_holds_nothing_back(found, make):
    (one,) = found("LNT-09", policies=[make.policy("guard", make.deny("cloudtrial:*"))])
    assert one.sentence.endswith(
        "names actions that do not exist: cloudtrial:* (the service cloudtrial does not exist)."
    )
    assert one.severity is Severity.MEDIUM


def test_lnt_09_is_said_of_trust_policies_as_well(found, make):
    trust = make.trust({"Service": "ec2.amazonaws.com"}, action="sts:AssumeRoles")
    (one,) = found("LNT-09", roles=[make.role("worker", trust=trust)])
    assert "sts:AssumeRoles (did you mean sts:AssumeRole?)" in one.sentence


@pytest.mark.parametrize("action", ["*", "s3:*", "S3:getobject", "s3:Get*", "ec2:Describe*"])
def test_lnt_09_what_aws_has_in_any_case_and_with_wildcards(found, make, action):
    assert not found("LNT-09", users=[make.user("alice", make.allow(action))])


def test_lnt_09_an_action_that_never_takes_the_resources(found, make):
    statement = make.allow(["s3:ListAllMyBuckets", "s3:GetObject"], [BUCKET, f"{BUCKET}/*"])
    (one,) = found("LNT-09", users=[make.user("alice", statement)])
    assert one.title == "Action that never applies to the resources named"
    assert one.sentence.endswith(
        "names actions with resources to which they never apply: s3:ListAllMyBuckets (applies to * only)."
    )


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:ListBucket", f"{BUCKET}/*"),
        ("s3:GetObject", BUCKET),
        ("s3:GetObject", "arn:aws:sqs:eu-west-1:111122223333:jobs"),
        ("ec2:DescribeInstances", "arn:aws:ec2:*:*:instance/*"),
        ("sns:ListTopics", "arn:aws:sns:eu-west-1:111122223333:jobs"),
    ],
)
def test_lnt_09_names_a_pair_that_never_meets(found, make, action, resource):
    assert len(found("LNT-09", users=[make.user("alice", make.allow(action, resource))])) == 1


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("sns:ListTopics", "arn:aws:sns:*:*:*"),
        ("sns:ListTopics", "arn:aws:sns:eu-west-1:111122223333:*"),
        ("s3:ListAllMyBuckets", "*"),
        ("s3:*", BUCKET),
        ("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*"),
        ("s3:GetObject", "arn:aws:s3:::*"),
        ("lambda:InvokeFunction", "arn:aws:lambda:*:111122223333:function:jobs:live"),
        ("sts:AssumeRole", "arn:aws:iam::*:role/reader"),
        ("dynamodb:Query", "arn:aws:dynamodb:*:*:table/t/index/*"),
        ("logs:PutLogEvents", "arn:aws:logs:*:*:log-group:/aws/lambda/*:*"),
        (["s3:GetObject", "sqs:SendMessage"], [f"{BUCKET}/*", "arn:aws:sqs:eu-west-1:111122223333:jobs"]),
    ],
)
def test_lnt_09_pairs_that_meet(found, make, action, resource):
    assert not found("LNT-09", users=[make.user("alice", make.allow(action, resource))])


def test_lnt_09_not_action_and_not_resource_are_no_pairs(found, make):
    everything_but = {"Effect": "Deny", "NotAction": "s3:ListAllMyBuckets", "Resource": BUCKET}
    elsewhere = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "NotResource": BUCKET}
    assert not found("LNT-09", users=[make.user("alice", everything_but, elsewhere)])


def test_lnt_09_what_cannot_be_read_is_told_by_cmp_08(found, make):
    broken = {"Effect": "allow", "Action": "s3:GetObjekt", "Resource": "*"}
    users = [make.user("alice", broken)]
    assert not found("LNT-09", users=users)
    assert len(found("CMP-08", users=users)) == 1
