"""What is open, selected and evaluated in one window: the only object that panels share.

A panel is a widget created with ``Panel(session, jobs)``. No panel knows another: it calls the session's methods when
its user does something, and follows the session's signals to paint. All of it lives in the GUI thread.

=====================================  ======================================  =========================================
a panel calls                          the session emits                       who follows
=====================================  ======================================  =========================================
``arrive(opened)`` (main window only)  ``snapshot_arriving(Opened)``           navigator, inspector: browsing
                                                                               while the rest loads
``open(opened)`` (main window only)    ``snapshot_opened(Opened)``             all: fill
``close()`` (main window only)         ``snapshot_closed()``                   all: clear
``select(key)``                        ``subject_selected(key)``               navigator goes there, inspector shows it,
                                                                               request bar enters its principal
(none: evaluating or showing does)     ``subject_selected("")``                as above: the principal of the request
                                                                               is not in the snapshot
``draft(principal, action, resource)`` ``request_drafted(p, a, r)``            request bar enters what is not None and
                                                                               focuses the first empty field
``ask(request)``                       ``request_asked(Request)``              bar shows it, result panel grays; then
                                                                               comes ``evaluated`` or
                                                                               ``request_failed(…)``: sentence, and
                                                                               whether the action is unknown
``evaluate_use_case(request)``         ``use_case_asked(UseCaseRequest)``      as a request: bar shows it, result panel
                                                                               grays; then ``use_case_evaluated`` or
                                                                               ``request_failed(…)``
``clear_result()``                     ``evaluated(None)``                     result panel and policy view clear
(none: the session evaluates)          ``evaluated(EvaluationResult)``         result panel, policy view
``show_statement(line)``               ``statement_shown(statement)``          inspector opens the policy, marks it
``show_decision(decision)``            ``request_asked``, ``evaluated``        as above, for evaluated evidence
``show_key(key)``                      ``key_shown(key)`` after ``select``     window raises inspector
(none: the session, once open)         ``badges_decided(rows)``                navigator, overview: rows whose badges
                                                                               have changed
``show_row(row)``                       ``row_shown(int)``                      navigator expands a section
``ask_who_can(request)``               ``who_can_asked(Request)``              window brings who-can panel forward; it
                                                                               searches, or enters the parts
                                                                               and waits for the rest
(none: the panel emits it)             ``who_can_stated(Request)``             bar shows what is listed instead
``show_access(key)``                   ``access_shown(key)`` after ``select``  inspector shows effective permissions
``show_access(key, service, level)``   then ``access_cell_shown`` (the same)   access tab goes to a cell
``show_principals(filter)``            ``principals_shown(filter)``            window shows the table of all principals
``open_alone()``                       ``snapshot_opened``, later              opens the selected account of many that
                                                                               are read one by one
``announce(sentence)``                 ``announced(sentence)``                 status bar for a few seconds
``try_edits(edits)``                   ``edits_tried(edits)``                  what-if shows the effect of changes
``not_saved.emit(sentence)``           ``not_saved(sentence)``                 as below: an error of such a panel
``show_saved(sentence, path)``         ``saved(sentence, path)``               note above the center: a file was
                                                                               written by a panel that is not visible
``show_rule(id)``                      ``rule_shown(id)``                      user guide opens at an evaluation rule
``show_compared(sentence)``            ``compared(sentence)``                  overview: the changes, in a sentence
=====================================  ======================================  =========================================

State, read at any time: ``snapshot`` (Opened or None), ``whole`` (that, if it is in memory as a whole), ``shown``
(that, or the accounts loaded so far), ``subject_key`` ("" for none), ``request``, ``decision``, ``use_case``,
``pending`` (a request is being evaluated), ``badges``, ``notes`` (the user's, `Notebook`). Keys are those of
``Node.key`` / ``inventory.keys``.

What a panel may rely on: ``snapshot_opened`` comes after ``snapshot`` is set and everything of the previous one is
cleared; ``evaluated`` comes for the latest request only; methods may be called from slots. What it has to do: wrap long
work in ``jobs.run(…, topic=…)``, drop everything on ``snapshot_closed``, and give every focusable widget an
accessible name.

Commands: a panel with commands (menu, key, palette) has ``commands() -> Mapping[str, Callable[[], None]]``,
names from the table in ``gui/app/commands.py``; the main window wires them. Commands without a handler do not
appear. Errors: put a ``message_bar.MessageBar`` at the top of the panel. Colors: ``theme.colour(Colour.X,
self.palette())`` each time you paint, or again in ``changeEvent(PaletteChange)``. Marks and icons: ``icons.icon`` /
``icons.pixmap``.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, Signal

from iamdesk.errors import SnapshotError
from iamdesk.evaluate.request import Request, RequestError, UnknownActionError
from iamdesk.gui.core.badge_rows import rows_by_badge
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.notebook import Notebook
from iamdesk.gui.core.principals import principal_of_key, subject_of
from iamdesk.gui.core.table_memory import TableMemory
from iamdesk.i18n import error_words, tr
from iamdesk.progress import Cancelled, Progress
from iamdesk.viewmodel.tree import Badge

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from iamdesk.api import Opened, SnapshotSession
    from iamdesk.explain.decision import EvaluationResult, StatementExplanation
    from iamdesk.review.session import ReviewSession
    from iamdesk.use_cases.types import UseCaseRequest, UseCaseResult
    from iamdesk.whatif.edits import Edit
    from iamdesk.work.workers import HasPrincipals


class Session(QObject):
    """The state of one window. The module's docstring is its contract."""

    snapshot_arriving = Signal(object)
    snapshot_opened = Signal(object)
    snapshot_closed = Signal()
    subject_selected = Signal(str)
    request_drafted = Signal(object, object, object)
    request_asked = Signal(object)
    request_failed = Signal(str, bool)
    use_case_asked = Signal(object)
    use_case_evaluated = Signal(object)
    evaluated = Signal(object)
    statement_shown = Signal(object)
    key_shown = Signal(str)
    row_shown = Signal(int)
    who_can_asked = Signal(object)
    who_can_stated = Signal(object)
    access_shown = Signal(str)
    access_cell_shown = Signal(str, str, str)
    principals_shown = Signal(object)
    badges_decided = Signal(object)
    announced = Signal(str)
    rule_shown = Signal(str)
    compared = Signal(str)
    edits_tried = Signal(object)
    saved = Signal(str, object)
    not_saved = Signal(str)

    def __init__(self, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.executor_for: Callable[[HasPrincipals], Executor | None] = _none_waiting
        """Returns the executor for long work over a snapshot, for job threads; None: no other process."""
        self.notes = Notebook(jobs, self)
        """The user's notes on the open snapshot."""
        self.snapshot_opened.connect(self.notes.open)
        self.snapshot_closed.connect(self.notes.close)
        self._asking: Job | None = None
        self._deciding: Job | None = None
        self.table_memory = TableMemory(self)
        """The filters and columns that tables remember."""
        self.badge_rows: Mapping[Badge, tuple[int, ...]] = {}
        """By badge, the principals and policies that have it."""
        self.badges: Mapping[int, tuple[Badge, ...]] = {}
        """Badges by row: at first those known from reading, later all."""
        self.snapshot: Opened | None = None
        self.arriving: Opened | None = None
        """The accounts of a snapshot that are loaded so far, while nothing is open: can be browsed, not evaluated."""
        self.subject_key = ""
        self.compared_with: SnapshotSession | None = None
        """The earlier snapshot of the last comparison, for the trend of reports."""
        self.recent_snapshots: Callable[[], Sequence[Path]] = tuple
        """Returns the files that were opened recently, newest first."""
        self.earlier_review: Callable[[], ReviewSession | None] = lambda: None
        """Returns the open review, if it is of another snapshot: for the trend, too."""
        self.what_if_edits: tuple[Edit, ...] = ()
        """The changes in the list of the window *What if*."""
        self.request: Request | None = None
        self.decision: EvaluationResult | None = None
        self.use_case: UseCaseResult | None = None
        """The result of a use case, if that was evaluated last."""

    @property
    def whole(self) -> "SnapshotSession | None":
        """The open snapshot, if it is in memory as a whole."""
        from iamdesk.api import SnapshotSession  # imported after the first paint

        return self.snapshot if isinstance(self.snapshot, SnapshotSession) else None

    @property
    def pending(self) -> bool:
        """Whether a request is being evaluated: the result shown, if any, belongs to another one."""
        return self._asking is not None and self._asking.running

    @property
    def is_deciding(self) -> bool:
        """Whether administrators and external access are being looked for: badges are not complete."""
        return self._deciding is not None and self._deciding.running

    @property
    def shown(self) -> "Opened | None":
        """What can be browsed: the open snapshot, else the accounts that are loaded so far."""
        return self.snapshot if self.snapshot is not None else self.arriving

    def arrive(self, opened: "Opened") -> None:
        """Show the accounts of a snapshot that are loaded so far; the open one stays."""
        if self.shown is None:
            self.arriving = opened
            self.badges = opened.outline.badges
            self.snapshot_arriving.emit(opened)

    def open(self, opened: "Opened", badge_rows: Mapping[Badge, tuple[int, ...]] | None = None) -> None:
        """Set a snapshot that was read; the previous one is closed first. The selection made while loading stays.

        If it was read in a worker, that also computes `rows_by_badge`: for a hundred thousand rows, this takes a while.
        """
        looked_at = self.subject_key if self.arriving is not None else ""
        if self.arriving is not None:
            self._jobs.free_later(self.arriving, _small_parts)
            self.arriving = None
            self.subject_key = ""
        self.close()
        self.snapshot = opened
        self.badges = opened.outline.badges
        self.badge_rows = rows_by_badge(opened.outline, self.badges) if badge_rows is None else badge_rows
        whole = self.whole
        if whole is not None:
            self._deciding = self._jobs.run(
                tr("Looking for administrators and external access"),
                lambda progress, cancelled: _decide(whole, progress, cancelled),
                done=self._take_badges,
                topic="badges",
                patient=True,
            )
        self.snapshot_opened.emit(opened)
        if looked_at:
            self.show_key(looked_at)

    def open_alone(self) -> None:
        """Open only the account of the subject, of an organization that is read account by account."""
        opened = self.snapshot
        if opened is None or self.whole is not None:
            return
        account = opened.account_of(self.subject_key)
        if not account:
            self.announce(tr("Select an account, or something in it, first."))
            return
        self._jobs.run(
            tr("Reading account {account}").format(account=account),
            lambda _progress, cancelled: opened.account_alone(account, cancelled),
            done=self.open,
            failed=self._refuse_account,
            topic="account alone",
        )

    def _refuse_account(self, error: Exception) -> None:
        if not isinstance(error, SnapshotError):
            raise error
        self.announce(error_words(error))

    def close(self) -> None:
        """Close the snapshot, and clear everything about it."""
        if self.shown is None:
            return
        for job in (self._asking, self._deciding):
            if job is not None:
                job.cancel()
        self._jobs.free_later(self.shown, _small_parts)
        self.snapshot = self.arriving = None
        self.what_if_edits = ()
        self.compared_with = None
        self.badges, self.badge_rows = {}, {}
        self.subject_key = ""
        self.request = self.decision = self.use_case = self._asking = self._deciding = None
        self.evaluated.emit(None)
        self.snapshot_closed.emit()

    def select(self, key: str) -> None:
        """Make the item of this key the subject; does nothing if it is."""
        if self.shown is not None and key and key != self.subject_key:
            self.subject_key = key
            self.subject_selected.emit(key)

    def show_key(self, key: str) -> None:
        """Select the item of this key, and bring the inspector to the front."""
        if self.shown is not None and key:
            self.select(key)
            self.key_shown.emit(key)

    def show_row(self, row: int) -> None:
        """Scroll to a row of the outline that has no key (a section)."""
        if self.shown is not None:
            self.row_shown.emit(row)

    def draft(self, principal: str | None = None, action: str | None = None, resource: str | None = None) -> None:
        """Enter parts of a request in the request bar, without evaluating it."""
        self.request_drafted.emit(principal, action, resource)

    def ask(self, request: Request) -> None:
        """Evaluate a request; ``evaluated`` follows, or ``request_failed``."""
        opened = self.snapshot
        if opened is None:
            return
        self.request = request
        self._asking = self._jobs.run(
            tr("Evaluating"),
            lambda _progress, _cancelled: opened.ask(request),
            done=self._finish,
            failed=self._refuse,
            topic="answer",
        )
        self.request_asked.emit(request)
        self._follow(request)

    def evaluate_use_case(self, request: "UseCaseRequest") -> None:
        """Evaluate a use case; ``use_case_evaluated`` follows, or ``request_failed``.

        The result of a single request is cleared: the policy view shows the marks of a single request.
        """
        opened = self.snapshot
        if opened is None:
            return
        self.request = self.decision = self.use_case = None
        self._asking = self._jobs.run(
            tr("Evaluating"),
            lambda _progress, _cancelled: opened.evaluate_use_case(request),
            done=self._show_use_case,
            failed=self._refuse,
            topic="answer",
        )
        self.evaluated.emit(None)
        self.use_case_asked.emit(request)
        self._follow(request.request)

    def show_decision(self, decision: "EvaluationResult") -> None:
        """Show a request that was evaluated already (a finding's evidence, a row of a table)."""
        if self._asking is not None:
            self._asking.cancel()
        self.request = decision.request
        self.request_asked.emit(decision.request)
        self._follow(decision.request)
        self._finish(decision)

    def clear_result(self) -> None:
        """Clear request and result."""
        if self._asking is not None:
            self._asking.cancel()
        self.request = self.decision = self.use_case = None
        self.evaluated.emit(None)

    def show_statement(self, line: "StatementExplanation") -> None:
        """Open the statement's policy in the inspector, with the statement marked."""
        self.statement_shown.emit(line)

    def ask_who_can(self, request: Request) -> None:
        """List who can perform the request's action on its resource in its context; the user fills in empty parts.

        ``request.principal`` is the principal of the request, if any: its row becomes current.
        """
        if self.snapshot is not None:
            self.who_can_asked.emit(request)

    def show_access(self, key: str, service: str = "", level: str = "") -> None:
        """Select a principal or group and show its effective permissions, at a service and access level if given."""
        if self.snapshot is not None and key:
            self.select(key)
            self.access_shown.emit(key)
            if service:
                self.access_cell_shown.emit(key, service, level)

    def show_principals(self, typed: str | None = None) -> None:
        """Show the table of all principals, filtered by a text; None: as it was left."""
        if self.snapshot is not None:
            self.principals_shown.emit(typed)

    def announce(self, sentence: str) -> None:
        """Show a message that needs no reaction: status bar and screen readers."""
        self.announced.emit(sentence)

    def show_compared(self, sentence: str) -> None:
        """Show the result of a comparison with another snapshot, in a sentence."""
        if self.snapshot is not None:
            self.compared.emit(sentence)

    def try_edits(self, edits: "tuple[Edit, ...]") -> None:
        """Show the effect of proposed changes in what-if."""
        if self.whole is not None and edits:
            self.edits_tried.emit(edits)

    def try_without(self, key: str, holder: str = "") -> None:
        """Show in what-if the effect of taking a policy, a user, a role or the members of a group away.

        With ``holder``, a policy is taken from that user, group or role alone.
        """
        whole = self.whole
        if whole is None:
            self.announce(tr("What-if needs the whole snapshot in memory."))
            return
        from iamdesk.api import Workbench

        self._jobs.run(
            tr("Trying the changes"),
            lambda _progress, _cancelled: Workbench.edits_without(whole, key, holder),
            done=self._try_without,
            topic="what-if without",
        )

    def _try_without(self, edits: "tuple[Edit, ...]") -> None:
        if not edits:
            self.announce(tr("Nothing to remove: select a policy that is in use, a user, a group or a role."))
        self.try_edits(edits)

    def show_saved(self, sentence: str, path: Path) -> None:
        """Say that a file was written, with buttons that open it (`widgets.saved_note`)."""
        self.saved.emit(sentence, path)

    def show_rule(self, rule: str) -> None:
        """Open the user guide at an evaluation rule: ``C4``."""
        self.rule_shown.emit(rule)

    def _follow(self, request: Request) -> None:
        """Select the principal of the request, or nothing if it is not in the snapshot."""
        if self.snapshot is None:
            return
        outline = self.snapshot.outline
        key = subject_of(outline, request.principal)
        if key is not None:
            self.select(key)
        elif self.subject_key and principal_of_key(outline, self.subject_key) is not None:
            self.subject_key = ""
            self.subject_selected.emit("")

    def _take_badges(self, decided: "_Decided") -> None:
        self.badges, self.badge_rows = decided.badges, decided.rows
        if self.snapshot is not None:
            self.snapshot.badges = decided.badges
        self.badges_decided.emit(decided.changed)

    def _show_use_case(self, result: "UseCaseResult") -> None:
        self.use_case = result
        self.use_case_evaluated.emit(result)

    def _finish(self, decision: "EvaluationResult") -> None:
        self.request, self.decision, self.use_case = decision.request, decision, None
        self.evaluated.emit(decision)

    def _refuse(self, error: Exception) -> None:
        self.decision = self.use_case = None
        self.evaluated.emit(None)
        if not isinstance(error, (RequestError, SnapshotError)):
            raise error
        self.request_failed.emit(error_words(error), isinstance(error, UnknownActionError))


def is_row_of(listed: Request, asked: Request) -> bool:
    """Return whether a request is one of those that a list of who can is about: the list's, of any principal."""
    return (asked.resource, asked.context) == (listed.resource, listed.context) and (
        not listed.action or asked.action.lower() == listed.action.lower()
    )


def _small_parts(opened: "Opened") -> list[list[Any]]:
    return opened.small_parts()


def _none_waiting(_opened: "HasPrincipals") -> None:
    return None


class _Decided(NamedTuple):
    badges: Mapping[int, tuple[Badge, ...]]
    rows: Mapping[Badge, tuple[int, ...]]
    changed: tuple[int, ...]
    """Rows whose badges differ from those known from reading."""


def _decide(opened: "SnapshotSession", progress: Progress, cancelled: Cancelled) -> _Decided:
    badges = opened.evaluated_badges(progress, cancelled)
    before = opened.outline.badges
    changed = tuple(row for row in before.keys() | badges.keys() if before.get(row) != badges.get(row))
    return _Decided(badges, rows_by_badge(opened.outline, badges), changed)
