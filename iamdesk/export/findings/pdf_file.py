"""Findings as PDF, painted by `pdf_layout`, whose library is slow to load."""

from iamdesk.export.findings.report import Report, ReportFormat


def render(report: Report) -> bytes:
    """Paint the report; the same report gives the same bytes."""
    from iamdesk.export.findings import pdf_layout

    return pdf_layout.render(report)


REPORT_FORMAT = ReportFormat("pdf", "PDF report", ".pdf", render)
