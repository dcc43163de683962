"""LNT-12, LNT-16: names in policies that never come to be."""

OWN_FOLDER = "arn:aws:s3:::team/${aws:PrincipalTag/team}/*"


def tagged(name, value):
    return {"Tags": [{"Key": name, "Value": value}]}


def test_lnt_12_a_user_without_the_tag(found, make):
    users = [make.user("alice", make.allow("s3:GetObject", OWN_FOLDER, Sid="Own"))]
    (one,) = found("LNT-12", users=users)
    assert one.sentence == "alice has no tag team, which statements of inline require: they never match."
    assert one.evidence[0].statement.sid == "Own"


def test_lnt_12_through_a_group_and_a_managed_policy(found, make):
    policy = make.policy("folder", make.allow("s3:GetObject", OWN_FOLDER))
    group = make.group("staff", **make.attached(policy["Arn"]))
    users = [make.user("alice", groups=["staff"]), make.user("bob", groups=["staff"], **tagged("Team", "data"))]
    assert [one.subject_name for one in found("LNT-12", users=users, groups=[group], policies=[policy])] == ["alice"]


def test_lnt_12_defaults_other_resources_and_denials(found, make):
    statements = [
        make.allow("s3:GetObject", "arn:aws:s3:::team/${aws:PrincipalTag/team, 'none'}/*"),
        make.allow("s3:GetObject", [OWN_FOLDER, "arn:aws:s3:::shared/*"]),
        make.deny("s3:GetObject", OWN_FOLDER),
        make.allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*"),
    ]
    assert not found("LNT-12", users=[make.user("alice", *statements)])
    assert not found("LNT-12", roles=[make.role("reader", make.allow("s3:GetObject", OWN_FOLDER))])


def test_lnt_12_a_policy_that_is_missing_is_told_by_cmp_03(found, make):
    users = [make.user("alice", **make.attached(make.arn("policy/gone")))]
    assert not found("LNT-12", users=users)
    assert len(found("CMP-03", users=users)) == 1


SESSION = "arn:aws:sts::111122223333:assumed-role/deploy/jenkins"


def test_lnt_16_a_session_in_a_trust_policy(found, make):
    (one,) = found("LNT-16", roles=[make.role("target", trust=make.trust({"AWS": SESSION}))])
    assert one.sentence == "The trust policy of target names the session deploy/jenkins as principal."
    assert one.subject_name == "target"
    assert not found("LNT-16", roles=[make.role("target", trust=make.trust({"AWS": make.arn("role/deploy")}))])


def test_lnt_16_a_session_in_a_resource_policy(make):
    statement = {"Effect": "Allow", "Principal": {"AWS": [SESSION]}, "Action": "s3:GetObject", "Resource": "*"}
    (one,) = make.findings("LNT-16", beside={"resources": (make.resource("arn:aws:s3:::payroll", statement),)})
    assert one.sentence == "The policy of payroll names the session deploy/jenkins as principal."
    unread = make.resource("arn:aws:s3:::payroll", is_policy_captured=False)
    assert not make.findings("LNT-16", beside={"resources": (unread,)})
    assert len(make.findings("CMP-06", beside={"resources": (unread,)})) == 1


def test_lnt_16_sessions_of_identity_center_are_named_after_people(found, make):
    person = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0011223344556677/alice@example.com"
    assert not found("LNT-16", roles=[make.role("target", trust=make.trust({"AWS": person}))])
