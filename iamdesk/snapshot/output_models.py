"""The model for the output of each command. The shipped JSON Schemas are generated from these."""

from collections.abc import Mapping

from pydantic import BaseModel

from iamdesk.snapshot.models import account, organization, settings
from iamdesk.snapshot.models import identity_center as center
from iamdesk.snapshot.resource_services import all_commands

OUTPUT_MODELS: Mapping[tuple[str, str], type[BaseModel]] = {
    **{command.key: command.model for command in all_commands()},
    ("iam", "list-account-aliases"): account.ListAccountAliases,
    ("iam", "get-account-summary"): account.GetAccountSummary,
    ("iam", "get-account-password-policy"): account.GetAccountPasswordPolicy,
    ("iam", "get-credential-report"): account.GetCredentialReport,
    ("iam", "get-service-last-accessed-details"): account.GetServiceLastAccessedDetails,
    ("iam", "list-open-id-connect-providers"): account.ListOpenIdConnectProviders,
    ("iam", "get-open-id-connect-provider"): account.GetOpenIdConnectProvider,
    ("iam", "list-virtual-mfa-devices"): account.ListVirtualMfaDevices,
    ("iam", "list-server-certificates"): account.ListServerCertificates,
    ("accessanalyzer", "list-analyzers"): account.ListAnalyzers,
    ("iam", "list-saml-providers"): account.ListSamlProviders,
    ("iam", "get-saml-provider"): account.GetSamlProvider,
    ("organizations", "describe-organization"): organization.DescribeOrganization,
    ("organizations", "list-roots"): organization.ListRoots,
    ("organizations", "list-accounts"): organization.ListAccounts,
    ("organizations", "list-organizational-units-for-parent"): organization.ListOrganizationalUnitsForParent,
    ("organizations", "list-accounts-for-parent"): organization.ListAccounts,
    ("organizations", "list-policies"): organization.ListPolicies,
    ("organizations", "describe-policy"): organization.DescribePolicy,
    ("organizations", "list-targets-for-policy"): organization.ListTargetsForPolicy,
    ("organizations", "list-policies-for-target"): organization.ListPolicies,
    ("organizations", "list-delegated-administrators"): organization.ListDelegatedAdministrators,
    ("organizations", "list-delegated-services-for-account"): organization.ListDelegatedServicesForAccount,
    ("organizations", "describe-resource-policy"): organization.DescribeResourcePolicy,
    ("resourcegroupstaggingapi", "get-resources"): settings.GetResources,
    ("ec2", "describe-vpc-endpoints"): settings.DescribeVpcEndpoints,
    ("ram", "get-resource-shares"): settings.GetResourceShares,
    ("ram", "get-resource-share-associations"): settings.GetResourceShareAssociations,
    ("ram", "list-resource-share-permissions"): settings.ListResourceSharePermissions,
    ("ram", "get-permission"): settings.GetPermission,
    ("sso-admin", "list-instances"): center.ListInstances,
    ("sso-admin", "list-permission-sets"): center.ListPermissionSets,
    ("sso-admin", "describe-permission-set"): center.DescribePermissionSet,
    ("sso-admin", "get-inline-policy-for-permission-set"): center.GetInlinePolicyForPermissionSet,
    ("sso-admin", "list-managed-policies-in-permission-set"): center.ListManagedPoliciesInPermissionSet,
    (
        "sso-admin",
        "list-customer-managed-policy-references-in-permission-set",
    ): center.ListCustomerManagedPolicyReferencesInPermissionSet,
    ("sso-admin", "get-permissions-boundary-for-permission-set"): center.GetPermissionsBoundaryForPermissionSet,
    ("sso-admin", "list-accounts-for-provisioned-permission-set"): center.ListAccountsForProvisionedPermissionSet,
    ("sso-admin", "list-account-assignments"): center.ListAccountAssignments,
    ("identitystore", "list-users"): center.ListUsers,
    ("identitystore", "list-groups"): center.ListGroups,
    ("identitystore", "list-group-memberships"): center.ListGroupMemberships,
}
"""By service and command: every command of `cli_commands` but ``iam get-account-authorization-details``."""
