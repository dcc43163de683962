"""How long work tells where it is, and how it learns that nobody wants it any more."""

from collections.abc import Callable

type Progress = Callable[[int, int], None]
"""Called now and then with (done, total): bytes when reading, principals when sweeping. Total is 0 while unknown."""

type Cancelled = Callable[[], bool]
"""Asked often; True ends the work with `WorkCancelled`."""


class WorkCancelled(Exception):  # noqa: N818 - nothing went wrong: the user changed their mind
    """The work was cancelled, at the caller's wish."""


def no_progress(done: int, total: int) -> None:
    """Tell nobody."""


def never_cancelled() -> bool:
    """Go on to the end."""
    return False
