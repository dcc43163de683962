"""The policies of a subject, each with its origin; below them, further policies of the result."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeWidget, QTreeWidgetItem, QWidget

from iamdesk.explain.decision import EvaluationResult, SourceType, StatementExplanation, StatementRole
from iamdesk.gui.core.notebook import words_of
from iamdesk.gui.core.plain_text import set_cell_tooltip, visible
from iamdesk.gui.core.principals import CAN_BE_TAKEN
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph, Mark
from iamdesk.gui.widgets.note_line import note_drawing
from iamdesk.i18n import mark, tr, translate
from iamdesk.policy.document import Document
from iamdesk.viewmodel.tree import NodeKind
from iamdesk.viewmodel.types import PolicyLine, PolicyRole

if TYPE_CHECKING:
    from iamdesk.notes.model import Note

_ENTRY = Qt.ItemDataRole.UserRole
_NOTE = 2
"""The column of the user's notes, shown once there is one."""
_LINES_SHOWN = 7
_TYPE_WORDS = {
    SourceType.SCP: mark("service control policy"),
    SourceType.RCP: mark("resource control policy"),
    SourceType.RESOURCE: mark("resource policy"),
    SourceType.TRUST: mark("trust policy"),
    SourceType.SESSION: mark("session policy"),
    SourceType.PERMISSIONS_BOUNDARY: mark("permissions boundary"),
    SourceType.ENDPOINT: mark("endpoint policy"),
    SourceType.ACL: mark("access control list"),
}
_POLICY = mark("policy")
_PART_MARKS = (
    (StatementRole.DECIDES, "Deny", Mark.EXPLICIT_DENY),
    (StatementRole.DECIDES, "Allow", Mark.ALLOWED),
    (StatementRole.DEPENDS, "", Mark.CONDITIONAL),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One policy in the list."""

    key: str
    name: str
    kind: NodeKind
    origin: str
    problems: tuple[str, ...] = ()
    document: Document | None = None
    """Its text, if the policy is not in the snapshot but came with a result."""


def entries_of(policies: Iterable[PolicyLine]) -> list[Entry]:
    """Return a subject's policies as entries; the role of a policy is named before its origin."""
    special = {PolicyRole.BOUNDARY, PolicyRole.TRUST}
    return [
        Entry(
            line.key,
            translate(line.name),
            line.kind,
            translate(line.origin)
            if line.role not in special or line.role in line.origin
            else f"{tr(line.role.value)}, {translate(line.origin)}",
            line.problems,
        )
        for line in policies
    ]


def entries_from(decision: EvaluationResult | None, known: Iterable[str]) -> list[Entry]:
    """Return the policies of a result that the subject does not have, each once."""
    seen = set(known)
    found: list[Entry] = []
    for line in decision.statements if decision is not None else ():
        if line.policy_key not in seen:
            seen.add(line.policy_key)
            found.append(entry_for(line))
    return found


def entry_for(line: StatementExplanation) -> Entry:
    """Return the entry of the policy that contains a statement of a result."""
    words = tr(_TYPE_WORDS.get(line.source_policy_type, _POLICY))
    if line.owner and line.owner != line.policy_key:
        words = tr("{policy} of {owner}").format(policy=words, owner=line.owner)
    return Entry(line.policy_key, translate(line.policy_name), _kind(line), words, (), line.document)


def _kind(line: StatementExplanation) -> NodeKind:
    match line.source_policy_type:
        case SourceType.AWS_MANAGED:
            return NodeKind.AWS_POLICY
        case SourceType.USER | SourceType.GROUP | SourceType.ROLE:
            return NodeKind.INLINE_POLICY
        case SourceType.TRUST:
            return NodeKind.TRUST_POLICY
        case _:
            return NodeKind.CUSTOMER_POLICY


class PolicyList(QTreeWidget):
    """One row for each policy. The mark beside the name shows its role in the current result."""

    entry_chosen = Signal(object)
    """Entry, when the current row changes; None for no row."""
    opened = Signal(object)
    """Entry, on Return or double click: select the policy itself."""
    try_wanted = Signal(object)
    """Entry: show whom it hits if the policy is taken away."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("policyList")
        self.setAccessibleName(tr("Policies"))
        self.setHeaderLabels([tr("Policy"), tr("Comes from"), tr("Note")])
        self.setColumnHidden(_NOTE, True)
        self._notes: Mapping[str, Note] = {}
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.header().setObjectName("policyListHeader")
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.header().setStretchLastSection(True)
        for column, characters in ((0, 40), (1, 36)):
            self.header().resizeSection(column, self.fontMetrics().averageCharWidth() * characters)
        self._parts: dict[str, Mark] = {}
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.currentItemChanged.connect(self._current_changed)
        self.itemActivated.connect(lambda item: self.opened.emit(item.data(0, _ENTRY)))

    def show_entries(
        self,
        own: Sequence[Entry],
        blocking: Sequence[Entry],
        decision: EvaluationResult | None,
        *,
        from_own: bool = False,
    ) -> None:
        """Show the subject's policies, then those of the result. The current policy stays if possible.

        With ``from_own`` it stays only among the subject's own: under the name of another subject, a policy that the
        result alone brings would pass for the subject's.
        """
        before = self.current_entry()
        if from_own and before is not None and before.key not in {entry.key for entry in own}:
            before = None
        self._parts = _parts(decision)
        self.blockSignals(True)
        self.clear()
        for entry in own:
            self._add(entry)
        for entry in blocking:
            self._add(entry, quiet=True)
        self.blockSignals(False)
        if before is None or not (self._go_to(lambda entry: entry == before) or self.go_to(before.key)):
            first = self.topLevelItem(0)
            if first is not None:
                self.setCurrentItem(first)
        if self.topLevelItemCount() == 0:
            self.entry_chosen.emit(None)
        self._fit_notes()
        self.updateGeometry()

    def show_notes(self, notes: "Mapping[str, Note]") -> None:
        """Show the user's notes on the policies; ``notes`` are all that there are, by item."""
        self._notes = notes
        for item in self._items():
            self._draw(item, item.data(0, _ENTRY))
        self._fit_notes()

    def items_to_note(self) -> Sequence[str]:
        """Return what a note on the current row is on."""
        entry = self.current_entry()
        return (entry.key,) if entry is not None else ()

    def _fit_notes(self) -> None:
        self.setColumnHidden(_NOTE, not any(item.text(_NOTE) for item in self._items()))

    def _items(self) -> list[QTreeWidgetItem]:
        items = (self.topLevelItem(row) for row in range(self.topLevelItemCount()))
        return [item for item in items if item is not None]

    def current_entry(self) -> Entry | None:
        """Return the policy of the current row."""
        item = self.currentItem()
        entry = item.data(0, _ENTRY) if item is not None else None
        return entry if isinstance(entry, Entry) else None

    def go_to(self, key: str) -> bool:
        """Make the first row of a policy current; return False if there is none."""
        return self._go_to(lambda entry: entry.key == key)

    def _go_to(self, is_wanted: Callable[[Entry], bool]) -> bool:
        """Make the first of the wanted rows current. A policy may have several: attached at several levels."""
        for item in self._items():
            if is_wanted(item.data(0, _ENTRY)):
                self.setCurrentItem(item)
                self.entry_chosen.emit(item.data(0, _ENTRY))
                return True
        return False

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for the rows, up to a limit."""
        row = max(self.sizeHintForRow(0), self.fontMetrics().lineSpacing())
        lines = min(max(self.topLevelItemCount(), 2), _LINES_SHOWN)
        return QSize(super().sizeHint().width(), self.header().sizeHint().height() + row * lines + 4)

    def _add(self, entry: Entry, *, quiet: bool = False) -> None:
        item = QTreeWidgetItem([visible(entry.name), visible(entry.origin)])
        item.setData(0, _ENTRY, entry)
        item.setForeground(1, self.palette().placeholderText())
        if quiet:
            font = self.font()
            font.setItalic(True)
            item.setFont(0, font)
        set_cell_tooltip(item, 0, "\n".join([entry.name, entry.key, *map(translate, entry.problems)]))
        set_cell_tooltip(item, 1, entry.origin)
        self._draw(item, entry)
        self.addTopLevelItem(item)

    def _draw(self, item: QTreeWidgetItem, entry: Entry) -> None:
        mark = self._parts.get(entry.key)
        item.setIcon(0, icons.icon(mark if mark is not None else entry.kind, self.palette()))
        state = f", {tr(icons.MARK_WORDS[mark])}" if mark is not None else ""
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, visible(f"{entry.name}, {tr(entry.kind.value)}{state}"))
        note = self._notes.get(entry.key)
        words = words_of([note]) if note is not None else ""
        item.setText(_NOTE, visible(words))
        item.setIcon(_NOTE, QIcon() if note is None else icons.icon(note_drawing(note), self.palette()))
        set_cell_tooltip(item, _NOTE, words)

    def _show_menu(self, place: QPoint) -> None:
        item = self.itemAt(place)
        if item is not None:
            self.menu_for(item.data(0, _ENTRY)).popup(self.viewport().mapToGlobal(place))

    def menu_for(self, entry: Entry) -> QMenu:
        """Return the context menu of a policy; it deletes itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("&Show this policy"), lambda: self.opened.emit(entry))
        if entry.kind in CAN_BE_TAKEN:
            menu.addAction(tr("&Try without it"), lambda: self.try_wanted.emit(entry))
        menu.addAction(
            icons.icon(Glyph.COPY, self.palette()),
            tr("Copy A&RN"),
            lambda: QGuiApplication.clipboard().setText(entry.key),
        )
        return menu

    def _current_changed(self, current: QTreeWidgetItem | None) -> None:
        self.entry_chosen.emit(current.data(0, _ENTRY) if current is not None else None)

    def copied_text(self) -> str:
        """Return the current row: name, origin, key (``gui/core/clipboard.py``)."""
        entry = self.current_entry()
        return f"{entry.name}\t{entry.origin}\t{entry.key}" if entry is not None else ""

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_parts"):
            for item in self._items():
                item.setForeground(1, self.palette().placeholderText())
                self._draw(item, item.data(0, _ENTRY))


def _parts(decision: EvaluationResult | None) -> dict[str, Mark]:
    """Return, by policy, the most important role of its statements in a result."""
    found: dict[str, Mark] = {}
    lines = decision.statements if decision is not None else ()
    for part, effect, shape in _PART_MARKS:
        for line in lines:
            if line.part is part and effect in ("", line.effect):
                found.setdefault(line.policy_key, shape)
    return found
