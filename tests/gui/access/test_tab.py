"""What can, over the real sample account: the heat map, the list behind a cell, and what both lead to."""

import csv
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QTableView
from pytestqt.qtbot import QtBot

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.api import SnapshotSession
from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvalDecision
from iamdesk.export.access.heatmap import ACTION_FIELDS, LEVELS, access_map
from iamdesk.gui.access.action_tree_model import Column
from iamdesk.gui.access.heatmap_model import SERVICE, AccessFilter
from iamdesk.gui.access.tab import AccessTab
from iamdesk.gui.access.text import REACH_CHOICES, REACH_TITLES, summary
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session

from .conftest import FINANCE, INES, NORA, Answers, show_access_of


def go_to(qtbot: QtBot, tab: AccessTab, service: str, level: str | None = None) -> None:
    """Put the cursor on a cell and wait until the list behind it is told."""
    row = tab.map.place_of(service)
    assert row is not None
    tab.table.go_to(row, LEVELS.index(level) + 1 if level else SERVICE)
    qtbot.waitUntil(lambda: not tab._is_behind)
    qtbot.waitUntil(lambda: not tab.details.running, timeout=20_000)


def names(tab: AccessTab) -> list[str]:
    return [line.action.name for line in tab.list.lines]


def test_the_map_holds_what_the_effective_permissions_count(nora: AccessTab, sample: SnapshotSession) -> None:
    truth = sample.what_can(principal=NORA)
    table = nora.findChild(QTableView, "whatCanTable")
    assert isinstance(table, QTableView)
    assert [row.service for row in nora.map.shown] == [one.service for one in truth.services]
    for place, found in enumerate(truth.services):
        for level, counts in found.counts().items():
            cell = nora.map.cell(nora.map.index(place, LEVELS.index(level) + 1))
            assert cell is not None
            assert dict(cell.counts) == dict(counts)
            assert cell.share == pytest.approx(found.share(level))
        absent = [level for level in LEVELS if level not in found.counts()]
        assert all(nora.map.cell(nora.map.index(place, LEVELS.index(level) + 1)) is None for level in absent)


def test_one_sentence_stands_above(nora: AccessTab, sample: SnapshotSession) -> None:
    truth = sample.what_can(principal=NORA)
    refused = (AccessExtent.NONE, AccessExtent.DENIED)
    count = sum(
        bits.bit_count() for one in truth.services for reach, bits in one.actions.items() if reach not in refused
    )
    words = nora._summary.text()
    assert words.startswith(f"nora.lindqvist can perform {count:,} actions of {len(truth.services)} services")
    assert "This includes changing permissions in billing." in words


def test_the_sentence_does_not_deny_the_permissions_that_the_external_access_table_counts(
    sample: SnapshotSession,
) -> None:
    """sts:AssumeRole gives permissions (the class of the table), but AWS lists it with the access level Write."""
    truth = sample.what_can(principal="arn:aws:iam::111122223333:role/public-status-page")
    words = summary("public-status-page", False, access_map(truth))
    assert words.endswith(" None of them has the access level Permissions management.")


def test_a_group_is_what_a_member_can_do(
    qtbot: QtBot, access: AccessTab, sample: SnapshotSession, session: Session
) -> None:
    show_access_of(qtbot, access, sample, FINANCE)
    assert access._summary.text().startswith("Through the policies of Finance alone, a member can perform")
    go_to(qtbot, access, "s3", "Read")
    access.actions_view.setCurrentIndex(access.list.index(0, 0))
    with qtbot.waitSignal(session.evaluated):
        QTest.keyClick(access.actions_view, Qt.Key.Key_Return)
    assert session.decision is not None
    assert "A member of Finance" in session.decision.sentence


def test_arrows_walk_the_cells_and_the_list_follows(qtbot: QtBot, nora: AccessTab) -> None:
    nora.table.setFocus()
    go_to(qtbot, nora, "iam")
    whole = names(nora)
    QTest.keyClick(nora.table, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: not nora._is_behind and not nora.details.running, timeout=20_000)
    assert nora.table.currentIndex().column() == SERVICE + 1
    assert 0 < len(names(nora)) < len(whole)
    assert {line.action.access_level for line in nora.list.lines} == {"List"}
    row = nora.table.currentIndex().row()
    QTest.keyClick(nora.table, Qt.Key.Key_Down)
    assert nora.table.currentIndex().row() == row + 1
    QTest.keyClick(nora.table, Qt.Key.Key_Return)
    assert nora.actions_view.hasFocus()
    QTest.keyClick(nora.actions_view, Qt.Key.Key_Escape)
    assert nora.table.hasFocus()


def test_every_cell_and_header_says_in_words_what_it_shows(nora: AccessTab) -> None:
    for row in range(nora.map.rowCount()):
        for column in range(nora.map.columnCount()):
            words = nora.map.index(row, column).data(Qt.ItemDataRole.AccessibleTextRole)
            cell = nora.map.cell(nora.map.index(row, column))
            expected = "no such action" if cell is None else f"{cell.permitted:,} of {cell.total:,} action"
            assert expected in words
            tip = nora.map.index(row, column).data(Qt.ItemDataRole.ToolTipRole)
            assert tip.startswith("<qt>")
    said = nora.map.headerData(5, Qt.Orientation.Horizontal, Qt.ItemDataRole.AccessibleTextRole)
    assert said == "Permissions management"


def test_each_action_has_its_reach_and_the_answers_behind_it(
    qtbot: QtBot, nora: AccessTab, sample: SnapshotSession
) -> None:
    truth = sample.what_can(principal=NORA)
    go_to(qtbot, nora, "s3")
    expected = {one.name: one for one in truth.actions("s3") if one.reach is not AccessExtent.NONE}
    assert set(names(nora)) == set(expected)
    for place, line in enumerate(nora.list.lines):
        action = expected[line.action.name]
        parent = nora.list.index(place, 0)
        assert nora.list.index(place, Column.REACH).data() == REACH_TITLES[action.reach]
        assert nora.list.rowCount(parent) == len(action.decisions)
        for number in range(nora.list.rowCount(parent)):
            answer = nora.list.result(nora.list.index(number, 0, parent))
            assert answer is not None
            asked = sample.ask(Request(NORA, line.action.name, answer.resource))
            assert asked.decision is answer.decision
    get_object = next(line for line in nora.list.lines if line.action.name == "s3:GetObject")
    assert "on arn:aws:s3:::acme-payroll/*" in get_object.words
    assert "aws:MultiFactorAuthPresent is true" in get_object.words


def test_an_answer_opens_to_its_full_explanation(qtbot: QtBot, nora: AccessTab, session: Session) -> None:
    go_to(qtbot, nora, "s3", "Read")
    nora.table.setFocus()
    QTest.keyClick(nora.table, Qt.Key.Key_Return)
    view = nora.actions_view
    with qtbot.waitSignal(session.evaluated, check_params_cb=lambda answer: answer is not None):
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert session.decision is not None
    assert session.decision.request.principal == NORA
    assert session.decision.decision is EvalDecision.CONDITIONAL
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.isExpanded(nora.list.index(0, 0))
    QTest.keyClick(view, Qt.Key.Key_End)
    answer = nora.list.result(view.currentIndex())
    assert answer is not None
    with qtbot.waitSignal(session.evaluated, check_params_cb=lambda found: found is not None):
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert session.decision.request.resource == answer.resource


def test_who_else_can_is_one_step_away(qtbot: QtBot, nora: AccessTab, session: Session) -> None:
    go_to(qtbot, nora, "s3", "Read")
    nora.actions_view.setCurrentIndex(nora.list.index(0, 0))
    (who_else,) = [
        action for action in nora.actions_view.menu().actions() if "do this" in action.text().replace("&", "")
    ]
    with qtbot.waitSignal(session.who_can_asked) as asked:
        who_else.trigger()
    assert asked.args is not None
    assert asked.args[0].action == "s3:GetObject"
    assert asked.args[0].resource.startswith("arn:aws:s3:::acme-payroll")


def test_words_find_services_and_actions(qtbot: QtBot, nora: AccessTab) -> None:
    nora.filters.text.setFocus()
    QTest.keyClicks(nora.filters.text, "getobject")
    qtbot.waitUntil(lambda: [row.service for row in nora.map.shown] == ["s3"])
    qtbot.waitUntil(lambda: names(nora) == ["s3:GetObject"])
    QTest.keyClick(nora.filters.text, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(nora.map.shown) > 5)
    QTest.keyClicks(nora.filters.text, "cost")
    qtbot.waitUntil(lambda: 0 < len(nora.map.shown) < 6)
    nora.filters.text.setText("nothing is called so")
    qtbot.waitUntil(lambda: not nora.map.shown)
    assert "No actions match" in nora._nothing.text()
    assert nora._clear_filter.isVisible()
    nora._clear_filter.click()
    assert len(nora.map.shown) > 5


def test_one_access_level_is_shown_alone(nora: AccessTab) -> None:
    nora.filters.level.setCurrentText("Permissions management")
    nora.filters.level.activated.emit(nora.filters.level.currentIndex())
    assert [row.service for row in nora.map.shown] == ["billing"]
    hidden = [nora.table.isColumnHidden(column) for column in range(1, 1 + len(LEVELS))]
    assert hidden == [True, True, True, True, False]
    assert {line.action.access_level for line in nora.list.lines} == {"Permissions management"}


@pytest.mark.parametrize("words", REACH_CHOICES)
def test_a_reach_shows_the_services_that_have_it(nora: AccessTab, sample: SnapshotSession, words: str) -> None:
    nora.filters.reach.setCurrentText(words)
    nora.filters.reach.activated.emit(nora.filters.reach.currentIndex())
    rows = access_map(sample.what_can(principal=NORA)).rows
    reaches = REACH_CHOICES[words]
    expected = {row.service for row in rows if any(row.reach.actions[reach] for reach in reaches)}
    assert {row.service for row in nora.map.shown} == expected
    if AccessExtent.NONE in reaches:  # those of which something can be done first
        empty = [row.is_empty for row in nora.map.shown]
        assert empty == sorted(empty)
        assert len(expected) > 400


def test_a_level_sorts_most_first_and_keeps_the_empty_below(nora: AccessTab) -> None:
    nora.map.show_only(AccessFilter(reaches=frozenset(AccessExtent)))
    read = LEVELS.index("Read") + 1
    nora.table.sortByColumn(read, Qt.SortOrder.AscendingOrder)
    shares = [row.cells["Read"].share for row in nora.map.shown if "Read" in row.cells and not row.is_empty]
    assert shares == sorted(shares, reverse=True)
    for column in (SERVICE, read):
        for order in (Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder):
            nora.table.sortByColumn(column, order)
            empty = [row.is_empty for row in nora.map.shown]
            assert empty == sorted(empty)
    names_up = [row.service for row in nora.map.shown if not row.is_empty]
    nora.table.sortByColumn(SERVICE, Qt.SortOrder.DescendingOrder)
    assert [row.service for row in nora.map.shown if not row.is_empty] != names_up


def test_nothing_is_found_out_while_nobody_looks(qtbot: QtBot, access: AccessTab, sample: SnapshotSession) -> None:
    subject = sample.subject(NORA)
    assert subject is not None
    access.hide()
    access.show_subject(subject)
    assert not access.finder.running
    access.show()
    qtbot.waitUntil(lambda: access.map.map is not None, timeout=20_000)
    assert access.map.map is not None
    assert access.map.map.access.subject == NORA


def test_who_was_looked_at_before_is_there_at_once(
    qtbot: QtBot, nora: AccessTab, sample: SnapshotSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = nora.map.map
    show_access_of(qtbot, nora, sample, INES)
    monkeypatch.setattr(sample, "what_can", None)  # nobody is asked again
    subject = sample.subject(NORA)
    assert subject is not None
    nora.show_subject(subject)
    assert nora.map.map is first


def test_only_the_last_selection_is_shown(
    qtbot: QtBot, access: AccessTab, sample: SnapshotSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    real = sample.what_can

    def slow(**asked: Any) -> Any:
        if asked["principal"] == NORA:
            assert goes_on.wait(20)
        return real(**asked)

    monkeypatch.setattr(sample, "what_can", slow)
    nora, ines = sample.subject(NORA), sample.subject(INES)
    assert nora is not None
    assert ines is not None
    access.show_subject(nora)
    assert "Computing the effective permissions of nora.lindqvist" in access._nothing.text()
    access.show_subject(ines)
    goes_on.set()
    qtbot.waitUntil(lambda: access.map.map is not None, timeout=20_000)
    assert access.map.map is not None
    assert access.map.map.access.subject == INES


def test_a_cancelled_search_can_be_taken_up_again(
    qtbot: QtBot, access: AccessTab, sample: SnapshotSession, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    real = sample.what_can

    def slow(**asked: Any) -> Any:
        assert goes_on.wait(20)
        return real(**asked)

    monkeypatch.setattr(sample, "what_can", slow)
    subject = sample.subject(NORA)
    assert subject is not None
    access.show_subject(subject)
    (job,) = [job for job in session._jobs.running if job.topic == "what can"]
    job.cancel()
    assert "canceled" in access.message.text
    goes_on.set()
    access.message._button.click()
    qtbot.waitUntil(lambda: access.map.map is not None, timeout=20_000)


@pytest.mark.parametrize("kind", ["actions.csv", "actions.json", "map.csv", "map.json"])
def test_both_are_exported_whatever_the_filter_shows(
    qtbot: QtBot,
    nora: AccessTab,
    session: Session,
    sample: SnapshotSession,
    prompts: Answers,
    tmp_path: Path,
    kind: str,
) -> None:
    prompts.save_to = tmp_path / kind
    nora.map.show_only(AccessFilter(typed=ACTION_FIELDS.read("s3")))
    with qtbot.waitSignal(session.announced, timeout=20_000):
        nora.commands()["actionExportAccess" if kind.startswith("actions") else "actionExportAccessMap"]()
    truth = sample.what_can(principal=NORA)
    services = {one.service for one in truth.services}
    if kind.endswith("json"):
        written = json.loads(prompts.save_to.read_text(encoding="utf-8"))
        assert {one["Service"] for one in written["Services"]} == services
        assert ("Actions" in written["Services"][0]) is kind.startswith("actions")
        return
    rows = list(csv.DictReader(prompts.save_to.read_text(encoding="utf-8-sig").splitlines()))
    assert {row["service"] for row in rows} == services
    if kind.startswith("actions"):
        expected = {
            action.name: action.reach.value
            for service in services
            for action in truth.actions(service)
            if action.reach is not AccessExtent.NONE
        }
        assert {row["action"]: row["reach"] for row in rows} == expected
    else:
        read = next(row for row in rows if row["service"] == "s3" and row["access_level"] == "Read")
        found = truth.service("s3")
        assert found is not None
        assert int(read["actions_total"]) == sum(found.counts()["Read"].values())


def test_the_map_is_copied_as_it_is_seen(nora: AccessTab) -> None:
    nora.table.setFocus()
    QTest.keyClick(nora.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().split("\n")
    assert lines[0].split("\t") == ["Service", *LEVELS]
    assert len(lines) == 1 + nora.map.rowCount()


def test_the_models_keep_qts_rules(qtbot: QtBot, nora: AccessTab) -> None:
    testers = [QAbstractItemModelTester(nora.map), QAbstractItemModelTester(nora.list)]
    go_to(qtbot, nora, "iam")
    nora.actions_view.expand(nora.list.index(0, 0))
    for column in Column:
        nora.list.sort(column, Qt.SortOrder.DescendingOrder)
    go_to(qtbot, nora, "s3", "Read")
    nora.map.show_only(AccessFilter(typed=ACTION_FIELDS.read("s3")))
    nora.map.sort(2)
    assert nora.map.rowCount() == 1
    del testers


def test_closing_the_snapshot_empties_the_tab(nora: AccessTab, session: Session) -> None:
    session.close()
    assert nora.map.rowCount() == 0
    assert nora.list.rowCount() == 0
    assert "Select a user" in nora._nothing.text()
    assert not nora.export_button.isEnabled()


def test_a_filter_that_waits_when_the_window_closes_asks_nothing(
    qtbot: QtBot, nora: AccessTab, jobs: JobRunner
) -> None:
    before = len(nora.map.shown)
    nora.filters.text.setText("s3:GetObject")
    assert jobs.wait_all()
    with qtbot.captureExceptions() as raised:
        qtbot.waitUntil(lambda: len(nora.map.shown) < before)
    assert not raised
    assert not nora.details.running
