"""``iamdesk what-can``: the effective permissions of one principal or group."""

import shlex
from collections.abc import Iterator
from typing import Annotated

import typer

from iamdesk.access.effective_permissions import AccessExtent, EffectiveAccess
from iamdesk.cli import executor, options
from iamdesk.cli.output import echo, echo_bytes, echo_err, echo_json
from iamdesk.export.access.what_can import actions_to_csv, to_effective_access
from iamdesk.export.findings.csv_table import TableAbout
from iamdesk.export.text.access import REACH_WORDS, runs_with_text

_LISTED = frozenset(AccessExtent) - {AccessExtent.NONE}


def what_can(
    snapshot: options.SnapshotPath,
    principal: Annotated[str, typer.Option(metavar="ARN", help="User, role, root user or group.", show_default=False)],
    service: Annotated[
        str | None,
        typer.Option(
            metavar="SERVICE", help="Only this service, for example s3, action by action.", show_default=False
        ),
    ] = None,
    resource: Annotated[
        str | None, typer.Option(metavar="ARN", help="Only actions on this resource.", show_default=False)
    ] = None,
    output_format: options.OutputTable = options.TableFormat.TEXT,
) -> None:
    """List the effective permissions of a principal or group.

    Actions are counted by service and access level. "allowed" means on all resources except those that a policy names;
    "on some resources" means on resources that a policy names.
    """
    with executor.open_to_evaluate(snapshot) as opened:
        access = opened.what_can(principal=principal, service=service, resource=resource)
        runs_with = opened.runs_with(principal)
    if output_format is options.TableFormat.JSON:
        echo_json(to_effective_access(access, runs_with))
        return
    if output_format is options.TableFormat.CSV:
        words = ["iamdesk", "what-can", snapshot.name, "--principal", principal]
        words += ["--service", service] if service else []
        words += ["--resource", resource] if resource else []
        about = TableAbout(shlex.join([*words, "--format", "csv"]), opened.sha256)
        echo_bytes(actions_to_csv(access, snapshot.name, about=about))
        return
    if runs_with:
        echo("Runs with")
        for line in runs_with_text(runs_with):
            echo(f"  {line}")
    for line in _lines(access, by_action=service is not None or resource is not None):
        echo(line)
    count = len(access.services)
    echo_err("1 service" if count == 1 else f"{count:,} services")


def _lines(access: EffectiveAccess, by_action: bool) -> Iterator[str]:
    for found in access.services:
        yield found.service
        if found.is_empty:
            yield "  nothing"
        for level, counts in found.counts().items():
            texts = [f"{count:,} {REACH_WORDS[reach]}" for reach, count in counts.items() if count and reach in _LISTED]
            if texts:
                whole = sum(counts.values())
                yield f"  {level:<24}{whole:>4,} {'action' if whole == 1 else 'actions'}: {', '.join(texts)}"
            for action in access.actions(found.service, level) if by_action else ():
                if action.reach in _LISTED:
                    yield f"    {action.name:<44}{REACH_WORDS[action.reach]}"
