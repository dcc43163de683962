"""``iamdesk what-if``: the access changes that changes of policies would cause, and the AWS CLI commands for them."""

from pathlib import Path
from typing import Annotated

import typer

from iamdesk.api import Workbench
from iamdesk.cli import options
from iamdesk.cli.errors import fail, refuse_overwrite
from iamdesk.cli.json_input import JsonError, parse
from iamdesk.cli.output import echo, echo_err, echo_json
from iamdesk.export.diff import to_diff
from iamdesk.export.files.atomic_write import write_atomic
from iamdesk.export.text.diff import lines
from iamdesk.export.what_if import risk_lines, script, to_risk_changes
from iamdesk.whatif.edits import WhatIfError, edits_from_json


def what_if(
    snapshot: options.SnapshotPath,
    changes: Annotated[
        Path, typer.Argument(metavar="CHANGES", help="File with a JSON list of changes.", show_default=False)
    ],
    output_format: options.OutputFormat = options.Format.TEXT,
    commands: Annotated[
        Path | None,
        typer.Option(
            "--commands",
            metavar="FILE",
            help="Also write a script with the AWS CLI commands for the changes.",
            show_default=False,
        ),
    ] = None,
    access_only: Annotated[
        bool,
        typer.Option("--access-only", help="Compare access only, not attack paths and findings.", show_default=False),
    ] = False,
) -> None:
    """Show what changes would do before they are made in AWS.

    Lists the access changes for all principals, new and ended attack paths, and new and resolved findings. Each change
    is an object with `do` and `subject`, and, depending on `do`, `detail`, `document` and `statement`. The snapshot is
    not modified.
    """
    refuse_overwrite(commands, snapshot, changes)
    opened = Workbench().open_snapshot(snapshot)
    try:
        edits = edits_from_json(parse(changes.read_bytes()))
        tried = Workbench.what_if(opened, edits)
    except JsonError as error:
        fail(f"{changes.name} cannot be used: {error}")
    except WhatIfError as error:
        fail(f"{changes.name}: {error}")
    if commands is not None:
        write_atomic(commands, script(tried.commands, opened.snapshot.path.name, commands.name))
        echo_err(f"{len(tried.commands):,} commands written to {commands}")
    risks = None if access_only else Workbench.risk_changes(opened, tried)
    if output_format is options.Format.JSON:
        echo_json(to_diff(tried.comparison) | ({} if risks is None else {"Risks": to_risk_changes(risks)}))
        return
    for line in lines(tried.comparison, is_planned=True):
        echo(line)
    for line in () if risks is None else risk_lines(risks):
        echo(line)
