"""The tree of causes: the first level of the findings panel, with the findings of each cause below it."""

from collections.abc import Container, Mapping, Sequence
from enum import IntEnum
from typing import Any, ClassVar, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QPalette
from PySide6.QtWidgets import QHeaderView, QWidget

from iamdesk.causes.types import Cause, CauseKind, Causes
from iamdesk.checks.finding import State
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.findings.finding_tree import FindingTree, FindingTreeModel, Index, finding_text
from iamdesk.gui.findings.rows import SEVERITY_WORDS, FindingRow
from iamdesk.gui.findings.rows import Column as FindingColumn
from iamdesk.gui.findings.severity_mark import SEVERITY_COLOURS
from iamdesk.i18n import mark, tr, translate


class Column(IntEnum):
    """The columns, in order."""

    SEVERITY = 0
    CAUSE = 1
    EFFECT = 2
    FINDINGS = 3


_TITLES: dict[IntEnum, str] = {
    Column.SEVERITY: mark("Severity"),
    Column.CAUSE: mark("Cause"),
    Column.EFFECT: mark("Effect"),
    Column.FINDINGS: mark("Findings"),
}


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

    titles: ClassVar[dict[IntEnum, str]] = _TITLES

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

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts, marks and colors."""
        line = self.line_at(index)
        if line is None:
            return None
        column = Column(index.column())
        row = None if self.is_group(index) else line.rows[index.row()]
        severity = line.cause.severity if row is None else row.finding.severity
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._cause_text(line, column) if row is None else finding_text(row, column)
            case Qt.ItemDataRole.ToolTipRole if row is None:
                told = (line.name, translate(line.cause.effect), line.cause.id)
                return tooltip_text("\n".join(told))
            case Qt.ItemDataRole.ToolTipRole if row is not None:
                return tooltip_text(row.text(FindingColumn.SENTENCE))
            case Qt.ItemDataRole.DecorationRole if column is Column.SEVERITY:
                return self.icons[severity]
            case Qt.ItemDataRole.ForegroundRole if column is Column.SEVERITY:
                return QBrush(colour(SEVERITY_COLOURS[severity], self.palette))
            case Qt.ItemDataRole.ForegroundRole if row is None and line.cause.state is State.CANNOT_TELL:
                return QBrush(colour(Colour.MUTED, self.palette))
            case Qt.ItemDataRole.TextAlignmentRole if column is Column.FINDINGS:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case Qt.ItemDataRole.AccessibleTextRole:
                text = self._cause_text(line, column) if row is None else finding_text(row, column)
                return f"{tr(_TITLES[column])}: {text}"
        return None

    @staticmethod
    def _cause_text(line: CauseLine, column: Column) -> str:
        match column:
            case Column.SEVERITY:
                return tr(SEVERITY_WORDS[line.cause.severity])
            case Column.CAUSE:
                return line.name
            case Column.EFFECT:
                return visible(translate(line.cause.effect))
        return number(len(line.rows))


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
