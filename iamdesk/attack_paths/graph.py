"""The graph of steps: distances from each principal to administrator, to other principals and to data."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from iamdesk.access.principal_index import indexes_of
from iamdesk.access.request_grid import placeholder_grid
from iamdesk.attack_paths.catalog import catalog, preference
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible
from iamdesk.attack_paths.edges import PHASES, Edge, Edges
from iamdesk.attack_paths.prepared import PreparedSteps, prepared_steps
from iamdesk.attack_paths.promoters import IndirectPromotion, Promoters, find_promoters, indirect_promotions
from iamdesk.attack_paths.self_escalation import SelfEscalation
from iamdesk.attack_paths.types import Extent
from iamdesk.attack_paths.what_if_admin import AdminHypotheses
from iamdesk.aws.action_sets import service_actions
from iamdesk.progress import Progress, no_progress

type Levels = tuple[int, ...]
"""By number of steps: the principals with that distance, as bits."""
type LastSteps = tuple[tuple[int, tuple[tuple[str, Edge], ...]], ...]
"""(principals as bits, (account ID, edge) pairs) for steps to administrator that exactly these principals can take."""


_MAX_DIFFERING = 64
_MOST_COMMON = 64


@dataclass(frozen=True, slots=True)
class _Target:
    """Where paths end: principals at the goal, and those that reach it by a step that leads to no principal."""

    there: ConfirmedAndPossible
    last: ConfirmedAndPossible
    apart: int = 0
    """Principals that are at the goal if they begin there; of others that become them, those of ``last`` are."""
    later: Mapping[int, int] = field(default_factory=dict)
    """Those that reach it in some number of steps of their own (`StepGraph.indirect_promotions`), by that number."""


class StepGraph:
    """Principals, and who can become whom in one step; computed by `find_all`, or at first use."""

    def __init__(self, steps: Edges) -> None:
        self.steps = steps
        self.extent = Extent()
        """How far `prepared` is searched; set before it is."""
        self._last_steps: dict[tuple[str | None, bool], LastSteps] = {}
        self._first_of: dict[tuple[str | None, bool], Mapping[int, int]] = {}
        """By position: the index of its first entry in the last steps."""
        self._administration: dict[tuple[str | None, bool], Levels] = {}
        self._to_data: dict[tuple[str, bool], Levels] = {}
        self._closures: dict[bool, Mapping[int, int]] = {}
        self._forward: dict[bool, dict[int, int]] = {}
        self._inside: dict[bool, tuple[Mapping[int, int], Mapping[int, int]]] = {}
        self._indirect: dict[bool, Mapping[int, Sequence[IndirectPromotion]]] = {}

    def find_all(self, progress: Progress = no_progress) -> None:
        """Compute everything.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        _ = self.into
        progress(PHASES - 2, PHASES)
        _ = self.all_promotions
        _ = self.promoters
        progress(PHASES - 1, PHASES)
        _ = self.readers
        progress(PHASES, PHASES)

    @cached_property
    def into(self) -> Mapping[int, ConfirmedAndPossible]:
        """By position: who can become the principal in one step."""
        return self.into_of()

    def into_of(self, number: int = 0, parts: int = 1) -> dict[int, ConfirmedAndPossible]:
        """Return `into` of one part, out of several, of the principals."""
        found: dict[int, ConfirmedAndPossible] = {}
        shared: dict[ConfirmedAndPossible, ConfirmedAndPossible] = {}  # many have the same sources
        places = list(self.steps.places.items())
        for position, place in places[number * len(places) // parts : (number + 1) * len(places) // parts]:
            if position % 64 == 0:
                self.steps.inquiry.check_cancelled()
            members = NO_PRINCIPALS
            for edge in self.steps.into(place):
                members = members.either(edge.members)
            members = members.within(~(1 << position))
            if members.principals:
                found[position] = shared.setdefault(members, members)
        return found

    @property
    def hypotheses(self) -> AdminHypotheses:
        """Whether principals would be administrators with other policies or without a boundary."""
        return self.steps.hypotheses

    @cached_property
    def escalation(self) -> SelfEscalation:
        """The search for steps to administrator."""
        return SelfEscalation(self.steps, self.hypotheses)

    @cached_property
    def promotions(self) -> Mapping[str, Sequence[Edge]]:
        """By account ID: the steps to administrator of it, without `joined` ones."""
        return self.by_account(self.escalation.edges())

    @cached_property
    def joined(self) -> Mapping[str, Sequence[Edge]]:
        """By account ID: the steps to administrator by changing a principal and becoming it by another technique.

        Only of principals that are more than one proven step from administrator.
        """
        return self.by_account(self.joined_of(self.__dict__.get("into")))  # a copy's graph may not have it

    @cached_property
    def prepared(self) -> PreparedSteps:
        """The steps after preparations; only of principals more than one step from administrator."""
        near = 0
        for edges in (*self.promotions.values(), *self.joined.values()):
            for edge in edges:
                near |= edge.members.proven
        if not self.extent.start:
            return prepared_steps(self.steps, lambda: self.into, ~near, self.extent)
        found, seen = PreparedSteps(), 0
        start = 1 << (self.steps.population.position(self.extent.start) or 0)
        while left := self._become(start, found) & ~seen:
            prepared_steps(self.steps, lambda: self.into, ~near, self.extent, left, found)
            seen |= left
        return found

    def _become(self, start: int, prepared: PreparedSteps) -> int:
        """Return some principals and whom they can become, also after preparations, as bits."""
        into = {position: members.principals for position, members in self.into.items()}
        for position, edges in prepared.into.items():
            for edge in edges:
                into[position] = into.get(position, 0) | edge.members.principals
        found, before = start, 0
        while found != before:
            before = found
            for position, members in into.items():
                if members & found:
                    found |= 1 << position
        return found

    @property
    def is_prepared(self) -> bool:
        """Whether `prepared` was found."""
        return "prepared" in self.__dict__

    @cached_property
    def predecessors(self) -> Mapping[int, ConfirmedAndPossible]:
        """By position: who can become the principal in one step, also after a preparation."""
        found = dict(self.into)
        for position, edges in self.prepared.into.items():
            for edge in edges:
                found[position] = found.get(position, NO_PRINCIPALS).either(edge.members)
        return found

    @cached_property
    def unprepared_promotions(self) -> Mapping[str, Sequence[Edge]]:
        """By account ID: the steps to administrator of it, without `prepared` ones."""
        accounts = dict.fromkeys((*self.promotions, *self.joined))
        return {one: (*self.promotions.get(one, ()), *self.joined.get(one, ())) for one in accounts}

    def joined_of(
        self, into: Mapping[int, ConfirmedAndPossible] | None, number: int = 0, parts: int = 1
    ) -> Iterator[tuple[str, Edge]]:
        """Yield (account ID, edge) for `joined` of one part, out of several, of the targets.

        ``into``: `into_of` that part, if it is known.
        """
        near = 0
        for edges in self.promotions.values():
            for edge in edges:
                near |= edge.members.proven
        yield from self.escalation.joined(~near, into, number, parts)

    @cached_property
    def all_promotions(self) -> Mapping[str, Sequence[Edge]]:
        """By account ID: all steps to administrator of it."""
        accounts = dict.fromkeys((*self.unprepared_promotions, *self.prepared.promotions))
        return {
            one: (*self.unprepared_promotions.get(one, ()), *self.prepared.promotions.get(one, ())) for one in accounts
        }

    @staticmethod
    def by_account(edges: Iterable[tuple[str, Edge]]) -> Mapping[str, Sequence[Edge]]:
        """Return the steps to administrator by account ID."""
        found: dict[str, list[Edge]] = {}
        shared: dict[ConfirmedAndPossible, ConfirmedAndPossible] = {}
        for account, edge in edges:
            members = shared.setdefault(edge.members, edge.members)
            found.setdefault(account, []).append(edge._replace(members=members))
        return found

    def changes_of(self, number: int, parts: int) -> dict[int, Sequence[Edge]]:
        """Return how others make principals administrators, by position, of one part, out of several, of these."""
        places = list(self.steps.places.items())
        shared: dict[ConfirmedAndPossible, ConfirmedAndPossible] = {}
        found: dict[int, Sequence[Edge]] = {}
        for position, place in places[number * len(places) // parts : (number + 1) * len(places) // parts]:
            if not self.steps.unconditional_administrators >> position & 1:
                self.steps.inquiry.check_cancelled()
                edges = self.escalation.changes_by_others(position, place)
                del self.escalation.changed[position]  # whoever joins the parts keeps them
                found[position] = tuple(
                    edge._replace(members=shared.setdefault(edge.members, edge.members)) for edge in edges
                )
        return found

    # ── made an administrator by another principal ───────────────────────────────────────────────────────────────────

    @cached_property
    def promoters(self) -> Promoters:
        """Who can make other principals administrators."""
        closures = (self.inside(maybe=False)[1], self.inside(maybe=True)[1])
        found = find_promoters(self.steps, self.escalation, self._near(maybe=False), *closures)
        self.escalation.changed.clear()
        return found

    def indirect_promotions(self, maybe: bool = False) -> Mapping[int, Sequence[IndirectPromotion]]:
        """Return, by position, how principals become administrators by another principal that they can become.

        Only of principals that have no other path to administrator of their account inside it.
        """
        known = self._indirect.get(maybe)
        if known is None:
            near = self._near(maybe=maybe)
            known = indirect_promotions(self.steps, self.promoters, near, *self.inside(maybe=maybe), maybe=maybe)
            self._indirect[maybe] = known
        return known

    def indirect_levels(self, account: str | None = None, maybe: bool = False) -> Mapping[int, int]:
        """Return the principals with indirect promotions, of an account or of all, by their number of steps."""
        found: dict[int, int] = {}
        for position, promotions in self.indirect_promotions(maybe).items():
            if account in (None, self.steps.population.cohort_at(position).account):
                found[promotions[0].steps] = found.get(promotions[0].steps, 0) | 1 << position
        return found

    def _near(self, *, maybe: bool) -> int:
        """Return the administrators, and the principals one step from it without a preparation, as bits."""
        found = self.steps.unconditional_administrators
        for edges in self.unprepared_promotions.values():
            for edge in edges:
                found |= edge.members.principals if maybe else edge.members.proven
        return found

    def inside(self, *, maybe: bool) -> tuple[Mapping[int, int], Mapping[int, int]]:
        """Return by position whom each becomes in its account without preparations: in one step, and in any number."""
        found = self._inside.get(maybe)
        if found is None:
            steps = self.steps
            by_members: dict[int, int] = {}
            for position, members in self.into.items():
                own = steps.members_of.get(steps.population.cohort_at(position).account, 0)
                who = (members.principals if maybe else members.proven) & own
                if who:
                    by_members[who] = by_members.get(who, 0) | 1 << position
            forward = _inverted(by_members)
            found = self._inside[maybe] = forward, closed(forward, steps.inquiry.check_cancelled)
        return found

    @cached_property
    def readers(self) -> Mapping[str, ConfirmedAndPossible]:
        """By name of sensitive data: who can read it directly."""
        return {one.name: self._readers(one.actions) for one in catalog().sensitive}

    def _readers(self, actions: Sequence[str]) -> ConfirmedAndPossible:
        found = NO_PRINCIPALS
        for cohort in {cohort.account: cohort for cohort in self.steps.population.cohort}.values():
            members = self.steps.members_of[cohort.account]
            for action in actions:
                service, _, name = action.partition(":")
                grid = placeholder_grid(service, cohort.partition, cohort.account)
                bit = service_actions(service).positions[name.lower()]
                resource = next(
                    (
                        resource_slot.resource
                        for resource_slot in grid.resource_slots
                        if resource_slot.actions >> bit & 1
                    ),
                    None,
                )
                if resource is not None:
                    found = found.either(self.steps.finder.among(members, action, resource))
        return found

    # ── distances ────────────────────────────────────────────────────────────────────────────────────────────────────

    def to_administration(self, account: str | None = None, maybe: bool = False) -> Levels:
        """Return the principals by distance to administrator of an account, or of any.

        ``maybe`` includes possible steps.
        """
        key = (account, maybe)
        if key not in self._administration:
            own = -1 if account is None else self.steps.members_of.get(account, 0)
            last = 0
            for members, _ in self.last_steps(account, maybe):
                last |= members
            for position, edges in self.entering.items():
                for edge in edges if own >> position & 1 else ():
                    last |= edge.members.principals if maybe else edge.members.proven
            there = self.steps.unconditional_administrators & own
            self._administration[key] = self._levels(
                _Target(
                    ConfirmedAndPossible(there, 0),
                    ConfirmedAndPossible(last, 0),
                    self.steps.administrators & own & ~there,
                    self.indirect_levels(account, maybe),
                ),
                maybe,
            )
        return self._administration[key]

    def last_steps(self, account: str | None = None, maybe: bool = False) -> LastSteps:
        """Return the steps to administrator of an account, or of any, grouped by the principals that can take them.

        There are thousands of steps, but few different sets of principals.
        """
        key = (account, maybe)
        if key not in self._last_steps:
            found: dict[int, list[tuple[str, Edge]]] = {}
            steps = [
                (name, edge)
                for name, edges in self.all_promotions.items()
                for edge in (edges if account in (None, name) else ())
            ]
            for name, edge in sorted(steps, key=lambda one: preference(one[1].path_id)):
                members = edge.members.principals if maybe else edge.members.proven
                if members:
                    found.setdefault(members, []).append((name, edge))
            self._last_steps[key] = tuple((members, tuple(steps)) for members, steps in found.items())
        return self._last_steps[key]

    def last_steps_of(
        self, position: int, account: str | None = None, maybe: bool = False
    ) -> Iterator[tuple[str, Edge]]:
        """Yield (account ID, edge) for the last steps of a principal, in the order of `last_steps`."""
        key = (account, maybe)
        steps = self.last_steps(account, maybe)
        if key not in self._first_of:
            # Usually only the first is needed: skip thousands of sets at once.
            first: dict[int, int] = {}
            seen = 0
            for number, (members, _) in enumerate(steps):
                first.update(dict.fromkeys(indexes_of(members & ~seen), number))
                seen |= members
            self._first_of[key] = first
        for members, edges in islice(steps, self._first_of[key].get(position, len(steps)), None):
            if members >> position & 1:
                yield from edges

    def to_data(self, name: str, maybe: bool = False) -> Levels:
        """Return the principals by distance to reading sensitive data."""
        key = (name, maybe)
        if key not in self._to_data:
            self._to_data[key] = self._levels(_Target(self.readers[name], NO_PRINCIPALS), maybe)
        return self._to_data[key]

    def to_principal(self, position: int, maybe: bool = False) -> Levels:
        """Return the principals by distance to a principal."""
        return self._levels(_Target(ConfirmedAndPossible(1 << position, 0), NO_PRINCIPALS), maybe)

    def _levels(self, target: _Target, maybe: bool) -> Levels:
        def counted(members: ConfirmedAndPossible) -> int:
            return members.principals if maybe else members.proven

        reached = counted(target.there)
        levels = [reached | target.apart]
        latest = reached
        last = counted(target.last)
        most = max(target.later, default=0)
        while latest or last or len(levels) <= most:
            found = last | target.later.get(len(levels), 0)
            last = 0
            for position in indexes_of(latest):
                members = self.predecessors.get(position)
                if members is not None:
                    found |= counted(members)
            found &= ~reached
            if not found and len(levels) >= most:
                break
            reached |= found
            latest = found
            levels.append(found)
        return tuple(levels)

    # ── reachability ─────────────────────────────────────────────────────────────────────────────────────────────────

    def forward(self, maybe: bool = False) -> Mapping[int, int]:
        """Return, by position, the principals that it can become in one step, as bits."""
        found = self._forward.get(maybe)
        if found is None:
            by_members: dict[int, int] = {}
            for position, members in self.predecessors.items():
                who = members.principals if maybe else members.proven
                if who:
                    by_members[who] = by_members.get(who, 0) | 1 << position
            found = self._forward[maybe] = _inverted(by_members)
        return found

    def candidates(self, position: int, among: int, maybe: bool = False) -> int:
        """Return which of some principals one may become in one step, as bits: all of them while `into` is unknown."""
        known = self.forward(maybe).get(position, 0) if "into" in self.__dict__ else among
        return known & among & ~(1 << position)

    def closure(self, maybe: bool = False) -> Mapping[int, int]:
        """Return, by position, the other principals that it can become in any number of steps, as bits."""
        known = self._closures.get(maybe)
        if known is None:
            known = self._closures[maybe] = closed(self.forward(maybe), self.steps.inquiry.check_cancelled)
        return known

    def cycles(self) -> Iterator[int]:
        """Yield the sets of roles that can all assume each other in one or more steps, as bits."""
        forward: dict[int, int] = {}
        for position, place in self.steps.places.items():
            for source in indexes_of(self.steps.assumable.of(place).proven & ~(1 << position)):
                forward[source] = forward.get(source, 0) | 1 << position
        identical: dict[int, int] = {}
        for position, reached in closed(forward, self.steps.inquiry.check_cancelled).items():
            # Roles with the same reachable set, including themselves, reach each other.
            identical[reached | 1 << position] = identical.get(reached | 1 << position, 0) | 1 << position
        yield from (members for members in identical.values() if members.bit_count() > 1)

    # ── edges ────────────────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def entering(self) -> Mapping[int, Sequence[Edge]]:
        """By position of a role of `Edges.sessions`: how principals become an administrator by becoming it."""
        return {
            position: (
                *self.steps.entering(position),
                *(one._replace(members=one.members.unsure()) for one in self.prepared.into.get(position, ())),
            )
            for position in self.steps.sessions
        }

    def edges_to_administrator(self, position: int) -> Iterable[Edge]:
        """Return the techniques by which principals become an administrator by becoming one, in one step."""
        known = self.entering.get(position)
        return self.edges_into(position) if known is None else known

    def edges_into(self, position: int) -> Iterator[Edge]:
        """Yield the techniques by which principals become a principal."""
        place = self.steps.places.get(position)
        if place is not None:
            yield from self.steps.into(place)
            yield from self.prepared.into.get(position, ())


def closed(forward: Mapping[int, int], check_cancelled: Callable[[], None]) -> Mapping[int, int]:
    """Return the transitive closure of ``forward``: by position, the others reachable in any number of steps.

    ``check_cancelled`` is called regularly and raises if the run was cancelled.
    """
    identical: dict[int, int] = {}
    for position, reached in forward.items():
        identical[reached] = identical.get(reached, 0) | 1 << position
    ends = _ends(identical, check_cancelled)
    return {position: ends[reached] & ~(1 << position) for position, reached in forward.items()}


def _inverted(by_members: Mapping[int, int]) -> dict[int, int]:
    """Return by position whom each of some principals becomes, of whom some become, by these; both as bits.

    No principal becomes by two sets of principals. Most sets differ by a few principals from one of a few sets, so only
    these are gone through one by one.
    """
    common: list[list[int]] = []
    found: dict[int, int] = {}
    for who, reached in by_members.items():
        differing, nearest = who, None
        for one in common:
            if (who ^ one[0]).bit_count() < differing.bit_count():
                differing, nearest = who ^ one[0], one
        if differing.bit_count() > _MAX_DIFFERING and len(common) < _MOST_COMMON:
            common.append([who, reached])
            continue
        if nearest is not None:
            nearest[1] |= reached
        for position in indexes_of(differing):  # in one of both: what the common set says of it is the opposite
            found[position] = found.get(position, 0) ^ reached
    for who, reached in common:
        for position in indexes_of(who):
            found[position] = found.get(position, 0) ^ reached
    shared: dict[int, int] = {}
    return {position: shared.setdefault(reached, reached) for position, reached in found.items() if reached}


def _ends(identical: Mapping[int, int], check_cancelled: Callable[[], None]) -> Mapping[int, int]:
    """Return, by set of principals reachable in one step, those reachable in any number of steps.

    ``identical`` are the principals with the same reachable set, as bits, by that set. Uses Tarjan's strongly connected
    components over these sets.
    """
    successors = list(identical)
    own = list(identical.values())
    class_of = {position: number for number, members in enumerate(own) for position in indexes_of(members)}
    going = sum(own)
    entered = 0
    order: dict[int, int] = {}
    lowest: dict[int, int] = {}
    waiting: list[int] = []
    ends: dict[int, int] = {}
    for start in range(len(own)):
        if start in order:
            continue
        path = [start]
        while path:
            one = path[-1]
            if one not in order:
                check_cancelled()
                order[one] = lowest[one] = len(order)
                waiting.append(one)
                entered |= own[one]
            further = successors[one] & going & ~entered
            if further:
                path.append(class_of[_lowest(further)])
                continue
            path.pop()
            back = next((other for other in waiting if own[other] & successors[one]), one)
            lowest[one] = min(lowest[one], order[back])
            if path:
                lowest[path[-1]] = min(lowest[path[-1]], lowest[one])
            if lowest[one] == order[one]:
                cut = waiting.index(one)
                circle, waiting[cut:] = waiting[cut:], []
                ends.update(dict.fromkeys(circle, _end_of(circle, successors, own, ends, class_of, going)))
    return {successors[number]: end for number, end in ends.items()}


def _end_of(
    circle: Sequence[int],
    successors: Sequence[int],
    own: Sequence[int],
    ends: Mapping[int, int],
    class_of: Mapping[int, int],
    going: int,
) -> int:
    """Return the closure of one strongly connected component; the closures of all later ones are known."""
    end = inside = 0
    for one in circle:
        end |= successors[one]
        inside |= own[one]
    left = end & going & ~inside
    while left:
        other = class_of[_lowest(left)]
        end |= ends[other]
        left &= ~(ends[other] | own[other])
    return end


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1
