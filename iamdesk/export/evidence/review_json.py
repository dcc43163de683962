"""``review.json``: a review as one canonical JSON object (RFC 8785), written in pieces."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from iamdesk.export.evidence.columns import DecidedFinding, DecidedLine, LineChange
from iamdesk.export.evidence.context import EvidenceContext, file_name
from iamdesk.export.evidence.control_totals import Total
from iamdesk.export.evidence.schema import FORMAT
from iamdesk.review.journal import as_json, canonical
from iamdesk.review.state import Decided

ENTITLEMENT_DEFINITION = (
    "group membership, attached managed policy, inline policy, permissions boundary, console password, access of the "
    "root user, trust policy, active access key, grant by a resource policy, assignment of a permission set"
)


def head_values(source: EvidenceContext, found: Sequence[Total]) -> dict[str, Any]:
    """Return all members except the lists."""
    head, counts = source.review.head, source.counts
    population = source.review.population()
    snapshot = source.snapshot
    return {
        "format": FORMAT,
        "generated_utc": source.generated_utc,
        "tool": {
            "name": "iamdesk",
            "version": source.tool_version,
            "action_data_version": source.action_data_version,
            "build": source.build,
        },
        "review": {
            "id": head.review_id,
            "title": head.title,
            "snapshot_name": head.snapshot_name,
            "opened_utc": head.created.isoformat(),
            "state": "open" if counts.undecided or counts.findings_undecided else "decided",
            "completion": source.completion.as_json(),
            "details": dict(head.details),
            "previous_manifest_sha256": head.previous_sha256 or None,
        },
        "sources": [
            {"file": file_name(snapshot, file.path), "sha256": file.sha256, "bytes": file.size}
            for file in snapshot.files
        ]
        if snapshot is not None
        else [],
        "scope": {
            "accounts": list(source.accounts),
            "principal_classes": dict(sorted(Counter(member.kind for member in population).items())),
            "entitlement_definition": ENTITLEMENT_DEFINITION,
            "left_out": [asdict(one) for one in source.left_out],
            "exclusions": dict(sorted(Counter(one.out_reason for one in population if not one.in_scope).items())),
        },
        "completeness": {
            "totals": [one.as_json() for one in found],
            "gaps": [
                {"code": missing["check_id"], "affects": missing["subject_arn"], "sentence": missing["finding"]}
                for missing in source.missing_data
            ],
            "counts": counts.as_json(),
        },
        "integrity": {
            "canonicalization": "RFC8785",
            "algorithm": "sha256",
            "journal_sha256": source.review.journal_sha256,
            "journal_entries": sum(1 for _ in source.review.journal()),
            "snapshot_sha256": head.snapshot_sha256,
        },
    }


def line_value(row: DecidedLine) -> dict[str, Any]:
    """Return an item of ``entitlements``."""
    return {
        "line_id": row.line_id,
        "line_sha256": row.sha256,
        "line": row.line.as_json(),
        "decision": as_json(row.decision),
        "decided": _decided(row.decided),
    }


def finding_value(row: DecidedFinding) -> dict[str, Any]:
    """Return an item of ``findings``."""
    return {
        "finding_id": row.finding_id,
        "finding_sha256": row.sha256,
        "finding": dict(row.finding),
        "decision": as_json(row.decision),
        "decided": _decided(row.decided),
    }


def _decided(decided: Decided | None) -> dict[str, str] | None:
    return None if decided is None else asdict(decided)


def write_review_json(
    path: Path,
    source: EvidenceContext,
    found: Sequence[Total],
    rows: Iterable[DecidedLine],
    findings: Iterable[DecidedFinding],
    changes: Sequence[LineChange] = (),
) -> None:
    """Write the file; first ``rows``, then ``findings`` are consumed one by one."""
    values: dict[str, Any] = head_values(source, found)
    lists: dict[str, Callable[[], Iterator[Mapping[str, Any]]]] = {
        "entitlements": lambda: (line_value(row) for row in rows),
        "findings": lambda: (finding_value(row) for row in findings),
        "population": lambda: (
            {
                "arn": one.arn,
                "account_id": one.account_id,
                "type": one.kind,
                "in_scope": one.in_scope,
                "out_reason": one.out_reason,
            }
            for one in source.review.population()
        ),
        "changes": lambda: (
            {
                "line_key": one.line_key,
                "change": one.change,
                "before": one.before,
                "after": one.after,
                "cause": one.cause,
            }
            for one in changes
        ),
    }
    with path.open("wb") as file:
        _object(file, values, lists)


def _object(
    file: BinaryIO, values: Mapping[str, Any], lists: Mapping[str, Callable[[], Iterator[Mapping[str, Any]]]]
) -> None:
    file.write(b"{")
    for at, name in enumerate(sorted((*values, *lists))):  # canonical JSON: members sorted by name
        if at:
            file.write(b",")
        file.write(canonical(name) + b":")
        if name in values:
            file.write(canonical(values[name]))
            continue
        file.write(b"[")
        for number, item in enumerate(lists[name]()):
            file.write((b"," if number else b"") + canonical(item))
        file.write(b"]")
    file.write(b"}")
