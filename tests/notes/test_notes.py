"""Notes in files: beside the snapshot, found again in the next one, never lost, and hostile files refused."""

import json
import os
import stat
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from iamdesk.api import Workbench
from iamdesk.notes.model import LONGEST_TEXT, Note, NoteError, NotesFile, notes_schema
from iamdesk.notes.store import find_notes, notes_path, read_notes, write_notes
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.viewmodel.tree import NoteMark

ACCOUNT = "111122223333"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/deploy"
NORA = f"arn:aws:iam::{ACCOUNT}:user/finance/nora.lindqvist"
NOW = datetime(2026, 11, 28, 18, 30, tzinfo=UTC)


def note(item: str = DEPLOY, text: str = "", mark: NoteMark | None = None, when: datetime = NOW) -> Note:
    return Note(item=item, about="", text=text, mark=mark, changed=when)


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "acme-prod.json"
    path.write_bytes(sample_snapshot().read_bytes())
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_looking_for_notes_writes_nothing(snapshot: Path) -> None:
    opened = Workbench().open_snapshot(snapshot)
    found = Workbench.notes_of(opened)
    assert found.notes == ()
    assert found.path == snapshot.with_name("acme-prod.json.iamdesk-notes")
    assert names(snapshot.parent) == ["acme-prod.json"]


def test_the_first_note_makes_a_private_file(snapshot: Path) -> None:
    before = snapshot.read_bytes()
    opened = Workbench().open_snapshot(snapshot)
    path = Workbench.notes_path(opened)
    os.umask(old := os.umask(0))
    try:
        Workbench.write_notes(opened, path, [note(text="Owner leaves in January.", mark=NoteMark.WATCH)])
    finally:
        os.umask(old)
    assert names(snapshot.parent) == ["acme-prod.json", "acme-prod.json.iamdesk-notes"]
    assert snapshot.read_bytes() == before
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    file = read_notes(path)
    assert (file.snapshot, file.accounts) == ("acme-prod.json", (ACCOUNT,))
    assert file.snapshot_sha256 == opened.sha256
    assert [(one.item, one.words) for one in file.notes] == [(DEPLOY, "watch: Owner leaves in January.")]
    jsonschema.validate(json.loads(path.read_text()), notes_schema())
    assert Workbench.notes_of(opened).notes == file.notes


def test_the_notes_of_a_folder_are_beside_it(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    assert notes_path(bundle) == tmp_path / "bundle.iamdesk-notes"


def test_an_empty_note_removes_and_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "n"
    write_notes(path, [note(text="one"), note(NORA, mark=NoteMark.QUESTION)])
    held = write_notes(path, [note(text=" ")])
    assert [one.item for one in held] == [NORA]
    assert read_notes(path).notes == held


def test_what_another_window_wrote_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "n"
    items = [f"arn:aws:iam::{ACCOUNT}:role/r{number}" for number in range(24)]
    threads = [threading.Thread(target=write_notes, args=(path, [note(item, "x")])) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.item for one in read_notes(path).notes} == set(items)
    assert names(tmp_path) == ["n"], "nothing is left behind"


def test_the_next_snapshot_of_the_account_finds_them(tmp_path: Path) -> None:
    for name, account, when in (
        ("a", ACCOUNT, NOW),
        ("b", ACCOUNT, NOW + timedelta(days=1)),
        ("c", "999999999999", NOW),
    ):
        path = tmp_path / f"{name}.json.iamdesk-notes"
        write_notes(path, [note(text=name, when=when)], accounts=[account], snapshot=f"{name}.json")
    (tmp_path / "broken.json.iamdesk-notes").write_text("{")
    found = find_notes(tmp_path / "next.json", [ACCOUNT, "222222222222"])
    assert found.earlier == tmp_path / "b.json.iamdesk-notes"
    assert [one.text for one in found.notes] == ["b"]
    assert not found.path.exists()
    held = write_notes(found.path, [note(NORA, "new")], found.notes, accounts=[ACCOUNT])
    assert [one.text for one in held] == ["b", "new"], "the first note takes the earlier ones along"
    assert find_notes(tmp_path / "next.json", [ACCOUNT]).earlier is None
    assert [one.text for one in read_notes(tmp_path / "b.json.iamdesk-notes").notes] == ["b"]
    assert find_notes(tmp_path / "next.json", ["333333333333"], tmp_path).notes == held


def test_a_chosen_folder_is_used_where_nothing_is_beside_the_snapshot(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    snapshot = tmp_path / "readonly" / "a.json"
    elsewhere = notes_path(snapshot, tmp_path / "elsewhere")
    assert find_notes(snapshot, [ACCOUNT], tmp_path / "elsewhere").path == elsewhere
    write_notes(elsewhere, [note(text="kept")], accounts=[ACCOUNT])
    assert [one.text for one in find_notes(snapshot, [ACCOUNT], tmp_path / "elsewhere").notes] == ["kept"]
    other = tmp_path / "other.json"
    found = find_notes(other, [ACCOUNT], tmp_path / "elsewhere")
    assert found.path == notes_path(other), "that folder can be written to"
    assert found.earlier == elsewhere


def test_nothing_is_written_into_the_program(tmp_path: Path) -> None:
    opened = Workbench().open_snapshot(sample_snapshot())
    found = Workbench.notes_of(opened, None, tmp_path)
    assert found.path == tmp_path / "acme-prod.json.iamdesk-notes"
    assert Workbench.notes_of(opened).path.parent == sample_snapshot().parent


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a folder that cannot be written to")
def test_a_read_only_folder_is_said_in_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(NoteError, match="cannot be written"):
        write_notes(tmp_path / "n", [note(text="x")])
    tmp_path.chmod(0o700)


def test_a_missing_folder_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoteError, match=r"n cannot be written: No such file or directory$"):
        write_notes(tmp_path / "gone" / "n", [note(text="x")])


GOOD = {"item": DEPLOY, "text": "x", "changed": "2026-11-28T18:30:00Z"}


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("[]", "the file"),
        ("{", "the file"),
        ('{"format": "iamdesk-notes/1", "format": "iamdesk-notes/1"}', "twice"),
        ({"format": "iamdesk-notes/2"}, "format"),
        ({"format": "iamdesk-notes/1", "notes": [GOOD, {**GOOD, "text": 7}]}, "notes.1.text"),
        ({"format": "iamdesk-notes/1", "notes": [{**GOOD, "mark": "<b>"}]}, "notes.0.mark"),
        ({"format": "iamdesk-notes/1", "notes": [{**GOOD, "text": "x" * (LONGEST_TEXT + 1)}]}, "notes.0.text"),
        ({"format": "iamdesk-notes/1", "notes": [{**GOOD, "changed": "2026-11-28"}]}, "notes.0.changed"),
        ({"format": "iamdesk-notes/1", "notes": [{**GOOD, "item": ""}]}, "notes.0.item"),
        ({"format": "iamdesk-notes/1", "notes": [GOOD, GOOD]}, "two notes on"),
        ({"format": "iamdesk-notes/1", "notes": {"a": 1}}, "notes"),
        ("[" * 100_000, "the file"),
        (b"\xff\xfe", "byte 0"),
    ],
)
def test_a_hostile_file_is_refused_with_its_place_and_stays(tmp_path: Path, content: object, place: str) -> None:
    path = tmp_path / "a.json.iamdesk-notes"
    written = (
        content
        if isinstance(content, bytes)
        else (content if isinstance(content, str) else json.dumps(content)).encode()
    )
    path.write_bytes(written)
    for refused in (lambda: read_notes(path), lambda: write_notes(path, [note(text="x")])):
        with pytest.raises(NoteError) as error:
            refused()
        assert str(path) in str(error.value)
        assert place in str(error.value)
        assert "\n" not in str(error.value)
    assert path.read_bytes() == written


@pytest.mark.skipif(sys.platform == "win32", reason="has no FIFOs")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    fifo = tmp_path / "a.json.iamdesk-notes"
    os.mkfifo(fifo)
    for refused in (lambda: read_notes(fifo), lambda: write_notes(fifo, [note(text="x")])):
        with pytest.raises(NoteError, match="not a regular file"):
            refused()
    assert find_notes(tmp_path / "b.json", [ACCOUNT]).notes == ()


def test_the_shipped_schema_is_the_model(tmp_path: Path) -> None:
    assert json.loads((resources() / "schemas" / "notes.json").read_text(encoding="utf-8")) == notes_schema()
    assert NotesFile.model_validate({"format": "iamdesk-notes/1"}).notes == ()
