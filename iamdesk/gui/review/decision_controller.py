"""Turns a key press in the review into a complete decision, and sends it to be saved."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from PySide6.QtCore import QObject, Signal

from iamdesk.export.text.review import CHOICE_WORDS
from iamdesk.export.text.review_effect import (
    also_widens_words,
    is_guardrail,
    large_loss_words,
    relying_words,
    suggested_decision,
)
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.run_command import run_command
from iamdesk.gui.core.session import Session
from iamdesk.gui.review.choices import ON_FINDINGS
from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.decision_bar import DecisionBar
from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.gui.review.finding_rows import FindingRow
from iamdesk.gui.review.guardrails import own_access_words, revoke_warning
from iamdesk.gui.review.modify_effect import effect_of_edits, suggested_edits
from iamdesk.gui.review.rows import EntitlementRow
from iamdesk.gui.review.toolbar import REVIEWER_WANTED, ReviewToolbar
from iamdesk.gui.review.write_queue import WriteQueue
from iamdesk.gui.what_if.try_changes import try_changes
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.i18n import error_words, ntr, tr, translate
from iamdesk.review.decisions import UNDECIDED, ItemDecision, ReviewDecision
from iamdesk.review.items import ReviewItem
from iamdesk.review.joint_effect import relying
from iamdesk.review.session import ReviewSession
from iamdesk.whatif.edits import Edit, WhatIfError

_AT_ONCE = (ReviewDecision.KEEP, ReviewDecision.UNDECIDED)
"""Decisions that one key saves. The others ask, whatever the row is: a reviewer who types a reason then never types
commands for the next row.
"""

_MOST_NAMED = 3
_LONGEST_NAME = 60
"""Characters of a target's name beside the field for the reason."""


class DecisionController(QObject):
    """Decides on the selected rows."""

    decided = Signal()
    """A decision is being saved: the next row may become current."""
    settled = Signal()
    """The input is finished: focus the table."""

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        head: ReviewToolbar,
        message: MessageBar,
        review_session: Callable[[], ReviewSession | None],
        chosen: Callable[[], Sequence[DecidedRow]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._head = head
        self._message = message
        self._desk = review_session
        self._chosen = chosen
        self._rows: tuple[DecidedRow, ...] = ()
        self._targets: tuple[str, ...] = ()
        self._kept: tuple[DecidedRow, ItemDecision] | None = None
        """What one key has just decided, with the table moved on by itself since: what is typed now is about it."""
        self._lines: tuple[ReviewItem, ...] = ()
        self._word_of: Callable[[ReviewDecision], str] = CHOICE_WORDS.__getitem__
        self._on_findings = False
        self._is_elsewhere = False
        """Whether the rows were chosen in another panel: then the current row does not move."""
        self.bar = DecisionBar()
        self.queue = WriteQueue(jobs, self)
        self.bar.given.connect(self._given)
        self.bar.ticket_given.connect(self._ticket_given)
        self.bar.given_up.connect(self.settled)
        self.bar.edits_taken.connect(self._show_effect)
        self.bar.what_if_wanted.connect(self._open_what_if)
        self.bar.wrong.connect(lambda sentence: message.say(Tone.WARNING, sentence))
        self.queue.refused.connect(lambda sentence: message.say(Tone.ERROR, sentence))

    def decide(self, choice: ReviewDecision, rows: Sequence[DecidedRow] | None = None) -> None:
        """Decide on the selected rows by an entitlement's decision; asks for what belongs to it, except to keep one.

        ``rows`` are others, chosen in another panel: the focus stays there unless something is asked.
        """
        review_session = self._aim(rows)
        if review_session is None:
            return
        self._is_elsewhere = rows is not None
        if self._on_findings:
            choice = ON_FINDINGS[choice]
        left_out = self._leave_guardrails_out() if choice is ReviewDecision.REVOKE else 0
        warning = ""
        if choice is ReviewDecision.REVOKE:
            warning = revoke_warning(self._lines) or translate(
                also_widens_words(self._lines)
                or self._relying(review_session, {one.line_id for one in self._lines})
                or large_loss_words(self._lines)
            )
        if choice not in _AT_ONCE or (len(self._targets) > 1 and choice is not ReviewDecision.UNDECIDED):
            self._ask(review_session, choice)
            if warning:
                self._message.say(
                    Tone.WARNING, tr("{warning} Press Return to save, Esc to cancel.").format(warning=warning)
                )
        elif choice is ReviewDecision.UNDECIDED:
            self._given(UNDECIDED)
        else:
            row, kept = self._rows[0], ItemDecision(choice, review_session.decision(self._targets[0]).comment)
            if self._save({self._targets[0]: kept}) and not self._is_elsewhere:
                self._kept = row, kept
        if left_out:
            self._message.say(
                Tone.NOTE,
                ntr(
                    "{count} guardrail is left out: revoking it widens access. Decide on it separately.",
                    "{count} guardrails are left out: revoking them widens access. Decide on them one by one.",
                    left_out,
                ).format(count=number(left_out)),
            )

    @staticmethod
    def _relying(review_session: ReviewSession, now: set[str]) -> str:
        """Return the warning if what is revoked now and what is revoked already grant the same; empty if not."""
        revoked = [
            one
            for one in review_session.lines
            if one.line_id in now or review_session.decision(one.line_id).choice is ReviewDecision.REVOKE
        ]
        pairs = relying(revoked, review_session.lines)
        return relying_words(pair for pair in pairs if now & {pair[0].line_id, pair[1].line_id})

    def take_suggestion(self) -> None:
        """Decide on each of the selected entitlements as is suggested for it; those that need judgment stay."""
        review_session = self._aim()
        if review_session is None:
            return
        decisions = {
            line.line_id: made
            for line in self._lines
            if (made := suggested_decision(line)) is not None
            and not (made.choice is ReviewDecision.REVOKE and is_guardrail(line))
        }
        left = len(self._targets) - len(decisions)
        now = {line_id for line_id, made in decisions.items() if made.choice is ReviewDecision.REVOKE}
        warning = self._relying(review_session, now)
        if not decisions:
            self._message.say(Tone.NOTE, tr("Nothing is suggested for these rows: they need judgment."))
            return
        if not self._save(decisions):
            return
        if len(self._targets) == 1:
            self._kept = self._rows[0], decisions[self._targets[0]]
        own = self._own_access_words(review_session, decisions)
        if warning or own:
            self._message.say(Tone.WARNING, " ".join(filter(None, (translate(warning), own))))
        elif left:
            words = ntr(
                "{count} entitlement has no suggestion, and needs judgment.",
                "{count} entitlements have no suggestion, and need judgment.",
                left,
            )
            self._message.say(Tone.NOTE, words.format(count=number(left)))

    def _leave_guardrails_out(self) -> int:
        """Leave the guardrails out of what is revoked together, if there is anything else; return how many."""
        guardrails = {line.line_id for line in self._lines if is_guardrail(line)}
        if not guardrails or len(guardrails) == len(self._targets):
            return 0
        self._targets = tuple(one for one in self._targets if one not in guardrails)
        self._lines = tuple(line for line in self._lines if line.line_id not in guardrails)
        return len(guardrails)

    def comment(self) -> None:
        """Comment on the selected rows; their decisions stay."""
        review_session = self._aim()
        if review_session is None:
            return
        choices = {review_session.decision(one).choice for one in self._targets}
        if len(choices) == 1:
            self._ask(review_session, choices.pop())
        else:
            self._message.say(
                Tone.NOTE, tr("These rows have different decisions: decide first, or comment on fewer rows.")
            )

    def take_text(self) -> None:
        """Ask for a comment, since text is being typed: on what one key has just decided, or on the selected rows."""
        review_session, kept = self._desk(), self._kept
        if review_session is None or self._is_asking:
            return
        if kept is None:
            self.comment()
        else:
            row, decision = kept
            self._aim((row,))
            self._ask(review_session, decision.choice, decision)
            self.bar.name_target(_name_of(row))
        if self._is_asking and self.bar.reason.text():
            self.bar.reason.setText(f"{self.bar.reason.text()} ")  # what is typed goes on behind it

    def row_changed(self, row: DecidedRow | None) -> None:
        """Follow the current row: the input names its target as soon as that is another row."""
        self._kept = None
        if self._is_asking and self._rows:
            is_this = row in self._rows or len(self._targets) > 1
            self.bar.name_target(self._target_words() if is_this else _name_of(self._rows[0]))

    @property
    def _is_asking(self) -> bool:
        return not self.bar.isHidden()

    def ticket(self) -> None:
        """Ask for the number of the ticket of the selected rows; their decisions stay."""
        review_session = self._aim()
        if review_session is None:
            return
        self._message.clear()
        known = {review_session.decision(one).ticket for one in self._targets}
        self.bar.ask_ticket(self._target_words(), known.pop() if len(known) == 1 else "")

    def _ticket_given(self, ticket: str) -> None:
        review_session, reviewer, targets = self._desk(), self._head.reviewer, self._targets
        if review_session is None:
            return
        if not reviewer.name:
            self._ask_for_reviewer()
            return
        decisions = {one: replace(review_session.decision(one), ticket=ticket) for one in targets}
        self.queue.put(lambda: review_session.record_whole(decisions, reviewer), frozenset(targets))
        self.settled.emit()

    def second(self) -> None:
        """Record a second approval of the decisions on the selected rows."""
        review_session, reviewer = self._aim(), self._head.reviewer
        if review_session is not None:
            self._message.clear()  # such as that a second person has to approve
            subject_ids = self._targets
            self.queue.put(lambda: review_session.second(subject_ids, reviewer), frozenset(subject_ids))
            if own := self._own_access_words(review_session, subject_ids):
                self._message.say(Tone.WARNING, own)

    def undo(self) -> None:
        """Undo the last decision of this session."""
        review_session, reviewer = self._desk(), self._head.reviewer
        if review_session is not None and (review_session.can_undo or self.queue.pending):
            self.queue.put(lambda: review_session.undo(reviewer))
        else:
            self._session.announce(tr("There is nothing to undo."))

    def redo(self) -> None:
        """Redo the last undone decision."""
        review_session, reviewer = self._desk(), self._head.reviewer
        if review_session is not None and review_session.can_redo:
            self.queue.put(lambda: review_session.redo(reviewer))
        else:
            self._session.announce(tr("There is nothing to redo."))

    def _aim(self, rows: Sequence[DecidedRow] | None = None) -> ReviewSession | None:
        """Set the items of the selected rows as target of the decision; None if there are none."""
        review_session = self._desk()
        self._is_elsewhere = False
        chosen = rows or self._chosen()
        self._rows, self._kept = tuple(chosen), None
        self._targets = tuple(subject_id for row in chosen for subject_id in row.subject_ids)
        if not chosen:
            return None
        self._on_findings = isinstance(chosen[0], FindingRow)
        self._lines = tuple(line for row in chosen if isinstance(row, EntitlementRow) for line in row.lines)
        self._word_of = chosen[0].word_of
        return review_session

    def _ask(self, review_session: ReviewSession, choice: ReviewDecision, current: ItemDecision | None = None) -> None:
        """Ask for the details of a decision; ``current`` is the decision up to now if it may not be saved yet."""
        self._message.clear()
        self._is_elsewhere = False  # this panel asks for it
        count, what = len(self._targets), self._target_words()
        if current is None:
            current = review_session.decision(self._targets[0]) if count == 1 else UNDECIDED
        change = ""
        if choice is ReviewDecision.MODIFY and self._lines:
            made = suggested_decision(self._lines[0]) if count == 1 else None
            change = made.comment if made is not None and made.choice is choice else ""
        self.bar.ask(
            choice,
            self._word_of(choice),
            what,
            current,
            datetime.now(UTC).date(),
            change=change,
            edits=None if self._on_findings else lambda: self._session.what_if_edits,
        )
        if change and (edits := suggested_edits(self._lines[0])):
            self._show_effect(edits)

    def _open_what_if(self) -> None:
        """Open the window What if, with the change that is suggested for the entitlement, if there is one."""
        edits = suggested_edits(self._lines[0]) if len(self._lines) == 1 else ()
        if edits:
            try_changes(self.bar, edits)
        else:
            run_command(self.bar, "actionWhatIf")

    def _show_effect(self, edits: tuple[Edit, ...]) -> None:
        """Show what changes do to access, worked out on a copy of the snapshot, in a worker."""
        review_session, whole = self._desk(), self._session.whole
        if review_session is None:
            return
        if whole is None or whole.sha256 != review_session.head.snapshot_sha256:
            self.bar.show_effect([tr("The effect is not shown: the snapshot of the review is not open.")])
            return
        self.bar.show_effect([tr("Working out the effect of the change…")])
        targets = self._targets

        def show(lines: tuple[str, ...]) -> None:
            if self._targets == targets and self.bar.effect.isVisibleTo(self.bar):
                self.bar.show_effect([tr("Effect of the change: {first}").format(first=lines[0]), *lines[1:]])

        self._jobs.run(
            tr("Working out the effect of the change"),
            lambda progress, cancelled: effect_of_edits(whole, edits, progress, cancelled),
            done=show,
            failed=self._no_effect,
            stopped=lambda: self.bar.show_effect([tr("The effect is not shown: it was canceled.")]),
            topic="effect of modify",
        )

    def _no_effect(self, error: Exception) -> None:
        if not isinstance(error, WhatIfError):
            self.bar.show_effect([tr("The effect is not shown because of an internal error.")])
            raise error
        self.bar.show_effect([tr("The change cannot be applied: {why}.").format(why=error_words(error))])

    def _target_words(self) -> str:
        count = len(self._targets)
        if self._on_findings:
            return ntr("this finding", "{count} findings", count).format(count=number(count))
        return ntr("this entitlement", "{count} entitlements", count).format(count=number(count))

    def _ask_for_reviewer(self) -> None:
        self._head.ask_for_reviewer(self._message, tr(REVIEWER_WANTED))

    def _given(self, decision: ItemDecision) -> None:
        self._save(dict.fromkeys(self._targets, decision))

    def _save(self, decisions: Mapping[str, ItemDecision]) -> bool:
        """Save decisions; return False if the reviewer is not known."""
        review_session, reviewer = self._desk(), self._head.reviewer
        if review_session is None:
            return False
        if not reviewer.name:
            self._ask_for_reviewer()
            return False
        self._message.clear()
        self.queue.put(lambda: review_session.record(decisions, reviewer), frozenset(decisions))
        made = [one for one, decision in decisions.items() if decision.choice is not ReviewDecision.UNDECIDED]
        if not self._is_elsewhere:
            self.settled.emit()
            is_current = any(row in self._rows for row in self._chosen())  # not where the table has moved on already
            if is_current and made:
                self.decided.emit()
        if own := self._own_access_words(review_session, made):
            self._message.say(Tone.WARNING, own)
        return True

    def _own_access_words(self, review_session: ReviewSession, subject_ids: Iterable[str]) -> str:
        """Return the warning if the reviewer decides on principals of a person of the same name; empty if not."""
        for one in review_session.same_names(subject_ids, self._head.reviewer.name):
            return own_access_words(one)
        return ""


def _name_of(row: DecidedRow) -> str:
    name = f"{row.fixed[Column.WHO]} · {row.fixed[Column.WHAT]}"
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
