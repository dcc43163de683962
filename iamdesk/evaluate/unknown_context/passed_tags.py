"""Which values of ``aws:TagKeys`` and ``aws:RequestTag/…`` a request can have together.

``aws:TagKeys`` lists the keys of the tags that a request passes, ``aws:RequestTag/…`` has the value of one of them
(IAM User Guide, "AWS global condition context keys").
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from iamdesk.evaluate.condition_tests import evaluate_test
from iamdesk.evaluate.context import Context, KeyValue, Knowledge
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.wildcards import is_pattern

_TAG_KEYS, _TAG = "aws:tagkeys", "aws:requesttag/"
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
    tags = {key[len(_TAG) :]: position for position, key in enumerate(keys) if key.startswith(_TAG)}
    if _TAG_KEYS not in keys or not tags:
        return None
    own = [test for test in tests if test.key == _TAG_KEYS]
    if any(test.variable_keys or is_pattern(value.text) for test in own for value in test.values):
        return None
    listed = keys.index(_TAG_KEYS)
    spelled = _spelled(tests)
    texts = dict.fromkeys((*(value.text for test in own for value in test.values), _OTHER))

    @cache  # of one decision: few lists of keys in many combinations
    def outcome(values: tuple[str, ...]) -> tuple[object, ...]:
        known = replace(context, given={**context.given, _TAG_KEYS: KeyValue(Knowledge.PRESENT, values)})
        return tuple(evaluate_test(test, known).truth for test in own)

    def may_have(passed: tuple[str, ...], tag: str) -> bool:
        """Return whether some list with the outcome of ``passed`` has a tag: then this one with the tag has it, too."""
        own_outcome = outcome(passed)
        return any(outcome((*passed, text)) == own_outcome for text in spelled.get(tag, (tag,)))

    def may_lack(passed: tuple[str, ...], tag: str) -> bool:
        rest = tuple([text for text in passed if text.lower() != tag])
        instead = [(*rest, text) for text in texts if text.lower() != tag]
        return any(outcome(values) == outcome(passed) for values in (*((rest,) if rest else ()), *instead))

    def is_feasible(values: Sequence[KeyValue]) -> bool:
        passed = values[listed].values
        for tag, position in tags.items():
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
