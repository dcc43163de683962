"""Words for many answers at once: through which policy somebody may do something, under what, and how far.

An answer by itself has a sentence; in a table of thousands each cell has a few words. No reasoning: everything is taken
from the answer.
"""

from collections.abc import Mapping, Sequence

from iamdesk.evaluate.request import Layer
from iamdesk.explain.decision import Decision, Part, StatementLine, Verdict
from iamdesk.export.answer_words import listed, short_arn, ways_words
from iamdesk.language import mark, phrase, strung
from iamdesk.query.what_can import Reach

REACH_WORDS: Mapping[Reach, str] = {
    Reach.ALLOWED: mark("allowed"),
    Reach.CONDITIONAL: mark("under conditions"),
    Reach.AWAITING: mark("if the resource's policy lets the account in"),
    Reach.SOME: mark("on some resources"),
    Reach.SOME_CONDITIONAL: mark("on some resources under conditions"),
    Reach.DENIED: mark("denied"),
    Reach.NONE: mark("not allowed"),
}
"""How far an action may be done, as it stands in the middle of a sentence."""

_GRANTS = frozenset({Layer.IDENTITY, Layer.RESOURCE, Layer.TRUST, Layer.ACL})
"""Layers that can give; the others only set limits."""
_MOST_WAYS = 3
_MORE: Mapping[str, str] = {
    "way": mark("{names} or {count:,} more ways"),
    "resource": mark("{names} or {count:,} more resources"),
}
"""What is counted, by its noun."""


def granting_statements(decision: Decision) -> tuple[StatementLine, ...]:
    """Return the statements through which an answer is allowed, or would be if its conditions were met."""
    lines = decision.statements_that(Part.DECIDES, Part.DEPENDS)
    return tuple(line for line in lines if line.effect == "Allow" and line.layer in _GRANTS)


def how_words(decision: Decision) -> str:
    """Return through what a principal may do what was asked: ``PayrollReadWrite through group Finance``.

    Each policy once, however many of its statements grant; where no statement does (the root user), the answer's own
    sentence.
    """
    principal = decision.request.principal
    ways = dict.fromkeys(_way(line, principal) for line in granting_statements(decision))
    return listed(list(ways)) or decision.sentence


def _way(line: StatementLine, principal: str) -> str:
    if line.layer is Layer.TRUST:
        return phrase("trust policy of {owner}", owner=short_arn(line.owner))
    if line.layer is not Layer.IDENTITY:
        return phrase("policy of {owner}", owner=short_arn(line.owner))
    if not line.owner or line.owner == principal:
        return line.policy_name
    return phrase("{policy} through {owner}", policy=line.policy_name, owner=short_arn(line.owner))


def when_words(decision: Decision, most: int = _MOST_WAYS) -> str:
    """Return under which context a conditional answer is allowed; empty for other answers.

    Of more than ``most`` ways the others are counted.
    """
    if decision.decision is not Verdict.CONDITIONAL:
        return ""
    ways = list(dict.fromkeys(ways_words(decision)))
    if ways:
        return either(ways, most, "way")
    if decision.missing_context_values:
        return phrase("depends on {keys}", keys=listed(decision.missing_context_values))
    return phrase("depends on what the snapshot does not hold")


def either(names: Sequence[str], most: int, noun: str) -> str:
    """Return ``a, b or c``; of more than ``most`` the rest is counted: ``a, b or 7 more ways``."""
    if len(names) <= most:
        return listed(names, "or")
    more = len(names) - (most - 1)
    told = strung(", ", names[: most - 1])
    return phrase(_MORE[noun], names=told, count=more)
