"""Statements and documents of policies: who may do what, on what, under which condition."""

from collections.abc import Mapping
from typing import Any

type Json = dict[str, Any]

MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def document(*statements: Any) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any = "*", resource: Any = "*", condition: Any = None, **more: Any) -> Json:
    """An Allow statement; ``more`` are its other elements, of which NotAction and NotResource stand alone."""
    statement: Json = {"Effect": "Allow"}
    if "NotAction" not in more and action is not None:
        statement["Action"] = action
    if "NotResource" not in more and resource is not None:
        statement["Resource"] = resource
    statement.update({name: value for name, value in more.items() if value is not None})
    if condition is not None:
        statement["Condition"] = condition
    return statement


def deny(action: Any = "*", resource: Any = "*", condition: Any = None, **more: Any) -> Json:
    return {**allow(action, resource, condition, **more), "Effect": "Deny"}


def grant(principal: Any, action: Any = "*", resource: Any = "*", condition: Any = None, **more: Any) -> Json:
    """An Allow statement of a resource policy; an ARN or account (or several) stands for ``{"AWS": …}``."""
    named = principal if principal == "*" or isinstance(principal, dict) else {"AWS": principal}
    return allow(action, resource, condition, Principal=named, **more)


def refuse(principal: Any, action: Any = "*", resource: Any = "*", condition: Any = None, **more: Any) -> Json:
    """A Deny statement of a resource policy."""
    return {**grant(principal, action, resource, condition, **more), "Effect": "Deny"}


def trusting(principal: Any, action: Any = "sts:AssumeRole", condition: Any = None, **more: Any) -> Json:
    """A trust policy with one statement."""
    return document(grant(principal, action, None, condition, **more))


def whole(*parts: Any) -> Any:
    """Statements as one document; one document as it is."""
    return document(*parts) if all(map(is_statement, parts)) else parts[0]


def is_statement(part: Any) -> bool:
    return isinstance(part, Mapping) and "Effect" in part


FULL = document(allow())
