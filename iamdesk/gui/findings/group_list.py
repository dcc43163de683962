"""The list of groups beside the findings: choosing one shows only its findings."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QListView, QWidget

from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import tooltip_text
from iamdesk.gui.findings.rows import SEVERITIES, SEVERITY_WORDS, Group
from iamdesk.gui.findings.severity_mark import severity_icon
from iamdesk.i18n import ntr, tr

type _Index = QModelIndex | QPersistentModelIndex

_NO_PARENT = QModelIndex()


class GroupsModel(QAbstractListModel):
    """One row for all, then one for each group."""

    def __init__(self, palette: QPalette) -> None:
        super().__init__()
        self._groups: Sequence[Group] = ()
        self.repaint(palette)

    @property
    def groups(self) -> Sequence[Group]:
        """The groups, in order."""
        return self._groups

    def show_groups(self, groups: Sequence[Group]) -> None:
        """Show other groups."""
        self.beginResetModel()
        self._groups = groups
        self.endResetModel()

    def repaint(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self._icons = {severity: severity_icon(severity, palette) for severity in SEVERITIES}
        if self._groups:
            self.dataChanged.emit(self.index(0), self.index(len(self._groups)))

    def key_at(self, row: int) -> str:
        """Return the key of a row's group; empty for all."""
        return self._groups[row - 1].key if 0 < row <= len(self._groups) else ""

    def row_of(self, key: str) -> int:
        """Return the row of a group; the first row if there is none."""
        return next((row for row, group in enumerate(self._groups, 1) if group.key == key), 0)

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of groups plus one."""
        return 0 if parent.isValid() else len(self._groups) + 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts and marks."""
        if not index.isValid() or index.row() > len(self._groups):
            return None
        group = self._groups[index.row() - 1] if index.row() else None
        count = group.count if group is not None else sum(one.count for one in self._groups)
        text = group.text if group is not None else tr("All")
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"{number(count)}  {text}"
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(f"{text}: {count:,}\n{group.key}" if group is not None else tr("All groups"))
            case Qt.ItemDataRole.DecorationRole if group is not None:
                return self._icons[group.worst]
            case Qt.ItemDataRole.AccessibleTextRole:
                findings = ntr("{name}: {count} finding", "{name}: {count} findings", count)
                findings = findings.format(name=text, count=number(count))
                if group is None:
                    return findings
                worst = tr(SEVERITY_WORDS[group.worst])
                return tr("{findings}, highest severity {severity}").format(findings=findings, severity=worst.lower())
        return None


class GroupList(QListView):
    """``chosen`` is emitted with the key of the chosen group; empty for all."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("findingsGroups")
        self.setAccessibleName(tr("Groups of findings"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.groups = GroupsModel(self.palette())
        self.groups.setParent(self)
        self.setModel(self.groups)
        self.selectionModel().currentChanged.connect(self._chosen)

    def show_groups(self, groups: Sequence[Group], key: str) -> None:
        """Show other groups, with the given one chosen; emits nothing."""
        if list(groups) == list(self.groups.groups) and self.groups.key_at(self.currentIndex().row()) == key:
            return
        with QSignalBlocker(self.selectionModel()):
            self.groups.show_groups(groups)
            self.setCurrentIndex(self.groups.index(self.groups.row_of(key)))
        self.viewport().update()

    def _chosen(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(self.groups.key_at(current.row()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.groups.repaint(self.palette())
