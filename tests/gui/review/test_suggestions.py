"""Columns of the effect, and suggestions that are taken by one key."""

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.export.text.review_effect import suggested_decision
from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.review.rows import EntitlementRow
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.grouping import Grouping
from iamdesk.review.item_effect import effect_of

from .test_guardrails import go_to
from .test_review_panel import decision_at, desk_of, group_by, press


def test_tier_loses_gains_and_suggestion_are_columns(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    for row in panel.model.rows:
        assert isinstance(row, EntitlementRow)
        effect = effect_of(row.lines[0])
        assert row.texts[Column.TIER] == str(effect["tier"])
        assert row.texts[Column.LOSES].replace(",", "") == str(effect["revoke"]["lost"]["actions"])
        assert row.texts[Column.GAINS].replace(",", "") == str(effect["revoke"]["gained"]["actions"])
        assert row.texts[Column.SUGGESTION]
    for column in (Column.TIER, Column.LOSES, Column.GAINS, Column.SUGGESTION):
        assert not panel.table.isColumnHidden(column)
    assert panel.table.isColumnHidden(Column.WHY_ASKED), "no item of a first review was asked about before"
    place = go_to(panel, "RequireMfa")
    tip = panel.model.index(place, Column.SUGGESTION).data(Qt.ItemDataRole.ToolTipRole)
    assert "Keep: without it, principals can do more" in tip


def test_columns_sort_by_number(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    panel.table.sortByColumn(Column.LOSES, Qt.SortOrder.AscendingOrder)
    lost = [int(row.texts[Column.LOSES].replace(",", "")) for row in panel.model.shown]
    assert lost == sorted(lost, reverse=True), "the largest first"


def test_findings_have_no_effect(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.FINDING)
    for column in (Column.TIER, Column.LOSES, Column.GAINS, Column.SUGGESTION):
        assert panel.table.isColumnHidden(column)


def test_suggestion_is_taken_by_one_key_and_is_an_entry(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    place = go_to(panel, "LegacyPassRole")
    press(qtbot, panel, Qt.Key.Key_6)
    decision = decision_at(panel, place)
    assert decision.choice is ReviewDecision.REVOKE
    assert decision.comment == "Suggested: revoking it is proved to change nothing."
    assert [(entry.reviewer, entry.after) for entry in desk_of(panel).file.journal()] == [("Ana Moreno", decision)]
    assert panel.table.currentIndex().row() != place, "the next undecided row follows"
    assert panel.table.hasFocus()
    QTest.keyClicks(panel.table, "since 5 years")
    QTest.keyClick(panel.bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    changed = {entry.line_id for entry in desk_of(panel).file.journal()}
    assert changed == {panel.model.shown[place].subject_ids[0]}, "what is typed is about what was just decided"
    assert decision_at(panel, place).comment.endswith(" change nothing. since 5 years")


def test_what_needs_judgement_stays(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    place = go_to(panel, "AdministratorAccess")
    press(qtbot, panel, Qt.Key.Key_6)
    assert decision_at(panel, place).choice is ReviewDecision.UNDECIDED
    assert panel.message.text == "Nothing is suggested for these rows: they need judgment."


def test_selected_rows_get_their_own_suggestions(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    names = ("RequireMfa", "AdministratorAccess", "LegacyPassRole")
    places = [go_to(panel, name) for name in names]
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for place in places:
        panel.table.selectionModel().select(panel.model.index(place, 0), flags)
    rows = [panel.model.shown[place] for place in places]
    QTest.keyClick(panel.table, Qt.Key.Key_6)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    choices = [desk_of(panel).decision(row.subject_ids[0]).choice for row in rows]
    assert choices == [ReviewDecision.KEEP, ReviewDecision.UNDECIDED, ReviewDecision.REVOKE]
    assert panel.message.text == "1 entitlement has no suggestion, and needs judgment."


def test_every_suggestion_of_the_sample_can_be_taken(panel: ReviewPanel) -> None:
    made = [one for line in desk_of(panel).lines if (one := suggested_decision(line)) is not None]
    assert {one.choice for one in made} >= {ReviewDecision.KEEP, ReviewDecision.REVOKE}
    assert all(one.comment.startswith("Suggested: ") for one in made)
