"""Text from a snapshot is hostile: it reaches widgets only through this module.

Names, paths, tags, Sids and descriptions can be written by anyone with access to the account. Qt detects rich text in
labels, boxes and tooltips, and then loads what the text refers to; control and bidi characters make a name look like
another. So labels here are always plain text, tooltips are escaped, and invisible characters are escaped
(``\\u202e``). ``tests/gui/test_plain_text.py`` fails on a bare ``QLabel(``, ``QMessageBox`` or ``setToolTip(``
elsewhere.

What to use:

* ``plain_label(text, …)`` / ``PlainLabel`` - a label; ``ElidedLabel`` - one line, elided in the middle
* ``set_tooltip(widget_or_action, text)``, ``show_tooltip(place, text, widget)``, and ``tooltip_text(text)``, the
  value for ``Qt.ItemDataRole.ToolTipRole``
* ``menu_text(text)`` - for actions, tabs and buttons, where ``&`` would mark a mnemonic
* ``visible(text)`` - one line for a model's ``DisplayRole``; ``visible_lines(text)`` keeps line breaks
* ``message(parent, icon, title, text)`` - a non-modal box; prefer ``message_bar.MessageBar``
"""

from typing import Protocol

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QMessageBox, QSizePolicy, QStyle, QStyleOption, QToolTip, QWidget

from iamdesk.escaping import visible, visible_lines

__all__ = [
    "ElidedLabel",
    "PlainLabel",
    "menu_text",
    "message",
    "plain_label",
    "set_cell_tooltip",
    "set_tooltip",
    "show_tooltip",
    "tooltip_text",
    "visible",
    "visible_lines",
]


def menu_text(text: str) -> str:
    """Return the text for an action, a tab or a button: visible, and with no ``&`` taken for a mnemonic."""
    return visible(text).replace("&", "&&")


def tooltip_text(text: str) -> str:
    """Return the text for a tooltip, escaped: tooltips have no switch for plain text. Empty text stays empty."""
    return f"<qt>{_escaped(text)}</qt>" if text else ""


def _escaped(text: str) -> str:
    shown = visible_lines(text)
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\n", "<br>")):
        shown = shown.replace(plain, entity)
    return shown


class _HasTooltip(Protocol):
    def setToolTip(self, arg__1: str, /) -> None: ...  # noqa: N802 - Qt's name


def set_tooltip(target: _HasTooltip, text: str) -> None:
    """Give a widget, an action or an item a tooltip in plain text."""
    target.setToolTip(tooltip_text(text))


class _HasCellTooltip(Protocol):
    def setToolTip(self, column: int, tooltip: str, /) -> None: ...  # noqa: N802 - Qt's name


def set_cell_tooltip(item: _HasCellTooltip, column: int, text: str) -> None:
    """Give one cell of a tree item a tooltip in plain text."""
    item.setToolTip(column, tooltip_text(text))


class PlainLabel(QLabel):
    """A label that shows text and nothing but text; unseen characters are written out."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str, /) -> None:  # noqa: N802 - Qt's name
        """Show the text; line breaks are kept."""
        super().setText(visible_lines(text))  # without a buddy, QLabel shows "&" as it is


class ElidedLabel(PlainLabel):
    """A label on one line: text that does not fit is elided in the middle, in full in the tooltip."""

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        self._full = ""
        self._mode = mode
        super().__init__(parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def setText(self, text: str, /) -> None:  # noqa: N802 - Qt's name
        """Show the text on one line."""
        self._full = visible(text)
        self.setAccessibleName(self._full)
        super().setText(self._full)

    def full_text(self) -> str:
        """Return the text as it would be shown with enough room."""
        return self._full

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for a few characters: the rest may be elided."""
        return QSize(self.fontMetrics().averageCharWidth() * 6, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint as much as fits."""
        painter = QPainter(self)
        option = QStyleOption()
        option.initFrom(self)
        shown = self.fontMetrics().elidedText(self._full, self._mode, self.contentsRect().width())
        set_tooltip(self, self._full if shown != self._full else "")
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            int(QStyle.visualAlignment(self.layoutDirection(), self.alignment()).value),
            self.palette(),
            self.isEnabled(),
            shown,
            self.foregroundRole(),
        )


def plain_label(
    text: str = "",
    *,
    buddy: QWidget | None = None,
    wrap: bool = False,
    selectable: bool = False,
    parent: QWidget | None = None,
) -> PlainLabel:
    """Return a label in plain text.

    ``buddy`` is its field: then ``&`` in the text marks the mnemonic, so use it for our own texts only. ``selectable``
    text can be selected and copied.
    """
    label = PlainLabel("", parent)
    if buddy is not None:
        label.setBuddy(buddy)
    label.setText(text)
    label.setWordWrap(wrap)
    if selectable:
        label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        label.setAccessibleName(visible_lines(text))
    return label


def message(parent: QWidget | None, icon: QMessageBox.Icon, title: str, text: str, detail: str = "") -> QMessageBox:
    """Show a box in plain text without blocking, and return it; it deletes itself when closed."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setIcon(icon)
    box.setWindowTitle(visible(title))
    box.setText(visible_lines(text))
    if detail:
        box.setDetailedText(visible_lines(detail))
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    box.open()
    return box


def show_tooltip(place: QPoint, text: str, widget: QWidget) -> None:
    """Show a tooltip in plain text at a place on the screen; empty text hides the one that is shown."""
    QToolTip.showText(place, tooltip_text(text), widget)
