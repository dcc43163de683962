from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk import components
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.dialogs.about import AboutDialog, app_version


class SavesTo(FileDialogs):
    def __init__(self, path: Path) -> None:
        self.path = path

    def file_to_save(self, *_: object) -> Path | None:
        return self.path


def about(qtbot: QtBot, jobs: JobRunner, prompts: FileDialogs) -> AboutDialog:
    dialog = AboutDialog(jobs, prompts)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.parts.topLevelItemCount() > 0, timeout=20_000)
    return dialog


def line_at_the_top(dialog: AboutDialog) -> str:
    return dialog.texts.textCursor().block().next().text()


def test_every_part_leads_to_its_licence(qtbot: QtBot, jobs: JobRunner) -> None:
    dialog = about(qtbot, jobs, FileDialogs())
    names = [dialog.parts.topLevelItem(row).text(0) for row in range(dialog.parts.topLevelItemCount())]
    assert names[0] == "iamdesk"
    assert {"PySide6_Essentials", "pydantic", "python"} <= set(names)
    dialog.parts.setFocus()
    for name in names[1:6]:
        QTest.keyClick(dialog.parts, Qt.Key.Key_Down)
        assert line_at_the_top(dialog).startswith(f"{name} ")


def test_the_bill_of_materials_is_saved(qtbot: QtBot, jobs: JobRunner, tmp_path: Path) -> None:
    dialog = about(qtbot, jobs, SavesTo(tmp_path / "bom.cdx.json"))
    dialog.save.click()
    assert "bom.cdx.json" in dialog.message.text
    assert '"bomFormat": "CycloneDX"' in (tmp_path / "bom.cdx.json").read_text()
    dialog._prompts = SavesTo(tmp_path / "no" / "folder.json")
    dialog.save.click()
    assert "there is no folder" in dialog.message.text


def test_a_bundle_shows_what_it_carries(
    qtbot: QtBot, jobs: JobRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = components.legal_of((components.installed()[0], components.Component("libz", "1", "Zlib", "pkg:deb/z@1")))
    (tmp_path / "legal").mkdir()
    (tmp_path / "legal" / components.BILL).write_text(made.bill)
    (tmp_path / "legal" / components.LICENCES).write_text(made.texts)
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)
    dialog = about(qtbot, jobs, FileDialogs())
    assert dialog.parts.topLevelItemCount() == 2
    assert [dialog.parts.topLevelItem(1).text(column) for column in range(3)] == ["libz", "1", "Zlib"]


def test_it_opens_from_the_menu_once_and_closes_at_once(qtbot: QtBot, window: MainWindow) -> None:
    window.show()
    window.menus.actions["actionAbout"].trigger()
    window.menus.actions["actionAbout"].trigger()
    (dialog,) = window.findChildren(AboutDialog)
    assert any(app_version() in label.text() for label in dialog.findChildren(type(dialog.message._text)))
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(AboutDialog))
    qtbot.waitUntil(lambda: not window.jobs.running)
