"""Verification of a package: hashes, signatures and chain, then its content, with quoted requests evaluated again."""

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible, visible_lines
from iamdesk.evaluate.request import RequestError
from iamdesk.export.evidence.manifest import (
    MANIFEST,
    SIGNOFFS,
    SUMS,
    UNREADABLE,
    FileHash,
    files_of,
    hash_of,
    manifest_of,
    manifest_sha256,
    sums_text,
)
from iamdesk.export.evidence.result import Outcome, Remark, Result, failed, passed
from iamdesk.export.evidence.review_chain import verify_chain
from iamdesk.export.evidence.signing import Role
from iamdesk.export.evidence.signoff_checks import verify_signoffs
from iamdesk.export.evidence.verify_carried_over import verify_carried_over
from iamdesk.export.evidence.verify_content import Executors, no_executor, verify_content
from iamdesk.export.evidence.verify_signed_parts import verify_signed_parts
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.i18n import phrase
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress


def verify(
    folder: Path,
    snapshot: Path | None = None,
    allowed_signers: Path | None = None,
    previous: Path | None = None,
    required: Collection[Role] = (),
    executors: Executors = no_executor,
    *,
    authorities: Path | None = None,
    notes: Sequence[Path] = (),
    expected: Mapping[str, str] = MappingProxyType({}),
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> Iterator[Result]:
    """Yield the results of all checks of a package, in order.

    Args:
        folder: The package.
        snapshot: The snapshot to evaluate again; None: the copy in the package, if there is one.
        allowed_signers: Known keys, an ``allowed_signers`` file of ``ssh-keygen``; None: no key is known.
        previous: The package of the previous review, a folder or an archive; None: the chain is not verified.
        required: Roles in which the package must be signed with a key.
        executors: Gives the executor that helps to perform a snapshot again.
        authorities: Certificates of known timestamp authorities (PEM); None: no timestamp is verified.
        notes: Files kept elsewhere that must name the digest of the manifest: a git tag, a log, a message.
        expected: What the package must be of, by the names of `verify_content.SUBJECT`.
        progress: Called in each long phase anew (`verify_content`).
        cancelled: Checked regularly.

    Raises:
        ExportError: the folder is not a package, or a file that only others can vouch for is one of the package.
        SnapshotError: ``snapshot`` cannot be read.
        WorkCancelled: ``cancelled`` returned True.
        WorkError: the executor cannot do it; one sentence.
    """
    refuse_own_files(folder, [one for one in (allowed_signers, authorities, *notes) if one is not None])
    if allowed_signers is not None:
        _refuse_own_list(folder, allowed_signers)
    manifest, problem = _manifest(folder)
    if problem is not None:
        yield problem
        return
    yield passed(
        phrase("manifest"),
        phrase("{count:,} files, SHA-256 {hash}", count=len(manifest["files"]), hash=manifest_sha256(folder)),
    )
    sound = True
    for result in _hashes(folder, manifest):
        if cancelled():
            raise WorkCancelled
        sound = sound and result.outcome is Outcome.PASSED
        yield result
    signers = []
    signoffs = verify_signoffs(folder, manifest, allowed_signers, required, authorities)
    for result in _guarded(phrase("sign-offs"), signoffs):
        signers += [result.signer] if result.signer is not None else []
        yield result
    for note in notes:
        yield from _guarded(phrase("note"), _noted(manifest_sha256(folder), note))
    yield from _guarded(phrase("chain"), verify_chain(manifest, previous))
    if not sound:
        yield Result(
            phrase("content"),
            Outcome.NOT_DONE,
            phrase("Files were changed after they were written: their content is not verified."),
        )
        return
    content = verify_content(folder, manifest, snapshot, executors, progress, cancelled, expected)
    yield from _guarded(phrase("content"), content)
    yield from _guarded(phrase("carried over"), verify_carried_over(folder, manifest, previous))
    yield from _guarded(phrase("signed parts"), verify_signed_parts(folder, manifest, allowed_signers, signers))


def refuse_own_files(package: Path, files: Iterable[Path]) -> None:
    """Refuse files of a package as proof of it: whoever made the package made them, too.

    Args:
        package: The package, a folder or an archive.
        files: What another person has to vouch for: known keys, authorities, notes.

    Raises:
        ExportError: one is a file of the package, also by a link, or the archive itself.
    """
    own = [package, *(one for one in package.rglob("*") if one.is_file())]
    for file in files:
        # One that is missing fails where it is read.
        if file.exists() and any(file.samefile(one) for one in own):
            raise ExportError(
                phrase(
                    "{file} is a file of the package itself and proves nothing about it: whoever made the "
                    "package also made this file",
                    file=file,
                )
            )


def _refuse_own_list(folder: Path, allowed: Path) -> None:
    """Refuse a copy of a file of the package as the list of known keys."""
    try:
        content = allowed.read_bytes() if allowed.is_file() else b""
    except OSError:  # which is reported where the signatures are verified
        return
    for one in sorted(folder.rglob("*")):
        if content and one.is_file() and one.stat().st_size == len(content) and one.read_bytes() == content:
            raise ExportError(
                phrase(
                    "{file} is a copy of {path} in the package, which was written by whoever made the package: "
                    "make your own list, with keys that you got from the people themselves (a comment line in "
                    "it, # …, makes it different)",
                    file=allowed,
                    path=one.relative_to(folder).as_posix(),
                )
            )


def _noted(sha256: str, note: Path) -> Iterator[Result]:
    """Yield whether a file that is kept elsewhere names the digest of the manifest."""
    name = phrase("note {name}", name=visible(note.name))
    with note.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if re.search(rf"(?<![0-9a-f]){sha256}(?![0-9a-f])".encode(), line.lower()):
                sentence = phrase("Its line {number} names the SHA-256 of the manifest.", number=number)
                yield passed(name, sentence, Remark.NOTED)
                return
    yield failed(name, phrase("It does not name the SHA-256 of the manifest."))


def _guarded(name: str, results: Iterator[Result]) -> Iterator[Result]:
    """Yield the results of one part of the verification, and a failure if it cannot continue."""
    try:
        yield from results
    except (*UNREADABLE, ExportError, RequestError, ReviewError, sqlite3.Error, OSError) as error:
        yield failed(name, phrase("It cannot be read: {error}.", error=_one_line(error)))


def _one_line(error: Exception) -> str:
    lines = visible_lines(str(error)).splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


# Files


def _manifest(folder: Path) -> tuple[dict[str, Any], Result | None]:
    path = folder / MANIFEST
    if not path.is_file():
        raise ExportError(
            phrase("{folder} is not an evidence package: {manifest} is missing", folder=folder, manifest=MANIFEST)
        )
    value, fault = manifest_of(path.read_bytes())
    return value, failed(phrase("manifest"), f"{fault}.") if fault else None


def _hashes(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Result]:
    listed = {one["path"]: FileHash(one["path"], one["bytes"], one["sha256"]) for one in manifest["files"]}
    there = {file.relative_to(folder).as_posix(): file for file in files_of(folder)}
    for path, expected in listed.items():
        file = there.pop(path, None)
        if file is not None and file.is_symlink():
            yield failed(path, phrase("It is a link: a package contains none."))
        elif file is None or not file.is_file() or not _is_inside(path):
            yield failed(path, phrase("It is missing, or is not a file."))
        elif hash_of(folder, file) != expected:
            yield failed(path, phrase("It was changed after it was written: its SHA-256 differs."))
        else:
            yield passed(path, f"SHA-256 {expected.sha256}")
    for path in there:
        yield failed(path, phrase("It is not in the manifest."))
    for path in (MANIFEST, SUMS, SIGNOFFS):  # which no manifest lists
        if (folder / path).is_symlink():
            yield failed(path, phrase("It is a link: a package contains none."))
    for path in _stray_folders(folder):
        yield failed(path, phrase("It is a folder without files, or a link to one: no package contains it."))
    expected_sums = sums_text(listed.values(), (folder / MANIFEST).read_bytes())
    sums = folder / SUMS
    if sums.is_file() and sums.read_bytes() == expected_sums.encode():
        yield passed(SUMS, phrase("It agrees with the manifest."))
    else:
        yield failed(SUMS, phrase("It is missing, or does not agree with the manifest."))


def _stray_folders(folder: Path) -> Iterator[str]:
    """Yield the folders that hold no file, and links to folders: a manifest lists files alone."""
    for place in sorted(folder.rglob("*")):
        if place.is_dir() and (place.is_symlink() or not any(one.is_file() for one in place.rglob("*"))):
            yield place.relative_to(folder).as_posix()


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and ".." not in parts and not PurePosixPath(path).is_absolute()
