"""Editing a value of the context table: typed and checked, or chosen from values that policies name."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QValidator
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from iamdesk.evaluate.request import MissingContextMode
from iamdesk.gui.ask.context_model import ROW_ROLE, ContextModel
from iamdesk.gui.ask.context_rows import Choice, ContextRow
from iamdesk.gui.ask.context_values import EMPTY, ContextValueError, format_values, takes_several
from iamdesk.gui.widgets.completing_field import AutocompleteEdit
from iamdesk.i18n import error_words, tr
from iamdesk.viewmodel.types import Completion

type _Index = QModelIndex | QPersistentModelIndex
_TAKE_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)


class _ValueValidator(QValidator):
    """Keeps the editor open while its text is no value for the key, and reports why."""

    def __init__(self, row: ContextRow, parent: QObject) -> None:
        super().__init__(parent)
        self._row = row
        self.problem = ""

    def validate(self, text: str, position: int) -> object:
        self.problem = ""
        if text.strip():
            try:
                self._row.typed(text)
            except ContextValueError as error:
                self.problem = error_words(error)
                return QValidator.State.Intermediate, text, position
        return QValidator.State.Acceptable, text, position


class ValueEditor(AutocompleteEdit):
    """The field in the table cell while a value is edited."""

    def __init__(self, row: ContextRow, unknown: MissingContextMode, parent: QWidget) -> None:
        super().__init__(tr("Value of {key}").format(key=row.key), parent)
        self.row = row
        self.chosen: Choice | None = None
        """What was chosen from the list instead of a value: not provided, or absent."""
        self._validator = _ValueValidator(row, self)
        self.setValidator(self._validator)
        self.setFrame(False)
        meaning = (
            tr("may or may not be in the request") if unknown is MissingContextMode.UNKNOWN else tr("counts as absent")
        )
        self._open = Completion("", tr("not provided"), meaning)
        self._absent = Completion("", tr("absent"), tr("the key is not in the request"))
        values = [
            Completion(format_values(row.type, (offer.value,)), offer.value or EMPTY, offer.origin)
            for offer in row.offers
        ]
        self._all: Sequence[Completion] = (*values, self._absent, self._open)
        self.wanted.connect(self._suggest)
        self.taken.connect(self._took)
        self.textEdited.connect(self._typed)

    @property
    def problem(self) -> str:
        """Why the text is no value for the key; empty if it is one."""
        self._validator.validate(self.text(), 0)
        return self._validator.problem

    def _suggest(self, text: str) -> None:
        needle = text.rpartition(",")[2] if takes_several(self.row.type) else text
        needle = needle.strip().lower()
        self.offer(text, [row for row in self._all if needle in row.label.lower()])

    def take(self, completion: Completion) -> None:
        """Insert a value; if the key takes several, in place of the one being typed."""
        before = self.text()
        if completion.value and takes_several(self.row.type) and "," in before:
            head = before.rpartition(",")[0]
            completion = Completion(f"{head}, {completion.value}", completion.label, completion.detail)
        super().take(completion)

    def _took(self, completion: Completion) -> None:
        self.chosen = {id(self._open): Choice.OPEN, id(self._absent): Choice.ABSENT}.get(id(completion))

    def _typed(self) -> None:
        self.chosen = None


class ValueDelegate(QStyledItemDelegate):
    """Opens a `ValueEditor` on a cell and stores its value."""

    problem = Signal(str)
    """Why the editor stays open; empty once it may close."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.unknown = MissingContextMode.UNKNOWN

    def createEditor(  # noqa: N802 - Qt's name
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,  # noqa: ARG002 - Qt's signature
        index: _Index,
    ) -> QWidget:
        """Return the editor, with the suggestions for its key."""
        editor = ValueEditor(index.data(ROW_ROLE), self.unknown, parent)
        editor.textChanged.connect(lambda: self.problem.emit(""))
        # A click in the list sets the value: it needs no Enter.
        editor.taken.connect(lambda _taken: self._commit(editor))
        return editor

    def setEditorData(self, editor: QWidget, index: _Index) -> None:  # noqa: N802 - Qt's name
        """Insert the value, selected, and open the suggestions."""
        if isinstance(editor, ValueEditor) and not editor.text():
            editor.setText(str(index.data(Qt.ItemDataRole.EditRole)))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: _Index) -> None:  # noqa: N802 - Qt's name
        """Store what was typed or chosen."""
        if not isinstance(editor, ValueEditor) or not isinstance(model, ContextModel):
            return
        if editor.chosen is not None:
            model.choose(index.row(), editor.chosen)
        else:
            model.setData(index, editor.text(), Qt.ItemDataRole.EditRole)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Let the suggestions handle their keys before the table does."""
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and isinstance(watched, ValueEditor):
            if event.key() == Qt.Key.Key_Escape and watched.offered:
                watched.close_popup()
                return True
            if event.key() in _TAKE_KEYS:
                if watched.take_current():
                    return True
                if watched.problem:
                    self.problem.emit(watched.problem)
                    return True
        return super().eventFilter(watched, event)

    def _commit(self, editor: ValueEditor) -> None:
        if takes_several(editor.row.type) and editor.chosen is None:
            return  # more values may follow
        self.commitData.emit(editor)
        self.closeEditor.emit(editor)
