"""Fine print: keys and their delegation, what is handed over with roles, log groups, defaults of variables."""

from collections.abc import Mapping
from typing import Any

from ..authoring import (
    ACCOUNT,
    BUCKET,
    EXTERNAL,
    FIRST,
    FULL,
    KEY,
    LATEST,
    OBJECT,
    OTHER_ACCOUNT,
    OUTSIDE_SESSION,
    QUEUE,
    ROLE,
    ROOT,
    SESSION,
    TARGET_ROLE,
    USER,
    Json,
    allow,
    case,
    deny,
    doc,
    grant,
    refuse,
)

_KMS = doc(allow("kms:*"))
_STS = doc(allow("sts:*"))
_TAG = "aws:PrincipalTag/"

# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_LOG_CONTEXT = "kms:EncryptionContext:aws:logs:arn"
_LOG_SERVICE = "logs.eu-west-1.amazonaws.com"


def _key(
    case_id: str, expected: str, rules: str, why: str, policy: Json, page: str = "key-policies", **more: Any
) -> Json:
    asked = {"action": "kms:Decrypt", "resource": KEY, "policy": policy}
    return case(f"fine.key-{case_id}", expected, rules, page, why, **{**asked, **more})


_BY_LOGS = doc(
    grant({"Service": _LOG_SERVICE}, "kms:Decrypt", "*",
          {"ArnLike": {_LOG_CONTEXT: f"arn:aws:logs:eu-west-1:{ACCOUNT}:*"}})
)  # fmt: skip

_KEYS: list[Json] = [
    _key("delegated-by-digits", "allowed", "I1 C2", "Twelve digits delegate as the root ARN does.",
         doc(grant(ACCOUNT, "kms:*")), identity=_KMS),
    _key("delegated-for-all-but-this", "implicit", "I1 F2", "The delegation leaves this action out.",
         doc(grant(ROOT, None, "*", NotAction="kms:Decrypt")), identity=_KMS),
    _key("delegated-on-own-arn", "allowed", "I1 F3", "A key policy may write out the ARN of its key.",
         doc(grant(ROOT, "kms:*", KEY)), identity=_KMS),
    _key("delegated-on-other-arn", "implicit", "I1 F3", "A statement for another key does not speak of this one.",
         doc(grant(ROOT, "kms:*", f"{KEY[:-1]}0")), identity=_KMS),
    _key("alias-needs-the-alias", "allowed", "I1", "On the alias the identity policy alone decides.", None, "key-alias",
         action="kms:CreateAlias", resource=f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/app", identity=_KMS),
    _key("alias-needs-the-key", "implicit", "I1", "On the key its policy has to let the account in.", None, "key-alias",
         action="kms:CreateAlias", identity=_KMS),
    _key("outsider-verifies", "allowed", "I1 D1", "A cryptographic operation is among those for other accounts.",
         doc(grant(OTHER_ACCOUNT, "kms:*")), "key-external", principal=EXTERNAL, action="kms:VerifyMac", identity=_KMS),
    _key("outsider-deletes", "implicit", "I1 D1", "Deleting a key is not among them, whatever the policies say.",
         doc(grant(OTHER_ACCOUNT, "kms:*")), "key-external", principal=EXTERNAL, action="kms:ScheduleKeyDeletion",
         identity=_KMS),
    _key("outsider-re-encrypts", "allowed", "I1 D1 E3", "Re-encryption to the key, by the role that is named.",
         doc(grant(f"arn:aws:iam::{OTHER_ACCOUNT}:role/partner", "kms:ReEncrypt*")), "key-external",
         principal=OUTSIDE_SESSION, action="kms:ReEncryptTo", identity=_KMS),
    _key("retired-by-key-policy", "implicit", "I1", "A key policy does not tell who retires grants.",
         doc(grant(USER, "kms:*")), "grant-delete", action="kms:RetireGrant"),
    _key("retired-by-outsider", "implicit", "I1 D1", "Nor does it for another account.",
         doc(grant(OTHER_ACCOUNT, "kms:*")), "grant-delete", principal=EXTERNAL, action="kms:RetireGrant",
         identity=_KMS),
    _key("retired-past-key-policy", "allowed", "I1",
         "The account that owns the key delegates it, whatever that denies.",
         doc(refuse("*", "kms:RetireGrant")), "grant-delete", action="kms:RetireGrant", identity=_KMS),
    _key("revoked-by-key-policy", "allowed", "I1", "Who revokes them, it does.",
         doc(grant(USER, "kms:*")), "grant-delete", action="kms:RevokeGrant"),
    _key("random-needs-no-key", "allowed", "I1", "Random bytes come from no key: the identity policy decides.", None,
         action="kms:GenerateRandom", resource=None, identity=_KMS),
    _key("linked-role-by-delegation", "implicit", "I1 E11", "Delegation gives nothing to a role without a policy.",
         doc(grant(ROOT, "kms:*")), principal=f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/R"),
    _key("context-key-in-other-case", "allowed", "G6", "The key of an encryption context, as any, in whatever case.",
         doc(grant(ROOT, "kms:*")), "condition",
         identity=doc(allow("kms:Decrypt", "*", {"StringEquals": {"kms:EncryptionContext:Dept": "IT"}})),
         context={"kms:EncryptionContext:dept": "IT"}),
    _key("context-value-in-other-case", "implicit", "G7", "Its value is compared with case.",
         doc(grant(ROOT, "kms:*")), "operators",
         identity=doc(allow("kms:Decrypt", "*", {"StringEquals": {"kms:EncryptionContext:Dept": "IT"}})),
         context={"kms:EncryptionContext:Dept": "it"}),
    _key("service-for-log-group", "allowed", "E8 G13", "A service, for the log group that the policy names.", _BY_LOGS,
         principal=_LOG_SERVICE, context={_LOG_CONTEXT: f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:x"}),
    _key("service-for-other-account", "implicit", "E8 G13", "The same service for a log group of another account.",
         _BY_LOGS, principal=_LOG_SERVICE,
         context={_LOG_CONTEXT: f"arn:aws:logs:eu-west-1:{OTHER_ACCOUNT}:log-group:x"}),
    _key("service-without-context", "implicit", "E8 G3", "Without the context the condition does not hold.", _BY_LOGS,
         principal=_LOG_SERVICE),
]  # fmt: skip

# ── entering a role ──────────────────────────────────────────────────────────────────────────────────────────────────

_FLOWS = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"


def _enter(
    case_id: str, expected: str, rules: str, why: str, policy: Json, page: str = "session-tags", **more: Any
) -> Json:
    asked = {"action": "sts:TagSession", "resource": TARGET_ROLE, "policy": policy}
    return case(f"fine.enter-{case_id}", expected, rules, page, why, **{**asked, **more})


def _for_red(action: Json = ("sts:AssumeRole", "sts:TagSession")) -> Json:
    return doc(grant(USER, list(action), None, {"StringEquals": {"aws:RequestTag/team": "red"}}))


_ENTERING: list[Json] = [
    _enter("with-this-tag", "allowed", "I2 G1", "The tag that the trust policy asks for.", _for_red(), identity=_STS,
           context={"aws:RequestTag/team": "red"}),
    _enter("with-other-tag", "implicit", "I2 G1", "Another value of it.", _for_red(), identity=_STS,
           context={"aws:RequestTag/team": "blue"}),
    _enter("with-tag-key-in-other-case", "allowed", "I2 G6", "Names of tags are compared without case.", _for_red(),
           identity=_STS, context={"aws:RequestTag/TEAM": "red"}),
    _enter("passes-on-listed", "allowed", "I2 G14", "Only listed tags are passed on.",
           doc(grant(USER, "sts:TagSession", None,
                     {"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["team", "env"]}})),
           identity=_STS, context={"sts:TransitiveTagKeys": ["team"]}),
    _enter("passes-on-another", "implicit", "I2 G14", "One that is not listed is among them.",
           doc(grant(USER, "sts:TagSession", None,
                     {"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["team", "env"]}})),
           identity=_STS, context={"sts:TransitiveTagKeys": ["team", "cost"]}),
    _enter("as-oneself", "allowed", "I2 H2", "Users may name themselves as source identity.",
           doc(grant(USER, ["sts:AssumeRole", "sts:SetSourceIdentity"], None,
                     {"StringLike": {"sts:SourceIdentity": "${aws:username}"}})), "source-identity",
           action="sts:SetSourceIdentity", identity=_STS,
           context={"sts:SourceIdentity": "ana", "aws:username": "ana"}),
    _enter("as-somebody-else", "implicit", "I2 H2", "And nobody else.",
           doc(grant(USER, ["sts:AssumeRole", "sts:SetSourceIdentity"], None,
                     {"StringLike": {"sts:SourceIdentity": "${aws:username}"}})), "source-identity",
           action="sts:SetSourceIdentity", identity=_STS,
           context={"sts:SourceIdentity": "bo", "aws:username": "ana"}),
    _enter("by-pattern-of-calls", "allowed", "E9 F1", "A pattern covers the call of the provider.",
           doc(grant({"Federated": _FLOWS}, "sts:AssumeRoleWith*", None,
                     {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"}})), "web-identity",
           principal=_FLOWS, action="sts:AssumeRoleWithWebIdentity",
           context={"token.actions.githubusercontent.com:sub": "repo:o/r:ref:refs/heads/main"}),
    _enter("by-prefix-of-repository", "implicit", "E9 G7", "A repository whose name goes on is another one.",
           doc(grant({"Federated": _FLOWS}, "sts:AssumeRoleWith*", None,
                     {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"}})), "web-identity",
           principal=_FLOWS, action="sts:AssumeRoleWithWebIdentity",
           context={"token.actions.githubusercontent.com:sub": "repo:o/r2:ref:refs/heads/main"}),
    _enter("own-condition-unmet", "implicit", "I2 D1", "The caller's own policy wants another external id.",
           doc(grant(OTHER_ACCOUNT, "sts:AssumeRole", None)), "assume-role", principal=EXTERNAL,
           action="sts:AssumeRole", context={"sts:ExternalId": "y"},
           identity=doc(allow("sts:AssumeRole", "*", {"StringEquals": {"sts:ExternalId": "z"}}))),
    _enter("by-pattern-of-roles", "allowed", "I2 F3", "The account is trusted, and the user's policy has a pattern.",
           doc(grant(ACCOUNT, "sts:AssumeRole", None)), "assume-role", action="sts:AssumeRole",
           identity=doc(allow("sts:AssumeRole", "arn:aws:iam::*:role/tar*"))),
    _enter("service-for-other-account", "implicit", "E8 G1", "The service acts for another account.",
           doc(grant({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole", None,
                     {"StringEquals": {"aws:SourceAccount": ACCOUNT}})), "principal",
           principal="lambda.amazonaws.com", action="sts:AssumeRole", context={"aws:SourceAccount": OTHER_ACCOUNT}),
    case("fine.pass-linked-role", "allowed", "I4 I5", "pass-role", "A service-linked role can be handed on.",
         action="iam:PassRole", resource=f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/R",
         identity=FULL),
    case("fine.pass-by-name-without-path", "implicit", "I4 F3", "pass-role", "The path is a part of a role's ARN.",
         action="iam:PassRole", resource=f"arn:aws:iam::{ACCOUNT}:role/app/target",
         identity=doc(allow("iam:PassRole", TARGET_ROLE))),
    case("fine.pass-for-instance", "allowed", "I4 G13", "iam-keys", "For an instance of the account.",
         action="iam:PassRole", resource=TARGET_ROLE,
         identity=doc(allow("iam:PassRole", "*", {"ArnLike": {
             "iam:AssociatedResourceArn": f"arn:aws:ec2:*:{ACCOUNT}:instance/*"}})),
         context={"iam:AssociatedResourceArn": f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1"}),
    case("fine.pass-for-unknown", "implicit", "I4 G3", "iam-keys", "Not every service tells for what.",
         action="iam:PassRole", resource=TARGET_ROLE,
         identity=doc(allow("iam:PassRole", "*", {"ArnLike": {
             "iam:AssociatedResourceArn": f"arn:aws:ec2:*:{ACCOUNT}:instance/*"}}))),
]  # fmt: skip

# ── log groups ───────────────────────────────────────────────────────────────────────────────────────────────────────

_GROUP = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/f"
_STREAM = f"{_GROUP}:log-stream:s"


def _log(
    case_id: str, holds: bool, why: str, resource: Json, asked: str = _GROUP, action: str = "logs:FilterLogEvents"
) -> Json:
    return case(f"fine.log-{case_id}", "allowed" if holds else "implicit", "F3", "log-groups", why, action=action,
                resource=asked, identity=doc(allow(action, resource)))  # fmt: skip


_LOG_GROUPS: list[Json] = [
    _log("group", True, "Policies name a log group with a star behind it.", f"{_GROUP}:*"),
    _log("group-as-described", True, "It may be asked about as it is described.", f"{_GROUP}:*", f"{_GROUP}:*"),
    _log("bare-group", False, "The bare ARN is for tags alone.", _GROUP),
    _log("groups-by-pattern", True, "A pattern of names covers it.",
         f"arn:aws:logs:*:{ACCOUNT}:log-group:/aws/lambda/*"),
    _log("everything", True, "So does one of everything.", "arn:aws:logs:*:*:*"),
    _log("longer-name", False, "A name that goes on is another one.", f"{_GROUP}:*", f"{_GROUP}2"),
    _log("tags-of-bare-group", True, "Tags are asked on the bare ARN.", _GROUP, action="logs:ListTagsForResource"),
    _log("tags-of-described", True, "However it is asked about.", _GROUP, f"{_GROUP}:*", "logs:ListTagsForResource"),
    _log("tags-with-star", False, "What has a star behind it does not cover the bare ARN.", f"{_GROUP}:*",
         action="logs:ListTagsForResource"),
    _log("stream-of-group", True, "The star covers the streams of the group.", f"{_GROUP}:*", _STREAM,
         "logs:PutLogEvents"),
    _log("stream-of-bare-group", False, "The bare ARN covers none.", _GROUP, _STREAM, "logs:PutLogEvents"),
    case("fine.log-deny", "explicit", "F3 A2", "log-groups", "A Deny names it in the same way.",
         action="logs:DeleteLogGroup", resource=_GROUP, identity=doc(allow(), deny("logs:*", f"{_GROUP}:*"))),
    case("fine.log-deny-bare", "allowed", "F3", "log-groups", "One on the bare ARN does not stop the deletion.",
         action="logs:DeleteLogGroup", resource=_GROUP, identity=doc(allow(), deny("logs:*", _GROUP))),
    case("fine.log-spared", "allowed", "F5", "log-groups", "A Deny that spares it, by the same name.",
         action="logs:DeleteLogGroup", resource=_GROUP,
         identity=doc(allow(), deny("logs:*", None, NotResource=f"{_GROUP}:*"))),
]  # fmt: skip

# ── variables and wildcards ──────────────────────────────────────────────────────────────────────────────────────────

_HOME = "arn:aws:s3:::home/"


def _fill(
    case_id: str,
    holds: bool,
    rules: str,
    why: str,
    resource: str,
    asked: str,
    context: Mapping[str, Json] | None = None,
    version: str = LATEST,
) -> Json:
    return case(f"fine.fill-{case_id}", "allowed" if holds else "implicit", rules, "variables", why,
                resource=f"{_HOME}{asked}", context=context,
                identity=doc(allow("s3:GetObject", f"{_HOME}{resource}"), version=version))  # fmt: skip


_FILLED: list[Json] = [
    _fill("default-with-star", True, "H4 H8", "A star in a default is a star.", "${aws:PrincipalTag/team, 'a*'}/x",
          "a*/x"),
    _fill("default-is-no-pattern", False, "H4 H8", "It is no wildcard.", "${aws:PrincipalTag/team, 'a*'}/x", "abc/x"),
    _fill("dollar", True, "H7", "A dollar sign, escaped.", "a${$}b", "a$b"),
    _fill("escaped-variable", True, "H7", "So that what follows is no variable.", "${$}{aws:username}",
          "${aws:username}", {"aws:username": "ana"}),
    _fill("question-mark", True, "H7", "A question mark, escaped.", "a${?}b", "a?b"),
    _fill("question-mark-only", False, "H7", "And no other character.", "a${?}b", "axb"),
    _fill("twice", True, "H1", "One variable may stand twice.", "${aws:username}/${aws:username}", "ana/ana",
          {"aws:username": "ana"}),
    _fill("twice-once", False, "H1", "And is the same both times.", "${aws:username}/${aws:username}", "ana/bo",
          {"aws:username": "ana"}),
    _fill("tag-with-colon", True, "H1 G6", "Names of tags may hold colons.", "${aws:PrincipalTag/a:b}/x", "v/x",
          {f"{_TAG}a:b": "v"}),
    _fill("tag-with-slash", True, "H1 G6", "And slashes.", "${aws:PrincipalTag/a/b}/x", "v/x", {f"{_TAG}a/b": "v"}),
    _fill("tag-with-signs", True, "H1 G6", "And other signs.", "${aws:PrincipalTag/a+=._-@b}/x", "v/x",
          {f"{_TAG}a+=._-@b": "v"}),
    _fill("between-wildcards", True, "H1 F3", "Wildcards may stand around it.", "*${aws:username}?", "xxana1",
          {"aws:username": "ana"}),
    _fill("slash-in-value", True, "H8", "Its value may hold slashes.", "${aws:PrincipalTag/p}", "a/b/c",
          {f"{_TAG}p": "a/b/c"}),
    _fill("plain-in-first-version", True, "H6", "In the first version it is plain text.", "${aws:username}",
          "${aws:username}", {"aws:username": "ana"}, FIRST),
    case("fine.fill-list-of-none", "allowed", "H3 G14", "variables",
         "A negated test of values, against a missing value.",
         identity=doc(allow(condition={"ForAllValues:StringNotEquals": {"aws:TagKeys": "${aws:PrincipalTag/k}"}})),
         action="s3:PutObject", context={"aws:TagKeys": ["a"]}),
    case("fine.fill-list-in-none", "implicit", "H3 G14", "variables", "A positive one.",
         identity=doc(allow(condition={"ForAllValues:StringEquals": {"aws:TagKeys": "${aws:PrincipalTag/k}"}})),
         action="s3:PutObject", context={"aws:TagKeys": ["a"]}),
    case("fine.fill-star-under-equals", "allowed", "H7 G7", "variables",
         "An escaped star is a star under StringEquals.",
         identity=doc(allow("s3:ListBucket", "*", {"StringEquals": {"s3:prefix": "a${*}"}})),
         action="s3:ListBucket", resource=BUCKET, context={"s3:prefix": "a*"}),
    case("fine.region-of-nowhere", "allowed", "F4", "resource", "A star is no character, too: IAM has no Region.",
         identity=doc(allow("iam:GetRole", f"arn:aws:iam:*:{ACCOUNT}:role/target")), action="iam:GetRole",
         resource=TARGET_ROLE),
    case("fine.region-of-one-letter", "implicit", "F4", "resource", "A question mark is one character.",
         identity=doc(allow("iam:GetRole", f"arn:aws:iam:?:{ACCOUNT}:role/target")), action="iam:GetRole",
         resource=TARGET_ROLE),
    case("fine.account-of-bucket", "implicit", "F4", "resource", "ARNs of buckets hold no account.",
         identity=doc(allow("s3:GetObject", f"arn:aws:s3::{ACCOUNT}:amzn-s3-demo-bucket/*"))),
    case("fine.any-account-of-bucket", "allowed", "F4", "resource", "Stars for Region and account hold for none.",
         identity=doc(allow("s3:GetObject", "arn:aws:s3:*:*:amzn-s3-demo-bucket/*"))),
    case("fine.parts-by-pattern", "allowed", "F4", "resource", "Each part may have wildcards.",
         identity=doc(allow("sqs:SendMessage", "arn:aws:sqs:eu-*-?:1111*:ord*")), action="sqs:SendMessage",
         resource=QUEUE),
]  # fmt: skip

# ── who is named for what ────────────────────────────────────────────────────────────────────────────────────────────

_SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db-a1b2c3"
_FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
_DEPUTY = doc({
    "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
    "Condition": {
        "StringNotEqualsIfExists": {"aws:SourceOrgID": "o-1", "aws:SourceAccount": ["333333333333"]},
        "Null": {"aws:SourceAccount": "false"},
        "Bool": {"aws:PrincipalIsAWSService": "true"},
    },
})  # fmt: skip


def _deputy(case_id: str, expected: str, why: str, context: Mapping[str, Json]) -> Json:
    return case(f"fine.deputy-{case_id}", expected, "B7 E8 G4", "rcp-evaluation", why, principal="sns.amazonaws.com",
                action="s3:PutObject", owner=ACCOUNT, rcps=[[_DEPUTY]],
                policy=doc(grant({"Service": "sns.amazonaws.com"}, "s3:PutObject", f"{BUCKET}/*")),
                context={"aws:PrincipalIsAWSService": "true", **context})  # fmt: skip


_NAMED: list[Json] = [
    case("fine.session-named-for-other-action", "implicit", "C4", "policies",
         "What names the session is about another action.",
         principal=SESSION, identity=FULL, session=doc(allow("ec2:*")),
         policy=doc(grant(SESSION, "s3:PutObject", OBJECT))),
    case("fine.session-in-other-case", "implicit", "E3", "principal", "Names of sessions are compared with case.",
         principal=SESSION, policy=doc(grant(f"{SESSION[:-2]}CI", "s3:GetObject", OBJECT))),
    case("fine.other-session-denied", "allowed", "E3 A2", "principal", "A Deny for one session spares the others.",
         principal=SESSION, identity=FULL, policy=doc(refuse(f"{SESSION}-2", "s3:*", OBJECT))),
    case("fine.role-for-all-but", "allowed", "F2 E3", "notaction", "A bucket lets the role do all but writing.",
         principal=SESSION, policy=doc(grant(ROLE, None, OBJECT, NotAction="s3:Put*"))),
    case("fine.role-for-all-but-this", "implicit", "F2 E3", "notaction", "All but reading.",
         principal=SESSION, policy=doc(grant(ROLE, None, OBJECT, NotAction="s3:Get*"))),
    case("fine.function-for-account", "allowed", "D1 C2", "cross-account",
         "A function lets another account in, by its digits.",
         principal=EXTERNAL, action="lambda:InvokeFunction", resource=_FUNCTION, identity=doc(allow("lambda:*")),
         policy=doc(grant(OTHER_ACCOUNT, "lambda:InvokeFunction", _FUNCTION))),
    case("fine.secret-and-rcp", "explicit", "B7", "rcps", "Secrets Manager is among the services that RCPs bind.",
         action="secretsmanager:GetSecretValue", resource=_SECRET, identity=FULL,
         rcps=[[doc({**deny("secretsmanager:*"), "Principal": "*"})]]),
    _deputy("of-stranger", "explicit", "It acts for an account that is neither of the organization nor excepted.",
            {"aws:SourceAccount": OTHER_ACCOUNT}),
    _deputy("of-excepted", "allowed", "The account is excepted.", {"aws:SourceAccount": "333333333333"}),
    _deputy("of-nobody", "allowed", "It acts for no resource.", {}),
    _deputy("of-organization", "allowed", "The account is of the organization.",
            {"aws:SourceAccount": OTHER_ACCOUNT, "aws:SourceOrgID": "o-1"}),
]  # fmt: skip

FINE_PRINT: list[Json] = [*_KEYS, *_ENTERING, *_LOG_GROUPS, *_FILLED, *_NAMED]
