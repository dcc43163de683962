"""The list of suggestions below a field: each with its label, and a description in gray."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QPainter, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.i18n import tr, translate
from iamdesk.viewmodel.types import Completion

_ROWS_SHOWN = 12
_LEAST_WIDTH = 104
"""Characters: room for an action, its access level and the first words of its description."""
_NO_PARENT = QModelIndex()
type _Index = QModelIndex | QPersistentModelIndex


class CompletionModel(QAbstractListModel):
    """Suggestions, best first."""

    def __init__(self) -> None:
        super().__init__()
        self.completions: tuple[Completion, ...] = ()

    def fill(self, completions: Sequence[Completion]) -> None:
        """Show other suggestions."""
        self.beginResetModel()
        self.completions = tuple(completions)
        self.endResetModel()

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of suggestions."""
        return 0 if parent.isValid() else len(self.completions)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the label; the whole value as tooltip; label and description for assistive tools."""
        if not index.isValid() or index.row() >= len(self.completions):
            return None
        completion = self.completions[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return visible(translate(completion.label))
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(f"{completion.value}\n{translate(completion.detail)}".strip())
            case Qt.ItemDataRole.AccessibleTextRole:
                return visible(", ".join(filter(None, (translate(completion.label), translate(completion.detail)))))
        return None


class _Delegate(QStyledItemDelegate):
    """Paints a suggestion on one line; the matching text stands out."""

    needle = ""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802, ARG002 - Qt's name
        return QSize(0, option.fontMetrics.height() + 6)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        if not isinstance(model, CompletionModel):
            return
        completion = model.completions[index.row()]
        self.initStyleOption(option, index)
        palette, metrics = option.palette, option.fontMetrics
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        plain = (palette.highlightedText() if selected else palette.text()).color()
        painter.save()
        if selected:
            painter.fillRect(option.rect, palette.highlight())
        room = option.rect.adjusted(6, 0, -6, 0)
        painter.setPen(plain)
        label = metrics.elidedText(visible(translate(completion.label)), Qt.TextElideMode.ElideMiddle, room.width())
        used = self._draw_label(painter, option.font, label, room)
        painter.setPen(plain if selected else colour(Colour.MUTED, palette))
        room.setLeft(room.left() + used + metrics.horizontalAdvance("   "))
        if room.width() > metrics.averageCharWidth() * 4:
            detail = metrics.elidedText(
                visible(translate(completion.detail)), Qt.TextElideMode.ElideRight, room.width()
            )
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), detail)
        painter.restore()

    def _draw_label(self, painter: QPainter, font: QFont, label: str, room: QRect) -> int:
        """Draw the label with the matching text in bold; return the width used."""
        layout = QTextLayout(label, font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        layout.setTextOption(option)
        place = label.lower().find(self.needle.lower()) if self.needle else -1
        if place >= 0:
            bold = QTextCharFormat()
            bold.setFontWeight(QFont.Weight.Bold)
            stretch = QTextLayout.FormatRange()
            stretch.start, stretch.length, stretch.format = place, len(self.needle), bold
            layout.setFormats([stretch])
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(room.width())
        layout.endLayout()
        layout.draw(painter, QPointF(room.left(), room.top() + (room.height() - line.height()) / 2))
        return round(line.naturalTextWidth())


class CompletionPopup(QListView):
    """A child of the window that never takes the focus; its field moves the current row."""

    picked = Signal(object)
    """The `Completion` that was clicked."""

    def __init__(self, name: str, window: QWidget) -> None:
        super().__init__(window)
        self.setAccessibleName(tr("Suggestions: {name}").format(name=name))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.Box)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self._rows = CompletionModel()
        self._rows.setParent(self)
        self.setModel(self._rows)
        self._delegate = _Delegate(self)
        self.setItemDelegate(self._delegate)
        self.entered.connect(self.setCurrentIndex)
        self.clicked.connect(self._clicked)
        self.hide()

    @property
    def completions(self) -> tuple[Completion, ...]:
        """The suggestions, best first."""
        return self._rows.completions

    def offer(self, typed: str, completions: Sequence[Completion]) -> None:
        """Fill the list; no row is current until the user moves into it."""
        self._delegate.needle = typed.strip()
        self._rows.fill(completions)
        self.setCurrentIndex(QModelIndex())
        self.scrollToTop()

    def current(self) -> Completion | None:
        """Return the current row."""
        index = self.currentIndex()
        return self._rows.completions[index.row()] if index.isValid() else None

    def walk(self, key: Qt.Key) -> None:
        """Move the current row; Up from the first row leaves the list."""
        last = len(self._rows.completions) - 1
        row = self.currentIndex().row()
        match key:
            case Qt.Key.Key_Down:
                row = min(row + 1, last)
            case Qt.Key.Key_PageDown:
                row = min(row + _ROWS_SHOWN - 1, last)
            case Qt.Key.Key_PageUp:
                row = max(row - _ROWS_SHOWN + 1, 0)
            case _:
                row -= 1
        self.setCurrentIndex(self._rows.index(row) if row >= 0 else QModelIndex())

    def place(self, field: QRect, within: QRect) -> None:
        """Move below a field (a rectangle of the window), as wide as the rows need, inside the window."""
        self.ensurePolished()
        least = self.fontMetrics().averageCharWidth() * _LEAST_WIDTH
        width = min(max(field.width(), least), within.width() - 8)
        translate = min(len(self._rows.completions), _ROWS_SHOWN)
        height = translate * self.sizeHintForRow(0) + 2 * self.frameWidth()
        left = max(within.left() + 4, min(field.left(), within.right() - width - 4))
        top = field.bottom() + 1
        if top + height > within.bottom() and field.top() - height > within.top():
            top = field.top() - height
        self.setGeometry(left, top, width, min(height, within.bottom() - top))

    def _clicked(self, index: QModelIndex) -> None:
        if 0 <= index.row() < len(self._rows.completions):
            self.picked.emit(self._rows.completions[index.row()])


class ListingField(QLineEdit):
    """A text field with a list of suggestions below it, a child of the window, made when it is first shown."""

    _popup: CompletionPopup | None = None

    @property
    def popup(self) -> CompletionPopup | None:
        """The list while it is open."""
        return self._popup if self._popup is not None and self._popup.isVisible() else None

    @property
    def offered(self) -> tuple[Completion, ...]:
        """The suggestions shown, best first; none if the list is closed."""
        return self.popup.completions if self.popup is not None else ()

    def show_popup(self, typed: str, completions: Sequence[Completion]) -> None:
        """Show suggestions for what is typed."""
        window = self.window()
        if self._popup is not None and self._popup.parentWidget() is not window:  # the panel was detached or docked
            self._popup.deleteLater()
            self._popup = None
        if self._popup is None:
            self._popup = CompletionPopup(self.accessibleName(), window)
            self._popup.picked.connect(self._picked)
            self._popup.destroyed.connect(self._forget_popup)
        self._popup.offer(typed, completions)
        corner = self.mapTo(window, QPoint(0, self.height()))
        self._popup.place(QRect(corner, QSize(self.width(), 0)), window.rect())
        self._popup.show()
        self._popup.raise_()

    def close_popup(self) -> None:
        """Close the list."""
        if self._popup is not None:
            self._popup.hide()

    def _forget_popup(self) -> None:
        self._popup = None

    def _picked(self, completion: Completion) -> None:
        """Take a suggestion that was clicked."""
        raise NotImplementedError
