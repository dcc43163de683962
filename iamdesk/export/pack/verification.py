"""A pack is verified: hashes, signatures, chain, then what it says, with every quoted verdict asked again."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from iamdesk.export.files import ExportError
from iamdesk.export.pack.chain import verify_chain
from iamdesk.export.pack.manifest import (
    MANIFEST,
    SIGNATURES,
    SIGNOFFS,
    SUMS,
    FileHash,
    files_of,
    hash_of,
    manifest_bytes,
    manifest_sha256,
    sums_text,
)
from iamdesk.export.pack.result import Outcome, Result, failed, passed
from iamdesk.export.pack.signing import (
    SSH,
    SignOff,
    fingerprint,
    has_ssh_keygen,
    is_signed_by,
    read_signoffs,
    side_files,
)
from iamdesk.export.pack.verified_content import verify_content
from iamdesk.language import phrase

_DERIVED = ("format", "evidence_sha256", "files")


def verify(
    folder: Path, snapshot: Path | None = None, allowed_signers: Path | None = None, previous: Path | None = None
) -> Iterator[Result]:
    """Yield every check of a pack, in order.

    Args:
        folder: The pack.
        snapshot: The snapshot to ask again; None: the copy in the pack, where there is one.
        allowed_signers: Keys that are known, as ``ssh-keygen`` takes them; None: those that the pack brings.
        previous: The evidence of the review before, a folder or an archive; None: the chain is not looked at.

    Raises:
        ExportError: the folder is no pack.
        SnapshotError: ``snapshot`` cannot be read.
    """
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
        sound = sound and result.outcome is Outcome.PASSED
        yield result
    yield from _signatures(folder, allowed_signers)
    yield from verify_chain(manifest, previous)
    if not sound:
        yield Result(
            phrase("content"),
            Outcome.NOT_DONE,
            phrase("Files are not as they were written: what they say is not looked at."),
        )
        return
    yield from verify_content(folder, manifest, snapshot)


# Files


def _manifest(folder: Path) -> tuple[dict[str, Any], Result | None]:
    path = folder / MANIFEST
    if not path.is_file():
        raise ExportError(phrase("{folder} is no pack: there is no {manifest} in it", folder=folder, manifest=MANIFEST))
    content = path.read_bytes()
    try:
        value = json.loads(content)
        hashes = [FileHash(one["path"], one["bytes"], one["sha256"]) for one in value["files"]]
        about = {name: member for name, member in value.items() if name not in _DERIVED}
        if manifest_bytes(about, hashes) == content:
            return value, None
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return {}, failed(phrase("manifest"), phrase("{file} is not as it was written.", file=MANIFEST))


def _hashes(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Result]:
    listed = {one["path"]: FileHash(one["path"], one["bytes"], one["sha256"]) for one in manifest["files"]}
    there = {file.relative_to(folder).as_posix(): file for file in files_of(folder)}
    for path, expected in listed.items():
        file = there.pop(path, None)
        if file is None or file.is_symlink() or not _is_inside(path):
            yield failed(path, phrase("It is missing."))
        elif hash_of(folder, file) != expected:
            yield failed(path, phrase("It is not as it was written: its SHA-256 is another one."))
        else:
            yield passed(path, f"SHA-256 {expected.sha256}")
    for path in there:
        yield failed(path, phrase("It is not in the manifest."))
    expected_sums = sums_text(listed.values(), (folder / MANIFEST).read_bytes())
    sums = folder / SUMS
    if sums.is_file() and sums.read_bytes() == expected_sums.encode():
        yield passed(SUMS, phrase("It says the same as the manifest."))
    else:
        yield failed(SUMS, phrase("It is missing, or does not say the same as the manifest."))


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and ".." not in parts and not PurePosixPath(path).is_absolute()


# Signatures


def _signatures(folder: Path, allowed: Path | None) -> Iterator[Result]:
    try:
        signoffs = read_signoffs(folder)
    except ExportError as error:
        yield failed(SIGNOFFS, f"{error}.")
        return
    expected = side_files(signoffs)
    there = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted((folder / SIGNATURES).rglob("*"))
        if file.is_file()
    }
    for path in sorted(expected.keys() | there.keys()):
        if there.get(path) != expected.get(path, "").encode() or path not in expected:
            yield failed(path, phrase("It does not say the same as {file}.", file=SIGNOFFS))
    if not signoffs:
        yield Result(SIGNOFFS, Outcome.NOT_DONE, phrase("Nobody has signed this pack."))
        return
    for one in signoffs:
        name = phrase("sign-off {name}", name=one.stem)
        if one.manifest_sha256 != manifest_sha256(folder):
            yield failed(name, phrase("{name} signed another manifest.", name=one.name))
        elif one.scheme != SSH:
            yield Result(
                name,
                Outcome.NOT_DONE,
                phrase(
                    "{role}: {name}, {utc}: an unsigned attestation.",
                    role=one.role,
                    name=one.name,
                    utc=one.utc,
                ),
            )
        elif not has_ssh_keygen():
            yield Result(
                name,
                Outcome.NOT_DONE,
                phrase("{role}: {name}: there is no ssh-keygen to verify with.", role=one.role, name=one.name),
            )
        else:
            yield _signature(name, one, allowed)


def _signature(name: str, one: SignOff, allowed: Path | None) -> Result:
    keys = side_files((one,))[f"{SIGNATURES}/allowed_signers"]
    mark = fingerprint(one.public_key)
    if not is_signed_by(one, keys):
        return failed(name, phrase("The signature of {name} is not good.", name=one.name))
    if allowed is None:
        return passed(
            name,
            phrase(
                "{role}: {name}, {utc}; key {mark}: compare it with the one you know.",
                role=one.role,
                name=one.name,
                utc=one.utc,
                mark=mark,
            ),
        )
    if not is_signed_by(one, allowed.read_text(encoding="utf-8", errors="replace")):
        return failed(
            name, phrase("{name} signed with key {mark}, which is not among the known ones.", name=one.name, mark=mark)
        )
    return passed(
        name,
        phrase(
            "{role}: {name}, {utc}; by a known key, {mark}.",
            role=one.role,
            name=one.name,
            utc=one.utc,
            mark=mark,
        ),
    )
