"""The head of the findings panel: counts and filters."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QPushButton, QStyle, QToolButton, QWidget

from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import menu_text, set_tooltip
from iamdesk.gui.core.table_memory import TableMemory
from iamdesk.gui.findings.fields import FIELDS
from iamdesk.gui.findings.rows import UNGROUPED, Counts, FindingFilter, FindingRow, Grouping
from iamdesk.gui.findings.severity_bars import SeverityBars
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters
from iamdesk.i18n import tr


class FilterBar(QWidget):
    """``changed`` is emitted when the filter changes; ``left`` when Down, Return or Escape leaves the text."""

    changed = Signal()
    left = Signal()

    def __init__(
        self, rows: Callable[[], Iterable[FindingRow]], memory: TableMemory, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.bars = SeverityBars()
        self.grouping = QComboBox()
        self.check = QComboBox()
        self.text = FilterLine(
            FIELDS,
            rows,
            memory,
            name="findingsFilter",
            title=tr("Filter findings"),
            hint=tr("Filter by subject, check or description, or severity>=high"),
        )
        self.saved = SavedFilters(self.text, memory)
        self.suppressed = QToolButton()
        self.export = QPushButton(tr("Export…"))
        self.group = ""
        """Key of the group shown; empty for all."""
        self._subjects: frozenset[str] = frozenset()
        self.only = QToolButton()
        self._name()
        self._gap = gap = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing)
        self._choices = QWidget()
        choices = QHBoxLayout(self._choices)
        choices.setContentsMargins(0, 0, 0, 0)
        choices.setSpacing(gap)
        choices.addWidget(self.grouping)
        choices.addWidget(self.check)
        choices.addWidget(self.only)
        choices.addWidget(self.text, 1)
        choices.addWidget(self.suppressed)
        choices.addWidget(self.export)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(2 * gap)
        self._line.addWidget(self.bars)
        self._line.addWidget(self._choices, 1)
        self.text.changed.connect(self._changed)
        self.text.down.connect(self.left)
        self.text.left.connect(self.left)
        self.check.activated.connect(self._changed)
        self.grouping.activated.connect(self._regroup)
        self.suppressed.toggled.connect(self._changed)
        self.bars.changed.connect(self._changed)
        self.only.clicked.connect(lambda: self.show_subjects("", frozenset()))

    def _name(self) -> None:
        self.grouping.setObjectName("findingsGrouping")
        self.grouping.setAccessibleName(tr("Group findings by"))
        set_tooltip(self.grouping, tr("F8 changes between causes and the list of all findings."))
        for words, grouping in (
            (tr("By cause"), Grouping.CAUSE),
            (tr("Not grouped"), Grouping.NOTHING),
            (tr("By control"), Grouping.CONTROL),
            (tr("By check"), Grouping.CHECK),
            (tr("By subject"), Grouping.SUBJECT),
            (tr("By account"), Grouping.ACCOUNT),
        ):
            self.grouping.addItem(words, grouping)
        self.check.setObjectName("findingsCheck")
        self.check.setAccessibleName(tr("Show only the findings of one check"))
        self.check.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.check.setMinimumContentsLength(14)
        self.suppressed.setObjectName("findingsSuppressed")
        self.suppressed.setCheckable(True)
        self.suppressed.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_tooltip(self.suppressed, tr("Show suppressed findings instead of open ones."))
        self.export.setObjectName("findingsExport")
        self.only.setObjectName("findingsOnly")
        self.only.setAccessibleName(tr("Active filter"))
        self.only.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_tooltip(self.only, tr("Only these are shown. Press to show all."))
        self.only.hide()

    @property
    def is_grouped(self) -> bool:
        """Whether findings are grouped."""
        return Grouping(self.grouping.currentData()) not in UNGROUPED

    @property
    def is_by_cause(self) -> bool:
        """Whether the causes of findings are shown."""
        return Grouping(self.grouping.currentData()) is Grouping.CAUSE

    @property
    def is_by_control(self) -> bool:
        """Whether the controls of standards are shown."""
        return Grouping(self.grouping.currentData()) is Grouping.CONTROL

    def switch_causes(self) -> None:
        """Show causes instead of the list of all findings, or the list instead of causes."""
        self.grouping.setCurrentIndex(self.grouping.findData(Grouping.NOTHING if self.is_by_cause else Grouping.CAUSE))
        self._regroup()

    def chosen(self) -> FindingFilter:
        """Return the filter."""
        return FindingFilter(
            self.bars.chosen,
            self.bars.inconclusive.isChecked(),
            str(self.check.currentData() or ""),
            self.text.filter,
            self.suppressed.isChecked(),
            Grouping(self.grouping.currentData()),
            self.group,
            self._subjects,
        )

    def show_subjects(self, name: str, subjects: frozenset[str]) -> None:
        """Show only the findings of some subjects, under a name with a button to remove it; none for all."""
        self._subjects = subjects
        self.group = ""
        self.only.setText(f"{name}  \N{MULTIPLICATION SIGN}")
        self.only.setAccessibleName(tr("Only {name} shown; press to show all").format(name=name))
        self.only.setVisible(bool(subjects))
        self._wrap()
        self.changed.emit()

    def group_by(self, grouping: Grouping) -> None:
        """Group findings; emits nothing."""
        self.grouping.setCurrentIndex(self.grouping.findData(grouping))
        self._follow_grouping()

    def reset(self) -> None:
        """Reset the filter to all open, or all suppressed findings."""
        self.text.clear()
        self.check.setCurrentIndex(0)
        self.bars.reset()
        self.group = ""
        self._subjects = frozenset()
        self.only.hide()

    def show_counts(self, counts: Counts, *, is_open: bool, is_complete: bool, zero: str) -> None:
        """Show the counts; ``is_open``: a snapshot is open, ``is_complete``: all checks have run.

        ``zero`` is what to show where nothing was found so far.
        """
        self.bars.show_counts(counts, zero)
        self.suppressed.setText(tr("Suppressed {count}").format(count=number(counts.suppressed)))
        self.suppressed.setEnabled(counts.suppressed > 0 or self.suppressed.isChecked())
        chosen = self.check.currentData()
        self.check.blockSignals(True)
        self.check.clear()
        checks = number(len(counts.checks)) if counts.checks else zero
        self.check.addItem(tr("All checks ({count})").format(count=checks), "")
        for check_id, title, count in counts.checks:
            words = menu_text(f"{check_id}  {tr(title)} ({number(count)})").replace("&&", "&")
            self.check.addItem(words, check_id)
        self.check.setCurrentIndex(max(self.check.findData(chosen), 0))
        self.check.blockSignals(False)
        for widget in (self.bars, self.grouping, self.check, self.text):
            widget.setEnabled(is_open)
        self.export.setEnabled(is_open and is_complete)
        self._wrap()

    def _wrap(self) -> None:
        """Put the filters below the counts if both do not fit in one line: some languages need more room."""
        wanted = self.bars.sizeHint().width() + self._line.spacing() + self._choices.sizeHint().width()
        fits = self.width() >= wanted
        direction = QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        if self._line.direction() is not direction:
            self._line.setDirection(direction)
            self._line.setSpacing(self._gap * (2 if fits else 1))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Use one line or two."""
        super().resizeEvent(event)
        self._wrap()

    def _changed(self) -> None:
        self.changed.emit()

    def _regroup(self) -> None:
        self._follow_grouping()
        self.changed.emit()

    def _follow_grouping(self) -> None:
        self.group = ""
        by_check = Grouping(self.grouping.currentData()) is Grouping.CHECK
        if by_check:
            self.check.setCurrentIndex(0)
        self.check.setVisible(not by_check)  # the groups have not changed
