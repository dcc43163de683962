"""The table of findings: what the keyboard does in it, and how wide its columns are."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QTableView, QWidget

from iamdesk.gui.findings.findings_model import FindingsModel
from iamdesk.gui.findings.rows import Column

_WIDEST = {
    Column.SEVERITY: "mm Critical",
    Column.CHECK: "ADM-01  Administrator under conditions",
    Column.SUBJECT: "BreakGlassAdmin  managed",
    Column.ACCOUNT: "000000000000",
    Column.STATE: "mm cannot tell",
}
"""What a column is wide enough for at first."""


class FindingsTable(QTableView):
    """Enter goes to the subject; Ctrl+C copies the selected rows."""

    def __init__(self, model: FindingsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setObjectName("findingsTable")
        self.setAccessibleName("Findings")
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 7)
        header = self.horizontalHeader()
        header.setObjectName("findingsHeader")
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicator(Column.SEVERITY, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        for column, text in _WIDEST.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, self.fontMetrics().horizontalAdvance(text) + 16)
        header.setSectionResizeMode(Column.SENTENCE, QHeaderView.ResizeMode.Stretch)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Copy rows; follow at Enter; the rest is Qt's."""
        current = self.currentIndex()
        if event.matches(QKeySequence.StandardKey.Copy):
            places = sorted({index.row() for index in self.selectionModel().selectedIndexes()})
            lines = ("\t".join(self._model.shown[place].texts) for place in places)
            QApplication.clipboard().setText("\n".join(lines))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current.isValid():
            self.activated.emit(current)
        else:
            super().keyPressEvent(event)
