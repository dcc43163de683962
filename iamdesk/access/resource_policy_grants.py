"""Grants to principals by resource policies and trust policies alone, by principal.

In the resource's own account, an Allow of a resource policy needs no identity policy (IAM User Guide, "Policy
evaluation logic": an action is allowed "by an identity-based policy, a resource-based policy, or both"). So effective
permissions evaluate these resources like those that a principal's own policies name.

In another account both sides must allow it. A resource there that lets in everyone or all of the principal's account
counts only where the principal's own policies allow the action, and placeholders, which are of its own account, do not
show it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from iamdesk.access.principal_index import PrincipalIndex, indexes_of
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.inventory.policy_index import account_in
from iamdesk.inventory.resource_grants import acl_document, key_grants_document
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.statement import Statement

_ANYONE = ""
_TO_ANYONE = frozenset({_ANYONE})
_ACCOUNT = re.compile(r"(?:arn:[^:]*:iam::)?(\d{12})(?::root)?")
_PARTS = {"s3": "/*", "s3-accesspoint": "/object/*"}


@dataclass(frozen=True, slots=True, eq=False)
class ResourcePolicyGrant:
    """An Allow of a resource policy, for the actions of one service."""

    service: str
    statement: Statement
    actions: int
    """The service's actions that it covers, as bits."""
    resource: str
    """ARN of the resource with the policy."""
    account: str
    """The resource's account; empty where it is not known."""
    parts: str | None
    """The pattern of all of its parts, such as a bucket's objects; None where it has none."""


type _Tables = tuple[
    dict[int, list[ResourcePolicyGrant]],
    dict[str, list[ResourcePolicyGrant]],
    dict[tuple[str, str], list[ResourcePolicyGrant]],
]


class ResourcePolicyGrants:
    """The grants of a snapshot's resource policies to its users, roles and root users."""

    def __init__(self, population: PrincipalIndex) -> None:
        self._population = population
        self._services_abroad: dict[str, frozenset[str]] = {}

    def abroad(self, account: str, service: str) -> Iterator[ResourcePolicyGrant]:
        """Yield the grants of resources of other accounts to everyone or to all of an account, for one service.

        Possibly too many: the engine decides whether one applies.
        """
        tables = self._of_service(service)
        for named in (account, _ANYONE):
            for one in tables:
                for grant in one[2].get((named, service), ()):
                    if grant.account != account:
                        yield grant

    def services_abroad(self, account: str) -> frozenset[str]:
        """Return the services for which resources of other accounts may have grants to all of an account."""
        found = self._services_abroad.get(account)
        if found is None:
            tables = self._of_service(None)
            services = {service for one in tables for named, service in one[2] if named in (account, _ANYONE)}
            found = frozenset(one for one in services if self.is_abroad(account, one))
            self._services_abroad[account] = found
        return found

    def is_abroad(self, account: str, service: str) -> bool:
        """Return whether resources of other accounts may have grants to all of an account for a service."""
        return any(True for _ in self.abroad(account, service))

    def of(self, position: int, service: str | None = None) -> tuple[ResourcePolicyGrant, ...]:
        """Return the grants that may reach a principal: they name it, or all of its account.

        Possibly too many: the engine decides whether one applies. No resource policy can name a group. With
        ``service`` those for its actions only.
        """
        if not self._population.regular >> position & 1:
            return ()
        account = self._population.cohort_at(position).account
        tables = self._of_service(service)
        found = [grant for one in tables for grant in one[0].get(position, ())]
        found += [grant for one in tables for grant in one[1].get(account, ())]
        found += [grant for one in tables for grant in one[1].get("", ())]
        return tuple([one for one in found if service is None or one.service == service])

    def _of_service(self, service: str | None) -> Sequence[_Tables]:
        """Return the tables with the grants for a service; None: for all of them.

        Thousands of roles of other accounts may trust an account, and almost all questions are about other services.
        """
        return (self._tables, self._of_roles_elsewhere) if service in (None, "sts") else (self._tables,)

    @cached_property
    def _tables(self) -> _Tables:
        return self._tables_of(self._documents())

    @cached_property
    def _of_roles_elsewhere(self) -> _Tables:
        """The grants of roles of accounts that the snapshot is no part of, which are for STS alone."""
        return self._tables_of(self._trusts_elsewhere(of_sts=True))

    def _tables_of(self, documents: Iterable[tuple[str, str, Document]]) -> _Tables:
        """Return grants by the index of the principal that they name; grants to everyone by the resource's account; and
        grants to everyone or to all of an account by that account and service."""
        named: dict[int, list[ResourcePolicyGrant]] = {}
        to_all: dict[str, list[ResourcePolicyGrant]] = {}
        abroad: dict[tuple[str, str], list[ResourcePolicyGrant]] = {}
        for arn, account, document in documents:
            for statement in document.statements:
                if not statement.is_allow or statement.broken is not None:
                    continue
                grants = tuple(_grants(arn, account, statement))
                if not grants:
                    continue
                for to in _accounts_of(statement):
                    for grant in grants:
                        abroad.setdefault((to, grant.service), []).append(grant)
                if statement.not_principal or any(entry.is_everyone for entry in statement.principals or ()):
                    to_all.setdefault(account, []).extend(grants)
                    continue
                for position in indexes_of(self._population.named_by(statement)):
                    named.setdefault(position, []).extend(grants)
        return named, to_all, abroad

    def _documents(self) -> Iterator[tuple[str, str, Document]]:
        """Yield resources with their accounts ("": not known) and each document that grants access to them."""
        resources, policies = self._population.resources, self._population.policies
        for arn, record in resources.by_arn.items():
            account = record.account_id or (arn.split(":", 5)[4] if arn.count(":") >= 5 else "")
            for document in (
                resources.document_of(record),
                key_grants_document(record),
                resources.shares.document_of(arn),
                acl_document(record, None),
            ):
                if document is not None:
                    yield arn, account, document
        for position in indexes_of(self._population.regular):
            arn = self._population.index.subjects[position]
            role = policies.roles.get(arn)
            if role is not None:
                yield arn, self._population.cohort_at(position).account, policies.trust(role)
        yield from self._trusts_elsewhere(of_sts=False)

    def _trusts_elsewhere(self, *, of_sts: bool) -> Iterator[tuple[str, str, Document]]:
        policies = self._population.policies
        for role in policies.trusting_elsewhere(of_sts=of_sts):
            yield role.arn, account_in(role.arn), policies.trust(role)


def _accounts_of(statement: Statement) -> frozenset[str]:
    """Return the accounts that an Allow names as a whole; `_ANYONE` where it may cover any.

    A canonical user ID is of an account that need not be known.
    """
    if statement.not_principal:
        return _TO_ANYONE
    found: set[str] = set()
    for entry in statement.principals or ():
        if entry.is_everyone or entry.type is PrincipalType.CANONICAL_USER:
            return _TO_ANYONE
        whole = _ACCOUNT.fullmatch(entry.text) if entry.type is PrincipalType.AWS else None
        if whole is not None:
            found.add(whole[1])
    return frozenset(found)


def _grants(arn: str, account: str, statement: Statement) -> Iterator[ResourcePolicyGrant]:
    """Yield the grants of a statement of a resource's policy, by service."""
    try:
        parsed = parse_arn(arn)
    except ArnError:
        return
    services = reference().services_on(parsed.service) if statement.services is None else sorted(statement.services)
    is_access_point = parsed.service == "s3" and parsed.resource.startswith("accesspoint/")
    parts = _PARTS.get("s3-accesspoint" if is_access_point else parsed.service)
    whole = f"{arn}{parts}" if parts and "/" not in parsed.resource.removeprefix("accesspoint/") else None
    for service in services:
        covered = service_actions(service).covered_by(statement) if reference().service_exists(service) else 0
        if covered:
            yield ResourcePolicyGrant(service, statement, covered, arn, account, whole)
