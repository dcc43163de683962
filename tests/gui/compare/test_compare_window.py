"""Comparing in the window: what is shown, filtered, asked, saved; cancelled and refused."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from iamdesk.api import SnapshotSession
from iamdesk.evaluate.request import EvalDecision
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.compare.compare_window import CompareWindow
from iamdesk.gui.compare.rows import FIELDS, ChangeKind, Column
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.resource_files import sample_snapshot
from tests.filter_fields import assert_fields_fit

ANA = "arn:aws:iam::111122223333:user/engineering/ana.moreno"
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
HOSTILE = "<b>x</b>\u202e"


class Chosen(FileDialogs):
    """Names files instead of asking."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def snapshot_to_open(self, parent: QWidget, folder: Path, title: str = "") -> Path | None:  # noqa: ARG002
        return self.path

    def file_to_save(self, parent: QWidget, title: str, suggestion: Path, kinds: str) -> Path | None:  # noqa: ARG002
        return self.path


def earlier(folder: Path) -> Path:
    """The sample as it was before: Ana could not read S3, and somebody had another tag."""
    content: dict[str, Any] = copy.deepcopy(json.loads(sample_snapshot().read_text()))
    later = folder / "later.json"
    later.write_text(json.dumps(content))
    users = {user["UserName"]: user for user in content["UserDetailList"]}
    users["ana.moreno"]["AttachedManagedPolicies"] = [
        {"PolicyName": "AmazonS3ReadOnlyAccess", "PolicyArn": READ},
        *users["ana.moreno"]["AttachedManagedPolicies"],
    ]
    users["ben.okafor"]["Tags"] = [*users["ben.okafor"].get("Tags", []), {"Key": HOSTILE, "Value": HOSTILE}]
    path = folder / "earlier.json"
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return earlier(tmp_path)


@pytest.fixture
def compare(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession, other: Path
) -> Iterator[CompareWindow]:
    session.open(sample)
    parent = QWidget()
    qtbot.addWidget(parent)
    made = CompareWindow(session, jobs, Chosen(other), parent)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    made.show()
    yield made
    made.close()


@pytest.fixture
def compared(qtbot: QtBot, compare: CompareWindow) -> CompareWindow:
    compare.choose()
    qtbot.waitUntil(lambda: bool(compare.view.model.rows), timeout=30_000)
    return compare


def told(window: CompareWindow) -> set[tuple[ChangeKind, str]]:
    return {(row.sort, row.subject) for row in window.view.model.shown}


def link(window: CompareWindow, name: str) -> LinkButton:
    found = window.view.detail.findChild(LinkButton, name)
    assert found is not None
    return found


def test_what_changed_is_shown_with_its_cause(compared: CompareWindow) -> None:
    (row,) = [row for row in compared.view.model.shown if row.subject == ANA]

    assert row.sort is ChangeKind.LOST
    assert row.texts[Column.CAUSE] == "AmazonS3ReadOnlyAccess was detached from user/engineering/ana.moreno."
    assert row.texts[Column.WHO] == "ana.moreno · user/engineering"  # the name is what a narrow column shows
    assert FIELDS.read("principal:user/engineering/ana.moreno").accepts(row)
    assert "s3:" in row.texts[Column.WHAT]
    assert (ChangeKind.SAME, ANA.replace("ana.moreno", "ben.okafor")) in told(compared)
    assert compared.view.summary.text().startswith("Access of 1 principal changed")


def test_first_row_is_selected_and_told_in_full(compared: CompareWindow) -> None:
    row = compared.view.table.current_row()
    assert row is not None
    assert row.subject == ANA
    assert link(compared, "compareShowSubject").shown == "user/engineering/ana.moreno"


def test_the_request_that_shows_it_is_asked_of_the_open_snapshot(
    qtbot: QtBot, session: Session, compared: CompareWindow
) -> None:
    with qtbot.waitSignal(session.evaluated):
        link(compared, "compareAsk").click()
    qtbot.waitUntil(lambda: session.decision is not None)

    assert session.decision is not None
    assert session.decision.request.principal == ANA
    assert session.decision.decision is not EvalDecision.ALLOWED


def test_words_and_kinds_filter(qtbot: QtBot, compared: CompareWindow) -> None:
    every = len(compared.view.model.shown)
    compared.view.text.setText("ana s3:GetObject")
    qtbot.waitUntil(lambda: told(compared) == {(ChangeKind.LOST, ANA)})
    compared.view.text.clear()
    qtbot.waitUntil(lambda: len(compared.view.model.shown) == every)

    compared.view.sort.setCurrentIndex(compared.view.sort.findData(ChangeKind.SAME))
    compared.view.sort.activated.emit(compared.view.sort.currentIndex())

    assert {sort for sort, _ in told(compared)} == {ChangeKind.SAME}


def test_the_overview_is_told_in_a_sentence(qtbot: QtBot, session: Session, compared: CompareWindow) -> None:
    with qtbot.waitSignal(session.compared, timeout=60_000) as told:
        compared.swap()
    assert told.args is not None
    assert told.args[0].startswith("From ")
    assert compared.view.summary.text() in told.args[0]
    assert compared.view.pair.text().count("(data up to ") == 2, "how old the data are, on both sides"


def test_swapped_it_is_the_other_way_round(qtbot: QtBot, compared: CompareWindow) -> None:
    compared.swap_button.click()
    qtbot.waitUntil(lambda: (ChangeKind.GAINED, ANA) in told(compared), timeout=30_000)

    assert (ChangeKind.LOST, ANA) not in told(compared)


def test_by_keyboard_alone(qtbot: QtBot, session: Session, compared: CompareWindow) -> None:
    assert compared.view.table.hasFocus() or QApplication.focusWidget() is None
    with qtbot.waitSignal(session.key_shown) as shown:
        QTest.keyClick(compared.view.table, Qt.Key.Key_Return)
    assert shown.args == [ANA]
    QTest.keyClick(compared.view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "ana.moreno" in QApplication.clipboard().text()
    view = compared.view
    for widget in (compared.choose_button, compared.swap_button, compared.save_button, view.sort, view.text):
        assert widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        assert widget.accessibleName() or isinstance(widget, QPushButton)


def test_text_from_a_snapshot_is_never_markup(compared: CompareWindow) -> None:
    for row in compared.view.model.rows:
        assert "\u202e" not in "".join(row.texts)


def test_cancelled_leaves_what_was_there(qtbot: QtBot, compare: CompareWindow) -> None:
    compare.choose()
    assert compare.bar.cancel_button.isVisible()
    compare.bar.cancel_button.click()

    assert not compare.bar.cancel_button.isVisible()
    assert "canceled" in compare.message.text
    assert not compare.view.model.rows


def test_closed_while_earlier_snapshots_are_looked_for(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession, other: Path
) -> None:
    session.open(sample)
    parent = QWidget()
    qtbot.addWidget(parent)
    with qtbot.captureExceptions() as errors:
        delete(CompareWindow(session, jobs, Chosen(other), parent))
        qtbot.waitUntil(lambda: not jobs.running, timeout=30_000)
    assert errors == []


def test_what_is_no_snapshot_is_told_in_one_sentence(qtbot: QtBot, compare: CompareWindow, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.json"
    nothing.write_text("{}")
    compare.compare_with(nothing)
    qtbot.waitUntil(lambda: bool(compare.message.text))

    assert "nothing.json" in compare.message.text


@pytest.mark.parametrize("name", ["saved.json", "saved.txt"])
def test_it_is_saved(qtbot: QtBot, compared: CompareWindow, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    compared._prompts = Chosen(path)
    compared.save_button.click()
    qtbot.waitUntil(path.exists)

    text = path.read_text()
    if name.endswith(".json"):
        assert json.loads(text)["Counts"]["Lost"] == 1
    else:
        assert "AmazonS3ReadOnlyAccess was detached" in text


def test_it_is_in_the_tools_menu(
    qtbot: QtBot, open_window: MainWindow, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_window.prompts, "snapshot_to_open", lambda *_: other)
    open_window.menus.actions["actionCompare"].trigger()
    window = open_window.findChild(CompareWindow)
    assert window is not None
    qtbot.waitUntil(lambda: (ChangeKind.LOST, ANA) in told(window), timeout=30_000)
    window.close()


def test_fields_filter_changes(qtbot: QtBot, compared: CompareWindow) -> None:
    assert_fields_fit(FIELDS, compared.view.model.rows)
    compared.view.text.show_filter("change:lost arn:ana")
    assert told(compared) == {(ChangeKind.LOST, ANA)}
    compared.view.text.show_filter("-change:lost")
    assert (ChangeKind.LOST, ANA) not in told(compared)


def test_earlier_snapshots_of_the_same_account_are_offered(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession, other: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign.json"
    foreign.write_text(other.read_text().replace("111122223333", "999988887777"))
    session.recent_snapshots = lambda: (foreign, sample.path, other)
    session.open(sample)
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    asks = Chosen(foreign)
    window = CompareWindow(session, jobs, asks, parent)
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    window.show()
    window.activateWindow()
    window.begin()
    qtbot.waitUntil(lambda: window.earlier.count() > 0, timeout=10_000)
    paths = [window.earlier.item(row).data(Qt.ItemDataRole.UserRole) for row in range(window.earlier.count())]
    assert paths == [other]
    assert window.focusWidget() is window.earlier
    QTest.keyClick(window.earlier, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(window.view.model.rows), timeout=60_000)
    assert not window.earlier.isVisible()
    window.begin()
    assert window.earlier.isVisible()
    window.close()


def test_a_follow_up_review_is_one_key_away(qtbot: QtBot, compared: CompareWindow) -> None:
    wanted = QAction(compared)
    wanted.setObjectName("actionNextReview")
    compared.follow_up_button.setFocus()
    with qtbot.waitSignal(wanted.triggered):
        QTest.keyClick(compared.follow_up_button, Qt.Key.Key_Space)
    compared.swap()
    qtbot.waitUntil(lambda: (ChangeKind.GAINED, ANA) in told(compared), timeout=30_000)
    assert not compared.follow_up_button.isEnabled(), "the open snapshot is the older one"
