"""Borders around all controls for the high-contrast palette: a style sheet from that palette's roles."""

from iamdesk.resource_files import resources

_LINES = """
QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit, QTextBrowser, QComboBox {
    border: 1px solid palette(window-text); padding: 2px;
}
QAbstractItemView, QScrollArea#frame { border: 1px solid palette(mid); }
QPushButton, QToolButton { border: 1px solid palette(window-text); padding: 3px 8px; }
QToolButton { padding: 3px; }
QPushButton:disabled, QToolButton:disabled, QLineEdit:disabled, QComboBox:disabled { border-color: palette(mid); }
QPushButton:checked, QToolButton:checked { background: palette(window-text); color: palette(window); }
QPushButton:hover, QToolButton:hover, QComboBox:hover { border-color: palette(accent); }
QLineEdit:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus, QTextBrowser:focus, QComboBox:focus,
QAbstractItemView:focus, QPushButton:focus, QToolButton:focus, QScrollArea:focus {
    border: 2px solid palette(accent);
}
QCheckBox::indicator, QRadioButton::indicator { border: 2px solid palette(window-text); width: 13px; height: 13px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:checked, QRadioButton::indicator:checked { background: palette(accent); }
QCheckBox::indicator:checked { image: url("TICK"); }
QCheckBox:focus, QRadioButton:focus { border: 1px solid palette(accent); }
QMenu, QToolTip, QFrame#searchPalette, QFrame#jobsPanel, QFrame#noteEditor { border: 1px solid palette(window-text); }
QMenu::separator { height: 1px; background: palette(mid); }
QTabBar::tab { border: 1px solid palette(mid); padding: 4px 10px; }
QTabBar::tab:selected { border: 2px solid palette(accent); }
QHeaderView::section { border: 1px solid palette(mid); padding: 2px 4px; background: palette(button); }
QSplitter::handle, QMainWindow::separator { background: palette(mid); }
QScrollBar { border: 1px solid palette(mid); background: palette(window); }
QScrollBar::handle { background: palette(mid); }
QDockWidget::title { background: palette(button); padding: 4px; }
"""


def high_contrast_lines() -> str:
    """Return the style sheet."""
    return _LINES.replace("TICK", (resources() / "icons" / "tick.svg").as_posix())
