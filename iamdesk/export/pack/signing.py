"""Sign-offs: somebody stands for a pack, with a key that they have, or by name alone, which is labelled as that.

What is signed is a short text that holds the hash of the manifest; it stands in ``signoffs/NN.txt`` with its detached
signature beside it, so that ``ssh-keygen -Y verify`` needs nothing of iamdesk. ``08_signoffs.json`` lists all of them.
"""

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from iamdesk.export.files import ExportError, write_whole
from iamdesk.export.pack.manifest import MANIFEST, SIGNATURES, SIGNOFFS, manifest_sha256
from iamdesk.export.pack.statement import ACKNOWLEDGED
from iamdesk.export.report import utc_text
from iamdesk.language import phrase
from iamdesk.review.journal import canonical
from iamdesk.visible import visible

NAMESPACE = "iamdesk-review"
SSH = "ssh"
UNSIGNED = "unsigned attestation"
_ALLOWED = "allowed_signers"
_SECONDS = 120
_DECIDED = "I decided on the entitlements and findings that bear my name, to the best of my knowledge."


class Role(StrEnum):
    """As what somebody signs."""

    REVIEWER = "reviewer"
    SECOND_REVIEWER = "second_reviewer"
    OWNER = "owner"
    MANAGEMENT = "management"

    @property
    def sentence(self) -> str:
        """What one says by it."""
        return ACKNOWLEDGED if self in (Role.MANAGEMENT, Role.OWNER) else _DECIDED


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

    @property
    def text(self) -> str:
        """What is signed."""
        return (
            "iamdesk review sign-off\n"
            f"manifest-sha256: {self.manifest_sha256}\n"
            f"role: {self.role}\n"
            f"name: {self.name}\n"
            f"title: {self.title}\n"
            f"utc: {self.utc}\n"
            f"statement: {self.statement}\n"
            f"scheme: {self.scheme}\n"
        )

    @property
    def stem(self) -> str:
        """The name of its files."""
        return f"{self.number:02d}"

    @property
    def principal(self) -> str:
        """By which ``ssh-keygen`` knows the signer: the name, without what its file cannot hold."""
        return "".join(char if char.isalnum() or char in "-_.@" else "-" for char in self.name) or "signer"

    def as_json(self) -> dict[str, Any]:
        """Return it as it is listed; ``text_sha256`` finds a changed byte where nothing is signed."""
        return {**asdict(self), "text_sha256": hashlib.sha256(self.text.encode()).hexdigest()}


def read_signoffs(folder: Path) -> tuple[SignOff, ...]:
    """Return the sign-offs of a pack, in their order.

    Raises:
        ExportError: the list is not as iamdesk writes it, in every byte.
    """
    try:
        content = (folder / SIGNOFFS).read_bytes()
        found = tuple(_sign_off(value) for value in json.loads(content))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportError(phrase("{signoffs} cannot be read", signoffs=SIGNOFFS)) from error
    if _listed(found) != content:
        raise ExportError(phrase("{signoffs} is not as it was written", signoffs=SIGNOFFS))
    return found


def _sign_off(value: Mapping[str, Any]) -> SignOff:
    return SignOff(**{name: value[name] for name in SignOff.__dataclass_fields__})


def _listed(signoffs: Sequence[SignOff]) -> bytes:
    return canonical([one.as_json() for one in signoffs])


def has_ssh_keygen() -> bool:
    """Return whether there is a tool to sign with."""
    return shutil.which("ssh-keygen") is not None


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
    """Add a sign-off to a pack.

    Args:
        folder: The pack.
        role: As what.
        name: Who.
        title: Of the person.
        key: A private SSH key, or the public one of a key that an agent holds; None: an unsigned attestation.
        now: The time that it states.
        asks: Whether ``ssh-keygen`` may ask for a passphrase in the terminal.

    Raises:
        ExportError: the pack or the key cannot be used.
    """
    if not name.strip():
        raise ExportError(phrase("a sign-off needs the name of whoever signs"))
    if not (folder / MANIFEST).is_file():
        raise ExportError(phrase("{folder} is no pack: there is no {manifest} in it", folder=folder, manifest=MANIFEST))
    signoffs = read_signoffs(folder)
    public = _public_key(key) if key is not None else ""
    unsigned = SignOff(
        len(signoffs) + 1,
        role.value,
        visible(name.strip()),
        visible(title.strip()),
        role.sentence,
        utc_text(now or datetime.now(UTC)),
        manifest_sha256(folder),
        SSH if key is not None else UNSIGNED,
        public,
        "",
    )
    made = unsigned
    if key is not None:
        values = asdict(unsigned)
        values["signature"] = _signature(unsigned.text, key, asks=asks)
        made = SignOff(**values)
    (folder / SIGNATURES).mkdir(exist_ok=True)
    for path, text in side_files((*signoffs, made)).items():
        write_whole(folder / path, text.encode())
    write_whole(folder / SIGNOFFS, _listed((*signoffs, made)))
    return made


def side_files(signoffs: Sequence[SignOff]) -> dict[str, str]:
    """Return the files for ``ssh-keygen``, by path below the pack: texts, signatures, and who has which key."""
    found: dict[str, str] = {}
    for one in signoffs:
        found[f"{SIGNATURES}/{one.stem}.txt"] = one.text
        if one.scheme == SSH:
            found[f"{SIGNATURES}/{one.stem}.txt.sig"] = one.signature
    signers = dict.fromkeys(
        f'{one.principal} namespaces="{NAMESPACE}" {one.public_key}\n' for one in signoffs if one.scheme == SSH
    )
    if signers:
        found[f"{SIGNATURES}/{_ALLOWED}"] = "".join(signers)
    return found


def is_signed_by(one: SignOff, allowed_signers: str) -> bool:
    """Return whether ``ssh-keygen`` finds the signature good, by one of the keys of an ``allowed_signers`` file.

    Raises:
        ExportError: there is no ``ssh-keygen``.
    """
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as place:
        allowed, signature = Path(place) / "allowed", Path(place) / "signature"
        allowed.write_text(allowed_signers, encoding="utf-8")
        signature.write_text(one.signature, encoding="utf-8")
        files = ("-f", str(allowed), "-s", str(signature))
        found = _keygen("-Y", "find-principals", *files)
        names = found.stdout.decode(errors="replace").splitlines() if found.returncode == 0 else []
        return any(
            _keygen("-Y", "verify", *files, "-I", who, "-n", NAMESPACE, text=one.text.encode()).returncode == 0
            for who in names
        )


def fingerprint(public_key: str) -> str:
    """Return a key's fingerprint as ``ssh-keygen`` prints it; empty where it is none."""
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as place:
        file = Path(place) / "key.pub"
        file.write_text(public_key + "\n", encoding="utf-8")
        done = _keygen("-l", "-f", str(file))
        parts = done.stdout.decode(errors="replace").split()
        return parts[1] if done.returncode == 0 and len(parts) > 1 else ""


def _public_key(key: Path) -> str:
    public = key if key.suffix == ".pub" else key.with_name(f"{key.name}.pub")
    if public.is_file():
        words = public.read_text(encoding="utf-8", errors="replace").split()
        return " ".join(words[:2])
    done = _keygen("-y", "-f", str(key), asks=True)
    if done.returncode:
        raise ExportError(phrase("{key} cannot be used as a key: {done}", key=key, done=_why(done)))
    return " ".join(done.stdout.decode(errors="replace").split()[:2])


def _signature(text: str, key: Path, *, asks: bool) -> str:
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as place:
        file = Path(place) / "signoff.txt"
        file.write_bytes(text.encode())
        done = _keygen("-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(file), asks=asks)
        signature = file.with_name("signoff.txt.sig")
        if done.returncode or not signature.is_file():
            raise ExportError(phrase("{key} could not sign: {done}", key=key, done=_why(done)))
        return signature.read_text(encoding="utf-8")


def _keygen(*words: str, text: bytes | None = None, asks: bool = False) -> "subprocess.CompletedProcess[bytes]":
    tool = shutil.which("ssh-keygen")
    if tool is None:
        raise ExportError(phrase("there is no ssh-keygen on this system to sign or to verify with"))
    given: dict[str, Any] = {"input": text} if text is not None else {} if asks else {"stdin": subprocess.DEVNULL}
    try:
        return subprocess.run(  # noqa: S603 - words of our own and paths, no shell
            [tool, *words], capture_output=True, timeout=_SECONDS, check=False, **given
        )
    except subprocess.TimeoutExpired as error:
        raise ExportError(phrase("ssh-keygen did not answer in time")) from error


def _why(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return visible(lines[-1]) if lines else "ssh-keygen gives no reason"
