"""Where the focus is can be seen and used: frames around text, Return on buttons, and no focus that goes astray."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QScrollArea, QTextBrowser, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import Request
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.external_access.external_access_window import ExternalAccessWindow

OBJECTS = "arn:aws:s3:::acme-payroll/*"
PETRA = "arn:aws:iam::111122223333:user/finance/petra.novak"


@pytest.fixture
def active(qtbot: QtBot, open_window: MainWindow) -> MainWindow:
    open_window.activateWindow()
    qtbot.waitUntil(open_window.isActiveWindow)
    return open_window


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    QApplication.processEvents()


@pytest.mark.parametrize(
    ("perspective", "name"),
    [
        ("perspectiveFindings", "findingDetail"),
        ("perspectiveReview", "reviewEvidence"),
        ("perspectiveCompare", "compareDetail"),
        ("perspectivePaths", "Attack paths in words"),
    ],
)
def test_text_that_has_the_focus_has_a_frame(qtbot: QtBot, active: MainWindow, perspective: str, name: str) -> None:
    active.menus.actions[perspective].trigger()
    settle(qtbot, active)
    kinds = (QScrollArea, QTextBrowser)
    texts = [
        one for kind in kinds for one in active.findChildren(kind) if name in (one.objectName(), one.accessibleName())
    ]
    (text,) = texts
    text.show()
    other = active.interior.rail.buttons["perspectiveAsk"]
    other.setFocus()
    before = text.grab().toImage()
    text.setFocus()
    assert QApplication.focusWidget() is text
    QApplication.processEvents()
    assert text.grab().toImage().pixelColor(0, 5) == active.palette().accent().color()
    assert text.grab().toImage() != before
    other.setFocus()
    QApplication.processEvents()
    assert text.grab().toImage() == before


def test_a_link_without_a_frame_is_marked_while_it_has_the_focus(qtbot: QtBot, active: MainWindow) -> None:
    other = active.interior.rail.buttons["perspectiveAsk"]
    link = QPushButton("Why? Rule D8", active.interior.pages)
    link.setFlat(True)
    link.resize(120, 24)
    link.show()
    other.setFocus()
    before = link.grab().toImage()
    link.setFocus()
    assert QApplication.focusWidget() is link
    assert link.grab().toImage() != before
    other.setFocus()
    QApplication.processEvents()
    assert link.grab().toImage() == before


def test_return_presses_the_button_that_has_the_focus(qtbot: QtBot, active: MainWindow) -> None:
    active.menus.actions["actionExternalAccess"].trigger()
    shown = active.findChild(ExternalAccessWindow)
    assert isinstance(shown, ExternalAccessWindow)
    qtbot.waitUntil(lambda: bool(shown.model.rows) and not shown.is_running, timeout=60_000)
    qtbot.waitUntil(shown.isActiveWindow)
    shown.table.go_to(next(at for at, row in enumerate(shown.model.shown) if row.entry.is_role))
    shown.paths_button.setFocus()
    QTest.keyClick(shown.paths_button, Qt.Key.Key_Return)
    assert active.interior.stack.perspective.name == "perspectivePaths"
    qtbot.waitUntil(active.isActiveWindow)
    settle(qtbot, active)
    button = active.interior.rail.buttons["perspectiveAsk"]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert active.interior.stack.perspective.name == "perspectiveAsk"


def test_a_refused_search_gives_the_focus_to_the_field_at_fault(qtbot: QtBot, active: MainWindow) -> None:
    bar = active.workspace.request_bar
    active.menus.actions["perspectiveAsk"].trigger()
    for action, resource, wanted in (("nonsense", OBJECTS, bar.action), ("s3:GetObject", "arn:aws", bar.resource)):
        bar.action.setText(action)
        bar.resource.setText(resource)
        bar.action.setFocus()
        QTest.keyClick(bar.action, Qt.Key.Key_Return)
        settle(qtbot, active)
        assert active.workspace.who_can.message.text
        assert QApplication.focusWidget() is wanted


def test_filling_in_a_condition_gives_the_focus_to_the_result(qtbot: QtBot, active: MainWindow) -> None:
    active.menus.actions["perspectiveAsk"].trigger()
    active.session.ask(Request(PETRA, "s3:DeleteObject", OBJECTS))
    settle(qtbot, active)
    result = active.workspace.result
    button = result.notes.findChild(QPushButton, "askWithCondition")
    assert isinstance(button, QPushButton)
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Return)
    settle(qtbot, active)
    focused: QWidget | None = QApplication.focusWidget()
    assert focused is result.card
    assert result.card.accessibleName().startswith(result.card.decision_text.text())
    assert active.session.request is not None
    assert active.session.request.context
