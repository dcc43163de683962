"""The table of who can: its context menu, and how wide its columns are."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from iamdesk.gui import marks
from iamdesk.gui.marks import Glyph
from iamdesk.gui.reverse.who_can_model import WhoCanModel
from iamdesk.gui.reverse.who_can_rows import Column, WhoCanRow
from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.language import tr

_WIDEST: dict[int, str] = {
    Column.DECISION: "mm Allowed mm",
    Column.PRINCIPAL: "mm platform-exporter-sandbox",
    Column.KIND: "service-linked role",
    Column.ACCOUNT: "000000000000 m",
    Column.HOW: "AdministratorAccess through group Administrators and PowerUser",
}
"""What a column is wide enough for at first."""


class WhoCanTable(RowsTable[WhoCanRow]):
    """Enter opens the full answer; Ctrl+C copies the selected rows."""

    explanation_wanted = Signal(object)
    """A `WhoCanRow`."""
    subject_wanted = Signal(object)
    access_wanted = Signal(object)

    def __init__(self, model: WhoCanModel, parent: QWidget | None = None) -> None:
        super().__init__(
            model, name="whoCanTable", title=tr("Who can"), widest=_WIDEST, stretched=Column.WHEN, parent=parent
        )
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.activated.connect(lambda index: self.explanation_wanted.emit(model.shown[index.row()]))

    def copied(self, row: WhoCanRow) -> Sequence[str]:
        """Return the cells as they are seen, and the whole ARN."""
        return (*row.texts, row.principal)

    def menu_for(self, row: WhoCanRow) -> QMenu:
        """Return the context menu of a row; it deletes itself when closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("&Explain this answer"), lambda: self.explanation_wanted.emit(row))
        menu.addAction(tr("&Show this principal"), lambda: self.subject_wanted.emit(row))
        menu.addAction(tr("&What else can it do?"), lambda: self.access_wanted.emit(row))
        menu.addSeparator()
        icon = marks.icon(Glyph.COPY, self.palette())
        menu.addAction(icon, tr("Copy A&RN"), lambda: QApplication.clipboard().setText(row.principal))
        menu.addAction(tr("&Copy the selected rows"), self.copy)
        return menu

    def _show_menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if index.isValid():
            self.menu_for(self.rows_model.shown[index.row()]).popup(self.viewport().mapToGlobal(place))
