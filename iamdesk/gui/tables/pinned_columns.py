"""The first columns of a table once more, over it: they stay in sight while the rest scrolls sideways.

Qt's usual way: a second view of the same model, with the same selection. What the mouse does over it, the table does.
"""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTableView

_OF_THE_TABLE = frozenset(
    {
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseButtonRelease,
        QEvent.Type.MouseButtonDblClick,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.ContextMenu,
        QEvent.Type.ToolTip,
        QEvent.Type.HoverEnter,
        QEvent.Type.HoverMove,
        QEvent.Type.HoverLeave,
    }
)
"""What happens over the pinned columns and the table takes care of."""


class PinnedColumns(QTableView):
    """Shown only while its columns would be out of sight; has the focus when the table has it."""

    title_clicked = Signal(int)
    """A title was clicked: the column."""
    title_menu_wanted = Signal(int, QPoint)
    """The menu of a title is wanted: the column, and the place on the screen."""

    def __init__(self, table: QTableView, take_event: Callable[[QEvent], bool]) -> None:
        """Create the view, hidden; ``take_event`` handles an event as if it were over the table."""
        super().__init__(table)
        self._table = table
        self._take_event = take_event
        self.hide()
        self.setObjectName(f"{table.objectName()}Pinned")
        self.setAccessibleName(table.accessibleName())
        own = self.selectionModel()
        self.setModel(table.model())
        self.setSelectionModel(table.selectionModel())
        if own is not None:
            own.deleteLater()
        self.setSelectionBehavior(table.selectionBehavior())
        self.setSelectionMode(table.selectionMode())
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(table.alternatingRowColors())
        self.setShowGrid(False)
        self.setWordWrap(table.wordWrap())
        self.setTextElideMode(table.textElideMode())
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAutoScroll(False)
        self.setVerticalScrollMode(table.verticalScrollMode())
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setFocusProxy(table)
        self.viewport().setMouseTracking(table.viewport().hasMouseTracking())
        self.verticalHeader().hide()
        self._set_up_header()
        table.verticalScrollBar().valueChanged.connect(self._scroll)
        self.verticalScrollBar().rangeChanged.connect(lambda _first, _last: self._scroll())
        table.installEventFilter(self)

    def _set_up_header(self) -> None:
        header, other = self.horizontalHeader(), self._table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setDefaultAlignment(other.defaultAlignment())
        header.setMinimumSectionSize(1)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.sectionClicked.connect(self.title_clicked)
        header.sectionResized.connect(lambda column, _before, width: other.resizeSection(column, width))
        header.customContextMenuRequested.connect(self._want_title_menu)

    def _want_title_menu(self, place: QPoint) -> None:
        header = self.horizontalHeader()
        self.title_menu_wanted.emit(header.logicalIndexAt(place), header.viewport().mapToGlobal(place))

    def pin(self, columns: Sequence[int]) -> None:
        """Show these columns, from left to right, as the table shows them."""
        table, header, other = self._table, self.horizontalHeader(), self._table.horizontalHeader()
        with QSignalBlocker(header):
            for column in range(header.count()):
                header.setSectionHidden(column, column not in columns)
            for place, column in enumerate(columns):
                header.moveSection(header.visualIndex(column), place)
                header.resizeSection(column, other.sectionSize(column))
            header.setSortIndicatorShown(other.isSortIndicatorShown())
            header.setSortIndicator(other.sortIndicatorSection(), other.sortIndicatorOrder())
        header.setFixedHeight(other.height())
        self.verticalHeader().setMinimumSectionSize(table.verticalHeader().minimumSectionSize())
        self.verticalHeader().setDefaultSectionSize(table.verticalHeader().defaultSectionSize())
        width = sum(map(other.sectionSize, columns))
        edge = table.frameWidth()
        self.setGeometry(edge, edge, width, other.height() + table.viewport().height())
        self.updateGeometries()
        self.show()
        self.raise_()
        self._scroll()

    def _scroll(self, _value: int = 0) -> None:
        """Show the rows that the table shows."""
        self.verticalScrollBar().setValue(self._table.verticalScrollBar().value())

    def is_pinned(self, index: QModelIndex | QPersistentModelIndex) -> bool:
        """Return whether a cell is shown here, and not by the table."""
        return self.isVisible() and not self.isColumnHidden(index.column())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the border to the rest of the table, too."""
        super().paintEvent(event)
        viewport = self.viewport()
        painter = QPainter(viewport)
        painter.setPen(self.palette().color(QPalette.ColorRole.Mid))
        painter.drawLine(viewport.width() - 1, 0, viewport.width() - 1, viewport.height())

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Leave the mouse to the table: its cells are in the same places."""
        return self._take_event(event) if event.type() in _OF_THE_TABLE else super().viewportEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Mark the selection as the table does."""
        if watched is self._table and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.viewport().update()
        return super().eventFilter(watched, event)
