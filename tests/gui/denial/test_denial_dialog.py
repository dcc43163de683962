"""Pasting a denial into the window: what is found, asked, compared and shown."""

import json
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.denials.denial import Agreement
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.denial.denial_dialog import DenialDialog

ELENA = "arn:aws:iam::111122223333:user/engineering/elena.petrov"
NEW = "arn:aws:iam::111122223333:user/engineering/new.hire"
MESSAGE = (
    f"User: {ELENA} is not authorized to perform: iam:CreateUser on resource: {NEW} because no permissions boundary "
    "allows the iam:CreateUser action"
)


@pytest.fixture
def dialog(qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession) -> Iterator[DenialDialog]:
    session.open(sample)
    parent = QWidget()
    qtbot.addWidget(parent)
    made = DenialDialog(session, jobs, parent)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    made.show()
    yield made
    made.close()


def test_a_whole_message_is_answered_at_once(qtbot: QtBot, dialog: DenialDialog) -> None:
    dialog.pasted.setPlainText(MESSAGE)
    qtbot.waitUntil(lambda: "denies it too" in dialog.decision_bar.text)

    assert (dialog.principal.text(), dialog.action.text(), dialog.resource.text()) == (ELENA, "iam:CreateUser", NEW)
    assert "an implicit deny" in dialog.message_content.text()
    assert dialog.show_button.isEnabled()


def test_the_answer_goes_to_the_windows_own_panel(qtbot: QtBot, session: Session, dialog: DenialDialog) -> None:
    dialog.pasted.setPlainText(MESSAGE)
    qtbot.waitUntil(dialog.show_button.isEnabled)
    with qtbot.waitSignal(session.evaluated):
        dialog.show_button.click()
    assert not dialog.isVisible(), "it would cover the result"

    assert session.request is not None
    assert session.request.action == "iam:CreateUser"


def test_what_was_not_told_is_typed(qtbot: QtBot, dialog: DenialDialog) -> None:
    dialog.pasted.setPlainText("An error occurred (AccessDenied) when calling the ListBuckets operation: Access Denied")
    qtbot.waitUntil(lambda: dialog.action.text() == "s3:ListAllMyBuckets")
    assert "not in the message" in dialog.principal.placeholderText()
    assert not dialog.show_button.isEnabled()
    dialog.principal.setFocus()
    QTest.keyClicks(dialog.principal, ELENA)
    dialog.ask_button.click()
    qtbot.waitUntil(dialog.show_button.isEnabled)
    assert dialog.decision_bar.text


def test_several_denials_are_chosen_from(qtbot: QtBot, dialog: DenialDialog) -> None:
    events = [
        {
            "eventSource": "iam.amazonaws.com",
            "eventName": name,
            "errorCode": "AccessDenied",
            "userIdentity": {"arn": ELENA},
            "requestParameters": {"userName": "new.hire"},
            "recipientAccountId": "111122223333",
        }
        for name in ("CreateUser", "DeleteUser")
    ]
    dialog.pasted.setPlainText(json.dumps({"Records": events}))
    qtbot.waitUntil(lambda: dialog.choice.count() == 2)
    assert dialog.choice.isVisible()
    dialog.choice.setCurrentIndex(1)
    assert dialog.action.text() == "iam:DeleteUser"


def test_checks_of_aws_stand_beside_those_of_the_snapshot(qtbot: QtBot, dialog: DenialDialog) -> None:
    record = {
        "requestContext": {"aws:PrincipalArn": ELENA},
        "evaluations": [
            {
                "action": "iam:CreateUser",
                "resource": NEW,
                "evaluatedEffect": "IMPLICIT_DENY",
                "checks": [
                    {"checkType": "PRINCIPAL", "evaluatedEffect": "ALLOW"},
                    {"checkType": "PERMISSIONS_BOUNDARY", "evaluatedEffect": "EXPLICIT_DENY"},
                ],
            }
        ],
    }
    dialog.pasted.setPlainText(json.dumps(record))
    qtbot.waitUntil(lambda: dialog.checks.topLevelItemCount() == 2)

    words = [dialog.checks.topLevelItem(row).text(3) for row in range(2)]  # type: ignore[union-attr]
    assert words == ["agree", "DIFFER"]
    assert dialog._why is not None
    assert dialog._why.agreement is Agreement.OTHER


@pytest.mark.parametrize("text", ["hello", "{", '{"a": 1}', "<b>x</b> is not authorized"])
def test_what_is_no_denial_is_told(qtbot: QtBot, dialog: DenialDialog, text: str) -> None:
    dialog.pasted.setPlainText(text)
    qtbot.waitUntil(lambda: bool(dialog.decision_bar.text))

    assert not dialog.ask_button.isEnabled()
    dialog.pasted.clear()
    qtbot.waitUntil(lambda: not dialog.decision_bar.text)


def test_every_part_has_a_name_for_screen_readers(dialog: DenialDialog) -> None:
    parts = (dialog.pasted, dialog.choice, dialog.principal, dialog.action, dialog.resource, dialog.checks)
    assert all(part.accessibleName() for part in parts)


def test_the_command_opens_it_and_closing_the_snapshot_closes_it(qtbot: QtBot, open_window: MainWindow) -> None:
    open_window.menus.actions["actionWhyDenied"].trigger()
    shown = open_window.findChild(QDialog, "whyDialog")
    assert shown is not None
    assert shown.isVisible()
    open_window.session.close()
    QApplication.processEvents()
    qtbot.waitUntil(lambda: open_window.findChild(QDialog, "whyDialog") is None)
