"""No dialog is larger than the screen, whatever the text size."""

from PySide6.QtWidgets import QWidget


def resize_within_screen(window: QWidget, width: int, height: int) -> None:
    """Resize a window or dialog to pixels of its content, at most to the screen without title bar and frame."""
    room = window.screen().availableGeometry()
    frame = window.fontMetrics().lineSpacing() * 2
    window.resize(min(width, room.width() - frame), min(height, room.height() - frame))
