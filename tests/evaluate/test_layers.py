"""Deciding under both readings of what is unknown at once is the same as deciding under each."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from iamdesk.evaluate.caller import Caller, CallerKind
from iamdesk.evaluate.credentials import TokenDoubt
from iamdesk.evaluate.layers import Situation, Slot, Tally, decide, decide_both
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.truth import FALSE, MAYBE, TRUE, Truth

SLOTS = (Slot(Layer.IDENTITY), Slot(Layer.RESOURCE), Slot(Layer.PERMISSIONS_BOUNDARY), Slot(Layer.SCP, 0))
TRUTHS = st.sampled_from((FALSE, MAYBE, TRUE))


def _words[What](of: tuple[What, ...]) -> st.SearchStrategy[Mapping[What, Truth]]:
    return st.dictionaries(st.sampled_from(of), TRUTHS)


TALLIES = st.builds(Tally, _words(SLOTS), _words(SLOTS), _words(tuple(Grant)))
SITUATIONS = st.builds(
    Situation,
    caller=st.sampled_from(CallerKind).map(lambda kind: Caller(kind, "someone", "aws", "111122223333")),
    is_cross_account=st.booleans(),
    slots=st.sets(st.sampled_from(SLOTS)).map(lambda slots: tuple(slot for slot in SLOTS if slot in slots)),
    is_trust=st.just(False),
    needs_delegation=st.booleans(),
    needs_both=st.booleans(),
    needs_no_permission=st.just(False),
    refusal=st.sampled_from((None, "partition", "aws-owned")),
    restricts_public=st.booleans(),
    unlocks=st.booleans(),
    doubt=st.none() | st.builds(TokenDoubt, st.booleans(), st.booleans()),
)


@given(SITUATIONS, SITUATIONS, st.booleans(), TALLIES, TALLIES)
def test_both_readings_are_those_that_are_decided_one_by_one(
    situation: Situation, bucket: Situation, is_of_two_legs: bool, counted: Tally, on_bucket: Tally
) -> None:
    if is_of_two_legs:
        situation = replace(situation, further=(bucket,))
        counted = replace(counted, further=(on_bucket,))
    each = decide(situation, counted, optimistic=True), decide(situation, counted, optimistic=False)
    assert decide_both(situation, counted) == each
