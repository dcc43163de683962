"""The decisions that a row can take: their keys, words and order, for table, card and menu alike."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from PySide6.QtCore import Qt

from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.gui.review.finding_rows import FindingRow
from iamdesk.review.decisions import ReviewDecision

CHOICE_KEYS: Mapping[int, ReviewDecision] = {
    Qt.Key.Key_1: ReviewDecision.KEEP,
    Qt.Key.Key_2: ReviewDecision.REVOKE,
    Qt.Key.Key_3: ReviewDecision.MODIFY,
    Qt.Key.Key_4: ReviewDecision.EXCEPT,
    Qt.Key.Key_0: ReviewDecision.UNDECIDED,
}
ON_FINDINGS: Mapping[ReviewDecision, ReviewDecision] = {
    ReviewDecision.KEEP: ReviewDecision.EXCEPT,
    ReviewDecision.REVOKE: ReviewDecision.FIX,
    ReviewDecision.MODIFY: ReviewDecision.FALSE_POSITIVE,
    ReviewDecision.EXCEPT: ReviewDecision.EXCEPT,
    ReviewDecision.UNDECIDED: ReviewDecision.UNDECIDED,
}
"""Decisions of the keys on findings: keep and exception both accept the risk until a date."""


class Choice(NamedTuple):
    """A decision as offered."""

    key: str
    choice: ReviewDecision
    """As for an entitlement: `ON_FINDINGS` has what it is on a finding."""
    word: str
    """It can be translated."""


def choices_for(row: DecidedRow) -> Iterator[Choice]:
    """Yield the decisions that a row can take, each once."""
    offered = set[str]()
    for key, choice in CHOICE_KEYS.items():
        word = row.word_of(ON_FINDINGS[choice] if isinstance(row, FindingRow) else choice)
        if word not in offered:
            offered.add(word)
            yield Choice(chr(key), choice, word)
