"""External principals that no statement names but conditions distinguish: AWS services, accounts, users, roles."""

from collections.abc import Hashable, Iterable, Iterator
from itertools import chain

from iamdesk.access.external.described import filled, principals_described, services_described
from iamdesk.diff.assumptions import pieces_of
from iamdesk.diff.normal_form import NormalStatement
from iamdesk.diff.result import ANY_SERVICE, ANYONE, ANYONE_ANYWHERE
from iamdesk.policy.arn import is_arn
from iamdesk.policy.wildcards import STAR, Glob, Token, Wildcard

_NAME_KEYS = frozenset({"aws:principalservicename", "aws:principalservicenameslist"})
_CALLER_KEYS = frozenset({"aws:principalaccount", "aws:principalarn", "aws:username", "aws:principaltype"})
_PATTERN_KEYS = frozenset({"aws:principalarn", "aws:username"})
_MAX_TOGETHER = 8
"""Patterns of principals for whose combinations principals are looked for."""
_ANY = ANY_SERVICE.partition(".")[0]


def distinguished_services(clauses: Iterable[NormalStatement]) -> tuple[tuple[str, ...], bool]:
    """Return services for each that conditions of some clauses distinguish, and whether there are no others."""
    values = [pieces for clause in clauses for _, pieces in _tested(clause, _NAME_KEYS)]
    is_complete = all(len(_tokens_in(pieces)) == len(pieces) for pieces in values)
    names, are_all = services_described(tuple(map(_tokens_in, values)), _ANY)
    return names, is_complete and are_all


def distinguished_principals(
    clauses: Iterable[NormalStatement], accounts: Iterable[str], partition: str, unrelated: str
) -> Iterator[str]:
    """Yield principals of the accounts, ARNs, user names and types that conditions of some clauses test.

    Where a condition does not determine the account, there is one of each of ``accounts``, and of those that other
    conditions name: which accounts are let in, and which of their principals, may be up to different statements.
    ``unrelated`` is the one that represents all that nothing names.
    """
    tested = dict.fromkeys(
        (key, _tokens_in(pieces), len(_tokens_in(pieces)) == len(pieces))
        for clause in clauses
        for key, pieces in _tested(clause, _CALLER_KEYS)
    )
    named = [account for key, tokens, _ in tested if (account := _account_named(key, tokens))]
    patterns = [
        _of_user(tokens) if key == "aws:username" else tokens
        for key, tokens, is_whole in tested
        if is_whole and key in _PATTERN_KEYS
    ]
    globs = tuple(map(Glob, dict.fromkeys(patterns)))
    for account in dict.fromkeys((*named, *accounts)):
        start = f"arn:{partition}:iam::{account}:"
        found = dict.fromkeys([f"{start}role/{ANYONE}"] if account in named else [])
        found |= dict.fromkeys(_alone(tested, account, partition, unrelated))
        found |= dict.fromkeys(stand_ins(account, partition, unrelated) if tested else ())
        yield from found
        if 1 < len(globs) <= _MAX_TOGETHER:
            met = {tuple(one.matches(arn) for one in globs) for arn in (*found, f"{start}role/{ANYONE}")}
            for arn in principals_described(tuple(dict.fromkeys(patterns)), account, ANYONE, partition):
                if tuple(one.matches(arn) for one in globs) not in met:
                    yield arn


def stand_ins(account: str, partition: str, unrelated: str) -> tuple[str, ...]:
    """Return the principals of an account that no condition describes, besides a role, which represents all of them.

    A condition that describes its roles may leave these as they are.
    """
    start, name = f"arn:{partition}:iam::{account}:", _name_in(account, unrelated)
    return f"{start}user/{name}", f"{start}root", f"arn:{partition}:sts::{account}:federated-user/{name}"


def _name_in(account: str, unrelated: str) -> str:
    return ANYONE_ANYWHERE if account == unrelated else ANYONE


def _alone(
    tested: Iterable[tuple[str, tuple[Token, ...], bool]], account: str, partition: str, unrelated: str
) -> Iterator[str]:
    """Yield principals of an account that single conditions test, by key, value, and whether that has no variables."""
    start = f"arn:{partition}:iam::{account}:"
    for key, tokens, is_whole in tested:
        text = filled(tokens, "")
        if key == "aws:principaltype" and text == "Account":
            yield f"{start}root"
        elif key == "aws:username" or (key == "aws:principaltype" and text == "User"):  # all others are roles
            yield f"{start}user/{_name_in(account, unrelated)}"
            if key == "aws:username" and text and is_whole:
                yield f"{start}user/{filled(tokens, ANYONE)}"
        elif key == "aws:principalarn" and is_whole:
            if tokens == (text,) and is_arn(text):
                yield text
            elif text.endswith(":root"):
                yield f"{start}root"
            else:
                yield from principals_described((tokens,), account, ANYONE, partition)


def are_few(clauses: Iterable[NormalStatement]) -> bool:
    """Return whether conditions have so few patterns of principals that all combinations are looked for."""
    tested = {pieces for clause in clauses for _, pieces in _tested(clause, _PATTERN_KEYS)}
    return len(tested) <= _MAX_TOGETHER


def _account_named(key: str, tokens: tuple[Token, ...]) -> str:
    """Return the account that a tested value names; empty if it names none."""
    text = filled(tokens, "*" if key == "aws:principalarn" else "")
    if key == "aws:principalarn":
        text = "".join(text.split(":", 5)[4:5])
    return text if key in ("aws:principalaccount", "aws:principalarn") and text.isdigit() else ""


def _of_user(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    return (STAR, ":user/", *tokens)


def _tested(clause: NormalStatement, keys: frozenset[str]) -> Iterator[tuple[str, tuple[Hashable, ...]]]:
    """Yield each of some keys that a clause tests, with the values in pieces."""
    if not clause.keys.isdisjoint(keys):
        tests = chain.from_iterable(map(pieces_of, clause.conditions))
        yield from sorted(((key, pieces) for key, pieces in tests if key in keys), key=repr)


def _tokens_in(pieces: Iterable[Hashable]) -> tuple[Token, ...]:
    """Return the pieces of a tested value without its variables, whose values only the request has."""
    return tuple(one for one in pieces if isinstance(one, str | Wildcard))
