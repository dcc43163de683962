"""The filter of the heat map: text, access level, result."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QStyle, QWidget

from iamdesk.export.access.heatmap import LEVELS
from iamdesk.gui.access.heatmap_model import AccessFilter
from iamdesk.gui.access.text import LEVEL_NAMES, REACH_CHOICES
from iamdesk.i18n import tr

_DEBOUNCE = 120
_LONGEST = 500


class AccessFilters(QWidget):
    """A text field and two choices."""

    changed = Signal()
    """`chosen` has changed."""
    left = Signal()
    """Esc in the empty text field: back to the heat map."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLineEdit()
        self.level = QComboBox()
        self.reach = QComboBox()
        self.text.setObjectName("whatCanFilter")
        self.text.setAccessibleName(tr("Filter effective permissions"))
        self.text.setPlaceholderText(tr("Filter by service or action"))
        self.text.setClearButtonEnabled(True)
        self.text.setMaxLength(_LONGEST)
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
        self._debounce = QTimer(self, singleShot=True, interval=_DEBOUNCE)
        self._debounce.timeout.connect(self.changed)
        self.text.textChanged.connect(lambda _text: self._debounce.start())
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.text)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(self._leave)

    @property
    def chosen(self) -> AccessFilter:
        """Which actions are counted."""
        return AccessFilter(self.text.text(), self.level.currentData(), REACH_CHOICES[self.reach.currentData()])

    def clear(self) -> None:
        """Show everything that is allowed or denied."""
        self.text.clear()
        self.level.setCurrentIndex(0)
        self.reach.setCurrentIndex(0)
        self._debounce.stop()
        self.changed.emit()

    def _leave(self) -> None:
        if self.text.text():
            self.text.clear()
        else:
            self.left.emit()
