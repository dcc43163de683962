"""A link within the window: text that can be clicked, focused and activated."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from iamdesk.gui.core.plain_text import set_tooltip, visible
from iamdesk.gui.core.theme import Colour, colour

_MARK = 16
_GAP = 5


class LinkButton(QAbstractButton):
    """``text`` may be hostile; it is painted on one or two lines, elided if necessary, with the full text as tooltip.

    ``picture`` returns the icon before the text, if any, each time it is painted.
    """

    def __init__(
        self,
        text: str,
        act: Callable[[], None],
        *,
        tip: str = "",
        picture: Callable[[QWidget], QPixmap] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._shown = ""
        self._picture = picture
        self.elided = Qt.TextElideMode.ElideMiddle
        """Where the text is elided if there is not enough room on two lines."""
        self.set_text(text, tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        policy = QSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.clicked.connect(act)

    def set_text(self, text: str, tip: str = "") -> None:
        """Show another text; without ``tip``, it is its own tooltip."""
        self._shown = visible(text)
        self.setAccessibleName(self._shown)
        set_tooltip(self, tip or text)
        self.updateGeometry()
        self.update()

    @property
    def shown(self) -> str:
        """The text as painted if there is enough room."""
        return self._shown

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for mark and text."""
        metrics = self.fontMetrics()
        mark = _MARK + _GAP if self._picture is not None else 0
        width = metrics.horizontalAdvance(self._shown) + mark + 2
        laid_out = self.width() if self.testAttribute(Qt.WidgetAttribute.WA_Resized) else width
        return QSize(width, self.heightForWidth(laid_out))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for a few characters."""
        return QSize(self.fontMetrics().averageCharWidth() * 8 + _MARK, self.fontMetrics().height() + 4)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Return True: text without room on one line takes two."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return the height of the text at a width, in pixels."""
        mark = _MARK + _GAP if self._picture is not None else 0
        metrics = self.fontMetrics()
        return metrics.height() + 4 + metrics.lineSpacing() * (len(self._lines(width - mark - 1)) - 1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for the height of the lines that the text takes now."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def _lines(self, room: int) -> tuple[str, ...]:
        """Return the text as one or two lines, broken between words; one line, elided, if neither fits."""
        metrics = self.fontMetrics()
        if metrics.horizontalAdvance(self._shown) > room:
            words = self._shown.split(" ")
            for count in range(len(words) - 1, 0, -1):
                lines = " ".join(words[:count]), " ".join(words[count:])
                if max(map(metrics.horizontalAdvance, lines)) <= room:
                    return lines
        return (metrics.elidedText(self._shown, self.elided, room),)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Activate at Enter, too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint mark and text, underlined below the pointer, framed if focused."""
        painter = QPainter(self)
        left = 1
        if self._picture is not None:
            painter.drawPixmap(left, (self.height() - _MARK) // 2, self._picture(self))
            left += _MARK + _GAP
        room = self.rect().adjusted(left, 0, 0, 0)
        tint = colour(Colour.LINK, self.palette())
        font = painter.font()
        font.setUnderline(self.underMouse())
        painter.setFont(font)
        painter.setPen(tint)
        lines = self._lines(room.width())
        if len(lines) > 1 and self.height() < self.heightForWidth(self.width()):  # a row of one line
            lines = (self.fontMetrics().elidedText(self._shown, self.elided, room.width()),)
        text = "\n".join(lines)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        if self.hasFocus():
            painter.setPen(QPen(tint, 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
