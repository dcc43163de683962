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


def test_results_come_in_order_and_all_have_worked(one: Processes) -> None:
    list(shared_out(slowly, range(40), one))  # the worker is there by now
    found = list(shared_out(slowly, range(60), one))
    assert [task for task, _ in found] == list(range(60))
    pids = [pid for _, pid in found]
    assert len(set(pids)) == 2
    assert pids.count(os.getpid()) > 5


def test_each_takes_first_what_it_has_at_hand(one: Processes) -> None:
    done_here: list[int] = []

    def here(task: int, cancelled: Cancelled) -> tuple[int, int]:
        done_here.append(task)
        return slowly(task, cancelled)

    list(shared_out(slowly, range(20), one))  # the worker is there by now
    found = list(shared_out(slowly, range(40), one, here=here, is_ours=lambda task: task % 2 == 0))
    assert [task for task, _ in found] == list(range(40))
    assert [task % 2 for task in done_here[:4]] == [0] * 4
    assert all(pid != os.getpid() for task, pid in found if task in (1, 3, 5, 7)), "the worker began with the others"


def test_a_process_that_is_busy_leaves_all_tasks_to_the_workers(one: Processes) -> None:
    found = list(shared_out(slowly, range(20), one, is_free=lambda: False))
    assert [task for task, _ in found] == list(range(20))
    assert os.getpid() not in {pid for _, pid in found}


def test_without_workers_this_process_does_it_and_may_do_it_its_own_way() -> None:
    assert list(shared_out(slowly, range(2), None, here=lambda task, _: (task, 0))) == [(0, 0), (1, 0)]
    assert list(shared_out(slowly, (), None)) == []


@pytest.mark.parametrize("place", [0, 15, 39])
def test_an_error_is_raised_wherever_it_happened(place: int, one: Processes) -> None:
    tasks = [*range(place), -1, *range(place, 40)]
    with pytest.raises(ValueError, match="no number: -1"):
        list(shared_out(slowly, tasks, one))


def test_it_ends_when_nobody_wants_it_any_more(one: Processes) -> None:
    cancelled: list[bool] = []
    results = shared_out(slowly, range(10_000), one, cancelled=lambda: bool(cancelled))
    assert next(results)[0] == 0
    cancelled.append(True)
    with pytest.raises(WorkCancelled):
        list(results)
    left = shared_out(slowly, range(10_000), one, cancelled=never_cancelled)
    next(left)
    left.close()
    assert [task for task, _ in shared_out(slowly, range(3), one)] == [0, 1, 2], "the workers are free again"
