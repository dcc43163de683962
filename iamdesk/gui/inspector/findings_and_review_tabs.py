"""The findings and the review items of the selected item, as the tables of both panels.

Rows, models and tables are those of the panels; they are created when a tab is first shown.
"""

from PySide6.QtCore import QEvent, QItemSelection, QModelIndex, Qt, Signal
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedLayout, QWidget

from iamdesk.gui.core.session import Session
from iamdesk.gui.findings.finding_detail import FindingDetail
from iamdesk.gui.findings.findings_by_subject import FindingsBySubject
from iamdesk.gui.findings.findings_model import FindingsModel, FindingsTable
from iamdesk.gui.findings.rows import Column as FindingColumn
from iamdesk.gui.review.columns import Column as ReviewColumn
from iamdesk.gui.review.items_by_principal import ItemsByPrincipal
from iamdesk.gui.review.review_model import ReviewModel
from iamdesk.gui.review.review_table import ReviewTable
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr
from iamdesk.review.decisions import ReviewDecision


class _SubjectTab(QWidget):
    """A table of one subject's rows, or a sentence that explains why there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = ""
        self._is_made = False
        line = self.fontMetrics().lineSpacing()
        self._empty = FlowLabel()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(line, line, line, line)
        self._empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)

    def show_key(self, key: str) -> None:
        """Show the rows of another key."""
        self._key = key
        self._refill()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Create the table when it is first shown."""
        super().showEvent(event)
        self._refill()

    def _refill(self) -> None:
        if not self.isVisible():
            return
        if not self._is_made:
            self._is_made = True
            content = self._make()
            self._stack.addWidget(content)
            self.setFocusProxy(content.focusProxy() or content)
        why = self._fill()
        self._empty.setText(why)
        self._stack.setCurrentIndex(0 if why else 1)

    def _make(self) -> QWidget:
        raise NotImplementedError

    def _fill(self) -> str:
        """Show the rows; return why there are none."""
        raise NotImplementedError


class FindingsTab(_SubjectTab):
    """The findings of the subject, each with its evidence below."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.source: FindingsBySubject | None = None
        self.model: FindingsModel | None = None

    @property
    def count(self) -> int:
        """The number of findings of the subject."""
        return len(self.source.about(self._key)) if self.source is not None and self._key else 0

    def follow(self, source: FindingsBySubject) -> None:
        """Show the findings of a panel."""
        self.source = source
        source.changed.connect(self._refill)

    def _make(self) -> QWidget:
        self.model = FindingsModel(self.palette())
        self.model.setParent(self)
        self.table = FindingsTable(self.model)
        self.table.setObjectName("subjectFindings")
        self.table.setAccessibleName(tr("Findings of the selected item"))
        self.table.horizontalHeader().setObjectName("subjectFindingsHeader")
        self.table.setColumnHidden(FindingColumn.ACCOUNT, True)
        self.detail = FindingDetail(self._session)
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self.table.activated.connect(self._go_to_subject)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.table)
        split.addWidget(self.detail)
        split.setChildrenCollapsible(False)
        split.setFocusProxy(self.table)
        return split

    def _fill(self) -> str:
        if self.source is None or self.model is None:
            return ""
        rows = self.source.about(self._key)
        if list(self.model.rows) != rows:
            self.model.clear()
            self.model.extend(rows)
            self.detail.show_finding(None)
            self.table.setColumnHidden(FindingColumn.SUBJECT, all(row.finding.subject_key == self._key for row in rows))
            if rows:
                self.table.go_to(0)
        if rows:
            return ""
        if not self.source.is_complete:
            return tr("The checks are not complete. Findings of this item appear here.")
        return tr("All checks have run. There are no open findings of this item.")

    def _selected(self, selected: QItemSelection, _deselected: QItemSelection) -> None:
        places = {index.row() for index in selected.indexes()}
        if places and self.model is not None:
            self.detail.show_finding(self.model.shown[min(places)].finding)

    def _go_to_subject(self, index: QModelIndex) -> None:
        row = self.model.row_at(index) if self.model is not None else None
        if row is not None:
            self._session.show_key(row.finding.subject_key)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and getattr(self, "model", None) is not None:
            self.model.repaint(self.palette())  # type: ignore[union-attr]  # just looked


class ReviewTab(_SubjectTab):
    """The subject's entitlements in the open review; the decision keys work here, too."""

    line_wanted = Signal()
    """Bring the review panel forward: the entitlement is its current row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source: ItemsByPrincipal | None = None
        self.model: ReviewModel | None = None

    @property
    def counts(self) -> tuple[int, int]:
        """How many of the subject's entitlements are decided, and how many there are."""
        rows = self.source.about(self._key) if self.source is not None and self._key else []
        return sum(not row.is_open for row in rows), len(rows)

    @property
    def is_open(self) -> bool:
        """Whether a review is open."""
        return self.source is not None and self.source.is_open

    def follow(self, source: ItemsByPrincipal) -> None:
        """Show the entitlements of a panel's review."""
        self.source = source
        source.changed.connect(self._refill)

    def _make(self) -> QWidget:
        self.model = ReviewModel(self.palette())
        self.model.setParent(self)
        self.table = ReviewTable(self.model)
        self.table.setObjectName("subjectReview")
        self.table.setAccessibleName(tr("Review items of the selected item"))
        self.table.horizontalHeader().setObjectName("subjectReviewHeader")
        for column in (ReviewColumn.ACCOUNT, ReviewColumn.WHO):
            self.table.setColumnHidden(column, True)
        self.table.chosen.connect(self._decide)
        self.table.comment_wanted.connect(self._go_to)
        return self.table

    def _fill(self) -> str:
        if self.source is None or self.model is None:
            return ""
        rows = self.source.about(self._key)
        at = self.table.current_row()
        self.model.replace(rows)
        place = self.model.place_of(at.subject_ids[0]) if at is not None else None
        if rows:
            self.table.go_to(place or 0)
            return ""
        return tr("The review has no items about it.") if self.source.is_open else tr("No review is open.")

    def _decide(self, choice: ReviewDecision) -> None:
        rows = list(self.table.selected_rows())
        if self.source is not None and rows and not self.source.decide(rows, choice):
            self.line_wanted.emit()  # the review panel asks for something

    def _go_to(self) -> None:
        row = self.table.current_row()
        if self.source is not None and row is not None:
            self.source.go_to(row)
            self.line_wanted.emit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and getattr(self, "model", None) is not None:
            self.model.repaint(self.palette())  # type: ignore[union-attr]  # just looked
