"""What front ends show, as frozen facts: subjects, policies and their text; what a snapshot holds and lacks."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.keys import Link
from iamdesk.policy.document import Document
from iamdesk.snapshot.layout import Kind
from iamdesk.viewmodel.tree import Badge, NodeKind


class PolicyRole(StrEnum):
    """What a policy does for the subject that shows it."""

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
    ``SERVICE_CONTROL_POLICY``, ``RESOURCE_CONTROL_POLICY``, or ``MISSING`` when only named."""
    role: PolicyRole
    origin: str
    """Where it comes from, in words: ``attached directly``, ``inline in group engineers``, ``permissions boundary``; of
    a policy itself its version: ``version v3 of 5, in force``."""
    version: str | None = None
    problems: tuple[str, ...] = ()
    """Diagnostics of its document, one sentence each."""


class Links(NamedTuple):
    """Ways to subjects of one sort."""

    title: str
    """What they are to the subject: ``Members``, ``Carried by``, ``Applies to``."""
    entries: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing of the snapshot, ready to be painted: a principal, a policy, an account, a resource and so on."""

    key: str
    kind: NodeKind
    title: str
    account: str = ""
    """The account that it belongs to; empty for what stands above accounts."""
    arn: str | None = None
    path: str = "/"
    facts: tuple[tuple[str, str], ...] = ()
    """(label, value) pairs in order: created, id, last used, boundary, groups, attachments …"""
    tags: tuple[tuple[str, str], ...] = ()
    policies: tuple[PolicyLine, ...] = ()
    links: tuple[Links, ...] = ()
    """Ways to what it has to do with, by sort; sorts without an entry are left out."""
    trusted: tuple[str, ...] = ()
    """Who the trust policy names, one short sentence each (roles only)."""
    gaps: tuple[str, ...] = ()
    """What the snapshot does not hold about it, one sentence each."""
    problems: tuple[str, ...] = ()
    badges: tuple[Badge, ...] = ()
    raw: str = ""
    """The whole entry as JSON text, as captured (the JSON tab)."""

    @property
    def ages(self) -> tuple[tuple[str, str], ...]:
        """Those of the facts that say how old it is: when it was created, when it was last used."""
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
    """One policy document, ready to be shown."""

    key: str
    title: str
    kind: NodeKind
    """As of a `PolicyLine`, but never ``MISSING``."""
    document: Document
    """Text with the place of each element, diagnostics, statements."""
    version: str | None
    """The managed policy's version that is shown; None for inline and trust policies."""
    in_force: str | None
    """The managed policy's version in force (rule L3), which the snapshot may not hold."""
    versions: tuple[str, ...]
    """Versions that the snapshot holds, newest first; empty for inline and trust policies."""
    problems: tuple[str, ...]
    """Diagnostics of the document, one sentence each: ``Statement[0].Effect: expected …``."""
    carriers: tuple[tuple[str, str], ...]
    """(key, name) of who carries it, boundaries included: principals; a resource, a place of the organization."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One suggestion."""

    value: str
    """What is put into the field."""
    label: str
    """What is shown. Hostile text, as ``detail``: paint it as plain text."""
    detail: str
    """What it is, in a few words."""
    template: bool = False
    """Whether ``value`` holds ``${Placeholders}`` to fill in."""


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
    """How much of it, such as ``2 of 3 accounts``; empty where there is nothing to say."""
    means: str
    """What the missing part means for answers, in a sentence; empty where nothing is missing."""
    command: str
    """The command that captures it, or the first of several; empty where nothing is missing."""
    commands: tuple[str, ...] = ()
    """All commands that are missing or failed, as typed in a bundle's top folder; empty where nothing is missing."""
    gaps: tuple[str, ...] = ()
    """Calls that failed and files that cannot be read, one line each; at most twenty and a count."""


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """One count of AWS's, and the snapshot's own."""

    account_id: str
    what: str
    """``Users``, ``Groups``, ``Roles``, ``Customer managed policies`` or ``Identity providers``."""
    counted_by: str
    """``account summary`` or ``credential report``."""
    counted: int
    """By AWS."""
    held: int
    """By the snapshot, broken entries included."""
    only_counted: tuple[str, ...] = ()
    """Names that AWS counts and the snapshot does not hold, where AWS names them (in the credential report)."""
    only_held: tuple[str, ...] = ()
    """Names that the snapshot holds and AWS does not count."""

    @property
    def agrees(self) -> bool:
        """Whether both are the same."""
        return self.counted == self.held and not self.only_counted and not self.only_held

    @property
    def sentence(self) -> str:
        """What is compared, and how it differs."""
        by_report = self.counted_by == "credential report"
        counts = {"what": self.what, "counted": self.counted, "held": self.held}
        told = [phrase("{what}: {counted:,} by the account summary, {held:,} in the snapshot", **counts)]
        if by_report:
            told = [phrase("{what}: {counted:,} by the credential report, {held:,} in the snapshot", **counts)]
        if self.only_counted:  # no summary names anybody
            told.append(phrase("{names} only in the credential report", names=_enumerated(self.only_counted)))
        if self.only_held:
            told.append(phrase("{names} only in the snapshot", names=_enumerated(self.only_held)))
        return join_messages("", (join_messages("; ", told), "."))


def _enumerated(names: tuple[str, ...], most: int = 5) -> str:
    told = ", ".join(names[:most])
    return phrase("{names} and {count:,} more", names=told, count=len(names) - most) if len(names) > most else told
