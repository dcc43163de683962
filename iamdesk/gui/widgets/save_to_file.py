"""Saves the contents of a panel: asks for a file, writes it in a worker, reports the result."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from PySide6.QtWidgets import QWidget

from iamdesk.errors import SnapshotError
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.saved_note import show_not_saved, show_saved_file
from iamdesk.i18n import error_words, mark, tr
from iamdesk.progress import Cancelled, Progress
from iamdesk.work.errors import WorkError

type Render = Callable[[Progress, Cancelled], bytes | Iterable[bytes]]
"""Returns the bytes of the file, or its pieces, in a worker."""

LABELS: Mapping[str, str] = {
    ".csv": mark("CSV table"),
    ".json": mark("JSON"),
    ".txt": mark("Text"),
    ".svg": mark("SVG drawing"),
    ".pdf": mark("PDF document"),
    ".png": mark("PNG image"),
}


class Saver:
    """Saves what a panel shows. One for each panel; the panel's message bar shows errors."""

    def __init__(
        self, panel: QWidget, session: Session, jobs: JobRunner, prompts: FileDialogs, message: MessageBar, topic: str
    ) -> None:
        self._panel = panel
        self._session = session
        self._jobs = jobs
        self._prompts = prompts
        self._message = message
        self._topic = topic

    def save(self, title: str, stem: str, kinds: Mapping[str, Render]) -> None:
        """Ask for a file beside the snapshot, and write it; ``kinds`` maps suffixes to renderers."""
        path = self._ask(title, stem, tuple(kinds))
        if path is not None:
            self._write(path, kinds[path.suffix.lower()])

    def save_painted(self, title: str, stem: str, suffixes: Iterable[str], paint: Callable[[str], bytes]) -> None:
        """As `save`, for an image: painted here, in the GUI thread, only in the chosen format."""
        path = self._ask(title, stem, tuple(suffixes))
        if path is not None:
            content = paint(path.suffix.lower())
            self._write(path, lambda _progress, _cancelled: content)

    def _ask(self, title: str, stem: str, suffixes: tuple[str, ...]) -> Path | None:
        """Ask for a file that ends in one of the suffixes; None if there is none."""
        opened = self._session.snapshot
        if opened is None:
            return None
        snapshot = opened.path
        suggestion = snapshot.with_name(f"{snapshot.name.partition('.')[0] or 'snapshot'}-{stem}{suffixes[0]}")
        patterns = ";;".join(f"{tr(LABELS[suffix])} (*{suffix})" for suffix in suffixes)
        path = self._prompts.file_to_save(self._panel, title, suggestion, patterns)
        if path is None:
            return None
        if path.suffix.lower() not in suffixes:
            known = tr(" or ").join(suffixes)
            self._message.say(
                Tone.WARNING,
                tr("{name} has no known format: the name must end in {known}.").format(name=path.name, known=known),
            )
            return None
        self._message.clear()
        return path

    def _write(self, path: Path, render: Render) -> None:
        from iamdesk.export.files.atomic_write import write_atomic

        self._jobs.run(
            tr("Writing {name}").format(name=path.name),
            lambda progress, cancelled: write_atomic(path, render(progress, cancelled)),
            done=lambda _nothing: show_saved_file(
                self._message, self._session, tr("Written to {path}.").format(path=path), path
            ),
            failed=self._not_written,
            stopped=lambda: self._message.say(
                Tone.WARNING, tr("{name} was not written: the export was canceled.").format(name=path.name)
            ),
            topic=self._topic,
        )

    def _not_written(self, error: Exception) -> None:
        from iamdesk.export.files.atomic_write import ExportError

        if not isinstance(error, ExportError | SnapshotError | WorkError):
            show_not_saved(self._message, self._session, tr("The file could not be written."))
            raise error
        show_not_saved(self._message, self._session, f"{error_words(error)}.")
