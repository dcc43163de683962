"""Words for many answers at once: through which policy somebody may do something, under what, and how far.

An answer by itself has a sentence; in a table of thousands each cell has a few words. No reasoning: everything is taken
from the answer.
"""

from collections.abc import Mapping, Sequence

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.evaluate.request import PolicyType
from iamdesk.explain.decision import EvalDecision, EvaluationResult, StatementExplanation, StatementRole
from iamdesk.export.text.decision import short_arn, ways_words
from iamdesk.i18n import join_messages, join_names, mark, phrase

REACH_WORDS: Mapping[AccessExtent, str] = {
    AccessExtent.ALLOWED: mark("allowed"),
    AccessExtent.CONDITIONAL: mark("under conditions"),
    AccessExtent.AWAITING: mark("if the resource's policy lets the account in"),
    AccessExtent.SOME: mark("on some resources"),
    AccessExtent.SOME_CONDITIONAL: mark("on some resources under conditions"),
    AccessExtent.DENIED: mark("denied"),
    AccessExtent.NONE: mark("not allowed"),
}
"""How far an action may be done, as it stands in the middle of a sentence."""

_GRANTS = frozenset({PolicyType.IDENTITY, PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.ACL})
"""Layers that can give; the others only set limits."""
_MOST_WAYS = 3
_MORE: Mapping[str, str] = {
    "way": mark("{names} or {count:,} more ways"),
    "resource": mark("{names} or {count:,} more resources"),
}
"""What is counted, by its noun."""


def granting_statements(decision: EvaluationResult) -> tuple[StatementExplanation, ...]:
    """Return the statements through which an answer is allowed, or would be if its conditions were met."""
    lines = decision.statements_that(StatementRole.DECIDES, StatementRole.DEPENDS)
    return tuple(line for line in lines if line.effect == "Allow" and line.layer in _GRANTS)


def how_words(decision: EvaluationResult) -> str:
    """Return through what a principal may do what was asked: ``PayrollReadWrite through group Finance``.

    Each policy once, however many of its statements grant; where no statement does (the root user), the answer's own
    sentence.
    """
    principal = decision.request.principal
    ways = dict.fromkeys(_way(line, principal) for line in granting_statements(decision))
    return join_names(list(ways)) or decision.sentence


def _way(line: StatementExplanation, principal: str) -> str:
    if line.layer is PolicyType.TRUST:
        return phrase("trust policy of {owner}", owner=short_arn(line.owner))
    if line.layer is not PolicyType.IDENTITY:
        return phrase("policy of {owner}", owner=short_arn(line.owner))
    if not line.owner or line.owner == principal:
        return line.policy_name
    return phrase("{policy} through {owner}", policy=line.policy_name, owner=short_arn(line.owner))


def when_words(decision: EvaluationResult, most: int = _MOST_WAYS) -> str:
    """Return under which context a conditional answer is allowed; empty for other answers.

    Of more than ``most`` ways the others are counted.
    """
    if decision.decision is not EvalDecision.CONDITIONAL:
        return ""
    ways = list(dict.fromkeys(ways_words(decision)))
    if ways:
        return either(ways, most, "way")
    if decision.missing_context_values:
        return phrase("depends on {keys}", keys=join_names(decision.missing_context_values))
    return phrase("depends on what the snapshot does not hold")


def either(names: Sequence[str], most: int, noun: str) -> str:
    """Return ``a, b or c``; of more than ``most`` the rest is counted: ``a, b or 7 more ways``."""
    if len(names) <= most:
        return join_names(names, last="or")
    more = len(names) - (most - 1)
    told = join_messages(", ", names[: most - 1])
    return phrase(_MORE[noun], names=told, count=more)
