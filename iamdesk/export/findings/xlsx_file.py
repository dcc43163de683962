"""Findings as a workbook for Excel and LibreOffice, with the sheets About, Findings, Suppressed, Causes and Checks.

All cells are text or numbers, never formulas or links, regardless of the names in the snapshot.
"""

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from iamdesk.causes.grouping import causes_of
from iamdesk.checks.finding import Finding, Severity
from iamdesk.escaping import visible
from iamdesk.export.findings.columns import COLUMNS, cells
from iamdesk.export.findings.report import Report, ReportFormat

_MAX_LENGTH = 32_767
"""Maximum number of characters of a cell (Excel, "specifications and limits")."""
if TYPE_CHECKING:
    import xlsxwriter

_CUT = " … (truncated: see the JSON report)"
_WIDTHS = {
    "finding_id": 24,
    "severity": 10,
    "state": 12,
    "check_id": 9,
    "title": 34,
    "account_id": 15,
    "subject_type": 16,
    "subject_name": 26,
    "subject_arn": 44,
    "finding": 70,
    "proof_summary": 60,
    "remediation": 60,
}
_OTHERS = 24
_COLOURS = {
    Severity.CRITICAL: "#F6CFD6",
    Severity.HIGH: "#FBDAD8",
    Severity.MEDIUM: "#FCE7CF",
    Severity.LOW: "#DCE9F6",
    Severity.INFO: "#ECEDEF",
}
_NEWLINE = "\n"


def render(report: Report) -> bytes:
    """Return the report as an XLSX file; the same report gives the same bytes."""
    import xlsxwriter  # slow to load

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook(out, options) as workbook:
        workbook.set_properties(
            {
                "title": cell_text(f"Findings: {report.snapshot_name}"),
                "comments": f"iamdesk {report.tool_version}; snapshot SHA-256 {report.snapshot_sha256}",
                "created": report.generated_at.replace(tzinfo=None, microsecond=0),
            }
        )
        _Sheets(workbook, report).write()
    return out.getvalue()


REPORT_FORMAT = ReportFormat("xlsx", "Excel workbook", ".xlsx", render)


def cell_text(text: str) -> str:
    """Return the text for a cell: control characters as escapes, truncated to the maximum length."""
    shown = visible(text)
    return shown if len(shown) <= _MAX_LENGTH else shown[: _MAX_LENGTH - len(_CUT)] + _CUT


class _Sheets:
    def __init__(self, workbook: "xlsxwriter.Workbook", report: Report) -> None:
        self._workbook = workbook
        self._report = report
        self._heading = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._plain = workbook.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        self._number = workbook.add_format({"valign": "top"})
        self._severities = {
            severity: workbook.add_format(
                {"text_wrap": True, "valign": "top", "bg_color": colour, "font_color": "#1B1F24"}
            )
            for severity, colour in _COLOURS.items()
        }

    def write(self) -> None:
        report = self._report
        self._about()
        self._findings("Findings", report.findings)
        self._findings("Suppressed", report.suppressed)
        self._causes()
        rows = [(check.id, check.title, check.question, report.by_check.get(check.id, 0)) for check in report.checks]
        self._table("Checks", ("Check", "Title", "Question", "Findings"), rows, (9, 40, 70, 10))

    def _causes(self) -> None:
        rows = [
            (one.id, one.severity.value, one.name, one.effect, len(one.findings))
            for one in causes_of(self._report.findings).rows
        ]
        headings = ("Cause ID", "Severity", "Cause", "Effect", "Findings")
        self._table("Causes", headings, rows, (16, 10, 70, 60, 10))

    def _about(self) -> None:
        report = self._report
        rows: list[tuple[str, str | int]] = [
            ("Snapshot", report.snapshot_name),
            ("Snapshot SHA-256", report.snapshot_sha256),
            *([("Settings SHA-256", report.settings_sha256)] if report.settings_sha256 else ()),
            ("Generated", report.generated_utc),
            ("iamdesk", report.tool_version),
            ("AWS action data", report.action_data_version),
            ("Findings", len(report.findings)),
            *((f"Findings: {severity.value}", count) for severity, count in report.by_severity.items()),
            *((f"Findings: {state.value}", count) for state, count in report.by_state.items()),
            ("Suppressed", len(report.suppressed)),
            ("Problems in the snapshot", report.problem_count),
        ]
        for account in report.accounts:
            counts = (
                f"{account.users} users, {account.groups} groups, {account.roles} roles, {account.policies} policies"
            )
            name = f" ({account.alias})" if account.alias else ""
            rows.append((f"Account {account.account_id}{name}", counts))
        rows += [("Missing data", finding.sentence) for finding in report.missing_data]
        rows += [(file.path.name, f"{file.size} bytes, SHA-256 {file.sha256}") for file in report.snapshot_files[:50]]
        self._table("About", ("Name", "Value"), rows, (34, 90))

    def _findings(self, name: str, findings: Sequence[Finding]) -> None:
        sheet = self._sheet(name, [column.label for column in COLUMNS])
        for number, column in enumerate(COLUMNS):
            sheet.set_column(number, number, _WIDTHS.get(column.name, _OTHERS))
        for row, finding in enumerate(findings, start=1):
            for number, value in enumerate(cells(finding).values()):
                text = value if isinstance(value, str) else _NEWLINE.join(map(visible, value))
                style = self._severities[finding.severity] if COLUMNS[number].name == "severity" else self._plain
                self._write(sheet, row, number, text, style, keep_lines=not isinstance(value, str))
        sheet.autofilter(0, 0, max(len(findings), 1), len(COLUMNS) - 1)

    def _table(
        self, name: str, headings: Sequence[str], rows: Iterable[Sequence[str | int]], widths: Sequence[int]
    ) -> None:
        sheet = self._sheet(name, headings)
        for number, width in enumerate(widths):
            sheet.set_column(number, number, width)
        for row, values in enumerate(rows, start=1):
            for number, value in enumerate(values):
                if isinstance(value, int):
                    sheet.write_number(row, number, value, self._number)
                else:
                    self._write(sheet, row, number, value, self._plain)

    def _sheet(self, name: str, headings: Sequence[str]) -> Any:
        sheet = self._workbook.add_worksheet(name)
        for number, heading in enumerate(headings):
            sheet.write_string(0, number, heading, self._heading)
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_footer(f"&L{self._report.snapshot_sha256[:16]}&C{self._report.generated_utc}&RPage &P of &N")
        return sheet

    @staticmethod
    def _write(sheet: Any, row: int, column: int, text: str, style: Any, *, keep_lines: bool = False) -> None:
        shown = text[:_MAX_LENGTH] if keep_lines else cell_text(text)
        if shown:
            sheet.write_string(row, column, shown, style)
        else:
            sheet.write_blank(row, column, None, style)
