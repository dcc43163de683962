"""Ctrl+C in every table, tree and list: what is seen, rows as lines, tabs between the cells.

A view that knows better what a row is (whole ARNs, an outcome in words) says so by `copied_text`; of every other one
the selected rows are copied as they stand, or the current one. Hidden columns are not seen, and so not copied.
"""

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QApplication, QTableView, QTreeView, QWidget
from shiboken6 import isValid

from iamdesk.gui.core.plain_text import visible


@runtime_checkable
class CopiesItself(Protocol):
    """A view that knows what its rows are."""

    def copied_text(self) -> str:
        """Return what is copied; empty for nothing."""


def follow(app: QApplication) -> None:
    """Let Ctrl+C copy rows in every window of the application; once is enough."""
    if not app.findChildren(Copying):
        Copying(app)


class Copying(QObject):
    """Listens to the view that has the keyboard, and to no other: one filter, moved as the focus moves."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        app.focusChanged.connect(self._moved)

    def _moved(self, old: QWidget | None, new: QWidget | None) -> None:
        if isinstance(old, QAbstractItemView) and isValid(old):
            old.removeEventFilter(self)
        if isinstance(new, QAbstractItemView):
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Copy what the view shows."""
        if not isinstance(event, QKeyEvent) or not isinstance(watched, QAbstractItemView):
            return super().eventFilter(watched, event)
        if event.type() is QEvent.Type.KeyPress and event.matches(QKeySequence.StandardKey.Copy):
            text = copied_text(watched)
            if text:
                QGuiApplication.clipboard().setText(text)
            return True
        return super().eventFilter(watched, event)


def copied_text(view: QAbstractItemView) -> str:
    """Return what is copied of a view: its own word, else its selected rows, else the current one."""
    return view.copied_text() if isinstance(view, CopiesItself) else rows_text(view)


def rows_text(view: QAbstractItemView) -> str:
    """Return the selected rows of a view as they are seen, from the top; without a selection the current one."""
    selection, current = view.selectionModel(), view.currentIndex()
    chosen = selection.selectedIndexes() if selection is not None else []
    rows = {(index.internalId(), index.row()): index for index in chosen if not _is_hidden(view, index)}
    if not rows and current.isValid():
        rows = {(current.internalId(), current.row()): current}
    found = sorted(rows.values(), key=lambda index: (view.visualRect(index).top(), index.row()))
    return "\n".join(row_text(view, index) for index in found)


def row_text(view: QAbstractItemView, index: QModelIndex) -> str:
    """Return the row of an index: its cells from left to right, as they are seen."""
    cells = []
    for column in _columns(view, index):
        told = index.siblingAtColumn(column).data(Qt.ItemDataRole.DisplayRole)
        cells.append("" if told is None else visible(str(told)))
    return "\t".join(cells).rstrip("\t")


def _columns(view: QAbstractItemView, index: QModelIndex) -> list[int]:
    if isinstance(view, QTableView):
        header = view.horizontalHeader()
    elif isinstance(view, QTreeView):
        header = view.header()
    else:
        return [0]  # a list has one column, and its model does not say so to everybody
    order = sorted(range(min(index.model().columnCount(index.parent()), header.count())), key=header.visualIndex)
    return [column for column in order if not header.isSectionHidden(column)]


def _is_hidden(view: QAbstractItemView, index: QModelIndex) -> bool:
    if isinstance(view, QTableView):
        return view.isRowHidden(index.row())
    return isinstance(view, QTreeView) and view.isRowHidden(index.row(), index.parent())
