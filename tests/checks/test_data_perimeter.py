"""GRD-10 and GRD-13: data perimeters with gaps, and accounts that can leave the organization."""

import pytest

from iamdesk.checks.finding import Severity, State
from iamdesk.snapshot.organization import Organization

OWN, MANAGEMENT = "111122223333", "999999999999"
FULL = "p-FullAWSAccess"
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
RESOURCES = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": "o-acme"}}
PRINCIPALS = {
    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-acme"},
    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
}
NETWORKS = {
    "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
    "StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"},
    "BoolIfExists": {"aws:ViaAWSService": "false"},
}


def policy(policy_id, *statements, kind=SCP, **more):
    content = {"Version": "2012-10-17", "Statement": list(statements)}
    return {"id": policy_id, "name": policy_id.removeprefix("p-"), "type": kind, "content": content, **more}


def deny(condition=None, actions="*", kind=SCP):
    statement = {"Effect": "Deny", "Action": actions, "Resource": "*"}
    if condition:
        statement["Condition"] = condition
    if kind == RCP:
        statement["Principal"] = "*"
    return policy("p-perimeter", statement, kind=kind)


FULL_ACCESS = policy(FULL, EVERYTHING, aws_managed=True)


@pytest.fixture
def told(make):
    def run(check, *policies, management=MANAGEMENT, full=FULL_ACCESS, **parts):
        attached = [one["id"] for one in policies]
        nodes = [
            {"id": "r-1", "policy_ids": [FULL, *attached]},
            {"id": OWN, "parent_id": "r-1", "policy_ids": [FULL]},
            {"id": MANAGEMENT, "parent_id": "r-1", "policy_ids": [FULL]},
        ]
        tree = {
            "id": "o-acme",
            "management_account_id": management,
            "nodes": nodes,
            "policies": [full, *policies],
        }
        return make.findings(check, beside={"organization": Organization.model_validate(tree)}, **parts)

    return run


def test_grd_10_a_perimeter_of_resources_that_leaves_out_services(told):
    assert not told("GRD-10", deny(RESOURCES))
    (one,) = told("GRD-10", deny(RESOURCES, ["s3:*", "dynamodb:*", "kinesis:*", "events:*", "lambda:*"]))
    assert one.sentence == (
        "The perimeter that keeps principals of account 111122223333 from resources outside the organization "
        "(perimeter) does not deny sqs:SendMessage and sns:Publish."
    )
    assert (one.severity, one.state) == (Severity.MEDIUM, State.FOUND)
    request = one.evidence[0].decision.request
    assert request.resource.split(":")[4] not in (OWN, MANAGEMENT)


def test_grd_10_what_no_policy_allows_does_not_leak(told):
    some = {"Effect": "Allow", "Action": ["s3:*", "sqs:*"], "Resource": "*"}
    (one,) = told("GRD-10", deny(RESOURCES, "s3:*"), full=policy(FULL, some))
    assert one.sentence.endswith("(perimeter) does not deny sqs:SendMessage.")


def test_grd_10_a_perimeter_of_principals_that_leaves_out_services(told):
    assert not told("GRD-10", deny(PRINCIPALS, kind=RCP))
    (one,) = told("GRD-10", deny(PRINCIPALS, ["s3:*", "sqs:*", "kms:*", "secretsmanager:*"], kind=RCP))
    assert one.sentence == (
        "The perimeter that keeps principals outside the organization from resources of account 111122223333 "
        "(perimeter) does not deny dynamodb:GetItem, ecr:BatchGetImage and sts:AssumeRole."
    )


def test_grd_10_a_perimeter_of_networks_that_leaves_out_services(told):
    assert not told("GRD-10", deny(NETWORKS))
    statement = {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*", "Condition": NETWORKS}
    (one,) = told("GRD-10", policy("p-net", statement))
    assert one.sentence == (
        "The perimeter that restricts principals of account 111122223333 to expected networks (net) does not deny "
        "iam:ListUsers from elsewhere."
    )


def test_grd_10_what_depends_on_other_keys_cannot_be_told(told):
    (one,) = told("GRD-10", deny({**RESOURCES, "StringEquals": {"aws:UserAgent": "x"}}))
    assert one.state is State.INCONCLUSIVE
    assert "depends on" in one.sentence
    assert "aws:UserAgent" in one.sentence


def test_grd_10_without_a_perimeter_nothing_is_said(told):
    assert not told("GRD-10")
    assert not told("GRD-10", deny(None, "sqs:*"))
    # The policies do not apply to the management account.
    assert not told("GRD-10", deny(RESOURCES, "s3:*"), management=OWN)


def test_grd_13_who_can_leave_the_organization(told, make):
    users = [make.user("eva", make.allow("organizations:*")), make.user("ana", make.allow("s3:*"))]
    (one,) = told("GRD-13", users=users)
    assert one.sentence == (
        "No service control policy prevents account 111122223333 from leaving the organization: the root user and eva "
        "can call organizations:LeaveOrganization."
    )
    assert one.evidence[0].decision.request.principal == f"arn:aws:iam::{OWN}:root"
    (alone,) = told("GRD-13")
    assert alone.sentence.endswith("the root user can call organizations:LeaveOrganization.")


def test_grd_13_a_policy_prevents_it(told, make):
    users = [make.user("eva", make.allow("organizations:*"))]
    assert not told("GRD-13", deny(None, "organizations:LeaveOrganization"), users=users)
    assert not told("GRD-13", users=users, management=OWN)
    (one,) = told("GRD-13", deny({"StringEquals": {"aws:UserAgent": "x"}}, "organizations:*"))
    assert one.state is State.INCONCLUSIVE
