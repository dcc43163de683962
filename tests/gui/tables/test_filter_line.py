"""The field in which a table is filtered: errors, suggestions, history and saved filters, all by keyboard."""

from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.filter_language import Field, FieldKind, FilterFields
from iamdesk.gui.core.settings import Settings
from iamdesk.gui.core.table_memory import MAX_SAVED, TableMemory
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters


@dataclass(frozen=True)
class Row:
    subject: str
    severity: str


ROWS = (Row("alice", "high"), Row("bob smith", "low"), Row("carol", "low"))
FIELDS = FilterFields[Row](
    (
        Field("severity", "Severity", lambda row: row.severity, FieldKind.RANK, {"low": "Low", "high": "High"}),
        Field("subject", "Subject", lambda row: row.subject),
    ),
    lambda word: lambda row: word in f"{row.subject}\n{row.severity}",
)


class Panel(QWidget):
    def __init__(self, memory: TableMemory) -> None:
        super().__init__()
        self.line = FilterLine(FIELDS, lambda: ROWS, memory, name="someFilter", title="Filter rows", hint="Filter")
        self.saved = SavedFilters(self.line, memory)
        layout = QVBoxLayout(self)
        layout.addWidget(self.line)
        layout.addWidget(self.saved)
        layout.addStretch(1)
        self.resize(600, 400)
        self.filters: list[str] = []
        self.line.changed.connect(lambda: self.filters.append(self.line.filter.text))

    @property
    def shown(self) -> list[str]:
        return [row.subject for row in ROWS if self.line.filter.accepts(row)]


@pytest.fixture
def memory() -> TableMemory:
    return TableMemory()


@pytest.fixture
def panel(qtbot: QtBot, memory: TableMemory) -> Panel:
    made = Panel(memory)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.line.setFocus()
    qtbot.waitUntil(made.line.hasFocus)
    return made


def test_the_table_is_filtered_once_typing_pauses(panel: Panel, qtbot: QtBot):
    QTest.keyClicks(panel.line, "low smith")
    qtbot.waitUntil(lambda: panel.filters == ["low smith"])
    assert panel.shown == ["bob smith"]


def test_a_wrong_text_says_why_and_keeps_the_last_filter(panel: Panel):
    panel.line.show_filter("severity:low")
    assert panel.shown == ["bob smith", "carol"]
    panel.line.setText("severity:lo severity>=hgh")
    panel.line.apply()
    assert panel.shown == ["bob smith", "carol"]
    assert panel.filters == ["severity:low"]
    sentence = "severity is one of: low, high; hgh is not."
    assert panel.line.accessibleDescription() == sentence
    assert panel.line.actions()[0].text() == sentence  # the mark in the field
    assert panel.saved.error == f"{sentence} The rows are still those of the previous filter."
    assert panel.saved.isVisible()
    red = panel.line.palette().color(QPalette.ColorRole.Text)
    assert red != panel.palette().color(QPalette.ColorRole.Text)
    panel.line.setText("severity:high")
    panel.line.apply()
    assert panel.shown == ["alice"]
    assert panel.line.palette().color(QPalette.ColorRole.Text) == panel.palette().color(QPalette.ColorRole.Text)
    assert panel.line.error is None
    assert not panel.saved.error
    assert panel.saved.isHidden()


def test_the_empty_field_says_how_to_see_its_fields(panel: Panel):
    assert panel.line.placeholderText() == "Filter · Alt+Down: fields"
    QTest.keyClick(panel.line, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert [one.value for one in panel.line.offered] == ["severity:", "subject:"]


def test_names_and_values_are_completed_by_keyboard(panel: Panel, qtbot: QtBot):
    QTest.keyClicks(panel.line, "-su")
    assert [one.label for one in panel.line.offered] == ["subject"]
    QTest.keyClick(panel.line, Qt.Key.Key_Down)
    QTest.keyClick(panel.line, Qt.Key.Key_Return)
    assert panel.line.text() == "-subject:"
    assert [one.label for one in panel.line.offered] == ["alice", "bob smith", "carol"]
    QTest.keyClicks(panel.line, "bo")
    QTest.keyClick(panel.line, Qt.Key.Key_Down)
    QTest.keyClick(panel.line, Qt.Key.Key_Tab)
    assert panel.line.text() == '-subject:"bob smith"'
    assert not panel.line.offered
    assert panel.line.hasFocus()
    qtbot.waitUntil(lambda: panel.shown == ["alice", "carol"])


def test_the_list_goes_with_the_text(panel: Panel):
    QTest.keyClicks(panel.line, "subject:")
    assert panel.line.offered
    panel.line.clear()
    assert not panel.line.offered


def test_alt_down_offers_all_fields(panel: Panel):
    QTest.keyClick(panel.line, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert [one.label for one in panel.line.offered] == ["severity", "subject"]
    QTest.keyClick(panel.line, Qt.Key.Key_Escape)
    assert not panel.line.offered


def test_down_in_the_empty_field_lists_earlier_filters(panel: Panel, qtbot: QtBot):
    for text in ("alice", "severity:low"):
        panel.line.setText(text)
        with qtbot.waitSignal(panel.line.down):
            QTest.keyClick(panel.line, Qt.Key.Key_Return)
    panel.line.clear()
    QTest.keyClick(panel.line, Qt.Key.Key_Down)
    assert [one.label for one in panel.line.offered] == ["severity:low", "alice"]
    QTest.keyClick(panel.line, Qt.Key.Key_Down)
    QTest.keyClick(panel.line, Qt.Key.Key_Down)
    QTest.keyClick(panel.line, Qt.Key.Key_Return)
    assert panel.line.text() == "alice"


def test_down_with_a_filter_goes_to_the_rows_unless_it_is_wrong(panel: Panel, qtbot: QtBot):
    panel.line.setText("alice")
    with qtbot.waitSignal(panel.line.down):
        QTest.keyClick(panel.line, Qt.Key.Key_Down)
    panel.line.setText('"alice')
    with qtbot.assertNotEmitted(panel.line.down):
        QTest.keyClick(panel.line, Qt.Key.Key_Return)


def test_escape_clears_then_leaves(panel: Panel, qtbot: QtBot):
    panel.line.setText("alice")
    QTest.keyClick(panel.line, Qt.Key.Key_Escape)
    assert not panel.line.text()
    with qtbot.waitSignal(panel.line.left):
        QTest.keyClick(panel.line, Qt.Key.Key_Escape)


def test_a_filter_is_saved_as_a_button_and_removed(panel: Panel):
    panel.line.show_filter("severity:low")
    panel.line.toggle_saved()
    assert panel.line.is_saved
    (button,) = panel.saved.buttons
    assert button.accessibleName() == "Saved filter: severity:low"
    assert panel.saved.isVisible()
    panel.line.clear()
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert panel.line.text() == "severity:low"
    assert panel.shown == ["bob smith", "carol"]
    button.setFocus()
    button.actions()[0].trigger()
    assert not panel.saved.buttons
    assert not panel.saved.isVisible()


def test_only_so_many_filters_are_saved(panel: Panel, memory: TableMemory):
    for number in range(MAX_SAVED + 2):
        memory.save("someFilter", f"word{number}")
    assert len(panel.saved.buttons) == MAX_SAVED
    assert memory.saved("someFilter")[0] == "word2"


def test_a_further_test_is_added_to_all_alternatives(panel: Panel):
    panel.line.show_filter("alice OR carol")
    panel.line.add_test("-severity=high")
    assert panel.line.text() == "(alice OR carol) -severity=high"
    assert panel.shown == ["carol"]


def test_other_fields_drop_a_filter_that_they_cannot_read(panel: Panel):
    panel.line.show_filter("severity:low")
    other = FilterFields[Row]((Field("size", "Size", lambda _row: 1, FieldKind.NUMBER),), FIELDS.has_word)
    panel.line.set_fields(other)
    assert panel.line.filter.fields is other  # now it is a word
    panel.line.set_fields(FIELDS)
    panel.line.show_filter("severity>=low")
    panel.line.set_fields(other)
    assert panel.line.filter.shows_everything
    assert panel.line.error is not None


def test_filters_are_kept_in_the_settings(qtbot: QtBot, tmp_path):
    path = tmp_path / "iamdesk.ini"
    memory = TableMemory()
    memory.keep_in(Settings(path))
    memory.save("someFilter", 'subject:"a, b"')
    memory.remember("someFilter", "one")
    memory.remember("someFilter", "two")
    memory.set_columns("someTable", {3, 1}, [(2, True), (0, False)], pinned=2)
    memory.set_columns("otherTable", (), [(0, False)], pinned=None)
    memory.is_compact = True
    again = TableMemory()
    settings = Settings(path)
    again.keep_in(settings)
    assert again.saved("someFilter") == ('subject:"a, b"',)
    assert again.recent("someFilter") == ("two", "one")
    assert again.columns("someTable") == ({1, 3}, ((2, True), (0, False)), 2)
    assert again.columns("otherTable") == (frozenset(), ((0, False),), None)
    assert again.is_compact
    settings.forget_recent()
    assert again.recent("someFilter") == ()
    settings.keeps_recent = False
    again.remember("someFilter", "three")
    assert again.recent("someFilter") == ()
    settings.choose_columns("someTable", '{"hidden": [], "order": []}')
    assert again.columns("someTable") is None, "the pinned columns are missing"
    settings.choose_columns("someTable", '{"hidden": 3}')
    assert again.columns("someTable") is None


def test_the_list_is_named_and_hostile_values_are_plain(panel: Panel, qapp: QApplication):
    assert panel.line.accessibleName() == "Filter rows"
    panel.line.show_filter("<b>x</b>")
    panel.line.toggle_saved()
    (button,) = panel.saved.buttons
    assert "<b>" not in button.toolTip()
