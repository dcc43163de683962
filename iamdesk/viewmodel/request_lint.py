"""Known mistakes in a request, found before it is evaluated: an action on the wrong type of resource.

The Service Authorization Reference lists the resource types of an action (rules F5, F6). A request on another type can
be evaluated, but is seldom intended: ``s3:ListBucket`` on an object is always denied.
"""

from dataclasses import dataclass

from iamdesk.aws.service_reference import Action, reference
from iamdesk.escaping import visible
from iamdesk.i18n import join_messages, phrase

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Hint:
    """What is wrong with a request, and the resource that was probably meant (empty if unknown)."""

    sentence: str
    resource: str


def find_action(action: str) -> Action | None:
    """Return the data of an action written ``service:Name``; None if there is no such action."""
    service, colon, name = action.strip().partition(":")
    return reference().action(service, name) if colon else None


def takes_no_resource(action: str) -> bool:
    """Return whether AWS has the action and it can only be used with ``*``."""
    found = find_action(action)
    return found is not None and reference().takes_no_resource(found)


def resource_hint(action: str, resource: str) -> Hint | None:
    """Return what is wrong with the action on the resource; None if nothing is, or nothing is known."""
    found = find_action(action)
    if found is None or resource == "*":
        return None
    if reference().takes_no_resource(found):
        return Hint(phrase("{action} takes no resource: use *", action=found.full_name), "*")
    if resource != (stripped := resource.rstrip()):
        sentence = phrase(
            "The resource ends with white space, which is part of its name: {resource}", resource=visible(resource)
        )
        return Hint(sentence, stripped)
    wanted = {kind.name for kind in found.resource_types}
    fits = reference().resource_types_of_arn(found.service, resource)
    if not resource.startswith("arn:") or wanted.intersection(fits) or (found.service == "kms" and "alias" in fits):
        return None
    proposal, kind = _proposal(found.service, resource, wanted)
    takes = _with_article(kind)
    if not proposal:
        takes = join_messages(phrase(" or "), [_with_article(kind.name) for kind in found.resource_types[:_NAMED]])
        if len(found.resource_types) > _NAMED:
            takes = phrase("one of {count} resource types ({kinds} …)", count=len(found.resource_types), kinds=takes)
    sentence = phrase("{action} takes {kind}; this ARN is none of these", action=found.full_name, kind=takes)
    if fits:
        other = _with_article(fits[0])
        sentence = phrase("{action} takes {kind}, not {other}", action=found.full_name, kind=takes, other=other)
    if not proposal:
        return Hint(sentence, "")
    return Hint(phrase("{hint}: use {resource}", hint=sentence, resource=proposal), proposal)


def _proposal(service: str, resource: str, wanted: set[str]) -> tuple[str, str]:
    """Return the container of an object, or everything in a container, if the action takes that; and its type."""
    head, slash, _ = resource.partition("/")
    for candidate in (head if slash else "", f"{resource.rstrip('/')}/*"):
        fits = reference().resource_types_of_arn(service, candidate) if candidate else ()
        kind = next((kind for kind in fits if kind in wanted), "")
        if kind:
            return candidate, kind
    return "", ""


def _with_article(kind: str) -> str:
    return phrase("an {kind}", kind=kind) if kind[:1].lower() in "aeio" else phrase("a {kind}", kind=kind)
