"""Roles that principals of other accounts may assume, found without parsing trust policies."""

import pickle
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from iamdesk.snapshot.model import Account, RoleDetail

ANYONE = "*"
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_COLONS = 5
"""Before the part of an ARN that names the principal; the last part before it is the account."""
_NO_ACCOUNTS = ("Service", "Federated")


class TrustingRole(NamedTuple):
    """A role whose trust policy may name principals of other accounts."""

    arn: str
    packed: bytes
    """The role, without its policies and instance profiles: a thousand accounts have twenty thousand of them."""
    trusted: frozenset[str]
    """Account IDs, unique IDs of principals, and `ANYONE`; possibly too many."""
    is_of_sts: bool
    """Whether its trust policy allows actions of STS alone, as AWS requires."""

    def unpacked(self) -> RoleDetail:
        """Return the role."""
        role: RoleDetail = pickle.loads(self.packed)  # noqa: S301 - made by this run
        return role


def trusting_roles(account: Account) -> Iterator[TrustingRole]:
    """Yield the roles of an account that principals of other accounts may assume."""
    for role in account.roles:
        trusted = _trusted(role.assume_role_policy_document) - {account.account_id}
        if trusted:
            without = {"role_policy_list": (), "attached_managed_policies": (), "instance_profile_list": ()}
            is_of_sts = all(map(_is_of_sts, _allowing(role.assume_role_policy_document)))
            yield TrustingRole(role.arn, pickle.dumps(role.model_copy(update=without)), trusted, is_of_sts)


def _allowing(document: Any) -> Iterator[dict[str, Any]]:
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict) and statement.get("Effect") == "Allow":
            yield statement


def _trusted(document: Any) -> frozenset[str]:
    found: set[str] = set()
    for statement in _allowing(document):
        found.update(_names_in(statement.get("Principal")))
        if "NotPrincipal" in statement:
            found.add(ANYONE)
    return frozenset(found)


def _is_of_sts(statement: dict[str, Any]) -> bool:
    actions = statement.get("Action")
    listed = actions if isinstance(actions, list) else [actions]
    return "NotAction" not in statement and all(
        isinstance(one, str) and one.lower().startswith("sts:") for one in listed
    )


def _names_in(principal: Any) -> Iterator[str]:
    entries = principal if isinstance(principal, dict) else {"AWS": principal}
    for kind, values in entries.items():
        for text in values if isinstance(values, list) else [values]:
            if isinstance(text, str) and kind not in _NO_ACCOUNTS:
                yield from _ACCOUNT.findall(text)
                *head, _ = text.split(":", _COLONS)
                yield head[_COLONS - 1] if len(head) == _COLONS else text
