"""A timestamp beside a sign-off: by a local authority made of ``openssl ts``; wrong ones are told."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from iamdesk.export.evidence.closing import closing_lines
from iamdesk.export.evidence.manifest import manifest_sha256, read_manifest
from iamdesk.export.evidence.result import Outcome, Result
from iamdesk.export.evidence.signing import Role, SignOff, sign
from iamdesk.export.evidence.signoff_checks import verify_signoffs
from iamdesk.export.evidence.timestamp import ask, keep, stamped_content, stamped_path, token_path
from iamdesk.export.evidence.verify import verify
from iamdesk.export.files.atomic_write import ExportError

from ...builders.timestamp_authority import Authority

pytest.importorskip("rfc3161_client")
pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("ssh-keygen") is None, reason="there is no openssl or ssh-keygen"
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "known")


@contextmanager
def served(answer: object, status: int = 200, location: str = "") -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            content = answer(query) if callable(answer) else answer
            assert isinstance(content, bytes)
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/tsr"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture
def signed(pack: Path, tmp_path: Path) -> SignOff:
    key = tmp_path / "ana"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, timeout=60)
    return sign(pack, Role.REVIEWER, "Ana Moreno", key=key, now=datetime.now(UTC))


def results(pack: Path, authorities: Path | None = None) -> list[Result]:
    return list(verify_signoffs(pack, read_manifest(pack), None, (), authorities))


def stamp_of(pack: Path, authorities: Path | None = None) -> Result:
    return next(one for one in results(pack, authorities) if one.name == "timestamp 01")


def test_an_authority_is_asked_and_its_time_is_verified_offline(
    pack: Path, signed: SignOff, authority: Authority
) -> None:
    with served(authority.answer) as url:
        path = keep(pack, signed, ask(url, stamped_content(signed)))
    found = stamp_of(pack, authority.root)
    assert found.outcome is Outcome.PASSED, found.sentence
    assert "CN=Stamps of known stamped it at 20" in found.sentence
    who = closing_lines(results(pack, authority.root))[1]
    assert "stamped at 20" in who
    assert "the signer's word" not in who
    # And without iamdesk, as the guide says.
    files = ["-data", pack / stamped_path(signed), "-in", path, "-CAfile", authority.root]
    done = subprocess.run(["openssl", "ts", "-verify", *files], check=True, capture_output=True, timeout=60)
    assert b"Verification: OK" in done.stdout + done.stderr


def test_without_the_authoritys_certificate_the_time_is_the_signers_word(
    pack: Path, signed: SignOff, authority: Authority
) -> None:
    keep(pack, signed, authority.token(stamped_content(signed)))
    assert stamp_of(pack).outcome is Outcome.NOT_DONE
    assert closing_lines(results(pack))[1].endswith("the time is as the signer stated it")


def test_a_token_of_an_unknown_authority_fails(
    pack: Path, signed: SignOff, authority: Authority, tmp_path: Path
) -> None:
    keep(pack, signed, Authority(tmp_path / "unknown").token(stamped_content(signed)))
    found = stamp_of(pack, authority.root)
    assert found.outcome is Outcome.FAILED
    assert found.sentence.startswith("It is not of a known timestamp authority")
    (tmp_path / "no.pem").write_text("no certificate")
    assert "contains no certificate" in stamp_of(pack, tmp_path / "no.pem").sentence


def test_a_token_for_something_else_or_a_changed_one_fails(pack: Path, signed: SignOff, authority: Authority) -> None:
    other = authority.token(b"something else")
    with pytest.raises(ExportError, match=r"not for signoffs/01\.txt\.sig"):
        keep(pack, signed, other)
    place = pack / token_path(signed.stem)
    good = authority.token(stamped_content(signed))
    for content in (other, b"", b"\x30\x00", good[:-9], good[: len(good) // 2]):
        place.write_bytes(content)
        assert stamp_of(pack, authority.root).outcome is Outcome.FAILED, len(content)
    for at in range(0, len(good), 37):
        place.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        found = stamp_of(pack, authority.root)
        if found.outcome is Outcome.PASSED:  # what is changed says nothing: not the time, nor who
            place.write_bytes(good)
            assert stamp_of(pack, authority.root).sentence == found.sentence, at


def test_certificates_of_a_token_may_be_in_any_order(pack: Path, signed: SignOff, tmp_path: Path) -> None:
    """As OpenSSL accepts them."""
    chained = Authority(tmp_path / "chained")
    chained.send_chain()
    token = chained.token(stamped_content(signed))
    path = keep(pack, signed, token)
    assert path.read_bytes() == token, "kept as the authority sent it"
    found = stamp_of(pack, chained.root)
    assert found.outcome is Outcome.PASSED, found.sentence
    other = Authority(tmp_path / "other")
    assert stamp_of(pack, other.root).outcome is Outcome.FAILED
    path.write_bytes(chained.token(b"something else"))
    assert "not a token for" in stamp_of(pack, chained.root).sentence
    path.write_bytes(token[:-9])
    assert "cannot be read" in stamp_of(pack, chained.root).sentence
    with served(chained.answer) as url:
        assert ask(url, b"content")


def test_a_stamp_before_the_signature_is_told(pack: Path, tmp_path: Path, authority: Authority) -> None:
    one = sign(pack, Role.REVIEWER, "Ana Moreno", now=datetime.now(UTC) + timedelta(days=3))
    place = pack / token_path(one.stem)
    place.write_bytes(authority.token(stamped_content(one)))
    # A sign-off of the future is refused as such already: ask the check alone.
    from iamdesk.export.evidence.timestamp import verify_timestamp

    found = verify_timestamp(pack, one, authority.root)
    assert found is not None
    assert found[0].outcome is Outcome.FAILED
    assert "before the sign-off" in found[0].sentence


def test_what_is_no_answer_of_an_authority_is_told(authority: Authority) -> None:
    old = authority.token(b"content")
    for answer in (b"", b"<html>", old):  # the last has another nonce
        with served(answer) as url, pytest.raises(ExportError, match=r"did not return a timestamp"):
            ask(url, b"content")
    with served(b"", 500) as url, pytest.raises(ExportError, match=r"did not return a timestamp"):
        ask(url, b"content")
    gives_none = pytest.raises(ExportError, match=r"did not return a timestamp")
    with served(authority.answer) as elsewhere, served(b"", 302, elsewhere) as url, gives_none:
        ask(url, b"content")
    for url in ("file:///etc/passwd", "ftp://example.com", "no url"):
        with pytest.raises(ExportError, match=r"not the URL"):
            ask(url, b"content")
    with pytest.raises(ExportError, match=r"did not return a timestamp"):
        ask("http://127.0.0.1:9/", b"content")


def test_a_note_kept_elsewhere_names_the_manifest(pack: Path, tmp_path: Path) -> None:
    note = tmp_path / "tag.txt"
    note.write_text(f"object 1\n\nreview {manifest_sha256(pack).upper()} noted\n")
    other = tmp_path / "other.txt"
    other.write_text(f"{manifest_sha256(pack)}0\n")
    found = {one.name: one for one in verify(pack, notes=(note, other)) if one.name.startswith("note ")}
    assert found["note tag.txt"].outcome is Outcome.PASSED
    assert "line 3" in found["note tag.txt"].sentence
    assert found["note other.txt"].outcome is Outcome.FAILED
