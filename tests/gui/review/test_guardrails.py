"""A policy that only denies: whoever revokes it is told that access grows, before anything is recorded."""

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.filters import ReviewFilter, RowFilterMode
from iamdesk.gui.review.modify_effect import change_text, suggested_edits
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.review.rows import EntitlementRow
from iamdesk.gui.what_if.what_if_window import WhatIfWindow
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.progress import never_cancelled
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.grouping import Grouping
from iamdesk.review.item_effect import effect_of, with_effect
from iamdesk.whatif.edits import Edit, EditAction

from .conftest import Answers
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
    assert told.text().startswith("RequireMfa is a guardrail: revoking it gives ")

    press(qtbot, panel, Qt.Key.Key_2)
    assert "is a guardrail: revoking it gives" in panel.message.text
    assert decision_at(panel, place).choice is ReviewDecision.UNDECIDED
    QTest.keyClick(panel.deciding.bar.reason, Qt.Key.Key_Escape)
    assert decision_at(panel, place).choice is ReviewDecision.UNDECIDED

    press(qtbot, panel, Qt.Key.Key_2)
    QTest.keyClick(panel.deciding.bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert decision_at(panel, place).choice is ReviewDecision.REVOKE


def test_opened_item_is_compared_exactly(qtbot: QtBot, panel: ReviewPanel) -> None:
    """The numbers of the item are shown by requests without values of condition keys; the comparison finds more."""
    group_by(qtbot, panel, Grouping.LINE)
    place = next(
        place
        for place, row in enumerate(panel.model.shown)
        if isinstance(row, EntitlementRow)
        and (row.lines[0].name, row.lines[0].holder_kind) == ("RequireMfa", "group")
        and row.lines[0].holder_arn.endswith("/Finance")
    )
    panel.table.setCurrentIndex(panel.model.index(place, 0))

    def told() -> str:
        label = panel.evidence.findChild(FlowLabel, "exactEffect")
        return label.text() if label is not None else ""

    qtbot.waitUntil(lambda: told().startswith("Exact comparison with a copy without it, for every"), timeout=60_000)
    # Not s3:DeleteObject: its statement tests the age of the MFA, so it was never allowed without.
    assert told().endswith("gains 165. The counts above come from requests without context values.")
    words = [one.text() for one in panel.evidence.findChildren(FlowLabel, "effectWords")]
    assert any("163 actions" in one for one in words), words


def test_what_grants_is_revoked_by_key_and_return(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    place = go_to(panel, "IAMUserChangePassword")  # neither administration nor much access depends on it
    assert panel.evidence.findChild(FlowLabel, "guardrailWarning") is None
    press(qtbot, panel, Qt.Key.Key_2)
    assert panel.message.text == ""
    assert decision_at(panel, place).choice is ReviewDecision.UNDECIDED, "a reason is asked for, as of a guardrail"
    QTest.keyClick(panel.deciding.bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert decision_at(panel, place).choice is ReviewDecision.REVOKE


def test_revoking_what_also_limits_is_warned_of(qtbot: QtBot, panel: ReviewPanel) -> None:
    """Who leaves the group loses what it grants, and gains what one of its policies denies."""
    group_by(qtbot, panel, Grouping.LINE)
    places = {
        row.lines[0].holder_arn.rpartition("/")[2]: place
        for place, row in enumerate(panel.model.shown)
        if isinstance(row, EntitlementRow) and row.lines[0].name == "Engineers"
    }
    place = places["deepak.rao"]
    panel.table.setCurrentIndex(panel.model.index(place, 0))
    press(qtbot, panel, Qt.Key.Key_2)
    assert panel.message.text == (
        "Revoking Engineers also gives user deepak.rao more access: 69 actions are lost, 21,580 gained. "
        "Press Return to save, Esc to cancel."
    )
    assert decision_at(panel, place).choice is ReviewDecision.UNDECIDED
    QTest.keyClick(panel.deciding.bar.reason, Qt.Key.Key_Escape)
    model = panel.table.selectionModel()
    both = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for other in places.values():
        model.select(panel.model.index(other, 0), both)
    press(qtbot, panel, Qt.Key.Key_2)
    assert panel.message.text.startswith(
        "Revoking 2 of these entitlements also gives more access: 21,580 actions are gained by revoking Engineers of "
        "user deepak.rao."
    )
    QTest.keyClicks(panel.deciding.bar.reason, "reorganized")
    QTest.keyClick(panel.deciding.bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert decision_at(panel, place).choice is ReviewDecision.REVOKE


def test_revoking_several_leaves_guardrails_out(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    guardrail, grant = go_to(panel, "RequireMfa"), go_to(panel, "AmazonS3ReadOnlyAccess")
    model = panel.table.selectionModel()
    both = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for place in (guardrail, grant):
        model.select(panel.model.index(place, 0), both)
    press(qtbot, panel, Qt.Key.Key_2)
    assert "1 guardrail is left out" in panel.message.text
    QTest.keyClick(panel.deciding.bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert decision_at(panel, grant).choice is ReviewDecision.REVOKE
    assert decision_at(panel, guardrail).choice is ReviewDecision.UNDECIDED


def test_guardrail_has_a_mark(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    for name, is_marked in (("RequireMfa", True), ("AmazonS3ReadOnlyAccess", False)):
        index = panel.model.index(go_to(panel, name), Column.WHAT)
        assert (index.data(Qt.ItemDataRole.DecorationRole) is not None) is is_marked
        assert ("guardrail" in index.data(Qt.ItemDataRole.AccessibleTextRole)) is is_marked


def test_modify_takes_the_wanted_change(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    place = go_to(panel, "AmazonS3ReadOnlyAccess")
    press(qtbot, panel, Qt.Key.Key_3)
    bar = panel.deciding.bar
    assert bar.reason.hasFocus()
    assert bar.reason.accessibleName() == "What to change"
    assert bar.edits_button.text() == "&What if…", "it has no changes yet"
    assert not bar.effect.isVisible()
    assert decision_at(panel, place).choice is ReviewDecision.UNDECIDED
    QTest.keyClicks(bar.reason, "only the bucket of the team")
    QTest.keyClick(bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert decision_at(panel, place) == ItemDecision(ReviewDecision.MODIFY, "only the bucket of the team")


def test_modify_takes_the_changes_of_what_if(
    qtbot: QtBot, panel: ReviewPanel, session: Session, jobs: JobRunner
) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    place = go_to(panel, "AmazonS3ReadOnlyAccess")
    row = panel.model.shown[place]
    assert isinstance(row, EntitlementRow)
    window = WhatIfWindow(session, jobs, Answers(), panel)
    qtbot.addWidget(window)
    form = window.form
    form.act.setCurrentIndex(form.act.findData(EditAction.DETACH_POLICY))
    form.subject.setText(row.lines[0].holder_arn)
    form.detail.setText(row.lines[0].entitlement_id)
    window.add()
    press(qtbot, panel, Qt.Key.Key_3)
    bar = panel.deciding.bar
    assert bar.edits_button.text() == "Take from &What if"
    QTest.keyClick(bar.edits_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: bar.effect.text().startswith("Effect of the change: "), timeout=60_000)
    assert session.whole is not None
    exact = session.whole.exact_effect(row.lines[0], never_cancelled)
    assert exact is not None
    assert bar.effect.text().startswith(f"Effect of the change: 1 principal loses {exact.lost} actions.")
    assert "user/engineering/yusuf.demir loses s3:DescribeJob" in bar.effect.text().splitlines()[1]
    QTest.keyClick(bar.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    assert decision_at(panel, place).comment == window.edits[0].sentence
    window.list.setCurrentRow(0)
    window.remove()
    assert session.what_if_edits == ()


def test_the_effect_is_shown_in_a_column_and_in_two_lines(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    place = go_to(panel, "RegionLock")
    assert not panel.table.isColumnHidden(Column.REVOKING)
    assert panel.model.index(place, Column.REVOKING).data() == "GUARDRAIL: widens 6"
    gives, revoking = (label.text() for label in panel.evidence.findChildren(FlowLabel, "effectWords"))
    assert gives.startswith("GUARDRAIL: Denies every action except")
    assert revoking.startswith("Revoking it gives 6 principals more access")


def test_the_text_of_a_policy_does_not_widen_the_evidence(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    go_to(panel, "SelfManageCredentials")
    assert panel.evidence.widget().minimumSizeHint().width() < panel.evidence.viewport().width()


def test_rows_are_filtered_by_tier_and_guardrail(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    rows = list(panel.model.shown)
    guardrails = [row for row in rows if ReviewFilter(RowFilterMode.GUARDRAILS).accepts(row)]
    assert {"RegionLock", "RequireMfa", "Quarantine", "ContractorBoundary"} <= {
        row.lines[0].name for row in guardrails if isinstance(row, EntitlementRow)
    }
    tiers = [sum(ReviewFilter(mode).accepts(row) for row in rows) for mode in RowFilterMode if mode.value[:4] == "tier"]
    assert sum(tiers) == len(rows)
    assert all(tiers)


def test_change_that_cannot_be_applied_says_why_and_the_text_has_the_document(
    qtbot: QtBot, panel: ReviewPanel, session: Session
) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    go_to(panel, "AmazonS3ReadOnlyAccess")
    document = {"Version": "2012-10-17", "Statement": []}
    session.what_if_edits = (
        Edit(EditAction.PUT_INLINE_POLICY, "arn:aws:iam::111122223333:user/nobody", "less", document),
    )
    press(qtbot, panel, Qt.Key.Key_3)
    bar = panel.deciding.bar
    QTest.keyClick(bar.edits_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "cannot be applied" in bar.effect.text(), timeout=60_000)
    assert "nobody" in bar.effect.text()
    assert bar.reason.text() == (
        'put-inline-policy arn:aws:iam::111122223333:user/nobody: less = {"Version":"2012-10-17","Statement":[]}'
    ), "nobody could carry it out without its document"
    long = Edit(EditAction.SET_POLICY, "arn:aws:iam::111122223333:policy/p", document={"Sid": "x" * 5000})
    assert "(document of 5010 characters, SHA-256 " in change_text((long,))
    QTest.keyClick(bar.reason, Qt.Key.Key_Escape)
    press(qtbot, panel, Qt.Key.Key_3)
    assert not bar.effect.isVisible(), "of another change"


def test_change_that_is_suggested_is_shown_with_its_effect(qtbot: QtBot, panel: ReviewPanel) -> None:
    group_by(qtbot, panel, Grouping.LINE)
    place = go_to(panel, "AmazonS3ReadOnlyAccess")
    row = panel.model.shown[place]
    assert isinstance(row, EntitlementRow)
    line = row.lines[0]
    edit = {"do": "detach-policy", "subject": line.holder_arn, "detail": line.entitlement_id}
    suggestion = {"decision": "modify", "reason": "used in part", "unused": ["s3"], "edit": edit}
    suggested = with_effect(line, {**effect_of(line), "suggestion": suggestion})
    assert suggested_edits(line) == ()
    assert suggested_edits(suggested) == (Edit(EditAction.DETACH_POLICY, line.holder_arn, line.entitlement_id),)
    row.lines = (suggested,)
    press(qtbot, panel, Qt.Key.Key_3)
    bar = panel.deciding.bar
    assert "Remove the services that were not used: s3." in bar.reason.text()
    qtbot.waitUntil(lambda: bar.effect.text().startswith("Effect of the change: 1 principal loses "), timeout=60_000)
