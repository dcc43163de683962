"""Logs of ``remediation.sh``: what is recorded in the review, and what is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from iamdesk.errors import ReviewError
from iamdesk.review.close_out import close_out, removal_state
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.review_file import Head, ReviewFile

ANA = Reviewer("Ana Moreno", "ana")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ACCOUNT = "111122223333"
ARN = f"arn:aws:iam::{ACCOUNT}:user/alice"
ITEMS = [
    ReviewItem(ACCOUNT, ARN, "user", EntitlementType.INLINE_POLICY, f"{ARN}#inline/{name}", name, {})
    for name in ("a", "b", "c")
]
A, B, C = (item.line_id for item in ITEMS)


def line(item: str, outcome: str, *, review: str = "r-1", at: str = "2026-11-25T10:00:00Z") -> str:
    return "\t".join((at, review, item, outcome, "aws iam delete-user-policy", ""))


def closed(folder: Path, *lines: str) -> tuple[int, int, list[tuple[int, str]], int, int]:
    """Return recorded, repeated and refused lines, then closed and open removals."""
    path = folder / "r.iamreview"
    if not path.exists():
        head = Head("r-1", "Third quarter", "ab" * 32, "account.json", NOW)
        with ReviewFile.create(path, head, [], ITEMS, []) as review:
            for item, choice in ((A, ReviewDecision.REVOKE), (B, ReviewDecision.REVOKE), (C, ReviewDecision.KEEP)):
                review.record({item: ItemDecision(choice)}, ANA, lambda: NOW)
    log = folder / "remediation.log"
    log.write_text("\n".join(lines))
    with ReviewFile.open(path) as review:
        found, state = close_out(review, log, ANA), removal_state(review)
    refused = [(one.number, str(one.why)) for one in found.refused]
    return len(found.recorded), found.repeated, refused, state.closed, state.open


def test_what_does_not_fit_is_refused_and_the_rest_is_recorded(tmp_path: Path) -> None:
    lines = (
        line(A, "done"),
        line(A, "done", review="r-2"),
        line("f" * 32, "done"),
        line(C, "done"),
        line(B, "vanished"),
        line(B, "done", at="yesterday"),
        line(B, "done")[:-30],
    )
    recorded, repeated, refused, gone, waiting = closed(tmp_path, *lines)
    assert (recorded, repeated, gone, waiting) == (1, 0, 1, 1)
    assert [number for number, _ in refused] == [2, 3, 4, 5, 6, 7]
    assert "another review, r-2" in refused[0][1]
    assert "no entitlement ffff" in refused[1][1]
    assert "does not revoke" in refused[2][1]


def test_times_before_the_decision_and_in_the_future_are_refused(tmp_path: Path) -> None:
    future = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"
    lines = (
        line(A, "done", at="2026-01-01T10:00:00Z"),
        line(A, "done", at=future),
        line(B, "done", at="2026-11-23T13:00:00Z"),  # the clocks of two computers may differ by a day
    )
    recorded, _, refused, gone, waiting = closed(tmp_path, *lines)
    assert (recorded, gone, waiting) == (1, 1, 1)
    assert refused == [
        (1, "its time, 2026-01-01T10:00+00:00, is before the decision of 2026-11-24"),
        (2, f"its time, {future[:16]}+00:00, is in the future"),
    ]


def test_it_can_be_repeated(tmp_path: Path) -> None:
    assert closed(tmp_path, line(A, "done"), line(A, "done"))[:2] == (1, 1)
    assert closed(tmp_path, line(A, "done"), line(B, "gone")) == (1, 1, [], 2, 0)


def test_the_last_outcome_counts_whatever_the_order_of_the_logs(tmp_path: Path) -> None:
    assert closed(tmp_path, line(A, "kept"), line(A, "done"))[3:] == (1, 1)
    assert closed(tmp_path, line(B, "done", at="2026-11-26T10:00:00Z"))[3:] == (2, 0)
    assert closed(tmp_path, line(B, "failed"))[3:] == (2, 0)


def test_a_log_that_is_no_text_is_refused(tmp_path: Path) -> None:
    closed(tmp_path)
    (tmp_path / "binary.log").write_bytes(b"\xff\xfe")
    with ReviewFile.open(tmp_path / "r.iamreview") as review:
        for name in ("binary.log", "missing.log"):
            with pytest.raises(ReviewError, match="cannot be read"):
                close_out(review, tmp_path / name, ANA)
        assert review.events() == ()
