"""A workspace of several accounts in the window: its tree and details, by keyboard alone, with hostile names."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from iamdesk.gui.app.main_window import MainWindow
from iamdesk.inventory.keys import organization_key
from iamdesk.resource_files import resources
from iamdesk.viewmodel.tree import NodeKind

from ..snapshot.bundles import ACCOUNT, as_folder
from ..snapshot.workspace import ANA, BUCKET, OIDC, READERS, ROLE, SCP, SET, UNIT, workspace
from .test_hostile_snapshot import EVIL, check

type Opens = Callable[[Path], MainWindow]


@pytest.fixture
def opens(qtbot: QtBot, window: MainWindow) -> Opens:
    def open_(path: Path) -> MainWindow:
        window.show()
        window.open_path(path)
        qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)
        qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
        return window

    return open_


@pytest.fixture
def workspace_window(opens: Opens, tmp_path: Path) -> MainWindow:
    return opens(as_folder(tmp_path, workspace()))


def links(window: MainWindow) -> list[str]:
    model = window.workspace.inspector.facts.links.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_the_tree_is_a_sound_model(qtmodeltester: ModelTester, workspace_window: MainWindow) -> None:
    model = workspace_window.workspace.navigator.model
    qtmodeltester.check(model, force_py=False)
    workspace_window.workspace.navigator.field.setText("Prod")
    workspace_window.workspace.navigator.apply_filter()
    qtmodeltester.check(model, force_py=False)


def test_of_several_accounts_the_organization_is_seen_at_first(opens: Opens) -> None:
    window = opens(resources() / "samples" / "acme-organization")
    tree, model = window.workspace.navigator.tree, window.workspace.navigator.model
    seen = []
    index = model.index(0, 0)
    while index.isValid():
        seen.append(index.data())
        index = tree.indexBelow(index)
    assert seen[:5] == ["acme-prod", "master", "acme-sandbox", "Organization", "Root"]
    assert {"KeepTheTrail", "Sandbox", "Workloads"} <= set(seen)
    assert "Users" not in seen


def test_an_account_of_an_organization_shows_its_policies_from_the_root_down(workspace_window: MainWindow) -> None:
    workspace_window.session.show_key(ACCOUNT)
    inspector = workspace_window.workspace.inspector
    assert workspace_window.pages.currentWidget() is inspector
    policies = inspector.policies.list
    rows = [policies.topLevelItem(row) for row in range(policies.topLevelItemCount())]
    assert [row.text(1) for row in rows if row is not None] == [
        "SCP inherited from the root",
        "SCP inherited from OU Prod",
        "SCP inherited from OU Prod",
        "SCP attached here",
    ]
    deny = rows[1]
    assert deny is not None
    policies.setCurrentItem(deny)
    assert '"Deny"' in inspector.policies.reader.text.toPlainText()
    policies.setCurrentItem(rows[2])  # type: ignore[arg-type]
    inspector.policies.show_decision(None)
    current = policies.current_entry()
    assert current is not None
    assert current.origin == "SCP inherited from OU Prod", "the same policy stands in other lines, too"


@pytest.mark.parametrize(
    ("key", "title", "tab"),
    [
        (SCP, "Deny", "Policy"),
        (BUCKET, "acme-data", "Policy"),
        (organization_key(UNIT), "Prod", "Policies 3"),
        (SET, "Reader", "Policies 2"),
        (OIDC, "token.actions.githubusercontent.com", ""),
        (ANA, "Ana Silva (ana@example.com)", ""),
    ],
)
def test_each_kind_has_a_view_with_its_policies(workspace_window: MainWindow, key: str, title: str, tab: str) -> None:
    workspace_window.session.show_key(key)
    inspector = workspace_window.workspace.inspector
    assert inspector.header.title.full_text() == title
    index = inspector.tabs.indexOf(inspector.policies)
    assert inspector.tabs.isTabVisible(index) is bool(tab)
    if tab:
        assert inspector.tabs.tabText(index).replace("&", "") == tab
        assert inspector.policies.reader.text.shown is not None
    else:
        assert inspector.tabs.currentWidget() is inspector.facts


def test_copy_arn_gives_the_arn_of_what_is_known_by_another_key(workspace_window: MainWindow) -> None:
    workspace_window.session.show_key(organization_key(UNIT))
    workspace_window.menus.actions["actionCopyArn"].trigger()
    assert QGuiApplication.clipboard().text().startswith("arn:aws:organizations::")
    assert QGuiApplication.clipboard().text().endswith(UNIT)


def test_a_resource_is_asked_about_from_its_menu(qtbot: QtBot, workspace_window: MainWindow) -> None:
    workspace_window.session.show_key(BUCKET)
    navigator = workspace_window.workspace.navigator
    node = navigator.current_node()
    assert node is not None
    assert node.kind is NodeKind.RESOURCE
    menu = navigator.menu_for(node)
    menu.actions()[0].trigger()
    menu.deleteLater()
    assert workspace_window.workspace.request_bar.resource.text() == BUCKET


def test_from_a_group_to_the_role_of_its_people_by_keyboard_alone(qtbot: QtBot, workspace_window: MainWindow) -> None:
    """Ctrl+F, a few letters, Down, F6, and then from link to link with the arrow keys and Enter."""
    window = workspace_window
    inspector = window.workspace.inspector

    def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        qtbot.keyClick(QApplication.focusWidget() or window, key, modifier)

    def follow(wanted: str) -> None:
        for _ in range(len(links(window))):
            if QApplication.focusWidget() is inspector.facts.links:
                break
            press(Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is inspector.facts.links
        view = inspector.facts.links
        for _ in range(len(links(window))):
            if str(view.currentIndex().data()).startswith(wanted):
                break
            press(Qt.Key.Key_Down)
        assert str(view.currentIndex().data()).startswith(wanted)
        press(Qt.Key.Key_Return)

    press(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(QApplication.focusWidget(), "g-readers")
    press(Qt.Key.Key_Down)
    assert window.session.subject_key == READERS
    press(Qt.Key.Key_F6)
    follow("Reader   ")
    assert window.session.subject_key == SET
    follow("prod (")
    assert window.session.subject_key == ROLE
    follow("Reader")
    assert window.session.subject_key == SET


def test_the_cursor_rests_on_heads_without_choosing_anything(workspace_window: MainWindow) -> None:
    workspace_window.session.show_key(SET)
    view = workspace_window.workspace.inspector.facts.links
    head = view.model().index(0, 0)
    assert head.data() == "Roles made from it: 1"
    assert not head.flags() & Qt.ItemFlag.ItemIsSelectable
    assert view.selectionModel().selectedIndexes() == []
    view.selectionModel().setCurrentIndex(head, QItemSelectionModel.SelectionFlag.NoUpdate)
    view.activated.emit(head)
    assert workspace_window.session.subject_key == SET


def test_hostile_names_stay_text_everywhere(opens: Opens, tmp_path: Path) -> None:
    names = ("Root", "Prod", "archive", "Deny", "Idle", "Reader", "Ana Silva", "Readers", "ViewOnlyAccess", "corporate")
    files = json.dumps(workspace())
    for name in names:
        files = files.replace(f'"{name}"', json.dumps(EVIL + "x" * 300))
    window = opens(as_folder(tmp_path, json.loads(files)))
    opened = window.session.snapshot
    assert opened is not None
    kinds = {node.kind for node in opened.outline.nodes if EVIL in node.text}
    assert {NodeKind.ROOT, NodeKind.UNIT, NodeKind.SERVICE_CONTROL_POLICY, NodeKind.PERMISSION_SET} <= kinds
    inspector = window.workspace.inspector
    for node in opened.outline.nodes:
        if EVIL in node.text:
            window.session.show_key(node.key)
            inspector.tabs.setCurrentWidget(inspector.facts)
            model = inspector.facts.links.model()
            for row in range(model.rowCount()):
                index: QModelIndex = model.index(row, 0)
                for role in (
                    Qt.ItemDataRole.DisplayRole,
                    Qt.ItemDataRole.ToolTipRole,
                    Qt.ItemDataRole.AccessibleTextRole,
                ):
                    assert "\u202e" not in str(index.data(role))
                assert "<img" not in str(index.data(Qt.ItemDataRole.ToolTipRole))
    check(window)
    window.interior.show_captured()
    QApplication.processEvents()
    check(window)
    assert not window.grab().isNull()
