"""Suggestions of other principals: services, identity providers, other accounts, sessions (rules E)."""

from collections.abc import Iterator
from typing import Any

from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.permission_sets import permission_set_of
from iamdesk.inventory.references import is_service_linked, title_of
from iamdesk.inventory.trust import trusted_names
from iamdesk.snapshot.model import RoleDetail, Snapshot, UserDetail

SESSION_WORDS = ("session", "assumed-role", "federated", "arn:aws:sts")
"""Words that suggest sessions: there are as many of them as roles and users."""
_BUILT_IN_PROVIDERS = ("accounts.google.com", "www.amazon.com", "graph.facebook.com", "cognito-identity.amazonaws.com")
_ABROAD = {
    "user": mark("user of another account"),
    "role": mark("role of another account"),
    "root": mark("root user of another account"),
}
_SERVICES = (".amazonaws.com", ".amazonaws.com.cn")

type Named = tuple[str, str, str]
"""The principal, the name to find it by, what it is."""


def kind_of_caller(principal: UserDetail | RoleDetail) -> str:
    """Return the kind of a user or role, in a few words."""
    if isinstance(principal, UserDetail):
        return phrase("user")
    if permission_set_of(principal) is not None:
        return phrase("permission set")
    return phrase("service-linked role") if is_service_linked(principal) else phrase("role")


def other_callers(snapshot: Snapshot) -> Iterator[Named]:
    """Yield principals that are not in the snapshot, but named in its policies; and anonymous.

    Services, SAML and OpenID Connect providers, principals of accounts that were not captured.
    """
    held = {account.account_id for account in snapshot.accounts}
    for name in sorted(_names(snapshot)):
        if name in _BUILT_IN_PROVIDERS:
            yield name, name, phrase("identity provider")
        elif name.endswith(_SERVICES):
            yield name, name, phrase("AWS service")
        else:
            found = _by_arn(name, held)
            if found is not None:
                yield found
    yield "anonymous", "anonymous", phrase("anyone, without credentials")


def _names(snapshot: Snapshot) -> set[str]:
    documents: list[Any] = [role.assume_role_policy_document for account in snapshot.accounts for role in account.roles]
    documents += [resource.policy for resource in snapshot.resources]
    return {name for document in documents for name in trusted_names(document)}


def _by_arn(name: str, held: set[str]) -> Named | None:
    parts = name.split(":", 5)
    if len(parts) < 6:
        return None
    service, account, (kind, _, rest) = parts[2], parts[4], parts[5].partition("/")
    match service, kind:
        case "iam", "saml-provider" | "oidc-provider" if rest:
            kind_text = phrase("OpenID Connect provider")
            if kind.startswith("saml"):
                kind_text = phrase("SAML provider")
            return name, rest, join_messages(" · ", (kind_text, account))
        case "iam", "user" | "role" | "root" if account not in held and (rest or kind == "root"):
            label = phrase("root user of {account}", account=account) if kind == "root" else rest.rpartition("/")[2]
            return name, label, join_messages(" · ", (phrase(_ABROAD[kind]), account))
        case "sts", "assumed-role" | "federated-user" if rest:
            kind_text = phrase("role session") if kind[0] == "a" else phrase("federated user")
            return name, rest.rpartition("/")[2], join_messages(" · ", (kind_text, account))
    return None


def sessions(snapshot: Snapshot) -> Iterator[Named]:
    """Yield, for each role and user, the ARN of a session with a placeholder for its name."""
    for account in snapshot.accounts:
        head = f"arn:{account.partition}:sts::{account.account_id}"
        for role in account.roles:
            name = title_of(role)
            yield (
                f"{head}:assumed-role/{role.role_name}/${{SessionName}}",
                phrase("session of {name}", name=name),
                phrase("role session"),
            )
        for user in account.users:
            name = user.user_name
            yield (
                f"{head}:federated-user/{name}",
                phrase("federated session of {name}", name=name),
                phrase("federated user (GetFederationToken)"),
            )
