"""The command of a remedy beside the finding: shown as text, copied whole."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from iamdesk.gui.core.session import Session
from iamdesk.gui.findings.finding_detail import FindingDetail

from .conftest import finding

COMMAND = "aws iam delete-policy --policy-arn 'arn:aws:iam::111122223333:policy/<b>idle</b> `x`'"


@pytest.fixture
def detail(qtbot: QtBot, session: Session) -> FindingDetail:
    made = FindingDetail(session)
    qtbot.addWidget(made)
    made.resize(400, 500)
    made.show()
    return made


def test_the_command_is_shown_as_it_is_and_copied(detail: FindingDetail) -> None:
    detail.show_finding(finding(remediation_command=COMMAND))
    label = detail.findChild(QLabel, "remedyCommand")
    assert isinstance(label, QLabel)
    assert label.text() == COMMAND
    assert label.textFormat() is Qt.TextFormat.PlainText
    copy = detail.findChild(QPushButton, "copyCommand")
    assert isinstance(copy, QPushButton)
    QTest.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == COMMAND


def test_a_finding_without_a_command_has_no_button(detail: FindingDetail) -> None:
    detail.show_finding(finding())
    assert detail.findChild(QPushButton, "copyCommand") is None
