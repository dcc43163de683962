"""Named colors in three palettes (light, dark, high contrast), and the object that sets one on the application.

Nothing else in the window names a color by value. A widget calls ``colour(Colour.DENY_BAND, self.palette())`` when it
paints, and so uses the palette that it is painted with; caches are renewed in ``changeEvent(PaletteChange)``. Text
colors have a contrast of at least 4.5 on their surfaces (``tests/gui/test_theme.py`` computes it).
"""

import os
from enum import StrEnum
from typing import override

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleOption, QWidget

from iamdesk.resource_files import resources

SCHEME_VARIABLE = "IAMDESK_COLOR_SCHEME"
"""Environment variable that forces ``light``, ``dark`` or ``contrast``; it overrides the settings."""


class Scheme(StrEnum):
    """The chosen palette: one of the three, or that of the desktop."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


class Colour(StrEnum):
    """Names of colors. The values are for logs; the colors are in the table below."""

    # The five states as text and marks, each with a surface on which its text color is legible.
    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"
    CONDITIONAL = "conditional"
    UNKNOWN = "unknown"
    ALLOWED_SURFACE = "allowed surface"
    EXPLICIT_DENY_SURFACE = "explicit deny surface"
    IMPLICIT_DENY_SURFACE = "implicit deny surface"
    CONDITIONAL_SURFACE = "conditional surface"
    UNKNOWN_SURFACE = "unknown surface"
    # Bands behind statements in the policy text.
    ALLOW_BAND = "allow band"
    DENY_BAND = "deny band"
    DEPENDS_BAND = "depends band"
    TOOK_PART_BAND = "took part band"
    NEAR_MISS_BAND = "near miss band"
    FOUND_BAND = "found text"
    # The policy text itself.
    GUTTER = "gutter"
    GUTTER_TEXT = "gutter text"
    CODE_KEY = "code key"
    CODE_STRING = "code string"
    CODE_LITERAL = "code literal"
    CODE_PUNCTUATION = "code punctuation"
    CODE_ESCAPE = "code escape"
    # Surfaces and lines.
    MUTED = "secondary text"
    RULE = "separating line"
    FRAME = "frame of a check box or a text field"
    CARD = "card"
    BAR = "bar of a chart"
    BAR_TRACK = "track of a bar"
    LINK = "link"
    # Heat maps of effective permissions: from a small share to all, unconditional and conditional. In the access
    # matrix, the shade also shows the access level, up to a color of its own for the most privileged.
    HEAT_LOW = "heat, low"
    HEAT_HIGH = "heat, high"
    HEAT_GRAVE = "heat, grave"
    HEAT_DEPENDS_LOW = "heat under conditions, low"
    HEAT_DEPENDS_HIGH = "heat under conditions, high"
    HEAT_DEPENDS_GRAVE = "heat under conditions, grave"
    # Message bars.
    NOTE_SURFACE = "note surface"
    WARNING = "warning"
    WARNING_SURFACE = "warning surface"
    ERROR = "error"
    ERROR_SURFACE = "error surface"
    # Kinds and badges in the navigator.
    KIND = "kind icon"
    KIND_POLICY = "policy icon"
    BADGE_STRONG = "strong badge"
    BADGE_ALERT = "alert badge"
    BADGE_QUIET = "quiet badge"
    # Severities of findings.
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


_COLOURS: dict[Colour, tuple[str, str, str]] = {
    Colour.ALLOWED: ("#0b6b3a", "#6fd89a", "#6fffac"),
    Colour.EXPLICIT_DENY: ("#a1131a", "#ff9a97", "#ffaaa8"),
    Colour.IMPLICIT_DENY: ("#7a3b00", "#ffb77a", "#ffc890"),
    Colour.CONDITIONAL: ("#5b3fa8", "#c3b0ff", "#d6c8ff"),
    Colour.UNKNOWN: ("#5f6368", "#b8bdc4", "#e0e4ea"),
    Colour.ALLOWED_SURFACE: ("#e6f3eb", "#1b3327", "#001a0c"),
    Colour.EXPLICIT_DENY_SURFACE: ("#fbe9e9", "#412224", "#260006"),
    Colour.IMPLICIT_DENY_SURFACE: ("#fbeedd", "#3b2c1d", "#1f1100"),
    Colour.CONDITIONAL_SURFACE: ("#efeafa", "#2e2944", "#120a2c"),
    Colour.UNKNOWN_SURFACE: ("#eceef1", "#2b2f35", "#101214"),
    Colour.ALLOW_BAND: ("#e3f3e9", "#1d3529", "#003d1f"),
    Colour.DENY_BAND: ("#fbe5e5", "#43252a", "#55000f"),
    Colour.DEPENDS_BAND: ("#ece7fa", "#312b49", "#2c1c66"),
    Colour.TOOK_PART_BAND: ("#eef0f3", "#282d34", "#2b3038"),
    Colour.NEAR_MISS_BAND: ("#faf2e3", "#362d20", "#402800"),
    Colour.FOUND_BAND: ("#ffe58a", "#5c4a12", "#5a4800"),
    Colour.GUTTER: ("#f4f5f7", "#1b1e22", "#000000"),
    Colour.GUTTER_TEXT: ("#666b73", "#959ca5", "#e0e4ea"),
    Colour.CODE_KEY: ("#1c4f82", "#93c4f3", "#b4dcff"),
    Colour.CODE_STRING: ("#1b1f24", "#dfe3e8", "#ffffff"),
    Colour.CODE_LITERAL: ("#7a4100", "#e8bd7d", "#ffe0a0"),
    Colour.CODE_PUNCTUATION: ("#626871", "#9aa2ac", "#e0e4ea"),
    Colour.CODE_ESCAPE: ("#a1131a", "#ff9a97", "#ffc4c2"),
    Colour.MUTED: ("#5a6068", "#a3abb5", "#e0e4ea"),
    Colour.RULE: ("#d5d9df", "#383d45", "#9aa2ac"),
    Colour.FRAME: ("#7a828d", "#858d98", "#ffffff"),
    Colour.CARD: ("#ffffff", "#1d2025", "#000000"),
    Colour.BAR: ("#4a76b8", "#6c9be0", "#6cb6ff"),
    Colour.BAR_TRACK: ("#e8ebf0", "#2c3138", "#2b3038"),
    Colour.LINK: ("#1a56a8", "#8fbcf5", "#8fd0ff"),
    Colour.HEAT_LOW: ("#e4f3ea", "#1b3026", "#002a15"),
    Colour.HEAT_HIGH: ("#86cba4", "#296645", "#00592b"),
    Colour.HEAT_GRAVE: ("#17683c", "#7fd8a4", "#7dffb4"),
    Colour.HEAT_DEPENDS_LOW: ("#efeafb", "#2a2640", "#1b1145"),
    Colour.HEAT_DEPENDS_HIGH: ("#c3b2ee", "#4b3f7c", "#46339a"),
    Colour.HEAT_DEPENDS_GRAVE: ("#5b3fa8", "#c0aefb", "#d6c8ff"),
    Colour.NOTE_SURFACE: ("#e8eff9", "#21304a", "#001a33"),
    Colour.WARNING: ("#734a00", "#f0c674", "#ffe066"),
    Colour.WARNING_SURFACE: ("#fbf1da", "#3a3020", "#1f1700"),
    Colour.ERROR: ("#a1131a", "#ff9a97", "#ffaaa8"),
    Colour.ERROR_SURFACE: ("#fbe9e9", "#412224", "#260006"),
    Colour.KIND: ("#4c5662", "#b3bcc7", "#ffffff"),
    Colour.KIND_POLICY: ("#1c5a94", "#8fbef0", "#8fd0ff"),
    Colour.BADGE_STRONG: ("#7a3b00", "#ffb77a", "#ffc890"),
    Colour.BADGE_ALERT: ("#a1131a", "#ff9a97", "#ffaaa8"),
    Colour.BADGE_QUIET: ("#5f6368", "#a9b0b9", "#e0e4ea"),
    Colour.CRITICAL: ("#8c0d2c", "#ff8fa6", "#ff9ab0"),
    Colour.HIGH: ("#a1131a", "#ff9a97", "#ffaaa8"),
    Colour.MEDIUM: ("#7a4600", "#ffb77a", "#ffc890"),
    Colour.LOW: ("#1c5a94", "#8fbef0", "#8fd0ff"),
    Colour.INFO: ("#5f6368", "#b8bdc4", "#e0e4ea"),
}

_CONTRAST = 2
"""The column of high contrast in the tables, after light and dark."""
_Role = QPalette.ColorRole
_PALETTE: dict[QPalette.ColorRole, tuple[str, str, str]] = {
    _Role.Window: ("#f1f3f5", "#212429", "#000000"),
    _Role.WindowText: ("#1b1f24", "#e3e6ea", "#ffffff"),
    _Role.Base: ("#ffffff", "#17191d", "#000000"),
    _Role.AlternateBase: ("#f7f8fa", "#1c1f24", "#0d0f12"),
    _Role.Text: ("#1b1f24", "#e3e6ea", "#ffffff"),
    _Role.Button: ("#f1f3f5", "#2a2e34", "#1a1d21"),
    _Role.ButtonText: ("#1b1f24", "#e3e6ea", "#ffffff"),
    _Role.BrightText: ("#ffffff", "#ffffff", "#ffffff"),
    _Role.ToolTipBase: ("#ffffff", "#2d3138", "#000000"),
    _Role.ToolTipText: ("#1b1f24", "#e3e6ea", "#ffffff"),
    _Role.PlaceholderText: ("#676d75", "#949ba5", "#c8ced6"),
    _Role.Highlight: ("#2b5ea8", "#3867a8", "#ffe600"),
    _Role.HighlightedText: ("#ffffff", "#ffffff", "#000000"),
    _Role.Accent: ("#2b5ea8", "#6c9be0", "#ffe600"),
    _Role.Link: ("#1a56a8", "#8fbcf5", "#8fd0ff"),
    _Role.LinkVisited: ("#5b3fa8", "#c3b0ff", "#d6c8ff"),
    _Role.Light: ("#ffffff", "#383d45", "#ffffff"),
    _Role.Midlight: ("#f8f9fa", "#31363d", "#c8ced6"),
    _Role.Mid: ("#c3c8cf", "#15171a", "#9aa2ac"),
    _Role.Dark: ("#a3aab3", "#121417", "#9aa2ac"),
    _Role.Shadow: ("#767d87", "#0b0c0e", "#ffffff"),
}
_DISABLED: dict[QPalette.ColorRole, tuple[str, str, str]] = {
    _Role.WindowText: ("#8b929b", "#737a84", "#a0a7b0"),
    _Role.Text: ("#8b929b", "#737a84", "#a0a7b0"),
    _Role.ButtonText: ("#8b929b", "#737a84", "#a0a7b0"),
    _Role.Highlight: ("#c9d0d9", "#3a4048", "#3a4048"),
    _Role.HighlightedText: ("#5a6068", "#a3abb5", "#e0e4ea"),
}
_ELSEWHERE = ("#667080", "#4b535e", "#9aa2ac")
"""The selection of a table that does not have the focus, and of a window that is not active."""


def palette_for(dark: bool, high_contrast: bool = False) -> QPalette:
    """Return the light, the dark or the high-contrast palette (which is dark), with every role set."""
    column = _CONTRAST if high_contrast else int(dark)
    palette = QPalette()
    for role, values in _PALETTE.items():
        palette.setColor(role, QColor(values[column]))
    palette.setColor(QPalette.ColorGroup.Inactive, _Role.Highlight, QColor(_ELSEWHERE[column]))
    for role, values in _DISABLED.items():
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(values[column]))
    return palette


def is_high_contrast(palette: QPalette) -> bool:
    """Return whether a palette is the high-contrast one, which has its own color for the current cell."""
    return palette.color(QPalette.ColorGroup.Active, _Role.Accent) == QColor(_PALETTE[_Role.Accent][_CONTRAST])


def is_dark(palette: QPalette) -> bool:
    """Return whether a palette is dark: its text is lighter than its base."""
    return palette.color(_Role.Text).lightness() > palette.color(_Role.Base).lightness()


def colour(name: Colour, palette: QPalette) -> QColor:
    """Return a named color for painting on a palette."""
    key = palette.cacheKey()
    column = _columns.get(key)
    if column is None:
        if len(_columns) >= _MAX_PALETTES:
            _columns.clear()
        column = _columns[key] = _CONTRAST if is_high_contrast(palette) else int(is_dark(palette))
    return QColor(_COLOURS[name][column])


_MAX_PALETTES = 64
_columns: dict[int, int] = {}
"""Column of the color tables for a palette, by cache key: needed three times for each painted row."""


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of two opaque colors as WCAG 2.2 defines it (1 to 21)."""

    def luminance(value: QColor) -> float:
        parts = (value.redF(), value.greenF(), value.blueF())
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


_CHECK_BOX = QStyle.PrimitiveElement.PE_IndicatorCheckBox
_FIELD = QStyle.PrimitiveElement.PE_FrameLineEdit
_CORNER = 2.0
"""Radius of the corners of Fusion's text fields, in pixels."""


class FramedStyle(QProxyStyle):
    """Fusion, and a line of ``Colour.FRAME`` around check boxes and text fields, in views and menus as well.

    Fusion makes the color of these frames from that of the window, 40 % darker: nothing is left of it on a dark window.
    """

    def __init__(self) -> None:
        super().__init__("Fusion")

    @override
    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw as Fusion does, then the frame; a text field with the focus has Fusion's."""
        super().drawPrimitive(element, option, painter, widget)
        is_box = element is _CHECK_BOX
        has_focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
        if not is_box and (element is not _FIELD or has_focus):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(Colour.FRAME, option.palette)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        line = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5)
        corner = 0.0 if is_box else _CORNER
        painter.drawRoundedRect(line, corner, corner)
        painter.restore()


class Theme(QObject):
    """Sets style and palette of the application, and follows the desktop if that is chosen."""

    changed = Signal()
    """The palette has changed. Widgets need not listen: they get ``changeEvent(PaletteChange)``."""

    def __init__(self, app: QApplication, scheme: Scheme = Scheme.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._scheme = scheme
        # Otherwise a removed style sheet leaves its palette in the widgets.
        app.setAttribute(Qt.ApplicationAttribute.AA_UseStyleSheetPropagationInWidgetStyles)
        self._hints = app.styleHints()
        """Kept: PySide's objects for its parts die with the last reference."""
        self._hints.colorSchemeChanged.connect(self._system_changed)

    @property
    def scheme(self) -> Scheme:
        """The choice; ``SCHEME_VARIABLE`` in the environment overrides it."""
        forced = os.environ.get(SCHEME_VARIABLE, "").lower()
        return Scheme(forced) if forced in set(Scheme) else self._scheme

    @scheme.setter
    def scheme(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self.apply()

    @property
    def high_contrast(self) -> bool:
        """Whether the high-contrast palette is used: chosen, or requested by the desktop."""
        if self.scheme is Scheme.SYSTEM:
            return self._hints.accessibility().contrastPreference() is Qt.ContrastPreference.HighContrast
        return self.scheme is Scheme.CONTRAST

    @property
    def dark(self) -> bool:
        """Whether a dark palette is used. A desktop without a preference counts as light."""
        if self.high_contrast:
            return True
        if self.scheme is Scheme.SYSTEM:
            return self._hints.colorScheme() is Qt.ColorScheme.Dark
        return self.scheme is Scheme.DARK

    def apply(self) -> None:
        """Set style and palette on the application."""
        # With a style sheet, Qt wraps the style in one without a name; setting the style again would crash.
        if not self._app.styleSheet() and not isinstance(self._app.style(), FramedStyle):
            self._app.setStyle(FramedStyle())
        palette = palette_for(self.dark, self.high_contrast)
        if palette != self._app.palette():
            # The style paints frames darker than the background, which is invisible on black: draw lines.
            # Only here: style sheets are slow on large tables, and stop palettes from reaching the widgets of a window.
            self._app.setStyleSheet("")
            self._app.setPalette(palette)
            if self.high_contrast:
                self._app.setStyleSheet(high_contrast_lines())
            self.changed.emit()

    def _system_changed(self) -> None:
        if self.scheme is Scheme.SYSTEM:
            self.apply()


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
