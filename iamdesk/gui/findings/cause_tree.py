"""The tree of causes: the first level of the findings panel, with the findings of each cause below it."""

from collections.abc import Container, Mapping, Sequence
from enum import IntEnum
from typing import ClassVar, NamedTuple

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHeaderView, QWidget

from iamdesk.causes.types import Cause, CauseKind, Causes
from iamdesk.checks.finding import Severity, State
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.theme import Colour
from iamdesk.gui.findings.finding_tree import FindingTree, FindingTreeModel
from iamdesk.gui.findings.rows import SEVERITY_WORDS, FindingRow
from iamdesk.gui.findings.severity_mark import SEVERITY_COLOURS
from iamdesk.i18n import mark, tr, translate


class Column(IntEnum):
    """The columns, in order."""

    SEVERITY = 0
    CAUSE = 1
    EFFECT = 2
    FINDINGS = 3


class CauseLine(NamedTuple):
    """A cause with those of its findings that the filter shows."""

    cause: Cause
    rows: Sequence[FindingRow]

    @property
    def name(self) -> str:
        """As displayed: what differs from one row to the next is first."""
        label, title = visible(translate(self.cause.label)), visible(tr(self.cause.title))
        if self.cause.label == self.cause.title:
            return title
        return f"{title}  ·  {label}" if self.cause.kind is CauseKind.OTHERS else f"{label}  ·  {title}"


class CausesModel(FindingTreeModel[CauseLine]):
    """Causes in their order, and below each its findings, the gravest first."""

    titles: ClassVar[dict[IntEnum, str]] = {
        Column.SEVERITY: mark("Severity"),
        Column.CAUSE: mark("Cause"),
        Column.EFFECT: mark("Effect"),
        Column.FINDINGS: mark("Findings"),
    }

    def show(self, causes: Causes, rows: Mapping[str, FindingRow], shown: Container[str]) -> None:
        """Show the causes of the findings that the filter shows.

        Args:
            causes: All causes.
            rows: All findings by fingerprint.
            shown: Fingerprints of the findings that the filter shows.
        """
        lines = []
        for cause in causes.rows:
            found = [rows[one.fingerprint] for one in cause.findings if one.fingerprint in shown]
            if found:
                lines.append(CauseLine(cause, found))
        self.show_lines(lines)

    def group_text(self, line: CauseLine, column: int) -> str:
        """Return severity, name or effect of a cause."""
        match column:
            case Column.SEVERITY:
                return tr(SEVERITY_WORDS[line.cause.severity])
            case Column.CAUSE:
                return line.name
        return visible(translate(line.cause.effect))

    def group_tooltip(self, line: CauseLine) -> str:
        """Return name, effect and id of a cause."""
        return "\n".join((line.name, translate(line.cause.effect), line.cause.id))

    def group_severity(self, line: CauseLine) -> Severity:
        """Return the severity of a cause."""
        return line.cause.severity

    def group_colour(self, line: CauseLine, column: int) -> Colour | None:
        """Return the color of a severity; what cannot be determined is muted."""
        if column == Column.SEVERITY:
            return SEVERITY_COLOURS[line.cause.severity]
        return Colour.MUTED if line.cause.state is State.CANNOT_TELL else None


class CauseTree(FindingTree[CausesModel]):
    """The causes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            CausesModel(QPalette()),
            (
                (Column.SEVERITY, "mmmmmmm Critical"),
                (Column.CAUSE, "Can become administrator in one step: payroll-rw, statement 2"),
                (Column.FINDINGS, "Findings 00"),
            ),
            parent,
        )
        self.setObjectName("causeTree")
        self.setAccessibleName(tr("Causes of findings"))
        self.header().setObjectName("causesHeader")
        self.header().setSectionResizeMode(Column.EFFECT, QHeaderView.ResizeMode.Stretch)
        self.groups.repaint(self.palette())

    @property
    def causes(self) -> CausesModel:
        """The model."""
        return self.groups
