"""The filter of the heat map: text, access level, result."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStyle, QWidget

from iamdesk.export.access.heatmap import ACTION_FIELDS, LEVELS, SearchedAction
from iamdesk.gui.access.heatmap_model import AccessFilter
from iamdesk.gui.access.text import LEVEL_NAMES, REACH_CHOICES
from iamdesk.gui.core.table_memory import TableMemory
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters
from iamdesk.i18n import tr


class AccessFilters(QWidget):
    """A text field and two choices."""

    changed = Signal()
    """`chosen` has changed."""
    left = Signal()
    """Esc in the empty text field, Down or Return: back to the heat map."""

    def __init__(
        self,
        rows: Callable[[], Iterable[SearchedAction]],
        memory: TableMemory,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.text = FilterLine(
            ACTION_FIELDS,
            rows,
            memory,
            name="whatCanFilter",
            title=tr("Filter effective permissions"),
            hint=tr("Filter by service or action"),
        )
        self.saved = SavedFilters(self.text, memory)
        self.level = QComboBox()
        self.reach = QComboBox()
        self.level.setObjectName("whatCanLevel")
        self.level.setAccessibleName(tr("Show only one access level"))
        self.level.addItem(tr("All access levels"), None)
        for level in LEVELS:
            self.level.addItem(tr(LEVEL_NAMES[level]), level)
        self.reach.setObjectName("whatCanReach")
        self.reach.setAccessibleName(tr("Show only actions with one result"))
        for words in REACH_CHOICES:
            self.reach.addItem(tr(words), words)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing))
        layout.addWidget(self.text, 1)
        self.text.setMinimumWidth(self.fontMetrics().averageCharWidth() * 10)
        for box, letters in ((self.level, 14), (self.reach, 17)):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(letters)
            box.setMinimumWidth(self.fontMetrics().averageCharWidth() * 10)  # in a narrow window
            box.activated.connect(self.changed)
            layout.addWidget(box)
        self.text.changed.connect(self.changed)
        self.text.down.connect(self.left)
        self.text.left.connect(self.left)

    @property
    def chosen(self) -> AccessFilter:
        """Which actions are counted."""
        return AccessFilter(self.text.filter, self.level.currentData(), REACH_CHOICES[self.reach.currentData()])

    def clear(self) -> None:
        """Show everything that is allowed or denied."""
        self.text.clear()
        self.level.setCurrentIndex(0)
        self.reach.setCurrentIndex(0)
        self.text.settle()
        self.changed.emit()
