"""Findings as CSV: one row per finding, for spreadsheets and for tools that import tables.

- RFC 4180: comma, CRLF, all fields in quotes, quotes doubled.
- UTF-8 with a byte order mark: without it, Excel reads the file in the system's code page and garbles names that are
  not ASCII. Most importers skip the mark; for the others, the first column is `number`, which is rarely looked up by
  name. Scripts should read JSON.
- A cell that begins with ``= + - @``, a tab or a carriage return is prefixed with ``'``, so that a spreadsheet does not
  run it as a formula; so is such a character after a semicolon, where a spreadsheet set to semicolons splits the cell.
  Control characters are escapes (`visible`): a cell has no line break.
- Suppressed findings are at the end, with owner, reason and last day in the columns ``suppress…``.
- Each row contains the snapshot, its SHA-256, time, versions and the totals of the report, because rows get copied and
  files get renamed. Without findings, the file has only headings.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from iamdesk.causes.grouping import causes_of
from iamdesk.causes.types import Causes
from iamdesk.checks.finding import Finding
from iamdesk.escaping import UNSEEN, visible
from iamdesk.export.findings.columns import COLUMNS, cells, one_text
from iamdesk.export.findings.report import Report, ReportFormat

NUMBER_COLUMN = "number"
ABOUT_COLUMNS = (
    "snapshot",
    "snapshot_sha256",
    "generated_utc",
    "iamdesk_version",
    "action_data_version",
    "findings_total",
    "counts_by_severity",
    "counts_by_state",
    "findings_suppressed",
    "query",
)

# East Asian spreadsheets read the full-width forms like the ASCII ones.
_FORMULA = "=+\\-@＝＋－＠"
_STARTS_FORMULA = re.compile(rf"[ \t\r\n]*[{_FORMULA}]|[\t\r\n]")
_FORMULA_AFTER_SEMICOLON = re.compile(rf'(;[\s"\']*)(?=[{_FORMULA}])')
_SUSPECT = re.compile(rf"\A(?:{_STARTS_FORMULA.pattern})|[;\n{UNSEEN}]|\s\Z")
"""Matches a text that one of the patterns above or `visible` would change."""


def inert(text: str) -> str:
    """Return the text of a cell such that no spreadsheet runs it as a formula."""
    if _SUSPECT.search(text) is None:
        return text
    starts_formula = _STARTS_FORMULA.match(text) is not None
    shown = _FORMULA_AFTER_SEMICOLON.sub(r"\1'", visible(text))
    return "'" + shown if starts_formula else shown


CAUSE_COLUMNS = ("cause_id", "cause")
"""The row of the first level of ``iamdesk findings --by cause``; empty for a suppressed finding. They are last: each
column keeps its place."""

NOTES_COLUMN = "notes"
"""The user's notes on the finding and its subject; behind the others for the same reason."""

HEADINGS = (NUMBER_COLUMN, *(column.name for column in COLUMNS), *ABOUT_COLUMNS, *CAUSE_COLUMNS, NOTES_COLUMN)


def render(report: Report) -> bytes:
    """Return the report as CSV."""
    about = about_of(report, len(report.findings), len(report.suppressed))
    causes = causes_of(report.findings)
    rows = (
        (str(number), *values_of(finding), *about, *cause_cells(causes, finding.fingerprint), notes_cell(finding))
        for number, finding in enumerate((*report.findings, *report.suppressed), start=1)
    )
    return printed_rows((HEADINGS, *rows)).encode("utf-8-sig")


REPORT_FORMAT = ReportFormat("csv", "CSV table", ".csv", render)


def about_of(report: Report, count: int, suppressed: int) -> list[str]:
    """Return the cells of `ABOUT_COLUMNS`; ``count`` and ``suppressed`` are numbers of findings."""
    summary = f"{suppressed:,} suppressed" if suppressed else "nothing suppressed"
    about = [
        report.snapshot_name,
        report.snapshot_sha256,
        report.generated_utc,
        report.tool_version,
        report.action_data_version,
        str(count),
        ", ".join(f"{severity.value} {number}" for severity, number in report.by_severity.items()),
        ", ".join(f"{state.value} {number}" for state, number in report.by_state.items()),
        str(suppressed),
        f"findings of {len(report.checks):,} checks on all accounts; {summary}"
        + (f"; settings SHA-256 {report.settings_sha256}" if report.settings_sha256 else ""),
    ]
    return list(map(inert, about))


def cause_cells(causes: Causes, fingerprint: str) -> Iterator[str]:
    """Return the cells of `CAUSE_COLUMNS` for a finding."""
    return map(inert, causes.cells(fingerprint))


def notes_cell(finding: Finding) -> str:
    """Return the cell of `NOTES_COLUMN` for a finding."""
    return inert(one_text(finding.notes))


def values_of(finding: Finding) -> list[str]:
    """Return the cells of `COLUMNS` for a finding."""
    return [inert(one_text(value)) for value in cells(finding).values()]


def printed_rows(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV text."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
