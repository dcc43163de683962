"""The tree of a snapshot as one flat table: what the navigator paints, with no Qt in it.

A node is its row number in the table. Children of a node stand together, so a node needs only the first of them and
their count. Everything that is painted (text, tooltip, badges) is ready here; no view computes any of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class NodeKind(StrEnum):
    """What a row of the tree stands for."""

    SNAPSHOT = "snapshot"
    ACCOUNT = "account"
    SECTION = "section"
    USER = "user"
    GROUP = "group"
    ROLE = "role"
    SERVICE_LINKED_ROLE = "service-linked role"
    CUSTOMER_POLICY = "customer managed policy"
    AWS_POLICY = "AWS managed policy"
    INLINE_POLICY = "inline policy"
    TRUST_POLICY = "trust policy"
    INSTANCE_PROFILE = "instance profile"
    BROKEN = "broken entry"
    MISSING = "not in the snapshot"


class Badge(StrEnum):
    """A mark beside a row, in the order in which they are shown (at most three)."""

    ADMINISTRATOR = "administrator"
    OUTSIDER = "outsider can enter"
    NO_MFA_KNOWN = "no MFA known"
    UNUSED = "unused"
    BROKEN = "broken"
    GAP = "gap"


class Node(NamedTuple):
    """One row."""

    kind: NodeKind
    text: str
    """As shown. Hostile text: paint it as plain text."""
    detail: str
    """Short grey text beside it: a count, a path. May be empty."""
    key: str
    """What the rest of the house knows it by: a principal's or policy's ARN, or an inline policy's or trust policy's
    key (``index.keys``); empty for sections."""
    parent: int
    """Row of the parent; -1 for the root (row 0), which is not shown."""
    first_child: int
    child_count: int


@dataclass(frozen=True, slots=True)
class Outline:
    """The flat table. ``nodes[0]`` is the invisible root, its children are the accounts."""

    nodes: Sequence[Node]
    badges: dict[int, tuple[Badge, ...]]
    """Badges known from reading alone; those decided by evaluation arrive later (``workbench``)."""
    rows_by_key: dict[str, int]
    """First row of each key: where a jump to a principal or policy lands."""

    def children(self, row: int) -> range:
        """Return the rows of a node's children."""
        node = self.nodes[row]
        return range(node.first_child, node.first_child + node.child_count)
