"""Who is allowed an action on each of many users, roles, groups or policies, as bits and with few evaluations.

For most principals, all entities of an account give the same decision: one is evaluated for all principals at once.
Only principals with statements that distinguish entities (by name, tag or variable) are evaluated again, once for each
set of entities that their statements do not distinguish.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from operator import or_
from typing import NamedTuple

from iamdesk.access.bulk_evaluator import BulkEvaluator, RequestMoment
from iamdesk.access.own_statements import AS_IDENTITY
from iamdesk.access.principal_index import indexes_of
from iamdesk.access.request_grid import OneRequest
from iamdesk.attack_paths.attacker_control import AllowedBy, allowed_by
from iamdesk.attack_paths.catalog import ASSUMES, alternatives_of
from iamdesk.attack_paths.edge_targets import EdgeTargets
from iamdesk.attack_paths.evaluation_session import Context, EvaluationSession
from iamdesk.attack_paths.request_tags import (
    SET_SOURCE_IDENTITY,
    TaggingAction,
    agreeing,
    can_be_passed,
    can_tag,
    is_open_otherwise,
    may_require,
    required_besides,
    tag_context,
    tagging_context,
    tags_of,
)
from iamdesk.aws.condition_keys import RESOURCE_TAG_PREFIXES
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.derived_keys import BOUNDARY, PrincipalDependence, dependence
from iamdesk.evaluate.policy_set import AttachedPolicy, SourceType
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.evaluate.service_rules import sets_boundary
from iamdesk.inventory.statement_index import StatementIndex
from iamdesk.policy.conditions import PolicyValue
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import glob, is_pattern
from iamdesk.snapshot.organization import OrganizationPolicyType

_MAX_KEPT = 1 << 14
_MAX_CALLERS = 64
_OF_KIND = {
    OrganizationPolicyType.SERVICE_CONTROL_POLICY: AttachedPolicy(
        PolicyType.SCP, SourceType.SCP, "", "", "", "", AS_IDENTITY.document
    ),
    OrganizationPolicyType.RESOURCE_CONTROL_POLICY: AttachedPolicy(
        PolicyType.RCP, SourceType.RCP, "", "", "", "", AS_IDENTITY.document
    ),
}


class ConfirmedAndPossible(NamedTuple):
    """Principals, as bits: those for whom it is proven, and those for whom it depends on unknown facts."""

    proven: int
    possible: int

    def both(self, other: "ConfirmedAndPossible") -> "ConfirmedAndPossible":
        """Return the principals for whom both are proven or possible."""
        proven = self.proven & other.proven
        return ConfirmedAndPossible(proven, (self.proven | self.possible) & (other.proven | other.possible) & ~proven)

    def either(self, other: "ConfirmedAndPossible") -> "ConfirmedAndPossible":
        """Return the principals for whom one of them is proven or possible."""
        proven = self.proven | other.proven
        return ConfirmedAndPossible(proven, (self.possible | other.possible) & ~proven)

    def within(self, members: int) -> "ConfirmedAndPossible":
        """Return the intersection with some principals."""
        return ConfirmedAndPossible(self.proven & members, self.possible & members)

    def unsure(self, some: int = -1) -> "ConfirmedAndPossible":
        """Return the same principals, all as possible only, or some of them."""
        return ConfirmedAndPossible(self.proven & ~some, self.possible | self.proven & some)

    @property
    def principals(self) -> int:
        """All of them."""
        return self.proven | self.possible


NO_PRINCIPALS = ConfirmedAndPossible(0, 0)


class EdgeSources:
    """Who is allowed one action, by target."""

    def __init__(self, targets: EdgeTargets) -> None:
        self._targets = targets
        self._by_account: dict[str, list[tuple[int, ConfirmedAndPossible]]] = {}
        self._own: dict[int, ConfirmedAndPossible] = {}
        self._others: list[EdgeSources] = []
        self._principals: int | None = None

    def __getstate__(self) -> tuple[object, ...]:
        """Pickle without the targets, which `of_targets` sets in another process."""
        return self._by_account, self._own, self._others

    def __setstate__(
        self,
        state: tuple[
            dict[str, list[tuple[int, ConfirmedAndPossible]]], dict[int, ConfirmedAndPossible], list["EdgeSources"]
        ],
    ) -> None:
        self._by_account, self._own, self._others = state
        self._principals = None

    def of_targets(self, targets: EdgeTargets) -> "EdgeSources":
        """Set the targets of this process; return self."""
        self._targets = targets
        for other in self._others:
            other.of_targets(targets)
        return self

    def join(self, other: "EdgeSources") -> None:
        """Add who is allowed the action in another context."""
        self._others.append(other)
        self._principals = None

    def add(
        self, account: str, part: int, all_callers: ConfirmedAndPossible, special: Mapping[int, ConfirmedAndPossible]
    ) -> None:
        """Add who is allowed on some entities of an account; ``special`` are further principals by set of entities.

        No principal is proven by two of these sets, or possible by two.
        """
        self._principals = None
        surely = perhaps = 0
        proven: dict[int, int] = {}
        possible: dict[int, int] = {}
        for covered, members in special.items():
            differing = covered
            if 2 * covered.bit_count() > part.bit_count():  # name the few entities that it does not cover
                differing = part & ~covered
                surely |= members.proven
                perhaps |= members.possible
            for place in indexes_of(differing):
                proven[place] = proven.get(place, 0) ^ members.proven
                possible[place] = possible.get(place, 0) ^ members.possible
        usual = all_callers.either(ConfirmedAndPossible(surely, perhaps))
        self._by_account.setdefault(account, []).append((part, usual))
        # Thousands of entities have the same sources: share one object.
        shared: dict[tuple[int, int], ConfirmedAndPossible] = {}
        for place, changed in proven.items():
            own = (changed ^ surely, possible[place] ^ perhaps)
            if own not in shared:
                shared[own] = all_callers.either(ConfirmedAndPossible(*own))
            self._own[place] = shared[own]

    @property
    def principals(self) -> int:
        """All principals that are allowed it on some entity, perhaps."""
        if self._principals is None:
            parts = {members for listed in self._by_account.values() for _, members in listed}
            found = 0
            for proven, possible in parts.union(self._own.values()):
                found |= proven | possible
            for other in self._others:
                found |= other.principals
            self._principals = found
        return self._principals

    def of(self, place: int) -> ConfirmedAndPossible:
        """Return who is allowed it on an entity."""
        found = self._of(place)
        if not self._others:
            return found
        proven, possible = found
        for other in self._others:  # dozens, for each of thousands of entities: without an object for each
            one = other.of(place)
            proven |= one.proven
            possible |= one.possible
        return ConfirmedAndPossible(proven, possible & ~proven)

    def _of(self, place: int) -> ConfirmedAndPossible:
        own = self._own.get(place)
        if own is not None:
            return own
        for part, members in self._by_account.get(self._targets.account_of(place), ()):
            if part >> place & 1:
                return members
        return NO_PRINCIPALS


class SourceFinder:
    """Finds who is allowed actions on the entities of a snapshot."""

    def __init__(
        self,
        inquiry: EvaluationSession,
        targets: EdgeTargets,
        bulk: BulkEvaluator,
        can_arrange: bool = True,
    ) -> None:
        """Create a finder.

        ``bulk`` may be over a hypothetical snapshot; then ``can_arrange`` is False, and conditional decisions are not
        checked for keys that callers choose.
        """
        self._inquiry = inquiry
        self._targets = targets
        self.bulk = bulk
        self.population = bulk.population
        self._can_arrange = can_arrange
        self._by_tags: dict[tuple[str, ...], tuple[int, ...]] = {}
        self._organization = tuple(_organization_documents(inquiry, targets))
        self.members_of: dict[str, int] = {}
        """By account: its principals, as bits."""
        for cohort in bulk.population.cohort:
            self.members_of[cohort.account] = self.members_of.get(cohort.account, 0) | cohort.members
        self._documents_of: dict[int, frozenset[int]] = {}
        self._arranged: dict[Hashable, tuple[AllowedBy, ...]] = {}
        self.distinguishing: dict[tuple[str, int], Sequence[tuple[int, int | None]]] = {}
        """By action and callers: `_Finding._distinguishing`."""

    def find(
        self,
        action: str,
        among: int,
        context: Context | None = None,
        *,
        only_own: bool = True,
        callers: int | None = None,
    ) -> EdgeSources:
        """Return who is allowed an action on each of some entities, in a context; other keys are unknown.

        Args:
            action: The action.
            among: The entities.
            context: The context.
            only_own: Whether principals need an Allow of their own.
            callers: Principals to evaluate, as bits; None: those of each entity's own account, since only trust
                policies allow other accounts (rules D1, I2).

        Raises:
            WorkCancelled: The run was cancelled.
        """
        found = EdgeSources(self._targets)
        for account, part in self._parts(action, among):
            self._inquiry.check_cancelled()
            who = self.members_of.get(account, 0) if callers is None else callers
            for inside in self._by_boundary(action, part) if who else ():
                _Finding(self, action, context or {}, inside, who, only_own).add_to(found, account)
        return found

    def candidates(self, action: str, place: int, members: int, context: Context | None = None) -> ConfirmedAndPossible:
        """Return which principals are allowed an action on one entity, evaluated individually."""
        return _Finding(self, action, context or {}, 1 << place, members).asked_alone(place)

    def _by_boundary(self, action: str, part: int) -> Iterator[int]:
        """Split users and roles by the permissions boundary that they have, for actions on which policies can test
        it."""
        if action.lower() in self._testing_boundary:
            for bits in self._boundaries:
                if part & bits:
                    yield part & bits
                part &= ~bits
        if part:
            yield part

    @cached_property
    def _boundary_values(self) -> tuple[PolicyValue, ...]:
        """What policies compare the boundary of a user or role with."""
        documents = (*self.population.index.documents, *(document for _, document in self._organization))
        tests = (test for document in documents for one in document.statements for test in one.conditions)
        values = (value for test in tests if test.key == BOUNDARY for value in test.values)
        return tuple({value.text: value for value in values}.values())

    @cached_property
    def _testing_boundary(self) -> frozenset[str]:
        """The actions on existing users and roles whose decision may depend on their boundary, in lower case."""
        if not self._boundary_values:
            return frozenset()
        catalogue = reference()
        takers = (one for one in catalogue.actions_of("iam") if catalogue.takes_key(one, None, BOUNDARY))
        return frozenset(f"iam:{name}" for one in takers if not sets_boundary("iam", name := one.name.lower()))

    @cached_property
    def _boundaries(self) -> Sequence[int]:
        """The users and roles whose boundaries policies do not tell apart, as bits."""
        found: dict[Hashable, int] = {}
        for boundary, bits in self._targets.bounded.items():
            key = None if boundary is None else tuple(_comparison(value, boundary) for value in self._boundary_values)
            found[key] = found.get(key, 0) | bits
        return tuple(found.values())

    @property
    def statements(self) -> StatementIndex:
        """The statements of all principals."""
        return self.population.index

    @property
    def organization_documents(self) -> Sequence[tuple[AttachedPolicy, Document]]:
        """The organization policies that apply to an account of the snapshot."""
        return self._organization

    def among(self, members: int, action: str, resource: str, context: Context | None = None) -> ConfirmedAndPossible:
        """Return which principals are allowed an action on one resource of any kind."""
        return self.swept(action, resource, context or {}, members)

    def swept(self, action: str, resource: str, context: Context, among: int) -> ConfirmedAndPossible:
        """Evaluate some principals in one context, with the parameters that the call needs."""
        found = NO_PRINCIPALS
        for alternative in alternatives_of(action):
            asked, *spelled = alternative.contexts(context)
            one = self._swept(action, resource, asked, among & ~found.proven)
            for other in spelled:  # AWS documents the first: only a Deny that has another one makes it unsure
                one = one.unsure(self._refused(action, resource, other, one.proven))
            if alternative.also:
                others = (self._swept(action, also, asked, one.principals) for also in alternative.resources(resource))
                one = one.both(reduce(ConfirmedAndPossible.either, others, NO_PRINCIPALS))
            found = found.either(one)
        return found

    def _refused(self, action: str, resource: str, context: Context, among: int) -> int:
        """Return whom a Deny may keep from a request."""
        left = among & ~self._swept(action, resource, context, among).proven
        moment = RequestMoment(self._inquiry.evaluator.now(), context)
        decisions = self.bulk.decisions(self.bulk.request(action, resource), left, moment)
        return reduce(or_, (one.members for one in decisions if one.decision is not EvalDecision.IMPLICIT_DENY), 0)

    def _swept(self, action: str, resource: str, context: Context, among: int) -> ConfirmedAndPossible:
        moment = RequestMoment(self._inquiry.evaluator.now(), context)
        proven = possible = 0
        for decided in self.bulk.decisions(
            self.bulk.request(action, resource), among, moment, distinguish_denials=False
        ):
            if decided.decision is EvalDecision.ALLOWED:
                proven |= decided.members
            elif decided.decision is EvalDecision.CONDITIONAL:
                found = self.arranging(decided.members, action, resource, context, decided.resolution)
                proven |= found.proven
                possible |= found.possible
        return ConfirmedAndPossible(proven, possible)

    def documents_of(self, members: int) -> frozenset[int]:
        """Return the numbers of the documents that some principals have attached or as boundary."""
        found = self._documents_of.get(members)
        if found is None:
            index = self.population.index
            found = frozenset(
                number
                for position in indexes_of(members)
                for number in (*index.carried[position], *(index.boundaries[position] or ()))
            )
            self._documents_of[members] = found
        return found

    def _parts(self, action: str, among: int) -> Iterator[tuple[str, int]]:
        """Split entities by account and by organization policies that distinguish them; yield (account, entities)."""
        names = [(service, name) for service, _, name in (one.lower().partition(":") for one in may_require(action))]
        while among:
            account = self._targets.account_of((among & -among).bit_length() - 1)
            own = self._targets.of_account[account] & among
            among &= ~own
            parts = [own]
            for one in names:
                parts = _refined(parts, self._targets.changed_by_aws(*one))
            tags: set[str] = set()
            for policy, document in self._organization:
                for statement in document.statements:
                    if statement.broken is not None or not any(statement.covers_action(*one) for one in names):
                        continue
                    tags.update(tags_asked(statement.context_keys()))
                    if any(entry.is_everything for entry in statement.resources or ()):
                        continue
                    matched = self._targets.matched_by(policy, statement, own)
                    parts = _refined(parts, matched)
                    if statement.resource_keys():  # which of them it matches depends on the caller
                        parts = [one for part in parts for one in (_each(part) if part & matched else (part,))]
            for part in parts:
                for split in self.by_tags(part, tuple(sorted(tags))):
                    yield account, split

    def by_tags(self, part: int, tags: tuple[str, ...]) -> Iterable[int]:
        """Split entities by the values of tags."""
        if not tags:
            return (part,) if part else ()
        if tags not in self._by_tags:
            found: dict[tuple[str | None, ...], int] = {}
            for place in indexes_of(self._targets.every):
                values = self._targets.tag_values(place, tags)
                found[values] = found.get(values, 0) | 1 << place
            self._by_tags[tags] = tuple(found.values())
        return [inside for bits in self._by_tags[tags] if (inside := bits & part)]

    def arranging(
        self, members: int, action: str, resource: str, context: Context, resolution: Hashable = None
    ) -> ConfirmedAndPossible:
        """Return which of some principals can satisfy the conditions of a conditional decision themselves.

        The others are possible, except those that would have to set tags and are denied to. Decisions with one
        ``resolution`` (`GroupDecision`) depend on the same, so one of them is looked at; without it, the first
        principal's.
        """
        if not self._can_arrange:
            return ConfirmedAndPossible(0, members)
        known = None if resolution is None else self._arranged.get(resolution)
        if known is None:
            subject = self.population.index.subjects[(members & -members).bit_length() - 1]

            def decide(tags: Context) -> EvalDecision:
                return self._inquiry.decide(subject, action, resource, {**context, **tags})

            alternatives = allowed_by(self._inquiry.trace(subject, action, resource, context))
            known = tuple(one for one in alternatives if can_be_passed(one, decide))
            if resolution is not None:
                if len(self._arranged) >= _MAX_KEPT:
                    self._arranged.clear()
                self._arranged[resolution] = known
        found = NO_PRINCIPALS
        for alternative in known:
            if alternative.tags and not can_tag(action, resource):
                continue
            who = ConfirmedAndPossible(members, 0) if alternative.is_chosen else ConfirmedAndPossible(0, members)
            found = found.either(
                who.both(self._tagging(alternative, members, action, resource, context)) if alternative.tags else who
            )
        return found

    def assuming_with(
        self, alternative: AllowedBy, role: str, members: int, without: Context, *, may_vary: bool
    ) -> ConfirmedAndPossible:
        """Return which of some principals can assume a role with the tags and the source identity of an alternative.

        ``without``: keys of the call that have no value. ``may_vary``: with other values, too.
        """
        found = self.among(members, ASSUMES, role, {**without, **tags_of(alternative)})
        found = found.both(self._tagging(alternative, found.principals, ASSUMES, role, {}, may_vary=False))
        required = required_besides(ASSUMES, alternative)
        left = members & ~found.proven
        if may_vary and left and len(required) == 1:
            found = found.either(self._with_other_values(alternative, left, ASSUMES, required[0], role, without))
        return found

    def _tagging(
        self,
        alternative: AllowedBy,
        members: int,
        action: str,
        resource: str,
        context: Context,
        *,
        may_vary: bool = True,
    ) -> ConfirmedAndPossible:
        """Return which of some principals may set the tags of an alternative, as far as a permission is required.

        ``may_vary``: with other values, too.
        """
        found = ConfirmedAndPossible(members, 0)
        for required in required_besides(action, alternative):
            one = self.among(members, required.action, resource, tag_context(alternative, action, context))
            left = members & ~one.proven
            if left and may_vary:
                one = one.either(self._with_other_values(alternative, left, action, required, resource, context))
            if required == SET_SOURCE_IDENTITY and (left := members & ~one.principals):
                one = one.either(
                    self._by_other_reading(left, required, resource, tag_context(alternative, action, context))
                )
            found = found.both(one if required.is_documented else one.either(ConfirmedAndPossible(0, members)))
        return found

    def _by_other_reading(
        self, members: int, required: TaggingAction, resource: str, context: Context
    ) -> ConfirmedAndPossible:
        """Return which of some principals the trust policy alone allows an action, if AWS's pages mean it so."""
        index = self._inquiry.evaluator.index
        role = index.roles.get(resource)
        named = 0
        for statement in index.trust(role).statements if role is not None else ():
            named |= self.population.named_by(statement)
        found = 0
        for position in indexes_of(members & named):
            trace = self._inquiry.trace(self.population.index.subjects[position], required.action, resource, context)
            if is_open_otherwise(required, trace):
                found |= 1 << position
        return ConfirmedAndPossible(0, found)

    def _with_other_values(
        self,
        alternative: AllowedBy,
        members: int,
        action: str,
        required: TaggingAction,
        resource: str,
        context: Context,
    ) -> ConfirmedAndPossible:
        """Return which of some principals may make a call and set its tags, with values that suit both actions."""
        unknown = tagging_context(action, context)  # tags are unknown
        moment = RequestMoment(self._inquiry.evaluator.now(), unknown)
        grid = self.bulk.request(required.action, resource)
        found = NO_PRINCIPALS
        for decided in self.bulk.decisions(grid, members, moment, distinguish_denials=False):
            if decided.decision is not EvalDecision.CONDITIONAL:
                continue
            who = decided.members
            subject = self.population.index.subjects[(who & -who).bit_length() - 1]
            call = self._inquiry.trace(subject, action, resource, context)
            tagging = self._inquiry.trace(subject, required.action, resource, unknown)
            for other in agreeing(alternative, call, tagging):
                both = self.among(who, action, resource, {**context, **tags_of(other)})
                if both.principals:
                    sets = tag_context(other, action, context)
                    both = both.both(self.among(who, required.action, resource, sets))
                found = found.either(both)
                if not who & ~found.proven:
                    break
        return found


class _Finding:
    """One action on entities that only the principals' own policies distinguish."""

    def __init__(
        self, finder: SourceFinder, action: str, context: Context, part: int, callers: int, only_own: bool = True
    ) -> None:
        self._finder = finder
        self._callers = callers & finder.population.regular
        self._only_own = only_own
        self._bulk = finder.bulk
        self._population = finder.population
        self._targets = finder._targets
        self._action = action
        self._context = context
        self._moment = RequestMoment(finder._inquiry.evaluator.now(), context)
        self._part = part
        self._first = (part & -part).bit_length() - 1
        service, _, name = action.lower().partition(":")
        self._covering = self._population.index.covering(service, name)
        self._all_allowed: dict[int, bool] = {}

    @cached_property
    def _on_first(self) -> OneRequest:
        return self._bulk.request(self._action, self._targets.arns[self._first])

    def add_to(self, found: EdgeSources, account: str) -> None:
        special = self._special_statements()
        apart = 0
        by_principal: dict[int, list[int]] = {}
        for place in special:
            number, _ = self._population.index.statement(place)
            carriers = (self._population.carriers[number] | self._population.bounded[number]) & self._callers
            apart |= carriers
            for position in indexes_of(carriers):
                by_principal.setdefault(position, []).append(place)
        among = self._callers & ~apart
        if self._only_own:
            among &= self._allowing()
        all_callers = self._finder.swept(self._action, self._targets.arns[self._first], self._context, among)
        covered = {position: [0, 0] for position in by_principal}
        for place, asked in self._to_ask(by_principal).items():
            members = 0
            for position in asked:
                members |= 1 << position
            for position, decision in self._ask(members, place):
                covered[position][decision] |= asked[position]
        proven: dict[int, int] = {}
        possible: dict[int, int] = {}
        for position, (surely, perhaps) in covered.items():
            proven[surely] = proven.get(surely, 0) | 1 << position
            possible[perhaps] = possible.get(perhaps, 0) | 1 << position
        own = {
            part: ConfirmedAndPossible(proven.get(part, 0), possible.get(part, 0))
            for part in {**proven, **possible}
            if part
        }
        found.add(account, self._part, all_callers, own)

    def _to_ask(self, by_principal: Mapping[int, list[int]]) -> dict[int, dict[int, int]]:
        """Return, by entity to evaluate and principal, the entities that it represents, as bits."""
        found: dict[int, dict[int, int]] = {}
        for position, places in by_principal.items():
            self._finder._inquiry.check_cancelled()
            granted = self._granted(position, places) if self._only_own else self._part
            for part in self._classes(position, places):
                if not part & granted:
                    continue
                # Prefer one entity for as many principals as possible.
                place = self._first if part >> self._first & 1 else (part & -part).bit_length() - 1
                found.setdefault(place, {})[position] = part
        return found

    def _granted(self, position: int, special: Iterable[int]) -> int:
        """Return the entities that some Allow of a principal can apply to, as bits: on all others it is denied."""
        found = 0
        for place in special:
            _, statement = self._population.index.statement(place)
            if statement.is_allow:
                applying = None if place in self._targets.personal else self._targets.applying.get(place)
                found |= self._part if applying is None else applying
        if self._part & ~found and any(map(self._allows_all, self._population.index.carried[position])):
            return self._part
        return found

    def _allows_all(self, number: int) -> bool:
        """Return whether an Allow of a document covers the action and applies to all of the entities."""
        known = self._all_allowed.get(number)
        if known is None:
            known = False
            if number in self._covering.statements:
                for place, statement in self._population.index.of_document(number):
                    if statement.is_allow and place in self._covering.places and place not in self._targets.personal:
                        applying = self._targets.applying.get(place)
                        known = known or applying is None or not self._part & ~applying
            self._all_allowed[number] = known
        return known

    def _allowing(self) -> int:
        """Return who carries an Allow that covers the action, as bits."""
        found = 0
        documents = self._finder.documents_of(self._callers)
        for number, statements in self._covering.statements.items():
            if number in documents and any(statement.is_allow for statement in statements):
                found |= self._population.carriers[number]
        return found

    def asked_alone(self, place: int) -> ConfirmedAndPossible:
        found = [0, 0]
        for position, decision in self._ask(self._callers, place):
            found[decision] |= 1 << position
        return ConfirmedAndPossible(*found)

    def _ask(self, members: int, place: int) -> Iterator[tuple[int, int]]:
        """Yield (position, 0 if proven, 1 if possible) for principals that are not denied."""
        self._finder._inquiry.check_cancelled()
        resource = self._targets.arns[place]
        grid = self._bulk.request(self._action, resource)
        for decided in self._bulk.decisions(grid, members, self._moment, distinguish_denials=False):
            if decided.decision is EvalDecision.ALLOWED:
                yield from ((position, 0) for position in indexes_of(decided.members))
            elif decided.decision is EvalDecision.CONDITIONAL:
                found = self._finder.arranging(
                    decided.members, self._action, resource, self._context, decided.resolution
                )
                for position in indexes_of(found.principals):
                    yield position, int(not found.proven >> position & 1)

    def _special_statements(self) -> list[int]:
        """Return the callers' statements that cover the action and distinguish the entities."""
        return [
            place
            for place, applying in self._distinguishing()
            if applying is None or applying & self._part not in (0, self._part)
        ]

    def _distinguishing(self) -> Sequence[tuple[int, int | None]]:
        """Return the callers' statements that cover the action and distinguish some entities, and which they apply to.

        None: it depends on the caller or on tags. Kept, since the same callers are asked about for many trust policies.
        """
        key = self._action, self._callers
        known = self._finder.distinguishing.get(key)
        if known is None:
            index = self._population.index
            covering = [
                index.covering(service, name)
                for service, _, name in (one.lower().partition(":") for one in may_require(self._action))
            ]
            places = {
                place
                for covered in covering
                for number in covered.statements.keys() & self._finder.documents_of(self._callers)
                for place, _ in index.of_document(number)
                if place in covered.places
            }
            found: list[tuple[int, int | None]] = []
            for place in sorted(places):
                if place in self._targets.personal or tags_asked(self._asked_keys(place)):
                    found.append((place, None))
                elif place in self._targets.applying:
                    found.append((place, self._targets.applying[place]))
            if len(self._finder.distinguishing) >= _MAX_CALLERS:
                self._finder.distinguishing.clear()
            known = self._finder.distinguishing[key] = found
        return known

    def _asked_keys(self, place: int) -> tuple[str, ...]:
        number, statement = self._population.index.statement(place)
        return self._population.asked(statement, self._population.index.documents[number].version).keys

    def _classes(self, position: int, places: Iterable[int]) -> list[int]:
        """Split the entities into sets that a principal's own statements do not distinguish."""
        parts = [self._part]
        tags: set[str] = set()
        for place in places:
            applying = self._targets.applying.get(place)
            if place in self._targets.personal:
                _, statement = self._population.index.statement(place)
                for covered in self._personal(position, statement):
                    parts = _refined(parts, covered)
            elif applying is not None:
                parts = _refined(parts, applying)
            tags.update(tags_asked(self._asked_keys(place)))
        if not tags:
            return parts
        wanted = tuple(sorted(tags))
        return [split for part in parts for split in self._finder.by_tags(part, wanted)]

    def _personal(self, position: int, statement: Statement) -> tuple[int, ...]:
        keys = [key for key in statement.resource_keys() if dependence(key) is PrincipalDependence.CALLER]
        grid = self._on_first
        derive = self._bulk.request_classes.derive(grid, self._population.cohort_at(position), 0)
        facts = self._population.facts(position, keys, derive)
        known = {key: fact for key, fact in zip(keys, facts, strict=True) if fact is not None}
        return self._targets.filled(statement, known)


def _each(bits: int) -> Iterator[int]:
    return (1 << place for place in indexes_of(bits))


def _refined(parts: Iterable[int], bits: int) -> list[int]:
    return [split for part in parts for split in (part & bits, part & ~bits) if split]


def _comparison(value: PolicyValue, boundary: str) -> Hashable:
    """Return how a boundary compares with a value, at least as exactly as any operator compares them.

    With a variable, each boundary for itself.
    """
    text, lower = value.text, boundary.lower()
    if "${" in text:
        return boundary
    if not is_pattern(text):
        return boundary == text, lower == text.lower()
    parts = tuple(
        glob(pattern).matches(part) for pattern, part in zip(text.split(":"), boundary.split(":"), strict=False)
    )
    return glob(text).matches(boundary), glob(text.lower()).matches(lower), parts


def tags_asked(keys: Iterable[str]) -> set[str]:
    """Return the tags of the resource that condition keys ask for."""
    return {key.partition("/")[2] for key in keys if key.startswith(RESOURCE_TAG_PREFIXES)}


def _organization_documents(
    inquiry: EvaluationSession, targets: EdgeTargets
) -> Iterator[tuple[AttachedPolicy, Document]]:
    """Yield every organization policy that applies to an account of the callers or the targets, with its type."""
    organization = inquiry.evaluator.organization
    if organization is None:
        return
    seen: set[int] = set()
    for account in dict.fromkeys((*(one.account_id for one in inquiry.snapshot.accounts), *targets.of_account)):
        for kind, policy in _OF_KIND.items():
            for level in organization.levels(account, kind) or ():
                for one in level:
                    if id(one.document) not in seen:
                        seen.add(id(one.document))
                        yield policy, one.document
