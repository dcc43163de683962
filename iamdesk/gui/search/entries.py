"""One line of *search everywhere*, whatever it is about: what it says, and what Return and Ctrl+Return do."""

from collections.abc import Callable
from dataclasses import dataclass, field

from iamdesk.gui.widgets.icons import Drawing


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line; also what is searched (`Searchable`), for what the window itself has."""

    title: str
    """Hostile text, as ``detail``: paint it as plain text."""
    detail: str = ""
    open: Callable[[], None] = field(default=nothing, compare=False)
    """What Return does."""
    ask: Callable[[], None] | None = field(default=None, compare=False)
    """What Ctrl+Return does: asks about it in the request bar; None: there is nothing to ask."""
    keys: str = ""
    """Its keys, of a command."""
    more: str = ""
    """Further searched text."""
    tooltip: str = ""
    glyph: Drawing | None = None

    @property
    def name(self) -> str:
        """The title in lower case."""
        return self.title.casefold()

    def holds(self, word: str) -> bool:
        """Return whether a word in lower case occurs in title, detail or further text."""
        return word in f"{self.title}\n{self.detail}\n{self.more}".casefold()
