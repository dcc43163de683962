"""A plan for the whole snapshot: a small set of changes that together end all attack paths to administrator.

Greedy: each round takes the changes that end most of the paths found, makes them to a copy, and searches the copy
again. The set is small, but no smaller one is ruled out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Protocol

from iamdesk.attack_paths.remediation import Change, Option, Remediations
from iamdesk.attack_paths.types import AttackPath, Plan, PlannedChange, PrincipalExposure, State
from iamdesk.inventory.references import is_service_linked_arn
from iamdesk.progress import Cancelled, Progress, WorkCancelled
from iamdesk.snapshot.model import Snapshot
from iamdesk.whatif.apply import apply_one
from iamdesk.whatif.edits import WhatIfError

_MAX_ROUNDS = 12
_MAX_STARTS = 100
"""Principals whose paths are searched in one round, those nearest to administrator first."""
_MAX_PATHS = 20
"""Attack paths per principal in one round."""
_MAX_CHANGES = 200
"""Changes in one round."""
_BONUS = 4
"""How many times as much an option counts that only adds an action to a chosen change."""


class PathSearch(Protocol):
    """The graph of the snapshot, or of a copy."""

    remediation_search: Remediations

    def exposures(self) -> Iterator[PrincipalExposure]:
        """Yield the exposure of every user and role."""

    def attack_paths(self, principal: str, goal: str, most: int) -> Iterator[AttackPath]:
        """Yield the attack paths of a principal."""


def make_plan(
    graph: PathSearch,
    snapshot: Snapshot,
    look: Callable[[Snapshot], PathSearch],
    progress: Progress,
    cancelled: Cancelled,
) -> Plan:
    """Return changes that end the attack paths to administrator; each round takes as long as building the graph.

    Args:
        graph: The graph of the snapshot.
        snapshot: The snapshot.
        look: Builds the graph of a copy.
        progress: Called with the number of rounds.
        cancelled: Returns True to stop.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    planned: list[PlannedChange] = []
    starts = _starts(graph)
    first = starts
    rounds = 0
    while starts and rounds < _MAX_ROUNDS:
        progress(rounds, _MAX_ROUNDS)
        rounds += 1
        paths: list[AttackPath] = []
        for start in starts[:_MAX_STARTS]:
            if cancelled():
                raise WorkCancelled
            paths += graph.attack_paths(start, "admin", _MAX_PATHS)
        changed = snapshot
        exposed = frozenset(first)
        proven = frozenset(number for number, path in enumerate(paths) if path.state is State.PROVEN)
        for change, ended in _chosen(graph.remediation_search.options(paths), proven):
            try:
                after = changed
                for edit in change.edits:
                    after = apply_one(after, edit)
            except WhatIfError:
                continue
            changed = after
            ends = _starts_of(paths, ended)
            surely = _starts_of(paths, ended & proven)
            affects = tuple(arn for arn in change.carriers if arn not in exposed)
            named = (change.what, change.edits, change.policy_key, change.statement)
            planned.append(PlannedChange(*named, ends, surely, affects))
        if changed is snapshot:
            break
        snapshot = changed
        graph = look(snapshot)
        starts = _starts(graph)
    return Plan(tuple(planned), len(first), starts, rounds)


def _starts(graph: PathSearch) -> tuple[str, ...]:
    """Return the principals with an attack path to administrator, nearest first, proven before possible."""
    found: list[tuple[bool, int, str]] = []
    for exposure in graph.exposures():
        if exposure.is_administrator or is_service_linked_arn(exposure.principal):
            continue
        if exposure.to_administration is not None:
            found.append((False, exposure.to_administration, exposure.principal))
        elif exposure.maybe_to_administration is not None:
            found.append((True, exposure.maybe_to_administration, exposure.principal))
    return tuple(principal for _, _, principal in sorted(found, key=lambda one: one[:2]))


def _starts_of(paths: Sequence[AttackPath], numbers: Iterable[int]) -> tuple[str, ...]:
    """Return the principals of some paths, each once."""
    return tuple(dict.fromkeys(paths[number].start for number in sorted(numbers)))


def _chosen(options: Iterable[Option], proven: frozenset[int]) -> Iterator[tuple[Change, set[int]]]:
    """Yield changes that together end all paths, each with the paths that it ends.

    The option that ends most of the remaining proven paths comes first, then the one that ends most of all; one that
    only adds an action to a change that is chosen already is preferred. No two changes edit the same policy: edits name
    statements by their position.
    """
    remaining = list(_merged(options))
    left = set().union(*(one.ends for one in remaining))
    groups: dict[str, list[Option]] = {}
    while left and remaining:
        best = min(
            remaining,
            key=lambda one: (
                -len(one.ends & left & proven) * (weight := _BONUS if one.action and one.group in groups else 1),
                -len(one.ends & left) * weight,
                one.demotes,
                len(one.carriers),
                one.group,
                one.action,
            ),
        )
        if not best.ends & left:
            break
        remaining.remove(best)
        left -= best.ends
        groups.setdefault(best.group, []).append(best)
    touched: set[str] = set()
    for chosen in islice(groups.values(), _MAX_CHANGES):
        change = chosen[0].make(sorted(one.action for one in chosen if one.action))
        subjects = {edit.subject for edit in change.edits}
        if touched.isdisjoint(subjects):
            touched |= subjects
            yield change, set().union(*(one.ends for one in chosen))


def _merged(options: Iterable[Option]) -> Iterator[Option]:
    """Yield the options, those of one group and action as one."""
    found: dict[tuple[str, str], Option] = {}
    for one in options:
        known = found.get((one.group, one.action))
        found[one.group, one.action] = one if known is None else replace(known, ends=known.ends | one.ends)
    yield from found.values()
