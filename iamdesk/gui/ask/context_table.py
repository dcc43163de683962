"""The table of condition keys and its keyboard handling."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QSizePolicy, QTableView

from iamdesk.gui.ask.context_model import Column


class ContextTable(QTableView):
    """The table: Enter edits the value, Delete removes it, Ctrl+C copies rows."""

    forget = Signal(list)
    """Rows whose values are to be removed."""

    def __init__(self) -> None:
        super().__init__()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.SelectedClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Edit the value from any column of its row; remove values."""
        current = self.currentIndex()
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and current.isValid():
            rows = {index.row() for index in self.selectionModel().selectedRows()} or {current.row()}
            self.forget.emit(sorted(rows))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2) and current.isValid():
            self._edit_value(current.row())
        elif event.text().isprintable() and event.text().strip() and current.isValid():
            self.setCurrentIndex(current.siblingAtColumn(Column.VALUE))
            super().keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def _edit_value(self, row: int) -> None:
        cell = self.model().index(row, Column.VALUE)
        self.setCurrentIndex(cell)
        self.edit(cell)
