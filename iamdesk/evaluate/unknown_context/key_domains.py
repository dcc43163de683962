"""Domains: the values to try for each unknown key, so that every possible outcome occurs (rule K7).

A key that is compared with fixed values is tried by itself; keys that are compared with each other through policy
variables get common values.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations, islice, product
from typing import NamedTuple

from iamdesk.aws.condition_keys import REGION_KEYS, form_of
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.condition_tests import evaluate_test
from iamdesk.evaluate.context import ABSENT, Context, KeyValue, Knowledge
from iamdesk.evaluate.matching import RequestFacts, StatementResult
from iamdesk.evaluate.unknown_context.test_values import others, samples
from iamdesk.evaluate.unknown_context.value_lists import lists
from iamdesk.policy.conditions import ConditionTest, PolicyValue, Quantifier
from iamdesk.policy.operators import NULL, STRING, Operator, is_private_address, read_address
from iamdesk.policy.resource_patterns import ResourcePattern, UnknownVariable
from iamdesk.policy.variables import Template, Variable, fill
from iamdesk.policy.wildcards import QUESTION, STAR, Glob, Token

_MAX_LINKED = 16
_MAX_PAIRED = 7
_MAX_FILLINGS = 8


class Domain(NamedTuple):
    """The values to try for one key."""

    facts: tuple[KeyValue, ...]
    same: Mapping[KeyValue, tuple[KeyValue, ...]]
    """By value, others named by policies that have the same outcome."""
    is_complete: bool
    """Whether no other value has another outcome."""
    fresh: tuple[KeyValue, ...] = ()
    """Values that nothing names and that are interchangeable."""


def domains(
    keys: Sequence[str],
    undetermined: Sequence[StatementResult],
    subject: RequestFacts,
    joint: Sequence[ConditionTest] = (),
) -> list[Domain]:
    """Return the domain of each key that the statements depend on, or that the ``joint`` tests are on."""
    links = _links(frozenset(keys), undetermined, subject)
    for test in joint:
        links.tests[test.key].append(test)
    return [links.domain(key) if key in links.values else _own_domain(key, links.tests[key], subject) for key in keys]


def _own_domain(key: str, tests: Sequence[ConditionTest], subject: RequestFacts) -> Domain:
    """Return the domain of a key that is only compared with fixed values."""
    context = subject.context
    known = context.fact(key)
    has_several = _has_several(key)
    form = form_of(key, subject.target.service)
    found = samples(tests, _type_of(key), known.shape, context.variable, 2 if has_several else 1, form)
    by_outcome: dict[tuple[object, ...], list[KeyValue]] = {}
    for text in (*found.texts, *_earliest(known)):
        if key == "aws:sourceip" and (address := read_address(text)) is not None and is_private_address(address):
            continue  # rule G12
        if key in REGION_KEYS and text != text.lower() and text not in found.named:
            continue
        if not known.can_be(text) or not known.is_late_enough(text) or (form and not form.fullmatch(text)):
            continue
        fact = KeyValue(Knowledge.PRESENT, (text,))
        by_outcome.setdefault(_outcome(key, fact, tests, context), []).append(fact)
    same = {facts[0]: tuple(one for one in facts[1:] if one.values[0] in found.named) for facts in by_outcome.values()}
    is_complete = found.is_complete
    if has_several:
        several = lists([text for text in found.texts if known.can_be(text)], tests, context)
        for values in several.lists:
            fact = KeyValue(Knowledge.PRESENT, values)
            by_outcome.setdefault(_outcome(key, fact, tests, context), [fact])
        is_complete = is_complete and several.is_complete
    return Domain(_with_absent(key, [facts[0] for facts in by_outcome.values()], context), same, is_complete)


def _earliest(known: KeyValue) -> tuple[str, ...]:
    """Return the earliest time that an unknown value can be: values on either side of it do not cover it."""
    return () if known.since is None else (str(known.since),)


def _outcome(key: str, fact: KeyValue, tests: Iterable[ConditionTest], context: Context) -> tuple[object, ...]:
    known = replace(context, given={**context.given, key: fact})
    return tuple(evaluate_test(test, known).truth for test in tests)


def _type_of(key: str) -> str:
    """Return the type of one value of a key."""
    return (reference().key_type(key) or "String").removeprefix("ArrayOf")


def _has_several(key: str) -> bool:
    """Return whether a request may have several values of a key: its type decides (rule G16).

    Of a key that AWS does not list, it is unknown.
    """
    known = reference().key_type(key)
    return known is None or known.startswith("ArrayOf")


def _with_absent(key: str, facts: Iterable[KeyValue], context: Context) -> tuple[KeyValue, ...]:
    return (ABSENT, *facts) if context.fact(key).knowledge is Knowledge.UNKNOWN else tuple(facts)


# ── keys that are compared with each other ───────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Links:
    """Unknown keys that meet in policy variables, and the values that show how they can compare."""

    subject: RequestFacts
    tests: dict[str, list[ConditionTest]]
    values: dict[str, dict[str, None]] = field(default_factory=dict)
    """By linked key, the single values to try."""
    partial: set[str] = field(default_factory=set)
    """Linked keys of which other values may have another outcome."""
    fresh: dict[str, list[str]] = field(default_factory=dict)
    """By linked key, the values that nothing names, where values are compared for equality alone."""

    def domain(self, key: str) -> Domain:
        texts = list(self.values[key])[:_MAX_LINKED]
        facts = [KeyValue(Knowledge.PRESENT, (text,)) for text in texts]
        is_complete = key not in self.partial and len(texts) == len(self.values[key])
        if _has_several(key):
            facts += [KeyValue(Knowledge.PRESENT, pair) for pair in combinations(texts[:_MAX_PAIRED], 2)]
            is_complete = False
        fresh = tuple(KeyValue(Knowledge.PRESENT, (text,)) for text in self.fresh.get(key, ()))
        return Domain(_with_absent(key, facts, self.subject.context), {}, is_complete, fresh)


def _links(keys: frozenset[str], undetermined: Sequence[StatementResult], subject: RequestFacts) -> _Links:
    links = _Links(subject, {key: [] for key in keys})
    compared: list[tuple[ConditionTest, PolicyValue]] = []
    entries: list[ResourcePattern] = []
    for result in undetermined:
        for test, _ in result.open_tests:
            if test.key in keys:
                links.tests[test.key].append(test)
            compared += [(test, value) for value in test.values if keys.intersection(value.keys)]
        if result.open_resource:
            entries += [entry for entry in result.statement.resources or () if keys.intersection(entry.keys)]
    linked = [{key for key in (test.key, *value.keys) if key in keys} for test, value in compared]
    linked += [set(keys.intersection(entry.keys)) for entry in entries]
    for group in _joined(linked):
        _fill_group(group, links, compared, entries)
    return links


def _joined(sets: Iterable[set[str]]) -> list[set[str]]:
    """Return the sets, merging those that have a key in common."""
    groups: list[set[str]] = []
    for one in sets:
        joined = set(one).union(*(group for group in groups if group & one))
        groups = [group for group in groups if not group & one] + [joined]
    return groups


def _fill_group(
    group: set[str],
    links: _Links,
    compared: Sequence[tuple[ConditionTest, PolicyValue]],
    entries: Sequence[ResourcePattern],
) -> None:
    """Find values for keys that meet: those that the other keys are compared with, and some that nothing names."""
    context = links.subject.context
    values = links.values
    complete = True
    for key in group:
        form = form_of(key, links.subject.target.service)
        found = samples(links.tests[key], _type_of(key), context.fact(key).shape, context.variable, form=form)
        values[key] = dict.fromkeys((*found.texts, ""))  # as a variable, an empty value is none (rule H4)
        complete = complete and found.is_complete
    own = [(test, value) for test, value in compared if group & {test.key, *value.keys}]
    parts = [entry for entry in entries if group.intersection(entry.keys)]
    shared: dict[str, None] = {}
    for test, value in own:
        shared |= dict.fromkeys(context.fact(test.key).values)
        shared |= dict.fromkeys(piece.default for piece in value.variables if piece.default is not None)
    for key in group:
        shared |= values[key]
    fresh = others(shared, len(group))
    for key in group:
        values[key] |= dict.fromkeys(fresh)
    if _only_equality(group, links.tests, own) and not parts:
        for key in group:
            values[key] |= shared
            links.fresh[key] = fresh
    else:
        matched = _matched_in(parts, links)
        for _ in range(2):
            _carry_over(own, links)
        complete = complete and matched and len(group) == 1 and not own and not links.tests[next(iter(group))]
    for key in group:
        known = context.fact(key)
        texts = (*values[key], *_earliest(known))
        form = form_of(key, links.subject.target.service)
        fits = (text for text in texts if known.can_be(text) and known.is_late_enough(text))
        values[key] = {text: None for text in fits if form is None or form.fullmatch(text)}
        if (shape := known.shape) != "*":
            described = Glob.of_text(shape)
            values[key] = {text: None for text in values[key] if described.matches(text)}
            complete = False
    if not complete:
        links.partial |= group


def _only_equality(
    group: set[str], tests: Mapping[str, Sequence[ConditionTest]], compared: Sequence[tuple[ConditionTest, PolicyValue]]
) -> bool:
    """Return whether values are only compared for equality: a value that nothing names then represents all others."""
    every = [*(test for key in group for test in tests[key]), *(test for test, _ in compared)]
    return all(
        test.operator is not None
        and _compares_for_equality(test, test.operator)
        and test.quantifier is Quantifier.NONE
        and all(not value.variables or len(value.template) == 1 for value in test.values)
        for test in every
    )


def _compares_for_equality(test: ConditionTest, operator: Operator) -> bool:
    if operator.family is not STRING:
        return operator.family is NULL
    return operator.is_equality or (operator.takes_wildcards and not _has_wildcards(test))


def _has_wildcards(test: ConditionTest) -> bool:
    return any(piece in (STAR, QUESTION) for value in test.values for piece in value.template)


def _matched_in(entries: Sequence[ResourcePattern], links: _Links) -> bool:
    """Add values that make resources match; return whether they are all that do."""
    is_complete = True
    for entry in entries:
        for key, target in product(dict.fromkeys(entry.keys), links.subject.resources):
            if key in links.values:
                found = list(_fillings(entry.resource_part, key, target.resource, links.subject.context))
                links.values[key] |= dict.fromkeys(found)
                is_complete = is_complete and len(found) < _MAX_FILLINGS
        # A star that matches colons shifts the parts, and two variables can share the text in many ways.
        is_complete = is_complete and len(entry.keys) == 1 and "*:" not in entry.text
    return is_complete


def _carry_over(compared: Sequence[tuple[ConditionTest, PolicyValue]], links: _Links) -> None:
    """Copy values from each side of a comparison to the other."""
    context = links.subject.context
    for test, value in compared:
        texts = list(context.fact(test.key).values) or list(links.values.get(test.key, ()))
        for key in value.keys:
            if key in links.values:
                for text in texts[:_MAX_LINKED]:
                    links.values[key] |= dict.fromkeys(_fillings(value.template, key, text, context))
        if test.key in links.values:
            links.values[test.key] |= dict.fromkeys(_filled(value, links))


def _filled(value: PolicyValue, links: _Links) -> Iterator[str]:
    """Yield the texts of a policy value for some values of its variables."""
    context = links.subject.context
    unknown = [key for key in dict.fromkeys(value.keys) if key in links.values and not context.is_multivalued(key)]
    choices = product(*(list(links.values[key])[:_MAX_FILLINGS] for key in unknown))
    for choice in islice(choices, 2 * _MAX_LINKED):
        chosen = dict(zip(unknown, choice, strict=True))
        tokens = fill(value.template, partial(_chosen, chosen, context))
        if tokens is not None:
            yield "".join(token if isinstance(token, str) else ("" if token is STAR else "x") for token in tokens)


def _chosen(chosen: Mapping[str, str], context: Context, key: str) -> str | None:
    return chosen[key] if key in chosen else context.variable(key)


def _fillings(template: Template, key: str, text: str, context: Context) -> Iterator[str]:
    """Yield values of one variable with which a template can match the text, for some values of its other variables."""
    position = next(number for number, piece in enumerate(template) if isinstance(piece, Variable) and piece.key == key)
    before, after = (Glob(_open(part, context)) for part in (template[:position], template[position + 1 :]))
    starts = [start for start in range(len(text)) if before.matches(text[:start])]
    ends = [end for end in range(1, len(text) + 1) if after.matches(text[end:])]
    found = 0
    for start in starts:
        for end in ends:
            if start < end:
                yield text[start:end]
                found += 1
                if found == _MAX_FILLINGS:
                    return


def _open(pieces: Sequence[Token | Variable], context: Context) -> list[Token]:
    tokens: list[Token] = []
    for piece in pieces:
        try:
            filled = fill([piece], context.variable)
        except UnknownVariable:
            filled = [QUESTION, STAR]
        tokens.extend(filled if filled is not None else [QUESTION, STAR])
    return tokens
