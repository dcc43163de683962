"""Compare & what-if: the comparison with another snapshot, and changes tried on a copy, one tab each."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut, QShowEvent
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.what_if.try_changes import try_changes
from iamdesk.i18n import tr

if TYPE_CHECKING:
    from iamdesk.gui.compare.compare_window import CompareWindow
    from iamdesk.gui.what_if.what_if_window import WhatIfWindow
    from iamdesk.gui.widgets.job_window import OneJobWindow
    from iamdesk.whatif.edits import Edit


class ChangesPanel(QWidget):
    """Both are created when they are first shown, and anew for another snapshot."""

    def __init__(self, session: Session, jobs: JobRunner, prompts: FileDialogs) -> None:
        super().__init__()
        self.setObjectName("changesPanel")
        self._session = session
        self._jobs = jobs
        self._prompts = prompts
        self._comparison: CompareWindow | None = None
        self._what_if: WhatIfWindow | None = None
        self._places: list[QVBoxLayout] = []
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setObjectName("changesTabs")
        self.tabs.setAccessibleName(tr("Compare & what-if"))
        self.tabs.tabBar().setAccessibleName(tr("Compare & what-if"))
        for title in (tr("Compare with another snapshot"), tr("What if")):
            page = QWidget()
            place = QVBoxLayout(page)
            place.setContentsMargins(0, 0, 0, 0)
            self._places.append(place)
            self.tabs.addTab(page, title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self.setFocusProxy(self.tabs)
        self.tabs.currentChanged.connect(lambda _at: self._fill())
        session.snapshot_opened.connect(self._refill)
        session.edits_tried.connect(self._try)

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of commands by name (``gui/app/commands.py``)."""
        return {
            "actionCompare": self.compare,
            "actionWhatIf": self.what_if,
            "actionExportComparison": self.export_comparison,
            "actionExportWhatIf": self.export_commands,
        }

    def compare(self) -> None:
        """Offer earlier snapshots, or ask for another one, and compare it with the open one."""
        self.tabs.setCurrentIndex(0)
        shown = self._show_comparison()
        if shown is not None:
            shown.begin()

    def what_if(self) -> None:
        """Show the changes to try; the selected principal is the subject, unless another one was entered."""
        self.tabs.setCurrentIndex(1)
        shown = self._show_what_if()
        if shown is not None:
            if not shown.form.subject.isModified():
                shown.form.start_with(self._session.subject_key)
            shown.form.act.setFocus(Qt.FocusReason.OtherFocusReason)

    def _try(self, edits: "tuple[Edit, ...]") -> None:
        try_changes(self, edits)

    def export_comparison(self) -> None:
        """Save the comparison, if there is one."""
        shown = self._show_comparison()
        if shown is not None:
            shown.save()

    def export_commands(self) -> None:
        """Save the commands of the changes that were tried, if there are any."""
        shown = self._show_what_if()
        if shown is not None:
            shown.save()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Create what is on the tab."""
        super().showEvent(event)
        self._fill()

    def _refill(self, _opened: object) -> None:
        self._fill()

    def _fill(self) -> None:
        if not self.isVisible():
            return  # when it is shown
        if self.tabs.currentIndex() == 0:
            self._show_comparison()
        else:
            self._show_what_if()

    def _show_comparison(self) -> "CompareWindow | None":
        from iamdesk.gui.compare.compare_window import CompareWindow

        if self._session.snapshot is None:
            return None
        if self._comparison is None or not isValid(self._comparison):
            self._comparison = CompareWindow(self._session, self._jobs, self._prompts, self)
            self._embed(self._comparison, 0)
        return self._comparison

    def _show_what_if(self) -> "WhatIfWindow | None":
        from iamdesk.gui.what_if.what_if_window import WhatIfWindow

        if self._session.snapshot is None:
            return None
        if self._what_if is None or not isValid(self._what_if):
            self._what_if = WhatIfWindow(self._session, self._jobs, self._prompts, self)
            self._embed(self._what_if, 1)
        return self._what_if

    def _embed(self, made: "OneJobWindow", at: int) -> None:
        made.setWindowFlags(Qt.WindowType.Widget)  # a dialog that has a place in this panel
        for key in made.findChildren(QShortcut):
            key.setEnabled(False)  # Ctrl+F is a command of the main window
        self._places[at].addWidget(made)
        made.show()
