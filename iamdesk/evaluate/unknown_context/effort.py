"""Estimates the work of trying values of unknown keys before any is tried (rule K7).

Policies are untrusted text: a thousand values for one key, or a resource of two hundred variables, would take minutes.
What takes too long is not tried, and the result says so: the bounds of K6 hold without.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from iamdesk.evaluate.matching import RequestFacts, StatementResult
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.operators import IP_ADDRESS
from iamdesk.policy.resource_patterns import ResourcePattern

MAX_COMPARISONS = 1_200_000
"""Number of comparisons past which values are not tried. A comparison takes about 0.3 µs."""
_ANOTHER_TEST = 20
"""Cost of one more test, in comparisons."""
_VALUES_OF_ADDRESSES = 10
"""Number of addresses that are tried for one range."""
_VALUES_OF_SETS = 3
"""Factor for a key with several values."""
_SEARCH = 8
"""Cost of one more character of a pattern where matching texts are searched for."""
_LINKED = 32 * 16
"""Number of characters of the values that one variable of a policy value is tried with."""


def is_too_much(undetermined: Sequence[StatementResult], subject: RequestFacts) -> bool:
    """Return whether trying the keys that the statements depend on takes too long."""
    values: defaultdict[str, int] = defaultdict(int)
    tests: defaultdict[str, int] = defaultdict(int)
    work = 0
    for result in undetermined:
        for test, _ in result.open_tests:
            values[test.key] += len(test.values) * _weight(test)
            tests[test.key] += 1
            work += _SEARCH * sum(len(value.text) for value in test.values)
            work += sum(_LINKED * len(set(value.keys)) * len(value.template) for value in test.values if value.keys)
        if result.open_resource:
            work += _of_resources(result.statement.resources or (), subject)
    for key, count in values.items():
        work += count * (count + _ANOTHER_TEST * tests[key])
    return work > MAX_COMPARISONS


def _weight(test: ConditionTest) -> int:
    is_address = test.operator is not None and test.operator.family is IP_ADDRESS
    return _VALUES_OF_ADDRESSES if is_address else 1 if test.quantifier is Quantifier.NONE else _VALUES_OF_SETS


def _of_resources(entries: Iterable[ResourcePattern], subject: RequestFacts) -> int:
    """Return the cost of resources: each variable is tried at every position, against the text around it."""
    length = max((len(str(resource)) for resource in subject.resources), default=0)
    return sum(2 * length * len(set(entry.keys)) * len(entry.keys) * 2 for entry in entries if entry.keys)
