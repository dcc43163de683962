"""What is open, to be looked at: a snapshot in memory, or an organization whose accounts are read when asked about."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iamdesk.aws.service_reference import reference
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.sessions.details import Details
from iamdesk.sessions.requests import RequestSession
from iamdesk.snapshot.catalog import AccountEntry
from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.viewmodel.completion import Completions
from iamdesk.viewmodel.request_lint import Hint, resource_hint, takes_no_resource
from iamdesk.viewmodel.search import Matches, OutlineSearch
from iamdesk.viewmodel.tree_builder import Outline
from iamdesk.viewmodel.types import Completion

if TYPE_CHECKING:
    from iamdesk.checks.finding import Finding, Suppression

_MOST_SEARCHED_AT_ONCE = 300_000
"""Rows of an outline that are searched in some ten milliseconds."""
_MOST_NEEDS = 6
"""Needs that are suggested before actions."""


class Opened(RequestSession):
    """What is open, to be looked at and asked."""

    outline: Outline
    about: Snapshot
    """What is of no single account: of an organization that is not in memory it holds no accounts (see `accounts`)."""
    accounts: Sequence[Account] | Sequence[AccountEntry]
    """The accounts that the snapshot holds, in its order."""
    reads_accounts = False
    """Whether an account is read when it is asked about: whoever asks about many goes account by account."""
    alone = ""
    """The account that was taken out of a larger organization, to be looked at alone; empty: all that was opened."""

    @property
    def path(self) -> Path:
        """What was opened."""
        return self.about.path

    @property
    def sha256(self) -> str:
        """Names the content of all files together."""
        return self.about.sha256

    @property
    def principal_count(self) -> int:
        """How many users and roles the accounts have."""
        return sum(len(account.users) + len(account.roles) for account in self.accounts)

    def details_at_hand(self, key: str) -> Details | None:
        """Return what tells of the thing of a key without a wait; None where its account has to be read first."""
        raise NotImplementedError

    def account_of(self, key: str) -> str:
        """Return the account that is read for a key; empty for what is of no single account."""
        raise NotImplementedError

    def read_details(self, key: str, cancelled: Cancelled = never_cancelled) -> Details:
        """Return what tells of the thing of a key; its account is read, where it is not there.

        Raises:
            SnapshotError: the account cannot be read any more, or is not as it was.
            WorkCancelled: ``cancelled`` returned True.
        """
        raise NotImplementedError

    def findings(
        self,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        suppressions: "Sequence[Suppression]" = (),
        executor: Executor | None = None,
    ) -> "Iterator[Finding]":
        """Run every check; findings come as they are found, with the suppressions that hold for them today.

        ``executor`` does it (`iamdesk.work`); None: this process.

        Raises:
            SnapshotError: an account cannot be read any more.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        raise NotImplementedError

    def account_alone(self, account: str, cancelled: Cancelled = never_cancelled) -> "Opened":
        """Return one account as a snapshot of its own, with the organization above it and what is of no single account.

        Users, roles and policies of the others are as good as not captured.

        Raises:
            SnapshotError: the account cannot be read any more, or is not as it was.
            WorkCancelled: ``cancelled`` returned True.
        """
        raise NotImplementedError

    def make_ready(self, cancelled: Cancelled = never_cancelled) -> None:
        """Build what is otherwise built at first use.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        raise NotImplementedError

    def small_parts(self) -> list[list[Any]]:
        """Return lists of the many small things that it is made of: once it is dropped they go bit by bit."""
        raise NotImplementedError

    @property
    def _completions(self) -> Completions:
        raise NotImplementedError

    @cached_property
    def _search(self) -> OutlineSearch:
        return OutlineSearch(self.outline)

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
        from iamdesk.use_cases.catalog import suggest_use_cases

        found = suggest_use_cases(text, _MOST_NEEDS)
        return (*found, *self._completions.actions(text, limit - len(found)))

    def complete_resource(self, action: str, text: str, limit: int = 50) -> tuple[Completion, ...]:
        """Return ARNs of the snapshot and ARN templates of the action's resources that hold the text, best first.

        ``action`` may be the name of a need: then of what it is about.
        """
        if action.strip() and ":" not in action:
            need = self.find_use_case(action)
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
        from iamdesk.use_cases.dependent_actions import known_values

        return known_values(key)
