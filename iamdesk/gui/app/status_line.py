"""The status line: snapshot, capture date, number of principals, missing data, date of the action data."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStatusBar, QToolButton, QWidget

from iamdesk.gui.core.action_data import action_data_day
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import ElidedLabel, plain_label, set_tooltip
from iamdesk.gui.start.overview_facts import status_words
from iamdesk.i18n import tr

if TYPE_CHECKING:
    from iamdesk.api import Opened


class StatusLine(QWidget):
    """Shows what every result in the window is based on."""

    missing_data_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusLine")
        self.about = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.missing_data = QToolButton()
        self.missing_data.setObjectName("showGaps")
        self.missing_data.setAutoRaise(True)
        set_tooltip(self.missing_data, tr("Show the entries with missing data"))
        self.missing_data.clicked.connect(self.missing_data_wanted)
        self.actions_day = plain_label()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(self.fontMetrics().averageCharWidth() * 2)
        layout.addWidget(self.about, 1000)  # as wide as its text, if there is room
        layout.addWidget(self.missing_data)
        layout.addWidget(self.actions_day)
        layout.addStretch(1)
        self.show_snapshot(None)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Stay hidden under a message: the status bar shows all its widgets again when one beside it comes or goes."""
        super().showEvent(event)
        QTimer.singleShot(0, self, self._give_way)

    def _give_way(self) -> None:
        bar = self.parentWidget()
        if isinstance(bar, QStatusBar) and bar.currentMessage():
            self.hide()

    def show_snapshot(self, opened: "Opened | None", missing_data: int = 0) -> None:
        """Show another snapshot, with its number of entries with missing data; None clears the line."""
        text = status_words(opened) if opened is not None else ""
        self.about.setText(text)
        self.about.setMaximumWidth(self.about.fontMetrics().horizontalAdvance(text) + 4)
        self.missing_data.setText(tr("Missing data: {count}").format(count=number(missing_data)))
        self.missing_data.setVisible(missing_data > 0)
        self.actions_day.setText(tr("action data {day}").format(day=action_data_day()) if opened is not None else "")
