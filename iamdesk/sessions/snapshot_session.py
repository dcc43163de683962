"""A snapshot that is open and in memory as a whole."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from iamdesk.inventory.validation import DocumentProblem, Gap, document_problems, gaps
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.sessions.base import Opened
from iamdesk.sessions.details import Details
from iamdesk.snapshot.deduplicate import share_equal_parts
from iamdesk.snapshot.incremental_free import held
from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.viewmodel.completion import Completions
from iamdesk.viewmodel.control_totals import ControlTotal, control_totals
from iamdesk.viewmodel.coverage import CapturedData, captured_data
from iamdesk.viewmodel.subjects import PolicyView, Subject, SubjectIndex
from iamdesk.viewmodel.tree_builder import Badge, Outline
from iamdesk.work.workers import Workers

if TYPE_CHECKING:  # the engine and the checks are imported when first asked: opening a snapshot needs neither
    from iamdesk.access.effective_permissions import Overview, ServiceAccess
    from iamdesk.access.evaluator import Evaluator
    from iamdesk.access.organization_evaluator import OrganizationEvaluator
    from iamdesk.access.sweeps import Sweeps
    from iamdesk.attack_paths.attack_path_graph import LazyAttackPathGraph
    from iamdesk.attack_paths.types import AttackPath, AttackPaths, PrincipalExposure
    from iamdesk.checks.finding import Finding, Suppression
    from iamdesk.diff.result import Comparison
    from iamdesk.export.follow_up_review import CarriedOn
    from iamdesk.policy.document import Document
    from iamdesk.review.scope import Exclusion

MIN_ACCOUNTS_APART = 12
"""Accounts from which each is asked by itself: together, every policy takes a bit of memory for every principal, and
the work grows with the square of the accounts."""


def today() -> date:
    """Return the day as people here write it: a suppression ends with a day of theirs."""
    return datetime.now().astimezone().date()


class SnapshotSession(Opened):
    """A snapshot that is open, in memory: everything that can be asked of it. Holds nothing that changes."""

    def __init__(self, snapshot: Snapshot, outline: Outline, *, is_copy: bool = False) -> None:
        """``is_copy`` says that the snapshot was changed since it was read."""
        self.snapshot = snapshot
        self.outline = outline
        self._copy = uuid4().hex if is_copy else None

    def __del__(self) -> None:
        """Nobody has it open any more: see that its memory is given back, part by part, for each stops every thread."""
        while self.__dict__:
            self.__dict__.popitem()

    def _workers(self, executor: Executor | None) -> Workers | None:
        """Return who does long work; None: this process."""
        return None if executor is None else Workers(executor, self.snapshot, self._copy)

    @cached_property
    def evaluator(self) -> "Evaluator":
        """The engine over this snapshot: built at first use, which takes no longer than a heartbeat."""
        from iamdesk.access.evaluator import Evaluator

        return Evaluator(self.snapshot)

    @cached_property
    def _subjects(self) -> SubjectIndex:
        return SubjectIndex(self.snapshot)

    @cached_property
    def _completions(self) -> Completions:
        return Completions(self.snapshot)

    def small_parts(self) -> list[list[Any]]:
        """Return lists of the many small things that it is made of: once it is dropped they go bit by bit."""
        columns = [part for column in self.outline.nodes.columns for part in held(column)]
        return [*entities_of(self.snapshot), *columns]

    def make_ready(self, cancelled: Cancelled = never_cancelled) -> None:
        """Build what is otherwise built at first use, the search and the subjects of the tree; then save memory.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        self._search.matches("a")
        self._subjects.make_ready()
        share_equal_parts(self.snapshot, cancelled)

    def subject(self, key: str) -> Subject | None:
        """Return what the inspector shows for a key of the outline; None for a key that the snapshot does not hold."""
        return self._subjects.subject(key)

    def policy(self, key: str, version: str | None = None) -> PolicyView | None:
        """Return a policy's text and diagnostics by its key (``inventory.keys``); no ``version``: the default."""
        return self._subjects.policy(key, version)

    def readings(self, document: "Document", key: str = "") -> tuple[str, ...]:
        """Return each statement of a document in one plain sentence; ``key`` is the policy's."""
        return self._details.readings(document, key)

    @property
    def about(self) -> Snapshot:  # type: ignore[override]
        """The snapshot itself."""
        return self.snapshot

    @property
    def accounts(self) -> Sequence[Account]:  # type: ignore[override]
        """The accounts of the snapshot."""
        return self.snapshot.accounts

    def account_of(self, key: str) -> str:  # noqa: ARG002
        """Return nothing: no account has to be read."""
        return ""

    def details_at_hand(self, key: str) -> Details:  # noqa: ARG002
        """Return what tells of everything: all of it is in memory."""
        return self._details

    def read_details(self, key: str, cancelled: Cancelled = never_cancelled) -> Details:  # noqa: ARG002
        """Return the same."""
        return self._details

    @cached_property
    def _details(self) -> Details:
        return Details(self._subjects)

    @cached_property
    def _parts(self) -> "OrganizationEvaluator | None":
        """The engine over many accounts, account by account; None where one over all serves better."""
        if len(self.snapshot.accounts) < MIN_ACCOUNTS_APART:
            return None
        from iamdesk.access.organization_evaluator import OrganizationEvaluator
        from iamdesk.snapshot.catalog import catalogue_of

        return OrganizationEvaluator(catalogue_of(self.snapshot))

    def evaluator_for(self, principal: str) -> "Evaluator":
        """Return the engine: over a principal's account where there are many, else one for everybody."""
        return self.evaluator if self._parts is None else self._parts.of(principal)

    @property
    def everybody(self) -> "Sweeps":
        """The engine that goes over everybody: account by account where there are many."""
        return self._parts or self.evaluator

    def access_matrix(self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled) -> "Overview":
        """Return how far everybody may do the actions of each service: what a heat map of the account shows.

        Policies are read at the first call; each row is found out when it is read, in some milliseconds.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        return self.evaluator.access_matrix(progress, cancelled)

    def what_can_rows(
        self,
        overview: "Overview",
        principals: Sequence[str],
        take: "Callable[[Sequence[tuple[str, Mapping[str, ServiceAccess]]]], object]",
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
    ) -> None:
        """Give the rows of an overview for some principals to ``take``, as they are found and in any order.

        The workers of an ``executor`` (`iamdesk.work`) find them out beside this process.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        from iamdesk.access.matrix_parallel import find_rows

        find_rows(overview.reaches, principals, take, self._workers(executor), progress, cancelled)

    @cached_property
    def _reach(self) -> "LazyAttackPathGraph":
        from iamdesk.attack_paths.attack_path_graph import LazyAttackPathGraph

        return LazyAttackPathGraph(self.evaluator)

    def reach(
        self,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
    ) -> "AttackPaths":
        """Return what every principal can become: made at the first call, which takes seconds for thousands of them.

        ``executor`` as for `findings`.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        return self._reach(progress, cancelled, self._workers(executor))

    def ways_of_everybody(
        self, goal: str = "admin", cancelled: Cancelled = never_cancelled, executor: Executor | None = None
    ) -> "Iterator[tuple[PrincipalExposure, AttackPath]]":
        """Yield every user and role that gets to a goal, or may, with a shortest way, in the snapshot's order.

        ``goal`` as of `AttackPaths`; ``executor`` as for `findings`.

        Raises:
            RequestError: there is no such goal.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        from iamdesk.attack_paths.shared_paths import ways_of_everybody

        workers = self._workers(executor)
        return ways_of_everybody(self._reach(cancelled=cancelled, workers=workers), goal, workers, cancelled)

    def document_problems(self) -> Iterator[DocumentProblem]:
        """Return what is wrong with each policy document, in the snapshot's order."""
        return document_problems(self.snapshot)

    def captured_data(self) -> tuple[CapturedData, ...]:
        """Return what the snapshot holds of every kind of data, and what the missing part means for answers."""
        return captured_data(self.snapshot)

    def control_totals(self) -> tuple[ControlTotal, ...]:
        """Return AWS's own counts of each account beside the snapshot's: those that agree as well."""
        return control_totals(self.snapshot)

    def gaps(self) -> Iterator[Gap]:
        """Return what the snapshot names and does not hold."""
        return gaps(self.snapshot)

    def findings(
        self,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        suppressions: "Sequence[Suppression]" = (),
        executor: Executor | None = None,
    ) -> "Iterator[Finding]":
        """Run every check; findings come as they are found, with the suppressions that hold for them today.

        ``executor`` does it (`iamdesk.work`); None: this process, which takes longer from `is_worthwhile` on.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        from iamdesk.checks.suppressions import suppressed

        workers = self._workers(executor)
        if workers is not None:
            from iamdesk.checks.parallel import run_shared

            reach = self._reach(cancelled=cancelled, workers=workers) if workers.helped else None
            found = run_shared(workers, progress, cancelled, reach)
        else:
            from iamdesk.checks import registry

            found = registry.run(self.evaluator, progress, cancelled, self._reach)
        return suppressed(found, suppressions, today()) if suppressions else found

    def create_review(
        self,
        path: Path,
        title: str,
        details: Mapping[str, str] | None = None,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        *,
        exclusions: "Sequence[Exclusion]" = (),
        executor: Executor | None = None,
    ) -> None:
        """Make a review of this snapshot: its population, lines and findings are frozen in a new file.

        ``exclusions`` are what is left out, each with its reason; they are told in the evidence.

        Seconds for thousands of principals. ``details`` is what the evidence tells besides (``period_start`` …).
        ``executor`` as for `findings`.

        Raises:
            ReviewError: there is a file of that name, or it cannot be written; its text is one sentence.
            WorkError: the executor cannot do it; one sentence.
            WorkCancelled: ``cancelled`` returned True; then there is no file.
        """
        from iamdesk.export.new_review import make_review

        workers = self._workers(executor)
        reach = self._reach(cancelled=cancelled, workers=workers)
        make_review(
            self.evaluator,
            reach,
            path,
            title,
            details or {},
            progress,
            cancelled,
            exclusions=exclusions,
            workers=workers,
        )

    def create_next_review(
        self,
        path: Path,
        title: str,
        previous: Path,
        old: "SnapshotSession",
        details: Mapping[str, str] | None = None,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        *,
        pack: Path | None = None,
        exclusions: "Sequence[Exclusion]" = (),
        executor: Executor | None = None,
    ) -> "CarriedOn":
        """Make a review of this snapshot that goes on from another one, which is of the snapshot ``old``.

        Decisions are taken over where the effect is proved to be the same; what comes back tells why each other line
        is asked, and what became of every revoke. ``pack`` is the evidence of the review before: the new one names its
        manifest; None: the last one that was noted in it. ``executor`` as for `findings`.

        Raises:
            ReviewError: as `create_review`; or the review before cannot be read, or is of another snapshot, or the
                evidence is not of it.
            ExportError: it is no evidence.
            WorkError: the executor cannot do it; one sentence.
            WorkCancelled: ``cancelled`` returned True; then there is no file.
        """
        from iamdesk.export.follow_up_review import make_next_review
        from iamdesk.review.review_file import ReviewFile

        found = self.compared_with(old, progress, cancelled, executor)
        workers = self._workers(executor)
        reach = self._reach(cancelled=cancelled, workers=workers)
        with ReviewFile.open(previous, writable=False) as before:
            return make_next_review(
                self.evaluator,
                reach,
                path,
                title,
                details or {},
                before,
                found,
                pack,
                progress,
                cancelled,
                exclusions,
                workers,
            )

    def compared_with(
        self, old: "SnapshotSession", progress: Progress, cancelled: Cancelled, executor: Executor | None = None
    ) -> "Comparison":
        """Return what changed in effect since an earlier snapshot (`Workbench.compare`)."""
        from iamdesk.diff.comparison import compare_snapshots

        theirs, own = old._workers(executor), self._workers(executor)
        workers = (theirs, own) if theirs is not None and own is not None else None
        return compare_snapshots(old.snapshot, self.snapshot, datetime.now(UTC), progress, cancelled, workers)

    def decided_badges(
        self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> Mapping[int, tuple[Badge, ...]]:
        """Return the badges by row, those that need the evaluator (administrator, outsider) included."""
        from iamdesk.checks import registry

        return registry.badges(self.evaluator, self.outline, progress, cancelled)


def entities_of(snapshot: Snapshot) -> list[list[Any]]:
    """Return lists of the many entries of a snapshot."""
    return [
        part
        for account in snapshot.accounts
        for entities in (account.users, account.groups, account.roles, account.policies)
        for part in held(entities)
    ]
