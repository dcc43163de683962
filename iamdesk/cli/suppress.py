"""``iamdesk suppress``: findings that somebody answers for until a day, written to a file that `findings` reads."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from iamdesk.api import Workbench
from iamdesk.cli.errors import fail
from iamdesk.cli.output import echo_err


def suppress(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where suppressions are kept.", show_default=False)],
    findings: Annotated[
        list[str],
        typer.Argument(metavar="FINDING...", help="Ids of findings, as every report prints them.", show_default=False),
    ],
    owner: Annotated[str, typer.Option(help="Who answers for them.", show_default=False)] = "",
    reason: Annotated[str, typer.Option(help="Why they are accepted.", show_default=False)] = "",
    until: Annotated[
        datetime | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            formats=["%Y-%m-%d"],
            help="The last day on which that holds; on the next one they are back.",
            show_default=False,
        ),
    ] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Take the suppressions out of the file instead.")] = False,
) -> None:
    """Set findings aside with owner, reason and a last day; nothing is dropped, they are counted apart."""
    if file.exists() and not file.is_file():
        fail(f"{file} is not a file: suppressions are kept in a file")
    if lift:
        if not file.exists():
            fail(f"{file}: there is no such file")
        before = len(Workbench.read_suppressions(file))
        left = Workbench.lift_suppressions(file, findings)
        echo_err(f"{before - len(left):,} taken out, {len(left):,} left in {file}")
        return
    if until is None:
        fail("a suppression needs a last day: --until YYYY-MM-DD")
    kept = Workbench.suppress(file, findings, owner, reason, until.date())
    echo_err(f"{len(findings):,} suppressed until {until:%Y-%m-%d}; {file} holds {len(kept):,}")
