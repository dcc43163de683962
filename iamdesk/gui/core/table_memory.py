"""What tables remember from one run to the next: earlier filters, and filters saved as buttons."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from iamdesk.gui.core.settings import HISTORY_LIMIT, Settings

MOST_SAVED = 12
"""Maximum number of saved filters for each table."""


class TableMemory(QObject):
    """Tables are called by the object names of their filters. Without settings, all is forgotten with the window."""

    changed = Signal(str)
    """The saved filters of this table have changed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings: Settings | None = None
        self._recent: dict[str, tuple[str, ...]] = {}
        self._saved: dict[str, tuple[str, ...]] = {}

    def keep_in(self, settings: Settings) -> None:
        """Read from the settings, and write there from now on."""
        self._settings = settings
        self.changed.emit("")

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
        self._set_saved(table, (*(other for other in self.saved(table) if other != text), text)[-MOST_SAVED:])

    def remove(self, table: str, text: str) -> None:
        """Remove a saved filter."""
        self._set_saved(table, tuple(other for other in self.saved(table) if other != text))

    def _set_saved(self, table: str, texts: tuple[str, ...]) -> None:
        if self._settings is not None:
            self._settings.save_filters(table, texts)
        else:
            self._saved[table] = texts
        self.changed.emit(table)
