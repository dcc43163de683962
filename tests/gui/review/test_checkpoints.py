"""Signed checkpoints in the window: by number of decisions, when the review is closed, and by hand."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.export.evidence.checkpoint import verify_checkpoint
from iamdesk.export.evidence.result import Outcome
from iamdesk.gui.core.settings import CheckpointChoices, Settings
from iamdesk.gui.review.checkpoints_window import CheckpointsWindow
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.review.decisions import ItemDecision, ReviewDecision

from .conftest import Answers
from .test_completion_strip import read, record
from .test_many_reviewers import texts, wait, window_of
from .test_review_panel import desk_of

KEEP = ItemDecision(ReviewDecision.KEEP, "needed")
pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, "-C", ""], check=True)
    return path


def checkpoints(panel_path: Path) -> list[str]:
    return sorted(one.name for one in panel_path.parent.iterdir() if ".checkpoint-" in one.name)


def keep(qtbot: QtBot, panel: ReviewPanel, first: int, last: int) -> None:
    record(qtbot, panel, {line.line_id: KEEP for line in desk_of(panel).lines[first:last]})


def idle(qtbot: QtBot, panel: ReviewPanel) -> None:
    qtbot.waitUntil(lambda: not panel._jobs.running, timeout=30_000)


def test_one_is_signed_after_every_third_decision(
    qtbot: QtBot, panel: ReviewPanel, review_path: Path, key: Path
) -> None:
    read(qtbot, panel)
    assert not panel.strip.checkpoint.isVisible(), "they are off, and there are none"
    panel.checkpoints.choose(CheckpointChoices(str(key), every=3))
    keep(qtbot, panel, 0, 2)
    idle(qtbot, panel)
    assert checkpoints(review_path) == []
    assert panel.strip.checkpoint.shown == "2 since checkpoint"
    keep(qtbot, panel, 2, 3)
    idle(qtbot, panel)
    assert checkpoints(review_path) == ["q3.iamreview.checkpoint-000003.json"]
    read(qtbot, panel)
    assert panel.strip.checkpoint.shown == "Checkpoint up to date"
    keep(qtbot, panel, 3, 5)
    idle(qtbot, panel)
    assert panel.strip.checkpoint.shown == "2 since checkpoint"
    results = list(verify_checkpoint(desk_of(panel).file, review_path.parent / checkpoints(review_path)[0], None))
    assert [one.outcome for one in results] == [Outcome.PASSED, Outcome.PASSED]


def test_one_is_signed_when_the_review_is_closed_and_the_review_opens_again(
    qtbot: QtBot, panel: ReviewPanel, review_path: Path, key: Path
) -> None:
    panel.checkpoints.choose(CheckpointChoices(str(key), on_closing=True))
    keep(qtbot, panel, 0, 2)
    assert checkpoints(review_path) == []
    panel.controller.open_path(review_path)  # closes it, and opens it as soon as that is done
    qtbot.waitUntil(lambda: panel.review_session is not None and not panel.is_filling, timeout=30_000)
    idle(qtbot, panel)
    assert checkpoints(review_path) == ["q3.iamreview.checkpoint-000002.json"]
    panel.controller.close()
    idle(qtbot, panel)
    assert len(checkpoints(review_path)) == 1, "nothing was decided since"


def test_a_window_that_closes_signs_what_has_not_begun(
    qtbot: QtBot, panel: ReviewPanel, review_path: Path, key: Path
) -> None:
    panel.checkpoints.choose(CheckpointChoices(str(key), on_closing=True))
    keep(qtbot, panel, 0, 1)
    idle(qtbot, panel)
    panel.controller.close()
    for job in panel._jobs.running:
        job.cancel()
    assert checkpoints(review_path) == ["q3.iamreview.checkpoint-000001.json"]


def test_a_key_that_cannot_sign_keeps_no_decision_from_being_saved(
    qtbot: QtBot, panel: ReviewPanel, review_path: Path, tmp_path: Path
) -> None:
    (tmp_path / "none").write_text("no key")
    panel.checkpoints.choose(CheckpointChoices(str(tmp_path / "none"), every=1))
    keep(qtbot, panel, 0, 1)
    idle(qtbot, panel)
    assert panel.message.text.startswith("The decisions are saved, but no checkpoint is signed: ")
    assert checkpoints(review_path) == []
    assert desk_of(panel).decision(desk_of(panel).lines[0].line_id).choice is ReviewDecision.KEEP


def test_window_signs_and_checks_them(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, review_path: Path, key: Path, tmp_path: Path
) -> None:
    keep(qtbot, panel, 0, 2)
    window = window_of(qtbot, panel, CheckpointsWindow, "actionCheckpoints")
    assert window.sentence.text() == "There is no checkpoint of this review in the folder."
    assert window.whole.text() == ("The file itself shows no change: 2 chained decisions and second approvals.")
    assert not window.sign_button.isEnabled()
    assert not window.by_number.isEnabled()
    prompts.opens = key
    choose_key = window.findChild(type(window.sign_button), "checkpointsChooseKey")
    assert choose_key is not None
    assert choose_key.accessibleName() == "Choose SSH key"
    QTest.keyClick(choose_key, Qt.Key.Key_Space)
    QTest.keyClick(window.sign_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    assert window.message.text == "Checkpoint signed: q3.iamreview.checkpoint-000002.json."
    (row,) = texts(window.list)
    assert row[:3] == ["Unchanged", "2", "Ana Moreno"]
    assert "The review still contains what was signed (decisions: 2;" in row[5]

    QTest.keyClick(window.sign_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    assert "already exists" in window.message.text, "nothing was decided since"

    # Another review's checkpoint under this name, and one that is none.
    value = json.loads((review_path.parent / "q3.iamreview.checkpoint-000002.json").read_bytes())
    value["state"]["journal_sha256"] = "0" * 64
    forged = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    (tmp_path / "q3.iamreview.checkpoint-000001.json").write_text(forged)
    (tmp_path / "q3.iamreview.checkpoint-000000.json").write_text("{}")
    window.signers.setText(str(key.with_suffix(".pub")))  # no list of signers knows the key
    QTest.keyClick(window.check_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    assert [row[0] for row in texts(window.list)] == ["Signature not accepted", "Signature not accepted", "Unreadable"]

    QTest.keyClick(window.by_number, Qt.Key.Key_Space)
    window.every.setValue(7)
    QTest.keyClick(window.on_closing, Qt.Key.Key_Space)
    assert panel.checkpoints.choices == CheckpointChoices(str(key), "", 7, on_closing=True)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    panel.checkpoints.choose(CheckpointChoices())


def test_an_earlier_copy_of_the_review_is_shown_as_changed(
    qtbot: QtBot, panel: ReviewPanel, made: Path, key: Path, tmp_path: Path
) -> None:
    panel.checkpoints.choose(CheckpointChoices(str(key), every=1))
    keep(qtbot, panel, 0, 1)
    idle(qtbot, panel)
    (name,) = checkpoints(tmp_path / "q3.iamreview")
    (tmp_path / "earlier").mkdir()
    shutil.copy(tmp_path / name, tmp_path / "earlier")
    panel.controller.open_path(Path(shutil.copy(made, tmp_path / "earlier" / "q3.iamreview")))
    qtbot.waitUntil(lambda: panel.review_session is not None and not panel.is_filling, timeout=30_000)
    window = window_of(qtbot, panel, CheckpointsWindow, "actionCheckpoints")
    (row,) = texts(window.list)
    assert row[0] == "Changed"
    assert row[5].startswith("The decisions differ from those that were signed, or some of them are missing.")


def test_changed_decisions_are_told_by_checking_the_whole_file(qtbot: QtBot, panel: ReviewPanel) -> None:
    keep(qtbot, panel, 0, 2)
    window = window_of(qtbot, panel, CheckpointsWindow, "actionCheckpoints")
    assert window.whole.text().startswith("The file itself shows no change")
    connection = desk_of(panel).file._connection
    connection.execute("UPDATE journal SET after = replace(after, 'needed', 'unwanted') WHERE number = 1")
    connection.commit()
    QTest.keyClick(window.check_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    assert window.whole.text().startswith("The file was changed or damaged in 1 place.\njournal entry 1: ")


def test_choices_are_kept_between_starts(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    assert settings.checkpoints == CheckpointChoices()
    settings.checkpoints = CheckpointChoices("/keys/id", "/mnt/evidence", 25, on_closing=True)
    settings.save()
    assert Settings(tmp_path / "settings.ini").checkpoints == CheckpointChoices("/keys/id", "/mnt/evidence", 25, True)
