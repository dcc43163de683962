"""What two patterns have in common."""

from hypothesis import given
from hypothesis import strategies as st

from iamdesk.policy.overlap import common_arn, common_text
from iamdesk.policy.wildcards import glob, may_overlap

PATTERNS = st.text("ab*?", max_size=6)


@given(PATTERNS, PATTERNS)
def test_a_common_text_is_matched_by_both_patterns(one, other):
    common = common_text(one, other)
    assert (common is not None) == may_overlap(one, other)
    if common is not None:
        assert glob(one).matches(common)
        assert glob(other).matches(common)


def test_common_arns():
    assert common_arn("arn:aws:lambda:*:1:function:a-*", "arn:aws:lambda:eu-west-1:*:function:*-b") is not None
    assert common_arn("arn:aws:lambda:eu-west-1:1:function:*", "arn:aws:lambda:eu-west-2:1:function:*") is None
    assert common_arn("*", "arn:aws:lambda:eu-west-2:1:function:*") is None
