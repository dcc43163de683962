"""Incremental search in a text, with the number of matches; Return and Shift+Return step through them, Esc ends."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QWidget

from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import plain_label, set_tooltip
from iamdesk.gui.inspector.code_view import CodeView
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr

_LONGEST = 200


class FindBar(QWidget):
    """Hidden until it is opened."""

    def __init__(self, view: CodeView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._field = QLineEdit()
        self._field.setMaxLength(_LONGEST)
        self._field.setPlaceholderText(tr("Find in this text"))
        self._field.setAccessibleName(tr("Find in this text"))
        self._field.setClearButtonEnabled(True)
        self._field.textChanged.connect(self._changed)
        self._count = plain_label()
        self._previous = self._button(tr("Previous match"), lambda: self.step(backward=True))
        self._next = self._button(tr("Next match"), lambda: self.step(backward=False))
        self._close = self._button(tr("Close the search"), self.end)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._field, self._count, self._previous, self._next, self._close):
            layout.addWidget(widget, 1 if widget is self._field else 0)
        self._tint()
        self.hide()

    def begin(self) -> None:
        """Show the bar; the selected text becomes the search text."""
        selected = self._view.textCursor().selectedText()
        if selected and "\u2029" not in selected and len(selected) <= _LONGEST:
            self._field.setText(selected)
        self.show()
        self._changed(self._field.text())
        self._field.selectAll()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def end(self) -> None:
        """Hide the bar and its marks; return the focus to the text."""
        self.hide()
        self._view.find_all("")
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)

    def again(self) -> None:
        """Search again: the text has changed."""
        if self.isVisible():
            self._count_matches(self._field.text())

    def step(self, backward: bool) -> None:
        """Go to the next or the previous match."""
        self._view.find_next(self._field.text(), backward)

    def _changed(self, text: str) -> None:
        if self.isVisible() and self._count_matches(text):
            cursor = self._view.textCursor()
            cursor.setPosition(cursor.selectionStart())
            self._view.setTextCursor(cursor)
            self._view.find_next(text)

    def _count_matches(self, text: str) -> int:
        count = self._view.find_all(text)
        self._count.setText(
            "" if not text else tr("{count} found").format(count=number(count)) if count else tr("not found")
        )
        return count

    def _button(self, name: str, act: object) -> QToolButton:
        made = QToolButton()
        made.setAutoRaise(True)
        made.setAccessibleName(name)
        set_tooltip(made, name)
        made.clicked.connect(act)
        return made

    def _tint(self) -> None:
        for button, glyph in ((self._previous, Glyph.PREVIOUS), (self._next, Glyph.NEXT), (self._close, Glyph.CLEAR)):
            button.setIcon(icons.icon(glyph, self.palette()))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Step through matches, or close."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.step(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif event.key() == Qt.Key.Key_Escape:
            self.end()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()
