"""ADM-08 to 15: how many administrators, who they are, powers that few should have; FED-09: forgotten providers."""

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.checks import registry
from iamdesk.checks.finding import Severity, State
from iamdesk.evaluate.request import EvalDecision
from iamdesk.snapshot.organization import Organization, OrganizationNode

REPORT_TIME = "2026-10-01T12:00:00+00:00"


def test_adm_08_a_group_that_makes_administrators(found, make):
    parts = {"groups": [make.group("power", make.allow("*")), make.group("staff", make.allow("s3:*"))]}
    (one,) = found("ADM-08", users=[make.user("alice", groups=["power", "staff"])], **parts)
    assert one.sentence == "The group power makes its members administrators: alice."
    assert not found("ADM-08", users=[make.user("alice", groups=["staff"])], **parts)


def test_adm_09_an_administrator_with_a_password_alone(make):
    def facts(mfa):
        entry = {"user": "alice", "arn": make.arn("user/alice"), "password_enabled": True, "mfa_active": mfa}
        return {"credential_report": {"generated_time": REPORT_TIME, "entries": [entry]}}

    alice = [make.user("alice", make.allow("*"))]
    (one,) = make.findings("ADM-09", users=alice, facts=facts(mfa=False))
    assert one.sentence == "alice is an administrator and can sign in with a password only, without MFA."
    assert not make.findings("ADM-09", users=alice, facts=facts(mfa=True))
    bound = make.allow("*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    assert not make.findings("ADM-09", users=[make.user("alice", bound)], facts=facts(mfa=False))


def test_adm_11_more_than_ten_are_many(found, make):
    users = [make.user(f"user{number:02}", make.allow("*")) for number in range(11)]
    (one,) = found("ADM-11", users=users)
    assert one.sentence.startswith("11 of 12 users and roles are administrators: user00, user01,")
    assert not found("ADM-11", users=users[:10])


def test_adm_12_a_deputy(found, make):
    (one,) = found("ADM-12", users=[make.user("alice", make.allow("*"))])
    assert one.sentence == "According to the snapshot, only alice can administer the account."
    assert not found("ADM-12", users=[make.user(name, make.allow("*")) for name in ("alice", "bob")])


def test_adm_13_whoever_may_stop_the_logs(found, make):
    (one,) = found("ADM-13", users=[make.user("alice", make.allow("cloudtrail:*"))])
    assert (
        one.sentence
        == "alice can disable audit logging: it is allowed cloudtrail:StopLogging, cloudtrail:DeleteTrail, "
        "cloudtrail:UpdateTrail, cloudtrail:PutEventSelectors, cloudtrail:DeleteEventDataStore "
        "and 2 more."
    )
    assert not found("ADM-13", users=[make.user("alice", make.allow("cloudtrail:Get*"))])
    assert not found("ADM-13", users=[make.user("alice", make.allow("*"))])


@pytest.mark.parametrize(
    ("action", "resource", "severity"),
    [
        ("cloudtrail:PutEventSelectors", "*", Severity.HIGH),
        ("cloudtrail:UpdateTrail", "arn:aws:cloudtrail:*:*:trail/*", Severity.HIGH),
        ("guardduty:UpdateDetector", "*", Severity.HIGH),
        ("guardduty:UpdateMemberDetectors", "*", Severity.HIGH),
        ("cloudtrail:StopEventDataStoreIngestion", "*", Severity.HIGH),
        ("cloudtrail:DeleteEventDataStore", "arn:aws:cloudtrail:*:*:eventdatastore/*", Severity.HIGH),
        ("cloudtrail:UpdateEventDataStore", "*", Severity.HIGH),
        ("config:DeleteServiceLinkedConfigurationRecorder", "*", Severity.MEDIUM),
        ("securityhub:DisableSecurityHubV2", "*", Severity.MEDIUM),
        ("config:DeleteConfigurationRecorder", "*", Severity.MEDIUM),
        ("config:StopConfigurationRecorder", "arn:aws:config:*:*:configuration-recorder/*", Severity.MEDIUM),
        ("securityhub:DisableSecurityHub", "*", Severity.MEDIUM),
    ],
)
def test_adm_13_each_call_that_ends_what_is_recorded(found, make, action, resource, severity):
    (one,) = found("ADM-13", users=[make.user("alice", make.allow(action, resource))])
    assert one.sentence == f"alice can disable audit logging: it is allowed {action}."
    assert one.severity is severity


def test_adm_13_replacing_what_is_recorded_takes_a_role(found, make):
    """AWS Config requires iam:PassRole for it (Service Authorization Reference)."""
    put = make.allow("config:PutConfigurationRecorder")
    role = make.role("recorder", trust=make.trust({"Service": "config.amazonaws.com"}))
    pass_it = make.allow("iam:PassRole", role["Arn"])
    (one,) = found("ADM-13", users=[make.user("alice", put, pass_it)], roles=[role])
    assert one.sentence == "alice can disable audit logging: it is allowed config:PutConfigurationRecorder."
    assert not found("ADM-13", users=[make.user("alice", put)], roles=[role])
    assert not found("ADM-13", users=[make.user("alice", put, pass_it)], roles=[make.role("recorder")])


def _organization(make, content):
    return Organization.model_validate(
        {
            "id": "o-example",
            "management_account_id": "999988887777",
            "nodes": [
                {"id": "r-root", "policy_ids": ["p-1"]},
                {"id": make.account, "parent_id": "r-root", "policy_ids": ["p-1"]},
            ],
            "policies": [{"id": "p-1", "name": "limit", "type": "SERVICE_CONTROL_POLICY", "content": content}],
        }
    )


def test_adm_12_holders_that_were_not_captured_may_be_administrators(found, make):
    counted = {**make.full_access(), "AttachmentCount": 2}
    users = [make.user("alice", **make.attached(make.admin))]
    (one,) = found("ADM-12", users=users, policies=[counted])
    assert one.state is State.INCONCLUSIVE
    assert one.evidence[1].text == "Some attachments of AdministratorAccess were not captured."
    (one,) = found("ADM-12", users=users, policies=[make.full_access()])
    assert one.state is State.FOUND


def test_adm_12_an_organization_that_leaves_no_administrator(make):
    """Nobody can be appointed where a service control policy denies administration."""
    content = make.document(make.allow(["s3:*", "sts:*"]))
    organization = _organization(make, content)
    (one,) = make.findings("ADM-12", users=[make.user("alice", make.allow("*"))], beside={"organization": organization})
    assert one.sentence == (
        f"No user or role can administer account {make.account}: policies of the organization do not allow "
        "iam:AttachRolePolicy."
    )
    assert one.severity is Severity.INFO


REGIONS = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}


def test_adm_13_in_the_regions_that_a_condition_leaves(found, make):
    """A lock of Regions lets the logs of the company's own Regions be stopped."""
    lock = {**make.deny("*"), "Condition": REGIONS}
    (one,) = found("ADM-13", users=[make.user("alice", make.allow(["cloudtrail:*", "config:*"]), lock)])
    assert one.sentence == (
        "alice can disable audit logging: it is allowed cloudtrail:StopLogging, cloudtrail:DeleteTrail, "
        "cloudtrail:UpdateTrail, cloudtrail:PutEventSelectors, config:StopConfigurationRecorder and 5 more. "
        "This holds in eu-west-1: a condition limits the Regions."
    )
    assert {piece.decision.decision for piece in one.evidence} == {EvalDecision.ALLOWED}
    assert ":eu-west-1:" in one.evidence[0].decision.request.resource
    limits = make.policy("limits", {**make.allow("*"), "Condition": {"StringLike": {"aws:RequestedRegion": "eu-*"}}})
    bounded = make.user("alice", make.allow("cloudtrail:*"), **make.boundary(limits["Arn"]))
    (one,) = found("ADM-13", users=[bounded], policies=[limits])
    assert "This holds in eu-" in one.sentence
    elsewhere = {**make.deny("*"), "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}}
    (one,) = found("ADM-13", users=[make.user("alice", make.allow("cloudtrail:*"), elsewhere)])
    assert "This holds in us-west-2: " in one.sentence
    nowhere = {**make.deny("*"), "Condition": {"StringLike": {"aws:RequestedRegion": "*"}}}
    assert not found("ADM-13", users=[make.user("alice", make.allow(["cloudtrail:*", "config:*"]), nowhere)])
    mfa = {**make.deny("*"), "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}
    assert not found("ADM-13", users=[make.user("alice", make.allow("config:*"), lock, mfa)])


def test_adm_13_in_the_regions_that_a_service_control_policy_leaves(make):
    lock = make.document(make.allow("*"), {**make.deny("*"), "Condition": REGIONS})
    organization = _organization(make, lock)
    users = [make.user("alice", make.allow("guardduty:*"))]
    (one,) = make.findings("ADM-13", users=users, beside={"organization": organization})
    assert one.sentence.endswith("This holds in eu-west-1: a condition limits the Regions.")


def test_adm_16_in_the_regions_that_a_condition_leaves(found, make):
    """Savings Plans and AWS Marketplace are bought in us-east-1."""
    lock = {**make.deny("*"), "Condition": REGIONS}
    bought = make.allow(["savingsplans:*", "aws-marketplace:*", "ec2:PurchaseReservedInstancesOffering"])
    (one,) = found("ADM-16", users=[make.user("alice", bought, lock)])
    assert one.sentence == (
        "alice can make purchases: it is allowed ec2:PurchaseReservedInstancesOffering. This holds in eu-west-1: a "
        "condition limits the Regions."
    )


def test_adm_15_told_of_the_management_account_alone(make):
    snapshot = make.snapshot(users=[make.user("alice", make.allow("organizations:*"))])

    def found_in(management):
        node = OrganizationNode(id="r-root", policy_ids=())
        organization = Organization(id="o-example", management_account_id=management, nodes=(node,))
        evaluator = Evaluator(snapshot.model_copy(update={"organization": organization}))
        return list(registry.run(evaluator, only=("ADM-15",)))

    (one,) = found_in(make.account)
    assert one.sentence == (
        "alice controls the organization: it is allowed organizations:DeleteOrganization, "
        "organizations:RemoveAccountFromOrganization, organizations:CloseAccount, organizations:DetachPolicy and "
        "organizations:DeletePolicy."
    )
    assert not found_in("999988887777")


def test_adm_16_purchases(found, make):
    (one,) = found("ADM-16", users=[make.user("alice", make.allow(["aws-marketplace:*", "savingsplans:Create*"]))])
    assert one.sentence == (
        "alice can make purchases: it is allowed aws-marketplace:Subscribe, aws-marketplace:AcceptAgreementRequest and "
        "savingsplans:CreateSavingsPlan."
    )
    assert not found("ADM-16", users=[make.user("alice", make.allow("aws-marketplace:View*"))])
    assert not found("ADM-16", users=[make.user("alice", make.allow("*"))])
    allowed = make.allow("aws-marketplace:*")
    assert not found("ADM-16", users=[make.user("alice", allowed, make.deny("aws-marketplace:*"))])


def test_fed_09_a_provider_that_no_role_trusts(make):
    facts = {"open_id_connect_providers": [{"Arn": make.github}], "saml_providers": []}
    (one,) = make.findings("FED-09", facts=facts)
    assert one.sentence == "No role trusts the identity provider token.actions.githubusercontent.com."
    role = make.role("ci", trust=make.trust({"Federated": make.github}, "sts:AssumeRoleWithWebIdentity"))
    assert not make.findings("FED-09", facts=facts, roles=[role])
