import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.navigator.navigator import NavigatorPanel
from iamdesk.viewmodel.tree_builder import Badge, Node, NodeKind

ACCOUNT = "arn:aws:iam::111122223333"
INES = f"{ACCOUNT}:user/engineering/sre/ines.costa"
PETRA = f"{ACCOUNT}:user/finance/petra.novak"
DEPLOY = f"{ACCOUNT}:role/ci/GitHubActionsDeploy"


@pytest.fixture
def panel(qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession) -> NavigatorPanel:
    made = NavigatorPanel(session, jobs)
    qtbot.addWidget(made)
    made.resize(300, 700)
    made.show()
    with qtbot.waitSignal(session.badges_decided, timeout=60_000):
        session.open(sample)
    return made


def rows(panel: NavigatorPanel) -> list[str]:
    """Return the texts of the rows that stand open, from the top."""
    found: list[str] = []
    index = panel.model.index(0, 0)
    while index.isValid():
        found.append(index.data())
        index = panel.tree.indexBelow(index)
    return found


def here(panel: NavigatorPanel) -> str:
    node = panel.current_node()
    return node.key if node is not None else ""


def test_after_opening_the_sections_are_seen_and_closed(panel: NavigatorPanel) -> None:
    assert rows(panel)[:4] == ["111122223333", "Users", "Groups", "Roles"]
    assert len(rows(panel)) < 12


def test_typing_narrows_the_tree_after_a_pause(qtbot: QtBot, panel: NavigatorPanel) -> None:
    qtbot.keyClicks(panel.field, "ines.costa")
    qtbot.waitUntil(lambda: "ines.costa" in rows(panel))
    assert "petra.novak" not in rows(panel)
    assert panel._count.text() == "2 found", "the user, and the user as a member of a group"
    panel.field.setText("no such thing")
    panel.apply_filter()
    assert rows(panel) == []
    assert panel._count.text() == "none found"


def test_escape_clears_the_filter_and_then_goes_to_the_tree(qtbot: QtBot, panel: NavigatorPanel) -> None:
    panel.focus_filter()
    qtbot.keyClicks(panel.field, "ines")
    panel.apply_filter()
    qtbot.keyClick(panel.field, Qt.Key.Key_Escape)
    assert panel.field.text() == ""
    qtbot.waitUntil(lambda: "Groups" in rows(panel))
    qtbot.keyClick(panel.field, Qt.Key.Key_Escape)
    assert panel.focusWidget() is panel.tree


def test_down_goes_to_the_first_match_without_waiting(qtbot: QtBot, session: Session, panel: NavigatorPanel) -> None:
    panel.focus_filter()
    qtbot.keyClicks(panel.field, "petra.novak")
    qtbot.keyClick(panel.field, Qt.Key.Key_Down)
    assert here(panel) == PETRA
    assert session.subject_key == PETRA
    assert panel.focusWidget() is panel.tree


def test_a_filter_opens_the_branches_of_its_first_matches_only(panel: NavigatorPanel) -> None:
    panel.field.setText("arn")
    panel.apply_filter()
    opened = sum(panel.tree.isExpanded(panel.model.index_of(row)) for row in range(1, 400))
    assert 0 < opened <= 210


def test_branches_that_the_user_opened_are_open_again_after_the_filter(panel: NavigatorPanel) -> None:
    users = panel.model.index(0, 0, panel.model.index(0, 0))
    panel.tree.expand(users)
    panel.field.setText("GitHub")
    panel.apply_filter()
    assert "GitHubActionsDeploy" in rows(panel)
    panel.field.clear()
    panel.apply_filter()
    assert "ines.costa" in rows(panel)
    assert "GitHubActionsDeploy" not in rows(panel)


def test_filtering_selects_nothing_by_itself(session: Session, panel: NavigatorPanel) -> None:
    session.select(PETRA)
    panel.field.setText("GitHub")
    panel.apply_filter()
    assert session.subject_key == PETRA
    panel.field.clear()
    panel.apply_filter()
    assert session.subject_key == PETRA


def test_what_is_selected_elsewhere_is_revealed_even_behind_a_filter(session: Session, panel: NavigatorPanel) -> None:
    panel.field.setText("petra")
    panel.apply_filter()
    session.show_key(DEPLOY)
    assert here(panel) == DEPLOY
    assert panel.field.text() == ""
    assert panel.tree.visualRect(panel.tree.currentIndex()).isValid()


def test_the_current_row_is_the_subject(session: Session, panel: NavigatorPanel, sample: SnapshotSession) -> None:
    panel.tree.setCurrentIndex(panel.model.index_of(sample.outline.rows_by_key[INES]))
    assert session.subject_key == INES


def test_a_second_row_of_the_same_policy_is_not_left(session: Session, panel: NavigatorPanel) -> None:
    """A policy stands in its section and under everybody who carries it: selecting it there does not jump away."""
    panel.field.setText("AdministratorAccess")
    panel.apply_filter()
    number = next(
        hit
        for hit in panel._session.snapshot.search("AdministratorAccess").hits  # type: ignore[union-attr]
        if panel.model.node(panel.model.node(hit).parent).kind is NodeKind.ROLE  # type: ignore[union-attr]
    )
    panel.tree.setCurrentIndex(panel.model.index_of(number))
    assert panel.tree.currentIndex().internalId() == number
    assert session.subject_key.endswith("policy/AdministratorAccess")


def test_badges_are_painted_and_explained(panel: NavigatorPanel, sample: SnapshotSession) -> None:
    row = sample.outline.rows_by_key[INES]
    assert Badge.ADMINISTRATOR in panel.model.badges_of(row)
    panel.reveal(INES)
    index = panel.model.index_of(row)
    option = QStyleOptionViewItem()
    option.rect = panel.tree.visualRect(index)
    option.widget = panel.tree
    option.fontMetrics = panel.tree.fontMetrics()
    places = panel._delegate._badge_places(option, index)
    badge, place = places[0]
    assert panel._delegate.badge_under(place.center(), option, index) is badge
    assert panel._delegate.badge_under(QPoint(2, option.rect.center().y()), option, index) is None


def test_enter_opens(qtbot: QtBot, session: Session, panel: NavigatorPanel) -> None:
    panel.reveal(INES)
    panel.tree.setFocus()
    with qtbot.waitSignal(session.key_shown) as shown:
        qtbot.keyClick(panel.tree, Qt.Key.Key_Return)
    assert shown.args == [INES]


def test_the_menu_of_a_row_copies_and_asks(qtbot: QtBot, session: Session, panel: NavigatorPanel) -> None:
    panel.reveal(INES)
    node = panel.current_node()
    assert node is not None
    menu = panel.menu_for(node)
    actions = {action.text().replace("&", ""): action for action in menu.actions()}
    with qtbot.waitSignal(session.request_drafted) as drafted:
        actions["Use as principal in request"].trigger()
    assert drafted.args == [INES, None, None]
    actions["Copy ARN"].trigger()
    assert QGuiApplication.clipboard().text() == INES
    group = panel.menu_for(node._replace(kind=NodeKind.GROUP))
    assert "Use as principal in request" not in {action.text().replace("&", "") for action in group.actions()}
    for made in (menu, group):
        made.deleteLater()


def test_a_section_can_be_gone_to(session: Session, panel: NavigatorPanel, sample: SnapshotSession) -> None:
    section = next(row for row, node in enumerate(sample.outline.nodes) if node.text == "Roles")
    session.show_row(section)
    assert panel.tree.isExpanded(panel.model.index_of(section))
    assert panel.tree.currentIndex().internalId() == section


def test_closing_empties_it(session: Session, panel: NavigatorPanel) -> None:
    panel.field.setText("petra")
    session.close()
    assert rows(panel) == []
    assert panel.field.text() == ""


def test_a_hundred_thousand_rows_are_filtered(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession
) -> None:
    from iamdesk.viewmodel.search import OutlineSearch

    class Large:
        snapshot = sample.snapshot
        path, accounts = sample.path, sample.accounts
        outline = _large_outline(2000, 40)

        def evaluated_badges(self, *_args: object) -> dict[int, tuple[Badge, ...]]:
            return {}

        def search(self, text: str) -> object:
            return finder.matches(text)

    finder = OutlineSearch(Large.outline)
    panel = NavigatorPanel(session, jobs)
    qtbot.addWidget(panel)
    panel.resize(300, 900)
    panel.show()
    session.open(Large())  # type: ignore[arg-type]
    panel.field.setText("user-19")
    panel.apply_filter()
    assert len(finder.matches("user-19").hits) > 100
    assert panel.tree.model().rowCount() == 1


def _large_outline(users: int, policies: int) -> object:
    from iamdesk.viewmodel.tree import NodeTable, Outline

    nodes = [
        Node(NodeKind.SNAPSHOT, "", "", "", -1, 1, 1),
        Node(NodeKind.ACCOUNT, "111122223333", "", "111122223333", 0, 2, 1),
        Node(NodeKind.SECTION, "Users", "", "", 1, 3, users),
    ]
    first = 3 + users
    nodes += [
        Node(NodeKind.USER, f"user-{user}", "", f"arn:{user}", 2, first + user * policies, policies)
        for user in range(users)
    ]
    nodes += [
        Node(NodeKind.INLINE_POLICY, f"p{policy}", "", f"arn:{user}#inline/p{policy}", 3 + user, 0, 0)
        for user in range(users)
        for policy in range(policies)
    ]
    return Outline(NodeTable.of(nodes), {}, {node.key: row for row, node in enumerate(nodes) if node.key})


def test_searching_and_showing_are_two_turns_of_the_loop(qtbot: QtBot, panel: NavigatorPanel) -> None:
    done: list[str] = []
    opened = panel._session.shown
    assert opened is not None
    opened.search("")  # as `make_ready` has
    search, set_filter = opened.search, panel.model.set_filter
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(opened, "search", lambda text: (done.append("search"), search(text))[1])
        patched.setattr(panel.model, "set_filter", lambda rows: (done.append("show"), set_filter(rows))[1])
        panel.field.setText("alice")
        panel.field._pause.stop()  # it would come of itself, some time later
        QTimer.singleShot(0, panel._search)
        QTimer.singleShot(0, lambda: done.append("something else"))
        qtbot.waitUntil(lambda: "show" in done)
    assert done[:2] == ["search", "something else"]


def test_the_first_search_of_a_large_snapshot_is_made_in_a_worker(
    qtbot: QtBot, panel: NavigatorPanel, jobs: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SnapshotSession, "is_search_ready", False)
    panel.field.setText("ines")
    panel._search()
    assert "filter" in [job.topic for job in jobs.running]
    assert not panel._filtered
    qtbot.waitUntil(lambda: panel._filtered)
    assert "ines.costa" in rows(panel)


def test_the_menu_filters_by_the_kind_of_a_row(qtbot: QtBot, panel: NavigatorPanel) -> None:
    opened = panel._session.shown
    assert opened is not None
    user = next(node for node in opened.outline.nodes if node.kind is NodeKind.INLINE_POLICY)
    (entry,) = [one for one in panel.menu_for(user).actions() if one.text() == "&Filter by this kind"]
    entry.trigger()
    assert panel.field.text() == 'kind="inline policy"'
    qtbot.waitUntil(lambda: panel._filtered)
    found = opened.search(panel.field.filter.text).hits
    assert found
    assert {opened.outline.nodes[row].kind for row in found} == {NodeKind.INLINE_POLICY}


def test_a_wrong_filter_leaves_the_tree_as_it_is(panel: NavigatorPanel) -> None:
    panel.field.setText("elena")
    panel.apply_filter()
    before = rows(panel)
    panel.field.setText("elena kind:")
    panel.apply_filter()
    assert panel.field.error is not None
    assert rows(panel) == before
