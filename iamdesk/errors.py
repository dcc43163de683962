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
    """A review that cannot be opened, written or changed. Its text is one sentence that names the file."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Something in a review file that is not as it was written."""

    place: str
    sentence: str


class DamagedReviewError(ReviewError):
    """A review file that is not as it was written: what of it is intact can be recovered (`recovery`)."""

    def __init__(self, sentence: str, damages: Sequence[Damage] = ()) -> None:
        super().__init__(sentence)
        self.damages = tuple(damages)
        """What was found; empty where the file cannot be read at all."""
