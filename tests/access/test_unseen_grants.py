"""What lets other accounts in beside policies: shares, access control lists, canonical user ids.

A denial that one of them could turn around says that it was not considered.
"""

from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.request import PolicyType, Request
from iamdesk.evaluate.resource_sharing import shared_by
from iamdesk.explain.decision import Assumption
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import AccountSettings, AclGrant, ObjectOwnership, PublicAccessBlock, Resource

from ..builders.arns import ID, OTHER_ID, user_arn
from ..builders.captures import NOW, account, snapshot, user
from ..builders.statements import allow, document
from ..rules import rule

BO = user_arn("bo")
ZOE, CARL, ANA = user_arn("zoe", OTHER_ID), user_arn("carl", OTHER_ID), user_arn("ana")
BUCKET, OBJECT = "arn:aws:s3:::b", "arn:aws:s3:::b/k"
SUBNET = f"arn:aws:ec2:eu-west-1:{ID}:subnet/subnet-1"
IMAGE = "arn:aws:ec2:eu-west-1::image/ami-1"
CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"


def world(*resources: Resource, settings: Any = ()) -> Evaluator:
    base = snapshot(
        account(user("ana", document(allow())), user("bo")),
        account(user("zoe", document(allow()), account=OTHER_ID), user("carl", account=OTHER_ID), number=OTHER_ID),
    )
    more = {"resources": resources, "account_settings": tuple(settings)}
    return Evaluator(Snapshot.model_validate({**dict(base), **more}), now=lambda: NOW)


def told(evaluator: Evaluator, code: str, principal: str, action: str, resource: str, **more: Any) -> list[Assumption]:
    return [one for one in evaluator.can(Request(principal, action, resource, **more)).assumptions if one.code == code]


@rule("D5", "D7", "I13")
def test_a_denial_across_accounts_says_that_a_share_was_not_considered() -> None:
    """https://docs.aws.amazon.com/ram/latest/userguide/shareable.html"""
    request = Request(ZOE, "ec2:CreateNetworkInterface", SUBNET)
    answer = world().can(request)
    assert answer.decision == "implicitDeny"
    [share] = [one for one in answer.assumptions if one.code == "sharing-missing"]
    assert share.other_decision == "allowed"
    assert "AWS Resource Access Manager" in share.message


@rule("D7", "I13")
@pytest.mark.parametrize(
    ("principal", "action", "resource"),
    [
        (ANA, "ec2:CreateNetworkInterface", SUBNET),  # of the owner's account
        (CARL, "ec2:CreateNetworkInterface", SUBNET),  # its own policies do not allow it either
        (ZOE, "ec2:TerminateInstances", f"arn:aws:ec2:eu-west-1:{ID}:instance/i-1"),  # cannot be shared
        ("anonymous", "ec2:CreateNetworkInterface", SUBNET),
    ],
)
def test_a_share_is_told_only_where_it_could_let_the_caller_in(principal: str, action: str, resource: str) -> None:
    assert not told(world(), "sharing-missing", principal, action, resource)


@rule("D7")
def test_images_and_snapshots_are_shared_by_an_attribute() -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html"""
    [share] = told(world(), "sharing-missing", ZOE, "ec2:RunInstances", IMAGE, resource_account=ID)
    assert "sharing setting" in share.message


def test_every_type_that_can_be_shared_is_one_that_aws_lists() -> None:
    for service in ("ec2", "glue", "route53resolver", "ssm", "network-firewall", "rds", "sagemaker"):
        listed = {name for name in _types(service) if shared_by(service, [name])}
        assert listed, service
    assert shared_by("ec2", ["Subnet"]) == "AWS Resource Access Manager"
    assert shared_by("ec2", ["instance"]) is None
    assert shared_by("s3", ["bucket"]) is None


def _types(service: str) -> set[str]:
    return {one.name for action in reference().actions_of(service) for one in action.resource_types}


@rule("I6", "D7")
@pytest.mark.parametrize("principal", [ZOE, "anonymous"])
def test_a_denial_of_outsiders_says_that_the_access_control_list_was_not_considered(principal: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html"""
    bucket = Resource(arn=BUCKET, account_id=ID)
    [acl] = told(world(bucket), "acl-missing", principal, "s3:GetObject", OBJECT)
    assert acl.other_decision == "allowed"


@rule("I6")
@pytest.mark.parametrize(
    ("principal", "action", "more"),
    [
        (CARL, "s3:GetObject", {}),
        (ZOE, "s3:GetBucketTagging", {}),
        (ZOE, "s3:GetObject", {"object_ownership": ObjectOwnership.BUCKET_OWNER_ENFORCED}),
        (ZOE, "s3:GetObject", {"object_ownership": ObjectOwnership.OBJECT_WRITER, "acl": ()}),
    ],
)
def test_an_access_control_list_that_could_not_help_is_no_assumption(principal: str, action: str, more: Any) -> None:
    bucket = Resource(arn=BUCKET, account_id=ID, **more)
    resource = BUCKET if action == "s3:GetBucketTagging" else OBJECT
    assert not told(world(bucket), "acl-missing", principal, action, resource)


def naming_canonical() -> Resource:
    grant = {"Effect": "Allow", "Principal": {"CanonicalUser": CANONICAL}, "Action": "s3:*", "Resource": f"{BUCKET}/*"}
    return Resource(arn=BUCKET, account_id=ID, policy=document(grant), object_ownership="BucketOwnerEnforced")


@rule("E13", "D1")
def test_a_canonical_user_id_is_the_account_that_has_it() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"""
    known = [AccountSettings(account_id=OTHER_ID, canonical_id=CANONICAL)]
    evaluator = world(naming_canonical(), settings=known)
    assert evaluator.can(Request(ZOE, "s3:GetObject", OBJECT)).decision == "allowed"
    assert evaluator.can(Request(CARL, "s3:GetObject", OBJECT)).decision == "implicitDeny"
    assert evaluator.can(Request("anonymous", "s3:GetObject", OBJECT)).decision == "implicitDeny"
    found = {row.principal for row in evaluator.who_can(action="s3:GetObject", resource=OBJECT)}
    assert ZOE in found
    assert CARL not in found


@rule("E13")
def test_a_canonical_user_id_without_a_known_account_matches_nobody_and_is_told() -> None:
    evaluator = world(naming_canonical())
    assert evaluator.can(Request(ZOE, "s3:GetObject", OBJECT)).decision == "implicitDeny"
    [gap] = told(evaluator, "canonical-user-missing", ZOE, "s3:GetObject", OBJECT)
    assert gap.other_decision == "allowed"
    assert CANONICAL in gap.message
    others = [AccountSettings(account_id="999999999999", canonical_id=CANONICAL)]
    assert not told(world(naming_canonical(), settings=others), "canonical-user-missing", ZOE, "s3:GetObject", OBJECT)


@rule("I6")
def test_a_captured_list_grants_as_before() -> None:
    acl = (AclGrant(permission="READ", canonical_id=CANONICAL, account_id=OTHER_ID),)
    bucket = Resource(arn=BUCKET, account_id=ID, acl=acl, object_ownership=ObjectOwnership.OBJECT_WRITER)
    assert world(bucket).can(Request(ZOE, "s3:ListBucket", BUCKET)).decision == "allowed"


def open_bucket(**more: Any) -> Resource:
    grant = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    return Resource(**{"arn": BUCKET, "account_id": ID, "policy": document(grant), **more})


OFF = PublicAccessBlock()
ACCOUNT_OFF = AccountSettings(account_id=ID, public_access_block=OFF)


@rule("I7")
@pytest.mark.parametrize("principal", [ZOE, "anonymous"])
def test_a_public_policy_lets_outsiders_in_only_where_nothing_blocks_public_access(principal: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"""
    code = "public-access-block-unknown"
    for bucket, settings, expected in (
        (open_bucket(), [], True),
        (open_bucket(), [ACCOUNT_OFF], True),
        (open_bucket(public_access_block=OFF), [], True),
        (open_bucket(public_access_block=OFF), [ACCOUNT_OFF], False),
    ):
        found = told(world(bucket, settings=settings), code, principal, "s3:GetObject", OBJECT)
        assert bool(found) == expected
        assert all(one.other_decision == "explicitDeny" for one in found)


@rule("I7")
def test_unknown_blocks_are_told_only_of_public_policies_and_of_outsiders() -> None:
    code = "public-access-block-unknown"
    assert not told(world(open_bucket()), code, ANA, "s3:GetObject", OBJECT)
    assert not told(world(open_bucket()), code, "logging.s3.amazonaws.com", "s3:GetObject", OBJECT)
    assert not told(world(open_bucket()), code, CARL, "s3:GetObject", OBJECT)
    named = {"Effect": "Allow", "Principal": {"AWS": ZOE}, "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    assert not told(world(open_bucket(policy=document(named))), code, ZOE, "s3:GetObject", OBJECT)
    on = PublicAccessBlock(restrict_public_buckets=True)
    blocked = world(open_bucket(public_access_block=on)).can(Request(ZOE, "s3:GetObject", OBJECT))
    assert blocked.decision == "explicitDeny"
    assert code not in [one.code for one in blocked.assumptions]
    without = frozenset({PolicyType.BLOCK_PUBLIC_ACCESS})
    assert not told(world(open_bucket()), code, ZOE, "s3:GetObject", OBJECT, without=without)


FILE_SYSTEM = f"arn:aws:elasticfilesystem:eu-west-1:{ID}:file-system/fs-1"


@rule("D8", "E10")
@pytest.mark.parametrize("principal", ["anonymous", BO])
def test_a_file_system_without_policy_lets_anyone_mount_it(principal: str) -> None:
    """https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html"""
    bare = world(Resource(arn=FILE_SYSTEM, account_id=ID))
    assert bare.can(Request(principal, "elasticfilesystem:ClientMount", FILE_SYSTEM)).decision == "allowed"
    with_policy = document({**allow("elasticfilesystem:ClientMount"), "Principal": {"AWS": ANA}})
    closed = world(Resource(arn=FILE_SYSTEM, account_id=ID, policy=with_policy))
    assert closed.can(Request(principal, "elasticfilesystem:ClientMount", FILE_SYSTEM)).decision == "implicitDeny"
    describe = bare.can(Request(principal, "elasticfilesystem:DescribeFileSystems", FILE_SYSTEM))
    assert describe.decision == "implicitDeny"
    unknown = world(Resource(arn=FILE_SYSTEM, account_id=ID, is_policy_captured=False))
    assert unknown.can(Request(principal, "elasticfilesystem:ClientMount", FILE_SYSTEM)).decision == "implicitDeny"


@rule("F10")
def test_an_answer_for_one_of_several_resources_of_a_call_says_so() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html"""
    code, instance = "one-of-several-resources", f"arn:aws:ec2:eu-west-1:{ID}:instance/*"
    [one] = told(world(), code, ANA, "ec2:RunInstances", instance)
    assert "image, instance, network-interface, security-group and subnet" in one.message
    assert not told(world(), code, BO, "ec2:RunInstances", instance)
    assert not told(world(), code, ANA, "s3:GetObject", OBJECT)
    alias = f"arn:aws:kms:eu-west-1:{ID}:alias/app"
    assert told(world(), code, ANA, "kms:UpdateAlias", alias)
