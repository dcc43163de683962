"""The heat map is read without colours, and its words stand out from every tint."""

import itertools

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.export.access.heatmap import Cell, cell_of
from iamdesk.gui.access.heatmap_cell import conditional_tint, hatch_colour, paint_cell, plain_tint
from iamdesk.gui.access.legend import AccessLegend
from iamdesk.gui.core.theme import Colour, colour, contrast, palette_for

PALETTES = {"light": palette_for(dark=False), "dark": palette_for(dark=True), "contrast": palette_for(True, True)}
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)


def over(ground: QColor, ink: QColor) -> QColor:
    """The colour of ink that lets some of the ground through."""
    alpha = ink.alphaF()
    parts = zip((ground.redF(), ground.greenF(), ground.blueF()), (ink.redF(), ink.greenF(), ink.blueF()), strict=True)
    return QColor.fromRgbF(*(low + (high - low) * alpha for low, high in parts))


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("share", SHARES)
def test_counts_can_be_read_on_every_tint_and_hatch(palette: QPalette, share: float) -> None:
    text = palette.text().color()
    grounds = [plain_tint(share, palette), conditional_tint(share, palette)]
    grounds.append(over(conditional_tint(share, palette), hatch_colour(palette)))
    unknown = colour(Colour.UNKNOWN_SURFACE, palette)
    grounds += [unknown, over(unknown, hatch_colour(palette, Colour.UNKNOWN))]
    for ground in grounds:
        assert contrast(text, ground) >= 4.5


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_a_greater_share_is_further_from_the_ground(palette: QPalette) -> None:
    base = palette.base().color()
    for tint in (plain_tint, conditional_tint):
        steps = [contrast(tint(share, palette), base) for share in SHARES[1:]]
        assert steps == sorted(steps)
        assert len(set(steps)) == len(steps)


def grey(cell: Cell, palette: QPalette) -> QImage:
    """A cell as somebody sees it who sees no colours, its count left out."""
    image = QImage(90, 24, QImage.Format.Format_ARGB32)
    image.fill(palette.base().color())
    painter = QPainter(image)
    paint_cell(painter, QRectF(0, 0, 90, 24), cell, palette, 1.0, count=False)
    painter.end()
    return image.convertToFormat(QImage.Format.Format_Grayscale8)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_what_a_cell_says_is_seen_without_colour(qapp: QApplication, palette: QPalette) -> None:
    cells = [
        cell_of({AccessExtent.NONE: 4}),
        cell_of({AccessExtent.ALLOWED: 4}),
        cell_of({AccessExtent.ALLOWED: 2, AccessExtent.NONE: 2}),
        cell_of({AccessExtent.CONDITIONAL: 4}),
        cell_of({AccessExtent.ALLOWED: 2, AccessExtent.CONDITIONAL: 2}),
        cell_of({AccessExtent.AWAITING: 4}),
        cell_of({AccessExtent.SOME: 4}),
        cell_of({AccessExtent.DENIED: 4}),
        cell_of({AccessExtent.ALLOWED: 2, AccessExtent.DENIED: 2}),
    ]
    images = [grey(cell, palette) for cell in cells]
    for one, other in itertools.combinations(images, 2):
        differ = sum(
            abs(one.pixelColor(x, y).lightness() - other.pixelColor(x, y).lightness()) > 24
            for x in range(one.width())
            for y in range(one.height())
        )
        assert differ >= 12


def test_the_legend_is_painted_as_the_cells_are(qapp: QApplication) -> None:
    legend = AccessLegend()
    legend.resize(900, legend.sizeHint().height())
    wide = legend.grab().toImage()
    legend.resize(80, legend.height())
    assert wide.width() == 900
    assert len({wide.pixelColor(x, 10).name() for x in range(900)}) > 20
    assert legend.accessibleName()
