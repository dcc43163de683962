"""Findings as JUnit XML, which CI systems show as test results: a suite per check, a test case per finding.

- A finding is a failure, an inconclusive one an error, a suppressed one is skipped. There are no passed test cases: a
  check without findings may have been skipped for missing data, and CMP-13 is an error then.
- There is no standard: the elements and attributes are those that CI systems have in common.
- Invisible characters are escapes (`visible`); XML 1.0 cannot hold most of them.
"""

import xml.etree.ElementTree as ET
from collections import Counter
from itertools import groupby

from iamdesk.checks.finding import Finding, State
from iamdesk.escaping import visible
from iamdesk.export.findings.report import Report, ReportFormat
from iamdesk.export.findings.text_file import lines_of

_OUTCOMES = {"failure": "failures", "error": "errors", "skipped": "skipped"}
"""The elements for findings, and the attributes that count them."""


def render(report: Report) -> bytes:
    """Return the report as JUnit XML in UTF-8."""
    everything = sorted((*report.findings, *report.suppressed), key=lambda one: one.check_id)
    root = ET.Element("testsuites", {"name": "iamdesk", **_counts(everything), "time": "0"})
    for check_id, findings in groupby(everything, key=lambda one: one.check_id):
        root.append(_suite(check_id, list(findings), report))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


REPORT_FORMAT = ReportFormat("junit", "JUnit XML", ".xml", render)


def _suite(check_id: str, findings: list[Finding], report: Report) -> ET.Element:
    times = {"time": "0", "timestamp": report.generated_utc.removesuffix("Z")}
    suite = ET.Element("testsuite", {"name": check_id, **_counts(findings), **times})
    properties = ET.SubElement(suite, "properties")
    names = ("snapshot_name", "snapshot_sha256", "generated_utc", "tool_version", "action_data_version")
    for name in (*names, *(["settings_sha256"] if report.settings_sha256 else ())):
        ET.SubElement(properties, "property", {"name": name, "value": visible(getattr(report, name))})
    suite.extend(map(_case, findings))
    return suite


def _case(finding: Finding) -> ET.Element:
    name = f"{finding.title}: {finding.subject_name}, account {finding.account} ({finding.fingerprint})"
    case = ET.Element("testcase", {"name": visible(name), "classname": finding.check_id, "time": "0"})
    outcome = _outcome(finding)
    element = ET.SubElement(case, outcome, {"message": visible(finding.sentence), "type": finding.severity.value})
    element.text = "\n".join(map(visible, lines_of(finding)))
    return case


def _outcome(finding: Finding) -> str:
    if finding.suppression is not None:
        return "skipped"
    return "error" if finding.state is State.INCONCLUSIVE else "failure"


def _counts(findings: list[Finding]) -> dict[str, str]:
    counts = Counter(map(_outcome, findings))
    return {"tests": str(len(findings)), **{name: str(counts[outcome]) for outcome, name in _OUTCOMES.items()}}
