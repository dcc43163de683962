"""A card that lists the names of those that have a badge: a few lines, the rest by scrolling."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import set_tooltip, visible
from iamdesk.gui.start.card import Card
from iamdesk.gui.widgets import icons as marks
from iamdesk.i18n import tr, translate
from iamdesk.viewmodel.tree import Node, NodeKind

MAX_LISTED = 500
_AT_ONCE = 20
_LATER_AT_ONCE = 60
"""Names that are added in one turn of the event loop."""
_PAUSE = 150
"""Milliseconds before the rest is added: the window is painted first."""
_KIND = int(Qt.ItemDataRole.UserRole) + 1


class NamedCard(Card):
    """A click or Return goes to the named item."""

    chosen = Signal(str)
    """A key."""

    def __init__(self, name: str, lines: int, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._name = name
        self._lines = lines
        self._count = 0
        self._unknown = ""
        self._later: Sequence[Node] = ()
        self.listed = QListWidget()
        self.listed.setUniformItemSizes(True)
        self.listed.setFrameShape(QListWidget.Shape.NoFrame)
        self.listed.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.listed.setAccessibleName(name)
        self.listed.itemActivated.connect(self._choose)
        self.listed.itemClicked.connect(self._choose)
        self.body.addWidget(self.listed)

    def show_nodes(self, nodes: Sequence[Node], count: int, unknown: str = "") -> None:
        """List the first nodes; the title has the total, or what is shown for it while it is not known."""
        self.listed.clear()
        self._add(nodes[:_AT_ONCE])
        self._later = nodes[_AT_ONCE:]
        if self._later:
            QTimer.singleShot(_PAUSE, self, self._add_later)
        self._count = count
        self._unknown = unknown
        self._update_title(len(nodes))
        self.listed.setVisible(bool(nodes))
        fit(self.listed, self._lines)

    def _add(self, nodes: Sequence[Node]) -> None:
        icons = {kind: marks.icon(kind, self.palette()) for kind in {node.kind for node in nodes}}
        for node in nodes:
            text = f"{visible(node.text)}   {visible(translate(node.detail))}"
            item = QListWidgetItem(icons[node.kind], text)
            item.setData(Qt.ItemDataRole.UserRole, node.key)
            item.setData(_KIND, node.kind)
            set_tooltip(item, f"{node.text} ({tr(node.kind.value)})\n{node.key}")
            self.listed.addItem(item)

    def _add_later(self) -> None:
        """Add names that need scrolling, some in each turn."""
        self._add(self._later[:_LATER_AT_ONCE])
        self._later = self._later[_LATER_AT_ONCE:]
        if self._later:
            QTimer.singleShot(0, self, self._add_later)

    def show_on_paper(self, lines: int) -> None:
        """List the first names without scrolling; the title has the total."""
        self._add(self._later)
        self._later = ()
        while self.listed.count() > lines:
            self.listed.takeItem(self.listed.count() - 1)
        self._update_title(self.listed.count())
        self.listed.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        fit(self.listed, lines)

    def _update_title(self, listed: int) -> None:
        cut = self._count > listed
        title = tr("{name}: {count}, the first {listed} listed") if cut else "{name}: {count}"
        count = self._unknown or number(self._count)
        self.title.setText(title.format(name=self._name, count=count, listed=number(listed)))

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def _draw_icons(self) -> None:
        for item in map(self.listed.item, range(self.listed.count())):
            item.setIcon(marks.icon(NodeKind(item.data(_KIND)), self.palette()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the icons."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "listed"):
            self._draw_icons()


def fit(listed: QListWidget, lines: int) -> None:
    """Make the list as high as its rows, up to a few; more scroll."""
    row = max(listed.sizeHintForRow(0), listed.fontMetrics().lineSpacing()) if listed.count() else 0
    listed.setFixedHeight(row * min(listed.count(), lines) + 2 * listed.frameWidth() + 2)
