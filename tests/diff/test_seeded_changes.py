"""180 changes of which AWS's documentation says what they do: exactly that is reported, and asked again in a review."""

import pytest

from .seeded_changes import CHANGES
from .seeded_changes.measure import measured
from .seeded_changes.worlds import Change


def test_each_has_a_name_of_its_own() -> None:
    assert len(CHANGES) >= 180
    assert len({one.name for one in CHANGES}) == len(CHANGES)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_exactly_what_changed_is_reported_in_both_directions(change: Change) -> None:
    for result in measured(change, reviews=False):
        assert result.faults == []
        assert result.found == result.expected
        assert result.right == result.reported == result.caused
