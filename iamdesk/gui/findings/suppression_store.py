"""The suppressed findings: read from the file when the checks run, changed in it by a worker."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from iamdesk.checks.finding import Finding, Suppression, SuppressionError
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.i18n import error_words, tr

if TYPE_CHECKING:
    from iamdesk.api import AppliedSettings


class SuppressionStore(QObject):
    """``changed`` is emitted with all suppressions by fingerprint; ``failed`` with a sentence."""

    changed = Signal(object)
    failed = Signal(str)

    def __init__(self, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.path: Path | None = None
        """The file; None: findings cannot be suppressed."""
        self.owner = ""
        """The last owner entered."""
        self.settings_path: Callable[[], Path | None] = lambda: None
        """Returns the file with the settings of the checks; None for the defaults."""
        self.settings: AppliedSettings | None = None
        """The settings that the last run applied."""

    def read(self) -> tuple[Suppression, ...]:
        """Return the suppressions; called in a worker.

        Raises:
            SuppressionError: the file is there and cannot be read.
        """
        from iamdesk.api import Workbench

        return Workbench.read_suppressions(self.path) if self.path is not None else ()

    def read_settings(self) -> "AppliedSettings | None":
        """Return the settings of the checks; None without a file. Called in a worker.

        Raises:
            SuppressionError: the file cannot be read.
        """
        from iamdesk.api import Workbench

        self.settings = None
        path = self.settings_path()
        if path is None:
            return None
        self.settings = Workbench.read_check_settings(path)
        return self.settings

    def add(self, findings: Sequence[Finding], owner: str, reason: str, until: date) -> None:
        """Suppress findings until a day."""
        from iamdesk.api import Workbench

        self.owner = owner
        path = self.path
        if path is not None:
            self._write(lambda: Workbench.suppress(path, findings, owner, reason, until))

    def lift(self, findings: Sequence[Finding]) -> None:
        """Remove suppressions."""
        from iamdesk.api import Workbench

        path = self.path
        if path is not None:
            self._write(lambda: Workbench.lift_suppressions(path, [finding.fingerprint for finding in findings]))

    def _write(self, work: Callable[[], tuple[Suppression, ...]]) -> None:
        def done(words: tuple[Suppression, ...]) -> None:
            self.changed.emit(in_force(words))

        self._jobs.run(
            tr("Saving suppressions"),
            lambda _progress, _cancelled: work(),
            done=done,
            failed=self._not_written,
            topic="suppressions",
        )

    def _not_written(self, error: Exception) -> None:
        from iamdesk.export.files.atomic_write import ExportError

        if not isinstance(error, SuppressionError | ExportError):
            self.failed.emit(tr("The suppressions could not be saved."))
            raise error
        self.failed.emit(f"{error_words(error)}.")


def in_force(words: Sequence[Suppression]) -> Mapping[str, Suppression]:
    """Return the suppressions that are valid today, by fingerprint."""
    from iamdesk.api import today

    day = today()
    return {one.fingerprint: one for one in words if one.expires >= day}
