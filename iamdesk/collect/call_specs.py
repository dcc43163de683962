"""Every call that ``iamdesk collect`` makes: one table, over the calls that a bundle's layout knows.

All of them only read (`policy.py` writes them as a policy; a test holds each to the access level List or Read), and
none gives out a secret: no secret value, no object, no parameter value, no function's code or environment, no user
data.
Source of operations and members: AWS's API references of the services, as botocore's service models hold them.
"""

from iamdesk.collect.call_spec import DependsOn, FetchMode, Step
from iamdesk.snapshot.cli_commands import CALLS

_BOTO3_NAMES = {"s3api": "s3"}
_IAM_PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "s3api": "s3",
    "s3control": "s3",
    "efs": "elasticfilesystem",
    "opensearch": "es",
    "sso-admin": "sso",
}
_ONCE = {"organizations", "sso-admin", "identitystore"}


def _step(
    name: str,
    *after: DependsOn,
    action: str | tuple[str, ...] = (),
    way: FetchMode = FetchMode.PAGES,
    page_size: int | None = None,
    **parameters: str | tuple[str, ...],
) -> Step:
    service, command = name.split()
    actions = (action,) if isinstance(action, str) else action
    if not actions:
        operation = "".join(word.title() for word in command.split("-"))
        actions = (f"{_IAM_PREFIXES.get(service, service)}:{operation}",)
    call = CALLS[service, command]
    boto3_name = _BOTO3_NAMES.get(service, service)
    arguments = tuple(map(str, parameters.values())) if call.arguments and not after else ()
    return Step(call, boto3_name, parameters, after, arguments, actions, service in _ONCE, way, page_size)


_DETAILS = "iam get-account-authorization-details"

_IAM = (
    _step(_DETAILS),
    _step("iam list-account-aliases"),
    _step("iam get-account-summary"),
    _step("iam get-account-password-policy"),
    _step(
        "iam get-credential-report",
        way=FetchMode.REPORT,
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
        way=FetchMode.JOB,
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
    _step(
        "organizations list-policies",
        _policies_of("SERVICE_CONTROL_POLICY"),
        _policies_of("RESOURCE_CONTROL_POLICY"),
    ),
    _step("organizations describe-policy", _POLICIES),
    _step("organizations list-targets-for-policy", _POLICIES),
)

_BUCKETS = DependsOn("s3api list-buckets", 'Buckets[].{Bucket: Name, "@bucket": Name, "@region": BucketRegion}')
_POINTS = DependsOn("s3control list-access-points", 'AccessPointList[].{Name: Name, "@access-point": Name}')

_S3 = (
    # S3 tells the Region of each bucket only to who asks for pages (API reference of ListBuckets, BucketRegion).
    _step("s3api list-buckets", action="s3:ListAllMyBuckets", page_size=1000),
    _step("s3api get-bucket-policy", _BUCKETS),
    _step("s3api get-bucket-acl", _BUCKETS),
    _step("s3api get-bucket-ownership-controls", _BUCKETS),
    _step("s3api get-public-access-block", _BUCKETS, action="s3:GetBucketPublicAccessBlock"),
    _step("s3api get-bucket-location", _BUCKETS),
    _step("s3api get-bucket-encryption", _BUCKETS, action="s3:GetEncryptionConfiguration"),
    _step("s3api get-bucket-abac", _BUCKETS),
    _step("s3api get-bucket-tagging", _BUCKETS),
    _step("s3control get-public-access-block", AccountId="{account}", action="s3:GetAccountPublicAccessBlock"),
    _step("s3control list-access-points", AccountId="{account}"),
    _step("s3control get-access-point-policy", _POINTS, AccountId="{account}"),
    _step("s3tables list-table-buckets"),
    _step(
        "s3tables get-table-bucket-policy",
        DependsOn("s3tables list-table-buckets", 'tableBuckets[].{tableBucketARN: arn, "@table-bucket": name}'),
    ),
)

_KEYS = DependsOn("kms list-keys", 'Keys[].{KeyId: KeyId, "@key-id": KeyId}')

_RESOURCES = (
    _step("kms list-keys"),
    _step("kms list-aliases"),
    _step("kms describe-key", _KEYS),
    _step("kms get-key-policy", _KEYS, PolicyName="default"),
    _step("kms list-grants", _KEYS),
    _step("kms list-resource-tags", _KEYS),
    _step("sqs list-queues"),
    _step(
        "sqs get-queue-attributes",
        DependsOn("sqs list-queues", 'QueueUrls[].{QueueUrl: @, "@queue": after_last(@)}'),
        AttributeNames=("All",),
    ),
    _step("sns list-topics"),
    _step(
        "sns get-topic-attributes",
        DependsOn("sns list-topics", 'Topics[].{TopicArn: TopicArn, "@topic": after_last(TopicArn)}'),
    ),
    _step("lambda list-functions"),
    _step(
        "lambda get-policy",
        DependsOn("lambda list-functions", 'Functions[].{FunctionName: FunctionName, "@function": FunctionName}'),
    ),
    _step("lambda list-layers"),
    _step(
        "lambda get-layer-version-policy",
        DependsOn(
            "lambda list-layers",
            'Layers[].{LayerName: LayerName, VersionNumber: LatestMatchingVersion.Version, "@layer": LayerName,'
            ' "@version": to_string(LatestMatchingVersion.Version)}',
        ),
    ),
    _step("secretsmanager list-secrets"),
    _step(
        "secretsmanager get-resource-policy",
        DependsOn("secretsmanager list-secrets", 'SecretList[].{SecretId: ARN, "@secret": Name}'),
    ),
    _step("ecr describe-repositories"),
    _step(
        "ecr get-repository-policy",
        DependsOn(
            "ecr describe-repositories",
            'repositories[].{repositoryName: repositoryName, "@repository": repositoryName}',
        ),
    ),
    _step("dynamodb list-tables"),
    _step(
        "dynamodb get-resource-policy",
        DependsOn("dynamodb list-tables", 'TableNames[].{"@table": @}'),
        ResourceArn="arn:{partition}:dynamodb:{region}:{account}:table/{table}",
    ),
    _step("events list-event-buses"),
    _step(
        "events describe-event-bus",
        DependsOn("events list-event-buses", 'EventBuses[].{Name: Name, "@event-bus": Name}'),
    ),
    _step("glacier list-vaults", accountId="-"),
    _step(
        "glacier get-vault-access-policy",
        DependsOn("glacier list-vaults", 'VaultList[].{vaultName: VaultName, "@vault": VaultName}'),
        accountId="-",
    ),
    _step("efs describe-file-systems"),
    _step(
        "efs describe-file-system-policy",
        DependsOn(
            "efs describe-file-systems", 'FileSystems[].{FileSystemId: FileSystemId, "@file-system-id": FileSystemId}'
        ),
    ),
    _step("opensearch list-domain-names"),
    _step(
        "opensearch describe-domain",
        DependsOn("opensearch list-domain-names", 'DomainNames[].{DomainName: DomainName, "@domain": DomainName}'),
    ),
    _step("apigateway get-rest-apis", action="apigateway:GET"),
    _step(
        "apigateway get-rest-api",
        DependsOn("apigateway get-rest-apis", 'items[].{restApiId: id, "@rest-api-id": id}'),
        action="apigateway:GET",
    ),
    _step("backup list-backup-vaults"),
    _step(
        "backup get-backup-vault-access-policy",
        DependsOn(
            "backup list-backup-vaults",
            'BackupVaultList[].{BackupVaultName: BackupVaultName, "@vault": BackupVaultName}',
        ),
    ),
    _step("glue get-resource-policy"),
    _step("codeartifact list-domains"),
    _step(
        "codeartifact get-domain-permissions-policy",
        DependsOn("codeartifact list-domains", 'domains[].{domain: name, domainOwner: owner, "@domain": name}'),
    ),
    _step("codeartifact list-repositories"),
    _step(
        "codeartifact get-repository-permissions-policy",
        DependsOn(
            "codeartifact list-repositories",
            'repositories[].{domain: domainName, domainOwner: domainOwner, repository: name, "@domain": domainName,'
            ' "@repository": name}',
        ),
    ),
    _step("kinesis list-streams"),
    _step(
        "kinesis get-resource-policy",
        DependsOn("kinesis list-streams", 'StreamSummaries[].{ResourceARN: StreamARN, "@stream": StreamName}'),
    ),
    _step("acm-pca list-certificate-authorities"),
    _step(
        "acm-pca get-policy",
        DependsOn(
            "acm-pca list-certificate-authorities",
            'CertificateAuthorities[].{ResourceArn: Arn, "@certificate-authority-id": after_last(Arn)}',
        ),
    ),
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

STEPS: tuple[Step, ...] = (*_IAM, *_ORGANIZATIONS, *_S3, *_RESOURCES, *_IDENTITY_CENTER)
"""The table, what other calls come after first."""


def _row(name: str) -> Step:
    return next(step for step in STEPS if step.name == name)


AUTHORIZATION_DETAILS = _row(_DETAILS)
"""Where the gap is noted when an account cannot be entered."""

ACCOUNTS = _row("organizations list-accounts")
"""Its output tells which accounts there are."""
