"""Findings as OCSF 1.8.0, one JSON object per line, for data lakes and SIEMs.

- A finding whose evidence contains evaluated requests or statements is an IAM Analysis Finding (2008), with the
  policies, what they grant, and the condition keys that it depends on.
- A finding from captured facts only, such as the credential report, is a Compliance Finding (2003).
- A suppressed finding has status 3. An inconclusive one has compliance status 0; see ``status_detail``.

Source: the Open Cybersecurity Schema Framework, schema 1.8.0 (schema.ocsf.io).
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from iamdesk.checks import registry
from iamdesk.checks.finding import Finding, Severity, State
from iamdesk.escaping import visible_json
from iamdesk.explain.decision import StatementExplanation
from iamdesk.export.findings.columns import place_of, statements_of
from iamdesk.export.findings.report import Report, ReportFormat

VERSION = "1.8.0"
_SEVERITIES = {
    Severity.INFO: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_FINDINGS = 2
_COMPLIANCE, _ANALYSIS = 2003, 2008
_CLASSES = {_COMPLIANCE: "Compliance Finding", _ANALYSIS: "IAM Analysis Finding"}
_CREATE = 1
_NEW, _SUPPRESSED = (1, "New"), (3, "Suppressed")
_RULE = 1
_AWS_ACCOUNT = 10
_UNKNOWN, _FAIL = (0, "Unknown"), (3, "Fail")


def render(report: Report) -> bytes:
    """Return the report as lines of JSON in UTF-8 without a byte order mark."""
    return b"".join(pieces(report))


def pieces(report: Report) -> Iterator[bytes]:
    """Yield what `render` returns line by line."""
    for finding in (*report.findings, *report.suppressed):
        yield (visible_json(json.dumps(event(report, finding), ensure_ascii=False)) + "\n").encode()


REPORT_FORMAT = ReportFormat("ocsf", "OCSF events", ".jsonl", render)


def event(report: Report, finding: Finding) -> dict[str, Any]:
    """Return a finding as an OCSF event."""
    statements = statements_of(finding)
    is_analysis = bool(statements) or any(piece.decision is not None for piece in finding.evidence)
    class_uid = _ANALYSIS if is_analysis else _COMPLIANCE
    severity_id, severity = _SEVERITIES[finding.severity]
    status_id, status = _SUPPRESSED if finding.suppression is not None else _NEW
    found: dict[str, Any] = {
        "activity_id": _CREATE,
        "activity_name": "Create",
        "category_uid": _FINDINGS,
        "category_name": "Findings",
        "class_uid": class_uid,
        "class_name": _CLASSES[class_uid],
        "type_uid": class_uid * 100 + _CREATE,
        "type_name": f"{_CLASSES[class_uid]}: Create",
        "time": _milliseconds(report.generated_at),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "status_detail": finding.state.value,
        "message": finding.sentence,
        "metadata": {
            "version": VERSION,
            "product": {"name": "iamdesk", "version": report.tool_version, "vendor_name": "iamdesk"},
            "uid": finding.fingerprint,
            "original_time": report.generated_utc,
            **({"labels": [f"review_status: {report.review_status}"]} if report.review_status else {}),
        },
        "finding_info": _finding_info(finding),
        "resources": [
            {
                "uid": finding.subject_key,
                "name": finding.subject_name,
                "type": finding.subject_kind,
                "owner": {"account": {"uid": finding.account, "type_id": _AWS_ACCOUNT, "type": "AWS Account"}},
            }
        ],
        "remediation": {"desc": finding.remediation},
        "unmapped": {
            "snapshot": report.snapshot_name,
            "snapshot_sha256": report.snapshot_sha256,
            **({"settings_sha256": report.settings_sha256} if report.settings_sha256 else {}),
            "proof": [piece.text for piece in finding.evidence],
            **({"command": finding.remediation_command} if finding.remediation_command else {}),
        },
    }
    if finding.suppression is not None:
        found["unmapped"]["suppression"] = {
            "owner": finding.suppression.owner,
            "reason": finding.suppression.reason,
            **({} if finding.suppression.is_for_good else {"expires": finding.suppression.expires.isoformat()}),
        }
    if is_analysis:
        found["permission_analysis_results"] = _permissions(finding, statements)
        if finding.subject_kind == "user":
            account = {"uid": finding.account}
            found["user"] = {"name": finding.subject_name, "uid": finding.subject_key, "account": account}
    else:
        found["compliance"] = _compliance(finding)
    return found


def _finding_info(finding: Finding) -> dict[str, Any]:
    check = registry.check(finding.check_id)
    analytic: dict[str, Any] = {"uid": finding.check_id, "name": finding.title, "type_id": _RULE, "type": "Rule"}
    if check is not None:
        analytic["desc"] = check.question
    return {
        "uid": finding.fingerprint,
        "title": finding.title,
        "desc": finding.sentence,
        "types": [finding.check_id.partition("-")[0]],
        "analytic": analytic,
    }


def _permissions(finding: Finding, statements: tuple[StatementExplanation, ...]) -> list[dict[str, Any]]:
    """Return a result for each statement: its policy, the privileges it grants, unknown condition keys."""
    privileges: dict[tuple[str, int], dict[str, None]] = {}
    keys: dict[str, None] = {}
    for piece in finding.evidence:
        if piece.decision is not None:
            keys |= dict.fromkeys(piece.decision.missing_context_values)
            for line in piece.decision.matched_statements:
                if line.effect == "Allow":
                    privileges.setdefault((line.policy_key, line.index), {})[piece.decision.request.action] = None
    conditions = [{"name": key, "value": "unknown"} for key in keys]
    results = []
    for line in statements:
        result: dict[str, Any] = {
            "policy": {
                "uid": line.policy_key,
                "name": line.policy_name,
                "type": line.source_policy_type.value,
                "desc": f"{line.effect}: {place_of(line)}",
                "is_applied": True,
            }
        }
        granted = privileges.get((line.policy_key, line.index))
        if granted:
            result["granted_privileges"] = list(granted)
        if conditions:
            result["condition_keys"] = conditions
        results.append(result)
    if not results:  # requests were evaluated, but no statement matches
        actions = {piece.decision.request.action for piece in finding.evidence if piece.decision is not None}
        results.append({"analyzed_privileges_count": len(actions)})
    return results


def _compliance(finding: Finding) -> dict[str, Any]:
    check = registry.check(finding.check_id)
    status_id, status = _UNKNOWN if finding.state is State.INCONCLUSIVE else _FAIL
    compliance: dict[str, Any] = {"control": finding.check_id, "status_id": status_id, "status": status}
    if check is not None:
        compliance["desc"] = check.question
        if check.standards:
            compliance["standards"] = list(check.standards)
    return compliance


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000
