"""The changes that take an item of a snapshot away: a policy, a user, a role, or the members of a group."""

from collections.abc import Iterator

from iamdesk.inventory.keys import organization_policy_key
from iamdesk.inventory.references import boundary_of
from iamdesk.snapshot.model import Account, GroupDetail, Snapshot, UserDetail
from iamdesk.whatif.apply import Entity
from iamdesk.whatif.edits import Edit, EditAction

_INLINE = "#inline/"


def edits_without(snapshot: Snapshot, key: str, holder: str = "") -> tuple[Edit, ...]:
    """Return the changes that take an item away; empty if it is no policy, user, group or role, or has no effect.

    A managed policy is detached from all that have it, also as permissions boundary; a user or role is deleted; of a
    group, all members leave. ``holder`` is the ARN of a user, group or role: its policy is taken from it alone, or
    from those of its groups that have it.
    """
    owner, is_inline, name = key.partition(_INLINE)
    if is_inline:
        return (Edit(EditAction.DELETE_INLINE_POLICY, owner, name),)
    organization = snapshot.organization
    for held in organization.policies if organization is not None else ():
        if organization is not None and organization_policy_key(held.id) == key:
            nodes = (node.id for node in organization.nodes if held.id in (node.policy_ids or ()))
            return tuple(Edit(EditAction.DETACH_ORGANIZATION_POLICY, node, held.id) for node in nodes)
    return tuple(edit for account in snapshot.accounts for edit in _in_account(account, key, holder))


def _in_account(account: Account, key: str, holder: str) -> Iterator[Edit]:
    groups = _groups_of(account, holder)
    members = {group.group_name for group in account.groups if group.arn == key}
    entities: tuple[Entity, ...] = (*account.users, *account.groups, *account.roles)
    for entity in entities:
        if entity.arn == key and not isinstance(entity, GroupDetail):
            yield Edit(EditAction.DELETE, key)
        elif isinstance(entity, UserDetail) and members.intersection(entity.group_list):
            if not holder or entity.arn == holder:
                yield Edit(EditAction.LEAVE_GROUP, entity.arn, key)
        elif not holder or entity.arn == holder or (isinstance(entity, GroupDetail) and entity.group_name in groups):
            yield from _of_policy(entity, key)


def _groups_of(account: Account, holder: str) -> frozenset[str]:
    user = next((one for one in account.users if one.arn == holder), None) if holder else None
    return frozenset(user.group_list) if user is not None else frozenset()


def _of_policy(entity: Entity, policy: str) -> Iterator[Edit]:
    if any(one.policy_arn == policy for one in entity.attached_managed_policies):
        yield Edit(EditAction.DETACH_POLICY, entity.arn, policy)
    if not isinstance(entity, GroupDetail) and boundary_of(entity) == policy:
        yield Edit(EditAction.REMOVE_BOUNDARY, entity.arn)
