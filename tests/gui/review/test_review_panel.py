"""The review panel over a real review of the sample, by keyboard."""

import csv
import os
import sqlite3
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from iamdesk import i18n
from iamdesk.api import SnapshotSession
from iamdesk.export.evidence.signing import Role, read_signoffs
from iamdesk.export.evidence.write import write_package
from iamdesk.gui.core.locale import set_language
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.theme import palette_for
from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.fields import FINDING_FIELDS, LINE_FIELDS
from iamdesk.gui.review.filters import RowFilterMode
from iamdesk.gui.review.refused_dialog import RefusedDialog
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.review.rows import rows_of
from iamdesk.gui.review.sign_dialog import SignDialog
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.gui.widgets.wrapping_text import WrappingText
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.grouping import Grouping
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.seals import seal
from iamdesk.review.session import ReviewSession
from tests.filter_fields import assert_fields_fit

from .conftest import Answers

TODAY = datetime.now(UTC).date()
ORDERS = (Column.DECISION, Column.WHO, Column.WHAT, Column.TIER, Column.REVOKING, Column.FINDINGS)


def desk_of(panel: ReviewPanel) -> ReviewSession:
    review_session = panel.review_session
    assert review_session is not None
    return review_session


def press(qtbot: QtBot, panel: ReviewPanel, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(panel.table, key)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)


def decision_at(panel: ReviewPanel, place: int) -> ItemDecision:
    return desk_of(panel).decision(panel.model.shown[place].subject_ids[0])


def group_by(qtbot: QtBot, panel: ReviewPanel, grouping: Grouping) -> None:
    panel.head.grouping.setCurrentIndex(panel.head.grouping.findData(grouping))
    qtbot.waitUntil(lambda: not panel.is_filling)


def show(qtbot: QtBot, panel: ReviewPanel, wanted: RowFilterMode) -> None:
    panel.head.show_only.setCurrentIndex(panel.head.show_only.findData(wanted))
    qtbot.waitUntil(lambda: not panel._debounce.isActive())


def say(panel: ReviewPanel, text: str) -> None:
    """Fill the line that asks for a reason, and save."""
    QTest.keyClicks(panel.bar.reason, text)
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)


def say_yes(panel: ReviewPanel) -> None:
    """Save where something is asked: the reason of what is revoked, and what to change of what is modified."""
    if panel.deciding.bar.reason.hasFocus():
        QTest.keyClick(panel.deciding.bar.reason, Qt.Key.Key_Return)


def test_one_key_decides_and_the_next_row_follows(qtbot: QtBot, panel: ReviewPanel) -> None:
    assert panel.table.objectName() == "reviewTable"
    assert panel.table.currentIndex().row() == 0
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3):
        press(qtbot, panel, key)
        say_yes(panel)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert [decision_at(panel, place).choice for place in range(3)] == [
        ReviewDecision.KEEP,
        ReviewDecision.REVOKE,
        ReviewDecision.MODIFY,
    ]
    assert panel.table.currentIndex().row() == 3
    assert [row.texts[Column.DECISION] for row in panel.model.shown[:3]] == ["Keep", "Revoke", "Modify"]
    assert panel.title == f"Review 3/{len(desk_of(panel).lines) + len(desk_of(panel).findings)}"
    assert "3 of" in panel.head.summary.full_text()
    assert panel.head.progress.value() == 3


def test_return_goes_from_who_reviews_to_the_table(panel: ReviewPanel) -> None:
    for field in (panel.head.reviewer_name, panel.head.own):
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert panel.table.hasFocus()


def test_what_is_shown_as_saved_is_in_the_file(qtbot: QtBot, panel: ReviewPanel, review_path: Path) -> None:
    press(qtbot, panel, Qt.Key.Key_1)
    shown = panel.model.shown[0]
    assert shown.texts[Column.DECISION] == "Keep"
    copy = review_path.with_name("copy")  # as a crash would leave it
    copy.write_bytes(review_path.read_bytes())
    reading = sqlite3.connect(copy)
    assert reading.execute("SELECT line_id, reviewer FROM journal").fetchall() == [(shown.subject_ids[0], "Ana Moreno")]
    reading.close()


def test_row_says_that_it_is_being_saved_until_it_is(qtbot: QtBot, panel: ReviewPanel) -> None:
    QTest.keyClick(panel.table, Qt.Key.Key_1)
    row = panel.model.shown[0]
    assert row.is_pending
    assert row.texts[Column.DECISION] == "Saving…"
    qtbot.waitUntil(lambda: not row.is_pending, timeout=10_000)
    assert row.texts[Column.DECISION] == "Keep"


def test_nothing_is_lost_when_the_window_closes_at_once(panel: ReviewPanel, review_path: Path) -> None:
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_1, Qt.Key.Key_3, Qt.Key.Key_1):
        QTest.keyClick(panel.table, key)
        say_yes(panel)
    panel.controller.close()
    with ReviewFile.open(review_path) as again:
        choices = [entry.after.choice for entry in again.journal()]
        assert choices == [
            ReviewDecision.KEEP,
            ReviewDecision.REVOKE,
            ReviewDecision.KEEP,
            ReviewDecision.MODIFY,
            ReviewDecision.KEEP,
        ]


def test_cancelled_saving_saves_all_the_same(qtbot: QtBot, panel: ReviewPanel) -> None:
    QTest.keyClick(panel.table, Qt.Key.Key_1)
    for job in panel._jobs.running:
        if job.label == "Saving decisions":
            job.cancel()
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert decision_at(panel, 0).choice is ReviewDecision.KEEP


def test_undo_and_redo_are_entries_of_their_own(qtbot: QtBot, panel: ReviewPanel) -> None:
    press(qtbot, panel, Qt.Key.Key_1)
    panel.deciding.undo()
    qtbot.waitUntil(lambda: decision_at(panel, 0).choice is ReviewDecision.UNDECIDED)
    qtbot.waitUntil(lambda: not panel.queue.pending)
    panel.deciding.redo()
    qtbot.waitUntil(lambda: decision_at(panel, 0).choice is ReviewDecision.KEEP)
    assert [entry.number for entry in desk_of(panel).file.journal()] == [1, 2, 3]


def test_zero_takes_a_decision_back_and_stays(qtbot: QtBot, panel: ReviewPanel) -> None:
    press(qtbot, panel, Qt.Key.Key_1)
    panel.table.go_to(0)
    press(qtbot, panel, Qt.Key.Key_0)
    assert decision_at(panel, 0).choice is ReviewDecision.UNDECIDED
    assert panel.table.currentIndex().row() == 0


def test_selection_asks_for_a_reason(qtbot: QtBot, panel: ReviewPanel) -> None:
    panel.table.selectAll()
    QTest.keyClick(panel.table, Qt.Key.Key_1)
    assert panel.bar.isVisible()
    assert panel.bar.reason.hasFocus()
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)  # without a reason
    qtbot.waitUntil(lambda: "requires a reason" in panel.message.text)
    assert desk_of(panel).file.item_states.counts()[ReviewDecision.KEEP] == 0
    panel.table.selectAll()
    QTest.keyClick(panel.table, Qt.Key.Key_1)
    say(panel, "checked with the owners")
    total = len(desk_of(panel).lines)
    qtbot.waitUntil(lambda: desk_of(panel).file.item_states.counts()[ReviewDecision.KEEP] == total, timeout=10_000)
    qtbot.waitUntil(lambda: not panel.queue.pending)
    assert {decision.comment for row in panel.model.rows for decision in row.decisions} == {"checked with the owners"}


def test_esc_gives_up_and_nothing_is_decided(panel: ReviewPanel) -> None:
    QTest.keyClick(panel.table, Qt.Key.Key_4)
    assert panel.bar.isVisible()
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Escape)
    assert not panel.bar.isVisible()
    assert panel.table.hasFocus()
    assert decision_at(panel, 0).choice is ReviewDecision.UNDECIDED


def test_exception_asks_for_reason_owner_and_last_day(qtbot: QtBot, panel: ReviewPanel) -> None:
    QTest.keyClick(panel.table, Qt.Key.Key_4)
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)
    assert "an exception requires a reason and an owner" in panel.message.text.lower()
    QTest.keyClicks(panel.bar.reason, "migration")
    QTest.keyClicks(panel.bar.owner, "Ben")
    panel.bar.expiry.setText("soon")
    QTest.keyClick(panel.bar.owner, Qt.Key.Key_Return)
    assert "YYYY-MM-DD" in panel.message.text
    panel.bar.expiry.setText("2020-01-31")
    QTest.keyClick(panel.bar.expiry, Qt.Key.Key_Return)
    assert "an exception must end today or later, not on 2020-01-31" in panel.message.text.lower()
    panel.bar.expiry.setText("2099-12-31")
    QTest.keyClick(panel.bar.expiry, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: decision_at(panel, 0).choice is ReviewDecision.EXCEPT)
    assert decision_at(panel, 0) == ItemDecision(ReviewDecision.EXCEPT, "migration", "Ben", date(2099, 12, 31))


def test_compensating_control_is_asked_for_and_stays(qtbot: QtBot, panel: ReviewPanel) -> None:
    """It was lost where an exception was decided anew in the window."""
    QTest.keyClick(panel.table, Qt.Key.Key_4)
    QTest.keyClicks(panel.bar.reason, "migration")
    QTest.keyClicks(panel.bar.compensating, "alarm on each use")
    QTest.keyClicks(panel.bar.owner, "Ben")
    QTest.keyClick(panel.bar.owner, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: decision_at(panel, 0).choice is ReviewDecision.EXCEPT)
    panel.table.go_to(0)
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    say(panel, "migration until spring")
    qtbot.waitUntil(lambda: decision_at(panel, 0).comment == "migration until spring")
    assert decision_at(panel, 0).compensating == "alarm on each use"
    QTest.keyClick(panel.table, Qt.Key.Key_2)
    assert not panel.bar.compensating.isVisible()


def test_return_comments_and_the_decision_stays(qtbot: QtBot, panel: ReviewPanel) -> None:
    press(qtbot, panel, Qt.Key.Key_2)
    say_yes(panel)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    panel.table.go_to(0)
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    say(panel, "ticket 42")
    qtbot.waitUntil(lambda: decision_at(panel, 0).comment == "ticket 42")
    assert decision_at(panel, 0).choice is ReviewDecision.REVOKE


def test_holders_of_identical_effect_are_decided_once(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.EFFECT)
    place = next(at for at, row in enumerate(panel.model.shown) if len(row.lines) > 2)
    panel.table.go_to(place)
    row = panel.model.shown[place]
    reaches = {line.evidence["holder"]["reach_sha256"] for line in row.lines}
    assert len(reaches) == 1
    text = "\n".join(label.text() for label in panel.evidence.widget().findChildren(QLabel))
    assert f"{len(row.lines)} entitlements, decided together" in text
    QTest.keyClick(panel.table, Qt.Key.Key_1)
    say(panel, "team membership")
    qtbot.waitUntil(lambda: not row.is_open, timeout=10_000)
    assert {decision.choice for decision in row.decisions} == {ReviewDecision.KEEP}


@pytest.mark.parametrize("grouping", [one for one in Grouping if one is not Grouping.PERSON])  # needs a list of people
def test_everything_is_in_exactly_one_row(qtbot: QtBot, panel: ReviewPanel, grouping: Grouping) -> None:
    group_by(qtbot, panel, grouping)
    review_session = desk_of(panel)
    wanted = (
        [one["finding_id"] for one in review_session.findings]
        if grouping.is_of_findings
        else [line.line_id for line in review_session.lines]
    )
    assert sorted(one for row in panel.model.rows for one in row.subject_ids) == sorted(wanted)


def test_filters_show_what_they_say(qtbot: QtBot, panel: ReviewPanel) -> None:
    press(qtbot, panel, Qt.Key.Key_1, Qt.Key.Key_2)
    say_yes(panel)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    total = len(desk_of(panel).lines)
    for wanted, count in (
        (RowFilterMode.OPEN, total - 2),
        (RowFilterMode.DECIDED, 2),
        (RowFilterMode.KEEP, 1),
        (RowFilterMode.REVOKE, 1),
        (RowFilterMode.ALL, total),
    ):
        show(qtbot, panel, wanted)
        assert panel.model.rowCount() == count
    show(qtbot, panel, RowFilterMode.PRIVILEGED)
    assert 0 < panel.model.rowCount() < total
    assert all(row.texts[Column.ADMINISTRATION] not in ("No", "") for row in panel.model.shown)
    show(qtbot, panel, RowFilterMode.ALL)
    panel.head.text.setText("chloe AllStaff")
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1)
    panel.head.text.setText("no such words")
    qtbot.waitUntil(lambda: panel.model.rowCount() == 0)
    assert "None of the" in panel._nothing.text()


def test_nobody_certifies_their_own_access(qtbot: QtBot, panel: ReviewPanel) -> None:
    row = panel.model.shown[0]
    panel.head.own.setText(row.lines[0].holder_arn)
    press(qtbot, panel, Qt.Key.Key_1)
    assert "cannot review their own access" in panel.message.text
    assert decision_at(panel, 0).choice is ReviewDecision.UNDECIDED
    assert row.texts[Column.DECISION] == "Undecided"


def test_second_reviewer_must_be_somebody_else(qtbot: QtBot, panel: ReviewPanel) -> None:
    press(qtbot, panel, Qt.Key.Key_1)
    panel.table.go_to(0)
    press(qtbot, panel, Qt.Key.Key_5)
    assert "must come from another reviewer" in panel.message.text
    panel.head.reviewer_name.setText("Ben")
    said: list[str] = []
    panel._session.announced.connect(said.append)
    approve = panel.evidence.findChild(LinkButton, "giveSecondApproval")
    assert approve is not None
    QTest.keyClick(approve, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert panel.model.shown[0].texts[Column.DECISION] == "Keep, second approval"
    assert panel.message.text == "", "what was said before holds no more"
    assert "Saved: Second approval, 1 entitlement." in said
    texts = [label.text() for label in panel.evidence.widget().findChildren(QLabel)]
    (decided,) = [text for text in texts if text.startswith("Keep by")]  # not the suggestion
    assert decided.startswith("Keep by Ana Moreno, 20"), "not: second approval by Ana Moreno"
    assert decided.endswith(" UTC; second approval by Ben")
    assert panel.evidence.findChild(LinkButton, "giveSecondApproval") is None


def test_without_a_name_nothing_is_decided(panel: ReviewPanel) -> None:
    panel.head.reviewer_name.clear()
    QTest.keyClick(panel.table, Qt.Key.Key_1)
    assert "Enter the reviewer" in panel.message.text
    assert panel.head.reviewer_name.hasFocus()
    assert not panel.queue.pending
    QTest.keyClicks(panel.head.reviewer_name, "Ana")
    QTest.keyClick(panel.head.reviewer_name, Qt.Key.Key_Return)
    assert panel.message.text == "", "it is entered"


def test_no_review_is_missing_while_one_is_made(qtbot: QtBot, empty_panel: ReviewPanel, tmp_path: Path) -> None:
    panel, controller = empty_panel, empty_panel.controller
    seen: list[tuple[str, bool]] = []
    controller.making.connect(lambda: seen.append((panel._nothing.text(), panel._new.isVisible())))
    made: list[str] = []
    controller._run("Making", lambda _progress, _cancelled: "made", made.append)
    qtbot.waitUntil(lambda: made == ["made"])
    assert [text.partition(".")[0] for text, _is_visible in seen] == ["The review is being made", "No review is open"]
    assert [is_visible for _text, is_visible in seen] == [False, True]


@pytest.mark.parametrize("grouping", list(Grouping))
def test_rows_are_in_the_same_order_in_any_language(qapp: QApplication, panel: ReviewPanel, grouping: Grouping) -> None:
    def order(language: str) -> list[tuple[str, ...]]:
        set_language(qapp, language)
        rows = rows_of(desk_of(panel), grouping)
        for row in rows:
            row.update_decisions(desk_of(panel), TODAY, frozenset())
        return [row.subject_ids for column in ORDERS for row in sorted(rows, key=lambda row: row.sort_key(column))]

    try:
        assert order("de") == order("en")
    finally:
        set_language(qapp, i18n.ENGLISH)


def test_exception_that_has_run_out_comes_back(qtbot: QtBot, empty_panel: ReviewPanel, review_path: Path) -> None:
    with ReviewFile.open(review_path) as review:
        line_id = review.lines[0].line_id
        yesterday = TODAY - timedelta(1)
        review.record({line_id: ItemDecision(ReviewDecision.EXCEPT, "m", "Ben", yesterday)}, Reviewer("Ana", "ana"))
    empty_panel.head.reviewer_name.setText("Ana")
    empty_panel.controller.open_path(review_path)
    qtbot.waitUntil(lambda: empty_panel.review_session is not None and not empty_panel.is_filling)
    assert "1 exception has expired" in empty_panel.head.summary.full_text()
    show(qtbot, empty_panel, RowFilterMode.RUN_OUT)
    (row,) = empty_panel.model.shown
    assert row.is_open
    assert row.texts[Column.DECISION].endswith("(expired)")


def test_second_writer_is_told(qtbot: QtBot, empty_panel: ReviewPanel, review_path: Path) -> None:
    with ReviewFile.open(review_path):
        empty_panel.controller.open_path(review_path)
        qtbot.waitUntil(lambda: bool(empty_panel.message.text), timeout=10_000)
        assert "the review is open in another window or program" in empty_panel.message.text
        assert empty_panel.review_session is None


def test_review_of_another_layout_is_refused(qtbot: QtBot, empty_panel: ReviewPanel, review_path: Path) -> None:
    with sqlite3.connect(review_path) as other:
        other.execute("ALTER TABLE journal DROP COLUMN identities")
        other.execute("PRAGMA user_version = 5")
    other.close()
    empty_panel.controller.open_path(review_path)
    qtbot.waitUntil(lambda: bool(empty_panel.message.text), timeout=10_000)
    assert "the review has layout 5; this iamdesk reads only layout 1" in empty_panel.message.text
    assert empty_panel.review_session is None


def test_review_of_another_snapshot_says_so(qtbot: QtBot, empty_panel: ReviewPanel, review_path: Path) -> None:
    with sqlite3.connect(review_path) as other:
        other.execute("UPDATE head SET value = ? WHERE name = 'snapshot_sha256'", ("ab" * 32,))
        seal(other)
    other.close()
    empty_panel.head.reviewer_name.setText("Ana")
    empty_panel.controller.open_path(review_path)
    qtbot.waitUntil(lambda: empty_panel.review_session is not None and not empty_panel.is_filling)
    assert "another snapshot is open" in empty_panel.message.text
    assert not empty_panel.controller.matches


def test_damaged_review_is_told_and_recovered_into_a_new_file(
    qtbot: QtBot, empty_panel: ReviewPanel, prompts: Answers, review_path: Path, tmp_path: Path
) -> None:
    content = bytearray(review_path.read_bytes())
    content[:100] = os.urandom(100)
    review_path.write_bytes(content)
    empty_panel.head.reviewer_name.setText("Ana")
    empty_panel.controller.open_path(review_path)
    qtbot.waitUntil(lambda: "cannot be read" in empty_panel.message.text, timeout=10_000)
    prompts.save_to = tmp_path / "new.iamreview"
    empty_panel.message._button.click()
    qtbot.waitUntil(lambda: "new.iamreview contains" in empty_panel.message.text, timeout=10_000)
    empty_panel.message._button.click()
    qtbot.waitUntil(lambda: empty_panel.review_session is not None and not empty_panel.is_filling, timeout=10_000)
    assert len(desk_of(empty_panel).lines) > 100
    assert review_path.read_bytes() == content


def test_altered_entry_is_told_when_it_is_opened(qtbot: QtBot, empty_panel: ReviewPanel, review_path: Path) -> None:
    with ReviewFile.open(review_path) as review:
        review.record({review.lines[0].line_id: ItemDecision(ReviewDecision.KEEP)}, Reviewer("Ana", "ana"))
    with sqlite3.connect(review_path) as mallory:
        mallory.execute("UPDATE journal SET reviewer = 'Mallory'")
    mallory.close()
    empty_panel.head.reviewer_name.setText("Ana")
    empty_panel.controller.open_path(review_path)
    qtbot.waitUntil(lambda: "the file was changed or damaged: journal entry 1" in empty_panel.message.text)
    assert empty_panel.review_session is None
    assert empty_panel.message._button.text() == "Recover…"


def test_new_review_is_made_from_the_open_snapshot(
    qtbot: QtBot, empty_panel: ReviewPanel, prompts: Answers, sample: SnapshotSession, tmp_path: Path
) -> None:
    prompts.save_to = tmp_path / "fresh"
    empty_panel.controller.new_review()
    dialog = empty_panel.controller.dialog
    assert dialog is not None
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: empty_panel.review_session is not None and not empty_panel.is_filling, timeout=60_000)
    assert desk_of(empty_panel).path.name == "fresh.iamreview"
    assert desk_of(empty_panel).head.title == "acme-prod-review"
    assert desk_of(empty_panel).head.snapshot_sha256 == sample.snapshot.sha256
    assert empty_panel.controller.matches


def test_evidence_tells_power_findings_verdicts_and_statements(qtbot: QtBot, panel: ReviewPanel) -> None:
    panel.head.text.setText("acme-bootstrap LegacyFullAccess")
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1)

    def text() -> str:
        shown = panel.evidence.widget()
        texts = [label.text() for label in shown.findChildren(QLabel)]
        return "\n".join([*texts, *(one.toPlainText() for one in shown.findChildren(WrappingText))])

    assert "Administrator status: Administrator" in text()
    assert '"Effect": "Allow"' in text()
    assert "ADM-" in text()
    qtbot.waitUntil(lambda: "Decisions on" in text(), timeout=20_000)


def test_hostile_names_stay_text(qtbot: QtBot, panel: ReviewPanel) -> None:
    row = panel.model.shown[0]
    assert all("\u202e" not in text for one in panel.model.rows for text in one.texts)
    assert panel.model.index(0, Column.WHO).data(Qt.ItemDataRole.ToolTipRole).startswith("<qt>")
    assert row.subject_ids


def test_rows_survive_the_palette_and_the_model_is_sound(qtbot: QtBot, panel: ReviewPanel) -> None:
    tester = ModelTester(None)  # type: ignore[arg-type]
    tester.check(panel.model)
    index = panel.model.index(0, Column.DECISION)
    light = panel.model.data(index, Qt.ItemDataRole.ForegroundRole).color().name()
    panel.model.repaint(palette_for(dark=True))
    assert panel.model.data(index, Qt.ItemDataRole.ForegroundRole).color().name() != light
    press(qtbot, panel, Qt.Key.Key_1)


def test_closing_the_snapshot_closes_the_review(panel: ReviewPanel, session: Session, review_path: Path) -> None:
    session.close()
    assert panel.review_session is None
    assert panel.model.rowCount() == 0
    with ReviewFile.open(review_path):
        pass  # the lock is given up


def test_filled_sheet_is_taken_and_refusals_are_told(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path
) -> None:
    prompts.save_to = tmp_path / "evidence"
    panel.packages.export()
    qtbot.waitUntil(lambda: "The evidence package was written to" in panel.message.text, timeout=60_000)
    sheet = tmp_path / "evidence" / "03_entitlements.csv"
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["decision"] = "keep"
    rows[1]["line_sha256"] = "0" * 64
    lock = next(row for row in rows if row["entitlement_name"] == "RegionLock")
    lock |= {"decision": "revoke", "decision_reason": "not needed"}
    filled = tmp_path / "filled.csv"
    with filled.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    prompts.opens = filled
    panel.packages.fill()
    qtbot.waitUntil(lambda: "1 were refused: Entitlements, row 3" in panel.message.text, timeout=10_000)
    assert "RegionLock is a guardrail: revoking it gives" in panel.message.text
    assert desk_of(panel).decision(rows[0]["line_id"]).choice is ReviewDecision.KEEP
    dialog = panel.packages.dialog
    assert isinstance(dialog, RefusedDialog)
    assert dialog.table.topLevelItemCount() == 1
    assert "0 are conflicts" in dialog.sentence.text()
    qtbot.waitUntil(lambda: not panel.is_filling)
    assert next(row for row in panel.model.rows if rows[0]["line_id"] in row.subject_ids).texts[0] == "Keep"


def test_pack_is_signed_with_a_key(qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path) -> None:
    key = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    with desk_of(panel).file.copied() as copy:
        write_package(copy, tmp_path / "pack", evaluator=None)
    prompts.opens = tmp_path / "pack" / "00_manifest.json"
    panel.packages.sign()
    dialog = panel.packages.dialog
    assert isinstance(dialog, SignDialog)
    assert "unsigned attestation" in dialog.how.text()
    dialog.role.setCurrentIndex(dialog.role.findData(Role.MANAGEMENT))
    assert "acknowledge" in dialog.sentence.text()
    dialog.key.setText(str(key))
    assert "ssh-keygen signs the manifest with this key" in dialog.how.text()
    dialog.accept()
    qtbot.waitUntil(lambda: "signed as management, with a key" in panel.message.text, timeout=20_000)
    (made,) = read_signoffs(tmp_path / "pack")
    assert (made.name, made.scheme) == ("Ana Moreno", "ssh")


def test_evidence_needs_an_open_review(empty_panel: ReviewPanel, prompts: Answers) -> None:
    empty_panel.packages.export()
    assert "Open a review first" in empty_panel.message.text
    assert prompts.asked == []


def test_the_sentence_that_is_signed_is_read_whole(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = SignDialog(tmp_path, "Ana Moreno", Answers())
    qtbot.addWidget(dialog)
    dialog.show()
    for at in range(dialog.role.count()):
        dialog.role.setCurrentIndex(at)
        QApplication.processEvents()
        assert dialog.sentence.height() >= dialog.sentence.heightForWidth(dialog.sentence.width())


def test_fields_filter_entitlements(panel: ReviewPanel, qtbot: QtBot) -> None:
    assert_fields_fit(LINE_FIELDS, panel.model.rows)
    panel.head.text.show_filter("permissions>=1000")
    qtbot.waitUntil(lambda: len(panel.model.shown) < len(panel.model.rows))
    assert panel.model.shown
    panel.head.text.show_filter("tier:0 OR tier:1")
    qtbot.waitUntil(lambda: {tier for row in panel.model.shown for tier in row.tiers} <= {0, 1})
    panel.head.text.show_filter("used:never -used<2026")
    qtbot.waitUntil(lambda: {row.texts[Column.LAST_USED] for row in panel.model.shown} == {"never used"})


def test_fields_filter_findings_of_the_review(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.head.text.show_filter("used:never")
    panel.head.grouping.setCurrentIndex(panel.head.grouping.findData(Grouping.FINDING))
    qtbot.waitUntil(lambda: bool(panel.model.rows) and panel.model.rows[0].findings != () and not panel.is_filling)
    panel.head.text.show_filter("severity>=high")
    qtbot.waitUntil(lambda: 0 < len(panel.model.shown) < len(panel.model.rows))
    assert {one["severity"] for row in panel.model.shown for one in row.findings} <= {"high", "critical"}
    assert_fields_fit(FINDING_FIELDS, panel.model.rows)


def place_of(panel: ReviewPanel, holder: str, name: str) -> int:
    return next(
        at
        for at, row in enumerate(panel.model.shown)
        if row.texts[Column.WHO] == holder and row.texts[Column.WHAT].startswith(name)
    )


def test_buttons_in_the_card_decide_and_show_their_keys(qtbot: QtBot, panel: ReviewPanel) -> None:
    words = [button.text() for button in panel.buttons.buttons]
    assert words == ["1 Keep", "2 Revoke", "3 Modify", "4 Exception", "0 Undecided"]
    assert panel.buttons.isVisible()
    place = place_of(panel, "group AllStaff", "IAMUserChangePassword")
    panel.table.go_to(place)
    panel.buttons.buttons[0].click()
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert decision_at(panel, place).choice is ReviewDecision.KEEP
    group_by(qtbot, panel, Grouping.FINDING)
    assert [button.text() for button in panel.buttons.buttons] == [
        "1 Accept the risk",
        "2 Fix",
        "3 False positive",
        "0 Undecided",
    ]


def test_narrow_buttons_wrap(qtbot: QtBot, panel: ReviewPanel) -> None:
    panel.buttons.setParent(None)
    qtbot.addWidget(panel.buttons)  # nobody else ends it now
    panel.buttons.show()
    for width, rows in ((2_000, 1), (panel.buttons.minimumWidth(), 5)):
        panel.buttons.resize(width, 400)
        qtbot.waitUntil(
            lambda rows=rows: len({button.geometry().top() for button in panel.buttons.buttons}) == rows  # type: ignore[misc]
        )
        assert all(button.width() >= button.sizeHint().width() for button in panel.buttons.buttons)


def test_menu_of_a_row_decides(qtbot: QtBot, panel: ReviewPanel) -> None:
    place = place_of(panel, "group AllStaff", "IAMUserChangePassword")
    panel.table.go_to(place)
    menu = panel.table.menu_for(panel.model.shown[place], Column.WHAT)
    texts = [action.text() for action in menu.actions()]
    assert texts[:5] == ["Keep\t1", "Revoke\t2", "Modify\t3", "Exception\t4", "Undecided\t0"]
    next(action for action in menu.actions() if action.text() == "Revoke\t2").trigger()
    say_yes(panel)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert decision_at(panel, place).choice is ReviewDecision.REVOKE


@pytest.mark.parametrize(
    ("holder", "name", "says"),
    [
        ("group Engineers", "EngineerBaseline", "Administration depends on EngineerBaseline of group Engineers: 21,7"),
        ("group SecurityAuditors", "SecurityAudit", "removes more than 1,000 actions: 3,105 are lost."),
        ("group Engineers", "ProtectControlTags", "contains only Deny statements"),
    ],
)
def test_revoking_much_asks_once_more(qtbot: QtBot, panel: ReviewPanel, holder: str, name: str, says: str) -> None:
    place = place_of(panel, holder, name)
    panel.table.go_to(place)
    press(qtbot, panel, Qt.Key.Key_2)
    assert panel.bar.reason.hasFocus()
    assert says in panel.message.text
    assert decision_at(panel, place).choice is ReviewDecision.UNDECIDED
    panel.table.setFocus()  # as by a click
    QTest.keyClicks(panel.table, "not 2")  # n and 2 are keys of the table
    assert panel.bar.reason.text() == "not 2"
    assert panel.table.currentIndex().row() == place
    panel.table.setFocus()
    press(qtbot, panel, Qt.Key.Key_Return)
    assert decision_at(panel, place) == ItemDecision(ReviewDecision.REVOKE, "not 2")


@pytest.mark.parametrize("key", [Qt.Key.Key_2, Qt.Key.Key_1])
def test_a_typed_reason_stays_with_the_row_that_was_decided(qtbot: QtBot, panel: ReviewPanel, key: Qt.Key) -> None:
    """Key 2 saved at once, n went to the next row, and the rest became the ticket of another row."""
    place = place_of(panel, "group AllStaff", "SelfManageCredentials")
    panel.table.go_to(place)
    QTest.keyClick(panel.table, key)
    for letter in "not needed, see 3 and 5":
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClicks(focus, letter)
    assert panel.bar.reason.text() == "not needed, see 3 and 5"
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    choice = ReviewDecision.REVOKE if key == Qt.Key.Key_2 else ReviewDecision.KEEP
    assert decision_at(panel, place) == ItemDecision(choice, "not needed, see 3 and 5")
    decided = {entry.line_id for entry in desk_of(panel).file.journal()}
    assert decided == {panel.model.shown[place].subject_ids[0]}
    assert panel.table.currentIndex().row() == panel.model.next_open(place), "the next undecided row, none is left out"
    assert panel.table.hasFocus()


def test_a_reason_names_its_row_once_the_table_is_elsewhere(qtbot: QtBot, panel: ReviewPanel) -> None:
    place = place_of(panel, "group AllStaff", "SelfManageCredentials")
    panel.table.go_to(place)
    press(qtbot, panel, Qt.Key.Key_1)
    QTest.keyClicks(panel.table, "s")
    labels = [label.text() for label in panel.bar.findChildren(QLabel)]
    assert any(one.startswith("Keep: group AllStaff · SelfManageCredentials") for one in labels)
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Escape)

    panel.table.go_to(place)
    QTest.keyClick(panel.table, Qt.Key.Key_2)
    assert "Revoke: this entitlement" in [label.text() for label in panel.bar.findChildren(QLabel)]
    panel.table.go_to(place + 1)  # as by a click
    labels = [label.text() for label in panel.bar.findChildren(QLabel)]
    assert any(one.startswith("Revoke: group AllStaff · SelfManageCredentials") for one in labels)


def test_letters_are_text_about_the_row_that_is_shown(qtbot: QtBot, panel: ReviewPanel) -> None:
    press(qtbot, panel, Qt.Key.Key_1)
    panel.table.go_to(2)
    QTest.keyClicks(panel.table, "still open")
    assert "Comment on this entitlement" in [label.text() for label in panel.bar.findChildren(QLabel)]
    assert panel.bar.reason.text() == "still open"
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert decision_at(panel, 2) == ItemDecision(comment="still open")
    assert decision_at(panel, 0).comment == ""


def test_findings_on_a_policy_are_not_those_of_the_group_that_has_it(panel: ReviewPanel) -> None:
    """The card of Administrators listed findings on AdministratorAccess, about others who have it, as its own."""
    panel.table.go_to(place_of(panel, "group Administrators", "AdministratorAccess"))
    texts = [label.text() for label in panel.evidence.widget().findChildren(QLabel)]
    own = texts.index("Findings")
    of_policy = texts.index("Findings on AdministratorAccess, for all who have it")
    places = [at for at, text in enumerate(texts) if "lets elena.petrov and sandbox-admin read the objects" in text]
    assert own < of_policy < min(places)
    assert any("makes its members administrators" in text for text in texts[own:of_policy])


def test_own_identities_that_the_snapshot_does_not_have_are_named(qtbot: QtBot, panel: ReviewPanel) -> None:
    own, wrong = panel.head.own, "arn:aws:iam::111122223333:user/nobody"
    row = panel.model.shown[0]
    own.setFocus()
    QTest.keyClicks(own, f"{row.lines[0].holder_arn} {wrong}")
    QTest.keyClick(own, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: wrong in panel.message.text, timeout=10_000)
    assert panel.message.text == f"My identities: the snapshot has no principal {wrong}."
    assert own.accessibleDescription() == panel.message.text
    assert own.palette().text().color() != panel.palette().text().color()
    own.setFocus()
    for _ in range(len(wrong) + 1):
        QTest.keyClick(own, Qt.Key.Key_Backspace)
    QTest.keyClick(own, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.message.text, timeout=10_000)
    assert "cannot certify their own access" in own.accessibleDescription()
    QTest.keyClicks(own, " anna")
    QTest.keyClick(own, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "is not the ARN of a user or role" in panel.message.text, timeout=10_000)
    own.clear()
    own.editingFinished.emit()
    assert not panel.message.text
