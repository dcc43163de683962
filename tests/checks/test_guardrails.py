"""GRD: boundaries that do not bound."""

from iamdesk.checks.finding import Severity
from iamdesk.snapshot.organization import Organization


def bounded(make, *statements, name="edge"):
    return make.boundary(make.arn(f"policy/{name}")), [make.policy(name, *statements)]


def test_grd_02_a_boundary_that_allows_everything(found, make):
    edge, policies = bounded(make, make.allow("*"))
    (one,) = found("GRD-02", users=[make.user("alice", make.allow("*"), **edge)], policies=policies)
    assert one.sentence == "alice is an administrator despite its permissions boundary edge."
    tight, policies = bounded(make, make.allow("s3:*"))
    assert not found("GRD-02", users=[make.user("alice", make.allow("*"), **tight)], policies=policies)


def test_grd_03_whoever_may_take_off_their_boundary(found, make):
    off = "iam:DeleteUserPermissionsBoundary"
    edge, policies = bounded(make, make.allow(["s3:*", off]))
    (one,) = found("GRD-03", users=[make.user("alice", make.allow(off), **edge)], policies=policies)
    assert one.sentence == "alice can remove or replace its own permissions boundary."
    tight, policies = bounded(make, make.allow("s3:*"))
    assert not found("GRD-03", users=[make.user("alice", make.allow(off), **tight)], policies=policies)
    assert not found("GRD-03", users=[make.user("alice", make.allow(off))])


def test_grd_04_bounded_but_makes_roles_without_a_boundary(found, make):
    edge, policies = bounded(make, make.allow("*"))
    users = [make.user("alice", make.allow("iam:CreateRole"), **edge)]
    (one,) = found("GRD-04", users=users, policies=policies)
    assert one.sentence == "alice has a permissions boundary but can create roles without one."
    bound = {"StringEquals": {"iam:PermissionsBoundary": make.arn("policy/edge")}}
    careful = [make.user("alice", make.allow("iam:CreateRole", Condition=bound), **edge)]
    assert not found("GRD-04", users=careful, policies=policies)


def test_grd_05_whoever_may_rewrite_their_boundary(found, make):
    edge, policies = bounded(make, make.allow(["s3:*", "iam:CreatePolicyVersion"]))
    users = [make.user("alice", make.allow("iam:CreatePolicyVersion"), **edge)]
    (one,) = found("GRD-05", users=users, policies=policies)
    assert one.severity is Severity.CRITICAL
    other = make.allow("iam:CreatePolicyVersion", make.arn("policy/other"))
    assert not found("GRD-05", users=[make.user("alice", other, **edge)], policies=policies)


def test_grd_11_permission_sets_of_the_management_account_have_no_guardrail(make):
    name, path = "AWSReservedSSO_Ops_0011223344556677", "/aws-reserved/sso.amazonaws.com/"
    roles = [
        make.role(name, make.allow("*"), path=path),
        make.role("AWSReservedSSO_Read_0011223344556677", make.allow("s3:Get*"), path=path),
        make.role("plain", make.allow("*")),
    ]

    def found_in(management):
        tree = {"id": "o-example", "management_account_id": management, "nodes": [{"id": "r-root", "policy_ids": []}]}
        organization = Organization.model_validate(tree)
        return make.findings("GRD-11", roles=roles, beside={"organization": organization})

    (one,) = found_in(make.account)
    assert one.subject_name == name
    assert one.sentence.startswith(f"{name} makes everyone who has its permission set an administrator")
    assert found_in("999988887777") == []
