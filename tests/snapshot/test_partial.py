"""The first accounts of many, while the rest is read."""

from pathlib import Path
from typing import Any

import pytest

from iamdesk.progress import WorkCancelled
from iamdesk.snapshot import partial
from iamdesk.snapshot.partial import PartialSnapshot
from iamdesk.snapshot.reader import load_snapshot

from .bundles import as_folder, details

IDS = [f"{100000000000 + number}" for number in range(8)]


@pytest.fixture(autouse=True)
def _little_is_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partial, "_LEAST_LEFT", 1)


def bundle(root: Path, **more: Any) -> Path:
    files = {f"accounts/{account}/iam/get-account-authorization-details.json": details(account) for account in IDS}
    return as_folder(root, {**files, **more})


def arrivals(path: Path) -> list[PartialSnapshot]:
    found: list[PartialSnapshot] = []
    whole = load_snapshot(path, arrived=found.append)
    assert whole == load_snapshot(path), "what came first changes nothing in what comes last"
    return found


def test_the_first_account_comes_once_and_whole(tmp_path: Path) -> None:
    path = bundle(tmp_path)
    (first,) = arrivals(path)
    assert first.snapshot.accounts == load_snapshot(path).accounts[:1]
    assert first.awaited == tuple(IDS[1:])
    assert first.snapshot.path == path


def test_loose_files_do_not_say_of_whom_the_others_are(tmp_path: Path) -> None:
    (first,) = arrivals(as_folder(tmp_path, {f"{account}.json": details(account) for account in IDS}))
    assert [account.account_id for account in first.snapshot.accounts] == IDS[:1]
    assert first.awaited == ()


def test_pages_that_name_no_account_wait_for_what_stands_beside_them(tmp_path: Path) -> None:
    nobody = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    files = {"0.json": nobody, **{f"{account}.json": details(account) for account in IDS}}
    assert arrivals(as_folder(tmp_path, files)) == []


@pytest.mark.parametrize("number", [1, 2, 4])
def test_few_accounts_are_not_worth_it(tmp_path: Path, number: int) -> None:
    files = {f"{account}.json": details(account) for account in IDS[:number]}
    assert arrivals(as_folder(tmp_path, files)) == []


def test_little_that_is_left_is_not_worth_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partial, "_LEAST_LEFT", 1 << 20)
    assert arrivals(bundle(tmp_path)) == []


def test_reading_can_be_given_up_after_the_first(tmp_path: Path) -> None:
    came: list[PartialSnapshot] = []
    with pytest.raises(WorkCancelled):
        load_snapshot(bundle(tmp_path), arrived=came.append, cancelled=lambda: bool(came))
    assert len(came) == 1
