"""The counter: the only hatch between the house and its front ends (window and command line).

One call for each thing that a user does. What comes back is frozen and complete, so that every view paints from the
same object and none asks a second time. All of it may be called from any thread. What is open: ``opened/``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import UTC, date, datetime
from pathlib import Path
from traceback import clear_frames
from typing import TYPE_CHECKING, Any

from iamdesk.evaluate.request import CaseError, MissingContextMode
from iamdesk.explain.decision import EvaluationResult
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.sessions.base import Opened
from iamdesk.sessions.details import Details
from iamdesk.sessions.organization_session import OrganizationSession, nobody
from iamdesk.sessions.requests import RequestSession
from iamdesk.sessions.snapshot_session import SnapshotSession, entities_of, today
from iamdesk.snapshot.gc_pause import gc_paused
from iamdesk.snapshot.incremental_free import free_incrementally
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_catalogue, load_snapshot
from iamdesk.viewmodel.request_lint import Hint
from iamdesk.viewmodel.tree_builder import build_outline
from iamdesk.work.shared_tasks import shared_out

if TYPE_CHECKING:  # what works is imported when it is first asked
    from iamdesk.checks.finding import Finding, Suppression
    from iamdesk.diff.result import Comparison
    from iamdesk.diff.what_if_result import WhatIfResult
    from iamdesk.review.recovery import Recovered
    from iamdesk.review.schema import Head
    from iamdesk.review.scope import Exclusion
    from iamdesk.review.session import ReviewSession
    from iamdesk.snapshot.build_catalog import ReadAhead, ReadTask
    from iamdesk.snapshot.catalog import Catalogue
    from iamdesk.snapshot.partial import PartialSnapshot
    from iamdesk.whatif.edits import Edit

__all__ = [
    "CaseError",
    "Details",
    "Hint",
    "Opened",
    "OrganizationSession",
    "RequestSession",
    "SnapshotSession",
    "Workbench",
    "today",
]

WHOLE_BELOW = 128 << 20
"""Bytes of files from which a snapshot is not held in memory as a whole to be asked: it would take four times as much
(`snapshot.catalog.PER_BYTE`), half of what a small computer has to spare."""
_WHOLE_PART = 8
"""Of the memory that the window may take, the part of which a snapshot's files may be to be held as a whole: policies,
tree and what findings, ways and maps keep of them take up to so many times as much."""
USUAL_MEMORY = 1 << 30
"""Bytes that the window may take where nobody says otherwise."""
_OF_WINDOW = 400 << 20
"""Bytes that the window takes beside the accounts: the program, and the names of 200,000 principals to be searched."""
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
    """What a front end holds: it opens snapshots."""

    def open_snapshot(
        self,
        path: Path,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        arrived: Callable[[SnapshotSession], None] | None = None,
    ) -> SnapshotSession:
        """Read a snapshot and lay out its tree.

        ``arrived`` is given the first accounts, to be looked at, where many more are still to be read. They answer no
        question: what decides may be in what is not there yet.

        Raises:
            SnapshotError: the path is no readable snapshot; its text is one sentence that names the place.
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

    def open_to_look(
        self,
        path: Path,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        arrived: Callable[[SnapshotSession], None] | None = None,
        executor: Callable[[], Executor | None] = nobody,
        memory: int = USUAL_MEMORY,
    ) -> Opened:
        """Read a snapshot and lay out its tree; of a large one of many files, by names (`OrganizationSession`).

        ``memory`` is how many bytes this process may take: a snapshot of an eighth of it is held as a whole.
        ``arrived`` as for `open_snapshot`, ``executor`` as for `open_to_ask`.

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

    def open_to_ask(
        self,
        path: Path,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Callable[[], Executor | None] = nobody,
        memory: int = USUAL_MEMORY,
    ) -> Opened:
        """Read a snapshot that will only be asked: a large one of many files, as a catalogue (`OrganizationSession`).

        The workers of what ``executor`` returns read files of a large one beside this process, and sweep over its
        accounts; ``memory`` is how many bytes each process may take.

        Raises:
            SnapshotError: as `open_snapshot`.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        catalogue = _catalogue(path, WHOLE_BELOW, progress, cancelled, executor)
        if catalogue is None:
            return self.open_snapshot(path, progress, cancelled)
        return OrganizationSession(catalogue, executor, max(memory - _OF_WINDOW, _LEAST_FOR_ACCOUNTS))

    @staticmethod
    def read_suppressions(path: Path) -> "tuple[Suppression, ...]":
        """Return the suppressions that a file holds; none where there is no file.

        Raises:
            SuppressionError: it cannot be read, or is no such file; one sentence.
        """
        from iamdesk.checks.suppressions import read_suppressions

        return read_suppressions(path)

    @staticmethod
    def suppress(
        path: Path, findings: "Sequence[Finding] | Sequence[str]", owner: str, reason: str, expires: date
    ) -> "tuple[Suppression, ...]":
        """Set findings (or the ids of some) aside until a day, in a file; return all that it then holds.

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
        """Take suppressions out of a file; return what it then holds.

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
    def open_review(path: Path, *, writable: bool = True) -> "ReviewSession":
        """Open a review, to write in it or only to read; its damages are looked for first.

        Raises:
            DamagedReviewError: it is not as it was written: `recover_review` writes what is intact to a new file.
            ReviewError: it is no review, or somebody else writes in it; one sentence.
        """
        from iamdesk.review.review_file import ReviewFile
        from iamdesk.review.session import ReviewSession

        return ReviewSession(ReviewFile.open(path, writable=writable))

    @staticmethod
    def review_head(path: Path) -> "Head":
        """Return what a review is of, without opening it.

        Raises:
            ReviewError: as `open_review`.
        """
        from iamdesk.review.review_file import ReviewFile

        with ReviewFile.open(path, writable=False, checked=False) as review:
            return review.head

    @staticmethod
    def exclusion(text: str) -> "Exclusion":
        """Return what ``account:444455556666=a sandbox`` leaves out of a review.

        Raises:
            ReviewError: it names nothing that can be left out, or no reason; its text is one sentence.
        """
        from iamdesk.review.scope import exclusion

        return exclusion(text)

    @staticmethod
    def recover_review(damaged: Path, into: Path) -> "Recovered":
        """Write what is intact in a damaged review to a new file; the damaged one stays as it is.

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
        """Return what changed in effect between two snapshots, by which change; seconds for thousands of principals.

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
        """Return what changes would do, tried on a copy of a snapshot; seconds for thousands of principals.

        Raises:
            WhatIfError: one of them cannot be made; its text is one sentence that names it by its number.
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.diff.comparison import compare_snapshots
        from iamdesk.diff.what_if_result import WhatIfResult
        from iamdesk.whatif.apply import apply
        from iamdesk.whatif.commands import commands

        changed = apply(opened.snapshot, edits)
        carried_out = tuple(commands(opened.snapshot, edits))
        found = compare_snapshots(opened.snapshot, changed, datetime.now(UTC), progress, cancelled)
        return WhatIfResult(changed, found, carried_out)

    @staticmethod
    def changed_document(opened: SnapshotSession, edits: "Sequence[Edit]", key: str, number: int | None = None) -> Any:
        """Return a policy's document, or one statement of it, as it is once changes are made.

        Raises:
            WhatIfError: there is no such policy or statement, or a change cannot be made; one sentence.
        """
        from iamdesk.whatif.apply import apply, document_of, statement_of

        changed = apply(opened.snapshot, edits)
        return document_of(changed, key) if number is None else statement_of(changed, key, number)

    @staticmethod
    def open_copy(snapshot: Snapshot) -> SnapshotSession:
        """Lay out the tree of a snapshot that stands in no file: a copy with changes."""
        return SnapshotSession(snapshot, build_outline(snapshot), is_copy=True)

    def evaluate_case(self, case: Mapping[str, Any], unknown_context: MissingContextMode) -> EvaluationResult:
        """Answer a self-contained case, which brings its own policies; no snapshot takes part.

        Raises:
            CaseError: the case cannot be evaluated; its text says why in one sentence.
        """
        from iamdesk.simulate.test_cases import evaluate_case

        return evaluate_case(case, unknown_context)
