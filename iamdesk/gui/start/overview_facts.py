"""What the overview says, taken from the outline and the snapshot; no Qt in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from iamdesk.index.nodes import Badge, NodeKind, Outline
from iamdesk.visible import visible

if TYPE_CHECKING:
    from iamdesk.snapshot.model import Snapshot

PEOPLE = frozenset({NodeKind.USER, NodeKind.GROUP, NodeKind.ROLE, NodeKind.SERVICE_LINKED_ROLE})
_MOST_ACCOUNTS = 8
_MOST_FILES = 12
"""That are named one by one, as accounts: a bundle has thousands."""
_ENTRIES = PEOPLE | {NodeKind.CUSTOMER_POLICY, NodeKind.BROKEN}


@dataclass(frozen=True, slots=True)
class SectionCount:
    """One section of the tree, added up over the accounts."""

    title: str
    count: int
    kind: NodeKind
    """Of its first entry; ``SECTION`` for an empty one."""
    row: int
    """Where the first of them stands."""


def section_counts(outline: Outline) -> tuple[SectionCount, ...]:
    """Return the sections of accounts in the order of the tree, then what stands beside accounts; empty ones left out.

    A section of sections (resources by service) counts what stands in these.
    """
    found: dict[str, SectionCount] = {}
    beside: list[SectionCount] = []
    for top in outline.children(0):
        kind = outline.nodes.kinds[top]
        for row in outline.children(top):
            section = outline.nodes[row]
            count, first = _size(outline, row)
            if kind is NodeKind.ACCOUNT:
                before = found.get(section.text)
                if before is not None:
                    found[section.text] = replace(before, count=before.count + count)
                elif count:
                    found[section.text] = SectionCount(section.text, count, first, row)
            elif kind is NodeKind.IDENTITY_CENTER and count:
                beside.append(SectionCount(f"Identity Center: {section.text.lower()}", count, first, row))
        if kind is NodeKind.ORGANIZATION:
            accounts = _accounts_below(outline, top)
            beside.append(SectionCount("Accounts of the organization", accounts, NodeKind.ORGANIZATION, top))
        elif kind is NodeKind.SECTION:
            beside.append(SectionCount(outline.nodes[top].text, _size(outline, top)[0], NodeKind.RESOURCE, top))
    return (*found.values(), *beside)


def _size(outline: Outline, row: int) -> tuple[int, NodeKind]:
    """Return how many entries a section has, and the kind of the first; ``SECTION`` for an empty one."""
    kinds, children = outline.nodes.kinds, outline.children(row)
    if not children or kinds[children[0]] is not NodeKind.SECTION:
        return len(children), kinds[children[0]] if children else NodeKind.SECTION
    inner = [outline.children(child) for child in children]
    return sum(map(len, inner)), next((kinds[rows[0]] for rows in inner if rows), NodeKind.SECTION)


def _accounts_below(outline: Outline, row: int) -> int:
    """Return how many accounts stand below the organization."""
    kinds, count, pending = outline.nodes.kinds, 0, [row]
    while pending:
        for child in outline.children(pending.pop()):
            if kinds[child] is NodeKind.ACCOUNT:
                count += 1
            else:
                pending.append(child)
    return count


def rows_by_badge(outline: Outline, badges: Mapping[int, tuple[Badge, ...]]) -> dict[Badge, tuple[int, ...]]:
    """Return, for each badge, the principals and policies that bear it, in the order of the tree."""
    found: dict[Badge, list[int]] = {badge: [] for badge in Badge}
    kinds = outline.nodes.kinds
    for row in sorted(badges):
        if kinds[row] in _ENTRIES:
            for badge in badges[row]:
                found[badge].append(row)
    return {badge: tuple(rows) for badge, rows in found.items()}


def capture_lines(snapshot: "Snapshot") -> tuple[tuple[str, str], ...]:
    """Return (label, value) pairs that say what was captured, from which files."""
    lines: list[tuple[str, str]] = []
    if len(snapshot.accounts) > _MOST_ACCOUNTS:
        lines.append(("Accounts", f"{len(snapshot.accounts):,}"))
    else:
        organization = snapshot.organization
        names = {node.id: node.name for node in organization.nodes} if organization is not None else {}
        for account in snapshot.accounts:
            name = account.alias or names.get(account.account_id)
            called = f" ({name})" if name else ""
            partition = "" if account.partition == "aws" else f", partition {account.partition}"
            lines.append(("Account", f"{account.account_id}{called}{partition}"))
    if snapshot.latest is not None:
        # A dump carries no date of its own: the latest moment it speaks of is the best there is.
        lines.append(("Latest moment in it", f"{_day(snapshot.latest)}, {snapshot.latest:%H:%M} UTC"))
    manifest = snapshot.manifest
    if manifest is not None and manifest.started_at is not None:
        by = f", by {visible(manifest.caller.arn)}" if manifest.caller is not None else ""
        lines.append(("Captured", f"{_day(manifest.started_at)}, {manifest.started_at:%H:%M} UTC{by}"))
    if len(snapshot.files) > _MOST_FILES:
        total = sum(file.size for file in snapshot.files)
        lines.append(("Files", f"{len(snapshot.files):,} files, {total:,} bytes"))
    else:
        lines += [("File", f"{file.path.name}, {file.size:,} bytes") for file in snapshot.files]
    lines.append(("SHA-256", snapshot.sha256))
    return tuple(lines)


def status_words(snapshot: "Snapshot", outline: Outline) -> str:
    """Return the line of the status bar: file, moment, how many principals, how many oddities."""
    principals = sum(len(account.users) + len(account.roles) for account in snapshot.accounts)
    words = [snapshot.path.name]
    if snapshot.latest is not None:
        words.append(f"latest entry {_day(snapshot.latest)}")
    words.append(f"{principals:,} principal{'' if principals == 1 else 's'}")
    kinds = outline.nodes.kinds
    gaps = sum(
        (Badge.GAP in badges or Badge.BROKEN in badges) and kinds[row] in _ENTRIES
        for row, badges in outline.badges.items()
    )
    if gaps:
        words.append(f"{gaps:,} gap{'' if gaps == 1 else 's'}")
    if snapshot.problems:
        words.append(f"{len(snapshot.problems):,} odd entr{'y' if len(snapshot.problems) == 1 else 'ies'}")
    return " · ".join(words)


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
