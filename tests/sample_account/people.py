"""The groups and users of the sample account."""

from . import guardrails, policies
from .shapes import SampleGroup, SampleUser, arn, aws_managed, document

GROUPS = (
    SampleGroup(
        name="AllStaff",
        created="2020-06-01",
        attached=(policies.SELF_MANAGE_CREDENTIALS.arn, aws_managed("IAMUserChangePassword")),
    ),
    SampleGroup(
        name="Administrators",
        created="2018-11-20",
        attached=(aws_managed("AdministratorAccess"), guardrails.REQUIRE_MFA.arn),
    ),
    SampleGroup(
        name="Engineers",
        path="/engineering/",
        created="2020-06-01",
        attached=(
            policies.ENGINEER_BASELINE.arn,
            guardrails.REGION_LOCK.arn,
            policies.TEAM_TAG_ACCESS.arn,
            policies.HOME_FOLDERS.arn,
        ),
        inline={
            "ProtectControlTags": document(
                {
                    "Sid": "TeamsAreNotSelfService",
                    "Effect": "Deny",
                    "Action": ["iam:TagUser", "iam:UntagUser", "iam:TagRole", "iam:UntagRole"],
                    "Resource": "*",
                    "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": ["team", "cost-center"]}},
                }
            )
        },
    ),
    SampleGroup(
        name="EngineeringLeads",
        path="/engineering/",
        created="2022-01-17",
        attached=(policies.LEGACY_PASS_ROLE.arn,),
    ),
    SampleGroup(
        name="Deployers",
        path="/engineering/",
        created="2022-01-17",
        attached=(policies.ASSUME_DEPLOY_ROLES.arn, policies.DEPLOYMENT_PASS_ROLE.arn),
    ),
    SampleGroup(
        name="SiteReliability",
        path="/engineering/sre/",
        created="2021-10-11",
        attached=(
            aws_managed("PowerUserAccess"),
            guardrails.AUDIT_TRAIL_PROTECTION.arn,
            policies.DEPLOYMENT_PASS_ROLE.arn,
        ),
    ),
    SampleGroup(
        name="DataScience",
        path="/data/",
        created="2021-07-19",
        attached=(
            policies.DATA_LAKE_READER.arn,
            policies.ANALYST_SANDBOX.arn,
            policies.HOME_FOLDERS.arn,
            aws_managed("AmazonAthenaFullAccess"),
        ),
    ),
    SampleGroup(
        name="Finance",
        path="/finance/",
        created="2021-03-15",
        attached=(policies.PAYROLL_READ_WRITE.arn, aws_managed("job-function/Billing"), guardrails.REQUIRE_MFA.arn),
    ),
    SampleGroup(
        name="SecurityAuditors",
        path="/security/",
        created="2020-09-07",
        attached=(aws_managed("SecurityAudit"), guardrails.REQUIRE_MFA.arn),
    ),
    SampleGroup(
        name="Support",
        path="/support/",
        created="2022-05-30",
        attached=(aws_managed("AWSSupportAccess"),),
        inline={
            "InstanceConsole": document(
                {
                    "Sid": "LookAtWebServers",
                    "Effect": "Allow",
                    "Action": ["ec2:DescribeInstances", "ec2:GetConsoleOutput"],
                    "Resource": "arn:aws:ec2:eu-west-1:111122223333:instance/*",
                }
            )
        },
    ),
    SampleGroup(name="Interns", created="2023-06-12", attached=(aws_managed("ReadOnlyAccess"),)),
    SampleGroup(
        name="MachineUsers",
        path="/machines/",
        created="2019-09-23",
        inline={
            "OnlyFromOurNetwork": document(
                {
                    "Sid": "OnlyFromOurNetwork",
                    "Effect": "Deny",
                    "Action": "*",
                    "Resource": "*",
                    "Condition": {
                        "NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.16/28"]},
                        "Bool": {"aws:ViaAWSService": "false"},
                    },
                }
            )
        },
    ),
)


def _tags(team: str, cost_center: str) -> dict[str, str]:
    return {"team": team, "cost-center": cost_center}


ENGINEERS = (
    SampleUser("ana.moreno", "2020-06-02", "/engineering/", ("AllStaff", "Engineers"), tags=_tags("payments", "4100")),
    SampleUser("ben.okafor", "2020-08-17", "/engineering/", ("AllStaff", "Engineers"), tags=_tags("checkout", "4100")),
    SampleUser(
        "chloe.dubois", "2021-01-11", "/engineering/", ("AllStaff", "Engineers"), tags=_tags("payments", "4100")
    ),
    SampleUser(
        "deepak.rao",
        "2021-04-19",
        "/engineering/",
        ("AllStaff", "Engineers", "SiteReliability"),
        tags=_tags("platform", "4200"),
    ),
    SampleUser(
        "elena.petrov",
        "2019-09-16",
        "/engineering/",
        ("AllStaff", "EngineeringLeads"),
        attached=(aws_managed("AdministratorAccess"),),
        boundary=guardrails.ENGINEERING_LEAD_BOUNDARY.arn,
        tags=_tags("platform", "4200"),
    ),
    SampleUser(
        "farid.haddad",
        "2021-11-02",
        "/engineering/",
        ("AllStaff", "Engineers", "Deployers"),
        tags=_tags("checkout", "4100"),
    ),
    SampleUser(
        "grace.lin", "2022-02-14", "/engineering/sre/", ("AllStaff", "SiteReliability"), tags=_tags("platform", "4200")
    ),
    SampleUser("hugo.silva", "2025-09-01", "/engineering/", ("AllStaff", "Engineers"), tags={"cost-center": "4100"}),
    SampleUser(
        "ines.costa", "2018-11-21", "/engineering/sre/", ("AllStaff", "Administrators"), tags=_tags("platform", "4200")
    ),
    SampleUser(
        "jonas.berg",
        "2019-03-04",
        "/engineering/sre/",
        ("AllStaff", "Administrators", "SiteReliability"),
        tags=_tags("platform", "4200"),
    ),
    SampleUser(
        "yusuf.demir",
        "2023-10-09",
        "/engineering/",
        ("AllStaff",),
        attached=(aws_managed("AmazonS3ReadOnlyAccess"),),
        inline={
            "OnCallRestart": document(
                {
                    "Sid": "RestartOwnTeam",
                    "Effect": "Allow",
                    "Action": ["ec2:StartInstances", "ec2:StopInstances", "ec2:RebootInstances"],
                    "Resource": "arn:aws:ec2:*:111122223333:instance/*",
                    "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
                }
            )
        },
        tags=_tags("search", "4100"),
    ),
)

OTHER_STAFF = (
    SampleUser("kavya.nair", "2021-07-20", "/data/", ("AllStaff", "DataScience"), tags=_tags("data", "4300")),
    SampleUser("liam.walsh", "2022-06-07", "/data/", ("AllStaff", "DataScience"), tags=_tags("data", "4300")),
    SampleUser("mei.tanaka", "2024-01-15", "/data/", ("AllStaff", "DataScience"), tags=_tags("data", "4300")),
    SampleUser("nora.lindqvist", "2021-03-16", "/finance/", ("AllStaff", "Finance"), tags=_tags("finance", "1100")),
    SampleUser("omar.said", "2022-08-29", "/finance/", ("AllStaff", "Finance"), tags=_tags("finance", "1100")),
    SampleUser("petra.novak", "2023-04-03", "/finance/", ("AllStaff", "Finance"), tags=_tags("finance", "1100")),
    SampleUser(
        "quentin.roy", "2020-09-08", "/security/", ("AllStaff", "SecurityAuditors"), tags=_tags("security", "1200")
    ),
    SampleUser(
        "rosa.alvarez", "2023-02-06", "/security/", ("AllStaff", "SecurityAuditors"), tags=_tags("security", "1200")
    ),
    SampleUser("samuel.kim", "2022-05-31", "/support/", ("AllStaff", "Support"), tags=_tags("support", "5100")),
    SampleUser("tara.obrien", "2024-11-18", "/support/", ("AllStaff", "Support"), tags=_tags("support", "5100")),
    SampleUser(
        "uwe.brandt",
        "2026-01-12",
        "/contractors/",
        attached=(policies.TEMPORARY_CONTRACTOR_ACCESS.arn,),
        boundary=guardrails.CONTRACTOR_BOUNDARY.arn,
        tags={"team": "payments", "contract-ends": "2026-12-31"},
    ),
    # Its boundary is an AWS managed policy that nobody has attached: the capture does not hold the document.
    SampleUser(
        "vera.ivanova",
        "2026-03-02",
        "/contractors/",
        attached=(policies.TEMPORARY_CONTRACTOR_ACCESS.arn,),
        boundary=aws_managed("job-function/SystemAdministrator"),
        tags={"team": "platform", "contract-ends": "2026-12-31"},
    ),
)

MACHINES = (
    SampleUser(
        "acme-bootstrap",
        "2018-11-20",
        attached=(policies.LEGACY_FULL_ACCESS.arn,),
    ),
    SampleUser(
        "backup-agent",
        "2019-09-23",
        "/machines/",
        inline={
            "BackupBucketWrite": document(
                {
                    "Sid": "WriteBackups",
                    "Effect": "Allow",
                    "Action": ["s3:PutObject", "s3:AbortMultipartUpload"],
                    "Resource": "arn:aws:s3:::acme-backups/*",
                }
            )
        },
        tags=_tags("platform", "4200"),
    ),
    SampleUser(
        "batch-legacy",
        "2018-12-03",
        "/machines/",
        inline={
            # Version 2008-10-17 knows no policy variables: the resource is that very text (rule H6).
            "LegacyHomeFolder": document(
                {
                    "Sid": "OwnFolder",
                    "Effect": "Allow",
                    "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::acme-home/home/${aws:username}/*",
                },
                version="2008-10-17",
            )
        },
    ),
    SampleUser(
        "ci-legacy-deployer",
        "2019-09-23",
        "/machines/",
        ("MachineUsers",),
        attached=(policies.LEGACY_PASS_ROLE.arn,),
        tags=_tags("platform", "4200"),
    ),
    SampleUser(
        "metrics-exporter",
        "2020-02-10",
        "/machines/",
        attached=(aws_managed("PowerUserAccess"), guardrails.QUARANTINE.arn),
        inline={
            "PublishMetrics": {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Action": "cloudwatch:PutMetricData",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"cloudwatch:namespace": "Acme/Machines"}},
                },
            }
        },
        tags={"incident": "2026-031"},
    ),
)

USERS = (*ENGINEERS, *OTHER_STAFF, *MACHINES)

BREAK_GLASS_USERS = [arn("user/engineering/sre/ines.costa"), arn("user/engineering/sre/jonas.berg")]
