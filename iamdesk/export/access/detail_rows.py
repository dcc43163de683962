"""Resources and conditions of one action of effective permissions, as text."""

from collections.abc import Iterator
from dataclasses import dataclass

from iamdesk.access.effective_permissions import AccessExtent, ActionAccess, ActionDecision, ResourceOrigin
from iamdesk.access.request_grid import FRESH
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.decision import StatementRole
from iamdesk.export.text.access import either, when_words
from iamdesk.i18n import join_messages, join_names, phrase

_OPEN = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
_MAX_NAMES = 2
_MAX_EXPLAINED = 3
"""Number of conditional decisions that are explained."""


@dataclass(frozen=True, slots=True)
class ActionDetail:
    """Resources and conditions of one action."""

    where: str
    """``on any resource but acme-payroll/*``; empty if the action is not allowed."""
    when: str
    """``when aws:MultiFactorAuthPresent is true``; for denied actions, the denying statements; else empty."""
    decisions: tuple[ActionDecision, ...]
    """The evaluated requests, allowed and conditional ones first."""

    @property
    def words(self) -> str:
        """Resources and conditions in one line."""
        return join_messages("; ", [*filter(None, (self.where, self.when))])


def resource_words(decision: ActionDecision) -> str:
    """Return the resource of a request, with ``…`` for placeholders: ``arn:aws:s3:::…/…``."""
    return decision.resource.replace(FRESH, "…")


def detail_of(action: ActionAccess) -> ActionDetail:
    """Return resources and conditions of an action. Evaluates requests, which takes up to some milliseconds."""
    decisions = tuple(sorted(action.decisions, key=_weight))
    return ActionDetail(_where(action.reach, decisions), _when(action.reach, decisions), decisions)


def _weight(decision: ActionDecision) -> tuple[bool, bool]:
    return decision.decision not in _OPEN, decision.source is ResourceOrigin.FRESH


def _where(reach: AccessExtent, decisions: tuple[ActionDecision, ...]) -> str:
    if reach in (AccessExtent.NONE, AccessExtent.DENIED):
        return ""
    if reach in (AccessExtent.SOME, AccessExtent.SOME_CONDITIONAL):
        return phrase(
            "on {resources}",
            resources=join_names([_named(one) for one in decisions if one.decision in _OPEN], _MAX_NAMES),
        )
    if [decision.resource for decision in decisions] == ["*"]:
        return phrase("takes no resource")
    exceptions = [
        resource_words(decision)
        for decision in decisions
        if decision.source is ResourceOrigin.EXCEPTION and decision.decision not in _OPEN
    ]
    if exceptions:
        return phrase("on any resource except {resources}", resources=join_names(exceptions, _MAX_NAMES))
    return phrase("on any resource")


def _named(decision: ActionDecision) -> str:
    return (
        phrase("any {kind}", kind=resource_words(decision))
        if decision.source is ResourceOrigin.FRESH
        else resource_words(decision)
    )


def _when(reach: AccessExtent, decisions: tuple[ActionDecision, ...]) -> str:
    match reach:
        case AccessExtent.AWAITING:
            return phrase("if the resource policy, which is not captured, allows the account")
        case AccessExtent.DENIED:
            return phrase("denied by {statements}", statements=join_names(list(_denying(decisions))))
        case AccessExtent.CONDITIONAL | AccessExtent.SOME_CONDITIONAL:
            conditional = [decision for decision in decisions if decision.decision is EvalDecision.CONDITIONAL]
            texts = [when_words(decision.explanation) for decision in conditional[:_MAX_EXPLAINED]]
            conditions = list(dict.fromkeys(filter(None, texts)))
            return phrase("when {ways}", ways=either(conditions, _MAX_EXPLAINED, "way")) if conditions else ""
    return ""


def _denying(decisions: tuple[ActionDecision, ...]) -> Iterator[str]:
    """Yield the denying statements of the first denied request."""
    denied = next((decision for decision in decisions if decision.decision is EvalDecision.EXPLICIT_DENY), None)
    if denied is not None:
        for statement in denied.explanation.statements_that(StatementRole.DECIDES):
            if statement.effect == "Deny":
                yield statement.name
