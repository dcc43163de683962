"""The text of a policy as shown, and the position of each element in it.

A snapshot holds policy documents as JSON values: AWS does not keep the spacing of the source. So the shown text is
printed here, once, and every view and every export counts lines and columns in it.
"""

import json
import re
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from iamdesk.escaping import visible_json

type ElementPath = tuple[str | int, ...]
"""Path of an element from the top of a document: ``("Statement", 0, "Action", 2)``."""


class Span(NamedTuple):
    """A range of shown text: lines and columns count from 1, the end column is the one after the last character."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


class PolicyText(NamedTuple):
    """A policy document as shown: its text, and the span of every element's value by its path."""

    text: str
    spans: Mapping[ElementPath, Span]

    def span_of(self, path: ElementPath) -> Span | None:
        """Return the span of an element; of an absent path, its nearest ancestor's."""
        while path and path not in self.spans:
            path = path[:-1]
        return self.spans.get(path)


def render(document: Any) -> PolicyText:
    """Print a JSON value as ``json.dumps(indent=2, ensure_ascii=False)`` does and record the span of every value.

    Invisible characters (controls, bidi marks) are escaped, so that the text cannot mislead.

    ``document`` is any JSON value; a string (a document that is not JSON) is shown as its raw lines.
    """
    if isinstance(document, str):
        lines = document.split("\n")
        return PolicyText(document, {(): Span(1, 1, len(lines), len(lines[-1]) + 1)})
    printer = _Printer()
    printer.value(document, (), 0)
    return PolicyText("".join(printer.parts), printer.spans)


def statement_spans(document: dict[str, Any]) -> dict[ElementPath, Span]:
    """Return the spans that `render` gives the statements of a policy document, by counting lines, without printing."""
    line = 2
    for key, member in document.items():
        if key == "Statement":
            break
        line += _lines(member)
    listed = document.get("Statement")
    if isinstance(listed, list):
        found: dict[ElementPath, Span] = {}
        for position, member in enumerate(listed):
            line += 1
            lines = _lines(member)
            found["Statement", position] = _span(member, (line, 5), lines, closing=5)
            line += lines - 1
        return found
    return {("Statement",): _span(listed, (line, 3 + len('"Statement": ')), _lines(listed), closing=3)}


def _span(value: Any, start: tuple[int, int], lines: int, closing: int) -> Span:
    """``closing`` is the column of the bracket that ends a value of several lines."""
    line, column = start
    if lines == 1:
        return Span(line, column, line, column + len(_scalar(value)))
    return Span(line, column, line + lines - 1, closing + 1)


_SCALARS = frozenset({str, bool, int, float, type(None)})


def _lines(value: Any) -> int:
    """Count the lines of a value as printed by `render`: one, and those of all objects and lists with content."""
    lines = 1
    found = [value]
    for one in found:  # it grows during the loop
        if not isinstance(one, (dict, list)) or not one:
            continue
        lines += len(one) + 1
        if isinstance(one, dict):
            found += one.values()
        elif not _SCALARS.issuperset(map(type, one)):
            found += one
    return lines


_WORDS = {True: "true", False: "false", None: "null"}


def _scalar(value: Any) -> str:
    """Print text, a number, a word, or an empty container."""
    if isinstance(value, str):
        quoted = encode_basestring(value)
        # Almost all text ends here: printable ASCII has no invisible characters.
        return quoted if quoted.isascii() and quoted.isprintable() else visible_json(quoted)
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    return json.dumps(value)


class _Printer:
    """Prints one document; keeps the current line and column."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.spans: dict[ElementPath, Span] = {}
        self.line = 1
        self.column = 1

    def value(self, value: Any, path: ElementPath, depth: int) -> None:
        line, column = self.line, self.column
        if value and isinstance(value, (dict, list)):
            self._container(value, path, depth)
        else:
            text = _scalar(value)
            self.parts.append(text)
            self.column += len(text)
        self.spans[path] = Span(line, column, self.line, self.column)

    def _container(self, value: dict[str, Any] | list[Any], path: ElementPath, depth: int) -> None:
        is_object = isinstance(value, dict)
        opening, closing = "{}" if is_object else "[]"
        members = value.items() if isinstance(value, dict) else enumerate(value)
        indent = "  " * (depth + 1)
        before = f"{opening}\n{indent}"
        for step, member in members:
            key = f"{_scalar(step)}: " if is_object else ""
            self.line += 1
            column = self.column = len(indent) + len(key) + 1
            if member and isinstance(member, (dict, list)):
                self.parts.append(before + key)
                self.value(member, (*path, step), depth + 1)
            else:
                text = _scalar(member)
                self.parts.append(before + key + text)
                self.spans[*path, step] = Span(self.line, column, self.line, column + len(text))
            before = f",\n{indent}"
        self.parts.append(f"\n{indent[2:]}{closing}")
        self.line += 1
        self.column = len(indent)


_read_text = json.JSONDecoder().raw_decode
_SPACE = re.compile(r"[ \t\n\r]*")
_TO_THE_END = re.compile(r"[^\s,\]}]+")


class RepeatedKeyError(ValueError):
    """A key that occurs twice in one object: ``args`` are the key, its line and its column."""


def locate(text: str) -> PolicyText:
    """Return the text of a JSON file as it is, with the span of every value in it.

    ``text`` is one JSON value that Python's decoder accepts; line breaks are ``\\n``, so that ``\\r\\n`` is one, too.

    Raises:
        RepeatedKeyError: A key occurs twice in one object.
        RecursionError: Objects and lists are nested too deep.
    """
    locator = _Locator(text)
    locator.value(_after_space(text, 0), ())
    return PolicyText(text, locator.spans)


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


class _Locator:
    """Walks over the text of one JSON value; keeps the line of the last place asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans: dict[ElementPath, Span] = {}
        self._place = 0
        self._line = 1
        self._start_of_line = 0

    def value(self, place: int, path: ElementPath) -> int:
        """Record the value that begins at a place and those in it; return the place after it."""
        text = self.text
        start = self._position(place)
        if text[place] == "{":
            end = self._object(place + 1, path)
        elif text[place] == "[":
            end = self._list(place + 1, path)
        elif text[place] == '"':
            end = _read_text(text, place)[1]
        else:
            found = _TO_THE_END.match(text, place)
            end = found.end() if found else place + 1
        self.spans[path] = Span(*start, *self._position(end))
        return end

    def _object(self, place: int, path: ElementPath) -> int:
        seen: set[str] = set()
        place = _after_space(self.text, place)
        while self.text[place] != "}":
            if self.text[place] == ",":
                place = _after_space(self.text, place + 1)
            at = place
            key, place = _read_text(self.text, place)
            if key in seen:
                raise RepeatedKeyError(key, *self._position(at))
            seen.add(key)
            place = _after_space(self.text, place) + 1  # the colon
            place = self.value(_after_space(self.text, place), (*path, key))
            place = _after_space(self.text, place)
        return place + 1

    def _list(self, place: int, path: ElementPath) -> int:
        place = _after_space(self.text, place)
        position = 0
        while self.text[place] != "]":
            if self.text[place] == ",":
                place = _after_space(self.text, place + 1)
            place = _after_space(self.text, self.value(place, (*path, position)))
            position += 1
        return place + 1

    def _position(self, place: int) -> tuple[int, int]:
        """Return line and column of a place; places only ever grow, but for the key of a repeated one."""
        lines = self.text.count("\n", self._place, place)
        if lines:
            self._line += lines
            self._start_of_line = self.text.rfind("\n", self._place, place) + 1
        self._place = max(place, self._place)
        return self._line, place - self._start_of_line + 1
