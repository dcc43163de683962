"""The counter: the only hatch between the house and its front ends (window and command line).

One call for each thing that a user does. What comes back is frozen and complete, so that every view paints from the
same object and none asks a second time. All of it may be called from any thread.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import UTC, date, datetime
from functools import cached_property, partial
from pathlib import Path
from traceback import clear_frames
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from iamdesk.evaluate.request import CaseError, Request, UnknownContext
from iamdesk.explain.decision import Decision
from iamdesk.index.actions import reference
from iamdesk.index.captured_data import CapturedData, captured_data
from iamdesk.index.completion import Completions
from iamdesk.index.control_totals import ControlTotal, control_totals
from iamdesk.index.outline import Badge, Outline, build_outline
from iamdesk.index.resource_hint import Hint, resource_hint, takes_no_resource
from iamdesk.index.search import Matches, OutlineSearch
from iamdesk.index.shown import Completion
from iamdesk.index.subject import PolicyView, Subject, SubjectIndex
from iamdesk.index.validation import DocumentProblem, Gap, document_problems, gaps
from iamdesk.snapshot.collector import collector_paused
from iamdesk.snapshot.letting_go import held, let_go
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.snapshot.reader import load_catalogue, load_snapshot
from iamdesk.snapshot.sharing import share_equal_parts
from iamdesk.work.sharing_out import shared_out
from iamdesk.work.workers import Workers

if TYPE_CHECKING:  # the engine and the checks are imported when first asked: opening a snapshot needs neither
    from iamdesk.checks.finding import Finding, Suppression
    from iamdesk.compare.shapes import Comparison
    from iamdesk.compare.tried import Tried
    from iamdesk.explain.changes import Changes
    from iamdesk.export.next_review import CarriedOn
    from iamdesk.policy.document import Document
    from iamdesk.query.access import Access, ResourceAccess
    from iamdesk.query.denials.denial import Denial, Why
    from iamdesk.query.evaluator import Evaluator
    from iamdesk.query.needs.shapes import AlsoNeeded, Need, NeedAnswer, NeedQuestion
    from iamdesk.query.organization_evaluator import OrganizationEvaluator
    from iamdesk.query.what_can import EffectiveAccess, Overview, ServiceReach
    from iamdesk.reach.reach_map import ReachOnce
    from iamdesk.reach.way import Reach
    from iamdesk.review.desk import ReviewDesk
    from iamdesk.review.recovery import Recovered
    from iamdesk.review.schema import Head
    from iamdesk.review.scoping import Exclusion
    from iamdesk.review.telling import Telling
    from iamdesk.snapshot.arrival import Arrival
    from iamdesk.snapshot.catalogue import Catalogue
    from iamdesk.snapshot.cataloguing import ReadAhead, ReadTask
    from iamdesk.whatif.edits import Edit

__all__ = ["Answers", "CaseError", "Hint", "OpenOrganization", "OpenSnapshot", "Workbench"]

_MOST_SEARCHED_AT_ONCE = 300_000
"""Rows of an outline that are searched in some ten milliseconds."""
WHOLE_BELOW = 128 << 20
"""Bytes of files from which a snapshot is not held in memory as a whole to be asked: it would take four times as much
(`snapshot.catalogue.PER_BYTE`), half of what a small computer has to spare."""
MIN_ACCOUNTS_APART = 12
"""Accounts from which each is asked by itself: together, every policy takes a bit of memory for every principal, and
the work grows with the square of the accounts."""
_MOST_NEEDS = 6
"""Needs that are suggested before actions."""


class Answers:
    """What can be asked of a snapshot. All of it may be called from any thread."""

    def evaluator_for(self, principal: str) -> "Evaluator":
        """Return the engine that answers for a principal; one that is no principal stands for external callers."""
        raise NotImplementedError

    def who_can(
        self,
        *,
        action: str | None = None,
        resource: str,
        context: Mapping[str, str | Sequence[str] | None],
        unknown_context: UnknownContext = UnknownContext.UNKNOWN,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> "Iterator[Access]":
        """Return everybody for whom the decision is allowed or conditional, external callers first.

        Without an action a row for each that fits the resource: `access_to_resource` has them by principal.

        Raises:
            RequestError: the action or resource is malformed; its text says why in one sentence.
            WorkCancelled: ``cancelled`` returned True.
        """
        raise NotImplementedError

    def access_to_resource(
        self,
        resource: str,
        context: Mapping[str, str | Sequence[str] | None],
        unknown_context: UnknownContext = UnknownContext.UNKNOWN,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> "tuple[ResourceAccess, ...]":
        """Return what everybody can do on a resource, by principal, external callers first.

        Raises:
            RequestError: the resource is no ARN, or no action fits it; its text says why in one sentence.
            WorkCancelled: ``cancelled`` returned True.
        """
        raise NotImplementedError

    def missing_of_external(self, action: str | None, resource: str) -> tuple[str, ...]:
        """Return what is not captured on a resource's side and may let external callers in, in sentences.

        Raises:
            RequestError: the action or resource is malformed, or no action fits the resource.
        """
        from iamdesk.query.external.rows import missing_data
        from iamdesk.query.resource_access import fitting_actions

        asked = [(action, resource)] if action else [one[:2] for one in fitting_actions(resource)]
        return tuple(dict.fromkeys(one for pair in asked for one in missing_data(self.evaluator_for(""), *pair)))

    def ask(self, request: Request) -> Decision:
        """Answer one question.

        Raises:
            RequestError: the question cannot be asked; its text says why in one sentence.
        """
        return self.evaluator_for(request.principal).can(request)

    def changes(self, request: Request, cancelled: Cancelled = never_cancelled) -> "Changes":
        """Return the smallest changes to policies that turn the answer around; some milliseconds, at most seconds.

        Raises:
            RequestError: as `ask`.
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.explain.counterfactual import smallest_changes

        return smallest_changes(self.evaluator_for(request.principal).trace(request), cancelled)

    @staticmethod
    def read_denials(text: str) -> "tuple[Denial, ...]":
        """Find the denied requests in an error message or a record (CloudTrail and the like, as JSON).

        Raises:
            DenialError: there is none; its text is one sentence.
        """
        from iamdesk.query.denials.why import read_denials

        return read_denials(text)

    def why(
        self,
        denial: "Denial",
        *,
        principal: str | None = None,
        action: str | None = None,
        resource: str | None = None,
    ) -> "Why":
        """Ask the snapshot what AWS denied, and compare; what is given beside the denial counts instead of it."""
        from iamdesk.query.denials.why import explain_denial

        evaluator = self.evaluator_for(principal or denial.principal or "")
        return explain_denial(evaluator, denial, principal=principal, action=action, resource=resource)

    def ask_need(self, question: "NeedQuestion") -> "NeedAnswer":
        """Answer a compound question: every part by itself, and all of them together.

        Raises:
            RequestError: the question cannot be asked; its text says why in one sentence.
        """
        from iamdesk.query.needs.need_answers import answer_need

        return answer_need(self.evaluator_for(question.request.principal), question)

    @staticmethod
    def find_need(name: str, resource: str = "*") -> "Need | None":
        """Return the need of that name (``read-object``), or an action with what it depends on; None for neither."""
        from iamdesk.query.needs.bundles import find_need

        return find_need(name, resource)

    @staticmethod
    def also_needed(action: str) -> "AlsoNeeded | None":
        """Return what a call needs beside its own action, or may need; None where nothing is known."""
        from iamdesk.query.needs.dependents import also_needed

        return also_needed(action)

    def what_can(
        self,
        *,
        principal: str,
        service: str | None = None,
        resource: str | None = None,
        cancelled: Cancelled = never_cancelled,
    ) -> "EffectiveAccess":
        """Return the effective permissions of a user, role, root user or group.

        Raises:
            RequestError: the snapshot has no such principal, AWS no such service, or the resource is no ARN; its text
                says why in one sentence.
            WorkCancelled: ``cancelled`` returned True.
        """
        return self.evaluator_for(principal).what_can(principal, service, resource, cancelled)


class OpenSnapshot(Answers):
    """A snapshot that is open: everything that can be asked of it. Holds nothing that changes."""

    def __init__(self, snapshot: Snapshot, outline: Outline, *, is_copy: bool = False) -> None:
        """``is_copy`` says that the snapshot was changed since it was read."""
        self.snapshot = snapshot
        self.outline = outline
        self._copy = uuid4().hex if is_copy else None

    def __del__(self) -> None:
        """Nobody has it open any more: see that its memory is given back, part by part, for each stops every thread."""
        for name in ("evaluator", "_parts"):
            evaluator = self.__dict__.get(name)
            if evaluator is not None:
                evaluator.forget()
            del evaluator
        while self.__dict__:
            self.__dict__.popitem()

    def _workers(self, executor: Executor | None) -> Workers | None:
        """Return who does long work; None: this process."""
        return None if executor is None else Workers(executor, self.snapshot, self._copy)

    @cached_property
    def evaluator(self) -> "Evaluator":
        """The engine over this snapshot: built at first use, which takes no longer than a heartbeat."""
        from iamdesk.query.evaluator import Evaluator

        return Evaluator(self.snapshot)

    @cached_property
    def _subjects(self) -> SubjectIndex:
        return SubjectIndex(self.snapshot)

    @cached_property
    def _search(self) -> OutlineSearch:
        return OutlineSearch(self.outline)

    @cached_property
    def _completions(self) -> Completions:
        return Completions(self.snapshot)

    def small_parts(self) -> list[list[Any]]:
        """Return lists of the many small things that it is made of: once it is dropped they go bit by bit."""
        columns = [part for column in self.outline.nodes.columns for part in held(column)]
        return [*_entities_of(self.snapshot), *columns]

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
        """Return a policy's text and diagnostics by its key (``index.keys``); without ``version``, the one in force."""
        return self._subjects.policy(key, version)

    def readings(self, document: "Document", key: str = "") -> tuple[str, ...]:
        """Return each statement of a document in one plain sentence; ``key`` is the policy's."""
        from iamdesk.explain.statement_reading import document_readings

        parts = key.split(":", 5)
        account = parts[4] if len(parts) == 6 else ""
        return document_readings(document, account, self._subjects.entity_ids)

    @property
    def is_search_ready(self) -> bool:
        """Whether a search takes milliseconds: not the first one (`make_ready`), and none of a very large snapshot."""
        return "_search" in self.__dict__ and len(self.outline.nodes) <= _MOST_SEARCHED_AT_ONCE

    def search(self, text: str) -> Matches:
        """Return the rows of the outline that match what the user typed, ancestors included."""
        return self._search.matches(text)

    def complete_principal(self, text: str, limit: int = 50) -> tuple[Completion, ...]:
        """Return principals whose name or ARN holds the text, best first."""
        return self._completions.principals(text, limit)

    def complete_action(self, text: str, limit: int = 50) -> tuple[Completion, ...]:
        """Return actions that hold the text, best first, each with access level and description.

        Needs that the words describe (``read object``) come first; their names stand for an action in a question.
        """
        from iamdesk.query.needs.bundles import suggest_needs

        found = suggest_needs(text, _MOST_NEEDS)
        return (*found, *self._completions.actions(text, limit - len(found)))

    def complete_resource(self, action: str, text: str, limit: int = 50) -> tuple[Completion, ...]:
        """Return ARNs of the snapshot and ARN templates of the action's resources that hold the text, best first.

        ``action`` may be the name of a need: then of what it is about.
        """
        if action.strip() and ":" not in action:
            need = self.find_need(action)
            action = need.action if need is not None else action
        return self._completions.resources(action, text, limit)

    @staticmethod
    def takes_no_resource(action: str) -> bool:
        """Return whether AWS has the action and it can be asked on ``*`` only."""
        return takes_no_resource(action)

    @staticmethod
    def resource_hint(action: str, resource: str) -> Hint | None:
        """Return what is odd about asking for the action on the resource; None when nothing is, or nothing is known."""
        return resource_hint(action, resource)

    @staticmethod
    def key_type(key: str) -> str | None:
        """Return a condition key's type (``String``, ``ArrayOfString``, ``Bool`` …); None for one that AWS has not."""
        return reference().key_type(key)

    @staticmethod
    def known_values(key: str) -> tuple[str, ...]:
        """Return values of a condition key that AWS defines (``iam:PassedToService``); empty where none are known."""
        from iamdesk.query.needs.dependents import known_values

        return known_values(key)

    @cached_property
    def _parts(self) -> "OrganizationEvaluator | None":
        """The engine over many accounts, account by account; None where one over all serves better."""
        if len(self.snapshot.accounts) < MIN_ACCOUNTS_APART:
            return None
        from iamdesk.query.organization_evaluator import OrganizationEvaluator
        from iamdesk.snapshot.catalogue import catalogue_of

        return OrganizationEvaluator(catalogue_of(self.snapshot))

    def evaluator_for(self, principal: str) -> "Evaluator":
        """Return the engine: over a principal's account where there are many, else one for everybody."""
        return self.evaluator if self._parts is None else self._parts.of(principal)

    def who_can(
        self,
        *,
        action: str | None = None,
        resource: str,
        context: Mapping[str, str | Sequence[str] | None],
        unknown_context: UnknownContext = UnknownContext.UNKNOWN,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> "Iterator[Access]":
        """Return what `Answers.who_can` tells."""
        return (self._parts or self.evaluator).who_can(
            action=action,
            resource=resource,
            context=context,
            unknown_context=unknown_context,
            progress=progress,
            cancelled=cancelled,
        )

    def access_to_resource(
        self,
        resource: str,
        context: Mapping[str, str | Sequence[str] | None],
        unknown_context: UnknownContext = UnknownContext.UNKNOWN,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> "tuple[ResourceAccess, ...]":
        """Return what `Answers.access_to_resource` tells."""
        from iamdesk.query.resource_access import access_to_resource

        if self._parts is not None:
            return self._parts.access_to_resource(
                resource, context, unknown_context, progress=progress, cancelled=cancelled
            )
        return access_to_resource(
            self.evaluator, resource, context, unknown_context, progress=progress, cancelled=cancelled
        )

    def what_can_overview(self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled) -> "Overview":
        """Return how far everybody may do the actions of each service: what a heat map of the account shows.

        Policies are read at the first call; each row is found out when it is read, in some milliseconds.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        return self.evaluator.what_can_overview(progress, cancelled)

    def what_can_rows(
        self,
        overview: "Overview",
        principals: Sequence[str],
        take: "Callable[[Sequence[tuple[str, Mapping[str, ServiceReach]]]], object]",
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
        from iamdesk.query.overview_sharing import find_rows

        find_rows(overview.reaches, principals, take, self._workers(executor), progress, cancelled)

    @cached_property
    def _reach(self) -> "ReachOnce":
        from iamdesk.reach.reach_map import ReachOnce

        return ReachOnce(self.evaluator)

    def reach(
        self,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
    ) -> "Reach":
        """Return what every principal can become: made at the first call, which takes seconds for thousands of them.

        ``executor`` as for `findings`.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        return self._reach(progress, cancelled, self._workers(executor))

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
            from iamdesk.checks.sharing import run_shared

            found = run_shared(workers, progress, cancelled)
        else:
            from iamdesk.checks import registry

            found = registry.run(self.evaluator, progress, cancelled, self._reach)
        return suppressed(found, suppressions, today()) if suppressions else found

    def telling(self, principal: str) -> "tuple[Telling, ...]":
        """Return, of a short list of telling actions, those that a user or role may do, with answers that say so."""
        from iamdesk.review.telling import telling

        return tuple(telling(self.evaluator, principal))

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
        from iamdesk.export.review_making import make_review

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
        old: "OpenSnapshot",
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
        from iamdesk.export.next_review import make_next_review
        from iamdesk.review.store import ReviewFile

        found = Workbench.compare(old, self, progress, cancelled)
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

    def decided_badges(
        self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> Mapping[int, tuple[Badge, ...]]:
        """Return the badges by row, those that need the evaluator (administrator, outsider) included."""
        from iamdesk.checks import registry

        return registry.badges(self.evaluator, self.outline, progress, cancelled)


class OpenOrganization(Answers):
    """A snapshot that is larger than memory, open: what is asked of it is read when it is asked.

    Every call may raise `SnapshotError`: an account cannot be read any more, or is not as it was when it was opened.
    """

    def __init__(self, catalogue: "Catalogue", executor: Executor | None = None) -> None:
        """The workers of an ``executor`` sweep over accounts beside this process."""
        self.catalogue = catalogue
        self._executor = executor

    @cached_property
    def evaluator(self) -> "OrganizationEvaluator":
        """The engine over all accounts."""
        from iamdesk.query.organization_evaluator import OrganizationEvaluator

        return OrganizationEvaluator(self.catalogue)

    def evaluator_for(self, principal: str) -> "Evaluator":
        """Return the engine over the part of a principal's account."""
        return self.evaluator.of(principal)

    def who_can(
        self,
        *,
        action: str | None = None,
        resource: str,
        context: Mapping[str, str | Sequence[str] | None],
        unknown_context: UnknownContext = UnknownContext.UNKNOWN,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> "Iterator[Access]":
        """Return what `Answers.who_can` tells, account by account."""
        return self.evaluator.who_can(
            action=action,
            resource=resource,
            context=context,
            unknown_context=unknown_context,
            progress=progress,
            cancelled=cancelled,
            executor=self._executor,
        )

    def access_to_resource(
        self,
        resource: str,
        context: Mapping[str, str | Sequence[str] | None],
        unknown_context: UnknownContext = UnknownContext.UNKNOWN,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> "tuple[ResourceAccess, ...]":
        """Return what `Answers.access_to_resource` tells."""
        return self.evaluator.access_to_resource(
            resource, context, unknown_context, progress=progress, cancelled=cancelled
        )


def _share(
    executor: Executor,
    cancelled: Cancelled,
    function: "Callable[[ReadTask, Cancelled], ReadAhead | None]",
    tasks: "Sequence[ReadTask]",
) -> "Iterator[ReadAhead | None]":
    return shared_out(function, tasks, executor, cancelled=cancelled)


def today() -> date:
    """Return the day as people here write it: a suppression ends with a day of theirs."""
    return datetime.now().astimezone().date()


class Workbench:
    """What a front end holds: it opens snapshots."""

    def open_snapshot(
        self,
        path: Path,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        arrived: Callable[[OpenSnapshot], None] | None = None,
    ) -> OpenSnapshot:
        """Read a snapshot and lay out its tree.

        ``arrived`` is given the first accounts, to be looked at, where many more are still to be read. They answer no
        question: what decides may be in what is not there yet.

        Raises:
            SnapshotError: the path is no readable snapshot; its text is one sentence that names the place.
            WorkCancelled: ``cancelled`` returned True.
        """
        with collector_paused():

            def show_first(arrival: "Arrival") -> None:
                if arrived is not None:
                    arrived(OpenSnapshot(arrival.snapshot, build_outline(arrival.snapshot, arrival.awaited, cancelled)))

            snapshot = load_snapshot(
                path, progress=progress, cancelled=cancelled, arrived=show_first if arrived else None
            )
            try:
                return OpenSnapshot(snapshot, build_outline(snapshot, cancelled=cancelled))
            except WorkCancelled as stopped:
                small = _entities_of(snapshot)
                clear_frames(stopped.__traceback__)
                del snapshot
                let_go(*small)
                raise WorkCancelled from None

    def open_to_ask(
        self,
        path: Path,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
    ) -> Answers:
        """Read a snapshot that will only be asked: a large one of many files, as a catalogue (`OpenOrganization`).

        The workers of an ``executor`` read files of a large one beside this process, and sweep over its accounts.

        Raises:
            SnapshotError: as `open_snapshot`.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        share = None if executor is None else partial(_share, executor, cancelled)
        catalogue = load_catalogue(path, least=WHOLE_BELOW, progress=progress, cancelled=cancelled, share=share)
        if catalogue is None:
            return self.open_snapshot(path, progress, cancelled)
        return OpenOrganization(catalogue, executor)

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
        from iamdesk.export.files import write_whole

        kept = {one.fingerprint: one for one in read_suppressions(path)}
        for finding in findings:
            if isinstance(finding, Finding):
                about = {"check_id": finding.check_id, "subject": finding.subject_key}
                word = suppression(finding.fingerprint, owner, reason, expires, today(), **about)
            else:
                word = suppression(finding, owner, reason, expires, today())
            kept[word.fingerprint] = word
        write_whole(path, as_bytes(kept.values()))
        return tuple(kept.values())

    @staticmethod
    def lift_suppressions(path: Path, fingerprints: Sequence[str]) -> "tuple[Suppression, ...]":
        """Take suppressions out of a file; return what it then holds.

        Raises:
            SuppressionError: the file cannot be read; one sentence.
            ExportError: the file cannot be written; one sentence.
        """
        from iamdesk.checks.suppressions import as_bytes, read_suppressions
        from iamdesk.export.files import write_whole

        held = read_suppressions(path)
        left = tuple(one for one in held if one.fingerprint not in set(fingerprints))
        if len(left) < len(held):
            write_whole(path, as_bytes(left))
        return left

    @staticmethod
    def open_review(path: Path, *, writable: bool = True) -> "ReviewDesk":
        """Open a review, to write in it or only to read; its damages are looked for first.

        Raises:
            DamagedReviewError: it is not as it was written: `recover_review` writes what is intact to a new file.
            ReviewError: it is no review, or somebody else writes in it; one sentence.
        """
        from iamdesk.review.desk import ReviewDesk
        from iamdesk.review.store import ReviewFile

        return ReviewDesk(ReviewFile.open(path, writable=writable))

    @staticmethod
    def review_head(path: Path) -> "Head":
        """Return what a review is of, without opening it.

        Raises:
            ReviewError: as `open_review`.
        """
        from iamdesk.review.store import ReviewFile

        with ReviewFile.open(path, writable=False, checked=False) as review:
            return review.head

    @staticmethod
    def exclusion(text: str) -> "Exclusion":
        """Return what ``account:444455556666=a sandbox`` leaves out of a review.

        Raises:
            ReviewError: it names nothing that can be left out, or no reason; its text is one sentence.
        """
        from iamdesk.review.scoping import exclusion

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
        old: OpenSnapshot,
        new: OpenSnapshot,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> "Comparison":
        """Return what changed in effect between two snapshots, by which change; seconds for thousands of principals.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.compare.comparison import compare_snapshots

        return compare_snapshots(old.snapshot, new.snapshot, datetime.now(UTC), progress, cancelled)

    @staticmethod
    def what_if(
        opened: OpenSnapshot,
        edits: "Sequence[Edit]",
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> "Tried":
        """Return what changes would do, tried on a copy of a snapshot; seconds for thousands of principals.

        Raises:
            WhatIfError: one of them cannot be made; its text is one sentence that names it by its number.
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.compare.comparison import compare_snapshots
        from iamdesk.compare.tried import Tried
        from iamdesk.whatif.applying import apply
        from iamdesk.whatif.commands import commands

        changed = apply(opened.snapshot, edits)
        carried_out = tuple(commands(opened.snapshot, edits))
        found = compare_snapshots(opened.snapshot, changed, datetime.now(UTC), progress, cancelled)
        return Tried(changed, found, carried_out)

    @staticmethod
    def changed_document(opened: OpenSnapshot, edits: "Sequence[Edit]", key: str, number: int | None = None) -> Any:
        """Return a policy's document, or one statement of it, as it is once changes are made.

        Raises:
            WhatIfError: there is no such policy or statement, or a change cannot be made; one sentence.
        """
        from iamdesk.whatif.applying import apply, document_of, statement_of

        changed = apply(opened.snapshot, edits)
        return document_of(changed, key) if number is None else statement_of(changed, key, number)

    @staticmethod
    def open_copy(snapshot: Snapshot) -> OpenSnapshot:
        """Lay out the tree of a snapshot that stands in no file: a copy with changes."""
        return OpenSnapshot(snapshot, build_outline(snapshot), is_copy=True)

    def evaluate_case(self, case: Mapping[str, Any], unknown_context: UnknownContext) -> Decision:
        """Answer a self-contained case, which brings its own policies; no snapshot takes part.

        Raises:
            CaseError: the case cannot be evaluated; its text says why in one sentence.
        """
        from iamdesk.query.requests.cases import evaluate_case

        return evaluate_case(case, unknown_context)


def _entities_of(snapshot: Snapshot) -> list[list[Any]]:
    return [
        part
        for account in snapshot.accounts
        for entities in (account.users, account.groups, account.roles, account.policies)
        for part in held(entities)
    ]
