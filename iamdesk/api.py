"""The API for the front ends (window and command line).

One call for each user action, with a frozen and complete result that every view reads. All calls are thread-safe. Open
snapshots are in ``sessions/``.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import UTC, date, datetime
from pathlib import Path
from traceback import clear_frames
from typing import TYPE_CHECKING, Any

from iamdesk.evaluate.request import CaseError, MissingContextMode
from iamdesk.explain.decision import EvaluationResult
from iamdesk.memory import free_incrementally, gc_paused
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.resource_files import resources
from iamdesk.sessions.base import Details, Opened
from iamdesk.sessions.organization_session import OrganizationSession, no_executor
from iamdesk.sessions.requests import RequestSession
from iamdesk.sessions.snapshot_session import SnapshotSession, entities_of, today
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_catalogue, load_snapshot
from iamdesk.viewmodel.tree_builder import build_outline
from iamdesk.work.shared_tasks import shared_out

if TYPE_CHECKING:  # imported on first use; `as`: types for annotations of the front ends
    from iamdesk.access.service_access import AccessByPrincipal as AccessByPrincipal
    from iamdesk.causes.finding_edits import FindingRemediation
    from iamdesk.causes.types import Causes, Control
    from iamdesk.checks.check import Check
    from iamdesk.checks.check_settings import AppliedSettings as AppliedSettings
    from iamdesk.checks.finding import Finding, Suppression
    from iamdesk.diff.result import Comparison, RiskChanges, WhatIfResult
    from iamdesk.explain.suggestions import Change
    from iamdesk.export.findings.earlier import EarlierFindings
    from iamdesk.notes.model import FoundNotes, Note
    from iamdesk.policy_validation.issue import Issue
    from iamdesk.policy_validation.policy_view import PolicyKind
    from iamdesk.review.items import ReviewItem
    from iamdesk.review.key_permissions import KeyPermission as KeyPermission
    from iamdesk.review.recovery import Recovered as Recovered
    from iamdesk.review.review_file import ReviewFile
    from iamdesk.review.schema import Head
    from iamdesk.review.scope import Exclusion
    from iamdesk.review.session import ReviewSession
    from iamdesk.snapshot.build_catalog import ReadAhead, ReadTask
    from iamdesk.snapshot.catalog import Catalogue
    from iamdesk.snapshot.partial import PartialSnapshot
    from iamdesk.viewmodel.types import Completion, Searchable, SearchGroup, SearchResult
    from iamdesk.whatif.edits import Edit, EditAction

__all__ = [
    "CaseError",
    "Details",
    "Opened",
    "OrganizationSession",
    "RequestSession",
    "SnapshotSession",
    "Workbench",
    "today",
]

WHOLE_BELOW = 128 << 20
"""Bytes of files up to which a snapshot is held in memory as a whole for evaluations: it takes four times as much
(`snapshot.catalog.PER_BYTE`), half of the free memory of a small computer."""
_WHOLE_PART = 8
"""Share of the window's memory up to which a snapshot's files are held as a whole: policies, tree, findings, attack
paths and access matrix take up to that many times as much."""
USUAL_MEMORY = 1 << 30
"""Default memory of the window, in bytes."""
_OF_PROGRAM = 400 << 20
"""Bytes that a process takes besides accounts, the names of 200,000 principals and the work of checks among them."""
_OF_WINDOW = 620 << 20
"""Bytes that the window takes besides accounts: the program, a search over these names, a table of 50,000 rows, and the
facts of a thousand accounts while the checks run (280 MB, measured before attack-path steps were packed)."""
_LEAST_FOR_ACCOUNTS = 64 << 20


def _catalogue(
    path: Path, least: int, progress: Progress, cancelled: Cancelled, executor: Callable[[], Executor | None]
) -> "Catalogue | None":
    def share(
        function: "Callable[[ReadTask, Cancelled], ReadAhead | None]", tasks: "Sequence[ReadTask]"
    ) -> "Iterator[ReadAhead | None]":
        return shared_out(function, tasks, executor(), cancelled=cancelled)

    return load_catalogue(path, least=least, progress=progress, cancelled=cancelled, share=share)


class Workbench:
    """Opens snapshots and reviews, compares and changes snapshots: what a front end holds."""

    def open_snapshot(
        self,
        path: Path,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        arrived: Callable[[SnapshotSession], None] | None = None,
    ) -> SnapshotSession:
        """Read a snapshot and build its tree.

        ``arrived`` is called with the first accounts, to browse while the others are read. They evaluate no requests:
        data that decides may still be missing.

        Raises:
            SnapshotError: the path is not a readable snapshot; its text is one sentence that names the position.
            WorkCancelled: ``cancelled`` returned True.
        """
        with gc_paused():

            def show_first(arrival: "PartialSnapshot") -> None:
                if arrived is not None:
                    arrived(
                        SnapshotSession(arrival.snapshot, build_outline(arrival.snapshot, arrival.awaited, cancelled))
                    )

            snapshot = load_snapshot(
                path, progress=progress, cancelled=cancelled, arrived=show_first if arrived else None
            )
            try:
                return SnapshotSession(snapshot, build_outline(snapshot, cancelled=cancelled))
            except WorkCancelled as stopped:
                small = entities_of(snapshot)
                clear_frames(stopped.__traceback__)
                del snapshot
                free_incrementally(*small)
                raise WorkCancelled from None

    def open_to_browse(
        self,
        path: Path,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        arrived: Callable[[SnapshotSession], None] | None = None,
        executor: Callable[[], Executor | None] = no_executor,
        memory: int = USUAL_MEMORY,
    ) -> Opened:
        """Read a snapshot and build its tree; a large one of many files by names only (`OrganizationSession`).

        ``memory`` is the memory of this process, in bytes: a snapshot of up to an eighth of it is held as a whole.
        ``arrived`` as for `open_snapshot`, ``executor`` as for `open_to_evaluate`.

        Raises:
            SnapshotError: as `open_snapshot`.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        catalogue = _catalogue(path, memory // _WHOLE_PART, progress, cancelled, executor)
        if catalogue is None:
            return self.open_snapshot(path, progress, cancelled, arrived)
        opened = OrganizationSession(catalogue, executor, max(memory - _OF_WINDOW, _LEAST_FOR_ACCOUNTS))
        opened.lay_out(cancelled)
        return opened

    def open_to_evaluate(
        self,
        path: Path,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Callable[[], Executor | None] = no_executor,
        memory: int = USUAL_MEMORY,
    ) -> Opened:
        """Read a snapshot for evaluations only; a large one of many files as a catalogue (`OrganizationSession`).

        The workers of ``executor`` share the reading and sweeps over accounts of a large one; ``memory`` is the memory
        of each process, in bytes.

        Raises:
            SnapshotError: as `open_snapshot`.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        catalogue = _catalogue(path, WHOLE_BELOW, progress, cancelled, executor)
        if catalogue is None:
            return self.open_snapshot(path, progress, cancelled)
        return OrganizationSession(catalogue, executor, max(memory - _OF_PROGRAM, _LEAST_FOR_ACCOUNTS))

    @staticmethod
    def read_check_settings(path: Path) -> "AppliedSettings":
        """Return the settings of the checks in a file.

        Raises:
            SuppressionError: it cannot be read, or is not such a file; one sentence.
        """
        from iamdesk.checks.check_settings import read_check_settings

        return read_check_settings(path)

    @staticmethod
    def with_settings(
        findings: "Iterable[Finding]", settings: "AppliedSettings | None", opened: Opened
    ) -> "Iterable[Finding]":
        """Yield findings with the severities and archive rules of settings (not its thresholds); None: as they are."""
        if settings is None:
            return findings
        from iamdesk.checks.check_settings import with_settings

        whole = opened.snapshot if isinstance(opened, SnapshotSession) else None
        return with_settings(findings, settings if whole is None else settings.for_snapshot(whole), today())

    @staticmethod
    def earlier_findings(
        opened: Opened,
        suppressions: "Sequence[Suppression]" = (),
        settings: "AppliedSettings | None" = None,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
    ) -> "EarlierFindings":
        """Run every check over an earlier snapshot, with the suppressions and settings of today, for a report's trend.

        Raises:
            SnapshotError: an account cannot be read any more.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        from iamdesk.checks.suppressions import suppressed
        from iamdesk.export.findings.earlier import EarlierFindings, FindingFacts

        found = Workbench.with_settings(opened.findings(progress, cancelled, (), executor), settings, opened)
        return EarlierFindings(
            opened.path.name,
            False,
            opened.sha256,
            opened.about.latest,
            frozenset(one.account_id for one in opened.accounts),
            FindingFacts.of(suppressed(found, suppressions, today())),
        )

    @staticmethod
    def is_review(path: Path) -> bool:
        """Return whether a file name is that of a review."""
        from iamdesk.review.schema import SUFFIX  # imports SQLite

        return path.suffix == SUFFIX

    @staticmethod
    def earlier_findings_of(review: "ReviewSession") -> "EarlierFindings":
        """Return the findings of an open review, for a report's trend.

        Raises:
            ReviewError: it cannot be read; one sentence.
        """
        from iamdesk.export.findings.earlier import earlier_of_review

        return earlier_of_review(review.file)

    @staticmethod
    def earlier_review(path: Path) -> "EarlierFindings":
        """Return the findings of an earlier review, for a report's trend.

        Raises:
            ReviewError: it cannot be read; one sentence.
        """
        from iamdesk.export.findings.earlier import earlier_of_review
        from iamdesk.review.review_file import ReviewFile

        review = ReviewFile.open(path, writable=False)
        try:
            return earlier_of_review(review)
        finally:
            review.close()

    @staticmethod
    def controls(
        opened: Opened, findings: "Iterable[Finding]", cancelled: Cancelled = never_cancelled
    ) -> "tuple[Control, ...]":
        """Return the controls of standards for all findings of a run, the suppressed ones included.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.causes.controls import Tally

        return opened.controls(Counter(map(Tally.of, findings)), cancelled)

    @staticmethod
    def causes(findings: "Iterable[Finding]") -> "Causes":
        """Group findings by cause, by severity and then effect; every finding is in exactly one."""
        from iamdesk.causes.grouping import causes_of

        return causes_of(findings)

    @staticmethod
    def read_suppressions(path: Path) -> "tuple[Suppression, ...]":
        """Return the suppressions of a file; none if there is no file.

        Raises:
            SuppressionError: it cannot be read, or is not such a file; one sentence.
        """
        from iamdesk.checks.suppressions import read_suppressions

        return read_suppressions(path)

    @staticmethod
    def suppress(
        path: Path, findings: "Sequence[Finding] | Sequence[str]", owner: str, reason: str, expires: date
    ) -> "tuple[Suppression, ...]":
        """Suppress findings (or their ids) until a day, in a file; returns all suppressions of the file.

        Raises:
            SuppressionError: owner or reason is missing, the day is past, or the file cannot be read; one sentence.
            ExportError: the file cannot be written; one sentence.
        """
        from iamdesk.checks.finding import Finding
        from iamdesk.checks.suppressions import as_bytes, read_suppressions, suppression
        from iamdesk.export.files.atomic_write import write_atomic

        kept = {one.fingerprint: one for one in read_suppressions(path)}
        for finding in findings:
            if isinstance(finding, Finding):
                about = {"check_id": finding.check_id, "subject": finding.subject_key}
                word = suppression(finding.fingerprint, owner, reason, expires, today(), **about)
            else:
                word = suppression(finding, owner, reason, expires, today())
            kept[word.fingerprint] = word
        write_atomic(path, as_bytes(kept.values()))
        return tuple(kept.values())

    @staticmethod
    def lift_suppressions(path: Path, fingerprints: Sequence[str]) -> "tuple[Suppression, ...]":
        """Remove suppressions from a file; returns the remaining ones.

        Raises:
            SuppressionError: the file cannot be read; one sentence.
            ExportError: the file cannot be written; one sentence.
        """
        from iamdesk.checks.suppressions import as_bytes, read_suppressions
        from iamdesk.export.files.atomic_write import write_atomic

        held = read_suppressions(path)
        left = tuple(one for one in held if one.fingerprint not in set(fingerprints))
        if len(left) < len(held):
            write_atomic(path, as_bytes(left))
        return left

    @staticmethod
    def search_everywhere(
        opened: Opened | None,
        text: str,
        groups: "Collection[SearchGroup]",
        offered: "Mapping[SearchGroup, Sequence[Searchable]]",
        limit: int,
        cancelled: Cancelled = never_cancelled,
    ) -> "tuple[SearchResult, ...]":
        """Return what contains every word of a text, group by group, best first; ``opened`` may be None.

        ``offered`` is what the front end has besides the snapshot and AWS's actions; at most ``limit`` of each group.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.viewmodel.search_everywhere import search_everywhere
        from iamdesk.viewmodel.types import SearchGroup

        if opened is None:
            return search_everywhere(text, groups, offered, None, limit, cancelled)
        if SearchGroup.NAMED in groups:
            offered = {**offered, SearchGroup.NAMED: opened.named_resources}
        return search_everywhere(text, groups, offered, (opened.outline_search, opened.outline), limit, cancelled)

    @staticmethod
    def checks() -> "Sequence[Check]":
        """Return the built-in checks."""
        from iamdesk.checks.registry import checks

        return checks()

    @staticmethod
    def title_of_check(check_id: str) -> str | None:
        """Return the title of a built-in check; None if there is none of this ID."""
        from iamdesk.checks.registry import check

        return None if (known := check(check_id)) is None else known.title

    @staticmethod
    def notes_of(opened: Opened, folder: Path | None = None, of_samples: Path | None = None) -> "FoundNotes":
        """Return the user's notes on a snapshot, or those of an earlier one of its accounts; reads files.

        ``folder`` is where notes are that cannot be beside their snapshots; ``of_samples`` where those on a snapshot
        are that is part of iamdesk.

        Raises:
            NoteError: the snapshot's own file of notes cannot be read; one sentence.
        """
        from iamdesk.notes.store import find_notes

        accounts = {account.account_id for account in opened.accounts}
        if of_samples is not None and opened.path.is_relative_to(resources()):
            return find_notes(opened.path, accounts, of_samples, only_there=True)
        return find_notes(opened.path, accounts, folder)

    @staticmethod
    def read_notes(path: Path) -> "tuple[Note, ...]":
        """Return the notes in a file.

        Raises:
            NoteError: it cannot be read, or is not a file of notes; one sentence.
        """
        from iamdesk.notes.store import read_notes

        return read_notes(path).notes

    @staticmethod
    def write_notes(
        opened: Opened, path: Path, changes: "Sequence[Note]", basis: "Sequence[Note]" = ()
    ) -> "tuple[Note, ...]":
        """Write changed notes on a snapshot to a file and return all that it holds; ``basis`` begins a new file.

        Raises:
            NoteError: it cannot be written; one sentence.
        """
        from iamdesk.notes.store import write_notes

        accounts = {account.account_id for account in opened.accounts}
        return write_notes(path, changes, basis, snapshot=opened.path.name, sha256=opened.sha256, accounts=accounts)

    @staticmethod
    def notes_path(opened: Opened, folder: Path | None = None) -> Path:
        """Return the path of the notes on a snapshot: beside it, or in another folder."""
        from iamdesk.notes.store import notes_path

        return notes_path(opened.path, folder)

    @staticmethod
    def is_service(prefix: str) -> bool:
        """Return whether AWS has a service with this prefix."""
        from iamdesk.aws.service_reference import reference

        return reference().service_exists(prefix)

    @staticmethod
    def validate_policy(content: bytes, kind: "PolicyKind", service: str = "") -> "tuple[Issue, ...]":
        """Return the issues of a policy document, worst first, with positions in its text.

        ``service`` is the prefix of the service of a resource policy's resource; empty if unknown.

        Raises:
            PolicyTextError: The text is not one JSON object.
        """
        from iamdesk.policy_validation.validate import validate_text

        return validate_text(content, kind, service)

    @staticmethod
    def open_review(path: Path, *, writable: bool = True) -> "ReviewSession":
        """Open a review for writing or reading; it is checked for damage first.

        Raises:
            DamagedReviewError: it was changed outside of iamdesk: `recover_review` writes the intact part to a new
                file.
            ReviewError: it is not a review, or another process writes to it; one sentence.
        """
        from iamdesk.review.session import ReviewSession

        return ReviewSession(Workbench.open_review_file(path, writable=writable))

    @staticmethod
    def open_review_file(path: Path, *, writable: bool = True, checked: bool = True) -> "ReviewFile":
        """Open a review as `open_review` does, without a copy of its items in memory: for reading them one by one.

        ``checked`` is whether it is checked for damage first.
        """
        from iamdesk.review.review_file import ReviewFile

        return ReviewFile.open(path, writable=writable, checked=checked)

    @staticmethod
    def review_head(path: Path) -> "Head":
        """Return the subject of a review without opening it.

        Raises:
            ReviewError: as `open_review`.
        """
        from iamdesk.review.review_file import ReviewFile

        with ReviewFile.open(path, writable=False, checked=False) as review:
            return review.head

    @staticmethod
    def exclusion(text: str) -> "Exclusion":
        """Parse an exclusion from a review, such as ``account:444455556666=a sandbox``.

        Raises:
            ReviewError: it names nothing that can be excluded, or no reason; its text is one sentence.
        """
        from iamdesk.review.scope import exclusion

        return exclusion(text)

    @staticmethod
    def recover_review(damaged: Path, into: Path) -> "Recovered":
        """Write the intact part of a damaged review to a new file; the damaged one is not changed.

        Raises:
            ReviewError: nothing can be recovered, or the new file cannot be written; its text is one sentence.
        """
        from iamdesk.review.recovery import recover

        return recover(damaged, into)

    @staticmethod
    def compare(
        old: SnapshotSession,
        new: SnapshotSession,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
    ) -> "Comparison":
        """Return the access changes between two snapshots, with their causes; takes seconds for thousands of
        principals.

        ``executor`` as for `SnapshotSession.findings`.

        Raises:
            WorkError: the executor cannot do it; one sentence.
            WorkCancelled: ``cancelled`` returned True.
        """
        return new.compared_with(old, progress, cancelled, executor)

    @staticmethod
    def what_if(
        opened: SnapshotSession,
        edits: "Sequence[Edit]",
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> "WhatIfResult":
        """Return the effect of changes, applied to a copy of a snapshot; takes seconds for thousands of principals.

        Raises:
            WhatIfError: one of them cannot be applied; its text is one sentence that names it by its number.
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.diff.comparison import compare_snapshots
        from iamdesk.diff.result import WhatIfResult
        from iamdesk.whatif.apply import apply
        from iamdesk.whatif.commands import commands

        changed = apply(opened.snapshot, edits)
        carried_out = tuple(commands(opened.snapshot, edits))
        found = compare_snapshots(opened.snapshot, changed, datetime.now(UTC), progress, cancelled)
        return WhatIfResult(changed, found, carried_out)

    @staticmethod
    def risk_changes(
        opened: SnapshotSession,
        tried: "WhatIfResult",
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> "RiskChanges":
        """Return the attack paths and findings that appear or vanish with changes that were tried (`what_if`).

        Takes as long as finding both in the snapshot and in the copy.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.diff.comparison import risk_changes

        copy = Workbench.open_copy(tried.snapshot)
        return risk_changes(
            opened.reach(progress, cancelled),
            copy.reach(progress, cancelled),
            opened.findings(progress, cancelled),
            copy.findings(progress, cancelled),
        )

    @staticmethod
    def changed_document(opened: SnapshotSession, edits: "Sequence[Edit]", key: str, number: int | None = None) -> Any:
        """Return a policy's document, or one statement of it, after changes.

        Raises:
            WhatIfError: there is no such policy or statement, or a change cannot be applied; one sentence.
        """
        from iamdesk.whatif.apply import apply, document_of, statement_of

        changed = apply(opened.snapshot, edits)
        return document_of(changed, key) if number is None else statement_of(changed, key, number)

    @staticmethod
    def complete_subject(opened: SnapshotSession, act: "EditAction", text: str) -> "tuple[Completion, ...]":
        """Return the subjects that a kind of change can have and whose name contains a text, the best first."""
        from iamdesk.whatif.completion import complete_subject

        return complete_subject(opened.snapshot, act, text)

    @staticmethod
    def complete_detail(
        opened: SnapshotSession, act: "EditAction", subject: str, text: str
    ) -> "tuple[Completion, ...]":
        """Return the details that a change of a subject can have: policies attached to it, its groups, its tags."""
        from iamdesk.whatif.completion import complete_detail

        return complete_detail(opened.snapshot, act, subject, text)

    @staticmethod
    def statements_of(opened: SnapshotSession, edits: "Sequence[Edit]", key: str) -> tuple[str, ...]:
        """Return a line for each statement of a policy as it is after some changes; none if it is not captured."""
        from iamdesk.whatif.apply import apply
        from iamdesk.whatif.completion import statements_of
        from iamdesk.whatif.edits import WhatIfError

        try:
            return statements_of(apply(opened.snapshot, edits) if edits else opened.snapshot, key)
        except WhatIfError:
            return ()  # the list has a change that cannot be applied: trying it says so

    @staticmethod
    def actions_of_technique(path_id: str) -> tuple[str, ...]:
        """Return the actions that a technique of attack paths takes, in order; empty for an unknown one."""
        from iamdesk.attack_paths.catalog import actions_of

        return actions_of(path_id)

    @staticmethod
    def edits_of_decisions(decisions: "Sequence[EvaluationResult]") -> "tuple[FindingRemediation, ...]":
        """Return the changes that take away the statements that allow requests, one by one."""
        from iamdesk.causes.finding_edits import edits_of_decisions

        return edits_of_decisions(decisions)

    @staticmethod
    def revoking_edits(items: "Iterable[ReviewItem]") -> "tuple[Edit, ...]":
        """Return the changes that revoke entitlements; empty if one of them is no change of a user, group or role."""
        from iamdesk.review.revoking_edits import revoking_edits

        return revoking_edits(items)

    @staticmethod
    def edits_of_finding(finding: "Finding") -> "tuple[FindingRemediation, ...]":
        """Return the changes that would end a finding, each to be tried; empty if it is not about a policy."""
        from iamdesk.causes.finding_edits import edits_of_finding

        return edits_of_finding(finding)

    @staticmethod
    def edits_of(change: "Change", principal: str) -> "tuple[Edit, ...]":
        """Return the edits that try a suggested change of a principal's decision; none if it cannot be tried."""
        from iamdesk.whatif.suggested_edits import edits_of

        return edits_of(change, principal)

    @staticmethod
    def edits_without(opened: SnapshotSession, key: str, holder: str = "") -> "tuple[Edit, ...]":
        """Return the changes that take a policy, a user, a role or the members of a group away; empty: nothing to take.

        With ``holder``, a user, group or role, a policy is taken from that one alone, or from its groups.
        """
        from iamdesk.whatif.without import edits_without

        return edits_without(opened.snapshot, key, holder)

    @staticmethod
    def open_copy(snapshot: Snapshot) -> SnapshotSession:
        """Open a snapshot that is in no file: a copy with changes."""
        return SnapshotSession(snapshot, build_outline(snapshot), is_copy=True)

    def evaluate_case(
        self, case: Mapping[str, Any], unknown_context: MissingContextMode, *, unknown_action: bool = False
    ) -> EvaluationResult:
        """Evaluate a self-contained test case, which contains its own policies, without a snapshot.

        Raises:
            CaseError: the test case cannot be evaluated; its text says why in one sentence.
        """
        from iamdesk.simulate.test_cases import check_session_policies, evaluate_case

        check_session_policies(case)
        return evaluate_case(case, unknown_context, unknown_action=unknown_action)
