"""One case for each check of the page "IAM policy validation check reference": a document with the issue, and mended.

Every document is written from the page's own description of the check, or of its example.
"""

from typing import Any, NamedTuple

type Json = dict[str, Any]
ROLE = "arn:aws:iam::123456789012:role/app"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"


class Case(NamedTuple):
    """One check."""

    code: str
    kind: str
    """A policy type, of a resource policy with the service after a slash: ``resource/s3``."""
    wrong: Json
    mended: Json


def policy(*statements: Json, **top: Any) -> Json:
    """Return a policy of statements; a member of ``top`` that is None is left out."""
    document: Json = {"Version": "2012-10-17", "Statement": list(statements), **top}
    return {name: value for name, value in document.items() if value is not None}


def allow(action: Any = "s3:GetObject", resource: Any = f"{BUCKET}/*", **more: Any) -> Json:
    """Return an Allow; a member of ``more`` that is None is left out, as are action and resource."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource} | more
    return {name: value for name, value in statement.items() if value is not None}


def deny(action: Any = "s3:GetObject", resource: Any = f"{BUCKET}/*", **more: Any) -> Json:
    """Return a Deny, as `allow`."""
    return allow(action, resource, **{"Effect": "Deny", **more})


def when(operator: str, key: str, value: Any, **more: Any) -> Json:
    """Return a statement that allows on a condition."""
    return {**allow(Condition={operator: {key: value}}), **more}


def trust(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> Json:
    """Return a statement of a trust policy."""
    return allow(action, None, Principal=principal, **more)


def shared(principal: Any = None, **more: Any) -> Json:
    """Return a statement of a bucket policy."""
    return allow(**({"Principal": principal or {"AWS": ROLE}} | more))


def rcp(**more: Any) -> Json:
    """Return a statement of a resource control policy."""
    return deny("s3:*", "*", **({"Principal": "*"} | more))


def case(code: str, kind: str, wrong: Json, mended: Json) -> Case:
    """Return a case; statements alone become policies."""
    return Case(code, kind, *(one if {"Version", "Statement"} & one.keys() else policy(one) for one in (wrong, mended)))


def _if(operator: str, key: str, value: Any) -> Json:
    return {operator: {key: value}}


GITHUB = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
OIDC = "arn:aws:iam::123456789012:oidc-provider/login.example.com"
SAML = "arn:aws:iam::123456789012:saml-provider/corp"
SUB = "token.actions.githubusercontent.com:sub"
WEB = "sts:AssumeRoleWithWebIdentity"
FINE = allow()
SERVICE = {"Service": "cloudfront.amazonaws.com"}
EXACT = _if("StringEquals", "aws:SourceAccount", "123456789012")
MANY = [f"s3:GetObject{n:04d}" for n in range(700)]
ACTIONS = {"iam:PassRole": "iam:Pass*", "iam:CreateServiceLinkedRole": "iam:Create*"}


def _wide(prefix: str, action: str, role: str) -> list[Case]:
    """Return the six cases of an action that is granted too widely."""
    fine = allow(action, role)
    star, other = ACTIONS[action], "s3:GetObject"
    except_role = {"resource": None, "NotResource": role}
    not_action = {"action": None, "NotAction": other}
    return [
        case(f"{prefix}_WITH_STAR_IN_RESOURCE", "identity", allow(action, "*"), fine),
        case(f"{prefix}_WITH_STAR_IN_ACTION_AND_RESOURCE", "identity", allow(star, "*"), allow(star, role)),
        case(
            f"{prefix}_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
            "identity",
            allow(**not_action, resource="*"),
            allow(None, "*", NotAction=[other, action]),
        ),
        case(f"{prefix}_WITH_NOT_RESOURCE", "identity", allow(action, **except_role), fine),
        case(
            f"{prefix}_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE", "identity", allow(star, **except_role), allow(star, role)
        ),
        case(
            f"{prefix}_WITH_NOT_ACTION_AND_NOT_RESOURCE",
            "identity",
            allow(**not_action, **except_role),
            allow(None, None, NotAction=[other, action], NotResource=role),
        ),
    ]


def _tagged(action: Any, **more: Any) -> Json:
    return allow(action, "*", Condition=_if("StringEquals", "aws:ResourceTag/status", "Confidential"), **more)


SUPPORTED = ["appmesh:DeleteMesh", "backup:DeleteBackupPlan"]
TAG_NOT_ACTION = {"action": None, "NotAction": "s3:*"}

CASES = [
    # Errors
    case(
        "ARN_ACCOUNT_NOT_ALLOWED", "identity", allow(resource="arn:aws:s3::123456789012:bucket"), allow(resource=BUCKET)
    ),
    case(
        "ARN_REGION_NOT_ALLOWED",
        "identity",
        allow("iam:GetUser", "arn:aws:iam:us-east-1:123456789012:user/a"),
        allow("iam:GetUser", "arn:aws:iam::123456789012:user/a"),
    ),
    case("DATA_TYPE_MISMATCH", "identity", policy(FINE, Version=20121017), policy(FINE)),
    case(
        "DUPLICATE_KEYS_WITH_DIFFERENT_CASE",
        "identity",
        allow(Condition={"StringEquals": {"aws:UserName": "a", "aws:username": "b"}}),
        when("StringEquals", "aws:username", ["a", "b"]),
    ),
    case("INVALID_ACTION", "identity", allow("s3:GetObjekt"), FINE),
    case(
        "INVALID_ARN_ACCOUNT",
        "identity",
        allow("sqs:SendMessage", "arn:aws:sqs:us-east-1:1234:jobs"),
        allow("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:jobs"),
    ),
    case("INVALID_ARN_PREFIX", "identity", allow(resource="aws:s3:::bucket"), allow(resource=BUCKET)),
    case(
        "INVALID_ARN_REGION",
        "identity",
        allow("sqs:SendMessage", "arn:aws:sqs:us-east-9:123456789012:jobs"),
        allow("sqs:SendMessage", "arn:aws:sqs:us-east-*:123456789012:jobs"),
    ),
    case(
        "INVALID_ARN_RESOURCE",
        "identity",
        allow("iam:GetUser", "arn:aws:iam::123456789012:person/ann"),
        allow("iam:GetUser", "arn:aws:iam::123456789012:user/ann"),
    ),
    case("INVALID_ARN_SERVICE_CASE", "identity", allow(resource="arn:aws:S3:::bucket"), allow(resource=BUCKET)),
    case(
        "INVALID_CONDITION_DATA_TYPE",
        "identity",
        when("StringEquals", "aws:username", ["ann", 7]),
        when("StringEquals", "aws:username", ["ann", "7"]),
    ),
    case(
        "INVALID_CONDITION_KEY_FORMAT",
        "identity",
        when("StringEquals", "username", "ann"),
        when("StringEquals", "aws:username", "ann"),
    ),
    case(
        "INVALID_CONDITION_MULTIPLE_BOOLEAN",
        "identity",
        when("Bool", "aws:SecureTransport", ["true", "false"]),
        when("Bool", "aws:SecureTransport", "true"),
    ),
    case(
        "INVALID_CONDITION_OPERATOR",
        "identity",
        when("StringEqual", "aws:username", "ann"),
        when("StringEquals", "aws:username", "ann"),
    ),
    case("INVALID_EFFECT", "identity", allow(Effect="Permit"), FINE),
    case(
        "INVALID_GLOBAL_CONDITION_KEY",
        "identity",
        when("StringEquals", "aws:UserNames", "ann"),
        when("StringEquals", "aws:UserName", "ann"),
    ),
    case(
        "INVALID_PARTITION",
        "identity",
        allow(resource="arn:amazon:s3:::bucket"),
        allow(resource="arn:aws-cn:s3:::bucket"),
    ),
    case("INVALID_POLICY_ELEMENT", "identity", allow(Comment="read"), FINE),
    case("INVALID_PRINCIPAL_FORMAT", "resource", shared(Principal="123456789012"), shared({"AWS": "123456789012"})),
    case("INVALID_PRINCIPAL_KEY", "resource", shared({"Account": "123456789012"}), shared({"AWS": "123456789012"})),
    case(
        "INVALID_REGION",
        "identity",
        when("StringEquals", "aws:RequestedRegion", "eu-west-9"),
        when("StringEquals", "aws:RequestedRegion", "eu-west-1"),
    ),
    case(
        "INVALID_SERVICE",
        "identity",
        when("StringEquals", "s3bucket:prefix", "a"),
        when("StringEquals", "s3:prefix", "a", Action="s3:ListBucket", Resource=BUCKET),
    ),
    case(
        "INVALID_SERVICE_CONDITION_KEY",
        "identity",
        when("StringEquals", "s3:prefixes", "a"),
        when("StringEquals", "s3:prefix", "a", Action="s3:ListBucket", Resource=BUCKET),
    ),
    case(
        "INVALID_SERVICE_IN_ACTION", "identity", allow("lamda:InvokeFunction", "*"), allow("lambda:InvokeFunction", "*")
    ),
    case(
        "INVALID_VARIABLE_FOR_OPERATOR",
        "identity",
        when("NumericEquals", "aws:MultiFactorAuthAge", "${aws:username}"),
        when("NumericEquals", "aws:MultiFactorAuthAge", "60"),
    ),
    case("INVALID_VERSION", "identity", policy(FINE, Version="2012-10-18"), policy(FINE)),
    case("MISSING_ACTION", "identity", allow(None), FINE),
    case("MISSING_ARN_FIELD", "identity", allow(resource="arn:aws:s3::bucket"), allow(resource=BUCKET)),
    case(
        "MISSING_ARN_REGION",
        "identity",
        allow("sqs:SendMessage", "arn:aws:sqs::123456789012:jobs"),
        allow("sqs:SendMessage", "arn:aws:sqs:*:123456789012:jobs"),
    ),
    case("MISSING_EFFECT", "identity", allow(Effect=None), FINE),
    case("MISSING_PRINCIPAL", "resource", FINE, shared()),
    case(
        "MISSING_QUALIFIER",
        "identity",
        when("StringEquals", "aws:TagKeys", ["a", "b"]),
        when("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"]),
    ),
    case("MISSING_RESOURCE", "identity", allow(resource=None), FINE),
    case("MISSING_STATEMENT", "identity", policy(Statement=None), policy(FINE)),
    case(
        "NULL_WITH_IF_EXISTS",
        "identity",
        when("NullIfExists", "aws:username", "true"),
        when("Null", "aws:username", "true"),
    ),
    case("SCP_SYNTAX_ERROR_ACTION_WILDCARD", "scp", deny("iam:*role", "*"), deny("iam:Get*", "*")),
    case("SCP_SYNTAX_ERROR_PRINCIPAL", "scp", deny("iam:Get*", "*", Principal="*"), deny("iam:Get*", "*")),
    case(
        "UNIQUE_SIDS_REQUIRED",
        "identity",
        policy(allow(Sid="Read"), allow("s3:PutObject", Sid="Read")),
        policy(allow(Sid="Read"), allow("s3:PutObject", Sid="Write")),
    ),
    case("UNSUPPORTED_ACTION_IN_POLICY", "resource/s3", shared(Action="kms:Decrypt"), shared()),
    case("UNSUPPORTED_ELEMENT_COMBINATION", "identity", allow(NotAction="s3:PutObject"), FINE),
    case(
        "UNSUPPORTED_GLOBAL_CONDITION_KEY",
        "resource",
        shared(Condition=_if("ArnEquals", "aws:ARN", ROLE)),
        shared(Condition=_if("ArnEquals", "aws:PrincipalArn", ROLE)),
    ),
    case("UNSUPPORTED_PRINCIPAL", "identity", shared(), FINE),
    case(
        "UNSUPPORTED_RESOURCE_ARN_IN_POLICY",
        "resource/s3",
        shared(Resource="arn:aws:kms:us-east-1:123456789012:key/a"),
        shared(),
    ),
    case("UNSUPPORTED_SID", "identity", allow(Sid="Read all"), allow(Sid="ReadAll")),
    case(
        "UNSUPPORTED_WILDCARD_IN_PRINCIPAL",
        "resource",
        shared({"AWS": "arn:aws:iam::123456789012:user/*"}),
        shared({"AWS": "arn:aws:iam::123456789012:user/ann"}),
    ),
    case(
        "MISSING_BRACE_IN_VARIABLE",
        "identity",
        allow(resource=f"{BUCKET}/${{aws:username/*"),
        allow(resource=f"{BUCKET}/${{aws:username}}/*"),
    ),
    case(
        "MISSING_QUOTE_IN_VARIABLE",
        "identity",
        allow(resource=f"{BUCKET}-${{aws:PrincipalTag/team, company-wide}}"),
        allow(resource=f"{BUCKET}-${{aws:PrincipalTag/team, 'company-wide'}}"),
    ),
    case(
        "UNSUPPORTED_SPACE_IN_VARIABLE",
        "identity",
        allow(resource=f"{BUCKET}/${{aws: username}}"),
        allow(resource=f"{BUCKET}/${{aws:username}}"),
    ),
    case(
        "EMPTY_VARIABLE", "identity", allow(resource=f"{BUCKET}/${{ }}"), allow(resource=f"{BUCKET}/${{aws:username}}")
    ),
    case("VARIABLE_UNSUPPORTED_IN_ELEMENT", "identity", allow("s3:${aws:username}"), FINE),
    case(
        "VARIABLE_UNSUPPORTED_IN_VERSION",
        "identity",
        policy(allow(resource=f"{BUCKET}/${{aws:username}}"), Version="2008-10-17"),
        policy(allow(resource=f"{BUCKET}/${{aws:username}}")),
    ),
    case(
        "PRIVATE_IP_ADDRESS",
        "identity",
        when("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
        when("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
    ),
    case(
        "PRIVATE_NOT_IP_ADDRESS",
        "identity",
        when("NotIpAddress", "aws:SourceIp", ["10.0.0.0/8", "192.168.1.0/24"]),
        when("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"),
    ),
    case("POLICY_SIZE_EXCEEDS_SCP_QUOTA", "scp", deny(MANY, "*"), deny(MANY[:100], "*")),
    case(
        "INVALID_SERVICE_PRINCIPAL_FORMAT",
        "resource",
        shared({"Service": "Lambda.amazonaws.com"}, Condition=EXACT),
        shared({"Service": "lambda.amazonaws.com"}, Condition=EXACT),
    ),
    case(
        "MISSING_TAG_KEY_IN_CONDITION",
        "identity",
        when("StringEquals", "aws:ResourceTag", "JaneDoe"),
        when("StringEquals", "aws:ResourceTag/owner", "JaneDoe"),
    ),
    case(
        "INVALID_VPC_FORMAT",
        "identity",
        when("StringEquals", "aws:SourceVpc", "vpc-123"),
        when("StringEquals", "aws:SourceVpc", "vpc-11223344556677889"),
    ),
    case(
        "INVALID_VPCE_FORMAT",
        "identity",
        when("StringEquals", "aws:SourceVpce", "vpc-12345678"),
        when("StringEquals", "aws:SourceVpce", "vpce-12345678"),
    ),
    case("FEDERATED_PRINCIPAL_NOT_SUPPORTED", "resource", shared({"Federated": SAML}), shared()),
    case(
        "UNSUPPORTED_ACTION_FOR_CONDITION_KEY",
        "identity",
        when("StringEquals", "s3:x-amz-acl", "private", Action=["s3:PutObject", "s3:ListBucket"]),
        when("StringEquals", "s3:x-amz-acl", "private", Action="s3:PutObject"),
    ),
    case(
        "UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL",
        "resource",
        shared(SERVICE, Condition=_if("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5")),
        shared(SERVICE, Condition=_if("StringEquals", "aws:SourceOrgID", "o-a1b2c3d4e5")),
    ),
    case(
        "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL",
        "trust",
        allow("sts:AssumeRole", None, NotPrincipal={"AWS": ROLE}),
        trust({"AWS": ROLE}),
    ),
    case("ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", "trust", trust("*"), trust({"AWS": ROLE})),
    case("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", "trust", trust({"AWS": ROLE}, Resource="*"), trust({"AWS": ROLE})),
    case(
        "TYPE_MISMATCH_IP_RANGE",
        "identity",
        when("IpAddress", "aws:SourceIp", "203.0.113.0-255"),
        when("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
    ),
    case(
        "MISSING_ACTION_FOR_CONDITION_KEY",
        "trust",
        trust({"AWS": ROLE}, Condition=_if("StringLike", "sts:SourceIdentity", "ann")),
        trust(
            {"AWS": ROLE},
            ["sts:AssumeRole", "sts:SetSourceIdentity"],
            Condition=_if("StringLike", "sts:SourceIdentity", "ann"),
        ),
    ),
    case(
        "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY",
        "trust",
        trust({"Federated": "corp"}, "sts:AssumeRoleWithSAML"),
        trust({"Federated": SAML}, "sts:AssumeRoleWithSAML"),
    ),
    case(
        "MISMATCHED_ACTION_FOR_PRINCIPAL",
        "trust",
        trust({"Federated": SAML}, WEB),
        trust({"Federated": SAML}, "sts:AssumeRoleWithSAML"),
    ),
    case(
        "MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY",
        "trust",
        trust({"Service": "rolesanywhere.amazonaws.com"}),
        trust(
            {"Service": "rolesanywhere.amazonaws.com"},
            ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
            Condition={
                "StringEquals": {"aws:PrincipalTag/x509Issuer/CN": "Bob"},
                "ArnEquals": {"aws:SourceArn": "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/TA_ID"},
            },
        ),
    ),
    case("POLICY_SIZE_EXCEEDS_RCP_QUOTA", "rcp", rcp(Action=MANY), rcp(Action=MANY[:100])),
    case("RCP_SYNTAX_ERROR_PRINCIPAL", "rcp", rcp(Principal={"AWS": ROLE}), rcp()),
    case("RCP_SYNTAX_ERROR_ALLOW", "rcp", rcp(Effect="Allow", Resource=BUCKET), rcp(Effect="Allow", Action="*")),
    case("RCP_SYNTAX_ERROR_ALLOW", "rcp", rcp(Effect="Allow", Action="s3:*"), rcp(Effect="Allow", Action=["*"])),
    case("RCP_SYNTAX_ERROR_NOTACTION", "rcp", rcp(Action=None, NotAction="s3:*"), rcp()),
    case("RCP_SYNTAX_ERROR_ACTION", "rcp", rcp(Action="ec2:*"), rcp()),
    case(
        "MISSING_ARN_ACCOUNT",
        "identity",
        allow("sqs:SendMessage", "arn:aws:sqs:us-east-1::jobs"),
        allow("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:jobs"),
    ),
    case(
        "INVALID_KMS_KEY_VALUE",
        "identity",
        when("StringEquals", "s3:x-amz-server-side-encryption-aws-kms-key-id", "alias/app", Action="s3:PutObject"),
        when(
            "ArnEquals",
            "s3:x-amz-server-side-encryption-aws-kms-key-id",
            "arn:aws:kms:us-east-1:123456789012:key/1234abcd",
            Action="s3:PutObject",
        ),
    ),
    case(
        "VARIABLE_USAGE_TOO_PERMISSIVE",
        "identity",
        when("StringEquals", "aws:PrincipalOrgID", "${aws:PrincipalTag/org}"),
        when("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),
    ),
    case(
        "WILDCARD_USAGE_TOO_PERMISSIVE",
        "identity",
        when("StringLike", "aws:SourceVpce", "vpce-1*"),
        when("StringLike", "aws:SourceVpce", "vpce-12345678"),
    ),
    # General warnings
    *_wide(
        "CREATE_SLR", "iam:CreateServiceLinkedRole", "arn:aws:iam::123456789012:role/aws-service-role/a.amazonaws.com/b"
    ),
    case(
        "DEPRECATED_GLOBAL_CONDITION_KEY",
        "identity",
        when("ArnEquals", "aws:ARN", ROLE),
        when("ArnEquals", "aws:PrincipalArn", ROLE),
    ),
    case(
        "INVALID_DATE_VALUE",
        "identity",
        when("DateLessThan", "aws:CurrentTime", "1795824000"),
        when("DateLessThan", "aws:CurrentTime", "2026-11-28"),
    ),
    case("INVALID_ROLE_REFERENCE", "resource", shared({"AWS": "AROAEXAMPLEEXAMPLE123"}), shared()),
    case("INVALID_USER_REFERENCE", "resource", shared({"AWS": "AIDAEXAMPLEEXAMPLE123"}), shared()),
    case("MISSING_VERSION", "identity", policy(FINE, Version=None), policy(FINE)),
    case(
        "UNIQUE_SIDS_RECOMMENDED",
        "resource",
        policy(shared(Sid="a"), shared(Sid="a", Action="s3:PutObject")),
        policy(shared(Sid="a"), shared(Sid="b", Action="s3:PutObject")),
    ),
    case(
        "WILDCARD_WITHOUT_LIKE_OPERATOR",
        "identity",
        when("StringEquals", "aws:PrincipalTag/job-category", "admin-*"),
        when("StringLike", "aws:PrincipalTag/job-category", "admin-*"),
    ),
    case("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", "identity", allow(MANY), allow(MANY[:100])),
    case("POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", "resource/s3", shared(Action=MANY * 2), shared(Action=MANY)),
    case(
        "TYPE_MISMATCH",
        "identity",
        when("DateLessThan", "aws:MultiFactorAuthPresent", "2026-11-28"),
        when("Bool", "aws:MultiFactorAuthPresent", "true"),
    ),
    case(
        "TYPE_MISMATCH_BOOLEAN",
        "identity",
        when("Bool", "aws:MultiFactorAuthPresent", "yes"),
        when("Bool", "aws:MultiFactorAuthPresent", "true"),
    ),
    case(
        "TYPE_MISMATCH_DATE",
        "identity",
        when("DateLessThan", "aws:CurrentTime", "28 November"),
        when("DateLessThan", "aws:CurrentTime", "2026-11-28T12:00:00Z"),
    ),
    case(
        "TYPE_MISMATCH_NUMBER",
        "identity",
        when("NumericLessThan", "aws:MultiFactorAuthAge", "an hour"),
        when("NumericLessThan", "aws:MultiFactorAuthAge", "3600"),
    ),
    case(
        "TYPE_MISMATCH_STRING",
        "identity",
        when("BinaryEquals", "aws:PrincipalTag/key", "%%%"),
        when("BinaryEquals", "aws:PrincipalTag/key", "QmluYXJ5"),
    ),
    case(
        "SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED",
        "trust",
        trust({"Federated": GITHUB}, WEB, Condition=_if("StringLike", SUB, "repo:org/app:*")),
        trust({"Federated": GITHUB}, WEB, Condition=_if("StringEquals", SUB, "repo:org/app:ref:refs/heads/main")),
    ),
    case(
        "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA",
        "trust",
        trust({"AWS": [f"{ROLE}{n:03d}" for n in range(80)]}),
        trust({"AWS": [f"{ROLE}{n:03d}" for n in range(20)]}),
    ),
    case(
        "RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY",
        "rcp",
        rcp(Condition=_if("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-a1b2c3d4e5")),
        rcp(
            Condition=_if("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-a1b2c3d4e5")
            | _if("BoolIfExists", "aws:PrincipalIsAWSService", "false")
        ),
    ),
    case(
        "RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY",
        "rcp",
        rcp(Condition=_if("StringNotEqualsIfExists", "aws:SourceOrgID", "o-a1b2c3d4e5")),
        rcp(
            Condition=_if("StringNotEqualsIfExists", "aws:SourceOrgID", "o-a1b2c3d4e5")
            | _if("BoolIfExists", "aws:PrincipalIsAWSService", "true")
        ),
    ),
    case(
        "RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK",
        "rcp",
        rcp(Condition=_if("StringNotEqualsIfExists", "aws:SourceOrgID", "o-a1b2c3d4e5")),
        rcp(
            Condition=_if("StringNotEqualsIfExists", "aws:SourceOrgID", "o-a1b2c3d4e5")
            | _if("Null", "aws:SourceAccount", "false")
        ),
    ),
    case(
        "USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES",
        "identity",
        when("StringEquals", "aws:VpceAccount", "123456789012", Action="ec2:RunInstances", Resource="*"),
        when("StringEquals", "aws:VpceAccount", "123456789012"),
    ),
    # Security warnings
    case(
        "UNTRUSTWORTHY_CONDITION_KEY",
        "identity",
        when("StringEquals", "aws:UserAgent", "app"),
        when("StringEquals", "aws:username", "app"),
    ),
    case("ALLOW_WITH_NOT_PRINCIPAL", "resource", allow(NotPrincipal={"AWS": ROLE}), shared()),
    case(
        "FORALLVALUES_WITH_SINGLE_VALUED_KEY",
        "identity",
        when("ForAllValues:StringEquals", "aws:username", "ann"),
        when("StringEquals", "aws:username", "ann"),
    ),
    *_wide("PASS_ROLE", "iam:PassRole", ROLE),
    case(
        "MISSING_PAIRED_CONDITION_KEYS",
        "identity",
        when("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8"),
        allow(
            Condition=_if("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8")
            | _if("StringEquals", "aws:SourceVpc", "vpc-12345678")
        ),
    ),
    case(
        "DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
        "identity",
        _tagged([*SUPPORTED, "pricing:GetProducts"], Effect="Deny"),
        _tagged(SUPPORTED, Effect="Deny"),
    ),
    case(
        "DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
        "identity",
        _tagged(**TAG_NOT_ACTION, Effect="Deny"),
        _tagged(SUPPORTED, Effect="Deny"),
    ),
    case("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", "resource", shared(SERVICE), shared(SERVICE, Condition=EXACT)),
    case(
        "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL",
        "trust",
        trust({"Federated": OIDC}, WEB),
        trust({"Federated": OIDC}, WEB, Condition=_if("StringEquals", "login.example.com:aud", "app")),
    ),
    case(
        "MISSING_GITHUB_REPO_CONDITION_KEY",
        "trust",
        trust({"Federated": GITHUB}, WEB, Condition=_if("StringEquals", f"{SUB[:-3]}aud", "sts.amazonaws.com")),
        trust({"Federated": GITHUB}, WEB, Condition=_if("StringEquals", SUB, "repo:org/app:ref:refs/heads/main")),
    ),
    case(
        "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS",
        "identity",
        when("StringLike", "aws:PrincipalArn", f"{ROLE}*"),
        when("ArnLike", "aws:PrincipalArn", f"{ROLE}*"),
    ),
    case(
        "DYNAMODB_ATTRIBUTES_WITHOUT_SELECT",
        "identity",
        when("ForAllValues:StringEquals", "dynamodb:Attributes", ["name"], Action="dynamodb:GetItem", Resource="*"),
        allow(
            "dynamodb:GetItem",
            "*",
            Condition={
                "ForAllValues:StringEquals": {"dynamodb:Attributes": ["name"]},
                "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
            },
        ),
    ),
    case(
        "S3_PREFIX_IN_NEGATIVE_CONTEXT",
        "identity",
        deny("s3:ListBucket", BUCKET, Condition=_if("StringLike", "s3:prefix", "private/*")),
        deny("s3:ListBucket", BUCKET, Condition=_if("StringNotLike", "s3:prefix", "public/*")),
    ),
    case(
        "FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE",
        "trust",
        trust(
            {"Federated": "accounts.google.com"},
            WEB,
            Condition=_if("ForAnyValue:StringEquals", "accounts.google.com:aud", "app"),
        ),
        trust(
            {"Federated": "accounts.google.com"}, WEB, Condition=_if("StringEquals", "accounts.google.com:aud", "app")
        ),
    ),
    # Suggestions
    case("EMPTY_ARRAY_ACTION", "identity", allow([]), FINE),
    case(
        "EMPTY_ARRAY_CONDITION",
        "identity",
        when("StringEquals", "aws:username", []),
        when("StringEquals", "aws:username", ["ann"]),
    ),
    case(
        "EMPTY_ARRAY_CONDITION_FORALLVALUES",
        "identity",
        when("ForAllValues:StringEquals", "aws:TagKeys", []),
        when("Null", "aws:TagKeys", "true"),
    ),
    case(
        "EMPTY_ARRAY_CONDITION_FORANYVALUE",
        "identity",
        when("ForAnyValue:StringEquals", "aws:TagKeys", []),
        when("ForAnyValue:StringEquals", "aws:TagKeys", ["a"]),
    ),
    case(
        "EMPTY_ARRAY_CONDITION_IFEXISTS",
        "identity",
        when("StringEqualsIfExists", "aws:username", []),
        when("Null", "aws:username", "true"),
    ),
    case("EMPTY_ARRAY_PRINCIPAL", "resource", shared({"AWS": []}), shared()),
    case("EMPTY_ARRAY_RESOURCE", "identity", allow(resource=[]), FINE),
    case("EMPTY_OBJECT_CONDITION", "identity", allow(Condition={}), FINE),
    case("EMPTY_OBJECT_PRINCIPAL", "resource", allow(Principal={}), shared()),
    case("EMPTY_SID_VALUE", "identity", allow(Sid=""), allow(Sid="Read")),
    case(
        "EQUIVALENT_TO_NULL_FALSE",
        "identity",
        when("StringLike", "aws:PrincipalTag/team", "*"),
        when("Null", "aws:PrincipalTag/team", "false"),
    ),
    case(
        "EQUIVALENT_TO_NULL_TRUE",
        "identity",
        when("StringNotLike", "aws:PrincipalTag/team", "*"),
        when("Null", "aws:PrincipalTag/team", "true"),
    ),
    case(
        "IMPROVE_IP_RANGE",
        "identity",
        when("IpAddress", "aws:SourceIp", "203.0.113.9/24"),
        when("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
    ),
    case(
        "NULL_WITH_QUALIFIER",
        "identity",
        when("ForAllValues:Null", "aws:TagKeys", "true"),
        when("Null", "aws:TagKeys", "true"),
    ),
    case(
        "PRIVATE_IP_ADDRESS_SUBSET",
        "identity",
        when("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "203.0.113.0/24"]),
        when("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
    ),
    case(
        "PRIVATE_NOT_IP_ADDRESS_SUBSET",
        "identity",
        when("NotIpAddress", "aws:SourceIp", ["10.0.0.0/8", "203.0.113.0/24"]),
        when("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"),
    ),
    case(
        "REDUNDANT_ACTION",
        "identity",
        allow(["iam:Get*", "iam:List*", "iam:GetCredentialReport"], "*"),
        allow(["iam:Get*", "iam:List*", "iam:*CredentialReport"], "*"),
    ),
    case(
        "REDUNDANT_CONDITION_VALUE_NUM",
        "identity",
        when("NumericLessThan", "aws:MultiFactorAuthAge", ["2700", "3600"]),
        when("NumericLessThan", "aws:MultiFactorAuthAge", "3600"),
    ),
    case(
        "REDUNDANT_RESOURCE",
        "identity",
        allow(
            "iam:GetRole",
            [
                "arn:aws:iam::111122223333:role/jane-admin",
                "arn:aws:iam::111122223333:role/jane-s3only",
                "arn:aws:iam::111122223333:role/jane*",
            ],
        ),
        allow("iam:GetRole", "arn:aws:iam::111122223333:role/jane*"),
    ),
    case(
        "REDUNDANT_STATEMENT", "identity", policy(allow(Sid="a"), allow(Sid="b")), policy(allow(Sid="a"), deny(Sid="b"))
    ),
    case(
        "WILDCARD_IN_SERVICE_NAME",
        "identity",
        allow("codebuild:StartBuild", "arn:aws:*code*::111122223333:*"),
        allow("codebuild:StartBuild", "arn:aws:codebuild:*:111122223333:project/*"),
    ),
    case(
        "ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
        "identity",
        _tagged([*SUPPORTED, "pricing:GetProducts"]),
        _tagged(SUPPORTED),
    ),
    case(
        "ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
        "identity",
        _tagged(**TAG_NOT_ACTION),
        _tagged(SUPPORTED),
    ),
    case(
        "RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL",
        "resource",
        shared(SERVICE, Condition=_if("StringEquals", "aws:Referer", "123456789012")),
        shared(SERVICE, Condition=EXACT),
    ),
    case(
        "IRRELEVANT_CONDITION_KEY_IN_POLICY",
        "resource/s3",
        shared(Condition=_if("StringEquals", "s3:ResourceAccount", "123456789012")),
        shared(),
    ),
    case(
        "REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION",
        "identity",
        when("StringLikeIfExists", "aws:PrincipalTag/team", "*"),
        FINE,
    ),
    case(
        "REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY",
        "trust",
        trust({"AWS": [ROLE, "arn:aws:sts::123456789012:assumed-role/app/session"]}),
        trust({"AWS": ROLE}),
    ),
    case(
        "REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION",
        "identity",
        when("ForAnyValue:StringNotLike", "aws:TagKeys", "*"),
        when("ForAnyValue:StringNotLike", "aws:TagKeys", "a*"),
    ),
    case(
        "CONFIRM_AUDIENCE_CLAIM_TYPE",
        "trust",
        trust({"Federated": OIDC}, WEB, Condition=_if("ForAnyValue:StringEquals", "login.example.com:aud", "app")),
        trust({"Federated": OIDC}, WEB, Condition=_if("StringEquals", "login.example.com:aud", "app")),
    ),
]
