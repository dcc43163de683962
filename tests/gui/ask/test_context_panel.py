from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.evaluate.request import MissingContextMode, Request
from iamdesk.explain.decision import KeyState
from iamdesk.gui.ask.context_editor import ValueEditor
from iamdesk.gui.ask.context_model import Column, ContextModel
from iamdesk.gui.ask.context_panel import _OFTEN_TYPED, ContextPanel
from iamdesk.gui.ask.context_rows import Choice, context_rows
from iamdesk.gui.core.theme import palette_for
from iamdesk.gui.widgets.message_bar import MessageBar

from .conftest import ANA, decision, key

KEYS = (
    key("aws:MultiFactorAuthPresent", type="Bool", suggestions=("true",)),
    key("aws:SourceIp", type="IPAddress", suggestions=("203.0.113.0/24",)),
    key("aws:TagKeys", type="ArrayOfString", suggestions=("team",)),
    key("aws:PrincipalArn", KeyState.DERIVED, values=(ANA,), type="ARN"),
)


@pytest.fixture
def panel(qtbot: QtBot, sample: SnapshotSession) -> Iterator[ContextPanel]:
    made = ContextPanel(sample.key_type)
    qtbot.addWidget(made)
    made.resize(900, 300)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.show_decision(decision(context=KEYS))
    yield made
    made.hide()


def row_of(panel: ContextPanel, name: str) -> int:
    return next(place for place, row in enumerate(panel.model.rows) if row.key == name)


def edit(panel: ContextPanel, name: str) -> ValueEditor:
    panel.table.setFocus()
    panel.table.setCurrentIndex(panel.model.index(row_of(panel, name), Column.KEY))
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    return open_editor(panel)


def open_editor(panel: ContextPanel) -> ValueEditor:
    """A closed editor lives on, hidden, until the event loop turns."""
    (editor,) = [editor for editor in panel.table.findChildren(ValueEditor) if editor.isVisible()]
    return editor


def message(panel: ContextPanel) -> str:
    bar = panel.findChild(MessageBar)
    assert isinstance(bar, MessageBar)
    return bar.text


def test_each_key_tells_its_state(panel: ContextPanel) -> None:
    shown = {
        row.key: (panel.model.index(place, Column.VALUE).data(), panel.model.index(place, Column.NOTE).data())
        for place, row in enumerate(panel.model.rows)
    }
    assert shown["aws:MultiFactorAuthPresent"] == ("not provided (unknown)", "can change the decision")
    assert shown["aws:PrincipalArn"] == (ANA, "known from the snapshot")


def test_enter_edits_and_a_valid_value_asks_again(qtbot: QtBot, panel: ContextPanel) -> None:
    editor = edit(panel, "aws:SourceIp")
    QTest.keyClicks(editor, "203.0.113.7")
    with qtbot.waitSignal(panel.changed):
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert panel.context == {"aws:SourceIp": "203.0.113.7"}


def test_an_invalid_value_keeps_the_editor_open_and_says_why(qtbot: QtBot, panel: ContextPanel) -> None:
    editor = edit(panel, "aws:SourceIp")
    QTest.keyClicks(editor, "home")
    with qtbot.assertNotEmitted(panel.changed):
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert editor.isVisible()
    assert message(panel) == 'aws:SourceIp takes one IP address such as 203.0.113.7, not "home".'
    QTest.keyClick(editor, Qt.Key.Key_Backspace)
    assert message(panel) == ""


def test_typing_on_a_row_edits_its_value(panel: ContextPanel) -> None:
    panel.table.setFocus()
    panel.table.setCurrentIndex(panel.model.index(row_of(panel, "aws:SourceIp"), Column.KEY))
    QTest.keyClicks(panel.table, "1")
    editor = open_editor(panel)
    assert editor.text() == "1"


def test_a_value_can_be_picked_from_what_policies_name(qtbot: QtBot, panel: ContextPanel) -> None:
    editor = edit(panel, "aws:SourceIp")
    QTest.keyClick(editor, Qt.Key.Key_Down)
    assert [row.label for row in editor.offered] == ["203.0.113.1", "absent", "not provided"]
    QTest.keyClick(editor, Qt.Key.Key_Down)
    with qtbot.waitSignal(panel.changed):
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert panel.context == {"aws:SourceIp": "203.0.113.1"}


def test_absent_is_picked_and_delete_takes_it_back(qtbot: QtBot, panel: ContextPanel) -> None:
    editor = edit(panel, "aws:MultiFactorAuthPresent")
    QTest.keyClicks(editor, "abs")
    QTest.keyClick(editor, Qt.Key.Key_Down)
    with qtbot.waitSignal(panel.changed):
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert panel.context == {"aws:MultiFactorAuthPresent": None}
    panel.table.setFocus()
    with qtbot.waitSignal(panel.changed):
        QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    assert panel.context == {}


def test_the_text_absent_is_a_value_where_it_is_typed(qtbot: QtBot, panel: ContextPanel) -> None:
    editor = edit(panel, "aws:TagKeys")
    QTest.keyClicks(editor, "absent")
    with qtbot.waitSignal(panel.changed):
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert panel.context == {"aws:TagKeys": ("absent",)}


def test_a_key_with_several_values_takes_a_list(qtbot: QtBot, panel: ContextPanel) -> None:
    editor = edit(panel, "aws:TagKeys")
    QTest.keyClicks(editor, 'cost, "a, b", te')
    QTest.keyClick(editor, Qt.Key.Key_Down)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert editor.text() == 'cost, "a, b", team'
    with qtbot.waitSignal(panel.changed):
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert panel.context == {"aws:TagKeys": ("cost", "a, b", "team")}


def test_a_derived_key_can_be_overridden_and_opening_it_changes_nothing(qtbot: QtBot, panel: ContextPanel) -> None:
    editor = edit(panel, "aws:PrincipalArn")
    assert editor.text() == ANA
    with qtbot.assertNotEmitted(panel.changed):
        QTest.keyClick(editor, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: panel.table.focusProxy() is None and panel.table.hasFocus())
    editor = edit(panel, "aws:PrincipalArn")
    QTest.keyClicks(editor, "arn:aws:iam::111122223333:user/other")
    with qtbot.waitSignal(panel.changed):
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert panel.context == {"aws:PrincipalArn": "arn:aws:iam::111122223333:user/other"}


def test_any_other_key_is_added_by_hand_and_typed_by_its_kind(qtbot: QtBot, panel: ContextPanel) -> None:
    QTest.keyClicks(panel._new_key, "aws:SecureTransport")
    QTest.keyClick(panel._new_key, Qt.Key.Key_Return)
    editor = open_editor(panel)
    assert editor.row.type == "Bool"
    assert panel.context == {}
    QTest.keyClicks(editor, "false")
    with qtbot.waitSignal(panel.changed):
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert panel.context == {"aws:SecureTransport": "false"}
    place = row_of(panel, "aws:SecureTransport")
    panel.table.setFocus()
    panel.table.setCurrentIndex(panel.model.index(place, 0))
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    assert all(row.key != "aws:SecureTransport" for row in panel.model.rows)


def test_what_is_no_key_is_not_added(panel: ContextPanel) -> None:
    rows = panel.model.rows
    for text in ("SourceIp", "aws:", "aws:PrincipalTag/"):
        panel._new_key.setText(text)
        QTest.keyClick(panel._new_key, Qt.Key.Key_Return)
        assert message(panel)
        assert panel.model.rows == rows


def test_the_keys_offered_for_adding_are_keys_that_aws_has(sample: SnapshotSession) -> None:
    for name in _OFTEN_TYPED:
        assert sample.key_type(f"{name}team" if name.endswith("/") else name), name


def test_the_switch_says_what_not_given_means(qtbot: QtBot, panel: ContextPanel) -> None:
    switch = panel.findChild(QComboBox, "unknownContext")
    assert isinstance(switch, QComboBox)
    switch.setFocus()
    with qtbot.waitSignal(panel.changed):
        QTest.keyClick(switch, Qt.Key.Key_Down)
    assert panel.unknown is MissingContextMode.ABSENT
    panel.show_request(Request(ANA, "s3:GetObject", "*", unknown_context=MissingContextMode.ABSENT))
    assert panel.model.index(row_of(panel, "aws:SourceIp"), Column.VALUE).data() == "not provided (absent)"


def test_an_answer_keeps_the_row_that_is_being_worked_on(panel: ContextPanel) -> None:
    panel.table.setCurrentIndex(panel.model.index(row_of(panel, "aws:SourceIp"), Column.VALUE))
    evaluated = (key("aws:SourceIp", KeyState.GIVEN, values=("203.0.113.7",), type="IPAddress"), *KEYS[:1], *KEYS[2:])
    request = Request(ANA, "s3:GetObject", decision().request.resource, context={"aws:SourceIp": "203.0.113.7"})
    panel.show_decision(decision(request=request, context=evaluated))
    current = panel.table.currentIndex()
    assert panel.model.rows[current.row()].key == "aws:SourceIp"
    assert panel.model.rows[current.row()].choice is Choice.VALUE


def test_rows_are_copied_as_tsv(panel: ContextPanel) -> None:
    panel.table.setFocus()
    panel.table.selectRow(row_of(panel, "aws:PrincipalArn"))
    QTest.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == f"aws:PrincipalArn\t{ANA}\tARN\tknown from the snapshot"


def test_the_context_model_is_sound(qtbot: QtBot, qtmodeltester: ModelTester) -> None:
    model = ContextModel(palette_for(dark=True))
    model.fill(context_rows(KEYS, {"aws:SourceVpc": None}, {}), MissingContextMode.UNKNOWN)
    qtmodeltester.check(model)
    model.choose(0, Choice.ABSENT)
    model.fill(context_rows(KEYS, {}, {}), MissingContextMode.ABSENT)


def test_every_field_has_a_name(panel: ContextPanel) -> None:
    for widget in panel.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
            assert widget.accessibleName() or getattr(widget, "text", str)(), widget


def test_a_key_of_the_request_that_nothing_tests_for_the_principal_has_its_type(panel: ContextPanel) -> None:
    """The request may come from elsewhere, such as from who can, where other principals depend on the key."""
    request = Request("arn:aws:iam::111122223333:user/b", "s3:GetObject", "*", {"aws:MultiFactorAuthPresent": "true"})
    panel.show_decision(decision(request=request, context=()))
    place = row_of(panel, "aws:MultiFactorAuthPresent")
    assert panel.model.rows[place].type == "Bool"
    assert panel.model.index(place, Column.NOTE).data() == "not tested for this principal"
