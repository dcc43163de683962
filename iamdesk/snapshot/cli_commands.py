"""The commands of the AWS CLI whose output a bundle may hold, one by one.

Source: the AWS CLI command reference; error codes from each operation's page of the service's API reference.
"""

from collections.abc import Mapping

from iamdesk.snapshot.layout import Call, Kind, Scope

_O, _A, _R = Scope.ORGANIZATION, Scope.ACCOUNT, Scope.REGION
_NOT_FOUND = "ResourceNotFoundException"
_PERMISSION_SET = "--instance-arn INSTANCE-ARN --permission-set-arn PERMISSION-SET-ARN"
_FUNCTIONS = "'{Functions: Functions[].{FunctionName: FunctionName, FunctionArn: FunctionArn, Role: Role}}'"
_USERS = (
    "'{Users: Users[].{UserId: UserId, IdentityStoreId: IdentityStoreId, UserName: UserName,"
    " DisplayName: DisplayName, Title: Title, UserStatus: UserStatus}}'"
)
_MFA_DEVICES = "'{VirtualMFADevices: VirtualMFADevices[].{SerialNumber: SerialNumber, EnableDate: EnableDate}}'"
_MULTI_REGION = "--account-id ACCOUNT-ID --region us-west-2"
_POLICY, _CENTER = Kind.RESOURCE_POLICIES, Kind.IDENTITY_CENTER

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
    # Its output does not say whom it is about: the path does, by kind (user, group, role) and name.
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

_S3 = (
    Call("s3api", "list-buckets", _A, _POLICY, lists=True),
    Call("s3api", "get-bucket-policy", _A, _POLICY, ("bucket",), "--bucket BUCKET", ("NoSuchBucketPolicy",)),
    Call("s3api", "get-bucket-acl", _A, Kind.BUCKET_ACCESS, ("bucket",), "--bucket BUCKET"),
    Call(
        "s3api", "get-bucket-ownership-controls", _A, Kind.BUCKET_ACCESS, ("bucket",), "--bucket BUCKET",
        ("OwnershipControlsNotFoundError",),
    ),
    Call(
        "s3api", "get-public-access-block", _A, Kind.BUCKET_ACCESS, ("bucket",), "--bucket BUCKET",
        ("NoSuchPublicAccessBlockConfiguration",),
    ),
    Call("s3api", "get-bucket-location", _A, Kind.BUCKET_ACCESS, ("bucket",), "--bucket BUCKET"),
    Call(
        "s3api", "get-bucket-encryption", _A, Kind.BUCKET_ACCESS, ("bucket",), "--bucket BUCKET",
        ("ServerSideEncryptionConfigurationNotFoundError",),
    ),
    Call("s3api", "get-bucket-abac", _A, Kind.TAGS, ("bucket",), "--bucket BUCKET"),
    Call("s3api", "get-bucket-tagging", _A, Kind.TAGS, ("bucket",), "--bucket BUCKET", ("NoSuchTagSet",)),
    Call(
        "s3control", "get-public-access-block", _A, Kind.BUCKET_ACCESS, (), "--account-id ACCOUNT-ID",
        ("NoSuchPublicAccessBlockConfiguration",),
    ),
    Call("s3control", "list-access-points", _R, _POLICY, (), "--account-id ACCOUNT-ID", lists=True),
    Call(
        "s3control", "get-access-point-policy", _R, _POLICY, ("access-point",),
        "--account-id ACCOUNT-ID --name ACCESS-POINT", ("NoSuchAccessPointPolicy",),
    ),
    # Both are asked in us-west-2, whatever the Regions of their buckets.
    Call("s3control", "list-multi-region-access-points", _A, _POLICY, (), _MULTI_REGION, lists=True),
    Call(
        "s3control", "get-multi-region-access-point-policy", _A, _POLICY, ("access-point",),
        f"{_MULTI_REGION} --name ACCESS-POINT",
    ),
    Call("s3tables", "list-table-buckets", _R, _POLICY, lists=True),
    Call(
        "s3tables", "get-table-bucket-policy", _R, _POLICY, ("table-bucket",), "--table-bucket-arn ARN",
        ("NotFoundException",),
    ),
)  # fmt: skip

_OTHER_RESOURCES = (
    Call("kms", "list-keys", _R, _POLICY, lists=True),
    Call("kms", "list-aliases", _R, _POLICY),
    Call("kms", "describe-key", _R, _POLICY, ("key-id",), "--key-id KEY-ID"),
    Call("kms", "get-key-policy", _R, _POLICY, ("key-id",), "--key-id KEY-ID --policy-name default"),
    Call("kms", "list-grants", _R, Kind.KEY_GRANTS, ("key-id",), "--key-id KEY-ID"),
    Call("kms", "list-resource-tags", _R, Kind.TAGS, ("key-id",), "--key-id KEY-ID"),
    Call("sqs", "list-queues", _R, _POLICY, lists=True),
    Call("sqs", "get-queue-attributes", _R, _POLICY, ("queue",), "--queue-url QUEUE-URL --attribute-names All"),
    Call("sns", "list-topics", _R, _POLICY, lists=True),
    Call("sns", "get-topic-attributes", _R, _POLICY, ("topic",), "--topic-arn TOPIC-ARN"),
    # Without --query it prints the functions' environment variables, where secrets lie: a bundle holds none.
    Call("lambda", "list-functions", _R, _POLICY, (), f"--query {_FUNCTIONS}", lists=True),
    Call("lambda", "get-policy", _R, _POLICY, ("function",), "--function-name FUNCTION", (_NOT_FOUND,)),
    Call("lambda", "list-layers", _R, _POLICY, lists=True),
    Call(
        "lambda", "get-layer-version-policy", _R, _POLICY, ("layer", "version"),
        "--layer-name LAYER --version-number VERSION", (_NOT_FOUND,),
    ),
    Call("secretsmanager", "list-secrets", _R, _POLICY, lists=True),
    Call("secretsmanager", "get-resource-policy", _R, _POLICY, ("secret",), "--secret-id SECRET"),
    Call("ecr", "describe-repositories", _R, _POLICY, lists=True),
    Call(
        "ecr", "get-repository-policy", _R, _POLICY, ("repository",), "--repository-name REPOSITORY",
        ("RepositoryPolicyNotFoundException",),
    ),
    Call("dynamodb", "list-tables", _R, _POLICY, lists=True),
    Call(
        "dynamodb", "get-resource-policy", _R, _POLICY, ("table",), "--resource-arn TABLE-ARN",
        ("PolicyNotFoundException",),
    ),
    Call("events", "list-event-buses", _R, _POLICY, lists=True),
    Call("events", "describe-event-bus", _R, _POLICY, ("event-bus",), "--name EVENT-BUS"),
    Call("glacier", "list-vaults", _R, _POLICY, (), "--account-id -", lists=True),
    Call(
        "glacier", "get-vault-access-policy", _R, _POLICY, ("vault",), "--account-id - --vault-name VAULT",
        (_NOT_FOUND,),
    ),
    Call("efs", "describe-file-systems", _R, _POLICY, lists=True),
    Call(
        "efs", "describe-file-system-policy", _R, _POLICY, ("file-system-id",), "--file-system-id FILE-SYSTEM-ID",
        ("PolicyNotFound",),
    ),
    Call("opensearch", "list-domain-names", _R, _POLICY, lists=True),
    Call("opensearch", "describe-domain", _R, _POLICY, ("domain",), "--domain-name DOMAIN"),
    Call("es", "describe-elasticsearch-domain", _R, _POLICY, ("domain",), "--domain-name DOMAIN"),
    Call("apigateway", "get-rest-apis", _R, _POLICY, lists=True),
    Call("apigateway", "get-rest-api", _R, _POLICY, ("rest-api-id",), "--rest-api-id REST-API-ID"),
    Call("backup", "list-backup-vaults", _R, _POLICY, lists=True),
    Call(
        "backup", "get-backup-vault-access-policy", _R, _POLICY, ("vault",), "--backup-vault-name VAULT", (_NOT_FOUND,)
    ),
    Call("glue", "get-resource-policy", _R, _POLICY, absent=("EntityNotFoundException",)),
    Call("codeartifact", "list-domains", _R, _POLICY, lists=True),
    Call("codeartifact", "get-domain-permissions-policy", _R, _POLICY, ("domain",), "--domain DOMAIN", (_NOT_FOUND,)),
    Call("codeartifact", "list-repositories", _R, _POLICY, lists=True),
    Call(
        "codeartifact", "get-repository-permissions-policy", _R, _POLICY, ("domain", "repository"),
        "--domain DOMAIN --repository REPOSITORY", (_NOT_FOUND,),
    ),
    Call("kinesis", "list-streams", _R, _POLICY, lists=True),
    Call("kinesis", "get-resource-policy", _R, _POLICY, ("stream",), "--resource-arn STREAM-ARN", (_NOT_FOUND,)),
    Call("acm-pca", "list-certificate-authorities", _R, _POLICY, lists=True),
    Call("acm-pca", "get-policy", _R, _POLICY, ("certificate-authority-id",), "--resource-arn ARN", (_NOT_FOUND,)),
    Call("mediastore", "list-containers", _R, _POLICY, lists=True),
    Call(
        "mediastore", "get-container-policy", _R, _POLICY, ("container",), "--container-name CONTAINER",
        ("PolicyNotFoundException",),
    ),
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
    (call.service, call.command): call for call in (*_IAM, *_ORGANIZATIONS, *_S3, *_OTHER_RESOURCES, *_IDENTITY_CENTER)
}
"""By service and command."""
