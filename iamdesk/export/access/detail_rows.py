"""One action of somebody's effective permissions in a few words: on which resources, and under which conditions."""

from collections.abc import Iterator
from dataclasses import dataclass

from iamdesk.access.effective_permissions import AccessExtent, ActionAccess, ActionDecision, ResourceOrigin
from iamdesk.access.request_grid import FRESH
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.decision import StatementRole
from iamdesk.export.text.access import either, when_words
from iamdesk.i18n import join_messages, join_names, phrase

_OPEN = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
_MOST_NAMED = 2
_MOST_EXPLAINED = 3
"""Conditional answers that are put into words; the others are counted by whoever opens the action."""


@dataclass(frozen=True, slots=True)
class ActionDetail:
    """What stands behind one reach."""

    where: str
    """``on any resource but acme-payroll/*``; empty where nothing may be done."""
    when: str
    """``when aws:MultiFactorAuthPresent is true``; for what is denied, by which statement; else empty."""
    answers: tuple[ActionDecision, ...]
    """Each question that was asked, those that are allowed or conditional first."""

    @property
    def words(self) -> str:
        """Where and when, in one line."""
        return join_messages("; ", [*filter(None, (self.where, self.when))])


def resource_words(answer: ActionDecision) -> str:
    """Return the resource of an answer, with ``…`` where a part stands for any: ``arn:aws:s3:::…/…``."""
    return answer.resource.replace(FRESH, "…")


def detail_of(action: ActionAccess) -> ActionDetail:
    """Return what stands behind a reach. Asks some questions, so it takes up to some milliseconds."""
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
            resources=join_names([_named(one) for one in answers if one.decision in _OPEN], _MOST_NAMED),
        )
    if [answer.resource for answer in answers] == ["*"]:
        return phrase("takes no resource")
    but = [
        resource_words(answer)
        for answer in answers
        if answer.source is ResourceOrigin.EXCEPTION and answer.decision not in _OPEN
    ]
    return (
        phrase("on any resource but {resources}", resources=join_names(but, _MOST_NAMED))
        if but
        else phrase("on any resource")
    )


def _named(answer: ActionDecision) -> str:
    return (
        phrase("any {kind}", kind=resource_words(answer))
        if answer.source is ResourceOrigin.FRESH
        else resource_words(answer)
    )


def _when(reach: AccessExtent, answers: tuple[ActionDecision, ...]) -> str:
    match reach:
        case AccessExtent.AWAITING:
            return phrase("if the resource's own policy, which the snapshot does not hold, lets the account in")
        case AccessExtent.DENIED:
            return phrase("denied by {statements}", statements=join_names(list(_denying(answers))))
        case AccessExtent.CONDITIONAL | AccessExtent.SOME_CONDITIONAL:
            conditional = [answer for answer in answers if answer.decision is EvalDecision.CONDITIONAL]
            ways = [when_words(answer.explanation) for answer in conditional[:_MOST_EXPLAINED]]
            said = list(dict.fromkeys(filter(None, ways)))
            return phrase("when {ways}", ways=either(said, _MOST_EXPLAINED, "way")) if said else ""
    return ""


def _denying(answers: tuple[ActionDecision, ...]) -> Iterator[str]:
    """Yield the statements that deny on the first resource where something is denied."""
    denied = next((answer for answer in answers if answer.decision is EvalDecision.EXPLICIT_DENY), None)
    if denied is not None:
        for line in denied.explanation.statements_that(StatementRole.DECIDES):
            if line.effect == "Deny":
                yield line.name
