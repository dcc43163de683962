"""Paints a cell of the access matrix: small, and legible at a glance.

Over all access levels, it shows the letter of the most privileged level with an allowed action; the more privileged,
and the more actions, the stronger the shade. For one access level, it shows a pie. Hatching, corner and octagon are
those of the heat map (``gui/access/heatmap_cell.py``). Never by color alone. Paints on any device, in any thread.
"""

from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPalette, QPen, QPolygonF

from iamdesk.export.access.heatmap import Cell
from iamdesk.export.access.matrix import GRAVITY, ServiceSummary
from iamdesk.gui.access.heatmap_cell import blend, hatch_colour, hatch_lines
from iamdesk.gui.core.theme import Colour, colour, contrast
from iamdesk.i18n import mark, tr

LEVEL_LETTERS = {
    "List": mark("L"),
    "Read": mark("R"),
    "Tagging": mark("T"),
    "Write": mark("W"),
    "Permissions management": mark("P"),
}
"""The letter of each access level."""

_STEPS = 20
"""Number of shades: equal cells are painted once."""
_PARTS = 8
_USUAL = 16
"""Shades up to this step are those of the heat map; the most privileged level has its own, with a gap between them in
which neither dark nor bright letters would be legible."""
_LEAST_GRAVE = 0.78
_LEAST = 0.2
_CORNER = 6.5
_PIE = 5.0
_BAR = 7.0
_DOTS = 4.5
"""Distance between the centers of two dots."""
_DOT = 1.1


class CellStyle(NamedTuple):
    """The appearance of a cell."""

    level: str
    """The most privileged access level; empty for a pie."""
    heat: int
    """The shade, in steps."""
    share: int
    """The share of the pie, in steps."""
    plain: int
    """Parts in eighths of the width: unconditional, conditional, only if the resource policy allows it."""
    conditional: int
    awaiting: int
    somewhere: bool
    denied: bool
    """Nothing is allowed, and something is denied."""
    is_known: bool = True
    """Whether the cell is computed."""


UNKNOWN = CellStyle("", 0, 0, 0, 0, 0, somewhere=False, denied=False, is_known=False)
"""A cell that is not computed yet."""


def look_of(service_summary: ServiceSummary, level: str | None) -> CellStyle | None:
    """Return the appearance of a cell, for one level or all; None if it is empty."""
    cell = service_summary.cell(level)
    if cell is None or not (cell.permitted or cell.denied):
        return None
    if not cell.permitted:
        return CellStyle("", 0, 0, 0, 0, 0, somewhere=False, denied=True)
    plain, conditional, awaiting = _parts(cell)
    somewhere = cell.somewhere > 0
    if level is not None:
        share = max(round(cell.share * _STEPS), 1)
        if share == _STEPS and cell.permitted < cell.total:
            share = _STEPS - 1
        heat = round(max(cell.share, 0.06) * _USUAL)
        return CellStyle("", heat, share, plain, conditional, awaiting, somewhere, denied=False)
    gravest = service_summary.gravest
    of_gravest = service_summary.cell(gravest) if gravest is not None else None
    if gravest is None or of_gravest is None:  # of a level that is not shown
        return CellStyle("", 1, 1, plain, conditional, awaiting, somewhere, denied=False)
    heat = round((GRAVITY.index(gravest) + max(of_gravest.share, _LEAST)) / len(GRAVITY) * _STEPS)
    return CellStyle(gravest, heat, 0, plain, conditional, awaiting, somewhere, denied=False)


def _parts(cell: Cell) -> tuple[int, int, int]:
    """Return the widths of the parts, in eighths; a small part stays visible."""
    counts = [cell.permitted - cell.conditional - cell.awaiting, cell.conditional, cell.awaiting]
    widths = [max(round(count / cell.permitted * _PARTS), 2) if count else 0 for count in counts]
    while sum(widths) > _PARTS:
        widths[widths.index(max(widths))] -= 1
    while sum(widths) < _PARTS:
        widths[widths.index(max(widths))] += 1
    return widths[0], widths[1], widths[2]


@lru_cache(maxsize=1024)
def _shade(step: int, low: str, high: str, grave: str) -> QColor:
    if step <= _USUAL:
        return blend(QColor(low), QColor(high), step / _USUAL)
    above = (step - _USUAL - 1) / (_STEPS - _USUAL - 1)
    return blend(QColor(high), QColor(grave), _LEAST_GRAVE + (1 - _LEAST_GRAVE) * above)


def plain_shade(step: int, palette: QPalette) -> QColor:
    """Return the background of the unconditional part."""
    names = (Colour.HEAT_LOW, Colour.HEAT_HIGH, Colour.HEAT_GRAVE)
    low, high, grave = (colour(name, palette).name() for name in names)
    return _shade(step, low, high, grave)


def conditional_shade(step: int, palette: QPalette) -> QColor:
    """Return the background of the conditional part."""
    names = (Colour.HEAT_DEPENDS_LOW, Colour.HEAT_DEPENDS_HIGH, Colour.HEAT_DEPENDS_GRAVE)
    low, high, grave = (colour(name, palette).name() for name in names)
    return _shade(step, low, high, grave)


def ink_on(ground: QColor, palette: QPalette) -> QColor:
    """Return the more legible text color on a background: the palette's text or base color."""
    text, base = palette.color(QPalette.ColorRole.Text), palette.color(QPalette.ColorRole.Base)
    return text if contrast(text, ground) >= contrast(base, ground) else base


def paint_look(painter: QPainter, rect: QRectF, look: CellStyle, palette: QPalette, font: QFont) -> None:
    """Paint a cell."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if not look.is_known:
        _paint_dots(painter, rect.center(), palette)
        painter.restore()
        return
    inner = rect.adjusted(1, 1, -1, -1)
    outline = QPainterPath()
    outline.addRoundedRect(inner, 3, 3)
    painter.setClipPath(outline, Qt.ClipOperation.IntersectClip)
    if look.denied:
        painter.fillRect(inner, colour(Colour.EXPLICIT_DENY_SURFACE, palette))
        _paint_bar(painter, inner.center(), palette)
        painter.restore()
        return
    eighth = inner.width() / _PARTS
    place = QRectF(inner.left(), inner.top(), eighth * look.plain, inner.height())
    grounds = [
        (look.plain, plain_shade(look.heat, palette)),
        (look.conditional, conditional_shade(look.heat, palette)),
        (look.awaiting, colour(Colour.UNKNOWN_SURFACE, palette)),
    ]
    painter.fillRect(place, grounds[0][1])
    widest, ground = max(grounds, key=lambda one: one[0])
    ink = ink_on(ground, palette)
    place = QRectF(place.right(), inner.top(), eighth * look.conditional, inner.height())
    if look.conditional:
        painter.fillRect(place, grounds[1][1])
        hatch_lines(painter, place, _lines_on(grounds[1][1], palette, Colour.CONDITIONAL), rising=True)
    place = QRectF(place.right(), inner.top(), inner.right() - place.right(), inner.height())
    if look.awaiting:
        painter.fillRect(place, grounds[2][1])
        lines = colour(Colour.UNKNOWN, palette)
        lines.setAlphaF(0.36)
        hatch_lines(painter, place, lines, rising=False)
    if look.somewhere:
        top, right = inner.top(), inner.right()
        corner = [QPointF(right - _CORNER, top), QPointF(right, top), QPointF(right, top + _CORNER)]
        last = next(ground for width, ground in reversed(grounds) if width)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink_on(last, palette))
        painter.drawPolygon(QPolygonF(corner))
    painter.setPen(ink)
    if look.level:
        letter = QFont(font)
        letter.setWeight(QFont.Weight.DemiBold)
        painter.setFont(letter)
        if widest != look.plain:  # lines would run through the letter
            half = QFontMetricsF(letter).horizontalAdvance("W") / 2
            centre = inner.center()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(QRectF(centre.x() - half, centre.y() - half, 2 * half, 2 * half), 3, 3)
            painter.setPen(ink)
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignCenter), tr(LEVEL_LETTERS[look.level]))
    else:
        _paint_pie(painter, inner.center(), look.share, ink)
    painter.restore()


def _lines_on(ground: QColor, palette: QPalette, name: Colour) -> QColor:
    """Return the color of hatching: lighter than a strong shade, else as in the heat map."""
    ink = ink_on(ground, palette)
    if ink == palette.color(QPalette.ColorRole.Text):
        return hatch_colour(palette, name)
    ink.setAlphaF(0.4)
    return ink


def _paint_pie(painter: QPainter, centre: QPointF, share: int, ink: QColor) -> None:
    circle = QRectF(centre.x() - _PIE, centre.y() - _PIE, 2 * _PIE, 2 * _PIE)
    painter.setPen(QPen(ink, 1.1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(circle)
    painter.setBrush(ink)
    if share >= _STEPS:
        painter.drawEllipse(circle)
    else:
        painter.drawPie(circle, 90 * 16, -round(share / _STEPS * 360 * 16))


def _paint_dots(painter: QPainter, centre: QPointF, palette: QPalette) -> None:
    """Paint three dots: not computed yet."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(Colour.MUTED, palette))
    for step in (-1, 0, 1):
        painter.drawEllipse(centre + QPointF(step * _DOTS, 0), _DOT, _DOT)


def _paint_bar(painter: QPainter, centre: QPointF, palette: QPalette) -> None:
    """Paint an octagon with a bar: denied."""
    ink = colour(Colour.EXPLICIT_DENY, palette)
    painter.setPen(QPen(ink, 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    half, cut = _BAR - 1.5, (_BAR - 1.5) * 0.42
    corners = [(-cut, -half), (cut, -half), (half, -cut), (half, cut), (cut, half), (-cut, half), (-half, cut)]
    corners.append((-half, -cut))
    painter.drawPolygon(QPolygonF([centre + QPointF(x, y) for x, y in corners]))
    painter.setPen(QPen(ink, 1.6))
    painter.drawLine(centre + QPointF(-half + 2.2, 0), centre + QPointF(half - 2.2, 0))
