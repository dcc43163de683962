"""Does what is shown belong to what it names? Random sequences of window events, each held against every panel.

``python -m tests.gui.random_events --sequences 10000`` tries that many in the sample account, and says which end in
a fault; the same seed draws the same events. ``faults`` is the invariant: for each panel, that what it holds is about
whom and what the panel names, or is marked as older.
"""

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from iamdesk.evaluate.request import Request
from iamdesk.gui import create_main_window
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.perspectives import PERSPECTIVES
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.principals import subject_of
from iamdesk.gui.inspector.policy_list import _ENTRY
from iamdesk.i18n import translate
from iamdesk.inventory.keys import trust_policy_key
from iamdesk.resource_files import sample_snapshot
from iamdesk.use_cases.types import UseCaseRequest
from iamdesk.viewmodel.tree import NodeKind

EVENTS = 20
"""Events of a sequence."""
_ACTIONS = ("s3:GetObject", "s3:ListBucket", "iam:PassRole", "sts:AssumeRole", "kms:Decrypt", "ec2:RunInstances")
_RESOURCES = ("arn:aws:s3:::acme-payroll/2026/x", "arn:aws:s3:::acme-payroll", "arn:aws:s3:::acme-assets/logo.png", "*")
_NOT_CAPTURED = ("anonymous", "arn:aws:iam::999988887777:user/mallory", "arn:aws:iam::111122223333:user/gone")
_USE_CASES = ("read-object", "empty-bucket")
_FILTERS = ("ana", "role", "admin", "nothing-like-it", "kind=user", "")
_PRINCIPALS = frozenset({NodeKind.USER, NodeKind.ROLE, NodeKind.SERVICE_LINKED_ROLE})
_PAGES = ("actionOverview", "actionCaptured", "actionPrincipals")


def shown_window(settings: Path, snapshot: Path) -> MainWindow:
    """Return the window, shown, with a snapshot open and all its work done."""
    window = create_main_window(settings_path=settings)
    window.place.is_bound = False
    window.resize(1366, 768)
    window.show()
    window.open_path(snapshot)
    settle(window, lambda: window.session.snapshot is not None)
    settle(window)
    keep_every_visit(window)
    return window


def keep_every_visit(window: MainWindow) -> None:
    """Let Back return to every selection, however short: by a clock that goes a second each time one looks."""
    ticks = count()
    window.history._clock = lambda: float(next(ticks))


def settle(window: MainWindow, until: Callable[[], bool] | None = None) -> None:
    """Process events until a job is done, or all are.

    Raises:
        TimeoutError: it takes longer than a minute.
    """
    waiting = QDeadlineTimer(60_000)
    while not (until() if until is not None else not window.jobs.running):
        QTest.qWait(1)
        if waiting.hasExpired():
            raise TimeoutError(str(window.jobs.running))
    QApplication.processEvents()


class Events:
    """What a user does in a window, drawn at random. Each event returns what it did, in words."""

    def __init__(self, window: MainWindow, draw: random.Random) -> None:
        self._window = window
        self._draw = draw
        opened = window.session.snapshot
        assert opened is not None
        nodes = opened.outline.nodes
        self._keys = [nodes[row].key for row in range(len(nodes.kinds)) if nodes[row].key]
        self._principals = [nodes[row].key for row in range(len(nodes.kinds)) if nodes[row].kind in _PRINCIPALS]
        self._events: tuple[tuple[int, Callable[[], str]], ...] = (
            (4, self._ask),
            (1, self._ask_use_case),
            (2, self._who_can),
            (4, self._select),
            (2, self._walk_tree),
            (3, self._switch),
            (2, self._page),
            (2, self._tab),
            (3, self._go_back),
            (1, self._go_forward),
            (2, self._filter),
            (2, self._row_of_list),
            (1, self._row_of_findings),
            (1, self._statement),
            (1, self._edit),
            (1, self._forget),
            (3, self._wait),
        )

    def next(self) -> str:
        """Do the next event."""
        weights = [weight for weight, _event in self._events]
        return self._draw.choices([event for _weight, event in self._events], weights)[0]()

    def _principal(self) -> str:
        return self._draw.choice(_NOT_CAPTURED) if self._draw.random() < 0.15 else self._draw.choice(self._principals)

    def _request(self) -> Request:
        return Request(self._principal(), self._draw.choice(_ACTIONS), self._draw.choice(_RESOURCES))

    def _ask(self) -> str:
        request = self._request()
        bar = self._window.workspace.request_bar
        for field, text in zip(bar._fields, (request.principal, request.action, request.resource), strict=True):
            field.setText(text)
        bar.ask()
        return f"ask {request.principal} {request.action} {request.resource}"

    def _ask_use_case(self) -> str:
        request = Request(self._principal(), self._draw.choice(_USE_CASES), _RESOURCES[1])
        self._window.session.evaluate_use_case(UseCaseRequest(request))
        return f"use case {request.action} {request.principal}"

    def _who_can(self) -> str:
        request = Request("", self._draw.choice(_ACTIONS), self._draw.choice(_RESOURCES[:3]))
        self._window.session.ask_who_can(request)
        return f"who can {request.action} {request.resource}"

    def _select(self) -> str:
        key = self._draw.choice(self._principals if self._draw.random() < 0.6 else self._keys)
        self._window.session.show_key(key)
        return f"select {key}"

    def _walk_tree(self) -> str:
        tree = self._window.workspace.navigator.tree
        index = tree.currentIndex()
        below = tree.indexBelow(index) if index.isValid() else tree.model().index(0, 0)
        if below.isValid():
            tree.setCurrentIndex(below)
        return "row below in the navigator"

    def _switch(self) -> str:
        name = self._draw.choice(PERSPECTIVES).name
        self._window.menus.actions[name].trigger()
        return f"switch to {name}"

    def _page(self) -> str:
        name = self._draw.choice(_PAGES)
        self._window.menus.actions[name].trigger()
        return f"page {name}"

    def _tab(self) -> str:
        tabs = self._window.workspace.inspector.tabs
        tab = self._draw.choice([tab for tab in range(tabs.count()) if tabs.isTabVisible(tab)] or [0])
        tabs.setCurrentIndex(tab)
        return f"tab {tabs.tabText(tab)}"

    def _go_back(self) -> str:
        self._window.menus.actions["actionBack"].trigger()
        return "back"

    def _go_forward(self) -> str:
        self._window.menus.actions["actionForward"].trigger()
        return "forward"

    def _filter(self) -> str:
        workspace, text = self._window.workspace, self._draw.choice(_FILTERS)
        which = self._draw.randrange(3)
        (workspace.navigator.field, workspace.who_can.text, workspace.findings.filters.text)[which].setText(text)
        return f"filter {('navigator', 'who can', 'findings')[which]} by {text!r}"

    def _row_of_list(self) -> str:
        panel = self._window.workspace.who_can
        if not panel.model.shown:
            return "no row of who can"
        row = self._draw.choice(panel.model.shown)
        panel.table.go_to(panel.model.shown.index(row))
        if hasattr(row, "access"):
            panel.explain(row)
        return f"row of who can {row.principal}"

    def _row_of_findings(self) -> str:
        findings = self._window.workspace.findings
        if not findings.model.shown:
            return "no finding"
        row = self._draw.randrange(len(findings.model.shown))
        findings.table.selectRow(row)
        if self._draw.random() < 0.5:
            findings._show_subject(findings.model.index(row, 0))
        return f"finding {row}"

    def _statement(self) -> str:
        decision = self._window.session.decision
        if decision is None or not decision.statements:
            return "no statement"
        line = self._draw.choice(decision.statements)
        self._window.session.show_statement(line)
        return f"statement of {line.policy_key}"

    def _edit(self) -> str:
        bar = self._window.workspace.request_bar
        bar.resource.setText(self._draw.choice(_RESOURCES))
        return f"edit the resource: {bar.resource.text()}"

    def _forget(self) -> str:
        self._window.session.clear_result()
        return "clear the result"

    def _wait(self) -> str:
        settle(self._window)
        return "wait"


def faults(window: MainWindow) -> Iterator[str]:
    """Yield, for each panel, what it shows that does not belong to what it names."""
    session, workspace, opened = window.session, window.workspace, window.session.snapshot
    if opened is None:
        return
    yield from _of_inspector(window)
    decision, panel = session.decision, workspace.result
    if panel._decision is not None:
        asked = panel._decision.request
        if panel._decision is not decision and not (session.pending or panel.is_stale):
            yield "Result: not the result of the session"
        bar = workspace.request_bar
        named = (asked.principal, asked.action, asked.resource)
        fields = (bar.principal.text().strip(), bar.action.text().strip(), bar.resource.text().lstrip())
        is_marked = panel.is_stale or session.pending or (not fields[0] and bar._is_of_list(asked))
        if fields != named and not is_marked and bar.isVisible() and panel.isVisible():
            yield f"Result: {named} below the request {fields}"
        is_beside = panel.isVisible() and window.pages.isVisible() and not session.pending
        if is_beside and window.pages.currentWidget() is not workspace.inspector:
            yield "Result: beside a page that is not about its principal"
        listed = {row.line.policy_key for row in panel.statements.rows.rows if row.line is not None}
        if not listed <= {line.policy_key for line in panel._decision.statements}:
            yield "Result: statements of another result"
    tree = workspace.navigator.tree
    node = workspace.navigator.current_node()
    row = opened.outline.rows_by_key.get(session.subject_key)
    if row is not None and workspace.navigator.model.holds(row):
        if node is None or node.key not in (session.subject_key, ""):
            yield f"Navigator: at {node.key if node else 'nothing'}, not {session.subject_key}"
        elif tree.currentIndex() not in tree.selectionModel().selectedIndexes():
            yield "Navigator: the row of the subject is not selected"
    elif row is None and node is not None and node.key:
        yield f"Navigator: at {node.key}, where no item is selected"
    who_can = workspace.who_can
    if who_can.asked is not None:
        rows = [row.access.request for row in who_can.model.rows[:20] if hasattr(row, "access")]
        if any(not who_can.is_about(request) for request in rows):
            yield "Who can: a row of another request"
        is_other = decision is not None and not session.pending and not who_can.is_about(decision.request)
        if is_other and who_can.isVisible() and panel.isVisible() and not who_can.is_other.text:
            yield "Who can: the list of another request beside the result, not marked"
    findings = workspace.findings
    detailed, chosen = findings.detail.finding, findings.table.selectionModel().selectedRows()
    is_detailed = detailed is not None and findings._tree is None and bool(chosen)
    if is_detailed and findings.model.shown[chosen[0].row()].finding is not detailed:
        yield "Findings: the details of another row"


def _of_inspector(window: MainWindow) -> Iterator[str]:
    session, inspector, opened = window.session, window.workspace.inspector, window.session.snapshot
    assert opened is not None
    subject, decision = inspector.subject, session.decision
    is_page = inspector._stack.currentWidget() is inspector._page
    if inspector.is_reading:
        if is_page:
            yield "Inspector: a page while another account is read"
        return
    if (subject.key if subject is not None else "") != session.subject_key:
        yield f"Inspector: {subject.key if subject else 'nothing'}, not {session.subject_key}"
        return
    policies = inspector.policies
    listed = {item.data(0, _ENTRY).key for item in policies.list._items()}
    own = {line.key for line in subject.policies} if subject is not None else set()
    asked = subject_of(opened.outline, decision.request.principal) if decision is not None else None
    is_own = decision is not None and (subject is None or asked == subject.key)
    others = {line.policy_key for line in decision.statements} if decision is not None and is_own else set()
    guest = {policies._guest.key} if policies._guest is not None else set()
    if not own <= listed:
        yield f"Policies: {own - listed} are not listed"
    if listed - own - others - guest:
        yield f"Policies: {sorted(listed - own - others)} of another principal"
    if not is_page:
        return
    title = inspector.header.title.full_text()
    if subject is None:
        wanted = decision.request.principal if decision is not None else "no principal"
        if title != visible(wanted) and not session.pending and not guest:
            yield f"Inspector: named {title}, the result is about {wanted}"
        return
    if title != visible(translate(subject.title)):
        yield f"Inspector: named {title}, not {subject.title}"
    if not is_own and subject.kind in _PRINCIPALS and policies.list._parts:
        yield "Policies: marks of a result about another principal"
    tabs, access, page = inspector.tabs, inspector.access, inspector.page
    entry = policies.list.current_entry()
    seen = {tab for tab in (policies, access, page, inspector.trust) if tabs.isTabVisible(tabs.indexOf(tab))}
    if policies in seen and entry is not None and policies.reader._key != entry.key:
        yield f"Policies: text of {policies.reader._key}, not of {entry.key}"
    if page in seen and (page._subject is None or page._subject.key != subject.key):
        yield "Summary: of another item"
    if access in seen and access._key != subject.key:
        yield "Access: of another item"
    if access in seen and access.isVisible() and access.map.map is not None and access._shown_key != subject.key:
        yield f"Access: the heat map of {access._shown_key}"
    is_trust = subject.kind is NodeKind.TRUST_POLICY
    if inspector.trust in seen and not is_trust and inspector.trust.reader._key != trust_policy_key(subject.key):
        yield "Trust: of another role"
    if inspector.findings._key != subject.key or inspector.review._key != subject.key:
        yield "Findings or Review: of another item"


def run(window: MainWindow, seed: int) -> tuple[list[str], list[str]]:
    """Do one sequence of events; return what was done until the first faults, and these."""
    events, done = Events(window, random.Random(seed)), []
    for _ in range(EVENTS):
        done.append(events.next())
        QApplication.processEvents()
        found = list(faults(window))
        if found:
            return done, found
    settle(window)
    return done, list(faults(window))


def begin_again(window: MainWindow) -> None:
    """Clear what the last sequence left, as far as the next one needs it: filters, and the first perspective."""
    workspace = window.workspace
    for field in (workspace.navigator.field, workspace.who_can.text, workspace.findings.filters.text):
        field.clear()
    window.session.clear_result()
    window.menus.actions[PERSPECTIVES[0].name].trigger()
    settle(window)


def main() -> int:
    """Run many sequences, and say which ended in a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first sequence")
    parser.add_argument("--snapshot", type=Path, default=sample_snapshot())
    given = parser.parse_args()
    kinds: Counter[str] = Counter()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        window = shown_window(Path(folder) / "settings.ini", given.snapshot)
        for seed in range(given.seed, given.seed + given.sequences):
            done, found = run(window, seed)
            for fault in found:
                kind = fault.partition(":")[0] + ":" + fault.partition(":")[2][:30]
                kinds[kind] += 1
                if kinds[kind] <= 2:
                    print(f"seed {seed}: {fault}\n  " + "\n  ".join(done), flush=True)
            begin_again(window)
            if not (seed + 1) % 250:
                print(f"{seed + 1 - given.seed} sequences, {kinds.total()} faults", flush=True)
        window.dispose()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    print(f"{given.sequences} sequences of {EVENTS} events: {kinds.total()} faults {dict(kinds)}")
    del app
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
