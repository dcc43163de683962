"""A comparison as tasks: spans of principals or resources that are compared independently.

Examples with conditions are shared between principals of a span only, so that the result and its statistics do not
depend on the number of workers.
"""

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched, count

from iamdesk.access.evaluator import Evaluator
from iamdesk.diff.action_space import ActionSpace
from iamdesk.diff.equivalence import traits
from iamdesk.diff.principals import PrincipalComparer
from iamdesk.diff.resource_forms import Entry, Granting, services_of
from iamdesk.diff.resources import ResourceComparer
from iamdesk.diff.result import PrincipalDiff
from iamdesk.diff.snapshot_view import PrincipalPolicies, Reading, SnapshotView, share_space
from iamdesk.policy.arn import account_of
from iamdesk.policy.document import DocumentStore
from iamdesk.progress import Cancelled, Progress, WorkCancelled
from iamdesk.snapshot.model import Snapshot
from iamdesk.work.worker_cache import SnapshotReference, kept_snapshot
from iamdesk.work.workers import Workers

_SPAN = 500
"""Principals per task at most: some seconds if an organization policy changed for all of them."""
_PART = 4
"""A task has one in so many of the principals that are left, so that the last tasks are short…"""
_SHORT = 100
"""… but not shorter than this."""
_RESOURCES = 4
"""Resources per task: a change of one may need an evaluation for every principal."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some principals (and groups), or some resources, by their ARNs."""

    old: SnapshotReference
    new: SnapshotReference
    moment: datetime
    arns: tuple[str, ...]
    are_resources: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The result for a span."""

    diffs: tuple[PrincipalDiff, ...]
    requests: int
    compared: int = 0
    groups: int = 0


@dataclass(slots=True)
class Pair:
    """Two snapshots, ready to be compared in the thread that created it."""

    old: SnapshotView
    new: SnapshotView
    granting: Granting
    principals: PrincipalComparer = field(init=False)
    resources: ResourceComparer = field(init=False)
    entries: Mapping[str, Entry] = field(init=False)
    """The resources to compare; includes users, whose tags requests on them test."""

    def __post_init__(self) -> None:
        self.principals = PrincipalComparer(self.old, self.new, self.granting)
        self.resources = ResourceComparer(self.old, self.new, self.granting, self.principals)
        entries = dict(self.granting.entries)
        for arn in dict.fromkeys((*self.old.index.users, *self.new.index.users)):
            entries[arn] = Entry(arn, account_of(arn), services_of(arn), {}, {})
        self.entries = entries

    @classmethod
    def of(cls, old: Snapshot, new: Snapshot, moment: datetime) -> "Pair":
        """Create a pair; both snapshots are evaluated at one moment, so that expired conditions are not a change."""
        documents = DocumentStore()  # one for both, so that equal documents are processed once
        before, after = (SnapshotView(Evaluator(snapshot, lambda: moment, documents)) for snapshot in (old, new))
        share_space(before, after)
        return cls(before, after, Granting(before, after))

    @classmethod
    def of_itself(cls, evaluator: Evaluator) -> "Pair":
        """Create a pair of a snapshot and itself, for `with_fewer_policies`; ``evaluator`` is as of one time."""
        view = SnapshotView(evaluator)
        view.reading = Reading(ActionSpace(dict.fromkeys(view.documents())))
        return cls(view, view, Granting(view, view))

    def with_fewer_policies(self, new: Snapshot) -> "Pair":
        """Return a pair of the old snapshot and a copy in which users, groups and roles have fewer policies.

        Its documents, resources and trust policies are those of the old one, which is read once for many copies.
        """
        evaluator = self.old.evaluator
        after = SnapshotView(Evaluator(new, evaluator.now, evaluator.index.documents, evaluator))
        after.reading = self.old.reading
        return Pair(self.old, after, self.granting)

    def principal_arns(self) -> Sequence[str]:
        """Return the ARNs of all principals and groups of both snapshots."""
        return list(dict.fromkeys((*self.new.principals, *self.new.groups, *self.old.principals, *self.old.groups)))

    def spans(self, arns: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Yield spans of principals, with those next to each other that can share results: of one kind in one account,
        and among these with the same policies.
        """
        together: dict[Hashable, dict[Hashable, list[int]]] = {}
        for place, arn in enumerate(arns):
            before, after = self.old.own(arn), self.new.own(arn)
            alike = account_of(arn), _traits(self.old, arn, before), _traits(self.new, arn, after)
            together.setdefault(alike, {}).setdefault(_policies_of(before, after), []).append(place)
        in_order = [place for alike in together.values() for places in alike.values() for place in places]
        while in_order:
            size = min(_SPAN, max(_SHORT, len(in_order) // _PART))
            yield tuple(arns[place] for place in sorted(in_order[:size]))
            del in_order[:size]

    def find(
        self,
        arns: Iterable[str],
        are_resources: bool,
        cancelled: Cancelled,
        report: Callable[[], object] = lambda: None,
    ) -> Found:
        """Compare some principals or resources; ``report`` is called after each of them.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        self.principals.begin()
        self.resources.begin(cancelled)
        diffs: list[PrincipalDiff] = []
        for arn in arns:
            if cancelled():
                raise WorkCancelled
            if are_resources:
                diff = self.resources.compare(self.entries[arn])
                diffs += [] if diff is None else [diff]
            else:
                diffs.append(self.principals.compare(arn))
            report()
        one = self.principals
        return Found(tuple(diffs), one.requests + self.resources.requests, one.compared, one.groups)


def _policies_of(before: PrincipalPolicies | None, after: PrincipalPolicies | None) -> Hashable:
    return tuple((own.documents, own.boundary_documents) if own is not None else None for own in (before, after))


def _traits(side: SnapshotView, arn: str, own: PrincipalPolicies | None) -> Hashable:
    return None if own is None else traits(side, arn, own)


def begin_all(moment: datetime, workers: tuple[Workers, Workers]) -> None:
    """Have workers read both snapshots for `find_all`, while this process creates its pair."""
    old, new = workers
    new.begin(find, Span(old.reference, new.reference, moment, (), are_resources=False))


def find_all(
    pair: Pair,
    arns: Sequence[str],
    moment: datetime,
    workers: tuple[Workers, Workers] | None,
    progress: Progress,
    cancelled: Cancelled,
) -> tuple[list[Found], list[Found]]:
    """Return the results for principals, and for resources whose own policies or settings differ.

    ``workers`` are those of one executor, over the old snapshot and over the new one.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: No worker can do it; one sentence.
    """
    touched = [arn for arn, entry in pair.entries.items() if pair.resources.is_touched(entry)]
    listed = [(one, False) for one in pair.spans(arns)] + [(one, True) for one in batched(touched, _RESOURCES)]
    total = len(arns) + len(touched)
    progress(0, total)
    if workers is None:
        counted = count(1)
        found = [
            pair.find(one, are_resources, cancelled, lambda: progress(next(counted), total))
            for one, are_resources in listed
        ]
    else:
        old, new = workers
        spans = [Span(old.reference, new.reference, moment, *one) for one in listed]
        found = list(
            new.results(
                find,
                spans,
                progress=progress,
                cancelled=cancelled,
                size=lambda span: len(span.arns),
                total=total,
                contents=old.contents,
                here=lambda span, cancelled: pair.find(span.arns, span.are_resources, cancelled),
                are_long=True,
            )
        )
    progress(total, total)
    principals = sum(not are_resources for _, are_resources in listed)
    return found[:principals], found[principals:]


def find(span: Span, cancelled: Cancelled) -> Found:
    """Compare a span; called in a worker."""
    old, new = kept_snapshot(span.old, cancelled), kept_snapshot(span.new, cancelled)
    made: dict[str, tuple[Hashable, Pair]] = new.once(("comparison", threading.get_ident()), dict)
    key = span.old.sha256, span.moment
    if "last" not in made or made["last"][0] != key:  # the last one of each thread is kept
        made["last"] = key, Pair.of(old.snapshot, new.snapshot, span.moment)
    return made["last"][1].find(span.arns, span.are_resources, cancelled)
