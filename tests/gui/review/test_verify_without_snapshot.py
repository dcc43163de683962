"""A package is verified by whoever got it: without the snapshot, and without the review."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.review.verify_dialog import VerifyDialog


def verify(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, manifest: Path) -> None:
    monkeypatch.setattr(window.prompts, "file_to_open", lambda *_: manifest)
    window.show()
    action = window.menus.actions["actionVerifyPack"]
    assert action.isEnabled()
    action.trigger()
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)


def test_a_package_is_verified_before_anything_is_opened(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "00_manifest.json").write_text("{}", encoding="utf-8")
    verify(qtbot, window, monkeypatch, tmp_path / "00_manifest.json")
    told = window.problem_bar.isVisibleTo(window) or window.findChild(VerifyDialog) is not None
    assert told, "what came of it is seen"


def test_what_is_no_package_is_said_where_it_is_seen(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    verify(qtbot, window, monkeypatch, tmp_path / "missing.zip")
    assert window.problem_bar.isVisibleTo(window)
    assert "missing.zip" in window.problem_bar.text
