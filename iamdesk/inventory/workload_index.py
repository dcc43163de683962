"""What runs with which role: lookups by role, by resource and by kind."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.snapshot.workloads import RoleUsage, Workload, WorkloadKind

_CREDENTIALS = frozenset({RoleUsage.RUNS, RoleUsage.INSTANCE_PROFILE})


class RoleUse(NamedTuple):
    """A resource that uses a role."""

    workload: Workload
    usage: RoleUsage
    role: str
    """The role's ARN; of an EKS access entry the principal's. A name or instance profile of an account that is not in
    the snapshot stays as AWS prints it."""
    profile: str = ""
    """The instance profile through which it has the role, as AWS prints it."""

    @property
    def gives_credentials(self) -> bool:
        """Whether code or commands in the resource have the role's credentials."""
        return self.usage in _CREDENTIALS


class WorkloadIndex:
    """The resources of a snapshot that can run with a role. Immutable, and safe to use from several threads."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._roles = _RoleNames(snapshot.accounts)
        self._enabled = snapshot.enabled_regions
        self._complete = frozenset(snapshot.workload_lists)
        self._by_role: dict[str, list[RoleUse]] = {}
        self._by_resource: dict[str, list[RoleUse]] = {}
        self._by_kind: dict[tuple[str, WorkloadKind], list[Workload]] = {}
        definitions = {one.arn: one for one in snapshot.workloads if one.kind is WorkloadKind.TASK_DEFINITION}
        for workload in snapshot.workloads:
            self._by_kind.setdefault((workload.account_id, workload.kind), []).append(workload)
            for use in self._uses(workload, definitions):
                self._by_role.setdefault(use.role, []).append(use)
                self._by_resource.setdefault(workload.arn, []).append(use)
        self._listed = {(account, kind) for account, _, kind in self._complete} | self._by_kind.keys()

    def _uses(self, workload: Workload, definitions: Mapping[str, Workload]) -> Iterable[RoleUse]:
        own = {usage for _, usage in workload.roles}
        inherited = definitions.get(workload.definition)
        roles = (*workload.roles, *(role for role in (inherited.roles if inherited else ()) if role.usage not in own))
        uses: dict[RoleUse, None] = {}
        for name, usage in roles:
            found = self._roles.of(workload.account_id, name, usage)
            for role in found or (name,):
                uses[RoleUse(workload, usage, role, name if usage is RoleUsage.INSTANCE_PROFILE else "")] = None
        return uses

    def runs_with(self, role_arn: str) -> tuple[RoleUse, ...]:
        """Return the resources that use a role, by ARN."""
        return tuple(self._by_role.get(role_arn, ()))

    def used_by(self, resource_arn: str) -> tuple[RoleUse, ...]:
        """Return the roles that a resource uses."""
        return tuple(self._by_resource.get(resource_arn, ()))

    def of_kind(self, account_id: str, kind: WorkloadKind) -> tuple[Workload, ...]:
        """Return the captured resources of one kind in an account."""
        return tuple(self._by_kind.get((account_id, kind), ()))

    def is_listed(self, account_id: str, kind: WorkloadKind) -> bool:
        """Return whether resources of a kind were listed at all, in some Region of an account."""
        return (account_id, kind) in self._listed

    def is_complete(self, account_id: str, kind: WorkloadKind) -> bool:
        """Return whether all resources of a kind in an account are known.

        They were listed in every Region that is enabled in the account. False if these are not known.
        """
        regions = self._enabled.get(account_id)
        return bool(regions) and all((account_id, region, kind) in self._complete for region in regions or ())


class _RoleNames:
    """Roles by what AWS calls them in outputs."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._arns: set[str] = set()
        self._by_name: dict[tuple[str, str], str] = {}
        self._by_profile: dict[tuple[str, str], list[str]] = {}
        """By account, and the ARN or name of an instance profile."""
        for account in accounts:
            for role in account.roles:
                self._arns.add(role.arn)
                self._by_name[account.account_id, role.role_name] = role.arn
                for profile in role.instance_profile_list:
                    for name in {profile.arn, profile.instance_profile_name} - {""}:
                        self._by_profile.setdefault((account.account_id, name), []).append(role.arn)

    def of(self, account_id: str, name: str, usage: RoleUsage) -> tuple[str, ...]:
        """Return the ARN of a role; nothing if it is not known."""
        if usage is RoleUsage.INSTANCE_PROFILE:
            return tuple(self._by_profile.get((account_id, name), ()))
        if name.startswith("arn:"):
            return (name,)
        # Some services accept `service-role/NAME` for a role with a path. Names are unique across paths.
        found = self._by_name.get((account_id, name.rpartition("/")[2]))
        return () if found is None else (found,)
