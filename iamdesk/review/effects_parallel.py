"""The effects of a review's items as tasks: items of some holders in each, which workers and this process work out."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any
from uuid import uuid4

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.kept_evaluator import kept_evaluator
from iamdesk.attack_paths.types import FirstSteps
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.review.effects import EffectFinder, EntitlementEffect
from iamdesk.review.effects_evidence import EffectEvidence
from iamdesk.review.effects_proof import Prover, rounds
from iamdesk.review.item_effect import INCONCLUSIVE, with_effect
from iamdesk.review.items import ReviewItem, Scope
from iamdesk.review.revoking_edits import edit_of
from iamdesk.work.worker_cache import SnapshotReference, kept_object, kept_snapshot, object_content
from iamdesk.work.workers import Workers

_HOLDERS = 48
"""Holders whose items are one task: about a second."""

_PROVED = 500
"""Items of one round that are one task: tens of seconds, of which some to compare the two snapshots at all."""

type Effects = list[tuple[int, dict[str, Any], EntitlementEffect | None]]
"""By the item's number in the scope, the evidence of its effect, and the effect itself if it is to be proved."""


type _Sent = tuple[Sequence[ReviewItem], Mapping[str, FirstSteps]]
"""The items of a scope, and its `Scope.first_steps`."""


@dataclass(frozen=True, slots=True)
class ItemBatch:
    """Some items, by their numbers."""

    snapshot: SnapshotReference
    known: str
    """Names the items of the scope, which are sent along."""
    numbers: tuple[int, ...]
    effects: tuple[EntitlementEffect, ...] = ()
    """What was found out of each, if it is to be proved: working it out again takes a fifth of the time of proofs."""


@dataclass(slots=True)
class _Found:
    """What a thread has found out about a snapshot's items, which serves its next task."""

    items: Sequence[ReviewItem]
    evidence: EffectEvidence
    prover: Prover
    is_proving: bool = False

    @classmethod
    def begin(cls, evaluator: Evaluator, sent: "_Sent") -> "_Found":
        evaluator.forget_access()  # what earlier work cached: effects need as much memory of their own
        items, first_steps = sent
        return cls(items, EffectEvidence(EffectFinder(evaluator), items, first_steps), Prover(evaluator))

    def end_counts(self) -> None:
        if not self.is_proving:
            self.is_proving = True
            self.evidence.end_counts()


def with_effects(
    evaluator: Evaluator,
    scope: Scope,
    workers: Workers | None = None,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    *,
    proofs: bool = True,
) -> Scope:
    """Return a scope whose items carry the evidence of their effect.

    Args:
        evaluator: Of the scope's snapshot.
        scope: Items without effects.
        workers: Do it; None: this process.
        progress: Called with how many items are done, of how many; proofs come behind, counted as items once more.
        cancelled: Asked now and then.
        proofs: Whether it is proved, where no change is found, that there is none.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: no worker can do it; one sentence.
    """
    effects = dict(each_effect(evaluator, scope, workers, progress, cancelled, proofs=proofs))
    return replace(scope, lines=tuple(with_effect(item, effects[number]) for number, item in enumerate(scope.lines)))


def each_effect(
    evaluator: Evaluator,
    scope: Scope,
    workers: Workers | None = None,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    *,
    proofs: bool = True,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each item of a scope by its number, once, with the evidence of its effect; what is proved comes last.

    Takes and raises what `with_effects` does.
    """
    items = scope.lines
    if workers is not None and workers.reference.moment is None:
        workers = workers.as_of(evaluator.now())
    to_prove: dict[int, EntitlementEffect] = {}
    run = _Run(evaluator, (items, scope.first_steps), workers)
    whole = len(items)
    progress(0, whole)
    for found in run.results(find, ((some, ()) for some in _batches(items)), progress, cancelled, whole):
        for number, effect_json, effect in found:
            if effect is not None and proofs:
                to_prove[number] = effect
            else:
                yield number, effect_json
    if not to_prove:
        return
    run.here().end_counts()
    affected = run.here().evidence.affected
    in_rounds = rounds((number, affected(items[number])) for number in sorted(to_prove))
    tried = (
        (part, tuple(to_prove.pop(number) for number in part)) for one in in_rounds for part in batched(one, _PROVED)
    )
    for found in run.results(prove, tried, progress, cancelled, len(to_prove)):
        yield from ((number, effect_json) for number, effect_json, _ in found)


def is_to_be_proved(item: ReviewItem, effect: Mapping[str, Any]) -> bool:
    """Return whether the exact comparison may show more of an item."""
    return edit_of(item) is not None and effect["status"] == INCONCLUSIVE and not effect.get("doubts")


def _batches(items: Sequence[ReviewItem]) -> Iterator[tuple[int, ...]]:
    """Yield items by their numbers, those of a holder together."""
    by_holder: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        by_holder.setdefault(item.holder_arn, []).append(number)
    for some in batched(by_holder.values(), _HOLDERS):
        yield tuple(number for one in some for number in one)


class _Run:
    """Runs tasks over the items of one scope, by workers or in this process."""

    def __init__(self, evaluator: Evaluator, sent: _Sent, workers: Workers | None) -> None:
        self._evaluator, self._sent, self._workers = evaluator, sent, workers
        self._known = uuid4().hex
        self._here: _Found | None = None

    def here(self) -> _Found:
        """Return what is found out in this process."""
        if self._here is None:
            self._here = _Found.begin(self._evaluator, self._sent)
        return self._here

    def results(
        self,
        function: Callable[[ItemBatch, Cancelled], Effects],
        batches: Iterable[tuple[tuple[int, ...], tuple[EntitlementEffect, ...]]],
        progress: Progress,
        cancelled: Cancelled,
        total: int,
    ) -> Iterator[Effects]:
        """Yield the results of a function for batches of items, in order."""
        of_this = _find if function is find else _prove
        if self._workers is None:
            done = 0
            for numbers, effects in batches:
                yield of_this(self.here(), numbers, effects, cancelled)
                done += len(numbers)
                progress(done, total)
            return
        content: list[bytes] = []

        def sent() -> bytes:
            if not content:
                content.append(object_content(self._sent))
            return content[0]

        reference = self._workers.reference
        yield from self._workers.results(
            function,
            (ItemBatch(reference, self._known, numbers, effects) for numbers, effects in batches),
            progress=progress,
            cancelled=cancelled,
            size=lambda batch: len(batch.numbers),
            total=total,
            contents={self._known: sent},
            here=lambda batch, cancelled: of_this(self.here(), batch.numbers, batch.effects, cancelled),
        )


def find(batch: ItemBatch, cancelled: Cancelled) -> Effects:
    """Work out the effects of some items; called in a worker."""
    return _find(_found_of(batch, cancelled), batch.numbers, batch.effects, cancelled)


def prove(batch: ItemBatch, cancelled: Cancelled) -> Effects:
    """Compare a snapshot with a copy without some entitlements; called in a worker."""
    return _prove(_found_of(batch, cancelled), batch.numbers, batch.effects, cancelled)


def _find(
    found: _Found, numbers: Sequence[int], _effects: Sequence[EntitlementEffect], cancelled: Cancelled
) -> Effects:
    made: Effects = []
    for number in numbers:
        if cancelled():
            raise WorkCancelled
        item = found.items[number]
        effect = found.evidence.effect(item, cancelled)
        effect_json = found.evidence.of(item, effect)
        made.append((number, effect_json, effect if is_to_be_proved(item, effect_json) else None))
    return made


def _prove(
    found: _Found, numbers: Sequence[int], effects: Sequence[EntitlementEffect], cancelled: Cancelled
) -> Effects:
    found.end_counts()
    items = {number: (found.items[number], found.evidence.affected(found.items[number])) for number in numbers}
    proofs = found.prover.prove_round(items, cancelled)
    return [
        (number, found.evidence.of(found.items[number], effect, proofs[number]), None)
        for number, effect in zip(numbers, effects, strict=True)
    ]


def _found_of(batch: ItemBatch, cancelled: Cancelled) -> _Found:
    """Return what this thread has found out: it serves the next task."""
    held = kept_snapshot(batch.snapshot, cancelled)
    sent: _Sent = kept_object(batch.known, lambda sent: sent)

    def begin() -> _Found:
        held.forget("comparison", "steps", "findings")
        return _Found.begin(kept_evaluator(batch.snapshot, held), sent)

    return held.once(("effects", batch.known, threading.get_ident(), batch.snapshot.moment), begin)
