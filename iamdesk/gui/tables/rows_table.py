"""The view of a `RowsModel`: rows are selected as a whole, Enter activates, Ctrl+C copies them as displayed."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QTableView, QWidget

from iamdesk.gui.tables.rows_model import RowsModel, TableRow

_THIS_ROW = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows


class RowsTable[Row: TableRow](QTableView):
    """``activated`` is also emitted for Enter in a row."""

    def __init__(
        self,
        model: RowsModel[Row],
        *,
        name: str,
        title: str,
        widest: Mapping[int, str],
        stretched: int,
        parent: QWidget | None = None,
    ) -> None:
        """Create a view of a model.

        Args:
            model: The rows; sorted by its first column.
            name: Object name of the table; that of its header ends in ``Header``, and keeps its columns.
            title: Accessible name.
            widest: Sample texts for the initial column widths.
            stretched: The column that takes the remaining width.
            parent: Parent widget.
        """
        super().__init__(parent)
        self.rows_model = model
        self.setObjectName(name)
        self.setAccessibleName(title)
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
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 7)
        header = self.horizontalHeader()
        header.setObjectName(f"{name.removesuffix('Table')}Header")
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        for column, text in widest.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, self.fontMetrics().horizontalAdvance(text) + 16)
        header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)

    def current_row(self) -> Row | None:
        """Return the current row."""
        return self.rows_model.row_at(self.currentIndex())

    def selected_rows(self) -> Sequence[Row]:
        """Return the selected rows, from the top."""
        places = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return [self.rows_model.shown[place] for place in places]

    def go_to(self, place: int) -> None:
        """Select a row and scroll to it, regardless of pressed keys: Ctrl would deselect it."""
        index = self.rows_model.index(place, 0)
        self.selectionModel().setCurrentIndex(index, _THIS_ROW)
        self.scrollTo(index)

    def copied(self, row: Row) -> Sequence[str]:
        """Return the cells of a row as copied."""
        return row.texts

    def copied_text(self) -> str:
        """Return the selected rows as copied (``gui/core/clipboard.py``)."""
        return "\n".join("\t".join(self.copied(row)) for row in self.selected_rows())

    def copy(self) -> None:
        """Copy the selected rows as displayed, with tabs between the cells."""
        QApplication.clipboard().setText(self.copied_text())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Activate at Enter; Qt handles the rest."""
        current = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current.isValid():
            self.activated.emit(current)
        else:
            super().keyPressEvent(event)
