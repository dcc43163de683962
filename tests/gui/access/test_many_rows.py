"""Who can with more rows than are explained at once: those in sight, and all where filter, order or copying need it."""

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iamdesk import i18n
from iamdesk.access.who_can import Access
from iamdesk.api import SnapshotSession
from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.gui.core.locale import set_language
from iamdesk.gui.core.session import Session
from iamdesk.gui.who_can import worker
from iamdesk.gui.who_can.details import details_of
from iamdesk.gui.who_can.panel import WhoCanPanel
from iamdesk.gui.who_can.rows import FIELDS, Column, WhoCanFilter, WhoCanRow

from .conftest import ACTION, NORA, PAYROLL


@pytest.fixture
def many(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WhoCanPanel]:
    """Everybody who can read the payroll, in a table of a few lines."""
    monkeypatch.setattr(worker, "FEW", 0)
    who_can.table.setFixedHeight(5 * who_can.table.verticalHeader().defaultSectionSize())
    session.ask_who_can(Request("", ACTION, PAYROLL))
    qtbot.waitUntil(lambda: who_can.is_complete and are_explained(who_can.table.rows_in_sight()), timeout=20_000)
    yield who_can
    who_can.rest.stop()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, many: WhoCanPanel) -> threading.Event:
    """Nothing more is explained until this is set."""
    may = threading.Event()
    real = Access.explanation.fget
    assert real is not None

    def explanation(self: Access) -> EvaluationResult:
        assert may.wait(20)
        found: EvaluationResult = real(self)
        return found

    monkeypatch.setattr(Access, "explanation", property(explanation))
    return may


def are_explained(rows: Sequence[WhoCanRow]) -> bool:
    return bool(rows) and all(row.has_details for row in rows)


def expected(sample: SnapshotSession, typed: str) -> set[str]:
    """Return the principals that a filter shows where all rows are explained."""
    rows = [WhoCanRow(one, sample.outline) for one in sample.who_can(action=ACTION, resource=PAYROLL, context={})]
    for row in rows:
        row.set_details(details_of(row.access.explanation))
    return {row.principal for row in rows if WhoCanFilter(typed=FIELDS.read(typed)).accepts(row)}


def type_filter(panel: WhoCanPanel, typed: str) -> None:
    panel.text.setText(typed)
    panel.text.apply()


def test_the_rows_in_sight_are_explained_and_those_that_come_into_sight(qtbot: QtBot, many: WhoCanPanel) -> None:
    assert len(many.model.unexplained) > 5
    last = many.model.shown[-1]
    assert not last.has_details
    assert last.texts[Column.HOW] == "…"
    assert many.export_button.isEnabled()
    many.table.scrollToBottom()
    qtbot.waitUntil(lambda: last.has_details, timeout=20_000)
    assert last.texts[Column.HOW] == details_of(last.access.explanation).how
    assert many.model.unexplained


@pytest.mark.parametrize("typed", ["finance", "-finance", "granted:payroll OR kind:root", 'condition:""', "nora", "…"])
def test_a_filter_shows_in_the_end_what_it_shows_with_all_rows_explained(
    qtbot: QtBot, many: WhoCanPanel, sample: SnapshotSession, typed: str
) -> None:
    type_filter(many, typed)
    qtbot.waitUntil(lambda: not (many.model.unexplained or many.rest.running), timeout=20_000)
    assert {row.principal for row in many.model.shown} == expected(sample, typed)
    assert not many.unexplained.text
    keys = [row.sort_key(Column.DECISION) for row in many.model.shown]
    assert keys == sorted(keys)


@pytest.mark.parametrize("typed", ["kind:user", "decision:allowed", "-account:1"])
def test_a_filter_of_what_rows_have_at_once_explains_nothing(qtbot: QtBot, many: WhoCanPanel, typed: str) -> None:
    before = len(many.model.unexplained)
    many.table.hide()  # nothing is in sight
    type_filter(many, typed)
    qtbot.wait(100)
    assert not many.rest.running
    assert len(many.model.unexplained) == before


def test_until_it_is_known_whether_a_row_matches_it_is_not_shown_and_that_is_said(
    qtbot: QtBot, many: WhoCanPanel, held: threading.Event, sample: SnapshotSession
) -> None:
    waiting = len(many.model.unexplained)
    type_filter(many, "-granted:payroll")
    qtbot.waitUntil(lambda: many.rest.running, timeout=20_000)
    assert all(row.has_details for row in many.model.shown)
    assert many.unexplained.text.startswith(f"{waiting} principals are not explained yet")
    assert many.title.endswith("…")
    (job,) = [job for job in many._session._jobs.running if job.topic == "who can explained"]
    job.cancel()
    assert not many.rest.running
    assert many.unexplained.text.startswith(f"{waiting} principals are not explained yet"), "not known is said"
    qtbot.wait(100)
    assert not many.rest.running, "as long as the filter is the same"
    held.set()
    many.unexplained.buttons[0].click()
    qtbot.waitUntil(lambda: not (many.model.unexplained or many.rest.running), timeout=20_000)
    assert {row.principal for row in many.model.shown} == expected(sample, "-granted:payroll")
    assert not many.unexplained.text


def test_a_name_is_found_before_anything_is_explained(qtbot: QtBot, many: WhoCanPanel, held: threading.Event) -> None:
    name = next(row for row in many.model.shown if not row.has_details)
    type_filter(many, name.texts[Column.PRINCIPAL])
    assert name in many.model.shown
    assert not name.has_details
    type_filter(many, "")
    qtbot.waitUntil(lambda: not many.rest.running, timeout=20_000)
    assert many.model.unexplained, "no filter needs the rest"
    held.set()


@pytest.mark.parametrize("column", [Column.HOW, Column.WHEN])
def test_an_order_by_what_explains_rows_is_complete_in_the_end(qtbot: QtBot, many: WhoCanPanel, column: Column) -> None:
    many.table.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: not (many.model.unexplained or many.rest.running), timeout=20_000)
    keys = [row.sort_key(column) for row in many.model.shown]
    assert keys == sorted(keys, reverse=True)
    assert len(set(keys)) > 5
    many.table.sortByColumn(Column.DECISION, Qt.SortOrder.AscendingOrder)


@pytest.mark.parametrize("way", ["keys", "menu", "markdown"])
def test_selected_rows_are_explained_before_they_are_copied(qtbot: QtBot, many: WhoCanPanel, way: str) -> None:
    ways: dict[str, Callable[[], None]] = {
        "keys": lambda: QTest.keyClick(many.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier),
        "menu": many.table.copy,
        "markdown": many.table.copy_markdown,
    }
    QApplication.clipboard().setText("before")
    many.table.setFocus()
    many.table.selectAll()
    ways[way]()
    qtbot.waitUntil(lambda: QApplication.clipboard().text() != "before", timeout=20_000)
    copied = QApplication.clipboard().text()
    assert "…" not in copied
    assert copied.count("\n") + 1 == len(many.model.rows) + (2 if way == "markdown" else 0)
    assert not many.model.unexplained


def test_a_cell_that_is_not_known_is_no_filter(many: WhoCanPanel) -> None:
    row = many.model.shown[-1]
    assert not row.has_details
    for column, offered in ((Column.HOW, False), (Column.PRINCIPAL, True)):
        menu = many.table.menu_for(row, column)
        assert any("Filter by this cell" in action.text() for action in menu.actions()) is offered
        menu.close()


def test_another_question_drops_what_was_to_be_explained(
    qtbot: QtBot, many: WhoCanPanel, held: threading.Event, session: Session
) -> None:
    type_filter(many, "finance")
    qtbot.waitUntil(lambda: many.rest.running, timeout=20_000)
    session.ask_who_can(Request("", "iam:PassRole", "*"))
    held.set()
    qtbot.waitUntil(lambda: many.is_complete and not many.rest.running, timeout=20_000)
    assert not many.unexplained.text
    assert NORA not in {row.principal for row in many.model.rows}


def test_who_can_has_the_same_order_in_any_language(qapp: QApplication, sample: SnapshotSession) -> None:
    def order(language: str) -> list[str]:
        set_language(qapp, language)
        accesses = sample.who_can(action="s3:GetObject", resource="arn:aws:s3:::acme-assets/*", context={})
        rows = [WhoCanRow(one, sample.outline) for one in accesses]
        return [row.principal for row in sorted(rows, key=lambda row: row.sort_key(Column.DECISION))]

    try:
        assert order("de") == order("en")
    finally:
        set_language(qapp, i18n.ENGLISH)
