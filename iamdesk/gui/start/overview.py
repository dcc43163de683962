"""The open snapshot on one page: who is there, who is mighty, what lies open, what is missing, how it was captured."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from iamdesk.checks.finding import Severity
from iamdesk.gui import marks
from iamdesk.gui.findings.link_button import LinkButton
from iamdesk.gui.findings.rows import SEVERITY_WORDS
from iamdesk.gui.flow_text import FlowLabel
from iamdesk.gui.jobs import JobRunner
from iamdesk.gui.marks import Mark
from iamdesk.gui.plain_text import ElidedLabel, PlainLabel, plain_label, set_tooltip, visible
from iamdesk.gui.session import Session
from iamdesk.gui.speech import number
from iamdesk.gui.start.bar_chart import Bar, BarChart
from iamdesk.gui.start.card import Card
from iamdesk.gui.start.overview_facts import capture_lines, rows_by_badge, section_counts
from iamdesk.index.nodes import Badge, NodeKind, Outline
from iamdesk.language import mark, tr

if TYPE_CHECKING:
    from iamdesk.workbench import OpenSnapshot

_MOST_LISTED = 500
_LINES_SHOWN = 9
_BADGE_NAMES = {
    Badge.ADMINISTRATOR: mark("Administrators"),
    Badge.OUTSIDER: mark("Ways in from outside"),
    Badge.NO_MFA_KNOWN: mark("No MFA known"),
    Badge.UNUSED: mark("Unused for 90 days"),
    Badge.BROKEN: mark("Broken entries"),
    Badge.GAP: mark("With gaps"),
}


class OverviewPage(QScrollArea):
    """It leads to the navigator; bars of risk lead to findings, and one link to what the snapshot holds."""

    captured_wanted = Signal()
    risk_wanted = Signal(object)
    """A severity: whoever has it as the worst is to be shown."""

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:  # noqa: ARG002
        super().__init__(parent)
        self._session = session
        self.setObjectName("overview")
        self.setAccessibleName(tr("Overview of the snapshot"))
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.title = ElidedLabel()
        self.people = BarChart(tr("What is there"))
        self.risks = BarChart(tr("What stands out"))
        self.worst = BarChart(tr("Users and roles by their worst finding"))
        self._checking = plain_label(tr("The checks are running."), wrap=True)
        self._deciding = plain_label(tr("Administrators and ways in from outside are being worked out."), wrap=True)
        self.listed = QListWidget()
        self.listed.setUniformItemSizes(True)
        self.listed.setFrameShape(QListWidget.Shape.NoFrame)
        self.listed.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.problems = QListWidget()
        self.problems.setUniformItemSizes(True)
        self.problems.setFrameShape(QListWidget.Shape.NoFrame)
        self.problems.setAccessibleName(tr("What is odd in the snapshot"))
        self._captured = QGridLayout()
        self.captured_link = LinkButton(tr("What this snapshot holds, and what it lacks"), self.captured_wanted.emit)
        self._rows: dict[Badge, tuple[int, ...]] = {}
        self._kinds: tuple[NodeKind, ...] = ()
        """Of the lines of ``listed``."""
        self._lay_out()
        self.people.chosen.connect(self._go_to_row)
        self.risks.chosen.connect(self._list_badge)
        self.worst.chosen.connect(self.risk_wanted)
        self.listed.itemActivated.connect(lambda item: session.show_key(item.data(Qt.ItemDataRole.UserRole)))
        self.listed.itemClicked.connect(lambda item: session.show_key(item.data(Qt.ItemDataRole.UserRole)))
        session.snapshot_opened.connect(self._fill)
        session.badges_decided.connect(self._fill_badges)
        session.snapshot_closed.connect(self._empty)

    def _lay_out(self) -> None:
        line = self.fontMetrics().lineSpacing()
        font = self.title.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setBold(True)
        self.title.setFont(font)
        people = Card(tr("What is there"))
        people.body.addWidget(self.people)
        people.body.addStretch(1)
        risks = Card(tr("What stands out"))
        risks.body.addWidget(self.risks)
        risks.body.addWidget(self._deciding)
        risks.body.addStretch(1)
        worst = Card(tr("Users and roles by their worst finding"))
        worst.body.addWidget(self.worst)
        worst.body.addWidget(self._checking)
        worst.body.addStretch(1)
        self._list_card = Card(tr("Administrators"))
        self._list_card.body.addWidget(self.listed, 1)
        self._problem_card = Card(tr("What is odd in it"))
        self._problem_card.body.addWidget(self.problems)
        captured = Card(tr("How it was captured"))
        captured.body.addLayout(self._captured)
        captured.body.addWidget(self.captured_link)
        captured.body.addStretch(1)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column, cards in ((left, (people, worst, captured)), (right, (risks, self._list_card, self._problem_card))):
            column.setSpacing(line)
            for card in cards:
                column.addWidget(card)
            column.addStretch(1)
        columns = QHBoxLayout()
        columns.setSpacing(line)
        columns.addLayout(left, 1)
        columns.addLayout(right, 1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(line, line, line, line)
        layout.setSpacing(line)
        layout.addWidget(self.title)
        layout.addLayout(columns)
        layout.addStretch(1)
        self.setWidget(page)

    def _fill(self, opened: "OpenSnapshot") -> None:
        snapshot, outline = opened.snapshot, opened.outline
        self.title.setText(snapshot.path.name)
        self.people.show_bars([Bar(part.title, part.count, part.kind, part.row) for part in section_counts(outline)])
        self._show_badges(outline, opened.outline.badges, decided=False)
        self.worst.show_bars([])
        self._checking.show()
        self.problems.clear()
        for problem in snapshot.problems[:_MOST_LISTED]:
            item = QListWidgetItem(visible(str(problem)))
            set_tooltip(item, str(problem))
            self.problems.addItem(item)
        count = len(snapshot.problems)
        title = tr("What is odd in it: {count}")
        if count > _MOST_LISTED:
            title = tr("What is odd in it: {count}, the first {listed} listed")
        self._problem_card.title.setText(title.format(count=number(count), listed=number(_MOST_LISTED)))
        self._problem_card.setVisible(count > 0)
        _fit(self.problems)
        self._fill_captured(capture_lines(snapshot))

    def show_risks(self, by_severity: Mapping[Severity, frozenset[str]]) -> None:
        """Show how many users and roles have which severity as their worst, once every check has run."""
        opened = self._session.snapshot
        if opened is None:
            return
        self._checking.hide()
        kinds = opened.outline.nodes.kinds
        total = kinds.count(NodeKind.USER) + kinds.count(NodeKind.ROLE)
        bars = [
            Bar(tr(SEVERITY_WORDS[severity]), len(keys), severity, severity if keys else None)
            for severity, keys in by_severity.items()
        ]
        free = total - sum(len(keys) for keys in by_severity.values())
        self.worst.show_bars([*bars, Bar(tr("No finding"), max(free, 0), Mark.ALLOWED)])

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

    def _fill_badges(self, badges: Mapping[int, tuple[Badge, ...]]) -> None:
        if self._session.snapshot is not None:
            self._show_badges(self._session.snapshot.outline, badges, decided=True)

    def _show_badges(self, outline: Outline, badges: Mapping[int, tuple[Badge, ...]], *, decided: bool) -> None:
        self._rows = rows_by_badge(outline, badges)
        needs_deciding = {Badge.ADMINISTRATOR, Badge.OUTSIDER}
        self.risks.show_bars(
            [
                Bar(tr(_BADGE_NAMES[badge]), len(rows), badge, badge if rows else None)
                for badge, rows in self._rows.items()
                if rows or (decided and badge in needs_deciding)
            ]
        )
        self._deciding.setVisible(not decided)
        self._list_card.setVisible(decided)
        if decided:
            first = next((badge for badge, rows in self._rows.items() if rows), Badge.ADMINISTRATOR)
            self._list_badge(Badge.ADMINISTRATOR if self._rows[Badge.ADMINISTRATOR] else first)

    def _list_badge(self, target: object) -> None:
        """Name those that bear a badge."""
        opened = self._session.snapshot
        if not isinstance(target, Badge) or opened is None:
            return
        rows = self._rows.get(target, ())
        self.listed.clear()
        nodes = [opened.outline.nodes[row] for row in rows[:_MOST_LISTED]]
        self._kinds = tuple(node.kind for node in nodes)
        for node in nodes:
            item = QListWidgetItem(f"{visible(node.text)}   {visible(node.detail)}")
            item.setData(Qt.ItemDataRole.UserRole, node.key)
            set_tooltip(item, f"{node.text} ({node.kind})\n{node.key}")
            self.listed.addItem(item)
        self._draw_icons()
        name = tr(_BADGE_NAMES[target])
        title = tr("{name}: {count}, the first {listed} listed") if len(rows) > _MOST_LISTED else "{name}: {count}"
        title = title.format(name=name, count=number(len(rows)), listed=number(_MOST_LISTED))
        self._list_card.title.setText(title if rows else tr("Nothing stands out"))
        self._list_card.setVisible(True)
        self.listed.setVisible(bool(rows))
        self.listed.setAccessibleName(name)
        _fit(self.listed)

    def _draw_icons(self) -> None:
        for row, kind in zip(range(self.listed.count()), self._kinds, strict=False):
            self.listed.item(row).setIcon(marks.icon(kind, self.palette()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the icons anew in other colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icons()

    def _go_to_row(self, target: object) -> None:
        if isinstance(target, int):
            self._session.show_row(target)

    def _empty(self) -> None:
        self.listed.clear()
        self.problems.clear()
        self.people.show_bars([])
        self.risks.show_bars([])
        self.worst.show_bars([])


def _fit(listed: QListWidget) -> None:
    """Make a list as high as its lines, up to a few; more scroll."""
    row = max(listed.sizeHintForRow(0), listed.fontMetrics().lineSpacing()) if listed.count() else 0
    listed.setFixedHeight(row * min(listed.count(), _LINES_SHOWN) + 2 * listed.frameWidth() + 2)
