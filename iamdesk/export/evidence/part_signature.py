"""The sign-off of a part of a review: a file beside it, which `iamdesk review merge` verifies."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.export.evidence.result import Outcome, Result
from iamdesk.export.evidence.signing import SSH, UNSIGNED, Role, SignOff, sign_off_from_json, signed_with
from iamdesk.export.evidence.signoff_checks import check_signoff
from iamdesk.export.files.atomic_write import ExportError, write_atomic
from iamdesk.export.findings.report import utc_text
from iamdesk.i18n import join_messages, phrase
from iamdesk.review.coordination import Merged, PartSigner, merge_parts
from iamdesk.review.decisions import Reviewer
from iamdesk.review.journal import GENESIS, canonical
from iamdesk.review.parts import is_part, part_sha256
from iamdesk.review.review_file import ReviewFile, opened, path_of

_MAX_BYTES = 1 << 16


def signature_path(part: Path) -> Path:
    """Return where the sign-off of a part is."""
    return part.with_name(f"{part.name}.signoff.json")


def sign_part(
    review: Path | ReviewFile, name: str, *, title: str = "", key: Path | None = None, asks: bool = True
) -> SignOff:
    """Sign a part as its reviewer; a sign-off from before is replaced.

    Args:
        review: The part, open or not.
        name: Who.
        title: Of the person.
        key: A private SSH key, or the public one of a key that an agent holds; None: an unsigned attestation.
        asks: Whether ``ssh-keygen`` may ask for a passphrase in the terminal.

    Raises:
        ExportError: it is no part, or the key cannot be used.
        ReviewError: the part cannot be read.
    """
    if not name.strip():
        raise ExportError(phrase("a sign-off requires the name of the signer"))
    path = path_of(review)
    with opened(review, writable=False) as part:
        if not is_part(part):
            raise ExportError(
                phrase("{name}: this review is not a part: sign its evidence package", name=visible(path.name))
            )
        sha256 = part_sha256(part)
    unsigned = SignOff(
        1,
        Role.REVIEWER.value,
        visible(name.strip()),
        visible(title.strip()),
        Role.REVIEWER.sentence,
        utc_text(datetime.now(UTC)),
        sha256,
        SSH if key is not None else UNSIGNED,
        "",
        "",
        GENESIS,
    )
    made = signed_with(unsigned, key, asks=asks)
    write_atomic(signature_path(path), canonical(made.as_json()))
    return made


def merge_signed(
    review: Path | ReviewFile, path: Path, allowed: Path | None, actor: Reviewer, *, requires_signature: bool
) -> tuple[Merged | ReviewError | ExportError, PartSigner | None]:
    """Verify the sign-off of a part, and merge the part; return the error of one that is rejected, and its signer.

    Raises:
        ReviewError: the review cannot be opened.
    """
    signer = None
    try:
        result, signer = verify_part(path, allowed)
        if result is not None and result.outcome is Outcome.FAILED:
            return ReviewError(join_messages(": ", (visible(path.name), result.sentence.rstrip(".")))), None
        (merged,) = merge_parts(review, [(path, signer)], actor, requires_signature=requires_signature)
    except (ReviewError, ExportError) as error:
        return error, signer
    return merged, signer


def verify_part(review: Path | ReviewFile, allowed: Path | None) -> tuple[Result | None, PartSigner | None]:
    """Verify the sign-off of a part; return the result, and who signed with a valid key. None where there is none.

    Args:
        review: The part, open or not.
        allowed: Known keys, as ``ssh-keygen`` takes them; None: no key is known.

    Raises:
        ExportError: the sign-off, or the file of known keys, cannot be read.
        ReviewError: the part cannot be read.
    """
    one = _read(review)
    if one is None:
        return None, None
    try:
        known = allowed.read_text(encoding="utf-8", errors="surrogateescape") if allowed is not None else None
    except OSError as error:
        raise _unreadable(allowed or Path(), error) from error
    with opened(review, writable=False) as part:
        sha256 = part_sha256(part)
    result = check_signoff(one, visible(signature_path(path_of(review)).name), sha256, known)
    if result.outcome is Outcome.FAILED or result.signer is None:
        return result, None
    return result, PartSigner(result.signer.name, result.signer.key, sha256, one.as_json())


@dataclass(frozen=True, slots=True)
class PartSignOff:
    """The sign-off of a part as it is written: nothing is verified."""

    name: str
    has_key: bool
    """Whether it was signed with a key."""
    is_current: bool
    """Whether the part still is what was signed: no decision came after."""


def part_signoff(part: ReviewFile) -> PartSignOff | None:
    """Return the sign-off of an open part, not verified; None if there is none.

    Raises:
        ExportError: it cannot be read.
    """
    one = _read(part)
    return (
        None if one is None else PartSignOff(one.name, bool(one.public_key), one.manifest_sha256 == part_sha256(part))
    )


def _read(review: Path | ReviewFile) -> SignOff | None:
    place = signature_path(path_of(review))
    if not place.is_file():
        return None
    try:
        with place.open("rb") as file:
            content = file.read(_MAX_BYTES)
        one = sign_off_from_json(json.loads(content))
        is_as_written = canonical(one.as_json()) == content
    except OSError as error:
        raise _unreadable(place, error) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ExportError(phrase("{signoffs} cannot be read", signoffs=visible(place.name))) from error
    if not is_as_written:
        raise ExportError(phrase("{signoffs} was changed", signoffs=visible(place.name)))
    return one


def _unreadable(path: Path, error: OSError) -> ExportError:
    reason = error.strerror or type(error).__name__
    return ExportError(phrase("{name}: it cannot be read: {reason}", name=visible(path.name), reason=reason))
