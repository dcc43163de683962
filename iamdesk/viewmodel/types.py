"""Types of what front ends show: subjects, policies and their text, snapshot coverage. Frozen."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from iamdesk.i18n import join_messages, join_names, mark, phrase
from iamdesk.inventory.keys import Link
from iamdesk.policy.document import Document
from iamdesk.snapshot.layout import Kind
from iamdesk.viewmodel.tree import Badge, NodeKind


class PolicyRole(StrEnum):
    """The role of a policy for the subject that shows it."""

    DIRECT = "direct"
    GROUP = mark("through a group")
    BOUNDARY = mark("permissions boundary")
    TRUST = mark("trust policy")
    ATTACHED = mark("attached here")
    INHERITED = "inherited"
    SELF = mark("the policy itself")


_AGES = ("Created", "Last used")


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """One policy in a subject's list."""

    key: str
    name: str
    kind: NodeKind
    """``INLINE_POLICY``, ``CUSTOMER_POLICY``, ``AWS_POLICY``, ``TRUST_POLICY``, ``RESOURCE_POLICY``,
    ``SERVICE_CONTROL_POLICY``, ``RESOURCE_CONTROL_POLICY``, or ``MISSING`` if it was not captured."""
    role: PolicyRole
    origin: str
    """Its origin in words: ``attached directly``, ``inline in group engineers``, ``permissions boundary``; for a policy
    itself, its version: ``version v3 of 5, default version``."""
    version: str | None = None
    problems: tuple[str, ...] = ()
    """Problems of its document, one sentence each."""


class Links(NamedTuple):
    """Links to related items of one kind."""

    title: str
    """Their relation to the subject: ``Members``, ``Attached to``, ``Applies to``."""
    entries: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """One item of the snapshot, ready for display: a principal, a policy, an account, a resource and so on."""

    key: str
    kind: NodeKind
    title: str
    account: str = ""
    """The account that it belongs to; empty for items above accounts."""
    arn: str | None = None
    path: str = "/"
    facts: tuple[tuple[str, str], ...] = ()
    """(label, value) pairs in order: created, id, last used, boundary, groups, attachments …"""
    tags: tuple[tuple[str, str], ...] = ()
    policies: tuple[PolicyLine, ...] = ()
    links: tuple[Links, ...] = ()
    """Links to related items, by relation; empty ones are left out."""
    trusted: tuple[str, ...] = ()
    """The principals in the trust policy, one short sentence each (roles only)."""
    missing_data: tuple[str, ...] = ()
    """Missing data, one sentence each."""
    problems: tuple[str, ...] = ()
    badges: tuple[Badge, ...] = ()
    raw: str = ""
    """The whole entry as JSON text, as captured."""

    @property
    def ages(self) -> tuple[tuple[str, str], ...]:
        """The facts about its age: created, last used."""
        return tuple(fact for fact in self.facts if fact[0] in _AGES)

    @property
    def summary(self) -> str:
        """One line: ``user · 111122223333 · /engineering/``."""
        path = "" if self.path == "/" else self.path
        return join_messages(" · ", list(filter(None, (phrase(self.kind.value), self.account, path))))


def links(*sorts: tuple[str, Iterable[Link | tuple[str, str]]]) -> tuple[Links, ...]:
    """Return links by sort, each once and sorted by name without case; sorts that have none are left out."""
    made = []
    for title, entries in sorts:
        found = dict.fromkeys(Link(*entry) for entry in entries)
        if found:
            made.append(Links(title, tuple(sorted(found, key=lambda one: (one.name.casefold(), one)))))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class PolicyView:
    """One policy document, ready for display."""

    key: str
    title: str
    kind: NodeKind
    """As in `PolicyLine`, but never ``MISSING``."""
    document: Document
    """Text with the position of each element, problems, statements."""
    version: str | None
    """The version of the managed policy; None for inline and trust policies."""
    in_force: str | None
    """The default version of the managed policy (rule L3), which may not be captured."""
    versions: tuple[str, ...]
    """The captured versions, newest first; empty for inline and trust policies."""
    problems: tuple[str, ...]
    """Problems of the document, one sentence each: ``Statement[0].Effect: expected …``."""
    carriers: tuple[tuple[str, str], ...]
    """(key, name) of what it is attached to, as boundary included: principals; a resource, a part of the
    organization."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One suggestion."""

    value: str
    """The text for the field."""
    label: str
    """The displayed text. Hostile, as ``detail``: paint it as plain text."""
    detail: str
    """Its description, in a few words."""
    template: bool = False
    """Whether ``value`` contains ``${Placeholders}`` to fill in."""


class CoverageState(StrEnum):
    """How much of a kind of data was captured."""

    CAPTURED = "captured"
    PARTLY = "partly"
    NOT_CAPTURED = "not captured"


@dataclass(frozen=True, slots=True)
class CapturedData:
    """One kind of data."""

    kind: Kind
    title: str
    extent: CoverageState
    detail: str
    """The amount, such as ``2 of 3 accounts``; may be empty."""
    means: str
    """The effect of the missing part on results, in a sentence; empty if nothing is missing."""
    command: str
    """The (first) command that captures it; empty if nothing is missing."""
    commands: tuple[str, ...] = ()
    """All commands that are missing or failed, as typed in a bundle's top folder; empty if nothing is missing."""
    missing_data: tuple[str, ...] = ()
    """Failed calls and unreadable files, one line each; at most twenty and a count."""


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """One of AWS's counts, and that of the snapshot."""

    account_id: str
    what: str
    """``Users``, ``Groups``, ``Roles``, ``Customer managed policies`` or ``Identity providers``."""
    counted_by: str
    """``account summary`` or ``credential report``."""
    counted: int
    """Number counted by AWS."""
    held: int
    """Number in the snapshot, including malformed entries."""
    only_counted: tuple[str, ...] = ()
    """Names that only AWS has, if it lists names (in the credential report)."""
    only_held: tuple[str, ...] = ()
    """Names that only the snapshot has."""

    @property
    def agrees(self) -> bool:
        """Whether both are the same."""
        return self.counted == self.held and not self.only_counted and not self.only_held

    @property
    def sentence(self) -> str:
        """The comparison in words."""
        by_report = self.counted_by == "credential report"
        counts = {"what": self.what, "counted": self.counted, "held": self.held}
        parts = [phrase("{what}: {counted:,} by the account summary, {held:,} in the snapshot", **counts)]
        if by_report:
            parts = [phrase("{what}: {counted:,} by the credential report, {held:,} in the snapshot", **counts)]
        if self.only_counted:  # the summary has no names
            parts.append(
                phrase("{names} only in the credential report", names=join_names(self.only_counted, 5, last=","))
            )
        if self.only_held:
            parts.append(phrase("{names} only in the snapshot", names=join_names(self.only_held, 5, last=",")))
        return join_messages("", (join_messages("; ", parts), "."))


class SearchGroup(StrEnum):
    """What *search everywhere* finds, group by group; the value is the heading. In the order of equally good groups."""

    SENTENCE = mark("Request")
    """The typed text itself, if it is a request."""
    REQUESTS = mark("Recent requests")
    NOTES = mark("Notes")
    PRINCIPALS = mark("Users, groups and roles")
    POLICIES = mark("Policies")
    RESOURCES = mark("Resources")
    NAMED = mark("Resources named in policies")
    FINDINGS = mark("Findings")
    ACCOUNTS = mark("Accounts and organization")
    OTHER = mark("Malformed and missing entries")
    ACTIONS = mark("Actions")
    COMMANDS = mark("Commands")
    CHECKS = mark("Checks")
    HELP = mark("User guide")


class Searchable(Protocol):
    """One thing that *search everywhere* may find, besides rows of the tree and actions."""

    @property
    def name(self) -> str:
        """Its name in lower case: how well the typed text fits it decides the order."""

    def holds(self, word: str) -> bool:
        """Return whether a word (lower case, without spaces) occurs in its text."""


class SearchResult(NamedTuple):
    """What was found of one group."""

    group: SearchGroup
    fit: int
    """How well the first one fits: 0 has exactly the typed name, 4 has the words only outside of its name."""
    found: tuple[Any, ...]
    """The best ones, best first: what was offered to the search; rows of the tree; `Completion` of actions."""
    total: int
    """How many there are in all."""
