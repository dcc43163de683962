"""Signs checkpoints of the open review by themselves: after so many decisions, and when it is closed."""

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from iamdesk.errors import ReviewError
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.settings import CheckpointChoices
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.i18n import error_words, tr
from iamdesk.review.decisions import Reviewer
from iamdesk.review.schema import PART_OF
from iamdesk.review.session import ReviewSession


class CheckpointController(QObject):
    """A checkpoint is signed in a worker; a failure is shown, and never keeps a decision from being saved."""

    changed = Signal()
    """A checkpoint was signed, or `choices` were changed."""

    def __init__(
        self,
        jobs: JobRunner,
        message: MessageBar,
        announce: Callable[[str], None],
        reviewer: Callable[[], Reviewer],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._message = message
        self._announce = announce
        self._reviewer = reviewer
        self.choices = CheckpointChoices()
        self._is_signing = False

    @property
    def folder(self) -> Path | None:
        """Where checkpoints are written; None: beside the review."""
        return Path(self.choices.folder).expanduser() if self.choices.folder else None

    def choose(self, choices: CheckpointChoices) -> None:
        """Set when checkpoints are signed."""
        if choices != self.choices:
            self.choices = choices
            self.changed.emit()

    def sign_if_due(self, review_session: ReviewSession | None) -> None:
        """Sign a checkpoint if as many decisions as chosen were recorded since the last one."""
        choices = self.choices
        if review_session is None or self._is_signing or not choices.key or not choices.every:
            return
        if PART_OF in review_session.head.details:
            return
        self._is_signing = True
        sign = _Signing(review_session, choices.key, self.folder, choices.every, self._reviewer().name)
        self._jobs.run(
            tr("Signing a checkpoint"),
            lambda _progress, _cancelled: sign.once(),
            done=self._signed,
            failed=self._failed,
            stopped=self._ended,
        )

    def close(self, review_session: ReviewSession) -> threading.Event | None:
        """Sign a checkpoint of a review that is not shown any more, and close it, in a worker.

        Return what is set once it is closed; None if no checkpoint is wanted: then it stays open.
        """
        choices = self.choices
        is_wanted = choices.key and choices.on_closing and PART_OF not in review_session.head.details
        if not is_wanted or self._jobs.is_closed:
            return None
        sign = _Signing(review_session, choices.key, self.folder, 1, self._reviewer().name, closes=True)
        self._jobs.run(
            tr("Signing a checkpoint"),
            lambda _progress, _cancelled: sign.once(),
            done=self._signed,
            failed=self._failed,
            stopped=lambda: self._finish(sign),
        )
        return sign.closed

    def _finish(self, sign: "_Signing") -> None:
        """Do it now, if it has not begun: the window closes."""
        try:
            sign.once()
        except Exception as error:  # noqa: BLE001 - shown as any other failure
            self._failed(error)

    def _ended(self) -> None:
        self._is_signing = False

    def _signed(self, made: Path | None) -> None:
        self._ended()
        if made is not None:
            self._announce(tr("Checkpoint signed: {name}.").format(name=visible(made.name)))
            self.changed.emit()

    def _failed(self, error: Exception) -> None:
        from iamdesk.export.files.atomic_write import ExportError

        self._ended()
        if not isinstance(error, (ExportError, ReviewError)):
            self._message.say(Tone.ERROR, tr("No checkpoint was signed because of an internal error."))
            raise error
        self._message.say(
            Tone.WARNING,
            tr("The decisions are saved, but no checkpoint is signed: {why}.").format(why=error_words(error)),
        )


class _Signing:
    """Signs a checkpoint if one is due: once, by whichever thread comes first."""

    def __init__(
        self,
        review_session: ReviewSession,
        key: str,
        folder: Path | None,
        every: int,
        name: str,
        *,
        closes: bool = False,
    ) -> None:
        self._review_session = review_session
        self._key, self._folder, self._every, self._name = Path(key).expanduser(), folder, every, name
        self._closes = closes
        self._doing = threading.Lock()
        self._is_done = False
        self.closed = threading.Event()

    def once(self) -> Path | None:
        """Return the checkpoint; None: none was due, or it is done already.

        Raises:
            ExportError: it cannot be signed.
            ReviewError: the review cannot be read.
        """
        with self._doing:
            if self._is_done:
                return None
            self._is_done = True
            try:
                return self._sign()
            finally:
                if self._closes:
                    self._review_session.close()
                    self.closed.set()

    def _sign(self) -> Path | None:
        from iamdesk.export.evidence.checkpoint import is_checkpoint_due, sign_checkpoint

        file = self._review_session.file
        if not is_checkpoint_due(file, self._every, self._folder):
            return None
        return sign_checkpoint(file, self._name, key=self._key, asks=False, folder=self._folder)[0]
