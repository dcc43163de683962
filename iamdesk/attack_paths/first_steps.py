"""The techniques by which principals take the first step of their shortest paths to administrator, for all at once."""

from collections.abc import Iterable, Iterator, Mapping

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.edges import Edge
from iamdesk.attack_paths.graph import StepGraph
from iamdesk.attack_paths.promoters import paths_from
from iamdesk.attack_paths.types import FirstSteps


def find_first_steps(graph: StepGraph) -> Mapping[int, FirstSteps]:
    """Return the first steps to administrator of any account by position, of principals that are not administrators."""
    proven, possible = _techniques(graph, maybe=False), _techniques(graph, maybe=True)
    shorter = _shorter(graph)
    shared: dict[FirstSteps, FirstSteps] = {}
    found: dict[int, FirstSteps] = {}
    for position in sorted(proven.keys() | possible.keys()):
        steps = FirstSteps(
            tuple(sorted(proven.get(position, ()))),
            tuple(sorted(possible.get(position, ()))) if shorter >> position & 1 else (),
        )
        found[position] = shared.setdefault(steps, steps)
    return found


def _shorter(graph: StepGraph) -> int:
    """Return the principals whose shortest path is only possible, as bits."""
    found = nearer = 0
    of_proven = graph.to_administration()
    for steps, members in enumerate(graph.to_administration(maybe=True)):
        nearer |= of_proven[steps] if steps < len(of_proven) else 0
        found |= members & ~nearer
    return found


def _techniques(graph: StepGraph, *, maybe: bool) -> Mapping[int, set[str]]:
    members_of: dict[tuple[int, str], int] = {}
    levels = graph.to_administration(maybe=maybe)
    for number, nearer in enumerate(levels[:-1]):
        farther = levels[number + 1]
        for edge in _edges_into(graph, nearer, is_last=number == 0, maybe=maybe):
            members = (edge.members.principals if maybe else edge.members.proven) & farther
            if members:
                key = number, edge.path_id
                members_of[key] = members_of.get(key, 0) | members
    found: dict[int, set[str]] = {}
    for (_, path_id), members in members_of.items():
        for position in indexes_of(members):
            found.setdefault(position, set()).add(path_id)
    for position, path_ids in _of_indirect_promotions(graph, maybe=maybe):
        found.setdefault(position, set()).update(path_ids)
    return found


def _edges_into(graph: StepGraph, principals: int, *, is_last: bool, maybe: bool) -> Iterator[Edge]:
    if is_last:
        for _, edges in graph.last_steps(maybe=maybe):
            yield from (edge for _, edge in edges)
    for position in indexes_of(principals):
        yield from graph.edges_to_administrator(position) if is_last else graph.edges_into(position)


def _of_indirect_promotions(graph: StepGraph, *, maybe: bool) -> Iterator[tuple[int, Iterable[str]]]:
    """Yield the first steps of principals that become administrators by another one that they become."""
    forward = graph.inside(maybe=maybe)[0]
    for position, promotions in graph.indirect_promotions(maybe).items():
        paths = paths_from(position, forward)
        reached = (promotions[0].changed, promotions[0].promoter)
        then = next((paths[one][0] for one in reached if paths[one]), None)
        if then is None:
            yield position, (promotions[0].edge.path_id,)
            continue
        edges = graph.edges_into(then)
        yield (
            position,
            {
                edge.path_id
                for edge in edges
                if (edge.members.principals if maybe else edge.members.proven) >> position & 1
            },
        )
