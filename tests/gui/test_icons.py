"""A drawing that is missing, is painted in another colour than its own, or looks like another one."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QApplication, QCheckBox
from pytestqt.qtbot import QtBot

from iamdesk.gui.core.theme import colour, contrast, high_contrast_lines, palette_for
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph, Mark
from iamdesk.resource_files import resources
from iamdesk.viewmodel.tree import NoteMark
from iamdesk.viewmodel.tree_builder import Badge, NodeKind

from ..each_case import each_case

EVERY = [*Mark, *Glyph, *Badge, *NodeKind, *NoteMark]


@each_case("name", EVERY, ids=lambda name: f"{type(name).__name__}.{name.name}")
def test_every_drawing_is_there_and_paints_its_colour(qapp: QApplication, name: icons.Drawing) -> None:
    palette = palette_for(False)
    image = icons.pixmap(name, palette, 32, 1.0).toImage()
    wanted = icons.natural_colour(name, palette)
    solid = [image.pixelColor(x, y) for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() == 255]
    assert solid, "something solid is painted"
    assert all(abs(pixel.red() - wanted.red()) <= 2 for pixel in solid)


@each_case("path", sorted((resources() / "icons").glob("*.svg")), ids=lambda path: path.stem)
def test_drawings_keep_to_the_two_tones_that_are_tinted(path: Path) -> None:
    tree = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - our own files
    tones = {value for node in tree.iter() for key, value in node.attrib.items() if key in ("fill", "stroke")}
    assert tones <= {"none", "#000000", "#808080"}


@pytest.mark.parametrize("kind", [Mark, NoteMark])
def test_no_two_states_share_a_shape(qapp: QApplication, kind: type[Mark] | type[NoteMark]) -> None:
    tint = QColor("#000000")
    palette = palette_for(False)
    images = [icons.pixmap(mark, palette, 16, 1.0, tint).toImage() for mark in kind]
    for position, image in enumerate(images):
        for other in images[position + 1 :]:
            differing = sum(
                abs(image.pixelColor(x, y).alpha() - other.pixelColor(x, y).alpha()) > 96
                for x in range(16)
                for y in range(16)
            )
            assert differing >= 8


def test_a_selected_row_gets_the_drawing_in_the_colour_of_selected_text(qapp: QApplication) -> None:
    palette = palette_for(False)
    image = icons.icon(NodeKind.USER, palette).pixmap(16, QIcon.Mode.Selected).toImage()
    solid = [image.pixelColor(x, y) for x in range(16) for y in range(16) if image.pixelColor(x, y).alpha() == 255]
    assert {pixel.name() for pixel in solid} == {palette.highlightedText().color().name()}


def test_every_state_and_badge_has_words() -> None:
    assert set(icons.MARK_WORDS) == set(Mark)
    assert set(icons.BADGE_SENTENCES) == set(Badge)


def test_a_verdict_word_is_a_mark() -> None:
    for word in ("allowed", "explicitDeny", "implicitDeny", "conditional"):
        assert icons.MARK_COLOURS[Mark(word)]
        assert colour(icons.MARK_SURFACES[Mark(word)], palette_for(True)).isValid()


def test_a_pressed_button_shows_its_drawing_in_high_contrast(qapp: QApplication) -> None:
    palette = palette_for(dark=True, high_contrast=True)
    found = icons.checkable_icon(Glyph.ASK, palette, 20)
    surfaces = {QIcon.State.Off: palette.window().color(), QIcon.State.On: palette.windowText().color()}
    for state, surface in surfaces.items():  # as the style sheet paints both
        image = found.pixmap(20, QIcon.Mode.Normal, state).toImage()
        solid = [image.pixelColor(x, y) for x in range(20) for y in range(20) if image.pixelColor(x, y).alpha() == 255]
        assert max(contrast(tone, surface) for tone in solid) >= 4.5, state


def test_a_box_has_a_tick_in_high_contrast(qapp: QApplication, qtbot: QtBot) -> None:
    before = qapp.palette()
    qapp.setPalette(palette_for(dark=True, high_contrast=True))
    try:
        box = QCheckBox("x")
        qtbot.addWidget(box)
        box.setStyleSheet(high_contrast_lines())
        box.setChecked(True)
        box.show()
        image = box.grab().toImage()
    finally:
        qapp.setPalette(before)
    middle = image.height() // 2
    inside = {image.pixelColor(x, y).name() for x in range(4, 12) for y in range(middle - 4, middle + 4)}
    ground = image.pixelColor(4, middle - 5)
    assert max(contrast(QColor(tone), ground) for tone in inside) >= 3.5, "a tick on the square"
