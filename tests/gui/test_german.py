"""A German window speaks German: every text of panels, subjects and dialogs is looked at, on the sample organization.

What is looked for: a text that the catalogue has in English, shown as it is, and words that no German sentence has.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QTabBar, QTableView, QTreeView, QWidget
from pytestqt.qtbot import QtBot

from iamdesk import i18n
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.request import Request
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.compare.compare_window import CompareWindow
from iamdesk.gui.core.locale import set_language
from iamdesk.gui.core.retranslation import originals
from iamdesk.gui.core.settings import Settings
from iamdesk.gui.help.help_window import HelpWindow
from iamdesk.gui.what_if.what_if_window import WhatIfWindow
from iamdesk.i18n import tr
from iamdesk.resource_files import resources
from iamdesk.use_cases.types import UseCaseRequest
from iamdesk.whatif.edits import Edit, EditAction

from ..german import left_to_translate

ORGANIZATION = resources() / "samples" / "acme-organization"
DEV = "arn:aws:iam::444455556666:user/dev"
ANALYST = "arn:aws:iam::444455556666:role/analyst"
DATA = "arn:aws:s3:::acme-org-data"
ENGLISH = frozenset(
    {"the", "of", "is", "are", "and", "not", "with", "which", "who", "that", "this", "its", "by", "from", "for", "to"}
    | {"no", "any", "every", "whose", "cannot", "does", "has", "have", "than", "where", "when", "what", "it", "been"}
    | {"or", "only", "under"}
)
"""No German sentence has these, and hardly an English one has none of them."""
ALLOWED = (
    (re.compile(r"^Root$"), "the name of the organization's root in the snapshot"),
    (re.compile(r"(Grants|Controls) (permission|access) "), "AWS's own words on an action"),
    (re.compile(r"&quot;Effect&quot;"), "the text of a policy"),
    (re.compile(r"\(File is not a zip file\)"), "Python's own words on a damaged archive"),
)
_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.AccessibleDescriptionRole,
)
_TEXTS = (
    "text",
    "toolTip",
    "statusTip",
    "accessibleName",
    "accessibleDescription",
    "placeholderText",
    "windowTitle",
    "title",
)
_WORD = re.compile(r"(?<![\w:/.#*@&-])[A-Za-z][a-z]+(?![\w:/#@*-]|\.\w)")
_ANY = QModelIndex()
MAX_ROWS = 80
"""Of one view at one time: rows further down say nothing that these do not."""


class Look:
    """Every text that was seen, with the first place of each."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    def at(self, *tops: QWidget) -> None:
        """Look at everything in some widgets."""
        for top in tops:
            for action in top.findChildren(QAction):
                self._note(action.objectName(), action.text(), action.toolTip(), action.statusTip())
            for widget in (top, *top.findChildren(QWidget)):
                if not isinstance(widget.window(), HelpWindow):  # the guide is English in any language
                    self._widget(widget)

    def _note(self, place: str, *texts: object) -> None:
        for text in texts:
            if isinstance(text, str) and text:
                self.seen.setdefault(text, place)

    def _widget(self, widget: QWidget) -> None:
        place = widget.objectName() or type(widget).__name__
        told = (getattr(widget, name, None) for name in _TEXTS)
        self._note(place, *(text() for text in told if callable(text)))
        if isinstance(widget, QComboBox):
            self._note(place, *map(widget.itemText, range(widget.count())))
        if isinstance(widget, QTabBar):
            for tab in range(widget.count()):
                self._note(place, widget.tabText(tab), widget.tabToolTip(tab))
        if isinstance(widget, QAbstractItemView) and (model := widget.model()) is not None:
            for column in range(_columns(model)):
                self._note(place, *(model.headerData(column, Qt.Orientation.Horizontal, role) for role in _ROLES))
            if isinstance(widget, QTableView) and widget.verticalHeader().isVisible():
                for row in range(min(model.rowCount(_ANY), MAX_ROWS)):
                    self._note(place, *(model.headerData(row, Qt.Orientation.Vertical, role) for role in _ROLES))
            self._rows(place, model, _ANY, goes_down=isinstance(widget, QTreeView))

    def _rows(self, place: str, model: QAbstractItemModel, parent: QModelIndex, *, goes_down: bool) -> None:
        for row in range(min(model.rowCount(parent), MAX_ROWS)):
            for column in range(_columns(model)):
                index = model.index(row, column, parent)
                self._note(place, *(index.data(role) for role in _ROLES))
            if goes_down:
                self._rows(place, model, model.index(row, 0, parent), goes_down=True)

    def english(self) -> dict[str, str]:
        """Return the texts that are no German, each with its place."""
        return {text: place for text, place in self.seen.items() if is_english(text)}


def _columns(model: QAbstractItemModel) -> int:
    return 1 if isinstance(model, QAbstractListModel) else model.columnCount(_ANY)


def is_english(text: str) -> bool:
    """Return whether a text is one of ours in English, or has words that German has not."""
    if any(allowed.search(text) for allowed, _why in ALLOWED):
        return False
    for name in _names_of_services():
        text = text.replace(name, "")
    text = text.replace("&", "")
    return text in _texts_with_german() or any(word.lower() in ENGLISH for word in _WORD.findall(text))


@cache
def _names_of_services() -> tuple[str, ...]:
    """Return AWS's own names of services, which nobody translates, where they would be taken for English."""
    names = (reference().service_name(service) or "" for service in reference().services())
    return tuple(name for name in names if any(word.lower() in ENGLISH for word in _WORD.findall(name)))


@cache
def _texts_with_german() -> frozenset[str]:
    """Return the English texts of the catalogue whose German is another one. Asked while German is spoken."""
    path = resources() / "translations" / "de" / "iamdesk.mo"
    shown = ((text, tr(text)) for text, _plural in originals(path) if "{" not in text)
    return frozenset(text.replace("&", "") for text, german in shown if german != text)


@pytest.fixture
def german(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    if left_to_translate():
        pytest.skip("texts are left to translate: make words")
    set_language(qapp, "de")
    window = MainWindow(qapp, Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(window)
    window.resize(1400, 900)
    window.show()
    yield window
    assert window.jobs.wait_all(5000)
    set_language(qapp, i18n.ENGLISH)


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    QApplication.processEvents()


def kinds_of_subjects(window: MainWindow) -> list[str]:
    """Return a key of each sort of subject: what differs in kind, or in which facts and ways there are."""
    opened = window.session.snapshot
    assert opened is not None
    found: dict[object, str] = {}
    for key in opened.outline.rows_by_key:
        subject = opened.subject(key)
        if subject is not None:
            ways = tuple(one.title for one in subject.links)
            facts = tuple(label for label, _value in subject.facts)
            found.setdefault((subject.kind, facts, ways, bool(subject.missing_data)), key)
    return list(found.values())


def look_at_subjects(window: MainWindow, look: Look) -> None:
    inspector = window.workspace.inspector
    for key in kinds_of_subjects(window):
        window.session.show_key(key)
        for tab in range(inspector.tabs.count()):
            if inspector.tabs.isTabVisible(tab):
                inspector.tabs.setCurrentIndex(tab)
        QApplication.processEvents()
        look.at(inspector)


def look_at_answers(qtbot: QtBot, window: MainWindow, look: Look) -> None:
    session, workspace = window.session, window.workspace
    for question in (
        Request(DEV, "s3:GetObject", f"{DATA}/x"),
        Request(DEV, "sts:AssumeRole", ANALYST),
        Request(ANALYST, "s3:GetObject", f"{DATA}/x", {"aws:SecureTransport": "false"}),
        Request("anonymous", "s3:GetObject", f"{DATA}/x"),
        Request(DEV, "ec2:RunInstances", "*"),
        Request("niemand", "s3:GetObject", "*"),
        Request(DEV, "keine", "*"),
    ):
        session.ask(question)
        settle(qtbot, window)
        look.at(workspace.result, workspace.request_bar)
    for use_case, resource in (("read-object", f"{DATA}/x"), ("launch-instance", "*"), ("ec2:RunInstances", "*")):
        session.evaluate_use_case(UseCaseRequest(Request(DEV, use_case, resource)))
        settle(qtbot, window)
        look.at(workspace.result)
    session.ask_who_can(Request("", "s3:GetObject", f"{DATA}/x"))
    settle(qtbot, window)
    window.interior.show_attack_paths()
    workspace.attack_paths.run()
    settle(qtbot, window)
    window.interior.show_access_matrix()
    qtbot.waitUntil(lambda: workspace.access_matrix.is_settled, timeout=30_000)
    look.at(workspace.access_matrix)
    workspace.access_matrix.level.setCurrentIndex(1)
    workspace.access_matrix.level.activated.emit(1)
    settle(qtbot, window)
    look.at(
        workspace.who_can,
        workspace.attack_paths,
        workspace.history,
        workspace.access_matrix,
        workspace.access_matrix.table.menu(),
    )


def look_at_windows(qtbot: QtBot, window: MainWindow, look: Look, tmp_path: Path) -> None:
    for name in ("actionSettings", "actionAbout", "actionWhyDenied", "actionPalette"):
        window.menus.actions[name].trigger()
        settle(qtbot, window)
    look.at(*QApplication.topLevelWidgets())
    prompts = window.interior._prompts  # the real ones: nothing here asks for a file
    compared = CompareWindow(window.session, window.jobs, prompts, window)
    compared.show()
    compared.compare_with(ORGANIZATION)
    what_if = WhatIfWindow(window.session, window.jobs, prompts, window)
    what_if.show()
    policy = "arn:aws:iam::aws:policy/AdministratorAccess"
    what_if.edits += [Edit(EditAction.DETACH_POLICY, DEV, policy), Edit(EditAction.TAG, DEV, "team", "data")]
    what_if.try_them()
    settle(qtbot, window)
    what_if.add()
    look.at(compared, what_if)
    for wrong in (b"", b"{", b"[]", b"PK\x03\x04"):
        (tmp_path / "wrong.json").write_bytes(wrong)
        window.open_path(tmp_path / "wrong.json")
        settle(qtbot, window)
        look.at(window)


def test_no_text_of_a_german_window_is_english(qtbot: QtBot, german: MainWindow, tmp_path: Path) -> None:
    look = Look()
    settle(qtbot, german)
    look.at(german)
    german.open_path(ORGANIZATION)
    qtbot.waitUntil(lambda: german.session.snapshot is not None, timeout=30_000)
    settle(qtbot, german)
    look.at(german)
    german.interior.show_captured()
    settle(qtbot, german)
    look.at(german.captured)
    look_at_subjects(german, look)
    look_at_answers(qtbot, german, look)
    look_at_windows(qtbot, german, look, tmp_path)
    assert len(look.seen) > 2000, "hardly anything was looked at"
    assert look.english() == {}


def test_english_would_be_seen(german: MainWindow) -> None:
    assert is_english("No other principal reaches the target.")
    assert is_english("user/dev joined group/Admins, and the group is not in the snapshot.")
    assert is_english("unknown"), "one word, in the catalogue"
    assert not is_english("Niemand kommt dorthin, der nicht schon dort ist.")
    assert not is_english("Was ist das? AdministratorAccess, arn:aws:iam::aws:policy/of/the")
