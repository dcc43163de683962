"""What a snapshot holds beside IAM, and where its parts meet: organization, access lists, blocks, endpoints, tags.

Every expectation was written from AWS's documentation before it was asked; the page stands above each table.
"""

from typing import Any

from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request, SessionPolicy
from iamdesk.explain.decision import EvaluationResult
from iamdesk.snapshot.resources import (
    AccountSettings,
    AclGrant,
    ObjectOwnership,
    PublicAccessBlock,
    Resource,
    VpcEndpoint,
)

from ..builders.answers import codes, notes
from ..builders.arns import (
    ANA,
    ID,
    OTHER_ID,
    ROOT,
    federated_arn,
    policy_arn,
    role_arn,
    root_arn,
    session_arn,
    user_arn,
)
from ..builders.captures import (
    FULL_ACCESS,
    evaluator,
    managed,
    member,
    organization,
    rcp,
    resource,
    role,
    scp,
    unit,
    user,
)
from ..builders.statements import FULL, MFA, allow, deny, document, grant, refuse, trusting
from ..each_case import each_case
from ..rules import rule

BUCKET, OBJECT = "arn:aws:s3:::b", "arn:aws:s3:::b/k"
BOTH = [BUCKET, f"{BUCKET}/*"]
KEY, QUEUE = f"arn:aws:kms:eu-west-1:{ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab", f"arn:aws:sqs:eu-west-1:{ID}:q"
BO, LIMITED, DEPLOY = user_arn("bo"), user_arn("lim"), session_arn("deploy/ci")
ZOE, CARL, PARTNER = user_arn("zoe", OTHER_ID), user_arn("carl", OTHER_ID), role_arn("partner", OTHER_ID)
STRANGER, TRAIL = "arn:aws:iam::999999999999:user/eve", "cloudtrail.amazonaws.com"
ONLY_EC2, ONLY_EC2_THERE = (managed(policy_arn("ec2", number), allow("ec2:*")) for number in (ID, OTHER_ID))
ECS = role("AWSServiceRoleForECS", FULL, path="/aws-service-role/ecs.amazonaws.com/")
# Two accounts with people who may do everything, nothing, or everything within a boundary.
PEOPLE = (
    user("ana", FULL, tags=[("team", "red")]),
    user("bo"),
    user("lim", FULL, boundary=ONLY_EC2.arn),
    ECS,
    ONLY_EC2,
    user("zoe", FULL, account=OTHER_ID),
    user("carl", account=OTHER_ID),
    role("partner", FULL, account=OTHER_ID, boundary=ONLY_EC2_THERE.arn),
    ONLY_EC2_THERE,
)


def ask(
    principal: str, *beside: Any, action: str = "s3:GetObject", on: str = OBJECT, trust: Any = None, **more: Any
) -> EvaluationResult:
    deploy = role("deploy", FULL, path="/ci/", trust=trust, tags=[("team", "red")])
    return evaluator(*PEOPLE, deploy, *beside).can(Request(principal, action, on, is_of_resource=True, **more))


def bucket(*statements: Any, **more: Any) -> Resource:
    return resource(BUCKET, *statements, **more)


def to(principal: Any, condition: Any = None) -> Any:
    return grant(principal, "s3:*", BOTH, condition)


def no(principal: Any, condition: Any = None) -> Any:
    return refuse(principal, "s3:*", BOTH, condition)


def tree(*policies: Any, management: str | None = None, **more: Any) -> Any:
    """ID and OTHER_ID below one unit, on which the policies are."""
    members = unit("ou-1", *policies, member(ID), member(OTHER_ID))
    return organization(members, management=management or "123456789012", **{"lists_every_account": True, **more})


# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
@rule("B6", "B7", "B8", "D3", "E5", "E8", "E10", "E11")
@each_case(
    "principal, management, statement, with_scp, with_rcp",
    [
        (ANA, None, None, "explicitDeny", "explicitDeny"),
        (ANA, ID, None, "allowed", "allowed"),  # neither binds principals and resources of the management account
        (ROOT, None, None, "explicitDeny", "explicitDeny"),
        (ROOT, ID, None, "allowed", "allowed"),
        (ECS.arn, None, None, "allowed", "allowed"),
        (DEPLOY, None, None, "explicitDeny", "explicitDeny"),
        (BO, None, to(BO), "explicitDeny", "explicitDeny"),  # what the bucket grants is bound as well
        # Across accounts, an SCP is that of the caller's account, an RCP that of the resource's.
        (ZOE, OTHER_ID, to(ZOE), "allowed", "explicitDeny"),
        (ZOE, ID, to(ZOE), "explicitDeny", "allowed"),
        (STRANGER, None, to(STRANGER), "allowed", "explicitDeny"),
        ("anonymous", None, to("*"), "allowed", "explicitDeny"),
        (TRAIL, None, to({"Service": TRAIL}), "allowed", "explicitDeny"),
    ],
)
def test_whom_and_what_policies_of_the_organization_bind(
    principal: str, management: str | None, statement: Any, with_scp: str, with_rcp: str
) -> None:
    held = bucket(*([] if statement is None else [statement]))
    for policy, expected in ((scp(deny("s3:*")), with_scp), (rcp(refuse("*", "s3:*")), with_rcp)):
        assert ask(principal, held, tree(policy, management=management)).decision == expected, policy.name


EC2, NO_QUEUES = scp(allow("ec2:*"), name="ec2"), scp(deny("sqs:*"), name="no")


@rule("B1", "B2", "B3", "B6")
@each_case(
    "own, above, expected, missing",
    [
        ([FULL_ACCESS], [FULL_ACCESS], "allowed", None),
        ([FULL_ACCESS, NO_QUEUES], [FULL_ACCESS], "explicitDeny", None),
        ([EC2], [FULL_ACCESS], "implicitDeny", None),
        ([FULL_ACCESS], [EC2], "implicitDeny", None),
        ([FULL_ACCESS], [EC2, FULL_ACCESS], "allowed", None),
        ([], [FULL_ACCESS], "implicitDeny", None),
        # What is attached and not captured may forbid or let pass; of AWS's own policy everybody knows what it says.
        ([FULL_ACCESS, "p-gone"], [FULL_ACCESS], "allowed", "explicitDeny"),
        (["p-gone"], [FULL_ACCESS], "implicitDeny", "allowed"),
        ([EC2, "p-gone"], [FULL_ACCESS], "implicitDeny", "allowed"),
        ([NO_QUEUES, FULL_ACCESS, "p-gone"], [FULL_ACCESS], "explicitDeny", None),
        (["p-FullAWSAccess"], [FULL_ACCESS], "allowed", None),
    ],
)
def test_every_level_of_the_organization_has_to_allow(own: Any, above: Any, expected: str, missing: str | None) -> None:
    above_own = organization(unit("ou-1", *above, member(ID, *own, full=False), full=False), member(OTHER_ID))
    for principal in (ANA, role_arn("ci/deploy"), ROOT):
        answer = ask(principal, above_own, action="sqs:SendMessage", on=QUEUE)
        assert (answer.decision, answer.blocked_by) == (expected, () if expected == "allowed" else ("scp",))
        assert "organization-unknown" not in codes(answer)
        assert notes(answer).get("scp-missing") == missing
        assert all("p-gone" in note.message for note in answer.assumptions if note.code == "scp-missing")
    of_ec2 = ask(ANA, above_own, action="ec2:DescribeInstances", on="*")
    assert (of_ec2.decision == "allowed") == (own not in ([], ["p-gone"]))


@rule("B3", "B7", "E11")
def test_a_resource_control_policy_that_the_snapshot_lacks_can_only_forbid() -> None:
    lost = tree(rcp(None, name="lost"))
    allowed = ask(ANA, bucket(), lost)
    assert (allowed.decision, notes(allowed)["rcp-missing"]) == ("allowed", "explicitDeny")
    assert "scp-missing" not in codes(allowed)
    assert "rcp-missing" not in codes(ask(BO, bucket(), lost))


@rule("B7")
def test_resource_control_policies_bind_neither_keys_that_aws_manages_nor_what_acts_on_no_resource() -> None:
    for of_aws, expected in ((False, "explicitDeny"), (True, "allowed")):
        key = resource(KEY, grant(ROOT, "kms:*"), is_aws_managed=of_aws)
        assert ask(ANA, key, tree(rcp(refuse("*", "kms:*"))), action="kms:DescribeKey", on=KEY).decision == expected
    of_nothing = ask(ANA, tree(rcp(refuse("*", "s3:*"))), action="s3:ListAllMyBuckets", on="*")
    assert of_nothing.decision == "allowed"
    theirs = bucket(to("*"), account=OTHER_ID)
    assert ask(ANA, theirs, organization(member(ID, rcp(refuse("*", "s3:*"))), member(OTHER_ID))).decision == "allowed"


IN_ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
ELSEWHERE = {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}


def paths(pattern: str) -> Any:
    return {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": pattern}}


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
@rule("J2", "D1", "G15")
@each_case(
    "principal, condition, expected",
    [
        (BO, IN_ORGANIZATION, "allowed"),
        (ZOE, IN_ORGANIZATION, "allowed"),
        (CARL, IN_ORGANIZATION, "implicitDeny"),  # across accounts with identity alone
        (STRANGER, IN_ORGANIZATION, "implicitDeny"),
        ("anonymous", IN_ORGANIZATION, "implicitDeny"),
        (TRAIL, IN_ORGANIZATION, "implicitDeny"),
        (BO, paths("o-1/r-1/ou-1/*"), "allowed"),
        (BO, paths("o-1/r-1/ou-2/*"), "implicitDeny"),
        (BO, {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}, "allowed"),
        (STRANGER, ELSEWHERE, "allowed"),
        ("anonymous", ELSEWHERE, "allowed"),
    ],
)
def test_who_is_of_the_organization(principal: str, condition: Any, expected: str) -> None:
    assert ask(principal, bucket(to("*", condition)), tree()).decision == expected


@rule("J2", "K3")
def test_an_account_that_is_not_listed_may_be_of_the_organization_where_the_list_is_not_whole() -> None:
    answer = ask(STRANGER, bucket(to("*", IN_ORGANIZATION)), tree(lists_every_account=False))
    assert (answer.decision, answer.conditions) == ("conditional", ({"aws:PrincipalOrgID": "o-1"},))


@rule("J2")
def test_the_organization_gives_its_keys() -> None:
    capture = evaluator(*PEOPLE, bucket(), organization(unit("ou-1", member(ID)), member(OTHER_ID)))
    context = capture.evaluation_request(Request(ZOE, "s3:GetObject", OBJECT)).context
    names = ("aws:principalorgid", "aws:principalorgpaths", "aws:resourceorgid", "aws:resourceorgpaths")
    assert [context.fact(name).values for name in names] == [("o-1",), ("o-1/r-1/",), ("o-1",), ("o-1/r-1/ou-1/",)]


def listed(*grants: AclGrant, statements: Any = (), **more: Any) -> Resource:
    return bucket(*statements, acl=grants, **{"object_ownership": ObjectOwnership.OBJECT_WRITER, **more})


GROUPS = "http://acs.amazonaws.com/groups/global"
TO_OTHER = AclGrant(permission="READ", account_id=OTHER_ID)
TO_ALL, TO_SIGNED = (AclGrant(permission="READ", uri=f"{GROUPS}/{of}") for of in ("AllUsers", "AuthenticatedUsers"))
PARTS = (
    AclGrant(permission="READ_ACP", uri=f"{GROUPS}/AllUsers"),
    AclGrant(permission="WRITE_ACP", uri=f"{GROUPS}/AuthenticatedUsers"),
)
BLOCKS = RESTRICT, IGNORE = PublicAccessBlock(restrict_public_buckets=True), PublicAccessBlock(ignore_public_acls=True)
ENFORCED = {"object_ownership": ObjectOwnership.BUCKET_OWNER_ENFORCED}


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
@rule("I6", "I7", "D1", "D2")
@each_case(
    "held, action, expected",
    [
        (
            listed(TO_OTHER),
            "s3:ListBucket",
            # The list is the owner's side alone, and the boundary limits the other.
            {ZOE: "allowed", CARL: "implicitDeny", PARTNER: "implicitDeny", root_arn(OTHER_ID): "allowed",
             STRANGER: "implicitDeny", "anonymous": "implicitDeny", BO: "implicitDeny", ANA: "allowed"},
        ),
        (
            listed(TO_ALL),
            "s3:ListBucket",  # never to the owner's own users
            {"anonymous": "allowed", BO: "implicitDeny", LIMITED: "implicitDeny", ZOE: "allowed", CARL: "implicitDeny"},
        ),
        (listed(TO_SIGNED), "s3:ListBucket", {ZOE: "allowed", "anonymous": "implicitDeny"}),
        (listed(*PARTS), "s3:GetBucketAcl", {"anonymous": "allowed", BO: "implicitDeny"}),
        (listed(*PARTS), "s3:PutBucketAcl", {ZOE: "allowed", "anonymous": "implicitDeny"}),
        (
            listed(TO_ALL, public_access_block=IGNORE),
            "s3:ListBucket",
            {"anonymous": "implicitDeny", ZOE: "implicitDeny"},
        ),
        (listed(TO_OTHER, public_access_block=IGNORE), "s3:ListBucket", {ZOE: "allowed"}),  # an account is not public
        (listed(TO_ALL, public_access_block=RESTRICT), "s3:ListBucket", {"anonymous": "allowed"}),  # about policies
        (listed(TO_ALL, TO_OTHER, **ENFORCED), "s3:ListBucket", {"anonymous": "implicitDeny", ZOE: "implicitDeny"}),
        (listed(TO_OTHER, statements=[no(ZOE)]), "s3:ListBucket", {ZOE: "explicitDeny"}),
        (listed(TO_OTHER, statements=[to(ROOT)], public_access_block=RESTRICT), "s3:ListBucket", {ZOE: "allowed"}),
        (
            listed(TO_OTHER, statements=[to("*")], public_access_block=RESTRICT),
            "s3:ListBucket",
            {ZOE: "explicitDeny", BO: "allowed"},
        ),
    ],
)  # fmt: skip
def test_access_lists_blocks_and_ownership(held: Resource, action: str, expected: dict[str, str]) -> None:
    assert {who: ask(who, held, action=action, on=BUCKET).decision for who in expected} == expected


@rule("A4", "I6")
def test_an_answer_rests_on_the_access_list_that_grants() -> None:
    for statements in ([], [refuse("*", "s3:DeleteBucket", BUCKET)]):
        answer = ask(ZOE, listed(TO_OTHER, statements=statements), action="s3:ListBucket", on=BUCKET)
        assert answer.decision == "allowed"
        assert PolicyType.ACL in {line.layer for line in answer.matched_statements}


@rule("I6", "I7", "B6")
def test_what_is_set_for_the_account_counts_for_its_buckets() -> None:
    restricting, ignoring = (AccountSettings(account_id=ID, public_access_block=block) for block in BLOCKS)
    assert ask("anonymous", listed(TO_ALL), ignoring, action="s3:ListBucket", on=BUCKET).decision == "implicitDeny"
    assert ask(ZOE, listed(TO_OTHER), ignoring, action="s3:ListBucket", on=BUCKET).decision == "allowed"
    for outsider in ("anonymous", ZOE):
        assert ask(outsider, bucket(to("*")), restricting).blocked_by == ("block-public-access",)
    for spared in (TRAIL, LIMITED, BO):
        assert ask(spared, bucket(to("*")), restricting).decision == "allowed"
    others = AccountSettings(account_id=OTHER_ID, public_access_block=RESTRICT)
    assert ask("anonymous", bucket(to("*")), others).decision == "allowed"
    bound = tree(scp(deny("s3:*")))
    assert ask(ZOE, listed(TO_OTHER), bound, action="s3:ListBucket", on=BUCKET).decision == "explicitDeny"


@rule("C1", "D1", "D4")
@each_case(
    "held, principal, expected",
    [
        *((bucket(to([BO, CARL, ZOE])), who, "allowed") for who in (BO, ZOE, ANA)),
        (bucket(to([BO, CARL, ZOE])), CARL, "implicitDeny"),
        (bucket(), ZOE, "implicitDeny"),
        (bucket(account=OTHER_ID), ANA, "implicitDeny"),  # of whom a captured bucket is is known
        (bucket(account=OTHER_ID), ZOE, "allowed"),
    ],
)
def test_a_captured_bucket_policy_is_the_resource_policy_of_its_objects(
    held: Resource, principal: str, expected: str
) -> None:
    answer = ask(principal, held)
    assert answer.decision == expected
    assert {"resource-policy-missing", "owner-unknown"}.isdisjoint(codes(answer))


@rule("I12")
def test_tags_of_a_bucket_count_once_abac_is_enabled() -> None:
    closed = no("*", {"StringNotEquals": {"aws:ResourceTag/env": "prod"}})
    for enabled, expected in ((True, "allowed"), (False, "explicitDeny")):
        held = bucket(to(BO), closed, tags=(("Env", "prod"),), abac_enabled=enabled)
        assert ask(BO, held, action="s3:ListBucket", on=BUCKET).decision == expected


DENIES = "explicitDeny"
TABLE, FUNCTION = f"arn:aws:dynamodb:eu-west-1:{ID}:table/t", f"arn:aws:lambda:eu-west-1:{ID}:function:f"
STREAM, ALIAS = f"{TABLE}/stream/2026-01-01T00:00:00.000", f"{FUNCTION}:live"


@rule("C1", "D5", "F3")
@each_case(
    "action, on, held, expected, missing",
    [
        # A stream is not under the policy of its table; an alias can have a policy beside that of its function.
        ("dynamodb:GetRecords", STREAM, [resource(TABLE, grant(BO))], "implicitDeny", "allowed"),
        ("dynamodb:GetRecords", STREAM, [resource(STREAM, grant(BO)), resource(TABLE)], "allowed", None),
        ("lambda:InvokeFunction", ALIAS, [resource(FUNCTION, grant(BO, "*", FUNCTION))], "implicitDeny", "allowed"),
        (
            "lambda:InvokeFunction",
            ALIAS,
            [resource(FUNCTION, grant(BO, "*", f"{FUNCTION}:*"))],
            "allowed",
            "explicitDeny",
        ),
        ("lambda:InvokeFunction", ALIAS, [resource(ALIAS, grant(BO, "*", ALIAS)), resource(FUNCTION)], "allowed", None),
    ],
)
def test_whose_policy_is_that_of_a_part(action: str, on: str, held: Any, expected: str, missing: str | None) -> None:
    answer = ask(BO, *held, action=action, on=on)
    assert (answer.decision, notes(answer).get("resource-policy-missing")) == (expected, missing)


GATEWAY = VpcEndpoint(
    vpc_endpoint_id="vpce-1",
    vpc_endpoint_type="Gateway",
    vpc_id="vpc-1",
    service_name="com.amazonaws.eu-west-1.s3",
    policy_document=document(grant("*", "s3:GetObject", BOTH)),
)
OUTSIDE = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
OTHER_ENDPOINTS = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
THROUGH, FROM_OFFICE = {"aws:SourceVpce": "vpce-1"}, {"aws:SourceIp": "203.0.113.9"}


# https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
@rule("B9", "G3", "G12", "J2")
@each_case(
    "denied_where, context, expected",
    [
        (OUTSIDE, THROUGH, "explicitDeny"),  # no public address: it holds
        (OUTSIDE, FROM_OFFICE, "allowed"),
        ({**OUTSIDE, "StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, THROUGH, "allowed"),  # the snapshot knows the VPC
        (OTHER_ENDPOINTS, {}, "conditional"),
        (OTHER_ENDPOINTS, {"aws:SourceVpce": None}, "explicitDeny"),
        (OTHER_ENDPOINTS, FROM_OFFICE, "conditional"),
    ],
)
def test_where_a_request_comes_from(denied_where: Any, context: Any, expected: str) -> None:
    assert ask(ANA, bucket(no("*", denied_where)), GATEWAY, context=context).decision == expected


@rule("B9", "C3", "E10")
def test_an_endpoint_limits_whoever_comes_through() -> None:
    for principal in (ANA, LIMITED, ZOE, "anonymous", ROOT):
        assert ask(principal, bucket(to("*")), GATEWAY, context=THROUGH).decision == "allowed"
        put = ask(principal, bucket(to("*")), GATEWAY, action="s3:PutObject", context=THROUGH)
        assert (put.decision, put.blocked_by) == ("implicitDeny", ("endpoint",))


TAGGING = trusting(ROOT, ["sts:AssumeRole", "sts:TagSession"])
RED, FROM_AWS = {"StringEquals": {"aws:PrincipalTag/team": "red"}}, {"Bool": {"aws:PrincipalIsAWSService": "true"}}
SILENT = (SessionPolicy("silent", document(allow("ec2:DescribeRegions"))),)


# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
@rule("J2", "H2", "E3")
@each_case(
    "principal, condition, trust, expected",
    [
        (DEPLOY, RED, None, "allowed"),
        (DEPLOY, RED, TAGGING, "conditional"),  # a session tag would win
        (DEPLOY, {"StringEquals": {"aws:PrincipalTag/team": "blue"}}, None, "implicitDeny"),
        (DEPLOY, {"ArnEquals": {"aws:PrincipalArn": role_arn("ci/deploy")}}, None, "allowed"),
        (DEPLOY, {"ArnEquals": {"aws:PrincipalArn": role_arn("deploy")}}, None, "implicitDeny"),
        (DEPLOY, {"StringLike": {"aws:userid": "AROADEPLOY:*"}}, None, "allowed"),
        (DEPLOY, {"StringEquals": {"aws:userid": "AROADEPLOY:other"}}, None, "implicitDeny"),
        (DEPLOY, {"Null": {"aws:username": "true"}}, None, "allowed"),
        (BO, {"StringEquals": {"aws:username": "bo"}}, None, "allowed"),
        (BO, {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, None, "implicitDeny"),
        (BO, {"Null": {"aws:PrincipalTag/team": "true"}}, None, "allowed"),
        ("anonymous", {"Null": {"aws:PrincipalTag/team": "true"}}, None, "allowed"),
        (TRAIL, FROM_AWS, None, "allowed"),
        ("anonymous", {"BoolIfExists": {"aws:PrincipalIsAWSService": "true"}}, None, "allowed"),
        (BO, FROM_AWS, None, "implicitDeny"),
    ],
)
def test_what_a_caller_brings(principal: str, condition: Any, trust: Any, expected: str) -> None:
    """A session's own policy lacks everything: what is left is what the bucket grants to everyone (rule C4)."""
    policies = SILENT if principal == DEPLOY else None
    assert ask(principal, bucket(to("*", condition)), trust=trust, session_policies=policies).decision == expected


@rule("C4", "C5", "I10")
@each_case(
    "principal, statement, passed, action, on, expected",
    [
        (federated_arn("ana"), None, None, "s3:GetObject", OBJECT, "implicitDeny"),
        (federated_arn("ana"), None, FULL, "s3:GetObject", OBJECT, "allowed"),
        (federated_arn("ana"), None, FULL, "iam:ListUsers", "*", "credentials"),
        (federated_arn("ana"), to(federated_arn("ana")), None, "s3:GetObject", OBJECT, "allowed"),
        (federated_arn("ana"), to(ANA), None, "s3:GetObject", OBJECT, "implicitDeny"),
        (ANA, None, None, "sts:GetFederationToken", federated_arn("ana"), "allowed"),
        (DEPLOY, None, None, "sts:GetFederationToken", federated_arn("ana"), "credentials"),
    ],
)
def test_a_federated_user_has_what_both_policies_allow_and_calls_no_iam(
    principal: str, statement: Any, passed: Any, action: str, on: str, expected: str
) -> None:
    policies = (SessionPolicy("all", passed),) if passed else None
    held = bucket(*([statement] if statement else []))
    answer = ask(principal, held, action=action, on=on, session_policies=policies)
    assert (answer.blocked_by == ("credentials",)) == (expected == "credentials")
    assert answer.decision == ("implicitDeny" if expected == "credentials" else expected)


@rule("C3", "E7", "K1")
def test_a_boundary_a_notprincipal_and_an_unknown_key() -> None:
    """Who has a boundary is denied by a Deny with NotPrincipal wherever its condition holds, and only there."""
    spared = deny("s3:*", BOTH, MFA, NotPrincipal={"AWS": [LIMITED, ROOT]})
    answer = ask(LIMITED, bucket(to(LIMITED), spared))
    assert answer.decision == "conditional"
    assert {"aws:MultiFactorAuthPresent": "true"} in answer.denials
    strict = ask(LIMITED, bucket(to(LIMITED), spared), unknown_context=MissingContextMode.ABSENT)
    assert strict.decision == "allowed"
    assert ask(ANA, bucket(to(ANA), spared)).decision == "conditional", "not on the list"
