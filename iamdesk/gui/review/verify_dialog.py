"""The result of verifying an evidence package, a row for each check, failed ones first; and what to compare it with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QGridLayout,
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
from iamdesk.gui.core.plain_text import plain_label, set_cell_tooltip, visible
from iamdesk.gui.core.text_size import resize_within_screen
from iamdesk.gui.review.sign_dialog import ROLE_WORDS
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, tr, translate

PACKAGES = mark("Evidence packages (00_manifest.json *.zip)")
_MARKS = {
    Outcome.PASSED: Mark.ALLOWED,
    Outcome.FAILED: Mark.EXPLICIT_DENY,
    Outcome.NOTE: Mark.UNKNOWN,
    Outcome.NOT_DONE: Mark.UNKNOWN,
}
_ORDER = (Outcome.FAILED, Outcome.NOTE, Outcome.NOT_DONE, Outcome.PASSED)


@dataclass(frozen=True, slots=True)
class VerifyChoices:
    """What a package is compared with, as paths, and who must have signed it. Empty: nothing, or what is at hand."""

    signers: str = ""
    """Known keys, an ``allowed_signers`` file of ``ssh-keygen``."""
    authorities: str = ""
    """Certificates (PEM) of known timestamp authorities."""
    notes: str = ""
    """Files kept elsewhere that must name the digest of the manifest, separated by semicolons."""
    snapshot: str = ""
    """Empty: the copy in the package."""
    previous: str = ""
    """The package of the previous review; empty: the one beside the package, if it is there."""
    required: frozenset[Role] = frozenset()
    """Roles in which the package must be signed with a key."""

    @property
    def note_paths(self) -> tuple[Path, ...]:
        """The notes; a semicolon that belongs to the name of an existing file separates nothing."""
        whole = path_of(self.notes)
        if whole is None or whole.exists():
            return () if whole is None else (whole,)
        return tuple(path for one in self.notes.split(";") if (path := path_of(one)) is not None)


def path_of(text: str) -> Path | None:
    """Return what was entered as a path; None for nothing."""
    return Path(text.strip()).expanduser() if text.strip() else None


def package_at(chosen: Path | None) -> Path | None:
    """Return the package of a chosen file: its folder, if that is its manifest."""
    return chosen.parent if chosen is not None and chosen.name == "00_manifest.json" else chosen


class VerifyDialog(QDialog):
    """Shows the result; not modal."""

    again = Signal()
    """It is to be verified once more, with what the fields say now."""

    def __init__(
        self,
        package: Path,
        results: Sequence[Result],
        parent: QWidget | None,
        prompts: FileDialogs,
        choices: VerifyChoices = VerifyChoices(),
    ) -> None:
        """Create the dialog.

        Args:
            package: The package.
            results: Of its verification.
            parent: Parent widget.
            prompts: Asks for files.
            choices: What it was compared with.
        """
        super().__init__(parent)
        self._prompts = prompts
        self._folder = package.absolute().parent
        self.signers = QLineEdit(choices.signers)
        self.authorities = QLineEdit(choices.authorities)
        self.notes = QLineEdit(choices.notes)
        self.snapshot = QLineEdit(choices.snapshot)
        self.previous = QLineEdit(choices.previous)
        self.required = {role: QCheckBox(tr(word)) for role, word in ROLE_WORDS.items()}
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("verifyDialog")
        self.setWindowTitle(visible(tr("Verified: {name}").format(name=package.name)))
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
            set_cell_tooltip(item, 2, translate(one.sentence))
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
        layout.addLayout(self._compared_with())
        layout.addLayout(self._last_row(choices.required))
        unit = self.fontMetrics().averageCharWidth()
        resize_within_screen(self, unit * 130, unit * 78)

    @property
    def choices(self) -> VerifyChoices:
        """What is entered now."""
        return VerifyChoices(
            self.signers.text().strip(),
            self.authorities.text().strip(),
            self.notes.text().strip(),
            self.snapshot.text().strip(),
            self.previous.text().strip(),
            frozenset(role for role, box in self.required.items() if box.isChecked()),
        )

    def set_running(self, *, is_running: bool, why: str = "") -> None:
        """Say that the package is verified again, or ``why`` that could not be done; the result is shown until then."""
        self.again_button.setEnabled(not is_running)
        if why:
            self.sentence.setText(why)

    def _compared_with(self) -> QGridLayout:
        """Return the rows that say what the package is compared with."""
        grid = QGridLayout()
        home = Path.home()
        rows: tuple[tuple[QLineEdit, str, str, str, Callable[[str], str]], ...] = (
            (
                self.signers,
                "Signers",
                tr("&Known keys"),
                tr("allowed_signers file of ssh-keygen, to compare the keys with"),
                lambda title: self._file(title, home),
            ),
            (
                self.authorities,
                "Authorities",
                tr("&Timestamp authorities"),
                tr("certificates (PEM) of authorities that you know, to verify timestamps"),
                lambda title: self._file(title, home),
            ),
            (
                self.notes,
                "Notes",
                tr("&Notes kept elsewhere"),
                tr("files that must name the SHA-256 of the manifest, such as a git tag; separated by semicolons"),
                lambda title: "; ".join(
                    map(str, self._prompts.files_to_open(self, title, self._folder, tr("All files (*)")))
                ),
            ),
            (
                self.snapshot,
                "Snapshot",
                tr("&Snapshot"),
                tr("the copy in the package"),
                lambda title: _text(self._prompts.snapshot_to_open(self, self._folder, title)),
            ),
            (
                self.previous,
                "Previous",
                tr("&Previous package"),
                tr("the package of the previous review, if it is in the same folder"),
                lambda title: _text(package_at(self._prompts.file_to_open(self, title, self._folder, tr(PACKAGES)))),
            ),
        )
        for at, (field, name, title, hint, ask) in enumerate(rows):
            words = title.replace("&", "")
            field.setObjectName(f"verify{name}")
            field.setAccessibleName(words)
            field.setPlaceholderText(hint)
            field.setMinimumWidth(self.fontMetrics().averageCharWidth() * 40)
            choose = QPushButton(tr("Choose…"))
            choose.setObjectName(f"verifyChoose{name}")
            choose.setAccessibleName(tr("Choose {what}").format(what=words))
            choose.setAutoDefault(False)
            choose.clicked.connect(partial(self._choose, field, words, ask))
            grid.addWidget(plain_label(title, buddy=field), at, 0)
            grid.addWidget(field, at, 1)
            grid.addWidget(choose, at, 2)
        return grid

    def _last_row(self, required: frozenset[Role]) -> QHBoxLayout:
        """Return the row with the signatures that are required, and *Verify again*."""
        self.again_button = QPushButton(tr("Verify a&gain"))
        self.again_button.setObjectName("verifyAgain")
        self.again_button.setAutoDefault(False)
        self.again_button.clicked.connect(self.again)
        row = QHBoxLayout()
        row.addWidget(plain_label(tr("Required signatures")))
        for role, box in self.required.items():
            box.setObjectName(f"verifyRequired_{role.value}")
            box.setAccessibleName(tr("Required: {role}").format(role=tr(ROLE_WORDS[role])))
            box.setChecked(role in required)
            row.addWidget(box)
        row.addStretch(1)
        row.addWidget(self.again_button)
        return row

    def _file(self, title: str, folder: Path) -> str:
        return _text(self._prompts.file_to_open(self, title, folder, tr("All files (*)")))

    def _choose(self, field: QLineEdit, words: str, ask: Callable[[str], str]) -> None:
        if chosen := ask(tr("Choose {what}").format(what=words)):
            field.setText(chosen)


def _text(path: Path | None) -> str:
    return "" if path is None else str(path)
