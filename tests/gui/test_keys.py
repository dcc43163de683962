"""Every act that has a key, done with keys alone: each is sent to whatever has the cursor, as a keyboard does.

The keys of a review are in ``review/test_whole_review.py``.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from iamdesk.api import SnapshotSession
from iamdesk.evaluate.request import Request
from iamdesk.gui.app.command_keys import OF_THE_TEXT
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.perspectives import PERSPECTIVES, Perspective
from iamdesk.gui.compare.compare_window import CompareWindow
from iamdesk.gui.denial.denial_dialog import DenialDialog
from iamdesk.gui.dialogs.settings_dialog import SettingsDialog
from iamdesk.gui.external_access.external_access_window import ExternalAccessWindow
from iamdesk.gui.help.help_window import HelpWindow
from iamdesk.gui.search.palette import SearchPalette
from iamdesk.gui.what_if.what_if_window import WhatIfWindow
from iamdesk.resource_files import sample_snapshot

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
NONE = Qt.KeyboardModifier.NoModifier
NORA = "arn:aws:iam::111122223333:user/finance/nora.lindqvist"


@pytest.fixture
def asked(open_window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the window asked its user for; the answers are files."""
    found: list[str] = []

    def answers(word: str, path: Path) -> Callable[..., Path]:
        return lambda *_: (found.append(word), path)[1]

    monkeypatch.setattr(open_window.prompts, "snapshot_to_open", answers("open", sample_snapshot()))
    monkeypatch.setattr(open_window.prompts, "file_to_save", answers("save", tmp_path / "findings.csv"))
    return found


@pytest.fixture
def press(qtbot: QtBot, open_window: MainWindow) -> Callable[..., QWidget]:
    """Press a key wherever the cursor is, and return where it is afterwards."""
    open_window.activateWindow()
    qtbot.waitUntil(open_window.isActiveWindow)

    def done(key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> QWidget:
        QTest.keyClick(QApplication.focusWidget() or open_window, key, modifiers)
        return QApplication.focusWidget()

    return done


def test_finding_asking_and_walking(qtbot: QtBot, open_window: MainWindow, press: Callable[..., QWidget]) -> None:
    window, workspace, session = open_window, open_window.workspace, open_window.session
    navigator, question = workspace.navigator, workspace.request_bar
    # Ctrl+F, a part of a name, Down, Return: somebody is selected. Esc clears the filter, Esc again goes to the tree.
    assert press(Qt.Key.Key_F, CONTROL) is navigator.field
    QTest.keyClicks(navigator.field, "nora")
    assert press(Qt.Key.Key_Down) is navigator.tree
    assert session.subject_key == NORA
    assert press(Qt.Key.Key_F, CONTROL) is navigator.field
    press(Qt.Key.Key_Escape)
    assert navigator.field.text() == ""
    assert press(Qt.Key.Key_Escape) is navigator.tree
    assert session.subject_key == NORA
    # Ctrl+L: the question, with who is selected in it; Ctrl+Return asks.
    press(Qt.Key.Key_L, CONTROL)
    assert question.principal.text() == NORA
    question_fields = (question.action, question.resource)
    for field, text in zip(question_fields, ("s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv"), strict=True):
        while QApplication.focusWidget() is not field:
            press(Qt.Key.Key_Tab)
        QTest.keyClicks(field, text)
        press(Qt.Key.Key_Escape)  # the suggestions
    press(Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: session.decision is not None)
    assert workspace.result.card.decision_text.text().startswith("Depends on")
    # F3 and Shift+F3 walk the marked statements.
    view = window.findChild(QPlainTextEdit, "policyView")
    assert isinstance(view, QPlainTextEdit)
    places = []
    for key in ((Qt.Key.Key_F3, NONE), (Qt.Key.Key_F3, NONE), (Qt.Key.Key_F3, SHIFT)):
        press(*key)
        reader = workspace.inspector.policies.reader
        places.append((reader.name.text(), view.textCursor().blockNumber()))
    assert len(set(places)) > 1
    # Alt+Left and Alt+Right walk through selections and questions.
    session.select("arn:aws:iam::111122223333:user/finance/petra.novak")
    qtbot.waitUntil(lambda: window.history.can_go_back)
    press(Qt.Key.Key_Left, ALT)
    qtbot.waitUntil(lambda: not session.pending)
    assert window.history.can_go_forward
    press(Qt.Key.Key_Right, ALT)
    assert session.subject_key.endswith("petra.novak")


def test_panels_and_perspectives(open_window: MainWindow, press: Callable[..., QWidget]) -> None:
    workspace = open_window.workspace
    press(Qt.Key.Key_F, CONTROL)
    there = press(Qt.Key.Key_F6)
    assert not workspace.navigator.isAncestorOf(there)
    assert workspace.navigator.isAncestorOf(press(Qt.Key.Key_F6, SHIFT))
    perspectives = {
        Qt.Key.Key_2: workspace.request_bar,
        Qt.Key.Key_3: workspace.findings,
        Qt.Key.Key_4: workspace.review,
        Qt.Key.Key_5: workspace.attack_paths,
        Qt.Key.Key_6: workspace.access_matrix,
        Qt.Key.Key_7: workspace.changes,
        Qt.Key.Key_1: workspace.navigator,
    }
    for key, panel in perspectives.items():
        assert panel.isAncestorOf(press(key, CONTROL)), panel
        assert not panel.visibleRegion().isEmpty()
    assert press(Qt.Key.Key_J, CONTROL | SHIFT) is workspace.request_bar.action, "nothing is listed yet: it asks"
    assert not workspace.who_can.visibleRegion().isEmpty()


def test_windows_and_files(
    qtbot: QtBot, open_window: MainWindow, press: Callable[..., QWidget], asked: list[str], tmp_path: Path
) -> None:
    window = open_window
    press(Qt.Key.Key_F, CONTROL)

    def opens(kind: type[QWidget], key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        press(key, modifiers)
        made = window.findChild(kind)
        assert isinstance(made, kind), kind
        qtbot.waitUntil(made.window().isActiveWindow)
        QTest.keyClick(made.focusWidget() or made, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: not isValid(made) or not made.isVisible())
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)

    opens(SearchPalette, Qt.Key.Key_P, CONTROL | SHIFT)
    opens(SearchPalette, Qt.Key.Key_K, CONTROL)
    opens(HelpWindow, Qt.Key.Key_F1)
    opens(SettingsDialog, Qt.Key.Key_Comma, CONTROL)
    opens(DenialDialog, Qt.Key.Key_D, CONTROL | SHIFT)
    press(Qt.Key.Key_D, CONTROL)
    qtbot.waitUntil(lambda: asked == ["open"], timeout=10_000)  # comparing asks with which, if it can offer none
    comparison = window.findChild(CompareWindow)
    assert isinstance(comparison, CompareWindow)
    QTest.keyClick(comparison, Qt.Key.Key_Escape)
    assert comparison.isVisible(), "it has a place in the window: Esc takes nothing away"
    press(Qt.Key.Key_1, CONTROL)
    # What has no key is reached by the palette.
    press(Qt.Key.Key_P, CONTROL | SHIFT)
    QTest.keyClicks(QApplication.focusWidget(), "what if")
    press(Qt.Key.Key_Return)
    what_if = window.findChild(WhatIfWindow)
    assert isinstance(what_if, WhatIfWindow)
    assert what_if.isVisible()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    press(Qt.Key.Key_3, CONTROL)
    press(Qt.Key.Key_E, CONTROL)
    qtbot.waitUntil((tmp_path / "findings.csv").exists, timeout=20_000)
    with qtbot.waitSignal(window.opening.opened, timeout=30_000):
        press(Qt.Key.Key_O, CONTROL)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    assert asked == ["open", "save", "open"]


def test_pictures_and_what_stands_beside(
    qtbot: QtBot,
    open_window: MainWindow,
    press: Callable[..., QWidget],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window, workspace, session = open_window, open_window.workspace, open_window.session
    session.select(NORA)
    # Ctrl+Shift+W: what she can do.
    press(Qt.Key.Key_W, CONTROL | SHIFT)
    access = workspace.inspector.access
    qtbot.waitUntil(lambda: access.map.map is not None, timeout=20_000)
    # Ctrl+Shift+G: the layers as a picture; again: without.
    session.ask(Request(NORA, "s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv"))
    qtbot.waitUntil(lambda: session.decision is not None, timeout=20_000)
    press(Qt.Key.Key_G, CONTROL | SHIFT)
    assert workspace.result.draws_diagram
    press(Qt.Key.Key_G, CONTROL | SHIFT)
    assert not workspace.result.draws_diagram
    # Ctrl+Shift+Y and Return: what was asked, asked again.
    assert press(Qt.Key.Key_Y, CONTROL | SHIFT) is workspace.history.table
    press(Qt.Key.Key_Down)
    with qtbot.waitSignal(session.evaluated, timeout=20_000):
        press(Qt.Key.Key_Return)
    # Ctrl+P: the overview as a file.
    path = tmp_path / "overview.pdf"
    monkeypatch.setattr(window.prompts, "file_to_save", lambda *_: path)
    press(Qt.Key.Key_P, CONTROL)
    qtbot.waitUntil(path.exists, timeout=20_000)
    assert path.read_bytes().startswith(b"%PDF")


class EditorsField(QLineEdit):
    """A field that claims every key, as one does with those of an editor: which they are hangs on the desktop."""

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)


def text_fields(window: MainWindow) -> list[QWidget]:
    """A field of each sort: with and without completion, a text to read, one to write, a number."""
    workspace = window.workspace
    editors = EditorsField(window.centralWidget())
    editors.show()
    return [
        editors,
        workspace.request_bar.principal,
        workspace.request_bar.action,
        workspace.navigator.field,
        workspace.findings.filters.text,
        workspace.inspector.policies.reader.text,
    ]


def test_no_field_swallows_the_key_of_a_command(qtbot: QtBot, open_window: MainWindow) -> None:
    """Ctrl+E did nothing in a field: there it goes to the end of the line, for those who know it from elsewhere."""
    window = open_window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.session.ask(Request(NORA, "s3:GetObject", "arn:aws:s3:::acme-payroll/2026/x"))
    qtbot.waitUntil(lambda: not window.session.pending, timeout=20_000)
    done: list[str] = []
    for name, action in window.menus.actions.items():
        action.triggered.disconnect()
        action.setEnabled(True)
        action.triggered.connect(lambda _checked=False, name=name: done.append(name))
    swallowed = []
    pairs = [
        (name, sequence[0])
        for name, action in window.menus.actions.items()
        for sequence in action.shortcuts()
        if sequence.count() == 1 and not Qt.Key.Key_F35 < sequence[0].key() < Qt.Key.Key_unknown  # keys of a keyboard
    ]
    assert len(pairs) > 40
    for field in text_fields(window):
        is_typed_in = not (isinstance(field, QPlainTextEdit) and field.isReadOnly())
        for name, combination in pairs:
            if name in OF_THE_TEXT and is_typed_in:
                continue
            field.setFocus()
            assert QApplication.focusWidget() is field, field.objectName()
            done.clear()
            QTest.keyClick(field, combination.key(), combination.keyboardModifiers())
            if done != [name]:
                swallowed.append(f"{field.objectName() or type(field).__name__}: {name} {done}")
    assert swallowed == []


def test_return_in_the_filter_brings_the_page_of_the_selected_row_back(
    open_window: MainWindow, press: Callable[..., QWidget]
) -> None:
    """The overview stayed in front until a second Return: the row was selected already."""
    navigator, pages = open_window.workspace.navigator, open_window.interior.pages
    press(Qt.Key.Key_F, CONTROL)
    QTest.keyClicks(navigator.field, "nora")
    assert press(Qt.Key.Key_Return) is navigator.tree
    assert pages.currentWidget() is open_window.workspace.inspector
    press(Qt.Key.Key_Home, Qt.KeyboardModifier.AltModifier)
    assert pages.currentWidget() is open_window.interior.overview
    press(Qt.Key.Key_F, CONTROL)
    assert press(Qt.Key.Key_Return) is navigator.tree
    assert pages.currentWidget() is open_window.workspace.inspector
    subject = open_window.workspace.inspector.subject
    assert subject is not None
    assert subject.key == NORA


def test_details_and_json_come_back_after_a_principal_that_is_not_in_the_snapshot(
    qtbot: QtBot, open_window: MainWindow
) -> None:
    """They were gone for the whole session if the first page was that of a root user."""
    inspector, session = open_window.workspace.inspector, open_window.session
    session.ask(Request("arn:aws:iam::111122223333:root", "s3:DeleteObject", "arn:aws:s3:::acme-payroll/x"))
    qtbot.waitUntil(lambda: session.decision is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not inspector.tabs.isTabVisible(inspector.tabs.indexOf(inspector.json)))
    session.show_key(NORA)
    shown = [inspector.tabs.widget(tab) for tab in range(inspector.tabs.count()) if inspector.tabs.isTabVisible(tab)]
    assert {inspector.facts, inspector.json, inspector.page} <= set(shown)


def round_of_tab(press: Callable[..., QWidget], *, modifiers: Qt.KeyboardModifier = NONE) -> list[QWidget]:
    """Press Tab until it is where it was before, and return the stops."""
    stops = [press(Qt.Key.Key_Tab, modifiers)]
    while len(stops) < 100:
        stop = press(Qt.Key.Key_Tab, modifiers)
        if stop is stops[0]:
            return stops
        assert stop not in stops, f"Tab stays at {stop.objectName() or stop}"
        stops.append(stop)
    raise AssertionError("Tab goes on forever")


@pytest.mark.parametrize("one", PERSPECTIVES, ids=lambda one: one.name)
def test_tab_goes_round_in_every_perspective_past_the_rail_at_the_one_in_front(
    open_window: MainWindow, press: Callable[..., QWidget], one: Perspective
) -> None:
    interior = open_window.interior
    open_window.menus.actions[one.name].trigger()
    stops = round_of_tab(press)
    on_rail = [stop for stop in stops if interior.rail.isAncestorOf(stop)]
    assert on_rail == [interior.rail.buttons[one.name]]
    frame = interior.stack.frames[one.main]
    assert any(frame.isAncestorOf(stop) for stop in stops)
    back = round_of_tab(press, modifiers=SHIFT)
    assert set(back) == set(stops)


def test_tab_reaches_what_begins_a_review(open_window: MainWindow, press: Callable[..., QWidget]) -> None:
    open_window.menus.actions["perspectiveReview"].trigger()
    assert "emptyFollowUp" in [stop.objectName() for stop in round_of_tab(press)]


def test_tab_reaches_the_fields_and_steps_of_a_review(
    qtbot: QtBot, open_window: MainWindow, press: Callable[..., QWidget], tmp_path: Path
) -> None:
    panel = open_window.workspace.review
    assert isinstance(open_window.session.snapshot, SnapshotSession)
    open_window.session.snapshot.create_review(tmp_path / "q3.iamreview", "Third quarter")
    panel.head.reviewer_name.setText("Ana Moreno")
    panel.controller.open_path(tmp_path / "q3.iamreview")
    qtbot.waitUntil(lambda: panel.review_session is not None and not open_window.jobs.running, timeout=20_000)
    qtbot.waitUntil(panel.strip.isVisible, timeout=60_000)
    open_window.menus.actions["perspectiveReview"].trigger()
    stops = {stop.objectName() for stop in round_of_tab(press)}
    wanted = {"reviewerName", "reviewFilter", "stepExport", "stepVerify", panel.table.objectName()}
    panel.controller.close()
    assert wanted <= stops


# Keys act on the page in front


@pytest.mark.parametrize(
    ("perspective", "filter_name"),
    [
        ("perspectiveFindings", "findingsFilter"),
        ("perspectiveAsk", "whoCanFilter"),
        ("perspectiveExplore", "navigatorFilter"),
    ],
)
def test_ctrl_f_is_the_filter_of_the_page_in_front(
    open_window: MainWindow, press: Callable[..., QWidget], perspective: str, filter_name: str
) -> None:
    """It left Findings and Review for the tree in Explore."""
    open_window.menus.actions[perspective].trigger()
    assert press(Qt.Key.Key_F, CONTROL).objectName() == filter_name
    assert open_window.interior.stack.perspective.name == perspective


@pytest.mark.parametrize("key", [Qt.Key.Key_F, Qt.Key.Key_Z, Qt.Key.Key_Y])
def test_a_key_without_use_stays_on_the_page(
    open_window: MainWindow, press: Callable[..., QWidget], key: Qt.Key
) -> None:
    """Without a review there is nothing to filter; Ctrl+Z with nothing to undo went from Findings to Review."""
    page = "perspectiveReview" if key is Qt.Key.Key_F else "perspectiveFindings"
    open_window.menus.actions[page].trigger()
    open_window.workspace.findings.table.setFocus()
    press(key, CONTROL)
    assert open_window.interior.stack.perspective.name == page
    assert open_window.statusBar().currentMessage()


def test_back_returns_to_where_one_came_from(
    qtbot: QtBot, open_window: MainWindow, press: Callable[..., QWidget]
) -> None:
    """Back left What-if, Findings and the overview for an older principal."""
    window, session, stack = open_window, open_window.session, open_window.interior.stack
    petra = "arn:aws:iam::111122223333:user/finance/petra.novak"

    def done(act: Callable[[], object]) -> None:
        act()
        QApplication.processEvents()
        window.history._arrived = float("-inf")  # every place is looked at

    done(lambda: session.show_key(petra))
    done(lambda: session.show_key(NORA))
    done(window.menus.actions["perspectiveFindings"].trigger)
    done(lambda: session.show_key(petra))  # as a link in a finding does
    assert stack.perspective.name == "perspectiveExplore"
    done(window.menus.actions["actionOverview"].trigger)
    done(window.menus.actions["perspectiveCompare"].trigger)
    done(lambda: press(Qt.Key.Key_Left, ALT))
    assert window.pages.currentWidget() is window.overview
    assert stack.perspective.name == "perspectiveExplore"
    done(lambda: press(Qt.Key.Key_Left, ALT))
    assert window.pages.currentWidget() is window.workspace.inspector
    assert session.subject_key == petra
    done(lambda: press(Qt.Key.Key_Left, ALT))
    assert stack.perspective.name == "perspectiveFindings"
    done(lambda: press(Qt.Key.Key_Left, ALT))
    assert (stack.perspective.name, session.subject_key) == ("perspectiveExplore", NORA)
    done(lambda: press(Qt.Key.Key_Right, ALT))
    assert stack.perspective.name == "perspectiveFindings"


def test_ctrl_o_opens_from_every_window(qtbot: QtBot, open_window: MainWindow, asked: list[str]) -> None:
    """It did nothing in External access, whose shortcuts are its own."""
    open_window.menus.actions["actionExternalAccess"].trigger()
    (external,) = open_window.findChildren(ExternalAccessWindow)
    external.activateWindow()
    qtbot.waitUntil(external.isActiveWindow)
    QTest.keyClick(external.text, Qt.Key.Key_O, CONTROL)
    assert asked == ["open"]
    qtbot.waitUntil(lambda: not open_window.jobs.running, timeout=60_000)
