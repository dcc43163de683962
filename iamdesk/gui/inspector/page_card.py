"""A card of a page: a title with its count, up to eight lines, a sentence, and a link to the whole table."""

from collections.abc import Callable

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QPainter, QPalette, QShowEvent
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from iamdesk.evaluate.request import EvalDecision
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.start.card import Card
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.full_height_list import FullHeightList
from iamdesk.gui.widgets.icons import Drawing, Mark
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.gui.widgets.skeleton import Skeleton
from iamdesk.gui.widgets.wrapping_label import FlowLabel, draw_flow, flow_height
from iamdesk.i18n import tr, translate
from iamdesk.viewmodel.pages import PageLine

_MARK = 16
_MARK_GAP = 6
_MARGIN = 3
_DETAIL_LINES = 3


class LineModel(QAbstractListModel):
    """The lines of one section."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: tuple[PageLine, ...] = ()

    @property
    def has_marks(self) -> bool:
        """Whether some line has a mark: the texts of all begin behind it."""
        return any(line.mark is not None for line in self.lines)

    def show(self, lines: tuple[PageLine, ...]) -> None:
        """Show other lines."""
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008, N802
        """Return the number of lines."""
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text of a line, for painting, copying and reading aloud."""
        if not 0 <= index.row() < len(self.lines):
            return None
        line = self.lines[index.row()]
        text, detail = visible(translate(line.text)), visible(translate(line.detail))
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"{text}\t{detail}" if detail else text
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{text}, {detail}" if detail else text
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text("\n".join(filter(None, (text, detail, line.key))))
        return None


class LineDelegate(QStyledItemDelegate):
    """Paints a line: mark, text, and below it the detail in gray, on at most three rows."""

    def __init__(self, model: LineModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._view = parent

    def _width(self) -> int:
        return max(self._view.width() - _MARK - _MARK_GAP - 2 * _MARGIN, 1)

    def sizeHint(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return the height of both texts."""
        line = self._model.lines[index.row()]
        metrics, font = option.fontMetrics, option.font
        detail = flow_height(translate(line.detail), font, self._width(), _DETAIL_LINES)
        return QSize(self._width(), max(metrics.height(), _MARK) + detail + 2 * _MARGIN)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint a line."""
        line = self._model.lines[index.row()]
        rect: QRect = option.rect
        state = option.state
        palette: QPalette = option.palette
        metrics, font = option.fontMetrics, option.font
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        is_active = bool(state & QStyle.StateFlag.State_Active)
        group = QPalette.ColorGroup.Active if is_active else QPalette.ColorGroup.Inactive
        painter.save()
        if is_selected:
            painter.fillRect(rect, palette.brush(group, QPalette.ColorRole.Highlight))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, colour(Colour.BAR_TRACK, self._view.palette()))
        text_role = QPalette.ColorRole.HighlightedText if is_selected else QPalette.ColorRole.Text
        pen = palette.color(group, text_role)
        drawing = drawing_of(line)
        top = rect.top() + _MARGIN
        if drawing is not None:
            ratio = self._view.devicePixelRatioF()
            tint = pen if is_selected else None
            picture = icons.pixmap(drawing, self._view.palette(), _MARK, ratio, tint)
            painter.drawPixmap(rect.left() + _MARGIN, top + max(metrics.height() - _MARK, 0) // 2, picture)
        left = rect.left() + _MARGIN + (_MARK + _MARK_GAP if self._model.has_marks else 0)
        width = max(rect.right() - left - _MARGIN, 1)
        painter.setPen(pen)
        painter.setFont(font)
        first = QRect(left, top, width, max(metrics.height(), _MARK))
        mode = Qt.TextElideMode.ElideMiddle if line.key else Qt.TextElideMode.ElideRight
        shown = metrics.elidedText(visible(translate(line.text)), mode, width)
        painter.drawText(first, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
        painter.setPen(pen if is_selected else colour(Colour.MUTED, self._view.palette()))
        below = QRect(left, first.bottom() + 1, width, rect.bottom() - first.bottom())
        draw_flow(painter, below, translate(line.detail), font, _DETAIL_LINES)
        if state & QStyle.StateFlag.State_HasFocus and not is_selected:
            painter.setPen(palette.color(QPalette.ColorRole.Highlight))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        painter.restore()


def drawing_of(line: PageLine) -> Drawing | None:
    """Return the drawing of a line's mark."""
    return Mark(line.mark) if isinstance(line.mark, EvalDecision) else line.mark


class LineList(FullHeightList):
    """The lines; Return or a click opens the item of a line, else the table of the section."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = LineModel()
        self.setModel(self.lines)
        self.setItemDelegate(LineDelegate(self.lines, self))
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)

    def fit(self) -> None:
        """Set the height to that of the lines at the current width."""
        super().fit()
        self.setFixedHeight(self.sizeHint().height())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the lines, which were perhaps filled in before there was a width."""
        super().showEvent(event)
        self.fit()

    def copied_text(self) -> str:
        """Return the current line, with its key (``gui/core/clipboard.py``)."""
        row = self.currentIndex().row()
        if not 0 <= row < len(self.lines.lines):
            return ""
        line = self.lines.lines[row]
        return "\t".join(filter(None, (visible(translate(line.text)), visible(translate(line.detail)), line.key)))


class PageCard(Card):
    """One section of a page, computed or not."""

    key_chosen = Signal(str)
    """The item of a line."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self._title = title
        self.list = LineList(title)
        self.note = FlowLabel()
        self.skeleton = Skeleton()
        self.skeleton.setAccessibleName(tr("{title}: being computed").format(title=title))
        self._link: LinkButton | None = None
        for part in (self.skeleton, self.list, self.note):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.list.activated.connect(self._choose)
        self.list.clicked.connect(self._choose)
        self.wait()

    @property
    def is_waiting(self) -> bool:
        """Whether it has no contents yet."""
        return not self.skeleton.isHidden()

    def wait(self) -> None:
        """Show that it is being computed."""
        self.title.setText(self._title)
        self.skeleton.show()
        self.list.hide()
        self.note.hide()
        self._set_link("", None)

    def show_lines(
        self,
        lines: tuple[PageLine, ...],
        count: int,
        note: str = "",
        link: str = "",
        act: Callable[[], None] | None = None,
    ) -> None:
        """Show lines, with the number of all, a sentence and a link."""
        self.skeleton.hide()
        shown = tr("{name}: {count}").format(name=self._title, count=number(count)) if count else self._title
        self.title.setText(shown)
        self.list.lines.show(lines)
        self.list.setVisible(bool(lines))
        self.list.setAccessibleName(shown)
        self.list.fit()
        self.note.setText(translate(note))
        self.note.setVisible(bool(note))
        self._set_link(link, act)
        self.updateGeometry()

    def _set_link(self, text: str, act: Callable[[], None] | None) -> None:
        if self._link is not None:
            self.body.removeWidget(self._link)
            self._link.hide()
            self._link.deleteLater()
            self._link = None
        if text and act is not None:
            self._link = LinkButton(text, act)
            self.body.insertWidget(self.body.count() - 1, self._link)

    @property
    def link(self) -> LinkButton | None:
        """The link to the whole table; None if there is none."""
        return self._link

    def _choose(self, index: QModelIndex) -> None:
        line = self.list.lines.lines[index.row()]
        if line.key:
            self.key_chosen.emit(line.key)
        elif self._link is not None:
            self._link.click()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the color of the sentence."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.update()


def larger(font: QFont, factor: float) -> QFont:
    """Return a bold font, larger by a factor."""
    made = QFont(font)
    made.setPointSizeF(made.pointSizeF() * factor)
    made.setWeight(QFont.Weight.DemiBold)
    return made
