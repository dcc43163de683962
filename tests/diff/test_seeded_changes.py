"""180 changes of which AWS's documentation says what they do: exactly that is reported, and asked again in a review."""

import pytest

from .seeded_changes import CHANGES, STATES
from .seeded_changes.measure import measured
from .seeded_changes.worlds import Change

# A review works out what every root user can do, which takes ten times as long as a comparison: `make attack-diff`
# reviews after all of them. Those whose names are here were wrong once.
REVIEWED = [
    one
    for one in CHANGES
    if one in (*CHANGES[::16], *STATES)
    or one.name in ("a user made anew whom a bucket names by unique id", "a role trusts a user made anew no longer")
]


def test_each_has_a_name_of_its_own() -> None:
    assert len(CHANGES) >= 180
    assert len({one.name for one in CHANGES}) == len(CHANGES)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_exactly_what_changed_is_reported_in_both_directions(change: Change) -> None:
    for result in measured(change, reviews=False):
        assert result.faults == []
        assert result.found == result.expected
        assert result.right == result.reported == result.caused


@pytest.mark.parametrize("change", REVIEWED, ids=lambda change: change.name)
def test_exactly_what_is_affected_is_asked_again(change: Change) -> None:
    for result in measured(change):
        assert result.item_faults == []
