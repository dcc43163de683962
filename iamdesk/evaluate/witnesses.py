"""Strings that show every way in which patterns can match together.

``a*`` and ``*b`` can match both (``ab``), either (``a``, ``b``) or neither: which of the combinations are possible is
found by running all patterns side by side over every string, shortest strings first. Patterns have few states and most
are literal, so that this is quick; where it is not, it stops and says so.
"""

from collections import deque
from functools import lru_cache
from typing import NamedTuple

from iamdesk.policy.patterns import BitMatcher, Token

MOST_STEPS = 60_000
"""Pattern steps after which the search stops."""
_FILLERS = "xyz0_~"


class Pattern(NamedTuple):
    """One pattern to run beside others."""

    tokens: tuple[Token, ...]
    bounded: frozenset[int] = frozenset()
    """Positions of the wildcards that do not run over colons."""
    ignores_case: bool = False
    """Whether texts are compared in lower case; the tokens are in lower case then."""


class Witnesses(NamedTuple):
    """What was found."""

    texts: tuple[str, ...]
    """One text for each combination of patterns that match it, the shortest."""
    is_complete: bool
    """Whether there are no other combinations."""


@lru_cache(maxsize=1 << 11)
def witnesses(patterns: tuple[Pattern, ...], required: tuple[Pattern, ...] = ()) -> Witnesses:
    """Return texts that show every combination of ``patterns`` that match, among texts that match all ``required``."""
    every = (*required, *patterns)
    machines = [(BitMatcher(pattern.tokens, pattern.bounded), pattern.ignores_case) for pattern in every]
    alphabet = _alphabet(every)
    start = (1,) * len(every)
    found: dict[tuple[bool, ...], str] = {}
    reached: set[tuple[int, ...]] = set()
    queue = deque([(start, "")])
    steps = 0
    is_complete = True
    while queue:
        states, text = queue.popleft()
        matched = tuple(machine.accepts(state) for (machine, _), state in zip(machines, states, strict=True))
        if text and all(matched[: len(required)]):
            found.setdefault(matched[len(required) :], text)
        if steps > MOST_STEPS:
            is_complete = False
            break
        for character in alphabet:
            steps += len(every)
            after = tuple(
                machine.step(state, character.lower() if ignores_case else character)
                for (machine, ignores_case), state in zip(machines, states, strict=True)
            )
            if after not in reached and all(after[: len(required)]):
                reached.add(after)
                queue.append((after, text + character))
    _add_empty(found, machines, len(required))
    return Witnesses(tuple(found.values()), is_complete)


def _add_empty(found: dict[tuple[bool, ...], str], machines: list[tuple[BitMatcher, bool]], required: int) -> None:
    """Add the empty text where no other one matches as it does: a value is rarely empty."""
    matched = tuple(machine.accepts(1) for machine, _ in machines)
    if all(matched[:required]):
        found.setdefault(matched[required:], "")


def _alphabet(patterns: tuple[Pattern, ...]) -> list[str]:
    """Return the characters that tell texts apart: those of the patterns, and one that none of them names."""
    characters = dict.fromkeys(
        character for pattern in patterns for token in pattern.tokens if isinstance(token, str) for character in token
    )
    if any(pattern.ignores_case for pattern in patterns):
        characters |= dict.fromkeys(case for character in characters for case in (character.lower(), character.upper()))
    if any(pattern.bounded for pattern in patterns):
        characters[":"] = None
    fillers = (*_FILLERS, *map(chr, range(0xC0, 0x2000)))
    filler = next(character for character in fillers if character not in characters)
    return [filler, *(character for character in characters if len(character) == 1)]
