"""Many accounts open: the first is on the screen while the rest is read. It can be looked at, and not asked."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import Request
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.snapshot import bundle_reader, partial
from iamdesk.snapshot.text_source import SourceText

from ..snapshot.bundles import as_folder, details
from ..snapshot.test_partial import IDS

LAST = IDS[-1]
FIRST_ALICE = f"arn:aws:iam::{IDS[0]}:user/staff/alice"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Reading stops before the last account until the gate is opened."""
    opened = threading.Event()
    real = bundle_reader._read_file

    def read(reading: Any, path: str, source: SourceText) -> None:
        if LAST in path:
            while not opened.wait(0.005):
                reading.read.ask()
        real(reading, path, source)

    monkeypatch.setattr(bundle_reader, "_read_file", read)
    monkeypatch.setattr(partial, "_LEAST_LEFT", 1)
    yield opened
    opened.set()


@pytest.fixture
def arriving(qtbot: QtBot, window: MainWindow, tmp_path: Path, gate: threading.Event) -> MainWindow:
    files = {f"accounts/{account}/iam/get-account-authorization-details.json": details(account) for account in IDS}
    window.show()
    window.open_path(as_folder(tmp_path, files))
    qtbot.waitUntil(lambda: window.session.arriving is not None, timeout=20_000)
    return window


def rows(window: MainWindow) -> list[str]:
    model = window.workspace.navigator.model
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def finish(qtbot: QtBot, window: MainWindow, gate: threading.Event) -> None:
    gate.set()
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)


def test_the_first_account_is_looked_at_while_the_rest_is_read(
    qtbot: QtBot, arriving: MainWindow, gate: threading.Event
) -> None:
    assert arriving.session.snapshot is None
    assert rows(arriving) == [IDS[0], "Loading"]
    assert "still loading" in arriving.problem_bar.text
    assert arriving.workspace.navigator.isVisible()
    arriving.session.show_key(FIRST_ALICE)
    inspector = arriving.workspace.inspector
    assert arriving.pages.currentWidget() is inspector
    assert inspector.header.title.full_text() == "alice"
    assert not inspector.tabs.isTabVisible(inspector.tabs.indexOf(inspector.access))
    arriving.workspace.navigator.field.setText("alice")
    arriving.workspace.navigator.apply_filter()
    assert rows(arriving) == [IDS[0]]
    finish(qtbot, arriving, gate)
    assert rows(arriving) == IDS
    assert arriving.session.subject_key == FIRST_ALICE
    assert arriving.pages.currentWidget() is inspector, "what one looked at stays"
    assert inspector.tabs.isTabVisible(inspector.tabs.indexOf(inspector.access))
    assert arriving.problem_bar.isHidden()


def test_nothing_is_asked_of_it(qtbot: QtBot, arriving: MainWindow, gate: threading.Event) -> None:
    answers: list[object] = []
    arriving.session.evaluated.connect(answers.append)
    arriving.session.ask(Request(FIRST_ALICE, "s3:GetObject", "arn:aws:s3:::a/b"))
    arriving.session.show_access(FIRST_ALICE)
    assert answers == []
    assert not arriving.workspace.request_bar.ask_button.isEnabled()
    assert not arriving.menus.actions["actionAsk"].isEnabled()
    assert [job.label for job in arriving.jobs.running if job.topic not in ("open", "ready", "prepare opening")] == []
    finish(qtbot, arriving, gate)
    assert arriving.pages.currentWidget() is arriving.overview, "nothing was looked at"
    assert arriving.workspace.request_bar.ask_button.isEnabled()


def stop(window: MainWindow) -> None:
    next(job for job in window.jobs.running if job.topic == "open").cancel()


def close(window: MainWindow) -> None:
    window.session.close()
    stop(window)


@pytest.mark.parametrize("cancel_input", [stop, close])
def test_giving_up_leads_back_to_the_start(
    qtbot: QtBot, arriving: MainWindow, cancel_input: Callable[[MainWindow], None]
) -> None:
    arriving.session.show_key(FIRST_ALICE)
    cancel_input(arriving)
    assert arriving.session.shown is None
    assert arriving.session.subject_key == ""
    assert arriving.pages.currentWidget() is arriving.start
    assert rows(arriving) == []


def test_another_snapshot_takes_its_place(
    qtbot: QtBot, arriving: MainWindow, gate: threading.Event, tmp_path: Path
) -> None:
    arriving.session.show_key(FIRST_ALICE)
    arriving.open_path(as_folder(tmp_path, {"other.json": details("222222222222")}, "other"))
    assert arriving.session.shown is None
    finish(qtbot, arriving, gate)
    assert rows(arriving) == ["222222222222"]
    assert arriving.session.subject_key == ""


def test_what_is_open_stays_until_all_of_the_new_is_there(
    qtbot: QtBot, open_window: MainWindow, gate: threading.Event, tmp_path: Path
) -> None:
    before = open_window.session.snapshot
    files = {f"{account}.json": details(account) for account in IDS}
    open_window.open_path(as_folder(tmp_path, files))
    qtbot.waitUntil(lambda: any(job.topic == "open" for job in open_window.jobs.running), timeout=5_000)
    qtbot.wait(150)
    assert open_window.session.snapshot is before
    assert open_window.session.arriving is None
    gate.set()
    qtbot.waitUntil(lambda: rows(open_window) == IDS, timeout=20_000)
