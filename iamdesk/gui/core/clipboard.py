"""Keys of every table, tree and list: Shift+F10 for the context menu, Ctrl+C to copy.

Rows are copied as displayed, one per line, with tabs between the cells.

A view with a better text for its rows (whole ARNs, a decision in words) returns it from `copied_text`; for other views,
the selected rows are copied, or the current one. Hidden columns are not copied.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QCoreApplication, QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QApplication, QTableView, QTreeView, QWidget
from shiboken6 import isValid

from iamdesk.gui.core.plain_text import visible


@runtime_checkable
class CopiesItself(Protocol):
    """A view with its own text to copy."""

    def copied_text(self) -> str:
        """Return the text to copy; empty for none."""


def follow(app: QApplication) -> None:
    """Handle Ctrl+C in every window of the application; call it once."""
    if not app.findChildren(CopyFilter):
        CopyFilter(app)


class CopyFilter(QObject):
    """An event filter on the focused view; it moves with the focus."""

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
        if event.type() is QEvent.Type.KeyPress and _asks_for_menu(event):
            show_menu(watched)
            return True
        return super().eventFilter(watched, event)


def _asks_for_menu(event: QKeyEvent) -> bool:
    """Return whether Shift+F10 is pressed; Qt handles the menu key, and this one on Windows alone."""
    return event.key() == Qt.Key.Key_F10 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier


def show_menu(view: QAbstractItemView) -> None:
    """Show the context menu of the current row."""
    current = view.currentIndex()
    view.scrollTo(current)
    place = view.visualRect(current).center() if current.isValid() else view.viewport().rect().topLeft()
    on_screen = view.viewport().mapToGlobal(place)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, place, on_screen)
    QCoreApplication.sendEvent(view.viewport(), event)


def copied_text(view: QAbstractItemView) -> str:
    """Return the text to copy of a view: its own, else the selected rows, else the current one."""
    return view.copied_text() if isinstance(view, CopiesItself) else rows_text(view)


def rows_text(view: QAbstractItemView) -> str:
    """Return the selected rows of a view as displayed, from the top; without a selection, the current one."""
    selection, current = view.selectionModel(), view.currentIndex()
    chosen = selection.selectedIndexes() if selection is not None else []
    rows = {(index.internalId(), index.row()): index for index in chosen if not _is_hidden(view, index)}
    if not rows and current.isValid():
        rows = {(current.internalId(), current.row()): current}
    found = sorted(rows.values(), key=lambda index: (view.visualRect(index).top(), index.row()))
    return "\n".join(row_text(view, index) for index in found)


def markdown_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, in which cells make no markup."""
    from iamdesk.export.findings.markdown_file import escaped  # imported after the first paint

    lines = [[escaped(cell) for cell in row] for row in (titles, *rows)]
    lines.insert(1, ["---"] * len(titles))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def row_text(view: QAbstractItemView, index: QModelIndex) -> str:
    """Return the row of an index: its cells from left to right, as displayed."""
    cells = []
    for column in _columns(view, index):
        text = index.siblingAtColumn(column).data(Qt.ItemDataRole.DisplayRole)
        cells.append("" if text is None else visible(str(text)))
    return "\t".join(cells).rstrip("\t")


def _columns(view: QAbstractItemView, index: QModelIndex) -> list[int]:
    if isinstance(view, QTableView):
        header = view.horizontalHeader()
    elif isinstance(view, QTreeView):
        header = view.header()
    else:
        return [0]  # a list has one column, but its model's method is protected
    order = sorted(range(min(index.model().columnCount(index.parent()), header.count())), key=header.visualIndex)
    return [column for column in order if not header.isSectionHidden(column)]


def _is_hidden(view: QAbstractItemView, index: QModelIndex) -> bool:
    if isinstance(view, QTableView):
        return view.isRowHidden(index.row())
    return isinstance(view, QTreeView) and view.isRowHidden(index.row(), index.parent())
