"""The facts of the overview, from outline and snapshot. No Qt."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from iamdesk.escaping import visible
from iamdesk.gui.core.locale import day, number
from iamdesk.gui.core.retranslation import translate_english
from iamdesk.i18n import ntr, tr
from iamdesk.viewmodel.tree import NodeKind, Outline

if TYPE_CHECKING:
    from iamdesk.api import Opened

PEOPLE = frozenset({NodeKind.USER, NodeKind.GROUP, NodeKind.ROLE, NodeKind.SERVICE_LINKED_ROLE})
_MAX_ACCOUNTS = 8
_MAX_FILES = 12
"""Maximum number of files, or accounts, that are listed by name: a bundle has thousands."""


@dataclass(frozen=True, slots=True)
class SectionCount:
    """One section of the tree, summed over the accounts."""

    title: str
    count: int
    kind: NodeKind
    """Kind of its first entry; ``SECTION`` if it is empty."""
    row: int
    """Row of the first such section."""


def section_counts(outline: Outline) -> tuple[SectionCount, ...]:
    """Return the sections of accounts in the order of the tree, then the others; without empty ones.

    A section of sections (resources by service) counts the entries of these.
    """
    found: dict[str, SectionCount] = {}
    beside: list[SectionCount] = []
    counts: Counter[str] = Counter()  # a thousand accounts have seven thousand sections
    for top in outline.children(0):
        kind = outline.nodes.kinds[top]
        for row in outline.children(top):
            title = outline.nodes.texts[row]
            count, first = _size(outline, row)
            if kind is NodeKind.ACCOUNT and count:
                counts[title] += count
                if title not in found:
                    found[title] = SectionCount(title, count, first, row)
            elif kind is NodeKind.IDENTITY_CENTER and count:
                beside.append(
                    SectionCount(tr("Identity Center: {what}").format(what=tr(title).lower()), count, first, row)
                )
        if kind is NodeKind.ORGANIZATION:
            accounts = _accounts_below(outline, top)
            beside.append(SectionCount(tr("Accounts of the organization"), accounts, NodeKind.ORGANIZATION, top))
        elif kind is NodeKind.SECTION:
            beside.append(SectionCount(outline.nodes[top].text, _size(outline, top)[0], NodeKind.RESOURCE, top))
    return (*(replace(one, count=counts[title]) for title, one in found.items()), *beside)


def _size(outline: Outline, row: int) -> tuple[int, NodeKind]:
    """Return the number of entries of a section, and the kind of the first; ``SECTION`` if it is empty."""
    kinds, children = outline.nodes.kinds, outline.children(row)
    if not children or kinds[children[0]] is not NodeKind.SECTION:
        return len(children), kinds[children[0]] if children else NodeKind.SECTION
    inner = [outline.children(child) for child in children]
    return sum(map(len, inner)), next((kinds[rows[0]] for rows in inner if rows), NodeKind.SECTION)


def _accounts_below(outline: Outline, row: int) -> int:
    """Return the number of accounts in the organization."""
    kinds, count, pending = outline.nodes.kinds, 0, [row]
    while pending:
        for child in outline.children(pending.pop()):
            if kinds[child] is NodeKind.ACCOUNT:
                count += 1
            else:
                pending.append(child)
    return count


def capture_lines(opened: "Opened") -> tuple[tuple[str, str], ...]:
    """Return (label, value) pairs: what was captured, when, and from which files."""
    snapshot = opened.about
    lines: list[tuple[str, str]] = []
    if len(opened.accounts) > _MAX_ACCOUNTS:
        lines.append((tr("Accounts"), number(len(opened.accounts))))
    else:
        organization = snapshot.organization
        names = {node.id: node.name for node in organization.nodes} if organization is not None else {}
        for account in opened.accounts:
            name = account.alias or names.get(account.account_id)
            called = f"{account.account_id} ({name})" if name else account.account_id
            if account.partition != "aws":
                called = tr("{account}, partition {partition}").format(account=called, partition=account.partition)
            lines.append((tr("Account"), called))
    if snapshot.latest is not None:
        # The data has no capture date: the latest date in it is the best estimate.
        lines.append((tr("Data as of"), _moment(snapshot.latest)))
    manifest = snapshot.manifest
    if manifest is not None and manifest.started_at is not None:
        captured = _moment(manifest.started_at)
        if manifest.caller is not None:
            captured = tr("{moment}, by {caller}").format(moment=captured, caller=visible(manifest.caller.arn))
        lines.append((tr("Captured"), captured))
    if len(snapshot.files) > _MAX_FILES:
        total = sum(file.size for file in snapshot.files)
        lines.append(
            (
                tr("Files"),
                tr("{count} files, {size} bytes").format(count=number(len(snapshot.files)), size=number(total)),
            )
        )
    else:
        lines += [
            (tr("File"), tr("{name}, {size} bytes").format(name=file.path.name, size=number(file.size)))
            for file in snapshot.files
        ]
    lines.append(("SHA-256", snapshot.sha256))
    return tuple(lines)


def status_words(opened: "Opened") -> str:
    """Return the text of the status line: file, date, number of users and roles, malformed entries."""
    snapshot, principals = opened.about, opened.principal_count
    words = [translate_english(opened.path.name)]
    captured = snapshot.manifest.started_at if snapshot.manifest is not None else None
    if captured is not None:
        words.append(tr("captured {day}").format(day=day(captured.date().isoformat())))
    elif snapshot.latest is not None:
        # The data has no capture date: the latest date in it is the best estimate.
        words.append(tr("latest entry {day}").format(day=day(snapshot.latest.date().isoformat())))
    words.append(ntr("{count} user or role", "{count} users and roles", principals).format(count=number(principals)))
    if snapshot.problems:
        odd = len(snapshot.problems)
        words.append(ntr("{count} malformed entry", "{count} malformed entries", odd).format(count=number(odd)))
    return " · ".join(words)


def _moment(moment: datetime) -> str:
    return tr("{day}, {time} UTC").format(day=day(moment.date().isoformat()), time=f"{moment:%H:%M}")
