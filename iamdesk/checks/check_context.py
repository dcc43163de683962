"""One run of the checks over one snapshot: the engine, what several checks need to know, and when to stop."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Protocol

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.external.candidates import unnamed_accounts
from iamdesk.access.who_can import Access
from iamdesk.attack_paths.administrators import ADMINISTRATION
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph, LazyAttackPathGraph
from iamdesk.attack_paths.evaluation_session import STRANGER, Context, EvaluationSession
from iamdesk.attack_paths.organization_paths import OrganizationReach
from iamdesk.checks.prerequisites import Data
from iamdesk.inventory.references import AccountReferences, aws_policies_of, references_of
from iamdesk.progress import Cancelled, Progress
from iamdesk.snapshot.model import Account, ManagedPolicyDetail
from iamdesk.viewmodel.coverage import CapturedData, captured_data

__all__ = ["STRANGER", "CheckContext", "Context"]


class MakeReach(Protocol):
    """Gives the map of what principals can become, made at the first call."""

    def __call__(self, progress: Progress = ..., cancelled: Cancelled = ...) -> AttackPathGraph | OrganizationReach:
        """Return the map."""


_ACCOUNT_ID = re.compile(r"\d{12}")


class CheckContext(EvaluationSession):
    """What a check is given. Belongs to one run in one thread."""

    def __init__(self, evaluator: Evaluator, cancelled: Cancelled, reach: MakeReach | None = None) -> None:
        """``reach`` gives the map of what principals can become, where somebody keeps one."""
        super().__init__(evaluator, cancelled)
        self._make_reach = reach or LazyAttackPathGraph(evaluator)
        self.cancelled = cancelled
        """For work that asks by itself whether somebody still wants it."""
        self.needs: tuple[tuple[str, Data], ...] = ()
        """The checks that need more than the account's entities, by their ids."""

    def attend(self, cancelled: Cancelled) -> None:
        """As `EvaluationSession.attend`."""
        super().attend(cancelled)
        self.cancelled = cancelled

    @property
    def reach(self) -> AttackPathGraph | OrganizationReach:
        """What every principal can become.

        Raises:
            WorkCancelled: nobody wants the result any more.
        """
        found = self._make_reach(cancelled=self.cancelled)
        if isinstance(found, AttackPathGraph):
            self.share(ADMINISTRATION, found.steps.inquiry)
        return found

    def references(self, account: Account) -> AccountReferences:
        """Return who refers to what in an account."""
        return self.once(("references", account.account_id), lambda: references_of(account, self._aws_policies))

    @cached_property
    def _aws_policies(self) -> Mapping[str, ManagedPolicyDetail]:
        return aws_policies_of(self.snapshot)

    @cached_property
    def held_accounts(self) -> frozenset[str]:
        """The accounts that the snapshot holds."""
        return frozenset(account.account_id for account in self.snapshot.accounts)

    def is_first(self, account: Account) -> bool:
        """Return whether an account is the snapshot's first: what is told once is told of it."""
        return account is self.snapshot.accounts[0]

    @cached_property
    def captured(self) -> tuple[CapturedData, ...]:
        """How much of each kind of data the snapshot holds."""
        return tuple(captured_data(self.snapshot))

    def who_can(self, action: str, resource: str) -> Iterator[Access]:
        """Yield the principals of the snapshot for whom an action is allowed or conditional (`Evaluator.who_can`)."""
        return self.evaluator.who_can(action=action, resource=resource, external=False, cancelled=self.cancelled)

    @cached_property
    def own_accounts(self) -> frozenset[str]:
        """The accounts that are no strangers: those of the snapshot, and those of its organization."""
        held = set(self.held_accounts)
        organization = self.snapshot.organization
        if organization is not None:
            held.update(node.id for node in organization.nodes if _ACCOUNT_ID.fullmatch(node.id))
            held.add(organization.management_account_id)
        return frozenset(held)

    @cached_property
    def stranger_account(self) -> str:
        """An account id that occurs in no policy of a role or resource: whoever is there is a stranger."""
        named = {number for resource in self.snapshot.resources for number in numbers_in(resource.policy)}
        return next(unnamed_accounts((), (*self.own_accounts, *named, *self.numbers_in_trust_policies)))

    @cached_property
    def numbers_in_trust_policies(self) -> frozenset[str]:
        """Whatever looks like an account's id in trust policies of the snapshot."""
        return trusted_numbers(self.snapshot.accounts)

    def external_principal(self, account: Account) -> str:
        """Return the ARN of a role that nobody in the snapshot knows, in an account of a stranger's own.

        A role rather than a user: its sessions can carry tags and MFA as the stranger likes.
        """
        return f"arn:{account.partition}:iam::{self.stranger_account}:role/{STRANGER}"


def trusted_numbers(accounts: Iterable[Account]) -> frozenset[str]:
    """Return whatever looks like an account's id in trust policies."""
    roles = (role for account in accounts for role in account.roles)
    return frozenset(number for role in roles for number in numbers_in(role.assume_role_policy_document))


def numbers_in(document: object) -> list[str]:
    """Return whatever looks like an account's id in a policy."""
    return _ACCOUNT_ID.findall(repr(document))
