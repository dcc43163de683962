import gc
import sys
import threading
import time

import pytest
from PySide6.QtCore import QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from iamdesk.gui.core.jobs import Job, JobRunner, _task, _TaskControl
from iamdesk.progress import Cancelled, Progress, WorkCancelled


def until_cancelled(started: threading.Event, ended: threading.Event | None = None) -> object:
    """Return work that runs until it is cancelled."""
    wake = threading.Event()

    def work(_progress: Progress, cancelled: Cancelled) -> None:
        started.set()
        while not cancelled():
            wake.wait(0.005)
        if ended is not None:
            ended.set()
        raise WorkCancelled

    return work


def test_results_arrive_in_the_gui_thread_even_at_a_lambda(qtbot: QtBot, qapp: QApplication, jobs: JobRunner) -> None:
    threads: list[object] = []
    places: dict[str, object] = {}

    def work(_progress: Progress, _cancelled: Cancelled) -> int:
        places["work"] = QThread.currentThread()
        return 42

    results: list[int] = []
    jobs.run("count", work, done=lambda value: (results.append(value), threads.append(QThread.currentThread())))
    qtbot.waitUntil(lambda: results == [42])
    assert threads == [qapp.thread()]
    assert places["work"] is not qapp.thread()


def test_an_exception_goes_to_failed(qtbot: QtBot, jobs: JobRunner) -> None:
    errors: list[Exception] = []

    def work(_progress: Progress, _cancelled: Cancelled) -> None:
        raise KeyError("x")

    jobs.run("fail", work, failed=errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], KeyError)


def test_an_exception_that_nobody_takes_reaches_the_hook(
    qtbot: QtBot, jobs: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, _value, _trace: seen.append(kind))

    def work(_progress: Progress, _cancelled: Cancelled) -> None:
        raise ZeroDivisionError

    jobs.run("fail", work)
    qtbot.waitUntil(lambda: seen == [ZeroDivisionError])


def test_a_newer_job_of_a_topic_makes_the_older_stale(qtbot: QtBot, jobs: JobRunner) -> None:
    release, started = threading.Event(), threading.Event()
    arrived: list[str] = []

    def slow(_progress: Progress, _cancelled: Cancelled) -> str:
        started.set()
        release.wait(5)
        return "old"

    stopped: list[bool] = []
    first = jobs.run("a", slow, done=arrived.append, stopped=lambda: stopped.append(True), topic="answer")
    assert started.wait(5)
    second = jobs.run("b", lambda _p, _c: "new", done=arrived.append, topic="answer")
    assert not first.running
    assert stopped == [True]
    release.set()
    qtbot.waitUntil(lambda: not second.running)
    assert jobs.wait_all(5000)
    QApplication.processEvents()
    assert arrived == ["new"]


def test_cancel_reaches_the_work_and_drops_its_result(qtbot: QtBot, jobs: JobRunner) -> None:
    started, ended = threading.Event(), threading.Event()
    said: list[str] = []
    job = jobs.run(
        "endless",
        until_cancelled(started, ended),  # type: ignore[arg-type]
        done=lambda _value: said.append("done"),
        failed=lambda _error: said.append("failed"),
        stopped=lambda: said.append("stopped"),
    )
    assert started.wait(5)
    job.cancel()
    job.cancel()
    assert ended.wait(5)
    QApplication.processEvents()
    assert said == ["stopped"]


def test_progress_is_throttled(qtbot: QtBot, jobs: JobRunner) -> None:
    steps: list[tuple[int, int]] = []
    finished: list[bool] = []

    def work(progress: Progress, _cancelled: Cancelled) -> bool:
        for step in range(50_000):
            progress(step, 50_000)
        return True

    jobs.run("count", work, done=finished.append, progress=lambda done, total: steps.append((done, total)))
    qtbot.waitUntil(lambda: bool(finished))
    assert steps[0] == (0, 50_000)
    assert len(steps) < 100


def test_large_numbers_of_bytes_survive(qtbot: QtBot, jobs: JobRunner) -> None:
    steps: list[tuple[int, int]] = []

    def work(progress: Progress, _cancelled: Cancelled) -> None:
        progress(2**40, 2**41)

    jobs.run("read", work, progress=lambda done, total: steps.append((done, total)))
    qtbot.waitUntil(lambda: bool(steps))
    assert steps == [(2**40, 2**41)]


def test_signals_tell_of_every_job(qtbot: QtBot, jobs: JobRunner) -> None:
    seen: list[tuple[str, str]] = []
    jobs.started.connect(lambda job: seen.append(("started", job.label)))
    jobs.ended.connect(lambda job: seen.append(("ended", job.label)))
    with qtbot.waitSignal(jobs.ended):
        jobs.run("one", lambda _p, _c: None)
    assert seen == [("started", "one"), ("ended", "one")]
    assert jobs.running == ()


def test_closing_cancels_and_waits(qtbot: QtBot, qapp: QApplication) -> None:
    runner = JobRunner()
    started = threading.Event()
    job: Job = runner.run("endless", until_cancelled(started))  # type: ignore[arg-type]
    assert started.wait(5)
    assert runner.wait_all(5000)
    assert not job.running
    with pytest.raises(RuntimeError):
        runner.run("late", lambda _p, _c: None)


def test_a_callback_may_start_the_next_job(qtbot: QtBot, jobs: JobRunner) -> None:
    results: list[int] = []
    jobs.run("1", lambda _p, _c: 1, done=lambda one: jobs.run("2", lambda _p, _c: one + 1, done=results.append))
    qtbot.waitUntil(lambda: results == [2])


def test_the_collector_is_off_while_a_worker_runs_and_on_again_after(qtbot: QtBot, jobs: JobRunner) -> None:
    assert gc.isenabled()
    started, ended = threading.Event(), threading.Event()
    job = jobs.run("endless", until_cancelled(started, ended))  # type: ignore[arg-type]
    assert started.wait(5)
    assert not gc.isenabled()
    job.cancel()
    assert not gc.isenabled(), "the job is not awaited any more, but its thread may still run"
    qtbot.waitUntil(gc.isenabled)


def test_closing_leaves_the_collector_as_it_was(qtbot: QtBot) -> None:
    runner = JobRunner()
    started = threading.Event()
    runner.run("endless", until_cancelled(started))  # type: ignore[arg-type]
    assert started.wait(5)
    assert runner.wait_all(5000)
    assert gc.isenabled()


def test_garbage_of_the_gui_thread_is_never_collected_by_a_worker(qtbot: QtBot, jobs: JobRunner) -> None:
    """A timer in a cycle: a worker that allocates much would destroy it, and Qt would warn, which fails the test."""

    def leave_a_cycle() -> None:
        timer = QTimer(interval=10_000)
        timer.timeout.connect(lambda: timer.setInterval(20_000))
        timer.start()

    def work(_progress: Progress, _cancelled: Cancelled) -> int:
        kept = [[] for _ in range(200_000)]
        return len(kept)

    done: list[int] = []
    jobs.run("allocate", work, done=done.append)
    leave_a_cycle()
    qtbot.waitUntil(lambda: bool(done))
    gc.collect()


def test_patient_work_takes_turns_and_holds_nobody_up(qtbot: QtBot, jobs: JobRunner) -> None:
    release, first_started = threading.Event(), threading.Event()
    order: list[str] = []

    def long(_progress: Progress, _cancelled: Cancelled) -> str:
        first_started.set()
        release.wait(5)
        return "long"

    jobs.run("long", long, done=order.append, patient=True)
    second = jobs.run("next", lambda _p, _c: "next", done=order.append, patient=True)
    qtbot.waitUntil(first_started.is_set)
    jobs.run("quick", lambda _p, _c: "quick", done=order.append)
    qtbot.waitUntil(lambda: order == ["quick"])
    assert second.running
    release.set()
    qtbot.waitUntil(lambda: order == ["quick", "long", "next"])


def test_patient_work_that_waits_can_be_cancelled(qtbot: QtBot, jobs: JobRunner) -> None:
    started = threading.Event()
    ran: list[bool] = []
    first = jobs.run("endless", until_cancelled(started), patient=True)  # type: ignore[arg-type]
    qtbot.waitUntil(started.is_set)
    second = jobs.run("never", lambda _p, _c: ran.append(True), patient=True)
    second.cancel()
    first.cancel()
    assert jobs.wait_all(5000)
    assert ran == []


def test_patient_work_lets_the_window_go_first(qtbot: QtBot, jobs: JobRunner) -> None:
    """What is posted before it and after it, such as a repaint, is done when it begins."""
    order: list[str] = []
    QTimer.singleShot(0, lambda: order.append("before"))
    jobs.run("sweep", lambda _p, _c: order.append("sweep"), patient=True)
    QTimer.singleShot(0, lambda: order.append("after"))
    qtbot.waitUntil(lambda: len(order) == 3)
    assert order == ["before", "after", "sweep"]


def test_patient_work_cancelled_before_it_begins_never_runs(qtbot: QtBot, jobs: JobRunner) -> None:
    ran: list[str] = []
    jobs.run("dropped", lambda _p, _c: ran.append("dropped"), patient=True).cancel()
    jobs.run("kept", lambda _p, _c: ran.append("kept"), patient=True)
    qtbot.waitUntil(lambda: ran == ["kept"])
    qtbot.waitUntil(lambda: jobs.running == ())


def test_work_goes_on_beside_a_window_that_never_rests(qapp: QApplication, jobs: JobRunner) -> None:
    """Scripts drive a window by `processEvents`: its loop never rests, and work goes on all the same."""
    asked = 2_000
    ended: list[int] = []

    def work(_progress: Progress, cancelled: Cancelled) -> int:
        return sum(not cancelled() for _ in range(asked))

    jobs.run("sweep", work, done=ended.append)
    start = time.monotonic()
    while not ended:
        qapp.processEvents()
        assert time.monotonic() - start < 30, "to give way at each question would take 100 seconds"
    assert ended == [asked]


def test_work_waits_until_the_window_rests() -> None:
    at_rest = threading.Event()
    way = _TaskControl(threading.Event(), at_rest)
    threading.Timer(0.02, at_rest.set).start()
    before = time.monotonic()
    assert not way.is_cancelled()
    assert time.monotonic() - before >= 0.01, "it has not waited for the window"


def test_something_large_is_taken_apart_in_a_worker(qtbot: QtBot, jobs: JobRunner) -> None:
    threads: list[int] = []

    class Large:
        def __del__(self) -> None:
            threads.append(threading.get_ident())

    jobs.free_later(Large())
    assert not threads
    qtbot.waitUntil(lambda: bool(threads))
    assert threads != [threading.get_ident()]
    assert not jobs.running


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_a_deleted_owner_is_called_no_more(qtbot: QtBot, jobs: JobRunner, *, is_named: bool, fails: bool) -> None:
    """A window that was closed in the meantime: its lists are gone, and filling them raises."""
    called: list[str] = []

    class Owner(QObject):
        def take(self, what: object) -> None:
            called.append(f"{what}")
            self.objectName()

    def work(_progress: Progress, _cancelled: Cancelled) -> str:
        go.wait(10)
        if fails:
            raise ValueError
        return "made"

    go, owner = threading.Event(), Owner()
    ended: list[Job] = []
    jobs.ended.connect(ended.append)
    if is_named:
        job = jobs.run(
            "Working",
            work,
            done=lambda what: owner.take(f"done: {what}"),
            failed=lambda error: owner.take(f"failed: {error}"),
            stopped=lambda: owner.take("stopped"),
            owner=owner,
        )
    else:
        job = jobs.run("Working", work, done=owner.take, failed=owner.take)
    delete(owner)
    go.set()
    qtbot.waitUntil(lambda: not job.running)
    assert (called, ended, jobs.running) == ([], [job], ())


def test_work_that_outlives_its_window_ends_without_a_word() -> None:
    told: list[str] = []

    def send(_token: int, what: str, _value: object) -> None:
        told.append(what)
        raise RuntimeError("Signal source has been deleted")  # what PySide says once the window has gone

    def work(progress: Progress, _cancelled: Cancelled) -> str:
        progress(1, 2)
        return "made"

    at_rest = threading.Event()
    at_rest.set()
    _task(work, 1, _TaskControl(threading.Event(), at_rest), send)()
    assert told == ["progress", "done"]


def test_the_small_parts_of_something_large_go_after_it_one_by_one(qtbot: QtBot, jobs: JobRunner) -> None:
    gone: list[str] = []

    class Dying:
        def __init__(self, name: str, small: tuple[object, ...] = ()) -> None:
            self.name, self.small = name, small

        def __del__(self) -> None:
            gone.append(self.name)

    jobs.free_later(Dying("large", (Dying("first"), Dying("second"))), lambda large: [list(large.small)])
    qtbot.waitUntil(lambda: len(gone) == 3)
    assert gone[0] == "large"


def test_a_cancelled_job_does_not_hand_over_what_it_made(qtbot: QtBot, jobs: JobRunner) -> None:
    """The frames of the work hold it: to drop them, the window would have to take all of it apart."""
    sent: list[object] = []

    def work(_progress: Progress, _cancelled: Cancelled) -> None:
        raise WorkCancelled

    at_rest = threading.Event()
    at_rest.set()
    _task(work, 1, _TaskControl(threading.Event(), at_rest), lambda _token, _what, value: sent.append(value))()
    (error,) = sent
    assert isinstance(error, WorkCancelled)
    assert error.__traceback__ is None


def test_a_result_that_no_one_awaits_is_given_back(qtbot: QtBot, jobs: JobRunner) -> None:
    """An open file would stay open until Python collects it."""
    begun, release = threading.Event(), threading.Event()
    given_back: list[str] = []
    taken: list[str] = []

    def work(_progress: Progress, _cancelled: Cancelled) -> str:
        begun.set()
        release.wait(10)
        return "an open file"

    job = jobs.run("open", work, done=taken.append, unwanted=given_back.append)
    assert begun.wait(10)
    job.cancel()
    release.set()
    qtbot.waitUntil(lambda: given_back == ["an open file"])
    jobs.run("open", work, done=taken.append, unwanted=given_back.append)
    qtbot.waitUntil(lambda: taken == ["an open file"])
    assert given_back == ["an open file"]
