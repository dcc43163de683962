"""IAM Identity Center in a snapshot, by key: people, groups, permission sets and assignments."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from iamdesk.i18n import join_messages, join_names, phrase
from iamdesk.inventory.keys import Link, center_group_key, center_user_key
from iamdesk.inventory.permission_sets import PermissionSets, permission_set_of, person_name
from iamdesk.snapshot.identity_center import (
    AccountAssignment,
    IdentityCenter,
    IdentityStoreGroup,
    IdentityStoreUser,
    PermissionSet,
)
from iamdesk.snapshot.model import Snapshot


class HeldPerson(NamedTuple):
    """A person, with the instance that it belongs to."""

    center: IdentityCenter
    user: IdentityStoreUser


class HeldGroup(NamedTuple):
    """A group, with the instance that it belongs to."""

    center: IdentityCenter
    group: IdentityStoreGroup


class HeldSet(NamedTuple):
    """A permission set, with the instance that it belongs to."""

    center: IdentityCenter
    one: PermissionSet


class IdentityCenterIndex:
    """Finds entities of IAM Identity Center, and the links between them. Each map is built on first use."""

    def __init__(self, snapshot: Snapshot, sets: PermissionSets, account_words: Callable[[str], str]) -> None:
        self._snapshot = snapshot
        self.account_words = account_words
        """Returns the display name of an account, with its id."""
        self._use = sets

    @cached_property
    def centers(self) -> Mapping[str, IdentityCenter]:
        """Instances by ARN."""
        return {center.instance.instance_arn: center for center in self._snapshot.identity_centers}

    @cached_property
    def sets(self) -> Mapping[str, HeldSet]:
        """Permission sets by ARN."""
        return {
            one.permission_set_arn: HeldSet(center, one)
            for center in self._snapshot.identity_centers
            for one in center.permission_sets or ()
        }

    @cached_property
    def people(self) -> Mapping[str, HeldPerson]:
        """People by key."""
        return {
            center_user_key(center.instance.identity_store_id, user.user_id): HeldPerson(center, user)
            for center in self._snapshot.identity_centers
            for user in center.users or ()
        }

    @cached_property
    def groups(self) -> Mapping[str, HeldGroup]:
        """Groups by key."""
        return {
            center_group_key(center.instance.identity_store_id, group.group_id): HeldGroup(center, group)
            for center in self._snapshot.identity_centers
            for group in center.groups or ()
        }

    @cached_property
    def memberships(self) -> Mapping[str, list[str]]:
        """Keys of groups by the key of a person, and of people by the key of a group."""
        found: dict[str, list[str]] = {}
        for center in self._snapshot.identity_centers:
            store = center.instance.identity_store_id
            for one in center.group_memberships or ():
                if one.member_id.user_id is not None:
                    person = center_user_key(store, one.member_id.user_id)
                    group = center_group_key(store, one.group_id)
                    found.setdefault(person, []).append(group)
                    found.setdefault(group, []).append(person)
        return found

    @cached_property
    def lost_groups(self) -> frozenset[str]:
        """Groups that have members, but were not captured themselves."""
        return frozenset(key for key in self.memberships if "#group/" in key and key not in self.groups)

    @cached_property
    def assignments(self) -> Mapping[str, list[AccountAssignment]]:
        """By the key of the person or group, and by the ARN of the permission set."""
        found: dict[str, list[AccountAssignment]] = {}
        for center in self._snapshot.identity_centers:
            for one in center.account_assignments or ():
                found.setdefault(_assignee(center, one), []).append(one)
                found.setdefault(one.permission_set_arn, []).append(one)
        return found

    @cached_property
    def named(self) -> frozenset[str]:
        """The AWS managed policies attached to permission sets."""
        return frozenset(
            policy.arn for found in self.sets.values() for policy in found.one.attached_managed_policies or ()
        )

    @cached_property
    def roles(self) -> Mapping[tuple[str, str], str]:
        """ARN of the role of a permission set in an account, by account and ARN of the set."""
        found: dict[tuple[str, str], str] = {}
        for account in self._snapshot.accounts:
            for role in account.roles:
                name = permission_set_of(role)
                use = self._use.use_of(account.account_id, name) if name is not None else None
                if use is not None:
                    found[account.account_id, use.permission_set.permission_set_arn] = role.arn
        return found

    def assignees(self, center: IdentityCenter, assigned: Iterable[AccountAssignment]) -> Iterator[Link]:
        """Yield a link to each assignee in assignments of one instance, with the accounts."""
        where: dict[str, list[str]] = {}
        for one in assigned:
            where.setdefault(_assignee(center, one), []).append(one.account_id)
        for key, accounts in where.items():
            yield self.who(key, phrase("in {place}", place=self.accounts_text(accounts)))

    def accounts_text(self, ids: list[str], most: int = 3) -> str:
        """Name accounts in a line: the first few, and how many more."""
        return join_names([self.account_words(account) for account in ids], most, last=",")

    def who(self, key: str, detail: str) -> Link:
        """Return a link to a person or group by its key; without a key if it is not captured."""
        if (person := self.people.get(key)) is not None:
            return Link(key, person_name(person.user), detail)
        if (group := self.groups.get(key)) is not None:
            return Link(
                key, group.group.display_name or group.group.group_id, join_messages(", ", (phrase("group"), detail))
            )
        what = [phrase("group")] if "#group/" in key else []
        words = join_messages(", ", [*what, phrase("not captured"), detail])
        return Link(key if key in self.lost_groups else "", key.rpartition("/")[2], words)


def _assignee(center: IdentityCenter, one: AccountAssignment) -> str:
    make = center_group_key if one.principal_type.upper() == "GROUP" else center_user_key
    return make(center.instance.identity_store_id, one.principal_id)
