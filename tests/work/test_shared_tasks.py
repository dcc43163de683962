"""This process and the workers share tasks out between them; results come in the order of the tasks."""

import os
import time

import pytest

from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled
from iamdesk.work.processes import Processes
from iamdesk.work.shared_tasks import shared_out


def slowly(task: int, cancelled: Cancelled) -> tuple[int, int]:
    if task < 0:
        raise ValueError(f"no number: {task}")
    for _ in range(4):
        time.sleep(0.01)
        if cancelled():
            raise WorkCancelled
    return task, os.getpid()


def test_results_come_in_order_and_all_have_worked() -> None:
    with Processes(1) as executor:
        list(shared_out(slowly, range(40), executor))  # the worker is there by now
        found = list(shared_out(slowly, range(60), executor))
    assert [task for task, _ in found] == list(range(60))
    pids = [pid for _, pid in found]
    assert len(set(pids)) == 2
    assert pids.count(os.getpid()) > 5


def test_each_takes_first_what_it_has_at_hand() -> None:
    done_here: list[int] = []

    def here(task: int, cancelled: Cancelled) -> tuple[int, int]:
        done_here.append(task)
        return slowly(task, cancelled)

    with Processes(1) as executor:
        list(shared_out(slowly, range(20), executor))  # the worker is there by now
        found = list(shared_out(slowly, range(40), executor, here=here, is_ours=lambda task: task % 2 == 0))
    assert [task for task, _ in found] == list(range(40))
    assert [task % 2 for task in done_here[:4]] == [0] * 4
    assert all(pid != os.getpid() for task, pid in found if task in (1, 3, 5, 7)), "the worker began with the others"


def test_without_workers_this_process_does_it_and_may_do_it_its_own_way() -> None:
    assert list(shared_out(slowly, range(2), None, here=lambda task, _: (task, 0))) == [(0, 0), (1, 0)]
    assert list(shared_out(slowly, (), None)) == []


@pytest.mark.parametrize("place", [0, 15, 39])
def test_an_error_is_raised_wherever_it_happened(place: int) -> None:
    tasks = [*range(place), -1, *range(place, 40)]
    with Processes(1) as executor, pytest.raises(ValueError, match="no number: -1"):
        list(shared_out(slowly, tasks, executor))


def test_it_ends_when_nobody_wants_it_any_more() -> None:
    cancelled: list[bool] = []
    with Processes(1) as executor:
        results = shared_out(slowly, range(10_000), executor, cancelled=lambda: bool(cancelled))
        assert next(results)[0] == 0
        cancelled.append(True)
        with pytest.raises(WorkCancelled):
            list(results)
        left = shared_out(slowly, range(10_000), executor, cancelled=never_cancelled)
        next(left)
        left.close()
        assert [task for task, _ in shared_out(slowly, range(3), executor)] == [0, 1, 2], "the workers are free again"
