"""How large the window's text is: the desktop's own size, times what was chosen."""

from PySide6.QtWidgets import QApplication

SMALLEST, USUAL, LARGEST = 80, 100, 250
_DESKTOPS_OWN = "iamdesk text size"
"""Name of the application's property that keeps the desktop's size, in points."""


def apply_text_size(app: QApplication, percent: int) -> None:
    """Set the application's font to so much of the desktop's own size; windows that are open follow."""
    own = app.property(_DESKTOPS_OWN)
    font = app.font()
    if not isinstance(own, float):
        own = font.pointSizeF()
        app.setProperty(_DESKTOPS_OWN, own)
    wanted = own * min(max(percent, SMALLEST), LARGEST) / 100
    if own > 0 and abs(font.pointSizeF() - wanted) > 0.01:
        font.setPointSizeF(wanted)
        app.setFont(font)
        # Qt keeps a font of its own for these. PySide's stubs ask for bytes here, and PySide refuses them.
        app.setFont(font, "QDockWidgetTitle")  # type: ignore[arg-type]
        if app.styleSheet():
            # Under a style sheet only windows follow by themselves, not what is in them.
            app.setStyleSheet(app.styleSheet())
