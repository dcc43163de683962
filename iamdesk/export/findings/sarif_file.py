"""Findings as SARIF 2.1.0, for code scanning: one run, one rule per check, one result per finding.

- An inconclusive finding has kind ``open`` and level ``none``: neither a failure nor a pass.
- The fingerprint is ``partialFingerprints["iamdesk/v1"]``; a suppression is ``external`` and ``accepted``.
- Subjects are logical locations by ARN. Physical locations are files of the snapshot without a region, because policies
  are shown in another layout than they are stored.
- Attack paths are code flows.
- At most 25,000 results, the worst first: code scanning rejects more. The number left out is stated.
- Brackets and braces in names are escaped, because they have a meaning in message texts.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from iamdesk.checks.check import Check
from iamdesk.checks.finding import Evidence, Finding, Severity, State
from iamdesk.escaping import visible
from iamdesk.export.files.json_bytes import MadeList, json_pieces
from iamdesk.export.findings.columns import place_of, statements_of
from iamdesk.export.findings.report import Report, ReportFormat

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "iamdesk/v1"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_RANKS = {
    Severity.CRITICAL: 100.0,
    Severity.HIGH: 80.0,
    Severity.MEDIUM: 50.0,
    Severity.LOW: 20.0,
    Severity.INFO: 5.0,
}
_SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}
"""Sort key of code scanning, in the range of CVSS scores."""
_SEVERITIES = list(Severity)
_ATTACK_PATHS = "CHN-"
MAX_RESULTS = 25_000
"""Results of a run that GitHub accepts (GitHub Docs, "SARIF support for code scanning": limits)."""


def render(report: Report) -> bytes:
    """Return the report as SARIF in UTF-8 without a byte order mark."""
    return b"".join(pieces(report))


def pieces(report: Report) -> Iterator[bytes]:
    """Yield what `render` returns in pieces: a report of tens of thousands of findings has tens of megabytes."""
    return json_pieces(as_object(report), indent=2)


REPORT_FORMAT = ReportFormat("sarif", "SARIF log", ".sarif", render)


def message_text(text: str) -> str:
    """Return a text escaped for a SARIF message: nothing in it is read as a link or a placeholder."""
    escaped = visible(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return escaped.replace("{", "{{").replace("}", "}}")


def as_object(report: Report) -> dict[str, Any]:
    """Return the report as a SARIF log."""
    rules = {check.id: number for number, check in enumerate(report.checks)}
    everything = (*report.findings, *report.suppressed)
    left_out = max(0, len(everything) - MAX_RESULTS)
    if left_out:
        everything = tuple(sorted(everything, key=_worst_first)[:MAX_RESULTS])
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "iamdesk",
                        "version": report.tool_version,
                        "rules": [_rule(check) for check in report.checks],
                        "properties": {"actionDataVersion": report.action_data_version},
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "endTimeUtc": report.generated_utc,
                        **({"toolExecutionNotifications": [_left_out(left_out)]} if left_out else {}),
                    }
                ],
                "automationDetails": {"id": f"iamdesk/{report.snapshot_sha256}"},
                "columnKind": "unicodeCodePoints",
                "artifacts": [
                    {
                        "location": {"uri": _uri(file.path.name)},
                        "length": file.size,
                        "hashes": {"sha-256": file.sha256},
                    }
                    for file in report.snapshot_files
                ],
                "results": MadeList(everything, lambda finding: _result(report, finding, rules)),
                "properties": {
                    "snapshot": visible(report.snapshot_name),
                    "snapshotSha256": report.snapshot_sha256,
                    **({"settingsSha256": report.settings_sha256} if report.settings_sha256 else {}),
                    "findings": len(report.findings),
                    "suppressed": len(report.suppressed),
                    **({"leftOut": left_out} if left_out else {}),
                    **({"reviewStatus": report.review_status} if report.review_status else {}),
                },
            }
        ],
    }


def _worst_first(finding: Finding) -> tuple[bool, int, bool]:
    unsure = finding.state is State.INCONCLUSIVE
    return finding.suppression is not None, _SEVERITIES.index(finding.severity), unsure


def _left_out(count: int) -> dict[str, Any]:
    text = f"{count:,} results are left out: a run has at most {MAX_RESULTS:,}. The least severe are missing."
    return {"level": "warning", "message": {"text": text}}


def _rule(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": "".join(word.capitalize() for word in check.title.replace("-", " ").split() if word.isalnum()),
        "shortDescription": {"text": message_text(check.title)},
        "fullDescription": {"text": message_text(check.question)},
        "help": {"text": message_text(check.remediation)},
        "defaultConfiguration": {"level": _LEVELS[check.severity], "rank": _RANKS[check.severity]},
        "properties": {
            "tags": ["security", *check.standards],
            "security-severity": _SECURITY_SEVERITY[check.severity],
        },
    }


def _result(report: Report, finding: Finding, rules: dict[str, int]) -> dict[str, Any]:
    is_inconclusive = finding.state is State.INCONCLUSIVE
    result: dict[str, Any] = {
        "ruleId": finding.check_id,
        **({"ruleIndex": rules[finding.check_id]} if finding.check_id in rules else {}),
        "kind": "open" if is_inconclusive else "fail",
        "level": "none" if is_inconclusive else _LEVELS[finding.severity],
        "rank": _RANKS[finding.severity],
        "message": {"text": message_text(f"{finding.title}. {finding.sentence}")},
        "locations": [_location(report, finding)],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        "properties": {
            "severity": finding.severity.value,
            "security-severity": _SECURITY_SEVERITY[finding.severity],
            "state": finding.state.value,
            "account": visible(finding.account),
            "subjectKind": finding.subject_kind,
            "proof": [visible(piece.text) for piece in finding.evidence],
            "remedy": visible(finding.remediation),
            **({"command": finding.remediation_command} if finding.remediation_command else {}),
        },
    }
    related = [
        {
            "id": number,
            "message": {"text": message_text(f"{one.effect}: {place_of(one)}. {one.sentence}")},
            "logicalLocations": [_logical(one.policy_name, one.policy_key)],
        }
        for number, one in enumerate(statements_of(finding), start=1)
    ]
    if related:
        result["relatedLocations"] = related
    if finding.check_id.startswith(_ATTACK_PATHS) and len(finding.evidence) > 1:
        steps = [{"location": _step(finding, piece)} for piece in finding.evidence]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    if finding.suppression is not None:
        until = f"{finding.suppression.holds}, {finding.suppression.owner}"
        justification = visible(f"{finding.suppression.reason} ({until})")
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": justification}]
    return result


def _location(report: Report, finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {"logicalLocations": [_logical(finding.subject_name, finding.subject_key)]}
    if report.snapshot_files:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(report.snapshot_files[0].path.name), "index": 0}
        }
    return location


def _logical(name: str, key: str) -> dict[str, Any]:
    return {"name": visible(name), "fullyQualifiedName": visible(key), "kind": "resource"}


def _step(finding: Finding, piece: Evidence) -> dict[str, Any]:
    principal = piece.decision.request.principal if piece.decision is not None else finding.subject_key
    return {
        "message": {"text": message_text(piece.text)},
        "logicalLocations": [_logical(principal.rpartition("/")[2], principal)],
    }


def _uri(name: str) -> str:
    """Return a file name as a relative URI reference; characters that UTF-8 cannot encode become question marks."""
    return quote(name.encode("utf-8", "replace"), safe="")
