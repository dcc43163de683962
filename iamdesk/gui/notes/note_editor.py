"""Writes a note: a mark, a text, or both, on one thing or several."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from iamdesk.gui.core.locale import number
from iamdesk.gui.core.notebook import Notebook, Noted
from iamdesk.gui.core.plain_text import ElidedLabel, plain_label
from iamdesk.gui.core.run_command import OWN_KEYS
from iamdesk.gui.core.translate import capital
from iamdesk.gui.widgets import icons
from iamdesk.i18n import ntr, tr
from iamdesk.notes.model import LONGEST_TEXT
from iamdesk.viewmodel.tree import NoteMark

_LINES = 5


class _Text(QPlainTextEdit):
    """Tab leaves it: it is a note, not a program."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setObjectName("noteText")
        self.setAccessibleName(tr("Text of the note"))
        self.setPlaceholderText(tr("A short text"))
        self.setProperty(OWN_KEYS, ["Ctrl+Return", "Ctrl+Enter"])
        self.setFixedHeight(self.fontMetrics().lineSpacing() * _LINES + 12)


class NoteEditor(QFrame):
    """Shown over the window. Ctrl+Return saves, Esc leaves everything as it was."""

    def __init__(self, notebook: Notebook, things: Sequence[Noted], parent: QWidget) -> None:
        super().__init__(parent)
        self._notebook = notebook
        self._things = tuple(things)
        self._over = parent
        self._before = QApplication.focusWidget()
        self.setObjectName("noteEditor")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAutoFillBackground(True)
        self.setFrameStyle(QFrame.Shape.StyledPanel.value | QFrame.Shadow.Raised.value)
        title = tr("Note on {name}").format(name=self._things[0].name)
        if len(self._things) > 1:
            title = ntr("Note on {count} item", "Note on {count} items", len(self._things)).format(
                count=number(len(self._things))
            )
        self.title = ElidedLabel(title)
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.setAccessibleName(self.title.full_text())
        self._group = QButtonGroup(self)
        self.marks: dict[NoteMark | None, QRadioButton] = {}
        self.text = _Text()
        self.count = plain_label()
        self.save_button = QPushButton(tr("&Save"))
        self.remove_button = QPushButton(tr("&Remove note"))
        self.cancel_button = QPushButton(tr("Cancel"))
        self._lay_out()
        self._fill()
        self.text.textChanged.connect(self._count)
        self.save_button.clicked.connect(self.save)
        self.remove_button.clicked.connect(self.remove)
        self.cancel_button.clicked.connect(self.close)
        self.text.installEventFilter(self)
        self._count()

    def _lay_out(self) -> None:
        marks = QHBoxLayout()
        names: dict[NoteMark | None, str] = {
            None: tr("No mark"),
            **{mark: capital(tr(mark.value)) for mark in NoteMark},
        }
        for mark, name in names.items():
            button = QRadioButton(name)
            if mark is not None:
                button.setIcon(icons.icon(mark, self.palette()))
            self._group.addButton(button)
            self.marks[mark] = button
            marks.addWidget(button)
        marks.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.count, 1)
        for push in (self.remove_button, self.cancel_button, self.save_button):
            push.setAutoDefault(False)
            buttons.addWidget(push)
        layout = QVBoxLayout(self)
        layout.addWidget(self.title)
        layout.addLayout(marks)
        layout.addWidget(self.text)
        layout.addLayout(buttons)

    def _fill(self) -> None:
        """Show the note that there is; of several things, one that all of them have."""
        notes = [self._notebook.note(thing.item) for thing in self._things]
        first = notes[0]
        same = first is not None and all(
            note is not None and (note.mark, note.text) == (first.mark, first.text) for note in notes
        )
        self.marks[first.mark if first is not None and same else None].setChecked(True)
        self.text.setPlainText(first.text if first is not None and same else "")
        self.remove_button.setVisible(any(note is not None for note in notes))

    @property
    def mark(self) -> NoteMark | None:
        """The chosen mark."""
        return next(mark for mark, button in self.marks.items() if button.isChecked())

    def _count(self) -> None:
        """Say when the text is too long."""
        over = len(self.text.toPlainText()) - LONGEST_TEXT
        words = ntr("{count} character too long", "{count} characters too long", max(over, 1))
        self.count.setText(words.format(count=number(over)) if over > 0 else tr("Ctrl+Return saves, Esc closes"))
        self.save_button.setEnabled(over <= 0)

    def save(self) -> None:
        """Save the note and close; an empty one is removed."""
        if self.save_button.isEnabled():
            self._notebook.put(self._things, self.mark, self.text.toPlainText())
            self.close()

    def remove(self) -> None:
        """Remove the note and close."""
        self._notebook.put(self._things, None, "")
        self.close()

    def eventFilter(self, watched: object, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Handle Ctrl+Return and Esc in the text."""
        if watched is self.text and event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._pressed(event)
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Handle Ctrl+Return and Esc on the buttons."""
        if not self._pressed(event):
            super().keyPressEvent(event)

    def _pressed(self, event: QKeyEvent) -> bool:
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif is_return and Qt.KeyboardModifier.ControlModifier in event.modifiers():
            self.save()
        else:
            return False
        return True

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Place it in the window, with the cursor in the text."""
        over = self._over
        wanted = max(self.fontMetrics().averageCharWidth() * 84, self.sizeHint().width())
        width = min(over.width() - 40, wanted)
        height = min(self.sizeHint().height(), over.height() - 40)
        self.setGeometry((over.width() - width) // 2, max(20, (over.height() - height) // 3), width, height)
        self.raise_()
        super().showEvent(event)
        self.text.setFocus(Qt.FocusReason.PopupFocusReason)
        self.text.selectAll()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Return the focus to where it was."""
        super().closeEvent(event)
        if self._before is not None and isValid(self._before):
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
