"""The rows of a filled sheet that were not imported, with reasons, conflicts first."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from iamdesk.export.evidence.import_sheet import Refused
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.text_size import resize_within_screen
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr, translate


class RefusedDialog(QDialog):
    """Shows the rows; not modal."""

    def __init__(self, name: str, saved: int, refused: Sequence[Refused], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("refusedDialog")
        self.setWindowTitle(visible(tr("Not imported from {name}").format(name=name)))
        conflicts = sum(one.is_conflict for one in refused)
        self.sentence = FlowLabel(
            tr(
                "{saved} rows were imported. {conflicts} are conflicts: a later decision was made after the sheet was "
                "exported, and was kept. {refused} were refused."
            ).format(saved=number(saved), conflicts=number(conflicts), refused=number(len(refused) - conflicts))
        )
        self.table = QTreeWidget()
        self.table.setObjectName("refusedTable")
        self.table.setAccessibleName(tr("Rows that were not imported"))
        self.table.setRootIsDecorated(False)
        self.table.setHeaderLabels([tr("Sheet"), tr("Row"), tr("Reason")])
        self.table.setUniformRowHeights(True)
        for one in sorted(refused, key=lambda row: not row.is_conflict):
            self.table.addTopLevelItem(QTreeWidgetItem([one.sheet, str(one.row), visible(translate(one.why))]))
        for column in (0, 1):
            self.table.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        first = self.table.topLevelItem(0)
        if first is not None:
            self.table.setCurrentItem(first)
        layout = QVBoxLayout(self)
        layout.addWidget(self.sentence)
        layout.addWidget(self.table, 1)
        unit = self.fontMetrics().averageCharWidth()
        resize_within_screen(self, unit * 110, unit * 50)
