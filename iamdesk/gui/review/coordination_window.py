"""What the windows of a review among many reviewers have in common: what they act on, and their tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QPushButton, QTreeWidget, QTreeWidgetItem, QWidget

from iamdesk.errors import ReviewError
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.plain_text import set_cell_tooltip, visible
from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.job_window import OneJobWindow
from iamdesk.gui.widgets.message_bar import Tone
from iamdesk.gui.widgets.padded_delegate import PaddedDelegate
from iamdesk.i18n import error_words, tr
from iamdesk.review.decisions import Reviewer
from iamdesk.review.session import ReviewSession


@dataclass(frozen=True, slots=True)
class Coordination:
    """What a window acts on."""

    session: Session
    jobs: JobRunner
    prompts: FileDialogs
    review_session: ReviewSession
    actor: Callable[[], Reviewer]
    """Who acts."""
    changed: Callable[[], None]
    """To be called when the review was changed: the panel shows it again."""
    signing_key: str = ""
    """Path of the key that is offered for signing."""
    allowed_signers: str = ""
    """Path of the file of known keys; empty: none is known."""


class CoordinationWindow(OneJobWindow):
    """Closes with the snapshot."""

    def __init__(self, about: Coordination, parent: QWidget, *, name: str, title: str) -> None:
        super().__init__(
            about.session,
            about.jobs,
            about.prompts,
            parent,
            name=name,
            title=visible(f"{title}: {about.review_session.head.title}"),
            cancelled=tr("Canceled. What was already done is kept."),
        )
        self.about = about

    @property
    def folder(self) -> Path:
        """The folder of the review."""
        return self.about.review_session.path.parent

    def refused(self, error: Exception) -> bool:
        """Show why something failed."""
        if isinstance(error, ReviewError | ExportError):
            self.message.say(Tone.ERROR, f"{error_words(error)}.")
            return True
        self.message.say(Tone.ERROR, tr("This failed because of an internal error."))
        return False

    def table(self, name: str, title: str, headings: Sequence[str], *, is_tree: bool = False) -> QTreeWidget:
        """Return an empty table."""
        made = QTreeWidget()
        made.setObjectName(f"{self._name}{name}")
        made.setAccessibleName(title)
        made.setRootIsDecorated(is_tree)
        made.setUniformRowHeights(True)
        made.setAlternatingRowColors(True)
        made.setHeaderLabels(list(headings))
        made.header().setStretchLastSection(True)
        made.setItemDelegate(PaddedDelegate(0, made))
        return made

    def bottom(self, *buttons: QPushButton) -> QHBoxLayout:
        """Return the last row: progress, Cancel and the buttons."""
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addStretch(0 if self.is_running else 1)
        for button in buttons:
            row.addWidget(button)
        return row

    def size_for(self, characters: int, lines: int) -> None:
        """Resize the window to a number of characters and lines, within the screen."""
        room = self.screen().availableGeometry()
        unit = self.fontMetrics()
        self.resize(
            min(unit.averageCharWidth() * characters, room.width() * 9 // 10),
            min(unit.lineSpacing() * lines, room.height() * 9 // 10),
        )


def fill_table(table: QTreeWidget, rows: Sequence[QTreeWidgetItem]) -> None:
    """Replace the rows; the columns fit their contents, and the first row is current."""
    table.clear()
    table.addTopLevelItems(list(rows))
    for column in range(table.columnCount() - 1):
        table.resizeColumnToContents(column)
        table.header().setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
    if rows:
        table.setCurrentItem(rows[0])


def row_item(texts: Sequence[str], parent: QTreeWidgetItem | None = None) -> QTreeWidgetItem:
    """Return a row in plain text, with the texts as tooltips."""
    shown = [visible(text) for text in texts]
    made = QTreeWidgetItem(shown) if parent is None else QTreeWidgetItem(parent, shown)
    for column, text in enumerate(shown):
        if text:
            set_cell_tooltip(made, column, text)
    return made
