"""Findings as JSON: all data, for scripts and for archiving.

The format is stable: ``format`` has its version, which changes if a meaning changes; members may be added::

    {
      "format": "iamdesk-findings/1",
      "generated_utc": "2026-10-27T09:30:00Z",
      "tool": {"name": "iamdesk", "version": str, "action_data_version": str},
      "snapshot": {
        "name": str, "sha256": str, "latest_utc": str or null, "problems": int,
        "files": [{"name": str, "bytes": int, "sha256": str}],
        "accounts": [{"account_id", "alias" (or null), "users", "groups", "roles", "policies", "broken"}]
      },
      "settings_sha256": str or null,              of the file with the settings of the checks
      "counts": {"total": int, "by_severity": {severity: int, …}, "by_state": {state: int, …}, "suppressed": int},
      "checks": [{"check_id", "title", "severity", "question", "refs": [str], "findings": int}],
      "controls": [control],                       only with ``--by control``
      "causes": [cause],                           only with ``--by cause``: by severity, then by effect
      "findings": [{
        (each column of `columns.COLUMNS` by its name: text, or a list of texts)
        "api_calls": [str],                        of each step of an attack path: actions and target
        "evidence": [{
          "text": str,
          "policy_key": str or null,
          "statement": statement or null,
          "question": null or {
            "principal", "action", "resource", "context": {key: text or [text] or null}, "unknown_context",
            "decision": one of allowed, explicitDeny, implicitDeny, conditional, "sentence",
            "missing_context_values": [key], "conditions": [{key: text or [text] or null}], "blocked_by": [layer],
            "assumptions": [{"code", "message"}], "statements": [statement]
          }
        }]
      }],
      "suppressed": [finding with owner, reason and last day; not in "findings", nor in the counts above]
    }

    control: {"standard", "control", "status": one of passed, failed, cannot tell, "checks": [str],
              "population": {kind: int}, "findings": int, "cannot_tell": int, "exceptions": int (suppressed findings),
              "checks_skipped": [str], "snapshot_incomplete": [check], "source", "basis": published or ours}
    cause: {"cause_id", "kind": one of statement, trust, setting, missing data, created by AWS, further statements,
            "title", "label", "severity", "state", "effect", "external_access": int, "administrators": int,
            "subjects": int, "accounts": int, "checks": [str], "remediation",
            "findings": [{"finding_id", "check_id", "severity", "subject_arn", "repeats": finding_id or null}],
            "ticket": {"key", "status", "closed": bool} only with ``--tickets``, where it has one}
                        every open finding is in one cause; one that only repeats a graver one names it
    statement: {"source_policy_id", "source_policy_type", "policy_name", "owner", "layer", "statement_index" (from 0),
                "sid" (or null), "effect", "sentence",
                "start": {"line", "column"} or null, "end": {"line", "column"} or null}   in the policy as shown, from 1

Findings are in the order of the report: completeness of the snapshot first, then by severity. Values are exact; control
and invisible characters are JSON escapes.
"""

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from iamdesk.causes.types import Cause, Control
from iamdesk.checks.finding import Evidence, Finding
from iamdesk.escaping import visible_json
from iamdesk.explain.decision import EvaluationResult, StatementExplanation
from iamdesk.export.findings.columns import api_calls_of, cells
from iamdesk.export.findings.report import Report, ReportFormat, utc_text
from iamdesk.export.findings.tracked_tickets import TrackedTicket

FORMAT = "iamdesk-findings/1"


def render(report: Report) -> bytes:
    """Return the report as JSON in UTF-8 without a byte order mark."""
    # Into one buffer: as objects, all findings take many times the memory of their text, and joined pieces twice.
    file = BytesIO()
    file.write(printed_head(report, len(report.findings), len(report.suppressed)))
    for name, findings in (("findings", report.findings), ("suppressed", report.suppressed)):
        file.write(f',\n  "{name}": ['.encode())
        for number, one in enumerate(findings):
            file.write(b"," * bool(number) + printed_finding(one))
        file.write(b"\n  ]" if findings else b"]")
    file.write(b"\n}\n")
    return file.getvalue()


REPORT_FORMAT = ReportFormat("json", "JSON", ".json", render)


def printed_head(report: Report, count: int, suppressed: int) -> bytes:
    """Return the object without findings and without its closing brace; ``count`` and ``suppressed`` count findings."""
    return _printed(_head(report, count, suppressed)).removesuffix(b"\n}")


def printed_finding(finding: Finding) -> bytes:
    """Return a finding as a member of the list."""
    return _printed_member(_finding(finding))


def printed_cause(cause: Cause, ticket: TrackedTicket | None = None) -> bytes:
    """Return a cause as a member of the list, with its ticket if there is one."""
    value: dict[str, object] = {
        "cause_id": cause.id,
        "kind": cause.kind.value,
        "title": cause.title,
        "label": cause.label,
        "severity": cause.severity.value,
        "state": cause.state.value,
        "effect": cause.effect,
        "external_access": cause.exposed,
        "administrators": cause.administrators,
        "subjects": cause.subjects,
        "accounts": cause.accounts,
        "checks": list(cause.check_ids),
        "remediation": cause.remediation,
        "findings": [
            {
                "finding_id": one.fingerprint,
                "check_id": one.check_id,
                "severity": one.severity.value,
                "subject_arn": one.subject_key,
                "repeats": one.folded_into or None,
            }
            for one in cause.findings
        ],
    }
    if ticket is not None:
        value["ticket"] = {"key": ticket.key, "status": ticket.status, "closed": ticket.is_closed}
    return _printed_member(value)


def printed_control(control: Control) -> bytes:
    """Return a control as a member of the list."""
    value = {
        "standard": control.standard,
        "control": control.id,
        "status": control.status.value,
        "checks": list(control.check_ids),
        "population": dict(control.population),
        "findings": control.failed,
        "cannot_tell": control.unknown,
        "exceptions": control.exceptions,
        "checks_skipped": list(control.skipped),
        "snapshot_incomplete": list(control.incomplete),
        "source": control.source,
        "basis": control.basis,
    }
    return _printed_member(value)


def _printed_member(value: Any) -> bytes:
    """Return a value as a member of a list in the object, with its indentation: as of a list in a list."""
    return _printed([[value]]).removeprefix(b"[\n  [").removesuffix(b"\n  ]\n]")


def _printed(value: Any) -> bytes:
    return visible_json(json.dumps(value, ensure_ascii=False, indent=2)).encode()


def _head(report: Report, count: int, suppressed: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "generated_utc": report.generated_utc,
        "tool": {
            "name": "iamdesk",
            "version": report.tool_version,
            "action_data_version": report.action_data_version,
        },
        "snapshot": {
            "name": report.snapshot_name,
            "sha256": report.snapshot_sha256,
            "latest_utc": utc_text(report.snapshot_latest) if report.snapshot_latest else None,
            "problems": report.problem_count,
            "files": [
                {"name": file.path.name, "bytes": file.size, "sha256": file.sha256} for file in report.snapshot_files
            ],
            "accounts": [
                {
                    "account_id": account.account_id,
                    "alias": account.alias,
                    "users": account.users,
                    "groups": account.groups,
                    "roles": account.roles,
                    "policies": account.policies,
                    "broken": account.broken,
                }
                for account in report.accounts
            ],
        },
        "settings_sha256": report.settings_sha256 or None,
        "counts": {
            "total": count,
            "by_severity": {severity.value: count for severity, count in report.by_severity.items()},
            "by_state": {state.value: count for state, count in report.by_state.items()},
            "suppressed": suppressed,
        },
        "checks": [
            {
                "check_id": check.id,
                "title": check.title,
                "severity": check.severity.value,
                "question": check.question,
                "refs": list(check.standards),
                "findings": report.by_check.get(check.id, 0),
            }
            for check in report.checks
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    calls = list(api_calls_of(finding))
    notes = {"notes": list(finding.notes)} if finding.notes else {}
    evidence = [_evidence(piece) for piece in finding.evidence]
    return {**_plain(cells(finding)), "api_calls": calls, "evidence": evidence, **notes}


def _plain(values: Mapping[str, str | Sequence[str] | None]) -> dict[str, Any]:
    return {key: value if value is None or isinstance(value, str) else list(value) for key, value in values.items()}


def _evidence(piece: Evidence) -> dict[str, Any]:
    return {
        "text": piece.text,
        "policy_key": piece.policy_key,
        "statement": _statement(piece.statement) if piece.statement else None,
        "question": _evaluation_of(piece.decision) if piece.decision else None,
    }


def _evaluation_of(decision: EvaluationResult) -> dict[str, Any]:
    request = decision.request
    return {
        "principal": request.principal,
        "action": request.action,
        "resource": request.resource,
        "context": _plain(request.context),
        "unknown_context": request.unknown_context.value,
        "decision": decision.decision.value,
        "sentence": decision.sentence,
        "missing_context_values": list(decision.missing_context_values),
        "conditions": [_plain(values) for values in decision.conditions],
        "blocked_by": list(decision.blocked_by),
        "assumptions": [
            {"code": assumption.code, "message": assumption.message} for assumption in decision.assumptions
        ],
        "statements": [_statement(line) for line in decision.matched_statements],
    }


def _statement(line: StatementExplanation) -> dict[str, Any]:
    span = line.span
    return {
        "source_policy_id": line.source_policy_id,
        "source_policy_type": line.source_policy_type.value,
        "policy_name": line.policy_name,
        "owner": line.owner,
        "layer": line.layer.value,
        "statement_index": line.index,
        "sid": line.sid,
        "effect": line.effect,
        "sentence": line.sentence,
        "start": {"line": span.start_line, "column": span.start_column} if span else None,
        "end": {"line": span.end_line, "column": span.end_column} if span else None,
    }
