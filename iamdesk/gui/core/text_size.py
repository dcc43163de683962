"""The text size of the window: the desktop's, times the chosen percentage. Windows stay within the screen."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

SMALLEST, USUAL, LARGEST = 80, 100, 250
_DESKTOPS_OWN = "iamdesk text size"
"""Name of the application property with the desktop's text size, in points."""


def apply_text_size(app: QApplication, percent: int) -> None:
    """Set the application's font to a percentage of the desktop's size; open windows follow."""
    own = app.property(_DESKTOPS_OWN)
    font = app.font()
    if not isinstance(own, float):
        own = font.pointSizeF()
        app.setProperty(_DESKTOPS_OWN, own)
    wanted = own * min(max(percent, SMALLEST), LARGEST) / 100
    if own > 0 and abs(font.pointSizeF() - wanted) > 0.01:
        factor = wanted / font.pointSizeF()
        own_sizes = {
            widget: widget.font().pointSizeF()
            for widget in app.allWidgets()
            if widget.testAttribute(Qt.WidgetAttribute.WA_SetFont)
        }
        font.setPointSizeF(wanted)
        app.setFont(font)
        # These classes have their own font. PySide's stubs ask for bytes here, but PySide refuses them.
        app.setFont(font, "QDockWidgetTitle")  # type: ignore[arg-type]
        if app.styleSheet():
            # With a style sheet, only windows follow automatically, not the widgets in them.
            app.setStyleSheet(app.styleSheet())
        _resize_own(own_sizes, factor)


def _resize_own(sizes: dict[QWidget, float], factor: float) -> None:
    """Resize the text of widgets with a font of their own, such as headlines: Qt leaves it as it is."""
    for widget, size in sizes.items():
        own = widget.font()
        if size > 0 and abs(own.pointSizeF() - size) < 0.01:
            own.setPointSizeF(size * factor)
            widget.setFont(own)


def resize_within_screen(window: QWidget, width: int, height: int) -> None:
    """Resize a window or dialog to pixels of its content, at most to the screen without title bar and frame."""
    room = window.screen().availableGeometry()
    frame = window.fontMetrics().lineSpacing() * 2
    window.resize(min(width, room.width() - frame), min(height, room.height() - frame))
