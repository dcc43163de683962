"""A list as high as its rows, on a scrolling page that keeps the current row visible."""

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QScrollArea, QSizePolicy, QWidget

_AROUND = 8
"""Pixels that stay visible around the current row."""


class FullHeightList(QListView):
    """Rows may have any height, depending on the width; the list itself neither scrolls nor edits."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def fit(self) -> None:
        """Set the height to that of the rows."""
        self.scheduleDelayedItemsLayout()
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of all rows at the current width."""
        model = self.model()
        rows = model.rowCount() if model is not None else 0
        height = sum(self.sizeHintForRow(row) for row in range(rows))
        return QSize(super().sizeHint().width(), height + 2 * self.frameWidth())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for all rows: the page scrolls, not the list."""
        return QSize(120, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay out the rows again."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.fit()

    def scrollTo(  # noqa: N802 - Qt's name
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,  # noqa: ARG002
    ) -> None:
        """Scroll the page to a row."""
        page = self._page()
        inner = page.widget() if page is not None else None
        if page is None or inner is None or not index.isValid():
            return
        row = self.visualRect(index)
        rect = QRect(self.viewport().mapTo(inner, row.topLeft()), row.size())
        page.ensureVisible(rect.left(), rect.bottom(), 0, _AROUND)
        page.ensureVisible(rect.left(), rect.top(), 0, _AROUND)

    def _page(self) -> QScrollArea | None:
        parent = self.parentWidget()
        while parent is not None and not isinstance(parent, QScrollArea):
            parent = parent.parentWidget()
        return parent


_MOST_SIZES = 4
"""Sizes that a page is given at once, before the last one stays."""


class _ScrollArea(QScrollArea):
    """Gives its page a size that stays.

    Text that wraps may fit without the scroll bar and not beside it. Qt would then show and hide the bar in turn, each
    time from within the last, until the process ends.
    """

    _sizing = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if self._sizing >= _MOST_SIZES:
            return False
        self._sizing += 1
        try:
            return super().eventFilter(watched, event)
        finally:
            self._sizing -= 1


def scrolling(page: QWidget) -> QScrollArea:
    """Return a page in a frame that scrolls vertically."""
    area = _ScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its contents have the focus
    return area
