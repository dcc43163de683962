"""The model of the findings table: adds findings as they arrive, counts them, returns texts, marks and colors."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, override

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QPalette
from PySide6.QtWidgets import QWidget

from iamdesk.checks.finding import Severity, State, Suppression
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.findings.rows import (
    COLUMN_TITLES,
    SEVERITIES,
    UNGROUPED,
    Column,
    Counts,
    FindingFilter,
    FindingRow,
    Group,
    Tally,
    groups_of,
)
from iamdesk.gui.findings.severity_mark import SEVERITY_COLOURS, severity_icon
from iamdesk.gui.tables.rows_model import RowsModel
from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.i18n import tr


class FindingsModel(RowsModel[FindingRow]):
    """All findings of a snapshot, of which the filter shows some."""

    def __init__(self, palette: QPalette) -> None:
        self._tally = Tally()
        super().__init__([tr(COLUMN_TITLES[column]) for column in Column], FindingFilter(), palette, has_notes=True)

    @property
    def counts(self) -> Counts:
        """The counts, regardless of the filter."""
        return self._tally.counts

    @property
    def risks(self) -> dict[Severity, frozenset[str]]:
        """Users and roles by highest severity of their open findings."""
        return self._tally.risks

    def clear(self) -> None:
        """Remove all findings; filter and order stay."""
        self._tally = Tally()
        super().clear()

    def extend(self, rows: Sequence[FindingRow]) -> None:
        """Add findings; visible ones are inserted by the current order."""
        self._tally.add(rows)
        super().extend(rows)

    def groups(self) -> tuple[Group, ...]:
        """Return the groups of the findings that pass the filter, whichever group is chosen."""
        chosen = self._filter
        if not isinstance(chosen, FindingFilter) or chosen.grouping in UNGROUPED:
            return ()
        accepts = chosen.accepts_group
        return groups_of((row.finding for row in self._all if accepts(row)), chosen.grouping)

    def suppress(self, suppressions: Mapping[str, Suppression]) -> None:
        """Set which findings are suppressed, by fingerprint; the others are open.

        What the settings of the checks suppress stays suppressed.
        """
        changed = [
            row
            if (row.finding.suppression is not None and row.finding.suppression.by_rule)
            or row.finding.suppression == suppressions.get(row.finding.fingerprint)
            else FindingRow(replace(row.finding, suppression=suppressions.get(row.finding.fingerprint)), row.notes)
            for row in self._all
        ]
        self._all = changed
        self._tally = Tally()
        self._tally.add(changed)
        self.refilter()

    def place_of(self, fingerprint: str) -> int | None:
        """Return the row of a finding; None if it is not shown."""
        return next((at for at, row in enumerate(self._shown) if row.finding.fingerprint == fingerprint), None)

    def repaint(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self._icons = {severity: severity_icon(severity, palette) for severity in SEVERITIES}
        super().repaint(palette)

    @override
    def text(self, row: FindingRow, column: int) -> str:
        return row.text(Column(column))

    @override
    def tooltip(self, row: FindingRow, column: int) -> str:
        return row.finding.subject_key if column == Column.SUBJECT else self.text(row, column)

    @override
    def look(self, row: FindingRow, column: int, role: int) -> Any:
        finding = row.finding
        match role:
            case Qt.ItemDataRole.DecorationRole if column == Column.SEVERITY:
                return self._icons[finding.severity]
            case Qt.ItemDataRole.DecorationRole if column == Column.STATE and finding.state is State.INCONCLUSIVE:
                return icons.icon(Mark.UNKNOWN, self.colours)
            case Qt.ItemDataRole.ForegroundRole if column == Column.SEVERITY:
                return QBrush(colour(SEVERITY_COLOURS[finding.severity], self.colours))
            case Qt.ItemDataRole.ForegroundRole if column in (Column.ACCOUNT, Column.STATE):
                return QBrush(colour(Colour.MUTED, self.colours))
        return None


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
