"""``iamdesk validate``: list the problems of a snapshot, and its contents."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.cli import options
from iamdesk.cli.output import echo, echo_json
from iamdesk.i18n import nphrase


def validate(snapshot: options.SnapshotPath, output_format: options.OutputFormat = options.Format.TEXT) -> None:
    """List the problems and the contents of a snapshot.

    Problems are malformed entries, invalid policy documents, missing data, and control totals that differ.
    """
    opened = Workbench().open_snapshot(snapshot)
    if output_format is options.Format.JSON:
        echo_json(_as_object(opened))
    else:
        for line in _lines(opened):
            echo(line)


def _as_object(opened: SnapshotSession) -> dict[str, Any]:
    snapshot = opened.snapshot
    return {
        "snapshot": snapshot.path.name,
        "sha256": snapshot.sha256,
        "accounts": [
            {
                "account_id": account.account_id,
                "users": len(account.users),
                "groups": len(account.groups),
                "roles": len(account.roles),
                "policies": len(account.policies),
                "broken": len(account.broken),
            }
            for account in snapshot.accounts
        ],
        "broken_entries": [
            {
                "account_id": account.account_id,
                "list": entry.list_name,
                "name": entry.name,
                "arn": entry.arn,
                "problems": [problem.model_dump() for problem in entry.problems],
            }
            for account in snapshot.accounts
            for entry in account.broken
        ],
        "problems": [problem.model_dump() for problem in snapshot.problems],
        "documents": [asdict(problem) for problem in opened.document_problems()],
        "gaps": [asdict(missing) for missing in opened.missing_data()],
        "captured": [asdict(kind) for kind in opened.captured_data()],
        "control_totals": [{**asdict(total), "agrees": total.agrees} for total in opened.control_totals()],
    }


def _lines(opened: SnapshotSession) -> Iterator[str]:
    snapshot = opened.snapshot
    for account in snapshot.accounts:
        counts = (
            nphrase("{count:,} user", "{count:,} users", len(account.users)),
            nphrase("{count:,} group", "{count:,} groups", len(account.groups)),
            nphrase("{count:,} role", "{count:,} roles", len(account.roles)),
            nphrase("{count:,} policy", "{count:,} policies", len(account.policies)),
        )
        yield f"{snapshot.path.name}: account {account.account_id}, {', '.join(counts)}"
    sections = {
        "Malformed entries": [
            f"{entry.list_name}: {entry.name}: {problem.json_path}: {problem.message}"
            for account in snapshot.accounts
            for entry in account.broken
            for problem in entry.problems
        ],
        "Problems": [str(problem) for problem in snapshot.problems],
        "Invalid policy documents": [
            f"{problem.policy_name}: {problem.path} (line {problem.line}, column {problem.column}): {problem.message}"
            for problem in opened.document_problems()
        ],
        "Missing data": [missing.message for missing in opened.missing_data()],
        "Control totals that differ": [
            f"account {total.account_id}: {total.sentence}" for total in opened.control_totals() if not total.agrees
        ],
    }
    for title, lines in sections.items():
        if lines:
            yield ""
            yield f"{title}: {len(lines):,}"
            for line in lines:
                yield f"  {line}"
    if not any(sections.values()):
        yield "No problems found."
    yield ""
    yield "Contents"
    for kind in opened.captured_data():
        yield f"  {kind.title}: {kind.extent}{f' ({kind.detail})' if kind.detail else ''}"
        if kind.command:
            yield f"    {kind.means} Captured by `{kind.command}`."
        for line in kind.missing_data:
            yield f"    {line}"
