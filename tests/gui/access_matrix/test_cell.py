"""The cells of the map of everybody: read on every shade, told apart without colours, graver is stronger."""

import itertools

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from iamdesk import i18n
from iamdesk.access.effective_permissions import AccessExtent, ServiceAccess
from iamdesk.aws.action_sets import service_actions
from iamdesk.export.access.matrix import GRAVITY, ServiceSummary
from iamdesk.gui.access_matrix.cell import (
    LEVEL_LETTERS,
    CellStyle,
    conditional_shade,
    ink_on,
    look_of,
    paint_look,
    plain_shade,
)
from iamdesk.gui.access_matrix.legend import AccessMatrixLegend, samples
from iamdesk.gui.core.theme import contrast, palette_for

from ...each_case import each_case

PALETTES = {"light": palette_for(dark=False), "dark": palette_for(dark=True), "contrast": palette_for(True, True)}
EACH = each_case("palette", PALETTES.values(), ids=PALETTES)


def service_summary(**bits: int) -> ServiceSummary:
    """A glance at S3; the actions that are not named may not be done."""
    actions = dict.fromkeys(AccessExtent, 0) | {AccessExtent[name.upper()]: found for name, found in bits.items()}
    every = service_actions("s3").every
    for found in bits.values():
        every &= ~found
    actions[AccessExtent.NONE] = every
    return ServiceSummary(ServiceAccess("s3", actions))


def of_level(level: str, most: int = 1_000) -> int:
    bits, found = service_actions("s3").by_level[level], 0
    for _ in range(most):
        found |= bits & -bits
        bits &= bits - 1
    return found


def grey(look: CellStyle, palette: QPalette) -> QImage:
    image = QImage(27, 24, QImage.Format.Format_ARGB32)
    image.fill(palette.base().color())
    painter = QPainter(image)
    paint_look(painter, QRectF(0, 0, 27, 24), look, palette, QApplication.font())
    painter.end()
    return image.convertToFormat(QImage.Format.Format_Grayscale8)


@EACH
@each_case("step", range(21))
def test_letters_can_be_read_on_every_shade(palette: QPalette, step: int) -> None:
    for ground in (plain_shade(step, palette), conditional_shade(step, palette)):
        assert contrast(ink_on(ground, palette), ground) >= 4.5


@EACH
def test_a_stronger_shade_is_further_from_the_ground(palette: QPalette) -> None:
    base = palette.base().color()
    for shade in (plain_shade, conditional_shade):
        steps = [contrast(shade(step, palette), base) for step in range(1, 21)]
        assert steps == sorted(steps)


def test_graver_levels_have_stronger_shades_and_so_has_more_of_one() -> None:
    heats = [
        look.heat for level in GRAVITY if (look := look_of(service_summary(allowed=of_level(level)), None)) is not None
    ]
    assert heats == sorted(heats)
    assert len(set(heats)) == len(GRAVITY)
    little = look_of(service_summary(allowed=of_level("Write", 1)), None)
    much = look_of(service_summary(allowed=of_level("Write")), None)
    reads = look_of(service_summary(allowed=of_level("Read")), None)
    assert little is not None
    assert much is not None
    assert reads is not None
    assert reads.heat < little.heat < much.heat
    assert little.level == much.level == "Write"


def test_conditions_resources_and_denials_are_told() -> None:
    reads, writes = of_level("Read"), of_level("Write")
    whole = look_of(service_summary(conditional=reads), None)
    part = look_of(service_summary(allowed=reads, conditional=of_level("Write", 1)), None)
    somewhere = look_of(service_summary(some=writes), None)
    denied = look_of(service_summary(denied=writes), None)
    awaiting = look_of(service_summary(awaiting=writes), None)
    assert whole is not None
    assert (whole.plain, whole.conditional) == (0, 8)
    assert part is not None
    assert part.plain + part.conditional == 8
    assert part.conditional >= 1
    assert somewhere is not None
    assert somewhere.somewhere
    assert denied is not None
    assert denied.denied
    assert awaiting is not None
    assert awaiting.awaiting == 8
    assert look_of(service_summary(), None) is None
    assert look_of(service_summary(allowed=reads), "Write") is None


def test_a_share_that_is_not_whole_does_not_look_whole() -> None:
    levels = service_actions("s3").by_level["Read"]
    most = look_of(service_summary(allowed=levels & (levels - 1)), "Read")
    whole = look_of(service_summary(allowed=levels), "Read")
    least = look_of(service_summary(allowed=of_level("Read", 1)), "Read")
    assert most is not None
    assert whole is not None
    assert least is not None
    assert 0 < least.share < most.share < whole.share


@EACH
@each_case("level", [None, "Write"])
def test_what_a_cell_says_is_seen_without_colour(qapp: QApplication, palette: QPalette, level: str | None) -> None:
    images = [(words, grey(look, palette)) for words, look in samples(level, is_whole=False)]
    assert images[0][0] == "not computed yet"
    images.append(("", QImage(images[0][1])))
    images[-1][1].fill(palette.base().color())
    for (one, first), (other, second) in itertools.combinations(images, 2):
        assert first != second, (one, other)


def test_letters_differ_in_every_language() -> None:
    try:
        for chosen in i18n.LANGUAGES:
            i18n.choose(chosen)
            letters = [i18n.tr(letter) for letter in LEVEL_LETTERS.values()]
            assert len(set(letters)) == len(GRAVITY), chosen
    finally:
        i18n.choose(i18n.ENGLISH)


def test_the_legend_paints_what_it_has_room_for(qapp: QApplication) -> None:
    legend = AccessMatrixLegend()
    pictures = []
    for level in (None, "Read"):
        legend.show_level(level)
        legend.resize(900, 24)
        pictures.append(legend.grab().toImage())
    assert pictures[0] != pictures[1]
    legend.resize(60, 24)
    narrow = legend.grab().toImage()
    assert {narrow.pixelColor(x, 12).name() for x in range(30)} != {legend.palette().window().color().name()}
    legend.deleteLater()


def test_a_narrow_legend_takes_more_rows_and_leaves_nothing_out(qapp: QApplication) -> None:
    legend = AccessMatrixLegend()
    one = legend.heightForWidth(4000)
    assert legend.heightForWidth(600) > one
    legend.resize(600, legend.heightForWidth(600))
    shown = legend.grab().toImage()
    ground = legend.palette().window().color().name()
    last = range(legend.height() - one, legend.height())
    assert {shown.pixelColor(x, y).name() for x in range(200) for y in last} != {ground}, "the last row is painted"
    legend.deleteLater()
