"""The steps of all principals, found by workers: the work is split by action, trust policy or principals.

It has several rounds; the results of earlier rounds are sent along with the tasks.
"""

import threading
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any
from uuid import uuid4

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.kept_evaluator import kept_evaluator
from iamdesk.attack_paths.administrators import ADMINISTRATION
from iamdesk.attack_paths.assume_role import Assumable
from iamdesk.attack_paths.catalog import (
    ASSUMES,
    PASSES,
    EscalationPath,
    Required,
    TargetConstraint,
    TargetType,
    catalog,
)
from iamdesk.attack_paths.edge_sources import ConfirmedAndPossible, EdgeSources
from iamdesk.attack_paths.edges import Edge, Edges, services, source_name
from iamdesk.attack_paths.evaluation_session import EvaluationSession
from iamdesk.attack_paths.graph import StepGraph
from iamdesk.attack_paths.promoters import Promoters
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.work.worker_cache import Held, SnapshotReference, kept_object, kept_snapshot, object_content
from iamdesk.work.workers import Workers

_NOT_LISTED = (TargetType.ANYTHING, TargetType.NEW_POLICY, TargetType.NEW_PRINCIPAL)
"""Resources that are no entities of the snapshot."""
_SLICES = 16
"""Number of parts of work that is split by principals or trust policies."""


@dataclass(frozen=True, slots=True)
class KnownSteps:
    """The results so far, as plain data."""

    sources: dict[tuple[str, str], tuple[int, EdgeSources]] = field(default_factory=dict)
    assumable: list[tuple[int, ConfirmedAndPossible | EdgeSources]] = field(default_factory=list)
    administrators: list[int] = field(default_factory=list)
    administrations: dict[Hashable, object] = field(default_factory=dict)
    """`Administration` by ARN, of the principals that had to be evaluated."""
    under_open_trust: list[EdgeSources] = field(default_factory=list)
    service_paths: dict[str, dict[str, ConfirmedAndPossible]] = field(default_factory=dict)
    """By service and technique."""
    into: dict[int, ConfirmedAndPossible] = field(default_factory=dict)
    promotions: list[tuple[str, Edge]] = field(default_factory=list)
    joined: list[tuple[str, Edge]] = field(default_factory=list)
    changed: dict[int, Sequence[Edge]] = field(default_factory=dict)
    """By position: how others make the principal an administrator; what `promoters` are found from."""
    readers: dict[str, ConfirmedAndPossible] = field(default_factory=dict)
    promoters: list[Promoters] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    """Numbers of completed rounds."""
    sent: list[str] = field(default_factory=list)
    """Keys under which the results of earlier rounds were sent to workers."""

    @classmethod
    def of(cls, steps: Edges, graph: StepGraph) -> "KnownSteps":
        """Return the results of completely evaluated steps."""
        return cls(
            {**steps.known_sources, **steps.asked_sources},
            list(steps.assumable.by_roles),
            [steps.administrators],
            dict(steps.inquiry.known(ADMINISTRATION)),
            [steps.under_open_trust],
            {service: {path.id: members for path, members in paths} for service, paths in steps.service_paths.items()},
            dict(graph.into),
            [(account, edge) for account, edges in graph.promotions.items() for edge in edges],
            [(account, edge) for account, edges in graph.joined.items() for edge in edges],
            {},
            dict(graph.readers),
            [graph.promoters],
            [1, 2, 3],
        )

    def take_in(self, steps: Edges, graph: StepGraph) -> None:
        """Store the results in steps that were not evaluated yet."""
        targets = steps.targets
        if 1 in self.rounds:
            for _, sources in self.sources.values():
                sources.of_targets(targets)
            steps.known_sources = self.sources
            for _, found in self.assumable:
                if isinstance(found, EdgeSources):
                    found.of_targets(targets)
            steps.assumable = Assumable(self.assumable)
            (steps.administrators,) = self.administrators
            steps.inquiry.known(ADMINISTRATION).update(self.administrations)
            steps.under_open_trust = self.under_open_trust[0].of_targets(targets)
        if 2 in self.rounds:
            steps.service_paths = {
                service: [(catalog().path(one), members) for one, members in paths.items()]
                for service, paths in self.service_paths.items()
            }
            graph.promotions = graph.by_account(self.promotions)
        if 3 in self.rounds:
            graph.into = self.into
            graph.joined = graph.by_account(self.joined)
            graph.escalation.changed = self.changed
            graph.readers = self.readers
        for promoters in self.promoters:
            graph.promoters = promoters


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the work of a round."""

    snapshot: SnapshotReference
    known: str | None
    """Key of the results of earlier rounds, which are sent along."""
    what: str
    number: int = 0
    parts: int = 1


def begin_shared(workers: Workers) -> None:
    """Have workers read the snapshot for `find_shared`, which is called when this process has read it."""
    workers.begin(find_part, Part(workers.reference, None, "steps"))


def find_shared(
    workers: Workers,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    own: tuple[Edges, StepGraph] | None = None,
) -> KnownSteps:
    """Have workers do the longest parts of building an `AttackPathGraph`.

    ``own`` are the steps of this process, not evaluated yet: they receive the results, and this process uses them if it
    works beside the workers.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: No worker can do it; one sentence.
    """
    known_steps = KnownSteps()
    rounds = (
        [("administrators", 1), ("under open trust", 1), ("assumable", _SLICES), ("sources", len(_asked()))],
        [
            ("promotions", 2 * _SLICES),
            ("promotions of groups", 1),
            ("permission sets", 1),
            ("service paths", len(services())),
        ],
        [("into", _SLICES), ("readers", 1)],
    )
    total = sum(parts for work in rounds for _, parts in work)
    before = 0
    known: str | None = None
    content = b""
    here = None if own is None else partial(_find, *own)
    for number, work in enumerate(rounds, start=1):
        parts = [Part(workers.reference, known, what, one, count) for what, count in work for one in range(count)]

        def report(done: int, _total: int, before: int = before) -> None:
            progress(before + done, total)

        contents = {} if known is None else {known: lambda content=content: content}
        found = workers.results(find_part, parts, progress=report, cancelled=cancelled, contents=contents, here=here)
        for part, result in zip(parts, found, strict=True):
            _add(known_steps, part.what, result)
        known_steps.rounds.append(number)
        if own is not None:
            known_steps.take_in(*own)
        before += len(parts)
        if number < len(rounds):
            known, content = uuid4().hex, object_content(known_steps)
            known_steps.sent.append(known)
    return known_steps


def _add(known_steps: KnownSteps, what: str, result: Any) -> None:
    match what:
        case "administrators":
            known_steps.administrators.append(result[0])
            known_steps.administrations.update(result[1])
        case "under open trust":
            known_steps.under_open_trust.append(result)
        case "assumable":
            known_steps.assumable.extend(result)
        case "sources":
            known_steps.sources.update(result)
        case "service paths":
            known_steps.service_paths.update(result)
        case "into":
            known_steps.into.update(result[0])
            known_steps.joined.extend(result[1])
            known_steps.changed.update(result[2])
        case "readers":
            known_steps.readers.update(result)
        case _:
            known_steps.promotions.extend(result)


def find_part(part: Part, cancelled: Cancelled) -> Any:
    """Return the result of one part; called in a worker."""
    steps, graph = steps_of(part.snapshot, kept_snapshot(part.snapshot, cancelled), part.known, cancelled)
    return _find(steps, graph, part, cancelled)


def _find(steps: Edges, graph: StepGraph, part: Part, cancelled: Cancelled) -> Any:
    steps.inquiry.attend(cancelled)
    match part.what:
        case "steps":
            return None
        case "administrators":
            return steps.administrators, dict(steps.inquiry.known(ADMINISTRATION))
        case "under open trust":
            return steps.under_open_trust
        case "assumable":
            return list(steps.trusts.assuming(steps.finder, part.number, part.parts))
        case "sources":
            return dict(_sources(steps, *_asked()[part.number]))
        case "service paths":
            # By service: what is evaluated for the techniques of one is of no use for those of another.
            found = steps.service_paths_of(steps.population.regular, [services()[part.number]])
            return {service: {path.id: members for path, members in paths} for service, paths in found.items()}
        case "into":
            into = graph.into_of(part.number, part.parts)
            joined = list(graph.joined_of(into, part.number, part.parts))
            return into, joined, graph.changes_of(part.number, part.parts)
        case "readers":
            return dict(graph.readers)
        case "promotions":
            return list(graph.escalation.of_principals(part.number, part.parts))
        case "promotions of groups":
            return list(graph.escalation.of_groups())
        case "permission sets":
            return [*graph.escalation.of_permission_sets(), *graph.escalation.of_new_principals()]
    raise ValueError(part.what)


def steps_of(
    reference: SnapshotReference, held: Held, known: str | None, cancelled: Cancelled
) -> tuple[Edges, StepGraph]:
    """Return the steps of this thread over a snapshot, with the results that were sent along.

    Raises:
        NotHereError: The results must be sent along.
    """
    evaluator = kept_evaluator(reference, held)

    def begin() -> tuple[Edges, StepGraph, set[str]]:
        return *made_steps(evaluator, cancelled), set()

    steps, graph, taken = held.once(("steps", threading.get_ident(), reference.moment), begin)
    if known is not None and known not in taken:
        kept_object(known, lambda known_steps: known_steps).take_in(steps, graph)
        taken.add(known)
    return steps, graph


def made_steps(evaluator: Evaluator, cancelled: Cancelled) -> tuple[Edges, StepGraph]:
    """Return the steps of a snapshot, not evaluated yet.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    inquiry = EvaluationSession(evaluator, cancelled)
    inquiry.read_reference()
    evaluator.population(cancelled=cancelled)
    steps = Edges(inquiry)
    return steps, StepGraph(steps)


@cache
def _asked() -> tuple[tuple[EscalationPath, Required], ...]:
    """Return the actions of techniques that are evaluated for each entity of a kind, each once."""
    found: dict[tuple[str, str], tuple[EscalationPath, Required]] = {}
    for path in catalog().paths:
        for required in path.actions:
            if required.action != ASSUMES and required.on not in _NOT_LISTED:
                found.setdefault((required.action, source_name(path, required.action)), (path, required))
    return tuple(found.values())


def _sources(
    steps: Edges, path: EscalationPath, required: Required
) -> Iterator[tuple[tuple[str, str], tuple[int, EdgeSources]]]:
    """Yield who is allowed an action on the entities that `Edges.sources` will probably need.

    It evaluates others itself, so this only saves time.
    """
    among = _among(steps, path, required)
    if among:
        yield (
            (required.action, source_name(path, required.action)),
            (among, steps.sources(path, required.action, among)),
        )


def _among(steps: Edges, path: EscalationPath, required: Required) -> int:
    targets = steps.targets
    if required.action == PASSES:
        return steps.trusts.trusting(str(path.service))
    match required.on:
        case TargetType.TARGET_POLICY | TargetType.OWN_POLICY | TargetType.OWN_BOUNDARY:
            return targets.policies
        case TargetType.TARGET_PROVIDER:
            return targets.providers
        case TargetType.OWN_GROUP | TargetType.TARGET_GROUP | TargetType.PROMOTING_GROUP:
            return targets.groups
    match path.target:
        case TargetConstraint.USER:
            return targets.users
        case TargetConstraint.GROUP:
            return targets.groups
        case TargetConstraint.ROLE | TargetConstraint.FOREIGN_ROLE | TargetConstraint.OPEN_ROLE:
            return targets.roles
    return targets.users if "User" in required.action else targets.roles
