"""The requesting principal. Rules: E and the table of J2."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from iamdesk.evaluate.request import RequestError
from iamdesk.i18n import phrase
from iamdesk.inventory.permission_sets import PATH as PERMISSION_SET_PATH
from iamdesk.inventory.permission_sets import permission_set_name
from iamdesk.policy.arn import ArnError, parse_arn


class CallerKind(StrEnum):
    """The kinds of principals that make requests."""

    ROOT = "root user"
    USER = "user"
    ROLE = "role"
    """A role in a request without session: some session of it (policy-evaluation, the algorithm)."""
    SESSION = "role session"
    FEDERATED_USER = "federated user"
    SERVICE = "AWS service"
    SAML = "SAML provider"
    OIDC = "OIDC provider"
    ANONYMOUS = "anonymous"


SIGNED = frozenset({CallerKind.ROOT, CallerKind.USER, CallerKind.ROLE, CallerKind.SESSION, CallerKind.FEDERATED_USER})
"""Kinds that sign requests with credentials of an account."""

BUILT_IN_PROVIDERS = frozenset({"accounts.google.com", "www.amazon.com", "graph.facebook.com"})
"""OIDC providers that are named by host instead of ARN (rule E9)."""

COGNITO = "cognito-identity.amazonaws.com"
"""A built-in provider whose host is also the name of a service: the call decides which one it is."""

SERVICE_LINKED_PATH = "/aws-service-role/"


@dataclass(frozen=True, slots=True)
class Caller:
    """The requesting principal, as far as the evaluation uses it."""

    kind: CallerKind
    text: str
    """As entered."""
    partition: str | None = None
    account: str | None = None
    name: str = ""
    """User or role name, without path; the session's own name is ``session_name``."""
    path: str = "/"
    arn: str | None = None
    """``aws:PrincipalArn``: of a session the *role's* ARN (rule E3)."""
    session_name: str | None = None
    unique_id: str | None = None
    """``AIDA…`` or ``AROA…``, where the snapshot has it (rule E12)."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The entity's own tags, keys in lower case."""
    ambiguous_tags: frozenset[str] = frozenset()
    """Keys in lower case of which the entity has two tags that differ only in case (rule G6)."""
    has_missing_path: bool = False
    """Whether the role's path is unknown: a session ARN has none (rule E3)."""

    canonical_id: str | None = None
    """The S3 canonical user id of its account, where the snapshot has it (rule E13)."""
    is_any_member: bool = False
    """Whether it is some member of a group, with its policies and no others."""
    has_no_source_identity: bool = False
    """Whether no session of the role can have a source identity: its trust policy does not allow
    sts:SetSourceIdentity (rule J2). False where the trust policy is not captured."""

    @property
    def permission_set(self) -> str | None:
        """The permission set of IAM Identity Center that the role belongs to (rule E15); None for any other."""
        return permission_set_name(self.name, self.path) if self.path.startswith(PERMISSION_SET_PATH) else None

    @property
    def is_service_linked(self) -> bool:
        """Whether it is a service-linked role, to which SCPs and RCPs do not apply (rule E11)."""
        return self.kind in (CallerKind.ROLE, CallerKind.SESSION) and self.path.startswith(SERVICE_LINKED_PATH)


def parse_caller(text: str) -> Caller:
    """Parse a principal: an ARN, a service name, a built-in identity provider, or ``anonymous``.

    Raises:
        RequestError: it is none of these, or makes no requests (a group, a policy).
    """
    stripped = text.strip()
    if stripped.lower() == "anonymous":
        return Caller(CallerKind.ANONYMOUS, "anonymous")
    if stripped in BUILT_IN_PROVIDERS:
        return Caller(CallerKind.OIDC, stripped)
    if not stripped.startswith("arn:"):
        # Alexa's services are named alexa-appkit.amazon.com and alexa-connectedhome.amazon.com (Alexa Skills Kit,
        # "Host a custom skill as an AWS Lambda function"; AWS SAM guide, "AlexaSkill").
        if (".amazonaws.com" in stripped or stripped.endswith(".amazon.com")) and " " not in stripped:
            return Caller(CallerKind.SERVICE, stripped)
        raise RequestError(
            phrase(
                "`{text}` is not a principal: expected an ARN, a service such as lambda.amazonaws.com, or anonymous",
                text=text,
            )
        )
    try:
        arn = parse_arn(stripped)
    except ArnError as error:
        raise RequestError(*error.args) from error
    kind, _, rest = arn.resource.partition("/")
    head, _, name = rest.rpartition("/")
    path = f"/{head}/" if head else "/"
    partition, account = arn.partition, arn.account
    match arn.service, kind:
        case "iam", "root" if not rest:
            return Caller(CallerKind.ROOT, stripped, partition, account, arn=stripped)
        case "iam", "user" if name:
            return Caller(CallerKind.USER, stripped, partition, account, name=name, path=path, arn=stripped)
        case "iam", "role" if name:
            return Caller(CallerKind.ROLE, stripped, partition, account, name=name, path=path, arn=stripped)
        case "iam", "saml-provider" if name:
            return Caller(CallerKind.SAML, stripped, partition, account, name=name)
        case "iam", "oidc-provider" if rest:
            return Caller(CallerKind.OIDC, stripped, partition, account, name=rest)
        case "sts", "assumed-role" if head and name and "/" not in head:
            role_arn = f"arn:{arn.partition}:iam::{arn.account}:role/{head}"
            return Caller(
                CallerKind.SESSION,
                stripped,
                partition,
                account,
                name=head,
                arn=role_arn,
                session_name=name,
                has_missing_path=True,
            )
        case "sts", "federated-user" if name:
            return Caller(CallerKind.FEDERATED_USER, stripped, partition, account, name=rest, arn=stripped)
        case "iam", "group":
            raise RequestError(
                phrase(
                    "`{text}` is a group, and groups make no requests: use a member, or use "
                    "what-can for the permissions of its members",
                    text=text,
                )
            )
        case _:
            raise RequestError(
                phrase(
                    "`{text}` makes no requests: expected a user, role, session, federated user or provider", text=text
                )
            )


def as_in_call(caller: Caller, service: str, action: str) -> Caller:
    """Return the caller of a call (names in lower case): Amazon Cognito as identity provider, or as service.

    In sts:AssumeRoleWithWebIdentity it is the identity provider (rule E9).
    """
    if caller.text == COGNITO and (service, action) == ("sts", "assumerolewithwebidentity"):
        return replace(caller, kind=CallerKind.OIDC)
    return caller
