"""Opens snapshots in a worker, with progress and Cancel; the open one stays until the new one is complete.

Of many accounts, the first are shown as soon as they are read, to be browsed while the rest loads.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, Signal

from iamdesk.errors import SnapshotError
from iamdesk.gui.core.badge_rows import rows_by_badge
from iamdesk.gui.core.job_stream import JobStream
from iamdesk.gui.core.jobs import JobRunner, import_lock
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.settings import MEMORY
from iamdesk.i18n import error_words, tr
from iamdesk.progress import Cancelled, Progress
from iamdesk.viewmodel.tree import Badge
from iamdesk.work.errors import WorkError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from iamdesk.api import Opened, Workbench


class _Arrived(NamedTuple):
    path: Path
    opened: "Opened"
    is_whole: bool
    badge_rows: Mapping[Badge, tuple[int, ...]] | None = None


class SnapshotLoader(QObject):
    """Opens snapshots for a session."""

    opened = Signal(object)
    """The path, once the session has the snapshot."""
    refused = Signal(str)
    """A sentence: why it could not be opened."""

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        when_complete: Callable[[Callable[[], None]], None],
        parent: QObject | None = None,
        *,
        executor: "Callable[[], Executor | None]" = lambda: None,
        memory: Callable[[], int] = lambda: MEMORY,
    ) -> None:
        """Open snapshots for ``session``; ``when_complete`` calls a function once the panels exist.

        ``executor`` returns the processes that read a large organization together with this one, ``memory`` the memory
        limit of this one in bytes.
        """
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._when_complete = when_complete
        self._executor = executor
        self._memory = memory
        self._asked = 0
        """Counts openings: results of an outdated one are dropped."""
        self._stream = JobStream(jobs, "open", self._refuse, self)
        self._stream.batch.connect(lambda batch: self._when_complete(partial(self._take, batch, self._asked)))
        self._stream.ended.connect(self._ended)

    def prepare(self) -> None:
        """Import the snapshot reader while the user still chooses a file, so that the first opening does not wait."""
        if self._stream.running:
            return  # which imports it anyway
        self._jobs.run(tr("Loading"), lambda _progress, _cancelled: _workbench(), topic="prepare opening", soon=True)

    def open(self, path: Path) -> None:
        """Start opening a snapshot; a previous opening that is not complete is cancelled."""
        self._asked += 1
        self._forget_arrived()
        self._stream.start(
            tr("Reading {name}").format(name=visible(path.name)),
            partial(_read, path, self._executor, self._memory()),
        )

    def _take(self, batch: list[_Arrived], asked: int) -> None:
        if asked != self._asked or self._jobs.is_closed:  # the window may be closed while its panels are made
            return
        for arrived in batch:
            if not arrived.is_whole and len(batch) > 1:
                continue  # everything is loaded already
            # Lazily built indexes are built now, right after the tree, so that the first keystroke and click find
            # them ready.
            self._make_ready(arrived.opened)
            if arrived.is_whole:
                self._session.open(arrived.opened, arrived.badge_rows)
                self.opened.emit(arrived.path)
            else:
                self._session.arrive(arrived.opened)

    def _make_ready(self, opened: "Opened") -> None:
        self._jobs.run(
            tr("Loading"), lambda _progress, cancelled: opened.make_ready(cancelled), topic="ready", soon=True
        )

    def _ended(self, is_complete: bool) -> None:
        if not is_complete:
            self._asked += 1
            self._forget_arrived()

    def _forget_arrived(self) -> None:
        if self._session.arriving is not None:
            self._session.close()

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, SnapshotError | WorkError):
            self.refused.emit(tr("The snapshot could not be opened because of an internal error."))
            raise error
        self.refused.emit(error_words(error))


def _read(
    path: Path,
    executor: "Callable[[], Executor | None]",
    memory: int,
    give: Callable[[Any], None],
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    def arrived(first: "Opened") -> None:
        give(_Arrived(path, first, is_whole=False))

    opened = _workbench().open_to_browse(path, progress, cancelled, arrived, executor, memory)
    give(_Arrived(path, opened, is_whole=True, badge_rows=rows_by_badge(opened.outline, opened.outline.badges)))


def _workbench() -> "Workbench":
    # Imported here, in a worker: the models and their data load while the window is already visible.
    with import_lock:
        from iamdesk.api import Workbench
        from iamdesk.gui.core.action_data import action_data_version

    action_data_version()  # the status line shows it, and must not wait for it
    return Workbench()
