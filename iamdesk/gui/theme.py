"""Colours by name, in two palettes (light and dark), and the object that puts a palette on the application.

Nothing else in the window names a colour by value. A widget asks ``colour(Colour.DENY_BAND, self.palette())`` when it
paints, and so follows the palette it is painted with; what it caches it makes anew in ``changeEvent(PaletteChange)``.
Text colours keep a contrast of 4.5 or more on the surfaces they stand on (``tests/gui/test_theme.py`` computes it).
"""

import os
from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

SCHEME_VARIABLE = "IAMDESK_COLOR_SCHEME"
"""Environment variable that forces ``light`` or ``dark``, whatever the settings say."""


class Scheme(StrEnum):
    """Which palette: the two of ours, or whichever the desktop asks for."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Colour(StrEnum):
    """Names of colours. The value is for people who read logs; the colours stand in the table below."""

    # The five states as text and marks, and a quiet surface for each on which its text colour can be read.
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
    CARD = "card"
    BAR = "bar of a chart"
    BAR_TRACK = "track of a bar"
    LINK = "link"
    # The heat map of effective permissions: from a small share to all of it, plain and under conditions.
    HEAT_LOW = "heat, low"
    HEAT_HIGH = "heat, high"
    HEAT_DEPENDS_LOW = "heat under conditions, low"
    HEAT_DEPENDS_HIGH = "heat under conditions, high"
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


_COLOURS: dict[Colour, tuple[str, str]] = {
    Colour.ALLOWED: ("#0b6b3a", "#6fd89a"),
    Colour.EXPLICIT_DENY: ("#a1131a", "#ff9a97"),
    Colour.IMPLICIT_DENY: ("#7a3b00", "#ffb77a"),
    Colour.CONDITIONAL: ("#5b3fa8", "#c3b0ff"),
    Colour.UNKNOWN: ("#5f6368", "#b8bdc4"),
    Colour.ALLOWED_SURFACE: ("#e6f3eb", "#1b3327"),
    Colour.EXPLICIT_DENY_SURFACE: ("#fbe9e9", "#412224"),
    Colour.IMPLICIT_DENY_SURFACE: ("#fbeedd", "#3b2c1d"),
    Colour.CONDITIONAL_SURFACE: ("#efeafa", "#2e2944"),
    Colour.UNKNOWN_SURFACE: ("#eceef1", "#2b2f35"),
    Colour.ALLOW_BAND: ("#e3f3e9", "#1d3529"),
    Colour.DENY_BAND: ("#fbe5e5", "#43252a"),
    Colour.DEPENDS_BAND: ("#ece7fa", "#312b49"),
    Colour.TOOK_PART_BAND: ("#eef0f3", "#282d34"),
    Colour.NEAR_MISS_BAND: ("#faf2e3", "#362d20"),
    Colour.FOUND_BAND: ("#ffe58a", "#5c4a12"),
    Colour.GUTTER: ("#f4f5f7", "#1b1e22"),
    Colour.GUTTER_TEXT: ("#666b73", "#959ca5"),
    Colour.CODE_KEY: ("#1c4f82", "#93c4f3"),
    Colour.CODE_STRING: ("#1b1f24", "#dfe3e8"),
    Colour.CODE_LITERAL: ("#7a4100", "#e8bd7d"),
    Colour.CODE_PUNCTUATION: ("#626871", "#9aa2ac"),
    Colour.CODE_ESCAPE: ("#a1131a", "#ff9a97"),
    Colour.MUTED: ("#5a6068", "#a3abb5"),
    Colour.RULE: ("#d5d9df", "#383d45"),
    Colour.CARD: ("#ffffff", "#1d2025"),
    Colour.BAR: ("#4a76b8", "#6c9be0"),
    Colour.BAR_TRACK: ("#e8ebf0", "#2c3138"),
    Colour.LINK: ("#1a56a8", "#8fbcf5"),
    Colour.HEAT_LOW: ("#e4f3ea", "#1b3026"),
    Colour.HEAT_HIGH: ("#86cba4", "#296645"),
    Colour.HEAT_DEPENDS_LOW: ("#efeafb", "#2a2640"),
    Colour.HEAT_DEPENDS_HIGH: ("#c3b2ee", "#4b3f7c"),
    Colour.NOTE_SURFACE: ("#e8eff9", "#21304a"),
    Colour.WARNING: ("#734a00", "#f0c674"),
    Colour.WARNING_SURFACE: ("#fbf1da", "#3a3020"),
    Colour.ERROR: ("#a1131a", "#ff9a97"),
    Colour.ERROR_SURFACE: ("#fbe9e9", "#412224"),
    Colour.KIND: ("#4c5662", "#b3bcc7"),
    Colour.KIND_POLICY: ("#1c5a94", "#8fbef0"),
    Colour.BADGE_STRONG: ("#7a3b00", "#ffb77a"),
    Colour.BADGE_ALERT: ("#a1131a", "#ff9a97"),
    Colour.BADGE_QUIET: ("#5f6368", "#a9b0b9"),
    Colour.CRITICAL: ("#8c0d2c", "#ff8fa6"),
    Colour.HIGH: ("#a1131a", "#ff9a97"),
    Colour.MEDIUM: ("#7a4600", "#ffb77a"),
    Colour.LOW: ("#1c5a94", "#8fbef0"),
    Colour.INFO: ("#5f6368", "#b8bdc4"),
}

_Role = QPalette.ColorRole
_PALETTE: dict[QPalette.ColorRole, tuple[str, str]] = {
    _Role.Window: ("#f1f3f5", "#212429"),
    _Role.WindowText: ("#1b1f24", "#e3e6ea"),
    _Role.Base: ("#ffffff", "#17191d"),
    _Role.AlternateBase: ("#f7f8fa", "#1c1f24"),
    _Role.Text: ("#1b1f24", "#e3e6ea"),
    _Role.Button: ("#f1f3f5", "#2a2e34"),
    _Role.ButtonText: ("#1b1f24", "#e3e6ea"),
    _Role.BrightText: ("#ffffff", "#ffffff"),
    _Role.ToolTipBase: ("#ffffff", "#2d3138"),
    _Role.ToolTipText: ("#1b1f24", "#e3e6ea"),
    _Role.PlaceholderText: ("#676d75", "#949ba5"),
    _Role.Highlight: ("#2b5ea8", "#34619f"),
    _Role.HighlightedText: ("#ffffff", "#ffffff"),
    _Role.Accent: ("#2b5ea8", "#6c9be0"),
    _Role.Link: ("#1a56a8", "#8fbcf5"),
    _Role.LinkVisited: ("#5b3fa8", "#c3b0ff"),
    _Role.Light: ("#ffffff", "#383d45"),
    _Role.Midlight: ("#f8f9fa", "#31363d"),
    _Role.Mid: ("#c3c8cf", "#15171a"),
    _Role.Dark: ("#a3aab3", "#121417"),
    _Role.Shadow: ("#767d87", "#0b0c0e"),
}
_DISABLED: dict[QPalette.ColorRole, tuple[str, str]] = {
    _Role.WindowText: ("#8b929b", "#737a84"),
    _Role.Text: ("#8b929b", "#737a84"),
    _Role.ButtonText: ("#8b929b", "#737a84"),
    _Role.Highlight: ("#c9d0d9", "#3a4048"),
    _Role.HighlightedText: ("#5a6068", "#a3abb5"),
}


def palette_for(dark: bool) -> QPalette:
    """Return the light or the dark palette, every role set."""
    palette = QPalette()
    for role, pair in _PALETTE.items():
        palette.setColor(role, QColor(pair[dark]))
    for role, pair in _DISABLED.items():
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(pair[dark]))
    return palette


def is_dark(palette: QPalette) -> bool:
    """Return whether a palette is dark: its text is lighter than its base."""
    return palette.color(_Role.Text).lightness() > palette.color(_Role.Base).lightness()


def colour(name: Colour, palette: QPalette) -> QColor:
    """Return the colour of that name for painting on that palette."""
    return QColor(_COLOURS[name][is_dark(palette)])


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of two opaque colours as WCAG 2.2 defines it (1 to 21)."""

    def luminance(value: QColor) -> float:
        parts = (value.redF(), value.greenF(), value.blueF())
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


class Theme(QObject):
    """Puts our style and one of our palettes on the application, and follows the desktop when asked to."""

    changed = Signal()
    """The palette has changed. Widgets need not listen: they get ``changeEvent(PaletteChange)``."""

    def __init__(self, app: QApplication, scheme: Scheme = Scheme.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._scheme = scheme
        app.styleHints().colorSchemeChanged.connect(self._system_changed)

    @property
    def scheme(self) -> Scheme:
        """What was chosen; ``SCHEME_VARIABLE`` in the environment overrules it."""
        forced = os.environ.get(SCHEME_VARIABLE, "").lower()
        return Scheme(forced) if forced in set(Scheme) else self._scheme

    @scheme.setter
    def scheme(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self.apply()

    @property
    def dark(self) -> bool:
        """Whether the dark palette is the one to show. A desktop that does not say counts as light."""
        if self.scheme is Scheme.SYSTEM:
            return self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark
        return self.scheme is Scheme.DARK

    def apply(self) -> None:
        """Put style and palette on the application."""
        if self._app.style().name().lower() != "fusion":
            self._app.setStyle(QStyleFactory.create("Fusion"))
        palette = palette_for(self.dark)
        if palette != self._app.palette():
            self._app.setPalette(palette)
            self.changed.emit()

    def _system_changed(self) -> None:
        if self.scheme is Scheme.SYSTEM:
            self.apply()
