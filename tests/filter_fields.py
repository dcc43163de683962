"""What holds for the filter fields of every table, tried on its rows."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from iamdesk.filter_language import FilterFields, quoted


def assert_fields_fit(fields: FilterFields[Any], rows: Iterable[Any], most: int = 200) -> None:
    """Each value of each row is found by its field, and by the filter of its cell; words are found anywhere."""
    tried = list(islice(rows, most))
    assert tried
    for row in tried:
        for one in fields.fields:
            for text in one.texts(row):
                test = f"{one.name}={quoted(text)}"
                assert fields.read(test).accepts(row), test
                assert not fields.read(f"-{test}").accepts(row), test
                if text and one.kind.name == "TEXT":
                    begun = f"{one.name}:{quoted(text[: len(text) // 2 + 1].strip() or text)}"
                    assert fields.read(begun).accepts(row), begun
            if one.column is not None:
                assert fields.read(fields.of_cell(row, one.column)).accepts(row)
                assert not fields.read(fields.of_cell(row, one.column, leave_out=True)).accepts(row)
    for one in fields.fields:
        offered = fields.suggestions(f"{one.name}:", len(one.name) + 1, tried)
        assert all(any(fields.read(f"{one.name}={value.insert}").accepts(row) for row in tried) for value in offered)
