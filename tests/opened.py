"""Snapshots that are equal are worked out once a process: what a test asks of the sample, the next finds answered.

Each opening is the real one: the files are read, their trees laid out, progress and cancelling as ever. Only then is
what was opened before given in its place, where it is of the same path and the same bytes. It is frozen, and what it
keeps of answers is the same whoever asks first.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.api import SnapshotSession, Workbench
from iamdesk.attack_paths.attack_path_graph import LazyAttackPathGraph
from iamdesk.checks import registry
from iamdesk.checks.finding import Finding
from iamdesk.export.evidence import context, control_totals, verify_content
from iamdesk.i18n import chosen
from iamdesk.review.entitlements import review_scope
from iamdesk.snapshot.model import Snapshot

_MOST = 4
_kept: OrderedDict[tuple[object, ...], SnapshotSession] = OrderedDict()
_open = Workbench.open_snapshot


def share_equal_snapshots(patch: pytest.MonkeyPatch) -> None:
    """Let the workbench give the same object for equal snapshots, and `verify` the same evaluator."""
    patch.setattr(Workbench, "open_snapshot", _open_shared)
    share_equal_evaluators(patch)


def open_each_anew(patch: pytest.MonkeyPatch) -> None:
    """Let the workbench be as it is again."""
    patch.setattr(Workbench, "open_snapshot", _open)


def _open_shared(*arguments: Any, **more: Any) -> SnapshotSession:
    opened = _open(*arguments, **more)
    key = (chosen(), opened.snapshot.path, *opened.snapshot.files)  # its tree is laid out in a language
    kept = _kept.setdefault(key, opened)
    _kept.move_to_end(key)
    while len(_kept) > _MOST:
        _kept.popitem(last=False)
    return kept


_MOST_EVALUATORS = 6
_evaluators: OrderedDict[tuple[str, datetime], Evaluator] = OrderedDict()
_answered: dict[Evaluator, dict[Callable[..., Any], Any]] = {}
"""What was made of each of these evaluators, by the function that made it."""


def share_equal_evaluators(patch: pytest.MonkeyPatch) -> None:
    """Let `verify` be given the same evaluator for the same snapshot and moment, and make attack paths of it once.

    The same for its findings and entitlements: of one evaluator, they are the same whoever asks.
    """

    def shared(snapshot: Snapshot, now: Callable[[], datetime]) -> Evaluator:
        key = (snapshot.sha256, now())
        kept = _evaluators[key] = _evaluators.pop(key, None) or Evaluator(snapshot, now=now)
        _answered.setdefault(kept, {})
        while len(_evaluators) > _MOST_EVALUATORS:
            del _answered[_evaluators.popitem(last=False)[1]]
        return kept

    patch.setattr(verify_content, "Evaluator", shared)
    for module in (verify_content, context):
        patch.setattr(module, "LazyAttackPathGraph", _once(LazyAttackPathGraph))
        patch.setattr(module, "registry", SimpleNamespace(run=_once(_findings)))
    for module in (verify_content, control_totals):
        patch.setattr(module, "review_scope", _once(review_scope))


def _findings(evaluator: Evaluator, **more: Any) -> tuple[Finding, ...]:
    return tuple(registry.run(evaluator, **more))


def _once[T](make: Callable[..., T]) -> Callable[..., T]:
    """Give what was made of an evaluator that is shared; of any other it is made anew."""

    def made(evaluator: Evaluator, **more: Any) -> T:
        if evaluator not in _answered:
            return make(evaluator, **more)
        of_it = _answered[evaluator]
        if make not in of_it:
            of_it[make] = make(evaluator, **more)
        return of_it[make]

    return made
