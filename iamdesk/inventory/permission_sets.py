"""Roles of IAM Identity Center by permission set, with their assignees in the account.

Identity Center creates a role for each permission set that is assigned in an account:
``/aws-reserved/sso.amazonaws.com/…/AWSReservedSSO_NAME_suffix`` (rule E15). Its sessions are named after the person.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from iamdesk.i18n import join_names, nphrase, phrase
from iamdesk.inventory.keys import center_group_key, center_user_key
from iamdesk.snapshot.identity_center import AccountAssignment, IdentityCenter, IdentityStoreUser, PermissionSet
from iamdesk.snapshot.model import RoleDetail, Snapshot

PATH = "/aws-reserved/sso.amazonaws.com/"
_PREFIX = "AWSReservedSSO_"
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def permission_set_name(role_name: str, path: str) -> str | None:
    """Return the name of the permission set of a role; None for any other role."""
    if not path.startswith(PATH) or not role_name.startswith(_PREFIX):
        return None
    name, _, suffix = role_name[len(_PREFIX) :].rpartition("_")
    return name if name and suffix and _HEXADECIMAL.issuperset(suffix) else None


def permission_set_of(role: RoleDetail) -> str | None:
    """Return the name of the permission set of a role; None for any other role."""
    return permission_set_name(role.role_name, role.path) if role.path.startswith(PATH) else None


def permission_set_of_arn(arn: str) -> str | None:
    """Return the name of the permission set of a role, by the role's ARN; None for any other ARN."""
    path, slash, name = arn.split(":", 5)[-1].removeprefix("role").rpartition("/")
    return permission_set_name(name, path + slash)


class Assignee(NamedTuple):
    """A person or group that is assigned a permission set in an account."""

    is_group: bool
    name: str
    """Display name: a person's with the user name, a group's; the id of one that is not captured."""
    people: tuple[str, ...] | None
    """The members of a group; None: not captured, or a person."""
    key: str = ""
    """Its key in the tree."""


class PermissionSetUse(NamedTuple):
    """A permission set in one account, as far as captured."""

    permission_set: PermissionSet
    assignees: tuple[Assignee, ...] | None
    """None: not captured."""


class PermissionSets:
    """Finds the permission sets of the roles of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._stores = [_Store(center) for center in snapshot.identity_centers]

    @property
    def is_captured(self) -> bool:
        """Whether the snapshot holds any data of Identity Center."""
        return bool(self._stores)

    def use_of(self, account_id: str, name: str) -> PermissionSetUse | None:
        """Return a permission set, by its name, in an account; None where it is not captured.

        Of several instances (an organization's, an account's own), the one that assigns the set in the account counts.
        """
        found = [use for store in self._stores if (use := store.use_of(account_id, name)) is not None]
        return next((use for use in found if use.assignees), found[0] if found else None)


class _Store:
    """One instance."""

    def __init__(self, center: IdentityCenter) -> None:
        self._store = center.instance.identity_store_id
        self._sets = {one.name: one for one in center.permission_sets or ()}
        self._assignments: Mapping[tuple[str, str], list[AccountAssignment]] | None = None
        if center.account_assignments is not None:
            self._assignments = _by_account_and_set(center.account_assignments)
        self._people = {person.user_id: person_name(person) for person in center.users or ()}
        self._groups = {group.group_id: group.display_name for group in center.groups or ()}
        self._members: dict[str, list[str]] | None = None
        if center.group_memberships is not None:
            self._members = {}
            for membership in center.group_memberships:
                person = membership.member_id.user_id
                if person is not None:
                    self._members.setdefault(membership.group_id, []).append(self._people.get(person, person))

    def use_of(self, account_id: str, name: str) -> PermissionSetUse | None:
        found = self._sets.get(name)
        if found is None:
            return None
        if self._assignments is None:
            return PermissionSetUse(found, None)
        assigned = self._assignments.get((account_id, found.permission_set_arn), [])
        return PermissionSetUse(found, tuple(sorted(self._assignees(assigned), key=_by_name)))

    def _assignees(self, assigned: Iterable[AccountAssignment]) -> Iterator[Assignee]:
        for one in assigned:
            if one.principal_type.upper() == "GROUP":
                people = None if self._members is None else tuple(sorted(self._members.get(one.principal_id, [])))
                key = center_group_key(self._store, one.principal_id)
                yield Assignee(True, self._groups.get(one.principal_id, one.principal_id), people, key)
            else:
                key = center_user_key(self._store, one.principal_id)
                yield Assignee(False, self._people.get(one.principal_id, one.principal_id), None, key)


def _by_account_and_set(assignments: Iterable[AccountAssignment]) -> dict[tuple[str, str], list[AccountAssignment]]:
    found: dict[tuple[str, str], list[AccountAssignment]] = {}
    for one in assignments:
        found.setdefault((one.account_id, one.permission_set_arn), []).append(one)
    return found


def person_name(person: IdentityStoreUser) -> str:
    """Return a person's display name and user name, as far as captured."""
    shown = person.display_name or (person.name.formatted if person.name else None)
    if not shown or shown == person.user_name:
        return person.user_name or person.user_id
    return f"{shown} ({person.user_name})" if person.user_name else shown


def _by_name(assignee: Assignee) -> tuple[bool, str, str]:
    return not assignee.is_group, assignee.name.casefold(), assignee.name


def assignees_text(assignees: Iterable[Assignee], most: int = 3) -> str:
    """List the assignees of a set in a line: ``group Engineers (12 people), Ana (ana@example.com)``."""
    parts = []
    for one in assignees:
        if not one.is_group:
            parts.append(one.name)
            continue
        if one.people is None:
            parts.append(phrase("group {name}", name=one.name))
        else:
            inside = nphrase("{count:,} person", "{count:,} people", len(one.people))
            parts.append(phrase("group {name} ({people})", name=one.name, people=inside))
    return join_names(parts, most, last=",") if parts else phrase("no principal")
