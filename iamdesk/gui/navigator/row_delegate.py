"""Paints rows of the navigator: icon, name, gray detail, and badges at the right edge."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QPainter, QPalette
from PySide6.QtWidgets import QAbstractItemView, QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from iamdesk.gui.core.plain_text import show_tooltip, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.core.translate import row_text
from iamdesk.gui.navigator.tree_model import OutlineModel
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import BADGE_SENTENCES
from iamdesk.gui.widgets.note_line import note_drawing
from iamdesk.i18n import tr, translate
from iamdesk.viewmodel.tree import Badge, NodeKind

_STRONG = {NodeKind.ACCOUNT, NodeKind.SNAPSHOT}
# Created once: combining flags takes as long as painting a name.
_ALIGN = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_SELECTED = QStyle.StateFlag.State_Selected


class RowDelegate(QStyledItemDelegate):
    """Paints from the node that the index names. All rows have one height."""

    def __init__(self, model: OutlineModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._words: tuple[str, ...] = ()

    def emphasise(self, words: Sequence[str]) -> None:
        """Highlight the words of a search (lower case) in names; none ends it."""
        self._words = tuple(words)

    def sizeHint(  # noqa: N802 - Qt's name
        self,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,  # noqa: ARG002
    ) -> QSize:
        """Return one height for all rows, and the width of everything except the badges."""
        gap = self._gap(option)
        width = self._icon_size(option) + 2 * gap + option.fontMetrics.averageCharWidth() * 12
        height = max(option.fontMetrics.height(), self._icon_size(option)) + gap
        return QSize(width, height)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one row."""
        node = self._model.node_at(index)
        if node is None:
            return
        # Everything is painted from the node: initStyleOption would query seven more roles.
        widget = option.widget
        style = widget.style() if widget is not None else QApplication.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, widget)
        selected = _SELECTED in option.state
        palette = option.palette
        ink = palette.color(QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text)
        quiet = ink if selected else colour(Colour.MUTED, palette)
        gap, size, ratio = self._gap(option), self._icon_size(option), painter.device().devicePixelRatio()
        rect = option.rect
        area = rect.adjusted(gap // 2, 0, -gap // 2, 0)
        top = area.top() + (area.height() - size) // 2
        tint = ink if selected else None
        direction = option.direction
        icon = QStyle.visualRect(direction, rect, QRect(area.left(), top, size, size))
        painter.drawPixmap(icon.topLeft(), icons.pixmap(node.kind, palette, size, ratio, tint))
        for badge, place in _places(rect, size, gap, self._model.badges_of(index.internalId())):
            painter.drawPixmap(
                QStyle.visualRect(direction, rect, place).topLeft(), icons.pixmap(badge, palette, size, ratio, tint)
            )
            area.setRight(place.left() - gap)
        note = self._model.note_of(index.internalId())
        if note is not None:
            place = QRect(area.right() - size, top, size, size)
            painter.drawPixmap(
                QStyle.visualRect(direction, rect, place).topLeft(),
                icons.pixmap(note_drawing(note), palette, size, ratio, tint),
            )
            area.setRight(place.left() - gap)
        area.setLeft(area.left() + size + gap)
        painter.save()
        metrics = option.fontMetrics
        if node.kind in _STRONG:
            font = QFont(option.font)
            font.setWeight(QFont.Weight.DemiBold)
            metrics = QFontMetrics(font)
            painter.setFont(font)
        else:
            painter.setFont(option.font)
        name = metrics.elidedText(visible(row_text(node)), Qt.TextElideMode.ElideRight, area.width())
        if not selected:
            for left, width in self._found_in(name, metrics):
                place = QRect(area.left() + left, area.top() + gap // 2, width, area.height() - gap)
                painter.fillRect(QStyle.visualRect(direction, rect, place), colour(Colour.FOUND_BAND, palette))
        painter.setPen(ink)
        painter.drawText(QStyle.visualRect(direction, rect, area), _ALIGN, name)
        area.setLeft(area.left() + metrics.horizontalAdvance(name) + gap + gap // 2)
        if node.detail and area.width() > metrics.averageCharWidth() * 2:
            painter.setFont(option.font)
            painter.setPen(quiet)
            detail = option.fontMetrics.elidedText(
                visible(translate(node.detail)), Qt.TextElideMode.ElideRight, area.width()
            )
            painter.drawText(QStyle.visualRect(direction, rect, area), _ALIGN, detail)
        painter.restore()

    def _found_in(self, name: str, metrics: QFontMetrics) -> list[tuple[int, int]]:
        """Return (left, width) of each searched word in a name, in pixels."""
        folded = name.casefold()
        if len(folded) != len(name):  # case folding changed the length: the positions would be wrong
            return []
        places = [(folded.find(word), len(word)) for word in self._words if word in folded]
        return [
            (metrics.horizontalAdvance(name[:at]), metrics.horizontalAdvance(name[at : at + length]))
            for at, length in places
        ]

    def helpEvent(  # noqa: N802 - Qt's name
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        """Show the tooltip of a badge, or that of the row."""
        badge = self.badge_under(event.pos(), option, index)
        if badge is not None:
            show_tooltip(event.globalPos(), tr(BADGE_SENTENCES[badge]), view.viewport())
            return True
        return bool(super().helpEvent(event, view, option, index))

    def badge_under(
        self, place: QPoint, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> Badge | None:
        """Return the badge at a position in the viewport."""
        return next((badge for badge, rect in self._badge_places(option, index) if rect.contains(place)), None)

    def editorEvent(self, event: QEvent, *_rest: object) -> bool:  # noqa: ARG002, N802 - Qt's name
        """Handle no events."""
        return False

    def _badge_places(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> list[tuple[Badge, QRect]]:
        """Return the rectangles of badges from right to left."""
        badges = self._model.badges_of(index.internalId()) if index.isValid() else ()
        places = _places(option.rect, self._icon_size(option), self._gap(option), badges)
        return [(badge, QStyle.visualRect(option.direction, option.rect, place)) for badge, place in places]

    @staticmethod
    def _icon_size(option: QStyleOptionViewItem) -> int:
        style = option.widget.style() if option.widget is not None else QApplication.style()
        return style.pixelMetric(QStyle.PixelMetric.PM_SmallIconSize, None, option.widget)

    @staticmethod
    def _gap(option: QStyleOptionViewItem) -> int:
        return max(4, option.fontMetrics.height() // 3)


def _places(rect: QRect, size: int, gap: int, badges: tuple[Badge, ...]) -> list[tuple[Badge, QRect]]:
    right = rect.right() - gap
    top = rect.top() + (rect.height() - size) // 2
    return [
        (badge, QRect(right - size * (place + 1) - gap // 2 * place, top, size, size))
        for place, badge in enumerate(reversed(badges))
    ]
