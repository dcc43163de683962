"""The changes that take an item away, over the samples: applied, the item is gone, and nothing else is."""

import pytest

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.resource_files import sample_organization, sample_snapshot
from iamdesk.whatif.apply import apply
from iamdesk.whatif.edits import Edit, EditAction
from iamdesk.whatif.without import edits_without

ACCOUNT = "arn:aws:iam::111122223333"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture(scope="module")
def sample() -> SnapshotSession:
    return Workbench().open_snapshot(sample_snapshot())


def test_a_managed_policy_is_detached_from_all_that_have_it(sample: SnapshotSession) -> None:
    (account,) = sample.snapshot.accounts
    holders = {
        one.arn
        for one in (*account.users, *account.groups, *account.roles)
        if any(held.policy_arn == ADMIN for held in one.attached_managed_policies)
    }
    edits = edits_without(sample.snapshot, ADMIN)
    assert len(holders) > 3
    assert {(edit.act, edit.subject, edit.detail) for edit in edits} == {
        (EditAction.DETACH_POLICY, one, ADMIN) for one in holders
    }
    (after,) = apply(sample.snapshot, edits).accounts
    left = [
        one
        for one in (*after.users, *after.groups, *after.roles)
        for held in one.attached_managed_policies
        if held.policy_arn == ADMIN
    ]
    assert left == []


def test_a_boundary_goes_too(sample: SnapshotSession) -> None:
    (account,) = sample.snapshot.accounts
    bound = [one for one in (*account.users, *account.roles) if one.permissions_boundary is not None]
    assert bound
    boundary = bound[0].permissions_boundary
    assert boundary is not None
    edits = edits_without(sample.snapshot, boundary.permissions_boundary_arn)
    assert Edit(EditAction.REMOVE_BOUNDARY, bound[0].arn) in edits


def test_an_inline_policy_a_user_a_role_and_a_group(sample: SnapshotSession) -> None:
    (account,) = sample.snapshot.accounts
    owner = next(one for one in account.roles if one.role_policy_list)
    name = owner.role_policy_list[0].policy_name
    assert edits_without(sample.snapshot, f"{owner.arn}#inline/{name}") == (
        Edit(EditAction.DELETE_INLINE_POLICY, owner.arn, name),
    )
    user = account.users[0]
    assert edits_without(sample.snapshot, user.arn) == (Edit(EditAction.DELETE, user.arn),)
    group = next(one for one in account.groups if any(one.group_name in each.group_list for each in account.users))
    members = {one.arn for one in account.users if group.group_name in one.group_list}
    edits = edits_without(sample.snapshot, group.arn)
    assert {(edit.act, edit.subject, edit.detail) for edit in edits} == {
        (EditAction.LEAVE_GROUP, one, group.arn) for one in members
    }
    one = next(iter(members))
    assert edits_without(sample.snapshot, group.arn, one) == (Edit(EditAction.LEAVE_GROUP, one, group.arn),)


def test_of_one_holder_its_own_attachment_or_that_of_its_groups(sample: SnapshotSession) -> None:
    (account,) = sample.snapshot.accounts
    through = [
        (user, group, held.policy_arn)
        for user in account.users
        for group in account.groups
        if group.group_name in user.group_list
        for held in group.attached_managed_policies
    ]
    user, group, policy = through[0]
    assert edits_without(sample.snapshot, policy, user.arn) == (Edit(EditAction.DETACH_POLICY, group.arn, policy),)
    role = next(one for one in account.roles if one.attached_managed_policies)
    own = role.attached_managed_policies[0].policy_arn
    assert edits_without(sample.snapshot, own, role.arn) == (Edit(EditAction.DETACH_POLICY, role.arn, own),)


def test_what_is_in_no_use_or_no_item_has_no_edits(sample: SnapshotSession) -> None:
    for key in ("", "arn:aws:iam::aws:policy/NoSuch", "arn:aws:s3:::acme-payroll", f"{ACCOUNT}:root"):
        assert edits_without(sample.snapshot, key) == ()


def test_an_organization_policy_is_detached_from_every_target() -> None:
    snapshot = Workbench().open_snapshot(sample_organization()).snapshot
    organization = snapshot.organization
    assert organization is not None
    held = next(
        one for one in organization.policies if any(one.id in (node.policy_ids or ()) for node in organization.nodes)
    )
    targets = {node.id for node in organization.nodes if held.id in (node.policy_ids or ())}
    edits = edits_without(snapshot, f"organization#{held.id}")
    assert {(edit.act, edit.subject, edit.detail) for edit in edits} == {
        (EditAction.DETACH_ORGANIZATION_POLICY, one, held.id) for one in targets
    }
