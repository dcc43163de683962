"""Tickets in the window: their number is entered with a key, their states come back, and items show them."""

from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.filters import RowFilterMode
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.grouping import Grouping

from .conftest import Answers
from .test_completion_strip import read, record, shown
from .test_review_panel import desk_of, group_by

REVOKE = ItemDecision(ReviewDecision.REVOKE, "not needed")
BEN = Reviewer("Ben Ito", "ben")


def only(panel: ReviewPanel, mode: RowFilterMode) -> set[str]:
    panel.head.show_only.setCurrentIndex(panel.head.show_only.findData(mode))
    panel._filter()
    return shown(panel)


def test_number_is_entered_with_a_key_and_the_decision_stays(qtbot: QtBot, panel: ReviewPanel) -> None:
    desk = desk_of(panel)
    first, second = desk.lines[0].line_id, desk.lines[1].line_id
    record(qtbot, panel, dict.fromkeys((first, second), REVOKE))
    panel.queue.put(lambda: desk.second((first,), BEN), frozenset({first}))
    read(qtbot, panel)
    assert panel.table.isColumnHidden(Column.TICKET)
    place = panel.model.place_of(first)
    assert place is not None
    panel.table.go_to(place)
    QTest.keyClick(panel.table, Qt.Key.Key_7)
    assert panel.bar.isVisible()
    assert panel.bar.reason.accessibleName() == "Number of the ticket"
    assert not panel.bar.owner.isVisible()
    QTest.keyClicks(panel.bar.reason, "OPS-12")
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)
    read(qtbot, panel)
    assert desk.decision(first) == ItemDecision(ReviewDecision.REVOKE, "not needed", second="Ben Ito", ticket="OPS-12")
    assert not panel.table.isColumnHidden(Column.TICKET)
    row = panel.table.current_row()
    assert row is not None
    assert (row.subject_ids, row.texts[Column.TICKET]) == ((first,), "OPS-12")
    assert only(panel, RowFilterMode.NO_TICKET) == {second}
    assert only(panel, RowFilterMode.TICKET_OPEN) == {first}
    panel.head.clear_filter()
    panel.head.text.setText("ops-12")
    panel._filter()
    assert shown(panel) == {first}

    QTest.keyClick(panel.table, Qt.Key.Key_7)
    assert panel.bar.reason.text() == "OPS-12"
    panel.bar.reason.clear()
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)
    read(qtbot, panel)
    assert desk.decision(first).ticket == ""

    QTest.keyClick(panel.table, Qt.Key.Key_Return)  # the next one asks for a comment again
    assert panel.bar.reason.text() == "not needed"


def test_states_come_back_and_are_shown_and_filtered(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path
) -> None:
    desk = desk_of(panel)
    lines = [line.line_id for line in desk.lines if not line.evidence.get("only_denies")]
    closed, working, without, kept = lines[:4]
    record(qtbot, panel, dict.fromkeys((closed, working, without), REVOKE))
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    table = tmp_path / "tickets.csv"
    table.write_text(
        "External id,Ticket,State,Closed\n"
        f"{closed},OPS-1,Done,{day}\n{working},OPS-2,In progress,\n{kept},OPS-3,Done,\n"
    )
    prompts.opens = table
    for recorded in ("2 states were recorded.", "0 states were recorded. 2 were recorded before."):
        panel.message.clear()
        panel.commands()["actionTickets"]()
        qtbot.waitUntil(lambda: "recorded" in panel.message.text, timeout=10_000)
        assert panel.message.text.startswith(recorded)
        assert "Tickets: 1 closed, 1 open, 1 without a state." in panel.message.text
        assert "Row 4 was refused: the review decided on no change of" in panel.message.text
    read(qtbot, panel)
    qtbot.waitUntil(lambda: not panel.is_filling, timeout=10_000)
    assert not panel.table.isColumnHidden(Column.TICKET)
    text = {row.subject_ids[0]: row.texts[Column.TICKET] for row in panel.model.rows}
    assert [text[one] for one in (closed, working, without, kept)] == [
        f"OPS-1 · Done {day}",
        "OPS-2 · In progress",
        "",
        "",
    ]
    assert only(panel, RowFilterMode.TICKET_CLOSED) == {closed}
    assert only(panel, RowFilterMode.TICKET_UNPROVED) == {closed}
    assert only(panel, RowFilterMode.TICKET_OPEN) == {working}
    assert only(panel, RowFilterMode.NO_TICKET) == {without}
    panel.head.clear_filter()
    panel._filter()
    place = panel.model.place_of(closed)
    assert place is not None
    panel.table.go_to(place)
    told = panel.evidence.findChild(FlowLabel, "ticketOfItem")
    assert told is not None
    assert told.text() == f"Ticket: OPS-1 · Done {day}"

    # The removal is shown by a log: the closed ticket needs no further look.
    log = tmp_path / "remediation.log"
    log.write_text(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\t{desk.head.review_id}\t{closed}\tdone\taws …\t\n")
    prompts.opens = log
    panel.message.clear()
    panel.commands()["actionCloseOut"]()
    qtbot.waitUntil(lambda: "was recorded" in panel.message.text, timeout=10_000)
    read(qtbot, panel)
    assert only(panel, RowFilterMode.TICKET_UNPROVED) == set()
    assert only(panel, RowFilterMode.NOT_REMOVED) == {working, without}, "no log shows their removal"


def test_rows_of_several_items_count_closed_tickets(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path
) -> None:
    desk = desk_of(panel)
    group_by(qtbot, panel, Grouping.PRINCIPAL)
    row = next(row for row in panel.model.rows if len(row.subject_ids) > 2)
    record(qtbot, panel, dict.fromkeys(row.subject_ids, REVOKE))
    table = tmp_path / "tickets.csv"
    table.write_text(f"id,state\n{row.subject_ids[0]},closed\n")
    prompts.opens = table
    panel.commands()["actionTickets"]()
    qtbot.waitUntil(lambda: "1 state was recorded." in panel.message.text, timeout=10_000)
    read(qtbot, panel)
    qtbot.waitUntil(lambda: not panel.is_filling, timeout=10_000)
    again = next(one for one in panel.model.rows if one.subject_ids == row.subject_ids)
    assert again.texts[Column.TICKET] == f"1 of {len(row.subject_ids)} closed"
    assert desk.file.damages() == ()
