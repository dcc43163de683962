"""DAT-01 to DAT-04: policies for any resource."""

import pytest

from iamdesk.aws.service_reference import reference
from iamdesk.checks.broad_access import CREDENTIALS, EXPOSES, READS, WRITES
from iamdesk.checks.broad_access_words import BROAD
from iamdesk.checks.finding import Severity, State
from iamdesk.evaluate.request import EvalDecision
from iamdesk.snapshot.organization import Organization

from ..each_case import each_case

BUCKET = "arn:aws:s3:::payroll/*"
EXAMPLES = {
    "DAT-01": ("s3:GetObject", "secretsmanager:GetSecretValue", "ssm:GetParameter*", "dynamodb:Scan", "kms:Decrypt"),
    "DAT-02": ("s3:PutObject", "s3:Delete*", "dynamodb:DeleteTable", "kms:ScheduleKeyDeletion"),
    "DAT-03": ("s3:PutBucketPolicy", "lambda:AddPermission", "ram:CreateResourceShare", "kms:PutKeyPolicy"),
    "DAT-04": ("iam:CreateAccessKey", "iam:CreateLoginProfile", "rds-db:connect", "redshift:GetClusterCredentials"),
}
EACH = [(check, action) for check, actions in EXAMPLES.items() for action in actions]


@each_case("action", [*READS, *WRITES, *EXPOSES, *CREDENTIALS])
def test_the_actions_are_those_of_the_service_reference(action):
    known = reference().action(*action.split(":"))
    assert known is not None
    assert known.full_name == action


def test_every_action_is_of_one_kind_and_has_words():
    kinds = BROAD["broad"]
    assert sum(map(len, kinds.values())) == len({action for kind in kinds.values() for action in kind})
    assert all(text for kind in kinds.values() for text in kind.values())
    assert set(BROAD["changes"]) <= set(WRITES)
    assert set(BROAD["tokens"]) <= set(CREDENTIALS)


@pytest.mark.parametrize(("check", "action"), [one for one in EACH if not one[1].startswith("kms:")])
def test_an_action_on_any_resource(found, make, check, action):
    (one,) = found(check, users=[make.user("alice", make.allow(action))])
    assert "The inline policy inline of user alice lets alice " in one.sentence
    assert one.evidence[0].decision.decision is EvalDecision.ALLOWED
    for other in EXAMPLES.keys() - {check}:
        assert not found(other, users=[make.user("alice", make.allow(action))])


@pytest.mark.parametrize(("check", "action"), EACH)
def test_near_misses(found, make, check, action):
    service = action.split(":")[0]
    named = {"s3": BUCKET, "iam": "arn:aws:iam::111122223333:user/alice"}
    resource = named.get(service, f"arn:aws:{service}:us-east-1:111122223333:thing/payroll")
    allow = make.allow(action)
    assert not found(check, users=[make.user("alice", make.allow(action, resource))])
    assert not found(check, users=[make.user("alice", allow, make.deny(action))])
    conditional = make.allow(action, Condition={"StringEquals": {"aws:PrincipalTag/team": "${aws:ResourceTag/team}"}})
    assert not found(check, users=[make.user("alice", conditional)])
    limits = make.policy("limits", make.allow("ec2:Describe*"))
    assert not found(check, users=[make.user("alice", allow, **make.boundary(limits["Arn"]))], policies=[limits])


def test_kms_keys_are_evaluated_by_their_policies(make):
    """A key whose policy does not let the account's policies decide is none that they can use."""
    key = "arn:aws:kms:us-east-1:111122223333:key/1b2c3d4e-0000-4000-8000-000000000001"
    users = [make.user("alice", make.allow("kms:Decrypt"))]
    whole = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
    (one,) = make.findings("DAT-01", users=users, beside={"resources": (make.resource(key, whole),)})
    assert one.sentence.endswith("lets alice read what any KMS key encrypts: kms:Decrypt.")
    named = {**whole, "Principal": {"AWS": "arn:aws:iam::111122223333:user/anchor"}}
    assert not make.findings("DAT-01", users=users, beside={"resources": (make.resource(key, named),)})
    only = [make.user("alice", make.allow("kms:Decrypt", key))]
    assert not make.findings("DAT-01", users=only, beside={"resources": (make.resource(key, whole),)})


def test_administrators_are_left_to_adm_01(found, make):
    user = make.user("alice", **make.attached(make.admin))
    for check in EXAMPLES:
        assert not found(check, users=[user], policies=[make.full_access()])


def test_an_administrator_within_a_boundary_is_none(found, make):
    limits = make.policy("limits", make.allow(["s3:*", "logs:*"]))
    user = make.user("alice", **make.attached(make.admin), **make.boundary(limits["Arn"]))
    (one,) = found("DAT-01", users=[user], policies=[make.full_access(), limits])
    assert one.sentence == (
        "The AWS managed policy AdministratorAccess lets alice read the objects of any bucket: s3:GetObject."
    )


def test_a_service_control_policy_counts(make):
    content = make.document(make.allow("*"), make.deny("s3:*"))
    organization = Organization.model_validate(
        {
            "id": "o-acme",
            "management_account_id": "999999999999",
            "nodes": [
                {"id": "r-1", "policy_ids": ["p-1"]},
                {"id": make.account, "parent_id": "r-1", "policy_ids": ["p-1"]},
            ],
            "policies": [{"id": "p-1", "name": "no-s3", "type": "SERVICE_CONTROL_POLICY", "content": content}],
        }
    )
    users = [make.user("alice", make.allow(["s3:GetObject", "sqs:ReceiveMessage"]))]
    (one,) = make.findings("DAT-01", users=users, beside={"organization": organization})
    assert one.sentence.endswith("read the messages of any queue: sqs:ReceiveMessage.")


@pytest.mark.parametrize(("check", "action"), [one for one in EACH if not one[1].startswith(("kms:", "iam:"))])
def test_the_regions_that_a_condition_leaves(found, make, check, action):
    lock = {**make.deny("*"), "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-west-3"]}}}
    users = [make.user("alice", make.allow(action), lock)]
    (one,) = found(check, users=users)
    assert one.sentence.endswith("This holds in eu-west-1: a condition limits the Regions.")
    assert one.evidence[0].decision.decision is EvalDecision.ALLOWED
    assert one.evidence[1].text == "It takes effect for alice in eu-west-1."
    both = make.policy("both", make.allow(action))
    users = [make.user("alice", lock, **make.attached(both["Arn"])), make.user("bob", **make.attached(both["Arn"]))]
    (one,) = found(check, users=users, policies=[both])
    assert "lets alice and bob" in one.sentence
    assert "This holds" not in one.sentence


def test_a_condition_on_the_region_of_ec2(found, make):
    """ec2:Region tells the Region of requests to EC2, and of no others."""
    condition = {"Condition": {"StringEquals": {"ec2:Region": "eu-west-1"}}}
    users = [make.user("alice", {**make.allow(["ec2:TerminateInstances", "dynamodb:DeleteTable"]), **condition})]
    (one,) = found("DAT-02", users=users)
    assert "any EC2 instance: ec2:TerminateInstances. This holds in eu-west-1" in one.sentence


def test_resources_that_not_resource_excludes_are_named(found, make):
    statement = make.allow(["s3:GetObject", "dynamodb:Scan"])
    del statement["Resource"]
    statement["NotResource"] = ["arn:aws:s3:::payroll/*", "arn:aws:s3:::lake/*"]
    (one,) = found("DAT-01", users=[make.user("alice", statement)])
    assert one.sentence.endswith(
        "s3:GetObject and dynamodb:Scan. NotResource excludes arn:aws:s3:::payroll/* and arn:aws:s3:::lake/* from "
        "s3:GetObject."
    )
    (one,) = found("DAT-01", users=[make.user("alice", statement, make.allow("s3:GetObject"))])
    assert "NotResource" not in one.sentence


@pytest.mark.parametrize(
    ("check", "action"),
    [("DAT-01", "rds:CopyDBSnapshot"), ("DAT-04", "iam:UpdateAccessKey"), ("DAT-04", "ecr:GetAuthorizationToken")],
)
def test_actions_that_give_neither_data_nor_credentials(found, make, check, action):
    assert not found(check, users=[make.user("alice", make.allow(action))])


def test_federation_tokens_are_of_users_and_the_callers_own(found, make):
    token = make.allow("sts:GetFederationToken")
    assert not found("DAT-04", roles=[make.role("build", token)])
    (one,) = found("DAT-04", users=[make.user("alice", token)])
    assert one.severity is Severity.LOW


def test_object_acls_expose(found, make):
    (one,) = found("DAT-03", users=[make.user("alice", make.allow("s3:PutObjectAcl"))])
    assert one.sentence.endswith("share the objects of any bucket with other accounts: s3:PutObjectAcl.")


def test_one_finding_for_a_policy_and_for_identical_documents(found, make):
    readers = make.policy("readers", make.allow("s3:GetObject"))
    users = [make.user(name, **make.attached(readers["Arn"])) for name in ("alice", "bob")]
    (one,) = found("DAT-01", users=users, policies=[readers])
    assert one.sentence == (
        "The customer managed policy readers lets alice and bob read the objects of any bucket: s3:GetObject."
    )
    assert one.subject_key == readers["Arn"]
    roles = [make.role(name, make.allow("sqs:ReceiveMessage")) for name in ("one", "two", "three")]
    (one,) = found("DAT-01", roles=roles)
    assert one.sentence.startswith(
        "The inline policy inline of role one and 2 policies with the same document lets one, two "
    )


def test_a_policy_that_names_its_resources_is_not_the_cause(found, make):
    statements = [make.allow("s3:GetObject")]
    users = [make.user("alice", make.allow("s3:*", BUCKET), groups=["all"])]
    (one,) = found("DAT-01", users=users, groups=[make.group("all", *statements)])
    assert one.sentence.startswith("The inline policy inline of group all lets alice ")


def test_dat_01_reading(found, make):
    (one,) = found("DAT-01", users=[make.user("alice", make.allow(["s3:Get*", "ssm:Get*"], "arn:aws:s3:::*"))])
    assert (
        one.sentence
        == "The inline policy inline of user alice lets alice read the objects of any bucket: s3:GetObject."
    )


def test_dat_02_writing(found, make):
    (one,) = found("DAT-02", roles=[make.role("job", make.allow(["s3:Put*", "dynamodb:*"]))])
    assert one.sentence == (
        "The inline policy inline of role job lets job change or delete the objects of any bucket, the items of any "
        "table and any table: s3:PutObject, dynamodb:PutItem, dynamodb:DeleteItem and dynamodb:DeleteTable."
    )


@pytest.mark.parametrize(("action", "verb"), [("s3:PutObject", "change"), ("s3:DeleteObject", "delete")])
def test_dat_02_says_what_the_actions_do(found, make, action, verb):
    (one,) = found("DAT-02", roles=[make.role("job", make.allow(action))])
    assert f" lets job {verb} the objects of any bucket: {action}." in one.sentence


def test_dat_03_exposing(found, make):
    (one,) = found("DAT-03", roles=[make.role("job", make.allow(["s3:PutBucketAcl", "sns:*"]))])
    assert one.sentence == (
        "The inline policy inline of role job lets job share any bucket and any SNS topic with other accounts: "
        "s3:PutBucketAcl, sns:AddPermission and sns:SetTopicAttributes."
    )


def test_dat_04_tokens_of_registries_are_low(found, make):
    (one,) = found("DAT-04", roles=[make.role("pull", make.allow("codeartifact:GetAuthorizationToken"))])
    assert one.severity is Severity.LOW


def test_conditions_on_the_time_are_evaluated_at_the_time_of_the_snapshot(found, make):
    def until(moment):
        return make.allow("s3:GetObject", Condition={"DateLessThan": {"aws:CurrentTime": moment}})

    users = [
        make.user("alice", until("2026-02-01T00:00:00Z")),
        make.user("bob", until("2099-01-01T00:00:00Z")),
        make.user("carol", make.allow("s3:GetObject")),
    ]
    roles = [make.role("job", make.allow("s3:ListAllMyBuckets"))]  # used in March, the snapshot's latest time
    names = {one.subject_key.partition("#")[0].rpartition("/")[2] for one in found("DAT-01", users=users, roles=roles)}
    assert names == {"bob", "carol"}


def test_an_aws_managed_policy_is_to_be_replaced_not_edited(found, make):
    reader = make.policy("AmazonS3ReadOnlyAccess", make.allow("s3:GetObject"), owner="aws")
    users = [make.user("alice", **make.attached(reader["Arn"]))]
    (one,) = found("DAT-01", users=users, policies=[reader])
    assert one.remediation == (
        "Detach AmazonS3ReadOnlyAccess, and attach a customer managed policy instead: AWS managed policies cannot be "
        "edited. List the buckets, secrets, parameters, keys and tables that the job reads under Resource."
    )
    path = "/aws-reserved/sso.amazonaws.com/"
    role = make.role("AWSReservedSSO_S3_0011223344556677", path=path, **make.attached(reader["Arn"]))
    (one,) = found("DAT-01", roles=[role], policies=[reader])
    assert one.remediation.startswith("Remove AmazonS3ReadOnlyAccess from the permission set")
    own = make.policy("readers", make.allow("s3:GetObject"))
    (one,) = found("DAT-01", users=[make.user("alice", **make.attached(own["Arn"]))], policies=[own])
    assert one.remediation.startswith("List the buckets")


def test_the_end_of_a_statement_is_said(found, make):
    period = {
        "DateGreaterThanEquals": {"aws:CurrentTime": "2026-01-12T00:00:00Z"},
        "DateLessThan": {"aws:CurrentTime": "2026-12-31T23:59:59Z"},
    }
    statement = make.allow("s3:GetObject", Condition=period)
    roles = [make.role("known")]
    (one,) = found("DAT-01", users=[make.user("alice", statement)], roles=roles)
    assert one.sentence.endswith("read the objects of any bucket, until 2026-12-31: s3:GetObject.")
    (one,) = found("DAT-01", users=[make.user("alice", statement, make.allow("s3:GetObject"))], roles=roles)
    assert one.sentence.endswith("read the objects of any bucket: s3:GetObject.")


def test_all_names_are_in_the_evidence(found, make):
    readers = make.policy("readers", make.allow(list(READS)))
    users = [make.user(f"user-{number:02}", **make.attached(readers["Arn"])) for number in range(30)]
    (one,) = found("DAT-01", users=users, policies=[readers])
    texts = " ".join(piece.text for piece in one.evidence)
    assert all(f"user-{number:02}" in texts for number in range(30))
    assert "and 25 more" in one.sentence
    assert all(action in texts for action in READS if not action.startswith("kms:"))


def test_dat_05_all_keys_where_no_key_policy_is_captured(found, make):
    users = [
        make.user("all", make.allow(["kms:Decrypt", "kms:CreateGrant"])),
        make.user("one", make.allow("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/1")),
        make.user("mfa", make.allow("kms:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})),
        make.user("every", make.allow("*")),
    ]
    boundary = make.policy("edge", make.allow("kms:*"))  # attached to no one, it allows nothing
    (one,) = found("DAT-05", users=users, policies=[boundary])
    assert one.state is State.INCONCLUSIVE
    assert one.sentence == (
        "The inline policy inline of user all allows kms:Decrypt and kms:CreateGrant on all KMS keys. Whether key "
        "policies let IAM policies decide is not known: none was captured."
    )
