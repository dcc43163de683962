"""Search everywhere: one field, and below it what it finds, the best first, in groups with their counts.

Return opens a line, Ctrl+Return asks about it. A first character narrows the search (`finder.PREFIXES`): the list of
all commands is the palette with ``>`` in its field.
"""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QCloseEvent,
    QFocusEvent,
    QKeyEvent,
    QPalette,
    QShowEvent,
)
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

from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import ElidedLabel, set_cell_tooltip, visible
from iamdesk.gui.core.run_command import OWN_KEYS
from iamdesk.gui.search.finder import PREFIXES, Entry, Finder, Found
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.padded_delegate import PaddedDelegate
from iamdesk.i18n import tr

_NUMBER = Qt.ItemDataRole.UserRole
_LONGEST = 4096
"""Characters; an ARN has at most 2048."""
_PAGE = 10
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVES = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _PAGE, Qt.Key.Key_PageUp: -_PAGE}


class SearchPalette(QFrame):
    """Shown over the window; what is chosen happens after the palette has closed."""

    def __init__(self, finder: Finder, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self._finder = finder
        self.setObjectName("searchPalette")
        self.setAccessibleName(tr("Search everywhere"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAutoFillBackground(True)
        self.setFrameStyle(QFrame.Shape.StyledPanel.value | QFrame.Shadow.Raised.value)
        self._before = QApplication.focusWidget()
        self._entries: list[Entry] = []
        self._is_searching = False
        self._pressed: Qt.KeyboardModifier | None = None
        """Return was pressed, with these keys, before the results came."""
        self.field = QLineEdit()
        self.field.setMaxLength(_LONGEST)
        self.field.setPlaceholderText(
            tr(
                "Search, or ask: who can read object on …   > commands  @ users, groups, roles  # policies  "
                "/ resources  : actions  ! findings  ~ notes  ? help"
            )
        )
        self.field.setAccessibleName(tr("Search everywhere"))
        self.field.setAccessibleDescription(self.field.placeholderText())
        self.field.setProperty(OWN_KEYS, ["Ctrl+Return", "Ctrl+Enter"])
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.list = QTreeWidget()
        self._set_up_list()
        self.hint = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.hint.setContentsMargins(*[self.fontMetrics().height() // 4] * 4)
        layout = QVBoxLayout(self)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        layout.addWidget(self.hint)

    def _set_up_list(self) -> None:
        found = self.list
        found.setAccessibleName(tr("Search results"))
        colours = found.palette()  # the keys go to the field, and what they act on is here
        for role in (QPalette.ColorRole.Highlight, QPalette.ColorRole.HighlightedText):
            colours.setColor(QPalette.ColorGroup.Inactive, role, colours.color(QPalette.ColorGroup.Active, role))
        found.setPalette(colours)
        found.setColumnCount(3)
        found.setHeaderHidden(True)
        found.setRootIsDecorated(False)
        found.setUniformRowHeights(True)
        found.setAllColumnsShowFocus(True)
        found.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        found.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        found.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        found.setTextElideMode(Qt.TextElideMode.ElideRight)
        found.setItemDelegate(PaddedDelegate(self.fontMetrics().height() // 3, found))
        header = found.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(1)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        found.itemClicked.connect(self._clicked)
        found.currentItemChanged.connect(self._show_count)

    def search(self, text: str) -> None:
        """Enter a text, with the cursor behind it; a text that is there already is selected."""
        if self.field.text() == text:
            self._search(text)
            self.field.setSelection(1 if text[:1] in PREFIXES else 0, len(text))
        else:
            self.field.setText(text)
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The lines that are shown, from top to bottom, without headings."""
        return tuple(self._entries)

    @property
    def is_searching(self) -> bool:
        """Whether what is shown belongs to an earlier text."""
        return self._is_searching

    # Searching

    def _search(self, text: str) -> None:
        self._pressed = None
        self._is_searching = True
        self._finder.find(text, self._show_found)

    def _show_found(self, groups: tuple[Found, ...]) -> None:
        self._is_searching = False
        self._entries = []
        self.list.clear()
        is_narrowed = self.field.text()[:1] in PREFIXES
        self.list.addTopLevelItems([item for one in groups for item in self._items(one, is_narrowed=is_narrowed)])
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is not None and item.data(0, _NUMBER) is None:
                item.setFirstColumnSpanned(True)
        self._fit_columns()
        first = self._item(0)
        if first is not None:
            self.list.setCurrentItem(first)
            self.list.scrollToTop()
        self._show_count()
        if self._pressed is not None:
            self._choose(self._pressed)

    def _items(self, found: Found, *, is_narrowed: bool) -> list[QTreeWidgetItem]:
        """Return the heading of a group and its lines."""
        group, count = tr(found.group.value), number(found.total)
        title = tr("{group}: {count}").format(group=group, count=count)
        prefix = next((prefix for prefix, groups in PREFIXES.items() if groups[0] is found.group), "")
        if len(found.entries) < found.total and prefix and not is_narrowed:
            title = tr("{group}: {count} · “{prefix}” for more").format(group=group, count=count, prefix=prefix)
        elif len(found.entries) < found.total:
            title = tr("{group}: {shown} of {count}").format(group=group, shown=number(len(found.entries)), count=count)
        heading = QTreeWidgetItem([title])
        heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
        heading.setForeground(0, self.palette().placeholderText())
        return [heading, *map(self._line, found.entries)]

    def _line(self, entry: Entry) -> QTreeWidgetItem:
        item = QTreeWidgetItem([visible(entry.title), visible(entry.detail), entry.keys])
        item.setData(0, _NUMBER, len(self._entries))
        item.setForeground(1, self.palette().placeholderText())
        if entry.glyph is not None:
            item.setIcon(0, icons.icon(entry.glyph, self.palette()))
        for column in (0, 1):
            set_cell_tooltip(item, column, "\n".join(filter(None, (entry.title, entry.detail, entry.tooltip))))
        self._entries.append(entry)
        return item

    def _fit_columns(self) -> None:
        width = self.list.viewport().width()
        keys = max((self.fontMetrics().horizontalAdvance(one.keys) for one in self._entries), default=0)
        keys += self.fontMetrics().averageCharWidth() * 3 if keys else 0
        self.list.setColumnWidth(0, (width - keys) * 11 // 20)
        self.list.setColumnWidth(1, width - keys - (width - keys) * 11 // 20)
        self.list.setColumnWidth(2, keys)

    def _item(self, at: int) -> QTreeWidgetItem | None:
        items = (self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount()))
        return next((item for item in items if item is not None and item.data(0, _NUMBER) == at), None)

    def _current(self) -> int | None:
        item = self.list.currentItem()
        found = None if item is None else item.data(0, _NUMBER)
        return found if isinstance(found, int) else None

    def _show_count(self, *_: object) -> None:
        """Say what can be done with the current line; to assistive tools, what it is, too."""
        at = self._current()
        if at is None:
            is_nothing = bool(self.field.text().strip()) and not self._is_searching and not self._entries
            self.hint.setText(tr("Nothing was found.") if is_nothing else "")
            return
        entry = self._entries[at]
        asks = tr("Return opens it · Ctrl+Return asks about it in the request bar · Esc closes")
        self.hint.setText(tr("Return opens it · Esc closes") if entry.ask is None else asks)
        words = visible(", ".join(filter(None, (entry.title, entry.detail, entry.keys))))
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.field, words))

    # Choosing

    def _clicked(self, item: QTreeWidgetItem) -> None:
        if isinstance(item.data(0, _NUMBER), int):
            self._choose(QApplication.keyboardModifiers())

    def _choose(self, held: Qt.KeyboardModifier) -> None:
        """Do what the current line is about; while a search is running, once its results are there."""
        if self._is_searching:
            self._pressed = held
            return
        at = self._current()
        if at is None:
            return
        entry = self._entries[at]
        act = entry.ask if Qt.KeyboardModifier.ControlModifier in held else entry.open
        if act is not None:
            self.close()
            act()

    def _move(self, step: int) -> None:
        if not self._entries:
            return
        at, last = self._current(), len(self._entries) - 1
        if at is None:
            at = -1 if step > 0 else 0
        to = (at + step) % (last + 1) if abs(step) == 1 else min(max(at + step, 0), last)
        item = self._item(to)
        if item is not None:
            self.list.setCurrentItem(item)
            if to == 0:
                self.list.scrollToTop()  # with its heading

    # The frame

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Place the palette below the menus, centered."""
        over = self._over
        width = min(over.width() - 40, self.fontMetrics().averageCharWidth() * 120)
        height = min(over.height() - 120, self.fontMetrics().height() * 32)
        self.setGeometry((over.width() - width) // 2, self.fontMetrics().height() * 4, width, height)
        self.raise_()
        super().showEvent(event)
        self._fit_columns()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Return the focus to where it was."""
        self._finder.stop()
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
            return self._pressed_key(event) or super().eventFilter(watched, event)
        return super().eventFilter(watched, event)

    def _pressed_key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.close()
        elif key in _MOVES:
            self._move(_MOVES[key])
        elif key in _ENTER:
            self._choose(event.modifiers())
        else:
            return False
        return True
