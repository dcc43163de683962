"""A row of the review table: items that are decided together. Fixed texts are created once, decisions are updated."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.review.columns import Column
from iamdesk.gui.tables.noted_row import NotedRow
from iamdesk.gui.tables.rows_model import SortKey
from iamdesk.i18n import mark, tr, translate
from iamdesk.review.asked import AskedKind
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.session import ReviewSession
from iamdesk.review.tickets import TicketState

SEVERITY_WORDS: Mapping[str, str] = {
    "critical": mark("critical"),
    "high": mark("high"),
    "medium": mark("medium"),
    "low": mark("low"),
    "info": mark("info"),
}
_SEVERITIES = tuple(SEVERITY_WORDS)
_CHOICES = tuple(ReviewDecision)


class DecidedRow(NotedRow, ABC):
    """One row: an entitlement or a finding, or a group of them."""

    def __init__(
        self, subject_ids: tuple[str, ...], fixed: Mapping[Column, str], words: Sequence[str], tip: Sequence[str]
    ) -> None:
        """Create a row without decisions (`update_decisions`).

        Args:
            subject_ids: Ids of the entitlements or findings.
            fixed: Texts by column, except decision and comment.
            words: Further texts that the filter searches.
            tip: Lines of the tooltip.
        """
        self.subject_ids = subject_ids
        self.decisions: tuple[ItemDecision, ...] = ()
        self.choice: ReviewDecision | None = ReviewDecision.UNDECIDED
        """Decision on all of them; None if they differ."""
        self.is_open = True
        self.is_pending = False
        """Whether a decision is being saved."""
        self.run_out = False
        self.privileged = False
        self.is_guardrail = False
        """Whether one of them is: revoking it only widens access."""
        self.tiers: frozenset[int] = frozenset()
        self.suggestions: frozenset[str] = frozenset()
        self.classes: frozenset[str] = frozenset()
        self.why_asked: frozenset[AskedKind] = frozenset()
        self.findings: tuple[Mapping[str, Any], ...] = ()
        self.tip = "\n".join(dict.fromkeys(tip))
        self.tips: dict[Column, str] = {}
        """Tooltips by column, where they say more than the text."""
        self.fixed = {column: visible(text) for column, text in fixed.items()}
        self.haystack = "\n".join((*self.fixed.values(), *words)).casefold()
        self.texts: tuple[str, ...] = ()
        self.names = ("", "")
        """Who and what, the first of several, not translated: rows have the same order in any language."""
        self.ticket_states: Mapping[str, TicketState] = {}
        """The state of the ticket of each item that has one; `update_decisions` shows it."""
        self._keys: tuple[SortKey, ...] = ()

    def update_decisions(self, review_session: ReviewSession, today: date, pending: frozenset[str]) -> None:
        """Update the decisions."""
        self.decisions = tuple(review_session.decision(one) for one in self.subject_ids)
        choices = {decision.choice for decision in self.decisions}
        self.choice = choices.pop() if len(choices) == 1 else None
        self.run_out = any(decision.has_run_out(today) for decision in self.decisions)
        waiting = sum(decision.is_open(today) for decision in self.decisions)
        self.is_open = waiting > 0
        self.is_pending = not pending.isdisjoint(self.subject_ids)
        comments = list(dict.fromkeys(decision.comment for decision in self.decisions if decision.comment))
        texts = {
            **self.fixed,
            Column.DECISION: self._decision_text(waiting),
            Column.COMMENT: visible("; ".join(comments[:3])),
            Column.TICKET: visible(self._ticket_text()),
        }
        self.texts = tuple(texts.get(column, "") for column in Column)
        self._keys = self._sorted(waiting)

    def sort_key(self, column: int) -> SortKey:
        """Return the sort key in a column."""
        return self._keys[column]

    def set_removal(self, text: str) -> None:
        """Set what became of its revocation; `update_decisions` shows it."""
        self.fixed[Column.REMOVAL] = visible(text)

    @property
    def tie(self) -> SortKey:
        """Sort key among equal rows."""
        who, what = self.names
        return (who.casefold(), what.casefold(), self.subject_ids[0])

    @abstractmethod
    def words_of(self, decision: ItemDecision) -> str:
        """Return a decision in words."""

    @abstractmethod
    def word_of(self, choice: ReviewDecision) -> str:
        """Return a decision in one word that can be translated, for rows whose decisions differ in details."""

    @abstractmethod
    def key_of(self, column: Column) -> SortKey:
        """Return the sort key in one of its fixed columns, without `tie`."""

    def _decision_text(self, waiting: int) -> str:
        if self.is_pending:
            return tr("Saving…")
        if self.choice is None:
            total = len(self.subject_ids)
            return tr("{count} of {total} decided").format(count=number(total - waiting), total=number(total))
        decision_texts = {translate(self.words_of(decision)) for decision in self.decisions}
        text = visible(decision_texts.pop()) if len(decision_texts) == 1 else tr(self.word_of(self.choice))
        return tr("{decision} (expired)").format(decision=text) if self.run_out else text

    def _ticket_text(self) -> str:
        """Return number, state and day of its ticket, ``OPS-12 · Done 2026-11-25``; of several, how many are closed."""
        states = [self.ticket_states.get(one) for one in self.subject_ids]
        texts = {ticket_text(decision.ticket, state) for decision, state in zip(self.decisions, states, strict=True)}
        if len(texts) == 1:
            return texts.pop()
        closed = sum(state is not None and state.is_closed for state in states)
        return tr("{count} of {total} closed").format(count=number(closed), total=number(len(states)))

    def _sorted(self, waiting: int) -> tuple[SortKey, ...]:
        state = _CHOICES.index(self.choice) if self.choice is not None else len(_CHOICES)
        own: dict[Column, SortKey] = {
            Column.DECISION: (0 if waiting else 1, state),
            Column.WHO: (),
            Column.WHAT: (self.names[1].casefold(),),
            Column.COMMENT: (self.texts[Column.COMMENT].casefold(),),
            Column.TICKET: (self.texts[Column.TICKET].casefold(),),
        }
        tie = self.tie
        return tuple((*(own[column] if column in own else self.key_of(column)), *tie) for column in Column)


def ticket_text(ticket: str, state: TicketState | None) -> str:
    """Return the number of a ticket, and its state as the ticket system calls it; empty if there is none."""
    if state is None:
        return ticket
    closed = f"{state.state} {state.closed.isoformat()}" if state.closed is not None else state.state
    return " · ".join(filter(None, (ticket or state.ticket, closed)))


def severity_rank(finding: Mapping[str, Any]) -> int:
    """Return the rank of a finding's severity, highest severity first."""
    word = str(finding.get("severity"))
    return _SEVERITIES.index(word) if word in _SEVERITIES else len(_SEVERITIES)


def several(texts: Sequence[str], counted: str) -> str:
    """Return the text if all are equal, else the number of different ones: ``3 principals``."""
    different = list(dict.fromkeys(texts))
    return different[0] if len(different) == 1 else tr(counted).format(count=number(len(different)))
