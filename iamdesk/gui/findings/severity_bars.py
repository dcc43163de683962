"""The number of findings of each severity, as small bars; pressing one shows only those."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QSizePolicy, QWidget

from iamdesk.checks.finding import Severity
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import set_tooltip
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.findings.rows import SEVERITIES, SEVERITY_WORDS, Counts
from iamdesk.gui.findings.severity_mark import SEVERITY_COLOURS, severity_pixmap
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import MARK_COLOURS, Mark
from iamdesk.i18n import ntr, tr

_MARK = 16
_GAP = 6
_BAR = 3


class CountBar(QAbstractButton):
    """One count: mark, word, number, and a bar in proportion to the largest count."""

    def __init__(self, words: str, severity: Severity | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self._severity = severity
        self._count = 0
        self._zero = number(0)
        self._share = 0.0
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.toggled.connect(self._show_message)
        self.show_count(0, 0, self._zero)

    @property
    def count(self) -> int:
        """The number shown."""
        return self._count

    def show_count(self, count: int, largest: int, zero: str) -> None:
        """Show a number, and its share of the largest one; ``zero`` in the place of 0."""
        self._count = count
        self._zero = zero
        self._share = count / largest if largest else 0.0
        self._show_message()
        self.updateGeometry()
        self.update()

    @property
    def text_shown(self) -> str:
        """The number as text; while nothing was found, what is shown for 0."""
        return number(self._count) if self._count else self._zero

    def _show_message(self) -> None:
        is_known = self.text_shown == number(self._count)
        accessible_name = ntr("{name}: {count} finding", "{name}: {count} findings", self._count)
        if not is_known:
            accessible_name = tr("{name}: not known yet")
        self.setAccessibleName(accessible_name.format(name=self._words, count=number(self._count)))
        only = tr("Show only these: {severity}.").format(severity=self._words.lower())
        if self.isChecked():
            only = tr("Only these are shown. Press to show all.")
        self.setAccessibleDescription(only)
        set_tooltip(self, f"{self.text_shown} · {only}")

    def _number_font(self) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for mark, word and a number of five digits."""
        metrics = self.fontMetrics()
        digits = QFontMetrics(self._number_font()).horizontalAdvance(max("9,999", number(self._count), key=len))
        width = 4 * _GAP + _MARK + metrics.horizontalAdvance(self._words) + digits
        return QSize(width, metrics.height() + _BAR + 10)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint mark, word, number and bar."""
        palette = self.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        edge = palette.highlight().color() if self.isChecked() or self.hasFocus() else colour(Colour.RULE, palette)
        painter.setPen(QPen(edge, 1.6 if self.hasFocus() else 1))
        lit = self.isChecked() or self.underMouse() or self.isDown()
        painter.setBrush(colour(Colour.NOTE_SURFACE, palette) if self.isChecked() else palette.base())
        if lit and not self.isChecked():
            painter.setBrush(palette.alternateBase())
        painter.drawRoundedRect(frame, 3, 3)
        line = self.fontMetrics().height()
        quiet = self._count == 0
        tint = (
            colour(MARK_COLOURS[Mark.UNKNOWN], palette)
            if self._severity is None
            else colour(SEVERITY_COLOURS[self._severity], palette)
        )
        ratio = self.devicePixelRatioF()
        image = (
            icons.pixmap(Mark.UNKNOWN, palette, _MARK, ratio)
            if self._severity is None
            else severity_pixmap(self._severity, palette, _MARK, ratio)
        )
        painter.setOpacity(0.5 if quiet else 1.0)
        painter.drawPixmap(_GAP, 4 + (line - _MARK) // 2, image)
        painter.setOpacity(1.0)
        text = self.rect().adjusted(2 * _GAP + _MARK, 4, -_GAP - 2, 0)
        text.setHeight(line)
        painter.setPen(colour(Colour.MUTED, palette) if quiet else palette.text().color())
        count_text = self.text_shown
        room = text.width() - QFontMetrics(self._number_font()).horizontalAdvance(count_text) - _GAP
        words = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)
        painter.setFont(self._number_font())
        painter.drawText(text, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), count_text)
        track = QRectF(_GAP, self.height() - _BAR - 4, self.width() - 2 * _GAP, _BAR)
        painter.fillRect(track, colour(Colour.BAR_TRACK, palette))
        track.setWidth(max(track.width() * self._share, 2.0 if self._count else 0.0))
        painter.fillRect(track, tint)


class SeverityBars(QWidget):
    """The bars side by side. ``changed`` is emitted when the user chooses others."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars = {severity: CountBar(tr(SEVERITY_WORDS[severity]), severity) for severity in SEVERITIES}
        self.inconclusive = CountBar(tr("Of these, cannot tell"), None)
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        for severity, bar in self.bars.items():
            bar.setObjectName(f"severity-{severity.value}")
        self.inconclusive.setObjectName("cannotTell")
        self._across = 0
        self._arrange(len(self.bars) + 1)
        for bar in (*self.bars.values(), self.inconclusive):
            bar.toggled.connect(self._changed)

    @property
    def chosen(self) -> frozenset[Severity]:
        """The severities that are pressed; none means all."""
        return frozenset(severity for severity, bar in self.bars.items() if bar.isChecked())

    def show_counts(self, counts: Counts, zero: str) -> None:
        """Show the counts; ``zero`` in the place of 0."""
        largest = max(counts.by_severity.values(), default=0)
        for severity, bar in self.bars.items():
            bar.show_count(counts.by_severity.get(severity, 0), largest, zero)
        self.inconclusive.show_count(counts.inconclusive, largest, zero)

        self._fit()

    def _fit(self) -> None:
        """Use two rows where the words would be cut."""
        count = len(self.bars) + 1
        self._arrange(count if self.width() >= self.sizeHint().width() else (count + 1) // 2)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of one row."""
        bars = (*self.bars.values(), self.inconclusive)
        widest = max(bar.sizeHint().width() for bar in bars)
        return QSize(len(bars) * (widest + self._layout.spacing()), super().sizeHint().height())

    def _arrange(self, across: int) -> None:
        if across == self._across:
            return
        self._across = across
        for at, bar in enumerate((*self.bars.values(), self.inconclusive)):
            self._layout.addWidget(bar, at // across, at % across)
        for column in range(self._layout.columnCount()):
            self._layout.setColumnStretch(column, 1 if column < across else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the bars."""
        super().resizeEvent(event)
        self._fit()

    def reset(self) -> None:
        """Release all buttons."""
        for bar in (*self.bars.values(), self.inconclusive):
            bar.setChecked(False)

    def _changed(self) -> None:
        self.changed.emit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.update()
