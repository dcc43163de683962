"""Creates, opens, recovers and closes reviews. Everything that takes time runs in a worker."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from iamdesk import i18n
from iamdesk.checks.finding import SuppressionError
from iamdesk.errors import DamagedReviewError, ReviewError
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.whole_organization import whole_or_report
from iamdesk.i18n import error_words, mark, tr
from iamdesk.progress import WorkCancelled
from iamdesk.review.schema import SUFFIX
from iamdesk.review.session import ReviewSession
from iamdesk.work.errors import WorkError

if TYPE_CHECKING:
    from iamdesk.api import AppliedSettings, Recovered, SnapshotSession
    from iamdesk.gui.review.new_review_dialog import NewReviewDialog
    from iamdesk.progress import Cancelled, Progress
    from iamdesk.review.people import PeopleList
    from iamdesk.review.schema import Head

_KIND = mark("Reviews (*.iamreview)")
_MOST_REVIEWS = 100
"""Reviews of a folder that are looked at for the previous one."""
_CSV = mark("CSV files (*.csv);;All files (*)")


class ReviewController(QObject):
    """Owns the open review of a window."""

    opened = Signal(object)
    """`ReviewSession`."""
    making = Signal()
    """`is_making` has changed."""
    closing = Signal()
    """Before it closes: pending writes have to be completed."""
    closed = Signal()

    def __init__(
        self, panel: QWidget, session: Session, jobs: JobRunner, prompts: FileDialogs, message: MessageBar
    ) -> None:
        super().__init__(panel)
        self._panel = panel
        self._session = session
        self._jobs = jobs
        self._prompts = prompts
        self._message = message
        self.review_session: ReviewSession | None = None
        self.is_making = False
        """Whether a review is being created."""
        self._last: Path | None = None
        """The review that was opened last."""
        self._other_snapshots: set[Path] = set()
        """Files of which no follow-up review could be made: they are not taken unasked again."""
        self.dialog: NewReviewDialog | None = None
        """The dialog for a new review that was shown last."""
        self.close_later: Callable[[ReviewSession], threading.Event | None] = lambda _review_session: None
        """Closes a review after its last checkpoint, and returns what is set then; None: it stays open."""
        self.settings_path: Callable[[], Path | None] = lambda: None
        """Returns the path of the settings of the checks; None: the defaults apply."""
        self._is_closed = threading.Event()
        """Set unless a review is being closed."""
        self._is_closed.set()
        session.snapshot_closed.connect(self.close)

    @property
    def matches(self) -> bool:
        """Whether the open snapshot is that of the review."""
        opened = self._session.snapshot
        return (
            self.review_session is not None
            and opened is not None
            and self.review_session.head.snapshot_sha256 == opened.sha256
        )

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of the File menu's commands."""
        return {
            "actionNewReview": self.new_review,
            "actionNextReview": self.next_review,
            "actionOpenReview": self.open_review,
            "actionRecoverReview": self.recover,
            "actionCloseReview": self.close,
        }

    def new_review(self) -> None:
        """Ask for scope and file, create a review of the open snapshot, and open it."""
        opened = self._whole()
        if opened is None:
            return
        source = opened.path
        name = f"{source.name.partition('.')[0] or 'snapshot'}-review"
        self._ask(
            tr("New review"), name, opened, lambda dialog: self._make(dialog, opened, source.with_name(name + SUFFIX))
        )

    def _whole(self) -> "SnapshotSession | None":
        """Return the snapshot for a review: everything that was opened, in memory; None if that is not possible."""
        opened = whole_or_report(self._session, self._message)
        if opened is not None and opened.alone:
            self._message.say(
                Tone.NOTE,
                tr(
                    "A review covers everything that was opened, but only account {account} is open now. To "
                    "review this account, open its files by themselves."
                ).format(account=opened.alone),
            )
            return None
        return opened

    def _ask(
        self,
        heading: str,
        title: str,
        opened: "SnapshotSession",
        then: "Callable[[NewReviewDialog], None]",
        *,
        previous: Path | None = None,
        file: Path | None = None,
    ) -> "NewReviewDialog":
        from iamdesk.gui.review.new_review_dialog import NewReviewDialog

        organization = opened.about.organization
        names = {node.id: node.name for node in organization.nodes} if organization is not None else {}
        accounts = [
            (one.account_id, f"{one.account_id} ({name})" if name else one.account_id)
            for one in opened.accounts
            for name in (one.alias or names.get(one.account_id, ""),)
        ]
        dialog = NewReviewDialog(heading, title, accounts, self._panel, previous=previous, file=file)
        dialog.choose_people.clicked.connect(lambda: self._choose_people(dialog, opened.path.parent))
        dialog.accepted.connect(lambda: then(dialog))
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()
        return dialog

    def _choose_people(self, dialog: "NewReviewDialog", folder: Path) -> None:
        path = self._prompts.file_to_open(dialog, tr("List of people"), folder, tr(_CSV))
        if path is not None:
            dialog.people.setText(str(path))
            dialog.joins.setFocus()

    def _make(self, dialog: "NewReviewDialog", opened: "SnapshotSession", suggestion: Path) -> None:
        title, details, exclusions = dialog.title.text().strip(), dialog.details, dialog.exclusions
        people, settings = dialog.people_list, self.settings_path()
        path = self._file_for(tr("New review"), suggestion)
        if path is None:
            return
        self._run(
            tr("Creating the review {name}").format(name=visible(path.name)),
            lambda progress, cancelled: opened.create_review(
                path,
                title,
                details,
                progress,
                cancelled,
                exclusions=exclusions,
                executor=self._session.executor_for(opened),
                people=_read_people(people),
                settings=_read_settings(settings),
            ),
            lambda _nothing: self.open_path(path),
        )

    def next_review(self) -> None:
        """Create a follow-up review of the open snapshot: of the open review, else of the one that was open last, else
        of one that is asked for. Its snapshot is asked for unless it is at hand.
        """
        opened = self._whole()
        if opened is None:
            return
        shown = self.review_session
        if shown is not None:
            self._ask_next(opened, shown.path, shown.head)
        elif self._last is not None and self._last.exists():
            self._read_previous(opened, self._last)
        else:
            self._find_previous(opened)

    def _find_previous(self, opened: "SnapshotSession") -> None:
        """Look for the previous review beside the open snapshot; ask for it if there is none."""
        compared = self._session.compared_with
        at_hand = tuple(one for one in (compared, opened) if one is not None)

        def found(previous: Path | None) -> None:
            if previous is None:
                self._choose_previous(opened, opened.path.parent)
            else:
                self._read_previous(opened, previous)

        self._jobs.run(
            tr("Looking for the previous review"),
            lambda _progress, _cancelled: _newest_review(at_hand),
            done=found,
            topic="make review",
        )

    def _choose_previous(self, opened: "SnapshotSession", at_hand: Path) -> None:
        previous = self._prompts.file_to_open(self._panel, tr("Previous review"), at_hand, tr(_KIND))
        shown = self.review_session
        if previous is None:
            return
        if shown is not None and _is_same(previous, shown.path):
            self._ask_next(opened, previous, shown.head)
        else:
            self._read_previous(opened, previous)

    def _read_previous(self, opened: "SnapshotSession", previous: Path) -> None:
        self._message.clear()
        self._jobs.run(
            tr("Reading {name}").format(name=visible(previous.name)),
            lambda _progress, _cancelled: _head_of(previous),
            done=lambda head: self._ask_next(opened, previous, head),
            failed=self._refused,
            topic="make review",
        )

    def _ask_next(self, opened: "SnapshotSession", previous: Path, head: "Head") -> None:
        """Ask for the previous review's snapshot, unless it is open or was compared with, and for the rest."""
        if self._session.whole is not opened:
            return  # another one was opened meanwhile
        compared = self._session.compared_with
        old: Path | SnapshotSession | None
        if head.snapshot_sha256 == opened.sha256:
            old = opened
        elif compared is not None and head.snapshot_sha256 == compared.sha256:
            old = compared
        elif (beside := self._beside(previous, head, opened.path)) is not None:
            old = beside
        else:
            title = tr("Snapshot of the review {name}: {snapshot}").format(
                name=visible(previous.name), snapshot=visible(head.snapshot_name)
            )
            old = self._prompts.snapshot_to_open(self._panel, previous.parent, title)
        if old is None:
            return
        before = old
        name = f"{previous.stem}-next"
        file = _free(previous.with_name(name + SUFFIX))
        dialog = self._ask(
            tr("Follow-up review"),
            name,
            opened,
            lambda dialog: self._make_next(dialog, opened, previous, before),
            previous=previous,
            file=file,
        )
        dialog.choose_previous.clicked.connect(lambda: self._choose_another(dialog, opened, previous))
        dialog.choose_file.clicked.connect(lambda: self._choose_file(dialog))

    def _beside(self, previous: Path, head: "Head", opened: Path) -> Path | None:
        """Return the file beside a review that has the name of its snapshot, unless it turned out to be another one.

        Making the follow-up review compares its SHA-256 with that in the review.
        """
        name = Path(head.snapshot_name).name  # the name comes from a file: keep only its last part
        path = previous.parent / name
        is_other = _is_same(path, opened) or path in self._other_snapshots
        return path if name and path.exists() and not is_other else None

    def _choose_another(self, dialog: "NewReviewDialog", opened: "SnapshotSession", previous: Path) -> None:
        dialog.reject()
        self._choose_previous(opened, previous)

    def _choose_file(self, dialog: "NewReviewDialog") -> None:
        path = self._file_for(tr("Follow-up review"), dialog.path or Path.home())
        if path is not None:
            dialog.file.setText(str(path))

    def _make_next(
        self,
        dialog: "NewReviewDialog",
        opened: "SnapshotSession",
        previous: Path,
        old: "Path | SnapshotSession",
    ) -> None:
        """Create the follow-up review; ``old`` is the previous review's snapshot, or its file."""
        title, details, exclusions = dialog.title.text().strip(), dialog.details, dialog.exclusions
        people, settings = dialog.people_list, self.settings_path()
        path = dialog.path
        if path is None:
            return
        shown = self.review_session
        is_shown = shown is not None and _is_same(previous, shown.path)
        if is_shown:
            self.close()  # a review that is open for writing cannot be read: its decisions are saved by now
        is_closed = self._is_closed

        def otherwise() -> None:
            if isinstance(old, Path):
                self._other_snapshots.add(old)  # the next attempt asks for it
            if is_shown:
                self.open_path(previous)

        def make(progress: "Progress", cancelled: "Cancelled") -> str:
            from iamdesk.api import Workbench
            from iamdesk.export.follow_up_text import carried_sentence

            is_closed.wait()
            listed = _read_people(people)
            before = Workbench().open_snapshot(old, cancelled=cancelled) if isinstance(old, Path) else old
            return i18n.translate(
                carried_sentence(
                    opened.create_next_review(
                        path,
                        title,
                        previous,
                        before,
                        details,
                        progress,
                        cancelled,
                        exclusions=exclusions,
                        executor=self._session.executor_for(opened),
                        people=listed,
                        settings=_read_settings(settings),
                    )
                )
            )

        self._run(
            tr("Carrying over decisions from {name}").format(name=visible(previous.name)),
            make,
            lambda message: self._open_next(path, message),
            otherwise,
        )

    def _file_for(self, heading: str, suggestion: Path) -> Path | None:
        path = self._prompts.file_to_save(self._panel, heading, suggestion, tr(_KIND))
        if path is None or path.suffix == SUFFIX:
            return path
        return path.with_name(f"{path.name}{SUFFIX}")

    def _run[Result](
        self,
        label: str,
        make: "Callable[[Progress, Cancelled], Result]",
        done: Callable[[Result], None],
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        """Create a review, in a worker; ``otherwise`` is called first if there is none."""
        self._message.clear()

        def made(result: Result) -> None:
            self._set_making(False)
            done(result)

        def failed(error: Exception) -> None:
            self._set_making(False)
            if otherwise is not None:
                otherwise()
            self._refused(error)

        def stopped() -> None:
            self._set_making(False)
            if otherwise is not None:
                otherwise()
            self._message.say(Tone.WARNING, tr("The review was not created: it was canceled."))

        self._jobs.run(label, make, done=made, failed=failed, stopped=stopped, topic="make review")
        self._set_making(True)

    def _set_making(self, is_making: bool) -> None:
        self.is_making = is_making
        self.making.emit()

    def _open_next(self, path: Path, message: str) -> None:
        self.open_path(path)
        self._session.announce(message)

    def open_review(self) -> None:
        """Ask for a review, and open it."""
        opened = self._session.snapshot
        last = self._last.parent if self._last is not None else None
        folder = last or (opened.path.parent if opened is not None else Path.home())
        path = self._prompts.file_to_open(self._panel, tr("Open a review"), folder, tr(_KIND))
        if path is not None:
            self.open_path(path)

    def open_path(self, path: Path) -> None:
        """Open a review; an open one is closed first."""
        self.close()
        self._last = path
        self._message.clear()
        is_closed = self._is_closed
        self._jobs.run(
            tr("Reading {name}").format(name=visible(path.name)),
            lambda _progress, cancelled: _open(path, is_closed, cancelled),
            done=self._take,
            failed=lambda error: self._refused(error, path),
            unwanted=ReviewSession.close,
            topic="open review",
        )

    def recover(self) -> None:
        """Ask for a damaged review, and copy its intact part to a new file."""
        damaged = self._prompts.file_to_open(
            self._panel, tr("Recover a damaged review"), Path.home(), tr(_KIND) + ";;" + tr("All files (*)")
        )
        if damaged is not None:
            self._recover(damaged)

    def _recover(self, damaged: Path) -> None:
        suggestion = damaged.with_name(f"{damaged.stem}-recovered{SUFFIX}")
        into = self._prompts.file_to_save(self._panel, tr("Recover into a new file"), suggestion, tr(_KIND))
        if into is None:
            return
        if self.review_session is not None and self.review_session.path == damaged:
            self.close()
        self._jobs.run(
            tr("Recovering {name}").format(name=visible(damaged.name)),
            lambda _progress, _cancelled: _recovered(damaged, into),
            done=self._say_recovered,
            failed=self._refused,
            topic="open review",
        )

    def _say_recovered(self, recovered: "Recovered") -> None:
        lost = " ".join(map(i18n.translate, recovered.lost)) or tr("Nothing appears to be lost.")
        self._message.say(
            Tone.WARNING if recovered.lost else Tone.NOTE,
            tr("{name} contains {lines} entitlements and {entries} journal entries. {lost}").format(
                lines=number(recovered.lines),
                entries=number(recovered.entries + recovered.detached),
                name=recovered.path.name,
                lost=lost,
            ),
            tr("Open it"),
            lambda: self.open_path(recovered.path),
        )

    def close(self) -> None:
        """Complete pending writes, and close the review; does nothing if none is open."""
        if self.review_session is None:
            return
        self.closing.emit()
        review_session, self.review_session = self.review_session, None
        self._message.clear()
        is_closed = self.close_later(review_session)
        if is_closed is not None:
            self._is_closed = is_closed
        else:
            review_session.close()
        self.closed.emit()

    def report_mismatch(self) -> None:
        """Report that the open snapshot is not that of the review."""
        review_session = self.review_session
        if review_session is None:
            return
        if not self.matches:
            self._message.say(
                Tone.WARNING,
                tr(
                    "The review is of {snapshot_name} (SHA-256 {snapshot_sha256}…), but another snapshot is "
                    "open: decisions on critical actions are not shown."
                ).format(
                    snapshot_name=review_session.head.snapshot_name,
                    snapshot_sha256=review_session.head.snapshot_sha256[:12],
                ),
            )

    def _take(self, review_session: ReviewSession) -> None:
        self.review_session = review_session
        self.opened.emit(review_session)

    def _refused(self, error: Exception, path: Path | None = None) -> None:
        if not isinstance(error, (ReviewError, WorkError, SuppressionError)):
            self._message.say(Tone.ERROR, tr("The review could not be opened because of an internal error."))
            raise error
        if path is not None and isinstance(error, DamagedReviewError):
            self._message.say(Tone.ERROR, f"{error_words(error)}.", tr("Recover…"), lambda: self._recover(path))
        else:
            self._message.say(Tone.ERROR, f"{error_words(error)}.")


def _free(path: Path) -> Path:
    """Return the path, or one like it with a number, so that nothing is there yet."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, 1000))
    return next((one for one in (path, *numbered) if not one.exists()), path)


def _is_same(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute()


def _head_of(path: Path) -> "Head":
    from iamdesk.api import Workbench

    return Workbench.review_head(path)


def _newest_review(at_hand: "Sequence[SnapshotSession]") -> Path | None:
    """Return the newest review beside snapshots that are at hand, of one of them or of an earlier one of the accounts.

    The first snapshot whose folder has one counts.
    """
    from iamdesk.gui.core.earlier_snapshots import may_be_of

    def is_of(path: Path, head: "Head", accounts: frozenset[str]) -> bool:
        if head.snapshot_sha256 in {one.sha256 for one in at_hand}:
            return True
        with suppress(OSError, EOFError):
            return may_be_of(path.parent / Path(head.snapshot_name).name, accounts, is_recent=False)
        return False

    for opened in at_hand:
        accounts = frozenset(one.account_id for one in opened.accounts)
        heads: list[tuple[datetime, Path]] = []
        with suppress(OSError):
            for path in islice(sorted(opened.path.parent.glob(f"*{SUFFIX}")), _MOST_REVIEWS):
                with suppress(ReviewError):
                    head = _head_of(path)
                    if is_of(path, head, accounts):
                        heads.append((head.created, path))
        if heads:
            return max(heads)[1]
    return None


def _read_people(given: tuple[Path, tuple[str, ...]] | None) -> "PeopleList | None":
    from iamdesk.review.people import read_people

    return read_people(*given, datetime.now(UTC).date()) if given is not None else None


def _read_settings(path: Path | None) -> "AppliedSettings | None":
    from iamdesk.api import Workbench

    return Workbench.read_check_settings(path) if path is not None else None


def _open(path: Path, is_closed: threading.Event, cancelled: "Cancelled") -> ReviewSession:
    """Open a review once the one before, which may be the same, is closed."""
    from iamdesk.api import Workbench

    is_closed.wait()
    found = Workbench.open_review(path)
    if cancelled():
        found.close()
        raise WorkCancelled
    return found


def _recovered(damaged: Path, into: Path) -> "Recovered":
    from iamdesk.api import Workbench

    return Workbench.recover_review(damaged, into)
