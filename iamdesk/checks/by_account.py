"""The checks over an organization that does not fit into memory: account by account, with the results of the whole.

There are two rounds over all accounts, with one task for each account: the facts that checks compare across accounts,
with the attack-path steps of its principals (`attack_paths.account_edges`); then the checks over the account's part.
"""

import pickle
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple
from uuid import uuid4

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.organization_evaluator import OrganizationEvaluator
from iamdesk.access.principal_index import indexes_of
from iamdesk.access.who_can import Access
from iamdesk.attack_paths.account_edges import AccountSteps, find_account_steps, in_sessions
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.catalog import catalog as attack_paths
from iamdesk.attack_paths.edge_sources import ConfirmedAndPossible
from iamdesk.attack_paths.evaluation_session import EvaluationSession
from iamdesk.attack_paths.organization_edges import OrganizationSteps
from iamdesk.attack_paths.organization_paths import OrganizationReach, with_proofs
from iamdesk.attack_paths.session_needs import SessionNeeds
from iamdesk.attack_paths.types import AttackPath, PrincipalExposure, Proof, Step
from iamdesk.checks.check_context import CheckContext, trusted_numbers
from iamdesk.checks.external_ids import by_external_id
from iamdesk.checks.external_trust import account_of, look_for_managing
from iamdesk.checks.finding import Finding
from iamdesk.checks.registry import RunScope, look, nothing_yet, scope_of, work_of
from iamdesk.checks.resource_requests import documents_of
from iamdesk.checks.thresholds import DEFAULT_THRESHOLDS, Thresholds
from iamdesk.checks.trust import NamedPrincipal, named_principal, unique_ids
from iamdesk.inventory.references import is_service_linked_arn
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalType
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.snapshot.catalog import DEFAULT_MEMORY, Catalogue, Frame
from iamdesk.snapshot.model import Account, ManagedPolicyDetail, Snapshot
from iamdesk.viewmodel.coverage import CapturedData, captured_data
from iamdesk.work.shared_tasks import shared_out
from iamdesk.work.worker_cache import kept_object, object_content

ROUNDS = 2
"""Number of passes over all accounts."""
_MAX_JOINED = 1
"""Cached parts of several accounts: those on an attack path, to try its remediation."""
_AS_MUCH_MORE = 24
"""Memory of a part after the checks, as a multiple of that of a part that evaluated one request (measured: 30 bytes for
each byte of its file, ten times as much), and twice that: the facts of all accounts are in memory beside the parts."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The facts of one account that checks of other accounts need."""

    numbers: frozenset[str]
    """Everything in trust policies that looks like an account ID."""
    unique_ids: frozenset[str]
    named_ids: frozenset[str]
    """AWS principals in trust and resource policies that are not ARNs, such as unique IDs."""
    named: frozenset[NamedPrincipal]
    """Users and roles that trust policies name."""
    managing: frozenset[str]
    external_ids: Mapping[str, set[frozenset[str]]]
    steps: AccountSteps
    """The attack-path steps of its principals."""


@dataclass(frozen=True, slots=True)
class Known:
    """The facts of all accounts together."""

    accounts: tuple[str, ...]
    """Their ids, in the snapshot's order."""
    captured: tuple[CapturedData, ...] = ()
    numbers: frozenset[str] = frozenset()
    unique_ids: frozenset[str] = frozenset()
    """Unique IDs of principals in the snapshot that some trust policy names."""
    absent: frozenset[NamedPrincipal] = frozenset()
    """Users and roles that trust policies name and the snapshot lacks."""
    managing: frozenset[str] = frozenset()
    external_ids: Mapping[str, set[frozenset[str]]] = field(default_factory=dict)
    steps: tuple[AccountSteps, ...] = ()
    thresholds: Thresholds = DEFAULT_THRESHOLDS


type _InSession = tuple[int, SessionNeeds, ConfirmedAndPossible]
"""A role of another account, by number: what its sessions need, and who can assume it."""


class Task(NamedTuple):
    """One account in one round."""

    frame: str
    """Key of the organization's frame, which a worker receives once."""
    known: str
    """Key of the facts of all accounts and the round's parameter, which are sent along."""
    account: str


class AccountSurvey(CheckContext):
    """The context of checks over the part of one account, with the facts of the other accounts that they need."""

    def __init__(self, evaluator: Evaluator, cancelled: Cancelled, known: Known, work: "AccountWork") -> None:
        super().__init__(evaluator, cancelled, lambda *_args, **_keywords: work.reach(known), known.thresholds)
        self._of_all = known
        self._work = work
        if known.steps:  # computed over all accounts; one account alone would give less
            self.once("managing accounts", lambda: known.managing)
            self.once("external ids", lambda: known.external_ids)
            self.once("unique ids", lambda: known.unique_ids)

    @cached_property
    def held_accounts(self) -> frozenset[str]:
        """The account IDs in the snapshot."""
        return frozenset(self._of_all.accounts)

    def is_first(self, account: Account) -> bool:
        """Return whether an account is the snapshot's first: findings about the whole snapshot are reported for it."""
        return account.account_id == self._of_all.accounts[0] and account is self.snapshot.accounts[0]

    @cached_property
    def captured(self) -> tuple[CapturedData, ...]:
        """How much of each kind of data was captured."""
        return self._of_all.captured

    @cached_property
    def numbers_in_trust_policies(self) -> frozenset[str]:
        """Everything in the snapshot's trust policies that looks like an account ID."""
        return self._of_all.numbers

    def has_principal(self, account: str, arn: str, role: str) -> bool:
        """As `CheckContext.has_principal`; accounts of the organization are not read for it."""
        if any(account == own.account_id for own in self.snapshot.accounts):
            return super().has_principal(account, arn, role)
        return NamedPrincipal(account, arn, role) not in self._of_all.absent

    @cached_property
    def _aws_policies(self) -> Mapping[str, ManagedPolicyDetail]:
        return _AwsPolicies(self.evaluator) if len(self._of_all.accounts) > 1 else super()._aws_policies

    def who_can(self, action: str, resource: str) -> Iterator[Access]:
        """Yield the principals of the snapshot for whom an action is allowed or conditional.

        Principals of other accounts are evaluated if a policy or share of the resource may allow them.
        """
        evaluator = self.evaluator if self._is_limited_to_account(resource) else self._work.organization
        return evaluator.who_can(action=action, resource=resource, external=False, cancelled=self.cancelled)

    def _is_limited_to_account(self, resource: str) -> bool:
        """Return whether no policy or share of a resource can allow other accounts (rule D1)."""
        own = {account.account_id for account in self.snapshot.accounts}
        records = [one for one in self.snapshot.resources if resource == one.arn or resource.startswith(f"{one.arn}/")]
        if self.snapshot.resource_shares or not records or not all(one.is_policy_captured for one in records):
            return False
        return all(_allows_only(document, own) for one in records for document in documents_of(self, one))


def _allows_only(document: Document, accounts: set[str]) -> bool:
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


class _AwsPolicies(Mapping[str, ManagedPolicyDetail]):
    """AWS managed policies by ARN, each as in the first account that has it."""

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
    """The tasks of all rounds in one process, with a cache of parts."""

    def __init__(self, organization: OrganizationEvaluator) -> None:
        self.organization = organization
        self._reach: tuple[Known, OrganizationReach] | None = None
        self._joined: OrderedDict[tuple[str, ...], Evaluator] = OrderedDict()
        self.scope = nothing_yet()
        """Of the account whose findings were found last."""

    @classmethod
    def of_frame(cls, sent: tuple[Frame, int]) -> "AccountWork":
        """Create the work of a worker from the frame and the memory limit that it received."""
        frame, memory = sent
        return cls(OrganizationEvaluator(Catalogue(frame, ()), memory=memory // _AS_MUCH_MORE))

    def reach(self, known: Known) -> OrganizationReach:
        """Return the attack paths over all accounts."""
        if self._reach is None or self._reach[0] is not known:
            directory = self.organization.catalogue.frame.directory
            steps = OrganizationSteps(known.steps, (role.arn for role in directory.open_roles))
            self._reach = known, OrganizationReach(steps, self._evaluator_of, directory.open_role)
        return self._reach[1]

    def _evaluator_of(self, accounts: tuple[str, ...]) -> Evaluator:
        if len(accounts) == 1:
            return self.organization.part_of(accounts[0])
        found = self._joined.pop(accounts, None)
        if found is None:
            while len(self._joined) >= _MAX_JOINED:
                self._joined.popitem(last=False)
            found = self.organization.joined(accounts)
        self._joined[accounts] = found
        return found

    def _survey(self, task: Task, known: Known, cancelled: Cancelled) -> AccountSurvey:
        part = self.organization.part_of(task.account, cancelled, is_passing=True)
        return AccountSurvey(part, cancelled, known, self)

    def facts(self, task: Task, known: Known, _wanted: None, cancelled: Cancelled) -> AccountFacts:
        """Return the facts of an account that checks of other accounts need."""
        survey = self._survey(task, known, cancelled)
        accounts, index = survey.snapshot.accounts, survey.evaluator.index
        documents = [index.trust(role) for account in accounts for role in account.roles]
        named = frozenset(
            found
            for document in documents
            for statement in document.statements
            for entry in statement.principals or ()
            if (found := named_principal(entry)) is not None
        )
        policies = (one for one in survey.snapshot.resources if one.policy is not None)
        documents += [index.parse(one.policy, one.arn) for one in policies]
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
            named=named,
            managing=look_for_managing(survey),
            external_ids=by_external_id(survey),
            steps=self._steps(task.account, survey.evaluator, cancelled),
        )

    def _steps(self, account: str, part: Evaluator, cancelled: Cancelled) -> AccountSteps:
        paths = AttackPathGraph(part, cancelled=cancelled, is_whole=False)
        steps = find_account_steps(paths.steps, paths.graph, account)
        return with_proofs(steps, paths, self.organization.catalogue.frame.directory.open_role)

    def sessions(
        self, task: Task, _known: Known, wanted: Mapping[str, Sequence[_InSession]], cancelled: Cancelled
    ) -> Mapping[ConfirmedAndPossible, int]:
        """Return `AccountSteps.abroad_in_sessions` of an account."""
        part = self.organization.part_of(task.account, cancelled, is_passing=True)
        role_of = self.organization.catalogue.frame.directory.open_role
        roles = ((number, role_of(number), needs, members) for number, needs, members in wanted[task.account])
        return in_sessions(EvaluationSession(part, cancelled), roles)

    def findings(self, task: Task, known: Known, cancelled: Cancelled) -> Iterator[Finding]:
        """Yield the findings of an account."""
        survey = self._survey(task, known, cancelled)
        reach = self.reach(known)
        reach.attend(survey.check_cancelled)
        reach.add_known_administrators(task.account, survey)
        items = work_of(survey)
        self.scope = scope_of(survey, items)
        for work in items:
            yield from look(survey, work)

    def attack_paths(
        self, task: Task, known: Known, goal: str, cancelled: Cancelled
    ) -> list[tuple[PrincipalExposure, AttackPath | None]]:
        """Return each principal of an account with its exposure and a shortest attack path to a goal, picklable.

        Without service-linked roles: only AWS can use them (IAM User Guide, "Create a service-linked role").

        Raises:
            RequestError: There is no such goal.
        """
        survey = self._survey(task, known, cancelled)
        reach = self.reach(known)
        reach.attend(survey.check_cancelled)
        found: list[tuple[PrincipalExposure, AttackPath | None]] = []
        for reached in reach.of_account(task.account):
            survey.check_cancelled()
            if is_service_linked_arn(reached.principal):
                continue
            path = reach.attack_path(reached.principal, goal)
            found.append((reached, None if path is None else without_proofs(path)))
        return found


def without_proofs(path: AttackPath) -> AttackPath:
    """Return a picklable copy of a path, whose steps have no proof."""
    return AttackPath(
        path.start,
        path.goal,
        tuple(
            Step(step.path_id, step.how, step.source, step.target, step.goal, step.state, step.needs, _no_proof)
            for step in path.steps
        ),
    )


def _no_proof(_step: Step) -> tuple[Proof, ...]:
    return ()


class OrganizationChecks:
    """The checks and attack paths over all accounts of an organization."""

    def __init__(self, catalogue: Catalogue, executor: Executor | None = None, memory: int = DEFAULT_MEMORY) -> None:
        """Prepare the work.

        Args:
            catalogue: The organization.
            executor: Workers that do tasks beside this process.
            memory: Limit for accounts in each process, in bytes.
        """
        self._work = AccountWork(OrganizationEvaluator(catalogue, memory=memory // _AS_MUCH_MORE))
        self._catalogue = catalogue
        self._executor = executor
        self._frame = uuid4().hex
        self._content: Callable[[], bytes] = lambda: object_content((self._catalogue.frame, memory))
        self._accounts = tuple(dict.fromkeys(entry.account_id for entry in self._catalogue.entries))
        self.scope: RunScope | None = None
        """Of the last run of the checks; None before its end."""

    @property
    def accounts(self) -> Sequence[str]:
        """The accounts, in the snapshot's order."""
        return self._accounts

    def know(
        self,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        thresholds: Thresholds = DEFAULT_THRESHOLDS,
    ) -> Known:
        """Collect the facts of all accounts: the first round. ``progress`` counts accounts, those of both rounds.

        Raises:
            SnapshotError: An account can no longer be read.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: No worker can do it; one sentence.
        """
        total = ROUNDS * len(self._accounts)
        known = Known(self._accounts)
        facts: list[AccountFacts] = []
        for found in self.round(facts_in_worker, AccountWork.facts, known, None, cancelled=cancelled):
            facts.append(found)
            progress(len(facts), total)
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
            absent=self._absent(frozenset().union(*(one.named for one in facts))),
            managing=frozenset().union(*(one.managing for one in facts)),
            external_ids=external_ids,
            steps=self._with_sessions([one.steps for one in facts], cancelled),
            thresholds=thresholds,
        )

    def _with_sessions(self, steps: Sequence[AccountSteps], cancelled: Cancelled) -> tuple[AccountSteps, ...]:
        """Return the steps with those by which roles of other accounts are assumed in sessions that need values.

        What these need is known after all accounts were read once. Few organizations have such roles: only the accounts
        that can assume one are read again.
        """
        needs = {one.subjects[at]: of_role for one in steps for at, of_role in one.sessions.items()}
        roles = enumerate(self._catalogue.frame.directory.open_roles) if needs else ()
        of_number = {number: needs[role.arn] for number, role in roles if role.arn in needs}
        asked = sum(1 << number for number in of_number)
        wanted: dict[str, list[_InSession]] = {}
        for one in steps if asked else ():
            for members, assumed in one.abroad.items():
                for number in indexes_of(assumed & asked):
                    needed = of_number[number]
                    wanted.setdefault(one.account, []).append((number, needed, members.unsure(one.named)))
        if not wanted:
            return tuple(steps)
        done = self.round(
            sessions_in_worker,
            AccountWork.sessions,
            Known(self._accounts),
            wanted,
            accounts=tuple(wanted),
            cancelled=cancelled,
        )
        found = dict(zip(wanted, done, strict=True))
        return tuple(
            replace(one, abroad_in_sessions=found[one.account]) if one.account in found else one for one in steps
        )

    def _absent(self, named: frozenset[NamedPrincipal]) -> frozenset[NamedPrincipal]:
        entries = self._catalogue.entries
        users = {user.arn for entry in entries for user in entry.users}
        roles = {(entry.account_id, role.name.lower()) for entry in entries for role in entry.roles}
        return frozenset(
            one
            for one in named
            if (one.arn not in users if not one.role else (one.account, one.role.lower()) not in roles)
        )

    def attack_paths(
        self, goal: str, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> Iterator[tuple[PrincipalExposure, AttackPath | None]]:
        """Yield each user and role with its exposure and a shortest attack path to a goal, in the snapshot's order.

        Without service-linked roles, as `AccountWork.attack_paths`.

        Raises:
            RequestError: There is no such goal.
            SnapshotError: as `know`.
            WorkCancelled: as `know`.
            WorkError: as `know`.
        """
        known = self.know(progress, cancelled)
        for found in self.round(
            attack_paths_in_worker, AccountWork.attack_paths, known, goal, progress=progress, cancelled=cancelled
        ):
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
        accounts: Sequence[str] | None = None,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> Iterator[R]:
        """Run one round and yield the result of each account, in the snapshot's order.

        Args:
            in_worker: The module-level function that a worker calls; equivalent to ``here``.
            here: The method that this process calls.
            known: The facts of all accounts.
            wanted: Parameter of every task.
            accounts: Accounts to go over; None: all.
            progress: Called with the progress of the last round.
            cancelled: Returns True to stop.
        """
        before, total = (ROUNDS - 1) * len(self._accounts), ROUNDS * len(self._accounts)
        key = uuid4().hex
        tasks = [Task(self._frame, key, account) for account in (self._accounts if accounts is None else accounts)]
        return shared_out(
            in_worker,
            tasks,
            self._executor,
            here=lambda task, stopped: here(self._work, task, known, wanted, stopped),
            progress=lambda done, _total: progress(before + done, total),
            cancelled=cancelled,
            contents={self._frame: self._content, key: lambda: _content_of(known, wanted, cancelled)},
        )


def _content_of(known: Known, wanted: object, cancelled: Cancelled) -> bytes:
    """Return what a worker is sent: the steps account by account, so that no other thread waits for all of them.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    steps: list[bytes] = []
    for one in known.steps:
        if cancelled():
            raise WorkCancelled
        steps.append(zlib.compress(pickle.dumps(one), 1))  # or all of them would be in memory three times
    return object_content((replace(known, steps=()), steps, wanted))


def _sent(content: tuple[Known, Sequence[bytes], Any]) -> tuple[Known, Any]:
    known, steps, wanted = content
    unpacked = tuple(pickle.loads(zlib.decompress(one)) for one in steps)  # noqa: S301 - made by this run
    return replace(known, steps=unpacked), wanted


def thin_snapshot(catalogue: Catalogue) -> Snapshot:
    """Return the snapshot with the catalogue's entries as its accounts: names, ARNs and counts, no policies."""
    return Snapshot.model_construct(**(dict(catalogue.frame.snapshot) | {"accounts": catalogue.entries}))


def work_in_worker(task: Task) -> tuple[AccountWork, Known, Any]:
    """Return a worker's cached work, the facts of all accounts and the round's parameter."""
    work = kept_object(task.frame, AccountWork.of_frame)
    known, wanted = kept_object(task.known, _sent)
    return work, known, wanted


def facts_in_worker(task: Task, cancelled: Cancelled) -> AccountFacts:
    """Return the facts of an account that checks of other accounts need; called in a worker."""
    work, known, wanted = work_in_worker(task)
    return work.facts(task, known, wanted, cancelled)


def sessions_in_worker(task: Task, cancelled: Cancelled) -> Mapping[ConfirmedAndPossible, int]:
    """Return `AccountSteps.abroad_in_sessions` of an account; called in a worker."""
    work, known, wanted = work_in_worker(task)
    return work.sessions(task, known, wanted, cancelled)


def attack_paths_in_worker(task: Task, cancelled: Cancelled) -> list[tuple[PrincipalExposure, AttackPath | None]]:
    """Return each principal of an account with its exposure and a shortest path; called in a worker."""
    work, known, wanted = work_in_worker(task)
    return work.attack_paths(task, known, wanted, cancelled)
