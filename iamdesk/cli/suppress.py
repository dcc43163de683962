"""``iamdesk suppress``: suppress findings until a date, in a file that ``iamdesk findings`` reads."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from iamdesk.api import Workbench
from iamdesk.cli.errors import fail
from iamdesk.cli.output import echo_err


def suppress(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File with the suppressions.", show_default=False)],
    findings: Annotated[
        list[str],
        typer.Argument(metavar="FINDING...", help="IDs of findings, as in each report.", show_default=False),
    ],
    owner: Annotated[
        str, typer.Option(metavar="NAME", help="Person or team responsible for them.", show_default=False)
    ] = "",
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why they are accepted.", show_default=False)] = "",
    until: Annotated[
        datetime | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            formats=["%Y-%m-%d"],
            help="Last day of the suppression. Afterwards the findings are reported again.",
            show_default=False,
        ),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the suppressions of these findings.")] = False,
) -> None:
    """Suppress findings until a date, with owner and reason.

    Reports list suppressed findings separately.
    """
    if file.exists() and not file.is_file():
        fail(f"{file} is a folder: give the name of a file")
    if remove:
        if not file.exists():
            fail(f"{file}: no such file")
        before = len(Workbench.read_suppressions(file))
        remaining = Workbench.lift_suppressions(file, findings)
        echo_err(f"{before - len(remaining):,} removed, {len(remaining):,} left in {file}")
        return
    if until is None:
        fail("a suppression requires a last day: --until YYYY-MM-DD")
    saved = Workbench.suppress(file, findings, owner, reason, until.date())
    echo_err(f"{len(findings):,} suppressed until {until:%Y-%m-%d}; {file} contains {len(saved):,}")
