"""Questions asked: kept while the window is open, asked again by click and key, copied and exported."""

import csv
import io
import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from iamdesk.api import SnapshotSession
from iamdesk.cli.commands import app_of
from iamdesk.evaluate.request import PolicyType, Request
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.history.history_panel import HistoryPanel
from iamdesk.gui.history.history_table import FIELDS, Column
from iamdesk.use_cases.types import UseCaseRequest
from tests.filter_fields import assert_fields_fit

NORA = "arn:aws:iam::111122223333:user/finance/nora.lindqvist"
PAYROLL = "arn:aws:s3:::acme-payroll/2026/09.csv"
READ = Request(NORA, "s3:GetObject", PAYROLL, {"aws:SourceIp": "203.0.113.7"})
DELETE = Request(NORA, "s3:DeleteBucket", "arn:aws:s3:::acme-payroll", without=frozenset({PolicyType.SCP}))
CONTROL = Qt.KeyboardModifier.ControlModifier


class Chosen(FileDialogs):
    """Answers where to save."""

    path: Path

    def file_to_save(self, *_: object) -> Path:
        return self.path


@pytest.fixture
def prompts() -> Chosen:
    return Chosen()


@pytest.fixture
def panel(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession, prompts: Chosen
) -> Iterator[HistoryPanel]:
    made = HistoryPanel(session, jobs, prompts)
    qtbot.addWidget(made)
    made.resize(1000, 300)
    made.show()
    session.open(sample)
    yield made
    session.close()


def ask(qtbot: QtBot, session: Session, request: Request) -> None:
    with qtbot.waitSignal(session.evaluated, timeout=20_000):
        session.ask(request)


def texts(panel: HistoryPanel, column: Column) -> list[str]:
    return [row.texts[column] for row in panel.model.shown]


def test_it_says_why_it_is_empty(panel: HistoryPanel) -> None:
    assert not panel.table.isVisible()
    assert not panel.export_button.isEnabled()
    panel.export()  # says so, and saves nothing
    panel.copy_commands()


def test_each_answered_question_is_a_row(qtbot: QtBot, session: Session, panel: HistoryPanel) -> None:
    with qtbot.waitSignal(panel.title_changed, check_params_cb=lambda text: text == "Query history 1"):
        ask(qtbot, session, READ)
    ask(qtbot, session, DELETE)
    assert texts(panel, Column.RESULT) == [
        "Depends on aws:MultiFactorAuthPresent",
        "Denied · implicit deny (without service control policies)",
    ]
    assert texts(panel, Column.GIVEN) == ["aws:SourceIp is 203.0.113.7", "without service control policies"]
    assert texts(panel, Column.SNAPSHOT) == ["acme-prod.json"] * 2
    with qtbot.waitSignal(session.request_failed, timeout=20_000):
        session.ask(Request(NORA, "nonsense", PAYROLL))
    assert len(panel.entries) == 2, "what has no answer has no row"


def test_the_same_question_keeps_its_row(qtbot: QtBot, session: Session, panel: HistoryPanel) -> None:
    for request in (READ, DELETE, READ):
        ask(qtbot, session, request)
    assert texts(panel, Column.NUMBER) == ["1", "2"]
    ask(qtbot, session, Request(READ.principal, READ.action, READ.resource))
    assert len(panel.entries) == 3, "without the context it is another question"


def test_compound_questions_are_kept(qtbot: QtBot, session: Session, panel: HistoryPanel) -> None:
    question = UseCaseRequest(Request(NORA, "read-object", PAYROLL))
    with qtbot.waitSignal(session.use_case_evaluated, timeout=20_000):
        session.evaluate_use_case(question)
    assert texts(panel, Column.ACTION) == [panel.entries[0].what]
    assert "--use-case" in panel.entries[0].command
    panel.table.selectRow(0)
    with qtbot.waitSignal(session.use_case_evaluated, timeout=20_000):
        panel.ask_again()
    assert len(panel.entries) == 1


def test_click_and_return_ask_again(qtbot: QtBot, session: Session, panel: HistoryPanel) -> None:
    ask(qtbot, session, READ)
    ask(qtbot, session, DELETE)
    rect = panel.table.visualRect(panel.model.index(0, Column.ACTION))
    with qtbot.waitSignal(session.request_asked, check_params_cb=lambda request: request == READ):
        QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    below = panel.table.visualRect(panel.model.index(1, Column.ACTION))
    with qtbot.assertNotEmitted(session.request_asked):
        QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, CONTROL, below.center())
    panel.table.selectRow(1)
    with qtbot.waitSignal(session.evaluated, timeout=20_000):
        QTest.keyClick(panel.table, Qt.Key.Key_Return)
    assert session.request == DELETE


def test_they_stay_when_the_snapshot_goes(
    qtbot: QtBot, session: Session, panel: HistoryPanel, sample: SnapshotSession
) -> None:
    ask(qtbot, session, READ)
    session.close()
    assert len(panel.entries) == 1
    panel.table.selectRow(0)
    assert not panel.again_button.isEnabled()
    with qtbot.waitSignal(session.announced):
        panel.ask_again()
    session.open(sample)
    ask(qtbot, session, READ)
    assert len(panel.entries) == 1, "the same snapshot, by its digest"


def test_copied_commands_give_the_same_answer(qtbot: QtBot, session: Session, panel: HistoryPanel) -> None:
    ask(qtbot, session, READ)
    ask(qtbot, session, DELETE)
    panel.table.selectAll()
    QTest.mouseClick(panel.command_button, Qt.MouseButton.LeftButton)
    commands = [line for line in QApplication.clipboard().text().splitlines() if line.startswith("iamdesk ")]
    assert len(commands) == 2
    for command, decision in zip(commands, ("conditional", "implicitDeny"), strict=True):
        result = CliRunner().invoke(app_of(), [*shlex.split(command)[1:], "--format", "json"])
        assert json.loads(result.stdout)["EvalDecision"] == decision
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_C, CONTROL)
    rows = [line.split("\t") for line in QApplication.clipboard().text().splitlines()]
    assert rows[0][2:5] == [NORA, "s3:GetObject", PAYROLL]


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_export(
    qtbot: QtBot,
    session: Session,
    panel: HistoryPanel,
    prompts: Chosen,
    tmp_path: Path,
    suffix: str,
    sample: SnapshotSession,
) -> None:
    ask(qtbot, session, READ)
    ask(qtbot, session, DELETE)
    prompts.path = tmp_path / f"asked{suffix}"
    QTest.mouseClick(panel.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(prompts.path.exists, timeout=10_000)
    content = prompts.path.read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")))) if suffix == ".csv" else json.loads(content)
    assert [row["decision"] for row in rows] == ["conditional", "implicitDeny"]
    assert rows[0]["given_context"] == "aws:SourceIp is 203.0.113.7"
    assert rows[1]["left_out"] == "service control policies"
    assert {row["snapshot_sha256"] for row in rows} == {sample.snapshot.sha256}
    assert rows[0]["command"].startswith("iamdesk can ")


def test_its_key_and_its_tab(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    ask(qtbot, window.session, READ)
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_Y, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    workspace = window.workspace
    assert workspace.docks["askedDock"].isVisible()
    assert workspace.docks["askedDock"].windowTitle() == "Query history 1"
    assert QApplication.focusWidget() is workspace.history.table


def test_requests_are_filtered(qtbot: QtBot, session: Session, panel: HistoryPanel) -> None:
    ask(qtbot, session, READ)
    ask(qtbot, session, DELETE)
    assert_fields_fit(FIELDS, panel.model.rows)
    panel.text.show_filter("decision:denied")
    assert texts(panel, Column.RESULT) == ["Denied · implicit deny (without service control policies)"]
    panel.text.show_filter("number<2 nora")
    assert texts(panel, Column.NUMBER) == ["1"]
