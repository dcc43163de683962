"""The who-can table: its context menu and column widths."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.gui.who_can.model import WhoCanModel
from iamdesk.gui.who_can.rows import Column, PrincipalRow, WhoCanRow
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
    opened = Signal()
    """Actions were expanded or collapsed."""

    def __init__(self, model: WhoCanModel, parent: QWidget | None = None) -> None:
        super().__init__(
            model,
            name="whoCanTable",
            title=tr("Who can"),
            widest=_WIDEST,
            stretched=Column.WHEN,
            pinned=Column.PRINCIPAL,
            parent=parent,
        )
        self._model = model
        self.activated.connect(lambda index: self._act(model.shown[index.row()]))
        self.clicked.connect(self._show)

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
        self.opened.emit()

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

    def copied(self, row: WhoCanRow) -> Sequence[str]:
        """Return the cells as displayed, and the whole ARN."""
        return (*super().copied(row), row.principal)

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
