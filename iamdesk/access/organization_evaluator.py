"""Evaluates requests over an organization larger than memory: each request by the part of the principal's account.

A part (`snapshot.catalog.SnapshotPart`) is a snapshot of one account; data of other accounts is read on demand. So
results equal those over the whole snapshot.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property, partial
from typing import NamedTuple, Unpack, override

from iamdesk.access.evaluator import Evaluator, request_key
from iamdesk.access.granted_accounts import granted_accounts
from iamdesk.access.request_grid import FRESH
from iamdesk.access.resource_access import (
    PrincipalActions,
    RowMaker,
    external_callers,
    fitting_or_none,
    principals_with_access,
)
from iamdesk.access.who_can import Access, KnownAccess, PartsFound, PrincipalPart, ResourceAccess, SweepOptions, Sweeps
from iamdesk.evaluate.engine import EvaluationTrace
from iamdesk.evaluate.request import ContextValues, EvalDecision, MissingContextMode, Request, RequestError
from iamdesk.explain.decision import EvaluationResult
from iamdesk.inventory.resource_index import part_prefixes
from iamdesk.policy.arn import parse_arn
from iamdesk.policy.statement import Statement
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.simulate.request_builder import RequestBuilder
from iamdesk.snapshot.catalog import DEFAULT_MEMORY, PER_BYTE, Catalogue, Frame
from iamdesk.snapshot.resources import Resource
from iamdesk.work.shared_tasks import shared_out
from iamdesk.work.worker_cache import kept_object, object_content


class OrganizationEvaluator(Sweeps):
    """Evaluates requests over all accounts of a catalogue. Thread-safe."""

    def __init__(
        self,
        catalogue: Catalogue,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        memory: int = DEFAULT_MEMORY,
        executor: Callable[[], Executor | None] = lambda: None,
    ) -> None:
        """Prepare the evaluation; accounts are read on demand.

        Args:
            catalogue: The organization's files and names.
            now: Gives the time at which requests are made.
            memory: Most bytes of files that the accounts in memory may come from.
            executor: Gives the workers that share sweeps over all accounts with this process, if any.
        """
        self.catalogue = catalogue
        self._now = now
        self._executor = executor
        self._most_read = memory // PER_BYTE
        self._beside = RequestBuilder(catalogue.frame.part(), now)
        self._parts: OrderedDict[str, Evaluator] = OrderedDict()
        self._known_rows: OrderedDict[Hashable, dict[str, _Rows]] = OrderedDict()
        self._lock = threading.RLock()

    def part_of(self, account: str, cancelled: Cancelled = never_cancelled, *, is_passing: bool = False) -> Evaluator:
        """Return the evaluator of the part that holds an account, or of the part without accounts if none does.

        ``is_passing`` says that a sweep visits all accounts, more than memory holds.

        Raises:
            SnapshotError: the account's files cannot be read any more, or are not as they were.
            WorkCancelled: ``cancelled`` returned True.
        """
        frame = self.catalogue.frame
        account = account if account in frame.directory.account_ids else ""
        with self._lock:
            found = self._parts.get(account)
            if found is None:
                self._make_room(frame.directory.size_of(account), is_passing=is_passing)
                part = frame.part(*([account] if account else []), cancelled=cancelled)
                found = self._parts[account] = Evaluator(part, self._now, beside=self._beside)
            self._parts.move_to_end(account)
            return found

    def joined(self, accounts: Iterable[str], cancelled: Cancelled = never_cancelled) -> Evaluator:
        """Return a new evaluator of a part that holds several accounts; it is not cached.

        Raises:
            SnapshotError: as `part_of`.
            WorkCancelled: as `part_of`.
        """
        part = self.catalogue.frame.part(*accounts, cancelled=cancelled)
        return Evaluator(part, self._now, beside=self._beside)

    def _make_room(self, wanted: int, *, is_passing: bool) -> None:
        """Drop parts until ``wanted`` more bytes of files fit.

        The least recently used go first. A sweep drops its own latest instead: it returns in the same order, and would
        otherwise find none of its parts again.
        """
        while self._parts and self._held() + wanted > self._most_read:
            self._parts.popitem(last=is_passing)

    def _held(self) -> int:
        """Return the bytes of files of the accounts in memory, each once: many parts may have read the same."""
        read = {id(one): one.account_id for part in self._parts.values() for one in part.index.accounts_read}
        return sum(map(self.catalogue.frame.directory.size_of, read.values()))

    def of(self, principal: str) -> Evaluator:
        """Return the evaluator for a principal: as over the whole snapshot, but for sweeps over all principals.

        Raises:
            SnapshotError: the principal's account cannot be read any more.
        """
        return self.part_of("".join(principal.strip().split(":", 5)[4:5]))

    def can(self, request: Request) -> EvaluationResult:
        """Evaluate a request and explain the result.

        Raises:
            RequestError: the request is invalid; its text says why in one sentence.
            SnapshotError: an account cannot be read any more.
        """
        return self.of(request.principal).can(request)

    def explained(self, request: Request) -> EvaluationResult:
        """Evaluate and explain a request as it is; raises as `can`."""
        return self.of(request.principal).explained(request)

    @override
    def stated(self, request: Request) -> Request:
        return self.part_of("").stated(request)

    def trace(self, request: Request) -> EvaluationTrace:
        """Return the trace of an evaluation.

        Raises:
            RequestError: as `can`.
            SnapshotError: as `can`.
        """
        return self.of(request.principal).trace(request)

    def principals(self) -> Iterator[str]:
        """Yield the ARN of every principal of the snapshot: root users, users, roles."""
        for entry in self.catalogue.entries:
            yield f"arn:{entry.partition}:iam::{entry.account_id}:root"
            yield from (user.arn for user in entry.users)
            yield from (role.arn for role in entry.roles)

    @override
    def rows(
        self,
        request: Request,
        *,
        external: bool = True,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> Iterator[Access]:
        """Yield the rows of `who_can` for a request, account by account; its principal is ignored."""
        # The part without accounts reports what is wrong with the request, and yields external callers.
        outside = self.part_of("", cancelled).rows(request, external=external, cancelled=cancelled)
        # A row that holds its evaluator would keep the part in memory: this object explains it.
        yield from (replace(row, _can=self.explained) for row in outside)
        known = self._remembered(request_key(request))
        today, granted = self._now().date(), self._granted([request], cancelled)
        wanted = {one for one in granted if one not in known or known[one].day != today}
        timed = {account for account, rows in known.items() if rows.day is None}
        found = self._by_account(_rows_in_worker, self._rows_of, request, wanted, cancelled, timed)
        by_account = ((one, next(found) if one in wanted else known.get(one, _NO_ROWS)) for one in self._principals_of)
        for account, rows in self._counted(by_account, progress):
            if rows is not _NO_ROWS:
                known[account] = rows if rows.day is not None else _TIMED
            yield from (Access(principal, decision, request, self.explained) for principal, decision in rows.open_to)

    def each_row[R](
        self,
        show: Callable[[Access], R],
        request: Request,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> Iterator[R]:
        """Yield ``show(row)`` for each row of a request, explained while the row's account is in memory.

        Args:
            show: A function of a module; it returns plain data. Workers call it.
            request: The request; its principal is ignored.
            progress: Called with the number of principals done, and of all.
            cancelled: Returns whether the work was cancelled.

        Raises:
            RequestError: as `who_can`.
            SnapshotError: as `who_can`.
            WorkCancelled: as `who_can`.
        """
        yield from map(show, self.part_of("", cancelled).rows(request, cancelled=cancelled))
        in_worker, here = partial(_shown_in_worker, show), partial(self._shown, show)
        granted = self._granted([request], cancelled)
        shown = self._by_account(in_worker, here, request, granted, cancelled)
        by_account: Iterator[list[R]] = (next(shown) if one in granted else [] for one in self._principals_of)
        for rows in self._counted(by_account, progress):
            yield from rows

    def _granted(self, requests: Sequence[Request], cancelled: Cancelled) -> Collection[str]:
        """Return the accounts to read for a sweep: those whose principals may be allowed one of some requests.

        INVARIANT: the ARNs of an account's principals name that account, whatever file they are in (`merge_pages`).
        """
        outside = self.part_of("", cancelled)
        try:
            asked = [outside.evaluation_request(replace(request, principal=_EXTERNAL_CALLER)) for request in requests]
        except RequestError:
            return self._principals_of
        granted = granted_accounts(asked)
        return self._principals_of if granted is None else granted

    def _by_account[R](
        self,
        in_worker: "Callable[[_Task, Cancelled], R]",
        here: "Callable[[_Task, Cancelled], R]",
        request: Request,
        wanted: Container[str],
        cancelled: Cancelled,
        timed: Container[str] = frozenset(),
    ) -> Iterator[R]:
        """Evaluate a request account by account, in the order of the snapshot; workers take accounts, too.

        Of the accounts in ``timed`` it is known that their policies depend on the time.
        """
        moment, key = self._now(), f"{self.catalogue.path.absolute()} {self.catalogue.frame.snapshot.sha256}"
        return shared_out(
            in_worker,
            [_Task(key, one, request, moment, one in timed) for one in self._principals_of if one in wanted],
            self._executor(),
            here=here,
            is_ours=lambda task: task.account in self._parts,
            cancelled=cancelled,
            contents={key: lambda: object_content(self.catalogue.frame)},
        )

    def _shown[R](self, show: Callable[[Access], R], task: "_Task", cancelled: Cancelled) -> list[R]:
        return [show(row) for row in self._accesses(task, cancelled)]

    def _accesses(self, task: "_Task", cancelled: Cancelled) -> Iterator[Access]:
        part = self.part_of(task.account, cancelled, is_passing=True)
        return part.rows(task.request, external=False, cancelled=cancelled)

    def _remembered(self, request_class: Hashable) -> "dict[str, _Rows]":
        """Return the cached rows of a request, by account; the latest requests are kept."""
        with self._lock:
            found = self._known_rows.pop(request_class, {})
            held = sum(len(rows.open_to) for known in self._known_rows.values() for rows in known.values())
            while self._known_rows and (held > _MAX_CACHED_ROWS or len(self._known_rows) >= _MAX_CACHED_REQUESTS):
                _, oldest = self._known_rows.popitem(last=False)
                held -= sum(len(rows.open_to) for rows in oldest.values())
            self._known_rows[request_class] = found
            return found

    def _rows_of(self, task: "_Task", cancelled: Cancelled) -> "_Rows":
        part = self.part_of(task.account, cancelled, is_passing=True)
        open_to = tuple(part.open_to(task.request, cancelled=cancelled))
        is_timed = task.is_timed or _asks_for_time(part, task.request)
        return _Rows(open_to, None if is_timed else task.moment.date())

    @override
    def access_to_resource(
        self, resource: str, context: ContextValues | None = None, **options: Unpack[SweepOptions]
    ) -> tuple[ResourceAccess, ...]:
        progress, cancelled = options.get("progress", no_progress), options.get("cancelled", never_cancelled)
        mode = options.get("unknown_context", MissingContextMode.UNKNOWN)
        request = Request("", "", resource, context or {}, unknown_context=mode)
        of_all = RowMaker(request, self.explained)
        outside = self.part_of("", cancelled)
        is_external = options.get("external", True)
        found = list(external_callers(outside, of_all, no_progress, cancelled)) if is_external else []
        principals_with_access(outside, request, cancelled)  # reports what is wrong with the request
        granted = self._granted([*map(of_all.request_for, of_all.actions)], cancelled)
        swept = self._by_account(_actions_in_worker, self._actions_of, request, granted, cancelled)
        by_account = (next(swept) if one in granted else [] for one in self._principals_of)
        for of_account in self._counted(by_account, progress):
            found += map(of_all.row, of_account)
        return tuple(found)

    @override
    def access_to_parts(
        self, resource: Resource, whole: Mapping[str, KnownAccess], cancelled: Cancelled = never_cancelled
    ) -> PartsFound:
        # Any request on it: which accounts a resource's side names does not depend on the part.
        own = (resource.arn, *(f"{one}{FRESH}" for one in part_prefixes(parse_arn(resource.arn))))
        asked = [Request("", one.action, one.resource) for arn in own for one in fitting_or_none(arn)]
        granted = self._granted(asked, cancelled)
        found: list[PrincipalPart] = []
        is_complete = True
        for account in self._principals_of:
            if account in granted:
                of_account = self.part_of(account, cancelled, is_passing=True).access_to_parts(
                    resource, whole, cancelled
                )
                found += of_account.rows
                is_complete = is_complete and of_account.is_complete
        return PartsFound(tuple(found), is_complete)

    def _actions_of(self, task: "_Task", cancelled: Cancelled) -> list[PrincipalActions]:
        return principals_with_access(self.part_of(task.account, cancelled, is_passing=True), task.request, cancelled)

    def _counted[R](self, by_account: Iterator[R], progress: Progress) -> Iterator[R]:
        """Yield the results of all accounts, and report the principals done."""
        done, total = 0, self.catalogue.principals
        progress(done, total)
        for result, principals in zip(by_account, self._principals_of.values(), strict=True):
            yield result
            done += principals
            progress(done, total)

    @cached_property
    def _principals_of(self) -> Mapping[str, int]:
        """How many can make requests, by account, in the order of the snapshot."""
        found: dict[str, int] = {}
        for entry in self.catalogue.entries:
            found[entry.account_id] = found.get(entry.account_id, 0) + entry.principals
        return found


_EXTERNAL_CALLER = f"arn:aws:iam::000000000001:user/{FRESH}"
"""Any caller of an account other than the resource's: its own policies do not count. If the resource's account has this
number, nothing is concluded."""
_MAX_CACHED_REQUESTS = 32
_MAX_CACHED_ROWS = 400_000  # 40 MB
_TIMES = frozenset({"aws:currenttime", "aws:epochtime", "aws:tokenissuetime"})
"""Keys of the current time; of the last one something is known from day to day."""


class _Rows(NamedTuple):
    """The principals of one account for whom a request is allowed or conditional."""

    open_to: tuple[tuple[str, EvalDecision], ...]
    day: date | None
    """The day on which this is valid; None where a policy depends on the time."""


_NO_ROWS = _Rows((), None)
_TIMED = _Rows((), None)
"""Of an account whose policies depend on the time: its rows are not kept."""


def _asks_for_time(part: Evaluator, request: Request) -> bool:
    """Return whether a policy that applies to a request depends on the time; possibly too often."""
    account = part.snapshot.accounts[0]
    root = f"arn:{account.partition}:iam::{account.account_id}:root"
    evaluation_request = part.evaluation_request(replace(request, principal=root))
    covering = part.population().index.covering(evaluation_request.target.service, evaluation_request.target.name)
    if any(_is_timed(statement) for statements in covering.statements.values() for statement in statements):
        return True
    for one in (evaluation_request, *evaluation_request.joint):
        policies = one.policies
        of_levels = [policy for level in (*(policies.scps or ()), *(policies.rcps or ())) for policy in level]
        endpoints = [possible.policy for possible in policies.possible_endpoints]
        beside = [policies.resource, policies.endpoint, *policies.grants, *of_levels, *endpoints]
        documents = [policy.document for policy in beside if policy is not None]
        if any(_is_timed(statement) for document in documents for statement in document.statements):
            return True
    return False


def _is_timed(statement: Statement) -> bool:
    return not _TIMES.isdisjoint(statement.context_keys())


class _Task(NamedTuple):
    """One account of a sweep."""

    key: str
    """Names the organization: what a worker is sent of it, once."""
    account: str
    request: Request
    moment: datetime
    is_timed: bool
    """Whether it is known that a policy depends on the time."""


class _InWorker:
    """An organization in a worker, which keeps the parts used last."""

    def __init__(self, frame: Frame) -> None:
        moments = self.moments = [datetime.now(UTC)]
        self.evaluator = OrganizationEvaluator(Catalogue(frame, ()), lambda: moments[-1])


def _rows_in_worker(task: _Task, cancelled: Cancelled) -> _Rows:
    """Return the rows of one account; called in a worker."""
    return _held_in_worker(task)._rows_of(task, cancelled)


def _actions_in_worker(task: _Task, cancelled: Cancelled) -> list[PrincipalActions]:
    """Return what the principals of one account can do on a resource; called in a worker."""
    return _held_in_worker(task)._actions_of(task, cancelled)


def _shown_in_worker[R](show: Callable[[Access], R], task: _Task, cancelled: Cancelled) -> list[R]:
    """Return what is shown of the rows of one account; called in a worker."""
    return _held_in_worker(task)._shown(show, task, cancelled)


def _held_in_worker(task: _Task) -> OrganizationEvaluator:
    held = kept_object(task.key, _InWorker)
    held.moments[-1] = task.moment
    return held.evaluator
