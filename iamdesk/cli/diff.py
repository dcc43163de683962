"""``iamdesk diff``: changes of effective access between two snapshots."""

from pathlib import Path
from typing import Annotated

import typer

from iamdesk.api import Workbench
from iamdesk.cli import executor as work
from iamdesk.cli import options
from iamdesk.cli.output import echo, echo_err, echo_json
from iamdesk.diff.result import Comparison
from iamdesk.export.diff import to_diff
from iamdesk.export.text.diff import lines
from iamdesk.memory import collector_seldom


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The earlier snapshot.", show_default=False)],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The later snapshot.", show_default=False)],
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """Show the access changes between two snapshots.

    Lists who gained or lost which actions, on which resources, and which policy changes are the cause. A policy that
    was reworded and allows the same is not an access change. If it cannot be proved that access is unchanged, the
    result is inconclusive, with the reason.
    """
    workbench = Workbench()
    before, after = workbench.open_snapshot(old), workbench.open_snapshot(new)
    work.keep_to_the_end(before, after)
    with collector_seldom():
        with work.executor(before, after, helped=True) as executor:
            found = workbench.compare(before, after, executor=executor)
        _print(found, output_format)


def _print(found: Comparison, output_format: options.Format) -> None:
    if output_format is options.Format.JSON:
        echo_json(to_diff(found))
        return
    for line in lines(found):
        echo(line)
    figures = found.figures
    echo_err(
        f"{figures.principals:,} principals and groups, {figures.compared:,} of them with changed policies in "
        f"{figures.groups:,} distinct sets, {figures.requests:,} requests evaluated in both snapshots"
    )
