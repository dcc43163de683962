"""An in-toto attestation beside a sign-off: what other tools read says the same, by the same key."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iamdesk.export.evidence.attestation import (
    PAYLOAD_TYPE,
    attest,
    attestation_path,
    check_key,
    pre_authentication_encoding,
    verify_attestation,
)
from iamdesk.export.evidence.manifest import manifest_sha256, read_manifest
from iamdesk.export.evidence.result import Outcome, Result
from iamdesk.export.evidence.signing import Role, SignOff, sign
from iamdesk.export.evidence.signoff_checks import verify_signoffs
from iamdesk.export.files.atomic_write import ExportError

from .conftest import NOW

pytest.importorskip("cryptography")
pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")


def new_key(folder: Path, name: str, kind: str = "ed25519", passphrase: str = "") -> Path:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", path], check=True, timeout=60)
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return new_key(tmp_path, "ana")


@pytest.fixture
def signed(pack: Path, key: Path) -> SignOff:
    return sign(pack, Role.REVIEWER, "Ana Moreno", key=key, now=NOW)


def results(pack: Path) -> list[Result]:
    return list(verify_signoffs(pack, read_manifest(pack), None))


def test_an_attestation_says_what_the_sign_off_says(pack: Path, signed: SignOff, key: Path) -> None:
    path = attest(pack, signed, key)
    envelope = json.loads(path.read_bytes())
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    stated = json.loads(base64.b64decode(envelope["payload"]))
    assert stated["_type"] == "https://in-toto.io/Statement/v1"
    assert stated["subject"] == [{"name": "00_manifest.json", "digest": {"sha256": manifest_sha256(pack)}}]
    assert stated["predicate"]["name"] == "Ana Moreno"
    assert [(one.outcome, one.name) for one in results(pack)] == [
        (Outcome.PASSED, "sign-off 01"),
        (Outcome.PASSED, "attestation 01"),
    ]


def test_the_signature_is_over_the_encoding_of_dsse(pack: Path, signed: SignOff, key: Path) -> None:
    """As the specification's example encodes it, and as any ed25519 tool verifies it."""
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    example = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
    assert example == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    envelope = json.loads(attest(pack, signed, key).read_bytes())
    public: Any = load_ssh_public_key(key.with_suffix(".pub").read_bytes())
    payload = base64.b64decode(envelope["payload"])
    public.verify(
        base64.b64decode(envelope["signatures"][0]["sig"]), pre_authentication_encoding(PAYLOAD_TYPE, payload)
    )


type Forge = Callable[[dict[str, Any]], object]


def _restate(envelope: dict[str, Any]) -> None:
    stated = json.loads(base64.b64decode(envelope["payload"]))
    stated["subject"][0]["digest"]["sha256"] = "0" * 64
    envelope["payload"] = base64.b64encode(json.dumps(stated).encode()).decode()


FORGED: dict[str, Forge] = {
    "another subject": _restate,
    "another type": lambda envelope: envelope.update(payloadType="text/plain"),
    "another key's name": lambda envelope: envelope["signatures"][0].update(keyid="SHA256:x"),
    "another signature": lambda envelope: envelope["signatures"][0].update(sig=base64.b64encode(bytes(64)).decode()),
    "a second signature": lambda envelope: envelope["signatures"].append(envelope["signatures"][0]),
    "more members": lambda envelope: envelope.update(more="x"),
    "no signature": lambda envelope: envelope.update(signatures=[]),
    "no base64": lambda envelope: envelope.update(payload="%"),
    "no list": lambda envelope: envelope.update(signatures=7),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_changed_attestation_is_found(pack: Path, signed: SignOff, key: Path, case: str) -> None:
    path = attest(pack, signed, key)
    envelope = json.loads(path.read_bytes())
    FORGED[case](envelope)
    path.write_text(json.dumps(envelope))
    found = verify_attestation(pack, signed)
    assert found is not None
    assert found.outcome is Outcome.FAILED


def test_an_attestation_of_another_sign_off_or_key_is_found(pack: Path, signed: SignOff, key: Path) -> None:
    path = attest(pack, signed, key)
    other = new_key(key.parent, "ben")
    second = sign(pack, Role.SECOND_REVIEWER, "Ben Okafor", key=other, now=NOW)
    shutil.copy(path, pack / attestation_path(second.stem))
    assert {one.name for one in results(pack) if one.outcome is Outcome.FAILED} == {"attestation 02"}
    with pytest.raises(ExportError, match="not the key of the sign-off"):
        attest(pack, second, key)


@pytest.mark.parametrize(("kind", "passphrase"), [("ecdsa", ""), ("ed25519", "long enough")])
def test_a_key_that_cannot_attest_is_told_before(tmp_path: Path, kind: str, passphrase: str) -> None:
    with pytest.raises(ExportError, match=r"cannot sign an attestation: it (is|has) "):
        check_key(new_key(tmp_path, "other", kind, passphrase))
    with pytest.raises(ExportError, match=r"cannot be read"):
        check_key(tmp_path / "none")


def test_a_link_in_place_of_an_attestation_is_found(pack: Path, signed: SignOff, key: Path) -> None:
    path = attest(pack, signed, key)
    path.rename(key.parent / "elsewhere")
    path.symlink_to(key.parent / "elsewhere")
    assert any(one.outcome is Outcome.FAILED for one in results(pack))
