"""ADM-03, ADM-06, ADM-10: power that does not look like it."""

from iamdesk.aws.service_reference import reference
from iamdesk.checks.finding import Severity, State

NO_PASSWORD = {"user": "bot", "arn": "arn:aws:iam::111122223333:user/bot", "password_enabled": "false"}


def everything_by_service():
    """Every service by its prefix, in as many statements as it takes."""
    return [f"{service}:*" for service in reference().services()]


def test_adm_03_an_administrator_by_a_sum(found, make):
    names = everything_by_service()
    halves = [make.policy("a-m", make.allow([n for n in names if n < "n"])), make.policy("n-z", make.allow(names))]
    both = make.attached(make.arn("policy/a-m"), make.arn("policy/n-z"))
    (one,) = found("ADM-03", users=[make.user("alice", **both)], policies=halves)
    assert one.sentence == (
        "alice is an administrator, through a-m (attached directly) and n-z (attached directly), although no statement "
        "of its policies allows every action."
    )
    assert one.evidence[0].decision is not None


def test_adm_03_who_carries_everything_is_no_surprise(found, make):
    assert not found("ADM-03", users=[make.user("alice", make.allow("*"))])
    assert not found("ADM-03", users=[make.user("alice", make.allow("s3:*"))])


def test_adm_03_a_boundary_that_stops_the_sum(found, make):
    policies = [make.policy("edge", make.allow("s3:*"))]
    users = [make.user("alice", make.allow(everything_by_service()), **make.boundary(make.arn("policy/edge")))]
    assert not found("ADM-03", users=users, policies=policies)


def test_adm_03_a_policy_that_is_missing_is_told_by_cmp_03(found, make):
    users = [make.user("alice", **make.attached(make.arn("policy/gone")))]
    assert not found("ADM-03", users=users)
    assert found("CMP-03", users=users)[0].state is State.INCONCLUSIVE


def test_adm_06_a_whole_service(found, make):
    (one,) = found("ADM-06", users=[make.user("alice", make.allow(["iam:*", "s3:Get*"]))])
    assert one.sentence == "The inline policy inline of user alice allows every action of iam on every resource."
    assert one.severity is Severity.HIGH  # all of IAM is administration in two calls
    (one,) = found("ADM-06", users=[make.user("alice", make.allow(["kms:*", "s3:Get*"]))])
    assert one.severity is Severity.MEDIUM


def test_adm_06_what_nobody_has_is_low_and_a_boundary_grants_nothing(found, make):
    policy = make.policy("wide", make.allow("s3:*"))
    (one,) = found("ADM-06", policies=[policy])
    assert one.severity is Severity.LOW
    bounded = [make.user("alice", **make.boundary(make.arn("policy/wide")))]
    assert not found("ADM-06", users=bounded, policies=[policy])


def test_adm_06_parts_conditions_and_single_resources(found, make):
    statements = [
        make.allow("s3:*", "arn:aws:s3:::payroll"),
        make.allow("s3:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        make.allow("s3:Get*"),
        make.deny("iam:*"),
        make.allow("ce:*"),  # nothing of it changes permissions
        make.allow("*"),
        {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"},
    ]
    assert not found("ADM-06", users=[make.user("alice", *statements)])


def test_adm_10_a_pipeline_that_is_an_administrator(found, make):
    trust = make.trust({"Federated": make.github}, action="sts:AssumeRoleWithWebIdentity")
    (one,) = found("ADM-10", roles=[make.role("deploy", make.allow("*"), trust=trust)])
    assert one.sentence == "deploy, which token.actions.githubusercontent.com can assume, is an administrator."
    assert one.subject_name == "deploy"


def test_adm_10_services_but_not_those_of_svc_03(found, make):
    roles = [
        make.role("stack", make.allow("*"), trust=make.trust({"Service": "cloudformation.amazonaws.com"})),
        make.role("vm", make.allow("*"), trust=make.trust({"Service": "ec2.amazonaws.com"})),
        make.role("person", make.allow("*"), trust=make.trust({"AWS": make.arn("root")})),
        make.role("small", make.allow("s3:*"), trust=make.trust({"Service": "cloudformation.amazonaws.com"})),
    ]
    assert [one.subject_name for one in found("ADM-10", roles=roles)] == ["stack"]


def test_adm_10_users_by_the_credential_report(make):
    users = [make.user("bot", make.allow("*"))]
    facts = {"credential_report": {"entries": [{**NO_PASSWORD, "access_key_1_active": "true"}]}}
    (one,) = make.findings("ADM-10", users=users, facts=facts)
    assert one.sentence == "bot, which has access keys but no password, is an administrator."
    facts = {"credential_report": {"entries": [{**NO_PASSWORD, "password_enabled": "true"}]}}
    assert not make.findings("ADM-10", users=users, facts=facts)


def test_adm_10_without_the_report_it_cannot_be_told(make):
    (one,) = make.findings("ADM-10", users=[make.user("bot", make.allow("*"))])
    assert one.state is State.INCONCLUSIVE
    assert one.sentence == (
        "Whether workloads use 1 user, who is an administrator, cannot be determined without the credential "
        "report: bot."
    )


def test_adm_06_what_the_same_policy_denies_again_is_not_whole(found, make):
    allow = make.allow("iam:*")
    assert found("ADM-06", users=[make.user("alice", allow, make.deny("s3:*"))])
    assert not found("ADM-06", users=[make.user("alice", allow, make.deny("iam:*"))])
    assert not found("ADM-06", users=[make.user("alice", allow, make.deny("iam:DeleteUser"))])
    sometimes = make.deny("iam:*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    assert found("ADM-06", users=[make.user("alice", allow, sometimes)])


def test_adm_06_names_services_without_permissions_management_too(found, make):
    (one,) = found("ADM-06", users=[make.user("alice", make.allow(["s3:*", "dms:*", "glue:*"]))])
    assert one.sentence == (
        "The inline policy inline of user alice allows every action of glue and s3 on every resource. The same holds "
        "for services without permissions management: dms."
    )
    assert not found("ADM-06", users=[make.user("alice", make.allow("dms:*"))])
