"""What tables remember from one run to the next: filters, hidden and pinned columns, order, the density of rows."""

import json
from collections.abc import Collection, Sequence
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from iamdesk.gui.core.settings import HISTORY_LIMIT, Settings

MAX_SAVED = 12
"""Maximum number of saved filters for each table."""
FIRST_COLUMN = 0
"""The column up to which columns are pinned unless the user says otherwise."""


class ChosenColumns(NamedTuple):
    """What the user chose in a table."""

    hidden: frozenset[int]
    order: tuple[tuple[int, bool], ...]
    """Columns by which it is sorted, each with whether in descending order."""
    pinned: int | None = FIRST_COLUMN
    """The column up to which columns stay in sight while the others scroll sideways; None: all of them scroll."""


class TableMemory(QObject):
    """Tables are called by object names. Without settings, all is forgotten with the window."""

    changed = Signal(str)
    """The saved filters of this table have changed."""

    density_changed = Signal()
    """Rows are higher or lower."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_compact = False
        self._columns: dict[str, str] = {}
        self._settings: Settings | None = None
        self._recent: dict[str, tuple[str, ...]] = {}
        self._saved: dict[str, tuple[str, ...]] = {}

    def keep_in(self, settings: Settings) -> None:
        """Read from the settings, and write there from now on."""
        self._settings = settings
        self._is_compact = settings.is_compact
        self.changed.emit("")
        self.density_changed.emit()

    @property
    def is_compact(self) -> bool:
        """Whether rows are low."""
        return self._is_compact

    @is_compact.setter
    def is_compact(self, value: bool) -> None:
        self._is_compact = value
        if self._settings is not None:
            self._settings.is_compact = value
        self.density_changed.emit()

    def columns(self, table: str) -> ChosenColumns | None:
        """Return what was chosen in a table; None if nothing was, or it cannot be read."""
        settings = self._settings
        text = settings.chosen_columns(table) if settings is not None else self._columns.get(table, "")
        try:
            state = json.loads(text or "null")
            hidden = frozenset(int(column) for column in state["hidden"])
            order = tuple((int(column), bool(down)) for column, down in state["order"])
            pinned = state["pinned"]
            return ChosenColumns(hidden, order, pinned if pinned is None else int(pinned))
        except (ValueError, TypeError, KeyError):
            return None

    def set_columns(
        self,
        table: str,
        hidden: Collection[int],
        order: Sequence[tuple[int, bool]],
        pinned: int | None = FIRST_COLUMN,
    ) -> None:
        """Remember what was chosen in a table (`ChosenColumns`)."""
        text = json.dumps({"hidden": sorted(hidden), "order": list(order), "pinned": pinned})
        self._columns[table] = text
        if self._settings is not None and self._settings.keeps_layout:
            self._settings.choose_columns(table, text)

    def recent(self, table: str) -> Sequence[str]:
        """Return earlier filters, newest first."""
        return self._settings.recent_filters(table) if self._settings is not None else self._recent.get(table, ())

    def remember(self, table: str, text: str) -> None:
        """Remember a filter that was used."""
        if self._settings is not None:
            self._settings.remember_filter(table, text)
            return
        kept = (text, *(other for other in self._recent.get(table, ()) if other != text))
        self._recent[table] = kept[:HISTORY_LIMIT]

    def saved(self, table: str) -> Sequence[str]:
        """Return the saved filters, in their order."""
        return self._settings.saved_filters(table) if self._settings is not None else self._saved.get(table, ())

    def save(self, table: str, text: str) -> None:
        """Save a filter as a button; beyond `MOST_SAVED`, the oldest one goes."""
        self._set_saved(table, (*(other for other in self.saved(table) if other != text), text)[-MAX_SAVED:])

    def remove(self, table: str, text: str) -> None:
        """Remove a saved filter."""
        self._set_saved(table, tuple(other for other in self.saved(table) if other != text))

    def _set_saved(self, table: str, texts: tuple[str, ...]) -> None:
        if self._settings is not None:
            self._settings.save_filters(table, texts)
        else:
            self._saved[table] = texts
        self.changed.emit(table)
