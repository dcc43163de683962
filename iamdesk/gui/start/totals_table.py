"""Control totals as a table: AWS's counts beside those of the snapshot, different ones first."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import set_cell_tooltip, visible
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph, Mark
from iamdesk.i18n import mark, tr, translate
from iamdesk.viewmodel.types import ControlTotal

_COLUMNS = (
    mark("State"),
    mark("Account"),
    mark("Count"),
    mark("AWS counts"),
    mark("In the snapshot"),
    mark("Counted by"),
)
_NUMBERS = (3, 4)
_TOTAL = Qt.ItemDataRole.UserRole
_ROWS_SHOWN = 12
_MAX_NAMES = 50


class TotalsTable(QTreeWidget):
    """One row for each comparison. Names that only one side has are in child rows and the tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("controlTotals")
        self.setAccessibleName(tr("Control totals"))
        self.setColumnCount(len(_COLUMNS))
        self.setHeaderLabels([tr(title) for title in _COLUMNS])
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.header().setSectionsMovable(False)

    def show_totals(self, totals: Sequence[ControlTotal]) -> None:
        """Show comparisons, different ones first; otherwise the order stays."""
        self.clear()
        for total in sorted(totals, key=lambda total: total.agrees):
            state = tr("agrees") if total.agrees else tr("differs")
            cells = (
                state,
                total.account_id,
                translate(total.what),
                number(total.counted),
                number(total.held),
                translate(total.counted_by),
            )
            item = QTreeWidgetItem([visible(cell) for cell in cells])
            item.setData(0, _TOTAL, total)
            for column in range(len(_COLUMNS)):
                set_cell_tooltip(item, column, translate(total.sentence))
            for column in _NUMBERS:
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            accessible_text = tr("{state}: account {account}, {sentence}").format(
                state=state, account=total.account_id, sentence=translate(total.sentence)
            )
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, visible(accessible_text))
            self.addTopLevelItem(item)
        self._tint()
        for column in range(len(_COLUMNS)):  # before the names are added, which may be of any length
            self.resizeColumnToContents(column)
        names = sum(self._add_names(self.topLevelItem(row)) for row in range(self.topLevelItemCount()))
        self.setRootIsDecorated(any(total.only_counted or total.only_held for total in totals))
        first = self.topLevelItem(0)
        if first is not None:
            self.setCurrentItem(first)
        row = max(self.sizeHintForRow(0), self.fontMetrics().lineSpacing())
        lines = min(max(len(totals) + names, 1), _ROWS_SHOWN)
        self.setFixedHeight(self.header().sizeHint().height() + row * lines + self.fontMetrics().lineSpacing())

    def _add_names(self, item: QTreeWidgetItem | None) -> int:
        """Add the names that only one side has below a comparison; return their number."""
        if item is None:
            return 0
        total = item.data(0, _TOTAL)
        for names, where in ((total.only_counted, translate(total.counted_by)), (total.only_held, tr("snapshot"))):
            for name in names[:_MAX_NAMES]:
                words = tr("{name}: only in the {where}").format(name=name, where=where)
                child = QTreeWidgetItem([visible(words)])
                set_cell_tooltip(child, 0, words)
                item.addChild(child)
                child.setFirstColumnSpanned(True)
            if len(names) > _MAX_NAMES:
                more = QTreeWidgetItem(
                    [tr("{count} more only in the {where}").format(count=number(len(names) - _MAX_NAMES), where=where)]
                )
                item.addChild(more)
                more.setFirstColumnSpanned(True)
        item.setExpanded(True)
        return item.childCount()

    def _tint(self) -> None:
        for row in range(self.topLevelItemCount()):
            item = self.topLevelItem(row)
            if item is not None:
                total = item.data(0, _TOTAL)
                item.setIcon(0, icons.icon(Mark.ALLOWED if total.agrees else Glyph.WARNING, self.palette()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()
