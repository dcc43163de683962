"""Trying changes in the window: listed, refused, tried, saved, opened."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.compare.rows import ChangeKind
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.what_if.what_if_window import WhatIfWindow
from iamdesk.whatif.edits import Edit, EditAction

ANA = "arn:aws:iam::111122223333:user/engineering/ana.moreno"
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
LEGACY = "arn:aws:iam::111122223333:policy/engineering/LegacyPassRole"


class Chosen(FileDialogs):
    """Names a file instead of asking."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file_to_save(self, parent: QWidget, title: str, suggestion: Path, kinds: str) -> Path | None:  # noqa: ARG002
        return self.path


@pytest.fixture
def sandbox(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession, tmp_path: Path
) -> Iterator[WhatIfWindow]:
    session.open(sample)
    session.select(ANA)
    parent = QWidget()
    qtbot.addWidget(parent)
    made = WhatIfWindow(session, jobs, Chosen(tmp_path / "what-if.sh"), parent)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    made.show()
    yield made
    made.close()


def choose(window: WhatIfWindow, act: EditAction) -> None:
    window.form.act.setCurrentIndex(window.form.act.findData(act))


def attach(window: WhatIfWindow) -> None:
    choose(window, EditAction.ATTACH_POLICY)
    window.form.detail.setText(READ)
    window.add_button.click()


@pytest.fixture
def tried(qtbot: QtBot, sandbox: WhatIfWindow) -> WhatIfWindow:
    attach(sandbox)
    sandbox.try_button.click()
    qtbot.waitUntil(lambda: bool(sandbox.view.model.rows), timeout=30_000)
    return sandbox


def test_what_is_selected_is_the_subject(sandbox: WhatIfWindow) -> None:
    assert sandbox.form.subject.text() == ANA
    assert not sandbox.try_button.isEnabled()


def test_changes_are_listed_tried_and_told(tried: WhatIfWindow) -> None:
    assert tried.list.item(0).text() == f"Attach a policy: {ANA}, {READ}"
    gained = [row for row in tried.view.model.shown if row.sort is ChangeKind.GAINED]
    assert {row.subject for row in gained} == {ANA}
    assert gained[0].reason == "AmazonS3ReadOnlyAccess was attached to user/engineering/ana.moreno."


def test_the_commands_are_saved_dry(qtbot: QtBot, tried: WhatIfWindow, tmp_path: Path) -> None:
    tried.save_button.click()
    path = tmp_path / "what-if.sh"
    qtbot.waitUntil(path.exists)

    assert "aws iam attach-user-policy --user-name ana.moreno" in path.read_text()
    assert "APPLY=yes" in path.read_text()


def test_the_changed_copy_opens_in_place_of_the_snapshot(
    qtbot: QtBot, session: Session, sample: SnapshotSession, tried: WhatIfWindow
) -> None:
    tried.open_button.click()
    qtbot.waitUntil(lambda: session.snapshot is not sample)

    assert session.snapshot is not None
    assert session.snapshot.snapshot.path.name == "acme-prod.json with 1 change"
    assert not tried.isVisible()


def test_a_policy_is_loaded_changed_and_tried(qtbot: QtBot, sandbox: WhatIfWindow) -> None:
    choose(sandbox, EditAction.SET_POLICY)
    sandbox.form.subject.setText(LEGACY)
    sandbox.form.load_button.click()
    qtbot.waitUntil(lambda: "iam:PassRole" in sandbox.form.document.toPlainText())
    document = json.loads(sandbox.form.document.toPlainText())
    document["Statement"] = []
    sandbox.form.show_document(document)
    sandbox.add_button.click()
    sandbox.try_button.click()
    qtbot.waitUntil(lambda: bool(sandbox.view.model.rows), timeout=30_000)

    assert ChangeKind.LOST in {row.sort for row in sandbox.view.model.rows}


@pytest.mark.parametrize("act", list(EditAction))
def test_every_act_shows_what_it_takes_and_says_what_is_missing(sandbox: WhatIfWindow, act: EditAction) -> None:
    choose(sandbox, act)
    sandbox.form.subject.clear()
    sandbox.form.document.setPlainText("{}")
    sandbox.add_button.click()

    assert sandbox.edits == []
    assert "needs a “subject”" in sandbox.message.text


def test_what_is_no_json_and_what_cannot_be_done_are_told(qtbot: QtBot, sandbox: WhatIfWindow) -> None:
    choose(sandbox, EditAction.PUT_INLINE_POLICY)
    sandbox.form.detail.setText("own")
    sandbox.form.document.setPlainText("{")
    sandbox.add_button.click()
    assert "is not valid JSON" in sandbox.message.text

    choose(sandbox, EditAction.DETACH_POLICY)
    sandbox.form.detail.setText(READ)
    sandbox.add_button.click()
    sandbox.try_button.click()
    qtbot.waitUntil(lambda: "is not attached" in sandbox.message.text)
    assert not sandbox.save_button.isEnabled()


def test_a_change_is_taken_back(sandbox: WhatIfWindow) -> None:
    attach(sandbox)
    sandbox.remove_button.click()

    assert (sandbox.edits, sandbox.list.count()) == ([], 0)
    assert not sandbox.try_button.isEnabled()


def test_cancelled_nothing_is_shown(sandbox: WhatIfWindow) -> None:
    attach(sandbox)
    sandbox.try_button.click()
    sandbox.bar.cancel_button.click()

    assert "canceled" in sandbox.message.text
    assert not sandbox.view.model.rows


def test_it_is_in_the_tools_menu(open_window: MainWindow) -> None:
    open_window.menus.actions["actionWhatIf"].trigger()
    window = open_window.findChild(WhatIfWindow)
    assert window is not None
    assert window.isVisible()
    window.close()


def test_the_form_offers_names_policies_and_statements(qtbot: QtBot, sandbox: WhatIfWindow) -> None:
    form = sandbox.form
    choose(sandbox, EditAction.DETACH_POLICY)
    form.subject.setFocus()
    form.subject.clear()
    QTest.keyClicks(form.subject, "web-ser")
    qtbot.waitUntil(lambda: bool(form.subject.offered), timeout=10_000)
    form.subject.take(form.subject.offered[0])
    assert form.subject.text().endswith("/web-server")
    form.detail.setFocus()
    form.detail.want_all()
    qtbot.waitUntil(lambda: bool(form.detail.offered), timeout=10_000)
    assert any(one.label == "AmazonSSMManagedInstanceCore" for one in form.detail.offered)
    choose(sandbox, EditAction.REMOVE_STATEMENT)
    form.subject.setText(LEGACY)
    qtbot.waitUntil(lambda: form.statements.count() > 0, timeout=10_000)
    assert form.statements.itemText(0).startswith("1. Allow ")
    assert not form.statements.isHidden()
    form.statements.setCurrentIndex(0)
    form.statements.activated.emit(0)
    assert form.edit().index == 0


def test_paths_and_findings_that_appear_and_vanish_are_listed_and_lead_to_their_subject(
    qtbot: QtBot, sandbox: WhatIfWindow, session: Session
) -> None:
    choose(sandbox, EditAction.ATTACH_POLICY)
    sandbox.form.detail.setText("arn:aws:iam::aws:policy/AdministratorAccess")
    sandbox.add_button.click()
    sandbox.try_button.click()
    qtbot.waitUntil(lambda: sandbox.risks.topLevelItemCount() == 7, timeout=120_000)
    groups = [sandbox.risks.topLevelItem(number) for number in range(7)]
    titles = [str(one.text(0)) for one in groups if one is not None]
    assert titles[0] == "New administrators: 1"
    findings = groups[5]
    assert findings is not None
    shown = [findings.child(number) for number in range(findings.childCount())]
    (row,) = [one for one in shown if one is not None and "ADM-01" in one.text(0) and "ana.moreno" in one.text(0)]
    told: list[str] = []
    sandbox.risks.chosen.connect(told.append)
    sandbox.risks.setCurrentItem(row)
    sandbox.risks.itemActivated.emit(row, 0)
    assert told == [ANA]
    assert session.subject_key == ANA


def test_an_effect_of_other_changes_than_the_list_is_grey_and_not_saved(
    qtbot: QtBot, tried: WhatIfWindow, tmp_path: Path
) -> None:
    """The commands of a change that had been removed from the list were saved."""
    assert tried.outdated.isHidden()
    assert tried.save_button.isEnabled()
    tried.remove_button.click()
    assert tried.outdated.isVisible()
    assert tried.outdated.text().startswith("The list is empty")
    assert not tried.view.isEnabled()
    assert not tried.risks.isEnabled()
    assert not tried.save_button.isEnabled()
    assert not tried.open_button.isEnabled()
    tried.save()
    assert not (tmp_path / "what-if.sh").exists()

    attach(tried)  # the same change again
    assert tried.save_button.isEnabled()
    assert tried.view.isEnabled()
    choose(tried, EditAction.TAG)
    tried.form.subject.setText(ANA)
    tried.form.detail.setText("team")
    tried.form.document.setPlainText("a")
    tried.add_button.click()
    assert len(tried.edits) == 2
    assert tried.outdated.text().startswith("The list has changed")
    assert not tried.save_button.isEnabled()
    tried.try_button.click()
    qtbot.waitUntil(lambda: tried.outdated.isHidden() and tried.save_button.isEnabled(), timeout=30_000)
    assert tried.view.isEnabled()
    assert tried.focusWidget() is tried.view.table


def test_after_a_try_that_fails_the_effect_of_before_is_grey(qtbot: QtBot, tried: WhatIfWindow) -> None:
    choose(tried, EditAction.DETACH_POLICY)
    tried.form.subject.setText("arn:aws:iam::111122223333:group/NoSuchGroup")
    tried.form.detail.setText(READ)
    tried.add_button.click()
    tried.try_button.click()
    qtbot.waitUntil(lambda: "NoSuchGroup" in tried.message.text, timeout=30_000)
    assert tried.outdated.isVisible()
    assert not tried.view.isEnabled()
    assert not tried.save_button.isEnabled()


def test_names_are_taken_and_the_effect_is_shown_at_once(qtbot: QtBot, sandbox: WhatIfWindow) -> None:
    choose(sandbox, EditAction.DETACH_POLICY)
    form = sandbox.form
    form.subject.setFocus()
    form.subject.setText("SiteReliability")
    QTest.keyClick(form.subject, Qt.Key.Key_Return)
    assert sandbox.focusWidget() is form.detail
    form.detail.setText("PowerUserAccess")
    QTest.keyClick(form.detail, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(sandbox.edits), timeout=10_000)
    (edit,) = sandbox.edits
    assert edit.subject == "arn:aws:iam::111122223333:group/engineering/sre/SiteReliability"
    assert edit.detail == "arn:aws:iam::aws:policy/PowerUserAccess"
    qtbot.waitUntil(lambda: bool(sandbox.view.model.rows), timeout=30_000)
    assert sandbox.save_button.isEnabled()
    assert sandbox.focusWidget() is form.detail, "a further change may follow"


def test_a_name_of_several_is_asked_about(qtbot: QtBot, sandbox: WhatIfWindow) -> None:
    choose(sandbox, EditAction.DELETE)
    sandbox.form.subject.setText("a")
    sandbox.add_button.click()
    qtbot.waitUntil(lambda: "can mean several things" in sandbox.message.text, timeout=10_000)
    assert sandbox.edits == []


def test_without_the_selected_item_is_one_press_away(qtbot: QtBot, sandbox: WhatIfWindow, session: Session) -> None:
    assert sandbox.without_button.text() == "Try without ana.moreno"
    tried: list[object] = []
    session.edits_tried.connect(tried.append)
    sandbox.without_button.click()
    qtbot.waitUntil(lambda: bool(tried), timeout=10_000)
    assert tried == [(Edit(EditAction.DELETE, ANA),)]
    session.select("arn:aws:s3:::acme-payroll")
    assert not sandbox.without_button.isVisible()
