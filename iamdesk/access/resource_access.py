"""What each principal, external callers included, can do on one resource: all actions that fit it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from iamdesk.access.principal_index import indexes_of
from iamdesk.access.request_grid import actions_on, arn_aliases
from iamdesk.access.who_can import Access, FittingAction, ResourceAccess, Who
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.request import ContextValues, EvalDecision, MissingContextMode, Request, RequestError
from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import phrase
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress


class EvaluatesRequests(Protocol):
    """What is needed of the evaluator."""

    def access_on(
        self,
        service: str,
        resource: str,
        context: ContextValues | None,
        unknown_context: MissingContextMode,
        cancelled: Cancelled,
    ) -> Iterator[tuple[EvalDecision, Sequence[str], int]]:
        """Yield who is allowed to perform which actions of a service on a resource."""

    def external_access(self, request: Request, cancelled: Cancelled) -> Iterator[Access]:
        """Yield the external callers for whom one action is allowed or conditional."""

    def principals(self) -> Iterator[str]:
        """Yield the ARNs of all principals of the snapshot."""

    def can(self, request: Request) -> EvaluationResult:
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
    actions = fitting_actions(resource)

    def request_for(action: FittingAction) -> Request:
        return Request("", action.action, action.resource, context or {}, unknown_context=unknown_context)

    outside: dict[Who, dict[FittingAction, Access]] = {}
    for place, one in enumerate(actions if external else ()):
        progress(place, len(actions))
        for access in evaluator.external_access(request_for(one), cancelled):
            outside.setdefault(access.who, {})[one] = access
    progress(len(actions), len(actions))
    inside: dict[str, tuple[int, int]] = {}
    places = {one: place for place, one in enumerate(actions)}
    for service, named in dict.fromkeys((one.action.partition(":")[0], one.resource) for one in actions):
        listed = service_actions(service).actions
        for decision, principals, bits in evaluator.access_on(service, named, context, unknown_context, cancelled):
            found_bits = 0
            for bit in indexes_of(bits):
                one = FittingAction(listed[bit].full_name, named, listed[bit].access_level)
                found_bits |= 1 << places[one]
            for principal in principals:
                allowed, conditional = inside.get(principal, (0, 0))
                if decision is EvalDecision.CONDITIONAL:
                    inside[principal] = allowed, conditional | found_bits
                else:
                    inside[principal] = allowed | found_bits, conditional
    found = [_external(who, outside[who]) for who in sorted(outside, key=lambda who: who.order)]
    ranks = {principal: rank for rank, principal in enumerate(evaluator.principals())}
    shared: dict[int, tuple[FittingAction, ...]] = {}

    def listed_by(bits: int) -> tuple[FittingAction, ...]:
        if bits not in shared:
            shared[bits] = tuple([actions[place] for place in indexes_of(bits)])
        return shared[bits]

    def inside_row(principal: str, action: FittingAction, decision: EvalDecision) -> Access:
        return Access(principal, decision, request_for(action), evaluator.can)

    for principal in sorted(inside, key=lambda one: ranks.get(one, -1)):
        surely, perhaps = map(listed_by, inside[principal])
        who = inside_row(principal, actions[0], EvalDecision.ALLOWED).who
        found.append(ResourceAccess(who, surely, perhaps, partial(inside_row, principal)))
    return tuple(found)


def _external(who: Who, rows: Mapping[FittingAction, Access]) -> ResourceAccess:
    lists: tuple[list[FittingAction], list[FittingAction]] = ([], [])
    for action, access in rows.items():
        lists[access.decision is EvalDecision.CONDITIONAL].append(action)
    return ResourceAccess(who, tuple(lists[0]), tuple(lists[1]), lambda action, _decision: rows[action])
