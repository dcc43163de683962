"""References inside one account: attachments, boundaries, memberships, and what is not captured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from iamdesk.inventory.permission_sets import permission_set_of
from iamdesk.inventory.relative_time import elapsed
from iamdesk.snapshot.catalog import Named
from iamdesk.snapshot.model import (
    Account,
    GroupDetail,
    ManagedPolicyDetail,
    PolicyDetail,
    RoleDetail,
    Snapshot,
    UserDetail,
)

type Principal = UserDetail | GroupDetail | RoleDetail
"""Entities to which policies are attached."""

UNUSED_AFTER = timedelta(days=90)


def name_of(principal: Principal) -> str:
    """Return a user's, group's or role's name."""
    if isinstance(principal, RoleDetail):  # first, here and below: most are roles
        return principal.role_name
    return principal.user_name if isinstance(principal, UserDetail) else principal.group_name


def title_of(principal: Principal) -> str:
    """Return a principal's display name: a role of IAM Identity Center by its permission set, others by name."""
    if isinstance(principal, RoleDetail):
        return permission_set_of(principal) or principal.role_name
    return name_of(principal)


def inline_policies_of(principal: Principal) -> Sequence[PolicyDetail]:
    """Return the inline policies of a user, group or role."""
    if isinstance(principal, RoleDetail):
        return principal.role_policy_list
    return principal.user_policy_list if isinstance(principal, UserDetail) else principal.group_policy_list


def boundary_of(principal: Principal) -> str | None:
    """Return the ARN of a user's or role's permissions boundary; groups have none."""
    if isinstance(principal, GroupDetail) or principal.permissions_boundary is None:
        return None
    return principal.permissions_boundary.permissions_boundary_arn


def is_service_linked(role: RoleDetail | Named) -> bool:
    """Return whether it is a service-linked role (rule E11), by its ARN, which AWS writes."""
    return is_service_linked_arn(role.arn)


def is_service_linked_arn(arn: str) -> bool:
    """Return whether an ARN is that of a service-linked role."""
    return arn.split(":", 5)[-1].startswith("role/aws-service-role/")


def last_of_arn(arn: str) -> str:
    """Return the last part of an ARN's path: the name that an ARN of IAM ends with."""
    return arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class AccountReferences:
    """One account's references, in both directions."""

    account: Account
    policies: dict[str, ManagedPolicyDetail]
    """Captured managed policies by ARN: the account's own entries, and AWS managed policies that it refers to and that
    only another account's files hold."""
    groups: dict[str, GroupDetail]
    """Captured groups by name."""
    carriers: dict[str, list[Principal]]
    """Principals that a managed policy is attached to, by the policy's ARN, captured or not."""
    bounded: dict[str, list[Principal]]
    """Principals whose boundary a managed policy is, by the policy's ARN, captured or not."""
    members: dict[str, list[UserDetail]]
    """Users of a group, by the group's name, captured or not."""
    knows_last_use: bool
    """Whether the snapshot shows when roles were last used."""

    def missing_policies(self) -> Iterator[str]:
        """Yield the ARNs of managed policies that principals refer to and that are not captured, each once.

        Policies with an unreadable entry are not among them: they are reported as such.
        """
        broken = {entry.arn for entry in self.account.broken}
        for arn in dict.fromkeys((*self.carriers, *self.bounded)):
            if arn not in self.policies and arn not in broken:
                yield arn

    def missing_groups(self) -> Iterator[str]:
        """Yield the names of groups that users are in and that are not captured, each once."""
        return (name for name in self.members if name not in self.groups)

    def group_key(self, name: str) -> str:
        """Return a group's ARN; for one that is not captured, the ARN that it would have without a path."""
        group = self.groups.get(name)
        return group.arn if group else f"arn:{self.account.partition}:iam::{self.account.account_id}:group/{name}"

    def is_unused(self, role: RoleDetail, latest: datetime | None, limit: timedelta = UNUSED_AFTER) -> bool:
        """Return whether a role was not used for longer than ``limit`` before ``latest``, the snapshot's latest time.

        False where it is not known: without data on last use, or for a younger role.
        """
        if not self.knows_last_use or latest is None or role.role_last_used is None:
            return False
        used = role.role_last_used.last_used_date
        if used is not None:
            return elapsed(used, latest) > limit
        return role.create_date is not None and elapsed(role.create_date, latest) > limit


def aws_policies_of(snapshot: Snapshot) -> dict[str, ManagedPolicyDetail]:
    """Return the AWS managed policies of a snapshot of several accounts, by ARN: they are the same in each."""
    if len(snapshot.accounts) < 2:
        return {}
    policies = (policy for account in reversed(snapshot.accounts) for policy in account.policies)
    return {policy.arn: policy for policy in policies if policy.is_aws_managed}


def references_of(
    account: Account, aws_policies: Mapping[str, ManagedPolicyDetail] = MappingProxyType({})
) -> AccountReferences:
    """Collect the references of an account; ``aws_policies`` are those in the files of other accounts."""
    carriers: dict[str, list[Principal]] = {}
    bounded: dict[str, list[Principal]] = {}
    members: dict[str, list[UserDetail]] = {}
    principals: tuple[Principal, ...] = (*account.users, *account.groups, *account.roles)
    for principal in principals:
        for attached in principal.attached_managed_policies:
            carriers.setdefault(attached.policy_arn, []).append(principal)
        boundary = boundary_of(principal)
        if boundary is not None:
            bounded.setdefault(boundary, []).append(principal)
    for user in account.users:
        for name in user.group_list:
            members.setdefault(name, []).append(user)
    policies = {policy.arn: policy for policy in account.policies}
    for arn in (*carriers, *bounded):
        if arn not in policies and arn in aws_policies:
            policies[arn] = aws_policies[arn]
    return AccountReferences(
        account=account,
        policies=policies,
        groups={group.group_name: group for group in account.groups},
        carriers=carriers,
        bounded=bounded,
        members=members,
        knows_last_use=any(
            role.role_last_used is not None and role.role_last_used.last_used_date is not None for role in account.roles
        ),
    )
