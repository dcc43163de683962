"""What is on the screen belongs together: whoever is named is whoever is shown, whatever was opened before."""

import ast
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSplitter
from pytestqt.qtbot import QtBot

import iamdesk.gui
from iamdesk.evaluate.request import Request
from iamdesk.gui import create_main_window
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core import image_export
from iamdesk.gui.core.theme import Scheme
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.viewmodel.tree import Badge

ACCOUNT = "arn:aws:iam::111122223333"
PETRA = f"{ACCOUNT}:user/finance/petra.novak"
INES = f"{ACCOUNT}:user/engineering/sre/ines.costa"
DEPLOY = f"{ACCOUNT}:role/ci/GitHubActionsDeploy"
OBJECT = "arn:aws:s3:::acme-payroll/2026/x"


def ask(qtbot: QtBot, window: MainWindow, principal: str) -> None:
    window.session.ask(Request(principal, "s3:GetObject", OBJECT))
    qtbot.waitUntil(lambda: not window.session.pending, timeout=20_000)


# Who is shown


def policy_names(window: MainWindow) -> list[str]:
    shown = window.workspace.inspector.policies.list
    return [item.text(0) for item in map(shown.topLevelItem, range(shown.topLevelItemCount())) if item is not None]


def test_the_inspector_names_whom_the_answer_is_about(qtbot: QtBot, open_window: MainWindow) -> None:
    """It kept the one who was asked about first, over the policies of the second."""
    inspector = open_window.workspace.inspector
    for principal, name in ((PETRA, "petra.novak"), (INES, "ines.costa"), (DEPLOY, "GitHubActionsDeploy")):
        ask(qtbot, open_window, principal)
        assert open_window.session.subject_key == principal
        assert inspector.header.title.full_text() == name
        node = open_window.workspace.navigator.current_node()
        assert node is not None
        assert node.key == principal


def test_the_inspector_names_the_role_of_a_session(qtbot: QtBot, open_window: MainWindow) -> None:
    ask(qtbot, open_window, PETRA)
    ask(qtbot, open_window, "arn:aws:sts::111122223333:assumed-role/GitHubActionsDeploy/run-7")
    assert open_window.session.subject_key == DEPLOY
    assert open_window.workspace.inspector.header.title.full_text() == "GitHubActionsDeploy"


@pytest.mark.parametrize("external_principal", ["arn:aws:iam::999988887777:user/mallory", "anonymous"])
def test_nobody_of_the_snapshot_is_named_over_an_answer_about_a_stranger(
    qtbot: QtBot, open_window: MainWindow, external_principal: str
) -> None:
    ask(qtbot, open_window, PETRA)
    own = policy_names(open_window)
    window, inspector = open_window, open_window.workspace.inspector
    window.session.ask(Request(external_principal, "s3:GetObject", "arn:aws:s3:::acme-assets/logo.png"))
    qtbot.waitUntil(lambda: not window.session.pending, timeout=20_000)
    assert window.session.subject_key == ""
    assert inspector.subject is None
    assert inspector.header.title.full_text() == external_principal
    assert not set(own) & set(policy_names(window))
    window.session.select(PETRA)
    assert inspector.header.title.full_text() == "petra.novak"


def test_a_question_and_whom_it_selects_are_one_place(qtbot: QtBot, open_window: MainWindow) -> None:
    history = open_window.history
    ask(qtbot, open_window, PETRA)
    ask(qtbot, open_window, INES)
    history.back()
    qtbot.waitUntil(lambda: not open_window.session.pending, timeout=20_000)
    assert open_window.session.subject_key == PETRA
    assert not history.can_go_back
    assert history.can_go_forward


def test_a_role_has_its_trust_tab_wherever_it_is_selected_from(open_window: MainWindow) -> None:
    """The tab was hidden while a user was shown, and stayed so where the role was gone to from the overview."""
    inspector, session = open_window.workspace.inspector, open_window.session
    trust = inspector.tabs.indexOf(inspector.trust)
    session.select(PETRA)
    assert not inspector.tabs.isTabVisible(trust)
    open_window.interior.show_overview()
    session.show_key(DEPLOY)
    assert inspector.tabs.isTabVisible(trust)
    QApplication.processEvents()
    tab_bar = inspector.tabs.tabBar()
    assert tab_bar.tabRect(trust).width() > 0
    assert all(tab_bar.tabRect(tab).width() > 0 for tab in range(tab_bar.count()) if tab_bar.isTabVisible(tab))


# What is gone


def test_saving_the_overview_leaves_nothing_that_follows_the_session(
    qtbot: QtBot, open_window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy that is made for paper was told of the next snapshot's badges after its end: RuntimeError."""
    monkeypatch.setattr(open_window.prompts, "file_to_save", lambda *_: None)
    open_window.menus.actions["actionExportOverview"].trigger()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    open_window.open_path(sample_snapshot())
    with qtbot.waitSignal(open_window.session.badges_decided, timeout=60_000):
        pass
    qtbot.waitUntil(lambda: not open_window.jobs.running, timeout=60_000)


def test_no_function_without_an_owner_hears_what_outlives_it() -> None:
    """Qt ends the connection of a method when its object dies; a lambda goes on being called, with what is left."""
    found = []
    for path in sorted(Path(iamdesk.gui.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Attribute(value=sender, attr=signal), attr="connect"),
                    args=[ast.Lambda() | ast.Call(func=ast.Name(id="partial")), *_],
                ) if ast.unparse(sender).removeprefix("self.").lstrip("_") in ("session", "jobs", "app", "history"):
                    found.append(f"{path.name}:{node.lineno} {ast.unparse(sender)}.{signal}")
    assert found == []


# Colours


def picture(window: MainWindow) -> QImage:
    """Paint a window at rest. Sizes of panels and lists and scroll positions are the user's own: set the same way."""
    waiting = QDeadlineTimer(60_000)
    while window.jobs.running and not waiting.hasExpired():
        QTest.qWait(20)
    tree = window.workspace.navigator.tree
    for splitter in window.findChildren(QSplitter):
        if splitter.isVisible() and splitter.orientation() is Qt.Orientation.Horizontal:
            splitter.setSizes([300] * splitter.count())
    window.workspace.inspector.policies.splitter.setSizes([120, 240])
    for _ in range(3):
        QApplication.processEvents()
        tree.scrollTo(tree.currentIndex(), tree.ScrollHint.PositionAtCenter)
    return window.grab().toImage()


def differing(one: QImage, other: QImage) -> str:
    """Tell where two pictures differ; empty where they do not."""
    if one.size() != other.size():
        return f"{one.size()} {other.size()}"
    places = [
        (x, y)
        for y in range(0, one.height(), 2)
        for x in range(0, one.width(), 2)
        if one.pixel(x, y) != other.pixel(x, y)
    ]
    if not places:
        return ""
    columns, rows = zip(*places, strict=True)
    return f"{len(places)} points from {min(columns)},{min(rows)} to {max(columns)},{max(rows)}"


SCHEMES = (Scheme.LIGHT, Scheme.DARK, Scheme.CONTRAST, Scheme.SYSTEM)
EVERY_SWITCH = (0, 1, 0, 2, 0, 3, 1, 2, 1, 3, 2, 3, 0)
"""Places in ``SCHEMES``: each of the twelve ways from one to another, once."""


def test_a_switch_of_colours_ends_where_a_start_in_them_begins(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    """After high contrast, docks stayed black and lines stayed: the style sheet had left palettes and fonts behind."""
    assert {*itertools.pairwise(EVERY_SWITCH)} == {*itertools.permutations(range(len(SCHEMES)), 2)}

    def begin(scheme: Scheme) -> MainWindow:
        settings = tmp_path / f"{scheme}.ini"
        settings.write_text(f"[window]\nscheme={scheme}\n", encoding="utf-8")
        window = create_main_window(settings_path=settings)
        qtbot.addWidget(window)
        assert window.theme.scheme is scheme
        window.place.is_bound = False  # the screen of the offscreen platform is 800 points wide
        window.resize(1300, 760)
        window.show()
        window.open_path(sample_snapshot())
        qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)
        ask(qtbot, window, DEPLOY)
        window.setFocus()
        qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
        return window

    expected = {}
    for scheme in (Scheme.LIGHT, Scheme.DARK, Scheme.SYSTEM, Scheme.CONTRAST):
        window = begin(scheme)
        expected[scheme] = picture(window)
        window.close()
    window = begin(Scheme.LIGHT)
    wrong = []
    for before, after in itertools.pairwise(EVERY_SWITCH):
        window.theme.scheme = SCHEMES[after]
        if where := differing(picture(window), expected[SCHEMES[after]]):
            wrong.append(f"{SCHEMES[before]} to {SCHEMES[after]}: {where}")
    window.theme.scheme = Scheme.LIGHT
    assert wrong == []


# What is saved


@pytest.mark.parametrize("command", ["actionExportLayers", "actionExportWays"])
def test_a_picture_is_painted_once_its_kind_is_chosen(
    qtbot: QtBot, open_window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Each kind was painted before anybody was asked, and all but one thrown away."""
    painted: list[str] = []

    def noted(name: str) -> Callable[..., bytes]:
        paint: Callable[..., bytes] = getattr(image_export, name)

        def painting(*arguments: object, **more: object) -> bytes:
            painted.append(name)
            return paint(*arguments, **more)

        return painting

    for name in ("as_svg", "as_png"):
        monkeypatch.setattr(image_export, name, noted(name))
    window = open_window
    ask(qtbot, window, DEPLOY)
    window.interior.show_attack_paths()
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    monkeypatch.setattr(window.prompts, "file_to_save", lambda *_: None)
    window.menus.actions[command].trigger()
    assert painted == []
    path = tmp_path / "picture.png"
    monkeypatch.setattr(window.prompts, "file_to_save", lambda *_: path)
    window.menus.actions[command].trigger()
    qtbot.waitUntil(path.exists, timeout=20_000)
    assert painted == ["as_png"]
    assert QImage(str(path)).width() > 100


def test_nothing_is_zero_while_it_is_being_computed(qtbot: QtBot, window: MainWindow) -> None:
    window.show()
    window.interior.complete()
    page, findings, inspector = window.overview, window.workspace.findings, window.workspace.inspector
    cards = [page.named[badge] for badge in (Badge.ADMINISTRATOR, Badge.EXTERNAL_ACCESS)]
    bars = [*findings.filters.bars.bars.values(), findings.filters.bars.inconclusive]

    def told() -> list[str]:
        tab = inspector.tabs.tabText(inspector.tabs.indexOf(inspector.findings)).replace("&", "")
        return [*(card.title.text() for card in cards), findings.title, tab, *(bar.text_shown for bar in bars)]

    early: list[str] = []

    def opened(_opened: object) -> None:
        window.session.select("arn:aws:iam::111122223333:user/finance/petra.novak")
        early.extend(told())

    window.session.snapshot_opened.connect(opened)
    window.open_path(sample_snapshot())
    qtbot.waitUntil(lambda: window.session.snapshot is not None and not window.jobs.running, timeout=60_000)
    assert early[:4] == ["Administrators: …", "External access: …", "Findings …", "Findings …"]
    assert set(early[4:]) == {"…"}
    assert not any("…" in one or "?" in one for one in told()), "all of it is known at the end"
    assert cards[0].title.text() != "Administrators: 0"
    findings._run.stop()
    findings.model.clear()
    findings._refresh()
    assert findings.title == "Findings ?", "nobody has looked"
    assert bars[0].accessibleName() == "Critical: not known yet"


def test_opening_a_principal_asks_nothing_outside_ask(qtbot: QtBot, open_window: MainWindow) -> None:
    """Action and resource that were left in the bar gave a result that nobody had asked for."""
    window, session = open_window, open_window.session
    ask(qtbot, window, PETRA)
    window.menus.actions["perspectiveExplore"].trigger()
    session.show_key(INES)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    assert window.workspace.request_bar.principal.text() == INES, "it is entered, to be asked about"
    assert session.request is not None
    assert session.request.principal == PETRA
    assert window.workspace.result.is_stale, "the result is marked as that of another request"
    window.menus.actions["perspectiveAsk"].trigger()
    session.show_key(DEPLOY)
    qtbot.waitUntil(lambda: not session.pending and not window.jobs.running, timeout=60_000)
    assert session.request.principal == DEPLOY


def test_an_empty_result_takes_no_room_after_another_snapshot(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    window.menus.actions["perspectiveExplore"].trigger()
    ask(qtbot, window, PETRA)
    assert window.interior.stack.is_shown("answerDock")
    window.open_path(resources() / "samples" / "acme-organization")
    qtbot.waitUntil(lambda: window.session.request is None and window.session.snapshot is not None, timeout=60_000)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    assert not window.interior.stack.is_shown("answerDock")
