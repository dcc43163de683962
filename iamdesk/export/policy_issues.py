"""Issues of one policy document as text, JSON or SARIF.

The JSON object: ``file``, ``type``, ``resource_type``, and ``issues``, worst first, each with ``id``, ``issue_code``
(AWS's, or null), ``finding_type``, ``title``, ``message``, ``remedy``, ``path``, and ``start`` and ``end``, objects of
``line`` and ``column`` in the file, from 1; the end is the position after the last character.
"""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from iamdesk.escaping import visible, visible_json
from iamdesk.export.findings.sarif_file import SCHEMA, message_text
from iamdesk.inventory.validation import json_path
from iamdesk.policy_validation.issue import FindingType, Issue, ValidationCheck
from iamdesk.policy_validation.policy_view import PolicyKind
from iamdesk.policy_validation.validate import validation_checks

_LEVELS = {
    FindingType.ERROR: "error",
    FindingType.SECURITY_WARNING: "error",
    FindingType.WARNING: "warning",
    FindingType.SUGGESTION: "note",
}


def as_text(issues: Sequence[Issue], name: str) -> bytes:
    """Return one line for each issue, with its remedy below, and a line with the counts."""
    lines = []
    for issue in issues:
        line, column = (issue.span.start_line, issue.span.start_column) if issue.span else (1, 1)
        lines.append(f"{name}:{line}:{column}: {issue.check.finding_type.value} {issue.check.name}: {issue.message}")
        lines.append(f"  {json_path(issue.path)}: {issue.remediation}")
    counts = Counter(issue.check.finding_type for issue in issues)
    listed = ", ".join(f"{counts[one]:,} {one.value}" for one in FindingType if counts[one])
    lines.append(listed or "No issues found.")
    return "".join(f"{visible(line)}\n" for line in lines).encode("utf-8", "backslashreplace")


def as_json(issues: Sequence[Issue], name: str, kind: PolicyKind, service: str) -> bytes:
    """Return the issues as one JSON object."""
    value = {
        "file": name,
        "type": kind.value,
        "resource_type": service or None,
        "issues": [_as_object(issue) for issue in issues],
    }
    return _printed(value)


def _as_object(issue: Issue) -> dict[str, Any]:
    span = issue.span
    return {
        "id": issue.check.id,
        "issue_code": issue.check.issue_code or None,
        "finding_type": issue.check.finding_type.value,
        "title": issue.check.title,
        "message": issue.message,
        "remedy": issue.remediation,
        "path": json_path(issue.path),
        "start": {"line": span.start_line, "column": span.start_column} if span else None,
        "end": {"line": span.end_line, "column": span.end_column} if span else None,
    }


def as_sarif(issues: Sequence[Issue], name: str, kind: PolicyKind, service: str, version: str) -> bytes:
    """Return the issues as a SARIF log, with a region for each."""
    checks = [check for check in validation_checks() if kind in check.kinds]
    places = {check.id: place for place, check in enumerate(checks)}
    run = {
        "tool": {"driver": {"name": "iamdesk", "version": version, "rules": [_rule(check) for check in checks]}},
        "automationDetails": {"id": f"iamdesk/validate-policy/{kind.value}"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(issue, name, places[issue.check.id]) for issue in issues],
        "properties": {"policyType": kind.value, **({"resourceType": service} if service else {})},
    }
    return _printed({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(check: ValidationCheck) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": "".join(word.capitalize() for word in check.title.replace("-", " ").split() if word.isalnum()),
        "shortDescription": {"text": message_text(check.title)},
        "help": {"text": message_text(check.remediation)},
        "defaultConfiguration": {"level": _LEVELS[check.finding_type]},
        "properties": {"issueCode": check.issue_code, "findingType": check.finding_type.value},
    }


def _result(issue: Issue, name: str, rule: int) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(name.encode("utf-8", "replace"), safe="/")}}
    if issue.span is not None:
        physical["region"] = {
            "startLine": issue.span.start_line,
            "startColumn": issue.span.start_column,
            "endLine": issue.span.end_line,
            "endColumn": issue.span.end_column,
        }
    return {
        "ruleId": issue.check.id,
        "ruleIndex": rule,
        "level": _LEVELS[issue.check.finding_type],
        "message": {"text": message_text(f"{issue.check.title}. {issue.message} {issue.remediation}")},
        "locations": [
            {"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": visible(json_path(issue.path))}]}
        ],
    }


def _printed(value: Any) -> bytes:
    return (visible_json(json.dumps(value, ensure_ascii=False, indent=2)) + "\n").encode("utf-8", "backslashreplace")
