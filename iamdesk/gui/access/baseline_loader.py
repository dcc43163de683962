"""Effective permissions of the same principal in an earlier snapshot, or in the snapshot of a review.

A review contains no effective permissions: they are computed from its snapshot.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from iamdesk.errors import ReviewError, SnapshotError
from iamdesk.evaluate.request import RequestError
from iamdesk.gui.access.loader import AccessLoader
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.plain_text import visible
from iamdesk.i18n import error_words, phrase, tr
from iamdesk.progress import Cancelled, Progress

if TYPE_CHECKING:
    from iamdesk.api import Opened
    from iamdesk.export.access.heatmap import AccessHeatmap


class BaselineLoader(QObject):
    """The other snapshot while it is compared with; computes the subject's effective permissions in it."""

    read = Signal()
    """The other snapshot was opened, or closed."""
    found = Signal(object)
    """`AccessHeatmap` of the subject in it; None if it does not exist there."""
    refused = Signal(str)
    """A sentence: why there is no comparison."""

    def __init__(self, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._finder = AccessLoader(jobs, self._not_there, self, "what could")
        self._finder.found.connect(self._take)
        self._reading: Job | None = None
        self._subject = ("", "")
        self.snapshot: Opened | None = None
        self.name = ""
        """Name of the file."""

    def open(self, path: Path) -> None:
        """Read a snapshot, or the snapshot of a review."""
        name = visible(path.name)
        self._reading = self._jobs.run(
            tr("Reading {name}").format(name=name),
            lambda progress, cancelled: _read(path, progress, cancelled),
            done=lambda opened: self._loaded(opened, name),
            failed=self._failed,
            topic="earlier snapshot",
        )

    def find(self, key: str, name: str) -> None:
        """Compute the effective permissions of a principal in it."""
        if self.snapshot is not None and key:
            self._subject = key, name
            self._finder.find(self.snapshot, key, name)

    def forget(self) -> None:
        """Close the other snapshot."""
        if self._reading is not None:
            self._reading.cancel()
        self._finder.forget()
        if self.snapshot is not None:
            self._jobs.free_later(self.snapshot, _small_parts)
            self.snapshot = None
        self.name = ""
        self._reading = None

    def _loaded(self, opened: "Opened", name: str) -> None:
        self.forget()
        self.snapshot, self.name = opened, name
        self.read.emit()

    def _take(self, key: str, found: "AccessHeatmap") -> None:
        if key == self._subject[0]:
            self.found.emit(found)

    def _not_there(self, error: Exception) -> None:
        if isinstance(error, SnapshotError):
            self.found.emit(None)
            self.refused.emit(f"{error_words(error)}.")
            return
        if not isinstance(error, RequestError):
            raise error
        self.found.emit(None)
        sentence = tr("{name} is not in {file}: there is nothing to compare with.")
        self.refused.emit(sentence.format(name=self._subject[1], file=self.name))

    def _failed(self, error: Exception) -> None:
        self._reading = None
        if not isinstance(error, SnapshotError | ReviewError):
            raise error
        text = error_words(error)
        self.refused.emit(text if text.endswith(".") else f"{text}.")


def _read(path: Path, progress: Progress, cancelled: Cancelled) -> "Opened":
    from iamdesk.api import Workbench
    from iamdesk.review.schema import SUFFIX

    if path.suffix != SUFFIX:
        return Workbench().open_to_evaluate(path, progress, cancelled)
    head = Workbench.review_head(path)
    name = Path(head.snapshot_name).name  # the name comes from a file: keep only its last part
    beside = path.parent / name
    if not name or not beside.exists():
        raise SnapshotError(
            phrase(
                "{review} is a review of {snapshot}, which is not in the same folder",
                review=visible(path.name),
                snapshot=visible(head.snapshot_name),
            )
        )
    opened = Workbench().open_to_evaluate(beside, progress, cancelled)
    if opened.sha256 != head.snapshot_sha256:
        raise SnapshotError(
            phrase(
                "{snapshot} has changed since the review {review} was created",
                review=visible(path.name),
                snapshot=visible(name),
            )
        )
    return opened


def _small_parts(opened: "Opened") -> list[list[Any]]:
    return opened.small_parts()
