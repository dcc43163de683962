"""Findings as CSV: one row a finding, for spreadsheets and for tools that import tables.

- RFC 4180: comma, CRLF, every field in quotes, quotes doubled.
- UTF-8 with a byte order mark: without it Excel reads the file in the system's old code page and spoils every name
  that is not ASCII. Importers that matter skip the mark; the first column (`number`) is the one that nobody looks up
  by name, for those that do not. Scripts are better served by JSON.
- A row that begins a cell with ``= + - @``, a tab or a carriage return gets ``'`` before it, so that a spreadsheet
  shows the text instead of running it; so does such a character after a semicolon inside a cell, since a spreadsheet
  set to semicolons splits there. Unseen characters are escapes (`visible`): a cell never holds a line break.
- Suppressed findings stand at the end, with who answers for them in the columns ``suppressed_…``.
- Every row carries what it is about (snapshot, its SHA-256, time, versions, counts of the whole report), because rows
  get copied and files get renamed. No findings: headings alone.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from iamdesk.checks.finding import Finding
from iamdesk.escaping import UNSEEN, visible
from iamdesk.export.findings.columns import COLUMNS, cells, one_text
from iamdesk.export.findings.report import Report

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
)

# The full-width forms too: East Asian spreadsheets read them as the plain ones.
_FORMULA = "=+\\-@＝＋－＠"
_STARTS_FORMULA = re.compile(rf"[ \t\r\n]*[{_FORMULA}]|[\t\r\n]")
_FORMULA_AFTER_SEMICOLON = re.compile(rf'(;[\s"\']*)(?=[{_FORMULA}])')
_SUSPECT = re.compile(rf"\A(?:{_STARTS_FORMULA.pattern})|[;\n{UNSEEN}]|\s\Z")
"""Whatever either of these or `visible` would change."""


def inert(text: str) -> str:
    """Return the text as a cell that no spreadsheet runs."""
    if _SUSPECT.search(text) is None:
        return text
    starts_formula = _STARTS_FORMULA.match(text) is not None
    shown = _FORMULA_AFTER_SEMICOLON.sub(r"\1'", visible(text))
    return "'" + shown if starts_formula else shown


HEADINGS = (NUMBER_COLUMN, *(column.name for column in COLUMNS), *ABOUT_COLUMNS)


def render(report: Report) -> bytes:
    """Print the report as CSV."""
    about = about_of(report, len(report.findings), len(report.suppressed))
    rows = (
        (str(number), *values_of(finding), *about)
        for number, finding in enumerate((*report.findings, *report.suppressed), start=1)
    )
    return printed_rows((HEADINGS, *rows)).encode("utf-8-sig")


def about_of(report: Report, count: int, suppressed: int) -> list[str]:
    """Return what every row says of the report, which has so many findings."""
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
    ]
    return list(map(inert, about))


def values_of(finding: Finding) -> list[str]:
    """Return what a row says of a finding."""
    return [inert(one_text(value)) for value in cells(finding).values()]


def printed_rows(rows: Iterable[Sequence[str]]) -> str:
    """Print rows."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
