"""Ctrl+V anywhere in the window: an access-denied message is explained, a copied snapshot is opened."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.pasted import denial_in, file_in
from iamdesk.gui.denial.denial_dialog import DenialDialog
from iamdesk.resource_files import sample_organization, sample_snapshot

MESSAGE = (
    "User: arn:aws:iam::111122223333:user/engineering/elena.petrov is not authorized to perform: iam:CreateUser on "
    "resource: arn:aws:iam::111122223333:user/engineering/new.hire because no permissions boundary allows the "
    "iam:CreateUser action"
)


def holding(text: str = "", *files: Path) -> QMimeData:
    held = QMimeData()
    if text:
        held.setText(text)
    if files:
        held.setUrls([QUrl.fromLocalFile(str(one)) for one in files])
    return held


def paste(qtbot: QtBot, window: MainWindow) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


@pytest.mark.parametrize(
    "text",
    [
        MESSAGE,
        "An error occurred (AccessDenied) when calling the GetObject operation: Access Denied",
        '{"eventName": "GetObject", "errorCode" : "Client.UnauthorizedOperation"}',
    ],
)
def test_a_denial_is_known_by_its_words(text: str) -> None:
    assert denial_in(holding(text)) == text


def test_other_texts_are_no_denials_and_no_files() -> None:
    for text in ("", "elena.petrov", "arn:aws:iam::111122223333:user/bob", "/no/such/file", "two\nlines", "~"):
        held = holding(text)
        assert not denial_in(held)
        if text != "~":
            assert file_in(held) is None
    assert file_in(holding("", sample_snapshot(), sample_organization())) is None, "one at a time"


def test_a_file_is_known_by_its_path_or_as_copied(tmp_path: Path) -> None:
    path = tmp_path / "an account.json"
    path.write_text("{}")
    for held in (holding(str(path)), holding(f'"{path}"'), holding(path.as_uri()), holding("", path)):
        assert file_in(held) == path


def test_a_pasted_denial_is_explained_wherever_the_cursor_is(qtbot: QtBot, open_window: MainWindow) -> None:
    navigator = open_window.workspace.navigator.field
    for focused in (navigator, open_window.workspace.navigator.tree):
        focused.setFocus()
        QApplication.clipboard().setText(MESSAGE)
        paste(qtbot, open_window)
        dialog = open_window.findChild(DenialDialog)
        assert dialog is not None
        qtbot.waitUntil(dialog.show_button.isEnabled)
        assert navigator.text() == ""
        assert "denies it too" in dialog.decision_bar.text
        qtbot.waitUntil(dialog.show_button.hasFocus)
        with qtbot.waitSignal(open_window.session.evaluated):
            QTest.keyClick(dialog.show_button, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: open_window.findChild(DenialDialog) is None)


def test_what_is_no_denial_goes_into_the_field(qtbot: QtBot, open_window: MainWindow, tmp_path: Path) -> None:
    field = open_window.workspace.navigator.field
    opened = open_window.session.snapshot
    for text in ("elena", f"{tmp_path}/"):  # a folder of this name may be a path in IAM
        field.clear()
        field.setFocus()
        QApplication.clipboard().setText(text)
        paste(qtbot, open_window)
        assert field.text() == text
    assert open_window.session.snapshot is opened
    assert open_window.findChild(DenialDialog) is None


def test_a_denial_goes_into_a_field_of_free_text(qtbot: QtBot, open_window: MainWindow) -> None:
    field = QLineEdit(open_window)
    field.show()
    field.setFocus()
    QApplication.clipboard().setText(MESSAGE)
    paste(qtbot, open_window)
    assert field.text() == MESSAGE
    assert open_window.findChild(DenialDialog) is None


def test_a_copied_snapshot_is_opened_from_the_start_page(qtbot: QtBot, window: MainWindow) -> None:
    window.show()
    QApplication.clipboard().setText(str(sample_snapshot()))
    paste(qtbot, window)
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)


def test_without_a_snapshot_a_denial_says_what_is_lacking(qtbot: QtBot, window: MainWindow) -> None:
    window.show()
    said: list[str] = []
    window.session.announced.connect(said.append)
    for text, words in ((MESSAGE, "Open a snapshot first"), ("hello", "neither an access-denied message nor")):
        QApplication.clipboard().setText(text)
        paste(qtbot, window)
        assert words in said[-1]
