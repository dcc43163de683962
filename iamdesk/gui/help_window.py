"""The user guide in a window of its own: pages at the left, text at the right. The texts are ours and local."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QSplitter, QTextBrowser, QVBoxLayout, QWidget

from iamdesk.gui.inspector.roomy_rows import RoomyRows
from iamdesk.paths import resources

FIRST_PAGE = "index"
_ORDER = (
    FIRST_PAGE,
    "getting-a-snapshot",
    "collect",
    "asking",
    "reading-an-answer",
    "asking-in-reverse",
    "ways",
    "why-denied",
    "findings",
    "command-line",
    "privacy",
)


class HelpWindow(QDialog):
    """Does not block. A page is named by its file, without ``.md``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("helpWindow")
        self.setWindowTitle("User guide")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._folder = resources() / "help"
        self.pages = QListWidget()
        self.pages.setAccessibleName("Pages of the user guide")
        self.pages.setItemDelegate(RoomyRows(self.fontMetrics().height() // 2, self.pages))
        self.text = QTextBrowser()
        self.text.setAccessibleName("Text of the page")
        self.text.setOpenLinks(False)
        self.text.document().setDocumentMargin(self.fontMetrics().height())
        self.text.anchorClicked.connect(self._follow)
        for path in sorted(self._folder.glob("*.md"), key=_place):
            item = QListWidgetItem(_title(path))
            item.setData(Qt.ItemDataRole.UserRole, path.stem)
            self.pages.addItem(item)
        self.pages.currentItemChanged.connect(self._page_chosen)
        splitter = QSplitter()
        splitter.addWidget(self.pages)
        splitter.addWidget(self.text)
        splitter.setStretchFactor(1, 1)
        unit = self.fontMetrics().averageCharWidth()
        splitter.setSizes([unit * 30, unit * 100])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)
        self.resize(unit * 130, self.fontMetrics().height() * 42)

    @property
    def page(self) -> str:
        """The page that is shown."""
        item = self.pages.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ""

    def show_page(self, name: str) -> None:
        """Show a page; one that does not exist shows the first."""
        rows = {self.pages.item(row).data(Qt.ItemDataRole.UserRole): row for row in range(self.pages.count())}
        if rows:
            self.pages.setCurrentRow(rows.get(name, rows.get(FIRST_PAGE, 0)))

    def _page_chosen(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        path = self._folder / f"{item.data(Qt.ItemDataRole.UserRole)}.md"
        self.text.document().setBaseUrl(QUrl.fromLocalFile(str(path)))
        self.text.setMarkdown(path.read_text(encoding="utf-8"))
        self.text.document().setMetaInformation(QTextDocument.MetaInformation.DocumentTitle, item.text())

    def _follow(self, url: QUrl) -> None:
        """Go to another page of the guide; links that lead elsewhere are not followed."""
        if url.isRelative() and url.path().endswith(".md"):
            self.show_page(Path(url.path()).stem)
        elif url.hasFragment():
            self.text.scrollToAnchor(url.fragment())


def _place(path: Path) -> tuple[int, str]:
    return (_ORDER.index(path.stem) if path.stem in _ORDER else len(_ORDER), path.stem)


def _title(path: Path) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("#").strip() or path.stem
