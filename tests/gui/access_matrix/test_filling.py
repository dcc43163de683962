"""The map of everybody fills as one looks: what is in view first, and what is not known yet is said to be so."""

import csv
import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.gui.access_matrix import loader
from iamdesk.gui.access_matrix.cell import UNKNOWN
from iamdesk.gui.access_matrix.filling import Filling, View
from iamdesk.gui.access_matrix.panel import AccessMatrixPanel
from iamdesk.gui.access_matrix.rows import AccessMatrixData, MatrixQuery, Order
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.progress import WorkCancelled
from iamdesk.work.errors import WorkError

from .conftest import NORA, Answers, show

VIEW = View((NORA,), ("s3", "iam", "bedrock"))


def whatever(_done: int, _total: int) -> None:
    """Nobody looks at how far it is."""


def made(sample: SnapshotSession) -> Filling:
    return Filling(AccessMatrixData(sample, sample.access_matrix()), lambda _opened: None)


# In a thread


def test_what_is_in_view_comes_first_and_what_was_found_is_kept_when_it_is_cancelled(sample: SnapshotSession) -> None:
    filling = made(sample)
    filling.look_at(VIEW)
    with pytest.raises(WorkCancelled):
        filling.fill(whatever, lambda: True)
    rows, cells = filling.take(1_000)
    assert not rows
    assert [(cell.principal, cell.service) for cell in cells] == [(NORA, service) for service in VIEW.services]
    row = sample.access_matrix()[NORA]
    for cell in cells:
        reach = row.get(cell.service)
        assert (cell.service_summary is None) is (reach is None)
        assert reach is None or (
            cell.service_summary is not None and cell.service_summary.reach.actions == reach.actions
        )
    assert not filling.matrix.is_whole
    told: list[tuple[int, int]] = []
    filling.fill(lambda done, total: told.append((done, total)), lambda: False)
    assert filling.matrix.is_whole
    assert told[-1] == (len(filling.matrix.people), len(filling.matrix.people))
    rows, cells = filling.take(10_000)
    assert dict(rows) == filling.matrix.map.rows
    assert not cells


def test_rows_are_kept_one_by_one_when_it_is_cancelled(sample: SnapshotSession) -> None:
    filling = made(sample)
    with pytest.raises(WorkCancelled):
        filling.fill(whatever, lambda: len(filling.matrix.map.rows) == 3)
    assert len(filling.take(1_000)[0]) == len(filling.matrix.map.rows) == 3


def test_another_view_takes_the_place_of_one_that_is_being_found_out(sample: SnapshotSession) -> None:
    filling = made(sample)
    filling.look_at(View(tuple(person.key for person in filling.matrix.people), ("s3",)))
    filling.look_at(VIEW)
    with pytest.raises(WorkCancelled):
        filling.fill(whatever, lambda: True)
    assert {cell.principal for cell in filling.take(1)[1]} == {NORA}


def test_of_two_threads_one_fills_and_the_other_waits_for_it(sample: SnapshotSession) -> None:
    filling = made(sample)
    begun, goes_on = threading.Event(), threading.Event()

    def cancelled() -> bool:
        begun.set()
        assert goes_on.wait(20)
        return False

    first = threading.Thread(target=filling.fill, args=(whatever, cancelled))
    first.start()
    assert begun.wait(20)
    with pytest.raises(WorkCancelled):
        filling.fill(whatever, lambda: True)
    goes_on.set()
    filling.fill(whatever, lambda: False)
    first.join()
    assert filling.matrix.is_whole
    matrix = filling.matrix
    assert sum(matrix.map.profiles.values()) == len(matrix.people), "nobody is found out twice"


def test_until_all_is_known_principals_go_by_name_beside_services_that_policies_name(sample: SnapshotSession) -> None:
    matrix = made(sample).matrix
    matrix_rows = matrix.lay_out(MatrixQuery(order=Order.GRAVITY))
    assert not matrix_rows.is_whole
    assert matrix_rows.wanted.order is Order.GRAVITY, "what was wanted comes when all is known"
    names = [line.people[0].sort_name for line in matrix_rows.lines]
    assert names == sorted(names)
    assert all(line.profile is None and not line.is_group for line in matrix_rows.lines)
    services = [column.service for column in matrix_rows.columns]
    assert {"s3", "iam", "lambda"} <= set(services)
    assert [line.people[0].key for line in matrix.lay_out(MatrixQuery("nora")).lines] == [NORA]


# In the panel


@pytest.fixture
def goes_on(sample: SnapshotSession, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Lets the rows be found out that are not in view; until then those in view alone are."""
    event = threading.Event()
    real = sample.what_can_rows

    def waits(overview: Any, principals: Any, take: Any, progress: Any, cancelled: Any, executor: Any) -> None:
        progress(0, len(principals))
        while not event.wait(0.005):
            if cancelled():
                raise WorkCancelled
        real(overview, principals, take, progress, cancelled, executor)

    monkeypatch.setattr(sample, "what_can_rows", waits)
    monkeypatch.setattr(loader, "FEW", 0)
    return event


@pytest.fixture
def filled(
    qtbot: QtBot, session: Session, jobs: JobRunner, prompts: Answers, sample: SnapshotSession, goes_on: threading.Event
) -> Iterator[AccessMatrixPanel]:
    """What is in view is known, and nothing else: the panel is too low for all."""
    panel = AccessMatrixPanel(session, jobs, prompts)
    show(qtbot, panel)
    session.open(sample)
    qtbot.waitUntil(lambda: panel.model.matrix_rows is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not unknown_in_view(panel), timeout=20_000)
    yield panel
    goes_on.set()
    panel.hide()
    session.close()


def unknown_in_view(panel: AccessMatrixPanel) -> list[tuple[int, int]]:
    rows, columns = panel.table.in_view()
    assert rows
    return [(row, column) for row in rows for column in columns if panel.model.look(row, column) is UNKNOWN]


def test_rows_in_view_come_before_the_rest(qtbot: QtBot, filled: AccessMatrixPanel, goes_on: threading.Event) -> None:
    panel, model = filled, filled.model
    assert model.matrix_rows is not None
    assert not model.matrix_rows.is_whole
    assert not panel.is_settled
    assert not panel.finder.is_whole
    assert "rows are computed first" in panel._summary.text()
    last = model.rowCount() - 1
    assert last not in panel.table.in_view()[0]
    assert model.look(last, 0) is UNKNOWN
    index = model.index(last, 0)
    for role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
        assert "not computed yet" in index.data(role)
    assert index.data() == "…"
    head = model.headerData(last, Qt.Orientation.Vertical, Qt.ItemDataRole.AccessibleTextRole)
    assert head.endswith("not computed yet")
    unknown = panel.table.grab().toImage()
    panel.table.go_to(last, 0)
    qtbot.waitUntil(lambda: not unknown_in_view(panel), timeout=20_000)
    assert panel.table.grab().toImage() != unknown
    goes_on.set()
    qtbot.waitUntil(lambda: panel.is_settled, timeout=20_000)
    assert "principals have access" in panel._summary.text()
    assert any(line.is_group for line in model.lines), "those alike are gathered once all is known"
    assert not any(line.profile is None for line in model.lines)


def test_cells_in_view_are_those_of_the_whole_map(
    qtbot: QtBot, filled: AccessMatrixPanel, sample: SnapshotSession, goes_on: threading.Event
) -> None:
    reaches = sample.access_matrix()
    rows, columns = filled.table.in_view()
    seen = 0
    for row in rows:
        for column in columns:
            place = filled.model.column(column)
            assert place is not None
            service_summary = filled.model.service_summary(filled.model.index(row, column))
            found = reaches[filled.model.lines[row].people[0].key].get(place.service)
            assert (service_summary is None) is (found is None)
            seen += service_summary is not None
            assert service_summary is None or (found is not None and service_summary.reach.actions == found.actions)
    assert seen > 10


def test_a_filter_and_a_level_bring_others_into_view(qtbot: QtBot, filled: AccessMatrixPanel) -> None:
    panel = filled
    panel.text.setText("nora")
    qtbot.waitUntil(lambda: [line.title for line in panel.model.lines] == ["nora.lindqvist"], timeout=20_000)
    qtbot.waitUntil(lambda: not unknown_in_view(panel), timeout=20_000)
    panel.level.setCurrentIndex(panel.level.findData("Write"))
    panel.level.activated.emit(panel.level.currentIndex())
    qtbot.waitUntil(lambda: panel.model.level == "Write", timeout=20_000)
    qtbot.waitUntil(lambda: not unknown_in_view(panel), timeout=20_000)


def test_cancel_keeps_what_is_there_and_it_can_be_taken_up_again(
    qtbot: QtBot, filled: AccessMatrixPanel, jobs: JobRunner, goes_on: threading.Event
) -> None:
    panel = filled
    (job,) = [job for job in jobs.running if job.topic == "everybody"]
    job.cancel()
    assert "canceled" in panel.message.text
    assert panel.model.rowCount() > 20
    assert not unknown_in_view(panel)
    panel.repaint()
    assert not panel.finder.running
    goes_on.set()
    panel.message._button.click()
    qtbot.waitUntil(lambda: panel.is_settled, timeout=20_000)
    assert not panel.message.text


def test_another_snapshot_while_it_fills_is_found_by_itself(
    qtbot: QtBot, filled: AccessMatrixPanel, session: Session, other: SnapshotSession
) -> None:
    old = filled.finder.filling
    session.open(other)
    qtbot.waitUntil(lambda: filled.is_settled, timeout=20_000)
    assert filled.finder.filling is not old
    assert {person.key for line in filled.model.lines for person in line.people} == set(other.access_matrix())


def test_the_first_line_of_the_whole_map_is_the_first_where_nobody_has_gone(
    qtbot: QtBot, filled: AccessMatrixPanel, goes_on: threading.Event
) -> None:
    goes_on.set()
    qtbot.waitUntil(lambda: filled.is_settled, timeout=20_000)
    assert filled.table.currentIndex().row() == 0


def test_whoever_was_gone_to_is_still_there_in_the_whole_map(
    qtbot: QtBot, filled: AccessMatrixPanel, goes_on: threading.Event
) -> None:
    row, column = filled.model.place_of(NORA), filled.model.column_of("s3")
    assert row is not None
    assert column is not None
    filled.table.go_to(row, column)
    goes_on.set()
    qtbot.waitUntil(lambda: filled.is_settled, timeout=20_000)
    index = filled.table.currentIndex()
    assert filled.model.lines[index.row()].people[0].key == NORA


def test_a_service_to_sort_by_is_kept_until_all_is_known(
    qtbot: QtBot, filled: AccessMatrixPanel, goes_on: threading.Event
) -> None:
    header = filled.table.horizontalHeader()
    column = filled.model.column_of("s3")
    assert column is not None
    place = QPoint(header.sectionViewportPosition(column) + 5, header.height() - 5)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    goes_on.set()
    qtbot.waitUntil(lambda: filled.is_settled, timeout=20_000)
    assert filled.wanted.order is Order.SERVICE
    assert filled.wanted.service == "s3"


def test_the_model_keeps_qts_rules_while_it_fills(
    qtbot: QtBot, filled: AccessMatrixPanel, goes_on: threading.Event
) -> None:
    tester = QAbstractItemModelTester(filled.model)
    filled.table.go_to(filled.model.rowCount() - 1, 0)
    goes_on.set()
    qtbot.waitUntil(lambda: filled.is_settled, timeout=20_000)
    del tester


def test_workers_that_cannot_be_reached_are_told_and_what_is_known_stays(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_there = threading.Event()

    def executor_for(_opened: SnapshotSession) -> Executor | None:
        if is_there.is_set():
            return None
        raise WorkError("no Dask scheduler can be reached")

    monkeypatch.setattr(loader, "FEW", 0)
    monkeypatch.setattr(session, "executor_for", executor_for)
    panel = AccessMatrixPanel(session, jobs)
    show(qtbot, panel)
    session.open(sample)
    qtbot.waitUntil(lambda: "no Dask scheduler can be reached." in panel.message.text, timeout=20_000)
    qtbot.waitUntil(lambda: panel.model.rowCount() > 20, timeout=20_000)
    is_there.set()
    panel.message._button.click()
    qtbot.waitUntil(lambda: panel.is_settled, timeout=20_000)
    session.close()


def test_what_is_exported_is_worked_out_first(
    qtbot: QtBot,
    filled: AccessMatrixPanel,
    session: Session,
    sample: SnapshotSession,
    goes_on: threading.Event,
    prompts: Answers,
    tmp_path: Path,
) -> None:
    prompts.save_to = tmp_path / "all.csv"
    with qtbot.waitSignal(session.announced, timeout=20_000):
        filled.export_button.click()
        goes_on.set()
    text = prompts.save_to.read_text(encoding="utf-8-sig")
    reaches = sample.access_matrix()
    told = {row["principal"] for row in csv.DictReader(text.splitlines())}
    assert told == {key for key in reaches if reaches[key]}


def test_an_export_that_is_cancelled_writes_nothing(
    qtbot: QtBot, filled: AccessMatrixPanel, jobs: JobRunner, prompts: Answers, tmp_path: Path
) -> None:
    prompts.save_to = tmp_path / "all.csv"
    filled.commands()["actionExportEverybody"]()
    (job,) = [job for job in jobs.running if job.topic == "export everybody"]
    job.cancel()
    assert "was not written" in filled.message.text
    assert not prompts.save_to.exists()
    assert filled.finder.running, "the map itself goes on"
