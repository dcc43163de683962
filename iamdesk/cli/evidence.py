"""``iamdesk export`` and ``iamdesk verify``: the evidence of a review, written and checked."""

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from iamdesk.api import Workbench
from iamdesk.cli import options
from iamdesk.cli.errors import fail, refuse_overwrite
from iamdesk.cli.output import echo, echo_err, say_json
from iamdesk.errors import ReviewError
from iamdesk.export.evidence.closing import closing_lines
from iamdesk.export.evidence.package_files import opened_pack
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.review_chain import pack_at
from iamdesk.export.evidence.signing import Role
from iamdesk.export.evidence.verify import verify as verify_pack
from iamdesk.export.evidence.write import write_pack
from iamdesk.export.files.atomic_write import write_atomic


class PackFormat(StrEnum):
    """What of the evidence is written."""

    PACK = "pack"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    HTML = "html"
    PDF = "pdf"
    SCRIPT = "sh"
    TICKETS = "tickets"


_FILES = {
    PackFormat.JSON: "review.json",
    PackFormat.CSV: "03_entitlements.csv",
    PackFormat.XLSX: "review.xlsx",
    PackFormat.HTML: "01_statement.html",
    PackFormat.PDF: "01_statement.pdf",
    PackFormat.SCRIPT: "remediation.sh",
    PackFormat.TICKETS: "tickets.csv",
}


def export(
    review: Annotated[Path, typer.Argument(metavar="REVIEW", help="A review file.", show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="PATH", help="A new folder, or NAME.zip, or the file of a format.")
    ],
    pack_format: Annotated[
        PackFormat, typer.Option("--format", help="The whole pack, or one file of it.")
    ] = PackFormat.PACK,
    snapshot: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The snapshot that the review is of; without it, the one beside the review."),
    ] = None,
    with_snapshot: Annotated[
        bool, typer.Option(help="Copy the snapshot into the pack, so that it can be performed again by itself.")
    ] = True,
) -> None:
    """Write the evidence of a review: a pack of tables, statement, verdicts and hashes."""
    if pack_format is not PackFormat.PACK:
        _see_place(output, review, snapshot)
    desk = Workbench.open_review(review, writable=False)
    try:
        beside = review.with_name(desk.head.snapshot_name)
        place = snapshot or (beside if beside.exists() else None)
        opened = Workbench().open_snapshot(place) if place is not None else None
        if opened is not None and snapshot is None and not desk.file.is_of(opened.snapshot.sha256):
            opened = None
        evaluator = opened.evaluator if opened is not None else None
        if pack_format is PackFormat.PACK:
            write_pack(desk.file, output, evaluator=evaluator, with_source=with_snapshot)
        else:
            with tempfile.TemporaryDirectory(prefix="iamdesk-") as making:
                whole = write_pack(desk.file, Path(making) / "pack", evaluator=evaluator, with_source=False)
                write_atomic(output, (whole / _FILES[pack_format]).read_bytes())
    finally:
        desk.close()
    if opened is None:
        echo_err("the snapshot is not at hand (--snapshot): no verdict is quoted, and the statement says so")
    echo_err(f"the evidence is in {output}")
    if pack_format is PackFormat.PACK:
        _note_pack(review, output)


def _see_place(output: Path, review: Path, snapshot: Path | None) -> None:
    """End with status 2 where no file can be written, before everything is asked for nothing."""
    refuse_overwrite(output, review, snapshot)
    if output.is_dir():
        fail(f"{output} is a folder: the evidence needs the name of a file")
    if not output.absolute().parent.is_dir():
        fail(f"{output} cannot be written: there is no folder {output.absolute().parent}")


def _note_pack(review: Path, pack: Path) -> None:
    """Keep in the review which pack was written: the next one names it."""
    try:
        desk = Workbench.open_review(review)
    except ReviewError as error:
        echo_err(f"the pack is not noted in the review ({error}): give it to the next one with --previous-pack")
        return
    try:
        desk.file.note_pack(pack_at(pack))
    finally:
        desk.close()


def verify(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="An evidence pack, a folder or a zip archive.")],
    snapshot: Annotated[
        Path | None, typer.Option(metavar="PATH", help="The snapshot to ask again; else the copy in the pack.")
    ] = None,
    allowed_signers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Known keys, as ssh-keygen takes them (allowed_signers).")
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(metavar="PACK", help="The evidence of the review before, to check the chain.", show_default=False),
    ] = None,
    require_signature: Annotated[
        list[Role] | None,
        typer.Option(
            metavar="ROLE",
            help="Fail unless it is signed with a key in this role: reviewer, second_reviewer, owner, management.",
            show_default=False,
        ),
    ] = None,
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """Verify an evidence pack: every hash, signature, total and verdict. Status 1 where anything fails."""
    if not pack.exists():
        fail(f"{pack}: there is no such file or folder")
    if previous is not None:
        pack_at(previous)  # what is no pack ends here: it says nothing about the chain
    if allowed_signers is not None:
        allowed_signers.open("rb").close()
    with opened_pack(pack) as folder:
        results = list(verify_pack(folder, snapshot, allowed_signers, previous, require_signature or ()))
    failed = sum(one.outcome is Outcome.FAILED for one in results)
    if output_format is options.Format.JSON:
        say_json([{"Check": one.name, "Outcome": one.outcome.value, "Sentence": one.sentence} for one in results])
    else:
        for one in results:
            echo(f"{one.outcome.value:<9} {one.name}: {one.sentence}")
    for line in closing_lines(results):
        (echo_err if output_format is options.Format.JSON else echo)(line)
    echo_err(f"{sum(one.outcome is Outcome.PASSED for one in results):,} checks passed, {failed:,} failed")
    if failed:
        raise typer.Exit(1)
