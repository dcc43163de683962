"""Writes decisions to disk: one after the other, in order, completed before the window closes."""

import threading
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from iamdesk.errors import ReviewError
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.translate import error_sentence
from iamdesk.i18n import tr
from iamdesk.review.decisions import DecisionError
from iamdesk.review.session import Change


class PendingWrite:
    """One write: done once, by whichever thread comes first."""

    def __init__(self, do: Callable[[], Change | None], subject_ids: frozenset[str]) -> None:
        self.subject_ids = subject_ids
        self._do = do
        self._doing = threading.Lock()
        self._is_done = False
        self.change: Change | None = None
        self.error: Exception | None = None

    def once(self) -> "PendingWrite":
        """Do it, unless it is done; wait if another thread is doing it."""
        with self._doing:
            if not self._is_done:
                self._is_done = True
                try:
                    self.change = self._do()
                except Exception as error:  # noqa: BLE001 - any error is shown in the window
                    self.error = error
        return self


class WriteQueue(QObject):
    """Runs writes in a worker."""

    saved = Signal(object)
    """`Change` or None, when it is on disk."""
    refused = Signal(str)
    """A sentence: why a write failed."""
    changed = Signal()
    """The pending ids have changed."""

    def __init__(self, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._acts: deque[PendingWrite] = deque()

    @property
    def pending(self) -> frozenset[str]:
        """Ids of items whose decision is not on disk yet."""
        return frozenset().union(*(act.subject_ids for act in self._acts))

    def put(self, do: Callable[[], Change | None], subject_ids: frozenset[str] = frozenset()) -> None:
        """Add a write to the queue."""
        self._acts.append(PendingWrite(do, subject_ids))
        self.changed.emit()
        if len(self._acts) == 1:
            self._start()

    def finish(self) -> None:
        """Complete all writes now: the window closes."""
        while self._acts:
            self._take(self._acts[0].once())

    def _start(self) -> None:
        act = self._acts[0]
        self._jobs.run(
            tr("Saving decisions"),
            lambda _progress, _cancelled: act.once(),
            done=self._arrived,
            stopped=lambda: self._arrived(act),
        )

    def _arrived(self, act: PendingWrite) -> None:
        if self._acts and self._acts[0] is act:  # not finished meanwhile
            self._take(act.once())  # the job was cancelled before it began, but the decision was made
            if self._acts:
                self._start()

    def _take(self, act: PendingWrite) -> None:
        self._acts.popleft()
        self.changed.emit()
        if act.error is None:
            self.saved.emit(act.change)
        elif isinstance(act.error, (DecisionError, ReviewError)):
            self.refused.emit(error_sentence(act.error))
        else:
            self.refused.emit(tr("The decision could not be saved because of an internal error."))
            raise act.error
