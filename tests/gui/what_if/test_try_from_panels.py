"""*Try this* beside findings and review items lands in what-if, with its effect."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.review.rows import EntitlementRow
from iamdesk.gui.what_if.what_if_window import WhatIfWindow
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.review.items import EntitlementType
from iamdesk.viewmodel.tree import NodeKind
from iamdesk.whatif.edits import Edit, EditAction


def _links(panel: QWidget) -> dict[str, LinkButton]:
    return {one.shown: one for one in panel.findChildren(LinkButton, "tryThis")}


def _tried(qtbot: QtBot, window: MainWindow) -> WhatIfWindow:
    shown = window.findChild(WhatIfWindow)
    assert isinstance(shown, WhatIfWindow)
    qtbot.waitUntil(lambda: shown._tried is not None, timeout=60_000)
    assert shown.isVisible()
    return shown


def test_a_finding(qtbot: QtBot, open_window: MainWindow) -> None:
    findings = open_window.workspace.findings
    open_window.menus.actions["perspectiveFindings"].trigger()
    qtbot.waitUntil(lambda: findings.is_complete, timeout=60_000)
    (finding,) = [row.finding for row in findings.model.rows if row.finding.check_id == "TRU-01"]
    findings.detail.show_finding(finding)
    (link,) = _links(findings.detail).values()
    assert link.shown.startswith("Try without")
    link.setFocus()
    QTest.keyClick(link, Qt.Key.Key_Space)
    shown = _tried(qtbot, open_window)
    assert [edit.act for edit in shown.edits] == [EditAction.REMOVE_STATEMENT]
    assert shown.edits[0].subject.endswith("role/public-status-page#trust")


def test_a_review_item(qtbot: QtBot, open_window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "q3.iamreview"
    opened = open_window.session.whole
    assert opened is not None
    opened.create_review(path, "Q3")
    review = open_window.workspace.review
    review.controller.open_path(path)
    qtbot.waitUntil(lambda: review.review_session is not None and not review.is_filling, timeout=60_000)
    rows = [row for row in review.model.rows if isinstance(row, EntitlementRow) and len(row.lines) == 1]
    group = next(row for row in rows if row.lines[0].type is EntitlementType.GROUP)
    trust = next(row for row in rows if row.lines[0].type is EntitlementType.TRUST)
    assert review.review_session is not None
    review.evidence.show_row(trust, review.review_session, matches=True)
    assert "Try without it" not in _links(review.evidence)
    review.evidence.show_row(group, review.review_session, matches=False)
    assert _links(review.evidence) == {}
    review.evidence.show_row(group, review.review_session, matches=True)
    _links(review.evidence)["Try without it"].click()
    shown = _tried(qtbot, open_window)
    assert [(edit.act, edit.subject) for edit in shown.edits] == [(EditAction.LEAVE_GROUP, group.lines[0].holder_arn)]


GRACE = "arn:aws:iam::111122223333:user/engineering/sre/grace.lin"


def test_the_selected_policy_by_one_key(qtbot: QtBot, open_window: MainWindow) -> None:
    key = next(one for one in open_window.session.shown.outline.rows_by_key if one.endswith("policy/PowerUserAccess"))
    open_window.session.show_key(key)
    open_window.activateWindow()
    qtbot.waitUntil(open_window.isActiveWindow)
    QTest.keyClick(open_window.focusWidget() or open_window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: open_window.findChild(WhatIfWindow) is not None, timeout=10_000)
    shown = _tried(qtbot, open_window)
    assert {edit.act for edit in shown.edits} == {EditAction.DETACH_POLICY}
    assert {edit.detail for edit in shown.edits} == {key}
    assert len(shown.edits) > 1
    assert shown.view.model.rows


def test_the_menus_of_the_tree_and_of_a_list_of_policies(qtbot: QtBot, open_window: MainWindow) -> None:
    session, workspace = open_window.session, open_window.workspace
    tried: list[tuple[Edit, ...]] = []
    session.edits_tried.connect(tried.append)
    opened = session.snapshot
    assert opened is not None
    node = opened.outline.nodes[opened.outline.rows_by_key[GRACE]]
    menu = workspace.navigator.menu_for(node)
    (entry,) = [one for one in menu.actions() if one.text() == "&Try without it"]
    entry.trigger()
    qtbot.waitUntil(lambda: len(tried) == 1, timeout=10_000)
    assert [edit.act for edit in tried[0]] == [EditAction.DELETE]
    section = next(one for one in opened.outline.nodes if one.kind is NodeKind.SECTION)
    assert "&Try without it" not in [one.text() for one in workspace.navigator.menu_for(section).actions()]

    session.show_key(GRACE)
    policies = workspace.inspector.policies.list
    qtbot.waitUntil(lambda: policies.topLevelItemCount() > 0, timeout=10_000)
    assert policies.go_to("arn:aws:iam::aws:policy/PowerUserAccess")
    current = policies.current_entry()
    assert current is not None
    (entry,) = [one for one in policies.menu_for(current).actions() if one.text() == "&Try without it"]
    entry.trigger()
    qtbot.waitUntil(lambda: len(tried) == 2, timeout=10_000)
    (edit,) = tried[1]
    assert edit.act is EditAction.DETACH_POLICY
    assert ":group/" in edit.subject, "grace.lin has it through a group"


def test_a_policy_below_a_principal_is_taken_from_that_one_alone(qtbot: QtBot, open_window: MainWindow) -> None:
    session, navigator = open_window.session, open_window.workspace.navigator
    opened = session.snapshot
    assert opened is not None
    role = "arn:aws:iam::111122223333:role/ci/GitHubActionsLegacy"
    policy = "arn:aws:iam::aws:policy/PowerUserAccess"
    nodes = opened.outline.nodes
    row = next(at for at in range(len(nodes)) if nodes[at].key == policy and nodes[nodes[at].parent].key == role)
    tried: list[tuple[Edit, ...]] = []
    session.edits_tried.connect(tried.append)
    menu = navigator.menu_for(nodes[row])
    (entry,) = [one for one in menu.actions() if one.text() == "&Try without it"]
    entry.trigger()
    qtbot.waitUntil(lambda: len(tried) == 1, timeout=10_000)
    open_window.menus.actions["perspectiveExplore"].trigger()
    navigator.tree.setCurrentIndex(navigator.model.index_of(row))
    navigator.tree.setFocus()
    open_window.menus.actions["actionTryWithout"].trigger()
    qtbot.waitUntil(lambda: len(tried) == 2, timeout=10_000)
    for edits in tried:
        assert [(edit.act, edit.subject) for edit in edits] == [(EditAction.DETACH_POLICY, role)]


def test_nothing_to_take_away_is_said(qtbot: QtBot, open_window: MainWindow) -> None:
    said: list[str] = []
    open_window.session.announced.connect(said.append)
    open_window.session.show_key("arn:aws:s3:::acme-payroll")
    open_window.menus.actions["actionTryWithout"].trigger()
    qtbot.waitUntil(lambda: any(one.startswith("Nothing to remove") for one in said), timeout=10_000)
