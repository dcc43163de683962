"""Pinned results: side by side, and the policy type that makes the difference is marked."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import Request

from .conftest import ANA, NORA, PAYROLL, AskWindow

_DISPLAY = Qt.ItemDataRole.DisplayRole


def _ask(qtbot: QtBot, shown: AskWindow, principal: str, **context: str) -> None:
    given = {"aws:MultiFactorAuthPresent": context["mfa"]} if context else {}
    with qtbot.waitSignal(shown.session.evaluated, timeout=30_000):
        shown.session.ask(Request(principal, "s3:GetObject", PAYROLL, given))


def _rows(shown: AskWindow) -> dict[str, list[str]]:
    model = shown.answer.pinned.model
    return {
        model.headerData(row, Qt.Orientation.Vertical): [
            model.index(row, column).data(_DISPLAY) for column in range(model.columnCount())
        ]
        for row in range(model.rowCount())
    }


def test_a_pinned_result_stands_beside_the_next_one(qtbot: QtBot, ask_window: AskWindow) -> None:
    pinned = ask_window.answer.pinned
    assert pinned.isHidden()
    _ask(qtbot, ask_window, ANA)
    ask_window.answer.pin_button.click()
    assert not pinned.isHidden()
    assert ask_window.answer.pin_button.isChecked()
    _ask(qtbot, ask_window, NORA)
    assert not ask_window.answer.pin_button.isChecked()
    rows = _rows(ask_window)
    assert rows["≠ Principal"] == ["user ana.moreno", "user nora.lindqvist"]
    assert rows["   Action"] == ["s3:GetObject"] * 2
    assert rows["≠ Decision"][0].startswith("Denied")
    assert rows["≠ Decision"][1].startswith("Depends")


def test_the_policy_type_that_makes_the_difference_is_marked(qtbot: QtBot, ask_window: AskWindow) -> None:
    # Identity policies are conditional for both: what they depend on makes the difference.
    _ask(qtbot, ask_window, ANA)
    ask_window.answer.commands()["actionPin"]()
    _ask(qtbot, ask_window, NORA)
    identity = _rows(ask_window)["≠ Identity policies"]
    assert "no statement allows it" in identity[0]
    assert "PayrollReadWrite" in identity[1]
    model = ask_window.answer.pinned.model
    row = list(_rows(ask_window)).index("≠ Identity policies")
    assert model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole).endswith("differs")
    assert model.index(row, 0).data(Qt.ItemDataRole.BackgroundRole) is not None


def test_a_policy_type_that_was_left_out_is_marked(qtbot: QtBot, ask_window: AskWindow) -> None:
    _ask(qtbot, ask_window, NORA)
    ask_window.answer.pin_button.click()
    rows = ask_window.answer.policy_types.rows
    (at,) = [row for row in range(rows.rowCount()) if rows.policy_types[row].layer.value == "identity"]
    with qtbot.waitSignal(ask_window.session.evaluated, timeout=30_000):
        rows.setData(rows.index(at), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    found = _rows(ask_window)
    assert found["≠ Identity policies"] == ["depends", "left out"]
    assert "   Principal" in found


def test_keys_show_a_pinned_result_again_and_remove_it(qtbot: QtBot, ask_window: AskWindow) -> None:
    pinned = ask_window.answer.pinned
    _ask(qtbot, ask_window, ANA)
    ask_window.answer.pin_button.click()
    _ask(qtbot, ask_window, NORA)
    pinned.table.setCurrentIndex(pinned.model.index(0, 0))
    with qtbot.waitSignal(ask_window.session.evaluated, timeout=30_000):
        QTest.keyClick(pinned.table, Qt.Key.Key_Return)
    assert ask_window.session.request is not None
    assert ask_window.session.request.principal == ANA
    assert ask_window.answer.pin_button.isChecked()
    pinned.table.setCurrentIndex(pinned.model.index(0, 0))
    QTest.keyClick(pinned.table, Qt.Key.Key_Delete)
    assert pinned.isHidden()
    assert not ask_window.answer.pin_button.isChecked()


def test_pins_go_with_their_snapshot(qtbot: QtBot, ask_window: AskWindow) -> None:
    _ask(qtbot, ask_window, ANA)
    ask_window.answer.pin_button.click()
    ask_window.session.close()
    assert ask_window.answer.pinned.pins == []
    assert ask_window.answer.pinned.model.columnCount() == 0
