"""How much a condition holds back: whether the caller decides on the key, has to know something, or can do neither."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import IntEnum

from iamdesk.checks.check_context import CheckContext, Context
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.decision import EvaluationResult


class ConditionStrength(IntEnum):
    """How much stands between a caller and an Allow, the least first."""

    NOTHING = 0
    """Allowed as it is."""
    OWN_CHOICE = 1
    """Hangs on keys that the caller fills as they like."""
    SECRET = 2
    """Hangs on a value that the caller has to know: ``sts:ExternalId``."""
    OTHER = 3
    """Hangs on keys of which neither the caller nor the snapshot decides."""
    DENIED = 4


_CALLERS_CHOICE = frozenset(
    {
        "aws:useragent",
        "aws:referer",
        "aws:tagkeys",
        "aws:securetransport",
        "aws:currenttime",
        "aws:epochtime",
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
        "aws:tokenissuetime",
        "aws:requestedregion",
        "aws:sourceidentity",
        "sts:rolesessionname",
        "sts:sourceidentity",
        "sts:transitivetagkeys",
        "sts:durationseconds",
    }
)
"""Keys that somebody who makes a request from an account of their own fills as they like, MFA of their own included."""
_CALLERS_CHOICE_PREFIXES = ("aws:requesttag/", "aws:principaltag/")
_SECRETS = frozenset({"sts:externalid"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One way in, with the answer that proves it."""

    hold: ConditionStrength
    keys: tuple[str, ...]
    """The condition keys that it hangs on; empty where it hangs on none."""
    decision: EvaluationResult
    """With the keys filled that the caller fills, where that settles it."""


def enter(
    survey: CheckContext, caller: str, action: str, role_arn: str, context: Context, own: Container[str] = frozenset()
) -> Entry:
    """Ask for a role as an outsider, with as little against them as they can arrange.

    ``own`` are further condition keys, in lower case, that this caller fills as they like.

    Raises:
        WorkCancelled: nobody wants the result any more.
    """
    decision = survey.ask(caller, action, role_arn, context)
    if decision.decision is EvalDecision.ALLOWED:
        return Entry(ConditionStrength.NOTHING, (), decision)
    if decision.decision is not EvalDecision.CONDITIONAL:
        return Entry(ConditionStrength.DENIED, (), decision)
    ways = decision.conditions or (dict.fromkeys(decision.missing_context_values, ""),)
    rated = [
        (max((_hold(key, value, own) for key, value in way.items()), default=ConditionStrength.OTHER), way)
        for way in ways
    ]
    hold, way = min(rated, key=lambda pair: (pair[0], len(pair[1])))
    if hold <= ConditionStrength.SECRET and decision.conditions:
        filled = survey.ask(caller, action, role_arn, {**context, **way})
        if filled.decision is EvalDecision.ALLOWED:
            decision = filled
    return Entry(hold, tuple(way), decision)


def _hold(key: str, value: str | Sequence[str] | None, own: Container[str]) -> ConditionStrength:
    lowered = key.lower()
    if value is None or lowered in own or lowered in _CALLERS_CHOICE or lowered.startswith(_CALLERS_CHOICE_PREFIXES):
        return ConditionStrength.OWN_CHOICE  # a key can be left out by whoever makes the request
    return ConditionStrength.SECRET if lowered in _SECRETS else ConditionStrength.OTHER
