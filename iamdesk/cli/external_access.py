"""``iamdesk external-access``: who from outside can use which role or resource, and what they can do there."""

from iamdesk.api import Workbench
from iamdesk.cli import executor, options
from iamdesk.cli.output import echo, echo_err, echo_json


def external_access(
    snapshot: options.SnapshotPath,
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """List external access: who from outside can use which role or resource, under which condition, and how.

    Lists accounts and principals outside the snapshot, identity providers and anyone, with the number of steps in which
    a role becomes administrator and its last use. AWS services are not listed.
    """
    opened = Workbench().open_snapshot(snapshot)
    entries = list(opened.external_access())
    with executor.executor(opened, helped=True) as helpers:
        reach = opened.reach(executor=helpers) if any(entry.is_role for entry in entries) else None
    becomes = [opened.administrator_of_entry(entry, reach) if reach is not None else ("", None) for entry in entries]
    if output_format is options.Format.JSON:
        echo_json(
            [
                {
                    "Who": entry.who,
                    "Kind": entry.who_kind,
                    "Target": entry.target,
                    "Part": entry.part or None,
                    "Action": entry.action or None,
                    "Decision": entry.decision.value,
                    "Condition": entry.condition or None,
                    "CanDo": entry.can_do,
                    "StepsToAdministration": steps,
                    "Administrator": text or None,
                    "LastUsed": entry.last_used or None,
                }
                for entry, (text, steps) in zip(entries, becomes, strict=True)
            ]
        )
        return
    for entry, (text, _) in zip(entries, becomes, strict=True):
        echo(f"{entry.who}  {entry.who_kind}")
        echo(f"  can use {entry.target}" + (f" by {entry.action}" if entry.action and entry.is_role else ""))
        if entry.part:
            echo(f"  only {entry.part}")
        echo(f"  condition: {entry.condition or 'none'}")
        echo(f"  can do: {entry.can_do}")
        if text:
            echo(f"  administrator: {text}")
        if entry.last_used:
            echo(f"  last used: {entry.last_used}")
    echo_err("1 external caller" if len(entries) == 1 else f"{len(entries):,} external callers")
