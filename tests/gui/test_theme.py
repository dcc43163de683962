"""Text, marks and frames that cannot be read on a surface of one of the three palettes, by the contrast of WCAG."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.gui.core.theme import (
    SCHEME_VARIABLE,
    Colour,
    Scheme,
    Theme,
    colour,
    contrast,
    is_dark,
    is_high_contrast,
    palette_for,
)
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph, Mark
from iamdesk.viewmodel.tree import Badge, NodeKind

from ..each_case import each_case

Role = QPalette.ColorRole
PALETTES = {"light": palette_for(False), "dark": palette_for(True), "high contrast": palette_for(True, True)}
EACH = each_case("palette", PALETTES.values(), ids=PALETTES)


def least(palette: QPalette) -> float:
    """What text must reach: AA of WCAG, and AAA where high contrast is asked for."""
    return 7.0 if is_high_contrast(palette) else 4.5


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21)
    assert contrast(QColor("#767676"), QColor("#ffffff")) == pytest.approx(4.54, abs=0.01)


@EACH
@each_case(
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
def test_palette_text_can_be_read(palette: QPalette, text: Role, surface: Role) -> None:
    assert contrast(palette.color(text), palette.color(surface)) >= least(palette)


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


@EACH
@each_case("name", TEXTS)
@each_case("role", [Role.Window, Role.Base, Role.AlternateBase], ids=lambda role: role.name)
def test_named_text_can_be_read_on_every_surface(palette: QPalette, name: Colour, role: Role) -> None:
    assert contrast(colour(name, palette), palette.color(role)) >= least(palette)


@EACH
@each_case("name", CODE)
def test_policy_text_can_be_read_on_every_band(palette: QPalette, name: Colour) -> None:
    surfaces = [palette.color(Role.Base), *(colour(band, palette) for band in BANDS)]
    assert min(contrast(colour(name, palette), surface) for surface in surfaces) >= least(palette)


@EACH
@each_case("band", BANDS)
def test_a_band_can_be_told_from_the_page(palette: QPalette, band: Colour) -> None:
    assert colour(band, palette) != palette.color(Role.Base)


@EACH
@each_case(
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
def test_text_can_be_read_on_its_own_surface(palette: QPalette, text: Colour, surface: Colour) -> None:
    assert contrast(colour(text, palette), colour(surface, palette)) >= least(palette)
    assert contrast(palette.color(Role.WindowText), colour(surface, palette)) >= least(palette)


@EACH
def test_every_name_has_a_colour(palette: QPalette) -> None:
    assert is_dark(palette) is (palette is not PALETTES["light"])
    assert is_high_contrast(palette) is (palette is PALETTES["high contrast"])
    assert all(colour(name, palette).isValid() for name in Colour)


MARKS = [*Mark, *Glyph, *Badge, *NodeKind]


@EACH
@each_case("name", MARKS, ids=lambda name: f"{type(name).__name__}.{name.name}")
def test_every_mark_stands_out_from_every_surface(palette: QPalette, name: icons.Drawing) -> None:
    ink = icons.natural_colour(name, palette)
    surfaces = [palette.color(role) for role in (Role.Window, Role.Base, Role.AlternateBase, Role.Button)]
    if isinstance(name, Mark):
        surfaces.append(colour(icons.MARK_SURFACES[name], palette))
    assert min(contrast(ink, surface) for surface in surfaces) >= 3


@EACH
def test_other_shapes_stand_out(palette: QPalette) -> None:
    base, window = palette.color(Role.Base), palette.color(Role.Window)
    assert contrast(colour(Colour.BAR, palette), base) >= 3
    assert min(contrast(colour(Colour.FRAME, palette), ground) for ground in (base, window)) >= 3
    assert contrast(colour(Colour.BAR, palette), colour(Colour.BAR_TRACK, palette)) >= 3
    assert contrast(palette.color(Role.Highlight), base) >= 3, "the cursor's row"
    assert contrast(palette.color(Role.Accent), window) >= 3, "the ring of the field that has the cursor"
    if is_high_contrast(palette):
        assert contrast(colour(Colour.RULE, palette), window) >= 3, "lines stand for what tints say elsewhere"


@EACH
def test_what_is_switched_off_can_still_be_read(palette: QPalette) -> None:
    off = QPalette.ColorGroup.Disabled
    for text, ground in ((Role.Text, Role.Base), (Role.WindowText, Role.Window), (Role.ButtonText, Role.Button)):
        # WCAG asks nothing of them; a reviewer wants to know what it is that cannot be done now.
        assert contrast(palette.color(off, text), palette.color(off, ground)) >= 2.5


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


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK, Scheme.CONTRAST])
@pytest.mark.parametrize("kind", ["box", "tree", "field"])
def test_unchecked_boxes_and_fields_have_a_frame(qapp: QApplication, qtbot: QtBot, scheme: Scheme, kind: str) -> None:
    Theme(qapp, scheme).apply()
    widget: QWidget
    if kind == "box":
        widget = QCheckBox()
    elif kind == "field":
        widget = QLineEdit()
    else:
        widget = QTreeWidget()
        widget.setHeaderHidden(True)
        widget.setFrameShape(QTreeWidget.Shape.NoFrame)
        QTreeWidgetItem(widget).setCheckState(0, Qt.CheckState.Unchecked)
    qtbot.addWidget(widget)
    widget.resize(60, 24)
    image = widget.grab().toImage()
    ground = qapp.palette().color(Role.Base if kind == "tree" else Role.Window)
    seen = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert max(contrast(QColor(name), ground) for name in seen) >= 3
    Theme(qapp, Scheme.LIGHT).apply()


def test_a_desktop_that_does_not_say_counts_as_light(qapp: QApplication) -> None:
    assert not Theme(qapp, Scheme.SYSTEM).dark


def test_the_environment_overrules_the_setting(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SCHEME_VARIABLE, "dark")
    assert Theme(qapp, Scheme.LIGHT).dark
    monkeypatch.setenv(SCHEME_VARIABLE, "purple")
    assert not Theme(qapp, Scheme.LIGHT).dark


def test_high_contrast_is_a_scheme_of_its_own(qapp: QApplication) -> None:
    theme = Theme(qapp, Scheme.CONTRAST)
    theme.apply()
    assert is_high_contrast(qapp.palette())
    assert "border" in qapp.styleSheet(), "lines around what takes the keyboard"
    theme.scheme = Scheme.LIGHT
    assert not is_high_contrast(qapp.palette())
    assert qapp.styleSheet() == ""
