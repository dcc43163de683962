"""The tree of a snapshot as one flat table: the contents of the navigator. No Qt.

A node is its row number in the table. Children of a node are adjacent, so a node only has the first of them and their
number. Everything that is painted (text, tooltip, badges) is computed here, not by a view.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self, overload

from iamdesk.i18n import mark

_PIECE = 10_000  # rows: some milliseconds
_PART = 8 * _PIECE  # rows: a dict of so many keys is copied in some milliseconds when it grows


class NodeKind(StrEnum):
    """The kind of a row of the tree."""

    SNAPSHOT = mark("snapshot")
    ACCOUNT = mark("account")
    SECTION = mark("section")
    USER = mark("user")
    GROUP = mark("group")
    ROLE = mark("role")
    SERVICE_LINKED_ROLE = mark("service-linked role")
    CUSTOMER_POLICY = mark("customer managed policy")
    AWS_POLICY = mark("AWS managed policy")
    INLINE_POLICY = mark("inline policy")
    TRUST_POLICY = mark("trust policy")
    INSTANCE_PROFILE = mark("instance profile")
    ORGANIZATION = mark("organization")
    ROOT = mark("root of the organization")
    UNIT = mark("organizational unit")
    SERVICE_CONTROL_POLICY = mark("service control policy")
    RESOURCE_CONTROL_POLICY = mark("resource control policy")
    RESOURCE = mark("resource")
    RESOURCE_POLICY = mark("resource policy")
    VPC_ENDPOINT = mark("VPC endpoint")
    OIDC_PROVIDER = mark("OIDC provider")
    SAML_PROVIDER = mark("SAML provider")
    IDENTITY_CENTER = mark("instance of IAM Identity Center")
    CENTER_USER = mark("user of IAM Identity Center")
    CENTER_GROUP = mark("group of IAM Identity Center")
    PERMISSION_SET = mark("permission set")
    BROKEN = mark("malformed entry")
    MISSING = mark("not in the snapshot")


class Badge(StrEnum):
    """A mark beside a row, in the order of display (at most three)."""

    ADMINISTRATOR = mark("administrator")
    EXTERNAL_ACCESS = mark("external access")
    NO_MFA_KNOWN = mark("no MFA known")
    UNUSED = mark("unused")
    BROKEN = mark("malformed")
    MISSING_DATA = mark("missing data")


class NoteMark(StrEnum):
    """A mark: a shape, a color and this word."""

    IMPORTANT = mark("important")
    QUESTION = mark("question")
    WATCH = mark("watch")
    CHECKED = mark("checked")


class Node(NamedTuple):
    """One row."""

    kind: NodeKind
    text: str
    """As displayed. Hostile text: paint it as plain text."""
    detail: str
    """Short gray text beside it: a count, a path. May be empty."""
    key: str
    """The key by which other packages know it: an ARN, an account's id, or a key of ``inventory.keys``; empty for
    sections."""
    parent: int
    """Row of the parent; -1 for the root (row 0), which is not shown."""
    first_child: int
    child_count: int


class NodeTable(Sequence[Node]):
    """Nodes stored column by column, created when they are accessed.

    A snapshot can have a hundred thousand rows, of which a view shows forty; as objects, the garbage collector would
    examine all of them again and again during the layout.
    """

    def __init__(self) -> None:
        self._kinds: list[NodeKind] = []
        self._texts: list[str] = []
        self._details: list[str] = []
        self._keys: list[str] = []
        self._parents: list[int] = []
        self._first_children: list[int] = []
        self._counts: list[int] = []

    @classmethod
    def of(cls, nodes: Iterable[Node]) -> Self:
        """Return a table of these rows."""
        table = cls()
        for node in nodes:
            table.add(*node)
        return table

    def add(
        self, kind: NodeKind, text: str, detail: str, key: str, parent: int, first_child: int, children: int
    ) -> None:
        """Append one row."""
        self._kinds.append(kind)
        self._texts.append(text)
        self._details.append(detail)
        self._keys.append(key)
        self._parents.append(parent)
        self._first_children.append(first_child)
        self._counts.append(children)

    def set_children(self, row: int, first_child: int, children: int) -> None:
        """Set the children of a row, which are adjacent from ``first_child`` on."""
        self._first_children[row] = first_child
        self._counts[row] = children

    def extend_leaves(
        self,
        kinds: list[NodeKind],
        texts: list[str],
        details: list[str],
        keys: list[str],
        parents: list[int],
        check_cancelled: Callable[[], None],
    ) -> None:
        """Append rows without children, column by column; the columns have equal lengths, and now belong to the table.

        The few existing rows are put in front: copying a million leaves would make other threads wait too long.
        ``check_cancelled`` is called between the columns.
        """
        nothing = [0] * len(kinds)
        check_cancelled()
        self._first_children += nothing
        check_cancelled()
        self._counts += nothing
        check_cancelled()
        kinds[:0] = self._kinds
        check_cancelled()
        texts[:0] = self._texts
        check_cancelled()
        details[:0] = self._details
        check_cancelled()
        keys[:0] = self._keys
        check_cancelled()
        parents[:0] = self._parents
        self._kinds, self._texts, self._details, self._keys, self._parents = kinds, texts, details, keys, parents

    @property
    def kinds(self) -> Sequence[NodeKind]:
        """The kind of each row, for fast loops over many rows."""
        return self._kinds

    @property
    def texts(self) -> Sequence[str]:
        """The text of each row."""
        return self._texts

    @property
    def keys(self) -> Sequence[str]:
        """The key of each row; empty for headings."""
        return self._keys

    @property
    def parents(self) -> Sequence[int]:
        """The parent of each row; -1 for the root."""
        return self._parents

    @property
    def columns(self) -> Sequence[Sequence[object]]:
        """All stored columns."""
        return self._kinds, self._texts, self._details, self._keys, self._parents, self._first_children, self._counts

    def children(self, row: int) -> range:
        """Return the rows of a row's children."""
        first = self._first_children[row]
        return range(first, first + self._counts[row])

    def first_rows(self, check_cancelled: Callable[[], None]) -> "KeyRows":
        """Return the first row of each key; ``check_cancelled`` is called before each part of the work."""
        parts: list[dict[str, int]] = []
        for start in range(0, len(self), _PART):
            part: dict[str, int] = {}
            # From the end, so that the first row of a key wins.
            for end in range(min(start + _PART, len(self)), start, -_PIECE):
                check_cancelled()
                first = max(start, end - _PIECE)
                part.update(zip(reversed(self._keys[first:end]), range(end - 1, first - 1, -1), strict=True))
            part.pop("", None)
            parts.append(part)
        return KeyRows(parts)

    @overload
    def __getitem__(self, row: int) -> Node: ...
    @overload
    def __getitem__(self, row: slice) -> list[Node]: ...
    def __getitem__(self, row: int | slice) -> Node | list[Node]:
        if isinstance(row, slice):
            return [self[each] for each in range(*row.indices(len(self)))]
        return Node(
            self._kinds[row],
            self._texts[row],
            self._details[row],
            self._keys[row],
            self._parents[row],
            self._first_children[row],
            self._counts[row],
        )

    def __iter__(self) -> Iterator[Node]:
        return map(
            Node,
            self._kinds,
            self._texts,
            self._details,
            self._keys,
            self._parents,
            self._first_children,
            self._counts,
        )

    def __len__(self) -> int:
        return len(self._kinds)


class KeyRows(Mapping[str, int]):
    """The first row of each key.

    In several dicts: one of a million keys is copied each time it grows, while all other threads wait.
    """

    def __init__(self, parts: Sequence[dict[str, int]]) -> None:
        """Look keys up in these dicts, in order: the first that has a key wins."""
        self._parts = [*parts, {}]

    def set_default(self, key: str, row: int) -> None:
        """Set the row of a key that has none."""
        if key not in self:
            self._parts[-1][key] = row

    def beginning_with(self, head: str) -> Iterator[str]:
        """Yield the keys that begin with a text."""
        for part in self._parts:
            yield from [key for key in part if key.startswith(head)]

    def __getitem__(self, key: str) -> int:
        for part in self._parts:
            if key in part:
                return part[key]
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return any(key in part for part in self._parts)

    def __iter__(self) -> Iterator[str]:
        for number, part in enumerate(self._parts):
            yield from (key for key in part if not any(key in before for before in self._parts[:number]))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True)
class Outline:
    """The flat table. ``nodes[0]`` is the invisible root; its children are the accounts, then everything else."""

    nodes: NodeTable
    badges: dict[int, tuple[Badge, ...]]
    """Badges known from reading; those from evaluation come later (``api``)."""
    rows_by_key: KeyRows
    """First row of each key: the target of links to a principal or policy."""

    def children(self, row: int) -> range:
        """Return the rows of a node's children."""
        return self.nodes.children(row)
