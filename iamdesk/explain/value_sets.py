"""Describes sets of context values in words: one value represents all values with the same outcome (rule K7).

``aws:SourceIp`` is tried with 203.0.113.1 because a statement lists 203.0.113.0/24. The phrase names the range: each
phrase covers only values for which every test on the key has the same outcome as for the value that was tried.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.condition_tests import evaluate_test, value_truth
from iamdesk.evaluate.context import Context, KeyValue, Knowledge
from iamdesk.evaluate.engine import EvaluationTrace
from iamdesk.evaluate.policy_set import SHORT_ARNS
from iamdesk.evaluate.ternary import MAYBE, TRUE
from iamdesk.evaluate.unknown_context.solver import ConditionSet
from iamdesk.evaluate.unknown_context.test_values import can_read, counts_empty_as_none
from iamdesk.explain.decision_text import outcome_words
from iamdesk.i18n import join_messages, mark, phrase, with_translation
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.operators import (
    DATE,
    IP_ADDRESS,
    NUMERIC,
    Address,
    Network,
    Operator,
    read_address,
    read_date,
    read_number,
)
from iamdesk.policy.resource_patterns import Match
from iamdesk.policy.wildcards import QUESTION, STAR, tokens_of

_MAX_NAMED = 6
"""Number of values that one phrase names; beyond it, the value that was tried is shown."""
_MAX_CLAUSES = 8
"""Number of conditions on one key that are put into words."""
_WILD = ("*", "?")


@dataclass(frozen=True, slots=True)
class _Listed:
    """A value that a test lists, as its operator reads it."""

    operator: Operator
    text: str
    read: Any

    def matches(self, value: Any) -> bool:
        """Return whether a request value, as the operator reads it, matches; not negated."""
        return value is not None and self.read is not None and bool(self.operator.compare(value, self.read))

    @property
    def is_literal(self) -> bool:
        """Whether it matches one text alone."""
        wild = self.operator.takes_wildcards
        return not (wild and any(mark in self.text for mark in _WILD)) and not self.operator.ignores_case


def set_words(one: ConditionSet, trace: EvaluationTrace, spelling: Callable[[str, EvaluationTrace], str]) -> str:
    """Return a set of values as a clause: ``aws:SourceIp is within 203.0.113.0/24 and aws:ViaAWSService is false``."""
    tests = list(_open_tests(trace))
    clauses = [
        join_messages(" ", (spelling(key, trace), _value_phrase(key, fact, tests, one, trace)))
        for key, fact in one.items()
    ]
    return join_messages(phrase(" and "), clauses) if len(clauses) > 1 else clauses[0]


def _open_tests(trace: EvaluationTrace) -> Iterator[ConditionTest]:
    """Yield the tests that the decision depends on; those of statements that cannot apply say nothing about it."""
    for result in trace.results:
        if result.truth is MAYBE:
            yield from (test for test, _ in result.open_tests)
    if trace.decision_inputs.doubt is not None:
        yield trace.decision_inputs.doubt.settled_by


def _on(key: str, tests: Iterable[ConditionTest]) -> list[ConditionTest]:
    return [test for test in tests if test.key == key]


def _value_phrase(
    key: str, fact: KeyValue, tests: Sequence[ConditionTest], one: ConditionSet, trace: EvaluationTrace
) -> str:
    """Describe a key's value: ``is within 203.0.113.0/24``, ``is absent``, ``is at most 3600``.

    An invented value is never shown, only the set of values that it represents.
    """
    if fact.knowledge is Knowledge.ABSENT:
        return phrase("is absent")
    if not fact.values:
        return phrase("is an empty list")
    on = _on(key, tests)
    compared = [test for test in on if test.operator is not None and test.operator.compares_values]
    if fact.values == ("",) and any(_is_otherwise_of_none(test, trace.request.context) for test in on):
        return phrase("is {value}", value='""')
    if not compared:
        return phrase("has any value") if on else _as_variable(key, fact.values[0], tests, one, trace)
    is_plain = len(fact.values) == 1 and all(_is_plain(test) for test in compared)
    found = _phrase(fact.values[0], on, trace.request.context) if is_plain and fact.values[0] else None
    return found or _by_tests(fact, compared, one, trace.request.context)


def _is_otherwise_of_none(test: ConditionTest, context: Context) -> bool:
    """Return whether a single empty text has an outcome only because it counts as an empty list (rules G5, G14)."""
    operator = test.operator
    if operator is None or not counts_empty_as_none(test):
        return False
    return not operator.compares_values or value_truth(test, operator, "", context) is not TRUE


def _is_plain(test: ConditionTest) -> bool:
    """Return whether a test is on one value that its operator can read: either it or its opposite holds then.

    With several values, one of them does not describe the outcome.
    """
    key_type = reference().key_type(test.key)
    is_list = test.quantifier is not Quantifier.NONE if key_type is None else key_type.startswith("ArrayOf")
    is_read = test.operator is not None and can_read(test.operator, test.key)
    return is_read and not is_list and not test.variable_keys


def _as_variable(
    key: str, value: str, tests: Sequence[ConditionTest], one: ConditionSet, trace: EvaluationTrace
) -> str:
    """Describe a key that is used in variables alone."""
    if not value:
        return phrase("is {value}", value='""')
    context = trace.request.context
    for test in tests:
        if key not in test.variable_keys or test.operator is None:
            continue
        if test.key in one:  # the clause on that key names this one
            return phrase("is present")
        known = context.fact(test.key).values
        whole = any(len(listed.template) == 1 for listed in test.values if key in listed.keys)
        if known and value in known and whole:
            return phrase("is {value}", value=value)
        if known:
            given = replace(context, given={**context.given, **one})
            holds = evaluate_test(test, given).truth is TRUE
            return phrase(
                "is such that {key} {compared}", key=test.key_text, compared=outcome_words(test, known, holds)
            )
    given = replace(context, given={**context.given, **one})
    for result in trace.results:
        short = SHORT_ARNS[result.policy.policy_type]
        for entry in result.statement.resources or () if result.open_resource else ():
            if key not in entry.keys:
                continue
            matches = [entry.matches(target, given.variable, short) for target in trace.subject.resources]
            if any(match in (Match.YES, Match.CROSSING, Match.UNKNOWN) for match in matches):
                if len(entry.keys) == 1 and STAR not in entry.resource_part and QUESTION not in entry.resource_part:
                    return phrase("is {value}", value=value)
                return phrase("is such that {pattern} matches the resource", pattern=entry.text)
    return phrase("has any other value")


def _by_tests(fact: KeyValue, compared: Sequence[ConditionTest], one: ConditionSet, context: Context) -> str:
    """Describe the outcome of each test, one by one: true of all values with these outcomes, and of no others."""
    given = replace(context, given={**context.given, **one})
    clauses: dict[str, None] = {}
    for number, test in enumerate(compared):
        if len(clauses) == _MAX_CLAUSES:
            more = phrase("meets {count} more conditions like a value that was tried", count=len(compared) - number)
            return join_messages(phrase(" and "), [*clauses, more])
        if test.operator is None or not any(not value.is_malformed for value in test.values):
            continue  # always or never so
        outcome = evaluate_test(test, given).truth
        if outcome is not MAYBE:  # else it is the same whatever the other keys are
            clauses[outcome_words(test, fact.values, outcome is TRUE)] = None
    if clauses:
        return join_messages(phrase(" and "), list(clauses))
    return phrase("has any value") if any(fact.values) else phrase("is {value}", value='""')


def _phrase(value: str, tests: Sequence[ConditionTest], context: Context) -> str | None:
    """Return a phrase for all values with the same outcome; None where only the value itself can be named."""
    compared = [test for test in tests if test.operator is not None and test.operator.compares_values]
    if not compared:
        return phrase("has any value") if tests else None
    if any(test.variable_keys for test in compared):
        return None  # the listed values depend on the request
    listed = [
        _Listed(test.operator, one.text, one.read(context.variable))
        for test in compared
        for one in test.values
        if test.operator is not None
    ]
    families = {one.operator.family for one in listed}
    if families == {IP_ADDRESS}:
        return _of_addresses(value, compared, listed)
    if families == {NUMERIC}:
        return _of_numbers(value, compared, listed, read_number, _NUMBERS)
    if families == {DATE}:
        return _of_numbers(value, compared, listed, read_date, _DATES)
    return _of_texts(value, compared, listed) if all(family.is_text for family in families) else None


def _outcome(tests: Sequence[ConditionTest], read: Callable[[Operator], Any]) -> tuple[bool, ...]:
    """Return the outcome of each test for one value; ``read`` gives it as an operator reads it (rules G1, G2, G19)."""
    found = []
    for test in tests:
        operator = test.operator
        value = None if operator is None else read(operator)
        if operator is None or value is None:
            found.append(False)
            continue
        matched = any(_Listed(operator, one.text, one.read(lambda _: None)).matches(value) for one in test.values)
        found.append(matched is not operator.negated)
    return tuple(found)


def _constant(value: Any) -> Callable[[Operator], Any]:
    return lambda _operator: value


# ── addresses ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_addresses(value: str, tests: Sequence[ConditionTest], listed: Sequence[_Listed]) -> str | None:
    address = read_address(value)
    networks = {one.text: one.read for one in listed if one.read is not None}
    if address is None or not networks or len(networks) > _MAX_NAMED:
        return None
    wanted = _outcome(tests, _constant(address))
    inside: list[str] = []
    for text, network in networks.items():
        others = [other for other in networks.values() if other != network and _is_within(other, network)]
        samples = [address, *_addresses_of(network)] if address in network else _addresses_of(network)
        sample = next((one for one in samples if not any(one in other for other in others)), None)
        if sample is None or _outcome(tests, _constant(sample)) != wanted:
            continue
        holes = [name for name, other in networks.items() if other in others]
        name = _network_words(text, network)
        inside.append(phrase("{network} but not within {holes}", network=name, holes=_either(holes)) if holes else name)
    if any(address in network for network in networks.values() if network.version == address.version):
        if len(inside) == 1 and read_address(inside[0]) is not None:
            return phrase("is {value}", value=inside[0])
        return phrase("is within {networks}", networks=_either(inside)) if inside else None
    return phrase("is outside {networks}", networks=_either(list(networks), " and "))


def _is_within(inner: Network, outer: Network) -> bool:
    return (
        inner.version == outer.version
        and inner.network_address in outer
        and inner.broadcast_address in outer
        and inner.prefixlen > outer.prefixlen
    )


def _addresses_of(network: Network) -> Iterator[Address]:
    """Yield addresses of a range: its edges, and those around them."""
    for place in dict.fromkeys((1, 0, -1, 2, -2, network.num_addresses // 2, network.num_addresses // 2 - 1)):
        if -network.num_addresses <= place < network.num_addresses:
            yield network[place]


def _network_words(text: str, network: Network) -> str:
    return text if network.num_addresses > 1 else str(network.network_address)


# ── numbers and dates ────────────────────────────────────────────────────────────────────────────────────────────────


_NUMBERS = (mark("at least {value}"), mark("more than {value}"), mark("at most {value}"), mark("less than {value}"))
_DATES = (mark("at or after {value}"), mark("after {value}"), mark("at or before {value}"), mark("before {value}"))


def _of_numbers(
    value: str,
    tests: Sequence[ConditionTest],
    listed: Sequence[_Listed],
    read: Callable[[str], Decimal | None],
    words: tuple[str, str, str, str],
) -> str | None:
    """Return the interval around a number in which every test has the same outcome."""
    number = read(value)
    texts = {one.read: one.text for one in listed if one.read is not None}
    if number is None or not texts or len(texts) > 2 * _MAX_NAMED:
        return None
    bounds = sorted(texts)
    # A point before, at and after each bound: even indexes lie between bounds, odd ones are bounds.
    points = [bounds[0] - 1]
    for low, high in zip(bounds, [*bounds[1:], bounds[-1] + 2], strict=True):
        points += [low, (low + high) / 2]
    at = sum(bound < number for bound in bounds)
    place = 2 * at + 1 if number in texts else 2 * at
    wanted = _outcome(tests, _constant(number))
    first = last = place
    while first > 0 and _outcome(tests, _constant(points[first - 1])) == wanted:
        first -= 1
    while last < len(points) - 1 and _outcome(tests, _constant(points[last + 1])) == wanted:
        last += 1
    at_least, more_than, at_most, less_than = words
    if first == last and first % 2:
        return phrase("is {value}", value=texts[bounds[first // 2]])
    parts = []
    if first > 0:
        parts.append(phrase(at_least if first % 2 else more_than, value=texts[bounds[(first - 1) // 2]]))
    if last < len(points) - 1:
        parts.append(phrase(at_most if last % 2 else less_than, value=texts[bounds[last // 2]]))
    return phrase("is {value}", value=join_messages(phrase(" and "), parts)) if parts else phrase("has any value")


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_texts(value: str, tests: Sequence[ConditionTest], listed: Sequence[_Listed]) -> str | None:
    entries = {(one.operator.positive_name, one.text): one for one in listed}
    if not entries or len(entries) > _MAX_NAMED:
        return None
    wanted = _of_text(tests, value)
    if any(one.is_literal and one.matches(one.operator.read_request(value)) for one in entries.values()):
        return phrase("is {value}", value=value)
    phrases: dict[str, None] = {}
    for sample in dict.fromkeys([value, *(_filled(one.text) for one in entries.values() if not one.is_literal)]):
        if _of_text(tests, sample) == wanted:
            found = _text_phrase(sample, list(entries.values()))
            if found is not None:
                phrases[found] = None
    if not phrases:
        return None
    text = join_messages(phrase(" or "), list(phrases))
    if all(one.startswith("matches ") and " " not in one.removeprefix("matches ") for one in phrases):
        return with_translation(f"matches {_either([one.removeprefix('matches ') for one in phrases])}", text)
    return text


def _of_text(tests: Sequence[ConditionTest], value: str) -> tuple[bool, ...]:
    return _outcome(tests, lambda operator: operator.read_request(value))


def _filled(text: str) -> str:
    return "".join(token if isinstance(token, str) else ("x" if token is QUESTION else "") for token in tokens_of(text))


def _text_phrase(value: str, entries: Sequence[_Listed]) -> str | None:
    """Return a phrase for all texts with the same matches; None where it can only be named."""
    matched = [one for one in entries if one.matches(one.operator.read_request(value))]
    others = [one for one in entries if one not in matched]
    if any(one.is_literal for one in matched):
        return None
    if not matched:
        names = _either([one.text for one in others])
        if all(one.is_literal for one in others):
            return phrase("is other than {names}", names=names)
        return phrase("matches none of {names}", names=names)
    if any(one.operator.ignores_case for one in matched):
        return None
    near = [one for one in others if _may_meet(one, matched)]
    texts = list(dict.fromkeys(one.text for one in matched if len(matched) == 1 or one.text != "*"))
    pattern = join_messages(phrase(" and "), texts)
    if near:
        return phrase("matches {pattern} but not {names}", pattern=pattern, names=_either([one.text for one in near]))
    return phrase("matches {pattern}", pattern=pattern)


def _may_meet(other: _Listed, matched: Sequence[_Listed]) -> bool:
    """Return whether some text may match an entry and all the matched ones; True where that is not evident."""
    if other.is_literal:
        value = other.text
        return all(one.matches(one.operator.read_request(value)) for one in matched)
    return all(_ends_agree(other.text, one.text) for one in matched)


def _ends_agree(one: str, other: str) -> bool:
    """Return whether the literal beginnings and ends of two patterns are compatible."""
    head, other_head = _head(one), _head(other)
    tail, other_tail = _head(one[::-1]), _head(other[::-1])
    return (head.startswith(other_head) or other_head.startswith(head)) and (
        tail.startswith(other_tail) or other_tail.startswith(tail)
    )


def _head(text: str) -> str:
    for place, token in enumerate(text):
        if token in (STAR.value, QUESTION.value):
            return text[:place]
    return text


def _either(texts: Sequence[str], last: str = " or ") -> str:
    return texts[0] if len(texts) == 1 else join_messages(phrase(last), (join_messages(", ", texts[:-1]), texts[-1]))
