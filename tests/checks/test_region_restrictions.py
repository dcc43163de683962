"""GRD-08, GRD-09: Region locks that leak, and an organization without resource control policies."""

import pytest

from iamdesk.checks.finding import State
from iamdesk.snapshot.organization import Organization

OWN, MANAGEMENT = "111122223333", "999999999999"
FULL = "p-FullAWSAccess"
HOME = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}


def policy(policy_id, *statements, kind="SERVICE_CONTROL_POLICY", **more):
    content = {"Version": "2012-10-17", "Statement": list(statements)}
    return {"id": policy_id, "name": policy_id.removeprefix("p-"), "type": kind, "content": content, **more}


EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def lock(**more):
    return policy("p-home", {"Effect": "Deny", "Resource": "*", "Condition": HOME, **more})


@pytest.fixture
def told(make):
    def run(check, *policies, attached=("p-home",), **more):
        nodes = [
            {"id": "r-1", "policy_ids": [FULL, *attached]},
            {"id": OWN, "parent_id": "r-1", "policy_ids": [FULL]},
            {"id": MANAGEMENT, "parent_id": "r-1", "policy_ids": [FULL]},
        ]
        tree = {
            "id": "o-acme",
            "management_account_id": MANAGEMENT,
            "nodes": nodes,
            "policies": [policy(FULL, EVERYTHING, aws_managed=True), *policies],
            **more,
        }
        return make.findings(check, beside={"organization": Organization.model_validate(tree)})

    return run


def test_grd_08_services_that_the_lock_leaves_out(told):
    (one,) = told("GRD-08", lock(NotAction=["iam:*", "sts:*", "s3:*", "sqs:*"]))
    assert one.sentence == (
        "The Region restriction of account 111122223333 (home) does not deny s3:CreateBucket and sqs:CreateQueue in "
        "ap-southeast-2."
    )
    assert one.evidence[0].decision.request.context["aws:RequestedRegion"] == "ap-southeast-2"


def test_grd_08_global_services_left_out_and_no_lock_at_all(told):
    assert not told("GRD-08", lock(NotAction=["iam:*", "sts:*", "organizations:*", "route53:*", "support:*"]))
    assert not told("GRD-08", policy("p-home", {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}))


def test_grd_08_what_another_policy_denies_does_not_leak(told):
    second = policy("p-queues", {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"})
    leaking = lock(NotAction=["iam:*", "sqs:*"])
    assert told("GRD-08", leaking, second)
    assert not told("GRD-08", leaking, second, attached=("p-home", "p-queues"))


def test_grd_08_under_conditions_it_cannot_be_told(told):
    office = {**HOME, "StringEquals": {"aws:SourceVpce": "vpce-1"}}
    (one,) = told("GRD-08", policy("p-home", {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": office}))
    assert one.state is State.INCONCLUSIVE
    assert "depends on aws:SourceVpce" in one.sentence


RCP = "RESOURCE_CONTROL_POLICY"


def test_grd_09_none_at_all_and_none_attached(told):
    ours = policy("p-ours", {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*"}, kind=RCP)
    kept = policy("p-RCPFullAWSAccess", EVERYTHING, kind=RCP, aws_managed=True)
    (one,) = told("GRD-09", kept, attached=("p-RCPFullAWSAccess",))
    assert one.sentence.endswith(": the only one is the default RCPFullAWSAccess.")
    (one,) = told("GRD-09", ours, attached=())
    assert one.sentence.endswith(": none of its own is attached.")
    assert not told("GRD-09", ours, attached=("p-ours",))


def test_grd_09_not_captured(told):
    (one,) = told("GRD-09", attached=(), has_rcps=False)
    assert one.state is State.INCONCLUSIVE


@pytest.mark.parametrize("check", ["GRD-08", "GRD-09"])
def test_without_the_organization_they_are_not_run(make, check):
    assert not make.findings(check)
    assert [one for one in make.findings("CMP-13") if check in one.sentence]
