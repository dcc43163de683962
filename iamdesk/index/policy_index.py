"""The card catalogue: which policies each principal of a snapshot carries, and what of them the snapshot lacks."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from iamdesk.index.keys import inline_policy_key
from iamdesk.policy.document import Document, DocumentStore
from iamdesk.snapshot.aws_managed import aws_managed_policies
from iamdesk.snapshot.aws_shape import Tag
from iamdesk.snapshot.catalogue import Directory, SnapshotPart
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
    """One policy that a principal carries."""

    key: str
    source_id: str
    """A managed policy's ARN, an inline policy's name."""
    name: str
    owner: str
    """ARN of what carries it: the principal, or the group through which it comes."""
    owner_kind: str
    """``user``, ``group`` or ``role``."""
    is_inline: bool
    is_aws_managed: bool
    document: Document


@dataclass(frozen=True, slots=True)
class MissingPolicy:
    """A policy or group that a principal refers to and the snapshot does not hold."""

    what: str
    """``managed policy``, ``permissions boundary`` or ``group``."""
    name: str
    """ARN of a policy, name of a group."""
    owner: str
    is_unreadable: bool = False
    """Whether the snapshot has its entry, of which no document can be read."""


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """Everything that speaks for or limits one principal, and what is missing of it."""

    identity: tuple[CarriedPolicy, ...]
    boundary: CarriedPolicy | None
    has_boundary: bool
    """Whether it has a boundary; ``boundary`` is None when the snapshot lacks its document."""
    missing: tuple[MissingPolicy, ...]
    supplied: tuple[str, ...] = ()
    """ARNs of AWS managed policies that the snapshot names but does not hold: as AWS had published them."""


class _OnDemand[Key, Value](Mapping[Key, Value]):
    """What is known by keys that name an account: the account is read before a key of it is looked up."""

    def __init__(self, known: dict[Key, Value], account_of: Callable[[Key], str], read: Callable[[str], None]) -> None:
        self._known = known
        self._account_of = account_of
        self._read = read

    def __getitem__(self, key: Key) -> Value:
        if key not in self._known:
            self._read(self._account_of(key))
        return self._known[key]

    def __iter__(self) -> Iterator[Key]:
        raise TypeError("a part of a snapshot cannot list what the whole holds")

    def __len__(self) -> int:
        raise TypeError("a part of a snapshot cannot count what the whole holds")


class _Accounts(_OnDemand[str, Account]):
    """The accounts of a snapshot; which there are is known without reading them."""

    def __init__(self, known: dict[str, Account], ids: frozenset[str], read: Callable[[str], None]) -> None:
        super().__init__(known, lambda account: account, read)
        self._ids = ids

    def __contains__(self, account: object) -> bool:
        return account in self._ids


class PolicyIndex:
    """Finds principals and policies of a snapshot by ARN. Documents are parsed at first use, equal ones once.

    Of a part of a snapshot (`SnapshotPart`) the other accounts are read when something of them is looked up.
    """

    def __init__(self, snapshot: Snapshot, documents: DocumentStore | None = None) -> None:
        """Index a snapshot; with ``documents`` those of another one are shared, where they are equal."""
        self.snapshot = snapshot
        accounts: dict[str, Account] = {}
        users: dict[str, UserDetail] = {}
        roles: dict[str, RoleDetail] = {}
        group_arns: dict[str, GroupDetail] = {}
        self.groups: dict[tuple[str, str], GroupDetail] = {}
        self.policies: dict[tuple[str, str], ManagedPolicyDetail] = {}
        self.accounts: Mapping[str, Account] = accounts
        self.users: Mapping[str, UserDetail] = users
        self.roles: Mapping[str, RoleDetail] = roles
        self.group_arns: Mapping[str, GroupDetail] = group_arns
        self._held = accounts, users, roles, group_arns
        self._directory: Directory | None = None
        if isinstance(snapshot, SnapshotPart):
            self._directory = snapshot.directory
            self.accounts = _Accounts(accounts, snapshot.directory.account_ids, self._read)
            self.users = _OnDemand(users, _account_in, self._read)
            self.roles = _OnDemand(roles, _account_in, self._read)
            self.group_arns = _OnDemand(group_arns, _account_in, self._read)
        self._reading = threading.RLock()
        self._policies_by_arn: dict[str, ManagedPolicyDetail] = {}
        self._roles_by_name: dict[tuple[str, str], RoleDetail] = {}
        self._account_of: dict[str, str] = {}
        self.documents = documents or DocumentStore()
        self._carried: dict[str, Carried] = {}
        self._managed: dict[tuple[str, str], Document | None] = {}
        self._supplied: dict[str, ManagedPolicyDetail | None] = {}
        self._trust: dict[str, Document] = {}
        self._broken: set[str] = set()
        """ARNs of entries that are not as AWS prints them."""
        if self._directory is not None:
            self._broken.update(self._directory.broken_arns)
        for account in snapshot.accounts:
            self._add(account)

    def _read(self, account_id: str) -> None:
        """Add an account of the snapshot that this part of it does not hold yet.

        Raises:
            SnapshotError: its files cannot be read any more, or are not as they were.
        """
        directory, held = self._directory, self._held[0]
        if directory is None or account_id in held or account_id not in directory.account_ids:
            return
        with self._reading:
            if account_id not in held:
                for account in directory.accounts(account_id):
                    self._add(account)

    @property
    def bytes_read(self) -> int:
        """Bytes of the files of the accounts that a part of a snapshot holds by now."""
        return 0 if self._directory is None else sum(map(self._directory.size_of, tuple(self._held[0])))

    def _add(self, account: Account) -> None:
        number = account.account_id
        accounts, users, roles, group_arns = self._held
        for user in account.users:
            users[user.arn] = user
            self._account_of[user.arn] = number
        for role in account.roles:
            roles[role.arn] = role
            self._account_of[role.arn] = number
            self._roles_by_name[number, role.role_name.lower()] = role
        for group in account.groups:
            self.groups[number, group.group_name] = group
            group_arns[group.arn] = group
            self._account_of[group.arn] = number
        for policy in account.policies:
            self.policies[number, policy.arn] = policy
            self._policies_by_arn.setdefault(policy.arn, policy)
        self._broken.update(entry.arn for entry in account.broken if entry.arn is not None)
        accounts[number] = account  # last: by it another thread knows that all of it is here

    def role_named(self, account: str, name: str) -> RoleDetail | None:
        """Return an account's role by name, whatever its path; names are unique without case (SEMANTICS E3)."""
        self._read(account)
        return self._roles_by_name.get((account, name.lower()))

    def managed_policy(self, account: str, arn: str) -> ManagedPolicyDetail | None:
        """Return a managed policy as the account's snapshot has it; AWS's own are in each account's file.

        AWS's own that no account's file holds are returned as AWS had published them (`is_supplied`).
        """
        self._read(account)
        held = self.policies.get((account, arn)) or self._lent(arn)
        if held is not None and held.default_version is not None:
            return held
        return self._published(arn) or held

    def _lent(self, arn: str) -> ManagedPolicyDetail | None:
        """Return a managed policy as the first account has it that holds it."""
        if self._directory is None:
            return self._policies_by_arn.get(arn)
        lender = self._directory.lender_of(arn) or _account_in(arn)
        self._read(lender)
        return self.policies.get((lender, arn))

    def _published(self, arn: str) -> ManagedPolicyDetail | None:
        if arn not in self._supplied:
            self._supplied[arn] = aws_managed_policies().find(arn) if _is_aws_managed(arn) else None
        return self._supplied[arn]

    def is_supplied(self, arn: str) -> bool:
        """Return whether the policy of an ARN, asked for before, came from AWS's publication, not from the snapshot."""
        return self._supplied.get(arn) is not None

    def document_of(self, account: str, arn: str) -> Document | None:
        """Return the document in force of a managed policy (SEMANTICS L3); None where the snapshot lacks it."""
        key = (account, arn)
        if key not in self._managed:
            policy = self.managed_policy(account, arn)
            version = policy.default_version if policy is not None else None
            self._managed[key] = None if version is None else self.documents.parse(version.document)
        return self._managed[key]

    def parse(self, raw: object, resource: str = "") -> Document:
        """Parse a document of the snapshot, ``resource`` the ARN of what a resource policy is on.

        The same text is one object.
        """
        return self.documents.parse(raw, resource)

    def trust(self, role: RoleDetail) -> Document:
        """Return a role's trust policy."""
        document = self._trust.get(role.arn)
        if document is None:
            document = self._trust[role.arn] = self.documents.parse(role.assume_role_policy_document)
        return document

    def carried(self, arn: str) -> Carried:
        """Return what a user, role or group of the snapshot carries.

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
        self._read(_account_in(arn))
        account = self._account_of[arn]
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
        is_there = arn in self._broken or self.managed_policy(account, arn) is not None
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


def _account_in(arn: str) -> str:
    """Return the account that an ARN of a user, role, group or customer managed policy names; empty for none."""
    return "".join(arn.split(":", 5)[4:5])


def _is_aws_managed(arn: str) -> bool:
    return arn.split(":", 5)[4:5] == ["aws"]


def tags_by_key(tags: tuple[Tag, ...]) -> tuple[Mapping[str, str], frozenset[str]]:
    """Return tags by key in lower case, and the keys that occur twice but for case (SEMANTICS G6)."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for tag in tags:
        key = tag.key.lower()
        if key in found:
            twice.add(key)
        found[key] = tag.value
    return found, frozenset(twice)
