"""Every file of the corpus opens or is refused, in words that name it; what can be shown is shown."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from iamdesk.api import Workbench
from iamdesk.errors import SnapshotError
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.snapshot.text_source import PIECE

from .corpus import ACCOUNT, BUCKETS, Case, as_bundle, as_file, cases, page

CASES = cases()


def told_of(snapshot: Snapshot) -> list[str]:
    entries = [str(problem) for account in snapshot.accounts for one in account.broken for problem in one.problems]
    return [str(problem) for problem in snapshot.problems] + entries


def test_no_case_is_there_twice() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 70


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_what_can_be_shown_is_shown_and_the_rest_is_told_by_file(tmp_path: Path, case: Case) -> None:
    path = case.write(tmp_path)
    try:
        opened = Workbench().open_snapshot(path)
    except SnapshotError as error:
        told, is_refused = [str(error)], True
    else:
        is_refused = False
        users = [user.user_name for account in opened.snapshot.accounts for user in account.users]
        assert "alice" in users
        assert any(node.text == "alice" for node in opened.outline.nodes)
        told = told_of(opened.snapshot)
        opened.search("alice")
        list(opened.missing_data())
        opened.captured_data()
    assert is_refused is case.is_refused, told
    assert all(sentence.isprintable() and len(sentence) < 2000 for sentence in told)
    assert any(case.told in sentence for sentence in told) or not case.told, told
    assert any(case.file in sentence for sentence in told) or not case.told, told


def test_a_file_that_nobody_may_read_is_told_and_the_others_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = as_bundle({BUCKETS: '{"Buckets": []}'})(tmp_path)
    opened = Path.open

    def deny(self: Path, mode: str = "r") -> Any:
        if self.name == "list-buckets.json":
            raise PermissionError(13, "Permission denied")  # a file of mode 0 would not keep root out
        return opened(self, mode)

    monkeypatch.setattr(Path, "open", deny)
    snapshot = load_snapshot(path)
    assert told_of(snapshot) == [f"{BUCKETS}: $: cannot be read: permission denied"]
    assert len(snapshot.accounts[0].users) == 1


def test_what_is_written_to_a_file_while_it_is_read_is_left_out_and_told(tmp_path: Path) -> None:
    users = [{"UserName": f"u{number}", "Arn": f"arn:aws:iam::{ACCOUNT}:user/u{number}"} for number in range(5000)]
    path = as_file(page(*users))(tmp_path)
    size = path.stat().st_size
    assert size > PIECE

    def grow(done: int, total: int) -> None:
        with path.open("a") as file:
            file.write(page({"UserName": "late", "Arn": f"arn:aws:iam::{ACCOUNT}:user/late"}))

    snapshot = load_snapshot(path, progress=grow)
    assert len(snapshot.accounts[0].users) == 5001
    assert [file.size for file in snapshot.files] == [size]
    assert told_of(snapshot) == [
        f"account.json: $: the file grew while it was read: only its first {size:,} bytes were read"
    ]


WATCH = """
import json, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from iamdesk.errors import SnapshotError
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.snapshot import bundle_reader, third_party, detect
import encodings.idna, encodings.utf_16, encodings.utf_32

places = json.loads(sys.argv[1])
inside = str(Path(sys.argv[3]).resolve())
FORBIDDEN = ("socket.", "os.remove", "os.rename", "os.mkdir", "os.truncate", "os.chmod", "os.utime", "os.symlink",
             "subprocess.", "os.system", "os.exec", "shutil.", "tempfile.")
seen = []
def hook(event, args):
    if event.startswith(FORBIDDEN):
        seen.append((event, str(args)))
    elif event == "open" and isinstance(args[0], str):
        name, mode = args[0], args[1] or "r"
        if mode not in ("r", "rb") or not str(Path(name).absolute()).startswith((inside, sys.prefix, sys.base_prefix)):
            seen.append((event, name, mode))
sys.addaudithook(hook)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for place in places:
    try:
        load_snapshot(place)
    except SnapshotError:
        pass
print(json.dumps({"seen": seen, "grown": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before}))
"""


def test_no_socket_is_opened_nothing_written_nothing_read_outside_and_memory_is_bounded(tmp_path: Path) -> None:
    """An audit hook, which cannot be taken off again, in an interpreter of its own over the whole corpus."""
    places = []
    for number, case in enumerate(CASES):
        folder = tmp_path / str(number)
        folder.mkdir()
        places.append(str(case.write(folder)))
    done = subprocess.run(
        [sys.executable, "-c", WATCH, json.dumps(places), str(Path.cwd()), str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    result = json.loads(done.stdout)
    assert result["seen"] == []
    assert result["grown"] < 400 * 1024, "kilobytes: the largest case unpacks to 200 MB"
