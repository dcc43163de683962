"""Access changes through a resource's own policy, grants, tags, trust policy or settings."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import chain
from operator import or_

from iamdesk.access.external.candidates import texts_of, unnamed_accounts
from iamdesk.aws.condition_keys import RESOURCE_TAG_PREFIXES
from iamdesk.aws.service_reference import reference
from iamdesk.diff.assumptions import ASSUMED, otherwise, tested_by
from iamdesk.diff.attribution import allowing, carriers_of, causes_of, differing_causes
from iamdesk.diff.cause_text import settings_cause
from iamdesk.diff.deltas import ChangedKeys
from iamdesk.diff.effect_scope import scope_on_resource
from iamdesk.diff.evaluate_pair import Compared, Context, compare
from iamdesk.diff.external_principals import are_few, distinguished_principals, distinguished_services, stand_ins
from iamdesk.diff.matching import fill, is_plainly_of, names_nothing
from iamdesk.diff.normal_form import ANYWHERE, EVERYONE, NormalStatement, ResourceScope
from iamdesk.diff.principals import PrincipalComparer
from iamdesk.diff.resource_forms import (
    UNSEEN,
    Entry,
    Granting,
    captured_of,
    entries_of,
    facts_of,
    may_name,
    owners_of,
    services_of,
)
from iamdesk.diff.result import (
    ANYONE,
    ANYONE_ANYWHERE,
    Cause,
    ChangeKind,
    Effect,
    ExampleRequest,
    Kind,
    PrincipalDiff,
    Status,
)
from iamdesk.diff.sampling import SampleRequest
from iamdesk.diff.snapshot_view import RCP, SCP, SnapshotView, organization_facts
from iamdesk.diff.unseen_grants import ChangedEndpoint
from iamdesk.evaluate.derived_keys import BOUNDARY, PrincipalDependence, dependence
from iamdesk.evaluate.request import EvalDecision, RequestError
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.references import boundary_of
from iamdesk.inventory.resource_index import tags_without_case
from iamdesk.policy.arn import account_of, is_arn, partition_of
from iamdesk.policy.wildcards import glob, is_pattern
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled

_OTHER_TYPES = mark(
    "The authorization types of its methods or routes differ. Anyone can call one of type NONE: this was not compared."
)
_DELEGATION = mark(
    "The policy applies to everything in the organization: what it lets other accounts do was not compared."
)
_USUAL = ("999999999999", "888888888888", "777777777777", "666666666666")
"""The ID of an unrelated account, if no policy or organization uses it."""
_TAG_KEYS = (*RESOURCE_TAG_PREFIXES, "s3:accesspointtag/")
_RESOURCE_KEYS = (*_TAG_KEYS, BOUNDARY, "aws:resourceorg", "aws:principalorg")
_MAX_WITNESSES = 4
"""Requests of one effect that are checked for the policies that allow them."""
_MAX_FILLED = 60
"""Values of variables that are tried for one resource entry."""
_MAX_CONDITIONAL = 300
"""Principals with conditional decisions in both snapshots that are compared for one request."""
_MAX_MEMBERS = 20
"""Accounts of an organization that represent those that no snapshot contains."""
_OF_RESOURCES = frozenset(
    {
        ChangeKind.TRUST,
        ChangeKind.RCP,
        ChangeKind.RCP_ATTACHMENT,
        ChangeKind.RESOURCE_POLICY,
        ChangeKind.RESOURCE_TAGS,
        ChangeKind.GRANTS,
        ChangeKind.PUBLIC_ACCESS,
        ChangeKind.RESOURCE,
        ChangeKind.MOVE,
        ChangeKind.CAPTURE,
        ChangeKind.ENDPOINT,
    }
)
"""Causes on the resource's side; other causes are reported for the principals."""


@dataclass(slots=True)
class ResourceComparer:
    """Compares access to resources whose own policies or settings differ."""

    old: SnapshotView
    new: SnapshotView
    granting: Granting
    principals: PrincipalComparer
    cancelled: Cancelled = never_cancelled
    requests: int = 0
    _tag_clauses: Mapping[NormalStatement, int] | None = None
    _assumed_clauses: Sequence[tuple[NormalStatement, int]] | None = None
    _clauses_of_all: Sequence[tuple[NormalStatement, int]] | None = None
    _single_causes: dict[Hashable, tuple[Cause, ...]] = field(default_factory=dict)
    _known_filled: dict[ResourceScope, tuple[ResourceScope, ...]] = field(default_factory=dict)
    _unrelated: str = ""
    _known_members: Sequence[str] | None = None

    def begin(self, cancelled: Cancelled) -> None:
        """Reset for the next span."""
        self.cancelled = cancelled
        self.requests = 0

    def is_touched(self, entry: Entry) -> bool:
        """Return whether any policy or setting of a resource differs."""
        return any(self._differences(entry)) or self._is_distinguished(entry) or self._is_public_otherwise(entry)

    def compare(self, entry: Entry) -> PrincipalDiff | None:
        """Return the changes of access to a resource; None if no policy or setting of it differs."""
        differing, keys, is_other = self._differences(entry)
        is_distinguished = self._is_distinguished(entry)
        if not (differing or keys or is_other or is_distinguished or self._is_public_otherwise(entry)):
            return None
        doubts: dict[str, None] = {}
        if is_distinguished:
            doubts[phrase("Its policy, its grants or their limits were captured in one snapshot only.")] = None
        effects: list[Effect] = []
        records = [side.resources.get(entry.arn) for side in (self.old, self.new)]
        types = [None if one is None else one.authorization_types for one in records]
        if None not in types and types[0] != types[1]:
            doubts[phrase(_OTHER_TYPES)] = None
        if ":resourcepolicy/" in entry.arn and entry.old != entry.new:
            doubts[phrase(_DELEGATION)] = None
        if not self._services(entry)[1]:
            doubts[phrase("Not every AWS service that its policies distinguish could be compared.")] = None
        if not self._are_external_principals_complete(entry):
            doubts[phrase("Not every principal of other accounts that its policies distinguish could be compared.")] = (
                None
            )
        cells = dict.fromkeys(self._cells(entry, differing, keys, is_other, doubts))
        for cell in cells:
            if self.cancelled():
                raise WorkCancelled
            effects += self._of_cell(entry, cell, doubts)
        status = Status.CHANGED if effects else Status.UNCHANGED
        is_delegation = phrase(_DELEGATION) in doubts
        was, now = self._holds(self.old, entry.arn), self._holds(self.new, entry.arn)
        if was != now and not is_delegation:
            status = Status.CREATED if now else Status.DELETED
            if entry.is_role:
                doubts.clear()  # all roles are listed, so it did not exist
        elif doubts and not effects:
            status = Status.INCONCLUSIVE
        return PrincipalDiff(entry.arn, status, tuple(self._merged(effects)), tuple(doubts))

    def _is_distinguished(self, entry: Entry) -> bool:
        """Return whether one snapshot captured parts of its side that the other one did not."""
        captured = [captured_of(side, entry) for side in (self.old, self.new)]
        return None not in captured and captured[0] != captured[1]

    def _merged(self, effects: list[Effect]) -> Iterator[Effect]:
        """Merge effects that differ only in the action, with the policies that allow them."""
        found: dict[Hashable, list[Effect]] = {}
        for one in effects:
            key = one.principal, one.kind, one.where, one.causes, one.witness.context
            found.setdefault(key, []).append(one)
        for group in found.values():
            first, actions = group[0], reduce(or_, (one.actions for one in group))
            carriers = dict.fromkeys(
                carrier for one in group[:_MAX_WITNESSES] for carrier in carriers_of(one.witness, (self.new, self.old))
            )
            allowed = allowing(first.principal, actions, first.where, (self.new, self.old))
            witness = self._with_denials(first.witness)
            yield replace(first, witness=witness, actions=actions, carriers=tuple(carriers), allowing=allowed)

    def _with_denials(self, witness: ExampleRequest) -> ExampleRequest:
        """Return an example request with the kind of its denials: a list of who can call an action omits denials."""
        context = {key: list(value) if isinstance(value, tuple) else value for key, value in witness.context}
        before, after = (
            side.decide(witness.principal, witness.action, witness.resource, context) or decision
            if decision is EvalDecision.IMPLICIT_DENY
            else decision
            for side, decision in ((self.old, witness.old), (self.new, witness.new))
        )
        return replace(witness, old=before, new=after)

    @staticmethod
    def _holds(side: SnapshotView, arn: str) -> bool:
        return arn in side.resources or arn in side.index.roles

    def _differences(self, entry: Entry) -> tuple[int, ChangedKeys, bool]:
        """Return the actions on which its policies differ, the changed keys, and whether anything else differs."""
        bits = 0
        for clause in entry.clauses:
            bits |= entry.old.get(clause, 0) ^ entry.new.get(clause, 0)
        keys: set[str] = set()
        prefixes: tuple[str, ...] = ()
        # Differences of a bucket also affect requests through its access points (rules I11, I12).
        for (arn, was), (_, now) in zip(*(owners_of(side, entry) for side in (self.old, self.new)), strict=True):
            owners = ((self.old, was), (self.new, now))
            if not entry.services.isdisjoint(reference().rcp_services):
                forms = [side.levels(owner, RCP) for side, owner in owners]
                denies = [levels.denies if levels is not None else {} for levels in forms]
                for clause in dict.fromkeys((*denies[0], *denies[1])):
                    bits |= denies[0].get(clause, 0) ^ denies[1].get(clause, 0)
            before, after = (self._tags(side, arn) for side in (self.old, self.new))
            if before is not None and after is not None and before != after:
                tags = {tag for tag in before.keys() | after.keys() if before.get(tag) != after.get(tag)}
                keys |= {f"{prefix}{tag}" for prefix in _TAG_KEYS for tag in tags}
            elif (before is None) != (after is None) and self._holds(self.old, arn) == self._holds(self.new, arn):
                prefixes = _TAG_KEYS
            entities = [side.index.users.get(arn) or side.index.roles.get(arn) for side in (self.old, self.new)]
            boundaries = {boundary_of(one) for one in entities if one is not None}
            if None not in entities and len(boundaries) > 1:
                keys.add(BOUNDARY)
            places = [organization_facts(side, owner) for side, owner in owners]
            if places[0][0] != places[1][0]:
                keys |= {"aws:resourceorgid", "aws:principalorgid"}
            if places[0][1] != places[1][1]:
                keys |= {"aws:resourceorgpaths", "aws:principalorgpaths"}
        for endpoint in self._endpoints(entry):
            bits |= endpoint.actions(self.new)
        is_other = facts_of(self.old, entry) != facts_of(self.new, entry)
        return bits, ChangedKeys(frozenset(keys), prefixes), is_other

    def _endpoints(self, entry: Entry) -> Iterator[ChangedEndpoint]:
        """Yield the VPC endpoints that differ and through which external principals can access a resource."""
        for endpoint in self.principals.beside.endpoints:
            is_reached = endpoint.services is None or not endpoint.services.isdisjoint(entry.services)
            if is_reached and next(self._external_principals(entry), None) is not None:
                yield endpoint

    @staticmethod
    def _tags(side: SnapshotView, arn: str) -> Mapping[str, str | None] | None:
        entity = side.index.users.get(arn) or side.index.roles.get(arn)
        if entity is not None:
            return tags_without_case((tag.key, tag.value) for tag in entity.tags)
        resource = side.resources.get(arn)
        return None if resource is None or resource.tags is None else tags_without_case(resource.tags)

    def _is_public_otherwise(self, entry: Entry) -> bool:
        """Return whether Block Public Access restricts its policies in one snapshot only."""
        return self._restricts(self.old, entry) != self._restricts(self.new, entry)

    @staticmethod
    def _restricts(side: SnapshotView, entry: Entry) -> Hashable:
        resource = side.resources.get(entry.arn)
        if resource is None:
            return None
        known = side.evaluator.resources
        behind = resource.access_point.buckets if resource.access_point is not None else ()
        buckets = [(known.bucket(resource, one), one.account_id) for one in behind]
        of_account = known.settings_of(entry.account) if entry.account else None
        return (
            known.restricts_public_buckets(resource, entry.account),
            resource.public_access_block is None,
            of_account is None or of_account.public_access_block is None,
            tuple(
                known.restricts_public_buckets(one, owner or (one.account_id if one is not None else None))
                for one, owner in buckets
            ),
        )

    # ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _cells(
        self, entry: Entry, differing: int, keys: ChangedKeys, is_other: bool, doubts: dict[str, None]
    ) -> Iterator[SampleRequest]:
        allowed = 0
        for clause, bits in entry.clause_actions:
            allowed |= bits if clause.is_allow or differing else 0
        if is_other and self._holds(self.old, entry.arn) == self._holds(self.new, entry.arn):
            # The owner or the bucket of an access point also affects requests without a clause.
            differing = self.new.space.every
        elif is_other:
            differing |= allowed
        if self._is_public_otherwise(entry):
            differing |= allowed
        if differing:
            found, is_all = self.granting.cells_on(entry, differing, self._near(differing))
            if not is_all:
                doubts[phrase(UNSEEN)] = None
            yield from found
        if keys:
            yield from self._touched_cells(entry, keys, doubts)

    def _near(self, bits: int) -> Iterator[tuple[NormalStatement, int]]:
        """Yield all clauses that apply to requests on a resource beside its own policies."""
        for clause, actions in self._everything():
            if not actions & bits:
                continue
            if clause.where is None or not any("${" in text for text in clause.where.entries):
                yield clause, actions
                continue
            for where in self._filled(clause.where):
                yield clause._replace(where=where), actions

    def _filled(self, where: ResourceScope) -> Iterator[ResourceScope]:
        """Yield a resource with variables filled in for each principal, up to a limit."""
        known = self._known_filled.get(where)
        if known is None:
            found: dict[ResourceScope, None] = {}
            for side in (self.old, self.new):
                for arn in side.principals:
                    values = side.variables(arn)
                    if not any(names_nothing(one, values) for one in where.entries):
                        found[where._replace(entries=frozenset(fill(one, values) for one in where.entries))] = None
                    if len(found) >= _MAX_FILLED:
                        found[where] = None  # with its variables: the result is reported as incomplete
                        break
            known = self._known_filled[where] = tuple(found)
        yield from known

    def _everything(self) -> Sequence[tuple[NormalStatement, int]]:
        """Return the clauses of all policies except resource policies, each once."""
        if self._clauses_of_all is None:
            seen: dict[
                int, Mapping[NormalStatement, int]
            ] = {}  # keeps them alive, since the ids of live objects are unique
            for side in (self.old, self.new):
                for clause_actions in self._all_clauses(side):
                    seen[id(clause_actions)] = clause_actions
            self._clauses_of_all = tuple(
                dict.fromkeys(pair for clause_actions in seen.values() for pair in clause_actions.items())
            )
        return self._clauses_of_all

    def _touched_cells(self, entry: Entry, keys: ChangedKeys, doubts: dict[str, None]) -> Iterator[SampleRequest]:
        """Yield the requests on a resource with changed keys: for all actions with a clause that tests them."""
        bits = 0
        for clause, actions in self._asking_for_resource().items():
            if keys.touches(clause):
                bits |= actions
        if bits:
            # Roles are targets of IAM actions, and are assumed by STS actions.
            whole = replace(entry, services=services_of(entry.arn))
            found, is_all = self.granting.cells_on(whole, bits, self._near(bits))
            if not is_all:
                doubts[phrase(UNSEEN)] = None
            yield from found

    def _asking_for_resource(self) -> Mapping[NormalStatement, int]:
        """Return every clause that depends on facts about the resource: its tags, its organization."""
        if self._tag_clauses is None:
            found: dict[NormalStatement, int] = {}
            of_resources = (pair for entry in self.granting.entries.values() for pair in entry.clause_actions)
            for clause, bits in (*self._everything(), *of_resources):
                if any(key.startswith(_RESOURCE_KEYS) for key in clause.keys):
                    found[clause] = found.get(clause, 0) | bits
            self._tag_clauses = found
        return self._tag_clauses

    def _all_clauses(self, side: SnapshotView) -> Iterator[Mapping[NormalStatement, int]]:
        for arn in side.principals:
            own = side.own(arn)
            if own is not None:
                yield own.identity
                yield own.boundary or {}
        for account in side.index.accounts:
            for kind in (SCP, RCP):
                levels = side.levels(account, kind)
                if levels is not None:
                    yield levels.denies
                    yield from levels.allows

    # ── all principals ───────────────────────────────────────────────────────────────────────────────────────────────

    def _of_cell(self, entry: Entry, cell: SampleRequest, doubts: dict[str, None]) -> Iterator[Effect]:
        clause_actions = [clause for clause, bits in self._assuming(entry) if bits & cell.represents]
        for given in otherwise(tested_by(clause_actions)):
            if not _is_shut(entry, cell, given):
                yield from self._under(entry, cell, given, doubts)
        for endpoint in self._endpoints(entry):
            if endpoint.actions(self.new) & cell.represents:
                yield from self._of_external_principals(entry, cell, endpoint.context, doubts)

    def _assuming(self, entry: Entry) -> Sequence[tuple[NormalStatement, int]]:
        """Return the clauses on a resource that depend on an assumed value of the request."""
        if self._assumed_clauses is None:
            self._assumed_clauses = tuple(one for one in self._everything() if not one[0].keys.isdisjoint(ASSUMED))
        own = (one for one in entry.clause_actions if not one[0].keys.isdisjoint(ASSUMED))
        return (*self._assumed_clauses, *own)

    def _under(self, entry: Entry, cell: SampleRequest, given: Context, doubts: dict[str, None]) -> Iterator[Effect]:
        known: dict[Hashable, Compared] = {}
        for principal, was, now in self._decisions(cell, given):
            if EvalDecision.CONDITIONAL not in (was, now):
                kind = Kind.GAINED if now is EvalDecision.ALLOWED else Kind.LOST
                yield from self._effects(entry, principal, cell, self._plainly(kind, principal, cell, given, was, now))
                continue
            key = self._identical(entry, principal)
            compared = known.get(key)
            if compared is None:
                if len(known) >= _MAX_CONDITIONAL and was is now:
                    doubts[phrase("More principals than can be compared are allowed it under conditions.")] = None
                    continue
                self.requests += 1
                compared = known[key] = compare(self.old, self.new, principal, cell.action, cell.resource, given)
            doubts |= dict.fromkeys(compared.doubts_about(cell.action))
            yield from self._effects(entry, principal, cell, compared)
        yield from self._of_external_principals(entry, cell, given, doubts)

    def _plainly(
        self,
        kind: Kind,
        principal: str,
        cell: SampleRequest,
        given: Context,
        was: EvalDecision | None,
        now: EvalDecision | None,
    ) -> Compared:
        """Return the changes if both decisions are unconditional."""
        context = tuple(
            (key, value if value is None or isinstance(value, str) else tuple(value)) for key, value in given.items()
        )
        owner = self.new.owner_taken(principal, cell.resource) and self.old.owner_taken(principal, cell.resource)
        before, after = (decision or EvalDecision.IMPLICIT_DENY for decision in (was, now))
        return Compared(((kind, ExampleRequest(principal, cell.action, cell.resource, context, before, after, owner)),))

    def _of_external_principals(
        self, entry: Entry, cell: SampleRequest, given: Context, doubts: dict[str, None]
    ) -> Iterator[Effect]:
        of_roles: dict[str, frozenset[Kind]] = {}
        for external in self._external_principals(entry):
            self.requests += 1
            compared = compare(self.old, self.new, external, cell.action, cell.resource, given)
            doubts |= dict.fromkeys(compared.doubts_about(cell.action))
            account = account_of(external)
            if external.endswith((f":role/{ANYONE}", f":role/{ANYONE_ANYWHERE}")):
                of_roles[account] = frozenset(kind for kind, _ in compared.changes)
            elif external in stand_ins(account, partition_of(external), self._unrelated_account()):
                of_role = of_roles.get(account, frozenset())  # the row of the whole account
                compared = replace(compared, changes=tuple([one for one in compared.changes if one[0] not in of_role]))
            yield from self._effects(entry, external, cell, compared)

    def _decisions(
        self, cell: SampleRequest, given: Context
    ) -> Iterator[tuple[str, EvalDecision | None, EvalDecision | None]]:
        """Yield (principal, old decision, new decision) if they differ or are conditional.

        Without principals that only one snapshot contains, which report all of their access.
        """
        found: list[dict[str, EvalDecision]] = []
        for side in (self.old, self.new):
            try:
                rows = side.evaluator.who_can(
                    action=cell.action, resource=cell.resource, context=given, external=False, cancelled=self.cancelled
                )
                found.append({row.principal: row.decision for row in rows})
            except RequestError:
                found.append({})
        for principal in dict.fromkeys((*found[0], *found[1])):
            if principal not in self.old.principals or principal not in self.new.principals:
                continue
            was, now = found[0].get(principal), found[1].get(principal)
            if was is not now or now is EvalDecision.CONDITIONAL:
                yield principal, was, now

    def _identical(self, entry: Entry, principal: str) -> Hashable:
        """Return a key that principals share if the comparison treats them the same."""
        account = account_of(principal)
        if self._is_about_caller(entry):
            return principal
        named = tuple(may_name(clause.principal, principal, account) for clause in entry.clauses)
        return self.principals.key(principal), named

    def _is_about_caller(self, entry: Entry) -> bool:
        """Return whether the policies on a resource's side test the caller."""
        return any(
            dependence(key) is PrincipalDependence.CALLER for clause in self._binding(entry) for key in clause.keys
        )

    def _binding(self, entry: Entry) -> Iterator[NormalStatement]:
        """Yield the clauses on a resource's side: of its own policies, and of resource control policies."""
        yield from entry.clauses
        for side in (self.old, self.new):
            for _, owner in owners_of(side, entry):
                levels = side.levels(owner, RCP)
                yield from levels.denies if levels is not None else ()

    def _effects(self, entry: Entry, principal: str, cell: SampleRequest, compared: Compared) -> Iterator[Effect]:
        for kind, witness in compared.changes:
            own = witness if witness.principal == principal else replace(witness, principal=principal)
            causes = self._causes_of(entry, own, cell) or (settings_cause(entry.arn),)
            if any(cause.kind in _OF_RESOURCES or _is_of_target(cause, entry) for cause in causes):
                yield Effect(principal, kind, cell.represents, scope_on_resource(entry, cell), own, causes)

    def _causes_of(self, entry: Entry, witness: ExampleRequest, cell: SampleRequest) -> tuple[Cause, ...]:
        """Return the causes of a change; with a single difference for a principal they are computed once."""
        if witness.old is None or witness.new is None:
            return causes_of(witness, self.old, self.new)
        key = (
            entry.arn,
            witness.principal,
            cell.action.partition(":")[0],
            next((value for name, value in witness.context if name.lower() == "aws:sourcevpce"), None),
        )
        if key not in self._single_causes:
            differing = differing_causes(witness, self.old, self.new)
            self._single_causes[key] = differing if len(differing) == 1 else ()
        return self._single_causes[key] or causes_of(witness, self.old, self.new)

    def _unrelated_account(self) -> str:
        """Return the ID of an unrelated account: in no snapshot, organization or policy."""
        if not self._unrelated:
            sides = (self.old, self.new)
            texts = tuple(dict.fromkeys(texts_of(one for side in sides for one in side.statements_of_resources())))
            parts = dict.fromkeys(part for text in texts for part in text.split(":") if is_pattern(part))
            patterns = [glob(part) for part in parts if part.strip("*") and "${" not in part]
            usual = (
                number
                for number in _USUAL
                if not any(number in text for text in texts) and not any(one.matches(number) for one in patterns)
            )
            free = chain(usual, unnamed_accounts(texts))
            self._unrelated = next(number for number in free if not any(_is_held(side, number) for side in sides))
        return self._unrelated

    def _external_principals(self, entry: Entry) -> Iterator[str]:
        """Yield the external principals that the resource's policies name.

        For everyone, these are two placeholders, principals that conditions name, and AWS services that these
        distinguish.
        """
        found: dict[str, None] = {}
        accounts: dict[str, None] = {}
        allows_external = False
        partition, unrelated = partition_of(entry.arn), self._unrelated_account()
        for clause in entry.clauses:
            if _is_of_all(clause):
                found |= {"anonymous": None, f"arn:{partition}:iam::{unrelated}:role/{ANYONE_ANYWHERE}": None}
                accounts[unrelated] = None
                allows_external = allows_external or clause.is_allow
            for kind, text in entries_of(clause):
                if kind in ("Service", "Federated"):
                    found[text] = None
                elif kind == "AWS":
                    # Root users cannot assume roles, so a role represents the account.
                    account = text if text.isdigit() else _account_by_root(text)
                    arn = f"arn:{partition}:iam::{account}:role/{ANYONE}" if account else text
                    if self._is_external(arn):
                        found[arn] = None
                        accounts |= {account: None} if account else {}
                        allows_external = allows_external or clause.is_allow
        if allows_external:
            binding = list(self._binding(entry))
            if any(key.startswith("aws:principalorg") for clause in binding for key in clause.keys):
                members = self._members()[:_MAX_MEMBERS]
                found |= {f"arn:{partition}:iam::{account}:role/{ANYONE}": None for account in members}
                accounts |= dict.fromkeys(members)
            named = distinguished_principals(binding, accounts or (unrelated,), partition, unrelated)
            found |= dict.fromkeys(filter(self._is_external, named))
        found |= dict.fromkeys(self._services(entry)[0])
        yield from found

    def _are_external_principals_complete(self, entry: Entry) -> bool:
        if not any(map(self._is_external, self._external_principals(entry))):
            return True
        binding = list(self._binding(entry))
        names_members = any(key.startswith("aws:principalorg") for clause in binding for key in clause.keys)
        return are_few(binding) and not (names_members and len(self._members()) > _MAX_MEMBERS)

    def _members(self) -> Sequence[str]:
        """Return accounts of the organizations that no snapshot contains: one for each place in them."""
        if self._known_members is None:
            found: dict[Hashable, str] = {}
            for side in (self.old, self.new):
                organization = side.evaluator.organization
                for node in organization.nodes if organization is not None else ():
                    if node.id.isdigit() and self._is_external(f"arn:aws:iam::{node.id}:root"):
                        places = tuple(organization_facts(one, node.id) for one in (self.old, self.new))
                        found.setdefault(places, node.id)
            self._known_members = tuple(found.values())
        return self._known_members

    def _is_external(self, arn: str) -> bool:
        account = account_of(arn)
        return bool(account) and account not in self.old.index.accounts and account not in self.new.index.accounts

    def _services(self, entry: Entry) -> tuple[tuple[str, ...], bool]:
        """Return the AWS services to evaluate that an Allow for everyone includes, and whether these are sufficient."""
        if not any(clause.is_allow and _is_of_all(clause) for clause in entry.clauses):
            return (), True
        return distinguished_services(self._binding(entry))


def _is_of_target(cause: Cause, entry: Entry) -> bool:
    """Return whether a cause is the permissions boundary of the user or role that is acted on."""
    return cause.kind is ChangeKind.BOUNDARY and cause.subject == entry.arn


def _is_held(side: SnapshotView, account: str) -> bool:
    organization = side.evaluator.organization
    return account in side.index.accounts or (organization is not None and organization.has_account(account))


def _account_by_root(text: str) -> str:
    """Return the account ID of a root user ARN; empty for other texts."""
    return account_of(text) if is_arn(text) and text.endswith(":root") else ""


def _is_of_all(clause: NormalStatement) -> bool:
    """Return whether a clause names everyone, or everyone but some."""
    return clause.principal == EVERYONE or (isinstance(clause.principal, tuple) and clause.principal[0] == "not")


def _is_shut(entry: Entry, cell: SampleRequest, given: Context) -> bool:
    """Return whether both snapshots deny a cell to everyone in a context, such as a request without TLS."""
    return bool(given) and all(
        any(
            not clause.is_allow
            and clause.principal == EVERYONE
            and cell.represents & ~bits == 0
            and clause.where is not None
            and (clause.where == ANYWHERE or is_plainly_of(clause.where, cell.resource))
            and clause.conditions <= _met_by(given)
            for clause, bits in clause_actions.items()
        )
        for clause_actions in (entry.old, entry.new)
    )


def _met_by(given: Context) -> frozenset[Hashable]:
    """Return the plainest tests that a context passes."""
    return frozenset(
        ("Bool", "", False, key, frozenset({value})) for key, value in given.items() if isinstance(value, str)
    )
