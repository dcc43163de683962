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
    answers: tuple[ActionDecision, ...]
    """The evaluated requests, allowed and conditional ones first."""

    @property
    def words(self) -> str:
        """Resources and conditions in one line."""
        return join_messages("; ", [*filter(None, (self.where, self.when))])


def resource_words(answer: ActionDecision) -> str:
    """Return the resource of a request, with ``…`` for placeholders: ``arn:aws:s3:::…/…``."""
    return answer.resource.replace(FRESH, "…")


def detail_of(action: ActionAccess) -> ActionDetail:
    """Return resources and conditions of an action. Evaluates requests, which takes up to some milliseconds."""
    answers = tuple(sorted(action.answers, key=_weight))
    return ActionDetail(_where(action.reach, answers), _when(action.reach, answers), answers)


def _weight(answer: ActionDecision) -> tuple[bool, bool]:
    return answer.decision not in _OPEN, answer.source is ResourceOrigin.FRESH


def _where(reach: AccessExtent, answers: tuple[ActionDecision, ...]) -> str:
    if reach in (AccessExtent.NONE, AccessExtent.DENIED):
        return ""
    if reach in (AccessExtent.SOME, AccessExtent.SOME_CONDITIONAL):
        return phrase(
            "on {resources}",
            resources=join_names([_named(one) for one in answers if one.decision in _OPEN], _MAX_NAMES),
        )
    if [answer.resource for answer in answers] == ["*"]:
        return phrase("takes no resource")
    exceptions = [
        resource_words(answer)
        for answer in answers
        if answer.source is ResourceOrigin.EXCEPTION and answer.decision not in _OPEN
    ]
    if exceptions:
        return phrase("on any resource except {resources}", resources=join_names(exceptions, _MAX_NAMES))
    return phrase("on any resource")


def _named(answer: ActionDecision) -> str:
    return (
        phrase("any {kind}", kind=resource_words(answer))
        if answer.source is ResourceOrigin.FRESH
        else resource_words(answer)
    )


def _when(reach: AccessExtent, answers: tuple[ActionDecision, ...]) -> str:
    match reach:
        case AccessExtent.AWAITING:
            return phrase("if the resource policy, which is not captured, allows the account")
        case AccessExtent.DENIED:
            return phrase("denied by {statements}", statements=join_names(list(_denying(answers))))
        case AccessExtent.CONDITIONAL | AccessExtent.SOME_CONDITIONAL:
            conditional = [answer for answer in answers if answer.decision is EvalDecision.CONDITIONAL]
            texts = [when_words(answer.explanation) for answer in conditional[:_MAX_EXPLAINED]]
            conditions = list(dict.fromkeys(filter(None, texts)))
            return phrase("when {ways}", ways=either(conditions, _MAX_EXPLAINED, "way")) if conditions else ""
    return ""


def _denying(answers: tuple[ActionDecision, ...]) -> Iterator[str]:
    """Yield the denying statements of the first denied request."""
    denied = next((answer for answer in answers if answer.decision is EvalDecision.EXPLICIT_DENY), None)
    if denied is not None:
        for statement in denied.explanation.statements_that(StatementRole.DECIDES):
            if statement.effect == "Deny":
                yield statement.name
