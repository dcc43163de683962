"""The field in which a table is filtered, and the buttons of its saved filters.

While the text is wrong, the field is red, has a mark, and the line below it says why; the table keeps the last filter
that was right.
Keys: Down in the empty field lists earlier filters, Alt+Down fields and values; Down in the list moves, Enter or Tab
takes the row. Down or Enter without a list goes to the table, Esc clears the field, then leaves it.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAction,
    QContextMenuEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QPalette,
)
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from iamdesk.filter_language import EVERYTHING, MAX_LENGTH, Filter, FilterError, FilterFields, Suggestion, joined
from iamdesk.gui.core.plain_text import set_tooltip, visible
from iamdesk.gui.core.table_memory import TableMemory
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.completion_popup import ListingField
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, tr, translate
from iamdesk.viewmodel.types import Completion

_PAUSE = 120
"""Milliseconds after the last key until the table is filtered."""
_LOOKED_AT = 10_000
"""Maximum number of rows whose values are offered: so that the list opens at once."""
_USUAL_TIP = mark(
    "Words, field:value, comparisons such as severity>=high or used<2026-06, -not, “several words”, OR.\n"
    "Down: earlier filters. Alt+Down: fields and values."
)


class FilterLine(ListingField):
    """A line for the filter of one table. The object name is that under which its filters are remembered."""

    changed = Signal()
    """The filter is another one."""
    down = Signal()
    """To the first row: Down, or Return."""
    left = Signal()
    """Esc in the empty field."""
    problem_changed = Signal(str)
    """What is wrong with the text, once typing has stopped; empty: nothing any more."""

    def __init__(
        self,
        fields: FilterFields[Any],
        rows: Callable[[], Iterable[Any]],
        memory: TableMemory,
        *,
        name: str,
        title: str,
        hint: str,
        parent: QWidget | None = None,
    ) -> None:
        """Create the field.

        Args:
            fields: The fields of the table.
            rows: Returns the rows whose values are offered.
            memory: Remembers filters.
            name: Object name.
            title: Accessible name.
            hint: Shown while the field is empty.
            parent: Parent widget.
        """
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setPlaceholderText(tr("{hint} · Alt+Down: fields").format(hint=hint))
        self.setClearButtonEnabled(True)
        self.setMaxLength(MAX_LENGTH)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 8)
        self.fields = fields
        self._rows = rows
        self._memory = memory
        self._filter: Filter[Any] = EVERYTHING
        self._emitted: Filter[Any] = EVERYTHING
        self._read: str | None = ""
        """The text that was read last."""
        self.error: FilterError | None = None
        """Why the text is no filter; None if it is one."""
        self._offered: Sequence[Suggestion] = ()
        # Created here: Python may lose its reference to one that Qt creates.
        self._mark = QAction(self)
        self._star = QAction(self)
        self._star.triggered.connect(self.toggle_saved)
        self.addAction(self._mark, QLineEdit.ActionPosition.LeadingPosition)
        self.addAction(self._star, QLineEdit.ActionPosition.TrailingPosition)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self.apply)
        self.textChanged.connect(self._text_changed)
        self.textEdited.connect(lambda _text: self._offer())
        memory.changed.connect(self._show_state)
        self._show_state()

    # The filter

    @property
    def filter(self) -> Filter[Any]:
        """The filter that is typed; while the text is wrong, the last one that was right."""
        text = self.text()
        if text != self._read:
            self._read = text
            try:
                self._filter, self.error = self.fields.read(text), None
            except FilterError as error:
                self.error = error
            self._show_state()
        return self._filter

    @property
    def is_pending(self) -> bool:
        """Whether ``changed`` may come for what is typed."""
        return self._pause.isActive()

    def set_fields(self, fields: FilterFields[Any]) -> None:
        """Use the fields of other rows."""
        if fields is not self.fields:
            self.fields = fields
            self._read, self._filter = None, EVERYTHING
            self.apply()

    def apply(self) -> None:
        """Filter by what is typed, now."""
        self._pause.stop()
        found = self.filter
        if found != self._emitted:
            self._emitted = found
            self.changed.emit()
        self._say_error()

    def settle(self) -> None:
        """Take the filter as known: ``changed`` is not emitted for it."""
        self._pause.stop()
        self._emitted = self.filter

    def show_filter(self, text: str) -> None:
        """Use another filter at once."""
        self.setText(text)
        self.apply()
        self._remember()

    def add_test(self, test: str) -> None:
        """Filter by one more test, which has to match, too."""
        if test:
            self.show_filter(joined(self.filter.text, test))

    def toggle_saved(self) -> None:
        """Save the filter as a button, or remove its button."""
        text = self.filter.text
        if not text or self.error is not None:
            return
        if self.is_saved:
            self._memory.remove(self.objectName(), text)
        else:
            self._memory.save(self.objectName(), text)

    @property
    def is_saved(self) -> bool:
        """Whether the filter is one of the saved ones."""
        return self._filter.text in self._memory.saved(self.objectName())

    def _text_changed(self, text: str) -> None:
        self._pause.start()
        if not text or not self.hasFocus():
            self.close_popup()

    def _remember(self) -> None:
        if self.error is None and self.filter.text:
            self._memory.remember(self.objectName(), self.filter.text)

    # Appearance

    def _show_state(self, _table: str = "") -> None:
        """Show whether the text is a filter, and whether that is saved."""
        palette = self.palette()
        error, note = self.error, self._filter.note
        glyph = Glyph.ERROR if error is not None else Glyph.WARNING if note else Glyph.FILTER
        self._mark.setIcon(icons.icon(glyph, palette))
        problem = translate(error.sentence) if error is not None else translate(note)
        self._mark.setText(problem or tr("Filter"))
        tip = problem or tr(_USUAL_TIP)
        set_tooltip(self, tip)
        set_tooltip(self._mark, tip)
        self.setAccessibleDescription(visible(tip))
        if error is not None:
            red = QPalette(palette)
            red.setColor(QPalette.ColorRole.Text, colour(Colour.ERROR, palette))
            if red != palette:
                self.setPalette(red)
        elif self.testAttribute(Qt.WidgetAttribute.WA_SetPalette):
            self.setPalette(QPalette())
        self._star.setVisible(bool(self._filter.text) and error is None)
        self._star.setIcon(icons.icon(Glyph.SAVED_FILTER if self.is_saved else Glyph.SAVE_FILTER, palette))
        self._star.setText(
            tr("Remove the button for this filter") if self.is_saved else tr("Save this filter as a button")
        )
        set_tooltip(self._star, self._star.text())

    def _say_error(self) -> None:
        """Say what is wrong, once typing has stopped."""
        sentence = "" if self.error is None else translate(self.error.sentence)
        self.problem_changed.emit(sentence)
        if sentence and self.hasFocus() and self.popup is None:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, visible(sentence)))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_pause"):
            self._show_state()

    # Suggestions

    def _offer(self, *, all_fields: bool = False) -> None:
        """Offer what can be typed at the cursor; names of fields once two letters are typed, unless all are wanted."""
        text, cursor = self.text(), self.cursorPosition()
        found = self.fields.suggestions(text, cursor, islice(self._rows(), _LOOKED_AT))
        typed = text[found[0].start : cursor] if found else ""
        is_name = bool(found) and found[0].insert.endswith(":")
        if is_name and len(typed) < 2 and not all_fields:
            found = ()
        self._offered = found
        self._list(typed, [Completion(one.insert, one.label, one.detail) for one in found])

    def _offer_earlier(self) -> None:
        """Offer saved and earlier filters."""
        name = self.objectName()
        saved = self._memory.saved(name)
        found = [*reversed(saved), *(text for text in self._memory.recent(name) if text not in saved)]
        self._offered = [Suggestion(0, len(self.text()), text, text, "") for text in found]
        self._list("", [Completion(text, text, tr("saved") if text in saved else tr("earlier")) for text in found])

    def _list(self, typed: str, completions: Sequence[Completion]) -> None:
        if not completions or not self.hasFocus():
            self.close_popup()
            return
        self.show_popup(typed, completions)

    def _picked(self, completion: Completion) -> None:
        self._take(completion)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take_current(self) -> bool:
        """Take the current row of the list; return whether there was one."""
        current = self.popup.current() if self.popup is not None else None
        if current is None:
            return False
        self._take(current)
        return True

    def _take(self, completion: Completion) -> None:
        chosen = next((one for one in self._offered if one.insert == completion.value), None)
        self.close_popup()
        if chosen is None:
            return
        text = self.text()
        self.setText(f"{text[: chosen.start]}{chosen.insert}{text[chosen.end :]}")
        self.setCursorPosition(chosen.start + len(chosen.insert))
        if chosen.insert.endswith(":") and self.hasFocus():
            self._offer()

    # Events

    def event(self, event: QEvent) -> bool:
        """Take a suggestion with Tab, which otherwise leaves the field."""
        is_tab = event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab
        return True if is_tab and self._take_current() else super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Move in the list, take a suggestion, or leave the field."""
        key, popup = Qt.Key(event.key()), self.popup
        match key:
            case Qt.Key.Key_Down if event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self._offer(all_fields=True)
            case Qt.Key.Key_Down | Qt.Key.Key_Up | Qt.Key.Key_PageDown | Qt.Key.Key_PageUp if popup is not None:
                popup.walk(key)
            case Qt.Key.Key_Down if not self.text() and self._has_earlier:
                self._offer_earlier()
            case Qt.Key.Key_Down:
                self._go_down()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                if not self._take_current():
                    self._go_down()
            case Qt.Key.Key_Escape:
                self._escape()
            case _:
                super().keyPressEvent(event)

    @property
    def _has_earlier(self) -> bool:
        name = self.objectName()
        return bool(self._memory.saved(name) or self._memory.recent(name))

    def _go_down(self) -> None:
        self.close_popup()
        self.apply()
        self._remember()
        if self.error is None:
            self.down.emit()

    def _escape(self) -> None:
        if self.popup is not None:
            self.close_popup()
        elif self.text():
            self.clear()
        else:
            self.left.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Show the menu of the field, and what can be done with its filter."""
        menu = self.createStandardContextMenu()
        self.extend_menu(menu)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def extend_menu(self, menu: QMenu) -> None:
        """Add what can be done with the filter to a menu."""
        first = menu.actions()[0] if menu.actions() else menu.addSeparator()
        offer = QAction(tr("&Fields and values"), menu)
        offer.triggered.connect(lambda: self._offer(all_fields=True))
        earlier = QAction(tr("&Earlier filters"), menu)
        earlier.setEnabled(self._has_earlier)
        earlier.triggered.connect(self._offer_earlier)
        save = QAction(self._star.text(), menu)
        save.setEnabled(self._star.isVisible())
        save.triggered.connect(self.toggle_saved)
        menu.insertActions(first, [offer, earlier, save])
        menu.insertSeparator(first)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Close the list, and remember the filter."""
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.close_popup()
            self._remember()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Close the list."""
        super().hideEvent(event)
        self.close_popup()


class SavedFilters(QWidget):
    """Below the field: what is wrong with its text, and the saved filters as buttons; hidden while there is neither."""

    def __init__(self, line: FilterLine, memory: TableMemory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line = line
        self._memory = memory
        self._shown: Sequence[str] = ()
        self._buttons: list[LinkButton] = []
        self.setObjectName(f"{line.objectName()}Saved")
        self._error = FlowLabel()
        self._error.setObjectName(f"{line.objectName()}Error")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._error)
        self._layout = QHBoxLayout()
        column.addLayout(self._layout)
        self._layout.setSpacing(self.fontMetrics().averageCharWidth() * 2)
        self._layout.addStretch(1)
        memory.changed.connect(self._fill)
        line.problem_changed.connect(self._show_message)
        self._show_message("")
        self._fill("")

    @property
    def buttons(self) -> Sequence[LinkButton]:
        """The buttons, in order."""
        return self._buttons

    @property
    def error(self) -> str:
        """What is said to be wrong; empty: nothing."""
        return self._error.text() if self._error.isVisibleTo(self) else ""

    def _show_message(self, sentence: str) -> None:
        kept = tr("The rows are still those of the previous filter.")
        self._error.setText(f"{sentence} {kept}" if sentence else "")
        self._error.setVisible(bool(sentence))
        self.setVisible(bool(sentence or self._shown))

    def _fill(self, _table: str) -> None:
        texts = tuple(self._memory.saved(self._line.objectName()))
        if texts != self._shown:
            for button in self._buttons:
                self._layout.removeWidget(button)
                button.deleteLater()
            self._buttons = [self._button(text) for text in texts]
            for place, button in enumerate(self._buttons):
                self._layout.insertWidget(place, button)
            self._shown = texts
        self.setVisible(bool(texts or self.error))

    def _button(self, text: str) -> LinkButton:
        button = LinkButton(
            text,
            lambda: self._line.show_filter(text),
            picture=lambda widget: icons.pixmap(Glyph.SAVED_FILTER, widget.palette(), 16, widget.devicePixelRatioF()),
        )
        button.setAccessibleName(tr("Saved filter: {filter}").format(filter=visible(text)))
        button.setAccessibleDescription(tr("Delete removes this button."))
        set_tooltip(button, tr("{filter}\nDelete removes this button.").format(filter=text))
        button.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        remove = QAction(tr("&Remove this button"), button)
        remove.setShortcut(Qt.Key.Key_Delete)
        remove.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        remove.triggered.connect(lambda: self._memory.remove(self._line.objectName(), text))
        button.addAction(remove)
        return button
