"""Verification of sign-offs: their content, whether all are present, and whose keys signed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from pathlib import Path
from typing import Any

from iamdesk.escaping import visible
from iamdesk.export.evidence.manifest import SIGNATURES, SIGNOFFS, manifest_sha256
from iamdesk.export.evidence.result import Outcome, Result, Signer, failed
from iamdesk.export.evidence.signing import (
    SSH,
    UNSIGNED,
    Role,
    SignOff,
    has_ssh_keygen,
    is_signed_by,
    read_signoffs,
    side_files,
)
from iamdesk.export.evidence.ssh_signature import (
    NAMESPACE,
    OtherPurposeError,
    PublicKey,
    key_of,
    principals_of,
    public_key,
)
from iamdesk.export.evidence.timestamp import token_path, verify_timestamp
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.i18n import join_messages, phrase
from iamdesk.review.decisions import same_person
from iamdesk.review.journal import GENESIS

_PATTERN = frozenset("*?!")


def verify_signoffs(
    folder: Path,
    manifest: Mapping[str, Any],
    allowed: Path | None,
    required: Collection[Role] = (),
    authorities: Path | None = None,
) -> Iterator[Result]:
    """Yield the results of all checks of the sign-offs.

    Args:
        folder: The package.
        manifest: Its manifest.
        allowed: Known keys, an ``allowed_signers`` file of ``ssh-keygen``; None: no key is known.
        required: Roles in which the package must be signed with a key.
        authorities: Certificates of known timestamp authorities (PEM); None: none is known.
    """
    try:
        signoffs = read_signoffs(folder)
    except ExportError as error:
        yield failed(SIGNOFFS, f"{error}.")
        yield from _required((), required)
        return
    yield from _side_files(folder, signoffs)
    if not signoffs:
        yield Result(SIGNOFFS, Outcome.NOT_DONE, phrase("This package is not signed."), is_of_signatures=True)
    known = allowed.read_text(encoding="utf-8", errors="surrogateescape") if allowed is not None else None
    signed: list[Signer] = []
    for at, one in enumerate(signoffs):
        name = phrase("sign-off {name}", name=one.stem)
        fault = _fault(one, at, signoffs, manifest, manifest_sha256(folder))
        if fault is not None:
            yield failed(name, fault)
            continue
        stamped = verify_timestamp(folder, one, authorities)
        proved = _moment(stamped[1].utc) if stamped is not None and stamped[1] is not None else None
        result = _result(name, one, known, proved)
        if (signer := result.signer) is not None:
            if stamped is not None and (stamp := stamped[1]) is not None:
                signer = replace(signer, stamped=stamp.utc, authority=stamp.authority)
            signed.append(signer)
        yield replace(result, signer=signer)
        if stamped is not None:
            yield stamped[0]
    yield from _required(signed, required)


def check_signoff(one: SignOff, name: str, sha256: str, known: str | None) -> Result:
    """Check one sign-off by itself.

    Args:
        one: The sign-off.
        name: What the check is called.
        sha256: Of what must have been signed.
        known: Known keys, as the text of an ``allowed_signers`` file; None: no key is known.
    """
    fault = _fault(one, 0, (one,), {}, sha256)
    return failed(name, fault) if fault is not None else _result(name, one, known)


def _required(signed: Sequence[Signer], required: Collection[Role]) -> Iterator[Result]:
    for role in dict.fromkeys(required):
        if all(one.role != role.value for one in signed):
            yield _unproven(
                phrase("required signature"),
                phrase("This package is not signed with a key as {role}.", role=role.value),
            )
    wanted = [[one for one in signed if one.role == role.value] for role in dict.fromkeys(required)]
    if all(wanted) and not any(_are_different(some) for some in product(*wanted)):
        yield _unproven(
            phrase("required signature"),
            phrase(
                "One person signed in several of the required roles ({names}): each role needs another person, with "
                "a key of their own.",
                names=join_messages(
                    "; ", list(dict.fromkeys(f"{one.name}, {one.key}" for some in wanted for one in some))
                ),
            ),
        )


def _are_different(signers: Sequence[Signer]) -> bool:
    """Return whether signers are different persons: no two have one key, or one name."""
    return not any(one.key == other.key or same_person(one.name, other.name) for one, other in combinations(signers, 2))


def _side_files(folder: Path, signoffs: Sequence[SignOff]) -> Iterator[Result]:
    expected = side_files(signoffs)
    beside = {token_path(one.stem) for one in signoffs}
    there = {
        path: b"" if file.is_symlink() else file.read_bytes()
        for file in sorted((folder / SIGNATURES).rglob("*"))
        if (path := file.relative_to(folder).as_posix()) not in beside or file.is_symlink()
        if file.is_file()
    }
    for path in sorted(expected.keys() | there.keys()):
        if there.get(path) != expected.get(path, "").encode() or path not in expected:
            yield failed(path, phrase("It does not agree with {file}.", file=SIGNOFFS))


def _fault(
    one: SignOff, at: int, signoffs: Sequence[SignOff], manifest: Mapping[str, Any], manifest_hash: str
) -> str | None:
    """Return what is wrong with a sign-off apart from its signature, as a sentence; None if nothing."""
    texts = (one.role, one.name, one.title, one.statement, one.utc, one.scheme, one.manifest_sha256, one.public_key)
    if any(text != visible(text) for text in texts):
        return phrase("It contains line breaks or invisible characters.")
    if one.number != at + 1:
        return phrase(
            "Its number is {number}, but its place is {place}: sign-offs were removed, duplicated or moved.",
            number=one.number,
            place=at + 1,
        )
    before = signoffs[at - 1] if at else None
    if one.previous_sha256 != (before.sha256 if before else GENESIS):
        return phrase("It does not follow the sign-off before it: sign-offs were removed, changed or moved.")
    if any(earlier.signature == one.signature != "" for earlier in signoffs[:at]):
        return phrase("It repeats an earlier sign-off.")
    if one.manifest_sha256 != manifest_hash:
        return phrase("{name} signed another manifest.", name=one.name)
    if one.role not in {role.value for role in Role}:
        return phrase("`{role}` is not a role for signing.", role=one.role)
    if one.statement != Role(one.role).sentence:
        return phrase("Its statement is not that of the role {role}: “{said}”.", role=one.role, said=one.statement)
    if not one.name.strip():
        return phrase("It has no name.")
    if (when := _moment(one.utc)) is None or when < (_moment(manifest.get("generated_utc")) or when):
        return phrase("Its time, {utc}, is not a time after the package was written.", utc=one.utc)
    if when > datetime.now(UTC) + timedelta(days=1):  # a day, for clocks that are set wrong
        return phrase("Its time, {utc}, is in the future.", utc=one.utc)
    if one.scheme == UNSIGNED:
        has_key = bool(one.public_key or one.signature)
        return phrase("It is marked as unsigned, but has a key or a signature.") if has_key else None
    if one.scheme != SSH:
        return phrase("`{scheme}` is not a signature scheme.", scheme=one.scheme)
    return _key_fault(one, signoffs[:at])


def _key_fault(one: SignOff, earlier: Sequence[SignOff]) -> str | None:
    try:
        key = key_of(one.signature)
        listed = public_key(one.public_key)
    except OtherPurposeError as error:
        return phrase(
            "Its signature is for `{purpose}` (the namespace of ssh-keygen -n), not for `{needed}`.",
            purpose=visible(str(error)),
            needed=NAMESPACE,
        )
    except ValueError:
        return phrase("Its key or its signature cannot be read: a key is one line.")
    if key.is_certificate:
        return phrase("It was signed with a certificate, not with a key itself: sign-offs by certificates are refused.")
    if listed != key:
        return phrase(
            "It lists key {listed}, but was signed with key {key}.", listed=listed.fingerprint, key=key.fingerprint
        )
    other = next((each for each in earlier if each.public_key == one.public_key and each.name != one.name), None)
    if other is not None:
        return phrase(
            "Key {key} signed earlier as {other}, and now as {name}: a key belongs to one person.",
            key=key.fingerprint,
            other=other.name,
            name=one.name,
        )
    return None


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _result(name: str, one: SignOff, known: str | None, stamped: datetime | None = None) -> Result:
    """Verify a signature; ``stamped`` is when a known timestamp authority has seen it."""
    if one.scheme == UNSIGNED:
        return Result(
            name,
            Outcome.NOT_DONE,
            phrase("{role}: {name}, {utc}: an unsigned attestation.", role=one.role, name=one.name, utc=one.utc),
            is_of_signatures=True,
        )
    if not has_ssh_keygen():
        return Result(
            name,
            Outcome.NOT_DONE,
            phrase("{role}: {name}: not verified, ssh-keygen is not installed.", role=one.role, name=one.name),
            is_of_signatures=True,
        )
    key = key_of(one.signature)
    if not is_signed_by(one, "signer", f'signer namespaces="{NAMESPACE}" {key.line}\n'):
        return failed(name, phrase("The signature of {name} is not valid.", name=one.name))
    if known is None:
        return Result(
            name,
            Outcome.PASSED,
            phrase(
                "{role}: {name}, {utc}; signed with key {mark}. Compare it with the known key of the signer.",
                role=one.role,
                name=one.name,
                utc=one.utc,
                mark=key.fingerprint,
            ),
            Signer(one.role, one.name, key.fingerprint, one.utc),
        )
    return _known(name, one, key, known, stamped)


def _known(name: str, one: SignOff, key: PublicKey, known: str, stamped: datetime | None) -> Result:
    """Compare a valid signature with the known keys: the file must list its key for the person who claims to sign."""
    mark = key.fingerprint
    people = principals_of(key, known)
    if not people:
        return _unproven(
            name, phrase("{name} signed with key {mark}, which is not a known key.", name=one.name, mark=mark)
        )
    listed = join_messages(", ", [visible(each) for each in people])
    if len(people) > 1:
        return _unproven(
            name,
            phrase("Key {mark} is listed for several people, {people}: it proves nothing.", mark=mark, people=listed),
        )
    names = [each.strip() for each in people[0].split(",")]
    # A pattern matches any name: it does not prove whose key it is.
    principal = next((each for each in (one.name, one.principal) if each in names and not _PATTERN & {*each}), None)
    if principal is None:
        return _unproven(
            name,
            phrase(
                "{name} signed with key {mark}, which is listed for {people}.",
                name=one.name,
                mark=mark,
                people=listed,
            ),
        )
    # A stamp proves that it was made by then; its own time is the signer's word: whoever has an old key can write it.
    if not is_signed_by(one, principal, known, stamped):
        return _unproven(name, _not_as_listed(one, principal, mark, known))
    return Result(
        name,
        Outcome.PASSED,
        phrase(
            "{role}: {name}, {utc}; signed with the known key of {people}, {mark}.",
            role=one.role,
            name=one.name,
            utc=one.utc,
            people=listed,
            mark=mark,
        ),
        Signer(one.role, one.name, mark, one.utc, people[0]),
    )


def _not_as_listed(one: SignOff, principal: str, mark: str, known: str) -> str:
    """Say why a signature with a listed key is not valid: its validity period, or anything else in its line."""
    if is_signed_by(one, principal, known, _moment(one.utc)):
        return phrase(
            "{name} signed with key {mark}, which is listed with a validity period: it was valid at {utc}, as the "
            "sign-off says, but is not today, and no known timestamp authority shows when it was signed.",
            name=one.name,
            mark=mark,
            utc=one.utc,
        )
    return phrase(
        "The signature of {name} is not valid for key {mark} as it is listed: its purpose (namespaces), its validity "
        "period, or another option of its line.",
        name=one.name,
        mark=mark,
    )


def _unproven(name: str, sentence: str) -> Result:
    """Return the failure of a check about signers."""
    return Result(name, Outcome.FAILED, sentence, is_of_signatures=True)
