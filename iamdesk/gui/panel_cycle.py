"""F6 and Shift+F6: from panel to panel, each time to where the cursor last was in it."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid


class PanelCycle(QObject):
    """Knows the panels in order, and remembers the focus of each."""

    def __init__(self, panels: Sequence[QWidget], app: QApplication, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panels = tuple(panels)
        self._last: dict[QWidget, QWidget] = {}
        app.focusChanged.connect(self._note)

    def step(self, forward: bool) -> None:
        """Go to the next or the previous panel that is to be seen."""
        shown = [panel for panel in self._panels if panel.isVisible()]
        if not shown:
            return
        here = self._panel_of(QApplication.focusWidget())
        at = shown.index(here) if here in shown else (-1 if forward else 0)
        self.enter(shown[(at + (1 if forward else -1)) % len(shown)])

    def enter(self, panel: QWidget) -> None:
        """Put the cursor into a panel: where it last was, else at its first field."""
        last = self._last.get(panel)
        if last is not None and isValid(last) and last.isVisible() and last.isEnabled():
            last.setFocus(Qt.FocusReason.TabFocusReason)
            return
        widget: QWidget | None = panel
        while widget is not None and (widget is panel or panel.isAncestorOf(widget)):
            takes_tab = bool(widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value)
            if takes_tab and widget.isVisible() and widget.isEnabled():
                widget.setFocus(Qt.FocusReason.TabFocusReason)
                return
            widget = widget.nextInFocusChain()

    def _panel_of(self, widget: QWidget | None) -> QWidget | None:
        return next(
            (panel for panel in self._panels if widget is panel or (widget and panel.isAncestorOf(widget))), None
        )

    def _note(self, _old: QWidget | None, new: QWidget | None) -> None:
        panel = self._panel_of(new)
        if panel is not None and new is not None:
            self._last[panel] = new
