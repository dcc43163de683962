"""The other roles of the sample account: federation, other accounts, people, the services' own; and the list of all."""

from . import guardrails, policies
from .people import BREAK_GLASS_USERS
from .shapes import SampleRole, arn, aws_managed, document
from .trusts import (
    ADMINISTRATOR,
    BACKUP_ACCOUNT,
    COST_VENDOR,
    MONITORING_VENDOR,
    ORGANIZATION,
    SECURITY_ACCOUNT,
    team_tag,
    trust,
    trusting_account,
)
from .workloads import DEPLOYMENT, WORK_LOADS

FEDERATION = (
    SampleRole(
        "SamlEngineers",
        "2020-06-01",
        trust(
            {"Federated": arn("saml-provider/acme-sso")},
            ["sts:AssumeRoleWithSAML", "sts:TagSession"],
            StringEquals={"SAML:aud": "https://signin.aws.amazon.com/saml"},
        ),
        "/federated/",
        attached=(policies.ENGINEER_BASELINE.arn, guardrails.REGION_LOCK.arn, policies.TEAM_TAG_ACCESS.arn),
        last_used=("2025-11-20T09:31:00+00:00", "eu-west-1"),
    ),
    *(
        SampleRole(
            f"AWSReservedSSO_{name}_{suffix}",
            "2024-02-19",
            trust(
                {"Federated": arn("saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE")},
                ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                StringEquals={"SAML:aud": "https://signin.aws.amazon.com/saml"},
            ),
            "/aws-reserved/sso.amazonaws.com/eu-west-1/",
            attached=attached,
            last_used=last_used,
        )
        for name, suffix, attached, last_used in (
            ("AdministratorAccess", "1a2b3c4d5e6f7a8b", (ADMINISTRATOR,), ("2026-09-29T13:10:00+00:00", "eu-west-1")),
            (
                "ReadOnlyAccess",
                "2b3c4d5e6f7a8b9c",
                (aws_managed("ReadOnlyAccess"),),
                ("2026-09-30T11:47:00+00:00", "eu-west-1"),
            ),
            ("Billing", "3c4d5e6f7a8b9c0d", (aws_managed("job-function/Billing"),), None),
        )
    ),
)

OTHER_ACCOUNTS = (
    SampleRole(
        "harborline-monitoring",
        "2023-03-27",
        trusting_account(MONITORING_VENDOR, StringEquals={"sts:ExternalId": "acme-7f3d1c9b"}),
        "/vendors/",
        attached=(aws_managed("CloudWatchReadOnlyAccess"),),
        tags={"vendor": "harborline"},
        last_used=("2026-09-30T23:58:00+00:00", "eu-west-1"),
    ),
    SampleRole(
        "tallyport-cost-reports",
        "2022-10-24",
        trusting_account(COST_VENDOR),
        "/vendors/",
        attached=(aws_managed("AWSBillingReadOnlyAccess"), aws_managed("job-function/ViewOnlyAccess")),
        tags={"vendor": "tallyport"},
        last_used=("2025-03-02T04:00:00+00:00", "us-east-1"),
    ),
    SampleRole(
        "security-audit",
        "2020-09-07",
        trusting_account(SECURITY_ACCOUNT),
        "/security/",
        attached=(aws_managed("SecurityAudit"),),
        tags=team_tag("security"),
        last_used=("2026-09-30T06:00:00+00:00", "us-east-1"),
    ),
    SampleRole(
        "cross-account-backup",
        "2021-12-06",
        trust({"AWS": arn("role/backup-orchestrator", BACKUP_ACCOUNT)}),
        "/service/",
        inline={
            "ReadBackups": document(
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:ListBucket"],
                    "Resource": ["arn:aws:s3:::acme-backups", "arn:aws:s3:::acme-backups/*"],
                }
            )
        },
        tags=team_tag("platform"),
        last_used=("2026-09-30T03:15:00+00:00", "eu-central-1"),
    ),
    SampleRole(
        "organization-inventory",
        "2024-04-29",
        trust("*", StringEquals={"aws:PrincipalOrgID": ORGANIZATION}),
        attached=(aws_managed("IAMReadOnlyAccess"),),
        last_used=("2026-09-27T07:00:00+00:00", "us-east-1"),
    ),
    SampleRole(
        "public-status-page",
        "2021-08-30",
        trust({"AWS": "*"}),
        inline={
            "StatusPage": document(
                {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::acme-status/*"}
            )
        },
    ),
)

PEOPLE = (
    SampleRole(
        "BreakGlassAdmin",
        "2019-01-14",
        trust(
            {"AWS": BREAK_GLASS_USERS},
            Bool={"aws:MultiFactorAuthPresent": "true"},
            NumericLessThan={"aws:MultiFactorAuthAge": "900"},
        ),
        "/break-glass/",
        attached=(ADMINISTRATOR,),
        last_used=("2024-03-11T03:27:00+00:00", "eu-west-1"),
    ),
    SampleRole(
        "IncidentResponder",
        "2021-10-11",
        trust({"AWS": [arn("user/security/quentin.roy"), arn("user/security/rosa.alvarez")]}),
        "/security/",
        inline={
            "Contain": document(
                {
                    "Sid": "Contain",
                    "Effect": "Allow",
                    "Action": ["ec2:StopInstances", "iam:AttachUserPolicy", "iam:UpdateAccessKey"],
                    "Resource": "*",
                }
            )
        },
        tags=team_tag("security"),
        last_used=("2026-02-18T22:40:00+00:00", "eu-west-1"),
    ),
    SampleRole(
        "FinanceAnalyst",
        "2021-03-15",
        trusting_account(Bool={"aws:MultiFactorAuthPresent": "true"}),
        "/finance/",
        attached=(policies.PAYROLL_READ_WRITE.arn,),
        tags=team_tag("finance"),
        last_used=("2026-09-25T09:02:00+00:00", "eu-west-1"),
    ),
    SampleRole(
        "support-tier2",
        "2022-05-30",
        trusting_account(StringLike={"sts:RoleSessionName": "${aws:username}"}),
        "/support/",
        attached=(aws_managed("AWSSupportAccess"), aws_managed("CloudWatchReadOnlyAccess")),
        tags=team_tag("support"),
    ),
    SampleRole(
        "contractor-tools",
        "2026-01-12",
        trust({"AWS": arn("user/contractors/uwe.brandt")}),
        "/contractors/",
        inline={
            "Tools": document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-tools/*"})
        },
    ),
    SampleRole(
        "sandbox-admin",
        "2023-01-09",
        trusting_account(),
        "/engineering/",
        attached=(ADMINISTRATOR,),
        boundary=guardrails.ENGINEERING_LEAD_BOUNDARY.arn,
        tags=team_tag("platform"),
        last_used=("2026-09-17T14:36:00+00:00", "eu-central-1"),
    ),
    # Both were deleted: AWS shows the unique id where the ARN stood (rule E12).
    SampleRole(
        "legacy-etl",
        "2019-06-24",
        trust({"AWS": ["AIDACKCEVSQ6C2EXAMPLE", "AROADBQP57FF2AEXAMPLE"]}),
        "/service/",
        attached=(policies.DATA_LAKE_READER.arn,),
        last_used=("2025-08-04T01:00:00+00:00", "eu-central-1"),
    ),
)


def _service_linked(
    name: str, host: str, created: str, policy: str, last_used: tuple[str, str] | None = None
) -> SampleRole:
    return SampleRole(
        name,
        created,
        trust({"Service": host}),
        f"/aws-service-role/{host}/",
        attached=(aws_managed(f"aws-service-role/{policy}"),),
        last_used=last_used,
    )


SERVICE_LINKED = (
    _service_linked(
        "AWSServiceRoleForAutoScaling",
        "autoscaling.amazonaws.com",
        "2020-06-15",
        "AutoScalingServiceRolePolicy",
        ("2026-09-30T20:00:00+00:00", "eu-west-1"),
    ),
    _service_linked(
        "AWSServiceRoleForECS",
        "ecs.amazonaws.com",
        "2022-03-07",
        "AmazonECSServiceRolePolicy",
        ("2026-09-30T23:50:00+00:00", "eu-west-1"),
    ),
    _service_linked(
        "AWSServiceRoleForTrustedAdvisor",
        "trustedadvisor.amazonaws.com",
        "2018-11-20",
        "AWSTrustedAdvisorServiceRolePolicy",
    ),
    _service_linked(
        "AWSServiceRoleForOrganizations",
        "organizations.amazonaws.com",
        "2019-02-25",
        "AWSOrganizationsServiceTrustPolicy",
    ),
)

ROLES = (*WORK_LOADS, *DEPLOYMENT, *FEDERATION, *OTHER_ACCOUNTS, *PEOPLE, *SERVICE_LINKED)
