"""Paints a cell of the heat map: share as count, pie and shade; hatching for conditional permissions.

Never by color alone: pie and count show the share, the direction of the hatching shows the reason, a corner means "on
some resources only", an octagon means "denied".
"""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPalette, QPen

from iamdesk.export.access.heatmap import Cell
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.theme import Colour, colour, is_dark
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark

_PIE = 5.0
"""Radius."""
_HATCH = 6.0
"""Pixels between two lines of the hatching."""
_CORNER = 7.0
_OCTAGON = 12
_LEAST_PART = 0.18
"""Minimum width of a part, as a share of the cell, so that it is visible."""
_LEAST_HEAT = 0.06


def blend(low: QColor, high: QColor, share: float) -> QColor:
    """Return the color between two, at a share from 0 to 1."""
    return QColor.fromRgbF(
        low.redF() + (high.redF() - low.redF()) * share,
        low.greenF() + (high.greenF() - low.greenF()) * share,
        low.blueF() + (high.blueF() - low.blueF()) * share,
    )


def plain_tint(share: float, palette: QPalette) -> QColor:
    """Return the background of the unconditional part."""
    return blend(colour(Colour.HEAT_LOW, palette), colour(Colour.HEAT_HIGH, palette), max(share, _LEAST_HEAT))


def conditional_tint(share: float, palette: QPalette) -> QColor:
    """Return the background of the conditional part."""
    low, high = colour(Colour.HEAT_DEPENDS_LOW, palette), colour(Colour.HEAT_DEPENDS_HIGH, palette)
    return blend(low, high, max(share, _LEAST_HEAT))


def hatch_colour(palette: QPalette, name: Colour = Colour.CONDITIONAL) -> QColor:
    """Return the color of hatching: darker than the background, but legible under text."""
    dark = is_dark(palette)
    found = palette.base().color() if dark else colour(name, palette)
    found.setAlphaF(0.55 if dark else 0.30)
    return found


def paint_cell(
    painter: QPainter, rect: QRectF, cell: Cell, palette: QPalette, ratio: float, *, count: bool = True
) -> None:
    """Paint a cell; ``count`` says whether the count is drawn (not in the legend)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    inner = rect.adjusted(1.5, 1.5, -1.5, -1.5)
    outline = QPainterPath()
    outline.addRoundedRect(inner, 3, 3)
    painter.save()
    painter.setClipPath(outline)
    _paint_ground(painter, inner, cell, palette)
    painter.restore()
    left = inner.left() + 7
    if cell.permitted:
        _paint_pie(painter, QPointF(left + _PIE, inner.center().y()), cell.share, palette)
    if cell.denied:
        image = icons.pixmap(Mark.EXPLICIT_DENY, palette, _OCTAGON, ratio)
        where = QPointF(left - 1, inner.center().y() - _OCTAGON / 2)
        if cell.permitted:
            where.setX(inner.right() - _OCTAGON - (_CORNER if cell.somewhere else 3))
        painter.drawPixmap(where, image)
    if count:
        _paint_count(painter, inner, left, cell, palette)
    painter.restore()


def _paint_ground(painter: QPainter, inner: QRectF, cell: Cell, palette: QPalette) -> None:
    if not cell.permitted:
        if cell.denied:
            painter.fillRect(inner, colour(Colour.EXPLICIT_DENY_SURFACE, palette))
        return
    plain, conditional, awaiting = _parts(cell)
    place = QRectF(inner)
    place.setWidth(inner.width() * plain)
    painter.fillRect(place, plain_tint(cell.share, palette))
    place = QRectF(place.right(), inner.top(), inner.width() * conditional, inner.height())
    painter.fillRect(place, conditional_tint(cell.share, palette))
    hatch_lines(painter, place, hatch_colour(palette), rising=True)
    place = QRectF(place.right(), inner.top(), inner.width() * awaiting, inner.height())
    painter.fillRect(place, colour(Colour.UNKNOWN_SURFACE, palette))
    hatch_lines(painter, place, hatch_colour(palette, Colour.UNKNOWN), rising=False)
    if cell.somewhere:
        corner = QPainterPath(QPointF(inner.right() - _CORNER, inner.top()))
        corner.lineTo(inner.right(), inner.top())
        corner.lineTo(inner.right(), inner.top() + _CORNER)
        corner.closeSubpath()
        painter.fillPath(corner, palette.text())


def _parts(cell: Cell) -> tuple[float, float, float]:
    """Return shares of the width: unconditional, conditional, and only if the resource policy allows it."""
    counts = (cell.permitted - cell.conditional - cell.awaiting, cell.conditional, cell.awaiting)
    widths = [max(count / cell.permitted, _LEAST_PART) if count else 0.0 for count in counts]
    whole = sum(widths)
    return widths[0] / whole, widths[1] / whole, widths[2] / whole


def hatch_lines(painter: QPainter, place: QRectF, ink: QColor, *, rising: bool) -> None:
    """Paint hatching."""
    if place.width() <= 0:
        return
    painter.save()
    painter.setClipRect(place, Qt.ClipOperation.IntersectClip)
    painter.setPen(QPen(ink, 1.4))
    height = place.height()
    across = place.left() - height
    while across < place.right():
        low, high = QPointF(across, place.bottom()), QPointF(across + height, place.top())
        if not rising:
            low, high = QPointF(across, place.top()), QPointF(across + height, place.bottom())
        painter.drawLine(low, high)
        across += _HATCH
    painter.restore()


def _paint_pie(painter: QPainter, centre: QPointF, share: float, palette: QPalette) -> None:
    ink = palette.text().color()
    circle = QRectF(centre.x() - _PIE, centre.y() - _PIE, 2 * _PIE, 2 * _PIE)
    painter.setPen(QPen(ink, 1.1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(circle)
    painter.setBrush(ink)
    if share >= 1:
        painter.drawEllipse(circle)
    else:
        # A small share stays visible, and an incomplete one does not look complete.
        sixteenths = min(max(share, 0.08), 0.92) * 360 * 16
        painter.drawPie(circle, 90 * 16, -round(sixteenths))


def _paint_count(painter: QPainter, inner: QRectF, left: float, cell: Cell, palette: QPalette) -> None:
    text = f"{number(cell.permitted)}/{number(cell.total)}" if cell.permitted or cell.denied else "–"
    quiet = not cell.permitted
    painter.setPen(colour(Colour.MUTED, palette) if quiet and not cell.denied else palette.text().color())
    room = QRectF(inner)
    room.setLeft(left + 2 * _PIE + 5)
    shown = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
    painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
