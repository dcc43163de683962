"""Management report as HTML: the first page of the findings report, with what is missing as its appendix."""

from iamdesk.export.findings import html_file
from iamdesk.export.findings.report import Report, ReportFormat


def render(report: Report) -> bytes:
    """Return the report as an HTML page in UTF-8."""
    return html_file.render(report, with_details=False)


REPORT_FORMAT = ReportFormat("management-html", "Management report, HTML", ".management.html", render)
