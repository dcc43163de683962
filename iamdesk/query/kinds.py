"""Resources that statements name, sorted into kinds: of one kind are those about which every question is alike.

Most statements name a function, a table or a bucket of which the snapshot holds nothing. What an answer reads of such
an ARN is all but the name: the service, the Region, the account, the words that tell the resource type. So thousands of
names are a few kinds, and one of each is asked about. What the snapshot holds something of is a kind of its own.
"""

import re
from collections.abc import Callable, Hashable
from functools import cache

from iamdesk.evaluate.services import OWNED_BY_AWS
from iamdesk.index.action_bits import service_actions
from iamdesk.index.actions import reference
from iamdesk.policy.arn import Arn
from iamdesk.policy.resources import ResourcePattern
from iamdesk.query.grounds import FRESH, fresh_resources
from iamdesk.query.population import Population

_OF_NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
_WORD = re.compile(f"[{re.escape(_OF_NAMES)}]+")
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_BELOW = "/*"
_ACCOUNT = r"\d{12}"
_EDGE = "\0"
_ANY = "\0"
_OF_LISTS = frozenset({"arn:aws:s3:::*"})
"""Resources that some actions without resource take for ``*`` (SEMANTICS F6)."""
_NEW, _OTHER = -2, -1
"""Stand for heads not seen before, and for those with which each text has to be looked at."""


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


@cache
def _fresh_openings(service: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return all that the names of fresh resources of a service begin with.

    And the beginnings of those that go on with the account or the partition.
    """
    found, going_on = {""}, set[str]()
    for name in service_actions(service).by_type:
        for resource in fresh_resources(service, name, _ANY, _ANY):
            part, goes_on, _ = resource.split(":", 5)[5].partition(_ANY)
            found.update(part[:length] for length in range(1, len(part) + 1))
            if goes_on:
                going_on.add(part)
    return frozenset(found), tuple(going_on)


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
        self._by_likeness: dict[tuple[Hashable, ...], int] = {}
        self._service = service
        self._openings = _fresh_openings(service)
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
            number = _OTHER
            if name and name not in words and (finds is None or not finds(name)):
                number = by_head.get(key, _NEW)
                if number == _NEW:
                    number = by_head[key] = self._find(entry, head)
            if number == _OTHER or (number in careful and text in self._population.index.positions):
                number = self._of_text(entry)
            found.add(number)
        return found

    def _of_text(self, entry: ResourcePattern) -> int:
        number = self._by_text.get(entry.text)
        if number is None:
            likeness = self._likeness(entry)
            number = self._by_likeness.get(likeness)
            if number is None:
                number = self._by_likeness[likeness] = self._new(entry, is_written_out=likeness[0] is False)
            self._by_text[entry.text] = number
        return number

    def _likeness(self, entry: ResourcePattern) -> tuple[Hashable, ...]:
        """Return all that a question about a resource reads of a text that names it.

        First stands whether it may be a fresh resource; None where it is asked about by itself.
        """
        text = entry.text
        parts = text.split(":", 5)
        alone = (None, text)
        if len(parts) < 6 or entry.problem is not None or "*" in parts[1] or "?" in parts[1]:
            return alone
        _, _, service, _, account, resource = parts
        is_own_setting = (service == "s3" and account) or (service == "iam" and resource.startswith("user/"))
        if is_own_setting or not resource or text in _OF_LISTS or self._population.knows(Arn(*parts[1:])):
            return alone
        opening = resource.partition("*")[0].partition("?")[0]
        is_pattern = len(opening) < len(resource)
        may_cross = any(part.endswith("*") for part in parts[:5])
        openings, going_on = self._openings
        return (
            may_cross or opening in openings or opening.startswith(going_on),
            *parts[:5],
            is_pattern,
            resource.startswith("key/"),
            resource.startswith(tuple(f"role{path}" for path in OWNED_BY_AWS)),
            reference().resource_types_of_arn(self._service, text),
        )

    def _find(self, entry: ResourcePattern, head: str) -> int:
        """Return the kind of resources that differ by their name after a head alone; other where more may differ."""
        parts = head.split(":", 5)
        if len(parts) < 6 or "*" in head or "?" in head or entry.problem is not None:
            return _OTHER
        service, account = parts[2].lower(), parts[4]
        if self._population.may_know(service) or (service == "s3" and account):  # access points are in condition keys
            return _OTHER
        likeness = self._likeness(entry)
        if likeness[0] is None:
            return _OTHER
        number = self._by_likeness.setdefault((False, *likeness[1:]), len(self.samples))
        if number == len(self.samples):
            self._new(entry, is_written_out=True)
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
