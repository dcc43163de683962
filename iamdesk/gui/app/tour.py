"""The tour: a card beside the real panels, one step after the other. It blocks nothing; Esc ends it."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QCloseEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QShortcut,
)
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from iamdesk.gui.app.tour_steps import Step
from iamdesk.gui.core.plain_text import plain_label
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr

_LINE = 3


class TourFrame(QWidget):
    """An outline around the panel of the current step; it takes no clicks."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tourFrame")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the outline."""
        painter = QPainter(self)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Accent), _LINE))
        painter.drawRect(self.rect().adjusted(_LINE // 2, _LINE // 2, -_LINE // 2 - 1, -_LINE // 2 - 1))


class Tour(QFrame):
    """The card of the tour. It deletes itself and the outline when it is closed."""

    left = Signal()

    def __init__(self, steps: Sequence[Step], window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("tour")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAutoFillBackground(True)
        self.setFrameStyle(QFrame.Shape.StyledPanel.value | QFrame.Shadow.Raised.value)
        self._window = window
        self._steps = tuple(steps)
        self._before = QApplication.focusWidget()
        self.at = 0
        """Index of the current step."""
        self.frame = TourFrame(window)
        self.title = plain_label()
        self.text = FlowLabel()
        self.count = plain_label()
        self.back = QPushButton(tr("&Back"))
        self.next = QPushButton()
        self.leave = QPushButton(tr("&End tour (Esc)"))
        self._lay_out()
        self.back.clicked.connect(lambda: self.show_step(self.at - 1))
        self.next.clicked.connect(self._go_on)
        self.leave.clicked.connect(self.close)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), window, self.close)
        # Esc ends the tour, even if a panel uses Esc as well.
        self._escape.activatedAmbiguously.connect(self.close)
        window.installEventFilter(self)

    def _lay_out(self) -> None:
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.count)
        buttons = QHBoxLayout()
        for button in (self.leave, self.back, self.next):
            button.setAutoDefault(True)
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(self.text, 1)
        layout.addLayout(buttons)
        self.setFixedWidth(self.fontMetrics().averageCharWidth() * 56)

    def show_step(self, at: int) -> None:
        """Show a step: bring its panel forward, outline it, and place the card beside it."""
        self._steps[self.at].target.removeEventFilter(self)
        self.at = min(max(at, 0), len(self._steps) - 1)
        self._steps[self.at].target.installEventFilter(self)
        step = self._steps[self.at]
        is_last = self.at == len(self._steps) - 1
        self.title.setText(step.title)
        self.text.setText(step.text)
        self.count.setText(tr("{at} of {count}").format(at=self.at + 1, count=len(self._steps)))
        self.back.setEnabled(self.at > 0)
        self.next.setText(tr("&Done") if is_last else tr("&Next"))
        self.setAccessibleName(
            tr("Tour, step {at} of {count}: {title}").format(at=self.at + 1, count=len(self._steps), title=step.title)
        )
        self.setAccessibleDescription(step.text)
        self.next.setAccessibleDescription(step.text)
        step.prepare()
        self.show()
        self.frame.show()
        self._place()
        # Docks that were just brought forward get their geometry a moment later.
        QTimer.singleShot(0, self, self._place)
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, f"{self.accessibleName()}. {step.text}"))

    def _go_on(self) -> None:
        if self.at == len(self._steps) - 1:
            self.close()
        else:
            self.show_step(self.at + 1)

    def _place(self) -> None:
        target = self._steps[self.at].target
        rect = QRect(target.mapTo(self._window, QPoint(0, 0)), target.size())
        self.frame.setGeometry(rect)
        self.resize(self.width(), self.heightForWidth(self.width()))
        self.move(_beside(rect, self.rect(), self._window.rect()))
        self.frame.raise_()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the card with a border that separates it from what is below it."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.Accent))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay beside the panel when the panel or the window moves or is resized."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            QTimer.singleShot(0, self, self._place)
        return super().eventFilter(watched, event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Return the focus to where it was."""
        self._window.removeEventFilter(self)
        self._steps[self.at].target.removeEventFilter(self)
        self._escape.setEnabled(False)
        self._escape.deleteLater()
        self.frame.hide()
        self.frame.deleteLater()
        self.left.emit()
        if self._before is not None and isValid(self._before):
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        event.accept()


def _beside(target: QRect, card: QRect, window: QRect) -> QPoint:
    """Return the place of the card: right of the panel, else left, above or below, else in its lower right corner."""
    gap = _LINE * 4
    places = (
        QPoint(target.right() + gap, target.top() + gap),
        QPoint(target.left() - card.width() - gap, target.top() + gap),
        QPoint(target.left() + gap, target.top() - card.height() - gap),
        QPoint(target.left() + gap, target.bottom() + gap),
    )
    for place in places:
        if window.contains(QRect(place, card.size())):
            return place
    return QPoint(target.right() - card.width() - gap, target.bottom() - card.height() - gap)
