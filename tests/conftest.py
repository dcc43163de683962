"""What all tests share."""

import gc
from collections.abc import Iterator

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the modules that draw fewer examples than they could: `make proofs` runs them with all."""
    for item in items:
        if isinstance(item, pytest.Function) and getattr(item.module, "some_of", None) is some_of:
            item.add_marker(pytest.mark.proofs)
