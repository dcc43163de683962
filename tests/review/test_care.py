"""How decisions were made: facts from the journal, none of them a judgement."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from iamdesk.review.care import care_of, own_access_of
from iamdesk.review.decisions import UNDECIDED, ItemDecision, ReviewDecision
from iamdesk.review.events import EventKind, event_after
from iamdesk.review.journal import Entry, entry_after

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
KEEP = ItemDecision(ReviewDecision.KEEP, "needed for releases")


def journal(*steps: tuple[str, str, ItemDecision, float]) -> list[Entry]:
    """Entries of (reviewer, item, decision, seconds after the start)."""
    entries: list[Entry] = []
    current: dict[str, ItemDecision] = {}
    for reviewer, item, after, seconds in steps:
        entries.append(
            entry_after(
                entries[-1] if entries else None,
                moment=START + timedelta(seconds=seconds),
                reviewer=reviewer,
                account="x",
                line_id=item,
                line_sha256="0",
                before=current.get(item, UNDECIDED),
                after=after,
            )
        )
        current[item] = after
    return entries


def test_first_last_and_time_per_item_without_pauses() -> None:
    hour = 3600.0
    found = care_of(
        journal(
            ("Ana", "a", KEEP, 0),
            ("Ana", "b", KEEP, 10),
            ("Ana", "c", KEEP, 40),
            ("Ana", "d", KEEP, 2 * hour),  # after a pause
            ("Ben", "e", ItemDecision(ReviewDecision.REVOKE), 5),
        )
    )
    assert (found.decisions, found.items, found.changed, found.without_reason) == (5, 5, 0, 1)
    assert (found.first[:19], found.last[:19]) == ("2026-11-24T09:00:00", "2026-11-24T11:00:00")
    ana, ben = found.reviewers
    assert (ana.decisions, ana.acts, ana.median_step, ana.per_item, ana.pauses) == (4, 4, 20, 20, 1)
    assert (ben.decisions, ben.median_step, ben.per_item, ben.without_reason) == (1, None, None, 1)


def test_an_imported_sheet_is_one_act_and_no_pace() -> None:
    entries = journal(
        ("Ana", "a", KEEP, 0),
        *(("Ana", f"i{number}", ItemDecision(ReviewDecision.KEEP, f"r{number}"), 100) for number in range(20)),
        ("Ana", "b", KEEP, 110),
    )
    details = {"sheet": "q3.xlsx", "sha256": "0", "decisions": 20}
    event = event_after(
        None, moment=START + timedelta(seconds=100), actor="Ana", account="x", kind=EventKind.FILL, details=details
    )
    found = care_of(entries, [event])
    (ana,) = found.reviewers
    assert (ana.decisions, ana.acts, ana.median_step, ana.per_item, ana.at_once) == (22, 3, 110, 110, 0)
    assert found.seconds_at_once == 0
    assert [(one.sheet, one.reviewer, one.decisions) for one in found.imports] == [("q3.xlsx", "Ana", 20)]
    assert care_of(entries).seconds_at_once == 1, "without the event it looks like a pace"


def test_tickets_of_a_sheet_are_no_decisions() -> None:
    with_ticket = replace(KEEP, ticket="T-1")
    entries = journal(("Ana", "a", KEEP, 0), ("Ben", "b", KEEP, 100), ("Ben", "a", with_ticket, 100))
    last = entries[-1]
    entries[-1] = replace(last, before=KEEP)
    assert [one.is_ticket_alone for one in entries] == [False, False, True]
    details = {"sheet": "q3.xlsx", "sha256": "0", "decisions": 2}
    event = event_after(
        None, moment=START + timedelta(seconds=100), actor="Ben", account="x", kind=EventKind.FILL, details=details
    )
    (found,) = care_of(entries, [event]).imports
    assert (found.decisions, found.tickets) == (1, 1)


def test_many_in_one_second_and_one_reason_for_many() -> None:
    found = care_of(
        journal(
            ("Ana", "z", ItemDecision(ReviewDecision.KEEP, "another reason"), 0),
            *(("Ana", f"i{number}", KEEP, 30.2) for number in range(7)),
            *(
                ("Ben", f"b{number}", ItemDecision(ReviewDecision.KEEP, f"r{number}"), 60 + number)
                for number in range(6)
            ),
        )
    )
    assert found.seconds_at_once == 1
    assert (found.at_once[0].reviewer, found.at_once[0].second, found.at_once[0].decisions) == (
        "Ana",
        "2026-11-24T09:00:30",
        7,
    )
    assert found.reasons == (("needed for releases", 7),)
    ana, ben = found.reviewers
    assert (ana.acts, ana.at_once, ana.per_item) == (2, 7, 30.2 / 7)
    assert (ben.acts, ben.at_once) == (6, 0)


def test_carried_over_approvals_and_tickets_are_no_decisions_of_a_person() -> None:
    ticket = ItemDecision(ReviewDecision.KEEP, KEEP.comment, ticket="OPS-1")
    seconded = ItemDecision(ReviewDecision.KEEP, KEEP.comment, ticket="OPS-1", second="Ben")
    found = care_of(
        journal(
            ("carried over from r-1", "a", KEEP, 0),
            ("Ana", "b", KEEP, 1),
            ("Ana", "b", ticket, 2),
            ("Ben", "b", seconded, 3),
            ("Ana", "b", ItemDecision(), 4),
            ("Ana", "b", ItemDecision(ReviewDecision.REVOKE), 5),
        )
    )
    assert (found.carried_over, found.decisions, found.items, found.changed) == (1, 3, 1, 1)
    assert [one.reviewer for one in found.reviewers] == ["Ana"]


def test_without_decisions_there_is_nothing_to_say() -> None:
    found = care_of([])
    assert (found.decisions, found.first, found.last, found.reviewers) == (0, "", "", ())


def test_a_name_in_another_case_is_the_same_reviewer() -> None:
    entries = journal(("Ana Moreno", "a", KEEP, 0), ("ana  moreno", "b", KEEP, 1), ("Ben", "c", KEEP, 2))
    assert own_access_of(entries, {}, None).not_stated == ("Ana Moreno", "Ben")
