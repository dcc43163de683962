"""The checks as tasks: blocks of items that workers and this process check."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import Any
from uuid import uuid4

from iamdesk.access.kept_evaluator import kept_evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.parallel import find_shared, steps_of
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Finding
from iamdesk.checks.registry import Work, look, work_of
from iamdesk.checks.thresholds import DEFAULT_THRESHOLDS, Thresholds
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.snapshot.model import RoleDetail, UserDetail
from iamdesk.work.worker_cache import SnapshotReference, kept_snapshot, object_content
from iamdesk.work.workers import Workers

_BLOCK = 64
"""Items in one block: tenths of a second, or some seconds if remediations are tried for each of them."""

type Use[T] = Callable[[Iterable[Finding]], list[T]]
"""What is made of findings where they are found; a module-level function, so that it can be pickled."""
type Found[T] = list[tuple[int, list[T]]]
"""Findings by item number; items without findings are left out."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some items, by their numbers in the list of all."""

    snapshot: SnapshotReference
    known: str
    """Key of the attack-path steps (`attack_paths.parallel.Answers`), which are sent along."""
    numbers: tuple[int, ...]
    use: Use[Any] = list
    thresholds: Thresholds = DEFAULT_THRESHOLDS


def run_shared(
    workers: Workers,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    reach: AttackPathGraph | None = None,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Iterator[Finding]:
    """Yield the findings of `registry.run`, in the same order, found by workers (`use_shared`)."""
    return use_shared(workers, list[Finding], progress, cancelled, reach, thresholds)


def use_shared[T](
    workers: Workers,
    use: Use[T],
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    reach: AttackPathGraph | None = None,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Iterator[T]:
    """Yield what ``use`` makes of the findings of each item, in the order of `registry.run`; workers do both.

    ``reach`` is an attack-path graph that exists already; with it, this process checks blocks as well if it works
    beside the workers (`Workers.helped`).

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: No worker can do it; one sentence.
    """
    progress(0, 0)
    known_steps = find_shared(workers, cancelled=cancelled) if reach is None else reach.known_steps
    known, content = uuid4().hex, object_content(known_steps)
    contents = {known: lambda: content}
    here: Callable[[Block, Cancelled], Found[T]] | None = None
    if reach is not None and workers.helped:
        own = _run(reach, cancelled, thresholds)
        parts, here = _parts(own.work), partial(_found_here, own)
    else:
        listing = Block(workers.reference, known, ())
        (parts,) = workers.results(cut, [listing], cancelled=cancelled, contents=contents)
    total = sum(map(len, parts))
    progress(0, total)
    results = workers.results(
        find,
        (Block(workers.reference, known, numbers, use, thresholds) for numbers in parts),
        progress=progress,
        cancelled=cancelled,
        size=lambda block: len(block.numbers),
        total=total,
        contents=contents,
        here=here,
    )
    yield from _in_order(parts, results)


def _in_order[T](parts: list[tuple[int, ...]], results: Iterator[Found[T]]) -> Iterator[T]:
    """Yield findings in the order of the items, each as soon as all items before it are checked."""
    found: dict[int, list[T]] = {}
    done: set[int] = set()
    given = 0
    for numbers, result in zip(parts, results, strict=True):
        found.update(result)
        done.update(numbers)
        while given in done:
            done.remove(given)
            yield from found.pop(given, ())
            given += 1


def cut(block: Block, cancelled: Cancelled) -> list[tuple[int, ...]]:
    """Return the numbers of all items, block by block."""
    return _parts(_run_of(block, cancelled).work)


def find(block: Block, cancelled: Cancelled) -> Found[Any]:
    """Return the findings of a block."""
    return _found(_run_of(block, cancelled), block)


@dataclass(frozen=True, slots=True)
class _Run:
    survey: CheckContext
    work: list[Work]


def _run(reach: AttackPathGraph, cancelled: Cancelled, thresholds: Thresholds) -> _Run:
    survey = CheckContext(reach.steps.inquiry.evaluator, cancelled, lambda *_args, **_keywords: reach, thresholds)
    _ = survey.reach  # share its results also with checks that run before the first one that needs paths
    return _Run(survey, work_of(survey))


def _found(run: _Run, block: Block) -> Found[Any]:
    results = ((number, block.use(look(run.survey, run.work[number]))) for number in block.numbers)
    return [(number, found) for number, found in results if found]


def _found_here(run: _Run, block: Block, cancelled: Cancelled) -> Found[Any]:
    run.survey.attend(cancelled)
    return _found(run, block)


def _parts(work: list[Work]) -> list[tuple[int, ...]]:
    """Split the items into blocks; all items of one user or role are in the same block, so that checks share results.

    The first block contains the first items, so that findings appear soon.
    """
    by_principal: dict[str, list[int]] = {}
    others: list[int] = []
    for number, one in enumerate(work):
        if isinstance(one.thing, UserDetail | RoleDetail):
            by_principal.setdefault(one.thing.arn, []).append(number)
        else:
            others.append(number)
    blocks = [
        tuple(sorted(number for one in some for number in one)) for some in batched(by_principal.values(), _BLOCK)
    ]
    blocks += batched(others, _BLOCK)
    return sorted(blocks)


def _run_of(block: Block, cancelled: Cancelled) -> _Run:
    """Return the run of this thread over a snapshot, which is kept for the next block."""
    held = kept_snapshot(block.snapshot, cancelled)
    evaluator = kept_evaluator(block.snapshot, held)

    def begin() -> _Run:
        held.forget("effects")
        steps = steps_of(block.snapshot, held, block.known, cancelled)
        return _run(AttackPathGraph(evaluator, cancelled=cancelled, steps=steps), cancelled, block.thresholds)

    run = held.once(("findings", threading.get_ident(), block.snapshot.moment, block.thresholds), begin)
    run.survey.attend(cancelled)
    return run
