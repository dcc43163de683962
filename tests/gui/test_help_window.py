import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt, QUrl
from PySide6.QtGui import QFont, QImage, QTextDocument, QTextFormat, QTextTable
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QTreeWidgetItem
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

import iamdesk.gui
from iamdesk.evaluate.request import PolicyType, Request
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.ask import policy_type_list
from iamdesk.gui.help import help_pages
from iamdesk.gui.help.help_window import HelpWindow
from iamdesk.resource_files import resources

PETRA = "arn:aws:iam::111122223333:user/finance/petra.novak"


@pytest.fixture
def guide(qtbot: QtBot) -> Iterator[HelpWindow]:
    made = HelpWindow()
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    if isValid(made):
        made.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def shown(guide: HelpWindow) -> list[QTreeWidgetItem]:
    items = (guide.pages.topLevelItem(at) for at in range(guide.pages.topLevelItemCount()))
    return [item for item in items if item is not None]


def test_every_page_has_its_place() -> None:
    assert sorted(help_pages.ORDER) == sorted(path.stem for path in (resources() / "help").glob("*.md"))


def test_every_class_that_help_knows_is_there() -> None:
    folder = Path(iamdesk.gui.__file__).parent
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py")]
    there = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert set(help_pages._ABOUT) <= there
    assert set(help_pages._ABOUT.values()) <= set(help_pages.ORDER)


@pytest.mark.parametrize("page", help_pages.ORDER)
def test_every_picture_of_a_page_can_be_painted(qapp: QApplication, page: str) -> None:
    document = QTextDocument()
    document.setMarkdown(help_pages.page_file(page).read_text(encoding="utf-8"))
    block = document.begin()
    while block.isValid():
        fragments = block.begin()
        while not fragments.atEnd():
            picture = fragments.fragment().charFormat().toImageFormat()
            if picture.isValid():
                assert not QImage(str(resources() / "help" / picture.name())).isNull(), picture.name()
            fragments += 1
        block = block.next()


def test_search_finds_paragraphs_on_all_pages_and_goes_there(guide: HelpWindow) -> None:
    guide.show_page("index")
    QTest.keyClick(guide, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.focusWidget() is guide.search
    QTest.keyClicks(guide.search, "resource account CALLS")
    found = shown(guide)
    assert "How iamdesk decides" in [item.text(0) for item in found]
    QTest.keyClick(guide.search, Qt.Key.Key_Down)
    hit = guide.pages.currentItem()
    assert hit is not None
    assert hit.parent() is not None
    (band,) = guide.text.extraSelections()
    words = band.cursor.selectedText().casefold()  # type: ignore[attr-defined]
    assert "resource" in words
    assert "calls" in words


def test_nothing_found_is_said_and_esc_clears_before_it_closes(guide: HelpWindow) -> None:
    guide.search.setFocus()
    QTest.keyClicks(guide.search, "xylophone")
    assert [item.text(0) for item in shown(guide)] == ["No pages found."]
    QTest.keyClick(guide.search, Qt.Key.Key_Escape)
    assert guide.search.text() == ""
    assert len(shown(guide)) == len(help_pages.ORDER)
    QTest.keyClick(guide.search, Qt.Key.Key_Escape)
    assert not guide.isVisible()


def test_a_heading_is_gone_to_by_its_name_and_by_a_link(guide: HelpWindow) -> None:
    guide.show_page("checks", "TRU-01 ")
    assert guide.text.textCursor().block().text().startswith("TRU-01 ")
    assert guide.text.verticalScrollBar().value() > 0
    guide._follow(QUrl("how-iam-decides.md#what-is-not-known"))
    assert guide.page == "how-iam-decides"
    assert guide.text.verticalScrollBar().value() > 0


def test_f1_opens_the_page_about_each_panel(qtbot: QtBot, open_window: MainWindow) -> None:
    window, workspace = open_window, open_window.workspace
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.session.select("arn:aws:iam::111122223333:user/finance/petra.novak")
    expected = {
        workspace.request_bar.principal: "asking",
        workspace.navigator.tree: "workspace",
        workspace.inspector.policies.reader.text: "reading-an-answer",
        workspace.findings.table: "findings",
    }
    for widget, page in expected.items():
        assert help_pages.page_about(widget) == page
    # Panels are covered to the last: whatever takes the cursor has a page of its own.
    for panel in (*workspace.panels(), window.start, window.overview, window.captured):
        assert help_pages.page_about(panel) != help_pages.FIRST_PAGE, type(panel).__name__
    workspace.raise_dock("findingsDock")
    workspace.findings.filters.switch_causes()
    workspace.findings.table.setFocus()
    workspace.findings.table.setCurrentIndex(workspace.findings.model.index(0, 0))
    QTest.keyClick(workspace.findings.table, Qt.Key.Key_F1)
    guide = window.findChild(HelpWindow)
    assert isinstance(guide, HelpWindow)
    finding = workspace.findings.detail.finding
    assert finding is not None
    assert guide.page == "checks"
    assert guide.text.textCursor().block().text().startswith(finding.check_id)
    window.activateWindow()
    workspace.request_bar.principal.setFocus()
    QTest.keyClick(workspace.request_bar.principal, Qt.Key.Key_F1)
    assert guide.page == "asking"
    assert len(window.findChildren(HelpWindow)) == 1, "one guide, turned to another page"


def test_no_page_is_wider_than_its_window(qtbot: QtBot, guide: HelpWindow) -> None:
    """Commands of two hundred characters wrap, and are one line still when they are copied."""
    guide.resize(1000, 700)
    for page in help_pages.ORDER:
        guide.show_page(page)
        qtbot.waitUntil(lambda: guide.text.horizontalScrollBar().maximum() == 0)
    guide.show_page("asking")
    block = guide.text.document().begin()
    commands = []
    while block.isValid():
        if block.text().startswith("iamdesk can"):
            commands.append(block)
        block = block.next()
    assert any(command.layout().lineCount() > 1 for command in commands)
    assert all("\n" not in command.text() for command in commands)


def test_heads_of_tables_are_bold_wherever_the_table_stands(guide: HelpWindow) -> None:
    """Behind a command Qt's reader takes the first head for a part of it."""
    for page in help_pages.ORDER:
        guide.show_page(page)
        for frame in guide.text.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                heads = [frame.cellAt(0, column).firstCursorPosition().block() for column in range(frame.columns())]
                assert all(head.text() for head in heads), (page, [one.text() for one in heads])
                for head in heads:
                    assert not head.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence), (page, head.text())
                    pieces = [head.begin().fragment()] if head.text() else []
                    assert all(piece.charFormat().fontWeight() >= QFont.Weight.Bold for piece in pieces), page


def test_an_evaluation_rule_is_gone_to_by_its_id(guide: HelpWindow) -> None:
    for rule in ("A1", "E1", "E10", "L6"):
        guide.show_rule(rule)
        assert guide.page == help_pages.RULES_PAGE
        assert guide.text.textCursor().block().text() == rule
    assert guide.text.verticalScrollBar().value() > 0


def test_f1_on_a_layer_opens_the_rule_behind_it(qtbot: QtBot, open_window: MainWindow) -> None:
    window, layers = open_window, open_window.workspace.result.policy_types
    assert set(policy_type_list._RULES) == set(PolicyType)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.session.ask(Request(PETRA, "s3:GetObject", "arn:aws:s3:::acme-finance-reports/q1.csv"))
    qtbot.waitUntil(lambda: window.session.decision is not None and bool(layers.rows.policy_types))
    window.workspace.result.show()
    layers.setFocus()
    boundary = next(
        at for at, line in enumerate(layers.rows.policy_types) if line.layer is PolicyType.PERMISSIONS_BOUNDARY
    )
    layers.setCurrentIndex(layers.rows.index(boundary))
    QTest.keyClick(layers, Qt.Key.Key_F1)
    guide = window.findChild(HelpWindow)
    assert isinstance(guide, HelpWindow)
    assert (guide.page, guide.text.textCursor().block().text()) == (help_pages.RULES_PAGE, "C3")


def test_an_assumption_opens_the_rule_that_explains_it(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    sure = window.workspace.result.notes
    window.session.ask(
        Request(PETRA, "s3:GetObject", "arn:aws:s3:::a-bucket-of-whom/q1.csv", {"aws:SourceIp": "10.0.0.1"})
    )
    qtbot.waitUntil(lambda: bool(sure.findChildren(QPushButton, "openRule")))
    found = [one for one in sure.findChildren(QPushButton, "openRule") if one.text() == "Why? Rule G12"]
    assert found, [one.text() for one in sure.findChildren(QPushButton, "openRule")]
    found[0].click()
    guide = window.findChild(HelpWindow)
    assert isinstance(guide, HelpWindow)
    assert (guide.page, guide.text.textCursor().block().text()) == (help_pages.RULES_PAGE, "G12")
