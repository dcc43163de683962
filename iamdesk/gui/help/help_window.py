"""The user guide in its own window: search and pages left, text right. All pages are local."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QUrl
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QSplitter,
    QTextEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from iamdesk.gui.core.plain_text import set_cell_tooltip
from iamdesk.gui.core.text_size import resize_within_screen
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.help import help_pages
from iamdesk.gui.help.guide_text import GuideText
from iamdesk.gui.help.help_pages import FIRST_PAGE, Hit
from iamdesk.gui.widgets.padded_delegate import PaddedDelegate
from iamdesk.i18n import tr

_PAGE, _HIT = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_EXCERPT = 90


class HelpWindow(QDialog):
    """Not modal. A page is named by its file, without ``.md``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("helpWindow")
        self.setWindowTitle(tr("User guide"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.page = ""
        """The page that is shown."""
        self.search = QLineEdit()
        self.search.setAccessibleName(tr("Search the user guide"))
        self.search.setPlaceholderText(tr("Search all pages"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(200)
        self.search.textChanged.connect(self._list)
        self.search.installEventFilter(self)
        self.pages = QTreeWidget()
        self.pages.setHeaderHidden(True)
        self.pages.setAccessibleName(tr("Pages of the user guide"))
        self.pages.setItemDelegate(PaddedDelegate(self.fontMetrics().height() // 2, self.pages))
        self.pages.currentItemChanged.connect(self._chosen)
        self.text = GuideText()
        self.text.setAccessibleName(tr("Text of the page"))
        self.text.anchorClicked.connect(self._follow)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self._to_search)
        self._lay_out()
        self._list("")

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        gap = self.fontMetrics().height() // 3
        column.setContentsMargins(gap, gap, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.pages)
        splitter = QSplitter()
        splitter.addWidget(left)
        splitter.addWidget(self.text)
        splitter.setStretchFactor(1, 1)
        unit = self.fontMetrics().averageCharWidth()
        splitter.setSizes([unit * 36, unit * 100])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)
        resize_within_screen(self, unit * 136, self.fontMetrics().height() * 42)

    def show_page(self, name: str, heading: str = "") -> None:
        """Show a page, at the paragraph that begins with ``heading``; the first page if it does not exist."""
        if self.search.text():
            self.search.clear()
        name = name if name in help_pages.ORDER else FIRST_PAGE
        item = self.pages.topLevelItem(help_pages.ORDER.index(name))
        if item is not None:
            self.pages.setCurrentItem(item)
        self._load(name)
        self._go_to(heading)

    def show_rule(self, rule: str) -> None:
        """Show an evaluation rule, by its id."""
        self.show_page(help_pages.RULES_PAGE)
        self._go_to_heading(help_pages.anchor_of(rule))

    def _list(self, text: str) -> None:
        """List all pages, or the paragraphs that match the search."""
        self.pages.clear()
        pages: dict[str, QTreeWidgetItem] = {}
        hits = list(help_pages.find(text))
        for page in help_pages.ORDER if not text.strip() else dict.fromkeys(hit.page for hit in hits):
            pages[page] = item = QTreeWidgetItem([help_pages.title_of(page)])
            item.setData(0, _PAGE, page)
            self.pages.addTopLevelItem(item)
        for hit in hits:
            item = QTreeWidgetItem([_excerpt(hit.text, text)])
            item.setData(0, _PAGE, hit.page)
            item.setData(0, _HIT, hit)
            set_cell_tooltip(item, 0, hit.text)
            pages[hit.page].addChild(item)
        self.pages.setRootIsDecorated(bool(hits))
        self.pages.expandAll()
        if text.strip() and not hits:
            none = QTreeWidgetItem([tr("No pages found.")])
            none.setFlags(Qt.ItemFlag.NoItemFlags)
            self.pages.addTopLevelItem(none)

    def _chosen(self, item: QTreeWidgetItem | None) -> None:
        page = item.data(0, _PAGE) if item is not None else None
        if item is None or not page:
            return
        self._load(page)
        hit = item.data(0, _HIT)
        if isinstance(hit, Hit):
            self._mark(hit)

    def _load(self, page: str) -> None:
        if page == self.page:
            self.text.setExtraSelections([])
            return
        self.page = page
        self.text.show_file(help_pages.page_file(page))
        title = help_pages.title_of(page)
        self.text.document().setMetaInformation(QTextDocument.MetaInformation.DocumentTitle, title)
        self.setWindowTitle(tr("{title} – User guide").format(title=title))

    def _mark(self, hit: Hit) -> None:
        """Highlight a paragraph that was found."""
        cursor = QTextCursor(self.text.document().findBlockByNumber(hit.block))
        self.text.setTextCursor(cursor)
        self._scroll_to(cursor)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        band = QTextEdit.ExtraSelection()
        band.cursor = cursor
        band.format.setBackground(colour(Colour.FOUND_BAND, self.palette()))
        self.text.setExtraSelections([band])

    def _follow(self, url: QUrl) -> None:
        """Go to another page of the guide; external links are not followed."""
        if url.isRelative() and url.path().endswith(".md"):
            self.show_page(Path(url.path()).stem)
        if url.isRelative() and url.hasFragment():
            self._go_to_heading(url.fragment())

    def _go_to_heading(self, anchor: str) -> None:
        block = self.text.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and help_pages.anchor_of(block.text()) == anchor:
                self.text.setTextCursor(QTextCursor(block))
                self._scroll_to(QTextCursor(block))
                return
            block = block.next()

    def _go_to(self, heading: str) -> None:
        block = self.text.document().begin()
        while heading and block.isValid():
            if block.text().startswith(heading):
                self.text.setTextCursor(QTextCursor(block))
                self._scroll_to(QTextCursor(block))
                return
            block = block.next()

    def _scroll_to(self, cursor: QTextCursor) -> None:
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.value() + self.text.cursorRect(cursor).top() - self.fontMetrics().height() // 3)

    def _to_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """In the search field: Down and Return go to the matches, Esc clears before it closes the window."""
        if watched is self.search and event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                first = self.pages.topLevelItem(0)
                if first is not None:
                    self.pages.setFocus(Qt.FocusReason.TabFocusReason)
                    self.pages.setCurrentItem(first.child(0) or first)
                return True
        return super().eventFilter(watched, event)


def _excerpt(paragraph: str, text: str) -> str:
    """Return a part of a paragraph around the first word that was searched."""
    at = max(paragraph.casefold().find(text.casefold().split()[0]) - _EXCERPT // 10, 0)
    begin = paragraph.rfind(" ", 0, at) + 1 if at else 0
    shown = paragraph[begin : begin + _EXCERPT]
    return f"{'… ' if begin else ''}{shown}{' …' if begin + _EXCERPT < len(paragraph) else ''}"
