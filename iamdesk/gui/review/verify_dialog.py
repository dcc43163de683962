"""The result of verifying an evidence package: one row for each check, failed ones first."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from iamdesk.export.evidence.closing import closing_lines
from iamdesk.export.evidence.result import Outcome, Result
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr, translate

_MARKS = {Outcome.PASSED: Mark.ALLOWED, Outcome.FAILED: Mark.EXPLICIT_DENY, Outcome.NOT_DONE: Mark.UNKNOWN}
_ORDER = (Outcome.FAILED, Outcome.NOT_DONE, Outcome.PASSED)


class VerifyDialog(QDialog):
    """Shows the result; not modal."""

    def __init__(self, name: str, results: Sequence[Result], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("verifyDialog")
        self.setWindowTitle(visible(tr("Verified: {name}").format(name=name)))
        failed = sum(one.outcome is Outcome.FAILED for one in results)
        passed = sum(one.outcome is Outcome.PASSED for one in results)
        self.sentence = FlowLabel(
            tr("{passed} checks passed and {failed} failed.").format(passed=number(passed), failed=number(failed))
            if failed
            else tr("All {passed} checks that could be run passed.").format(passed=number(passed))
        )
        self.closing = FlowLabel("\n".join(visible(translate(line)) for line in closing_lines(results)))
        self.closing.setObjectName("verifyClosing")
        self.table = QTreeWidget()
        self.table.setObjectName("verifyTable")
        self.table.setAccessibleName(tr("Checks of the evidence package"))
        self.table.setRootIsDecorated(False)
        self.table.setHeaderLabels([tr("Result"), tr("Check"), tr("Description")])
        self.table.setUniformRowHeights(True)
        for one in sorted(results, key=lambda result: _ORDER.index(result.outcome)):
            item = QTreeWidgetItem(
                [tr(one.outcome.value), visible(translate(one.name)), visible(translate(one.sentence))]
            )
            item.setIcon(0, icons.icon(_MARKS[one.outcome], self.palette()))
            self.table.addTopLevelItem(item)
        header = self.table.header()
        for column in (0, 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        first = self.table.topLevelItem(0)
        if first is not None:
            self.table.setCurrentItem(first)
        layout = QVBoxLayout(self)
        layout.addWidget(self.sentence)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.closing)
        unit = self.fontMetrics().averageCharWidth()
        self.resize(unit * 130, unit * 70)
