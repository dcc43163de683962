"""Marks tests with the ids of the evaluation rules that they hold the code to (`conformance/test_rules.py`)."""

from collections.abc import Callable


def rule[Test: Callable[..., object]](*ids: str) -> Callable[[Test], Test]:
    """Name the rules that a test is about: ``@rule("G3", "G4")``."""
    assert all(ids)
    return lambda test: test
