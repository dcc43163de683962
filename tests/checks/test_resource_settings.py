"""RES-12 to RES-14 and GRD-12: settings beside policies."""

import pytest

from iamdesk.checks.finding import Severity, State
from iamdesk.snapshot.resources import AccountSettings, ObjectOwnership, PublicAccessBlock, VpcEndpoint

EVERY = {"block_public_acls": True, "ignore_public_acls": True, "block_public_policy": True}
BLOCKED = PublicAccessBlock(**EVERY, restrict_public_buckets=True)
OPEN = PublicAccessBlock(**EVERY)
BUCKET = "arn:aws:s3:::payroll"


def settings(block):
    return (AccountSettings(account_id="111122223333", public_access_block=block),)


def test_res_12_an_account_and_a_bucket_without_a_setting(make):
    bucket = make.resource(BUCKET, public_access_block=OPEN)
    closed = make.resource("arn:aws:s3:::closed", public_access_block=BLOCKED)
    beside = {"resources": (bucket, closed), "account_settings": settings(OPEN)}
    (one,) = make.findings("RES-12", beside=beside)
    assert one.sentence == "S3 Block Public Access is enabled neither for the account nor for 1 bucket: payroll."
    assert one.severity is Severity.MEDIUM
    assert one.evidence[1].text == "Off for payroll: RestrictPublicBuckets."
    assert "--account-id 111122223333" in one.remediation_command


def test_res_12_buckets_that_block_public_access_themselves(make):
    bucket = make.resource(BUCKET, public_access_block=BLOCKED)
    (one,) = make.findings("RES-12", beside={"resources": (bucket,), "account_settings": settings(OPEN)})
    assert one.sentence == "S3 Block Public Access is not enabled for the account: RestrictPublicBuckets."
    assert one.severity is Severity.LOW


def test_res_12_an_account_that_blocks_public_access(make):
    bucket = make.resource(BUCKET, public_access_block=OPEN)
    assert not make.findings("RES-12", beside={"resources": (bucket,), "account_settings": settings(BLOCKED)})


def test_res_12_an_account_whose_settings_are_not_known(make):
    bucket = make.resource(BUCKET, public_access_block=OPEN)
    (one,) = make.findings("RES-12", beside={"resources": (bucket,), "account_settings": settings(None)})
    assert one.state is State.INCONCLUSIVE
    assert one.sentence == (
        "Whether S3 Block Public Access protects 1 bucket cannot be determined: it is not enabled for payroll, and the "
        "settings of the account were not captured."
    )
    assert one.evidence[0].text == "Off for payroll: RestrictPublicBuckets."
    closed = make.resource(BUCKET, public_access_block=BLOCKED)
    assert not make.findings("RES-12", beside={"resources": (closed,), "account_settings": settings(None)})


def test_res_13_buckets_whose_lists_count(make):
    buckets = [
        make.resource(f"arn:aws:s3:::{ownership.value.lower()}", object_ownership=ownership)
        for ownership in ObjectOwnership
    ]
    buckets.append(make.resource("arn:aws:s3:::unknown"))
    (one,) = make.findings("RES-13", beside={"resources": tuple(buckets)})
    assert one.sentence == ("Access control lists are enabled for 2 buckets: bucketownerpreferred and objectwriter.")
    assert not make.findings("RES-13", beside={"resources": (buckets[0], buckets[-1])})


def endpoint(make, *statements, owner="111122223333"):
    policy = make.document(*statements) if statements else None
    name = "com.amazonaws.eu-west-1.s3"
    return VpcEndpoint(vpc_endpoint_id="vpce-1", service_name=name, owner_id=owner, policy_document=policy)


@pytest.mark.parametrize("action", ["*", "**"])
def test_grd_12_an_endpoint_that_allows_everything(make, action):
    everything = {**make.allow(action), "Principal": "*"}
    (one,) = make.findings("GRD-12", beside={"vpc_endpoints": (endpoint(make, everything),)})
    assert one.sentence == ("The policy of 1 VPC endpoint allows every request: vpce-1 (com.amazonaws.eu-west-1.s3).")


@pytest.mark.parametrize(
    "statements",
    [
        lambda _make: [],
        lambda make: [{**make.allow("s3:*"), "Principal": "*"}],
        lambda make: [{**make.allow("*", "arn:aws:s3:::payroll"), "Principal": "*"}],
        lambda make: [{**make.allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), "Principal": "*"}],
        lambda make: [{**make.allow("*"), "Principal": "*"}, {**make.deny("s3:*"), "Principal": "*"}],
    ],
)
def test_grd_12_endpoints_with_limits(make, statements):
    assert not make.findings("GRD-12", beside={"vpc_endpoints": (endpoint(make, *statements(make)),)})
    everything = {**make.allow("*"), "Principal": "*"}
    other = endpoint(make, everything, owner="444455556666")
    assert not make.findings("GRD-12", beside={"vpc_endpoints": (other,)})


API = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5"


def apis(make, types, *statements, **more):
    resource = make.resource(API, *statements, authorization_types=types, **more)
    return make.findings("RES-14", beside={"resources": (resource,)})


def test_res_14_routes_without_authorization(make):
    types = (("GET /orders", "NONE"), ("OPTIONS /orders", "NONE"), ("POST /orders", "AWS_IAM"), ("$default", "JWT"))
    (one,) = apis(make, types)
    assert (
        one.sentence == "Anyone who reaches a1b2c3d4e5 can call 1 method or route without authorization: GET /orders."
    )
    assert (one.severity, one.state) == (Severity.MEDIUM, State.FOUND)
    assert not apis(make, types[1:])
    assert not apis(make, None)


def test_res_14_of_a_websocket_api_connect_alone_authorizes(make):
    assert not apis(make, (("$connect", "AWS_IAM"), ("$default", "NONE"), ("send", "NONE")))
    (one,) = apis(make, (("$connect", "NONE"), ("$default", "NONE")))
    assert "$connect" in one.sentence
    assert "$default" not in one.sentence


def test_res_14_a_resource_policy_decides_instead(make):
    invoke = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    assert not apis(make, (("GET /", "NONE"),), invoke)
    (one,) = apis(make, (("GET /", "NONE"),), is_policy_captured=False)
    assert one.state is State.INCONCLUSIVE
