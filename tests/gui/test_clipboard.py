"""Ctrl+C in tables, trees and lists: what is seen, from one place."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListWidget,
    QTableView,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import Request
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core import clipboard
from iamdesk.viewmodel.tree import Badge

NORA = "arn:aws:iam::111122223333:user/finance/nora.lindqvist"
CONTROL = Qt.KeyboardModifier.ControlModifier


def shown(qtbot: QtBot, view: QWidget) -> None:
    qtbot.addWidget(view)
    view.resize(400, 300)
    with qtbot.waitExposed(view):
        view.show()
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow)
    view.setFocus()


def copy(view: QWidget) -> str:
    QApplication.clipboard().setText("before")
    QTest.keyClick(view, Qt.Key.Key_C, CONTROL)
    return QApplication.clipboard().text()


def table(qtbot: QtBot) -> QTableView:
    model = QStandardItemModel(3, 3)
    for row in range(3):
        for column in range(3):
            model.setItem(row, column, QStandardItem(f"{row}{column}"))
    view = QTableView()
    model.setParent(view)
    view.setModel(model)
    shown(qtbot, view)
    return view


def test_selected_rows_come_whole_and_in_the_order_in_which_they_are_seen(qtbot: QtBot) -> None:
    view = table(qtbot)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.selectRow(2)
    view.selectionModel().select(view.model().index(0, 1), view.selectionModel().SelectionFlag.Select)
    assert copy(view) == "00\t01\t02\n20\t21\t22"
    view.horizontalHeader().moveSection(0, 2)
    view.setColumnHidden(1, True)
    assert copy(view) == "02\t00\n22\t20"


def test_without_a_selection_the_current_row_is_copied(qtbot: QtBot) -> None:
    view = table(qtbot)
    view.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    view.setCurrentIndex(view.model().index(1, 2))
    assert copy(view) == "10\t11\t12"


def test_rows_of_a_tree_below_different_parents(qtbot: QtBot) -> None:
    tree = QTreeWidget()
    tree.setColumnCount(2)
    for name in ("a", "b"):
        top = QTreeWidgetItem([name, f"{name}!"])
        top.addChild(QTreeWidgetItem([f"{name}1", "x"]))
        tree.addTopLevelItem(top)
        top.setExpanded(True)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    shown(qtbot, tree)
    tree.selectAll()
    assert copy(tree) == "a\ta!\na1\tx\nb\tb!\nb1\tx"


def test_nothing_is_copied_of_nothing(qtbot: QtBot) -> None:
    view = QListWidget()
    shown(qtbot, view)
    assert copy(view) == "before"
    view.addItems(["one", "ev\u202eil"])
    view.setCurrentRow(1)
    assert copy(view) == "ev\\u202eil", "what is not seen is written out, as on the screen"


def test_a_view_may_know_better(qtbot: QtBot) -> None:
    class Wise(QListWidget):
        def copied_text(self) -> str:
            return "wise"

    view = Wise()
    view.addItem("plain")
    shown(qtbot, view)
    assert copy(view) == "wise"


def test_the_filter_goes_with_the_focus_and_survives_views_that_are_gone(qtbot: QtBot) -> None:
    one = table(qtbot)
    one.selectRow(0)
    other = QListWidget()
    other.addItem("other")
    shown(qtbot, other)
    other.setCurrentRow(0)
    one.deleteLater()
    qtbot.waitUntil(lambda: copy(other) == "other")


def test_following_twice_is_following_once(qapp: QApplication) -> None:
    clipboard.follow(qapp)
    clipboard.follow(qapp)
    assert len(qapp.findChildren(clipboard.CopyFilter)) == 1


def test_views_of_the_window_copy_whole_rows(qtbot: QtBot, open_window: MainWindow) -> None:
    """Tables, trees and lists of several panels: the row that one sees, none of them a single cell of it."""
    window, workspace = open_window, open_window.workspace
    window.session.select("arn:aws:iam::111122223333:role/ci/GitHubActionsLegacy")
    inspector = workspace.inspector
    assert window.session.snapshot is not None
    window.session.ask(Request(NORA, "s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv"))
    qtbot.waitUntil(lambda: window.session.decision is not None, timeout=20_000)
    views: list[tuple[QAbstractItemView, int]] = [
        (workspace.findings.table, 3),
        (workspace.history.table, 5),
        (workspace.result.policy_types, 2),
        (inspector.policies.list, 2),
        (inspector.facts.facts, 1),
        (inspector.trust.sentences, 0),
        (inspector.policies.reader.readings, 0),
        (workspace.navigator.tree, 0),
        (window.overview.named[Badge.ADMINISTRATOR].listed, 0),
    ]
    for view, tabs in views:
        model = view.model()
        assert model.rowCount() > 0, view
        view.setCurrentIndex(model.index(0, 0))
        text = clipboard.copied_text(view)
        assert text.strip(), view
        assert text.splitlines()[0].count("\t") >= tabs, (view, text)
