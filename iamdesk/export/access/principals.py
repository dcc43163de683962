"""All principals of a snapshot as CSV: a row for each root user, user and role, as the table of the window shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from iamdesk.checks.finding import Severity
from iamdesk.export.findings.columns import JOINT
from iamdesk.export.findings.csv_table import TableAbout, csv_bytes
from iamdesk.viewmodel.pages import AdministratorState, PrincipalEntry
from iamdesk.viewmodel.tree import NodeKind

COLUMNS = (
    "number",
    "principal",
    "name",
    "kind",
    "account_id",
    "account_name",
    "created",
    "last_used",
    "console_password",
    "mfa",
    "active_access_keys",
    "oldest_access_key",
    "administrator",
    "steps_to_administrator",
    "external_access",
    "highest_severity",
    "open_findings",
    "entitlements",
    "entitlement_names",
)
"""Columns of the CSV file; why ``number`` is the first: see ``csv_file``. Empty: not known, or the kind has none."""

_KINDS = {NodeKind.ACCOUNT: "root user", NodeKind.PERMISSION_SET: "Identity Center role"}


@dataclass(frozen=True, slots=True)
class PrincipalFacts:
    """One principal with what was found out about it; None: not known, or not asked about this kind."""

    entry: PrincipalEntry
    administrator: AdministratorState | None
    steps: int | None
    external: bool | None
    severity: Severity | None
    findings: int | None
    entitlements: tuple[str, ...] | None


def to_csv(rows: Sequence[PrincipalFacts], about: TableAbout, query: str = "all principals") -> bytes:
    """Return the principals as CSV; ``query`` says in words which ones they are, unless ``about`` does."""
    return csv_bytes(COLUMNS, (_cells(number, row) for number, row in enumerate(rows, 1)), query, about)


def _cells(number: int, row: PrincipalFacts) -> list[str | int]:
    entry = row.entry
    return [
        number,
        entry.arn,
        entry.name,
        _KINDS.get(entry.kind, entry.kind.value),
        entry.account,
        entry.account_name,
        _day(entry.created),
        _day(entry.used),
        _flag(entry.has_password) if entry.has_credentials else "",
        _flag(entry.has_mfa) if entry.has_credentials else "",
        _count(entry.keys) if entry.keys is not None or not entry.has_credentials else "unknown",
        _day(entry.oldest_key),
        "" if row.administrator is None else row.administrator.value,
        _count(row.steps),
        "" if row.external is None else "yes" if row.external else "no",
        "" if row.severity is None else row.severity.value,
        _count(row.findings),
        _count(None if row.entitlements is None else len(row.entitlements)),
        JOINT.join(row.entitlements or ()),
    ]


def _day(value: date | str | None) -> str:
    return value.isoformat() if isinstance(value, date) else value or ""


def _flag(value: bool | None) -> str:
    return "unknown" if value is None else "yes" if value else "no"


def _count(value: int | None) -> str | int:
    return "" if value is None else value
