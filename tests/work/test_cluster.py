"""A real Dask scheduler with two workers, each a process, on loopback: the same findings, also when one is killed."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.checks import parallel, registry
from iamdesk.progress import WorkCancelled
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.work.cluster import Cluster
from iamdesk.work.errors import WorkerLostError
from iamdesk.work.tasks import results
from iamdesk.work.worker_cache import reference_to
from iamdesk.work.workers import Workers
from tests.work.duties import Errand, count_roles, double, wait_for_sign
from tests.work.test_findings import as_bytes

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("default")]

ORGANIZATION = resources() / "samples" / "acme-organization"


@pytest.fixture(scope="module")
def dask() -> Iterator[Any]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1", silence_logs=50
    ) as local:
        local.wait_for_workers(2)
        yield local


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def cluster(dask: Any, told: list[str]) -> Iterator[Cluster]:
    dask.wait_for_workers(1)
    with Cluster(dask.scheduler_address, told.append) as executor:
        yield executor


def process_ids(dask: Any) -> list[int]:
    return [worker.process.pid for worker in dask.workers.values() if worker.process is not None]


def test_results_come_in_order_from_both_workers(cluster: Cluster) -> None:
    assert cluster.workers == 2
    assert list(results(double, map(Errand, range(20)), cluster)) == [2 * number for number in range(20)]


def test_the_same_findings(cluster: Cluster) -> None:
    snapshot = load_snapshot(ORGANIZATION)
    shared = list(parallel.run_shared(Workers(cluster, snapshot)))
    assert as_bytes(shared, snapshot) == as_bytes(list(registry.run(Evaluator(snapshot))), snapshot)


def test_a_worker_that_does_not_see_the_file_is_sent_what_is_in_it(cluster: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "only-here.json"
    path.write_bytes(sample_snapshot().read_bytes() + b"\n")
    snapshot = load_snapshot(path)
    path.unlink()
    found = list(Workers(cluster, snapshot).results(count_roles, [reference_to(snapshot)] * 6))
    assert {roles for roles, _ in found} == {len(snapshot.accounts[0].roles)}
    assert max(reads for _, reads in found) > 1, "it is kept"


def gives_up(seconds: float = 240) -> Callable[[], bool]:
    """Return what ends a test that would wait for ever: a task that a scheduler has lost is given again."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def test_a_worker_killed_half_way_costs_nothing_but_time(
    cluster: Cluster, dask: Any, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "_BLOCK", 1)
    snapshot = load_snapshot(ORGANIZATION)
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if not killed and 0 < done < total:
            killed.append(process_ids(dask)[0])
            os.kill(killed[0], signal.SIGKILL)

    shared = list(parallel.run_shared(Workers(cluster, snapshot), kill_one, gives_up()))
    assert killed
    assert as_bytes(shared, snapshot) == as_bytes(list(registry.run(Evaluator(snapshot))), snapshot)
    until(lambda: bool(told))
    assert told[0].startswith("The worker at tcp://127.0.0.1:")


def test_cancelled_work_is_awaited_no_more(cluster: Cluster, tmp_path: Path) -> None:
    cancel = threading.Event()

    def wait_and_cancel() -> None:
        until((tmp_path / "1.begun").exists)
        cancel.set()

    threading.Thread(target=wait_and_cancel).start()
    with pytest.raises(WorkCancelled):
        list(results(wait_for_sign, [Errand(1, str(tmp_path))], cluster, cancelled=cancel.is_set))
    (tmp_path / "go").touch()  # what a worker of a cluster has begun it finishes


# The last one: it is left to Dask whether, and when, it starts workers anew that died so often.
def test_a_task_over_which_workers_die_again_and_again_is_one_clear_error(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(WorkerLostError, match=r"^several workers of the cluster crashed on the same task"):
        list(results(double, [Errand(1, str(tmp_path), dies=99)], cluster))


def until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)
