"""F6 and Shift+F6: move the focus from panel to panel, each time to the last focused widget in it."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid


class FocusCycle(QObject):
    """Knows the panels in order, and remembers the focused widget of each."""

    def __init__(self, panels: Sequence[QWidget], app: QApplication, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panels = tuple(panels)
        self._last: dict[QWidget, QWidget] = {}
        app.focusChanged.connect(self._note)

    def step(self, forward: bool) -> None:
        """Focus the next or previous visible panel that accepts the focus."""
        shown = [panel for panel in self._panels if panel.isVisible()]
        here = self.panel_of(QApplication.focusWidget())
        at = shown.index(here) if here in shown else (-1 if forward else 0)
        for distance in range(1, len(shown) + 1):
            if self.enter(shown[(at + (distance if forward else -distance)) % len(shown)]):
                return

    def enter(self, panel: QWidget) -> bool:
        """Focus a panel: its last focused widget, else its first field. Return False if it has none."""
        last = self._last.get(panel)
        first = panel.focusProxy() or panel
        widget = last if last is not None and isValid(last) and takes_tab(last) else _first_field(panel, first)
        if widget is not None:
            widget.setFocus(Qt.FocusReason.TabFocusReason)
        return widget is not None

    def panel_of(self, widget: QWidget | None) -> QWidget | None:
        """Return the panel that contains a widget, or None."""
        return next(
            (panel for panel in self._panels if widget is panel or (widget and panel.isAncestorOf(widget))), None
        )

    def _note(self, _old: QWidget | None, new: QWidget | None) -> None:
        panel = self.panel_of(new)
        if panel is not None and new is not None:
            self._last[panel] = new


def takes_tab(widget: QWidget) -> bool:
    """Return whether Tab can reach a widget: it is visible, enabled, and wants it."""
    takes_tab = bool(widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value)
    return takes_tab and widget.isVisible() and widget.isEnabled()


def _first_field(panel: QWidget, start: QWidget) -> QWidget | None:
    """Return the first widget of a panel that accepts the focus, in tab order from ``start``."""
    # The tab chain covers the whole window, and a panel's widgets need not be adjacent in it.
    widget: QWidget | None = start
    while widget is not None:
        if (widget is panel or panel.isAncestorOf(widget)) and takes_tab(widget):
            return widget
        widget = widget.nextInFocusChain()
        if widget is start:
            return None
    return None
