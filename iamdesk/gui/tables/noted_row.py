"""The user's notes in tables: a last column that is shown once a row has a note, and the filters `note:` and `mark:`.

A row is noted if there is a note on one of its items: the principal, policy or resource that it is about.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from iamdesk.filter_language import Test
from iamdesk.gui.core.notebook import words_of
from iamdesk.gui.core.plain_text import visible
from iamdesk.i18n import mark
from iamdesk.viewmodel.tree import NoteMark

if TYPE_CHECKING:
    from iamdesk.notes.model import Note

TITLE = mark("Note")
TITLE_OF_MARKS = mark("Mark of the note")
MARKS = {one.value: one.value for one in NoteMark}


class NotedRow:
    """A row on whose items there may be notes."""

    __slots__ = ("_notes",)
    _notes: "tuple[Note, ...]"

    @property
    def noted_items(self) -> Sequence[str]:
        """ARNs or keys of what it is about; a new note is on the first one."""
        raise NotImplementedError

    @property
    def notes(self) -> "tuple[Note, ...]":
        """The notes on its items, in their order."""
        return getattr(self, "_notes", ())

    @notes.setter
    def notes(self, notes: "tuple[Note, ...]") -> None:
        self._notes = notes

    @property
    def note_words(self) -> str:
        """The notes as one line, as displayed."""
        return visible(words_of(self.notes)) if self.notes else ""

    def notes_among(self, notes: "Mapping[str, Note]") -> "tuple[Note, ...]":
        """Return which of the notes are on its items."""
        return tuple(notes[item] for item in dict.fromkeys(self.noted_items) if item in notes)


def note_of(row: NotedRow) -> str | None:
    """Return the value of the field ``note``."""
    return row.note_words or None


def marks_of(row: NotedRow) -> tuple[str, ...]:
    """Return the values of the field ``mark``."""
    return tuple(note.mark.value for note in row.notes if note.mark is not None)


def or_in_notes[Row: NotedRow](has_word: Callable[[str], Test[Row]]) -> Callable[[str], Test[Row]]:
    """Return a search for words that also looks into the notes of a row."""

    def searched(word: str) -> Test[Row]:
        holds = has_word(word)
        return lambda row: holds(row) or (bool(row.notes) and word in row.note_words.casefold())

    return searched
