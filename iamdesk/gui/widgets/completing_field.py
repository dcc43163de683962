"""A text field with suggestions, for the request bar and the values of the context table.

Whoever handles ``wanted`` offers complete, sorted suggestions, often from a worker. Qt's own completer is not used,
since it filters and sorts by itself and handles Enter. The list is a child of the window and never takes the focus, so
that the user can go on typing.

Keys: Down opens the list and moves in it, Enter or Tab takes the current row, Esc closes it. A suggestion that is a
template (``arn:aws:s3:::${BucketName}/${ObjectName}``) selects its first placeholder; Tab and Enter go to the next.
"""

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QFocusEvent,
    QHideEvent,
    QIcon,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygon,
)
from PySide6.QtWidgets import QLineEdit, QStyle, QStyleOptionFrame, QWidget

from iamdesk.gui.core.plain_text import set_tooltip, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets.completion_popup import ListingField
from iamdesk.i18n import tr
from iamdesk.viewmodel.types import Completion

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")
_LONGEST = 4096
"""Characters; an ARN has at most 2048."""


class AutocompleteEdit(ListingField):
    """The field. ``name`` is its accessible name."""

    wanted = Signal(str)
    """Suggestions are wanted for this text; call `offer` with them."""
    taken = Signal(object)
    """The `Completion` that was taken; its value is in the field already."""
    submitted = Signal()
    """Enter was pressed, and no placeholder is left."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMaxLength(_LONGEST)
        self._asked_for: str | None = None
        self._resting: Callable[[str], str] = str
        # Created here: Python may lose its reference to one that Qt creates.
        self._open_action = QAction(tr("Suggestions: {name}").format(name=name), self)
        self.addAction(self._open_action, QLineEdit.ActionPosition.TrailingPosition)
        set_tooltip(self._open_action, tr("Show suggestions (Down)"))
        self._open_action.triggered.connect(self.want_all)
        self._is_entered = False
        """Whether the mouse is giving the focus to the field."""
        self.textEdited.connect(self._edited)
        self.textChanged.connect(self._text_changed)
        self._tint()

    # Interface

    def show_resting(self, shorten: Callable[[str], str]) -> None:
        """Paint ``shorten(text)`` while the field has no focus; the text itself is unchanged."""
        self._resting = shorten
        self.update()

    def offer(self, text: str, completions: Sequence[Completion]) -> None:
        """Show the suggestions for a text; they are dropped if the text has changed since."""
        if not self.hasFocus() or text != self._asked_for:
            return
        if not completions:
            self.close_popup()
            return
        self.show_popup(text, completions)

    def take(self, completion: Completion) -> None:
        """Take a suggestion, as if it had been chosen from the list."""
        self.setText(completion.value)
        self.close_popup()
        if completion.template:
            self.select_placeholder(from_start=True)
        self.taken.emit(completion)

    def take_current(self) -> bool:
        """Take the current row if the list is open; return whether there was one."""
        current = self.popup.current() if self.popup is not None else None
        if current is None:
            return False
        self.take(current)
        return True

    @property
    def has_placeholder(self) -> bool:
        """Whether the text still has placeholders."""
        return _PLACEHOLDER.search(self.text()) is not None

    def select_placeholder(self, *, from_start: bool = False) -> bool:
        """Select the next placeholder; return whether there is one."""
        found = list(_PLACEHOLDER.finditer(self.text()))
        if not found:
            return False
        start = 0 if from_start else self.cursorPosition()
        after = next((match for match in found if match.start() >= start), found[0])
        self.setSelection(after.start(), len(after[0]))
        return True

    def want(self, text: str) -> None:
        """Request suggestions for a text."""
        self._asked_for = text
        self.wanted.emit(text)

    def want_all(self) -> None:
        """Request suggestions regardless of the text, as the arrow in the field does."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.want("")

    def close_popup(self) -> None:
        """Close the list."""
        super().close_popup()
        self._asked_for = None

    # Implementation

    def _edited(self, text: str) -> None:
        if self.has_placeholder:
            self.close_popup()
        else:
            self.want(text)

    def _text_changed(self, text: str) -> None:
        shown = self._resting(text)
        set_tooltip(self, text if shown != text or len(text) > 24 else "")

    def _picked(self, completion: Completion) -> None:
        self.take(completion)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        if completion.template:
            self.select_placeholder(from_start=True)

    def event(self, event: QEvent) -> bool:
        """Keep Tab in the field while there is a suggestion to take or a placeholder."""
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab:
            took = self.take_current()
            if self.has_placeholder:
                self.select_placeholder(from_start=not self.hasSelectedText())
                return True
            if took and not self.hasFocus():
                return True  # a receiver has moved the focus: one step is enough
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Move in the list, take a suggestion, or submit."""
        popup = self.popup
        match event.key():
            case Qt.Key.Key_Down | Qt.Key.Key_Up | Qt.Key.Key_PageDown | Qt.Key.Key_PageUp if popup is not None:
                popup.walk(Qt.Key(event.key()))
            case Qt.Key.Key_Down:
                self.want(self.text() if self.isModified() and not self.has_placeholder else "")
            case Qt.Key.Key_Escape if popup is not None:
                self.close_popup()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                took = self.take_current()
                self.close_popup()
                if not self.select_placeholder(from_start=took or not self.hasSelectedText()):
                    self.submitted.emit()
            case _:
                super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Close the list, unless a menu took the focus."""
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.close_popup()
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Select all text, so that typing replaces it."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.ShortcutFocusReason, Qt.FocusReason.OtherFocusReason):
            self.selectAll()
        self._is_entered = event.reason() is Qt.FocusReason.MouseFocusReason
        self.setModified(False)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Select all text at the click that enters the field, unless the mouse has selected some."""
        super().mouseReleaseEvent(event)
        if self._is_entered and event.button() is Qt.MouseButton.LeftButton and not self.hasSelectedText():
            self.selectAll()
        self._is_entered = False

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Close the list."""
        super().hideEvent(event)
        self.close_popup()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()

    def _tint(self) -> None:
        self._open_action.setIcon(_arrow(colour(Colour.MUTED, self.palette()), self.devicePixelRatioF()))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the short form, elided in the middle, while the field has no focus."""
        if self.hasFocus() or not self.text():
            super().paintEvent(event)
            return
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        painter = QPainter(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelLineEdit, option, painter, self)
        rect = self.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, self)
        arrow = self.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize) + 6
        rect.adjust(2, 0, -arrow, 0)
        text = self.fontMetrics().elidedText(
            visible(self._resting(self.text())), Qt.TextElideMode.ElideMiddle, rect.width()
        )
        painter.setPen(self.palette().text().color())
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)


def _arrow(tint: QColor, ratio: float) -> QIcon:
    """Draw the arrow that opens the list."""
    image = QPixmap(round(16 * ratio), round(16 * ratio))
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(tint, 1.5))
    painter.drawPolyline(QPolygon([QPoint(4, 6), QPoint(8, 10), QPoint(12, 6)]))
    painter.end()
    return QIcon(image)
