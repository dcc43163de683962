"""A walk through JSON text of any size, one value at a time, in a window that moves along.

Each decoder call reads one element of a list, so none blocks the interpreter for more than a few milliseconds, and
memory contains only the window and what the caller keeps. The walk only moves forward::

    for key in walk.members():                # the walk is at an object
        if key == "RoleDetailList":
            for index in walk.elements():  # the value is a list
                role = walk.value()
        else:
            walk.skip()
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from iamdesk.errors import SnapshotError
from iamdesk.escaping import visible_start
from iamdesk.i18n import mark, phrase
from iamdesk.snapshot.text_source import SourceText
from iamdesk.strict_json import AmbiguousJsonError, NotJsonConstant, StrictDecoder, decode_repeating_at

MAX_VALUE = 2 << 20
"""Characters of one element that are decoded at once: fifteen times what AWS's quotas let one entry fill."""

_AHEAD = 1 << 14
"""Characters to have in the window before decoding: nearly every element is shorter, and so decoded once."""

_MAX_OPEN = 1_000_000  # brackets open at once in what is skipped

_SPACE = re.compile(r"[ \t\n\r]*+")
_NEXT_ELEMENT = re.compile(r"[ \t\n\r]*+,[ \t\n\r]*+")
_TO_BRACKET_OR_QUOTE = re.compile(r'[^"\[\]{}]*+')
_TO_END_OF_NUMBER = re.compile(r"[-+.0-9eE]*+")
_IN_STRING = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_CLOSES = {"]": "[", "}": "{"}
# More than the longest thing that the decoder may refuse because the window ends in its middle: half of "\ud83d\ude00".
_TAIL = 16


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


_CUT_OFF = mark("the file ends in the middle of the JSON text (is it a complete copy?)")


class ValueTooLargeError(Exception):
    """A value that was skipped: it is too large. The message is the reason."""


class JsonWalk:
    """A place in a JSON text, moving forward. Every error names the file, line and column."""

    def __init__(self, source: SourceText) -> None:
        """Start at the beginning of a source's text."""
        self._source = source
        self._pieces = source.pieces()
        self._text = ""
        self._at = 0
        self._behind = 0  # characters of the text before the window
        self._decoder = StrictDecoder()
        self.is_ambiguous = False
        """Whether the value returned last could mean two things (`strict_json.ambiguity`); repeated keys are in it."""

    # --- the window

    def _grow(self) -> bool:
        """Drop the part before the position, append the next piece; False at the end of the text."""
        piece = next((piece for piece in self._pieces if piece), "")
        if not piece:
            return False
        self._behind += self._at
        self._text = self._text[self._at :] + piece
        self._at = 0
        return True

    def error(self, what: str, at: int | None = None) -> SnapshotError:
        """Return an error with the message ``what`` for the position of the walk (or ``at`` in the window)."""
        return self._source.error_at(self._behind + (self._at if at is None else at), what)

    def no_snapshot(self, what: str) -> SnapshotError:
        """Return the error for JSON of another kind."""
        return self._source.error(
            phrase("is not the output of `aws iam get-account-authorization-details`: {what}", what=what)
        )

    def peek(self) -> str:
        """Move to the next character that is not space, and return it; empty at the end."""
        while True:
            self._at = at = _end(_SPACE, self._text, self._at)
            if at < len(self._text):
                return self._text[at]
            if not self._grow():
                return ""

    def text_ahead(self, length: int) -> str:
        """Return at most ``length`` characters from the position of the walk."""
        return self._text[self._at : self._at + length]

    def _expect(self, wanted: str, what: str) -> str:
        """Step over one of the characters ``wanted``."""
        found = self.peek()
        if not found:
            raise self.error(phrase(_CUT_OFF))
        if found not in wanted:
            raise self.error(
                phrase(
                    "this is not JSON: expected {what}, found `{found}`", what=phrase(what), found=visible_start(found)
                )
            )
        self._at += 1
        return found

    # --- what a walk does

    def members(self) -> Iterator[str]:
        """Walk through an object: yield each key, with its value next; the caller takes or skips the value."""
        self._expect("{", mark("an object"))
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() != '"':
                self._expect('"', mark("a key in quotes"))
            start = self._behind + self._at
            try:
                key = self.value()
            except ValueTooLargeError as error:
                raise self.error(phrase("a key cannot be read: {error}", error=error), start - self._behind) from None
            self._expect(":", mark("a colon after the key"))
            self.peek()
            yield key
            if self._expect(",}", mark("a comma or the end of the object")) == "}":
                return

    def elements(self) -> Iterator[int]:
        """Walk through a list: yield each index, with its element next; the caller takes or skips the element."""
        self._expect("[", mark("a list"))
        if self.peek() == "]":
            self._at += 1
            return
        index = 0
        while True:
            yield index
            index += 1
            if (match := _NEXT_ELEMENT.match(self._text, self._at)) and match.end() < len(self._text):
                self._at = match.end()
            elif self._expect(",]", mark("a comma or the end of the list")) == "]":
                return
            else:
                self.peek()

    def value(self, most: int = MAX_VALUE) -> Any:
        """Read the value at the position, if it is not longer than the limit.

        Raises:
            ValueNotHeld: it is too large or nested too deep; the walk is after it.
        """
        if len(self._text) - self._at < _AHEAD:
            self._grow()
        decode_at = self._decoder.decode_at
        self.is_ambiguous = False
        while True:
            start = self._at
            try:
                value, end = decode_at(self._text, start)
            except NotJsonConstant as error:
                name = str(error)
                raise self.error(
                    phrase("this is not JSON: `{name}` is not a JSON value", name=name), self._constant_at(name)
                ) from None
            except AmbiguousJsonError as error:
                if decode_at is decode_repeating_at:  # not a repeated key, then
                    self._pass_over()
                    raise ValueTooLargeError(str(error)) from None
                decode_at = decode_repeating_at
                self.is_ambiguous = True
                continue
            except json.JSONDecodeError as error:
                if error.pos < len(self._text) - _TAIL and not error.msg.startswith("Unterminated string"):
                    raise self._not_json(error) from None
                if len(self._text) - start > most:
                    self._pass_over()
                    raise ValueTooLargeError(phrase("it is larger than {most} MiB", most=most >> 20)) from None
                if not self._grow():
                    raise self._cut_off_or_not_json(error) from None
                continue
            except RecursionError:
                self._pass_over()
                raise ValueTooLargeError(phrase("it is nested too deeply")) from None
            except ValueError:  # Python's own limit, sys.int_info.default_max_str_digits
                self._pass_over()
                raise ValueTooLargeError(phrase("it contains a number with thousands of digits")) from None
            if end > len(self._text) - _TAIL and self._grow():  # "12" may go on as "123" or "12e5"
                continue
            self._at = end
            if self._decoder.is_doubtful(value, self._text, start, end):
                self.is_ambiguous = True
            return value

    def _not_json(self, error: json.JSONDecodeError) -> SnapshotError:
        found = self._text[error.pos : error.pos + 12]
        what = f"{error.msg[:1].lower()}{error.msg[1:]}"
        return self.error(
            phrase("this is not JSON: {error}, at `{found}`", error=what, found=visible_start(found)), error.pos
        )

    def _cut_off_or_not_json(self, error: json.JSONDecodeError) -> SnapshotError:
        if error.pos < len(self._text.rstrip()) and not error.msg.startswith("Unterminated string"):
            return self._not_json(error)
        return self.error(phrase(_CUT_OFF), len(self._text))

    def _constant_at(self, name: str) -> int:
        """Find a constant after the position of the walk, outside of strings."""
        at = self._at
        while True:
            quote = self._text.find('"', at)
            found = self._text.find(name, at, quote if quote >= 0 else len(self._text))
            if found >= 0 or quote < 0:
                return max(found, self._at)
            at = _end(_IN_STRING, self._text, quote + 1) + 1

    def skip(self) -> None:
        """Skip the value at the position."""
        try:
            self.value()
        except ValueTooLargeError:
            return

    def _pass_over(self) -> None:
        """Pass over a value of any size and depth in pieces, minding only its brackets and strings."""
        if self.peek() not in '"[{':
            self._pass_over_number()
            return
        opened = bytearray()
        while True:
            found = self._next_bracket_or_quote()
            if found == '"':
                self._pass_over_string()
            elif found in "[{":
                opened += found.encode()
                if len(opened) > _MAX_OPEN:
                    raise self.error(
                        phrase("objects and lists are nested more than {most:,} levels deep", most=_MAX_OPEN)
                    )
            elif not opened or opened.pop() != ord(_CLOSES[found]):
                raise self.error(
                    phrase("this is not JSON: `{found}` has no matching opening bracket", found=found), self._at - 1
                )
            if not opened:
                return

    def _pass_over_number(self) -> None:
        while True:
            self._at = _end(_TO_END_OF_NUMBER, self._text, self._at)
            if self._at < len(self._text) or not self._grow():
                return

    def _next_bracket_or_quote(self) -> str:
        while True:
            self._at = at = _end(_TO_BRACKET_OR_QUOTE, self._text, self._at)
            if at < len(self._text):
                self._at += 1
                return self._text[at]
            if not self._grow():
                raise self.error(phrase(_CUT_OFF))

    def _pass_over_string(self) -> None:
        while True:
            self._at = at = _end(_IN_STRING, self._text, self._at)
            if at < len(self._text) and self._text[at] == '"':
                self._at += 1
                return
            if not self._grow():  # the window ends within the string, perhaps after a backslash
                raise self.error(phrase(_CUT_OFF))
