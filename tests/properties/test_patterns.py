"""Catches a pattern taken as one that contains, or does not meet, another one, and a text that disproves it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdesk.access.external import by_part, candidates, described
from iamdesk.attack_paths import request_tags
from iamdesk.diff import matching, sample_resources
from iamdesk.evaluate.unknown_context import test_values
from iamdesk.policy import overlap, wildcards
from iamdesk.policy.resource_patterns import is_covered
from iamdesk.policy.wildcards import glob, tokens_of
from tests.properties.statements import patterns, patterns_of, texts
from tests.some_of import some_of

_HEAD = "arn:aws:s3:::"
_CONTAINMENTS = {
    "by_part.is_within": by_part.is_within,
    "overlap._is_within": overlap._is_within,
    "wildcards.may_overlap": lambda narrow, wide: wildcards.may_overlap(wide, narrow, is_within=True),
    "is_covered": lambda narrow, wide: is_covered(_HEAD + narrow, _HEAD + wide),
}
_OVERLAPS = {"wildcards.may_overlap": wildcards.may_overlap, "matching.may_overlap": matching.may_overlap}


@pytest.mark.parametrize("name", _CONTAINMENTS)
@given(texts.flatmap(lambda text: st.tuples(st.just(text), patterns_of(text))), texts.flatmap(patterns_of) | patterns)
@settings(max_examples=some_of(1000))
def test_no_text_is_in_the_smaller_and_not_in_the_larger(name, text_and_narrow, wide):
    text, narrow = text_and_narrow
    if not glob(wide).matches(text):
        assert not _CONTAINMENTS[name](narrow, wide)


@pytest.mark.parametrize("name", _OVERLAPS)
@given(texts.flatmap(lambda text: st.tuples(patterns_of(text), patterns_of(text))))
@settings(max_examples=some_of(1000))
def test_patterns_that_match_one_text_may_overlap(name, both):
    assert _OVERLAPS[name](*both)


_PAIRS_OF_ONE_TEXT = texts.flatmap(lambda text: st.tuples(st.just(text), patterns_of(text), patterns_of(text)))


@given(_PAIRS_OF_ONE_TEXT)
@settings(max_examples=some_of(1000))
def test_patterns_that_match_one_text_have_a_text_in_common(drawn):
    _, first, second = drawn
    common = overlap.common_text(first, second)
    assert common is not None
    assert glob(first).matches(common)
    assert glob(second).matches(common)


@given(_PAIRS_OF_ONE_TEXT, texts)
@settings(max_examples=some_of(1000))
def test_common_patterns_match_what_both_match_and_nothing_else(drawn, other):
    text, first, second = drawn
    common = overlap.common_patterns(first, second)
    for each in (text, other) if common else ():
        both = glob(first).matches(each) and glob(second).matches(each)
        assert any(glob(one).matches(each) for one in common) == both


@given(texts.flatmap(patterns_of) | patterns, st.sampled_from(("", "x", "Bc")))
@settings(max_examples=some_of(1000))
def test_a_filled_pattern_matches(pattern, filling):
    tokens = tokens_of(pattern)
    for filled in (described.filled, sample_resources._filled, test_values._fill_stars):
        assert glob(pattern).matches(filled(tokens, filling))
    assert glob(pattern).matches(request_tags._matching(pattern))


@given(
    st.text("0123456789", min_size=12, max_size=12).flatmap(lambda text: st.tuples(st.just(text), patterns_of(text)))
)
@settings(max_examples=some_of(1000))
def test_an_account_pattern_is_filled_with_an_account_outside(drawn):
    account, pattern = drawn
    found = candidates.filled_account(pattern, {account})
    if found:
        assert glob(pattern).matches(found)
        assert found != account
    else:  # it matches that account alone
        assert "*" not in pattern
        assert pattern.count("?") < 2
