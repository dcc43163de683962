"""Entities by key of the tree: principals, policies, and references, over all accounts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from iamdesk.inventory.keys import broken_key
from iamdesk.inventory.references import (
    AccountReferences,
    Principal,
    aws_policies_of,
    inline_policies_of,
    is_service_linked,
    name_of,
    references_of,
    title_of,
)
from iamdesk.snapshot.catalog import AccountEntry
from iamdesk.snapshot.model import (
    BrokenEntry,
    GroupDetail,
    InstanceProfile,
    ManagedPolicyDetail,
    PolicyDetail,
    RoleDetail,
    Snapshot,
    UserDetail,
)
from iamdesk.viewmodel.tree import NodeKind

_INLINE = "#inline/"
_TRUST = "#trust"


class OwnedEntity[T](NamedTuple):
    """An entity of an account."""

    references: AccountReferences
    entry: T


class OwnDocument(NamedTuple):
    """An inline policy, or a role's trust policy."""

    references: AccountReferences
    owner: Principal
    inline: PolicyDetail | None
    """None for the trust policy."""

    @property
    def document(self) -> Any:
        """The document as captured."""
        if self.inline is not None:
            return self.inline.policy_document
        return self.owner.assume_role_policy_document if isinstance(self.owner, RoleDetail) else None


class Elsewhere(NamedTuple):
    """What is known of accounts that are not in memory."""

    aws_policies: Mapping[str, ManagedPolicyDetail]
    """Referenced AWS managed policies that only these accounts have, by ARN."""
    title_of: Callable[[str], str | None]
    """The title of a user, role, group or managed policy of any account, by ARN; None if there is none."""
    accounts: Sequence[AccountEntry]
    """All accounts, including those in memory."""


class EntityLookup:
    """Finds the entities of a snapshot by key (``inventory.keys``)."""

    def __init__(self, snapshot: Snapshot, elsewhere: Elsewhere | None = None) -> None:
        """Index the accounts of a snapshot; ``elsewhere`` describes those that are not in memory."""
        shared = aws_policies_of(snapshot) if elsewhere is None else elsewhere.aws_policies
        self._title_elsewhere = None if elsewhere is None else elsewhere.title_of
        self.accounts: dict[str, AccountReferences] = {}
        self.principals: dict[str, OwnedEntity[Principal]] = {}
        self.policies: dict[str, list[OwnedEntity[ManagedPolicyDetail]]] = {}
        """By ARN: as captured in each account, in the order of accounts."""
        self.profiles: dict[str, OwnedEntity[tuple[InstanceProfile, RoleDetail]]] = {}
        self.broken: dict[str, OwnedEntity[BrokenEntry]] = {}
        self.missing_groups: dict[str, OwnedEntity[str]] = {}
        self.entity_ids: dict[str, str] = {}
        """ARN by unique id (``AROA…``), which policies contain for a deleted principal (rule E12)."""
        self._references = [references_of(account, shared) for account in snapshot.accounts]
        for references in self._references:
            self._add(references)

    def _add(self, references: AccountReferences) -> None:
        account = references.account
        self.accounts.setdefault(account.account_id, references)
        principals: tuple[Principal, ...] = (*account.users, *account.groups, *account.roles)
        for principal in principals:
            self.principals.setdefault(principal.arn, OwnedEntity(references, principal))
        self.entity_ids.update((user.user_id, user.arn) for user in account.users if user.user_id)
        for role in account.roles:
            if role.role_id:
                self.entity_ids[role.role_id] = role.arn
            for profile in role.instance_profile_list:
                self.profiles.setdefault(profile.arn, OwnedEntity(references, (profile, role)))
        for policy in references.policies.values():
            self.policies.setdefault(policy.arn, []).append(OwnedEntity(references, policy))
        for position, entry in enumerate(account.broken):
            owned = OwnedEntity(references, entry)
            self.broken[broken_key(account.account_id, entry.list_name, position)] = owned
            if entry.arn is not None:
                self.broken.setdefault(entry.arn, owned)
        for name in references.missing_groups():
            self.missing_groups.setdefault(references.group_key(name), OwnedEntity(references, name))

    def holds_policy(self, arn: str) -> bool:
        """Return whether a managed policy was captured, possibly in an account that is not in memory."""
        return arn in self.policies or (self._title_elsewhere is not None and self._title_elsewhere(arn) is not None)

    def principal_title(self, arn: str) -> str | None:
        """Return the display name of a principal, possibly of an account that is not in memory."""
        held = self.principals.get(arn)
        if held is not None:
            return title_of(held.entry)
        return None if self._title_elsewhere is None else self._title_elsewhere(arn)

    def own_document(self, key: str) -> OwnDocument | None:
        """Return the inline or trust policy of a key; None if it is no such key."""
        if key.endswith(_TRUST) and (role := self.principals.get(key.removesuffix(_TRUST))) is not None:
            return OwnDocument(role.references, role.entry, None) if isinstance(role.entry, RoleDetail) else None
        # A hostile ARN or name may contain the separator: every occurrence is tried.
        start = key.find(_INLINE)
        while start >= 0:
            owner, name = key[:start], key[start + len(_INLINE) :]
            if (owned := self.principals.get(owner)) is not None:
                for inline in inline_policies_of(owned.entry):
                    if inline.policy_name == name:
                        return OwnDocument(owned.references, owned.entry, inline)
            start = key.find(_INLINE, start + 1)
        return None

    def carriers(self, arn: str) -> Iterator[Principal]:
        """Yield the principals that a managed policy is attached to, in all accounts."""
        for references in self._references:
            yield from references.carriers.get(arn, ())

    def bounded(self, arn: str) -> Iterator[Principal]:
        """Yield the principals that have a managed policy as permissions boundary, in all accounts."""
        for references in self._references:
            yield from references.bounded.get(arn, ())

    def referring_account(self, arn: str) -> AccountReferences | None:
        """Return the first account with a principal that references a managed policy; None if there is none."""
        for references in self._references:
            if arn in references.carriers or arn in references.bounded:
                return references
        return None


def kind_of(principal: Principal) -> NodeKind:
    """Return the tree's kind of a principal."""
    if isinstance(principal, UserDetail):
        return NodeKind.USER
    if isinstance(principal, GroupDetail):
        return NodeKind.GROUP
    return NodeKind.SERVICE_LINKED_ROLE if is_service_linked(principal) else NodeKind.ROLE


def policy_kind(policy: ManagedPolicyDetail) -> NodeKind:
    """Return the tree's kind of a managed policy."""
    return NodeKind.AWS_POLICY if policy.is_aws_managed else NodeKind.CUSTOMER_POLICY


def links_to(principals: Iterator[Principal]) -> tuple[tuple[str, str], ...]:
    """Return (key, name) of principals, each once, sorted by name without case."""
    links = dict.fromkeys((principal.arn, name_of(principal)) for principal in principals)
    return tuple(sorted(links, key=lambda link: (link[1].casefold(), link)))
