"""The overview: columns of even height, everybody who stands out by name, and the page as a file."""

import io
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.badge_rows import rows_by_badge
from iamdesk.gui.core.theme import Scheme
from iamdesk.gui.start.overview import OverviewPage
from iamdesk.gui.widgets.column_layout import ColumnsLayout, parted
from iamdesk.resource_files import resources
from iamdesk.viewmodel.tree import Badge

GAP = 10


def heights_of(heights: list[int], places: tuple[int, ...], columns: int) -> list[int]:
    filled = [0] * columns
    for height, place in zip(heights, places, strict=True):
        filled[place] += height + GAP
    return filled


@given(st.lists(st.integers(20, 300), max_size=7), st.integers(1, 3))
def test_no_way_to_part_cards_is_lower(heights: list[int], columns: int) -> None:
    places = parted(heights, columns, GAP)
    best = min(
        (max(heights_of(heights, way, columns)) for way in product(range(columns), repeat=len(heights))), default=0
    )
    assert max(heights_of(heights, places, columns), default=0) == best
    assert not places or places[0] == 0, "the first card stays first"


def test_many_cards_go_to_the_shorter_column() -> None:
    places = parted([100] * 12, 3, GAP)
    assert sorted(places.count(column) for column in range(3)) == [4, 4, 4]


def test_hidden_cards_take_no_room(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    layout = ColumnsLayout(100, GAP, page)
    cards = [QWidget() for _ in range(4)]
    for card in cards:
        card.setFixedHeight(50)
        layout.addWidget(card)
    page.resize(250, 400)
    page.show()
    assert [card.x() for card in cards] == [0, 0, 130, 130]
    assert layout.heightForWidth(250) == 110
    cards[1].hide()
    cards[2].hide()
    assert layout.heightForWidth(250) == 50
    assert layout.columns_in(90) == 1
    assert layout.columns_in(1000) == 3
    assert layout.takeAt(9) is None


def test_of_an_organization_both_columns_are_used_and_nothing_scrolls(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(1360, 860)
    window.show()
    window.open_path(resources() / "samples" / "acme-organization")
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    window.interior.show_overview()
    page = window.overview
    qtbot.waitUntil(lambda: page.verticalScrollBar().maximum() == 0, timeout=5_000)
    bottoms: dict[int, int] = {}
    for card in page._page.findChildren(QWidget):
        if type(card).__name__ in ("Card", "NamedCard") and card.isVisible():
            bottoms[card.x()] = max(bottoms.get(card.x(), 0), card.geometry().bottom())
    assert len(bottoms) == 2
    assert max(bottoms.values()) < 1.4 * min(bottoms.values())


def test_everybody_who_stands_out_is_named(open_window: MainWindow) -> None:
    window, page = open_window, open_window.overview
    opened = window.session.snapshot
    assert opened is not None
    rows = rows_by_badge(opened.outline, window.session.badges)
    for badge in (Badge.ADMINISTRATOR, Badge.OUTSIDER, Badge.UNUSED, Badge.GAP):
        card = page.named[badge]
        assert rows[badge]
        assert card.listed.count() == len(rows[badge])
        assert card.title.text().endswith(f": {len(rows[badge])}")
        assert card.isVisibleTo(page)
    assert not page.named[Badge.BROKEN].isVisibleTo(page)


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_the_page_is_saved(
    qtbot: QtBot, open_window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: Scheme
) -> None:
    window = open_window
    window._set_scheme(scheme)
    for suffix in (".pdf", ".png", ".svg"):
        path = tmp_path / f"overview{suffix}"
        monkeypatch.setattr(window.prompts, "file_to_save", lambda *_, path=path: path)
        window.menus.actions["actionExportOverview"].trigger()
        qtbot.waitUntil(path.exists, timeout=20_000)
    (sheet,) = PdfReader(io.BytesIO((tmp_path / "overview.pdf").read_bytes())).pages
    text = sheet.extract_text()
    assert "acme-prod.json" in text
    assert "cross-account-backup" in text, "ways in from outside by name"
    image = QImage(str(tmp_path / "overview.png"))
    assert image.width() == 2000
    assert (image.pixelColor(1, 1).lightness() < 128) is (scheme is Scheme.DARK)
    svg = (tmp_path / "overview.svg").read_bytes()
    assert QSvgRenderer(svg).isValid()
    assert b"Administrators 7" in svg, "the charts in words are its description"
    pages = [widget for widget in window.findChildren(OverviewPage) if widget is not window.overview]
    assert pages == [], "what was painted from is gone"


def test_on_paper_long_lists_say_what_they_leave_out(open_window: MainWindow) -> None:
    copy = open_window.overview._copy()
    card = copy.named[Badge.UNUSED]
    assert card.listed.count() == 12
    assert card.title.text() == "Unused for 90 days: 14, the first 12 listed"
    copy._page.deleteLater()
    copy.deleteLater()
