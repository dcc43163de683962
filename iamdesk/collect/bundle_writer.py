"""Writes the folder of a bundle: each file atomically, with a journal from which a later run resumes.

The journal is a hidden file with one `ManifestFile` per line, after a line with the caller. A file counts as captured
only if its digest agrees. The manifest is written from the journal, at the end and when the capture is interrupted.
"""

import contextlib
import hashlib
import json
import os
import secrets
import threading
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from iamdesk.collect.options import CollectError
from iamdesk.file_lock import LockedError, lock
from iamdesk.i18n import phrase
from iamdesk.private_files import create_private_file, create_private_folder, make_private
from iamdesk.progress import Cancelled, WorkCancelled
from iamdesk.snapshot.layout import MANIFEST
from iamdesk.snapshot.manifest import FORMAT, VERSION, CallerIdentity, Manifest, ManifestFile

JOURNAL = ".iamdesk-collect.jsonl"
"""In the top folder of the bundle. Readers of bundles ignore hidden files."""

_PART = ".part"


@dataclass(slots=True)
class _Begun:
    started_at: datetime
    caller: CallerIdentity
    accounts: list[str]
    regions: list[str]


class BundleFolder:
    """Files of one capture. Thread-safe."""

    def __init__(self, path: Path, caller: CallerIdentity) -> None:
        """Start a folder, or resume one that an earlier run of the same account started.

        Raises:
            CollectError: the folder has other content, is of another account, is in use, or cannot be written.
        """
        self.path = path
        self._lock = threading.Lock()
        self._entries: dict[str, ManifestFile] = {}
        self._begun = _Begun(datetime.now(UTC), caller, [], [])
        try:
            self._journal = self._opened(caller)
        except LockedError as error:
            raise CollectError(phrase("{path} is being written by another iamdesk collect", path=path)) from error
        except OSError as error:
            raise CollectError(
                phrase("{path} cannot be written: {reason}", path=path, reason=error.strerror or error)
            ) from error

    @property
    def entries(self) -> tuple[ManifestFile, ...]:
        """All captured files and failed calls, by path."""
        with self._lock:
            return tuple(entry for _, entry in sorted(self._entries.items()))

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts of this run and earlier ones."""
        return tuple(self._begun.accounts)

    @property
    def regions(self) -> tuple[str, ...]:
        """The Regions of this run and earlier ones."""
        return tuple(self._begun.regions)

    def captured(self, path: str) -> ManifestFile | None:
        """Return the entry of a call whose file is intact, or that failed; None: it has to be captured."""
        with self._lock:
            entry = self._entries.get(path)
        if entry is None or entry.error is not None:
            return entry
        try:
            content = self._place(path).read_bytes()
        except OSError:
            return None
        return entry if hashlib.sha256(content).hexdigest() == entry.sha256 else None

    def read(self, path: str) -> Any:
        """Return the output in a captured file."""
        return json.loads(self._place(path).read_bytes())

    def keep(self, entry: ManifestFile, content: bytes) -> None:
        """Write a file atomically, with its entry in the journal.

        Raises:
            CollectError: it cannot be written.
        """
        place = self._place(entry.path)
        part = place.with_name(f".{secrets.token_hex(8)}{_PART}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            create_private_file(part)
            part.write_bytes(content)
            with self._lock:
                if not self._journal.closed:  # else the capture is over, and another one may have started
                    part.replace(place)
                    self._note(
                        entry.model_copy(update={"size": len(content), "sha256": hashlib.sha256(content).hexdigest()})
                    )
        except OSError as error:
            raise CollectError(
                phrase("{place} cannot be written: {reason}", place=place, reason=error.strerror or error)
            ) from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def note(self, entry: ManifestFile) -> None:
        """Record a call without an output."""
        with self._lock:
            if not self._journal.closed:
                self._note(entry)

    def looked_into(self, account: str, regions: Collection[str]) -> None:
        """Record an account and its Regions."""
        with self._lock:
            self._begun.accounts = sorted({*self._begun.accounts, account})
            self._begun.regions = sorted({*self._begun.regions, *regions})
            self._write_line(self._header())

    def write_manifest(self, *, finished: bool) -> Manifest:
        """Write the manifest in the current state.

        Raises:
            CollectError: it cannot be written.
        """
        manifest = Manifest(
            format=FORMAT,
            version=VERSION,
            tool=f"iamdesk {version('iamdesk')}",
            started_at=self._begun.started_at,
            finished_at=datetime.now(UTC) if finished else None,
            caller=self._begun.caller,
            accounts=self.accounts,
            regions=self.regions,
            files=self.entries,
        )
        part = self.path / f".{secrets.token_hex(8)}{_PART}"
        try:
            create_private_file(part)
            part.write_text(manifest.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")
            part.replace(self.path / MANIFEST)
        except OSError as error:
            raise CollectError(
                phrase("{path} cannot be written: {reason}", path=self.path / MANIFEST, reason=error.strerror or error)
            ) from error
        return manifest

    def close(self) -> None:
        """Close the journal; later writes are ignored."""
        with self._lock:
            self._journal.close()

    def remove(self) -> None:
        """Remove all files of the capture and empty folders. The folder must be closed."""
        for entry in self.entries:
            self._place(entry.path).unlink(missing_ok=True)
        for name in (MANIFEST, JOURNAL):
            (self.path / name).unlink(missing_ok=True)
        for folder, _, _ in os.walk(self.path, topdown=False):
            with contextlib.suppress(OSError):  # it has other content
                Path(folder).rmdir()

    def _place(self, path: str) -> Path:
        return self.path.joinpath(*path.split("/"))

    def _note(self, entry: ManifestFile) -> None:
        self._entries[entry.path] = entry
        self._write_line(entry.model_dump_json(exclude_none=True))

    def _write_line(self, line: str) -> None:
        self._journal.write(f"{line}\n")
        self._journal.flush()

    def _header(self) -> str:
        begun = self._begun
        return json.dumps(
            {
                "started_at": begun.started_at.isoformat(),
                "caller": begun.caller.model_dump(),
                "accounts": begun.accounts,
                "regions": begun.regions,
            }
        )

    def _opened(self, caller: CallerIdentity) -> IO[str]:
        create_private_folder(self.path)
        journal = self.path / JOURNAL
        if not journal.exists() and any(self.path.iterdir()):
            raise CollectError(
                phrase(
                    "{path} contains files that iamdesk collect did not write: choose a new or an empty folder",
                    path=self.path,
                )
            )
        create_private_file(journal)
        file = journal.open("a+", encoding="utf-8")
        try:
            lock(file)
            file.seek(0)
            lines = file.read().split("\n")
            self._take_up(lines, caller)
        except BaseException:
            file.close()
            raise
        self._journal = file
        if lines[-1]:  # the last line is incomplete
            file.write("\n")
        for part in self.path.rglob(f".*{_PART}"):
            part.unlink(missing_ok=True)
        self._write_line(self._header())
        return file

    def _take_up(self, lines: list[str], caller: CallerIdentity) -> None:
        for line in lines:
            try:
                read = json.loads(line)
                if "caller" in read:
                    self._take_header(read, caller)
                else:
                    entry = ManifestFile.model_validate(read)
                    self._entries[entry.path] = entry
            except (json.JSONDecodeError, ValidationError, KeyError, TypeError):
                continue  # an incomplete line: its file is captured again

    def _take_header(self, read: dict[str, Any], caller: CallerIdentity) -> None:
        began = CallerIdentity.model_validate(read["caller"])
        if began.account != caller.account:
            raise CollectError(
                phrase(
                    "{path} was started in account {account}, but you are signed in to account {caller}: "
                    "sign in to that account, or choose a new folder",
                    path=self.path,
                    account=began.account,
                    caller=caller.account,
                )
            )
        self._begun.started_at = min(self._begun.started_at, datetime.fromisoformat(read["started_at"]))
        self._begun.accounts = list(read["accounts"])
        self._begun.regions = list(read["regions"])


def zip_folder(folder: BundleFolder, target: Path, cancelled: Cancelled) -> None:
    """Write the bundle of a folder to a new archive atomically, with the manifest first.

    Raises:
        CollectError: the file exists, or cannot be written.
        WorkCancelled: ``cancelled`` returned True.
    """
    part = folder.path / f".{secrets.token_hex(8)}.part"  # on the same disk as the target, removed with the folder
    names = [MANIFEST, *(entry.path for entry in folder.entries if entry.error is None)]
    try:
        with zipfile.ZipFile(part, "x", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                if cancelled():
                    raise WorkCancelled
                archive.write(folder.path / name, name)
        make_private(part)
        if target.exists():
            raise CollectError(phrase("{target} already exists; it was not overwritten", target=target))
        part.replace(target)
    except OSError as error:
        raise CollectError(
            phrase("{target} cannot be written: {reason}", target=target, reason=error.strerror or error)
        ) from error
    finally:
        part.unlink(missing_ok=True)
