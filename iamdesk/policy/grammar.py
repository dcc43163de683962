"""The grammar of statements: which elements a statement has, and whether each has the right JSON type."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from iamdesk.policy.action_patterns import ActionPattern
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.resource_patterns import ResourcePattern

STATEMENT_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_TEXT = frozenset({str})
_CONDITION_VALUES = frozenset({str, bool, int, float})
_PRINCIPALS = frozenset(PrincipalType)


class Shape(NamedTuple):
    """The elements of a statement: of each pair at most one, and exactly one of its actions."""

    action: str
    """``Action`` or ``NotAction``."""
    resource: str | None
    principal: str | None
    has_conditions: bool
    not_action: bool
    not_resource: bool
    not_principal: bool


def sound_shape(raw: Any) -> Shape | None:
    """Return the elements of a sound statement, in which only single entries can be wrong; None of any other.

    A sound statement has text wherever the grammar requires text, and is no deeper than the grammar: it can be
    evaluated without reading its entries.
    """
    # Every statement of a snapshot or test case passes here, and most are never read any further.
    if type(raw) is not dict or len(raw) > len(STATEMENT_ELEMENTS):
        return None
    shape = _shape_of(tuple(raw))
    if shape is None or raw["Effect"] not in ("Allow", "Deny"):
        return None
    sid = raw.get("Sid")
    if sid is not None and type(sid) is not str:
        return None
    texts = raw[shape.action]
    if type(texts) is not str and not (type(texts) is list and _TEXT.issuperset(map(type, texts))):
        return None
    if shape.resource is not None:
        texts = raw[shape.resource]
        if type(texts) is not str and not (type(texts) is list and _TEXT.issuperset(map(type, texts))):
            return None
    if shape.principal is not None and not _is_sound_principal(raw[shape.principal]):
        return None
    return None if shape.has_conditions and not _is_sound_condition(raw["Condition"]) else shape


@lru_cache(maxsize=1 << 10)
def _shape_of(names: tuple[str, ...]) -> Shape | None:
    """Return the shape for element names; thousands of statements have the same in the same order."""
    if not STATEMENT_ELEMENTS.issuperset(names) or "Effect" not in names:
        return None
    pairs = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))
    actions, resources, principals = [[name for name in pair if name in names] for pair in pairs]
    if len(actions) != 1 or len(resources) > 1 or len(principals) > 1:
        return None
    return Shape(
        actions[0],
        resources[0] if resources else None,
        principals[0] if principals else None,
        "Condition" in names,
        "NotAction" in names,
        "NotResource" in names,
        "NotPrincipal" in names,
    )


def _is_sound_principal(value: Any) -> bool:
    if type(value) is not dict:
        return type(value) is str and value == "*"
    return _PRINCIPALS.issuperset(value) and all(
        type(texts) is str or (type(texts) is list and _TEXT.issuperset(map(type, texts))) for texts in value.values()
    )


def _is_sound_condition(value: Any) -> bool:
    if type(value) is not dict:
        return False
    for keys in value.values():
        if type(keys) is not dict:
            return False
        for values in keys.values():
            kind = type(values)
            if kind not in _CONDITION_VALUES and not (kind is list and _CONDITION_VALUES.issuperset(map(type, values))):
                return False
    return True


def entry_problems(
    name: str, value: Any, entries: Sequence[ActionPattern | ResourcePattern]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the entries of an element that match nothing, each with its position in the statement."""
    if all(entry.problem is None for entry in entries):
        return
    places: list[tuple[str | int, ...]] = [(name,)]
    if isinstance(value, list):
        places = [(name, position) for position, member in enumerate(value) if isinstance(member, str)]
    for place, entry in zip(places, entries, strict=True):
        if entry.problem:
            yield place, entry.problem
