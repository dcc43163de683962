"""The pages of the user guide: in which order they stand, which one is about a widget, and what they say of a word."""

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
    "command-line",
    "privacy",
    "glossary",
)
"""Every page, by its file without ``.md``."""
RULES_PAGE = "policy-evaluation"
"""The page with the evaluation rules, each under its id."""
_RULE = re.compile(r"^### ([A-L]\d+)$", re.MULTILINE)
_CODE = re.compile(r"`([a-z]+(?:-[a-z]+)+)`")

_ABOUT = {
    "StartPage": "getting-a-snapshot",
    "CaptureDialog": "getting-a-snapshot",
    "CollectDialog": "collect",
    "OverviewPage": "window",
    "CapturedPage": "what-it-holds",
    "QuestionBar": "asking",
    "AnswerPanel": "reading-an-answer",
    "ChangeList": "reading-an-answer",
    "LayerList": "how-iam-decides",
    "NavigatorPanel": "workspace",
    "Inspector": "workspace",
    "PolicyReader": "reading-an-answer",
    "AccessTab": "asking-in-reverse",
    "WhoCanPanel": "asking-in-reverse",
    "EverybodyPanel": "asking-in-reverse",
    "GraphPanel": "ways",
    "FindingsPanel": "findings",
    "FindingDetail": "checks",
    "ReviewPanel": "review",
    "SignDialog": "review",
    "VerifyDialog": "review",
    "AskedPanel": "asking",
    "CompareWindow": "comparing",
    "WhatIfWindow": "what-if",
    "WhyDialog": "why-denied",
    "SettingsDialog": "window",
    "Tour": "window",
    "CommandPalette": "window",
}
"""Pages by the class of a panel or window; the innermost one around the cursor counts."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One paragraph of a page that speaks of what was searched."""

    page: str
    block: int
    """Number of the paragraph in the page as it is shown."""
    text: str


def page_about(widget: QWidget | None) -> str:
    """Return the page about what has the cursor; the first page where none is about it."""
    while widget is not None:
        page = _ABOUT.get(type(widget).__name__)
        if page is not None:
            return page
        widget = widget.parentWidget()
    return FIRST_PAGE


def rule_at_hand(widget: QWidget | None) -> str:
    """Return the id of the evaluation rule behind what has the cursor; empty where there is none."""
    while widget is not None:
        rule = getattr(widget, "rule_at_hand", None)
        if callable(rule):
            return str(rule())
        widget = widget.parentWidget()
    return ""


@cache
def rules_by_code() -> Mapping[str, str]:
    """Return which evaluation rule explains an assumption: rule id by the assumption's code."""
    pieces = _RULE.split(page_file(RULES_PAGE).read_text(encoding="utf-8"))[1:]
    return {code: rule for rule, text in zip(pieces[::2], pieces[1::2], strict=True) for code in _CODE.findall(text)}


def page_file(page: str) -> Path:
    """Return where a page stands."""
    return resources() / "help" / f"{page}.md"


@cache
def title_of(page: str) -> str:
    """Return a page's heading."""
    first = page_file(page).read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("#").strip() or page


def anchor_of(heading: str) -> str:
    """Return what links call a heading by, as code hosts do: ``How it is decided`` is ``how-it-is-decided``."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def find(text: str) -> Iterator[Hit]:
    """Yield the paragraphs that hold every word of the text, page by page; nothing for an empty text."""
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
