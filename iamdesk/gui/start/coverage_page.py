"""The snapshot coverage: every kind of data, what missing data means, how to capture it, and control totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import plain_label
from iamdesk.gui.core.session import Session
from iamdesk.gui.start.card import Card
from iamdesk.gui.start.command_box import CommandBox
from iamdesk.gui.start.totals_table import TotalsTable
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.gui.widgets.whole_organization import NEEDS_WHOLE
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, tr, translate
from iamdesk.viewmodel.types import CapturedData, ControlTotal, CoverageState

if TYPE_CHECKING:
    from iamdesk.api import Opened

_MARKS = {
    CoverageState.CAPTURED: Mark.ALLOWED,
    CoverageState.PARTLY: Mark.CONDITIONAL,
    CoverageState.NOT_CAPTURED: Mark.UNKNOWN,
}
_WORDS = {
    CoverageState.CAPTURED: mark("Captured"),
    CoverageState.PARTLY: mark("Partly captured"),
    CoverageState.NOT_CAPTURED: mark("Not captured"),
}
_NOTHING_TO_COUNT = mark(
    "Control totals: not available, because neither an account summary nor a credential report was captured."
)


@dataclass(frozen=True, slots=True)
class _Found:
    data: tuple[CapturedData, ...]
    totals: tuple[ControlTotal, ...]


class DataRow(QWidget):
    """One kind of data: mark and state, amount, effect of missing data, failed calls, and the commands."""

    def __init__(self, one: CapturedData, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.data = one
        self._mark = plain_label()
        self.title = FlowLabel(translate(one.title))
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        detail = f": {translate(one.detail)}" if one.detail else ""
        self.state = FlowLabel(f"{tr(_WORDS[one.extent])}{detail}")
        self.setAccessibleName(f"{translate(one.title)}: {tr(_WORDS[one.extent])}{detail}")
        line = self.fontMetrics().lineSpacing()
        words = QVBoxLayout()
        words.setSpacing(line // 4)
        words.addWidget(self.title)
        words.addWidget(self.state)
        if one.means:
            words.addWidget(FlowLabel(translate(one.means)))
        for gap in one.missing_data:
            words.addWidget(FlowLabel(translate(gap)))
        self.commands = CommandBox(translate(one.title), one.commands) if one.commands else None
        if self.commands is not None:
            words.addWidget(self.commands)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, line // 4, 0, line // 2)
        layout.setSpacing(line // 2)
        layout.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        self._tint()

    def _tint(self) -> None:
        size = self.fontMetrics().height()
        self._mark.setPixmap(icons.pixmap(_MARKS[self.data.extent], self.palette(), size, self.devicePixelRatioF()))
        self.state.setForegroundRole(QPalette.ColorRole.PlaceholderText)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "state"):
            self._tint()


class CoveragePage(QScrollArea):
    """Computed when it is first shown: opening a snapshot does not wait for it."""

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._is_due = False
        self.setObjectName("capturedPage")
        self.setAccessibleName(tr("Snapshot coverage"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.title = plain_label(tr("Snapshot coverage"))
        font = self.title.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setBold(True)
        self.title.setFont(font)
        self.summary = FlowLabel()
        self.lacking = Card(tr("Missing and partial data"))
        self.held = Card(tr("Captured"))
        self._totals_card = Card(tr("Control totals"))
        self.totals = TotalsTable()
        self._totals_card.body.addWidget(self.totals)
        self.rows: list[DataRow] = []
        self._lay_out()
        session.snapshot_opened.connect(self._expect)
        session.snapshot_closed.connect(self._empty)

    def _lay_out(self) -> None:
        line = self.fontMetrics().lineSpacing()
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(line, line, line, line)
        layout.setSpacing(line)
        for part in (self.title, self.summary, self.lacking, self._totals_card, self.held):
            layout.addWidget(part)
        layout.addStretch(1)
        self.setWidget(page)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Compute the coverage when it is first shown."""
        super().showEvent(event)
        self._fill_when_due()

    def _expect(self, _opened: object) -> None:
        self._empty()
        self._is_due = True
        if self.isVisible():
            self._fill_when_due()

    def _fill_when_due(self) -> None:
        opened = self._session.whole
        if self._session.snapshot is None or not self._is_due:
            return
        self._is_due = False
        if opened is None:
            self.summary.setText(tr(NEEDS_WHOLE))
            return
        self.summary.setText(tr("Computing the snapshot coverage."))
        self._jobs.run(
            tr("Computing the snapshot coverage"),
            lambda _progress, _cancelled: _Found(opened.captured_data(), opened.control_totals()),
            done=lambda found: self._take(opened, found),
            topic="captured data",
        )

    def _take(self, opened: "Opened", found: _Found) -> None:
        if opened is not self._session.snapshot:
            return
        self.summary.setText(f"{summary_words(found.data)} {totals_words(found.totals)}")
        for one in found.data:
            row = DataRow(one)
            self.rows.append(row)
            (self.held if one.extent is CoverageState.CAPTURED else self.lacking).body.addWidget(row)
        for card, extents in (
            (self.held, {CoverageState.CAPTURED}),
            (self.lacking, {CoverageState.PARTLY, CoverageState.NOT_CAPTURED}),
        ):
            card.setVisible(any(one.extent in extents for one in found.data))
        self.totals.show_totals(found.totals)
        self._totals_card.setVisible(bool(found.totals))

    def _empty(self) -> None:
        self._is_due = False
        self.summary.setText("")
        self.totals.clear()
        for card in (self.lacking, self.held, self._totals_card):
            card.hide()
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows = []


def summary_words(data: Sequence[CapturedData]) -> str:
    """Return a sentence with the numbers of captured, partial and missing kinds of data."""
    counts = {extent: sum(one.extent is extent for one in data) for extent in CoverageState}
    sentence = tr(
        "{count} kinds of data: {captured} captured, {partly} captured in part, {missing} not captured."
    ).format(
        count=number(len(data)),
        captured=number(counts[CoverageState.CAPTURED]),
        partly=number(counts[CoverageState.PARTLY]),
        missing=number(counts[CoverageState.NOT_CAPTURED]),
    )
    if counts[CoverageState.CAPTURED] == len(data):
        return sentence
    return f"{sentence} " + tr(
        "Run the commands below in the top folder of a bundle to capture the missing data; replace "
        "the words in capitals. File > Collect from AWS captures all of it at once."
    )


def totals_words(totals: Sequence[ControlTotal]) -> str:
    """Return a sentence that says whether AWS's counts match the snapshot's."""
    if not totals:
        return tr(_NOTHING_TO_COUNT)
    differing = sum(not total.agrees for total in totals)
    if not differing:
        return tr("Control totals: all {count} counts by AWS match the snapshot.").format(count=number(len(totals)))
    return tr(
        "Control totals: {differing} of {count} counts by AWS differ from the snapshot. Data is "
        "missing, or the account changed during the capture."
    ).format(differing=number(differing), count=number(len(totals)))
