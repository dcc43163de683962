"""JSON that says one thing only: what Python's decoder would settle in silence is an error here.

Python keeps the last of two equal keys, reads ``NaN`` and ``1e999`` as numbers, and takes half of a surrogate pair for
a character. Each of these could turn one policy into another, so each is an error (`AmbiguousJsonError`).
"""

import json
import math
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from iamdesk.i18n import mark, phrase

MAX_DEPTH = 60
"""Objects and lists within each other. AWS's own answers reach 11; a policy's grammar alone reaches 5."""


_TOO_DEEP = mark("it is nested more than {most} levels deep")
_NO_CHARACTER = mark("it contains half of a surrogate pair, which is not a character")
_TWICE = mark("a key occurs twice in one object")


class AmbiguousJsonError(ValueError):
    """Text that is JSON to Python, and yet could mean two things. Its text says why, as the end of a sentence."""


class NotJsonConstant(ValueError):  # noqa: N818 - as above
    """``NaN``, ``Infinity`` or ``-Infinity``, which Python's decoder knows and JSON does not. Its text is the word."""


class RepeatedKey(str):
    """A key that occurs more than once in its object: equal to itself alone, so that one ``dict`` holds them all."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def _as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = {key: value for key, value in pairs}  # noqa: C416 - faster than dict() here
    if len(members) != len(pairs):
        raise AmbiguousJsonError(phrase(_TWICE))
    return members


def _as_object_with_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    times = Counter(key for key, _ in pairs)
    return {RepeatedKey(key) if times[key] > 1 else key: value for key, value in pairs}


def _refuse_constant(name: str) -> NoReturn:
    raise NotJsonConstant(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise AmbiguousJsonError(phrase("a number is too large to be held"))
    return number


_decode_at = json.JSONDecoder(
    object_pairs_hook=_as_object, parse_constant=_refuse_constant, parse_float=_finite
).raw_decode


class StrictDecoder:
    """Decodes values out of a text. One for each thread: it counts the objects that it makes.

    `decode_at` raises `AmbiguousJsonError`, `NotJsonConstant`, ``json.JSONDecodeError``, ``RecursionError``, and
    ``ValueError`` for a number of thousands of digits.
    """

    def __init__(self) -> None:
        """Make a decoder that has made no object yet."""
        objects = 0

        def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            nonlocal objects
            objects += 1
            members = {key: value for key, value in pairs}  # noqa: C416 - faster than dict() here
            if len(members) != len(pairs):
                raise AmbiguousJsonError(phrase(_TWICE))
            return members

        def objects_made() -> int:
            return objects

        self._objects_made = objects_made
        self.decode_at = json.JSONDecoder(
            object_pairs_hook=as_object, parse_constant=_refuse_constant, parse_float=_finite
        ).raw_decode
        """(text, start) → (value, end)"""
        self._objects_seen = 0

    def is_doubtful(self, value: Any, text: str, start: int, end: int) -> bool:
        """Return whether the value just decoded from ``text[start:end]`` wants a closer look (`ambiguity`).

        Called for every value of a snapshot, so: nothing can nest deeper than there are brackets, and objects have been
        counted already.
        """
        objects = self._objects_made()
        brackets = text.count("[", start, end) + objects - self._objects_seen
        self._objects_seen = objects
        if brackets > MAX_DEPTH and _is_deep(value, brackets):
            return True
        return text.find("\\", start, end) >= 0 and text.find("\\u", start, end) >= 0 and not is_unicode(value)


decode_repeating_at = json.JSONDecoder(
    object_pairs_hook=_as_object_with_repeated_keys, parse_constant=_refuse_constant, parse_float=_finite
).raw_decode
"""As `StrictDecoder.decode_at`, but an object with a key that occurs twice holds both, under `RepeatedKey`."""


def _inner(level: list[Any]) -> list[Any]:
    return [
        member
        for item in level
        for member in (item.values() if type(item) is dict else item)
        if type(member) is dict or type(member) is list
    ]


def is_too_deep(value: Any) -> bool:
    """Return whether objects and lists are nested more than `MAX_DEPTH` deep (no recursion)."""
    return _is_deep(value, sys.maxsize)


def _is_deep(value: Any, brackets: int) -> bool:
    """As `is_too_deep`, for a value of at most so many objects and lists: once too few are left, it is not."""
    level = [value] if type(value) in (dict, list) else []
    for depth in range(1, MAX_DEPTH + 1):
        brackets -= len(level)
        if not level or depth + brackets <= MAX_DEPTH:
            return False
        level = _inner(level)
    return bool(level)


def _texts(value: Any) -> Iterator[str]:
    level = [[value]]
    while level:
        for item in level:
            for member in (*item, *item.values()) if isinstance(item, dict) else item:
                if isinstance(member, str):
                    yield member
        level = _inner(level)


def is_unicode(value: Any) -> bool:
    """Return whether every text in a JSON value can be written as UTF-8: no half of a surrogate pair."""
    return all(_is_unicode_text(text) for text in _texts(value))


def _is_unicode_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def ambiguity(value: Any) -> str | None:
    """Return why a value of `decode_repeating_at` could mean two things or cannot be held, as a sentence's end."""
    if is_too_deep(value):
        return phrase(_TOO_DEEP, most=MAX_DEPTH)
    for text in _texts(value):
        if isinstance(text, RepeatedKey):
            return phrase("the key `{text}` occurs twice in one object", text=str.__str__(text))
        if not _is_unicode_text(text):
            return phrase(_NO_CHARACTER)
    return None


def decode(text: str) -> Any:
    """Return the one JSON value that a text holds.

    Raises:
        ValueError: it is not JSON, is ambiguous (`AmbiguousJsonError`), nested too deep, or more than one value.
    """
    text = text.strip(" \t\n\r")
    try:
        value, end = _decode_at(text)
    except RecursionError:
        raise AmbiguousJsonError(phrase(_TOO_DEEP, most=MAX_DEPTH)) from None
    if end != len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    if _is_deep(value, text.count("[") + text.count("{")):
        raise AmbiguousJsonError(phrase(_TOO_DEEP, most=MAX_DEPTH))
    if ("\\u" in text or not text.isascii()) and not is_unicode(value):
        raise AmbiguousJsonError(phrase(_NO_CHARACTER))
    return value
