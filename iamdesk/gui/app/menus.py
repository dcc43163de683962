"""Actions and menus, created from the table in ``commands.py`` for the commands that have a handler."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from iamdesk.gui.app.commands import COMMANDS, SUBMENUS, Command, Menu, Needs
from iamdesk.gui.core.plain_text import set_tooltip
from iamdesk.gui.core.session import Session
from iamdesk.i18n import tr

type Handlers = Mapping[str, Callable[[], None]]


class Menus(QObject):
    """The window's actions by name, and the menus that hold them. Submenus are put in their place by the window."""

    def __init__(self, window: QMainWindow, session: Session, handlers: Handlers) -> None:
        super().__init__(window)
        self._session = session
        self._needs: list[tuple[QAction, Needs]] = []
        self._radios: dict[str, QActionGroup] = {}
        self.actions: dict[str, QAction] = {}
        self.menus: dict[Menu, QMenu] = {}
        for menu in Menu:
            entries = [command for command in COMMANDS if command.menu is menu and command.name in handlers]
            if entries:
                self._build(window, menu, entries, handlers)
        session.snapshot_opened.connect(self.refresh)
        session.snapshot_closed.connect(self.refresh)
        session.evaluated.connect(self.refresh)
        session.use_case_evaluated.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Enable the commands that can be used now."""
        has = {
            Needs.SNAPSHOT: self._session.snapshot is not None,
            Needs.RESULT: self._session.decision is not None or self._session.use_case is not None,
        }
        for action, needs in self._needs:
            action.setEnabled(has[needs])

    def _build(self, window: QMainWindow, menu: Menu, entries: list[Command], handlers: Handlers) -> None:
        made = QMenu(tr(menu.value), window)  # Python may lose its reference to a menu that Qt creates
        if menu not in SUBMENUS:
            window.menuBar().addMenu(made)
        made.setObjectName(f"menu{menu.name.title()}")
        self.menus[menu] = made
        group = entries[0].group
        for command in sorted(entries, key=lambda entry: entry.group):
            if command.group != group:
                group = command.group
                made.addSeparator()
            action = self._action(window, command, handlers[command.name])
            if not command.is_alias:
                made.addAction(action)

    def _action(self, window: QMainWindow, command: Command, act: Callable[[], None]) -> QAction:
        action = QAction(command.menu_text, window)
        action.setObjectName(command.name)
        action.setShortcuts(_sequences(command))
        action.setStatusTip(command.tooltip)
        set_tooltip(action, command.tooltip)
        if command.radio:
            action.setCheckable(True)
            if command.radio not in self._radios:
                self._radios[command.radio] = QActionGroup(window)
            self._radios[command.radio].addAction(action)
        action.triggered.connect(lambda _checked=False: act())
        window.addAction(action)  # so that its shortcut works while the menu bar is hidden
        self.actions[command.name] = action
        if command.needs is not Needs.NOTHING:
            self._needs.append((action, command.needs))
        return action


def _sequences(command: Command) -> list[QKeySequence]:
    """Return the shortcuts of a command on this platform, without duplicates."""
    found: list[QKeySequence] = []
    for key in command.keys:
        made = QKeySequence.keyBindings(key) if isinstance(key, QKeySequence.StandardKey) else [QKeySequence(key)]
        found += [sequence for sequence in made if sequence not in found]
    return found
