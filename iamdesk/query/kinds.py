"""Resources that statements name, sorted into kinds: of one kind are those about which every question is alike.

Most statements name a function, a table or a bucket of which the snapshot holds nothing. What an answer reads of such
an ARN is all but the name: the service, the Region, the account, the words that tell the resource type. So thousands of
names are a few kinds, and one of each is asked about. Any other text is a kind of its own.
"""

import re
from collections.abc import Callable
from functools import cache

from iamdesk.index.actions import reference
from iamdesk.policy.resources import ResourcePattern
from iamdesk.query.grounds import FRESH
from iamdesk.query.population import Population

_OF_NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
_WORD = re.compile(f"[{re.escape(_OF_NAMES)}]+")
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_BELOW = "/*"
_ACCOUNT = r"\d{12}"
_EDGE = "\0"
_OTHER = -1
"""Stands for kinds of one text each."""


@cache
def _telling(service: str) -> tuple[frozenset[str], Callable[[str], object] | None]:
    """Return the words that are more than a name in ARNs of a service, and what finds parts of a name that are.

    INVARIANT: a template fits, and a fresh resource is named, by its words between what is no part of a name; where a
    word stands beside a placeholder, by a part of what stands there. A name that is no such word and holds no such part
    can stand in a placeholder alone, whatever else it is.
    """
    words, parts = {FRESH}, set[str]()
    for name in reference().resource_types_of_arn(service, "*"):
        listed = reference().resource_type(service, name)
        if listed is None:
            continue
        resource = listed.arn.split(":", 5)[-1]
        edged = _PLACEHOLDER.sub(_EDGE, resource)
        for found in _WORD.finditer(edged):
            is_beside = _EDGE in edged[max(found.start() - 1, 0) : found.end() + 1]
            (parts if is_beside else words).add(re.escape(found[0]) if is_beside else found[0])
        for placeholder in _PLACEHOLDER.findall(resource):
            parts.update([_ACCOUNT] if "Account" in placeholder else ["aws"] if placeholder == "Partition" else [])
            parts.update([re.escape(service)] if placeholder == "Vendor" else [])
    return frozenset(words), re.compile("|".join(sorted(parts))).search if parts else None


class Kinds:
    """The kinds of resources that one service may act on, by number."""

    def __init__(self, service: str, population: Population) -> None:
        self.samples: list[ResourcePattern] = []
        """By kind: an entry that names such a resource."""
        self.written_out: set[int] = set()
        """Those that are told by all but a name: no such resource is a fresh one."""
        self.patterns: set[int] = set()
        """Those whose entries name more than one resource."""
        self._population = population
        self._words, self._finds = _telling(service)
        self._by_head: dict[str, int] = {}
        self._by_text: dict[str, int] = {}
        self._of_principals: set[int] = set()
        """Kinds of which users, roles and groups are, but those of the snapshot."""

    def of(self, entries: tuple[ResourcePattern, ...]) -> set[int]:
        """Return the kinds of some entries, none of which holds variables."""
        found: set[int] = set()
        by_head, words, finds, careful = self._by_head, self._words, self._finds, self._of_principals
        for entry in entries:
            # A hundred thousand texts come this way.
            text = entry.text
            key = head = text.rstrip(_OF_NAMES)
            name = text[len(head) :]
            if not name and text.endswith(_BELOW):
                head = text[:-2].rstrip(_OF_NAMES)
                name, key = text[len(head) : -2], head + _BELOW
            number = by_head.get(key)
            if number is None:
                number = by_head[key] = self._find(entry, head) if name else _OTHER
            is_word = not name or name in words or (finds is not None and finds(name))
            if number == _OTHER or is_word or (number in careful and text in self._population.index.positions):
                number = self._of_text(entry)
            found.add(number)
        return found

    def _of_text(self, entry: ResourcePattern) -> int:
        number = self._by_text.get(entry.text)
        if number is None:
            number = self._by_text[entry.text] = self._new(entry, is_written_out=False)
        return number

    def _find(self, entry: ResourcePattern, head: str) -> int:
        """Return the kind of resources that differ by their name after a head alone; other where more may differ."""
        parts = head.split(":", 5)
        if len(parts) < 6 or "*" in head or "?" in head or entry.problem is not None:
            return _OTHER
        service, account = parts[2].lower(), parts[4]
        if self._population.may_know(service) or (service == "s3" and account):  # access points are in condition keys
            return _OTHER
        number = self._new(entry, is_written_out=True)
        if service == "iam":
            self._of_principals.add(number)
        return number

    def _new(self, entry: ResourcePattern, *, is_written_out: bool) -> int:
        number = len(self.samples)
        self.samples.append(entry)
        if is_written_out:
            self.written_out.add(number)
        if "*" in entry.text or "?" in entry.text:
            self.patterns.add(number)
        return number
