"""Effective permissions for the window: computed in a worker when they are needed, and cached."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from iamdesk.gui.core.job_stream import Producer
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.i18n import tr
from iamdesk.progress import Cancelled, Progress, WorkCancelled

if TYPE_CHECKING:
    from iamdesk.api import Opened
    from iamdesk.export.access.heatmap import AccessHeatmap
    from iamdesk.gui.access.action_tree_model import ActionLine

_MAX_KEPT = 32


class AccessLoader(QObject):
    """Computes one heat map at a time; the last ones are cached until the snapshot is closed."""

    found = Signal(str, object)
    """Key, `AccessHeatmap`. Emitted at once if it is cached."""
    stopped = Signal(str)
    """Key: the user cancelled the computation."""

    def __init__(self, jobs: JobRunner, failed: Callable[[Exception], None], parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._failed = failed
        self._kept: dict[str, AccessHeatmap] = {}
        self._job: Job | None = None

    @property
    def running(self) -> bool:
        """Whether a heat map is being computed."""
        return self._job is not None

    def find(self, opened: "Opened", key: str, name: str) -> None:
        """Compute what a principal or group can do."""
        self.stop()
        kept = self._kept.get(key)
        if kept is not None:
            self.found.emit(key, kept)
            return

        def work(_progress: Progress, cancelled: Cancelled) -> "AccessHeatmap":
            from iamdesk.export.access.heatmap import access_map

            return access_map(opened.what_can(principal=key, cancelled=cancelled), cancelled)

        self._job = self._jobs.run(
            tr("Computing the effective permissions of {name}").format(name=name),
            work,
            done=partial(self._take, key),
            failed=self._end_badly,
            stopped=partial(self._stopped, key),
            topic="what can",
        )

    def stop(self) -> None:
        """Cancel a computation that is not needed any more, without a message."""
        job, self._job = self._job, None
        if job is not None:
            job.cancel()

    def forget(self) -> None:
        """Drop everything: another snapshot is being opened."""
        self.stop()
        self._kept.clear()

    def _take(self, key: str, found: "AccessHeatmap") -> None:
        self._job = None
        if len(self._kept) >= _MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = found
        self.found.emit(key, found)

    def _end_badly(self, error: Exception) -> None:
        self._job = None
        self._failed(error)

    def _stopped(self, key: str) -> None:
        if self._job is not None:
            self._job = None
            self.stopped.emit(key)


def details_of(lines: "tuple[ActionLine, ...]") -> Producer:
    """Return the work that yields (`ActionLine`, `ActionDetail`) for each action."""

    def work(give: Callable[[object], None], progress: Progress, cancelled: Cancelled) -> None:
        from iamdesk.export.access.detail_rows import detail_of

        for place, line in enumerate(lines):
            if cancelled():
                raise WorkCancelled
            progress(place, len(lines))
            give((line, detail_of(line.action)))

    return work
