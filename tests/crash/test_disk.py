"""A sample of `attack`: power cuts and faults at some calls of each kind of file; and the attack sees a fault."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from iamdesk.errors import ReviewError
from iamdesk.export.files import atomic_write
from iamdesk.review.review_file import ReviewFile

from .attack import faults, power_cuts
from .disk import HAS_LAYER, Disk, Fault, restored
from .works import ANA, FINDINGS, HEAD, ITEMS, POPULATION, REVIEW, WORKS, Work, _decision, began, course

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be copied there")
EVERY = {"review": 90, "merge": 200, "fill": 300, "package": 400, "package.zip": 400, "report": 3, "suppressions": 5}
"""How many calls lie between two that are tried: a second or two each. `make crash` tries each."""


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_a_power_cut_loses_nothing_that_was_told_as_saved(work: Work, tmp_path: Path) -> None:
    every = EVERY[work.name] // 4 + 1
    assert list(power_cuts(work, tmp_path, random.Random(7), every, {})) == []


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_a_full_or_broken_disk_is_told_and_loses_nothing(work: Work, tmp_path: Path) -> None:
    assert list(faults(work, tmp_path, random.Random(7), EVERY[work.name], {})) == []


def test_a_file_that_is_not_synced_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = next(work for work in WORKS if work.name == "report")
    monkeypatch.setattr(atomic_write, "sync_folder", lambda _folder: None)
    assert [lost.how for lost in power_cuts(report, tmp_path, random.Random(7), 1, {})]


needs_layer = pytest.mark.skipif(not HAS_LAYER, reason="SQLite is built into Python here: its writes cannot fail")


@needs_layer
def test_writes_of_sqlite_are_seen(tmp_path: Path) -> None:
    disk = Disk(began(WORKS[0], tmp_path / "review"))
    course(WORKS[0], tmp_path / "review", disk)
    assert {"write", "sync"} <= {call.kind for call in disk.calls if call.path.endswith("-journal")}
    all_of_it = restored(disk.left(len(disk.calls), "all", random.Random(7)), tmp_path / "review", tmp_path / "left")
    assert (all_of_it / REVIEW).read_bytes() == (tmp_path / "review" / REVIEW).read_bytes()


def _late_faults(path: Path) -> list[int]:
    """Return the numbers of the calls by which a decision is saved."""
    disk = Disk(path.parent)
    with disk, ReviewFile.open(path) as review:
        before = disk.writes
        review.record({review.lines[0].line_id: _decision(1)}, ANA)
        return [*range(before + 1, disk.writes + 1)]


@needs_layer
@pytest.mark.parametrize("torn", [False, True])
def test_a_decision_that_the_file_holds_although_the_disk_failed_is_saved(tmp_path: Path, torn: bool) -> None:
    def create(folder: Path) -> Path:
        folder.mkdir()
        path = folder / REVIEW
        ReviewFile.create(path, HEAD, POPULATION, ITEMS, FINDINGS).close()
        return path

    for number in _late_faults(create(tmp_path / "counted"))[-3:]:
        path = create(tmp_path / str(number))
        with Disk(path.parent, Fault(number, torn=torn)) as disk:
            with ReviewFile.open(path) as review:
                first, second = (line.line_id for line in review.lines[:2])
                try:
                    told = review.record({first: _decision(1)}, ANA).entries
                except ReviewError:
                    told = review.record({first: _decision(1)}, ANA).entries
                review.record({second: _decision(2)}, ANA)
            assert disk.struck
            left = restored(disk.left(len(disk.calls), "synced", random.Random(7)), path.parent, tmp_path / "left")
            with ReviewFile.open(left / REVIEW) as review:
                entries = [entry.sha256 for entry in review.journal()]
                assert len(entries) == 2
                assert not told or entries[0] == told[0].sha256
            shutil.rmtree(left)


_SETTINGS = """
import resource, signal, sys
from pathlib import Path
from iamdesk.gui.app.session_recovery import RecoveryFile
from iamdesk.gui.core.settings import Settings
folder, limit = Path(sys.argv[1]), int(sys.argv[2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
settings = Settings(folder / "iamdesk.ini")
settings.language = "de"
settings.reviewer = "long" * 40
settings.save()
RecoveryFile(folder / "open").note(folder / ("long" * 40))
"""


def test_settings_on_a_full_disk_stay_as_they_were(tmp_path: Path) -> None:
    """The system itself refuses to let a file grow: Qt's writes cannot be counted."""
    folder = tmp_path / "settings"
    folder.mkdir()
    path = folder / "iamdesk.ini"
    run = [sys.executable, "-c", _SETTINGS, str(folder)]
    subprocess.run([*run, "1000000"], check=True, timeout=60)
    whole = path.read_bytes()
    assert b"language=de" in whole
    before = b"[window]\nlanguage=en\ntextSize=12\n"
    for limit in (0, 1, 40, len(before), len(whole) // 2, len(whole) - 1):
        path.write_bytes(before)
        for mark in (folder / "open").glob("*"):
            mark.unlink()
        subprocess.run([*run, str(limit)], check=True, timeout=60)
        assert path.read_bytes() in (before, whole), limit
        for mark in (folder / "open").glob("*.json"):
            json.loads(mark.read_text())
