"""Opens a review by its file: opens the snapshot that it belongs to first."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from iamdesk.gui.app.central_area import CentralArea
from iamdesk.gui.core.jobs import JobRunner, import_lock
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.session import Session
from iamdesk.i18n import error_words, tr

if TYPE_CHECKING:
    from iamdesk.review.schema import Head


def is_review(path: Path) -> bool:
    """Return whether a file name is that of a review."""
    from iamdesk.review.schema import SUFFIX  # imports SQLite: not at startup

    return path.suffix == SUFFIX


class ReviewFileOpener(QObject):
    """Remembers which review waits for its snapshot."""

    snapshot_lacking = Signal(str, object)
    """Sentence and path of the review: its snapshot was not found."""
    refused = Signal(str)
    """A sentence: why the review cannot be read."""

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        interior: CentralArea,
        open_snapshot: Callable[[Path], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._interior = interior
        self._open_snapshot = open_snapshot
        self._awaited: Path | None = None

    def open(self, review: Path, recent: Sequence[Path]) -> None:
        """Open a review, with its snapshot unless that is open already.

        The snapshot is looked for in the folder of the review and among the ``recent`` ones.
        """
        self._awaited = None
        if self._interior.is_complete:
            review_session = self._interior.workspace.review.controller.review_session
            if review_session is not None and review_session.path.absolute() == review.absolute():
                self._interior.workspace.raise_dock("reviewDock")
                return
        self._jobs.run(
            tr("Reading {name}").format(name=visible(review.name)),
            lambda _progress, _cancelled: _head_of(review),
            done=lambda head: self._found(review, head, recent),
            failed=self._failed,
            topic="arriving review",
        )

    def open_with(self, snapshot: Path, review: Path) -> None:
        """Open a snapshot, and then a review of it."""
        self._awaited = review
        self._open_snapshot(snapshot)

    def forget(self) -> None:
        """Stop waiting: something else is being opened."""
        self._awaited = None

    def snapshot_arrived(self) -> None:
        """Open the review that waited for the snapshot that is open now."""
        review, self._awaited = self._awaited, None
        if review is not None:
            self._open(review)

    def _found(self, review: Path, head: "Head", recent: Sequence[Path]) -> None:
        opened = self._session.snapshot
        if opened is not None and opened.sha256 == head.snapshot_sha256:
            self._open(review)
            return
        name = Path(head.snapshot_name).name  # the name comes from a file: keep only its last part
        beside = (review.parent / name, *(path for path in recent if path.name == name))
        snapshot = next((path for path in beside if name and path.exists()), None)
        if snapshot is not None:
            self.open_with(snapshot, review)
            return
        sentence = tr(
            "{review} is a review of {snapshot}, which is not in the same folder. Open its snapshot to open the review."
        )
        names = {"review": visible(review.name), "snapshot": visible(head.snapshot_name)}
        self.snapshot_lacking.emit(sentence.format(**names), review)

    def _open(self, review: Path) -> None:
        self._interior.complete()
        self._interior.workspace.review.controller.open_path(review)
        self._interior.workspace.raise_dock("reviewDock")  # the panel reports what is wrong with it

    def _failed(self, error: Exception) -> None:
        from iamdesk.errors import ReviewError

        if not isinstance(error, ReviewError):
            raise error
        self.refused.emit(f"{error_words(error)}.")


def _head_of(review: Path) -> "Head":
    with import_lock:  # meanwhile, the window makes its panels
        from iamdesk.api import Workbench

    return Workbench.review_head(review)
