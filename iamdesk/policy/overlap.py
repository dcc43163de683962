"""Texts and ARNs that two patterns have in common."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from iamdesk.policy.wildcards import QUESTION, STAR, Token, glob, is_pattern, tokens_of


def common_arn(one: str, other: str) -> str | None:
    """Return an ARN that two patterns match, with a ``*`` where it may have any text; None: there is none."""
    pairs = list(zip(one.split(":", 5), other.split(":", 5), strict=False))
    found = [common_text(first, second) for first, second in pairs]
    return None if len(pairs) < 6 or None in found else ":".join(map(str, found))


@lru_cache(maxsize=1 << 12)
def common_text(one: str, other: str) -> str | None:
    """Return a text that two patterns match; a ``*`` in it is a character that both match by a wildcard."""
    if one == other or glob(one).matches(other):
        return other
    if glob(other).matches(one):
        return one
    first, second = _letters(one), _letters(other)
    failed: set[tuple[int, int]] = set()
    trail: list[tuple[int, int, str]] = [(0, 0, "")]
    while trail:  # depth first; each pair of places once
        at, of, text = trail.pop()
        if (at, of) == (len(first), len(second)):
            return text
        if (at, of) in failed:
            continue
        failed.add((at, of))
        trail += _onward(first, second, at, of, text)
    return None


def _onward(
    first: Sequence[Token], second: Sequence[Token], at: int, of: int, text: str
) -> Iterator[tuple[int, int, str]]:
    """Yield the next places in two patterns with the text so far, the preferred one last."""
    mine = first[at] if at < len(first) else None
    theirs = second[of] if of < len(second) else None
    if mine is STAR:
        yield at + 1, of, text
    if theirs is STAR:
        yield at, of + 1, text
    if mine is STAR and theirs is not None:
        yield at, of + 1, text + _as_text(theirs)
    if theirs is STAR and mine is not None:
        yield at + 1, of, text + _as_text(mine)
    if isinstance(mine, str) and (mine == theirs or theirs is QUESTION):
        yield at + 1, of + 1, text + mine
    elif mine is QUESTION and (isinstance(theirs, str) or theirs is QUESTION):
        yield at + 1, of + 1, text + _as_text(theirs)


def _as_text(token: Token) -> str:
    return token if isinstance(token, str) else token.value


def _letters(text: str) -> list[Token]:
    return [letter for token in tokens_of(text) for letter in (token if isinstance(token, str) else (token,))]


def common_patterns(one: str, other: str) -> tuple[str, ...]:
    """Return patterns that together match exactly what two patterns match; none where they cannot be written so.

    ``b*/q/*`` and ``ba/*``: ``ba/*/q/*`` and ``ba/q/*``. One of them must have a star at its end and no other wildcard.
    """
    for plain, rest in ((one, other), (other, one)):
        head = plain[:-1]
        if plain.endswith("*") and not is_pattern(head) and "${" not in one + other:
            found: list[str] = []
            for left in _after(head, [*_without_repeated_stars(_letters(rest))]):
                text = head + "".join(map(_as_text, left))
                if not any(_is_within(text, each) for each in found):
                    found = [*(each for each in found if not _is_within(each, text)), text]
            return tuple(sorted(found))
    return ()


def _after(head: str, letters: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield what is left of a pattern behind a text that its beginning matches, each once."""
    places = {0}
    for character in head:
        places = {
            place if letters[place] is STAR else place + 1
            for place in _with_empty_stars(places, letters)
            if place < len(letters) and (letters[place] in (STAR, QUESTION) or letters[place] == character)
        }
    yield from (letters[place:] for place in sorted(places))


def _with_empty_stars(places: set[int], letters: Sequence[Token]) -> set[int]:
    """Return places in a pattern, and those behind stars, which may match no character."""
    return places | {place + 1 for place in places if place < len(letters) and letters[place] is STAR}


def _without_repeated_stars(letters: Iterable[Token]) -> Iterator[Token]:
    before: Token | None = None
    for letter in letters:
        if letter is not STAR or before is not STAR:
            yield letter
        before = letter


def _is_within(narrow: str, wide: str) -> bool:
    """Return whether a pattern certainly matches no more than another one."""
    return not ("?" in wide and "*" in narrow) and glob(wide).matches(narrow)
