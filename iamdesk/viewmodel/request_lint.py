"""Known mistakes in a question, seen before it is answered: an action asked on the wrong kind of resource.

The Service Authorization Reference says which kinds of resource an action takes (rules F5, F6). A question on
another kind has an answer, but seldom the one that was meant: ``s3:ListBucket`` on an object is denied everywhere.
"""

from dataclasses import dataclass

from iamdesk.aws.service_reference import Action, reference
from iamdesk.escaping import visible
from iamdesk.i18n import join_messages, phrase

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Hint:
    """What is odd about a question, and the resource that was probably meant (empty when that cannot be told)."""

    sentence: str
    resource: str


def find_action(action: str) -> Action | None:
    """Return what AWS says of an action written ``service:Name``; None for a text that names none."""
    service, colon, name = action.strip().partition(":")
    return reference().action(service, name) if colon else None


def takes_no_resource(action: str) -> bool:
    """Return whether AWS has the action and it can be asked on ``*`` only."""
    found = find_action(action)
    return found is not None and reference().takes_no_resource(found)


def resource_hint(action: str, resource: str) -> Hint | None:
    """Return what is odd about asking for the action on the resource; None when nothing is, or nothing is known."""
    found = find_action(action)
    if found is None or resource == "*":
        return None
    if reference().takes_no_resource(found):
        return Hint(phrase("{action} takes no resource: use *", action=found.full_name), "*")
    if resource != (told := resource.rstrip()):
        said = phrase(
            "The resource ends with white space, which is part of its name: {resource}", resource=visible(resource)
        )
        return Hint(said, told)
    wanted = {kind.name for kind in found.resource_types}
    fits = reference().resource_types_of_arn(found.service, resource)
    if not resource.startswith("arn:") or wanted.intersection(fits):
        return None
    proposal, kind = _proposal(found.service, resource, wanted)
    takes = _with_article(kind)
    if not proposal:
        takes = join_messages(phrase(" or "), [_with_article(kind.name) for kind in found.resource_types[:_NAMED]])
        if len(found.resource_types) > _NAMED:
            takes = phrase("one of {count} resource types ({kinds} …)", count=len(found.resource_types), kinds=takes)
    said = phrase("{action} takes {kind}; this ARN is none of these", action=found.full_name, kind=takes)
    if fits:
        other = _with_article(fits[0])
        said = phrase("{action} takes {kind}, not {other}", action=found.full_name, kind=takes, other=other)
    return Hint(phrase("{hint}: use {resource}", hint=said, resource=proposal) if proposal else said, proposal)


def _proposal(service: str, resource: str, wanted: set[str]) -> tuple[str, str]:
    """Return the container of an object, or everything in a container, where the action takes that; and its kind."""
    head, slash, _ = resource.partition("/")
    for candidate in (head if slash else "", f"{resource.rstrip('/')}/*"):
        fits = reference().resource_types_of_arn(service, candidate) if candidate else ()
        kind = next((kind for kind in fits if kind in wanted), "")
        if kind:
            return candidate, kind
    return "", ""


def _with_article(kind: str) -> str:
    return phrase("an {kind}", kind=kind) if kind[:1].lower() in "aeio" else phrase("a {kind}", kind=kind)
