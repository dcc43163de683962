"""HYG-06, HYG-07, HYG-13: permissions of which no use is made, and what can be taken out without touching what is."""

import json
import shlex

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.evaluation_session import EvaluationSession
from iamdesk.checks.finding import Severity, State
from iamdesk.checks.rightsizing import trims, unchanged_decision
from iamdesk.evaluate.request import Request

NOW, RECENT, LONG_AGO = "2026-09-01T00:00:00+00:00", "2026-08-20T00:00:00+00:00", "2026-02-01T00:00:00+00:00"


def service(name, used=None, **actions):
    told = {"ServiceNamespace": name, **({"LastAuthenticated": used} if used else {})}
    if actions:
        told["TrackedActionsLastAccessed"] = [
            {"ActionName": action, **({"LastAccessedTime": when} if when else {})} for action, when in actions.items()
        ]
    return told


def report(make, *services, who="user/alice", when=NOW):
    return {"arn": make.arn(who), "job_creation_date": when, "services": list(services)}


def told(make, check, *statements, reports, **more):
    users = [make.user("alice", *statements)]
    found = make.findings(check, users=users, facts={"last_accessed": reports}, **more)
    return [one for one in found if one.state is State.FOUND]


def test_hyg_06_a_service_that_was_not_used_and_the_entries_that_can_go(make):
    reports = [report(make, service("s3", RECENT, ListBucket=RECENT), service("sqs", LONG_AGO), service("sns"))]
    statements = (make.allow(["s3:ListBucket", "sqs:SendMessage"]), make.allow("sns:*"), make.deny("s3:DeleteBucket"))
    (one,) = told(make, "HYG-06", *statements, reports=reports)
    assert one.sentence == (
        "alice did not use 2 of the 3 services that it is allowed to use: sns and sqs; sqs:SendMessage and sns:* "
        "can be removed without effect on the services that it uses."
    )
    assert (one.subject_name, one.severity) == ("alice", Severity.MEDIUM)
    texts = [piece.text for piece in one.evidence]
    assert "s3:ListBucket, which was used, evaluated without these entries: allowed, as before." in texts
    assert "sqs: last used on 2026-02-01." in texts
    assert "sns: no use within AWS's tracking period." in texts
    words = shlex.split(one.remediation_command)
    assert words[:6] == ["aws", "iam", "put-user-policy", "--user-name", "alice", "--policy-name"]
    assert [entry["Action"] for entry in json.loads(words[-1])["Statement"]] == [["s3:ListBucket"], "s3:DeleteBucket"]


@pytest.mark.parametrize(
    "services",
    [
        (service("s3", RECENT), service("sqs", RECENT)),
        (service("s3", RECENT), service("dynamodb")),
    ],
    ids=["both used", "unused but not granted"],
)
def test_hyg_06_what_was_used_and_what_it_may_not_use(make, services):
    assert not told(make, "HYG-06", make.allow(["s3:*", "sqs:*"]), reports=[report(make, *services)])


def test_hyg_06_denied_services_are_not_granted(make):
    reports = [report(make, service("s3", RECENT), service("sqs"))]
    assert told(make, "HYG-06", make.allow(["s3:*", "sqs:*"]), reports=reports)
    assert not told(make, "HYG-06", make.allow(["s3:*", "sqs:*"]), make.deny("sqs:*"), reports=reports)


def test_hyg_06_who_is_younger_than_90_days_had_no_time_to_use_it(make):
    reports = [report(make, service("s3", RECENT), service("sqs"), when="2026-03-01T00:00:00+00:00")]
    assert not told(make, "HYG-06", make.allow(["s3:*", "sqs:*"]), reports=reports)


def test_hyg_06_a_role_that_is_not_used_at_all_is_told_elsewhere(make):
    def roles(last):
        trust = make.trust({"Service": "backup.amazonaws.com"})
        return [
            make.role("idle", make.allow("sqs:*"), trust=trust, RoleLastUsed=last),
            make.role("known", RoleLastUsed={"LastUsedDate": NOW}),
        ]

    reports = [report(make, service("sqs"), who="role/idle")]
    for last, count in (({"LastUsedDate": RECENT}, 1), ({}, 0)):
        found = make.findings("HYG-06", roles=roles(last), facts={"last_accessed": reports})
        assert len([one for one in found if one.subject_name == "idle"]) == count


def test_hyg_06_wildcards_and_what_used_services_need_stay(make):
    reports = [report(make, service("lambda", RECENT), service("iam"), service("sqs"))]
    (one,) = told(make, "HYG-06", make.allow(["lambda:*", "iam:PassRole", "sqs:*"]), reports=reports)
    assert "; sqs:* can be removed" in one.sentence
    assert '"iam:PassRole"' in one.remediation_command
    (one,) = told(make, "HYG-06", make.allow("*"), reports=reports)
    assert "can be removed" not in one.sentence
    assert not one.remediation_command


def test_hyg_06_a_policy_of_others_too_is_only_given_up_whole(make):
    shared = make.policy("shared", make.allow(["s3:*", "sqs:*"]))
    queues = make.policy("queues", make.allow("sqs:*"))
    given = make.attached(shared["Arn"], queues["Arn"])
    users = [make.user("alice", **given), make.user("bob", **given)]
    facts = {"last_accessed": [report(make, service("s3", RECENT), service("sqs"))]}
    found = make.findings("HYG-06", users=users, policies=[shared, queues], facts=facts)
    (one,) = [each for each in found if each.subject_name == "alice"]
    assert one.sentence.endswith("all of queues can be removed without effect on the services that it uses.")


def test_hyg_06_a_role_of_identity_center_is_changed_there(make):
    path = "/aws-reserved/sso.amazonaws.com/"
    role = make.role(
        "AWSReservedSSO_Ops_1", make.allow(["s3:*", "sqs:*"]), path=path, RoleLastUsed={"LastUsedDate": RECENT}
    )
    reports = [report(make, service("s3", RECENT), service("sqs"), who=f"role{path}AWSReservedSSO_Ops_1")]
    found = make.findings("HYG-06", roles=[role], facts={"last_accessed": reports})
    (one,) = [each for each in found if each.state is State.FOUND]
    assert "sqs:* can be removed" in one.sentence
    assert not one.remediation_command
    assert one.remediation.startswith("Remove the unused services from the permission set")


def test_hyg_06_whoever_has_no_report_cannot_be_told(make):
    facts = {"last_accessed": [report(make, service("s3", RECENT))]}
    found = make.findings("HYG-06", users=[make.user("alice", make.allow("s3:*")), make.user("bob")], facts=facts)
    (one,) = [each for each in found if each.state is State.INCONCLUSIVE]
    assert one.sentence == "Which services 2 users and roles use cannot be determined: anchor and bob."


@pytest.mark.parametrize("check", ["HYG-06", "HYG-07", "HYG-13"])
def test_without_reports_they_are_not_run(make, check):
    assert not make.findings(check, users=[make.user("alice", make.allow("s3:*"))])
    assert [one for one in make.findings("CMP-13") if check in one.sentence]


def inquiry(make, *statements):
    return EvaluationSession(Evaluator(make.snapshot(users=[make.user("alice", *statements)])))


def test_a_trim_leaves_every_action_of_used_services_as_it_is(make):
    asks = inquiry(
        make,
        make.allow(["s3:Get*", "sqs:*"], "arn:aws:s3:::a/*"),
        make.allow(["sqs:*", "dynamodb:GetItem"], Condition={"Bool": {"aws:SecureTransport": "true"}}),
        {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "arn:aws:s3:::b/*"},
        make.deny(["s3:GetObjectAcl", "sqs:DeleteQueue"]),
    )
    alice = make.arn("user/alice")
    used, unused = frozenset({"s3", "dynamodb"}), frozenset({"sqs"})
    (trim,) = trims(asks.evaluator.index.carried(alice).identity, unused, used)
    assert [entry["Action"] for entry in trim.left["Statement"] if "Action" in entry] == [
        ["s3:Get*"],
        ["dynamodb:GetItem"],
        ["s3:GetObjectAcl", "sqs:DeleteQueue"],  # a Deny stays whole
    ]
    for action, resource in (
        ("s3:GetObject", "arn:aws:s3:::a/k"),
        ("s3:GetObjectAcl", "arn:aws:s3:::a/k"),
        ("s3:PutObject", "arn:aws:s3:::b/k"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/t"),
    ):
        before = asks.evaluator.decide(Request(alice, action, resource))
        assert unchanged_decision(asks, alice, action, resource, [trim]) is before
    queue = "arn:aws:sqs:eu-west-1:111122223333:q"
    assert unchanged_decision(asks, alice, "sqs:SendMessage", queue, [trim]) is None


def test_hyg_07_actions_of_a_used_service_that_were_never_done(make):
    actions = {"PutObject": RECENT, "CreateBucket": None, "DeleteBucket": None, "PutBucketPolicy": None}
    actions |= {"ListBucket": None}  # it changes nothing
    reports = [report(make, service("s3", RECENT, **actions), service("sqs", CreateQueue=None))]
    statements = (make.allow(["s3:PutObject", "s3:ListBucket", "s3:CreateBucket", "s3:DeleteBucket", "sqs:*"]),)
    (one,) = told(make, "HYG-07", *statements, reports=reports)
    assert one.sentence == (
        "alice never used 2 of the 3 tracked write actions that it is allowed, of services that it uses: "
        "s3:CreateBucket and s3:DeleteBucket."
    )


def test_hyg_07_where_all_was_done_or_single_actions_are_not_told(make):
    for one in (service("s3", RECENT, PutObject=RECENT, ListBucket=None), service("s3", RECENT)):
        assert not told(make, "HYG-07", make.allow("s3:*"), reports=[report(make, one)])


def aws(make):
    return make.policy("AmazonSNSFullAccess", make.allow("sns:*"), owner="aws")


def test_hyg_13_a_policy_of_aws_of_which_little_is_used(make):
    policy = aws(make)
    used = service("sns", RECENT, ListTopics=RECENT, CreateTopic=None, DeleteTopic=None)
    parts = {"users": [make.user("alice", **make.attached(policy["Arn"]))], "policies": [policy]}
    (one,) = make.findings("HYG-13", **parts, facts={"last_accessed": [report(make, used)]})
    assert one.sentence == (
        "AmazonSNSFullAccess allows every action of sns, but the 1 user or role that has it used only 1 of 3 tracked "
        "actions."
    )
    assert one.evidence[0].text == "Used: ListTopics."


def test_hyg_13_where_much_is_used_and_where_a_report_is_missing(make):
    policy = aws(make)
    given = make.attached(policy["Arn"])
    busy = service("sns", RECENT, ListTopics=RECENT, CreateTopic=RECENT, DeleteTopic=None)
    idle = service("sns", RECENT, ListTopics=RECENT, CreateTopic=None, DeleteTopic=None)
    alone, both = [make.user("alice", **given)], [make.user("alice", **given), make.user("bob", **given)]
    for users, used in ((alone, busy), (both, idle)):
        facts = {"last_accessed": [report(make, used)]}
        assert not make.findings("HYG-13", users=users, policies=[policy], facts=facts)
    own = make.policy("own", make.allow("sns:*"))
    users = [make.user("alice", **make.attached(own["Arn"]))]
    assert not make.findings("HYG-13", users=users, policies=[own], facts={"last_accessed": [report(make, idle)]})
