"""Chooses what the shown effective permissions are compared with: another principal, or an earlier snapshot."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from iamdesk.export.access.heatmap import AccessHeatmap
from iamdesk.export.text.decision import short_arn
from iamdesk.gui.access.baseline_loader import BaselineLoader
from iamdesk.gui.access.loader import AccessLoader
from iamdesk.gui.ask.autocomplete import AutocompleteService
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.plain_text import plain_label, set_tooltip
from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.completing_field import AutocompleteEdit
from iamdesk.i18n import mark, tr

_ANOTHER_PRINCIPAL = mark("a user or role")
_EARLIER = mark("Snapshots and reviews (*.json *.json.gz *.gz *.zip *.iamreview);;All files (*)")


class CompareBar(QWidget):
    """A field for the other principal, and whether only differences are shown."""

    found = Signal(object)
    """`AccessHeatmap` of the other; None: the comparison ended, or there is nothing to compare with."""
    refused = Signal(str)
    """A sentence: why there is no comparison."""
    differences_wanted = Signal(bool)

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        failed: Callable[[Exception], None],
        prompts: FileDialogs,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._prompts = prompts
        self._subject = ("", "")
        """Key and name of the principal shown."""
        self.earlier = BaselineLoader(jobs, self)
        self._lookups = AutocompleteService(session, jobs, self)
        self._finder = AccessLoader(jobs, failed, self, "what can other")
        self.other = ""
        """ARN of the other principal; empty for none."""
        self.field = AutocompleteEdit(tr("Principal to compare with"))
        self.field.setObjectName("compareWith")
        self.field.setPlaceholderText(tr(_ANOTHER_PRINCIPAL))
        self.field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.earlier_button = QPushButton(tr("Earl&ier…"))
        self.earlier_button.setObjectName("compareWithEarlier")
        self.earlier_button.setAccessibleName(tr("Compare with an earlier snapshot or review"))
        set_tooltip(self.earlier_button, tr("Compare with its effective permissions in an earlier snapshot or review"))
        self.only = QCheckBox(tr("Only differe&nces"))
        self.only.setAccessibleName(self.only.text().replace("&", ""))
        self.close_button = QPushButton(tr("Do not compare"))
        self.close_button.setAccessibleName(self.close_button.text())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(plain_label(tr("Compare with"), buddy=self.field))
        layout.addWidget(self.field, 1)
        layout.addWidget(self.earlier_button)
        layout.addWidget(self.only)
        layout.addWidget(self.close_button)
        self.field.show_resting(short_arn)
        self.field.wanted.connect(lambda text: self._lookups.suggest_principals(self.field, text))
        self.field.taken.connect(lambda _completion: self._find())
        self.field.submitted.connect(self._submitted)
        self.only.toggled.connect(self.differences_wanted)
        self.close_button.clicked.connect(self.leave)
        self._finder.found.connect(self._take)
        self.earlier_button.clicked.connect(self.choose_earlier)
        self.earlier.read.connect(self._earlier_loaded)
        self.earlier.found.connect(self.found)
        self.earlier.refused.connect(self.refused)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self._escape)
        session.snapshot_closed.connect(self._forget)
        self.hide()

    @property
    def name(self) -> str:
        """The name of the other principal; of the same one in another file, with the file."""
        if self.is_of_earlier:
            return tr("{name} in {file}").format(name=self._subject[1], file=self.earlier.name)
        return self.other.rpartition("/")[2] or self.other

    @property
    def is_of_earlier(self) -> bool:
        """Whether the principal is compared with itself in another snapshot."""
        return self.earlier.snapshot is not None

    def follow(self, key: str, name: str) -> None:
        """Set the principal shown; with an earlier snapshot, compute its effective permissions there."""
        self._subject = key, name
        self.earlier.find(key, name)

    def choose_earlier(self) -> None:
        """Ask for an earlier snapshot or review, and compare with it."""
        opened = self._session.snapshot
        if opened is None:
            return
        path = self._prompts.file_to_open(
            self, tr("Compare with an earlier snapshot or review"), opened.path.parent, tr(_EARLIER)
        )
        if path is not None:
            self.compare_with_earlier(path)

    def compare_with_earlier(self, path: Path) -> None:
        """Compare with the same principal in another snapshot, or in the snapshot of a review."""
        self.show()
        self.earlier.open(path)

    def _earlier_loaded(self) -> None:
        self._finder.stop()
        self.other = ""
        self.field.close_popup()
        self.field.clear()
        self.field.setPlaceholderText(tr("as in {file}").format(file=self.earlier.name))
        self.earlier.find(*self._subject)

    def _leave_earlier(self) -> None:
        self.earlier.forget()
        self.field.setPlaceholderText(tr(_ANOTHER_PRINCIPAL))

    def begin(self) -> None:
        """Focus the field for the other principal."""
        self.show()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.field.selectAll()

    def compare_with(self, principal: str) -> None:
        """Compare with a principal."""
        self.show()
        self.field.setText(principal)
        self._find()

    def leave(self) -> None:
        """End the comparison."""
        self._finder.stop()
        self._leave_earlier()
        self.other = ""
        self.field.close_popup()
        self.field.clear()
        self.only.setChecked(False)
        self.hide()
        self.found.emit(None)

    def _escape(self) -> None:
        """Close the suggestions if they are open, else end the comparison."""
        if self.field.offered:
            self.field.close_popup()
        else:
            self.leave()

    def _submitted(self) -> None:
        """Use the text of the field: an ARN, or a name that only one principal has."""
        text = self.field.text().strip()
        if text.startswith("arn:"):
            self._find()
        elif text:
            self._lookups.principals_called(
                text,
                lambda rows: (
                    self.field.take(rows[0])
                    if len(rows) == 1
                    else self._session.announce(
                        tr("No principal, or several, have this name: choose one from the list.")
                    )
                ),
            )

    def _find(self) -> None:
        opened, principal = self._session.snapshot, self.field.text().strip()
        if opened is not None and principal:
            self._leave_earlier()
            self.other = principal
            self._finder.find(opened, principal, self.name)

    def _take(self, key: str, found: AccessHeatmap) -> None:
        if key == self.other:
            self.found.emit(found)

    def _forget(self) -> None:
        self._finder.forget()
        self.leave()
