"""The Export submenu holds every export, Ctrl+E exports what is shown, and what was saved can be opened."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.api import Workbench
from iamdesk.gui.app.commands import COMMANDS, Menu
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.widgets import saved_note
from iamdesk.gui.widgets.message_bar import MessageBar

ACCOUNT = "arn:aws:iam::111122223333"


@dataclass
class Answers(FileDialogs):
    """Saves to one file, and keeps what was asked for."""

    save_to: Path | None = None
    titles: list[str] = field(default_factory=list)

    def file_to_save(self, parent: QWidget, title: str, suggestion: Path, kinds: str) -> Path | None:  # noqa: ARG002
        self.titles.append(title)
        return self.save_to


@pytest.fixture
def prompts(open_window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Answers:
    answers = Answers()
    monkeypatch.setattr(FileDialogs, "file_to_save", answers.file_to_save)
    return answers


def _buttons(message: MessageBar) -> dict[str, QPushButton]:
    return {one.text(): one for one in message.buttons}


def test_the_submenu_holds_every_export(open_window: MainWindow) -> None:
    menus = open_window.menus
    listed = {one.objectName() for one in menus.menus[Menu.EXPORT].actions() if not one.isSeparator()}
    assert listed == {one.name for one in COMMANDS if one.name.startswith("actionExport")}
    inside = [one.menu() for one in menus.menus[Menu.FILE].actions() if one.menu() is not None]
    assert menus.menus[Menu.EXPORT] in inside
    assert menus.menus[Menu.EXPORT].menuAction() not in open_window.menuBar().actions()


@pytest.mark.parametrize(
    ("perspective", "title"),
    [
        ("perspectiveExplore", "Save the overview"),
        ("perspectiveFindings", "Export findings"),
        ("perspectivePaths", "Export diagram"),
        ("perspectiveMatrix", "Export access matrix"),
    ],
)
def test_ctrl_e_exports_what_the_perspective_shows(
    qtbot: QtBot, open_window: MainWindow, prompts: Answers, perspective: str, title: str
) -> None:
    open_window.menus.actions[perspective].trigger()
    workspace = open_window.workspace
    if perspective == "perspectivePaths":
        qtbot.waitUntil(lambda: workspace.attack_paths.found is not None, timeout=60_000)
    elif perspective == "perspectiveMatrix":
        qtbot.waitUntil(workspace.access_matrix.export_button.isEnabled, timeout=60_000)
    else:
        qtbot.waitUntil(lambda: workspace.findings.is_complete, timeout=60_000)
    open_window.menus.actions["actionExport"].trigger()
    assert prompts.titles == [title]


def test_ctrl_e_exports_the_selected_principal_and_the_result(
    qtbot: QtBot, open_window: MainWindow, prompts: Answers, tmp_path: Path
) -> None:
    open_window.session.show_key(f"{ACCOUNT}:user/engineering/ana.moreno")
    assert open_window.interior._export_command() == "actionExportAccess"
    open_window.menus.actions["perspectiveAsk"].trigger()
    bar = open_window.workspace.request_bar
    bar.principal.setText(f"{ACCOUNT}:user/engineering/ana.moreno")
    bar.action.setText("s3:ListAllMyBuckets")
    bar.resource.setText("*")
    with qtbot.waitSignal(open_window.session.evaluated, timeout=30_000):
        bar.ask()
    prompts.save_to = tmp_path / "result.json"
    with qtbot.waitSignal(open_window.session.announced, timeout=10_000, check_params_cb=lambda one: "Written" in one):
        open_window.menus.actions["actionExportResult"].trigger()
    assert json.loads(prompts.save_to.read_text(encoding="utf-8"))["EvalActionName"] == "s3:ListAllMyBuckets"
    assert list(_buttons(open_window.workspace.result.message)) == ["Open", "Show in folder"]


def test_what_a_hidden_panel_saved_is_said_above_the_center(
    qtbot: QtBot, open_window: MainWindow, prompts: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(QUrl(url).toLocalFile()))
    monkeypatch.setattr(saved_note, "_file_manager", lambda _path: ("", []))
    qtbot.waitUntil(lambda: open_window.workspace.findings.is_complete, timeout=60_000)
    prompts.save_to = tmp_path / "for-the-board.pdf"
    open_window.menus.actions["actionExportManagement"].trigger()
    qtbot.waitUntil(lambda: "for-the-board.pdf" in open_window.problem_bar.text, timeout=60_000)
    assert "It has no trend" in open_window.problem_bar.text
    assert prompts.save_to.read_bytes().startswith(b"%PDF")
    for button in _buttons(open_window.problem_bar).values():
        assert button.accessibleName()
        button.click()
    assert opened == [str(prompts.save_to), str(tmp_path)]


def test_why_a_hidden_panel_did_not_save_is_said_above_the_center(
    qtbot: QtBot, open_window: MainWindow, prompts: Answers, tmp_path: Path
) -> None:
    qtbot.waitUntil(lambda: open_window.workspace.findings.is_complete, timeout=60_000)
    prompts.save_to = tmp_path / "no such folder" / "report.csv"
    open_window.menus.actions["actionExportFindings"].trigger()
    qtbot.waitUntil(lambda: "cannot be written" in open_window.problem_bar.text, timeout=20_000)


def test_a_script_is_shown_in_its_folder_and_not_opened(qtbot: QtBot, tmp_path: Path) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    saved_note.show_saved(bar, "Saved.", tmp_path / "what-if.sh")
    assert list(_buttons(bar)) == ["Show in folder"]


def test_the_management_report_of_the_window_has_the_trend_of_the_last_comparison(
    qtbot: QtBot, open_window: MainWindow, prompts: Answers, tmp_path: Path
) -> None:
    held = json.loads(open_window.session.snapshot.path.read_bytes())
    held["RoleDetailList"] = [one for one in held["RoleDetailList"] if one["RoleName"] != "public-status-page"]
    (tmp_path / "june.json").write_text(json.dumps(held))
    open_window.menus.actions["perspectiveCompare"].trigger()
    window = open_window.workspace.changes._show_comparison()
    with qtbot.waitSignal(open_window.session.compared, timeout=120_000):
        window.compare_with(tmp_path / "june.json")
    qtbot.waitUntil(lambda: open_window.workspace.findings.is_complete, timeout=60_000)
    prompts.save_to = tmp_path / "now.management.html"
    open_window.menus.actions["actionExportManagement"].trigger()
    qtbot.waitUntil(prompts.save_to.exists, timeout=60_000)
    text = prompts.save_to.read_text(encoding="utf-8")
    assert "1 new, 0 no longer found" in text
    assert "june.json" in text


def test_an_open_review_of_an_earlier_snapshot_gives_the_trend(
    qtbot: QtBot, open_window: MainWindow, prompts: Answers, tmp_path: Path
) -> None:
    assert open_window.session.snapshot is not None
    held = json.loads(open_window.session.snapshot.path.read_bytes())
    held["RoleDetailList"] = [one for one in held["RoleDetailList"] if one["RoleName"] != "public-status-page"]
    (tmp_path / "june.json").write_text(json.dumps(held))
    Workbench().open_snapshot(tmp_path / "june.json").create_review(tmp_path / "q2.iamreview", "Second quarter")
    review = open_window.workspace.review
    review.controller.open_path(tmp_path / "q2.iamreview")
    qtbot.waitUntil(lambda: review.review_session is not None and not review.is_filling, timeout=60_000)
    qtbot.waitUntil(lambda: open_window.workspace.findings.is_complete, timeout=60_000)
    prompts.save_to = tmp_path / "now.management.html"
    open_window.menus.actions["actionExportManagement"].trigger()
    qtbot.waitUntil(prompts.save_to.exists, timeout=60_000)
    text = prompts.save_to.read_text(encoding="utf-8")
    assert "1 new, 0 no longer found" in text
    assert "review Second quarter" in text
