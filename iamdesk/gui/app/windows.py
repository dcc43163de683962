"""Windows and dialogs that open from the main window, each imported when it is first opened to keep the start fast."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from iamdesk.gui.app import spawn_window
from iamdesk.gui.app.pasted import denial_in, file_in
from iamdesk.gui.core.notebook import Noted, NotesOnRows
from iamdesk.gui.core.text_size import apply_text_size
from iamdesk.gui.core.theme import Scheme
from iamdesk.gui.help import help_pages
from iamdesk.i18n import tr

if TYPE_CHECKING:
    from pathlib import Path

    from iamdesk.gui.app.central_area import CentralArea
    from iamdesk.gui.app.menus import Menus
    from iamdesk.gui.app.workspace import Workspace
    from iamdesk.gui.core.file_dialogs import FileDialogs
    from iamdesk.gui.core.jobs import JobRunner
    from iamdesk.gui.core.session import Session
    from iamdesk.gui.core.settings import Settings
    from iamdesk.gui.help.help_window import HelpWindow
    from iamdesk.gui.notes.note_editor import NoteEditor
    from iamdesk.gui.search.palette import SearchPalette


class Frame(Protocol):
    """What the main window provides to the windows that open from it."""

    session: "Session"
    jobs: "JobRunner"
    prompts: "FileDialogs"
    settings: "Settings"
    menus: "Menus"
    interior: "CentralArea"

    @property
    def workspace(self) -> "Workspace":
        """The panels."""

    def open_path(self, path: "Path") -> None:
        """Open a snapshot or a review."""


class Windows(QObject):
    """Opens the windows. None of them is modal."""

    def __init__(
        self,
        window: QWidget,
        frame: Frame,
        set_scheme: Callable[[Scheme], None],
        forget_recent: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._frame = frame
        self._set_scheme = set_scheme
        self._forget_recent = forget_recent

    def commands(self) -> dict[str, Callable[[], None]]:
        """Return the handlers of commands by name (``gui/app/commands.py``)."""
        return {
            "actionNewWindow": self.open_another,
            "actionSearch": self._search,
            "actionPalette": self._list_commands,
            "actionSettings": self.show_settings,
            "actionWhyDenied": self.ask_why_denied,
            "actionPaste": self.paste,
            "actionTryWithout": self.try_without,
            "actionNote": self._write_note,
            "actionNotesFrom": self.take_notes,
            "actionExternalAccess": self.show_external_access,
            "actionHelp": self.show_help,
            "actionAbout": self.show_about,
        }

    def open_another(self) -> None:
        """Open a new window."""
        if not spawn_window.start():
            self._frame.session.announce(tr("The new window could not be opened."))

    def search_everywhere(self, text: str = "") -> "SearchPalette":
        """Show the search over everything with a text in it, such as ``>`` for the commands that are enabled now."""
        from iamdesk.gui.search.finder import Finder
        from iamdesk.gui.search.palette import SearchPalette

        palette = next((one for one in self._window.findChildren(SearchPalette) if one.isVisible()), None)
        if palette is None:  # a closed one is deleted later
            frame, menus = self._frame, self._frame.menus
            commands = {  # an action may be in two menus
                action: menu.title()
                for menu in menus.menus.values()
                for action in menu.actions()
                if action.objectName() in menus.actions and action.isEnabled()
            }
            listed = [(title, action) for action, title in commands.items()]
            finder = Finder(frame.session, frame.jobs, frame.interior, self._show_page, listed)
            palette = SearchPalette(finder, self._window)
        palette.search(text)
        palette.show()
        return palette

    def _show_page(self, page: str, heading: str) -> None:
        self._guide().show_page(page, heading)

    def _search(self) -> None:
        self.search_everywhere()

    def _list_commands(self) -> None:
        self.search_everywhere(">")

    def write_note(self) -> "NoteEditor | None":
        """Show the editor for the note on what is selected; None if nothing is."""
        from iamdesk.gui.notes.note_editor import NoteEditor

        things = self._things_to_note()
        if not things:
            self._frame.session.announce(tr("Select what the note is on first."))
            return None
        editor = NoteEditor(self._frame.session.notes, things, self._window)
        editor.show()
        return editor

    def _write_note(self) -> None:
        self.write_note()

    def _things_to_note(self) -> list[Noted]:
        """Return the selected findings in their perspective, rows of the table with the focus, or the selected item."""
        frame, session = self._frame, self._frame.session
        if frame.interior.stack.perspective.name == "perspectiveFindings":
            return frame.workspace.findings.things_to_note()
        focused = QApplication.focusWidget()
        if isinstance(focused, NotesOnRows) and (items := focused.items_to_note()):
            return [self._noted(item) for item in items]
        return [self._noted(session.subject_key)] if session.snapshot is not None and session.subject_key else []

    def _noted(self, key: str) -> Noted:
        """Return an item with its name in the tree, or its key where it is not in there."""
        opened = self._frame.session.snapshot
        row = opened.outline.rows_by_key.get(key) if opened is not None else None
        return Noted(key, opened.outline.nodes[row].text if opened is not None and row is not None else key)

    def try_without(self) -> None:
        """Show in what-if whom it hits if the selected policy, user, group or role is taken away."""
        session, focused = self._frame.session, QApplication.focusWidget()
        items = focused.items_to_note() if isinstance(focused, NotesOnRows) else ()
        key, holder = (items[0] if items else session.subject_key), ""
        if focused is self._frame.workspace.inspector.policies.list and key != session.subject_key:
            holder = session.subject_key  # a policy in its list
        navigator = self._frame.workspace.navigator
        node = navigator.current_node()
        if focused is navigator.tree and node is not None and node.key == key:
            holder = navigator.holder_of(node)
        if key:
            session.try_without(key, holder)
        else:
            session.announce(tr("Select a policy, a user, a group or a role first."))

    def take_notes(self) -> None:
        """Ask for a file of notes, and take those on items that have none here."""
        frame = self._frame
        if frame.session.snapshot is None:
            return
        kinds = tr("Notes (*.iamdesk-notes);;All files (*)")
        folder = frame.session.snapshot.path.parent
        path = frame.prompts.file_to_open(self._window, tr("Import notes"), folder, kinds)
        if path is not None:
            frame.session.notes.read_earlier(path)

    def show_settings(self) -> None:
        """Show the settings dialog; changes apply at once."""
        from iamdesk.gui.dialogs.settings_dialog import SettingsDialog

        frame = self._frame
        dialog = self._window.findChild(SettingsDialog)
        if dialog is None:
            frame.workspace.keep_reviewer(frame.settings)
            dialog = SettingsDialog(frame.settings, frame.settings.scheme, frame.prompts, self._window)
            dialog.scheme_chosen.connect(self._set_scheme)
            dialog.text_size_chosen.connect(self._set_text_size)
            dialog.reviewer_changed.connect(lambda: frame.workspace.take_reviewer(frame.settings))
            dialog.recent_forgotten.connect(self._forget_recent)
            dialog.check_settings_changed.connect(frame.workspace.findings.run_again)
        dialog.show()
        dialog.activateWindow()

    def _set_text_size(self, percent: int) -> None:
        self._frame.settings.text_size = percent
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_text_size(app, percent)

    def ask_why_denied(self) -> None:
        """Show the dialog that explains an access-denied message, with that of the clipboard if it holds one."""
        from iamdesk.gui.denial.denial_dialog import DenialDialog

        dialog = DenialDialog(self._frame.session, self._frame.jobs, self._window)
        dialog.read(denial_in(QApplication.clipboard().mimeData()))
        dialog.show()

    def paste(self) -> None:
        "Explain the access-denied message in the clipboard, or open the snapshot file that was copied."
        held, session = QApplication.clipboard().mimeData(), self._frame.session
        path = file_in(held)
        if path is not None:
            self._frame.open_path(path)
        elif not denial_in(held):
            session.announce(tr("The clipboard contains neither an access-denied message nor a snapshot file."))
        elif session.snapshot is None:
            session.announce(tr("Open a snapshot first: the access-denied message is explained with its policies."))
        else:
            self.ask_why_denied()

    def show_external_access(self) -> None:
        """Show the window of external access, and find it."""
        from iamdesk.gui.external_access.external_access_window import ExternalAccessWindow

        window = self._window.findChild(ExternalAccessWindow)
        if window is None:
            window = ExternalAccessWindow(self._frame.session, self._frame.jobs, self._window)
            window.item_wanted.connect(self._frame.interior.open_listed)
            window.run()
        window.show()
        window.activateWindow()

    def show_help(self) -> None:
        """Open the user guide at the page about the focused widget: a finding's check, a policy type's rule."""
        focus, findings = QApplication.focusWidget(), self._frame.workspace.findings
        if rule := help_pages.rule_at_hand(focus):
            self.show_rule(rule)
            return
        page, check = help_pages.page_about(focus), ""
        finding = findings.detail.finding
        if finding is not None and focus is not None and findings.isAncestorOf(focus):
            page, check = "checks", f"{finding.check_id} "
        self._guide().show_page(page, check)

    def show_rule(self, rule: str) -> None:
        """Open the user guide at an evaluation rule, given by its id."""
        self._guide().show_rule(rule)

    def _guide(self) -> "HelpWindow":
        """Return the user guide window, shown."""
        from iamdesk.gui.help.help_window import HelpWindow

        guide = self._window.findChild(HelpWindow) or HelpWindow(self._window)
        guide.show()
        guide.activateWindow()
        return guide

    def show_about(self) -> None:
        """Show version, components and licenses."""
        from iamdesk.gui.dialogs.about import AboutDialog

        about = self._window.findChild(AboutDialog) or AboutDialog(self._frame.jobs, self._frame.prompts, self._window)
        about.show()
        about.activateWindow()

    def show_capture_help(self) -> None:
        """Show the command that captures an account."""
        from iamdesk.gui.widgets.capture_help import CaptureHelpDialog

        CaptureHelpDialog(self._window).show()
