"""Whether the scope of a clause matches a resource, or can overlap with the scope of another clause."""

from collections.abc import Callable
from functools import lru_cache

from iamdesk.diff.normal_form import ANYWHERE, NormalStatement, ResourceScope
from iamdesk.evaluate.action_resource import ACCOUNT_LISTS_ARN
from iamdesk.policy.canonical_form import EVERYTHING
from iamdesk.policy.variables import Variable, parse_template
from iamdesk.policy.wildcards import STAR, Glob, Token, tokens_of


@lru_cache(maxsize=1 << 16)
def applies_to(where: ResourceScope | None, resource: str) -> bool:
    """Return whether a clause may apply to a resource (an ARN or ``*``); a variable may have any value."""
    if where is None or where == ANYWHERE:
        return True
    if where.is_negated:
        return not any(_excludes(entry, resource) for entry in where.entries)
    return any(_describes(entry, resource) for entry in where.entries)


def _excludes(entry: str, resource: str) -> bool:
    """Return whether an entry of NotResource certainly matches a resource; a variable may have any value.

    Requests on log groups are evaluated on another ARN, and those through access points on their bucket, too.
    """
    if entry == EVERYTHING:
        return True
    if "${" in entry or entry.count(":") < _COLONS or resource.count(":") < _COLONS:
        return False
    _, _, service, _, account, _ = _parts(resource)
    return service != "logs" and not (service == "s3" and account) and _matches(entry, resource)


_COLONS = 5
"""In a whole ARN."""


@lru_cache(maxsize=1 << 16)
def is_plainly_of(where: ResourceScope, resource: str) -> bool:
    """Return whether a clause that may apply to a resource certainly does: no variable, no ``*`` across colons."""
    if any("${" in entry for entry in where.entries):
        return False
    if where.is_negated:
        return not any(_describes(entry, resource) for entry in where.entries)
    return any(_matches(entry, resource) for entry in where.entries)


def _describes(entry: str, resource: str) -> bool:
    if resource == EVERYTHING:  # of an action without resources: no other ARN matches it (rule F6)
        return entry in (EVERYTHING, ACCOUNT_LISTS_ARN)
    if resource.count(":") >= _COLONS and not resource.lower().startswith(_beginning(entry)):
        return False  # most entries, without reading their parts
    return _matches(entry, resource) or _crosses(entry, resource)


@lru_cache(maxsize=1 << 14)
def _beginning(entry: str) -> str:
    return literal(entry).lower()


def _matches(entry: str, resource: str) -> bool:
    return all(glob.matches(text) for glob, text in zip(_globs(entry), _parts(resource), strict=True))


def _parts(resource: str) -> list[str]:
    parts = resource.split(":", 5)
    parts += [""] * (6 - len(parts))
    return [*(part.lower() for part in parts[:5]), parts[5]]


@lru_cache(maxsize=1 << 14)
def _globs(entry: str) -> tuple[Glob, ...]:
    parts = entry.split(":", 5)
    parts += ["*"] * (6 - len(parts))
    return tuple(Glob(_tokens(part)) for part in parts)


def _tokens(part: str) -> list[Token]:
    if "${" not in part:
        return list(tokens_of(part))
    return [STAR if isinstance(piece, Variable) else piece for piece in parse_template(part)]


@lru_cache(maxsize=1 << 14)
def _whole(entry: str) -> Glob:
    return Glob(_tokens(entry))


def _crosses(entry: str, resource: str) -> bool:
    """Return whether an entry matches if ``*`` may span colons (rule F4 b)."""
    return "*" in entry and _whole(entry.lower()).matches(resource.lower())


@lru_cache(maxsize=1 << 16)
def may_meet(one: ResourceScope | None, other: ResourceScope | None) -> bool:
    """Return whether two scopes may overlap; False only if they certainly do not."""
    if one is None or other is None or one.is_negated or other.is_negated or ANYWHERE in (one, other):
        return True
    return any(may_overlap(first, second) for first in one.entries for second in other.entries)


def may_overlap(one: str, other: str) -> bool:
    """Return False if the literal beginnings, or the literal ends, of two patterns differ."""
    begins = [literal(entry) for entry in (one, other)]
    ends = [literal(entry[::-1]) if "${" not in entry else "" for entry in (one, other)]
    return all(first.startswith(second) or second.startswith(first) for first, second in (begins, ends))


def literal(entry: str) -> str:
    """Return the literal beginning of a resource entry."""
    for mark in ("*", "?", "${"):
        entry = entry.partition(mark)[0]
    return entry


def names_nothing(entry: str, values: Callable[[str], str | None]) -> bool:
    """Return whether a resource entry never matches because a variable certainly has no value (rule H3)."""
    return any(
        isinstance(piece, Variable) and piece.default is None and values(piece.key) == ""
        for piece in parse_template(entry)
    )


def fill(entry: str, values: Callable[[str], str | None]) -> str:
    """Return a resource entry with known variables replaced by their values; escaped signs stay escaped (rule H7)."""
    text = ""
    for piece in parse_template(entry):
        if isinstance(piece, Variable):
            value = values(piece.key)
            value = piece.default if value == "" else value  # never in its requests
            is_plain = value and not any(mark in value for mark in "*?$")
            text += str(value) if is_plain else f"${{{piece.key_text}}}"
        else:
            text += f"${{{piece}}}" if piece in ("*", "?", "$") else piece if isinstance(piece, str) else piece.value
    return text


def with_values(clause: NormalStatement, values: Callable[[str], str | None]) -> NormalStatement | None:
    """Return a clause with the values of known variables in its resources; None if it certainly matches none."""
    where = clause.where
    if where is None or not any("${" in entry for entry in where.entries):
        return clause
    if not where.is_negated and all(names_nothing(entry, values) for entry in where.entries):
        return None
    filled = where._replace(entries=frozenset(fill(entry, values) for entry in where.entries))
    is_known = not any("${" in entry for entry in filled.entries)
    return clause.at(filled) if is_known else clause._replace(where=filled)
