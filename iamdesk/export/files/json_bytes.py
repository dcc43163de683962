"""Large JSON files, printed member by member: neither all values nor all tokens are kept in memory."""

import json
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import batched
from typing import Any

from iamdesk.escaping import visible_json

_TOKENS = 1 << 12
"""Tokens that are encoded together."""


class MadeList[Source](list[Any]):
    """A list for `json_bytes` whose members are made when they are printed."""

    def __init__(self, sources: Sequence[Source], make: Callable[[Source], Any]) -> None:
        super().__init__()
        self._sources, self._make = sources, make

    def __len__(self) -> int:
        return len(self._sources)

    def __iter__(self) -> Iterator[Any]:
        return map(self._make, self._sources)


def json_bytes(value: Any, indent: int) -> bytes:
    """Return a value as indented JSON in UTF-8, its invisible characters escaped, with a new line at the end."""
    found = BytesIO()
    found.writelines(json_pieces(value, indent))
    return found.getvalue()


def json_pieces(value: Any, indent: int) -> Iterator[bytes]:
    """Yield what `json_bytes` returns in pieces of some kilobytes."""
    tokens = json.JSONEncoder(ensure_ascii=False, indent=indent).iterencode(value)
    for some in batched(tokens, _TOKENS):
        yield visible_json("".join(some)).encode()
    yield b"\n"
