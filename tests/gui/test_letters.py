"""The letters that Alt takes: in a perspective, none belongs to a menu and to a panel, or to two parts of a panel."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QTabBar, QTabWidget
from pytestqt.qtbot import QtBot

from iamdesk import i18n
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.perspectives import PERSPECTIVES
from iamdesk.gui.core.locale import set_language
from iamdesk.gui.core.settings import Settings
from iamdesk.resource_files import sample_snapshot

from ..german import left_to_translate

LEGACY = "arn:aws:iam::111122223333:role/ci/GitHubActionsLegacy"


def with_letters(window: MainWindow) -> list[str]:
    """Return the texts that can be seen, of whatever takes a letter."""
    found = [one.text() for one in window.menuBar().actions()]
    found += [one.text() for one in window.findChildren(QLabel) if one.buddy() is not None and one.isVisible()]
    found += [one.text() for one in window.findChildren(QAbstractButton) if one.isVisible()]
    for tabs in window.findChildren(QTabBar):
        found += [tabs.tabText(at) for at in range(tabs.count()) if tabs.isVisible() and tabs.isTabVisible(at)]
    return found


def shared_letters(window: MainWindow) -> dict[str, list[str]]:
    """Return the letters that more than one text takes."""
    texts = [(QKeySequence.mnemonic(text).toString(), text) for text in with_letters(window)]
    often = Counter(letter for letter, _text in texts if letter)
    return {one: [text for letter, text in texts if letter == one] for one, count in often.items() if count > 1}


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.session.snapshot is not None and not window.jobs.running, timeout=60_000)
    QApplication.processEvents()


@pytest.fixture(params=[i18n.ENGLISH, "de"])
def window_in(request: pytest.FixtureRequest, qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """The window in each language."""
    if request.param != i18n.ENGLISH and left_to_translate():
        pytest.skip("texts are left to translate: make words")
    set_language(qapp, request.param)
    made = MainWindow(qapp, Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(made)
    made.resize(1400, 900)
    made.show()
    yield made
    assert made.jobs.wait_all(60_000)
    set_language(qapp, i18n.ENGLISH)


def test_no_letter_is_taken_twice(qtbot: QtBot, window_in: MainWindow) -> None:
    window = window_in
    assert shared_letters(window) == {}, "the start page"
    window.open_path(sample_snapshot())
    settle(qtbot, window)
    window.workspace.request_bar.context_button.setChecked(True)
    window.session.show_key(LEGACY)
    for perspective in PERSPECTIVES:
        window.menus.actions[perspective.name].trigger()
        settle(qtbot, window)
        for tabs in [one for one in window.findChildren(QTabWidget) if one.isVisible()]:
            for at in range(tabs.count()):
                if tabs.isTabVisible(at):
                    tabs.setCurrentIndex(at)
                    settle(qtbot, window)
                    assert shared_letters(window) == {}, (perspective.name, tabs.tabText(at))
        assert shared_letters(window) == {}, perspective.name
    assert len([text for text in with_letters(window) if not QKeySequence.mnemonic(text).isEmpty()]) > 7, (
        "hardly anything was looked at"
    )
