"""Finding the ways that the picture shows: the work of a thread."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iamdesk.attack_paths.types import AttackPath, Goal, PrincipalExposure, Remediation
from iamdesk.progress import Cancelled, Progress, WorkCancelled

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from iamdesk.api import SnapshotSession

ADMINISTRATION = "admin"
MOST_STARTS = 150
"""Principals whose ways are looked for when the ways of everybody are wanted, the nearest first."""
MOST_WAYS = 30
_MOST_CUTS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for."""

    start: str
    """ARN of a principal; empty: everybody."""
    goal: str
    """As `Reach` takes it."""


@dataclass(frozen=True, slots=True)
class Found:
    """The ways, and what is said about them."""

    wanted: Wanted
    ways: tuple[AttackPath, ...]
    starts: int
    """How many principals get there, or may."""
    reached: PrincipalExposure | None
    """Of the one that was asked about."""
    cuts: tuple[Remediation, ...]
    goals: tuple[Goal, ...]


def find_ways(
    opened: "SnapshotSession",
    wanted: Wanted,
    progress: Progress,
    cancelled: Cancelled,
    executor: "Executor | None" = None,
) -> Found:
    """Find the ways of one principal, or the shortest way of each.

    ``executor`` does what takes long, where it was not done before; None: this thread.

    Raises:
        RequestError: the snapshot has no such principal or goal.
        WorkError: the executor cannot do it; one sentence.
        WorkCancelled: ``cancelled`` returned True.
    """
    reach = opened.reach(progress, cancelled, executor)
    if wanted.start:
        ways = tuple(reach.ways(wanted.start, wanted.goal, MOST_WAYS))
        cuts = reach.cuts(wanted.start, wanted.goal, MOST_WAYS, _MOST_CUTS)
        return Found(wanted, ways, int(bool(ways)), reach.reached(wanted.start), cuts, reach.goals)
    near = sorted(reach.distances(wanted.goal).items(), key=lambda one: (not one[1].is_proven, one[1].steps, one[0]))
    found: list[AttackPath] = []
    for principal, distance in near:
        if cancelled():
            raise WorkCancelled
        if distance.steps and len(found) < MOST_STARTS:
            way = reach.way(principal, wanted.goal)
            if way is not None:
                found.append(way)
    starts = sum(bool(distance.steps) for _, distance in near)
    return Found(wanted, tuple(found), starts, None, (), reach.goals)
