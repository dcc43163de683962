"""Targets of checks: the kinds of items in an account, in tree order, and their names in findings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from iamdesk.attack_paths.administrators import Principal
from iamdesk.checks.check_context import CheckContext
from iamdesk.inventory.references import is_service_linked, name_of
from iamdesk.snapshot.model import Account, GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail
from iamdesk.viewmodel.tree_builder import NodeKind


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about: its key, to open it, and its name."""

    key: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class CheckTarget[T]:
    """One kind of item that checks apply to."""

    name: str
    of: Callable[[CheckContext, Account], Iterable[T]]
    subject: Callable[[T], Subject]


def is_reserved(role: RoleDetail) -> bool:
    """Return whether IAM Identity Center created the role (rule E15)."""
    return role.arn.split(":", 5)[-1].startswith("role/aws-reserved/")


def account_subject(account: Account) -> Subject:
    """Return an account as subject, named by its alias if it has one."""
    name = f"{account.alias} ({account.account_id})" if account.alias else account.account_id
    return Subject(account.account_id, name, NodeKind.ACCOUNT)


def principal_subject(principal: Principal) -> Subject:
    """Return a user or role as subject."""
    kind = NodeKind.USER if isinstance(principal, UserDetail) else NodeKind.ROLE
    return Subject(principal.arn, name_of(principal), kind)


def group_subject(group: GroupDetail) -> Subject:
    """Return a group as subject."""
    return Subject(group.arn, group.group_name, NodeKind.GROUP)


def policy_subject(policy: ManagedPolicyDetail) -> Subject:
    """Return a managed policy as subject."""
    kind = NodeKind.AWS_POLICY if policy.is_aws_managed else NodeKind.CUSTOMER_POLICY
    return Subject(policy.arn, policy.policy_name, kind)


def own_roles(account: Account) -> Iterable[RoleDetail]:
    """Yield the roles of an account without service-linked ones, which CMP-09 counts."""
    return (role for role in account.roles if not is_service_linked(role))


def own_policies(account: Account) -> Iterable[ManagedPolicyDetail]:
    """Yield the customer managed policies of an account."""
    return (policy for policy in account.policies if not policy.is_aws_managed)


def principals_of(account: Account) -> Iterable[Principal]:
    """Yield the users, then the roles of an account without service-linked ones."""
    yield from account.users
    yield from own_roles(account)


ACCOUNTS: CheckTarget[Account] = CheckTarget("account", lambda _, account: (account,), account_subject)
PRINCIPALS: CheckTarget[Principal] = CheckTarget(
    "user or role", lambda _, account: principals_of(account), principal_subject
)
USERS: CheckTarget[UserDetail] = CheckTarget("user", lambda _, account: account.users, principal_subject)
GROUPS: CheckTarget[GroupDetail] = CheckTarget("group", lambda _, account: account.groups, group_subject)
ROLES: CheckTarget[RoleDetail] = CheckTarget("role", lambda _, account: own_roles(account), principal_subject)
POLICIES: CheckTarget[ManagedPolicyDetail] = CheckTarget(
    "managed policy", lambda _, account: account.policies, policy_subject
)
CUSTOMER_POLICIES: CheckTarget[ManagedPolicyDetail] = CheckTarget(
    "customer managed policy", lambda _, account: own_policies(account), policy_subject
)
