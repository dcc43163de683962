"""LNT-20: issues of documents of every policy type, by the checks of `policy_validation`."""

from iamdesk.checks.document_validation import _REPORTED
from iamdesk.checks.finding import Severity
from iamdesk.policy_validation.validate import validation_checks
from iamdesk.snapshot.identity_center import IdentityCenter
from iamdesk.snapshot.organization import Organization
from iamdesk.snapshot.resources import VpcEndpoint

BUCKET = "arn:aws:s3:::payroll"
BY_ENDPOINT = {"StringEquals": {"aws:SourceVpce": "vpce-12"}}


def test_lnt_20_names_policy_check_value_and_place(found, make):
    statement = make.allow("s3:GetObject", f"{BUCKET}/*", condition=BY_ENDPOINT)
    (one,) = found("LNT-20", users=[make.user("alice", statement)])
    assert one.title == "Malformed VPC endpoint"
    assert one.sentence == (
        "The inline policy inline of user alice fails AWS's policy check INVALID_VPCE_FORMAT: `vpce-12` is not "
        "the ID of a VPC endpoint, which is what `aws:SourceVpce` contains."
    )
    assert one.severity is Severity.LOW
    assert one.remediation == "Use `vpce-` with 8 or 17 letters and digits."
    assert one.evidence[0].text == (
        "The inline policy inline of user alice: line 10, column 29 "
        "($.Statement[0].Condition.StringEquals.aws:SourceVpce)."
    )


def test_lnt_20_is_medium_where_a_deny_may_not_work(found, make):
    (one,) = found("LNT-20", policies=[make.policy("guard", make.deny("s3:*", "*", condition=BY_ENDPOINT))])
    assert one.severity is Severity.MEDIUM


def test_lnt_20_groups_policies_with_the_same_issue(found, make):
    statement = make.allow("s3:GetObject", f"{BUCKET}/*", condition=BY_ENDPOINT)
    guard = make.policy("guard", make.deny("s3:*", "*", condition=BY_ENDPOINT))
    users = [make.user("alice", statement), make.user("bob", statement)]
    (one,) = found("LNT-20", users=users, policies=[guard])
    assert one.sentence.startswith(
        "The inline policy inline of user alice and 2 other policies fail AWS's policy check"
    )
    assert one.severity is Severity.MEDIUM  # of the worst one
    assert [piece.text.partition(":")[0] for piece in one.evidence] == [
        "The inline policy inline of user alice",
        "The inline policy inline of user bob",
        "The customer managed policy guard",
    ]


def test_lnt_20_reads_resource_policies(found, make):
    policy = make.allow("s3:GetObjekt", f"{BUCKET}/*", Principal={"AWS": "111122223333"})
    (one,) = found("LNT-20", beside={"resources": (make.resource(BUCKET, policy),)})
    assert one.subject_kind == "resource policy"
    assert "INVALID_ACTION" in one.sentence  # LNT-09 reads identity and trust policies only
    other = make.allow("kms:Decrypt", f"{BUCKET}/*", Principal={"AWS": "111122223333"})
    (one,) = found("LNT-20", beside={"resources": (make.resource(BUCKET, other),)})
    assert "UNSUPPORTED_ACTION_IN_POLICY" in one.sentence


def test_lnt_20_reads_endpoint_policies(found, make):
    document = make.document(make.allow("s3:GetObjekt", "*", Principal="*"))
    endpoint = VpcEndpoint.model_validate(
        {"VpcEndpointId": "vpce-12345678", "ServiceName": "com.amazonaws.eu-west-1.s3", "PolicyDocument": document}
    )
    (one,) = found("LNT-20", beside={"vpc_endpoints": (endpoint,)})
    assert one.sentence.startswith("The policy of VPC endpoint vpce-12345678 fails AWS's policy check INVALID_ACTION")


def test_lnt_20_reads_policies_of_the_organization_and_permission_sets(found, make):
    policies = [
        {"id": "p-1", "name": "regions", "type": "SERVICE_CONTROL_POLICY"},
        {"id": "p-2", "name": "perimeter", "type": "RESOURCE_CONTROL_POLICY"},
        {"id": "p-3", "name": "open", "type": "RESOURCE_CONTROL_POLICY"},
    ]
    policies[2]["content"] = make.document(make.allow("s3:*", Principal="*"))
    region = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-9"}}
    policies[0]["content"] = make.document(make.deny("ec2:*", "*", condition=region))
    organization_id = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    policies[1]["content"] = make.document(make.deny("s3:*", "*", Principal="*", condition=organization_id))
    organization = Organization.model_validate(
        {"id": "o-a1b2c3d4e5", "management_account_id": "999988887777", "nodes": [], "policies": policies}
    )
    center = IdentityCenter.model_validate(
        {
            "instance": {"InstanceArn": "arn:aws:sso:::instance/ssoins-1", "IdentityStoreId": "d-1"},
            "permission_sets": [
                {
                    "PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
                    "Name": "Reader",
                    "InlinePolicy": make.document(make.allow("s3:GetObjekt")),
                }
            ],
        }
    )
    beside = {"organization": organization, "identity_centers": (center,)}
    scp, rcp, allowing, permission_set = found("LNT-20", beside=beside)
    assert "RCP_SYNTAX_ERROR_ALLOW" in allowing.sentence
    assert "INVALID_REGION: The Region `eu-west-9` does not exist." in scp.sentence
    assert scp.severity is rcp.severity is Severity.MEDIUM
    assert "RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY" in rcp.sentence
    assert permission_set.sentence.startswith(
        "The inline policy of permission set Reader fails AWS's policy check INVALID_ACTION"
    )


def test_lnt_20_leaves_suggestions_and_what_aws_rejects_to_the_command(found, make):
    every = {one.id: one for one in validation_checks()}
    for kind, reported in _REPORTED.items():
        assert reported
        assert all(every[one].can_be_stored and every[one].finding_type.value != "SUGGESTION" for one in reported), kind
    twice = make.allow(["s3:Get*", "s3:GetObject"], "*")
    assert not found("LNT-20", users=[make.user("alice", twice)])


def test_lnt_20_does_not_repeat_other_checks(found, make):
    statements = [
        make.allow("s3:GetObjekt"),
        make.allow("s3:GetObject", "*", condition={"StringEquals": {"aws:UserNames": "a"}}),
        make.allow("s3:GetObject", "*", condition={"NumericEquals": {"aws:SourceIp": "1"}}),
        make.allow("s3:GetObject", "*", condition={"StringEquals": {"aws:username": "a*"}}),
        make.allow("iam:PassRole"),
    ]
    assert not found("LNT-20", users=[make.user("alice", *statements)])
