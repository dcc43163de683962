"""The pages of the user guide: their order, the page of each widget, and search."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QWidget

from iamdesk.resource_files import resources

FIRST_PAGE = "index"
ORDER = (
    FIRST_PAGE,
    "getting-a-snapshot",
    "collect",
    "bundle",
    "window",
    "filters",
    "workspace",
    "what-it-holds",
    "asking",
    "reading-an-answer",
    "how-iam-decides",
    "policy-evaluation",
    "why-denied",
    "asking-in-reverse",
    "ways",
    "comparing",
    "what-if",
    "findings",
    "checks",
    "review",
    "validate-policy",
    "command-line",
    "privacy",
    "glossary",
)
"""All pages, by file name without ``.md``."""
RULES_PAGE = "policy-evaluation"
"""The page with the evaluation rules, each under its id."""
_RULE = re.compile(r"^### ([A-L]\d+)$", re.MULTILINE)
_CODE = re.compile(r"`([a-z]+(?:-[a-z]+)+)`")

_ABOUT = {
    "StartPage": "getting-a-snapshot",
    "CaptureHelpDialog": "getting-a-snapshot",
    "CollectDialog": "collect",
    "OverviewPage": "window",
    "CoveragePage": "what-it-holds",
    "RequestBar": "asking",
    "DecisionPanel": "reading-an-answer",
    "SuggestionList": "reading-an-answer",
    "PolicyTypeList": "how-iam-decides",
    "NavigatorPanel": "workspace",
    "Inspector": "workspace",
    "PolicyReader": "reading-an-answer",
    "AccessTab": "asking-in-reverse",
    "WhoCanPanel": "asking-in-reverse",
    "AccessMatrixPanel": "asking-in-reverse",
    "AttackPathsPanel": "ways",
    "FindingsPanel": "findings",
    "FindingDetail": "checks",
    "ReviewPanel": "review",
    "SignDialog": "review",
    "VerifyDialog": "review",
    "HistoryPanel": "asking",
    "ChangesPanel": "comparing",
    "CompareWindow": "comparing",
    "WhatIfWindow": "what-if",
    "DenialDialog": "why-denied",
    "SettingsDialog": "window",
    "SearchPalette": "window",
}
"""Pages by the class of a panel or window; the innermost one around the focus counts."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A paragraph that matches a search."""

    page: str
    block: int
    """Number of the paragraph in the page as displayed."""
    text: str


def page_about(widget: QWidget | None) -> str:
    """Return the page about the focused widget, or the first page."""
    while widget is not None:
        page = _ABOUT.get(type(widget).__name__)
        if page is not None:
            return page
        widget = widget.parentWidget()
    return FIRST_PAGE


def rule_at_hand(widget: QWidget | None) -> str:
    """Return the id of the evaluation rule of the focused widget; may be empty."""
    while widget is not None:
        rule = getattr(widget, "rule_at_hand", None)
        if callable(rule):
            return str(rule())
        widget = widget.parentWidget()
    return ""


@cache
def rules_by_code() -> Mapping[str, str]:
    """Return the evaluation rules of assumptions: rule id by the assumption's code."""
    pieces = _RULE.split(page_file(RULES_PAGE).read_text(encoding="utf-8"))[1:]
    return {code: rule for rule, text in zip(pieces[::2], pieces[1::2], strict=True) for code in _CODE.findall(text)}


def page_file(page: str) -> Path:
    """Return the path of a page."""
    return resources() / "help" / f"{page}.md"


@cache
def title_of(page: str) -> str:
    """Return a page's heading."""
    first = page_file(page).read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("#").strip() or page


def anchor_of(heading: str) -> str:
    """Return the anchor of a heading, as code hosts make it: ``how-it-is-decided`` for ``How it is decided``."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def find(text: str) -> Iterator[Hit]:
    """Yield the paragraphs that contain every word of the text, page by page; none for an empty text."""
    words = text.casefold().split()
    if not words:
        return
    for page in ORDER:
        for number, paragraph in enumerate(_paragraphs(page)):
            folded = paragraph.casefold()
            if all(word in folded for word in words):
                yield Hit(page, number, paragraph)


@cache
def _paragraphs(page: str) -> tuple[str, ...]:
    document = QTextDocument()
    document.setMarkdown(page_file(page).read_text(encoding="utf-8"))
    found = []
    block = document.begin()
    while block.isValid():
        found.append(block.text())
        block = block.next()
    return tuple(found)
