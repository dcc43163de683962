"""Resource policies of REST APIs: the short form of ARNs in them (rule I17).

Amazon API Gateway Developer Guide, "API Gateway resource policy examples": ``execute-api:/prod/GET/pets`` is short for
``arn:aws:execute-api:REGION:ACCOUNT:API-ID/prod/GET/pets``, of the policy's API. API Gateway writes the whole ARN when
it saves the policy; a policy that was not read back from AWS still has the short one.
"""

import re
from typing import Any

_SHORT = "execute-api:"
_API = re.compile(r"arn:[\w-]+:execute-api:[\w*?-]*:[\w*?]*:[\w*?-]+")
"""Beginning of an ARN in an API; it must contain nothing that would be a policy variable."""


def as_saved(raw: Any, resource: str) -> Any:
    """Return a policy's JSON value as API Gateway saves it; the same object where there is nothing to expand.

    ``resource``: the ARN of the policy's resource, or of a part of it. Policies of all other services are unchanged.
    """
    api = _API.match(resource)
    if api is None or not isinstance(raw, dict) or "Statement" not in raw:
        return raw
    listed = raw["Statement"]
    members = listed if isinstance(listed, list) else [listed]
    saved = [_saved_statement(member, api[0]) for member in members]
    if all(one is member for one, member in zip(saved, members, strict=True)):
        return raw
    return {**raw, "Statement": saved if isinstance(listed, list) else saved[0]}


def _saved_statement(raw: Any, api: str) -> Any:
    if not isinstance(raw, dict):
        return raw
    changed = {
        name: [_saved_entry(entry, api) for entry in raw[name]]
        if isinstance(raw[name], list)
        else _saved_entry(raw[name], api)
        for name in ("Resource", "NotResource")
        if name in raw
    }
    return raw if all(raw[name] == value for name, value in changed.items()) else {**raw, **changed}


def _saved_entry(entry: Any, api: str) -> Any:
    is_short = isinstance(entry, str) and entry.startswith(f"{_SHORT}/")
    return api + entry.removeprefix(_SHORT) if is_short else entry
