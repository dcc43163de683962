"""Exports findings: asks for a file, and writes a report to it in a worker."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from iamdesk.checks.finding import Finding, Suppression
from iamdesk.errors import ReviewError
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.saved_note import show_not_saved, show_saved_file
from iamdesk.i18n import error_words, tr
from iamdesk.progress import Cancelled, Progress
from iamdesk.work.errors import WorkError

if TYPE_CHECKING:
    from iamdesk.api import AppliedSettings

_WITH_TREND = frozenset({"html", "pdf", "management-pdf", "management-html"})
"""Formats whose first page names what changed since an earlier snapshot."""


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

    def write(
        self,
        findings: Sequence[Finding],
        settings: "AppliedSettings | None" = None,
        suppressions: Callable[[], Sequence[Suppression]] = tuple,
        *,
        for_management: bool = False,
    ) -> None:
        """Ask for a file and write findings to it, suppressed ones included; or the management report alone.

        ``settings`` of the checks were applied; ``suppressions`` returns those that are valid, in a worker. Both are
        applied to the snapshot that was last compared with the open one, too, for the trend.
        """
        opened = self._session.whole
        if opened is None:
            return
        from iamdesk.export.findings import writers as reports  # imported when something is exported

        formats = [one for one in reports.formats() if one.name.startswith("management") is for_management]
        kinds = ";;".join(f"{known.label} (*{known.suffix})" for known in formats)
        stem = _stem(opened.path) + ("" if for_management else "-findings")
        suggestion = opened.path.with_name(f"{stem}{formats[0].suffix}")
        title = tr("Export management report") if for_management else tr("Export findings")
        path = self._prompts.file_to_save(self._window, title, suggestion, kinds)
        if path is None:
            return
        longest_first = sorted(formats, key=lambda one: -len(one.suffix))  # `.jira.csv` before `.csv`
        chosen = next((known for known in longest_first if path.name.lower().endswith(known.suffix)), None)
        if chosen is None and for_management and path.suffix:  # `.pdf` is enough
            chosen = next((known for known in formats if known.suffix.endswith(path.suffix.lower())), None)
        if chosen is None:
            known = ", ".join(known.suffix for known in formats)
            self._message.say(
                Tone.WARNING,
                tr("{name} has no known format: the name must end in one of {known}.").format(
                    name=path.name, known=known
                ),
            )
            return
        name, before, review = chosen.name, self._session.compared_with, self._session.earlier_review()
        has_trend = name in _WITH_TREND and (before is not None or review is not None)

        def work(progress: Progress, cancelled: Cancelled) -> None:
            earlier = None
            from iamdesk.api import Workbench

            if has_trend and before is not None:
                executor = self._session.executor_for(before)
                earlier = Workbench.earlier_findings(before, suppressions(), settings, progress, cancelled, executor)
            elif has_trend and review is not None:
                earlier = Workbench.earlier_findings_of(review)
            reports.write(
                name,
                findings,
                opened.snapshot,
                path,
                generated_at=datetime.now(UTC),
                settings_sha256=settings.sha256 if settings is not None else "",
                earlier=earlier,
            )

        sentence = tr("{count} findings are in {path}.").format(count=number(len(findings)), path=path)
        if for_management:
            sentence = tr("The management report is in {path}.").format(path=path)
            if not has_trend:
                hint = tr("It has no trend: compare with an earlier snapshot, or open an earlier review, first.")
                sentence = f"{sentence} {hint}"
        self._message.clear()
        self._jobs.run(
            tr("Writing {name}").format(name=path.name),
            work,
            done=lambda _nothing: show_saved_file(self._message, self._session, sentence, path),
            failed=self._not_written,
            stopped=lambda: self._message.say(
                Tone.WARNING, tr("{name} was not written: the export was canceled.").format(name=path.name)
            ),
            topic="export findings",
        )

    def _not_written(self, error: Exception) -> None:
        from iamdesk.export.files.atomic_write import ExportError

        if not isinstance(error, ExportError | WorkError | ReviewError):
            show_not_saved(self._message, self._session, tr("The report could not be written."))
            raise error
        show_not_saved(self._message, self._session, f"{error_words(error)}.")


def _stem(path: Path) -> str:
    return path.name.partition(".")[0] or "snapshot"
