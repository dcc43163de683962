"""Progress and cancellation of long work."""

from collections.abc import Callable

type Progress = Callable[[int, int], None]
"""Called repeatedly with (done, total): bytes when reading, principals in sweeps. Total is 0 while unknown."""

type Cancelled = Callable[[], bool]
"""Called often; True ends the work with `WorkCancelled`."""


class WorkCancelled(Exception):  # noqa: N818 - not an error: the user changed their mind
    """The work was cancelled by the caller."""


def no_progress(done: int, total: int) -> None:
    """Ignore progress."""


def never_cancelled() -> bool:
    """Never cancel."""
    return False
