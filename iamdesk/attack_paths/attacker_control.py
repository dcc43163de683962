"""Whether a principal of the account can arrange what an answer hangs on, or whether that takes a fact nobody gave."""

from collections.abc import Mapping, Sequence

from iamdesk.evaluate.context import Knowledge
from iamdesk.evaluate.engine import EvaluationTrace
from iamdesk.evaluate.request import EvalDecision

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
(rule I4; IAM user guide, "IAM and AWS STS condition context keys")."""
_NOT_LEFT_OUT = ("aws:principal", "aws:resource", "aws:multifactorauth", "aws:source")


def is_satisfiable_by_attacker(trace: EvaluationTrace) -> bool:
    """Return whether the caller gets an Allow: as it is, or with values that they fill in as they like."""
    if trace.decision is not EvalDecision.CONDITIONAL:
        return trace.decision is EvalDecision.ALLOWED
    return any(way and all(map(_is_chosen, way, way.values())) for way in _ways(trace))


def unmet_keys(trace: EvaluationTrace) -> tuple[str, ...]:
    """Return the condition keys that an Allow hangs on and that the caller does not choose, in its easiest way."""
    rated = [
        tuple(key for key, is_there in way.items() if not _is_chosen(key, is_there)) or tuple(way)
        for way in _ways(trace)
    ]
    return min(rated, key=len, default=())


def _ways(trace: EvaluationTrace) -> Sequence[Mapping[str, bool]]:
    """Return what an Allow takes, in each way: keys, and whether they have a value then or are left out."""
    ways = [{key: fact.knowledge is not Knowledge.ABSENT for key, fact in one.items()} for one in trace.sets]
    return ways or (dict.fromkeys(trace.keys, True),)


def _is_chosen(spelled: str, is_there: bool) -> bool:
    key = spelled.lower()
    if key in _BY_SERVICE:
        return False
    if not is_there:
        return not key.startswith(_NOT_LEFT_OUT)
    if key in _CHOICE or key.startswith("aws:requesttag/"):
        return True
    # What a service calls its own keys, the request says: of an instance its type, of a stack its template.
    return not key.startswith("aws:") and "resourcetag/" not in key and key not in _SECRETS
