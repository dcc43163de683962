"""Questions put to the engine in one run: asked at most once where they are alike, and ended when nobody wants them."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

from iamdesk.access.evaluator import Evaluator
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.engine import EvaluationTrace
from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.policy.document import Document
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.organization import OrganizationPolicyType

STRANGER = "iamdesk-stranger"
"""Name of a user, role or policy that no snapshot holds: what is true of it is true of any that may come."""

type Context = Mapping[str, str | Sequence[str] | None]
"""Condition keys and their values, as a `Request` takes them."""


class EvaluationSession:
    """Puts questions to the engine of one snapshot. Belongs to one run in one thread."""

    def __init__(self, evaluator: Evaluator, cancelled: Cancelled = never_cancelled) -> None:
        self.evaluator = evaluator
        self._cancelled = cancelled
        self._known: dict[Hashable, dict[Hashable, object]] = {}

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot."""
        return self.evaluator.snapshot

    def read_reference(self) -> None:
        """Read what AWS says of every service's actions, service by service, so that no check stops to do it at once.

        Takes some tenths of a second, once in a process.

        Raises:
            WorkCancelled: nobody wants the result any more.
        """
        known = reference()
        for service in known.services():
            self.check_cancelled()
            known.actions_of(service)

    def check_cancelled(self) -> None:
        """Give the caller the chance to stop: called before each piece of work.

        Raises:
            WorkCancelled: nobody wants the result any more.
        """
        if self._cancelled():
            raise WorkCancelled

    def attend(self, cancelled: Cancelled) -> None:
        """Ask somebody else from now on whether the result is still wanted: of the next part of the work."""
        self._cancelled = cancelled

    def go_on(self) -> None:
        """Ask on whoever cancels: the run is over, and what it found is read."""
        self._cancelled = never_cancelled

    def ask(self, principal: str, action: str, resource: str, context: Context | None = None) -> EvaluationResult:
        """Put one question to the engine and get the whole answer; a key that is not in ``context`` is unknown.

        Raises:
            WorkCancelled: nobody wants the result any more.
        """
        self.check_cancelled()
        return self.evaluator.can(Request(principal, action, resource, context=dict(context or {})))

    def trace(self, principal: str, action: str, resource: str, context: Context | None = None) -> EvaluationTrace:
        """Put one question to the engine and get its own record, before it is put into words.

        Raises:
            WorkCancelled: nobody wants the result any more.
        """
        self.check_cancelled()
        return self.evaluator.trace(Request(principal, action, resource, context=dict(context or {})))

    def decide(self, principal: str, action: str, resource: str, context: Context | None = None) -> EvalDecision:
        """Put one question to the engine and get the bare word: for sweeps.

        Raises:
            WorkCancelled: nobody wants the result any more.
        """
        self.check_cancelled()
        return self.evaluator.decide(Request(principal, action, resource, context=dict(context or {})))

    def once[T](self, key: Hashable, work: Callable[[], T]) -> T:
        """Return what ``work`` gives, done at most once in this run for each key.

        A key of two is kept as a name and what it is about: a run keeps some hundred thousand of these.
        """
        name, about = key if isinstance(key, tuple) and len(key) == 2 else (key, None)
        of_name = self._known.setdefault(name, {})
        if about not in of_name:
            of_name[about] = work()
        return of_name[about]  # type: ignore[return-value]  # what is kept under a key came from that key's work

    def known(self, name: str) -> dict[Hashable, object]:
        """Return what was found out under the first word of keys of two (`once`), by the second."""
        return self._known.setdefault(name, {})

    def share(self, name: str, other: "EvaluationSession") -> None:
        """Keep from now on what is found out under a name together with another inquiry of the same snapshot."""
        together = other.known(name)
        if self._known.get(name) is not together:
            together.update(self._known.get(name, {}))
            self._known[name] = together

    def guardrails(self, account: str) -> tuple[Document, ...]:
        """Return the SCPs and RCPs that bind an account, each once."""
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

    def speaks_of(self, principal_arn: str, action: str) -> bool:
        """Return whether some Allow of a principal's own policies covers an action: else there is nothing to ask.

        A cheap no for most principals; a yes says nothing yet.
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
