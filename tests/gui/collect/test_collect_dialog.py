"""Collect from AWS, in the window: over HTTP from a fake AWS, through the command as a process of its own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAction, QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from iamdesk.collect.bundle_writer import JOURNAL
from iamdesk.collect.options import INSTALL, Captured, FailedCall, Kind, Options
from iamdesk.collect.policy import policy_text
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.collect import collect_dialog
from iamdesk.gui.collect.collect_dialog import CollectDialog
from iamdesk.gui.collect.collect_process import command_of
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.snapshot.manifest import Manifest

from ...collect.gate import Gate
from ...collect.world import MANAGEMENT, REGION

pytestmark = pytest.mark.usefixtures("signed_in")

CAPTURED = Captured(Path("acme.zip"), (MANAGEMENT,), (REGION,), files=12, kept=0, failed_calls=())
FAILED_CALL = FailedCall("p", "kms", "list-keys", "aws kms list-keys", "AccessDenied", "no")


@pytest.fixture
def endpoint(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """What the user's own configuration says: the dialog has no field for it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", gate.url)
    return gate


@pytest.fixture
def dialog(qtbot: QtBot, jobs: JobRunner) -> Iterator[CollectDialog]:
    window = QWidget()
    qtbot.addWidget(window)
    dialog = CollectDialog(jobs, FileDialogs(), window)
    dialog.show()
    yield dialog
    window.close()  # it lives as long as this test


def fill(dialog: CollectDialog, output: Path) -> None:
    dialog.form.output.setText(str(output))
    dialog.form.regions.setText(REGION)
    dialog.form.last_accessed.setChecked(False)


def test_menu_entry_collects_and_opens_what_came(
    qtbot: QtBot, window: MainWindow, endpoint: Gate, tmp_path: Path
) -> None:
    action = window.findChild(QAction, "actionCollect")
    assert action is not None
    action.trigger()
    dialog = window.collecting.dialog
    assert dialog is not None
    assert dialog.isVisible()
    fill(dialog, tmp_path / "acme")
    said: list[str] = []
    window.jobs.progressed.connect(lambda _job, _done, _total: said.append(dialog.how_far.text()))

    qtbot.mouseClick(dialog.collect_button, Qt.MouseButton.LeftButton)

    assert dialog.is_running
    assert not dialog.form.isEnabled()
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=240_000)
    opened = window.session.snapshot
    assert opened is not None
    assert {account.account_id for account in opened.snapshot.accounts} == {MANAGEMENT}
    assert any(f"Account {MANAGEMENT}: " in line for line in said)
    # moto lacks some calls: they are told, and the dialog stays to tell them.
    assert "glue get-resource-policy: 501" in dialog.failed_calls.toPlainText()
    assert not dialog.is_running
    assert endpoint.calls["iam GenerateServiceLastAccessedDetails"] == 0


def test_cancel_ends_the_process_and_what_was_captured_stays(
    qtbot: QtBot, dialog: CollectDialog, jobs: JobRunner, endpoint: Gate, tmp_path: Path
) -> None:
    endpoint.held = "sqs ListQueues"
    fill(dialog, tmp_path / "acme")
    dialog.start()
    qtbot.waitUntil(endpoint.arrived.is_set, timeout=240_000)
    # Calls run side by side: the one that is held may be the first. A file counts once the journal tells of it.
    journal = tmp_path / "acme" / JOURNAL
    qtbot.waitUntil(lambda: '"sha256"' in journal.read_text(encoding="utf-8"), timeout=240_000)

    dialog.collect_button.click()

    assert not dialog.is_running
    assert dialog.problem_bar.text.startswith("Canceled. The captured data is kept")
    assert jobs.wait_all(10_000)
    manifest = Manifest.model_validate_json((tmp_path / "acme" / "manifest.json").read_bytes())
    assert manifest.files
    assert manifest.finished_at is None


def test_trouble_of_the_capture_is_told_in_the_dialog(
    qtbot: QtBot, dialog: CollectDialog, endpoint: Gate, tmp_path: Path
) -> None:
    endpoint.denied = {"sts GetCallerIdentity": "InvalidClientTokenId"}
    fill(dialog, tmp_path / "acme")

    dialog.start()
    qtbot.waitUntil(lambda: not dialog.is_running, timeout=240_000)

    assert dialog.problem_bar.text.startswith("The AWS credentials cannot be used (InvalidClientTokenId: ")
    assert dialog.form.isEnabled()
    assert not (tmp_path / "acme").exists()


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("regions", "europe", "'europe' is not a Region: expected a name such as eu-west-1."),
        ("accounts", "12", "'12' is not an account ID: expected twelve digits."),
    ],
)
def test_fields_that_make_no_sense_are_told_before_anybody_is_asked(
    dialog: CollectDialog, field: str, text: str, told: str
) -> None:
    dialog.form.role.setText("Audit")
    getattr(dialog.form, field).setText(text)

    dialog.start()

    assert not dialog.is_running
    assert dialog.problem_bar.text == told


def test_fields_become_options(dialog: CollectDialog) -> None:
    form = dialog.form
    form.output.setText(" ~/acme.zip ")
    form.profile.setCurrentText("audit")
    form.regions.setText("eu-west-1, us-east-1  ap-south-1")
    form.accounts.setText("222222222222")
    form.last_accessed.setChecked(False)

    alone = form.options()
    form.role.setText("Audit")

    assert alone == Options(
        Path.home() / "acme.zip",
        profile="audit",
        regions=("eu-west-1", "us-east-1", "ap-south-1"),
        skip=frozenset({Kind.SERVICE_LAST_ACCESSED}),
    )
    assert (form.options().role_name, form.options().accounts) == ("Audit", ("222222222222",))


def test_command_says_what_the_options_say() -> None:
    options = Options(
        Path("-x"),
        profile="p",
        regions=("eu-west-1", "us-east-1"),
        role_name="Audit",
        accounts=("222222222222",),
        external_id="e",
        endpoint_url="http://127.0.0.1:1",
        skip=frozenset({Kind.TAGS}),
    )

    words = command_of(options)

    assert words[:3] == [sys.executable, "-m", "iamdesk"]
    assert " ".join(words[3:]) == (
        "collect --format json --progress json --parallel 8 --output=-x --profile=p --endpoint-url=http://127.0.0.1:1"
        " --role-name=Audit --external-id=e --region=eu-west-1 --region=us-east-1 --account=222222222222 --skip=tags"
    )


def test_without_boto3_the_dialog_tells_how_to_get_it(
    qtbot: QtBot, jobs: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect_dialog, "boto3_is_there", lambda: False)
    window = QWidget()
    qtbot.addWidget(window)

    dialog = CollectDialog(jobs, FileDialogs(), window)

    assert INSTALL in dialog.problem_bar.text
    assert not dialog.collect_button.isEnabled()


def test_policy_is_copied(dialog: CollectDialog) -> None:
    dialog.policy_button.click()

    assert QGuiApplication.clipboard().text() == policy_text()


def test_whole_capture_that_was_watched_closes_the_dialog(qtbot: QtBot, dialog: CollectDialog) -> None:
    with qtbot.waitSignal(dialog.collected) as collected:
        dialog._done(CAPTURED)

    assert collected.args == [CAPTURED, True]
    assert not dialog.isVisible()


def test_hostile_names_are_shown_as_they_are(dialog: CollectDialog) -> None:
    dialog._done(
        Captured(
            Path("<b>a\u202e"),
            (MANAGEMENT,),
            (),
            files=1,
            kept=0,
            failed_calls=(FAILED_CALL, FAILED_CALL),
            notes=("<img src=x>\u202e",),
        )
    )

    assert dialog.isVisible()
    assert "<b>a\\u202e: 1 account, 1 files. 2 calls failed." in dialog.problem_bar.text
    assert dialog.failed_calls.toPlainText() == "<img src=x>\\u202e\nkms list-keys: AccessDenied (2 times)"


def test_bundle_is_offered_to_a_user_who_closed_the_dialog(window: MainWindow) -> None:
    window.collecting.show()
    dialog = window.collecting.dialog
    assert dialog is not None
    dialog.close()

    dialog._done(CAPTURED)

    assert window.problem_bar.text == "acme.zip was collected."
    assert window.session.snapshot is None


def test_dialog_opened_again_is_the_same(window: MainWindow) -> None:
    window.collecting.show()
    first = window.collecting.dialog
    assert first is not None
    first.close()

    window.collecting.show()

    assert window.collecting.dialog is first
    assert first.isVisible()


def test_every_field_has_an_accessible_name(dialog: CollectDialog) -> None:
    nameless = [
        widget
        for widget in dialog.findChildren(QWidget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and widget.isVisible()
        and not QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
    ]

    assert nameless == []
