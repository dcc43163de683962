"""The front door: every form opens alike; what is no snapshot gets one clear sentence; nothing is written."""

import gc
import gzip
import hashlib
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.errors import SnapshotError
from iamdesk.memory import collector_seldom, gc_paused
from iamdesk.progress import WorkCancelled
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.snapshot.text_source import PIECE, SourceText

from ..some_of import some_of

Write = Callable[..., Path]


def names(snapshot: Snapshot) -> list[str]:
    return [user.user_name for account in snapshot.accounts for user in account.users]


def refused(path: Path | str) -> str:
    """Return the sentence with which a path is refused."""
    with pytest.raises(SnapshotError) as raised:
        load_snapshot(path)
    sentence = str(raised.value)
    assert sentence.isprintable()
    assert len(sentence) < 1000
    return sentence


# --- what opens


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: b"\n\n  " + text.encode() + b"\n\n",
        lambda text: gzip.compress(text.encode()),
        lambda text: gzip.compress(text[:40].encode()) + gzip.compress(b"") + gzip.compress(text[40:].encode()),
        lambda text: gzip.compress(text.encode()) + b"\0" * 512,
        lambda text: json.dumps([json.loads(text)]).encode(),
    ],
    ids=["plain", "BOM", "UTF-16", "UTF-16 BE", "CRLF", "spaces", "gzip", "gzip members", "gzip padding", "list"],
)
def test_every_form_of_a_file_opens_alike(write: Write, pages: Any, form: Callable[[str], bytes]) -> None:
    text = json.dumps(pages.page(UserDetailList=[pages.user(Tags=[{"Key": "name", "Value": "Zoë 🦊"}])]), indent=4)
    plain = load_snapshot(write(text))
    other = load_snapshot(write(form(text), "other"))
    assert other.accounts == plain.accounts
    assert other.accounts[0].users[0].tags[0].value == "Zoë 🦊"
    assert other.problems == ()


def test_the_digest_is_that_of_the_bytes_on_disk(write: Write, pages: Any) -> None:
    data = gzip.compress(json.dumps(pages.page()).encode())
    path = write(data, "account.json.gz")
    snapshot = load_snapshot(str(path))
    (file,) = snapshot.files
    assert file.sha256 == snapshot.sha256 == hashlib.sha256(data).hexdigest()
    assert (file.path, file.size, snapshot.path) == (path, len(data), path)


def test_a_folder_of_accounts_opens_with_a_digest_over_its_files(write: Write, pages: Any, tmp_path: Path) -> None:
    write(pages.empty(UserDetailList=[pages.user("b", "222222222222")]), "b/two.json")
    write(pages.empty(UserDetailList=[pages.user("a")]), "one.json")
    snapshot = load_snapshot(tmp_path)
    assert names(snapshot) == ["a", "b"]
    lines = sorted(f"{file.sha256}  {file.path.relative_to(tmp_path)}\n" for file in snapshot.files)
    assert snapshot.sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()
    assert snapshot.problems == ()


def test_other_files_of_a_folder_are_told_and_hidden_ones_passed_over(write: Write, pages: Any, tmp_path: Path) -> None:
    write(pages.page(), "account.json")
    write({"Buckets": []}, "buckets.json")
    write(b"\x89PNG\r\n\x1a\n", "diagram.png")
    write('{"UserDetailList": [', "half.json")
    write("{", ".hidden")
    write(pages.empty(UserDetailList=[pages.user("deep")]), "a/b/deep.json")
    snapshot = load_snapshot(tmp_path)
    assert names(snapshot) == ["alice"]
    assert [file.path.name for file in snapshot.files] == ["account.json"]
    assert [str(problem) for problem in snapshot.problems] == [
        "a/b: $: the folder was not read: it is nested more than one level deep",
        "buckets.json: $: is not the output of `aws iam get-account-authorization-details`: expected an object with "
        "`UserDetailList`, `GroupDetailList`, `RoleDetailList` or `Policies`, found an object with the keys `Buckets`",
        "diagram.png: $: is a PNG image, not the JSON that the AWS CLI prints",
        "half.json: $: line 1, column 21: the file ends in the middle of the JSON text (is it a complete copy?)",
    ]


# --- what does not


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "x: is not the output of `aws iam get-account-authorization-details`: the file is empty"),
        (b" \n\t ", "the file is empty"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is a PNG image"),
        (b"PK\x03\x04....", "x: the zip archive is damaged or cut off"),
        (b"<html></html>", "is XML or HTML"),
        (
            b"UserDetailList:\n- Arn: a\n",
            "expected JSON that begins with `{` or `[`, found `UserDetailList:\\u000a- Ar`",
        ),
        (b"\0\0\0\0", "found `\\u0000\\u0000\\u0000\\u0000`"),
        (b'"text"', 'found `"text"`'),
        (b"[]", "found an empty list"),
        (b"{}", "found an empty object"),
        (b"[1, 2]", "found a number"),
        (b'[{"Resource": "a", "Policy": {}}]', "found an object with the keys `Resource`, `Policy`"),
        (b'{"Marker": "a", "IsTruncated": true}', "found an object with the keys `Marker`, `IsTruncated`"),
        (b'{"\xe2\x80\xae\\u0000": 1}', "found an object with the keys `\\u202e\\u0000`"),
        (json.dumps({f"k{n}": n for n in range(99)}).encode(), "`k7` …"),
        (b'{"UserDetailList": [{"Arn": "\xff"}]}', "x: byte 29 is not valid UTF-8 text"),
        (b'{"UserDetailList": []}\xc3', "x: byte 22 is not valid UTF-8 text"),
        (b'\xff\xfe{\0"', "x: byte 4 is not valid UTF-16-LE text"),
        (b'{"UserDetailList": NaN}', "x: line 1, column 20: this is not JSON: `NaN` is not a JSON value"),
        (b'{"UserDetailList": []} }', "x: line 1, column 24: this is not JSON"),
        (b'{"UserDetailList": []', "x: line 1, column 22: the file ends in the middle of the JSON text"),
        (gzip.compress(b"{}" * 5000, mtime=0)[:-20], "x: is cut off: the gzip data ends too early"),
        (b"\x1f\x8b\x08 and no more gzip", "x: is damaged: the gzip data cannot be decompressed"),
        (gzip.compress(b"{}" * 5000, mtime=0)[:-4] + b"\0\0\0\x40", "x: is damaged"),
    ],
)
def test_what_is_no_snapshot_gets_one_sentence(write: Write, data: bytes, sentence: str) -> None:
    assert sentence in refused(write(data, "x"))


def test_a_truncated_file_names_its_last_place(write: Write, pages: Any) -> None:
    text = json.dumps(pages.page(), indent=4)
    for length in range(1, len(text) - 1, 37):
        lines = text[:length].split("\n")
        assert f"line {len(lines)}, column {len(lines[-1]) + 1}: " in refused(write(text[:length]))


def test_a_path_that_is_not_there_or_not_readable_gets_one_sentence(tmp_path: Path) -> None:
    assert refused(tmp_path / "gone.json").endswith("gone.json: cannot be opened: no such file or directory")
    assert refused(tmp_path) == f"{tmp_path}: it contains no file that can be read"
    assert "embedded null " in refused("a\0b")  # byte in Python 3.12, character in path from 3.13
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe").endswith("pipe: cannot be opened: it is neither a file nor a folder")
    assert "pipe: $: cannot be opened: it is neither a file nor a folder" in refused(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission_is_one_sentence(write: Write, pages: Any) -> None:
    path = write(pages.page())
    path.chmod(0)
    assert refused(path).endswith("cannot be opened: permission denied")


def test_a_reason_of_the_system_is_told_in_its_words(write: Write, pages: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(pages.page())

    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    assert refused(path) == f"{path}: cannot be opened: permission denied"


def test_a_folder_without_a_snapshot_tells_of_its_first_file(write: Write, tmp_path: Path) -> None:
    write("", "a.json")
    write("{}", "b.json")
    sentence = refused(tmp_path)
    assert sentence.startswith(f"{tmp_path}: none of its 2 files is a readable snapshot; of the first, a.json: ")
    (tmp_path / "b.json").unlink()
    assert refused(tmp_path).startswith("a.json: ")


# --- what may come


@given(st.binary() | st.binary().map(gzip.compress) | st.binary().map(lambda data: b"{" + data))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=some_of(200))
def test_any_bytes_open_or_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(data)
    try:
        load_snapshot(path)
    except SnapshotError as error:
        assert str(error).isprintable()  # noqa: PT017 - whether it is raised depends on the bytes


LISTS = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies", "IsTruncated", "Marker"]
FIELDS = ["Arn", "UserName", "RoleName", "Path", "Tags", "Key", "Value", "CreateDate", "RoleLastUsed", "GroupList"]
DOCUMENTS = ["UserPolicyList", "PolicyVersionList", "Document", "PolicyDocument", "AssumeRolePolicyDocument"]
KEYS = st.sampled_from(LISTS + FIELDS + DOCUMENTS)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(
        ["arn:aws:iam::111122223333:user/a", "arn:aws:iam::aws:policy/a", "2024-01-01T00:00:00Z", "%7B%7D"]
    )
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(), inner, max_size=6),
    max_leaves=25,
)


@given(
    ANY_JSON | st.dictionaries(KEYS, st.lists(st.dictionaries(KEYS, ANY_JSON)) | ANY_JSON), st.sampled_from([None, 2])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=some_of(200))
def test_any_json_opens_or_is_refused(tmp_path: Path, value: Any, indent: int | None) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps(value, indent=indent))
    try:
        snapshot = load_snapshot(path)
    except SnapshotError as error:
        assert str(error).isprintable()  # noqa: PT017 - as above
    else:
        assert all(str(problem).isprintable() for problem in snapshot.problems)


# --- what it costs


def large_file(tmp_path: Path, pages: Any, number: int = 4000, compressed: bool = False) -> Path:
    path = tmp_path / "large"
    text = json.dumps(pages.empty(RoleDetailList=[pages.role(f"role-{n}") for n in range(number)]), indent=4)
    path.write_bytes(gzip.compress(text.encode(), 1) if compressed else text.encode())
    return path


@pytest.mark.parametrize("compressed", [False, True])
def test_progress_counts_bytes_on_disk_up_to_all_of_them(tmp_path: Path, pages: Any, compressed: bool) -> None:
    path = large_file(tmp_path, pages, compressed=compressed)
    told: list[tuple[int, int]] = []
    load_snapshot(path, progress=lambda done, total: told.append((done, total)))
    size = path.stat().st_size
    assert told == sorted(told)
    assert told[-1] == (size, size)
    assert {total for _, total in told} == {size}


@pytest.mark.parametrize("compressed", [False, True])
def test_cancelled_is_asked_again_and_again(tmp_path: Path, pages: Any, compressed: bool) -> None:
    path = large_file(tmp_path, pages, compressed=compressed)
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return False

    load_snapshot(path, cancelled=cancelled)
    assert asked > 30


def test_cancelling_ends_the_work_at_any_moment(tmp_path: Path, pages: Any) -> None:
    path = large_file(tmp_path, pages, 1000, compressed=True)
    count = 0

    def count_only() -> bool:
        nonlocal count
        count += 1
        return False

    load_snapshot(path, cancelled=count_only)
    for moment in range(count):
        left = iter(range(moment))
        with pytest.raises(WorkCancelled):
            load_snapshot(path, cancelled=lambda left=left: next(left, None) is None)


@pytest.mark.parametrize("compressed", [False, True])
def test_no_more_than_one_piece_is_read_once_it_is_cancelled(
    tmp_path: Path, pages: Any, monkeypatch: pytest.MonkeyPatch, *, compressed: bool
) -> None:
    """A piece takes two milliseconds: with these, Cancel is honoured long before anybody would notice."""
    path = large_file(tmp_path, pages, 1500, compressed)
    pieces: list[int] = []
    pieces_of = SourceText.pieces

    def counted(source: SourceText) -> Iterator[str]:
        for piece in pieces_of(source):
            assert len(piece) <= PIECE
            pieces.append(len(piece))
            yield piece

    monkeypatch.setattr(SourceText, "pieces", counted)
    load_snapshot(path)
    whole = len(pieces)
    assert whole > 5
    for wanted in range(1, whole):
        pieces.clear()
        with pytest.raises(WorkCancelled):
            load_snapshot(path, cancelled=lambda wanted=wanted: len(pieces) >= wanted)
        assert len(pieces) <= wanted + 1


def test_the_collector_is_as_before_whatever_happens(tmp_path: Path, pages: Any) -> None:
    path = large_file(tmp_path, pages, 10_000)
    before = gc.get_freeze_count()
    load_snapshot(path)
    assert gc.isenabled()
    assert gc.get_freeze_count() > before
    gc.unfreeze()
    path.write_text(path.read_text()[:-100])
    with pytest.raises(SnapshotError):
        load_snapshot(path)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    gc.disable()
    try:
        load_snapshot(large_file(tmp_path, pages))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_nothing_is_written_and_no_socket_opened(write: Write, pages: Any, tmp_path: Path) -> None:
    """An audit hook, which cannot be taken off again, in an interpreter of its own."""
    write(pages.page(), "account.json")
    write(gzip.compress(json.dumps(pages.page()).encode()), "again.gz")
    write('{"UserDetailList": [', "half.json")
    code = """
import sys
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.snapshot.text_source import PIECE, SourceText
FORBIDDEN = ("socket.", "os.remove", "os.rename", "os.mkdir", "os.truncate", "os.chmod", "os.utime", "subprocess.")
seen = []
def hook(event, args):
    if event.startswith(FORBIDDEN) or event == "open" and (args[1] or "r") not in ("r", "rb"):
        seen.append((event, args))
sys.addaudithook(hook)
load_snapshot(sys.argv[1])
assert not seen, seen
"""
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], check=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    )


def test_what_is_little_is_left_to_the_collector() -> None:
    """A cycle that is there when the collector is told to spare what there is would stay for good."""

    class Ring:
        def __init__(self) -> None:
            self.itself = self

    gc.collect()
    before = gc.get_freeze_count()
    ring = Ring()
    with gc_paused():
        kept = [[] for _ in range(10_000)]
    gone = weakref.ref(ring)
    del ring
    assert gc.get_freeze_count() == before
    gc.collect()
    assert (len(kept), gone()) == (10_000, None)
    with gc_paused():
        kept = [[] for _ in range(200_000)]
    assert gc.get_freeze_count() > before + len(kept)
    gc.unfreeze()


def test_many_objects_are_spared_even_where_as_many_are_dropped() -> None:
    """As when account after account is read and dropped: the collector's own count stays at nothing."""
    with gc_paused():
        old: list[list[list[int]]] = [[[] for _ in range(60_000)] for _ in range(4)]
        gc.freeze()
        before = gc.get_freeze_count()
        kept = []
        for _ in range(4):
            with gc_paused():
                kept.append([[] for _ in range(60_000)])
            old.pop()
        assert gc.get_count()[0] < 60_000
    assert gc.get_freeze_count() > before - 240_000 + 120_000, "all but the last few"
    gc.unfreeze()


def test_a_collector_that_runs_seldom_is_as_before_afterwards() -> None:
    gc.unfreeze()
    before = gc.get_threshold()
    with collector_seldom():
        assert gc.get_threshold()[0] > before[0]
        kept = [[] for _ in range(10_000)]
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
    young = {id(one) for one in gc.get_objects(generation=0)}
    assert young.isdisjoint(map(id, kept))  # they are not all examined at once
