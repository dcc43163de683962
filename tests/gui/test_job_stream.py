"""Results of a work in a thread, as the window gets them."""

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from iamdesk.gui.core import job_stream
from iamdesk.gui.core.job_stream import JobStream
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.progress import Cancelled, Progress

COUNT = 10 * job_stream._MAX_AT_ONCE + 1


class Seen:
    """What a stream emitted."""

    def __init__(self, jobs: JobRunner) -> None:
        self.batches: list[list[int]] = []
        self.ends: list[bool] = []
        self.errors: list[Exception] = []
        self.stream = JobStream(jobs, "test", self.errors.append, jobs)
        self.stream.batch.connect(self.batches.append)
        self.stream.ended.connect(self.ends.append)

    @property
    def results(self) -> list[int]:
        return [one for batch in self.batches for one in batch]


def work(give: Callable[[int], None], _progress: Progress, _cancelled: Cancelled) -> None:
    for number in range(COUNT):
        give(number)


def failing(give: Callable[[int], None], progress: Progress, cancelled: Cancelled) -> None:
    work(give, progress, cancelled)
    raise ValueError


def test_very_many_results_come_in_parts_and_the_end_after_them(qtbot: QtBot, jobs: JobRunner) -> None:
    seen = Seen(jobs)
    seen.stream.start("test", work)
    qtbot.waitUntil(lambda: not jobs.running)
    assert seen.stream.running
    qtbot.waitUntil(lambda: not seen.stream.running)
    assert seen.results == list(range(COUNT))
    assert max(map(len, seen.batches)) <= job_stream._MAX_AT_ONCE
    assert (seen.ends, seen.errors) == ([True], [])


def test_results_before_an_error_come_first(qtbot: QtBot, jobs: JobRunner) -> None:
    seen = Seen(jobs)
    seen.stream.start("test", failing)
    qtbot.waitUntil(lambda: bool(seen.errors))
    assert (len(seen.results), seen.ends) == (COUNT, [False])


@pytest.mark.parametrize("is_replaced", [False, True])
def test_what_is_left_is_dropped_with_the_work(qtbot: QtBot, jobs: JobRunner, is_replaced: bool) -> None:
    seen = Seen(jobs)
    seen.stream.start("test", work)
    qtbot.waitUntil(lambda: not jobs.running)
    seen.batches.clear()
    if is_replaced:
        seen.stream.start("test", lambda give, _progress, _cancelled: give(7))
        qtbot.waitUntil(lambda: not seen.stream.running)
        assert (seen.results, seen.ends) == ([7], [True])
    else:
        seen.stream.stop()
        assert not seen.stream.running
        qtbot.wait(150)
        assert (seen.results, seen.ends) == ([], [])
