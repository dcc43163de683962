"""Errors of snapshots and review files."""

from collections.abc import Sequence
from dataclasses import dataclass


class SnapshotError(Exception):
    """A file that is not a snapshot or cannot be read. Its text is one sentence with file and position."""

    def __init__(self, text: str, what: str = "") -> None:
        super().__init__(text)
        self.what = what
        """The text without the file name, where it begins with one."""

    def beside(self, name: str) -> str:
        """Return the text without the file name, for use beside it."""
        return self.what or str(self).removeprefix(f"{name}: ")


class ReviewError(Exception):
    """A review cannot be opened, written or changed. The message is one sentence with the name of the file."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A part of a review file that was changed or damaged."""

    place: str
    sentence: str


class DamagedReviewError(ReviewError):
    """A review file was changed or damaged; its intact parts can be recovered (`recovery`)."""

    def __init__(self, sentence: str, damages: Sequence[Damage] = ()) -> None:
        super().__init__(sentence)
        self.damages = tuple(damages)
        """The damages; empty if the file cannot be read at all."""
