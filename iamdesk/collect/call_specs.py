"""All calls that ``iamdesk collect`` makes.

The calls about resource policies, and about what runs with which role, are in the declarations of the services
(`snapshot.resource_services`).

All calls are read-only (`policy.py` makes an IAM policy of them; a test checks that each has the access level List or
Read), and none returns secrets: no secret values, objects, parameter values, code or environment of functions, user
data.
Source of operations and members: the API references of the services, as in botocore's service models.
"""

from iamdesk.collect.call_spec import DependsOn, FetchMode, Step
from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService
from iamdesk.snapshot.resource_services import all_services

_BOTO3_NAMES = {"s3api": "s3", "s3express": "s3"}
_IAM_PREFIXES = {"accessanalyzer": "access-analyzer", "sso-admin": "sso"}
_ONCE = {"organizations", "sso-admin", "identitystore"}


def _step(
    name: str,
    *after: DependsOn,
    action: str | tuple[str, ...] = (),
    fetch_mode: FetchMode = FetchMode.PAGES,
    **parameters: str | tuple[str, ...],
) -> Step:
    service, command = name.split()
    action = action or _action(_IAM_PREFIXES.get(service, service), command)
    actions = (action,) if isinstance(action, str) else action
    call = CALLS[service, command]
    boto3_name = _BOTO3_NAMES.get(service, service)
    arguments = tuple(map(str, parameters.values())) if call.arguments and not after else ()
    return Step(call, boto3_name, parameters, after, arguments, actions, service in _ONCE, fetch_mode)


def _action(prefix: str, command: str) -> str:
    """Return the IAM action with the name of a command."""
    return f"{prefix}:{''.join(word.title() for word in command.split('-'))}"


_DETAILS = "iam get-account-authorization-details"

_IAM = (
    _step(_DETAILS),
    _step("iam list-account-aliases"),
    _step("iam get-account-summary"),
    _step("iam get-account-password-policy"),
    _step(
        "iam get-credential-report",
        fetch_mode=FetchMode.REPORT,
        action=("iam:GenerateCredentialReport", "iam:GetCredentialReport"),
    ),
    _step("iam list-virtual-mfa-devices", action="iam:ListVirtualMFADevices"),
    _step("iam list-server-certificates"),
    _step("accessanalyzer list-analyzers"),
    _step("iam list-open-id-connect-providers", action="iam:ListOpenIDConnectProviders"),
    _step(
        "iam get-open-id-connect-provider",
        DependsOn(
            "iam list-open-id-connect-providers",
            'OpenIDConnectProviderList[].{OpenIDConnectProviderArn: Arn, "@provider": after_first(Arn)}',
        ),
        action="iam:GetOpenIDConnectProvider",
    ),
    _step("iam list-saml-providers", action="iam:ListSAMLProviders"),
    _step(
        "iam get-saml-provider",
        DependsOn(
            "iam list-saml-providers", 'SAMLProviderList[].{SAMLProviderArn: Arn, "@provider": after_first(Arn)}'
        ),
        action="iam:GetSAMLProvider",
    ),
    _step(
        "iam get-service-last-accessed-details",
        DependsOn(_DETAILS, 'UserDetailList[].{Arn: Arn, "@kind": \'user\', "@name": UserName}'),
        DependsOn(_DETAILS, 'GroupDetailList[].{Arn: Arn, "@kind": \'group\', "@name": GroupName}'),
        DependsOn(_DETAILS, 'RoleDetailList[].{Arn: Arn, "@kind": \'role\', "@name": RoleName}'),
        fetch_mode=FetchMode.JOB,
        action=("iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails"),
    ),
)

_ORGANIZATION = "organizations describe-organization"
_THERE_IS_ONE = DependsOn(_ORGANIZATION, "Organization && `[{}]`")
_ROOTS = DependsOn("organizations list-roots", 'Roots[].{ParentId: Id, "@parent-id": Id}')
_UNITS = DependsOn(
    "organizations list-organizational-units-for-parent", 'OrganizationalUnits[].{ParentId: Id, "@parent-id": Id}'
)
_POLICIES = DependsOn("organizations list-policies", 'Policies[].{PolicyId: Id, "@policy-id": Id}')


def _policies_of(kind: str) -> DependsOn:
    return DependsOn(_ORGANIZATION, f"[Organization.{{Filter: '{kind}', \"@filter\": '{kind}'}}]")


_ORGANIZATIONS = (
    _step(_ORGANIZATION),
    _step("organizations list-roots", _THERE_IS_ONE),
    _step("organizations list-accounts", _THERE_IS_ONE),
    _step("organizations list-organizational-units-for-parent", _ROOTS, _UNITS),
    _step("organizations list-accounts-for-parent", _ROOTS, _UNITS),
    _step("organizations list-delegated-administrators", _THERE_IS_ONE),
    _step(
        "organizations list-delegated-services-for-account",
        DependsOn(
            "organizations list-delegated-administrators",
            'DelegatedAdministrators[].{AccountId: Id, "@account-id": Id}',
        ),
    ),
    _step("organizations describe-resource-policy", _THERE_IS_ONE),
    _step(
        "organizations list-policies",
        _policies_of("SERVICE_CONTROL_POLICY"),
        _policies_of("RESOURCE_CONTROL_POLICY"),
    ),
    _step("organizations describe-policy", _POLICIES),
    _step("organizations list-targets-for-policy", _POLICIES),
)


def _declared(service: ResourceService, command: Command, collect: Collect) -> Step:
    call = command.call
    after = tuple(
        DependsOn(f"{call.service} {one.after}", one.each, one.keep) for one in (collect, *collect.also) if one.after
    )
    actions = collect.actions or (_action(service.prefix, call.command),)
    boto3_name = _BOTO3_NAMES.get(call.service, call.service)
    return Step(
        call,
        boto3_name,
        collect.parameters,
        after,
        actions=actions,
        page_size=collect.page_size,
        resources=collect.resources,
    )


_RESOURCE_SERVICES = tuple(
    _declared(service, command, command.collect)
    for service in all_services()
    for command in service.commands
    if command.collect is not None
)

_OF_ALL_RESOURCES = (
    _step("resourcegroupstaggingapi get-resources", action="tag:GetResources"),
    _step("ec2 describe-vpc-endpoints"),
    _step("ram get-resource-shares", resourceOwner="SELF"),
    _step("ram get-resource-shares", resourceOwner="OTHER-ACCOUNTS"),
    _step("ram get-resource-share-associations", associationType="PRINCIPAL"),
    _step("ram get-resource-share-associations", associationType="RESOURCE"),
    _step(
        "ram list-resource-share-permissions",
        DependsOn(
            "ram get-resource-shares",
            'resourceShares[].{resourceShareArn: resourceShareArn, "@share-id": after_last(resourceShareArn)}',
        ),
    ),
    _step(
        "ram get-permission",
        DependsOn(
            "ram list-resource-share-permissions",
            "permissions[].{permissionArn: arn, permissionVersion: to_number(version),"
            ' "@permission": after_last(arn), "@version": version}',
        ),
    ),
)

_INSTANCES = "sso-admin list-instances"
_STORES = DependsOn(_INSTANCES, 'Instances[].{IdentityStoreId: IdentityStoreId, "@identity-store-id": IdentityStoreId}')
_SETS = DependsOn(
    "sso-admin list-permission-sets",
    'PermissionSets[].{PermissionSetArn: @, "@permission-set-id": after_last(@)}',
    keep=("InstanceArn",),
)

_IDENTITY_CENTER = (
    _step(_INSTANCES),
    _step(
        "sso-admin list-permission-sets",
        DependsOn(_INSTANCES, 'Instances[].{InstanceArn: InstanceArn, "@instance-id": after_last(InstanceArn)}'),
    ),
    _step("sso-admin describe-permission-set", _SETS),
    _step("sso-admin get-inline-policy-for-permission-set", _SETS),
    _step("sso-admin list-managed-policies-in-permission-set", _SETS),
    _step("sso-admin list-customer-managed-policy-references-in-permission-set", _SETS),
    _step("sso-admin get-permissions-boundary-for-permission-set", _SETS),
    _step("sso-admin list-accounts-for-provisioned-permission-set", _SETS),
    _step(
        "sso-admin list-account-assignments",
        DependsOn(
            "sso-admin list-accounts-for-provisioned-permission-set",
            'AccountIds[].{AccountId: @, "@account-id": @}',
            keep=("InstanceArn", "PermissionSetArn", "@permission-set-id"),
        ),
    ),
    _step("identitystore list-users", _STORES),
    _step("identitystore list-groups", _STORES),
    _step(
        "identitystore list-group-memberships",
        DependsOn(
            "identitystore list-groups",
            'Groups[].{GroupId: GroupId, "@group-id": GroupId}',
            keep=("IdentityStoreId", "@identity-store-id"),
        ),
    ),
)

STEPS: tuple[Step, ...] = (*_IAM, *_ORGANIZATIONS, *_RESOURCE_SERVICES, *_OF_ALL_RESOURCES, *_IDENTITY_CENTER)
"""All calls; those that others depend on come first."""


def _row(name: str) -> Step:
    return next(step for step in STEPS if step.name == name)


AUTHORIZATION_DETAILS = _row(_DETAILS)
"""The call that is recorded as failed if the role of an account cannot be assumed."""

ACCOUNTS = _row("organizations list-accounts")
"""The call that lists the accounts of the organization."""
