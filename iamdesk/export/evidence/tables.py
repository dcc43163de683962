"""Of each table of a package: what it lists, with which parameters, by which versions, how many rows.

The tables themselves are CSV without a preamble, so that any reader understands them; this is beside them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.manifest import TABLES, hash_of
from iamdesk.export.evidence.workbook import Headings, PageRow
from iamdesk.review.journal import canonical

FORMAT = "iamdesk-tables/1"
_QUERIES = {
    "02_population.csv": "every principal of the snapshot, in scope, or out of scope with the reason",
    "03_entitlements.csv": "every entitlement in scope, with its effect and the current decision",
    "04_findings.csv": "every finding of all checks in scope, with the current decision",
    "05_exceptions.csv": "every entitlement and finding whose decision is except, also expired ones",
    "06_changes.csv": "every item that is asked again, and each earlier revoke and fix with the result of its test",
    "07_remediation.csv": "every item to revoke, modify or fix, and earlier ones that were tested on this snapshot",
    "11_people.csv": "every person of the list with access, and every user that no person of the list is for",
    "tickets.csv": "every item to revoke, modify or fix, as ticket systems import it",
}


@dataclass(frozen=True, slots=True)
class TableFacts:
    """One table as it was written."""

    file: str
    sheet: str
    """In the workbook; empty if it is not there."""
    rows: int
    columns: tuple[str, ...]


def _parameters(source: EvidenceContext) -> dict[str, Any]:
    head, people = source.review.head, source.people
    names = ("period_start", "period_end", "standards", "scope", "previous_review")
    found: dict[str, Any] = {name: head.details[name] for name in names if head.details.get(name)}
    found["accounts"] = list(source.accounts)
    found["excluded"] = [f"{one.part}:{one.name}={one.reason}" for one in source.left_out]
    if people is not None:
        found["people"] = {"file": people.file, "sha256": people.sha256, "joins": list(people.joins)}
    return found


def tables_value(folder: Path, source: EvidenceContext, facts: Sequence[TableFacts]) -> dict[str, Any]:
    """Return the JSON object about the tables in a folder."""
    return {
        "format": FORMAT,
        "generated_utc": source.generated_utc,
        "tool": {
            "name": "iamdesk",
            "version": source.tool_version,
            "action_data_version": source.action_data_version,
        },
        "review_id": source.review.head.review_id,
        "review_status": source.completion.status,
        "snapshot_sha256": source.review.head.snapshot_sha256,
        "journal_sha256": source.review.journal_sha256,
        "parameters": _parameters(source),
        "tables": [
            {
                "file": one.file,
                "sheet": one.sheet or None,
                "query": _QUERIES[one.file],
                "rows": one.rows,
                "columns": list(one.columns),
                "sha256": hash_of(folder, folder / one.file).sha256,
            }
            for one in facts
        ],
    }


def tables_page(source: EvidenceContext, facts: Sequence[TableFacts]) -> list[PageRow]:
    """Return the sheet about the tables of a workbook."""
    parameters = json.dumps(_parameters(source), ensure_ascii=False, sort_keys=True)
    return [
        ("Tables",),
        ("Review", source.review.head.review_id),
        ("Status", source.completion.status),
        ("Snapshot SHA-256", source.review.head.snapshot_sha256),
        ("Journal SHA-256", source.review.journal_sha256),
        ("Generated", source.generated_utc),
        ("iamdesk, action data", f"{source.tool_version}, {source.action_data_version}"),
        ("Parameters", parameters),
        Headings(("File", "Lists", "Sheet", "Rows", "Columns")),
        *((one.file, _QUERIES[one.file], one.sheet, f"{one.rows}", f"{len(one.columns)}") for one in facts),
    ]


def about_table(folder: Path, file: str) -> bytes:
    """Return what a package says about one of its tables, as the bytes of a JSON file."""
    value: dict[str, Any] = json.loads((folder / TABLES).read_bytes())
    value["tables"] = [one for one in value["tables"] if one["file"] == file]
    return canonical(value)
