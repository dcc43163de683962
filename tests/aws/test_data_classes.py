"""Each action is in one class of data, and each rule is needed and says why."""

import re

from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.data_classes import DataClass, data_class_of, data_class_rules, data_classes, rule_of
from iamdesk.aws.service_reference import Action, reference

from ..each_case import each_case


def _actions() -> list[Action]:
    return [action for service in reference().services() for action in reference().actions_of(service)]


def test_every_action_is_in_one_class() -> None:
    for service in reference().services():
        classes = data_classes(service)
        every = 0
        for bits in classes.values():
            assert not every & bits
            every |= bits
        assert every == service_actions(service).every
        assert set(classes) == set(DataClass)


def test_each_rule_says_why_and_each_of_its_patterns_is_needed() -> None:
    actions = _actions()
    for rule in data_class_rules():
        assert rule.reason.endswith(".")
        names = [one.full_name.lower() for one in actions if not rule.levels or one.access_level in rule.levels]
        for pattern in rule.patterns:
            wanted = re.compile(re.escape(pattern.lower()).replace(r"\*", ".*"))
            assert any(wanted.fullmatch(name) for name in names), pattern


def test_the_access_level_decides_where_no_rule_does() -> None:
    action = reference().action("s3", "GetObject")
    assert action is not None
    assert rule_of(action) is None
    assert data_class_of(action) is DataClass.READ_DATA


@each_case(
    ("name", "expected"),
    [
        ("s3:GetObject", DataClass.READ_DATA),
        ("s3:PutObject", DataClass.WRITE_DATA),
        ("s3:DeleteObject", DataClass.DELETE_DATA),
        ("s3:ListBucket", DataClass.METADATA),
        ("s3:GetBucketPolicy", DataClass.METADATA),
        ("s3:PutBucketPolicy", DataClass.PERMISSIONS),
        ("s3:PutLifecycleConfiguration", DataClass.DELETE_DATA),
        ("dynamodb:DeleteTable", DataClass.DELETE_DATA),
        ("dynamodb:GetItem", DataClass.READ_DATA),
        ("secretsmanager:GetSecretValue", DataClass.READ_DATA),
        ("kms:Decrypt", DataClass.READ_DATA),
        ("kms:CreateGrant", DataClass.PERMISSIONS),
        ("iam:CreateUser", DataClass.PERMISSIONS),
        ("iam:TagUser", DataClass.PERMISSIONS),
        ("iam:PassRole", DataClass.PERMISSIONS),
        ("iam:GetUser", DataClass.METADATA),
        ("iam:ListUsers", DataClass.METADATA),
        ("sts:AssumeRole", DataClass.PERMISSIONS),
        ("ec2:AuthorizeSecurityGroupIngress", DataClass.NETWORK),
        ("ec2:DescribeInstances", DataClass.METADATA),
        ("ec2:RunInstances", DataClass.WRITE_DATA),
        ("ec2:TerminateInstances", DataClass.DELETE_DATA),
        ("ec2:PurchaseReservedInstancesOffering", DataClass.MONEY),
        ("ce:GetCostAndUsage", DataClass.MONEY),
        ("cloudtrail:StopLogging", DataClass.LOGS_AND_SECURITY),
        ("cloudtrail:DeleteTrail", DataClass.LOGS_AND_SECURITY),
        ("guardduty:DeleteDetector", DataClass.LOGS_AND_SECURITY),
        ("logs:FilterLogEvents", DataClass.LOGS_AND_SECURITY),
        ("ec2:DeleteFlowLogs", DataClass.LOGS_AND_SECURITY),
        ("ec2:CreateTags", DataClass.METADATA),
        ("organizations:LeaveOrganization", DataClass.PERMISSIONS),
        ("lambda:InvokeFunction", DataClass.WRITE_DATA),
        ("lambda:AddPermission", DataClass.PERMISSIONS),
        ("ssm:GetParameter", DataClass.READ_DATA),
    ],
)
def test_what_a_reviewer_expects(name: str, expected: DataClass) -> None:
    action = reference().action(*name.split(":"))
    assert action is not None
    assert data_class_of(action) is expected
