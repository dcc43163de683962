"""Texts that show how patterns match together: every combination that there is, and no other."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from iamdesk.evaluate.unknown_context.pattern_witnesses import Pattern, witnesses
from iamdesk.policy.wildcards import BitMatcher, tokens_of

PATTERNS = st.lists(st.sampled_from(["a", "b", "ab", "*", "?", "/"]), min_size=1, max_size=4).map("".join)
TEXTS = ["".join(text) for length in range(7) for text in product("abz/", repeat=length)]


@given(st.lists(PATTERNS, min_size=1, max_size=4), st.lists(PATTERNS, max_size=1), st.sampled_from([1, 2]))
def test_every_combination_is_shown(patterns: list[str], required: list[str], count: int) -> None:
    machines = [BitMatcher(tuple(tokens_of(one))) for one in patterns]
    limits = [BitMatcher(tuple(tokens_of(one))) for one in required]

    def combination(text: str) -> tuple[bool, ...] | None:
        if not all(one.matches(text) for one in limits):
            return None
        return tuple(one.matches(text) for one in machines)

    found = witnesses(
        tuple(Pattern(tuple(tokens_of(one))) for one in patterns),
        tuple(Pattern(tuple(tokens_of(one))) for one in required),
        count,
    )
    assert found.is_complete
    assert len(set(found.texts)) == len(found.texts)
    shown = [combination(text) for text in found.texts]
    there = [combination(text) for text in TEXTS]
    for one in {*there, *shown} - {None}:
        assert min(count, there.count(one)) <= shown.count(one) <= count
    assert None not in shown
