"""What all tests share."""

import gc
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from .some_of import some_of

_MADE_BETWEEN_COLLECTIONS = 20_000
"""Ten times what is usual: looking for cycles in what tests share took a tenth of the suite's time."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Nothing of a million objects that stand for tests is garbage: the collector looks at none of them, ever."""
    gc.disable()
    gc.set_threshold(_MADE_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


_LAST = ("export", "cli", "work", "collect", "hostile", "crash", "gui", "project")
"""Folders whose tests take longest: files, windows and processes. What fails fastest, the engine, runs before them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the engine first and windows last, and mark the modules that draw fewer examples than `make proofs` does.

    ``IAMDESK_ORDER=17`` draws an order of the modules by that seed instead: no test depends on another.
    """
    for item in items:
        if isinstance(item, pytest.Function) and getattr(item.module, "some_of", None) is some_of:
            item.add_marker(pytest.mark.proofs)
    seed = os.environ.get("IAMDESK_ORDER")
    if seed:
        paths = sorted({item.path for item in items})
        random.Random(seed).shuffle(paths)
        drawn = {path: place for place, path in enumerate(paths)}
        items.sort(key=lambda item: drawn[item.path])
    else:
        items.sort(key=lambda item: _turn(item.path))


def _turn(path: Path) -> int:
    parts = path.relative_to(Path(__file__).parent).parts
    return _LAST.index(parts[0]) + 1 if parts[0] in _LAST else 0
