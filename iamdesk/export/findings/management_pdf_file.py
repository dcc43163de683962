"""Management report as PDF: one page, and what is missing as its appendix."""

from iamdesk.export.findings.report import Report, ReportFormat


def render(report: Report) -> bytes:
    """Return the report as PDF; the same report gives the same bytes."""
    from iamdesk.export.findings import pdf_layout  # its library is slow to load

    return pdf_layout.render(report, with_details=False)


REPORT_FORMAT = ReportFormat("management-pdf", "Management report, PDF", ".management.pdf", render)
