"""A policy's text folded, and its statements in plain words beside it."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.inspector.policy_reader import PolicyReader
from iamdesk.policy.document import Document, parse_document

PAYROLL = "arn:aws:iam::111122223333:policy/finance/PayrollReadWrite"
NORA = "arn:aws:iam::111122223333:user/finance/nora.lindqvist"
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def reader(qtbot: QtBot, sample: SnapshotSession) -> PolicyReader:
    made = PolicyReader("policyView")
    qtbot.addWidget(made)
    made.read = sample.readings
    made.resize(600, 500)
    made.show()
    view = sample.policy(PAYROLL)
    assert view is not None
    made.show_document(view.document, view.title, view.key)
    return made


def shown_lines(reader: PolicyReader) -> list[int]:
    document = reader.text.document()
    return [n + 1 for n in range(document.blockCount()) if document.findBlockByNumber(n).isVisible()]


def spans(reader: PolicyReader) -> list[tuple[int, int]]:
    document = reader.text.shown
    assert isinstance(document, Document)
    found = [document.text.span_of(one.path) for one in document.statements]
    return [(span.start_line, span.end_line) for span in found if span is not None]


def test_each_statement_is_told_in_words(reader: PolicyReader) -> None:
    rows = [reader.readings.item(row).text() for row in range(reader.readings.count())]
    assert rows[1] == (
        "2 TlsOnly: Denies any S3 action on bucket acme-payroll and objects under acme-payroll/, when the connection "
        "is not encrypted."
    )
    assert len(rows) == 3


def test_the_words_and_the_text_go_together(reader: PolicyReader) -> None:
    starts = spans(reader)
    reader.text.go_to_statement(forward=True)
    assert reader.readings.currentRow() == 0
    reader.readings.setCurrentRow(2)
    QTest.keyClick(reader.readings, Qt.Key.Key_Return)
    assert reader.text.textCursor().blockNumber() + 1 == starts[2][0]
    rect = reader.readings.visualItemRect(reader.readings.item(1))
    QTest.mouseClick(reader.readings.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert reader.text.textCursor().blockNumber() + 1 == starts[1][0]
    QTest.keyClick(reader.readings, Qt.Key.Key_C, CONTROL)
    assert QApplication.clipboard().text().startswith("2 TlsOnly: Denies")


def test_the_words_stand_beside_the_text_where_there_is_room(reader: PolicyReader) -> None:
    assert reader.both.orientation() is Qt.Orientation.Vertical
    reader.resize(1600, 500)
    assert reader.both.orientation() is Qt.Orientation.Horizontal


def test_a_document_without_statements_has_no_words(reader: PolicyReader) -> None:
    reader.show_document(parse_document("no JSON"), "odd")
    assert not reader.readings.isVisible()
    reader.show_document(None, "")
    assert reader.readings.count() == 0


def test_a_statement_folds_to_its_first_line(qtbot: QtBot, reader: PolicyReader) -> None:
    (start, end), *_ = spans(reader)
    reader.text.go_to_statement(forward=True)
    QTest.keyClick(reader.text, Qt.Key.Key_Down)
    with qtbot.waitSignal(
        reader.announced, check_params_cb=lambda text: text.startswith("Statement 1 is folded: Allows")
    ):
        QTest.keyClick(reader.text, Qt.Key.Key_Return)
    lines = shown_lines(reader)
    assert start in lines
    assert not set(range(start + 1, end + 1)) & set(lines)
    assert end + 1 in lines
    assert reader.text.textCursor().blockNumber() + 1 == start, "the caret is not left in what is hidden"
    QTest.keyClick(reader.text, Qt.Key.Key_Down)
    assert reader.text.textCursor().blockNumber() + 1 == end + 1, "the next line in view is the next one"
    assert reader.text.shown is not None
    reader.copy_text()
    assert QApplication.clipboard().text() == reader.text.shown.text.text, "what is copied is whole"
    QTest.keyClick(reader.text, Qt.Key.Key_Up)
    QTest.keyClick(reader.text, Qt.Key.Key_Return)
    assert len(shown_lines(reader)) == reader.text.blockCount()


def test_return_outside_statements_folds_nothing(reader: PolicyReader) -> None:
    QTest.keyClick(reader.text, Qt.Key.Key_Return)
    assert len(shown_lines(reader)) == reader.text.blockCount()


def test_a_click_in_the_margin_folds(reader: PolicyReader) -> None:
    (start, _), *_ = spans(reader)
    gutter = reader.text._gutter
    block, rect = next(one for one in reader.text.visible_blocks() if one[0].blockNumber() + 1 == start)
    assert block.isVisible()
    QTest.mouseClick(gutter, Qt.MouseButton.LeftButton, pos=QPoint(4, rect.center().y()))
    assert reader.text.gutter_fold(start) is True
    below = next(rect for block, rect in reader.text.visible_blocks() if block.blockNumber() + 1 > start)
    QTest.mouseClick(gutter, Qt.MouseButton.LeftButton, pos=QPoint(4, below.center().y()))
    assert reader.text.gutter_fold(start) is True, "a click beside the next line folds nothing there"
    QTest.mouseClick(gutter, Qt.MouseButton.LeftButton, pos=QPoint(4, rect.center().y()))
    assert reader.text.gutter_fold(start) is False


def test_what_is_searched_and_walked_to_comes_out_of_its_fold(reader: PolicyReader) -> None:
    reader.text.toggle_all_folds()
    folded = len(shown_lines(reader))
    assert folded == reader.text.blockCount() - sum(end - start for start, end in spans(reader))
    assert reader.text.find_next("SecureTransport")
    assert len(shown_lines(reader)) > folded
    assert reader.text.textCursor().block().isVisible()
    reader.text.toggle_all_folds()
    assert len(shown_lines(reader)) == folded, "one is still shown: all are folded first"
    reader.text.toggle_all_folds()
    assert len(shown_lines(reader)) == reader.text.blockCount()


def test_another_document_is_not_folded(reader: PolicyReader, sample: SnapshotSession) -> None:
    reader.text.toggle_all_folds()
    view = sample.policy(PAYROLL)
    assert view is not None
    reader.show_document(parse_document({"Version": "2012-10-17", "Statement": []}), "empty")
    reader.show_document(view.document, view.title, view.key)
    assert len(shown_lines(reader)) == reader.text.blockCount()


def test_keys_fold_and_words_come_back(open_window: MainWindow) -> None:
    window, inspector = open_window, open_window.workspace.inspector
    window.session.select(NORA)
    inspector.policies.list.go_to(PAYROLL)
    reader = inspector.policies.reader
    window.activateWindow()
    reader.text.setFocus()
    reader.text.go_to_statement(forward=True)
    QTest.keyClick(reader.text, Qt.Key.Key_Period, CONTROL)
    assert reader.text.folds.folded
    QTest.keyClick(reader.text, Qt.Key.Key_Period, CONTROL | SHIFT)
    assert not reader.text.folds.has_unfolded
    QTest.keyClick(reader.text, Qt.Key.Key_R, CONTROL | SHIFT)
    assert not reader.readings.isVisible()
    assert not inspector.trust.reader.words_button.isChecked(), "one choice for every policy"
    window.workspace.keep(window.settings)
    assert window.settings.explains_statements is False
    window.workspace.restore(window.settings)
    assert inspector.explains_statements is False
