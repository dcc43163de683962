"""The jobs in the status bar and in their list: what runs, what waits, and what goes first."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.gui import create_main_window
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.jobs import Job
from iamdesk.gui.core.theme import Scheme
from iamdesk.gui.widgets.job_bar import JobBar
from iamdesk.progress import Cancelled, Progress, WorkCancelled

type Give = Callable[..., Job]


@pytest.fixture
def give(open_window: MainWindow) -> Iterator[Give]:
    """Give the window a job that lasts until ``release`` or Cancel; the names of those that ended are in ``ended``."""
    release = threading.Event()

    def start(label: str, topic: str, *, patient: bool = True) -> Job:
        def work(progress: Progress, cancelled: Cancelled) -> None:
            progress(1, 4)
            while not release.wait(0.005):
                if cancelled():
                    raise WorkCancelled
            begun.append(label)

        return open_window.jobs.run(label, work, topic=topic, patient=patient)

    begun: list[str] = []
    start.release = release  # type: ignore[attr-defined]
    start.ended = begun  # type: ignore[attr-defined]
    yield start
    release.set()


def test_running_and_waiting_jobs_are_listed_with_cancel(qtbot: QtBot, open_window: MainWindow, give: Give) -> None:
    open_window.activateWindow()
    qtbot.waitUntil(open_window.isActiveWindow)
    first = give("Running the checks <b>", "test findings")
    qtbot.waitUntil(lambda: not first.is_waiting)
    second = give("Looking for attack paths", "test ways")
    strip, panel = open_window.job_strip, open_window.jobs_panel
    qtbot.waitUntil(lambda: strip.isVisible() and strip.all.text() == "2 jobs")
    assert strip.bar.cancel_button.accessibleName() == "Cancel: Running the checks <b>"
    before = QApplication.focusWidget()
    QTest.keyClick(before or open_window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert panel.isVisible()
    assert [(row.job, row.state.text()) for row in panel.rows] == [(first, "25 %"), (second, "waiting")]
    assert QApplication.focusWidget() is panel.rows[0].bar.cancel_button
    QTest.keyClick(panel.rows[0].bar.cancel_button, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is panel.rows[1].bar.cancel_button
    QTest.keyClick(panel.rows[1].bar.cancel_button, Qt.Key.Key_Space)
    assert not second.running
    assert [row.job for row in panel.rows] == [first]
    assert QApplication.focusWidget() is panel.rows[0].bar.cancel_button, "the focus stays in the list"
    assert strip.all.text() == "1 job"
    panel.rows[0].bar.cancel_button.click()
    assert not strip.isVisible()
    assert panel.nothing.isVisible()
    QTest.keyClick(QApplication.focusWidget() or panel, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert QApplication.focusWidget() is before


def test_what_is_looked_at_goes_first(qtbot: QtBot, open_window: MainWindow, give: Give) -> None:
    running = give("running", "test")
    qtbot.waitUntil(lambda: not running.is_waiting)
    jobs = [give(label, topic) for label, topic in (("checks", "findings"), ("paths", "ways"))]
    qtbot.waitUntil(lambda: len(open_window.jobs._patient.waiting) == len(jobs))
    open_window.interior.stack.show_perspective("perspectivePaths")
    give.release.set()  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: not any(job.running for job in (running, *jobs)))
    assert give.ended == ["running", "paths", "checks"]  # type: ignore[attr-defined]


def test_a_search_does_not_wait_behind_long_work(qtbot: QtBot, open_window: MainWindow, give: Give) -> None:
    jobs = [give(f"job {number}", f"test {number}", patient=False) for number in range(3)]
    qtbot.waitUntil(lambda: sum(job.is_waiting for job in jobs) == 1)
    palette = open_window.windows.search_everywhere()
    palette.field.setText("nora")
    qtbot.waitUntil(lambda: not palette.is_searching)
    assert palette.entries
    assert all(job.running for job in jobs)
    palette.close()


def test_work_that_is_cancelled_while_it_waits_never_begins(qtbot: QtBot, open_window: MainWindow, give: Give) -> None:
    running = give("running", "test")
    waiting = give("waiting", "test 2")
    qtbot.waitUntil(lambda: not running.is_waiting)
    waiting.cancel()
    give.release.set()  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: not running.running)
    after = give("after", "test 3")
    qtbot.waitUntil(lambda: not after.running)
    assert give.ended == ["running", "after"]  # type: ignore[attr-defined]


def test_short_jobs_do_not_flicker(qtbot: QtBot, open_window: MainWindow) -> None:
    open_window.jobs.run("short", lambda _progress, _cancelled: None)
    with qtbot.waitSignal(open_window.jobs.ended):
        pass
    assert not open_window.job_strip.isVisible()


def test_a_bar_is_never_a_window(qtbot: QtBot, open_window: MainWindow, give: Give) -> None:
    job = give("running", "ways")
    bar = JobBar(open_window.jobs, ("ways",))
    qtbot.addWidget(bar)
    assert bar.job is job
    assert not bar.isVisible()
    panel = QWidget()
    qtbot.addWidget(panel)
    QVBoxLayout(panel).addWidget(bar)
    panel.show()
    assert bar.isVisible()


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.CONTRAST])
def test_the_status_bar_is_as_high_before_the_first_job_as_with_one(
    qtbot: QtBot, tmp_path: Path, scheme: Scheme
) -> None:
    """A point or two more or less would move all that is above it whenever work begins."""
    settings = tmp_path / "settings.ini"
    settings.write_text(f"[window]\nscheme={scheme}\n", encoding="utf-8")
    window = create_main_window(settings_path=settings)
    qtbot.addWidget(window)
    window.show()
    bar, strip = window.statusBar(), window.job_strip
    heights = [bar.sizeHint().height()]
    release = threading.Event()
    job = window.jobs.run("Working", lambda _progress, _cancelled: release.wait(20))
    qtbot.waitUntil(lambda: strip.isVisible() and strip.all.text() == "1 job")
    heights.append(bar.sizeHint().height())
    release.set()
    qtbot.waitUntil(lambda: not job.running and not strip.isVisible())
    heights.append(bar.sizeHint().height())
    assert len({*heights, bar.height()}) == 1, heights
    assert window.jobs.wait_all(60_000)
