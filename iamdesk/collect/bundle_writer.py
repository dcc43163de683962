"""The folder that a bundle grows in: files whole or not at all, and a journal by which a later run goes on.

The journal is a hidden file, one `ManifestFile` a line, after a line that says whose capture it is. What it says of a
file is believed only where size and digest agree. The manifest is made from it, at the end and at every interruption.
"""

import contextlib
import hashlib
import json
import os
import secrets
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from iamdesk.collect.locking import LockedError, lock
from iamdesk.collect.options import CollectError
from iamdesk.i18n import phrase
from iamdesk.snapshot.layout import MANIFEST
from iamdesk.snapshot.manifest import FORMAT, VERSION, CallerIdentity, Manifest, ManifestFile

JOURNAL = ".iamdesk-collect.jsonl"
"""In the bundle's top folder. Readers of a bundle pass over hidden files."""

_PART = ".part"


@dataclass(slots=True)
class _Begun:
    started_at: datetime
    caller: CallerIdentity
    accounts: list[str]
    regions: list[str]


class BundleFolder:
    """Files of one capture. Its methods may be called from several threads."""

    def __init__(self, path: Path, caller: CallerIdentity) -> None:
        """Begin a folder, or take up one that an earlier run of the same account began.

        Raises:
            CollectError: the folder holds something else, is another account's, in use, or not to be written.
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
        """Everything that was captured or tried, by path."""
        with self._lock:
            return tuple(entry for _, entry in sorted(self._entries.items()))

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that were to be captured, in this run and earlier ones."""
        return tuple(self._begun.accounts)

    @property
    def regions(self) -> tuple[str, ...]:
        """The Regions that were looked into, in this run and earlier ones."""
        return tuple(self._begun.regions)

    def captured(self, path: str) -> ManifestFile | None:
        """Return what is known of a file that lies there as it was captured; None: it has to be captured."""
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
        """Return the output that a captured file holds."""
        return json.loads(self._place(path).read_bytes())

    def keep(self, entry: ManifestFile, content: bytes) -> None:
        """Write a file and note it: after a kill it is there whole, with its entry, or not at all.

        Raises:
            CollectError: the disk does not take it.
        """
        place = self._place(entry.path)
        part = place.with_name(f".{secrets.token_hex(8)}{_PART}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            with self._lock:
                if not self._journal.closed:  # else the capture is over, and perhaps another one has begun
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
        """Note that a call gave nothing."""
        with self._lock:
            if not self._journal.closed:
                self._note(entry)

    def looked_into(self, account: str, regions: Collection[str]) -> None:
        """Note which account and Regions are captured."""
        with self._lock:
            self._begun.accounts = sorted({*self._begun.accounts, account})
            self._begun.regions = sorted({*self._begun.regions, *regions})
            self._write_line(self._header())

    def write_manifest(self, *, finished: bool) -> Manifest:
        """Write the manifest as things stand.

        Raises:
            CollectError: the disk does not take it.
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
            part.write_text(manifest.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")
            part.replace(self.path / MANIFEST)
        except OSError as error:
            raise CollectError(
                phrase("{path} cannot be written: {reason}", path=self.path / MANIFEST, reason=error.strerror or error)
            ) from error
        return manifest

    def close(self) -> None:
        """Write nothing more, whoever still tries."""
        with self._lock:
            self._journal.close()

    def remove(self) -> None:
        """Remove every file of the capture, and the folders that are then empty. The folder must be closed."""
        for entry in self.entries:
            self._place(entry.path).unlink(missing_ok=True)
        for name in (MANIFEST, JOURNAL):
            (self.path / name).unlink(missing_ok=True)
        for folder, _, _ in os.walk(self.path, topdown=False):
            with contextlib.suppress(OSError):  # something else lies in it
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
        self.path.mkdir(exist_ok=True)
        journal = self.path / JOURNAL
        if not journal.exists() and any(self.path.iterdir()):
            raise CollectError(
                phrase(
                    "{path} holds files that iamdesk collect did not write: name a new or an empty folder",
                    path=self.path,
                )
            )
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
        if lines[-1]:  # a kill tore the last line
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
                continue  # a torn line: what it speaks of is captured again

    def _take_header(self, read: dict[str, Any], caller: CallerIdentity) -> None:
        began = CallerIdentity.model_validate(read["caller"])
        if began.account != caller.account:
            raise CollectError(
                phrase(
                    "{path} was begun as account {account}, and you are signed in to {caller}: "
                    "sign in to that account, or name a new folder",
                    path=self.path,
                    account=began.account,
                    caller=caller.account,
                )
            )
        self._begun.started_at = min(self._begun.started_at, datetime.fromisoformat(read["started_at"]))
        self._begun.accounts = list(read["accounts"])
        self._begun.regions = list(read["regions"])
