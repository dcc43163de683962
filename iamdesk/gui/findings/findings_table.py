"""The findings table and its column widths."""

from PySide6.QtWidgets import QWidget

from iamdesk.gui.findings.findings_model import FindingsModel
from iamdesk.gui.findings.rows import Column, FindingRow
from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.i18n import tr

_WIDEST: dict[int, str] = {
    Column.SEVERITY: "mm Critical",
    Column.CHECK: "ADM-01  Administrator under conditions",
    Column.SUBJECT: "BreakGlassAdmin  managed",
    Column.ACCOUNT: "000000000000",
    Column.STATE: "mm cannot tell",
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
