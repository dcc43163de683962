"""RES-01 to RES-03: resources that outsiders reach."""

import pytest

from iamdesk.checks import public_access
from iamdesk.checks.external_trust import external_callers
from iamdesk.checks.finding import Severity, State
from iamdesk.snapshot.organization import Organization
from iamdesk.snapshot.resources import AccountSettings, FunctionUrl, PublicAccessBlock

BUCKET = "arn:aws:s3:::payroll"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:jobs"
STORE = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
OTHER = "444455556666"
ALL_BLOCKED = PublicAccessBlock(
    block_public_acls=True, ignore_public_acls=True, block_public_policy=True, restrict_public_buckets=True
)


def to(principal, action, resource, **more):
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}


@pytest.fixture
def held(make):
    """Run every check over an account with these resources, and return what one of them found."""

    def run(check, *resources, **beside):
        return make.findings(check, beside={"resources": resources, **beside})

    return run


def test_res_01_a_bucket_that_anybody_reads(held, make):
    (one,) = held("RES-01", make.resource(BUCKET, to("*", "s3:GetObject", f"{BUCKET}/*")))
    assert one.sentence == "Anyone on the Internet can perform s3:GetObject on payroll."
    assert (one.severity, one.state) == (Severity.CRITICAL, State.FOUND)
    assert one.subject_key == BUCKET
    assert one.evidence[0].decision.request.principal == "anonymous"
    assert one.evidence[-1].text == "The policy is public: statement 1 applies to everyone and has no condition."


def test_res_01_a_prefix_that_anybody_reads(held, make):
    (one,) = held("RES-01", make.resource(BUCKET, to("*", "s3:GetObject", f"{BUCKET}/public/*")))
    assert one.evidence[0].decision.request.resource.startswith(f"{BUCKET}/public/")


def test_res_01_an_access_control_list_for_all_users(held, make):
    grant = {"permission": "READ", "uri": "http://acs.amazonaws.com/groups/global/AllUsers"}
    (one,) = held("RES-01", make.resource(BUCKET, acl=[grant], object_ownership="ObjectWriter"))
    assert (one.sentence, one.severity) == (
        "Anyone on the Internet can perform s3:ListBucket, s3:ListBucketMultipartUploads and s3:ListBucketVersions on "
        "payroll.",
        Severity.HIGH,
    )


def test_res_01_a_condition_that_callers_choose_holds_nobody_back(held, make):
    condition = {"StringEquals": {"aws:Referer": "https://example.com/"}}
    (one,) = held("RES-01", make.resource(BUCKET, to("*", "s3:GetObject", f"{BUCKET}/*", Condition=condition)))
    assert (
        one.sentence
        == "Anyone on the Internet can perform s3:GetObject on payroll, with a value of their choice for aws:Referer."
    )


def test_a_function_that_any_account_invokes_and_one_that_its_url_opens(held, make):
    function = "arn:aws:lambda:eu-west-1:111122223333:function:resize"
    invoke = make.resource(function, to("*", "lambda:InvokeFunction", function))
    assert not held("RES-01", invoke)  # calls without a signature come through a function URL, if it lets them
    (one,) = held("RES-02", invoke)
    assert one.sentence == "Anyone with an AWS account can perform lambda:InvokeFunction on function:resize."
    none = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
    through = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
    url = make.resource(
        function,
        to("*", "lambda:InvokeFunctionUrl", function, Condition=none),
        to("*", "lambda:InvokeFunction", function, Condition=through),
    )
    (one,) = held("RES-01", url)
    assert "lambda:InvokeFunctionUrl on function:resize" in one.sentence
    assert one.state is State.INCONCLUSIVE
    address = {"FunctionArn": function, "FunctionUrl": "https://x.lambda-url.eu-west-1.on.aws/"}
    for kind, expected in (("NONE", [State.FOUND]), ("AWS_IAM", [])):
        captured = url.model_copy(update={"function_urls": (FunctionUrl(**address, AuthType=kind),)})
        assert [one.state for one in held("RES-01", captured)] == expected


def test_what_only_the_owner_does_does_not_stand_for_what_others_may(held, make):
    """s3:PutBucketPolicy works in the owner's account alone; s3:PutBucketAcl, of the same level, does not."""
    actions = ["s3:PutBucketPolicy", "s3:PutBucketAcl"]
    (one,) = held("RES-03", make.resource(BUCKET, to({"AWS": f"arn:aws:iam::{OTHER}:root"}, actions, BUCKET)))
    assert "s3:PutBucketAcl" in one.sentence
    table = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
    settings = to({"AWS": f"arn:aws:iam::{OTHER}:root"}, "dynamodb:UpdateTimeToLive", "*")
    assert not held("RES-03", make.resource(table, settings))


def test_res_01_block_public_access_holds(held, make):
    open_bucket = make.resource(BUCKET, to("*", "s3:GetObject", f"{BUCKET}/*"))
    blocked = PublicAccessBlock(restrict_public_buckets=True)
    assert not held("RES-01", open_bucket.model_copy(update={"public_access_block": blocked}))
    settings = (AccountSettings(account_id="111122223333", public_access_block=blocked),)
    assert not held("RES-01", open_bucket, account_settings=settings)


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
        {"IpAddress": {"aws:SourceIp": ["fe80::/10", "224.0.0.0/3"]}},
        {"IpAddress": {"aws:SourceIp": ["198.51.100.77", "192.0.2.0/24", "9.0.0.0/8", "2001:db8::/32"]}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-acme"}},
        {"StringEquals": {"aws:PrincipalAccount": "111122223333"}},
    ],
)
def test_res_01_conditions_that_hold_strangers_back(held, make, condition):
    bucket = make.resource(BUCKET, to("*", "s3:GetObject", f"{BUCKET}/*", Condition=condition))
    found = held("RES-01", bucket) + held("RES-02", bucket)
    assert not [one for one in found if one.state is State.FOUND]


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/7", "2000::/3"])
def test_res_01_a_range_that_s3_calls_public_holds_nobody_back(held, make, network):
    condition = {"IpAddress": {"aws:SourceIp": [network, "198.51.100.0/24"]}}
    (one,) = held("RES-01", make.resource(BUCKET, to("*", "s3:GetObject", f"{BUCKET}/*", Condition=condition)))
    assert one.sentence == "Anyone on the Internet can perform s3:GetObject on payroll."


@pytest.mark.parametrize(
    "condition",
    [
        {"NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24", "192.0.2.0/24"]}},
        {"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
        {"IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}},
    ],
)
def test_res_01_all_addresses_but_some(held, make, condition):
    (one,) = held("RES-01", make.resource(BUCKET, to("*", "s3:GetObject", f"{BUCKET}/*", Condition=condition)))
    assert one.state is State.FOUND


def test_res_01_named_principals_and_denials(held, make):
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [BUCKET, f"{BUCKET}/*"]}
    assert not held("RES-01", make.resource(BUCKET, to("*", "s3:GetObject", f"{BUCKET}/*"), deny))
    assert not held("RES-01", make.resource(BUCKET, to({"AWS": "111122223333"}, "s3:GetObject", f"{BUCKET}/*")))


@pytest.mark.parametrize(
    ("effect", "condition", "expected"),
    [
        ("Allow", {"StringLike": {"aws:PrincipalOrgID": "o-*"}}, "RES-02"),
        ("Allow", {"StringLikeIfExists": {"aws:PrincipalOrgID": "o-*"}}, "RES-01"),
        ("Allow", {"Null": {"aws:PrincipalOrgID": "false"}}, "RES-02"),
        ("Allow", {"Null": {"aws:PrincipalOrgID": "true"}}, "RES-01"),
        ("Allow", {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*"}}, "RES-02"),
        ("Deny", {"Null": {"aws:PrincipalOrgID": "true"}}, "RES-02"),
        ("Deny", {"Null": {"aws:PrincipalOrgID": "false"}}, "RES-01"),
        ("Deny", {"StringNotLike": {"aws:PrincipalOrgID": "o-*"}}, "RES-02"),
        ("Deny", {"StringNotLikeIfExists": {"aws:PrincipalOrgID": "o-*"}}, "RES-02"),
        ("Deny", {"StringLike": {"aws:PrincipalOrgID": "o-*"}}, "RES-01"),
    ],
)
def test_requests_without_a_signature_are_of_no_organization(held, make, effect, condition, expected):
    """IAM User Guide, "AWS global condition context keys"."""
    allowed = to("*", "s3:GetObject", f"{BUCKET}/*", **({"Condition": condition} if effect == "Allow" else {}))
    denied = {**to("*", "s3:*", [BUCKET, f"{BUCKET}/*"], Condition=condition), "Effect": "Deny"}
    bucket = make.resource(BUCKET, allowed, *([denied] if effect == "Deny" else []))
    found = {check: held(check, bucket) for check in ("RES-01", "RES-02")}
    assert {check: [one.state for one in results] for check, results in found.items() if results} == {
        expected: [State.FOUND]
    }


def test_res_01_what_hangs_on_something_unknown_cannot_be_told(held, make):
    condition = {"StringEquals": {"s3:ExistingObjectTag/public": "yes"}}
    (one,) = held("RES-01", make.resource(BUCKET, to("*", "s3:GetObject", f"{BUCKET}/*", Condition=condition)))
    assert one.state is State.INCONCLUSIVE
    assert (
        one.sentence
        == "Whether anyone on the Internet can perform s3:GetObject on payroll depends on s3:ExistingObjectTag/public."
    )


@pytest.mark.parametrize("check", ["RES-01", "RES-02", "RES-03", "SVC-02"])
def test_without_resource_policies_the_checks_are_not_run(make, check):
    (not_run,) = [one for one in make.findings("CMP-13") if "resource policies" in one.sentence]
    assert check in not_run.sentence
    unread = make.resource(BUCKET, is_policy_captured=False)
    assert [
        one for one in make.findings("CMP-13", beside={"resources": (unread,)}) if "resource policies" in one.sentence
    ]


def test_res_02_every_account_but_not_the_anonymous(held, make):
    condition = {"StringNotEquals": {"aws:PrincipalType": "Anonymous"}}
    queue = make.resource(QUEUE, to("*", ["sqs:SendMessage", "sqs:ReceiveMessage"], QUEUE, Condition=condition))
    assert not held("RES-01", queue)
    (one,) = held("RES-02", queue)
    assert one.sentence == "Anyone with an AWS account can perform sqs:ReceiveMessage and sqs:SendMessage on jobs."
    assert one.severity is Severity.CRITICAL


def test_res_02_leaves_what_is_open_to_all_to_res_01(held, make):
    queue = make.resource(QUEUE, to("*", "sqs:SendMessage", QUEUE))
    assert len(held("RES-01", queue)) == 1
    assert not held("RES-02", queue)


def test_res_03_an_account_that_nobody_knows(held, make):
    secret = make.resource(STORE, to({"AWS": OTHER}, "secretsmanager:GetSecretValue", "*"))
    (one,) = held("RES-03", secret)
    assert one.sentence == (
        f"Account {OTHER}, which is not in the snapshot, can perform secretsmanager:GetSecretValue on secret:db-AbCdEf."
    )
    assert one.severity is Severity.HIGH


def test_res_03_a_federated_user_of_another_account(held, make):
    named = {"AWS": f"arn:aws:sts::{OTHER}:federated-user/ann"}
    (one,) = held("RES-03", make.resource(QUEUE, to(named, "sqs:SendMessage", QUEUE)))
    assert one.sentence == f"Account {OTHER}, which is not in the snapshot, can perform sqs:SendMessage on jobs."
    assert one.severity is Severity.HIGH


def test_res_03_conditions_make_it_medium(held, make):
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-vendor"}}
    (one,) = held("RES-03", make.resource(QUEUE, to({"AWS": OTHER}, "sqs:SendMessage", QUEUE, Condition=condition)))
    assert one.severity is Severity.MEDIUM
    assert one.sentence.endswith("on jobs, under a condition on aws:PrincipalOrgID.")


def test_res_03_own_accounts_are_no_outsiders(held, make):
    queue = make.resource(QUEUE, to({"AWS": OTHER}, "sqs:SendMessage", QUEUE))
    organization = Organization.model_validate(
        {
            "id": "o-acme",
            "management_account_id": "999999999999",
            "nodes": [{"id": "r-1"}, {"id": OTHER, "parent_id": "r-1"}],
        }
    )
    assert not held("RES-03", queue, organization=organization)
    only_ours = {"StringEquals": {"aws:PrincipalOrgID": "o-acme"}}
    external_principal = make.resource(
        QUEUE, to({"AWS": "222233334444"}, "sqs:SendMessage", QUEUE, Condition=only_ours)
    )
    assert not held("RES-03", external_principal, organization=organization)


def test_res_03_the_accounts_that_write_logs_of_load_balancers_are_aws_own(held, make):
    bucket = make.resource(BUCKET, to({"AWS": "arn:aws:iam::156460612806:root"}, "s3:PutObject", f"{BUCKET}/*"))
    (one,) = held("RES-03", bucket)
    assert one.severity is Severity.INFO
    assert one.sentence == "The Elastic Load Balancing account 156460612806 can perform s3:PutObject on payroll."


def test_res_03_a_deny_holds_outsiders_back(held, make):
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": QUEUE,
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}},
    }
    assert not held("RES-03", make.resource(QUEUE, to({"AWS": OTHER}, "sqs:SendMessage", QUEUE), deny))


REGION = "eu-west-1:111122223333"
TOPIC, DOMAIN = f"arn:aws:sns:{REGION}:alerts", f"arn:aws:es:{REGION}:domain/logs"
API = f"arn:aws:execute-api:{REGION}:a1b2c3"
TABLE, FUNCTION = f"arn:aws:dynamodb:{REGION}:table/orders", f"arn:aws:lambda:{REGION}:function:resize"
BUS = f"arn:aws:events:{REGION}:event-bus/orders"


@pytest.mark.parametrize(
    ("arn", "action", "written"),
    [
        (DOMAIN, "es:*", f"{DOMAIN}/*"),
        (DOMAIN, "es:ESHttpGet", f"{DOMAIN}/public/*"),
        (API, "execute-api:Invoke", f"{API}/*"),
        (API, "execute-api:Invoke", "execute-api:/*"),
        (API, "execute-api:Invoke", "execute-api:/prod/*"),
        (API, "execute-api:Invoke", "execute-api:/prod/GET/*"),
        (API, "execute-api:Invoke", "execute-api:/prod/GET/pets"),
        (BUCKET, "s3:GetObject", "arn:aws:s3:::pay*/public/*"),
        (BUCKET, ["s3:GetObject", "s3:GetObjectVersion"], f"{BUCKET}/*"),
    ],
)
def test_res_01_parts_of_a_resource(held, make, arn, action, written):
    assert [one.state for one in held("RES-01", make.resource(arn, to("*", action, written)))] == [State.FOUND]
    no = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": written}
    assert not held("RES-01", make.resource(arn, to("*", action, written), no))
    private = written.replace(arn, f"{arn}x") if arn in written else "arn:aws:s3:::other/*"
    assert not held("RES-01", make.resource(arn, to("*", action, private)))


def test_res_01_an_action_beside_a_denied_one_of_its_level(held, make):
    """s3:GetObject stands for reading; where it is denied, s3:GetObjectVersion still reads."""
    no = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    (one,) = held("RES-01", make.resource(BUCKET, to("*", "s3:Get*", f"{BUCKET}/*"), no))
    assert one.state is State.FOUND
    assert "s3:GetObjectVersion" in one.sentence or "s3:GetObjectAcl" in one.sentence


@pytest.mark.parametrize(
    ("arn", "action", "written"),
    [
        (FUNCTION, "lambda:InvokeFunction", f"{FUNCTION}:live"),
        (FUNCTION, "lambda:InvokeFunction", f"{FUNCTION}:*"),
        (TABLE, "dynamodb:Query", f"{TABLE}/index/*"),
        (f"{TABLE}/stream/2026-01-01", "dynamodb:GetRecords", f"{TABLE}/stream/2026-01-01"),
        (BUS, ["events:PutRule", "events:PutTargets"], f"arn:aws:events:{REGION}:rule/orders/*"),
    ],
)
def test_res_03_parts_of_a_resource(held, make, arn, action, written):
    (one,) = held("RES-03", make.resource(arn, to({"AWS": OTHER}, action, written)))
    assert f"Account {OTHER}" in one.sentence
    assert not held("RES-03", make.resource(arn, to({"AWS": "111122223333"}, action, written)))


def test_res_02_a_prefix_for_each_account_and_a_role_that_anybody_can_name(held, make):
    own_prefix = f"{BUCKET}/${{aws:PrincipalAccount}}/*"
    signed = {"StringNotEquals": {"aws:PrincipalType": "Anonymous"}}
    (one,) = held("RES-02", make.resource(BUCKET, to("*", "s3:PutObject", own_prefix, Condition=signed)))
    assert one.sentence == "Anyone with an AWS account can perform s3:PutObject on payroll."
    named = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy-*"}}
    assert held("RES-02", make.resource(QUEUE, to("*", "sqs:SendMessage", QUEUE, Condition=named)))
    ours = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/deploy-*"}}
    assert not held("RES-02", make.resource(QUEUE, to("*", "sqs:SendMessage", QUEUE, Condition=ours)))


def test_res_01_the_policies_that_aws_writes_itself_are_not_public(held, make):
    """SNS gives a topic this policy, and the EFS console a file system that one."""
    owner = {"StringEquals": {"AWS:SourceOwner": "111122223333"}}
    topic = to({"AWS": "*"}, ["SNS:Publish", "SNS:Subscribe", "SNS:Receive"], TOPIC, Condition=owner)
    file_system = f"arn:aws:elasticfilesystem:{REGION}:file-system/fs-1"
    mount = {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
    clients = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    console = to({"AWS": "*"}, clients, file_system, Condition=mount)
    for check in ("RES-01", "RES-02"):
        assert not held(check, make.resource(TOPIC, topic))
        assert not held(check, make.resource(file_system, console))
    elsewhere = {"StringEquals": {"AWS:SourceOwner": OTHER}}
    (one,) = held("RES-01", make.resource(TOPIC, {**topic, "Condition": elsewhere}))
    assert one.state is State.INCONCLUSIVE
    (one,) = held("RES-01", make.resource(file_system, {**console, "Condition": {}}))
    assert one.state is State.FOUND


def test_res_01_a_lattice_service_is_open_to_its_networks_not_to_the_internet(held, make):
    service = "arn:aws:vpc-lattice:eu-west-1:111122223333:service/svc-0abc"
    (one,) = held("RES-01", make.resource(service, to("*", "vpc-lattice-svcs:Invoke", "*")))
    assert one.sentence == (
        "Anyone in a VPC of its service networks can perform vpc-lattice-svcs:Invoke on service/svc-0abc."
    )
    assert one.severity is Severity.HIGH
    signed = {"StringNotEqualsIgnoreCase": {"aws:PrincipalType": "anonymous"}}
    held_back = make.resource(service, to("*", "vpc-lattice-svcs:Invoke", "*", Condition=signed))
    assert not held("RES-01", held_back)
    (external,) = held("RES-02", held_back)
    assert "vpc-lattice-svcs:Invoke" in external.sentence
    (named,) = held(
        "RES-03", make.resource(service, to({"AWS": OTHER}, "vpc-lattice-svcs:Invoke", f"{service}/orders"))
    )
    assert OTHER in named.sentence


def test_res_directory_buckets_are_never_public_but_can_be_shared(held, make):
    bucket = "arn:aws:s3express:eu-west-1:111122223333:bucket/fast--euw1-az1--x-s3"
    to_all = make.resource(bucket, to("*", "s3express:*", "*"), public_access_block=ALL_BLOCKED)
    assert not held("RES-01", to_all)
    assert not held("RES-02", to_all)
    shared = make.resource(bucket, to({"AWS": OTHER}, "s3express:*", bucket), public_access_block=ALL_BLOCKED)
    (finding,) = held("RES-03", shared)
    # The API Reference names the others as not supported across accounts (PutBucketPolicy, Permissions).
    assert "s3express:CreateSession" in finding.sentence
    assert "s3express:PutBucketPolicy" not in finding.sentence


def test_res_an_instance_of_s3_access_grants_shared_with_another_account(held, make):
    # Amazon S3 User Guide, "S3 Access Grants cross-account access": the policy of the example.
    instance = "arn:aws:s3:eu-west-1:111122223333:access-grants/default"
    actions = ["s3:ListAccessGrants", "s3:ListAccessGrantsLocations", "s3:GetDataAccess"]
    (finding,) = held("RES-03", make.resource(instance, to({"AWS": OTHER}, actions, instance)))
    assert OTHER in finding.sentence
    assert "s3:GetDataAccess" in finding.sentence
    assert not held("RES-01", make.resource(instance, to("*", "s3:GetDataAccess", instance)))
    # Block Public Access is about buckets and access points: it does not restrict the instance.
    blocked = {"account_settings": (AccountSettings(account_id="111122223333", public_access_block=ALL_BLOCKED),)}
    for beside in ({}, blocked):
        assert held("RES-02", make.resource(instance, to("*", "s3:GetDataAccess", instance)), **beside)


def test_res_03_says_how_many_actions_it_does_not_name(held, make):
    everything = to({"AWS": make.arn("root", "999988887777")}, "s3:*", [BUCKET, f"{BUCKET}/*"])
    (one,) = held("RES-03", make.resource(BUCKET, everything))
    assert "other actions on payroll" in one.sentence
    (one,) = held(
        "RES-03", make.resource(BUCKET, to({"AWS": make.arn("root", "999988887777")}, "s3:GetObject", f"{BUCKET}/*"))
    )
    assert "can perform s3:GetObject on payroll" in one.sentence


@pytest.mark.parametrize(
    "more",
    [
        {"StringNotEquals": {"aws:PrincipalAccount": OTHER}},
        {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/x"}},
    ],
)
def test_res_03_an_account_that_a_deny_leaves(held, make, more):
    everyone = to("*", "s3:GetObject", f"{BUCKET}/*")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"{BUCKET}/*", "Condition": more}
    bucket = make.resource(BUCKET, everyone, deny)
    (one,) = held("RES-03", bucket)
    assert OTHER in one.sentence
    assert one.severity is Severity.HIGH
    assert not held("RES-01", bucket)
    assert not held("RES-02", bucket)


def test_res_03_accounts_whose_ids_match(held, make):
    some = {"StringLike": {"aws:PrincipalAccount": "9999*"}}
    (one,) = held("RES-03", make.resource(BUCKET, to("*", "s3:GetObject", f"{BUCKET}/*", Condition=some)))
    assert one.sentence == "Any account whose ID matches 9999* can perform s3:GetObject on payroll."
    assert one.severity is Severity.HIGH


def test_res_02_unique_ids(held, make):
    users = {"StringLike": {"aws:userid": "AIDA*"}}
    (one,) = held("RES-02", make.resource(BUCKET, to("*", "s3:GetObject", f"{BUCKET}/*", Condition=users)))
    assert (one.state, one.severity) == (State.FOUND, Severity.CRITICAL)
    single = {"StringEquals": {"aws:userid": "AIDAEXAMPLEUSERID0001"}}
    (one,) = held("RES-02", make.resource(BUCKET, to("*", "s3:GetObject", f"{BUCKET}/*", Condition=single)))
    assert one.state is State.INCONCLUSIVE
    assert "the principal with the unique ID AIDAEXAMPLEUSERID0001" in one.sentence


FOREIGN = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}


def test_res_17_an_organization_that_is_not_the_own_one(held, make):
    bucket = make.resource(BUCKET, to("*", ["s3:GetObject", "s3:PutObject"], f"{BUCKET}/*", Condition=FOREIGN))
    (one,) = held("RES-17", bucket)
    assert (one.state, one.severity) == (State.INCONCLUSIVE, Severity.LOW)
    assert one.sentence == (
        "Every account of the organization o-a1b2c3d4e5 can perform s3:GetObject and s3:PutObject on payroll; whether "
        "it is the account's own is not known."
    )
    own = Organization(id="o-acme123456", management_account_id="999988887777")
    (one,) = held("RES-17", bucket, organization=own)
    assert (one.state, one.severity) == (State.FOUND, Severity.HIGH)
    assert one.evidence[0].decision.request.context["aws:PrincipalOrgID"] == "o-a1b2c3d4e5"
    assert not held("RES-17", bucket, organization=own.model_copy(update={"id": "o-a1b2c3d4e5"}))
    assert not [one for check in ("RES-01", "RES-02", "RES-03") for one in held(check, bucket, organization=own)]


@pytest.mark.parametrize(
    ("condition", "severity"),
    [
        ({**FOREIGN, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, Severity.MEDIUM),
        ({**FOREIGN, "Bool": {"aws:SecureTransport": "true"}}, Severity.HIGH),
        ({**FOREIGN, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}}, Severity.HIGH),
        ({"StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/*"}}, Severity.HIGH),
        # Of one account of it: RES-03.
        ({**FOREIGN, "StringEquals": {**FOREIGN["StringEquals"], "aws:PrincipalAccount": OTHER}}, None),
        # The organization does not decide: RES-01 and RES-02.
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, None),
        # About the bucket, not its callers: another organization's is never this one.
        ({"StringEquals": {"aws:ResourceOrgID": "o-a1b2c3d4e5"}}, None),
    ],
)
def test_res_17_conditions(held, make, condition, severity):
    own = Organization(id="o-acme123456", management_account_id="999988887777")
    queue = make.resource(QUEUE, to("*", "sqs:SendMessage", "*", Condition=condition))
    assert [one.severity for one in held("RES-17", queue, organization=own)] == ([severity] if severity else [])


@pytest.mark.parametrize(
    "condition",
    [
        {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        {"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}},
    ],
)
def test_res_17_an_organization_that_a_deny_leaves(held, make, condition):
    own = Organization(id="o-acme123456", management_account_id="999988887777")
    deny = {**to("*", "sqs:*", "*", Condition=condition), "Effect": "Deny"}
    queue = make.resource(QUEUE, to("*", "sqs:SendMessage", "*"), deny)
    (one,) = held("RES-17", queue, organization=own)
    assert one.severity is Severity.HIGH
    assert one.sentence.startswith("Every account of the organization o-a1b2c3d4e5, which is not the account's own, ")
    assert not held("RES-02", queue, organization=own)


def test_res_03_the_accounts_of_a_statement_are_read_once(held, make, monkeypatch):
    accounts = [f"{900000000000 + number * 102947:012}" for number in range(40)]
    statements = [to({"AWS": accounts[number::2]}, "sqs:SendMessage", "*") for number in (0, 1)]
    read = []

    def counted(survey, statements, *more):
        read.append(statements)
        return external_callers(survey, statements, *more)

    monkeypatch.setattr(public_access, "external_callers", counted)
    found = held("RES-03", make.resource(QUEUE, *statements))
    assert {one.sentence.split()[1].rstrip(",") for one in found} == set(accounts)
    assert len(read) == len(statements) + 1
