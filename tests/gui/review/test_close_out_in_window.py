"""Removal in the window: the log of ``remediation.sh`` comes back, and items show what became of them."""

import json
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.filters import RowFilterMode
from iamdesk.gui.review.retests_window import RetestsWindow
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.review.rows import EntitlementRow
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.events import EventKind
from iamdesk.review.grouping import Grouping
from iamdesk.review.review_file import ReviewFile

from .conftest import Answers
from .test_completion_strip import read, record, shown
from .test_many_reviewers import texts, window_of
from .test_review_panel import desk_of, group_by

REVOKE = ItemDecision(ReviewDecision.REVOKE, "not needed")


def test_log_shows_what_was_removed_failed_and_is_by_hand(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path
) -> None:
    desk = desk_of(panel)
    lines = [line for line in desk.lines if not line.evidence.get("only_denies")][:4]
    done, failed, by_hand, kept = (line.line_id for line in lines)
    record(qtbot, panel, dict.fromkeys((done, failed, by_hand), REVOKE))
    assert panel.table.isColumnHidden(Column.REMOVAL)

    log = tmp_path / "remediation.log"
    moment = datetime.now(UTC)
    day = f"{moment:%Y-%m-%d}"
    row = f"{moment:%Y-%m-%dT%H:%M:%SZ}" + "\t{review}\t{item}\t{outcome}\taws iam …\t\n"
    log.write_text(
        "".join(
            row.format(review=desk.head.review_id, item=item, outcome=outcome)
            for item, outcome in ((done, "done"), (failed, "failed"), (by_hand, "by_hand"), (kept, "done"))
        )
    )
    prompts.opens = log
    for recorded in ("3 outcomes were recorded.", "0 outcomes were recorded. 3 were recorded before."):
        panel.message.clear()
        panel.commands()["actionCloseOut"]()
        qtbot.waitUntil(lambda: "recorded" in panel.message.text, timeout=10_000)
        assert recorded in panel.message.text
        assert "Revocations: 1 removed, 2 not." in panel.message.text
        assert "Line 4 was refused: the review does not revoke the entitlement" in panel.message.text
    read(qtbot, panel)
    qtbot.waitUntil(lambda: not panel.is_filling, timeout=10_000)
    assert not panel.table.isColumnHidden(Column.REMOVAL)
    text = {row.subject_ids[0]: row.texts[Column.REMOVAL] for row in panel.model.rows}
    assert [text[one] for one in (done, failed, by_hand, kept)] == [
        f"Removed {day}",
        f"Failed {day}",
        f"By hand {day}",
        "",
    ]
    place = panel.model.place_of(failed)
    assert place is not None
    panel.table.go_to(place)
    told = panel.evidence.findChild(FlowLabel, "removalResult")
    assert told is not None
    assert told.text() == f"Removal: Failed {day}"
    panel.head.show_only.setCurrentIndex(panel.head.show_only.findData(RowFilterMode.NOT_REMOVED))
    panel._filter()
    assert shown(panel) == {failed, by_hand}
    assert [event.kind for event in desk.file.events()] == [EventKind.REMOVAL] * 3


def test_rows_of_several_items_count_what_is_removed(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path
) -> None:
    desk = desk_of(panel)
    group_by(qtbot, panel, Grouping.PRINCIPAL)
    row = next(row for row in panel.model.rows if isinstance(row, EntitlementRow) and len(row.lines) > 2)
    record(qtbot, panel, dict.fromkeys(row.subject_ids, REVOKE))
    log = tmp_path / "remediation.log"
    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    log.write_text(f"{moment}\t{desk.head.review_id}\t{row.subject_ids[0]}\tgone\taws …\t\n")
    prompts.opens = log
    panel.commands()["actionCloseOut"]()
    qtbot.waitUntil(lambda: "recorded" in panel.message.text, timeout=10_000)
    read(qtbot, panel)
    qtbot.waitUntil(lambda: not panel.is_filling, timeout=10_000)
    again = next(one for one in panel.model.rows if one.subject_ids == row.subject_ids)
    assert again.texts[Column.REMOVAL] == f"1 of {len(row.subject_ids)} removed"


def test_results_of_earlier_revocations_are_listed(
    qtbot: QtBot, panel: ReviewPanel, review_path: Path, tmp_path: Path
) -> None:
    first = desk_of(panel).lines[0]
    revokes = [
        {
            "line_id": f"{number}" * 32,
            "account_id": first.account_id,
            "holder_arn": first.holder_arn,
            "type": "managed_policy",
            "entitlement_id": first.entitlement_id,
            "name": name,
            "decided_by": "Ben",
            "decided_utc": "2026-08-01T10:00:00+00:00",
            "outcome": outcome,
            "sentence": f"{name} was removed.",
        }
        for number, (name, outcome) in enumerate((("Old", "gone"), ("Back", "came back")))
    ]
    window = window_of(qtbot, panel, RetestsWindow, "actionRetests")
    assert window.sentence.text().startswith("There are no earlier revocations to test.")
    lines, head = desk_of(panel).lines, desk_of(panel).head
    panel.controller.close()
    details = {**head.details, "earlier_revokes": json.dumps(revokes)}
    made = tmp_path / "q4.iamreview"
    ReviewFile.create(
        made,
        type(head)("q4", "Q4", head.snapshot_sha256, head.snapshot_name, head.created, details=details),
        (),
        lines[:3],
    ).close()
    panel.controller.open_path(made)
    qtbot.waitUntil(lambda: panel.review_session is not None and not panel.is_filling, timeout=10_000)
    window = window_of(qtbot, panel, RetestsWindow, "actionRetests")
    assert [row[:2] for row in texts(window.list)] == [
        ["Came back", "Back (managed policy)"],
        ["Gone", "Old (managed policy)"],
    ]
    assert window.sentence.text() == "1 of 2 earlier revocations are gone."
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()
