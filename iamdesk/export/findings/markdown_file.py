"""Causes of findings as Markdown, for a comment on a pull request: counts, and a table of the largest causes.

Texts of the snapshot are escaped: they make no markup, link, mention or reference. A comment of GitHub takes 65,536
characters; rows that do not fit are left out, and their number is stated.
"""

import re
from collections.abc import Iterator

from iamdesk.causes.grouping import causes_of
from iamdesk.causes.types import Cause
from iamdesk.checks.finding import State
from iamdesk.escaping import visible
from iamdesk.export.findings.report import Report, ReportFormat

MAX_LENGTH = 60_000
"""Characters of the comment: what GitHub takes, with room for what a workflow adds."""
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#!|~$^])")
"""What makes markup within a line; no text of the snapshot begins one."""


def render(report: Report) -> bytes:
    """Return the comment in UTF-8."""
    head = "\n".join(_head(report))
    rows = [_row(number, cause) for number, cause in enumerate(causes_of(report.findings).rows, start=1)]
    kept: list[str] = []
    room = MAX_LENGTH - len(head)
    for row in rows:
        room -= len(row) + 1
        if room < 0:
            break
        kept.append(row)
    left = len(rows) - len(kept)
    foot = f"\n\n{left:,} more causes: `iamdesk findings --by cause` lists all." if left else ""
    return ("\n".join((head, *kept)) + foot + "\n").encode()


REPORT_FORMAT = ReportFormat("markdown", "Markdown", ".md", render)


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    shown = _MARKUP.sub(r"\\\1", visible(text))
    return shown.replace("&", "&amp;").replace("@", "&#64;").replace("://", ":&#47;/").replace("www.", "www&#46;")


def _head(report: Report) -> Iterator[str]:
    counts = ", ".join(f"{count:,} {severity.value}" for severity, count in report.by_severity.items() if count)
    yield f"### iamdesk: {len(report.findings):,} findings" + (f" ({counts})" if counts else "")
    yield ""
    yield (
        f"Snapshot {escaped(report.snapshot_name)}, SHA-256 `{report.snapshot_sha256}`"
        + (f"; settings SHA-256 `{report.settings_sha256}`" if report.settings_sha256 else "")
        + (f"; {len(report.suppressed):,} more suppressed" if report.suppressed else "")
        + f". iamdesk {escaped(report.tool_version)}, {report.generated_utc}."
    )
    if report.findings:
        yield ""
        yield "| | Severity | Cause | Effect | Findings | ID |"
        yield "|---:|---|---|---|---:|---|"


def _row(number: int, cause: Cause) -> str:
    unsure = " (cannot tell)" if cause.state is State.INCONCLUSIVE else ""
    cells = (
        str(number),
        f"{cause.severity.value}{unsure}",
        escaped(cause.name),
        escaped(cause.effect),
        f"{len(cause.findings):,}",
        f"`{cause.id}`",
    )
    return f"| {' | '.join(cells)} |"
