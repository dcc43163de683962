"""The folder that a bundle grows in: locked while it is written, and nothing half in it."""

from pathlib import Path

import pytest

from iamdesk.collect.bundle_writer import JOURNAL, BundleFolder
from iamdesk.collect.options import CollectError
from iamdesk.snapshot.layout import MANIFEST
from iamdesk.snapshot.manifest import CallerIdentity, CallError, ManifestFile

CALLER = CallerIdentity(account="111122223333", arn="arn:aws:iam::111122223333:user/auditor", user_id="AIDA")
ENTRY = ManifestFile(path="accounts/111122223333/iam/list-account-aliases.json", command=("aws",))


def test_folder_is_written_by_one_at_a_time(tmp_path: Path) -> None:
    first = BundleFolder(tmp_path / "bundle", CALLER)

    with pytest.raises(CollectError, match="is being written by another iamdesk collect"):
        BundleFolder(tmp_path / "bundle", CALLER)

    first.close()
    BundleFolder(tmp_path / "bundle", CALLER).close()


def test_what_was_kept_is_known_to_the_next_run(tmp_path: Path) -> None:
    first = BundleFolder(tmp_path / "bundle", CALLER)
    first.keep(ENTRY, b'{"AccountAliases": []}')
    first.note(ENTRY.model_copy(update={"path": "organization/list-roots.json", "error": CallError(code="No")}))
    first.looked_into("111122223333", ("eu-west-1",))
    first.close()

    again = BundleFolder(tmp_path / "bundle", CALLER)

    known = again.captured(ENTRY.path)
    assert known is not None
    assert known.size == 22
    assert again.read(ENTRY.path) == {"AccountAliases": []}
    assert [entry.error.code for entry in again.entries if entry.error] == ["No"]
    assert (again.accounts, again.regions) == (("111122223333",), ("eu-west-1",))
    again.close()


def test_closed_folder_takes_nothing_more(tmp_path: Path) -> None:
    """A thread that AWS answered late writes into no bundle that another run has taken up."""
    folder = BundleFolder(tmp_path / "bundle", CALLER)
    folder.close()

    folder.keep(ENTRY, b"{}")
    folder.note(ENTRY)

    assert [path.name for path in (tmp_path / "bundle").rglob("*") if path.is_file()] == [JOURNAL]


def test_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    folder = BundleFolder(tmp_path / "bundle", CALLER)
    (tmp_path / "bundle" / "accounts").write_text("in the way")

    with pytest.raises(CollectError, match=r"list-account-aliases\.json cannot be written: "):
        folder.keep(ENTRY, b"{}")

    folder.close()


@pytest.mark.parametrize("taken", ["file", "missing/folder"])
def test_place_that_is_no_folder_is_told(tmp_path: Path, taken: str) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(CollectError, match="cannot be written"):
        BundleFolder(tmp_path / taken, CALLER)

    assert (tmp_path / "file").read_text() == "mine"


def test_removing_leaves_what_is_not_its_own(tmp_path: Path) -> None:
    folder = BundleFolder(tmp_path / "bundle", CALLER)
    folder.keep(ENTRY, b"{}")
    folder.write_manifest(finished=True)
    (tmp_path / "bundle" / "mine.txt").write_text("mine")
    folder.close()

    folder.remove()

    assert [path.name for path in (tmp_path / "bundle").iterdir()] == ["mine.txt"]


def test_manifest_of_a_run_that_goes_on_has_no_end(tmp_path: Path) -> None:
    folder = BundleFolder(tmp_path / "bundle", CALLER)

    running = folder.write_manifest(finished=False)
    ended = folder.write_manifest(finished=True)

    assert running.finished_at is None
    assert ended.finished_at is not None
    assert ended.started_at == running.started_at
    assert (tmp_path / "bundle" / MANIFEST).exists()
    folder.close()
