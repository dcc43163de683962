"""``iamdesk diff``: what changed in effective access between two snapshots."""

from pathlib import Path
from typing import Annotated

import typer

from iamdesk.api import Workbench
from iamdesk.cli import executor as work
from iamdesk.cli import options
from iamdesk.cli.output import echo, echo_err, say_json
from iamdesk.export.diff import to_diff
from iamdesk.export.text.diff import lines


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The earlier snapshot.", show_default=False)],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The later snapshot.", show_default=False)],
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """Tell who gained or lost which actions on what, and by which change.

    A policy that is written otherwise and allows the same is no change in effect. Where it cannot be proved that
    nothing changed, that is said, with the reason.
    """
    workbench = Workbench()
    before, after = workbench.open_snapshot(old), workbench.open_snapshot(new)
    with work.executor(before, after, helped=True) as executor:
        found = workbench.compare(before, after, executor=executor)
    if output_format is options.Format.JSON:
        say_json(to_diff(found))
        return
    for line in lines(found):
        echo(line)
    figures = found.figures
    echo_err(
        f"{figures.principals:,} principals and groups, {figures.compared:,} with other inputs than before in "
        f"{figures.groups:,} groups, {figures.questions:,} questions under both snapshots"
    )
