"""Attestations beside the sign-offs: an in-toto statement in a DSSE envelope, which supply-chain tools read.

The statement (in-toto v1) names the manifest by its SHA-256, and what the signer says of it. The envelope (DSSE v1) is
signed with the signer's ed25519 key over its pre-authentication encoding, so that the same key verifies both.

    https://github.com/in-toto/attestation/tree/main/spec/v1
    https://github.com/secure-systems-lab/dsse
"""

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iamdesk.export.evidence.manifest import MANIFEST, SIGNATURES
from iamdesk.export.evidence.result import Outcome, Result, failed, passed
from iamdesk.export.evidence.ssh_signature import PublicKey, public_key
from iamdesk.export.files.atomic_write import ExportError, write_atomic
from iamdesk.i18n import phrase
from iamdesk.review.journal import canonical

if TYPE_CHECKING:
    from iamdesk.export.evidence.signing import SignOff

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://iamdesk.github.io/attestation/access-review-sign-off/v1"
ATTESTATION = ".intoto.json"
"""Behind the number of the sign-off."""
_ED25519 = "ssh-ed25519"


def attestation_path(stem: str) -> str:
    """Return the path in the package of the attestation of a sign-off."""
    return f"{SIGNATURES}/{stem}{ATTESTATION}"


def statement(one: "SignOff") -> dict[str, Any]:
    """Return the in-toto statement of a sign-off."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": MANIFEST, "digest": {"sha256": one.manifest_sha256}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "role": one.role,
            "name": one.name,
            "title": one.title,
            "statement": one.statement,
            "utc": one.utc,
            "number": one.number,
            "previous_sha256": one.previous_sha256,
        },
    }


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Return what a DSSE signature signs (``PAE``)."""
    kind = payload_type.encode()
    return b" ".join((b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload))


def attest(folder: Path, one: "SignOff", key: Path) -> Path:
    """Write the attestation of a sign-off beside it, signed with the same key.

    Args:
        folder: The package.
        one: The sign-off, signed with the key.
        key: The private key: ed25519, in the format of OpenSSH, without a passphrase.

    Raises:
        ExportError: the key cannot be used, or the extra ``attest`` is not installed.
    """
    signer = _private_key(key)
    payload = canonical(statement(one))
    signature = signer(pre_authentication_encoding(PAYLOAD_TYPE, payload))
    listed = public_key(one.public_key)
    if not _is_signed(listed, signature, payload):
        raise ExportError(phrase("{key} is not the key of the sign-off", key=key))
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": listed.fingerprint, "sig": base64.b64encode(signature).decode()}],
    }
    into = folder / attestation_path(one.stem)
    write_atomic(into, canonical(envelope))
    return into


def check_key(key: Path) -> None:
    """Check that a key can sign an attestation, before anything is signed.

    Raises:
        ExportError: it cannot, or the extra ``attest`` is not installed.
    """
    _private_key(key)


def verify_attestation(folder: Path, one: "SignOff") -> Result | None:
    """Return whether the attestation of a sign-off says the same, by the same key; None if there is none."""
    path = folder / attestation_path(one.stem)
    if not path.is_file():
        return None
    name = phrase("attestation {name}", name=one.stem)
    try:
        envelope = json.loads(path.read_bytes())
        payload = base64.b64decode(envelope["payload"], validate=True)
        (signed,) = envelope["signatures"]
        signature = base64.b64decode(signed["sig"], validate=True)
        is_as_written = canonical(_envelope_of(envelope, signed)) == path.read_bytes()
        listed = public_key(one.public_key)
    except (OSError, ValueError, KeyError, TypeError, binascii.Error, RecursionError):
        return failed(name, phrase("It is not an envelope as iamdesk writes it."))
    if not is_as_written or envelope["payloadType"] != PAYLOAD_TYPE or signed["keyid"] != listed.fingerprint:
        return failed(name, phrase("It is not an envelope as iamdesk writes it."))
    if payload != canonical(statement(one)):
        return failed(name, phrase("Its statement is not that of sign-off {number}.", number=one.stem))
    try:
        is_valid = _is_signed(listed, signature, payload)
    except ExportError as error:
        return Result(name, Outcome.NOT_DONE, f"{error}.", is_of_signatures=True)
    if not is_valid:
        return failed(name, phrase("It is not signed with the key of sign-off {number}.", number=one.stem))
    return passed(name, phrase("It states the same as sign-off {number}, signed with the same key.", number=one.stem))


def _envelope_of(envelope: Mapping[str, Any], signed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "payloadType": envelope["payloadType"],
        "payload": envelope["payload"],
        "signatures": [{"keyid": signed["keyid"], "sig": signed["sig"]}],
    }


def _missing() -> ExportError:
    return ExportError(phrase('attestations need the extra "attest": pip install "iamdesk[attest]"'))


def _private_key(key: Path) -> Any:
    """Return the function that signs with a key."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_ssh_private_key
    except ImportError:
        raise _missing() from None
    try:
        found = load_ssh_private_key(key.read_bytes(), None)
    except OSError as error:
        raise ExportError(phrase("{key} cannot be read: {reason}", key=key, reason=error.strerror or error)) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ExportError(
            phrase("{key} cannot sign an attestation: it is not a private key, or it has a passphrase", key=key)
        ) from error
    if not isinstance(found, Ed25519PrivateKey):
        raise ExportError(phrase("{key} cannot sign an attestation: it is not an ed25519 key", key=key))
    return found.sign


def _is_signed(key: PublicKey, signature: bytes, payload: bytes) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise _missing() from None
    if key.type != _ED25519:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.blob[-32:]).verify(
            signature, pre_authentication_encoding(PAYLOAD_TYPE, payload)
        )
    except (InvalidSignature, ValueError):
        return False
    return True
