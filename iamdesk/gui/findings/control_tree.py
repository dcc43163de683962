"""The tree of controls: each control of a standard with its status, and the findings of its checks below it."""

from collections.abc import Container, Sequence
from enum import IntEnum
from typing import ClassVar, NamedTuple

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHeaderView, QWidget

from iamdesk.causes.types import Control, ControlStatus
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.theme import Colour
from iamdesk.gui.findings.finding_tree import FindingTree, FindingTreeModel
from iamdesk.gui.findings.rows import FindingRow
from iamdesk.i18n import mark, ntr, tr


class Column(IntEnum):
    """The columns, in order."""

    STATUS = 0
    CONTROL = 1
    RESULT = 2
    FINDINGS = 3


STATUS_WORDS = {
    ControlStatus.PASSED: mark("\N{CHECK MARK} Passed"),
    ControlStatus.FAILED: mark("\N{BALLOT X} Failed"),
    ControlStatus.INCONCLUSIVE: mark("? Cannot tell"),
}
_COLOURS = {
    ControlStatus.PASSED: Colour.ALLOWED,
    ControlStatus.FAILED: Colour.EXPLICIT_DENY,
    ControlStatus.INCONCLUSIVE: Colour.MUTED,
}


class ControlLine(NamedTuple):
    """A control with those findings of its checks that the filter shows."""

    control: Control
    rows: Sequence[FindingRow]

    @property
    def name(self) -> str:
        """As displayed: what differs from one row to the next is first."""
        return f"{self.control.id}  ·  {self.control.standard}"

    @property
    def result(self) -> str:
        """What was found, and on which population."""
        control = self.control
        parts = []
        if control.failed:
            parts.append(ntr("{count} open", "{count} open", control.failed).format(count=number(control.failed)))
        if control.unknown:
            parts.append(tr("{count} cannot be determined").format(count=number(control.unknown)))
        if control.exceptions:
            exceptions = ntr("{count} exception", "{count} exceptions", control.exceptions)
            parts.append(exceptions.format(count=number(control.exceptions)))
        if control.skipped:
            parts.append(tr("skipped for missing data: {checks}").format(checks=", ".join(control.skipped)))
        if control.incomplete:
            parts.append(tr("snapshot incomplete: {checks}").format(checks=", ".join(control.incomplete)))
        tried = ", ".join(f"{number(count)} × {tr(kind)}" for kind, count in control.population)
        parts.append(tr("tried on {population}").format(population=tried))
        return "; ".join(parts)


class ControlsModel(FindingTreeModel[ControlLine]):
    """Controls by standard and number, and below each the open findings of its checks, the gravest first."""

    titles: ClassVar[dict[IntEnum, str]] = {
        Column.STATUS: mark("Status"),
        Column.CONTROL: mark("Control"),
        Column.RESULT: mark("Result"),
        Column.FINDINGS: mark("Findings"),
    }

    def show(
        self, controls: Sequence[Control], rows: Sequence[FindingRow], shown: Container[str], *, is_filtered: bool
    ) -> None:
        """Show controls.

        Args:
            controls: All controls.
            rows: All open findings, the gravest first.
            shown: Fingerprints of the findings that the filter shows.
            is_filtered: Whether the filter hides findings; controls without a shown one are then left out.
        """
        lines = []
        for control in controls:
            checks = frozenset(control.check_ids)
            found = [one for one in rows if one.finding.check_id in checks and one.finding.fingerprint in shown]
            if found or not is_filtered:
                lines.append(ControlLine(control, found))
        self.show_lines(lines)

    def group_text(self, line: ControlLine, column: int) -> str:
        """Return status, name or result of a control."""
        match column:
            case Column.STATUS:
                return tr(STATUS_WORDS[line.control.status])
            case Column.CONTROL:
                return line.name
        return line.result

    def group_tooltip(self, line: ControlLine) -> str:
        """Return name, result, checks and source of a control."""
        checks = tr("Checks: {checks}").format(checks=", ".join(line.control.check_ids))
        return "\n".join((line.name, line.result, checks, line.control.source))

    def group_severity(self, _line: ControlLine) -> None:
        """A control has none."""

    def group_colour(self, line: ControlLine, column: int) -> Colour | None:
        """Return the color of a status."""
        return _COLOURS[line.control.status] if column == Column.STATUS else None


class ControlTree(FindingTree[ControlsModel]):
    """The controls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            ControlsModel(QPalette()),
            (
                (Column.STATUS, "mmmm ? Cannot tell"),
                (Column.CONTROL, "2.1.10  ·  CIS AWS Foundations Benchm"),
                (Column.FINDINGS, "Findings 00"),
            ),
            parent,
        )
        self.setObjectName("controlTree")
        self.setAccessibleName(tr("Controls of standards"))
        self.header().setObjectName("controlsHeader")
        self.header().setSectionResizeMode(Column.RESULT, QHeaderView.ResizeMode.Stretch)
        self.groups.repaint(self.palette())
