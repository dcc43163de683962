"""Who is allowed actions on some resource, as techniques need that create a new one."""

from collections.abc import Iterator, Sequence
from functools import cache, reduce
from operator import or_

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.principal_index import PrincipalIndex, indexes_of
from iamdesk.attack_paths.catalog import TargetType, catalog
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible, SourceFinder
from iamdesk.attack_paths.evaluation_session import EvaluationSession
from iamdesk.aws.action_sets import service_actions

_ALLOWED = frozenset({AccessExtent.ALLOWED, AccessExtent.SOME})
_CONDITIONAL = frozenset({AccessExtent.CONDITIONAL, AccessExtent.SOME_CONDITIONAL})


class AnyResourceAccess:
    """Finds principals that are allowed actions on some resource."""

    def __init__(self, inquiry: EvaluationSession, population: PrincipalIndex, finder: SourceFinder) -> None:
        self._inquiry = inquiry
        self._population = population
        self._finder = finder
        self._known: dict[str, int] = {}
        """By service: whose access to it is known."""
        self._allowed: dict[tuple[str, int], int] = {}
        self._conditional: dict[tuple[str, int], int] = {}
        """By service and action: of these, who is allowed it on some resource, also under conditions."""
        self._arranged: dict[str, tuple[int, ConfirmedAndPossible]] = {}
        """By action: for whom `_arranging` was found out, and who can."""
        self._applying: dict[str, int] = {}

    def who(self, actions: Sequence[str], members: int, *, surely: bool = True) -> ConfirmedAndPossible:
        """Return which principals are allowed all of some actions, each on some resource.

        Without ``surely`` the result is at most possible, not confirmed.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        found = ConfirmedAndPossible(members & self._population.regular, 0)
        for action in actions:
            found = found.within(self.applying_to(action))
        # Start with the rarest action: it leaves the fewest principals for the others.
        for action in sorted(actions, key=lambda one: self.applying_to(one).bit_count()):
            found = found.both(self._who(action, found.principals, surely))
        return found if surely else found.unsure()

    def applying_to(self, action: str) -> int:
        """Return the principals with an Allow that covers an action, as bits."""
        known = self._applying.get(action)
        if known is None:
            index = self._population.index
            service, _, name = action.lower().partition(":")
            known = 0
            for number, statements in index.covering(service, name).statements.items():
                if any(statement.is_allow for statement in statements):
                    known |= self._population.carriers[number]
            self._applying[action] = known
        return known

    def _who(self, action: str, members: int, surely: bool) -> ConfirmedAndPossible:
        service, _, name = action.partition(":")
        self._find_access(service, members)
        key = service, service_actions(service).positions[name.lower()]
        proven, conditional = (found.get(key, 0) & members for found in (self._allowed, self._conditional))
        arranged = self._arranging(action, conditional) if surely else ConfirmedAndPossible(0, conditional)
        return ConfirmedAndPossible(proven, 0).either(arranged)

    def _find_access(self, service: str, members: int) -> None:
        """Find out how far principals are allowed the actions of a service that techniques need."""
        known = self._known.get(service, 0)
        actions = _actions_of_paths(service)
        found: dict[tuple[frozenset[AccessExtent], int], list[int]] = {}
        for position in indexes_of(members & ~known):
            self._inquiry.check_cancelled()
            by_extent = self._inquiry.evaluator.reach_of(position, service, actions).actions
            for extents in (_ALLOWED, _CONDITIONAL):
                for bit in indexes_of(reduce(or_, (by_extent.get(extent, 0) for extent in extents)) & actions):
                    found.setdefault((extents, bit), []).append(position)
        for (extents, bit), positions in found.items():
            of_action = self._allowed if extents is _ALLOWED else self._conditional
            of_action[service, bit] = of_action.get((service, bit), 0) | sum(1 << position for position in positions)
        self._known[service] = known | members

    def resources(self, position: int, action: str) -> Iterator[str]:
        """Yield the representative resources for an action of a principal (`what_can`)."""
        service, _, name = action.partition(":")
        bit = service_actions(service).positions[name.lower()]
        yield from (resource for resource, _ in self._inquiry.evaluator.reach_resources(position, service, bit))

    def _arranging(self, action: str, members: int) -> ConfirmedAndPossible:
        """Return which principals can satisfy the conditions of a conditional decision themselves."""
        known, arranging = self._arranged.get(action, (0, NO_PRINCIPALS))
        by_resource: dict[str, int] = {}
        for position in indexes_of(members & ~known):
            for resource in self.resources(position, action):
                by_resource[resource] = by_resource.get(resource, 0) | 1 << position
        for resource, who in by_resource.items():
            if left := who & ~arranging.proven:
                arranging = arranging.either(self._finder.among(left, action, resource))
        self._arranged[action] = known | members, arranging
        return arranging.within(members)


@cache
def _actions_of_paths(service: str) -> int:
    """Return the actions of a service that some technique needs on any resource, as bits."""
    names = {
        required.action for path in catalog().paths for required in path.actions if required.on is TargetType.ANYTHING
    }
    bits = service_actions(service).positions
    return sum(1 << bits[name.lower()] for of, _, name in (one.partition(":") for one in names) if of == service)
