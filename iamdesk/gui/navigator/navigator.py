"""The navigator: filter above, tree below. The current row of the tree is the subject of the window."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QMenu, QTreeView, QVBoxLayout, QWidget

from iamdesk.evaluate.request import Request
from iamdesk.filter_language import quoted
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import plain_label, visible
from iamdesk.gui.core.principals import CAN_BE_TAKEN
from iamdesk.gui.core.run_command import run_command
from iamdesk.gui.core.session import Session
from iamdesk.gui.navigator.row_delegate import RowDelegate
from iamdesk.gui.navigator.tree_model import OutlineModel
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr
from iamdesk.viewmodel.tree import Node, NodeKind
from iamdesk.viewmodel.tree_fields import TREE_FIELDS, TreeRow

if TYPE_CHECKING:
    from iamdesk.api import Opened

PRINCIPALS = frozenset({NodeKind.USER, NodeKind.ROLE, NodeKind.SERVICE_LINKED_ROLE})
_ACCOUNTS_OPENED = 2
_MAX_OPENED = 60
"""Branches that a filter expands automatically."""


class NavigatorPanel(QWidget):
    """Filter and tree over the outline of the open snapshot."""

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._opened: set[int] = set()
        self._filtered = False
        self._restoring = False
        self.model = OutlineModel(self)
        self.field = FilterLine(
            TREE_FIELDS,
            self._searched_rows,
            session.table_memory,
            name="navigatorFilter",
            title=tr("Filter the navigator"),
            hint=tr("Filter by name, ARN or path"),
        )
        self.saved = SavedFilters(self.field, session.table_memory)
        self._count = plain_label()
        self.tree = QTreeView()
        self._delegate = RowDelegate(self.model, self.tree)
        self._set_up_tree()
        top = QHBoxLayout()
        top.addWidget(self.field, 1)
        top.setSpacing(self.fontMetrics().height() // 2)
        top.addWidget(self._count)
        self._count.hide()
        layout = QVBoxLayout(self)
        gap = self.fontMetrics().height() // 3
        top.setContentsMargins(gap, gap, gap, gap)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.saved)
        layout.addWidget(self.tree, 1)
        QWidget.setTabOrder(self.field, self.tree)
        self._then = QTimer(self, singleShot=True, interval=0)
        self._then.timeout.connect(self._apply_in_turns)
        self.field.changed.connect(self._search)
        self.field.down.connect(self._to_first_match)
        self.field.left.connect(self.tree.setFocus)
        session.snapshot_arriving.connect(self._fill)
        session.snapshot_opened.connect(self._fill)
        session.snapshot_closed.connect(self._empty)
        session.subject_selected.connect(self.reveal)
        session.key_shown.connect(self.reveal)
        session.row_shown.connect(self.open_section)
        session.badges_decided.connect(self._merge_badges)
        session.notes.changed.connect(self._show_notes)

    def _set_up_tree(self) -> None:
        tree = self.tree
        tree.setObjectName("navigator")
        tree.setAccessibleName(tr("Contents of the snapshot"))
        tree.setHeaderHidden(True)
        tree.setFrameShape(QTreeView.Shape.NoFrame)
        tree.setUniformRowHeights(True)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.setIndentation(max(12, self.fontMetrics().height() * 7 // 8))
        tree.setModel(self.model)
        tree.setItemDelegate(self._delegate)
        tree.selectionModel().currentChanged.connect(self._current_changed)
        tree.activated.connect(self._activated)
        tree.expanded.connect(lambda index: self._remember(index, opened=True))
        tree.collapsed.connect(lambda index: self._remember(index, opened=False))
        tree.customContextMenuRequested.connect(self._show_menu)

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of the navigator's commands (``gui/app/commands.py``)."""
        return {"actionCopyArn": self.copy_key}

    def current_node(self) -> Node | None:
        """Return the node of the current row."""
        return self.model.node_at(self.tree.currentIndex())

    def focus_filter(self) -> None:
        """Focus the filter, with its text selected."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _searched_rows(self) -> Iterable[TreeRow]:
        """Return the rows whose values are offered, once they can be searched."""
        opened = self._session.shown
        return opened.outline_search.rows() if opened is not None and opened.is_search_ready else ()

    def _search(self) -> None:
        """Search, and show the matches in another turn: both at once would delay the next keystroke."""
        opened = self._session.shown
        text = self.field.filter.text
        if opened is None or not text:
            self._then.start()
        elif opened.is_search_ready and self.field.filter.plain:
            opened.search(text)
            self._then.start()
        else:
            self._jobs.run(
                tr("Loading"),
                lambda _progress, _cancelled: opened.search(text),
                done=lambda _found: self._then.start(),
                topic="filter",
            )

    def _stop_waiting(self) -> None:
        self.field.settle()
        self._then.stop()

    def _apply_in_turns(self) -> None:
        """Show the matches: filtered, laid out and painted in separate turns, to keep typing responsive."""
        self.tree.setUpdatesEnabled(False)
        self.apply_filter()
        QTimer.singleShot(0, self.tree, self._lay_out_rows)

    def _lay_out_rows(self) -> None:
        self.tree.doItemsLayout()
        QTimer.singleShot(0, self.tree, lambda: self.tree.setUpdatesEnabled(True))

    def apply_filter(self) -> None:
        """Show the matches of the filter now."""
        self._stop_waiting()
        opened = self._session.shown
        text = self.field.filter.text
        if opened is None or (not text and not self._filtered):
            return
        here = self.tree.currentIndex()
        of_subject = opened.outline.rows_by_key.get(self._session.subject_key, 0)
        current = here.internalId() if here.isValid() else of_subject
        if text:
            matches = opened.search(text)
            self._filtered = True
            self._delegate.emphasise(self.field.filter.words)
            self._show_rows(lambda: self.model.set_filter(matches.rows))
            self._open_around(matches.hits)
            self._count.setText(
                tr("{count} found").format(count=number(len(matches.hits))) if matches.hits else tr("none found")
            )
        else:
            self._filtered = False
            self._delegate.emphasise(())
            self._show_rows(lambda: self.model.set_filter(None))
            self._restore_opened()
        self._count.setVisible(self._filtered)
        self._set_current(current)

    def reveal(self, key: str) -> None:
        """Make the row of a key current and scroll to it; a filter that hides it is cleared. Without a row: none."""
        node = self.current_node()
        opened = self._session.shown
        if opened is None or (node is not None and node.key == key):
            return
        number = opened.outline.rows_by_key.get(key)
        if number is None:
            self._set_current(0)
            return
        if not self.model.holds(number):
            self.field.clear()
            self.apply_filter()
        self._set_current(number)
        self.tree.scrollTo(self.tree.currentIndex(), QAbstractItemView.ScrollHint.PositionAtCenter)

    def open_section(self, number: int) -> None:
        """Expand a branch, scroll to it and make it current."""
        if not self.model.holds(number):
            self.field.clear()
            self.apply_filter()
        index = self.model.index_of(number)
        if index.isValid():
            self.tree.expand(index)
            self.tree.setCurrentIndex(index)
            self.tree.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtTop)
            self.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def copy_key(self) -> None:
        """Copy the ARN of the current row, else of the selected item."""
        node, opened = self.current_node(), self._session.shown
        key = node.key if node is not None and node.key else self._session.subject_key  # a filter may hide its row
        if key and opened is not None:
            details = opened.details_at_hand(key) if not key.startswith("arn:") else None
            subject = details.subject(key) if details is not None else None
            copied = subject.arn if subject is not None and subject.arn else key
            QGuiApplication.clipboard().setText(copied)
            self._session.announce(tr("Copied {copied}").format(copied=visible(copied)))

    def _fill(self, opened: "Opened") -> None:
        self._opened = set()
        self._filtered = False
        self.field.clear()
        self._stop_waiting()
        self._delegate.emphasise(())
        self._count.hide()
        self._show_rows(lambda: self.model.show(opened.outline))
        # With one or two accounts, expand their sections; with more, the organization.
        kinds = opened.outline.nodes.kinds
        tops = self.model.children_of(0)
        accounts = [row for row in tops if kinds[row] is NodeKind.ACCOUNT]
        organizations = [row for row in tops if kinds[row] is NodeKind.ORGANIZATION]
        roots = [row for top in organizations for row in self.model.children_of(top) if kinds[row] is NodeKind.ROOT]
        for row in accounts if len(accounts) <= _ACCOUNTS_OPENED else (*organizations, *roots):
            self.tree.expand(self.model.index_of(row))

    def _empty(self) -> None:
        self.field.clear()
        self._stop_waiting()
        self._filtered = False
        self._show_rows(lambda: self.model.show(None))

    def _show_notes(self, _items: object) -> None:
        self.model.show_notes(self._session.notes.notes)
        self.tree.viewport().update()
        if self._filtered and not self.field.filter.plain:  # it may ask for notes
            self._search()

    def _merge_badges(self, changed: Sequence[int]) -> None:
        self.model.set_badges(self._session.badges, changed)
        if self._filtered and not self.field.filter.plain:  # it may ask for badges
            self._search()

    def _show_rows(self, change: Callable[[], None]) -> None:
        """Change the rows without selecting another subject when the current row is lost."""
        self._restoring = True
        try:
            change()
        finally:
            self._restoring = False

    def _set_current(self, number: int) -> None:
        index = self.model.index_of(number) if number else QModelIndex()
        self._restoring = True
        try:
            flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.tree.selectionModel().setCurrentIndex(index, flag)
            self.tree.scrollTo(index)
        finally:
            self._restoring = False

    def _open_around(self, hits: tuple[int, ...]) -> None:
        """Expand the branches of the first matches."""
        opened: set[int] = set()
        snapshot = self._session.shown
        parents = snapshot.outline.nodes.parents if snapshot is not None else ()
        for hit in hits:
            parent = parents[hit]
            while parent > 0 and parent not in opened:
                opened.add(parent)
                parent = parents[parent]
            if len(opened) >= _MAX_OPENED:
                break
        self._expand(opened)

    def _restore_opened(self) -> None:
        self._expand(self._opened)

    def _expand(self, numbers: set[int]) -> None:
        self._restoring = True
        was_painting = self.tree.updatesEnabled()
        self.tree.setUpdatesEnabled(False)
        try:
            for number in sorted(numbers):
                index = self.model.index_of(number)
                if index.isValid():
                    self.tree.expand(index)
        finally:
            self.tree.setUpdatesEnabled(was_painting)
            self._restoring = False

    def _remember(self, index: QModelIndex, *, opened: bool) -> None:
        """Record which branches the user has expanded, as opposed to the filter."""
        if self._restoring or self._filtered:
            return
        if opened:
            self._opened.add(index.internalId())
        else:
            self._opened.discard(index.internalId())

    def _current_changed(self, current: QModelIndex) -> None:
        node = self.model.node_at(current)
        if not self._restoring and node is not None and node.key:
            self._session.select(node.key)

    def _activated(self, index: QModelIndex) -> None:
        node = self.model.node_at(index)
        if node is not None and node.key:
            self._session.show_key(node.key)

    def _to_first_match(self) -> None:
        if self._then.isActive():
            self.apply_filter()
        opened = self._session.shown
        number = 0
        if opened is not None and self._filtered:
            number = next(iter(opened.search(self.field.filter.text).hits), 0)
        self.tree.setFocus(Qt.FocusReason.TabFocusReason)
        index = self.model.index_of(number)
        if not index.isValid():
            index = self.tree.currentIndex() if self.tree.currentIndex().isValid() else self.model.index(0, 0)
        if not index.isValid():
            return
        if index == self.tree.currentIndex():
            self._activated(index)  # nothing changes, but another page may be in front, or none was shown yet
        else:
            self.tree.setCurrentIndex(index)

    def _show_menu(self, place: QPoint) -> None:
        node = self.model.node_at(self.tree.indexAt(place))
        if node is not None:
            self.menu_for(node).popup(self.tree.viewport().mapToGlobal(place))

    def menu_for(self, node: Node) -> QMenu:
        """Return the context menu of a row; it deletes itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if node.kind in PRINCIPALS:
            menu.addAction(tr("Use as &principal in request"), lambda: self._session.draft(principal=node.key))
        if node.kind is NodeKind.RESOURCE:
            menu.addAction(tr("Use as &resource in request"), lambda: self._session.draft(resource=node.key))
        if node.kind in PRINCIPALS or node.kind is NodeKind.GROUP:
            menu.addAction(tr("&Effective permissions"), lambda: self._session.show_access(node.key))
        if node.kind is NodeKind.ROLE:
            assume = Request("", "sts:AssumeRole", node.key)
            menu.addAction(tr("Who can ass&ume it?"), lambda: self._session.ask_who_can(assume))
        if node.key.startswith("arn:") and "#" not in node.key:
            menu.addAction(tr("&Who can access it?"), lambda: self._session.ask_who_can(Request("", "", node.key)))
            menu.addSeparator()
        if node.kind in CAN_BE_TAKEN and self._session.whole is not None:
            menu.addAction(tr("&Try without it"), lambda: self._session.try_without(node.key, self.holder_of(node)))
        if node.kind is NodeKind.ACCOUNT and self._session.snapshot is not None and self._session.whole is None:
            menu.addAction(tr("&Open only this account"), lambda: self._open_alone(node.key))
        if node.key:
            menu.addAction(icons.icon(Glyph.COPY, self.palette()), tr("Copy A&RN"), self.copy_key)
        if node.key and self._session.snapshot is not None:
            menu.addAction(icons.icon(Glyph.NOTE, self.palette()), tr("N&ote…"), lambda: self._note(node))
        menu.addAction(tr("Copy &name"), lambda: QGuiApplication.clipboard().setText(node.text))
        kind = f"kind={quoted(node.kind.value)}"
        menu.addAction(
            icons.icon(Glyph.FILTER, self.palette()), tr("&Filter by this kind"), lambda: self.field.add_test(kind)
        )
        if node.child_count:
            menu.addSeparator()
            menu.addAction(tr("Co&llapse all"), self.tree.collapseAll)
        return menu

    def holder_of(self, node: Node) -> str:
        """Return the key of the user, group or role below which a row is: a policy of its own; else an empty text."""
        opened = self._session.shown
        parent = opened.outline.nodes[node.parent] if opened is not None and node.parent >= 0 else None
        is_holder = parent is not None and parent.kind in (PRINCIPALS | {NodeKind.GROUP})
        return parent.key if parent is not None and is_holder else ""

    def _note(self, node: Node) -> None:
        self._session.select(node.key)
        run_command(self, "actionNote")

    def _open_alone(self, account: str) -> None:
        self._session.select(account)
        self._session.open_alone()
