"""Evaluations that every open snapshot offers, in memory or read on demand."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Unpack

from iamdesk.evaluate.request import ContextValues, Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled, no_progress

if TYPE_CHECKING:  # the engine is imported on first use: opening a snapshot does not need it
    from iamdesk.access.effective_permissions import EffectiveAccess
    from iamdesk.access.evaluator import Evaluator
    from iamdesk.access.who_can import Access, ResourceAccess, SweepOptions, Sweeps
    from iamdesk.denials.denial import Denial, Why
    from iamdesk.explain.suggestions import Changes
    from iamdesk.review.key_permissions import KeyPermission
    from iamdesk.use_cases.types import DependentActions, UseCase, UseCaseRequest, UseCaseResult
    from iamdesk.viewmodel.workload_rows import WorkloadRow


class RequestSession:
    """Evaluates requests on a snapshot. Thread-safe."""

    def evaluator_for(self, principal: str) -> "Evaluator":
        """Return the evaluator for a principal; for any other text, one for external callers."""
        raise NotImplementedError

    @property
    def evaluator_for_all(self) -> "Sweeps":
        """The evaluator for sweeps over all principals."""
        raise NotImplementedError

    def who_can(
        self,
        *,
        action: str | None = None,
        resource: str,
        context: "ContextValues | None" = None,
        unknown_action: bool = False,
        **asked: "Unpack[SweepOptions]",
    ) -> "Iterator[Access]":
        """Return all principals for whom the decision is allowed or conditional, external callers first.

        Without an action, a row for each action that fits the resource; `access_to_resource` groups them by principal.

        Raises:
            RequestError: the action or resource is malformed; its text says why in one sentence.
            WorkCancelled: ``cancelled`` returned True.
        """
        return self.evaluator_for_all.who_can(
            action=action, resource=resource, context=context, unknown_action=unknown_action, **asked
        )

    def each_row[R](
        self,
        show: "Callable[[Access], R]",
        *,
        action: str | None = None,
        resource: str,
        context: "ContextValues | None" = None,
        unknown_action: bool = False,
        **asked: "Unpack[SweepOptions]",
    ) -> "Iterator[R]":
        """Yield ``show(row)`` for each row of `who_can`: faster than explaining each row afterwards.

        ``show`` is a module-level function that returns plain data: it may be called in another process.

        Raises:
            RequestError: as `who_can`.
            WorkCancelled: ``cancelled`` returned True.
        """
        progress, cancelled = asked.pop("progress", no_progress), asked.get("cancelled", never_cancelled)
        groups: Sequence[Iterable[Access]]
        if action is None:
            groups = [one.rows() for one in self.access_to_resource(resource, context, **asked)]
        else:
            groups = [
                (row,)
                for row in self.who_can(
                    action=action, resource=resource, context=context, unknown_action=unknown_action, **asked
                )
            ]
        for done, rows in enumerate(groups):
            progress(done, len(groups))
            for row in rows:
                if cancelled():
                    raise WorkCancelled
                yield show(row)

    def access_to_resource(
        self, resource: str, context: "ContextValues | None" = None, **asked: "Unpack[SweepOptions]"
    ) -> "tuple[ResourceAccess, ...]":
        """Return what each principal can do on a resource, external callers first.

        Raises:
            RequestError: the resource is not an ARN, or no action fits it; its text says why in one sentence.
            WorkCancelled: ``cancelled`` returned True.
        """
        return self.evaluator_for_all.access_to_resource(resource, context, **asked)

    def missing_external_data(self, action: str | None, resource: str) -> tuple[str, ...]:
        """Return sentences on missing data of a resource's side that may allow external callers.

        Raises:
            RequestError: the action or resource is malformed, or no action fits the resource.
        """
        from iamdesk.access.external.rows import missing_data
        from iamdesk.access.resource_access import fitting_actions

        asked = [(action, resource)] if action else [one[:2] for one in fitting_actions(resource)]
        return tuple(dict.fromkeys(one for pair in asked for one in missing_data(self.evaluator_for(""), *pair)))

    def request_notes(self, request: Request) -> tuple[str, ...]:
        """Return sentences that apply to every row of `who_can`, and to principals without one; the principal is
        ignored.

        Raises:
            RequestError: the action or resource is malformed.
        """
        from iamdesk.access.request_notes import request_notes

        request = self.stated(request)
        return (*request.remarks, *request_notes(self.evaluator_for(""), request))

    def stated(self, request: Request) -> Request:
        """Return the request that is evaluated where a user states one, by any principal.

        Raises:
            RequestError: no such request can be made.
        """
        return self.evaluator_for("").stated(request)

    def ask(self, request: Request) -> EvaluationResult:
        """Evaluate one request.

        Raises:
            RequestError: the request is invalid; its text says why in one sentence.
        """
        return self.evaluator_for(request.principal).can(request)

    def changes(self, request: Request, cancelled: Cancelled = never_cancelled) -> "Changes":
        """Return the smallest policy changes that alter the decision on a request of a result.

        It takes milliseconds, at most seconds.

        Raises:
            RequestError: as `ask`.
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.explain.counterfactual import minimal_policy_changes

        evaluator = self.evaluator_for(request.principal)
        return minimal_policy_changes(evaluator.trace(request), cancelled)

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
        """Evaluate a denied request and compare; given arguments take precedence over those of the denial."""
        from iamdesk.denials.explain import explain_denial

        evaluator = self.evaluator_for(principal or denial.principal or "")
        return explain_denial(evaluator, denial, principal=principal, action=action, resource=resource)

    def evaluate_use_case(self, request: "UseCaseRequest") -> "UseCaseResult":
        """Evaluate a use case: every action by itself, and all of them together.

        Raises:
            RequestError: the request is invalid; its text says why in one sentence.
        """
        from iamdesk.use_cases.evaluate import evaluate_use_case

        return evaluate_use_case(self.evaluator_for(request.request.principal), request)

    @staticmethod
    def find_use_case(name: str, resource: str = "*") -> "UseCase | None":
        """Return the use case of a name (``read-object``), or an action with its dependent actions; None for
        neither."""
        from iamdesk.use_cases.catalog import find_use_case

        return find_use_case(name, resource)

    @staticmethod
    def dependent_actions(action: str) -> "DependentActions | None":
        """Return the actions that a call needs, or may need, besides its own; None where none are known."""
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
            RequestError: the snapshot has no such principal, AWS has no such service, or the resource is not an ARN;
                its text says why in one sentence.
            WorkCancelled: ``cancelled`` returned True.
        """
        return self.evaluator_for(principal).what_can(principal, service, resource, cancelled)

    def runs_with(self, principal: str) -> "tuple[WorkloadRow, ...]":
        """Return what runs with a role, as far as it was captured; nothing for other principals."""
        from iamdesk.inventory.workload_index import WorkloadIndex
        from iamdesk.viewmodel.workload_rows import runs_with_rows

        return runs_with_rows(WorkloadIndex(self.evaluator_for(principal).snapshot), principal)

    def key_permissions(self, principal: str) -> "tuple[KeyPermission, ...]":
        """Return the key permissions that a user or role has, from a short list, with their results."""
        from iamdesk.review.key_permissions import key_permissions

        return tuple(key_permissions(self.evaluator_for(principal), principal))
