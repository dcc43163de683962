"""The inspector: header and tabs of the selected item. Painted from one `Subject`."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QPalette, QShowEvent
from PySide6.QtWidgets import QStackedLayout, QTabWidget, QVBoxLayout, QWidget

from iamdesk.errors import SnapshotError
from iamdesk.explain.decision import EvaluationResult, StatementExplanation
from iamdesk.gui.access.tab import AccessTab
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import visible_lines
from iamdesk.gui.core.principals import subject_of
from iamdesk.gui.core.session import Session
from iamdesk.gui.findings.findings_by_subject import FindingsBySubject
from iamdesk.gui.inspector.code_view import CodeView
from iamdesk.gui.inspector.facts_tab import FactsTab
from iamdesk.gui.inspector.find_bar import FindBar
from iamdesk.gui.inspector.findings_and_review_tabs import FindingsTab, ReviewTab
from iamdesk.gui.inspector.header import InspectorHeader
from iamdesk.gui.inspector.page_tab import PageTab
from iamdesk.gui.inspector.policies_tab import PoliciesTab
from iamdesk.gui.inspector.policy_list import Entry
from iamdesk.gui.inspector.policy_reader import PolicyReader
from iamdesk.gui.inspector.trust_tab import TrustTab
from iamdesk.gui.review.items_by_principal import ItemsByPrincipal
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import error_words, mark, tr, translate
from iamdesk.inventory.keys import trust_policy_key
from iamdesk.viewmodel.pages import Part
from iamdesk.viewmodel.tree import Badge, NodeKind
from iamdesk.viewmodel.types import PolicyRole, Subject

if TYPE_CHECKING:
    from iamdesk.api import Details, Opened

_ROLES = frozenset({NodeKind.ROLE, NodeKind.SERVICE_LINKED_ROLE})
_PRINCIPALS = _ROLES | {NodeKind.USER}
_CARRIERS = _ROLES | {NodeKind.USER, NodeKind.GROUP}
_NOTHING = mark("Select an item on the left to see its details, policies and related items.")
_MAX_MISSING = 3


class InspectorTabs(QTabWidget):
    """Tabs of which some are shown and hidden, also while another page covers them."""

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Lay out the tabs: Qt gives no width to a tab that was shown while the bar was hidden."""
        super().showEvent(event)
        self.setTabText(0, self.tabText(0))


class JsonTab(QWidget):
    """The whole entry as captured."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = CodeView()
        self.text.setObjectName("rawView")
        self.text.setAccessibleName(tr("The entry as captured"))
        self.text.setFrameShape(CodeView.Shape.NoFrame)
        self.find_bar = FindBar(self.text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.find_bar)


class Inspector(QWidget):
    """The center of the window."""

    zoomed = Signal(int)
    """Points added to the default size of policy text."""

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: FileDialogs | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("inspector")
        self.setAccessibleName(tr("Inspector"))
        self._session = session
        self._jobs = jobs
        self._subject: Subject | None = None
        self._reading: Job | None = None
        self._then: list[Callable[[], None]] = []
        """Calls that wait until the account of the subject is read."""
        self._chosen_tab: dict[bool, int] = {}
        self._showing = False
        self.header = InspectorHeader()
        self.missing_data = MessageBar(closable=False)
        self.tabs = InspectorTabs()
        self.tabs.setObjectName("inspectorTabs")
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(tr("Tabs of the inspector"))
        self.page = PageTab(session, jobs)
        self.facts = FactsTab()
        self.access = AccessTab(session, jobs, prompts)
        self.policies = PoliciesTab()
        self.trust = TrustTab()
        self.findings = FindingsTab(session)
        self.review = ReviewTab()
        self.json = JsonTab()
        self.tabs.addTab(self.page, tr("Summar&y"))
        self.tabs.addTab(self.access, tr("Acce&ss"))
        self.tabs.addTab(self.policies, tr("&Policies"))
        self.tabs.addTab(self.trust, tr("Tr&ust"))
        self.tabs.addTab(self.findings, tr("Findin&gs"))
        self.tabs.addTab(self.review, tr("Revie&w"))
        self.tabs.addTab(self.facts, tr("Detai&ls"))
        self.tabs.addTab(self.json, tr("&JSON"))
        self.tabs.setCurrentWidget(self.page)
        self.setFocusProxy(self.tabs.tabBar())
        self._empty = FlowLabel(tr(_NOTHING))
        self._page = QWidget()
        self._lay_out()
        self._connect()
        self._show_nothing()

    def _lay_out(self) -> None:
        line = self.fontMetrics().lineSpacing()
        page = QVBoxLayout(self._page)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self.header)
        page.addWidget(self.missing_data)
        page.addWidget(self.tabs, 1)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(line, line, line, line)
        self._empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._page)

    def _connect(self) -> None:
        session = self._session
        session.subject_selected.connect(self._show_key)
        session.snapshot_closed.connect(self._show_no_key)
        session.evaluated.connect(self._show_decision)
        session.statement_shown.connect(self.show_statement)
        session.access_shown.connect(self.show_access)
        session.badges_decided.connect(self._refresh_badges)
        session.notes.changed.connect(self._show_note)
        session.notes.changed.connect(lambda _items: self.policies.list.show_notes(session.notes.notes))
        self.header.copy_wanted.connect(self._copy)
        self.page.key_chosen.connect(session.show_key)
        self.page.tab_wanted.connect(self._show_tab)
        self.facts.key_chosen.connect(self._follow)
        self.policies.key_chosen.connect(session.show_key)
        self.policies.list.try_wanted.connect(self._try_without)
        self.policies.reader.announced.connect(session.announce)
        self.trust.announced.connect(session.announce)
        self.tabs.currentChanged.connect(self._tab_changed)
        for reader in (self.policies.reader, self.trust.reader):
            reader.explanations_wanted.connect(self.set_explained)
        for view in self._texts():
            view.zoomed.connect(self._zoom_changed)

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of the inspector's commands (``gui/app/commands.py``)."""
        return {
            "actionFindInPolicy": self.find_in_text,
            "actionNextStatement": lambda: self.walk_statements(forward=True),
            "actionPreviousStatement": lambda: self.walk_statements(forward=False),
            "actionFoldStatement": self.fold_statement,
            "actionFoldAll": self.fold_all,
            "actionInWords": lambda: self.set_explained(not self.explains_statements),
            "actionZoomIn": lambda: self.set_zoom(self.zoom + 1),
            "actionZoomOut": lambda: self.set_zoom(self.zoom - 1),
            "actionZoomReset": lambda: self.set_zoom(0),
            **self.access.commands(),
        }

    def _try_without(self, entry: Entry) -> None:
        held_by = self._session.subject_key
        self._session.try_without(entry.key, "" if entry.key == held_by else held_by)

    @property
    def subject(self) -> Subject | None:
        """The subject shown."""
        return self._subject

    @property
    def zoom(self) -> int:
        """Points added to the default size of policy text."""
        return self.policies.reader.text.zoom

    def set_zoom(self, points: int) -> None:
        """Change the text size of all texts in the inspector."""
        for view in self._texts():
            view.set_zoom(points)

    @property
    def explains_statements(self) -> bool:
        """Whether statements are explained beside their text."""
        return self.policies.reader.words_button.isChecked()

    def set_explained(self, wanted: bool) -> None:
        """Show or hide the explanations of statements."""
        for reader in (self.policies.reader, self.trust.reader):
            reader.set_explained(wanted)

    def fold_statement(self) -> None:
        """Fold or unfold the statement at the cursor."""
        if not self._reader().text.toggle_fold():
            self._session.announce(tr("Place the cursor in a statement first."))

    def fold_all(self) -> None:
        """Fold or unfold all statements of the current policy."""
        self._reader().text.toggle_all_folds()

    def _reader(self) -> PolicyReader:
        """Return the current policy: the trust policy on its tab, else that of the tab Policies."""
        if self.tabs.currentWidget() is self.trust:
            return self.trust.reader
        self.tabs.setCurrentWidget(self.policies)
        return self.policies.reader

    def show_statement(self, line: StatementExplanation) -> None:
        """Open the policy of a statement, with marks, and scroll to it."""
        if self.is_reading:
            self._then.append(lambda: self.show_statement(line))
            return
        if self._subject is None and self._session.decision is None:
            self._show_unknown_principal(line.policy_name, "")
        self._stack.setCurrentWidget(self._page)
        self.tabs.setTabVisible(self.tabs.indexOf(self.policies), True)
        self.tabs.setCurrentWidget(self.policies)
        self.policies.show_statement(line)

    def show_access(self, key: str) -> None:
        """Show the effective permissions of the subject, if it can have any."""
        if self.is_reading:
            self._then.append(lambda: self.show_access(key))
            return
        if self._subject is not None and self._subject.key == key and self._subject.kind in _CARRIERS:
            self.tabs.setCurrentWidget(self.access)
            self.access.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._session.announce(tr("Select a user, a role or a group first: only these have effective permissions."))

    def find_in_text(self) -> None:
        """Search in the text of the current tab, or in the policy if the tab has no text."""
        match self.tabs.currentWidget():
            case self.json:
                self.json.find_bar.begin()
            case self.trust:
                self.trust.reader.find_bar.begin()
            case _:
                self.tabs.setCurrentWidget(self.policies)
                self.policies.reader.find_bar.begin()

    def walk_statements(self, *, forward: bool) -> None:
        """Go to the next or previous marked statement."""
        self._reader().text.go_to_statement(forward)

    def _texts(self) -> tuple[CodeView, ...]:
        return self.policies.reader.text, self.trust.reader.text, self.json.text

    @property
    def is_reading(self) -> bool:
        """Whether the account of the selected item is being read."""
        return self._reading is not None

    def _show_no_key(self) -> None:
        self._show_key("")

    def _show_key(self, key: str) -> None:
        self._stop_reading()
        opened = self._session.shown
        if opened is None or not key:
            self._show_nothing()
            return
        details = opened.details_at_hand(key)
        if details is not None:
            self._show_details(opened, details, key)
            return
        account = opened.account_of(key)
        self._show_nothing(tr("Reading account {account} …").format(account=account))
        self._reading = self._jobs.run(
            tr("Reading account {account}").format(account=account),
            lambda _progress, cancelled: opened.read_details(key, cancelled),
            done=lambda read: self._take(opened, read, key),
            failed=self._refuse,
            stopped=lambda: self._not_read(tr("Account {account} was not read.").format(account=account)),
            topic="details",
        )

    def _take(self, opened: "Opened", details: "Details", key: str) -> None:
        """Show the details that were read, and run the calls that waited."""
        then, self._then, self._reading = self._then, [], None
        self._show_details(opened, details, key)
        if self._session.decision is not None:
            self._show_decision(self._session.decision)
        for act in then:
            act()

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, SnapshotError):
            self._not_read(tr("It could not be shown because of an internal error."))
            raise error
        self._not_read(f"{error_words(error)}.")

    def _not_read(self, why: str) -> None:
        self._reading, self._then = None, []
        self._show_nothing(why)

    def _stop_reading(self) -> None:
        reading, self._reading, self._then = self._reading, None, []
        if reading is not None:
            reading.stopped = None
            reading.cancel()

    def _show_details(self, opened: "Opened", details: "Details", key: str) -> None:
        subject = details.subject(key)
        if subject is None:
            self._show_nothing(tr("The snapshot does not contain {key}.").format(key=key))
            return
        self._subject = subject
        self._showing = True
        self._fill(opened, details, subject)
        self._choose_tab(subject)
        self._showing = False
        self._stack.setCurrentWidget(self._page)

    def _fill(self, opened: "Opened", details: "Details", subject: Subject) -> None:
        self.header.show_subject(subject, self._badges(subject))
        self._show_note()
        if subject.missing_data:
            more = len(subject.missing_data) - _MAX_MISSING
            rest = [tr("and {more} more: see Details").format(more=number(more))] if more > 0 else []
            self.missing_data.say(Tone.NOTE, " ".join([*map(translate, subject.missing_data[:_MAX_MISSING]), *rest]))
        else:
            self.missing_data.clear()

        def kind_of(key: str) -> NodeKind | None:
            row = opened.outline.rows_by_key.get(key)
            return opened.outline.nodes[row].kind if row is not None else None

        for tab in (self.facts, self.json):  # hidden for what is not in the snapshot
            self.tabs.setTabVisible(self.tabs.indexOf(tab), True)
        self.facts.show_subject(subject, kind_of)
        self._mark_policies()
        self.policies.show_subject(details, subject)
        # Effective permissions need the whole snapshot, and wait for it.
        is_whole = self._session.snapshot is opened
        self.tabs.setTabVisible(self.tabs.indexOf(self.access), subject.kind in _CARRIERS and is_whole)
        if subject.kind in _CARRIERS:
            self.access.show_subject(subject)
        has_page = is_whole and self.page.has_page(subject)
        self.tabs.setTabVisible(self.tabs.indexOf(self.page), has_page)
        if has_page:
            self.page.show_subject(subject)
        is_trust = subject.kind is NodeKind.TRUST_POLICY
        has_trust = subject.kind in _ROLES or is_trust
        self.tabs.setTabVisible(self.tabs.indexOf(self.trust), has_trust)
        if has_trust:
            self.trust.reader.read = details.readings
            key = subject.key if is_trust else trust_policy_key(subject.key)
            view = details.policy(key)
            self.trust.show_subject(subject, key, view.document if view is not None else None, self._marked())
        count = len(subject.policies)
        is_policy = _is_policy(subject)
        self.tabs.setTabText(
            self.tabs.indexOf(self.policies),
            tr("&Policy") if is_policy else tr("&Policies {count}").format(count=number(count)),
        )
        self.tabs.setTabVisible(self.tabs.indexOf(self.policies), count > 0 or subject.kind in _CARRIERS)
        self._show_counts(subject)
        self.json.text.show_text(visible_lines(subject.raw))

    def follow(self, findings: FindingsBySubject, lines: ItemsByPrincipal) -> None:
        """Show the findings and review items of the panels' own rows."""
        self.findings.follow(findings)
        self.review.follow(lines)
        self.page.follow(findings, lines)
        for source in (findings, lines):
            source.changed.connect(self._counts_changed)

    def _counts_changed(self) -> None:
        if self._subject is not None:
            self._show_counts(self._subject)

    def _show_counts(self, subject: Subject) -> None:
        """Show the counts of findings and decisions in the tabs; hide tabs without contents."""
        findings, review = self.tabs.indexOf(self.findings), self.tabs.indexOf(self.review)
        self.findings.show_key(subject.key)
        self.review.show_key(subject.key)
        count, source = self.findings.count, self.findings.source
        counted = source.counted(count) if source is not None else number(count)
        self.tabs.setTabText(findings, tr("Findin&gs {count}").format(count=counted))
        is_known = self._session.snapshot is not None and self.findings.source is not None
        self.tabs.setTabVisible(findings, is_known and (count > 0 or subject.kind in _CARRIERS))
        decided, lines = self.review.counts
        self.tabs.setTabText(
            review, tr("Revie&w {decided}/{count}").format(decided=number(decided), count=number(lines))
        )
        self.tabs.setTabVisible(review, self.review.is_open and (lines > 0 or subject.kind in _CARRIERS))

    def _choose_tab(self, subject: Subject) -> None:
        """Keep the tab that the user chose for this kind of item; by default the summary, else the policies."""
        by_default = [self.tabs.indexOf(tab) for tab in (self.page, self.policies, self.facts)]
        chosen = self._chosen_tab.get(_is_policy(subject), by_default[0])
        self.tabs.setCurrentIndex(next(tab for tab in (chosen, *by_default) if self.tabs.isTabVisible(tab)))

    def _tab_changed(self, index: int) -> None:
        if not self._showing and self._subject is not None:
            self._chosen_tab[_is_policy(self._subject)] = index

    def _show_tab(self, part: Part) -> None:
        self.tabs.setCurrentWidget(self.findings if part is Part.FINDINGS else self.review)

    def show_findings(self, key: str) -> None:
        """Show an item with its findings in front."""
        self._session.show_key(key)
        self.tabs.setCurrentWidget(self.findings)

    def show_entitlements(self, key: str) -> None:
        """Show a principal with its review items in front; without a review, its policies."""
        self._session.show_key(key)
        tab = self.review if self.tabs.isTabVisible(self.tabs.indexOf(self.review)) else self.policies
        self.tabs.setCurrentWidget(tab)

    def _follow(self, key: str) -> None:
        """Follow a link of the details, and stay on the details for the next link."""
        self._chosen_tab[False] = self.tabs.indexOf(self.facts)
        self._session.show_key(key)

    def _show_decision(self, decision: EvaluationResult | None) -> None:
        self._mark_policies()
        self.trust.show_decision(self._marked())
        if self.is_reading:
            return
        if decision is None and self._subject is None:
            self._show_nothing()  # a principal that is not in the snapshot goes with its result
        if decision is not None and self._subject is None:
            sentence = tr("Not in the snapshot. The policies below are those that were evaluated.")
            self._show_unknown_principal(decision.request.principal, sentence)
        if decision is not None and self._is_asked(decision) and (decision.statements or decision.blocked_by):
            # The deciding policy is usually read next. The tab stays.
            self._stack.setCurrentWidget(self._page)
            self.tabs.setTabVisible(self.tabs.indexOf(self.policies), True)
            self.policies.show_deciding(decision)

    def _marked(self) -> EvaluationResult | None:
        """Return the result whose marks the policies of the subject have: none that is about another principal."""
        decision = self._session.decision
        is_principal = self._subject is not None and self._subject.kind in _PRINCIPALS
        return None if decision is not None and is_principal and not self._is_asked(decision) else decision

    def _mark_policies(self) -> None:
        decision = self._marked()
        self.policies.show_decision(decision, is_own=decision is not None and self._is_asked(decision))

    def _is_asked(self, decision: EvaluationResult) -> bool:
        """Return whether a result is the subject's own; under another name its deciding policy would mislead."""
        opened = self._session.shown
        if self._subject is None or opened is None:
            return True
        return subject_of(opened.outline, decision.request.principal) == self._subject.key

    def _badges(self, subject: Subject) -> tuple[Badge, ...]:
        opened = self._session.shown
        row = opened.outline.rows_by_key.get(subject.key) if opened is not None else None
        return self._session.badges.get(row, subject.badges) if row is not None else subject.badges

    def _show_note(self, _items: object = None) -> None:
        """Show the user's note on the item."""
        self.header.note.show_note(self._session.notes.note(self._subject.key) if self._subject is not None else None)

    def _refresh_badges(self) -> None:
        if self._subject is not None:
            self.header.show_badges(self._badges(self._subject))

    def _show_unknown_principal(self, name: str, summary: str) -> None:
        """Show the policies of a result whose principal is not in the snapshot."""
        self.header.show_name(name, summary)
        self.header.note.show_note(None)
        self.missing_data.clear()
        self._showing = True
        for tab in range(self.tabs.count()):
            self.tabs.setTabVisible(tab, self.tabs.widget(tab) is self.policies)
        self.tabs.setTabText(self.tabs.indexOf(self.policies), tr("&Policies"))
        self._showing = False

    def _show_nothing(self, why: str = "") -> None:
        self._subject = None
        opened = self._session.shown
        self.policies.show_subject(opened.details_at_hand("") if opened is not None else None, None)
        self._empty.setText(why or tr(_NOTHING))
        self._stack.setCurrentWidget(self._empty)

    def _copy(self, arn: str) -> None:
        QGuiApplication.clipboard().setText(arn)
        self._session.announce(tr("Copied {arn}").format(arn=arn))

    def _zoom_changed(self, points: int) -> None:
        self.set_zoom(points)
        self.zoomed.emit(points)


def _is_policy(subject: Subject) -> bool:
    """Return whether a subject is a policy, or has only one, so that its text is shown first."""
    return [line.role for line in subject.policies] == [PolicyRole.SELF]
