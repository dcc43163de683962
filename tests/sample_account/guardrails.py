"""The customer managed policies of the sample account that hold back: denials, boundaries, rules on tags."""

from .shapes import ACCOUNT_ID, SamplePolicy, arn, document

REGIONS = ["eu-west-1", "eu-central-1"]

_EVERYTHING = document({"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"})

REGION_LOCK = SamplePolicy(
    name="RegionLock",
    description="Nothing outside the two Regions that the company uses, global services aside",
    versions=(
        (
            "2021-02-08",
            document(
                {
                    "Sid": "OnlyOurRegions",
                    "Effect": "Deny",
                    "NotAction": [
                        "account:*", "budgets:*", "ce:*", "cloudfront:*", "health:*", "iam:*", "organizations:*",
                        "route53:*", "sts:*", "support:*",
                    ],
                    "Resource": "*",
                    "Condition": {"StringNotEquals": {"aws:RequestedRegion": REGIONS}},
                }
            ),
        ),
    ),
)  # fmt: skip

REQUIRE_MFA = SamplePolicy(
    name="RequireMfa",
    description="Without MFA only what is needed to set MFA up",
    versions=(
        (
            "2020-06-01",
            document(
                {
                    "Sid": "DenyAllExceptListedIfNoMFA",
                    "Effect": "Deny",
                    "NotAction": [
                        "iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetUser", "iam:GetMFADevice",
                        "iam:ListMFADevices", "iam:ListVirtualMFADevices", "iam:ResyncMFADevice", "sts:GetSessionToken",
                    ],
                    "Resource": "*",
                    "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
                }
            ),
        ),
    ),
)  # fmt: skip

AUDIT_TRAIL_PROTECTION = SamplePolicy(
    name="AuditTrailProtection",
    path="/security/",
    description="Only the roles of the security team stop the recorders",
    versions=(
        (
            "2021-10-11",
            document(
                {
                    "Sid": "KeepRecording",
                    "Effect": "Deny",
                    "Action": [
                        "cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail",
                        "cloudtrail:PutEventSelectors", "config:StopConfigurationRecorder",
                        "config:DeleteConfigurationRecorder", "guardduty:DeleteDetector",
                    ],
                    "Resource": "*",
                    "Condition": {"ArnNotLike": {"aws:PrincipalArn": arn("role/security/*")}},
                }
            ),
        ),
    ),
)  # fmt: skip

TAGGING_RULES = SamplePolicy(
    name="TaggingRules",
    path="/engineering/",
    description="Machines carry a team tag, and no tags beyond the agreed ones",
    versions=(
        (
            "2023-05-22",
            document(
                {
                    "Sid": "AgreedTagsOnly",
                    "Effect": "Allow",
                    "Action": "ec2:CreateTags",
                    "Resource": f"arn:aws:ec2:*:{ACCOUNT_ID}:instance/*",
                    "Condition": {
                        "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost-center", "environment"]},
                        "Null": {"aws:TagKeys": "false"},
                    },
                },
                {"Sid": "Run", "Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"},
                {
                    "Sid": "NoMachineWithoutTeam",
                    "Effect": "Deny",
                    "Action": "ec2:RunInstances",
                    "Resource": f"arn:aws:ec2:*:{ACCOUNT_ID}:instance/*",
                    "Condition": {"Null": {"aws:RequestTag/team": "true"}},
                },
            ),
        ),
    ),
)

CONTRACTOR_BOUNDARY = SamplePolicy(
    name="ContractorBoundary",
    path="/boundaries/",
    description="The most that a contractor may ever hold",
    versions=(
        (
            "2024-08-05",
            document({"Sid": "StorageOnly", "Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}),
        ),
    ),
)

ENGINEERING_LEAD_BOUNDARY = SamplePolicy(
    name="EngineeringLeadBoundary",
    path="/boundaries/",
    description="Administrators of the engineering side: no identity, no boundary editing",
    default=2,
    versions=(
        ("2023-01-09", _EVERYTHING),
        (
            "2023-02-20",
            document(
                {
                    "Sid": "Compute",
                    "Effect": "Allow",
                    "Action": ["ec2:*", "ecs:*", "lambda:*", "logs:*", "cloudwatch:*", "s3:*", "sqs:*"],
                    "Resource": "*",
                },
                {
                    "Sid": "BoundariesStay",
                    "Effect": "Deny",
                    "Action": [
                        "iam:DeleteUserPermissionsBoundary", "iam:PutUserPermissionsBoundary",
                        "iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary",
                        "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion",
                    ],
                    "Resource": "*",
                },
            ),
        ),
    ),
)  # fmt: skip

QUARANTINE = SamplePolicy(
    name="Quarantine",
    path="/security/",
    description="Attached to whoever is under investigation",
    versions=(("2021-10-11", document({"Sid": "Nothing", "Effect": "Deny", "Action": "*", "Resource": "*"})),),
)
