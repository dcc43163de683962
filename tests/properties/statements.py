"""Entries of ``Resource`` and ARNs that are close to them."""

from hypothesis import strategies as st

_HEADS = (
    "arn:aws:s3:::",
    "arn:aws:S3:::",
    "arn:*:s3:::",
    "arn:aws:s3:*:*:",
    "arn:aws:s?:::",
    "arn:aws:s3:us-east-1:1:",
)
_PIECES = ("*", "**", "?", "a", "B", "/", ":", "${aws:username}", "${aws:username, 'x'}", "${*}", "home/")
_NAMES = ("a", "B", "/", ":", "x", "home/", "ana")

entries = st.one_of(
    st.just("*"),
    st.builds(str.__add__, st.sampled_from(_HEADS), st.lists(st.sampled_from(_PIECES), max_size=4).map("".join)),
)
"""Entries with capitals, wildcards, variables with and without default, and several colons."""

arns = st.builds(
    str.__add__,
    st.sampled_from(("arn:aws:s3:::", "arn:aws:S3:::", "arn:aws:s3:us-east-1:1:")),
    st.lists(st.sampled_from(_NAMES), min_size=1, max_size=5).map("".join),
)
