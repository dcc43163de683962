"""``aws sso-admin`` and ``aws identitystore``: the commands, and what they print.

Sources: the API references of IAM Identity Center and of the Identity Store, and the AWS CLI command reference.
"""

from iamdesk.snapshot.aws_model import AwsModel, PolicyDocument
from iamdesk.snapshot.identity_center import (
    AccountAssignment,
    CustomerManagedPolicyReference,
    GroupMembership,
    IdentityCenterInstance,
    IdentityStoreGroup,
    IdentityStoreUser,
    PermissionSet,
    PermissionSetBoundary,
    PermissionSetManagedPolicy,
)
from iamdesk.snapshot.layout import Call, Kind, Scope
from iamdesk.snapshot.resource_service import Collect, Command


class ListInstances(AwsModel):
    """``sso-admin list-instances``."""

    instances: tuple[IdentityCenterInstance, ...]


class ListPermissionSets(AwsModel):
    """``sso-admin list-permission-sets``: ARNs."""

    permission_sets: tuple[str, ...]


class DescribePermissionSet(AwsModel):
    """``sso-admin describe-permission-set``."""

    permission_set: PermissionSet


class GetInlinePolicyForPermissionSet(AwsModel):
    """``sso-admin get-inline-policy-for-permission-set``: an empty text where it has none."""

    inline_policy: PolicyDocument = None


class ListManagedPoliciesInPermissionSet(AwsModel):
    """``sso-admin list-managed-policies-in-permission-set``."""

    attached_managed_policies: tuple[PermissionSetManagedPolicy, ...]


class ListCustomerManagedPolicyReferencesInPermissionSet(AwsModel):
    """``sso-admin list-customer-managed-policy-references-in-permission-set``."""

    customer_managed_policy_references: tuple[CustomerManagedPolicyReference, ...]


class GetPermissionsBoundaryForPermissionSet(AwsModel):
    """``sso-admin get-permissions-boundary-for-permission-set``; ``{}`` where it has none."""

    permissions_boundary: PermissionSetBoundary | None = None


class ListAccountsForProvisionedPermissionSet(AwsModel):
    """``sso-admin list-accounts-for-provisioned-permission-set``."""

    account_ids: tuple[str, ...]


class ListAccountAssignments(AwsModel):
    """``sso-admin list-account-assignments``."""

    account_assignments: tuple[AccountAssignment, ...]


class ListUsers(AwsModel):
    """``identitystore list-users``."""

    users: tuple[IdentityStoreUser, ...]


class ListGroups(AwsModel):
    """``identitystore list-groups``."""

    groups: tuple[IdentityStoreGroup, ...]


class ListGroupMemberships(AwsModel):
    """``identitystore list-group-memberships``."""

    group_memberships: tuple[GroupMembership, ...]


_PERMISSION_SET = "--instance-arn INSTANCE-ARN --permission-set-arn PERMISSION-SET-ARN"
_STORE = "--identity-store-id IDENTITY-STORE-ID"
_USERS = (
    "'{Users: Users[].{UserId: UserId, IdentityStoreId: IdentityStoreId, UserName: UserName,"
    " DisplayName: DisplayName, Title: Title, UserStatus: UserStatus}}'"
)
_OF_STORES = Collect(
    "sso-admin list-instances",
    'Instances[].{IdentityStoreId: IdentityStoreId, "@identity-store-id": IdentityStoreId}',
)
_OF_SETS = Collect(
    "list-permission-sets",
    'PermissionSets[].{PermissionSetArn: @, "@permission-set-id": after_last(@)}',
    keep=("InstanceArn",),
)


def _call(
    service: str,
    command: str,
    arguments: tuple[str, ...] = (),
    options: str = "",
    absent: tuple[str, ...] = (),
    *,
    lists: bool = False,
) -> Call:
    return Call(service, command, Scope.REGION, Kind.IDENTITY_CENTER, arguments, options, absent, lists)


def _of_set(command: str, absent: tuple[str, ...] = (), *, lists: bool = False) -> Call:
    return _call("sso-admin", command, ("permission-set-id",), _PERMISSION_SET, absent, lists=lists)


COMMANDS = (
    Command(_call("sso-admin", "list-instances"), ListInstances, Collect(), loose_keys="Instances"),
    Command(
        _call("sso-admin", "list-permission-sets", ("instance-id",), "--instance-arn INSTANCE-ARN", lists=True),
        ListPermissionSets,
        Collect("list-instances", 'Instances[].{InstanceArn: InstanceArn, "@instance-id": after_last(InstanceArn)}'),
    ),
    Command(_of_set("describe-permission-set"), DescribePermissionSet, _OF_SETS, loose_keys="PermissionSet"),
    Command(_of_set("get-inline-policy-for-permission-set"), GetInlinePolicyForPermissionSet, _OF_SETS),
    Command(_of_set("list-managed-policies-in-permission-set"), ListManagedPoliciesInPermissionSet, _OF_SETS),
    Command(
        _of_set("list-customer-managed-policy-references-in-permission-set"),
        ListCustomerManagedPolicyReferencesInPermissionSet,
        _OF_SETS,
    ),
    Command(
        _of_set("get-permissions-boundary-for-permission-set", ("ResourceNotFoundException",)),
        GetPermissionsBoundaryForPermissionSet,
        _OF_SETS,
    ),
    Command(
        _of_set("list-accounts-for-provisioned-permission-set", lists=True),
        ListAccountsForProvisionedPermissionSet,
        _OF_SETS,
    ),
    Command(
        _call(
            "sso-admin",
            "list-account-assignments",
            ("permission-set-id", "account-id"),
            f"{_PERMISSION_SET} --account-id ACCOUNT-ID",
        ),
        ListAccountAssignments,
        Collect(
            "list-accounts-for-provisioned-permission-set",
            'AccountIds[].{AccountId: @, "@account-id": @}',
            keep=("InstanceArn", "PermissionSetArn", "@permission-set-id"),
        ),
        loose_keys="AccountAssignments",
    ),
    # Without --query it prints people's addresses, telephone numbers and birthdates, which no review needs.
    Command(
        _call("identitystore", "list-users", ("identity-store-id",), f"{_STORE} --query {_USERS}"),
        ListUsers,
        _OF_STORES,
    ),
    Command(_call("identitystore", "list-groups", ("identity-store-id",), _STORE), ListGroups, _OF_STORES),
    Command(
        _call(
            "identitystore",
            "list-group-memberships",
            ("identity-store-id", "group-id"),
            f"{_STORE} --group-id GROUP-ID",
        ),
        ListGroupMemberships,
        Collect(
            "list-groups",
            'Groups[].{GroupId: GroupId, "@group-id": GroupId}',
            keep=("IdentityStoreId", "@identity-store-id"),
        ),
    ),
)
