"""The findings table and its column widths."""

from PySide6.QtWidgets import QMenu, QWidget

from iamdesk.gui.core.run_command import run_command
from iamdesk.gui.findings.findings_model import FindingsModel
from iamdesk.gui.findings.rows import Column, FindingRow
from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr

_WIDEST: dict[int, str] = {
    Column.SEVERITY: "mm Critical",
    Column.CHECK: "ADM-01  Administrator under conditions",
    Column.SUBJECT: "BreakGlassAdmin  managed",
    Column.ACCOUNT: "000000000000",
    Column.STATE: "mm cannot tell",
    Column.NOTE: "mm important: by",
}
"""Sample texts for the initial column widths."""


class FindingsTable(RowsTable[FindingRow]):
    """Enter goes to the subject; Ctrl+C copies the selected rows."""

    def __init__(self, model: FindingsModel, parent: QWidget | None = None) -> None:
        super().__init__(
            model,
            name="findingsTable",
            title=tr("Findings"),
            widest=_WIDEST,
            stretched=Column.SENTENCE,
            parent=parent,
        )

    def add_actions_for(self, menu: QMenu, row: FindingRow) -> None:  # noqa: ARG002 - on all selected rows
        """Add writing a note."""
        menu.addAction(icons.icon(Glyph.NOTE, self.palette()), tr("&Note…"), lambda: run_command(self, "actionNote"))
