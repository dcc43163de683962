"""The content of an SSH signature and an ``allowed_signers`` file: which key signed, and whose key it is.

A signature contains the key that it was made with (OpenSSH, PROTOCOL.sshsig); a key beside it proves nothing.
``ssh-keygen`` alone decides whether a signature is valid.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from iamdesk.escaping import visible

NAMESPACE = "iamdesk-review"
_ARMOUR = re.compile(r"-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)\n-----END SSH SIGNATURE-----\n?")
_MAGIC = b"SSHSIG"
_VERSION = 1
_WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s"])+')
"""A word of a line: what is between double quotes belongs to it, blanks too."""


class OtherPurposeError(ValueError):
    """A signature that is of something else than a sign-off: its namespace is another one."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One public key."""

    blob: bytes
    """As SSH sends it: its type first."""

    @property
    def type(self) -> str:
        """Its type, such as ``ssh-ed25519``."""
        return next(_strings(self.blob), b"").decode("ascii")

    @property
    def line(self) -> str:
        """Type and base64, as in a ``.pub`` file without the comment."""
        return f"{self.type} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -l`` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def is_certificate(self) -> bool:
        """Whether it is a certificate, whose fingerprint would identify no key."""
        return "-cert-" in self.type


def public_key(line: str) -> PublicKey:
    """Return the key of ``TYPE BASE64``: one line, one key, nothing else.

    Raises:
        ValueError: it is no such line.
    """
    words = line.split(" ")
    if len(words) != 2 or line != visible(line):
        raise ValueError("no line of one key")
    key = PublicKey(_decoded(words[1]))
    if key.line != line:
        raise ValueError("type and key differ")
    return key


def key_of(signature: str) -> PublicKey:
    """Return the key that a signature says it was made with, which is the one that it is verified against.

    Raises:
        ValueError: it is no signature of a sign-off.
    """
    armour = _ARMOUR.fullmatch(signature)
    if armour is None:
        raise ValueError("no SSH signature")
    blob = _decoded(armour[1].replace("\n", ""))
    if blob[: len(_MAGIC)] != _MAGIC or blob[6:10] != _VERSION.to_bytes(4):
        raise ValueError("no SSH signature of version 1")
    key, namespace, _reserved, _hash, _signature = _strings(blob[10:])
    if namespace != NAMESPACE.encode():
        raise OtherPurposeError(namespace.decode(errors="replace"))
    found = PublicKey(key)
    public_key(found.line)
    return found


def principals_of(key: PublicKey, allowed_signers: str) -> tuple[str, ...]:
    """Return the principals that an ``allowed_signers`` file has for a key: one text a line, each listed once."""
    found: dict[str, None] = {}
    for text in allowed_signers.splitlines():
        if text.lstrip().startswith("#"):
            continue
        words = _WORD.findall(text)
        # PRINCIPALS [OPTIONS] TYPE KEY [COMMENT]: the comment behind the key is free text.
        for at in (1, 2):
            if len(words) > at + 1 and words[at : at + 2] == key.line.split(" "):
                found[words[0].strip('"')] = None
                break
    return tuple(found)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


def _strings(blob: bytes) -> Iterator[bytes]:
    """Yield the strings of SSH's encoding (RFC 4251, section 5), each behind its length."""
    at = 0
    while at < len(blob):
        size = int.from_bytes(blob[at : at + 4])
        if at + 4 + size > len(blob):
            raise ValueError("cut short")
        yield blob[at + 4 : at + 4 + size]
        at += 4 + size
