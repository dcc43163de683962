"""Who carries which statement, and which statements speak of an action: what answers about everybody start from.

Subjects (users, roles, groups) are bits of an integer, so that "who carries any of these" is a few machine words of
work however many principals there are. Documents are held once each, whoever carries them.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from iamdesk.index.policy_index import PolicyIndex
from iamdesk.policy.actions import ActionPattern
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.collector import collector_paused
from iamdesk.snapshot.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress

type Covering = Mapping[int, tuple[Statement, ...]]
"""Statements that speak of an action, by the number of their document; broken ones are left out (SEMANTICS L5)."""

_BREATH = 64


class StatementIndex:
    """Every distinct document that users, roles and groups of a snapshot carry, and who carries it."""

    subjects: tuple[str, ...]
    """ARNs: the users and roles account by account, then the groups. The position is the subject's bit."""
    positions: Mapping[str, int]
    """Position by ARN; where two entries bear one ARN, the snapshot's last one counts."""
    principals: int
    """How many of the subjects are users and roles: they come first."""
    documents: tuple[Document, ...]
    """Each once; the position is the document's number."""
    carriers: tuple[int, ...]
    """By document: the subjects that it speaks for, as bits; of a user's groups, too."""
    bounded: tuple[int, ...]
    """By document: the principals whose permissions boundary it is, as bits."""
    carried: tuple[tuple[int, ...], ...]
    """By subject: the numbers of the documents that speak for it, in the snapshot's order, as often as it has them."""
    boundaries: tuple[tuple[int, ...] | None, ...]
    """By subject: the number of its boundary's document; none where the snapshot lacks it; None without a boundary."""

    def __init__(
        self, policies: PolicyIndex, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> None:
        """Read every policy.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        accounts = policies.snapshot.accounts
        arns = ([user.arn for user in account.users] + [role.arn for role in account.roles] for account in accounts)
        principals = tuple(dict.fromkeys(chain.from_iterable(arns)))
        groups = (group.arn for account in accounts for group in account.groups)
        self.subjects = tuple(dict.fromkeys((*principals, *groups)))
        self.principals = len(principals)
        self.positions = {arn: position for position, arn in enumerate(self.subjects)}
        with collector_paused():
            self._read(policies, progress, cancelled)
            self._sort()
        self._covering: dict[tuple[str, str], Covering] = {}
        self._lock = threading.Lock()

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
            if position % _BREATH == 0:
                if cancelled():
                    raise WorkCancelled
                progress(position, len(self.subjects))
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

    def _sort(self) -> None:
        """Number the statements, and sort them by what their actions name."""
        self._statements: list[Statement] = []
        self._document_of: list[int] = []
        self._by_service: dict[str | None, dict[ActionPattern, list[int]]] = {}
        self._negated: list[int] = []
        for number, document in enumerate(self.documents):
            for statement in document.statements:
                if statement.broken is not None:
                    continue
                place = len(self._statements)
                self._statements.append(statement)
                self._document_of.append(number)
                if statement.not_action:
                    self._negated.append(place)
                    continue
                for pattern in statement.actions:
                    if pattern.problem is None:
                        of_service = self._by_service.setdefault(pattern.service, {})
                        of_service.setdefault(pattern, []).append(place)

    def covering(self, service: str, name: str) -> Covering:
        """Return the statements that cover an action; both parts are given in lower case."""
        found = self._covering.get((service, name))
        if found is None:
            found = self._cover(service, name)
            with self._lock:
                found = self._covering.setdefault((service, name), found)
        return found

    def of_service(self, service: str) -> Iterator[tuple[int, Statement]]:
        """Yield (number of the document, statement) of all statements that can cover an action of a service, in order.

        Statements that name no service (``*``, ``NotAction``) can.
        """
        places = set(self._negated)
        for one in (service, None):
            places.update(*self._by_service.get(one, {}).values())
        for place in sorted(places):
            yield self._document_of[place], self._statements[place]

    def services(self) -> Sequence[str]:
        """Return the service prefixes that statements name, sorted."""
        return sorted(service for service in self._by_service if service is not None)

    def _cover(self, service: str, name: str) -> Covering:
        statements = self._statements
        places = {place for place in self._negated if statements[place].covers_action(service, name)}
        for one in (service, None):
            for pattern, members in self._by_service.get(one, {}).items():
                if pattern.matches(service, name):
                    places.update(members)
        found: dict[int, list[Statement]] = {}
        for place in sorted(places):
            found.setdefault(self._document_of[place], []).append(statements[place])
        return {number: tuple(members) for number, members in found.items()}
