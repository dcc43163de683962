"""What a package is compared with is chosen in the window as in the terminal, by keyboard."""

import shutil
import subprocess
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from iamdesk.export.evidence.manifest import manifest_sha256
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.signing import Role, sign
from iamdesk.export.evidence.timestamp import keep, stamped_content
from iamdesk.export.evidence.write import write_package
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.review.verify_dialog import VerifyChoices, VerifyDialog
from iamdesk.resource_files import sample_snapshot

from ...builders.timestamp_authority import Authority
from .conftest import Answers
from .test_known_keys import dialog_of
from .test_review_panel import desk_of


@pytest.fixture
def pack(panel: ReviewPanel, tmp_path: Path) -> Path:
    """A package of the review, without its snapshot; the next step is to verify it."""
    made = write_package(desk_of(panel).file, tmp_path / "pack", evaluator=None)
    panel.packages.last_package = made
    return made


def verified(qtbot: QtBot, panel: ReviewPanel) -> VerifyDialog:
    before = panel.packages.dialog
    QTest.keyClick(panel.strip.verify_button, Qt.Key.Key_Space)
    return dialog_of(qtbot, panel, before)


def verified_again(qtbot: QtBot, panel: ReviewPanel, dialog: VerifyDialog) -> VerifyDialog:
    QTest.keyClick(dialog.again_button, Qt.Key.Key_Space)
    return dialog_of(qtbot, panel, dialog)


def row(dialog: VerifyDialog, check: str) -> tuple[str, str]:
    """Outcome and sentence of a check."""
    found = dialog.table.findItems(check, Qt.MatchFlag.MatchExactly, 1)
    assert found, check
    return found[0].text(0), found[0].text(2)


def write_into(field: QLineEdit, text: str) -> None:
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)


def test_notes_are_chosen_and_looked_at(
    qtbot: QtBot, panel: ReviewPanel, pack: Path, prompts: Answers, tmp_path: Path
) -> None:
    first = verified(qtbot, panel)
    assert first.choices == VerifyChoices()
    tag, other = tmp_path / "review; q3.tag", tmp_path / "other.txt"
    tag.write_text(f"object 1\nSHA-256 {manifest_sha256(pack)}\n")
    other.write_text("nothing\n")
    prompts.files = (tag,)
    choose = first.findChild(QPushButton, "verifyChooseNotes")
    assert choose is not None
    assert choose.accessibleName() == "Choose Notes kept elsewhere"
    QTest.keyClick(choose, Qt.Key.Key_Space)
    assert first.choices.note_paths == (tag,), "a semicolon in the name of a file"
    second = verified_again(qtbot, panel, first)
    assert row(second, "note review; q3.tag") == ("passed", "Its line 2 names the SHA-256 of the manifest.")
    assert "rewritten as a whole" not in second.closing.text()

    write_into(second.notes, f"{other}; {tmp_path / 'none'}")
    third = verified_again(qtbot, panel, second)
    assert row(third, "note other.txt")[0] == Outcome.FAILED
    assert row(third, "note")[0] == Outcome.FAILED, "a note that is not there"
    assert not panel.packages.is_verified


@pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("ssh-keygen") is None, reason="there is no openssl or ssh-keygen"
)
def test_the_authority_of_timestamps_is_kept(qtbot: QtBot, panel: ReviewPanel, pack: Path, tmp_path: Path) -> None:
    pytest.importorskip("rfc3161_client")
    key = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key, "-C", ""], check=True)
    made = sign(pack, Role.REVIEWER, "Ana Moreno", key=key, asks=False)
    known, other = Authority(tmp_path / "known"), Authority(tmp_path / "other")
    keep(pack, made, known.token(stamped_content(made)))
    first = verified(qtbot, panel)
    assert "stamped at" not in first.closing.text()
    write_into(first.authorities, str(known.root))
    second = verified_again(qtbot, panel, first)
    assert "stamped at" in second.closing.text()
    assert "Stamps of known" in second.closing.text()
    assert panel.packages.timestamp_authorities == str(known.root), "the next package is compared with it, too"
    second.close()
    assert "stamped at" in verified(qtbot, panel).closing.text()

    third = panel.packages.dialog
    assert isinstance(third, VerifyDialog)
    write_into(third.authorities, str(other.root))
    fourth = verified_again(qtbot, panel, third)
    assert "failed" in fourth.sentence.text()
    assert "stamped at" not in fourth.closing.text()


def test_a_snapshot_and_the_package_of_before(qtbot: QtBot, panel: ReviewPanel, pack: Path, tmp_path: Path) -> None:
    first = verified(qtbot, panel)
    assert row(first, "quoted decisions")[0] == Outcome.NOT_DONE
    write_into(first.snapshot, str(sample_snapshot()))
    second = verified_again(qtbot, panel, first)
    assert row(second, "findings re-performed")[0] == Outcome.PASSED
    assert "the snapshot that you gave" in second.closing.text()
    write_into(second.previous, str(pack))
    third = verified_again(qtbot, panel, second)
    assert row(third, "chain")[0] == Outcome.FAILED, "it is a first review"

    for field, text, said in (
        (third.previous, str(tmp_path), "is not an evidence package"),
        (third.snapshot, str(tmp_path / "none.json"), "none.json"),
    ):
        write_into(third.previous, "")
        write_into(field, text)
        QTest.keyClick(third.again_button, Qt.Key.Key_Space)
        qtbot.waitUntil(third.again_button.isEnabled, timeout=60_000)
        assert said in third.sentence.text()
        assert said in panel.message.text
        assert field.text() == text, "what is entered stays"


def test_verification_is_cancelled(qtbot: QtBot, panel: ReviewPanel, pack: Path) -> None:
    panel.packages.last_package = pack
    QTest.keyClick(panel.strip.verify_button, Qt.Key.Key_Space)
    (job,) = (one for one in panel.packages._jobs.running if one.topic == "verify evidence")
    job.cancel()
    assert "was not verified" in panel.message.text
    assert not panel.packages.is_verified
