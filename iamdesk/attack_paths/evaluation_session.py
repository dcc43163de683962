"""Evaluation of requests in one run, with a cache of intermediate results and cancellation checks."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.edge_targets import EdgeTargets
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.engine import EvaluationTrace
from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.policy.document import Document
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.organization import OrganizationPolicyType

TARGETS = "targets"
"""The name of what `EvaluationSession.targets` keeps, for `EvaluationSession.share`."""
PLACEHOLDER = "iamdesk-stranger"
"""Name of a placeholder user, role or policy, which represents any that is not in the snapshot."""

type Context = Mapping[str, str | Sequence[str] | None]
"""Condition keys and their values, as a `Request` takes them."""


class EvaluationSession:
    """Evaluates requests over one snapshot. Belongs to one run in one thread."""

    def __init__(self, evaluator: Evaluator, cancelled: Cancelled = never_cancelled) -> None:
        self.evaluator = evaluator
        self._cancelled = cancelled
        self._known: dict[Hashable, dict[Hashable, object]] = {}

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot."""
        return self.evaluator.snapshot

    def read_reference(self) -> None:
        """Load the action data of every service in small pieces, so that no single call takes long.

        Takes some tenths of a second, once per process.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        known = reference()
        for service in known.services():
            self.check_cancelled()
            known.actions_of(service)

    def check_cancelled(self) -> None:
        """Check for cancellation; called before each piece of work.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        if self._cancelled():
            raise WorkCancelled

    @property
    def check(self) -> Cancelled:
        """Return whether this run is cancelled, for another session."""
        return self._cancelled

    def attend(self, cancelled: Cancelled) -> None:
        """Set the cancellation check for the next part of the work."""
        self._cancelled = cancelled

    def go_on(self) -> None:
        """Ignore cancellation from now on: the run is complete, and its results are read."""
        self._cancelled = never_cancelled

    def ask(self, principal: str, action: str, resource: str, context: Context | None = None) -> EvaluationResult:
        """Evaluate one request with a full explanation; condition keys that are not in ``context`` are unknown.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        self.check_cancelled()
        return self.evaluator.explained(_request(principal, action, resource, context))

    def trace(self, principal: str, action: str, resource: str, context: Context | None = None) -> EvaluationTrace:
        """Evaluate one request and return the trace, without explanation.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        self.check_cancelled()
        return self.evaluator.trace(_request(principal, action, resource, context))

    def source_context(self, account: str) -> Context:
        """Return the condition keys of a request that an AWS service makes for a resource of an account."""
        organization = self.evaluator.organization
        context: dict[str, str | Sequence[str]] = {"aws:SourceAccount": account}
        if organization is not None and organization.has_account(account):
            context["aws:SourceOrgID"] = organization.organization.id
            if path := organization.org_path(account):
                context["aws:SourceOrgPaths"] = [path]
        return context

    def decide(self, principal: str, action: str, resource: str, context: Context | None = None) -> EvalDecision:
        """Evaluate one request and return only the decision.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        self.check_cancelled()
        return self.evaluator.decide(_request(principal, action, resource, context))

    def once[T](self, key: Hashable, work: Callable[[], T]) -> T:
        """Return the result of ``work``, computed at most once per key in this run.

        Keys that are pairs are stored by first and second part: a run has some hundred thousand of these.
        """
        name, about = key if isinstance(key, tuple) and len(key) == 2 else (key, None)
        of_name = self._known.setdefault(name, {})
        if about not in of_name:
            of_name[about] = work()
        return of_name[about]  # type: ignore[return-value]  # what is kept under a key came from that key's work

    def known(self, name: str) -> dict[Hashable, object]:
        """Return the cached results of pair keys (`once`) with a first part, by the second."""
        return self._known.setdefault(name, {})

    def share(self, name: str, other: "EvaluationSession") -> None:
        """Share the cached results of pair keys with a first part with another session of the same snapshot."""
        together = other.known(name)
        if self._known.get(name) is not together:
            together.update(self._known.get(name, {}))
            self._known[name] = together

    @property
    def targets(self) -> EdgeTargets:
        """The users, roles, groups and policies of the snapshot as targets of actions."""
        index = self.evaluator.population().index
        return self.once((TARGETS, None), lambda: EdgeTargets(self.snapshot.accounts, index))

    def guardrails(self, account: str) -> tuple[Document, ...]:
        """Return the SCPs and RCPs that apply to an account, each once."""
        return self.once(("guardrails", account), lambda: tuple(dict.fromkeys(self._guardrails(account))))

    def _guardrails(self, account: str) -> Iterator[Document]:
        organization = self.evaluator.organization
        if organization is not None:
            for kind in (
                OrganizationPolicyType.SERVICE_CONTROL_POLICY,
                OrganizationPolicyType.RESOURCE_CONTROL_POLICY,
            ):
                for level in organization.levels(account, kind) or ():
                    yield from (policy.document for policy in level)

    def applies_to_action(self, principal_arn: str, action: str) -> bool:
        """Return whether some Allow of a principal's own policies covers an action.

        A cheap test: if False, the action is not allowed by identity policies; True means that evaluation is needed.
        """
        service, _, name = action.lower().partition(":")
        carried = self.evaluator.index.carried(principal_arn).identity
        return any(self._allows_some(policy.document, service, name) for policy in carried)

    def _allows_some(self, document: Document, service: str, name: str) -> bool:
        return self.once(
            (("allows some", service, name), document),
            lambda: any(
                statement.is_allow and statement.broken is None and statement.covers_action(service, name)
                for statement in document.statements
            ),
        )


def _request(principal: str, action: str, resource: str, context: Context | None) -> Request:
    """Return a request; of external callers findings and paths report what the resource's side lets them do."""
    return Request(principal, action, resource, context=dict(context or {}), is_of_resource=True)
