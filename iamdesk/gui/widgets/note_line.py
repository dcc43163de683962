"""A note as it is shown on a page: its mark, the word for it, and the text."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from iamdesk.gui.core.plain_text import plain_label
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Drawing, Glyph
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr

if TYPE_CHECKING:
    from iamdesk.notes.model import Note


def note_drawing(note: "Note") -> Drawing:
    """Return the mark of a note; of one without a mark, a sheet of paper."""
    return note.mark if note.mark is not None else Glyph.NOTE


def note_text(note: "Note") -> str:
    """Return a note in words; lines of its text are kept."""
    mark = tr(note.mark.value) if note.mark is not None else ""
    return ": ".join(filter(None, (mark, note.text.strip())))


class NoteLine(QWidget):
    """Hidden while there is no note."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing: Drawing = Glyph.NOTE
        self._mark = plain_label()
        self.text = FlowLabel()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(self.fontMetrics().lineSpacing() // 3)
        layout.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.text, 1)
        self.hide()

    def show_note(self, note: "Note | None") -> None:
        """Show a note; None hides the line."""
        if note is not None:
            self._drawing = note_drawing(note)
            self.text.setText(note_text(note))
            self.setAccessibleName(tr("Note: {text}").format(text=self.text.text()))
            self._tint()
        self.setVisible(note is not None)

    def _tint(self) -> None:
        size = self.fontMetrics().height()
        self._mark.setPixmap(icons.pixmap(self._drawing, self.palette(), size, self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "text"):
            self._tint()
