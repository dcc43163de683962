"""What a panel shows belongs to what it names, in random sequences of events; and the faults found, one by one.

``make attack-window`` tries many more.
"""

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import Request
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.use_cases.types import UseCaseRequest

from .random_events import begin_again, faults, keep_every_visit, run, settle

PETRA = "arn:aws:iam::111122223333:user/finance/petra.novak"
INES = "arn:aws:iam::111122223333:user/engineering/sre/ines.costa"
OBJECT = "arn:aws:s3:::acme-payroll/2026/x"


@pytest.mark.parametrize("first", range(0, 16, 4))
def test_what_is_shown_belongs_to_what_is_named(open_window: MainWindow, first: int) -> None:
    keep_every_visit(open_window)
    for seed in range(first, first + 4):
        done, found = run(open_window, seed)
        assert not found, (seed, done)
        begin_again(open_window)


def test_the_invariant_sees_the_policies_of_another_principal(open_window: MainWindow) -> None:
    """A test of the test: the entries of a result about Petra, below the name of Ines."""
    window = open_window
    window.session.ask(Request(PETRA, "s3:GetObject", OBJECT))
    settle(window)
    decision = window.session.decision
    assert decision is not None
    assert decision.statements
    window.session.select(INES)
    assert not list(faults(window))
    window.workspace.inspector.policies.show_decision(decision)
    assert any("of another principal" in fault for fault in faults(window))


# The navigator


def test_the_tree_shows_no_principal_that_is_not_selected(qtbot: QtBot, open_window: MainWindow) -> None:
    """The row of the last principal stayed current beside the result of one that the snapshot does not have."""
    window, navigator = open_window, open_window.workspace.navigator
    window.session.show_key(PETRA)
    window.session.ask(Request("anonymous", "s3:GetObject", OBJECT))
    settle(window)
    assert window.session.subject_key == ""
    assert navigator.current_node() is None
    assert not navigator.tree.selectionModel().selectedIndexes()


def test_a_principal_that_a_filter_hid_is_found_again(open_window: MainWindow) -> None:
    """The filter took the row away, and nothing brought it back: no row was selected, and Copy ARN did nothing."""
    window, navigator = open_window, open_window.workspace.navigator
    window.session.show_key(PETRA)
    navigator.field.setText("ines.costa")
    navigator.apply_filter()
    assert navigator.current_node() is None
    window.menus.actions["actionCopyArn"].trigger()
    assert QApplication.clipboard().text() == PETRA
    window.interior.show_overview()
    window.session.show_key(PETRA)  # as Ctrl+K does
    node = navigator.current_node()
    assert node is not None
    assert node.key == PETRA
    assert navigator.tree.currentIndex() in navigator.tree.selectionModel().selectedIndexes()
    navigator.field.setText("ines.costa")
    navigator.apply_filter()
    navigator.field.setText("")
    navigator.apply_filter()
    node = navigator.current_node()
    assert node is not None
    assert node.key == PETRA


def test_a_principal_that_is_not_in_the_snapshot_goes_with_its_result(open_window: MainWindow) -> None:
    window = open_window
    role = "arn:aws:iam::111122223333:role/deploy/deploy"
    window.session.ask(Request("arn:aws:iam::999988887777:user/mallory", "sts:AssumeRole", role))
    settle(window)
    assert window.workspace.inspector.header.isVisible()
    window.session.clear_result()
    assert not window.workspace.inspector.header.isVisible()


# A result beside something else


def test_a_list_says_that_the_result_beside_it_is_of_another_request(open_window: MainWindow) -> None:
    window, panel = open_window, open_window.workspace.who_can
    window.session.ask_who_can(Request("", "s3:GetObject", OBJECT))
    settle(window)
    assert not panel.is_other.text
    window.session.ask(Request(PETRA, "s3:GetObject", OBJECT))
    settle(window)
    assert not panel.is_other.text, "that is a row of the list"
    window.session.ask(Request(PETRA, "s3:DeleteObject", OBJECT))
    settle(window)
    assert panel.is_other.text == "The result is about another request than this list."
    panel.is_other._button.click()
    settle(window)
    assert panel.asked is not None
    assert (panel.asked.principal, panel.asked.action, panel.asked.resource) == ("", "s3:DeleteObject", OBJECT)
    assert not panel.is_other.text
    window.session.evaluate_use_case(UseCaseRequest(Request(PETRA, "read-object", OBJECT)))
    settle(window)
    assert panel.is_other.text
    window.session.clear_result()
    assert not panel.is_other.text


@pytest.mark.parametrize("page", ["actionOverview", "actionCaptured", "actionPrincipals"])
def test_no_result_beside_a_page_about_all(open_window: MainWindow, page: str) -> None:
    window = open_window
    window.session.ask(Request(PETRA, "s3:GetObject", OBJECT))
    settle(window)
    assert window.workspace.result.isVisible()
    window.menus.actions[page].trigger()
    assert not window.workspace.result.isVisible()
    window.session.evaluate_use_case(UseCaseRequest(Request(PETRA, "read-object", OBJECT)))
    settle(window)
    assert window.workspace.result.isVisible()
    assert window.pages.currentWidget() is window.workspace.inspector, "the page of whom the result is about"
