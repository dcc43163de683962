"""All actions of all services as bits of one integer, including actions that only policies name."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from itertools import batched, pairwise
from operator import or_

from iamdesk.access.principal_index import indexes_of
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement

_TOGETHER = 16
"""Services that are looked at together: an operation on the bits of all actions takes ten times as long."""


class ActionSpace:
    """The actions of a comparison: all that AWS lists, and unlisted ones that documents name."""

    def __init__(self, documents: Iterable[Document]) -> None:
        """Assign bits to the listed actions and to the unlisted ones in ``documents``, all that are compared."""
        self._offsets: dict[str, int] = {}
        end = 0
        for service in reference().services():
            self._offsets[service] = end
            end += len(service_actions(service).actions)
        self._together = list(batched(self._offsets, _TOGETHER))
        self._starts = [self._offsets[services[0]] for services in self._together]
        self._wholes = [(1 << stop - start) - 1 for start, stop in pairwise((*self._starts, end))]
        """The bits of services that are looked at together, from the first one on."""
        self._listed_end = end
        self.listed = (1 << end) - 1
        """The bits of all actions that AWS lists."""
        self._unlisted: dict[tuple[str, str], int] = {}
        self._spelled: list[str] = []
        """The unlisted actions as spelled in the first document."""
        for document in documents:
            for statement in document.statements:
                self._add(statement)
        self.every = (1 << end + len(self._unlisted)) - 1
        """The bits of all actions."""
        self._known: dict[tuple[tuple[str, ...], bool], int] = {}
        self._of_services: dict[frozenset[str], int] = {}

    def _add(self, statement: Statement) -> None:
        for pattern in statement.actions:
            if pattern.problem is not None or pattern.service is None or "*" in pattern.text or "?" in pattern.text:
                continue
            name = pattern.text.partition(":")[2].lower()
            if reference().action(pattern.service, name) is None and (pattern.service, name) not in self._unlisted:
                self._unlisted[pattern.service, name] = len(self._unlisted)
                self._spelled.append(pattern.text)

    def covered_by(self, statement: Statement) -> int:
        """Return the actions that a statement covers (rules F1, F2)."""
        key = (tuple([pattern.text for pattern in statement.actions]), statement.not_action)
        found = self._known.get(key)
        if found is None:
            found = 0
            for pattern in statement.actions:
                if pattern.problem is not None:
                    continue
                if pattern.covers_every_service:
                    found = self.every
                    break
                if pattern.service in self._offsets:
                    bits = service_actions(str(pattern.service)).matched_by(pattern)
                    found |= bits << self._offsets[str(pattern.service)]
                for (service, name), number in self._unlisted.items():
                    if service == pattern.service and pattern.matches(service, name):
                        found |= 1 << self._listed_end + number
            found = self.every & ~found if statement.not_action else found
            self._known[key] = found
        return found

    def of_service(self, service: str, actions: int) -> int:
        """Return actions of a service, given as its own bits, as bits of the space."""
        return actions << self._offsets[service] if service in self._offsets else 0

    def of_services(self, services: frozenset[str]) -> int:
        """Return all actions of some services."""
        found = self._of_services.get(services)
        if found is None:
            found = reduce(or_, (self.of_service(one, service_actions(one).every) for one in services), 0)
            self._of_services[services] = found
        return found

    def together(self, bits: int) -> Iterator[tuple[int, tuple[str, ...], int]]:
        """Yield the listed actions among some by services that are looked at together (`each_of`), in their order.

        First: the position of their first bit in the space.
        """
        left = bits & self.listed
        while left:  # skip services without actions: most sets have few services
            place = bisect_right(self._starts, (left & -left).bit_length() - 1) - 1
            start = self._starts[place]
            near = left >> start & self._wholes[place]
            left ^= near << start
            yield start, self._together[place], near

    def by_service(self, bits: int) -> Iterator[tuple[str, int]]:
        """Yield (service, its own bits) for the listed actions among some, in order of the services."""
        for _, services, near in self.together(bits):
            for _, service, own in each_of(services, near):
                yield service, own

    def unlisted(self, bits: int) -> Iterator[tuple[str, int]]:
        """Yield (name, bit) for the unlisted actions among some."""
        for position in indexes_of(bits >> self._listed_end):
            yield self._spelled[position], 1 << self._listed_end + position

    def name(self, bit: int) -> str:
        """Return the name of one action by its bit (a power of two)."""
        for name, _ in self.unlisted(bit):
            return name
        service, own = next(self.by_service(bit))
        return service_actions(service).full_names[own.bit_length() - 1]

    def names(self, bits: int) -> tuple[str, ...]:
        """Return the names of some actions, with ``s3:*`` for all actions of a service and ``*`` for all actions."""
        return _names(self, bits)


@lru_cache(maxsize=1 << 12)
def each_of(services: tuple[str, ...], near: int) -> Sequence[tuple[int, str, int]]:
    """Return (position, service, its own bits) for actions of services whose bits follow each other."""
    found: list[tuple[int, str, int]] = []
    position = 0
    for service in services:
        every = service_actions(service).every
        if own := near >> position & every:
            found.append((position, service, own))
        position += every.bit_length()
    return found


@lru_cache(maxsize=1 << 10)
def _names(space: ActionSpace, bits: int) -> tuple[str, ...]:
    if bits & space.listed == space.listed:
        return ("*",)
    found: list[str] = []
    for service, own in space.by_service(bits):
        found += _names_in(service, own)
    found += [name for name, _ in space.unlisted(bits)]
    return tuple(found)


@lru_cache(maxsize=1 << 12)
def _names_in(service: str, own: int) -> Sequence[str]:
    actions = service_actions(service)
    if own == actions.every and len(actions.actions) > 1:
        return (f"{service}:*",)
    return tuple([actions.full_names[position] for position in indexes_of(own)])
