"""Checks the review: its file as a whole, and whether it still holds what signed checkpoints have."""

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QSpinBox, QTreeWidgetItem, QVBoxLayout, QWidget

from iamdesk.errors import Damage
from iamdesk.export.evidence.checkpoint import (
    CheckpointState,
    checkpoint_state,
    read_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
)
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import plain_label, visible
from iamdesk.gui.core.settings import CheckpointChoices
from iamdesk.gui.review.checkpoint_controller import CheckpointController
from iamdesk.gui.review.coordination_window import Coordination, CoordinationWindow, fill_table, row_item
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.gui.widgets.message_bar import Tone
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import error_words, mark, ntr, tr, translate
from iamdesk.progress import Cancelled, Progress, WorkCancelled
from iamdesk.review.session import ReviewSession

_USUAL_EVERY, _MOST = 20, 10_000
_ALL_FILES = mark("All files (*)")
_MAX_DAMAGES = 3


class CheckpointStatus(Enum):
    """What a checkpoint says about the review now."""

    HOLDS = mark("Unchanged")
    CHANGED = mark("Changed")
    NOT_SIGNED = mark("Signature not accepted")
    UNREADABLE = mark("Unreadable")


_MARKS = {
    CheckpointStatus.HOLDS: Mark.ALLOWED,
    CheckpointStatus.CHANGED: Mark.EXPLICIT_DENY,
    CheckpointStatus.NOT_SIGNED: Mark.UNKNOWN,
    CheckpointStatus.UNREADABLE: Mark.UNKNOWN,
}


class CheckedCheckpoint(NamedTuple):
    """A checkpoint that was verified."""

    name: str
    status: CheckpointStatus
    why: str
    decisions: int = 0
    signer: str = ""
    moment: str = ""
    """When it was signed, as the signer says. UTC, ISO 8601."""


class CheckedReview(NamedTuple):
    """A review that was checked."""

    damages: tuple[Damage, ...]
    """What the file itself shows: journal, rules for decisions, seals."""
    state: CheckpointState
    checkpoints: list[CheckedCheckpoint]


class CheckpointsWindow(CoordinationWindow):
    """The choices are kept as they are made. File and checkpoints are checked when the window opens."""

    def __init__(self, about: Coordination, checkpoints: CheckpointController, parent: QWidget) -> None:
        super().__init__(about, parent, name="checkpoints", title=tr("Checkpoints"))
        self._checkpoints = checkpoints
        choices = checkpoints.choices
        self.whole = FlowLabel()
        self.whole.setObjectName("checkpointsWhole")
        self.sentence = FlowLabel()
        self.sentence.setObjectName("checkpointsSentence")
        self.key, self.folder_field, self.signers = (
            QLineEdit(choices.key or about.signing_key),
            QLineEdit(choices.folder),
            QLineEdit(about.allowed_signers),
        )
        self.by_number = QCheckBox(tr("Sign one after e&very"))
        self.every = QSpinBox()
        self.on_closing = QCheckBox(tr("Sign one when the re&view is closed"))
        self.list = self.table(
            "Table",
            tr("Checkpoints of the review"),
            [tr("Result"), tr("Decisions"), tr("Signed by"), tr("Signed (UTC)"), tr("File"), tr("Description")],
        )
        self.check_button = self.button(tr("&Check again"), "Check")
        self.sign_button = self.button(tr("&Sign now"), "Sign")
        self._lay_out()
        self.by_number.setChecked(choices.every > 0)
        self.every.setRange(1, _MOST)
        self.every.setGroupSeparatorShown(True)
        self.every.setValue(choices.every or _USUAL_EVERY)
        self.on_closing.setChecked(choices.on_closing)
        self._connect()
        self.size_for(140, 34)
        self.list.setFocus()
        self.read()

    def _lay_out(self) -> None:
        note = FlowLabel(
            tr(
                "A checkpoint is a small signed file that names the last decision. If a review is rewritten as "
                "a whole, only something signed that is kept where its preparer cannot write shows it."
            )
        )
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addWidget(note)
        for field, name, title, hint, chooses_folder in (
            (self.key, "Key", tr("SSH &key"), tr("Private key; one with a passphrase must be in ssh-agent"), False),
            (self.folder_field, "Folder", tr("F&older"), tr("Beside the review"), True),
            (
                self.signers,
                "Signers",
                tr("A&llowed signers"),
                tr("allowed_signers file of ssh-keygen, to compare the keys with"),
                False,
            ),
        ):
            layout.addLayout(self._row_of(field, name, title, hint, chooses_folder=chooses_folder))
        self.by_number.setObjectName("checkpointsByNumber")
        self.every.setObjectName("checkpointsEvery")
        self.every.setAccessibleName(tr("Number of decisions between two checkpoints"))
        self.on_closing.setObjectName("checkpointsOnClosing")
        when = QHBoxLayout()
        when.addWidget(self.by_number)
        when.addWidget(self.every)
        when.addWidget(plain_label(tr("decisions")))
        when.addSpacing(self.fontMetrics().averageCharWidth() * 4)
        when.addWidget(self.on_closing)
        when.addStretch(1)
        layout.addLayout(when)
        layout.addWidget(self.whole)
        layout.addWidget(self.sentence)
        layout.addWidget(self.list, 1)
        layout.addLayout(self.bottom(self.check_button, self.sign_button))

    def _row_of(self, field: QLineEdit, name: str, title: str, hint: str, *, chooses_folder: bool) -> QHBoxLayout:
        words = title.replace("&", "")
        field.setObjectName(f"checkpoints{name}")
        field.setAccessibleName(words)
        field.setPlaceholderText(hint)
        label = plain_label(title, buddy=field)
        label.setMinimumWidth(self.fontMetrics().horizontalAdvance(tr("A&llowed signers")))
        choose = self.button(tr("Choose…"), f"Choose{name}")
        choose.setAccessibleName(tr("Choose {what}").format(what=words))
        choose.clicked.connect(lambda: self._choose(field, words, chooses_folder=chooses_folder))
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(field, 1)
        row.addWidget(choose)
        return row

    def _connect(self) -> None:
        self.key.textChanged.connect(lambda _text: self._keep())
        self.folder_field.editingFinished.connect(self._keep)
        self.signers.editingFinished.connect(self.read)
        self.by_number.toggled.connect(lambda _on: self._keep())
        self.every.valueChanged.connect(lambda _value: self._keep())
        self.on_closing.toggled.connect(lambda _on: self._keep())
        self.check_button.clicked.connect(self.read)
        self.sign_button.clicked.connect(self.sign)

    def _choose(self, field: QLineEdit, words: str, *, chooses_folder: bool) -> None:
        title = tr("Choose {what}").format(what=words)
        path = (
            self._prompts.folder_to_choose(self, title, self.folder)
            if chooses_folder
            else self._prompts.file_to_open(self, title, self.folder, tr(_ALL_FILES))
        )
        if path is not None:
            field.setText(str(path))
            field.editingFinished.emit()

    def _keep(self) -> None:
        """Keep the choices; nothing is signed by itself without a key."""
        before = self._checkpoints.folder
        self._checkpoints.choose(
            CheckpointChoices(
                self.key.text().strip(),
                self.folder_field.text().strip(),
                self.every.value() if self.by_number.isChecked() else 0,
                self.on_closing.isChecked(),
            )
        )
        if self._checkpoints.folder != before:
            self.read()
        self.refresh()

    def read(self) -> None:
        """Check the file and verify every checkpoint, in a worker."""
        if self.is_running:
            return
        review_session, folder, allowed = self.about.review_session, self._checkpoints.folder, self._allowed()

        def work(progress: Progress, cancelled: Cancelled) -> CheckedReview:
            return _checked(review_session, folder, allowed, progress, cancelled)

        self.run(tr("Checking the review"), work, self._show, "checkpoints")

    def _allowed(self) -> Path | None:
        text = self.signers.text().strip()
        return Path(text).expanduser() if text else None

    def _show(self, found: CheckedReview) -> None:
        damages, state, checked = found
        self.whole.setText(_words_of(damages, state.entries))
        fill_table(self.list, [self._row(one) for one in checked])
        words = ntr(
            "{count} decision or second approval was recorded since the last checkpoint.",
            "{count} decisions and second approvals were recorded since the last checkpoint.",
            state.since,
        )
        if not state.files:
            words = tr("There is no checkpoint of this review in the folder.")
        self.sentence.setText(words.format(count=number(state.since)))

    def _row(self, one: CheckedCheckpoint) -> QTreeWidgetItem:
        count = number(one.decisions) if one.signer else ""
        row = row_item([tr(one.status.value), count, one.signer, one.moment[:16].replace("T", " "), one.name, one.why])
        row.setIcon(0, icons.icon(_MARKS[one.status], self.palette()))
        return row

    def sign(self) -> None:
        """Sign what the review holds now, in a worker."""
        review_session, name, key = self.about.review_session, self.about.actor().name, Path(self.key.text().strip())
        folder, allowed = self._checkpoints.folder, self._allowed()

        def work(progress: Progress, cancelled: Cancelled) -> tuple[str, CheckedReview]:
            made, _signoff = sign_checkpoint(review_session.file, name, key=key.expanduser(), asks=False, folder=folder)
            return made.name, _checked(review_session, folder, allowed, progress, cancelled)

        def signed(result: tuple[str, CheckedReview]) -> None:
            made, found = result
            self._show(found)
            self.message.say(Tone.NOTE, tr("Checkpoint signed: {name}.").format(name=made))
            self._checkpoints.changed.emit()

        self.run(tr("Signing a checkpoint"), work, signed, "checkpoints")

    def refresh(self) -> None:
        """Enable what can be used now."""
        super().refresh()
        has_key = bool(self.key.text().strip())
        for widget in (self.by_number, self.on_closing):
            widget.setEnabled(has_key)
        self.every.setEnabled(has_key and self.by_number.isChecked())
        self.check_button.setEnabled(not self.is_running)
        self.sign_button.setEnabled(has_key and not self.is_running)


def _checked(
    review_session: ReviewSession, folder: Path | None, allowed: Path | None, progress: Progress, cancelled: Cancelled
) -> CheckedReview:
    """Check a review as when it is opened, and verify its checkpoints, the last first."""
    file = review_session.file
    with file.copied() as copy:  # decisions may be recorded meanwhile
        damages = copy.damages()
    state = checkpoint_state(file, folder)
    found: list[CheckedCheckpoint] = []
    for done, path in enumerate(state.files):
        if cancelled():
            raise WorkCancelled
        progress(done, len(state.files))
        try:
            count, one = read_checkpoint(path)
            signature, *content = verify_checkpoint(file, path, allowed)
        except ExportError as error:
            found.append(CheckedCheckpoint(path.name, CheckpointStatus.UNREADABLE, f"{error_words(error)}."))
            continue
        status = CheckpointStatus.HOLDS
        if signature.outcome is not Outcome.PASSED:
            status = CheckpointStatus.NOT_SIGNED
        elif any(each.outcome is not Outcome.PASSED for each in content):
            status = CheckpointStatus.CHANGED
        why = " ".join(translate(each.sentence) for each in (*content, signature))
        found.append(CheckedCheckpoint(path.name, status, why, count, one.name, one.utc))
    return CheckedReview(damages, state, found)


def _words_of(damages: Sequence[Damage], entries: int) -> str:
    if not damages:
        words = ntr(
            "The file itself shows no change: {count} chained decision or second approval.",
            "The file itself shows no change: {count} chained decisions and second approvals.",
            entries,
        )
        return words.format(count=number(entries))
    lines_of_checks = "\n".join(
        visible(tr("{place}: {sentence}").format(place=translate(one.place), sentence=translate(one.sentence)))
        for one in damages[:_MAX_DAMAGES]
    )
    words = ntr(
        "The file was changed or damaged in {count} place.",
        "The file was changed or damaged in {count} places.",
        len(damages),
    )
    return f"{words.format(count=number(len(damages)))}\n{lines_of_checks}"
