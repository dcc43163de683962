"""Tables of rows: order by several columns, chosen columns, menus by keyboard, copying, very many rows."""

import random
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import shiboken6
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QVBoxLayout, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from iamdesk.filter_language import EVERYTHING, Field, Filter, FilterFields
from iamdesk.gui.core import clipboard
from iamdesk.gui.core.table_memory import TableMemory
from iamdesk.gui.core.theme import palette_for
from iamdesk.gui.tables.filter_line import FilterLine
from iamdesk.gui.tables.rows_model import Index, RowsModel
from iamdesk.gui.tables.rows_table import RowsTable
from tests.some_of import some_of

TITLES = ("Name", "Kind", "Place")


@dataclass(frozen=True, eq=False)
class Row:
    texts: tuple[str, str, str]

    def sort_key(self, column: int) -> tuple[str, ...]:
        return (self.texts[column], *self.texts)


FIELDS = FilterFields[Row](
    tuple(
        Field(name, title, lambda row, at=at: row.texts[at], column=at)
        for at, (name, title) in enumerate(zip(("name", "kind", "place"), TITLES, strict=True))
    ),
    lambda word: lambda row: any(word in text for text in row.texts),
)


class Model(RowsModel[Row]):
    def __init__(self) -> None:
        super().__init__(TITLES, EVERYTHING, palette_for(dark=False))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row_at(index)
        return row.texts[index.column()] if row is not None and role == Qt.ItemDataRole.DisplayRole else None


ROWS = (
    Row(("alice", "user", "west")),
    Row(("bob", "role", "east")),
    Row(("carol", "user", "east")),
    Row(("dave", "role", "west")),
)


def names(model: RowsModel[Row]) -> str:
    return "".join(row.texts[0][0] for row in model.shown)


class Panel(QWidget):
    def __init__(self, memory: TableMemory, rows: Sequence[Row] = ROWS) -> None:
        super().__init__()
        self.model = Model()
        self.model.setParent(self)
        self.model.extend(rows)
        self.line = FilterLine(
            FIELDS, lambda: self.model.rows, memory, name="someFilter", title="Filter rows", hint="Filter"
        )
        self.table: RowsTable[Row] = RowsTable(self.model, name="someTable", title="Rows", widest={}, stretched=2)
        self.table.connect_filter(self.line, memory)
        layout = QVBoxLayout(self)
        layout.addWidget(self.line)
        layout.addWidget(self.table)
        self.line.changed.connect(self.filter)
        self.filtered = 0

    def filter(self) -> None:
        self.model.show_only(self.line.filter, self.count)

    def count(self) -> None:
        self.filtered += 1


@pytest.fixture
def memory() -> TableMemory:
    return TableMemory()


@pytest.fixture
def panel(qtbot: QtBot, memory: TableMemory) -> Iterator[Panel]:
    made = Panel(memory)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.table.setFocus()
    made.table.go_to(0)
    yield made
    QTest.keyClick(made.table, Qt.Key.Key_Escape)  # Qt remembers Shift until the next key


def title_at(table: RowsTable[Row], column: int) -> QPoint:
    header = table.horizontalHeader()
    return QPoint(header.sectionViewportPosition(column) + 10, header.height() // 2)


def click(table: RowsTable[Row], column: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.mouseClick(table.horizontalHeader().viewport(), Qt.MouseButton.LeftButton, modifier, title_at(table, column))


def test_rows_are_sorted_by_several_columns(panel: Panel):
    panel.table.sort_by([(1, False), (2, False)])
    assert names(panel.model) == "bdca"
    panel.table.sort_by([(1, True), (2, False), (0, False)])
    assert names(panel.model) == "cabd"
    panel.table.sort_by([(2, False), (1, True)])
    assert names(panel.model) == "cbad"
    heads = [panel.model.headerData(column, Qt.Orientation.Horizontal) for column in range(3)]
    assert heads == ["Name", "Kind  2▴", "Place  1▾"]


def test_shift_and_a_click_sort_by_one_more_column(panel: Panel, monkeypatch: pytest.MonkeyPatch):
    click(panel.table, 1)
    assert panel.model.order == ((1, False),)
    monkeypatch.setattr(QApplication, "keyboardModifiers", lambda: Qt.KeyboardModifier.ShiftModifier)
    click(panel.table, 2, Qt.KeyboardModifier.ShiftModifier)
    assert panel.model.order == ((1, False), (2, False))
    click(panel.table, 2, Qt.KeyboardModifier.ShiftModifier)
    assert panel.model.order == ((1, False), (2, True))
    assert names(panel.model) == "dbac"
    assert panel.table.horizontalHeader().sortIndicatorSection() == 1
    assert not panel.table.horizontalHeader().isSortIndicatorShown()
    monkeypatch.undo()
    click(panel.table, 2)
    assert [column for column, _descending in panel.model.order] == [2]
    assert panel.table.horizontalHeader().isSortIndicatorShown()


def test_rows_that_come_later_find_their_place(panel: Panel):
    panel.table.sort_by([(1, True), (0, False)])
    panel.model.extend([Row(("abe", "user", "west")), Row(("zoe", "zebra", "east"))])
    assert [row.texts[0] for row in panel.model.shown] == ["zoe", "abe", "alice", "carol", "bob", "dave"]


def test_rows_that_are_cleared_are_freed_meanwhile_others_come(panel: Panel, qtbot: QtBot):
    model = panel.model
    many = [Row((f"row {number}", "user", "west")) for number in range(3_000)]
    gone = [weakref.ref(row) for row in many]
    model.extend(many)
    del many
    model.clear()
    assert (model.rows, model.shown) == ([], [])
    model.extend(ROWS[:2])
    model.clear()
    model.extend(ROWS)
    qtbot.waitUntil(lambda: not any(one() for one in gone), timeout=20_000)
    assert names(model) == "abcd"


def test_selected_rows_stay_selected_when_sorted(panel: Panel):
    held = QPersistentModelIndex(panel.model.index(0, 0))
    panel.table.sort_by([(0, True), (1, False)])
    assert held.row() == 3
    assert [row.texts[0] for row in panel.table.selected_rows()] == ["alice"]


def action(menu: QMenu, text: str) -> Any:
    """Return the entry of a menu, without mnemonic."""
    found = [one for one in menu.actions() if one.text().replace("&", "") == text]
    assert found, [one.text() for one in menu.actions()]
    return found[0]


def test_the_menu_filters_by_a_cell_and_leaves_it_out(panel: Panel):
    menu = panel.table.menu_for(ROWS[0], 1)
    action(menu, "Filter by this cell").trigger()
    assert panel.line.text() == "kind=user"
    assert names(panel.model) == "ac"
    action(panel.table.menu_for(ROWS[2], 2), "Leave out this cell").trigger()
    assert panel.line.text() == "kind=user -place=east"
    assert names(panel.model) == "a"
    assert panel.filtered == 2


def test_the_menu_opens_by_key_at_the_current_cell(panel: Panel, qapp: QApplication, qtbot: QtBot):
    clipboard.follow(qapp)
    panel.line.setFocus()
    panel.table.setFocus()
    panel.table.setCurrentIndex(panel.model.index(1, 1))
    QTest.keyClick(panel.table, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    menu = qapp.activePopupWidget()
    assert isinstance(menu, QMenu)
    action(menu, "Filter by this cell").trigger()
    menu.close()
    assert panel.line.text() == "kind=role"
    panel.table.setCurrentIndex(panel.model.index(0, 2))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0))  # the menu key
    qapp.sendEvent(panel.table.viewport(), event)
    menu = qapp.activePopupWidget()
    assert isinstance(menu, QMenu)
    action(menu, "Then sort by Place (Shift+click)").trigger()
    menu.close()
    assert panel.model.order == ((0, False), (2, False))


def test_columns_are_chosen_and_moved(panel: Panel):
    columns = action(panel.table.header_menu(1), "Columns").menu()
    action(columns, "Kind").setChecked(False)
    assert panel.table.isColumnHidden(1)
    panel.table.setColumnHidden(1, False)  # the panel has content for it
    assert panel.table.isColumnHidden(1)
    columns = action(panel.table.header_menu(2), "Columns").menu()
    assert not action(columns, "Kind").isChecked()
    action(columns, "Kind").setChecked(True)
    assert not panel.table.isColumnHidden(1)
    action(columns, "Move Place to the left").trigger()
    header = panel.table.horizontalHeader()
    assert [header.logicalIndex(at) for at in range(3)] == [0, 2, 1]
    panel.table.move_column(2, -1)  # the first column stays
    assert [header.logicalIndex(at) for at in range(3)] == [0, 2, 1]


def test_the_last_column_stays(panel: Panel):
    for column in range(3):
        panel.table.choose_column(column, shown=False)
    assert [panel.table.isColumnHidden(column) for column in range(3)] == [True, True, False]


def test_columns_and_order_are_remembered(panel: Panel, memory: TableMemory, qtbot: QtBot):
    panel.table.choose_column(1, shown=False)
    panel.table.sort_by([(2, True), (0, True)])
    other = Panel(memory)
    qtbot.addWidget(other)
    assert other.table.isColumnHidden(1)
    assert other.model.order == ((2, True), (0, True))
    assert names(other.model) == "dacb"


def test_a_restored_header_takes_nothing_away(panel: Panel):
    header = panel.table.horizontalHeader()
    panel.table.sort_by([(2, False), (1, True)])
    state = header.saveState()
    header.restoreState(state)  # as the window does when it starts
    panel.table.recall()
    assert panel.model.order == ((2, False), (1, True))


def test_rows_are_copied_as_text_and_as_markdown(panel: Panel, qapp: QApplication):
    panel.model.extend([Row(("eve|<b>", "user", "a\tb"))])
    panel.table.go_to(4)
    panel.table.choose_column(1, shown=False)
    panel.table.copy_markdown()
    lines = qapp.clipboard().text().splitlines()
    assert lines[:2] == ["| Name | Place |", "| --- | --- |"]
    assert lines[2].startswith("| eve\\|\\<b\\>")
    panel.table.go_to(0)
    panel.table.copy()
    assert qapp.clipboard().text() == "alice\twest"  # as shown: one column is hidden
    panel.table.choose_column(1, shown=True)
    panel.table.copy()
    assert qapp.clipboard().text() == "alice\tuser\twest"


def test_rows_can_be_low(panel: Panel, memory: TableMemory):
    usual = panel.table.rowHeight(0)
    memory.is_compact = True
    assert panel.table.rowHeight(0) == usual - 5
    memory.is_compact = False
    assert panel.table.rowHeight(0) == usual


# Pinned columns


# Very many rows


def many(count: int) -> list[Row]:
    draw = random.Random(7)
    return [
        Row((f"n{draw.randrange(count):06}", f"k{draw.randrange(9)}", f"p{draw.randrange(99)}")) for _ in range(count)
    ]


def settled(panel: Panel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: panel.model.is_settled)


def test_many_rows_are_sorted_and_filtered_in_turns(memory: TableMemory, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("iamdesk.gui.core.slices._SLICE", 0.0)  # a turn of the event loop after each part
    rows = many(9_000)
    panel = Panel(memory, rows)
    qtbot.addWidget(panel)
    panel.table.sort_by([(1, False), (2, True), (0, False)])
    assert not panel.model.is_settled
    panel.line.show_filter("kind:k3 OR kind:k4")  # while it is sorted
    late = Row(("n0000001", "k3", "p5"))
    panel.model.extend([late, Row(("x", "k9", "p5"))])  # and while it is filtered
    assert panel.filtered == 0
    settled(panel, qtbot)
    assert panel.filtered == 1
    wanted = [row for row in (*rows, late) if row.texts[1] in ("k3", "k4")]
    wanted.sort(key=lambda row: row.texts)
    wanted.sort(key=lambda row: row.texts[2], reverse=True)
    wanted.sort(key=lambda row: row.texts[1])
    assert [row.texts for row in panel.model.shown] == [row.texts for row in wanted]
    panel.line.show_filter("")
    settled(panel, qtbot)
    assert len(panel.model.shown) == len(rows) + 2
    panel.line.show_filter("k3")
    panel.model.clear()
    assert panel.model.is_settled
    assert not panel.model.shown


def test_another_filter_replaces_one_that_is_not_done(
    memory: TableMemory, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("iamdesk.gui.core.slices._SLICE", 0.0)
    panel = Panel(memory, many(9_000))
    qtbot.addWidget(panel)
    settled(panel, qtbot)
    panel.line.show_filter("k3")
    panel.line.show_filter("k4")
    settled(panel, qtbot)
    assert {row.texts[1] for row in panel.model.shown} == {"k4"}
    assert panel.filtered == 1


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("cde"), st.sampled_from("fghij")), max_size=60),
    st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=3, unique_by=lambda one: one[0]),
    st.integers(1, 5),
    st.integers(1, 5),
)
@settings(max_examples=some_of(400), deadline=None)
def test_rows_merged_in_parts_are_in_order(cells, order, chunk: int, part: int):
    rows = [Row(texts) for texts in cells]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("iamdesk.gui.tables.rows_model._CHUNK", chunk)
        patch.setattr("iamdesk.gui.tables.rows_model._MERGED_AT_ONCE", part)
        model = Model()
        model.extend(rows)
        model.sort_by(order)
        while not model.is_settled:
            QApplication.processEvents()
    wanted = list(rows)
    wanted.sort(key=lambda row: row.sort_key(order[-1][0]), reverse=order[-1][1])
    for column, descending in reversed(order[:-1]):
        wanted.sort(key=lambda row, column=column: row.texts[column], reverse=descending)
    assert [row.texts for row in model.shown] == [row.texts for row in wanted]


@pytest.mark.parametrize("order", [[(0, False)], [(0, True)], [(1, False), (0, True)]])
def test_rows_in_many_batches_are_where_one_batch_puts_them(order, qtmodeltester: ModelTester):
    rows = many(40)
    one, other = Model(), Model()
    one.sort_by(order)
    one.extend(rows)
    other.sort_by(order)
    chosen: Filter[Row] = FIELDS.read("-k3")
    for first in range(0, 40, 3):
        other.extend(rows[first : first + 3])
        if first == 12:
            other.show_only(chosen)
    one.show_only(chosen)
    assert [row.texts for row in other.shown] == [row.texts for row in one.shown]
    qtmodeltester.check(other)


def test_a_closed_window_is_not_told_any_more(memory: TableMemory, qtbot: QtBot):
    closed = Panel(memory)
    shiboken6.delete(closed)
    memory.save("someFilter", "alice")
    memory.is_compact = True
    memory.changed.emit("")
