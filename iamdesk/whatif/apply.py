"""Applies changes to a copy of a snapshot."""

import copy
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from typing import Any

from iamdesk.i18n import nphrase, phrase
from iamdesk.inventory.keys import organization_policy_key, resource_policy_key, trust_policy_key
from iamdesk.snapshot.aws_model import Tag
from iamdesk.snapshot.model import (
    Account,
    AttachedPermissionsBoundary,
    AttachedPolicy,
    GroupDetail,
    ManagedPolicyDetail,
    PolicyDetail,
    PolicyVersion,
    RoleDetail,
    Snapshot,
    UserDetail,
)
from iamdesk.whatif.edits import Edit, EditAction, WhatIfError

type Entity = UserDetail | GroupDetail | RoleDetail

INLINE = {UserDetail: "user_policy_list", GroupDetail: "group_policy_list", RoleDetail: "role_policy_list"}
_LISTS = {UserDetail: "users", GroupDetail: "groups", RoleDetail: "roles"}
_OF_ENTITIES = frozenset(
    {
        EditAction.ATTACH_POLICY,
        EditAction.DETACH_POLICY,
        EditAction.PUT_INLINE_POLICY,
        EditAction.DELETE_INLINE_POLICY,
        EditAction.SET_BOUNDARY,
        EditAction.REMOVE_BOUNDARY,
        EditAction.JOIN_GROUP,
        EditAction.LEAVE_GROUP,
        EditAction.TAG,
        EditAction.UNTAG,
    }
)
"""Changes of one user, group or role, which nothing else is changed by."""


def apply(snapshot: Snapshot, edits: Iterable[Edit]) -> Snapshot:
    """Return a copy of a snapshot with changes applied, one after the other.

    Raises:
        WhatIfError: one of them cannot be applied; its text names it by its number.
    """
    edits = tuple(edits)
    _refuse_two_of_one_statement(edits)
    applied = [asdict(edit) for edit in edits]
    if all(edit.act in _OF_ENTITIES for edit in edits):
        changed = _with_entities(snapshot, edits)
    else:
        changed = snapshot
        for number, edit in enumerate(edits, 1):
            with _named_by(number):
                changed = apply_one(changed, edit)
    digest = hashlib.sha256(f"{snapshot.sha256} {json.dumps(applied, sort_keys=True, default=str)}".encode())
    name = nphrase(
        "{name} with {count:,} change", "{name} with {count:,} changes", len(applied), name=snapshot.path.name
    )
    return changed.model_copy(update={"sha256": digest.hexdigest(), "path": snapshot.path.with_name(name)})


def _refuse_two_of_one_statement(edits: Iterable[Edit]) -> None:
    """Refuse two texts for one statement: the second one would silently undo the first."""
    replaced: dict[str, dict[int | None, tuple[int, Any]]] = {}
    for number, edit in enumerate(edits, 1):
        if edit.act in (EditAction.REMOVE_STATEMENT, EditAction.SET_POLICY):  # other numbers, or another policy
            replaced.pop(edit.subject, None)
        if edit.act is not EditAction.SET_STATEMENT:
            continue
        first, document = replaced.setdefault(edit.subject, {}).setdefault(edit.index, (number, edit.document))
        if document != edit.document:
            sentence = phrase("change {first} replaces the same statement: make one change of both", first=first)
            with _named_by(number):
                raise WhatIfError(sentence)


@contextmanager
def _named_by(number: int) -> Iterator[None]:
    """Name the change by its number in errors."""
    try:
        yield
    except WhatIfError as error:
        raise WhatIfError(phrase("change {number}: {error}", number=number, error=error)) from None


def apply_one(snapshot: Snapshot, edit: Edit) -> Snapshot:
    """Return a copy of a snapshot with one change applied.

    Raises:
        WhatIfError: it cannot be applied.
    """
    match edit.act:
        case EditAction.SET_POLICY:
            return _with_document(snapshot, edit.subject, edit.document)
        case EditAction.ADD_STATEMENT | EditAction.SET_STATEMENT | EditAction.REMOVE_STATEMENT:
            return _with_document(snapshot, edit.subject, edited_document(snapshot, edit))
        case EditAction.CREATE_POLICY:
            return _with_policy(snapshot, edit)
        case EditAction.ATTACH_ORGANIZATION_POLICY | EditAction.DETACH_ORGANIZATION_POLICY:
            return _with_organization_policy(snapshot, edit)
        case EditAction.DELETE:
            return _without(snapshot, edit.subject)
    return _with_entity(snapshot, edit.subject, lambda entity: _changed(snapshot, entity, edit))


# ── users, groups, roles ─────────────────────────────────────────────────────────────────────────────────────────────


def find(snapshot: Snapshot, arn: str) -> tuple[Account, Entity]:
    """Return a user, group or role with its account.

    Raises:
        WhatIfError: the snapshot has none with this ARN.
    """
    for account in snapshot.accounts:
        lists: tuple[tuple[Entity, ...], ...] = (account.users, account.groups, account.roles)
        # ARNs name one entity: where to begin is a matter of time alone.
        for entity in chain.from_iterable(lists[::-1] if ":role/" in arn else lists):
            if entity.arn == arn:
                return account, entity
    raise _not_held(arn)


def _not_held(arn: str) -> WhatIfError:
    return WhatIfError(phrase("the snapshot has no user, group or role {arn}", arn=arn))


def _with_entity(snapshot: Snapshot, arn: str, change: Callable[[Entity], Entity | None]) -> Snapshot:
    account, entity = find(snapshot, arn)
    changed = change(entity)
    name = _LISTS[type(entity)]
    listed = [one if one.arn != arn else changed for one in getattr(account, name)]
    held = _with_account(snapshot, account.model_copy(update={name: tuple(one for one in listed if one is not None)}))
    return _recounted(held, [(account.account_id, entity, changed)])


def _with_entities(snapshot: Snapshot, edits: Iterable[Edit]) -> Snapshot:
    """Return a copy with changes of some users, groups and roles, in one pass: there may be thousands."""
    held: dict[str, tuple[str, Entity]] = {}
    for account in snapshot.accounts:
        entities: tuple[Entity, ...] = (*account.users, *account.groups, *account.roles)
        for entity in entities:
            held.setdefault(entity.arn, (account.account_id, entity))
    changed: dict[tuple[str, str], dict[str, Entity]] = {}
    changes: list[tuple[str, Entity, Entity | None]] = []
    for number, edit in enumerate(edits, 1):
        with _named_by(number):
            if edit.subject not in held:
                raise _not_held(edit.subject)
            account_id, entity = held[edit.subject]
            after = _changed(snapshot, entity, edit)
            changed.setdefault((account_id, _LISTS[type(entity)]), {})[edit.subject] = after
            changes.append((account_id, entity, after))
            held[edit.subject] = account_id, after
    accounts = []
    for account in snapshot.accounts:
        update = {
            name: tuple(new.get(one.arn, one) for one in getattr(account, name))
            for name in _LISTS.values()
            if (new := changed.get((account.account_id, name)))
        }
        accounts.append(account.model_copy(update=update) if update else account)
    return _recounted(snapshot.model_copy(update={"accounts": tuple(accounts)}), changes)


def _recounted(snapshot: Snapshot, changes: Iterable[tuple[str, Entity, Entity | None]]) -> Snapshot:
    """Return a copy in which AWS's counts of attachments follow changes of (account, entity before, entity after).

    Otherwise a detached policy would look like one of which holders were not captured.
    """
    differences: Counter[tuple[str, str, str]] = Counter()
    for account_id, before, after in changes:
        for entity, one in ((before, -1), (after, 1)):
            for field, arn in _counted(entity):
                holder = _account_that_counts(snapshot, account_id, arn)
                differences[holder, field, arn] += one
    for account in snapshot.accounts:
        own = {key[1:]: count for key, count in differences.items() if count and key[0] == account.account_id}
        if own:
            policies = tuple(_with_difference(policy, own) for policy in account.policies)
            snapshot = _with_account(snapshot, account.model_copy(update={"policies": policies}))
    return snapshot


def _counted(entity: Entity | None) -> Iterator[tuple[str, str]]:
    """Yield the policies that AWS counts an entity for, each with the name of the count."""
    if entity is None:
        return
    for attached in entity.attached_managed_policies:
        yield "attachment_count", attached.policy_arn
    boundary = None if isinstance(entity, GroupDetail) else entity.permissions_boundary
    if boundary is not None:
        yield "permissions_boundary_usage_count", boundary.permissions_boundary_arn


def _account_that_counts(snapshot: Snapshot, account_id: str, policy_arn: str) -> str:
    """Return the account that lists a policy: an AWS managed one may be listed by another one of the same file."""
    listing = [one.account_id for one in snapshot.accounts if any(held.arn == policy_arn for held in one.policies)]
    return listing[0] if len(listing) == 1 else account_id


def _with_difference(policy: ManagedPolicyDetail, differences: dict[tuple[str, str], int]) -> ManagedPolicyDetail:
    update = {}
    for field in ("attachment_count", "permissions_boundary_usage_count"):
        count, difference = getattr(policy, field), differences.get((field, policy.arn))
        if count is not None and difference:
            update[field] = max(0, count + difference)
    return policy.model_copy(update=update) if update else policy


def _with_account(snapshot: Snapshot, account: Account) -> Snapshot:
    accounts = tuple(account if one.account_id == account.account_id else one for one in snapshot.accounts)
    return snapshot.model_copy(update={"accounts": accounts})


def _without(snapshot: Snapshot, arn: str) -> Snapshot:
    if isinstance(find(snapshot, arn)[1], GroupDetail):
        raise WhatIfError(phrase("{arn} is a group: remove its members instead", arn=arn))
    return _with_entity(snapshot, arn, lambda _: None)


def _changed(snapshot: Snapshot, entity: Entity, edit: Edit) -> Entity:
    update: dict[str, Any] = {}
    match edit.act:
        case EditAction.ATTACH_POLICY:
            if any(one.policy_arn == edit.detail for one in entity.attached_managed_policies):
                raise WhatIfError(
                    phrase("{detail} is attached to {subject} already", detail=edit.detail, subject=edit.subject)
                )
            added = AttachedPolicy(policy_name=edit.detail.rpartition("/")[2], policy_arn=edit.detail)
            update["attached_managed_policies"] = (*entity.attached_managed_policies, added)
        case EditAction.DETACH_POLICY:
            kept = tuple(one for one in entity.attached_managed_policies if one.policy_arn != edit.detail)
            if len(kept) == len(entity.attached_managed_policies):
                raise WhatIfError(
                    phrase("{detail} is not attached to {subject}", detail=edit.detail, subject=edit.subject)
                )
            update["attached_managed_policies"] = kept
        case EditAction.PUT_INLINE_POLICY | EditAction.DELETE_INLINE_POLICY:
            update = _inline(entity, edit)
        case EditAction.SET_BOUNDARY | EditAction.REMOVE_BOUNDARY:
            _only_users_and_roles(entity, edit)
            boundary = None
            if edit.act is EditAction.SET_BOUNDARY:
                boundary = AttachedPermissionsBoundary(permissions_boundary_arn=edit.detail)
            update["permissions_boundary"] = boundary
        case EditAction.JOIN_GROUP | EditAction.LEAVE_GROUP:
            update = _membership(snapshot, entity, edit)
        case EditAction.TAG | EditAction.UNTAG:
            _only_users_and_roles(entity, edit)
            tags: tuple[Tag, ...] = tuple(tag for tag in getattr(entity, "tags", ()) if tag.key != edit.detail)
            if edit.act is EditAction.TAG:
                tags = (*tags, Tag(key=edit.detail, value=str(edit.document)))
            update["tags"] = tags
    return entity.model_copy(update=update)


def _only_users_and_roles(entity: Entity, edit: Edit) -> None:
    if isinstance(entity, GroupDetail):
        raise WhatIfError(
            phrase("{act} is for users and roles: {subject} is a group", act=edit.act.value, subject=edit.subject)
        )


def _inline(entity: Entity, edit: Edit) -> dict[str, Any]:
    name = INLINE[type(entity)]
    listed: tuple[PolicyDetail, ...] = getattr(entity, name)
    kept = tuple(one for one in listed if one.policy_name != edit.detail)
    if edit.act is EditAction.DELETE_INLINE_POLICY:
        if len(kept) == len(listed):
            raise WhatIfError(
                phrase("{subject} has no inline policy {detail}", subject=edit.subject, detail=edit.detail)
            )
        return {name: kept}
    return {name: (*kept, PolicyDetail(policy_name=edit.detail, policy_document=_document(edit.document)))}


def _membership(snapshot: Snapshot, entity: Entity, edit: Edit) -> dict[str, Any]:
    if not isinstance(entity, UserDetail):
        raise WhatIfError(phrase("only users can be in groups: {subject} is not a user", subject=edit.subject))
    _, group = find(snapshot, edit.detail)
    if not isinstance(group, GroupDetail):
        raise WhatIfError(phrase("{detail} is not a group", detail=edit.detail))
    is_member = group.group_name in entity.group_list
    if edit.act is EditAction.JOIN_GROUP:
        if is_member:
            raise WhatIfError(phrase("{subject} is in {detail} already", subject=edit.subject, detail=edit.detail))
        return {"group_list": (*entity.group_list, group.group_name)}
    if not is_member:
        raise WhatIfError(phrase("{subject} is not in {detail}", subject=edit.subject, detail=edit.detail))
    return {"group_list": tuple(name for name in entity.group_list if name != group.group_name)}


# ── policies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def edited_document(snapshot: Snapshot, edit: Edit) -> dict[str, Any]:
    """Return a policy's document with a statement added, replaced or removed.

    Raises:
        WhatIfError: the snapshot does not hold the policy, or it has no such statement.
    """
    held = document_of(snapshot, edit.subject)
    if not isinstance(held, dict):
        raise WhatIfError(phrase("the document of {subject} is not captured", subject=edit.subject))
    changed = copy.deepcopy(held)
    listed = changed.get("Statement", [])
    statements: list[Any] = listed if isinstance(listed, list) else [listed]
    if edit.act is EditAction.ADD_STATEMENT:
        statements = [*statements, edit.document]
    else:
        index = edit.index if edit.index is not None else -1
        statement_of(snapshot, edit.subject, index)
        if edit.act is EditAction.REMOVE_STATEMENT:
            statements = [*statements[:index], *statements[index + 1 :]]
        else:
            statements = [*statements[:index], edit.document, *statements[index + 1 :]]
    changed["Statement"] = statements
    return changed


def statement_of(snapshot: Snapshot, key: str, index: int) -> Any:
    """Return one statement of a policy, by its index from 0.

    Raises:
        WhatIfError: the snapshot does not hold the policy, or it has no such statement.
    """
    held = document_of(snapshot, key)
    listed = held.get("Statement", []) if isinstance(held, dict) else []
    statements = listed if isinstance(listed, list) else [listed]
    if not 0 <= index < len(statements):
        raise WhatIfError(
            phrase(
                "{key} has {count:,} statements, but no statement {index}",
                key=key,
                count=len(statements),
                index=index,
            )
        )
    return statements[index]


def document_of(snapshot: Snapshot, key: str) -> Any:
    """Return the default document of a policy by its key.

    Raises:
        WhatIfError: the snapshot has no such policy.
    """
    owner, mark, part = key.rpartition("#")
    if key.startswith("organization#") and snapshot.organization is not None:
        for policy in snapshot.organization.policies:
            if organization_policy_key(policy.id) == key:
                return policy.content
    elif mark and key == resource_policy_key(owner):
        for resource in snapshot.resources:
            if resource.arn == owner:
                return resource.policy if resource.policy is not None else {"Version": "2012-10-17", "Statement": []}
    elif mark:
        _, entity = find(snapshot, owner)
        if isinstance(entity, RoleDetail) and key == trust_policy_key(owner):
            return entity.assume_role_policy_document
        for inline in getattr(entity, INLINE[type(entity)]):
            if part == f"inline/{inline.policy_name}":
                return inline.policy_document
    else:
        for account in snapshot.accounts:
            for held in account.policies:
                if held.arn == key and held.default_version is not None:
                    return held.default_version.document
    raise WhatIfError(phrase("the snapshot has no policy {key}", key=key))


def _with_document(snapshot: Snapshot, key: str, document: Any) -> Snapshot:
    _document(document)
    document_of(snapshot, key)
    owner, mark, part = key.rpartition("#")
    if key.startswith("organization#") and snapshot.organization is not None:
        organization = snapshot.organization
        policies = tuple(
            one.model_copy(update={"content": document}) if organization_policy_key(one.id) == key else one
            for one in organization.policies
        )
        return snapshot.model_copy(update={"organization": organization.model_copy(update={"policies": policies})})
    if mark and key == resource_policy_key(owner):
        resources = tuple(
            one.model_copy(update={"policy": document, "is_policy_captured": True}) if one.arn == owner else one
            for one in snapshot.resources
        )
        return snapshot.model_copy(update={"resources": resources})
    if mark and key == trust_policy_key(owner):
        return _with_entity(
            snapshot, owner, lambda role: role.model_copy(update={"assume_role_policy_document": document})
        )
    if mark:
        edit = Edit(EditAction.PUT_INLINE_POLICY, owner, part.removeprefix("inline/"), document)
        return _with_entity(snapshot, owner, lambda entity: _changed(snapshot, entity, edit))
    if "::aws:policy/" in key:
        raise WhatIfError(phrase("{key} is AWS managed: only AWS can change it", key=key))
    changed = snapshot
    for account in snapshot.accounts:
        listed = [_with_version(one, document) if one.arn == key else one for one in account.policies]
        changed = _with_account(changed, account.model_copy(update={"policies": tuple(listed)}))
    return changed


def _with_version(policy: ManagedPolicyDetail, document: Any) -> ManagedPolicyDetail:
    """Return a policy with a new default version; AWS assigns the real version number."""
    version = PolicyVersion(version_id="what-if", is_default_version=True, document=document)
    older = tuple(one.model_copy(update={"is_default_version": False}) for one in policy.policy_version_list)
    return policy.model_copy(update={"default_version_id": "what-if", "policy_version_list": (version, *older)})


def _with_policy(snapshot: Snapshot, edit: Edit) -> Snapshot:
    parts = edit.subject.split(":", 5)
    account = next((one for one in snapshot.accounts if parts[4:5] == [one.account_id]), None)
    if account is None or len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("policy/"):
        raise WhatIfError(
            phrase("{subject} is not the ARN of a policy in an account of the snapshot", subject=edit.subject)
        )
    if any(one.arn == edit.subject for one in account.policies):
        raise WhatIfError(phrase("the policy {subject} already exists", subject=edit.subject))
    version = PolicyVersion(version_id="v1", is_default_version=True, document=_document(edit.document))
    made = ManagedPolicyDetail(
        arn=edit.subject,
        policy_name=parts[5].rpartition("/")[2],
        default_version_id="v1",
        policy_version_list=(version,),
    )
    return _with_account(snapshot, account.model_copy(update={"policies": (*account.policies, made)}))


def _document(document: Any) -> Any:
    if not isinstance(document, dict) or "Statement" not in document:
        raise WhatIfError(phrase("a policy document is an object with `Statement`"))
    return document


def _with_organization_policy(snapshot: Snapshot, edit: Edit) -> Snapshot:
    organization = snapshot.organization
    node = next((one for one in organization.nodes if one.id == edit.subject), None) if organization else None
    if organization is None or node is None or node.policy_ids is None:
        raise WhatIfError(phrase("the policies attached to {subject} are not captured", subject=edit.subject))
    if edit.act is EditAction.ATTACH_ORGANIZATION_POLICY:
        if edit.detail not in {one.id for one in organization.policies}:
            raise WhatIfError(phrase("the organization has no policy {detail}", detail=edit.detail))
        if edit.detail in node.policy_ids:
            raise WhatIfError(
                phrase("{detail} is attached to {subject} already", detail=edit.detail, subject=edit.subject)
            )
        ids = (*node.policy_ids, edit.detail)
    else:
        if edit.detail not in node.policy_ids:
            raise WhatIfError(phrase("{detail} is not attached to {subject}", detail=edit.detail, subject=edit.subject))
        ids = tuple(one for one in node.policy_ids if one != edit.detail)
    changed = node.model_copy(update={"policy_ids": ids})
    nodes = tuple(changed if one.id == node.id else one for one in organization.nodes)
    return snapshot.model_copy(update={"organization": organization.model_copy(update={"nodes": nodes})})
