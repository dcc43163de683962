"""``iamdesk review new --previous``: the next review in the terminal."""

from pathlib import Path

from iamdesk.api import Workbench

from ..builders import entries
from .conftest import Run


def write(path: Path, action: str) -> Path:
    return entries.write(path, users=[entries.user("ana", ("own", entries.document(entries.allow(action))))])


def test_next_review_goes_on_from_the_one_before(iamdesk: Run, tmp_path: Path) -> None:
    old, new = write(tmp_path / "old.json", "s3:GetObject"), write(tmp_path / "new.json", "s3:PutObject")
    q3, q4 = tmp_path / "q3.iamreview", tmp_path / "q4.iamreview"
    assert iamdesk("review", "new", old, "-o", q3).returncode == 0

    done = iamdesk("review", "new", new, "-o", q4, "--previous", q3, "--previous-snapshot", old)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 decisions on entitlements and 0 on findings carried over; 2 entitlements and ")
    desk = Workbench.open_review(q4, writable=False)
    line = next(one for one in desk.lines if one.name == "own")
    desk.close()
    assert "The inline policy own of user/ana changed." in line.evidence["since_last"]["reasons"]
    changed = iamdesk("review", "entitlements", q4, "--only", "changed", "--only", "undecided")
    assert "1 entitlement\n" in changed.stderr
    assert "    asked: The inline policy own of user/ana changed.\n" in changed.stdout
    assert "0 entitlements" in iamdesk("review", "entitlements", q4, "--only", "new").stderr
    assert iamdesk("review", "entitlements", q4, "--only", "mine").returncode == 2


def test_previous_needs_its_snapshot(iamdesk: Run, tmp_path: Path) -> None:
    old = write(tmp_path / "old.json", "s3:GetObject")

    done = iamdesk("review", "new", old, "-o", tmp_path / "q.iamreview", "--previous", tmp_path / "q3.iamreview")

    assert done.returncode == 2
    assert "--previous-snapshot" in done.stderr


def test_another_snapshot_in_its_place_is_refused(iamdesk: Run, tmp_path: Path) -> None:
    old, new = write(tmp_path / "old.json", "s3:GetObject"), write(tmp_path / "new.json", "s3:PutObject")
    q3 = tmp_path / "q3.iamreview"
    iamdesk("review", "new", old, "-o", q3)

    done = iamdesk("review", "new", new, "-o", tmp_path / "q4.iamreview", "--previous", q3, "--previous-snapshot", new)

    assert done.returncode == 2
    assert "another snapshot was given" in done.stderr
    assert not (tmp_path / "q4.iamreview").exists()


def test_next_review_leaves_out_what_it_is_told_to(iamdesk: Run, tmp_path: Path) -> None:
    old, new = write(tmp_path / "old.json", "s3:GetObject"), write(tmp_path / "new.json", "s3:PutObject")
    q3, q4 = tmp_path / "q3.iamreview", tmp_path / "q4.iamreview"
    assert iamdesk("review", "new", old, "-o", q3).returncode == 0

    leave_out = ("--exclude", "entitlement:inline_policy=reviewed monthly")
    done = iamdesk("review", "new", new, "-o", q4, "--previous", q3, "--previous-snapshot", old, *leave_out)

    assert done.returncode == 0, done.stderr
    desk = Workbench.open_review(q4, writable=False)
    desk.close()
    assert [line.type.value for line in desk.lines] == ["root_access"]
    assert "reviewed monthly" in desk.head.details["left_out"]
