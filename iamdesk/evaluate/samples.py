"""Values worth trying for one condition key of which nothing is known (SEMANTICS K7).

For each way in which the tests on a key can come out together there is one value that shows it: where the search was
complete, whatever holds for these values holds for all.
"""

import base64
import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from iamdesk.evaluate.witnesses import Pattern, witnesses
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.operators import Network, Operator, read_date, read_network, read_number
from iamdesk.policy.patterns import STAR, BitMatcher, Token, tokens_of
from iamdesk.policy.resources import UnknownVariable
from iamdesk.policy.variables import Resolver, fill

ANY_OTHER = "any-other-value"
"""Stands for a value that no policy names."""
_OTHERS = (ANY_OTHER, "another-value", "yet-another-value", "still-another-value", "one-more-value", "last-value")
_OTHER_ARN = "arn:aws:any:us-east-1:000000000000:"
_OTHER_ADDRESSES = ("198.51.100.77", "203.0.113.77", "192.0.2.77", "8.8.8.8", "2001:db8:ffff::77")
_TEXT = frozenset({"String", "ARN"})
_ORDERED = frozenset({"Numeric", "Date"})


class Samples(NamedTuple):
    """What to try for one key."""

    texts: tuple[str, ...]
    """Single values, those that policies name first."""
    named: frozenset[str]
    """Those that policies name as they are."""
    is_complete: bool
    """Whether every way in which the tests can come out is shown by one of them."""


class _Listed(NamedTuple):
    """A value that a policy lists, with the values of its variables in their places."""

    operator: Operator
    tokens: tuple[Token, ...]

    @property
    def text(self) -> str:
        return "".join(token if isinstance(token, str) else token.value for token in self.tokens)


def samples(tests: Sequence[ConditionTest], shape: str, resolve: Resolver) -> Samples:
    """Return values to try for the key that all ``tests`` are on.

    ``shape`` is a pattern that the value is known to match. Policy values with variables that are not known are passed
    over.
    """
    families = {test.operator.family for test in tests if test.operator is not None} - {"Null"}
    listed = list(_listed(tests, resolve))
    patterns = tuple(dict.fromkeys(_pattern(one) for one in listed if one.operator.family in _TEXT))
    typed = families - _TEXT
    if typed:
        texts = dict.fromkeys(_of_types(typed, listed))
        texts |= dict.fromkeys(one.text for one in listed if one.operator.family in _TEXT)
        one_kind = len(typed) == 1 or typed == _ORDERED
        is_complete = one_kind and not any(_is_more_than_text(pattern) for pattern in patterns)
    else:
        may_be_empty = any(test.quantifier is Quantifier.ALL for test in tests)
        texts, is_complete = _of_texts(patterns, "ARN" in families, shape, may_be_empty)
    return Samples(tuple(texts) or (ANY_OTHER,), frozenset(one.text for one in listed), is_complete)


def others(named: Iterable[str], count: int) -> list[str]:
    """Return up to ``count`` values that are none of the named ones."""
    taken = set(named)
    return [text for text in _OTHERS if text not in taken][:count]


def _listed(tests: Iterable[ConditionTest], resolve: Resolver) -> Iterator[_Listed]:
    for test in tests:
        operator = test.operator
        if operator is None or operator.family == "Null":
            continue
        for value in test.values:
            try:
                tokens = fill(value.template, resolve)
            except UnknownVariable:
                continue
            if tokens is not None and operator.read_policy(tokens) is not None:
                yield _Listed(operator, tuple(tokens))


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_texts(
    patterns: tuple[Pattern, ...], has_arns: bool, shape: str, may_be_empty: bool
) -> tuple[dict[str, None], bool]:
    """Named values first, then a value that no policy names, then what shows the combinations that are left."""
    required: tuple[Pattern, ...] = () if shape == "*" else (Pattern(tuple(tokens_of(shape))),)
    if has_arns:
        required = (*required, _arn_pattern(("arn:", STAR, ":", STAR, ":", STAR, ":", STAR, ":", STAR)))
    named: dict[str, None] = {}
    for pattern in patterns:
        named |= dict.fromkeys((_fill_stars(pattern.tokens, ""), _fill_stars(pattern.tokens, "x")))
    other = others(named, 1)[0]
    if shape != "*":
        other = _fill_stars(tokens_of(shape), other)
    elif has_arns:
        other = _OTHER_ARN + other
    named[other] = None
    if may_be_empty:
        named[""] = None
    is_complete = True
    if required or any(_is_more_than_text(pattern) for pattern in patterns):
        found = witnesses(patterns, required)
        named |= dict.fromkeys(found.texts)
        is_complete = found.is_complete
    fitting = (text for text in named if all(_matches(pattern, text) for pattern in required))
    return dict.fromkeys(fitting), is_complete


def _is_more_than_text(pattern: Pattern) -> bool:
    return pattern.ignores_case or any(not isinstance(token, str) for token in pattern.tokens)


def _matches(pattern: Pattern, text: str) -> bool:
    return BitMatcher(pattern.tokens, pattern.bounded).matches(text)


def _pattern(one: _Listed) -> Pattern:
    if one.operator.family == "ARN":
        return _arn_pattern(one.tokens)
    if one.operator.name in ("StringLike", "StringNotLike"):
        return Pattern(one.tokens)
    ignores_case = "IgnoreCase" in one.operator.name
    return Pattern((one.text.lower() if ignores_case else one.text,), ignores_case=ignores_case)


def _arn_pattern(tokens: tuple[Token, ...]) -> Pattern:
    """Wildcards in the first five parts of an ARN stay in their part (SEMANTICS G13)."""
    colons = 0
    bounded = []
    for position, token in enumerate(tokens):
        if isinstance(token, str):
            colons += token.count(":")
        elif colons < 5:
            bounded.append(position)
    return Pattern(tokens, frozenset(bounded))


def _fill_stars(tokens: Iterable[Token], filling: str) -> str:
    return "".join(token if isinstance(token, str) else (filling if token is STAR else "x") for token in tokens)


# ── numbers, dates, addresses ────────────────────────────────────────────────────────────────────────────────────────


def _of_types(families: set[str], listed: Sequence[_Listed]) -> Iterator[str]:
    def texts(family: str) -> list[str]:
        return [one.text for one in listed if one.operator.family == family]

    if families & _ORDERED:
        # Numbers are dates, too (seconds), but dates are no numbers: aws:EpochTime takes operators of both kinds.
        read = [*map(read_number, texts("Numeric")), *map(read_date, texts("Date"))]
        write = _plain if "Numeric" in families else _moment
        yield from map(write, _around([number for number in read if number is not None]))
    if "Bool" in families:
        yield from (*(text.lower() for text in texts("Bool")), "true", "false")
    if "IPAddress" in families:
        yield from _addresses([network for text in texts("IPAddress") if (network := read_network(text)) is not None])
    if "Binary" in families:
        yield from (*texts("Binary"), base64.b64encode(ANY_OTHER.encode()).decode())


def _around(numbers: Sequence[Decimal]) -> list[Decimal]:
    """Return the numbers, and one between and beyond each: no comparison with them comes out in another way."""
    found = dict.fromkeys(numbers)
    ordered = sorted(found)
    for low, high in pairwise(ordered):
        found[low + 1 if high - low > 1 else (low + high) / 2] = None
    if ordered:
        found[ordered[0] - 1] = None
        found[ordered[-1] + 1] = None
    return list(found)


def _addresses(networks: Sequence[Network]) -> Iterable[str]:
    """Return an address of every stretch that the bounds of the ranges cut out of the two address spaces."""
    found: dict[str, None] = {}
    for network in networks:
        found[str(network[min(1, network.num_addresses - 1)])] = None
    found |= dict.fromkeys(_OTHER_ADDRESSES)
    for network in networks:
        highest = (1 << network.max_prefixlen) - 1
        build = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
        first, last = int(network.network_address), int(network.broadcast_address)
        for edge in (first, last, first - 1, last + 1):
            if 0 <= edge <= highest:
                found[str(build(edge))] = None
    return found


def _plain(number: Decimal) -> str:
    return format(number, "f") if abs(number) < Decimal(10) ** 30 else str(number)


def _moment(seconds: Decimal) -> str:
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return _plain(seconds)
