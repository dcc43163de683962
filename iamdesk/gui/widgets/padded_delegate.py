"""A delegate with padding, for short lists."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem


class PaddedDelegate(QStyledItemDelegate):
    """Makes rows 1.5 times as high, and indents the first column."""

    def __init__(self, indent: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._indent = indent

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        """Return the default size and the padding."""
        usual = super().sizeHint(option, index)
        height = option.fontMetrics.lineSpacing() * 8 // 5
        return QSize(usual.width() + (self._indent if index.column() == 0 else 0), max(usual.height(), height))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint the background of the whole cell, then the cell, indented."""
        if index.column() == 0:
            style = option.widget.style() if option.widget is not None else QApplication.style()
            style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        super().paint(painter, option, index)

    def initStyleOption(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Apply the indent."""
        super().initStyleOption(option, index)
        if index.column() == 0:
            option.rect.setLeft(option.rect.left() + self._indent)
