import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from iamdesk.gui.theme import SCHEME_VARIABLE, Colour, Scheme, Theme, colour, contrast, is_dark, palette_for

Role = QPalette.ColorRole
BOTH = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21)
    assert contrast(QColor("#767676"), QColor("#ffffff")) == pytest.approx(4.54, abs=0.01)


@BOTH
@pytest.mark.parametrize(
    ("text", "surface"),
    [
        (Role.WindowText, Role.Window),
        (Role.Text, Role.Base),
        (Role.Text, Role.AlternateBase),
        (Role.ButtonText, Role.Button),
        (Role.ToolTipText, Role.ToolTipBase),
        (Role.PlaceholderText, Role.Base),
        (Role.HighlightedText, Role.Highlight),
        (Role.Link, Role.Window),
        (Role.Link, Role.Base),
        (Role.LinkVisited, Role.Base),
    ],
    ids=lambda role: role.name,
)
def test_palette_text_can_be_read(dark: bool, text: Role, surface: Role) -> None:
    palette = palette_for(dark)
    assert contrast(palette.color(text), palette.color(surface)) >= 4.5


TEXTS = [
    Colour.ALLOWED,
    Colour.EXPLICIT_DENY,
    Colour.IMPLICIT_DENY,
    Colour.CONDITIONAL,
    Colour.UNKNOWN,
    Colour.MUTED,
    Colour.LINK,
    Colour.KIND,
    Colour.KIND_POLICY,
    Colour.WARNING,
    Colour.ERROR,
    Colour.BADGE_STRONG,
    Colour.BADGE_ALERT,
    Colour.BADGE_QUIET,
    Colour.CRITICAL,
    Colour.HIGH,
    Colour.MEDIUM,
    Colour.LOW,
    Colour.INFO,
]
CODE = [Colour.CODE_KEY, Colour.CODE_STRING, Colour.CODE_LITERAL, Colour.CODE_PUNCTUATION, Colour.CODE_ESCAPE]
BANDS = [
    Colour.ALLOW_BAND,
    Colour.DENY_BAND,
    Colour.DEPENDS_BAND,
    Colour.TOOK_PART_BAND,
    Colour.NEAR_MISS_BAND,
]


@BOTH
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("role", [Role.Window, Role.Base, Role.AlternateBase], ids=lambda role: role.name)
def test_named_text_can_be_read_on_every_surface(dark: bool, name: Colour, role: Role) -> None:
    palette = palette_for(dark)
    assert contrast(colour(name, palette), palette.color(role)) >= 4.5


@BOTH
@pytest.mark.parametrize("name", CODE)
def test_policy_text_can_be_read_on_every_band(dark: bool, name: Colour) -> None:
    palette = palette_for(dark)
    surfaces = [palette.color(Role.Base), *(colour(band, palette) for band in BANDS)]
    assert min(contrast(colour(name, palette), surface) for surface in surfaces) >= 4.5


@BOTH
@pytest.mark.parametrize("band", BANDS)
def test_a_band_can_be_told_from_the_page(dark: bool, band: Colour) -> None:
    palette = palette_for(dark)
    assert colour(band, palette) != palette.color(Role.Base)


@BOTH
@pytest.mark.parametrize(
    ("text", "surface"),
    [
        (Colour.ALLOWED, Colour.ALLOWED_SURFACE),
        (Colour.EXPLICIT_DENY, Colour.EXPLICIT_DENY_SURFACE),
        (Colour.IMPLICIT_DENY, Colour.IMPLICIT_DENY_SURFACE),
        (Colour.CONDITIONAL, Colour.CONDITIONAL_SURFACE),
        (Colour.UNKNOWN, Colour.UNKNOWN_SURFACE),
        (Colour.WARNING, Colour.WARNING_SURFACE),
        (Colour.ERROR, Colour.ERROR_SURFACE),
        (Colour.LINK, Colour.NOTE_SURFACE),
        (Colour.GUTTER_TEXT, Colour.GUTTER),
        (Colour.MUTED, Colour.CARD),
        (Colour.LINK, Colour.CARD),
    ],
)
def test_text_can_be_read_on_its_own_surface(dark: bool, text: Colour, surface: Colour) -> None:
    palette = palette_for(dark)
    assert contrast(colour(text, palette), colour(surface, palette)) >= 4.5
    assert contrast(palette.color(Role.WindowText), colour(surface, palette)) >= 4.5


@BOTH
def test_every_name_has_a_colour(dark: bool) -> None:
    palette = palette_for(dark)
    assert is_dark(palette) is dark
    assert all(colour(name, palette).isValid() for name in Colour)


def test_scheme_puts_our_palette_on_the_application(qapp: QApplication) -> None:
    theme = Theme(qapp, Scheme.DARK)
    theme.apply()
    assert qapp.palette().color(Role.Window) == palette_for(True).color(Role.Window)
    seen: list[bool] = []
    theme.changed.connect(lambda: seen.append(theme.dark))
    theme.scheme = Scheme.LIGHT
    assert qapp.palette().color(Role.Window) == palette_for(False).color(Role.Window)
    assert seen == [False]
    theme.scheme = Scheme.LIGHT
    assert seen == [False], "nothing changed, nothing is said"


def test_a_desktop_that_does_not_say_counts_as_light(qapp: QApplication) -> None:
    assert not Theme(qapp, Scheme.SYSTEM).dark


def test_the_environment_overrules_the_setting(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SCHEME_VARIABLE, "dark")
    assert Theme(qapp, Scheme.LIGHT).dark
    monkeypatch.setenv(SCHEME_VARIABLE, "purple")
    assert not Theme(qapp, Scheme.LIGHT).dark
