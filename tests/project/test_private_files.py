"""What iamdesk writes about access is its owner's alone, whatever the umask."""

import os
import stat
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray

from iamdesk.collect.bundle_writer import BundleFolder, zip_folder
from iamdesk.export.files.atomic_write import write_atomic
from iamdesk.gui.app.crash_log import CrashLog
from iamdesk.gui.app.session_recovery import RecoveryFile
from iamdesk.gui.core.settings import Settings
from iamdesk.private_files import create_private_folder, remove_leftovers
from iamdesk.progress import never_cancelled
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.manifest import CallerIdentity, ManifestFile
from tests.terminal import run_here

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has access control lists in place of modes")


@pytest.fixture
def shared_umask() -> Iterator[None]:
    """A umask that shares all that is written with everyone on the machine."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(path: Path) -> dict[str, str]:
    """Return the modes in a file or folder that are not the owner's alone, by path."""
    found = {}
    for each in (path, *path.rglob("*")):
        mode = stat.S_IMODE(each.stat().st_mode)
        if mode != (0o700 if each.is_dir() else 0o600):
            found[str(each.relative_to(path.parent))] = oct(mode)
    return found


@pytest.mark.usefixtures("shared_umask")
def test_a_review_and_its_packages_are_the_owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    review = tmp_path / "q3.iamreview"
    snapshot = str(sample_snapshot())
    assert run_here(["review", "new", snapshot, "-o", str(review)], monkeypatch).returncode == 0
    assert modes(review) == {}
    for name in ("evidence", "evidence.zip"):
        written = tmp_path / name
        done = run_here(["export", str(review), "-o", str(written), "--snapshot", snapshot], monkeypatch)
        assert done.returncode == 0, done.stderr
        assert modes(written) == {}
    evidence = str(tmp_path / "evidence")
    assert run_here(["review", "sign", evidence, "--role", "owner", "--name", "Ana"], monkeypatch).returncode == 0
    assert modes(tmp_path / "evidence") == {}
    with zipfile.ZipFile(tmp_path / "evidence.zip") as packed:
        assert {oct(each.external_attr >> 16) for each in packed.infolist()} == {"0o600"}


@pytest.mark.usefixtures("shared_umask")
def test_a_bundle_is_the_owners(tmp_path: Path) -> None:
    caller = CallerIdentity(account="111122223333", arn="arn:aws:iam::111122223333:user/auditor", user_id="AIDA")
    folder = BundleFolder(tmp_path / "bundle", caller)
    entry = ManifestFile(path="accounts/111122223333/iam/list-account-aliases.json", command=("aws",))
    folder.keep(entry, b'{"AccountAliases": []}')
    folder.write_manifest(finished=True)
    zip_folder(folder, tmp_path / "bundle.zip", never_cancelled)
    folder.close()
    files = {
        name: mode for name, mode in modes(tmp_path / "bundle").items() if not name.endswith(("accounts", "iam", "3"))
    }
    assert files == {}
    assert modes(tmp_path / "bundle.zip") == {}


@pytest.mark.usefixtures("shared_umask")
def test_settings_are_the_owners(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "config" / "iamdesk.ini")
    settings.geometry = QByteArray(b"geometry")
    settings.save()
    assert modes(settings.path) == {}


@pytest.mark.usefixtures("shared_umask")
def test_logs_records_and_reports_are_the_owners(tmp_path: Path) -> None:
    log = CrashLog(tmp_path / "logs")
    log.note(ValueError("x"))
    log.release()
    record = RecoveryFile(tmp_path / "open")
    record.note(sample_snapshot())
    write_atomic(tmp_path / "report.csv", b"x")
    assert modes(tmp_path / "logs") == {}
    assert [name for name in modes(tmp_path / "open") if name.endswith(".json")] == []
    assert oct((tmp_path / "open").stat().st_mode)[-3:] == "700"
    assert modes(tmp_path / "report.csv") == {}
    record.clear()


@pytest.mark.usefixtures("shared_umask")
def test_package_that_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".evidence.abcd_123.part"
    (left / "pack").mkdir(parents=True)
    kept = tmp_path / ".evidence.abcd_124.part"
    (kept / "thesis").mkdir(parents=True)
    for each in (left, kept):
        os.utime(each, (1, 1))
    remove_leftovers(tmp_path, ".evidence.")
    assert [one.name for one in tmp_path.iterdir()] == [kept.name]


def test_a_folder_that_stands_keeps_its_mode(tmp_path: Path) -> None:
    """Who shares a folder with colleagues goes on sharing it."""
    shared = tmp_path / "reviews"
    shared.mkdir()
    shared.chmod(0o750)
    create_private_folder(shared)
    assert oct(shared.stat().st_mode)[-3:] == "750"
    with pytest.raises(FileExistsError):
        create_private_folder(sample_snapshot())
