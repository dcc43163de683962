"""The overview: inventory, key risks, missing data, details of the snapshot."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from iamdesk.checks.finding import Severity
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import ElidedLabel, PlainLabel, plain_label, set_tooltip, visible
from iamdesk.gui.core.retranslation import translate_english
from iamdesk.gui.core.run_command import run_command
from iamdesk.gui.core.session import Session
from iamdesk.gui.findings.rows import SEVERITY_WORDS
from iamdesk.gui.start.bar_chart import Bar, BarChart
from iamdesk.gui.start.card import Card
from iamdesk.gui.start.named_card import MAX_LISTED, NamedCard, fit
from iamdesk.gui.start.overview_facts import SectionCount, capture_lines, section_counts
from iamdesk.gui.widgets.column_layout import ColumnsLayout
from iamdesk.gui.widgets.icons import Mark
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.gui.widgets.message_bar import MessageBar
from iamdesk.gui.widgets.one_or_two_rows import OneOrTwoRows
from iamdesk.gui.widgets.save_to_file import Saver
from iamdesk.gui.widgets.skeleton import Skeleton
from iamdesk.gui.widgets.whole_organization import NEEDS_WHOLE
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, tr, translate
from iamdesk.viewmodel.tree import Badge, NodeKind, Outline

if TYPE_CHECKING:
    from iamdesk.api import Opened

_CHECKING = mark("The checks are running.")
_UNCHECKED = mark("Available after the checks have run: press Run the checks in the findings.")
_ROLES_COUNTED = mark(
    "Roles that other accounts, or tokens with weak conditions, can assume. The table has more: every external "
    "caller of roles and resources, including identity providers and callers within an organization."
)
_DECIDING = mark("Looking for administrators and external access.")
_NAMED_LINES = 8
_PRINTED_LINES = 12
_BADGE_NAMES = {
    Badge.ADMINISTRATOR: mark("Administrators"),
    Badge.EXTERNAL_ACCESS: mark("External access"),
    Badge.NO_MFA_KNOWN: mark("No MFA known"),
    Badge.UNUSED: mark("Unused for 90 days"),
    Badge.BROKEN: mark("Malformed entries"),
    Badge.MISSING_DATA: mark("Missing data"),
}
_NAMED = (
    Badge.ADMINISTRATOR,
    Badge.EXTERNAL_ACCESS,
    Badge.UNUSED,
    Badge.MISSING_DATA,
    Badge.BROKEN,
    Badge.NO_MFA_KNOWN,
)
"""Badges whose principals are listed, in this order."""
_COUNTED = mark("Service-linked roles and root users are not counted.")
_REPORT_COUNTS = mark(
    "The management report counts open findings instead, with those on resources and on credentials: its numbers can "
    "differ."
)
_SHARED_BY = {
    Badge.ADMINISTRATOR: frozenset({NodeKind.USER, NodeKind.ROLE}),
    Badge.EXTERNAL_ACCESS: frozenset({NodeKind.ROLE}),
    Badge.UNUSED: frozenset({NodeKind.ROLE}),
    Badge.NO_MFA_KNOWN: frozenset({NodeKind.USER}),
}
"""The kinds of which a badge marks a share."""
_FILTERS = {
    "Users": "kind=user",
    "Roles": "kind=role",
    "Permission sets": 'kind="Identity Center role"',
    "Service-linked roles": 'kind="service-linked role"',
}
"""By section of the tree, the filter with which the table of all principals lists the same entries."""


class OverviewPage(QScrollArea):
    """Links to the navigator; bars of severity to findings, and one link to the snapshot coverage."""

    captured_wanted = Signal()
    risk_wanted = Signal(object)
    """A severity: show the principals for which it is the highest."""

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: FileDialogs | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._by_severity: Mapping[Severity, frozenset[str]] | None = None
        """Users and roles by highest severity, once all checks have run."""
        self.message = MessageBar()
        self._saver = Saver(self, session, jobs, prompts or FileDialogs(), self.message, "export overview")
        self.setObjectName("overview")
        self.setAccessibleName(tr("Overview of the snapshot"))
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.title = ElidedLabel()
        self.people = BarChart(tr("Inventory"))
        self.risks = BarChart(tr("Key risks"))
        self.worst = BarChart(tr("Users and roles by highest severity"))
        self._skeletons = Skeleton(), Skeleton()
        """Of key risks and of severities, while they are computed."""
        self._checking = plain_label(tr(_CHECKING), wrap=True)
        self._deciding = plain_label(tr(_DECIDING), wrap=True)
        self.named = {badge: NamedCard(tr(_BADGE_NAMES[badge]), _NAMED_LINES) for badge in _NAMED}
        """Who bears a badge, by name."""
        self.external_link = LinkButton(
            tr("External access in a table"), lambda: run_command(self, "actionExternalAccess")
        )
        self.principals_link = LinkButton(
            tr("All principals in a table"),
            lambda: run_command(self, "actionPrincipals"),
            tip=tr("Sort and filter every root user, user and role (Ctrl+I)"),
        )
        self.paths_link = LinkButton(tr("Attack paths to administrator"), lambda: run_command(self, "actionShowWays"))
        self.compare_link = LinkButton(
            tr("Compare with an earlier snapshot…"), lambda: run_command(self, "actionCompare")
        )
        self.changes = FlowLabel()
        self.changes.setObjectName("overviewChanges")
        self.export_link = LinkButton(tr("Save or print this page…"), self.export)
        self.report_link = LinkButton(
            tr("Management report…"),
            lambda: run_command(self, "actionExportManagement"),
            tip=tr("One page as PDF: conclusion, five numbers, five risks, decisions needed (Ctrl+M)"),
        )
        self.problems = QListWidget()
        self.problems.setUniformItemSizes(True)
        self.problems.setFrameShape(QListWidget.Shape.NoFrame)
        self.problems.setAccessibleName(tr("Problems in the snapshot"))
        self._captured = QGridLayout()
        self.captured_link = LinkButton(tr("Snapshot coverage: captured and missing data"), self.captured_wanted.emit)
        self._rows: Mapping[Badge, tuple[int, ...]] = {}
        self._lay_out()
        self.people.chosen.connect(self._go_to_row)
        self.risks.chosen.connect(self._go_to_badge)
        self.worst.chosen.connect(self.risk_wanted)
        for card in self.named.values():
            card.chosen.connect(session.show_key)
        session.snapshot_opened.connect(self._fill)
        session.badges_decided.connect(self._fill_badges)
        session.snapshot_closed.connect(self._empty)
        session.compared.connect(self.show_changes)

    def _lay_out(self) -> None:
        line = self.fontMetrics().lineSpacing()
        font = self.title.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setBold(True)
        self.title.setFont(font)
        people = Card(tr("Inventory"))
        people.body.addWidget(self.people)
        people.body.addWidget(self.principals_link)
        people.body.addStretch(1)
        risks = Card(tr("Key risks"))
        risks.body.addWidget(self.risks)
        risks.body.addWidget(self._skeletons[0])
        risks.body.addWidget(self._deciding)
        risks.body.addWidget(FlowLabel(tr(_COUNTED)))
        risks.body.addWidget(FlowLabel(tr(_REPORT_COUNTS)))
        risks.body.addStretch(1)
        worst = Card(tr("Users and roles by highest severity"))
        worst.body.addWidget(self.worst)
        worst.body.addWidget(self._skeletons[1])
        worst.body.addWidget(self._checking)
        worst.body.addWidget(FlowLabel(tr(_COUNTED)))
        worst.body.addStretch(1)
        self.named[Badge.EXTERNAL_ACCESS].body.addWidget(FlowLabel(tr(_ROLES_COUNTED)))
        self.named[Badge.EXTERNAL_ACCESS].body.addWidget(self.external_link)
        self.named[Badge.ADMINISTRATOR].body.addWidget(self.paths_link)
        changes = Card(tr("Changes since an earlier snapshot"))
        changes.body.addWidget(self.changes)
        changes.body.addWidget(self.compare_link)
        changes.body.addStretch(1)
        self._problem_card = Card(tr("Problems"))
        self._problem_card.body.addWidget(self.problems)
        captured = Card(tr("Snapshot details"))
        captured.body.addLayout(self._captured)
        captured.body.addWidget(self.captured_link)
        captured.body.addStretch(1)
        gap = line * 2 // 3
        columns = ColumnsLayout(self.fontMetrics().averageCharWidth() * 40, gap, in_turn=True)
        for card in (risks, worst, people, *self.named.values(), changes, self._problem_card, captured):
            columns.addWidget(card)
        head = OneOrTwoRows(((self.title, 1),), ((self.report_link, 0), (self.export_link, 0)), gap)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(line, gap, line, line)
        layout.setSpacing(gap)
        layout.addWidget(self.message)
        layout.addWidget(head)
        layout.addLayout(columns)
        layout.addStretch(1)
        self._page = page
        self.setWidget(page)

    def _fill(self, opened: "Opened") -> None:
        snapshot, outline = opened.about, opened.outline
        self.title.setText(translate_english(opened.path.name))
        self.people.show_bars(
            [Bar(tr(part.title), part.count, part.kind, self._listed_in(part)) for part in section_counts(outline)]
        )
        self._show_badges(outline, decided=False)
        self.show_changes("")
        self._by_severity = None
        self.worst.show_bars([])
        self._checking.show()
        is_whole = self._session.whole is not None
        self._checking.setText(tr(_CHECKING if is_whole else _UNCHECKED))
        self._deciding.setText(tr(_DECIDING if is_whole else NEEDS_WHOLE))
        for skeleton in self._skeletons:
            skeleton.setVisible(is_whole)
        self.problems.clear()
        for problem in snapshot.problems[:MAX_LISTED]:
            item = QListWidgetItem(visible(translate(problem.sentence)))
            set_tooltip(item, translate(problem.sentence))
            self.problems.addItem(item)
        count = len(snapshot.problems)
        title = tr("Problems: {count}")
        if count > MAX_LISTED:
            title = tr("Problems: {count}, the first {listed} listed")
        self._problem_card.title.setText(title.format(count=number(count), listed=number(MAX_LISTED)))
        self._problem_card.setVisible(count > 0)
        fit(self.problems, _NAMED_LINES)
        self._fill_captured(capture_lines(opened))

    def show_risks(self, by_severity: Mapping[Severity, frozenset[str]]) -> None:
        """Show the number of users and roles by highest severity, once all checks have run."""
        opened = self._session.snapshot
        if opened is None:
            return
        self._by_severity = by_severity
        self._checking.hide()
        self._skeletons[1].hide()
        kinds = opened.outline.nodes.kinds
        total = kinds.count(NodeKind.USER) + kinds.count(NodeKind.ROLE)
        bars = [
            Bar(tr(SEVERITY_WORDS[severity]), len(keys), severity, severity if keys else None, total)
            for severity, keys in by_severity.items()
        ]
        free = total - sum(len(keys) for keys in by_severity.values())
        self.worst.show_bars([*bars, Bar(tr("No findings"), max(free, 0), Mark.ALLOWED, None, total)])

    def _fill_captured(self, lines: Sequence[tuple[str, str]]) -> None:
        while (item := self._captured.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._captured.setColumnStretch(1, 1)
        for row, (label, value) in enumerate(lines):
            name: PlainLabel = plain_label(label)
            name.setForegroundRole(self.palette().ColorRole.PlaceholderText)
            self._captured.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            self._captured.addWidget(FlowLabel(value), row, 1)

    def _fill_badges(self) -> None:
        opened = self._session.snapshot
        if opened is not None:
            self._show_badges(opened.outline, decided=True)

    def _show_badges(self, outline: Outline, *, decided: bool) -> None:
        self._rows = self._session.badge_rows
        needs_deciding = {Badge.ADMINISTRATOR, Badge.EXTERNAL_ACCESS}
        self.risks.show_bars(
            [
                Bar(tr(_BADGE_NAMES[badge]), len(rows), badge, badge if rows else None, _total(outline, badge, rows))
                for badge, rows in self._rows.items()
                if rows or (decided and badge in needs_deciding)
            ]
        )
        self._deciding.setVisible(not decided)
        self._skeletons[0].setVisible(not decided and self._session.whole is not None)
        for badge, card in self.named.items():
            rows = self._rows.get(badge, ())
            unknown = "" if decided or badge not in needs_deciding else "…" if self._session.whole is not None else "?"
            card.show_nodes([outline.nodes[row] for row in rows[:MAX_LISTED]], len(rows), unknown)
            card.setVisible(bool(rows) or badge in needs_deciding)

    def show_changes(self, sentence: str) -> None:
        """Show the result of a comparison in a sentence; empty: nothing was compared."""
        nothing = tr("Not compared yet. The comparison says who gained or lost what, and by which change.")
        self.changes.setText(sentence or nothing)

    def _go_to_badge(self, target: object) -> None:
        """Go to the list of those that have a badge."""
        card = self.named.get(target) if isinstance(target, Badge) else None
        if card is not None:
            self.ensureWidgetVisible(card)
            card.listed.setFocus(Qt.FocusReason.OtherFocusReason)
            if card.listed.currentRow() < 0:
                card.listed.setCurrentRow(0)

    def go_to_missing_data(self) -> None:
        """Go to the list of entries with missing data, or of malformed entries if there are none."""
        self._go_to_badge(Badge.MISSING_DATA if self._rows.get(Badge.MISSING_DATA) else Badge.BROKEN)

    # Saving and printing

    def export(self) -> None:
        """Save the page as PDF for paper, with every card, as large as necessary."""
        opened = self._session.snapshot
        if opened is not None:
            name = tr("Overview of {name}").format(name=visible(opened.path.name))
            self._saver.save_painted(tr("Save the overview"), "overview", (".pdf",), lambda _: self._as_pdf(name))

    def _as_pdf(self, title: str) -> bytes:
        from iamdesk.gui.start.overview_file import as_pdf

        copy = self._copy()
        try:
            return as_pdf(copy._page, title)
        finally:
            copy._page.hide()
            for part in (copy._page, copy):  # the page was removed from its frame
                part.deleteLater()

    def _copy(self) -> "OverviewPage":
        """Return a page with the same contents for paper: with more names, and without links."""
        copy = OverviewPage(self._session, self._jobs)
        opened = self._session.snapshot
        if opened is not None:
            copy._fill(opened)
            copy._show_badges(opened.outline, decided=not self._deciding.isVisibleTo(self))
            if self._by_severity is not None:
                copy.show_risks(self._by_severity)
        copy.takeWidget()
        copy.changes.setText(self.changes.text())
        links = (
            copy.report_link,
            copy.export_link,
            copy.captured_link,
            copy.external_link,
            copy.principals_link,
            copy.paths_link,
            copy.compare_link,
        )
        for link in links:
            link.hide()
        for card in copy.named.values():
            card.show_on_paper(_PRINTED_LINES)
        return copy

    def _listed_in(self, part: SectionCount) -> int | str:
        """Return where the entries of a section are listed: the filter of all principals, or the row of the tree."""
        test = _FILTERS.get(part.title)
        return part.row if test is None or self._session.whole is None else test

    def _go_to_row(self, target: object) -> None:
        if isinstance(target, int):
            self._session.show_row(target)
        elif isinstance(target, str):
            self._session.show_principals(target)

    def _empty(self) -> None:
        for card in self.named.values():
            card.show_nodes((), 0)
        self.problems.clear()
        self.people.show_bars([])
        self.risks.show_bars([])
        self.worst.show_bars([])


def _total(outline: Outline, badge: Badge, rows: Sequence[int]) -> int:
    """Return the number of entries of which those with a badge are a share; 0 if they are of other kinds, too."""
    kinds = _SHARED_BY.get(badge, frozenset())
    of = outline.nodes.kinds
    return sum(map(of.count, kinds)) if kinds and all(of[row] in kinds for row in rows) else 0
