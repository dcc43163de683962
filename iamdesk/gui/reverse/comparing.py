"""Another principal beside the one whose access is shown: who it is, found in a worker, and taken away again."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from iamdesk.export.access_map import AccessMap
from iamdesk.export.answer_words import short_arn
from iamdesk.gui.ask.completing_field import CompletingField
from iamdesk.gui.ask.lookups import Lookups
from iamdesk.gui.jobs import JobRunner
from iamdesk.gui.plain_text import plain_label
from iamdesk.gui.reverse.access_finder import AccessFinder
from iamdesk.gui.session import Session
from iamdesk.language import tr


class CompareBar(QWidget):
    """A field for the other principal, and whether only differences are shown."""

    found = Signal(object)
    """`AccessMap` of the other, or None: nothing is compared any more."""
    differences_wanted = Signal(bool)

    def __init__(
        self, session: Session, jobs: JobRunner, failed: Callable[[Exception], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._lookups = Lookups(session, jobs, self)
        self._finder = AccessFinder(jobs, failed, self, "what can other")
        self.other = ""
        """ARN of whom is compared with; empty for nobody."""
        self.field = CompletingField(tr("Principal to compare with"))
        self.field.setObjectName("compareWith")
        self.field.setPlaceholderText(tr("a user or a role …"))
        self.field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.only = QCheckBox(tr("Only &differences"))
        self.only.setAccessibleName(self.only.text().replace("&", ""))
        self.close_button = QPushButton(tr("Do not compare"))
        self.close_button.setAccessibleName(self.close_button.text())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(plain_label(tr("Compare &with"), buddy=self.field))
        layout.addWidget(self.field, 1)
        layout.addWidget(self.only)
        layout.addWidget(self.close_button)
        self.field.show_resting(short_arn)
        self.field.wanted.connect(lambda text: self._lookups.suggest_principals(self.field, text))
        self.field.taken.connect(lambda _completion: self._find())
        self.field.submitted.connect(self._submitted)
        self.only.toggled.connect(self.differences_wanted)
        self.close_button.clicked.connect(self.leave)
        self._finder.found.connect(self._take)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self._escape)
        session.snapshot_closed.connect(self._forget)
        self.hide()

    @property
    def name(self) -> str:
        """The other principal, as people say it."""
        return self.other.rpartition("/")[2] or self.other

    def begin(self) -> None:
        """Ask for the other principal."""
        self.show()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.field.selectAll()

    def compare_with(self, principal: str) -> None:
        """Put a principal beside."""
        self.show()
        self.field.setText(principal)
        self._find()

    def leave(self) -> None:
        """Compare no more."""
        self._finder.stop()
        self.other = ""
        self.field.close_popup()
        self.field.clear()
        self.only.setChecked(False)
        self.hide()
        self.found.emit(None)

    def _escape(self) -> None:
        """Close the suggestions where they are open, else compare no more."""
        if self.field.offered:
            self.field.close_popup()
        else:
            self.leave()

    def _submitted(self) -> None:
        """Take what was typed: an ARN, or a name that one principal alone bears."""
        text = self.field.text().strip()
        if text.startswith("arn:"):
            self._find()
        elif text:
            self._lookups.principals_called(
                text,
                lambda rows: (
                    self.field.take(rows[0])
                    if len(rows) == 1
                    else self._session.announce(tr("No single principal is called so: choose one from the list."))
                ),
            )

    def _find(self) -> None:
        opened, principal = self._session.snapshot, self.field.text().strip()
        if opened is not None and principal:
            self.other = principal
            self._finder.find(opened, principal, self.name)

    def _take(self, key: str, found: AccessMap) -> None:
        if key == self.other:
            self.found.emit(found)

    def _forget(self) -> None:
        self._finder.forget()
        self.leave()
