"""The overview: columns of even height, everybody who stands out by name, and the page as a file."""

import io
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.badge_rows import rows_by_badge
from iamdesk.gui.core.theme import Scheme
from iamdesk.gui.external_access.external_access_window import ExternalAccessWindow
from iamdesk.gui.start.card import Card
from iamdesk.gui.start.overview import OverviewPage
from iamdesk.gui.widgets.column_layout import ColumnsLayout, parted
from iamdesk.resource_files import resources
from iamdesk.viewmodel.tree import Badge

MISSING_DATA = 10


def heights_of(heights: list[int], places: tuple[int, ...], columns: int) -> list[int]:
    filled = [0] * columns
    for height, place in zip(heights, places, strict=True):
        filled[place] += height + MISSING_DATA
    return filled


@given(st.lists(st.integers(20, 300), max_size=7), st.integers(1, 3))
def test_no_way_to_part_cards_is_lower(heights: list[int], columns: int) -> None:
    places = parted(heights, columns, MISSING_DATA)
    best = min(
        (max(heights_of(heights, way, columns)) for way in product(range(columns), repeat=len(heights))), default=0
    )
    assert max(heights_of(heights, places, columns), default=0) == best
    assert not places or places[0] == 0, "the first card stays first"


def test_many_cards_go_to_the_shorter_column() -> None:
    places = parted([100] * 12, 3, MISSING_DATA)
    assert sorted(places.count(column) for column in range(3)) == [4, 4, 4]


def test_hidden_cards_take_no_room(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    layout = ColumnsLayout(100, MISSING_DATA, page)
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


def test_cards_keep_their_place_while_they_fill_in(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(1360, 860)
    window.show()
    window.open_path(resources() / "samples" / "acme-prod.json")
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)
    window.interior.show_overview()
    page = window.overview

    def columns() -> dict[str, int]:
        cards = [card for card in page._page.findChildren(Card) if card.isVisible()]
        lefts = sorted({card.x() for card in cards})
        return {card.title.text().partition(":")[0]: lefts.index(card.x()) for card in cards}

    qtbot.waitUntil(lambda: len(set(columns().values())) > 1, timeout=5_000)
    before = columns()
    assert before.keys() >= {"Administrators", "External access", "Key risks"}
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    assert columns() == before


def test_counts_are_shares_of_their_kind_and_skeletons_go(open_window: MainWindow) -> None:
    page = open_window.overview
    words = {bar.name: bar.words for chart in (page.risks, page.people, page.worst) for bar in chart.bars}
    assert words["Administrators"] == "7 of 60"
    assert words["External access"] == "6 of 32"
    assert words["Users"] == "28", "a number of things is no share"
    assert sum(bar.count for bar in page.worst.bars) == 60
    assert {bar.total for bar in page.worst.bars} == {60}
    assert all(skeleton.isHidden() for skeleton in page._skeletons)
    assert "Administrators 7 of 60" in page.risks.accessibleName()


def test_cards_lead_to_their_tables(qtbot: QtBot, open_window: MainWindow) -> None:
    page = open_window.overview
    page.external_link.click()
    shown = open_window.findChild(ExternalAccessWindow)
    assert isinstance(shown, ExternalAccessWindow)
    qtbot.waitUntil(lambda: not shown.is_running, timeout=60_000)
    shown.close()
    page.paths_link.click()
    qtbot.waitUntil(lambda: open_window.workspace.attack_paths.found is not None, timeout=30_000)


def test_a_comparison_is_told_on_the_page(open_window: MainWindow) -> None:
    page = open_window.overview
    assert page.changes.text().startswith("Not compared yet.")
    open_window.session.show_compared("From a to b: nothing has changed.")
    assert page.changes.text() == "From a to b: nothing has changed."


def test_everybody_who_stands_out_is_named(open_window: MainWindow) -> None:
    window, page = open_window, open_window.overview
    opened = window.session.snapshot
    assert opened is not None
    rows = rows_by_badge(opened.outline, window.session.badges)
    for badge in (Badge.ADMINISTRATOR, Badge.EXTERNAL_ACCESS, Badge.UNUSED, Badge.MISSING_DATA):
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
    window, path = open_window, tmp_path / "overview.pdf"
    window._set_scheme(scheme)
    kinds: list[str] = []
    monkeypatch.setattr(window.prompts, "file_to_save", lambda *asked: kinds.append(asked[-1]) or path)
    window.menus.actions["actionExportOverview"].trigger()
    qtbot.waitUntil(path.exists, timeout=20_000)
    assert kinds == ["PDF document (*.pdf)"]
    (sheet,) = PdfReader(io.BytesIO(path.read_bytes())).pages
    text = sheet.extract_text()
    assert "acme-prod.json" in text
    assert "cross-account-backup" in text, "ways in from outside by name"
    pages = [widget for widget in window.findChildren(OverviewPage) if widget is not window.overview]
    assert pages == [], "what was painted from is gone"


def test_on_paper_long_lists_say_what_they_leave_out(open_window: MainWindow) -> None:
    copy = open_window.overview._copy()
    card = copy.named[Badge.UNUSED]
    assert card.listed.count() == 12
    assert card.title.text() == "Unused for 90 days: 14, the first 12 listed"
    copy._page.deleteLater()
    copy.deleteLater()
