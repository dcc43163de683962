"""Whether principals would be administrators with full access, without their boundary or without a policy."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import override

from iamdesk.access.principal_index import PrincipalIndex
from iamdesk.attack_paths.administrators import (
    OPEN,
    POWERS,
    is_identical,
    power_request,
    sampled_actions,
    would_administer,
)
from iamdesk.attack_paths.evaluation_session import Context, EvaluationSession
from iamdesk.attack_paths.session_needs import Session, SessionNeeds, is_of_session, session_needs
from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.engine import EvaluationTrace, decide_request, evaluate
from iamdesk.evaluate.policy_set import AttachedPolicy, MissingData, SourceType
from iamdesk.evaluate.principal import CallerKind
from iamdesk.evaluate.request import EvalDecision, PolicyType, Request
from iamdesk.policy.canonical_form import is_on_every_resource
from iamdesk.policy.document import Document, parse_document
from iamdesk.policy.statement import Statement
from iamdesk.simulate.principal_policies import PrincipalPolicies
from iamdesk.simulate.request_builder import RequestBuilder
from iamdesk.snapshot.model import Account

_MAX_KEPT = 1 << 14
_MAX_MISSED = 2
"""Denying this many of the sampled actions never decides whether a principal is an administrator."""


def _policy(name: str, document: Document) -> AttachedPolicy:
    return AttachedPolicy(PolicyType.IDENTITY, SourceType.USER_MANAGED, name, "", name, "", document)


EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
FULL = _policy("any policy", parse_document(EVERYTHING))
"""The policy that a principal can get if it can write or attach any policy."""
_TRUST_OF_ALL = parse_document(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
)


class OpenTrust(RequestBuilder):
    """The snapshot as if every trust policy allowed everyone, which is what changing a trust policy gains.

    Identity policies, boundaries and organization policies are unchanged (rule I2).
    """

    def __init__(self, requests: RequestBuilder) -> None:
        self.__dict__.update(requests.plain().__dict__)

    @override
    def _trust_policy(self, target: Target) -> tuple[AttachedPolicy | None, list[MissingData]]:
        """Return a trust policy that allows everyone, of roles that do not exist yet, too."""
        arn = target.resource_text
        return AttachedPolicy(PolicyType.TRUST, SourceType.TRUST, arn, "", arn, arn, _TRUST_OF_ALL), []


class AdminHypotheses:
    """Decides whether principals would be administrators with changed policies."""

    def __init__(self, inquiry: EvaluationSession, population: PrincipalIndex) -> None:
        self._inquiry = inquiry
        self._population = population
        self._accounts = {account.account_id: account for account in inquiry.snapshot.accounts}
        self._denials: dict[Document, int] = {}
        self._known: dict[Hashable, bool] = {}
        self._decisions: dict[Hashable, EvalDecision] = {}
        self._covering: dict[tuple[Document, str], tuple[Statement, ...]] = {}
        self._needs: dict[tuple[int, bool], SessionNeeds | None] = {}
        self._asked: dict[tuple[int, tuple[Document, ...], bool, frozenset[Document]], bool] = {}

    def administers(
        self,
        position: int,
        more: Sequence[AttachedPolicy] = (),
        *,
        unbounded: bool = False,
        less: Iterable[Document] = (),
    ) -> bool:
        """Return whether a principal would be an administrator with added or removed policies, or no boundary.

        A conditional administrator counts as one.
        """
        asked = (position, tuple(policy.document for policy in more), unbounded, frozenset(less))
        if asked not in self._asked:
            self._asked[asked] = self._administers(position, more, unbounded, asked[3])
        return self._asked[asked]

    def _administers(
        self, position: int, more: Sequence[AttachedPolicy], unbounded: bool, gone: frozenset[Document]
    ) -> bool:
        holder = self._population.principal_policies(position)
        own = holder.policies.identity
        kept = tuple(policy for policy in own if policy.document not in gone)
        if FULL in more:
            kept = self._denying(kept)
        boundary = None if unbounded else holder.policies.boundary
        identity = (*kept, *more)
        account = self._account(position)
        key: Hashable = (
            holder.caller.account,
            holder.caller.kind,
            holder.caller.is_service_linked,
            tuple(policy.document for policy in identity),
            None if boundary is None else tuple(policy.document for policy in boundary),
        )
        documents = [policy.document for policy in (*identity, *(boundary or ()))]
        guardrails = self._inquiry.guardrails(account.account_id)
        if not all(
            is_identical(statement) for document in (*documents, *guardrails) for statement in document.statements
        ):
            key = (position, key)
        if key not in self._known:
            self._inquiry.check_cancelled()
            changed = holder._replace(policies=replace(holder.policies, identity=identity, boundary=boundary))
            self._known[key] = would_administer(self._asker(position, changed), account, guardrails, documents)
        return self._known[key]

    def session_needs(self, position: int, *, unbounded: bool = False) -> SessionNeeds | None:
        """Return what sessions of a role would need to be administrators with any policy; None: nothing.

        ``unbounded``: without its boundary.
        """
        if (position, unbounded) not in self._needs:
            self._needs[position, unbounded] = self._session_needs(position, unbounded)
        return self._needs[position, unbounded]

    def _session_needs(self, position: int, unbounded: bool) -> SessionNeeds | None:
        holder = self._population.principal_policies(position)
        if holder.caller.kind is not CallerKind.ROLE:
            return None
        if holder.caller.has_no_source_identity and not holder.may_be_tagged:
            return None
        account = self._account(position)
        guardrails = self._inquiry.guardrails(account.account_id)
        identity = (*self._denying(holder.policies.identity), FULL)
        boundary = None if unbounded else holder.policies.boundary
        documents = [policy.document for policy in (*identity, *(boundary or ()))]
        statements = (statement for document in (*documents, *guardrails) for statement in document.statements)
        if not any(is_of_session(key) for statement in statements for key in statement.context_keys()):
            return None
        changed = holder._replace(policies=replace(holder.policies, identity=identity, boundary=boundary))
        subject = self._population.index.subjects[position]
        asker = self._asker(position, changed)

        def ask(action: str, resource: str, context: Context) -> EvaluationTrace:
            request = Request(subject, action, resource, context=dict(context))
            return evaluate(self._inquiry.evaluator.evaluation_request(request, changed))

        def is_one(session: Session) -> bool:
            def decide(action: str, resource: str, context: Context) -> EvalDecision:
                return asker(action, resource, {**context, **session})

            return would_administer(decide, account, guardrails, documents)

        return session_needs([power_request(power, account) for power in POWERS], (), ask, is_one)

    def denies_little(self, position: int) -> bool:
        """Return whether no boundary or Deny of a principal could prevent administrator access."""
        policies = self._population.principal_policies(position).policies
        return policies.boundary is None and not self._denying(policies.identity)

    def may(
        self, position: int, more: Sequence[AttachedPolicy], action: str, resource: str, context: Context | None = None
    ) -> bool:
        """Return whether a principal would be allowed a request with more policies, within its boundary."""
        return self.decide(position, more, action, resource, context) in OPEN

    def decide(
        self, position: int, more: Sequence[AttachedPolicy], action: str, resource: str, context: Context | None = None
    ) -> EvalDecision:
        """Return the decision on a request of a principal with more policies, within its boundary."""
        holder = self._population.principal_policies(position)
        identity = (*holder.policies.identity, *more)
        changed = holder._replace(policies=replace(holder.policies, identity=identity))
        return self._asker(position, changed)(action, resource, context or {})

    def trace(self, position: int, more: Sequence[AttachedPolicy], request: Request) -> EvaluationTrace:
        """Return the evaluation of a request of a principal with more policies, within its boundary."""
        holder = self._population.principal_policies(position)
        identity = (*holder.policies.identity, *more)
        changed = holder._replace(policies=replace(holder.policies, identity=identity))
        return evaluate(self._inquiry.evaluator.evaluation_request(request, changed))

    def _asker(self, position: int, holder: PrincipalPolicies) -> "_Asker":
        guardrails = self._inquiry.guardrails(self._account(position).account_id)
        subject = self._population.index.subjects[position]
        return _Asker(self._inquiry.evaluator, subject, holder, guardrails, self._decisions, self._covering)

    def _account(self, position: int) -> Account:
        return self._accounts[self._population.cohort_at(position).account]

    def _denying(self, policies: Iterable[AttachedPolicy]) -> tuple[AttachedPolicy, ...]:
        """Return the policies whose Deny statements could matter; empty if together they deny too little."""
        denying = [(policy, self._denied_by(policy.document)) for policy in policies]
        powers = (1 << _POWERS) - 1
        together = 0
        for _, denied in denying:
            together |= denied
        if not together & powers and together.bit_count() <= _MAX_MISSED:
            return ()
        return tuple(policy for policy, denied in denying if denied)

    def _denied_by(self, document: Document) -> int:
        known = self._denials.get(document)
        if known is None:
            known = 0
            denials = [one for one in document.statements if not one.is_allow and one.broken is None]
            for bit, full_name in enumerate(sampled_actions() if denials else ()):
                service, _, name = full_name.lower().partition(":")
                if any(one.covers_action(service, name) for one in denials):
                    known |= 1 << bit
            self._denials[document] = known
        return known


_POWERS = 4
"""Number of powers among the sampled actions; they come first."""


class _Asker:
    """Evaluates requests of a principal with changed policies.

    A decision depends on the statements that cover the action alone, and most policies hold none for most actions that
    an administrator is asked about: requests with equal statements share a decision. Where a principal's own policies
    allow the action on everything without conditions, no other Allow of them matters.
    """

    def __init__(
        self,
        requests: RequestBuilder,
        principal: str,
        holder: PrincipalPolicies,
        guardrails: Sequence[Document],
        known: dict[Hashable, EvalDecision],
        of_documents: dict[tuple[Document, str], tuple[Statement, ...]],
    ) -> None:
        """``known`` are the decisions that principals of one snapshot share, ``of_documents`` what covers an action."""
        self._requests = requests
        self._principal = principal
        self._holder = holder
        self._known = known
        self._of_documents = of_documents
        policies, caller = holder.policies, holder.caller
        self._documents = (
            [policy.document for policy in policies.identity],
            [policy.document for policy in policies.boundary or ()],
            guardrails,
        )
        self._traits: Hashable = (
            caller.account,
            caller.kind,
            caller.is_service_linked,
            caller.permission_set is not None,
            policies.boundary is not None,
        )

    def __call__(self, action: str, resource: str, context: Context) -> EvalDecision:
        own, *others = (
            [statement for document in documents for statement in self._covering(document, action)]
            for documents in self._documents
        )
        allows_all = any(one.is_allow and is_on_every_resource(one) for one in own)
        if allows_all:
            own = [statement for statement in own if not statement.is_allow]
        covering = (allows_all, tuple(own), *map(tuple, others))
        is_shared = all(is_identical(one) for statements in (own, *others) for one in statements)
        # With the traits, too: a boundary without a statement for the action is not among those that cover it.
        who = self._traits if is_shared else (self._principal, self._traits)
        key = (who, action, resource, _hashable(context), covering)
        known = self._known.get(key)
        if known is None:
            request = Request(self._principal, action, resource, context=dict(context))
            known = decide_request(self._requests.evaluation_request(request, self._holder))
            if len(self._known) >= _MAX_KEPT:
                self._known.clear()
            self._known[key] = known
        return known

    def _covering(self, document: Document, action: str) -> tuple[Statement, ...]:
        """Return the statements of a document that cover an action; some policies name thousands of actions."""
        found = self._of_documents.get((document, action))
        if found is None:
            service, _, name = action.lower().partition(":")
            found = tuple(
                [
                    one
                    for one in document.statements
                    if (one.services is None or service in one.services) and one.covers_action(service, name)
                ]
            )
            if len(self._of_documents) >= _MAX_KEPT:
                self._of_documents.clear()
            self._of_documents[document, action] = found
        return found


def _hashable(context: Context) -> Hashable:
    return tuple(
        sorted([(key, value if isinstance(value, str) else tuple(value or ())) for key, value in context.items()])
    )
