import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.tour import Tour, TourFrame
from iamdesk.gui.widgets.message_bar import MessageBar
from iamdesk.resource_files import sample_snapshot


def tour_of(qtbot: QtBot, window: MainWindow) -> Tour:
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.menus.actions["actionTour"].trigger()
    qtbot.waitUntil(lambda: window.findChild(Tour) is not None, timeout=30_000)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    tour = window.findChild(Tour)
    assert isinstance(tour, Tour)
    return tour


def gone(window: MainWindow) -> bool:
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return window.findChild(Tour) is None and window.findChild(TourFrame) is None


def test_five_steps_by_keyboard_point_at_the_real_panels(qtbot: QtBot, window: MainWindow) -> None:
    tour = tour_of(qtbot, window)  # nothing is open: the sample is opened for it
    workspace = window.workspace
    targets = (
        workspace.docks["navigatorDock"],
        workspace.inspector,
        workspace.bar,
        workspace.docks["answerDock"],
        workspace.docks["findingsDock"],
    )
    for number, target in enumerate(targets):
        assert tour.at == number
        qtbot.waitUntil(
            lambda target=target: (
                tour.frame.geometry() == QRect(target.mapTo(window, QPoint(0, 0)), target.size())
                and not target.visibleRegion().isEmpty()
            )
        )
        assert window.rect().contains(tour.geometry()), "all of the card is to be seen"
        assert tour.accessibleName().startswith(f"Tour, step {number + 1} of 5: ")
        assert QApplication.focusWidget() is tour.next
        QTest.keyClick(tour.next, Qt.Key.Key_Return)
    assert gone(window)
    qtbot.waitUntil(lambda: window.session.decision is not None)
    assert window.session.decision is not None
    assert window.session.decision.decision == "conditional", "as the fourth step says"


def test_one_goes_back_and_leaves_at_any_time(qtbot: QtBot, open_window: MainWindow) -> None:
    open_window.activateWindow()
    qtbot.waitUntil(open_window.isActiveWindow)
    open_window.workspace.navigator.tree.setFocus()
    for steps in range(5):
        tour = tour_of(qtbot, open_window)
        for _ in range(steps):
            QTest.keyClick(tour.next, Qt.Key.Key_Space)
        assert tour.back.isEnabled() is (steps > 0)
        if steps == 2:
            QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Backtab)
            assert QApplication.focusWidget() is tour.back
            QTest.keyClick(tour.back, Qt.Key.Key_Space)
            assert tour.at == 1
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
        assert gone(open_window)
        assert QApplication.focusWidget() is open_window.workspace.navigator.tree
    # The rest stays usable: also from a field that has a use for Esc of its own the tour is left.
    tour_of(qtbot, open_window)
    field = open_window.workspace.navigator.field
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert gone(open_window)


def test_another_snapshot_is_not_closed_without_being_asked(qtbot: QtBot, window: MainWindow) -> None:
    window.show()
    window.open_path(sample_snapshot().parent / "acme-organization")
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=30_000)
    window.menus.actions["actionTour"].trigger()
    assert window.findChild(Tour) is None
    assert isinstance(window.problem_bar, MessageBar)
    assert "the sample" in window.problem_bar.text
    button = window.problem_bar.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    button.click()
    qtbot.waitUntil(lambda: window.findChild(Tour) is not None, timeout=30_000)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    tour = window.findChild(Tour)
    assert isinstance(tour, Tour)
    tour.close()
    assert gone(window)


@pytest.mark.parametrize("size", [(1360, 860), (800, 600)])
def test_the_card_stays_in_the_window(qtbot: QtBot, open_window: MainWindow, size: tuple[int, int]) -> None:
    open_window.resize(*size)
    tour = tour_of(qtbot, open_window)
    for step in range(5):
        tour.show_step(step)
        QApplication.processEvents()
        assert open_window.rect().contains(tour.geometry())
    tour.close()
