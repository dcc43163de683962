"""The user's notes on the open snapshot: read when it is opened, written when they change, by this program alone.

A file is written only once there is a note. What cannot be written is kept until it can be: in another place, or as
long as the window is open.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from PySide6.QtCore import QObject, Signal

from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.i18n import error_words, ntr, tr
from iamdesk.viewmodel.tree import NoteMark

if TYPE_CHECKING:
    from iamdesk.api import Opened
    from iamdesk.checks.finding import Finding
    from iamdesk.notes.model import FoundNotes, Note


ITEM_OF_FINDINGS = "finding:"
"""Begins the items of findings."""


class Noted(NamedTuple):
    """What a note is on."""

    item: str
    """ARN, another key of the tree, or the item of a finding."""
    name: str


@runtime_checkable
class NotesOnRows(Protocol):
    """A table in which a note is on what its selected rows are about."""

    def items_to_note(self) -> Sequence[str]:
        """Return the items of the selected rows."""


class Notebook(QObject):
    """The notes. All of it lives in the GUI thread; files are read and written in workers."""

    changed = Signal(object)
    """Items whose notes have changed; empty: any."""
    notice = Signal(str)
    """Where the notes come from, in a sentence."""
    refused = Signal(str, bool)
    """Notes could not be read or written, in a sentence; whether another place may help."""

    def __init__(self, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._opened: Opened | None = None
        self._notes: dict[str, Note] = {}
        self._basis: tuple[Note, ...] = ()
        """The notes of an earlier snapshot, which a new file begins with."""
        self._unsaved: dict[str, Note] = {}
        self._writing: Job | None = None
        self.path: Path | None = None
        """Where the notes are, or would be; None until that is known."""
        self.folder: Path | None = None
        """Where notes are kept that cannot be beside their snapshot."""
        self.of_samples: Path | None = None
        """Where the notes on the included samples are: nothing is written into the program."""

    # Reading

    def open(self, opened: "Opened") -> None:
        """Read the notes on a snapshot, if there are any."""
        self.close()
        self._opened, folder, of_samples = opened, self.folder, self.of_samples
        from iamdesk.api import Workbench

        self._jobs.run(
            tr("Reading notes"),
            lambda _progress, _cancelled: Workbench.notes_of(opened, folder, of_samples),
            done=lambda found: self._take(opened, found),
            failed=lambda error: self._not_read(opened, error),
            topic="notes",
        )

    def close(self) -> None:
        """Write what is not written yet, and forget the snapshot."""
        self.flush()
        self._opened, self.path = None, None
        self._notes, self._unsaved, self._basis = {}, {}, ()
        self.changed.emit(frozenset())

    def _take(self, opened: "Opened", found: "FoundNotes") -> None:
        if opened is not self._opened:
            return
        self.path = found.path
        self._basis = found.notes if found.earlier is not None else ()
        self._notes = {note.item: note for note in found.notes} | self._shown(self._unsaved)
        self._announce(frozenset())
        if found.earlier is not None:
            self.notice.emit(
                ntr(
                    "{count} note comes from {earlier}, of an earlier snapshot of this account. Once you write a note, "
                    "all are kept in {path}.",
                    "{count} notes come from {earlier}, of an earlier snapshot of this account. Once you write a note, "
                    "all are kept in {path}.",
                    len(found.notes),
                ).format(count=number(len(found.notes)), earlier=found.earlier.name, path=found.path)
            )
        self._write()

    def _not_read(self, opened: "Opened", error: Exception) -> None:
        from iamdesk.api import Workbench

        if opened is self._opened:
            self.path = Workbench.notes_path(opened)
        self._refuse(error, may_move=False)

    def read_earlier(self, path: Path) -> None:
        """Take the notes of a file that the user chose on items that have none, and write them."""
        opened = self._opened
        if opened is None:
            return
        from iamdesk.api import Workbench

        def take(notes: "tuple[Note, ...]") -> None:
            if opened is self._opened:
                added = [note for note in notes if note.item not in self._notes]
                self._change({note.item: note for note in added})
                words = ntr("{count} note was taken from {name}.", "{count} notes were taken from {name}.", len(added))
                self.notice.emit(words.format(count=number(len(added)), name=path.name))

        self._jobs.run(
            tr("Reading notes"),
            lambda _progress, _cancelled: Workbench.read_notes(path),
            done=take,
            failed=lambda error: self._refuse(error, may_move=False),
            topic="notes",
        )

    # Notes

    @property
    def notes(self) -> "Mapping[str, Note]":
        """All notes, by item."""
        return self._notes

    def note(self, item: str) -> "Note | None":
        """Return the note on an item."""
        return self._notes.get(item)

    def on_finding(self, finding: "Finding") -> "tuple[Note, ...]":
        """Return the note on a finding, then that on its subject."""
        if not self._notes:
            return ()
        items = (item_of(finding), finding.subject_key)
        return tuple(note for item in items if (note := self._notes.get(item)) is not None)

    def put(self, things: Sequence[Noted], mark: NoteMark | None, text: str) -> None:
        """Set the note on things; without mark and text, it is removed."""
        from iamdesk.notes.model import Note

        now = datetime.now(UTC).replace(microsecond=0)
        cut = [
            Note(item=item, about=name[:1000], mark=mark, text=text.strip(), changed=now)
            for item, name in things
            if item and (mark is not None or text.strip() or item in self._notes)
        ]
        self._change({note.item: note for note in cut})

    def _change(self, changed: "dict[str, Note]") -> None:
        if self._opened is None or not changed:
            return
        self._unsaved |= changed
        for item in changed:
            self._notes.pop(item, None)
        self._notes |= self._shown(changed)
        self._announce(frozenset(changed))
        self._write()

    def _announce(self, items: frozenset[str]) -> None:
        """Let the search of the tree and the panels know the notes."""
        if self._opened is not None:
            self._opened.notes = {
                item: (note.mark.value if note.mark is not None else "", note.text)
                for item, note in self._notes.items()
            }
        self.changed.emit(items)

    @staticmethod
    def _shown(notes: "Mapping[str, Note]") -> "dict[str, Note]":
        return {item: note for item, note in notes.items() if not note.is_empty}

    # Writing

    def _write(self) -> None:
        """Write what is not written yet, one time after the other."""
        opened, path = self._opened, self.path
        if opened is None or path is None or self._writing is not None or not self._unsaved:
            return
        changes, write = self._changes(opened, path)

        def done(held: "tuple[Note, ...]") -> None:
            self._writing = None
            self._basis = ()
            if opened is not self._opened:
                return
            for note in changes:
                if self._unsaved.get(note.item) is note:
                    del self._unsaved[note.item]
            before = self._notes
            self._notes = {note.item: note for note in held}
            for item, note in self._unsaved.items():
                self._notes.pop(item, None)
                self._notes |= self._shown({item: note})
            if self._notes != before:  # another window has written, too
                self._announce(frozenset())
            self._write()

        def failed(error: Exception) -> None:
            self._writing = None
            self._refuse(error, may_move=True)

        def stopped() -> None:
            self._writing = None  # written with the next note, or when the window closes

        self._writing = self._jobs.run(
            tr("Writing notes"),
            lambda _progress, _cancelled: write(),
            done=done,
            failed=failed,
            stopped=stopped,
            prompt=True,
        )

    def _changes(self, opened: "Opened", path: Path) -> "tuple[tuple[Note, ...], Callable[[], tuple[Note, ...]]]":
        from iamdesk.api import Workbench

        changes, basis = tuple(self._unsaved.values()), self._basis
        return changes, lambda: Workbench.write_notes(opened, path, changes, basis)

    def flush(self) -> None:
        """Write now what is not written yet: the snapshot or the window is about to be closed."""
        if self._opened is None or self.path is None or not self._unsaved:
            return
        _changes, write = self._changes(self._opened, self.path)
        try:
            write()
        except Exception as error:  # noqa: BLE001 - it was said before if it concerns the file; the rest is raised there
            self._refuse(error, may_move=True)
        else:
            self._unsaved = {}

    def keep_in(self, folder: Path) -> None:
        """Keep the notes in another folder from now on, and write them there."""
        self.folder = folder
        opened = self._opened
        if opened is None:
            return
        from iamdesk.api import Workbench

        self.path = Workbench.notes_path(opened, folder)
        self._unsaved = dict(self._notes) | self._unsaved
        self._write()

    def _refuse(self, error: Exception, *, may_move: bool) -> None:
        from iamdesk.notes.model import NoteError

        if not isinstance(error, NoteError):
            raise error
        self.refused.emit(f"{error_words(error)}.", may_move)


def item_of(finding: "Finding") -> str:
    """Return the item of a finding's note."""
    return f"{ITEM_OF_FINDINGS}{finding.fingerprint}"


def words_of(notes: "Collection[Note]") -> str:
    """Return notes as one line, in the language of the window; equal ones once."""
    lines = []
    for note in notes:
        text = " ".join(note.text.split())
        mark = tr(note.mark.value) if note.mark is not None else ""
        lines.append(": ".join(filter(None, (mark, text))))
    return " | ".join(dict.fromkeys(lines))
