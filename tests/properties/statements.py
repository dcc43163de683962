"""Patterns, entries of ``Resource`` and the texts that they match: drawn from each other, so that most draws match."""

from hypothesis import strategies as st

from iamdesk.policy.wildcards import glob

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

texts = st.text("aBc:", max_size=6)


@st.composite
def patterns_of(draw: st.DrawFn, text: str) -> str:
    """Return a pattern that matches a text: parts of it are replaced by wildcards."""
    parts: list[str] = []
    rest = text
    while rest:
        wildcard = draw(st.sampled_from(("", "", "?", "*", "**", "?*")))
        length = 1 if wildcard in ("", "?") else draw(st.integers(int("?" in wildcard), len(rest)))
        parts.append(wildcard or rest[:length])
        rest = rest[length:]
    pattern = "".join(parts) + draw(st.sampled_from(("", "*")))
    assert glob(pattern).matches(text)
    return pattern


patterns = st.text("aB:*?", max_size=6)

arns = st.builds(
    str.__add__,
    st.sampled_from(("arn:aws:s3:::", "arn:aws:S3:::", "arn:aws:s3:us-east-1:1:")),
    st.lists(st.sampled_from(_NAMES), min_size=1, max_size=5).map("".join),
)

_any_entry = st.builds(
    str.__add__, st.sampled_from(_HEADS), st.lists(st.sampled_from(_PIECES), max_size=4).map("".join)
)


@st.composite
def entries_near(draw: st.DrawFn, arn: str) -> str:
    """Return an entry of ``Resource`` that often matches an ARN.

    With capitals, wildcards, variables with and without default, and several colons.
    """
    if draw(st.booleans()):
        return draw(st.just("*") | _any_entry)
    *head, name = arn.split(":", 5)
    entry = (
        ":".join([*head, draw(patterns_of(name))]) if draw(st.booleans()) else f"{draw(st.sampled_from(_HEADS))}{name}"
    )
    return entry.replace("ana", draw(st.sampled_from(("ana", "${aws:username}", "${aws:username, 'x'}"))))
