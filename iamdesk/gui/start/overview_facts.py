"""What the overview says, taken from the outline and the snapshot; no Qt in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from iamdesk.index.nodes import Badge, NodeKind, Outline
from iamdesk.visible import visible

if TYPE_CHECKING:
    from iamdesk.snapshot.model import Snapshot

PEOPLE = frozenset({NodeKind.USER, NodeKind.GROUP, NodeKind.ROLE, NodeKind.SERVICE_LINKED_ROLE})
_MOST_FILES = 12
"""That are named one by one: a bundle has thousands."""
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
    """Return the sections in the order of the tree, empty ones left out."""
    found: dict[str, SectionCount] = {}
    for account in outline.children(0):
        for row in outline.children(account):
            section = outline.nodes[row]
            before = found.get(section.text)
            count = section.child_count + (before.count if before else 0)
            kind = outline.nodes[section.first_child].kind if section.child_count else NodeKind.SECTION
            if before is not None:
                found[section.text] = SectionCount(section.text, count, before.kind, before.row)
            elif count:
                found[section.text] = SectionCount(section.text, count, kind, row)
    return tuple(found.values())


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
    for account in snapshot.accounts:
        alias = f" ({account.alias})" if account.alias else ""
        partition = "" if account.partition == "aws" else f", partition {account.partition}"
        lines.append(("Account", f"{account.account_id}{alias}{partition}"))
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
    bearers = rows_by_badge(outline, outline.badges)
    gaps = len({*bearers[Badge.GAP], *bearers[Badge.BROKEN]})
    if gaps:
        words.append(f"{gaps:,} gap{'' if gaps == 1 else 's'}")
    if snapshot.problems:
        words.append(f"{len(snapshot.problems):,} odd entr{'y' if len(snapshot.problems) == 1 else 'ies'}")
    return " · ".join(words)


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
