"""Small captures written by hand: an account as `aws iam get-account-authorization-details` prints it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.snapshot.model import Account, GroupDetail, ManagedPolicyDetail, RoleDetail, Snapshot, UserDetail
from iamdesk.snapshot.resources import Resource

ID = "111122223333"
OTHER_ID = "444455556666"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = f"arn:aws:iam::{ID}:root"


def user_arn(name: str, account: str = ID) -> str:
    return f"arn:aws:iam::{account}:user/{name}"


def role_arn(name: str, account: str = ID) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def policy_arn(name: str, account: str = ID) -> str:
    return f"arn:aws:iam::{account}:policy/{name}"


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any = "*", resource: Any = "*", condition: Any = None, **more: Any) -> dict[str, Any]:
    """An Allow statement; ``more`` are its other elements, such as ``Condition`` or ``Sid``."""
    if condition is not None:
        more["Condition"] = condition
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", condition: Any = None, **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, condition, **more), "Effect": "Deny"}


def trusting(principal: Any, action: Any = "sts:AssumeRole", condition: Any = None, **more: Any) -> dict[str, Any]:
    """A trust policy with one statement."""
    if condition is not None:
        more["Condition"] = condition
    return document({"Effect": "Allow", "Principal": principal, "Action": action, **more})


def user(name: str, *inline: Any, path: str = "/", account: str = ID, **more: Any) -> UserDetail:
    entry = {
        "Arn": f"arn:aws:iam::{account}:user{path}{name}",
        "UserName": name,
        "UserId": f"AIDA{name.upper()}",
        "Path": path,
        "UserPolicyList": _inline(inline),
    }
    return UserDetail.model_validate({**entry, **_common(more)})


def role(name: str, *inline: Any, trust: Any = None, path: str = "/", account: str = ID, **more: Any) -> RoleDetail:
    entry = {
        "Arn": f"arn:aws:iam::{account}:role{path}{name}",
        "RoleName": name,
        "RoleId": f"AROA{name.upper()}",
        "Path": path,
        "AssumeRolePolicyDocument": trusting({"Service": "ec2.amazonaws.com"}) if trust is None else trust,
        "RolePolicyList": _inline(inline),
    }
    return RoleDetail.model_validate({**entry, **_common(more)})


def group(name: str, *inline: Any, account: str = ID, **more: Any) -> GroupDetail:
    entry = {
        "Arn": f"arn:aws:iam::{account}:group/{name}",
        "GroupName": name,
        "GroupPolicyList": _inline(inline),
    }
    return GroupDetail.model_validate({**entry, **_common(more)})


def managed(arn: str, *versions: Any) -> ManagedPolicyDetail:
    """A managed policy; the last version given is the default one."""
    count = len(versions)
    listed = [
        {"VersionId": f"v{number}", "IsDefaultVersion": number == count, "Document": version}
        for number, version in enumerate(versions, 1)
    ]
    return ManagedPolicyDetail.model_validate(
        {
            "Arn": arn,
            "PolicyName": arn.rpartition("/")[2],
            "DefaultVersionId": f"v{count}",
            "PolicyVersionList": listed,
        }
    )


def _inline(documents: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"PolicyName": f"inline-{number}", "PolicyDocument": one} for number, one in enumerate(documents, 1)]


def _common(more: Mapping[str, Any]) -> dict[str, Any]:
    """``attached``: ARNs of managed policies; ``boundary``: an ARN; ``groups``: names; ``tags``: pairs."""
    entry: dict[str, Any] = {}
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
            case _:
                raise AssertionError(name)
    return entry


def account(
    *entries: UserDetail | RoleDetail | GroupDetail | ManagedPolicyDetail, number: str = ID, partition: str = "aws"
) -> Account:
    return Account(
        account_id=number,
        partition=partition,
        users=tuple(entry for entry in entries if isinstance(entry, UserDetail)),
        roles=tuple(entry for entry in entries if isinstance(entry, RoleDetail)),
        groups=tuple(entry for entry in entries if isinstance(entry, GroupDetail)),
        policies=tuple(entry for entry in entries if isinstance(entry, ManagedPolicyDetail)),
    )


def snapshot(*accounts: Account) -> Snapshot:
    return Snapshot(path=Path("/captures/one.json"), files=(), sha256="0" * 64, accounts=accounts, latest=NOW)


def evaluator(
    *entries: UserDetail | RoleDetail | GroupDetail | ManagedPolicyDetail, resources: Sequence[Resource] = ()
) -> Evaluator:
    """An evaluator over one account, at a fixed moment."""
    captured = snapshot(account(*entries)).model_copy(update={"resources": tuple(resources)})
    return Evaluator(captured, now=lambda: NOW)
