"""Computes the access matrix: visible cells first, the rest after them. No Qt.

One thread computes at a time. Between its steps it checks for visible cells that are not computed, and computes those
first; results wait in two queues until the window takes them.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from iamdesk.access.effective_permissions import ServiceAccess
from iamdesk.export.access.matrix import Profile, ServiceSummary
from iamdesk.gui.access_matrix.rows import AccessMatrixData
from iamdesk.progress import Cancelled, Progress, WorkCancelled

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from iamdesk.api import SnapshotSession

_CHECK_EVERY = 0.05

type Executors = Callable[[SnapshotSession], Executor | None]
"""Returns the executor for long work over a snapshot; called in the computing thread."""


class View(NamedTuple):
    """The visible rows and columns."""

    principals: tuple[str, ...]
    services: tuple[str, ...]


class Known(NamedTuple):
    """One cell; None if nothing is allowed or denied."""

    principal: str
    service: str
    service_summary: ServiceSummary | None


class Filling:
    """Computes the access matrix of one snapshot."""

    def __init__(self, matrix: AccessMatrixData, executor_for: Executors) -> None:
        self.matrix = matrix
        self._executor_for = executor_for
        self._turn = threading.Lock()
        self._view: deque[View] = deque(maxlen=1)
        self._rows: deque[tuple[str, Profile]] = deque()
        self._cells: deque[Known] = deque()

    def look_at(self, view: View) -> None:
        """Compute these cells before others."""
        self._view.append(view)

    def take(self, most: int) -> tuple[list[tuple[str, Profile]], list[Known]]:
        """Return some of the results since the last call: a limited number of rows, and single cells."""
        rows = [self._rows.popleft() for _ in range(min(most, len(self._rows)))]
        cells = [self._cells.popleft() for _ in range(len(self._cells))]
        return rows, cells

    def fill(self, progress: Progress, cancelled: Cancelled) -> None:
        """Compute every missing row; if another thread does, wait until it has ended.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
            WorkError: no worker can do it; one sentence.
        """
        matrix = self.matrix
        whole = len(matrix.people)
        while not self._turn.acquire(timeout=_CHECK_EVERY):
            progress(len(matrix.map.rows), whole)
            if cancelled():
                raise WorkCancelled
        try:
            known = len(matrix.map.rows)
            missing = [key for key in matrix.access.same_together() if key not in matrix.map.rows]
            if not missing:
                return

            def attend() -> bool:
                self._find_seen()
                return cancelled()

            def take(rows: Sequence[tuple[str, Mapping[str, ServiceAccess]]]) -> None:
                self._rows += matrix.map.add(rows)

            matrix.opened.what_can_rows(
                matrix.access,
                missing,
                take,
                lambda done, _total: progress(known + done, whole),
                attend,
                self._executor_for(matrix.opened),
            )
        finally:
            self._turn.release()

    def _find_seen(self) -> None:
        """Compute the visible cells, row by row; stop if others become visible."""
        try:
            view = self._view.popleft()
        except IndexError:
            return
        matrix = self.matrix
        for principal in view.principals:
            if self._view:
                return
            if principal in matrix.map.rows:
                continue
            for service in view.services:
                reach = matrix.access.of_service(principal, service)
                service_summary = None if reach.is_empty else matrix.map.glance(reach)
                self._cells.append(Known(principal, service, service_summary))
