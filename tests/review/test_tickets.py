"""States of tickets: recorded by id or number, once; what does not fit is refused with its row."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from iamdesk.errors import ReviewError
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.events import broken_event
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.review_file import Head, ReviewFile
from iamdesk.review.tickets import TicketsRead, TicketState, record_tickets, ticket_states

ANA = Reviewer("Ana Moreno", "ana")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ACCOUNT = "111122223333"
ARN = f"arn:aws:iam::{ACCOUNT}:user/alice"
ITEMS = [
    ReviewItem(ACCOUNT, ARN, "user", EntitlementType.INLINE_POLICY, f"{ARN}#inline/{name}", name, {})
    for name in ("a", "b", "c")
]
A, B, C = (item.line_id for item in ITEMS)


@pytest.fixture
def review(tmp_path: Path) -> Path:
    path = tmp_path / "r.iamreview"
    head = Head("r-1", "Third quarter", "ab" * 32, "account.json", NOW)
    with ReviewFile.create(path, head, [], ITEMS, []) as file:
        file.record({A: ItemDecision(ReviewDecision.REVOKE, ticket="OPS-1")}, ANA, lambda: NOW)
        file.record({B: ItemDecision(ReviewDecision.MODIFY, "less")}, ANA, lambda: NOW)
        file.record({C: ItemDecision(ReviewDecision.KEEP)}, ANA, lambda: NOW)
    return path


def read(review: Path, text: str) -> TicketsRead:
    table = review.with_name("tickets.csv")
    table.write_text(text, encoding="utf-8")
    return record_tickets(review, table, ANA)


def test_states_come_back_by_id_and_by_number(review: Path) -> None:
    found = read(review, f"External id,State,Ticket,Closed\n{B},In progress,OPS-2,\n,Done,OPS-1,2026-11-26T08:00:00Z\n")
    assert found.refused == ()
    assert (len(found.recorded), found.closed, found.open, found.without) == (2, 1, 1, 0)
    with ReviewFile.open(review, writable=False) as file:
        assert ticket_states(file.events()) == {
            A: TicketState(A, "OPS-1", "Done", date(2026, 11, 26)),
            B: TicketState(B, "OPS-2", "In progress"),
        }
        assert broken_event(file.events()) is None
        assert file.damages() == ()


def test_it_can_be_repeated_and_the_last_state_counts(review: Path) -> None:
    assert len(read(review, f"id,state\n{A},open\n").recorded) == 1
    again = read(review, f"id,state\n{A},open\n")
    assert (again.recorded, again.repeated, again.open, again.without) == ((), 1, 1, 1)
    now = read(review, "ticket,state\nOPS-1,resolved\n")
    assert (len(now.recorded), now.closed, now.open) == (1, 1, 0)


def test_what_does_not_fit_is_refused_and_the_rest_is_recorded(review: Path) -> None:
    rows = (f"{A},done,", f"{'f' * 32},done,", f"{C},done,", f"{A},,", f"{A},done,soon", ",done,")
    found = read(review, "\n".join(("id,state,closed", *rows)))
    assert len(found.recorded) == 1
    assert [(one.row, str(one.why).split(" `")[0]) for one in found.refused] == [
        (3, "the review has no entitlement or finding"),
        (4, "the review decided on no change of"),
        (5, "it has no state"),
        (6, "`soon` is not a date: expected YYYY-MM-DD"),
        (7, "the review has no ticket"),
    ]


def test_days_before_the_decision_and_in_the_future_are_refused(review: Path) -> None:
    future = (datetime.now(UTC) + timedelta(days=2)).date()
    rows = (f"{A},,done,2025-01-01", f"{A},,done,{future}", ",OPS-1,done,2025-01-01", f"{B},,done,2026-11-23")
    found = read(review, "\n".join(("id,ticket,state,closed", *rows)))
    assert [one.item_id for one in found.recorded] == [B]
    assert [(one.row, str(one.why)) for one in found.refused] == [
        (2, "it is closed on 2025-01-01, before the decision of 2026-11-24"),
        (3, f"it is closed on {future}, in the future"),
        (4, "it is closed on 2025-01-01, before the decision of 2026-11-24"),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("id\nx\n", "tickets.csv, row 1: the column `state` is missing"),
        ("state\ndone\n", "tickets.csv, row 1: the columns `id` and `ticket` are missing: one of them is needed"),
        ('id,state\n"x\n', "tickets.csv, row 2: it is not a CSV file in UTF-8"),
    ],
)
def test_a_list_that_is_none_is_refused(review: Path, text: str, sentence: str) -> None:
    with pytest.raises(ReviewError) as refused:
        read(review, text)
    assert str(refused.value) == sentence
