"""Questions over a snapshot in which several of its parts meet: organization, access lists, blocks, endpoints, tags.

Every expectation was written from AWS's documentation before it was asked; the page stands above each table.
"""

from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import MissingContextMode, Request, SessionPolicy
from iamdesk.explain.decision import EvaluationResult
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.organization import Organization, OrganizationNode, OrganizationPolicy, OrganizationPolicyType
from iamdesk.snapshot.resources import (
    AccountSettings,
    AclGrant,
    ObjectOwnership,
    PublicAccessBlock,
    Resource,
    VpcEndpoint,
)

from ..builders.captures import (
    ID,
    NOW,
    OTHER_ID,
    ROOT,
    account,
    allow,
    deny,
    document,
    managed,
    policy_arn,
    role,
    role_arn,
    snapshot,
    trusting,
    user,
    user_arn,
)
from ..rules import rule

BUCKET, OBJECT = "arn:aws:s3:::b", "arn:aws:s3:::b/k"
ANA, BO, LIMITED = user_arn("ana"), user_arn("bo"), user_arn("lim")
ZOE, CARL, PARTNER = user_arn("zoe", OTHER_ID), user_arn("carl", OTHER_ID), role_arn("partner", OTHER_ID)
STRANGER = "arn:aws:iam::999999999999:user/eve"
DEPLOY = f"arn:aws:sts::{ID}:assumed-role/deploy/ci"
LINKED = f"arn:aws:iam::{ID}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
TRAIL = "cloudtrail.amazonaws.com"
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
SIGNED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
FULL, EC2 = document(allow()), document(allow("ec2:*"))
BOUNDARY, OTHER_BOUNDARY = policy_arn("ec2"), policy_arn("ec2", OTHER_ID)


def world(*resources: Resource, trust: Any = None, **more: Any) -> Evaluator:
    """Two accounts with people who may do everything, nothing, or everything within a boundary."""
    base = snapshot(
        account(
            user("ana", FULL, tags=[("team", "red")]),
            user("bo"),
            user("lim", FULL, boundary=BOUNDARY),
            role("deploy", FULL, path="/ci/", trust=trust, tags=[("team", "red")]),
            role("AWSServiceRoleForECS", FULL, path="/aws-service-role/ecs.amazonaws.com/"),
            managed(BOUNDARY, EC2),
        ),
        account(
            user("zoe", FULL, account=OTHER_ID),
            user("carl", account=OTHER_ID),
            role("partner", FULL, account=OTHER_ID, boundary=OTHER_BOUNDARY),
            managed(OTHER_BOUNDARY, EC2),
            number=OTHER_ID,
        ),
    )
    return Evaluator(Snapshot.model_validate({**dict(base), "resources": resources, **more}), now=lambda: NOW)


def ask(
    evaluator: Evaluator, principal: str, action: str = "s3:GetObject", on: str = OBJECT, **more: Any
) -> EvaluationResult:
    return evaluator.can(Request(principal, action, on, is_of_resource=True, **more))


def to(principal: Any, condition: Any = None, effect: str = "Allow") -> dict[str, Any]:
    statement = {"Effect": effect, "Principal": principal, "Action": "s3:*", "Resource": [BUCKET, f"{BUCKET}/*"]}
    return statement if condition is None else {**statement, "Condition": condition}


def bucket(*statements: Any, **more: Any) -> Resource:
    policy = document(*statements) if statements else None
    return Resource.model_validate({"arn": BUCKET, "account_id": ID, "policy": policy, **more})


def organization(
    scp: Any = None, rcp: Any = None, management: str = "123456789012", lists_every_account: bool = True
) -> Organization:
    """ID and OTHER_ID below one unit, on which the policies are."""
    scps, rcps = OrganizationPolicyType.SERVICE_CONTROL_POLICY, OrganizationPolicyType.RESOURCE_CONTROL_POLICY
    policies = [OrganizationPolicy(id="p-full", name="full", type=scps, content=FULL)]
    if scp is not None:
        policies.append(OrganizationPolicy(id="p-scp", name="scp", type=scps, content=scp))
    if rcp is not None:
        policies.append(OrganizationPolicy(id="p-rcp", name="rcp", type=rcps, content=rcp))
    nodes = (
        OrganizationNode(id="r-1", name="root", policy_ids=("p-full",)),
        OrganizationNode(id="ou-1", name="unit", parent_id="r-1", policy_ids=tuple(one.id for one in policies)),
        *(OrganizationNode(id=one, name=one, parent_id="ou-1", policy_ids=("p-full",)) for one in (ID, OTHER_ID)),
    )
    return Organization(
        id="o-1",
        management_account_id=management,
        nodes=nodes,
        policies=tuple(policies),
        lists_every_account=lists_every_account,
    )


NO_S3 = document(deny("s3:*"))
CLOSED = document({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})


# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
@rule("B6", "E5", "E8", "E10", "E11")
@pytest.mark.parametrize(
    ("principal", "management", "statement", "expected"),
    [
        (ANA, None, None, "explicitDeny"),
        (ANA, ID, None, "allowed"),  # principals of the management account are not bound
        (ROOT, None, None, "explicitDeny"),
        (ROOT, ID, None, "allowed"),
        (LINKED, None, None, "allowed"),
        (DEPLOY, None, None, "explicitDeny"),
        (BO, None, to({"AWS": BO}), "explicitDeny"),  # what the bucket grants is bound as well
        (ZOE, OTHER_ID, to({"AWS": ZOE}), "allowed"),  # across accounts the caller's account counts, not the owner's
        (ZOE, ID, to({"AWS": ZOE}), "explicitDeny"),
        (STRANGER, None, to({"AWS": STRANGER}), "allowed"),
        ("anonymous", None, to("*"), "allowed"),
        (TRAIL, None, to({"Service": TRAIL}), "allowed"),
    ],
)
def test_an_scp_binds_the_principals_of_members(
    principal: str, management: str | None, statement: Any, expected: str
) -> None:
    statements = () if statement is None else (statement,)
    tree = organization(scp=NO_S3, management=management or "123456789012")
    assert ask(world(bucket(*statements), organization=tree), principal).decision == expected


# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
@rule("B7", "E5", "E8", "E10", "E11")
@pytest.mark.parametrize(
    ("principal", "management", "statement", "expected"),
    [
        (ANA, None, None, "explicitDeny"),
        (ANA, ID, None, "allowed"),  # resources of the management account are not bound
        (ROOT, None, None, "explicitDeny"),
        (LINKED, None, None, "allowed"),
        (ZOE, OTHER_ID, to({"AWS": ZOE}), "explicitDeny"),  # its principals are, on resources of members
        (ZOE, ID, to({"AWS": ZOE}), "allowed"),
        (STRANGER, None, to({"AWS": STRANGER}), "explicitDeny"),
        ("anonymous", None, to("*"), "explicitDeny"),
        (TRAIL, None, to({"Service": TRAIL}), "explicitDeny"),
    ],
)
def test_an_rcp_binds_the_resources_of_members(
    principal: str, management: str | None, statement: Any, expected: str
) -> None:
    statements = () if statement is None else (statement,)
    tree = organization(rcp=CLOSED, management=management or "123456789012")
    assert ask(world(bucket(*statements), organization=tree), principal).decision == expected


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
@rule("J2", "D1", "G15")
@pytest.mark.parametrize(
    ("principal", "condition", "expected"),
    [
        (BO, {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "allowed"),
        (ZOE, {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "allowed"),
        (CARL, {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "implicitDeny"),  # across accounts with identity alone
        (STRANGER, {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "implicitDeny"),
        ("anonymous", {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "implicitDeny"),
        (TRAIL, {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "implicitDeny"),
        (BO, {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/ou-1/*"}}, "allowed"),
        (BO, {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/ou-2/*"}}, "implicitDeny"),
        (BO, {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}, "allowed"),
        (STRANGER, {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, "allowed"),
        ("anonymous", {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, "allowed"),
    ],
)
def test_who_is_of_the_organization(principal: str, condition: Any, expected: str) -> None:
    evaluator = world(bucket(to("*", condition)), organization=organization())
    assert ask(evaluator, principal).decision == expected


@rule("J2", "K3")
def test_an_account_that_is_not_listed_may_be_of_the_organization_where_the_list_is_not_whole() -> None:
    tree = organization(lists_every_account=False)
    evaluator = world(bucket(to("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1"}})), organization=tree)
    answer = ask(evaluator, STRANGER)
    assert (answer.decision, answer.conditions) == ("conditional", ({"aws:PrincipalOrgID": "o-1"},))


def listed(*grants: AclGrant, ownership: ObjectOwnership = ObjectOwnership.OBJECT_WRITER, **more: Any) -> Resource:
    return bucket(*more.pop("statements", ()), acl=grants, object_ownership=ownership, **more)


TO_OTHER = AclGrant(permission="READ", account_id=OTHER_ID)
TO_ALL, TO_SIGNED = AclGrant(permission="READ", uri=ALL_USERS), AclGrant(permission="READ", uri=SIGNED_USERS)
RESTRICT, IGNORE = PublicAccessBlock(restrict_public_buckets=True), PublicAccessBlock(ignore_public_acls=True)


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
@rule("I6", "I7", "D1", "D2")
@pytest.mark.parametrize(
    ("resource", "principal", "expected"),
    [
        (listed(TO_OTHER), ZOE, "allowed"),
        (listed(TO_OTHER), CARL, "implicitDeny"),  # the list is the owner's side alone
        (listed(TO_OTHER), PARTNER, "implicitDeny"),  # and the boundary limits the other
        (listed(TO_OTHER), f"arn:aws:iam::{OTHER_ID}:root", "allowed"),
        (listed(TO_OTHER), STRANGER, "implicitDeny"),
        (listed(TO_OTHER), "anonymous", "implicitDeny"),
        (listed(TO_ALL), "anonymous", "allowed"),
        (listed(TO_ALL), BO, "implicitDeny"),  # never to the owner's own users
        (listed(TO_ALL), LIMITED, "implicitDeny"),
        (listed(TO_ALL), ZOE, "allowed"),
        (listed(TO_ALL), CARL, "implicitDeny"),
        (listed(TO_SIGNED), ZOE, "allowed"),
        (listed(TO_SIGNED), "anonymous", "implicitDeny"),
        (listed(TO_ALL, public_access_block=IGNORE), "anonymous", "implicitDeny"),
        (listed(TO_ALL, public_access_block=IGNORE), ZOE, "implicitDeny"),
        (listed(TO_OTHER, public_access_block=IGNORE), ZOE, "allowed"),  # a grant to an account is not public
        (listed(TO_ALL, public_access_block=RESTRICT), "anonymous", "allowed"),  # that is about policies
        (listed(TO_ALL, ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED), "anonymous", "implicitDeny"),
        (listed(TO_OTHER, statements=[to({"AWS": ZOE}, effect="Deny")]), ZOE, "explicitDeny"),
        (listed(TO_OTHER, statements=[to({"AWS": ROOT})], public_access_block=RESTRICT), ZOE, "allowed"),
        (listed(TO_OTHER, statements=[to("*")], public_access_block=RESTRICT), ZOE, "explicitDeny"),
        (listed(TO_OTHER, statements=[to("*")], public_access_block=RESTRICT), BO, "allowed"),
    ],
)
def test_access_lists_blocks_and_ownership(resource: Resource, principal: str, expected: str) -> None:
    assert ask(world(resource), principal, "s3:ListBucket", BUCKET).decision == expected


@rule("I6", "I7", "B6")
def test_what_is_set_for_the_account_counts_for_its_buckets() -> None:
    ignoring = AccountSettings(account_id=ID, public_access_block=IGNORE)
    evaluator = world(listed(TO_ALL), account_settings=(ignoring,))
    assert ask(evaluator, "anonymous", "s3:ListBucket", BUCKET).decision == "implicitDeny"
    restricting = AccountSettings(account_id=ID, public_access_block=RESTRICT)
    evaluator = world(bucket(to("*")), account_settings=(restricting,))
    assert ask(evaluator, "anonymous").blocked_by == ("block-public-access",)
    assert ask(evaluator, TRAIL).decision == "allowed"
    assert ask(evaluator, LIMITED).decision == "allowed"
    others = AccountSettings(account_id=OTHER_ID, public_access_block=RESTRICT)
    assert ask(world(bucket(to("*")), account_settings=(others,)), "anonymous").decision == "allowed"
    evaluator = world(listed(TO_OTHER), organization=organization(scp=NO_S3))
    assert ask(evaluator, ZOE, "s3:ListBucket", BUCKET).decision == "explicitDeny"


GATEWAY = VpcEndpoint(
    vpc_endpoint_id="vpce-1",
    vpc_endpoint_type="Gateway",
    vpc_id="vpc-1",
    service_name="com.amazonaws.eu-west-1.s3",
    policy_document=document({**to("*"), "Action": "s3:GetObject"}),
)
OUTSIDE = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}


# https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
@rule("B9", "G3", "G12", "J2")
@pytest.mark.parametrize(
    ("statement", "context", "expected"),
    [
        (to("*", OUTSIDE, "Deny"), {"aws:SourceVpce": "vpce-1"}, "explicitDeny"),  # no public address: it holds
        (to("*", OUTSIDE, "Deny"), {"aws:SourceIp": "203.0.113.9"}, "allowed"),
        (
            to("*", {**OUTSIDE, "StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, "Deny"),
            {"aws:SourceVpce": "vpce-1"},  # whose VPC the snapshot knows
            "allowed",
        ),
        (to("*", {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, "Deny"), {}, "conditional"),
        (to("*", {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, "Deny"), {"aws:SourceVpce": None}, "explicitDeny"),
        (
            to("*", {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, "Deny"),
            {"aws:SourceIp": "203.0.113.9"},
            "conditional",
        ),
    ],
)
def test_where_a_request_comes_from(statement: Any, context: dict[str, Any], expected: str) -> None:
    evaluator = world(bucket(statement), vpc_endpoints=(GATEWAY,))
    assert ask(evaluator, ANA, context=context).decision == expected


@rule("B9", "C3", "E10")
def test_an_endpoint_limits_whoever_comes_through() -> None:
    evaluator = world(bucket(to("*")), vpc_endpoints=(GATEWAY,))
    through = {"aws:SourceVpce": "vpce-1"}
    for principal in (ANA, LIMITED, ZOE, "anonymous", ROOT):
        assert ask(evaluator, principal, context=through).decision == "allowed"
        put = ask(evaluator, principal, "s3:PutObject", context=through)
        assert (put.decision, put.blocked_by) == ("implicitDeny", ("endpoint",))


TAGGING = trusting({"AWS": ROOT}, ["sts:AssumeRole", "sts:TagSession"])
SAME_TEAM = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}


# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
@rule("J2", "H2", "E3")
@pytest.mark.parametrize(
    ("principal", "condition", "trust", "expected"),
    [
        (DEPLOY, {"StringEquals": {"aws:PrincipalTag/team": "red"}}, None, "allowed"),
        (DEPLOY, {"StringEquals": {"aws:PrincipalTag/team": "red"}}, TAGGING, "conditional"),  # a session tag would win
        (DEPLOY, {"StringEquals": {"aws:PrincipalTag/team": "blue"}}, None, "implicitDeny"),
        (DEPLOY, {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ID}:role/ci/deploy"}}, None, "allowed"),
        (DEPLOY, {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ID}:role/deploy"}}, None, "implicitDeny"),
        (DEPLOY, {"StringLike": {"aws:userid": "AROADEPLOY:*"}}, None, "allowed"),
        (DEPLOY, {"StringEquals": {"aws:userid": "AROADEPLOY:other"}}, None, "implicitDeny"),
        (DEPLOY, {"Null": {"aws:username": "true"}}, None, "allowed"),
        (BO, {"StringEquals": {"aws:username": "bo"}}, None, "allowed"),
        (BO, {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, None, "implicitDeny"),
        (BO, {"Null": {"aws:PrincipalTag/team": "true"}}, None, "allowed"),
        ("anonymous", {"Null": {"aws:PrincipalTag/team": "true"}}, None, "allowed"),
        (TRAIL, {"Bool": {"aws:PrincipalIsAWSService": "true"}}, None, "allowed"),
        ("anonymous", {"BoolIfExists": {"aws:PrincipalIsAWSService": "true"}}, None, "allowed"),
        (BO, {"Bool": {"aws:PrincipalIsAWSService": "true"}}, None, "implicitDeny"),
    ],
)
def test_what_a_caller_brings(principal: str, condition: Any, trust: Any, expected: str) -> None:
    base = world(bucket(to("*", condition)), trust=trust)
    silent = base.can(Request(principal, "s3:GetObject", OBJECT, session_policies=_silent(principal)))
    assert silent.decision == expected


SILENT = {"Effect": "Allow", "Action": "ec2:DescribeRegions", "Resource": "*"}


def _silent(principal: str) -> tuple[SessionPolicy, ...] | None:
    """A session policy that lacks everything: what is left is what the bucket grants to everyone (rule C4)."""
    return (SessionPolicy("silent", document(SILENT)),) if ":assumed-role/" in principal else None


@rule("C4", "C5", "I10")
def test_a_federated_user_has_what_both_policies_allow_and_calls_no_iam() -> None:
    evaluator = world(bucket())
    federated = f"arn:aws:sts::{ID}:federated-user/ana"
    everything = (SessionPolicy("all", FULL),)
    assert ask(evaluator, federated).decision == "implicitDeny"
    assert ask(evaluator, federated, session_policies=everything).decision == "allowed"
    listed_users = ask(evaluator, federated, "iam:ListUsers", "*", session_policies=everything)
    assert (listed_users.decision, listed_users.blocked_by) == ("implicitDeny", ("credentials",))
    assert ask(evaluator, ANA, "sts:GetFederationToken", federated).decision == "allowed"
    assert ask(evaluator, DEPLOY, "sts:GetFederationToken", federated).decision == "implicitDeny"
    named = world(bucket(to({"AWS": federated})))
    assert ask(named, federated).decision == "allowed"
    assert ask(world(bucket(to({"AWS": ANA}))), federated).decision == "implicitDeny"


@rule("C3", "E7", "K1")
def test_a_boundary_a_notprincipal_and_an_unknown_key() -> None:
    """Who has a boundary is denied by a Deny with NotPrincipal wherever its condition holds, and only there."""
    insecure = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    spared = {**to(None, insecure, "Deny"), "NotPrincipal": {"AWS": [LIMITED, ROOT]}}
    del spared["Principal"]
    evaluator = world(bucket(to({"AWS": LIMITED}), spared))
    answer = ask(evaluator, LIMITED)
    assert answer.decision == "conditional"
    assert {"aws:MultiFactorAuthPresent": "true"} in answer.denials
    assert ask(evaluator, LIMITED, unknown_context=MissingContextMode.ABSENT).decision == "allowed"
    assert ask(world(bucket(to({"AWS": ANA}), spared)), ANA).decision == "conditional", "not on the list"
