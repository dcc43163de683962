"""The statements of each principal, and the statements that cover an action: the index for many principals.

Subjects (users, roles, groups) are bits of an integer, so that "who has any of these" takes a few machine words however
many principals there are. Each distinct document is held once.
"""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from operator import is_

from iamdesk.inventory.policy_index import PolicyIndex
from iamdesk.memory import gc_paused
from iamdesk.policy.action_patterns import ActionPattern, same_services
from iamdesk.policy.arn import Arn
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress

_CHECK_EVERY = 64
_SERVICE = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
_OPENING = re.compile(r"(?:[^*?$]|\$(?!\{))*", re.DOTALL)
"""The text of a resource part before the first wildcard or variable."""


@dataclass(frozen=True, slots=True, eq=False)
class ActionStatements:
    """The statements that cover one action, without broken ones (rule L5)."""

    statements: Mapping[int, tuple[Statement, ...]]
    """By the index of their document."""
    places: frozenset[int]
    """The indexes of the statements."""
    anywhere: tuple[int, ...]
    """Those of them that match every resource, in order."""
    loose: tuple[int, ...]
    """Those whose resources must be compared with every resource: exceptions, short ARNs."""


class StatementIndex:
    """Every distinct document of the users, roles and groups of a snapshot, with its principals."""

    subjects: tuple[str, ...]
    """ARNs: account by account the root user, the users and the roles; then all groups. The index is the bit."""
    roots: frozenset[str]
    """The ARNs of the root users, which have no policies."""
    positions: Mapping[str, int]
    """Index by ARN; if two entries have one ARN, the snapshot's last one counts."""
    principals: int
    """Number of subjects that are not groups: they come first."""
    documents: tuple[Document, ...]
    """Each once; the index is the document's number."""
    carriers: tuple[int, ...]
    """By document: the subjects that it applies to, as bits, including through a user's groups."""
    bounded: tuple[int, ...]
    """By document: the principals whose permissions boundary it is, as bits."""
    carried: tuple[tuple[int, ...], ...]
    """By subject: the numbers of its documents, in the snapshot's order, as often as it has them."""
    boundaries: tuple[tuple[int, ...] | None, ...]
    """By subject: the number of its boundary's document; none where that is missing; None without a boundary."""

    def __init__(
        self, policies: PolicyIndex, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> None:
        """Read every policy.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        accounts = policies.snapshot.accounts
        roots = [f"arn:{account.partition}:iam::{account.account_id}:root" for account in accounts]
        self.roots = frozenset(roots)
        arns = (
            [root, *(user.arn for user in account.users), *(role.arn for role in account.roles)]
            for root, account in zip(roots, accounts, strict=True)
        )
        principals = tuple(dict.fromkeys(chain.from_iterable(arns)))
        groups = (group.arn for account in accounts for group in account.groups)
        self.subjects = tuple(dict.fromkeys((*principals, *groups)))
        self.principals = len(principals)
        self.positions = {arn: position for position, arn in enumerate(self.subjects)}
        with gc_paused():
            self._read(policies, progress, cancelled)
            self._number()
        self._covering: dict[tuple[str, str], ActionStatements] = {}
        self._lengths: dict[str, tuple[int, ...]] = {}
        """By service: the lengths of openings."""
        self._last_tuple: dict[int, tuple[Statement, ...]] = {}
        self._arn_services: dict[int, frozenset[str] | None] = {}
        self._excepted: dict[int, frozenset[str] | None] = {}
        self._lock = threading.RLock()

    def _read(self, policies: PolicyIndex, progress: Progress, cancelled: Cancelled) -> None:
        numbers: dict[Document, int] = {}
        carriers: list[int] = []
        bounded: list[int] = []
        carried: list[tuple[int, ...]] = []
        boundaries: list[tuple[int, ...] | None] = []

        def number_of(document: Document) -> int:
            number = numbers.setdefault(document, len(numbers))
            if number == len(carriers):
                carriers.append(0)
                bounded.append(0)
            return number

        for position, arn in enumerate(self.subjects):
            if position % _CHECK_EVERY == 0:
                if cancelled():
                    raise WorkCancelled
                progress(position, len(self.subjects))
            if arn in self.roots:
                carried.append(())
                boundaries.append(None)
                continue
            held = policies.carried(arn)
            bit = 1 << position
            own = tuple([number_of(policy.document) for policy in held.identity])
            for number in own:
                carriers[number] |= bit
            carried.append(own)
            if held.boundary is not None:
                number = number_of(held.boundary.document)
                bounded[number] |= bit
                boundaries.append((number,))
            else:
                boundaries.append(() if held.has_boundary else None)
        progress(len(self.subjects), len(self.subjects))
        self.documents = tuple(numbers)
        self.carriers, self.bounded = tuple(carriers), tuple(bounded)
        self.carried, self.boundaries = tuple(carried), tuple(boundaries)

    def _number(self) -> None:
        """Number the statements. Their actions and resources are indexed on first use."""
        self._statements: list[Statement] = []
        self._first_of: list[int] = []
        self._document_of: list[int] = []
        self._negated: list[int] = []
        self._of_services: dict[frozenset[str] | None, list[int]] = {}
        """Statements by the services in their actions; None: every service."""
        self._by_service: dict[str | None, dict[ActionPattern, list[int]]] = {}
        """By service and entry, for the services looked up so far; under None the entries for every service."""
        for number, document in enumerate(self.documents):
            self._first_of.append(len(self._statements))
            for statement in document.statements:
                if statement.broken is not None:
                    continue
                place = len(self._statements)
                self._statements.append(statement)
                self._document_of.append(number)
                if statement.not_action:
                    self._negated.append(place)
                else:
                    self._of_services.setdefault(statement.services, []).append(place)
        self._anywhere: set[int] = set()
        self._loose: set[int] = set()
        self._crossing: set[int] = set()
        self._by_opening: dict[str, dict[str, int | list[int]]] = {}
        """By service and opening: a statement, or all of them if several have it; most openings have one."""
        self._openings_of: dict[int, tuple[tuple[str, str, bool], ...]] = {}
        self._is_sorted = bytearray(len(self._statements))
        """By statement: whether its resources are indexed above."""

    def _entries(self, service: str | None) -> Mapping[ActionPattern, list[int]]:
        """Return the entries for a service (or for every service) with the statements that have them."""
        found = self._by_service.get(service)
        if found is None:
            by_actions: dict[tuple[ActionPattern, ...], list[int]] = {}
            for services, places in self._of_services.items():
                if services is None or service in services:
                    for place in places:  # thousands of statements have the same list
                        by_actions.setdefault(self._statements[place].actions, []).append(place)
            found = {}
            for actions, places in by_actions.items():
                for pattern in actions:
                    if pattern.service == service and pattern.problem is None:
                        found.setdefault(pattern, []).extend(places)
            self._by_service[service] = found
        return found

    def _sort_resources(self, places: Iterable[int]) -> None:
        """Index statements by their resources, those that are not yet."""
        with self._lock:
            for place in places:
                if not self._is_sorted[place]:
                    self._sort_one(place, self._statements[place])
                    self._is_sorted[place] = True

    def _sort_one(self, place: int, statement: Statement) -> None:
        """Index a statement by the literal text with which its resources begin, after the account."""
        if statement.not_resource or statement.resources is None:
            self._loose.add(place)
            return
        for entry in statement.resources:
            if entry.is_everything:
                self._anywhere.add(place)
                return
        openings: list[tuple[str, str, bool]] = []
        can_any_cross = False
        for entry in statement.resources:
            if entry.problem is not None:
                continue
            text = entry.text
            parts = text.split(":", 5)
            if len(parts) < 6:
                self._loose.add(place)
                return
            opening = _OPENING.match(parts[5])[0]  # type: ignore[index]  # it matches every text
            can_cross = "*:" in text and any(part.endswith("*") for part in parts[:5])
            openings.append((parts[2].lower(), opening, can_cross))
            can_any_cross = can_any_cross or can_cross
        if can_any_cross:
            self._crossing.add(place)
        for service, opening, _ in openings:
            of_service = self._by_opening.setdefault(service, {})
            known = of_service.get(opening)
            if known is None:
                of_service[opening] = place
                self._lengths.pop(service, None)
            elif isinstance(known, int):
                of_service[opening] = [known, place]
            else:
                known.append(place)
        self._openings_of[place] = tuple(openings)

    def of_service(self, service: str) -> list[int]:
        """Return the indexes of the statements that can cover actions of a service, in order."""
        found = list(self._negated)
        for services, places in self._of_services.items():
            if services is None or service in services:
                found += places
        return sorted(found)

    def statement(self, place: int) -> tuple[int, Statement]:
        """Return a statement by its index, with the number of its document."""
        return self._document_of[place], self._statements[place]

    def of_document(self, number: int) -> Iterator[tuple[int, Statement]]:
        """Yield (index of the statement, statement) for the statements of a document, without the broken ones."""
        following = self._first_of[number + 1] if number + 1 < len(self._first_of) else len(self._statements)
        for place in range(self._first_of[number], following):
            yield place, self._statements[place]

    def arn_services(self, place: int) -> frozenset[str] | None:
        """Return the services in the ARNs of a statement's resources; None where they can be any."""
        if place not in self._arn_services:
            self._arn_services[place] = _arn_services(self._statements[place])
        return self._arn_services[place]

    def names_every_resource(self, place: int) -> bool:
        """Return whether a statement matches every resource, including ``*``."""
        if not self._is_sorted[place]:
            self._sort_resources((place,))
        return place in self._anywhere

    def is_for_all_of(self, place: int, services: frozenset[str] | None) -> bool:
        """Return whether a statement matches every resource of some services, by their ARNs, and ``*``.

        It may exclude resources of other services. None: any service.
        """
        if self.names_every_resource(place):
            return True
        if services is None or not self._statements[place].not_resource:
            return False
        if place not in self._excepted:
            self._excepted[place] = _excepted(self._statements[place])
        excepted = self._excepted[place]
        return excepted is not None and services.isdisjoint(excepted)

    def is_loose(self, place: int) -> bool:
        """Return whether a statement's resources must be compared with every resource."""
        if not self._is_sorted[place]:
            self._sort_resources((place,))
        return place in self._loose

    def naming(self, covering: ActionStatements, service: str, resource: Arn | None) -> list[int]:
        """Return the covering statements that can match a resource by an ARN of six parts, in order.

        Those in ``anywhere`` and ``loose`` are not included. ``service`` is the action's: it counts where there is no
        resource. The returned statements still have to be compared; others cannot match.
        """
        prefix, text = _begins(service, resource)
        found: set[int] = set()
        openings = self._by_opening.get(prefix, {})
        for length in self._lengths_of(prefix):
            if length > len(text):
                break
            places = openings.get(text[:length])
            if isinstance(places, int):
                found.add(places)
            elif places is not None:
                found.update(places)
        if ":" in text:
            # A star can match colons (rule F4 b): the last part then begins elsewhere.
            found |= self._crossing
        found &= covering.places
        return sorted(found.difference(self._anywhere, self._loose))

    def _lengths_of(self, service: str) -> tuple[int, ...]:
        found = self._lengths.get(service)
        if found is None:
            with self._lock:
                found = self._lengths[service] = tuple(sorted(set(map(len, self._by_opening.get(service, ())))))
        return found

    def can_name(self, place: int, service: str, resource: Arn | None) -> bool:
        """Return the same for one statement: whether it has to be compared with a resource."""
        if not self._is_sorted[place]:
            self._sort_resources((place,))
        prefix, text = _begins(service, resource)
        crossing = ":" in text
        for of_service, opening, can_cross in self._openings_of.get(place, ()):
            if (crossing and can_cross) or (of_service == prefix and text.startswith(opening)):
                return True
        return False

    def covering(self, service: str, name: str) -> ActionStatements:
        """Return the statements that cover an action; both parts are given in lower case."""
        found = self._covering.get((service, name))
        if found is None:
            found = self._cover(service, name)
            with self._lock:
                found = self._covering.setdefault((service, name), found)
        return found

    def allowing(self, service: str, name: str) -> int:
        """Return the subjects with an Allow that covers an action, as bits; both parts are given in lower case."""
        found = 0
        for number, statements in self.covering(service, name).statements.items():
            if any(statement.is_allow for statement in statements):
                found |= self.carriers[number]
        return found

    def _cover(self, service: str, name: str) -> ActionStatements:
        statements = self._statements
        places = {place for place in self._negated if statements[place].covers_action(service, name)}
        for one in (service, None):
            for pattern, members in self._entries(one).items():
                if pattern.matches(service, name):
                    places.update(members)
        self._sort_resources(places)
        found: dict[int, list[Statement]] = {}
        anywhere: list[int] = []
        for place in sorted(places):
            found.setdefault(self._document_of[place], []).append(statements[place])
            if place in self._anywhere:
                anywhere.append(place)
        return ActionStatements(
            {number: self._as_tuple(number, members) for number, members in found.items()},
            frozenset(places),
            tuple(anywhere),
            tuple(sorted(places & self._loose)),
        )

    def _as_tuple(self, number: int, members: list[Statement]) -> tuple[Statement, ...]:
        """Return some statements of a document as a tuple: usually the same object as for the previous action."""
        before = self._last_tuple.get(number, ())
        if len(before) == len(members) and all(map(is_, before, members)):
            return before
        made = self._last_tuple[number] = tuple(members)
        return made


def _begins(service: str, resource: Arn | None) -> tuple[str, str]:
    """Return the service of a resource, and the text that an entry's opening must be a beginning of."""
    if resource is None:
        return service, ""
    of_service, text = resource.service.lower(), resource.resource
    if of_service == "logs" and text.endswith(":*"):  # a log group, which has two ARNs (`match_resource`)
        text = f"{text[:-1]}log-stream:"
    return of_service, text


def _arn_services(statement: Statement) -> frozenset[str] | None:
    if statement.not_resource:
        return None
    found: set[str] = set()
    for entry in statement.resources or ():
        if entry.is_everything:
            return None
        parts = entry.text.split(":", 3)
        # A star at the end of the partition can match the service, too (rule F4 b).
        if entry.problem is None and (len(parts) < 3 or parts[1].endswith("*")):
            return None
        if entry.problem is None:
            found.add(parts[2].lower())
    return same_services(frozenset(found))


def _excepted(statement: Statement) -> frozenset[str] | None:
    """Return the services of the resources in a ``NotResource``; None where it is not clear."""
    found: set[str] = set()
    for entry in statement.resources or ():
        parts = entry.text.split(":", 3)
        # A star at the end of the partition can match the service, too (rule F4 b).
        is_plain = len(parts) == 4 and "*" not in parts[1] and _SERVICE.fullmatch(parts[2]) is not None
        if entry.problem is not None or entry.keys or not is_plain:
            return None
        found.add(parts[2].lower())
    return same_services(frozenset(found))
