"""How a snapshot comes in: read by a worker, with progress and Cancel; what was open stays until the new is there."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from iamdesk.gui.jobs import JobRunner
from iamdesk.gui.plain_text import visible
from iamdesk.gui.session import Session
from iamdesk.snapshot.errors import SnapshotError
from iamdesk.snapshot.progress import Cancelled, Progress

if TYPE_CHECKING:
    from iamdesk.workbench import OpenSnapshot, Workbench


class Opening(QObject):
    """Opens snapshots into a session."""

    opened = Signal(object)
    """Path, after the session has the snapshot."""
    refused = Signal(str)
    """One sentence: why it could not be opened."""

    def __init__(self, session: Session, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs

    def prepare(self) -> None:
        """Load what reads snapshots, while the user still looks for one: the first opening need not wait for it."""
        self._jobs.run("Getting ready", lambda _progress, _cancelled: _workbench(), topic="prepare opening", soon=True)

    def open(self, path: Path) -> None:
        """Begin to open; what was asked for before and is not there yet is given up."""
        self._jobs.run(
            f"Reading {visible(path.name)}",
            lambda progress, cancelled: _read(path, progress, cancelled),
            done=lambda opened: self._take(path, opened),
            failed=self._refuse,
            topic="open",
        )

    def _take(self, path: Path, opened: "OpenSnapshot") -> None:
        self._session.open(opened)
        self.opened.emit(path)
        # What is built at first use is built behind the tree: the first keystroke and click find it ready.
        self._jobs.run("Getting ready", lambda _progress, _cancelled: opened.make_ready(), topic="ready", soon=True)

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, SnapshotError):
            self.refused.emit("The snapshot could not be opened: something inside iamdesk broke while reading it.")
            raise error
        self.refused.emit(str(error))


def _read(path: Path, progress: Progress, cancelled: Cancelled) -> "OpenSnapshot":
    return _workbench().open_snapshot(path, progress, cancelled)


def _workbench() -> "Workbench":
    # Imported here, in a worker: the models and their data load while the window is already on the screen.
    from iamdesk.workbench import Workbench

    return Workbench()
