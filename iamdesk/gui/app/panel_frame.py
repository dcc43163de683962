"""The frame of a panel: its title, tinted while the panel is active, and the buttons that tear it off or hide it."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from iamdesk.gui.core.plain_text import plain_label, set_tooltip, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr


class _TitleBar(QWidget):
    """The title row of a panel. The active one has another surface, a line under it, and bold text."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.is_active = False
        self.label = plain_label()
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.float_button = self._button(Glyph.TEAR_OFF)
        self.hide_button = self._button(Glyph.CLEAR)
        layout = QHBoxLayout(self)
        gap = self.fontMetrics().height() // 4
        layout.setContentsMargins(gap * 2, 1, gap, 1)
        layout.setSpacing(0)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.float_button)
        layout.addWidget(self.hide_button)
        self.show_active(active=False)

    def _button(self, glyph: Glyph) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the menu Panels has the same for the keyboard
        button.setIconSize(QSize(12, 12))
        button.setIcon(icons.icon(glyph, self.palette()))
        return button

    def show_active(self, *, active: bool) -> None:
        """Mark the panel as the active one, or not."""
        self.is_active = active
        font = self.label.font()
        font.setBold(active)
        self.label.setFont(font)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the surface and the line."""
        painter, palette = QPainter(self), self.palette()
        if self.is_active:
            painter.fillRect(self.rect(), colour(Colour.NOTE_SURFACE, palette))
            painter.fillRect(0, self.height() - 2, self.width(), 2, palette.color(QPalette.ColorRole.Accent))
        else:
            painter.fillRect(0, self.height() - 1, self.width(), 1, colour(Colour.RULE, palette))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Renew the drawings after a change of palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "hide_button"):
            for button, glyph in ((self.float_button, Glyph.TEAR_OFF), (self.hide_button, Glyph.CLEAR)):
                button.setIcon(icons.icon(glyph, self.palette()))


class PanelFrame(QWidget):
    """A panel with its title. It has a place in the window, or is a window of its own."""

    float_wanted = Signal(bool)
    """The user wants it as a window of its own, or back in its place."""
    hide_wanted = Signal()

    def __init__(self, name: str, title: str, panel: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._panel = panel
        self._bar = _TitleBar(self)
        self._bar.float_button.clicked.connect(lambda: self.float_wanted.emit(not self.is_floating))
        self._bar.hide_button.clicked.connect(self.hide_wanted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(panel, 1)
        self.set_title(title)

    def widget(self) -> QWidget:
        """Return the panel."""
        return self._panel

    @property
    def is_floating(self) -> bool:
        """Whether it is a window of its own."""
        return self.isWindow()

    @property
    def is_active(self) -> bool:
        """Whether it is marked as the active panel."""
        return self._bar.is_active

    def set_title(self, title: str) -> None:
        """Set the title, in the language of the window."""
        title = visible(title)
        self.setWindowTitle(title)
        self._bar.label.setText(title)
        self._describe()

    def show_active(self, *, active: bool) -> None:
        """Mark it as the active panel, or not."""
        self._bar.show_active(active=active)

    def show_title(self, *, shown: bool, can_hide: bool) -> None:
        """Show or hide the title, and the button that hides the panel."""
        self._bar.setVisible(shown)
        self._bar.hide_button.setVisible(can_hide and not self.is_floating)
        self._describe()

    def _describe(self) -> None:
        title = self.windowTitle()
        there = (
            tr("Put {panel} back into the main window") if self.is_floating else tr("Open {panel} in its own window")
        )
        for button, words in ((self._bar.float_button, there), (self._bar.hide_button, tr("Hide {panel}"))):
            button.setAccessibleName(words.format(panel=title))
            set_tooltip(button, words.format(panel=title))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Return to its place instead of closing: nothing is lost with its window."""
        event.ignore()
        self.float_wanted.emit(False)
