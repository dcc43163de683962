"""Writes findings reports in any format.

A new format is one module with ``render(report) -> bytes`` and one line in `_FORMATS`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from iamdesk.checks.finding import Finding
from iamdesk.export.files.atomic_write import ExportError, write_atomic
from iamdesk.export.findings import csv_file, html_file, json_file, ocsf_file, sarif_file
from iamdesk.export.findings.report import Report, build_report
from iamdesk.i18n import phrase
from iamdesk.snapshot.model import Snapshot


@dataclass(frozen=True, slots=True)
class Format:
    """A file format of findings reports."""

    name: str
    """Name on the command line: ``csv``."""
    label: str
    """Name in the window: ``CSV table``."""
    suffix: str
    """File suffix with the dot."""
    render: Callable[[Report], bytes]


def _xlsx(report: Report) -> bytes:
    from iamdesk.export.findings import xlsx_file  # its library is slow to load

    return xlsx_file.render(report)


def _pdf(report: Report) -> bytes:
    from iamdesk.export.findings import pdf_file  # likewise

    return pdf_file.render(report)


_FORMATS: tuple[Format, ...] = (
    Format("html", "HTML report", ".html", html_file.render),
    Format("pdf", "PDF report", ".pdf", _pdf),
    Format("xlsx", "Excel workbook", ".xlsx", _xlsx),
    Format("csv", "CSV table", ".csv", csv_file.render),
    Format("json", "JSON", ".json", json_file.render),
    Format("sarif", "SARIF log", ".sarif", sarif_file.render),
    Format("ocsf", "OCSF events", ".jsonl", ocsf_file.render),
)


def formats() -> tuple[Format, ...]:
    """Return all formats, HTML first."""
    return _FORMATS


def render(format_name: str, findings: Iterable[Finding], snapshot: Snapshot, *, generated_at: datetime) -> bytes:
    """Build a report and return the bytes of its file.

    ``generated_at`` is the time in the report; the same input gives the same bytes.

    Raises:
        ExportError: there is no such format.
        ValueError: ``generated_at`` has no time zone.
    """
    return render_report(format_name, build_report(findings, snapshot, generated_at))


def render_report(format_name: str, report: Report) -> bytes:
    """Return a report as the bytes of its file.

    Raises:
        ExportError: there is no such format.
    """
    chosen = next((known for known in _FORMATS if known.name == format_name), None)
    if chosen is None:
        names = ", ".join(known.name for known in _FORMATS)
        raise ExportError(
            phrase(
                "there is no report format `{format_name}`: expected one of {names}",
                format_name=format_name,
                names=names,
            )
        )
    return chosen.render(report)


def write(
    format_name: str, findings: Iterable[Finding], snapshot: Snapshot, path: Path, *, generated_at: datetime
) -> None:
    """Write a report to a file atomically; an existing file is replaced.

    Raises:
        ExportError: there is no such format, or the file cannot be written; its text is one sentence.
        ValueError: ``generated_at`` has no time zone.
    """
    write_atomic(path, render(format_name, findings, snapshot, generated_at=generated_at))
