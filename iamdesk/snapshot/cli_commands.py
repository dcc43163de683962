"""The commands of the AWS CLI whose output a bundle may hold, one by one.

Those of services with resource policies are in the services' declarations (`resource_services`).

Source: the AWS CLI command reference; error codes from each operation's page of the service's API reference.
"""

from collections.abc import Mapping

from iamdesk.snapshot.layout import Call, Kind, Scope
from iamdesk.snapshot.resource_services import all_commands

_O, _A, _R = Scope.ORGANIZATION, Scope.ACCOUNT, Scope.REGION
_NOT_FOUND = "ResourceNotFoundException"
_PERMISSION_SET = "--instance-arn INSTANCE-ARN --permission-set-arn PERMISSION-SET-ARN"
_USERS = (
    "'{Users: Users[].{UserId: UserId, IdentityStoreId: IdentityStoreId, UserName: UserName,"
    " DisplayName: DisplayName, Title: Title, UserStatus: UserStatus}}'"
)
_MFA_DEVICES = "'{VirtualMFADevices: VirtualMFADevices[].{SerialNumber: SerialNumber, EnableDate: EnableDate}}'"
_ADMINISTRATORS = "'{DelegatedAdministrators: DelegatedAdministrators[].{Id: Id}}'"
_CENTER = Kind.IDENTITY_CENTER

_IAM = (
    Call("iam", "get-account-authorization-details", _A, Kind.AUTHORIZATION_DETAILS),
    Call("iam", "list-account-aliases", _A, Kind.ACCOUNT_SETTINGS),
    Call("iam", "get-account-summary", _A, Kind.ACCOUNT_SETTINGS),
    Call("iam", "get-account-password-policy", _A, Kind.ACCOUNT_SETTINGS, absent=("NoSuchEntity",)),
    Call("iam", "get-credential-report", _A, Kind.CREDENTIAL_REPORT),
    # Without --query it could print the secrets that the codes are made of.
    Call("iam", "list-virtual-mfa-devices", _A, Kind.ACCOUNT_SETTINGS, (), f"--query {_MFA_DEVICES}"),
    Call("iam", "list-server-certificates", _A, Kind.ACCOUNT_SETTINGS),
    Call("accessanalyzer", "list-analyzers", _R, Kind.ACCOUNT_SETTINGS),
    # The output does not name its principal: the path does, by kind (user, group, role) and name.
    Call(
        "iam", "get-service-last-accessed-details", _A, Kind.SERVICE_LAST_ACCESSED, ("kind", "name"),
        "--job-id JOB-ID",
    ),
    Call("iam", "list-open-id-connect-providers", _A, Kind.IDENTITY_PROVIDERS, lists=True),
    Call(
        "iam", "get-open-id-connect-provider", _A, Kind.IDENTITY_PROVIDERS, ("provider",),
        "--open-id-connect-provider-arn ARN",
    ),
    Call("iam", "list-saml-providers", _A, Kind.IDENTITY_PROVIDERS, lists=True),
    Call("iam", "get-saml-provider", _A, Kind.IDENTITY_PROVIDERS, ("provider",), "--saml-provider-arn ARN"),
)  # fmt: skip

_ORGANIZATIONS = (
    Call(
        "organizations", "describe-organization", _O, Kind.ORGANIZATION,
        absent=("AWSOrganizationsNotInUseException",),
    ),
    Call("organizations", "list-roots", _O, Kind.ORGANIZATION),
    Call("organizations", "list-accounts", _O, Kind.ORGANIZATION),
    Call(
        "organizations", "list-organizational-units-for-parent", _O, Kind.ORGANIZATION, ("parent-id",),
        "--parent-id PARENT-ID",
    ),
    Call("organizations", "list-accounts-for-parent", _O, Kind.ORGANIZATION, ("parent-id",), "--parent-id PARENT-ID"),
    # Without --query it prints the accounts' names and addresses, which no review needs.
    Call(
        "organizations", "list-delegated-administrators", _O, Kind.ORGANIZATION, (),
        f"--query {_ADMINISTRATORS}",
    ),
    Call(
        "organizations", "list-delegated-services-for-account", _O, Kind.ORGANIZATION, ("account-id",),
        "--account-id ACCOUNT-ID",
    ),
    Call(
        "organizations", "describe-resource-policy", _O, Kind.ORGANIZATION,
        absent=("ResourcePolicyNotFoundException", "AWSOrganizationsNotInUseException"),
    ),
    Call("organizations", "list-policies", _O, Kind.ORGANIZATION_POLICIES, ("filter",), "--filter FILTER", lists=True),
    Call("organizations", "describe-policy", _O, Kind.ORGANIZATION_POLICIES, ("policy-id",), "--policy-id POLICY-ID"),
    Call(
        "organizations", "list-targets-for-policy", _O, Kind.ORGANIZATION_POLICIES, ("policy-id",),
        "--policy-id POLICY-ID",
    ),
    Call(
        "organizations", "list-policies-for-target", _O, Kind.ORGANIZATION_POLICIES, ("target-id", "filter"),
        "--target-id TARGET-ID --filter FILTER",
    ),
)  # fmt: skip

_OF_ALL_RESOURCES = (
    Call("resourcegroupstaggingapi", "get-resources", _R, Kind.TAGS),
    Call("ec2", "describe-vpc-endpoints", _R, Kind.VPC_ENDPOINTS),
    Call("ram", "get-resource-shares", _R, Kind.RESOURCE_SHARES, ("owner",), "--resource-owner OWNER"),
    Call(
        "ram", "get-resource-share-associations", _R, Kind.RESOURCE_SHARES, ("association-type",),
        "--association-type ASSOCIATION-TYPE",
    ),
    Call(
        "ram", "list-resource-share-permissions", _R, Kind.RESOURCE_SHARES, ("share-id",),
        "--resource-share-arn RESOURCE-SHARE-ARN",
    ),
    Call(
        "ram", "get-permission", _R, Kind.RESOURCE_SHARES, ("permission", "version"),
        "--permission-arn PERMISSION-ARN --permission-version VERSION",
    ),
)  # fmt: skip

_IDENTITY_CENTER = (
    Call("sso-admin", "list-instances", _R, _CENTER),
    Call("sso-admin", "list-permission-sets", _R, _CENTER, ("instance-id",), "--instance-arn INSTANCE-ARN", lists=True),
    Call("sso-admin", "describe-permission-set", _R, _CENTER, ("permission-set-id",), _PERMISSION_SET),
    Call("sso-admin", "get-inline-policy-for-permission-set", _R, _CENTER, ("permission-set-id",), _PERMISSION_SET),
    Call("sso-admin", "list-managed-policies-in-permission-set", _R, _CENTER, ("permission-set-id",), _PERMISSION_SET),
    Call(
        "sso-admin", "list-customer-managed-policy-references-in-permission-set", _R, _CENTER, ("permission-set-id",),
        _PERMISSION_SET,
    ),
    Call(
        "sso-admin", "get-permissions-boundary-for-permission-set", _R, _CENTER, ("permission-set-id",),
        _PERMISSION_SET, (_NOT_FOUND,),
    ),
    Call(
        "sso-admin", "list-accounts-for-provisioned-permission-set", _R, _CENTER, ("permission-set-id",),
        _PERMISSION_SET, lists=True,
    ),
    Call(
        "sso-admin", "list-account-assignments", _R, _CENTER, ("permission-set-id", "account-id"),
        f"{_PERMISSION_SET} --account-id ACCOUNT-ID",
    ),
    # Without --query it prints people's addresses, telephone numbers and birthdates, which no review needs.
    Call(
        "identitystore", "list-users", _R, _CENTER, ("identity-store-id",),
        f"--identity-store-id IDENTITY-STORE-ID --query {_USERS}",
    ),
    Call("identitystore", "list-groups", _R, _CENTER, ("identity-store-id",), "--identity-store-id IDENTITY-STORE-ID"),
    Call(
        "identitystore", "list-group-memberships", _R, _CENTER, ("identity-store-id", "group-id"),
        "--identity-store-id IDENTITY-STORE-ID --group-id GROUP-ID",
    ),
)  # fmt: skip

CALLS: Mapping[tuple[str, str], Call] = {
    (call.service, call.command): call
    for call in (
        *_IAM,
        *_ORGANIZATIONS,
        *(command.call for command in all_commands()),
        *_OF_ALL_RESOURCES,
        *_IDENTITY_CENTER,
    )
}
"""By service and command."""
