"""Changes of users, groups, roles, their policies and boundaries.

What they do is AWS's documentation, IAM User Guide: "Policy evaluation logic", "IAM JSON policy elements" (Action,
NotAction, Resource, NotResource, Condition, "Conditions with multiple context keys or values"), "Permissions boundaries
for IAM entities", "Versioning IAM policies", "AWS global condition context keys", "IAM identifiers".
"""

from iamdesk.diff.result import ChangeKind

from ...builders.captures import allow, deny
from .. import seeds
from . import worlds
from .worlds import (
    ANA,
    BEN,
    CLEO,
    DAN,
    NIGHT,
    PAPERS,
    PICS,
    QUEUE,
    ROOT,
    STAFF,
    WORKER,
    A,
    Change,
    attach,
    both,
    bound,
    enter,
    facts,
    fields,
    given,
    join,
    managed,
    on,
    own,
    resource,
    tag,
    trust,
    versions,
)

GET, PUT, DELETE, LIST = "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"
SEND, RECEIVE, PUBLISH = "sqs:SendMessage", "sqs:ReceiveMessage", "sns:Publish"
ALL = f"{PAPERS}/*"
MFA = given("Bool", "aws:MultiFactorAuthPresent", "true")
INLINE, MANAGED, ATTACHMENT = ChangeKind.INLINE_POLICY, ChangeKind.MANAGED_POLICY, ChangeKind.ATTACHMENT
MEMBERSHIP, BOUNDARY, TAGS = ChangeKind.MEMBERSHIP, ChangeKind.BOUNDARY, ChangeKind.TAGS
OWN = ((INLINE, f"{ANA}#inline/own"),)
EDGE = ((BOUNDARY, ANA),)


def _text(name: str) -> tuple[tuple[ChangeKind, str], ...]:
    return ((MANAGED, seeds.policy_arn(name)),)


def _inline(name: str, before: list[seeds.Json], after: list[seeds.Json], **what: object) -> Change:
    """A change of ana's inline policy, the only one that she has."""
    more = {"causes": OWN if "gained" in what or "lost" in what else (), **what}
    if "gained" in what or "lost" in what:
        more.setdefault("asked", ("ana own",))
    return Change(name, own(ANA, *after), own(ANA, *before), **more)  # type: ignore[arg-type]


INLINE_POLICIES = (
    Change(
        "a first inline policy",
        own(ANA, allow(GET, ALL)),
        gained={ANA: {GET: ALL}},
        causes=OWN,
        new=("ana own",),
    ),
    _inline("an action more", [allow(GET, ALL)], [allow([GET, PUT], ALL)], gained={ANA: {PUT: ALL}}),
    _inline("a resource widened", [allow(GET, f"{PAPERS}/a/*")], [allow(GET, ALL)], gained={ANA: {GET: ALL}}),
    _inline(
        "narrower resources and another action",
        [allow(GET, ALL)],
        [allow([GET, DELETE], f"{PAPERS}/a/*")],
        lost={ANA: {GET: ALL}},
        gained={ANA: {DELETE: f"{PAPERS}/a/*"}},
    ),
    _inline(
        "a Deny of one folder",
        [allow(GET, ALL)],
        [allow(GET, ALL), deny(GET, f"{PAPERS}/secret/*")],
        lost={ANA: {GET: f"{PAPERS}/secret/*"}},
    ),
    _inline(
        "a Deny that is wider than the Allow",
        [allow([GET, PUT], f"{PAPERS}/a/*")],
        [allow([GET, PUT], f"{PAPERS}/a/*"), deny(PUT, ALL)],
        lost={ANA: {PUT: f"{PAPERS}/a/*"}},
    ),
    _inline(
        "a Deny gets a condition",
        [allow("ec2:StopInstances"), deny("ec2:StopInstances")],
        [
            allow("ec2:StopInstances"),
            deny("ec2:StopInstances", **given("BoolIfExists", "aws:MultiFactorAuthPresent", "false")),
        ],
        gained={ANA: {"ec2:StopInstances": "*"}},
        when=(("aws:MultiFactorAuthPresent", "true"),),
    ),
    _inline(
        "MFA is asked for",
        [allow("ec2:StopInstances")],
        [allow("ec2:StopInstances", **MFA)],
        lost={ANA: {"ec2:StopInstances": "*"}},
    ),
    _inline(
        "another range of addresses",
        [allow(PUBLISH, **given("IpAddress", "aws:SourceIp", "203.0.113.0/24"))],
        [allow(PUBLISH, **given("IpAddress", "aws:SourceIp", "198.51.100.0/24"))],
        gained={ANA: {PUBLISH: "*"}},
        lost={ANA: {PUBLISH: "*"}},
    ),
    _inline(
        "a range of addresses that is wider",
        [allow(PUBLISH, **given("IpAddress", "aws:SourceIp", "203.0.113.0/25"))],
        [allow(PUBLISH, **given("IpAddress", "aws:SourceIp", "203.0.113.0/24"))],
        gained={ANA: {PUBLISH: "*"}},
    ),
    Change(
        "StringEquals becomes StringLike",
        own(ANA, allow(SEND, **given("StringLike", "aws:PrincipalTag/team", "re*"))),
        both(tag(ANA, team="red"), own(ANA, allow(SEND, **given("StringEquals", "aws:PrincipalTag/team", "re*")))),
        gained={ANA: {SEND: "*"}},
        causes=OWN,
        asked=("ana own",),
    ),
    _inline(
        "Bool becomes BoolIfExists",
        [allow(PUBLISH, **MFA)],
        [allow(PUBLISH, **given("BoolIfExists", "aws:MultiFactorAuthPresent", "true"))],
        gained={ANA: {PUBLISH: "*"}},
        when=(("aws:MultiFactorAuthPresent", None),),
    ),
    _inline(
        "all values becomes any value",
        [allow("ec2:CreateTags", **given("ForAllValues:StringEquals", "aws:TagKeys", ["team"]))],
        [allow("ec2:CreateTags", **given("ForAnyValue:StringEquals", "aws:TagKeys", ["team"]))],
        gained={ANA: {"ec2:CreateTags": "*"}},
        lost={ANA: {"ec2:CreateTags": "*"}},
    ),
    _inline(
        "MFA has to be more recent",
        [allow(PUBLISH, **given("NumericLessThan", "aws:MultiFactorAuthAge", "3600"))],
        [allow(PUBLISH, **given("NumericLessThan", "aws:MultiFactorAuthAge", "900"))],
        lost={ANA: {PUBLISH: "*"}},
    ),
    _inline(
        "longer lists of a bucket",
        [allow(LIST, PAPERS, **given("NumericLessThanEquals", "s3:max-keys", "10"))],
        [allow(LIST, PAPERS, **given("NumericLessThanEquals", "s3:max-keys", "100"))],
        gained={ANA: {LIST: PAPERS}},
    ),
    _inline(
        "a second key in a condition",
        [allow(PUBLISH, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})],
        [
            allow(
                PUBLISH,
                Condition={
                    "Bool": {"aws:MultiFactorAuthPresent": "true"},
                    "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
                },
            )
        ],
        lost={ANA: {PUBLISH: "*"}},
        when=(("aws:MultiFactorAuthPresent", "true"),),
    ),
    _inline(
        "a second value in a condition",
        [allow(LIST, PAPERS, **given("StringEquals", "s3:prefix", "a"))],
        [allow(LIST, PAPERS, **given("StringEquals", "s3:prefix", ["a", "b"]))],
        gained={ANA: {LIST: PAPERS}},
        when=(("s3:prefix", "b"),),
    ),
    _inline(
        "only in a Region",
        [allow("ec2:StopInstances")],
        [allow("ec2:StopInstances", **given("StringEquals", "aws:RequestedRegion", "eu-west-1"))],
        lost={ANA: {"ec2:StopInstances": "*"}},
    ),
    _inline(
        "NotAction leaves out one more",
        [{"Effect": "Allow", "NotAction": [PUT], "Resource": ALL}, deny("s3:*Acl"), deny("s3:*Tagging*")],
        [{"Effect": "Allow", "NotAction": [PUT, DELETE], "Resource": ALL}, deny("s3:*Acl"), deny("s3:*Tagging*")],
        lost={ANA: {DELETE: ALL}},
    ),
    _inline(
        "a Deny of NotResource without one",
        [allow(GET), {"Effect": "Deny", "Action": GET, "NotResource": [ALL, f"{PICS}/*"]}],
        [allow(GET), {"Effect": "Deny", "Action": GET, "NotResource": [ALL]}],
        lost={ANA: {GET: f"{PICS}/*"}},
    ),
    _inline(
        "an Allow of NotResource leaves out less",
        [{"Effect": "Allow", "Action": GET, "NotResource": ALL}],
        [{"Effect": "Allow", "Action": GET, "NotResource": f"{PAPERS}/secret/*"}],
        gained={ANA: {GET: None}},
    ),
    _inline(
        "a Deny of NotAction leaves out one less",
        [allow([PUBLISH, SEND]), {"Effect": "Deny", "NotAction": ["sns:*", "sqs:*"], "Resource": "*"}],
        [allow([PUBLISH, SEND]), {"Effect": "Deny", "NotAction": ["sns:*"], "Resource": "*"}],
        lost={ANA: {SEND: "*"}},
    ),
    _inline(
        "everybody's home in place of one's own",
        [allow(GET, f"{PAPERS}/${{aws:username}}/*")],
        [allow(GET, ALL)],
        gained={ANA: {GET: ALL}},
    ),
    _inline(
        "a wildcard at the end of an action",
        [allow("kinesis:PutRecord")],
        [allow("kinesis:PutRecord*")],
        gained={ANA: {"kinesis:PutRecords": "*"}},
    ),
    Change(
        "an Allow becomes a Deny beside another Allow",
        own(ANA, deny(PUBLISH)),
        both(managed("reader", allow([PUBLISH, RECEIVE])), attach(ANA, "reader"), own(ANA, allow(PUBLISH))),
        lost={ANA: {PUBLISH: "*"}},
        causes=OWN,
        asked=("ana own", "ana @reader"),
    ),
    Change(
        "a role's inline policy",
        own(WORKER, allow([SEND, RECEIVE], QUEUE)),
        own(WORKER, allow([SEND], QUEUE)),
        gained={WORKER: {RECEIVE: QUEUE}},
        causes=((INLINE, f"{WORKER}#inline/own"),),
        asked=("worker own",),
    ),
    Change(
        "two inline policies change against each other",
        own(ANA, allow(PUBLISH), other=[allow(SEND)]),
        own(ANA, allow([PUBLISH, RECEIVE]), other=[allow([SEND, "sns:ListTopics"])]),
        lost={ANA: {RECEIVE: "*", "sns:ListTopics": "*"}},
        causes=(*OWN, (INLINE, f"{ANA}#inline/other")),
        asked=("ana own", "ana other"),
    ),
)

POLICIES_AND_GROUPS = (
    Change(
        "a managed policy is attached",
        attach(ANA, "reader"),
        managed("reader", allow(RECEIVE)),
        gained={ANA: {RECEIVE: "*"}},
        causes=((ATTACHMENT, ANA),),
        new=("ana @reader",),
    ),
    Change(
        "a managed policy is detached from a role that has part of it otherwise",
        attach(WORKER),
        both(managed("reader", allow([RECEIVE, SEND])), attach(WORKER, "reader"), own(WORKER, allow(SEND))),
        lost={WORKER: {RECEIVE: "*"}},
        causes=((ATTACHMENT, WORKER),),
        gone=("worker @reader",),
    ),
    Change(
        "the text of a managed policy of two",
        managed("reader", allow([RECEIVE, SEND])),
        both(managed("reader", allow(RECEIVE)), attach(BEN, "reader"), attach(WORKER, "reader")),
        gained={BEN: {SEND: "*"}, WORKER: {SEND: "*"}},
        causes=_text("reader"),
        asked=("ben @reader", "worker @reader"),
    ),
    Change(
        "a managed policy gains what one of two has anyway",
        managed("reader", allow([RECEIVE, SEND])),
        both(managed("reader", allow(RECEIVE)), attach(BEN, "reader"), attach(WORKER, "reader"), own(BEN, allow(SEND))),
        gained={WORKER: {SEND: "*"}},
        causes=_text("reader"),
        asked=("worker @reader",),
    ),
    Change(
        "another version of a managed policy is the default",
        versions("reader", 2, [allow([RECEIVE, PUBLISH])], [allow([RECEIVE, SEND])]),
        both(versions("reader", 1, [allow([RECEIVE, PUBLISH])], [allow([RECEIVE, SEND])]), attach(ANA, "reader")),
        gained={ANA: {SEND: "*"}},
        lost={ANA: {PUBLISH: "*"}},
        causes=_text("reader"),
        asked=("ana @reader",),
    ),
    Change(
        "an AWS managed policy is updated",
        managed("AmazonPretendAccess", allow(["sagemaker:ListModels", "sagemaker:DeleteModel"])),
        both(managed("AmazonPretendAccess", allow("sagemaker:ListModels")), attach(ANA, "AmazonPretendAccess")),
        gained={ANA: {"sagemaker:DeleteModel": "*"}},
        causes=((ChangeKind.AWS_POLICY, seeds.policy_arn("AmazonPretendAccess")),),
        asked=("ana @AmazonPretendAccess",),
    ),
    Change(
        "a user joins a group",
        join(ANA, "staff"),
        own(STAFF, allow(PUBLISH)),
        gained={ANA: {PUBLISH: "*"}},
        causes=((MEMBERSHIP, ANA),),
        new=("ana +staff",),
    ),
    Change(
        "a user leaves a group that denies",
        join(ANA),
        both(own(STAFF, deny(PUBLISH)), join(ANA, "staff"), own(ANA, allow([PUBLISH, SEND]))),
        gained={ANA: {PUBLISH: "*"}},
        causes=((MEMBERSHIP, ANA),),
        asked=("ana own",),
        gone=("ana +staff",),
    ),
    Change(
        "a group's inline policy, of two members of whom one is denied it",
        own(STAFF, allow([PUBLISH, SEND])),
        both(own(STAFF, allow(PUBLISH)), join(ANA, "staff"), join(BEN, "staff"), own(BEN, deny(SEND))),
        gained={ANA: {SEND: "*"}},
        causes=((INLINE, f"{STAFF}#inline/own"),),
        asked=("staff own", "ana +staff"),
    ),
    Change(
        "a managed policy is attached to a group",
        attach(STAFF, "reader"),
        both(managed("reader", allow(RECEIVE)), join(ANA, "staff"), join(BEN, "staff")),
        gained={ANA: {RECEIVE: "*"}, BEN: {RECEIVE: "*"}},
        causes=((ATTACHMENT, STAFF),),
        asked=("ana +staff", "ben +staff"),
        new=("staff @reader",),
    ),
    Change(
        "a group denies what a member has",
        own(STAFF, allow(SEND), deny(PUBLISH)),
        both(own(STAFF, allow(SEND)), join(ANA, "staff"), join(BEN, "staff"), own(ANA, allow([PUBLISH]))),
        lost={ANA: {PUBLISH: "*"}},
        causes=((INLINE, f"{STAFF}#inline/own"),),
        asked=("staff own", "ana +staff", "ana own"),
    ),
    Change(
        "from one group to another with more",
        join(ANA, "night"),
        both(own(STAFF, allow(PUBLISH)), own(NIGHT, allow([PUBLISH, SEND])), join(ANA, "staff")),
        gained={ANA: {SEND: "*"}},
        causes=((MEMBERSHIP, ANA),),
        new=("ana +night",),
        gone=("ana +staff",),
    ),
)

PRINCIPALS = (
    Change(
        "a user is created with access",
        lambda of: of["users"][A].append(seeds.user("flo", allow(GET, ALL))),
        gained={f"arn:aws:iam::{A}:user/flo": {GET: ALL}},
        causes=((ChangeKind.CREATED, f"arn:aws:iam::{A}:user/flo"),),
        new=("flo own",),
    ),
    Change(
        "a user made anew, whose unique id a queue's policy denies",
        fields(ANA, UserId="AIDANEW"),
        both(
            own(ANA, allow(SEND, QUEUE)),
            resource(QUEUE, on("*", SEND, QUEUE, "Deny") | given("StringLike", "aws:userid", "AIDAANA")),
        ),
        gained={ANA: {SEND: QUEUE}},
        causes=((ChangeKind.RECREATED, ANA),),
        asked=("ana own",),
    ),
    Change(
        "a user made anew whom a bucket names by unique id",
        fields(ANA, UserId="AIDANEW"),
        resource(PAPERS, on({"AWS": "AIDAANA"}, GET, ALL)),
        lost={ANA: {GET: ALL}},
        causes=((ChangeKind.RECREATED, ANA),),
        page="AWS JSON policy elements: Principal",
        asked=("AIDAANA > papers",),
    ),
    Change(
        "a user made anew, whose id nothing speaks of",
        fields(ANA, UserId="AIDANEW"),
        own(ANA, allow(SEND, QUEUE)),
        asked=("ana own",),
    ),
    Change(
        "a tag that a condition reads",
        tag(ANA, team="blue"),
        both(tag(ANA, team="red"), own(ANA, allow(SEND, **given("StringEquals", "aws:PrincipalTag/team", "red")))),
        lost={ANA: {SEND: "*"}},
        causes=((TAGS, ANA),),
        asked=("ana own",),
    ),
    Change(
        "a tag by which a bucket no longer denies",
        tag(ANA, team="red"),
        both(
            own(ANA, allow(GET, ALL)),
            resource(PAPERS, on("*", GET, ALL, "Deny") | given("StringNotEquals", "aws:PrincipalTag/team", "red")),
        ),
        gained={ANA: {GET: ALL}},
        causes=((TAGS, ANA),),
        asked=("ana own",),
    ),
    Change(
        "a tag that a variable reads",
        tag(WORKER, team="blue"),
        both(tag(WORKER, team="red"), own(WORKER, allow(GET, f"{PAPERS}/${{aws:PrincipalTag/team}}/*"))),
        gained={WORKER: {GET: None}},
        lost={WORKER: {GET: None}},
        causes=((TAGS, WORKER),),
        asked=("worker own",),
    ),
    Change(
        "a tag by which a Deny does not apply",
        tag(ANA, exempt="yes"),
        own(ANA, allow([SEND]), deny(SEND, **given("StringNotEquals", "aws:PrincipalTag/exempt", "yes"))),
        gained={ANA: {SEND: "*"}},
        causes=((TAGS, ANA),),
        asked=("ana own",),
    ),
    Change(
        "users may change their passwords",
        facts(A, password_policy={"AllowUsersToChangePassword": True}),
        gained={"users of A": {"iam:ChangePassword": None, "iam:GetAccountPasswordPolicy": "*"}},
        causes=((ChangeKind.PASSWORD_POLICY, A),),
        page="Set an account password policy for IAM users",
    ),
)

BOUNDARIES = (
    Change(
        "a boundary is set",
        bound(ANA, "edge"),
        both(managed("edge", allow("s3:*")), own(ANA, allow([GET, SEND]))),
        lost={ANA: {SEND: "*"}},
        causes=EDGE,
        asked=("ana own",),
        new=("ana | edge",),
    ),
    Change(
        "the text of a boundary allows more",
        managed("edge", allow(["s3:*", "sqs:*"])),
        both(managed("edge", allow("s3:*")), own(ANA, allow([GET, SEND])), bound(ANA, "edge")),
        gained={ANA: {SEND: "*"}},
        causes=_text("edge"),
        asked=("ana own", "ana | edge"),
    ),
    Change(
        "a boundary denies",
        managed("edge", allow("*"), deny("s3:Put*")),
        both(managed("edge", allow("*")), own(ANA, allow([GET, PUT], ALL)), bound(ANA, "edge")),
        lost={ANA: {PUT: ALL}},
        causes=_text("edge"),
        asked=("ana own", "ana | edge"),
    ),
    Change(
        "another boundary that leaves the same",
        bound(ANA, "brim"),
        both(
            managed("edge", allow("s3:*")),
            managed("brim", allow(["s3:*", "ec2:*"])),
            own(ANA, allow([GET, SEND])),
            bound(ANA, "edge"),
        ),
        new=("ana | brim",),
        gone=("ana | edge",),
    ),
    Change(
        "a boundary does not limit what a bucket gives a user",
        bound(ANA, "edge"),
        both(managed("edge", allow("sqs:*")), resource(PAPERS, on({"AWS": ANA}, GET, ALL))),
        new=("ana | edge",),
    ),
    Change(
        "a boundary limits what a bucket gives a role",
        bound(WORKER, "edge"),
        both(managed("edge", allow("sqs:*")), resource(PAPERS, on({"AWS": WORKER}, GET, ALL))),
        lost={WORKER: {GET: ALL}},
        causes=((BOUNDARY, WORKER),),
        asked=("worker > papers",),
        new=("worker | edge",),
    ),
    Change(
        "a boundary of two roles, of which one has what it takes",
        managed("edge", allow("sqs:*")),
        both(
            managed("edge", allow(["sqs:*", "sns:*"])),
            *(bound(arn, "edge") for arn in (WORKER, worlds.LOADER)),
            own(WORKER, allow(PUBLISH)),
            own(worlds.LOADER, allow(SEND)),
        ),
        lost={WORKER: {PUBLISH: "*"}},
        causes=_text("edge"),
        asked=("worker own", "worker | edge"),
    ),
)

FROM_EC2 = enter({"Service": "ec2.amazonaws.com"})
ASSUME = "sts:AssumeRole"
TRUSTED = ((ChangeKind.TRUST, f"{WORKER}#trust"),)
ASKS = ("worker trust",)

TRUST = (
    Change(
        "a role trusts another organization's account",
        trust(WORKER, FROM_EC2, enter({"AWS": worlds.OUT})),
        gained={worlds.OF_OUT: {ASSUME: WORKER}},
        causes=TRUSTED,
        asked=ASKS,
    ),
    Change(
        "a role trusts a user of its account",
        trust(WORKER, FROM_EC2, enter({"AWS": ANA})),
        gained={ANA: {ASSUME: WORKER}},
        causes=TRUSTED,
        asked=ASKS,
    ),
    Change(
        "a role trusts its account, in which one may assume roles",
        trust(WORKER, FROM_EC2, enter({"AWS": ROOT})),
        own(CLEO, allow(ASSUME)),
        gained={CLEO: {ASSUME: WORKER}},
        causes=TRUSTED,
        asked=(*ASKS, "cleo own"),
    ),
    Change(
        "a role asks for an external ID",
        trust(WORKER, enter({"AWS": worlds.OUT}, **given("StringEquals", "sts:ExternalId", "42"))),
        trust(WORKER, enter({"AWS": worlds.OUT})),
        lost={worlds.OF_OUT: {ASSUME: WORKER}},
        causes=TRUSTED,
        asked=ASKS,
    ),
    Change(
        "a role trusts another service",
        trust(WORKER, enter({"Service": "lambda.amazonaws.com"})),
        gained={"lambda.amazonaws.com": {ASSUME: WORKER}},
        lost={"ec2.amazonaws.com": {ASSUME: WORKER}},
        causes=TRUSTED,
        asked=ASKS,
    ),
    Change(
        "a role trusts a SAML provider",
        trust(
            WORKER,
            FROM_EC2,
            enter(
                {"Federated": worlds.IDP},
                "sts:AssumeRoleWithSAML",
                **given("StringEquals", "SAML:aud", "https://signin.aws.amazon.com/saml"),
            ),
        ),
        gained={worlds.IDP: {"sts:AssumeRoleWithSAML": WORKER}},
        causes=TRUSTED,
        asked=ASKS,
    ),
    Change(
        "a role trusts every branch of a repository",
        trust(
            WORKER,
            enter(
                {"Federated": worlds.GITHUB},
                "sts:AssumeRoleWithWebIdentity",
                **given("StringLike", "token.actions.githubusercontent.com:sub", "repo:acme/app:*"),
            ),
        ),
        trust(
            WORKER,
            enter(
                {"Federated": worlds.GITHUB},
                "sts:AssumeRoleWithWebIdentity",
                **given("StringLike", "token.actions.githubusercontent.com:sub", "repo:acme/app:ref:refs/heads/main"),
            ),
        ),
        gained={worlds.GITHUB: {"sts:AssumeRoleWithWebIdentity": WORKER}},
        causes=TRUSTED,
        asked=ASKS,
    ),
    Change(
        "a role denies one of those whom it trusts",
        trust(WORKER, enter({"AWS": [ANA, BEN]}), enter({"AWS": ANA}, effect="Deny")),
        trust(WORKER, enter({"AWS": [ANA, BEN]})),
        lost={ANA: {ASSUME: WORKER}},
        causes=TRUSTED,
        asked=ASKS,
    ),
    Change(
        "a role asks for MFA",
        trust(WORKER, enter({"AWS": [ANA]}, **MFA)),
        trust(WORKER, enter({"AWS": [ANA]})),
        lost={ANA: {ASSUME: WORKER}},
        causes=TRUSTED,
        asked=ASKS,
    ),
    Change(
        "a role trusts a user made anew no longer",
        fields(ANA, UserId="AIDANEW"),
        trust(WORKER, FROM_EC2, enter({"AWS": "AIDAANA"})),
        lost={ANA: {ASSUME: WORKER}},
        causes=((ChangeKind.RECREATED, ANA),),
        asked=ASKS,
    ),
    Change(
        "sessions of a role can have a source identity",
        trust(WORKER, enter({"Service": "ec2.amazonaws.com"}, [ASSUME, "sts:SetSourceIdentity"])),
        own(WORKER, allow(SEND, **given("StringLike", "aws:SourceIdentity", "*"))),
        gained={"ec2.amazonaws.com": {"sts:SetSourceIdentity": WORKER}},
        left_open=(WORKER,),  # allowed to new sessions, but no request that was made before
        causes=TRUSTED,
        asked=(*ASKS, "worker own"),
    ),
    Change(
        "sessions of a role can have no source identity any more",
        trust(WORKER, FROM_EC2),
        both(
            trust(WORKER, enter({"Service": "ec2.amazonaws.com"}, [ASSUME, "sts:SetSourceIdentity"])),
            own(WORKER, allow([SEND]), deny(SEND, **given("Null", "aws:SourceIdentity", "true"))),
        ),
        lost={"ec2.amazonaws.com": {"sts:SetSourceIdentity": WORKER}},
        left_open=(WORKER,),
        causes=TRUSTED,
        asked=(*ASKS, "worker own"),
    ),
    Change(
        "a user who may assume roles is no longer allowed one",
        own(CLEO, allow(ASSUME), deny(ASSUME, WORKER)),
        both(own(CLEO, allow(ASSUME)), *(trust(arn, enter({"AWS": ROOT})) for arn in (WORKER, worlds.LOADER))),
        lost={CLEO: {ASSUME: WORKER}},
        causes=((INLINE, f"{CLEO}#inline/own"),),
        asked=("cleo own",),
    ),
    Change(
        "a user who is trusted by name is not limited by another one's policy",
        own(DAN, allow(ASSUME, WORKER)),
        trust(WORKER, enter({"AWS": [DAN]})),
        new=("dan own",),
    ),
)

IDENTITY = (*INLINE_POLICIES, *POLICIES_AND_GROUPS, *PRINCIPALS, *BOUNDARIES, *TRUST)
