"""The actions of a use case: mark, action, decision, and purpose. Enter or a click opens one."""

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from iamdesk.escaping import with_visible_end
from iamdesk.export.decision.use_case import action_decision_words
from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.full_height_list import FullHeightList
from iamdesk.gui.widgets.icons import Mark
from iamdesk.gui.widgets.wrapping_label import draw_flow, flow_height
from iamdesk.i18n import tr, translate
from iamdesk.use_cases.types import ActionResult, UseCaseResult

_NO_PARENT = QModelIndex()
_MARK = 16
_GAP = 6
_MAX_LINES = 4
type _Index = QModelIndex | QPersistentModelIndex


def part_words(one: ActionResult) -> str:
    """Return the second line of an action: its resource and purpose, or why it was not evaluated."""
    if one.decision is None:
        return translate(one.unasked)
    resource = one.decision.request.resource
    where = "" if resource == "*" else tr("on {resource}").format(resource=with_visible_end(resource))
    return ", ".join(filter(None, (where, translate(one.part.why))))


class PartsModel(QAbstractListModel):
    """One row for each action of a use case."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: tuple[ActionResult, ...] = ()

    def fill(self, result: UseCaseResult | None) -> None:
        """Show the actions of a result; None empties the list."""
        self.beginResetModel()
        self.parts = result.parts if result is not None else ()
        self.endResetModel()

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of actions."""
        return 0 if parent.isValid() else len(self.parts)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Make actions selectable."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return action, decision and purpose."""
        if not index.isValid() or index.row() >= len(self.parts):
            return None
        one = self.parts[index.row()]
        words = f"{one.part.action}: {translate(action_decision_words(one))}. {part_words(one)}"
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return visible(words)
            case Qt.ItemDataRole.ToolTipRole:
                sentence = translate(one.decision.sentence if one.decision is not None else one.unasked)
                return tooltip_text("\n".join(dict.fromkeys((sentence, translate(one.part.why)))).strip())
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return tr("Part {place} of {count}").format(place=index.row() + 1, count=len(self.parts))
        return None


class _Delegate(QStyledItemDelegate):
    """Paints mark, action and decision on one line, and the purpose below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802
        model, view = index.model(), option.widget
        if not isinstance(model, PartsModel) or not isinstance(view, QListView):
            return super().sizeHint(option, index)
        width = view.viewport().width()
        below = flow_height(part_words(model.parts[index.row()]), option.font, width - _MARK - 3 * _GAP, _MAX_LINES)
        return QSize(width, option.fontMetrics.height() + below + 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        if not isinstance(model, PartsModel):
            return
        self.initStyleOption(option, index)
        one = model.parts[index.row()]
        palette, metrics = option.palette, option.fontMetrics
        active = bool(option.state & QStyle.StateFlag.State_Selected) and option.widget.hasFocus()
        painter.save()
        if active:
            painter.fillRect(option.rect, palette.highlight())
        elif option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.fillRect(option.rect, palette.alternateBase())
        plain = (palette.highlightedText() if active else palette.text()).color()
        muted = plain if active else colour(Colour.MUTED, palette)
        mark = Mark.UNKNOWN if one.decision is None else Mark(one.decision.decision)
        top, left = option.rect.top() + 4, option.rect.left() + _GAP
        picture = icons.pixmap(mark, palette, _MARK, option.widget.devicePixelRatioF(), plain if active else None)
        whole, direction = option.rect, option.direction
        place = QRect(left, top + (metrics.height() - _MARK) // 2, _MARK, _MARK)
        painter.drawPixmap(QStyle.visualRect(direction, whole, place).topLeft(), picture)
        line = QRect(left + _MARK + _GAP, top, option.rect.right() - left - _MARK - 2 * _GAP, metrics.height())
        vertical = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        strong = QFont(option.font)
        strong.setWeight(QFont.Weight.DemiBold if one.counts else QFont.Weight.Normal)
        painter.setFont(strong)
        painter.setPen(plain if one.counts else muted)
        action = painter.fontMetrics().elidedText(visible(one.part.action), Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(QStyle.visualRect(direction, whole, line), vertical, action)
        rest = line.adjusted(painter.fontMetrics().horizontalAdvance(action) + 2 * _GAP, 0, 0, 0)
        painter.setFont(option.font)
        painter.setPen(muted)
        decision = metrics.elidedText(
            visible(translate(action_decision_words(one))), Qt.TextElideMode.ElideRight, rest.width()
        )
        painter.drawText(QStyle.visualRect(direction, whole, rest), vertical, decision)
        below = QRect(line.left(), line.bottom() + 1, line.width(), option.rect.bottom() - line.bottom())
        painter.setPen(plain if active else muted)
        draw_flow(painter, QStyle.visualRect(direction, whole, below), part_words(one), option.font, _MAX_LINES)
        painter.restore()


class PartsList(FullHeightList):
    """The list. ``chosen`` is emitted with the `ActionResult` that was clicked or entered."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("needParts")
        self.setAccessibleName(tr("Actions of the use case"))
        self.rows = PartsModel()
        self.rows.setParent(self)
        self.setModel(self.rows)
        self.setItemDelegate(_Delegate(self))
        self.setMouseTracking(True)
        self.clicked.connect(self._choose)
        self.rows.modelReset.connect(self.fit)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self.rows.parts[index.row()])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Open the current action."""
        current = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(current)
        else:
            super().keyPressEvent(event)

    def copied_text(self) -> str:
        """Return action, decision and purpose of the current row (``gui/core/clipboard.py``)."""
        current = self.currentIndex()
        if not current.isValid():
            return ""
        one = self.rows.parts[current.row()]
        return "\t".join((one.part.action, translate(action_decision_words(one)), part_words(one)))

    def focusInEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Make the first row current if there is none."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.rows.rowCount():
            self.setCurrentIndex(self.rows.index(0))
        self.viewport().update()
