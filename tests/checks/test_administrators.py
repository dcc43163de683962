"""ADM-01, ADM-02, ADM-04, ADM-05, ADM-07: administrators in effect and by name."""

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.checks import registry
from iamdesk.checks.finding import Severity, State
from iamdesk.evaluate.request import EvalDecision
from iamdesk.resource_files import resources
from iamdesk.snapshot.reader import load_snapshot

MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def test_adm_01_whoever_may_do_everything_is_an_administrator(found, make):
    (one,) = found("ADM-01", users=[make.user("alice", make.allow("*"))])
    assert (one.subject_name, one.severity, one.state) == ("alice", Severity.HIGH, State.FOUND)
    assert one.sentence == "alice is an administrator, through its inline policy inline."
    questions = [piece.decision for piece in one.evidence if piece.decision]
    assert [question.decision for question in questions] == [EvalDecision.ALLOWED] * 4
    assert all(question.matched_statements for question in questions)


def test_adm_01_is_decided_by_what_policies_say_not_by_their_names(found, make):
    fake = make.policy("AdministratorAccess", make.allow("s3:*"))
    many = [make.allow("iam:*"), make.allow("ec2:*")]
    users = [
        make.user("by-name", **make.attached(make.arn("policy/AdministratorAccess"))),
        make.user("iam-and-ec2", *many),
        make.user("sum-of-parts", make.allow("iam:*"), {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
    ]
    assert [one.subject_name for one in found("ADM-01", users=users, policies=[fake])] == ["sum-of-parts"]


def test_adm_01_tells_the_route_through_groups(found, make):
    admins = make.group("admins", **make.attached(make.admin))
    user = make.user("alice", groups=["admins"])
    (one,) = found("ADM-01", users=[user], groups=[admins], policies=[make.full_access()])
    assert one.sentence == "alice is an administrator, through AdministratorAccess of group admins."


def test_adm_01_covers_roles_and_tells_of_attached_policies(found, make):
    role = make.role("ops", **make.attached(make.admin))
    (one,) = found("ADM-01", roles=[role], policies=[make.full_access()])
    assert one.sentence == "ops is an administrator, through AdministratorAccess (attached directly)."


@pytest.mark.parametrize(
    "denied",
    ["iam:PassRole", "iam:*", "iam:CreatePolicyVersion", "*"],
)
def test_adm_01_respects_denials(found, make, denied):
    assert not found("ADM-01", users=[make.user("alice", make.allow("*"), make.deny(denied))])


def test_adm_01_respects_denials_of_nearly_everything_else(found, make):
    rest = {"Effect": "Deny", "NotAction": ["iam:*", "ec2:*", "s3:*"], "Resource": "*"}
    assert not found("ADM-01", users=[make.user("alice", make.allow("*"), rest)])


def test_adm_01_respects_the_permissions_boundary(found, make):
    policies = [make.policy("narrow", make.allow("s3:*")), make.policy("wide", make.allow("*"))]
    users = [
        make.user("narrowed", make.allow("*"), **make.boundary(make.arn("policy/narrow"))),
        make.user("widened", make.allow("*"), **make.boundary(make.arn("policy/wide"))),
    ]
    (one,) = found("ADM-01", users=users, policies=policies)
    assert one.subject_name == "widened"
    assert one.sentence.endswith("The permissions boundary wide does not stop it.")


def test_adm_01_names_the_keys_that_it_hangs_on(found, make):
    (one,) = found("ADM-01", users=[make.user("alice", make.allow("*", Condition=MFA))])
    assert one.title == "Administrator under conditions"
    assert one.sentence.endswith("this depends on aws:MultiFactorAuthPresent.")
    assert {piece.decision.decision for piece in one.evidence if piece.decision} == {EvalDecision.CONDITIONAL}


def test_adm_01_a_condition_that_nobody_meets_makes_no_administrator(found, make):
    never = {"StringEquals": {"aws:PrincipalAccount": "999999999999"}}
    assert not found("ADM-01", users=[make.user("alice", make.allow("*", Condition=never))])


def test_adm_01_counts_who_is_kept_to_one_region(found, make):
    elsewhere = {
        "Effect": "Deny",
        "NotAction": ["iam:*", "sts:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-central-1"}},
    }
    assert [one.subject_name for one in found("ADM-01", users=[make.user("alice", make.allow("*"), elsewhere)])] == [
        "alice"
    ]


def test_adm_01_an_unscoped_session_revocation_of_the_past_stops_nobody(found, make):
    revoked = make.deny("*", Condition={"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}})
    (one,) = found("ADM-01", roles=[make.role("ops", make.allow("*"), revoked)])
    assert one.title == "Administrator"


def test_adm_01_takes_administrator_access_as_aws_published_it_where_the_snapshot_lacks_it(found, make):
    users = [
        make.user("alice", **make.attached(make.admin)),
        make.user("bob", **make.attached("arn:aws:iam::aws:policy/X")),
    ]
    (one,) = found("ADM-01", users=users)
    assert (one.subject_name, one.state) == ("alice", State.FOUND)


def test_adm_01_cannot_be_told_without_the_document_of_the_boundary(found, make):
    users = [
        make.user("alice", make.allow("*"), **make.boundary(make.arn("policy/gone"))),
        make.user("bob", make.allow("s3:*"), **make.boundary(make.arn("policy/gone"))),
    ]
    (one,) = found("ADM-01", users=users)
    assert (one.subject_name, one.state) == ("alice", State.INCONCLUSIVE)


def test_adm_02_tells_what_holds_an_administrator_by_name_back(found, make):
    policies = [make.full_access(), make.policy("narrow", make.allow("s3:*"))]
    users = [
        make.user("bounded", **make.attached(make.admin), **make.boundary(make.arn("policy/narrow"))),
        make.user("denied", make.deny("iam:*"), **make.attached(make.admin)),
        make.user("real", **make.attached(make.admin)),
        make.user("small", make.allow("s3:*")),
    ]
    by_name = {one.subject_name: one for one in found("ADM-02", users=users, policies=policies)}
    assert set(by_name) == {"bounded", "denied"}
    assert by_name["bounded"].severity is Severity.INFO
    assert "its permissions boundary does not allow iam:AttachRolePolicy" in by_name["bounded"].sentence
    assert "inline, statement 1 denies iam:AttachRolePolicy" in by_name["denied"].sentence


def test_adm_02_is_silent_where_adm_01_cannot_tell(found, make):
    user = make.user("alice", make.allow("*"), **make.boundary(make.arn("policy/gone")))
    assert not found("ADM-02", users=[user])


def test_adm_04_an_attached_customer_policy_with_everything(found, make):
    policies = [
        make.policy("all", make.allow("*")),
        make.policy("all-with-mfa", make.allow("*", Condition=MFA)),
        make.policy("all-of-s3", make.allow("s3:*")),
        make.policy("all-on-one", make.allow("*", "arn:aws:s3:::b")),
        make.policy("none", make.deny("*")),
    ]
    user = make.user("alice", **make.attached(*(policy["Arn"] for policy in policies[:-1])))
    denied = make.user("bob", **make.attached(policies[-1]["Arn"]))
    (one,) = found("ADM-04", users=[user, denied], policies=policies)
    assert one.sentence == "all allows every action on every resource; it is attached to alice."
    assert one.evidence[0].statement is not None
    assert one.evidence[0].statement.span is not None


def test_adm_04_and_adm_05_part_attached_from_unused_policies(found, make):
    policies = [make.policy("unused", make.allow("*")), make.policy("as-boundary", make.allow("*"))]
    user = make.user("alice", **make.boundary(make.arn("policy/as-boundary")))
    assert not found("ADM-04", users=[user], policies=policies)
    assert [one.subject_name for one in found("ADM-05", users=[user], policies=policies)] == ["unused"]


def test_adm_05_is_silent_on_policies_of_aws(found, make):
    assert not found("ADM-05", policies=[make.full_access(), make.policy("small", make.allow("s3:*"))])


def test_adm_07_an_inline_policy_with_everything(found, make):
    (one,) = found(
        "ADM-07",
        groups=[make.group("admins", make.allow(["s3:*", "*"], ["arn:aws:s3:::b", "*"]))],
        users=[make.user("alice", make.allow("*", "arn:aws:s3:::b")), make.user("bob", make.allow("*", Condition=MFA))],
    )
    assert one.sentence == "The inline policy inline of group admins allows every action on every resource."
    assert one.subject_key.endswith("group/admins#inline/inline")


def test_adm_01_counts_who_is_kept_to_one_region_by_the_organization():
    """Of the sample: the Region lock of the workloads keeps their administrator to eu-west-1."""
    snapshot = load_snapshot(resources() / "samples" / "acme-organization")
    found = list(registry.run(Evaluator(snapshot), only=("ADM-01",)))
    assert {(one.account, one.subject_name) for one in found} == {
        ("111122223333", "OrganizationAccountAccessRole"),
        ("123456789012", "maria"),
    }


def test_adm_07_what_the_same_policy_denies_is_told(found, make):
    (one,) = found("ADM-07", users=[make.user("alice", make.allow("*"), make.deny("iam:*"))])
    assert one.sentence == (
        "The inline policy inline of user alice allows every action on every resource except what its "
        "statement 2 denies."
    )
    assert not found("ADM-07", users=[make.user("alice", make.allow("*"), make.deny("*"))])


def test_adm_01_names_the_policies_that_are_enough(found, make):
    some = make.group("some", make.allow("iam:PutUserPolicy"), make.allow("iam:AttachRolePolicy"))
    (one,) = found("ADM-01", users=[make.user("alice", make.allow("*"), groups=["some"])], groups=[some])
    assert one.sentence == "alice is an administrator, through its inline policy inline."


def test_adm_01_a_deny_that_access_keys_escape(found, make):
    escaped = make.deny("*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})
    (one,) = found("ADM-01", users=[make.user("alice", make.allow("*"), escaped)])
    assert one.sentence.startswith("alice is an administrator, with or without MFA, through ")


@pytest.mark.parametrize(
    "statements",
    [
        lambda make: [make.allow("*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})],
        lambda make: [make.allow("*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})],
        lambda make: [make.allow("*", Condition={"Null": {"aws:MultiFactorAuthPresent": "true"}})],
        lambda make: [make.allow("*"), make.deny("*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})],
    ],
)
def test_adm_01_a_condition_that_requests_without_mfa_meet_restricts_nobody(found, make, statements):
    (one,) = found("ADM-01", users=[make.user("alice", *statements(make))])
    assert one.sentence.startswith("alice is an administrator without MFA, through ")
    assert one.title == "Administrator"
    assert all(piece.decision.decision == "allowed" for piece in one.evidence if piece.decision)


@pytest.mark.parametrize(
    "statements",
    [
        lambda make: [make.allow("*", Condition=MFA)],
        lambda make: [make.allow("*", Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}})],
        lambda make: [
            make.allow("*"),
            make.deny("*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
        ],
        lambda make: [make.allow("*", Condition={**MFA, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})],
    ],
)
def test_adm_01_a_condition_that_needs_mfa_or_something_else_is_named(found, make, statements):
    (one,) = found("ADM-01", users=[make.user("alice", *statements(make))])
    assert "under conditions" in one.sentence
    assert one.title == "Administrator under conditions"


def test_adm_04_a_policy_that_no_holder_can_use_is_low(found, make):
    """Where every holder is denied everything by another policy."""
    wide = make.policy("wide", make.allow("*"))
    dead = make.policy("dead", make.deny("*"))
    policies = [wide, dead]
    both = make.attached(wide["Arn"], dead["Arn"])
    (one,) = found("ADM-04", users=[make.user("alice", **both)], policies=policies)
    assert one.sentence.endswith("it is attached to alice, but another policy denies all of them everything.")
    assert one.severity is Severity.LOW
    users = [make.user("alice", **both), make.user("bob", **make.attached(wide["Arn"]))]
    (one,) = found("ADM-04", users=users, policies=policies)
    assert one.severity is Severity.HIGH
    group = make.group("all", **make.attached(wide["Arn"]))
    member = make.user("alice", groups=["all"], **make.attached(dead["Arn"]))
    (one,) = found("ADM-04", users=[member], groups=[group], policies=policies)
    assert one.severity is Severity.LOW


def test_adm_02_what_denies_everything_is_said_so(found, make):
    user = make.user("alice", make.deny("*", "*"), **make.attached(make.admin))
    (one,) = found("ADM-02", users=[user], policies=[make.full_access()])
    assert one.sentence.endswith("but is not an administrator: inline denies everything.")
