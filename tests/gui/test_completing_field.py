from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from iamdesk.gui.widgets.completing_field import AutocompleteEdit
from iamdesk.gui.widgets.completion_popup import CompletionModel, CompletionPopup
from iamdesk.viewmodel.types import Completion

OBJECT = "arn:aws:s3:::${BucketName}/${ObjectName}"
ROWS = (
    Completion("s3:GetObject", "s3:GetObject", "Read · Retrieve objects"),
    Completion("s3:GetObjectAcl", "s3:GetObjectAcl", "Read · Return the ACL"),
    Completion(OBJECT, OBJECT, "object", template=True),
)


@pytest.fixture
def field(qtbot: QtBot) -> Iterator[AutocompleteEdit]:
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    made = AutocompleteEdit("Action")
    layout.addWidget(made)
    layout.addWidget(QLineEdit())
    layout.addStretch(1)
    window.resize(700, 400)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    made.setFocus()
    yield made
    window.hide()


def type_and_offer(field: AutocompleteEdit, text: str = "get") -> None:
    QTest.keyClicks(field, text)
    field.offer(text, ROWS)


def popup(field: AutocompleteEdit) -> CompletionPopup:
    (found,) = field.window().findChildren(CompletionPopup)
    return found


def test_typing_wants_suggestions_and_shows_them_below(qtbot: QtBot, field: AutocompleteEdit) -> None:
    with qtbot.waitSignal(field.wanted, check_params_cb=lambda text: text == "get"):
        type_and_offer(field)
    assert field.offered == ROWS
    assert popup(field).isVisible()
    assert popup(field).y() >= field.y() + field.height()
    assert field.hasFocus()


def test_suggestions_for_an_older_text_are_dropped(field: AutocompleteEdit) -> None:
    QTest.keyClicks(field, "get")
    field.offer("ge", ROWS)
    assert field.offered == ()


def test_enter_takes_the_row_at_hand_and_submits(qtbot: QtBot, field: AutocompleteEdit) -> None:
    type_and_offer(field)
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Down)
    with qtbot.waitSignals([field.taken, field.submitted]):
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "s3:GetObjectAcl"
    assert field.offered == ()


def test_enter_without_a_row_at_hand_submits_what_was_typed(qtbot: QtBot, field: AutocompleteEdit) -> None:
    type_and_offer(field)
    with qtbot.assertNotEmitted(field.taken), qtbot.waitSignal(field.submitted):
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "get"


def test_up_from_the_first_row_leaves_the_list_to_the_text(field: AutocompleteEdit) -> None:
    type_and_offer(field)
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert not field.take_current()


def test_escape_closes_the_list_and_keeps_the_text(field: AutocompleteEdit) -> None:
    type_and_offer(field)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert (field.offered, field.text()) == ((), "get")


def test_down_opens_the_list_of_everything(qtbot: QtBot, field: AutocompleteEdit) -> None:
    field.setText("s3:GetObject")
    with qtbot.waitSignal(field.wanted, check_params_cb=lambda text: text == ""):
        QTest.keyClick(field, Qt.Key.Key_Down)


def test_a_click_takes_a_row_and_the_keyboard_stays_in_the_field(qtbot: QtBot, field: AutocompleteEdit) -> None:
    type_and_offer(field)
    view = popup(field)
    place = view.visualRect(view.model().index(1, 0)).center()
    with qtbot.waitSignal(field.taken):
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place))
    assert field.text() == "s3:GetObjectAcl"
    assert field.hasFocus()


def test_a_template_selects_its_parts_in_turn_and_submits_when_none_is_left(
    qtbot: QtBot, field: AutocompleteEdit
) -> None:
    type_and_offer(field)
    for _ in range(3):
        QTest.keyClick(field, Qt.Key.Key_Down)
    with qtbot.assertNotEmitted(field.submitted):
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.selectedText() == "${BucketName}"
    QTest.keyClicks(field, "payroll")
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert field.hasFocus()
    assert field.selectedText() == "${ObjectName}"
    QTest.keyClicks(field, "2026/*")
    with qtbot.waitSignal(field.submitted):
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "arn:aws:s3:::payroll/2026/*"


def test_tab_without_anything_to_fill_in_goes_on(field: AutocompleteEdit) -> None:
    type_and_offer(field)
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert not field.hasFocus()
    assert not popup(field).isVisible()


def test_the_list_goes_when_the_field_does(field: AutocompleteEdit) -> None:
    type_and_offer(field)
    field.hide()
    assert not popup(field).isVisible()


def test_the_whole_text_stays_behind_the_short_form(field: AutocompleteEdit) -> None:
    field.show_resting(lambda text: text.rpartition("/")[2])
    field.setText("arn:aws:iam::111122223333:user/ana")
    field.clearFocus()
    assert field.text() == "arn:aws:iam::111122223333:user/ana"
    assert "arn:aws:iam::111122223333:user/ana" in field.toolTip()


def test_the_model_of_suggestions_is_sound(qtmodeltester: ModelTester) -> None:
    model = CompletionModel()
    model.fill(ROWS)
    qtmodeltester.check(model)
    assert model.index(0).data(Qt.ItemDataRole.AccessibleTextRole) == "s3:GetObject, Read · Retrieve objects"


def test_hostile_suggestions_are_shown_as_text(field: AutocompleteEdit) -> None:
    type_and_offer(field)
    field.offer("get", (Completion("x", "<b>x</b>\u202e", "<img src=x>"),))
    index = popup(field).model().index(0, 0)
    assert index.data() == "<b>x</b>\\u202e"
    assert "&lt;img" in index.data(Qt.ItemDataRole.ToolTipRole)


def test_a_click_into_a_filled_field_selects_its_text(field: AutocompleteEdit) -> None:
    field.setText("s3:DeleteObject")
    field.clearFocus()
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=QPoint(20, 8))
    assert field.selectedText() == "s3:DeleteObject"
    QTest.keyClicks(field, "s3:GetObject")
    assert field.text() == "s3:GetObject"
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=QPoint(20, 8))
    assert not field.hasSelectedText(), "a second click sets the cursor"
