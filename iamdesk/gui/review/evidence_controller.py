"""Evidence packages and sheets: export, sign, verify, and import of decisions; all in workers."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from iamdesk.errors import ReviewError, SnapshotError
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.session import Session
from iamdesk.gui.review.review_controller import ReviewController
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.saved_note import show_in_folder
from iamdesk.i18n import error_words, mark, tr, translate
from iamdesk.review.decisions import DecisionError, ReviewDecision, Reviewer
from iamdesk.review.schema import PART_OF
from iamdesk.work.errors import WorkError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from iamdesk.api import SnapshotSession
    from iamdesk.export.evidence.import_sheet import Refused
    from iamdesk.export.evidence.result import Result
    from iamdesk.export.evidence.signers import Signer
    from iamdesk.export.evidence.signing import Role, SignOff
    from iamdesk.gui.review.sign_dialog import SignDialog
    from iamdesk.gui.review.verify_dialog import VerifyChoices, VerifyDialog
    from iamdesk.progress import Cancelled, Progress
    from iamdesk.review.coordination import SameName
    from iamdesk.review.items import ReviewItem
    from iamdesk.review.session import ReviewSession
    from iamdesk.work.workers import HasPrincipals

_SHEETS = mark("Filled sheets (*.xlsx *.csv)")

_START = 4096
"""Characters of the statement in which its title is."""
_SIGNED_AS = {
    "reviewer": mark("reviewer"),
    "second_reviewer": mark("second reviewer"),
    "owner": mark("owner"),
    "management": mark("management"),
}


class EvidenceController(QObject):
    """Implements the evidence commands of the Review menu."""

    taken = Signal()
    """Decisions of a sheet were saved."""
    changed = Signal()
    """A package was written, signed or verified."""
    unseen = Signal(object, str)
    """Tone and sentence of a message while the panel is not visible: no snapshot need be open."""

    def __init__(
        self,
        panel: QWidget,
        session: Session,
        jobs: JobRunner,
        prompts: FileDialogs,
        message: MessageBar,
        controller: ReviewController,
        reviewer: Callable[[], Reviewer],
    ) -> None:
        super().__init__(panel)
        self._panel = panel
        self._session = session
        self._jobs = jobs
        self._prompts = prompts
        self._message = message
        self._controller = controller
        self._reviewer = reviewer
        self.last_package: Path | None = None
        self.to_sign: tuple[Signer, ...] = ()
        """Whose signatures the last package lacks."""
        """The package of the open review that was written or chosen last in this session."""
        self.is_verified = False
        """Whether it was verified since, without a fault."""
        self.signing_key = ""
        """Path of the key that is offered for sign-offs."""
        self.allowed_signers = ""
        """Path of the file of known keys that signatures are compared with; empty: none is known."""
        self.timestamp_authorities = ""
        """Path of the certificates of known timestamp authorities; empty: none is known."""
        self.dialog: QWidget | None = None
        """The dialog that was shown last."""

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of the menu's commands."""
        return {
            "actionExportEvidence": self.export,
            "actionSignPack": self.sign,
            "actionSignPart": self.sign_part,
            "actionVerifyPack": self.verify,
            "actionFillReview": self.fill,
        }

    def export(self) -> None:
        """Ask for a name, and export the evidence of the open review; pending decisions are saved first."""
        review_session, opened = self._controller.review_session, self._session.whole
        if review_session is None:
            self._message.say(Tone.NOTE, tr("Open a review first: the export contains its evidence."))
            return
        suggestion = review_session.path.with_name(f"{review_session.path.stem}-evidence")
        into = self._prompts.file_to_save(
            self._panel,
            tr("Export evidence package to a new folder"),
            suggestion,
            tr("Folder (*);;Zip archive (*.zip)"),
        )
        if into is None:
            return
        self._controller.closing.emit()  # include every decision
        self._message.clear()
        snapshot = opened if opened is not None and self._controller.matches else None
        executor_for = self._session.executor_for
        self._jobs.run(
            tr("Writing {name}").format(name=visible(into.name)),
            lambda progress, cancelled: _written(
                review_session, snapshot, into, progress, cancelled, executor_for(snapshot) if snapshot else None
            ),
            done=lambda _nothing: self._say_written(into),
            failed=self._refused,
            stopped=lambda: self._message.say(
                Tone.WARNING, tr("The evidence package was not written: the export was canceled.")
            ),
            topic="export evidence",
        )

    def _say_written(self, into: Path) -> None:
        sentence = tr("The evidence package was written to {into}.").format(into=into)
        if self._panel.isVisible():
            sign = (tr("Sign it…"), partial(self._ask_to_sign, into))
            self._message.say(Tone.NOTE, sentence, *sign, tr("Show in folder"), partial(show_in_folder, into))
        else:
            self._session.show_saved(sentence, into)
        self.last_package, self.is_verified = into, False
        self.changed.emit()

    def sign_part(self) -> None:
        """Ask for a sign-off of the open part; pending decisions are saved first."""
        from iamdesk.gui.review.sign_dialog import SignDialog

        review_session = self._controller.review_session
        if review_session is None or PART_OF not in review_session.head.details:
            self._message.say(
                Tone.NOTE, tr("The open review is not a part: sign its evidence package, or a checkpoint.")
            )
            return
        self._controller.closing.emit()  # every decision is saved
        dialog = SignDialog(
            review_session.path, self._reviewer().name, self._prompts, self._panel.window(), is_part=True
        )
        dialog.key.setText(self.signing_key)
        dialog.accepted.connect(lambda: self._sign_part(review_session, dialog))
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def _sign_part(self, review_session: "ReviewSession", dialog: "SignDialog") -> None:
        from iamdesk.export.evidence.part_signature import sign_part

        name, title, key = dialog.name.text(), dialog.title.text(), dialog.chosen_key
        self._jobs.run(
            tr("Signing"),
            lambda _progress, _cancelled: sign_part(review_session.file, name, title=title, key=key, asks=False),
            done=self._say_part_signed,
            failed=self._refused,
            topic="sign evidence",
        )

    def _say_part_signed(self, made: "SignOff") -> None:
        self.changed.emit()
        words = tr("The part is signed by {name}. Give the part, and the file beside it, to the coordinator.")
        if not made.public_key:
            words = tr(
                "The part has an unsigned attestation by {name}, which does not show who decided. Give the part, and "
                "the file beside it, to the coordinator."
            )
        self._message.say(Tone.NOTE, words.format(name=made.name))

    def sign_last(self) -> None:
        """Ask for a sign-off of the open part, else of the last package, or for a package if there is none."""
        review_session = self._controller.review_session
        if review_session is not None and PART_OF in review_session.head.details:
            self.sign_part()
        elif self.last_package is not None:
            self._ask_to_sign(self.last_package)
        else:
            self.sign()

    def verify_last(self) -> None:
        """Verify the last package, or ask for one if there is none."""
        if self.last_package is not None:
            self._verify(self.last_package)
        else:
            self.verify()

    def sign(self) -> None:
        """Ask for an evidence package, and for a sign-off."""
        package = self._ask_for_package(tr("Sign evidence package"))
        if package is not None:
            self._ask_to_sign(package)

    def _ask_to_sign(self, package: Path) -> None:
        from iamdesk.gui.review.sign_dialog import SignDialog

        if not package.is_dir():
            self._show_message(Tone.WARNING, tr("An archive cannot be signed: unpack it first."))
            return
        dialog = SignDialog(package, self._reviewer().name, self._prompts, self._panel.window())
        dialog.key.setText(self.signing_key)
        if package == self.last_package:
            dialog.show_missing(self.to_sign)
        dialog.accepted.connect(lambda: self._sign(dialog))
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()
        self._jobs.run(
            tr("Reading {name}").format(name=visible(package.name)),
            lambda _progress, _cancelled: _is_draft(package),
            done=lambda is_draft: dialog.show_draft() if is_draft and isValid(dialog) else None,
            topic="draft of package",
        )

    def _sign(self, dialog: "SignDialog") -> None:
        package, role, name = dialog.package, dialog.chosen_role, dialog.name.text()
        title, key = dialog.title.text(), dialog.chosen_key
        self._jobs.run(
            tr("Signing"),
            lambda _progress, _cancelled: _signed(package, role, name, title, key),
            done=lambda made: self._say_signed(package, made),
            failed=self._refused,
            topic="sign evidence",
        )

    def _say_signed(self, package: Path, made: "SignOff") -> None:
        if package == self.last_package:
            self.is_verified = False
        self.changed.emit()
        how = tr("with a key") if made.public_key else tr("as an unsigned attestation")
        self._show_message(
            Tone.NOTE,
            tr("{name} signed as {role}, {how}.").format(
                name=made.name, role=tr(_SIGNED_AS.get(made.role, made.role)), how=how
            ),
        )

    def verify(self) -> None:
        """Ask for an evidence package, and verify it."""
        package = self._ask_for_package(tr("Verify evidence package"))
        if package is not None:
            self._verify(package)

    def _verify(
        self, package: Path, choices: "VerifyChoices | None" = None, dialog: "VerifyDialog | None" = None
    ) -> None:
        """Verify a package; known keys and authorities are those of before if these are refused.

        ``dialog`` shows the result of before: it is replaced by the next one, and keeps what is entered if none comes.
        """
        from iamdesk.gui.review.verify_dialog import VerifyChoices

        before = self.allowed_signers, self.timestamp_authorities
        chosen = choices if choices is not None else VerifyChoices(*before)

        def verified(results: "list[Result]") -> None:
            if dialog is not None and isValid(dialog):
                dialog.close()
            self._show(package, results, chosen)

        def ended(why: str) -> None:
            if dialog is not None and isValid(dialog):
                dialog.set_running(is_running=False, why=why)

        def refused(error: Exception) -> None:
            self.allowed_signers, self.timestamp_authorities = before
            ended(f"{error_words(error)}.")
            self._refused(error)

        def stopped() -> None:
            sentence = tr("The evidence package was not verified: it was canceled.")
            ended(sentence)
            self._show_message(Tone.WARNING, sentence)

        self.allowed_signers, self.timestamp_authorities = chosen.signers, chosen.authorities
        self._message.clear()
        executor_for = self._session.executor_for
        self._jobs.run(
            tr("Verifying {name}").format(name=visible(package.name)),
            lambda progress, cancelled: _verified(package, chosen, executor_for, progress, cancelled),
            done=verified,
            failed=refused,
            stopped=stopped,
            topic="verify evidence",
        )

    def _verify_again(self, package: Path, dialog: "VerifyDialog") -> None:
        """Verify once more, compared with what the dialog names."""
        dialog.set_running(is_running=True)
        self._verify(package, dialog.choices, dialog)

    def _show(self, package: Path, results: "list[Result]", choices: "VerifyChoices") -> None:
        from iamdesk.export.evidence.result import Outcome
        from iamdesk.gui.review.verify_dialog import VerifyDialog

        if package == self.last_package:
            self.is_verified = not any(one.outcome is Outcome.FAILED for one in results)
            self.changed.emit()
        dialog = VerifyDialog(package, results, self._panel.window(), self._prompts, choices)
        dialog.again.connect(lambda: self._verify_again(package, dialog))
        self.dialog = dialog
        dialog.show()

    def _ask_for_package(self, title: str) -> Path | None:
        from iamdesk.gui.review.verify_dialog import PACKAGES, package_at

        review_session = self._controller.review_session
        folder = review_session.path.parent if review_session is not None else Path.home()
        return package_at(self._prompts.file_to_open(self._panel, title, folder, tr(PACKAGES)))

    def fill(self) -> None:
        """Ask for a filled sheet, and import its decisions; rows with other edits are refused and listed."""
        review_session, reviewer = self._controller.review_session, self._reviewer()
        if review_session is None or not reviewer.name:
            self._message.say(Tone.NOTE, tr("Open a review and enter the reviewer first."))
            return
        sheet = self._prompts.file_to_open(self._panel, tr("Import decisions"), review_session.path.parent, tr(_SHEETS))
        if sheet is None:
            return
        self._controller.closing.emit()
        self._message.clear()
        self._jobs.run(
            tr("Reading {name}").format(name=visible(sheet.name)),
            lambda _progress, _cancelled: _filled(review_session, sheet, reviewer),
            done=lambda filled: self._say_filled(sheet.name, filled),
            failed=self._refused,
            topic="fill review",
        )

    def _say_filled(self, name: str, filled: "_Filled") -> None:
        from iamdesk.gui.review.guardrails import own_access_words, revoke_warning

        self.taken.emit()
        warnings = [*map(own_access_words, filled.own)]
        if words := revoke_warning(filled.revoked):
            warnings.append(words)
        saved, refused = number(filled.saved), filled.refused
        if not refused:
            words = tr("{saved} rows were imported.").format(saved=saved)
            self._message.say(Tone.WARNING if warnings else Tone.NOTE, " ".join((words, *warnings)))
            return
        from iamdesk.gui.review.refused_dialog import RefusedDialog

        self.dialog = RefusedDialog(name, filled.saved, refused, self._panel)
        self.dialog.show()
        first = refused[0]
        more = tr("; and {count} more").format(count=number(len(refused) - 1)) if len(refused) > 1 else ""
        words = tr("{saved} rows were imported, {count} were refused: {sheet}, row {row}: {why}{more}.")
        words = words.format(
            saved=saved,
            count=number(len(refused)),
            sheet=first.sheet,
            row=first.row,
            why=translate(first.why),
            more=more,
        )
        self._message.say(Tone.WARNING, " ".join((words, *warnings)))

    def _refused(self, error: Exception) -> None:
        from iamdesk.export.files.atomic_write import ExportError

        if not isinstance(error, (ExportError, ReviewError, DecisionError, SnapshotError, WorkError)):
            self._show_message(Tone.ERROR, tr("This failed because of an internal error."))
            raise error
        self._show_message(Tone.ERROR, f"{error_words(error)}.")

    def _show_message(self, tone: Tone, sentence: str) -> None:
        """Show a message in the panel or, if that is hidden, above the center of the window."""
        if self._panel.isVisible():
            self._message.say(tone, sentence)
        else:
            self.unseen.emit(tone, sentence)


def _signed(package: Path, role: "Role", name: str, title: str, key: Path | None) -> "SignOff":
    from iamdesk.export.evidence.signing import sign

    return sign(package, role, name, title=title, key=key, asks=False)


def _is_draft(package: Path) -> bool:
    """Return whether the statement of a package says that the review was not complete."""
    from iamdesk.review.completion import DRAFT

    try:
        with (package / "01_statement.html").open(encoding="utf-8") as file:
            return f"<title>{DRAFT}" in file.read(_START)
    except (OSError, UnicodeError):
        return False  # signing, or verifying, says what is wrong with the package


def _written(
    review_session: "ReviewSession",
    opened: "SnapshotSession | None",
    into: Path,
    progress: "Progress",
    cancelled: "Cancelled",
    executor: "Executor | None",
) -> None:
    from iamdesk.export.evidence.review_chain import package_at
    from iamdesk.export.evidence.write import write_package

    # From a copy: decisions made meanwhile do not change the result.
    with review_session.file.copied() as copy:
        evaluator = opened.evaluator if opened is not None else None
        write_package(copy, into, evaluator=evaluator, cancelled=cancelled, executor=executor, progress=progress)
    review_session.file.note_package(package_at(into))


def _verified(
    package: Path,
    choices: "VerifyChoices",
    executor_for: "Callable[[HasPrincipals], Executor | None]",
    progress: "Progress",
    cancelled: "Cancelled",
) -> "list[Result]":
    from iamdesk.export.evidence.package_files import opened_package
    from iamdesk.export.evidence.review_chain import evidence_beside, package_at
    from iamdesk.export.evidence.verify import refuse_own_files, verify
    from iamdesk.gui.review.verify_dialog import path_of

    allowed, authorities, snapshot = map(path_of, (choices.signers, choices.authorities, choices.snapshot))
    previous, notes = path_of(choices.previous), choices.note_paths
    if previous is not None:
        package_at(previous)  # raises if it is no package: that says nothing about the chain
    # The folder of an unpacked archive is another one.
    refuse_own_files(package, [one for one in (allowed, authorities, *notes) if one is not None])
    with opened_package(package) as folder:
        if previous is None and package.is_dir():
            previous = evidence_beside(package)
        return list(
            verify(
                folder,
                snapshot,
                allowed,
                previous,
                choices.required,
                lambda held: nullcontext(executor_for(held)),
                authorities=authorities,
                notes=notes,
                progress=progress,
                cancelled=cancelled,
            )
        )


@dataclass(frozen=True, slots=True)
class _Filled:
    """What an imported sheet changed."""

    saved: int
    refused: "list[Refused]"
    revoked: "tuple[ReviewItem, ...]"
    """The entitlements that it revokes."""
    own: "tuple[SameName, ...]"
    """Own access that it decides on."""


def _filled(review_session: "ReviewSession", sheet: Path, reviewer: Reviewer) -> _Filled:
    from iamdesk.export.evidence.import_sheet import fill_in

    def is_revoked(line: "ReviewItem") -> bool:
        return review_session.decision(line.line_id).choice is ReviewDecision.REVOKE

    entries = review_session.entries
    before = {line.line_id for line in review_session.lines if is_revoked(line)}
    saved, refused = fill_in(review_session, sheet, reviewer)
    revoked = (line for line in review_session.lines if line.line_id not in before and is_revoked(line))
    return _Filled(saved, refused, tuple(revoked), review_session.own_access(entries).same_names)
