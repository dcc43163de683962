"""The principals of a snapshot as bits, grouped into cohorts that the engine treats the same."""

import re
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.context import KeyValue
from iamdesk.evaluate.derived_keys import DerivedKeys, PrincipalDependence, dependence
from iamdesk.evaluate.engine import EvaluationRequest
from iamdesk.evaluate.principal import SERVICE_LINKED_PATH, CallerKind
from iamdesk.evaluate.request import ContextValues, EvalDecision, MissingContextMode, Request
from iamdesk.evaluate.ternary import Truth
from iamdesk.inventory.permission_sets import permission_set_of
from iamdesk.inventory.statement_index import StatementIndex
from iamdesk.policy.arn import Arn
from iamdesk.policy.operators import read_date
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.simulate.principal_policies import PrincipalPolicies
from iamdesk.simulate.request_builder import RequestBuilder

_MANY = 100
_MAX_CACHED = 1 << 14
_OF_THE_MOMENT = frozenset({"aws:currenttime", "aws:epochtime"})
_ACCOUNT_ITSELF = re.compile(r"\d+|arn:[^:]*:iam::\d*:root")


class ContextDependency(NamedTuple):
    """The request context that a statement depends on, once it covers the action and may match the resource.

    Statements with an equal dependency have the same truth in any context.
    """

    number: int
    keys: tuple[str, ...]
    """Its condition keys, each once."""
    own_keys: tuple[str, ...]
    """Those of its keys that depend on the caller alone."""
    in_resource: bool
    """Whether its resource has policy variables: the resource of the request matters, too."""
    changes: tuple[int, ...] | None
    """Times, in seconds since 1970, at which its date conditions can change; None: at every moment."""

    @property
    def asks_for_time(self) -> bool:
        """Whether it has keys of the current time."""
        return self.changes != ()

    def holds_until(self, at: float) -> float:
        """Return until when its date conditions stay as they are at a time; both in seconds since 1970."""
        if self.changes is None:
            return at
        return min((change for change in self.changes if change >= int(at)), default=inf)


@dataclass(frozen=True, slots=True, eq=False)
class PrincipalCohort:
    """Principals that the engine treats the same but for their own policies and the condition keys about them."""

    number: int
    partition: str
    account: str
    kind: CallerKind
    has_boundary: bool
    members: int
    """The principals, as bits."""


class _CohortTraits(NamedTuple):
    """What the principals of a cohort have in common."""

    partition: str
    account: str
    kind: CallerKind
    has_boundary: bool = False
    is_service_linked: bool = False
    is_permission_set: bool = False
    """Whether they are roles of IAM Identity Center: more is known of their sessions."""
    is_group: bool = False


class PrincipalIndex:
    """The principals of a snapshot, as bits. Thread-safe."""

    def __init__(self, requests: RequestBuilder, index: StatementIndex) -> None:
        self.index = index
        self.policies = requests.index
        self.resources = requests.resources
        self._requests = requests
        self.cohort, self._peers_of = self._find_peers()
        self.regular = 0
        """All principals with a regular ARN, as bits."""
        for cohort in self.cohort:
            self.regular |= cohort.members
        self.irregular = (1 << index.principals) - 1 & ~self.regular
        """Users and roles with an irregular ARN: it does not match their account or list. They are evaluated one by
        one."""
        outside = ~self.regular
        self.carriers = tuple([bits & self.regular if bits & outside else bits for bits in index.carriers])
        """By document: the regular principals that it applies to, as bits."""
        self.bounded = tuple([bounded & self.regular for bounded in index.bounded])
        """By document: the regular principals whose permissions boundary it is, as bits."""
        self._named: dict[tuple[str, str], list[int]] | None = None
        self._facts: dict[tuple[int, str], KeyValue | None] = {}
        self._asked: dict[Statement, ContextDependency] = {}
        self._asked_by_content: dict[Hashable, ContextDependency] = {}
        self._truths: dict[Hashable, Truth] = {}
        self._resolved: dict[Hashable, EvalDecision] = {}
        self._lock = threading.Lock()

    def _find_peers(self) -> tuple[tuple[PrincipalCohort, ...], tuple[PrincipalCohort | None, ...]]:
        keys = [self._kin(position) for position in range(len(self.index.subjects))]
        members: dict[_CohortTraits, int] = {}
        for position, key in enumerate(keys):
            if key is not None:
                members[key] = members.get(key, 0) | 1 << position
        found = {
            key: PrincipalCohort(number, key.partition, key.account, key.kind, key.has_boundary, bits)
            for number, (key, bits) in enumerate(members.items())
        }
        cohort = tuple(one for key, one in found.items() if not key.is_group)
        return cohort, tuple(None if key is None else found[key] for key in keys)

    def _kin(self, position: int) -> _CohortTraits | None:
        policies, index = self._requests.index, self.index
        arn = index.subjects[position]
        parts = arn.split(":", 5)
        if arn in index.roots:
            return _CohortTraits(parts[1], parts[4], CallerKind.ROOT)
        role = policies.roles.get(arn)
        is_group = position >= index.principals
        prefix = "group/" if is_group else "user/" if role is None else "role/"
        if (
            len(parts) < 6
            or parts[:1] + parts[2:4] != ["arn", "iam", ""]
            or not parts[1]
            or parts[4] not in policies.accounts
            or not parts[5].startswith(prefix)
            or parts[5].endswith("/")
            or arn != arn.strip()
        ):
            return None
        has_boundary = index.boundaries[position] is not None
        if role is None:
            return _CohortTraits(parts[1], parts[4], CallerKind.USER, has_boundary, is_group=is_group)
        is_linked = role.path.startswith(SERVICE_LINKED_PATH)
        is_permission_set = permission_set_of(role) is not None
        return _CohortTraits(parts[1], parts[4], CallerKind.ROLE, has_boundary, is_linked, is_permission_set)

    def cohort_at(self, position: int) -> PrincipalCohort:
        """Return the cohort of a principal; of a group, the cohort of groups like it.

        Raises:
            KeyError: its ARN is irregular.
        """
        cohort = self._peers_of[position]
        if cohort is None:
            raise KeyError(position)
        return cohort

    def position(self, principal: str) -> int | None:
        """Return the index of a principal by its ARN; None for an unknown or irregular one."""
        position = self.index.positions.get(principal)
        return None if position is None or not self.regular >> position & 1 else position

    def principals(self) -> dict[str, int]:
        """Return the index of each regular principal by its ARN, in the snapshot's order."""
        return {self.index.subjects[position]: position for position in indexes_of(self.regular)}

    def group_position(self, arn: str) -> int | None:
        """Return the index of a group by its ARN; None for an unknown or irregular one."""
        position = self.index.positions.get(arn)
        is_group = position is not None and position >= self.index.principals and self._peers_of[position] is not None
        return position if is_group else None

    def principal_policies(self, position: int) -> PrincipalPolicies:
        """Return a principal's policies by its index; of a group, those of a member without other policies."""
        arn = self.index.subjects[position]
        return (
            self._requests.principal_policies(arn)
            if position < self.index.principals
            else self._requests.member_of(arn)
        )

    def knows(self, resource: Arn) -> bool:
        """Return whether the snapshot holds data of a resource; requests on all others are equivalent."""
        return self._requests.knows(resource)

    def evaluation_request(
        self,
        position: int,
        action: str,
        resource: str,
        context: ContextValues | None = None,
        unknown: MissingContextMode = MissingContextMode.UNKNOWN,
    ) -> EvaluationRequest:
        """Return a request of a principal (or of a member of a group) with everything that evaluating it needs."""
        request = Request(self.index.subjects[position], action, resource, context or {}, unknown_context=unknown)
        return self._requests.evaluation_request(request, self.principal_policies(position))

    def target(self, action: str, resource: str) -> Target:
        """Return the action and resource of a request.

        Raises:
            RequestError: the action or the resource is malformed.
        """
        return self._requests.target(action, resource)

    def named_by(self, statement: Statement) -> int:
        """Return the users and roles that a statement's principal element could name, as bits; possibly too many."""
        named = self._named
        if named is None:
            named = self._named = self._find_names()
        found = 0
        for entry in statement.principals or ():
            if entry.type is PrincipalType.AWS:
                for name in names_in(entry.text):
                    for position in named.get(name, ()):
                        found |= 1 << position
        return found

    def _find_names(self) -> dict[tuple[str, str], list[int]]:
        """Return the indexes of the principals with each name: few per name, so a list takes less than bits."""
        policies, index = self._requests.index, self.index
        named: dict[tuple[str, str], list[int]] = {}
        for position in indexes_of(self.regular):
            arn = index.subjects[position]
            if arn in index.roots:
                continue  # a root user has no name of its own
            role = policies.roles.get(arn)
            unique_id = policies.users[arn].user_id if role is None else role.role_id
            names = [("id", unique_id), *names_in(arn)]
            if role is not None:
                names.append((arn.split(":", 5)[4], role.role_name))
            for name in names:
                named.setdefault(name, []).append(position)
        return named

    def identical(self, members: int, own: tuple[str, ...], derive: DerivedKeys) -> tuple[tuple[int, int], ...]:
        """Split principals by what is known of some keys; returns (one of them, all as bits).

        Args:
            members: Principals of one `PrincipalCohort`, as bits.
            own: Keys that depend on the caller alone.
            derive: Derives keys for any of them and any request.
        """
        if members & members - 1 == 0:
            return ((members.bit_length() - 1, members),)
        groups: dict[tuple[KeyValue | None, ...], tuple[int, int]] = {}
        for position in indexes_of(members):
            facts = self.facts(position, own, derive)
            first, bits = groups.get(facts, (position, 0))
            groups[facts] = (first, bits | 1 << position)
        return tuple(groups.values())

    def facts(self, position: int, keys: Sequence[str], derive: DerivedKeys) -> tuple[KeyValue | None, ...]:
        """Return what is known of keys that depend on the caller alone."""
        facts = self._facts
        missing = [key for key in keys if (position, key) not in facts]
        if missing:
            holder = self.principal_policies(position)
            own = derive.of_another(holder.caller, holder.may_be_tagged, derive.moment)
            facts.update({(position, key): own(key) for key in missing})
        return tuple([facts[position, key] for key in keys])

    def asked(self, statement: Statement, version: str) -> ContextDependency:
        """Return the context dependency of a statement of a policy of some version."""
        found = self._asked.get(statement)
        if found is None:
            content = _content(statement, version)
            with self._lock:
                found = self._asked_by_content.get(content)
                if found is None:
                    keys = tuple(dict.fromkeys(statement.context_keys()))
                    found = self._asked_by_content[content] = ContextDependency(
                        len(self._asked_by_content),
                        keys,
                        tuple(key for key in keys if dependence(key) is PrincipalDependence.CALLER),
                        bool(statement.resource_keys()),
                        _changes(statement),
                    )
                self._asked[statement] = found
        return found

    def truth(self, key: Hashable, match: Callable[[], Truth]) -> Truth:
        """Return a statement's cached truth, or compute it."""
        return self._once(self._truths, key, match)

    def resolved(self, key: Hashable, resolve: Callable[[], EvalDecision]) -> EvalDecision:
        """Return a cached decision, or compute it."""
        return self._once(self._resolved, key, resolve)

    def _once[What](self, known: dict[Hashable, What], key: Hashable, compute: Callable[[], What]) -> What:
        found = known.get(key)
        if found is None:
            found = compute()
            with self._lock:
                if len(known) >= _MAX_CACHED:
                    known.clear()
                known[key] = found
        return found


def _changes(statement: Statement) -> tuple[int, ...] | None:
    if not _OF_THE_MOMENT.isdisjoint(statement.resource_keys()):
        return None
    found: set[int] = set()
    for test in statement.conditions:
        of_values = {key for value in test.values for key in value.keys}
        if test.key not in _OF_THE_MOMENT and _OF_THE_MOMENT.isdisjoint(of_values):
            continue
        if test.operator is None or not test.operator.family.is_number or of_values:
            return None
        moments = (read_date(value.text) for value in test.values)
        found.update(int(moment) for moment in moments if moment is not None)
    return tuple(sorted(found))


def _content(statement: Statement, version: str) -> Hashable:
    tests = tuple(
        (
            test.operator and test.operator.name,
            test.quantifier,
            test.if_exists,
            test.key,
            tuple(value.text for value in test.values),
        )
        for test in statement.conditions
    )
    resources: Hashable = None
    if statement.resource_keys():
        resources = (statement.not_resource, tuple(entry.text for entry in statement.resources or ()))
    return statement.is_allow, version, tests, resources, statement.named_sessions()


def indexes_of(bits: int) -> Iterator[int]:
    """Yield the indexes of the bits that are set, the lowest first."""
    if bits.bit_count() > _MANY:
        yield from (position for position, bit in enumerate(reversed(f"{bits:b}")) if bit == "1")
        return
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def names_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield what an entry of a principal element may name: an ARN; a role of any path; an entity by its id."""
    parts = text.split(":", 5)
    if len(parts) < 6:
        yield "id", text
        return
    yield "arn", text
    if parts[5].startswith("role/"):
        yield parts[4], parts[5].rpartition("/")[2]
    elif parts[5].startswith("assumed-role/"):  # a role session is evaluated as its role
        yield parts[4], parts[5].split("/")[1]


def names_specific_principal(statement: Statement) -> bool:
    """Return whether a statement's principal element distinguishes principals of one account."""
    return any(
        entry.type is PrincipalType.AWS and not entry.is_everyone and not _ACCOUNT_ITSELF.fullmatch(entry.text)
        for entry in statement.principals or ()
    )
