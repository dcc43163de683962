"""The command palette: all enabled commands in one list with search."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QAction, QCloseEvent, QFocusEvent, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.widgets.padded_delegate import PaddedDelegate
from iamdesk.i18n import tr


class CommandPalette(QFrame):
    """Shown over the window; the chosen command is triggered after the palette has closed."""

    def __init__(self, commands: Iterable[tuple[str, QAction]], parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setObjectName("commandPalette")
        self.setAccessibleName(tr("All commands"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAutoFillBackground(True)
        self.setFrameStyle(QFrame.Shape.StyledPanel.value | QFrame.Shadow.Raised.value)
        self._before = QApplication.focusWidget()
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Type part of a command name"))
        self.field.setAccessibleName(tr("Search the commands"))
        self.field.textChanged.connect(self._narrow)
        self.field.installEventFilter(self)
        self.list = QTreeWidget()
        self.list.setAccessibleName(tr("Commands"))
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAllColumnsShowFocus(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setItemDelegate(PaddedDelegate(self.fontMetrics().height() // 3, self.list))
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setStretchLastSection(False)
        self.list.itemClicked.connect(self._run)
        self._actions: dict[int, QAction] = {}
        for number, (menu, action) in enumerate(commands):
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            item = QTreeWidgetItem([_words(action.text()), _words(menu), visible(keys)])
            item.setData(0, Qt.ItemDataRole.UserRole, number)
            item.setForeground(1, self.palette().placeholderText())
            self._actions[number] = action
            self.list.addTopLevelItem(item)
        layout = QVBoxLayout(self)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self._narrow("")

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Place the palette below the menus, centered."""
        over = self._over
        width = min(over.width() - 40, self.fontMetrics().averageCharWidth() * 90)
        height = min(over.height() - 120, self.fontMetrics().height() * 26)
        self.setGeometry((over.width() - width) // 2, self.fontMetrics().height() * 4, width, height)
        self.raise_()
        super().showEvent(event)
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Return the focus to where it was."""
        super().closeEvent(event)
        if self._before is not None and isValid(self._before):
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Move through the list while typing."""
        if watched is self.field and event.type() is QEvent.Type.FocusOut and isinstance(event, QFocusEvent):
            if event.reason() not in (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason):
                self._before = None  # the user has moved the focus
                self.close()
        elif watched is self.field and event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.close()
                return True
            shown = [item for item in self._items() if not item.isHidden()]
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and shown:
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                current = self.list.currentItem()
                at = shown.index(current) if current in shown else -step
                self.list.setCurrentItem(shown[(at + step) % len(shown)])
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                chosen = self.list.currentItem()
                if chosen is not None and not chosen.isHidden():
                    self._run(chosen)
                return True
        return super().eventFilter(watched, event)

    def _items(self) -> list[QTreeWidgetItem]:
        items = (self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount()))
        return [item for item in items if item is not None]

    def _narrow(self, text: str) -> None:
        words = text.casefold().split()
        for item in self._items():
            searched = f"{item.text(0)} {item.text(1)}".casefold()
            item.setHidden(not all(word in searched for word in words))
        shown = [item for item in self._items() if not item.isHidden()]
        if shown:
            begins = (item for item in shown if item.text(0).casefold().startswith(" ".join(words)))
            self.list.setCurrentItem(next(begins, shown[0]))
        else:
            self.list.setCurrentIndex(QModelIndex())

    def _run(self, item: QTreeWidgetItem) -> None:
        action = self._actions[item.data(0, Qt.ItemDataRole.UserRole)]
        self.close()
        action.trigger()


def _words(text: str) -> str:
    """Return a menu's or an action's text without its mnemonic."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")
