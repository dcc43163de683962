"""The tree of controls: each with its status, population and exceptions, and the findings of its checks."""

from collections import Counter
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.causes.controls import Tally
from iamdesk.gui.findings.control_tree import STATUS_WORDS, Column
from iamdesk.gui.findings.findings_panel import FindingsPanel
from iamdesk.gui.findings.rows import Grouping


def _choose_controls(qtbot: QtBot, panel: FindingsPanel) -> None:
    box = panel.findChild(QComboBox, "findingsGrouping")
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData(Grouping.CONTROL))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: panel.is_by_control and panel.controls.isVisible(), timeout=60_000)


def test_controls_are_shown_with_status_population_and_findings(
    qtbot: QtBot, by_cause: FindingsPanel, sample: SnapshotSession
) -> None:
    panel = by_cause
    _choose_controls(qtbot, panel)
    findings = [row.finding for row in panel.model.rows]
    expected = sample.controls(Counter(map(Tally.of, findings)))
    model = panel.controls.groups
    assert [line.control for line in model.lines] == list(expected)
    for number, control in enumerate(expected):
        top = model.index(number, 0)
        assert top.data() == STATUS_WORDS[control.status]
        rows = model.rows_at(top)
        assert {row.finding.check_id for row in rows} <= set(control.check_ids)
        assert len(rows) == sum(one.check_id in control.check_ids for one in findings)
        assert model.rowCount(top) == len(rows)
        assert "tried on" in str(model.index(number, Column.RESULT).data())
    with_findings = next(number for number, line in enumerate(model.lines) if line.rows)
    child = model.index(0, 0, model.index(with_findings, 0))
    assert model.parent(child) == model.index(with_findings, 0)
    panel.controls.setCurrentIndex(child)
    assert panel.detail.finding is model.lines[with_findings].rows[0].finding


def test_a_filter_leaves_the_controls_with_findings_that_it_shows(qtbot: QtBot, by_cause: FindingsPanel) -> None:
    panel = by_cause
    _choose_controls(qtbot, panel)
    everything = panel.controls.groups.rowCount(QModelIndex())
    QTest.keyClicks(panel.text, "TRU-03")
    qtbot.waitUntil(lambda: 0 < panel.controls.groups.rowCount(QModelIndex()) < everything)
    assert {row.finding.check_id for line in panel.controls.groups.lines for row in line.rows} == {"TRU-03"}
    panel.clear_filter()
    qtbot.waitUntil(lambda: panel.controls.groups.rowCount(QModelIndex()) == everything)
    QTest.keyClick(panel.controls, Qt.Key.Key_F8)
    assert panel.causes.isVisible()


def test_a_suppressed_finding_is_an_exception_of_its_controls(
    qtbot: QtBot, by_cause: FindingsPanel, tmp_path: Path
) -> None:
    panel = by_cause
    panel.keep_suppressions_in(tmp_path / "suppressions.json")
    _choose_controls(qtbot, panel)
    model = panel.controls.groups
    number = next(number for number, line in enumerate(model.lines) if line.rows)
    control = model.lines[number].control
    panel.controls.setCurrentIndex(model.index(0, 0, model.index(number, 0)))
    from datetime import date

    panel._suppress("Alice", "known", date.max)
    qtbot.waitUntil(
        lambda: any(line.control.id == control.id and line.control.exceptions == 1 for line in model.lines),
        timeout=60_000,
    )
    (after,) = (
        one.control for one in model.lines if (one.control.standard, one.control.id) == (control.standard, control.id)
    )
    assert after.failed + after.unknown <= control.failed + control.unknown
    assert "1 exception" in next(line.result for line in model.lines if line.control == after)
