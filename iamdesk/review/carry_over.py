"""Next quarter: decisions of the review before are taken over where the effect is proved to be the same.

A line is asked again for a reason that is told: it is new, what it allows changed, that cannot be told, its exception
ran out, or what was decided was not done. Every earlier revoke is tested on the new snapshot.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from iamdesk.diff.result import Comparison
from iamdesk.i18n import phrase
from iamdesk.review.affected_items import Changes, id_in_one_spelling
from iamdesk.review.carried_decision import taken_over
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.items import ReviewItem
from iamdesk.review.revocation_tests import Outcome, Previous, Retest, retests_of
from iamdesk.snapshot.model import Snapshot

SINCE_LAST = "since_last"
"""Under this name a line's evidence tells what became of it since the review before: ``asked``, and ``reasons``."""


@dataclass(frozen=True, slots=True)
class CarryOver:
    """What a new review starts with."""

    decisions: Mapping[str, ItemDecision]
    """By line: taken over, with a comment that says from where."""
    asked: Mapping[str, tuple[str, ...]]
    """By line: why it is asked. Every line is here or among the decisions."""
    gone: tuple[ReviewItem, ...]
    """Lines of the review before that are no more."""
    retests: tuple[Retest, ...]


def carry_forward(
    previous: Previous,
    lines: Iterable[ReviewItem],
    found: Comparison,
    new: Snapshot,
    today: date,
    everywhere: Iterable[ReviewItem] | None = None,
) -> CarryOver:
    """Return which decisions of a review hold on for the lines of a new one, and which lines are asked.

    Args:
        previous: The review before; ``found`` is the comparison of its snapshot with the new one.
        lines: Of the new review.
        found: What changed.
        new: The new snapshot: what it does not hold cannot be said to be gone.
        today: Exceptions whose last day is before it have run out.
        everywhere: All lines of the new snapshot, where the new review leaves some out: those are not gone.

    Raises:
        ValueError: the comparison is of other snapshots than the review.
    """
    if previous.head.snapshot_sha256 != found.old_sha256 or new.sha256 != found.new_sha256:
        raise ValueError("the comparison is not between the snapshot of the review before and the new one")
    before = {line.line_id: line for line in previous.lines}
    now = {line.line_id: line for line in lines}
    there = now if everywhere is None else {line.line_id: line for line in everywhere}
    # A review of an earlier iamdesk spells an account as its policies do: it is the same principal.
    spelled = {id_in_one_spelling(line): line_id for line_id, line in before.items() if line_id not in there}
    spelled = {line_id: earlier_id for line_id, earlier_id in spelled.items() if line_id in there}
    still = {earlier_id: there[line_id] for line_id, earlier_id in spelled.items()}
    changed = Changes(found, before.values(), now.values(), new)
    retests = {one.line_id: one for one in retests_of(previous, before, {**there, **still}, found, new)}
    decisions: dict[str, ItemDecision] = {}
    asked: dict[str, tuple[str, ...]] = {}
    for line_id, line in now.items():
        earlier_id = spelled.get(line_id, line_id)
        earlier = before.get(earlier_id)
        decision = previous.decision(earlier_id) if earlier is not None else ItemDecision()
        reasons = [*_reasons_of_decision(decision, earlier is None, today, retests.get(earlier_id))]
        if earlier is not None:
            reasons += changed.reasons(line, earlier)
        if reasons:
            asked[line_id] = tuple(dict.fromkeys(reasons))
        else:
            decisions[line_id] = taken_over(
                decision, previous.head.review_id, previous.decided(earlier_id), "the effect is the same"
            )
    gone = tuple(line for line_id, line in before.items() if line_id not in there and line_id not in still)
    return CarryOver(decisions, asked, gone, tuple(retests.values()))


def _reasons_of_decision(decision: ItemDecision, is_new: bool, today: date, retest: Retest | None) -> Iterator[str]:
    if is_new:
        back = retest is not None and retest.outcome is Outcome.CAME_BACK
        yield (
            phrase("It was revoked and gone, and is there again.")
            if back
            else phrase("It is new since the last review.")
        )
    elif decision.choice is ReviewDecision.UNDECIDED:
        yield phrase("The last review left it undecided.")
    elif decision.choice is ReviewDecision.REVOKE:
        yield phrase("It was to be revoked, and is still there.")
    elif decision.choice is ReviewDecision.MODIFY:
        yield phrase("It was to be modified.")
    elif decision.has_run_out(today):
        yield phrase("Its exception ran out on {expiry}.", expiry=decision.expiry)
