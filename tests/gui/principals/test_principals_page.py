"""The table of all principals: filled in, by keyboard, each number opens what it counts, exported."""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.principals.principals_page import PrincipalsPage
from iamdesk.gui.principals.rows import FIELDS, KIND_WORDS, Column, PrincipalRow
from iamdesk.review.review_file import ReviewFile
from iamdesk.viewmodel.pages import AdministratorState, PrincipalEntry
from iamdesk.viewmodel.tree import Badge, NodeKind
from tests.filter_fields import assert_fields_fit

ACCOUNT = "arn:aws:iam::111122223333"


def shown_by_key(qtbot: QtBot, window: MainWindow) -> PrincipalsPage:
    """Show the page with its key, and wait until all cells are known."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    page = window.interior.principals
    assert page.isVisible()
    qtbot.waitUntil(lambda: bool(page.model.rows) and not page.is_running, timeout=60_000)
    return page


def row_of(page: PrincipalsPage, name: str) -> PrincipalRow:
    return next(row for row in page.model.rows if row.texts[Column.PRINCIPAL] == name)


def go_to(page: PrincipalsPage, name: str, column: Column) -> None:
    """Go to a cell with the keyboard, from the row."""
    page.table.go_to(page.model.shown.index(row_of(page, name)))
    for _ in range(40):
        if page.table.currentIndex().column() == column:
            return
        QTest.keyClick(page.table, Qt.Key.Key_Right)
    raise AssertionError(column)


def test_every_principal_is_listed_with_the_numbers_of_the_other_views(qtbot: QtBot, open_window: MainWindow) -> None:
    page = shown_by_key(qtbot, open_window)
    opened = open_window.session.whole
    assert opened is not None
    (account,) = opened.accounts
    rows = {row.entry.arn: row for row in page.model.rows}
    assert rows.keys() == {f"{ACCOUNT}:root", *(one.arn for one in account.users), *(one.arn for one in account.roles)}
    assert page.table.hasFocus()
    assert page.table.isColumnHidden(Column.ACCOUNT), "there is one account"
    kinds = opened.outline.nodes.kinds
    counted = Counter(row.entry.kind for row in rows.values())
    assert counted[NodeKind.USER] == kinds.count(NodeKind.USER)
    assert counted[NodeKind.ROLE] + counted[NodeKind.PERMISSION_SET] == kinds.count(NodeKind.ROLE)
    assert counted[NodeKind.SERVICE_LINKED_ROLE] == kinds.count(NodeKind.SERVICE_LINKED_ROLE)
    nodes = opened.outline.nodes
    external = {nodes[row].key for row in open_window.session.badge_rows[Badge.EXTERNAL_ACCESS]}
    assert {arn for arn, row in rows.items() if row.external} == external
    administrators = {nodes[row].key for row in open_window.session.badge_rows[Badge.ADMINISTRATOR]}
    by_paths = {arn for arn, row in rows.items() if row.state is AdministratorState.IS and not arn.endswith(":root")}
    assert by_paths == administrators
    findings = open_window.workspace.findings_by_subject
    for arn, row in rows.items():
        if row.is_counted:
            assert row.findings == len(findings.about(arn))
            assert row.texts[Column.FINDINGS] == str(row.findings)
    assert page.summary.text() == f"{len(rows)} principals"


def test_entitlements_are_those_of_a_review(qtbot: QtBot, open_window: MainWindow, tmp_path: Path) -> None:
    page = shown_by_key(qtbot, open_window)
    opened = open_window.session.whole
    assert opened is not None
    opened.create_review(tmp_path / "all.iamreview", "All")
    with ReviewFile.open(tmp_path / "all.iamreview", writable=False) as review:
        by_holder = Counter(line.holder_arn for line in review.lines)
    for row in page.model.rows:
        is_linked = row.entry.kind is NodeKind.SERVICE_LINKED_ROLE
        expected = None if is_linked else by_holder[row.entry.arn]
        assert (None if row.entitlements is None else len(row.entitlements)) == expected
        assert row.texts[Column.ENTITLEMENTS] == ("not reviewed" if expected is None else str(expected))
    go_to(page, "elena.petrov", Column.PRINCIPAL)
    assert page.preview.text().startswith(f"{ACCOUNT}:user/engineering/elena.petrov: ")
    assert "managed policy" in page.preview.text() or "member of group" in page.preview.text()


def test_each_number_opens_what_it_counts_and_back_returns(qtbot: QtBot, open_window: MainWindow) -> None:
    page = shown_by_key(qtbot, open_window)
    session, inspector = open_window.session, open_window.workspace.inspector
    row = max((row for row in page.model.rows if row.is_counted), key=lambda row: row.findings)
    name = row.texts[Column.PRINCIPAL]
    go_to(page, name, Column.FINDINGS)
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    assert session.subject_key == row.entry.arn
    assert inspector.tabs.currentWidget() is inspector.findings
    assert inspector.findings.count == row.findings
    focus = QApplication.focusWidget()
    assert focus is not None
    assert inspector.isAncestorOf(focus), "where the row leads"
    QTest.keyClick(open_window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert page.isVisible(), "back to the table"
    assert page.table.hasFocus()
    assert page.table.current_row() is row
    go_to(page, name, Column.ENTITLEMENTS)
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    assert inspector.tabs.currentWidget() is inspector.policies
    session.show_principals()
    path = next(row for row in page.model.rows if row.steps)
    go_to(page, path.texts[Column.PRINCIPAL], Column.ADMINISTRATOR)
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    paths = open_window.workspace.attack_paths
    qtbot.waitUntil(lambda: paths.found is not None, timeout=30_000)
    assert paths.isVisible()
    assert paths.found is not None
    assert paths.found.wanted.start == path.entry.arn
    session.show_principals()
    page.table.go_to(page.model.shown.index(row_of(page, "root user")))
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    assert session.subject_key == "111122223333", "a root user has no page of its own"


def test_filter_sort_and_copy_by_keyboard(qtbot: QtBot, open_window: MainWindow) -> None:
    page = shown_by_key(qtbot, open_window)
    QTest.keyClick(page.table, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: page.export_button.hasFocus() or page.text.hasFocus())
    page.text.setFocus()
    QTest.keyClicks(page.text, "administrator=administrator kind=user")
    qtbot.waitUntil(lambda: page.summary.text().endswith("match the filter"))
    QTest.keyClick(page.text, Qt.Key.Key_Escape)  # the list of suggestions, if it is open
    shown = page.model.shown
    assert shown
    assert all(row.state is AdministratorState.IS and row.entry.kind is NodeKind.USER for row in shown)
    page.table.setFocus()
    page.table.go_to(0)
    QTest.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QApplication.clipboard().text().split("\t")
    assert copied[0] == shown[0].texts[Column.PRINCIPAL]
    assert copied[-1] == shown[0].texts[Column.KEYS]
    page.show_filter("")
    QTest.keyClick(page.table, Qt.Key.Key_End)
    assert page.table.currentIndex().row() == len(page.model.shown) - 1
    QTest.keyClick(page.table, Qt.Key.Key_Home)
    assert page.table.currentIndex().row() == 0
    page.table.sort_by([(Column.SEVERITY, False), (Column.FINDINGS, True)])
    order = [(row._rank(Column.SEVERITY), -row.findings) for row in page.model.shown if row.severity is not None]
    assert order == sorted(order)


def test_numbers_of_the_overview_open_the_same_principals(qtbot: QtBot, open_window: MainWindow) -> None:
    overview, page = open_window.overview, open_window.interior.principals
    for bar in overview.people.bars:
        if not isinstance(bar.target, str):
            continue
        overview.people.chosen.emit(bar.target)
        qtbot.waitUntil(lambda: bool(page.model.rows) and not page.is_running, timeout=60_000)
        assert len(page.model.shown) == bar.count, bar.name
    assert {bar.name for bar in overview.people.bars if isinstance(bar.target, str)} >= {"Users", "Roles"}


@dataclass
class Answers(FileDialogs):
    save_to: Path

    def file_to_save(self, parent: QWidget, title: str, suggestion: Path, kinds: str) -> Path | None:  # noqa: ARG002
        return self.save_to


def test_what_the_filter_shows_is_exported(
    qtbot: QtBot, open_window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "principals.csv"
    monkeypatch.setattr(FileDialogs, "file_to_save", Answers(target).file_to_save)
    page = shown_by_key(qtbot, open_window)
    page.show_filter("kind=role steps>0")
    QTest.keyClick(page.table, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: target.exists() and not open_window.jobs.running)
    rows = list(csv.DictReader(io.StringIO(target.read_bytes().decode("utf-8-sig"))))
    shown = page.model.shown
    assert shown
    assert [row["principal"] for row in rows] == [row.entry.arn for row in shown]
    assert [row["steps_to_administrator"] for row in rows] == [str(row.steps) for row in shown]
    assert [row["open_findings"] for row in rows] == [str(row.findings) for row in shown]
    assert {row["query"] for row in rows} == {"principals that match: kind=role steps>0"}
    opened = open_window.session.snapshot
    assert opened is not None
    assert rows[0]["snapshot_sha256"] == opened.sha256


def test_nothing_is_left_of_a_closed_snapshot(qtbot: QtBot, open_window: MainWindow) -> None:
    page = shown_by_key(qtbot, open_window)
    open_window.session.close()
    assert not page.model.rows
    assert not page.is_running
    assert not page.summary.text()


def test_fields(qtbot: QtBot, open_window: MainWindow) -> None:
    page = shown_by_key(qtbot, open_window)
    assert_fields_fit(FIELDS, page.model.rows)


@pytest.mark.parametrize(
    ("password", "mfa", "text"),
    [
        (True, True, "with MFA"),
        (True, False, "without MFA"),
        (True, None, "MFA not captured"),
        (False, False, "no password"),
        (None, False, "no MFA, password not captured"),
        (None, None, "not captured"),
    ],
)
def test_unknown_is_no_no(password: bool | None, mfa: bool | None, text: str) -> None:
    entry = PrincipalEntry(
        f"{ACCOUNT}:user/a", "a", NodeKind.USER, "111122223333", "", None, "never", "never", password, mfa, None, None
    )
    row = PrincipalRow(entry)
    assert row.texts[Column.SIGN_IN] == text
    assert row.texts[Column.KEYS] == "not captured"
    assert row.texts[Column.FINDINGS] == "…", "the checks have not run"
    row.set_findings((), is_complete=True)
    assert row.texts[Column.FINDINGS] == "0"


def test_every_kind_has_words(sample: SnapshotSession) -> None:
    assert {entry.kind for entry in sample.principals()} <= KIND_WORDS.keys()
