"""External principals that no statement names but conditions distinguish: AWS services, accounts, users, roles."""

from collections.abc import Hashable, Iterable, Iterator
from itertools import chain

from iamdesk.access.external.described import filled, principals_described, services_described
from iamdesk.diff.assumptions import pieces_of
from iamdesk.diff.normal_form import NormalStatement
from iamdesk.diff.result import ANY_SERVICE, ANYONE, ANYONE_ANYWHERE
from iamdesk.policy.arn import is_arn
from iamdesk.policy.wildcards import Token, Wildcard

_NAME_KEYS = frozenset({"aws:principalservicename", "aws:principalservicenameslist"})
_CALLER_KEYS = frozenset({"aws:principalaccount", "aws:principalarn", "aws:username", "aws:principaltype"})
_ANY = ANY_SERVICE.partition(".")[0]


def distinguished_services(clauses: Iterable[NormalStatement]) -> tuple[tuple[str, ...], bool]:
    """Return services for each that conditions of some clauses distinguish, and whether there are no others."""
    values = [pieces for clause in clauses for _, pieces in _tested(clause, _NAME_KEYS)]
    is_complete = all(len(_tokens_in(pieces)) == len(pieces) for pieces in values)
    names, are_all = services_described(tuple(map(_tokens_in, values)), _ANY)
    return names, is_complete and are_all


def distinguished_principals(clauses: Iterable[NormalStatement], account: str, partition: str) -> Iterator[str]:
    """Yield principals of the accounts, ARNs, user names and types that conditions of some clauses test.

    They belong to ``account`` and ``partition`` if a condition does not determine these.
    """
    start = f"arn:{partition}:iam::"
    for clause in clauses:
        for key, pieces in _tested(clause, _CALLER_KEYS):
            tokens = _tokens_in(pieces)
            text = filled(tokens, "")
            if key == "aws:principalaccount" and text.isdigit():
                yield f"{start}{text}:role/{ANYONE}"
            elif key == "aws:principaltype" and text == "Account":
                yield f"{start}{account}:root"
            elif key == "aws:username" or (key == "aws:principaltype" and text == "User"):  # all others are roles
                yield f"{start}{account}:user/{ANYONE_ANYWHERE}"
                if key == "aws:username" and text and len(tokens) == len(pieces):
                    yield f"{start}{account}:user/{filled(tokens, ANYONE)}"
            elif key == "aws:principalarn" and len(tokens) == len(pieces):
                yield from (text,) if tokens == (text,) and is_arn(text) else _described(tokens, account, partition)


def _described(tokens: tuple[Token, ...], account: str, partition: str) -> Iterator[str]:
    """Yield a role that a pattern matches, or a user if it matches no role."""
    own = filled(tokens, "*").split(":", 5)[4:5]
    return principals_described((tokens,), own[0] if own and own[0].isdigit() else account, ANYONE, partition)


def _tested(clause: NormalStatement, keys: frozenset[str]) -> Iterator[tuple[str, tuple[Hashable, ...]]]:
    """Yield each of some keys that a clause tests, with the values in pieces."""
    if not clause.keys.isdisjoint(keys):
        tests = chain.from_iterable(map(pieces_of, clause.conditions))
        yield from sorted(((key, pieces) for key, pieces in tests if key in keys), key=repr)


def _tokens_in(pieces: Iterable[Hashable]) -> tuple[Token, ...]:
    """Return the pieces of a tested value without its variables, whose values only the request has."""
    return tuple(one for one in pieces if isinstance(one, str | Wildcard))
