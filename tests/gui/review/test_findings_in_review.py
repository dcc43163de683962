"""Findings are decided in the review table: a view of their own, the same keys."""

from datetime import UTC, date, datetime, timedelta

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.filters import RowFilterMode
from iamdesk.gui.review.finding_rows import FindingRow
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.grouping import Grouping
from iamdesk.review.session import ReviewSession

HEADINGS = ["Decision", "Subject", "Finding", "Check", "Severity", "Comment"]


def desk_of(panel: ReviewPanel) -> ReviewSession:
    review_session = panel.review_session
    assert review_session is not None
    return review_session


def view(qtbot: QtBot, panel: ReviewPanel, grouping: Grouping) -> None:
    panel.head.grouping.setCurrentIndex(panel.head.grouping.findData(grouping))
    qtbot.waitUntil(lambda: not panel.is_filling, timeout=10_000)
    qtbot.waitUntil(lambda: all(isinstance(one, FindingRow) == grouping.is_of_findings for one in panel.model.shown))
    qtbot.waitUntil(lambda: panel.model.rowCount() > 0 and not panel._debounce.isActive())


def press(qtbot: QtBot, panel: ReviewPanel, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(panel.table, key)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)


def decision(panel: ReviewPanel, place: int) -> ItemDecision:
    return desk_of(panel).decision(panel.model.shown[place].subject_ids[0])


def test_findings_have_columns_and_filters_of_their_own(qtbot: QtBot, panel: ReviewPanel) -> None:
    view(qtbot, panel, Grouping.FINDING)
    assert panel.model.rowCount() == len(desk_of(panel).findings) > 50
    shown = [column for column in Column if not panel.table.isColumnHidden(column)]
    titles = [panel.model.headerData(column, Qt.Orientation.Horizontal) for column in shown]
    assert titles == HEADINGS
    widths = {column: panel.table.columnWidth(column) for column in shown}
    assert widths[Column.WHAT] > widths[Column.COMMENT]
    offered = [panel.head.show_only.itemData(at) for at in range(panel.head.show_only.count())]
    assert RowFilterMode.FALSE_POSITIVE in offered
    assert RowFilterMode.KEEP not in offered
    view(qtbot, panel, Grouping.LINE)
    assert panel.model.headerData(Column.WHAT, Qt.Orientation.Horizontal) == "Entitlement"
    assert not panel.table.isColumnHidden(Column.ADMINISTRATION)
    assert panel.model.rowCount() == len(desk_of(panel).lines)


def fix(qtbot: QtBot, panel: ReviewPanel, reason: str = "") -> None:
    """Decide to fix what is selected."""
    QTest.keyClick(panel.table, Qt.Key.Key_2)
    QTest.keyClicks(panel.bar.reason, reason)
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)


def test_two_is_to_fix_and_the_next_follows(qtbot: QtBot, panel: ReviewPanel) -> None:
    view(qtbot, panel, Grouping.FINDING)
    fix(qtbot, panel)
    fix(qtbot, panel, "in 2 weeks")
    reasons = ("", "in 2 weeks")
    assert [decision(panel, place) for place in (0, 1)] == [ItemDecision(ReviewDecision.FIX, one) for one in reasons]
    assert panel.model.shown[0].texts[Column.DECISION] == "Fix"
    assert panel.table.currentIndex().row() == 2
    total = len(desk_of(panel).findings)
    assert panel.head.summary.full_text().startswith(f"2 of {total} findings decided, {total - 2} remain: 2 to fix")
    assert panel.title == f"Review 2/{total + len(desk_of(panel).lines)}"


def test_accepting_a_risk_asks_for_reason_owner_and_last_day(qtbot: QtBot, panel: ReviewPanel) -> None:
    view(qtbot, panel, Grouping.FINDING)
    for key in (Qt.Key.Key_1, Qt.Key.Key_4):
        place = panel.table.currentIndex().row()
        QTest.keyClick(panel.table, key)
        assert panel.bar.isVisible()
        assert panel.bar.expiry.isVisible()
        assert any(label.text() == "Accept the risk: this finding" for label in panel.bar.findChildren(QLabel))
        QTest.keyClicks(panel.bar.reason, "rebuilt in spring")
        QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)  # nobody answers for it yet
        assert "an exception requires an owner" in panel.message.text.lower()
        QTest.keyClicks(panel.bar.owner, "Ben")
        QTest.keyClick(panel.bar.owner, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
        until = datetime.now(UTC).date() + timedelta(90)
        assert decision(panel, place) == ItemDecision(ReviewDecision.EXCEPT, "rebuilt in spring", "Ben", until)
        assert panel.model.shown[place].texts[Column.DECISION] == f"Accept the risk until {until}"


def test_false_positive_asks_for_a_reason(qtbot: QtBot, panel: ReviewPanel) -> None:
    view(qtbot, panel, Grouping.FINDING)
    QTest.keyClick(panel.table, Qt.Key.Key_3)
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)
    assert "a false positive requires a reason" in panel.message.text.lower()
    QTest.keyClicks(panel.bar.reason, "our tags")
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert decision(panel, 0) == ItemDecision(ReviewDecision.FALSE_POSITIVE, "our tags")
    told = panel.head.summary.full_text()
    assert "1 false positive" in told
    assert "1 false positives" not in told


def test_findings_of_a_check_are_decided_together_undone_and_done_again(qtbot: QtBot, panel: ReviewPanel) -> None:
    view(qtbot, panel, Grouping.CHECK)
    place, row = next((at, one) for at, one in enumerate(panel.model.shown) if len(one.subject_ids) > 2)
    panel.table.go_to(place)
    QTest.keyClick(panel.table, Qt.Key.Key_2)
    QTest.keyClicks(panel.bar.reason, "ticket OPS-7")
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    count = len(row.subject_ids)
    counts = desk_of(panel).file.finding_states.counts
    assert counts()[ReviewDecision.FIX] == count
    panel.deciding.undo()
    qtbot.waitUntil(lambda: counts()[ReviewDecision.FIX] == 0)
    qtbot.waitUntil(lambda: not panel.queue.pending)
    panel.deciding.redo()
    qtbot.waitUntil(lambda: counts()[ReviewDecision.FIX] == count)


def test_nobody_decides_on_findings_about_themselves_and_a_second_may_stand(qtbot: QtBot, panel: ReviewPanel) -> None:
    view(qtbot, panel, Grouping.FINDING)
    row = next(one for one in panel.model.shown if ":user/" in one.tip)
    panel.table.go_to(panel.model.shown.index(row))
    panel.head.own.setText(row.tip)
    fix(qtbot, panel)
    assert "cannot review their own access" in panel.message.text
    panel.head.own.clear()
    panel.table.go_to(panel.model.shown.index(row))
    fix(qtbot, panel)
    panel.table.go_to(panel.model.shown.index(row))
    panel.head.reviewer_name.setText("Ben Okafor")
    press(qtbot, panel, Qt.Key.Key_5)
    assert desk_of(panel).decision(row.subject_ids[0]) == ItemDecision(ReviewDecision.FIX, second="Ben Okafor")


def test_evidence_tells_finding_proof_and_remedy(qtbot: QtBot, panel: ReviewPanel) -> None:
    view(qtbot, panel, Grouping.FINDING)
    row = panel.table.current_row()
    assert isinstance(row, FindingRow)
    (finding,) = row.findings
    qtbot.waitUntil(lambda: panel.evidence.row is row)
    told = "\n".join(label.text() for label in panel.evidence.widget().findChildren(QLabel))
    for text in (
        f"{finding['check_id']} {finding['title']}",
        f"Finding: {finding['finding']}",
        f"Evidence: {' '.join(finding['proof_summary'])}",
        finding["remediation"],
    ):
        assert text in told
    fix(qtbot, panel)
    panel.table.go_to(0)
    qtbot.waitUntil(lambda: panel.evidence.row is row)
    told = "\n".join(label.text() for label in panel.evidence.widget().findChildren(QLabel))
    assert "Fix by Ana Moreno, " in told


def test_accepted_risk_that_has_run_out_is_shown(qtbot: QtBot, panel: ReviewPanel) -> None:
    review_session = desk_of(panel)
    finding_id = str(review_session.findings[0]["finding_id"])
    review_session.file.record(
        {finding_id: ItemDecision(ReviewDecision.EXCEPT, "m", "Ben", date(2020, 1, 1))}, Reviewer("Ana Moreno", "ana")
    )
    view(qtbot, panel, Grouping.FINDING)
    panel.head.show_only.setCurrentIndex(panel.head.show_only.findData(RowFilterMode.RUN_OUT))
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1)
    assert panel.model.shown[0].texts[Column.DECISION] == "Accept the risk until 2020-01-01 (expired)"
    assert panel.model.shown[0].is_open
