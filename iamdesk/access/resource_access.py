"""What each principal, external callers included, can do on one resource: all actions that fit it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple, Protocol

from iamdesk.access.principal_index import indexes_of
from iamdesk.access.request_grid import actions_on, arn_aliases
from iamdesk.access.who_can import Access, FittingAction, ResourceAccess, Who, who_is
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.request import ContextValues, EvalDecision, MissingContextMode, Request, RequestError
from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import phrase
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.simulate.request_facts import check_resource


class EvaluatesRequests(Protocol):
    """What is needed of the evaluator."""

    def access_on(
        self,
        service: str,
        resource: str,
        context: ContextValues | None,
        unknown_context: MissingContextMode,
        cancelled: Cancelled,
        *,
        members: int | None = None,
    ) -> Iterator[tuple[EvalDecision, Sequence[str], int]]:
        """Yield who is allowed to perform which actions of a service on a resource; ``members``: of some, as bits."""

    def external_access(self, request: Request, cancelled: Cancelled) -> Iterator[Access]:
        """Yield the external callers for whom one action is allowed or conditional."""

    def principals(self) -> Iterator[str]:
        """Yield the ARNs of all principals of the snapshot."""

    def explained(self, request: Request) -> EvaluationResult:
        """Return the full evaluation result of a request."""


def fitting_actions(resource: str) -> tuple[FittingAction, ...]:
    """Return every action that acts on a resource type which an ARN, perhaps with wildcards, fits.

    Raises:
        RequestError: the resource is not an ARN, or no action fits it.
    """
    if resource.strip() == "*":
        raise RequestError(
            phrase("without an action, a resource is required: `*` would match every action without resource types")
        )
    try:
        arn = parse_arn(resource.lstrip())
    except ArnError as error:
        raise RequestError(*error.args) from error
    check_resource(arn)
    found = []
    for service in reference().services_on(arn.service):
        actions = service_actions(service)
        for named in arn_aliases(service, str(arn)):
            for bit in indexes_of(actions_on(actions, named)):
                one = actions.actions[bit]
                found.append(FittingAction(one.full_name, named, one.access_level))
    if not found:
        raise RequestError(phrase("no action applies to {resource}", resource=with_visible_end(str(arn))))
    return tuple(dict.fromkeys(found))


def fitting_or_none(resource: str) -> tuple[FittingAction, ...]:
    """Return `fitting_actions`; none where no action fits, or the text is no ARN."""
    try:
        return fitting_actions(resource)
    except RequestError:
        return ()


def access_to_resource(
    evaluator: EvaluatesRequests,
    resource: str,
    context: ContextValues | None = None,
    unknown_context: MissingContextMode = MissingContextMode.UNKNOWN,
    *,
    external: bool = True,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> tuple[ResourceAccess, ...]:
    """Return what each principal can do on a resource: external callers first, then principals in snapshot order.

    Raises:
        RequestError: the resource is not an ARN, or no action fits it.
        WorkCancelled: ``cancelled`` returned True.
    """
    request = Request("", "", resource, context or {}, unknown_context=unknown_context)
    rows = RowMaker(request, evaluator.explained)
    found = list(external_callers(evaluator, rows, progress, cancelled)) if external else []
    return (*found, *map(rows.row, principals_with_access(evaluator, request, cancelled)))


class PrincipalActions(NamedTuple):
    """What one principal of the snapshot can do on a resource, as plain data: bits of `fitting_actions`."""

    principal: str
    allowed: int
    conditional: int


def principals_with_access(
    evaluator: EvaluatesRequests,
    request: Request,
    cancelled: Cancelled = never_cancelled,
    members: int | None = None,
) -> list[PrincipalActions]:
    """Return the principals that can do something on a resource, in the order of the snapshot.

    Args:
        evaluator: Of the snapshot, or of a part of it, whose principals are listed.
        request: The resource and its context; principal and action are ignored.
        cancelled: Returns whether the work was cancelled.
        members: Only these principals, as bits of the population; None: all.

    Raises:
        RequestError: as `access_to_resource`.
        WorkCancelled: as `access_to_resource`.
    """
    actions = fitting_actions(request.resource)
    inside: dict[str, tuple[int, int]] = {}
    places = {one: place for place, one in enumerate(actions)}
    for service, named in dict.fromkeys((one.action.partition(":")[0], one.resource) for one in actions):
        listed = service_actions(service).actions
        decided = evaluator.access_on(
            service, named, request.context, request.unknown_context, cancelled, members=members
        )
        for decision, principals, bits in decided:
            found = 0
            for bit in indexes_of(bits):
                one = FittingAction(listed[bit].full_name, named, listed[bit].access_level)
                found |= 1 << places[one]
            for principal in principals:
                allowed, conditional = inside.get(principal, (0, 0))
                if decision is EvalDecision.CONDITIONAL:
                    inside[principal] = allowed, conditional | found
                else:
                    inside[principal] = allowed | found, conditional
    if not inside:
        return []
    ranks = {principal: rank for rank, principal in enumerate(evaluator.principals())}
    in_order = sorted(inside, key=lambda one: ranks.get(one, -1))
    return [PrincipalActions(principal, *inside[principal]) for principal in in_order]


def external_callers(
    evaluator: EvaluatesRequests, rows: "RowMaker", progress: Progress, cancelled: Cancelled
) -> Iterator[ResourceAccess]:
    """Yield what each external caller can do on the resource of a `RowMaker`.

    Raises:
        RequestError: as `access_to_resource`.
        WorkCancelled: as `access_to_resource`.
    """
    outside: dict[Who, dict[FittingAction, Access]] = {}
    for place, one in enumerate(rows.actions):
        progress(place, len(rows.actions))
        for access in evaluator.external_access(rows.request_for(one), cancelled):
            outside.setdefault(access.who, {})[one] = replace(access, _can=rows.can)
    progress(len(rows.actions), len(rows.actions))
    for who in sorted(outside, key=lambda who: who.order):
        yield _external(who, outside[who])


class RowMaker:
    """Makes the rows of one resource."""

    def __init__(self, request: Request, can: Callable[[Request], EvaluationResult]) -> None:
        """Find the actions.

        Args:
            request: The resource and its context; principal and action are ignored.
            can: Explains a row.

        Raises:
            RequestError: the resource is not an ARN, or no action fits it.
        """
        self.actions = fitting_actions(request.resource)
        self._request = request
        self.can = can
        self._listed: dict[int, tuple[FittingAction, ...]] = {}

    def request_for(self, action: FittingAction) -> Request:
        """Return the request of one action, as any principal makes it."""
        return replace(self._request, action=action.action, resource=action.resource)

    def row(self, of: PrincipalActions) -> ResourceAccess:
        """Return the row of a principal of the snapshot."""
        allowed, conditional = self._actions_of(of.allowed), self._actions_of(of.conditional)
        return ResourceAccess(who_is(of.principal), allowed, conditional, partial(self._access, of.principal))

    def _access(self, principal: str, action: FittingAction, decision: EvalDecision) -> Access:
        return Access(principal, decision, self.request_for(action), self.can)

    def _actions_of(self, bits: int) -> tuple[FittingAction, ...]:
        if bits not in self._listed:
            self._listed[bits] = tuple([self.actions[place] for place in indexes_of(bits)])
        return self._listed[bits]


def _external(who: Who, rows: Mapping[FittingAction, Access]) -> ResourceAccess:
    lists: tuple[list[FittingAction], list[FittingAction]] = ([], [])
    for action, access in rows.items():
        lists[access.decision is EvalDecision.CONDITIONAL].append(action)
    return ResourceAccess(who, tuple(lists[0]), tuple(lists[1]), lambda action, _decision: rows[action])
