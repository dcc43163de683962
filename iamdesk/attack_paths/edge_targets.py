"""Users, roles, groups and policies as targets of actions, and the statements that apply to them, as bits.

Most statements apply to all entities of an account or to none. Only those that distinguish entities need more than one
evaluation.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from iamdesk.access.own_statements import AS_IDENTITY
from iamdesk.access.principal_index import indexes_of
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.action_resource import parse_target
from iamdesk.evaluate.context import UNKNOWN, Context, KeyValue, Knowledge
from iamdesk.evaluate.matching import RequestFacts, match_resource
from iamdesk.evaluate.policy_set import AttachedPolicy
from iamdesk.evaluate.principal import Caller, CallerKind
from iamdesk.evaluate.request import MissingContextMode, RequestError
from iamdesk.evaluate.service_rules import POSSIBLE_ON_AWS_ROLES
from iamdesk.evaluate.ternary import FALSE
from iamdesk.inventory.statement_index import ActionStatements, StatementIndex
from iamdesk.inventory.trust import trusted_names
from iamdesk.policy.resource_patterns import ResourcePattern
from iamdesk.policy.statement import Statement
from iamdesk.policy.variables import Variable, parse_template
from iamdesk.policy.wildcards import STAR, Glob, Token, tokens_of
from iamdesk.snapshot.model import Account, RoleDetail, UserDetail

_NO_PRINCIPALS = Caller(CallerKind.ANONYMOUS, "anonymous")
_NO_CONTEXT = Context({}, lambda _: UNKNOWN, MissingContextMode.UNKNOWN, lambda _: False)
_SERVICES = frozenset({"iam", "sts"})
_SAML_PROVIDER = re.compile(r"arn:[^:]*:iam::\d{12}:saml-provider/[^*?]+")
_PROBE = "iam:GetRole"
"""Any action on IAM entities: the resources that a statement applies to do not depend on the action."""


class EdgeTargets:
    """The entities of a snapshot as targets of actions; the position is the bit."""

    def __init__(self, accounts: Iterable[Account], index: StatementIndex) -> None:
        self._index = index
        found: dict[str, None] = {}
        self.users = self.roles = self.groups = self.policies = self.providers = 0
        self.of_account: dict[str, int] = {}
        self._accounts: list[str] = []
        self._tags: dict[str, Mapping[str, str]] = {}
        boundaries: dict[str, str] = {}
        for account in accounts:
            first = len(found)
            self.users |= self._add(found, (user.arn for user in account.users))
            self.roles |= self._add(found, (role.arn for role in account.roles))
            self.groups |= self._add(found, (group.arn for group in account.groups))
            own = (policy.arn for policy in account.policies if not policy.is_aws_managed)
            self.policies |= self._add(found, own)
            self.providers |= self._add(found, _saml_providers(account.roles))
            own_bits = (1 << len(found)) - (1 << first)
            self.of_account[account.account_id] = self.of_account.get(account.account_id, 0) | own_bits
            self._accounts += [account.account_id] * (len(found) - first)
            entities: tuple[UserDetail | RoleDetail, ...] = (*account.users, *account.roles)
            self._tags.update({entity.arn: _tags_of(entity) for entity in entities if entity.tags})
            for entity in entities:
                if entity.permissions_boundary is not None:
                    boundaries.setdefault(entity.arn, entity.permissions_boundary.permissions_boundary_arn)
        self.arns = tuple(found)
        self.places = {arn: place for place, arn in enumerate(self.arns)}
        self.bounded: dict[str | None, int] = {}
        """By permissions boundary (None: without one): its users and roles, as bits."""
        for place in indexes_of(self.users | self.roles):
            boundary = boundaries.get(self.arns[place])
            self.bounded[boundary] = self.bounded.get(boundary, 0) | 1 << place
        self._changed_by_aws = {
            path: sum(1 << place for place in indexes_of(self.roles) if f":role{path}" in self.arns[place])
            for path in POSSIBLE_ON_AWS_ROLES
        }
        self._sorted = sorted(self.arns)
        """Those that begin with one text are adjacent."""
        self._facts: tuple[RequestFacts | None, ...] = tuple(map(_facts, self.arns))
        self._by_entries: dict[Hashable, int] = {}
        self._by_tokens: dict[tuple[Token, ...], int] = {}
        self.every = (1 << len(self.arns)) - 1
        self.applying: dict[int, int] = {}
        """By statement that applies to some entities but not to all: these entities, as bits."""
        self.personal: frozenset[int] = frozenset()
        """Statements whose resources contain variables, so that their entities depend on the caller."""
        self._read()

    def account_of(self, place: int) -> str:
        """Return the ID of the account in which the snapshot lists an entity."""
        return self._accounts[place]

    def changed_by_aws(self, service: str, name: str) -> int:
        """Return the roles on which an action is impossible, as bits: AWS alone changes them (rule I5).

        They stand for no other roles. ``service`` and ``name`` are those of the action, in lower case.
        """
        found = 0
        if service == "iam":
            for path, possible in POSSIBLE_ON_AWS_ROLES.items():
                found |= 0 if name in possible else self._changed_by_aws[path]
        return found

    @staticmethod
    def _add(found: dict[str, None], arns: Iterator[str]) -> int:
        bits = 0
        for arn in arns:
            if arn not in found:
                bits |= 1 << len(found)
                found[arn] = None
        return bits

    def _read(self) -> None:
        index = self._index
        relevant, personal, loose = set(), set(), []
        for number in range(len(index.documents)):
            for place, statement in index.of_document(number):
                if statement.services is not None and not statement.services & _SERVICES:
                    continue
                if index.names_every_resource(place):
                    continue
                if statement.resource_keys():
                    personal.add(place)
                elif index.is_loose(place):
                    loose.append((place, statement))
                else:
                    relevant.add(place)
        self.personal = frozenset(personal)
        named = ActionStatements({}, frozenset(relevant), (), ())
        applying: dict[int, int] = dict.fromkeys(relevant, 0)
        for position, facts in enumerate(self._facts):
            if facts is None or facts.target.resource is None:
                continue
            for place in index.naming(named, "iam", facts.target.resource):
                if match_resource(AS_IDENTITY, index.statement(place)[1], facts)[0] is not FALSE:
                    applying[place] |= 1 << position
        for place, statement in loose:
            applying[place] = self._of_loose(statement)
        self.applying = applying

    def _of_loose(self, statement: Statement) -> int:
        entries = [entry for entry in statement.resources or () if _may_be_of_iam(entry.text)]
        key = (statement.not_resource, tuple(entry.text for entry in entries))
        if key not in self._by_entries:
            self._by_entries[key] = self._match_loose(statement, entries)
        return self._by_entries[key]

    def _match_loose(self, statement: Statement, entries: Sequence[ResourcePattern]) -> int:
        if any(entry.text.count(":") < 5 for entry in entries):
            return self.matched_by(AS_IDENTITY, statement, self.every)
        named = 0
        for entry in entries:
            named |= self._globbed(tuple(tokens_of(entry.text)))
        # A star may match less than expected (rule F4 b): those that it seems to match are matched exactly.
        others = self.every & ~named if statement.not_resource else 0
        return others | self.matched_by(AS_IDENTITY, statement, named)

    def matched_by(self, policy: AttachedPolicy, statement: Statement, among: int) -> int:
        """Return the entities that a statement of a policy can apply to, as bits."""
        bits = 0
        for position in indexes_of(among):
            facts = self._facts[position]
            if facts is not None and match_resource(policy, statement, facts)[0] is not FALSE:
                bits |= 1 << position
        return bits

    def filled(self, statement: Statement, known: Mapping[str, KeyValue]) -> tuple[int, ...]:
        """Return the entities that each entry of a statement can apply to with its variables resolved, as bits.

        ``known`` are the values of its keys; an unknown variable matches everything.
        """
        return tuple(self._globbed(tokens) for entry in statement.resources or () if (tokens := _fill(entry, known)))

    def _globbed(self, tokens: tuple[Token, ...]) -> int:
        known = self._by_tokens.get(tokens)
        if known is None:
            if all(isinstance(token, str) for token in tokens):
                place = self.places.get("".join(map(str, tokens)))
                known = 0 if place is None else 1 << place
            else:
                pattern = Glob(tokens)
                begins = tokens[0] if isinstance(tokens[0], str) else ""
                first = bisect_left(self._sorted, begins)
                behind = bisect_right(self._sorted, begins, lo=first, key=lambda arn: arn[: len(begins)])
                known = sum(1 << self.places[arn] for arn in self._sorted[first:behind] if pattern.matches(arn))
            self._by_tokens[tokens] = known
        return known

    def tag_values(self, place: int, tags: tuple[str, ...]) -> tuple[str | None, ...]:
        """Return the values of some tags (keys in lower case) of an entity."""
        own = self._tags.get(self.arns[place], {})
        return tuple(own.get(tag) for tag in tags)


def _fill(entry: ResourcePattern, known: Mapping[str, KeyValue]) -> tuple[Token, ...] | None:
    """Return an entry with its variables resolved; None if one of them has no value (rule H3)."""
    tokens: list[Token] = []
    for piece in parse_template(entry.text):
        if not isinstance(piece, Variable):
            tokens.append(piece)
            continue
        fact = known.get(piece.key, UNKNOWN)
        if fact.knowledge >= Knowledge.VALUE_UNKNOWN:
            tokens.append(STAR)
        elif len(fact.values) == 1 and fact.values[0]:
            tokens.append(fact.values[0])
        elif piece.default is not None:
            tokens.append(piece.default)
        else:
            return None
    return tuple(tokens)


def _facts(arn: str) -> RequestFacts | None:
    """Return an entity as a target, whoever makes the request; None if its ARN is malformed."""
    try:
        return RequestFacts(_NO_PRINCIPALS, parse_target(_PROBE, arn, reference()), _NO_CONTEXT, has_boundary=False)
    except RequestError:
        return None


def _may_be_of_iam(entry: str) -> bool:
    parts = entry.split(":", 5)
    return len(parts) < 6 or parts[2].lower() == "iam" or any(part.endswith("*") for part in parts[:5])


def _tags_of(entity: UserDetail | RoleDetail) -> Mapping[str, str]:
    return {tag.key.lower(): tag.value for tag in entity.tags}


def _saml_providers(roles: tuple[RoleDetail, ...]) -> Iterator[str]:
    """Yield the SAML providers that trust policies name; others do not matter."""
    for role in roles:
        for name in trusted_names(role.assume_role_policy_document):
            if _SAML_PROVIDER.fullmatch(name):
                yield name
