"""The statements of a result, grouped by role: deciding, contributing, depends on context, near misses.

Click or Enter opens the policy with the statement marked.
"""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from iamdesk.explain.decision import EvaluationResult, StatementExplanation, StatementRole
from iamdesk.export.text.decision import PART_TITLES, source_words
from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets.full_height_list import FullHeightList
from iamdesk.gui.widgets.wrapping_label import draw_flow, flow_height
from iamdesk.i18n import tr, translate

_NO_PARENT = QModelIndex()
_LETTER = 16
_GAP = 6
_MAX_LINES = 6
type _Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One row: the title of a group (``line`` is None), or a statement."""

    part: StatementRole
    title: str
    source: str
    line: StatementExplanation | None = None
    place: int = 0
    """Of a statement: its number in its group, from 1; of a title: the number of statements."""
    count: int = 0


def statement_rows(decision: EvaluationResult) -> tuple[StatementRow, ...]:
    """Return the rows of a result: each group that is not empty, with its statements."""
    rows: list[StatementRow] = []
    for part, title in PART_TITLES.items():
        group = decision.statements_that(part)
        if group:
            rows.append(StatementRow(part, tr(title), "", None, len(group), len(group)))
        for place, line in enumerate(group, 1):
            source = translate(source_words(line, decision.request.principal))
            rows.append(StatementRow(part, translate(line.name), source, line, place, len(group)))
    return tuple(rows)


class StatementModel(QAbstractListModel):
    """Titles and statements, in order. Titles cannot be selected: the keyboard moves between statements only."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[StatementRow, ...] = ()

    def fill(self, decision: EvaluationResult | None) -> None:
        """Show the statements of a result; None empties the list."""
        self.beginResetModel()
        self.rows = statement_rows(decision) if decision is not None else ()
        self.endResetModel()

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of titles and statements."""
        return 0 if parent.isValid() else len(self.rows)

    def line(self, index: _Index) -> StatementExplanation | None:
        """Return the statement of a row; None for a title."""
        return self.rows[index.row()].line if index.isValid() and index.row() < len(self.rows) else None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Make statements selectable."""
        if self.line(index) is None:
            return Qt.ItemFlag.ItemNeverHasChildren if index.isValid() else Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the name of a statement, and why it matters."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        line = row.line
        if line is None:
            return f"{row.title} ({row.count})" if role == Qt.ItemDataRole.DisplayRole else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return visible(f"{row.title}: {line.sentence}")
            case Qt.ItemDataRole.ToolTipRole:
                whole = (f"{line.effect}: {row.title}", row.source, line.sentence, line.source_policy_id, line.owner)
                return tooltip_text("\n".join(filter(None, whole)))
            case Qt.ItemDataRole.AccessibleTextRole:
                return visible(f"{line.effect}, {row.title}, {row.source}. {line.sentence}")
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return tr("{part}, {place} of {count}").format(
                    part=tr(PART_TITLES[row.part]), place=row.place, count=row.count
                )
        return None


class _Delegate(QStyledItemDelegate):
    """Paints titles as headings, statements as letter, name and source, with the reason below."""

    def _text_width(self, view: QListView) -> int:
        return view.viewport().width() - (_LETTER + 3 * _GAP)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802
        model, view = index.model(), option.widget
        if not isinstance(model, StatementModel) or not isinstance(view, QListView):
            return super().sizeHint(option, index)
        line = model.line(index)
        height = option.fontMetrics.height()
        if line is None:
            return QSize(view.viewport().width(), height + (_GAP if index.row() == 0 else 2 * _GAP))
        width = self._text_width(view)
        reason = flow_height(line.sentence, option.font, width, _MAX_LINES)
        head = height if self._is_one_line(option, model.rows[index.row()], width) else 2 * height
        return QSize(view.viewport().width(), head + reason + 8)

    def _is_one_line(self, option: QStyleOptionViewItem, row: StatementRow, width: int) -> bool:
        """Return whether name and source fit on one line."""
        name = QFontMetrics(_name_font(option.font, row)).horizontalAdvance(visible(row.title))
        return name + 2 * _GAP + option.fontMetrics.horizontalAdvance(visible(row.source)) <= width

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model, view = index.model(), option.widget
        if not isinstance(model, StatementModel) or not isinstance(view, QListView):
            return
        self.initStyleOption(option, index)
        row = model.rows[index.row()]
        painter.save()
        if row.line is None:
            self._paint_title(painter, option, row)
        else:
            self._paint_statement(painter, option, row, row.line, self._text_width(view))
        painter.restore()

    def _paint_title(self, painter: QPainter, option: QStyleOptionViewItem, row: StatementRow) -> None:
        muted = colour(Colour.MUTED, option.palette)
        rect = option.rect.adjusted(_GAP, 0, -_GAP, -2)
        painter.setPen(muted)
        bottom = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
        painter.drawText(rect, bottom, f"{row.title} ({row.count})")

    def _paint_statement(
        self, painter: QPainter, option: QStyleOptionViewItem, row: StatementRow, line: StatementExplanation, width: int
    ) -> None:
        palette, metrics = option.palette, option.fontMetrics
        active = bool(option.state & QStyle.StateFlag.State_Selected) and option.widget.hasFocus()
        if active:
            painter.fillRect(option.rect, palette.highlight())
        elif option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, colour(Colour.TOOK_PART_BAND, palette))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, palette.alternateBase())
        plain = (palette.highlightedText() if active else palette.text()).color()
        muted = plain if active else colour(Colour.MUTED, palette)
        top = option.rect.top() + 4
        left = option.rect.left() + _GAP
        letter = QRect(left, top + (metrics.height() - _LETTER) // 2, _LETTER, _LETTER)
        whole, direction = option.rect, option.direction
        self._letter(painter, QStyle.visualRect(direction, whole, letter), row, line, palette, active)
        text = QRect(left + _LETTER + _GAP, top, width, metrics.height())
        painter.setFont(_name_font(option.font, row))
        painter.setPen(plain)
        name = painter.fontMetrics().elidedText(visible(row.title), Qt.TextElideMode.ElideMiddle, text.width())
        vertical = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QStyle.visualRect(direction, whole, text), vertical, name)
        if self._is_one_line(option, row, width):
            source_rect = text.adjusted(painter.fontMetrics().horizontalAdvance(name) + 2 * _GAP, 0, 0, 0)
        else:
            text.translate(0, metrics.height())
            source_rect = text
        painter.setFont(option.font)
        painter.setPen(muted)
        source = metrics.elidedText(visible(row.source), Qt.TextElideMode.ElideMiddle, source_rect.width())
        painter.drawText(QStyle.visualRect(direction, whole, source_rect), vertical, source)
        painter.setPen(plain)
        reason = QRect(text.left(), text.bottom() + 1, width, option.rect.bottom() - text.bottom())
        draw_flow(painter, QStyle.visualRect(direction, whole, reason), line.sentence, option.font, _MAX_LINES)

    def _letter(
        self,
        painter: QPainter,
        rect: QRect,
        row: StatementRow,
        line: StatementExplanation,
        palette: QPalette,
        active: bool,
    ) -> None:
        """Draw A or D: filled if the statement matched, dashed if it depends on context, plain if it failed."""
        allows = line.effect == "Allow"
        tint = colour(Colour.ALLOWED if allows else Colour.EXPLICIT_DENY, palette)
        surface = colour(Colour.ALLOWED_SURFACE if allows else Colour.EXPLICIT_DENY_SURFACE, palette)
        if row.part is StatementRole.NEAR_MISS:
            tint = colour(Colour.MUTED, palette)
        if active:
            tint = palette.highlightedText().color()
            surface = QColor(Qt.GlobalColor.transparent)
        painter.setRenderHint(painter.RenderHint.Antialiasing)
        pen = QPen(tint, 1.2)
        if row.part is StatementRole.DEPENDS:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen if row.part is not StatementRole.NEAR_MISS else Qt.PenStyle.NoPen)
        painter.setBrush(
            surface if row.part in (StatementRole.DECIDES, StatementRole.TOOK_PART) else Qt.BrushStyle.NoBrush
        )
        painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 3, 3)
        font = QFont(painter.font())
        font.setWeight(QFont.Weight.Bold)
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(tint)
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), line.effect[:1].upper())


def _name_font(font: QFont, row: StatementRow) -> QFont:
    strong = QFont(font)
    strong.setWeight(QFont.Weight.DemiBold if row.part is not StatementRole.NEAR_MISS else QFont.Weight.Normal)
    return strong


class StatementList(FullHeightList):
    """The list. ``chosen`` is emitted with the statement that was clicked or entered."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statementList")
        self.setAccessibleName(tr("Statements of the result"))
        self.rows = StatementModel()
        self.rows.setParent(self)
        self.setModel(self.rows)
        self.setItemDelegate(_Delegate(self))
        self.setMouseTracking(True)
        self.clicked.connect(self._choose)
        self.rows.modelReset.connect(self.fit)

    def fill(self, decision: EvaluationResult | None) -> None:
        """Show the statements of a result, from the top."""
        self.rows.fill(decision)

    def _choose(self, index: QModelIndex) -> None:
        line = self.rows.line(index)
        if line is not None:
            self.chosen.emit(line)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Open the current statement."""
        current = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(current)
        else:
            super().keyPressEvent(event)

    def copied_text(self) -> str:
        """Return effect, name, origin and role of the current statement (`gui.core.clipboard`)."""
        current = self.currentIndex()
        row = self.rows.rows[current.row()] if current.isValid() else None
        if row is None or row.line is None:
            return ""
        return "\t".join((row.line.effect, row.title, row.source, row.line.sentence))

    def focusInEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Make the first statement current if there is none."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid():
            first = next((row for row in range(self.rows.rowCount()) if self.rows.rows[row].line is not None), None)
            if first is not None:
                self.setCurrentIndex(self.rows.index(first))
        self.viewport().update()
