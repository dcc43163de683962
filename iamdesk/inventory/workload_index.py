"""What runs with which role: lookups by role, by resource and by kind."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.snapshot.workloads import AccountWorkloads, RoleUsage, Workload, WorkloadKind, WorkloadList

CREDENTIAL_USAGES = frozenset({RoleUsage.RUNS, RoleUsage.INSTANCE_PROFILE})
"""Usages in which code or commands in the resource have the role's credentials."""


class RoleUse(NamedTuple):
    """A resource that uses a role."""

    workload: Workload
    usage: RoleUsage
    role: str
    """The role's ARN; of an EKS access entry the principal's. A name or instance profile of an account that is not in
    the snapshot stays as AWS prints it."""
    profile: str = ""
    """The instance profile through which it has the role, as AWS prints it."""


class AccountWorkloadIndex:
    """The resources of one account that can run with a role. Immutable, and safe to use from several threads."""

    def __init__(self, known: AccountWorkloads, accounts: Iterable[Account]) -> None:
        """``accounts`` are those of the snapshot with this id."""
        self._known = known
        self._accounts = tuple(accounts)
        self._by_kind: dict[WorkloadKind, list[Workload]] = {}
        for workload in known.workloads:
            self._by_kind.setdefault(workload.kind, []).append(workload)
        self._listed = {kind for _, kind in known.complete} | self._by_kind.keys()

    @cached_property
    def _uses(self) -> tuple[Mapping[str, Sequence[RoleUse]], Mapping[str, Sequence[RoleUse]]]:
        """The uses by role and by resource. Coverage needs none, also of accounts of which only names are read."""
        names = _RoleNames(self._accounts)
        definitions = {one.arn: one for one in self._known.workloads if one.kind is WorkloadKind.TASK_DEFINITION}
        by_role: dict[str, list[RoleUse]] = {}
        by_resource: dict[str, list[RoleUse]] = {}
        for workload in self._known.workloads:
            for use in self._uses_of(workload, definitions, names):
                by_role.setdefault(use.role, []).append(use)
                by_resource.setdefault(workload.arn, []).append(use)
        return by_role, by_resource

    @staticmethod
    def _uses_of(workload: Workload, definitions: Mapping[str, Workload], names: "_RoleNames") -> Iterable[RoleUse]:
        own = {usage for _, usage in workload.roles}
        inherited = definitions.get(workload.definition)
        roles = (*workload.roles, *(role for role in (inherited.roles if inherited else ()) if role.usage not in own))
        uses: dict[RoleUse, None] = {}
        for name, usage in roles:
            for role in names.of(name, usage) or (name,):
                uses[RoleUse(workload, usage, role, name if usage is RoleUsage.INSTANCE_PROFILE else "")] = None
        return uses

    def runs_with(self, role_arn: str) -> tuple[RoleUse, ...]:
        """Return the resources of the account that use a role, by kind and ARN."""
        return tuple(self._uses[0].get(role_arn, ()))

    def used_by(self, resource_arn: str) -> tuple[RoleUse, ...]:
        """Return the roles that a resource uses."""
        return tuple(self._uses[1].get(resource_arn, ()))

    def of_kind(self, kind: WorkloadKind) -> tuple[Workload, ...]:
        """Return the captured resources of one kind."""
        return tuple(self._by_kind.get(kind, ()))

    def is_listed(self, kind: WorkloadKind) -> bool:
        """Return whether resources of a kind were listed in some Region."""
        return kind in self._listed

    def is_complete(self, kind: WorkloadKind) -> bool:
        """Return whether all resources of a kind are known.

        They were listed completely in every Region that is enabled in the account. False if these are not known.
        """
        regions = self._known.enabled_regions or ()
        return bool(regions) and all(WorkloadList(region, kind) in self._known.complete for region in regions)


class WorkloadIndex:
    """The resources of a snapshot that can run with a role, by account. Safe to use from several threads."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Index nothing yet: each account is indexed when it is asked about."""
        self._known = snapshot.workloads
        self._accounts: dict[str, list[Account]] = {}
        for account in snapshot.accounts:
            self._accounts.setdefault(account.account_id, []).append(account)
        self._indexed: dict[str, AccountWorkloadIndex] = {}

    def of_account(self, account_id: str) -> AccountWorkloadIndex:
        """Return the index of one account; an empty one if nothing was captured."""
        found = self._indexed.get(account_id)
        if found is None:
            known = self._known.get(account_id) or AccountWorkloads(account_id=account_id)
            found = self._indexed[account_id] = AccountWorkloadIndex(known, self._accounts.get(account_id, ()))
        return found

    def runs_with(self, role_arn: str) -> tuple[RoleUse, ...]:
        """Return the resources that use a role, those of its own account first."""
        own = _account_of(role_arn)
        return (*self.of_account(own).runs_with(role_arn), *self._elsewhere.get(role_arn, ()))

    def used_by(self, resource_arn: str) -> tuple[RoleUse, ...]:
        """Return the roles that a resource uses."""
        return self.of_account(_account_of(resource_arn)).used_by(resource_arn)

    @cached_property
    def _elsewhere(self) -> Mapping[str, Sequence[RoleUse]]:
        """By ARN of a role: the resources of other accounts that use it (EKS, EventBridge)."""
        found: dict[str, list[RoleUse]] = {}
        for account, known in self._known.items():
            for workload in known.workloads:
                for name, usage in workload.roles:
                    if name.startswith("arn:") and _account_of(name) != account:
                        found.setdefault(name, []).append(RoleUse(workload, usage, name))
        return found


def _account_of(arn: str) -> str:
    return (arn.split(":", 5)[4:5] or [""])[0]


class _RoleNames:
    """The roles of an account by what AWS calls them in outputs."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._by_name: dict[str, str] = {}
        self._by_profile: dict[str, list[str]] = {}
        """By ARN and name of an instance profile."""
        for account in accounts:
            for role in account.roles:
                # A catalogue knows only the ARN.
                self._by_name[role.arn.rpartition("/")[2]] = role.arn
                for profile in getattr(role, "instance_profile_list", ()):
                    for name in {profile.arn, profile.instance_profile_name} - {""}:
                        self._by_profile.setdefault(name, []).append(role.arn)

    def of(self, name: str, usage: RoleUsage) -> tuple[str, ...]:
        """Return the ARN of a role; nothing if it is not known."""
        if usage is RoleUsage.INSTANCE_PROFILE:
            return tuple(self._by_profile.get(name, ()))
        if name.startswith("arn:"):
            return (name,)
        # Some services print `service-role/NAME` for a role with a path. Names are unique across paths.
        found = self._by_name.get(name.rpartition("/")[2])
        return () if found is None else (found,)
