"""AWS CLI commands for changes. iamdesk never runs them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from iamdesk.inventory.keys import resource_policy_key, trust_policy_key
from iamdesk.snapshot.model import GroupDetail, Snapshot, UserDetail
from iamdesk.snapshot.resource_services import policy_commands
from iamdesk.whatif.apply import apply_one, document_of, edited_document, find
from iamdesk.whatif.edits import Edit, EditAction


@dataclass(frozen=True, slots=True)
class CliCommand:
    """The AWS CLI command for one change."""

    edit: Edit
    account_id: str
    """The account whose credentials it needs."""
    words: tuple[str, ...]
    """Empty where there is no single command: ``by_hand`` describes the steps."""
    by_hand: str = ""
    remark: str = ""
    """A note to read first."""


def commands(snapshot: Snapshot, edits: Iterable[Edit]) -> Iterator[CliCommand]:
    """Yield the command of each change, in order.

    Raises:
        WhatIfError: a change cannot be applied.
    """
    current = snapshot
    for edit in edits:
        changed = apply_one(current, edit)
        yield _command(current, edit)
        current = changed


def command_of(snapshot: Snapshot, edit: Edit) -> CliCommand:
    """Return the command of one change to a snapshot, without making the change.

    Raises:
        WhatIfError: the snapshot does not hold what it changes.
    """
    return _command(snapshot, edit)


def _command(snapshot: Snapshot, edit: Edit) -> CliCommand:
    match edit.act:
        case EditAction.SET_POLICY:
            return _policy(snapshot, edit, edit.document)
        case EditAction.ADD_STATEMENT | EditAction.SET_STATEMENT | EditAction.REMOVE_STATEMENT:
            return _policy(snapshot, edit, edited_document(snapshot, edit))
        case EditAction.CREATE_POLICY:
            account, rest = edit.subject.split(":", 5)[4:6]
            path, _, name = rest.removeprefix("policy").rpartition("/")
            where = ("--path", f"{path}/") if path else ()
            words = ("aws", "iam", "create-policy", "--policy-name", name, *where, "--policy-document")
            return CliCommand(edit, account, (*words, _text(edit.document)))
        case EditAction.ATTACH_ORGANIZATION_POLICY | EditAction.DETACH_ORGANIZATION_POLICY:
            verb = "attach-policy" if edit.act is EditAction.ATTACH_ORGANIZATION_POLICY else "detach-policy"
            words = ("aws", "organizations", verb, "--policy-id", edit.detail, "--target-id", edit.subject)
            return CliCommand(edit, _management(snapshot), words)
    return _entity(snapshot, edit)


def _entity(snapshot: Snapshot, edit: Edit) -> CliCommand:
    account, entity = find(snapshot, edit.subject)
    kind = "group" if isinstance(entity, GroupDetail) else "user" if isinstance(entity, UserDetail) else "role"
    name = edit.subject.rpartition("/")[2]
    who = (f"--{kind}-name", name)
    named = ("--policy-name", edit.detail)
    words: tuple[str, ...]
    match edit.act:
        case EditAction.ATTACH_POLICY | EditAction.DETACH_POLICY:
            verb = "attach" if edit.act is EditAction.ATTACH_POLICY else "detach"
            words = (f"{verb}-{kind}-policy", *who, "--policy-arn", edit.detail)
        case EditAction.PUT_INLINE_POLICY:
            words = (f"put-{kind}-policy", *who, *named, "--policy-document", _text(edit.document))
        case EditAction.DELETE_INLINE_POLICY:
            words = (f"delete-{kind}-policy", *who, *named)
        case EditAction.SET_BOUNDARY:
            words = (f"put-{kind}-permissions-boundary", *who, "--permissions-boundary", edit.detail)
        case EditAction.REMOVE_BOUNDARY:
            words = (f"delete-{kind}-permissions-boundary", *who)
        case EditAction.JOIN_GROUP | EditAction.LEAVE_GROUP:
            verb = "add-user-to-group" if edit.act is EditAction.JOIN_GROUP else "remove-user-from-group"
            words = (verb, *who, "--group-name", edit.detail.rpartition("/")[2])
        case EditAction.TAG:
            tag = json.dumps([{"Key": edit.detail, "Value": str(edit.document)}])
            words = (f"tag-{kind}", *who, "--tags", tag)
        case EditAction.UNTAG:
            words = (f"untag-{kind}", *who, "--tag-keys", edit.detail)
        case _:
            steps = "detach its policies, delete its inline policies, keys and profiles, then delete it"
            return CliCommand(edit, account.account_id, (), f"delete {edit.subject}: {steps}")
    return CliCommand(edit, account.account_id, ("aws", "iam", *words))


def _policy(snapshot: Snapshot, edit: Edit, document: Any) -> CliCommand:
    key, text = edit.subject, _text(document)
    document_of(snapshot, key)
    words: tuple[str, ...]
    owner, mark, part = key.rpartition("#")
    if key.startswith("organization#"):
        words = ("aws", "organizations", "update-policy", "--policy-id", part, "--content", text)
        return CliCommand(edit, _management(snapshot), words)
    if mark and key == resource_policy_key(owner):
        return _resource(snapshot, edit, owner, text)
    if mark and key == trust_policy_key(owner):
        account, _ = find(snapshot, owner)
        words = ("aws", "iam", "update-assume-role-policy", "--role-name", owner.rpartition("/")[2])
        return CliCommand(edit, account.account_id, (*words, "--policy-document", text))
    if mark:
        command = _entity(snapshot, Edit(EditAction.PUT_INLINE_POLICY, owner, part.removeprefix("inline/"), document))
        return CliCommand(edit, command.account_id, command.words)
    words = ("aws", "iam", "create-policy-version", "--policy-arn", key, "--set-as-default", "--policy-document", text)
    remark = "A policy has at most five versions: if it has five, delete the oldest one first."
    return CliCommand(edit, key.split(":", 5)[4], words, remark=remark)


def _resource(snapshot: Snapshot, edit: Edit, arn: str, text: str) -> CliCommand:
    parts = arn.split(":", 5)
    held = next((one for one in snapshot.resources if one.arn == arn), None)
    account = parts[4] or (held.account_id if held is not None else None) or "unknown"
    region = ("--region", parts[3]) if parts[3] else ()
    for command in policy_commands(parts[2]):
        name = command.name_in(arn)
        if command.put_policy and name is not None:
            filled = {"{arn}": arn, "{name}": name, "{policy}": text}
            words = ("aws", *(filled.get(word, word) for word in command.put_policy.split()))
            return CliCommand(edit, account, (*words, *region))
    return CliCommand(edit, account, (), f"set the policy of {arn} to: {text}")


def _management(snapshot: Snapshot) -> str:
    return snapshot.organization.management_account_id if snapshot.organization is not None else "unknown"


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=True, separators=(",", ":"))
