"""Statements of principals' own policies, by the services that they apply to."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple

from iamdesk.access.principal_index import ContextDependency, PrincipalIndex
from iamdesk.access.request_grid import arn_services
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.policy_set import AttachedPolicy, SourceType
from iamdesk.evaluate.request import PolicyType
from iamdesk.evaluate.service_rules import SERVICES_WITH_ACTION_RULES
from iamdesk.policy.document import parse_document
from iamdesk.policy.statement import Statement

_NO_DOCUMENT = parse_document({"Version": "2012-10-17", "Statement": []})

AS_IDENTITY = AttachedPolicy(PolicyType.IDENTITY, SourceType.USER_MANAGED, "", "", "", "", _NO_DOCUMENT)
AS_BOUNDARY = AttachedPolicy(
    PolicyType.PERMISSIONS_BOUNDARY, SourceType.PERMISSIONS_BOUNDARY, "", "", "", "", _NO_DOCUMENT
)
"""Any policy of the type: matching a statement reads nothing else of its policy."""


class OwnStatement(NamedTuple):
    """A statement of a principal's own policies that covers actions of a service."""

    place: int
    """Index of the statement."""
    policy: AttachedPolicy
    """A policy of its type, in place of each that contains it."""
    statement: Statement
    asked: ContextDependency
    actions: int
    """As bits of the service's actions."""
    is_for_all: bool
    """Whether it matches every resource on which the service's actions are evaluated."""

    @property
    def leaves_named(self) -> bool:
        """Whether the resources that it names may be allowed where others are not (`names_allowed`)."""
        return names_allowed(self.statement)

    @property
    def signature(self) -> Hashable:
        """What it shares with statements of equal effect."""
        return self.policy.policy_type, self.actions, self.asked.number, None if self.is_for_all else self.place


def names_allowed(statement: Statement) -> bool:
    """Return whether a statement names resources that may be allowed where others are not.

    An Allow does with ``Resource``, a Deny with ``NotResource``.
    """
    return statement.is_allow is not statement.not_resource


class WideStatement(NamedTuple):
    """A statement of a principal's own policies that can decide actions of every service."""

    place: int
    """Index of the statement."""
    policy: AttachedPolicy
    """A policy of its type, in place of each that contains it."""
    statement: Statement
    asked: ContextDependency
    signature: Hashable
    """What it shares with statements of equal effect on every action."""


def own_keys(statements: Iterable[OwnStatement | WideStatement]) -> set[str]:
    """Return the keys that depend on the caller alone, of some statements."""
    return {key for one in statements for key in one.asked.own_keys}


class OwnStatements:
    """Finds the statements of the principals and groups of one snapshot, by service; each document is read once."""

    def __init__(self, population: PrincipalIndex) -> None:
        self._population = population
        self._by_policy_type: dict[PolicyType, dict[int, dict[str, tuple[OwnStatement, ...]]]] = {
            policy.policy_type: {} for policy in (AS_IDENTITY, AS_BOUNDARY)
        }
        self._split: dict[tuple[int, PolicyType], tuple[frozenset[str], tuple[WideStatement, ...]]] = {}

    def services(self, position: int) -> tuple[Mapping[str, tuple[int, ...]], tuple[WideStatement, ...]]:
        """Return the services that a principal's or group's policies name, and the statements that apply to all
        services.

        Each service comes with the documents that may apply to it (`applicable`). Statements of a boundary count only
        for services to which other policies apply.
        """
        index = self._population.index
        services: set[str] = set()
        wide: list[WideStatement] = []
        apart: list[tuple[int, frozenset[str] | None]] = []
        for number in index.carried[position]:
            named, of_document = self._split_document(number, AS_IDENTITY)
            services |= named
            wide += of_document
            apart.append((number, None if of_document else named))
        if wide:
            for number in index.boundaries[position] or ():
                named, of_document = self._split_document(number, AS_BOUNDARY)
                services |= named
                wide += of_document
        services |= SERVICES_WITH_ACTION_RULES  # some of their actions need no Allow (rule I3)
        applicable = {
            service: tuple([number for number, named in apart if named is None or service in named])
            for service in sorted(services)
        }
        return applicable, tuple(wide)

    def _split_document(self, number: int, policy: AttachedPolicy) -> tuple[frozenset[str], tuple[WideStatement, ...]]:
        known = self._split.get((number, policy.policy_type))
        if known is None:
            index = self._population.index
            version = index.documents[number].version
            services: set[str] = set()
            wide: list[WideStatement] = []
            for place, statement in index.of_document(number):
                named = index.arn_services(place)
                if statement.services is not None:
                    services |= statement.services
                elif named is not None:
                    services.update(*(reference().services_on(one) for one in named))
                else:
                    asked = self._population.asked(statement, version)
                    actions = tuple(entry.text for entry in statement.actions)
                    where = None if index.names_every_resource(place) else place
                    signature = (policy.policy_type, statement.not_action, actions, asked.number, where)
                    wide.append(WideStatement(place, policy, statement, asked, signature))
            known = self._split[number, policy.policy_type] = (frozenset(services), tuple(wide))
        return known

    def of_service(self, wide: Iterable[WideStatement], service: str) -> tuple[OwnStatement, ...]:
        """Return what statements on all services are for one service."""
        actions, index, of_service = service_actions(service), self._population.index, arn_services(service)
        return tuple(
            OwnStatement(
                one.place, one.policy, one.statement, one.asked, covered, index.is_for_all_of(one.place, of_service)
            )
            for one in wide
            if (covered := actions.covered_by(one.statement))
        )

    def of(self, position: int, service: str, applicable: Iterable[int] | None = None) -> tuple[OwnStatement, ...]:
        """Return the statements of a principal's own policies that can decide a service's actions, in the engine's
        order.

        Left out are statements that match no resource on which the service's actions are evaluated. ``applicable`` are
        the documents that can apply to the service, where known.
        """
        index = self._population.index
        found: list[OwnStatement] = []
        for number in index.carried[position] if applicable is None else applicable:
            found += self._of_document(number, service, AS_IDENTITY)
        for number in index.boundaries[position] or ():
            found += self._of_document(number, service, AS_BOUNDARY)
        return tuple(found)

    def _of_document(self, number: int, service: str, policy: AttachedPolicy) -> tuple[OwnStatement, ...]:
        of_document = self._by_policy_type[policy.policy_type].setdefault(number, {})
        known = of_document.get(service)
        if known is None:
            known = of_document[service] = tuple(self._read(number, service, policy))
        return known

    def _read(self, number: int, service: str, policy: AttachedPolicy) -> Iterator[OwnStatement]:
        index, actions = self._population.index, service_actions(service)
        version = index.documents[number].version
        of_service = arn_services(service)
        for place, statement in index.of_document(number):
            if statement.services is not None and service not in statement.services:
                continue
            named = index.arn_services(place)
            if named is not None and of_service is not None and not named & of_service:
                continue
            covered = actions.covered_by(statement)
            if covered:
                asked = self._population.asked(statement, version)
                is_for_all = index.is_for_all_of(place, of_service)
                yield OwnStatement(place, policy, statement, asked, covered, is_for_all)
