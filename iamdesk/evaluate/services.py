"""What single services do differently, as data. Rules: SEMANTICS D8, I."""

from collections.abc import Hashable, Mapping

PASSED_IN_WHILE_ENTERING = frozenset({"tagsession", "setsourceidentity", "setcontext"})
"""sts actions without a call of their own: what is handed over while a role is entered (SEMANTICS I2, F12)."""

TRUST_ACTIONS = PASSED_IN_WHILE_ENTERING | {"assumerole", "assumerolewithsaml", "assumerolewithwebidentity"}
"""sts actions for which a role's trust policy is the resource policy (SEMANTICS I2)."""

TRUST_ON_BOTH_SIDES = frozenset({"setsourceidentity"})
"""Those of them that the caller's own policies have to allow, too, in one account (SEMANTICS I2).

Source: IAM User Guide, "Monitor and control actions taken with assumed roles". Not sts:TagSession: in the example of
"Pass session tags in AWS STS", the trust policy that names the user is enough."""

UNSIGNED_SERVICES = frozenset(
    {"s3", "sqs", "sns", "execute-api", "es", "aoss", "vpc-lattice-svcs", "elasticfilesystem", "mediastore"}
)
"""Services that take calls without a signature where a policy lets them in (SEMANTICS E10, D8)."""

UNSIGNED_ACTIONS = frozenset(
    {
        ("lambda", "invokefunctionurl"),
        ("sts", "assumerolewithsaml"),
        ("sts", "assumerolewithwebidentity"),
    }
)
"""The same for single actions (SEMANTICS E10, D8)."""

KMS_CROSS_ACCOUNT = frozenset(
    {
        "decrypt",
        "encrypt",
        "generatedatakey",
        "generatedatakeypair",
        "generatedatakeypairwithoutplaintext",
        "generatedatakeywithoutplaintext",
        "generatemac",
        "reencryptfrom",
        "reencryptto",
        "sign",
        "verify",
        "verifymac",
        "derivesharedsecret",
        "creategrant",
        "describekey",
        "getkeyrotationstatus",
        "getpublickey",
        "listgrants",
        "retiregrant",
        "revokegrant",
    }
)
"""The only actions on a KMS key that another account can be given (SEMANTICS I1)."""

OWNERS_ALONE: Mapping[str, frozenset[str]] = {
    "s3": frozenset({"getbucketpolicy", "putbucketpolicy", "deletebucketpolicy"}),
    "sqs": frozenset(
        {
            *("addpermission", "cancelmessagemovetask", "createqueue", "deletequeue", "listmessagemovetasks"),
            *("listqueues", "listqueuetags", "removepermission", "setqueueattributes", "startmessagemovetask"),
            *("tagqueue", "untagqueue"),
        }
    ),
}
"""Actions by service that no policy gives to another account's principals.

Sources: S3 API Reference, PutBucketPolicy (405, "not using an identity that belongs to the bucket owner's account");
SQS Developer Guide, "Limitations of Amazon SQS custom policies"."""

ROOT_UNLOCKS: Mapping[str, frozenset[str]] = {
    "s3": frozenset({"getbucketpolicy", "putbucketpolicy", "deletebucketpolicy"}),
    "sqs": frozenset({"setqueueattributes"}),
}
"""What the owner's root user may do even where the resource's own policy forbids it, so that nobody is locked out.

Sources: S3 API Reference, PutBucketPolicy ("even if their bucket policy explicitly denies the root principal's
access"); IAM User Guide, "Tasks that require root user credentials" (a queue's policy that denies all principals)."""

GRANTABLE_ON_KEYS = KMS_CROSS_ACCOUNT - {"listgrants", "revokegrant", "getkeyrotationstatus"}
"""What a KMS grant can allow (KMS API Reference, CreateGrant, ``Operations``)."""

BESIDE_KEY_POLICIES = frozenset({"retiregrant"})
"""Actions on a KMS key in which its policy has no say: the grant tells who retires it, and the account delegates that.

Source: KMS Developer Guide, "Retiring and revoking grants" ("not effective in a key policy")."""

NEEDS_BOTH_SIDES = frozenset({"vpc-lattice-svcs"})
"""Services that want identity and resource policy to allow, in one account too (SEMANTICS D8)."""

ACTIONS_DIFFER = frozenset({"iam", "kms", "sts"})
"""Services of which one action is decided by other layers, or refused by other rules, than another on the same
resource (SEMANTICS I1 to I5, I10). Of every other service, all actions are decided alike, but for what `told_apart_by`
tells."""

GLOBAL_SERVICES: Mapping[str, str] = {
    **dict.fromkeys(("iam", "organizations", "cloudfront", "route53", "account"), "us-east-1"),
    "globalaccelerator": "us-west-2",
}
"""Services with one endpoint for all Regions, and the Region that ``aws:RequestedRegion`` names there (SEMANTICS J2).

Sources: IAM User Guide, "aws:RequestedRegion"; AWS General Reference, "Service endpoints and quotas"; AWS Global
Accelerator Developer Guide, "Quotas" (all its operations are run in us-west-2). AWS Support has endpoints in several
Regions: it is none of them."""

ABOUT_THE_ACCESS_POINT = frozenset({"tagresource", "untagresource", "listtagsforresource"})
"""S3 actions that take access points and buckets alike and are about the one that they name: one through an access
point is about the bucket behind it (SEMANTICS I11)."""

TAGS_OF_LOG_GROUPS = frozenset({"tagresource", "untagresource", "listtagsforresource"})
"""Actions of CloudWatch Logs for which policies name a log group by its bare ARN, without ``:*`` behind.

Source: Amazon CloudWatch Logs User Guide, "CloudWatch Logs resources and operations"."""

RESOURCE_POLICIES = {
    "s3": frozenset({"bucket", "object", "accesspoint", "accesspointobject"}),
    "kms": frozenset({"key"}),
    "sqs": frozenset({"queue"}),
    "sns": frozenset({"topic"}),
    "lambda": frozenset({"function", "function alias", "function version", "layerVersion"}),
    "secretsmanager": frozenset({"Secret"}),
    "ecr": frozenset({"repository"}),
    "dynamodb": frozenset({"table", "stream", "index"}),
    "events": frozenset({"event-bus"}),
    "kinesis": frozenset({"stream", "consumer"}),
    "glacier": frozenset({"vault"}),
    "backup": frozenset({"backupVault"}),
    "elasticfilesystem": frozenset({"file-system"}),
    "es": frozenset({"domain"}),
    "execute-api": frozenset({"execute-api-general"}),
    "glue": frozenset({"catalog", "database", "table"}),
    "codeartifact": frozenset({"domain", "repository", "package"}),
    "codebuild": frozenset({"project", "report-group"}),
    "s3express": frozenset({"bucket"}),
    "s3-outposts": frozenset({"bucket", "accesspoint"}),
    "acm-pca": frozenset({"certificate-authority"}),
    "logs": frozenset({"destination", "log-group"}),
    "ses": frozenset({"identity"}),
    "vpc-lattice-svcs": frozenset({"Service"}),
    "bedrock-agentcore": frozenset({"runtime", "gateway"}),
    "rds-data": frozenset({"cluster"}),
    "schemas": frozenset({"registry"}),
    "iot": frozenset({"policy"}),
    "mediastore": frozenset({"container"}),
    "aoss": frozenset({"Collection"}),
}
"""Resource types that can carry a resource-based policy, by service: what an answer has to name as not captured.
Spelled as the service authorization reference spells them.

Source: IAM User Guide, "AWS services that work with IAM" (column "resource-based policies")."""

OWNED_BY_AWS = ("/aws-service-role/", "/aws-reserved/")
"""Paths of roles that only AWS changes (SEMANTICS I5)."""

STILL_POSSIBLE_ON_AWS_ROLES = frozenset(
    {"passrole", "createservicelinkedrole", "deleteservicelinkedrole", "updateroledescription", "updaterole"}
)
"""Writes that IAM takes even for roles which AWS owns."""


def told_apart_by(service: str, name: str, is_write: bool) -> Hashable:
    """Return what tells an action from others of its service by the rules of single services alone.

    Two actions of one service (names in lower case) for which it is the same, and which act on the same resource types
    and take the same keys, are decided alike wherever the same statements cover them.
    """
    match service:
        case "sts":
            return name
        case "kms":
            return name in KMS_CROSS_ACCOUNT, name in GRANTABLE_ON_KEYS, name == "retiregrant"
        case "iam":
            by_password_policy = name in ("changepassword", "getaccountpasswordpolicy")
            return (
                is_write,
                name in STILL_POSSIBLE_ON_AWS_ROLES,
                name.startswith(("attach", "detach")),
                by_password_policy,
            )
        case "s3":
            return name in ABOUT_THE_ACCESS_POINT, name in OWNERS_ALONE["s3"]
        case "sqs":
            return name in OWNERS_ALONE["sqs"], name in ROOT_UNLOCKS["sqs"]
        case "logs":
            return name in TAGS_OF_LOG_GROUPS
        case _:
            return None
