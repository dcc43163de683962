"""A catalogue knows what reading everything at once finds, and gives each account as it stands there."""

import pickle
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from iamdesk.errors import SnapshotError
from iamdesk.progress import WorkCancelled, never_cancelled
from iamdesk.resource_files import resources
from iamdesk.snapshot import catalog as catalogue_module
from iamdesk.snapshot.catalog import Catalogue, Directory
from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.snapshot.reader import load_catalogue, load_snapshot

from .bundles import ACCOUNT, FORMS, IAM, OTHER, as_bytes, as_folder, as_zip, details
from .conftest import ALLOW

NAMELESS: dict[str, Any] = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
AUDIT = {
    "PolicyName": "Audit",
    "Arn": "arn:aws:iam::aws:policy/Audit",
    "DefaultVersionId": "v1",
    "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": ALLOW}],
}


def user(name: str, account: str = ACCOUNT, **more: Any) -> dict[str, Any]:
    return {"UserName": name, "Arn": f"arn:aws:iam::{account}:user/{name}", **more}


def page(*users: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**NAMELESS, "UserDetailList": list(users), **more}


FOLDERS: Mapping[str, Mapping[str, Any]] = {
    "one file an account": {"1.json": details(ACCOUNT), "2.json": details(OTHER)},
    "two accounts in one file": {"1.json": [details(OTHER), details(ACCOUNT)], "2.json": details("333333333333")},
    "an account in several files": {
        "1.json": page(user("ann"), IsTruncated=True, Marker="m"),
        "2.json": details(OTHER),
        "3.json": page(user("bob"), user("ann", Path="/other/")),
        "4.json": page(user("cid", "333333333333"), user("dan", OTHER)),
    },
    "pages that do not say of whom they are": {
        "0.json": page(Policies=[AUDIT]),
        f"accounts/{ACCOUNT}/iam/get-account-authorization-details.json": details(ACCOUNT),
        "alone/1.json": page(Policies=[AUDIT]),
        "alone/2.json": [page(Policies=[AUDIT]), details(OTHER)],
    },
    "nobody says of whom": {"0.json": page(Policies=[AUDIT]), "1.json": NAMELESS, "2.json": "no page"},
    "broken entries and more to come": {
        "1.json": page({"UserName": "ann"}, user("bob", Path=7), IsTruncated=True),
        "2.json": page({"UserName": 7}, user("cid", OTHER), NextToken="more"),
        "3.json": page(user("dan", "333333333333"), IsTruncated=True),
    },
    "a bundle with what is known beside": {
        f"{IAM}/get-account-authorization-details.json": details(ACCOUNT),
        f"{IAM}/list-account-aliases.json": {"AccountAliases": ["acme"]},
        f"{IAM}/get-service-last-accessed-details/user/alice.json": {
            "JobStatus": "COMPLETED",
            "JobCreationDate": "2026-01-01T00:00:00Z",
            "ServicesLastAccessed": [],
        },
        f"accounts/{OTHER}/iam/get-account-authorization-details.json": details(ACCOUNT),
        f"accounts/{OTHER}/iam/list-saml-providers.json": {
            "SAMLProviderList": [{"Arn": f"arn:aws:iam::{OTHER}:saml-provider/corp"}]
        },
    },
}


def elsewhere(function: Any, tasks: Any) -> Iterator[Any]:
    """Do tasks as another process would: what goes there and comes back is pickled."""
    for task in pickle.loads(pickle.dumps(tasks)):  # noqa: S301
        yield pickle.loads(pickle.dumps(function(task, never_cancelled)))  # noqa: S301


def catalogued(path: Path, share: Any = None) -> Catalogue:
    found = load_catalogue(path, share=share)
    assert found is not None
    return found


def accounts_of(catalogue: Catalogue) -> tuple[Account, ...]:
    directory = catalogue.frame.directory
    ids = dict.fromkeys(entry.account_id for entry in catalogue.entries)
    return tuple(account for one in ids for account in directory.accounts(one))


def assert_same(path: Path) -> Snapshot:
    whole, catalogue = load_snapshot(path), catalogued(path)
    told: list[tuple[int, int]] = []
    shared = load_catalogue(path, share=elsewhere, progress=lambda done, total: told.append((done, total)))
    assert shared is not None
    assert (shared.frame.snapshot, shared.entries) == (catalogue.frame.snapshot, catalogue.entries)
    assert accounts_of(shared) == whole.accounts
    assert told[-1][0] == told[-1][1] > 0
    assert catalogue.frame.snapshot == whole.model_copy(update={"accounts": ()})
    for directory in (catalogue.frame.directory, pickle.loads(pickle.dumps(catalogue.frame.directory))):  # noqa: S301
        assert isinstance(directory, Directory)
        assert accounts_of(catalogue) == whole.accounts
    for entry, account in zip(catalogue.entries, whole.accounts, strict=True):
        assert (entry.account_id, entry.partition, entry.alias) == (
            account.account_id,
            account.partition,
            account.alias,
        )
        assert [named.arn for named in entry.users] == [one.arn for one in account.users]
        assert [named.name for named in entry.roles] == [one.role_name for one in account.roles]
        assert entry.is_truncated == account.is_truncated
        assert list(entry.broken) == [(one.list_name, one.name, one.arn) for one in account.broken]
        part = catalogue.frame.part(account.account_id)
        assert part.model_copy(update={"accounts": ()}).model_dump() == catalogue.frame.snapshot.model_dump()
        assert account in part.accounts
    return whole


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("files", FOLDERS.values(), ids=FOLDERS.keys())
def test_it_holds_what_reading_all_at_once_finds(
    tmp_path: Path, files: Mapping[str, Any], form: Callable[[Path, Mapping[str, Any]], Path]
) -> None:
    whole = assert_same(form(tmp_path, files))
    assert whole.accounts


def test_the_sample_organization_is_the_same() -> None:
    assert_same(resources() / "samples" / "acme-organization")


def test_no_more_accounts_are_kept_than_a_few(tmp_path: Path) -> None:
    ids = [f"{100000000000 + number}" for number in range(12)]
    directory = catalogued(as_folder(tmp_path, {f"{one}.json": details(one) for one in ids})).frame.directory
    for one in ids:
        first = directory.accounts(one)
        assert directory.accounts(one)[0] is first[0], "the last one asked for is at hand"
    assert len(directory._kept) == catalogue_module._KEPT


def test_one_file_and_little_are_read_whole(tmp_path: Path) -> None:
    folder = as_folder(tmp_path, {"1.json": details(ACCOUNT), "2.json": details(OTHER)})
    assert load_catalogue(folder / "1.json") is None
    assert load_catalogue(folder, least=1 << 20) is None
    assert load_catalogue(folder, least=100) is not None


def test_files_of_iam_collect_are_read_whole(tmp_path: Path) -> None:
    metadata = {"arn": f"arn:aws:iam::{ACCOUNT}:user/ann", "name": "ann"}
    path = f"aws/aws/accounts/{ACCOUNT}/iam/user/ann/metadata.json"
    assert load_catalogue(as_folder(tmp_path, {path: metadata})) is None


@pytest.mark.parametrize("form", [as_folder, as_zip])
def test_a_file_that_was_changed_or_removed_is_told(
    tmp_path: Path, form: Callable[[Path, Mapping[str, Any]], Path]
) -> None:
    files = {"1.json": details(ACCOUNT), "2.json": details(OTHER)}
    directory = catalogued(form(tmp_path, files)).frame.directory
    form(tmp_path, files | {"1.json": page(user("mallory"))})
    with pytest.raises(SnapshotError, match=r"1\.json: was changed since the snapshot was opened: open it again"):
        directory.accounts(ACCOUNT)
    assert directory.accounts(OTHER), "the others are as they were"


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    folder = as_folder(tmp_path, {"1.json": details(ACCOUNT), "2.json": details(OTHER)})
    directory = catalogued(folder).frame.directory
    (folder / "1.json").unlink()
    with pytest.raises(SnapshotError, match=r"1\.json: cannot be read: no such file"):
        directory.accounts(ACCOUNT)


def test_what_holds_no_account_says_what_reading_it_says(tmp_path: Path) -> None:
    folder = as_folder(tmp_path, {"1.json": {"a": 1}, "2.json": "x"})
    with pytest.raises(SnapshotError) as whole:
        load_snapshot(folder)
    with pytest.raises(SnapshotError) as parts:
        load_catalogue(folder)
    assert str(parts.value) == str(whole.value)


def test_reading_can_be_cancelled(tmp_path: Path) -> None:
    folder = as_folder(tmp_path, {"1.json": details(ACCOUNT), "2.json": details(OTHER)})
    with pytest.raises(WorkCancelled):
        load_catalogue(folder, cancelled=lambda: True)
    with pytest.raises(WorkCancelled):
        catalogued(folder).frame.directory.accounts(ACCOUNT, lambda: True)
    told: list[tuple[int, int]] = []
    load_catalogue(folder, progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 0


@pytest.mark.parametrize("seed", range(80))
def test_what_is_damaged_is_read_or_refused_the_same(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    files = {path: as_bytes(content) for path, content in draw.choice(list(FOLDERS.values())).items()}
    for _ in range(draw.randint(1, 4)):
        path = draw.choice(list(files))
        content = bytearray(files[path])
        match draw.randint(0, 4):
            case 0 if content:
                content[draw.randrange(len(content))] = draw.choice(b'"{}[],:1aA\n\\ ')
            case 1 if content:
                start = draw.randrange(len(content))
                del content[start : start + draw.randint(1, 30)]
            case 2:
                other = draw.choice([b"222222222222", b"333333333333", b"aws", b""])
                content = content.replace(ACCOUNT.encode(), other, draw.randint(1, 3))
            case 3:
                content += draw.choice([b" ", b"{}", bytes(content)])
            case _:
                files[f"{draw.randint(0, 9)}/{draw.randint(0, 3)}.json"] = bytes(draw.choice(list(files.values())))
        files[path] = bytes(content)
    folder = as_folder(tmp_path, files)
    refusals = [_refusal(lambda: load_snapshot(folder))]
    refusals += [_refusal(lambda share=share: load_catalogue(folder, share=share)) for share in (None, elsewhere)]
    assert len(set(refusals)) == 1
    if refusals[0] is None:
        assert_same(folder)


def _refusal(read: Callable[[], object]) -> str | None:
    try:
        read()
    except SnapshotError as error:
        return str(error)
    return None
