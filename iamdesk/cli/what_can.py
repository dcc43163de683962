"""``iamdesk what-can``: the effective permissions of one principal or group."""

from collections.abc import Iterator
from typing import Annotated

import typer

from iamdesk.access.effective_permissions import AccessExtent, EffectiveAccess
from iamdesk.cli import executor, options
from iamdesk.cli.output import echo, echo_err, say_bytes, say_json
from iamdesk.export.access.effective_access import to_effective_access
from iamdesk.export.access.what_can import actions_to_csv
from iamdesk.export.text.access import REACH_WORDS

_TOLD = frozenset(AccessExtent) - {AccessExtent.NONE}


def what_can(
    snapshot: options.SnapshotPath,
    principal: Annotated[
        str, typer.Option(metavar="ARN", help="A user, role, root user or group.", show_default=False)
    ],
    service: Annotated[
        str | None, typer.Option(metavar="SERVICE", help="Only this service, action by action: s3.", show_default=False)
    ] = None,
    resource: Annotated[
        str | None, typer.Option(metavar="ARN", help="Only what may be done on this resource.", show_default=False)
    ] = None,
    output_format: options.OutputTable = options.TableFormat.TEXT,
) -> None:
    """Tell what a principal may do, by service.

    "Allowed" means on every resource that no policy names; "on some resources", on those that a policy names.
    """
    with executor.open_to_evaluate(snapshot) as opened:
        access = opened.what_can(principal=principal, service=service, resource=resource)
    if output_format is options.TableFormat.JSON:
        say_json(to_effective_access(access))
        return
    if output_format is options.TableFormat.CSV:
        say_bytes(actions_to_csv(access, snapshot.name))
        return
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
            told = [f"{count:,} {REACH_WORDS[reach]}" for reach, count in counts.items() if count and reach in _TOLD]
            if told:
                yield f"  {level:<24}of {sum(counts.values()):,}: {', '.join(told)}"
            for action in access.actions(found.service, level) if by_action else ():
                if action.reach in _TOLD:
                    yield f"    {action.name:<44}{REACH_WORDS[action.reach]}"
