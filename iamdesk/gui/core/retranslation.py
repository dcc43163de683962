"""English sentences that come from elsewhere, a file or another process: found again, so that they can be shown.

What was said there by ``phrase`` has lost what it was made of. It is read again by the texts of the catalogue of the
chosen language; what fits none of them stays English.
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

_FEWEST_LETTERS = 6
"""A text of fewer letters of its own (``{key} is {value}``) would fit what it never said."""
_DEEPEST = 4
_LONGEST = 4_000
"""Characters: longer is no sentence of ours, and would take long."""
_LONGEST_NAMES = 400
_NUMBER = re.compile(r"\d[\d,]*")
_NAMES = re.compile(r"((?:\S+, )*\S+) and (\S+)")


@dataclass(frozen=True)
class _Template:
    """One text of a catalogue that takes values, in one of its forms."""

    text: str
    singular: str
    plural: str

    @cached_property
    def parts(self) -> tuple[tuple[str, str, str], ...]:
        """(what stands before, name, format) of each value; what stands behind the last has no name."""
        found: list[tuple[str, str, str]] = []
        before = ""
        for text, name, spec, _ in Formatter().parse(self.text):
            before += text
            if name:  # none after a brace that is meant as one
                found.append((before, name, spec or ""))
                before = ""
        return (*found, (before, "", ""))

    @cached_property
    def letters(self) -> int:
        """How many letters are the text's own."""
        return sum(letter.isalpha() for before, _, _ in self.parts for letter in before)

    @cached_property
    def longest(self) -> str:
        """The longest stretch of its own: where that is missing, it need not be tried."""
        return max((before for before, _, _ in self.parts), key=len)

    def said(self, text: str, depth: int) -> str | None:
        """Return the text as it was said by this template; None where it was not."""
        if self.longest not in text:
            return None
        for search in (str.find, str.rfind):
            values = self._values(text, search, depth)
            if values is None:
                continue
            count = values.get("count")
            if self.singular == self.plural:
                said = phrase(self.text, **values)
            elif isinstance(count, int):
                said = nphrase(
                    self.singular, self.plural, count, **{name: values[name] for name in values if name != "count"}
                )
            else:
                continue
            if said == text:
                return said
        return None

    def _values(self, text: str, search: Callable[[str, str, int], int], depth: int) -> dict[str, object] | None:
        """Return what stands in the place of each value, cut where what follows it is found; None where it is not.

        Nothing is tried twice: the text may be anybody's, and as long as a file.
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
    """Return an English text that was said elsewhere in the language of the window; what is not found, as it is."""
    return text if chosen() == ENGLISH else _retold(text, chosen())


@lru_cache(maxsize=1 << 12)
def _retold(text: str, _language: str) -> str:
    return translate(_again(text, 0))


def _again(text: str, depth: int) -> str:
    if depth > _DEEPEST or len(text) > _LONGEST or not any(letter.isalpha() for letter in text):
        return text
    whole, templates = _texts(chosen())
    if text in whole and (depth == 0 or " " in text):  # a single word within a sentence is somebody's name
        return phrase(text)
    for template in templates:
        if (said := template.said(text, depth)) is not None:
            return said
    names = _NAMES.fullmatch(text) if depth and len(text) <= _LONGEST_NAMES else None
    return join_messages(phrase(" and "), names.groups()) if names is not None else text


@lru_cache(maxsize=2)
def _texts(language: str) -> tuple[frozenset[str], tuple[_Template, ...]]:
    """Return the texts of a catalogue without values, and those with some: what says most of its own comes first."""
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
            if template.letters >= _FEWEST_LETTERS:
                templates.append(template)
    templates.sort(key=lambda one: -one.letters)
    return frozenset(whole), tuple(templates)


def originals(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the English texts of a compiled catalogue, each with its plural (or again itself)."""
    content = path.read_bytes()
    order = "<" if content[:4] == b"\xde\x12\x04\x95" else ">"
    count, table = struct.unpack(f"{order}II", content[8:16])
    for number in range(count):
        length, place = struct.unpack_from(f"{order}II", content, table + 8 * number)
        singular, _, plural = content[place : place + length].decode().partition("\0")
        if singular:
            yield singular, plural or singular
