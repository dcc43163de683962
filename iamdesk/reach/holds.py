"""Whether a principal of the account can arrange what an answer hangs on, or whether that takes a fact nobody gave."""

from collections.abc import Iterable, Mapping, Sequence

from iamdesk.evaluate.context import Knowledge
from iamdesk.evaluate.engine import Trace
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision

_CHOICE = frozenset(
    {
        "aws:useragent",
        "aws:referer",
        "aws:tagkeys",
        "aws:securetransport",
        "aws:currenttime",
        "aws:epochtime",
        "aws:tokenissuetime",
        "aws:requestedregion",
        "aws:sourceidentity",
        "sts:rolesessionname",
        "sts:sourceidentity",
        "sts:transitivetagkeys",
        "sts:durationseconds",
    }
)
"""Keys that whoever makes a request fills as they like; MFA is not among them: it takes a device."""
_SECRETS = frozenset({"sts:externalid"})
_BY_SERVICE = frozenset({"iam:associatedresourcearn"})
"""Keys that the service sends by what it does, some services never: the resource that a role is passed for
(SEMANTICS I4; IAM user guide, "IAM and AWS STS condition context keys")."""
_NOT_LEFT_OUT = ("aws:principal", "aws:resource", "aws:multifactorauth", "aws:source")


def arranged(decision: Decision) -> bool:
    """Return whether the caller gets an Allow: as it is, or with values that they fill in as they like."""
    if decision.decision is not Verdict.CONDITIONAL:
        return decision.decision is Verdict.ALLOWED
    return _is_any_chosen(decision.conditions or (dict.fromkeys(decision.missing_context_values, ""),))


def is_arranged(trace: Trace) -> bool:
    """Return the same of the engine's own record: for sweeps, whose answers nobody reads."""
    if trace.verdict is not Verdict.CONDITIONAL:
        return trace.verdict is Verdict.ALLOWED
    ways = [
        {key: None if fact.knowledge is Knowledge.ABSENT else "" for key, fact in one.items()} for one in trace.sets
    ]
    return _is_any_chosen(ways or (dict.fromkeys(trace.keys, ""),))


def _is_any_chosen(ways: Iterable[Mapping[str, str | Sequence[str] | None]]) -> bool:
    return any(way and all(_is_chosen(key.lower(), value) for key, value in way.items()) for way in ways)


def wanted(decision: Decision) -> tuple[str, ...]:
    """Return the condition keys that an Allow hangs on and that the caller does not choose, in its easiest way."""
    ways = decision.conditions or (dict.fromkeys(decision.missing_context_values, ""),)
    rated = [
        tuple(key for key, value in way.items() if not _is_chosen(key.lower(), value)) or tuple(way) for way in ways
    ]
    return min(rated, key=len, default=())


def _is_chosen(key: str, value: str | Sequence[str] | Mapping[str, str] | None) -> bool:
    if key in _BY_SERVICE:
        return False
    if value is None:
        return not key.startswith(_NOT_LEFT_OUT)
    if key in _CHOICE or key.startswith("aws:requesttag/"):
        return True
    # What a service calls its own keys, the request says: of an instance its type, of a stack its template.
    return not key.startswith("aws:") and "resourcetag/" not in key and key not in _SECRETS
