"""Search everywhere, as it is used: with keys, in the window, with and without a snapshot."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import Request
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.help.help_window import HelpWindow
from iamdesk.gui.search.finder import PREFIXES
from iamdesk.gui.search.palette import SearchPalette
from iamdesk.viewmodel.types import SearchGroup

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier
NORA = "arn:aws:iam::111122223333:user/finance/nora.lindqvist"
type Look = Callable[[str], SearchPalette]


def look_in(qtbot: QtBot, window: MainWindow) -> Look:
    def look(text: str) -> SearchPalette:
        palette = window.windows.search_everywhere()
        palette.field.setText(text)
        qtbot.waitUntil(lambda: not palette.is_searching)
        return palette

    return look


@pytest.fixture
def look(qtbot: QtBot, open_window: MainWindow) -> Look:
    """Open the search in the window with the sample, and type a text."""
    open_window.activateWindow()
    qtbot.waitUntil(open_window.isActiveWindow)
    return look_in(qtbot, open_window)


def lines(palette: SearchPalette) -> list[str]:
    """Everything that is listed: headings, and lines below them."""
    items = (palette.list.topLevelItem(row) for row in range(palette.list.topLevelItemCount()))
    return [item.text(0) for item in items if item is not None]


def titles(palette: SearchPalette) -> list[str]:
    return [entry.title for entry in palette.entries]


def press(palette: SearchPalette, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(palette.field, key, modifiers)


def test_a_name_is_found_and_its_page_opened(open_window: MainWindow, look: Look) -> None:
    palette = look("nora lind")
    assert lines(palette)[:2] == ["Users, groups and roles: 1", "nora.lindqvist"]
    press(palette, Qt.Key.Key_Return)
    assert open_window.session.subject_key == NORA
    assert open_window.interior.stack.perspective.name == "perspectiveExplore"
    assert open_window.workspace.inspector.isAncestorOf(QApplication.focusWidget())


def test_the_best_group_is_first_and_counts_are_true(open_window: MainWindow, look: Look) -> None:
    palette = look("admin")
    found = lines(palette)
    assert "Users, groups and roles: 4" in found
    assert found.index("Users, groups and roles: 4") < found.index("Administrators")
    assert any(line.startswith("Findings: ") for line in found)
    assert any(line.startswith("User guide: ") for line in found)
    press(palette, Qt.Key.Key_Escape)
    assert titles(look("administrators"))[0] == "Administrators", "its own name comes first"


@pytest.mark.parametrize("typed", ["deploy", "reporting", "Elena.Petrov", "iam:PassRole", "sts:assumerole"])
def test_an_exact_name_is_above_all_others(look: Look, typed: str) -> None:
    assert titles(look(typed))[0].casefold() == typed.casefold()


def test_control_return_asks_about_it(qtbot: QtBot, open_window: MainWindow, look: Look) -> None:
    palette = look("@nora")
    asked = []
    open_window.menus.actions["actionAsk"].triggered.connect(lambda _checked: asked.append(True))
    press(palette, Qt.Key.Key_Return, CONTROL)
    bar = open_window.workspace.request_bar
    assert bar.principal.text() == NORA
    assert bar.isAncestorOf(QApplication.focusWidget())
    assert not asked, "the palette has the key for itself"
    press(look(":s3:GetObject"), Qt.Key.Key_Return, CONTROL)
    assert bar.action.text() == "s3:GetObject"


def test_an_action_lists_who_can(open_window: MainWindow, look: Look) -> None:
    palette = look("s3:GetObject")
    assert titles(palette)[0] == "s3:GetObject"
    press(palette, Qt.Key.Key_Return)
    assert open_window.interior.stack.perspective.name == "perspectiveAsk"
    assert open_window.workspace.request_bar.action.text() == "s3:GetObject"


def test_a_finding_is_shown_among_the_findings(open_window: MainWindow, look: Look) -> None:
    panel = open_window.workspace.findings
    row = panel.model.rows[3]
    palette = look(f"!{row.finding.check_id} {row.finding.subject_key}")
    assert row.finding.sentence in titles(palette)
    palette._move(titles(palette).index(row.finding.sentence))
    press(palette, Qt.Key.Key_Return)
    assert open_window.interior.stack.perspective.name == "perspectiveFindings"
    assert panel.detail.finding == row.finding


def test_requests_are_repeated_or_edited(qtbot: QtBot, open_window: MainWindow, look: Look) -> None:
    session = open_window.session
    session.ask(Request(NORA, "s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv"))
    qtbot.waitUntil(lambda: session.decision is not None)
    session.clear_result()
    palette = look("")
    assert lines(palette)[0] == "Recent requests: 1"
    press(palette, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.decision is not None)
    assert session.decision.request.principal == NORA


def test_help_and_checks_open_the_guide(open_window: MainWindow, look: Look) -> None:
    palette = look("?TRU-01")
    assert titles(palette)[0].startswith("TRU-01  ")
    press(palette, Qt.Key.Key_Return)
    guide = open_window.findChild(HelpWindow)
    assert isinstance(guide, HelpWindow)
    assert guide.page == "checks"
    assert guide.text.textCursor().block().text().startswith("TRU-01 ")
    palette = look("?search everywhere")
    press(palette, Qt.Key.Key_Return)
    assert guide.page == "window"
    assert guide.text.textCursor().block().text() == "Search everywhere"


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_prefix_narrows_the_search(look: Look, prefix: str) -> None:
    palette = look(prefix)
    headings = [line.partition(":")[0] for line in lines(palette) if line not in titles(palette)]
    assert {group.value for group in PREFIXES[prefix]} >= set(headings)
    assert headings or prefix == "~", "the sample has no notes"
    assert prefix in palette.field.placeholderText()


def test_return_waits_for_the_results(qtbot: QtBot, open_window: MainWindow, look: Look) -> None:
    palette = look("")
    QTest.keyClicks(palette.field, "nora.lind")
    press(palette, Qt.Key.Key_Return)  # before anything was found
    qtbot.waitUntil(lambda: open_window.session.subject_key == NORA)


def test_up_and_down_walk_over_the_headings(look: Look) -> None:
    palette = look("admin")
    seen = []
    for _ in palette.entries:
        seen.append(palette._current())
        press(palette, Qt.Key.Key_Down)
    assert seen == list(range(len(palette.entries)))
    assert palette._current() == 0, "round"
    press(palette, Qt.Key.Key_PageDown)
    assert palette._current() == min(10, len(seen) - 1)
    press(palette, Qt.Key.Key_Escape)


def test_the_keys_open_it(qtbot: QtBot, open_window: MainWindow) -> None:
    open_window.activateWindow()
    qtbot.waitUntil(open_window.isActiveWindow)
    QTest.keyClick(QApplication.focusWidget() or open_window, Qt.Key.Key_K, CONTROL)
    (palette,) = open_window.findChildren(SearchPalette)
    assert QApplication.focusWidget() is palette.field
    assert palette.field.text() == ""
    QTest.keyClick(palette.field, Qt.Key.Key_P, CONTROL | SHIFT)
    assert palette.field.text() == ">", "one palette, narrowed to commands"
    assert len(open_window.findChildren(SearchPalette)) == 1
    palette.close()


def test_without_a_snapshot_there_are_commands_help_checks_and_actions(qtbot: QtBot, window: MainWindow) -> None:
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    palette = look_in(qtbot, window)("key")
    headings = {line.partition(":")[0] for line in lines(palette) if line not in titles(palette)}
    found = {group.value for group in (SearchGroup.COMMANDS, SearchGroup.HELP, SearchGroup.CHECKS, SearchGroup.ACTIONS)}
    assert headings == found - {SearchGroup.COMMANDS.value} or headings == found
    palette.field.setText("iam:PassRole")
    press(palette, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: QApplication.clipboard().text() == "iam:PassRole")


def test_rows_of_a_closed_snapshot_are_not_offered(qtbot: QtBot, open_window: MainWindow, look: Look) -> None:
    palette = look("")
    palette.field.setText("nora")
    open_window.session.close()
    qtbot.waitUntil(lambda: not palette.is_searching)
    assert palette.entries == ()
    palette.close()


def test_hostile_names_are_plain_text(look: Look) -> None:
    palette = look("<b>nothing</b> \u202e")
    assert palette.entries == ()
    assert palette.hint.full_text() == "Nothing was found."
    palette.close()


def test_a_resource_that_only_policies_name_is_asked_about(open_window: MainWindow, look: Look) -> None:
    palette = look("/payroll")
    assert titles(palette)[0] == "arn:aws:s3:::acme-payroll"
    press(palette, Qt.Key.Key_Return, CONTROL)
    assert open_window.workspace.request_bar.resource.text() == "arn:aws:s3:::acme-payroll"
    press(look("/payroll"), Qt.Key.Key_Return)
    assert open_window.interior.stack.perspective.name == "perspectiveAsk"
    assert open_window.workspace.request_bar.resource.text() == "arn:aws:s3:::acme-payroll"


def test_a_whole_question_is_asked(qtbot: QtBot, open_window: MainWindow, look: Look) -> None:
    palette = look("who can delete object on payroll")
    assert titles(palette)[0] == "Ask: who can delete object on payroll"
    press(palette, Qt.Key.Key_Return)
    who_can = open_window.workspace.who_can
    qtbot.waitUntil(lambda: who_can.is_complete and bool(who_can.model.rows), timeout=20_000)
    assert who_can.asked is not None
    assert (who_can.asked.action, who_can.asked.resource) == ("s3:DeleteObject", "arn:aws:s3:::acme-payroll/*")
    palette = look("why can ana.moreno not get object on payroll?")
    press(palette, Qt.Key.Key_Return)
    session = open_window.session
    qtbot.waitUntil(lambda: session.decision is not None and "ana.moreno" in session.decision.request.principal)
    assert session.request is not None
    assert session.request.action == "s3:GetObject"
    assert not any(title.startswith("Ask:") for title in titles(look("payroll")))
