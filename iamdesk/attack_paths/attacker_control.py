"""Whether a principal can satisfy the conditions of a decision itself, by values that it chooses."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from iamdesk.attack_paths.catalog import ASSUMES, is_free
from iamdesk.evaluate.context import Knowledge
from iamdesk.evaluate.derived_keys import BOUNDARY, is_of_credentials
from iamdesk.evaluate.engine import EvaluationTrace
from iamdesk.evaluate.request import EvalDecision
from iamdesk.evaluate.service_rules import sets_boundary

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
        "sts:rolesessionname",
        "sts:sourceidentity",
        "sts:transitivetagkeys",
        "sts:durationseconds",
    }
)
"""Keys whose values the caller chooses; not MFA, which needs a device.

Nor ``aws:SourceIdentity``: it is set when a session begins and cannot be changed (IAM User Guide, "Monitor and control
actions taken with assumed roles")."""
SOURCE_IDENTITY = "sts:sourceidentity"
"""The key, in lower case, for the source identity that a caller sets when it assumes a role."""
_ABOUT_TAGS = ("aws:requesttag/", "aws:tagkeys", "sts:transitivetagkeys", SOURCE_IDENTITY)
"""Beginnings of keys that take an action besides (`iamdesk.attack_paths.request_tags`)."""
SESSION_NAME = "sts:rolesessionname"
_MFA = "aws:multifactorauthpresent"
_BY_SERVICE = frozenset({"iam:associatedresourcearn"})
"""Keys that services set, and some never do: the resource that a role is passed for (rule I4; IAM User Guide, "IAM and
AWS STS condition context keys")."""
CREATING_CALL = ("createaction", "taggingaction")
"""Names of keys for the call that sets tags (``ec2:CreateAction``, ``sagemaker:TaggingAction``): services set them
(Service Authorization Reference, "the name of a resource-creating API action")."""
_NOT_LEFT_OUT = ("aws:principal", "aws:resource", "aws:multifactorauth", "aws:source")


class AllowedBy(NamedTuple):
    """One alternative in which a request is allowed."""

    is_chosen: bool
    """Whether the caller chooses all values that it takes."""
    tags: Mapping[str, tuple[str, ...]]
    """The keys about tags and a source identity that the request must have, with their values; no values: any."""


def allowed_by(trace: EvaluationTrace) -> tuple[AllowedBy, ...]:
    """Return the alternatives in which a request is allowed, without those that another one makes needless."""
    if trace.decision is not EvalDecision.CONDITIONAL:
        return (AllowedBy(True, {}),) if trace.decision is EvalDecision.ALLOWED else ()
    found: list[AllowedBy] = []
    for one, tags in zip(_key_sets(trace), _tags(trace), strict=True):
        if trace.request.target.action_text == ASSUMES and not all(
            is_there for key, is_there in one.items() if key.lower() == SESSION_NAME
        ):
            continue  # AssumeRole requires a session name (STS API Reference)
        is_chosen = bool(one or trace.sets) and all(_is_chosen(trace, key, is_there) for key, is_there in one.items())
        if is_chosen and not tags:
            return (AllowedBy(True, {}),)
        found.append(AllowedBy(is_chosen, tags))
    if trace.has_more or not trace.sets:
        found.append(AllowedBy(False, {}))
    untagged = [AllowedBy(False, {})] if any(not one.tags for one in found) else []
    return (*(one for one in found if one.tags), *untagged)


def _tags(trace: EvaluationTrace) -> Sequence[Mapping[str, tuple[str, ...]]]:
    """Return `AllowedBy.tags` of each alternative."""
    if not trace.sets:
        return [{key: () for key in trace.keys if _is_about_tags(key)}]
    return [
        {
            key: fact.values
            for key, fact in one.items()
            if fact.knowledge is not Knowledge.ABSENT and _is_about_tags(key)
        }
        for one in trace.sets
    ]


def _is_about_tags(key: str) -> bool:
    return key.lower().startswith(_ABOUT_TAGS)


def unmet_keys(trace: EvaluationTrace) -> tuple[str, ...]:
    """Return the condition keys that an Allow depends on and the caller does not choose, in the easiest alternative."""
    rated = [
        tuple(key for key, is_there in key_set.items() if not _is_chosen(trace, key, is_there)) or tuple(key_set)
        for key_set in _key_sets(trace)
    ]
    return min(rated, key=len, default=())


def mfa_wanted(trace: EvaluationTrace) -> frozenset[str | None]:
    """Return the values of ``aws:MultiFactorAuthPresent`` with which a request may be allowed; None: not provided."""
    found = [one[_MFA] for one in trace.sets if _MFA in one]
    return frozenset(None if fact.knowledge is Knowledge.ABSENT else "".join(fact.values).lower() for fact in found)


def _key_sets(trace: EvaluationTrace) -> Sequence[Mapping[str, bool]]:
    """Return the alternatives for an Allow: by key, whether it has a value or is absent.

    Without the role's own tags that they require: sessions have them if their caller passes no others.
    """
    context = trace.subject.context
    key_sets = [
        {
            key: fact.knowledge is not Knowledge.ABSENT
            for key, fact in one.items()
            if context.fact(key.lower()).otherwise not in fact.values
        }
        for one in trace.sets
    ]
    return key_sets or (dict.fromkeys(trace.keys, True),)


def _is_chosen(trace: EvaluationTrace, spelled: str, is_there: bool) -> bool:
    """Return whether the caller chooses a key's value, or to leave it out, and the call still serves a technique."""
    key = spelled.lower()
    target = trace.request.target
    if key == BOUNDARY:
        return sets_boundary(target.service, target.name)
    if key in _BY_SERVICE:
        return False
    if not is_there:
        return not key.startswith(_NOT_LEFT_OUT)
    if key.partition(":")[2] in CREATING_CALL or is_of_credentials(key):
        return False
    return key in _CHOICE or key.startswith("aws:requesttag/") or is_free(target.action_text, key)
