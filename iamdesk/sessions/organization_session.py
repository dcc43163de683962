"""An open organization that is larger than memory: its accounts are read on demand."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

from iamdesk.evaluate.request import MissingContextMode, Request
from iamdesk.inventory.permission_sets import permission_set_name
from iamdesk.memory import OF_ACCOUNT, gc_paused
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.sessions.base import Details, Opened
from iamdesk.sessions.snapshot_session import SnapshotSession
from iamdesk.snapshot.catalog import DEFAULT_MEMORY, PER_BYTE, AccountEntry, Catalogue
from iamdesk.snapshot.model import Account, ManagedPolicyDetail, RoleDetail, Snapshot
from iamdesk.viewmodel.catalog_completion import CatalogueCompletions
from iamdesk.viewmodel.entities import Elsewhere
from iamdesk.viewmodel.subjects import SubjectIndex
from iamdesk.viewmodel.tree import NodeKind
from iamdesk.viewmodel.tree_builder import build_outline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdesk.access.evaluator import Evaluator
    from iamdesk.access.organization_evaluator import OrganizationEvaluator
    from iamdesk.access.who_can import Access, SweepOptions
    from iamdesk.causes.controls import Tally
    from iamdesk.causes.types import Control
    from iamdesk.checks.by_account import OrganizationChecks
    from iamdesk.checks.check_settings import AppliedSettings
    from iamdesk.checks.finding import Finding, Suppression
    from iamdesk.evaluate.request import ContextValues
    from iamdesk.export.findings.spool import Spool
    from iamdesk.pages.principal_page import PrincipalPages
    from iamdesk.viewmodel.pages import PageSection

_HELD = frozenset(
    {
        NodeKind.USER,
        NodeKind.GROUP,
        NodeKind.ROLE,
        NodeKind.SERVICE_LINKED_ROLE,
        NodeKind.CUSTOMER_POLICY,
        NodeKind.AWS_POLICY,
    }
)
_OF_RESULTS, _OF_CHECKS, _OF_DETAILS = 4, 3, 1
"""Eighths of the memory for accounts, for evaluations, checks and details."""


def no_executor() -> None:
    """Return None, for an executor: this process does everything."""


class OrganizationSession(Opened):
    """An open organization. Accounts are read on demand, and the least recently used are dropped.

    Every call may raise `SnapshotError`: an account cannot be read any more, or has changed since it was opened.
    """

    reads_accounts = True

    def __init__(
        self,
        catalogue: Catalogue,
        executor: Callable[[], Executor | None] = no_executor,
        memory: int = DEFAULT_MEMORY,
    ) -> None:
        """Open a catalogue.

        Args:
            catalogue: The organization's files and names.
            executor: Gives the workers that share sweeps over all accounts with this process, if any.
            memory: Most bytes of files that the accounts in memory may come from.
        """
        self.catalogue = catalogue
        self.about = catalogue.frame.snapshot
        self.accounts = catalogue.entries
        self._executor = executor
        self._memory = memory
        self._details: OrderedDict[str, Details] = OrderedDict()
        self._lock = threading.RLock()

    @cached_property
    def evaluator(self) -> "OrganizationEvaluator":
        """The evaluator over all accounts."""
        from iamdesk.access.organization_evaluator import OrganizationEvaluator

        return OrganizationEvaluator(self.catalogue, memory=self._share(_OF_RESULTS), executor=self._executor)

    def _share(self, eighths: int) -> int:
        """Return the memory for evaluations or checks, in bytes: the window has both, the command line one of them."""
        return self._memory * eighths // 8 if "outline" in self.__dict__ else self._memory

    def evaluator_for(self, principal: str) -> "Evaluator":
        """Return the evaluator over the part of a principal's account."""
        return self.evaluator.of(principal)

    @property
    def evaluator_for_all(self) -> "OrganizationEvaluator":
        """The evaluator for sweeps over all principals, account by account."""
        return self.evaluator

    def each_row[R](
        self,
        show: "Callable[[Access], R]",
        *,
        action: str | None = None,
        resource: str,
        context: "ContextValues | None" = None,
        unknown_action: bool = False,
        **asked: "Unpack[SweepOptions]",
    ) -> "Iterator[R]":
        """Yield ``show(row)`` for each row of `who_can`; the rows of an account are explained while it is in memory."""
        if action is None:
            return super().each_row(show, resource=resource, context=context, **asked)
        mode = asked.get("unknown_context", MissingContextMode.UNKNOWN)
        request = Request("", action, resource, context or {}, unknown_context=mode, unknown_action=unknown_action)
        request = self.evaluator.stated(request)
        progress, cancelled = asked.get("progress", no_progress), asked.get("cancelled", never_cancelled)
        return self.evaluator.each_row(show, request, progress, cancelled)

    def lay_out(self, cancelled: Cancelled = never_cancelled) -> None:
        """Build the tree: accounts with their entries by name.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        with gc_paused(OF_ACCOUNT):
            self.outline = build_outline(self._bare, cancelled=cancelled, catalogue=self.catalogue)

    @cached_property
    def _bare(self) -> Snapshot:
        """The snapshot with all its accounts, but without their content: only for naming accounts."""
        accounts = tuple(map(_bare_account, self.catalogue.entries))
        return self.about.model_copy(update={"accounts": accounts})

    @cached_property
    def _completions(self) -> CatalogueCompletions:
        return CatalogueCompletions(self._bare, self.catalogue, self.outline, self._search)

    def make_ready(self, cancelled: Cancelled = never_cancelled) -> None:
        """Build now what would otherwise be built on first use: the search, and data of no single account."""
        with gc_paused(OF_ACCOUNT):
            self._search.matches("a")
            self.read_details("", cancelled)

    def small_parts(self) -> list[list[Any]]:
        """Return nothing: none of it is large."""
        return []

    @cached_property
    def checks(self) -> "OrganizationChecks":
        """The checks and the attack paths, account by account."""
        from iamdesk.checks.by_account import OrganizationChecks

        return OrganizationChecks(self.catalogue, self._executor(), self._share(_OF_CHECKS))

    def controls(self, counts: "Mapping[Tally, int]", cancelled: Cancelled = never_cancelled) -> "tuple[Control, ...]":
        """As `Opened.controls`, for the last run of the checks; empty if none has ended."""
        from iamdesk.causes.controls import controls

        del cancelled  # the run has counted
        return () if self.checks.scope is None else controls(counts, self.checks.scope)

    def find_into(
        self,
        spool: "Spool",
        suppressions: "Sequence[Suppression]" = (),
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> None:
        """Run every check and write the findings to a spool, with the suppressions valid today.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the workers cannot do it; one sentence.
        """
        from iamdesk.export.findings.spool import find_into

        find_into(spool, self.checks, suppressions, datetime.now().astimezone().date(), progress, cancelled)

    def findings(
        self,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        suppressions: "Sequence[Suppression]" = (),
        executor: Executor | None = None,  # noqa: ARG002 - it was opened with its own
        settings: "AppliedSettings | None" = None,
    ) -> "Iterator[Finding]":
        """Run every check; findings come account by account, so that a caller need not keep more than memory holds."""
        from iamdesk.checks.check_settings import thresholds_of
        from iamdesk.export.findings.spool import each_finding

        today, thresholds = datetime.now().astimezone().date(), thresholds_of(settings)
        return each_finding(self.checks, suppressions, today, progress, cancelled, thresholds)

    # Pages

    def principal_page(self, principal: str, cancelled: Cancelled = never_cancelled) -> "Iterator[PageSection]":
        """Yield the sections of the page of a user, role or group, by its ARN: those that its account alone answers.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        return self._principal_pages(principal).sections(principal, cancelled)

    def principal_escalation(
        self,
        principal: str,
        progress: Progress = no_progress,  # noqa: ARG002 - as of a whole snapshot
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,  # noqa: ARG002
    ) -> "Iterator[PageSection]":
        """Yield whether its own policies make it an administrator; attack paths are computed for one account alone.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        return self._principal_pages(principal).escalation_unasked(principal, cancelled)

    def _principal_pages(self, principal: str) -> "PrincipalPages":
        from iamdesk.inventory.workload_index import WorkloadIndex
        from iamdesk.pages.principal_page import PrincipalPages

        evaluator = self.evaluator_for(principal)
        return PrincipalPages(evaluator, None, WorkloadIndex(evaluator.snapshot))

    def resource_page(self, resource: str, cancelled: Cancelled = never_cancelled) -> "Iterator[PageSection]":
        """Yield the sections of the page of a resource, by its ARN, for its own account: all would take minutes.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        from iamdesk.pages.resource_page import ResourcePages

        part = self.evaluator.part_of(self.account_of(resource), cancelled)
        return ResourcePages(part.snapshot, part, part, is_part=len(self.accounts) > 1).sections(resource, cancelled)

    # Details

    def account_of(self, key: str) -> str:
        """Return the account whose files are read for a key; empty for data of no single account."""
        nodes = self.outline.nodes
        row = self.outline.rows_by_key.get(key)
        named = "".join(key.split(":", 5)[4:5])
        if row is None:  # a policy inside a principal, or an entity without a row
            return named if named in self.catalogue.frame.directory.account_ids else ""
        if nodes.kinds[row] is NodeKind.MISSING:  # one account lacks it, but another one may hold it
            if self._holds_policy(named, key):
                return named
            broken = [one.account_id for one in self.catalogue.entries if any(key == each.arn for each in one.broken)]
            if broken:
                return broken[0]
        while nodes.parents[row] > 0:
            row = nodes.parents[row]
        top = nodes[row]
        return top.key if top.kind is NodeKind.ACCOUNT else ""

    def _holds_policy(self, account: str, arn: str) -> bool:
        entries = (entry for entry in self.catalogue.entries if entry.account_id == account)
        return any(policy.arn == arn for entry in entries for policy in entry.policies)

    def _title_of(self, arn: str) -> str | None:
        row = self.outline.rows_by_key.get(arn)
        node = None if row is None else self.outline.nodes[row]
        if node is not None and node.kind is NodeKind.MISSING:
            return node.text if self._holds_policy(arn.split(":", 5)[4], arn) else None
        return node.text if node is not None and node.kind in _HELD else None

    def details_at_hand(self, key: str) -> Details | None:
        """Return the details of a key's entity if its account is in memory."""
        with self._lock:
            account = self.account_of(key)
            if account in self._details:
                self._details.move_to_end(account)
            return self._details.get(account)

    def read_details(self, key: str, cancelled: Cancelled = never_cancelled) -> Details:
        """Return the details of a key's entity; its account is read if needed."""
        found = self.details_at_hand(key)
        if found is not None:
            return found
        account = self.account_of(key)
        details = self._read(account, cancelled)
        with self._lock:
            self._details[account] = details
            size_of = self.catalogue.frame.directory.size_of
            room = self._share(_OF_DETAILS) // PER_BYTE
            for other in list(self._details):
                if sum(map(size_of, self._details)) <= room:
                    break
                if other not in ("", account):
                    del self._details[other]
        return details

    def _read(self, account: str, cancelled: Cancelled) -> Details:
        directory = self.catalogue.frame.directory
        own = directory.accounts(account, cancelled) if account else ()
        by_place = {(one.partition, one.account_id): one for one in own}
        accounts = tuple([by_place.get((one.partition, one.account_id), one) for one in self._bare.accounts])
        snapshot = self._bare.model_copy(update={"accounts": accounts})
        elsewhere = Elsewhere(self._lent(account, own, cancelled), self._title_of, self.catalogue.entries)
        subjects = SubjectIndex(snapshot, elsewhere)
        subjects.make_ready()
        return Details(subjects)

    def _lent(self, account: str, own: Sequence[Account], cancelled: Cancelled) -> dict[str, ManagedPolicyDetail]:
        """Return the AWS managed policies that an account names but only files of other accounts hold."""
        directory = self.catalogue.frame.directory
        held = {policy.arn for one in own for policy in one.policies}
        wanted: dict[str, list[str]] = {}
        for entry in self.catalogue.entries:
            if entry.account_id == account:
                for arn in entry.carried:
                    lender = directory.lender_of(arn)
                    if arn not in held and lender is not None:
                        wanted.setdefault(lender, []).append(arn)
        return {
            policy.arn: policy
            for lender, arns in wanted.items()
            for one in directory.accounts(lender, cancelled)
            for policy in one.policies
            if policy.arn in arns
        }

    def account_alone(self, account: str, cancelled: Cancelled = never_cancelled) -> SnapshotSession:
        """Return one account alone; its digest differs from the organization's. See `Opened.account_alone`."""
        own = self.catalogue.frame.directory.accounts(account, cancelled)
        digest = hashlib.sha256(f"{self.sha256} {account}".encode()).hexdigest()
        snapshot = self.about.model_copy(update={"accounts": own, "sha256": digest})
        opened = SnapshotSession(snapshot, build_outline(snapshot, cancelled=cancelled), is_copy=True)
        opened.alone = account
        return opened


def _bare_account(entry: AccountEntry) -> Account:
    """Return an account without its content, but with the roles of its permission sets."""
    roles = []
    for role in entry.roles:
        path = f"/{role.arn.partition('/')[2].rpartition('/')[0]}/"
        if permission_set_name(role.name, path) is not None:
            roles.append(RoleDetail.model_construct(arn=role.arn, role_name=role.name, path=path))
    return Account.model_construct(
        account_id=entry.account_id,
        partition=entry.partition,
        alias=entry.alias,
        is_truncated=entry.is_truncated,
        roles=tuple(roles),
    )
