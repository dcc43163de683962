"""Lists of test values for a key with several values, so that every possible outcome occurs (rule K7).

A set operator requires that all, or any, of the values satisfy it (rules G14, G15). The outcome of a list is thus the
sum of the outcomes of its values: lists are built value by value, and the first and shortest list of each sum
represents all of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

from iamdesk.evaluate.condition_tests import value_truth
from iamdesk.evaluate.context import Context
from iamdesk.evaluate.ternary import Truth
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.operators import Operator

MAX_LISTS = 512
"""Number of different sums past which the search stops."""

type _Sum = tuple[Truth, ...]
"""The results of a list under each test with a set operator."""


class Lists(NamedTuple):
    """The result of the search."""

    lists: tuple[tuple[str, ...], ...]
    """Lists of two values and more, the shortest first: one for each outcome of the tests."""
    is_complete: bool
    """Whether there are no other outcomes, if ``texts`` show every outcome of one value, twice where two values do."""


def lists(texts: Sequence[str], tests: Sequence[ConditionTest], context: Context) -> Lists:
    """Return lists made of ``texts`` that show every outcome of the tests on one key with several values."""
    # Without a set operator several values are false, whatever they are (rule G16); Null sees that there are some.
    of_sets = [(test, operator) for test in tests if (operator := _set_operator(test)) is not None]
    takes_all = [test.quantifier is Quantifier.ALL for test, _ in of_sets]
    members: dict[_Sum, list[str]] = {}
    for text in dict.fromkeys(texts):
        own = tuple([value_truth(test, operator, text, context) for test, operator in of_sets])
        members.setdefault(own, []).append(text)
    found: dict[_Sum, tuple[str, ...]] = {}
    last: list[tuple[_Sum, tuple[str, ...]]] = []

    def add(one: _Sum, other: _Sum, values: tuple[str, ...]) -> None:
        added = tuple([min(a, b) if of_all else max(a, b) for of_all, a, b in zip(takes_all, one, other, strict=True)])
        if added not in found:
            found[added] = values
            last.append((added, values))

    kinds = list(members.items())
    for position, (own, same) in enumerate(kinds):
        if len(same) > 1:
            add(own, own, (same[0], same[1]))
        for other, others in kinds[position + 1 :]:
            add(own, other, (same[0], others[0]))
    while last and len(found) <= MAX_LISTS:
        longer, last = last, []
        for own, values in longer:
            for other, others in kinds:
                if others[0] not in values:
                    add(own, other, (*values, others[0]))
    return Lists(tuple(found.values()), not last)


def _set_operator(test: ConditionTest) -> Operator | None:
    if test.quantifier is Quantifier.NONE or test.operator is None or not test.operator.compares_values:
        return None
    return test.operator
