"""Log groups: policies name them with ``:*`` behind, but for their tags; all answers hold to it (rule F3).

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
"""

from functools import partial

import pytest

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import Request

from ..builders.arns import ID, user_arn
from ..builders.captures import evaluator, user
from ..builders.statements import allow, deny, document
from ..rules import rule

GROUPS = f"arn:aws:logs:eu-west-1:{ID}:log-group:"
DISPUTED = "pages-disagree"
ASKED = ("/a", "/a:*", "/b", "/c", "/d1", "/a:log-stream:s")


def world() -> Evaluator:
    mixed = [f"{GROUPS}/a", f"{GROUPS}/b:*", f"{GROUPS}/d*"]
    return evaluator(
        user("ana", document(allow("logs:*", f"{GROUPS}/a:*"))),
        user("bo", document(allow("logs:*", f"{GROUPS}/a"))),
        user("cy", document(allow("logs:*", "arn:aws:logs:*:*:*"), deny("logs:*", f"{GROUPS}/a:*"))),
        user("di", document(allow(["logs:FilterLogEvents", "logs:TagResource"], mixed))),
        user("ed", document({"Effect": "Allow", "Action": "logs:*", "NotResource": mixed})),
    )


@rule("F3", "F5")
@pytest.mark.parametrize("action", ["logs:FilterLogEvents", "logs:TagResource", "logs:PutLogEvents"])
def test_who_can_agrees_with_can(action: str) -> None:
    capture = world()
    for group in ASKED:
        found = {row.principal for row in capture.who_can(action=action, resource=f"{GROUPS}{group}")}
        able = {
            arn
            for arn in capture.principals()
            if capture.can(Request(arn, action, f"{GROUPS}{group}")).decision == "allowed"
        }
        assert found == able, group


@rule("F3")
@pytest.mark.parametrize(
    ("who", "action", "group", "decision"),
    [
        ("ana", "logs:FilterLogEvents", "/a", "allowed"),
        ("bo", "logs:FilterLogEvents", "/a", "implicitDeny"),
        ("bo", "logs:TagResource", "/a:*", "allowed"),
        ("cy", "logs:DeleteLogGroup", "/a", "explicitDeny"),
        ("cy", "logs:TagResource", "/a", "allowed"),
        ("di", "logs:FilterLogEvents", "/b", "allowed"),
        ("ed", "logs:FilterLogEvents", "/a", "allowed"),
        ("ed", "logs:FilterLogEvents", "/b", "implicitDeny"),
    ],
)
def test_what_is_told_of_one_log_group(who: str, action: str, group: str, decision: str) -> None:
    capture = world()
    assert capture.can(Request(user_arn(who), action, f"{GROUPS}{group}")).decision == decision
    access = capture.what_can(user_arn(who), service="logs", resource=f"{GROUPS}{group}")
    allowed = {row.name for row in access.actions("logs", reaches=(AccessExtent.ALLOWED,))}
    assert (action in allowed) == (decision == "allowed")


@rule("F3")
@pytest.mark.parametrize(
    ("who", "reaches"),
    [
        ("ana", {"logs:FilterLogEvents": "some resources", "logs:TagResource": "none"}),
        ("bo", {"logs:FilterLogEvents": "none", "logs:TagResource": "some resources"}),
        ("di", {"logs:FilterLogEvents": "some resources", "logs:TagResource": "some resources"}),
    ],
)
def test_what_can_counts_each_action_on_the_arn_that_policies_name_for_it(who: str, reaches: dict[str, str]) -> None:
    access = world().what_can(user_arn(who), service="logs")
    told = {row.name: row.reach.value for row in access.actions("logs")}
    assert {name: told[name] for name in reaches} == reaches


@rule("F3", "K9")
def test_on_the_bare_arn_aws_s_pages_disagree() -> None:
    """The service authorization reference knows no other ARN of a log group."""
    asked = partial(Request, action="logs:FilterLogEvents", resource=f"{GROUPS}/a")
    others = {
        who: [one.other_decision for one in world().can(asked(user_arn(who))).assumptions if one.code == DISPUTED]
        for who in ("ana", "bo")
    }
    assert others == {"ana": [], "bo": ["allowed"]}


@rule("F3")
@pytest.mark.parametrize("written", [":log-stream:", ":log-stream:*", "*", ":*"])
def test_a_log_group_as_messages_and_managed_policies_have_it(written: str) -> None:
    capture = evaluator(user("ana", document(allow("logs:*", f"{GROUPS}/a{written}"))))
    request = Request(user_arn("ana"), "logs:CreateLogGroup", f"{GROUPS}/a")
    assert capture.can(request).decision == "allowed"
    found = {row.principal for row in capture.who_can(action=request.action, resource=request.resource)}
    assert user_arn("ana") in found


@rule("F3")
def test_a_pattern_of_log_groups_is_asked_about_as_written() -> None:
    capture = evaluator(user("ana", document(allow("logs:*", f"{GROUPS}/aws/lambda/*"))))
    request = Request(user_arn("ana"), "logs:FilterLogEvents", f"{GROUPS}/aws/lambda/*")
    assert capture.can(request).decision == "allowed"
    told = {row.name: row.reach.value for row in capture.what_can(user_arn("ana"), service="logs").actions("logs")}
    assert told["logs:FilterLogEvents"] == told["logs:TagResource"] == "some resources"
