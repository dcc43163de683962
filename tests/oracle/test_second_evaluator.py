"""The engine and a second evaluator, written from the rules alone, agree on random test cases.

``python -m tests.oracle.compare`` does the same for as many as wanted, and with other seeds.
"""

import random

import pytest

from iamdesk.policy.operators import OPERATORS

from .compare import difference, shrink
from .evaluator import ALLOWED, EXPLICIT, IMPLICIT, decide
from .generator import TYPES, case
from .unknown import faults, unknown_case


def test_every_operator_is_drawn() -> None:
    """Operators with cases in ``conformance/topics/operators.py`` are drawn with these values."""
    assert {one for drawn in TYPES.values() for one in drawn} == {one.name for one in OPERATORS.values()}


@pytest.mark.parametrize("seed", range(8))
def test_both_decide_alike(seed: int) -> None:
    draw = random.Random(seed)
    decisions = set()
    for _ in range(200):
        made = case(draw)
        decisions.add(decide(made))
        found = difference(made)
        assert found is None, (found, shrink(made))
    assert decisions == {ALLOWED, EXPLICIT, IMPLICIT}


@pytest.mark.parametrize("seed", range(4))
def test_what_is_said_of_unknown_keys_holds_for_all_their_values(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(25):
        made, unknown = unknown_case(draw)
        assert faults(made, unknown) == [], (unknown, made)
