"""The words on the lines of the diagram: where they are, so that none is under a box or another one."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPalette
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from iamdesk.gui.attack_paths.diagram import Line
from iamdesk.gui.core.theme import Colour, colour

_PAD = 4.0
_ARROW = 10.0
"""Room for the arrow at the end of a line."""


def lines_of(words: str) -> tuple[str, ...]:
    """Return a line's words on one or two lines: ``PassRole +`` and ``CreateFunction …``."""
    first, plus, rest = words.partition(" + ")
    return (f"{first} +", rest) if plus else (first,)


def width_of(words: str, metrics: QFontMetricsF) -> float:
    """Return the width of the words of a line, with the space around them."""
    return max(metrics.horizontalAdvance(one) for one in lines_of(words)) + 2 * _PAD


class LabelItem(QGraphicsItem):
    """The words of one line: above lines, below boxes."""

    def __init__(self, line: Line, rect: QRectF, font: QFont, palette: QPalette) -> None:
        super().__init__()
        self.line = line
        self.rect = rect
        self.is_marked = False
        self._font = font
        self._palette = palette
        self.setZValue(0.8)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """Return the surface of the words."""
        return self.rect

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint the words on a surface that hides the line behind them."""
        palette, metrics = self._palette, QFontMetricsF(self._font)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(self.rect, 3, 3)
        painter.setFont(self._font)
        accent = palette.color(QPalette.ColorRole.Accent)
        painter.setPen(accent if self.is_marked else colour(Colour.MUTED, palette))
        room = self.rect.width() - 2 * _PAD
        for number, text in enumerate(lines_of(self.line.caption)):
            top = self.rect.top() + number * metrics.height()
            where = QRectF(self.rect.left() + _PAD, top, room, metrics.height())
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room + 0.5)
            painter.drawText(where, Qt.AlignmentFlag.AlignCenter, shown)


def placed(
    lines: Sequence[Line], paths: Sequence[QPainterPath], columns: Mapping[str, int], across: float, font: QFont
) -> list[QRectF | None]:
    """Return where the words of each line are; None for a line without words.

    Words are in the space beside a column, where no box is: at the end of the line at which fewer lines meet, so that
    they are apart. Those that would still overlap are moved down.
    """
    metrics = QFontMetricsF(font)
    outgoing = Counter(line.source for line in lines)
    incoming = Counter(line.target for line in lines)
    found: list[QRectF | None] = []
    by_gap: dict[int, list[QRectF]] = defaultdict(list)
    for line, path in zip(lines, paths, strict=True):
        if not line.caption:
            found.append(None)
            continue
        width = min(width_of(line.caption, metrics), across - 2 * (_ARROW + _PAD))
        height = metrics.height() * len(lines_of(line.caption))
        at_target = outgoing[line.source] > incoming[line.target]
        start, end = path.pointAtPercent(0), path.pointAtPercent(1)
        middle = (start.x() + end.x()) / 2
        if abs(end.x() - start.x()) <= across * 1.5:  # the next column: words that fill the space are in its middle
            room = max((across - width) / 2 - _ARROW, 0)
            x = middle + (room if at_target else -room)
        else:
            x = end.x() - _ARROW - width / 2 if at_target else start.x() + _PAD + width / 2
        rect = QRectF(0, 0, width, height)
        rect.moveCenter(_point_at(path, x))
        found.append(rect)
        by_gap[columns[line.target] - 1 if at_target else columns[line.source]].append(rect)
    for rects in by_gap.values():
        _part(rects)
    return found


def _point_at(path: QPainterPath, x: float) -> QPointF:
    """Return the point of a curve at a horizontal place; it runs from left to right."""
    low, high = 0.0, 1.0
    for _ in range(20):
        half = (low + high) / 2
        if path.pointAtPercent(half).x() < x:
            low = half
        else:
            high = half
    return QPointF(x, path.pointAtPercent(low).y())


def _part(rects: list[QRectF]) -> None:
    """Move rectangles down until no two of them overlap."""
    done: list[QRectF] = []
    for rect in sorted(rects, key=lambda one: one.top()):
        moved = True
        while moved:
            moved = False
            for other in done:
                if rect.intersects(other):
                    rect.moveTop(other.bottom() + 1)
                    moved = True
        done.append(rect)
