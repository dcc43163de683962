"""The manifest of a package: the hashes of all files, in canonical JSON."""

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from iamdesk.escaping import visible
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.i18n import phrase
from iamdesk.review.journal import canonical

FORMAT = "iamdesk-evidence/1"
MANIFEST = "00_manifest.json"
SUMS = "SHA256SUMS"
JOURNAL = "09_journal.jsonl"
EVENTS = "10_events.jsonl"
"""What happened besides decisions: assigned, split, delegated, merged, conflicts."""
PEOPLE = "11_people.csv"
"""Persons, in a review that was made with a list of people."""
TABLES = "12_tables.json"
"""Of each table its query, parameters, versions and counts."""
SIGNOFFS = "08_signoffs.json"
SIGNATURES = "signoffs"
STATEMENTS = ("01_statement.html", "01_statement.pdf", "01_annex.html", "01_annex.pdf")
"""Files for people: the statement and its annex; they contain the digest of all other files."""
SOURCE = "source"
DERIVED = frozenset({"format", "evidence_sha256", "files"})
"""Members of a manifest about its files and format; all others depend on the review."""
UNREADABLE = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError, csv.Error)
"""Errors of reading files whose content iamdesk did not write: their author could have updated the hashes."""
_PIECE = 1 << 20


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _ListedFile(_Strict):
    path: str
    bytes: int
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class _Tool(_Strict):
    name: str
    version: str
    build: str


class _Counts(_Strict):
    population: int
    entitlements: int
    findings: int
    exceptions: int
    remediation: int
    verdicts: int
    by_decision: dict[str, int]
    findings_by_decision: dict[str, int]


class _Manifest(_Strict):
    """The members of a manifest: all of them, and no others."""

    model_config = ConfigDict(extra="forbid")
    format: str
    review_id: str
    generated_utc: str
    tool: _Tool
    snapshot_sha256: str
    genesis_sha256: str | None
    """Digest of what is reviewed, which the first entry of the journal follows; None: the review was recovered."""
    journal_sha256: str
    journal_entries: int
    events_sha256: str
    """Digest of the last event; empty if there is none."""
    events: int
    previous_review_id: str | None
    previous_manifest_sha256: str | None
    status: str
    evidence_sha256: str
    counts: _Counts
    files: list[_ListedFile]


@dataclass(frozen=True, slots=True)
class FileHash:
    """One file of a package."""

    path: str
    """Path relative to the package, with ``/``."""
    bytes: int
    sha256: str

    def as_json(self) -> dict[str, Any]:
        """Return its entry in a manifest."""
        return {"path": self.path, "bytes": self.bytes, "sha256": self.sha256}


def hash_of(folder: Path, file: Path) -> FileHash:
    """Return the hash of a file, which is read in pieces."""
    digest = hashlib.sha256()
    size = 0
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return FileHash(file.relative_to(folder).as_posix(), size, digest.hexdigest())


def files_of(folder: Path) -> list[Path]:
    """Return the files that a manifest lists, in the order of their paths."""
    beside = {MANIFEST, SUMS, SIGNOFFS}
    found = [file for file in folder.rglob("*") if file.is_file() or file.is_symlink()]
    return sorted(
        (
            file
            for file in found
            if (path := file.relative_to(folder).as_posix()) not in beside and not path.startswith(f"{SIGNATURES}/")
        ),
        key=lambda file: file.relative_to(folder).as_posix(),
    )


def evidence_sha256(hashes: Iterable[FileHash]) -> str:
    """Return the digest of all files except the statements, which contain it."""
    listed = [one.as_json() for one in hashes if one.path not in STATEMENTS]
    return hashlib.sha256(canonical(sorted(listed, key=lambda one: str(one["path"])))).hexdigest()


def manifest_bytes(about: Mapping[str, Any], hashes: Iterable[FileHash]) -> bytes:
    """Return the manifest as canonical JSON."""
    listed = sorted(hashes, key=lambda one: one.path)
    return canonical(
        {
            "format": FORMAT,
            **about,
            "evidence_sha256": evidence_sha256(listed),
            "files": [one.as_json() for one in listed],
        }
    )


def sums_text(hashes: Iterable[FileHash], manifest: bytes) -> str:
    """Return the input of ``sha256sum -c`` for all files and the manifest."""
    listed = [*hashes, FileHash(MANIFEST, len(manifest), hashlib.sha256(manifest).hexdigest())]
    return "".join(f"{one.sha256}  {one.path}\n" for one in sorted(listed, key=lambda one: one.path))


def manifest_sha256(folder: Path) -> str:
    """Return the hash of a package's manifest, which sign-offs and follow-up reviews contain."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a package: of this format, with every member.

    Raises:
        ExportError: it is missing, cannot be read, or is not what iamdesk writes.
    """
    if not (folder / MANIFEST).is_file():
        raise ExportError(
            phrase("{folder} is not an evidence package: {manifest} is missing", folder=folder, manifest=MANIFEST)
        )
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise ExportError(
            phrase("{folder} is not an evidence package: {manifest} cannot be read", folder=folder, manifest=MANIFEST)
        ) from error
    value, fault = manifest_of(content)
    if fault:
        raise ExportError(phrase("{path} is not an evidence package: {why}", path=folder, why=fault))
    return value


def manifest_of(content: bytes) -> tuple[dict[str, Any], str]:
    """Return the manifest of its bytes, and why it is none that iamdesk writes; empty if it is one."""
    try:
        value = json.loads(content)
        if (found := value["format"]) != FORMAT:
            return {}, phrase(
                "{manifest} has format `{found}`; this iamdesk reads only `{own}`",
                manifest=MANIFEST,
                found=visible(str(found)),
                own=FORMAT,
            )
        hashes = [FileHash(one["path"], one["bytes"], one["sha256"]) for one in value["files"]]
        about = {name: member for name, member in value.items() if name not in DERIVED}
        if manifest_bytes(about, hashes) == content:
            _Manifest.model_validate(value)
            return value, ""
    except ValidationError as error:
        member = visible(".".join(map(str, error.errors()[0]["loc"])))
        return {}, phrase("{manifest} is not as iamdesk writes it: {member}", manifest=MANIFEST, member=member)
    except UNREADABLE:
        pass
    return {}, phrase("{manifest} was changed after it was written", manifest=MANIFEST)
