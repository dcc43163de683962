"""The request context: the value of each condition key, and how keys that are not provided are evaluated."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from iamdesk.evaluate.request import MissingContextMode, Request
from iamdesk.explain.decision import ContextKey, EvaluationResult, KeyState
from iamdesk.gui.ask.context_editor import ValueDelegate
from iamdesk.gui.ask.context_model import Column, ContextModel
from iamdesk.gui.ask.context_rows import DEFAULT_TYPE, Choice, ContextRow, ContextValue, context_rows, request_context
from iamdesk.gui.ask.named_contexts import NamedContext, NamedContexts
from iamdesk.gui.core.plain_text import plain_label, set_tooltip, tooltip_text, visible
from iamdesk.gui.widgets.completing_field import AutocompleteEdit
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.i18n import mark, tr
from iamdesk.viewmodel.types import Completion


class ContextTable(QTableView):
    """The table: Enter edits the value, Delete removes it, Ctrl+C copies rows."""

    forget = Signal(list)
    """Rows whose values are to be removed."""

    def __init__(self) -> None:
        super().__init__()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.SelectedClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Edit the value from any column of its row; remove values."""
        current = self.currentIndex()
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and current.isValid():
            rows = {index.row() for index in self.selectionModel().selectedRows()} or {current.row()}
            self.forget.emit(sorted(rows))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2) and current.isValid():
            self._edit_value(current.row())
        elif event.text().isprintable() and event.text().strip() and current.isValid():
            self.setCurrentIndex(current.siblingAtColumn(Column.VALUE))
            super().keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def _edit_value(self, row: int) -> None:
        cell = self.model().index(row, Column.VALUE)
        self.setCurrentIndex(cell)
        self.edit(cell)


_ROWS_SHOWN = 7
_OFTEN_TYPED = (
    "aws:CalledVia",
    "aws:CurrentTime",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalOrgID",
    "aws:PrincipalTag/",
    "aws:RequestedRegion",
    "aws:RequestTag/",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceTag/",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:UserAgent",
    "aws:ViaAWSService",
    "kms:ViaService",
    "s3:prefix",
    "sts:ExternalId",
)
"""Keys that are suggested for adding, spelled as AWS does; others can be typed."""


_MEANINGS = {MissingContextMode.UNKNOWN: mark("unknown"), MissingContextMode.ABSENT: mark("absent")}


class ContextPanel(QFrame):
    """The table of keys, and the field to add one. ``changed`` is emitted when the user changed the context.

    ``key_type`` returns the type of a condition key, or None if AWS has no such key; used for keys added by hand.
    ``known_values`` returns values of a key besides those in the statements.
    """

    changed = Signal()

    def __init__(
        self,
        key_type: Callable[[str], str | None],
        known_values: Callable[[str], tuple[str, ...]] = lambda _key: (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._key_type = key_type
        self._known_values = known_values
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._keys: tuple[ContextKey, ...] = ()
        self._types: dict[str, str] = {}
        self._request: tuple[str, str, str] | None = None
        self.model = ContextModel(self.palette())
        self.model.setParent(self)
        self._message = MessageBar()
        self._delegate = ValueDelegate(self)
        self._delegate.problem.connect(self._show_message)
        self.table = self._make_table()
        self.named = NamedContexts()
        self._meaning = QComboBox()
        self._new_key = AutocompleteEdit(tr("Key to add to the context"))
        self._add = QPushButton(tr("Add key"))
        self._lay_out()
        self.model.changed.connect(self._model_changed)
        self.model.refused.connect(self._show_message)

    def _make_table(self) -> ContextTable:
        table = ContextTable()
        table.setObjectName("contextTable")
        table.setAccessibleName(tr("Context keys"))
        table.setModel(self.model)
        table.setItemDelegateForColumn(Column.VALUE, self._delegate)
        table.forget.connect(self._forget_keys)
        header = table.horizontalHeader()
        header.setSectionResizeMode(Column.KEY, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(Column.VALUE, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(Column.TYPE, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(Column.NOTE, QHeaderView.ResizeMode.Interactive)
        unit = self.fontMetrics().averageCharWidth()
        for column, characters in ((Column.KEY, 38), (Column.TYPE, 15), (Column.NOTE, 28)):
            header.resizeSection(column, unit * characters)
        return table

    def _lay_out(self) -> None:
        for meaning, tip in (
            (
                MissingContextMode.UNKNOWN,
                tr("The key may be in the request or not: the result shows where that matters."),
            ),
            (MissingContextMode.ABSENT, tr("The key is not in the request, as AWS evaluates it.")),
        ):
            self._meaning.addItem(tr(_MEANINGS[meaning]), meaning)
            self._meaning.setItemData(self._meaning.count() - 1, tooltip_text(tip), Qt.ItemDataRole.ToolTipRole)
        self._meaning.setObjectName("unknownContext")
        self._meaning.setAccessibleName(tr("How keys that are not provided are evaluated"))
        set_tooltip(
            self._meaning,
            tr("unknown: the result shows where such a key matters. absent: the key is not in the request."),
        )
        self._meaning.activated.connect(self._switched)
        self._new_key.setPlaceholderText("aws:SourceIp, s3:prefix …")
        self._new_key.wanted.connect(self._suggest_keys)
        self._new_key.taken.connect(lambda _taken: self.add_key())
        self._new_key.submitted.connect(self.add_key)
        self._add.clicked.connect(self.add_key)
        self.named.chosen.connect(self._choose)
        self.named.keep_wanted.connect(self._keep)
        above = QHBoxLayout()
        above.addWidget(self.named)
        above.addStretch(1)
        line = QHBoxLayout()
        line.addWidget(plain_label(tr("Keys not provided count as"), buddy=self._meaning))
        line.addWidget(self._meaning)
        line.addStretch(1)
        label = plain_label(tr("Other key"), buddy=self._new_key)
        line.addWidget(label)
        self._new_key.setMinimumWidth(self.fontMetrics().averageCharWidth() * 34)
        line.addWidget(self._new_key)
        line.addWidget(self._add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(above)
        layout.addWidget(self._message)
        layout.addWidget(self.table)
        layout.addLayout(line)
        order = (self.named.remove_button, self.table, self._meaning, self._new_key, self._add)
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        self._fit()

    # Interface

    @property
    def unknown(self) -> MissingContextMode:
        """How keys that are not provided are evaluated."""
        return MissingContextMode(self._meaning.currentData())

    @property
    def context(self) -> dict[str, ContextValue]:
        """What the user entered, as `Request.context`."""
        return request_context(self.model.rows)

    def show_request(self, request: Request) -> None:
        """Show the context of a request."""
        self._meaning.setCurrentIndex(self._meaning.findData(request.unknown_context))
        self._fill(request)

    def show_decision(self, decision: EvaluationResult) -> None:
        """Show the keys that a result depends on, and those with a value."""
        self._keys = tuple(
            replace(key, suggestions=tuple(dict.fromkeys((*key.suggestions, *self._known_values(key.key)))))
            for key in decision.context
        )
        self._fill(decision.request)

    def clear(self) -> None:
        """Remove all keys."""
        self._keys = ()
        self._types.clear()
        self._request = None
        self._meaning.setCurrentIndex(0)
        self._message.clear()
        self.model.fill((), MissingContextMode.UNKNOWN)
        self._fit()

    def add_key(self) -> None:
        """Add the key that was typed, and edit its value."""
        key = self._new_key.text().strip()
        if ":" not in key or key.endswith((":", "/")):
            self._message.say(
                Tone.NOTE,
                tr("A condition key has the form service:Name or aws:Name; a tag key ends with the name of the tag."),
            )
            self._new_key.setFocus(Qt.FocusReason.OtherFocusReason)
            self._new_key.end(False)
            return
        self._message.clear()
        place = next((at for at, row in enumerate(self.model.rows) if row.key.lower() == key.lower()), None)
        if place is None:
            key_type = self._key_type(key) or DEFAULT_TYPE
            self._types[key.lower()] = key_type
            place = self.model.add(
                ContextRow(
                    key,
                    key_type,
                    Choice.VALUE,
                    (),
                    KeyState.UNKNOWN,
                    self._known_values(key),
                    matters=False,
                    tested=False,
                )
            )
            self._fit()
        self._new_key.clear()
        cell = self.model.index(place, Column.VALUE)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        self.table.setCurrentIndex(cell)
        self.table.edit(cell)

    # Implementation

    def _choose(self, chosen: NamedContext) -> None:
        """Take the values of a named context in place of those in the table."""
        self._learn_types(chosen.context)
        self._meaning.setCurrentIndex(self._meaning.findData(chosen.unknown))
        self._delegate.unknown = chosen.unknown
        self.model.fill(context_rows(self._keys, chosen.context, self._types), chosen.unknown)
        self._model_changed()

    def _learn_types(self, keys: Iterable[str]) -> None:
        """Look the types of keys up that no statement of the result tests."""
        for key in keys:
            self._types.setdefault(key.lower(), self._key_type(key) or DEFAULT_TYPE)

    def _keep(self, name: str) -> None:
        if not self.context and self.unknown is MissingContextMode.UNKNOWN:
            self._message.say(Tone.NOTE, tr("Nothing to keep: give a condition key a value first."))
            return
        is_new = name not in self.named.contexts
        self.named.keep(NamedContext(self.context, self.unknown))
        words = tr("The context {name} was kept.") if is_new else tr("The context {name} was replaced.")
        self._message.say(Tone.NOTE, words.format(name=visible(name)))

    def _fill(self, request: Request) -> None:
        asked_for = (request.principal, request.action, request.resource)
        order = [row.key for row in self.model.rows] if asked_for == self._request else []
        self._request = asked_for
        self._learn_types(request.context)
        rows = context_rows(self._keys, request.context, self._types, order)
        waiting = [row for row in self.model.rows if not row.is_ready]
        named = {row.key.lower() for row in rows}
        self.model.fill((*rows, *(row for row in waiting if row.key.lower() not in named)), request.unknown_context)
        self._delegate.unknown = request.unknown_context
        self._fit()

    def _show_message(self, sentence: str) -> None:
        if sentence:
            self._message.say(Tone.WARNING, sentence)
        else:
            self._message.clear()

    def _model_changed(self) -> None:
        self._message.clear()
        self._fit()
        self.changed.emit()

    def _switched(self) -> None:
        self._delegate.unknown = self.unknown
        self.changed.emit()

    def _forget_keys(self, places: list[int]) -> None:
        for place in sorted(places, reverse=True):
            self.model.choose(place, Choice.OPEN)

    def _suggest_keys(self, text: str) -> None:
        named = {row.key.lower() for row in self.model.rows}
        needle = text.strip().lower()
        offered = [
            Completion(key, key, self._key_type(f"{key}x" if key.endswith("/") else key) or "")
            for key in _OFTEN_TYPED
            if needle in key.lower() and key.lower() not in named
        ]
        self._new_key.offer(text, offered)

    def _fit(self) -> None:
        """Make the table as high as its rows, up to a limit."""
        shown = min(max(len(self.model.rows), 1), _ROWS_SHOWN)
        row_height = self.table.verticalHeader().defaultSectionSize()
        frame = 2 * self.table.frameWidth()
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + shown * row_height + frame)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.model.repaint(self.palette())
        elif event.type() is QEvent.Type.StyleChange and hasattr(self, "table"):
            self._fit()
