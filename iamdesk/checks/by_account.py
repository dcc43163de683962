"""The checks over an organization that does not fit into memory: account by account, each seen as the whole sees it.

Three rounds over all accounts, each task one account: what checks compare across accounts; the steps that principals
may take (`reach.account_steps`); then the checks over the account's part, with both at hand.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from uuid import uuid4

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.organization_evaluator import OrganizationEvaluator
from iamdesk.access.who_can import Access
from iamdesk.attack_paths.account_edges import AccountSteps, OpenRole, ParseTrust, find_account_steps, open_roles
from iamdesk.attack_paths.catalog import catalog as attack_paths
from iamdesk.attack_paths.organization_edges import OrganizationSteps
from iamdesk.attack_paths.organization_paths import OrganizationReach
from iamdesk.attack_paths.types import AttackPath, PrincipalExposure, Proof, Step
from iamdesk.checks.check_context import CheckContext, trusted_numbers
from iamdesk.checks.external_ids import by_external_id
from iamdesk.checks.external_trust import account_of, look_for_managing
from iamdesk.checks.finding import Finding
from iamdesk.checks.registry import look, work_of
from iamdesk.checks.resource_requests import documents_of
from iamdesk.checks.trust import unique_ids
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalType
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.snapshot.catalog import DEFAULT_MEMORY, Catalogue, Frame
from iamdesk.snapshot.model import Account, ManagedPolicyDetail, RoleDetail, Snapshot
from iamdesk.viewmodel.coverage import CapturedData, captured_data
from iamdesk.work.shared_tasks import shared_out
from iamdesk.work.worker_cache import kept_object, object_content

ROUNDS = 3
"""How often all accounts are gone over."""
_MOST_JOINED = 1
"""Parts of several accounts that are kept: those through which an attack path leads, to try what cuts it."""
_AS_MUCH_MORE = 12
"""How many times as much memory a part takes that the checks went over as one that was swept for one request (measured:
30 bytes for each byte of its file)."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What checks of other accounts need to know of one."""

    numbers: frozenset[str]
    """Whatever looks like an account's id in trust policies."""
    unique_ids: frozenset[str]
    named_ids: frozenset[str]
    """What trust policies name and is no ARN: unique ids of principals among it."""
    managing: frozenset[str]
    external_ids: Mapping[str, set[frozenset[str]]]
    open_roles: tuple[OpenRole, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of all accounts together."""

    accounts: tuple[str, ...]
    """Their ids, in the snapshot's order."""
    captured: tuple[CapturedData, ...] = ()
    numbers: frozenset[str] = frozenset()
    unique_ids: frozenset[str] = frozenset()
    """Of principals of the snapshot, those that some trust policy names."""
    managing: frozenset[str] = frozenset()
    external_ids: Mapping[str, set[frozenset[str]]] = field(default_factory=dict)
    steps: tuple[AccountSteps, ...] = ()


class Task(NamedTuple):
    """One account in one round."""

    frame: str
    """Names what a worker is sent of the organization, once."""
    known: str
    """Names what is known of all accounts, and what is wanted: sent along."""
    account: str
    foreign: tuple[RoleDetail, ...] = ()
    """Roles of other accounts that may let in somebody of this one."""


class AccountSurvey(CheckContext):
    """One run of the checks over the part of one account, which knows of the others what the checks need."""

    def __init__(self, evaluator: Evaluator, cancelled: Cancelled, known: Known, work: "AccountWork") -> None:
        super().__init__(evaluator, cancelled, lambda *_args, **_keywords: work.reach(known))
        self._of_all = known
        self._work = work
        if known.steps:  # what one account alone would find out is not what all do
            self.once("managing accounts", lambda: known.managing)
            self.once("external ids", lambda: known.external_ids)
            self.once("unique ids", lambda: known.unique_ids)

    @cached_property
    def held_accounts(self) -> frozenset[str]:
        """The accounts that the snapshot holds."""
        return frozenset(self._of_all.accounts)

    def is_first(self, account: Account) -> bool:
        """Return whether an account is the snapshot's first: what is told once is told of it."""
        return account.account_id == self._of_all.accounts[0] and account is self.snapshot.accounts[0]

    @cached_property
    def captured(self) -> tuple[CapturedData, ...]:
        """How much of each kind of data the snapshot holds."""
        return self._of_all.captured

    @cached_property
    def numbers_in_trust_policies(self) -> frozenset[str]:
        """Whatever looks like an account's id in trust policies of the snapshot."""
        return self._of_all.numbers

    @cached_property
    def _aws_policies(self) -> Mapping[str, ManagedPolicyDetail]:
        return _Lent(self.evaluator) if len(self._of_all.accounts) > 1 else super()._aws_policies

    def who_can(self, action: str, resource: str) -> Iterator[Access]:
        """Yield the principals of the snapshot for whom an action is allowed or conditional.

        Those of other accounts are asked where something on the resource's side may let them in.
        """
        asked = self.evaluator if self._is_own_alone(resource) else self._work.organization
        return asked.who_can(action=action, resource=resource, external=False, cancelled=self.cancelled)

    def _is_own_alone(self, resource: str) -> bool:
        """Return whether nothing on a resource's side can let other accounts in (rule D1)."""
        own = {account.account_id for account in self.snapshot.accounts}
        records = [one for one in self.snapshot.resources if resource == one.arn or resource.startswith(f"{one.arn}/")]
        if self.snapshot.resource_shares or not records or not all(one.is_policy_captured for one in records):
            return False
        return all(_lets_in_alone(document, own) for one in records for document in documents_of(self, one))


def _lets_in_alone(document: Document, accounts: set[str]) -> bool:
    for statement in document.statements:
        if not statement.is_allow:
            continue
        if statement.broken is not None or statement.not_principal or not statement.principals:
            return False
        if any(
            entry.is_everyone or (entry.type is not PrincipalType.SERVICE and account_of(entry) not in accounts)
            for entry in statement.principals
        ):
            return False
    return True


class _Lent(Mapping[str, ManagedPolicyDetail]):
    """AWS's policies as the first account has them that holds them."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._index = evaluator.index

    def __getitem__(self, arn: str) -> ManagedPolicyDetail:
        found = self._index.lent(arn) if arn.split(":", 5)[4:5] == ["aws"] else None
        if found is None or not found.is_aws_managed:
            raise KeyError(arn)
        return found

    def __iter__(self) -> Iterator[str]:
        raise TypeError("a part of a snapshot cannot list what the whole holds")

    def __len__(self) -> int:
        raise TypeError("a part of a snapshot cannot count what the whole holds")


class AccountWork:
    """Does tasks in one process, which keeps the parts that it asked last."""

    def __init__(self, organization: OrganizationEvaluator) -> None:
        self.organization = organization
        self._reach: tuple[Known, OrganizationReach] | None = None
        self._joined: OrderedDict[tuple[str, ...], Evaluator] = OrderedDict()

    @classmethod
    def of_frame(cls, sent: tuple[Frame, int]) -> "AccountWork":
        """Return the work of a worker, from what it was sent."""
        frame, memory = sent
        return cls(OrganizationEvaluator(Catalogue(frame, ()), memory=memory // _AS_MUCH_MORE))

    def reach(self, known: Known) -> OrganizationReach:
        """Return what principals of all accounts can become."""
        if self._reach is None or self._reach[0] is not known:
            self._reach = known, OrganizationReach(OrganizationSteps(known.steps), self._evaluator_of)
        return self._reach[1]

    def _evaluator_of(self, accounts: tuple[str, ...]) -> Evaluator:
        if len(accounts) == 1:
            return self.organization.part_of(accounts[0])
        found = self._joined.pop(accounts, None)
        if found is None:
            while len(self._joined) >= _MOST_JOINED:
                self._joined.popitem(last=False)
            found = self.organization.joined(accounts)
        self._joined[accounts] = found
        return found

    def _survey(self, task: Task, known: Known, cancelled: Cancelled) -> AccountSurvey:
        part = self.organization.part_of(task.account, cancelled, is_passing=True)
        return AccountSurvey(part, cancelled, known, self)

    def facts(self, task: Task, known: Known, _wanted: None, cancelled: Cancelled) -> AccountFacts:
        """Return what checks of other accounts need to know of one."""
        survey = self._survey(task, known, cancelled)
        accounts = survey.snapshot.accounts
        trust = ParseTrust(survey.evaluator)
        documents = [trust(role) for account in accounts for role in account.roles]
        return AccountFacts(
            numbers=trusted_numbers(accounts),
            unique_ids=unique_ids(accounts),
            named_ids=frozenset(
                entry.text
                for document in documents
                for statement in document.statements
                for entry in statement.principals or ()
                if entry.type is PrincipalType.AWS and ":" not in entry.text
            ),
            managing=look_for_managing(survey),
            external_ids=by_external_id(survey),
            open_roles=tuple(role for account in accounts for role in open_roles(account, trust)),
        )

    def steps(self, task: Task, _known: Known, _wanted: None, cancelled: Cancelled) -> AccountSteps:
        """Return the steps of an account's principals."""
        part = self.organization.part_of(task.account, cancelled, is_passing=True)
        return find_account_steps(part, task.account, task.foreign, cancelled)

    def findings(self, task: Task, known: Known, cancelled: Cancelled) -> Iterator[Finding]:
        """Yield what the checks find in an account."""
        survey = self._survey(task, known, cancelled)
        self.reach(known).attend(survey.check_cancelled)
        for work in work_of(survey):
            yield from look(survey, work)

    def ways(
        self, task: Task, known: Known, goal: str, cancelled: Cancelled
    ) -> list[tuple[PrincipalExposure, AttackPath | None]]:
        """Return what each principal of an account can become, with a shortest way to a goal; it can be sent on.

        Raises:
            RequestError: there is no such goal.
        """
        survey = self._survey(task, known, cancelled)
        reach = self.reach(known)
        reach.attend(survey.check_cancelled)
        found: list[tuple[PrincipalExposure, AttackPath | None]] = []
        for reached in reach.of_account(task.account):
            survey.check_cancelled()
            way = reach.way(reached.principal, goal)
            found.append((reached, None if way is None else sendable(way)))
        return found


def sendable(way: AttackPath) -> AttackPath:
    """Return a way without what proves its steps: that stays where it is known."""
    return AttackPath(
        way.start,
        way.goal,
        tuple(
            Step(step.path_id, step.how, step.source, step.target, step.goal, step.state, step.needs, _not_proved_here)
            for step in way.steps
        ),
    )


def _not_proved_here(_step: Step) -> tuple[Proof, ...]:
    return ()


class OrganizationChecks:
    """The checks, and the map of what principals can become, over all accounts of an organization."""

    def __init__(self, catalogue: Catalogue, executor: Executor | None = None, memory: int = DEFAULT_MEMORY) -> None:
        """The workers of an ``executor`` do tasks beside this process.

        ``memory`` is how many bytes accounts may take in each process.
        """
        self._work = AccountWork(OrganizationEvaluator(catalogue, memory=memory // _AS_MUCH_MORE))
        self._catalogue = catalogue
        self._executor = executor
        self._frame = uuid4().hex
        self._content: Callable[[], bytes] = lambda: object_content((self._catalogue.frame, memory))
        self._accounts = tuple(dict.fromkeys(entry.account_id for entry in self._catalogue.entries))

    @property
    def accounts(self) -> Sequence[str]:
        """The accounts, in the snapshot's order."""
        return self._accounts

    def know(self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled) -> Known:
        """Find out what is to be known of all accounts together: two rounds of three. ``progress`` is told accounts.

        Raises:
            SnapshotError: an account cannot be read any more.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: no worker can do it; one sentence.
        """
        total = ROUNDS * len(self._accounts)
        known = Known(self._accounts)
        facts: list[AccountFacts] = []
        for found in self.round(facts_in_worker, AccountWork.facts, known, None, cancelled=cancelled):
            facts.append(found)
            progress(len(facts), total)
        foreign = _let_in(self._accounts, facts)
        steps: list[AccountSteps] = []
        for one in self.round(steps_in_worker, AccountWork.steps, known, None, foreign=foreign, cancelled=cancelled):
            steps.append(one)
            progress(len(self._accounts) + len(steps), total)
        external_ids: dict[str, set[frozenset[str]]] = {}
        for each in facts:
            for text, groups in each.external_ids.items():
                external_ids.setdefault(text, set()).update(groups)
        named = frozenset().union(*(one.named_ids for one in facts))
        return Known(
            accounts=self._accounts,
            captured=tuple(captured_data(thin_snapshot(self._catalogue))),
            numbers=frozenset().union(*(one.numbers for one in facts)),
            unique_ids=frozenset().union(*(one.unique_ids & named for one in facts)),
            managing=frozenset().union(*(one.managing for one in facts)),
            external_ids=external_ids,
            steps=tuple(steps),
        )

    def ways(
        self, goal: str, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> Iterator[tuple[PrincipalExposure, AttackPath | None]]:
        """Yield what each user and role can become, with a shortest way to a goal, in the snapshot's order.

        Raises:
            RequestError: there is no such goal.
            SnapshotError: as `know`.
            WorkCancelled: as `know`.
            WorkError: as `know`.
        """
        known = self.know(progress, cancelled)
        for found in self.round(ways_in_worker, AccountWork.ways, known, goal, progress=progress, cancelled=cancelled):
            yield from found

    @property
    def version(self) -> str:
        """The version of the attack paths."""
        return attack_paths().version

    def round[W, R](
        self,
        in_worker: Callable[[Task, Cancelled], R],
        here: Callable[[AccountWork, Task, Known, W, Cancelled], R],
        known: Known,
        wanted: W,
        *,
        foreign: Mapping[str, tuple[RoleDetail, ...]] | None = None,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> Iterator[R]:
        """Yield what is found of each account, in the snapshot's order.

        Args:
            in_worker: The function of a module that a worker calls; it does what ``here`` does.
            here: What this process calls.
            known: What is known of all accounts.
            wanted: What every task is given.
            foreign: By account what its task is given.
            progress: Told of the last round.
            cancelled: True ends it.
        """
        before, total = (ROUNDS - 1) * len(self._accounts), ROUNDS * len(self._accounts)
        key = uuid4().hex
        given = foreign or {}
        tasks = [Task(self._frame, key, account, given.get(account, ())) for account in self._accounts]
        return shared_out(
            in_worker,
            tasks,
            self._executor,
            here=lambda task, stopped: here(self._work, task, known, wanted, stopped),
            progress=lambda done, _total: progress(before + done, total),
            cancelled=cancelled,
            contents={self._frame: self._content, key: lambda: object_content((known, wanted))},
        )


def thin_snapshot(catalogue: Catalogue) -> Snapshot:
    """Return the snapshot with what a catalogue knows of its accounts: names, ARNs and counts, no policy."""
    return Snapshot.model_construct(**(dict(catalogue.frame.snapshot) | {"accounts": catalogue.entries}))


def _let_in(accounts: Sequence[str], facts: Iterable[AccountFacts]) -> Mapping[str, tuple[RoleDetail, ...]]:
    """Return, by account, the roles of other accounts that may let in somebody of it."""
    facts = tuple(facts)
    homes: dict[str, set[str]] = {}
    for account, one in zip(accounts, facts, strict=True):
        for unique_id in one.unique_ids:
            homes.setdefault(unique_id, set()).add(account)
    found: dict[str, list[RoleDetail]] = {account: [] for account in accounts}
    for home, one in zip(accounts, facts, strict=True):
        for open_role in one.open_roles:
            let_in = set(accounts) if open_role.accounts is None else set(open_role.accounts)
            for unique_id in open_role.ids:
                let_in |= homes.get(unique_id, set())
            for account in let_in - {home}:
                if account in found:
                    found[account].append(open_role.role)
    return {account: tuple(roles) for account, roles in found.items()}


def work_in_worker(task: Task) -> tuple[AccountWork, Known, Any]:
    """Return what a worker has at hand for a task, and what is wanted."""
    work = kept_object(task.frame, AccountWork.of_frame)
    known, wanted = kept_object(task.known, lambda sent: sent)
    return work, known, wanted


def facts_in_worker(task: Task, cancelled: Cancelled) -> AccountFacts:
    """Return what checks of other accounts need to know of one; called in a worker."""
    work, known, wanted = work_in_worker(task)
    return work.facts(task, known, wanted, cancelled)


def steps_in_worker(task: Task, cancelled: Cancelled) -> AccountSteps:
    """Return the steps of an account's principals; called in a worker."""
    work, known, wanted = work_in_worker(task)
    return work.steps(task, known, wanted, cancelled)


def ways_in_worker(task: Task, cancelled: Cancelled) -> list[tuple[PrincipalExposure, AttackPath | None]]:
    """Return what each principal of an account can become; called in a worker."""
    work, known, wanted = work_in_worker(task)
    return work.ways(task, known, wanted, cancelled)
