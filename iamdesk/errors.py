"""Why a snapshot or a review file cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass


class SnapshotError(Exception):
    """What is no snapshot, or cannot be read. Its text is one sentence that names the file and the place."""

    def __init__(self, text: str, what: str = "") -> None:
        super().__init__(text)
        self.what = what
        """The same without the name of the file, where that was put before it."""

    def beside(self, name: str) -> str:
        """Return what it says where the file's name is told already."""
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
