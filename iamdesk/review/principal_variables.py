"""Dependencies of policies on their holder: the same document may allow different access to two holders.

A policy variable such as ``${aws:username}`` grants each holder access to its own part of a resource. A condition on
the holder's name or tags may allow one holder what it denies another.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.inventory.references import Principal
from iamdesk.policy.document import parse_document
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import GroupDetail, UserDetail
from iamdesk.snapshot.organization import FULL_ACCESS, Organization

_NAMES = frozenset({"aws:username", "aws:userid", "aws:principalarn"})
"""Condition keys that identify the holder."""
_TAG = "aws:principaltag/"
_TYPE = "aws:principaltype"


class OwnKeys:
    """Finds such dependencies; guardrails of an account and documents are analyzed once."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._of_guardrails: dict[str, _Asks] = {}
        self._of_documents: dict[int, _Asks] = {}

    def of(self, principal: Principal, account_id: str) -> dict[str, Any]:
        """Return the dependencies of a holder's policies; empty if there are none.

        ``in_own_name`` lists the keys of variables that identify the holder. ``asks_of_holder`` has the other keys with
        the holder's value; None if it is not known.
        """
        return self._evidence(principal.arn, account_id, lambda key: _value(key, principal))

    def of_sessions(self, role_arn: str, account_id: str) -> dict[str, Any]:
        """Return the same for sessions of a role; the values of the keys are not known."""
        return self._evidence(role_arn, account_id, lambda _key: None)

    def _evidence(self, arn: str, account_id: str, value: Callable[[str], str | None]) -> dict[str, Any]:
        asks = self._asks(arn, account_id)
        values = {key: value(key) for key in sorted(asks.other)}
        return {
            **({"in_own_name": sorted(asks.names)} if asks.names else {}),
            **({"asks_of_holder": values} if values else {}),
        }

    def _asks(self, arn: str, account_id: str) -> "_Asks":
        if account_id not in self._of_guardrails:
            self._of_guardrails[account_id] = _asks_of(self._guardrails(account_id))
        found = self._of_guardrails[account_id]
        population = self._evaluator.population()
        position = population.position(arn)
        position = population.group_position(arn) if position is None else position
        if position is None:
            return found
        index = population.index
        for number in (*index.carried[position], *(index.boundaries[position] or ())):
            if number not in self._of_documents:
                self._of_documents[number] = _asks_of(statement for _, statement in index.of_document(number))
            found = found | self._of_documents[number]
        return found

    def _guardrails(self, account_id: str) -> Iterator[Statement]:
        organization = self._evaluator.snapshot.organization
        ids = frozenset(guardrails_of(organization, account_id))
        for policy in organization.policies if organization is not None else ():
            if policy.id in ids and policy.content is not None:
                yield from parse_document(policy.content).statements


@dataclass(frozen=True, slots=True)
class _Asks:
    """Condition keys about the holder."""

    names: frozenset[str]
    """Keys of variables that identify it."""
    other: frozenset[str]
    """Keys of conditions on it, and of variables for its tags."""

    def __or__(self, more: "_Asks") -> "_Asks":
        return _Asks(self.names | more.names, self.other | more.other) if more.names or more.other else self


def _asks_of(statements: Iterable[Statement]) -> _Asks:
    names: set[str] = set()
    other: set[str] = set()
    for statement in statements:
        for key in _variables(statement):
            (names if key in _NAMES else other).add(key)
        other.update(test.key for test in statement.conditions if _is_of_holder(test.key))
    return _Asks(frozenset(names), frozenset(other))


def _variables(statement: Statement) -> Iterator[str]:
    keys = (*statement.resource_keys(), *(key for test in statement.conditions for key in test.variable_keys))
    return (key for key in keys if _is_of_holder(key))


def _is_of_holder(key: str) -> bool:
    return key in _NAMES or key == _TYPE or key.startswith(_TAG)


def _value(key: str, principal: Principal) -> str | None:
    """Return the value of a key for a holder; None if it is not the same in all its requests."""
    if isinstance(principal, GroupDetail):
        return None
    if key in _NAMES:
        return principal.arn
    if key == _TYPE:
        return "User" if isinstance(principal, UserDetail) else "AssumedRole"
    tags: Mapping[str, str] = {f"{_TAG}{tag.key.lower()}": tag.value for tag in principal.tags}
    return tags.get(key, "")


def guardrails_of(organization: Organization | None, account_id: str) -> list[str]:
    """Return the IDs of the organization policies that apply to an account, except AWS's full-access policies."""
    nodes = {node.id: node for node in organization.nodes} if organization is not None else {}
    found: list[str] = []
    node = nodes.get(account_id)
    while node is not None:
        found += [one for one in node.policy_ids or () if one not in FULL_ACCESS and one not in found]
        node = nodes.get(node.parent_id or "")
    return sorted(found)
