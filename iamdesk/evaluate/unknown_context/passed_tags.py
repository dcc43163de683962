"""Which values of ``aws:TagKeys``, ``aws:RequestTag/…`` and ``sts:TransitiveTagKeys`` a request can have together.

``aws:TagKeys`` lists the keys of the tags that a request passes, ``aws:RequestTag/…`` has the value of one of them
(IAM User Guide, "AWS global condition context keys"), and ``sts:TransitiveTagKeys`` lists those of them that are set as
transitive (IAM User Guide, "Pass session tags in AWS STS").
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from iamdesk.evaluate.condition_tests import evaluate_test
from iamdesk.evaluate.context import Context, KeyValue, Knowledge
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.wildcards import is_pattern

_TAG_KEYS, _TAG, _TRANSITIVE = "aws:tagkeys", "aws:requesttag/", "sts:transitivetagkeys"
_OTHER = "any-other-tag"
"""A tag that policies hardly name."""

type Feasible = Callable[[Sequence[KeyValue]], bool]
"""Whether a request can have some values, one for each key."""


def feasible_of(keys: Sequence[str], tests: Sequence[ConditionTest], context: Context) -> Feasible | None:
    """Return which combinations of values of some keys are possible; None: all.

    A value represents all that have the same outcome. Where tests have wildcards or variables, which these are is not
    looked for, and every combination counts as possible.

    Args:
        keys: Lower case.
        tests: The conditions on them.
        context: The request's, for the tests.
    """
    positions = {key: position for position, key in enumerate(keys)}
    tags = {key[len(_TAG) :]: position for key, position in positions.items() if key.startswith(_TAG)}
    # Values that are given are not tried.
    lists = {key: context.fact(key) for key in (_TAG_KEYS, _TRANSITIVE)}
    is_open = _TAG_KEYS in positions
    has_list = is_open or lists[_TAG_KEYS].knowledge in (Knowledge.ABSENT, Knowledge.PRESENT)
    has_transitive = _TRANSITIVE in positions or (is_open and lists[_TRANSITIVE].knowledge is Knowledge.PRESENT)
    if not (is_open and tags) and not (has_list and has_transitive):
        return None
    own = [test for test in tests if test.key in lists]
    if any(test.variable_keys or is_pattern(value.text) for test in own for value in test.values):
        return None
    spelled = _spelled(tests)
    texts = dict.fromkeys((*(value.text for test in own if test.key == _TAG_KEYS for value in test.values), _OTHER))

    @cache  # of one decision: few lists of keys in many combinations
    def outcome(values: tuple[str, ...], key: str = _TAG_KEYS) -> tuple[object, ...]:
        known = replace(context, given={**context.given, key: KeyValue(Knowledge.PRESENT, values)})
        return tuple(evaluate_test(test, known).truth for test in own if test.key == key)

    def may_have(passed: tuple[str, ...], tag: str) -> bool:
        """Return whether some list with the outcome of ``passed`` has a tag: then this one with the tag has it, too."""
        own_outcome = outcome(passed)
        return any(outcome((*passed, text)) == own_outcome for text in spelled.get(tag, (tag,)))

    def may_lack(passed: tuple[str, ...], tag: str) -> bool:
        rest = tuple([text for text in passed if text.lower() != tag])
        instead = [(*rest, text) for text in texts if text.lower() != tag]
        return any(outcome(values) == outcome(passed) for values in (*((rest,) if rest else ()), *instead))

    def may_pass(passed: tuple[str, ...], transitive: tuple[str, ...]) -> bool:
        """Return whether a list with the outcome of ``passed`` has all keys of one with that of ``transitive``."""
        alike = [transitive]
        if _TRANSITIVE in positions:
            fewer = [passed, *((one,) for one in passed)]
            alike += [one for one in fewer if one and outcome(one, _TRANSITIVE) == outcome(transitive, _TRANSITIVE)]
        for one in alike:
            missing = tuple([text for text in one if text.lower() not in {other.lower() for other in passed}])
            if not missing or (is_open and passed and outcome((*passed, *missing)) == outcome(passed)):
                return True
        return False

    def is_feasible(values: Sequence[KeyValue]) -> bool:
        passed, transitive = (
            (values[positions[key]] if key in positions else lists[key]).values for key in (_TAG_KEYS, _TRANSITIVE)
        )
        if has_transitive and transitive and not may_pass(passed, transitive):
            return False
        for tag, position in tags.items() if is_open else ():
            is_named = any(text.lower() == tag for text in passed)
            is_there = values[position].knowledge is not Knowledge.ABSENT
            if is_there and not is_named and not (passed and may_have(passed, tag)):
                return False
            if not is_there and is_named and not may_lack(passed, tag):
                return False
        return True

    return is_feasible


def _spelled(tests: Iterable[ConditionTest]) -> Mapping[str, set[str]]:
    """Return by tag, in lower case, how it may be spelled: condition keys have no case, tags do."""
    found: dict[str, set[str]] = {}
    for test in tests:
        tag = test.key_text.partition("/")[2]
        found.setdefault(tag.lower(), set()).update((tag, tag.lower(), tag.upper(), tag.capitalize()))
    return found
