"""The attack paths and findings that appear or vanish with changes: what-if's second section."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QTreeWidget, QTreeWidgetItem, QWidget

from iamdesk.attack_paths.types import AttackPath
from iamdesk.checks.finding import Finding
from iamdesk.diff.result import RiskChanges
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import set_cell_tooltip, visible
from iamdesk.i18n import ntr, tr, translate

_MAX_ROWS = 500
"""Rows of one group; the number of the others is stated."""
_KEY = Qt.ItemDataRole.UserRole


class RiskRow(NamedTuple):
    """One of them."""

    key: str
    """ARN or key to show."""
    text: str


class RiskGroup(NamedTuple):
    """Those of one kind."""

    title: str
    rows: Sequence[RiskRow]


def risk_groups(changes: RiskChanges) -> tuple[RiskGroup, ...]:
    """Return what appears and vanishes, as displayed; called in a worker."""
    return (
        RiskGroup(tr("New administrators"), _principals(changes.administrators_gained)),
        RiskGroup(tr("No longer administrators"), _principals(changes.administrators_lost)),
        RiskGroup(tr("New attack paths"), tuple(map(_path, changes.paths_gained))),
        RiskGroup(tr("Attack paths ended"), tuple(map(_path, changes.paths_lost))),
        RiskGroup(tr("Remaining attack paths"), tuple(map(_finding, changes.findings_remaining))),
        RiskGroup(tr("New findings"), tuple(map(_finding, changes.findings_gained))),
        RiskGroup(tr("Findings resolved"), tuple(map(_finding, changes.findings_lost))),
    )


def _principals(arns: Sequence[str]) -> tuple[RiskRow, ...]:
    return tuple(RiskRow(arn, visible(arn)) for arn in arns)


def _path(path: AttackPath) -> RiskRow:
    first = path.steps[0]
    steps = ntr("{count} step", "{count} steps", len(path.steps)).format(count=number(len(path.steps)))
    goal = visible(translate(path.goal.name))
    return RiskRow(
        path.start,
        f"{visible(path.start)}  \N{RIGHTWARDS ARROW}  {goal}  ·  {steps}  ·  {visible(translate(first.how))}",
    )


def _finding(finding: Finding) -> RiskRow:
    severity = tr(finding.severity.value.capitalize())  # the words of the findings panel
    return RiskRow(finding.subject_key, f"{severity}  ·  {finding.check_id}  ·  {visible(translate(finding.sentence))}")


class RiskList(QTreeWidget):
    """``chosen`` is emitted with the ARN or key of a row: Enter, or a double click."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("whatIfRisks")
        self.setAccessibleName(tr("New and ended attack paths and findings"))
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.itemActivated.connect(self._activated)

    def say(self, text: str) -> None:
        """Show a sentence in place of the groups."""
        self.clear()
        QTreeWidgetItem(self, [text]).setFlags(Qt.ItemFlag.ItemIsEnabled)

    def show_groups(self, groups: Sequence[RiskGroup]) -> None:
        """Show groups; those with rows are open."""
        self.clear()
        for group in groups:
            top = QTreeWidgetItem(self, [f"{group.title}: {number(len(group.rows))}"])
            for row in group.rows[:_MAX_ROWS]:
                item = QTreeWidgetItem(top, [row.text])
                item.setData(0, _KEY, row.key)
                set_cell_tooltip(item, 0, row.text)
            if len(group.rows) > _MAX_ROWS:
                more = len(group.rows) - _MAX_ROWS
                QTreeWidgetItem(top, [ntr("and {count} more", "and {count} more", more).format(count=number(more))])
            top.setExpanded(bool(group.rows))

    def _activated(self, item: QTreeWidgetItem, _column: int) -> None:
        key = item.data(0, _KEY)
        if isinstance(key, str) and key:
            self.chosen.emit(key)
