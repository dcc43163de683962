"""The window's settings: an ini file at a given path. It contains no review data."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

from iamdesk.gui.core.locale import SYSTEM
from iamdesk.gui.core.text_size import LARGEST, SMALLEST, USUAL
from iamdesk.gui.core.theme import Scheme
from iamdesk.i18n import LANGUAGES
from iamdesk.private_files import create_private_file, create_private_folder

RECENT_LIMIT = 10
HISTORY_LIMIT = 20
"""Filters that are kept for each table."""
MAX_WORKERS = 256
MEMORY, LEAST_MEMORY, MAX_MEMORY = 1 << 30, 512 << 20, 1 << 40
"""Memory limit of the window in bytes: default, minimum, maximum."""
_ADDRESS = re.compile(r"(?:[a-z]+://)?[\w.\-\[\]:]+:\d{1,5}", re.ASCII)
"""Address of a scheduler: `tcp://10.0.0.5:8786`, or host and port alone."""


@dataclass(frozen=True, slots=True)
class CheckpointChoices:
    """When checkpoints of a review are signed by themselves."""

    key: str = ""
    """Path of the SSH key; empty: none is signed."""
    folder: str = ""
    """Where they are written; empty: beside the review."""
    every: int = 0
    """After so many decisions and second approvals; 0: not by number."""
    on_closing: bool = False

    @property
    def are_on(self) -> bool:
        """Whether any is signed."""
        return bool(self.key) and (self.every > 0 or self.on_closing)


def default_settings_path() -> Path:
    """Return the path of the user's settings on this platform."""
    return platformdirs.user_config_path("iamdesk", appauthor=False) / "iamdesk.ini"


class Settings:
    """Typed access to the ini file: each key is named here, once. Does nothing if the file is not writable."""

    def __init__(self, path: Path) -> None:
        self.suppressions_path = path.with_name("suppressions.json")
        """File of the suppressed findings, beside the settings."""
        self.path = path
        self.marks_folder = path.with_name("open")
        """Folder in which each process records what is open, for the next start after a crash."""
        with suppress(OSError):  # Qt would create it readable by everyone
            create_private_folder(path.parent, parents=True)
            create_private_file(path)
        self._store = QSettings(str(path), QSettings.Format.IniFormat)

    def save(self) -> None:
        """Write changes to disk now."""
        self._store.sync()

    @property
    def geometry(self) -> QByteArray:
        """Size and place of the window, from ``QMainWindow.saveGeometry``; empty for none."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def arrangement(self) -> str:
        """The panels of each perspective, from ``PerspectiveStack.state``; empty for none."""
        return self._text("window/arrangement")

    @arrangement.setter
    def arrangement(self, value: str) -> None:
        self._store.setValue("window/arrangement", value)

    @property
    def scheme(self) -> Scheme:
        """Light, dark, high contrast, or that of the desktop."""
        value = str(self._store.value("window/scheme", Scheme.SYSTEM.value))
        return Scheme(value) if value in set(Scheme) else Scheme.SYSTEM

    @scheme.setter
    def scheme(self, value: Scheme) -> None:
        self._store.setValue("window/scheme", value.value)

    @property
    def language(self) -> str:
        """The chosen language, or ``system`` for that of the desktop."""
        value = self._text("window/language")
        return value if value in LANGUAGES else SYSTEM

    @language.setter
    def language(self, value: str) -> None:
        self._store.setValue("window/language", value)

    @property
    def text_size(self) -> int:
        """Percent of the desktop's text size."""
        value = self._store.value("window/text_size", USUAL, type=int)
        return min(max(value, SMALLEST), LARGEST) if isinstance(value, int) and value else USUAL

    @text_size.setter
    def text_size(self, value: int) -> None:
        self._store.setValue("window/text_size", value)

    @property
    def workers(self) -> int:
        """Number of worker processes; 0 for the number of cores minus one."""
        value = self._store.value("work/workers", 0, type=int)
        return min(max(value, 0), MAX_WORKERS) if isinstance(value, int) else 0

    @workers.setter
    def workers(self, value: int) -> None:
        self._store.setValue("work/workers", value)

    @property
    def memory(self) -> int:
        """Memory limit of the window in bytes; a larger organization is read account by account."""
        value = self._store.value("work/memory_mb", MEMORY >> 20, type=int)
        return min(max(value, LEAST_MEMORY >> 20), MAX_MEMORY >> 20) << 20 if isinstance(value, int) else MEMORY

    @memory.setter
    def memory(self, value: int) -> None:
        self._store.setValue("work/memory_mb", value >> 20)

    @property
    def scheduler(self) -> str:
        """Address of the Dask scheduler for long work; empty for processes of this machine.

        An invalid address counts as none.
        """
        address = self._text("work/scheduler").strip()
        return address if _ADDRESS.fullmatch(address) else ""

    @scheduler.setter
    def scheduler(self, value: str) -> None:
        self._store.setValue("work/scheduler", value)

    @property
    def reviewer(self) -> str:
        """The reviewer's name; may be empty."""
        return self._text("review/reviewer")

    @reviewer.setter
    def reviewer(self, value: str) -> None:
        self._store.setValue("review/reviewer", value)

    @property
    def signing_key(self) -> str:
        """Path of the SSH key that is offered for sign-offs; empty for none. The key itself is never read here."""
        return self._text("review/signing_key")

    @signing_key.setter
    def signing_key(self, value: str) -> None:
        self._store.setValue("review/signing_key", value)

    @property
    def allowed_signers(self) -> str:
        """Path of the file of known keys (``allowed_signers`` of ``ssh-keygen``); empty: no key is known."""
        return self._text("review/allowed_signers")

    @allowed_signers.setter
    def allowed_signers(self, value: str) -> None:
        self._store.setValue("review/allowed_signers", value)

    @property
    def timestamp_authorities(self) -> str:
        """Path of the certificates (PEM) of known timestamp authorities; empty: none is known."""
        return self._text("review/timestamp_authorities")

    @timestamp_authorities.setter
    def timestamp_authorities(self, value: str) -> None:
        self._store.setValue("review/timestamp_authorities", value)

    @property
    def checkpoints(self) -> CheckpointChoices:
        """When checkpoints of a review are signed by themselves."""
        every = self._store.value("review/checkpoint_every", 0, type=int)
        return CheckpointChoices(
            self._text("review/checkpoint_key"),
            self._text("review/checkpoint_folder"),
            max(every, 0) if isinstance(every, int) else 0,
            self._flag("review/checkpoint_on_closing", usual=False),
        )

    @checkpoints.setter
    def checkpoints(self, value: CheckpointChoices) -> None:
        self._store.setValue("review/checkpoint_key", value.key)
        self._store.setValue("review/checkpoint_folder", value.folder)
        self._store.setValue("review/checkpoint_every", value.every)
        self._store.setValue("review/checkpoint_on_closing", value.on_closing)

    @property
    def chosen_check_settings(self) -> str:
        """Path of the file with the settings of the checks; empty for the one beside this file."""
        return self._text("findings/check_settings")

    @chosen_check_settings.setter
    def chosen_check_settings(self, value: str) -> None:
        self._store.setValue("findings/check_settings", value)

    @property
    def check_settings_path(self) -> Path | None:
        """The file with the settings of the checks; None if none was chosen and there is none beside this file."""
        if self.chosen_check_settings:
            return Path(self.chosen_check_settings).expanduser()  # if it is not there, the checks say so
        own = self.path.with_name("check-settings.json")
        return own if own.exists() else None

    @property
    def keeps_layout(self) -> bool:
        """Whether size, panels and columns are restored at the next start."""
        return self._flag("keep/layout", usual=True)

    @keeps_layout.setter
    def keeps_layout(self, value: bool) -> None:
        self._store.setValue("keep/layout", value)

    @property
    def keeps_recent(self) -> bool:
        """Whether recent snapshots are remembered."""
        return self._flag("keep/recent", usual=True)

    @keeps_recent.setter
    def keeps_recent(self, value: bool) -> None:
        self._store.setValue("keep/recent", value)

    @property
    def reopens_last(self) -> bool:
        """Whether a start without a file opens the last snapshot."""
        return self.keeps_recent and self._flag("keep/reopens_last", usual=False)

    @reopens_last.setter
    def reopens_last(self, value: bool) -> None:
        self._store.setValue("keep/reopens_last", value)

    def forget_layout(self) -> None:
        """Remove size, panels and columns."""
        for key in ("window/geometry", "window/arrangement", "columns"):
            self._store.remove(key)

    @property
    def notes_folder(self) -> Path | None:
        """The folder of notes that cannot be beside their snapshot; None: none was chosen."""
        folder = self._text("notes/folder")
        return Path(folder) if folder else None

    @notes_folder.setter
    def notes_folder(self, value: Path | None) -> None:
        self._store.setValue("notes/folder", "" if value is None else str(value))

    @property
    def policy_zoom(self) -> int:
        """Points added to the default size of policy text."""
        value = self._store.value("policy/zoom", 0, type=int)
        return value if isinstance(value, int) else 0

    @policy_zoom.setter
    def policy_zoom(self, value: int) -> None:
        self._store.setValue("policy/zoom", value)

    @property
    def explains_statements(self) -> bool:
        """Whether statements are explained beside the text."""
        return self._flag("policy/in_words", usual=True)

    @explains_statements.setter
    def explains_statements(self, value: bool) -> None:
        self._store.setValue("policy/in_words", value)

    @property
    def contexts(self) -> str:
        """The named contexts of requests, as JSON (`ask.named_contexts`)."""
        return self._text("ask/contexts")

    def keep_contexts(self, value: str) -> None:
        """Save the named contexts at once: other windows read them when they start."""
        self._store.setValue("ask/contexts", value)
        self._store.sync()

    @property
    def draws_diagram(self) -> bool:
        """Whether the diagram of the policy evaluation is shown."""
        return self._flag("answer/draws_layers", usual=False)

    @draws_diagram.setter
    def draws_diagram(self, value: bool) -> None:
        self._store.setValue("answer/draws_layers", value)

    @property
    def recent(self) -> tuple[Path, ...]:
        """Recent snapshots, newest first, without those that do not exist any more."""
        return tuple(Path(name) for name in self._texts("files/recent") if Path(name).exists())

    def remember(self, path: Path) -> None:
        """Put a snapshot at the top of the recent ones, if these are kept."""
        if not self.keeps_recent:
            return
        self._store.sync()  # including those that other windows have opened meanwhile
        path = path.absolute()
        kept = [path, *(other for other in self.recent if other != path)][:RECENT_LIMIT]
        self._store.setValue("files/recent", [str(entry) for entry in kept])

    def forget_recent(self) -> None:
        """Empty the list of recent snapshots, and those of earlier filters, which may name what is in them."""
        self._store.remove("files/recent")
        self._store.remove("filters/recent")

    def recent_filters(self, table: str) -> tuple[str, ...]:
        """Return the earlier filters of a table, newest first."""
        return self._texts(f"filters/recent/{table}")

    def remember_filter(self, table: str, text: str) -> None:
        """Put a filter at the top of the earlier ones, if recent snapshots are kept."""
        if self.keeps_recent:
            kept = [text, *(other for other in self.recent_filters(table) if other != text)]
            self._store.setValue(f"filters/recent/{table}", kept[:HISTORY_LIMIT])

    def saved_filters(self, table: str) -> tuple[str, ...]:
        """Return the filters of a table that were saved as buttons, in their order."""
        return self._texts(f"filters/saved/{table}")

    def save_filters(self, table: str, texts: Sequence[str]) -> None:
        """Save the filters of a table that are buttons."""
        self._store.setValue(f"filters/saved/{table}", list(texts))

    @property
    def is_compact(self) -> bool:
        """Whether the rows of tables are low."""
        return self._flag("window/compact", usual=False)

    @is_compact.setter
    def is_compact(self, value: bool) -> None:
        self._store.setValue("window/compact", value)

    def chosen_columns(self, table: str) -> str:
        """Return the hidden columns and the order of a table, as `TableMemory` writes them; empty for none."""
        return self._text(f"columns/chosen/{table}")

    def choose_columns(self, table: str, state: str) -> None:
        """Save the hidden columns and the order of a table."""
        self._store.setValue(f"columns/chosen/{table}", state)

    def columns(self, table: str) -> QByteArray:
        """Return the state of a table's header by the table's object name; empty for none."""
        return self._bytes(f"columns/{table}")

    def set_columns(self, table: str, state: QByteArray) -> None:
        """Save the state of a table's header."""
        self._store.setValue(f"columns/{table}", state)

    def _text(self, key: str) -> str:
        value = self._store.value(key, "")
        return value if isinstance(value, str) else ""

    def _texts(self, key: str) -> tuple[str, ...]:
        value = self._store.value(key, [])
        texts = value if isinstance(value, list) else [value]  # Qt reads a list of one text as a text
        return tuple(text for text in texts if isinstance(text, str) and text)

    def _flag(self, key: str, *, usual: bool) -> bool:
        # An ini file has text values: anything but these two means the default.
        return {"true": True, "false": False}.get(str(self._store.value(key, usual)).lower(), usual)

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()
