"""The rail at the left edge of the window: a button with drawing and name for each perspective."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from iamdesk.gui.app.perspectives import PERSPECTIVES, Perspective
from iamdesk.gui.core.plain_text import menu_text, set_tooltip
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.i18n import tr

_DRAWING = 20


class _RailButton(QToolButton):
    """One button; a bar at its edge marks the perspective that is shown."""

    def __init__(self, shown: Perspective, action: QAction) -> None:
        super().__init__()
        self._glyph = shown.glyph
        name = tr(shown.label)
        self.setObjectName(f"rail{shown.name.removeprefix('perspective')}")
        self.setText(menu_text(name).replace(" ", "\n", 1))
        self.setAccessibleName(name)
        self.setAccessibleDescription(action.statusTip())
        set_tooltip(self, f"{name} ({action.shortcut().toString(action.shortcut().SequenceFormat.NativeText)})")
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setIconSize(QSize(_DRAWING, _DRAWING))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._paint_drawing()
        self.clicked.connect(action.trigger)
        action.toggled.connect(self._set_shown)
        self._set_shown(action.isChecked())

    def _set_shown(self, is_shown: bool) -> None:
        """Mark the perspective in front: it is the rail's stop of Tab; the arrow keys go to the others."""
        self.setChecked(is_shown)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if is_shown else Qt.FocusPolicy.NoFocus)

    def _paint_drawing(self) -> None:
        self.setIcon(icons.checkable_icon(self._glyph, self.palette(), _DRAWING))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Renew the drawing after a change of palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_glyph"):
            self._paint_drawing()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the button, and the bar."""
        super().paintEvent(event)
        if self.isChecked():
            width = self.width()
            at = width - 3 if self.layoutDirection() is Qt.LayoutDirection.RightToLeft else 0
            QPainter(self).fillRect(at, 0, 3, self.height(), self.palette().color(QPalette.ColorRole.Accent))


class Rail(QWidget):
    """The buttons. Where they do not fit with their names, the drawings are left; the names are in the tooltips."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("perspectiveRail")
        self.setAccessibleName(tr("Perspectives"))
        self._group = QButtonGroup(self)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(2, 4, 3, 4)
        self._layout.setSpacing(2)
        self._layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self._layout.addStretch(1)
        self.buttons: dict[str, QToolButton] = {}

    def fill(self, actions: Mapping[str, QAction]) -> None:
        """Create the buttons for the perspectives' actions, by name."""
        for at, one in enumerate(PERSPECTIVES):
            button = _RailButton(one, actions[one.name])
            self._group.addButton(button)
            self._layout.insertWidget(at, button)
            self.buttons[one.name] = button
        self._fit()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of the buttons."""
        return self._layout.sizeHint()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the width of the buttons; they may be cut off at the bottom before the window has to grow."""
        return QSize(self._layout.sizeHint().width(), 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Show or leave out the names."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the buttons again after a change of the text size."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "buttons"):
            self._fit()

    def _fit(self) -> None:
        count, metrics = len(self.buttons), self.fontMetrics()
        needed = count * (_DRAWING + metrics.lineSpacing() * 2 + 12) + 8
        style = (
            Qt.ToolButtonStyle.ToolButtonTextUnderIcon
            if self.height() >= needed
            else Qt.ToolButtonStyle.ToolButtonIconOnly
        )
        for button in self.buttons.values():
            button.setToolButtonStyle(style)
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the line between rail and panels."""
        at = 0 if self.layoutDirection() is Qt.LayoutDirection.RightToLeft else self.width() - 1
        QPainter(self).fillRect(at, 0, 1, self.height(), colour(Colour.RULE, self.palette()))
