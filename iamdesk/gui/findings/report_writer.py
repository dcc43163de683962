"""Exports findings: asks for a file, and writes a report to it in a worker."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from iamdesk.checks.finding import Finding
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.i18n import error_words, tr


class ReportWriter(QObject):
    """Writes reports of the open snapshot; the panel's message bar shows errors."""

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: FileDialogs, message: MessageBar, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._prompts = prompts
        self._message = message
        self._window = parent

    def write(self, findings: Sequence[Finding], settings_sha256: str = "") -> None:
        """Ask for a file and write findings to it, suppressed ones included.

        ``settings_sha256`` is that of the settings of the checks that were applied.
        """
        opened = self._session.whole
        if opened is None:
            return
        from iamdesk.export.findings import writers as reports  # imported when something is exported

        formats = reports.formats()
        kinds = ";;".join(f"{known.label} (*{known.suffix})" for known in formats)
        suggestion = opened.path.with_name(f"{_stem(opened.path)}-findings{formats[0].suffix}")
        path = self._prompts.file_to_save(self._window, tr("Export findings"), suggestion, kinds)
        if path is None:
            return
        longest_first = sorted(formats, key=lambda one: -len(one.suffix))  # `.jira.csv` before `.csv`
        chosen = next((known for known in longest_first if path.name.lower().endswith(known.suffix)), None)
        if chosen is None:
            known = ", ".join(known.suffix for known in formats)
            self._message.say(
                Tone.WARNING,
                tr("{name} has no known format: the name must end in one of {known}.").format(
                    name=path.name, known=known
                ),
            )
            return
        name = chosen.name
        self._message.clear()
        self._jobs.run(
            tr("Writing {name}").format(name=path.name),
            lambda _progress, _cancelled: reports.write(
                name,
                findings,
                opened.snapshot,
                path,
                generated_at=datetime.now(UTC),
                settings_sha256=settings_sha256,
            ),
            done=lambda _nothing: self._session.announce(
                tr("{count} findings are in {path}.").format(count=number(len(findings)), path=path)
            ),
            failed=self._not_written,
            topic="export findings",
        )

    def _not_written(self, error: Exception) -> None:
        from iamdesk.export.files.atomic_write import ExportError

        if not isinstance(error, ExportError):
            self._message.say(Tone.ERROR, tr("The report could not be written."))
            raise error
        self._message.say(Tone.ERROR, f"{error_words(error)}.")


def _stem(path: Path) -> str:
    return path.name.partition(".")[0] or "snapshot"
