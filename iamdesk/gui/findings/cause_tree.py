"""The tree of causes: the first level of the findings panel, with the findings of each cause below it."""

from collections.abc import Container, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QPalette
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeView, QWidget

from iamdesk.causes.types import Cause, CauseKind, Causes
from iamdesk.checks.finding import State
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.findings.rows import SEVERITIES, SEVERITY_WORDS, FindingRow
from iamdesk.gui.findings.rows import Column as FindingColumn
from iamdesk.gui.findings.severity_mark import SEVERITY_COLOURS, severity_icon
from iamdesk.i18n import mark, tr, translate

type _Index = QModelIndex | QPersistentModelIndex

_NO_PARENT = QModelIndex()
_TOP = 0
"""Internal id of a cause's index; that of a finding's is the row of its cause, plus one."""


class Column(IntEnum):
    """The columns, in order."""

    SEVERITY = 0
    CAUSE = 1
    EFFECT = 2
    FINDINGS = 3


_TITLES = {
    Column.SEVERITY: mark("Severity"),
    Column.CAUSE: mark("Cause"),
    Column.EFFECT: mark("Effect"),
    Column.FINDINGS: mark("Findings"),
}


class CauseLine(NamedTuple):
    """A cause with those of its findings that the filter shows."""

    cause: Cause
    rows: Sequence[FindingRow]

    @property
    def name(self) -> str:
        """As displayed: what differs from one row to the next is first."""
        label, title = visible(translate(self.cause.label)), visible(tr(self.cause.title))
        if self.cause.label == self.cause.title:
            return title
        return f"{title}  ·  {label}" if self.cause.kind is CauseKind.OTHERS else f"{label}  ·  {title}"


class CausesModel(QAbstractItemModel):
    """Causes in their order, and below each its findings, the gravest first."""

    def __init__(self, palette: QPalette, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[CauseLine] = []
        self.repaint(palette)

    @property
    def lines(self) -> Sequence[CauseLine]:
        """The causes that are shown."""
        return self._lines

    def show(self, causes: Causes, rows: Mapping[str, FindingRow], shown: Container[str]) -> None:
        """Show the causes of the findings that the filter shows.

        Args:
            causes: All causes.
            rows: All findings by fingerprint.
            shown: Fingerprints of the findings that the filter shows.
        """
        self.beginResetModel()
        self._lines = []
        for cause in causes.rows:
            found = [rows[one.fingerprint] for one in cause.findings if one.fingerprint in shown]
            if found:
                self._lines.append(CauseLine(cause, found))
        self.endResetModel()

    def clear(self) -> None:
        """Remove everything."""
        self.beginResetModel()
        self._lines = []
        self.endResetModel()

    def line_at(self, index: _Index) -> CauseLine | None:
        """Return the cause of a row, or of a finding's row."""
        if not index.isValid():
            return None
        return self._lines[index.row() if index.internalId() == _TOP else index.internalId() - 1]

    def row_at(self, index: _Index) -> FindingRow | None:
        """Return the finding of a row; of a cause its gravest one."""
        line = self.line_at(index)
        if line is None:
            return None
        return line.rows[0 if index.internalId() == _TOP else index.row()]

    def rows_at(self, index: _Index) -> Sequence[FindingRow]:
        """Return the finding of a row; of a cause all of its findings that are shown."""
        line = self.line_at(index)
        if line is None:
            return ()
        return line.rows if index.internalId() == _TOP else (line.rows[index.row()],)

    def repaint(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self._palette = QPalette(palette)
        self._icons = {severity: severity_icon(severity, palette) for severity in SEVERITIES}
        if self._lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._lines) - 1, len(Column) - 1))

    def index(self, row: int, column: int, parent: _Index = _NO_PARENT) -> QModelIndex:
        """Return the index of a cause or of one of its findings."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else _TOP)

    def parent(self, index: _Index = _NO_PARENT) -> Any:
        """Return the index of a finding's cause."""
        if not index.isValid() or index.internalId() == _TOP:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, _TOP)

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of causes, or of findings of one."""
        if not parent.isValid():
            return len(self._lines)
        if parent.internalId() != _TOP or parent.column() > 0:
            return 0
        return len(self._lines[parent.row()].rows)

    def columnCount(self, _parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return len(Column)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the titles of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(_TITLES[Column(section)])
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts, marks and colors."""
        line = self.line_at(index)
        if line is None:
            return None
        column = Column(index.column())
        row = None if index.internalId() == _TOP else line.rows[index.row()]
        severity = line.cause.severity if row is None else row.finding.severity
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._cause_text(line, column) if row is None else _finding_text(row, column)
            case Qt.ItemDataRole.ToolTipRole if row is None:
                told = (line.name, translate(line.cause.effect), line.cause.id)
                return tooltip_text("\n".join(told))
            case Qt.ItemDataRole.ToolTipRole if row is not None:
                return tooltip_text(row.text(FindingColumn.SENTENCE))
            case Qt.ItemDataRole.DecorationRole if column is Column.SEVERITY:
                return self._icons[severity]
            case Qt.ItemDataRole.ForegroundRole if column is Column.SEVERITY:
                return QBrush(colour(SEVERITY_COLOURS[severity], self._palette))
            case Qt.ItemDataRole.ForegroundRole if row is None and line.cause.state is State.CANNOT_TELL:
                return QBrush(colour(Colour.MUTED, self._palette))
            case Qt.ItemDataRole.TextAlignmentRole if column is Column.FINDINGS:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case Qt.ItemDataRole.AccessibleTextRole:
                text = self._cause_text(line, column) if row is None else _finding_text(row, column)
                return f"{tr(_TITLES[column])}: {text}"
        return None

    @staticmethod
    def _cause_text(line: CauseLine, column: Column) -> str:
        match column:
            case Column.SEVERITY:
                return tr(SEVERITY_WORDS[line.cause.severity])
            case Column.CAUSE:
                return line.name
            case Column.EFFECT:
                return visible(translate(line.cause.effect))
        return number(len(line.rows))


def _finding_text(row: FindingRow, column: Column) -> str:
    match column:
        case Column.SEVERITY:
            return row.text(FindingColumn.SEVERITY)
        case Column.CAUSE:
            return f"{row.text(FindingColumn.SUBJECT)}  ·  {row.text(FindingColumn.CHECK)}"
        case Column.EFFECT:
            return row.text(FindingColumn.SENTENCE)
    return ""


class CauseTree(QTreeView):
    """Enter opens a cause, or goes to a finding's subject."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.causes = CausesModel(self.palette(), self)
        self.setObjectName("causeTree")
        self.setAccessibleName(tr("Causes of findings"))
        self.setModel(self.causes)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.header()
        header.setObjectName("causesHeader")
        header.setStretchLastSection(False)
        width = self.fontMetrics().horizontalAdvance
        for column, text in (
            (Column.SEVERITY, "mmmmmmm Critical"),
            (Column.CAUSE, "Can become administrator in one step: payroll-rw, statement 2"),
            (Column.FINDINGS, "Findings 00"),
        ):
            header.resizeSection(column, width(text) + 16)
        header.setSectionResizeMode(Column.EFFECT, QHeaderView.ResizeMode.Stretch)

    def selected_rows(self) -> Sequence[FindingRow]:
        """Return the selected findings; a cause stands for all of its findings that are shown."""
        found: dict[str, FindingRow] = {}
        for index in self.selectionModel().selectedRows():
            for row in self.causes.rows_at(index):
                found.setdefault(row.finding.fingerprint, row)
        return list(found.values())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "causes"):
            self.causes.repaint(self.palette())
