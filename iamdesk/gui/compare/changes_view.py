"""The result of a comparison: a summary, a filtered table of changes, and details of the selected one."""

from datetime import datetime

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from iamdesk.diff.result import Comparison, Effect
from iamdesk.evaluate.request import Request
from iamdesk.export.text.diff import sentence
from iamdesk.gui.compare.compare_detail import CompareDetail
from iamdesk.gui.compare.compare_model import CompareModel
from iamdesk.gui.compare.rows import FIELDS, ChangeKind, Column, CompareFilter, CompareRow
from iamdesk.gui.core.locale import day, number
from iamdesk.gui.core.plain_text import plain_label, visible
from iamdesk.gui.core.retranslation import translate_english
from iamdesk.gui.core.session import Session
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters
from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.i18n import tr, translate

_WIDEST: dict[int, str] = {
    Column.SORT: "mm Inconclusive",
    Column.WHO: "user/engineering/elena",
    Column.WHAT: "s3:GetObject and 24 m",
    Column.WHERE: "arn:aws:s3:::acm",
}
"""Sample texts for the initial column widths."""


class ChangesView(QWidget):
    """Empty until it gets a comparison."""

    def __init__(self, session: Session, hint: str, *, is_planned: bool = False) -> None:
        """Create the view; ``hint`` is shown while it is empty, ``is_planned`` as in `witness_words`."""
        super().__init__()
        self._session = session
        self._found: Comparison | None = None
        self.pair = plain_label(hint, wrap=True, selectable=True)
        self.pair.setObjectName("comparePair")
        self.summary = plain_label(wrap=True, selectable=True)
        self.summary.setObjectName("compareSummary")
        self.summary.setAccessibleName(tr("Nothing compared yet"))
        self.sort = QComboBox()
        self.sort.setObjectName("compareSort")
        self.sort.setAccessibleName(tr("Show only changes of one kind"))
        self.sort.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.text = FilterLine(
            FIELDS,
            lambda: self.model.rows,
            session.table_memory,
            name="compareFilter",
            title=tr("Filter changes"),
            hint=tr("Filter by principal, action, resource or cause"),
        )
        self.saved = SavedFilters(self.text, session.table_memory)
        self.model = CompareModel(self.palette())
        self.model.setParent(self)
        self.table: RowsTable[CompareRow] = RowsTable(
            self.model,
            name="compareTable",
            title=tr("Changes"),
            widest=_WIDEST,
            stretched=Column.CAUSE,
            names=Column.WHO,
        )
        self.detail = CompareDetail(session.show_key, self._ask, is_planned=is_planned)
        self.table.connect_filter(self.text, session.table_memory)
        self.table.connect_notes(session.notes)
        self._lay_out()
        self.text.changed.connect(self._filter)
        for leaves in (self.text.down, self.text.left):
            leaves.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        self.sort.activated.connect(self._filter)
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._show_row())
        self.table.activated.connect(lambda _index: self._show_subject())
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WindowShortcut)
        find.activated.connect(lambda: self.text.setFocus(Qt.FocusReason.ShortcutFocusReason))
        for widget in (self.sort, self.text, self.table):
            widget.setEnabled(False)

    def _lay_out(self) -> None:
        filters = QHBoxLayout()
        filters.addWidget(self.sort)
        filters.addWidget(self.text, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.table)
        split.addWidget(self.detail)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 1)
        split.setSizes([800, 340])
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pair)
        layout.addWidget(self.summary)
        layout.addLayout(filters)
        layout.addWidget(self.saved)
        layout.addWidget(split, 1)

    def show_comparison(
        self,
        found: Comparison,
        rows: tuple[CompareRow, ...],
        dates: tuple[datetime | None, datetime | None] = (None, None),
    ) -> None:
        """Show a comparison.

        Args:
            found: The comparison.
            rows: Its `rows_of`.
            dates: The latest time in the data of both sides; None: not known, or not said.
        """
        self._found = found
        old, new = map(_with_date, (found.old_name, found.new_name), dates)
        self.pair.setText(
            tr("From {old} to {new}. Not compared: {limits}").format(
                old=old, new=new, limits=" ".join(map(translate, found.limits))
            )
        )
        self.summary.setText(translate(sentence(found)))
        self.summary.setAccessibleName(translate(sentence(found)))
        self.model.clear()
        self.model.extend(rows)
        self.sort.clear()
        self.sort.addItem(tr("Everything ({count})").format(count=number(len(rows))), None)
        for sort in ChangeKind:
            count = sum(row.sort is sort for row in rows)
            if count:
                self.sort.addItem(f"{tr(sort.value)} ({number(count)})", sort)
        self.text.clear()
        for widget in (self.sort, self.text, self.table):
            widget.setEnabled(True)
        self._filter()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        self._session.announce(translate(sentence(found)))

    def _filter(self) -> None:
        kept = self.table.current_row()
        self.model.show_only(CompareFilter(self.sort.currentData(), self.text.filter), lambda: self._filtered(kept))

    def _filtered(self, kept: CompareRow | None) -> None:
        places = self.model.shown
        place = places.index(kept) if kept is not None and kept in places else 0
        if places:
            self.table.go_to(place)
        self._show_row()

    def _show_row(self) -> None:
        self.detail.show_row(self._found, self.table.current_row())

    def _show_subject(self) -> None:
        row = self.table.current_row()
        if row is not None:
            self._session.show_key(row.subject)

    def _ask(self, effect: Effect) -> None:
        """Evaluate the request that shows a change on the open snapshot, in the result panel."""
        witness = effect.witness
        context = {key: list(value) if isinstance(value, tuple) else value for key, value in witness.context}
        self._session.ask(
            Request(witness.principal, witness.action, witness.resource, context, witness.resource_account)
        )

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.model.repaint(self.palette())


def _with_date(name: str, latest: datetime | None) -> str:
    """Return the name of a snapshot with the latest day in its data."""
    name = visible(translate_english(name))
    if latest is None:
        return name
    return tr("{name} (data up to {day})").format(name=name, day=day(latest.date().isoformat()))
