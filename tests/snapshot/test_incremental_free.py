"""What is large is given up bit by bit: other threads go on meanwhile."""

import threading
from collections import deque

from iamdesk import memory as incremental_free
from iamdesk.memory import free_incrementally, held


class Small:
    """Says when it dies."""

    def __init__(self, said: deque[int], number: int) -> None:
        self._said, self._number = said, number

    def __del__(self) -> None:
        self._said.append(self._number)


def test_lists_are_emptied_and_what_nobody_holds_is_gone() -> None:
    said: deque[int] = deque()
    entries = [Small(said, number) for number in range(2 * incremental_free._AT_ONCE + 1)]
    kept = entries[7]
    others: list[object] = [1, 2]
    free_incrementally(entries, others)
    assert (entries, others) == ([], [])
    assert set(said) == set(range(2 * incremental_free._AT_ONCE + 1)) - {7}
    del kept
    assert 7 in said


def test_entries_are_held_while_what_held_them_goes() -> None:
    said: deque[int] = deque()
    whole = tuple(Small(said, number) for number in range(incremental_free._COPIED_AT_ONCE + 5))
    parts = list(held(whole))
    assert [len(part) for part in parts] == [incremental_free._COPIED_AT_ONCE, 5]
    del whole
    assert not said
    free_incrementally(*parts)
    assert len(said) == incremental_free._COPIED_AT_ONCE + 5


def test_another_thread_goes_on_meanwhile() -> None:
    """In one breath, two million objects would go before anybody else has a turn."""
    turns: list[int] = []
    entries = [[number] for number in range(2_000_000)]
    total = len(entries)
    started, ended = threading.Event(), threading.Event()

    def look() -> None:
        started.set()
        while not ended.is_set():
            turns.append(len(entries))
            ended.wait(0.001)

    watcher = threading.Thread(target=look)
    watcher.start()
    started.wait()
    free_incrementally(entries)
    ended.set()
    watcher.join()
    assert any(0 < left < total for left in turns)
