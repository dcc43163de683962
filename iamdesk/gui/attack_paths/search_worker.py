"""Computes the attack paths of the diagram, in a thread."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iamdesk.attack_paths.types import AttackPath, Goal, PrincipalExposure, Remediation
from iamdesk.progress import Cancelled, Progress, WorkCancelled

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from iamdesk.api import SnapshotSession

ADMINISTRATION = "admin"
MAX_STARTS = 150
"""Maximum number of principals whose paths are shown for all principals, the nearest first."""
MAX_PATHS = 30
_MAX_REMEDIATIONS = 3


@dataclass(frozen=True, slots=True)
class PathQuery:
    """The query."""

    start: str
    """ARN of a principal; empty for all."""
    goal: str
    """As `AttackPaths` takes it."""
    among: frozenset[str] | None = None
    """ARNs of the principals to start from, if not from all."""


@dataclass(frozen=True, slots=True)
class PathsFound:
    """The attack paths and their counts."""

    wanted: PathQuery
    found_paths: tuple[AttackPath, ...]
    starts: int
    """Number of principals that reach the target, certainly or possibly."""
    reached: PrincipalExposure | None
    """The state of the principal in the query."""
    remediations: tuple[Remediation, ...]
    goals: tuple[Goal, ...]


def find_attack_paths(
    opened: "SnapshotSession",
    wanted: PathQuery,
    progress: Progress,
    cancelled: Cancelled,
    executor: "Executor | None" = None,
) -> PathsFound:
    """Return the attack paths of one principal, or the shortest path of each.

    ``executor`` runs the long part, unless that is cached; None: this thread.

    Raises:
        RequestError: the snapshot has no such principal or goal.
        WorkError: the executor cannot do it; one sentence.
        WorkCancelled: ``cancelled`` returned True.
    """
    reach = opened.reach(progress, cancelled, executor)
    if wanted.start:
        found_paths = tuple(reach.attack_paths(wanted.start, wanted.goal, MAX_PATHS))
        remediations = reach.remediations(wanted.start, wanted.goal, MAX_PATHS, _MAX_REMEDIATIONS)
        return PathsFound(
            wanted, found_paths, int(bool(found_paths)), reach.reached(wanted.start), remediations, reach.goals
        )
    distances = reach.distances(wanted.goal).items()
    chosen = [one for one in distances if wanted.among is None or one[0] in wanted.among]
    near = sorted(chosen, key=lambda one: (not one[1].is_proven, one[1].steps, one[0]))
    found: list[AttackPath] = []
    for principal, distance in near:
        if cancelled():
            raise WorkCancelled
        if distance.steps and len(found) < MAX_STARTS:
            attack_path = reach.attack_path(principal, wanted.goal)
            if attack_path is not None:
                found.append(attack_path)
    starts = sum(bool(distance.steps) for _, distance in near)
    return PathsFound(wanted, tuple(found), starts, None, (), reach.goals)
