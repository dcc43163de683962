"""Sign-offs of a package: signed with an SSH key, or unsigned attestations by name.

The signed text contains the hash of the manifest. It is in ``signoffs/NN.txt`` with a detached signature, so that it
can be verified with ``ssh-keygen -Y verify`` alone. ``08_signoffs.json`` lists all sign-offs. Each contains the digest
of the previous one, so that none before the last can be removed, duplicated or moved.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from iamdesk.escaping import visible
from iamdesk.export.evidence.manifest import SIGNATURES, SIGNOFFS, manifest_sha256, read_manifest
from iamdesk.export.evidence.report import ACKNOWLEDGED
from iamdesk.export.evidence.ssh_signature import NAMESPACE, PublicKey, key_of
from iamdesk.export.files.atomic_write import ExportError, write_atomic
from iamdesk.export.findings.report import utc_text
from iamdesk.i18n import phrase
from iamdesk.private_files import create_private_folder
from iamdesk.review.journal import GENESIS, canonical, digest

SSH = "ssh"
UNSIGNED = "unsigned attestation"
ALLOWED = "allowed_signers"
_SECONDS = 120
_DECIDED = "I decided on the entitlements and findings that bear my name, to the best of my knowledge."
_APPROVED = "I approved the decisions whose second approval bears my name, to the best of my knowledge."


class Role(StrEnum):
    """Role of a signer."""

    REVIEWER = "reviewer"
    SECOND_REVIEWER = "second_reviewer"
    OWNER = "owner"
    MANAGEMENT = "management"

    @property
    def sentence(self) -> str:
        """The statement of a signer in this role."""
        if self in (Role.MANAGEMENT, Role.OWNER):
            return ACKNOWLEDGED
        return _APPROVED if self is Role.SECOND_REVIEWER else _DECIDED


@dataclass(frozen=True, slots=True)
class SignOff:
    """One sign-off."""

    number: int
    """From 1."""
    role: str
    name: str
    title: str
    statement: str
    utc: str
    manifest_sha256: str
    scheme: str
    """`SSH`, or `UNSIGNED`."""
    public_key: str
    """Empty for an unsigned attestation."""
    signature: str
    previous_sha256: str
    """Digest of the previous sign-off, `GENESIS` for the first."""

    @property
    def text(self) -> str:
        """The signed text. It is unambiguous, because no value has a line break (`signoff_checks`)."""
        return (
            "iamdesk review sign-off\n"
            f"manifest-sha256: {self.manifest_sha256}\n"
            f"number: {self.number}\n"
            f"previous-sha256: {self.previous_sha256}\n"
            f"role: {self.role}\n"
            f"name: {self.name}\n"
            f"title: {self.title}\n"
            f"utc: {self.utc}\n"
            f"statement: {self.statement}\n"
            f"scheme: {self.scheme}\n"
        )

    @property
    def stem(self) -> str:
        """The stem of its file names."""
        return f"{self.number:02d}"

    @property
    def principal(self) -> str:
        """The signer's name for ``ssh-keygen``: without characters that an ``allowed_signers`` file cannot contain."""
        return "".join(char if char.isalnum() or char in "-_.@" else "-" for char in self.name) or "signer"

    def as_json(self) -> dict[str, Any]:
        """Return its entry in the list; ``text_sha256`` reveals changes of unsigned attestations."""
        return {**asdict(self), "text_sha256": hashlib.sha256(self.text.encode()).hexdigest()}

    @property
    def sha256(self) -> str:
        """The digest that the next sign-off contains."""
        return digest(self.as_json())


def read_signoffs(folder: Path) -> tuple[SignOff, ...]:
    """Return the sign-offs of a package, in order.

    Raises:
        ExportError: the list is not byte for byte as iamdesk writes it.
    """
    try:
        if not (folder / SIGNOFFS).is_file():
            raise FileNotFoundError
        content = (folder / SIGNOFFS).read_bytes()
        found = tuple(sign_off_from_json(value) for value in json.loads(content))
        is_as_written = _listed(found) == content
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ExportError(phrase("{signoffs} cannot be read", signoffs=SIGNOFFS)) from error
    if not is_as_written:
        raise ExportError(phrase("{signoffs} was changed after it was written", signoffs=SIGNOFFS))
    return found


def _listed(signoffs: Sequence[SignOff]) -> bytes:
    return canonical([one.as_json() for one in signoffs])


def has_ssh_keygen() -> bool:
    """Return whether ``ssh-keygen`` is available."""
    return _ssh_keygen() is not None


def _ssh_keygen() -> str | None:
    """Return the path of ``ssh-keygen``. Never that of the current folder, which may be another person's package."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if Path(folder).is_absolute():
            # With a folder: Windows looks in the current one first otherwise.
            found = shutil.which(str(Path(folder) / "ssh-keygen"))
            if found is not None:
                return found
    return None


def sign(
    folder: Path,
    role: Role,
    name: str,
    *,
    title: str = "",
    key: Path | None = None,
    now: datetime | None = None,
    asks: bool = True,
) -> SignOff:
    """Add a sign-off to a package.

    Args:
        folder: The package.
        role: Role of the signer.
        name: Name of the signer.
        title: Job title of the signer.
        key: A private SSH key, or the public key of one that an SSH agent has; None: an unsigned attestation.
        now: The time stated in the sign-off.
        asks: Whether ``ssh-keygen`` may ask for a passphrase in the terminal.

    Raises:
        ExportError: the package or the key cannot be used.
    """
    if not name.strip():
        raise ExportError(phrase("a sign-off requires the name of the signer"))
    moment = now or datetime.now(UTC)
    written = read_manifest(folder)["generated_utc"]
    if utc_text(moment) < written:
        raise ExportError(
            phrase(
                "the clock of this computer says {now}, but the package was written at {written}: correct the "
                "clock first",
                now=utc_text(moment),
                written=visible(written),
            )
        )
    signoffs = read_signoffs(folder)
    unsigned = SignOff(
        len(signoffs) + 1,
        role.value,
        visible(name.strip()),
        visible(title.strip()),
        role.sentence,
        utc_text(moment),
        manifest_sha256(folder),
        SSH if key is not None else UNSIGNED,
        "",
        "",
        signoffs[-1].sha256 if signoffs else GENESIS,
    )
    made = signed_with(unsigned, key, asks=asks)
    files = {path: text.encode() for path, text in side_files((*signoffs, made)).items()}
    files[SIGNOFFS] = _listed((*signoffs, made))
    for place in (folder / SIGNATURES, *(folder / path for path in files)):
        if place.is_symlink():  # in a foreign package it could point to any file of the user
            raise ExportError(phrase("{place} is a link: a package contains none", place=place))
    create_private_folder(folder / SIGNATURES)
    for path, content in files.items():
        write_atomic(folder / path, content)
    return made


def signed_with(unsigned: SignOff, key: Path | None, *, asks: bool) -> SignOff:
    """Return a sign-off with its signature; as it is where there is no key.

    Raises:
        ExportError: the key cannot sign.
    """
    if key is None:
        return unsigned
    signature = _signature(unsigned.text, key, asks=asks)
    return replace(unsigned, public_key=_key_in(signature, key).line, signature=signature)


def sign_off_from_json(value: Mapping[str, Any]) -> SignOff:
    """Return the sign-off of a JSON object.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    found = SignOff(**{name: value[name] for name in SignOff.__dataclass_fields__})
    texts = [one for name, one in asdict(found).items() if name != "number"]
    if type(found.number) is not int or not all(isinstance(one, str) for one in texts):
        raise TypeError("a sign-off has a number and texts")
    "".join(texts).encode()  # fails for lone surrogates, which no file can contain
    return found


def side_files(signoffs: Sequence[SignOff]) -> dict[str, str]:
    """Return the files for ``ssh-keygen`` by path in the package: texts, signatures, and the keys of the signers."""
    found: dict[str, str] = {}
    for one in signoffs:
        found[f"{SIGNATURES}/{one.stem}.txt"] = one.text
        if one.scheme == SSH:
            found[f"{SIGNATURES}/{one.stem}.txt.sig"] = one.signature
    signers = dict.fromkeys(
        f'{one.principal} namespaces="{NAMESPACE}" {one.public_key}\n' for one in signoffs if one.scheme == SSH
    )
    if signers:
        found[f"{SIGNATURES}/{ALLOWED}"] = "".join(signers)
    return found


def is_signed_by(one: SignOff, principal: str, allowed_signers: str, at: datetime | None = None) -> bool:
    """Return whether ``ssh-keygen`` verifies the signature as by this principal of an ``allowed_signers`` file.

    Args:
        one: The sign-off.
        principal: Whose key it must be.
        allowed_signers: Text of the file.
        at: When the key must be valid; None: now.

    Raises:
        ExportError: ``ssh-keygen`` is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as place:
        allowed, signature = Path(place) / "allowed", Path(place) / "signature"
        allowed.write_text(allowed_signers, encoding="utf-8", errors="surrogateescape", newline="\n")
        signature.write_text(one.signature, encoding="utf-8", newline="\n")
        files = ("-f", str(allowed), "-s", str(signature))
        # ssh-keygen(1): without a zone, it is the local one, and not all versions know Z.
        when = () if at is None else ("-O", f"verify-time={at.astimezone():%Y%m%d%H%M%S}")
        done = _keygen("-Y", "verify", *files, "-I", principal, "-n", NAMESPACE, *when, text=one.text.encode())
        return done.returncode == 0


def _key_in(signature: str, key: Path) -> PublicKey:
    """Return the key of a signature: the ``.pub`` file beside the private key may contain another one."""
    try:
        found = key_of(signature)
    except ValueError as error:
        raise ExportError(phrase("{key} could not sign: {done}", key=key, done=error)) from error
    if found.is_certificate:
        raise ExportError(phrase("{key} is a certificate: sign with the key itself", key=key))
    return found


def _signature(text: str, key: Path, *, asks: bool) -> str:
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as place:
        file = Path(place) / "signoff.txt"
        file.write_bytes(text.encode())
        done = _keygen("-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(file), asks=asks)
        signature = file.with_name("signoff.txt.sig")
        if done.returncode or not signature.is_file():
            raise ExportError(phrase("{key} could not sign: {done}", key=key, done=_why(done)))
        return signature.read_text(encoding="ascii")


def _keygen(*words: str, text: bytes | None = None, asks: bool = False) -> "subprocess.CompletedProcess[bytes]":
    tool = _ssh_keygen()
    if tool is None:
        raise ExportError(phrase("ssh-keygen is not installed: it is required to sign and to verify"))
    given: dict[str, Any] = {"input": text} if text is not None else {} if asks else {"stdin": subprocess.DEVNULL}
    try:
        return subprocess.run(  # noqa: S603 - fixed words and paths, no shell
            [tool, *words], capture_output=True, timeout=_SECONDS, check=False, **given
        )
    except subprocess.TimeoutExpired as error:
        raise ExportError(phrase("ssh-keygen did not answer in time")) from error


def _why(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return visible(lines[-1]) if lines else "ssh-keygen gives no reason"
