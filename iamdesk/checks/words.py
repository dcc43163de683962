"""How findings list things in a sentence, and where what a sentence leaves out is said."""

from collections.abc import Iterable, Iterator
from threading import local

from iamdesk.checks.finding import Evidence
from iamdesk.i18n import join_names, phrase

_LISTED = 5
_IN_ONE_LINE = 50


class _Shortened(local):
    """The lists that were shortened since the last finding, in each thread: the names by the text."""

    def __init__(self) -> None:
        self.lists: dict[str, list[str]] = {}


_shortened = _Shortened()


def enumerated(names: Iterable[str], most: int = _LISTED) -> str:
    """Return names as a list in words, at most so many: ``a, b and 12 more``."""
    listed = list(names)
    text = join_names(listed, most) or phrase("none")
    if len(listed) > most:
        _shortened.lists[str(text)] = listed
    return text


def in_full(sentence: str, evidence: tuple[Evidence, ...]) -> Iterator[Evidence]:
    """Yield the names that a finding's sentence leaves out and its evidence does not have, as further evidence.

    No one can act on ``and 12 more``: every name is somewhere in the finding. Called once for each finding, after its
    sentence was made.
    """
    lists, _shortened.lists = _shortened.lists, {}
    for text, names in lists.items():
        if text not in sentence:
            continue
        texts = "\n".join(piece.text for piece in evidence)
        if all(name in texts for name in names):
            continue
        for start in range(0, len(names), _IN_ONE_LINE):
            yield Evidence(phrase("In full: {names}.", names=join_names(names[start : start + _IN_ONE_LINE])))
