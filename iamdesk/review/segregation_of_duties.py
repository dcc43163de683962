"""Rules for reviewers: self-review, second approval, valid decisions."""

from collections.abc import Mapping

from iamdesk.i18n import phrase
from iamdesk.review.decisions import DecisionError, ItemDecision, ReviewDecision, Reviewer, same_person
from iamdesk.review.state import Ledger


def check_decisions(
    ledger: Ledger, decisions: Mapping[str, ItemDecision], reviewer: Reviewer, *, restores: bool
) -> None:
    """Validate decisions; ``restores`` says that they are earlier ones (undo), which need no new reason.

    Raises:
        DecisionError: the reviewer has no name; an item is unknown, cannot have this decision, or is the reviewer's own
            access; several items are decided without a reason; or a second approval is in another name, or of the
            reviewer's own decision.
    """
    if not reviewer.name.strip():
        raise DecisionError(phrase("a decision requires the name of the reviewer"))
    for subject_id, decision in decisions.items():
        states = ledger.of(subject_id)
        if states is None:
            raise DecisionError(phrase("the review has no entitlement or finding {subject_id}", subject_id=subject_id))
        if decision.choice not in states.choices:
            what = phrase("an entitlement") if states is ledger.lines else phrase("a finding")
            raise DecisionError(
                phrase("`{choice}` is not a valid decision on {what}", choice=decision.choice.value, what=what)
            )
        holder_arn = states.known[subject_id].holder_arn
        if decision.choice is not ReviewDecision.UNDECIDED and holder_arn in reviewer.holder_arns:
            raise DecisionError(
                phrase(
                    "{name} cannot review their own access ({holder_arn})",
                    name=reviewer.name,
                    holder_arn=holder_arn,
                )
            )
        if decision.second and not _stays_seconded(ledger.decision(subject_id), decision):
            _check_second(ledger, subject_id, decision, reviewer)
    kept = [
        one
        for subject_id, one in decisions.items()
        if one.choice is not ReviewDecision.UNDECIDED and one.decided != ledger.decision(subject_id).decided
    ]
    if not restores and len(kept) > 1 and not all(one.comment.strip() for one in kept):
        raise DecisionError(phrase("a decision on several items requires a reason"))


def _stays_seconded(before: ItemDecision, after: ItemDecision) -> bool:
    """Return whether the second approval of the same decision is unchanged, so that only the ticket changes."""
    own = before.second, before.second_comment
    return own == (after.second, after.second_comment) and before.decided == after.decided


def _check_second(ledger: Ledger, subject_id: str, decision: ItemDecision, reviewer: Reviewer) -> None:
    if decision.second != reviewer.name or decision.by_one != ledger.decision(subject_id).by_one:
        raise DecisionError(
            phrase("a second approval must be in the reviewer's own name and must not change the decision")
        )
    if same_person(decision.owner, reviewer.name):
        raise DecisionError(phrase("{name} owns the exception: another reviewer must approve it", name=reviewer.name))
    decided = ledger.decided(subject_id)
    if decided is not None and same_person(decided.reviewer, reviewer.name):
        raise DecisionError(
            phrase("{name} made this decision: the second approval must come from another reviewer", name=reviewer.name)
        )
