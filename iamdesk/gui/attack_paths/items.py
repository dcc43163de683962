"""The boxes and lines of the diagram as graphics items."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPainterPathStroker, QPalette, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from iamdesk.gui.attack_paths.diagram import Box, BoxKind, Line
from iamdesk.gui.core.plain_text import set_tooltip, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.i18n import tr, translate
from iamdesk.viewmodel.tree import Badge, NodeKind

_ARROW = 7.0
_ROUND = 6.0
_ICONS: dict[BoxKind, NodeKind | Badge] = {
    BoxKind.USER: NodeKind.USER,
    BoxKind.ROLE: NodeKind.ROLE,
    BoxKind.GOAL: Badge.ADMINISTRATOR,
    BoxKind.OUTSIDE: Badge.EXTERNAL_ACCESS,
}
_EDGES = {
    BoxKind.GOAL: Colour.BADGE_STRONG,
    BoxKind.OUTSIDE: Colour.BADGE_ALERT,
    BoxKind.MORE: Colour.MUTED,
}


def accessible_text(box: Box) -> str:
    """Return the text of a box for screen readers and the tooltip."""
    return f"{visible(box.title)}. {box.caption}."


class BoxItem(QGraphicsItem):
    """One box: an icon, a name, a second line."""

    def __init__(self, box: Box, size: tuple[float, float], font: QFont, palette: QPalette) -> None:
        super().__init__()
        self.box = box
        self._size = size
        self._font = font
        self._palette = palette
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setZValue(1)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        set_tooltip(self, f"{box.title}\n{box.key if box.kind in (BoxKind.USER, BoxKind.ROLE) else box.caption}")

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """Return the box including its frame."""
        return QRectF(-2, -2, self._size[0] + 4, self._size[1] + 4)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint frame, icon and words."""
        width, height = self._size
        frame = QRectF(0, 0, width, height)
        kind, palette = self.box.kind, self._palette
        selected = self.isSelected()
        edge = colour(_EDGES.get(kind, Colour.RULE), palette)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = palette.color(QPalette.ColorRole.Accent)
        pen = QPen(accent if selected else edge, 2.5 if selected else 1.2)
        if kind is BoxKind.MORE:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(colour(Colour.CARD, palette))
        painter.drawRoundedRect(frame, _ROUND, _ROUND)
        metrics = QFontMetricsF(self._font)
        margin = metrics.height() * 0.45
        left = margin
        icon = _ICONS.get(kind)
        if icon is not None:
            side = round(metrics.height())
            painter.drawPixmap(QPointF(margin, (height - side) / 2), icons.pixmap(icon, palette, side, 2.0))
            left += side + margin
        room = width - left - margin
        painter.setFont(self._font)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        title = metrics.elidedText(visible(self.box.title), Qt.TextElideMode.ElideMiddle, room)
        middle = height / 2
        painter.drawText(QRectF(left, middle - metrics.height(), room, metrics.height()), title)
        painter.setPen(colour(Colour.MUTED, palette))
        caption = metrics.elidedText(self.box.caption, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, middle, room, metrics.height()), caption)


class LineItem(QGraphicsItem):
    """A line with an arrow: solid if it is proven, dashed if it needs a fact."""

    def __init__(self, line: Line, start: QPointF, end: QPointF, lift: float, palette: QPalette) -> None:
        """Draw from one box to another; ``lift`` is the height of the curve over boxes between them."""
        super().__init__()
        self._lift = lift
        self.line = line
        self._start, self._end = start, end
        self._palette = palette
        self.path = self._curve()
        self.is_marked = False
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable, False)
        found_paths = [
            tr("{path_id}: by {how}").format(path_id=step.path_id, how=translate(step.how)) for step in line.steps
        ] or [tr("assumes it from outside")]
        set_tooltip(self, "\n".join(found_paths[:8]))

    def _curve(self) -> QPainterPath:
        path = QPainterPath(self._start)
        bend = max(abs(self._end.x() - self._start.x()) / 2, 30.0)
        over = QPointF(0, self._lift)
        path.cubicTo(self._start + QPointF(bend, 0) - over, self._end - QPointF(bend, 0) - over, self._end)
        return path

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """Return the line including its arrow."""
        return self.path.boundingRect().adjusted(-_ARROW, -_ARROW, _ARROW, _ARROW)

    def shape(self) -> QPainterPath:
        """Return the shape for mouse events."""
        stroker = QPainterPathStroker()
        stroker.setWidth(8)
        return stroker.createStroke(self.path)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint curve and arrow; its words are a `LabelItem`."""
        palette = self._palette
        tint: QColor = palette.color(QPalette.ColorRole.Accent) if self.is_marked else self._tint()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(tint, 2.4 if self.is_marked else 1.4)
        if not self.line.is_proven:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self.path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint)
        tip = self._end
        painter.drawPolygon(
            [tip, tip + QPointF(-_ARROW, -_ARROW / 2), tip + QPointF(-_ARROW, _ARROW / 2)],
        )

    def _tint(self) -> QColor:
        return colour(Colour.EXPLICIT_DENY if self.line.is_proven else Colour.CONDITIONAL, self._palette)
