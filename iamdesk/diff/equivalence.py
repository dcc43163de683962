"""What the answer to a question hangs on, whoever asks: questions that share it come out alike, and are asked once.

Most of what many thousand principals are asked about when an organization policy changes is the same question on
another resource: the same conditions in the same layers. Where anything else can matter, there is no likeness, and the
question is asked: a resource that a snapshot knows something of, what is about the caller alone, variables, what AWS's
pages disagree on, and the services of which each action has rules of its own.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from iamdesk.aws.service_reference import reference
from iamdesk.diff.arns import partition_of
from iamdesk.diff.assumptions import ASSUMED
from iamdesk.diff.deltas import ChangedKeys, PolicyTypeDelta, StatementDelta
from iamdesk.diff.matching import applies_to, is_plainly_of
from iamdesk.diff.normal_form import ANYWHERE, EVERYONE, NormalStatement, ResourceScope
from iamdesk.diff.sampling import SampleRequest
from iamdesk.diff.snapshot_view import PrincipalPolicies, SnapshotView
from iamdesk.evaluate.action_resource import ACCOUNT_LISTS_ON_S3
from iamdesk.evaluate.credential_limits import ISSUE_TIME_KEY, MFA_KEY
from iamdesk.evaluate.derived_keys import PrincipalDependence, dependence
from iamdesk.evaluate.principal import SERVICE_LINKED_PATH
from iamdesk.evaluate.resource_policy_services import facts_of
from iamdesk.evaluate.service_rules import SERVICES_WITH_ACTION_RULES, action_rule_class
from iamdesk.inventory.permission_sets import permission_set_of
from iamdesk.policy.arn import parse_arn
from iamdesk.policy.document import Document
from iamdesk.snapshot.organization import OrganizationPolicyType

_COUNTING = frozenset({*ASSUMED, ISSUE_TIME_KEY, MFA_KEY})
"""Keys that count where a statement tests them, even one that decides nothing."""


class PrincipalClass(NamedTuple):
    """What principals share of whom questions can come out alike."""

    partition: str
    account: str
    about: Hashable
    """What else the engine asks of a caller, in either snapshot."""


@dataclass(slots=True)
class EquivalenceKeys:
    """Tells what questions to two snapshots hang on."""

    old: SnapshotView
    new: SnapshotView
    _plain: dict[Document, bool] = field(default_factory=dict)
    _accounts: dict[str, bool] = field(default_factory=dict)
    _resources: dict[tuple[str, str, str], tuple[Any, ...] | None] = field(default_factory=dict)

    def of_principal(
        self, arn: str, account: str, before: PrincipalPolicies, after: PrincipalPolicies, keys: ChangedKeys
    ) -> PrincipalClass | None:
        """Return what principals share of whom questions can come out alike; None for one of whom none can."""
        sides = (before, after)
        if keys or any(own.facts is None or own.missing or own.broken for own in sides):
            return None
        documents = before.documents | after.documents
        boundaries = (before.boundary_documents or frozenset()) | (after.boundary_documents or frozenset())
        if frozenset() in (before.boundary_documents, after.boundary_documents):
            return None  # it has one, and its text is not known
        if not self._is_plain_account(account) or not all(map(self._is_plain, documents | boundaries)):
            return None
        about = tuple(traits(side, arn, own) for side, own in ((self.old, before), (self.new, after)))
        return PrincipalClass(partition_of(arn), account, about)

    def of_question(
        self, of_principal: PrincipalClass, part: PolicyTypeDelta, cell: SampleRequest, principal: str
    ) -> Hashable:
        """Return all that the answers to a question hang on; None where that cannot be told.

        Where clauses are about the caller alone, its questions come out like each other, and like no one else's.
        """
        service = cell.action.partition(":")[0].lower()
        resource = self._of_resource(service, cell.resource, of_principal.account)
        if resource is None or cell.action.partition(":")[2].lower() in ACCOUNT_LISTS_ON_S3:
            return None
        told: set[Hashable] = set()
        keys: set[str] = set()
        asks_who = False
        for one in _without_idle(part.speaking, cell.resource):
            clause = one.clause
            if clause.principal not in (None, EVERYONE) or not _is_plain(clause.where, cell):
                return None
            asks_who = asks_who or _is_about_caller(clause.keys)
            told.add((one.layer, one.is_new, clause.is_allow, clause.where is None, clause.conditions, clause.keys))
            keys |= clause.keys
        asker = (of_principal, principal) if asks_who else of_principal
        # What is told of KMS names the action, and keys are decided otherwise than aliases.
        if service == "kms":
            return asker, cell.action, resource, frozenset(told)
        *place, types = resource
        return asker, _of_action(cell.action, types, frozenset(keys)), tuple(place), frozenset(told)

    def _of_resource(self, service: str, resource: str, account: str) -> tuple[Any, ...] | None:
        """Return what questions hang on of a resource of which the snapshots know nothing; None for others.

        The last part are the types of the service that it fits.
        """
        known = (service, resource, account)
        if known not in self._resources:
            self._resources[known] = self._find_resource(service, resource, account)
        return self._resources[known]

    def _find_resource(self, service: str, resource: str, account: str) -> tuple[Any, ...] | None:
        # Of KMS, what differs from action to action hangs on whether it is a key, which its type tells.
        if (service in SERVICES_WITH_ACTION_RULES and service != "kms") or not reference().service_exists(service):
            return None
        if resource == "*":
            return resource, ()
        arn = parse_arn(resource)
        if arn.account not in ("", account):  # its own organization policies have a word
            return None
        if (
            "*" in arn.resource
            or "?" in arn.resource
            or any(side.evaluator.knows(arn) for side in (self.old, self.new))
        ):
            return None
        types = reference().resource_types_of_arn(service, resource)
        reserved = facts_of(service).reserved_prefix(arn.resource)
        return arn.partition, arn.service, arn.region, arn.account, types, reserved

    def _is_plain_account(self, account: str) -> bool:
        found = self._accounts.get(account)
        if found is None:
            found = self._accounts[account] = self._find_plain_account(account)
        return found

    def _find_plain_account(self, account: str) -> bool:
        """Return whether nothing but clauses limits an account: no endpoint policies, no policy that is not known."""
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


def _without_idle(speaking: Sequence[StatementDelta], resource: str) -> Iterator[StatementDelta]:
    """Yield what is said of a resource, but for Allows that say nothing beside another one of their layer.

    Where an Allow without conditions covers a request for certain, no other one of the layer matters (rule A3): it
    is left out where both snapshots say it, but not where it asks for what is also tried otherwise, or for what tells
    of credentials.
    """
    heard = [one for one in speaking if applies_to(one.clause.where, resource)]
    full = {(one.layer, one.is_new) for one in heard if _is_certain(one.clause, resource)}
    if not full:
        yield from heard
        return
    spoken = set(heard)
    for one in heard:
        clause = one.clause
        is_idle = (
            clause.is_allow
            and bool(clause.conditions or clause.keys)
            and (one.layer, False) in full
            and (one.layer, True) in full
            and one._replace(is_new=not one.is_new) in spoken
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
    """Return what the engine needs to know of a caller beside its policies and its own identifiers."""
    if own.facts is None:
        return None
    role = side.index.roles.get(arn)
    return (
        own.facts.kind,
        own.facts.may_be_tagged,
        role is not None and permission_set_of(role) is not None,  # more is known of its sessions
        own.facts.path.startswith(SERVICE_LINKED_PATH),
        own.boundary_documents is None,
        own.supplied,
        own.facts.org_id,
        own.facts.org_path,
    )


def _reads_one_way(document: Document) -> bool:
    """Return whether all of a document can be read, and AWS's pages leave no doubt of what its patterns mean."""
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
    """Return what an action shares with those of its service that are decided alike, on a resource of some types.

    ``keys`` are all that the clauses ask for which speak of it there.
    """
    service, _, name = action.lower().partition(":")
    listed = reference().action(service, name)
    if listed is None:
        return action
    types = tuple(sorted(one.name for one in listed.resource_types if one.name in fitting))
    taken = frozenset(key for key in keys if reference().takes_key(listed, types or None, key))
    rules = action_rule_class(service, name, listed.access_level not in ("Read", "List"))
    return service, bool(listed.resource_types), types, taken, rules


@lru_cache(maxsize=1 << 12)
def _is_about_caller(keys: frozenset[str]) -> bool:
    return any(dependence(key) is PrincipalDependence.CALLER for key in keys)


def _is_plain(where: ResourceScope | None, cell: SampleRequest) -> bool:
    """Return whether a clause that may speak of a cell's resource does so for certain."""
    return where is None or where == ANYWHERE or is_plainly_of(where, cell.resource)
