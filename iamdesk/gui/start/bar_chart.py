"""A small bar chart with names and counts, which is a list of links for keyboard users."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from iamdesk.checks.finding import Severity
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.findings.severity_mark import severity_pixmap
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Drawing
from iamdesk.i18n import tr


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a chart."""

    name: str
    count: int
    drawing: Drawing | Severity
    target: object = None
    """What a click emits; None for a bar without a link."""
    total: int = 0
    """The number of which ``count`` is a share; 0: it is no share, and has no bar."""

    @property
    def words(self) -> str:
        """The count in words: ``7``, ``7 of 64``."""
        if not self.total:
            return number(self.count)
        return tr("{count} of {total}").format(count=number(self.count), total=number(self.total))


class BarChart(QWidget):
    """Names and counts, with a bar for each share of a whole. Up and Down move, Return and click choose."""

    chosen = Signal(object)
    """A bar's target."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = name
        self._bars: tuple[Bar, ...] = ()
        self._current = 0
        self._near = -1
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The bars shown."""
        return self._bars

    def show_bars(self, bars: Sequence[Bar]) -> None:
        """Show other bars."""
        self._bars = tuple(bars)
        self._current = min(self._current, max(0, len(bars) - 1))
        bar_texts = "; ".join(f"{bar.name} {bar.words}" for bar in bars)
        self.setAccessibleName(f"{self._title}: {visible(bar_texts)}")
        self.setFocusPolicy(
            Qt.FocusPolicy.StrongFocus if any(bar.target is not None for bar in bars) else Qt.FocusPolicy.NoFocus
        )
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for all bars."""
        return QSize(self.fontMetrics().averageCharWidth() * 44, self._row() * max(1, len(self._bars)))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the same height with less width."""
        return QSize(self.fontMetrics().averageCharWidth() * 18, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the rows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, metrics, row = self.palette(), self.fontMetrics(), self._row()
        size = metrics.height()
        name_width = max((metrics.horizontalAdvance(visible(bar.name)) for bar in self._bars), default=0) + 2
        count_width = max((metrics.horizontalAdvance(bar.words) for bar in self._bars), default=0)
        has_bars = any(bar.total for bar in self._bars)
        beside = max(self.width() - count_width - size * 5 // 2, 0)  # the numbers are never cut
        name_width = min(name_width, beside, self.width() * 3 // 5 if has_bars else beside)
        left = size + size // 2 + name_width + size // 2 + count_width + size
        for place, bar in enumerate(self._bars):
            top = place * row
            area = QRect(0, top, self.width(), row)
            leads = bar.target is not None
            if leads and (place == self._near or (place == self._current and self.hasFocus())):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour(Colour.NOTE_SURFACE, palette))
                painter.drawRoundedRect(area.adjusted(0, 1, 0, -1), 4, 4)
            painter.drawPixmap(size // 4, top + (row - size) // 2, self._drawn(bar, size))
            ink = colour(Colour.LINK, palette) if leads else palette.color(QPalette.ColorRole.WindowText)
            painter.setPen(ink)
            name = metrics.elidedText(visible(bar.name), Qt.TextElideMode.ElideRight, name_width)
            middle = Qt.AlignmentFlag.AlignVCenter
            name_left = size + size // 2 + size // 4
            painter.drawText(QRect(name_left, top, name_width, row), int(middle | Qt.AlignmentFlag.AlignLeft), name)
            painter.setPen(palette.color(QPalette.ColorRole.WindowText))
            count = QRect(name_left + name_width + size // 2, top, count_width, row)
            painter.drawText(count, int(middle | Qt.AlignmentFlag.AlignRight), bar.words)
            if not bar.total:
                continue
            track = QRect(left, top + row * 3 // 8, max(0, self.width() - left - size // 2), max(4, row // 4))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(Colour.BAR_TRACK, palette))
            painter.drawRoundedRect(track, 2, 2)
            if bar.count:
                track.setWidth(max(3, track.width() * min(bar.count, bar.total) // bar.total))
                painter.setBrush(colour(Colour.BAR, palette))
                painter.drawRoundedRect(track, 2, 2)

    def _drawn(self, bar: Bar, size: int) -> QPixmap:
        ratio = self.devicePixelRatioF()
        if isinstance(bar.drawing, Severity):
            return severity_pixmap(bar.drawing, self.palette(), size, ratio)
        return icons.pixmap(bar.drawing, self.palette(), size, ratio)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Highlight what a click would choose."""
        self._near = self._bar_at(event)
        leads = self._near >= 0 and self._bars[self._near].target is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if leads else Qt.CursorShape.ArrowCursor)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Clear the highlight."""
        super().leaveEvent(event)
        self._near = -1
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Choose a bar."""
        self._choose(self._bar_at(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Move and choose by key."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._bars:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self._current = min(max(self._current + step, 0), len(self._bars) - 1)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self._current)
        else:
            super().keyPressEvent(event)

    def _choose(self, number: int) -> None:
        if 0 <= number < len(self._bars) and self._bars[number].target is not None:
            self._current = number
            self.chosen.emit(self._bars[number].target)

    def _bar_at(self, event: QMouseEvent) -> int:
        number = int(event.position().y()) // self._row()
        return number if 0 <= number < len(self._bars) else -1

    def _row(self) -> int:
        return self.fontMetrics().lineSpacing() * 4 // 3
