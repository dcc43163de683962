"""Snapshots that are equal are worked out once a process: what a test asks of the sample, the next finds answered.

Each opening is the real one: the files are read, their trees laid out, progress and cancelling as ever. Only then is
what was opened before given in its place, where it is of the same path and the same bytes. It is frozen, and what it
keeps of answers is the same whoever asks first.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.api import SnapshotSession, Workbench
from iamdesk.export.evidence import verify_content
from iamdesk.i18n import chosen
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


def share_equal_evaluators(patch: pytest.MonkeyPatch) -> None:
    """Let `verify` be given the same evaluator for the same snapshot and moment: it answers the same."""

    def shared(snapshot: Snapshot, now: Callable[[], datetime]) -> Evaluator:
        key = (snapshot.sha256, now())
        kept = _evaluators[key] = _evaluators.pop(key, None) or Evaluator(snapshot, now=now)
        while len(_evaluators) > _MOST_EVALUATORS:
            _evaluators.popitem(last=False)
        return kept

    patch.setattr(verify_content, "Evaluator", shared)
