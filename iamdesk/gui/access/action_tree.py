"""The list behind a cell: a tree of actions and results, for the keyboard."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QMenu, QTreeView, QWidget

from iamdesk.gui.access.action_tree_model import ActionTreeModel, Column
from iamdesk.gui.core.clipboard import rows_text
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr


class ActionTree(QTreeView):
    """Enter opens the result, Right shows the resources of an action, Ctrl+C copies the row."""

    explanation_wanted = Signal(object, object)
    """An `ActionLine`, and one of its results or None."""
    who_else_wanted = Signal(object, object)

    def __init__(self, model: ActionTreeModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setObjectName("whatCanList")
        self.setAccessibleName(tr("Actions of the cell"))
        self.setModel(model)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setAllColumnsShowFocus(True)
        self.setExpandsOnDoubleClick(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setIndentation(self.fontMetrics().height())
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.doubleClicked.connect(lambda _index: self._explain())
        header = self.header()
        header.setObjectName("whatCanListHeader")
        header.setSortIndicator(Column.ACTION, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        unit = self.fontMetrics()
        for column, text in (
            (Column.ACTION, "mm iam:SimulatePrincipalPolicy mm"),
            (Column.REACH, "mm Some, under conditions m"),
            (Column.LEVEL, "Permissions mm"),
        ):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, unit.horizontalAdvance(text))
        header.setStretchLastSection(True)
        self.setColumnHidden(Column.LEVEL, True)

    def copy(self) -> None:
        """Copy the current row as displayed, with tabs between the cells."""
        QApplication.clipboard().setText(rows_text(self))

    def _explain(self) -> None:
        current = self.currentIndex()
        line = self._model.line(current)
        if line is not None:
            self.explanation_wanted.emit(line, self._model.result(current))

    def _who_else(self) -> None:
        current = self.currentIndex()
        line = self._model.line(current)
        if line is not None:
            self.who_else_wanted.emit(line, self._model.result(current))

    def menu(self) -> QMenu:
        """Return the context menu of the current row; it deletes itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("&Explain this decision"), self._explain)
        menu.addAction(tr("Who can &do this?"), self._who_else)
        menu.addSeparator()
        menu.addAction(icons.icon(Glyph.COPY, self.palette()), tr("&Copy this row"), self.copy)
        return menu

    def _show_menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if index.isValid():
            self.setCurrentIndex(index)
            self.menu().popup(self.viewport().mapToGlobal(place))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Open the result at Enter; Qt handles the rest."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._explain()
        else:
            super().keyPressEvent(event)
