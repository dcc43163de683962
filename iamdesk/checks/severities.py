"""The default severity of each check with its reason, beside other tools': resources/data/check-severities.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from iamdesk.checks.finding import Severity
from iamdesk.resource_files import resources


@dataclass(frozen=True, slots=True)
class SeverityReason:
    """One row of the table."""

    severity: Severity
    reason: str
    access_analyzer: str = ""
    """How IAM Access Analyzer classes the nearest situation; empty if its documentation has none."""
    prowler: Mapping[str, str] | None = None
    """By Prowler's check, its severity; None if no check of Prowler is about the situation."""


@cache
def severity_reasons() -> Mapping[str, SeverityReason]:
    """Return the table, by check."""
    rows = json.loads((resources() / "data" / "check-severities.json").read_text(encoding="utf-8"))["checks"]
    return {
        check_id: SeverityReason(**(row | {"severity": Severity(row["severity"])})) for check_id, row in rows.items()
    }
