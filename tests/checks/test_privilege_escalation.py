"""CHN: what principals become, by one step, by several, across accounts; what strangers get to through a role."""

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths import attack_path_graph
from iamdesk.checks import privilege_escalation, registry
from iamdesk.checks.finding import Severity, State
from iamdesk.export.findings.columns import api_calls_of

STRANGER = "444455556666"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:PutUserPolicy", "*"),
        ("iam:PutUserPolicy", "arn:aws:iam::111122223333:user/${aws:username}"),
        ("iam:AttachUserPolicy", "arn:aws:iam::111122223333:user/alice"),
        ("iam:*", "arn:aws:iam::111122223333:group/staff"),
        ("iam:CreatePolicyVersion", "arn:aws:iam::111122223333:policy/own"),
    ],
)
def test_chn_01_whoever_may_change_their_own_policies(found, make, action, resource):
    user = make.user("alice", make.allow(action, resource), groups=["staff"], **make.attached(make.arn("policy/own")))
    parts = {"groups": [make.group("staff")], "policies": [make.policy("own", make.allow("s3:*"))]}
    (one,) = found("CHN-01", users=[user], **parts)
    assert one.severity is Severity.HIGH
    assert one.sentence.startswith("alice can become administrator of account 111122223333 directly, by ")
    assert any(piece.decision for piece in one.evidence)


@pytest.mark.parametrize(
    "statements",
    [
        [("iam:PutUserPolicy", "arn:aws:iam::111122223333:user/bob")],
        [("iam:AttachUserPolicy", "*", {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}})],
        [("iam:CreatePolicyVersion", "arn:aws:iam::111122223333:policy/other")],
        [("iam:PutRolePolicy", "*")],
    ],
)
def test_chn_01_changing_others_or_into_something_harmless_is_no_finding(found, make, statements):
    allows = [make.allow(*one[:2], **({"Condition": one[2]} if len(one) > 2 else {})) for one in statements]
    user = make.user("alice", *allows, **make.attached(make.arn("policy/own")))
    assert not found("CHN-01", users=[user], policies=[make.policy("own", make.allow("s3:*"))])


def test_chn_01_denials_count(found, make):
    user = make.user("alice", make.allow("iam:*"), make.deny(["iam:*Policy*", "iam:*Group*", "iam:Create*"]))
    assert not found("CHN-01", users=[user])


def test_chn_01_a_boundary_that_stays_holds_and_one_that_may_be_removed_does_not(found, make):
    edge = make.policy("edge", make.allow(["s3:*", "iam:Put*Policy", "iam:DeleteUserPermissionsBoundary"]))
    bounded = make.boundary(make.arn("policy/edge"))
    tight = make.policy("tight", make.allow(["s3:*", "iam:Put*Policy"]))
    users = [
        make.user("held", make.allow("iam:PutUserPolicy"), **make.boundary(make.arn("policy/tight"))),
        make.user("free", make.allow(["iam:PutUserPolicy", "iam:DeleteUserPermissionsBoundary"]), **bounded),
    ]
    (one,) = found("CHN-01", users=users, policies=[edge, tight])
    assert one.subject_name == "free"
    assert "removing its own permissions boundary" in one.sentence


def test_chn_01_a_condition_that_takes_a_fact_cannot_be_told(found, make):
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    (one,) = found("CHN-01", roles=[make.role("ops", make.allow("iam:PutRolePolicy", Condition=mfa))])
    assert one.state is State.INCONCLUSIVE
    assert one.severity is Severity.MEDIUM
    assert "aws:MultiFactorAuthPresent" in one.sentence


def test_chn_01_administrators_are_adm_01(found, make):
    assert not found("CHN-01", users=[make.user("alice", make.allow("*"))])


def test_chn_01_the_remedy_names_the_statement_and_who_else_loses_it(found, make):
    shared = make.policy("shared", make.allow("iam:PutUserPolicy"), make.allow("s3:ListAllMyBuckets"))
    users = [make.user(name, **make.attached(make.arn("policy/shared"))) for name in ("alice", "bob")]
    first, _ = found("CHN-01", users=users, policies=[shared])
    assert first.subject_name == "alice"
    assert first.remediation.startswith("Remove shared, statement 1. This ends this attack path; others may remain.")
    assert "1 other principal would lose the permission as well." in first.remediation


def test_chn_02_a_chain_of_roles(found, make):
    roles = [
        make.role("first", trust=make.trust({"AWS": make.arn("user/alice")})),
        make.role("second", make.allow("*"), trust=make.trust({"AWS": make.arn("role/first")})),
    ]
    (one,) = found("CHN-02", users=[make.user("alice")], roles=roles)
    assert (
        one.sentence
        == (
            "alice can become administrator of account 111122223333 in 2 steps, by assuming the role (first), then by "
            "assuming the role (second)."
        )
        or "in 2 steps, by assuming the role (first), then by assuming the role (second)." in one.sentence
    )


def test_chn_02_a_chain_that_a_denial_cuts(found, make):
    roles = [
        make.role("first", make.deny("sts:*"), trust=make.trust({"AWS": make.arn("user/alice")})),
        make.role("second", make.allow("*"), trust=make.trust({"AWS": make.arn("role/first")})),
    ]
    assert not found("CHN-02", users=[make.user("alice")], roles=roles)


def test_chn_03_needs_an_account_besides(found, make):
    foreign = make.role("visitor", trust=make.trust({"AWS": make.arn("root", STRANGER)}))
    assert not found("CHN-03", users=[make.user("alice", make.allow("sts:AssumeRole"))], roles=[foreign])


def test_chn_04_strangers_who_get_to_administration(found, make):
    roles = [
        make.role("door", make.allow("sts:AssumeRole"), trust=make.trust({"AWS": "*"})),
        make.role("power", make.allow("*"), trust=make.trust({"AWS": make.arn("root")})),
    ]
    (one,) = found("CHN-04", roles=roles)
    assert one.subject_name == "door"
    assert one.severity is Severity.CRITICAL
    assert one.sentence.startswith("Anyone with an AWS account can assume the role door and become ")


def test_chn_04_is_silent_where_the_door_leads_nowhere(found, make):
    roles = [
        make.role("door", make.allow("s3:ListAllMyBuckets"), trust=make.trust({"AWS": "*"})),
        make.role("power", make.allow("*"), trust=make.trust({"AWS": make.arn("root")})),
    ]
    assert not found("CHN-04", roles=roles)


def test_chn_04_and_05_the_account_that_perhaps_manages_the_organization_is_no_certain_outsider(found, make):
    trust = make.trust({"AWS": make.arn("root", STRANGER)})
    (one,) = found("CHN-04", roles=[make.role("OrganizationAccountAccessRole", make.allow("*"), trust=trust)])
    assert (one.state, one.severity) == (State.INCONCLUSIVE, Severity.MEDIUM)
    reading = make.allow("secretsmanager:GetSecretValue")
    (one,) = found("CHN-05", roles=[make.role("OrganizationAccountAccessRole", reading, trust=trust)])
    assert (one.state, one.severity) == (State.INCONCLUSIVE, Severity.MEDIUM)
    (one,) = found("CHN-04", roles=[make.role("Partner", make.allow("*"), trust=trust)])
    assert (one.state, one.severity) == (State.FOUND, Severity.CRITICAL)


def test_chn_05_strangers_who_get_to_all_secrets(found, make):
    door = make.role("door", make.allow("secretsmanager:GetSecretValue"), trust=make.trust({"AWS": "*"}))
    (one,) = found("CHN-05", roles=[door])
    assert one.sentence == "Anyone with an AWS account can assume the role door and read all secrets."


def test_chn_05_one_secret_is_not_all(found, make):
    one = make.allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-??????")
    assert not found("CHN-05", roles=[make.role("door", one, trust=make.trust({"AWS": "*"}))])


def test_chn_06_roles_that_assume_each_other(found, make):
    roles = [
        make.role("one", trust=make.trust({"AWS": make.arn("role/two")})),
        make.role("two", trust=make.trust({"AWS": make.arn("role/three")})),
        make.role("three", trust=make.trust({"AWS": make.arn("role/one")})),
        make.role("end", trust=make.trust({"AWS": make.arn("role/one")})),
    ]
    (one,) = found("CHN-06", roles=roles)
    assert one.sentence == "one, two and three can assume each other."
    assert not found("CHN-06", roles=roles[:2])


def test_chn_08_a_role_that_many_may_assume(found, make):
    role = make.role("shared", trust=make.trust({"AWS": make.arn("root")}))
    users = [make.user(f"user{number}", make.allow("sts:AssumeRole")) for number in range(5)]
    (one,) = found("CHN-08", users=users, roles=[role])
    assert one.sentence.startswith("shared trusts its whole account: user0, user1,")
    assert not found("CHN-08", users=users[:4], roles=[role])


def test_chn_08_one_is_enough_where_the_role_reads_all_data(found, make):
    roles = [
        make.role("reader", make.allow("s3:GetObject"), trust=make.trust({"AWS": make.arn("root")})),
        make.role(
            "narrow", make.allow("s3:GetObject", "arn:aws:s3:::a/*"), trust=make.trust({"AWS": make.arn("root")})
        ),
    ]
    (one,) = found("CHN-08", users=[make.user("alice", make.allow("sts:AssumeRole"))], roles=roles)
    assert one.sentence == (
        "reader trusts its whole account: alice can assume it and, through it, read all S3 objects."
    )
    assert not found("CHN-08", users=[make.user("alice", make.allow("s3:ListAllMyBuckets"))], roles=roles)


def test_chn_09_tags_that_callers_choose(found, make):
    by_tag = make.allow("s3:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    trust = make.trust({"AWS": make.arn("root")}, ["sts:AssumeRole", "sts:TagSession"])
    (one,) = found("CHN-09", roles=[make.role("tagged", by_tag, trust=trust)])
    assert (
        one.sentence
        == "Any principal that assumes tagged can set the session tag team, on which the role's permissions depend."
    )
    bound = make.trust(
        {"AWS": make.arn("root")},
        ["sts:AssumeRole", "sts:TagSession"],
        Condition={"StringEquals": {"aws:RequestTag/team": "blue"}},
    )
    assert not found("CHN-09", roles=[make.role("tagged", by_tag, trust=bound)])


def test_chn_09_tags_of_an_identity_provider_or_a_service_are_not_the_callers(found, make):
    by_tag = make.allow("s3:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    for principal, action in (
        ({"Federated": make.arn("saml-provider/corporate")}, "sts:AssumeRoleWithSAML"),
        ({"Service": "pods.eks.amazonaws.com"}, "sts:AssumeRole"),
    ):
        trust = make.trust(principal, [action, "sts:TagSession"])
        assert not found("CHN-09", roles=[make.role("tagged", by_tag, trust=trust)])


def test_chn_10_tags_of_its_own(found, make):
    by_tag = make.allow("s3:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    (one,) = found("CHN-10", users=[make.user("alice", by_tag, make.allow("iam:TagUser"))])
    assert one.sentence == "alice can set its own tag team, on which its permissions depend."
    denied = make.deny("iam:TagUser", Condition={"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}})
    assert not found("CHN-10", users=[make.user("alice", by_tag, make.allow("iam:TagUser"), denied)])


def test_chn_11_far_is_told_and_near_is_not(found, make):
    roles = [make.role(f"role{number}", trust=make.trust({"AWS": make.arn("user/alice")})) for number in range(25)]
    (one,) = found("CHN-11", users=[make.user("alice")], roles=roles)
    assert one.sentence == "alice can become 25 other principals."
    assert not found("CHN-11", users=[make.user("alice")], roles=roles[:24])


def test_chn_02_a_role_that_changes_the_user_it_came_from(found, make):
    alice = make.arn("user/alice")
    responder = make.role("responder", make.allow("iam:AttachUserPolicy"), trust=make.trust({"AWS": alice}))
    (one,) = found("CHN-02", users=[make.user("alice")], roles=[responder])
    assert (
        "in 2 steps, by assuming the role (responder), then by attaching a policy to the user (alice)." in one.sentence
    )
    assert not found("CHN-12", users=[make.user("alice")], roles=[make.role("responder", make.allow("s3:*"))])


def test_the_api_calls_of_a_path(found, make):
    users = [
        make.user("trusts", make.allow("iam:UpdateAssumeRolePolicy"), make.allow("sts:AssumeRole")),
        make.user("resets", make.allow("iam:AttachUserPolicy", make.arn("user/weak")), make.allow("iam:*AccessKey")),
        make.user("joins", make.allow("iam:AddUserToGroup")),
        make.user("weak"),
    ]
    groups = [make.group("writers", make.allow("iam:AttachUserPolicy", make.arn("user/joins")))]
    calls = {
        one.subject_name: api_calls_of(one)
        for one in found("CHN-01", users=users, groups=groups, roles=[make.role("strong", make.allow("*"))])
    }
    assert calls == {
        "trusts": ("iam:UpdateAssumeRolePolicy + sts:AssumeRole → role/strong",),
        "resets": ("iam:AttachUserPolicy + iam:CreateAccessKey → user/weak",),
        "joins": ("iam:AddUserToGroup → group/writers, iam:AttachUserPolicy → user/joins",),
    }


def test_chn_12_who_can_make_others_administrators(found, make):
    users = [make.user("alice"), make.user("bob", make.allow("iam:AttachRolePolicy"))]
    roles = [
        make.role("changes", make.allow("iam:PutUserPolicy")),
        make.role("limited", make.allow("iam:PutUserPolicy", make.arn("user/nobody"))),
        make.role("denied", make.allow("iam:PutUserPolicy"), {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}),
    ]
    first, second = sorted(found("CHN-12", users=users, roles=roles), key=lambda one: one.subject_name)
    assert (first.subject_name, second.subject_name) == ("bob", "changes")
    assert first.sentence == (
        "bob cannot become an administrator, but can make other principals administrators, for example by attaching a "
        "policy to the role (changes)."
    )
    assert second.sentence.endswith("for example by putting an inline policy on the user (anchor).")
    assert [piece.decision.request.resource for piece in second.evidence] == [make.arn("user/anchor")]
    # With a principal that it can become, it is an attack path.
    roles = [make.role("changes", make.allow("iam:PutUserPolicy"), trust=make.trust({"AWS": make.arn("user/alice")}))]
    assert {one.subject_name for one in found("CHN-12", users=users, roles=roles)} == {"bob", "changes"}
    assert {one.subject_name for one in found("CHN-02", users=users, roles=roles)} == {"alice"}


def test_chn_12_who_can_add_others_to_a_group_whose_members_become_administrators(found, make):
    role = make.role("adds", make.allow("iam:AddUserToGroup"))
    groups = {name: make.group(name, make.allow(action)) for name, action in (("sre", "iam:*"), ("idle", "s3:*"))}
    users = [make.user("eve")]
    (finding,) = found("CHN-12", users=users, roles=[role], groups=list(groups.values()))
    assert finding.sentence.endswith(
        "by adding a user to a group whose members can give themselves any permission (sre)."
    )
    assert [piece.decision.request.resource for piece in finding.evidence] == [make.arn("group/sre")]
    assert not found("CHN-12", users=users, roles=[role], groups=[groups["idle"]])


@pytest.mark.parametrize(
    ("action", "is_found"),
    [
        ("iam:AttachUserPolicy", True),
        ("iam:PutGroupPolicy", True),
        ("iam:AttachGroupPolicy", True),
        ("iam:CreatePolicyVersion", True),
        ("iam:CreateGroup", False),
    ],
)
def test_chn_12_what_members_of_a_group_can_do(found, make, action, is_found):
    policy = make.policy("changes", make.allow(action))
    group = make.group("sre", **make.attached(policy["Arn"]))
    roles = [make.role("adds", make.allow("iam:AddUserToGroup"))]
    parts = {"users": [make.user("eve")], "roles": roles, "groups": [group]}
    assert bool(found("CHN-12", policies=[policy], **parts)) is is_found


def test_what_ends_a_path_is_told_for_the_first_ones_whoever_asked_for_others_before(make, monkeypatch):
    """Trying changes takes time, so it is done for some: for the same ones in any order of the work."""
    monkeypatch.setattr(privilege_escalation, "_MAX_REMEDIATIONS", 2)
    monkeypatch.setattr(attack_path_graph, "_MAX_TRIED", 2, raising=False)
    names = ["ana", "ben", "cleo", "dan"]
    snapshot = make.snapshot(users=[make.user(name, make.allow("iam:AttachUserPolicy")) for name in names])
    evaluator = Evaluator(snapshot)
    reach = attack_path_graph.AttackPathGraph(evaluator)
    for name in reversed(names):
        reach.remediation(reach.attack_path(make.arn(f"user/{name}")))
    findings = registry.run(evaluator, reach=lambda *_, **__: reach, only=("CHN-01",))
    told = {one.subject_name: "This ends this attack path" in one.remediation for one in findings}
    assert told == {"ana": True, "ben": True, "cleo": False, "dan": False}


def test_chn_01_access_keys_of_an_administrator_are_high(found, make):
    users = [
        make.user("boss", make.allow("*")),
        make.user("bob", make.allow("iam:CreateAccessKey", make.arn("user/boss"))),
    ]
    (one,) = found("CHN-01", users=users)
    assert (one.state, one.severity) == (State.INCONCLUSIVE, Severity.HIGH)
    assert "fewer than two access keys" in one.sentence
