"""The whole window and everything that opens from it: each field has a name, no text is cut, and layouts mirror."""

import re
from collections.abc import Callable, Iterator
from gettext import NullTranslations
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLayoutItem,
    QPlainTextEdit,
    QStatusBar,
    QTextEdit,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from iamdesk import i18n
from iamdesk.evaluate.request import Request
from iamdesk.gui import create_main_window
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.panel_frame import PanelFrame
from iamdesk.gui.core.plain_text import ElidedLabel
from iamdesk.gui.core.settings import Settings
from iamdesk.gui.core.text_size import USUAL, apply_text_size
from iamdesk.gui.findings.suppress_form import SuppressForm
from iamdesk.gui.inspector.policy_reader import PolicyReader
from iamdesk.gui.widgets.job_window import OneJobWindow
from iamdesk.resource_files import sample_snapshot

PETRA = "arn:aws:iam::111122223333:user/finance/petra.novak"
WINDOWS = (
    "actionHelp",
    "actionWhyDenied",
    "actionSettings",
    "actionCompare",
    "actionWhatIf",
    "actionCollect",
    "actionHowToCapture",
    "actionAbout",
    "actionPalette",
    "actionSearch",
    "actionJobs",
    "actionNote",
)
Show = Callable[[MainWindow], None]


def show_result(window: MainWindow) -> None:
    window.session.select(PETRA)
    window.session.ask(Request(PETRA, "s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv"))


def show_windows(window: MainWindow) -> None:
    window.prompts.snapshot_to_open = lambda *_: None  # type: ignore[method-assign]
    for name in WINDOWS:
        window.menus.actions[name].trigger()


def show_finding(window: MainWindow) -> None:
    findings = window.workspace.findings
    window.workspace.raise_dock("findingsDock")
    findings.table.setCurrentIndex(findings.model.index(0, 0))
    findings._ask_suppression()


def show_who_can(window: MainWindow) -> None:
    assert window.session.request is not None
    window.session.ask_who_can(window.session.request)


def show_review(window: MainWindow) -> None:
    window.workspace.raise_dock("reviewDock")


PAGES: dict[str, Show] = {
    "overview": lambda window: window.interior.show_overview(),
    "captured": lambda window: window.interior.show_captured(),
    "answer": show_result,
    "findings": show_finding,
    "who can": show_who_can,
    "access": lambda window: window.session.show_access(PETRA),
    "ways": lambda window: window.interior.show_attack_paths(),
    "everybody": lambda window: window.interior.show_access_matrix(),
    "review": show_review,
    "windows": show_windows,
}
"""What is shown, in this order."""


@pytest.fixture
def large(qtbot: QtBot, tmp_path: Path, qapp: QApplication) -> Iterator[MainWindow]:
    """The sample in a window whose text is twice as large, as it is after a start with these settings."""
    settings = Settings(tmp_path / "s.ini")
    settings.text_size = 200
    settings.save()
    window = create_main_window(sample_snapshot(), settings_path=tmp_path / "s.ini")
    qtbot.addWidget(window)
    window.place.is_bound = False  # the screen of the offscreen platform is 800 points wide
    window.resize(1600, 1000)
    window.show()
    qtbot.waitUntil(lambda: window.session.snapshot is not None and not window.jobs.running, timeout=60_000)
    yield window
    for widget in QApplication.topLevelWidgets():
        widget.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    apply_text_size(qapp, USUAL)


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    for _ in range(5):
        QApplication.processEvents()
    window.grab()


def everything() -> Iterator[tuple[QWidget, QWidget]]:
    """Every widget with its window."""
    for window in QApplication.topLevelWidgets():
        for widget in window.findChildren(QWidget):
            yield window, widget


def nameless() -> Iterator[str]:
    for window, widget in everything():
        if widget.focusPolicy() is Qt.FocusPolicy.NoFocus or widget.objectName().startswith("qt_"):
            continue
        above = widget.parentWidget()
        if above is not None and isinstance(above.parentWidget(), QComboBox):
            continue  # the list of a combo box: it is announced by the box
        interface = QAccessible.queryAccessibleInterface(widget)
        if interface is None or not interface.text(QAccessible.Text.Name).strip():
            yield f"{type(window).__name__}: {type(widget).__name__} {widget.objectName()}"


def parents(widget: QWidget) -> Iterator[QWidget]:
    above = widget.parentWidget()
    while above is not None:
        yield above
        above = above.parentWidget()


def cut() -> Iterator[str]:
    """Labels and buttons that are to be seen and have less room than their text needs."""
    for window, widget in everything():
        if not widget.isVisible() or not isinstance(widget, QLabel | QAbstractButton) or not widget.text():
            continue
        dock = next((one for one in parents(widget) if isinstance(one, PanelFrame)), None)
        if dock is not None and dock.visibleRegion().isEmpty():
            continue  # behind another panel, and laid out once it comes forward
        if any(isinstance(one, PolicyReader | SuppressForm) for one in parents(widget)) and widget.toolTip():
            continue  # shares a small place with what is worked in: shortened, whole in its tooltip
        if isinstance(widget, ElidedLabel) or (isinstance(widget, QToolButton) and not widget.icon().isNull()):
            continue  # shortened on purpose, whole in its tooltip; shows a drawing
        if widget.hasHeightForWidth():
            is_cut = widget.heightForWidth(widget.width()) > widget.height() + 1
        else:
            needed = widget.minimumSizeHint() if isinstance(widget, QLabel) else widget.sizeHint()
            is_cut = needed.width() > widget.width() + 1 or needed.height() > widget.height() + 1
        if is_cut:
            yield f"{type(window).__name__}: {type(widget).__name__} {widget.objectName()} {widget.text()[:40]!r}"


def test_everything_that_takes_the_keyboard_has_a_name(qtbot: QtBot, open_window: MainWindow) -> None:
    for show in PAGES.values():
        show(open_window)
        settle(qtbot, open_window)
    shown = {type(window).__name__ for window in QApplication.topLevelWidgets() if window.isVisible()}
    assert {"HelpWindow", "DenialDialog", "SettingsDialog", "CollectDialog"} <= shown
    embedded = {type(widget).__name__ for widget in open_window.workspace.changes.findChildren(OneJobWindow)}
    assert embedded == {"CompareWindow", "WhatIfWindow"}
    assert list(nameless()) == []
    for widget in QApplication.topLevelWidgets():
        widget.close()


def test_nothing_is_cut_at_twice_the_text_size(qtbot: QtBot, large: MainWindow) -> None:
    found: dict[str, list[str]] = {}
    for name, show in PAGES.items():
        show(large)
        settle(qtbot, large)
        found[name] = list(cut())
    assert {name: those for name, those in found.items() if those} == {}


class Longer(NullTranslations):
    """Words as another language may have them: two fifths longer, with accents; placeholders and patterns stay."""

    ACCENTS = str.maketrans("aceinosuyAEIOU", "áçéíñóšúýÁÉÍÓÚ")
    KEPT = re.compile(r"(\{[^}]*\}|&.|\([^)]*\*[^)]*\)|;;)")

    def gettext(self, message: str) -> str:
        parts = self.KEPT.split(message)
        told = "".join(part if self.KEPT.fullmatch(part) else part.translate(self.ACCENTS) for part in parts)
        if ";;" in message or message.endswith("yyyy"):
            return told
        more, ending = max(len(message) * 2 // 5, 2), "…" if message.endswith("…") else ""
        return told.removesuffix("…") + (" ßéñgäþ" * (more // 7 + 1))[:more].rstrip() + ending

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.fixture
def longer(qtbot: QtBot, tmp_path: Path, qapp: QApplication) -> Iterator[MainWindow]:
    """The sample in a window whose words are two fifths longer."""
    i18n.choose("longer", Longer())
    yield from opened_sample(qtbot, tmp_path)
    i18n.choose("en")


@pytest.fixture
def mirrored(qtbot: QtBot, tmp_path: Path, qapp: QApplication) -> Iterator[MainWindow]:
    """The sample in a window that is read from right to left."""
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield from opened_sample(qtbot, tmp_path)
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def opened_sample(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    window = create_main_window(sample_snapshot(), settings_path=tmp_path / "s.ini")
    qtbot.addWidget(window)
    window.place.is_bound = False  # the screen of the offscreen platform is 800 points wide
    window.resize(1600, 1000)
    window.show()
    qtbot.waitUntil(lambda: window.session.snapshot is not None and not window.jobs.running, timeout=60_000)
    yield window
    for widget in QApplication.topLevelWidgets():
        widget.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_nothing_is_cut_where_words_are_longer(qtbot: QtBot, longer: MainWindow) -> None:
    found: dict[str, list[str]] = {}
    for name, show in PAGES.items():
        show(longer)
        settle(qtbot, longer)
        found[name] = list(cut())
    assert {name: those for name, those in found.items() if those} == {}


def unmirrored() -> Iterator[str]:
    """Rows whose first widget does not stand at the right, and widgets that go their own way."""
    for window, widget in everything():
        if not widget.isVisible():
            continue
        if widget.layoutDirection() is not Qt.LayoutDirection.RightToLeft and not is_code(widget):
            yield f"{type(window).__name__}: {type(widget).__name__} {widget.objectName()} reads from the left"
        # QStatusBar replaces its layout, with all items, whenever it changes: Python would hold on to the old ones.
        layout = None if isinstance(widget, QStatusBar) else widget.layout()
        rows = [layout, *layout.findChildren(QHBoxLayout)] if layout is not None else []
        for row in rows:
            if not isinstance(row, QHBoxLayout):
                continue
            shown = [
                item for item in map(row.itemAt, range(row.count())) if item.widget() and item.widget().isVisible()
            ]
            places = [item.geometry().center().x() for item in shown]
            if places != sorted(places, reverse=True):
                yield f"{type(window).__name__}: {type(widget).__name__} {widget.objectName()} has a row from the left"


def is_shown(item: QLayoutItem) -> bool:
    widget = item.widget()
    return widget is not None and widget.isVisible()


def is_code(widget: QWidget) -> bool:
    """Policy text, JSON and commands read from the left in any language."""
    return any(isinstance(one, QPlainTextEdit | QTextEdit) for one in (widget, *parents(widget)))


def test_every_layout_mirrors_where_people_read_from_right_to_left(qtbot: QtBot, mirrored: MainWindow) -> None:
    found: dict[str, list[str]] = {}
    for name, show in PAGES.items():
        show(mirrored)
        settle(qtbot, mirrored)
        found[name] = [*unmirrored(), *cut()]
    assert {name: those for name, those in found.items() if those} == {}
    navigator, answer = mirrored.workspace.navigator, mirrored.workspace.result
    assert navigator.mapTo(mirrored, QPoint()).x() > answer.mapTo(mirrored, QPoint()).x()
