"""Whether a resource-based statement applies to the caller, and how it names it. Rules: E1 to E13."""

from enum import StrEnum

from iamdesk.aws.service_reference import ASSUME_ROLE_COMPANIONS
from iamdesk.evaluate.principal import Caller, CallerKind
from iamdesk.policy.conditions import ConditionTest, Quantifier, policy_value
from iamdesk.policy.operators import OPERATORS
from iamdesk.policy.principals import PrincipalEntries, PrincipalEntry, PrincipalType, account_field
from iamdesk.policy.statement import SESSION_KEY, Statement


class Grant(StrEnum):
    """How a statement names the caller: decides which limits apply to the grant (rules C3, C4)."""

    EXACT = "exact"
    """By the caller's own ARN, service name or provider."""
    EVERYONE = "everyone"
    NOT_LISTED = "not"
    """By ``NotPrincipal``: the caller is not on the list."""
    ROLE = "role"
    """By the role of which the caller is a session."""
    USER = "user"
    """By the user of whom the caller is a federated session."""
    ACCOUNT = "account"
    """By the caller's account, which only delegates (rule C2)."""


_MOST_PERMISSIVE_FIRST = (Grant.EXACT, Grant.EVERYONE, Grant.NOT_LISTED, Grant.ROLE, Grant.USER, Grant.ACCOUNT)


def match_principal(statement: Statement, caller: Caller, has_boundary: bool) -> Grant | None:
    """Return how the statement's principal element covers the caller; None when it does not.

    A statement without ``Principal`` and ``NotPrincipal`` covers no principal (rule E1).
    """
    entries = statement.principals
    if entries is None:
        return None
    if statement.not_principal:
        return _match_not_principal(entries, statement.is_allow, caller, has_boundary)
    grants = _listed(entries, caller)
    return next((grant for grant in _MOST_PERMISSIVE_FIRST if grant in grants), None)


def is_federated_assume(caller: Caller, action: str) -> bool:
    """Return whether a role is assumed with an assertion or token, whose provider its trust policy must name.

    ``*`` names no provider, neither for a provider nor for an unsigned caller, who has no token.
    The action is one of sts, in lower case. Source: STS API Reference, AssumeRoleWithWebIdentity ("the identity
    provider must be specified in the role's trust policy") and AssumeRoleWithSAML.
    """
    kinds = (CallerKind.SAML, CallerKind.OIDC, CallerKind.ANONYMOUS)
    return caller.kind in kinds and action not in ASSUME_ROLE_COMPANIONS


def names_session_of(statement: Statement, caller: Caller) -> ConditionTest | None:
    """Return the test for the role session that the statement names; None where it names no session of the role.

    A role in a request means some session of it: the key shows which one (rules E3, J2).
    """
    if caller.kind is not CallerKind.ROLE or statement.principals is None:
        return None
    own = [one.name for one in statement.named_sessions() if (one.account, one.role) == (caller.account, caller.name)]
    if not own:
        return None
    operator = OPERATORS["stringequals" if caller.unique_id else "stringlike"]
    values = tuple([policy_value(f"{caller.unique_id or '*'}:{name}", operator, False) for name in own])
    path = statement.element_path("Principal")
    return ConditionTest(operator, operator.name, Quantifier.NONE, False, SESSION_KEY, "aws:userid", values, path, ())


def match_gateway_endpoint_principal(statement: Statement, caller: Caller) -> Grant | None:
    """Return how a statement of a gateway endpoint's policy covers the caller; None when it does not.

    Gateway endpoints support only the principal ``*``; an account there means its root user alone (rule B9).
    """
    entries = statement.principals
    if entries is None:
        return None
    for entry in entries:
        if entry.type is not PrincipalType.AWS:
            continue
        if entry.text == "*":
            return None if statement.not_principal else Grant.EVERYONE
        if caller.kind is CallerKind.ROOT and entry.text in (caller.account, caller.arn):
            return None if statement.not_principal else Grant.ACCOUNT
    return Grant.NOT_LISTED if statement.not_principal else None


def _match_entry(entry: PrincipalEntry, caller: Caller) -> Grant | None:
    text = entry.text
    match entry.type:
        case PrincipalType.SERVICE:
            return Grant.EXACT if caller.kind is CallerKind.SERVICE and text == caller.text else None
        case PrincipalType.FEDERATED:
            federated = caller.kind in (CallerKind.SAML, CallerKind.OIDC) and text == caller.text
            return Grant.EXACT if federated else None
        case PrincipalType.CANONICAL_USER:  # represents the account with this ID (rule E13)
            is_own = caller.canonical_id is not None and text == caller.canonical_id
            return Grant.ACCOUNT if is_own and _signs(caller) else None
    if text == "*":
        return Grant.EVERYONE
    if caller.account is None:
        return None
    if text.isdigit():
        return Grant.ACCOUNT if text == caller.account and _signs(caller) else None
    if not text.startswith("arn:"):  # AWS shows the ID of a deleted entity (rule E12)
        return _BY_ID.get(caller.kind) if caller.unique_id and text == caller.unique_id else None
    if text == f"arn:{caller.partition}:iam::{caller.account}:root":
        return Grant.ACCOUNT if _signs(caller) else None
    return _match_arn(text, caller)


_BY_ID = {
    CallerKind.USER: Grant.EXACT,
    CallerKind.ROLE: Grant.ROLE,
    CallerKind.SESSION: Grant.ROLE,
    CallerKind.FEDERATED_USER: Grant.USER,
}
"""Grants by unique ID: of the user itself, the role of a session, the user of a federated session."""


def _signs(caller: Caller) -> bool:
    return caller.kind not in (CallerKind.SAML, CallerKind.OIDC)


def _match_arn(text: str, caller: Caller) -> Grant | None:
    match caller.kind:
        case CallerKind.USER:
            return Grant.EXACT if text == caller.arn else None
        case CallerKind.SESSION:
            if text == caller.text:
                return Grant.EXACT
            return Grant.ROLE if _names_role(text, caller) else None
        case CallerKind.ROLE:
            return Grant.ROLE if _names_role(text, caller) else None
        case CallerKind.FEDERATED_USER:
            if text == caller.text:
                return Grant.EXACT
            prefix = f"arn:{caller.partition}:iam::{caller.account}:user/"
            return Grant.USER if text.startswith(prefix) and text.rpartition("/")[2] == caller.name else None
        case _:  # providers are named only as `Federated` (rule E9)
            return None


def _names_role(text: str, caller: Caller) -> bool:
    """A role's ARN names its sessions, whatever its path: names are unique in an account (rule E3)."""
    prefix = f"arn:{caller.partition}:iam::{caller.account}:role/"
    return text.startswith(prefix) and text.rpartition("/")[2] == caller.name


def _match_not_principal(entries: PrincipalEntries, is_allow: bool, caller: Caller, has_boundary: bool) -> Grant | None:
    listed = _listed(entries, caller)
    if is_allow:
        return None if listed else Grant.NOT_LISTED
    if has_boundary:
        return Grant.NOT_LISTED  # rule E7
    return None if Grant.EVERYONE in listed or _chain(caller) <= listed else Grant.NOT_LISTED


def _listed(entries: PrincipalEntries, caller: Caller) -> set[Grant]:
    texts = (caller.text, caller.arn or "")
    keys = ("*", *texts, *map(account_field, texts), caller.account, caller.unique_id, caller.canonical_id)
    return {grant for entry in entries.with_keys(keys) if (grant := _match_entry(entry, caller)) is not None}


def is_exempt_as_role(statement: Statement, caller: Caller, has_boundary: bool) -> bool:
    """Return whether a Deny with ``NotPrincipal`` lists a role and its account, and the principal is the role.

    A role's action is that of a session; whether the session must be listed, too, is open (rule E6).
    """
    if caller.kind is not CallerKind.ROLE or not statement.not_principal or statement.is_allow or has_boundary:
        return False
    listed = _listed(statement.principals or PrincipalEntries(), caller)
    return Grant.EVERYONE not in listed and _chain(caller) <= listed


def is_partly_exempt(statement: Statement, caller: Caller, has_boundary: bool) -> bool:
    """Return whether a Deny with ``NotPrincipal`` lists a part of what exempts the caller.

    Whether a part is enough depends on the service, as AWS says (rule E6).
    """
    if not statement.not_principal or statement.is_allow or has_boundary:
        return False
    listed = _listed(statement.principals or PrincipalEntries(), caller)
    return bool(listed) and Grant.EVERYONE not in listed and not _chain(caller) <= listed


def _chain(caller: Caller) -> set[Grant]:
    """Return the principals that must all be listed to exempt the caller from a Deny with ``NotPrincipal`` (rule
    E6)."""
    match caller.kind:
        case CallerKind.SESSION:
            return {Grant.EXACT, Grant.ROLE, Grant.ACCOUNT}
        case CallerKind.ROLE:
            return {Grant.ROLE, Grant.ACCOUNT}
        case CallerKind.USER:
            return {Grant.EXACT, Grant.ACCOUNT}
        case CallerKind.FEDERATED_USER:
            return {Grant.EXACT, Grant.USER, Grant.ACCOUNT}
        case CallerKind.ROOT:
            return {Grant.ACCOUNT}
        case _:
            return {Grant.EXACT}
