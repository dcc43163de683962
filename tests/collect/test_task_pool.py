"""The crew: everything is done once, errands of one lane together, and a failure ends it all."""

import threading
from collections.abc import Iterable

import pytest

from iamdesk.collect.task_pool import TaskPool
from iamdesk.progress import WorkCancelled, never_cancelled


def test_errands_bring_errands_until_none_is_left() -> None:
    done: list[int] = []

    def work(errand: int) -> Iterable[int]:
        done.append(errand)
        return (errand * 2, errand * 2 + 1) if errand < 64 else ()

    crew: TaskPool[int, int] = TaskPool(4, work, lambda errand: errand % 3, lambda _lane: None)
    crew.run([1], lambda: None, never_cancelled)

    assert sorted(done) == list(range(1, 128))
    assert (crew.done, crew.total) == (127, 127)


def test_lane_is_finished_before_the_next_is_begun() -> None:
    order: list[str] = []

    def work(errand: str) -> Iterable[str]:
        order.append(errand)
        return [f"{errand}-inner"] if "inner" not in errand else ()

    crew: TaskPool[str, str] = TaskPool(1, work, lambda errand: errand[0], lambda lane: order.append(f"end of {lane}"))
    crew.run(["a1", "b1", "a2"], lambda: None, never_cancelled)

    assert order == ["a1", "a2", "a1-inner", "a2-inner", "end of a", "b1", "b1-inner", "end of b"]


def test_failure_of_one_errand_ends_all_and_is_raised() -> None:
    def work(errand: int) -> Iterable[int]:
        if errand == 3:
            raise ZeroDivisionError
        return [errand + 1]

    crew: TaskPool[int, int] = TaskPool(2, work, lambda _errand: 0, lambda _lane: None)

    with pytest.raises(ZeroDivisionError):
        crew.run([1], lambda: None, never_cancelled)


def test_cancelling_does_not_wait_for_an_errand_that_takes_its_time() -> None:
    stuck = threading.Event()

    def work(_errand: int) -> Iterable[int]:
        stuck.wait(60)
        return ()

    crew: TaskPool[int, int] = TaskPool(1, work, lambda _errand: 0, lambda _lane: None)

    with pytest.raises(WorkCancelled):
        crew.run([1], lambda: None, lambda: True)

    stuck.set()


def test_waiting_errand_ends_when_everything_is_over() -> None:
    ended = threading.Event()
    crew: TaskPool[int, int]

    def work(_errand: int) -> Iterable[int]:
        try:
            crew.wait(60)
        except WorkCancelled:
            ended.set()
            raise
        return ()

    crew = TaskPool(1, work, lambda _errand: 0, lambda _lane: None)

    with pytest.raises(WorkCancelled):
        crew.run([1], lambda: None, lambda: True)

    assert ended.wait(10)


def test_nothing_to_do_is_done_at_once() -> None:
    crew: TaskPool[int, int] = TaskPool(1, lambda _errand: (), lambda _errand: 0, lambda _lane: None)

    crew.run([], lambda: None, never_cancelled)

    assert crew.total == 0
