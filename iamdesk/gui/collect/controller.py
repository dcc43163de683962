"""Collecting in the window: the dialog, created when first needed, and the opening of the bundle."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.plain_text import visible
from iamdesk.i18n import tr

if TYPE_CHECKING:
    from iamdesk.collect.options import Captured
    from iamdesk.gui.collect.collect_dialog import CollectDialog


class CollectController(QObject):
    """Opens a bundle if the dialog is open; else offers it in a message."""

    open_wanted = Signal(object)
    """Path."""
    offered = Signal(str, object)
    """A sentence, and the path of the bundle."""

    def __init__(self, jobs: JobRunner, prompts: FileDialogs, window: QWidget) -> None:
        super().__init__(window)
        self._jobs = jobs
        self._prompts = prompts
        self._window = window
        self.dialog: CollectDialog | None = None

    def show(self) -> None:
        """Show the dialog, with the progress of a running capture."""
        from iamdesk.gui.collect.collect_dialog import CollectDialog

        if self.dialog is None:
            self.dialog = CollectDialog(self._jobs, self._prompts, self._window)
            self.dialog.collected.connect(self._collected)
        self.dialog.show()
        self.dialog.activateWindow()

    def _collected(self, captured: "Captured", was_watched: bool) -> None:
        if was_watched:
            self.open_wanted.emit(captured.path)
        else:
            self.offered.emit(tr("{name} was collected.").format(name=visible(captured.path.name)), captured.path)
