"""HYG-08, HYG-09, HYG-11, HYG-12: what an orderly account has."""

import pytest

from iamdesk.checks.finding import State
from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.organization import Organization

OTHER = "999999999999"


def tags(**values):
    return {"Tags": [{"Key": key, "Value": value} for key, value in values.items()]}


def test_hyg_08_users_and_roles_of_nobody(make):
    parts = {
        "users": [make.user("alice", **tags(Owner="ops")), make.user("bob", **tags(env="prod"))],
        "roles": [make.role("app", **tags(Cost_Center="12")), make.role("old")],
    }
    users, roles = make.findings("HYG-08", **parts)
    assert users.sentence == "2 of 3 users have no owner or purpose tag: anchor and bob."
    assert roles.sentence == "1 of 2 roles has no owner or purpose tag: old."
    assert f"{make.arn('user/bob')} has the tags env." in [piece.text for piece in users.evidence]


def test_hyg_08_everybody_tagged_and_roles_of_identity_center(make):
    reserved = make.role("AWSReservedSSO_Ops_1", path="/aws-reserved/sso.amazonaws.com/")
    parts = {"roles": [make.role("app", **tags(team="web")), reserved]}
    assert [one.sentence for one in make.findings("HYG-08", **parts)] == [
        "1 of 1 user has no owner or purpose tag: anchor."
    ]
    assert len(make.findings("HYG-08", roles=[make.role("app", **tags(team=" "))])) == 2


def test_hyg_09_inline_policies_of_roles(make):
    reserved = make.role("AWSReservedSSO_Ops_1", make.allow("s3:*"), path="/aws-reserved/sso.amazonaws.com/")
    (one,) = make.findings("HYG-09", roles=[make.role("app", make.allow("s3:*")), make.role("plain"), reserved])
    assert one.sentence == "1 role has 1 inline policy: app."
    assert not make.findings("HYG-09", roles=[make.role("plain"), reserved])


CASE = "support:CreateCase"


def test_hyg_11_administrators_alone_or_nobody(make):
    (one,) = make.findings("HYG-11", users=[make.user("root", make.allow("*"))])
    assert one.sentence == "Only administrators can open a case with AWS Support."
    (one,) = make.findings("HYG-11", roles=[make.role("on-call", make.allow(CASE), make.deny("support:*"))])
    assert one.sentence == "Only the root user can open a case with AWS Support."


def test_hyg_11_a_holder_that_was_not_captured_may_open_cases(make):
    users = [make.user("root", make.allow("*"))]
    support = make.policy("on-call", make.allow("support:*"), AttachmentCount=1)
    (one,) = make.findings("HYG-11", users=users, policies=[support])
    assert one.state is State.INCONCLUSIVE
    assert one.evidence[-1].text == "Some attachments of on-call were not captured."
    for other in (
        {**support, "AttachmentCount": 0},
        make.policy("reading", make.allow("s3:*"), AttachmentCount=1),
        {**make.full_access(), "AttachmentCount": 1},
    ):
        (one,) = make.findings("HYG-11", users=users, policies=[other])
        assert one.state is State.FOUND


def test_hyg_11_somebody_on_call_and_somebody_under_conditions(make):
    assert not make.findings("HYG-11", roles=[make.role("on-call", make.allow(CASE))])
    office = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    (one,) = make.findings("HYG-11", roles=[make.role("on-call", make.allow(CASE, Condition=office))])
    assert one.state is State.INCONCLUSIVE
    assert "aws:SourceIp" in one.evidence[0].decision.missing_context_values


def analyzers(*kinds, region="eu-west-1", status="ACTIVE"):
    listed = [
        {"arn": f"arn:aws:access-analyzer:{region}:1:analyzer/{kind}", "name": kind, "type": kind, "status": status}
        for kind in kinds
    ]
    return {"access_analyzers": [{"region": region, "analyzers": listed}]}


def test_hyg_12_a_region_without_an_analyzer(make):
    for facts in (analyzers(), analyzers("ACCOUNT_UNUSED_ACCESS"), analyzers("ACCOUNT", status="DISABLED")):
        (one,) = make.findings("HYG-12", facts=facts)
        assert one.sentence == "No external access analyzer monitors account 111122223333 in eu-west-1."
    assert not make.findings("HYG-12", facts=analyzers("ACCOUNT"))
    assert not make.findings("HYG-12", facts=analyzers("ORGANIZATION"))


def organization():
    nodes = [{"id": "r-1"}, *({"id": one, "parent_id": "r-1"} for one in ("111122223333", OTHER))]
    tree = {"id": "o-acme", "management_account_id": OTHER, "nodes": nodes}
    return Organization.model_validate(tree)


@pytest.mark.parametrize(
    ("other", "state"), [(None, State.INCONCLUSIVE), (analyzers(), State.FOUND), (analyzers("ORGANIZATION"), None)]
)
def test_hyg_12_the_analyzer_may_be_the_organizations(make, other, state):
    facts = [{"account_id": "111122223333", **analyzers()}]
    if other is not None:
        facts.append({"account_id": OTHER, **other})
    told = tuple(AccountFacts.model_validate(one) for one in facts)
    found = make.findings("HYG-12", beside={"organization": organization(), "account_facts": told})
    assert [one.state for one in found] == ([] if state is None else [state])


def test_hyg_12_is_not_run_without_its_data(make):
    assert not make.findings("HYG-12")
    assert [one for one in make.findings("CMP-13") if "HYG-12" in one.sentence]


def ec2(make, name, *others, profile=False):
    trust = make.trust({"Service": ["ec2.amazonaws.com", *others]})
    arn = make.arn(f"instance-profile/{name}")
    held = {"Path": "/", "InstanceProfileName": name, "InstanceProfileId": "AIPA1", "Arn": arn, "Roles": []}
    return make.role(name, trust=trust, InstanceProfileList=[held] if profile else [])


def test_svc_07_a_role_that_no_instance_can_have(make):
    (one,) = make.findings("SVC-07", roles=[ec2(make, "web", profile=True), ec2(make, "old")])
    assert one.sentence == "1 role that only EC2 can assume is in no instance profile: old."
    assert not make.findings("SVC-07", roles=[ec2(make, "web", profile=True), ec2(make, "old", "ssm.amazonaws.com")])


def test_svc_07_where_no_profile_at_all_is_told(make):
    (one,) = make.findings("SVC-07", roles=[ec2(make, "old")])
    assert one.state is State.INCONCLUSIVE


BOTH_WAYS = ["cloudshell:GetFileUploadUrls", "cloudshell:GetFileDownloadUrls"]


def test_adm_17_files_both_ways(make):
    users = [make.user("alice", make.allow("cloudshell:*")), make.user("root", make.allow("*"))]
    (one,) = make.findings("ADM-17", users=users)
    assert one.sentence == "1 user or role can upload and download files through CloudShell: alice."
    assert [piece.decision.request.action for piece in one.evidence] == BOTH_WAYS


def test_adm_17_in_the_regions_that_a_condition_leaves(make):
    lock = {**make.deny("*"), "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}
    (one,) = make.findings("ADM-17", users=[make.user("alice", make.allow("cloudshell:*"), lock)])
    assert one.sentence.endswith("CloudShell: alice. This holds in eu-west-1: a condition limits the Regions.")
    assert [piece.decision.decision for piece in one.evidence] == ["allowed", "allowed"]


def test_adm_17_one_way_and_denied(make):
    for statements in (
        [make.allow(BOTH_WAYS[0])],
        [make.allow("cloudshell:*"), make.deny(BOTH_WAYS[1])],
        [make.allow("cloudshell:CreateSession")],
    ):
        assert not make.findings("ADM-17", users=[make.user("alice", *statements)])


def test_hyg_14_a_role_for_security_audits(make):
    (one,) = make.findings("HYG-14")
    assert one.sentence == "No user, group or role has the AWS managed policy SecurityAudit."
    audit = make.policy("SecurityAudit", make.allow("s3:ListAllMyBuckets"), owner="aws")
    role = make.role("audit", **make.attached(audit["Arn"]))
    assert not make.findings("HYG-14", roles=[role], policies=[audit])
    counted = {**audit, "AttachmentCount": 2}
    (one,) = make.findings("HYG-14", policies=[counted])
    assert one.state is State.INCONCLUSIVE
    assert one.sentence.endswith("cannot be determined: AWS counts 2 attachments that were not captured.")
    named = make.policy("SecurityAudit", make.allow("s3:ListAllMyBuckets"))
    assert make.findings("HYG-14", roles=[make.role("audit", **make.attached(named["Arn"]))], policies=[named])


def test_hyg_15_policies_that_aws_does_not_list(found, make):
    def of(name, **more):
        return {**make.policy(name, make.allow("lambda:*"), owner="aws"), **more}

    old, known = of("AWSLambdaFullAccess"), of("AWSLambda_FullAccess")
    users = [make.user(one["PolicyName"], **make.attached(one["Arn"])) for one in (old, known)]
    (one,) = found("HYG-15", users=users, policies=[old, known])
    assert one.sentence == (
        "AWS no longer lists AWSLambdaFullAccess; 1 user, group or role has it: AWSLambdaFullAccess."
    )
    assert not found("HYG-15", policies=[old])
    newer = of("AWSLambdaFullAccess", UpdateDate="2099-01-01T00:00:00+00:00")
    assert not found("HYG-15", users=users, policies=[newer, known])
