"""What can be entered for a change: subjects, what a subject has, and the statements of a policy."""

from collections.abc import Iterable, Iterator
from heapq import nsmallest
from typing import Any

from iamdesk.escaping import visible
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.keys import organization_policy_key, resource_policy_key, trust_policy_key
from iamdesk.snapshot.model import Account, GroupDetail, RoleDetail, Snapshot, UserDetail
from iamdesk.viewmodel.types import Completion
from iamdesk.whatif.apply import INLINE, Entity, document_of, find
from iamdesk.whatif.edits import EditAction, WhatIfError

MOST = 50
_USERS = frozenset({EditAction.JOIN_GROUP, EditAction.LEAVE_GROUP})
_WITH_GROUPS = frozenset(
    {
        EditAction.ATTACH_POLICY,
        EditAction.DETACH_POLICY,
        EditAction.PUT_INLINE_POLICY,
        EditAction.DELETE_INLINE_POLICY,
    }
)
_POLICIES = frozenset(
    {EditAction.SET_POLICY, EditAction.ADD_STATEMENT, EditAction.SET_STATEMENT, EditAction.REMOVE_STATEMENT}
)
_ORGANIZATION = frozenset({EditAction.ATTACH_ORGANIZATION_POLICY, EditAction.DETACH_ORGANIZATION_POLICY})
_USER, _GROUP, _ROLE, _TRUST = mark("user"), mark("group"), mark("role"), mark("trust policy")
_INLINE_POLICY, _MANAGED, _AWS_MANAGED = mark("inline policy"), mark("managed policy"), mark("AWS managed policy")
_RESOURCE_POLICY = mark("resource policy")
_ORGANIZATION_POLICY, _NODE = mark("organization policy"), mark("root, OU or account")


def complete_subject(snapshot: Snapshot, act: EditAction, text: str, limit: int = MOST) -> tuple[Completion, ...]:
    """Return the subjects that a kind of change can have and whose name contains a text, the best first."""
    return _best(_subjects(snapshot, act), text, limit)


def complete_detail(
    snapshot: Snapshot, act: EditAction, subject: str, text: str, limit: int = MOST
) -> tuple[Completion, ...]:
    """Return the details that a change of a subject can have: what is attached to it, what can be, its groups."""
    return _best(_details(snapshot, act, subject), text, limit)


def statements_of(snapshot: Snapshot, key: str) -> tuple[str, ...]:
    """Return a line for each statement of a policy: ``Allow s3:GetObject (ReadOnly)``; none if it is not captured."""
    try:
        held = document_of(snapshot, key)
    except WhatIfError:
        return ()
    listed = held.get("Statement", []) if isinstance(held, dict) else []
    return tuple(map(_statement, listed if isinstance(listed, list) else [listed]))


def _statement(raw: Any) -> str:
    if not isinstance(raw, dict):
        return phrase("malformed statement")
    name = next((one for one in ("Action", "NotAction") if one in raw), "")
    actions = raw.get(name, [])
    listed = [actions] if isinstance(actions, str) else actions if isinstance(actions, list) else []
    some = ", ".join(map(str, listed[:3])) + (" …" if len(listed) > 3 else "")
    words = " ".join(
        part for part in (str(raw.get("Effect", "")), "NotAction" if name == "NotAction" else "", some) if part
    )
    sid = raw.get("Sid")
    return visible(f"{words} ({sid})" if isinstance(sid, str) and sid else words)


def _best(found: Iterable[Completion], text: str, limit: int) -> tuple[Completion, ...]:
    needle = text.strip().casefold()

    def ranked() -> Iterator[tuple[int, str, str, Completion]]:
        for one in found:
            label = one.label.casefold()
            if needle in label or needle in one.value.casefold():
                rank = 0 if label.startswith(needle) else 1 if needle in label else 2
                yield rank, label, one.value, one

    return tuple(one for *_, one in nsmallest(limit, ranked(), key=lambda one: one[:3]))


def _subjects(snapshot: Snapshot, act: EditAction) -> Iterator[Completion]:
    if act in _ORGANIZATION:
        for node in snapshot.organization.nodes if snapshot.organization is not None else ():
            yield Completion(node.id, node.name or node.id, _NODE)
        return
    if act in _POLICIES:
        yield from _policies_that_change(snapshot)
        return
    if act is EditAction.CREATE_POLICY:
        for account in snapshot.accounts:
            arn = f"arn:{account.partition}:iam::{account.account_id}:policy/${{PolicyName}}"
            yield Completion(arn, arn, _MANAGED, template=True)
        return
    for account in snapshot.accounts:
        for user in account.users:
            yield Completion(user.arn, user.user_name, _USER)
        if act not in _USERS:
            for role in account.roles:
                yield Completion(role.arn, role.role_name, _ROLE)
        if act in _WITH_GROUPS:
            for group in account.groups:
                yield Completion(group.arn, group.group_name, _GROUP)


def _policies_that_change(snapshot: Snapshot) -> Iterator[Completion]:
    for account in snapshot.accounts:
        for policy in account.policies:
            if "::aws:policy/" not in policy.arn:  # only AWS changes the others
                yield Completion(policy.arn, policy.policy_name, _MANAGED)
        for entity in _entities(account):
            for inline in getattr(entity, INLINE[type(entity)]):
                label = f"{inline.policy_name} · {_name(entity)}"
                yield Completion(f"{entity.arn}#inline/{inline.policy_name}", label, _INLINE_POLICY)
        for role in account.roles:
            yield Completion(trust_policy_key(role.arn), role.role_name, _TRUST)
    for resource in snapshot.resources:
        yield Completion(resource_policy_key(resource.arn), resource.arn.split(":", 5)[-1], _RESOURCE_POLICY)
    for held in snapshot.organization.policies if snapshot.organization is not None else ():
        if not held.aws_managed:
            yield Completion(organization_policy_key(held.id), held.name, _ORGANIZATION_POLICY)


def _details(snapshot: Snapshot, act: EditAction, subject: str) -> Iterator[Completion]:
    if act in _ORGANIZATION:
        yield from _organization_policies(snapshot, act, subject)
        return
    try:
        account, entity = find(snapshot, subject)
    except WhatIfError:
        return
    match act:
        case EditAction.ATTACH_POLICY | EditAction.SET_BOUNDARY:
            attached = {one.policy_arn for one in entity.attached_managed_policies}
            is_boundary = act is EditAction.SET_BOUNDARY
            for policy in account.policies:
                if is_boundary or policy.arn not in attached:
                    kind = _AWS_MANAGED if "::aws:policy/" in policy.arn else _MANAGED
                    yield Completion(policy.arn, policy.policy_name, kind)
        case EditAction.DETACH_POLICY:
            for one in entity.attached_managed_policies:
                yield Completion(one.policy_arn, one.policy_name, _MANAGED)
        case EditAction.PUT_INLINE_POLICY | EditAction.DELETE_INLINE_POLICY:
            for inline in getattr(entity, INLINE[type(entity)]):
                yield Completion(inline.policy_name, inline.policy_name, _INLINE_POLICY)
        case EditAction.JOIN_GROUP | EditAction.LEAVE_GROUP if isinstance(entity, UserDetail):
            for group in account.groups:
                if (group.group_name in entity.group_list) is (act is EditAction.LEAVE_GROUP):
                    yield Completion(group.arn, group.group_name, _GROUP)
        case EditAction.TAG | EditAction.UNTAG if not isinstance(entity, GroupDetail):
            for tag in entity.tags:
                yield Completion(tag.key, tag.key, visible(tag.value))


def _organization_policies(snapshot: Snapshot, act: EditAction, subject: str) -> Iterator[Completion]:
    organization = snapshot.organization
    node = next((one for one in organization.nodes if one.id == subject), None) if organization is not None else None
    if organization is None or node is None or node.policy_ids is None:
        return
    for held in organization.policies:
        if (held.id in node.policy_ids) is (act is EditAction.DETACH_ORGANIZATION_POLICY):
            yield Completion(held.id, held.name, _ORGANIZATION_POLICY)


def _entities(account: Account) -> Iterator[Entity]:
    yield from account.users
    yield from account.groups
    yield from account.roles


def _name(entity: Entity) -> str:
    if isinstance(entity, UserDetail):
        return entity.user_name
    return entity.role_name if isinstance(entity, RoleDetail) else entity.group_name
