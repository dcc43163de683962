"""The decisions as buttons above the evidence, each with its key."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QWidget

from iamdesk.gui.core.plain_text import set_tooltip
from iamdesk.gui.review.choices import choices_for
from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.i18n import tr

_GAP = 4


class DecisionButtons(QWidget):
    """One button for each decision that the current row can take; hidden without a row. Wraps where it is narrow."""

    chosen = Signal(object)
    """`ReviewDecision` for the selected rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("decisionButtons")
        self.setAccessibleName(tr("Decide on the selected rows"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_GAP)
        self._kind: type[DecidedRow] | None = None
        self.buttons: list[QToolButton] = []
        self.hide()

    def show_row(self, row: DecidedRow | None) -> None:
        """Offer the decisions of a row; nothing without one."""
        self.setVisible(row is not None)
        if row is None or type(row) is self._kind:
            return
        self._kind = type(row)
        for button in self.buttons:
            self._grid.removeWidget(button)
            button.deleteLater()
        self.buttons = []
        for key, choice, word in choices_for(row):
            button = QToolButton(self)
            button.setText(f"{key} {tr(word)}")
            button.setAccessibleName(tr(word))
            set_tooltip(button, tr("{decision} the selected rows: key {key}").format(decision=tr(word), key=key))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _on=False, choice=choice: self.chosen.emit(choice))
            self.buttons.append(button)
        self._arrange()

    def _arrange(self) -> None:
        """Lay the buttons out in as many columns as there is room for."""
        widths = [button.sizeHint().width() for button in self.buttons]
        if not widths:
            return
        self.setMinimumWidth(max(widths))
        count = len(widths)
        columns = next((one for one in range(count, 1, -1) if _needed(widths, one) <= self.width()), 1)
        for place, button in enumerate(self.buttons):
            self._grid.addWidget(button, place // columns, place % columns)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the width."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the text size."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "buttons"):
            self._arrange()


def _needed(widths: list[int], columns: int) -> int:
    """Return the width of so many columns, each as wide as its widest button."""
    return sum(max(widths[at::columns]) for at in range(columns)) + (columns - 1) * _GAP
