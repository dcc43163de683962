"""Worker processes for the long work of a window: started when there is work, ended with the window."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from iamdesk.gui.core.settings import Settings
from iamdesk.i18n import translate

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from iamdesk.work.workers import HasPrincipals


class WindowWorkers:
    """Owns the executor that the settings ask for. `executor` may be called in job threads, the rest in the GUI."""

    def __init__(self, settings: Settings, announce: Callable[[str], None]) -> None:
        """``announce`` reports that a worker died; it may be called in any thread."""
        self._settings = settings
        self._announce = announce
        self._lock = threading.Lock()
        self._held: Executor | None = None
        self._held_for: tuple[int, str] | None = None
        self._is_closed = False

    def executor(self, opened: "HasPrincipals") -> "Executor | None":
        """Return the executor for long work over a snapshot; None if this process is faster alone.

        Raises:
            WorkError: the scheduler of the settings cannot be used; one sentence.
        """
        from iamdesk.work.workers import MIN_PRINCIPALS

        scheduler = self._settings.scheduler
        if not scheduler and opened.principal_count < MIN_PRINCIPALS:
            return None
        return self._executor(scheduler)

    def beside(self) -> "Executor | None":
        """Return the local worker processes that read an organization and evaluate it together with this process.

        A cluster is not used: its workers may not see the files, and each would be sent all of them.
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
                    wanted[0] or None, wanted[1] or None, lambda sentence: self._announce(translate(sentence))
                )
                self._held_for = wanted
            return self._held

    def close(self) -> None:
        """Terminate the processes at once, whatever they are doing."""
        with self._lock:
            self._is_closed = True
            self._end(cancel=True)

    def _end(self, *, cancel: bool) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.shutdown(wait=False, cancel_futures=cancel)
