"""The result of verifying an evidence package: one row for each check, failed ones first."""

from collections.abc import Collection, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from iamdesk.export.evidence.closing import closing_lines
from iamdesk.export.evidence.result import Outcome, Result
from iamdesk.export.evidence.signing import Role
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import plain_label, visible
from iamdesk.gui.review.sign_dialog import ROLE_WORDS
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr, translate

_MARKS = {Outcome.PASSED: Mark.ALLOWED, Outcome.FAILED: Mark.EXPLICIT_DENY, Outcome.NOT_DONE: Mark.UNKNOWN}
_ORDER = (Outcome.FAILED, Outcome.NOT_DONE, Outcome.PASSED)


class VerifyDialog(QDialog):
    """Shows the result; not modal."""

    again = Signal()
    """It is to be verified once more, with what the fields say now."""

    def __init__(
        self,
        name: str,
        results: Sequence[Result],
        parent: QWidget | None,
        prompts: FileDialogs,
        signers: str = "",
        required: Collection[Role] = (),
    ) -> None:
        """Create the dialog.

        Args:
            name: Of the package.
            results: Of its verification.
            parent: Parent widget.
            prompts: Asks for files.
            signers: Path of the file of known keys that it was verified with; empty: no key was known.
            required: Roles that had to be signed with a key.
        """
        super().__init__(parent)
        self._prompts = prompts
        self.signers = QLineEdit(signers)
        self.required = QComboBox()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("verifyDialog")
        self.setWindowTitle(visible(tr("Verified: {name}").format(name=name)))
        failed = sum(one.outcome is Outcome.FAILED for one in results)
        passed = sum(one.outcome is Outcome.PASSED for one in results)
        self.sentence = FlowLabel(
            tr("{passed} checks passed and {failed} failed.").format(passed=number(passed), failed=number(failed))
            if failed
            else tr("All {passed} checks that could be run passed.").format(passed=number(passed))
        )
        self.closing = FlowLabel("\n".join(visible(translate(line)) for line in closing_lines(results)))
        self.closing.setObjectName("verifyClosing")
        self.table = QTreeWidget()
        self.table.setObjectName("verifyTable")
        self.table.setAccessibleName(tr("Checks of the evidence package"))
        self.table.setRootIsDecorated(False)
        self.table.setHeaderLabels([tr("Result"), tr("Check"), tr("Description")])
        self.table.setUniformRowHeights(True)
        for one in sorted(results, key=lambda result: _ORDER.index(result.outcome)):
            item = QTreeWidgetItem(
                [tr(one.outcome.value), visible(translate(one.name)), visible(translate(one.sentence))]
            )
            item.setIcon(0, icons.icon(_MARKS[one.outcome], self.palette()))
            self.table.addTopLevelItem(item)
        header = self.table.header()
        for column in (0, 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        first = self.table.topLevelItem(0)
        if first is not None:
            self.table.setCurrentItem(first)
        layout = QVBoxLayout(self)
        layout.addWidget(self.sentence)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.closing)
        layout.addLayout(self._keys(required))
        unit = self.fontMetrics().averageCharWidth()
        self.resize(unit * 130, unit * 70)

    @property
    def required_roles(self) -> frozenset[Role]:
        """Roles in which the package has to be signed with a key."""
        role = self.required.currentData()
        return frozenset() if role is None else frozenset({Role(role)})

    def _keys(self, required: Collection[Role]) -> QHBoxLayout:
        """Return the row that says whose keys are known, and which signature is required."""
        self.signers.setObjectName("verifySigners")
        self.signers.setAccessibleName(tr("Allowed signers"))
        self.signers.setPlaceholderText(tr("allowed_signers file of ssh-keygen, to compare the keys with"))
        choose = QPushButton(tr("Choose…"))
        choose.setObjectName("verifyChooseSigners")
        choose.setAccessibleName(tr("Choose {what}").format(what=tr("Allowed signers")))
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose)
        self.required.setObjectName("verifyRequired")
        self.required.setAccessibleName(tr("Signature that is required"))
        self.required.addItem(tr("No signature required"), None)
        for role, word in ROLE_WORDS.items():
            self.required.addItem(tr("Required: {role}").format(role=tr(word)), role)
            if role in required:
                self.required.setCurrentIndex(self.required.count() - 1)
        self.again_button = QPushButton(tr("Verify a&gain"))
        self.again_button.setObjectName("verifyAgain")
        self.again_button.setAutoDefault(False)
        self.again_button.clicked.connect(self.again)
        row = QHBoxLayout()
        row.addWidget(plain_label(tr("&Known keys"), buddy=self.signers))
        row.addWidget(self.signers, 1)
        for widget in (choose, self.required, self.again_button):
            row.addWidget(widget)
        return row

    def _choose(self) -> None:
        path = self._prompts.file_to_open(self, tr("Allowed signers"), Path.home(), tr("All files (*)"))
        if path is not None:
            self.signers.setText(str(path))
