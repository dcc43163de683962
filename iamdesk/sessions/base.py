"""The common base of open snapshots: one in memory, or an organization whose accounts are read on demand."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iamdesk.aws.service_reference import reference
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.sessions.requests import RequestSession
from iamdesk.snapshot.catalog import AccountEntry
from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.viewmodel.completion import Completions, NamedResource
from iamdesk.viewmodel.search import NO_NOTES, Matches, Notes, OutlineSearch
from iamdesk.viewmodel.subjects import PolicyView, Subject, SubjectIndex
from iamdesk.viewmodel.tree import Badge
from iamdesk.viewmodel.tree_builder import Outline
from iamdesk.viewmodel.types import Completion

if TYPE_CHECKING:
    from iamdesk.causes.controls import Tally
    from iamdesk.causes.types import Control
    from iamdesk.checks.check_settings import AppliedSettings
    from iamdesk.checks.finding import Finding, Suppression
    from iamdesk.policy.document import Document
    from iamdesk.viewmodel.pages import PageSection

_MAX_SEARCHED_AT_ONCE = 300_000
"""Number of tree rows that can be searched in some ten milliseconds."""
_MAX_USE_CASES = 6
"""Number of use cases suggested before actions."""


class Details:
    """Returns details of principals, policies and everything else in the tree by key (``inventory.keys``)."""

    def __init__(self, subjects: SubjectIndex) -> None:
        self._subjects = subjects

    def subject(self, key: str) -> Subject | None:
        """Return the subject of a tree key; None for a key that the snapshot does not hold."""
        return self._subjects.subject(key)

    def policy(self, key: str, version: str | None = None) -> PolicyView | None:
        """Return a policy's text and diagnostics by its key; without ``version``, the default version."""
        return self._subjects.policy(key, version)

    def readings(self, document: "Document", key: str = "") -> tuple[str, ...]:
        """Return each statement of a document as one plain sentence; ``key`` is the policy's."""
        from iamdesk.explain.statement_summary import document_readings

        parts = key.split(":", 5)
        account = parts[4] if len(parts) == 6 else ""
        return document_readings(document, account, self._subjects.entity_ids)


class Opened(RequestSession):
    """An open snapshot, to browse and to evaluate requests on."""

    outline: Outline
    about: Snapshot
    """Data that belongs to no single account; of an organization not in memory, without accounts (see `accounts`)."""
    accounts: Sequence[Account] | Sequence[AccountEntry]
    """The accounts that the snapshot holds, in its order."""
    reads_accounts = False
    """Whether accounts are read on demand: work on many accounts then goes account by account."""
    alone = ""
    """The account that was taken out of a larger organization to be viewed alone; empty: everything that was opened."""

    @property
    def path(self) -> Path:
        """Path of the opened file or folder."""
        return self.about.path

    @property
    def sha256(self) -> str:
        """Digest of the content of all files."""
        return self.about.sha256

    @property
    def principal_count(self) -> int:
        """Number of users and roles in all accounts."""
        return sum(len(account.users) + len(account.roles) for account in self.accounts)

    def details_at_hand(self, key: str) -> Details | None:
        """Return the details of a key's entity without waiting; None where its account must be read first."""
        raise NotImplementedError

    def account_of(self, key: str) -> str:
        """Return the account to read for a key; empty for data of no single account."""
        raise NotImplementedError

    def read_details(self, key: str, cancelled: Cancelled = never_cancelled) -> Details:
        """Return the details of a key's entity; its account is read if needed.

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
        settings: "AppliedSettings | None" = None,
    ) -> "Iterator[Finding]":
        """Run every check; yields findings as they are found, with the suppressions valid today.

        ``executor`` runs the checks (`iamdesk.work`); None: this process. Of ``settings``, the thresholds apply here,
        the rest in `Workbench.with_settings`.

        Raises:
            SnapshotError: an account cannot be read any more.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        raise NotImplementedError

    def controls(self, counts: "Mapping[Tally, int]", cancelled: Cancelled = never_cancelled) -> "tuple[Control, ...]":
        """Return the controls of standards, each passed, failed or cannot tell, for the findings of a run.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        raise NotImplementedError

    def principal_page(self, principal: str, cancelled: Cancelled = never_cancelled) -> "Iterator[PageSection]":
        """Yield the sections of the page of a user, role or group, by its ARN, that need no attack paths.

        Raises:
            SnapshotError: an account cannot be read any more.
            WorkCancelled: ``cancelled`` returned True.
        """
        raise NotImplementedError

    def principal_escalation(
        self,
        principal: str,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        executor: Executor | None = None,
    ) -> "Iterator[PageSection]":
        """Yield the sections of its page about administrators and attack paths.

        Raises:
            SnapshotError: an account cannot be read any more.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: the executor cannot do it; one sentence.
        """
        raise NotImplementedError

    def resource_page(self, resource: str, cancelled: Cancelled = never_cancelled) -> "Iterator[PageSection]":
        """Yield the sections of the page of a resource, by its ARN.

        Raises:
            SnapshotError: an account cannot be read any more.
            WorkCancelled: ``cancelled`` returned True.
        """
        raise NotImplementedError

    def account_alone(self, account: str, cancelled: Cancelled = never_cancelled) -> "Opened":
        """Return one account as a snapshot of its own, with the organization above it and data of no single account.

        Users, roles and policies of other accounts count as not captured.

        Raises:
            SnapshotError: the account cannot be read any more, or is not as it was.
            WorkCancelled: ``cancelled`` returned True.
        """
        raise NotImplementedError

    def make_ready(self, cancelled: Cancelled = never_cancelled) -> None:
        """Build now what would otherwise be built on first use.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        raise NotImplementedError

    def small_parts(self) -> list[list[Any]]:
        """Return lists of its many small objects, which are freed step by step once it is dropped."""
        raise NotImplementedError

    @property
    def _completions(self) -> Completions:
        raise NotImplementedError

    badges: Mapping[int, tuple[Badge, ...]] | None = None
    """The badges of rows, once they are evaluated, for searches; until then, those of the outline."""
    notes: Notes = NO_NOTES
    """The user's notes, for searches; set by whoever shows them."""

    @cached_property
    def _search(self) -> OutlineSearch:
        return OutlineSearch(self.outline)

    @property
    def outline_search(self) -> OutlineSearch:
        """The search over the rows of the tree; built when first needed (`make_ready`)."""
        return self._search

    @property
    def is_search_ready(self) -> bool:
        """Whether a search takes milliseconds: not the first one (`make_ready`), and none of a very large snapshot."""
        return "_search" in self.__dict__ and len(self.outline.nodes) <= _MAX_SEARCHED_AT_ONCE

    @cached_property
    def named_resources(self) -> tuple[NamedResource, ...]:
        """The ARNs in policies that have no row in the tree; collected when first needed."""
        rows = self.outline.rows_by_key
        return tuple([one for one in self._completions.named_resources if one.arn not in rows])

    def search(self, text: str) -> Matches:
        """Return the rows of the tree that match a query, with their ancestors."""
        return self._search.matches(text, self.badges, self.notes)

    def complete_principal(self, text: str, limit: int = 50) -> tuple[Completion, ...]:
        """Return principals whose name or ARN contains the text, best first."""
        return self._completions.principals(text, limit)

    def complete_action(self, text: str, limit: int = 50) -> tuple[Completion, ...]:
        """Return actions that contain the text, best first, each with access level and description.

        Use cases that match the words (``read object``) come first, behind actions of exactly that name; their names
        can be used as actions in requests.
        """
        from iamdesk.use_cases.catalog import suggest_use_cases

        actions = self._completions.actions(text, limit)
        name = "".join(text.lower().split())
        exact = sum(name in (one.value.lower(), one.value.lower().partition(":")[2]) for one in actions)
        return (*actions[:exact], *suggest_use_cases(text, _MAX_USE_CASES), *actions[exact:])[:limit]

    def complete_resource(self, action: str, text: str, limit: int = 50) -> tuple[Completion, ...]:
        """Return ARNs of the snapshot and ARN templates of the action's resources that contain the text, best first.

        ``action`` may be the name of a use case: its main action counts.
        """
        if action.strip() and ":" not in action:
            use_case = self.find_use_case(action)
            action = use_case.action if use_case is not None else action
        return self._completions.resources(action, text, limit)

    @staticmethod
    def takes_no_resource(action: str) -> bool:
        """Return whether AWS has the action, with ``*`` as its only resource."""
        service, _, name = action.strip().partition(":")
        known = reference().action(service, name)
        return known is not None and reference().takes_no_resource(known)

    @staticmethod
    def key_type(key: str) -> str | None:
        """Return a condition key's type (``String``, ``ArrayOfString``, ``Bool`` …); None for an unknown key."""
        return reference().key_type(key)

    @staticmethod
    def known_values(key: str) -> tuple[str, ...]:
        """Return values of a condition key that AWS defines (``iam:PassedToService``); empty where none are known."""
        from iamdesk.use_cases.dependent_actions import known_values

        return known_values(key)
