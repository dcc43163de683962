"""Wildcards in time linear in the text: ``*`` matches any characters (also none), ``?`` exactly one.

Patterns come from policies and may be hostile: no regular expression is built from them. A pattern is a sequence of
tokens: literal text, `STAR` or `QUESTION`; the value of a policy variable is literal text, whatever characters it has
(rule H8).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache


class Wildcard(Enum):
    """The two wildcards of the policy language."""

    STAR = "*"
    QUESTION = "?"


STAR = Wildcard.STAR
QUESTION = Wildcard.QUESTION

type Token = str | Wildcard

_WILDCARDS: dict[str, Wildcard] = {"*": STAR, "?": QUESTION}
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_AT_WILDCARDS = re.compile(r"([*?])")


def tokens_of(text: str) -> list[Token]:
    """Split pattern text into tokens: every ``*`` and ``?`` of it is a wildcard (rule F3)."""
    if "*" not in text and "?" not in text:
        return [text] if text else []
    return [_WILDCARDS.get(piece, piece) for piece in _AT_WILDCARDS.split(text) if piece]


def is_pattern(text: str) -> bool:
    """Return whether a text has a wildcard."""
    return "*" in text or "?" in text


class Glob:
    """One compiled pattern; `matches` compares a whole string, case and line breaks included (rules F3, G7)."""

    __slots__ = ("_chunks", "_head", "_slow", "_tail", "literal", "matches_all")

    def __init__(self, tokens: Iterable[Token]) -> None:
        chunks: list[str] = [""]
        slow: list[Token] = []
        for token in tokens:
            slow.append(token)
            if token is STAR:
                chunks.append("")
            elif isinstance(token, str):
                chunks[-1] += token
        self._compile(chunks, BitMatcher(slow) if QUESTION in slow else None)

    @classmethod
    def of_text(cls, text: str) -> "Glob":
        """Compile pattern text: as from its tokens, but faster."""
        if "?" in text:
            return cls(tokens_of(text))
        compiled = cls.__new__(cls)
        compiled._compile(text.split("*"), None)
        return compiled

    def _compile(self, chunks: list[str], slow: "BitMatcher | None") -> None:
        """``chunks`` are the literal texts between the stars; ``slow`` matches patterns with question marks."""
        self._slow = slow
        self.literal = chunks[0] if len(chunks) == 1 and slow is None else None
        """The single text that the pattern matches; None where it has wildcards."""
        self._head = chunks[0]
        self._tail = chunks[-1]
        self._chunks = tuple([chunk for chunk in chunks[1:-1] if chunk]) if len(chunks) > 2 else ()
        self.matches_all = len(chunks) > 1 and slow is None and not any(chunks)

    def matches(self, text: str) -> bool:
        """Return whether the pattern matches the whole of ``text``."""
        if self.literal is not None:
            return text == self.literal
        if self._slow is not None:
            return self._slow.matches(text)
        start, end = len(self._head), len(text) - len(self._tail)
        if start > end or not text.startswith(self._head) or not text.endswith(self._tail):
            return False
        for chunk in self._chunks:
            found = text.find(chunk, start, end)
            if found < 0:
                return False
            start = found + len(chunk)
        return True


class BitMatcher:
    """Runs a pattern over a text as a set of states in one integer: each character costs two operations.

    State ``i`` means that the first ``i`` single-character steps are done; a star keeps its state. ``bounded`` stars
    and question marks (those that may not match a colon, rule F4) do not accept ``:``.
    """

    __slots__ = ("_accept", "_any_step", "_bounded_step", "_loop", "_loop_bounded", "_steps")

    def __init__(self, tokens: Sequence[Token], bounded: frozenset[int] = frozenset()) -> None:
        self._steps: dict[str, int] = {}
        self._any_step = self._bounded_step = self._loop = self._loop_bounded = 0
        state = 0
        for position, token in enumerate(tokens):
            if token is STAR:
                if position in bounded:
                    self._loop_bounded |= 1 << state
                else:
                    self._loop |= 1 << state
            elif token is QUESTION:
                if position in bounded:
                    self._bounded_step |= 1 << state
                else:
                    self._any_step |= 1 << state
                state += 1
            else:
                for character in str(token):
                    self._steps[character] = self._steps.get(character, 0) | 1 << state
                    state += 1
        self._accept = 1 << state

    def matches(self, text: str) -> bool:
        """Return whether the pattern matches the whole of ``text``."""
        states = 1
        steps, every = self._steps, self._any_step
        for character in text:
            step = steps.get(character, 0) | every
            stay = self._loop
            if character != ":":
                step |= self._bounded_step
                stay |= self._loop_bounded
            states = (states & step) << 1 | (states & stay)
            if not states:
                return False
        return bool(states & self._accept)

    def step(self, states: int, character: str) -> int:
        """Return the states after one more character; 1 is the set of states before the first, 0 means no match."""
        step = self._steps.get(character, 0) | self._any_step
        stay = self._loop
        if character != ":":
            step |= self._bounded_step
            stay |= self._loop_bounded
        return (states & step) << 1 | (states & stay)

    def awaited(self, states: int) -> Iterator[str]:
        """Yield the characters that lead from these states to others than any other character does."""
        for character, step in self._steps.items():
            if step & states:
                yield character

    def accepts(self, states: int) -> bool:
        """Return whether a text that leads to these states matches."""
        return bool(states & self._accept)


@lru_cache(maxsize=1 << 16)
def glob(text: str) -> Glob:
    """Return the compiled pattern for pattern text; the same text is compiled once."""
    return Glob.of_text(text)


def bounded_match(tokens: Sequence[Token], bounded: frozenset[int], text: str) -> bool:
    """Match with some wildcards, given by their index in ``tokens``, that do not match a colon (rule F4 b)."""
    return BitMatcher(tokens, bounded).matches(text)


@lru_cache(maxsize=1 << 12)
def may_overlap(one: str, other: str, *, is_within: bool = False) -> bool:
    """Return whether some text matches both of two entries; variables count as any text.

    With ``is_within``, whether ``one`` matches every text that ``other`` does, judged by letters: only a star then
    covers a wildcard of ``other``.
    """
    first, second = (_letters(text) for text in (one, other))
    states = [
        True,
        *(False for _ in second),
    ]  # whether the part read of ``one`` matches the first n tokens of ``other``
    for place, token in enumerate((None, *first)):
        reached = [False] * len(states)
        for count in range(len(states)):
            if token is None:
                is_met = states[count]
            elif token is STAR:
                is_met = states[count] or (count > 0 and reached[count - 1])
            else:
                is_met = count > 0 and states[count - 1] and _agree(token, second[count - 1], is_within=is_within)
            if not is_within and count > 0 and second[count - 1] is STAR:
                is_met = is_met or reached[count - 1] or (place > 0 and states[count])
            reached[count] = is_met
        states = reached
    return states[-1]


def _agree(one: Token, other: Token, *, is_within: bool) -> bool:
    if is_within:
        return one == other or (one is QUESTION and other is not STAR)
    return one == other or QUESTION in (one, other)


def _letters(text: str) -> list[Token]:
    """Return the letters of an entry, with its variables as stars."""
    tokens = tokens_of(_VARIABLE.sub("*", text))
    return [letter for token in tokens for letter in (token if isinstance(token, str) else (token,))]
