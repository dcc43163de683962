"""A policy that opens a part of its resource changes access to it, whatever the kind of resource."""

from fnmatch import fnmatchcase

import pytest

from iamdesk import Evaluator, Request
from iamdesk.access.resource_access import fitting_actions
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Kind
from iamdesk.evaluate.request import EvalDecision
from iamdesk.snapshot.resources import Resource

from ..access.worlds import NOON
from ..builders.captures import document
from ..checks.test_external_access_is_found import KINDS, OWNER, PARTNER, joined, requests, world

ROLE = f"arn:aws:iam::{PARTNER}:role/some"
ENDINGS = ("a", "*", "public/*", "*/GET/*", "index/*", "object/*")
ELSEWHERE = [
    (f"arn:aws:glue:eu-west-1:{OWNER}:catalog", f"arn:aws:glue:eu-west-1:{OWNER}:table/sales/*"),
    (f"arn:aws:glue:eu-west-1:{OWNER}:catalog", f"arn:aws:glue:eu-west-1:{OWNER}:database/sales"),
    (f"arn:aws:events:eu-west-1:{OWNER}:event-bus/b", f"arn:aws:events:eu-west-1:{OWNER}:rule/b/*"),
    (f"arn:aws:kafka:eu-west-1:{OWNER}:cluster/k/u-1", f"arn:aws:kafka:eu-west-1:{OWNER}:topic/k/u-1/t"),
]
"""Parts whose ARNs do not begin with that of the resource with the policy."""


@pytest.mark.parametrize(
    ("arn", "entry"), [*((arn, joined(arn, ending)) for arn in KINDS for ending in ENDINGS), *ELSEWHERE]
)
def test_what_a_policy_opens_is_a_change(arn: str, entry: str) -> None:
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
        action for action, text in asked if evaluator.decide(Request(ROLE, action, text)) is EvalDecision.ALLOWED
    }
    assert allowed or (arn, entry) not in ELSEWHERE
    found = compare_snapshots(closed, opened, NOON)
    gained = {name for one in found.effects() if one.kind is Kind.GAINED for name in found.names(one.actions)}
    assert {name for name in allowed if not any(fnmatchcase(name, one) for one in gained)} == set()
