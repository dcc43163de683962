"""Catches a pattern taken as one that contains, or does not meet, another one, and a text that disproves it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdesk.access.external import by_part
from iamdesk.diff import matching
from iamdesk.policy import overlap, wildcards
from iamdesk.policy.resource_patterns import is_covered
from iamdesk.policy.wildcards import glob
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
@settings(max_examples=some_of(2000))
def test_no_text_is_in_the_smaller_and_not_in_the_larger(name, text_and_narrow, wide):
    text, narrow = text_and_narrow
    if not glob(wide).matches(text):
        assert not _CONTAINMENTS[name](narrow, wide)


@pytest.mark.parametrize("name", _OVERLAPS)
@given(texts.flatmap(lambda text: st.tuples(patterns_of(text), patterns_of(text))))
@settings(max_examples=some_of(2000))
def test_patterns_that_match_one_text_may_overlap(name, both):
    assert _OVERLAPS[name](*both)
