"""The elements of a statement as JSON: which it has, and whether each is of the kind that AWS's grammar asks for."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from iamdesk.policy.actions import ActionPattern
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.resources import ResourcePattern

STATEMENT_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_TEXT = frozenset({str})
_CONDITION_VALUES = frozenset({str, bool, int, float})
_PRINCIPALS = frozenset(PrincipalType)


class Shape(NamedTuple):
    """Which elements a statement has: of each pair at most one, and of its actions one."""

    action: str
    """``Action`` or ``NotAction``."""
    resource: str | None
    principal: str | None


def sound_shape(raw: Any) -> Shape | None:
    """Return the elements of a statement in which nothing can be wrong but single entries; None of any other.

    What is sound holds text where text is asked for, and is no deeper than the grammar: nothing of it has to be read to
    know that it can be evaluated.
    """
    if type(raw) is not dict or len(raw) > len(STATEMENT_ELEMENTS):
        return None
    shape = _shape_of(tuple(raw))
    if shape is None:
        return None
    effect, sid = raw["Effect"], raw.get("Sid")
    if effect not in ("Allow", "Deny") or not (sid is None or type(sid) is str):
        return None
    if not _is_text(raw[shape.action]) or not (shape.resource is None or _is_text(raw[shape.resource])):
        return None
    if shape.principal is not None and not _is_sound_principal(raw[shape.principal]):
        return None
    return shape if "Condition" not in raw or _is_sound_condition(raw["Condition"]) else None


@lru_cache(maxsize=1 << 10)
def _shape_of(names: tuple[str, ...]) -> Shape | None:
    """Thousands of statements name the same elements in the same order."""
    if not STATEMENT_ELEMENTS.issuperset(names) or "Effect" not in names:
        return None
    pairs = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))
    action, resource, principal = [[name for name in pair if name in names] for pair in pairs]
    if len(action) != 1 or len(resource) > 1 or len(principal) > 1:
        return None
    return Shape(action[0], resource[0] if resource else None, principal[0] if principal else None)


def _is_text(value: Any) -> bool:
    return type(value) is str or (type(value) is list and _TEXT.issuperset(map(type, value)))


def _is_sound_principal(value: Any) -> bool:
    if type(value) is not dict:
        return type(value) is str and value == "*"
    return _PRINCIPALS.issuperset(value) and all(map(_is_text, value.values()))


def _is_sound_condition(value: Any) -> bool:
    if type(value) is not dict:
        return False
    for keys in value.values():
        if type(keys) is not dict:
            return False
        for values in keys.values():
            if not _CONDITION_VALUES.issuperset(map(type, values) if type(values) is list else (type(values),)):
                return False
    return True


def texts_of(value: str | list[str]) -> Sequence[str]:
    """Return the entries of an element that is sound: a single one stands without a list."""
    return (value,) if isinstance(value, str) else value


def entry_problems(
    name: str, value: Any, entries: Sequence[ActionPattern | ResourcePattern]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the entries of an element that match nothing, each with its place in the statement."""
    if all(entry.problem is None for entry in entries):
        return
    places: list[tuple[str | int, ...]] = [(name,)]
    if isinstance(value, list):
        places = [(name, position) for position, member in enumerate(value) if isinstance(member, str)]
    for place, entry in zip(places, entries, strict=True):
        if entry.problem:
            yield place, entry.problem
