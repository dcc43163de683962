"""A view of one of the two snapshots: policies and facts in the form that is compared."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.unlisted_resources import services_on_unlisted
from iamdesk.aws.action_sets import service_actions
from iamdesk.diff.action_space import ActionSpace
from iamdesk.diff.normal_form import ANYWHERE, ClauseActions, NormalStatement, broken_of, clauses_of, reduced
from iamdesk.evaluate.context import KeyValue
from iamdesk.evaluate.derived_keys import PrincipalDependence, dependence
from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace, decide_request, evaluate
from iamdesk.evaluate.principal import Caller, CallerKind
from iamdesk.evaluate.request import EvalDecision, Request, RequestError
from iamdesk.i18n import phrase
from iamdesk.inventory.policy_index import MissingPolicy
from iamdesk.inventory.resource_grants import acl_document, key_grants_document
from iamdesk.policy.arn import account_of, parse_arn
from iamdesk.policy.document import Document
from iamdesk.policy.resource_patterns import UnknownVariable
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.organization import OrganizationPolicyType
from iamdesk.snapshot.resources import Resource

SCP = OrganizationPolicyType.SERVICE_CONTROL_POLICY
RCP = OrganizationPolicyType.RESOURCE_CONTROL_POLICY

type Form = frozenset[tuple[NormalStatement, int]]


class Levels(NamedTuple):
    """The organization policies of one type that apply to an account, as clauses."""

    denies: ClauseActions
    """Deny clauses of all levels."""
    allows: tuple[ClauseActions, ...]
    """Allow clauses by level, all of which must allow; without levels that allow everything, and duplicates."""


class Facts(NamedTuple):
    """The facts about a principal that conditions can test."""

    kind: CallerKind
    unique_id: str | None
    path: str
    tags: frozenset[tuple[str, str]]
    """Keys in lower case."""
    ambiguous_tags: frozenset[str]
    may_be_tagged: bool
    has_no_source_identity: bool
    canonical_id: str | None
    org_id: str | None
    org_path: str | None


class Reading:
    """The clauses of documents of both snapshots; computed once for equal documents."""

    def __init__(self, space: ActionSpace) -> None:
        self.space = space
        self._clause_actions: dict[tuple[Document, bool], ClauseActions] = {}
        self._together: dict[tuple[frozenset[Document], bool], ClauseActions] = {}
        self._broken: dict[Document, tuple[str, ...]] = {}
        self._unlisted: dict[Document, tuple[tuple[str, int], ...]] = {}

    def clause_actions(self, document: Document, *, names_principals: bool) -> ClauseActions:
        """Return the clauses of a document."""
        key = (document, names_principals)
        found = self._clause_actions.get(key)
        if found is None:
            found = self._clause_actions[key] = clauses_of(document, self.space, names_principals=names_principals)
        return found

    def together(self, documents: Iterable[Document], *, names_principals: bool = False) -> ClauseActions:
        """Return the clauses of documents of one policy type together, without covered ones.

        In the order of the documents, so that results are reproducible.
        """
        in_order = dict.fromkeys(documents)
        key = (frozenset(in_order), names_principals)
        found = self._together.get(key)
        if found is None:
            clauses = [self.clause_actions(one, names_principals=names_principals) for one in in_order]
            found = self._together[key] = reduced(_joined(clauses))
        return found

    def broken(self, document: Document) -> tuple[str, ...]:
        """Return the malformed statements of a document (`normal_form.broken_of`)."""
        found = self._broken.get(document)
        if found is None:
            found = self._broken[document] = broken_of(document)
        return found

    def unlisted(self, document: Document) -> tuple[tuple[str, int], ...]:
        """Return the resource entries of a document that are of no listed type, each with the actions that may be on
        such resources (`access.unlisted_resources`).
        """
        found = self._unlisted.get(document)
        if found is None:
            found = self._unlisted[document] = tuple(self._find_unlisted(document))
        return found

    def _find_unlisted(self, document: Document) -> Iterator[tuple[str, int]]:
        for statement in document.statements:
            for entry in (statement.resources or ()) if statement.broken is None else ():
                on_it = 0
                for service in services_on_unlisted(statement, entry):
                    actions = service_actions(service)
                    on_it |= self.space.of_service(service, actions.every & ~actions.without_resource)
                if on_it:
                    yield entry.text, on_it & self.space.covered_by(statement)


class PrincipalPolicies:
    """The policies and facts of a principal or group; equal ones of an account have the same decisions."""

    def __init__(
        self,
        facts: Facts,
        documents: Iterable[Document] = (),
        boundary: frozenset[Document] | None = None,
        together: Callable[[Iterable[Document]], ClauseActions] = lambda _: {},
        *,
        broken: frozenset[str] = frozenset(),
        missing: frozenset[str] = frozenset(),
        supplied: frozenset[str] = frozenset(),
    ) -> None:
        self.facts = facts
        self.in_order = tuple(documents)
        """Documents of its identity policies."""
        self.documents = frozenset(self.in_order)
        self.boundary_documents = boundary
        """None if it has no boundary; empty if the boundary was not captured."""
        self._together = together
        self.broken = broken
        """Malformed statements."""
        self.missing = missing
        """Names of its policies and groups that were not captured."""
        self.supplied = supplied
        """ARNs of AWS managed policies that are evaluated as AWS had published them."""

    @cached_property
    def identity(self) -> ClauseActions:
        """The clauses of its identity policies."""
        return self._together(self.in_order)

    @cached_property
    def boundary(self) -> ClauseActions | None:
        """The clauses of its boundary; None if it has none."""
        return None if self.boundary_documents is None else self._together(self.boundary_documents)

    def has_same_policies(self, other: "PrincipalPolicies") -> bool:
        """Return whether the policies and the boundary of another principal certainly have the same effect."""
        if (self.boundary_documents is None) != (other.boundary_documents is None):
            return False
        if self.documents == other.documents and self.boundary_documents == other.boundary_documents:
            return True
        return form(self.identity) == form(other.identity) and form(self.boundary or {}) == form(other.boundary or {})


class SnapshotView:
    """A snapshot with its evaluator. Everything is computed at first use."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.index = evaluator.index
        self.snapshot = evaluator.snapshot
        self.reading: Reading = None  # type: ignore[assignment]  # set by `share_space` before first use
        self._own: dict[str, PrincipalPolicies] = {}
        self._levels: dict[tuple[str, OrganizationPolicyType], Levels | None] = {}
        self.resources: Mapping[str, Resource] = self.evaluator.resources.by_arn
        self.roots = frozenset(f"arn:{one.partition}:iam::{one.account_id}:root" for one in self.snapshot.accounts)
        self.principals: Mapping[str, None] = dict.fromkeys(evaluator.principals())
        self.groups: Mapping[str, None] = dict.fromkeys(self.index.group_arns)

    def documents(self) -> Iterator[Document]:
        """Yield every document that affects decisions, some of them repeatedly."""
        for arn in (*self.index.users, *self.index.roles, *self.groups):
            carried = self.index.carried(arn)
            yield from (policy.document for policy in carried.identity)
            if carried.boundary is not None:
                yield carried.boundary.document
        yield from (self.index.trust(role) for role in self.index.roles.values())
        for account in self.snapshot.accounts:
            for kind in (SCP, RCP):
                yield from self.organization_documents(account.account_id, kind)
        for resource in self.resources.values():
            yield from self.resource_documents(resource)
        yield from self._endpoint_documents()

    def organization_documents(self, account: str, kind: OrganizationPolicyType) -> Iterator[Document]:
        """Yield the organization policies of one type that apply to an account."""
        organization = self.evaluator.organization
        for level in (organization.levels(account, kind) if organization else None) or ():
            yield from (one.document for one in level)

    def documents_for_all(self, account: str) -> Iterator[Document]:
        """Yield the policies that apply to all principals of an account, and those of VPC endpoints."""
        for kind in (SCP, RCP):
            yield from self.organization_documents(account, kind)
        yield from self._endpoint_documents()

    def _endpoint_documents(self) -> Iterator[Document]:
        for endpoint in self.snapshot.vpc_endpoints:
            document = self.evaluator.endpoints.document_of(endpoint)
            yield from () if document is None else (document,)

    @property
    def space(self) -> ActionSpace:
        """The actions of both snapshots."""
        return self.reading.space

    def together(self, documents: Iterable[Document], *, names_principals: bool = False) -> ClauseActions:
        """Return the clauses of documents of one policy type (`Reading.together`)."""
        return self.reading.together(documents, names_principals=names_principals)

    def own(self, arn: str) -> PrincipalPolicies | None:
        """Return the policies and facts of a principal or group; None if it is not in the snapshot."""
        found = self._own.get(arn)
        if found is None and (arn in self.principals or arn in self.groups):
            found = self._own[arn] = self._find_own(arn)
        return found

    def _find_own(self, arn: str) -> PrincipalPolicies:
        try:
            found = self.evaluator.member_of(arn) if arn in self.groups else self.evaluator.principal_policies(arn)
        except RequestError as error:  # malformed ARN: there can be no request of this principal
            facts = self._facts(Caller(CallerKind.ANONYMOUS, arn), may_be_tagged=False)
            return PrincipalPolicies(facts, broken=frozenset({str(error)}))
        facts = self._facts(found.caller, found.may_be_tagged)
        if arn in self.roots:
            everything = {NormalStatement(True, None, ANYWHERE, frozenset(), frozenset()): self.space.every}
            return PrincipalPolicies(facts, together=lambda _: everything)
        carried = self.index.carried(arn)
        documents = [policy.document for policy in carried.identity]
        boundary: frozenset[Document] | None = None
        if carried.has_boundary:
            boundary = frozenset() if carried.boundary is None else frozenset({carried.boundary.document})
        return PrincipalPolicies(
            facts,
            documents,
            boundary,
            self.reading.together,
            broken=frozenset(text for one in (*documents, *(boundary or ())) for text in self.reading.broken(one)),
            missing=frozenset(_missing_name(one) for one in carried.missing),
            supplied=frozenset(carried.supplied),
        )

    def _facts(self, caller: Caller, may_be_tagged: bool) -> Facts:
        return Facts(
            caller.kind,
            caller.unique_id,
            caller.path,
            frozenset(caller.tags.items()),
            caller.ambiguous_tags,
            may_be_tagged,
            caller.has_no_source_identity,
            caller.canonical_id,
            *organization_facts(self, caller.account or ""),
        )

    def levels(self, account: str, kind: OrganizationPolicyType) -> Levels | None:
        """Return the organization policies of one type for an account as clauses; None if they were not captured."""
        key = (account, kind)
        if key not in self._levels:
            self._levels[key] = self._find_levels(account, kind)
        return self._levels[key]

    def _find_levels(self, account: str, kind: OrganizationPolicyType) -> Levels | None:
        organization = self.evaluator.organization
        if organization is None or not organization.is_captured(account, kind):
            return None
        levels = organization.levels(account, kind)
        names = kind is RCP
        if levels is None:
            return Levels({}, ())
        denies: dict[NormalStatement, int] = {}
        allows: list[ClauseActions] = []
        for level in levels:
            clause_actions = self.together([one.document for one in level], names_principals=names)
            for clause, bits in clause_actions.items():
                if not clause.is_allow:
                    denies[clause] = denies.get(clause, 0) | bits
            allowed = {clause: bits for clause, bits in clause_actions.items() if clause.is_allow}
            # RCPs allow everything by the default policy that is attached everywhere: only Denies matter (rule B5).
            is_full = any(one.is_plain and bits == self.space.every for one, bits in allowed.items())
            if kind is SCP and not is_full and allowed not in allows:
                allows.append(allowed)
        return Levels(reduced(denies), tuple(allows))

    def missing_levels(self, account: str, kind: OrganizationPolicyType) -> frozenset[str]:
        """Return the names of organization policies that apply to an account and were not captured."""
        organization = self.evaluator.organization
        if organization is None:
            return frozenset()
        return frozenset(one.name for one in organization.absent(account, kind))

    def resource_documents(self, resource: Resource) -> Sequence[Document]:
        """Return the policy of a resource, and its other grants in the form of policies."""
        settings = self.evaluator.resources.settings_of(resource.account_id) if resource.account_id else None
        found = (
            self.evaluator.resources.document_of(resource),
            acl_document(resource, settings.public_access_block if settings else None),
            key_grants_document(resource),
            self.evaluator.resources.shares.document_of(resource.arn),
        )
        return [document for document in found if document is not None]

    def statements_of_resources(self) -> Iterator[Statement]:
        """Yield the statements of trust policies, resource policies, RCPs and VPC endpoint policies."""
        documents = [self.index.trust(role) for role in self.index.roles.values()]
        for account in self.snapshot.accounts:
            documents += self.organization_documents(account.account_id, RCP)
        for resource in self.resources.values():
            documents += self.resource_documents(resource)
        documents += filter(None, map(self.evaluator.endpoints.document_of, self.snapshot.vpc_endpoints))
        for document in dict.fromkeys(documents):
            yield from document.statements

    def facts(self, arn: str) -> Callable[[str], KeyValue]:
        """Return a function that returns what is known of a key about a principal (lower case) in its requests.

        Raises:
            RequestError: The principal can make no request.
        """
        return self.evaluation_request(arn, "s3:ListAllMyBuckets", "*").context.fact

    def variables(self, arn: str) -> Callable[[str], str | None]:
        """Return a function that returns the values of a principal's own keys (lower case).

        It returns None for an unknown key, and "" for a key that its requests never contain.
        """
        try:
            context = self.evaluation_request(arn, "s3:ListAllMyBuckets", "*").context
        except RequestError:
            return lambda _: None

        def value(key: str) -> str | None:
            if dependence(key) is PrincipalDependence.NONE:
                return None
            try:
                known = context.variable(key)
            except UnknownVariable:
                return None
            return "" if known is None else known or None

        return value

    def evaluation_request(
        self, principal: str, action: str, resource: str, context: Mapping[str, object] | None = None
    ) -> EvaluationRequest:
        """Return a request with its policies and facts.

        An unknown bucket is assumed to belong to the principal's account.

        Raises:
            RequestError: The principal cannot make this request.
        """
        given: Mapping[str, Any] = context or {}
        owner = self.owner_taken(principal, resource)
        return self.evaluator.evaluation_request(
            Request(principal, action, resource, given, owner, is_of_resource=True)
        )

    def owner_taken(self, principal: str, resource: str) -> str | None:
        """Return the assumed account ID of a resource that the snapshot does not contain and whose ARN has none."""
        parts = resource.split(":", 5)
        if parts[2:3] == ["s3"] and parts[4:5] == [""] and not self.evaluator.knows(parse_arn(resource)):
            return account_of(principal) or None
        return None

    def trace(
        self, principal: str, action: str, resource: str, context: Mapping[str, object] | None = None
    ) -> EvaluationTrace | None:
        """Evaluate a request and return the trace; None if the snapshot does not contain the principal."""
        try:
            return evaluate(self.evaluation_request(principal, action, resource, context))
        except RequestError:
            return None

    def decide(
        self, principal: str, action: str, resource: str, context: Mapping[str, object] | None = None
    ) -> EvalDecision | None:
        """Evaluate a request and return only the decision, which is faster than `trace`."""
        try:
            return decide_request(self.evaluation_request(principal, action, resource, context))
        except RequestError:
            return None


def share_space(old: SnapshotView, new: SnapshotView) -> ActionSpace:
    """Assign bits of one integer to the actions of both snapshots."""
    space = ActionSpace(dict.fromkeys((*old.documents(), *new.documents())))
    old.reading = new.reading = Reading(space)
    return space


def organization_facts(side: SnapshotView, account: str) -> tuple[str | None, str | None]:
    """Return the ID of an account's organization and its path in it, each None if it is not known."""
    organization = side.evaluator.organization
    if organization is None or not organization.has_account(account):
        return None, None
    return organization.organization.id, organization.org_path(account)


def form(clause_actions: ClauseActions) -> Form:
    """Return clauses as a hashable value."""
    return frozenset(clause_actions.items())


def _joined(many: Iterable[ClauseActions]) -> ClauseActions:
    found: dict[NormalStatement, int] = {}
    for clause_actions in many:
        for clause, bits in clause_actions.items():
            known = found.get(clause)
            found[clause] = bits if known is None else known | bits  # not 0 | bits: a copy of two kilobytes
    return found


def _missing_name(one: MissingPolicy) -> str:
    match one.what:
        case "group":
            return phrase("group {name}", name=one.name)
        case "permissions boundary":
            return phrase("permissions boundary {name}", name=one.name)
        case _:
            return phrase("managed policy {name}", name=one.name)
