"""Snapshots that are equal are worked out once a process: what a test asks of the sample, the next finds answered.

Each opening is the real one: the files are read, their trees laid out, progress and cancelling as ever. Only then is
what was opened before given in its place, where it is of the same path and the same bytes. It is frozen, and what it
keeps of answers is the same whoever asks first.
"""

from collections import OrderedDict
from typing import Any

import pytest

from iamdesk.language import chosen
from iamdesk.workbench import OpenSnapshot, Workbench

_MOST = 4
_kept: OrderedDict[tuple[object, ...], OpenSnapshot] = OrderedDict()
_open = Workbench.open_snapshot


def share_equal_snapshots(patch: pytest.MonkeyPatch) -> None:
    """Let the workbench give the same object for equal snapshots."""
    patch.setattr(Workbench, "open_snapshot", _open_shared)


def open_each_anew(patch: pytest.MonkeyPatch) -> None:
    """Let the workbench be as it is again."""
    patch.setattr(Workbench, "open_snapshot", _open)


def _open_shared(*arguments: Any, **more: Any) -> OpenSnapshot:
    opened = _open(*arguments, **more)
    key = (chosen(), opened.snapshot.path, *opened.snapshot.files)  # its tree is laid out in a language
    kept = _kept.setdefault(key, opened)
    _kept.move_to_end(key)
    while len(_kept) > _MOST:
        _kept.popitem(last=False)
    return kept
