"""Badges of principals and policies, counted in a worker for overview and status line. No Qt."""

from collections.abc import Mapping

from iamdesk.viewmodel.tree import Badge, NodeKind, Outline

_ENTRIES = frozenset(
    {
        NodeKind.USER,
        NodeKind.GROUP,
        NodeKind.ROLE,
        NodeKind.SERVICE_LINKED_ROLE,
        NodeKind.CUSTOMER_POLICY,
        NodeKind.BROKEN,
    }
)
"""Kinds that occur once in the tree; entries below others are not counted again."""


def rows_by_badge(outline: Outline, badges: Mapping[int, tuple[Badge, ...]]) -> dict[Badge, tuple[int, ...]]:
    """Return, for each badge, the principals and policies that have it, in the order of the tree."""
    found: dict[Badge, list[int]] = {badge: [] for badge in Badge}
    kinds = outline.nodes.kinds
    for row in sorted(badges):
        if kinds[row] in _ENTRIES:
            for badge in badges[row]:
                found[badge].append(row)
    return {badge: tuple(rows) for badge, rows in found.items()}


def missing_count(badge_rows: Mapping[Badge, tuple[int, ...]]) -> int:
    """Return the number of principals and policies with missing data or malformed entries (of `rows_by_badge`)."""
    return len({*badge_rows[Badge.MISSING_DATA], *badge_rows[Badge.BROKEN]})
