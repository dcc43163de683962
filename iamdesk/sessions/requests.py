"""What can be asked of whatever is open, whether it is in memory or read when it is asked."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Unpack

from iamdesk.evaluate.request import MissingContextMode, Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.progress import Cancelled, never_cancelled

if TYPE_CHECKING:  # the engine is imported when first asked: opening a snapshot needs it not
    from iamdesk.access.effective_permissions import EffectiveAccess
    from iamdesk.access.evaluator import Evaluator
    from iamdesk.access.sweeps import Asked, Given, Sweeps
    from iamdesk.access.who_can import Access, ResourceAccess
    from iamdesk.denials.denial import Denial, Why
    from iamdesk.explain.suggestions import Changes
    from iamdesk.review.key_permissions import KeyPermission
    from iamdesk.use_cases.types import DependentActions, UseCase, UseCaseRequest, UseCaseResult


class RequestSession:
    """What can be asked of a snapshot. All of it may be called from any thread."""

    def evaluator_for(self, principal: str) -> "Evaluator":
        """Return the engine that answers for a principal; one that is no principal stands for external callers."""
        raise NotImplementedError

    @property
    def everybody(self) -> "Sweeps":
        """The engine that goes over everybody."""
        raise NotImplementedError

    def who_can(
        self, *, action: str | None = None, resource: str, context: "Given | None" = None, **asked: "Unpack[Asked]"
    ) -> "Iterator[Access]":
        """Return everybody for whom the decision is allowed or conditional, external callers first.

        Without an action a row for each that fits the resource: `access_to_resource` has them by principal.

        Raises:
            RequestError: the action or resource is malformed; its text says why in one sentence.
            WorkCancelled: ``cancelled`` returned True.
        """
        return self.everybody.who_can(action=action, resource=resource, context=context, **asked)

    def each_row[R](
        self,
        show: "Callable[[Access], R]",
        *,
        action: str | None = None,
        resource: str,
        context: "Given | None" = None,
        unknown_context: MissingContextMode = MissingContextMode.UNKNOWN,
    ) -> "Iterator[R]":
        """Yield ``show(row)`` for each row of `who_can`: sooner than explaining each row of it afterwards.

        ``show`` is a function of a module and returns plain data: it may be called in another process.

        Raises:
            RequestError: as `who_can`.
        """
        return map(
            show, self.who_can(action=action, resource=resource, context=context, unknown_context=unknown_context)
        )

    def access_to_resource(
        self, resource: str, context: "Given | None" = None, **asked: "Unpack[Asked]"
    ) -> "tuple[ResourceAccess, ...]":
        """Return what everybody can do on a resource, by principal, external callers first.

        Raises:
            RequestError: the resource is no ARN, or no action fits it; its text says why in one sentence.
            WorkCancelled: ``cancelled`` returned True.
        """
        return self.everybody.access_to_resource(resource, context, **asked)

    def missing_of_external(self, action: str | None, resource: str) -> tuple[str, ...]:
        """Return what is not captured on a resource's side and may let external callers in, in sentences.

        Raises:
            RequestError: the action or resource is malformed, or no action fits the resource.
        """
        from iamdesk.access.external.rows import missing_data
        from iamdesk.access.resource_access import fitting_actions

        asked = [(action, resource)] if action else [one[:2] for one in fitting_actions(resource)]
        return tuple(dict.fromkeys(one for pair in asked for one in missing_data(self.evaluator_for(""), *pair)))

    def request_notes(self, request: Request) -> tuple[str, ...]:
        """Return what holds for every row of `who_can`, and for who has none, in sentences; its principal is not asked.

        Raises:
            RequestError: the action or resource is malformed.
        """
        from iamdesk.access.request_notes import request_notes

        return tuple(request_notes(self.evaluator_for(""), request))

    def ask(self, request: Request) -> EvaluationResult:
        """Answer one question.

        Raises:
            RequestError: the question cannot be asked; its text says why in one sentence.
        """
        return self.evaluator_for(request.principal).can(request)

    def changes(self, request: Request, cancelled: Cancelled = never_cancelled) -> "Changes":
        """Return the smallest changes to policies that turn the answer around; some milliseconds, at most seconds.

        Raises:
            RequestError: as `ask`.
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.explain.counterfactual import minimal_policy_changes

        return minimal_policy_changes(self.evaluator_for(request.principal).trace(request), cancelled)

    @staticmethod
    def read_denials(text: str) -> "tuple[Denial, ...]":
        """Find the denied requests in an error message or a record (CloudTrail and the like, as JSON).

        Raises:
            DenialError: there is none; its text is one sentence.
        """
        from iamdesk.denials.explain import read_denials

        return read_denials(text)

    def why(
        self,
        denial: "Denial",
        *,
        principal: str | None = None,
        action: str | None = None,
        resource: str | None = None,
    ) -> "Why":
        """Ask the snapshot what AWS denied, and compare; what is given beside the denial counts instead of it."""
        from iamdesk.denials.explain import explain_denial

        evaluator = self.evaluator_for(principal or denial.principal or "")
        return explain_denial(evaluator, denial, principal=principal, action=action, resource=resource)

    def ask_need(self, question: "UseCaseRequest") -> "UseCaseResult":
        """Answer a compound question: every part by itself, and all of them together.

        Raises:
            RequestError: the question cannot be asked; its text says why in one sentence.
        """
        from iamdesk.use_cases.evaluate import evaluate_use_case

        return evaluate_use_case(self.evaluator_for(question.request.principal), question)

    @staticmethod
    def find_use_case(name: str, resource: str = "*") -> "UseCase | None":
        """Return the need of that name (``read-object``), or an action with what it depends on; None for neither."""
        from iamdesk.use_cases.catalog import find_use_case

        return find_use_case(name, resource)

    @staticmethod
    def dependent_actions(action: str) -> "DependentActions | None":
        """Return what a call needs beside its own action, or may need; None where nothing is known."""
        from iamdesk.use_cases.dependent_actions import dependent_actions

        return dependent_actions(action)

    def what_can(
        self,
        *,
        principal: str,
        service: str | None = None,
        resource: str | None = None,
        cancelled: Cancelled = never_cancelled,
    ) -> "EffectiveAccess":
        """Return the effective permissions of a user, role, root user or group.

        Raises:
            RequestError: the snapshot has no such principal, AWS no such service, or the resource is no ARN; its text
                says why in one sentence.
            WorkCancelled: ``cancelled`` returned True.
        """
        return self.evaluator_for(principal).what_can(principal, service, resource, cancelled)

    def telling(self, principal: str) -> "tuple[KeyPermission, ...]":
        """Return, of a short list of telling actions, those that a user or role may do, with answers that say so."""
        from iamdesk.review.key_permissions import key_permissions

        return tuple(key_permissions(self.evaluator_for(principal), principal))
