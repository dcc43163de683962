"""What single services let other accounts, unsigned callers and the owners of reserved names call."""

from ..authoring import ACCOUNT, EXTERNAL, FULL, KEY, USER, Json, allow, case, doc, grant, refuse

_TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders"
_STREAM = f"{_TABLE}/stream/2026-01-01T00:00:00.000"
_SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:prod/db-AbCdEf"
_FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:resize"
_FILE_SYSTEM = f"arn:aws:elasticfilesystem:eu-west-1:{ACCOUNT}:file-system/fs-01234567"
_VAULT = f"arn:aws:backup:eu-west-1:{ACCOUNT}:backup-vault:main"
_DOMAIN = f"arn:aws:es:eu-west-1:{ACCOUNT}:domain/search"
_DATA_STREAM = f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/clicks"
_API = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:a1b2c3d4e5/prod/GET/orders"
_MONITOR = f"arn:aws:rum:eu-west-1:{ACCOUNT}:appmonitor/shop"
_PROFILE = f"arn:aws:signer:eu-west-1:{ACCOUNT}:/signing-profiles/release"
_DIRECTORY = f"arn:aws:s3express:eu-west-1:{ACCOUNT}:bucket/data--euw1-az1--x-s3"
_CLUSTER = f"arn:aws:kafka:eu-west-1:{ACCOUNT}:cluster/main/0123abcd"
_PAYMENT_KEY = f"arn:aws:payment-cryptography:eu-west-1:{ACCOUNT}:key/abcdefghijklmnop"
_WORKSPACE = f"arn:aws:aps:eu-west-1:{ACCOUNT}:workspace/ws-1"
_DATABASE = f"arn:aws:dsql:eu-west-1:{ACCOUNT}:cluster/abcdefghijklmnopqrstuvwxyz"
_INSIDE_A_VPC = refuse("*", ["dsql:DbConnect", "dsql:DbConnectAdmin"], "*", {"Null": {"aws:SourceVpc": "true"}})
_JOB = f"arn:aws:glue:eu-west-1:{ACCOUNT}:job/nightly"
_ALIAS = f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias"
_RESERVED_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef"
_LINKED_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/sso.amazonaws.com/AWSServiceRoleForSSO"

_TABLE_WORKS = (
    *("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"),
    *("DeleteTable", "DescribeTable", "UpdateTable", "ListTagsOfResource", "TagResource", "UntagResource"),
)
_OWNERS_TABLE = (
    *("UpdateTimeToLive", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "CreateBackup"),
    *("RestoreTableToPointInTime", "ExportTableToPointInTime", "DescribeContinuousBackups", "UpdateContinuousBackups"),
    *("DescribeKinesisStreamingDestination", "DisableKinesisStreamingDestination"),
    *("EnableKinesisStreamingDestination", "UpdateKinesisStreamingDestination"),
    *("DescribeContributorInsights", "UpdateContributorInsights"),
    *("DescribeTableReplicaAutoScaling", "UpdateTableReplicaAutoScaling"),
    *("PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"),
)


def _outside(case_id: str, expected: str, page: str, action: str, resource: str) -> Json:
    """Return a case in which both sides let another account's user call an action."""
    works = expected == "allowed"
    why = "Another account's user may, where both sides say so." if works else "It works in the owner's account alone."
    return case(case_id, expected, "D1", page, why, principal=EXTERNAL, action=action, resource=resource,
                identity=FULL, policy=doc(grant(EXTERNAL, action, resource)))  # fmt: skip


def _unsigned(case_id: str, expected: str, page: str, why: str, action: str, resource: str, **more: Json) -> Json:
    return case(case_id, expected, "E10 D8", page, why, principal="anonymous", action=action, resource=resource, **more)


# fmt: off
SERVICE_FACTS = [
    *(_outside(f"facts.table-{name}", "allowed", "table-policies", f"dynamodb:{name}", _TABLE)
      for name in _TABLE_WORKS),
    *(_outside(f"facts.table-{name}", "implicit", "table-policies", f"dynamodb:{name}", _TABLE)
      for name in _OWNERS_TABLE),
    *(_outside(f"facts.stream-{name}", "allowed", "table-policies", f"dynamodb:{name}", _STREAM)
      for name in ("DescribeStream", "GetRecords", "GetShardIterator")),
    case("facts.table-owner-time-to-live", "allowed", "C1", "table-policies", "In the owner's account it works.",
         action="dynamodb:UpdateTimeToLive", resource=_TABLE,
         policy=doc(grant(USER, "dynamodb:UpdateTimeToLive", _TABLE))),
    _outside("facts.secret-PutSecretValue", "allowed", "secret-accounts", "secretsmanager:PutSecretValue", _SECRET),
    _outside("facts.secret-TagResource", "allowed", "secret-accounts", "secretsmanager:TagResource", _SECRET),
    _outside("facts.secret-CreateSecret", "implicit", "secret-accounts", "secretsmanager:CreateSecret", _SECRET),
    _outside("facts.function-InvokeFunction", "allowed", "function-accounts", "lambda:InvokeFunction", _FUNCTION),
    _outside("facts.function-GetFunction", "allowed", "function-accounts", "lambda:GetFunction", _FUNCTION),
    _outside("facts.vault-CopyIntoBackupVault", "allowed", "vault-policies", "backup:CopyIntoBackupVault", _VAULT),
    _outside("facts.vault-DescribeBackupVault", "implicit", "vault-policies", "backup:DescribeBackupVault", _VAULT),
    _outside("facts.vault-StartBackupJob", "implicit", "vault-policies", "backup:StartBackupJob", _VAULT),
    _outside("facts.domain-ESHttpGet", "allowed", "domain-policies", "es:ESHttpGet", f"{_DOMAIN}/index"),
    _outside("facts.domain-UpdateDomainConfig", "implicit", "domain-policies", "es:UpdateDomainConfig", _DOMAIN),
    case("facts.domain-configured-by-its-policy", "implicit", "D8", "domain-policies",
         "A domain's policy is about what is in it: its configuration takes an identity policy.",
         action="es:UpdateDomainConfig", resource=_DOMAIN, policy=doc(grant(USER, "es:*"))),
    case("facts.domain-configured", "allowed", "D8", "domain-policies", "With an identity policy it works.",
         action="es:UpdateDomainConfig", resource=_DOMAIN, identity=doc(allow("es:*")),
         policy=doc(refuse("*", "es:*"))),
    case("facts.domain-index-by-its-policy", "allowed", "C1", "domain-policies", "What is in it can be granted.",
         action="es:ESHttpGet", resource=f"{_DOMAIN}/index", policy=doc(grant(USER, "es:*"))),
    _outside("facts.data-stream-PutRecord", "allowed", "stream-policy-call", "kinesis:PutRecord", _DATA_STREAM),
    _outside("facts.data-stream-PutResourcePolicy", "implicit", "stream-policy-call", "kinesis:PutResourcePolicy",
             _DATA_STREAM),
    _outside("facts.monitor-across-accounts", "implicit", "app-monitors", "rum:PutRumEvents", _MONITOR),
    _unsigned("facts.monitor-unsigned", "allowed", "app-monitors", "Anyone may write, also without credentials.",
              "rum:PutRumEvents", _MONITOR, policy=doc(grant("*", "rum:PutRumEvents", _MONITOR))),
    _outside("facts.profile-SignPayload", "allowed", "profile-permissions", "signer:SignPayload", _PROFILE),
    _outside("facts.profile-CancelSigningProfile", "implicit", "profile-permissions", "signer:CancelSigningProfile",
             _PROFILE),
    _outside("facts.directory-CreateSession", "allowed", "directory-buckets", "s3express:CreateSession", _DIRECTORY),
    _outside("facts.directory-GetBucketPolicy", "implicit", "directory-owner", "s3express:GetBucketPolicy", _DIRECTORY),
    _outside("facts.cluster-CreateVpcConnection", "allowed", "kafka-clusters", "kafka:CreateVpcConnection", _CLUSTER),
    _outside("facts.bus-created", "implicit", "event-bus", "events:CreateEventBus",
             f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/orders"),
    _unsigned("facts.url-none", "allowed", "function-urls", "A function URL without authentication.",
              "lambda:InvokeFunctionUrl", _FUNCTION, context={"lambda:FunctionUrlAuthType": "NONE"},
              policy=doc(grant("*", "lambda:InvokeFunctionUrl", _FUNCTION,
                               {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}))),
    _unsigned("facts.url-of-signed-callers", "implicit", "function-urls", "AWS_IAM takes authenticated callers alone.",
              "lambda:InvokeFunctionUrl", _FUNCTION, context={"lambda:FunctionUrlAuthType": "AWS_IAM"},
              policy=doc(grant("*", "lambda:InvokeFunctionUrl", _FUNCTION))),
    _unsigned("facts.file-system-deleted", "implicit", "file-systems", "Calls of the API itself are signed.",
              "elasticfilesystem:DeleteFileSystem", _FILE_SYSTEM,
              policy=doc(grant("*", "elasticfilesystem:*", _FILE_SYSTEM))),
    _unsigned("facts.url-second-permission", "allowed", "function-urls", "The permission to invoke, through the URL.",
              "lambda:InvokeFunction", _FUNCTION, context={"lambda:InvokedViaFunctionUrl": "true"},
              policy=doc(grant("*", "lambda:InvokeFunction", _FUNCTION,
                               {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}))),
    _unsigned("facts.url-second-permission-missing", "implicit", "function-urls", "Nothing grants it.",
              "lambda:InvokeFunction", _FUNCTION, context={"lambda:InvokedViaFunctionUrl": "true"},
              policy=doc(grant("*", "lambda:InvokeFunctionUrl", _FUNCTION))),
    _unsigned("facts.invoke-directly", "implicit", "function-urls", "Calls of the API itself are signed.",
              "lambda:InvokeFunction", _FUNCTION, policy=doc(grant("*", "lambda:InvokeFunction", _FUNCTION))),
    _unsigned("facts.invoke-not-by-url", "implicit", "function-urls", "Calls of the API itself are signed.",
              "lambda:InvokeFunction", _FUNCTION, context={"lambda:InvokedViaFunctionUrl": "false"},
              policy=doc(grant("*", "lambda:InvokeFunction", _FUNCTION))),
    *(_unsigned(f"facts.pool-{name}", "allowed", "sign-up", "It takes no credentials.", f"cognito-idp:{name}", "*")
      for name in ("SignUp", "ConfirmSignUp", "InitiateAuth", "RespondToAuthChallenge", "ForgotPassword")),
    _unsigned("facts.pool-admin", "implicit", "sign-up", "This one takes IAM credentials.", "cognito-idp:AdminGetUser",
              f"arn:aws:cognito-idp:eu-west-1:{ACCOUNT}:userpool/eu-west-1_a1B2c3D4e"),
    *(_unsigned(f"facts.identities-{name}", "allowed", "get-id", "It takes no credentials.",
                f"cognito-identity:{name}", "*") for name in ("GetId", "GetCredentialsForIdentity", "GetOpenIdToken")),
    _unsigned("facts.identities-developer", "implicit", "get-id", "This one takes IAM credentials.",
              "cognito-identity:GetOpenIdTokenForDeveloperIdentity",
              f"arn:aws:cognito-identity:eu-west-1:{ACCOUNT}:identitypool/eu-west-1:0123"),
    _unsigned("facts.api-policy-denies", "explicit", "api-authorization", "Its resource policy denies.",
              "execute-api:Invoke", _API,
              policy=doc(grant("*", "execute-api:Invoke"), refuse("*", "execute-api:Invoke"))),
    _unsigned("facts.api-short", "allowed", "api-policies", "`execute-api:/*` is all of the API.",
              "execute-api:Invoke", _API, policy=doc(grant("*", "execute-api:Invoke", "execute-api:/*"))),
    case("facts.api-short-method", "allowed", "C1", "api-policies", "The short name is the whole ARN of the method.",
         action="execute-api:Invoke", resource=_API,
         policy=doc(grant(USER, "execute-api:Invoke", ["execute-api:/prod/GET/orders"]))),
    case("facts.api-short-other-stage", "implicit", "C1", "api-policies", "The short name is of another stage.",
         action="execute-api:Invoke", resource=_API,
         policy=doc(grant(USER, "execute-api:Invoke", "execute-api:/GET/orders"))),
    case("facts.api-short-variable", "allowed", "C1 H1", "api-policies", "The user's name is the end of the path.",
         action="execute-api:Invoke", resource=f"{_API}/{USER.rpartition('/')[2]}",
         policy=doc(grant(USER, "execute-api:Invoke", "execute-api:/prod/*/orders/${aws:username}"))),
    case("facts.api-short-denies", "explicit", "A2", "api-policies", "The short name denies as well.",
         action="execute-api:Invoke", resource=_API, identity=FULL,
         policy=doc(grant("*", "execute-api:Invoke", "execute-api:/*"),
                    refuse("*", "execute-api:Invoke", "execute-api:/*",
                           {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}))),
    case("facts.api-short-not-resource", "explicit", "F1", "api-policies", "All but one stage is denied.",
         action="execute-api:Invoke", resource=_API, identity=FULL,
         policy=doc(refuse("*", "execute-api:Invoke", None, NotResource="execute-api:/test/*"))),
    case("facts.api-short-not-resource-spared", "allowed", "F1", "api-policies", "This stage is left out.",
         action="execute-api:Invoke", resource=_API, identity=FULL,
         policy=doc(refuse("*", "execute-api:Invoke", None, NotResource="execute-api:/prod/*"))),
    case("facts.api-short-of-identity", "implicit", "F4", "api-policies", "Only an API's own policy is of one API.",
         action="execute-api:Invoke", resource=_API, identity=doc(allow("execute-api:Invoke", "execute-api:/*"))),
    *(case(f"facts.alias-{name}", "implicit", "I1", "key-aliases", "Names with aws/ are AWS's own.",
           action=f"kms:{name}", resource=f"{_ALIAS}/aws/mine", identity=FULL)
      for name in ("CreateAlias", "UpdateAlias", "DeleteAlias")),
    case("facts.alias-of-a-customer", "allowed", "I1", "key-aliases", "Any other name can be taken.",
         action="kms:CreateAlias", resource=f"{_ALIAS}/mine", identity=FULL),
    case("facts.alias-across-accounts", "implicit", "I1", "key-external", "KMS lets no other account's user call it.",
         principal=EXTERNAL, action="kms:CreateAlias", resource=KEY, identity=FULL,
         policy=doc(grant(EXTERNAL, "kms:CreateAlias"))),
    *(case(f"facts.reserved-role-{name}", "implicit", "I5", "reserved-roles", "Only AWS changes such a role.",
           action=f"iam:{name}", resource=_RESERVED_ROLE, identity=FULL)
      for name in ("UpdateRole", "UpdateRoleDescription", "DeleteServiceLinkedRole", "PutRolePolicy")),
    *(case(f"facts.linked-role-{name}", "allowed", "I5", "service-linked", "IAM takes it for a service-linked role.",
           action=f"iam:{name}", resource=_LINKED_ROLE, identity=doc(allow("iam:*")))
      for name in ("UpdateRoleDescription", "DeleteServiceLinkedRole")),
    _outside("facts.glue-job", "implicit", "glue-policies", "glue:StartJobRun", _JOB),
    _outside("facts.glue-trigger", "implicit", "glue-policies", "glue:StartTrigger", _JOB.replace("job/", "trigger/")),
    case("facts.glue-job-policy-alone", "implicit", "D8", "glue-policies", "A job takes no resource policy.",
         action="glue:StartJobRun", resource=_JOB, policy=doc(grant(USER, "glue:*", _JOB))),
    case("facts.glue-job-by-identity", "allowed", "D8", "glue-policies", "The identity policy alone has a say.",
         action="glue:StartJobRun", resource=_JOB, identity=FULL, policy=doc(refuse("*", "glue:*", _JOB))),
    case("facts.glue-table", "allowed", "C1", "glue-policies", "The Data Catalog takes one.", action="glue:GetTable",
         resource=_JOB.replace("job/nightly", "table/sales/orders"), policy=doc(grant(USER, "glue:GetTable"))),
    _outside("facts.payment-key-EncryptData", "allowed", "payment-key-policies", "payment-cryptography:EncryptData",
             _PAYMENT_KEY),
    _outside("facts.payment-key-GetResourcePolicy", "implicit", "payment-key-policies",
             "payment-cryptography:GetResourcePolicy", _PAYMENT_KEY),
    case("facts.payment-key-own-policy", "allowed", "C1", "payment-key-policies", "One account: the policy is enough.",
         action="payment-cryptography:EncryptData", resource=_PAYMENT_KEY,
         policy=doc(grant(USER, "payment-cryptography:EncryptData"))),
    case("facts.payment-key-lockout", "allowed", "D8", "payment-key-policies", "The policy cannot keep its owner out.",
         action="payment-cryptography:DeleteResourcePolicy", resource=_PAYMENT_KEY, identity=FULL,
         policy=doc(refuse("*", "payment-cryptography:*"))),
    _outside("facts.workspace-RemoteWrite", "allowed", "workspace-policies", "aps:RemoteWrite", _WORKSPACE),
    _outside("facts.workspace-QueryMetrics", "allowed", "workspace-policies", "aps:QueryMetrics", _WORKSPACE),
    _outside("facts.workspace-DeleteWorkspace", "implicit", "workspace-policies", "aps:DeleteWorkspace", _WORKSPACE),
    case("facts.database-from-the-internet", "explicit", "A2", "dsql-policies", "The request comes from no VPC.",
         action="dsql:DbConnect", resource=_DATABASE, identity=FULL, policy=doc(_INSIDE_A_VPC)),
    case("facts.database-from-a-vpc", "allowed", "A2", "dsql-policies", "The request comes from a VPC.",
         action="dsql:DbConnect", resource=_DATABASE, identity=FULL, policy=doc(_INSIDE_A_VPC),
         context={"aws:SourceVpc": "vpc-1a2b3c4d"}),
    _outside("facts.grant-retired-by-key-policy", "implicit", "grant-delete", "kms:RetireGrant", KEY),
]
# fmt: on
