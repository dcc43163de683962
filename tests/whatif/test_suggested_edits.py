"""A suggested change, tried: the decision becomes what the suggestion says."""

from dataclasses import replace

import pytest

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.evaluate.request import PolicyType, Request
from iamdesk.explain.suggestions import Change
from iamdesk.resource_files import sample_snapshot
from iamdesk.whatif.apply import apply
from iamdesk.whatif.edits import EditAction
from iamdesk.whatif.suggested_edits import edits_of

from ..opened import keep_shared

ACCOUNT = "arn:aws:iam::111122223333"
REQUESTS = (
    Request(f"{ACCOUNT}:user/engineering/ana.moreno", "s3:DeleteObject", "arn:aws:s3:::acme-payroll/2026/09.csv"),
    Request(f"{ACCOUNT}:user/engineering/elena.petrov", "iam:CreateUser", f"{ACCOUNT}:user/engineering/new.hire"),
    Request(f"{ACCOUNT}:role/service/reporting", "s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv"),
    Request(f"{ACCOUNT}:role/service/payments-api", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:x"),
)


@pytest.fixture(scope="module")
def opened() -> SnapshotSession:
    return keep_shared(Workbench().open_snapshot(sample_snapshot()))


def changes(opened: SnapshotSession, request: Request) -> tuple[Change, ...]:
    return opened.changes(request).changes


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.action)
def test_the_decision_becomes_what_was_suggested(opened: SnapshotSession, request_: Request) -> None:
    tried = 0
    for change in changes(opened, request_):
        edits = edits_of(change, request_.principal)
        if edits:
            tried += 1
            copy = Workbench.open_copy(apply(opened.snapshot, edits))
            assert copy.ask(request_).decision is change.becomes, change.sentence
    assert tried, "some change can be tried"


def test_statements_of_one_policy_are_removed_from_the_last(opened: SnapshotSession) -> None:
    change = next(one for request in REQUESTS for one in changes(opened, request) if one.removals)
    removal = change.removals[0]
    first = replace(removal, line=replace(removal.line, index=0), whole_policy=False)
    last = replace(removal, line=replace(removal.line, index=3), whole_policy=False)
    edits = edits_of(replace(change, removals=(first, last), additions=()), REQUESTS[0].principal)
    assert [one.index for one in edits] == [3, 0]


def test_what_is_no_edit_is_not_tried_in_part(opened: SnapshotSession) -> None:
    change = next(one for request in REQUESTS for one in changes(opened, request) if one.additions)
    nowhere = replace(change.additions[0], policy_type=PolicyType.RESOURCE, policy_key="")
    assert edits_of(replace(change, additions=(*change.additions, nowhere)), REQUESTS[0].principal) == ()
    assert edits_of(replace(change, additions=(nowhere,)), "anonymous") == ()
    identity = replace(nowhere, policy_type=PolicyType.IDENTITY, policy_key="")
    (edit,) = edits_of(replace(change, removals=(), additions=(identity,)), REQUESTS[0].principal)
    assert (edit.act, edit.subject) == (EditAction.PUT_INLINE_POLICY, REQUESTS[0].principal)
    assert edits_of(replace(change, removals=(), additions=(identity,)), "anonymous") == ()
