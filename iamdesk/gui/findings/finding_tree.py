"""A tree of findings: groups on the first level, the findings of each below it."""

from collections.abc import Sequence
from enum import IntEnum
from functools import partial
from typing import Any, ClassVar, Protocol

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QContextMenuEvent, QPalette
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QMenu, QTreeView, QWidget

from iamdesk.checks.finding import Severity
from iamdesk.gui.core.clipboard import markdown_table, rows_text
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import menu_text, tooltip_text
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.findings.rows import COLUMN_TITLES, SEVERITIES, FindingRow
from iamdesk.gui.findings.rows import Column as FindingColumn
from iamdesk.gui.findings.severity_mark import SEVERITY_COLOURS, severity_icon
from iamdesk.gui.tables.filter_line import FilterLine
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr

type Index = QModelIndex | QPersistentModelIndex

_NO_PARENT = QModelIndex()
_TOP = 0
"""Internal id of a group's index; that of a finding's is the row of its group, plus one."""


class FindingLine(Protocol):
    """A group of findings."""

    @property
    def rows(self) -> Sequence[FindingRow]:
        """Its findings that are shown."""


class FindingTreeModel[Line: FindingLine](QAbstractItemModel):
    """Groups in their order, and below each its findings, the gravest first.

    Three columns and the number of findings. Subclasses say what the row of a group contains (Qt's metaclass leaves no
    room for `abc`).
    """

    titles: ClassVar[dict[IntEnum, str]]
    """The columns, in order."""

    def __init__(self, palette: QPalette, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[Line] = []
        self.repaint(palette)

    @property
    def lines(self) -> Sequence[Line]:
        """The groups that are shown."""
        return self._lines

    def group_text(self, line: Line, column: int) -> str:
        """Return the text of a group's cell, of any column but the last."""
        raise NotImplementedError

    def group_tooltip(self, line: Line) -> str:
        """Return the plain text of a group's tooltip."""
        raise NotImplementedError

    def group_severity(self, line: Line) -> Severity | None:
        """Return the severity that is drawn before a group; None draws nothing."""
        raise NotImplementedError

    def group_colour(self, line: Line, column: int) -> Colour | None:
        """Return the color of a group's cell; None for that of other text."""
        raise NotImplementedError

    def show_lines(self, lines: list[Line]) -> None:
        """Show other groups."""
        self.beginResetModel()
        self._lines = lines
        self.endResetModel()

    def clear(self) -> None:
        """Remove everything."""
        self.show_lines([])

    @staticmethod
    def is_group(index: Index) -> bool:
        """Return whether an index is of a group, not of a finding."""
        return bool(index.internalId() == _TOP)

    def line_at(self, index: Index) -> Line | None:
        """Return the group of a row, or of a finding's row."""
        if not index.isValid():
            return None
        return self._lines[index.row() if self.is_group(index) else index.internalId() - 1]

    def row_at(self, index: Index) -> FindingRow | None:
        """Return the finding of a row; of a group its first one, if it has any."""
        line = self.line_at(index)
        if line is None or not line.rows:
            return None
        return line.rows[0 if self.is_group(index) else index.row()]

    def rows_at(self, index: Index) -> Sequence[FindingRow]:
        """Return the finding of a row; of a group all of its findings that are shown."""
        line = self.line_at(index)
        if line is None:
            return ()
        return line.rows if self.is_group(index) else (line.rows[index.row()],)

    def repaint(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self.palette = QPalette(palette)
        self.icons = {severity: severity_icon(severity, palette) for severity in SEVERITIES}
        if self._lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._lines) - 1, len(self.titles) - 1))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts, marks and colors."""
        line = self.line_at(index)
        if line is None:
            return None
        column = index.column()
        row = None if self.is_group(index) else line.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(line, row, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{tr(list(self.titles.values())[column])}: {self._text(line, row, column)}"
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(self.group_tooltip(line) if row is None else row.text(FindingColumn.SENTENCE))
            case Qt.ItemDataRole.DecorationRole if column == 0:
                severity = self.group_severity(line) if row is None else row.finding.severity
                return None if severity is None else self.icons[severity]
            case Qt.ItemDataRole.ForegroundRole:
                if row is None:
                    shade = self.group_colour(line, column)
                else:
                    shade = SEVERITY_COLOURS[row.finding.severity] if column == 0 else None
                return None if shade is None else QBrush(colour(shade, self.palette))
            case Qt.ItemDataRole.TextAlignmentRole if column == len(self.titles) - 1:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _text(self, line: Line, row: FindingRow | None, column: int) -> str:
        if row is not None:
            return finding_text(row, column)
        return number(len(line.rows)) if column == len(self.titles) - 1 else self.group_text(line, column)

    def index(self, row: int, column: int, parent: Index = _NO_PARENT) -> QModelIndex:
        """Return the index of a group or of one of its findings."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else _TOP)

    def parent(self, index: Index = _NO_PARENT) -> Any:
        """Return the index of a finding's group."""
        if not index.isValid() or self.is_group(index):
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, _TOP)

    def rowCount(self, parent: Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of groups, or of findings of one."""
        if not parent.isValid():
            return len(self._lines)
        if not self.is_group(parent) or parent.column() > 0:
            return 0
        return len(self._lines[parent.row()].rows)

    def columnCount(self, _parent: Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return len(self.titles)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the titles of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(list(self.titles.values())[section])
        return None


def finding_text(row: FindingRow, column: int) -> str:
    """Return the text of a finding's cell: severity, subject and check, sentence."""
    match column:
        case 0:
            return row.text(FindingColumn.SEVERITY)
        case 1:
            return f"{row.text(FindingColumn.SUBJECT)}  ·  {row.text(FindingColumn.CHECK)}"
        case 2:
            return row.text(FindingColumn.SENTENCE)
    return ""


class FindingTree[Model: FindingTreeModel[Any]](QTreeView):
    """Enter opens a group, or goes to a finding's subject."""

    def __init__(self, model: Model, widths: Sequence[tuple[int, str]], parent: QWidget | None = None) -> None:
        """Create the view; ``widths`` are columns with a text for which they have room."""
        super().__init__(parent)
        self.groups = model
        self._filter_line: FilterLine | None = None
        model.setParent(self)
        self.setModel(model)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.header()
        header.setStretchLastSection(False)
        width = self.fontMetrics().horizontalAdvance
        for column, text in widths:
            header.resizeSection(column, max(width(text) + 16, header.sectionSizeHint(column)))

    def connect_filter(self, line: FilterLine) -> None:
        """Offer to filter by the cells of a finding in the context menu."""
        self._filter_line = line

    def menu_for(self, index: QModelIndex) -> QMenu:
        """Return the context menu of a row, of a group that of its gravest finding; it deletes itself."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        row, line = self.groups.row_at(index), self._filter_line
        if row is not None and line is not None:
            check = menu_text(row.finding.check_id)
            glyph = icons.icon(Glyph.FILTER, self.palette())
            for text, column, is_out in (
                (tr("&Filter by check {check}").format(check=check), FindingColumn.CHECK, False),
                (tr("&Leave out check {check}").format(check=check), FindingColumn.CHECK, True),
                (tr("Filter by this &subject"), FindingColumn.SUBJECT, False),
            ):
                test = line.fields.of_cell(row, column, leave_out=is_out)
                menu.addAction(glyph, text, partial(line.add_test, test))
            menu.addSeparator()
        copy = icons.icon(Glyph.COPY, self.palette())
        menu.addAction(copy, tr("&Copy the selected rows"), lambda: QApplication.clipboard().setText(rows_text(self)))
        menu.addAction(tr("Copy findings as &Markdown"), self.copy_markdown)
        return menu

    def copy_markdown(self) -> None:
        """Copy the selected findings as a Markdown table; a group represents its findings."""
        titles = [tr(COLUMN_TITLES[column]) for column in FindingColumn]
        QApplication.clipboard().setText(markdown_table(titles, [row.texts for row in self.selected_rows()]))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Show the menu of a row, of the current one if a key asks for it."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if index.isValid():
            place = self.visualRect(index).center() if by_key else event.pos()
            self.menu_for(index).popup(self.viewport().mapToGlobal(place))

    def selected_rows(self) -> Sequence[FindingRow]:
        """Return the selected findings; a group represents all of its findings that are shown."""
        found: dict[str, FindingRow] = {}
        for index in self.selectionModel().selectedRows():
            for row in self.groups.rows_at(index):
                found.setdefault(row.finding.fingerprint, row)
        return list(found.values())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "groups"):
            self.groups.repaint(self.palette())
