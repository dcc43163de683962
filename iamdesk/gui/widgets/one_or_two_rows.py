"""A row of controls that becomes two where it has no room on one, as with large text."""

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

_FEW = 20
"""Characters that a widget with a stretch has at least, on one row."""


class OneOrTwoRows(QWidget):
    """Two groups of widgets, side by side or one above the other. Widgets with a stretch take what is left."""

    def __init__(
        self,
        first: Sequence[tuple[QWidget, int]],
        second: Sequence[tuple[QWidget, int]],
        spacing: int,
        parent: QWidget | None = None,
    ) -> None:
        """Create the rows: each widget with its stretch."""
        super().__init__(parent)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(spacing)
        self._widgets = (*first, *second)
        self._rows = QHBoxLayout(), QHBoxLayout()
        for row, widgets in zip(self._rows, (first, second), strict=True):
            row.setSpacing(spacing)
            for widget, stretch in widgets:
                row.addWidget(widget, stretch)
            if not any(stretch for _widget, stretch in widgets):
                row.addStretch()
            self._layout.addLayout(row, sum(stretch for _widget, stretch in widgets))

    @property
    def is_one_row(self) -> bool:
        """Whether the groups are side by side."""
        return self._layout.direction() is QBoxLayout.Direction.LeftToRight

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for the wider of the groups: the other one can go below it."""
        widths = [row.minimumSize().width() for row in self._rows]
        return QSize(max(widths), super().minimumSizeHint().height())

    @property
    def _needed(self) -> int:
        """The width that all widgets need side by side, in pixels: one with a stretch needs a few words at most."""
        few = self.fontMetrics().averageCharWidth() * _FEW
        widths = [
            min(widget.sizeHint().width(), few) if stretch else widget.sizeHint().width()
            for widget, stretch in self._widgets
            if not widget.isHidden()
        ]
        return sum(widths) + self._layout.spacing() * max(len(widths) - 1, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Choose one row or two."""
        super().resizeEvent(event)
        is_one = self._needed <= event.size().width()
        if is_one != self.is_one_row:
            directions = QBoxLayout.Direction
            self._layout.setDirection(directions.LeftToRight if is_one else directions.TopToBottom)
            self.updateGeometry()
