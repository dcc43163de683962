"""Names in a sentence: all of them, or the first ones and how many more."""

import pytest

from iamdesk.i18n import join_names


@pytest.mark.parametrize(
    ("names", "most", "last", "text"),
    [
        ([], None, "and", ""),
        (["a"], 1, "or", "a"),
        (["a", "b"], None, "and", "a and b"),
        (["a", "b", "c"], 3, "or", "a, b or c"),
        (["a", "b", "c"], 3, ",", "a, b, c"),
        (["a", "b", "c"], 1, ",", "a and 2 more"),
        (["a", "b", "c"], 2, "or", "a, b or 1 more"),
        (["a"] * 1002, 1, "and", "a and 1,001 more"),
    ],
)
def test_names_are_joined(names: list[str], most: int | None, last: str, text: str) -> None:
    assert join_names(names, most, last=last) == text
