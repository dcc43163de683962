"""GRD-01: boundaries that policies demand of what is made, and who goes without."""

from iamdesk.checks.finding import Severity, State


def demanding(make, resource, boundary, effect="allow", operator=None):
    write = make.allow if effect == "allow" else make.deny
    operator = operator or ("StringEquals" if effect == "allow" else "StringNotEquals")
    condition = {operator: {"iam:PermissionsBoundary": boundary}}
    return make.user("maker", write("iam:CreateRole", resource, Condition=condition))


def test_grd_01_a_role_of_the_path_without_the_boundary(found, make):
    edge = make.arn("policy/edge")
    users = [demanding(make, make.arn("role/app/*"), edge)]
    roles = [make.role("loose", path="/app/"), make.role("bound", path="/app/", **make.boundary(edge))]
    (one,) = found("GRD-01", users=users, roles=[*roles, make.role("else")], policies=[make.policy("edge")])
    assert one.sentence == "loose has no boundary, but a policy requires edge for its path."
    assert (one.severity, one.subject_name) == (Severity.HIGH, "loose")
    assert one.evidence[0].statement.policy_name == "inline"


def test_grd_01_another_boundary_is_not_the_one(found, make):
    policies = [make.policy("edge"), make.policy("other")]
    users = [demanding(make, make.arn("role/app-*"), make.arn("policy/edge"), effect="deny")]
    roles = [make.role("app-one", **make.boundary(make.arn("policy/other")))]
    (one,) = found("GRD-01", users=users, roles=roles, policies=policies)
    assert one.sentence == "app-one has the boundary other, but a policy requires edge for its path."
    assert one.severity is Severity.MEDIUM


def test_grd_01_patterns_of_boundaries_and_one_demand_of_several(found, make):
    policies = [make.policy("edge-a")]
    users = [demanding(make, make.arn("role/app-*"), make.arn("policy/edge-*"), operator="ArnLike")]
    other = demanding(make, make.arn("role/app-*"), make.arn("policy/else"))
    roles = [make.role("app-one", **make.boundary(make.arn("policy/edge-a")))]
    assert not found(
        "GRD-01",
        users=[*users, {**other, "UserName": "m2", "Arn": make.arn("user/m2")}],
        roles=roles,
        policies=policies,
    )


def test_grd_01_demands_that_tell_nobody_apart(found, make):
    edge = make.arn("policy/edge")
    roles = [make.role("app-one"), make.role("sso", path="/aws-reserved/sso.amazonaws.com/")]
    for resource in ("*", make.arn("role/*"), f"arn:aws:iam::*:role/{'${aws:username}'}-*"):
        assert not found("GRD-01", users=[demanding(make, resource, edge)], roles=roles)
    denied = demanding(make, make.arn("role/app-*"), edge, operator="StringNotEquals")
    assert not found("GRD-01", users=[denied], roles=roles)
    reading = {"StringEquals": {"iam:PermissionsBoundary": edge}}
    users = [make.user("reader", make.allow("iam:GetRole", make.arn("role/app-*"), Condition=reading))]
    assert not found("GRD-01", users=users, roles=roles)


def test_grd_01_a_boundary_that_hangs_on_a_variable_cannot_be_told(found, make):
    variable = make.arn("policy/${aws:PrincipalTag/team}-edge")
    users = [demanding(make, make.arn("role/app-*"), variable)]
    roles = [make.role("app-one", **make.boundary(make.arn("policy/data-edge")))]
    (one,) = found("GRD-01", users=users, roles=roles, policies=[make.policy("data-edge")])
    assert one.state is State.INCONCLUSIVE
