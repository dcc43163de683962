"""Entries of an account as `aws iam get-account-authorization-details` prints them, and files that hold them.

`captures` has the same users, roles, groups and policies as the reader makes them.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .arns import ID
from .statements import Json, allow, deny, document, grant, is_statement, refuse, trusting, whole

__all__ = [
    "ID",
    "Inline",
    "Json",
    "allow",
    "deny",
    "details",
    "document",
    "grant",
    "group",
    "managed",
    "refuse",
    "role",
    "trusting",
    "user",
    "write",
]

type Inline = Any
"""A statement, a document, or its name and a document; without a name it is ``inline-1``, ``inline-2`` …"""


def user(name: str, *inline: Inline, path: str = "/", account: str = ID, **more: Any) -> Json:
    return {
        "Arn": f"arn:aws:iam::{account}:user{path}{name}",
        "UserName": name,
        "UserId": f"AIDA{name.upper()}",
        "Path": path,
        "UserPolicyList": _inline(inline),
        **_common(more),
    }


def role(name: str, *inline: Inline, trust: Any = None, path: str = "/", account: str = ID, **more: Any) -> Json:
    return {
        "Arn": f"arn:aws:iam::{account}:role{path}{name}",
        "RoleName": name,
        "RoleId": f"AROA{name.upper()}",
        "Path": path,
        "AssumeRolePolicyDocument": trusting({"Service": "ec2.amazonaws.com"}) if trust is None else trust,
        "RolePolicyList": _inline(inline),
        **_common(more),
    }


def group(name: str, *inline: Inline, account: str = ID, **more: Any) -> Json:
    return {
        "Arn": f"arn:aws:iam::{account}:group/{name}",
        "GroupName": name,
        "GroupPolicyList": _inline(inline),
        **_common(more),
    }


def managed(arn: str, *versions: Any, **more: Any) -> Json:
    """A managed policy; each version is a document or its only statement, and the last one is the default one."""
    count = len(versions)
    listed = [
        {"VersionId": f"v{number}", "IsDefaultVersion": number == count, "Document": whole(version)}
        for number, version in enumerate(versions, 1)
    ]
    return {
        "Arn": arn,
        "PolicyName": arn.rpartition("/")[2],
        "DefaultVersionId": f"v{count}",
        "PolicyVersionList": listed,
        **_common(more),
    }


def details(
    users: Iterable[Json] = (),
    groups: Iterable[Json] = (),
    roles: Iterable[Json] = (),
    policies: Iterable[Json] = (),
    **more: Any,
) -> Json:
    """The whole output."""
    return {
        "UserDetailList": list(users),
        "GroupDetailList": list(groups),
        "RoleDetailList": list(roles),
        "Policies": list(policies),
        **more,
    }


def write(path: Path, **lists: Any) -> Path:
    """Write `details` to a file, and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(details(**lists)), encoding="utf-8")
    return path


def _inline(policies: Iterable[Inline]) -> list[Json]:
    """Statements are one policy together, before the documents; a pair is a document and its name."""
    listed = list(policies)
    statements = [one for one in listed if is_statement(one)]
    documents = [document(*statements)] if statements else []
    documents += [one for one in listed if not is_statement(one)]
    named = (one if isinstance(one, tuple) else (f"inline-{number}", one) for number, one in enumerate(documents, 1))
    return [{"PolicyName": name, "PolicyDocument": body} for name, body in named]


def _common(more: Mapping[str, Any]) -> Json:
    """``attached``: ARNs of managed policies; ``boundary``: an ARN; ``groups``: names; ``tags``: pairs.

    What begins with a capital is a member of the entry as AWS names it.
    """
    entry: Json = {}
    for name, value in more.items():
        match name:
            case "attached":
                entry["AttachedManagedPolicies"] = [
                    {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in value
                ]
            case "boundary":
                entry["PermissionsBoundary"] = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": value}
            case "groups":
                entry["GroupList"] = list(value)
            case "tags":
                entry["Tags"] = [{"Key": key, "Value": text} for key, text in value]
            case _ if name[0].isupper():
                entry[name] = value
            case _:
                raise AssertionError(name)
    return entry
