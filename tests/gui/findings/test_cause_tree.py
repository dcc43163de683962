"""The tree of causes: what the findings panel shows first."""

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.causes.types import Causes
from iamdesk.checks.finding import Finding
from iamdesk.gui.core.session import Session
from iamdesk.gui.findings.cause_tree import CausesModel, Column
from iamdesk.gui.findings.findings_panel import FindingsPanel
from iamdesk.gui.findings.rows import SEVERITIES, SEVERITY_WORDS
from iamdesk.i18n import tr


@pytest.fixture(scope="module")
def truth(sample: SnapshotSession) -> tuple[Finding, ...]:
    return tuple(sample.findings())


@pytest.fixture(scope="module")
def causes(truth: tuple[Finding, ...]) -> Causes:
    return Workbench.causes(truth)


def _texts(model: CausesModel, parent: QModelIndex | None = None, column: Column = Column.CAUSE) -> list[str]:
    above = parent or QModelIndex()
    return [str(model.index(row, column, above).data()) for row in range(model.rowCount(above))]


def test_causes_come_first_each_with_all_its_findings(
    by_cause: FindingsPanel, truth: tuple[Finding, ...], causes: Causes
) -> None:
    tree = by_cause.causes
    assert tree.isVisible()
    assert not by_cause.table.isVisible()
    shown = _texts(tree.causes)
    assert len(shown) == len(causes.rows)
    assert all(cause.label in text and cause.title in text for text, cause in zip(shown, causes.rows, strict=True))
    listed = [
        row.finding.fingerprint
        for place in range(tree.causes.rowCount())
        for row in tree.causes.rows_at(tree.causes.index(place, 0))
    ]
    assert sorted(listed) == sorted(one.fingerprint for one in truth)
    first = tree.causes.index(0, 0)
    assert tree.causes.rowCount(first) == len(causes.rows[0].findings)
    assert tree.causes.parent(tree.causes.index(0, Column.EFFECT, first)) == first
    assert tree.causes.rowCount(tree.causes.index(0, 0, first)) == 0


def test_one_click_on_a_title_sorts_the_causes(by_cause: FindingsPanel, causes: Causes) -> None:
    tree, header = by_cause.causes, by_cause.causes.header()
    usual = _texts(tree.causes)
    place = QPoint(header.sectionViewportPosition(Column.SEVERITY) + 8, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert tree.causes.rowCount() == len(causes.rows)
    severities = _texts(tree.causes, column=Column.SEVERITY)
    by_name = {tr(SEVERITY_WORDS[severity]): at for at, severity in enumerate(SEVERITIES)}
    assert [by_name[name] for name in severities] == sorted(by_name[name] for name in severities)
    assert by_name[severities[0]] == 0, "Critical first"
    tree.sortByColumn(Column.FINDINGS, Qt.SortOrder.AscendingOrder)
    counts = [int(text) for text in _texts(tree.causes, column=Column.FINDINGS)]
    assert counts == sorted(counts, reverse=True)
    tree.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    assert _texts(tree.causes) == usual


def test_one_key_leads_to_the_list_of_all_findings_and_back(
    by_cause: FindingsPanel, truth: tuple[Finding, ...]
) -> None:
    by_cause.causes.setFocus()
    QTest.keyClick(by_cause.causes, Qt.Key.Key_F8)
    assert by_cause.table.isVisible()
    assert by_cause.table.hasFocus()
    assert by_cause.table.model().rowCount() == len(truth)
    QTest.keyClick(by_cause.table, Qt.Key.Key_F8)
    assert by_cause.causes.isVisible()
    assert by_cause.causes.hasFocus()


def test_a_cause_shows_its_gravest_finding_and_a_finding_itself(by_cause: FindingsPanel, causes: Causes) -> None:
    tree = by_cause.causes
    place = next(at for at, cause in enumerate(causes.rows) if len(cause.findings) > 1)
    cause, index = causes.rows[place], tree.causes.index(place, 0)
    tree.setCurrentIndex(index)
    assert by_cause.detail.finding is not None
    assert by_cause.detail.finding.fingerprint == cause.findings[0].fingerprint
    tree.expand(index)
    tree.setCurrentIndex(tree.causes.index(1, 0, index))
    assert by_cause.detail.finding.fingerprint == cause.findings[1].fingerprint


def test_the_filter_leaves_causes_with_what_it_shows(qtbot: QtBot, by_cause: FindingsPanel) -> None:
    box = by_cause.findChild(QComboBox, "findingsCheck")
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData("ADM-01"))
    box.activated.emit(box.currentIndex())
    model = by_cause.causes.causes
    assert 0 < model.rowCount() < 10
    assert {row.finding.check_id for line in model.lines for row in line.rows} == {"ADM-01"}
    by_cause.text.setText("no such words")
    qtbot.waitUntil(lambda: not by_cause.causes.isVisible())
    by_cause.clear_filter()
    assert by_cause.causes.isVisible()


def test_causes_go_with_their_snapshot(qtbot: QtBot, by_cause: FindingsPanel, session: Session) -> None:
    session.close()
    assert by_cause.causes.causes.rowCount() == 0
    assert not by_cause.is_by_cause


def test_the_menu_filters_by_check_and_subject_and_copies(by_cause: FindingsPanel, qtbot: QtBot) -> None:
    tree = by_cause.causes
    index = tree.causes.index(0, 0, tree.causes.index(0, 0))
    row = tree.causes.row_at(index)
    assert row is not None
    entries = {one.text().replace("&", ""): one for one in tree.menu_for(index).actions()}
    entries[f"Filter by check {row.finding.check_id}"].trigger()
    assert {one.finding.check_id for one in by_cause.model.shown} == {row.finding.check_id}
    by_cause.clear_filter()
    entries = {one.text().replace("&", ""): one for one in tree.menu_for(tree.causes.index(0, 0)).actions()}
    tree.setCurrentIndex(tree.causes.index(0, 0))
    entries["Copy findings as Markdown"].trigger()
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0].startswith("| Severity | Check | Subject |")
    assert len(lines) == 2 + tree.causes.rowCount(tree.causes.index(0, 0))
    entries["Filter by this subject"].trigger()
    assert by_cause.text.text().startswith("subject=")
    by_cause.clear_filter()
