"""Tags in requests that create something or assume a role: the actions that AWS requires besides.

A caller that sets tags while it creates a resource must be allowed to tag, too. One that assumes a role needs an action
for session tags and one for a source identity.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice, product
from typing import NamedTuple

from iamdesk.attack_paths.attacker_control import CREATING_CALL, SESSION_NAME, SOURCE_IDENTITY, AllowedBy
from iamdesk.attack_paths.catalog import ASSUMES
from iamdesk.attack_paths.evaluation_session import Context
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.condition_keys import REGION_KEYS
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.engine import EvaluationTrace
from iamdesk.evaluate.request import EvalDecision
from iamdesk.policy.overlap import common_text

_TAG = "aws:requesttag/"
_TAG_KEY = "aws:requesttag/${tagkey}"
_KEYS, _TRANSITIVE = "aws:tagkeys", "sts:transitivetagkeys"
_OPEN = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
_OF_SERVICE: Mapping[str, str] = {
    # EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation".
    "ec2": "CreateTags",
    # Lambda Developer Guide, "Using tags on Lambda functions", Permissions required for working with tags.
    "lambda": "TagResource",
    # ECS Developer Guide, "Grant permission to tag resources on creation".
    "ecs": "TagResource",
    # Service Authorization Reference, dependent actions of the calls that create something.
    "datapipeline": "AddTags",
    "gamelift": "TagResource",
    "imagebuilder": "TagResource",
    "sagemaker": "AddTags",
}
"""The action by service, where a page of AWS says that it is required."""
_OF_CALL: Mapping[str, str] = {"CreateRole": "TagRole", "CreateUser": "TagUser", "CreatePolicy": "TagPolicy"}
"""The action of IAM by call: IAM User Guide, "IAM: Create new users only with specific tags"."""
_TAGGING = "Tagging"
_MAX_TRIED = 64
"""Combinations of tag values that are tried for one call."""
_USUAL = ("TagResource", "AddTags", "AddTagsToResource", "CreateOrUpdateTags")
"""Names of the action, by which it is found in services whose pages do not mention it."""


class TaggingAction(NamedTuple):
    """What a call may require if tags are in its request."""

    action: str
    is_documented: bool
    """Whether a page of AWS says so; otherwise it is not known whether the call requires it."""


@cache  # of the calls of techniques alone
def tagging_action(call: str) -> TaggingAction | None:
    """Return the action that a call requires besides if it sets tags; None: none, as far as it is known.

    Args:
        call: ``service:Action``.
    """
    service, _, name = call.partition(":")
    known = reference().action(service, name)
    if known is None or known.access_level == _TAGGING or service == "sts":
        return None
    if service == "iam":
        return TaggingAction(f"iam:{_OF_CALL[name]}", True) if name in _OF_CALL else None
    if service in _OF_SERVICE:
        return TaggingAction(f"{service}:{_OF_SERVICE[service]}", True)
    listed = {one.name for one in service_actions(service).actions if one.access_level == _TAGGING}
    found = next((one for one in _USUAL if one in listed), None)
    return None if found is None else TaggingAction(f"{service}:{found}", False)


TAG_SESSION = TaggingAction("sts:TagSession", True)
"""For session tags: IAM User Guide, "Pass session tags in AWS STS", Permissions required to add session tags."""
SET_SOURCE_IDENTITY = TaggingAction("sts:SetSourceIdentity", True)
"""For a source identity: IAM User Guide, "Monitor and control actions taken with assumed roles"."""


def required_besides(call: str, alternative: AllowedBy) -> tuple[TaggingAction, ...]:
    """Return the actions that a call requires besides, by the tags and the source identity of an alternative."""
    if call == ASSUMES:
        sets = {key.lower() == SOURCE_IDENTITY for key in alternative.tags if key.lower() != SESSION_NAME}
        return tuple(
            one for of_identity, one in ((False, TAG_SESSION), (True, SET_SOURCE_IDENTITY)) if of_identity in sets
        )
    required = tagging_action(call) if alternative.tags else None
    return () if required is None else (required,)


def is_open_otherwise(required: TaggingAction, trace: EvaluationTrace) -> bool:
    """Return whether AWS's pages disagree about a denied request for a source identity (rule I2)."""
    return required == SET_SOURCE_IDENTITY and any(one.decision in _OPEN for one in trace.readings)


def may_require(call: str) -> tuple[str, ...]:
    """Return the actions that decide on a call on an entity: itself, and those that it may require besides."""
    return (call, TAG_SESSION.action, SET_SOURCE_IDENTITY.action) if call == ASSUMES else (call,)


def can_tag(call: str, resource: str) -> bool:
    """Return whether a call can set tags of a resource; EC2 tags only what a call creates.

    ``ec2:RunInstances`` tags instances, volumes, network interfaces and spot requests, but no images or subnets: EC2
    User Guide, "Grant permission to tag Amazon EC2 resources during creation", and the resource types for which the
    Service Authorization Reference lists ``aws:RequestTag``.
    """
    service, _, name = call.partition(":")
    taggable = _taggable(name) if service == "ec2" else ()
    return not taggable or any(one in taggable for one in reference().resource_types_of_arn(service, resource))


@cache  # of the calls of techniques alone
def _taggable(name: str) -> frozenset[str]:
    """Return the resource types that an action of EC2 tags; none: those that it acts on."""
    known = reference().action("ec2", name)
    types = () if known is None or _TAG_KEY in known.condition_keys else known.resource_types
    return frozenset(one.name for one in types if _TAG_KEY in one.condition_keys)


def can_be_passed(alternative: AllowedBy, decide: Callable[[Context], EvalDecision]) -> bool:
    """Return whether the tags of an alternative can be those of one request.

    ``aws:TagKeys`` are the keys of its ``aws:RequestTag/…`` (IAM User Guide, "AWS global condition context keys"), and
    ``sts:TransitiveTagKeys`` some of them. ``decide`` decides the request with some keys.
    """
    tags = {key.lower(): values for key, values in alternative.tags.items()}
    given = {key[len(_TAG) :]: values for key, values in tags.items() if key.startswith(_TAG)}
    transitive = tags.get(_TRANSITIVE, ())
    needed = dict.fromkeys((*given, *transitive))
    if not needed and not tags.get(_KEYS):
        return True
    for names in (needed, dict.fromkeys((*needed, *tags.get(_KEYS, ())))):
        named = {f"aws:RequestTag/{name}": given.get(name) or ("any-value",) for name in names}
        marked = {"sts:TransitiveTagKeys": transitive} if transitive else {}
        if names and decide({**named, **marked, "aws:TagKeys": list(names)}) in _OPEN:
            return True
    return False


def tags_of(alternative: AllowedBy) -> Context:
    """Return the condition keys for the tags of an alternative."""
    given = {key: values for key, values in alternative.tags.items() if values}
    names = [key[len(_TAG) :] for key in given if key.lower().startswith(_TAG)]
    return {"aws:TagKeys": names, **given} if names else given


def tag_context(alternative: AllowedBy, call: str, context: Context) -> Context:
    """Return the condition keys of the request that sets the tags of a call, in the Region of the call.

    ``context`` is the call's.
    """
    return {**tagging_context(call, context), **tags_of(alternative)}


def agreeing(alternative: AllowedBy, call: EvaluationTrace, tagging: EvaluationTrace) -> Iterator[AllowedBy]:
    """Yield an alternative with other values of its tags: those in conditions of a call and its tagging action.

    Values that two patterns have in common (``a*``, ``*z``) are among them; whether they suit has to be evaluated.
    """
    keys = [key for key in alternative.tags if key.lower().startswith((_TAG, SOURCE_IDENTITY))]
    values = [_values(key, call, tagging) for key in keys]
    for chosen in islice(product(*values), _MAX_TRIED) if keys else ():
        yield alternative._replace(
            tags={**alternative.tags, **{key: (value,) for key, value in zip(keys, chosen, strict=True)}}
        )


def _values(key: str, call: EvaluationTrace, tagging: EvaluationTrace) -> Iterable[str]:
    texts, of_tagging = (
        [
            value.text
            for result in trace.results
            for test in result.statement.conditions
            if test.key == key.lower()
            for value in test.values
        ]
        for trace in (call, tagging)
    )
    common = [found for one in texts for other in of_tagging if (found := common_text(one, other)) is not None]
    return dict.fromkeys(_matching(text) for text in (*_solved(key, tagging), *common, *of_tagging))


def _solved(key: str, trace: EvaluationTrace) -> Iterator[str]:
    for one in trace.sets:
        yield from (value for name, fact in one.items() if name.lower() == key.lower() for value in fact.values)


def _matching(pattern: str) -> str:
    """Return a text that a pattern matches."""
    return pattern.replace("*", "").replace("?", "x")


def tagging_context(call: str, context: Context) -> Context:
    """Return the condition keys of the request that sets tags, without the tags.

    The Region of the call, and the key by which a service tells IAM which call sets tags (``ec2:CreateAction``), if it
    has one.
    """
    service, _, name = call.partition(":")
    listed = reference().keys_of(service)
    region = {key: value for key, value in context.items() if key.lower() in REGION_KEYS}
    return {**region, **{key: name for part in CREATING_CALL if (key := f"{service}:{part}") in listed}}
