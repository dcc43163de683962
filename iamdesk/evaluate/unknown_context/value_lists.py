"""Lists of values worth trying for a key with several values, so that all that can happen happens (rule K7).

A set operator asks of a list whether all, or any, of its values satisfy it (rules G14, G15). What a list comes out
as is thus the sum of what its values come out as, one value at a time: lists are built value by value, and of those
that come to the same sum the first, which is the shortest, stands for all.
"""

from collections.abc import Sequence
from typing import NamedTuple

from iamdesk.evaluate.condition_tests import value_truth
from iamdesk.evaluate.context import Context
from iamdesk.evaluate.ternary import Truth
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.operators import Operator

MOST_LISTS = 512
"""Past so many different sums the search stops."""

type _Sum = tuple[Truth, ...]
"""What a list gives under each test that has a set operator."""


class Lists(NamedTuple):
    """What was found."""

    lists: tuple[tuple[str, ...], ...]
    """Lists of two values and more, the shortest first: one for each way in which tests can come out."""
    is_complete: bool
    """Whether there are no other ways, if ``texts`` show every way of one value, twice where two values do."""


def lists(texts: Sequence[str], tests: Sequence[ConditionTest], context: Context) -> Lists:
    """Return lists made of ``texts`` that show every way in which tests on one key come out with several values."""
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
    while last and len(found) <= MOST_LISTS:
        longer, last = last, []
        for own, values in longer:
            for other, others in kinds:
                if others[0] not in values:
                    add(own, other, (*values, others[0]))
    return Lists(tuple(found.values()), not last)


def _set_operator(test: ConditionTest) -> Operator | None:
    if test.quantifier is Quantifier.NONE or test.operator is None or test.operator.family == "Null":
        return None
    return test.operator
