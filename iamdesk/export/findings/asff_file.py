"""Findings in the AWS Security Finding Format, for Security Hub: a JSON list for ``batch-import-findings``.

iamdesk only writes the file; the user imports it, at most 100 findings per call. Source of the fields: AWS Security
Hub User Guide, "AWS Security Finding Format (ASFF)"; API reference, AwsSecurityFinding.
"""

from collections.abc import Iterator
from typing import Any

from iamdesk.checks.finding import Finding, Severity, State, Suppression
from iamdesk.escaping import visible
from iamdesk.export.files.json_bytes import MadeList, json_pieces
from iamdesk.export.findings.report import Report

_LABELS = {
    Severity.CRITICAL: "CRITICAL",
    Severity.HIGH: "HIGH",
    Severity.MEDIUM: "MEDIUM",
    Severity.LOW: "LOW",
    Severity.INFO: "INFORMATIONAL",
}
_TYPES = ["Software and Configuration Checks/AWS Security Best Practices"]
_RESOURCE_TYPES = {"user": "AwsIamUser", "role": "AwsIamRole", "group": "AwsIamGroup", "account": "AwsAccount"}
_REGION = "us-east-1"
"""IAM is global, but Security Hub requires a Region: this is the one of IAM."""
_MAX_TITLE = 256
_MAX_DESCRIPTION = 1024
_MAX_REMEDIATION = 512
_MAX_NOTE = 512


def render(report: Report) -> bytes:
    """Return the findings as a JSON list in UTF-8."""
    return b"".join(pieces(report))


def pieces(report: Report) -> Iterator[bytes]:
    """Yield what `render` returns in pieces."""
    listed = MadeList((*report.findings, *report.suppressed), lambda one: _finding(report, one))
    return json_pieces(listed, indent=1)


def _finding(report: Report, finding: Finding) -> dict[str, Any]:
    partition = finding.subject_key.split(":")[1] if finding.subject_key.startswith("arn:") else "aws"
    account = finding.account or "000000000000"
    product = f"arn:{partition}:securityhub:{_REGION}:{account}:product/{account}/default"
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"iamdesk/{finding.fingerprint}",
        "ProductArn": product,
        "GeneratorId": f"iamdesk/{finding.check_id}",
        "AwsAccountId": account,
        "Types": _TYPES,
        "CreatedAt": report.generated_utc,
        "UpdatedAt": report.generated_utc,
        "Severity": {"Label": _LABELS[finding.severity]},
        "Title": _cut(f"{finding.check_id} {finding.title}", _MAX_TITLE),
        "Description": _cut(finding.sentence, _MAX_DESCRIPTION),
        "Remediation": {"Recommendation": {"Text": _cut(finding.remediation or "See the finding.", _MAX_REMEDIATION)}},
        "ProductFields": {
            "iamdesk/version": report.tool_version,
            "iamdesk/snapshot": report.snapshot_sha256,
            **({"iamdesk/settings": report.settings_sha256} if report.settings_sha256 else {}),
            **({"iamdesk/review_status": report.review_status} if report.review_status else {}),
        },
        "Resources": [
            {
                "Type": _RESOURCE_TYPES.get(finding.subject_kind, "Other"),
                "Id": _cut(finding.subject_key or account, 512),
                "Partition": partition,
                "Region": _REGION,
            }
        ],
        "Compliance": {"Status": "WARNING" if finding.state is State.INCONCLUSIVE else "FAILED"},
        "Workflow": {"Status": "NEW" if finding.suppression is None else "SUPPRESSED"},
        "RecordState": "ACTIVE",
        **_note(report, finding.suppression),
    }


def _note(report: Report, suppression: Suppression | None) -> dict[str, Any]:
    if suppression is None:
        return {}
    text = _cut(f"{suppression.reason} ({suppression.holds})", _MAX_NOTE)
    owner = _cut(suppression.owner, _MAX_NOTE)
    return {"Note": {"Text": text, "UpdatedBy": owner, "UpdatedAt": report.generated_utc}}


def _cut(text: str, max_length: int) -> str:
    shown = visible(text)
    return shown if len(shown) <= max_length else f"{shown[: max_length - 1]}…"
