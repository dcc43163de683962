"""The diagram: boxes and lines from left to right, with zoom, keys, and export as SVG and PNG."""

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QBrush,
    QColor,
    QContextMenuEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPalette,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QMenu, QWidget

from iamdesk.gui.attack_paths.diagram import BoxKind, Diagram, Sizes, arranged
from iamdesk.gui.attack_paths.items import BoxItem, LineItem, accessible_text
from iamdesk.gui.attack_paths.labels import LabelItem, placed, width_of
from iamdesk.gui.core.image_export import picture_file
from iamdesk.i18n import tr

_STEP = 1.2
_SMALLEST, _LARGEST = 0.15, 4.0
COMFORTABLE = 0.75
"""Minimum zoom of a new diagram: a larger one scrolls until the user fits it."""
_MARGIN = 12.0
_FEW_COLUMNS = 4
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class AttackPathsView(QGraphicsView):
    """Shows a diagram. Arrow keys go from box to box, Enter opens one, Space grows it, + and - zoom, 0 fits."""

    box_chosen = Signal(str)
    """Key of a principal: Enter or a double click."""
    column_opened = Signal(int)
    """Distance to the target of a column that is to be shown in full."""
    grow_wanted = Signal(str)
    """Key of a principal: the diagram is to show more paths from it (Space, or its context menu)."""
    box_selected = Signal(str)
    """Key of a box; empty for none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("graphView")
        self.setAccessibleName(tr("Attack-path diagram"))
        self.viewport().setAccessibleName(tr("Attack-path diagram"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setScene(QGraphicsScene(self))
        self.picture = Diagram((), (), 0)
        self._boxes: dict[str, BoxItem] = {}
        self._lines: list[LineItem] = []
        self._labels: list[LabelItem] = []
        self._is_fitted = True
        self._smallest = COMFORTABLE
        self.scene().selectionChanged.connect(self._selection_changed)
        self._describe()

    # ── what it shows ────────────────────────────────────────────────────────────────────────────────────────────────

    def show_picture(self, picture: Diagram, *, is_grown: bool = False) -> None:
        """Show another diagram; the selected box stays selected if it is still there.

        ``is_grown``: the diagram has grown: it stays as large as it is, with the selected box where it was.
        """
        selected = self.selected
        before = self._boxes.get(selected)
        where = self.mapFromScene(before.pos()) if before is not None else None
        self.picture = picture
        self._draw()
        if selected in self._boxes:
            self.select(selected)
        if is_grown and where is not None and selected in self._boxes:
            moved = self.mapFromScene(self._boxes[selected].pos()) - where
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() + moved.x())
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() + moved.y())
            self._is_fitted = False
        else:
            self.fit()
        self._describe()

    def _sizes(self) -> Sizes:
        unit, height = self.fontMetrics().averageCharWidth(), self.fontMetrics().height()
        metrics = QFontMetricsF(self.font())
        words = [width_of(line.caption, metrics) for line in self.picture.lines if line.caption]
        most = 34.0 if self.picture.columns <= _FEW_COLUMNS else 23.0  # a long diagram has to fit a window
        across = min(max((unit * 14.0, *(width + unit * 5 for width in words))), unit * most)
        return Sizes(unit * 26.0, height * 2.7, across, height * 0.9)

    def _draw(self) -> None:
        scene = self.scene()
        scene.blockSignals(True)
        scene.clear()
        self._boxes, self._lines, self._labels = {}, [], []
        sizes, palette = self._sizes(), self.palette()
        places = arranged(self.picture, sizes)
        columns = {box.key: box.column for box in self.picture.boxes}
        for line in self.picture.lines:
            between = columns[line.target] - columns[line.source] - 1
            start, end = places[line.source], places[line.target]
            item = LineItem(
                line,
                QPointF(start[0] + sizes.width, start[1] + sizes.height / 2),
                QPointF(end[0], end[1] + sizes.height / 2),
                max(between, 0) * sizes.height * 0.9 + (sizes.height * 0.5 if between > 0 else 0),
                palette,
            )
            scene.addItem(item)
            self._lines.append(item)
        paths = [item.path for item in self._lines]
        rects = placed(self.picture.lines, paths, columns, sizes.across, self.font())
        for line, rect in zip(self.picture.lines, rects, strict=True):
            if rect is not None:
                label = LabelItem(line, rect, self.font(), palette)
                scene.addItem(label)
                self._labels.append(label)
        for box in self.picture.boxes:
            drawn = BoxItem(box, (sizes.width, sizes.height), self.font(), palette)
            drawn.setPos(*places[box.key])
            scene.addItem(drawn)
            self._boxes[box.key] = drawn
        scene.setSceneRect(scene.itemsBoundingRect().adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN))
        self.setBackgroundBrush(QBrush(palette.color(QPalette.ColorRole.Base)))
        scene.blockSignals(False)

    @property
    def selected(self) -> str:
        """Key of the selected box; empty for none."""
        items = self.scene().selectedItems()
        return items[0].box.key if items and isinstance(items[0], BoxItem) else ""

    def select(self, key: str) -> None:
        """Select a box and scroll to it; does nothing if there is no box with this key."""
        item = self._boxes.get(key)
        if item is not None:
            self.scene().clearSelection()
            item.setSelected(True)
            self.ensureVisible(item)

    def _selection_changed(self) -> None:
        key = self.selected
        for line in self._lines:
            line.is_marked = bool(key) and key in (line.line.source, line.line.target)
            line.setZValue(0.5 if line.is_marked else 0)
            line.update()
        for label in self._labels:
            label.is_marked = bool(key) and key in (label.line.source, label.line.target)
            label.update()
        self._describe()
        self.box_selected.emit(key)

    def _describe(self) -> None:
        """Describe the selection for screen readers."""
        box = self.picture.box(self.selected) if self.selected else None
        if box is not None:
            lines = [line for line in self.picture.lines if line.source == box.key]
            onward = "; ".join(
                tr("reaches {name} by {path}").format(name=target.title, path=line.caption)
                if line.caption
                else tr("is {name}").format(name=target.title)
                for line in lines[:5]
                if (target := self.picture.box(line.target)) is not None
            )
            text = accessible_text(box) + (f" {tr('From here: {onward}.').format(onward=onward)}" if onward else "")
        else:
            text = tr("{count} boxes in {columns} columns. Use the arrow keys.").format(
                count=len(self._boxes), columns=self.picture.columns
            )
        self.setAccessibleDescription(text)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    # ── zoom ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def zoom(self, factor: float) -> None:
        """Zoom by a factor."""
        scale = max(_SMALLEST, min(_LARGEST, self.transform().m11() * factor))
        self.resetTransform()
        self.scale(scale, scale)
        self._is_fitted = False

    def zoom_in(self) -> None:
        """Zoom in."""
        self.zoom(_STEP)

    def zoom_out(self) -> None:
        """Zoom out."""
        self.zoom(1 / _STEP)

    def fit_all(self) -> None:
        """Show the whole diagram, however small."""
        self.fit(0)

    def fit(self, smallest: float = COMFORTABLE) -> None:
        """Show the whole diagram if it needs no smaller zoom, else its left part."""
        rect = self.scene().sceneRect()
        size = self.viewport().size()
        if rect.isEmpty() or size.isEmpty():
            return
        scale = min((size.width() - 2) / rect.width(), (size.height() - 2) / rect.height(), 1.0)
        self.resetTransform()
        self.scale(max(scale, smallest), max(scale, smallest))
        self.centerOn(rect.center())
        if scale < smallest:
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().minimum())
        self._is_fitted, self._smallest = True, smallest

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom with Ctrl, else scroll."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(_STEP ** (event.angleDelta().y() / 120))
            event.accept()
        else:
            super().wheelEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit again, unless the user has zoomed."""
        super().resizeEvent(event)
        if self._is_fitted:
            self.fit(self._smallest)

    # ── keys and pointer ─────────────────────────────────────────────────────────────────────────────────────────────

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Go from box to box, open one, zoom."""
        key = Qt.Key(event.key())
        if key in _ARROWS and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._go(*_ARROWS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.selected)
        elif key is Qt.Key.Key_Space:
            self._grow(self.selected)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif key is Qt.Key.Key_Minus:
            self.zoom_out()
        elif key is Qt.Key.Key_0:
            self.fit_all()
        else:
            super().keyPressEvent(event)

    def _go(self, right: int, down: int) -> None:
        """Select the nearest box in a direction, or the first one."""
        here = self._boxes.get(self.selected)
        if here is None:
            first = min(self._boxes.values(), key=lambda item: (item.x(), item.y()), default=None)
            if first is not None:
                self.select(first.box.key)
            return

        def farness(item: BoxItem) -> float:
            ahead = (item.x() - here.x()) * right + (item.y() - here.y()) * down
            aside = abs((item.x() - here.x()) * down) + abs((item.y() - here.y()) * right)
            return ahead + 2 * aside if ahead > 0 else float("inf")

        best = min(self._boxes.values(), key=farness)
        if farness(best) < float("inf"):
            self.select(best.box.key)

    def _open(self, key: str) -> None:
        box = self.picture.box(key)
        if box is None:
            return
        if box.kind is BoxKind.MORE:
            self.column_opened.emit(int(key.partition(":")[2]))
        elif box.kind in (BoxKind.USER, BoxKind.ROLE):
            self.box_chosen.emit(key)

    def _grow(self, key: str) -> None:
        box = self.picture.box(key)
        if box is not None and box.kind in (BoxKind.USER, BoxKind.ROLE):
            self.grow_wanted.emit(key)
        else:
            self._open(key)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Offer what can be done with a principal: by the pointer or by the menu key, for the selected one."""
        item = self.itemAt(event.pos()) if event.reason() is QContextMenuEvent.Reason.Mouse else None
        if isinstance(item, BoxItem):
            self.select(item.box.key)
        box = self.picture.box(self.selected)
        if box is None or box.kind not in (BoxKind.USER, BoxKind.ROLE):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("&More paths from here"), lambda: self._grow(box.key))
        menu.addAction(tr("&Show it"), lambda: self._open(box.key))
        menu.popup(event.globalPos())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Open a box of several principals at a click."""
        item = self.itemAt(event.position().toPoint())
        super().mousePressEvent(event)
        if isinstance(item, BoxItem):
            self.select(item.box.key)
            if item.box.kind is BoxKind.MORE and event.button() is Qt.MouseButton.LeftButton:
                self._open(item.box.key)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Open a principal."""
        item = self.itemAt(event.position().toPoint())
        if isinstance(item, BoxItem) and item.box.kind is not BoxKind.MORE:
            self._open(item.box.key)
        else:
            super().mouseDoubleClickEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update colors and fonts."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "picture"):
            selected = self.selected
            self._draw()
            self.select(selected)

    # ── export ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def as_file(self, suffix: str) -> bytes:
        """Return the diagram as a file of a format in ``PICTURES``."""
        size, title = self.scene().sceneRect().size(), tr("Attack paths, by iamdesk")
        return picture_file(suffix, self._paint, size, self._ground(), title)

    def _ground(self) -> QColor:
        return self.palette().color(QPalette.ColorRole.Base)

    def _paint(self, painter: QPainter) -> None:
        rect = self.scene().sceneRect()
        self.scene().render(painter, QRectF(QPointF(0, 0), rect.size()), rect)
