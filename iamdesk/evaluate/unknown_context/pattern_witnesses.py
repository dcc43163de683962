"""Witnesses: strings that show every combination in which patterns can match together.

``a*`` and ``*b`` can match both (``ab``), one of them (``a``, ``b``) or neither: the possible combinations are found by
running all patterns side by side over every string, shortest strings first. Patterns have few states and most are
literal, so this is quick; where it is not, the search stops and reports that it is incomplete.
"""

from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from iamdesk.policy.wildcards import BitMatcher, Token

MAX_STEPS = 60_000
"""Number of pattern steps after which the search stops."""
_FILLERS = "xyz0_~"
_KELVIN = "\u212a"
"""The one character outside ASCII that is an ASCII letter (``k``) in lower case."""


class Pattern(NamedTuple):
    """One pattern to run beside others."""

    tokens: tuple[Token, ...]
    bounded: frozenset[int] = frozenset()
    """Indexes of the wildcards that do not match colons."""
    ignores_case: bool = False
    """Whether texts are compared in lower case; the tokens are then in lower case."""


class Witnesses(NamedTuple):
    """The result of the search."""

    texts: tuple[str, ...]
    """For each combination of matching patterns a text, the shortest first."""
    is_complete: bool
    """Whether there are no other combinations."""


@lru_cache(maxsize=1 << 11)
def witnesses(patterns: tuple[Pattern, ...], required: tuple[Pattern, ...] = (), count: int = 1) -> Witnesses:
    """Return texts that show every combination of ``patterns`` that match, among texts that match all ``required``.

    With a ``count`` of 2, there are two different texts for each combination that has as many.
    """
    every = (*required, *patterns)
    machines = [(BitMatcher(pattern.tokens, pattern.bounded), pattern.ignores_case) for pattern in every]
    alphabet = _alphabet(every, count)
    start = (1,) * len(every)
    found: dict[tuple[bool, ...], list[str]] = {}
    # Of the texts that lead to the same states the first ones are enough: any continuation of one continues the others.
    reached: dict[tuple[int, ...], int] = {}
    queue = deque([(start, "")])
    steps = 0
    is_complete = all(_is_read_by_character(pattern) for pattern in every)
    is_all_tried = any(pattern.bounded or pattern.ignores_case for pattern in every)
    while queue:
        states, text = queue.popleft()
        matched = tuple(machine.accepts(state) for (machine, _), state in zip(machines, states, strict=True))
        if text and all(matched[: len(required)]):
            texts = found.setdefault(matched[len(required) :], [])
            if len(texts) < count:
                texts.append(text)
        if steps > MAX_STEPS:
            is_complete = False
            break
        steps += len(every) * len(alphabet)
        for character in alphabet if is_all_tried else _distinguishing(machines, states, alphabet, count):
            after = tuple(
                [
                    machine.step(state, character.lower() if ignores_case else character)
                    for (machine, ignores_case), state in zip(machines, states, strict=True)
                ]
            )
            times = reached.get(after, 0)
            if times < count and all(after[: len(required)]):
                reached[after] = times + 1
                queue.append((after, text + character))
    _add_empty(found, machines, len(required), count)
    return Witnesses(tuple(text for texts in found.values() for text in texts), is_complete)


def _distinguishing(
    machines: list[tuple[BitMatcher, bool]], states: tuple[int, ...], alphabet: list[str], fillers: int
) -> Iterator[str]:
    """Yield the characters, in order, that lead from some states to others than the characters before them."""
    awaited = {character for (one, _), state in zip(machines, states, strict=True) for character in one.awaited(state)}
    yield from alphabet[:fillers]
    for character in alphabet[fillers:] if awaited else ():
        if character in awaited:
            yield character


def _add_empty(
    found: dict[tuple[bool, ...], list[str]], machines: list[tuple[BitMatcher, bool]], required: int, count: int
) -> None:
    """Add the empty text where too few others match as it does: a value is rarely empty."""
    matched = tuple(machine.accepts(1) for machine, _ in machines)
    if all(matched[:required]) and len(texts := found.setdefault(matched[required:], [])) < count:
        texts.append("")


def _is_read_by_character(pattern: Pattern) -> bool:
    """Return whether a text in lower case is its characters in lower case: beyond ASCII, some depend on each other."""
    return not pattern.ignores_case or all(token.isascii() for token in pattern.tokens if isinstance(token, str))


def _alphabet(patterns: tuple[Pattern, ...], fillers: int) -> list[str]:
    """Return the characters that distinguish texts: those of the patterns, and some that none of them contains."""
    characters = dict.fromkeys(
        character for pattern in patterns for token in pattern.tokens if isinstance(token, str) for character in token
    )
    if any(pattern.ignores_case for pattern in patterns):
        characters |= dict.fromkeys(case for character in characters for case in (character.lower(), character.upper()))
        characters |= {_KELVIN: None} if "k" in characters else {}
    if any(pattern.bounded for pattern in patterns):
        characters[":"] = None
    unnamed = (character for character in (*_FILLERS, *map(chr, range(0xC0, 0x2000))) if character not in characters)
    return [*islice(unnamed, fillers), *(character for character in characters if len(character) == 1)]
