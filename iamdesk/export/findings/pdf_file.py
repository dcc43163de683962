"""Findings as PDF, made by `pdf_layout`, whose library is slow to load."""

from iamdesk.export.findings.report import Report, ReportFormat


def render(report: Report) -> bytes:
    """Return the report as PDF; the same report gives the same bytes."""
    from iamdesk.export.findings import pdf_layout

    return pdf_layout.render(report)


REPORT_FORMAT = ReportFormat("pdf", "PDF report", ".pdf", render)
