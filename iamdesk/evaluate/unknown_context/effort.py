"""How much work it is to try the values of unknown keys, told before any is tried (rule K7).

Policies are text from outside: a thousand values for one key, or a resource of two hundred variables, would be tried
for minutes. What is too much work is not tried, and the answer says so: the bounds of K6 hold without.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from iamdesk.evaluate.matching import RequestFacts, StatementResult
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.resource_patterns import ResourcePattern

MOST_EFFORT = 1_200_000
"""Past so many comparisons values are not tried. A comparison takes about 0.3 µs."""
_ANOTHER_TEST = 20
"""What looking at one more test costs, in comparisons."""
_VALUES_OF_ADDRESSES = 10
"""Addresses that are tried for one range."""
_VALUES_OF_SETS = 3
"""How many times as long a key with several values takes."""
_SEARCH = 8
"""What one more character of a pattern costs where texts that match are searched for."""
_LINKED = 32 * 16
"""Characters of the values that one variable of a policy value is tried with."""


def is_too_much(undetermined: Sequence[StatementResult], subject: RequestFacts) -> bool:
    """Return whether trying the keys on which the statements hang takes longer than anybody waits."""
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
    return work > MOST_EFFORT


def _weight(test: ConditionTest) -> int:
    is_address = test.operator is not None and test.operator.family == "IPAddress"
    return _VALUES_OF_ADDRESSES if is_address else 1 if test.quantifier is Quantifier.NONE else _VALUES_OF_SETS


def _of_resources(entries: Iterable[ResourcePattern], subject: RequestFacts) -> int:
    """Each variable is tried at every place of the resource, against what is written before and behind it."""
    length = max((len(str(resource)) for resource in subject.resources), default=0)
    return sum(2 * length * len(set(entry.keys)) * len(entry.keys) * 2 for entry in entries if entry.keys)
