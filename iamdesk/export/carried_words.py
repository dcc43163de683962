"""What a review takes over from the one before, in words."""

from collections.abc import Iterator

from iamdesk.review.carrying import Carried
from iamdesk.review.retests import Outcome


def carried_sentence(carried: Carried) -> str:
    """Return what was taken over and what is asked, in one sentence."""
    counts = {outcome: sum(one.outcome is outcome for one in carried.retests) for outcome in Outcome}
    told = f"{len(carried.decisions):,} decisions taken over, {len(carried.asked):,} lines to decide"
    revokes = ", ".join(f"{count:,} {outcome.value}" for outcome, count in counts.items() if count)
    return f"{told}; of earlier revokes: {revokes}." if revokes else f"{told}."


def carried_lines(carried: Carried) -> Iterator[str]:
    """Yield the sentence, and every earlier revoke."""
    yield carried_sentence(carried)
    for one in carried.retests:
        yield f"  {one.outcome.value:<12} {one.holder_arn}: {one.sentence}"
