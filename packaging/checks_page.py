"""Write the page of the guide that explains every finding, made from the checks themselves.

python packaging/checks_page.py            # writes resources/help/checks.md
python packaging/checks_page.py --print    # prints it instead
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from iamdesk.checks.check import Check, OtherSeverities, other_severities
from iamdesk.checks.registry import checks

PAGE = Path(__file__).resolve().parents[1] / "resources" / "help" / "checks.md"
_KINDS = {
    "CMP": "Missing data",
    "ADM": "Administrators",
    "CHN": "Privilege escalation",
    "TRU": "Role trust",
    "FED": "Identity providers",
    "SVC": "Services",
    "RES": "Resources",
    "DAT": "Data access",
    "SOD": "Separation of duties",
    "GRD": "Guardrails",
    "ROT": "The root user",
    "CRD": "Credentials",
    "HYG": "Account hygiene",
    "LNT": "Ineffective and misleading policies",
}
"""Headings by the first letters of ids; an id of another kind stands under its own letters."""


def text(words: str) -> str:
    """Return a check's words for Markdown: what would be taken for HTML or emphasis is escaped outside of code."""
    parts = re.split(r"(`[^`]*`)", words)
    return "".join(part if part.startswith("`") else re.sub(r"([<>*_\[\]])", r"\\\1", part) for part in parts)


def entry(one: Check) -> Iterator[str]:
    """Yield the lines about one check."""
    yield f"### {one.id} {text(one.title)}"
    yield ""
    yield f"*{text(one.question)}* Default severity: **{one.severity.value}**."
    yield ""
    yield from severity_lines(one)
    yield f"Remediation: {text(one.remediation)}"
    yield ""
    if one.data is not None:
        yield f"Needs {one.data.value}; without that data the check does not run, and CMP-13 says so."
        yield ""
    if one.standards:
        yield f"Standards: {', '.join(text(standard) for standard in one.standards)}."
        yield ""


def severity_lines(one: Check) -> Iterator[str]:
    """Yield the lines about a severity: its reason, and what other tools say."""
    yield f"Reason: {text(one.reason)}"
    yield ""
    row = other_severities().get(one.id, OtherSeverities())
    others = [f"IAM Access Analyzer: {text(row.access_analyzer)}"] if row.access_analyzer else []
    others += [f"Prowler: {severity} (`{name}`)" for name, severity in row.prowler.items()]
    if others:
        yield f"Elsewhere: {'; '.join(others)}."
        yield ""


def page() -> str:
    """Return the page."""
    lines = [
        "# Every finding explained",
        "",
        "The question that each built-in check asks, its remediation, and the standards that demand it. This page is",
        "generated from the checks. [Findings](findings.md) describes how they are grouped, suppressed and exported.",
        "",
        "A single finding can have another severity than the default; its sentence says why.",
        "Each severity has its reason: *critical* if someone outside gets administrator access or data with no further",
        "requirement, *high* if someone inside gets administrator access, *medium* if one more fact is needed, *low*",
        "for hygiene, *info* for information. What cannot be determined is medium at most. *Elsewhere* is how the",
        "documentation of other tools rates the nearest situation; `resources/data/check-severities.json` names the",
        "pages.",
        "",
    ]
    by_kind: dict[str, list[Check]] = {}
    for one in checks():
        by_kind.setdefault(one.id.partition("-")[0], []).append(one)
    for kind in sorted(by_kind, key=lambda kind: list(_KINDS).index(kind) if kind in _KINDS else len(_KINDS)):
        lines += [f"## {_KINDS.get(kind, kind)}", ""]
        for one in sorted(by_kind[kind], key=lambda check: check.id):
            lines += entry(one)
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.write(page())
    else:
        PAGE.write_text(page(), encoding="utf-8")
