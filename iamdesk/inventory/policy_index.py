"""The policies of each principal of a snapshot, and those that the snapshot lacks."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from iamdesk.inventory.keys import inline_policy_key
from iamdesk.policy.document import Document, DocumentStore
from iamdesk.snapshot.aws_managed import aws_managed_policies
from iamdesk.snapshot.aws_model import Tag
from iamdesk.snapshot.catalog import Directory, SnapshotPart
from iamdesk.snapshot.model import (
    Account,
    AttachedPermissionsBoundary,
    AttachedPolicy,
    GroupDetail,
    ManagedPolicyDetail,
    PolicyDetail,
    RoleDetail,
    Snapshot,
    UserDetail,
)


@dataclass(frozen=True, slots=True, eq=False)
class CarriedPolicy:
    """One policy of a principal."""

    key: str
    source_id: str
    """A managed policy's ARN, an inline policy's name."""
    name: str
    owner: str
    """ARN that it is attached to: the principal, or the group through which it comes."""
    owner_kind: str
    """``user``, ``group`` or ``role``."""
    is_inline: bool
    is_aws_managed: bool
    document: Document


@dataclass(frozen=True, slots=True)
class MissingPolicy:
    """A policy or group that a principal refers to and that is not captured."""

    what: str
    """``managed policy``, ``permissions boundary`` or ``group``."""
    name: str
    """ARN of a policy, name of a group."""
    owner: str
    is_unreadable: bool = False
    """Whether the snapshot has its entry, but no readable document."""


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """All policies of one principal, and those that are missing."""

    identity: tuple[CarriedPolicy, ...]
    boundary: CarriedPolicy | None
    has_boundary: bool
    """Whether it has a boundary; ``boundary`` is None when its document is missing."""
    missing: tuple[MissingPolicy, ...]
    supplied: tuple[str, ...] = ()
    """ARNs of AWS managed policies that are not captured: as published by AWS."""


def account_in(arn: str) -> str:
    """Return the account in the ARN of a user, role, group or customer managed policy; empty for any other."""
    return "".join(arn.split(":", 5)[4:5])


class _Entities:
    """The entities of a snapshot by ARN or name; of a part, those of the accounts read so far.

    The index and its on-demand mappings share it: if the mappings held the index, a part would be a reference cycle.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.accounts: dict[str, Account] = {}
        self.users: dict[str, UserDetail] = {}
        self.roles: dict[str, RoleDetail] = {}
        self.groups: dict[tuple[str, str], GroupDetail] = {}
        self.group_arns: dict[str, GroupDetail] = {}
        self.policies: dict[tuple[str, str], ManagedPolicyDetail] = {}
        self.policies_by_arn: dict[str, ManagedPolicyDetail] = {}
        self.roles_by_name: dict[tuple[str, str], RoleDetail] = {}
        self.account_of: dict[str, str] = {}
        self.broken: set[str] = set()
        """ARNs of entries that differ from those AWS prints."""
        self.directory: Directory | None = None
        if isinstance(snapshot, SnapshotPart):
            self.directory = snapshot.directory
            self.broken.update(snapshot.directory.broken_arns)
        self._lock = threading.RLock()
        for account in snapshot.accounts:
            self._add(account)

    def read(self, account_id: str) -> None:
        """Read an account of the snapshot that this part of it does not hold yet.

        Raises:
            SnapshotError: its files cannot be read any more, or have changed.
        """
        directory = self.directory
        if directory is None or account_id in self.accounts or account_id not in directory.account_ids:
            return
        with self._lock:
            if account_id not in self.accounts:
                for account in directory.accounts(account_id):
                    self._add(account)

    def lent(self, arn: str) -> ManagedPolicyDetail | None:
        """Return a managed policy from the first account that holds it."""
        if self.directory is None:
            return self.policies_by_arn.get(arn)
        lender = self.directory.lender_of(arn) or account_in(arn)
        self.read(lender)
        return self.policies.get((lender, arn))

    def _add(self, account: Account) -> None:
        number = account.account_id
        for user in account.users:
            self.users[user.arn] = user
            self.account_of[user.arn] = number
        for role in account.roles:
            self.roles[role.arn] = role
            self.account_of[role.arn] = number
            self.roles_by_name[number, role.role_name.lower()] = role
        for group in account.groups:
            self.groups[number, group.group_name] = group
            self.group_arns[group.arn] = group
            self.account_of[group.arn] = number
        for policy in account.policies:
            self.policies[number, policy.arn] = policy
            self.policies_by_arn.setdefault(policy.arn, policy)
        self.broken.update(entry.arn for entry in account.broken if entry.arn is not None)
        self.accounts[number] = account  # last: other threads take it as the sign that the account is complete


class _OnDemand[Key, Value](Mapping[Key, Value]):
    """A mapping by keys that name an account: the account is read before its key is looked up."""

    def __init__(self, entities: _Entities, known: dict[Key, Value], account_of: Callable[[Key], str]) -> None:
        self._entities = entities
        self._known = known
        self._account_of = account_of

    def __getitem__(self, key: Key) -> Value:
        if key not in self._known:
            self._entities.read(self._account_of(key))
        return self._known[key]

    def get(self, key: Key, default: Any = None) -> Any:  # `Mapping.get` raises and catches: almost all are not there
        """Return the value of a key, or the default."""
        if key not in self._known:
            self._entities.read(self._account_of(key))
        return self._known.get(key, default)

    def __iter__(self) -> Iterator[Key]:
        raise TypeError("a part of a snapshot cannot list what the whole holds")

    def __len__(self) -> int:
        raise TypeError("a part of a snapshot cannot count what the whole holds")


def _account_of(kind: str) -> Callable[[str], str]:
    """Return a function from an ARN to its account; empty for an ARN of another kind: its account is not read."""
    return lambda arn: account_in(arn) if arn.split(":", 5)[-1].startswith(kind) else ""


class _Accounts(_OnDemand[str, Account]):
    """The accounts of a snapshot; their ids are known without reading them."""

    def __init__(self, entities: _Entities, ids: Collection[str]) -> None:
        super().__init__(entities, entities.accounts, str)
        self._ids = ids

    def __contains__(self, account: object) -> bool:
        return account in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


class PolicyIndex:
    """Finds principals and policies of a snapshot by ARN. Documents are parsed on first use, equal ones once.

    Of a part of a snapshot (`SnapshotPart`), other accounts are read when one of their entities is looked up.
    """

    def __init__(self, snapshot: Snapshot, documents: DocumentStore | None = None) -> None:
        """Index a snapshot; ``documents`` shares equal documents with another index."""
        self.snapshot = snapshot
        entities = self._entities = _Entities(snapshot)
        self.accounts: Mapping[str, Account] = entities.accounts
        self.users: Mapping[str, UserDetail] = entities.users
        self.roles: Mapping[str, RoleDetail] = entities.roles
        self.group_arns: Mapping[str, GroupDetail] = entities.group_arns
        self.groups: Mapping[tuple[str, str], GroupDetail] = entities.groups
        """By account and name."""
        self.policies: Mapping[tuple[str, str], ManagedPolicyDetail] = entities.policies
        """By account and ARN."""
        if entities.directory is not None:
            self.accounts = _Accounts(entities, entities.directory.account_ids)
            self.users = _OnDemand(entities, entities.users, _account_of("user/"))
            self.roles = _OnDemand(entities, entities.roles, _account_of("role/"))
            self.group_arns = _OnDemand(entities, entities.group_arns, _account_of("group/"))
            self.groups = _OnDemand(entities, entities.groups, itemgetter(0))
            self.policies = _OnDemand(entities, entities.policies, itemgetter(0))
        self.documents = documents or DocumentStore()
        self._carried: dict[str, Carried] = {}
        self._managed: dict[tuple[str, str], Document | None] = {}
        self._supplied: dict[str, ManagedPolicyDetail | None] = {}
        self._trust: dict[str, Document] = {}

    @property
    def accounts_read(self) -> tuple[Account, ...]:
        """The accounts in memory: of a part, its own and those that it has read so far."""
        return tuple(self._entities.accounts.values())

    def lent(self, arn: str) -> ManagedPolicyDetail | None:
        """Return a managed policy from the first account of the snapshot that holds it."""
        return self._entities.lent(arn)

    @contextmanager
    def lent_roles(self, roles: Iterable[RoleDetail]) -> Iterator[None]:
        """Within the context, know the given roles of accounts that are not read."""
        known = self._entities.roles
        lent = {role.arn: role for role in roles if role.arn not in known}
        known.update(lent)
        try:
            yield
        finally:
            for arn, role in lent.items():
                if known.get(arn) is role:  # unless its account was read in the meantime
                    del known[arn]

    def trusting_elsewhere(self, *, of_sts: bool) -> Iterator[RoleDetail]:
        """Yield the roles of other accounts than a part's own that may trust its principals; none of a whole snapshot.

        From now on they are known, without their policies until their account is read. ``of_sts``: those whose trust
        policies allow actions of STS alone; else the others.
        """
        known = self._entities.roles
        for _, role in self.open_elsewhere(of_sts=of_sts):
            yield known.setdefault(role.arn, role)

    def open_elsewhere(self, *, of_sts: bool | None = None) -> Iterator[tuple[int, RoleDetail]]:
        """Yield the same roles with their numbers among the snapshot's (`Directory.open_roles`), in this order.

        ``of_sts`` None: all.
        """
        directory, accounts = self._entities.directory, self.snapshot.accounts
        if directory is None or not accounts:
            return
        own = {account.account_id for account in accounts}
        ids = [one.user_id for account in accounts for one in account.users]
        ids += [one.role_id for account in accounts for one in account.roles]
        for number in sorted(directory.trusting((*own, *filter(None, ids)))):
            open_role = directory.open_roles[number]
            if account_in(open_role.arn) not in own and of_sts in (None, open_role.is_of_sts):
                yield number, directory.open_role(number)

    def role_named(self, account: str, name: str) -> RoleDetail | None:
        """Return an account's role by name, whatever its path; names are unique without case (rule E3)."""
        self._entities.read(account)
        return self._entities.roles_by_name.get((account, name.lower()))

    def managed_policy(self, account: str, arn: str) -> ManagedPolicyDetail | None:
        """Return a managed policy as in the account's files; AWS managed policies are in each account's files.

        An AWS managed policy that no account's files hold is returned as published by AWS (`is_supplied`).
        """
        held = self.policies.get((account, arn)) or self._entities.lent(arn)
        if held is not None and held.default_version is not None:
            return held
        return self._published(arn) or held

    def _published(self, arn: str) -> ManagedPolicyDetail | None:
        if arn not in self._supplied:
            self._supplied[arn] = aws_managed_policies().find(arn) if _is_aws_managed(arn) else None
        return self._supplied[arn]

    def is_supplied(self, arn: str) -> bool:
        """Return whether the policy of an ARN, looked up before, came from AWS's publication, not from the snapshot."""
        return self._supplied.get(arn) is not None

    def document_of(self, account: str, arn: str) -> Document | None:
        """Return the default document of a managed policy (rule L3); None where it is missing."""
        key = (account, arn)
        if key not in self._managed:
            policy = self.managed_policy(account, arn)
            version = policy.default_version if policy is not None else None
            self._managed[key] = None if version is None else self.documents.parse(version.document)
        return self._managed[key]

    def parse(self, raw: object, resource: str = "") -> Document:
        """Parse a document of the snapshot; ``resource`` is the ARN of the resource of a resource policy.

        Equal texts are one object.
        """
        return self.documents.parse(raw, resource)

    def trust(self, role: RoleDetail) -> Document:
        """Return a role's trust policy."""
        document = self._trust.get(role.arn)
        if document is None:
            document = self._trust[role.arn] = self.documents.parse(role.assume_role_policy_document)
        return document

    def carried(self, arn: str) -> Carried:
        """Return the policies of a user, role or group of the snapshot.

        Raises:
            KeyError: the snapshot has no such principal.
        """
        found = self._carried.get(arn)
        if found is None:
            found = self._carried[arn] = self._gather(arn)
        return found

    def _gather(self, arn: str) -> Carried:
        carried = self._gathered(arn)
        managed = (*carried.identity, *((carried.boundary,) if carried.boundary else ()))
        supplied = dict.fromkeys(p.key for p in managed if p.is_aws_managed and self.is_supplied(p.key))
        return replace(carried, supplied=tuple(supplied)) if supplied else carried

    def _gathered(self, arn: str) -> Carried:
        self._entities.read(account_in(arn))
        account = self._entities.account_of[arn]
        missing: list[MissingPolicy] = []
        user = self.users.get(arn)
        if user is not None:
            policies = self._own(account, arn, "user", user.user_policy_list, user.attached_managed_policies, missing)
            for name in user.group_list:
                group = self.groups.get((account, name))
                if group is None:
                    missing.append(MissingPolicy("group", name, arn))
                else:
                    policies += self._of_group(account, group, missing)
            boundary = self._boundary(account, arn, "user", user.permissions_boundary, missing)
            return Carried(tuple(policies), boundary, user.permissions_boundary is not None, tuple(missing))
        role = self.roles.get(arn)
        if role is not None:
            policies = self._own(account, arn, "role", role.role_policy_list, role.attached_managed_policies, missing)
            boundary = self._boundary(account, arn, "role", role.permissions_boundary, missing)
            return Carried(tuple(policies), boundary, role.permissions_boundary is not None, tuple(missing))
        group = self.group_arns[arn]
        return Carried(tuple(self._of_group(account, group, missing)), None, False, tuple(missing))

    def _of_group(self, account: str, group: GroupDetail, missing: list[MissingPolicy]) -> list[CarriedPolicy]:
        return self._own(account, group.arn, "group", group.group_policy_list, group.attached_managed_policies, missing)

    def _own(
        self,
        account: str,
        owner: str,
        owner_kind: str,
        inline: tuple[PolicyDetail, ...],
        attached: tuple[AttachedPolicy, ...],
        missing: list[MissingPolicy],
    ) -> list[CarriedPolicy]:
        policies = [
            CarriedPolicy(
                key=inline_policy_key(owner, policy.policy_name),
                source_id=policy.policy_name,
                name=policy.policy_name,
                owner=owner,
                owner_kind=owner_kind,
                is_inline=True,
                is_aws_managed=False,
                document=self.documents.parse(policy.policy_document),
            )
            for policy in inline
        ]
        for attachment in attached:
            document = self.document_of(account, attachment.policy_arn)
            if document is None:
                missing.append(self._missing("managed policy", account, attachment.policy_arn, owner))
            else:
                policies.append(self._managed_policy(attachment.policy_arn, owner, owner_kind, document))
        return policies

    def _boundary(
        self,
        account: str,
        owner: str,
        owner_kind: str,
        boundary: AttachedPermissionsBoundary | None,
        missing: list[MissingPolicy],
    ) -> CarriedPolicy | None:
        if boundary is None:
            return None
        document = self.document_of(account, boundary.permissions_boundary_arn)
        if document is None:
            missing.append(self._missing("permissions boundary", account, boundary.permissions_boundary_arn, owner))
            return None
        return self._managed_policy(boundary.permissions_boundary_arn, owner, owner_kind, document)

    def _missing(self, what: str, account: str, arn: str, owner: str) -> MissingPolicy:
        is_there = arn in self._entities.broken or self.managed_policy(account, arn) is not None
        return MissingPolicy(what, arn, owner, is_there)

    @staticmethod
    def _managed_policy(arn: str, owner: str, owner_kind: str, document: Document) -> CarriedPolicy:
        return CarriedPolicy(
            key=arn,
            source_id=arn,
            name=arn.rpartition("/")[2],
            owner=owner,
            owner_kind=owner_kind,
            is_inline=False,
            is_aws_managed=_is_aws_managed(arn),
            document=document,
        )


def _is_aws_managed(arn: str) -> bool:
    return arn.split(":", 5)[4:5] == ["aws"]


def tags_by_key(tags: tuple[Tag, ...]) -> tuple[Mapping[str, str], frozenset[str]]:
    """Return tags by key in lower case, and the keys that occur twice but for case (rule G6)."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for tag in tags:
        key = tag.key.lower()
        if key in found:
            twice.add(key)
        found[key] = tag.value
    return found, frozenset(twice)
