"""Notes and marks in the window: written by keys, shown where their items are, kept in a file beside the snapshot."""

import csv
import io
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iamdesk.api import Workbench
from iamdesk.evaluate.request import Request
from iamdesk.export.findings import writers
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.notebook import Noted
from iamdesk.gui.notes.note_editor import NoteEditor
from iamdesk.notes.model import NoteError
from iamdesk.resource_files import sample_snapshot
from iamdesk.viewmodel.tree import NoteMark

NORA = "arn:aws:iam::111122223333:user/finance/nora.lindqvist"
PETRA = "arn:aws:iam::111122223333:user/finance/petra.novak"
NOW = datetime(2026, 11, 28, tzinfo=UTC)
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "captured" / "acme-prod.json"
    path.parent.mkdir()
    shutil.copyfile(sample_snapshot(), path)
    return path


@pytest.fixture
def opened(qtbot: QtBot, window: MainWindow, snapshot: Path) -> MainWindow:
    """The window with a snapshot that may have notes beside it."""
    window.show()
    open_again(qtbot, window, snapshot)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def open_again(qtbot: QtBot, window: MainWindow, snapshot: Path) -> None:
    window.session.close()
    window.open_path(snapshot)
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=60_000)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)


def kept(snapshot: Path) -> dict[str, str]:
    file = snapshot.with_name(f"{snapshot.name}.iamdesk-notes")
    content = file.read_text() if file.exists() else ""  # it is empty for a moment
    return {one["item"]: one["text"] for one in json.loads(content)["notes"]} if content else {}


def files(snapshot: Path) -> list[str]:
    return sorted(path.name for path in snapshot.parent.iterdir())


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
    QTest.keyClick(QApplication.focusWidget(), key, modifiers)


def test_a_note_is_written_by_keys_and_shown_on_tree_and_page(qtbot: QtBot, opened: MainWindow, snapshot: Path) -> None:
    assert files(snapshot) == ["acme-prod.json"], "opening writes nothing"
    opened.session.show_key(NORA)
    before = QApplication.focusWidget()
    press(Qt.Key.Key_N, CONTROL | ALT)
    editor = opened.findChild(NoteEditor)
    assert isinstance(editor, NoteEditor)
    assert editor.title.full_text() == "Note on nora.lindqvist"
    assert QApplication.focusWidget() is editor.text
    QTest.keyClicks(editor.text, "Leaves in January <b>")
    editor.marks[NoteMark.WATCH].click()
    asked: list[bool] = []
    opened.menus.actions["actionAsk"].triggered.connect(lambda _checked: asked.append(True))
    editor.text.setFocus()
    press(Qt.Key.Key_Return, CONTROL)
    assert not asked
    assert QApplication.focusWidget() is before
    qtbot.waitUntil(lambda: kept(snapshot) == {NORA: "Leaves in January <b>"})
    note = opened.workspace.inspector.header.note
    assert note.isVisible()
    assert note.text.text() == "watch: Leaves in January <b>"
    model = opened.workspace.navigator.model
    row = opened.session.snapshot.outline.rows_by_key[NORA]
    index = model.index_of(row)
    assert "Note: watch: Leaves in January &lt;b&gt;" in model.data(index, Qt.ItemDataRole.ToolTipRole)
    assert model.data(index, Qt.ItemDataRole.AccessibleDescriptionRole).endswith("Note: watch: Leaves in January <b>")
    navigator = opened.workspace.navigator
    for text in ("mark:watch", "note:january", "mark=watch -note:february"):
        navigator.field.setText(text)
        qtbot.waitUntil(lambda text=text: navigator.field.filter.text == text and navigator._count.text() == "1 found")
        assert navigator.model.holds(row)
    navigator.field.setText("mark:important")
    qtbot.waitUntil(lambda: navigator._count.text() == "none found")
    navigator.field.clear()
    palette = opened.windows.search_everywhere("~january")
    qtbot.waitUntil(lambda: not palette.is_searching)
    assert [entry.title for entry in palette.entries] == ["nora.lindqvist"]
    palette.close()
    open_again(qtbot, opened, snapshot)
    assert opened.session.notes.note(NORA).mark is NoteMark.WATCH


def test_esc_writes_nothing_and_remove_removes(qtbot: QtBot, opened: MainWindow, snapshot: Path) -> None:
    opened.session.show_key(NORA)
    editor = opened.windows.write_note()
    QTest.keyClicks(editor.text, "nothing")
    press(Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert files(snapshot) == ["acme-prod.json"]
    opened.session.notes.put(opened.windows._things_to_note(), NoteMark.QUESTION, "")
    qtbot.waitUntil(lambda: kept(snapshot) == {NORA: ""})
    editor = opened.windows.write_note()
    assert editor.mark is NoteMark.QUESTION
    editor.remove_button.click()
    qtbot.waitUntil(lambda: kept(snapshot) == {})
    assert not opened.workspace.inspector.header.note.isVisible()


def test_findings_have_a_column_a_filter_and_reports(qtbot: QtBot, opened: MainWindow, snapshot: Path) -> None:
    panel = opened.workspace.findings
    assert panel.table.isColumnHidden(panel.model.note_column)
    opened.interior.go_to("findingsDock")
    finding = panel.model.rows[3].finding
    panel.show_finding(finding.fingerprint)
    editor = opened.windows.write_note()
    editor.text.setPlainText("=cmd()<script>")
    editor.marks[NoteMark.IMPORTANT].click()
    editor.save()
    assert not panel.table.isColumnHidden(panel.model.note_column)
    panel.filters.text.setText("note:cmd mark:important")
    qtbot.waitUntil(lambda: [row.finding for row in panel.model.shown] == [finding])
    assert panel.model.shown[0].note_words == "important: =cmd()<script>"
    panel.filters.text.setText("mark:checked")
    qtbot.waitUntil(lambda: not panel.model.shown)
    qtbot.waitUntil(lambda: list(kept(snapshot)) == [f"finding:{finding.fingerprint}"])
    noted = [replace(finding, notes=("=cmd()<script>", "important: \u202e"))]
    made = {
        name: writers.render(name, noted, opened.session.whole.snapshot, generated_at=NOW)
        for name in ("csv", "html", "management-html", "json")
    }
    (row,) = csv.DictReader(io.StringIO(made["csv"].decode("utf-8-sig")))
    assert row["notes"] == "'=cmd()<script> | important: \\u202e"
    for name in ("html", "management-html"):
        assert b"=cmd()&lt;script&gt;" in made[name]
        assert b"<script>" not in made[name]
        assert b"important: \\u202e" in made[name]
    assert json.loads(made["json"])["findings"][0]["notes"] == ["=cmd()<script>", "important: \u202e"]
    without = writers.render("json", [finding], opened.session.whole.snapshot, generated_at=NOW)
    assert b'"notes"' not in without


def test_rows_of_principals_have_the_column_the_filter_and_the_command(
    qtbot: QtBot, opened: MainWindow, snapshot: Path
) -> None:
    opened.session.ask_who_can(Request("", "s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv"))
    panel = opened.workspace.who_can
    qtbot.waitUntil(lambda: bool(panel.model.rows) and not opened.jobs.running, timeout=20_000)
    table, model = panel.table, panel.model
    column = model.note_column
    assert table.isColumnHidden(column)
    place = next(at for at, row in enumerate(model.shown) if row.principal == PETRA)
    table.setFocus()
    table.go_to(place)
    menu = table.menu_for(model.shown[place])
    (action,) = [one for one in menu.actions() if one.text() == "&Note…"]
    action.trigger()
    editor = opened.findChild(NoteEditor)
    assert isinstance(editor, NoteEditor)
    assert editor.title.full_text() == "Note on petra.novak"
    editor.text.setPlainText("asked <b>twice</b>")
    editor.marks[NoteMark.QUESTION].click()
    editor.save()
    qtbot.waitUntil(lambda: list(kept(snapshot)) == [PETRA])
    assert not table.isColumnHidden(column)
    index = model.index(place, column)
    assert index.data() == "question: asked <b>twice</b>"
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "<qt>question: asked &lt;b&gt;twice&lt;/b&gt;</qt>"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Note: question: asked <b>twice</b>"
    assert "question: asked <b>twice</b>" in table.copied_text()
    assert table.currentIndex().row() == place, "a note moves nothing"
    table.sort_by([(column, False)])
    qtbot.waitUntil(lambda: model.is_settled and model.shown[0].principal == PETRA)
    table.sort_by([(column, False), (1, True)])
    qtbot.waitUntil(lambda: model.is_settled and model.shown[0].principal == PETRA)
    panel.text.show_filter("note:twice mark:question asked")
    qtbot.waitUntil(lambda: [row.principal for row in model.shown] == [PETRA])
    opened.session.notes.put([Noted(PETRA, "petra.novak")], None, "")
    qtbot.waitUntil(lambda: not model.shown, timeout=2_000)
    assert table.isColumnHidden(column)


def test_policies_of_a_principal_have_the_column(qtbot: QtBot, opened: MainWindow, snapshot: Path) -> None:
    opened.session.show_key(PETRA)
    inspector = opened.workspace.inspector
    policies = inspector.policies.list
    inspector.tabs.setCurrentWidget(inspector.policies)
    assert policies.isColumnHidden(2)
    policies.setFocus()
    entry = policies.current_entry()
    assert entry is not None
    assert policies.items_to_note() == (entry.key,)
    press(Qt.Key.Key_N, CONTROL | ALT)
    editor = opened.findChild(NoteEditor)
    assert isinstance(editor, NoteEditor)
    assert editor.title.full_text() == f"Note on {entry.name}"
    editor.text.setPlainText("too <b>wide</b>")
    editor.save()
    qtbot.waitUntil(lambda: kept(snapshot) == {entry.key: "too <b>wide</b>"})
    assert not policies.isColumnHidden(2)
    item = policies.currentItem()
    assert item.text(2) == "too <b>wide</b>"
    assert item.toolTip(2) == "<qt>too &lt;b&gt;wide&lt;/b&gt;</qt>"
    opened.session.show_key(NORA)
    opened.session.show_key(PETRA)
    assert any(one.text(2) for one in policies._items())
    opened.session.notes.put([Noted(entry.key, entry.name)], None, "")
    assert policies.isColumnHidden(2)


def test_names_in_the_access_matrix_say_the_note(qtbot: QtBot, opened: MainWindow, snapshot: Path) -> None:
    opened.interior.go_to("everybodyDock")
    panel = opened.workspace.access_matrix
    qtbot.waitUntil(lambda: panel.is_settled, timeout=30_000)
    model, table = panel.model, panel.table
    row = model.place_of(PETRA)
    assert row is not None
    assert model.lines[row].is_group, "of identical principals"
    before = table._people.grab().toImage()
    table.go_to(row, 0)
    table.setFocus()
    (action,) = [one for one in table.menu().actions() if one.text() == "&Note…"]
    action.trigger()
    editor = opened.findChild(NoteEditor)
    assert isinstance(editor, NoteEditor)
    editor.text.setPlainText("<b>twice</b>")
    editor.marks[NoteMark.WATCH].click()
    editor.save()
    qtbot.waitUntil(lambda: set(kept(snapshot)) == {person.key for person in model.lines[row].people})
    said = model.headerData(row, Qt.Orientation.Vertical, Qt.ItemDataRole.AccessibleTextRole)
    assert said.endswith("Note: watch: <b>twice</b>")
    tip = model.headerData(row, Qt.Orientation.Vertical, Qt.ItemDataRole.ToolTipRole)
    assert "Note: watch: &lt;b&gt;twice&lt;/b&gt;" in tip
    assert table._people.grab().toImage() != before
    noted = {person.key for person in model.lines[row].people}
    for text in ("note:twice", "mark:watch", "twice"):
        panel.text.show_filter(text)
        qtbot.waitUntil(lambda: panel.is_settled and {one.key for each in model.lines for one in each.people} == noted)
    opened.session.notes.put([Noted(one, one) for one in noted], NoteMark.CHECKED, "again")
    qtbot.waitUntil(lambda: panel.is_settled and not model.lines)
    panel.text.show_filter("-note:again")
    qtbot.waitUntil(lambda: panel.is_settled and len(model.lines) > 10)
    assert not noted & {one.key for each in model.lines for one in each.people}


def test_the_next_snapshot_says_where_notes_come_from(qtbot: QtBot, opened: MainWindow, snapshot: Path) -> None:
    opened.session.show_key(NORA)
    opened.session.notes.put(opened.windows._things_to_note(), None, "from June")
    qtbot.waitUntil(lambda: bool(kept(snapshot)))
    later = snapshot.with_name("acme-prod-december.json")
    shutil.copyfile(snapshot, later)
    open_again(qtbot, opened, later)
    assert opened.session.notes.note(NORA).text == "from June"
    assert "come from acme-prod.json.iamdesk-notes" in opened.problem_bar.text.replace("comes", "come")
    assert kept(later) == {}, "nothing is written before the first note"
    opened.session.show_key(NORA.replace("nora.lindqvist", "petra.novak"))
    opened.session.notes.put(opened.windows._things_to_note(), NoteMark.CHECKED, "new")
    qtbot.waitUntil(lambda: set(kept(later).values()) == {"from June", "new"})
    assert set(kept(snapshot).values()) == {"from June"}


def test_a_folder_that_cannot_be_written_to_is_replaced_by_another(
    qtbot: QtBot, opened: MainWindow, snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "notes"
    elsewhere.mkdir()
    shutil.move(snapshot.parent, tmp_path / "gone")
    opened.session.show_key(NORA)
    opened.session.notes.put(opened.windows._things_to_note(), None, "not lost")
    qtbot.waitUntil(lambda: "cannot be written" in opened.problem_bar.text)
    assert opened.session.notes.note(NORA).text == "not lost"
    monkeypatch.setattr(opened.prompts, "folder_to_choose", lambda *_: elsewhere)
    opened.problem_bar.buttons[0].click()
    file = elsewhere / "acme-prod.json.iamdesk-notes"
    qtbot.waitUntil(file.exists)
    qtbot.waitUntil(lambda: bool(Workbench.read_notes(file)))
    assert opened.settings.notes_folder == elsewhere
    shutil.move(tmp_path / "gone", snapshot.parent)
    open_again(qtbot, opened, snapshot)
    assert opened.session.notes.note(NORA).text == "not lost", "found again where they were put"


def test_a_hostile_file_is_named_and_left_as_it_is(qtbot: QtBot, window: MainWindow, snapshot: Path) -> None:
    file = snapshot.with_name("acme-prod.json.iamdesk-notes")
    file.write_text('{"format": "iamdesk-notes/1", "notes": [{"item": 7}]}')
    window.show()
    open_again(qtbot, window, snapshot)
    assert "is not a file of notes: notes.0.item" in window.problem_bar.text
    window.session.show_key(NORA)
    window.session.notes.put(window.windows._things_to_note(), None, "x")
    qtbot.waitUntil(lambda: not window.jobs.running)
    with pytest.raises(NoteError):
        Workbench.read_notes(file)
    assert window.session.notes.note(NORA).text == "x"


def test_closing_writes_what_is_not_written_yet(qtbot: QtBot, opened: MainWindow, snapshot: Path) -> None:
    opened.session.show_key(NORA)
    opened.session.notes.put(opened.windows._things_to_note(), None, "last words")
    opened.close()
    assert kept(snapshot) == {NORA: "last words"}


def test_notes_of_a_chosen_file_are_taken(
    qtbot: QtBot, opened: MainWindow, snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.iamdesk-notes"
    opened.session.show_key(NORA)
    things = opened.windows._things_to_note()
    opened.session.notes.put(things, None, "mine")
    qtbot.waitUntil(lambda: bool(kept(snapshot)))
    content = json.loads(snapshot.with_name("acme-prod.json.iamdesk-notes").read_text())
    (mine,) = content["notes"]
    content["notes"] = [{**mine, "text": "theirs"}, {**mine, "item": "arn:x", "text": "more"}]
    other.write_text(json.dumps(content))
    monkeypatch.setattr(opened.prompts, "file_to_open", lambda *_: other)
    opened.menus.actions["actionNotesFrom"].trigger()
    qtbot.waitUntil(lambda: set(kept(snapshot).values()) == {"mine", "more"})
    assert opened.problem_bar.text == "1 note was taken from other.iamdesk-notes."
