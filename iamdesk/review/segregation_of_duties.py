"""Who may decide what: the rules that a review holds reviewers to."""

from collections.abc import Mapping

from iamdesk.i18n import phrase
from iamdesk.review.decisions import DecisionError, ItemDecision, ReviewDecision, Reviewer, same_person
from iamdesk.review.state import Ledger


def check_decisions(
    ledger: Ledger, decisions: Mapping[str, ItemDecision], reviewer: Reviewer, *, restores: bool
) -> None:
    """Refuse decisions that cannot stand; ``restores`` says that they stood before, and asks for no new reason.

    Raises:
        DecisionError: nobody is named, a line or finding is unknown, cannot be decided so, or is the reviewer's own,
            many are decided without a reason, or somebody stands as second reviewer for another, or for a decision of
            their own.
    """
    if not reviewer.name.strip():
        raise DecisionError(phrase("a decision needs the name of whoever decides"))
    for subject_id, decision in decisions.items():
        standing = ledger.of(subject_id)
        if standing is None:
            raise DecisionError(phrase("the review has no line and no finding {subject_id}", subject_id=subject_id))
        if decision.choice not in standing.choices:
            what = phrase("a line") if standing is ledger.lines else phrase("a finding")
            raise DecisionError(
                phrase("`{choice}` is nothing that can be decided on {what}", choice=decision.choice.value, what=what)
            )
        holder_arn = standing.known[subject_id].holder_arn
        if decision.choice is not ReviewDecision.UNDECIDED and holder_arn in reviewer.holder_arns:
            raise DecisionError(
                phrase(
                    "{name} cannot decide on access of their own ({holder_arn})",
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
        raise DecisionError(phrase("a decision on many lines needs a reason"))


def _stays_seconded(before: ItemDecision, after: ItemDecision) -> bool:
    """Return whether somebody stood for the same decision already: a ticket alone is noted."""
    return before.second == after.second and before.decided == after.decided


def _check_second(ledger: Ledger, subject_id: str, decision: ItemDecision, reviewer: Reviewer) -> None:
    if decision.second != reviewer.name or decision.by_one != ledger.decision(subject_id).by_one:
        raise DecisionError(phrase("a second reviewer stands for a decision as it is, and in their own name"))
    if same_person(decision.owner, reviewer.name):
        raise DecisionError(phrase("{name} owns the exception: somebody else must approve it", name=reviewer.name))
    decided = ledger.decided(subject_id)
    if decided is not None and same_person(decided.reviewer, reviewer.name):
        raise DecisionError(phrase("{name} decided it: the second reviewer must be somebody else", name=reviewer.name))
