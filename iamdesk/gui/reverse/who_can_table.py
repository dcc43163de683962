"""The table of who can: what the keyboard does in it, its context menu, and how wide its columns are."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QMenu, QTableView, QWidget

from iamdesk.gui import marks
from iamdesk.gui.marks import Glyph
from iamdesk.gui.reverse.who_can_model import WhoCanModel
from iamdesk.gui.reverse.who_can_rows import Column, WhoCanRow

_WIDEST = {
    Column.DECISION: "mm Allowed mm",
    Column.PRINCIPAL: "mm platform-exporter-sandbox",
    Column.KIND: "service-linked role",
    Column.ACCOUNT: "000000000000 m",
    Column.HOW: "AdministratorAccess through group Administrators and PowerUser",
}
"""What a column is wide enough for at first."""


class WhoCanTable(QTableView):
    """Enter opens the full answer; Ctrl+C copies the selected rows."""

    explanation_wanted = Signal(object)
    """A `WhoCanRow`."""
    subject_wanted = Signal(object)
    access_wanted = Signal(object)

    def __init__(self, model: WhoCanModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setObjectName("whoCanTable")
        self.setAccessibleName("Who can")
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
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.activated.connect(lambda index: self.explanation_wanted.emit(self._model.shown[index.row()]))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 7)
        header = self.horizontalHeader()
        header.setObjectName("whoCanHeader")
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicator(Column.DECISION, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        for column, text in _WIDEST.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, self.fontMetrics().horizontalAdvance(text) + 16)
        header.setSectionResizeMode(Column.WHEN, QHeaderView.ResizeMode.Stretch)

    def current_row(self) -> WhoCanRow | None:
        """Return the row that has the cursor."""
        index = self.currentIndex()
        return self._model.shown[index.row()] if index.isValid() else None

    def go_to(self, place: int) -> None:
        """Select a row and bring it into view."""
        self.selectRow(place)
        self.scrollTo(self._model.index(place, 0))

    def copy(self) -> None:
        """Copy the selected rows as they are seen, tabs between the cells."""
        places = sorted({index.row() for index in self.selectionModel().selectedRows()})
        rows = [self._model.shown[place] for place in places]
        lines = ("\t".join((*row.texts, row.principal)) for row in rows)
        QApplication.clipboard().setText("\n".join(lines))

    def menu_for(self, row: WhoCanRow) -> QMenu:
        """Return the context menu of a row; it deletes itself when closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("&Explain this answer", lambda: self.explanation_wanted.emit(row))
        menu.addAction("&Show this principal", lambda: self.subject_wanted.emit(row))
        menu.addAction("&What else can it do?", lambda: self.access_wanted.emit(row))
        menu.addSeparator()
        icon = marks.icon(Glyph.COPY, self.palette())
        menu.addAction(icon, "Copy A&RN", lambda: QApplication.clipboard().setText(row.principal))
        menu.addAction("&Copy the selected rows", self.copy)
        return menu

    def _show_menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if index.isValid():
            self.menu_for(self._model.shown[index.row()]).popup(self.viewport().mapToGlobal(place))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Copy rows; open the answer at Enter; the rest is Qt's."""
        current = self.currentIndex()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current.isValid():
            self.activated.emit(current)
        else:
            super().keyPressEvent(event)
