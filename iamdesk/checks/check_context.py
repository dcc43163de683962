"""The context of one run of the checks: evaluator, facts that several checks share, and cancellation."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Protocol

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.external.candidates import unnamed_accounts
from iamdesk.access.principal_index import indexes_of
from iamdesk.access.who_can import Access
from iamdesk.attack_paths.administrators import ADMINISTRATION, OPEN, Principal
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph, LazyAttackPathGraph
from iamdesk.attack_paths.edge_sources import SourceFinder
from iamdesk.attack_paths.evaluation_session import PLACEHOLDER, TARGETS, Context, EvaluationSession
from iamdesk.attack_paths.organization_paths import OrganizationReach
from iamdesk.checks.prerequisites import Data
from iamdesk.checks.thresholds import DEFAULT_THRESHOLDS, Thresholds
from iamdesk.explain.decision import EvaluationResult
from iamdesk.inventory.references import AccountReferences, aws_policies_of, references_of
from iamdesk.inventory.workload_index import WorkloadIndex
from iamdesk.progress import Cancelled, Progress
from iamdesk.snapshot.merge_pages import moments_of
from iamdesk.snapshot.model import Account, ManagedPolicyDetail
from iamdesk.viewmodel.coverage import CapturedData, captured_data

__all__ = ["PLACEHOLDER", "CheckContext", "Context"]


class MakeReach(Protocol):
    """Returns the attack-path graph, built at the first call."""

    def __call__(self, progress: Progress = ..., cancelled: Cancelled = ...) -> AttackPathGraph | OrganizationReach:
        """Return the graph."""


_ACCOUNT_ID = re.compile(r"\d{12}")


class CheckContext(EvaluationSession):
    """What a check function receives. Belongs to one run in one thread."""

    def __init__(
        self,
        evaluator: Evaluator,
        cancelled: Cancelled,
        reach: MakeReach | None = None,
        thresholds: Thresholds = DEFAULT_THRESHOLDS,
    ) -> None:
        """Create a context; ``reach`` returns an attack-path graph that exists already."""
        super().__init__(evaluator, cancelled)
        self.thresholds = thresholds
        self._make_reach = reach or LazyAttackPathGraph(evaluator)
        self.cancelled = cancelled
        """For calls that check for cancellation themselves."""
        self.needs: tuple[tuple[str, Data], ...] = ()
        """(check id, data) of the checks that need more than users, groups, roles and policies."""

    def attend(self, cancelled: Cancelled) -> None:
        """As `EvaluationSession.attend`."""
        super().attend(cancelled)
        self.cancelled = cancelled

    @property
    def reach(self) -> AttackPathGraph | OrganizationReach:
        """The attack-path graph.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        found = self._make_reach(cancelled=self.cancelled)
        if isinstance(found, AttackPathGraph):
            self.share(ADMINISTRATION, found.steps.inquiry)
            self.share(TARGETS, found.steps.inquiry)
        return found

    def references(self, account: Account) -> AccountReferences:
        """Return the attachments, boundaries and memberships of an account."""
        return self.once(("references", account.account_id), lambda: references_of(account, self._aws_policies))

    @cached_property
    def _aws_policies(self) -> Mapping[str, ManagedPolicyDetail]:
        return aws_policies_of(self.snapshot)

    @cached_property
    def held_accounts(self) -> frozenset[str]:
        """The account IDs in the snapshot."""
        return frozenset(account.account_id for account in self.snapshot.accounts)

    def is_first(self, account: Account) -> bool:
        """Return whether an account is the snapshot's first: findings about the whole snapshot are reported for it."""
        return account is self.snapshot.accounts[0]

    def has_principal(self, account: str, arn: str, role: str) -> bool:
        """Return whether the snapshot has a user, by its ARN, or a role, by its account and name."""
        index = self.evaluator.index
        return index.role_named(account, role) is not None if role else arn in index.users

    @cached_property
    def workloads(self) -> WorkloadIndex:
        """What runs with which role."""
        return WorkloadIndex(self.snapshot)

    @cached_property
    def captured(self) -> tuple[CapturedData, ...]:
        """How much of each kind of data was captured."""
        return tuple(captured_data(self.snapshot))

    def who_can(self, action: str, resource: str) -> Iterator[Access]:
        """Yield the principals of the snapshot for whom an action is allowed or conditional (`Evaluator.who_can`)."""
        return self.evaluator.who_can(action=action, resource=resource, external=False, cancelled=self.cancelled)

    def members(self, account: Account) -> int:
        """Return the users and roles of an account, as bits of the population, without those with an irregular ARN."""
        return self.once(("members", account.account_id), lambda: self._members(account))

    def _members(self, account: Account) -> int:
        principals: tuple[Principal, ...] = (*account.users, *account.roles)
        found = 0
        for one in principals:
            position = self.evaluator.population().position(one.arn)
            if position is not None:
                found |= 1 << position
        return found

    def allowed(self, action: str, resource: str, members: int, context: Context | None = None) -> int:
        """Return which of some regular principals an Allow of their own lets make a request, as bits.

        The same as `applies_to_action` and `decide` of each, evaluated for all of them at once.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        service, _, name = action.lower().partition(":")
        members &= self.once(("allowing", action), lambda: self.evaluator.population().index.allowing(service, name))
        return self.evaluator.allowed(action, resource, members, context, self.cancelled) if members else 0

    def allowed_on_roles(self, action: str, account: Account, members: int) -> Mapping[str, int]:
        """Return by ARN of each role of an account which of some regular principals are allowed an action on it.

        The same as `allowed` for each role, with far fewer evaluations: few statements distinguish roles.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        targets = self.targets
        finder = SourceFinder(self, targets, self.evaluator.bulk(), can_arrange=False)
        roles = targets.roles & targets.of_account.get(account.account_id, 0)
        allowed = finder.find(action, roles, callers=members)
        return {targets.arns[place]: allowed.of(place).proven for place in indexes_of(roles)}

    def ask_if_open(
        self, principal: str, action: str, resource: str, context: Context | None = None
    ) -> EvaluationResult | None:
        """Return the explained decision on a request if it is allowed or conditional; None if it is denied.

        For requests that are mostly denied: explaining a decision takes most of the time.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        if self.decide(principal, action, resource, context) not in OPEN:
            return None
        return self.ask(principal, action, resource, context)

    def latest(self, account: Account) -> datetime | None:
        """Return the time to which ages in an account are relative; None if it is not known.

        That of the snapshot, if one run captured it. Files of several accounts may be months apart: of these, the
        latest time in the account's own data counts.
        """
        manifest, latest = self.snapshot.manifest, self.snapshot.latest
        if latest is None or (manifest is not None and manifest.started_at is not None):
            return latest
        return self.once(("latest", account.account_id), lambda: self._latest(account))

    def _latest(self, account: Account) -> datetime | None:
        listed = (account.users, account.groups, account.roles, account.policies)
        moments = [moment for entities in listed for entity in entities for moment in moments_of(entity)]
        facts = next((one for one in self.snapshot.account_facts if one.account_id == account.account_id), None)
        if facts is not None:
            report = facts.credential_report
            times = (
                report.known_at if report else None,
                *(one.job_creation_date for one in facts.last_accessed or ()),
            )
            moments += [moment for moment in times if moment is not None]
        return max(moments, default=None)

    @cached_property
    def own_accounts(self) -> frozenset[str]:
        """The account IDs of the snapshot and of its organization; all others are external."""
        held = set(self.held_accounts)
        organization = self.snapshot.organization
        if organization is not None:
            held.update(node.id for node in organization.nodes if _ACCOUNT_ID.fullmatch(node.id))
            held.add(organization.management_account_id)
        return frozenset(held)

    @cached_property
    def unrelated_account(self) -> str:
        """An account ID that occurs in no trust or resource policy, for unrelated external principals."""
        named = {number for resource in self.snapshot.resources for number in numbers_in(resource.policy)}
        return next(unnamed_accounts((), (*self.own_accounts, *named, *self.numbers_in_trust_policies)))

    @cached_property
    def numbers_in_trust_policies(self) -> frozenset[str]:
        """Everything in the snapshot's trust policies that looks like an account ID."""
        return trusted_numbers(self.snapshot.accounts)

    def external_principal(self, account: Account) -> str:
        """Return the ARN of a role that no policy names, in an unrelated external account.

        A role, not a user: its sessions can have any tags and MFA.
        """
        return f"arn:{account.partition}:iam::{self.unrelated_account}:role/{PLACEHOLDER}"


def trusted_numbers(accounts: Iterable[Account]) -> frozenset[str]:
    """Return everything in trust policies that looks like an account ID."""
    roles = (role for account in accounts for role in account.roles)
    return frozenset(number for role in roles for number in numbers_in(role.assume_role_policy_document))


def numbers_in(document: object) -> list[str]:
    """Return everything in a policy that looks like an account ID."""
    return _ACCOUNT_ID.findall(repr(document))
