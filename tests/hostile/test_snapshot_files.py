"""Files made to hurt whoever opens them."""

import gzip
import json
import os
import resource
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from iamdesk.errors import SnapshotError
from iamdesk.snapshot import text_source
from iamdesk.snapshot.reader import load_snapshot

USER = {"UserName": "alice", "Arn": "arn:aws:iam::111122223333:user/alice"}
ALICE = json.dumps(USER)


def page(*users: str, more: str = "") -> str:
    return f'{{"UserDetailList": [{", ".join(users)}]{more}}}'


def opened(tmp_path: Path, text: str) -> tuple[list[str], list[str]]:
    """Return the names of the users that open, and of the entries that are broken."""
    path = tmp_path / "account.json"
    path.write_text(text)
    snapshot = load_snapshot(path)
    users = [user.user_name for account in snapshot.accounts for user in account.users]
    broken = [f"{entry.name}: {entry.problems[0].message}" for account in snapshot.accounts for entry in account.broken]
    return users, broken


def refused(path: Path) -> str:
    with pytest.raises(SnapshotError) as raised:
        load_snapshot(path)
    assert str(raised.value).isprintable()
    return str(raised.value)


def nest(depth: int, inside: str = "1") -> str:
    return '{"a": [' * (depth // 2) + inside + "]}" * (depth // 2)


@pytest.mark.parametrize("depth", [100, 900, 50_000])
def test_an_entry_nested_deep_is_broken_and_the_rest_opens(tmp_path: Path, depth: int) -> None:
    deep = f'{{"UserName": "deep", "New": {nest(depth)}}}'
    users, broken = opened(tmp_path, page(deep, ALICE))
    assert users == ["alice"]
    (told,) = broken
    assert told.endswith(("nested too deeply", "nested more than 60 levels deep"))


@pytest.mark.parametrize("depth", [100, 800])
def test_a_document_nested_deep_stays_text_and_its_owner_opens(tmp_path: Path, depth: int) -> None:
    inline = f'[{{"PolicyName": "p", "PolicyDocument": {nest(depth)}}}]'
    text = page(f'{{"UserPolicyList": {inline}, {ALICE[1:]}')
    path = tmp_path / "account.json"
    path.write_text(text)
    snapshot = load_snapshot(path)
    assert isinstance(snapshot.accounts[0].users[0].user_policy_list[0].policy_document, str)
    assert snapshot.problems[0].json_path == "$.UserDetailList[0].UserPolicyList[0].PolicyDocument"


@pytest.mark.parametrize(
    "opening", ["[", '{"a":', '{"UserDetailList":[', '[{"UserDetailList":', '{"UserDetailList":[{"T":']
)
def test_a_file_of_opening_brackets_is_refused(tmp_path: Path, opening: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(opening * 300_000)
    assert "line 1, column " in refused(path)


@pytest.mark.parametrize("place", ["value of a tag", "key", "unknown key of the page", "marker"])
def test_a_huge_string_breaks_at_most_its_entry(tmp_path: Path, place: str) -> None:
    huge = json.dumps('\\"{[' * 5_000_000)
    texts = {
        "value of a tag": page(f'{{"UserName": "huge", "Tags": [{{"Key": "a", "Value": {huge}}}]}}', ALICE),
        "key": page(f"{{{huge}: 1}}", ALICE),
        "unknown key of the page": page(ALICE, more=f', "Unknown": [{{"a": {huge}}}]'),
        "marker": page(ALICE, more=f', "Marker": {huge}'),
    }
    users, broken = opened(tmp_path, texts[place])
    assert users == ["alice"]
    of_entry = place in ("value of a tag", "key")
    assert broken == (["entry 0: the entry cannot be read: it is larger than 2 MiB"] if of_entry else [])


def test_a_huge_key_of_a_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text(f'{{"{"k" * 5_000_000}": 1}}')
    assert refused(path) == "key.json: line 1, column 2: a key cannot be read: it is larger than 2 MiB"


@pytest.mark.parametrize(
    "value", ['"\\ud800"', "9" * 5000, "1e999", '{"a": 1, "a": 2}'], ids=["surrogate", "digits", "infinite", "twice"]
)
def test_a_value_that_python_would_bend_breaks_its_entry(tmp_path: Path, value: str) -> None:
    users, broken = opened(tmp_path, page(f'{{"UserName": "bent", "New": {value}}}', ALICE))
    assert users == ["alice"]
    assert len(broken) == 1


def test_hostile_names_are_kept_as_they_are_and_told_on_one_visible_line(tmp_path: Path) -> None:
    name = "a\u202e\u0007\u200b\n<b>='+"
    user = json.dumps({"UserName": name, "Arn": f"arn:aws:iam::111122223333:user/{name}"})
    bad = json.dumps({"UserName": name, "Arn": name})
    path = tmp_path / "evil\u202egnp.json"
    path.write_text(page(user, bad))
    snapshot = load_snapshot(path)
    assert snapshot.accounts[0].users[0].user_name == name
    # Characters in an ARN that nobody sees are a problem, too; the entry is kept.
    odd, bad_arn = snapshot.problems
    for problem in (odd, bad_arn):
        assert str(problem).isprintable()
        assert problem.file == "evil\\u202egnp.json"
    assert odd.json_path == "$.UserDetailList[0].Arn"
    assert snapshot.accounts[0].broken[0].name.isprintable()


def test_a_file_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.json"))
    path.write_text(page(ALICE))
    (tmp_path / "other.json").write_text("{}")
    snapshot = load_snapshot(tmp_path)
    assert [file.path for file in snapshot.files] == [path]
    path.write_text("")
    assert "\\udcff\\u000a.json: is not the output" in refused(path)
    assert "\\udcff\\u000a.json" in refused(tmp_path) or "other.json" in refused(tmp_path)


# --- gzip


def bomb(megabytes: int, piece: bytes = b" ") -> bytes:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    start = packer.compress(page(ALICE).encode())
    return (
        start + b"".join(packer.compress(piece * ((1 << 20) // len(piece))) for _ in range(megabytes)) + packer.flush()
    )


@pytest.mark.parametrize("piece", [b" ", b"\0", b'{"a":', b'"', b'{"UserDetailList": []}'])
def test_a_gzip_bomb_is_refused_before_it_grows(tmp_path: Path, piece: bytes) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(bomb(200, piece))
    assert path.stat().st_size < 3_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


@pytest.mark.parametrize(
    ("entry", "limit"), [("{}", "10,000 broken entries"), (ALICE, "500,000 entries"), ("0", "10,000 broken entries")]
)
def test_a_bomb_of_small_entries_is_refused_before_it_grows(tmp_path: Path, entry: str, limit: str) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(f'{{"UserDetailList": [{",".join([entry] * 600_000)}]}}'.encode()))
    assert refused(path).endswith(f": the file contains more than {limit}")


@pytest.mark.parametrize("value", ['{"UserDetailList": []}', '""', "[]", "[[],[]]"])
def test_a_bomb_of_small_values_is_refused_before_it_grows(tmp_path: Path, value: str) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress((page(ALICE) + value * 600_000).encode()))
    if value == "[]":  # nothing, however often
        assert load_snapshot(path).problems == ()
    else:
        assert refused(path).endswith(": the file contains more than 10,000 pages or other values")


def test_a_bomb_of_nothing_but_space_is_refused_for_its_ratio(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(bomb(200))
    assert refused(path) == "bomb.gz: decompresses to more than 400 times its size, which no snapshot does"


def test_what_decompresses_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_source, "MAX_BYTES", 1 << 20)
    text = page(ALICE) + "".join(chr(32 if number % 3 else 10) for number in range(2 << 20))
    for name, data in {"plain.json": text.encode(), "packed.gz": gzip.compress(text.encode())}.items():
        (tmp_path / name).write_bytes(data)
        assert refused(tmp_path / name).startswith(f"{name}: ")


def test_a_gzip_that_claims_a_gigabyte_is_damaged_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "claim.gz"
    path.write_bytes(gzip.compress(page(ALICE).encode())[:-4] + (1 << 30).to_bytes(4, "little"))
    assert "claim.gz: is damaged" in refused(path)


def test_a_gzip_of_a_gzip_is_no_json(tmp_path: Path) -> None:
    path = tmp_path / "twice.gz"
    path.write_bytes(gzip.compress(gzip.compress(page(ALICE).encode())))
    assert "twice.gz: " in refused(path)


def test_a_thousand_empty_gzip_members_are_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.gz"
    path.write_bytes(gzip.compress(b"") * 1000)
    assert "the file is empty" in refused(path)


# --- folders


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "secret.json"
    outside.write_text(page(ALICE.replace("alice", "secret")))
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "more.json").write_text(page(ALICE.replace("alice", "more")))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "account.json").write_text(page(ALICE))
    (folder / "inside.json").symlink_to("account.json")
    (folder / "out.json").symlink_to(outside)
    (folder / "up.json").symlink_to("../secret.json")
    (folder / "folder-out").symlink_to(secrets)
    (folder / "gone.json").symlink_to("nowhere.json")
    (folder / "circle.json").symlink_to("circle.json")
    (folder / "root").symlink_to(folder)
    snapshot = load_snapshot(folder)
    assert [user.user_name for account in snapshot.accounts for user in account.users] == ["alice"]
    assert len(snapshot.files) == 1
    told = {problem.file: problem.message for problem in snapshot.problems}
    out = "the link leads outside the folder; it was not followed"
    assert told.pop("circle.json").startswith("cannot be opened: ")
    assert told == {
        "out.json": out,
        "up.json": out,
        "folder-out": out,
        "gone.json": "cannot be opened: no such file or directory",
        "root": "cannot be opened: it is neither a file nor a folder",
    }


def test_a_pipe_in_a_folder_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a-pipe.json")
    (tmp_path / "account.json").write_text(page(ALICE))
    code = "import sys; from iamdesk.snapshot.reader import load_snapshot; load_snapshot(sys.argv[1])"
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=30, env=environment)
