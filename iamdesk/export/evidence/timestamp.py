"""Timestamp tokens (RFC 3161) beside the sign-offs: an authority says that a signature existed at a time.

What is stamped is the detached signature (``signoffs/NN.txt.sig``), or the text of an unsigned attestation
(``signoffs/NN.txt``); the response of the authority is beside it (``signoffs/NN.tsr``), so that ``openssl ts -verify``
verifies it, too. Asking is the user's explicit wish; verifying needs no network, but the authority's certificate, which
only the user can know.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from iamdesk.escaping import visible
from iamdesk.export.evidence.manifest import SIGNATURES
from iamdesk.export.evidence.result import Outcome, Result, failed
from iamdesk.export.files.atomic_write import ExportError, write_atomic
from iamdesk.export.findings.report import utc_text
from iamdesk.i18n import phrase

if TYPE_CHECKING:
    from iamdesk.export.evidence.signing import SignOff

SUFFIX = ".tsr"
"""Behind the number of the sign-off."""
_CERTIFICATES = 0xA0
"""Tag of the certificates among the members of signed data."""
_MAX_BYTES = 1 << 20
_SECONDS = 30
_PEM = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an authority says."""

    utc: str
    authority: str
    """The subject of its certificate."""


def token_path(stem: str) -> str:
    """Return the path in the package of the token of a sign-off."""
    return f"{SIGNATURES}/{stem}{SUFFIX}"


def stamped_path(one: "SignOff") -> str:
    """Return the path in the package of what is stamped."""
    return f"{SIGNATURES}/{one.stem}.txt{'.sig' if one.signature else ''}"


def stamped_content(one: "SignOff") -> bytes:
    """Return what is stamped."""
    return (one.signature or one.text).encode()


def ask(url: str, content: bytes) -> bytes:
    """Ask a timestamp authority for a token over some content: it gets the SHA-256, nothing else.

    Raises:
        ExportError: the authority does not answer, or not with a token for the content; or the extra ``timestamp`` is
            not installed.
    """
    tools = _tools()
    if urlsplit(url).scheme not in ("http", "https"):
        raise ExportError(
            phrase("{url} is not the URL of a timestamp authority: such a URL begins with https://", url=url)
        )
    request = tools.TimestampRequestBuilder().data(content).hash_algorithm(tools.HashAlgorithm.SHA256).build()
    try:
        response = _request(url, request.as_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ExportError(
            phrase("{url} did not return a timestamp: {reason}", url=url, reason=visible(str(reason)))
        ) from error
    found = _decoded(response)
    if found is None:
        raise ExportError(
            phrase("{url} did not return a timestamp: its response cannot be read, or grants none", url=url)
        )
    if found.tst_info.nonce != request.nonce or not _is_of(found, content):
        raise ExportError(
            phrase("{url} did not return a timestamp: its response is not a token for this sign-off", url=url)
        )
    return response


def _request(url: str, query: bytes) -> bytes:
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, Request, build_opener  # slow to load, and seldom needed

    class NoRedirect(HTTPRedirectHandler):
        """An authority that sends elsewhere is not the one that was named."""

        def redirect_request(self, *_: Any) -> None:
            """Follow nowhere."""

    asked = Request(url, query, {"Content-Type": "application/timestamp-query"})  # noqa: S310 - `ask` checks the scheme
    try:
        with build_opener(NoRedirect).open(asked, timeout=_SECONDS) as response:
            return bytes(response.read(_MAX_BYTES))
    except HTTPError as error:
        error.close()  # it is the response
        raise


def keep(folder: Path, one: "SignOff", token: bytes) -> Path:
    """Write the token of a sign-off beside it.

    Raises:
        ExportError: it is no token for it, or the extra ``timestamp`` is not installed.
    """
    found = _decoded(token)
    if found is None:
        raise ExportError(phrase("the token cannot be read as the response of a timestamp authority that grants one"))
    if not _is_of(found, stamped_content(one)):
        raise ExportError(phrase("the token is not for {file}", file=stamped_path(one)))
    into = folder / token_path(one.stem)
    write_atomic(into, token)
    return into


def verify_timestamp(folder: Path, one: "SignOff", authorities: Path | None) -> tuple[Result, Stamp | None] | None:
    """Return whether a sign-off is stamped, and the stamp if it is proved; None if there is no token.

    Args:
        folder: The package.
        one: The sign-off.
        authorities: Certificates of known timestamp authorities (PEM): their roots, and what is between.
    """
    path = folder / token_path(one.stem)
    if not path.is_file():
        return None
    name = phrase("timestamp {name}", name=one.stem)
    try:
        found = _decoded(path.read_bytes()[:_MAX_BYTES])
    except ExportError as error:
        return Result(name, Outcome.NOT_DONE, f"{error}.", is_of_signatures=True), None
    if found is None:
        sentence = phrase("It cannot be read as the response of a timestamp authority that grants a token.")
        return failed(name, sentence), None
    if not _is_of(found, stamped_content(one)):
        return failed(name, phrase("It is not a token for {file}.", file=stamped_path(one))), None
    stamp = _stamp(found)
    if stamp.utc < one.utc and not _is_near(stamp.utc, one.utc):
        sentence = phrase("It was stamped at {stamped}, before the sign-off at {utc}.", stamped=stamp.utc, utc=one.utc)
        return failed(name, sentence), None
    if authorities is None:
        sentence = phrase(
            "{authority} stamped it at {utc}, as the token says: name the certificate of the authority to verify it.",
            authority=stamp.authority,
            utc=stamp.utc,
        )
        return Result(name, Outcome.NOT_DONE, sentence, is_of_signatures=True), None
    why = _unproven(found, stamped_content(one), authorities)
    if why:
        sentence = phrase("It is not of a known timestamp authority: {why}.", why=why)
        return Result(name, Outcome.FAILED, sentence, is_of_signatures=True), None
    sentence = phrase("{authority} stamped it at {utc}.", authority=stamp.authority, utc=stamp.utc)
    return Result(name, Outcome.PASSED, sentence), stamp


def _tools() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        raise ExportError(phrase('timestamps need the extra "timestamp": pip install "iamdesk[timestamp]"')) from None
    return rfc3161_client


def _decoded(token: bytes) -> Any:
    """Return the response of an authority; None if it is none, or no token was granted."""
    tools = _tools()
    try:
        try:
            found = tools.decode_timestamp_response(token)
        except ValueError:
            found = tools.decode_timestamp_response(_in_order(token))
        is_granted = tools.PKIStatus(found.status) is tools.PKIStatus.GRANTED
        return found if is_granted and found.tst_info is not None else None
    except Exception:  # noqa: BLE001 - the library's own parser, over bytes of anyone
        return None


def _in_order(token: bytes) -> bytes:
    """Return a response with the certificates of its token in the order of DER, which the library requires.

    Authorities that run OpenSSL send them in the order of their chain. No signature covers the order: RFC 5652, section
    5.1 (``certificates`` is beside what is signed); X.690, section 11.6 (order of a set in DER).

    Raises:
        ValueError, IndexError: it is no response with certificates.
    """
    _status, content_info = _members(token, *_only(token, 0, len(token)))[:2]
    _type, explicit = _members(token, *content_info[1:])
    (signed_data,) = _members(token, *explicit[1:])
    for tag, begin, end in _members(token, *signed_data[1:]):
        if tag == _CERTIFICATES:
            places = _bounds(token, begin, end)
            ordered = sorted(token[one:other] for one, other in pairwise(places))
            return token[:begin] + b"".join(ordered) + token[end:]
    raise ValueError("no certificates")


def _only(content: bytes, begin: int, end: int) -> tuple[int, int]:
    ((_tag, first, last),) = _members(content, begin, end)
    return first, last


def _members(content: bytes, begin: int, end: int) -> list[tuple[int, int, int]]:
    """Return tag, begin and end of the content of each value between two places (X.690, section 8.1)."""
    return [_header(content, one) for one in _bounds(content, begin, end)[:-1]]


def _bounds(content: bytes, begin: int, end: int) -> list[int]:
    """Return where each value between two places begins, and where the last one ends."""
    found = [begin]
    while found[-1] < end:
        found.append(_header(content, found[-1])[2])
    if found[-1] != end:
        raise ValueError("a value exceeds what it is in")
    return found


def _header(content: bytes, at: int) -> tuple[int, int, int]:
    tag, size = content[at], content[at + 1]
    begin = at + 2
    if size > 0x80:
        begin += size - 0x80
        size = int.from_bytes(content[at + 2 : begin])
    elif size == 0x80:
        raise ValueError("a length that is not in DER")
    if begin + size > len(content):
        raise ValueError("cut short")
    return tag, begin, begin + size


def _is_of(found: Any, content: bytes) -> bool:
    imprint = found.tst_info.message_imprint
    digests = {
        "2.16.840.1.101.3.4.2.1": hashlib.sha256,
        "2.16.840.1.101.3.4.2.2": hashlib.sha384,
        "2.16.840.1.101.3.4.2.3": hashlib.sha512,
    }
    digest = digests.get(imprint.hash_algorithm.dotted_string)
    return digest is not None and bool(imprint.message == digest(content).digest())


def _stamp(found: Any) -> Stamp:
    from cryptography.x509 import load_der_x509_certificate

    moment = found.tst_info.gen_time
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    signers = {(one.issuer, one.serial_number) for one in found.signed_data.signer_infos}
    for one in found.signed_data.certificates:
        try:
            certificate = load_der_x509_certificate(bytes(one))
        except ValueError:
            continue
        if (certificate.issuer, certificate.serial_number) in signers:
            return Stamp(utc_text(moment), visible(certificate.subject.rfc4514_string()))
    return Stamp(utc_text(moment), phrase("an authority without a name"))


def _is_for_stamps(certificate: Any) -> bool:
    from cryptography import x509

    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return x509.oid.ExtendedKeyUsageOID.TIME_STAMPING in usage


def _is_near(one: str, other: str) -> bool:
    """Return whether two times differ by no more than clocks do."""
    apart = datetime.fromisoformat(one) - datetime.fromisoformat(other)
    return abs(apart.total_seconds()) <= 24 * 60 * 60


def _unproven(found: Any, content: bytes, authorities: Path) -> str:
    """Return why a token is not proved by the certificates; empty if it is."""
    from cryptography import x509
    from rfc3161_client import VerifierBuilder

    try:
        given = x509.load_pem_x509_certificates(authorities.read_bytes())
    except (OSError, ValueError):
        return phrase("{file} contains no certificate", file=visible(authorities.name))
    builder = VerifierBuilder()
    for each in given:
        # The root may be the authority's own certificate.
        if each.issuer == each.subject:
            builder = builder.add_root_certificate(each)
        elif _is_for_stamps(each):
            builder = builder.tsa_certificate(each)
        else:
            builder = builder.add_intermediate_certificate(each)
    try:
        builder.build().verify_message(found, content)
    except Exception as error:  # noqa: BLE001 - the library's own errors, over bytes of anyone
        return visible(" ".join(str(error).split()))[:200] or type(error).__name__
    return ""
