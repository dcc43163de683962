"""Worker processes: results in order, one that dies is replaced, cancelled work stops, and nothing listens."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk.evaluate.request import RequestError
from iamdesk.i18n import ENGLISH, choose, translate
from iamdesk.progress import WorkCancelled
from iamdesk.work.errors import WorkerLostError, WorkError
from iamdesk.work.processes import Processes, lost_once
from iamdesk.work.settings import open_executor, usual_workers
from iamdesk.work.tasks import results
from iamdesk.work.worker_cache import SnapshotReference
from tests.work.duties import (
    Errand,
    double,
    language,
    leave_sign,
    refuse,
    refuse_oddly,
    wait_for_sign,
)


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def two(told: list[str]) -> Iterator[Processes]:
    with Processes(2, told.append) as executor:
        yield executor


def until(path: Path) -> None:
    """Wait for a sign of a worker."""
    ends = time.monotonic() + 60
    while not path.exists() or not path.read_text():
        assert time.monotonic() < ends, f"no sign {path.name}"
        time.sleep(0.005)


def gone(process_id: int) -> bool:
    """Whether a process has ended; one that nobody has waited for counts as ended."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_results_come_in_the_order_of_the_tasks(workers: int) -> None:
    steps: list[tuple[int, int]] = []
    executor: Executor | None = Processes(workers) if workers else None
    found = list(
        results(
            double,
            (Errand(number) for number in range(40)),
            executor,
            progress=lambda done, total: steps.append((done, total)),
            size=lambda _errand: 3,
            total=120,
        )
    )
    if executor is not None:
        executor.shutdown()
    assert found == [2 * number for number in range(40)]
    assert steps[-1] == (120, 120)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def test_tasks_are_done_by_other_processes(two: Processes, tmp_path: Path) -> None:
    waiting = [two.submit(wait_for_sign, Errand(number, str(tmp_path)), bool) for number in (1, 2)]
    for number in (1, 2):
        until(tmp_path / f"{number}.begun")
    (tmp_path / "go").touch()
    workers = {future.result() for future in waiting}
    assert len(workers) == 2, "both work at the same time"
    assert os.getpid() not in workers
    assert workers == set(two.process_ids)


def test_a_worker_that_dies_is_told_and_its_task_is_done_once_more(
    two: Processes, told: list[str], tmp_path: Path
) -> None:
    told.clear()
    tasks = [Errand(number, str(tmp_path), dies=number == 7) for number in range(30)]
    assert list(results(double, tasks, two)) == [2 * number for number in range(30)]
    assert told == [lost_once()]
    assert (tmp_path / "7.tries").read_text() == "xx"


def test_a_worker_killed_from_outside_is_replaced(two: Processes, told: list[str], tmp_path: Path) -> None:
    told.clear()
    future = two.submit(wait_for_sign, Errand(1, str(tmp_path)), bool)
    until(tmp_path / "1.begun")
    first = int((tmp_path / "1.begun").read_text())
    (tmp_path / "1.begun").unlink()
    os.kill(first, signal.SIGKILL)
    until(tmp_path / "1.begun")
    (tmp_path / "go").touch()
    assert future.result() == int((tmp_path / "1.begun").read_text()) != first
    assert told == [lost_once()]


def test_two_workers_that_die_over_one_task_are_an_error_and_the_others_are_not_lost(
    two: Processes, tmp_path: Path
) -> None:
    futures = [two.submit(double, Errand(number, str(tmp_path), dies=2 * (number == 1)), bool) for number in range(6)]
    with pytest.raises(WorkerLostError, match=r"^two worker processes ended unexpectedly"):
        futures[1].result()
    assert [futures[number].result() for number in (0, 2, 3, 4, 5)] == [0, 4, 6, 8, 10]


def test_an_exception_arrives_as_it_was_raised(two: Processes) -> None:
    with pytest.raises(RequestError, match=r"^number 3 is refused$"):
        list(results(refuse, [Errand(3)], two))
    with pytest.raises(WorkError, match=r"^OddError: it is odd$"):
        list(results(refuse_oddly, [Errand(3)], two))
    assert list(results(double, [Errand(4)], two)) == [8], "the workers are as before"


def test_cancelled_work_ends_at_once_and_its_workers_stop(two: Processes, tmp_path: Path) -> None:
    cancel = threading.Event()

    def wait_and_cancel() -> None:
        until(tmp_path / "1.begun")
        cancel.set()

    threading.Thread(target=wait_and_cancel).start()
    with pytest.raises(WorkCancelled):
        list(results(leave_sign, [Errand(number, str(tmp_path)) for number in (1, 2, 3)], two, cancelled=cancel.is_set))
    ends = time.monotonic() + 30
    while not (tmp_path / "1.stopped").exists():
        assert time.monotonic() < ends, "the worker was not told"
        time.sleep(0.005)
    assert list(results(double, [Errand(4)], two)) == [8]
    assert not (tmp_path / "3.begun").exists(), "what nobody had begun is dropped"


def test_results_that_nobody_reads_any_more_are_cancelled(two: Processes, tmp_path: Path) -> None:
    more = results(double, [Errand(number) for number in range(1000)], two)
    assert next(more) == 0
    more.close()
    assert list(results(double, [Errand(4)], two)) == [8]


def test_shut_down_with_cancelling_ends_processes_in_the_midst_of_work(tmp_path: Path) -> None:
    executor = Processes(1)
    busy = executor.submit(wait_for_sign, Errand(1, str(tmp_path)), bool)
    waiting = executor.submit(double, Errand(1), bool)
    until(tmp_path / "1.begun")
    worker = int((tmp_path / "1.begun").read_text())
    executor.shutdown(cancel_futures=True)
    assert gone(worker)
    assert waiting.cancelled()
    with pytest.raises(WorkCancelled):
        busy.result()
    with pytest.raises(RuntimeError):
        executor.submit(double, Errand(1), bool)


def test_a_worker_speaks_the_language_of_the_window(two: Processes) -> None:
    choose("de")
    try:
        ((spoken, said),) = results(language, [Errand(1)], two)
        assert spoken == "de"
        assert said == "The check failed on a b, which may have this finding."
        assert translate(said) != said
    finally:
        choose(ENGLISH)
    assert next(results(language, [Errand(1)], two))[0] == ENGLISH


_DIES = """
import os, sys
from pathlib import Path
from iamdesk.work.processes import Processes
from tests.work.duties import Errand, wait_for_sign

if __name__ == "__main__":
    executor = Processes(1)
    executor.submit(wait_for_sign, Errand(1, sys.argv[1]), bool)
    while not Path(sys.argv[1], "1.begun").exists():
        pass
    os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that kills")
def test_workers_end_with_the_process_that_started_them_however_it_ends(tmp_path: Path) -> None:
    script = tmp_path / "dies.py"
    script.write_text(_DIES)
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, script, tmp_path], env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert ended.returncode == -signal.SIGKILL
    until(tmp_path / "1.begun")
    worker = int((tmp_path / "1.begun").read_text())
    ends = time.monotonic() + 30
    while not gone(worker):
        assert time.monotonic() < ends, "the worker goes on without anybody"
        time.sleep(0.01)


def test_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []

    class NoSocket(socket.socket):
        def __init__(self, *args: object, **_keywords: object) -> None:
            opened.append(args)
            raise OSError("no sockets")

    monkeypatch.setattr(socket, "socket", NoSocket)
    with Processes(2) as executor:
        assert list(results(double, map(Errand, range(9)), executor)) == [2 * number for number in range(9)]
        for process_id in executor.process_ids:
            descriptors = Path(f"/proc/{process_id}/fd")
            if descriptors.exists():
                held = [str(one.readlink()) for one in descriptors.iterdir() if one.exists()]
                assert not [one for one in held if one.startswith("socket:") and one not in _own_sockets()]
    assert not opened


def _own_sockets() -> set[str]:
    """Sockets that this process had before: standard streams may be some, and workers take them over."""
    return {str(Path(f"/proc/self/fd/{number}").readlink()) for number in (0, 1, 2)}


def test_one_core_is_left_to_the_user() -> None:
    assert usual_workers() >= 1
    with open_executor(3) as executor:
        assert isinstance(executor, Processes)
        assert executor.workers == 3
    with pytest.raises(ValueError, match="at least one"):
        Processes(0)


_TEXT = st.text(max_size=20)


@given(st.builds(Errand, st.integers(), _TEXT, st.integers(0, 2)))
def test_a_task_is_the_same_on_the_other_side(task: Errand) -> None:
    assert pickle.loads(pickle.dumps(task)) == task  # noqa: S301 - our own


@given(st.builds(SnapshotReference, st.none() | _TEXT, _TEXT, st.integers(0)))
def test_a_reference_is_the_same_on_the_other_side(task: SnapshotReference) -> None:
    assert pickle.loads(pickle.dumps(task)) == task  # noqa: S301 - our own
