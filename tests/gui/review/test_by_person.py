"""A review with a list of people: rows by person, and who left, moved or is unknown."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.gui.review.assign_window import AssignWindow
from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.filters import RowFilterMode
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.review.rows import EntitlementRow
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.review.grouping import Grouping

from .conftest import Answers
from .test_many_reviewers import window_of
from .test_review_panel import desk_of, group_by

LIST = """user,name,status,last_day
ana.moreno,Ana M.,active,
ben.okafor,Ben O.,left,2026-10-01
"""


@pytest.fixture
def by_person(qtbot: QtBot, empty_panel: ReviewPanel, prompts: Answers, tmp_path: Path) -> ReviewPanel:
    """A review that was made in the window with a list of people."""
    people = tmp_path / "people.csv"
    people.write_text(LIST)
    empty_panel.head.reviewer_name.setText("Ana Moreno")
    prompts.opens, prompts.save_to = people, tmp_path / "people.iamreview"
    empty_panel.controller.new_review()
    dialog = empty_panel.controller.dialog
    assert dialog is not None
    QTest.keyClick(dialog.choose_people, Qt.Key.Key_Space)
    assert dialog.people.text() == str(people)
    QTest.keyClicks(dialog.joins, "name")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: empty_panel.review_session is not None and not empty_panel.is_filling, timeout=60_000)
    return empty_panel


def test_rows_by_person_name_who_left_and_who_is_unknown(qtbot: QtBot, by_person: ReviewPanel) -> None:
    panel = by_person
    group_by(qtbot, panel, Grouping.PERSON)
    rows = {row.texts[Column.WHO]: row for row in panel.model.rows}
    assert "Ana M." in rows
    left = next(row for name, row in rows.items() if name.startswith("Ben O. ("))
    assert isinstance(left, EntitlementRow)
    assert "2026-10-01" in left.texts[Column.WHO]
    assert {line.holder_arn.rpartition("/")[2] for line in left.lines} == {"ben.okafor"}
    assert sum(len(row.subject_ids) for row in panel.model.rows) == len(desk_of(panel).lines)

    group_by(qtbot, panel, Grouping.LINE)
    panel.head.show_only.setCurrentIndex(panel.head.show_only.findData(RowFilterMode.PERSON))
    panel._filter()
    names = {line.holder_arn.rpartition("/")[2] for row in panel.model.shown for line in getattr(row, "lines", ())}
    assert "ben.okafor" in names
    assert "ana.moreno" not in names
    place = next(at for at, row in enumerate(panel.model.shown) if "ben.okafor" in row.texts[Column.WHO])
    panel.table.go_to(place)
    told = panel.evidence.findChild(FlowLabel, "personOfHolder")
    assert told is not None
    assert told.text().startswith("Person: Ben O. (")


def test_decisions_and_assignments_on_own_access_are_named(
    qtbot: QtBot, by_person: ReviewPanel, tmp_path: Path
) -> None:
    """By the list of people, the reviewer is the person of the user: saved all the same, but not silently."""
    panel = by_person
    group_by(qtbot, panel, Grouping.LINE)
    own, also_own = [at for at, row in enumerate(panel.model.shown) if "ana.moreno" in row.texts[Column.WHO]][:2]
    other = next(at for at, row in enumerate(panel.model.shown) if "chloe.dubois" in row.texts[Column.WHO])
    panel.head.reviewer_name.setText("ana m.")
    panel.table.go_to(other)
    QTest.keyClick(panel.table, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert panel.message.text == ""
    panel.table.go_to(own)
    QTest.keyClick(panel.table, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert panel.message.text.startswith("user ana.moreno: according to the list of people")

    panel.head.reviewer_name.setText("Chloe")
    panel.table.go_to(also_own)
    QTest.keyClick(panel.table, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert panel.message.text == ""
    panel.head.reviewer_name.setText("Ana M.")
    panel.table.go_to(also_own)
    QTest.keyClick(panel.table, Qt.Key.Key_5)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert "this is the access of a person with your name" in panel.message.text

    rules = tmp_path / "rules.csv"
    rules.write_text("class,reviewer\n,Ana M.\n")
    window = window_of(qtbot, panel, AssignWindow, "actionAssignReview")
    window.rules.setText(str(rules))
    QTest.keyClick(window.rules, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.is_running, timeout=30_000)
    assert "Ana M. gets items of user ana.moreno: according to the list of people" in window.note.text()


def test_rows_by_person_are_offered_with_a_list_alone(panel: ReviewPanel) -> None:
    assert panel.head.grouping.findData(Grouping.PERSON) < 0
    assert panel.head.show_only.findData(RowFilterMode.PERSON) < 0
