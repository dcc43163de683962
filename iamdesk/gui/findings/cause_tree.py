"""The tree of causes: the first level of the findings panel, with the findings of each cause below it."""

from collections.abc import Container, Mapping, Sequence
from enum import IntEnum
from typing import ClassVar, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHeaderView, QWidget

from iamdesk.causes.types import Cause, CauseKind, Causes
from iamdesk.checks.finding import Severity, State
from iamdesk.gui.core.plain_text import set_tooltip, visible
from iamdesk.gui.core.theme import Colour
from iamdesk.gui.findings.finding_tree import FindingTree, FindingTreeModel
from iamdesk.gui.findings.rows import SEVERITIES, SEVERITY_WORDS, FindingRow
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


def _sort_key(line: CauseLine, column: int) -> tuple[int, str]:
    match column:
        case Column.SEVERITY:
            return SEVERITIES.index(line.cause.severity), ""
        case Column.CAUSE:
            return 0, line.name.casefold()
        case Column.FINDINGS:
            return -len(line.rows), ""
    return 0, translate(line.cause.effect).casefold()


class CausesModel(FindingTreeModel[CauseLine]):
    """Causes in their order or sorted by a column, and below each its findings, the gravest first."""

    titles: ClassVar[dict[IntEnum, str]] = {
        Column.SEVERITY: mark("Severity"),
        Column.CAUSE: mark("Cause"),
        Column.EFFECT: mark("Effect"),
        Column.FINDINGS: mark("Findings"),
    }

    def __init__(self, palette: QPalette) -> None:
        super().__init__(palette)
        self._by_effect: list[CauseLine] = []
        self._sorted_by, self._descending = -1, False

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
        self._by_effect = lines
        self._show_sorted()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the causes by a column, highest severity and most findings first; below 0, by effect."""
        self._sorted_by, self._descending = column, order is Qt.SortOrder.DescendingOrder
        self._show_sorted()

    def _show_sorted(self) -> None:
        column = self._sorted_by
        if column < 0:
            self.show_lines(list(self._by_effect))
        else:
            lines = sorted(self._by_effect, key=lambda line: _sort_key(line, column), reverse=self._descending)
            self.show_lines(lines)

    def clear(self) -> None:
        """Remove everything."""
        self._by_effect = []
        super().clear()

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
        return Colour.MUTED if line.cause.state is State.INCONCLUSIVE else None


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
        self.header().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.header().setSortIndicatorClearable(True)
        self.setSortingEnabled(True)
        set_tooltip(
            self.header(), tr("In order of severity, then of effect, the largest first. Click a title to sort.")
        )
        self.groups.repaint(self.palette())

    @property
    def causes(self) -> CausesModel:
        """The model."""
        return self.groups
