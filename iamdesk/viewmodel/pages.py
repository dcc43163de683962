"""What a page shows of one item: a sentence, and sections that arrive one by one."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark
from iamdesk.viewmodel.tree import Badge, NodeKind

MAX_LISTED = 8
"""Lines of a section that are shown; its table shows all."""


class Part(StrEnum):
    """The sections of all pages, by name; the titles are in `TITLES`."""

    SENTENCE = "sentence"
    FINDINGS = "findings"
    ESCALATION = "escalation"
    DATA = "data"
    ASSUMED_BY = "assumed-by"
    RUNS = "runs"
    LAST_USE = "last-use"
    REVIEW = "review"
    IDENTICAL = "identical"
    NEARLY_IDENTICAL = "nearly-identical"
    EXTERNAL = "external"
    SERVICES = "services"
    PRINCIPALS = "principals"
    ENCRYPTION = "encryption"


TITLES = {
    Part.SENTENCE: mark("Summary"),
    Part.FINDINGS: mark("Key risks"),
    Part.ESCALATION: mark("Privilege escalation"),
    Part.DATA: mark("Data that it reaches"),
    Part.ASSUMED_BY: mark("Who can assume it"),
    Part.RUNS: mark("What runs with it"),
    Part.LAST_USE: mark("Last use"),
    Part.REVIEW: mark("Review items"),
    Part.IDENTICAL: mark("Identical principals"),
    Part.NEARLY_IDENTICAL: mark("Nearly identical principals"),
    Part.EXTERNAL: mark("External access"),
    Part.SERVICES: mark("AWS services"),
    Part.PRINCIPALS: mark("Principals with access"),
    Part.ENCRYPTION: mark("Encryption key"),
}


_OF_USER = (
    Part.SENTENCE,
    Part.FINDINGS,
    Part.ESCALATION,
    Part.DATA,
    Part.LAST_USE,
    Part.REVIEW,
    Part.IDENTICAL,
    Part.NEARLY_IDENTICAL,
)
_OF_ROLE = (*_OF_USER[:4], Part.ASSUMED_BY, Part.RUNS, *_OF_USER[4:])


def parts_of(kind: NodeKind) -> tuple[Part, ...]:
    """Return the sections of the page of a kind of item, in the order of the page; none if it has no page."""
    match kind:
        case NodeKind.USER:
            return _OF_USER
        case NodeKind.ROLE | NodeKind.SERVICE_LINKED_ROLE:
            return _OF_ROLE
        case NodeKind.GROUP:
            return Part.SENTENCE, Part.FINDINGS, Part.DATA, Part.REVIEW
        case NodeKind.RESOURCE:
            return Part.SENTENCE, Part.EXTERNAL, Part.PRINCIPALS, Part.SERVICES, Part.ENCRYPTION, Part.FINDINGS
    return ()


class Table(StrEnum):
    """What shows all lines of a section."""

    EFFECTIVE_PERMISSIONS = "effective permissions"
    ATTACK_PATHS = "attack paths"
    WHO_CAN = "who can"


class OpenTable(NamedTuple):
    """The table with all lines of a section."""

    table: Table
    action: str = ""
    """Of *who can*; empty: every action."""
    resource: str = ""


class PageLine(NamedTuple):
    """One line of a section. Its texts may be hostile."""

    text: str
    detail: str = ""
    key: str = ""
    """The item that it is about, by its key (``inventory.keys``); empty if it is not in the snapshot."""
    mark: NodeKind | Badge | EvalDecision | None = None


@dataclass(frozen=True, slots=True)
class PageSection:
    """One section of a page."""

    part: Part
    lines: tuple[PageLine, ...] = ()
    """At most `MAX_LISTED`, the most important first."""
    count: int = 0
    """Number of all lines; 0 where the number means nothing."""
    note: str = ""
    """A sentence: why there are no lines, what was not captured, or what the lines are."""
    table: OpenTable | None = None
    """What shows all lines; None if nothing does."""


def section(
    part: Part, lines: list[PageLine], note: str = "", table: OpenTable | None = None, count: int | None = None
) -> PageSection:
    """Return a section with its first lines; ``count`` is the number of all, if not all are given, or 0."""
    return PageSection(part, tuple(lines[:MAX_LISTED]), len(lines) if count is None else count, note, table)


@dataclass(frozen=True, slots=True)
class ExternalEntry:
    """One external caller, or group of callers, that enters a role or can act on a resource.

    Its texts may be hostile.
    """

    who: str
    """As `Who.principal`: an ARN, a host, ``*``."""
    who_text: str
    who_kind: str
    """``external account``, ``identity provider``, ``anyone, unsigned or signed``."""
    is_anyone: bool
    target: str
    """ARN of the role or resource."""
    target_text: str
    action: str
    """The action by which a role is assumed; of a resource the only action, empty for several."""
    decision: EvalDecision
    condition: str
    """The conditions in words; empty if there are none."""
    can_do: str
    """What a role can do, by what it does to data; of a resource the first actions."""
    part: str
    """In words the part of the resource on which this can be done; empty for the whole, and for a role."""
    last_used: str
    """When a role was last used; empty for a resource."""
    used: date | str | None
    """The day of that, ``never`` or ``unknown``; None for a resource."""
    is_role: bool


@dataclass(frozen=True, slots=True)
class PrincipalEntry:
    """One root user, user or role. Its texts may be hostile. None: not captured, or this kind has none."""

    arn: str
    name: str
    """By which it is known: a role of IAM Identity Center by its permission set."""
    kind: NodeKind
    """``ACCOUNT`` for a root user, ``PERMISSION_SET`` for a role of IAM Identity Center."""
    account: str
    account_name: str
    """Alias, or name in the organization; may be empty."""
    created: date | None
    last_used: str
    """When it was last used, in words."""
    used: date | str | None
    """The day of that, ``never`` or ``unknown``; None without password and access key."""
    has_password: bool | None
    has_mfa: bool | None
    keys: int | None
    """Number of active access keys."""
    oldest_key: date | None
    """Day on which the oldest active access key was made."""

    @property
    def has_credentials(self) -> bool:
        """Whether this kind has long-term credentials: roles have none."""
        return self.kind in (NodeKind.USER, NodeKind.ACCOUNT)


class AdministratorState(StrEnum):
    """Whether a principal is or becomes an administrator; the order is that of a table, the worst first."""

    IS = "administrator"
    BECOMES = "becomes"
    MAY_BECOME = "may become"
    UNKNOWN = "unknown"
    NO = "no"
