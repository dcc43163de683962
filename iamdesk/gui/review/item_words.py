"""Items and decisions of a review in words, for windows that name them without their row."""

from iamdesk.export.text.review import (
    decision_words,
    entitlement_words,
    finding_decision_words,
    holder_name,
)
from iamdesk.gui.core.retranslation import translate_english
from iamdesk.i18n import tr, translate
from iamdesk.review.coordination import Conflict
from iamdesk.review.decisions import ItemDecision
from iamdesk.review.session import ReviewSession


class ItemWords:
    """Names the items of a review."""

    def __init__(self, review_session: ReviewSession) -> None:
        self._lines = dict(zip(review_session.file.ids, review_session.lines, strict=True))
        self._findings = {str(one["finding_id"]): one for one in review_session.findings}

    def of(self, item_id: str) -> str:
        """Return holder and entitlement of an item, or subject and title of a finding."""
        line, finding = self._lines.get(item_id), self._findings.get(item_id)
        if line is not None:
            return f"{translate(holder_name(line))}: {translate(entitlement_words(line))}"
        if finding is not None:
            return f"{finding['subject_name']}: {translate_english(str(finding['title']))}"
        return item_id

    def decision(self, item_id: str, decision: ItemDecision) -> str:
        """Return a decision in words."""
        words = finding_decision_words if item_id in self._findings else decision_words
        return translate(words(decision))

    def opposed(self, conflict: Conflict) -> str:
        """Return the two decisions of a conflict."""
        here = self.decision(conflict.item_id, conflict.here)
        there = self.decision(conflict.item_id, conflict.there)
        if not conflict.here_by:
            return tr("Review: {here}; part: {there} by {there_by}").format(
                here=here, there=there, there_by=conflict.there_by
            )
        return tr("Review: {here} by {here_by}; part: {there} by {there_by}").format(
            here=here, here_by=conflict.here_by, there=there, there_by=conflict.there_by
        )
