"""CMP-01 to CMP-14: what the snapshot does not hold."""

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths import prepared
from iamdesk.checks import registry
from iamdesk.checks.finding import Severity, State
from iamdesk.snapshot.organization import Organization, OrganizationNode


def test_cmp_01_pages_that_are_missing(found, make):
    (one,) = found("CMP-01", IsTruncated=True, Marker="next")
    assert one.severity is Severity.HIGH
    assert not found("CMP-01")
    assert not found("CMP-01", IsTruncated=False)


def test_cmp_02_attachments_that_do_not_add_up(found, make):
    user = make.user("alice", **make.attached(make.arn("policy/p")))
    (one,) = found("CMP-02", users=[user], policies=[make.policy("p", make.allow("s3:*"), AttachmentCount=3)])
    assert one.evidence[0].text == "p: AWS counts 3, 1 were captured."
    for count in (0, 1, None):
        policy = make.policy("p", make.allow("s3:*"), AttachmentCount=count)
        assert not found("CMP-02", users=[user], policies=[policy])


def test_cmp_03_documents_and_groups_that_are_missing(found, make):
    user = make.user("alice", groups=["gone"], **make.attached(make.arn("policy/gone"), make.arn("policy/here")))
    bounded = make.role("ops", **make.boundary(make.arn("policy/edge")))
    without = make.policy("edge", make.allow("s3:*"), PolicyVersionList=[])
    findings = found(
        "CMP-03", users=[user], roles=[bounded], policies=[make.policy("here", make.allow("s3:*")), without]
    )
    assert {one.subject_key for one in findings} == {
        make.arn("policy/gone"),
        make.arn("policy/edge"),
        make.arn("group/gone"),
    }
    assert {one.state for one in findings} == {State.INCONCLUSIVE}
    assert any("arn:aws:iam::111122223333:role/ops" in piece.text for one in findings for piece in one.evidence)


def test_cmp_03_is_silent_where_everything_is_there(found, make):
    user = make.user("alice", groups=["staff"], **make.attached(make.arn("policy/p")))
    assert not found(
        "CMP-03", users=[user], groups=[make.group("staff")], policies=[make.policy("p", make.allow("s3:*"))]
    )


def test_cmp_05_accounts_of_the_organization_that_were_not_captured(make):
    nodes = (
        OrganizationNode(id="r-abcd"),
        OrganizationNode(id="111122223333", parent_id="r-abcd"),
        OrganizationNode(id="222233334444", parent_id="r-abcd"),
    )
    organization = Organization(id="o-abcdef1234", management_account_id="222233334444", nodes=nodes)
    trusting = make.role("audit", trust=make.trust({"AWS": ["222233334444", "999988887777"]}))
    snapshot = make.snapshot(roles=[trusting]).model_copy(update={"organization": organization})
    findings = list(registry.run(Evaluator(snapshot), only=("CMP-05", "TRU-03")))
    (one,) = [found for found in findings if found.check_id == "CMP-05"]
    assert one.sentence == "1 account of the organization was not captured: 222233334444."
    assert ["999988887777" in found.sentence for found in findings if found.check_id == "TRU-03"] == [True]


def test_cmp_05_is_silent_without_an_organization_and_when_all_is_there(found, make):
    assert not found("CMP-05")
    organization = Organization(id="o-abcdef1234", management_account_id="111122223333")
    snapshot = make.snapshot().model_copy(update={"organization": organization})
    assert not list(registry.run(Evaluator(snapshot), only=("CMP-05",)))


def test_cmp_08_policies_that_cannot_be_read(found, make):
    users = [
        make.user("maybe", {"Effect": "Maybe", "Action": "s3:*", "Resource": "*"}),
        make.user("text", UserPolicyList=[{"PolicyName": "inline", "PolicyDocument": "%7B broken"}]),
        make.user("odd", make.allow("s3:GetObject", "not-an-arn")),
        make.user("well", make.allow("s3:*")),
    ]
    findings = found("CMP-08", users=users)
    assert [one.sentence.partition(" is malformed")[0] for one in findings] == [
        "The inline policy inline of user maybe",
        "The inline policy inline of user text",
    ]
    assert {one.state for one in findings} == {State.INCONCLUSIVE}
    assert findings[0].evidence[0].text.startswith("$.Statement[0].Effect: ")


def test_cmp_09_service_linked_roles_are_counted(found, make):
    roles = [make.role(name, path=f"/aws-service-role/{name}.amazonaws.com/") for name in ("ssm", "ecs")]
    (one,) = found("CMP-09", roles=[*roles, make.role("own")])
    assert one.sentence == "2 service-linked roles of account 111122223333 were not checked: ssm and ecs."
    assert not found("CMP-09", roles=[make.role("own", path="/aws-reserved/sso.amazonaws.com/")])
    assert not found("CMP-09")


def test_cmp_10_last_use_that_was_not_captured(found, make):
    (one,) = found("CMP-10", roles=[make.role("unknown", RoleLastUsed=None), make.role("known")])
    assert one.state is State.INCONCLUSIVE
    assert "1 role of account 111122223333 is used" in one.sentence
    assert not found("CMP-10", roles=[make.role("known"), make.role("never", RoleLastUsed={})])
    assert not found("CMP-10")


def test_cmp_14_attack_paths_that_were_not_searched(found, make, monkeypatch):
    parts = {
        "users": [make.user("joins", make.allow("iam:AddUserToGroup"))],
        "groups": [make.group(name, make.allow("sts:AssumeRole")) for name in ("g", "h")],
    }
    assert not found("CMP-14", **parts)
    monkeypatch.setattr(prepared, "_MAX_ROUNDS", 1)
    (one,) = found("CMP-14", **parts)
    what = "changing one's own permissions, groups or tags"
    assert one.sentence == f"Attack paths after 1 way of {what} were not searched."
    assert one.state is State.INCONCLUSIVE
    monkeypatch.setattr(prepared, "_MAX_PRINCIPALS", 0)
    (one,) = found("CMP-14", **parts)
    assert one.sentence.endswith("were not searched: the snapshot has too many users and roles.")


def test_cmp_11_entries_that_cannot_be_read(found, make):
    (one,) = found("CMP-11", users=[{"UserName": 7, "Arn": make.arn("user/seven")}])
    assert one.state is State.INCONCLUSIVE
    assert one.evidence
    assert not found("CMP-11", users=[make.user("alice")])


def test_cmp_12_says_once_that_the_organization_is_not_known(found, make):
    (one,) = found("CMP-12", users=[make.user("alice"), make.user("bob")])
    assert one.severity is Severity.INFO


def test_cmp_02_attachments_in_another_account_of_the_file(make):
    """Two accounts in one file share the entries of AWS managed policies, which name no account."""
    aws = make.policy("Readers", make.allow("s3:GetObject"), owner="aws", AttachmentCount=2)
    here = make.user("alice", **make.attached(aws["Arn"]))
    there = make.user("bob", **make.attached(aws["Arn"])) | {"Arn": make.arn("user/bob", "999988887777")}
    assert not make.findings("CMP-02", users=[here, there], policies=[aws])
    aws["AttachmentCount"] = 3
    (one,) = make.findings("CMP-02", users=[here, there], policies=[aws])
    assert one.evidence[0].text == "Readers: AWS counts 3, 2 were captured."
