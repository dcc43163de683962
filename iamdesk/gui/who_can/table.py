"""The who-can table: its context menu and column widths."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.gui.who_can.model import WhoCanModel
from iamdesk.gui.who_can.rows import EXPLAINED, Column, PrincipalRow, WhoCanRow
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr

_WIDEST: dict[int, str] = {
    Column.DECISION: "mm Allowed mm",
    Column.PRINCIPAL: "mm GitHubActionsLegacy m",
    Column.KIND: "root user mmm",
    Column.ACCOUNT: "000000000000 m",
    Column.HOW: "PayrollReadWrite through gro",
}
"""Sample texts for the initial column widths."""


class WhoCanTable(RowsTable[WhoCanRow]):
    """Enter opens the full result, or expands a row with several actions; Ctrl+C copies the selected rows."""

    explanation_wanted = Signal(object)
    """A `WhoCanRow`."""
    subject_wanted = Signal(object)
    access_wanted = Signal(object)
    looked = Signal()
    """Other rows are in sight, or may be."""
    details_wanted = Signal(object, object)
    """Rows that are to be explained first, and what follows then."""

    def __init__(self, model: WhoCanModel, parent: QWidget | None = None) -> None:
        super().__init__(
            model,
            name="whoCanTable",
            title=tr("Who can"),
            widest=_WIDEST,
            stretched=Column.WHEN,
            names=Column.PRINCIPAL,
            parent=parent,
        )
        self._model = model
        self.activated.connect(lambda index: self._act(model.shown[index.row()]))
        self.clicked.connect(self._show)
        bar = self.verticalScrollBar()
        for moved in (bar.valueChanged, bar.rangeChanged, model.modelReset, model.settled):
            moved.connect(self.looked)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Rows come into sight."""
        super().showEvent(event)
        self.looked.emit()

    def rows_in_sight(self) -> Sequence[WhoCanRow]:
        """Return the rows that are on the screen; none while the table is not."""
        shown = self._model.shown
        if not self.isVisible() or not shown:
            return ()
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        return shown[max(first, 0) : last + 1 if last >= 0 else len(shown)]

    def _show(self, index: QModelIndex) -> None:
        """Show the result of a row at one click, unless the click selects several rows."""
        row = self._model.shown[index.row()]
        if len(self.selected_rows()) == 1 and not isinstance(row, PrincipalRow):
            self.explanation_wanted.emit(row)

    def _act(self, row: WhoCanRow) -> None:
        if isinstance(row, PrincipalRow):
            self.toggle(row)
        else:
            self.explanation_wanted.emit(row)

    def toggle(self, row: PrincipalRow) -> None:
        """Expand or collapse the actions of a row."""
        self._model.toggle(row)
        self.looked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Expand a row with Right, collapse it with Left, also from one of its actions."""
        row = self.current_row()
        if row is not None and event.key() == Qt.Key.Key_Right and isinstance(row, PrincipalRow) and not row.is_open:
            self.toggle(row)
        elif row is not None and event.key() == Qt.Key.Key_Left and (owner := self._open_one(row)) is not None:
            self.toggle(owner)
            self.go_to(self._model.shown.index(owner))
        else:
            super().keyPressEvent(event)

    def _open_one(self, row: WhoCanRow) -> PrincipalRow | None:
        if isinstance(row, PrincipalRow):
            return row if row.is_open else None
        return self._model.owner(row)

    def copied_text(self) -> str:
        """Return the selected rows as copied; empty if they have to be explained first: then they are copied later."""
        return "" if self._explained_later(self.copy) else super().copied_text()

    def copy(self) -> None:
        """Copy the selected rows as displayed, once they are explained."""
        if text := self.copied_text():
            QApplication.clipboard().setText(text)

    def copy_markdown(self) -> None:
        """Copy the selected rows as a Markdown table, once they are explained."""
        if not self._explained_later(self.copy_markdown):
            super().copy_markdown()

    def _explained_later(self, then: Callable[[], None]) -> bool:
        """Return whether selected rows are not explained; if so, have them explained, and ``then`` called."""
        current = self.current_row()
        rows = self.selected_rows() or ([] if current is None else [current])
        missing = [row for row in rows if not row.has_details]
        if missing:
            self.details_wanted.emit(missing, then)
        return bool(missing)

    def copied(self, row: WhoCanRow) -> Sequence[str]:
        """Return the cells as displayed, and the whole ARN."""
        return (*super().copied(row), row.principal)

    def has_filter(self, row: WhoCanRow, column: int) -> bool:
        """Return whether a cell can be filtered by: not before it is known."""
        return row.has_details or column not in EXPLAINED

    def filtered_row(self, row: WhoCanRow) -> WhoCanRow:
        """Return the principal of an action: filters show principals."""
        return self._model.owner(row) or row

    def add_actions_for(self, menu: QMenu, row: WhoCanRow) -> None:
        """Add what can be done with a row."""
        if isinstance(row, PrincipalRow):
            menu.addAction(
                tr("&Hide its actions") if row.is_open else tr("Show its &actions"), lambda: self.toggle(row)
            )
        else:
            menu.addAction(tr("&Explain this decision"), lambda: self.explanation_wanted.emit(row))
        if not row.is_external:
            menu.addAction(tr("&Show this principal"), lambda: self.subject_wanted.emit(row))
            menu.addAction(tr("E&ffective permissions"), lambda: self.access_wanted.emit(row))
        menu.addSeparator()
        icon = icons.icon(Glyph.COPY, self.palette())
        menu.addAction(icon, tr("Copy A&RN"), lambda: QApplication.clipboard().setText(row.principal))
