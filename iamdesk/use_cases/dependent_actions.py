"""Dependent actions of calls, from ``resources/data/dependent-actions.json`` and ``passed-roles.json``."""

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
    """Return the dependent actions of an action; None where none are known, or AWS has no such action."""
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
    """Return values of a condition key other than those that policies name: services to which roles are passed."""
    if key.strip().lower() != "iam:passedtoservice":
        return ()
    passed = _data("passed-roles.json")
    names = [name for services in passed["services"].values() for name in services]
    return tuple(sorted({*names, *(name for entry in passed["actions"].values() for name in entry["services"])}))


def use_case_with_dependents(action: str, resource: str) -> UseCase | None:
    """Return an action with its dependent actions as one use case; None where none are known.

    A dependent action on the same resource, or on ``*``, never counts: only some uses of the call need it. One on
    another resource is evaluated if that resource is provided, and then counts.
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
            parts.append(UseCaseAction(other, on, When.GIVEN, phrase("for some of its uses")))
        else:
            parts.append(UseCaseAction(other, on, When.MAYBE, phrase("for some of its uses")))
    sources = (_PASSING, _REFERENCE) if more.passes_role else (_REFERENCE,)
    return UseCase(
        more.action,
        phrase("do {action}", action=more.action),
        "",
        phrase("the resource of the action"),
        tuple(parts),
        sources,
        "",
        inputs,
    )


def _to(services: tuple[str, ...]) -> str:
    """Describe the passing of a role, with the services that it is passed to."""
    if not services:
        return phrase("to pass a role")
    return phrase("to pass a role to {services}", services=join_messages(phrase(" or "), services))


def _on(action: str, resource: str) -> tuple[str, str]:
    """Return the resource of a dependent action, and, for an input, its description."""
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
    """Return the request context of a call to AWS KMS that a service makes for the caller (forward access session)."""
    return {"kms:ViaService": f"{via}.{key.region}.amazonaws.com", "aws:ViaAWSService": "true"}
