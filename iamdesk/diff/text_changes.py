"""All configuration changes between two snapshots, with the principals and resources that they can affect."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from iamdesk.diff.cause_text import (
    attachment_cause,
    boundary_cause,
    endpoint_cause,
    membership_cause,
    move_cause,
    organization_attachment_cause,
    organization_text_cause,
    password_policy_cause,
    place_of,
    public_access_cause,
    settings_cause,
    short,
    text_cause,
)
from iamdesk.diff.result import Cause, ChangeKind
from iamdesk.diff.snapshot_view import SnapshotView
from iamdesk.i18n import phrase
from iamdesk.inventory.keys import inline_policy_key, organization_policy_key, trust_policy_key
from iamdesk.inventory.references import boundary_of, inline_policies_of
from iamdesk.inventory.resource_index import only_shared
from iamdesk.policy.arn import account_of, partition_of
from iamdesk.snapshot.identity_center import IdentityCenter
from iamdesk.snapshot.model import GroupDetail, RoleDetail, UserDetail
from iamdesk.snapshot.organization import OrganizationPolicyType

type Entity = UserDetail | RoleDetail | GroupDetail


@dataclass(frozen=True, slots=True)
class PolicyTexts:
    """One configuration change."""

    cause: Cause
    bears_on: frozenset[str]
    """ARNs of principals and resources whose access it can change."""
    gives: bool | None = None
    """As `TextChange.gives`."""


def text_changes(old: SnapshotView, new: SnapshotView) -> Iterator[PolicyTexts]:
    """Yield every change, principals first."""
    carriers = _Carriers(old, new)
    was, now = _entities(old), _entities(new)
    for arn in dict.fromkeys((*now, *was)):
        one, other = was.get(arn), now.get(arn)
        if one is None or other is None:
            yield _one_sided(arn, is_new=one is None)
        else:
            yield from _of_entity(one, other, carriers)
    yield from _of_managed_policies(old, new, carriers)
    yield from _of_organization(old, new)
    yield from _of_resources(old, new)
    yield from _of_endpoints(old, new)
    yield from _of_password_policies(old, new)
    yield from _of_assignments(old, new)


class _Carriers:
    """Attachments of policies and members of groups, in either snapshot."""

    def __init__(self, old: SnapshotView, new: SnapshotView) -> None:
        self.of: dict[str, set[str]] = {}
        """By policy key: the users, roles and groups that have it."""
        self.members: dict[str, set[str]] = {}
        """By group ARN: the group and its members."""
        for side in (old, new):
            for arn in (*side.index.users, *side.index.roles, *side.groups):
                carried = side.index.carried(arn)
                for policy in (*carried.identity, *((carried.boundary,) if carried.boundary else ())):
                    self.of.setdefault(policy.key, set()).add(arn)
                    self.members.setdefault(policy.owner, {policy.owner}).add(arn)
            for arn, user in side.index.users.items():
                for name in user.group_list:
                    group = side.index.groups.get((account_of(arn), name))
                    if group is not None:
                        self.members.setdefault(group.arn, {group.arn}).add(arn)

    def near(self, arn: str) -> frozenset[str]:
        """Return a principal, or a group with its members."""
        return frozenset(self.members.get(arn, ())) | {arn}


def _entities(side: SnapshotView) -> Mapping[str, Entity]:
    return {**side.index.users, **side.index.group_arns, **side.index.roles}


def _one_sided(arn: str, *, is_new: bool) -> PolicyTexts:
    kind = ChangeKind.CREATED if is_new else ChangeKind.DELETED
    return PolicyTexts(
        Cause(
            kind,
            arn,
            sentence=phrase("{name} was created.", name=short(arn))
            if kind is ChangeKind.CREATED
            else phrase("{name} was deleted.", name=short(arn)),
        ),
        frozenset({arn}),
    )


def _of_entity(one: Entity, other: Entity, carriers: _Carriers) -> Iterator[PolicyTexts]:
    arn = other.arn
    near = carriers.near(arn)
    if _id(one) != _id(other):
        yield PolicyTexts(
            Cause(ChangeKind.RECREATED, arn, sentence=phrase("{name} was deleted and recreated.", name=short(arn))),
            near,
        )
    was, now = (
        {each.policy_arn: each.policy_name for each in entity.attached_managed_policies} for entity in (one, other)
    )
    for key in dict.fromkeys((*now, *was)):
        if (key in was) != (key in now):
            name = (now.get(key) or was.get(key) or key).rpartition("/")[2]
            yield PolicyTexts(attachment_cause(arn, key, key.rpartition("/")[2] or name, added=key in now), near)
    texts, others = (
        {inline_policy_key(arn, each.policy_name): each for each in inline_policies_of(entity)}
        for entity in (one, other)
    )
    for key in dict.fromkeys((*others, *texts)):
        before, after = texts.get(key), others.get(key)
        if before is None or after is None:
            name = (after or before).policy_name  # type: ignore[union-attr]  # one of them is there
            yield PolicyTexts(attachment_cause(arn, key, name, added=before is None), near)
        elif before.policy_document != after.policy_document:
            yield PolicyTexts(text_cause(key, after.policy_name, is_aws=False, owner=arn), near)
    if boundary_of(one) != boundary_of(other):
        cause = boundary_cause(arn, had=boundary_of(one) is not None, has=boundary_of(other) is not None)
        yield PolicyTexts(cause, near)
    if _tags(one) != _tags(other):
        yield PolicyTexts(
            Cause(ChangeKind.TAGS, arn, sentence=phrase("The tags of {name} changed.", name=short(arn))), near
        )
    if _trust(one) != _trust(other):
        sentence = phrase("The trust policy of {name} changed.", name=short(arn))
        yield PolicyTexts(Cause(ChangeKind.TRUST, trust_policy_key(arn), sentence=sentence), near)
    if isinstance(one, UserDetail) and isinstance(other, UserDetail):
        account = account_of(arn)
        partition = partition_of(arn)
        for name in sorted(set(one.group_list) ^ set(other.group_list)):
            group = _group_arn(carriers, name, account) or f"arn:{partition}:iam::{account}:group/{name}"
            yield PolicyTexts(membership_cause(arn, group, joined=name in other.group_list), near)


def _tags(entity: Entity) -> set[tuple[str, str]]:
    return set() if isinstance(entity, GroupDetail) else {(tag.key, tag.value) for tag in entity.tags}


def _trust(entity: Entity) -> object:
    return entity.assume_role_policy_document if isinstance(entity, RoleDetail) else None


def _group_arn(carriers: _Carriers, name: str, account: str) -> str | None:
    marks = (f":iam::{account}:group/", f"/{name}")
    return next((arn for arn in carriers.members if marks[0] in arn and arn.endswith(marks[1])), None)


def _id(entity: Entity) -> str:
    if isinstance(entity, UserDetail):
        return entity.user_id
    return entity.role_id if isinstance(entity, RoleDetail) else entity.group_id


def _of_managed_policies(old: SnapshotView, new: SnapshotView, carriers: _Carriers) -> Iterator[PolicyTexts]:
    for key in dict.fromkeys((*new.index.policies, *old.index.policies)):
        account, arn = key
        before, after = old.index.policies.get(key), new.index.policies.get(key)
        if before is None or after is None:
            side = old if before is None else new
            if account in side.index.accounts and (after or before) is not None and "::aws:policy/" not in arn:
                written = _one_sided(arn, is_new=before is None)
                yield PolicyTexts(written.cause, frozenset(carriers.of.get(arn, ())))
            continue
        was, now = before.default_version, after.default_version
        if (was.document if was else None) != (now.document if now else None):
            cause = text_cause(arn, after.policy_name, is_aws=after.is_aws_managed, owner=arn)
            yield PolicyTexts(cause, frozenset(carriers.of.get(arn, ())))


# ── organization ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_organization(old: SnapshotView, new: SnapshotView) -> Iterator[PolicyTexts]:
    was, now = old.snapshot.organization, new.snapshot.organization
    accounts = [account for account in new.index.accounts if account in old.index.accounts]
    for account in accounts:
        if place_of(old, account) != place_of(new, account):
            yield PolicyTexts(move_cause(account, old, new), _of_account(new, account))
    if was is None or now is None:
        return
    all_principals = frozenset(new.principals)
    texts = {policy.id: policy for policy in was.policies}
    for policy in now.policies:
        before = texts.get(policy.id)
        if before is not None and before.content != policy.content:
            key = organization_policy_key(policy.id)
            yield PolicyTexts(organization_text_cause(policy.type, key, policy.name), all_principals)
    known = {policy.id: policy for policy in (*was.policies, *now.policies)}
    nodes = {node.id: node for node in was.nodes}
    for node in now.nodes:
        earlier = nodes.get(node.id)
        if earlier is None or earlier.policy_ids is None or node.policy_ids is None:
            continue
        for policy_id in sorted(set(earlier.policy_ids) ^ set(node.policy_ids)):
            kind = known[policy_id].type if policy_id in known else OrganizationPolicyType.SERVICE_CONTROL_POLICY
            name = known[policy_id].name if policy_id in known else policy_id
            added = policy_id in node.policy_ids
            key = organization_policy_key(policy_id)
            yield PolicyTexts(organization_attachment_cause(kind, node.id, key, name, added=added), all_principals)


def _of_account(side: SnapshotView, account: str) -> frozenset[str]:
    return frozenset(arn for arn in side.principals if account_of(arn) == account)


# ── resources ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_resources(old: SnapshotView, new: SnapshotView) -> Iterator[PolicyTexts]:
    for arn in dict.fromkeys((*new.resources, *old.resources)):
        before, after = old.resources.get(arn), new.resources.get(arn)
        on = frozenset({arn})
        name = arn.rpartition(":")[2]
        was, now = (side.evaluator.resources.shares.document_of(arn) for side in (old, new))
        if (was and was.raw) != (now and now.raw):
            sentence = phrase("The resource shares of {name} changed.", name=name)
            yield PolicyTexts(Cause(ChangeKind.GRANTS, arn, sentence=sentence), on)
        if (before or after) == only_shared(arn):
            continue
        if before is None or after is None:
            sentence = phrase("Only the old snapshot contains {name}.", name=short(arn))
            if before is None:
                sentence = phrase("Only the new snapshot contains {name}.", name=short(arn))
            yield PolicyTexts(Cause(ChangeKind.RESOURCE, arn, sentence=sentence), on)
            continue
        if before.policy != after.policy or before.is_policy_captured != after.is_policy_captured:
            sentence = phrase("The policy of {name} was removed.", name=name)
            if after.policy:
                sentence = phrase("The policy of {name} was added.", name=name)
                if before.policy:
                    sentence = phrase("The policy of {name} changed.", name=name)
            cause = Cause(ChangeKind.RESOURCE_POLICY, arn, sentence=sentence)
            yield PolicyTexts(cause, on)
        if before.tags != after.tags:
            yield PolicyTexts(
                Cause(ChangeKind.RESOURCE_TAGS, arn, sentence=phrase("The tags of {name} changed.", name=short(arn))),
                on,
            )
        if (before.acl, before.key_grants, before.object_ownership) != (
            after.acl,
            after.key_grants,
            after.object_ownership,
        ):
            yield PolicyTexts(
                Cause(ChangeKind.GRANTS, arn, sentence=phrase("The grants on {name} changed.", name=name)), on
            )
        if before.public_access_block != after.public_access_block:
            yield PolicyTexts(public_access_cause(arn, is_account=False), on)
        if (before.account_id, before.access_point, before.abac_enabled) != (
            after.account_id,
            after.access_point,
            after.abac_enabled,
        ):
            yield PolicyTexts(settings_cause(arn), on)
    blocks = [
        {one.account_id: one.public_access_block for one in side.snapshot.account_settings} for side in (old, new)
    ]
    for account in blocks[0].keys() & blocks[1].keys():
        if blocks[0][account] != blocks[1][account]:
            of_account = frozenset(arn for arn, one in new.resources.items() if one.account_id == account)
            yield PolicyTexts(public_access_cause(account, is_account=True), of_account)


def _of_endpoints(old: SnapshotView, new: SnapshotView) -> Iterator[PolicyTexts]:
    was, now = ({one.vpc_endpoint_id: one for one in side.snapshot.vpc_endpoints} for side in (old, new))
    for name in dict.fromkeys((*now, *was)):
        before, after = was.get(name), now.get(name)
        if before is None or after is None or before != after:
            yield PolicyTexts(endpoint_cause(name), frozenset(new.principals))


def _of_password_policies(old: SnapshotView, new: SnapshotView) -> Iterator[PolicyTexts]:
    was, now = ({one.account_id: one for one in side.snapshot.account_facts} for side in (old, new))
    for account in dict.fromkeys((*now, *was)):
        before, after = (
            None if one is None else (one.is_password_policy_captured, one.password_policy)
            for one in (was.get(account), now.get(account))
        )
        if before != after and account in old.index.accounts and account in new.index.accounts:
            yield PolicyTexts(password_policy_cause(account), _of_account(new, account))


# ── IAM Identity Center ──────────────────────────────────────────────────────────────────────────────────────────────


def _of_assignments(old: SnapshotView, new: SnapshotView) -> Iterator[PolicyTexts]:
    """Yield the changes of permission set assignments and of memberships in Identity Center groups."""
    was = {one.instance.instance_arn: one for one in old.snapshot.identity_centers}
    for center in new.snapshot.identity_centers:
        before = was.get(center.instance.instance_arn)
        if before is None:
            continue
        for read in (_assignments, _memberships):
            yield from _difference(read, before, center)


def _difference(
    read: Callable[[IdentityCenter], Mapping[tuple[str, str], str] | None],
    before: IdentityCenter,
    after: IdentityCenter,
) -> Iterator[PolicyTexts]:
    one, other = read(before), read(after)
    if one is None or other is None:
        return
    for key in sorted(one.keys() ^ other.keys()):
        words = other.get(key) or one[key]
        sentence = phrase("{subject} was removed.", subject=words)
        if key in other:
            sentence = phrase("{subject} was added.", subject=words)
        yield PolicyTexts(
            Cause(ChangeKind.ASSIGNMENT, key[0], key[1], sentence), frozenset({key[0]}), gives=key in other
        )


def _assignments(center: IdentityCenter) -> Mapping[tuple[str, str], str] | None:
    if center.account_assignments is None:
        return None
    names = _names(center)
    sets = {one.permission_set_arn: one.name for one in center.permission_sets or ()}
    return {
        (one.permission_set_arn, f"{one.account_id} {one.principal_type} {one.principal_id}"): (
            phrase(
                "The assignment of {permission_set} in account {account} to {who}",
                permission_set=sets.get(one.permission_set_arn) or one.permission_set_arn,
                account=one.account_id,
                who=names.get(one.principal_id, one.principal_id),
            )
        )
        for one in center.account_assignments
    }


def _memberships(center: IdentityCenter) -> Mapping[tuple[str, str], str] | None:
    if center.group_memberships is None:
        return None
    names = _names(center)
    return {
        (one.group_id, str(one.member_id.user_id)): (
            phrase(
                "The membership of {who} in {group}",
                who=names.get(str(one.member_id.user_id), str(one.member_id.user_id)),
                group=names.get(one.group_id, one.group_id),
            )
        )
        for one in center.group_memberships
    }


def _names(center: IdentityCenter) -> Mapping[str, str]:
    people: Iterable[tuple[str, str]] = ((one.user_id, one.user_name) for one in center.users or ())
    groups = ((one.group_id, one.display_name) for one in center.groups or ())
    return dict((*people, *groups))
