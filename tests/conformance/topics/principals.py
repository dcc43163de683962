"""Cases about access points, as the two decisions that they are, and about kinds of principals and credentials."""

from ..authoring import (
    ACCOUNT,
    EXTERNAL,
    FEDERATED,
    FULL,
    OTHER_ACCOUNT,
    ROOT,
    SESSION,
    USER,
    Json,
    allow,
    case,
    deny,
    doc,
    grant,
    refuse,
)

POINT = f"arn:aws:s3:us-west-2:{ACCOUNT}:accesspoint/my-access-point"
THROUGH = f"{POINT}/object/Jane/report.csv"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket1"
OBJECT = f"{BUCKET}/Jane/report.csv"
_TO_USER = doc(grant(USER, ["s3:GetObject", "s3:PutObject"], f"{POINT}/object/Jane/*"))
_OF_ACCOUNT = {"s3:DataAccessPointAccount": ACCOUNT}
_DELEGATING = doc(grant({"AWS": "*"}, "*", [BUCKET, f"{BUCKET}/*"], {"StringEquals": _OF_ACCOUNT}))
_CLOSED = doc(refuse("*", "s3:*", [BUCKET, f"{BUCKET}/*"], {"StringNotEquals": _OF_ACCOUNT}))
_VPC_ONLY = doc(
    refuse("*", "s3:*", [BUCKET, f"{BUCKET}/*"], {"StringNotEquals": {"s3:AccessPointNetworkOrigin": "VPC"}})
)

ACCESS_POINTS: list[Json] = [
    case("access-points.policy-names-user", "allowed", "I11 C1", "access-points",
         "Example 1: the access point lets Jane read.",
         resource=THROUGH, policy=_TO_USER),
    case("access-points.policy-other-prefix", "implicit", "I11 F3", "access-points",
         "Example 1 is for the prefix Jane/ alone.",
         resource=f"{POINT}/object/Bob/report.csv", policy=_TO_USER),
    case("access-points.policy-other-action", "implicit", "I11", "access-points", "Example 1 lets get and put.",
         action="s3:DeleteObject", resource=THROUGH, policy=_TO_USER),
    case("access-points.policy-names-bucket-arn", "implicit", "I11", "access-points",
         "Policies of access points name objects by the access point, not by the bucket.",
         resource=THROUGH, policy=doc(grant(USER, "s3:GetObject", f"{BUCKET}/*"))),
    case("access-points.bucket-delegates", "allowed", "I11", "access-points",
         "Delegating access control to access points: everyone, through access points of the account.",
         resource=OBJECT, context=_OF_ACCOUNT, policy=_DELEGATING),
    case("access-points.bucket-delegates-not-directly", "implicit", "I11 G3", "access-points",
         "Straight to the bucket the key is absent: the delegation does not match.",
         resource=OBJECT, policy=_DELEGATING),
    case("access-points.bucket-delegates-to-other-account", "implicit", "I11", "access-points",
         "An access point of another account is not what the bucket trusts.",
         resource=OBJECT, context={"s3:DataAccessPointAccount": OTHER_ACCOUNT}, policy=_DELEGATING),
    case("access-points.bucket-silent", "implicit", "I11", "access-points",
         "What the access point grants is void where the bucket does not allow the same.",
         resource=OBJECT, context=_OF_ACCOUNT, policy=doc(grant(EXTERNAL, "s3:GetObject", f"{BUCKET}/*"))),
    case("access-points.bucket-closed-directly", "explicit", "I11 G2", "access-points",
         "A bucket policy that refuses what does not come through access points of the account.",
         resource=OBJECT, identity=FULL, policy=_CLOSED),
    case("access-points.bucket-closed-through", "allowed", "I11 G2", "access-points",
         "Through an access point of the account the refusal does not match.",
         resource=OBJECT, context=_OF_ACCOUNT, identity=FULL, policy=_CLOSED),
    case("access-points.vpc-origin-only", "explicit", "I11", "access-points",
         "Only access points with VPC origin may be used: this one has the origin Internet.",
         resource=OBJECT, context={**_OF_ACCOUNT, "s3:AccessPointNetworkOrigin": "Internet"}, identity=FULL,
         policy=_VPC_ONLY),
    case("access-points.vpc-origin-used", "allowed", "I11", "access-points", "This one has the origin VPC.",
         resource=OBJECT, context={**_OF_ACCOUNT, "s3:AccessPointNetworkOrigin": "VPC"}, identity=FULL,
         policy=_VPC_ONLY),
    case("access-points.by-pattern-of-arn", "allowed", "I11 G13", "access-points",
         "The bucket may trust access points by a pattern of their ARN.",
         resource=OBJECT, context={"s3:DataAccessPointArn": POINT},
         policy=doc(grant("*", "s3:GetObject", f"{BUCKET}/*",
                          {"ArnLike": {"s3:DataAccessPointArn": f"arn:aws:s3:*:{ACCOUNT}:accesspoint/*"}}))),
    case("access-points.public-policy-restricted", "explicit", "I7 I11", "access-point-blocks",
         "Block Public Access of the access point turns outsiders away from a public policy.",
         principal=EXTERNAL, resource=THROUGH, owner=ACCOUNT, identity=FULL, restricted=True,
         policy=doc(grant("*", "s3:GetObject", f"{POINT}/object/*"))),
    case("access-points.public-policy-own-account", "allowed", "I7 I11", "access-point-blocks",
         "Callers of the owner's account pass.",
         resource=THROUGH, restricted=True, policy=doc(grant("*", "s3:GetObject", f"{POINT}/object/*"))),
    case("access-points.across-accounts", "allowed", "I11 D1", "access-points",
         "Across accounts the identity side has to allow on the access point, too.",
         principal=EXTERNAL, resource=THROUGH, owner=ACCOUNT, identity=doc(allow("s3:GetObject", f"{POINT}/object/*")),
         policy=doc(grant(OTHER_ACCOUNT, "s3:GetObject", f"{POINT}/object/*"))),
    case("access-points.across-accounts-bucket-arn-alone", "implicit", "I11 D1", "access-points",
         "An identity policy for the bucket's ARN says nothing of the access point.",
         principal=EXTERNAL, resource=THROUGH, owner=ACCOUNT, identity=doc(allow("s3:GetObject", f"{BUCKET}/*")),
         policy=doc(grant(OTHER_ACCOUNT, "s3:GetObject", f"{POINT}/object/*"))),
    case("access-points.multi-region", "allowed", "I11", "multi-region",
         "A Multi-Region Access Point is named by its alias; objects stand behind object/.",
         resource=f"arn:aws:s3::{ACCOUNT}:accesspoint/mfzwi23gnjvgw.mrap/object/k",
         identity=doc(allow("s3:GetObject", f"arn:aws:s3::{ACCOUNT}:accesspoint/mfzwi23gnjvgw.mrap/object/*"))),
]  # fmt: skip

_TOKEN = {"aws:TokenIssueTime": "2026-03-01T11:00:00Z"}
_WITH_MFA = {**_TOKEN, "aws:MultiFactorAuthPresent": "true"}
_WITHOUT_MFA = {**_TOKEN, "aws:MultiFactorAuthPresent": "false"}
_PERSON = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Reader_0123456789abcdef/ana@example.com"
_READER = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Reader_0123456789abcdef"
_READERS = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Reader_*"
_COGNITO = "cognito-identity.amazonaws.com"
_WEB_ROLE = f"arn:aws:iam::{ACCOUNT}:role/web"
_UNLOCK = doc(allow(["s3:DeleteBucketPolicy", "s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:ListAllMyBuckets"]))


def _trust(provider: str, action: str = "sts:AssumeRoleWithWebIdentity", condition: Json = None) -> Json:
    return doc(grant({"Federated": provider}, action, None, condition))


_FILES = f"arn:aws:elasticfilesystem:eu-west-1:{ACCOUNT}:file-system/fs-0123456789abcdef0"
_SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"


PRINCIPAL_KINDS: list[Json] = [
    case("principals.token-iam-with-mfa", "allowed", "I10", "session-token",
         "With MFA, credentials of GetSessionToken call IAM.",
         action="iam:GetUser", resource=USER, identity=FULL, context=_WITH_MFA),
    case("principals.token-iam-without-mfa", "implicit", "I10", "session-token", "Without MFA they cannot call IAM.",
         action="iam:GetUser", resource=USER, identity=FULL, context=_WITHOUT_MFA),
    case("principals.token-iam-mfa-absent", "implicit", "I10", "session-token", "Nor where no MFA was given at all.",
         action="iam:GetUser", resource=USER, identity=FULL, context=_TOKEN),
    case("principals.token-iam-without-mfa-deny", "implicit", "I10", "session-token",
         "The credentials are refused before a policy is looked at.",
         action="iam:GetUser", resource=USER, identity=doc(deny()), context=_WITHOUT_MFA),
    case("principals.token-sts-assume-role", "allowed", "I10 I2", "session-token", "Of STS they call AssumeRole …",
         action="sts:AssumeRole", resource=_WEB_ROLE, context=_WITH_MFA,
         policy=doc(grant(USER, "sts:AssumeRole", None))),
    case("principals.token-sts-identity", "allowed", "I10 I3", "session-token", "… and GetCallerIdentity …",
         action="sts:GetCallerIdentity", resource="*", context=_TOKEN),
    case("principals.token-sts-federation", "implicit", "I10", "session-token", "… and nothing else.",
         action="sts:GetFederationToken", resource=FEDERATED, identity=FULL, context=_WITH_MFA),
    case("principals.token-sts-again", "implicit", "I10 I3", "session-token",
         "GetSessionToken wants long-term credentials.",
         action="sts:GetSessionToken", resource="*", identity=FULL, context=_WITH_MFA),
    case("principals.token-elsewhere", "allowed", "I10", "session-token", "Other services they call as the user does.",
         identity=FULL, context=_WITHOUT_MFA),
    case("principals.keys-iam", "allowed", "I10", "session-token", "Long-term keys carry no issue time and call IAM.",
         action="iam:GetUser", resource=USER, identity=FULL),
    case("principals.root-token-iam-without-mfa", "implicit", "I10", "session-token", "The same for the root user.",
         principal=ROOT, action="iam:GetUser", resource=USER, context=_WITHOUT_MFA),
    case("principals.session-iam-without-mfa", "allowed", "I10", "sts-comparison",
         "A role's session calls IAM without MFA.",
         principal=SESSION, action="iam:GetUser", resource=USER, identity=FULL, context=_WITHOUT_MFA),
    case("principals.center-account-and-pattern", "allowed", "E15 G13", "reserved-roles",
         "The account as principal, narrowed by a pattern of the permission set's role.",
         principal=_PERSON, identity=FULL, context={"aws:PrincipalArn": _READER},
         policy=doc(grant(ACCOUNT, "s3:*", "*", {"ArnLike": {"aws:PrincipalArn": _READERS}}))),
    case("principals.center-other-set-denied", "explicit", "E15 G13", "reserved-roles",
         "A Deny for everyone but a permission set strikes the others.",
         principal=SESSION, identity=FULL, context={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/deploy"},
         policy=doc(refuse("*", "s3:*", "*", {"ArnNotLike": {"aws:PrincipalArn": _READERS}}))),
    case("principals.center-set-not-denied", "allowed", "E15 G13", "reserved-roles", "It spares the set's sessions.",
         principal=_PERSON, identity=FULL, context={"aws:PrincipalArn": _READER},
         policy=doc(refuse("*", "s3:*", "*", {"ArnNotLike": {"aws:PrincipalArn": _READERS}}))),
    case("principals.cognito-web-identity", "allowed", "E9", "principal", "Cognito is named as a federated principal.",
         principal=_COGNITO, action="sts:AssumeRoleWithWebIdentity", resource=_WEB_ROLE,
         context={f"{_COGNITO}:aud": "us-east-1:12345678-ffff-ffff-ffff-123456"},
         policy=_trust(_COGNITO, condition={
             "StringEquals": {f"{_COGNITO}:aud": "us-east-1:12345678-ffff-ffff-ffff-123456"}})),
    case("principals.cognito-other-pool", "implicit", "E9", "principal", "Another pool's identities do not enter.",
         principal=_COGNITO, action="sts:AssumeRoleWithWebIdentity", resource=_WEB_ROLE,
         context={f"{_COGNITO}:aud": "us-east-1:other"},
         policy=_trust(_COGNITO, condition={
             "StringEquals": {f"{_COGNITO}:aud": "us-east-1:12345678-ffff-ffff-ffff-123456"}})),
    case("principals.cognito-as-service-in-trust", "implicit", "E9 E8", "principal",
         "As a service it is no identity provider: Service does not name the provider.",
         principal=_COGNITO, action="sts:AssumeRoleWithWebIdentity", resource=_WEB_ROLE,
         policy=doc(grant({"Service": _COGNITO}, "sts:AssumeRoleWithWebIdentity", None))),
    case("principals.assume-root-session-task", "allowed", "E14", "assume-root",
         "The member's root user within S3UnlockBucketPolicy deletes a bucket policy.",
         principal=ROOT, action="s3:DeleteBucketPolicy", resource=BUCKET, session=_UNLOCK,
         context={"aws:AssumedRoot": "true"}),
    case("principals.assume-root-session-beyond-task", "implicit", "E14", "assume-root",
         "It does no more than the task.",
         principal=ROOT, resource=OBJECT, session=_UNLOCK, context={"aws:AssumedRoot": "true"}),
    case("principals.assume-root-session-under-scp", "explicit", "E14 B6", "assume-root", "The member's SCPs bind it.",
         principal=ROOT, action="s3:DeleteBucketPolicy", resource=BUCKET, session=_UNLOCK,
         context={"aws:AssumedRoot": "true"}, scps=[[FULL, doc(deny("s3:*"))]]),
    case("principals.delegation-template", "implicit", "E16", "temporary-delegation",
         "An approved template limits the approver's permissions.",
         action="s3:PutObject", identity=FULL, session=doc(allow("s3:GetObject"))),
    case("principals.saml-as-aws", "implicit", "E9", "principal", "A provider is named as a federated principal alone.",
         principal=_SAML, action="sts:AssumeRoleWithSAML", resource=_WEB_ROLE,
         policy=doc(grant({"AWS": _SAML}, "sts:AssumeRoleWithSAML", None))),
    case("principals.saml-before-the-role", "implicit", "E9", "principal",
         "Who has entered no role yet calls nothing but AssumeRoleWithSAML.", principal=_SAML, owner=ACCOUNT,
         policy=doc(grant("*", "s3:*"))),
    case("principals.saml-tags", "allowed", "E9 I2", "session-tags", "While entering, tags can be handed over.",
         principal=_SAML, action="sts:TagSession", resource=_WEB_ROLE,
         policy=doc(grant({"Federated": _SAML}, ["sts:AssumeRoleWithSAML", "sts:TagSession"], None))),
    case("principals.saml-calls-web-identity", "implicit", "E9", "principal", "The other call is not its own.",
         principal=_SAML, action="sts:AssumeRoleWithWebIdentity", resource=_WEB_ROLE,
         policy=doc(grant({"Federated": _SAML}, "sts:*", None))),
    case("principals.unsigned-without-provider", "implicit", "E9 E10", "principal",
         "Who brings no token assumes no role by one: * names no identity provider.",
         principal="anonymous", action="sts:AssumeRoleWithWebIdentity", resource=_WEB_ROLE,
         policy=doc(grant("*", "sts:AssumeRoleWithWebIdentity", None))),
    case("principals.service-linked-session", "allowed", "E11 E3", "scps",
         "The session of a service-linked role is one: aws:PrincipalArn has the path.",
         principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForX/s", identity=FULL,
         context={"aws:PrincipalArn":
                  f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"},
         scps=[[doc(deny())]]),
    case("principals.other-arn-in-session", "explicit", "E11 E3", "scps", "Another role's path is not its own.",
         principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/s", identity=FULL,
         context={"aws:PrincipalArn":
                  f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"},
         scps=[[doc(deny())]]),
    case("principals.anyone-mounts", "allowed", "D8 E10", "file-systems",
         "A file system without a policy lets in who comes by the network.",
         principal="anonymous", action="elasticfilesystem:ClientMount", resource=_FILES),
    case("principals.user-mounts", "allowed", "D8", "file-systems", "Signed or not.",
         action="elasticfilesystem:ClientRootAccess", resource=_FILES),
    case("principals.nobody-manages", "implicit", "D8", "file-systems", "Only clients, nobody who manages it.",
         action="elasticfilesystem:DeleteFileSystem", resource=_FILES),
    case("principals.file-policy", "implicit", "D8 E10", "file-systems", "Its own policy takes the default's place.",
         principal="anonymous", action="elasticfilesystem:ClientMount", resource=_FILES,
         policy=doc(grant(USER, "elasticfilesystem:ClientMount"))),
]  # fmt: skip
