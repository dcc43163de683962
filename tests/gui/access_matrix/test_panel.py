"""What everybody can, over the real sample account: the map, its lines and order, and what its cells lead to."""

import csv
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QTableView
from pytestqt.qtbot import QtBot

from iamdesk import i18n
from iamdesk.access.service_access import AccessByPrincipal
from iamdesk.api import SnapshotSession
from iamdesk.export.access.heatmap import REFUSED
from iamdesk.export.access.matrix import GRAVITY, MANY_SERVICES, Profile, ServiceSummary, service_column
from iamdesk.gui.access_matrix import model as everybody_model
from iamdesk.gui.access_matrix.model import AccessMatrixModel
from iamdesk.gui.access_matrix.panel import AccessMatrixPanel
from iamdesk.gui.access_matrix.rows import MATRIX_FIELDS, MatrixPrincipal, MatrixQuery, MatrixRow, MatrixRows, Order
from iamdesk.gui.access_matrix.table import AccessMatrixTable
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.viewmodel.tree import NodeKind
from tests.filter_fields import assert_fields_fit

from .conftest import ACCOUNT, INES, NORA, Answers, show

ROOT = f"{ACCOUNT}:root"
GRANTING = "Permissions management"


def settle(qtbot: QtBot, panel: AccessMatrixPanel) -> None:
    qtbot.waitUntil(lambda: panel.is_settled, timeout=20_000)


def choose(qtbot: QtBot, panel: AccessMatrixPanel, level: str | None = None, order: Order | None = None) -> None:
    for box, value in ((panel.level, level), (panel.order, order)):
        if value is not None:
            box.setCurrentIndex(box.findData(value))
            box.activated.emit(box.currentIndex())
    settle(qtbot, panel)


def go_to(panel: AccessMatrixPanel, key: str, service: str) -> None:
    row, column = panel.model.place_of(key), panel.model.column_of(service)
    assert row is not None
    assert column is not None
    if panel.model.lines[row].is_group:
        panel.table.toggle(row)
        row = panel.model.place_of(key) or row
    panel.table.go_to(row, column)
    panel.table.setFocus()


def permitted(overview: AccessByPrincipal, key: str, service: str) -> int:
    found = overview[key].get(service)
    return sum(bits.bit_count() for reach, bits in found.actions.items() if reach not in REFUSED) if found else 0


def names(panel: AccessMatrixPanel) -> list[str]:
    return [line.title for line in panel.model.lines]


# What is shown


def test_the_map_holds_what_the_overview_says_of_everybody(
    qtbot: QtBot, panel: AccessMatrixPanel, sample: SnapshotSession
) -> None:
    overview = sample.access_matrix()
    panel.every_service.setChecked(True)
    panel.gather.setChecked(False)
    settle(qtbot, panel)
    table = panel.findChild(QTableView, "everybodyTable")
    assert isinstance(table, AccessMatrixTable)
    assert {line.people[0].key for line in panel.model.lines} == set(overview)
    assert len(panel.model.lines) == len(overview)
    for row, line in enumerate(panel.model.lines):
        for column, service in enumerate(panel.model.columns):
            service_summary = panel.model.service_summary(panel.model.index(row, column))
            expected = permitted(overview, line.people[0].key, service.service)
            assert (service_summary.permitted if service_summary is not None else 0) == expected
            if service_summary is not None:
                found = overview[line.people[0].key][service.service]
                assert {level: cell.share for level, cell in service_summary.row.cells.items()} == pytest.approx(
                    {level: found.share(level) for level in service_summary.row.cells}
                )


def test_only_services_that_somebody_can_use_have_a_column_most_used_first(
    qtbot: QtBot, panel: AccessMatrixPanel, sample: SnapshotSession
) -> None:
    overview = sample.access_matrix()
    services = {service for key in overview for service in overview[key]}
    users = {service: sum(permitted(overview, key, service) > 0 for key in overview) for service in services}
    breadth = {key: sum(permitted(overview, key, service) > 0 for service in overview[key]) for key in overview}
    told = {
        service
        for key in overview
        if breadth[key] <= MANY_SERVICES
        for service in overview[key]
        if permitted(overview, key, service)
    }
    shown = [one.service for one in panel.model.columns]
    assert set(shown) == told
    assert {one.service: one.users for one in panel.model.columns} == {service: users[service] for service in shown}
    assert [users[service] for service in shown] == sorted((users[service] for service in shown), reverse=True)
    everything = sum(count > 0 for count in users.values())
    assert panel.model.matrix_rows is not None
    assert panel.model.matrix_rows.others == everything - len(shown)
    last = panel.model.columnCount() - 1
    assert panel.model.column(last) is None
    for row, line in enumerate(panel.model.lines):
        rest = breadth[line.people[0].key] - sum(
            permitted(overview, line.people[0].key, service) > 0 for service in shown
        )
        assert panel.model.index(row, last).data() == (f"{rest:,}" if rest else "")
    panel.table.others_wanted.emit()
    settle(qtbot, panel)
    assert len(panel.model.columns) == everything
    assert panel.model.columnCount() == everything


def test_one_sentence_stands_above(panel: AccessMatrixPanel, sample: SnapshotSession) -> None:
    overview = sample.access_matrix()
    granting = sum(any(one.share(GRANTING) for one in overview[key].values()) for key in overview)
    words = panel._summary.text()
    assert words.startswith(f"{len(overview)} of {len(overview)} principals have access")
    assert f"{granting} can change permissions." in words


def test_one_access_level_is_shown_alone(qtbot: QtBot, panel: AccessMatrixPanel, sample: SnapshotSession) -> None:
    choose(qtbot, panel, level=GRANTING)
    overview = sample.access_matrix()
    for row, line in enumerate(panel.model.lines):
        for column, service in enumerate(panel.model.columns):
            found = overview[line.people[0].key].get(service.service)
            look = panel.model.look(row, column)
            can = found is not None and found.share(GRANTING) > 0
            assert (look is not None and not look.denied) is can
            assert look is None or not look.level, "a pie, and no letter"
    assert all(one.users for one in panel.model.columns)
    assert panel._summary.text().count(GRANTING) == 1


def test_over_all_levels_a_cell_bears_the_gravest(panel: AccessMatrixPanel) -> None:
    seen = set()
    for row, line in enumerate(panel.model.lines):
        for column, service in enumerate(panel.model.columns):
            look = panel.model.look(row, column)
            service_summary = line.profile.glances.get(service.service)
            if look is not None and service_summary is not None and service_summary.permitted:
                assert look.level == max((one for one in GRAVITY if service_summary.of_level[one]), key=GRAVITY.index)
                seen.add(look.level)
    assert {"Read", "Write", GRANTING} <= seen


# Order, filter, those alike


def test_lines_go_by_breadth_by_gravity_by_name_and_by_a_service(qtbot: QtBot, panel: AccessMatrixPanel) -> None:
    def profiles() -> list[Profile]:
        return [line.profile for line in panel.model.lines]

    breadths = [one.breadth[None] for one in profiles()]
    assert breadths == sorted(breadths, reverse=True)
    choose(qtbot, panel, order=Order.GRAVITY)
    grants = [one.weight[GRANTING] for one in profiles()]
    assert grants == sorted(grants, reverse=True)
    assert len(set(grants)) > 3
    choose(qtbot, panel, order=Order.NAME)
    first = [line.people[0].name.casefold() for line in panel.model.lines]
    assert first == sorted(first)
    column = panel.model.column_of("s3")
    assert column is not None
    header = panel.table.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(column) + 5, header.height() - 5)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    settle(qtbot, panel)
    assert panel.wanted.order is Order.SERVICE
    assert "s3" in panel.order.currentText()
    grants = [
        service_summary.of_level[GRANTING] if (service_summary := one.glances.get("s3")) else -1 for one in profiles()
    ]
    assert [count for count in grants if count > 0] == sorted((count for count in grants if count > 0), reverse=True)
    panel.table.sort_wanted.emit("s3")
    settle(qtbot, panel)
    assert panel.wanted.order is Order.NAME, "once more: as before"


def test_an_order_by_a_service_that_nobody_can_use_at_a_level_is_given_up(
    qtbot: QtBot, panel: AccessMatrixPanel
) -> None:
    panel.table.sort_wanted.emit("sts")
    settle(qtbot, panel)
    choose(qtbot, panel, level=GRANTING)
    assert panel.model.column_of("sts") is None
    assert panel.wanted.order is Order.BREADTH


def test_words_find_principals_as_in_the_navigator(qtbot: QtBot, panel: AccessMatrixPanel) -> None:
    panel.text.setFocus()
    QTest.keyClicks(panel.text, "nora")
    qtbot.waitUntil(lambda: names(panel) == ["nora.lindqvist"], timeout=20_000)
    QTest.keyClick(panel.text, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(names(panel)) > 20, timeout=20_000)
    QTest.keyClicks(panel.text, "root user")
    qtbot.waitUntil(lambda: names(panel) == ["root user of 111122223333"], timeout=20_000)
    panel.text.setText("nobody is called so")
    qtbot.waitUntil(lambda: not names(panel), timeout=20_000)
    assert "No principals match" in panel._nothing.text()
    assert panel._clear_filter.isVisible()
    panel._clear_filter.click()
    qtbot.waitUntil(lambda: len(names(panel)) > 20, timeout=20_000)
    QTest.keyClick(panel.text, Qt.Key.Key_Down)
    assert panel.table.hasFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Escape)
    assert panel.text.hasFocus()


def test_those_who_can_do_the_same_stand_in_one_line_that_opens(
    qtbot: QtBot, panel: AccessMatrixPanel, sample: SnapshotSession
) -> None:
    reaches = sample.access_matrix()
    group = next(line for line in panel.model.lines if line.is_group)

    def actions(key: str) -> dict[str, object]:
        return {service: tuple(found.actions.items()) for service, found in reaches[key].items()}

    first, *others = (actions(person.key) for person in group.people)
    assert all(other == first for other in others)
    assert group.title == f"{len(group.people)} identical roles"
    assert sum(len(line.people) for line in panel.model.lines) == len(reaches)
    row = panel.model.place_of(group.people[-1].key)
    assert row is not None
    panel.table.go_to(row, 0)
    panel.table.setFocus()
    before = len(panel.model.lines)
    QTest.keyClick(panel.table, Qt.Key.Key_Space)
    members = panel.model.lines[row + 1 : row + 1 + len(group.people)]
    assert [line.people[0].key for line in members] == [person.key for person in group.people]
    assert len(panel.model.lines) == before + len(group.people)
    assert panel.model.place_of(group.people[-1].key) == row + len(group.people)
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    assert len(panel.model.lines) == before
    panel.gather.setChecked(False)
    settle(qtbot, panel)
    assert not any(line.is_group for line in panel.model.lines)
    assert len(panel.model.lines) == len(reaches)


# By keyboard, and what a cell leads to


def test_every_cell_can_be_reached_and_opened_by_keys(qtbot: QtBot, panel: AccessMatrixPanel, session: Session) -> None:
    go_to(panel, NORA, "s3")
    assert "nora.lindqvist, Amazon S3 (s3): " in panel._cell.text()
    QTest.keyClick(panel.table, Qt.Key.Key_Right)
    QTest.keyClick(panel.table, Qt.Key.Key_Left)
    with qtbot.waitSignal(session.access_cell_shown) as shown:
        QTest.keyClick(panel.table, Qt.Key.Key_Return)
    assert shown.args == [NORA, "s3", ""]
    assert session.subject_key == NORA
    choose(qtbot, panel, level="Write")
    go_to(panel, NORA, "s3")
    with qtbot.waitSignal(session.access_cell_shown) as shown:
        QTest.keyClick(panel.table, Qt.Key.Key_Enter)
    assert shown.args == [NORA, "s3", "Write"]


def test_letters_go_to_a_service(panel: AccessMatrixPanel) -> None:
    panel.table.go_to(2, 0)
    panel.table.setFocus()
    QTest.keyClicks(panel.table, "lam")
    column = panel.model.column(panel.table.currentIndex().column())
    assert column is not None
    assert column.service == "lambda"
    assert panel.table.currentIndex().row() == 2


def test_a_click_shows_it_and_the_keyboard_stays(qtbot: QtBot, panel: AccessMatrixPanel, session: Session) -> None:
    go_to(panel, INES, "iam")
    place = panel.table.visualRect(panel.table.currentIndex()).center()
    with qtbot.waitSignal(session.access_cell_shown) as shown:
        QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert shown.args == [INES, "iam", ""]
    assert panel.table.hasFocus()


def test_a_root_user_is_taken_into_the_question(qtbot: QtBot, panel: AccessMatrixPanel, session: Session) -> None:
    go_to(panel, ROOT, "s3")
    with qtbot.waitSignal(session.request_drafted) as drafted:
        QTest.keyClick(panel.table, Qt.Key.Key_Return)
    assert drafted.args is not None
    assert drafted.args[0] == ROOT


def test_the_menu_of_a_cell_offers_what_the_keys_do(qtbot: QtBot, panel: AccessMatrixPanel, session: Session) -> None:
    go_to(panel, NORA, "s3")
    menu = panel.table.menu()
    actions = {action.text().replace("&", ""): action for action in menu.actions()}
    assert {"Show effective permissions", "Sort by s3", "Copy this row"} <= set(actions)
    with qtbot.waitSignal(session.access_cell_shown):
        actions["Show effective permissions"].trigger()
    actions["Sort by s3"].trigger()
    settle(qtbot, panel)
    assert panel.wanted.order is Order.SERVICE


def test_a_row_is_copied_below_its_heads(panel: AccessMatrixPanel) -> None:
    go_to(panel, NORA, "s3")
    QTest.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    heads, cells = (line.split("\t") for line in QApplication.clipboard().text().split("\n"))
    assert heads[:3] == ["Principal", "ARN", panel.model.columns[0].service]
    assert cells[:2] == ["nora.lindqvist", NORA]
    place = heads.index("s3")
    service_summary = panel.model.lines[panel.table.currentIndex().row()].profile.glances["s3"]
    assert cells[place] == f"{service_summary.permitted}/{service_summary.row.total.total}"


def test_the_cursor_stays_where_it_was(qtbot: QtBot, panel: AccessMatrixPanel) -> None:
    go_to(panel, NORA, "s3")
    choose(qtbot, panel, order=Order.NAME)
    index = panel.table.currentIndex()
    column = panel.model.column(index.column())
    assert panel.model.lines[index.row()].people[0].key == NORA
    assert column is not None
    assert column.service == "s3"


def test_every_cell_and_head_says_in_words_what_it_shows(panel: AccessMatrixPanel) -> None:
    model = panel.model
    for row, line in enumerate(model.lines):
        said = model.headerData(row, Qt.Orientation.Vertical, Qt.ItemDataRole.AccessibleTextRole)
        assert said.startswith(line.title)
        for column, service in enumerate(model.columns):
            index = model.index(row, column)
            words = index.data(Qt.ItemDataRole.AccessibleTextRole)
            assert words.startswith(f"{line.title}, {service.name}")
            service_summary = line.profile.glances.get(service.service)
            expected = (
                f"{service_summary.permitted} of {service_summary.row.total.total} action"
                if service_summary
                else "no action is allowed"
            )
            assert expected in words.replace(",", "") or expected in words
            assert index.data(Qt.ItemDataRole.ToolTipRole).startswith("<qt>")
    for column, service in enumerate(model.columns):
        tip = model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
        assert str(service.users) in tip


# Finding, cancelling, closing


def slow(sample: SnapshotSession, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let the search wait until it may go on."""
    goes_on = threading.Event()
    real = sample.access_matrix

    def waits(*asked: Any) -> Any:
        assert goes_on.wait(20)
        return real(*asked)

    monkeypatch.setattr(sample, "access_matrix", waits)
    return goes_on


def test_nothing_is_found_out_while_nobody_looks(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession
) -> None:
    panel = AccessMatrixPanel(session, jobs)
    qtbot.addWidget(panel)
    session.open(sample)
    QApplication.processEvents()
    assert not panel.finder.running
    assert panel.finder.matrix is None
    show(qtbot, panel)
    settle(qtbot, panel)
    session.close()


def test_a_cancelled_search_can_be_taken_up_again(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = slow(sample, monkeypatch)
    panel = AccessMatrixPanel(session, jobs)
    show(qtbot, panel)
    assert "Open a snapshot" in panel._nothing.text()
    session.open(sample)
    qtbot.waitUntil(lambda: panel.finder.running)
    assert "Computing the access matrix" in panel._nothing.text()
    (job,) = [job for job in jobs.running if job.topic == "everybody"]
    job.cancel()
    assert "canceled" in panel.message.text
    panel.repaint()
    QApplication.processEvents()
    assert not panel.finder.running, "one that was cancelled waits"
    goes_on.set()
    panel.message._button.click()
    settle(qtbot, panel)
    assert panel.model.lines
    session.close()


def test_what_cannot_be_found_is_said(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_asked: Any) -> Any:
        raise ValueError("broken on purpose")

    monkeypatch.setattr(sample, "access_matrix", fails)
    panel = AccessMatrixPanel(session, jobs)
    show(qtbot, panel)
    with qtbot.captureExceptions() as raised:
        session.open(sample)
        qtbot.waitUntil(lambda: "ended early" in panel.message.text, timeout=20_000)
    assert [str(error) for _, error, _ in raised] == ["broken on purpose"]
    session.close()


def test_closing_the_snapshot_empties_the_panel(qtbot: QtBot, panel: AccessMatrixPanel, session: Session) -> None:
    panel.every_service.setChecked(True)
    panel.text.setText("nora")
    settle(qtbot, panel)
    session.close()
    assert panel.model.rowCount() == 0
    assert panel.model.columnCount() == 0
    assert panel.finder.matrix is None
    assert not panel.text.text()
    assert not panel.every_service.isChecked()
    assert "Open a snapshot" in panel._nothing.text()
    assert not panel.export_button.isEnabled()


def test_the_model_keeps_qts_rules(qtbot: QtBot, panel: AccessMatrixPanel) -> None:
    tester = QAbstractItemModelTester(panel.model)
    row = next(row for row, line in enumerate(panel.model.lines) if line.is_group)
    panel.table.toggle(row)
    panel.table.toggle(row)
    choose(qtbot, panel, level="Read")
    panel.text.setText("nora")
    settle(qtbot, panel)
    del tester


# Files


def test_everybody_is_exported_whatever_the_filter_shows(
    qtbot: QtBot,
    panel: AccessMatrixPanel,
    session: Session,
    sample: SnapshotSession,
    prompts: Answers,
    tmp_path: Path,
) -> None:
    prompts.save_to = tmp_path / "everybody.csv"
    panel.text.setText("nora")
    settle(qtbot, panel)
    with qtbot.waitSignal(session.announced, timeout=20_000):
        panel.commands()["actionExportEverybody"]()
    rows = list(csv.DictReader(prompts.save_to.read_text(encoding="utf-8-sig").splitlines()))
    reaches = sample.access_matrix()
    assert {row["principal"] for row in rows} == {key for key in reaches if reaches[key]}
    of_nora = {(row["service"], row["access_level"]): row for row in rows if row["principal"] == NORA}
    for service, found in reaches[NORA].items():
        for level, counts in found.counts().items():
            row = of_nora.get((service, level))
            told = sum(count for reach, count in counts.items() if reach.value != "none")
            assert (row is not None) is (told > 0)
            if row is not None:
                assert int(row["actions_total"]) == sum(counts.values())
                assert float(row["share_permitted"]) == pytest.approx(found.share(level), abs=0.001)


def test_before_anything_is_found_nothing_is_exported(
    qtbot: QtBot, session: Session, jobs: JobRunner, prompts: Answers
) -> None:
    panel = AccessMatrixPanel(session, jobs, prompts)
    qtbot.addWidget(panel)
    for act in panel.commands().values():
        with qtbot.waitSignal(session.announced) as said:
            act()
        assert said.args is not None
        assert "Nothing to export" in said.args[0]
    assert not prompts.suggested


# Thousands


@pytest.fixture
def thousands(sample: SnapshotSession) -> MatrixRows:
    """Six thousand principals, each with another reach of each service, and sixty services."""
    wide = sample.access_matrix()[ROOT]
    services = sorted(wide)[:60]
    lines = []
    for number in range(6_000):
        # Glances are equal by what they are, not by what they say: each row has its own.
        profile = Profile({service: ServiceSummary(wide[service]) for service in services})
        person = MatrixPrincipal(f"{ACCOUNT}:role/role-{number:04}", -1, NodeKind.ROLE, f"role-{number:04}", "")
        lines.append(MatrixRow(profile, (person,)))
    columns = tuple(service_column(service, 6_000, is_listed=True) for service in services)
    return MatrixRows(MatrixQuery(every_service=True), tuple(lines), columns, 0, 6_000, 6_000, 6_000)


def test_of_thousands_only_what_is_seen_is_read(
    qtbot: QtBot, thousands: MatrixRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[ServiceSummary] = []
    real: Callable[[ServiceSummary, str | None], Any] = everybody_model.look_of

    def look_of(service_summary: ServiceSummary, level: str | None) -> Any:
        looked.append(service_summary)
        return real(service_summary, level)

    monkeypatch.setattr(everybody_model, "look_of", look_of)
    model = AccessMatrixModel(lambda _row: ())
    table = AccessMatrixTable(model)
    show(qtbot, table)
    model.show(thousands)
    table.grab()
    rows, columns = table.height() // table.rowHeight(0) + 2, table.width() // table.columnWidth(0) + 2
    assert 0 < len(looked) <= rows * columns
    first = len(looked)
    table.grab()
    assert len(looked) == first, "what was read is remembered"
    table.verticalScrollBar().setValue(3_000)
    table.grab()
    assert first < len(looked) <= first + rows * columns
    assert model.looked_at == len(looked)
    table.go_to(5_999, 59)
    table.grab()
    assert len(looked) <= 3 * rows * columns + columns
    assert not table.findChildren(type(table)), "no widget for a cell"


# In the window


def test_the_command_brings_it_forward_and_a_cell_opens_the_access_tab(qtbot: QtBot, open_window: MainWindow) -> None:
    window, panel = open_window, open_window.workspace.access_matrix
    assert panel.finder.matrix is None, "nobody has looked"
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, panel)
    assert not panel.visibleRegion().isEmpty()
    go_to(panel, NORA, "s3")
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    access = window.workspace.inspector.access
    qtbot.waitUntil(lambda: access.map.map is not None, timeout=20_000)
    row = access.map.row(access.table.currentIndex())
    assert row is not None
    assert row.service == "s3"
    assert access.table.hasFocus()
    access.filters.text.setText("iam")
    qtbot.waitUntil(lambda: [one.service for one in access.map.shown] != [], timeout=20_000)
    choose(qtbot, panel, level="Read")
    go_to(panel, NORA, "s3")
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    row = access.map.row(access.table.currentIndex())
    assert row is not None
    assert (row.service, access.table.currentIndex().column()) == ("s3", 2), "a filter that hides the cell is cleared"


def test_letters_are_those_of_the_language(qtbot: QtBot, panel: AccessMatrixPanel) -> None:
    light = panel.table.grab().toImage()
    i18n.choose("de")
    try:
        panel.table._painted.clear()
        panel.table.viewport().update()
        assert panel.table.grab().toImage() != light
    finally:
        i18n.choose(i18n.ENGLISH)


def test_principals_are_filtered_by_fields(qtbot: QtBot, panel: AccessMatrixPanel) -> None:
    matrix = panel.finder.matrix
    assert matrix is not None
    assert_fields_fit(MATRIX_FIELDS, matrix.people)
    panel.text.show_filter("kind=role -name:deploy")
    qtbot.waitUntil(lambda: panel.is_settled and panel.wanted == panel.model.matrix_rows.wanted)  # type: ignore[union-attr]
    shown = {person.key for line in panel.model.lines for person in line.people}
    expected = {one.key for one in matrix.people if one.kind.value == "role" and "deploy" not in one.name.casefold()}
    assert shown == expected


def test_a_word_is_looked_for_in_principals_not_in_their_policies(qtbot: QtBot, panel: AccessMatrixPanel) -> None:
    panel.text.setFocus()
    QTest.keyClicks(panel.text, "LegacyFullAccess")
    qtbot.waitUntil(lambda: not names(panel), timeout=20_000)
    panel.text.selectAll()
    QTest.keyClicks(panel.text, "nora")
    qtbot.waitUntil(lambda: names(panel) == ["nora.lindqvist"], timeout=20_000)
    assert "1 principal matches the filter." in panel._summary.text()
    panel.text.selectAll()
    QTest.keyClicks(panel.text, "111122223333")
    qtbot.waitUntil(lambda: len(names(panel)) > 20, timeout=20_000)
