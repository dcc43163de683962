"""What *search everywhere* searches, and what is done with what it finds."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication

from iamdesk.evaluate.request import Request
from iamdesk.export.text.decision import short_arn
from iamdesk.gui.ask.sentence import read_typed
from iamdesk.gui.core.jobs import Job, JobRunner, import_lock
from iamdesk.gui.core.notebook import ITEM_OF_FINDINGS
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.principals import principal_of_key
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.translate import row_text
from iamdesk.gui.help import help_pages
from iamdesk.gui.widgets.icons import Drawing, Glyph
from iamdesk.gui.widgets.note_line import note_drawing, note_text
from iamdesk.i18n import chosen, tr, translate
from iamdesk.progress import Cancelled, Progress
from iamdesk.use_cases.types import UseCaseRequest
from iamdesk.viewmodel.tree import Node, NodeKind
from iamdesk.viewmodel.types import Completion, Searchable, SearchGroup, SearchResult


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line; also what is searched (`Searchable`), for what the window itself has."""

    title: str
    """Hostile text, as ``detail``: paint it as plain text."""
    detail: str = ""
    open: Callable[[], None] = field(default=nothing, compare=False)
    """What Return does."""
    ask: Callable[[], None] | None = field(default=None, compare=False)
    """What Ctrl+Return does: asks about it in the request bar; None: there is nothing to ask."""
    keys: str = ""
    """Its keys, of a command."""
    more: str = ""
    """Further searched text."""
    tooltip: str = ""
    glyph: Drawing | None = None

    @property
    def name(self) -> str:
        """The title in lower case."""
        return self.title.casefold()

    def holds(self, word: str) -> bool:
        """Return whether a word in lower case occurs in title, detail or further text."""
        return word in f"{self.title}\n{self.detail}\n{self.more}".casefold()


if TYPE_CHECKING:
    from iamdesk.api import Opened
    from iamdesk.gui.findings.findings_panel import FindingsPanel
    from iamdesk.gui.findings.rows import FindingRow
    from iamdesk.gui.history.history_panel import HistoryPanel
    from iamdesk.gui.history.history_table import HistoryRow
    from iamdesk.notes.model import Note

PREFIXES: Mapping[str, tuple[SearchGroup, ...]] = {
    ">": (SearchGroup.COMMANDS,),
    "@": (SearchGroup.PRINCIPALS,),
    "#": (SearchGroup.POLICIES,),
    "/": (SearchGroup.RESOURCES, SearchGroup.NAMED),
    ":": (SearchGroup.ACTIONS,),
    "!": (SearchGroup.FINDINGS,),
    "~": (SearchGroup.NOTES,),
    "?": (SearchGroup.HELP, SearchGroup.CHECKS),
}
"""What a first character narrows the search to."""
_WITHOUT_TEXT = (SearchGroup.REQUESTS, SearchGroup.COMMANDS, SearchGroup.HELP)
_OF_THE_WINDOW = frozenset({SearchGroup.COMMANDS})
"""Groups that are searched at once: they are short, and need nothing that could be busy."""
_FEW, _MANY = 6, 200
"""Most lines of a group: beside others, and if the search is narrowed to it."""
_HEADING = re.compile(r"^##+ +(.+)$", re.MULTILINE)
_MARKUP = re.compile(r"[`*]|\[([^]]*)\]\([^)]*\)")
_POLICIES_BY_OWNER = frozenset({NodeKind.TRUST_POLICY, NodeKind.INLINE_POLICY, NodeKind.RESOURCE_POLICY})


class Panels(Protocol):
    """The panels whose contents are searched."""

    findings: "FindingsPanel"
    history: "HistoryPanel"


class Window(Protocol):
    """Shows what was found."""

    @property
    def is_complete(self) -> bool:
        """Whether the panels exist."""

    @property
    def panels(self) -> Panels:
        """The panels, once they exist."""

    def go_to(self, dock: str) -> None:
        """Bring a panel forward and focus it."""


class Found(NamedTuple):
    """What is shown of one group."""

    group: SearchGroup
    entries: tuple[Entry, ...]
    total: int
    """The true count."""


type Offered = Mapping[SearchGroup, Sequence[Searchable]]


def narrowed(text: str) -> tuple[tuple[SearchGroup, ...], str]:
    """Return the groups that the typed text asks for, and the text without its prefix."""
    groups = PREFIXES.get(text[:1])
    if groups is not None:
        return groups, text[1:]
    searched = tuple(group for group in SearchGroup if group is not SearchGroup.SENTENCE)
    return (searched if text.strip() else _WITHOUT_TEXT), text


class Finder:
    """Searches, and makes lines of what is found. Lives in the GUI thread; long searches run in a worker."""

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        window: Window,
        show_page: Callable[[str, str], None],
        commands: Sequence[tuple[str, QAction]],
    ) -> None:
        self._session = session
        self._jobs = jobs
        self._window = window
        self._show_page = show_page
        self._commands = tuple(_command(menu, action) for menu, action in commands)
        self._ask = next((action for _menu, action in commands if action.objectName() == "actionAsk"), None)
        """Evaluates what is in the request bar; None: no snapshot is open."""
        self._job: Job | None = None

    def find(self, text: str, done: Callable[[tuple[Found, ...]], None]) -> None:
        """Call ``done`` with what the text finds: at once for commands, else once a worker has searched.

        A newer call replaces an older one.
        """
        groups, words = narrowed(text)
        opened, offered = self._session.shown, self._offered()
        limit = _MANY if text[:1] in PREFIXES else _FEW
        self.stop()
        sentence = self._sentence(text)
        if _OF_THE_WINDOW.issuperset(groups):
            done(self._shown(_search(None, words, groups, offered, limit, _never), opened))
            return

        def work(_progress: Progress, cancelled: Cancelled) -> tuple[SearchResult, ...]:
            everything = {**offered, **_read(self._show_page, groups)}
            return _search(opened, words, groups, everything, limit, cancelled)

        self._job = self._jobs.run(
            tr("Searching"), work, done=lambda results: done(sentence + self._shown(results, opened)), prompt=True
        )

    def stop(self) -> None:
        """Drop a search that is still running."""
        if self._job is not None:
            self._job.cancel()

    def _sentence(self, text: str) -> tuple[Found, ...]:
        """Return the typed text as a request, if it is one: ``who can delete object on payroll``."""
        parts, ask = read_typed(text), self._ask
        if parts is None or ask is None or self._session.snapshot is None:
            return ()

        def evaluate() -> None:
            self._session.draft(*parts)
            ask.trigger()

        question = " ".join(text.split())
        entry = Entry(tr("Ask: {question}").format(question=question), "", evaluate, glyph=Glyph.ASK)
        return (Found(SearchGroup.SENTENCE, (entry,), 1),)

    # What is searched

    def _offered(self) -> dict[SearchGroup, Sequence[Searchable]]:
        """Return what the window has: commands, and what panels hold if they exist."""
        offered: dict[SearchGroup, Sequence[Searchable]] = {SearchGroup.COMMANDS: self._commands}
        if self._window.is_complete and self._session.snapshot is not None:
            panels = self._window.panels
            offered[SearchGroup.FINDINGS] = tuple(panels.findings.model.rows)
            rows = reversed(panels.history.model.rows)
            offered[SearchGroup.NOTES] = tuple(map(self._note, self._session.notes.notes.values()))
            offered[SearchGroup.REQUESTS] = tuple(map(self._asked, rows))
        return offered

    def _note(self, note: "Note") -> Entry:
        item = note.item
        fingerprint = item.removeprefix(ITEM_OF_FINDINGS)
        return Entry(
            note.about or item,
            " ".join(note_text(note).split()),
            (lambda: self._show(item)) if fingerprint == item else lambda: self._show_finding(fingerprint),
            tooltip=item,
            glyph=note_drawing(note),
        )

    def _asked(self, row: "HistoryRow") -> Entry:
        asked = row.asked
        request = asked.request
        title = f"{translate(short_arn(request.principal))}  {translate(asked.what)}  {short_arn(request.resource)}"
        return Entry(
            title,
            translate(asked.decision_text),
            lambda: self._repeat(asked.evaluated),
            lambda: self._session.draft(request.principal, request.action, request.resource),
            more=f"{request.principal}\n{request.action}\n{request.resource}",
            tooltip=translate(asked.sentence),
            glyph=Glyph.CLOCK,
        )

    def _repeat(self, evaluated: Request | UseCaseRequest) -> None:
        if isinstance(evaluated, UseCaseRequest):
            self._session.evaluate_use_case(evaluated)
        else:
            self._session.ask(evaluated)

    # What is shown

    def _shown(self, results: Sequence[SearchResult], opened: "Opened | None") -> tuple[Found, ...]:
        if opened is not self._session.shown:
            return ()  # rows of a tree that is not shown any more
        return tuple(
            Found(one.group, tuple(self._entry(one.group, each, opened) for each in one.found), one.total)
            for one in results
        )

    def _entry(self, group: SearchGroup, found: Any, opened: "Opened | None") -> Entry:
        if isinstance(found, Entry):
            return found
        if group is SearchGroup.FINDINGS:
            return self._finding(found)
        if group is SearchGroup.NAMED:
            return self._named(found.arn)
        if group is SearchGroup.ACTIONS or opened is None:  # rows of the tree need a snapshot
            return self._action(found)
        return self._row(opened, found)

    def _row(self, opened: "Opened", row: int) -> Entry:
        node = opened.outline.nodes[row]
        key = node.key
        title = row_text(node)
        if node.kind in _POLICIES_BY_OWNER:
            title = f"{title} · {row_text(opened.outline.nodes[node.parent])}"
        parts = [tr(node.kind.value), _account_of(key) if len(opened.accounts) > 1 else "", translate(node.detail)]
        return Entry(
            title,
            " · ".join(dict.fromkeys(filter(None, parts))),
            lambda: self._show(key),
            self._request_command(opened, node),
            tooltip=key,
            glyph=node.kind,
        )

    def _request_command(self, opened: "Opened", node: Node) -> Callable[[], None] | None:
        if self._session.snapshot is None:
            return None
        if node.kind is NodeKind.RESOURCE:
            return lambda: self._session.draft(resource=node.key)
        principal = principal_of_key(opened.outline, node.key)
        return None if principal is None else lambda: self._session.draft(principal=principal)

    def _show(self, key: str) -> None:
        self._session.show_key(key)
        self._window.go_to("pagesDock")

    def _show_finding(self, fingerprint: str) -> None:
        self._window.go_to("findingsDock")
        self._window.panels.findings.show_finding(fingerprint)

    def _finding(self, row: "FindingRow") -> Entry:
        finding = row.finding
        decision = next((one.decision for one in finding.evidence if one.decision is not None), None)

        return Entry(
            translate(finding.sentence),
            f"{finding.check_id}  {tr(finding.title)}",
            lambda: self._show_finding(finding.fingerprint),
            None if decision is None else lambda: self._session.show_decision(decision),
            tooltip=finding.subject_key,
            glyph=Glyph.FINDINGS,
        )

    def _named(self, arn: str) -> Entry:
        is_open = self._session.snapshot is not None
        return Entry(
            arn,
            tr("named in policies"),
            lambda: self._session.ask_who_can(Request("", "", arn)),
            (lambda: self._session.draft(resource=arn)) if is_open else None,
            glyph=NodeKind.RESOURCE,
        )

    def _action(self, found: Completion) -> Entry:
        name = found.value
        is_open = self._session.snapshot is not None
        return Entry(
            name,
            translate(found.detail),
            (lambda: self._session.ask_who_can(Request("", name, ""))) if is_open else lambda: self._copy(name),
            (lambda: self._session.draft(action=name)) if is_open else None,
            glyph=Glyph.ASK,
        )

    def _copy(self, name: str) -> None:
        QApplication.clipboard().setText(name)
        self._session.announce(
            tr("{action} was copied. Open a snapshot to list who can perform it.").format(action=name)
        )


def _command(menu: str, action: QAction) -> Entry:
    keys = visible(action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
    return Entry(_words(action.text()), _words(menu), action.trigger, keys=keys, tooltip=action.statusTip())


def _never() -> bool:
    return False


def _search(
    opened: "Opened | None",
    words: str,
    groups: Collection[SearchGroup],
    offered: Offered,
    limit: int,
    cancelled: Cancelled,
) -> tuple[SearchResult, ...]:
    with import_lock:
        from iamdesk.api import Workbench  # imported after the first paint
    return Workbench.search_everywhere(opened, words, groups, offered, limit, cancelled)


def _read(show_page: Callable[[str, str], None], groups: Collection[SearchGroup]) -> dict[SearchGroup, list[Entry]]:
    """Return the pages and headings of the guide and the checks, as lines. Takes a moment the first time."""
    found: dict[SearchGroup, list[Entry]] = {}
    if SearchGroup.HELP in groups:
        found[SearchGroup.HELP] = [
            Entry(one.title, one.detail, _opens(show_page, one.page, one.heading), more=one.text) for one in _sections()
        ]
    if SearchGroup.CHECKS in groups:
        found[SearchGroup.CHECKS] = [
            Entry(title, severity, _opens(show_page, "checks", f"{check_id} "), more=question)
            for check_id, title, severity, question in _checks(chosen())
        ]
    return found


def _opens(show_page: Callable[[str, str], None], page: str, heading: str) -> Callable[[], None]:
    return lambda: show_page(page, heading)


class _Section(NamedTuple):
    page: str
    heading: str
    """Empty: the beginning of the page."""
    title: str
    detail: str
    text: str


@cache
def _sections() -> tuple[_Section, ...]:
    """Return each section of the guide; the page of checks alone, as checks are searched by themselves."""
    found = []
    for page in help_pages.ORDER:
        about = help_pages.title_of(page)
        top, *rest = _HEADING.split(help_pages.page_file(page).read_text(encoding="utf-8"))
        found.append(_Section(page, "", about, "", "" if page == "checks" else top))
        for written, text in zip(rest[::2], rest[1::2], strict=True) if page != "checks" else ():
            heading = _MARKUP.sub(r"\1", written).strip()
            first = _MARKUP.sub(r"\1", text.strip().partition("\n")[0])
            title = f"{heading}  {first}" if first and page == help_pages.RULES_PAGE else heading
            found.append(_Section(page, heading, title, about, text))
    return tuple(found)


@cache
def _checks(_language: str) -> tuple[tuple[str, str, str, str], ...]:
    """Return id, title, severity and question of each check: the first two are shown together."""
    with import_lock:
        from iamdesk.api import Workbench
        from iamdesk.gui.findings.rows import SEVERITY_WORDS

        checks = Workbench.checks()
    return tuple(
        (one.id, f"{one.id}  {tr(one.title)}", tr(SEVERITY_WORDS[one.severity]), one.question) for one in checks
    )


def _account_of(key: str) -> str:
    parts = key.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def _words(text: str) -> str:
    """Return a menu's or an action's text without its mnemonic."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")
