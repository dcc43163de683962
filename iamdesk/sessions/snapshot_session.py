"""An open snapshot that is in memory as a whole."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import UTC, date, datetime
from functools import cached_property, partial
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from iamdesk.inventory.validation import DocumentProblem, MissingEntity, document_problems, missing_data
from iamdesk.inventory.workload_index import WorkloadIndex
from iamdesk.memory import held
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.sessions.base import Details, Opened
from iamdesk.snapshot.deduplicate import share_equal_parts
from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.viewmodel.completion import Completions
from iamdesk.viewmodel.control_totals import ControlTotal, control_totals
from iamdesk.viewmodel.coverage import CapturedData, captured_data
from iamdesk.viewmodel.subjects import PolicyView, Subject, SubjectIndex
from iamdesk.viewmodel.tree_builder import Badge, Outline
from iamdesk.work.workers import Workers

if TYPE_CHECKING:  # the engine and the checks are imported on first use: opening a snapshot needs neither
    from iamdesk.access.effective_permissions import ServiceAccess
    from iamdesk.access.evaluator import Evaluator
    from iamdesk.access.organization_evaluator import OrganizationEvaluator
    from iamdesk.access.service_access import AccessByPrincipal
    from iamdesk.access.who_can import Sweeps
    from iamdesk.attack_paths.attack_path_graph import LazyAttackPathGraph
    from iamdesk.attack_paths.types import AttackPath, AttackPaths, Extent, PrincipalExposure
    from iamdesk.causes.controls import Tally
    from iamdesk.causes.types import Control
    from iamdesk.checks.check_settings import AppliedSettings
    from iamdesk.checks.finding import Finding, Suppression
    from iamdesk.diff.result import Comparison
    from iamdesk.export.findings.spool import Spool
    from iamdesk.export.follow_up_review import CarriedOn
    from iamdesk.pages.principal_page import PrincipalPages
    from iamdesk.policy.document import Document
    from iamdesk.review.item_effect import ExactEffect
    from iamdesk.review.items import ReviewItem
    from iamdesk.review.people import PeopleList
    from iamdesk.review.scope import Exclusion
    from iamdesk.viewmodel.pages import AdministratorState, ExternalEntry, PageSection, PrincipalEntry

MIN_ACCOUNTS_APART = 12
"""Number of accounts from which each is evaluated by itself: together, every policy takes a bit of memory for every
principal, and the work grows with the square of the accounts."""


def today() -> date:
    """Return the local date: suppressions end by it."""
    return datetime.now().astimezone().date()


class SnapshotSession(Opened):
    """An open snapshot in memory. Immutable."""

    def __init__(self, snapshot: Snapshot, outline: Outline, *, is_copy: bool = False) -> None:
        """``is_copy``: the snapshot was changed after it was read."""
        self.snapshot = snapshot
        self.outline = outline
        self._copy = uuid4().hex if is_copy else None

    def __del__(self) -> None:
        """Free its memory step by step once it is dropped: freeing it at once would stop every thread."""
        while self.__dict__:
            self.__dict__.popitem()

    def _workers(self, executor: Executor | None) -> Workers | None:
        """Return the workers for long work; None: this process."""
        return None if executor is None else Workers(executor, self.snapshot, self._copy)

    def _workers_at_one_time(self, executor: Executor | None) -> Workers | None:
        """Return the workers for work whose parts have to be as of the same time."""
        workers = self._workers(executor)
        return None if workers is None else workers.as_of(self.evaluator.now())

    @cached_property
    def evaluator(self) -> "Evaluator":
        """The evaluator over this snapshot, built quickly on first use."""
        from iamdesk.access.evaluator import Evaluator

        return Evaluator(self.snapshot)

    @cached_property
    def _subjects(self) -> SubjectIndex:
        return SubjectIndex(self.snapshot)

    @cached_property
    def _completions(self) -> Completions:
        return Completions(self.snapshot)

    def small_parts(self) -> list[list[Any]]:
        """Return lists of its many small objects, which are freed step by step once it is dropped."""
        columns = [part for column in self.outline.nodes.columns for part in held(column)]
        return [*entities_of(self.snapshot), *columns]

    def make_ready(self, cancelled: Cancelled = never_cancelled) -> None:
        """Build now what would otherwise be built on first use, the search and the subjects; then save memory.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        self._search.matches("a")
        self._subjects.make_ready()
        share_equal_parts(self.snapshot, cancelled)

    def subject(self, key: str) -> Subject | None:
        """Return the subject of a tree key; None for a key that the snapshot does not hold."""
        return self._subjects.subject(key)

    def policy(self, key: str, version: str | None = None) -> PolicyView | None:
        """Return a policy's text and diagnostics by its key (``inventory.keys``); no ``version``: the default."""
        return self._subjects.policy(key, version)

    def readings(self, document: "Document", key: str = "") -> tuple[str, ...]:
        """Return each statement of a document as one plain sentence; ``key`` is the policy's."""
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
        """Return an empty text: no account has to be read."""
        return ""

    def details_at_hand(self, key: str) -> Details:  # noqa: ARG002
        """Return the details: all of them are in memory."""
        return self._details

    def read_details(self, key: str, cancelled: Cancelled = never_cancelled) -> Details:  # noqa: ARG002
        """Return the same as `details_at_hand`."""
        return self._details

    @cached_property
    def _details(self) -> Details:
        return Details(self._subjects)

    @cached_property
    def _parts(self) -> "OrganizationEvaluator | None":
        """The evaluator account by account, for many accounts; None where one evaluator over all is better."""
        if len(self.snapshot.accounts) < MIN_ACCOUNTS_APART:
            return None
        from iamdesk.access.organization_evaluator import OrganizationEvaluator
        from iamdesk.snapshot.catalog import catalogue_of

        return OrganizationEvaluator(catalogue_of(self.snapshot))

    def evaluator_for(self, principal: str) -> "Evaluator":
        """Return the evaluator: over a principal's account where there are many, else over all."""
        return self.evaluator if self._parts is None else self._parts.of(principal)

    @property
    def evaluator_for_all(self) -> "Sweeps":
        """The evaluator for sweeps over all principals: account by account where there are many."""
        return self._parts or self.evaluator

    def access_matrix(
        self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> "AccessByPrincipal":
        """Return the access matrix: how far each principal is allowed to perform the actions of each service.

        Policies are read on the first call; each row is computed when it is read, in some milliseconds.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        return self.evaluator.access_matrix(progress, cancelled)

    def what_can_rows(
        self,
        matrix: "AccessByPrincipal",
        principals: Sequence[str],
        take: "Callable[[Sequence[tuple[str, Mapping[str, ServiceAccess]]]], object]",
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
    ) -> None:
        """Pass the rows of an access matrix for some principals to ``take``, as they are computed, in any order.

        The workers of an ``executor`` (`iamdesk.work`) compute them together with this process.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        from iamdesk.access.matrix_parallel import find_rows

        find_rows(matrix, principals, take, self._workers(executor), progress, cancelled)

    @cached_property
    def _reach(self) -> "LazyAttackPathGraph":
        from iamdesk.attack_paths.attack_path_graph import LazyAttackPathGraph

        return LazyAttackPathGraph(self.evaluator)

    def reach(
        self,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
        extent: "Extent | None" = None,
    ) -> "AttackPaths":
        """Return the attack paths of every principal; the first call takes seconds for thousands of them.

        ``executor`` as for `findings`; ``extent``: how far paths after a preparation are searched.

        Raises:
            RequestError: the snapshot has no principal of which they are searched.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        return self._reach(progress, cancelled, self._workers(executor), extent)

    def shortest_paths(
        self,
        goal: str = "admin",
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
        extent: "Extent | None" = None,
    ) -> "Iterator[tuple[PrincipalExposure, AttackPath]]":
        """Yield every user and role that reaches a goal, or may, with a shortest attack path, in the snapshot's order.

        Service-linked roles are left out.
        ``goal`` as of `AttackPaths`; ``executor`` and ``extent`` as for `reach`.

        Raises:
            RequestError: there is no such goal.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        from iamdesk.attack_paths.shared_paths import shortest_paths

        workers = self._workers(executor)
        return shortest_paths(self._reach(no_progress, cancelled, workers, extent), goal, workers, cancelled)

    def principal_page(self, principal: str, cancelled: Cancelled = never_cancelled) -> "Iterator[PageSection]":
        """Yield the sections of the page of a user, role or group, by its ARN, that need no attack paths.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        return self._principal_pages(principal).sections(principal, cancelled)

    def principal_escalation(
        self,
        principal: str,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
    ) -> "Iterator[PageSection]":
        """Yield the sections of its page that need the attack paths (see `reach`).

        Raises:
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        reach = self.reach(progress, cancelled, executor)
        return self._principal_pages(principal).escalation(principal, reach)

    def resource_page(self, resource: str, cancelled: Cancelled = never_cancelled) -> "Iterator[PageSection]":
        """Yield the sections of the page of a resource, by its ARN.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.pages.resource_page import ResourcePages

        return ResourcePages(self.snapshot, self.evaluator_for_all, self.evaluator_for(resource)).sections(
            resource, cancelled
        )

    def external_access(
        self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> "Iterator[ExternalEntry]":
        """Yield every external caller of each role and resource, without AWS services, as they are found.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.pages.external_access import ExternalAccess

        return ExternalAccess(self.snapshot, self.evaluator_for).entries(progress, cancelled)

    def administrator_of_entry(self, entry: "ExternalEntry", reach: "AttackPaths") -> tuple[str, int | None]:
        """Return what an entry's role becomes, in words, and its steps to administrator; ``reach``: of `reach`."""
        from iamdesk.pages.external_access import administrator_texts

        return administrator_texts(entry, reach)

    def principals(
        self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> "Iterator[PrincipalEntry]":
        """Yield every root user, user and role with what is captured of it, account by account.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.pages.principals import principal_entries

        return principal_entries(self.snapshot, progress, cancelled)

    def entitlements_held(self, cancelled: Cancelled = never_cancelled) -> Mapping[str, tuple[str, ...]]:
        """Return in words what a new review would ask about, by the ARN of the holder; nothing is evaluated.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.pages.principals import entitlements_held

        return entitlements_held(self.evaluator, cancelled)

    def administrators(
        self,
        principals: Sequence[str],
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
    ) -> "Mapping[str, tuple[AdministratorState, int | None]]":
        """Return whether users and roles are or become administrators, and in how many steps (see `reach`).

        Raises:
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        from iamdesk.pages.principals import administrators

        reach = self.reach(progress, cancelled, executor)
        return administrators(self.evaluator, reach, principals, progress, cancelled)

    def _principal_pages(self, principal: str) -> "PrincipalPages":
        from iamdesk.pages.principal_page import PrincipalPages

        return PrincipalPages(
            self.evaluator_for(principal),
            lambda action, resource, cancelled: self.evaluator_for_all.who_can(
                action=action, resource=resource, context=None, cancelled=cancelled
            ),
            self._workloads,
        )

    @cached_property
    def _workloads(self) -> WorkloadIndex:
        return WorkloadIndex(self.snapshot)

    def document_problems(self) -> Iterator[DocumentProblem]:
        """Return the problems of each policy document, in the snapshot's order."""
        return document_problems(self.snapshot)

    def captured_data(self) -> tuple[CapturedData, ...]:
        """Return what the snapshot holds of every kind of data, and the effect of missing data on results."""
        return captured_data(self.snapshot)

    def control_totals(self) -> tuple[ControlTotal, ...]:
        """Return AWS's own counts of each account with the snapshot's, equal or not."""
        return control_totals(self.snapshot)

    def missing_data(self) -> Iterator[MissingEntity]:
        """Return entities that the snapshot names and does not hold."""
        return missing_data(self.snapshot)

    def findings(
        self,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        suppressions: "Sequence[Suppression]" = (),
        executor: Executor | None = None,
        settings: "AppliedSettings | None" = None,
    ) -> "Iterator[Finding]":
        """Run every check; yields findings as they are found, with the suppressions valid today.

        ``executor`` runs the checks (`iamdesk.work`); None: this process, which takes longer from `is_worthwhile` on.
        Of ``settings``, the thresholds apply here, the rest in `Workbench.with_settings`.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        from iamdesk.checks.check_settings import thresholds_of
        from iamdesk.checks.suppressions import suppressed

        thresholds = thresholds_of(settings)
        workers = self._workers(executor)
        if workers is not None:
            from iamdesk.checks.parallel import run_shared

            reach = self._reach(cancelled=cancelled, workers=workers) if workers.helped else None
            found = run_shared(workers, progress, cancelled, reach, thresholds)
        else:
            from iamdesk.checks import registry

            found = registry.run(self.evaluator, progress, cancelled, self._reach, thresholds=thresholds)
        return suppressed(found, suppressions, today()) if suppressions else found

    def find_into(
        self,
        spool: "Spool",
        suppressions: "Sequence[Suppression]" = (),
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
    ) -> None:
        """Run every check; what is found is printed where it is found, and goes into a spool.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        from iamdesk.checks.check_settings import thresholds_of
        from iamdesk.export.findings.spool import Wanted, print_all

        thresholds = thresholds_of(spool.settings)
        settings = spool.settings and spool.settings.for_snapshot(self.snapshot)
        wanted = Wanted(spool.format_name, tuple(suppressions), today(), spool.by_cause, settings)
        asked = frozenset(one.fingerprint for one in suppressions)
        workers = self._workers(executor)
        if workers is not None:
            from iamdesk.checks.parallel import use_shared

            reach = self._reach(cancelled=cancelled, workers=workers) if workers.helped else None
            for one in use_shared(workers, partial(print_all, wanted=wanted), progress, cancelled, reach, thresholds):
                spool.take((one,), asked)
        else:
            from iamdesk.checks import registry

            found = registry.run(self.evaluator, progress, cancelled, self._reach, thresholds=thresholds)
            for some in batched(found, 256):
                spool.take(print_all(some, wanted), asked)

    def controls(self, counts: "Mapping[Tally, int]", cancelled: Cancelled = never_cancelled) -> "tuple[Control, ...]":
        """Return the controls of standards, each passed, failed or cannot tell, for the findings of a run.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.causes.controls import controls
        from iamdesk.checks.check_context import CheckContext
        from iamdesk.checks.registry import scope_of, work_of

        survey = CheckContext(self.evaluator, cancelled)
        return controls(counts, scope_of(survey, work_of(survey)))

    def exact_effect(self, item: "ReviewItem", cancelled: Cancelled = never_cancelled) -> "ExactEffect | None":
        """Return how many actions are lost and gained without an entitlement, by comparison with a copy.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.review.effects_proof import exact_effect

        return exact_effect(self.evaluator, item, cancelled)

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
        people: "PeopleList | None" = None,
        settings: "AppliedSettings | None" = None,
        keeps_paths: bool = True,
    ) -> None:
        """Create a review of this snapshot: its population, entitlements and findings are frozen in a new file.

        Takes seconds for thousands of principals.

        Args:
            path: The new file.
            title: Title of the review.
            details: Details for the evidence (``period_start`` …).
            progress: Called with the work done, and all of it.
            cancelled: Returns whether the work was cancelled.
            exclusions: What is out of scope, each with its reason; listed in the evidence.
            executor: As for `findings`.
            people: A list of people (`read_people`), joined with the principals of the snapshot.
            settings: Settings of the checks (`Workbench.read_check_settings`), which the review keeps.
            keeps_paths: Whether attack paths stay in memory; if not, they are freed before effects are found.

        Raises:
            ReviewError: there is a file of that name, or it cannot be written; its text is one sentence.
            WorkError: the executor cannot do it; one sentence.
            WorkCancelled: ``cancelled`` returned True; then there is no file.
        """
        from iamdesk.export.new_review import examine, with_people, write_review

        workers = self._workers_at_one_time(executor)
        reach = self._reach(cancelled=cancelled, workers=workers)
        details = with_people(details or {}, people, self.snapshot, reach)
        examined = examine(self.evaluator, reach, progress, cancelled, exclusions, workers, settings)
        del reach
        if not keeps_paths:
            self.__dict__.pop("_reach", None)
        write_review(
            self.evaluator,
            examined,
            path,
            title,
            details,
            progress,
            cancelled,
            exclusions=exclusions,
            workers=workers,
            settings=settings,
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
        package: Path | None = None,
        exclusions: "Sequence[Exclusion]" = (),
        executor: Executor | None = None,
        people: "PeopleList | None" = None,
        settings: "AppliedSettings | None" = None,
    ) -> "CarriedOn":
        """Create a follow-up review of this snapshot; the previous review is of the snapshot ``old``.

        Decisions are carried over where the effect is proved to be the same; each other item says why it needs one,
        and the result of every revoke is checked. ``package`` is the evidence package of the previous review, whose
        manifest the new one names; None: the last one noted in it. ``executor`` as for `findings`, ``people`` and
        ``settings`` as for `create_review`: what those who left or moved have is asked again.

        Raises:
            ReviewError: as `create_review`; or the previous review cannot be read, or is of another snapshot, or the
                evidence package is not of it.
            ExportError: it is no evidence package.
            WorkError: the executor cannot do it; one sentence.
            WorkCancelled: ``cancelled`` returned True; then there is no file.
        """
        from iamdesk.export.follow_up_review import make_next_review
        from iamdesk.review.review_file import ReviewFile

        found = self.compared_with(old, progress, cancelled, executor)
        workers = self._workers_at_one_time(executor)
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
                package,
                progress,
                cancelled,
                exclusions,
                workers,
                people,
                old.evaluator,
                settings,
            )

    def compared_with(
        self, old: "SnapshotSession", progress: Progress, cancelled: Cancelled, executor: Executor | None = None
    ) -> "Comparison":
        """Return the access changes since an earlier snapshot (`Workbench.compare`)."""
        from iamdesk.diff.comparison import compare_snapshots

        theirs, own = old._workers(executor), self._workers(executor)
        workers = (theirs, own) if theirs is not None and own is not None else None
        return compare_snapshots(old.snapshot, self.snapshot, datetime.now(UTC), progress, cancelled, workers)

    def evaluated_badges(
        self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> Mapping[int, tuple[Badge, ...]]:
        """Return the badges by row, including those that need the evaluator (administrator, external access)."""
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
