"""What a snapshot may hold beside IAM: resource policies, ACLs, grants, tags, Block Public Access, the organization."""

from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import PolicyType, Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.organization import Organization, OrganizationNode, OrganizationPolicy, OrganizationPolicyType
from iamdesk.snapshot.resources import AccountSettings, AclGrant, KeyGrant, ObjectOwnership, PublicAccessBlock, Resource

from ..builders.captures import (
    ID,
    NOW,
    OTHER_ID,
    ROOT,
    account,
    allow,
    deny,
    document,
    role,
    role_arn,
    snapshot,
    trusting,
    user,
    user_arn,
)
from ..rules import rule

BUCKET, OBJECT = "arn:aws:s3:::b", "arn:aws:s3:::b/k"
KEY = f"arn:aws:kms:eu-west-1:{ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ANA, ZOE = user_arn("ana"), user_arn("zoe", OTHER_ID)
LINKED = f"arn:aws:iam::{ID}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"


def world(*resources: Resource, organization: Organization | None = None, settings: Any = ()) -> Evaluator:
    """Account ID: ana and root without policies, admin with all; account OTHER_ID: zoe with all, carl without any."""
    base = snapshot(
        account(
            user("ana"),
            user("admin", document(allow())),
            role("deploy", document(allow())),
            role("AWSServiceRoleForECS", document(allow()), path="/aws-service-role/ecs.amazonaws.com/"),
            role("target", trust=trusting({"AWS": ANA})),
        ),
        account(user("zoe", document(allow()), account=OTHER_ID), user("carl", account=OTHER_ID), number=OTHER_ID),
    )
    more = {"resources": resources, "organization": organization, "account_settings": tuple(settings)}
    return Evaluator(Snapshot.model_validate({**dict(base), **more}), now=lambda: NOW)


def ask(
    capture: Evaluator, principal: str, action: str = "s3:GetObject", resource: str = OBJECT, **more: Any
) -> EvaluationResult:
    return capture.can(Request(principal, action, resource, **more))


def bucket(**more: Any) -> Resource:
    return Resource.model_validate({"arn": BUCKET, "account_id": ID, **more})


def granting(principal: Any, action: Any = "s3:GetObject") -> dict[str, Any]:
    return document({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": f"{BUCKET}/*"})


@rule("C1", "D1", "D4")
def test_a_captured_bucket_policy_is_the_resource_policy_of_its_objects() -> None:
    capture = world(bucket(policy=granting({"AWS": [ANA, ZOE]})))
    assert ask(capture, ANA).decision == "allowed"
    assert ask(capture, ZOE).decision == "allowed"
    assert ask(capture, user_arn("carl", OTHER_ID)).decision == "implicitDeny"
    assert ask(capture, user_arn("admin")).decision == "allowed"
    assert ask(world(bucket(policy=None)), ZOE).decision == "implicitDeny"
    codes = {note.code for note in ask(capture, ANA).assumptions}
    assert "resource-policy-missing" not in codes
    assert "owner-unknown" not in codes


@rule("D4")
def test_the_owner_of_a_captured_bucket_is_known() -> None:
    others = Resource(arn=BUCKET, account_id=OTHER_ID, policy=None)
    assert ask(world(others), user_arn("admin")).decision == "implicitDeny"
    assert ask(world(others), ZOE).decision == "allowed"


ACL = (
    AclGrant(permission="READ", account_id=OTHER_ID),
    AclGrant(permission="READ_ACP", uri=ALL_USERS),
    AclGrant(permission="WRITE_ACP", uri=AUTHENTICATED),
)


@rule("I6")
@pytest.mark.parametrize(
    ("principal", "action", "expected"),
    [
        (ZOE, "s3:ListBucket", "allowed"),
        (user_arn("carl", OTHER_ID), "s3:ListBucket", "implicitDeny"),
        (ANA, "s3:ListBucket", "implicitDeny"),
        ("anonymous", "s3:ListBucket", "implicitDeny"),
        ("anonymous", "s3:GetBucketAcl", "allowed"),
        (ANA, "s3:GetBucketAcl", "implicitDeny"),
        (ZOE, "s3:PutBucketAcl", "allowed"),
        ("anonymous", "s3:PutBucketAcl", "implicitDeny"),
        (user_arn("admin"), "s3:ListBucket", "allowed"),
    ],
)
def test_an_acl_grants_to_other_accounts_and_the_public_never_inside_the_account(
    principal: str, action: str, expected: str
) -> None:
    capture = world(bucket(policy=None, acl=ACL, object_ownership=ObjectOwnership.OBJECT_WRITER))
    assert ask(capture, principal, action, BUCKET).decision == expected


@rule("A4", "I6")
def test_an_answer_rests_on_the_acl_that_grants() -> None:
    written = {"acl": ACL, "object_ownership": ObjectOwnership.OBJECT_WRITER}
    empty = document({"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": BUCKET})
    for policy in (None, empty):
        answer = ask(world(bucket(policy=policy, **written)), ZOE, "s3:ListBucket", BUCKET)
        assert answer.decision == "allowed"
        assert PolicyType.ACL in {line.layer for line in answer.matched_statements}


@rule("I6")
def test_an_acl_counts_only_where_acls_are_on_and_a_deny_still_wins() -> None:
    enforced = bucket(policy=None, acl=ACL, object_ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED)
    assert ask(world(enforced), ZOE, "s3:ListBucket", BUCKET).decision == "implicitDeny"
    written = {"acl": ACL, "object_ownership": ObjectOwnership.OBJECT_WRITER}
    refusing = document({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})
    assert ask(world(bucket(policy=refusing, **written)), ZOE, "s3:ListBucket", BUCKET).decision == "explicitDeny"
    ignoring = PublicAccessBlock(ignore_public_acls=True)
    own = world(bucket(policy=None, public_access_block=ignoring, **written))
    accounts = world(
        bucket(policy=None, **written), settings=[AccountSettings(account_id=ID, public_access_block=ignoring)]
    )
    for capture in (own, accounts):
        assert ask(capture, "anonymous", "s3:GetBucketAcl", BUCKET).decision == "implicitDeny"
        assert ask(capture, ZOE, "s3:ListBucket", BUCKET).decision == "allowed"


@rule("I7")
@pytest.mark.parametrize("where", ["bucket", "account"])
def test_block_public_access_of_bucket_or_account(where: str) -> None:
    block = PublicAccessBlock(restrict_public_buckets=True)
    public = granting("*")
    if where == "bucket":
        capture = world(bucket(policy=public, public_access_block=block))
    else:
        capture = world(bucket(policy=public), settings=[AccountSettings(account_id=ID, public_access_block=block)])
    for outsider in (ZOE, "anonymous"):
        answer = ask(capture, outsider)
        assert answer.decision == "explicitDeny"
        assert answer.blocked_by == ("block-public-access",)
    assert ask(capture, ANA).decision == "allowed"


@rule("I12")
@pytest.mark.parametrize(("enabled", "expected"), [(True, "allowed"), (False, "explicitDeny")])
def test_tags_of_a_bucket_count_once_abac_is_enabled(enabled: bool, expected: str) -> None:
    condition = {"StringNotEquals": {"aws:ResourceTag/env": "prod"}}
    policy = document(
        {"Effect": "Allow", "Principal": {"AWS": ANA}, "Action": "s3:*", "Resource": BUCKET},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": BUCKET, "Condition": condition},
    )
    capture = world(bucket(policy=policy, tags=(("Env", "prod"),), abac_enabled=enabled))
    assert ask(capture, ANA, "s3:ListBucket", BUCKET).decision == expected


def open_to_ana(resource: str) -> Any:
    return document({"Effect": "Allow", "Principal": {"AWS": ANA}, "Action": "*", "Resource": resource})


@rule("C1", "D5")
def test_a_stream_is_not_under_the_policy_of_its_table() -> None:
    table = f"arn:aws:dynamodb:eu-west-1:{ID}:table/t"
    stream, action = f"{table}/stream/2026-01-01T00:00:00.000", "dynamodb:GetRecords"
    answer = ask(world(Resource(arn=table, account_id=ID, policy=open_to_ana("*"))), ANA, action, stream)
    assert answer.decision == "implicitDeny"
    assert told(answer)["resource-policy-missing"] == "allowed"
    own = Resource(arn=stream, account_id=ID, policy=open_to_ana("*"))
    assert ask(world(own, Resource(arn=table, account_id=ID, policy=None)), ANA, action, stream).decision == "allowed"


@rule("C1", "D5", "F3")
def test_an_alias_can_have_a_policy_beside_that_of_the_function() -> None:
    function = f"arn:aws:lambda:eu-west-1:{ID}:function:f"
    alias, action = f"{function}:live", "lambda:InvokeFunction"
    for resource, decision in ((function, "implicitDeny"), (f"{function}:*", "allowed")):
        answer = ask(world(Resource(arn=function, account_id=ID, policy=open_to_ana(resource))), ANA, action, alias)
        assert answer.decision == decision
        other = "allowed" if decision == "implicitDeny" else "explicitDeny"
        assert told(answer)["resource-policy-missing"] == other
    own = Resource(arn=alias, account_id=ID, policy=open_to_ana(alias))
    answer = ask(world(own, Resource(arn=function, account_id=ID, policy=None)), ANA, action, alias)
    assert answer.decision == "allowed"
    assert "resource-policy-missing" not in told(answer)


@rule("I1")
def test_a_grant_is_another_way_to_a_key() -> None:
    trusted = document({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"})
    grant = KeyGrant(grant_id="0c237476b39f8bc4", grantee_principal=role_arn("deploy"), operations=("Decrypt",))
    closed = document({"Effect": "Allow", "Principal": {"AWS": ANA}, "Action": "kms:*", "Resource": "*"})
    session = f"arn:aws:sts::{ID}:assumed-role/deploy/ci"
    with_grant = world(Resource(arn=KEY, policy=closed, key_grants=(grant,)))
    assert ask(with_grant, session, "kms:Decrypt", KEY).decision == "allowed"
    assert ask(with_grant, session, "kms:Encrypt", KEY).decision == "implicitDeny"
    without = world(Resource(arn=KEY, policy=closed, key_grants=()))
    assert ask(without, session, "kms:Decrypt", KEY).decision == "implicitDeny"
    assert ask(world(Resource(arn=KEY, policy=trusted)), session, "kms:Decrypt", KEY).decision == "allowed"


# ── the organization ─────────────────────────────────────────────────────────────────────────────────────────────────

SCP, RCP = OrganizationPolicyType.SERVICE_CONTROL_POLICY, OrganizationPolicyType.RESOURCE_CONTROL_POLICY
POLICIES = (
    OrganizationPolicy(id="p-full", name="FullAWSAccess", type=SCP, content=document(allow())),
    OrganizationPolicy(id="p-ec2", name="OnlyEc2", type=SCP, content=document(allow("ec2:*"))),
    OrganizationPolicy(id="p-no", name="NoQueues", type=SCP, content=document(deny("sqs:*"))),
    OrganizationPolicy(
        id="p-rcp", name="NoS3", type=RCP,
        content=document({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}),
    ),
    OrganizationPolicy(
        id="p-keys", name="NoKeys", type=RCP,
        content=document({"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}),
    ),
)  # fmt: skip


def organization(*own: str, ou: tuple[str, ...] = ("p-full",), management: str = "777788889999") -> Organization:
    """The account ID stands in an OU; OTHER_ID right under the root."""
    return Organization(
        id="o-a1b2c3d4e5",
        management_account_id=management,
        nodes=(
            OrganizationNode(id="r-ab12", name="Root", policy_ids=("p-full",)),
            OrganizationNode(id="ou-ab12-11111111", name="Work", parent_id="r-ab12", policy_ids=ou),
            OrganizationNode(id=ID, name="one", parent_id="ou-ab12-11111111", policy_ids=own),
            OrganizationNode(id=OTHER_ID, name="two", parent_id="r-ab12", policy_ids=("p-full",)),
        ),
        policies=POLICIES,
    )


ADMIN = user_arn("admin")


@rule("B1", "B2", "B6")
@pytest.mark.parametrize(
    ("own", "ou", "expected", "blocked_by"),
    [
        (("p-full",), ("p-full",), "allowed", ()),
        (("p-full", "p-no"), ("p-full",), "explicitDeny", ("scp",)),
        (("p-ec2",), ("p-full",), "implicitDeny", ("scp",)),
        (("p-full",), ("p-ec2",), "implicitDeny", ("scp",)),
        (("p-full",), ("p-ec2", "p-full"), "allowed", ()),
        ((), ("p-full",), "implicitDeny", ("scp",)),
    ],
)
def test_every_level_has_to_allow(own: Any, ou: Any, expected: str, blocked_by: Any) -> None:
    capture = world(organization=organization(*own, ou=ou))
    for principal in (ADMIN, role_arn("deploy"), ROOT):
        answer = ask(capture, principal, "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ID}:q")
        assert answer.decision == expected
        assert answer.blocked_by == blocked_by
        assert "organization-unknown" not in {note.code for note in answer.assumptions}
    assert ask(capture, ADMIN, "ec2:DescribeInstances", "*").decision == ("allowed" if own else "implicitDeny")


def told(answer: EvaluationResult) -> dict[str, str | None]:
    return {note.code: note.other_decision for note in answer.assumptions if note.code.endswith("-missing")}


QUEUE = f"arn:aws:sqs:eu-west-1:{ID}:q"


@rule("B1", "B3")
@pytest.mark.parametrize(
    ("own", "action", "expected", "assumed"),
    [
        (("p-full", "p-gone"), "sqs:SendMessage", "allowed", {"scp-missing": "explicitDeny"}),
        (("p-gone",), "sqs:SendMessage", "implicitDeny", {"scp-missing": "allowed"}),
        (("p-ec2", "p-gone"), "sqs:SendMessage", "implicitDeny", {"scp-missing": "allowed"}),
        (("p-no", "p-full", "p-gone"), "sqs:SendMessage", "explicitDeny", {}),
        (("p-FullAWSAccess",), "sqs:SendMessage", "allowed", {}),
    ],
)
def test_an_attached_policy_that_the_snapshot_lacks_may_forbid_and_may_let_pass(
    own: Any, action: str, expected: str, assumed: Any
) -> None:
    """Of AWS's own policy everybody knows what it says."""
    answer = ask(world(organization=organization(*own)), ADMIN, action, QUEUE)
    assert answer.decision == expected
    assert {code: other for code, other in told(answer).items() if code == "scp-missing"} == assumed
    assert all("p-gone" in note.message for note in answer.assumptions if note.code == "scp-missing")


@rule("B3", "B7", "E11")
def test_a_resource_control_policy_that_the_snapshot_lacks_can_only_forbid() -> None:
    policies = (*POLICIES, OrganizationPolicy(id="p-lost", name="Lost", type=RCP))
    capture = organization("p-full", "p-lost").model_copy(update={"policies": policies})
    with_lost = world(bucket(policy=None), organization=capture)
    allowed = ask(with_lost, ADMIN)
    assert allowed.decision == "allowed"
    assert told(allowed).get("rcp-missing") == "explicitDeny"
    assert "scp-missing" not in told(allowed)
    assert "rcp-missing" not in told(ask(with_lost, ANA))


@rule("B6", "E11")
def test_whom_service_control_policies_do_not_bind() -> None:
    bound = organization("p-full", "p-no")
    queue = f"arn:aws:sqs:eu-west-1:{ID}:q"
    assert ask(world(organization=bound), LINKED, "sqs:SendMessage", queue).decision == "allowed"
    managing = organization("p-full", "p-no", management=ID)
    assert ask(world(organization=managing), ADMIN, "sqs:SendMessage", queue).decision == "allowed"
    policy = document({"Effect": "Allow", "Principal": {"AWS": [OTHER_ID]}, "Action": "sqs:*", "Resource": "*"})
    capture = world(Resource(arn=queue, policy=policy), organization=bound)
    assert ask(capture, ZOE, "sqs:SendMessage", queue).decision == "allowed", "they are those of the caller's account"


@rule("B7", "B8", "D3")
def test_resource_control_policies_follow_the_resources_account() -> None:
    capture = world(bucket(policy=granting("*")), organization=organization("p-full", "p-rcp"))
    for principal in (ADMIN, ZOE, "anonymous", ROOT):
        assert ask(capture, principal).decision == "explicitDeny"
    assert ask(capture, LINKED).decision == "allowed"
    assert ask(capture, ADMIN, "s3:ListAllMyBuckets", "*").decision == "allowed"
    others = Resource(arn=BUCKET, account_id=OTHER_ID, policy=granting("*"))
    assert ask(world(others, organization=organization("p-full", "p-rcp")), ADMIN).decision == "allowed"
    managing = organization("p-full", "p-rcp", management=ID)
    assert ask(world(bucket(policy=granting("*")), organization=managing), ADMIN).decision == "allowed"


@rule("B7")
@pytest.mark.parametrize(("of_aws", "expected"), [(False, "explicitDeny"), (True, "allowed")])
def test_resource_control_policies_do_not_bind_the_keys_that_aws_manages(of_aws: bool, expected: str) -> None:
    policy = document({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"})
    key = Resource(arn=KEY, account_id=ID, policy=policy, is_aws_managed=of_aws)
    capture = world(key, organization=organization("p-full", "p-keys"))
    assert ask(capture, ADMIN, "kms:DescribeKey", KEY).decision == expected


@rule("J2")
def test_the_organization_gives_its_keys() -> None:
    capture = world(bucket(policy=None), organization=organization("p-full"))
    context = capture.evaluation_request(Request(ZOE, "s3:GetObject", OBJECT)).context
    assert context.fact("aws:principalorgid").values == ("o-a1b2c3d4e5",)
    assert context.fact("aws:principalorgpaths").values == ("o-a1b2c3d4e5/r-ab12/",)
    assert context.fact("aws:resourceorgid").values == ("o-a1b2c3d4e5",)
    assert context.fact("aws:resourceorgpaths").values == ("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/",)
