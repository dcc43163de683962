"""How one gets to the reverse questions in the whole window: keys, menus, the palette, the navigator."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import Request
from iamdesk.gui.access.tab import AccessTab
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.help.help_window import HelpWindow
from iamdesk.gui.who_can.panel import WhoCanPanel
from iamdesk.viewmodel.tree import NodeKind

from ...builders import entries
from ...builders.entries import allow, document
from .conftest import ACCOUNT, ACTION, NORA, PAYROLL

PARAMETERS = "arn:aws:ssm:eu-west-1:111122223333:parameter/"
EVIL = '<img src="/etc/x.png"><b>&R\u202ecod.exe</b>'


@pytest.fixture
def active(qtbot: QtBot, open_window: MainWindow) -> MainWindow:
    open_window.activateWindow()
    qtbot.waitUntil(open_window.isActiveWindow)
    return open_window


def panel(window: MainWindow) -> WhoCanPanel:
    return window.workspace.who_can


def tab(window: MainWindow) -> AccessTab:
    return window.workspace.inspector.access


def palette_choice(window: MainWindow, words: str) -> None:
    palette = window.windows.search_everywhere(">")
    QTest.keyClicks(palette.field, words)
    QTest.keyClick(palette.field, Qt.Key.Key_Return)


def press(window: MainWindow, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    held = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        held |= modifier
    QTest.keyClick(window, key, held)


CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_who_else_takes_the_question_along(qtbot: QtBot, active: MainWindow) -> None:
    active.session.ask(Request(NORA, ACTION, PAYROLL))
    qtbot.waitUntil(lambda: active.session.decision is not None)
    press(active, Qt.Key.Key_Return, CTRL, SHIFT)
    qtbot.waitUntil(lambda: panel(active).is_complete, timeout=20_000)
    assert panel(active).isVisible()
    assert panel(active).table.hasFocus()
    row = panel(active).table.current_row()
    assert row is not None
    assert row.principal == NORA
    assert active.workspace.docks["whoCanDock"].windowTitle() == f"Who can {len(panel(active).model.rows)}"


def test_the_button_beside_ask_does_the_same(qtbot: QtBot, active: MainWindow) -> None:
    active.workspace.request_bar.action.setText(ACTION)
    active.workspace.request_bar.resource.setText(PAYROLL)
    button = active.workspace.request_bar.who_else_button
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: panel(active).is_complete, timeout=20_000)
    assert panel(active).asked is not None
    assert panel(active).asked.resource == PAYROLL


def test_a_key_goes_to_who_can(qtbot: QtBot, active: MainWindow) -> None:
    press(active, Qt.Key.Key_J, CTRL, SHIFT)
    qtbot.waitUntil(active.workspace.request_bar.action.hasFocus)


def test_what_the_selected_can_do_is_one_key_away(qtbot: QtBot, active: MainWindow) -> None:
    active.session.select(NORA)
    press(active, Qt.Key.Key_W, CTRL, SHIFT)
    qtbot.waitUntil(lambda: tab(active).map.map is not None, timeout=20_000)
    assert tab(active).isVisible()
    qtbot.waitUntil(tab(active).table.hasFocus)


def test_the_palette_lists_both(qtbot: QtBot, active: MainWindow) -> None:
    active.session.select(NORA)
    palette_choice(active, "effective permissions selected")
    qtbot.waitUntil(lambda: tab(active).isVisible())
    palette_choice(active, "view who can")
    qtbot.waitUntil(lambda: panel(active).isVisible())


def test_the_navigator_leads_to_both(qtbot: QtBot, active: MainWindow) -> None:
    outline = active.session.snapshot.outline if active.session.snapshot is not None else None
    assert outline is not None
    role = f"{ACCOUNT}:role/break-glass/BreakGlassAdmin"

    def entries(key: str) -> dict[str, QAction]:
        node = outline.nodes[outline.rows_by_key[key]]
        return {action.text(): action for action in active.workspace.navigator.menu_for(node).actions()}

    entries(role)["Who can ass&ume it?"].trigger()
    qtbot.waitUntil(lambda: panel(active).is_complete, timeout=20_000)
    assert panel(active).asked == Request("", "sts:AssumeRole", role)
    entries(role)["&Who can access it?"].trigger()
    qtbot.waitUntil(lambda: panel(active).is_complete, timeout=20_000)
    assert panel(active).asked == Request("", "", role)
    entries(NORA)["&Effective permissions"].trigger()
    assert active.session.subject_key == NORA
    qtbot.waitUntil(lambda: tab(active).isVisible())
    policy = next(node for node in outline.nodes if node.kind is NodeKind.CUSTOMER_POLICY)
    assert "&Effective permissions" not in entries(policy.key)
    assert "&Who can access it?" in entries(policy.key)


def test_a_policy_can_do_nothing_and_the_window_says_who_can(qtbot: QtBot, active: MainWindow) -> None:
    outline = active.session.snapshot.outline if active.session.snapshot is not None else None
    assert outline is not None
    policy = next(node for node in outline.nodes if node.kind is NodeKind.CUSTOMER_POLICY)
    active.session.select(policy.key)
    with qtbot.waitSignal(active.session.announced, check_params_cb=lambda words: "user, a role or a group" in words):
        active.menus.actions["actionWhatCan"].trigger()
    assert not tab(active).isVisible()


def test_the_access_tab_follows_the_navigator(qtbot: QtBot, active: MainWindow) -> None:
    active.session.show_access(NORA)
    qtbot.waitUntil(lambda: tab(active).map.map is not None, timeout=20_000)
    other = f"{ACCOUNT}:user/engineering/sre/grace.lin"
    active.session.select(other)
    qtbot.waitUntil(
        lambda: tab(active).map.map is not None and tab(active).map.map.access.subject == other, timeout=20_000
    )
    assert tab(active).isVisible()


def test_explaining_a_row_asks_once_more_for_nobody_else(qtbot: QtBot, active: MainWindow) -> None:
    active.session.ask(Request(f"{ACCOUNT}:user/acme-bootstrap", "iam:CreateUser", "*"))
    qtbot.waitUntil(lambda: active.session.decision is not None)
    active.session.ask_who_can(Request("", ACTION, PAYROLL))
    qtbot.waitUntil(lambda: panel(active).is_complete, timeout=20_000)
    asked: list[Request] = []
    active.session.request_asked.connect(asked.append)
    row = next(row for row in panel(active).model.rows if row.principal == NORA)
    panel(active).explain(row)
    qtbot.waitUntil(lambda: not active.session.pending)
    assert asked == [Request(NORA, ACTION, PAYROLL)]
    assert active.workspace.request_bar.principal.text() == "", "the question is still who can"
    assert active.workspace.request_bar.is_unedited
    assert not active.workspace.result.is_stale
    assert active.session.subject_key == NORA


def test_every_field_has_a_name_for_assistive_tools(active: MainWindow) -> None:
    for widget in (*panel(active).findChildren(QWidget), *tab(active).findChildren(QWidget)):
        inside = widget.objectName().startswith("qt_") or widget.metaObject().className().startswith("QComboBox")
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not inside:
            assert widget.accessibleName(), widget


def test_hostile_names_stay_text(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    policy = document(allow("ssm:*", f"{PARAMETERS}{EVIL}/*", Sid=EVIL))
    path = entries.write(tmp_path / "evil.json", users=[entries.user(EVIL, (EVIL, policy))])
    window.show()
    window.open_path(path)
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)
    window.session.ask_who_can(Request("", "ssm:GetParameter", f"{PARAMETERS}{EVIL}/x", unknown_action=True))
    qtbot.waitUntil(lambda: panel(window).is_complete, timeout=20_000)
    key = f"{ACCOUNT}:user/{EVIL}"
    assert key in {row.principal for row in panel(window).model.rows}
    window.session.show_access(key)
    qtbot.waitUntil(lambda: bool(tab(window).list.lines) and not tab(window).details.running, timeout=20_000)
    model = panel(window).model
    indexes = [model.index(row, column) for row in range(model.rowCount()) for column in range(model.columnCount())]
    listed = tab(window).list
    for row in range(listed.rowCount()):
        top = listed.index(row, 0)
        indexes += [listed.index(row, column) for column in range(listed.columnCount())]
        children = range(listed.rowCount(top))
        indexes += [listed.index(at, column, top) for at in children for column in range(listed.columnCount())]
    assert any("<img" in str(index.data()) for index in indexes)
    for index in indexes:
        assert "\u202e" not in str(index.data() or "")
        tip = str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
        assert "\u202e" not in tip
        assert "<img" not in tip
        assert "\u202e" not in str(index.data(Qt.ItemDataRole.AccessibleTextRole) or "")
    for part in (panel(window), tab(window)):
        for label in part.findChildren(QLabel):
            assert label.textFormat() is Qt.TextFormat.PlainText
            assert "\u202e" not in label.text()
    QApplication.processEvents()


@pytest.mark.parametrize("place", ["who can", "access"])
def test_f1_opens_the_page_about_asking_in_reverse(qtbot: QtBot, active: MainWindow, place: str) -> None:
    if place == "access":
        active.session.show_access(NORA)
        qtbot.waitUntil(lambda: tab(active).map.map is not None, timeout=20_000)
        tab(active).table.setFocus()
    else:
        active.session.ask_who_can(Request("", ACTION, PAYROLL))
        press(active, Qt.Key.Key_J, CTRL, SHIFT)
    active.menus.actions["actionHelp"].trigger()
    (guide,) = active.findChildren(HelpWindow)
    assert guide.page == "asking-in-reverse"
    assert "Who can" in guide.text.toPlainText()
    guide.close()
