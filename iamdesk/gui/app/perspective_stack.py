"""Shows one perspective at a time, moves the panels between them, and keeps the arrangement of each."""

import json
from typing import Any

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QPushButton,
    QScrollBar,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from iamdesk.gui.app.panel_frame import PanelFrame
from iamdesk.gui.app.perspectives import PERSPECTIVES, Perspective, Place, Split, home_of
from iamdesk.gui.app.perspectives import perspective as perspective_of
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr


class _Slot(QWidget):
    """The place of one panel in one perspective: empty while the panel is elsewhere."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.is_wanted = not place.is_optional
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def take(self, frame: PanelFrame) -> None:
        """Put the panel here."""
        if frame.parentWidget() is not self:
            self._layout.addWidget(frame)


class _Page(QWidget):
    """One perspective: its splitters and slots, and a sentence while its panels are all in windows of their own."""

    def __init__(self, shown: Perspective) -> None:
        super().__init__()
        self.perspective = shown
        self.slots: dict[str, _Slot] = {}
        self.splitters: list[tuple[QSplitter, Split]] = []
        self.is_sized = False
        self.away = FlowLabel()
        self.back = QPushButton(tr("&Put it back"))
        self._elsewhere = QWidget()
        above = QVBoxLayout(self._elsewhere)
        above.addWidget(self.away)
        above.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeading)
        above.addStretch(1)
        self._elsewhere.hide()
        self._root = self._build(shown.layout)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._elsewhere, 1)
        layout.addWidget(self._root, 1)

    def _build(self, split: Split) -> QSplitter:
        splitter = QSplitter(Qt.Orientation.Vertical if split.is_column else Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        self.splitters.append((splitter, split))
        for at, part in enumerate(split.parts):
            if isinstance(part, Place):
                slot = _Slot(part)
                slot.hide()
                self.slots[part.panel] = slot
                splitter.addWidget(slot)
            else:
                splitter.addWidget(self._build(part))
            splitter.setStretchFactor(at, 0 if part.size else 1)
        return splitter

    def size_usually(self) -> None:
        """Give the parts their usual sizes."""
        metrics = self.fontMetrics()
        for splitter, split in self.splitters:
            unit = metrics.lineSpacing() if split.is_column else metrics.averageCharWidth()
            whole = self.height() if split.is_column else self.width()
            fixed = sum(part.size for part in split.parts) * unit
            most = whole // 2  # with large text, the rest would have no room
            share = most / fixed if fixed > most and any(not part.size for part in split.parts) else 1.0
            rest = (whole - round(fixed * share)) // max(sum(not part.size for part in split.parts), 1)
            splitter.setSizes([round(part.size * unit * share) or max(rest, 1) for part in split.parts])

    def refresh(self) -> None:
        """Show the splitters in which something is shown, or the sentence."""
        for splitter, _split in reversed(self.splitters[1:]):  # the inner ones first
            splitter.setVisible(_is_filled(splitter))
        is_empty = not _is_filled(self._root)
        self._root.setVisible(not is_empty)
        self._elsewhere.setVisible(is_empty)


def _is_filled(splitter: QSplitter) -> bool:
    parts = (splitter.widget(at) for at in range(splitter.count()))
    return any(part is not None and not part.isHidden() for part in parts)


def _scroll_back(places: list[tuple[QScrollBar, int]]) -> None:
    """Scroll to where one was: a tree that is shown again begins at its top."""
    for bar, value in places:
        if isValid(bar) and not bar.value():
            bar.setValue(value)


class PerspectiveStack(QStackedWidget):
    """The perspectives. They are built when they are first shown."""

    shown = Signal(str)
    """Another perspective is shown; its name."""

    def __init__(self, app: QApplication, window: QWidget) -> None:
        super().__init__()
        self.setObjectName("perspectives")
        self._window = window
        self._waiting = QWidget(self)
        """Holds panels that have not been shown yet."""
        self._waiting.hide()
        self._pages: dict[str, _Page] = {}
        self._kept: dict[str, dict[str, Any]] = {}
        """By perspective, the arrangement of the last run, until the perspective is built."""
        self._is_open = False
        self._is_turning = False
        self.frames: dict[str, PanelFrame] = {}
        self.perspective = PERSPECTIVES[0]
        self._floating: dict[str, str] = {}
        """By panel, the place of its own window in the last run."""
        self._last: dict[str, PanelFrame] = {}
        """By perspective, the panel that had the focus last."""
        self._active: PanelFrame | None = None
        self._build(self.perspective)
        app.focusChanged.connect(self._focus_moved)

    # ── panels ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def add_panel(self, name: str, title: str, panel: QWidget) -> PanelFrame:
        """Put a panel into a frame, for the perspectives that have a place for it."""
        frame = PanelFrame(name, title, panel, self._waiting)
        frame.hide()
        frame.float_wanted.connect(lambda wanted: self.set_floating(name, floating=wanted))
        frame.hide_wanted.connect(lambda: self.hide_panel(name))
        self.frames[name] = frame
        if name in self._page().slots:
            self._arrange()
        return frame

    def panels_here(self) -> list[str]:
        """Return the panels that the current perspective has a place for, in order."""
        return [place.panel for place in self.perspective.layout.places()]

    def is_shown(self, name: str) -> bool:
        """Return whether a panel is shown, here or in a window of its own."""
        frame = self.frames[name]
        slot = self._page().slots.get(name)
        return frame.is_floating or (slot is not None and slot.is_wanted)

    def show_panel(self, name: str) -> QWidget:
        """Show a panel: in its own window, here, or in the perspective that it belongs to. Return its widget."""
        frame = self.frames[name]
        if frame.is_floating:
            frame.show()
            frame.raise_()
        else:
            if name not in self._page().slots:
                self.show_perspective(home_of(name).name)
            slot = self._page().slots[name]
            if not slot.is_wanted or slot.isHidden():
                slot.is_wanted = True
                self._arrange()
        return frame.widget()

    def hide_panel(self, name: str) -> None:
        """Hide a panel in the current perspective; the panel that the perspective is about stays."""
        slot = self._page().slots.get(name)
        if slot is not None and name != self.perspective.main:
            slot.is_wanted = False
            self._arrange()

    def set_floating(self, name: str, *, floating: bool) -> None:
        """Make a panel a window of its own, for a second screen, or put it back into its place."""
        frame = self.frames[name]
        if floating == frame.is_floating:
            return
        if floating:
            size = frame.size()
            # A tool window: the commands of the main window keep their keys in it.
            frame.setParent(self._window, Qt.WindowType.Tool)
            frame.resize(size)
            frame.show_title(shown=True, can_hide=False)
            self._arrange()
            frame.show()
        else:
            frame.hide()
            frame.setParent(self._waiting, Qt.WindowType.Widget)
            self._arrange()

    def frame_of(self, widget: QWidget | None) -> PanelFrame | None:
        """Return the frame around a widget, or None."""
        while widget is not None and not isinstance(widget, PanelFrame):
            widget = widget.parentWidget()
        return widget

    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        frame = self.frame_of(new)
        if self._is_turning or frame is None or frame not in self.frames.values():
            return  # Qt's own choice; or the rail, a menu, another window: the active panel stays
        if not frame.is_floating:
            self._last[self.perspective.name] = frame
        self._activate(frame)

    def _activate(self, frame: PanelFrame) -> None:
        if frame is not self._active:
            if self._active is not None:
                self._active.show_active(active=False)
            self._active = frame
            frame.show_active(active=True)

    @property
    def last_panel(self) -> QWidget | None:
        """The panel of the current perspective that had the focus last, if it is shown."""
        frame = self._last.get(self.perspective.name)
        return frame.widget() if frame is not None and frame.isVisible() and not frame.is_floating else None

    # ── perspectives ─────────────────────────────────────────────────────────────────────────────────────────────────

    def show_perspective(self, name: str) -> None:
        """Show another perspective, as it was left."""
        if name == self.perspective.name:
            return
        self.perspective = perspective_of(name)
        self._is_turning = True
        self._build(self.perspective)
        self._arrange()
        page = self._page()
        places = [(bar, bar.value()) for bar in page.findChildren(QScrollBar) if bar.value()]
        self.setCurrentWidget(page)
        QTimer.singleShot(0, page, lambda: _scroll_back(places))
        self._is_turning = False
        frame = self._last.get(name) or self.frames.get(self.perspective.main)
        if frame is not None:
            self._activate(frame)
        self.shown.emit(name)

    def open(self) -> None:
        """Show the panels: a snapshot is open."""
        self._is_open = True
        self._arrange()
        for name, geometry in self._floating.items():
            if name in self.frames:
                self.set_floating(name, floating=True)
                self.frames[name].restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        self._floating = {}

    def close_all(self) -> None:
        """Show the start page alone: no snapshot is open."""
        self._is_open = False
        self._floating = self._own_windows()
        for name in self._floating:
            self.set_floating(name, floating=False)
        self.show_perspective(PERSPECTIVES[0].name)
        self._arrange()

    def _page(self) -> _Page:
        return self._pages[self.perspective.name]

    def _build(self, wanted: Perspective) -> None:
        if wanted.name in self._pages:
            return
        page = _Page(wanted)
        page.back.clicked.connect(lambda: self.set_floating(wanted.main, floating=False))
        self._pages[wanted.name] = page
        self.addWidget(page)
        self._want(page)

    def _want(self, page: _Page) -> None:
        for panel, is_wanted in self._kept.get(page.perspective.name, {}).get("shown", {}).items():
            if panel in page.slots and panel != page.perspective.main:
                page.slots[panel].is_wanted = is_wanted is True

    def _arrange(self) -> None:
        """Put every panel of the current perspective into its slot, and show those that are wanted."""
        page = self._page()
        main = self.perspective.main
        for name, slot in page.slots.items():
            frame = self.frames.get(name)
            is_here = frame is not None and not frame.is_floating
            is_shown = is_here and slot.is_wanted and (self._is_open or name == main)
            if frame is not None and is_here:
                slot.take(frame)
                frame.show_title(shown=self._is_open, can_hide=name != main)
                frame.setVisible(is_shown)
            slot.setVisible(is_shown)
        page.refresh()
        if self._is_open:
            title = self.frames[main].windowTitle() if main in self.frames else ""
            page.away.setText(tr("{panel} is in its own window.").format(panel=title))
            if not page.is_sized:
                page.is_sized = True
                QTimer.singleShot(0, page, lambda: self._size(page))

    def _size(self, page: _Page) -> None:
        kept = self._kept.get(page.perspective.name, {}).get("sizes", [])
        if len(kept) == len(page.splitters) and all(
            len(sizes) == splitter.count() for sizes, (splitter, _split) in zip(kept, page.splitters, strict=True)
        ):
            for sizes, (splitter, _split) in zip(kept, page.splitters, strict=True):
                splitter.setSizes(sizes)
        else:
            page.size_usually()

    # ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _own_windows(self) -> dict[str, str]:
        return {
            name: bytes(frame.saveGeometry().toBase64().data()).decode()
            for name, frame in self.frames.items()
            if frame.is_floating
        }

    def state(self) -> str:
        """Return the arrangement of every perspective, as JSON."""
        perspectives = dict(self._kept)
        for name, page in self._pages.items():
            perspectives[name] = {
                "shown": {panel: slot.is_wanted for panel, slot in page.slots.items()},
                "sizes": [splitter.sizes() for splitter, _split in page.splitters] if page.is_sized else [],
            }
        return json.dumps({"perspectives": perspectives, "floating": self._own_windows() or self._floating})

    def restore(self, state: str) -> None:
        """Restore what `state` returned in an earlier run. What does not fit is ignored."""
        try:
            kept = json.loads(state) if state else {}
        except ValueError:
            return
        arrangements, floating = _fields(kept, "perspectives"), _fields(kept, "floating")
        self._kept = {
            name: {"shown": _fields(one, "shown"), "sizes": _sizes(one)} for name, one in arrangements.items()
        }
        self._floating = {name: geometry for name, geometry in floating.items() if isinstance(geometry, str)}
        for page in self._pages.values():
            self._want(page)
        self._arrange()


def _fields(value: object, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _sizes(value: object) -> list[list[int]]:
    found = value.get("sizes") if isinstance(value, dict) else None
    if not isinstance(found, list):
        return []
    is_sound = all(
        isinstance(one, list) and all(type(size) is int and 0 <= size < 1 << 15 for size in one) for one in found
    )
    return found if is_sound else []
