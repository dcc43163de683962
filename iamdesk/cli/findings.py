"""``iamdesk findings``: run all checks over a snapshot, and print or write the findings."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iamdesk.api import OrganizationSession, Workbench
from iamdesk.checks.finding import Severity, Suppression
from iamdesk.cli import executor as work
from iamdesk.cli import options
from iamdesk.cli.errors import fail, refuse_overwrite
from iamdesk.cli.output import echo_bytes, echo_err
from iamdesk.export.files.atomic_write import write_atomic
from iamdesk.export.findings.earlier import EarlierFindings
from iamdesk.export.findings.spool import Spool
from iamdesk.export.findings.tracked_tickets import TicketsError, TrackedTicket, read_tickets
from iamdesk.export.findings.writers import formats
from iamdesk.memory import collector_seldom

if TYPE_CHECKING:
    from iamdesk.api import AppliedSettings

TEXT = "text"
"""Printed for the terminal; the others are the formats of `export.findings`."""


def report_formats() -> tuple[str, ...]:
    """Return the names of the formats in which findings can be printed."""
    return (TEXT, *(one.name for one in formats()))


def _known_format(name: str) -> str:
    if name not in report_formats():
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(map(repr, report_formats()))}.")
    return name


class GroupBy(StrEnum):
    """How findings are grouped."""

    CAUSE = "cause"
    CONTROL = "control"


_GROUPED_FORMATS = (TEXT, "json", "csv", "html")
_WITH_CONTROLS = (TEXT, "json", "html")
_WITH_TREND = ("html", "pdf", "management-pdf", "management-html")


def findings(
    snapshot: options.SnapshotPath,
    report_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            parser=_known_format,
            metavar=f"<{'|'.join(report_formats())}>",
            autocompletion=report_formats,
            help="Output format. Default: by the suffix of the output file, else text.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead of standard output."),
    ] = None,
    suppressions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Suppressions, written by iamdesk suppress. Suppressed findings are listed separately."
        ),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Settings of the checks: archive rules, severities, own accounts, trusted vendors, --fail-on.",
        ),
    ] = None,
    earlier: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Earlier snapshot, or review file: the first page of html, pdf and management reports states what "
            "changed since.",
        ),
    ] = None,
    by: Annotated[
        GroupBy | None,
        typer.Option(
            help="Group the findings: by cause, one row for each statement, trust entry or setting, worst first (text, "
            "json; csv and html always name the cause); by control, what each control of a standard says (text, json, "
            "html)."
        ),
    ] = None,
    tickets: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Tickets of causes, as CSV exported by Jira or ServiceNow: with --by cause, each cause has its ticket "
            "and status (text, json).",
        ),
    ] = None,
    fail_on: Annotated[
        Severity | None,
        typer.Option(
            case_sensitive=False,
            help="Exit with status 1 if a finding of this severity or higher is not suppressed.",
        ),
    ] = None,
) -> None:
    """Run the built-in checks and list the findings."""
    refuse_overwrite(output, snapshot, suppressions, settings, earlier, tickets)
    applied = Workbench.read_check_settings(settings) if settings is not None else None
    if fail_on is None and applied is not None:
        fail_on = applied.settings.fail_on
    if suppressions is not None and not suppressions.exists():
        echo_err(f"{suppressions}: no such file; nothing is suppressed")
    suppressed = Workbench.read_suppressions(suppressions) if suppressions is not None else ()
    chosen = report_format or _format_by_name(output)
    if by is not None and chosen not in _GROUPED_FORMATS:
        raise typer.BadParameter(f"--by is for the formats {', '.join(_GROUPED_FORMATS)}, not for {chosen}.")
    if by is GroupBy.CONTROL and chosen not in _WITH_CONTROLS:
        raise typer.BadParameter(f"--by control is for the formats {', '.join(_WITH_CONTROLS)}, not for {chosen}.")
    if earlier is not None and chosen not in _WITH_TREND:
        raise typer.BadParameter(f"--earlier is for the formats {', '.join(_WITH_TREND)}, not for {chosen}.")
    if tickets is not None and (by is not GroupBy.CAUSE or chosen not in (TEXT, "json")):
        raise typer.BadParameter("--tickets is for --by cause, as text or json.")
    tracked = {} if tickets is None else _tracked(tickets)
    before = None if earlier is None else _earlier_findings(earlier, suppressed, applied)
    by_cause = by is GroupBy.CAUSE
    with (
        work.open_to_go_over(snapshot) as opened,
        Spool(chosen, by_cause=by_cause, settings=applied) as spool,
        collector_seldom(),
    ):
        spool.earlier, spool.tickets = before, tracked
        if isinstance(opened, OrganizationSession):
            if applied is not None and applied.has_tags:
                fail("archive rules by tag need the whole snapshot, and this one is read account by account")
            opened.find_into(spool, suppressed)
        else:
            work.keep_to_the_end(opened)
            with work.executor(opened, helped=True) as executor:
                opened.find_into(spool, suppressed, executor=executor)
        if by is GroupBy.CONTROL:
            spool.controls = opened.controls(spool.tallies)
        about = opened.catalogue if isinstance(opened, OrganizationSession) else opened.snapshot
        pieces = spool.report(about, datetime.now(UTC))
        _write_report(pieces, len(spool), len(suppressed) - len(spool.fingerprints), output)
        for line in spool.contradictions:
            echo_err(line)
        severe = 0 if fail_on is None else spool.as_bad_as(fail_on)
    if severe and fail_on is not None:
        echo_err(f"{severe:,} findings of severity {fail_on.value} or higher")
        raise typer.Exit(1)


def _tracked(path: Path) -> Mapping[str, TrackedTicket]:
    try:
        return read_tickets(path)
    except TicketsError as error:
        fail(str(error))


def _earlier_findings(
    path: Path, suppressed: Sequence[Suppression], applied: "AppliedSettings | None"
) -> EarlierFindings:
    """Return the findings of a review, or of an earlier snapshot with the settings and suppressions of today."""
    if Workbench.is_review(path):
        return Workbench.earlier_review(path)
    with work.open_to_go_over(path) as opened, collector_seldom():
        if isinstance(opened, OrganizationSession):
            return Workbench.earlier_findings(opened, suppressed, applied)
        with work.executor(opened, helped=True) as executor:
            return Workbench.earlier_findings(opened, suppressed, applied, executor=executor)


def _write_report(pieces: Iterable[bytes], count: int, unused: int, output: Path | None) -> None:
    """Print a report or write it to a file; ``unused`` is the number of suppressions without a finding."""
    if unused:
        echo_err(f"{unused:,} suppressions match no finding")
    if output is None:
        for piece in pieces:
            echo_bytes(piece)
    else:
        write_atomic(output, pieces)
        echo_err(f"{count:,} findings written to {output}")


def _format_by_name(output: Path | None) -> str:
    name = output.name.lower() if output else ""
    known = sorted(formats(), key=lambda one: -len(one.suffix))  # `.jira.csv` before `.csv`
    return next((one.name for one in known if name.endswith(one.suffix)), TEXT)
