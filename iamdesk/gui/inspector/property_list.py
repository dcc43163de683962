"""Labels and values in groups, which can be read, navigated and copied."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from iamdesk.gui.core.plain_text import set_cell_tooltip, visible
from iamdesk.gui.widgets.padded_delegate import PaddedDelegate

_RAW = Qt.ItemDataRole.UserRole


class PropertyList(QTreeWidget):
    """Two columns. Values are elided in the middle if necessary; Copy gives them in full, as TSV."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        line = self.fontMetrics().lineSpacing()
        self.setItemDelegate(PaddedDelegate(line * 2 // 3, self))
        self.header().setStretchLastSection(True)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)

    def show_groups(self, groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
        """Show groups of (title, pairs); a group without pairs is left out, one without title has no heading."""
        self.clear()
        for title, pairs in groups:
            if not pairs:
                continue
            if title:
                if self.topLevelItemCount():
                    self._add(QTreeWidgetItem(), Qt.ItemFlag.NoItemFlags)
                heading = QTreeWidgetItem([visible(title)])
                font = self.font()
                font.setBold(True)
                heading.setFont(0, font)
                self._add(heading, Qt.ItemFlag.ItemIsEnabled)
                heading.setFirstColumnSpanned(True)
            for label, value in pairs:
                # A sentence without a label spans the row.
                item = QTreeWidgetItem([visible(label), visible(value)] if label else [visible(value)])
                item.setData(1, _RAW, value)
                set_cell_tooltip(item, 1 if label else 0, value)
                self._add(item, Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                item.setFirstColumnSpanned(not label)
                self._tint(item)
        self.scrollToTop()

    def content_height(self) -> int:
        """Return the height at which nothing scrolls."""
        row = self.sizeHintForRow(0) if self.topLevelItemCount() else 0
        return row * self.topLevelItemCount() + 2 * self.frameWidth() + 2

    def _add(self, item: QTreeWidgetItem, flags: Qt.ItemFlag) -> None:
        item.setFlags(flags)
        self.addTopLevelItem(item)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            for row in range(self.topLevelItemCount()):
                item = self.topLevelItem(row)
                if item is not None:
                    self._tint(item)

    def _tint(self, item: QTreeWidgetItem) -> None:
        if item.data(1, _RAW) is not None and not item.isFirstColumnSpanned():
            item.setForeground(0, self.palette().placeholderText())

    def copied_text(self) -> str:
        """Return the selected rows, with full values (``gui/core/clipboard.py``)."""
        return "\n".join(
            str(item.data(1, _RAW)) if item.isFirstColumnSpanned() else f"{item.text(0)}\t{item.data(1, _RAW)}"
            for item in self.selectedItems()
        )
