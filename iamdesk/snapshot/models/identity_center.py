"""What ``aws sso-admin`` and ``aws identitystore`` print, command by command.

Source of the shapes: the API references of IAM Identity Center and of the Identity Store.
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
