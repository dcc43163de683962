"""A review among many reviewers in the window: assigned, split, merged, conflicts resolved, progress, delegation."""

import shutil
import subprocess
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.gui.core.plain_text import PlainLabel
from iamdesk.gui.review.assign_window import AssignWindow
from iamdesk.gui.review.conflicts_window import ConflictsWindow
from iamdesk.gui.review.coordination_window import CoordinationWindow
from iamdesk.gui.review.filters import RowFilterMode
from iamdesk.gui.review.merge_window import MergeWindow
from iamdesk.gui.review.progress_window import ProgressWindow
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.review.sign_dialog import SignDialog
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.resource_files import resources
from iamdesk.review.coordination import assign_review, read_rules, split_review
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.events import EventKind
from iamdesk.review.review_file import ReviewFile

from .conftest import Answers
from .test_completion_strip import choose, counts, read, record, shown
from .test_review_panel import TODAY, desk_of

ANA, DANA = Reviewer("Ana Moreno", "ana"), Reviewer("Dana Lee", "dana")
KEEP = ItemDecision(ReviewDecision.KEEP, "needed")
REVOKE = ItemDecision(ReviewDecision.REVOKE, "not needed")


def rules(folder: Path, *, due: str = "2099-12-15", rest: str = "Dana Lee") -> Path:
    path = folder / "rules.csv"
    lines = ["class,reviewer,backup,due", f"user,Ana Moreno,Ben Ito,{due}", *([f",{rest},,{due}"] if rest else [])]
    path.write_text("\n".join(lines) + "\n")
    return path


def window_of[Window: CoordinationWindow](qtbot: QtBot, panel: ReviewPanel, kind: type[Window], command: str) -> Window:
    panel.commands()[command]()
    window = panel.coordination.window
    assert isinstance(window, kind)
    qtbot.waitUntil(lambda: not window.is_running, timeout=30_000)
    return window


def wait(qtbot: QtBot, window: CoordinationWindow) -> None:
    qtbot.waitUntil(lambda: not window.is_running, timeout=30_000)


def texts(table: QTreeWidget) -> list[list[str]]:
    found = []
    for place in range(table.topLevelItemCount()):
        item = table.topLevelItem(place)
        assert item is not None
        found.append([item.text(column) for column in range(table.columnCount())])
    return found


@pytest.fixture
def parts(panel: ReviewPanel, tmp_path: Path) -> Path:
    """The review is assigned and split: users to Ana, the rest to Dana."""
    file = desk_of(panel).file
    assign_review(file, read_rules(rules(tmp_path)), ANA)
    split_review(file, tmp_path / "parts", ANA)
    return tmp_path / "parts"


def decide(path: Path, reviewer: Reviewer, decision: ItemDecision, count: int = 1) -> list[str]:
    with ReviewFile.open(path) as part:
        items = [*part.item_states.known][:count]
        part.record(dict.fromkeys(items, decision), reviewer)
    return items


def test_assignment_is_shown_before_it_is_recorded(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path
) -> None:
    window = window_of(qtbot, panel, AssignWindow, "actionAssignReview")
    assert not window.assign_button.isEnabled()
    prompts.opens = rules(tmp_path, rest="")
    choose_rules = window.findChild(QWidget, "assignChooseRules")
    assert choose_rules is not None
    QTest.keyClick(choose_rules, Qt.Key.Key_Space)
    wait(qtbot, window)
    rows = texts(window.preview)
    assert [row[0] for row in rows] == ["Ana Moreno", "No reviewer"]
    total = len(desk_of(panel).lines) + len(desk_of(panel).findings)
    assert sum(int(row[1].replace(",", "")) for row in rows) == total
    assert "the review cannot be completed" in window.note.text()
    assert desk_of(panel).file.events() == (), "nothing is recorded yet"

    QTest.keyClick(window.assign_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    (event,) = desk_of(panel).file.events()
    assert (event.kind, event.actor) == (EventKind.ASSIGN, "Ana Moreno")
    read(qtbot, panel)
    without = next(text for text in counts(panel) if text.endswith("without reviewer"))
    choose(qtbot, panel, without)
    assert panel.head.chosen_show is RowFilterMode.UNASSIGNED
    panel.head.show_only.setCurrentIndex(panel.head.show_only.findData(RowFilterMode.MINE))
    panel._filter()
    mine = shown(panel)
    assert mine
    assert all(panel.status.assigned[item].reviewer == "Ana Moreno" for item in mine)


def test_rules_of_the_guide_ask_the_snapshot(qtbot: QtBot, panel: ReviewPanel) -> None:
    window = window_of(qtbot, panel, AssignWindow, "actionAssignReview")
    window.rules.setText(str(resources() / "samples" / "reviewers.csv"))
    QTest.keyClick(window.rules, Qt.Key.Key_Return)
    wait(qtbot, window)
    assert [row[0] for row in texts(window.preview)] == ["Ana Moreno", "Ben Ito", "Dana Lee"]


def test_wrong_rules_are_said_and_nothing_can_be_assigned(qtbot: QtBot, panel: ReviewPanel, tmp_path: Path) -> None:
    window = window_of(qtbot, panel, AssignWindow, "actionAssignReview")
    path = tmp_path / "wrong.csv"
    path.write_text("class,reviewer\nusers,Ana\n")
    window.rules.setText(str(path))
    QTest.keyClick(window.rules, Qt.Key.Key_Return)
    wait(qtbot, window)
    assert "wrong.csv, row 2: unknown class" in window.message.text
    assert not window.assign_button.isEnabled()


def test_split_writes_a_part_for_each_reviewer(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path
) -> None:
    assign_review(desk_of(panel).file, read_rules(rules(tmp_path)), ANA)
    prompts.folder = tmp_path / "parts"
    panel.commands()["actionSplitReview"]()
    qtbot.waitUntil(lambda: "2 parts were written" in panel.message.text, timeout=30_000)
    assert {path.name for path in prompts.folder.iterdir()} == {"Ana-Moreno.iamreview", "Dana-Lee.iamreview"}
    assert "Ana-Moreno.iamreview" in panel.message.text
    panel.commands()["actionSplitReview"]()
    qtbot.waitUntil(lambda: "everything that is assigned is in parts already" in panel.message.text, timeout=30_000)


def test_merge_tells_of_each_part_what_became_of_it(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, parts: Path
) -> None:
    ana, dana = parts / "Ana-Moreno.iamreview", parts / "Dana-Lee.iamreview"
    (conflicting, taken) = decide(ana, ANA, REVOKE, 2)
    record(qtbot, panel, {conflicting: KEEP})
    decide(dana, ANA, KEEP)  # who is not assigned to it
    broken = parts / "broken.iamreview"
    broken.write_bytes(b"no review")

    window = window_of(qtbot, panel, MergeWindow, "actionMergeParts")
    assert not window.merge_button.isEnabled()
    prompts.folder = parts
    QTest.keyClick(window.folder_button, Qt.Key.Key_Space)
    assert window.focusWidget() is window.merge_button
    QTest.keyClick(window.merge_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    rows = {row[0]: row for row in texts(window.parts)}
    assert rows[ana.name][1:7] == ["Ana Moreno", "1", "0", "1", "0", rows[ana.name][6]]
    assert rows[dana.name][1:6] == ["Dana Lee", "0", "0", "0", "1"]
    assert rows[ana.name][7] == "not signed with a key"
    assert "broken.iamreview" in rows[broken.name][7]
    first, second = window.parts.topLevelItem(0), window.parts.topLevelItem(1)
    assert first is not None
    assert second is not None
    conflict, refused = first.child(0), second.child(0)
    assert conflict is not None
    assert refused is not None
    assert conflict.text(0).startswith("Conflict: ")
    assert "Review: Keep" in conflict.text(0)
    assert "part: Revoke" in conflict.text(0)
    assert refused.text(0).startswith("Rejected: ")
    assert refused.text(0).endswith(". Ana Moreno decided it, but is not assigned to this part")
    assert desk_of(panel).decision(taken) == REVOKE
    qtbot.waitUntil(lambda: "1 conflict" in counts(panel), timeout=10_000)

    # The conflict: both side by side, a choice needs a reason.
    QTest.keyClick(window.conflicts_button, Qt.Key.Key_Space)
    resolving = panel.coordination.window
    assert isinstance(resolving, ConflictsWindow)
    wait(qtbot, resolving)
    assert (resolving.here.decision.text(), resolving.there.decision.text()) == ("Keep", "Revoke")
    assert "needed" in resolving.here.details.text()
    assert resolving.there.details.text().startswith("By Ana Moreno, ")
    assert not resolving.take_button.isEnabled()
    QTest.keyClicks(resolving.reason, "she asked the owner")
    QTest.keyClick(resolving.take_button, Qt.Key.Key_Space)
    wait(qtbot, resolving)
    assert desk_of(panel).decision(conflicting) == REVOKE
    assert resolving.message.text == "No conflict is open."
    event = desk_of(panel).file.events()[-1]
    assert (event.kind, event.details["reason"]) == (EventKind.RESOLVE, "she asked the owner")
    qtbot.waitUntil(lambda: "1 conflict" not in counts(panel), timeout=10_000)


def test_merge_of_files_again_changes_nothing(qtbot: QtBot, panel: ReviewPanel, prompts: Answers, parts: Path) -> None:
    decide(parts / "Ana-Moreno.iamreview", ANA, REVOKE, 2)
    prompts.files = (parts / "Ana-Moreno.iamreview",)
    window = window_of(qtbot, panel, MergeWindow, "actionMergeParts")
    window.files_button.click()
    for merged in ("2", "0"):
        QTest.keyClick(window.merge_button, Qt.Key.Key_Space)
        wait(qtbot, window)
        assert [row[2] for row in texts(window.parts)] == [merged]


def test_unsigned_parts_are_rejected_if_keys_are_required(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, parts: Path, tmp_path: Path
) -> None:
    decide(parts / "Ana-Moreno.iamreview", ANA, REVOKE)
    signers = tmp_path / "signers"
    signers.write_text("")
    prompts.files = (parts / "Ana-Moreno.iamreview",)
    window = window_of(qtbot, panel, MergeWindow, "actionMergeParts")
    assert not window.required.isEnabled(), "anyone can sign with a key of their own"
    window.files_button.click()
    window.signers.setText(str(signers))
    window.required.setChecked(True)
    window.merge()
    wait(qtbot, window)
    assert [row[7] for row in texts(window.parts)] == ["Ana-Moreno.iamreview: not signed with a key."]


def test_progress_by_reviewer_and_reminders(qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path) -> None:
    file = desk_of(panel).file
    late = (TODAY - timedelta(3)).isoformat()
    assign_review(file, read_rules(rules(tmp_path, due=late)), ANA)
    made = {part.reviewer: part for part in split_review(file, tmp_path / "parts", ANA)}
    decide(tmp_path / "parts" / "Ana-Moreno.iamreview", ANA, KEEP, 2)
    (tmp_path / "parts" / "Dana-Lee.iamreview").unlink()
    prompts.folder = tmp_path / "parts"
    window = window_of(qtbot, panel, ProgressWindow, "actionPartsProgress")
    total = len(made["Ana Moreno"].items)
    by_review = {row[0]: row[1] for row in texts(window.list)}
    assert by_review["Ana Moreno"] == f"0 of {total}", "nothing is merged yet"
    assert set(by_review) == {"Ana Moreno", "Dana Lee"}
    assert "Choose the folder" in window.sentence.text()
    assert not window.remind_button.isEnabled()
    QTest.keyClick(window.folder_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    (ana, dana) = texts(window.list)
    assert ana[:3] == ["Ana Moreno", f"2 of {total}", str(total - 2)]
    assert ana[5] == "overdue"
    assert (dana[0], dana[5]) == ("Dana Lee", "the file is missing")
    assert "2 parts are overdue." in window.sentence.text()

    prompts.folder = tmp_path / "reminders"
    prompts.folder.mkdir()
    QTest.keyClick(window.remind_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    assert {path.name for path in prompts.folder.iterdir()} == {"Ana-Moreno.eml", "Ana-Moreno.ics"}
    assert file.events()[-1].kind is EventKind.REMIND
    assert "Nothing was sent" in window.message.text
    read(qtbot, panel)
    assert any(text.endswith("overdue") for text in counts(panel))


def test_part_says_whose_it_is_and_is_delegated_and_handed_back(qtbot: QtBot, panel: ReviewPanel, parts: Path) -> None:
    panel.controller.open_path(parts / "Ana-Moreno.iamreview")
    qtbot.waitUntil(lambda: desk_of(panel).path.parent == parts and not panel.is_filling, timeout=30_000)
    read(qtbot, panel)
    assert panel.strip.owner.full_text() == "Part of Ana Moreno, due 15 December 2099"
    strip = panel.strip
    shown_there = [strip.state, strip.owner, panel.head.progress, *strip.links, panel.head.summary, strip.sign_button]
    assert not strip._are_below
    qtbot.waitUntil(lambda: strip.owner.width() >= strip.owner.sizeHint().width() > 0, timeout=10_000)
    for left, right in pairwise(shown_there):
        end, start = (one.mapTo(strip, QPoint(0, 0)).x() for one in (left, right))
        assert end + left.width() <= start, "they do not overlap"
    panel.commands()["actionDelegatePart"]()
    dialog = panel.coordination.dialog
    assert dialog is not None
    assert not dialog.accept_button.isEnabled()
    QTest.keyClicks(dialog.name, "Eva Lind")
    QTest.keyClicks(dialog.reason, "on leave")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.message.text == "Eva Lind may decide in this part.", timeout=10_000)
    panel.head.reviewer_name.setText("Eva Lind")
    panel.commands()["actionHandBackPart"]()
    again = panel.coordination.dialog
    assert again is not None
    assert not again.name.isVisible()
    QTest.keyClick(again, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.message.text == "The part is handed back.", timeout=10_000)
    kinds = [event.kind for event in desk_of(panel).file.events()]
    assert kinds == [EventKind.DELEGATE, EventKind.HAND_BACK]


def test_whole_review_is_not_handed_over(panel: ReviewPanel) -> None:
    panel.commands()["actionDelegatePart"]()
    assert panel.coordination.dialog is None
    assert panel.message.text == "The open review is not a part: only a part is handed over."


def test_overdue_part_says_so(qtbot: QtBot, panel: ReviewPanel, tmp_path: Path) -> None:
    file = desk_of(panel).file
    assign_review(file, read_rules(rules(tmp_path, due="2020-02-01")), ANA)
    split_review(file, tmp_path / "parts", ANA)
    panel.controller.open_path(tmp_path / "parts" / "Dana-Lee.iamreview")
    qtbot.waitUntil(lambda: desk_of(panel).path.parent == tmp_path / "parts" and not panel.is_filling, timeout=30_000)
    read(qtbot, panel)
    assert panel.strip.owner.full_text() == "Part of Dana Lee, overdue since 1 February 2020"


def test_part_warns_whoever_may_not_decide_in_it(qtbot: QtBot, panel: ReviewPanel, parts: Path) -> None:
    panel.controller.open_path(parts / "Dana-Lee.iamreview")
    qtbot.waitUntil(lambda: desk_of(panel).path.parent == parts and not panel.is_filling, timeout=30_000)
    read(qtbot, panel)
    assert panel.message.text.startswith("This part is for Dana Lee. Decisions of Ana Moreno are rejected")
    panel.message.clear()
    panel.head.reviewer_name.setText("dana  lee")
    QTest.keyClick(panel.head.reviewer_name, Qt.Key.Key_Return)
    read(qtbot, panel)
    assert panel.message.text == ""


@pytest.mark.parametrize(
    "command", ["actionAssignReview", "actionMergeParts", "actionConflicts", "actionPartsProgress", "actionRetests"]
)
def test_windows_have_names_and_close_with_the_review(qtbot: QtBot, panel: ReviewPanel, command: str) -> None:
    panel.commands()[command]()
    window = panel.coordination.window
    assert window is not None
    wait(qtbot, window)
    for widget in window.findChildren(QWidget):
        if widget.focusPolicy() is not Qt.FocusPolicy.NoFocus and widget.isVisible():
            interface = QAccessible.queryAccessibleInterface(widget)
            assert interface.text(QAccessible.Text.Name), widget
    for label in window.findChildren(PlainLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText
    panel.controller.close()
    assert not window.isVisible()
    assert panel.coordination.window is None


def test_no_review_is_said(panel: ReviewPanel) -> None:
    panel.controller.close()
    panel.commands()["actionAssignReview"]()
    assert panel.message.text == "Open a review first."
    assert panel.coordination.window is None


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
def test_part_is_signed_and_merged_as_signed(qtbot: QtBot, panel: ReviewPanel, parts: Path, tmp_path: Path) -> None:
    key = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key, "-C", ""], check=True)
    whole = desk_of(panel).path
    panel.commands()["actionSignPart"]()
    assert "is not a part" in panel.message.text
    path = parts / "Ana-Moreno.iamreview"
    panel.controller.open_path(path)
    qtbot.waitUntil(lambda: desk_of(panel).path == path and not panel.is_filling, timeout=30_000)
    read(qtbot, panel)
    step = panel.strip.sign_button
    assert step.text() == "Sign part…"
    assert not panel.strip.export_button.isVisible()
    item = next(iter(desk_of(panel).file.ids))
    record(qtbot, panel, {item: KEEP})

    panel.packages.signing_key = str(key)
    QTest.keyClick(step, Qt.Key.Key_Space)
    dialog = panel.packages.dialog
    assert isinstance(dialog, SignDialog)
    assert not dialog.role.isVisible()
    assert "every decision and delegation in the part" in dialog.how.text()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "The part is signed by Ana Moreno." in panel.message.text, timeout=30_000)
    read(qtbot, panel)
    assert step.accessibleName() == "Sign part… (done)"

    record(qtbot, panel, {item: REVOKE})  # what was signed is not all of it any more
    read(qtbot, panel)
    assert step.accessibleName() == "Sign part…"
    assert "changed since" in step.toolTip()
    QTest.keyClick(step, Qt.Key.Key_Space)
    again = panel.packages.dialog
    assert isinstance(again, SignDialog)
    panel.message.clear()
    QTest.keyClick(again, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "The part is signed by Ana Moreno." in panel.message.text, timeout=30_000)

    panel.controller.open_path(whole)
    qtbot.waitUntil(lambda: desk_of(panel).path == whole and not panel.is_filling, timeout=30_000)
    signers = tmp_path / "signers"
    public = key.with_suffix(".pub").read_text()
    signers.write_text(f'Ana-Moreno namespaces="iamdesk-review" {public}')
    window = window_of(qtbot, panel, MergeWindow, "actionMergeParts")
    window.signers.setText(str(signers))
    window.required.setChecked(True)
    window._take((path,))
    QTest.keyClick(window.merge_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    (row,) = texts(window.parts)
    assert row[2] == "2", "both entries of the journal"
    assert row[7].startswith("signed by Ana Moreno")
    assert desk_of(panel).file.decision(item).choice is ReviewDecision.REVOKE


def test_items_are_handed_back_and_given_to_somebody_else(
    qtbot: QtBot, panel: ReviewPanel, parts: Path, prompts: Answers, tmp_path: Path
) -> None:
    whole, path = desk_of(panel).path, parts / "Ana-Moreno.iamreview"
    panel.commands()["actionReturnItems"]()
    assert "is not a part" in panel.message.text
    panel.controller.open_path(path)
    qtbot.waitUntil(lambda: desk_of(panel).path == path and not panel.is_filling, timeout=30_000)
    panel.table.go_to(0)
    row = panel.table.current_row()
    assert row is not None
    (item,) = row.subject_ids
    panel.commands()["actionReturnItems"]()
    dialog = panel.coordination.dialog
    assert dialog is not None
    assert not dialog.accept_button.isEnabled(), "it needs a reason"
    QTest.keyClicks(dialog.name, "Eva Lind")
    QTest.keyClicks(dialog.reason, "not my team")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.message.text == "1 item is handed back.", timeout=10_000)
    read(qtbot, panel)
    qtbot.waitUntil(lambda: not panel.is_filling, timeout=10_000)
    choose(qtbot, panel, "1 handed back")
    assert shown(panel) == {item}
    told = panel.evidence.findChild(FlowLabel, "handedBack")
    assert told is not None
    assert told.text() == "Handed back by Ana Moreno, for Eva Lind: not my team"

    panel.controller.open_path(whole)
    qtbot.waitUntil(lambda: desk_of(panel).path == whole and not panel.is_filling, timeout=30_000)
    window = window_of(qtbot, panel, MergeWindow, "actionMergeParts")
    window._take((path,))
    QTest.keyClick(window.merge_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    assert "Handed back: 1; give them to another reviewer." in window.message.text
    first = window.parts.topLevelItem(0)
    assert first is not None
    child = first.child(0)
    assert child is not None
    assert child.text(0).startswith("Handed back: ")
    window.close()
    read(qtbot, panel)
    qtbot.waitUntil(lambda: not panel.is_filling, timeout=10_000)
    assert {"1 without reviewer", "1 handed back"} <= set(counts(panel))
    choose(qtbot, panel, "1 handed back")
    panel.commands()["actionReassignItems"]()
    again = panel.coordination.dialog
    assert again is not None
    assert again.name.text() == "Eva Lind", "as Ana asks"
    again.due.setText("soon")
    assert not again.accept_button.isEnabled()
    again.due.setText("2099-12-24")
    QTest.keyClick(again, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.message.text.startswith("1 item is assigned to Eva Lind."), timeout=10_000)
    read(qtbot, panel)
    assert not any("handed back" in text or "without reviewer" in text for text in counts(panel))
    assert panel.status.assigned[item].reviewer == "Eva Lind"

    prompts.folder = tmp_path / "more"
    panel.message.clear()
    panel.commands()["actionSplitReview"]()
    qtbot.waitUntil(lambda: "1 part was written" in panel.message.text, timeout=30_000)
    with ReviewFile.open(tmp_path / "more" / "Eva-Lind.iamreview", writable=False) as part:
        assert [*part.item_states.known, *part.finding_states.known] == [item]
