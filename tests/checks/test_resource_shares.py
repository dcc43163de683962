"""RES-09, RES-10, RES-15: buckets that take plain HTTP, shares and access grants that leave the organization."""

import pytest

from iamdesk.checks.finding import Severity, State
from iamdesk.snapshot.organization import Organization
from iamdesk.snapshot.resource_shares import ResourceShares
from iamdesk.snapshot.workloads import AccountWorkloads, RoleUsage, Workload, WorkloadKind, WorkloadRole

BUCKET = "arn:aws:s3:::payroll"
SHARE = "arn:aws:ram:eu-west-1:111122223333:resource-share/1"
SUBNET = "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1"
OTHER = "444455556666"


def only_tls(**more):
    test = {"Bool": {"aws:SecureTransport": "false"}}
    everywhere = [BUCKET, f"{BUCKET}/*"]
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everywhere, "Condition": test, **more}


def buckets(make, *statements):
    return {"resources": (make.resource(BUCKET, *statements),)}


def test_res_09_a_bucket_without_the_statement(make):
    (one,) = make.findings("RES-09", beside=buckets(make))
    assert one.sentence == "1 bucket accepts requests without TLS: payroll."
    assert one.evidence[0].decision.request.context["aws:SecureTransport"] == "false"


@pytest.mark.parametrize(
    ("more", "count"),
    [({}, 0), ({"Resource": BUCKET}, 1), ({"Action": "s3:PutObject"}, 1), ({"Effect": "Allow"}, 1)],
    ids=["denied", "the bucket alone", "writing alone", "no Deny"],
)
def test_res_09_differs_in_one_thing(make, more, count):
    assert len(make.findings("RES-09", beside=buckets(make, only_tls(**more)))) == count


def shares(principal=OTHER, external=True, status="ASSOCIATED", owner="111122223333"):
    share = {"resourceShareArn": SHARE, "name": "network", "owningAccountId": owner}
    given = {"resourceShareArn": SHARE, "resourceShareName": "network", "status": status}
    associations = [
        {**given, "associatedEntity": principal, "associationType": "PRINCIPAL", "external": external},
        {**given, "associatedEntity": SUBNET, "associationType": "RESOURCE"},
    ]
    held = {"account_id": "111122223333", "region": "eu-west-1", "shares": [share], "associations": associations}
    return {"resource_shares": (ResourceShares.model_validate(held),)}


def test_res_10_a_share_with_an_account_of_outside(make):
    (one,) = make.findings("RES-10", beside=shares())
    assert one.sentence == (
        "The resource share network in eu-west-1 shares 1 resource with 444455556666, which is outside the "
        "organization."
    )
    assert one.evidence[1].text == f"Shared: {SUBNET}."


@pytest.mark.parametrize(
    "more", [{"external": False}, {"status": "DISASSOCIATED"}, {"owner": OTHER}], ids=["inside", "gone", "of others"]
)
def test_res_10_differs_in_one_thing(make, more):
    assert not make.findings("RES-10", beside=shares(**more))


def organization(*accounts, complete=True):
    nodes = [{"id": "r-1"}, *({"id": one, "parent_id": "r-1"} for one in ("111122223333", *accounts))]
    tree = {"id": "o-1", "management_account_id": "111122223333", "nodes": nodes, "lists_every_account": complete}
    return {"organization": Organization.model_validate(tree)}


def test_res_10_where_ram_does_not_say_the_organization_does(make):
    told = shares(external=None)
    (one,) = make.findings("RES-10", beside={**told, **organization()})
    assert one.state is State.FOUND
    assert not make.findings("RES-10", beside={**told, **organization(OTHER)})
    (one,) = make.findings("RES-10", beside=told)
    assert one.state is State.INCONCLUSIVE


@pytest.mark.parametrize("check", ["RES-09", "RES-10"])
def test_without_their_data_they_are_not_run(make, check):
    assert not make.findings(check)
    assert [one for one in make.findings("CMP-13") if check in one.sentence]


INSTANCE = "arn:aws:s3:eu-west-1:111122223333:access-grants/default"
STRANGER = f"arn:aws:iam::{OTHER}:role/analyst"


def granted(make, to, *instances):
    grant = Workload(
        region="eu-west-1",
        kind=WorkloadKind.ACCESS_GRANT,
        arn=f"{INSTANCE}/grant/1",
        roles=(WorkloadRole(to, RoleUsage.MAPS),),
        detail="READ s3://payroll/2026/*",
    )
    held = {"111122223333": AccountWorkloads(account_id="111122223333", workloads=(grant,))}
    return make.findings("RES-15", beside={"workloads": held, "resources": instances})


def lets_in(principal):
    return {"Effect": "Allow", "Principal": principal, "Action": "s3:GetDataAccess", "Resource": INSTANCE}


def test_res_15_a_grant_to_another_account(make):
    (one,) = granted(make, STRANGER, make.resource(INSTANCE, lets_in({"AWS": OTHER})))
    assert one.sentence == (
        f"S3 Access Grants in eu-west-1 gives {STRANGER}, which is not in the snapshot, READ s3://payroll/2026/*."
    )
    assert (one.severity, one.state) == (Severity.HIGH, State.FOUND)
    assert one.evidence[0].decision.request.principal == STRANGER


@pytest.mark.parametrize(
    "to",
    ["arn:aws:iam::111122223333:role/app", "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"],
    ids=["own account", "user of IAM Identity Center"],
)
def test_res_15_grants_inside_are_none(make, to):
    assert not granted(make, to, make.resource(INSTANCE, lets_in({"AWS": OTHER})))


def test_res_15_without_the_policy_of_the_instance(make):
    assert not granted(make, STRANGER, make.resource(INSTANCE))
    assert not granted(make, STRANGER, make.resource(INSTANCE, lets_in({"AWS": "777788889999"})))
    for instances in ((), (make.resource(INSTANCE, is_policy_captured=False),)):
        (one,) = granted(make, STRANGER, *instances)
        assert one.state is State.INCONCLUSIVE
