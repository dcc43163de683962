"""The text of a policy as it is shown, and where each of its elements stands in it.

A snapshot holds policy documents as JSON values: the spacing of the source is gone once AWS has stored a policy.
So the shown text is printed here, once, and every view and every export counts lines and columns in this text.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from iamdesk.visible import visible_json

type ElementPath = tuple[str | int, ...]
"""The way to an element from the top of a document: ``("Statement", 0, "Action", 2)``."""


class Span(NamedTuple):
    """A stretch of shown text: lines and columns count from 1, the end column is the one after the last character."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


class PolicyText(NamedTuple):
    """A policy document as shown: its text, and the span of every element's value by its path."""

    text: str
    spans: Mapping[ElementPath, Span]

    def span_of(self, path: ElementPath) -> Span | None:
        """Return where the element stands; a path that the text does not have gives its nearest ancestor's span."""
        while path and path not in self.spans:
            path = path[:-1]
        return self.spans.get(path)


def render(document: Any) -> PolicyText:
    """Print a JSON value as ``json.dumps(indent=2, ensure_ascii=False)`` does and note the span of every value.

    Unseen characters (controls, bidi marks) are written as escapes, so that the text cannot mislead.

    ``document`` is any JSON value; a string (a document that is not JSON) is shown as its own raw lines.
    """
    if isinstance(document, str):
        lines = document.split("\n")
        return PolicyText(document, {(): Span(1, 1, len(lines), len(lines[-1]) + 1)})
    printer = _Printer()
    printer.value(document, (), 0)
    return PolicyText("".join(printer.parts), printer.spans)


class _Printer:
    """Prints one document; keeps the current line and column."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.spans: dict[ElementPath, Span] = {}
        self.line = 1
        self.column = 1

    def put(self, text: str) -> None:
        """Append text that holds no line break."""
        self.parts.append(text)
        self.column += len(text)

    def new_line(self, depth: int) -> None:
        self.parts.append("\n" + "  " * depth)
        self.line += 1
        self.column = 1 + 2 * depth

    def value(self, value: Any, path: ElementPath, depth: int) -> None:
        line, column = self.line, self.column
        if isinstance(value, dict) and value:
            self.put("{")
            for position, (key, member) in enumerate(value.items()):
                if position:
                    self.put(",")
                self.new_line(depth + 1)
                self.put(visible_json(json.dumps(key, ensure_ascii=False)) + ": ")
                self.value(member, (*path, key), depth + 1)
            self.new_line(depth)
            self.put("}")
        elif isinstance(value, list) and value:
            self.put("[")
            for position, member in enumerate(value):
                if position:
                    self.put(",")
                self.new_line(depth + 1)
                self.value(member, (*path, position), depth + 1)
            self.new_line(depth)
            self.put("]")
        else:
            self.put(visible_json(json.dumps(value, ensure_ascii=False)))
        self.spans[path] = Span(line, column, self.line, self.column)
