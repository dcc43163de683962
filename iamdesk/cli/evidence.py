"""``iamdesk export`` and ``iamdesk verify``: write and verify the evidence package of a review."""

import tempfile
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from iamdesk import Snapshot
from iamdesk.api import Workbench
from iamdesk.cli import options
from iamdesk.cli.errors import fail, refuse_overwrite
from iamdesk.cli.executor import executor_for
from iamdesk.cli.output import echo, echo_err, echo_json
from iamdesk.errors import ReviewError
from iamdesk.export.evidence.closing import closing_lines
from iamdesk.export.evidence.package_files import opened_package
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.review_chain import package_at
from iamdesk.export.evidence.signing import Role
from iamdesk.export.evidence.tables import about_table
from iamdesk.export.evidence.verify import refuse_own_files
from iamdesk.export.evidence.verify import verify as verify_package
from iamdesk.export.evidence.verify_content import SUBJECT
from iamdesk.export.evidence.write import write_package
from iamdesk.export.files.atomic_write import write_atomic
from iamdesk.memory import collector_seldom
from iamdesk.work.workers import is_worthwhile


class PackageFormat(StrEnum):
    """The whole evidence package, or one file of it."""

    PACKAGE = "package"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    HTML = "html"
    PDF = "pdf"
    ANNEX = "annex"
    SCRIPT = "sh"
    TICKETS = "tickets"


_FILES = {
    PackageFormat.JSON: "review.json",
    PackageFormat.CSV: "03_entitlements.csv",
    PackageFormat.XLSX: "review.xlsx",
    PackageFormat.HTML: "01_statement.html",
    PackageFormat.PDF: "01_statement.pdf",
    PackageFormat.ANNEX: "01_annex.pdf",
    PackageFormat.SCRIPT: "remediation.sh",
    PackageFormat.TICKETS: "tickets.csv",
}


def export(
    review: Annotated[Path, typer.Argument(metavar="REVIEW", help="Review file.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Where to write: a new folder or NAME.zip; for a single file, its name.",
        ),
    ],
    package_format: Annotated[
        PackageFormat, typer.Option("--format", help="The whole evidence package, or one file of it.")
    ] = PackageFormat.PACKAGE,
    snapshot: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Snapshot of the review. Default: the snapshot beside the review file."),
    ] = None,
    with_snapshot: Annotated[
        bool,
        typer.Option(help="Include a copy of the snapshot, so that the package can be verified without other files."),
    ] = True,
) -> None:
    """Export a review as an evidence package.

    The package contains a report, tables, decisions with their reasons, and hashes.
    """
    if package_format is not PackageFormat.PACKAGE:
        _check_output(output, review, snapshot)
    with Workbench.open_review_file(review, writable=False) as file, collector_seldom():
        beside = review.with_name(file.head.snapshot_name)
        place = snapshot or (beside if beside.exists() else None)
        opened = Workbench().open_snapshot(place) if place is not None else None
        if opened is not None and snapshot is None and not file.is_of(opened.snapshot.sha256):
            opened = None
        evaluator = opened.evaluator if opened is not None else None
        with nullcontext() if opened is None else _executor(opened.snapshot) as executor:
            if package_format is PackageFormat.PACKAGE:
                write_package(file, output, evaluator=evaluator, with_source=with_snapshot, executor=executor)
            else:
                with tempfile.TemporaryDirectory(prefix="iamdesk-") as folder:
                    package = Path(folder) / "package"
                    write_package(file, package, evaluator=evaluator, with_source=False, executor=executor)
                    write_atomic(output, (package / _FILES[package_format]).read_bytes())
                    if _FILES[package_format].endswith(".csv"):
                        about = about_table(package, _FILES[package_format])
                        write_atomic(output.with_name(f"{output.name}.about.json"), about)
    if opened is None:
        echo_err(
            "the snapshot was not found (--snapshot): the evidence quotes no policy decisions, as its statement says"
        )
    echo_err(f"evidence written to {output}")
    if package_format is PackageFormat.PACKAGE:
        _record_package(review, output)


def _executor(snapshot: Snapshot) -> AbstractContextManager[Executor | None]:
    """Return the executor for the long work of a package: this process works beside it."""
    return executor_for(is_worthwhile(snapshot), helped=True)


def _check_output(output: Path, review: Path, snapshot: Path | None) -> None:
    """End with status 2 if the output file cannot be written, before any long work."""
    refuse_overwrite(output, review, snapshot)
    if output.is_dir():
        fail(f"{output} is a folder: give the name of a file")
    if not output.absolute().parent.is_dir():
        fail(f"{output} cannot be written: there is no folder {output.absolute().parent}")


def _record_package(review: Path, package: Path) -> None:
    """Record in the review which package was written, for a follow-up review to refer to."""
    try:
        file = Workbench.open_review_file(review)
    except ReviewError as error:
        echo_err(
            f"the package could not be recorded in the review ({error}): pass it to the follow-up review with "
            "--previous-package"
        )
        return
    with file:
        file.note_package(package_at(package))


def verify(
    package: Annotated[
        Path, typer.Argument(metavar="PACKAGE", help="Evidence package: a folder or a .zip file.", show_default=False)
    ],
    snapshot: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Snapshot to evaluate again. Default: the copy in the package."),
    ] = None,
    allowed_signers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Known public keys, in the allowed_signers format of ssh-keygen."),
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            metavar="PACKAGE",
            help="Evidence package of the previous review, to verify the chain of reviews.",
            show_default=False,
        ),
    ] = None,
    require_signature: Annotated[
        list[Role] | None,
        typer.Option(
            metavar="ROLE",
            help="Fail unless the package is signed with a key in this role: reviewer, second_reviewer, owner, "
            "management. Repeatable.",
            show_default=False,
        ),
    ] = None,
    timestamp_authority: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Certificates (PEM) of known timestamp authorities, to verify the timestamps of signatures.",
            exists=True,
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
    noted_in: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="File kept elsewhere that must name the SHA-256 of the manifest, such as a git tag. Repeatable.",
            exists=True,
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
    expect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Fail unless the package is of this: review (ID), title, start and end (of the period), opened, "
            "written (YYYY-MM-DD), snapshot (SHA-256). Repeatable.",
            show_default=False,
        ),
    ] = None,
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """Verify an evidence package.

    Checks hashes, signatures, totals and decisions. Exit status: 0 consistent, also with a note (such as counts of AWS
    that differ because the snapshot is a subset); 1 a check failed; 2 it cannot be read.
    """
    if not package.exists():
        fail(f"{package}: no such file or folder")
    if previous is not None:
        package_at(previous)  # ends here if it is no package: that says nothing about the chain
    if allowed_signers is not None:
        allowed_signers.open("rb").close()
    expected = {name: value for name, _, value in (one.partition("=") for one in expect or ())}
    if unknown := [name for name in expected if name not in SUBJECT]:
        raise typer.BadParameter(f"{unknown[0]} is none of {', '.join(SUBJECT)}", param_hint="--expect")
    # The folder of an unpacked archive is another one.
    refuse_own_files(package, [one for one in (allowed_signers, timestamp_authority, *(noted_in or ())) if one])
    with opened_package(package) as folder, collector_seldom():
        required = require_signature or ()
        results = list(
            verify_package(
                folder,
                snapshot,
                allowed_signers,
                previous,
                required,
                _executor,
                authorities=timestamp_authority,
                notes=noted_in or (),
                expected=expected,
            )
        )
    failed = sum(one.outcome is Outcome.FAILED for one in results)
    if output_format is options.Format.JSON:
        echo_json([{"Check": one.name, "Outcome": one.outcome.value, "Sentence": one.sentence} for one in results])
    else:
        for one in results:
            echo(f"{one.outcome.value:<9} {one.name}: {one.sentence}")
    for line in closing_lines(results):
        (echo_err if output_format is options.Format.JSON else echo)(line)
    echo_err(f"{sum(one.outcome is Outcome.PASSED for one in results):,} checks passed, {failed:,} failed")
    if failed:
        raise typer.Exit(1)
