"""The view of a `RowsModel`: rows are selected as a whole, Enter activates, Ctrl+C copies them as displayed.

Its context menu (also Shift+F10, and that of its header) filters by a cell, sorts by one or several columns, chooses,
moves and pins columns, and copies rows. A click on a title sorts, with Shift by this column, too.
"""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QPoint,
    QSignalBlocker,
    Qt,
)
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QMenu, QTableView, QWidget

from iamdesk.gui.core.clipboard import markdown_table
from iamdesk.gui.core.notebook import Notebook
from iamdesk.gui.core.plain_text import menu_text
from iamdesk.gui.core.run_command import run_command
from iamdesk.gui.core.table_memory import TableMemory
from iamdesk.gui.tables.filter_line import FilterLine
from iamdesk.gui.tables.noted_row import NotedRow
from iamdesk.gui.tables.rows_model import RowsModel, TableRow
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr

_THIS_ROW = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows


_ENDS = (Qt.Key.Key_Home, Qt.Key.Key_End)
_KEYPAD = Qt.KeyboardModifier.KeypadModifier
_LEAST_REST = 28
"""Characters in the column that takes the remaining width, at least."""


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
        names: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        """Create a view of a model.

        Args:
            model: The rows; sorted by its first column.
            name: Object name of the table; that of its header ends in ``Header``, and keeps its columns.
            title: Accessible name.
            widest: Sample texts for the initial column widths; none is narrower than its title.
            stretched: The column that takes the remaining width.
            names: The column that names a row: the column of notes follows it.
            parent: Parent widget.
        """
        super().__init__(parent)
        self.rows_model = model
        self._line: FilterLine | None = None
        self._memory: TableMemory | None = None
        self._needless: set[int] = set()
        """Columns without content, which the panel hides."""
        self._hidden: set[int] = set()
        """Columns that the user hides."""
        self._names = names
        self._order_before = model.order
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
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self._fit_rows()
        header = self.horizontalHeader()
        header.setObjectName(f"{name.removesuffix('Table')}Header")
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        for column, text in widest.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            self.fit_column(column, text)
        header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
        self._stretched = stretched
        self._kept_wide: int | None = None
        """The width of the stretched column, in pixels, where there was not enough left and the table scrolls."""
        header.setSectionsMovable(True)
        header.setFirstSectionMovable(False)
        header.sectionPressed.connect(self._remember_order)
        header.sectionClicked.connect(self._title_clicked)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_header_menu)

    def fit_column(self, column: int, text: str) -> None:
        """Make a column as wide as a text and its title."""
        header = self.horizontalHeader()
        width = self.fontMetrics().horizontalAdvance(text) + 16
        header.resizeSection(column, max(width, header.sectionSizeHint(column)))

    def connect_filter(self, line: FilterLine, memory: TableMemory) -> None:
        """Offer to filter by a cell in the context menu, and remember columns."""
        self._line = line
        self.remember_in(memory)

    def connect_notes(self, notebook: Notebook) -> None:
        """Show the user's notes on rows, in a column of their own, once there are any: behind the names of the rows."""
        model, column, header = self.rows_model, self.rows_model.note_column, self.horizontalHeader()
        if column is None:
            return
        if self._names:
            header.moveSection(header.visualIndex(column), header.visualIndex(self._names) + 1)
        header.resizeSection(column, self.fontMetrics().horizontalAdvance("mm important: by") + 16)
        self.setColumnHidden(column, True)
        model.noted.connect(lambda is_noted: self.setColumnHidden(column, not is_noted))
        notebook.changed.connect(lambda _items: model.show_notes(notebook.notes))
        model.show_notes(notebook.notes)

    def items_to_note(self) -> Sequence[str]:
        """Return what notes on the selected rows are on."""
        items: list[str] = []
        for row in self.selected_rows():
            if isinstance(row, NotedRow):
                items += row.noted_items[:1]
        return tuple(dict.fromkeys(items))

    def remember_in(self, memory: TableMemory) -> None:
        """Remember chosen columns and order, and follow the density of rows."""
        self._memory = memory
        memory.density_changed.connect(self._fit_rows)
        memory.changed.connect(self._memory_changed)
        self.recall()

    def current_row(self) -> Row | None:
        """Return the current row."""
        return self.rows_model.row_at(self.currentIndex())

    def selected_rows(self) -> Sequence[Row]:
        """Return the selected rows, from the top."""
        places = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return [self.rows_model.shown[place] for place in places]

    def go_to(self, place: int, column: int = 0) -> None:
        """Select a row and scroll to it, regardless of pressed keys: Ctrl would deselect it."""
        index = self.rows_model.index(place, column)
        self.selectionModel().setCurrentIndex(index, _THIS_ROW)
        self.scrollTo(index)

    # Columns

    def setColumnHidden(self, column: int, hide: bool) -> None:  # noqa: N802 - Qt's name
        """Hide a column without content, or show it unless the user hides it."""
        (self._needless.add if hide else self._needless.discard)(column)
        super().setColumnHidden(column, hide or column in self._hidden)

    def choose_column(self, column: int, shown: bool) -> None:
        """Show a column or hide it, as the user wants; the last visible one stays."""
        if not shown and len(self._visible_columns()) < 2:
            return
        (self._hidden.discard if shown else self._hidden.add)(column)
        if shown:
            self._needless.discard(column)
        super().setColumnHidden(column, column in self._hidden or column in self._needless)
        self._keep()

    def move_column(self, column: int, by: int) -> None:
        """Move a column to the left or right of its visible neighbor; the first one stays."""
        header, columns = self.horizontalHeader(), self._visible_columns()
        place = columns.index(column) if column in columns else 0
        if place and 0 < place + by < len(columns):
            header.moveSection(header.visualIndex(column), header.visualIndex(columns[place + by]))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the column that takes the remaining width."""
        super().resizeEvent(event)
        self._fit_stretched()

    def _fit_stretched(self) -> None:
        """Leave a readable width to the column that takes the rest: the table scrolls where there is not enough."""
        header, stretched = self.horizontalHeader(), self._stretched
        if self.isColumnHidden(stretched):
            return
        others = sum(self.columnWidth(column) for column in range(header.count()) if column != stretched)
        least = self.fontMetrics().averageCharWidth() * _LEAST_REST
        has_room = self.viewport().width() - others >= least
        if has_room and header.sectionSize(stretched) == self._kept_wide:  # else, the user chose the width
            header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
            self._kept_wide = None
        elif not has_room and header.sectionResizeMode(stretched) is QHeaderView.ResizeMode.Stretch:
            header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(stretched, least)
            self._kept_wide = header.sectionSize(stretched)

    def _visible_columns(self) -> list[int]:
        """Return the visible columns from left to right."""
        header = self.horizontalHeader()
        order = sorted(range(header.count()), key=header.visualIndex)
        return [column for column in order if not header.isSectionHidden(column)]

    def _keep(self) -> None:
        if self._memory is not None:
            self._memory.set_columns(self.objectName(), self._hidden, self.rows_model.order)

    def _memory_changed(self, table: str) -> None:
        if not table:  # it was read from the settings
            self.recall()

    def recall(self) -> None:
        """Use the columns and the order of the last run, if these are known; also after the header's state is restored.

        That state has one column of the order only.
        """
        kept = self._memory.columns(self.objectName()) if self._memory is not None else None
        if kept is None:
            return
        count = self.rows_model.columnCount()
        self._hidden = {column for column in kept.hidden if 0 <= column < count}
        for column in range(count):
            super().setColumnHidden(column, column in self._hidden or column in self._needless)
        order = [(column, descending) for column, descending in kept.order if 0 <= column < count]
        if order:
            self.sort_by(order)

    def _fit_rows(self) -> None:
        """Set the height of rows."""
        room = 2 if self._memory is not None and self._memory.is_compact else 7
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + room)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the text size."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "_memory"):
            self._fit_rows()

    # Order

    def sort_by(self, order: Sequence[tuple[int, bool]]) -> None:
        """Sort by columns, each with whether in descending order; the first one counts most."""
        column, descending = order[0]
        header = self.horizontalHeader()
        header.setSortIndicatorShown(len(order) == 1)  # of several, the titles show place and direction
        with QSignalBlocker(header):
            header.setSortIndicator(column, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)
        header.viewport().update()
        self.rows_model.sort_by(order)
        self._keep()

    def sort_also_by(self, column: int, order: Sequence[tuple[int, bool]] | None = None) -> None:
        """Sort by one more column among rows that are equal so far; by a column of the order in the other direction."""
        order = list(self.rows_model.order if order is None else order)
        found = next((at for at, (one, _descending) in enumerate(order) if one == column), None)
        if found is None:
            order.append((column, False))
        else:
            order[found] = (column, not order[found][1])
        self.sort_by(order)

    def _remember_order(self, _column: int) -> None:
        self._order_before = self.rows_model.order

    def _title_clicked(self, column: int) -> None:
        """Sort by this column, too, if Shift is held; Qt has sorted by it alone."""
        if QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.sort_also_by(column, self._order_before)
        else:
            self.horizontalHeader().setSortIndicatorShown(True)
            self._keep()

    # Menus

    def menu_for(self, row: Row, column: int = 0) -> QMenu:
        """Return the context menu of a cell; it deletes itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.add_actions_for(menu, row)
        if self.rows_model.note_column is not None and isinstance(row, NotedRow) and row.noted_items:
            menu.addAction(
                icons.icon(Glyph.NOTE, self.palette()), tr("&Note…"), lambda: run_command(self, "actionNote")
            )
        if menu.actions():
            menu.addSeparator()
        self._add_filters(menu, row, column)
        menu.addAction(icons.icon(Glyph.COPY, self.palette()), tr("&Copy the selected rows"), self.copy)
        menu.addAction(tr("Copy as &Markdown"), self.copy_markdown)
        menu.addSeparator()
        self._add_column_actions(menu, column)
        return menu

    def add_actions_for(self, menu: QMenu, row: Row) -> None:
        """Add what can be done with a row; here nothing."""

    def filtered_row(self, row: Row) -> Row:
        """Return the row to filter by in place of one that no filter applies to; here the row itself."""
        return row

    def has_filter(self, row: Row, column: int) -> bool:  # noqa: ARG002 - for tables whose cells come later
        """Return whether there is a filter by a cell of a row."""
        return True

    def header_menu(self, column: int) -> QMenu:
        """Return the context menu of a title."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._add_column_actions(menu, column)
        return menu

    def _add_filters(self, menu: QMenu, row: Row, column: int) -> None:
        line = self._line
        if line is None or line.fields.at_column(column) is None:
            return
        row = self.filtered_row(row)
        if not self.has_filter(row, column):
            return
        by, out = line.fields.of_cell(row, column), line.fields.of_cell(row, column, leave_out=True)
        glyph = icons.icon(Glyph.FILTER, self.palette())
        menu.addAction(glyph, tr("&Filter by this cell"), lambda: line.add_test(by))
        menu.addAction(tr("&Leave out this cell"), lambda: line.add_test(out))
        menu.addSeparator()

    def _add_column_actions(self, menu: QMenu, column: int) -> None:
        title = menu_text(self.rows_model.titles[column])
        menu.addAction(tr("&Sort by {column}").format(column=title), lambda: self._sort_alone(column))
        menu.addAction(
            tr("&Then sort by {column} (Shift+click)").format(column=title), lambda: self.sort_also_by(column)
        )
        columns = menu.addMenu(tr("C&olumns"))
        for one, name in enumerate(self.rows_model.titles):
            action = QAction(menu_text(name), columns)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(one))
            action.toggled.connect(lambda shown, one=one: self.choose_column(one, shown))
            columns.addAction(action)
        columns.addSeparator()
        columns.addAction(tr("Move {column} to the &left").format(column=title), lambda: self.move_column(column, -1))
        columns.addAction(tr("Move {column} to the &right").format(column=title), lambda: self.move_column(column, 1))

    def _sort_alone(self, column: int) -> None:
        """Sort by a column alone; if that is the order already, in the other direction."""
        self.sort_by([(column, tuple(self.rows_model.order) == ((column, False),))])

    def _show_header_menu(self, place: QPoint) -> None:
        header = self.horizontalHeader()
        column = header.logicalIndexAt(place)
        if column >= 0:
            self.header_menu(column).popup(header.viewport().mapToGlobal(place))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Show the menu of a cell, of the current one if a key asks for it."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        row = self.rows_model.row_at(index)
        if row is None:
            return
        if by_key:
            self.scrollTo(index)
        place = self.visualRect(index).center() if by_key else event.pos()
        self.menu_for(row, index.column()).popup(self.viewport().mapToGlobal(place))

    # Copying

    def copy_markdown(self) -> None:
        """Copy the visible columns of the selected rows as a Markdown table."""
        columns, titles = self._visible_columns(), self.rows_model.titles
        rows = self.selected_rows() or [row for row in [self.current_row()] if row is not None]
        cells = [[texts[column] for column in columns] for texts in map(self.rows_model.texts_of, rows)]
        QApplication.clipboard().setText(markdown_table([titles[column] for column in columns], cells))

    def copied(self, row: Row) -> Sequence[str]:
        """Return the cells of a row as copied: in the order of the columns, without those that the user hides.

        Notes are copied if they are shown.
        """
        texts, header, notes = self.rows_model.texts_of(row), self.horizontalHeader(), self.rows_model.note_column
        order = sorted(range(len(texts)), key=header.visualIndex)
        without = self._hidden | ({notes} if notes is not None and self.isColumnHidden(notes) else set())
        return [texts[column] for column in order if column not in without]

    def copied_text(self) -> str:
        """Return the selected rows as copied (``gui/core/clipboard.py``)."""
        return "\n".join("\t".join(self.copied(row)) for row in self.selected_rows())

    def copy(self) -> None:
        """Copy the selected rows as displayed, with tabs between the cells."""
        QApplication.clipboard().setText(self.copied_text())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Activate at Enter; Home and End go to the first and last row, for rows are chosen; Qt handles the rest."""
        current = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current.isValid():
            self.activated.emit(current)
        elif event.key() in _ENDS and self.rows_model.shown and not event.modifiers() & ~_KEYPAD:
            last = len(self.rows_model.shown) - 1
            self.go_to(0 if event.key() == Qt.Key.Key_Home else last, max(current.column(), 0))
        else:
            super().keyPressEvent(event)
