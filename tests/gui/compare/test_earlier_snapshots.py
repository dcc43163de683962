"""Which snapshots are offered for a comparison."""

import gzip
import json
import os
from pathlib import Path

from iamdesk.api import SnapshotSession
from iamdesk.gui.core.earlier_snapshots import earlier_snapshots, latest_day
from iamdesk.resource_files import sample_snapshot

MINE, OTHER = "111122223333", "999988887777"


def write(path: Path, account: str, at: int) -> Path:
    user = {"UserName": "ana", "Arn": f"arn:aws:iam::{account}:user/ana"}
    text = json.dumps({"UserDetailList": [user], "Policies": []})
    if path.suffix == ".gz":
        with gzip.open(path, "wt") as file:
            file.write(text)
    else:
        path.write_text(text)
    os.utime(path, (at, at))
    return path


def test_recent_ones_then_those_beside_it_newest_first(tmp_path: Path) -> None:
    folder, archive = tmp_path / "snapshots", tmp_path / "archive"
    folder.mkdir()
    archive.mkdir()
    opened = write(folder / "q3.json", MINE, 300)
    q1, q2 = write(folder / "q1.json.gz", MINE, 100), write(folder / "q2.json", MINE, 200)
    write(folder / "theirs.json", OTHER, 250)
    (folder / "comparison.json").write_text("{}")
    (folder / "notes.txt").write_text(MINE)
    (folder / "broken.json.gz").write_bytes(b"no gzip")
    old = write(archive / "old.json", MINE, 50)
    bundle = archive / "bundle"
    bundle.mkdir()
    theirs = write(archive / "theirs.json", OTHER, 60)
    gone = archive / "gone.json"
    found = earlier_snapshots(opened, {MINE}, (opened, old, theirs, gone, bundle))
    assert [one.path for one in found] == [old, bundle, q2, q1]
    assert found[0].modified.timestamp() == 50


def test_at_most_eight(tmp_path: Path) -> None:
    opened = write(tmp_path / "now.json", MINE, 1)
    for number in range(12):
        write(tmp_path / f"q{number}.json", MINE, 100 + number)
    found = earlier_snapshots(opened, {MINE}, ())
    assert [one.path.name for one in found] == [f"q{number}.json" for number in range(11, 3, -1)]


def test_the_latest_day_in_the_data(tmp_path: Path, sample: SnapshotSession) -> None:
    plain = sample_snapshot()
    packed = tmp_path / "sample.json.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert sample.about.latest is not None
    assert latest_day(plain) == latest_day(packed) == sample.about.latest.date().isoformat()
    opened = write(tmp_path / "now.json", MINE, 1)
    assert latest_day(opened) == "", "there is no day in it"
    assert latest_day(tmp_path) == "", "a folder is not read"
