"""Equivalence keys of requests: requests with the same key have the same decisions, and are evaluated once.

When an organization policy changes, most requests of thousands of principals differ only in the resource: the same
conditions of the same policy types apply. A request has no key if anything else can matter: a resource in a snapshot,
caller-specific clauses, variables, rules on which AWS's pages disagree, and services with rules for single actions.
Of a service without rules of its own, only those traits count that decisions depend on, so that services share results.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from iamdesk.aws.service_reference import reference
from iamdesk.diff.assumptions import ASSUMED
from iamdesk.diff.deltas import ChangedKeys, PolicyTypeDelta, StatementDelta
from iamdesk.diff.matching import applies_to, is_plainly_of
from iamdesk.diff.normal_form import ANYWHERE, EVERYONE, NormalStatement, ResourceScope
from iamdesk.diff.sampling import SampleRequest
from iamdesk.diff.snapshot_view import PrincipalPolicies, SnapshotView
from iamdesk.evaluate.action_resource import ACCOUNT_LISTS_ON_S3
from iamdesk.evaluate.context import KeyValue
from iamdesk.evaluate.credential_limits import ISSUE_TIME_KEY, MFA_KEY
from iamdesk.evaluate.derived_keys import PrincipalDependence, dependence
from iamdesk.evaluate.principal import SERVICE_LINKED_PATH
from iamdesk.evaluate.resource_policy_services import facts_of
from iamdesk.evaluate.service_rules import GLOBAL_SERVICES, SERVICES_WITH_ACTION_RULES, action_rule_class
from iamdesk.inventory.permission_sets import permission_set_of
from iamdesk.policy.arn import parse_arn, partition_of
from iamdesk.policy.document import Document
from iamdesk.snapshot.organization import OrganizationPolicyType

_COUNTING = frozenset({*ASSUMED, ISSUE_TIME_KEY, MFA_KEY})
"""Keys that matter if a statement tests them, even without effect on the decision."""
_BY_NAME = SERVICES_WITH_ACTION_RULES | {"s3", "logs", "sqs"}
"""Services that the evaluator knows by name: their requests are equivalent to those of no other service."""


type _Applied = tuple[frozenset[Hashable], frozenset[str]]


class PrincipalClass(NamedTuple):
    """Principals whose requests can be equivalent."""

    partition: str
    account: str
    about: Hashable
    """Other traits of the caller that affect decisions, in both snapshots."""


@dataclass(slots=True)
class EquivalenceKeys:
    """Computes equivalence keys of requests to two snapshots."""

    old: SnapshotView
    new: SnapshotView
    _plain: dict[Document, bool] = field(default_factory=dict)
    _accounts: dict[str, bool] = field(default_factory=dict)
    _resources: dict[tuple[str, str, str], tuple[Any, ...] | None] = field(default_factory=dict)
    _of_part: tuple[Sequence[StatementDelta], dict[str, _Applied | None]] = field(default_factory=lambda: ((), {}))
    """The clauses of the current part, and those that apply to its sample resources."""
    _of_caller: tuple[str, tuple[Callable[[str], KeyValue], ...]] = "", ()

    def of_principal(
        self, arn: str, account: str, before: PrincipalPolicies, after: PrincipalPolicies, keys: ChangedKeys
    ) -> PrincipalClass | None:
        """Return the class of a principal; None if its requests cannot be equivalent to others."""
        if keys or any(own.facts is None or own.missing or own.broken for own in (before, after)):
            return None
        documents = before.documents | after.documents
        if not (
            self._is_plain_account(account)
            and all(map(self._is_plain, documents))
            and self.knows_boundaries(before, after)
        ):
            return None
        about = tuple(traits(side, arn, own) for side, own in ((self.old, before), (self.new, after)))
        return PrincipalClass(partition_of(arn), account, about)

    def knows_boundaries(self, before: PrincipalPolicies, after: PrincipalPolicies) -> bool:
        """Return whether the boundaries of a principal, if it has any, were captured and have an undisputed meaning."""
        boundaries = [own.boundary_documents for own in (before, after) if own.boundary_documents is not None]
        return all(documents and all(map(self._is_plain, documents)) for documents in boundaries)

    def of_request(
        self, of_principal: PrincipalClass, part: PolicyTypeDelta, cell: SampleRequest, principal: str
    ) -> Hashable:
        """Return the equivalence key of a request; None if there is none.

        With caller-specific clauses, only requests of principals with the same values of the tested keys are
        equivalent.
        """
        service = _service(cell)
        resource = self._of_resource(service, cell.resource, of_principal.account)
        if resource is None or cell.action.partition(":")[2].lower() in ACCOUNT_LISTS_ON_S3:
            return None
        applied = self._applied(part.applied, cell.resource)
        if applied is None:
            return None
        clauses, keys = applied
        tested = about_caller(keys)
        asker = (of_principal, self._values(principal, tested)) if tested else of_principal
        types, *traits = resource
        return asker, _of_action(cell.action, types, keys), *traits, clauses

    def _applied(self, applied: Sequence[StatementDelta], resource: str) -> _Applied | None:
        """Return the clauses that apply to a resource, without its name, and the keys that they test.

        None if a clause names principals or may apply to a part of what the resource represents.
        """
        if self._of_part[0] is not applied:
            self._of_part = applied, {}
        known = self._of_part[1]
        if resource not in known:
            known[resource] = _find_applied(applied, resource)
        return known[resource]

    def is_of_no_snapshot(self, of_principal: PrincipalClass, cell: SampleRequest) -> bool:
        """Return whether no snapshot contains the resource of a request, which is in the principal's own account."""
        return self._of_resource(_service(cell), cell.resource, of_principal.account) is not None

    def _values(self, principal: str, keys: Sequence[str]) -> Hashable:
        """Return what is known of keys about a principal in both snapshots."""
        if self._of_caller[0] != principal:
            self._of_caller = principal, tuple(side.facts(principal) for side in (self.old, self.new))
        return tuple([(key, *[facts(key) for facts in self._of_caller[1]]) for key in keys])

    def _of_resource(self, service: str, resource: str, account: str) -> tuple[Any, ...] | None:
        """Return the traits of a resource that affect decisions; None if a snapshot contains it.

        The first are the matching resource types of the service.
        """
        known = (service, resource, account)
        if known not in self._resources:
            self._resources[known] = self._find_resource(service, resource, account)
        return self._resources[known]

    def _find_resource(self, service: str, resource: str, account: str) -> tuple[Any, ...] | None:
        # Rules for single KMS actions depend on whether the resource is a key, which its type shows.
        if (service in SERVICES_WITH_ACTION_RULES and service != "kms") or not reference().service_exists(service):
            return None
        if resource == "*":
            return (), resource
        arn = parse_arn(resource)
        if arn.account not in ("", account):  # its own organization policies apply
            return None
        if (
            "*" in arn.resource
            or "?" in arn.resource
            or any(side.evaluator.knows(arn) for side in (self.old, self.new))
        ):
            return None
        types = reference().resource_types_of_arn(service, resource)
        reserved = facts_of(service).reserved_prefix(arn.resource)
        named = arn.service if {service, arn.service} & _BY_NAME else ""
        return types, arn.partition, named, arn.region, arn.account, reserved and (service, reserved)

    def _is_plain_account(self, account: str) -> bool:
        found = self._accounts.get(account)
        if found is None:
            found = self._accounts[account] = self._find_plain_account(account)
        return found

    def _find_plain_account(self, account: str) -> bool:
        """Return whether only clauses limit an account: no endpoint policies, no policy that was not captured."""
        for side in (self.old, self.new):
            if side.snapshot.vpc_endpoints:
                return False
            for kind in OrganizationPolicyType:
                if side.missing_levels(account, kind):
                    return False
                if not all(map(self._is_plain, side.organization_documents(account, kind))):
                    return False
        return True

    def _is_plain(self, document: Document) -> bool:
        found = self._plain.get(document)
        if found is None:
            found = self._plain[document] = _reads_one_way(document)
        return found


def _find_applied(applied: Sequence[StatementDelta], resource: str) -> _Applied | None:
    clauses: set[Hashable] = set()
    keys: set[str] = set()
    for one in _without_idle(applied, resource):
        clause = one.clause
        if clause.principal not in (None, EVERYONE) or not _is_plain(clause.where, resource):
            return None
        clauses.add(
            (one.policy_type, one.is_new, clause.is_allow, clause.where is None, clause.conditions, clause.keys)
        )
        keys |= clause.keys
    return frozenset(clauses), frozenset(keys)


def _without_idle(applied: Sequence[StatementDelta], resource: str) -> Iterator[StatementDelta]:
    """Yield the clauses on a resource without redundant Allows.

    If an unconditional Allow certainly covers a request, other Allows of the policy type do not matter (rule A3). They
    are left out if both snapshots contain them, unless they test keys with assumed values or of credentials.
    """
    applicable = [one for one in applied if applies_to(one.clause.where, resource)]
    full = {(one.policy_type, one.is_new) for one in applicable if _is_certain(one.clause, resource)}
    if not full:
        yield from applicable
        return
    known = set(applicable)
    for one in applicable:
        clause = one.clause
        is_idle = (
            clause.is_allow
            and bool(clause.conditions or clause.keys)
            and (one.policy_type, False) in full
            and (one.policy_type, True) in full
            and one._replace(is_new=not one.is_new) in known
            and clause.keys.isdisjoint(_COUNTING)
        )
        if not is_idle:
            yield one


def _is_certain(clause: NormalStatement, resource: str) -> bool:
    """Return whether a clause allows everything on a resource, in every context."""
    if not clause.is_allow or clause.conditions or clause.keys or clause.principal is not None:
        return False
    return clause.where in (None, ANYWHERE) or is_plainly_of(clause.where, resource)


def traits(side: SnapshotView, arn: str, own: PrincipalPolicies) -> Hashable:
    """Return the traits of a caller that affect decisions, besides its policies and identifiers."""
    if own.facts is None:
        return None
    role = side.index.roles.get(arn)
    return (
        own.facts.kind,
        own.facts.may_be_tagged,
        own.facts.has_no_source_identity,
        role is not None and permission_set_of(role) is not None,  # its sessions have further known keys
        own.facts.path.startswith(SERVICE_LINKED_PATH),
        own.boundary_documents is None,
        own.supplied,
        own.facts.org_id,
        own.facts.org_path,
    )


def _reads_one_way(document: Document) -> bool:
    """Return whether a document is well formed and its patterns have an undisputed meaning."""
    if document.diagnostics and not document.statements:
        return False
    return not any(
        statement.broken is not None
        or any(pattern.problem is not None for pattern in statement.actions)
        or any(entry.problem is not None for entry in statement.resources or ())
        for statement in document.statements
    )


@lru_cache(maxsize=1 << 16)
def _of_action(action: str, fitting: tuple[str, ...], keys: frozenset[str]) -> Hashable:
    """Return a key for actions with the same decisions on a resource of some types.

    ``keys`` are the keys that the clauses for it test.
    """
    service, _, name = action.lower().partition(":")
    listed = reference().action(service, name)
    if listed is None:
        return action
    types = tuple(sorted(one.name for one in listed.resource_types if one.name in fitting))
    taken = frozenset(key for key in keys if reference().takes_key(listed, types or None, key))
    absent = frozenset(key for key in keys - taken if reference().knows_takers(key, service))
    rules = action_rule_class(service, name, listed.access_level not in ("Read", "List"))
    if service in _BY_NAME:
        # Whether the resource of a KMS action is a key does not depend on the action's own types.
        is_key = service == "kms" and "key" in fitting
        return service, is_key, bool(listed.resource_types), types, taken, absent, rules
    return (
        GLOBAL_SERVICES.get(service),  # the Region of its requests
        service in reference().rcp_services,
        facts_of(service).needs_both_sides,
        bool(listed.resource_types),
        taken,
        absent,
        rules,
    )


def _service(cell: SampleRequest) -> str:
    return cell.action.partition(":")[0].lower()


@lru_cache(maxsize=1 << 12)
def about_caller(keys: frozenset[str]) -> Sequence[str]:
    """Return the keys about the caller among some."""
    return sorted(key for key in keys if dependence(key) is PrincipalDependence.CALLER)


def _is_plain(where: ResourceScope | None, resource: str) -> bool:
    """Return whether a clause that may apply to a resource certainly does."""
    return where is None or where == ANYWHERE or is_plainly_of(where, resource)
