"""How a method or route of an API authorizes its callers, by the types that are captured (rule D8).

API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow": a method of the type
``NONE`` authenticates no one. Without a resource policy, all its callers are let in.
"""

import re
from collections.abc import Iterator

from iamdesk.evaluate.action_resource import Target
from iamdesk.policy.wildcards import glob, is_pattern, may_overlap
from iamdesk.snapshot.resources import Resource

OPEN = "NONE"
_PARAMETER = re.compile(r"\{[^/}]*\}")
_DEFAULT_ROUTE = "$default"


def authorization_type(resource: Resource | None, target: Target) -> str:
    """Return the authorization type of the methods that a call is to; empty where it is not known, or not one.

    Of a route by name and one with parameters that both match a path, the first is called; where only others match,
    they must have the same type.
    """
    if resource is None or resource.authorization_types is None or target.action_text.lower() != "execute-api:invoke":
        return ""
    _, found, method = target.resource_text.removeprefix(f"{resource.arn}/").partition("/")
    if not found or not target.resource_text.startswith(f"{resource.arn}/"):
        return ""
    if is_pattern(method):
        kinds = {kind for key, kind in resource.authorization_types if may_overlap(_pattern(key), method)}
        return kinds.pop() if len(kinds) == 1 else ""
    by_name = {_pattern(key): kind for key, kind in resource.authorization_types}
    if method in by_name:
        return by_name[method]
    path = method.partition("/")[2]
    others = {one.partition("/")[2] for one in by_name if not one.startswith("*/")}
    if path in others:
        return ""  # the path has other methods: API Gateway's kinds of APIs differ
    kinds = {kind for pattern, kind in by_name.items() if glob(pattern).matches(method)}
    return kinds.pop() if len(kinds) == 1 else ""


def open_methods(resource: Resource) -> Iterator[str]:
    """Yield the methods and routes that anyone can call, as resource entries: ``arn:…:api1/*/GET/pets``."""
    if resource.policy is None and resource.is_policy_captured:
        for key, kind in resource.authorization_types or ():
            if kind == OPEN:
                yield f"{resource.arn}/*/{_pattern(key)}"


def _pattern(key: str) -> str:
    """Return what is called by the end of an ARN: ``GET/pets/*`` of ``GET /pets/{id}``, ``*/pets`` of ``ANY /pets``."""
    method, _, path = key.partition(" ")
    if not path:
        return "*" if key == _DEFAULT_ROUTE else key
    return ("*" if method == "ANY" else method) + _PARAMETER.sub("*", path)
