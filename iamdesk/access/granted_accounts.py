"""Which accounts' principals a resource's side can allow: a sweep over an organization needs to read no others.

A request of another account needs an Allow of both sides (rule D1). So where the resource's account is known, and its
policies and grants name other accounts one by one, the principals of the rest are denied whatever their own policies
say. Nothing is concluded where that is not certain.
"""

from collections.abc import Iterable, Iterator

from iamdesk.evaluate.engine import EvaluationRequest, decision_inputs_of, policies_of
from iamdesk.policy.principals import PrincipalEntry, PrincipalType
from iamdesk.policy.statement import Statement

_ACCOUNT_DIGITS = 12


def granted_accounts(requests: Iterable[EvaluationRequest]) -> frozenset[str] | None:
    """Return the accounts whose principals may be allowed one of some requests; None: perhaps any.

    Args:
        requests: As a caller of an account that is not in the snapshot makes them.
    """
    found: set[str] = set()
    for request in requests:
        accounts = _accounts_of(request)
        if accounts is None:
            return None
        found |= accounts
    return frozenset(found)


def _accounts_of(request: EvaluationRequest) -> set[str] | None:
    policies = policies_of(request)
    inputs = decision_inputs_of(request, policies)
    owner = request.resource_account
    if not inputs.is_cross_account or owner is None or inputs.needs_no_permission or request.joint:
        return None
    found = {owner}
    for policy in (policies.resource, *policies.grants):
        for statement in () if policy is None else policy.document.statements:
            named = _named_by(statement)
            if named is None:
                return None
            found |= named
    return found


def _named_by(statement: Statement) -> set[str] | None:
    """Return the accounts that an Allow names, or whose principals it names; None where it may cover others."""
    if statement.broken is not None or statement.not_principal:
        return None
    if not statement.is_allow or statement.principals is None:
        return set()
    found = set(map(_account_of, _of_aws(statement.principals)))
    return None if "" in found else found


def _of_aws(entries: Iterable[PrincipalEntry]) -> Iterator[PrincipalEntry]:
    """Yield the entries that may be users, roles or root users: these are neither services nor identity providers."""
    other = (PrincipalType.SERVICE, PrincipalType.FEDERATED)
    return (entry for entry in entries if entry.type not in other)


def _account_of(entry: PrincipalEntry) -> str:
    """Return the account that an entry names; empty where it may be any, such as for unique IDs."""
    parts = entry.text.split(":", 5)
    if entry.type is not PrincipalType.AWS:
        return ""
    is_arn = len(parts) > 5 and parts[0] == "arn" and parts[2] in ("iam", "sts")
    account = parts[4] if is_arn else entry.text
    return account if len(account) == _ACCOUNT_DIGITS and account.isascii() and account.isdigit() else ""
