"""A policy that opens a part of its resource changes access to it, whatever the kind of resource."""

import copy
from fnmatch import fnmatchcase

import pytest

from iamdesk import Evaluator, Request
from iamdesk.access.resource_access import fitting_actions
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Kind, Status
from iamdesk.evaluate.request import EvalDecision
from iamdesk.snapshot.resources import Resource

from ..access.worlds import NOON
from ..builders.captures import document
from ..checks.test_external_access_is_found import KINDS, OWNER, PARTNER, joined, requests, world
from ..each_case import collected_failures, each_case
from . import seeds

ROLE = f"arn:aws:iam::{PARTNER}:role/some"
ENDINGS = ("a", "*", "public/*", "*/GET/*", "index/*", "object/*")
ELSEWHERE = [
    (f"arn:aws:glue:eu-west-1:{OWNER}:catalog", f"arn:aws:glue:eu-west-1:{OWNER}:table/sales/*"),
    (f"arn:aws:glue:eu-west-1:{OWNER}:catalog", f"arn:aws:glue:eu-west-1:{OWNER}:database/sales"),
    (f"arn:aws:events:eu-west-1:{OWNER}:event-bus/b", f"arn:aws:events:eu-west-1:{OWNER}:rule/b/*"),
    (f"arn:aws:kafka:eu-west-1:{OWNER}:cluster/k/u-1", f"arn:aws:kafka:eu-west-1:{OWNER}:topic/k/u-1/t"),
]
"""Parts whose ARNs do not begin with that of the resource with the policy."""


@pytest.mark.parametrize("head", ["arn:aws:s3", "arn:aws:S3", "arn:AWS:s3"])
def test_what_a_variable_opens_is_not_unchanged_however_the_beginning_is_written(head: str) -> None:
    """The parts before the fifth colon are not case sensitive (rule F4 e)."""
    closed = seeds.before()
    closed["users"][seeds.A] = [seeds.user("ana")]
    closed["groups"] = closed["roles"] = closed["policies"] = []
    closed["resources"] = [{"arn": seeds.BUCKET, "account_id": seeds.A}]
    opened = copy.deepcopy(closed)
    entry = f"{head}:::papers/home/${{aws:username}}/*"
    opened["resources"][0]["policy"] = document(seeds.on({"AWS": seeds.user_arn("ana")}, "s3:GetObject", entry))
    old, new = seeds.snapshot(closed, "old"), seeds.snapshot(opened, "new")
    request = Request(seeds.user_arn("ana"), "s3:GetObject", f"{seeds.BUCKET}/home/ana/x")
    before, after = (Evaluator(each, now=lambda: NOON).decide(request) for each in (old, new))
    assert (before, after) == (EvalDecision.IMPLICIT_DENY, EvalDecision.ALLOWED)
    assert compare_snapshots(old, new, NOON).resources[seeds.BUCKET].status is not Status.UNCHANGED


@pytest.mark.parametrize("arn", KINDS)
def test_what_a_policy_opens_is_a_change(arn: str) -> None:
    with collected_failures() as case:
        for ending in ENDINGS:
            with case(ending):
                check_opened(arn, joined(arn, ending))


@each_case("arn, entry", ELSEWHERE)
def test_what_a_policy_opens_elsewhere_is_a_change(arn: str, entry: str) -> None:
    check_opened(arn, entry)


def check_opened(arn: str, entry: str) -> None:
    principal = {"AWS": f"arn:aws:iam::{PARTNER}:root"}
    policy = document(
        {"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": entry},
    )
    closed = world(Resource(arn=arn, account_id=OWNER, policy=None))
    opened = world(Resource(arn=arn, account_id=OWNER, policy=policy))
    evaluator = Evaluator(opened, now=lambda: NOON)
    part = entry.replace("*", "x")
    elsewhere = fitting_actions(part) if (arn, entry) in ELSEWHERE else ()
    asked = [*requests(evaluator, opened.resources[0]), *((one.action, part) for one in elsewhere)]
    allowed = {
        action
        for action, text in asked
        if evaluator.decide(Request(ROLE, action, text, is_of_resource=True)) is EvalDecision.ALLOWED
    }
    assert allowed or (arn, entry) not in ELSEWHERE
    found = compare_snapshots(closed, opened, NOON)
    gained = {name for one in found.effects() if one.kind is Kind.GAINED for name in found.names(one.actions)}
    assert {name for name in allowed if not any(fnmatchcase(name, one) for one in gained)} == set()
