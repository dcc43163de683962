"""Findings as a self-contained HTML report, for reading and printing.

No scripts, requests or other files; the page itself forbids them (Content-Security-Policy). The template engine escapes
all values and makes control characters visible (`visible`). Severity is a word and a shape, for black-and-white prints.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import jinja2
from markupsafe import Markup, escape

from iamdesk.causes.grouping import causes_of
from iamdesk.causes.types import ControlStatus
from iamdesk.checks import registry
from iamdesk.checks.check import Check
from iamdesk.checks.finding import Finding, Severity
from iamdesk.checks.snapshot_completeness import ORGANIZATION_UNKNOWN
from iamdesk.escaping import visible
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.files.html_page import page_environment
from iamdesk.export.findings.columns import place_of
from iamdesk.export.findings.management import management_of
from iamdesk.export.findings.report import COMPLETENESS, Report, ReportFormat, utc_text

_SHAPES = {
    Severity.CRITICAL: "\N{BLACK SQUARE}",
    Severity.HIGH: "\N{BLACK UP-POINTING TRIANGLE}",
    Severity.MEDIUM: "\N{BLACK DIAMOND}",
    Severity.LOW: "\N{BLACK CIRCLE}",
    Severity.INFO: "\N{WHITE CIRCLE}",
}
_MARKS = {
    ControlStatus.PASSED: "\N{CHECK MARK}",
    ControlStatus.FAILED: "\N{BALLOT X}",
    ControlStatus.INCONCLUSIVE: "?",
}
_DECISIONS = {
    "allowed": "Allowed",
    "explicitDeny": "Denied (explicit deny)",
    "implicitDeny": "Denied (implicit deny)",
    "conditional": "Depends on the request context",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one check with the same severity and title; what they have in common is printed once."""

    anchor: str
    check_id: str
    title: str
    check: Check | None
    severity: Severity
    findings: tuple[Finding, ...]

    @property
    def shared_remediation(self) -> str | None:
        """The remediation if it is the same for all findings of the group, else None."""
        remediations = {finding.remediation for finding in self.findings}
        return remediations.pop() if len(remediations) == 1 else None


def groups_of(report: Report) -> Iterator[Group]:
    """Yield the open findings in the order of the report, grouped by check, title and severity."""
    return _grouped(report.findings, "group")


def suppressed_groups_of(report: Report) -> Iterator[Group]:
    """Yield the suppressed findings, grouped likewise."""
    return _grouped(report.suppressed, "suppressed")


def _grouped(findings: tuple[Finding, ...], anchor: str) -> Iterator[Group]:
    by_group = groupby(findings, key=lambda finding: (finding.check_id, finding.severity, finding.title))
    for position, ((check_id, severity, title), members) in enumerate(by_group, start=1):
        yield Group(f"{anchor}-{position}", check_id, title, registry.check(check_id), severity, tuple(members))


def completeness_last(groups: Iterable[Group]) -> tuple[Group, ...]:
    """Return the groups in the order in which people read them: what is missing in the snapshot is an appendix."""
    return tuple(sorted(groups, key=lambda group: group.check_id.startswith(COMPLETENESS)))


def render(report: Report, *, with_details: bool = True) -> bytes:
    """Return the report as an HTML page in UTF-8; without details the management report and its appendix."""
    groups = completeness_last(groups_of(report))
    causes = causes_of(report.findings)
    page = _template().render(
        report=report,
        with_details=with_details,
        management=management_of(report, causes),
        groups=groups,
        causes=causes,
        suppressed=tuple(suppressed_groups_of(report)),
        completeness=tuple(group for group in groups if group.check_id.startswith(COMPLETENESS)),
        others=tuple(group for group in groups if not group.check_id.startswith(COMPLETENESS)),
    )
    return page.encode()


REPORT_FORMAT = ReportFormat("html", "HTML report", ".html", render)


@cache
def _template() -> jinja2.Template:
    environment = page_environment()
    environment.filters["utc"] = utc_text
    environment.filters["shape"] = _SHAPES.__getitem__
    environment.filters["mark"] = _MARKS.__getitem__
    environment.filters["decision"] = lambda decision: _DECISIONS[decision.value]
    environment.filters["cli"] = command_line
    environment.filters["code"] = _code
    environment.filters["thousands"] = lambda number: f"{number:,}"
    environment.globals["place_of"] = place_of
    environment.globals["ORGANIZATION_UNKNOWN"] = ORGANIZATION_UNKNOWN
    return environment.get_template("findings.html.j2")


def _code(text: str) -> Markup:
    """Return a text as markup, escaped, with the parts between backticks as code."""
    shown = escape(visible(text))  # before it is split: the space before a code is not the end of the text
    parts = shown.split("`")
    if len(parts) % 2 == 0:  # an odd number of backticks: they are not meant as markup
        return shown
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else part for number, part in enumerate(parts)
    )


def command_line(decision: EvaluationResult) -> str | None:
    """Return the command that evaluates the same request; None if the command line has no options for it."""
    request = decision.request
    if None in request.context.values() or request.without or request.session_policies:
        return None
    words = ["iamdesk", "can", "SNAPSHOT", "--principal", request.principal]
    words += ["--action", request.action, "--resource", request.resource]
    for key, values in request.context.items():
        for value in (values,) if isinstance(values, str) else values or ():
            words += ["--context", f"{key}={value}"]
    return " ".join(_shell_word(word) for word in words)


def _shell_word(word: str) -> str:
    plain = all(character.isalnum() or character in "-_./:=@%+," for character in word)
    return word if word and plain else "'" + word.replace("'", "'\\''") + "'"
