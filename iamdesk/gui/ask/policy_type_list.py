"""The policy types of a result in the order of evaluation: mark, name, sentence, and a box to exclude one."""

from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from iamdesk.evaluate.request import PolicyType
from iamdesk.explain.decision import EvaluationResult, PolicyTypeResult
from iamdesk.export.text.decision import POLICY_TYPE_WORDS, policy_type_decision
from iamdesk.gui.ask.policy_flow_drawing import mark_of
from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.full_height_list import FullHeightList
from iamdesk.gui.widgets.wrapping_label import draw_flow, flow_height
from iamdesk.i18n import tr

_NO_PARENT = QModelIndex()
_MARK = 16
_GAP = 6
_MAX_LINES = 6
type _Index = QModelIndex | QPersistentModelIndex
_RULES = {
    PolicyType.IDENTITY: "C1",
    PolicyType.RESOURCE: "C1",
    PolicyType.TRUST: "I2",
    PolicyType.PERMISSIONS_BOUNDARY: "C3",
    PolicyType.SESSION: "C4",
    PolicyType.SCP: "B1",
    PolicyType.RCP: "B5",
    PolicyType.ENDPOINT: "B9",
    PolicyType.ACL: "I6",
    PolicyType.BLOCK_PUBLIC_ACCESS: "I7",
}
"""The evaluation rule of each policy type, as numbered in the user guide."""


class PolicyTypeModel(QAbstractListModel):
    """One row for each policy type. ``CheckStateRole`` says whether it is included; absent if it does not apply."""

    switched = Signal(object, bool)
    """Policy type, and whether to include it."""

    def __init__(self) -> None:
        super().__init__()
        self.policy_types: tuple[PolicyTypeResult, ...] = ()
        self.without: frozenset[PolicyType] = frozenset()

    def fill(self, decision: EvaluationResult | None) -> None:
        """Show the policy types of a result; None empties the list."""
        policy_types = decision.layers if decision is not None else ()
        without = decision.request.without if decision is not None else frozenset()
        if policy_types and [row.layer for row in policy_types] == [row.layer for row in self.policy_types]:
            self.policy_types, self.without = policy_types, without  # same rows: the current row stays
            self.dataChanged.emit(self.index(0), self.index(len(policy_types) - 1))
            return
        self.beginResetModel()
        self.policy_types, self.without = policy_types, without
        self.endResetModel()

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of policy types."""
        return 0 if parent.isValid() else len(self.policy_types)

    def can_switch(self, row: int) -> bool:
        """Return whether the policy type can be excluded or included: it applies, or is excluded."""
        line = self.policy_types[row]
        return line.decision is not None or line.layer in self.without

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Make rows readable, and those that can be excluded checkable."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return flags | Qt.ItemFlag.ItemIsUserCheckable if self.can_switch(index.row()) else flags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return title, sentence, and whether the policy type is included."""
        if not index.isValid() or index.row() >= len(self.policy_types):
            return None
        line = self.policy_types[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return visible(f"{line.title}: {line.sentence}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return visible(f"{line.title}: {self.decision_words(index.row())}. {line.sentence}")
            case Qt.ItemDataRole.ToolTipRole:
                decision = self.decision_words(index.row())
                return tooltip_text(f"{line.title}: {decision}\n{line.sentence}{self._how(index.row())}")
            case Qt.ItemDataRole.CheckStateRole if self.can_switch(index.row()):
                return Qt.CheckState.Unchecked if line.layer in self.without else Qt.CheckState.Checked
        return None

    def setData(  # noqa: N802 - Qt's name
        self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Request to include or exclude the policy type; the row changes when the new result arrives."""
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid() or not self.can_switch(index.row()):
            return False
        self.switched.emit(self.policy_types[index.row()].layer, Qt.CheckState(value) is Qt.CheckState.Checked)
        return True

    def decision_words(self, row: int) -> str:
        """Return the decision of a policy type, in a word or two."""
        line = self.policy_types[row]
        if line.layer in self.without:
            return tr("left out")
        return tr(policy_type_decision(line))

    def _how(self, row: int) -> str:
        if not self.can_switch(row):
            return ""
        policy_type = self.policy_types[row].layer
        asks = (
            tr("Press Space to include {layer}.")
            if policy_type in self.without
            else tr("Press Space to exclude {layer}.")
        )
        return "\n" + asks.format(layer=tr(POLICY_TYPE_WORDS[policy_type]))


class _Delegate(QStyledItemDelegate):
    """Paints a policy type: box, mark, title in a column, wrapped sentence beside it."""

    def _rects(
        self, option: QStyleOptionViewItem, model: PolicyTypeModel, row_rect: QRect
    ) -> tuple[QRect, QRect, QRect, QRect]:
        """Return the rectangles of box, mark, title and sentence."""
        metrics = option.fontMetrics
        line = metrics.height()
        box = option.widget.style().pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth, None, option.widget)
        top = row_rect.top() + 4
        left = row_rect.left() + _GAP
        middle = top + line // 2
        box_rect = QRect(left, middle - box // 2, box, box)
        mark_rect = QRect(box_rect.right() + 1 + _GAP, middle - _MARK // 2, _MARK, _MARK)
        title_left = mark_rect.right() + 1 + _GAP
        titles = max((metrics.horizontalAdvance(line.title) for line in model.policy_types), default=0)
        title_width = min(titles + 2, row_rect.width() * 9 // 20)
        title_rect = QRect(title_left, top, title_width, line)
        text_left = title_rect.right() + 1 + _GAP
        text_rect = QRect(text_left, top, row_rect.right() - _GAP - text_left, row_rect.height() - 8)
        direction = option.direction
        return (
            QStyle.visualRect(direction, row_rect, box_rect),
            QStyle.visualRect(direction, row_rect, mark_rect),
            QStyle.visualRect(direction, row_rect, title_rect),
            QStyle.visualRect(direction, row_rect, text_rect),
        )

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802
        view = option.widget
        model = index.model()
        if not isinstance(model, PolicyTypeModel) or not isinstance(view, QListView):
            return super().sizeHint(option, index)
        line = option.fontMetrics.height()
        width = view.viewport().width()
        if not model.can_switch(index.row()):
            return QSize(width, line + 4)
        _, _, _, text = self._rects(option, model, QRect(0, 0, width, line))
        height = flow_height(model.policy_types[index.row()].sentence, option.font, text.width(), _MAX_LINES)
        return QSize(width, max(line, height) + 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        if not isinstance(model, PolicyTypeModel):
            return
        self.initStyleOption(option, index)
        palette = option.palette
        line = model.policy_types[index.row()]
        in_play = model.can_switch(index.row())
        left_out = line.layer in model.without
        selected = bool(option.state & QStyle.StateFlag.State_Selected) and option.widget.hasFocus()
        row_rect = QRect(option.rect)
        if not in_play:
            row_rect.adjust(0, -2, 0, 0)
        box, mark, title, text = self._rects(option, model, row_rect)
        painter.save()
        if selected:
            painter.fillRect(option.rect, palette.highlight())
        plain = palette.highlightedText().color() if selected else palette.text().color()
        muted = plain if selected else colour(Colour.MUTED, palette)
        if in_play:
            _draw_box(painter, box, muted, plain, checked=not left_out)
        if (mark_shown := mark_of(line)) is not None and not left_out:
            tint = plain if selected else None
            ratio = option.widget.devicePixelRatioF()
            painter.drawPixmap(mark, icons.pixmap(mark_shown, palette, _MARK, ratio, tint))
        else:
            painter.setPen(muted)
            painter.drawLine(mark.left() + 4, mark.center().y(), mark.right() - 4, mark.center().y())
        quiet = not in_play or left_out
        painter.setPen(muted if quiet else plain)
        elided = option.fontMetrics.elidedText(visible(line.title), Qt.TextElideMode.ElideRight, title.width())
        painter.drawText(title, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), elided)
        if in_play:
            draw_flow(painter, text, line.sentence, option.font, _MAX_LINES)
        else:
            painter.drawText(
                text.adjusted(0, 0, 0, 8),
                int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop),
                option.fontMetrics.elidedText(visible(line.sentence), Qt.TextElideMode.ElideRight, text.width()),
            )
        painter.restore()

    def editorEvent(  # noqa: N802 - Qt's name
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: _Index
    ) -> bool:
        """Toggle at a click on the box; Qt handles the keys."""
        if isinstance(event, QMouseEvent) and isinstance(model, PolicyTypeModel):
            if event.type() is QEvent.Type.MouseButtonRelease and event.button() is Qt.MouseButton.LeftButton:
                box = self._rects(option, model, option.rect)[0].adjusted(-4, -4, 4, 4)
                if model.can_switch(index.row()) and box.contains(event.position().toPoint()):
                    counts = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
                    state = Qt.CheckState.Unchecked if counts else Qt.CheckState.Checked
                    return model.setData(index, state, Qt.ItemDataRole.CheckStateRole)
            return False
        return super().editorEvent(event, model, option, index)


def _draw_box(painter: QPainter, rect: QRect, edge: QColor, tick: QColor, *, checked: bool) -> None:
    """Draw a check box with a visible border in both palettes; the style's own is too faint in the dark one."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    frame = QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setPen(QPen(edge, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(frame, 2, 2)
    if checked:
        painter.setPen(QPen(tick, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        width, height = frame.width(), frame.height()
        corner = frame.topLeft()
        points = ((0.22, 0.52), (0.43, 0.74), (0.8, 0.27))
        painter.drawPolyline([corner + QPointF(x * width, y * height) for x, y in points])
    painter.restore()


class PolicyTypeList(FullHeightList):
    """The list; as high as its rows if the panel has room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layerList")
        self.setAccessibleName(tr("Policy evaluation by policy type"))
        self.rows = PolicyTypeModel()
        self.rows.setParent(self)
        self.setModel(self.rows)
        self.setItemDelegate(_Delegate(self))
        self.rows.modelReset.connect(self.fit)
        self.rows.dataChanged.connect(self.fit)

    def row_text(self, row: int) -> str:
        """Return a policy type as copied: name, decision, sentence."""
        line = self.rows.policy_types[row]
        return "\t".join((line.title, self.rows.decision_words(row), line.sentence))

    def rule_at_hand(self) -> str:
        """Return the id of the current row's evaluation rule, for F1; empty without a row."""
        return _RULES[self.rows.policy_types[self.currentIndex().row()].layer] if self.currentIndex().isValid() else ""

    def copied_text(self) -> str:
        """Return the text of the current row (``gui/core/clipboard.py``)."""
        return self.row_text(self.currentIndex().row()) if self.currentIndex().isValid() else ""
