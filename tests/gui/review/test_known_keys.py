"""Verifying with known keys and a required signature, as in the terminal; the known keys are kept."""

import shutil
import subprocess
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.export.evidence.signing import Role, sign
from iamdesk.export.evidence.write import write_package
from iamdesk.gui.core.settings import Settings
from iamdesk.gui.review.merge_window import MergeWindow
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.review.verify_dialog import VerifyChoices, VerifyDialog

from .conftest import Answers
from .test_many_reviewers import window_of
from .test_review_panel import desk_of


def dialog_of(qtbot: QtBot, panel: ReviewPanel, before: object) -> VerifyDialog:
    qtbot.waitUntil(
        lambda: isinstance(panel.packages.dialog, VerifyDialog) and panel.packages.dialog is not before, timeout=60_000
    )
    dialog = panel.packages.dialog
    assert isinstance(dialog, VerifyDialog)
    return dialog


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
def test_known_keys_and_a_required_signature(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path
) -> None:
    key = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key, "-C", ""], check=True)
    pack = tmp_path / "pack"
    write_package(desk_of(panel).file, pack, evaluator=None)
    sign(pack, Role.REVIEWER, "Ana Moreno", key=key, asks=False)
    panel.packages.last_package = pack
    QTest.keyClick(panel.strip.verify_button, Qt.Key.Key_Space)
    first = dialog_of(qtbot, panel, None)
    assert "failed" not in first.sentence.text()
    assert first.choices == VerifyChoices()

    signers = tmp_path / "signers"
    signers.write_text(f'Ana-Moreno namespaces="iamdesk-review" {key.with_suffix(".pub").read_text()}')
    prompts.opens = signers
    choose = first.findChild(type(first.again_button), "verifyChooseSigners")
    assert choose is not None
    QTest.keyClick(choose, Qt.Key.Key_Space)
    for role in (Role.REVIEWER, Role.MANAGEMENT):
        QTest.keyClick(first.required[role], Qt.Key.Key_Space)
    QTest.keyClick(first.again_button, Qt.Key.Key_Space)
    second = dialog_of(qtbot, panel, first)
    assert "1 failed" in second.sentence.text(), "management did not sign"
    assert second.signers.text() == str(signers)
    assert second.choices.required == {Role.REVIEWER, Role.MANAGEMENT}
    assert not panel.packages.is_verified

    QTest.keyClick(second.required[Role.MANAGEMENT], Qt.Key.Key_Space)
    QTest.keyClick(second.again_button, Qt.Key.Key_Space)
    third = dialog_of(qtbot, panel, second)
    assert "failed" not in third.sentence.text()
    assert "Ana-Moreno" in third.closing.text() or "Ana Moreno" in third.closing.text()
    third.signers.setText(str(pack / "signoffs" / "allowed_signers"))
    QTest.keyClick(third.again_button, Qt.Key.Key_Space)
    message = panel.packages._message
    qtbot.waitUntil(lambda: "of the package itself" in message.text, timeout=60_000)
    assert panel.packages.allowed_signers == str(signers), "the list of before stays"
    window = window_of(qtbot, panel, MergeWindow, "actionMergeParts")
    assert window.signers.text() == str(signers)
    assert window.required.isEnabled()


def test_known_keys_are_kept_between_starts(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    settings.allowed_signers = "/keys/allowed_signers"
    settings.timestamp_authorities = "/keys/authorities.pem"
    settings.save()
    assert Settings(tmp_path / "settings.ini").allowed_signers == "/keys/allowed_signers"
    assert Settings(tmp_path / "settings.ini").timestamp_authorities == "/keys/authorities.pem"
