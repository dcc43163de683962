"""How far the parts of a review are, by reviewer; reminders are written as files."""

from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QTreeWidgetItem, QVBoxLayout, QWidget

from iamdesk.export.files.atomic_write import write_atomic
from iamdesk.export.reminders import reminders
from iamdesk.gui.core.locale import day, number
from iamdesk.gui.review.coordination_window import Coordination, CoordinationWindow, fill_table, row_item
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Drawing, Glyph, Mark
from iamdesk.gui.widgets.message_bar import Tone
from iamdesk.gui.widgets.saved_note import open_file
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import ntr, tr, translate
from iamdesk.progress import Cancelled, Progress, WorkCancelled
from iamdesk.review.coordination import PartProgress, progress_in, progress_of_parts, record_reminders


class ProgressWindow(CoordinationWindow):
    """The parts of a folder, the first due first; parts that are missing or changed are listed, too."""

    def __init__(self, about: Coordination, parent: QWidget) -> None:
        super().__init__(about, parent, name="progress", title=tr("Progress of the parts"))
        self.parts_folder: Path | None = None
        self.found: tuple[PartProgress, ...] = ()
        self.sentence = FlowLabel()
        self.sentence.setObjectName("progressSentence")
        self.list = self.table(
            "Table",
            tr("Progress by reviewer"),
            [
                tr("Reviewer"),
                tr("Decided"),
                tr("Open"),
                tr("Handed back"),
                tr("Due"),
                tr("State"),
                tr("Delegated to"),
                tr("File"),
            ],
        )
        self.folder_button = self.button(tr("Choose f&older…"), "Folder")
        self.remind_button = self.button(tr("Write &reminders…"), "Remind")
        self.folder_button.clicked.connect(self._choose)
        self.remind_button.clicked.connect(self._remind)
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addWidget(self.sentence)
        layout.addWidget(self.list, 1)
        layout.addLayout(self.bottom(self.folder_button, self.remind_button))
        self.size_for(140, 30)
        self.folder_button.setFocus()
        file, today = about.review_session.file, _today()
        self.run(
            tr("Reading the review"),
            lambda _progress, _cancelled: progress_in(file, today),
            self._show_review,
            "progress of parts",
        )

    def _show_review(self, result: tuple[tuple[PartProgress, ...], int]) -> None:
        """Show how far each reviewer is by what is merged, until the folder with the parts is chosen."""
        found, unassigned = result
        choose = tr("Choose the folder with the parts to see what is not merged yet.")
        if not found:
            self.sentence.setText(tr("Nothing is assigned yet."))
            return
        self._fill(found, unassigned)
        self.sentence.setText(f"{self.sentence.text()} {choose}")
        self.found = ()  # reminders are about parts

    def _choose(self) -> None:
        path = self._prompts.folder_to_choose(self, tr("Folder with the parts"), self.folder)
        if path is not None:
            self.read(path)

    def read(self, folder: Path) -> None:
        """Read the parts in a folder, in a worker."""
        self.parts_folder = folder
        file, today = self.about.review_session.file, _today()
        self.run(
            tr("Reading the parts"),
            lambda _progress, _cancelled: progress_of_parts(folder, file, today),
            self._show,
            "progress of parts",
        )

    def _show(self, result: tuple[tuple[PartProgress, ...], int]) -> None:
        self._fill(*result)

    def _fill(self, found: tuple[PartProgress, ...], unassigned: int) -> None:
        self.found = found
        today = _today()
        fill_table(self.list, [self._row(one, today) for one in found])
        late = sum(one.is_overdue(today) for one in found)
        words = [
            tr("{decided} of {items} items are decided.").format(
                decided=number(sum(one.decided for one in found)), items=number(sum(one.items for one in found))
            )
        ]
        if late:
            words.append(ntr("{count} part is overdue.", "{count} parts are overdue.", late).format(count=number(late)))
        if unassigned:
            words.append(
                ntr("{count} item has no reviewer.", "{count} items have no reviewer.", unassigned).format(
                    count=number(unassigned)
                )
            )
        self.sentence.setText(" ".join(words))
        self.list.setFocus()

    def _row(self, one: PartProgress, today: date) -> QTreeWidgetItem:
        drawing: Drawing = Mark.ALLOWED
        state = tr("handed back") if one.returned else tr("decided")
        if one.problem:
            state, drawing = translate(one.problem), Glyph.ERROR
        elif one.is_overdue(today):
            state, drawing = tr("overdue"), Glyph.WARNING
        elif one.open:
            state, drawing = tr("open"), Glyph.UNDECIDED
        row = row_item(
            [
                one.reviewer,
                tr("{count} of {total}").format(count=number(one.decided), total=number(one.items)),
                number(one.open),
                number(one.returned) if one.returned else "",
                day(one.due.isoformat()) if one.due else "",
                state,
                ", ".join(one.delegates),
                one.file,
            ]
        )
        row.setIcon(0, icons.icon(drawing, self.palette()))
        return row

    def _remind(self) -> None:
        folder = self.parts_folder
        into = self._prompts.folder_to_choose(self, tr("Folder for the reminders"), self.folder) if folder else None
        if into is None:
            return
        review_session, parts, actor, today = self.about.review_session, self.found, self.about.actor(), _today()

        def work(progress: Progress, cancelled: Cancelled) -> tuple[str, ...]:
            made = reminders(review_session.head.title, parts, today, {})
            for done, (name, content) in enumerate(made.items()):
                if cancelled():
                    raise WorkCancelled
                progress(done, len(made))
                write_atomic(into / name, content)
            names = tuple(one.reviewer for one in parts if one.open and not one.problem)
            if names:
                record_reminders(review_session.file, names, actor)
            return names

        self.run(tr("Writing reminders"), work, lambda names: self._reminded(into, names), "remind reviewers")

    def _reminded(self, into: Path, names: tuple[str, ...]) -> None:
        words = ntr(
            "Reminders for {count} reviewer were written to {folder}, and recorded. Nothing was sent.",
            "Reminders for {count} reviewers were written to {folder}, and recorded. Nothing was sent.",
            len(names),
        )
        if not names:
            self.message.say(Tone.NOTE, tr("No reviewer has undecided items: no reminder was written."))
            return
        sentence = words.format(count=number(len(names)), folder=into)
        self.message.say(Tone.NOTE, sentence, tr("Open folder"), partial(open_file, into))

    def refresh(self) -> None:
        """Enable the buttons that can be used now."""
        super().refresh()
        self.folder_button.setEnabled(not self.is_running)
        self.remind_button.setEnabled(not self.is_running and any(one.open and not one.problem for one in self.found))


def _today() -> date:
    return datetime.now(UTC).date()
