"""Large JSON is printed piece by piece, and reads as if it were printed at once."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from iamdesk.escaping import visible_json
from iamdesk.export.files.json_bytes import MadeList, json_bytes

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=20,
)


@given(st.lists(VALUES, max_size=4), st.sampled_from([1, 2]))
def test_it_is_what_json_prints(members: list[Any], indent: int) -> None:
    def whole(value: Any) -> bytes:
        return (visible_json(json.dumps(value, ensure_ascii=False, indent=indent)) + "\n").encode()

    assert json_bytes(MadeList(members, lambda one: one), indent) == whole(members)
    nested = {"before": 1, "results": members, "after": {"count": len(members)}}
    assert json_bytes({**nested, "results": MadeList(members, lambda one: one)}, indent) == whole(nested)


def test_members_are_made_one_by_one() -> None:
    made: list[int] = []
    longest = 0

    class Member(dict[str, int]):
        def __del__(self) -> None:
            made.pop()

    def make(number: int) -> Member:
        nonlocal longest
        made.append(number)
        longest = max(longest, len(made))
        return Member(number=number)

    json_bytes(MadeList(range(100), make), indent=1)
    assert longest <= 2
