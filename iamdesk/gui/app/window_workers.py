"""The processes that do the long work of a window: started when there is some, ended with the window."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from iamdesk.gui.core.settings import Settings
from iamdesk.i18n import translate

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from iamdesk.api import Opened


class WindowWorkers:
    """Holds the executor that the settings ask for. `executor` is for threads of jobs, the rest for the GUI thread."""

    def __init__(self, settings: Settings, announce: Callable[[str], None]) -> None:
        """``announce`` says that a worker died; it is called in any thread."""
        self._settings = settings
        self._announce = announce
        self._lock = threading.Lock()
        self._held: Executor | None = None
        self._held_for: tuple[int, str] | None = None
        self._is_closed = False

    def executor(self, opened: "Opened") -> "Executor | None":
        """Return what does long work over a snapshot; None where this process does it sooner.

        Raises:
            WorkError: the scheduler of the settings cannot be used; one sentence.
        """
        from iamdesk.work.workers import MIN_PRINCIPALS

        scheduler = self._settings.scheduler
        if not scheduler and opened.principal_count < MIN_PRINCIPALS:
            return None
        return self._executor(scheduler)

    def beside(self) -> "Executor | None":
        """Return the processes of this machine that read an organization and sweep over it beside this process.

        A scheduler is not asked: its workers may not see the files, and each would be sent all of it.
        """
        return self._executor("")

    def _executor(self, scheduler: str) -> "Executor | None":
        from iamdesk.work.settings import open_executor

        wanted = (self._settings.workers, scheduler)
        with self._lock:
            if self._is_closed:
                return None
            if self._held is None or self._held_for != wanted:
                self._end(cancel=False)
                self._held = open_executor(
                    wanted[0] or None, wanted[1] or None, lambda told: self._announce(translate(told))
                )
                self._held_for = wanted
            return self._held

    def close(self) -> None:
        """End the processes at once, with what they are at."""
        with self._lock:
            self._is_closed = True
            self._end(cancel=True)

    def _end(self, *, cancel: bool) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.shutdown(wait=False, cancel_futures=cancel)
