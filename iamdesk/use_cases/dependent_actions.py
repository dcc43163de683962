"""What calls need beside their own action: ``resources/data/dependent-actions.json`` and ``passed-roles.json``."""

import json
from functools import lru_cache
from typing import Any

from iamdesk.aws.service_reference import reference
from iamdesk.i18n import join_messages, phrase
from iamdesk.policy.arn import Arn
from iamdesk.resource_files import resources
from iamdesk.use_cases.types import DependentActions, UseCase, UseCaseAction, When

HANDING_OVER = "iam:PassRole"
_PASSING = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
_REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html"


@lru_cache(maxsize=4)
def _data(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((resources() / "data" / name).read_text(encoding="utf-8"))
    return found


def dependent_actions(action: str) -> DependentActions | None:
    """Return what an action needs beside itself; None where nothing is known, or AWS has no such action."""
    service, _, name = action.strip().partition(":")
    known = reference().action(service, name)
    if known is None:
        return None
    full = known.full_name
    listed: list[str] = _data("dependent-actions.json")["actions"].get(known.service, {}).get(known.name, [])
    passed = _data("passed-roles.json")
    own = passed["actions"].get(full)
    if own is not None and HANDING_OVER not in listed:
        listed = [HANDING_OVER, *listed]
    if not listed:
        return None
    services: list[str] = []
    if HANDING_OVER in listed:
        services = own["services"] if own is not None else passed["services"].get(known.service, [])
    return DependentActions(full, tuple(sorted(listed, key=lambda one: (one != HANDING_OVER, one))), tuple(services))


def known_values(key: str) -> tuple[str, ...]:
    """Return values that a condition key can have beyond those that policies name: services that take roles."""
    if key.strip().lower() != "iam:passedtoservice":
        return ()
    passed = _data("passed-roles.json")
    names = [name for services in passed["services"].values() for name in services]
    return tuple(sorted({*names, *(name for entry in passed["actions"].values() for name in entry["services"])}))


def use_case_with_dependents(action: str, resource: str) -> UseCase | None:
    """Return an action with what it needs beside itself as one need; None where `dependent_actions` knows nothing.

    What is asked on the resource of the question, or on ``*``, never counts: a call needs it for some of what it can
    do only. What acts on something else is asked where that is given, and counts then.
    """
    more = dependent_actions(action)
    if more is None:
        return None
    parts = [UseCaseAction(more.action, "resource")]
    inputs: dict[str, str] = {}
    for other in more.actions:
        on, words = _on(other, resource)
        if other == HANDING_OVER:
            inputs["role"] = phrase("the role that is passed")
            context = {"iam:PassedToService": more.services[0]} if len(more.services) == 1 else {}
            parts.append(UseCaseAction(other, "role", When.GIVEN, _to(more.services), context))
        elif words:
            inputs.setdefault(on, words)
            parts.append(UseCaseAction(other, on, When.GIVEN, phrase("for some of what it can do")))
        else:
            parts.append(UseCaseAction(other, on, When.MAYBE, phrase("for some of what it can do")))
    sources = (_PASSING, _REFERENCE) if more.passes_role else (_REFERENCE,)
    return UseCase(
        more.action,
        phrase("do {action}", action=more.action),
        "",
        phrase("what the action is done on"),
        tuple(parts),
        sources,
        "",
        inputs,
    )


def _to(services: tuple[str, ...]) -> str:
    """Say to whom the role is handed over."""
    if not services:
        return phrase("to hand a role over")
    return phrase("to hand a role over to {services}", services=join_messages(phrase(" or "), services))


def _on(action: str, resource: str) -> tuple[str, str]:
    """Return what a dependent action is asked on, and, for an input, what that is."""
    service, _, name = action.partition(":")
    known = reference().action(service, name)
    if known is None or reference().takes_no_resource(known):
        return "*", ""
    kinds = [kind.name for kind in known.resource_types]
    fitting = reference().resource_types_of_arn(known.service, resource) if resource != "*" else ()
    if set(kinds).intersection(fitting):
        return "resource", ""
    kind = kinds[0].replace(" ", "-")
    return kind, phrase("the {kind} of {action}", kind=kinds[0], action=known.full_name)


def key_service_context(via: str, key: Arn) -> dict[str, str]:
    """Return what a request to AWS KMS carries that a service makes in the caller's name (forward access session)."""
    return {"kms:ViaService": f"{via}.{key.region}.amazonaws.com", "aws:ViaAWSService": "true"}
