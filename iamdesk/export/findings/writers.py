"""Writes findings reports in any format.

A new format is one module ``…_file.py`` with a ``REPORT_FORMAT``.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from iamdesk.checks.finding import Finding
from iamdesk.export import findings as package
from iamdesk.export.files.atomic_write import ExportError, write_atomic
from iamdesk.export.findings.earlier import EarlierFindings
from iamdesk.export.findings.report import Report, ReportFormat, build_report
from iamdesk.i18n import phrase
from iamdesk.snapshot.model import Snapshot

# In the list that the window offers, the one for people first. Formats that are not named here come last, by name.
_ORDER = ("html", "pdf", "management-pdf", "management-html", "xlsx", "csv", "json", "sarif", "ocsf")


@cache
def formats() -> tuple[ReportFormat, ...]:
    """Return the formats of all modules of this folder that end in ``_file``, HTML first."""
    names = (module.name for module in iter_modules(package.__path__) if module.name.endswith("_file"))
    modules = [import_module(f"{package.__name__}.{name}") for name in names]
    found: list[ReportFormat] = [module.REPORT_FORMAT for module in modules if hasattr(module, "REPORT_FORMAT")]
    last = len(_ORDER)
    found.sort(key=lambda one: (_ORDER.index(one.name) if one.name in _ORDER else last, one.name))
    return tuple(found)


def render(
    format_name: str,
    findings: Iterable[Finding],
    snapshot: Snapshot,
    *,
    generated_at: datetime,
    settings_sha256: str = "",
    earlier: EarlierFindings | None = None,
) -> bytes:
    """Build a report and return the bytes of its file.

    ``generated_at`` is the time in the report; the same input gives the same bytes. ``earlier`` is what the numbers of
    its first page are compared with.

    Raises:
        ExportError: there is no such format.
        ValueError: ``generated_at`` has no time zone.
    """
    report = build_report(findings, snapshot, generated_at)
    report = replace(report, settings_sha256=settings_sha256, earlier=earlier)
    return render_report(format_name, report)


def render_report(format_name: str, report: Report) -> bytes:
    """Return a report as the bytes of its file.

    Raises:
        ExportError: there is no such format.
    """
    chosen = next((known for known in formats() if known.name == format_name), None)
    if chosen is None:
        names = ", ".join(known.name for known in formats())
        raise ExportError(
            phrase(
                "there is no report format `{format_name}`: expected one of {names}",
                format_name=format_name,
                names=names,
            )
        )
    return chosen.render(report)


def write(
    format_name: str,
    findings: Iterable[Finding],
    snapshot: Snapshot,
    path: Path,
    *,
    generated_at: datetime,
    settings_sha256: str = "",
    earlier: EarlierFindings | None = None,
) -> None:
    """Write a report to a file atomically; an existing file is replaced.

    Raises:
        ExportError: there is no such format, or the file cannot be written; its text is one sentence.
        ValueError: ``generated_at`` has no time zone.
    """
    content = render(
        format_name,
        findings,
        snapshot,
        generated_at=generated_at,
        settings_sha256=settings_sha256,
        earlier=earlier,
    )
    write_atomic(path, content)
