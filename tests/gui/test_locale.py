"""The language of the window: our words, Qt's own, numbers and days."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.qtbot import QtBot

from iamdesk import i18n
from iamdesk.gui import create_main_window
from iamdesk.gui.core.locale import SYSTEM, day, number, set_language


@pytest.fixture(autouse=True)
def english(qapp: QApplication) -> Iterator[None]:
    yield
    set_language(qapp, "en")


def test_menus_and_the_buttons_of_qt_speak_german(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    set_language(qapp, "de")
    window = create_main_window(settings_path=tmp_path / "s.ini")
    qtbot.addWidget(window)
    assert [action.text() for action in window.menuBar().actions()][:3] == ["&Datei", "&Bearbeiten", "&Ansicht"]
    review = {action.objectName(): action for action in window.actions()}["actionReviewUndecided"]
    assert review.text() == "&Offen lassen (0)"
    assert review.statusTip().endswith(" In der Review-Tabelle: Taste 0.")
    assert qapp.layoutDirection() is Qt.LayoutDirection.LeftToRight
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    qtbot.addWidget(box)
    assert box.button(QDialogButtonBox.StandardButton.Cancel).text() == "Abbrechen"


def test_another_choice_takes_the_words_of_qt_along(qtbot: QtBot, qapp: QApplication) -> None:
    set_language(qapp, "de")
    set_language(qapp, "en")
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    qtbot.addWidget(box)
    assert box.button(QDialogButtonBox.StandardButton.Close).text().replace("&", "") == "Close"


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (["de-Latn-CH", "de-CH"], "de"),
        (["fr-FR", "de-DE"], "de"),
        (["fr-FR", "it-IT"], "en"),
        (["C"], "en"),
        ([], "en"),
    ],
)
def test_the_desktop_chooses_where_nobody_does(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, wanted: list[str], taken: str
) -> None:
    class System:
        def uiLanguages(self) -> list[str]:  # noqa: N802 - Qt's name
            return wanted

    monkeypatch.setattr("iamdesk.gui.core.locale._system", System)
    assert language_of_desktop() == taken


def language_of_desktop() -> str:
    from iamdesk.gui.core import locale

    return locale._of_desktop()


def test_numbers_and_days_are_written_as_the_reader_writes_them(qapp: QApplication) -> None:
    set_language(qapp, "en")
    assert number(22319) == "22,319"
    assert day("2026-10-02T12:00:00Z") == "2 October 2026"
    assert day("never") == "never"
    set_language(qapp, "de")
    assert number(22319) == QLocale("de").toString(22319) == "22.319"
    assert day("2026-10-02") == "2. Oktober 2026"
    assert i18n.chosen() == "de"
    assert SYSTEM not in i18n.LANGUAGES
