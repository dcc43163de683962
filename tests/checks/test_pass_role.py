"""SVC-03, SVC-05, CHN-07: what a principal may hand on."""

import pytest

from iamdesk.checks.finding import Severity


def test_svc_05_any_role_to_any_service(found, make):
    trust = make.trust({"Service": "lambda.amazonaws.com"})
    runs = make.allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"])
    roles = [make.role("report", make.allow("s3:*"), trust=trust)]
    (one,) = found("SVC-05", users=[make.user("alice", runs)], roles=roles)
    assert one.severity is Severity.HIGH
    assert one.sentence == "alice can pass any role of the account to any service."
    assert one.evidence[0].decision is not None


def test_svc_05_that_leads_nowhere_so_far(found, make):
    (one,) = found("SVC-05", users=[make.user("alice", make.allow("iam:PassRole"))])
    assert one.severity is Severity.MEDIUM
    assert one.sentence == (
        "alice can pass any role of the account to any service; no attack path through these roles is proven."
    )


def test_svc_05_names_the_services_that_a_condition_names(found, make):
    condition = {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}}
    (one,) = found("SVC-05", users=[make.user("alice", make.allow("iam:PassRole", Condition=condition))])
    assert one.severity is Severity.MEDIUM
    assert one.sentence == "alice can pass any role of the account to lambda.amazonaws.com and ec2.amazonaws.com."


def test_svc_05_names_other_conditions(found, make):
    condition = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    (one,) = found("SVC-05", roles=[make.role("ci", make.allow("iam:*", Condition=condition))])
    assert one.sentence == "ci can pass any role of the account, under a condition on aws:SourceIp."


@pytest.mark.parametrize(
    "statements",
    [
        [("Allow", "iam:PassRole", "arn:aws:iam::111122223333:role/app-*")],
        [("Allow", "iam:PassRole", "*"), ("Deny", "iam:PassRole", "*")],
        [("Allow", "iam:Get*", "*")],
        [("Allow", "*", "*")],
    ],
)
def test_svc_05_named_roles_denials_and_administrators_are_no_finding(found, make, statements):
    user = make.user("alice", *({"Effect": e, "Action": a, "Resource": r} for e, a, r in statements))
    assert not found("SVC-05", users=[user])


def test_svc_05_a_boundary_counts(found, make):
    user = make.user("alice", make.allow("iam:PassRole"), **make.boundary(make.arn("policy/edge")))
    assert not found("SVC-05", users=[user], policies=[make.policy("edge", make.allow("s3:*"))])


def test_svc_03_code_that_runs_as_an_administrator(found, make):
    trust = make.trust({"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]})
    (one,) = found("SVC-03", roles=[make.role("report", make.allow("*"), trust=trust)])
    assert one.sentence == "Lambda functions can run as report, which is an administrator."


@pytest.mark.parametrize(
    ("action", "principal", "more"),
    [
        ("s3:*", {"Service": "lambda.amazonaws.com"}, {}),
        ("*", {"Service": "backup.amazonaws.com"}, {}),
        ("*", {"AWS": "arn:aws:iam::111122223333:root"}, {}),
        ("*", {"Service": "ec2.amazonaws.com"}, {"Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}}),
    ],
)
def test_svc_03_needs_an_administrator_and_a_service_that_runs_code(found, make, action, principal, more):
    assert not found("SVC-03", roles=[make.role("report", make.allow(action), trust=make.trust(principal, **more))])


@pytest.mark.parametrize(
    ("resource", "severity", "where"),
    [
        ("*", Severity.HIGH, "of any account"),
        ("arn:aws:iam::*:role/*", Severity.HIGH, "of any account"),
        ("arn:aws:iam::111122223333:role/*", Severity.MEDIUM, "of its own account"),
    ],
)
def test_chn_07_every_role_that_lets_it_in(found, make, resource, severity, where):
    (one,) = found("CHN-07", users=[make.user("alice", make.allow("sts:AssumeRole", resource))])
    assert one.severity is severity
    assert where in one.sentence


@pytest.mark.parametrize("resource", ["arn:aws:iam::*:role/deploy", "arn:aws:iam::444455556666:role/x"])
def test_chn_07_named_roles_are_no_finding(found, make, resource):
    assert not found("CHN-07", users=[make.user("alice", make.allow("sts:AssumeRole", resource))])


def test_chn_07_denials_boundaries_and_administrators(found, make):
    users = [
        make.user("denied", make.allow("sts:*"), make.deny("sts:AssumeRole")),
        make.user("bounded", make.allow("sts:*"), **make.boundary(make.arn("policy/edge"))),
        make.user("admin", make.allow("*")),
    ]
    assert not found("CHN-07", users=users, policies=[make.policy("edge", make.allow("s3:*"))])


def test_chn_07_an_open_denial_alone_allows_nothing(found, make):
    denial = make.deny("sts:*", Condition={"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"}})
    other = make.allow("sts:AssumeRole", "arn:aws:iam::111122223333:user/${aws:username}")
    assert not found("CHN-07", users=[make.user("alice", other, denial)])
    assert found("CHN-07", users=[make.user("alice", make.allow("sts:AssumeRole"), denial)])


def test_chn_07_says_that_there_are_conditions(found, make):
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    (one,) = found("CHN-07", users=[make.user("alice", make.allow("sts:AssumeRole", Condition=condition))])
    assert one.sentence == (
        "alice is, under conditions, allowed sts:AssumeRole on any role of any account, and can then assume every role "
        "that trusts it or its account."
    )


def test_svc_06_a_role_of_two_services_that_may_be_passed_to_either(found, make):
    trust = make.trust({"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]})
    both, single = make.role("both", make.allow("s3:*"), trust=trust), make.role("single", make.allow("s3:*"))
    only = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    resource = [make.arn("role/both"), make.arn("role/single")]
    users = [
        make.user("ana", make.allow("iam:PassRole", resource)),
        make.user("ben", make.allow("iam:PassRole", resource, Condition=only)),
        make.user("any", make.allow("iam:PassRole")),
        make.user("admin", make.allow("*")),
        make.user("none", make.allow("s3:*")),
    ]
    (one,) = found("SVC-06", users=users, roles=[both, single])
    assert one.subject_name == "both"
    assert one.sentence == (
        "1 user or role can pass both to any service that it trusts (lambda.amazonaws.com and ec2.amazonaws.com): ana."
    )
    assert one.evidence[0].decision is not None


def test_svc_06_a_trust_that_is_denied_does_not_count(found, make):
    services = {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}
    trust = make.document(
        {"Effect": "Allow", "Principal": services, "Action": "sts:AssumeRole"},
        {"Effect": "Deny", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
    )
    users = [make.user("ana", make.allow("iam:PassRole", make.arn("role/both")))]
    assert not found("SVC-06", users=users, roles=[make.role("both", make.allow("s3:*"), trust=trust)])
