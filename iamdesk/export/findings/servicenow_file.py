"""Causes of findings as CSV for an import set of ServiceNow: one incident or task each.

``correlation_id`` is stable: with it as the coalesce field, an import updates the record of an earlier one. Urgency and
impact are ServiceNow's: 1 high, 2 medium, 3 low. Source: ServiceNow documentation, "Import sets" and "Coalesce fields".
"""

import csv
import io

from iamdesk.checks.finding import Severity
from iamdesk.export.findings.cause_tickets import cause_tickets
from iamdesk.export.findings.csv_file import inert
from iamdesk.export.findings.report import Report, ReportFormat

HEADINGS = ("correlation_id", "short_description", "urgency", "impact", "category", "description")
_URGENCIES = {
    Severity.CRITICAL: "1",
    Severity.HIGH: "1",
    Severity.MEDIUM: "2",
    Severity.LOW: "3",
    Severity.INFO: "3",
}
_MANY = 10
"""Subjects of a cause from which on its impact is that of its urgency; below, one less."""


def render(report: Report) -> bytes:
    """Return a row for each cause, as CSV in UTF-8 without a byte order mark."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for ticket in cause_tickets(report):
        urgency = _URGENCIES[ticket.cause.severity]
        impact = urgency if ticket.cause.subjects >= _MANY else str(min(3, int(urgency) + 1))
        lines = "\n".join(map(inert, ticket.description.split("\n")))
        writer.writerow((ticket.id, inert(ticket.summary), urgency, impact, "security", lines))
    return out.getvalue().encode()


REPORT_FORMAT = ReportFormat("servicenow", "CSV for ServiceNow", ".servicenow.csv", render)
