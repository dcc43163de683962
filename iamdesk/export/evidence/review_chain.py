"""The chain of reviews: each contains the hash of the previous package's manifest, so that none can be replaced."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.export.evidence.manifest import MANIFEST, manifest_sha256, read_manifest
from iamdesk.export.evidence.package_files import opened_package
from iamdesk.export.evidence.result import Outcome, Result, failed, passed
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.i18n import phrase
from iamdesk.review.review_file import EvidenceRecord, ReviewFile

_NAME = "chain"
_MAX_SIBLINGS = 500


def package_at(path: Path, moment: datetime | None = None) -> EvidenceRecord:
    """Return what a review records of a package (a folder or an archive).

    Raises:
        ExportError: it is not a package.
    """
    with opened_package(path) as folder:
        manifest = read_manifest(folder)
        when = (moment or datetime.now(UTC)).isoformat(timespec="seconds")
        return EvidenceRecord(
            when,
            path.name,
            manifest_sha256(folder),
            manifest["journal_sha256"],
            manifest["journal_entries"],
            manifest["events_sha256"],
        )


def manifest_before(previous: ReviewFile, package: Path | None) -> str:
    """Return the hash of the previous package's manifest for a follow-up review; empty if no package is known.

    Args:
        previous: The previous review.
        package: Its package; None: the last package recorded in it, if that contains all decisions.

    Raises:
        ReviewError: the package is of another review, or was written before its last decision.
        ExportError: it is not a package.
    """
    if package is None:
        whole = (one for one in reversed(previous.packages()) if one.journal_sha256 == previous.journal_sha256)
        return next((one.manifest_sha256 for one in whole), "")
    with opened_package(package) as folder:
        manifest = read_manifest(folder)
        if manifest["review_id"] != previous.head.review_id:
            raise ReviewError(
                phrase(
                    "{name} is not the evidence package of review {review_id}",
                    name=visible(package.name),
                    review_id=previous.head.review_id,
                )
            )
        if manifest["journal_sha256"] != previous.journal_sha256:
            raise ReviewError(
                phrase(
                    "{name} does not contain the latest decisions of review {review_id}: export it again",
                    name=visible(package.name),
                    review_id=previous.head.review_id,
                )
            )
        return manifest_sha256(folder)


def verify_chain(manifest: Mapping[str, Any], previous: Path | None) -> Iterator[Result]:
    """Yield whether ``previous`` is the package that a manifest refers to; None: it is not given."""
    named, before = manifest["previous_manifest_sha256"], manifest["previous_review_id"]
    if not named:
        if before:
            yield Result(
                _NAME,
                Outcome.NOT_DONE,
                phrase(
                    "It is a follow-up of review {before}, but does not contain the hash of its manifest.",
                    before=before,
                ),
            )
        elif previous is not None:
            yield failed(_NAME, phrase("It is a first review, without a previous one."))
        else:
            yield passed(_NAME, phrase("It is a first review."))
        return
    if previous is None:
        yield Result(
            _NAME,
            Outcome.NOT_DONE,
            phrase(
                "It refers to manifest {named} of review {before}: give that package with --previous.",
                named=named,
                before=before,
            ),
        )
        return
    try:
        with opened_package(previous) as other:
            found = manifest_sha256(other)
            manifest_found = read_manifest(other)
    except (ExportError, OSError) as error:
        yield failed(_NAME, f"{error}.")
        return
    if found != named:
        yield failed(
            _NAME,
            phrase(
                "It refers to manifest {named}, but the manifest of {name} is {found}.",
                named=named,
                name=visible(previous.name),
                found=found,
            ),
        )
    elif manifest_found["review_id"] != before:
        yield failed(
            _NAME,
            phrase(
                "It is a follow-up of review {before}, but {name} is of another review.",
                before=before,
                name=visible(previous.name),
            ),
        )
    else:
        yield passed(
            _NAME, phrase("It is a follow-up of review {before} with manifest {found}.", before=before, found=found)
        )


def evidence_beside(folder: Path) -> Path | None:
    """Return the package of the previous review if it is in the same folder as this package, else None."""
    try:
        named = read_manifest(folder)["previous_manifest_sha256"]
    except ExportError:
        return None
    if not named:
        return None
    for sibling in sorted(folder.absolute().parent.iterdir())[:_MAX_SIBLINGS]:
        if (sibling / MANIFEST).is_file() and manifest_sha256(sibling) == named:
            return sibling
    return None
