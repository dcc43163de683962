"""What two patterns have in common."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from iamdesk.policy.overlap import common_arn, common_patterns, common_text
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


CHARACTERS = st.sampled_from("ab/*?")


@given(st.text(st.sampled_from("ab/"), max_size=3), st.text(CHARACTERS, min_size=1, max_size=6))
def test_common_patterns_match_exactly_what_both_do(head: str, other: str) -> None:
    found = common_patterns(f"{head}*", other)
    texts = ["".join(one) for length in range(6) for one in product("ab/", repeat=length)]
    for text in texts:
        both = glob(f"{head}*").matches(text) and glob(other).matches(text)
        assert any(glob(one).matches(text) for one in found) == both


def test_what_is_in_both_of_two_patterns_is_written_as_patterns() -> None:
    assert common_patterns("b*/q/*", "ba/*") == ("ba/*/q/*", "ba/q/*")
    assert common_patterns("*/pub/*", "payroll/*") == ("payroll/*/pub/*", "payroll/pub/*")
    assert common_patterns("a*b", "*c") == ()
    assert common_patterns("a/${aws:username}/*", "a/*") == ()
