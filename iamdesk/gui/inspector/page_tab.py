"""The Summary tab: a sentence about the selected item, and cards that fill in as they are computed."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from iamdesk.errors import SnapshotError
from iamdesk.evaluate.request import Request, RequestError
from iamdesk.gui.core.job_stream import JobStream
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.run_command import run_command
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.core.translate import error_sentence
from iamdesk.gui.findings.findings_by_subject import FindingsBySubject
from iamdesk.gui.findings.rows import SEVERITIES, SEVERITY_WORDS
from iamdesk.gui.inspector.page_card import PageCard, larger
from iamdesk.gui.review.columns import Column as ReviewColumn
from iamdesk.gui.review.items_by_principal import ItemsByPrincipal
from iamdesk.gui.widgets.column_layout import ColumnsLayout
from iamdesk.gui.widgets.full_height_list import scrolling
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, tr, translate
from iamdesk.progress import Cancelled, Progress
from iamdesk.viewmodel.pages import MAX_LISTED, TITLES, OpenTable, PageLine, PageSection, Part, Table, parts_of
from iamdesk.viewmodel.tree import NodeKind
from iamdesk.viewmodel.types import Subject
from iamdesk.work.errors import WorkError

if TYPE_CHECKING:
    from iamdesk.api import Opened, SnapshotSession

_PAUSE = 120
"""Milliseconds for which an item stays selected before its page is computed: the arrow keys pass by many."""
_CACHED = 32
_COLUMN = 40
"""Characters of the narrowest column of cards."""
_LINKS = {
    Table.EFFECTIVE_PERMISSIONS: mark("Effective permissions"),
    Table.ATTACK_PATHS: mark("All attack paths"),
    Table.WHO_CAN: mark("Show all in Who can"),
}
_BY_ATTACK_PATHS = frozenset({Part.SENTENCE, Part.ESCALATION})
"""Sections of principals that need the attack paths of the snapshot."""
_OF_PANELS = frozenset({Part.FINDINGS, Part.REVIEW})


class PageTab(QWidget):
    """The page of one item. It is computed while it is visible, and cached until the snapshot is closed."""

    key_chosen = Signal(str)
    """The item of a line."""
    tab_wanted = Signal(object)
    """`Part.FINDINGS` or `Part.REVIEW`: show the tab with all of them."""

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pageTab")
        self._session = session
        self._jobs = jobs
        self._subject: Subject | None = None
        self._computed = ""
        """Key of the page that is computed, or being computed."""
        self._cache: dict[str, dict[Part, PageSection]] = {}
        self._reading: Job | None = None
        self._stream = JobStream(jobs, "page", self._fail, self)
        self._later = QTimer(self, singleShot=True, interval=_PAUSE)
        self._findings: FindingsBySubject | None = None
        self._review: ItemsByPrincipal | None = None
        self.cards: dict[Part, PageCard] = {}
        self.message = MessageBar()
        self.sentence = FlowLabel()
        self.again_button = QPushButton(tr("Look for attack paths"))
        gap = self.fontMetrics().lineSpacing() * 2 // 3
        self._columns = ColumnsLayout(self.fontMetrics().averageCharWidth() * _COLUMN, gap, in_turn=True)
        self._lay_out()
        self._later.timeout.connect(self._compute)
        self._stream.batch.connect(self._take)
        self.again_button.clicked.connect(self._look_again)
        session.snapshot_closed.connect(self._forget)

    def _lay_out(self) -> None:
        line = self.fontMetrics().lineSpacing()
        self.sentence.setObjectName("pageSentence")
        self.sentence.setFont(larger(self.sentence.font(), 1.15))
        head = QHBoxLayout()
        head.addWidget(self.sentence, 1)
        head.addWidget(self.again_button, 0, Qt.AlignmentFlag.AlignTop)
        self.again_button.hide()
        self._inside = QWidget()
        page = QVBoxLayout(self._inside)
        page.setContentsMargins(line * 2 // 3, line * 2 // 3, line * 2 // 3, line)
        page.setSpacing(line * 2 // 3)
        page.addWidget(self.message)
        page.addLayout(head)
        page.addLayout(self._columns)
        page.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolling(self._inside))

    def follow(self, findings: FindingsBySubject, review: ItemsByPrincipal) -> None:
        """Show the findings and review items of the panels' own rows."""
        self._findings, self._review = findings, review
        findings.changed.connect(self._show_findings)
        review.changed.connect(self._show_review)

    def has_page(self, subject: Subject) -> bool:
        """Return whether an item has a page."""
        return bool(parts_of(subject.kind))

    def show_subject(self, subject: Subject) -> None:
        """Show the page of another item: what is cached at once, the rest as it is computed."""
        if self._subject is not None and self._subject.key == subject.key:
            return
        self._stream.stop()
        self._subject, self._computed = subject, ""
        self.message.clear()
        self.sentence.setText("")
        # Hidden while it changes: it would be laid out at each card.
        self._inside.hide()
        parts = [part for part in parts_of(subject.kind) if part is not Part.SENTENCE]
        if parts == list(self.cards):
            for card in self.cards.values():
                card.wait()
        else:
            self._replace_cards(parts)
        for section in self._cache.get(subject.key, {}).values():
            self._show(section)
        self._show_findings()
        self._show_review()
        self._show_state()
        self._inside.show()
        if self.isVisible():
            self._later.start()

    def _replace_cards(self, parts: Sequence[Part]) -> None:
        while (item := self._columns.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.cards = {}
        for part in parts:
            self.cards[part] = card = PageCard(tr(TITLES[part]))
            card.setObjectName(f"page-{part.value}")
            card.key_chosen.connect(self.key_chosen)
            self._columns.addWidget(card)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Compute the page when it is seen."""
        super().showEvent(event)
        self._later.start()

    @property
    def is_complete(self) -> bool:
        """Whether every section is shown."""
        return self._subject is not None and self._is_known(self._subject.key, frozenset(parts_of(self._subject.kind)))

    def _is_known(self, key: str, parts: frozenset[Part]) -> bool:
        return parts - _OF_PANELS <= self._cache.get(key, {}).keys()

    # Computing

    def _compute(self) -> None:
        opened, whole, subject = self._session.snapshot, self._session.whole, self._subject
        if opened is None or subject is None or not self.isVisible() or self._computed == subject.key:
            return
        key, parts = subject.key, frozenset(parts_of(subject.kind))
        self._computed = key
        by_paths = _by_paths(subject)
        if not self._is_known(key, parts - by_paths):

            def work(give: Callable[[object], None], _progress: Progress, cancelled: Cancelled) -> None:
                make = opened.principal_page if by_paths else opened.resource_page
                for section in make(key, cancelled):
                    give((key, section))

            self._stream.start(tr("Computing the page of {name}").format(name=translate(subject.title)), work)
        if not self._is_known(key, by_paths):
            if whole is not None:
                self._find_paths(whole)
            elif self._reading is None:
                self._escalate(opened)
        self._show_state()

    def _find_paths(self, opened: "SnapshotSession") -> None:
        """Compute the attack paths of the snapshot, once; another item may be selected meanwhile."""
        if self._reading is not None:
            return
        self._reading = self._jobs.run(
            tr("Looking for attack paths"),
            lambda progress, cancelled: opened.reach(progress, cancelled, self._session.executor_for(opened)),
            done=lambda _found: self._escalate(opened),
            failed=self._fail,
            stopped=self._stopped,
            topic="page attack paths",
            patient=True,
        )
        self._show_state()

    def _escalate(self, opened: "Opened") -> None:
        """Compute the sections by attack paths of the selected item."""
        self._reading = None
        subject = self._subject
        if subject is None or opened is not self._session.snapshot or not _by_paths(subject):
            self._show_state()
            return
        key = subject.key
        self._reading = self._jobs.run(
            tr("Computing the page of {name}").format(name=translate(subject.title)),
            lambda _progress, cancelled: tuple(opened.principal_escalation(key, cancelled=cancelled)),
            done=partial(self._take_paths, opened, key),
            failed=self._fail,
            stopped=self._stopped,
            topic="page attack paths",
        )

    def _take_paths(self, opened: "Opened", key: str, sections: tuple[PageSection, ...]) -> None:
        self._reading = None
        self._take([(key, section) for section in sections])
        subject = self._subject
        if subject is not None and subject.key != key and self._lacking() and self.isVisible():
            self._escalate(opened)
        self._show_state()

    def _take(self, found: list[tuple[str, PageSection]]) -> None:
        for key, section in found:
            if key not in self._cache and len(self._cache) >= _CACHED:
                del self._cache[next(iter(self._cache))]
            self._cache.setdefault(key, {})[section.part] = section
            if self._subject is not None and key == self._subject.key:
                self._show(section)

    def _stopped(self) -> None:
        self._reading = None
        self._show_state()

    def _look_again(self) -> None:
        self._computed = ""
        self._compute()

    def _fail(self, error: Exception) -> None:
        self._reading = None
        self._show_state()
        if not isinstance(error, (RequestError, WorkError, SnapshotError)):
            self.message.say(Tone.ERROR, tr("The page could not be computed."))
            raise error
        self.message.say(Tone.WARNING, error_sentence(error))

    def _forget(self) -> None:
        self._stream.stop()
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.stopped = None
            reading.cancel()
        self._cache.clear()
        self._subject, self._computed = None, ""

    # Showing

    def _show_state(self) -> None:
        """Show whether attack paths are being computed, were cancelled, or are there."""
        subject = self._subject
        if subject is None:
            return
        if not _by_paths(subject) and Part.SENTENCE not in self._cache.get(subject.key, {}):
            self.sentence.setText(tr("Looking for who has access …"))
        lacks = bool(self._lacking())
        runs = self._reading is not None
        was_cancelled = lacks and not runs and self._computed == subject.key
        self.again_button.setVisible(was_cancelled)
        if lacks:
            waiting = tr("Looking for attack paths to administrator …")
            self.sentence.setText(tr("Attack paths were not computed.") if was_cancelled else waiting)
        self._tint()

    def _lacking(self) -> frozenset[Part]:
        subject = self._subject
        if subject is None:
            return frozenset()
        return _by_paths(subject) - self._cache.get(subject.key, {}).keys()

    def _tint(self) -> None:
        palette = QPalette(self.palette())
        is_known = self._subject is None or Part.SENTENCE in self._cache.get(self._subject.key, {})
        if not is_known:
            palette.setColor(QPalette.ColorRole.WindowText, colour(Colour.MUTED, self.palette()))
        self.sentence.setPalette(palette)

    def _show(self, section: PageSection) -> None:
        if section.part is Part.SENTENCE:
            self.sentence.setText(translate(section.note))
            self._tint()
            return
        card = self.cards.get(section.part)
        if card is None:
            return
        table = section.table
        link, act = "", None
        is_whole = self._session.whole is not None
        if table is not None and (section.lines or table.table is not Table.WHO_CAN or not is_whole):
            link, act = tr(_LINKS[table.table]), partial(self._open, table)
        card.show_lines(section.lines, section.count, section.note, link, act)

    def _open(self, table: OpenTable) -> None:
        subject = self._subject
        if subject is None:
            return
        match table.table:
            case Table.WHO_CAN:
                self._session.ask_who_can(Request("", table.action, table.resource))
            case Table.EFFECTIVE_PERMISSIONS:
                self._session.show_access(subject.key)
            case Table.ATTACK_PATHS:
                run_command(self, "actionWaysOfSelected")

    def _show_findings(self) -> None:
        card, subject, source = self.cards.get(Part.FINDINGS), self._subject, self._findings
        if card is None or subject is None:
            return
        if source is None:
            card.hide()
            return
        rows = sorted(source.about(subject.key), key=lambda row: SEVERITIES.index(row.finding.severity))
        lines = tuple(
            PageLine(f"{tr(SEVERITY_WORDS[row.finding.severity])} · {tr(row.finding.title)}", row.finding.sentence)
            for row in rows[:MAX_LISTED]
        )
        note = ""
        if not source.is_complete:
            note = tr("The checks are not complete.")
        elif not rows:
            note = tr("All checks have run. There are no open findings of this item.")
        link = tr("All findings of this item") if rows else ""
        card.show_lines(lines, len(rows), note, link, partial(self.tab_wanted.emit, Part.FINDINGS))

    def _show_review(self) -> None:
        card, subject, source = self.cards.get(Part.REVIEW), self._subject, self._review
        if card is None or subject is None:
            return
        if source is None or not source.is_open:
            card.hide()
            return
        card.show()
        rows = source.about(subject.key)
        lines = tuple(
            PageLine(row.texts[ReviewColumn.WHAT], row.texts[ReviewColumn.DECISION])
            for row in sorted(rows, key=lambda row: not row.is_open)[:MAX_LISTED]
        )
        waiting = sum(row.is_open for row in rows)
        note = tr("The review has no items about it.")
        if rows:
            note = tr("{count} of {total} undecided").format(count=number(waiting), total=number(len(rows)))
        link = tr("Decide on them") if rows else ""
        card.show_lines(lines, len(rows), note, link, partial(self.tab_wanted.emit, Part.REVIEW))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the color of the sentence."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "sentence"):
            self._tint()


def _by_paths(subject: Subject) -> frozenset[Part]:
    """Return the sections of an item's page that need attack paths; none of a resource."""
    return frozenset() if subject.kind is NodeKind.RESOURCE else _BY_ATTACK_PATHS & frozenset(parts_of(subject.kind))
