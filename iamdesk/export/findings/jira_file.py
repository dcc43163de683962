"""Causes of findings as CSV for Jira's import: one issue each.

Columns are mapped during the import. ``External issue id`` is stable: an import that maps it updates the issue of an
earlier one. Source: Atlassian Support, "Prepare to import data from a CSV file".
"""

import csv
import io

from iamdesk.checks.finding import Severity
from iamdesk.export.findings.cause_tickets import cause_tickets
from iamdesk.export.findings.csv_file import inert
from iamdesk.export.findings.report import Report, ReportFormat

HEADINGS = ("External issue id", "Issue Type", "Summary", "Priority", "Labels", "Description")
_PRIORITIES = {
    Severity.CRITICAL: "Highest",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
    Severity.INFO: "Lowest",
}


def render(report: Report) -> bytes:
    """Return a row for each cause, as CSV in UTF-8 without a byte order mark."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for ticket in cause_tickets(report):
        priority = _PRIORITIES[ticket.cause.severity]
        lines = "\n".join(map(inert, ticket.description.split("\n")))
        writer.writerow((ticket.id, "Task", inert(ticket.summary), priority, "iamdesk", lines))
    return out.getvalue().encode()


REPORT_FORMAT = ReportFormat("jira", "CSV for Jira", ".jira.csv", render)
