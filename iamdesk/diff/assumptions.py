"""Condition keys that have an assumed value if none is provided, and the other values that are also tried.

Requests are assumed to use TLS and to come through no other service (rule J2); changes for other requests are changes
all the same.
"""

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from itertools import islice, product

from iamdesk.diff.normal_form import NormalStatement

ASSUMED: Mapping[str, str | None] = {
    "aws:securetransport": "false",
    "aws:viaawsservice": "true",
    "aws:calledvia": None,
    "aws:calledviafirst": None,
    "aws:calledvialast": None,
}
"""Keys (lower case), each with the value that is not the assumed one; None: all values that policies test."""
_LISTED = "aws:calledvia"
_MAX_VALUES = 3
_MAX_CONTEXTS = 12

type Tested = Mapping[str, Collection[str]]
"""By key: the tested values."""
type Given = Mapping[str, str | Sequence[str]]


def tested_by(clauses: Collection[NormalStatement]) -> Tested:
    """Return the assumed keys that some clauses test, with the tested values."""
    found: dict[str, dict[str, None]] = {}
    for clause in clauses:
        for key in clause.keys:
            if key in ASSUMED:
                found.setdefault(key, {})
        for condition in clause.conditions if found else ():
            for key, value in values_of(condition):
                if key in ASSUMED:
                    found.setdefault(key, {})[value] = None
    return {key: sorted(values) for key, values in found.items()}


def pieces_of(condition: Hashable) -> Iterator[tuple[str, tuple[Hashable, ...]]]:
    """Yield the key of a test with each of its values, in pieces: texts, wildcards and variables."""
    if isinstance(condition, tuple):
        *_, key, values = condition
        yield from ((key, (value,) if isinstance(value, str) else value) for value in values)


def values_of(condition: Hashable) -> Iterator[tuple[str, str]]:
    """Yield the key of a test with each of its values, without wildcards and variables."""
    for key, pieces in pieces_of(condition):
        yield key, "".join(piece for piece in pieces if isinstance(piece, str))


def otherwise(tested: Tested) -> Iterator[Given]:
    """Yield the contexts to try: first the empty one, then every other combination of values."""
    keys = sorted(tested)
    options: list[list[str | None]] = []
    for key in keys:
        other = ASSUMED[key]
        options.append([None, *([other] if other is not None else list(tested[key])[:_MAX_VALUES])])
    for values in islice(product(*options), _MAX_CONTEXTS):
        yield {
            key: [value] if key == _LISTED else value
            for key, value in zip(keys, values, strict=True)
            if value is not None
        }
