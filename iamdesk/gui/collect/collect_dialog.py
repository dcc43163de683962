"""File > Collect from AWS…: asks what to collect, and shows progress and missing data."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from iamdesk.collect.options import INSTALL, Captured, CollectError, Options, Status, boto3_is_there, failed_call_lines
from iamdesk.collect.policy import policy_text
from iamdesk.collect.start import check, profile_names
from iamdesk.gui.collect.collect_form import CollectForm
from iamdesk.gui.collect.collect_process import collect_in_a_process
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import plain_label, visible, visible_lines
from iamdesk.gui.core.retranslation import translate_english
from iamdesk.gui.core.text_size import resize_within_screen
from iamdesk.gui.core.translate import capital
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.i18n import error_words, mark, ntr, tr
from iamdesk.progress import Cancelled, Progress

_BUNDLES = mark("Bundles (*.zip);;All files (*)")


class CollectDialog(QDialog):
    """Not modal. A capture continues while the dialog is closed."""

    collected = Signal(object, bool)
    """Captured, and whether the dialog was open then."""

    def __init__(self, jobs: JobRunner, prompts: FileDialogs, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("collectDialog")
        self.setWindowTitle(tr("Collect from AWS"))
        self._jobs = jobs
        self._prompts = prompts
        self._job: Job | None = None
        self._latest: Status | None = None
        self.problem_bar = MessageBar(closable=False)
        self.form = CollectForm(profile_names())
        self.form.browse.clicked.connect(self._browse)
        self.bar = QProgressBar()
        self.bar.setAccessibleName(tr("Progress of the capture"))
        self.bar.setTextVisible(False)
        self.how_far = plain_label()
        self.failed_calls = QPlainTextEdit()
        self.failed_calls.setObjectName("collectGaps")
        self.failed_calls.setAccessibleName(tr("What was not captured"))
        self.failed_calls.setReadOnly(True)
        self.collect_button = QPushButton(tr("&Collect"))
        self.collect_button.setDefault(True)
        self.collect_button.clicked.connect(self.start)
        self.policy_button = QPushButton(tr("Copy the required &policy"))
        self.policy_button.clicked.connect(self._copy_policy)
        self.close_button = QPushButton(tr("Close"))
        self.close_button.clicked.connect(self.close)
        self._lay_out()
        self._show_idle()
        if not boto3_is_there():
            self._show_missing()

    @property
    def is_running(self) -> bool:
        """Whether a capture is running."""
        return self._job is not None

    def start(self) -> None:
        """Start or cancel a capture."""
        if self._job is not None:
            self._job.cancel()
            return
        options = self.form.options()
        try:
            check(options)
        except CollectError as error:
            self.problem_bar.say(Tone.ERROR, _for_the_window(error_words(error)))
            return
        self._begin(options)

    def _begin(self, options: Options) -> None:
        self.problem_bar.clear()
        self.failed_calls.hide()
        self._latest = None
        self._job = self._jobs.run(
            tr("Collecting from AWS"),
            self._work(options),
            done=self._done,
            failed=self._failed,
            progress=self._show_progress,
            stopped=self._stopped,
            topic="collect",
        )
        self.form.setEnabled(False)
        self.collect_button.setText(tr("&Cancel"))
        self.bar.setRange(0, 0)
        self.how_far.setText(tr("Checking the AWS credentials…"))
        self.bar.show()
        self.how_far.show()
        wanted = self.size().expandedTo(self.sizeHint())
        resize_within_screen(self, wanted.width(), wanted.height())

    def _work(self, options: Options) -> Callable[[Progress, Cancelled], Captured]:
        def work(progress: Progress, cancelled: Cancelled) -> Captured:
            return collect_in_a_process(options, self._note, progress, cancelled)

        return work

    def _note(self, status: Status) -> None:
        """Store the latest status. Called in the worker: uses no widget."""
        self._latest = status

    def _show_progress(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        status = self._latest
        if status is not None:
            words = tr("{what}: {done} of {total} calls")
            if status.failed_calls:
                words = tr("{what}: {done} of {total} calls, {missing} not captured")
            what = visible(capital(translate_english(status.doing)))
            words = words.format(what=what, done=number(done), total=number(total), missing=number(status.failed_calls))
            self.how_far.setText(words)

    def _done(self, captured: Captured) -> None:
        self._show_idle()
        count = len(captured.accounts)
        template = ntr("{name}: {count} account, {files} files.", "{name}: {count} accounts, {files} files.", count)
        sentence = template.format(name=visible(captured.path.name), count=number(count), files=number(captured.files))
        if captured.failed_calls or captured.notes:
            self.failed_calls.setPlainText(
                visible_lines(
                    "\n".join([*map(translate_english, captured.notes), *failed_call_lines(captured.failed_calls)])
                )
            )
            self.failed_calls.show()
        if captured.failed_calls:
            lost = ntr("{count} call failed.", "{count} calls failed.", len(captured.failed_calls))
            sentence += " " + lost.format(count=number(len(captured.failed_calls)))
        if captured.failed_calls and captured.path.is_dir():
            sentence += " " + tr("Collect into the same folder again to request only the missing data.")
        self.problem_bar.say(Tone.WARNING if captured.failed_calls else Tone.NOTE, sentence)
        wanted = self.size().expandedTo(self.sizeHint())
        resize_within_screen(self, wanted.width(), wanted.height())
        was_watched = self.isVisible()
        if was_watched and not captured.failed_calls and not captured.notes:
            self.close()
        self.collected.emit(captured, was_watched)

    def _failed(self, error: Exception) -> None:
        self._show_idle()
        if not isinstance(error, CollectError):
            self.problem_bar.say(Tone.ERROR, tr("The capture failed because of an internal error."))
            raise error
        self.problem_bar.say(Tone.ERROR, _for_the_window(translate_english(str(error))))

    def _stopped(self) -> None:
        self._show_idle()
        self.problem_bar.say(
            Tone.NOTE, tr("Canceled. The captured data is kept; collect into the same place to resume.")
        )

    def _show_idle(self) -> None:
        self._job = None
        self.form.setEnabled(True)
        self.collect_button.setText(tr("&Collect"))
        self.bar.hide()
        self.how_far.hide()

    def _show_missing(self) -> None:
        self.problem_bar.say(
            Tone.WARNING,
            tr("Collecting from AWS needs boto3, which is not installed. Install it with: {install}").format(
                install=INSTALL
            ),
            tr("Copy the command"),
            lambda: QGuiApplication.clipboard().setText(INSTALL),
        )
        self.collect_button.setEnabled(False)
        self.failed_calls.hide()

    def _browse(self) -> None:
        chosen = self._prompts.file_to_save(self, tr("Save the bundle as"), Path(self.form.output.text()), tr(_BUNDLES))
        if chosen is not None:
            self.form.output.setText(str(chosen))

    def _copy_policy(self) -> None:
        QGuiApplication.clipboard().setText(policy_text())
        self.policy_button.setText(tr("Copied"))

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.addWidget(self.problem_bar)
        layout.addWidget(
            plain_label(
                tr(
                    "Captures an account or a whole organization into one bundle, with the credentials of the "
                    "AWS CLI. All calls are read-only, and the bundle contains no secret values."
                ),
                wrap=True,
            )
        )
        for widget in (self.form, self.bar, self.how_far, self.failed_calls):
            layout.addWidget(widget)
        layout.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.policy_button)
        buttons.addStretch(1)
        buttons.addWidget(self.collect_button)
        buttons.addWidget(self.close_button)
        layout.addLayout(buttons)
        self.failed_calls.hide()
        self.failed_calls.setMaximumHeight(self.fontMetrics().lineSpacing() * 9)
        wanted = min(self.fontMetrics().averageCharWidth() * 84, self.screen().availableGeometry().width())
        self.setMinimumWidth(max(wanted, self.minimumSizeHint().width()))


def _for_the_window(sentence: str) -> str:
    """Return a sentence of the collector with names of fields instead of options."""
    for option, field in (("--role-name", tr("“Role in the other accounts”")), ("--account", tr("“Accounts”"))):
        sentence = sentence.replace(option, field)
    return f"{sentence[:1].upper()}{sentence[1:]}."
