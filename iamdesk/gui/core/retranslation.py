"""Translates English sentences from a file or another process, by matching them with the catalog's templates.

A sentence that was created by ``phrase`` elsewhere has lost its arguments. They are recovered by the templates in the
catalog of the current language; a sentence that matches none stays English.
"""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from string import Formatter

from iamdesk.i18n import ENGLISH, chosen, join_messages, nphrase, phrase, translate
from iamdesk.resource_files import resources

_MIN_LETTERS = 6
"""A template with fewer letters of its own (``{key} is {value}``) would match too much."""
_DEEPEST = 4
_LONGEST = 4_000
"""Maximum length of a sentence, in characters; longer ones would take long."""
_LONGEST_NAMES = 400
_NUMBER = re.compile(r"\d[\d,]*")
_NAMES = re.compile(r"((?:\S+, )*\S+) and (\S+)")


@dataclass(frozen=True)
class _Template:
    """One text of a catalog with placeholders, in one of its forms."""

    text: str
    singular: str
    plural: str

    @cached_property
    def parts(self) -> tuple[tuple[str, str, str], ...]:
        """(text before, name, format) of each placeholder; the text after the last one has no name."""
        found: list[tuple[str, str, str]] = []
        before = ""
        for text, name, spec, _ in Formatter().parse(self.text):
            before += text
            if name:  # None after an escaped brace
                found.append((before, name, spec or ""))
                before = ""
        return (*found, (before, "", ""))

    @cached_property
    def letters(self) -> int:
        """The number of letters of its own."""
        return sum(letter.isalpha() for before, _, _ in self.parts for letter in before)

    @cached_property
    def longest(self) -> str:
        """Its longest literal part: a text without it need not be tried."""
        return max((before for before, _, _ in self.parts), key=len)

    def message(self, text: str, depth: int) -> str | None:
        """Return the text as a message of this template; None if it does not match."""
        if self.longest not in text:
            return None
        for search in (str.find, str.rfind):
            values = self._values(text, search, depth)
            if values is None:
                continue
            count = values.get("count")
            if self.singular == self.plural:
                message = phrase(self.text, **values)
            elif isinstance(count, int):
                message = nphrase(
                    self.singular, self.plural, count, **{name: values[name] for name in values if name != "count"}
                )
            else:
                continue
            if message == text:
                return message
        return None

    def _values(self, text: str, search: Callable[[str, str, int], int], depth: int) -> dict[str, object] | None:
        """Return the values of the placeholders, each up to the literal that follows; None if there is no match.

        There is no backtracking: the text may come from anyone, and be as long as a file.
        """
        values: dict[str, object] = {}
        start = len(self.parts[0][0])
        if not text.startswith(self.parts[0][0]):
            return None
        for number, (_, name, spec) in enumerate(self.parts):
            if not name:
                break
            behind = self.parts[number + 1][0]
            if number + 2 == len(self.parts):
                end = len(text) - len(behind) if text.endswith(behind) else -1
            else:
                end = search(text, behind, start + 1) if behind else -1
            if end <= start:
                return None
            value: object = text[start:end]
            if spec or name == "count":
                if _NUMBER.fullmatch(text[start:end]) is None:
                    return None
                value = int(text[start:end].replace(",", ""))
            else:
                value = _again(text[start:end], depth + 1)
            if values.setdefault(name, value) != value:
                return None
            start = end + len(behind)
        return values


def translate_english(text: str) -> str:
    """Return an English sentence in the language of the window; unchanged if no template matches."""
    return text if chosen() == ENGLISH else _translated(text, chosen())


@lru_cache(maxsize=1 << 12)
def _translated(text: str, _language: str) -> str:
    return translate(_again(text, 0))


def _again(text: str, depth: int) -> str:
    if depth > _DEEPEST or len(text) > _LONGEST or not any(letter.isalpha() for letter in text):
        return text
    whole, templates = _texts(chosen())
    if text in whole and (depth == 0 or " " in text):  # a single word within a sentence is a name
        return phrase(text)
    for template in templates:
        if (message := template.message(text, depth)) is not None:
            return message
    names = _NAMES.fullmatch(text) if depth and len(text) <= _LONGEST_NAMES else None
    return join_messages(phrase(" and "), names.groups()) if names is not None else text


@lru_cache(maxsize=2)
def _texts(language: str) -> tuple[frozenset[str], tuple[_Template, ...]]:
    """Return the texts of a catalog without placeholders, and those with some, most specific first."""
    path = resources() / "translations" / language / "iamdesk.mo"
    if not path.is_file():
        return frozenset(), ()
    whole: set[str] = set()
    templates = []
    for singular, plural in originals(path):
        if "{" not in singular:
            whole.add(singular)
            continue
        for form in dict.fromkeys((singular, plural)):
            template = _Template(form, singular, plural)
            if template.letters >= _MIN_LETTERS:
                templates.append(template)
    templates.sort(key=lambda one: -one.letters)
    return frozenset(whole), tuple(templates)


def originals(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the English texts of a compiled catalog, each with its plural (or itself)."""
    content = path.read_bytes()
    order = "<" if content[:4] == b"\xde\x12\x04\x95" else ">"
    count, table = struct.unpack(f"{order}II", content[8:16])
    for number in range(count):
        length, place = struct.unpack_from(f"{order}II", content, table + 8 * number)
        singular, _, plural = content[place : place + length].decode().partition("\0")
        if singular:
            yield singular, plural or singular
