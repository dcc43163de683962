"""Evaluates requests over one snapshot: one request in full, or one request for all principals."""

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Unpack, override

from iamdesk.access.bulk_evaluator import BulkEvaluator, PopulationDecisions, RequestMoment
from iamdesk.access.effective_permissions import (
    ActionDecision,
    EffectiveAccess,
    ResourceOrigin,
    ServiceAccess,
)
from iamdesk.access.external.by_part import PartAccess, external_access_by_part
from iamdesk.access.external.rows import external_access
from iamdesk.access.part_access import access_to_parts
from iamdesk.access.principal_index import PrincipalIndex, indexes_of
from iamdesk.access.request_grid import grid_on
from iamdesk.access.resource_access import access_to_resource
from iamdesk.access.service_access import AccessByPrincipal, ServiceAccessFinder
from iamdesk.access.who_can import Access, KnownAccess, PartsFound, ResourceAccess, SweepOptions, Sweeps
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.engine import EvaluationTrace, decide_request, evaluate
from iamdesk.evaluate.request import (
    ContextValues,
    EvalDecision,
    MissingContextMode,
    Request,
    RequestError,
)
from iamdesk.explain.decision import EvaluationResult
from iamdesk.explain.explanation import explain
from iamdesk.i18n import phrase
from iamdesk.inventory.statement_index import StatementIndex
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.policy.document import DocumentStore
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.simulate.request_builder import RequestBuilder
from iamdesk.simulate.request_facts import check_resource
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import Resource

_MAX_SWEPT = 128
"""Number of requests whose decisions for all principals are kept."""
_MAX_ONE_BY_ONE = 32
"""Requests evaluated one by one before all principals are evaluated at once, which takes about as long."""


class Evaluator(RequestBuilder, Sweeps):
    """Evaluates requests over one snapshot. Thread-safe."""

    def __init__(
        self,
        snapshot: Snapshot,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        documents: DocumentStore | None = None,
        beside: RequestBuilder | None = None,
    ) -> None:
        """Prepare the evaluation; policies are read on first use.

        Args:
            snapshot: The snapshot.
            now: Gives the time at which requests are made.
            documents: Parsed documents to share with other evaluators (`index.documents` of one of them).
            beside: As of `RequestBuilder`.
        """
        super().__init__(snapshot, now, documents, beside)
        self._requests = self.plain()  # sweeps hold this, not `self`: no reference cycle keeps the evaluator in memory
        self._principal_index: PrincipalIndex | None = None
        self._reaches: ServiceAccessFinder | None = None
        self._swept: dict[Hashable, PopulationDecisions] = {}
        self._asked: dict[Hashable, int] = {}
        self._lock = threading.RLock()

    def can(self, request: Request) -> EvaluationResult:
        """Evaluate a request and explain the result.

        Raises:
            RequestError: the request is invalid; its text says why in one sentence.
        """
        return self.explained(self.stated(request))

    def explained(self, request: Request) -> EvaluationResult:
        """Evaluate a request as it is, which iamdesk made itself or `stated` returned, and explain the result.

        Raises:
            RequestError: as `evaluation_request`.
        """
        return explain(self.trace(request), request)

    def decide(self, request: Request) -> EvalDecision:
        """Return the decision alone, without explanation: faster over many requests.

        A request that is repeated for one principal after the other is evaluated for all of them at once.

        Raises:
            RequestError: as `can`.
        """
        beside = (
            request.session_policies is not None or request.without or request.resource_account or request.unresolved
        )
        if not beside:
            position = self.population().position(request.principal)
            if position is not None:
                swept = self._cached_sweep(request)
                if swept is not None:
                    return swept.decide(position)
        return decide_request(self.evaluation_request(request))

    def _cached_sweep(self, request: Request) -> PopulationDecisions | None:
        """Return the decisions on a request for all principals, once it was repeated often enough."""
        key = request_key(request)
        found = self._swept.get(key)
        if found is not None and found.distinguish_denials and found.until > self.now().timestamp():
            return found
        with self._lock:
            asked = self._asked[key] = self._asked.get(key, 0) + 1
            if len(self._asked) > _MAX_SWEPT:
                del self._asked[next(iter(self._asked))]
            if asked <= _MAX_ONE_BY_ONE:
                return None
            self._asked[key] = 0
        moment = RequestMoment(self.now(), request.context, request.unknown_context)
        return self._sweep(request, moment, distinguish_denials=True)

    def _sweep(
        self,
        request: Request,
        moment: RequestMoment,
        *,
        distinguish_denials: bool,
        cancelled: Cancelled = never_cancelled,
    ) -> PopulationDecisions:
        """Evaluate one request for all principals; the latest results are cached."""
        key = request_key(request)
        found = self._swept.get(key)
        if (
            found is not None
            and found.until > moment.at.timestamp()
            and (found.distinguish_denials or not distinguish_denials)
        ):
            return found
        bulk = self.bulk()
        found = bulk.sweep(
            bulk.request(request.action, request.resource),
            self.population().regular,
            moment,
            distinguish_denials=distinguish_denials,
            cancelled=cancelled,
        )
        with self._lock:
            self._swept.pop(key, None)
            if len(self._swept) >= _MAX_SWEPT:
                del self._swept[next(iter(self._swept))]
            self._swept[key] = found
        return found

    def allowed(
        self,
        action: str,
        resource: str,
        members: int,
        context: ContextValues | None = None,
        cancelled: Cancelled = never_cancelled,
    ) -> int:
        """Return which of some principals are allowed a request, as bits of the population; other keys are unknown.

        Args:
            action: The action.
            resource: The resource.
            members: The principals, as bits, none of them irregular.
            context: Values of condition keys.
            cancelled: Returns whether the work was cancelled.

        Raises:
            RequestError: the action or resource is malformed.
            WorkCancelled: ``cancelled`` returned True.
        """
        bulk, moment = self.bulk(), RequestMoment(self.now(), context or {})
        swept = bulk.sweep(
            bulk.request(action, resource), members, moment, distinguish_denials=False, cancelled=cancelled
        )
        return swept.bits[EvalDecision.ALLOWED]

    def prepare(self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled) -> None:
        """Read every policy of the snapshot, which all sweeps need.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        self.population(progress, cancelled)

    def forget_access(self) -> None:
        """Free the cached results about many principals, hundreds of megabytes for thousands: they are computed again
        when they are needed.
        """
        with self._lock:
            self._reaches = None
            self._swept.clear()

    def population(self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled) -> PrincipalIndex:
        """Return all principals of the snapshot, indexed for requests about many of them; built on first use.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        if self._principal_index is None:
            with self._lock:
                if self._principal_index is None:
                    self._principal_index = PrincipalIndex(
                        self._requests, StatementIndex(self.index, progress, cancelled)
                    )
        return self._principal_index

    def bulk(self) -> BulkEvaluator:
        """Return the evaluator for many requests at once."""
        return self._finder().bulk

    def reach_of(self, position: int, service: str, actions: int | None = None) -> ServiceAccess:
        """Return how far a principal is allowed to perform the actions of one service.

        Args:
            position: Index of the principal in the population.
            service: Service prefix.
            actions: Bits of the service's actions to cover; None: all.
        """
        return self._finder().reach(position, service, actions)

    def reaches_of(self, position: int) -> Mapping[str, ServiceAccess]:
        """Return how far a principal, given by its index, is allowed to perform the actions of each service."""
        return self._finder().reaches(position)

    def same_access(self, position: int) -> Hashable:
        """Return a key that is equal for principals with the same policies, boundary, kind and grants by name."""
        index, finder = self.population().index, self._finder()
        cohort = self.population().cohort_at(position).number
        return frozenset(index.carried[position]), index.boundaries[position], cohort, finder.grants.of(position)

    def reach_resources(self, position: int, service: str, action: int) -> tuple[tuple[str, ResourceOrigin], ...]:
        """Return the resources on which a service's action (given by its bit) is evaluated for the access extent."""
        return self._finder().resources(position, service, action)

    def decisions(
        self, position: int, service: str, action: int, resource: str | None = None
    ) -> Iterator[ActionDecision]:
        """Yield the decisions behind the access extent of a service's action (given by its bit), exceptions last.

        On one resource, or on each one on which the extent is evaluated.
        """
        name = service_actions(service).actions[action].full_name
        asked = ((resource, ResourceOrigin.NAMED),) if resource else self.reach_resources(position, service, action)
        explain_on = partial(self._explain, position, name)
        bulk, moment = self.bulk(), RequestMoment(self.now())
        for text, source in asked:
            yield ActionDecision(text, source, bulk.decide(position, name, text, moment), explain_on)

    def trace(self, request: Request) -> EvaluationTrace:
        """Return the trace of an evaluation, before it is explained.

        Raises:
            RequestError: as `can`.
        """
        return evaluate(self.evaluation_request(request))

    @override
    def rows(
        self,
        request: Request,
        *,
        external: bool = True,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> Iterator[Access]:
        """Yield the rows of `who_can` for a request; its principal is ignored."""
        found = self.open_to(request, progress, cancelled)
        if external:
            yield from self.external_access(request, cancelled)
        for principal, decision in found:
            yield Access(principal, decision, request, self.explained)
        total = len(self.population().index.subjects)
        progress(total, total)

    def open_to(
        self, request: Request, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> list[tuple[str, EvalDecision]]:
        """Return the principals for whom a request is allowed or conditional, in the order of the snapshot.

        The principal of the request is ignored.

        Raises:
            RequestError: as `who_can`.
            WorkCancelled: as `who_can`.
        """
        population = self.population(progress, cancelled)
        subjects = population.index.subjects
        found: list[tuple[int, str, EvalDecision]] = []
        if population.cohort:
            moment = RequestMoment(self.now(), request.context, request.unknown_context)
            swept = self._sweep(request, moment, distinguish_denials=False, cancelled=cancelled)
            for decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
                known = EvalDecision.CONDITIONAL if request.unresolved else decision
                found += [(position, subjects[position], known) for position in indexes_of(swept.bits[decision])]
        for position in indexes_of(population.irregular):
            decided = self._decide_irregular(replace(request, principal=subjects[position]))
            if decided in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
                found.append((position, subjects[position], decided))
        return [(principal, decision) for _, principal, decision in sorted(found)]

    @override
    def access_to_resource(
        self, resource: str, context: ContextValues | None = None, **options: Unpack[SweepOptions]
    ) -> tuple[ResourceAccess, ...]:
        return access_to_resource(self, resource, context, **options)

    @override
    def access_to_parts(
        self, resource: Resource, whole: Mapping[str, KnownAccess], cancelled: Cancelled = never_cancelled
    ) -> PartsFound:
        return access_to_parts(self, self._requests, resource, whole, cancelled)

    def external_access(self, request: Request, cancelled: Cancelled = never_cancelled) -> Iterator[Access]:
        """Yield the rows of `who_can` that are external callers.

        Raises:
            RequestError: the action or resource is malformed.
            WorkCancelled: ``cancelled`` returned True.
        """
        return external_access(self, self.explained, request, cancelled)

    def external_access_by_part(self, resource: Resource, cancelled: Cancelled = never_cancelled) -> list[PartAccess]:
        """Return who outside can act on a resource or on parts of it; see `access.external.by_part`.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        return external_access_by_part(self, self.explained, resource, cancelled)

    def access_on(
        self,
        service: str,
        resource: str,
        context: ContextValues | None = None,
        unknown_context: MissingContextMode = MissingContextMode.UNKNOWN,
        cancelled: Cancelled = never_cancelled,
        *,
        within: int | None = None,
        members: int | None = None,
    ) -> Iterator[tuple[EvalDecision, Sequence[str], int]]:
        """Yield who is allowed to perform which actions of a service on one resource, all actions at once.

        Args:
            service: Service prefix.
            resource: The resource.
            context: Values of condition keys.
            unknown_context: What a key without value means.
            cancelled: Returns whether the work was cancelled.
            within: Bits of the actions to evaluate; None: all.
            members: Bits of the principals to evaluate, by their indexes in the population; None: all.

        Yields:
            The decision (allowed or conditional), principals in the order of the snapshot, and the actions as bits
            (`aws.action_sets`).

        Raises:
            RequestError: the resource is malformed.
            WorkCancelled: ``cancelled`` returned True.
        """
        population = self.population(cancelled=cancelled)
        subjects, grid = population.index.subjects, grid_on(service, resource)
        moment = RequestMoment(self.now(), context or {}, unknown_context)
        actions = grid.every if within is None else grid.every & within
        asked = population.regular if members is None else population.regular & members
        if asked and actions:
            decisions = self.bulk().decisions(
                grid, asked, moment, within=actions, distinguish_denials=False, cancelled=cancelled
            )
            for decided in decisions:
                if decided.decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
                    yield (
                        decided.decision,
                        [subjects[position] for position in indexes_of(decided.members)],
                        decided.cells,
                    )
        for position in indexes_of(population.irregular if members is None else population.irregular & members):
            for bit in indexes_of(actions):
                action = service_actions(service).actions[bit].full_name
                request = Request(subjects[position], action, resource, context or {}, unknown_context=unknown_context)
                decision = self._decide_irregular(request)
                if decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
                    yield decision, [subjects[position]], 1 << bit

    def what_can(
        self,
        principal: str,
        service: str | None = None,
        resource: str | None = None,
        cancelled: Cancelled = never_cancelled,
    ) -> EffectiveAccess:
        """Return the effective permissions of a user, role, root user or group of the snapshot.

        Args:
            principal: ARN. A group is evaluated as a member without other policies.
            service: Only the actions of this service (``s3``); it is listed even where none of them is allowed.
            resource: Only the actions that act on this resource, an ARN.

        Raises:
            RequestError: the principal is none of these, AWS has no such service, or the resource is not an ARN.
            WorkCancelled: ``cancelled`` returned True.
        """
        self.population(cancelled=cancelled)
        position = self._subject(principal)
        finder = self._finder()
        if service is not None:
            service = service.strip().lower()
            if not reference().service_exists(service):
                raise RequestError(phrase("AWS has no service `{service}`", service=service))
        if resource is not None:
            try:
                arn = parse_arn(resource.lstrip())
            except ArnError as error:
                raise RequestError(*error.args) from error
            resource = str(arn)
            check_resource(arn)
            acting = reference().services_on(arn.service) if service is None else (service,)
            found = [finder.reach_on(position, one, resource) for one in acting]
        elif service is None:
            found = list(finder.reaches(position, cancelled).values())
        else:
            found = [finder.reach(position, service)]
        decisions = partial(self.decisions, position, resource=resource)
        services = [one for one in found if service is not None or not one.is_empty]
        return EffectiveAccess(self.population().index.subjects[position], resource, services, decisions)

    def access_matrix(
        self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> AccessByPrincipal:
        """Return how far every user, role and root user is allowed to perform the actions of each service.

        Rows are computed when they are read: some milliseconds each, less where another principal has the same access.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        population = self.population(progress, cancelled)
        return AccessByPrincipal(population.principals(), self._finder())

    def _subject(self, principal: str) -> int:
        """Return the index of a principal or group that has effective permissions."""
        principal = self.arn_of_id(principal.strip()) or principal.strip()
        population = self.population()
        position = population.position(principal)
        if position is None:
            position = population.group_position(principal)
        if position is None:
            if ":group/" in principal:
                raise RequestError(phrase("the snapshot has no group {principal}", principal=principal))
            self.principal_policies(principal)  # raises the more precise error where the snapshot holds the account
            raise RequestError(
                phrase("`{principal}` is not a user, role, root user or group in the snapshot", principal=principal)
            )
        return position

    def _finder(self) -> ServiceAccessFinder:
        found = self._reaches
        if found is None:
            population = self.population()
            with self._lock:
                found = self._reaches
                if found is None:
                    found = self._reaches = ServiceAccessFinder(BulkEvaluator(population), self.now)
        return found

    def _explain(self, position: int, action: str, resource: str) -> EvaluationResult:
        """Explain the result for a principal, or for some member of a group."""
        population = self.population()
        request = Request(population.index.subjects[position], action, resource)
        return explain(evaluate(population.evaluation_request(position, action, resource)), request)

    def _decide_irregular(self, request: Request) -> EvalDecision | None:
        """Evaluate an entry with an irregular ARN; None where no principal of that ARN can make a request."""
        try:
            return self.trace(request).decision
        except RequestError:
            return None


def request_key(request: Request) -> Hashable:
    """Return a key of everything about a request but its principal."""
    given = [
        (key, value if value is None or isinstance(value, str) else tuple(value))
        for key, value in request.context.items()
    ]
    return request.action, request.resource, tuple(given), request.unknown_context, request.unresolved
