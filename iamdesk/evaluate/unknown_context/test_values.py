"""Test values for one condition key of which nothing is known (rule K7).

For each combination of outcomes of the tests on a key there is one value that shows it: where the search was complete,
whatever holds for these values holds for all.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal, localcontext
from itertools import chain, count, islice, pairwise
from typing import NamedTuple

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.unknown_context.pattern_witnesses import Pattern, witnesses
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.operators import (
    ARN,
    BOOLEANS,
    DATE,
    IP_ADDRESS,
    NULL,
    NUMERIC,
    OTHER_ADDRESSES,
    STRING,
    Operator,
    OperatorFamily,
    read_date,
    read_number,
)
from iamdesk.policy.resource_patterns import UnknownVariable
from iamdesk.policy.variables import Resolver, fill
from iamdesk.policy.wildcards import STAR, BitMatcher, Token, tokens_of

ANY_OTHER = "any-other-value"
"""Represents a value that no policy names."""
_OTHERS = (ANY_OTHER, "another-value", "yet-another-value", "still-another-value", "one-more-value", "last-value")
_OTHER_ARN = "arn:aws:any:us-east-1:000000000000:"
_ANY_ARN = ("arn:", STAR, ":", STAR, ":", STAR, ":", STAR, ":", STAR)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_DIGITS = 2000
"""Number of digits in computations: numbers in policies have at most 400 and an exponent."""


def is_made_up(text: str) -> bool:
    """Return whether a value represents all those that nothing names: it is shown as "any other value"."""
    name = text.removeprefix(_OTHER_ARN)
    return name in _OTHERS or text in OTHER_ADDRESSES or (name.startswith("value-") and name[6:].isdecimal())


def can_read(operator: Operator, key: str) -> bool:
    """Return whether an operator can read every value of a key, by the key's type."""
    key_type = (reference().key_type(key) or "String").removeprefix("ArrayOf")
    return operator.family is STRING or key_type in operator.family.key_types


class Samples(NamedTuple):
    """The values to try for one key."""

    texts: tuple[str, ...]
    """Single values, those named by policies first."""
    named: frozenset[str]
    """Those named literally by policies."""
    is_complete: bool
    """Whether every outcome of the tests is shown by one of them, or by as many as required."""


class _Listed(NamedTuple):
    """A value listed in a policy, with the values of its variables filled in."""

    operator: Operator
    tokens: tuple[Token, ...]

    @property
    def text(self) -> str:
        return "".join(token if isinstance(token, str) else token.value for token in self.tokens)


type _Form = re.Pattern[str] | None


def samples(
    tests: Sequence[ConditionTest], key_type: str, shape: str, resolve: Resolver, each: int = 1, form: _Form = None
) -> Samples:
    """Return values to try for the key that all ``tests`` are on.

    Args:
        tests: Their policy values with unknown variables are skipped.
        key_type: The type of one value of the key, as the service reference names it.
        shape: A pattern that the value is known to match.
        resolve: Returns the values of variables.
        each: Number of values to show each outcome by, where it has as many: two, for a key with several values.
        form: What every value of the key matches (`form_of`); None: anything.
    """
    families = {test.operator.family for test in tests if test.operator is not None} - {NULL}
    if not families and key_type == "IPAddress":
        families = {IP_ADDRESS}  # a private range beside it reads the value, too (rule G12)
    listed = [one for one in _listed(tests, resolve) if form is None or _can_match(one, form)]
    named = frozenset(one.text for one in listed)
    if key_type == "Bool":
        return Samples(BOOLEANS, named, True)  # whatever the operators are, there are no other values
    patterns = tuple(dict.fromkeys(_pattern(one) for one in listed if one.operator.family.is_text))
    typed = {family for family in families if not family.is_text}
    can_be_anything = any(key_type not in family.key_types for family in families)
    # In lists of values, a single empty text counts as none (rules G5, G14).
    may_be_empty = can_be_anything and any(map(counts_empty_as_none, tests))
    if typed:
        texts, is_complete = _of_types(typed, listed, key_type, each)
        texts |= dict.fromkeys(one.text for one in listed if one.operator.family.is_text)
        texts |= dict.fromkeys(others(named, each)) if can_be_anything else {}
        texts |= {"": None} if may_be_empty else {}
        # Operators on text see how a value is written: there are endless forms.
        is_complete = is_complete and typed == families and shape == "*"
        if shape != "*":
            required = Pattern(tuple(tokens_of(shape)))
            texts = {text: None for text in texts if _matches(required, text)}
    else:
        is_arn = key_type == "ARN"  # no other value is ever in a request, whatever operators compare it with
        if ARN in families and not is_arn:
            patterns = (*patterns, _arn_pattern(_ANY_ARN))
        texts, is_complete = _of_texts(patterns, is_arn, shape, may_be_empty, each)
    if form is not None and (refused := [text for text in texts if not form.fullmatch(text)]):
        longer = (f"{text}xx" for text in refused)  # in place of those that are too short
        texts = {text: None for text in (*texts, *longer) if form.fullmatch(text)}
        shown, lost = ({tuple(_fits(one, text) for one in patterns) for text in of} for of in (texts, refused))
        is_complete = is_complete and (not texts or (not typed and lost <= shown))
    return Samples(tuple(texts) or (_fill_stars(tokens_of(shape), ANY_OTHER),), named, is_complete)


def counts_empty_as_none(test: ConditionTest) -> bool:
    """Return whether a single empty text is no value to a test: ForAllValues, or Null on a key with several values."""
    if test.quantifier is Quantifier.ALL:
        return True
    return test.operator is not None and test.operator.family is NULL and reference().is_multivalued(test.key)


def others(named: Iterable[str], wanted: int) -> list[str]:
    """Return ``wanted`` values that are none of the named ones."""
    taken = set(named)
    endless = chain(_OTHERS, (f"value-{number}" for number in count(len(_OTHERS) + 1)))
    return list(islice((text for text in endless if text not in taken), wanted))


def _listed(tests: Iterable[ConditionTest], resolve: Resolver) -> Iterator[_Listed]:
    for test in tests:
        operator = test.operator
        if operator is None or not operator.compares_values:
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
    patterns: tuple[Pattern, ...], is_arn: bool, shape: str, may_be_empty: bool, each: int
) -> tuple[dict[str, None], bool]:
    """Return values named by policies first, then values that no policy names, then those for the other outcomes."""
    required: tuple[Pattern, ...] = () if shape == "*" else (Pattern(tuple(tokens_of(shape))),)
    if is_arn:
        required = (*required, _arn_pattern(_ANY_ARN))
    named: dict[str, None] = {}
    for pattern in patterns:
        named |= dict.fromkeys((_fill_stars(pattern.tokens, ""), _fill_stars(pattern.tokens, "x")))
    for other in others(named, each):
        arn = _OTHER_ARN + other if is_arn else other
        named[arn if shape == "*" else _fill_stars(tokens_of(shape), other)] = None
    if may_be_empty:
        named[""] = None
    is_complete = True
    if required or any(_is_more_than_text(pattern) for pattern in patterns):
        found = witnesses(patterns, required, each)
        named |= dict.fromkeys(found.texts)
        is_complete = found.is_complete
    fitting = (text for text in named if all(_matches(pattern, text) for pattern in required))
    return dict.fromkeys(fitting), is_complete


def _is_more_than_text(pattern: Pattern) -> bool:
    return pattern.ignores_case or any(not isinstance(token, str) for token in pattern.tokens)


def _matches(pattern: Pattern, text: str) -> bool:
    return BitMatcher(pattern.tokens, pattern.bounded).matches(text)


def _fits(pattern: Pattern, text: str) -> bool:
    return _matches(pattern, text.lower() if pattern.ignores_case else text)


def _can_match(one: _Listed, form: re.Pattern[str]) -> bool:
    """Return whether a listed value, its wildcards filled in, can be one that the key has."""
    texts = (_fill_stars(one.tokens, filling) for filling in ("", "xx"))
    return not one.operator.family.is_text or any(map(form.fullmatch, texts))


def _pattern(one: _Listed) -> Pattern:
    if one.operator.family is ARN:
        return _arn_pattern(one.tokens)
    if one.operator.takes_wildcards:
        return Pattern(one.tokens)
    ignores_case = one.operator.ignores_case
    return Pattern((one.text.lower() if ignores_case else one.text,), ignores_case=ignores_case)


def _arn_pattern(tokens: tuple[Token, ...]) -> Pattern:
    """Return the pattern of an ARN: wildcards in its first five parts stay in their part (rule G13)."""
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


# ── numbers, dates and what else is no text ──────────────────────────────────────────────────────────────────────────


def _of_types(
    families: set[OperatorFamily], listed: Sequence[_Listed], key_type: str, each: int
) -> tuple[dict[str, None], bool]:
    """Return values for operators that do not compare texts, and whether they are all."""

    def texts(family: OperatorFamily) -> list[str]:
        return [one.text for one in listed if one.operator.family is family]

    found: dict[str, None] = {}
    of_numbers = {family for family in families if family.is_number}
    is_complete = len(families) == 1 or families == of_numbers
    if of_numbers:
        # Numbers are dates, too (seconds), but dates are no numbers.
        read = [*map(read_number, texts(NUMERIC)), *map(read_date, texts(DATE))]
        for number in _around([number for number in read if number is not None] or [Decimal(1)]):
            spellings = list(_spellings(number, families, key_type, each))
            found |= dict.fromkeys(spellings)
            is_complete = is_complete and bool(spellings)
    for family in sorted(families - of_numbers, key=lambda family: family.name):
        if family.values_to_try is None:
            values: Iterable[str] = texts(family)
            shows_all = False
        else:
            values, shows_all = family.values_to_try(texts(family), each)
        found |= dict.fromkeys(values)
        is_complete = is_complete and shows_all
    return found, is_complete


def _spellings(number: Decimal, families: set[OperatorFamily], key_type: str, each: int) -> Iterator[str]:
    """Yield a number as a number, and as a date where dates differ in outcome; nothing that is read as another."""
    moment = _moment(number) if DATE in families and key_type != "Numeric" else None
    if moment is not None:
        yield from islice((moment, f"{moment[:-1]}+00:00"), each)
    if NUMERIC in families or moment is None:
        plain = format(number, "f")
        spellings = dict.fromkeys((plain, str(number), f"{plain}0" if "." in plain else f"{plain}.0"))
        yield from islice((text for text in spellings if read_number(text) == number), each)


def _around(numbers: Sequence[Decimal]) -> list[Decimal]:
    """Return the numbers, and one between and beyond each: no comparison with them has another outcome."""
    found = dict.fromkeys(numbers)
    ordered = sorted(found)
    with localcontext(prec=_MAX_DIGITS):
        for low, high in pairwise(ordered):
            found[low + 1 if high - low > 1 else (low + high) / 2] = None
        if ordered:
            found[ordered[0] - 1] = None
            found[ordered[-1] + 1] = None
    return list(found)


def _moment(seconds: Decimal) -> str | None:
    """Format a time as a date; None where dates of four-digit years do not reach, or not precisely enough."""
    with localcontext(prec=_MAX_DIGITS):
        whole = seconds.to_integral_value(ROUND_FLOOR)
        fraction = format(seconds - whole, "f").partition(".")[2].rstrip("0")
    try:
        moment = _EPOCH + timedelta(seconds=int(whole))
    except OverflowError:
        return None
    text = f"{moment.replace(tzinfo=None).isoformat()}{f'.{fraction}' if fraction else ''}Z"
    return text if read_date(text) == seconds else None
