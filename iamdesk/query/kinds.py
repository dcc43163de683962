"""Resources that statements name, sorted into kinds: of one kind are those about which every question is alike.

Most statements name a function, a table or a bucket of which the snapshot holds nothing. What an answer reads of such
an ARN is all but the name: the service, the Region, the account, the words that tell the resource type. So thousands of
names are a few kinds, and one of each is asked about. What the snapshot holds something of is a kind of its own.
"""

import re
from collections.abc import Hashable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from iamdesk.evaluate.resource_policy_services import facts_of
from iamdesk.evaluate.services import POSSIBLE_ON_AWS_ROLES
from iamdesk.evaluate.target import log_group
from iamdesk.index.action_bits import service_actions
from iamdesk.index.actions import reference
from iamdesk.policy.arn import Arn
from iamdesk.policy.resources import ResourcePattern
from iamdesk.policy.statement import Statement
from iamdesk.query.grounds import FRESH, fresh_resources
from iamdesk.query.outlines import BELOW, OF_NAMES, Outlines, Telling
from iamdesk.query.population import Population

_WORD = re.compile(f"[{re.escape(OF_NAMES)}]+")
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_EDGE = "\0"
_ANY = "\0"
_OF_LISTS = frozenset({"arn:aws:s3:::*"})
"""Resources that some actions without resource take for ``*`` (SEMANTICS F6)."""
_DIGITS_OF_ACCOUNT = 12
_AT_ONCE, _FEW = 2048, 16
"""So many statements are read together; so few are read one by one."""
_NEW, _OTHER = -2, -1
"""Stand for heads not seen before, and for those with which each text has to be looked at."""


@cache
def _telling(service: str) -> tuple[Telling, Outlines]:
    """Return what is more than a name in ARNs of a service.

    INVARIANT: a template fits, and a fresh resource is named, by its words between what is no part of a name; where a
    word stands beside a placeholder, by a part of what stands there. A name that is no such word and holds no such part
    can stand in a placeholder alone, whatever else it is.
    """
    words, parts, digits = {FRESH}, set[str](), 0
    for name in reference().resource_types_of_arn(service, "*"):
        listed = reference().resource_type(service, name)
        if listed is None:
            continue
        resource = listed.arn.split(":", 5)[-1]
        edged = _PLACEHOLDER.sub(_EDGE, resource)
        for found in _WORD.finditer(edged):
            is_beside = _EDGE in edged[max(found.start() - 1, 0) : found.end() + 1]
            (parts if is_beside else words).add(found[0])
        for placeholder in _PLACEHOLDER.findall(resource):
            if "Account" in placeholder:
                digits = _DIGITS_OF_ACCOUNT
            elif placeholder == "Partition":
                parts.add("aws")
            elif placeholder == "Vendor":
                parts.add(service)
    telling = Telling(frozenset(words), frozenset(parts), digits)
    return telling, Outlines(telling)


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


class Naming(NamedTuple):
    """What the resources are that a statement names."""

    kinds: frozenset[int]
    may_be_fresh: bool
    """Whether one of them may be a fresh one: it is not told from those by all but its name."""
    has_patterns: bool
    """Whether an entry names more than one resource."""
    has_keys: bool
    """Whether an entry holds variables: nothing else is right then."""


class _Alike(NamedTuple):
    """What is known of an outline."""

    naming: Naming
    is_of_principals: bool
    """Whether one of its kinds is of users, roles or groups that the snapshot does not hold."""


class Kinds:
    """The kinds of resources that one service may act on, by number."""

    def __init__(self, service: str, population: Population) -> None:
        self.samples: list[ResourcePattern] = []
        """By kind: an entry that names such a resource."""
        self._written_out: set[int] = set()
        """Those that are told by all but a name: no such resource is a fresh one."""
        self._patterns: set[int] = set()
        """Those whose entries name more than one resource."""
        self._population = population
        self._positions = population.index.positions
        self._telling, self._outlines = _telling(service)
        self._finds = self._telling.searcher()
        self._by_outline: dict[str, _Alike] = {}
        """Not among them: those of which each text has to be looked at."""
        self._by_line: dict[str, int] = {}
        """By outline of a single text."""
        self._namings: dict[tuple[frozenset[int], bool], Naming] = {}
        self._by_head: dict[str, int] = {}
        self._by_text: dict[str, int] = {}
        self._by_likeness: dict[tuple[Hashable, ...], int] = {}
        self._service = service
        self._openings = _fresh_openings(service)
        self._of_principals: set[int] = set()
        """Kinds of which users, roles and groups are, but those of the snapshot."""

    def of(self, statements: Sequence[Statement]) -> Iterator[Naming]:
        """Yield what the resources are that some statements name."""
        known, names_principal = self._by_outline, self._positions.keys()
        for start in range(0, len(statements), _AT_ONCE):
            chunk = statements[start : start + _AT_ONCE]
            if len(chunk) < _FEW:
                yield from [self._read(statement, ())[0] for statement in chunk]
                continue
            texts = [statement.resource_texts() for statement in chunk]
            for outline, statement, of_statement in zip(self._outlines.of(texts), chunk, texts, strict=True):
                alike = known.get(outline)
                if alike is not None and (not alike.is_of_principals or names_principal.isdisjoint(of_statement)):
                    yield alike.naming
                    continue
                naming, lasts = self._read(statement, self._outlines.lines(outline))
                if lasts:
                    known[outline] = _Alike(naming, not self._of_principals.isdisjoint(naming.kinds))
                yield naming

    def _read(self, statement: Statement, lines: Sequence[str]) -> tuple[Naming, bool]:
        """Return what a statement names, and whether all of the same outline do that name no principal.

        ``lines`` are the outlines of its texts, where they are known.
        """
        entries = statement.resources or ()
        found: set[int] = set()
        has_keys, lasts = False, True
        for entry, line in zip(entries, lines if len(lines) == len(entries) else [""] * len(entries), strict=True):
            number = self._by_line.get(line)
            if number is None or (number in self._of_principals and entry.text in self._positions):
                number, is_of_outline = self._kind(entry)
                has_keys = has_keys or bool(entry.keys)
                lasts = lasts and is_of_outline
                if line and is_of_outline:
                    self._by_line[line] = number
            found.add(number)
        kinds = frozenset(found)
        naming = self._namings.get((kinds, has_keys))
        if naming is None:
            may_be_fresh, has_patterns = not kinds <= self._written_out, not kinds.isdisjoint(self._patterns)
            naming = self._namings[kinds, has_keys] = Naming(kinds, may_be_fresh, has_patterns, has_keys)
        return naming, lasts

    def _kind(self, entry: ResourcePattern) -> tuple[int, bool]:
        """Return the kind of an entry, and whether its outline tells it: of those that name no principal."""
        text = entry.text
        key = head = text.rstrip(OF_NAMES)
        name = text[len(head) :]
        if not name and text.endswith(BELOW):
            head = text[: -len(BELOW)].rstrip(OF_NAMES)
            name, key = text[len(head) : -len(BELOW)], head + BELOW
        if not name or name in self._telling.words or (self._finds is not None and self._finds(name)):
            return self._of_text(entry), "${" not in text  # it is whole in its outline
        number = self._by_head.get(key, _NEW)
        if number == _NEW:
            number = self._by_head[key] = self._find(entry, head)
        if number == _OTHER or (number in self._of_principals and text in self._positions):
            return self._of_text(entry), False
        return number, "${" not in text

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
        arn = Arn(*parts[1:])
        is_own_setting = (service == "s3" and account) or (service == "iam" and resource.startswith("user/"))
        if is_own_setting or not resource or text in _OF_LISTS or self._population.knows(arn):
            return alone
        opening = resource.partition("*")[0].partition("?")[0]
        is_pattern = len(opening) < len(resource)
        may_cross = any(part.endswith("*") for part in parts[:5])
        named = log_group(arn) if self._service == "logs" else None
        openings, going_on = self._openings
        return (
            may_cross or opening in openings or opening.startswith(going_on),
            *parts[:5],
            is_pattern,
            resource.startswith("key/"),
            tuple([resource.startswith(f"role{path}") for path in POSSIBLE_ON_AWS_ROLES]),
            facts_of(self._service).reserved_prefix(resource),
            reference().resource_types_of_arn(self._service, text),
            None if named is None else named.for_tags == arn,
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
            self._written_out.add(number)
        if "*" in entry.text or "?" in entry.text:
            self._patterns.add(number)
        return number
