"""Questions about the sample organization, answered by hand from AWS's documentation before they were asked.

Each names the page that its answer rests on, and says why in a sentence or two. ``blocked_by`` are the layers that took
an otherwise granted request away; ``hangs_on`` are the keys whose values were not given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import definition as acme

USER_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
CROSS_ACCOUNT = USER_GUIDE + "reference_policies_evaluation-logic-cross-account.html"
SAME_ACCOUNT = USER_GUIDE + "reference_policies_evaluation-logic_policy-eval-basics.html"
ORDER = USER_GUIDE + "reference_policies_evaluation-logic_policy-eval-denyallow.html"
PRINCIPAL = USER_GUIDE + "reference_policies_elements_principal.html"
MFA = USER_GUIDE + "id_credentials_mfa_configure-api-require.html"
ORGANIZATIONS = "https://docs.aws.amazon.com/organizations/latest/userguide/"
SCPS = ORGANIZATIONS + "orgs_manage_policies_scps.html"
SCP_EVALUATION = ORGANIZATIONS + "orgs_manage_policies_scps_evaluation.html"
RCPS = ORGANIZATIONS + "orgs_manage_policies_rcps.html"
KEY_POLICIES = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"
GRANTS = "https://docs.aws.amazon.com/kms/latest/developerguide/grants.html"
PUBLIC_ACCESS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
TRANSPORT = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html"

ALLOWED, DENIED, NOT_ALLOWED, DEPENDS = "allowed", "explicitDeny", "implicitDeny", "conditional"

ANA, MARIA = acme.user("ana", acme.PROD), acme.user("maria", acme.MANAGEMENT)
DEV, ANALYST = acme.user("dev", acme.SANDBOX), acme.role("analyst", acme.SANDBOX)
ORDERS_APP, REPORT = acme.role("orders-app", acme.PROD), acme.role("report", acme.PROD)
ACCESS, AUDIT = acme.role(acme.ACCESS_ROLE, acme.PROD), acme.role("audit", acme.PROD)
SHARED, PRIVATE = f"arn:aws:s3:::{acme.DATA}/shared/q3.csv", f"arn:aws:s3:::{acme.DATA}/orders/1"
SECRET = f"arn:aws:secretsmanager:{acme.REGION}:{acme.PROD}:secret:{acme.SECRET}"
"""Without the six characters that Secrets Manager adds: the test looks the whole ARN up."""
TLS: Mapping[str, str] = {"aws:SecureTransport": "true"}


def trail(account: str) -> str:
    return f"arn:aws:cloudtrail:{acme.REGION}:{account}:trail/main"


def instance(region: str) -> str:
    return f"arn:aws:ec2:{region}:{acme.PROD}:instance/i-0123456789abcdef0"


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    principal: str
    action: str
    resource: str
    decision: str
    page: str
    reasoning: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    blocked_by: frozenset[str] = frozenset()
    hangs_on: frozenset[str] = frozenset()


QUESTIONS = (
    Question(
        "a user reads her own account's bucket",
        ANA,
        "s3:GetObject",
        PRIVATE,
        ALLOWED,
        SAME_ACCOUNT,
        "Her inline policy allows it; within an account one Allow is enough. FullAWSAccess stands on every level, "
        " OurRegion leaves S3 out, and the RCP denies only callers from outside of the organization.",
        TLS,
    ),
    Question(
        "the same in plain HTTP",
        ANA,
        "s3:GetObject",
        PRIVATE,
        DENIED,
        TRANSPORT,
        "aws:SecureTransport is false, so the Deny TlsOnly of the bucket policy applies.",
        {"aws:SecureTransport": "false"},
        frozenset({"resource"}),
    ),
    Question(
        "a role of another account reads what is shared",
        ANALYST,
        "s3:GetObject",
        SHARED,
        ALLOWED,
        CROSS_ACCOUNT,
        "Both sides allow: its own policy, and the bucket policy by name. The sandbox's SCPs allow s3:*.",
        TLS,
    ),
    Question(
        "a role of another account reads what is not shared",
        ANALYST,
        "s3:GetObject",
        PRIVATE,
        NOT_ALLOWED,
        CROSS_ACCOUNT,
        "Its own policy allows the whole bucket, but the bucket policy only shared/*: both must.",
        TLS,
        frozenset({"resource"}),
    ),
    Question(
        "a role of another account writes what it may read",
        ANALYST,
        "s3:PutObject",
        SHARED,
        NOT_ALLOWED,
        CROSS_ACCOUNT,
        "The bucket policy allows GetObject alone.",
        TLS,
        frozenset({"resource"}),
    ),
    Question(
        "an administrator of another account reads what is shared with a role",
        DEV,
        "s3:GetObject",
        SHARED,
        NOT_ALLOWED,
        CROSS_ACCOUNT,
        "AdministratorAccess is one side; the bucket policy names another principal.",
        TLS,
        frozenset({"resource"}),
    ),
    Question(
        "a vendor outside of the organization reads its export",
        acme.role("loader", acme.VENDOR),
        "s3:GetObject",
        f"arn:aws:s3:::{acme.DATA}/export/1",
        DENIED,
        RCPS,
        "The bucket policy lets the vendor's account in, but the RCP denies whoever is not of the organization.",
        {**TLS, "aws:PrincipalOrgID": "o-vendor1234"},
        frozenset({"rcp"}),
    ),
    Question(
        "nobody in particular reads the website",
        "anonymous",
        "s3:GetObject",
        f"arn:aws:s3:::{acme.WEBSITE}/index.html",
        DENIED,
        RCPS,
        "An anonymous request has no PrincipalOrgID, so the RCP denies it.",
        blocked_by=frozenset({"rcp"}),
    ),
    Question(
        "an administrator of another account reads the website",
        DEV,
        "s3:GetObject",
        f"arn:aws:s3:::{acme.WEBSITE}/index.html",
        DENIED,
        PUBLIC_ACCESS,
        "Both sides allow, and the RCP lets the organization in; but the bucket policy is public, and "
        "RestrictPublicBuckets then keeps out all but the bucket's own account and AWS services.",
        blocked_by=frozenset({"block-public-access"}),
    ),
    Question(
        "an administrator of a sandbox stops the trail",
        DEV,
        "cloudtrail:StopLogging",
        trail(acme.SANDBOX),
        DENIED,
        SCP_EVALUATION,
        "KeepTheTrail at the root denies it; an explicit Deny on any level counts.",
        blocked_by=frozenset({"scp"}),
    ),
    Question(
        "the root user of a member account stops the trail",
        f"arn:aws:iam::{acme.PROD}:root",
        "cloudtrail:StopLogging",
        trail(acme.PROD),
        DENIED,
        SCPS,
        "SCPs bind the root user of member accounts, too.",
        blocked_by=frozenset({"scp"}),
    ),
    Question(
        "an administrator of the management account stops the trail",
        MARIA,
        "cloudtrail:StopLogging",
        trail(acme.MANAGEMENT),
        ALLOWED,
        SCPS,
        "SCPs do not affect the management account.",
    ),
    Question(
        "an engineer stops a machine in the company's Region",
        ANA,
        "ec2:StopInstances",
        instance(acme.REGION),
        ALLOWED,
        SCP_EVALUATION,
        "Her policy allows ec2:*, and OurRegion denies other Regions only.",
    ),
    Question(
        "an engineer stops a machine in another Region",
        ANA,
        "ec2:StopInstances",
        instance("us-east-1"),
        DENIED,
        SCP_EVALUATION,
        "aws:RequestedRegion is us-east-1, and OurRegion denies what is not eu-west-1.",
        blocked_by=frozenset({"scp"}),
    ),
    Question(
        "a role reads a secret that both sides give it, from where its SCPs do not list the service",
        ANALYST,
        "secretsmanager:GetSecretValue",
        SECRET,
        NOT_ALLOWED,
        SCP_EVALUATION,
        "The sandbox's unit has SandboxServices in the place of FullAWSAccess, and it does not list Secrets Manager: "
        "an action must be allowed on every level.",
        blocked_by=frozenset({"scp"}),
    ),
    Question(
        "a role of the account itself reads the secret",
        ORDERS_APP,
        "secretsmanager:GetSecretValue",
        SECRET,
        ALLOWED,
        SAME_ACCOUNT,
        "Its own policy allows it; the resource policy need not.",
    ),
    Question(
        "a role of another account decrypts with a key that names it",
        ANALYST,
        "kms:Decrypt",
        acme.KEY_ARN,
        ALLOWED,
        KEY_POLICIES,
        "Key policy and its own policy allow it, and SandboxServices lists kms:*.",
    ),
    Question(
        "a role decrypts by a grant alone",
        REPORT,
        "kms:Decrypt",
        acme.KEY_ARN,
        ALLOWED,
        GRANTS,
        "A grant is an Allow for the operations that it lists; no policy of the role is needed.",
    ),
    Question(
        "a role decrypts in the key's account without a policy",
        ORDERS_APP,
        "kms:Decrypt",
        acme.KEY_ARN,
        NOT_ALLOWED,
        KEY_POLICIES,
        "The key policy hands the decision to the account's IAM policies, and none of the role's allows it.",
    ),
    Question(
        "an administrator of an account that a queue trusts sends a message",
        DEV,
        "sqs:SendMessage",
        acme.QUEUE,
        ALLOWED,
        PRINCIPAL,
        "The queue policy names the account, which hands it to the account's own policies; AdministratorAccess allows.",
    ),
    Question(
        "an administrator of the management account enters a member account",
        MARIA,
        "sts:AssumeRole",
        ACCESS,
        ALLOWED,
        CROSS_ACCOUNT,
        "The role trusts the management account, whose administrator may assume any role.",
    ),
    Question(
        "an administrator of a sandbox enters another account",
        DEV,
        "sts:AssumeRole",
        ACCESS,
        NOT_ALLOWED,
        CROSS_ACCOUNT,
        "The role trusts the management account alone.",
        blocked_by=frozenset({"trust"}),
    ),
    Question(
        "an auditor's role that asks for MFA",
        MARIA,
        "sts:AssumeRole",
        AUDIT,
        DEPENDS,
        MFA,
        "The trust policy asks that MFA was used, and nobody said whether it was.",
        hangs_on=frozenset({"aws:MultiFactorAuthPresent"}),
    ),
)
"""Twenty and some."""
