"""Named contexts: "office with MFA", "CI runner". Chosen by name, kept in the settings of the window."""

import json
from collections.abc import Mapping
from typing import NamedTuple, Self

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton, QWidget

from iamdesk.evaluate.request import MissingContextMode
from iamdesk.gui.ask.context_rows import ContextValue
from iamdesk.gui.core.plain_text import plain_label, set_tooltip, visible
from iamdesk.i18n import tr

MAX_CONTEXTS = 100
_MAX_NAME = 80


class NamedContext(NamedTuple):
    """Values of condition keys, and what keys without a value mean."""

    context: Mapping[str, ContextValue]
    unknown: MissingContextMode

    @classmethod
    def of(cls, value: object) -> Self | None:
        """Return the context of a JSON value; None if it is none."""
        if not isinstance(value, dict) or not isinstance(value.get("context"), dict):
            return None
        try:
            unknown = MissingContextMode(str(value.get("unknown")))
        except ValueError:
            return None
        context: dict[str, ContextValue] = {}
        for key, given in value["context"].items():
            if given is None or isinstance(given, str):
                context[key] = given
            elif isinstance(given, list) and given and all(isinstance(one, str) for one in given):
                context[key] = tuple(given)
            else:
                return None
        return cls(context, unknown)


def contexts_from(text: str) -> dict[str, NamedContext]:
    """Return the contexts of a text that `contexts_as_text` made, by name; without those that cannot be read."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    read = {name[:_MAX_NAME]: NamedContext.of(value) for name, value in found.items()}
    return {name: one for name, one in list(read.items())[:MAX_CONTEXTS] if one is not None and name.strip()}


def contexts_as_text(contexts: Mapping[str, NamedContext]) -> str:
    """Return contexts as JSON."""
    return json.dumps(
        {name: {"context": dict(one.context), "unknown": one.unknown.value} for name, one in contexts.items()}
    )


class NamedContexts(QWidget):
    """The list of names, with buttons that keep the present context under a name and remove one.

    ``chosen`` is emitted with a `NamedContext`, ``keep_wanted`` with a name, ``changed`` when the list has changed.
    """

    chosen = Signal(object)
    keep_wanted = Signal(str)
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.contexts: dict[str, NamedContext] = {}
        self.names = QComboBox()
        self.keep_button = QPushButton(tr("&Keep"))
        self.remove_button = QPushButton(tr("Remove"))
        self.names.setObjectName("namedContexts")
        self.names.setEditable(True)
        self.names.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.names.setAccessibleName(tr("Named context"))
        self.names.setMinimumWidth(self.fontMetrics().averageCharWidth() * 26)
        field = QLineEdit()
        self.names.setLineEdit(field)
        field.setObjectName("contextName")
        field.setAccessibleName(tr("Named context"))
        field.setMaxLength(_MAX_NAME)
        field.setPlaceholderText(tr("office with MFA, CI runner …"))
        set_tooltip(self.names, tr("Choose a context by its name, or type a name and keep the values below under it."))
        self.keep_button.setAccessibleName(tr("Keep the context under this name"))
        self.remove_button.setAccessibleName(tr("Remove the named context"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(plain_label(tr("Conte&xt"), buddy=self.names))
        layout.addWidget(self.names)
        layout.addWidget(self.keep_button)
        layout.addWidget(self.remove_button)
        self.setFocusProxy(self.names)
        self.names.activated.connect(self._choose)
        field.returnPressed.connect(self._entered)
        field.textChanged.connect(lambda _text: self._enable())
        self.keep_button.clicked.connect(lambda: self.keep_wanted.emit(self.name))
        self.remove_button.clicked.connect(self._remove)
        self._enable()

    @property
    def name(self) -> str:
        """The name in the field."""
        return self.names.currentText().strip()

    def fill(self, contexts: Mapping[str, NamedContext]) -> None:
        """Show these contexts."""
        self.contexts = dict(sorted(contexts.items(), key=lambda one: one[0].casefold()))
        typed = self.name
        self.names.clear()
        for name in self.contexts:
            self.names.addItem(visible(name), name)
        self.names.setCurrentIndex(self.names.findData(typed))
        self.names.setEditText(typed)
        self._enable()

    def keep(self, context: NamedContext) -> None:
        """Keep a context under the name in the field."""
        if self.name and (self.name in self.contexts or len(self.contexts) < MAX_CONTEXTS):
            self.fill({**self.contexts, self.name: context})
            self.changed.emit()

    def _choose(self, at: int) -> None:
        found = self.contexts.get(self.names.itemData(at, Qt.ItemDataRole.UserRole))
        if found is not None:
            self.chosen.emit(found)

    def _entered(self) -> None:
        """Choose the context of this name; keep the present one under a new name."""
        found = self.contexts.get(self.name)
        if found is not None:
            self.chosen.emit(found)
        elif self.name:
            self.keep_wanted.emit(self.name)

    def _remove(self) -> None:
        if self.contexts.pop(self.name, None) is not None:
            self.names.setEditText("")
            self.fill(self.contexts)
            self.changed.emit()

    def _enable(self) -> None:
        self.keep_button.setEnabled(bool(self.name))
        self.remove_button.setEnabled(self.name in self.contexts)
