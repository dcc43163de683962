"""Why was this denied: paste an error message, check what was read from it, and evaluate it on the snapshot."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from iamdesk.denials.denial import Agreement, Denial, DenialError, Why
from iamdesk.errors import SnapshotError
from iamdesk.export.decision.denial import check_cells, reason_of_aws
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.plain_text import menu_text, plain_label, set_cell_tooltip, visible
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.text_size import resize_within_screen
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.i18n import error_words, tr, translate

_TONES = {
    Agreement.SAME: Tone.NOTE,
    Agreement.DENIED: Tone.NOTE,
    Agreement.OTHER: Tone.WARNING,
    Agreement.DEPENDS: Tone.WARNING,
    Agreement.ALLOWED: Tone.WARNING,
    Agreement.NOT_ASKED: Tone.ERROR,
}


class DenialDialog(QDialog):
    """Not modal; deletes itself when it closes. Everything that was read can be corrected before the evaluation."""

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._denials: tuple[Denial, ...] = ()
        self._reading: Job | None = None
        self._asking: Job | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("whyDialog")
        self.setWindowTitle(tr("Why was this denied?"))
        self.pasted = QPlainTextEdit()
        self.pasted.setObjectName("whyMessage")
        self.pasted.setAccessibleName(tr("The error message, or a record as JSON"))
        self.pasted.setPlaceholderText(
            tr("Paste an error message, a CloudTrail event, a decoded authorization message or authorization details.")
        )
        self.pasted.setTabChangesFocus(True)
        self.choice = QComboBox()
        self.choice.setObjectName("whyChoice")
        self.choice.setAccessibleName(tr("Denied request"))
        self.principal, self.action, self.resource = (
            self._field(name) for name in (tr("Principal"), tr("Action"), tr("Resource"))
        )
        self.message_content = plain_label(wrap=True, selectable=True)
        self.message_content.setObjectName("whySaid")
        self.message_content.setAccessibleName(tr("Content of the message"))
        self.decision_bar = MessageBar(closable=False)
        self.decision_bar.setObjectName("whyAnswer")
        self.checks = QTreeWidget()
        self.checks.setObjectName("whyChecks")
        self.checks.setAccessibleName(tr("AWS's checks compared with the snapshot"))
        self.checks.setHeaderLabels([tr("Policy type"), tr("AWS"), tr("Snapshot"), tr("Agree")])
        self.checks.setRootIsDecorated(False)
        self.ask_button = QPushButton(tr("Evaluate on the snapshot"))
        self.ask_button.setObjectName("whyAsk")
        self.show_button = QPushButton(tr("Show full result"))
        self.show_button.setObjectName("whyShow")
        self._why: Why | None = None
        self._lay_out()
        self.pasted.textChanged.connect(self._read)
        self.choice.currentIndexChanged.connect(lambda _row: self._show_denial())
        self.ask_button.clicked.connect(self._ask)
        self.show_button.clicked.connect(self._show_result)
        for field in (self.principal, self.action, self.resource):
            field.textEdited.connect(lambda _text: self._clear_result())
        enter = QShortcut(QKeySequence("Ctrl+Return"), self)
        enter.activated.connect(self._ask)
        session.snapshot_closed.connect(self.close)
        self.finished.connect(self._stop)
        self._show_denial()

    def _field(self, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(f"why{name}")
        field.setAccessibleName(name)
        return field

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(tr("&Request"), self.choice)
        form.addRow(tr("&Principal"), self.principal)
        form.addRow(tr("&Action"), self.action)
        form.addRow(tr("&Resource"), self.resource)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.ask_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.show_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.pasted, 2)
        layout.addLayout(form)
        layout.addWidget(self.message_content)
        layout.addWidget(self.decision_bar)
        layout.addWidget(self.checks, 1)
        layout.addWidget(buttons)
        self._form = form
        unit = self.fontMetrics().averageCharWidth()
        resize_within_screen(self, unit * 110, self.fontMetrics().lineSpacing() * 30)

    def read(self, text: str) -> None:
        """Enter a message, as if it had been pasted; another one replaces it."""
        self.pasted.setPlainText(text)
        self.pasted.selectAll()

    def _read(self) -> None:
        """Read the denied request from the text; only the latest text counts."""
        opened, text = self._session.snapshot, self.pasted.toPlainText()
        if opened is None:
            return
        self._reading = self._jobs.run(
            tr("Reading the message"),
            lambda _progress, _cancelled: opened.read_denials(text) if text.strip() else (),
            done=self._take,
            failed=self._refuse,
            topic="denial",
        )

    def _take(self, denials: tuple[Denial, ...]) -> None:
        self._denials = denials
        self.choice.blockSignals(True)
        self.choice.clear()
        for number, denial in enumerate(denials, 1):
            asked = tr("{action} on {resource}").format(
                action=denial.action or tr("an action that is not named"),
                resource=denial.resource or tr("a resource that is not named"),
            )
            self.choice.addItem(menu_text(f"{number}. {visible(asked)}").replace("&&", "&"))
        self.choice.blockSignals(False)
        self._show_denial()
        if len(denials) == 1 and denials[0].principal and denials[0].action:
            self._ask()

    def _refuse(self, error: Exception) -> None:
        self._take(())
        if not isinstance(error, DenialError):
            raise error
        self.decision_bar.say(Tone.ERROR, error_words(error))

    def _denial(self) -> Denial | None:
        row = self.choice.currentIndex()
        return self._denials[row] if 0 <= row < len(self._denials) else None

    def _show_denial(self) -> None:
        denial = self._denial()
        self._form.setRowVisible(self.choice, len(self._denials) > 1)
        fields = (self.principal, self.action, self.resource)
        for field in fields:
            field.setEnabled(denial is not None)
            field.clear()
        self._clear_result()
        self.message_content.setVisible(denial is not None)
        if denial is None:
            return
        values = (denial.principal, denial.action, denial.resource)
        hints = ("", tr(" or ").join(denial.actions[:8]), denial.resource_text or "")
        for field, value, hint in zip(fields, values, hints, strict=True):
            field.setText(value or "")
            field.setPlaceholderText(hint or tr("not in the message: enter it here"))
            field.setCursorPosition(0)
        lines = [
            tr("Read from: {form}.").format(form=tr(denial.form.value)),
            translate(reason_of_aws(denial)),
            *map(translate, denial.remarks),
        ]
        self.message_content.setText("\n".join(visible(line) for line in lines if line))

    def _clear_result(self) -> None:
        self._why = None
        self.decision_bar.clear()
        self.checks.clear()
        self.checks.hide()
        self.ask_button.setEnabled(self._denial() is not None)
        self.show_button.setEnabled(False)

    def _ask(self) -> None:
        opened, denial = self._session.snapshot, self._denial()
        if opened is None or denial is None:
            return
        principal, action, resource = (
            field.text().strip() or None for field in (self.principal, self.action, self.resource)
        )
        self._asking = self._jobs.run(
            tr("Explaining the denial"),
            lambda _progress, _cancelled: opened.why(denial, principal=principal, action=action, resource=resource),
            done=self._show_why,
            failed=self._show_error,
            topic="why",
        )

    def _show_error(self, error: Exception) -> None:
        if not isinstance(error, SnapshotError):
            raise error
        self.decision_bar.say(Tone.ERROR, f"{error_words(error)}.")

    def _show_why(self, why: Why) -> None:
        self._why = why
        self.decision_bar.say(_TONES[why.agreement], translate(why.sentence))
        self.show_button.setEnabled(why.decision is not None)
        self.show_button.setDefault(why.decision is not None)
        if self.pasted.hasFocus() and why.decision is not None:
            self.show_button.setFocus(Qt.FocusReason.OtherFocusReason)  # Return shows all of it, with the changes
        self.checks.clear()
        for comparison in why.comparisons:
            item = QTreeWidgetItem([translate(cell) for cell in check_cells(comparison)])
            matched = "\n".join(f"{translate(policy)} {sid}".strip() for policy, sid in comparison.statements)
            set_cell_tooltip(item, 0, "\n".join(line for line in (comparison.target, matched) if line))
            self.checks.addTopLevelItem(item)
        for column in range(4):
            self.checks.resizeColumnToContents(column)
        self.checks.setVisible(bool(why.comparisons))
        self._session.announce(translate(why.sentence))

    def _stop(self) -> None:
        """Cancel everything: the dialog is about to close."""
        for job in (self._reading, self._asking):
            if job is not None:
                job.cancel()

    def _show_result(self) -> None:
        """Show the result in the result panel, and the request in the request bar; this dialog would cover them."""
        if self._why is not None and self._why.decision is not None:
            self._session.show_decision(self._why.decision)
            self.close()
