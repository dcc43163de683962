"""ARNs without the names in them: thousands of texts are a few outlines, all found in one pass over many texts."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

OF_NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
BELOW = "/*"
"""What may follow a name that the outline leaves out."""
_NAME_CHARACTER = f"[{re.escape(OF_NAMES)}]"
_NAME = "\x02"
"""Stands for a name."""
_PLAIN, _BELOW, _APART = "\n", "\x01", "\r"
"""Before a text, read from its end: whether `BELOW` follows the name; between the texts of different statements."""


class Telling(NamedTuple):
    """What is more than a name in the last word of an ARN."""

    words: frozenset[str]
    """Words that are no names."""
    parts: frozenset[str]
    """What no name holds that is one and nothing else."""
    digits: int
    """So many digits in a row, too; 0 if any digits are but a name."""

    def searcher(self) -> Callable[[str], object] | None:
        """Return what finds one of the parts; None where there are none."""
        parts = self._parts([re.escape(part) for part in sorted(self.parts)])
        return re.compile(parts).search if parts else None

    def reader(self, before: str) -> Callable[[str], str]:
        """Return what replaces names in texts that are written backwards, each after some character.

        Each text is looked at once from its start, so that this takes no longer than the texts are long.
        """
        words = "|".join([re.escape(word[::-1]) for word in sorted(self.words)])
        parts = self._parts([re.escape(part[::-1]) for part in sorted(self.parts)])
        no_part = f"(?!{_NAME_CHARACTER}*?(?:{parts}))" if parts else ""
        name = f"{before}(?!(?:{words})(?!{_NAME_CHARACTER})){no_part}{_NAME_CHARACTER}++"
        pattern, with_stand_in = re.compile(name), before + _NAME
        return lambda texts: pattern.sub(with_stand_in, texts)

    def _parts(self, escaped: Iterable[str]) -> str:
        return "|".join([*([rf"\d{{{self.digits}}}"] if self.digits else []), *escaped])


class Outlines:
    """Finds the outlines of texts of one service."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._readers: dict[str, Callable[[str], str]] = {}

    def of(self, statements: Sequence[Sequence[str]]) -> Sequence[str]:
        """Return what the texts of each statement are but for the names; statements with the same have one outline.

        A text is whole in the outline where its last word may be more than a name.
        """
        joined = f"{_PLAIN}{_APART}".join(map(_PLAIN.join, statements)) + _PLAIN
        is_apart = joined.count(_PLAIN) == sum(map(len, statements)) and joined.count(_APART) == len(statements) - 1
        if not is_apart or _BELOW in joined or _NAME in joined:
            # A text holds what stands between texts, as nobody writes it: each statement is by itself.
            return [repr(texts) for texts in statements]
        backwards = joined[::-1].replace(_PLAIN + BELOW[::-1], _BELOW)
        for before in (_PLAIN, _BELOW):
            if before in backwards:
                backwards = self._reader(before)(backwards)
        return backwards.split(_APART)[::-1]

    @staticmethod
    def lines(outline: str) -> Sequence[str]:
        """Return the outlines of the texts of a statement, in their order, by the outline of them all.

        None of a statement that is by itself.
        """
        if not outline.startswith((_PLAIN, _BELOW)):
            return ()
        return outline.replace(_BELOW, _PLAIN + _BELOW)[1:].split(_PLAIN)[::-1]

    def _reader(self, before: str) -> Callable[[str], str]:
        found = self._readers.get(before)
        if found is None:
            found = self._readers[before] = self._telling.reader(before)
        return found
