"""Questions about the sample account, answered by hand from AWS's documentation before there was an evaluator.

Each answer names the page that it rests on and says why in a sentence or two. ``deciding`` are the statements on which
the answer rests, as (policy name, index from 0); a trust policy goes by ``TRUST``. An implicit deny rests on no
statement, and what a root user may do rests on none either. For ``conditional`` they are the statements that hang on
a key not given, and ``hangs_on`` are those keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .shapes import ACCOUNT_ID, arn

USER_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
ENFORCEMENT_ORDER = USER_GUIDE + "reference_policies_evaluation-logic_policy-eval-denyallow.html"
BASICS = USER_GUIDE + "reference_policies_evaluation-logic_policy-eval-basics.html"
BOUNDARIES = USER_GUIDE + "access_policies_boundaries.html"
GROUPS = USER_GUIDE + "id_groups.html"
VERSIONING = USER_GUIDE + "access_policies_managed-versioning.html"
NOT_ACTION = USER_GUIDE + "reference_policies_elements_notaction.html"
NOT_RESOURCE = USER_GUIDE + "reference_policies_elements_notresource.html"
RESOURCE = USER_GUIDE + "reference_policies_elements_resource.html"
PRINCIPAL = USER_GUIDE + "reference_policies_elements_principal.html"
VERSION = USER_GUIDE + "reference_policies_elements_version.html"
VARIABLES = USER_GUIDE + "reference_policies_variables.html"
OPERATORS = USER_GUIDE + "reference_policies_elements_condition_operators.html"
SET_OPERATORS = USER_GUIDE + "reference_policies_condition-single-vs-multi-valued-context-keys.html"
MULTIPLE_KEYS = USER_GUIDE + "reference_policies_condition-logic-multiple-context-keys-or-values.html"
GLOBAL_KEYS = USER_GUIDE + "reference_policies_condition-keys.html"
REGION_EXAMPLE = USER_GUIDE + "reference_policies_examples_aws_deny-requested-region.html"
MFA = USER_GUIDE + "id_credentials_mfa_configure-api-require.html"
TRUST_POLICY = USER_GUIDE + "id_roles_update-role-trust-policy.html"
PASS_ROLE = USER_GUIDE + "id_roles_use_passrole.html"
STS_COMPARISON = USER_GUIDE + "id_credentials_sts-comparison.html"
CROSS_ACCOUNT = USER_GUIDE + "reference_policies_evaluation-logic-cross-account.html"
ROOT_USER = USER_GUIDE + "id_root-user.html"
SESSION_TAGS = USER_GUIDE + "id_session-tags.html"
SERVICE_LINKED_ROLES = USER_GUIDE + "id_roles_create-service-linked-role.html"
OIDC = USER_GUIDE + "id_roles_create_for-idp_oidc.html"
OIDC_CONTROLS = USER_GUIDE + "id_roles_providers_oidc_secure-by-default.html"
STS = "https://docs.aws.amazon.com/STS/latest/APIReference/"
ASSUME_ROLE = STS + "API_AssumeRole.html"
CALLER_IDENTITY = STS + "API_GetCallerIdentity.html"
DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html"

ALLOWED = "allowed"
EXPLICIT_DENY = "explicitDeny"
IMPLICIT_DENY = "implicitDeny"
CONDITIONAL = "conditional"

TRUST = "trust policy"


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    principal: str
    action: str
    resource: str
    decision: str
    deciding: frozenset[tuple[str, int]]
    page: str
    reasoning: str
    context: Mapping[str, str | Sequence[str] | None] = field(default_factory=dict)
    hangs_on: frozenset[str] = frozenset()


def user(path_and_name: str) -> str:
    return arn(f"user/{path_and_name}")


def role(path_and_name: str) -> str:
    return arn(f"role/{path_and_name}")


def session(role_name: str, session_name: str) -> str:
    return f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role_name}/{session_name}"


def regional(service: str, resource: str, region: str = "eu-west-1") -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT_ID}:{resource}"


def bucket(name_and_key: str) -> str:
    return f"arn:aws:s3:::{name_and_key}"


def statements(*pairs: tuple[str, int]) -> frozenset[tuple[str, int]]:
    return frozenset(pairs)


NOTHING: frozenset[tuple[str, int]] = frozenset()

ANA = user("engineering/ana.moreno")
BEN = user("engineering/ben.okafor")
CHLOE = user("engineering/chloe.dubois")
ELENA = user("engineering/elena.petrov")
FARID = user("engineering/farid.haddad")
GRACE = user("engineering/sre/grace.lin")
HUGO = user("engineering/hugo.silva")
INES = user("engineering/sre/ines.costa")
KAVYA = user("data/kavya.nair")
LIAM = user("data/liam.walsh")
NORA = user("finance/nora.lindqvist")
QUENTIN = user("security/quentin.roy")
TARA = user("support/tara.obrien")
UWE = user("contractors/uwe.brandt")
BACKUP_AGENT = user("machines/backup-agent")
BATCH_LEGACY = user("machines/batch-legacy")
METRICS_EXPORTER = user("machines/metrics-exporter")
CI_LEGACY = user("machines/ci-legacy-deployer")
ROOT = arn("root")
GITHUB_PROVIDER = arn("oidc-provider/token.actions.githubusercontent.com")
STRANGER = {
    "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
    "token.actions.githubusercontent.com:sub": "repo:stranger/fork:ref:refs/heads/main",
}
MAIN_BRANCH = {**STRANGER, "token.actions.githubusercontent.com:sub": "repo:acme-example/shop:ref:refs/heads/main"}
SAML_SESSION = session("SamlEngineers", "chloe.dubois")
PIPELINE_RUN = session("GitHubActionsDeploy", "run-4711")
INSTANCE = regional("ec2", "instance/i-0123456789abcdef0")
PAYROLL = bucket("acme-payroll/2026/09.csv")
AT_HOME_IN_IRELAND = {"aws:RequestedRegion": "eu-west-1"}
WITH_MFA = {"aws:MultiFactorAuthPresent": "true"}

IDENTITY = (
    Question(
        "direct allow",
        BACKUP_AGENT,
        "s3:PutObject",
        bucket("acme-backups/2026/10/01.tar"),
        ALLOWED,
        statements(("BackupBucketWrite", 0)),
        BASICS,
        "The inline policy allows it and nothing denies it; in one account the identity-based policy is enough.",
    ),
    Question(
        "group allow",
        LIAM,
        "s3:GetObject",
        bucket("acme-datalake/raw/events.parquet"),
        ALLOWED,
        statements(("DataLakeReader", 0)),
        GROUPS,
        "Policies of the group DataScience are policies of its members; of them only DataLakeReader matches, for "
        "AnalystSandbox leaves the lake out by NotResource.",
    ),
    Question(
        "explicit deny beats an allow",
        GRACE,
        "cloudtrail:StopLogging",
        regional("cloudtrail", "trail/main"),
        EXPLICIT_DENY,
        statements(("AuditTrailProtection", 0)),
        ENFORCEMENT_ORDER,
        "PowerUserAccess allows it, AuditTrailProtection denies it: her ARN is not like role/security/*.",
    ),
    Question(
        "only the default version counts",
        BEN,
        "iam:PassRole",
        role("service/web-server"),
        IMPLICIT_DENY,
        NOTHING,
        VERSIONING,
        "Version 3 of EngineerBaseline would allow it, but version 2 is the default, and it leaves iam out.",
    ),
    Question(
        "a deny of everything",
        METRICS_EXPORTER,
        "cloudwatch:PutMetricData",
        "*",
        EXPLICIT_DENY,
        statements(("Quarantine", 0)),
        ENFORCEMENT_ORDER,
        "A Deny of everything on everything applies, whatever PowerUserAccess and the inline policy allow.",
    ),
    Question(
        "GetCallerIdentity needs no permission",
        METRICS_EXPORTER,
        "sts:GetCallerIdentity",
        "*",
        ALLOWED,
        NOTHING,
        CALLER_IDENTITY,
        "No permission is needed, and a Deny of sts:GetCallerIdentity has no effect, the page says.",
    ),
)

BOUNDED = (
    Question(
        "a boundary that lacks an allow",
        ELENA,
        "iam:CreateUser",
        user("engineering/new.hire"),
        IMPLICIT_DENY,
        NOTHING,
        BOUNDARIES,
        "AdministratorAccess allows it, her boundary has no statement that does: the intersection is empty.",
    ),
    Question(
        "a boundary that allows",
        ELENA,
        "ec2:StopInstances",
        INSTANCE,
        ALLOWED,
        statements(("AdministratorAccess", 0), ("EngineeringLeadBoundary", 0)),
        BOUNDARIES,
        "Identity-based policy and boundary both allow it; the boundary's default is version 2.",
    ),
    Question(
        "a deny in a boundary",
        ELENA,
        "iam:DeleteUserPermissionsBoundary",
        ELENA,
        EXPLICIT_DENY,
        statements(("EngineeringLeadBoundary", 1)),
        ENFORCEMENT_ORDER,
        "A Deny counts in every kind of policy, the boundary included.",
    ),
    Question(
        "a bounded contractor within the contract",
        UWE,
        "s3:GetObject",
        bucket("acme-tools/readme.txt"),
        ALLOWED,
        statements(("TemporaryContractorAccess", 0), ("ContractorBoundary", 0)),
        OPERATORS,
        "Both dates of the two Date operators hold, and the boundary allows s3.",
        {"aws:CurrentTime": "2026-06-01T12:00:00Z"},
    ),
    Question(
        "a bounded contractor after the contract",
        UWE,
        "s3:GetObject",
        bucket("acme-tools/readme.txt"),
        IMPLICIT_DENY,
        NOTHING,
        OPERATORS,
        "DateLessThan 2026-12-31 is false in January 2027; both operators must be true.",
        {"aws:CurrentTime": "2027-01-15T00:00:00Z"},
    ),
    Question(
        "allowed by the policy, outside the boundary",
        UWE,
        "sqs:SendMessage",
        regional("sqs", "orders"),
        IMPLICIT_DENY,
        NOTHING,
        BOUNDARIES,
        "TemporaryContractorAccess allows it, ContractorBoundary allows s3 alone.",
        {"aws:CurrentTime": "2026-06-01T12:00:00Z"},
    ),
)

ELEMENTS = (
    Question(
        "NotAction allows what it does not name",
        BEN,
        "sqs:CreateQueue",
        regional("sqs", "checkout-events"),
        ALLOWED,
        statements(("EngineerBaseline", 0)),
        NOT_ACTION,
        "sqs is not among the services that NotAction leaves out; RegionLock does not fire in eu-west-1.",
    ),
    Question(
        "NotAction does not allow what it names",
        BEN,
        "iam:CreateUser",
        user("engineering/new.hire"),
        IMPLICIT_DENY,
        NOTHING,
        NOT_ACTION,
        "iam:* is listed in NotAction, and the second statement allows only Get and List.",
    ),
    Question(
        "region lock",
        BEN,
        "sqs:CreateQueue",
        regional("sqs", "checkout-events", "us-east-1"),
        EXPLICIT_DENY,
        statements(("RegionLock", 0)),
        REGION_EXAMPLE,
        "sqs is not exempt, and us-east-1 is neither of the two Regions, so StringNotEquals is true.",
    ),
    Question(
        "NotResource allows what it does not name",
        KAVYA,
        "s3:GetObject",
        bucket("acme-marketing/brand/logo.svg"),
        ALLOWED,
        statements(("AnalystSandbox", 0)),
        NOT_RESOURCE,
        "NotResource lists payroll and the lake; every other object matches, also of buckets yet to be made.",
    ),
    Question(
        "NotResource does not allow what it names",
        KAVYA,
        "s3:GetObject",
        PAYROLL,
        IMPLICIT_DENY,
        NOTHING,
        NOT_RESOURCE,
        "acme-payroll/* is listed in NotResource: the statement does not match, and nothing else allows.",
    ),
    Question(
        "an action without resource types needs *",
        TARA,
        "ec2:DescribeInstances",
        "*",
        IMPLICIT_DENY,
        NOTHING,
        RESOURCE,
        "ec2:DescribeInstances works on no resource type, so a statement that names instances does not allow it.",
    ),
    Question(
        "an action with resource types in the same statement",
        TARA,
        "ec2:GetConsoleOutput",
        INSTANCE,
        ALLOWED,
        statements(("InstanceConsole", 0)),
        RESOURCE,
        "ec2:GetConsoleOutput works on instances, and the instance matches the wildcard.",
    ),
)

VARIABLE = (
    Question(
        "aws:username in a resource",
        ANA,
        "s3:PutObject",
        bucket("acme-home/home/ana.moreno/notes.txt"),
        ALLOWED,
        statements(("HomeFolders", 1)),
        VARIABLES,
        "${aws:username} becomes ana.moreno.",
        AT_HOME_IN_IRELAND,
    ),
    Question(
        "aws:username in a resource, the folder of another",
        ANA,
        "s3:PutObject",
        bucket("acme-home/home/ben.okafor/notes.txt"),
        IMPLICIT_DENY,
        NOTHING,
        VARIABLES,
        "${aws:username} becomes ana.moreno, and EngineerBaseline leaves s3 out.",
        AT_HOME_IN_IRELAND,
    ),
    Question(
        "a principal tag in a resource",
        CHLOE,
        "secretsmanager:GetSecretValue",
        regional("secretsmanager", "secret:payments/card-processor-a1b2c3"),
        ALLOWED,
        statements(("TeamTagAccess", 0)),
        VARIABLES,
        "Her tag team is payments.",
    ),
    Question(
        "a principal tag in a resource, the secret of another team",
        CHLOE,
        "secretsmanager:GetSecretValue",
        regional("secretsmanager", "secret:search/index-a1b2c3"),
        IMPLICIT_DENY,
        NOTHING,
        VARIABLES,
        "The resource is secret:payments/* for her, and EngineerBaseline leaves secretsmanager out.",
    ),
    Question(
        "a variable's default value where the tag is missing",
        HUGO,
        "s3:GetObject",
        bucket("acme-team-data/none/welcome.md"),
        ALLOWED,
        statements(("TeamTagAccess", 2)),
        VARIABLES,
        "He has no tag team, so ${aws:PrincipalTag/team, 'none'} is none.",
        AT_HOME_IN_IRELAND,
    ),
    Question(
        "a variable's default value where there is a tag",
        ANA,
        "s3:GetObject",
        bucket("acme-team-data/none/welcome.md"),
        IMPLICIT_DENY,
        NOTHING,
        VARIABLES,
        "Her tag team is payments, so the default is not used and her folder is payments/.",
        AT_HOME_IN_IRELAND,
    ),
    Question(
        "Version 2008-10-17 has no variables",
        BATCH_LEGACY,
        "s3:GetObject",
        bucket("acme-home/home/batch-legacy/report.csv"),
        IMPLICIT_DENY,
        NOTHING,
        VERSION,
        "In that version ${aws:username} is a literal string, which this key does not hold.",
    ),
    Question(
        "Version 2008-10-17 takes a variable as plain text",
        BATCH_LEGACY,
        "s3:GetObject",
        bucket("acme-home/home/${aws:username}/report.csv"),
        ALLOWED,
        statements(("LegacyHomeFolder", 0)),
        VERSION,
        "The key holds the literal string ${aws:username}, which is what the resource says.",
    ),
)

CONDITION = (
    Question(
        "BoolIfExists with MFA, from the office",
        NORA,
        "s3:GetObject",
        PAYROLL,
        ALLOWED,
        statements(("PayrollReadWrite", 0)),
        MFA,
        "With MFA true the Deny of RequireMfa is off, and 203.0.113.20 lies in 203.0.113.0/24.",
        {**WITH_MFA, "aws:SourceIp": "203.0.113.20"},
    ),
    Question(
        "BoolIfExists without the key",
        NORA,
        "s3:GetObject",
        PAYROLL,
        EXPLICIT_DENY,
        statements(("RequireMfa", 0)),
        MFA,
        "Long-term keys carry no aws:MultiFactorAuthPresent, and BoolIfExists is true where the key is missing.",
        {"aws:MultiFactorAuthPresent": None, "aws:SourceIp": "203.0.113.20"},
    ),
    Question(
        "IpAddress from elsewhere",
        NORA,
        "s3:GetObject",
        PAYROLL,
        IMPLICIT_DENY,
        NOTHING,
        OPERATORS,
        "198.51.100.7 lies in neither range, so the only Allow does not match; nothing denies.",
        {**WITH_MFA, "aws:SourceIp": "198.51.100.7"},
    ),
    Question(
        "IpAddress with the address not given",
        NORA,
        "s3:GetObject",
        PAYROLL,
        CONDITIONAL,
        statements(("PayrollReadWrite", 0)),
        OPERATORS,
        "Allowed from 203.0.113.0/24, implicitly denied from elsewhere: it hangs on aws:SourceIp alone.",
        WITH_MFA,
        frozenset({"aws:SourceIp"}),
    ),
    Question(
        "the Region of an S3 request not given",
        ANA,
        "s3:PutObject",
        bucket("acme-home/home/ana.moreno/notes.txt"),
        CONDITIONAL,
        statements(("RegionLock", 0)),
        GLOBAL_KEYS,
        "HomeFolders allows it, RegionLock denies it outside two Regions, and an S3 ARN does not say the Region.",
        hangs_on=frozenset({"aws:RequestedRegion"}),
    ),
    Question(
        "ForAllValues with agreed keys",
        PIPELINE_RUN,
        "ec2:CreateTags",
        INSTANCE,
        ALLOWED,
        statements(("TaggingRules", 0)),
        SET_OPERATORS,
        "Each tag key of the request is in the list; the role session holds the role's policies.",
        {"aws:TagKeys": ["team", "environment"]},
    ),
    Question(
        "ForAllValues with one key too many",
        PIPELINE_RUN,
        "ec2:CreateTags",
        INSTANCE,
        IMPLICIT_DENY,
        NOTHING,
        SET_OPERATORS,
        "owner is not in the list.",
        {"aws:TagKeys": ["team", "owner"]},
    ),
    Question(
        "ForAllValues with the key missing, guarded by Null",
        PIPELINE_RUN,
        "ec2:CreateTags",
        INSTANCE,
        IMPLICIT_DENY,
        NOTHING,
        SET_OPERATORS,
        "ForAllValues is true for a missing key, but Null false asks that it be there; both must hold.",
        {"aws:TagKeys": None},
    ),
    Question(
        "Null true denies what comes without the tag",
        PIPELINE_RUN,
        "ec2:RunInstances",
        INSTANCE,
        EXPLICIT_DENY,
        statements(("TaggingRules", 2)),
        OPERATORS,
        "The key aws:RequestTag/team is not in the request, so Null true matches and the Deny applies.",
        {"aws:RequestTag/team": None},
    ),
    Question(
        "Null true leaves alone what comes with the tag",
        PIPELINE_RUN,
        "ec2:RunInstances",
        INSTANCE,
        ALLOWED,
        statements(("TaggingRules", 1)),
        OPERATORS,
        "The key is there, so the Deny does not apply.",
        {"aws:RequestTag/team": "platform"},
    ),
    Question(
        "leading keys and the role's own tag",
        session("orders-worker", "task-1"),
        "dynamodb:GetItem",
        regional("dynamodb", "table/orders"),
        ALLOWED,
        statements(("OrdersTable", 0)),
        DYNAMODB,
        "The role's tag team is checkout, as is the only leading key; its trust policy lets nobody tag sessions.",
        {"dynamodb:LeadingKeys": ["checkout"]},
    ),
)

OPERATOR = (
    Question(
        "a Deny on plain HTTP",
        NORA,
        "s3:GetObject",
        PAYROLL,
        EXPLICIT_DENY,
        statements(("PayrollReadWrite", 1)),
        GLOBAL_KEYS,
        "aws:SecureTransport false is what TlsOnly denies.",
        {**WITH_MFA, "aws:SourceIp": "203.0.113.20", "aws:SecureTransport": "false"},
    ),
    Question(
        "NumericLessThan soon after MFA",
        NORA,
        "s3:DeleteObject",
        PAYROLL,
        ALLOWED,
        statements(("PayrollReadWrite", 2)),
        OPERATORS,
        "1200 seconds are less than 3600.",
        {**WITH_MFA, "aws:MultiFactorAuthAge": "1200"},
    ),
    Question(
        "NumericLessThan compares numbers",
        NORA,
        "s3:DeleteObject",
        PAYROLL,
        IMPLICIT_DENY,
        NOTHING,
        OPERATORS,
        "As a number 10000 is not less than 3600, though it is as text.",
        {**WITH_MFA, "aws:MultiFactorAuthAge": "10000"},
    ),
    Question(
        "NotIpAddress within a range of sixteen",
        CI_LEGACY,
        "lambda:CreateFunction",
        regional("lambda", "function:preview"),
        ALLOWED,
        statements(("LegacyPassRole", 0)),
        OPERATORS,
        "198.51.100.16/28 ends with .31, so .31 is listed and the Deny is off.",
        {"aws:SourceIp": "198.51.100.31"},
    ),
    Question(
        "NotIpAddress one beyond the range",
        CI_LEGACY,
        "lambda:CreateFunction",
        regional("lambda", "function:preview"),
        EXPLICIT_DENY,
        statements(("OnlyFromOurNetwork", 0)),
        OPERATORS,
        ".32 is in no listed range, and a direct call is not made by a service for him: both operators hold.",
        {"aws:SourceIp": "198.51.100.32", "aws:ViaAWSService": "false"},
    ),
    Question(
        "ForAnyValue with one protected key among others",
        ANA,
        "iam:TagUser",
        ANA,
        EXPLICIT_DENY,
        statements(("ProtectControlTags", 0)),
        SET_OPERATORS,
        "One of the two keys is team, which is enough.",
        {"aws:TagKeys": ["nickname", "team"]},
    ),
    Question(
        "ForAnyValue with no protected key",
        ANA,
        "iam:TagUser",
        ANA,
        IMPLICIT_DENY,
        NOTHING,
        SET_OPERATORS,
        "nickname is not protected, so the Deny is off; but nothing of hers allows iam:TagUser either.",
        {"aws:TagKeys": ["nickname"]},
    ),
    Question(
        "a session tag that nobody gave",
        SAML_SESSION,
        "secretsmanager:GetSecretValue",
        regional("secretsmanager", "secret:payments/card-processor-a1b2c3"),
        CONDITIONAL,
        statements(("TeamTagAccess", 0)),
        SESSION_TAGS,
        "The role has no tag team, but its trust policy lets the identity provider pass session tags.",
        hangs_on=frozenset({"aws:PrincipalTag/team"}),
    ),
    Question(
        "a session tag that was passed",
        SAML_SESSION,
        "secretsmanager:GetSecretValue",
        regional("secretsmanager", "secret:payments/card-processor-a1b2c3"),
        ALLOWED,
        statements(("TeamTagAccess", 0)),
        SESSION_TAGS,
        "A session tag is a principal tag of the session.",
        {"aws:PrincipalTag/team": "payments"},
    ),
    Question(
        "an organization that the snapshot does not know",
        KAVYA,
        "sts:AssumeRole",
        role("organization-inventory"),
        CONDITIONAL,
        statements((TRUST, 0)),
        GLOBAL_KEYS,
        "Everyone of one organization may; whether the account belongs to it, nobody has said.",
        hangs_on=frozenset({"aws:PrincipalOrgID"}),
    ),
)

FEDERATED = (
    Question(
        "a workflow of the trusted branch",
        GITHUB_PROVIDER,
        "sts:AssumeRoleWithWebIdentity",
        role("ci/GitHubActionsDeploy"),
        ALLOWED,
        statements((TRUST, 0)),
        OIDC,
        "Provider, aud and sub are those of the trust policy; there is no identity side.",
        MAIN_BRANCH,
    ),
    Question(
        "a workflow of a stranger",
        GITHUB_PROVIDER,
        "sts:AssumeRoleWithWebIdentity",
        role("ci/GitHubActionsDeploy"),
        IMPLICIT_DENY,
        NOTHING,
        OIDC,
        "The sub names another repository.",
        STRANGER,
    ),
    Question(
        "a workflow of a stranger, where nobody asks for the sub",
        GITHUB_PROVIDER,
        "sts:AssumeRoleWithWebIdentity",
        role("ci/GitHubActionsLegacy"),
        ALLOWED,
        statements((TRUST, 0)),
        OIDC_CONTROLS,
        "Only aud is tested. IAM refuses such policies today, but those that stand go on working.",
        STRANGER,
    ),
    Question(
        "a service that the trust policy names",
        "ec2.amazonaws.com",
        "sts:AssumeRole",
        role("service/web-server"),
        ALLOWED,
        statements((TRUST, 0)),
        PRINCIPAL,
        "A service principal needs only the trust policy.",
    ),
    Question(
        "a service, for whom is not known",
        "ecs-tasks.amazonaws.com",
        "sts:AssumeRole",
        role("service/orders-worker"),
        CONDITIONAL,
        statements((TRUST, 0)),
        GLOBAL_KEYS,
        "The trust policy asks for the account and the ARN of what the service acts for.",
        hangs_on=frozenset({"aws:SourceAccount", "aws:SourceArn"}),
    ),
    Question(
        "a service-linked role is not edited by anybody",
        INES,
        "iam:PutRolePolicy",
        role("aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
        IMPLICIT_DENY,
        NOTHING,
        SERVICE_LINKED_ROLES,
        "AdministratorAccess allows the action, but permissions of a service-linked role belong to the service.",
        WITH_MFA,
    ),
    Question(
        "a session named as its user",
        INES,
        "sts:AssumeRole",
        role("support/support-tier2"),
        ALLOWED,
        statements(("AdministratorAccess", 0), (TRUST, 0)),
        VARIABLES,
        "${aws:username} in the trust policy is the caller's; trust in the account needs her AdministratorAccess too.",
        {**WITH_MFA, "sts:RoleSessionName": "ines.costa"},
    ),
    Question(
        "a session named as another",
        INES,
        "sts:AssumeRole",
        role("support/support-tier2"),
        IMPLICIT_DENY,
        NOTHING,
        VARIABLES,
        "The session name is not her user name, so the trust policy does not match.",
        {**WITH_MFA, "sts:RoleSessionName": "jonas.berg"},
    ),
)

PASSING = (
    Question(
        "PassRole to a service that is listed",
        FARID,
        "iam:PassRole",
        role("service/orders-worker"),
        ALLOWED,
        statements(("DeploymentPassRole", 0)),
        PASS_ROLE,
        "The role lies under role/service/ and ecs-tasks is listed.",
        {"iam:PassedToService": "ecs-tasks.amazonaws.com"},
    ),
    Question(
        "PassRole to a service that is not listed",
        FARID,
        "iam:PassRole",
        role("service/orders-worker"),
        IMPLICIT_DENY,
        NOTHING,
        PASS_ROLE,
        "ec2 is not listed, and he has no other statement on PassRole.",
        {"iam:PassedToService": "ec2.amazonaws.com"},
    ),
    Question(
        "PassRole with the service not given",
        FARID,
        "iam:PassRole",
        role("service/orders-worker"),
        CONDITIONAL,
        statements(("DeploymentPassRole", 0)),
        PASS_ROLE,
        "Allowed to two services, implicitly denied to others; no other statement of his is about PassRole.",
        hangs_on=frozenset({"iam:PassedToService"}),
    ),
)

TRUSTING = (
    Question(
        "a trust policy that names the user is enough",
        QUENTIN,
        "sts:AssumeRole",
        role("security/IncidentResponder"),
        ALLOWED,
        statements((TRUST, 0)),
        ASSUME_ROLE,
        "A user of the account whom the trust policy names needs no identity-based policy; MFA keeps RequireMfa off.",
        WITH_MFA,
    ),
    Question(
        "a trust policy that names the account, and an identity policy",
        FARID,
        "sts:AssumeRole",
        role("deploy/deploy"),
        ALLOWED,
        statements(("AssumeDeployRoles", 0), (TRUST, 0)),
        ASSUME_ROLE,
        "Trust in the account delegates to identity-based policies, and AssumeDeployRoles allows it.",
    ),
    Question(
        "a trust policy that names the account is not enough",
        ANA,
        "sts:AssumeRole",
        role("deploy/deploy"),
        IMPLICIT_DENY,
        NOTHING,
        ASSUME_ROLE,
        "Trust in the account only delegates; nothing of hers allows sts.",
    ),
    Question(
        "a trust policy that names another account",
        INES,
        "sts:AssumeRole",
        role("vendors/harborline-monitoring"),
        IMPLICIT_DENY,
        NOTHING,
        TRUST_POLICY,
        "An administrator may call sts:AssumeRole, but the trust policy trusts the vendor's account alone.",
        WITH_MFA,
    ),
    Question(
        "a trust policy that names everyone",
        KAVYA,
        "sts:AssumeRole",
        role("public-status-page"),
        ALLOWED,
        statements((TRUST, 0)),
        PRINCIPAL,
        "* is everyone; for a caller in the same account no other permission is needed.",
    ),
    Question(
        "a trust policy that names deleted principals",
        KAVYA,
        "sts:AssumeRole",
        role("service/legacy-etl"),
        IMPLICIT_DENY,
        NOTHING,
        PRINCIPAL,
        "The ids are those of a deleted user and a deleted role; no one else is trusted.",
    ),
    Question(
        "role chaining: the second role trusts the first, not the user",
        FARID,
        "sts:AssumeRole",
        role("deploy/prod-deploy"),
        IMPLICIT_DENY,
        NOTHING,
        TRUST_POLICY,
        "prod-deploy trusts the role deploy; the user himself is neither named nor allowed.",
    ),
    Question(
        "a boundary binds a user whom the trust policy names",
        UWE,
        "sts:AssumeRole",
        role("contractors/contractor-tools"),
        IMPLICIT_DENY,
        NOTHING,
        TRUST_POLICY,
        "A boundary, if there is one, must allow sts:AssumeRole, the page says; ContractorBoundary allows s3 alone.",
    ),
)

ROOT_QUESTIONS = (
    Question(
        "root in its own account",
        ROOT,
        "s3:DeleteBucket",
        bucket("acme-home"),
        ALLOWED,
        NOTHING,
        ROOT_USER,
        "The root user has complete access to the account's resources; no identity-based policy applies to it.",
    ),
    Question(
        "root cannot assume a role",
        ROOT,
        "sts:AssumeRole",
        role("deploy/deploy"),
        IMPLICIT_DENY,
        NOTHING,
        STS_COMPARISON,
        "AssumeRole is for users and roles with credentials of their own, never for the root user.",
    ),
)

QUESTIONS = (
    *IDENTITY,
    *BOUNDED,
    *ELEMENTS,
    *VARIABLE,
    *CONDITION,
    *OPERATOR,
    *FEDERATED,
    *PASSING,
    *TRUSTING,
    *ROOT_QUESTIONS,
)
