"""What a snapshot gives at one moment it gives at another, unless a date in a condition lies between the two."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdesk.access.evaluator import Evaluator
from iamdesk.api import Workbench
from iamdesk.checks import registry
from iamdesk.checks.finding import Finding
from iamdesk.evaluate.request import Request
from iamdesk.export.evidence import time_dependence
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.time_dependence import is_same_at, mentions_time
from iamdesk.export.evidence.verify import verify
from iamdesk.export.evidence.write import write_package
from iamdesk.resource_files import sample_snapshot
from iamdesk.review.review_file import ReviewFile
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot

from ...builders import entries
from ...builders.captures import account, allow, deny, document, managed, policy_arn, role, snapshot, trusting, user
from ...builders.reviews import create_on
from ...some_of import some_of
from .conftest import NOW

BEFORE = NOW - timedelta(days=20)
DATES = [f"{(BEFORE + timedelta(days=days, hours=3)):%Y-%m-%dT%H:%M:%SZ}" for days in range(-6, 30, 2)]
OPERATORS = [
    *("DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEqualsIfExists", "DateEquals"),
    *("DateNotEquals", "NumericLessThan", "StringLike", "StringNotEquals", "Null", "ForAllValues:DateLessThan"),
    "Nonsense",
]
KEYS = ["aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime", "AWS:CURRENTTIME", "aws:PrincipalTag/until"]
VALUES = [*DATES, "1795046400", "2026-11-*", "true", "never", "${aws:CurrentTime}", "2026-11-15"]
CONDITIONS = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.dictionaries(
        st.sampled_from(KEYS), st.lists(st.sampled_from(VALUES), min_size=1, max_size=2), min_size=1, max_size=1
    ),
    min_size=1,
    max_size=2,
)


def _at(held: Snapshot, moment: datetime) -> Evaluator:
    return Evaluator(held, now=lambda: moment)


@settings(max_examples=some_of(600), deadline=None)
@given(CONDITIONS, st.booleans(), st.integers(0, 40), st.integers(0, 40))
def test_requests_are_decided_the_same_where_it_says_so(condition: Any, denies: bool, one: int, other: int) -> None:
    statement = (deny if denies else allow)("s3:*", condition=condition)
    held = snapshot(account(user("ana", document(allow("s3:GetObject"), statement)), role("app", document(statement))))
    if not mentions_time(held):
        return
    moments = [BEFORE + timedelta(days=days, hours=days % 7) for days in (one, other)]
    if is_same_at(held, *moments):
        for principal in (held.accounts[0].users[0].arn, held.accounts[0].roles[0].arn):
            request = Request(principal, "s3:GetObject", "arn:aws:s3:::b/k")
            found = [_at(held, moment).can(request) for moment in moments]
            assert found[0].decision is found[1].decision


TIMED = {"DateLessThan": {"aws:CurrentTime": "2026-11-10T00:00:00Z"}}


@pytest.mark.parametrize(
    "entry",
    [
        user("ana", document(allow(condition=TIMED))),
        role("app", document(deny(condition=TIMED))),
        role("app", trust=trusting({"AWS": "*"}, condition=TIMED)),
        managed(policy_arn("p"), document(allow()), document(allow(condition=[TIMED]))),
        user("ana", document(allow(condition={"StringLike": {"aws:CurrentTime": "2026-*"}}))),
        user("ana", document(allow(condition={"DateLessThan": {"aws:PrincipalTag/t": "${aws:EpochTime}"}}))),
        user("ana", document(allow(resource="arn:aws:s3:::b/${aws:currenttime}"))),
        user("ana", json.dumps(document(allow(condition=TIMED)))),
    ],
)
def test_each_place_of_a_policy_is_looked_at(entry: Any) -> None:
    assert not is_same_at(snapshot(account(entry)), BEFORE, NOW)


def test_a_date_that_lies_elsewhere_changes_nothing() -> None:
    held = snapshot(account(user("ana", document(allow(condition=TIMED)))))
    assert is_same_at(held, NOW, NOW + timedelta(days=90))
    assert is_same_at(held, BEFORE - timedelta(days=90), datetime(2026, 11, 9, 23, tzinfo=UTC))
    null = snapshot(account(user("ana", document(allow(condition={"Null": {"aws:TokenIssueTime": "false"}})))))
    assert is_same_at(null, BEFORE, NOW)
    text = held.accounts[0].users[0].model_copy(update={"path": "/aws:CurrentTime/"})
    assert not is_same_at(snapshot(account(text)), NOW, NOW + timedelta(days=1)), "nobody knows what it is for"


def test_guardrails_and_policies_of_resources_are_looked_at() -> None:
    held = load_snapshot(sample_snapshot().parent / "acme-organization")
    dates = [date for date in time_dependence._moments("", held) if date is not None]
    timed = document(deny(condition=TIMED))
    for kind in ("organization", "resources", "identity_centers", "vpc_endpoints", "resource_shares"):
        if getattr(held, kind):
            changed = _with_document(held, kind, timed)
            assert len([*time_dependence._moments("", changed)]) > len(dates), kind


def _with_document(held: Snapshot, kind: str, timed: Any) -> Snapshot:
    """Put a document in the place of the first one in a part of a snapshot."""
    done: list[bool] = []

    def put(value: Any) -> Any:
        if hasattr(value, "model_copy"):
            changed = {}
            for name, each in value:
                if isinstance(each, dict) and "Statement" in each and not done:
                    done.append(True)
                    changed[name] = timed
                elif not done:
                    changed[name] = put(each)
            return value.model_copy(update=changed)
        if isinstance(value, tuple):
            return tuple(map(put, value))
        return value

    made = held.model_copy(update={kind: put(getattr(held, kind))})
    assert done, f"{kind} has no document"
    return made


@pytest.mark.parametrize(("until", "runs"), [("2026-11-15T00:00:00Z", 2), ("2027-01-01T00:00:00Z", 1)])
def test_findings_are_found_once_unless_time_changes_them(
    until: str, runs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "account.json"
    lasting = document(allow(condition={"DateLessThan": {"aws:CurrentTime": until}}))
    entries.write(path, users=[entries.user("ana", ("all", lasting))])
    opened = Workbench().open_snapshot(path)
    opened = type(opened)(opened.snapshot, opened.outline)
    opened.__dict__["evaluator"] = Evaluator(opened.snapshot, now=lambda: BEFORE)
    opened.create_review(tmp_path / "q.iamreview", "Q")
    create_on(tmp_path / "q.iamreview", BEFORE)
    with ReviewFile.open(tmp_path / "q.iamreview", writable=False) as review:
        late = Evaluator(opened.snapshot, now=lambda: NOW)
        pack = write_package(review, tmp_path / "pack", evaluator=late, generated_at=NOW)
    assert (pack / "findings.sarif").exists() is (runs == 1), "the findings are others after that day"
    count: list[Evaluator] = []
    run = registry.run

    def counted(evaluator: Evaluator, *arguments: Any, **more: Any) -> Iterator[Finding]:
        count.append(evaluator)
        return run(evaluator, *arguments, **more)

    monkeypatch.setattr(registry, "run", counted)
    results = list(verify(pack))
    assert [one for one in results if one.outcome is Outcome.FAILED] == []
    assert len(count) == runs
