"""GRD-06: service control policies that take nothing from anybody."""

import pytest

from iamdesk.checks.finding import State
from iamdesk.snapshot.organization import Organization

OWN, MANAGEMENT = "111122223333", "999999999999"
FULL = "p-FullAWSAccess"


def scp(policy_id, *statements, content=True):
    return {
        "id": policy_id,
        "name": policy_id.removeprefix("p-"),
        "type": "SERVICE_CONTROL_POLICY",
        "content": {"Version": "2012-10-17", "Statement": list(statements)} if content else None,
    }


def deny(action, **more):
    return {"Effect": "Deny", "Action": action, "Resource": "*", **more}


@pytest.fixture
def idle(make):
    """Run every check over an organization: policies, and what is attached to root, unit and accounts."""

    def run(*policies, root=(), unit=(), account=(), management=(), enabled=True, check="GRD-06"):
        nodes = [
            {"id": "r-1", "name": "Root", "policy_ids": [FULL, *root]},
            {"id": "ou-1", "name": "Workloads", "parent_id": "r-1", "policy_ids": [FULL, *unit]},
            {"id": OWN, "name": "app", "parent_id": "ou-1", "policy_ids": [FULL, *account]},
            {"id": MANAGEMENT, "name": "main", "parent_id": "r-1", "policy_ids": [FULL, *management]},
        ]
        tree = {
            "id": "o-acme",
            "management_account_id": MANAGEMENT,
            "nodes": nodes,
            "policies": policies,
            "scps_enabled": enabled,
        }
        return make.findings(check, beside={"organization": Organization.model_validate(tree)})

    return run


def test_grd_06_attached_nowhere(idle):
    (one,) = idle(scp("p-trail", deny("cloudtrail:StopLogging")))
    assert one.sentence == "trail is not attached to any root, organizational unit or account."
    assert one.subject_kind == "service control policy"


def test_grd_06_attached_to_the_management_account_alone(idle):
    (one,) = idle(scp("p-trail", deny("cloudtrail:StopLogging")), management=["p-trail"])
    assert one.sentence == "trail is attached only to main, where there is no member account."


def test_grd_06_not_enabled(idle):
    (one,) = idle(scp("p-trail", deny("cloudtrail:StopLogging")), root=["p-trail"], enabled=False)
    assert one.sentence == "trail has no effect: service control policies are not enabled."


def test_grd_06_says_what_another_says(idle):
    policies = [scp("p-all", deny("cloudtrail:*")), scp("p-trail", deny("cloudtrail:StopLogging"))]
    (one,) = idle(*policies, root=["p-all"], unit=["p-trail"])
    assert one.sentence == "trail has no effect on 1 account: all covers all of its statements."
    assert one.evidence[0].statement.policy_name == "all"
    same = [scp("p-a", deny("cloudtrail:*")), scp("p-b", deny("cloudtrail:*"))]
    (one,) = idle(*same, root=["p-a", "p-b"])
    assert one.subject_name == "b"


def test_grd_06_a_variable_is_literal_text_in_the_older_version(idle):
    homes = "arn:aws:s3:::home/${aws:username}/*"
    one, other = (scp(name, {**deny("s3:*"), "Resource": homes}) for name in ("p-a", "p-b"))
    del other["content"]["Version"]
    assert not idle(one, other, root=["p-a", "p-b"])
    other["content"]["Version"] = "2012-10-17"
    assert [found.subject_name for found in idle(one, other, root=["p-a", "p-b"])] == ["b"]


def test_grd_06_an_allow_beside_full_access(idle):
    (one,) = idle(scp("p-some", {"Effect": "Allow", "Action": ["s3:*", "ec2:*"], "Resource": "*"}), unit=["p-some"])
    assert one.sentence == "some has no effect on 1 account: FullAWSAccess covers all of its statements."


def test_grd_06_policies_that_hold_something_back(idle):
    policies = [
        scp("p-trail", deny("cloudtrail:*")),
        scp("p-region", deny("*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})),
    ]
    assert not idle(*policies, root=["p-trail"], account=["p-region"])
    narrower = [scp("p-all", deny("cloudtrail:StopLogging")), scp("p-trail", deny("cloudtrail:*"))]
    assert [one.subject_name for one in idle(*narrower, root=["p-all", "p-trail"])] == ["all"]


def test_grd_06_what_the_snapshot_does_not_hold_cannot_be_told(idle):
    (one,) = idle(scp("p-trail", content=False), root=["p-trail"])
    assert one.state is State.INCONCLUSIVE


def test_grd_06_is_not_run_without_the_organization(make):
    assert not make.findings("GRD-06")
    assert [one for one in make.findings("CMP-13") if "GRD-06" in one.sentence]


@pytest.mark.parametrize("statement", [deny("*", Condition={"StringLike": {"aws:PrincipalArn": "*:root"}})])
def test_rot_05_a_policy_that_denies_the_root_user(idle, statement):
    assert not idle(scp("p-root", statement), root=["p-root"], check="ROT-05")


def test_rot_05_a_root_user_that_nothing_holds_back(idle):
    (one,) = idle(scp("p-trail", deny("iam:*")), root=["p-trail"], check="ROT-05")
    assert one.sentence == (
        "No service control policy denies s3:PutBucketPolicy or dynamodb:DeleteTable to the root user of "
        "member account "
        f"{OWN}."
    )


def test_rot_05_what_hangs_on_the_request_cannot_be_told(idle):
    office = deny("*", Condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
    (one,) = idle(scp("p-office", office), root=["p-office"], check="ROT-05")
    assert one.state is State.INCONCLUSIVE
    assert "depends on aws:SourceIp" in one.sentence


def test_rot_05_is_not_run_without_the_organization(make):
    assert not make.findings("ROT-05")
    assert [one for one in make.findings("CMP-13") if "ROT-05" in one.sentence]


@pytest.mark.parametrize(
    ("allowed", "lacking"),
    [
        (["ec2:*", "s3:*"], "sqs"),
        (["ec2:*"], "s3 and sqs"),
        (["*"], ""),
        (["s3:GetObject", "sqs:*"], ""),
    ],
)
def test_grd_07_a_service_in_use_that_a_level_does_not_allow(make, allowed, lacking):
    listed = make.document(make.allow(allowed))
    full = make.document(make.allow("*"))
    kind = "SERVICE_CONTROL_POLICY"
    organization = Organization.model_validate(
        {
            "id": "o-acme",
            "management_account_id": "999999999999",
            "nodes": [
                {"id": "r-1", "policy_ids": ["p-full"]},
                {"id": make.account, "name": "prod", "parent_id": "r-1", "policy_ids": ["p-list"]},
            ],
            "policies": [
                {"id": "p-full", "name": "full", "type": kind, "content": full},
                {"id": "p-list", "name": "list", "type": kind, "content": listed},
            ],
        }
    )
    used = {"LastAuthenticated": "2026-02-01T00:00:00+00:00"}
    services = [
        {"ServiceNamespace": "s3", **used},
        {"ServiceNamespace": "sqs", **used},
        {"ServiceNamespace": "sns"},
    ]
    report = {"arn": make.arn("user/anchor"), "services": services}
    found = make.findings("GRD-07", facts={"last_accessed": [report]}, beside={"organization": organization})
    assert [one.sentence for one in found] == (
        [f"The account uses {lacking}, which no service control policy of prod allows."] if lacking else []
    )
    assert not make.findings("GRD-07", beside={"organization": organization})
