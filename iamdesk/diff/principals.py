"""Access changes of principals through their own policies and the organization policies of their account."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial, reduce
from itertools import chain
from operator import or_
from typing import NamedTuple

from iamdesk.access.effects import split
from iamdesk.access.external.candidates import unnamed_accounts
from iamdesk.aws.service_reference import reference
from iamdesk.diff.attribution import allowing, carriers_of, causes_of
from iamdesk.diff.deltas import (
    NO_KEYS,
    ChangedKeys,
    PolicyTypeDelta,
    StatementDelta,
    Values,
    changed_keys,
    policy_type_deltas,
    statement_deltas,
)
from iamdesk.diff.effect_scope import is_by_resource_alone, scope_of_policies, scope_on_resource
from iamdesk.diff.equivalence import EquivalenceKeys, PrincipalClass, about_caller, traits
from iamdesk.diff.evaluate_pair import BOTH, NOTHING, Compared, Context, compare
from iamdesk.diff.inconclusive import doubts_of
from iamdesk.diff.matching import applies_to, fill, may_meet, with_values
from iamdesk.diff.normal_form import ClauseActions, NormalStatement
from iamdesk.diff.resource_forms import Granting, may_name, pieces
from iamdesk.diff.result import Cause, Effect, ExampleRequest, Kind, PrincipalDiff, Status
from iamdesk.diff.sample_requests import (
    PairEvaluator,
    ask_in_other_accounts,
    ask_of_sort,
    is_by_other_accounts,
    tells_accounts_apart,
)
from iamdesk.diff.sampling import SampleRequest, action_classes, as_written
from iamdesk.diff.snapshot_view import RCP, SCP, PrincipalPolicies, SnapshotView, form
from iamdesk.diff.unseen_grants import UnseenGrants
from iamdesk.evaluate.resource_policy_services import services
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.organization_index import OrganizationIndex
from iamdesk.policy.arn import account_of, partition_of
from iamdesk.policy.document import Document

_NO_ONE = PrincipalPolicies(None)  # type: ignore[arg-type]  # a missing principal has no facts
UNSEEN_RESOURCES = mark("Not every resource whose own policy names the principal could be compared.")
_MAX_PLAINLY = 1 << 14
"""Unconditional results to keep for the next spans, which ask a sixth of the requests again."""
_MAX_GRANTING = 40
"""Resources with a policy that allows a principal which are evaluated for one set of actions."""


class _Change(NamedTuple):
    """Access that the principals of a group gained or lost."""

    kind: Kind
    actions: int
    where: str
    witness: ExampleRequest
    equivalence_key: Hashable
    """Equivalence key of the causes; None if the principal's own policies or facts differ as well."""


type _Changes = dict[tuple[Kind, int, str], tuple[ExampleRequest, Hashable]]


@dataclass(frozen=True, slots=True)
class _Found:
    """The result for one principal of a group, which is the ``principal`` of the example requests."""

    effects: tuple["_Change", ...]
    doubts: tuple[str, ...]
    is_personal: bool


@dataclass(slots=True)
class PrincipalComparer:
    """Compares principals of two snapshots, those with equal inputs once."""

    old: SnapshotView
    new: SnapshotView
    granting: Granting
    requests: int = 0
    compared: int = 0
    _found: dict[Hashable, _Found] = field(default_factory=dict)
    _sources_of: tuple[str, list[tuple[Hashable, int]]] | None = None
    _values_of: tuple[str, tuple[Values, ...]] = "", ()
    _known: dict[Hashable, Compared] = field(default_factory=dict)
    """Results by equivalence key of the request."""
    _plainly: dict[Hashable, Compared] = field(default_factory=dict)
    """The same for all spans, if no change is conditional: whichever of the equivalent requests was evaluated."""
    _causes: dict[Hashable, tuple[Cause, ...]] = field(default_factory=dict)
    _met_who: bool = False
    """Whether a resource was evaluated whose policies distinguish callers."""
    _is_by_resource: bool = False
    """Whether a change was shown that only the policy of one resource allows."""
    _alike: Counter[str] = field(default_factory=Counter)
    """By ARN: how many other resources with the same policy a request on one represents."""
    _only: Kind | None = None
    """The one kind of changes that the current part can cause."""
    _of_principal: PrincipalClass | None = None
    """Class of the current principal (`EquivalenceKeys.of_principal`)."""
    _unlisted: Mapping[str, int] = field(default_factory=dict)
    """Of the current principal: resource entries that are of no listed type, with actions (`Reading.unlisted`)."""
    _unlisted_of_accounts: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    """The same of the other policies that apply to the principals of an account."""
    _is_limited: bool = False
    """Whether the current principal's boundaries have an undisputed meaning."""
    _equivalence_keys: EquivalenceKeys = field(init=False)
    beside: UnseenGrants = field(init=False)

    def __post_init__(self) -> None:
        self._equivalence_keys = EquivalenceKeys(self.old, self.new)
        self.beside = UnseenGrants(self.old, self.new)

    def begin(self) -> None:
        """Reset the results of the last span, and how many there are."""
        self.requests = self.compared = 0
        self._found.clear()
        self._known.clear()
        self._causes.clear()

    @property
    def groups(self) -> int:
        """Number of groups of principals with equal inputs that were compared."""
        return len(self._found)

    def compare(self, arn: str) -> PrincipalDiff:
        """Return the access changes of a principal or group."""
        before, after = self.old.own(arn), self.new.own(arn)
        account = account_of(arn)
        keys = NO_KEYS
        status = None
        if before is None or after is None:
            status = Status.CREATED if before is None else Status.DELETED
        else:
            keys = changed_keys(before.facts, after.facts)
            doubts = doubts_of(self.old, self.new, account, before, after)
            if self._is_same(arn, before, after, keys):
                return PrincipalDiff(arn, Status.INCONCLUSIVE if doubts else Status.UNCHANGED, (), doubts)
        self.compared += 1
        if arn in self.old.groups or arn in self.new.groups:
            return self._compare_group(arn, before, after, status)
        found = self._of(arn, account, before or _NO_ONE, after or _NO_ONE, keys)
        effects = tuple(self._effects(arn, found))
        doubts = (*(doubts_of(self.old, self.new, account, before, after) if before and after else ()), *found.doubts)
        if status is None:
            status = Status.CHANGED if effects else Status.INCONCLUSIVE if doubts else Status.UNCHANGED
        return PrincipalDiff(arn, status, effects, tuple(dict.fromkeys(doubts)))

    def _compare_group(
        self, arn: str, before: PrincipalPolicies | None, after: PrincipalPolicies | None, status: Status | None
    ) -> PrincipalDiff:
        """Return the status of a group; its members report the access changes."""
        if status is not None or before is None or after is None:
            return PrincipalDiff(arn, status or Status.CHANGED)
        same = form(before.identity) == form(after.identity)
        return PrincipalDiff(arn, Status.UNCHANGED if same else Status.CHANGED)

    def _is_same(self, arn: str, before: PrincipalPolicies, after: PrincipalPolicies, keys: ChangedKeys) -> bool:
        account = account_of(arn)
        if not before.has_same_policies(after) or before.facts.kind is not after.facts.kind:
            return False
        if self._levels_form(self.old, account) != self._levels_form(self.new, account):
            return False
        ids = _unique_ids(before, after)
        if ids and self.granting.names(ids):
            return False
        if self.beside.endpoints_for(keys) or self.beside.cells(arn):
            return False
        return not keys or not self._touched(account, before, keys)

    def _touched(self, account: str, own: PrincipalPolicies, keys: ChangedKeys) -> bool:
        """Return whether any clause that applies to a principal depends on changed keys."""
        everything = self.new.space.every
        deltas = statement_deltas(
            own, self.new.levels(account, SCP), self.new.levels(account, RCP), everything, is_new=True
        )
        return any(keys.touches(one.clause) for one, _ in deltas) or self.granting.touches(keys)

    @staticmethod
    def _levels_form(side: SnapshotView, account: str) -> Hashable:
        found: list[Hashable] = []
        for kind in (SCP, RCP):
            levels = side.levels(account, kind)
            found.append(None if levels is None else (form(levels.denies), frozenset(map(form, levels.allows))))
        return tuple(found)

    # ── one principal, for all with equal inputs ─────────────────────────────────────────────────────────────────────

    def _of(
        self, arn: str, account: str, before: PrincipalPolicies, after: PrincipalPolicies, keys: ChangedKeys
    ) -> _Found:
        key = self._key(arn, account, before, after, keys)
        found = self._found.get(key) or self._found.get((arn, key))
        if found is None:
            found = self._find(arn, account, before, after, keys)
            self._found[(arn, key) if found.is_personal else key] = found
        return found

    def key(self, arn: str) -> Hashable:
        """Return a key that principals with the same access changes share."""
        before, after = self.old.own(arn), self.new.own(arn)
        if before is None or after is None:
            return arn
        return self._key(arn, account_of(arn), before, after, changed_keys(before.facts, after.facts))

    def _key(
        self, arn: str, account: str, before: PrincipalPolicies, after: PrincipalPolicies, keys: ChangedKeys
    ) -> Hashable:
        """Return all inputs of a principal's comparison, including its ARN if clauses test the caller."""
        is_equal = before.identity is after.identity and before.boundary is after.boundary
        owns = tuple(
            (form(own.identity), None if own.boundary is None else form(own.boundary))
            for own in ((before,) if is_equal else (before, after))
        )
        unread = tuple((own.broken, own.missing) for own in (before, after))
        is_personal = any(
            about_caller(clause.keys)
            for clauses in (
                *(one for own in owns for one in own),
                *(one.items() for one in self._level_clauses(account)),
            )
            for clause, _ in clauses or ()
        )
        about = tuple(traits(side, arn, own) for side, own in ((self.old, before), (self.new, after)))
        is_personal = is_personal or bool(keys) or bool(_unique_ids(before, after)) or self.beside.is_about_callers
        ids = [own.facts.unique_id for own in (before, after) if own.facts is not None]
        named = self.granting.naming_alone(arn, filter(None, ids))
        unlisted = frozenset(self._own_unlisted(before, after))
        return account, about, owns, unread, keys, named, unlisted, arn if is_personal else None

    def _own_unlisted(self, before: PrincipalPolicies, after: PrincipalPolicies) -> Iterator[tuple[str, int]]:
        for own in (before, after):
            for document in (*own.in_order, *(own.boundary_documents or ())):
                yield from self.new.reading.unlisted(document)

    def _unlisted_of_account(self, account: str) -> tuple[tuple[str, int], ...]:
        found = self._unlisted_of_accounts.get(account)
        if found is None:
            sides = (side.documents_for_all(account) for side in (self.old, self.new))
            documents = dict.fromkeys(chain.from_iterable(sides))
            found = tuple(one for document in documents for one in self.new.reading.unlisted(document))
            self._unlisted_of_accounts[account] = found
        return found

    def _level_clauses(self, account: str) -> Iterator[ClauseActions]:
        for side in (self.old, self.new):
            for kind in (SCP, RCP):
                levels = side.levels(account, kind)
                if levels is not None:
                    yield levels.denies
                    yield from levels.allows

    def _find(
        self, arn: str, account: str, before: PrincipalPolicies, after: PrincipalPolicies, keys: ChangedKeys
    ) -> _Found:
        everything = self.new.space.every
        points = self.granting.points
        sides = [
            list(
                points.with_access_points(
                    statement_deltas(own, side.levels(account, SCP), side.levels(account, RCP), everything, is_new=new)
                )
            )
            for own, side, new in ((before, self.old, False), (after, self.new, True))
        ]
        granted = self.granting.actions
        allowed = granted
        for own in (before, after):
            for clause, bits in own.identity.items():
                allowed |= bits if clause.is_allow else 0
        self._of_principal = self._equivalence_keys.of_principal(arn, account, before, after, keys)
        self._is_limited = self._equivalence_keys.knows_boundaries(before, after)
        unlisted: dict[str, int] = {}
        for entry, bits in (*self._own_unlisted(before, after), *self._unlisted_of_account(account)):
            unlisted[entry] = unlisted.get(entry, 0) | bits
        self._unlisted = unlisted
        effects: _Changes = {}
        doubts: dict[str, None] = {}
        is_personal = False
        on_resources: dict[SampleRequest, None] = {}
        by_password_policy = self.beside.by_password_policy(arn)
        allowed |= reduce(or_, (cell.represents for cell in by_password_policy), 0)
        for part in policy_type_deltas(sides[0], sides[1], allowed, keys):
            is_personal = self._look(arn, account, part, effects, doubts) or is_personal
            for cell in by_password_policy:
                if cell.represents & part.bits:
                    is_personal = True
                    on_resources[cell] = None
        if keys:
            is_personal = True
            on_resources |= dict.fromkeys(self.granting.touched(keys, arn, self._bearing(arn, sides)))
        ids = _unique_ids(before, after)
        if ids:
            is_personal = True
            on_resources |= dict.fromkeys(self.granting.naming(ids, arn, self._bearing(arn, sides)))
        if (before.boundary_documents is None) != (after.boundary_documents is None):
            # A Deny with NotPrincipal always applies to principals with a boundary (rule E7).
            is_personal = True
            on_resources |= dict.fromkeys(self.granting.exempting(arn, self._bearing(arn, sides)))
        for cell in self.beside.cells(arn):
            is_personal = True
            on_resources[cell] = None
        for cell in on_resources:
            self._ask(arn, cell, None, effects, doubts)
        for endpoint in self.beside.endpoints_for(keys):
            through = [
                [*deltas, *points.with_access_points(endpoint.deltas(side, everything, is_new=is_new))]
                for deltas, side, is_new in ((sides[0], self.old, False), (sides[1], self.new, True))
            ]
            for part in policy_type_deltas(through[0], through[1], allowed, keys):
                is_personal = self._look(arn, account, part, effects, doubts, endpoint.context) or is_personal
        is_of_organization = _is_as_before(before, after)
        found = tuple(
            _Change(kind, bits, where, witness, equivalence_key if is_of_organization else None)
            for (kind, bits, where), (witness, equivalence_key) in effects.items()
        )
        return _Found(found, tuple(doubts), is_personal)

    def _look(
        self,
        arn: str,
        account: str,
        part: PolicyTypeDelta,
        effects: _Changes,
        doubts: dict[str, None],
        given: Context = NOTHING,
    ) -> bool:
        """Evaluate every class of actions of a part; return whether resources that name principals were evaluated."""
        partition = partition_of(arn)
        self._met_who = self._is_by_resource = False
        self._only = part.only_kind
        is_personal = False
        apart = reference().rcp_services if self._has_rcps(account) else frozenset[str]()
        if tells_accounts_apart(part):
            apart |= _with_resource_policies()
        part = part.with_values(self._values(arn), is_limited=self._is_limited)
        near = [one for one in part.clauses if any(may_meet(one.where, where) for where in part.differing)]
        elsewhere: tuple[str, ...] | None = None
        # Actions with another differing policy are evaluated separately, since they have other causes.
        for bits, sources in split(part.bits, self._sources(arn, account)):
            part = replace(part, bits=bits, sources=sources)
            # Without an Allow of the principal, only the policies of resources can allow it.
            for sort in action_classes(self.new.space, bits, part.clauses, apart) if part.allowed else ():
                ask = PairEvaluator(partial(self._ask_apart, arn, part, effects, doubts, given))
                is_complete = ask_of_sort(sort, part, near, partition, account, ask)
                if not ask.found_change and not is_complete:
                    doubts[_unseen(sort.service)] = None
                # One action is enough to say that other accounts decide, but that of assuming roles has to be named.
                is_open = sort.action == "sts:AssumeRole" or not (ask.found_change or doubts)
                if is_open and is_by_other_accounts(sort, part):
                    elsewhere = tuple(self._other_accounts(part)) if elsewhere is None else elsewhere
                    ask_in_other_accounts(sort, part, near, partition, elsewhere, ask)
            for cell in self._cells_of_no_type(arn, part):
                self._ask_apart(arn, part, effects, doubts, given, cell)
            near_clauses = [(clause, bits) for clause in near]
            granted, is_all, self._alike = self.granting.cells(bits, part, near_clauses, arn, _MAX_GRANTING)
            is_personal = is_personal or bool(granted)
            changed = [self._ask(arn, cell, part, effects, doubts, given) for cell in granted]
            self._alike = Counter()
            if not is_all and (self._is_by_resource or not any(changed)):
                doubts[phrase(UNSEEN_RESOURCES)] = None
        return is_personal or self._met_who

    def _cells_of_no_type(self, arn: str, part: PolicyTypeDelta) -> Iterator[SampleRequest]:
        """Yield requests on resources that policies name and that are of no listed type, where a part differs."""
        for entry, bits in self._unlisted.items():
            within = bits & part.bits
            if not within:
                continue
            texts = dict.fromkeys(fill(entry, values) for values in self._values(arn))
            resources = [one for text in texts for one in as_written(text, partition_of(arn), account_of(arn))]
            apart = frozenset(service for service, _ in self.new.space.by_service(within))
            for resource in dict.fromkeys(resources):
                if all(any(applies_to(where, resource) for where in one) for one in (part.allowed, part.differing)):
                    for sort in action_classes(self.new.space, within, part.clauses, apart):
                        yield SampleRequest(sort.action, resource, sort.bits)

    def _other_accounts(self, part: PolicyTypeDelta) -> Iterator[str]:
        """Yield accounts that no snapshot contains: an unrelated one, and one of each organization."""
        entries = (entry for clause in part.clauses if clause.where is not None for entry in clause.where.entries)
        held = self.old.index.accounts.keys() | self.new.index.accounts.keys()
        sides = (self.old.evaluator.organization, self.new.evaluator.organization)
        organizations = [one for one in sides if one is not None]
        yield from dict.fromkeys(member for one in organizations if (member := _member(one, held)) is not None)
        for account in unnamed_accounts(entries):
            if account not in held and not any(one.has_account(account) for one in organizations):
                yield account
                return

    def _ask_apart(
        self,
        arn: str,
        part: PolicyTypeDelta,
        effects: _Changes,
        doubts: dict[str, None],
        given: Context,
        cell: SampleRequest,
    ) -> bool:
        """Evaluate each of the actions that the resource's own policies treat differently."""
        entry = self.granting.at(cell.resource)
        account = account_of(arn)
        self._met_who = self._met_who or (entry is not None and self.granting.asks_who(entry))
        clause_actions = (
            [] if entry is None else [one for one in entry.clause_actions if may_name(one[0].principal, arn, account)]
        )
        if entry is None or not clause_actions:
            return self._ask(arn, cell, part, effects, doubts, given)
        changed = [
            self._ask(arn, SampleRequest(sort.action, cell.resource, sort.bits), part, effects, doubts, given)
            for sort, _ in pieces(self.new.space, cell.represents, clause_actions, entry.services)
        ]
        return any(changed)

    def _bearing(
        self, arn: str, sides: Sequence[Sequence[tuple[StatementDelta, int]]]
    ) -> list[tuple[NormalStatement, int]]:
        """Return the clauses that apply to a principal in either snapshot, with its values for variables."""
        found: dict[tuple[NormalStatement, int], None] = {}
        for values, deltas in zip(self._values(arn), sides, strict=True):
            for one, bits in deltas:
                clause = with_values(one.clause, values)
                if clause is not None:
                    found[clause, bits] = None
        return list(found)

    def _sources(self, arn: str, account: str) -> list[tuple[Hashable, int]]:
        """Return the documents of a principal that only one snapshot has, or has otherwise, with their actions."""
        if self._sources_of is not None and self._sources_of[0] == arn:
            return self._sources_of[1]
        sides = [dict(_documents(side, arn, account)) for side in (self.old, self.new)]
        found: list[tuple[Hashable, int]] = []
        for place in dict.fromkeys((*sides[0], *sides[1])):
            listed = [one[place] for one in sides if place in one]
            if len(listed) == 2 and listed[0].raw == listed[1].raw:
                continue
            bits = 0
            for document in listed:
                for actions in self.new.reading.clause_actions(document, names_principals=False).values():
                    bits |= actions
            found.append((place, bits))
        self._sources_of = (arn, found)
        return found

    def _values(self, arn: str) -> tuple[Values, Values]:
        """Return the values of a principal's variables in both snapshots, which are looked up at first use."""
        return partial(self._value, arn, 0), partial(self._value, arn, 1)

    def _value(self, arn: str, side: int, key: str) -> str | None:
        if self._values_of[0] != arn:
            self._values_of = arn, (self.old.variables(arn), self.new.variables(arn))
        return self._values_of[1][side](key)

    def _ask(
        self,
        arn: str,
        cell: SampleRequest,
        part: PolicyTypeDelta | None,
        effects: _Changes,
        doubts: dict[str, None],
        given: Context = NOTHING,
    ) -> bool:
        """Evaluate one request under both snapshots; return whether the decisions differ."""
        kinds = part.kinds if part is not None and part.is_one_way else BOTH
        equivalence_key = only = None
        if part is not None and self._of_principal is not None and not given:
            equivalence_key = self._equivalence_keys.of_request(self._of_principal, part, cell, arn)
            if self._equivalence_keys.is_of_no_snapshot(self._of_principal, cell):
                only = self._only
        compared = self._known.get(equivalence_key) if equivalence_key is not None else None
        if compared is None:
            self.requests += 1
            compared = self._plainly.get(equivalence_key)
            if compared is None:
                compared = compare(self.old, self.new, arn, cell.action, cell.resource, given, kinds, only)
            if equivalence_key is not None and _names_none_of(compared, arn, cell):
                self._known[equivalence_key] = compared
                if not any(witness.context for _, witness in compared.changes):
                    if len(self._plainly) >= _MAX_PLAINLY:
                        self._plainly.clear()
                    self._plainly[equivalence_key] = compared
        for kind, witness in compared.changes:
            own = self._on(witness, arn, cell)
            cause = None if equivalence_key is None or part is None else (equivalence_key, part.sources)
            row = kind, cell.represents, self._scope(cell, part, kind)
            # Where some resources of a row have no condition, the row has none.
            if row not in effects or len(own.context) < len(effects[row][0].context):
                effects[row] = own, cause
        doubts |= dict.fromkeys(compared.doubts_about(cell.action))
        return bool(compared.changes)

    def _scope(self, cell: SampleRequest, part: PolicyTypeDelta | None, kind: Kind) -> str:
        """Return the resources of a change that a request shows."""
        entry = self.granting.at(cell.resource)
        if part is not None:
            text = scope_of_policies(cell, part, kind, entry)
            if entry is None or not is_by_resource_alone(cell, part, kind):
                return text
            self._is_by_resource = True
            others = self._alike[entry.arn]
            return (
                text
                if not others
                else nphrase(
                    "{resource} and {count:,} resource with the same policy",
                    "{resource} and {count:,} resources with the same policy",
                    others,
                    resource=text,
                )
            )
        return cell.resource if entry is None else scope_on_resource(entry, cell)

    def _on(self, witness: ExampleRequest, arn: str, cell: SampleRequest) -> ExampleRequest:
        """Return an example request for an equivalent principal and request."""
        if (witness.principal, witness.action, witness.resource) == (arn, cell.action, cell.resource):
            return witness
        owner = self.new.owner_taken(arn, cell.resource) and self.old.owner_taken(arn, cell.resource)
        return ExampleRequest(
            arn, cell.action, cell.resource, witness.context, witness.old, witness.new, owner
        )  # not `replace`, which takes three times as long

    def _has_rcps(self, account: str) -> bool:
        return any((levels := side.levels(account, RCP)) is not None and levels.denies for side in (self.old, self.new))

    # ── each principal of the group ──────────────────────────────────────────────────────────────────────────────────

    def _effects(self, arn: str, found: _Found) -> Iterator[Effect]:
        merged: dict[tuple[Kind, str, tuple[Cause, ...], Hashable], list[tuple[int, ExampleRequest, bool]]] = {}
        is_as_before = _has_as_before(arn, self.old, self.new)
        sides = (self.new,) if is_as_before else (self.new, self.old)
        for kind, bits, where, witness, equivalence_key in found.effects:
            own = witness if witness.principal == arn else replace(witness, principal=arn)
            same = (equivalence_key, kind, own.context)
            causes = self._causes.get(same) if equivalence_key is not None else None
            if causes is None:
                causes = self._causes[same] = causes_of(own, self.old, self.new)
            key = (kind, where, causes, own.context)
            # With the same policies and facts, both snapshots agree on a resource that neither contains.
            merged.setdefault(key, []).append((bits, own, is_as_before and equivalence_key is not None))
        for (kind, where, causes, _), parts in merged.items():
            actions = reduce(or_, (bits for bits, _, _ in parts))
            allowed = allowing(arn, actions, where, sides)
            carriers: dict[tuple[str, str], None] = {}
            for bits, own, is_identical in parts:
                if not is_identical:
                    carriers |= dict.fromkeys(carriers_of(own, (self.new, self.old)))
                elif not carriers.keys() >= set(allowed):
                    # No policy of a resource applies: if only one policy can allow it, that one does.
                    possible = allowing(arn, bits, own.resource, sides)
                    if not carriers.keys() >= set(possible):
                        carriers |= dict.fromkeys(possible if len(possible) == 1 else carriers_of(own, sides))
            yield Effect(arn, kind, actions, where, parts[0][1], causes, tuple(carriers), allowed)


def _names_none_of(compared: Compared, arn: str, cell: SampleRequest) -> bool:
    """Return whether the doubts about a request also hold for equivalent requests."""
    own = {arn, cell.resource, cell.action} - {"*"}
    return not any(name in text for text in compared.doubts for name in own)


def _unique_ids(before: PrincipalPolicies, after: PrincipalPolicies) -> frozenset[str]:
    """Return the unique IDs of a principal that was deleted and created again, by which policies may name it."""
    ids = [own.facts.unique_id if own.facts is not None else None for own in (before, after)]
    return frozenset(filter(None, ids)) if ids[0] != ids[1] else frozenset()


def _has_as_before(arn: str, old: SnapshotView, new: SnapshotView) -> bool:
    """Return whether a user or role has the same policies from the same places in both snapshots."""
    had, has = (
        [(policy.owner, policy.key, policy.document) for policy in side.index.carried(arn).identity]
        if arn in side.index.users or arn in side.index.roles
        else None
        for side in (old, new)
    )
    return had is not None and had == has


def _is_as_before(before: PrincipalPolicies, after: PrincipalPolicies) -> bool:
    """Return whether a principal's own policies and facts are unchanged, so that only the organization differs."""
    return (before.documents, before.boundary_documents, before.facts) == (
        after.documents,
        after.boundary_documents,
        after.facts,
    )


def _documents(side: SnapshotView, arn: str, account: str) -> Iterator[tuple[Hashable, Document]]:
    """Yield (place, document) for the documents that apply to a principal."""
    if arn in side.index.users or arn in side.index.roles:
        carried = side.index.carried(arn)
        yield from (((policy.owner, policy.key), policy.document) for policy in carried.identity)
        if carried.boundary is not None:
            yield ("boundary", carried.boundary.key), carried.boundary.document
    organization = side.evaluator.organization
    for kind in (SCP, RCP):
        for level in (organization.levels(account, kind) if organization is not None else None) or ():
            yield from (((one.node_id, one.policy.id), one.document) for one in level)


def _member(organization: OrganizationIndex, held: Collection[str]) -> str | None:
    """Return an account of an organization that no snapshot contains."""
    return next((node.id for node in organization.nodes if node.id.isdigit() and node.id not in held), None)


@cache  # of the service facts alone, which do not change
def _with_resource_policies() -> frozenset[str]:
    """Return the services whose resources have policies, which may let other accounts in."""
    return frozenset(name for name, facts in services().items() if facts.types)


def _unseen(service: str) -> str:
    return phrase("Not every resource of {service} that the policies distinguish could be compared.", service=service)
