"""AWS services that no statement lets in by name: one for every way in which conditions tell services apart."""

from collections.abc import Hashable, Iterable, Iterator

from iamdesk.compare.clauses import Clause
from iamdesk.compare.shapes import ANY_SERVICE
from iamdesk.evaluate.caller import CallerKind, parse_caller
from iamdesk.evaluate.request import RequestError
from iamdesk.evaluate.witnesses import Pattern, witnesses
from iamdesk.policy.patterns import STAR, Glob, Token, Wildcard, tokens_of

_KEYS = frozenset({"aws:principalservicename", "aws:principalservicenameslist"})
_ANY = ANY_SERVICE.partition(".")[0]
_NAMES = Pattern(tuple(tokens_of("?*.amazonaws.com*")))


def services_told_apart(clauses: Iterable[Clause]) -> tuple[tuple[str, ...], bool]:
    """Return services for all that conditions of some clauses tell apart by name, and whether there are no others."""
    told: dict[tuple[Token, ...], None] = {}
    is_complete = True
    for clause in clauses:
        for key, value in _tested(clause):
            if key in _KEYS:
                told[tuple(one for one in value if isinstance(one, str | Wildcard))] = None
                # What a variable stands for the request alone tells.
                is_complete = is_complete and all(isinstance(one, str | Wildcard) for one in value)
    names = dict.fromkeys((ANY_SERVICE, *map(_filled, told)))
    if told:
        shown = witnesses(tuple(map(Pattern, told)), (_NAMES,))
        names |= dict.fromkeys(shown.texts)
        is_complete = is_complete and shown.is_complete
    patterns = tuple(map(Glob, told))
    found: dict[tuple[bool, ...], str] = {}
    for name in filter(_is_service, names):
        found.setdefault(tuple(pattern.matches(name) for pattern in patterns), name)
    return tuple(found.values()), is_complete


def _tested(clause: Clause) -> Iterator[tuple[str, tuple[Hashable, ...]]]:
    """Yield the key of each test of a clause with each of its values, in pieces."""
    if clause.keys.isdisjoint(_KEYS):
        return
    for condition in clause.conditions:
        if isinstance(condition, tuple):
            *_, key, values = condition
            yield from ((key, (value,) if isinstance(value, str) else tuple(value)) for value in values)


def _filled(tokens: Iterable[Token]) -> str:
    return "".join(token if isinstance(token, str) else _ANY if token is STAR else "x" for token in tokens)


def _is_service(text: str) -> bool:
    try:
        return parse_caller(text).kind is CallerKind.SERVICE
    except RequestError:
        return False
