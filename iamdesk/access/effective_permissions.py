"""What can: the effective permissions of a principal or group, by service and access level, down to single answers.

For every action that AWS lists, questions are asked like those of a user who says nothing of the context:

* on *fresh* resources, which no policy names: one of each resource type that the action acts on, in the principal's own
  account and in a Region that nobody knows; on ``*`` for actions that take no resource;
* on *named* resources: each pattern that an Allow statement of the principal's policies or boundary names, asked as
  written, policy variables filled in; and each resource of the snapshot whose own policy allows the principal, or
  everyone of its account, something.

`AccessExtent` says what is made of the answers. The fresh ones decide; a named resource counts where they leave an
action out. So "allowed" means every resource but those that a policy singles out: what a Deny statement says of one
bucket does not change it (`ActionAccess.answers` tells it).

Resource policies and organization policies count where the snapshot holds them. What a group can do is what a member
of it can do by the group's policies alone: of the member, nothing else is known.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Protocol

from iamdesk.aws.action_sets import ACCESS_LEVELS, service_actions
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.decision import EvaluationResult
from iamdesk.progress import Cancelled, never_cancelled

__all__ = [
    "AccessExtent",
    "ActionAccess",
    "ActionDecision",
    "EffectiveAccess",
    "Overview",
    "ResourceOrigin",
    "ServiceAccess",
]


class AccessExtent(StrEnum):
    """How far a principal may do an action. The first that holds."""

    ALLOWED = "allowed"
    """Allowed on every fresh resource."""
    CONDITIONAL = "conditional"
    """Allowed on every fresh resource, but on some of them only under conditions."""
    AWAITING = "awaiting resource policy"
    """The same if the resource's own policy lets the account in: a key policy or a role's trust policy, without which
    nobody is let in and which the snapshot does not hold. Or not on all fresh ones, but so on some resource."""
    SOME = "some resources"
    """Allowed on some fresh or named resource."""
    SOME_CONDITIONAL = "some resources, conditional"
    """Allowed on some fresh or named resource, but under conditions only."""
    DENIED = "denied"
    """Explicitly denied on every fresh resource, and allowed on no named one."""
    NONE = "none"
    """Not allowed anywhere."""


class ResourceOrigin(StrEnum):
    """Why a resource is asked about."""

    FRESH = "fresh"
    """No policy names it: it stands for every such resource."""
    NAMED = "named"
    """An Allow statement names it."""
    EXCEPTION = "exception"
    """Only a Deny statement or a ``NotResource`` names it: the reach does not rest on it."""


@dataclass(frozen=True, slots=True, eq=False)
class ServiceAccess:
    """How far one principal may do the actions of one service."""

    service: str
    actions: Mapping[AccessExtent, int]
    """By reach, the actions as bits (`aws.action_sets`); every action of the service is in one of them."""

    def reach_of(self, action: int) -> AccessExtent:
        """Return the reach of one action, by its bit."""
        return next((reach for reach, bits in self.actions.items() if bits >> action & 1), AccessExtent.NONE)

    def counts(self) -> Mapping[str, Mapping[AccessExtent, int]]:
        """Return how many actions have each reach, by access level; a level without actions is left out."""
        levels = service_actions(self.service).by_level
        return {
            level: {reach: (bits & levels[level]).bit_count() for reach, bits in self.actions.items()}
            for level in ACCESS_LEVELS
            if levels[level]
        }

    def share(self, level: str) -> float:
        """Return the share of the actions of a level that may be done at all, between 0 and 1."""
        of_level = service_actions(self.service).by_level[level]
        refused = self.actions[AccessExtent.NONE] | self.actions[AccessExtent.DENIED]
        return (of_level & ~refused).bit_count() / of_level.bit_count() if of_level else 0.0

    @property
    def only(self) -> AccessExtent | None:
        """The one reach that all actions have; None where they differ."""
        having = [reach for reach, bits in self.actions.items() if bits]
        return having[0] if len(having) == 1 else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the service may be done, and nothing is denied."""
        return not any(bits for reach, bits in self.actions.items() if reach is not AccessExtent.NONE)


@dataclass(frozen=True, slots=True)
class ActionDecision:
    """The answer to one question behind a reach; `explanation` gives all of it."""

    resource: str
    source: ResourceOrigin
    """Why it was asked about; the reach rests on all but the exceptions."""
    decision: EvalDecision
    _answer: Callable[[str], EvaluationResult] = field(repr=False)

    @property
    def explanation(self) -> EvaluationResult:
        """The full answer, evaluated when asked for: the statements, the layers, the conditions."""
        return self._answer(self.resource)


@dataclass(frozen=True, slots=True)
class ActionAccess:
    """How far a principal may do one action."""

    name: str
    """``s3:GetObject``."""
    access_level: str
    description: str
    reach: AccessExtent
    _answers: Callable[[], tuple[ActionDecision, ...]] = field(repr=False)

    @property
    def answers(self) -> tuple[ActionDecision, ...]:
        """The answers on which the reach rests, and those on everything else that the principal's policies name."""
        return self._answers()


class EffectiveAccess:
    """What one principal or group may do. Frozen; may be read from any thread."""

    def __init__(
        self,
        subject: str,
        resource: str | None,
        services: Sequence[ServiceAccess],
        answers: Callable[[str, int], tuple[ActionDecision, ...]],
    ) -> None:
        self.subject = subject
        """ARN of the principal or group."""
        self.resource = resource
        """The one resource that was asked about; None: any."""
        self.services = tuple(services)
        """By service prefix; those of which nothing may be done and nothing is denied are left out."""
        self._answers = answers
        self._by_name = {one.service: one for one in self.services}

    def service(self, service: str) -> ServiceAccess | None:
        """Return the reach of one service's actions; None where nothing of it may be done and nothing is denied."""
        return self._by_name.get(service)

    def actions(
        self, service: str, access_level: str | None = None, reaches: Sequence[AccessExtent] = tuple(AccessExtent)
    ) -> Iterator[ActionAccess]:
        """Yield the actions of a service, of one access level where one is named, that have one of some reaches."""
        found = self._by_name.get(service)
        if found is None:
            return
        for bit, action in enumerate(service_actions(service).actions):
            reach = found.reach_of(bit)
            if reach in reaches and access_level in (None, action.access_level):
                yield ActionAccess(
                    action.full_name,
                    action.access_level,
                    action.description,
                    reach,
                    partial(self._answers, service, bit),
                )


class Finder(Protocol):
    """Finds out reaches for subjects, by their positions (`service_access.ServiceAccessFinder`)."""

    def reaches(self, position: int, cancelled: Cancelled = never_cancelled) -> Mapping[str, ServiceAccess]:
        """Return those of each service of which something may be done or is denied."""

    def reach(self, position: int, service: str) -> ServiceAccess:
        """Return that of one service."""

    def same(self, position: int) -> Hashable:
        """Return what those share who carry the same."""

    def services_named(self, position: int) -> tuple[str, ...]:
        """Return the services that a subject's policies name."""


class FindsAccess(Mapping[str, Mapping[str, ServiceAccess]]):
    """By principal (ARN) the reaches by service prefix, found out when they are read. May be read from any thread."""

    def __init__(self, positions: Mapping[str, int], finder: Finder) -> None:
        self._positions = positions
        self._finder = finder

    def __len__(self) -> int:
        return len(self._positions)

    def __iter__(self) -> Iterator[str]:
        return iter(self._positions)

    def __getitem__(self, principal: str) -> Mapping[str, ServiceAccess]:
        return self._finder.reaches(self._positions[principal])

    def row(self, principal: str, cancelled: Cancelled) -> Mapping[str, ServiceAccess]:
        """Return the reaches of a principal.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        return self._finder.reaches(self._positions[principal], cancelled)

    def of_service(self, principal: str, service: str) -> ServiceAccess:
        """Return how far a principal may do the actions of one service: sooner there than its whole row."""
        return self._finder.reach(self._positions[principal], service)

    def services_named(self, principal: str) -> tuple[str, ...]:
        """Return the services that a principal's own policies name."""
        return self._finder.services_named(self._positions[principal])

    def same_together(self) -> tuple[str, ...]:
        """Return the principals, those beside each other who carry the same."""
        found: dict[Hashable, list[str]] = {}
        for principal, position in self._positions.items():
            found.setdefault(self._finder.same(position), []).append(principal)
        return tuple(principal for principals in found.values() for principal in principals)


@dataclass(frozen=True, slots=True)
class Overview:
    """What everybody may do: the reaches of each principal, by service. Equal ones are one object."""

    reaches: FindsAccess
    """By principal (ARN) and service prefix; services of which nothing may be done and nothing is denied are left out.
    A row is found out when it is read."""

    def share(self, principal: str, service: str, access_level: str) -> float:
        """Return the share of a service's actions of one level that a principal may do at all, between 0 and 1."""
        found = self.reaches[principal].get(service)
        return 0.0 if found is None else found.share(access_level)
