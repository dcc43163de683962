"""Suppressing findings in the window, and putting them together by what they share; by keyboard."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDateEdit, QLabel, QLineEdit, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from iamdesk.api import Workbench, today
from iamdesk.checks.finding import Severity, Suppression
from iamdesk.gui.core.theme import palette_for
from iamdesk.gui.findings.findings_model import FindingsModel
from iamdesk.gui.findings.findings_panel import FindingsPanel
from iamdesk.gui.findings.rows import FindingFilter, FindingRow, Grouping, groups_of, has_word, principals_by_risk

from .conftest import finding


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "suppressions.json"


@pytest.fixture
def keeping(panel: FindingsPanel, book: Path) -> FindingsPanel:
    panel.keep_suppressions_in(book)
    return panel


def press(panel: FindingsPanel, name: str) -> None:
    button = panel.findChild(QPushButton, name)
    assert isinstance(button, QPushButton)
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def suppress_first(qtbot: QtBot, panel: FindingsPanel, *, rows: int = 1) -> list[str]:
    panel.table.selectRow(0)
    if rows > 1:
        for _ in range(rows - 1):
            QTest.keyClick(panel.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    chosen = [row.finding.fingerprint for row in panel.table.selected_rows()]
    press(panel, "suppress")
    owner = panel.findChild(QLineEdit, "suppressOwner")
    assert isinstance(owner, QLineEdit)
    assert panel.form.isVisible()
    before = panel.model.counts.suppressed
    QTest.keyClicks(owner, "Alice")
    QTest.keyClick(owner, Qt.Key.Key_Tab)
    QTest.keyClicks(panel.form.reason, "known, OPS-7")
    QTest.keyClick(panel.form.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.model.counts.suppressed == before + rows, timeout=60_000)
    return chosen


def test_a_finding_is_suppressed_with_owner_reason_and_day_and_counted_apart(
    qtbot: QtBot, keeping: FindingsPanel, book: Path
) -> None:
    total = keeping.model.counts.total
    (chosen,) = suppress_first(qtbot, keeping)
    assert not keeping.form.isVisible()
    assert keeping.title == f"Findings {total - 1}"
    assert keeping.suppressed.text() == "Suppressed 1"
    assert keeping.model.place_of(chosen) is None
    (entry,) = json.loads(book.read_text())["suppressions"]
    assert (entry["finding"], entry["owner"], entry["reason"]) == (chosen, "Alice", "known, OPS-7")
    assert date.fromisoformat(entry["expires"]) == today() + timedelta(days=90)
    assert entry["check"]


def test_suppressed_findings_are_shown_and_lifted(qtbot: QtBot, keeping: FindingsPanel, book: Path) -> None:
    total = keeping.model.counts.total
    (chosen,) = suppress_first(qtbot, keeping)
    toggle = keeping.findChild(QToolButton, "findingsSuppressed")
    assert isinstance(toggle, QToolButton)
    toggle.click()
    assert [row.finding.fingerprint for row in keeping.model.shown] == [chosen]
    keeping.table.selectRow(0)
    texts = [label.text() for label in keeping.detail.widget().findChildren(QLabel)]
    assert any(text.startswith("Suppressed until ") and text.endswith("by Alice: known, OPS-7") for text in texts)
    press(keeping, "lift")
    qtbot.waitUntil(lambda: keeping.model.counts.suppressed == 0, timeout=60_000)
    assert keeping.model.counts.total == total
    assert json.loads(book.read_text())["suppressions"] == []
    toggle.click()
    assert keeping.model.place_of(chosen) is not None


def test_several_findings_are_suppressed_together(qtbot: QtBot, keeping: FindingsPanel, book: Path) -> None:
    chosen = suppress_first(qtbot, keeping, rows=3)
    assert len(set(chosen)) == 3
    assert {one.fingerprint for one in Workbench.read_suppressions(book)} == set(chosen)


def test_the_form_asks_for_all_of_it_and_leaves_at_escape(keeping: FindingsPanel) -> None:
    keeping.table.selectRow(0)
    press(keeping, "suppress")
    now = keeping.findChild(QPushButton, "suppressNow")
    until = keeping.findChild(QDateEdit, "suppressUntil")
    assert isinstance(now, QPushButton)
    assert isinstance(until, QDateEdit)
    assert not now.isEnabled()
    QTest.keyClicks(keeping.form.owner, "Alice")
    assert not now.isEnabled()
    QTest.keyClicks(keeping.form.reason, "  ")
    assert not now.isEnabled()
    QTest.keyClicks(keeping.form.reason, "known")
    assert now.isEnabled()
    until.setDate(QDate(2001, 1, 1))
    assert until.date() == QDate.currentDate()
    QTest.keyClick(keeping.form.reason, Qt.Key.Key_Escape)
    assert not keeping.form.isVisible()
    assert keeping.table.hasFocus()


def test_the_checks_take_over_what_is_suppressed_and_what_has_run_out_is_back(
    qtbot: QtBot, keeping: FindingsPanel, book: Path
) -> None:
    first, second = (row.finding for row in keeping.model.shown[:2])
    Workbench.suppress(book, [first], "Bob", "known", today())
    told = json.loads(book.read_text())
    told["suppressions"].append({**told["suppressions"][0], "finding": second.fingerprint, "expires": "2020-01-01"})
    book.write_text(json.dumps(told))
    total = keeping.model.counts.total
    keeping.run()
    qtbot.waitUntil(lambda: keeping._run.is_complete, timeout=20_000)
    assert (keeping.model.counts.total, keeping.model.counts.suppressed) == (total - 1, 1)
    back = next(row.finding for row in keeping.model.shown if row.finding.fingerprint == second.fingerprint)
    assert back.evidence[-1].text == "It was suppressed until 2020-01-01 by Bob: known"


def test_a_file_that_is_none_is_told_and_no_finding_is_hidden(qtbot: QtBot, keeping: FindingsPanel, book: Path) -> None:
    book.write_text("{}")
    keeping.table.selectRow(0)
    press(keeping, "suppress")
    QTest.keyClicks(keeping.form.owner, "Alice")
    QTest.keyClicks(keeping.form.reason, "known")
    QTest.keyClick(keeping.form.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "is not a suppression file" in keeping.message.text, timeout=60_000)
    assert keeping.model.counts.suppressed == 0
    assert book.read_text() == "{}"
    keeping.run()
    qtbot.waitUntil(lambda: "The checks have not run" in keeping.message.text, timeout=20_000)


def test_without_a_place_to_keep_them_nothing_can_be_suppressed(panel: FindingsPanel) -> None:
    panel.table.selectRow(0)
    assert panel.findChild(QPushButton, "suppress") is None


# Groups


def rows_of(panel: FindingsPanel) -> list[str]:
    model = panel.groups.groups
    return [str(model.data(model.index(row))) for row in range(model.rowCount())]


@pytest.mark.parametrize("grouping", [Grouping.CHECK, Grouping.SUBJECT, Grouping.ACCOUNT])
def test_findings_are_put_together_and_a_group_is_shown_alone(panel: FindingsPanel, grouping: Grouping) -> None:
    assert not panel.groups.isVisible()
    panel.grouping.setCurrentIndex(panel.grouping.findData(grouping))
    panel.grouping.activated.emit(panel.grouping.currentIndex())
    assert panel.groups.isVisible()
    total = panel.model.counts.total
    assert rows_of(panel)[0] == f"{total}  All"
    assert sum(group.count for group in panel.groups.groups.groups) == total
    panel.groups.setFocus()
    QTest.keyClick(panel.groups, Qt.Key.Key_Down)
    first = panel.groups.groups.groups[0]
    assert panel.model.rowCount() == first.count
    assert first.worst is Severity.CRITICAL
    QTest.keyClick(panel.groups, Qt.Key.Key_Home)
    assert panel.model.rowCount() == total


def test_groups_count_what_the_other_filters_let_through(panel: FindingsPanel) -> None:
    panel.grouping.setCurrentIndex(panel.grouping.findData(Grouping.CHECK))
    panel.grouping.activated.emit(panel.grouping.currentIndex())
    panel.bars.bars[Severity.CRITICAL].click()
    critical = panel.model.counts.by_severity[Severity.CRITICAL]
    assert rows_of(panel)[0] == f"{critical}  All"
    assert {group.worst for group in panel.groups.groups.groups} == {Severity.CRITICAL}


def test_clearing_the_filter_shows_every_group(panel: FindingsPanel) -> None:
    panel.grouping.setCurrentIndex(panel.grouping.findData(Grouping.CHECK))
    panel.grouping.activated.emit(panel.grouping.currentIndex())
    QTest.keyClick(panel.groups, Qt.Key.Key_End)
    assert panel.model.rowCount() < panel.model.counts.total
    panel.clear_filter()
    assert panel.model.rowCount() == panel.model.counts.total
    assert panel.groups.currentIndex().row() == 0


def test_groups_stand_worst_first_then_the_largest() -> None:
    findings = [
        finding(1, Severity.LOW, check_id="A-01"),
        finding(2, Severity.HIGH, check_id="B-01"),
        finding(3, Severity.HIGH, check_id="C-01"),
        finding(4, Severity.INFO, check_id="C-01"),
    ]
    groups = groups_of(findings, Grouping.CHECK)
    assert [(group.key, group.count, group.worst) for group in groups] == [
        ("C-01", 2, Severity.HIGH),
        ("B-01", 1, Severity.HIGH),
        ("A-01", 1, Severity.LOW),
    ]
    assert groups_of(findings, Grouping.NOTHING) == ()


def test_users_and_roles_are_told_by_their_worst_open_finding() -> None:
    word = Suppression("x", "Alice", "known", date(2999, 1, 1), date(2026, 1, 1))
    findings = [
        finding(1, Severity.LOW),
        finding(1, Severity.HIGH),
        finding(2, Severity.LOW),
        finding(2, Severity.CRITICAL, suppression=word),
        finding(3, Severity.CRITICAL, subject_kind="customer managed policy"),
    ]
    told = principals_by_risk(findings)
    assert list(told) == list(Severity)
    assert {severity: len(keys) for severity, keys in told.items() if keys} == {Severity.HIGH: 1, Severity.LOW: 1}


def test_a_risk_shows_whoever_has_it_as_the_worst_with_all_their_findings(panel: FindingsPanel) -> None:
    told = principals_by_risk(row.finding for row in panel.model.rows)
    panel.text.setText("no such words")
    panel.show_risk(Severity.HIGH)
    assert {row.finding.subject_key for row in panel.model.shown} == told[Severity.HIGH]
    assert {group.key for group in panel.groups.groups.groups} == told[Severity.HIGH]
    assert {group.worst for group in panel.groups.groups.groups} == {Severity.HIGH}
    only = panel.findChild(QToolButton, "findingsOnly")
    assert isinstance(only, QToolButton)
    assert only.isVisible()
    only.click()
    assert not only.isVisible()
    assert panel.model.rowCount() == panel.model.counts.total
    panel.show_risk(Severity.LOW)
    panel.clear_filter()
    assert not only.isVisible()
    assert panel.model.rowCount() == panel.model.counts.total


def test_risks_are_told_once_every_check_has_run_and_after_suppressing(
    qtbot: QtBot, keeping: FindingsPanel, book: Path
) -> None:
    told: list[dict[Severity, frozenset[str]]] = []
    keeping.risks_found.connect(told.append)
    suppress_first(qtbot, keeping)
    assert len(told) == 1
    keeping.run()
    qtbot.waitUntil(lambda: keeping._run.is_complete, timeout=20_000)
    assert told[-1] == told[0]


@pytest.fixture
def model(qapp: object) -> FindingsModel:
    made = FindingsModel(palette_for(False))
    made.extend([FindingRow(finding(number)) for number in range(1, 4)])
    return made


def test_the_model_keeps_open_and_suppressed_apart(model: FindingsModel) -> None:
    word = Suppression("fingerprint-2", "Alice", "known", date(2999, 1, 1), date(2026, 1, 1))
    model.suppress({"fingerprint-2": word})
    assert (model.counts.total, model.counts.suppressed, model.rowCount()) == (2, 1, 2)
    model.show_only(FindingFilter(suppressed=True))
    assert [row.finding.suppression for row in model.shown] == [word]
    assert has_word("alice")(model.shown[0])
    model.suppress({})
    assert (model.counts.total, model.counts.suppressed, model.rowCount()) == (3, 0, 0)
