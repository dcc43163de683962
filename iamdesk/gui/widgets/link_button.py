"""A link within the window: text that can be clicked, focused and activated."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from iamdesk.gui.core.plain_text import set_tooltip, visible
from iamdesk.gui.core.theme import Colour, colour

_MARK = 16
_GAP = 5


class LinkButton(QAbstractButton):
    """``text`` may be hostile; it is painted, elided in the middle if necessary, with the full text as tooltip.

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
        """Where the text is elided if there is not enough room."""
        self.set_text(text, tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
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
        return QSize(metrics.horizontalAdvance(self._shown) + mark + 2, metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for a few characters."""
        return QSize(self.fontMetrics().averageCharWidth() * 8 + _MARK, self.sizeHint().height())

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
        text = self.fontMetrics().elidedText(self._shown, self.elided, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        if self.hasFocus():
            painter.setPen(QPen(tint, 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
