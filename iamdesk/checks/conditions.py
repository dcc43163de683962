"""How much a condition holds back: whether the caller decides on the key, has to know something, or can do neither."""

from collections.abc import Container, Sequence
from enum import IntEnum

from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision


class Hold(IntEnum):
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


def hold_of(decision: Decision, own: Container[str] = frozenset()) -> tuple[Hold, tuple[str, ...]]:
    """Return how much holds an outsider back, and the keys that it hangs on under the easiest way in.

    ``own`` are further keys, in lower case, that this caller fills as they like.
    """
    match decision.decision:
        case Verdict.ALLOWED:
            return Hold.NOTHING, ()
        case Verdict.CONDITIONAL:
            ways = decision.conditions or (dict.fromkeys(decision.missing_context_values, ""),)
            rated = [
                (max((_hold(key, value, own) for key, value in way.items()), default=Hold.OTHER), way) for way in ways
            ]
            hold, way = min(rated, key=lambda pair: (pair[0], len(pair[1])))
            return hold, tuple(way)
        case _:
            return Hold.DENIED, ()


def _hold(key: str, value: str | Sequence[str] | None, own: Container[str]) -> Hold:
    lowered = key.lower()
    if value is None or lowered in own or lowered in _CALLERS_CHOICE or lowered.startswith(_CALLERS_CHOICE_PREFIXES):
        return Hold.OWN_CHOICE  # a key can be left out by whoever makes the request
    return Hold.SECRET if lowered in _SECRETS else Hold.OTHER
