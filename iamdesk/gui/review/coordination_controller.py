"""The commands of a review among many reviewers: assign, split, merge, conflicts, progress, delegate, close out."""

import getpass
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from iamdesk.errors import ReviewError
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.session import Session
from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.gui.review.review_controller import ReviewController
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.saved_note import open_file
from iamdesk.i18n import error_words, mark, ntr, tr, translate
from iamdesk.review.decisions import ReviewDecision, Reviewer

if TYPE_CHECKING:
    from iamdesk.gui.review.checkpoint_controller import CheckpointController
    from iamdesk.gui.review.coordination_window import Coordination, CoordinationWindow
    from iamdesk.gui.review.hand_over_dialog import HandOverDialog
    from iamdesk.review.coordination import ClosedOut, Part, RemovalState
    from iamdesk.review.session import ReviewSession
    from iamdesk.review.tickets import TicketsRead

_LOGS = mark("Logs of remediation.sh (*.log);;All files (*)")
_CSV = mark("CSV files (*.csv);;All files (*)")
_REFUSED_SHOWN = 3


class CoordinationController(QObject):
    """Acts on the open review. Files are read and written in workers."""

    changed = Signal()
    """The review was changed by something else than a key."""

    def __init__(
        self,
        panel: QWidget,
        session: Session,
        jobs: JobRunner,
        prompts: FileDialogs,
        message: MessageBar,
        controller: ReviewController,
        reviewer: Callable[[], Reviewer],
        keys: Callable[[], tuple[str, str]],
        chosen: Callable[[], Sequence[DecidedRow]],
    ) -> None:
        super().__init__(panel)
        self._panel = panel
        self._session = session
        self._jobs = jobs
        self._prompts = prompts
        self._message = message
        self._controller = controller
        self._reviewer = reviewer
        self._keys = keys
        self._chosen = chosen
        self.window: CoordinationWindow | None = None
        """The window that was shown last."""
        self.dialog: HandOverDialog | None = None
        """The dialog that was shown last."""
        controller.closed.connect(self._close_window)

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of the menu's commands."""
        return {
            "actionAssignReview": self.assign,
            "actionSplitReview": self.split,
            "actionMergeParts": self.merge,
            "actionConflicts": self.conflicts,
            "actionPartsProgress": self.progress,
            "actionDelegatePart": self.delegate,
            "actionHandBackPart": self.hand_back,
            "actionReturnItems": self.return_items,
            "actionReassignItems": self.reassign,
            "actionDescribeReview": self.describe,
            "actionCloseOut": self.close_out,
            "actionTickets": self.tickets,
            "actionRetests": self.retests,
        }

    # Windows

    def assign(self) -> None:
        """Show the window that assigns the review."""
        from iamdesk.gui.review.assign_window import AssignWindow

        if (about := self._about()) is not None:
            opened = self._session.whole if self._controller.matches else None
            self._show(AssignWindow(about, opened, self._panel.window()))

    def merge(self) -> None:
        """Show the window that merges parts."""
        from iamdesk.gui.review.merge_window import MergeWindow

        if (about := self._about()) is not None:
            self._show(MergeWindow(about, self.conflicts, self._panel.window()))

    def conflicts(self) -> None:
        """Show the window that resolves conflicts."""
        from iamdesk.gui.review.conflicts_window import ConflictsWindow

        if (about := self._about()) is not None:
            self._show(ConflictsWindow(about, self._panel.window()))

    def progress(self) -> None:
        """Show the window with the progress of the parts."""
        from iamdesk.gui.review.progress_window import ProgressWindow

        if (about := self._about()) is not None:
            self._show(ProgressWindow(about, self._panel.window()))

    def describe(self) -> None:
        """Show the window with what people state about the review."""
        from iamdesk.gui.review.description_window import DescriptionWindow

        if (about := self._about()) is not None:
            self._show(DescriptionWindow(about, self._panel.window()))

    def retests(self) -> None:
        """Show the window with the results of earlier revocations."""
        from iamdesk.gui.review.retests_window import RetestsWindow

        if (about := self._about()) is not None:
            self._show(RetestsWindow(about, self._panel.window()))

    def checkpoints(self, checkpoints: "CheckpointController") -> None:
        """Show the window with the checkpoints of the review."""
        from iamdesk.gui.review.checkpoints_window import CheckpointsWindow

        if (about := self._about()) is None:
            return
        if _is_part(about.review_session):
            self._message.say(Tone.NOTE, tr("The open review is a part: sign it instead, when it is decided."))
        else:
            self._show(CheckpointsWindow(about, checkpoints, self._panel.window()))

    def _about(self) -> "Coordination | None":
        from iamdesk.gui.review.coordination_window import Coordination

        review_session = self._open_review()
        if review_session is None:
            return None
        return Coordination(
            self._session,
            self._jobs,
            self._prompts,
            review_session,
            self._coordinator,
            self.changed.emit,
            *self._keys(),
        )

    def _show(self, window: "CoordinationWindow") -> None:
        self._close_window()
        self.window = window
        window.destroyed.connect(lambda: self._forget(window))
        window.show()

    def _forget(self, window: "CoordinationWindow") -> None:
        if self.window is window:
            self.window = None

    def _close_window(self) -> None:
        window, self.window = self.window, None
        if window is not None:
            window.close()

    def _open_review(self) -> "ReviewSession | None":
        """Return the open review, every decision in it saved; None if none is open, which is said."""
        review_session = self._controller.review_session
        if review_session is None:
            self._message.say(Tone.NOTE, tr("Open a review first."))
            return None
        self._controller.closing.emit()  # every decision is saved
        return review_session

    def _coordinator(self) -> Reviewer:
        """Return who acts: the name that is entered, or the account of the operating system."""
        reviewer = self._reviewer()
        return Reviewer(reviewer.name or getpass.getuser(), reviewer.account, reviewer.holder_arns)

    # Without a window

    def split(self) -> None:
        """Ask for a folder, and write a part for each reviewer to it."""
        review_session = self._open_review()
        if review_session is None:
            return
        folder = self._prompts.folder_to_choose(self._panel, tr("Folder for the parts"), review_session.path.parent)
        if folder is not None:
            actor = self._coordinator()
            self._run(
                tr("Writing parts"),
                lambda: _split(review_session, folder, actor),
                lambda parts: self._say_split(folder, parts),
            )

    def _say_split(self, folder: Path, parts: "tuple[Part, ...]") -> None:
        words = ntr(
            "{count} part was written to {folder}: {names}.",
            "{count} parts were written to {folder}: {names}.",
            len(parts),
        )
        names = ", ".join(f"{part.file} ({number(len(part.items))})" for part in parts)
        sentence = words.format(count=number(len(parts)), folder=folder, names=visible(names))
        self._message.say(Tone.NOTE, sentence, tr("Open folder"), partial(open_file, folder))

    def delegate(self) -> None:
        """Ask who else may decide in the open part."""
        self._hand_over(
            tr("Delegate"),
            tr("Another person may decide in this part. It is recorded in the part, and merged with it."),
            asks_name=True,
        )

    def hand_back(self) -> None:
        """Hand the open part back to its reviewer."""
        self._hand_over(
            tr("Hand back"), tr("You will no longer decide in this part, which was delegated to you."), asks_name=False
        )

    def _hand_over(self, title: str, sentence: str, *, asks_name: bool) -> None:
        from iamdesk.gui.review.hand_over_dialog import HandOverDialog

        review_session = self._open_review()
        if review_session is None:
            return
        if not _is_part(review_session):
            self._message.say(Tone.NOTE, tr("The open review is not a part: only a part is handed over."))
            return
        if not self._reviewer().name:
            self._message.say(Tone.NOTE, tr("Enter the reviewer first: it is recorded who hands the part over."))
            return
        dialog = HandOverDialog(title, sentence, self._panel.window(), asks_name=asks_name)
        dialog.accepted.connect(lambda: self._handed_over(review_session, dialog, asks_name=asks_name))
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def _handed_over(self, review_session: "ReviewSession", dialog: "HandOverDialog", *, asks_name: bool) -> None:
        name, reason, actor = dialog.name.text().strip(), dialog.reason.text().strip(), self._reviewer()
        words = tr("{name} may decide in this part.").format(name=name) if asks_name else tr("The part is handed back.")
        self._run(
            tr("Recording"),
            lambda: _hand_over(review_session, name if asks_name else "", actor, reason),
            lambda _nothing: self._message.say(Tone.NOTE, words),
        )

    def return_items(self) -> None:
        """Hand the selected undecided rows of the open part back to the coordinator."""
        review_session = self._open_review()
        if review_session is None:
            return
        if not _is_part(review_session):
            self._message.say(
                Tone.NOTE, tr("The open review is not a part: give the items to another reviewer with Reassign.")
            )
            return
        if not self._reviewer().name:
            self._message.say(Tone.NOTE, tr("Enter the reviewer first: it is recorded who hands the items back."))
            return
        items = tuple(
            item for item in self._selected() if review_session.file.decision(item).choice is ReviewDecision.UNDECIDED
        )
        if not items:
            self._message.say(Tone.NOTE, tr("Select undecided rows: only these are handed back."))
            return
        sentence = ntr(
            "{count} item goes back to the coordinator. It is recorded in the part, and merged with it; if you decide "
            "on it before that, you take it back.",
            "{count} items go back to the coordinator. It is recorded in the part, and merged with it; if you decide "
            "on one before that, you take it back.",
            len(items),
        ).format(count=number(len(items)))
        dialog = self._ask(tr("Hand back items"), sentence, needs_name=False, needs_reason=True)
        dialog.name.setPlaceholderText(tr("Who should decide instead, if you know"))
        dialog.accepted.connect(lambda: self._returned(review_session, items, dialog))

    def _returned(self, review_session: "ReviewSession", items: tuple[str, ...], dialog: "HandOverDialog") -> None:
        to, reason, actor = dialog.name.text().strip(), dialog.reason.text().strip(), self._reviewer()
        words = ntr("{count} item is handed back.", "{count} items are handed back.", len(items))
        self._run(
            tr("Recording"),
            lambda: _return(review_session, items, actor, reason, to),
            lambda _nothing: self._message.say(Tone.NOTE, words.format(count=number(len(items)))),
        )

    def reassign(self) -> None:
        """Give the selected rows of the open review to another reviewer."""
        review_session = self._open_review()
        if review_session is None:
            return
        if _is_part(review_session):
            self._message.say(Tone.NOTE, tr("The open review is a part: hand the items back instead."))
            return
        items = self._selected()
        if not items:
            return
        sentence = ntr(
            "{count} item gets another reviewer, whatever the rules say. It leaves the part that it is in; split the "
            "review afterwards.",
            "{count} items get another reviewer, whatever the rules say. They leave the parts that they are in; split "
            "the review afterwards.",
            len(items),
        ).format(count=number(len(items)))
        dialog = self._ask(tr("Reassign"), sentence, asks_due=True)
        dialog.name.setText(_suggested_reviewer(review_session, items))
        dialog.accepted.connect(lambda: self._reassigned(review_session, items, dialog))

    def _reassigned(self, review_session: "ReviewSession", items: tuple[str, ...], dialog: "HandOverDialog") -> None:
        name, due, reason, actor = dialog.name.text().strip(), dialog.due_day, dialog.reason.text(), self._coordinator()
        words = ntr(
            "{count} item is assigned to {name}. Split next: it gets into a part.",
            "{count} items are assigned to {name}. Split next: they get into a part.",
            len(items),
        )
        self._run(
            tr("Recording"),
            lambda: _reassign(review_session, items, name, due, actor, reason),
            lambda _nothing: self._message.say(Tone.NOTE, words.format(count=number(len(items)), name=visible(name))),
        )

    def _selected(self) -> tuple[str, ...]:
        return tuple(item for row in self._chosen() for item in row.subject_ids)

    def _ask(
        self, title: str, sentence: str, *, needs_name: bool = True, needs_reason: bool = False, asks_due: bool = False
    ) -> "HandOverDialog":
        from iamdesk.gui.review.hand_over_dialog import HandOverDialog

        dialog = HandOverDialog(
            title,
            sentence,
            self._panel.window(),
            asks_name=True,
            needs_name=needs_name,
            needs_reason=needs_reason,
            asks_due=asks_due,
        )
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()
        return dialog

    def close_out(self) -> None:
        """Ask for a log of ``remediation.sh``, and record what it did."""
        review_session = self._open_review()
        if review_session is None:
            return
        log = self._prompts.file_to_open(
            self._panel, tr("Log of remediation.sh"), review_session.path.parent, tr(_LOGS)
        )
        if log is not None:
            actor = self._coordinator()
            self._run(
                tr("Reading {name}").format(name=visible(log.name)),
                lambda: _close_out(review_session, log, actor),
                lambda done: self._say_closed(*done),
            )

    def _say_closed(self, found: "ClosedOut", state: "RemovalState") -> None:
        words = [
            ntr("{count} outcome was recorded.", "{count} outcomes were recorded.", len(found.recorded)).format(
                count=number(len(found.recorded))
            )
        ]
        if found.repeated:
            words.append(tr("{count} were recorded before.").format(count=number(found.repeated)))
        words.append(
            tr("Revocations: {closed} removed, {open} not.").format(
                closed=number(state.closed), open=number(state.open)
            )
        )
        words += [
            tr("Line {line} was refused: {why}.").format(line=one.number, why=translate(one.why))
            for one in found.refused[:_REFUSED_SHOWN]
        ]
        if (more := len(found.refused) - _REFUSED_SHOWN) > 0:
            words.append(
                ntr("{count} more line was refused.", "{count} more lines were refused.", more).format(
                    count=number(more)
                )
            )
        self._message.say(Tone.WARNING if found.refused else Tone.NOTE, " ".join(words))

    def tickets(self) -> None:
        """Ask for a table of the ticket system, and record the states of tickets."""
        review_session = self._open_review()
        if review_session is None:
            return
        table = self._prompts.file_to_open(self._panel, tr("States of tickets"), review_session.path.parent, tr(_CSV))
        if table is not None:
            actor = self._coordinator()
            self._run(
                tr("Reading {name}").format(name=visible(table.name)),
                lambda: _tickets(review_session, table, actor),
                self._say_tickets,
            )

    def _say_tickets(self, found: "TicketsRead") -> None:
        words = [
            ntr("{count} state was recorded.", "{count} states were recorded.", len(found.recorded)).format(
                count=number(len(found.recorded))
            )
        ]
        if found.repeated:
            words.append(tr("{count} were recorded before.").format(count=number(found.repeated)))
        words.append(
            tr("Tickets: {closed} closed, {open} open, {without} without a state.").format(
                closed=number(found.closed), open=number(found.open), without=number(found.without)
            )
        )
        words += [
            tr("Row {row} was refused: {why}.").format(row=one.row, why=translate(one.why))
            for one in found.refused[:_REFUSED_SHOWN]
        ]
        if (more := len(found.refused) - _REFUSED_SHOWN) > 0:
            words.append(
                ntr("{count} more row was refused.", "{count} more rows were refused.", more).format(count=number(more))
            )
        self._message.say(Tone.WARNING if found.refused else Tone.NOTE, " ".join(words))

    def _run[Result](self, label: str, act: Callable[[], Result], done: Callable[[Result], None]) -> None:
        self._message.clear()

        def take(found: Result) -> None:
            self.changed.emit()
            done(found)

        self._jobs.run(
            label,
            lambda _progress, _cancelled: act(),
            done=take,
            failed=self._refused,
            stopped=self.changed.emit,
            topic="coordinate review",
        )

    def _refused(self, error: Exception) -> None:
        if not isinstance(error, ReviewError):
            self._message.say(Tone.ERROR, tr("This failed because of an internal error."))
            raise error
        self._message.say(Tone.ERROR, f"{error_words(error)}.")


def _is_part(review_session: "ReviewSession") -> bool:
    from iamdesk.review.coordination import PART_OF

    return PART_OF in review_session.head.details


def _split(review_session: "ReviewSession", folder: Path, actor: Reviewer) -> "tuple[Part, ...]":
    from iamdesk.review.coordination import split_review

    return split_review(review_session.file, folder, actor)


def _hand_over(review_session: "ReviewSession", to: str, actor: Reviewer, reason: str) -> None:
    from iamdesk.review.coordination import delegate_part, hand_back_part

    if to:
        delegate_part(review_session.file, to, actor, reason)
    else:
        hand_back_part(review_session.file, actor, reason)


def _close_out(review_session: "ReviewSession", log: Path, actor: Reviewer) -> "tuple[ClosedOut, RemovalState]":
    from iamdesk.review.coordination import close_out_review

    return close_out_review(review_session.file, log, actor)


def _tickets(review_session: "ReviewSession", table: Path, actor: Reviewer) -> "TicketsRead":
    from iamdesk.review.tickets import record_tickets

    return record_tickets(review_session.file, table, actor)


def _return(review_session: "ReviewSession", items: tuple[str, ...], actor: Reviewer, reason: str, to: str) -> None:
    from iamdesk.review.coordination import return_part_items

    return_part_items(review_session.file, items, actor, reason, to)


def _reassign(
    review_session: "ReviewSession", items: tuple[str, ...], to: str, due: date | None, actor: Reviewer, reason: str
) -> None:
    from iamdesk.review.coordination import AssignedTo, reassign

    reassign(review_session.file, items, AssignedTo(to, "", due, 0), actor, reason)


def _suggested_reviewer(review_session: "ReviewSession", items: tuple[str, ...]) -> str:
    """Return who should decide by those who handed the items back; empty if they differ, or name no one."""
    from iamdesk.review.coordination import handed_back

    returned = handed_back(review_session.file)
    names = {returned[item].to if item in returned else "" for item in items}
    return names.pop() if len(names) == 1 else ""
