"""Paints a cell for two principals: one half each, and between them a sign of the difference.

A triangle points to the one that can do more; a diamond means that each can do something that the other cannot; a ring,
that both have the same actions with other limits; a dotted ring, that resources or conditions may differ. No sign: no
difference.
"""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPalette, QPen, QPolygonF

from iamdesk.export.access.comparison import Difference
from iamdesk.export.access.heatmap import Cell
from iamdesk.gui.access.heatmap_cell import paint_cell
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.theme import Colour, colour

_ROOM_FOR_PIE = 56.0
_SIGN = 5.0
"""Half of the sign's width."""


def paint_pair(
    painter: QPainter, rect: QRectF, cells: tuple[Cell, Cell], kind: Difference, palette: QPalette, ratio: float
) -> None:
    """Paint a cell for two principals."""
    half = rect.width() / 2 - _SIGN - 1
    for cell, left in ((cells[0], rect.left()), (cells[1], rect.right() - half)):
        place = QRectF(left, rect.top(), half, rect.height())
        has_pie = half >= _ROOM_FOR_PIE
        paint_cell(painter, place, cell, palette, ratio, count=False, pie=has_pie)
        painter.setPen(colour(Colour.MUTED, palette) if not cell.permitted else palette.text().color())
        room = place.adjusted(16 if has_pie else 3, 0, -10 if cell.somewhere else -4, 0)
        text = number(cell.permitted) if cell.permitted else ("" if cell.denied else "–")
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignHCenter), text)
    paint_sign(painter, rect.center(), kind, palette)


def paint_sign(painter: QPainter, at: QPointF, kind: Difference, palette: QPalette) -> None:
    """Paint the sign of a difference around a point."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink = palette.text().color()
    painter.setPen(QPen(ink, 1.2))
    painter.setBrush(ink)
    size = _SIGN - 0.5
    match kind:
        case Difference.MORE:
            painter.drawPolygon(_around(at, ((-size, 0), (size - 1, -size), (size - 1, size))))
        case Difference.LESS:
            painter.drawPolygon(_around(at, ((size, 0), (1 - size, -size), (1 - size, size))))
        case Difference.BOTH:
            painter.drawPolygon(_around(at, ((-size, 0), (0, -size), (size, 0), (0, size))))
        case Difference.HOW | Difference.PERHAPS:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            style = Qt.PenStyle.SolidLine if kind is Difference.HOW else Qt.PenStyle.DotLine
            painter.setPen(QPen(ink, 1.6, style))
            painter.drawEllipse(at, size - 0.5, size - 0.5)
    painter.restore()


def _around(at: QPointF, corners: tuple[tuple[float, float], ...]) -> QPolygonF:
    return QPolygonF([at + QPointF(x, y) for x, y in corners])
