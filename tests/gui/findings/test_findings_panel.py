"""The findings panel over the real sample account, by keyboard and mouse."""

import csv
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QTableView, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.checks.finding import Evidence, Finding, Severity
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.theme import palette_for
from iamdesk.gui.findings.findings_panel import FindingsPanel
from iamdesk.gui.findings.rows import Column
from iamdesk.gui.findings.severity_bars import CountBar
from iamdesk.gui.widgets.link_button import LinkButton

from .conftest import Answers, finding


@pytest.fixture(scope="module")
def truth(sample: SnapshotSession) -> tuple[Finding, ...]:
    return tuple(sample.findings())


def select(panel: FindingsPanel, check_id: str) -> Finding:
    place = next(at for at, row in enumerate(panel.model.shown) if row.finding.check_id == check_id)
    panel.table.selectRow(place)
    return panel.model.shown[place].finding


def links(panel: FindingsPanel, name: str) -> list[LinkButton]:
    return panel.detail.widget().findChildren(LinkButton, name)


def text_of(panel: FindingsPanel) -> str:
    return "\n".join(label.text() for label in panel.detail.widget().findChildren(QLabel))


def test_every_finding_of_the_snapshot_stands_in_the_table_worst_first(
    panel: FindingsPanel, truth: tuple[Finding, ...]
) -> None:
    table = panel.findChild(QTableView, "findingsTable")
    assert isinstance(table, QTableView)
    assert table.model().rowCount() == len(truth)
    assert {row.finding.fingerprint for row in panel.model.shown} == {one.fingerprint for one in truth}
    ranks = [list(Severity).index(row.finding.severity) for row in panel.model.shown]
    assert ranks == sorted(ranks)
    assert panel.title == f"Findings {len(truth)}"


def test_the_title_is_the_true_count_and_says_while_more_may_come(
    qtbot: QtBot, empty_panel: FindingsPanel, session: Session, sample: SnapshotSession, truth: tuple[Finding, ...]
) -> None:
    titles: list[str] = []
    empty_panel.title_changed.connect(titles.append)
    assert empty_panel.title == "Findings"
    session.open(sample)
    qtbot.waitUntil(lambda: empty_panel._run.is_complete, timeout=20_000)
    assert titles[0].endswith("…") or titles[1].endswith("…")
    assert titles[-1] == f"Findings {len(truth)}"
    empty_panel.text.setText("no such words")
    qtbot.waitUntil(lambda: empty_panel.model.rowCount() == 0)
    assert empty_panel.title == f"Findings 0 of {len(truth)}"


def test_findings_appear_while_the_checks_still_run(
    qtbot: QtBot,
    empty_panel: FindingsPanel,
    session: Session,
    sample: SnapshotSession,
    monkeypatch: pytest.MonkeyPatch,
    truth: tuple[Finding, ...],
) -> None:
    may_end = threading.Event()

    def slow(*_arguments: object) -> Iterator[Finding]:
        yield from truth[:5]
        assert may_end.wait(20)
        yield from truth[5:]

    monkeypatch.setattr(sample, "findings", slow)
    session.open(sample)
    qtbot.waitUntil(lambda: empty_panel.model.rowCount() == 5)
    assert empty_panel.title == "Findings 5…"
    assert not empty_panel.export_button.isEnabled()
    empty_panel.table.selectRow(2)
    held = empty_panel.detail.finding
    may_end.set()
    qtbot.waitUntil(lambda: empty_panel.model.rowCount() == len(truth))
    (current,) = empty_panel.table.selectionModel().selectedRows()
    assert empty_panel.model.shown[current.row()].finding is held


def test_a_bar_filters_and_another_press_shows_all_again(panel: FindingsPanel, truth: tuple[Finding, ...]) -> None:
    for severity in Severity:
        bar = panel.findChild(CountBar, f"severity-{severity.value}")
        assert isinstance(bar, CountBar)
        expected = sum(one.severity is severity for one in truth)
        assert bar.count == expected
        bar.setFocus()
        QTest.keyClick(bar, Qt.Key.Key_Space)
        assert panel.model.rowCount() == expected
        assert f"{expected} finding" in bar.accessibleName()
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton)
    assert panel.model.rowCount() == len(truth)


def test_check_and_words_filter_together_and_escape_clears(
    qtbot: QtBot, panel: FindingsPanel, truth: tuple[Finding, ...]
) -> None:
    box = panel.findChild(QComboBox, "findingsCheck")
    assert isinstance(box, QComboBox)
    box.setFocus()
    box.setCurrentIndex(box.findData("ADM-01"))
    box.activated.emit(box.currentIndex())
    expected = [one for one in truth if one.check_id == "ADM-01"]
    assert panel.model.rowCount() == len(expected)
    field = panel.findChild(QLineEdit, "findingsFilter")
    assert isinstance(field, QLineEdit)
    field.setFocus()
    QTest.keyClicks(field, "breakglass")
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: panel.model.rowCount() == len(expected))
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert panel.table.hasFocus()


def test_an_empty_table_says_why_and_offers_the_way_back(
    qtbot: QtBot, panel: FindingsPanel, truth: tuple[Finding, ...]
) -> None:
    select(panel, "ADM-01")
    panel.text.setText("no such words")
    qtbot.waitUntil(lambda: panel.model.rowCount() == 0)
    shown = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    assert f"None of the {len(truth)} findings matches the filter." in shown
    assert panel.detail.finding is None
    (back,) = [one for one in panel.findChildren(QPushButton) if one.text() == "Clear the filter"]
    QTest.mouseClick(back, Qt.MouseButton.LeftButton)
    assert panel.model.rowCount() == len(truth)
    assert panel.detail.finding is not None
    assert panel.detail.finding.check_id == "ADM-01"


def test_a_header_sorts(panel: FindingsPanel) -> None:
    panel.table.sortByColumn(Column.SUBJECT, Qt.SortOrder.DescendingOrder)
    names = [row.finding.subject_name.casefold() for row in panel.model.shown]
    assert names == sorted(names, reverse=True)


def test_a_chosen_finding_shows_its_proof_and_remedy(panel: FindingsPanel) -> None:
    chosen = select(panel, "LNT-01")
    text = text_of(panel)
    for part in (chosen.title, chosen.sentence, chosen.check_id, chosen.remediation, chosen.evidence[0].text):
        assert part in text


def test_its_links_lead_to_subject_statement_and_question(qtbot: QtBot, panel: FindingsPanel, session: Session) -> None:
    chosen = select(panel, "LNT-01")
    (link,) = links(panel, "showStatement")
    assert chosen.evidence[0].statement is not None
    with qtbot.waitSignal(session.statement_shown) as shown:
        QTest.mouseClick(link, Qt.MouseButton.LeftButton)
    assert shown.args == [chosen.evidence[0].statement]
    chosen = select(panel, "TRU-01")
    (subject,) = links(panel, "showSubject")
    subject.setFocus()
    with qtbot.waitSignal(session.key_shown, check_params_cb=lambda key: key == chosen.subject_key):
        QTest.keyClick(subject, Qt.Key.Key_Return)
    (ask,) = links(panel, "askThis")
    with qtbot.waitSignals([session.request_asked, session.evaluated]):
        QTest.mouseClick(ask, Qt.MouseButton.LeftButton)
    assert session.decision is chosen.evidence[0].decision


def test_a_policy_without_a_statement_can_be_opened(qtbot: QtBot, panel: FindingsPanel, session: Session) -> None:
    key = "arn:aws:iam::111122223333:policy/RegionLock"
    panel.detail.show_finding(finding(evidence=(Evidence("It is broken.", policy_key=key),)))
    (link,) = links(panel, "showPolicy")
    assert link.shown == "Policy RegionLock"
    with qtbot.waitSignal(session.key_shown, check_params_cb=lambda shown: shown == key):
        QTest.mouseClick(link, Qt.MouseButton.LeftButton)


def test_much_evidence_opens_on_a_button(panel: FindingsPanel) -> None:
    panel.detail.show_finding(finding(evidence=tuple(Evidence(f"piece {number}") for number in range(100))))
    assert "piece 39" in text_of(panel)
    assert "piece 40" not in text_of(panel)
    (more,) = panel.detail.widget().findChildren(QPushButton, "moreEvidence")
    assert more.text() == "Show 60 more"
    QTest.mouseClick(more, Qt.MouseButton.LeftButton)
    assert "piece 99" in text_of(panel)


def test_enter_on_a_row_goes_to_its_subject(qtbot: QtBot, panel: FindingsPanel, session: Session) -> None:
    chosen = select(panel, "ADM-01")
    panel.table.setFocus()
    with qtbot.waitSignal(session.key_shown, check_params_cb=lambda key: key == chosen.subject_key):
        QTest.keyClick(panel.table, Qt.Key.Key_Return)


def test_rows_are_copied_as_tsv(panel: FindingsPanel) -> None:
    chosen = select(panel, "ADM-01")
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    cells = QApplication.clipboard().text().split("\t")
    assert cells[0] == "High"
    assert cells[Column.SENTENCE] == chosen.sentence
    assert cells[Column.ACCOUNT] == "111122223333"


def test_the_export_holds_every_finding_whatever_the_filter_shows(
    qtbot: QtBot,
    panel: FindingsPanel,
    session: Session,
    prompts: Answers,
    tmp_path: Path,
    truth: tuple[Finding, ...],
) -> None:
    panel.findChild(CountBar, "severity-low").click()  # type: ignore[union-attr]  # it is there: tested above
    for name in ("report.csv", "report.json", "report.HTML"):
        prompts.save_to = tmp_path / name
        with qtbot.waitSignal(session.announced, timeout=10_000) as said:
            panel.commands()["actionExportFindings"]()
        assert said.args == [f"{len(truth)} findings are in {prompts.save_to}."]
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(truth)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert (tmp_path / "report.HTML").stat().st_size > 1000
    assert "*.csv" in prompts.asked[0]


def test_an_export_that_cannot_be_written_says_so_in_the_panel(
    qtbot: QtBot, panel: FindingsPanel, prompts: Answers, tmp_path: Path
) -> None:
    prompts.save_to = tmp_path / "no such folder" / "report.csv"
    panel.export()
    qtbot.waitUntil(lambda: "cannot be written" in panel.message.text)
    prompts.save_to = tmp_path / "report.doc"
    panel.export()
    assert "must end in one of" in panel.message.text
    prompts.save_to = None
    panel.message.clear()
    panel.export()
    assert panel.message.text == ""


def test_a_cancelled_run_says_that_the_list_is_not_whole_and_runs_again(
    qtbot: QtBot,
    empty_panel: FindingsPanel,
    session: Session,
    sample: SnapshotSession,
    monkeypatch: pytest.MonkeyPatch,
    truth: tuple[Finding, ...],
) -> None:
    may_end = threading.Event()

    def slow(*_arguments: object) -> Iterator[Finding]:
        yield truth[0]
        may_end.wait(20)

    with monkeypatch.context() as patch:
        patch.setattr(sample, "findings", slow)
        session.open(sample)
        qtbot.waitUntil(lambda: empty_panel.model.rowCount() == 1)
        (job,) = [job for job in session._jobs.running if job.topic == "findings"]
        job.cancel()
        may_end.set()
    assert "canceled" in empty_panel.message.text
    assert not empty_panel.export_button.isEnabled()
    empty_panel.export()
    assert "would lack findings" in empty_panel.message.text
    empty_panel.commands()["actionRunFindings"]()
    qtbot.waitUntil(lambda: empty_panel.model.rowCount() == len(truth), timeout=20_000)
    assert empty_panel.message.text == ""


def test_closing_or_changing_the_snapshot_forgets_the_findings_of_the_one_before(
    qtbot: QtBot, panel: FindingsPanel, session: Session, sample: SnapshotSession, truth: tuple[Finding, ...]
) -> None:
    select(panel, "ADM-01")
    session.open(sample)
    assert panel.detail.finding is None
    session.close()
    assert (panel.model.rowCount(), panel.title, panel.message.text) == (0, "Findings", "")
    assert panel.detail.finding is None


def test_a_failing_check_is_told_in_the_panel(
    qtbot: QtBot, empty_panel: FindingsPanel, session: Session, sample: SnapshotSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_arguments: object) -> Iterator[Finding]:
        yield finding()
        raise LookupError("a check stumbled")

    monkeypatch.setattr(sample, "findings", failing)
    with qtbot.captureExceptions() as raised:
        session.open(sample)
        qtbot.waitUntil(lambda: "a check stumbled" in empty_panel.message.text)
    assert [type(error[1]) for error in raised] == [LookupError]
    assert empty_panel.model.rowCount() == 1
    assert not empty_panel.export_button.isEnabled()


@pytest.mark.parametrize("dark", [False, True])
def test_everything_that_takes_the_keyboard_has_a_name_in_both_palettes(panel: FindingsPanel, dark: bool) -> None:
    panel.setPalette(palette_for(dark))
    select(panel, "ADM-01")
    for widget in panel.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
            assert widget.accessibleName() or getattr(widget, "text", str)(), widget
    assert panel.grab().toImage().width() == panel.width()


def test_hostile_findings_are_painted_as_text_and_widen_nothing(panel: FindingsPanel) -> None:
    hostile = "<img src='/etc/x.png'>\u202e" + "x" * 400
    panel.detail.show_finding(finding(subject_name=hostile, sentence=hostile, evidence=(Evidence(hostile),)))
    (subject,) = links(panel, "showSubject")
    assert "\u202e" not in subject.shown
    assert panel.detail.widget().minimumSizeHint().width() < 400


def test_without_a_snapshot_the_panel_says_what_would_fill_it(empty_panel: FindingsPanel) -> None:
    shown = [label.text() for label in empty_panel.findChildren(QLabel) if label.isVisible()]
    assert "Open a snapshot to see its findings." in shown
    empty_panel.export()
    empty_panel.run()
    assert empty_panel.message.text == ""


def test_the_filter_keeps_its_room_where_the_counts_take_the_line(qtbot: QtBot, panel: FindingsPanel) -> None:
    bar = panel.filters

    def is_below() -> bool:
        return bar.text.mapTo(bar, QPoint(0, 0)).y() >= bar.bars.geometry().bottom()

    panel.resize(2400, 400)
    qtbot.waitUntil(lambda: not is_below())
    panel.resize(bar.bars.sizeHint().width() + 200, 400)
    wide = bar.fontMetrics().averageCharWidth() * 24
    qtbot.waitUntil(lambda: is_below() and bar.text.width() > wide)


def test_the_title_says_how_many_are_shown_while_a_filter_is_on(
    panel: FindingsPanel, truth: tuple[Finding, ...]
) -> None:
    said: list[str] = []
    panel.title_changed.connect(said.append)
    panel.text.show_filter("severity>=high")
    shown = len(panel.model.shown)
    assert 0 < shown < len(truth)
    assert panel.title == said[-1] == f"Findings {shown} of {len(truth)}"
    panel.clear_filter()
    assert panel.title == said[-1] == f"Findings {len(truth)}"
