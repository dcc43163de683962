"""A policy that only denies: whoever revokes it is told that access grows, before anything is recorded."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.review.rows import EntitlementRow
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.grouping import Grouping

from .test_review_panel import decision_at, group_by, press


def go_to(panel: ReviewPanel, name: str) -> int:
    """Put the cursor on the first row of a policy."""
    place = next(
        place
        for place, row in enumerate(panel.model.shown)
        if isinstance(row, EntitlementRow) and row.lines[0].name == name
    )
    panel.table.setCurrentIndex(panel.model.index(place, 0))
    return place


def test_revoking_a_guardrail_is_warned_of_before_it_is_recorded(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    place = go_to(panel, "RequireMfa")
    told = panel.evidence.findChild(FlowLabel, "guardrailWarning")
    assert told is not None
    assert "RequireMfa contains only Deny statements: revoking it can give" in told.text()

    press(qtbot, panel, Qt.Key.Key_2)
    assert "more access" in panel.message.text
    assert decision_at(panel, place).choice is ReviewDecision.UNDECIDED
    QTest.keyClick(panel.deciding.bar.reason, Qt.Key.Key_Escape)
    assert decision_at(panel, place).choice is ReviewDecision.UNDECIDED

    press(qtbot, panel, Qt.Key.Key_2)
    QTest.keyClick(panel.deciding.bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert decision_at(panel, place).choice is ReviewDecision.REVOKE


def test_what_grants_is_revoked_by_one_key(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    place = go_to(panel, "AdministratorAccess")
    assert panel.evidence.findChild(FlowLabel, "guardrailWarning") is None
    press(qtbot, panel, Qt.Key.Key_2)
    assert panel.message.text == ""
    assert decision_at(panel, place).choice is ReviewDecision.REVOKE
