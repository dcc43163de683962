"""Principals that can make another one an administrator, and who becomes an administrator by them.

A role that may attach any policy to users, but can become none of them, is not an administrator. A user that can assume
the role is as good as one: as the role, it attaches a policy to itself. The changed principal may also be any other one
that it can become. A session that began before the change has the new permissions, too: permissions are evaluated each
time a request is made
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access.html).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.edge_sources import ConfirmedAndPossible
from iamdesk.attack_paths.edges import Edge, Edges
from iamdesk.attack_paths.self_escalation import SelfEscalation, first_of

type Closure = Mapping[int, int]
"""By position: the other principals of the account that it can become in any number of steps, as bits."""
_MAX_OF_ONE = 20
"""Promotions that are kept for one principal, the shortest first."""


@dataclass(slots=True)
class Promoters:
    """Who can make other principals administrators, of those that are not administrators in one step themselves."""

    edges: list[tuple[int, Edge]] = field(default_factory=list)
    """(position of the principal that is changed, who can change it), where one principal can become both."""
    first: dict[int, Edge] = field(default_factory=dict)
    """By position: the first principal that it can make an administrator, and how."""


class IndirectPromotion(NamedTuple):
    """How a principal becomes an administrator by another one that it can become."""

    steps: int
    """To become the promoter and, if it is another one, the principal that is changed, and the change."""
    promoter: int
    changed: int
    edge: Edge


def find_promoters(
    steps: Edges, escalation: SelfEscalation, near: int, proven: Closure, possible: Closure
) -> Promoters:
    """Return who can make other principals administrators.

    Args:
        steps: The steps of the snapshot.
        escalation: The search for changes that make administrators.
        near: The principals that are administrators, or proven to be one step from it, as bits.
        proven: Who can become whom, by proven steps.
        possible: The same with possible steps.

    Raises:
        WorkCancelled: The run was cancelled.
    """
    found = Promoters()
    others = steps.population.regular & ~near
    unknown = promoters = escalation.promoters & others
    if not promoters:
        return found
    wanted = _wanted(steps, others, near, promoters, proven, possible)
    shared: dict[ConfirmedAndPossible, ConfirmedAndPossible] = {}  # ten thousands of edges have few different ones
    for position, place in steps.places.items():
        if steps.unconditional_administrators >> position & 1:
            continue
        steps.inquiry.check_cancelled()
        gaining = wanted.get(position, 0)
        if not (gaining | unknown) & ~(1 << position):
            continue
        for change in escalation.changes_by_others(position, place):
            needs = escalation.session_needs(first_of(change), position)
            edge = change if needs is None else change._replace(members=change.members.unsure())
            for one in indexes_of(edge.members.principals & unknown):
                found.first[one] = edge
            unknown &= ~edge.members.principals
            members = edge.members.within(gaining)
            if members.principals:
                members = shared.setdefault(members, members)
                found.edges.append((position, edge._replace(members=members)))
    return found


def _wanted(
    steps: Edges, others: int, near: int, promoters: int, proven: Closure, possible: Closure
) -> Mapping[int, int]:
    """Return, by principal, the promoters that matter: whoever has no proven path can become both of them."""
    found: dict[int, int] = {}
    together: dict[int, int] = {}  # by promoters, of which there are few different sets
    for position in indexes_of(others):
        if position not in steps.places or proven.get(position, 0) & near:
            continue
        reached = possible.get(position, 0)
        those = (reached | 1 << position) & promoters
        if those:
            found[position] = found.get(position, 0) | those
            together[those] = together.get(those, 0) | reached
    for those, reached in together.items():
        for position in indexes_of(reached & others):
            found[position] = found.get(position, 0) | those
    return found


def indirect_promotions(
    steps: Edges, promoters: Promoters, near: int, forward: Closure, closure: Closure, *, maybe: bool
) -> Mapping[int, Sequence[IndirectPromotion]]:
    """Return, by position, how principals without another path in their account become administrators, shortest first.

    Args:
        steps: The steps of the snapshot.
        promoters: Who can make others administrators.
        near: The principals that are administrators, or one step from it, as bits.
        forward: By position, whom each becomes in one step.
        closure: By position, whom each becomes in any number of steps.
        maybe: Whether possible steps count.
    """
    changes: dict[int, list[tuple[int, Edge]]] = {}
    for changed, edge in promoters.edges:
        members = edge.members.principals if maybe else edge.members.proven
        if members:
            changes.setdefault(changed, []).append((members, edge))
    all_changed = sum(1 << changed for changed in changes)
    found: dict[int, Sequence[IndirectPromotion]] = {}
    for position in steps.places if changes else ():
        held = closure.get(position, 0) | 1 << position
        if held & near or not held & all_changed:
            continue
        steps.inquiry.check_cancelled()
        through = list(_promotions_of(position, held, changes, forward))
        if through:
            found[position] = tuple(sorted(through, key=lambda one: (one.steps, one.changed != position))[:_MAX_OF_ONE])
    return found


def _promotions_of(
    position: int, held: int, changes: Mapping[int, Sequence[tuple[int, Edge]]], forward: Closure
) -> Iterator[IndirectPromotion]:
    distance: dict[int, int] | None = None
    for changed in indexes_of(held):
        for members, edge in changes.get(changed, ()):
            for promoter in indexes_of(members & held):
                if distance is None:
                    distance = {one: len(path) for one, path in paths_from(position, forward).items()}
                yield IndirectPromotion(distance[changed] + distance[promoter] + 1, promoter, changed, edge)


def paths_from(position: int, forward: Closure) -> Mapping[int, tuple[int, ...]]:
    """Return, by whom a principal can become, the principals that it becomes one after the other on a shortest path."""
    found: dict[int, tuple[int, ...]] = {position: ()}
    seen = 1 << position
    last = [position]
    while last:
        following = []
        for one in last:
            for then in indexes_of(forward.get(one, 0) & ~seen):
                seen |= 1 << then
                found[then] = (*found[one], then)
                following.append(then)
        last = following
    return found
