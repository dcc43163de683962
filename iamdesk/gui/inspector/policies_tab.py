"""The Policies tab: the list of policies, and the text of the selected one with the marks of the result."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from iamdesk.evaluate.request import PolicyType
from iamdesk.explain.decision import EvalDecision, EvaluationResult, StatementExplanation
from iamdesk.gui.inspector.highlights import same_text
from iamdesk.gui.inspector.policy_list import Entry, PolicyList, entries_from, entries_of, entry_for
from iamdesk.gui.inspector.policy_reader import PolicyReader
from iamdesk.i18n import tr, translate
from iamdesk.viewmodel.types import PolicyRole, Subject

if TYPE_CHECKING:
    from iamdesk.api import Details
    from iamdesk.viewmodel.types import PolicyView


class PoliciesTab(QWidget):
    """Shows the policies of a subject, and those of a result."""

    key_chosen = Signal(str)
    """Key of a policy that is to be selected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._details: Details | None = None
        self._subject: Subject | None = None
        self._decision: EvaluationResult | None = None
        self._is_own = True
        self._guest: Entry | None = None
        """A policy that was opened by a link and that neither subject nor result lists."""
        self.list = PolicyList()
        self.reader = PolicyReader("policyView")
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setObjectName("policiesSplitter")
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.reader)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)
        self.list.entry_chosen.connect(self._show)
        self.list.opened.connect(lambda entry: self.key_chosen.emit(entry.key))
        self.reader.version_wanted.connect(self._show_version)

    @property
    def count(self) -> int:
        """The number of policies of the subject."""
        return len(self._subject.policies) if self._subject is not None else 0

    def show_subject(self, details: "Details | None", subject: Subject | None) -> None:
        """Show the policies of another subject, given by its ``details``."""
        is_other = subject is None or self._subject is None or subject.key != self._subject.key
        self._details, self._subject, self._guest = details, subject, None
        self.reader.read = details.readings if details is not None else None
        self._fill(from_own=is_other)

    def show_decision(self, decision: EvaluationResult | None, *, is_own: bool = True) -> None:
        """Show the marks of another result; of the subject's own, also the other policies that were evaluated."""
        self._decision, self._is_own = decision, is_own
        self._fill()
        self.reader.show_result(decision)

    def show_deciding(self, decision: EvaluationResult) -> None:
        """Open the deciding policy: one that denies by itself, if there is one."""
        lines = decision.statements
        if decision.decision is EvalDecision.IMPLICIT_DENY:
            blocking = [policy_type for policy_type in decision.layers if policy_type.layer in decision.blocked_by]
            lines = tuple(line for policy_type in blocking for line in policy_type.statements) or lines
            if any(
                policy_type.layer is PolicyType.PERMISSIONS_BOUNDARY and not policy_type.statements
                for policy_type in blocking
            ):
                own = self._subject.policies if self._subject is not None else ()
                if any(self.list.go_to(line.key) for line in own if line.role is PolicyRole.BOUNDARY):
                    return
        if lines:
            self.show_statement(lines[0])

    def show_statement(self, line: StatementExplanation) -> None:
        """Open the policy of a statement, and go to it."""
        if not self.list.go_to(line.policy_key):
            self._guest = entry_for(line)
            self._fill()
            self.list.go_to(line.policy_key)
        shown = self.reader.text.shown
        if shown is None or not same_text(shown, line.document):
            # Another version, or a policy of the request: show the text that was evaluated.
            self.reader.show_document(
                line.document, translate(line.policy_name), line.policy_key, result=self._decision
            )
        self.reader.go_to(line)

    def _fill(self, *, from_own: bool = False) -> None:
        """List the policies; with ``from_own`` the current one stays only if it is the subject's own."""
        own = entries_of(self._subject.policies) if self._subject is not None else []
        known = {entry.key for entry in own}
        blocking = entries_from(self._decision, known) if self._is_own else []
        if self._guest is not None and self._guest.key not in known | {entry.key for entry in blocking}:
            blocking.append(self._guest)
        self.list.show_entries(own, blocking, self._decision, from_own=from_own)
        # For a policy itself, the list would have one row: hide it.
        lines = self._subject.policies if self._subject is not None else ()
        self.list.setVisible(len(lines) != 1 or lines[0].role is not PolicyRole.SELF or bool(blocking))

    def _show(self, entry: Entry | None) -> None:
        if entry is None or self._details is None:
            why = tr("No policy") if self._subject is not None else ""
            self.reader.show_document(None, why)
            return
        view = self._details.policy(entry.key)
        if view is None:
            missing = tr("{name}: its text was not captured").format(name=entry.name)
            name = entry.name if entry.document is not None else missing
            self.reader.show_document(entry.document, name, entry.key, result=self._decision)
            return
        self._show_view(entry, view)

    def _show_version(self, version: str) -> None:
        entry = self.list.current_entry()
        view = self._details.policy(entry.key, version) if entry is not None and self._details is not None else None
        if entry is not None and view is not None:
            self._show_view(entry, view)

    def _show_view(self, entry: Entry, view: "PolicyView") -> None:
        versions = [
            (version, tr("{version}, default version").format(version=version) if version == view.in_force else version)
            for version in view.versions
        ]
        self.reader.show_document(view.document, entry.name, entry.key, versions, view.version, self._decision)
