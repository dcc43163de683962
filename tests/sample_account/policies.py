"""The customer managed policies of the sample account that give access, and the list of all."""

from . import guardrails
from .shapes import ACCOUNT_ID, SamplePolicy, arn, document

_BASELINE = {
    "Sid": "EverythingButIdentityAndData",
    "Effect": "Allow",
    "NotAction": ["iam:*", "organizations:*", "account:*", "sts:*", "kms:*", "s3:*", "secretsmanager:*"],
    "Resource": "*",
}

_LOOK_AT_IDENTITY = {"Sid": "LookAtIdentity", "Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*"}

ENGINEER_BASELINE = SamplePolicy(
    name="EngineerBaseline",
    path="/engineering/",
    description="What every engineer may do; v3 was drafted for the platform move and never made the default",
    default=2,
    versions=(
        ("2021-02-08", document(_BASELINE)),
        ("2022-09-14", document(_BASELINE, _LOOK_AT_IDENTITY)),
        (
            "2025-11-03",
            document(
                _BASELINE,
                _LOOK_AT_IDENTITY,
                {"Sid": "PlatformMove", "Effect": "Allow", "Action": ["iam:PassRole", "s3:*"], "Resource": "*"},
            ),
        ),
    ),
)

SELF_MANAGE_CREDENTIALS = SamplePolicy(
    name="SelfManageCredentials",
    description="Own password, own keys, own MFA device; every user has a path, hence user/*/name",
    versions=(
        (
            "2020-06-01",
            document(
                {
                    "Sid": "OwnCredentials",
                    "Effect": "Allow",
                    "Action": [
                        "iam:ChangePassword", "iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:EnableMFADevice",
                        "iam:GetUser", "iam:ListAccessKeys", "iam:ListMFADevices", "iam:ResyncMFADevice",
                        "iam:UpdateAccessKey",
                    ],
                    "Resource": arn("user/*/${aws:username}"),
                },
                {
                    "Sid": "OwnMfaDevice",
                    "Effect": "Allow",
                    "Action": ["iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice"],
                    "Resource": arn("mfa/${aws:username}"),
                },
                {"Effect": "Allow", "Action": "iam:ListVirtualMFADevices", "Resource": "*"},
            ),
        ),
    ),
)  # fmt: skip

TEAM_TAG_ACCESS = SamplePolicy(
    name="TeamTagAccess",
    path="/engineering/",
    description="A team reaches what bears its own team tag or name",
    versions=(
        (
            "2023-05-22",
            document(
                {
                    "Sid": "OwnTeamSecrets",
                    "Effect": "Allow",
                    "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                    "Resource": f"arn:aws:secretsmanager:*:{ACCOUNT_ID}:secret:${{aws:PrincipalTag/team}}/*",
                },
                {
                    "Sid": "OwnTeamKeys",
                    "Effect": "Allow",
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                    "Resource": f"arn:aws:kms:*:{ACCOUNT_ID}:key/*",
                    "Condition": {
                        "StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"},
                        "StringLike": {"kms:ViaService": ["s3.*.amazonaws.com", "secretsmanager.*.amazonaws.com"]},
                    },
                },
                {
                    "Sid": "OwnTeamFolder",
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject"],
                    "Resource": "arn:aws:s3:::acme-team-data/${aws:PrincipalTag/team, 'none'}/*",
                },
            ),
        ),
    ),
)

HOME_FOLDERS = SamplePolicy(
    name="HomeFolders",
    description="One folder a user in acme-home",
    versions=(
        (
            "2020-06-01",
            document(
                {
                    "Sid": "ListOwnFolder",
                    "Effect": "Allow",
                    "Action": "s3:ListBucket",
                    "Resource": "arn:aws:s3:::acme-home",
                    "Condition": {"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/*"]}},
                },
                {
                    "Sid": "UseOwnFolder",
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                    "Resource": "arn:aws:s3:::acme-home/home/${aws:username}/*",
                },
            ),
        ),
    ),
)

DEPLOYMENT_PASS_ROLE = SamplePolicy(
    name="DeploymentPassRole",
    path="/engineering/",
    description="Hand the service roles to the services that run our code",
    versions=(
        (
            "2022-01-17",
            document(
                {
                    "Sid": "PassServiceRoles",
                    "Effect": "Allow",
                    "Action": "iam:PassRole",
                    "Resource": arn("role/service/*"),
                    "Condition": {
                        "StringEquals": {"iam:PassedToService": ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]}
                    },
                },
                {
                    "Sid": "Deploy",
                    "Effect": "Allow",
                    "Action": ["ecs:RegisterTaskDefinition", "ecs:UpdateService", "lambda:UpdateFunctionCode"],
                    "Resource": "*",
                },
            ),
        ),
    ),
)

LEGACY_PASS_ROLE = SamplePolicy(
    name="LegacyPassRole",
    path="/engineering/",
    description="From before DeploymentPassRole: any role, to any service",
    versions=(
        (
            "2019-04-02",
            document(
                {
                    "Effect": "Allow",
                    "Action": ["iam:PassRole", "ec2:RunInstances", "lambda:CreateFunction", "lambda:InvokeFunction"],
                    "Resource": "*",
                }
            ),
        ),
    ),
)

ASSUME_DEPLOY_ROLES = SamplePolicy(
    name="AssumeDeployRoles",
    path="/engineering/",
    versions=(
        (
            "2022-01-17",
            document({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arn("role/deploy/deploy")}),
        ),
    ),
)

PAYROLL_READ_WRITE = SamplePolicy(
    name="PayrollReadWrite",
    path="/finance/",
    description="The payroll bucket, from the office and the VPN",
    versions=(
        (
            "2021-03-15",
            document(
                {
                    "Sid": "PayrollFromTheOffice",
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject"],
                    "Resource": "arn:aws:s3:::acme-payroll/*",
                    "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8:1234::/48"]}},
                },
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Action": "s3:*",
                    "Resource": ["arn:aws:s3:::acme-payroll", "arn:aws:s3:::acme-payroll/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
                {
                    "Sid": "DeleteSoonAfterMfa",
                    "Effect": "Allow",
                    "Action": "s3:DeleteObject",
                    "Resource": "arn:aws:s3:::acme-payroll/*",
                    "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
                },
            ),
        ),
    ),
)

DATA_LAKE_READER = SamplePolicy(
    name="DataLakeReader",
    path="/data/",
    versions=(
        (
            "2021-07-19",
            document(
                {
                    "Sid": "ReadLake",
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:ListBucket"],
                    "Resource": ["arn:aws:s3:::acme-datalake", "arn:aws:s3:::acme-datalake/*"],
                },
                {
                    "Sid": "ReadCatalog",
                    "Effect": "Allow",
                    "Action": ["glue:GetDatabase*", "glue:GetTable*", "glue:GetPartition*"],
                    "Resource": "*",
                },
            ),
        ),
    ),
)

ANALYST_SANDBOX = SamplePolicy(
    name="AnalystSandbox",
    path="/data/",
    description="Meant as 'everything but payroll'; opens every bucket that will ever be made",
    versions=(
        (
            "2022-03-28",
            document(
                {
                    "Sid": "EverythingButPayroll",
                    "Effect": "Allow",
                    "Action": ["s3:GetObject"],
                    "NotResource": ["arn:aws:s3:::acme-payroll/*", "arn:aws:s3:::acme-datalake/*"],
                }
            ),
        ),
    ),
)

TEMPORARY_CONTRACTOR_ACCESS = SamplePolicy(
    name="TemporaryContractorAccess",
    path="/contractors/",
    versions=(
        (
            "2026-01-12",
            document(
                {
                    "Sid": "UntilTheContractEnds",
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"],
                    "Resource": "*",
                    "Condition": {
                        "DateGreaterThanEquals": {"aws:CurrentTime": "2026-01-12T00:00:00Z"},
                        "DateLessThan": {"aws:CurrentTime": "2026-12-31T23:59:59Z"},
                    },
                }
            ),
        ),
    ),
)

LEGACY_FULL_ACCESS = SamplePolicy(
    name="LegacyFullAccess",
    description="From the first week of the account",
    versions=(("2018-11-20", document({"Effect": "Allow", "Action": "*", "Resource": "*"})),),
)

DATA_MIGRATION_2024 = SamplePolicy(
    name="DataMigration2024",
    path="/data/",
    description="Done; attached to nobody",
    versions=(
        (
            "2024-02-26",
            document({"Effect": "Allow", "Action": ["s3:*", "dms:*", "glue:*"], "Resource": "*"}),
        ),
    ),
)

POLICIES = (
    ENGINEER_BASELINE,
    guardrails.REGION_LOCK,
    guardrails.REQUIRE_MFA,
    SELF_MANAGE_CREDENTIALS,
    TEAM_TAG_ACCESS,
    HOME_FOLDERS,
    DEPLOYMENT_PASS_ROLE,
    LEGACY_PASS_ROLE,
    ASSUME_DEPLOY_ROLES,
    guardrails.AUDIT_TRAIL_PROTECTION,
    PAYROLL_READ_WRITE,
    DATA_LAKE_READER,
    ANALYST_SANDBOX,
    guardrails.TAGGING_RULES,
    TEMPORARY_CONTRACTOR_ACCESS,
    guardrails.CONTRACTOR_BOUNDARY,
    guardrails.ENGINEERING_LEAD_BOUNDARY,
    LEGACY_FULL_ACCESS,
    guardrails.QUARANTINE,
    DATA_MIGRATION_2024,
)
