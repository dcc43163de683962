"""Effective permissions of a principal or group, by service and access level, down to single decisions.

Every action that AWS lists is evaluated, with an empty request context:

* on *placeholder* resources, which no policy names: one of each resource type of the action, in the principal's account
  and an unspecified Region; on ``*`` for actions without resource types;
* on *named* resources: each pattern in an Allow statement of the principal's policies or boundary, as written, with its
  policy variables filled in; what a Deny with ``NotResource`` or an organization policy leaves, and what it has in
  common with these patterns; and each resource of the snapshot whose policy allows something to the principal or to all
  of its account.

`AccessExtent` summarizes the decisions. Placeholders decide; a named resource counts where an action is not allowed on
them. So "allowed" means every resource but those that a policy names: a Deny on one bucket does not change it
(`ActionAccess.decisions` lists it).

Resource policies and organization policies apply where the snapshot holds them. A group is evaluated as a member with
the policies of the group and no others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from iamdesk.aws.action_sets import ACCESS_LEVELS, service_actions
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.decision import EvaluationResult


class AccessExtent(StrEnum):
    """How far a principal is allowed to perform an action; the first that applies."""

    ALLOWED = "allowed"
    """Allowed on every placeholder resource."""
    CONDITIONAL = "conditional"
    """Allowed on every placeholder resource, on some of them only under conditions."""
    AWAITING = "awaiting resource policy"
    """Would be one of the above if the resource's own policy, a key policy or a role's trust policy, allowed the
    account; the snapshot does not hold that policy. Or only on some resource, and not on all placeholders."""
    SOME = "some resources"
    """Allowed on some placeholder or named resource."""
    SOME_CONDITIONAL = "some resources, conditional"
    """Allowed on some placeholder or named resource, under conditions only."""
    DENIED = "denied"
    """Explicitly denied on every placeholder resource, and allowed on no named one."""
    NONE = "none"
    """Not allowed anywhere."""


class ResourceOrigin(StrEnum):
    """Why a resource is evaluated."""

    FRESH = "fresh"
    """Placeholder: no policy names it, and it represents all such resources."""
    NAMED = "named"
    """An Allow statement names it, or a Deny leaves it by ``NotResource``."""
    EXCEPTION = "exception"
    """Only a Deny statement, or an Allow by ``NotResource``, names it: it does not count for the extent."""


@dataclass(frozen=True, slots=True, eq=False)
class ServiceAccess:
    """How far one principal is allowed to perform the actions of one service."""

    service: str
    actions: Mapping[AccessExtent, int]
    """By extent, the actions as bits (`aws.action_sets`); every action of the service is in one of them."""

    def reach_of(self, action: int) -> AccessExtent:
        """Return the extent of one action, by its bit."""
        return next((reach for reach, bits in self.actions.items() if bits >> action & 1), AccessExtent.NONE)

    def counts(self) -> Mapping[str, Mapping[AccessExtent, int]]:
        """Return the number of actions of each extent, by access level; a level without actions is left out."""
        levels = service_actions(self.service).by_level
        return {
            level: {reach: (bits & levels[level]).bit_count() for reach, bits in self.actions.items()}
            for level in ACCESS_LEVELS
            if levels[level]
        }

    def share(self, level: str) -> float:
        """Return the share of a level's actions that are allowed to any extent, between 0 and 1."""
        of_level = service_actions(self.service).by_level[level]
        refused = self.actions[AccessExtent.NONE] | self.actions[AccessExtent.DENIED]
        return (of_level & ~refused).bit_count() / of_level.bit_count() if of_level else 0.0

    @property
    def only(self) -> AccessExtent | None:
        """The one extent of all actions; None where they differ."""
        having = [reach for reach, bits in self.actions.items() if bits]
        return having[0] if len(having) == 1 else None

    @property
    def is_empty(self) -> bool:
        """Whether no action of the service is allowed or explicitly denied."""
        return not any(bits for reach, bits in self.actions.items() if reach is not AccessExtent.NONE)


@dataclass(frozen=True, slots=True)
class ActionDecision:
    """One decision behind an access extent."""

    resource: str
    source: ResourceOrigin
    """Why it was evaluated; exceptions do not count for the extent."""
    decision: EvalDecision
    _evaluate: Callable[[str], EvaluationResult] = field(repr=False)

    @property
    def explanation(self) -> EvaluationResult:
        """The full result, evaluated when read: statements, policy types, conditions."""
        return self._evaluate(self.resource)


@dataclass(frozen=True, slots=True)
class ActionAccess:
    """How far a principal is allowed to perform one action."""

    name: str
    """``s3:GetObject``."""
    access_level: str
    description: str
    reach: AccessExtent
    _decisions: Callable[[], Iterable[ActionDecision]] = field(repr=False)

    @property
    def decisions(self) -> tuple[ActionDecision, ...]:
        """The decisions behind the extent, and those on every other resource that the principal's policies name."""
        return tuple(self._decisions())


class EffectiveAccess:
    """Effective permissions of one principal or group. Frozen; may be read from any thread."""

    def __init__(
        self,
        subject: str,
        resource: str | None,
        services: Sequence[ServiceAccess],
        decisions: Callable[[str, int], Iterable[ActionDecision]],
    ) -> None:
        self.subject = subject
        """ARN of the principal or group."""
        self.resource = resource
        """The one resource that was evaluated; None: any."""
        self.services = tuple(services)
        """By service prefix; services without allowed or explicitly denied actions are left out."""
        self._decisions = decisions
        self._by_name = {one.service: one for one in self.services}

    def service(self, service: str) -> ServiceAccess | None:
        """Return the extents of one service's actions; None where none is allowed or explicitly denied."""
        return self._by_name.get(service)

    def actions(
        self, service: str, access_level: str | None = None, reaches: Sequence[AccessExtent] = tuple(AccessExtent)
    ) -> Iterator[ActionAccess]:
        """Yield the actions of a service, of one access level if given, that have one of some extents."""
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
                    partial(self._decisions, service, bit),
                )
