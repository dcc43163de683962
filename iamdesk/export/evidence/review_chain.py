"""The chain of reviews: each names the manifest of the evidence of the one before, so that none can be exchanged."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.export.evidence.manifest import MANIFEST, manifest_sha256, read_manifest
from iamdesk.export.evidence.package_files import opened_pack
from iamdesk.export.evidence.result import Outcome, Result, failed, passed
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.i18n import phrase
from iamdesk.review.review_file import EvidenceRecord, ReviewFile

_NAME = "chain"
_MOST_SIBLINGS = 500


def pack_at(path: Path, moment: datetime | None = None) -> EvidenceRecord:
    """Return what a review notes of a pack that was written to a folder or an archive.

    Raises:
        ExportError: there is none.
    """
    with opened_pack(path) as folder:
        manifest = read_manifest(folder)
        when = (moment or datetime.now(UTC)).isoformat(timespec="seconds")
        return EvidenceRecord(when, path.name, manifest_sha256(folder), str(manifest.get("journal_sha256")))


def manifest_before(previous: ReviewFile, pack: Path | None) -> str:
    """Return the hash of the manifest that a review after ``previous`` names; empty where no evidence is noted.

    Args:
        previous: The review before.
        pack: Its evidence; None: the last pack that was noted in it, if it tells every decision.

    Raises:
        ReviewError: the pack is of another review, or was written before its last decision.
        ExportError: it is no pack.
    """
    if pack is None:
        whole = (one for one in reversed(previous.packs()) if one.journal_sha256 == previous.journal_sha256)
        return next((one.manifest_sha256 for one in whole), "")
    with opened_pack(pack) as folder:
        manifest = read_manifest(folder)
        if manifest.get("review_id") != previous.head.review_id:
            raise ReviewError(
                phrase(
                    "{name}: the evidence is of another review than {review_id}",
                    name=visible(pack.name),
                    review_id=previous.head.review_id,
                )
            )
        if manifest.get("journal_sha256") != previous.journal_sha256:
            raise ReviewError(
                phrase(
                    "{name}: the evidence does not tell the last decisions of {review_id}; write it anew",
                    name=visible(pack.name),
                    review_id=previous.head.review_id,
                )
            )
        return manifest_sha256(folder)


def verify_chain(manifest: Mapping[str, Any], previous: Path | None) -> Iterator[Result]:
    """Yield whether a pack follows the one that it says; ``previous`` is the evidence of the review before, or None."""
    named = manifest.get("previous_manifest_sha256")
    before = manifest.get("previous_review_id")
    if not named:
        if before:
            yield Result(
                _NAME,
                Outcome.NOT_DONE,
                phrase("It goes on from review {before}, whose evidence it does not name.", before=before),
            )
        elif previous is not None:
            yield failed(_NAME, phrase("It is a first review: it names none before it."))
        else:
            yield passed(_NAME, phrase("It is a first review."))
        return
    if previous is None:
        yield Result(
            _NAME,
            Outcome.NOT_DONE,
            phrase(
                "It names the manifest {named} of review {before}: name that pack (--previous).",
                named=named,
                before=before,
            ),
        )
        return
    try:
        with opened_pack(previous) as other:
            found = manifest_sha256(other)
            told = read_manifest(other)
    except (ExportError, OSError) as error:
        yield failed(_NAME, f"{error}.")
        return
    if found != named:
        yield failed(
            _NAME,
            phrase(
                "It names the manifest {named}, and that of {name} is {found}.",
                named=named,
                name=visible(previous.name),
                found=found,
            ),
        )
    elif told.get("review_id") != before:
        yield failed(
            _NAME,
            phrase(
                "It goes on from review {before}, and {name} is of another one.",
                before=before,
                name=visible(previous.name),
            ),
        )
    else:
        yield passed(
            _NAME, phrase("It goes on from review {before}, whose manifest is {found}.", before=before, found=found)
        )


def evidence_beside(folder: Path) -> Path | None:
    """Return the pack of the review before, where it stands beside a pack; None where it does not."""
    try:
        named = read_manifest(folder).get("previous_manifest_sha256")
    except ExportError:
        return None
    if not named:
        return None
    for sibling in sorted(folder.absolute().parent.iterdir())[:_MOST_SIBLINGS]:
        if (sibling / MANIFEST).is_file() and manifest_sha256(sibling) == named:
            return sibling
    return None
