"""Wildcards: the fast matcher against a slow and simple one, and against patterns made to hurt."""

import tracemalloc
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdesk.policy.action_patterns import action_pattern
from iamdesk.policy.arn import Arn, ArnError, parse_arn
from iamdesk.policy.resource_patterns import Match, ResourcePattern, ShortArns, resource_pattern
from iamdesk.policy.wildcards import QUESTION, STAR, BitMatcher, Glob, bounded_match, glob, tokens_of

from ..each_case import each_case
from ..rules import rule
from ..some_of import some_of

BOUNDED = settings(max_examples=some_of(300), deadline=None)
PATTERNS = st.text("ab:*?\n[", max_size=8)
TEXTS = st.text("ab:\n[", max_size=8)


def oracle(pattern: str, text: str) -> bool:
    """The definition itself: a star is nothing, or one character and a star."""

    @cache
    def matches(at: int, where: int) -> bool:
        if at == len(pattern):
            return where == len(text)
        if pattern[at] == "*":
            return matches(at + 1, where) or (where < len(text) and matches(at, where + 1))
        return where < len(text) and pattern[at] in ("?", text[where]) and matches(at + 1, where + 1)

    return matches(0, 0)


@rule("F3", "G7")
@BOUNDED
@given(PATTERNS, TEXTS)
def test_a_pattern_matches_as_defined(pattern: str, text: str) -> None:
    assert glob(pattern).matches(text) == oracle(pattern, text)


@rule("F3")
@BOUNDED
@given(PATTERNS, TEXTS)
def test_the_matcher_of_states_matches_as_defined(pattern: str, text: str) -> None:
    matcher = BitMatcher(tokens_of(pattern))
    assert matcher.matches(text) == oracle(pattern, text)
    states = 1
    for character in text:
        states = matcher.step(states, character)
    assert matcher.accepts(states) == oracle(pattern, text)


@rule("F4")
@BOUNDED
@given(PATTERNS, TEXTS)
def test_bounded_wildcards_do_not_accept_a_colon(pattern: str, text: str) -> None:
    """Bounded throughout, a pattern matches part by part."""
    tokens = tokens_of(pattern)
    bounded = frozenset(position for position, token in enumerate(tokens) if not isinstance(token, str))
    parts, written = pattern.split(":"), text.split(":")
    by_parts = len(parts) == len(written) and all(map(oracle, parts, written))
    assert bounded_match(tokens, bounded, text) == by_parts
    matcher = BitMatcher(tokens, bounded)
    states = 1
    for character in text:
        states = matcher.step(states, character)
    assert matcher.accepts(states) == by_parts


@rule("H8")
def test_a_literal_token_is_literal_whatever_it_holds() -> None:
    pattern = Glob(["a", "*", STAR, "?"])
    assert pattern.matches("a*xyz?")
    assert not pattern.matches("axyz?")
    assert not pattern.matches("a*xyzq")


@pytest.mark.parametrize(
    "pattern",
    ["a*" * 10_000, "*a" * 10_000, "a?" * 10_000, "*?" * 10_000, "*" * 20_000 + "b", "a*" * 9_999 + "b", "?" * 20_000],
    ids=["a-star", "star-a", "a-question", "star-question", "stars", "nearly", "questions"],
)
def test_hostile_patterns_end(pattern: str) -> None:
    """Each character of the text costs a bounded number of operations; backtracking would never end here."""
    text = "a" * 20_000
    assert glob(pattern).matches(text) == ("b" not in pattern)


class Counted(str):
    """Text that counts how often its characters are read."""

    __slots__ = ("read",)
    read: int

    def __iter__(self):  # type: ignore[no-untyped-def]
        for character in str.__iter__(self):
            self.read += 1
            yield character


def test_the_matcher_of_states_reads_each_character_once() -> None:
    text = Counted("ab" * 2_000)
    text.read = 0
    assert not BitMatcher(tokens_of("*a?" * 500 + "c")).matches(text)
    assert text.read == len(text)


@rule("F1")
@BOUNDED
@given(st.text("abAB*?", min_size=1, max_size=6), st.text("abAB", min_size=1, max_size=6))
def test_actions_match_without_case(pattern: str, name: str) -> None:
    expected = oracle(pattern.lower(), name.lower())
    assert action_pattern(f"s3:{pattern}").matches("s3", name.lower()) == expected
    assert action_pattern(f"S3:{pattern.swapcase()}").matches("s3", name.lower()) == expected


@rule("F1")
@pytest.mark.parametrize("text", ["", "s3", "s3:", ":Get", "*:Get*", "s?:Get", "s3:Get Object", "s3:Get,s3:Put", "*x"])
def test_what_is_no_action_matches_nothing_and_says_why(text: str) -> None:
    pattern = action_pattern(text)
    assert pattern.problem
    assert not pattern.covers_every_service
    assert not pattern.matches("s3", "getobject")


# ── resources ────────────────────────────────────────────────────────────────────────────────────────────────────────

QUEUE = parse_arn("arn:aws:sqs:eu-west-1:111122223333:orders")
LOG = parse_arn("arn:aws:logs:eu-west-1:111122223333:log-group:app:log-stream:web")


def match(text: str, resource: Arn | None = QUEUE, short: ShortArns = ShortArns.FILLED) -> Match:
    return resource_pattern(text, variables=True).matches(resource, {}.get, short)


def by_definition(pattern: str, resource: Arn) -> Match:
    """F4 word by word: part by part; or with the stars that end one of the first five parts running over colons."""
    parts, written = pattern.split(":", 5), str(resource).split(":", 5)
    if parts[0] != "arn" or any(wildcard in parts[2] for wildcard in "*?"):
        return Match.NO
    by_parts = all(oracle(part.lower(), text.lower()) for part, text in zip(parts[1:5], written[1:5], strict=True))
    if by_parts and oracle(parts[5], written[5]):
        return Match.YES
    return Match.CROSSING if crosses(parts, str(resource)) else Match.NO


def crosses(parts: Sequence[str], text: str) -> bool:
    head = 5

    @cache
    def matches(part: int, at: int, where: int) -> bool:
        pattern = parts[part]
        if at == len(pattern):
            if part == len(parts) - 1:
                return where == len(text)
            return text[where : where + 1] == ":" and matches(part + 1, 0, where + 1)
        character = pattern[at]
        rest = text[where : where + 1]
        if character == "*":
            runs_over = part >= head or at == len(pattern) - 1
            return matches(part, at + 1, where) or (
                bool(rest) and (runs_over or rest != ":") and matches(part, at, where + 1)
            )
        if character == "?":
            return bool(rest) and (part >= head or rest != ":") and matches(part, at + 1, where + 1)
        return rest == character and matches(part, at + 1, where + 1)

    return matches(0, 0, 0)


PARTS = st.text("ab*?", max_size=3)
HEADS = st.tuples(st.sampled_from(["aws", "aws*", "*"]), st.just("s"), PARTS, PARTS)
TAILS = st.text("ab*?:", max_size=5)


@rule("F4")
@BOUNDED
@given(HEADS, TAILS, st.text("ab", max_size=2), st.text("ab", max_size=2), st.text("ab:", min_size=1, max_size=6))
def test_the_parts_of_an_arn_match_as_defined(
    head: tuple[str, ...], tail: str, region: str, account: str, rest: str
) -> None:
    pattern = ":".join(("arn", *head, tail))
    resource = Arn("aws", "s", region, account, rest)
    assert match(pattern, resource) is by_definition(pattern, resource)


@rule("F4")
def test_a_star_that_ends_a_part_may_run_over_colons_and_is_told_apart() -> None:
    assert match("arn:aws:sqs:*:orders") is Match.CROSSING
    assert match("arn:aws:sqs:eu-*:orders") is Match.CROSSING
    assert match("arn:aws:sqs:EU-*:orders") is Match.CROSSING
    assert match("arn:aws:sqs:eu-*-1:orders") is Match.NO
    assert match("arn:aws:sqs:*:*:orders") is Match.YES
    assert match("arn:aws:logs:eu-west-1:*:log-stream:web", LOG) is Match.CROSSING
    assert match("arn:aws:logs:eu-west-1:*:*:log-stream:web", LOG) is Match.YES
    assert match("arn:aws:SQS:*:orders") is Match.CROSSING
    assert match("arn:aws:SQS:*:ORDERS") is Match.NO


@rule("F4")
@pytest.mark.parametrize("text", ["arn:aws:sq?:*:*:*", "arn:aws:*:*:*:*", "a*:aws:sqs:*:*:*", "arn", "", "sqs"])
def test_what_can_match_nothing_says_why(text: str) -> None:
    assert resource_pattern(text, variables=True).problem
    assert match(text) is (Match.ODD if text in ("arn:aws:sq?:*:*:*", "arn:aws:*:*:*:*") else Match.NO)


@rule("F6")
def test_only_the_star_covers_actions_without_resource() -> None:
    assert match("*", None) is Match.YES
    for text in ("arn:aws:s3:::*", "arn:*:*:*:*:*", "arn:aws:sqs"):
        assert match(text, None) is Match.NO


@rule("F7")
@each_case(
    ("text", "short", "expected"),
    [
        ("arn:aws:sqs", ShortArns.FILLED, Match.YES),
        ("arn:aws:sqs:eu-west-1", ShortArns.FILLED, Match.YES),
        ("arn:aws:sqs:eu-west-1:111122223333", ShortArns.FILLED, Match.YES),
        ("arn:aws:sqs:us-east-1", ShortArns.FILLED, Match.NO),
        ("arn:aws:sqs", ShortArns.FILLED_IF_WILDCARD, Match.NO),
        ("arn:aws:sqs:*", ShortArns.FILLED_IF_WILDCARD, Match.YES),
        ("arn:aws:sqs:eu-west-?", ShortArns.FILLED_IF_WILDCARD, Match.NO),
        ("arn:aws:sqs:*:orders", ShortArns.FILLED_IF_WILDCARD, Match.CROSSING),
        ("arn:aws:sqs", ShortArns.FILLED_IF_TRAILING, Match.NO),
        ("arn:aws:sqs:*", ShortArns.FILLED_IF_TRAILING, Match.YES),
        ("arn:aws:sqs:*:111122223333", ShortArns.FILLED_IF_TRAILING, Match.NO),
        ("arn:aws:sqs:*:orders", ShortArns.FILLED_IF_TRAILING, Match.CROSSING),
        ("arn:aws:sqs:*", ShortArns.NEVER, Match.NO),
        ("arn:aws:sqs:*:orders", ShortArns.NEVER, Match.NO),
    ],
)
def test_short_arns(text: str, short: ShortArns, expected: Match) -> None:
    assert match(text, short=short) is expected


@pytest.mark.parametrize(
    "text",
    ["", "arn", "arn:aws:sqs:eu-west-1:1", "ARN:aws:sqs::1:q", "arn::sqs::1:q", "arn:aws:::1:q", "arn:aws:sqs::1:"],
)
def test_what_is_no_arn_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ArnError, match=r"^`.*` is not an ARN: "):
        parse_arn(text)


def test_an_arn_keeps_the_colons_of_its_resource() -> None:
    assert LOG.resource == "log-group:app:log-stream:web"
    assert str(LOG) == "arn:aws:logs:eu-west-1:111122223333:log-group:app:log-stream:web"


def test_tokens_of_splits_wildcards() -> None:
    assert tokens_of("a*?b") == ["a", STAR, QUESTION, "b"]
    assert tokens_of("") == []


def test_a_pattern_keeps_its_text_once() -> None:
    texts = [f"arn:aws:s3:::a-bucket-of-some-team-{number:04}/and/a/folder/*" for number in range(500)]
    tracemalloc.start()
    try:
        patterns = [ResourcePattern(text, variables=True) for text in texts]
        taken = tracemalloc.get_traced_memory()[0] / len(patterns)
    finally:
        tracemalloc.stop()
    assert taken < 250  # a large account holds a hundred thousand
