"""What the rows of the tree can be filtered by, and what a word is looked for in. No Qt."""

from typing import NamedTuple

from iamdesk.escaping import visible
from iamdesk.filter_language import Field, FieldKind, FilterFields, Test
from iamdesk.i18n import mark, translate
from iamdesk.viewmodel.tree import Badge, Node, NodeKind, NoteMark

# Their keys begin with their owner's ARN: a search for "alice" would find each of her policies.
_FOUND_BY_NAME = frozenset({NodeKind.INLINE_POLICY, NodeKind.TRUST_POLICY, NodeKind.BROKEN, NodeKind.VPC_ENDPOINT})

# Their keys name their container: only their own part is searched.
_KEPT_IN = frozenset(
    {
        NodeKind.ORGANIZATION,
        NodeKind.ROOT,
        NodeKind.UNIT,
        NodeKind.SERVICE_CONTROL_POLICY,
        NodeKind.RESOURCE_CONTROL_POLICY,
    }
)


class TreeRow(NamedTuple):
    """A row as filters see it."""

    node: Node
    badges: tuple[Badge, ...]
    note: tuple[str, str] = ("", "")
    """Mark and text of the user's note; empty without one."""


def searched_text(node: Node) -> str:
    """Return the text of a row in which words are looked for, in lower case."""
    if node.kind is NodeKind.SNAPSHOT:
        return ""
    if node.kind is NodeKind.SECTION:
        return node.text.casefold()
    key = _own_key(node)
    return "\n".join((node.text, *([key] if key else []), translate(node.detail))).casefold()


def _own_key(node: Node) -> str:
    """Return the key, as far as it is the row's own."""
    if node.kind in _FOUND_BY_NAME or node.kind is NodeKind.SECTION:
        return ""
    return node.key.rpartition("#")[2].rpartition("/")[2] if node.kind in _KEPT_IN else node.key


def _account(row: TreeRow) -> str:
    parts = row.node.key.split(":", 5)
    return visible(parts[4]) if len(parts) > 5 and parts[0] == "arn" else ""


def _has_word(word: str) -> Test[TreeRow]:
    return lambda row: word in searched_text(row.node)


TREE_FIELDS: FilterFields[TreeRow] = FilterFields(
    (
        Field("name", mark("Name"), lambda row: visible(row.node.text)),
        Field(
            "kind",
            mark("Kind"),
            lambda row: row.node.kind.value,
            FieldKind.WORD,
            {kind.value: kind.value for kind in NodeKind if kind is not NodeKind.SNAPSHOT},
        ),
        Field("arn", mark("ARN"), lambda row: visible(_own_key(row.node))),
        Field("account", mark("Account"), _account),
        Field("detail", mark("Gray text beside the name"), lambda row: visible(translate(row.node.detail))),
        Field(
            "badge",
            mark("Badge"),
            lambda row: tuple(badge.value for badge in row.badges),
            FieldKind.WORD,
            {badge.value: badge.value for badge in Badge},
        ),
        Field("note", mark("Note"), lambda row: visible(row.note[1]) or None),
        Field(
            "mark",
            mark("Mark of the note"),
            lambda row: row.note[0] or None,
            FieldKind.WORD,
            {one.value: one.value for one in NoteMark},
        ),
    ),
    _has_word,
)
