"""Who can do what on one resource: every action that fits it, for everybody, external callers included."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from iamdesk.evaluate.request import Request, RequestError, UnknownContext
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision
from iamdesk.index.action_bits import service_actions
from iamdesk.index.actions import reference
from iamdesk.language import phrase
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.query.access import Access, FittingAction, ResourceAccess, Who
from iamdesk.query.grounds import actions_on, ways_to_name
from iamdesk.query.population import positions
from iamdesk.snapshot.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.visible import with_visible_end

type _Context = Mapping[str, str | Sequence[str] | None]


class Evaluates(Protocol):
    """What is needed of the evaluator."""

    def who_can(
        self,
        *,
        action: str | None,
        resource: str,
        context: _Context | None,
        unknown_context: UnknownContext,
        external: bool,
        progress: Progress,
        cancelled: Cancelled,
    ) -> Iterator[Access]:
        """Yield who can do one action."""

    def principals(self) -> Iterator[str]:
        """Yield the ARNs of all principals of the snapshot."""

    def can(self, request: Request) -> Decision:
        """Return the full answer to a request."""


def fitting_actions(resource: str) -> tuple[FittingAction, ...]:
    """Return every action that acts on a type of resource that an ARN, perhaps with wildcards, fits.

    Raises:
        RequestError: the resource is no ARN, or no action fits it.
    """
    if resource.strip() == "*":
        raise RequestError(phrase("without an action, name a resource: every action that takes none fits `*`"))
    try:
        arn = parse_arn(resource.lstrip())
    except ArnError as error:
        raise RequestError(*error.args) from error
    found = []
    for service in reference().services_on(arn.service):
        actions = service_actions(service)
        for named in ways_to_name(service, str(arn)):
            for bit in positions(actions_on(actions, named)):
                one = actions.actions[bit]
                found.append(FittingAction(one.full_name, named, one.access_level))
    if not found:
        raise RequestError(phrase("no action fits {resource}", resource=with_visible_end(str(arn))))
    return tuple(dict.fromkeys(found))


def access_to_resource(
    evaluator: Evaluates,
    resource: str,
    context: _Context | None = None,
    unknown_context: UnknownContext = UnknownContext.UNKNOWN,
    *,
    external: bool = True,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> tuple[ResourceAccess, ...]:
    """Return what everybody can do on a resource: external callers first, then principals in the snapshot's order.

    Raises:
        RequestError: the resource is no ARN, or no action fits it.
        WorkCancelled: ``cancelled`` returned True.
    """
    actions = fitting_actions(resource)
    outside: dict[Who, dict[FittingAction, Access]] = {}
    inside: dict[str, tuple[list[FittingAction], list[FittingAction]]] = {}
    first: dict[str, Access] = {}
    for place, one in enumerate(actions):
        if cancelled():
            raise WorkCancelled
        progress(place, len(actions))
        for access in evaluator.who_can(
            action=one.action,
            resource=one.resource,
            context=context,
            unknown_context=unknown_context,
            external=external,
            progress=no_progress,
            cancelled=cancelled,
        ):
            if access.is_external:
                outside.setdefault(access.who, {})[one] = access
            else:
                lists = inside.get(access.principal)
                if lists is None:
                    lists = inside[access.principal] = ([], [])
                    first[access.principal] = access
                lists[access.decision is Verdict.CONDITIONAL].append(one)
    progress(len(actions), len(actions))
    found = [_external(who, outside[who]) for who in sorted(outside, key=lambda who: who.order)]
    ranks = {principal: rank for rank, principal in enumerate(evaluator.principals())}
    shared: dict[tuple[FittingAction, ...], tuple[FittingAction, ...]] = {}

    def inside_row(principal: str, action: FittingAction, decision: Verdict) -> Access:
        ask = partial(
            Request,
            action=action.action,
            resource=action.resource,
            context=context or {},
            unknown_context=unknown_context,
        )
        return Access(principal, decision, ask, evaluator.can)

    for principal in sorted(inside, key=lambda one: ranks.get(one, -1)):
        allowed, conditional = (shared.setdefault(one, one) for one in map(tuple, inside[principal]))
        found.append(ResourceAccess(first[principal].who, allowed, conditional, partial(inside_row, principal)))
    return tuple(found)


def _external(who: Who, rows: Mapping[FittingAction, Access]) -> ResourceAccess:
    lists: tuple[list[FittingAction], list[FittingAction]] = ([], [])
    for action, access in rows.items():
        lists[access.decision is Verdict.CONDITIONAL].append(action)
    return ResourceAccess(who, tuple(lists[0]), tuple(lists[1]), lambda action, _decision: rows[action])
