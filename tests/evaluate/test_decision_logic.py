"""Deciding under both readings of what is unknown at once is the same as deciding under each."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from iamdesk.evaluate.credential_limits import SessionTokenUncertainty
from iamdesk.evaluate.decision_logic import DecisionInputs, PolicyTypeKey, StatementEffects, decide, decide_bounds
from iamdesk.evaluate.principal import Caller, CallerKind
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import PolicyType
from iamdesk.evaluate.ternary import FALSE, MAYBE, TRUE, Truth

SLOTS = (
    PolicyTypeKey(PolicyType.IDENTITY),
    PolicyTypeKey(PolicyType.RESOURCE),
    PolicyTypeKey(PolicyType.PERMISSIONS_BOUNDARY),
    PolicyTypeKey(PolicyType.SCP, 0),
)
TRUTHS = st.sampled_from((FALSE, MAYBE, TRUE))


def _words[What](of: tuple[What, ...]) -> st.SearchStrategy[Mapping[What, Truth]]:
    return st.dictionaries(st.sampled_from(of), TRUTHS)


TALLIES = st.builds(StatementEffects, _words(SLOTS), _words(SLOTS), _words(tuple(Grant)))
SITUATIONS = st.builds(
    DecisionInputs,
    caller=st.sampled_from(CallerKind).map(lambda kind: Caller(kind, "someone", "aws", "111122223333")),
    is_cross_account=st.booleans(),
    type_keys=st.sets(st.sampled_from(SLOTS)).map(lambda keys: tuple(one for one in SLOTS if one in keys)),
    needs_public=st.booleans(),
    is_trust=st.just(False),
    needs_delegation=st.booleans(),
    needs_both=st.booleans(),
    needs_no_permission=st.just(False),
    refusal=st.sampled_from((None, "partition", "aws-owned")),
    restricts_public=st.booleans(),
    unlocks=st.booleans(),
    doubt=st.none() | st.builds(SessionTokenUncertainty, st.booleans(), st.booleans()),
)


@given(SITUATIONS, SITUATIONS, st.booleans(), TALLIES, TALLIES)
def test_both_readings_are_those_that_are_decided_one_by_one(
    decision_inputs: DecisionInputs,
    bucket: DecisionInputs,
    is_of_two_legs: bool,
    counted: StatementEffects,
    on_bucket: StatementEffects,
) -> None:
    if is_of_two_legs:
        decision_inputs = replace(decision_inputs, joint=(bucket,))
        counted = replace(counted, joint=(on_bucket,))
    each = decide(decision_inputs, counted, optimistic=True), decide(decision_inputs, counted, optimistic=False)
    assert decide_bounds(decision_inputs, counted) == each
