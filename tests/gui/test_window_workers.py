"""The window has its long work done by processes, and they end with it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.gui import create_main_window
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.window_workers import WindowWorkers
from iamdesk.gui.core.settings import Settings
from iamdesk.resource_files import resources
from iamdesk.work import workers
from iamdesk.work.errors import WorkError
from iamdesk.work.processes import Processes, lost_once
from iamdesk.work.settings import usual_workers

from .test_settings_dialog import opened_by_key


@pytest.fixture
def organization() -> SnapshotSession:
    return Workbench().open_snapshot(resources() / "samples" / "acme-organization")


@pytest.fixture
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MIN_PRINCIPALS", 1)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def made(tmp_path: Path, told: list[str]) -> Iterator[WindowWorkers]:
    found = WindowWorkers(Settings(tmp_path / "iamdesk.ini"), told.append)
    yield found
    found.close()


def test_a_small_snapshot_needs_none(made: WindowWorkers, organization: SnapshotSession) -> None:
    assert made.executor(organization) is None


def test_as_many_as_the_settings_say(
    made: WindowWorkers, organization: SnapshotSession, everything_is_large: None, tmp_path: Path
) -> None:
    first = made.executor(organization)
    assert isinstance(first, Processes)
    assert first.workers == usual_workers()
    assert made.executor(organization) is first
    made._settings.workers = 3
    second = made.executor(organization)
    assert isinstance(second, Processes)
    assert second.workers == 3
    made.close()
    assert made.executor(organization) is None
    with pytest.raises(RuntimeError):
        second.submit(os.getpid)


def test_a_scheduler_that_is_not_there_is_said(
    made: WindowWorkers, organization: SnapshotSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iamdesk.work.cluster._TIMEOUT", 1)
    made._settings.scheduler = "tcp://127.0.0.1:9"
    with pytest.raises(WorkError, match=r"^no Dask scheduler can be reached"):
        made.executor(organization)


def test_the_window_shows_what_its_processes_find(
    qtbot: QtBot,
    everything_is_large: None,
    tmp_path: Path,
    organization: SnapshotSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the window computes by itself")

    expected = [one.fingerprint for one in organization.findings()]
    monkeypatch.setattr("iamdesk.checks.registry.run", refuse)
    said: list[str] = []
    (tmp_path / "iamdesk.ini").write_text("[work]\nworkers=1\n")
    window = create_main_window(organization.snapshot.path, settings_path=tmp_path / "iamdesk.ini")
    assert isinstance(window, MainWindow)
    qtbot.addWidget(window)
    window.session.announced.connect(said.append)
    window.show()
    qtbot.waitUntil(lambda: window.interior.is_complete, timeout=60_000)
    panel = window.workspace.findings
    qtbot.waitUntil(lambda: panel._run.is_complete and not panel._run.is_running, timeout=120_000)
    assert [row.finding.fingerprint for row in panel.model.rows] == expected
    executor = window.workers.executor(organization)
    assert isinstance(executor, Processes)
    (process_id,) = executor.process_ids
    os.kill(process_id, signal.SIGKILL)
    panel.run()
    qtbot.waitUntil(lambda: panel._run.is_complete and not panel._run.is_running, timeout=120_000)
    assert [row.finding.fingerprint for row in panel.model.rows] == expected
    qtbot.waitUntil(lambda: lost_once() in said)
    window.close()
    assert window.workers.executor(organization) is None


def test_the_settings_tell_how_many(qtbot: QtBot, window: MainWindow) -> None:
    dialog = opened_by_key(qtbot, window)
    count = dialog.findChild(QSpinBox, "settingsWorkers")
    scheduler = dialog.findChild(QLineEdit, "settingsScheduler")
    assert isinstance(count, QSpinBox)
    assert isinstance(scheduler, QLineEdit)
    assert str(usual_workers()) in count.text()
    count.setValue(2)
    scheduler.setText(" tcp://10.0.0.5:8786 ")
    scheduler.editingFinished.emit()
    kept = Settings(window.settings.path)
    window.settings.save()
    assert (kept.workers, kept.scheduler) == (2, "tcp://10.0.0.5:8786")


@pytest.mark.parametrize(("written", "read"), [("-3", 0), ("many", 0), ("9999", 256), ("2", 2)])
def test_a_number_that_is_none_is_as_if_it_were_not_there(tmp_path: Path, written: str, read: int) -> None:
    path = tmp_path / "iamdesk.ini"
    path.write_text(f"[work]\nworkers={written}\n")
    assert Settings(path).workers == read
