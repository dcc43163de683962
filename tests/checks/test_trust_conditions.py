"""TRU-10, TRU-11, TRU-12: conditions of trust policies that do not hold."""

import pytest

from iamdesk.checks.finding import Severity, State
from iamdesk.snapshot.organization import Organization

OTHER = "444455556666"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def administrators_role(make, **more):
    return make.role("admin", make.allow("*"), trust=make.trust({"AWS": make.arn("root")}, **more))


def user(make, name="alice"):
    return make.user(name, make.allow("sts:AssumeRole", make.arn("role/admin")))


def test_tru_10_a_user_becomes_an_administrator_without_mfa(found, make):
    (one,) = found("TRU-10", users=[user(make)], roles=[administrators_role(make)])
    assert one.sentence == "alice can assume the administrator role admin without MFA."
    assert one.evidence[0].decision.request.context == {"aws:MultiFactorAuthPresent": None}


def test_tru_10_mfa_asked_for_on_either_side(found, make):
    assert not found("TRU-10", users=[user(make)], roles=[administrators_role(make, Condition=MFA)])
    careful = make.user("alice", make.allow("sts:AssumeRole", make.arn("role/admin"), Condition=MFA))
    assert not found("TRU-10", users=[careful], roles=[administrators_role(make)])


def test_tru_10_a_test_that_lets_requests_without_mfa_pass(found, make):
    loose = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}
    assert len(found("TRU-10", users=[user(make)], roles=[administrators_role(make, Condition=loose)])) == 1


def test_tru_10_roles_that_are_no_administrators_and_users_who_may_not(found, make):
    small = make.role("admin", make.allow("s3:*"), trust=make.trust({"AWS": make.arn("root")}))
    assert not found("TRU-10", users=[user(make)], roles=[small])
    assert not found("TRU-10", users=[make.user("bob")], roles=[administrators_role(make)])


def test_tru_10_users_without_a_password_are_programs(make):
    facts = {
        "credential_report": {
            "entries": [
                {"user": "bot", "arn": make.arn("user/bot"), "password_enabled": "false"},
                {"user": "alice", "arn": make.arn("user/alice"), "password_enabled": "true"},
            ]
        }
    }
    users = [user(make, "bot"), user(make, "alice")]
    (one,) = make.findings("TRU-10", users=users, roles=[administrators_role(make)], facts=facts)
    assert one.sentence.startswith("alice can assume")


def test_tru_10_without_the_report_every_user_may_be_a_person(found, make):
    users = [user(make, "bot"), user(make, "alice")]
    (one,) = found("TRU-10", users=users, roles=[administrators_role(make)])
    assert one.sentence.startswith("bot and alice can assume")


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-acme"}},
        {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-acme"}},
        {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-acme/*"}},
    ],
)
def test_tru_11_operators_that_are_true_without_the_key(found, make, condition):
    for principal in ("*", {"AWS": make.arn("root", OTHER)}):
        roles = [make.role("open", trust=make.trust(principal, Condition=condition))]
        (one,) = found("TRU-11", roles=roles)
        assert one.sentence.startswith(
            "open can be assumed by principals outside the organization, although its statement 1 tests aws:P"
        )


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalOrgID": "o-acme"}},
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-acme/*"}},
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-acme"}, "Null": {"aws:PrincipalOrgID": "false"}},
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-acme"}, "Bool": {"aws:PrincipalIsAWSService": "true"}},
        {"StringEquals": {"aws:SourceVpc": "vpc-1"}},
    ],
)
def test_tru_11_conditions_that_bind(found, make, condition):
    for principal in ("*", {"AWS": make.arn("root", OTHER)}):
        assert not found("TRU-11", roles=[make.role("open", trust=make.trust(principal, Condition=condition))])


def test_tru_11_another_statement_that_lets_them_in_is_none_of_its_business(found, make):
    bound = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    trust = make.trust({"AWS": make.arn("root", OTHER)})
    trust["Statement"].append({**bound, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-acme"}}})
    roles = [make.role("open", trust=trust)]
    assert not found("TRU-11", roles=roles)
    assert len(found("TRU-03", roles=roles)) == 1


def test_tru_11_what_hangs_on_more_is_told_by_tru_02(found, make):
    condition = {
        "StringEqualsIfExists": {"aws:PrincipalOrgID": "o-acme"},
        "IpAddress": {"aws:SourceIp": "192.0.2.0/24"},
    }
    roles = [make.role("open", trust=make.trust("*", Condition=condition))]
    assert not found("TRU-11", roles=roles)


def organization(own_unit, other_unit, account=OTHER):
    nodes = [
        {"id": "r-1", "name": "Root"},
        {"id": "ou-1", "name": own_unit, "parent_id": "r-1", "policy_ids": []},
        {"id": "ou-2", "name": other_unit, "parent_id": "r-1", "policy_ids": []},
        {"id": "111122223333", "name": "payments", "parent_id": "ou-1", "policy_ids": ["p-FullAWSAccess"]},
        {"id": account, "name": "team", "parent_id": "ou-2", "policy_ids": ["p-FullAWSAccess"]},
    ]
    nodes[0]["policy_ids"] = nodes[1]["policy_ids"] = nodes[2]["policy_ids"] = ["p-FullAWSAccess"]
    tree = {"id": "o-acme", "management_account_id": "999999999999", "nodes": nodes}
    return {"organization": Organization.model_validate(tree)}


def test_tru_12_production_trusts_a_sandbox(make):
    roles = [make.role("deploy", trust=make.trust({"AWS": make.arn("root", OTHER)}))]
    (one,) = make.findings("TRU-12", roles=roles, beside=organization("Production", "Sandboxes"))
    assert one.sentence == (
        "deploy of a production account can be assumed by principals of account 444455556666 in Root / Sandboxes / "
        "team."
    )


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("Production", "Production EU"),
        ("Production", "Tooling"),
        ("Sandbox", "Development"),
        ("Non-Production", "Sandbox"),
        ("Workloads", "Sandbox"),
        ("Products", "Sandbox"),
    ],
)
def test_tru_12_other_pairs_of_units(make, own, other):
    roles = [make.role("deploy", trust=make.trust({"AWS": make.arn("root", OTHER)}))]
    assert not make.findings("TRU-12", roles=roles, beside=organization(own, other))


def test_tru_12_whoever_does_not_get_in(make):
    trust = make.trust({"AWS": make.arn("root", OTHER)}, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-other"}})
    beside = organization("Production", "Sandboxes")
    assert not make.findings("TRU-12", roles=[make.role("deploy", trust=trust)], beside=beside)


def test_tru_12_is_not_run_without_the_organization(make):
    roles = [make.role("deploy", trust=make.trust({"AWS": make.arn("root", OTHER)}))]
    assert not make.findings("TRU-12", roles=roles)
    assert [one for one in make.findings("CMP-13") if "TRU-12" in one.sentence and "organization" in one.sentence]


def test_tru_15_a_whole_organization(make):
    inside = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    roles = [make.role("open", trust=make.trust("*", Condition=inside))]
    (one,) = make.findings("TRU-15", roles=roles)
    assert (one.state, one.severity) == (State.INCONCLUSIVE, Severity.LOW)
    beside = organization("Production", "Sandboxes")
    (one,) = make.findings("TRU-15", roles=roles, beside=beside)
    assert (one.state, one.severity) == (State.FOUND, Severity.HIGH)
    own = beside["organization"].model_copy(update={"id": "o-a1b2c3d4e5"})
    assert not make.findings("TRU-15", roles=roles, beside={"organization": own})
    closed = {**inside, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    roles = [make.role("open", trust=make.trust("*", Condition=closed))]
    assert not make.findings("TRU-15", roles=roles, beside=beside)
    path = {"StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/*"}}
    roles = [make.role("open", trust=make.trust("*", Condition=path))]
    assert make.findings("TRU-15", roles=roles, beside=beside)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        {"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}},
    ],
)
def test_tru_15_an_organization_that_a_deny_leaves(make, condition):
    trust = make.document(
        {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
        {"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Condition": condition},
    )
    roles = [make.role("open", trust=trust)]
    (one,) = make.findings("TRU-15", roles=roles, beside=organization("Production", "Sandboxes"))
    assert "o-a1b2c3d4e5" in one.sentence
    assert one.severity is Severity.HIGH
