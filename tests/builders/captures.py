"""Small captures written by hand: users, roles, groups, policies and accounts as the reader makes them of `entries`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.snapshot.model import Account, GroupDetail, ManagedPolicyDetail, RoleDetail, Snapshot, UserDetail
from iamdesk.snapshot.resources import Resource

from . import entries
from .entries import ID, allow, deny, document, trusting

__all__ = [
    "ID",
    "NOW",
    "OTHER_ID",
    "ROOT",
    "account",
    "allow",
    "deny",
    "document",
    "evaluator",
    "group",
    "managed",
    "policy_arn",
    "role",
    "role_arn",
    "snapshot",
    "trusting",
    "user",
    "user_arn",
]

OTHER_ID = "444455556666"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = f"arn:aws:iam::{ID}:root"


def user_arn(name: str, account: str = ID) -> str:
    return f"arn:aws:iam::{account}:user/{name}"


def role_arn(name: str, account: str = ID) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def policy_arn(name: str, account: str = ID) -> str:
    return f"arn:aws:iam::{account}:policy/{name}"


def user(name: str, *inline: entries.Inline, **more: Any) -> UserDetail:
    return UserDetail.model_validate(entries.user(name, *inline, **more))


def role(name: str, *inline: entries.Inline, **more: Any) -> RoleDetail:
    return RoleDetail.model_validate(entries.role(name, *inline, **more))


def group(name: str, *inline: entries.Inline, **more: Any) -> GroupDetail:
    return GroupDetail.model_validate(entries.group(name, *inline, **more))


def managed(arn: str, *versions: Any) -> ManagedPolicyDetail:
    """A managed policy; the last version given is the default one."""
    return ManagedPolicyDetail.model_validate(entries.managed(arn, *versions))


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
