"""Resource policies, grants and trust policies of both snapshots as clauses, and the principals that they allow."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from iamdesk.access.effects import split
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.diff.access_points import AccessPoints, seen_at
from iamdesk.diff.action_space import ActionSpace
from iamdesk.diff.deltas import ChangedKeys, PolicyTypeDelta
from iamdesk.diff.matching import applies_to, may_meet
from iamdesk.diff.normal_form import ANYWHERE, ClauseActions, NormalStatement, ResourceScope
from iamdesk.diff.sample_resources import beginnings_of_parts, places_at
from iamdesk.diff.sampling import ActionClass, SampleRequest, action_classes
from iamdesk.diff.snapshot_view import RCP, SnapshotView
from iamdesk.evaluate.derived_keys import PrincipalDependence, dependence
from iamdesk.i18n import mark
from iamdesk.policy.arn import account_of, is_arn, parse_arn, service_of

_MAX_AT = 1 << 15
UNSEEN = mark("Not every part of it that policies treat differently could be compared.")


@dataclass(frozen=True, eq=False)
class Entry:
    """One resource (or role, as a resource) of either snapshot."""

    arn: str
    account: str
    services: frozenset[str]
    """The services of requests on it: only ``sts`` for a role."""
    old: ClauseActions
    new: ClauseActions
    behind: tuple[str, ...] = ()
    """For an access point: its buckets in either snapshot."""

    @property
    def clauses(self) -> tuple[NormalStatement, ...]:
        """All clauses in either snapshot."""
        return tuple(dict.fromkeys((*self.old, *self.new)))

    @property
    def clause_actions(self) -> tuple[tuple[NormalStatement, int], ...]:
        """The same with their actions."""
        return tuple(dict.fromkeys((*self.old.items(), *self.new.items())))

    @property
    def is_role(self) -> bool:
        """Whether it is a role, whose trust policy is its resource policy."""
        return self.services == _STS

    @cached_property
    def beginnings(self) -> tuple[str, ...]:
        """How the ARNs of its parts begin: with its own ARN and a slash, and as `part_prefixes` says."""
        return tuple(dict.fromkeys((f"{self.arn}/", *beginnings_of_parts(self.arn))))

    @cached_property
    def whole(self) -> tuple[ResourceScope, ...]:
        """It and its parts."""
        named = (self.arn, *(f"{one}*" for one in self.beginnings))
        return tuple(ResourceScope(False, frozenset({one})) for one in named)

    @cached_property
    def examples(self) -> tuple[str, ...]:
        """It and an example of each kind of parts."""
        return (self.arn, *(f"{one}x" for one in self.beginnings))


class Granting:
    """The resources with policies of their own."""

    def __init__(self, old: SnapshotView, new: SnapshotView) -> None:
        self._sides = (old, new)
        self._space = new.space
        self.points = AccessPoints(old, new)
        self.entries: dict[str, Entry] = {}
        for arn in filter(is_arn, dict.fromkeys((*old.resources, *new.resources, *old.index.roles, *new.index.roles))):
            self.entries[arn] = _entry(arn, old, new, self.points.buckets(arn))
        self.actions = 0
        """The actions that some resource policy allows."""
        self._allowing: dict[int, list[tuple[int, Entry]]] = {}
        """By allowed actions: the numbered entries. Most are roles, which allow the same ones."""
        for number, entry in enumerate(self.entries.values()):
            allowed = 0
            for clause_actions in (entry.old, entry.new):
                for clause, bits in clause_actions.items():
                    allowed |= bits if clause.is_allow else 0
            self.actions |= allowed
            if allowed:
                self._allowing.setdefault(allowed, []).append((number, entry))
        self._at: dict[str, Entry | None] = {}
        """Answers of `at`: the same resources are asked about for each principal."""
        self._naming: dict[tuple[str, str], set[str]] = {}
        """By (account ID, name) or ("", unique ID): the texts by which policies name single principals."""
        for text in {one for entry in self.entries.values() for clause in entry.clauses for one in _named_in(clause)}:
            self._naming.setdefault((account_of(text), _name_in(text)) if is_arn(text) else ("", text), set()).add(text)
        limits = [side.levels(account, RCP) for side in (old, new) for account in side.index.accounts]
        self._of_organization = tuple(
            dict.fromkeys(pair for levels in limits if levels is not None for pair in levels.denies.items())
        )

    def naming_alone(self, principal: str, ids: Iterable[str]) -> Hashable:
        """Return the texts by which resource policies name a principal individually.

        ``ids`` are its unique IDs.
        """
        keys = ((account_of(principal), principal.rpartition("/")[2]), *(("", one) for one in ids))
        return frozenset(text for key in keys for text in self._naming.get(key, ()))

    def asks_who(self, entry: Entry) -> bool:
        """Return whether conditions in a resource's policies test the caller."""
        clauses = (*entry.clauses, *(clause for clause, _ in self._of_organization))
        return any(dependence(key) is PrincipalDependence.CALLER for clause in clauses for key in clause.keys)

    def touches(self, keys: ChangedKeys) -> bool:
        """Return whether some resource policy or resource control policy depends on one of some keys."""
        entries = (clause for entry in self.entries.values() for clause in entry.clauses)
        return any(keys.touches(clause) for clause in (*entries, *(clause for clause, _ in self._of_organization)))

    def names(self, ids: frozenset[str]) -> bool:
        """Return whether some resource policy names one of some unique IDs."""
        return any(names_id(clause.principal, ids) for entry in self.entries.values() for clause in entry.clauses)

    def at(self, resource: str) -> Entry | None:
        """Return the resource that contains it, or the resource itself, if it has policies of its own."""
        if resource not in self._at:
            if len(self._at) >= _MAX_AT:
                self._at.clear()
            self._at[resource] = self._find_at(resource)
        return self._at[resource]

    def _find_at(self, resource: str) -> Entry | None:
        known = self.entries.get(resource)
        if known is not None or not is_arn(resource):
            return known
        arn = parse_arn(resource)
        for side in self._sides:
            record = side.evaluator.resources.find(arn)
            if record is not None and record.arn in self.entries:
                return self.entries[record.arn]
        return None

    def cells(
        self, bits: int, part: PolicyTypeDelta, near: Sequence[tuple[NormalStatement, int]], principal: str, most: int
    ) -> tuple[tuple[SampleRequest, ...], bool, Counter[str]]:
        """Return requests on resources whose own policy allows a principal, and whether these are all.

        Third: how many resources each of these (by ARN) represents besides itself. ``near`` are the clauses that apply
        to the principal, with the actions that they cover.
        """
        found: dict[Hashable, tuple[SampleRequest, ...]] = {}
        representing: dict[Hashable, str] = {}
        alike: Counter[str] = Counter()
        account = account_of(principal)
        is_complete = True
        allowing = (one for allowed, entries in self._allowing.items() if allowed & bits for one in entries)
        for _, entry in sorted(allowing, key=itemgetter(0)):
            admitted = 0
            for clause, actions in entry.clause_actions:
                if clause.is_allow and actions & bits and may_name(clause.principal, principal, account):
                    admitted |= actions & bits
            if not admitted:
                continue
            if not any(may_meet(where, one) for where in part.differing for one in entry.whole):
                continue
            places = tuple(tuple(applies_to(clause.where, one) for one in entry.examples) for clause, _ in near)
            signature = frozenset(entry.clause_actions), entry.account, self._facts(entry), places
            if signature in found:
                alike[representing[signature]] += 1
                continue
            if len(found) >= most:
                is_complete = False
                break
            cells, is_all = self.cells_on(entry, admitted, near)
            is_complete = is_complete and is_all
            found[signature], representing[signature] = cells, entry.arn
        return tuple(cell for listed in found.values() for cell in listed), is_complete, alike

    def _facts(self, entry: Entry) -> Hashable:
        return tuple(facts_of(side, entry) for side in self._sides)

    def touched(
        self, keys: ChangedKeys, principal: str, near: Sequence[tuple[NormalStatement, int]]
    ) -> Iterator[SampleRequest]:
        """Yield requests on resources whose policies depend on changed keys, for a principal that they may name."""
        yield from self._where(keys.touches, principal, near)

    def exempting(self, principal: str, near: Sequence[tuple[NormalStatement, int]]) -> Iterator[SampleRequest]:
        """Yield requests on resources whose policies have a Deny with NotPrincipal."""
        yield from self._where(lambda clause: not clause.is_allow and _is_negated(clause), principal, near)

    def naming(
        self, ids: frozenset[str], principal: str, near: Sequence[tuple[NormalStatement, int]]
    ) -> Iterator[SampleRequest]:
        """Yield requests on resources whose policies name a principal by one of some unique IDs."""
        yield from self._where(lambda clause: names_id(clause.principal, ids), principal, near)

    def _where(
        self, wanted: Callable[[NormalStatement], bool], principal: str, near: Sequence[tuple[NormalStatement, int]]
    ) -> Iterator[SampleRequest]:
        account = account_of(principal)
        for entry in self.entries.values():
            bits = 0
            for clause, actions in (*entry.clause_actions, *(self._of_organization if not entry.is_role else ())):
                if wanted(clause) and may_name(clause.principal, principal, account):
                    bits |= actions
            if bits:
                yield from self.cells_on(entry, bits, near)[0]

    def cells_on(
        self, entry: Entry, bits: int, near: Iterable[tuple[NormalStatement, int]]
    ) -> tuple[tuple[SampleRequest, ...], bool]:
        """Return requests for some actions on one resource and its contents, and whether these are sufficient.

        Actions and contents that its own policies or ``near`` treat differently have separate requests. ``near`` are
        all other clauses that apply, with their actions.
        """
        own = 0
        for service in entry.services:
            own |= self._space.of_service(service, service_actions(service).every)
        for _, bit in self._space.unlisted(bits):
            own |= bit
        relevant = dict.fromkeys(entry.clause_actions)
        for clause, actions in near:
            if entry.behind or any(may_meet(clause.where, one) for one in entry.whole):
                relevant[clause, actions] = None
        found: dict[SampleRequest, None] = {}
        is_complete = True
        for sort, clauses in pieces(self._space, bits & own, tuple(relevant), entry.services):
            if entry.is_role:
                found[SampleRequest(sort.action, entry.arn, sort.bits)] = None
                continue
            if not sort.types and reference().action(*sort.action.lower().split(":", 1)) is None:
                found |= dict.fromkeys(SampleRequest(sort.action, arn, sort.bits) for arn in entry.examples)
                continue
            wheres = [where for clause in clauses for where in _with_access_points(entry, clause.where)]
            for name in sort.types:
                places = places_at(sort.service, name, entry.arn, wheres)
                is_complete = is_complete and places.is_complete
                found |= dict.fromkeys(SampleRequest(sort.action, arn, sort.bits) for arn in places.arns)
        return tuple(found), is_complete


def _with_access_points(entry: Entry, where: ResourceScope | None) -> Iterator[ResourceScope | None]:
    """Yield the scopes of a clause for requests on a resource; for an access point also those on its buckets."""
    yield where
    if where is not None and where != ANYWHERE:
        for bucket in entry.behind:
            yield from seen_at(entry.arn, bucket, where)


def pieces(
    space: ActionSpace, bits: int, clause_actions: Sequence[tuple[NormalStatement, int]], apart: frozenset[str]
) -> Iterator[tuple[ActionClass, tuple[NormalStatement, ...]]]:
    """Yield groups of actions with the clauses that cover them: actions of one group have the same clauses."""
    for part, clauses in split(bits, clause_actions):
        for sort in action_classes(space, part, clauses, apart):
            yield sort, clauses


def facts_of(side: SnapshotView, entry: Entry) -> Hashable:
    """Return the facts about a resource in a snapshot, besides its policies, that affect decisions."""
    return tuple(_facts_of(side, arn, owner) for arn, owner in owners_of(side, entry))


def _facts_of(side: SnapshotView, arn: str, owner: str) -> Hashable:
    resource = side.resources.get(arn)
    if resource is None:
        return arn in side.index.roles
    return (
        resource.account_id,
        resource.region,
        resource.abac_enabled,
        resource.access_point,
        resource.is_policy_captured,
        resource.is_only_tagged,  # then the policy is that of its parent resource
        resource.is_aws_managed,
        None
        if resource.function_urls is None
        else tuple((url.function_arn, url.auth_type) for url in resource.function_urls),
        resource.authorization_types,
        resource.key_grants is None,
        side.levels(owner, RCP) is None,
    )


def captured_of(side: SnapshotView, entry: Entry) -> Hashable:
    """Return which data about a resource a snapshot contains."""
    if entry.arn not in side.resources:
        return None
    is_bound = not entry.services.isdisjoint(reference().rcp_services)
    return tuple(_captured_of(side, arn, owner, is_bound=is_bound) for arn, owner in owners_of(side, entry))


def _captured_of(side: SnapshotView, arn: str, owner: str, *, is_bound: bool) -> Hashable:
    resource = side.resources.get(arn)
    if resource is None:
        return None
    return (
        resource.is_policy_captured,
        resource.is_only_tagged,  # then the policy is that of its parent resource
        resource.key_grants is None,
        resource.function_urls is None,
        resource.acl is None,
        resource.public_access_block is None,
        is_bound and side.levels(owner, RCP) is None,
    )


def owners_of(side: SnapshotView, entry: Entry) -> tuple[tuple[str, str], ...]:
    """Return a resource and, for an access point, its buckets, each with the owning account."""
    own = side.resources.get(entry.arn)
    listed = own.access_point.buckets if own is not None and own.access_point is not None else ()
    named = {one.name: one.account_id for one in listed}
    found: list[tuple[str, str]] = []
    for arn in (entry.arn, *entry.behind):
        resource = side.resources.get(arn)
        owner = resource.account_id if resource is not None else None
        found.append((arn, owner or named.get(arn.rpartition(":")[2]) or entry.account))
    return tuple(found)


def services_of(arn: str) -> frozenset[str]:
    """Return the services whose actions act on a resource."""
    service = service_of(arn)
    return frozenset((service, *reference().services_on(service)))


_STS = frozenset({"sts"})


def _entry(arn: str, old: SnapshotView, new: SnapshotView, behind: tuple[str, ...]) -> Entry:
    is_role = arn in old.index.roles or arn in new.index.roles
    account = account_of(arn)
    for side in (old, new):
        resource = side.resources.get(arn)
        account = account or (resource.account_id if resource is not None else None) or ""
    services = _STS if is_role else services_of(arn)
    return Entry(arn, account, services, _clause_actions(arn, old, behind), _clause_actions(arn, new, behind), behind)


def _clause_actions(arn: str, side: SnapshotView, behind: tuple[str, ...]) -> ClauseActions:
    role = side.index.roles.get(arn)
    if role is not None:
        return side.together([side.index.trust(role)], names_principals=True)
    resource = side.resources.get(arn)
    if resource is None:
        return {}
    own = side.together(side.resource_documents(resource), names_principals=True)
    if not behind:
        return own
    # The bucket's policy also applies to requests through an access point.
    found = dict(own)
    for bucket in filter(None, map(side.resources.get, behind)):
        for clause, bits in side.together(side.resource_documents(bucket), names_principals=True).items():
            where = clause.where
            is_everywhere = where is None or where == ANYWHERE
            for one in (where,) if is_everywhere else seen_at(arn, bucket.arn, where):
                seen = clause._replace(where=one)
                found[seen] = found.get(seen, 0) | bits
    return found


def _is_negated(clause: NormalStatement) -> bool:
    return isinstance(clause.principal, tuple) and clause.principal[0] == "not"


def may_name(principal: Hashable, arn: str, account: str) -> bool:
    """Return whether the principal of a clause may cover a principal of the snapshot."""
    if not isinstance(principal, tuple):
        return False
    kind, text = principal
    if kind == "not":
        return True
    if kind == "CanonicalUser":
        return True
    if kind != "AWS":
        return False
    if text in ("*", account, arn) or not str(text).startswith("arn:"):
        return not (str(text).isdigit() and text != account)
    if account_of(str(text)) != account:
        return False
    return str(text).endswith(":root") or _name_in(str(text)) == arn.rpartition("/")[2]


def _name_in(text: str) -> str:
    """Return the name of the user or role in an ARN; ``root`` for an account."""
    named = text.split(":", 5)[-1]
    if named.startswith("assumed-role/"):  # a session of the role
        return named.split("/")[1]
    return named.rpartition("/")[2]


def _named_in(clause: NormalStatement) -> Iterator[str]:
    """Yield the ARNs and unique IDs by which a clause names or exempts single principals."""
    for kind, name in entries_of(clause):
        if kind == "AWS" and not name.isdigit() and not name.endswith(":root"):
            yield name


def entries_of(clause: NormalStatement) -> Iterator[tuple[str, str]]:
    """Yield the entries of Principal or NotPrincipal besides ``*``, as type and text."""
    if isinstance(clause.principal, tuple):
        kind, text = clause.principal
        yield from (one for one in (text if kind == "not" else ((kind, text),)) if one[1] != "*")


def names_id(principal: Hashable, ids: frozenset[str]) -> bool:
    """Return whether the principal of a clause is, or contains, one of some unique IDs."""
    if not isinstance(principal, tuple):
        return False
    kind, text = principal
    return any(one in ids for _, one in text) if kind == "not" else text in ids
