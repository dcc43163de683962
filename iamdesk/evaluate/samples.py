"""Values worth trying for a condition key of which nothing is known (SEMANTICS K7).

For each key: being absent, each value that the policies name (with its neighbours, where an order matters), and one
value that they do not name.
"""

import base64
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from iamdesk.evaluate.context import ABSENT, Fact, Knowledge
from iamdesk.policy.conditions import ConditionTest, PolicyValue, Quantifier
from iamdesk.policy.operators import read_date, read_network, read_number
from iamdesk.policy.patterns import STAR, tokens_of

ANY_OTHER = "any-other-value"
"""Stands for a value that no policy names."""
_OTHER_ARN = "arn:aws:any:us-east-1:000000000000:any-other-value"
_OTHER_ADDRESSES = ("198.51.100.77", "203.0.113.77", "192.0.2.77", "8.8.8.8", "2001:db8:ffff::77")
_MOST_VALUES = 12


def samples(tests: Sequence[ConditionTest], linked: Iterable[str], may_be_absent: bool, several: bool) -> list[Fact]:
    """Return facts to try for the key that all ``tests`` are on.

    ``linked`` are values that the key is compared with through a policy variable; ``several`` says that the key can
    have several values at once.
    """
    values: dict[str, None] = dict.fromkeys(linked)
    for test in tests:
        if test.operator is None or test.operator.family == "Null":
            continue
        for listed in test.values:
            values.update(dict.fromkeys(_near(test, listed)))
    _cross_patterns(tests, values)
    families = {test.operator.family for test in tests if test.operator is not None}
    if not families & {"Numeric", "Date", "Bool"} or families & {"String"}:
        values.update(dict.fromkeys(_others(families)))
    if not values:
        values[ANY_OTHER] = None
    singles = list(values)[:_MOST_VALUES]
    facts = [Fact(Knowledge.PRESENT, (value,)) for value in singles]
    if several or any(test.quantifier is not Quantifier.NONE for test in tests):
        named = tuple(value for value in singles if value not in (ANY_OTHER, _OTHER_ARN))
        if len(named) > 1:
            facts.append(Fact(Knowledge.PRESENT, named))
        if named and ANY_OTHER in values:
            facts.append(Fact(Knowledge.PRESENT, (named[0], ANY_OTHER)))
    return [ABSENT, *facts] if may_be_absent else facts


def _near(test: ConditionTest, listed: PolicyValue) -> list[str]:
    """Return a value that matches what the policy lists, and its neighbours where an order matters."""
    operator = test.operator
    if operator is None or listed.is_malformed or listed.keys:
        return []
    text = listed.text
    match operator.family:
        case "Numeric":
            number = read_number(text)
            return [] if number is None else [_plain(number), _plain(number - 1), _plain(number + 1)]
        case "Date":
            moment = read_date(text)
            return [] if moment is None else [_moment(moment), _moment(moment - 1), _moment(moment + 1)]
        case "Bool":
            return ["true", "false"]
        case "IPAddress":
            network = read_network(text)
            return [] if network is None else [str(network[min(1, network.num_addresses - 1)])]
        case "Binary":
            return [text, base64.b64encode(ANY_OTHER.encode()).decode()]
    if operator.name in ("StringLike", "StringNotLike") or operator.family == "ARN":
        return [_fill_stars(text, ""), _fill_stars(text, "x")] if "*" in text or "?" in text else [text]
    return [text]


def _fill_stars(text: str, filling: str) -> str:
    return "".join(
        token if isinstance(token, str) else (filling if token is STAR else "x") for token in tokens_of(text)
    )


def _cross_patterns(tests: Sequence[ConditionTest], values: dict[str, None]) -> None:
    """Add values that match two patterns at once: ``a*`` and ``*b`` are both matched by ``ab``."""
    patterns = [
        listed.text
        for test in tests
        if test.operator is not None and test.operator.name in ("StringLike", "StringNotLike")
        for listed in test.values
        if "*" in listed.text and not listed.keys
    ][:4]
    for one in patterns:
        for two in patterns:
            if one != two:
                values[_fill_stars(one, _fill_stars(two, ""))] = None


def _others(families: set[str]) -> list[str]:
    others = []
    if not families or "String" in families or "Null" in families:
        others.append(ANY_OTHER)
    if "ARN" in families:
        others.append(_OTHER_ARN)
    if "IPAddress" in families:
        others.extend(_OTHER_ADDRESSES)
    return others


def _plain(number: Decimal) -> str:
    return format(number, "f") if abs(number) < Decimal(10) ** 30 else str(number)


def _moment(seconds: Decimal) -> str:
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return _plain(seconds)
