"""The sample organization as data: three accounts, two organizational units, their guardrails, and shared resources.

No person, company or address in it is real; the account ids are those that AWS's documentation uses for examples.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

type Document = dict[str, Any]

REGION = "eu-west-1"
MANAGEMENT, PROD, SANDBOX = "123456789012", "111122223333", "444455556666"
VENDOR = "999999999999"
"""An account outside of the organization."""

NAMES = {MANAGEMENT: "acme-management", PROD: "acme-prod", SANDBOX: "acme-sandbox"}
UNITS = {"Workloads": PROD, "Sandbox": SANDBOX}
"""Organizational units below the root, and the account in each."""

DATA, WEBSITE = "acme-org-data", "acme-org-website"
QUEUE = f"arn:aws:sqs:{REGION}:{PROD}:orders"
SECRET = "orders/db-password"  # noqa: S105 - a name
KEY = "1b2a6a1e-0000-4000-8000-00000000c0de"
KEY_ARN = f"arn:aws:kms:{REGION}:{PROD}:key/{KEY}"


def document(*statements: dict[str, Any]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(sid: str, action: str | list[str], resource: str | list[str], principal: Any = None) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
    return statement if principal is None else {**statement, "Principal": principal}


def deny(sid: str, action: list[str], resource: str) -> dict[str, Any]:
    return {**allow(sid, action, resource), "Effect": "Deny"}


def role(name: str, account: str) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def user(name: str, account: str) -> str:
    return f"arn:aws:iam::{account}:user/{name}"


def trust(principal: dict[str, str], condition: dict[str, Any] | None = None) -> Document:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return document(statement | ({"Condition": condition} if condition else {}))


@dataclass(frozen=True, slots=True)
class Principal:
    """A user, or with a trust policy a role."""

    name: str
    account: str
    trust: Document | None = None
    inline: Mapping[str, Document] = field(default_factory=dict)
    attached: tuple[str, ...] = ()


ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
EC2 = {"Service": "ec2.amazonaws.com"}
FROM_MANAGEMENT = {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}
ACCESS_ROLE = "OrganizationAccountAccessRole"

PRINCIPALS = (
    Principal("maria", MANAGEMENT, attached=(ADMINISTRATOR,)),
    Principal(
        "ana",
        PROD,
        inline={
            "Engineer": document(
                allow("Data", "s3:*", [f"arn:aws:s3:::{DATA}", f"arn:aws:s3:::{DATA}/*"]),
                allow("Machines", "ec2:*", "*"),
            )
        },
    ),
    Principal(
        "orders-app",
        PROD,
        trust(EC2),
        {
            "Orders": document(
                allow("Queue", ["sqs:ReceiveMessage", "sqs:DeleteMessage"], QUEUE),
                allow("Secret", "secretsmanager:GetSecretValue", "*"),
            )
        },
    ),
    Principal("report", PROD, trust(EC2)),
    Principal(
        "audit",
        PROD,
        trust(FROM_MANAGEMENT, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        attached=("arn:aws:iam::aws:policy/SecurityAudit",),
    ),
    Principal(ACCESS_ROLE, PROD, trust(FROM_MANAGEMENT), attached=(ADMINISTRATOR,)),
    Principal("dev", SANDBOX, attached=(ADMINISTRATOR,)),
    Principal(
        "analyst",
        SANDBOX,
        trust(EC2),
        {
            "Analysis": document(
                allow("Data", ["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{DATA}/*"),
                allow("Key", "kms:Decrypt", KEY_ARN),
                allow("Secret", "secretsmanager:GetSecretValue", "*"),
            )
        },
    ),
    Principal(ACCESS_ROLE, SANDBOX, trust(FROM_MANAGEMENT), attached=(ADMINISTRATOR,)),
)

KEEP_THE_TRAIL = document(deny("KeepTheTrail", ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"], "*"))
OUR_REGION = document(
    {
        "Sid": "OurRegion",
        "Effect": "Deny",
        "NotAction": ["iam:*", "sts:*", "organizations:*", "s3:*", "cloudtrail:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": REGION}},
    }
)
SANDBOX_SERVICES = document(allow("Services", ["s3:*", "sqs:*", "kms:*", "ec2:*", "sts:*"], "*"))

SCPS: Mapping[str, tuple[str, Document]] = {
    "KeepTheTrail": ("root", KEEP_THE_TRAIL),
    "OurRegion": ("Workloads", OUR_REGION),
    "SandboxServices": ("Sandbox", SANDBOX_SERVICES),
}
"""By name: where each is attached, beside FullAWSAccess; the unit Sandbox has this one in its place."""


def only_our_organization(organization: str) -> Document:
    """The RCP of the root: nobody from outside uses the organization's buckets, queues, keys and secrets."""
    return document(
        {
            "Sid": "OnlyOurOrganization",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*", "sqs:*", "kms:*", "secretsmanager:*"],
            "Resource": "*",
            "Condition": {
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": organization},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        }
    )


ANALYST = {"AWS": role("analyst", SANDBOX)}

BUCKET_POLICIES: Mapping[str, Document] = {
    DATA: document(
        allow("Shared", "s3:GetObject", f"arn:aws:s3:::{DATA}/shared/*", ANALYST),
        allow("Export", "s3:GetObject", f"arn:aws:s3:::{DATA}/export/*", {"AWS": VENDOR}),
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{DATA}", f"arn:aws:s3:::{DATA}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ),
    WEBSITE: document(allow("Everyone", "s3:GetObject", f"arn:aws:s3:::{WEBSITE}/*", "*")),
}
BLOCKED = WEBSITE
"""The bucket with all four settings of Block Public Access on."""

QUEUE_POLICY = document(allow("FromSandbox", "sqs:SendMessage", QUEUE, {"AWS": f"arn:aws:iam::{SANDBOX}:root"}))
KEY_POLICY = document(
    allow("Account", "kms:*", "*", {"AWS": f"arn:aws:iam::{PROD}:root"}),
    allow("Analyst", "kms:Decrypt", "*", ANALYST),
)
SECRET_POLICY = document(allow("Analyst", "secretsmanager:GetSecretValue", "*", ANALYST))
