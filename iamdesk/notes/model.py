"""A note: a short text, a mark, or both, on anything with an ARN, and on findings. And the file that holds them.

::

    {
      "format": "iamdesk-notes/1",
      "snapshot": "acme-prod.json",
      "snapshot_sha256": "8dc2fe6e…",
      "accounts": ["111122223333"],
      "notes": [
        {"item": "arn:aws:iam::111122223333:role/deploy", "about": "deploy", "mark": "watch",
         "text": "Owner leaves in January.", "changed": "2026-11-28T18:30:00Z"}
      ]
    }

``item`` is an ARN, another key of the tree, or ``finding:`` and the id of a finding: all of them stay the same from one
snapshot to the next.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from iamdesk.viewmodel.tree import NoteMark

FORMAT: Literal["iamdesk-notes/1"] = "iamdesk-notes/1"
LONGEST_TEXT = 2_000
"""Characters."""
_MAX_NOTES = 100_000


class NoteError(Exception):
    """Notes cannot be read or written. Its text is one sentence, which names the file and the place in it."""


class Note(BaseModel):
    """One note."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    item: Annotated[str, StringConstraints(min_length=1, max_length=4_096)] = Field(
        description="ARN or other key of the item, or finding: and the id of a finding"
    )
    about: Annotated[str, StringConstraints(max_length=1_000)] = Field("", description="its name, for readers")
    mark: NoteMark | None = None
    text: Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] = ""
    changed: AwareDatetime

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing: writing it removes the note."""
        return self.mark is None and not self.text.strip()

    @property
    def words(self) -> str:
        """Mark and text in one line of English: ``watch: Owner leaves in January.``"""
        text = " ".join(self.text.split())
        if self.mark is None:
            return text
        return f"{self.mark.value}: {text}" if text else self.mark.value


class NotesFile(BaseModel):
    """What a file of notes holds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["iamdesk-notes/1"] = FORMAT
    snapshot: Annotated[str, StringConstraints(max_length=1_000)] = Field(
        "", description="name of the snapshot's file or folder"
    )
    snapshot_sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    accounts: tuple[Annotated[str, StringConstraints(max_length=32)], ...] = ()
    notes: Annotated[tuple[Note, ...], Field(max_length=_MAX_NOTES)] = ()

    @model_validator(mode="after")
    def _items_are_unique(self) -> "NotesFile":
        seen: set[str] = set()
        for note in self.notes:
            if note.item in seen:
                raise ValueError(f"two notes on {note.item!r}")
            seen.add(note.item)
        return self


class FoundNotes(NamedTuple):
    """The notes of a snapshot."""

    path: Path
    """Where they are kept, or would be."""
    notes: tuple[Note, ...]
    earlier: Path | None = None
    """The file of an earlier snapshot that they come from; None: its own."""


def notes_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of notes."""
    schema = NotesFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "iamdesk notes"}
